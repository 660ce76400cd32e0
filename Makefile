# Everything a newcomer needs: `make demo` and `make test` set up what they lack, once.
#
#   make demo         the whole story on the samples, written to demo/
#   make check       before a commit: lint, and the tests of single parts, without LibreOffice and browser; some minutes
#   make test         before a change is taken: lint and all tests but the long ones
#   make test-all     before a release: all tests, and all that chance decides tried many times over
#   make pythons      before a release: the tests of `make check` on each Python from 3.11 to 3.14 that is here; SKIP says which is not
#   make lowest       before a release: the same with the lowest releases that pyproject.toml allows (Python 3.11)
#   make docs         the documentation as pages for the browser, build/docs/index.html
#   make lint         ruff, mypy and the floors of the house only
#   make refresh      make anew all that is generated (codes, samples, data, pictures, approved texts); says what changed
#   make approve      write anew what outputs are held against (tests/pins/approved); the difference is for you to read
#   make bench        the benchmarks
#   make mutants      what the tests notice of 300 small errors put into the code; two hours
#   make constraints  pin today's releases in constraints.txt
#   make clean        take away what the above made, .venv too

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Each of the hundreds of processes that the tests start would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
READY := $(VENV)/.ready

# What the tests are run with; e.g. `make test PYTEST_ARGS="-k template -x"`, or with `-n auto --cov` for what they reach.
PYTEST_ARGS ?= -n auto --dist worksteal

# How often chance is tried: broken returns, typed fillings of each form, random expressions. `make test`
# takes what the tests themselves say; what is given on the command line goes before all.
check: export FUZZ_COUNT ?= 40
test-all: export FUZZ_COUNT ?= 4000
test-all: export DIFFERENTIAL_FILLINGS ?= 1500
test-all: export DIFFERENTIAL_EXPRESSIONS ?= 2000

.PHONY: help setup office browser demo check test test-all pythons lowest docs lint refresh approve bench mutants constraints clean

help:
	@sed -n 's/^#   //p' Makefile

setup: $(READY)

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

# The program alone, which is all that the demo needs.
$(INSTALLED): pyproject.toml constraints.txt tests/make_venv.sh
	tests/make_venv.sh $(VENV)
	$(INSTALL) .
	touch $@

$(READY): $(INSTALLED)
	$(INSTALL) '.[dev,data,docs]'
	touch $@

office:
	@tests/install_office.sh

browser:
	@tests/install_browser.sh

demo: $(INSTALLED)
	$(BIN)/workbook demo -o demo

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

check: lint
	$(BIN)/pytest -m "not office and not browser and not whole" --hypothesis-profile quick $(PYTEST_ARGS)

test: lint office browser
	$(BIN)/pytest $(PYTEST_ARGS)

test-all: lint office browser
	$(BIN)/pytest --long --hypothesis-profile thorough $(PYTEST_ARGS)

pythons: $(READY)
	$(BIN)/tox run -e 3.11,3.12,3.13,3.14 -- $(PYTEST_ARGS)

lowest: $(READY)
	$(BIN)/tox run -e lowest -- $(PYTEST_ARGS)

docs: $(READY)
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env --jobs auto --conf-dir docs . build/docs

refresh: $(READY) office browser
	$(BIN)/python docs/refresh.py

approve: $(READY)
	$(BIN)/pytest -q tests/pins --snapshot-update

mutants: $(READY) office browser
	mkdir -p build
	$(BIN)/pytest --cov --cov-context=test --cov-report=term --durations=0 $(PYTEST_ARGS) | tee build/tests.txt
	$(BIN)/python benchmarks/mutants.py run --log build/tests.txt

bench: $(READY)
	for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

constraints:
	{ sed '/^#/!d' constraints.txt; \
	  d="$$(mktemp -d)"; trap 'rm -rf "$$d"' EXIT; \
	  tests/make_venv.sh "$$d" >&2; \
	  "$$d/bin/python" -m pip install --quiet '.[dev,data,docs]' >&2; \
	  "$$d/bin/python" -m pip freeze | grep -v '^selfeval-workbook'; } > constraints.new
	mv constraints.new constraints.txt

clean:
	rm -rf $(VENV) .tox demo build dist docs/api/generated htmlcov .coverage .coverage.* *.egg-info \
	    .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
