"""The rules of the house: who may import whom, what is exported, what every code and rule must have."""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from workbook.checks import judge_case
from workbook.findings import CATALOGUE
from workbook.form import Form, Rule, available_forms, load_form
from workbook.printing import known_codes

TOP = Path(__file__).resolve().parents[1]
MODULES = sorted([*(TOP / "workbook").glob("*.py"), *(TOP / "builder").glob("*.py")])
PAGES = [*TOP.glob("*.md"), *(TOP / "docs").glob("*.md")]

LEVELS = {
    **dict.fromkeys(("errors", "address", "text", "seen"), 0),
    **dict.fromkeys(
        ("catalogue", "findings", "operands", "ops", "textops", "table", "writing", "dispatch"), 1
    ),
    **dict.fromkeys(("expr", "kinds"), 2),
    "model": 3,
    **dict.fromkeys(("scope", "drawing", "narrative"), 4),
    **dict.fromkeys(("general", "rules"), 5),
    "form": 6,
    **dict.fromkeys(("layout", "headline"), 7),
    "schemas": 8,
    **dict.fromkeys(("container", "magic", "ooxml", "sheetxml", "plainxml", "sheetpieces"), 7),
    **dict.fromkeys(("sharedformulas", "package", "foreign", "locked", "worker", "parcel"), 7),
    **dict.fromkeys(("office", "wordfile"), 7),
    **dict.fromkeys(("submission", "formulas", "admitted", "shift", "locate"), 8),
    **dict.fromkeys(("wordtable", "stores"), 8),
    **dict.fromkeys(("reader", "places", "batch", "roster", "rounds"), 9),
    **dict.fromkeys(("audit", "evidence", "imprint", "strays"), 9),
    **dict.fromkeys(("frames", "cellframe", "across", "wordreport"), 10),
    **dict.fromkeys(
        ("checks", "coverage", "due", "totals", "attainment", "sources", "summary"), 11
    ),
    **dict.fromkeys(("previous", "reviews"), 11),
    "data": 12,
    **dict.fromkeys(("sampling", "overview", "printing", "usage", "options", "wordform"), 12),
    **dict.fromkeys(("partitions", "rollup"), 12),
    **dict.fromkeys(("cli", "word_commands", "__init__"), 13),
}
"""A module of `workbook` imports from its own level or lower ones. A new module is added here."""

EXPORTED = {
    "workbook": {
        *("aggregate", "check", "find_form", "load_form", "load_roster", "read_returns"),
    },
    "builder": {"build_page", "build_summary", "build_template", "issue"},
}

COMMANDS = ("workbook/cli.py", "workbook/word_commands.py")
"""What sees both packages."""

LONGEST = 480
TO_BE_TAKEN_APART: set[str] = set()


def name_of(path: Path) -> str:
    return path.relative_to(TOP).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """Every module that a file imports anywhere in it, `from x import y` as x and as x.y."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            found.add(str(node.module))
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)}


def own_imports(path: Path) -> set[str]:
    """The modules of `workbook` that one of them imports."""
    found = {name.split(".")[1] for name in imports(path) if name.startswith("workbook.")}
    return found & LEVELS.keys()


# --- imports --------------------------------------------------------------------------------------


def test_every_module_of_workbook_has_a_level() -> None:
    stems = {path.stem for path in (TOP / "workbook").glob("*.py")}
    assert stems == LEVELS.keys()


@pytest.mark.parametrize(
    "path", sorted((TOP / "workbook").glob("*.py")), ids=lambda path: path.stem
)
def test_no_module_imports_from_a_higher_level(path: Path) -> None:
    higher = {name for name in own_imports(path) if LEVELS[name] > LEVELS[path.stem]}
    assert higher == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {path.stem: own_imports(path) - {path.stem} for path in (TOP / "workbook").glob("*.py")}
    assert list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_library_is_imported_only_where_it_belongs(path: Path) -> None:
    name, used = name_of(path), packages(path)
    if name.startswith("workbook/") and name not in COMMANDS:
        assert "builder" not in used
    if name.startswith("workbook/"):
        assert "xlsxwriter" not in used
    if name != "workbook/roster.py":
        assert "openpyxl" not in used
    if not name.startswith("builder/"):  # documents of unknown origin are read without it
        assert "docx" not in used
    assert not used & {"tests", "samples", "docs"}


def test_the_architecture_page_names_every_module_at_its_level() -> None:
    text = (TOP / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \| (\d+) \|", text, re.MULTILINE)
    told = {
        Path(name).stem: int(level)
        for names, level in rows
        for name in re.findall(r"`(.*?)`", names)
    }
    assert told == LEVELS


# --- what is exported -----------------------------------------------------------------------------


@pytest.mark.parametrize("package", EXPORTED)
def test_a_package_exports_what_is_promised(package: str) -> None:
    module = import_module(package)
    assert set(module.__all__) == EXPORTED[package]
    assert list(module.__all__) == sorted(module.__all__)
    for name in module.__all__:
        assert callable(getattr(module, name))
    with pytest.raises(AttributeError):
        _ = module.no_such_name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_pages_import_only_what_is_exported(page: Path) -> None:
    for package, name in promised(page.read_text(encoding="utf-8")):
        if package in EXPORTED:
            assert name in EXPORTED[package]
        else:
            assert hasattr(import_module(package), name)


def test_everything_exported_is_on_the_page_of_the_python_api() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    told = {name for package, name in promised(text) if package in EXPORTED}
    table = set(re.findall(r"^\| `(\w+)\(", text, re.MULTILINE))
    assert EXPORTED["workbook"] <= told | table
    assert EXPORTED["builder"] - {"issue"} <= told  # `issue` is what `template --roster` calls


def promised(text: str) -> Iterator[tuple[str, str]]:
    """(package, name) of each import in a page's Python examples."""
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] in EXPORTED:
                yield from ((str(node.module), alias.name) for alias in node.names)


# --- codes and rules ------------------------------------------------------------------------------

CODE = re.compile(r"[A-Z]\d{3}")
FORMS = [load_form(path) for path in available_forms()]
RULES = [(form, rule) for form in FORMS for rule in form.rules if not rule.general]


def raised(path: Path) -> set[str]:
    """The codes that a module names anywhere but in its docstrings."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update([node.value] if CODE.fullmatch(node.value) else [])
    return found


def test_every_code_of_the_catalogue_is_raised_and_every_code_raised_is_in_it() -> None:
    named = set().union(*(raised(path) for path in MODULES if path.stem != "catalogue"))
    assert named == CATALOGUE.keys()


def test_findings_and_refusals_are_made_with_codes_of_the_catalogue() -> None:
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("finding", "Refused")
                and isinstance(node.args[0], ast.Constant)
            ):
                assert node.args[0].value in CATALOGUE, name_of(path)


def test_a_code_means_one_thing_in_all_forms() -> None:
    names: dict[str, str] = {}
    for _, rule in RULES:
        assert rule.code not in CATALOGUE
        assert names.setdefault(rule.code, rule.name) == rule.name


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_entry_of_the_catalogue_tells_what_why_and_how(code: str) -> None:
    entry = CATALOGUE[code]
    assert entry.code == code
    assert entry.name
    assert entry.message
    assert entry.hint.endswith("。")
    assert entry.basis
    assert not entry.message.endswith("。"), "the sentence adds it"


def test_every_code_is_on_the_page_of_codes() -> None:
    text = (TOP / "docs" / "codes.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| ([A-Z]\d{3}) \|", text, re.MULTILINE)) == set(known_codes())


@pytest.mark.parametrize(
    ("form", "rule"), RULES, ids=[f"{form.id}-{rule.code}" for form, rule in RULES]
)
def test_every_rule_has_a_case_that_holds_and_one_that_is_broken(form: Form, rule: Rule) -> None:
    verdicts = [case.verdict for case in rule.cases]
    assert {"holds", "broken"} <= set(verdicts)
    assert [judge_case(form, rule, case) for case in rule.cases] == verdicts
    assert rule.hint.endswith("。")
    assert rule.basis
    assert rule.at


# --- the files ------------------------------------------------------------------------------------

TEXTS = {
    ".py",
    ".html",
    ".css",
    ".js",
    ".toml",
    ".md",
    ".sh",
    ".csv",
    ".txt",
    ".conf",
    ".yml",
    ".yaml",
    ".cfg",
}
FOLDERS = ("workbook", "builder", "samples", "tests", "docs", "benchmarks", ".ci")


def texts() -> Iterator[Path]:
    """Every text file of the project."""
    yield from (path for path in TOP.iterdir() if path.suffix in TEXTS or path.name == "Makefile")
    for folder in FOLDERS:
        yield from (
            path
            for path in (TOP / folder).rglob("*")
            if path.is_file() and (path.suffix in TEXTS or path.name == "run")
        )


def test_no_module_is_too_long_to_read() -> None:
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES
    }
    long = {name for name, length in lengths.items() if length > LONGEST}
    assert long <= TO_BE_TAKEN_APART


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_what_it_is_for_and_leaves_nothing_to_do(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(tree(path))
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)


_ELSEWHERE = re.compile(r"/(?:work|home|root|Users)/|\bf[a]rm\b|\.[l]ibrary\b", re.IGNORECASE)


def test_no_file_speaks_of_the_machine_it_was_written_on() -> None:
    found = [
        f"{name_of(path)}:{number}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _ELSEWHERE.search(line) and "_ELSEWHERE" not in line
    ]
    assert found == []


def test_tests_are_told_apart_by_their_paths() -> None:
    assert list((TOP / "tests").rglob("__init__.py")) == []
