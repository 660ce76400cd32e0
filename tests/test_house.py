"""The rules of the house: who may import whom, what is exported, what every code and rule must have."""

from __future__ import annotations

import ast
import functools
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.api import CATALOGUE, KINDS, judge_case, known_codes
from workbook import Form, load_form
from workbook.form import Rule, available_forms

TOP = Path(__file__).resolve().parents[1]
MODULES = sorted([*(TOP / "workbook").rglob("*.py"), *(TOP / "builder").rglob("*.py")])
ROOMS = sorted({path.parent for path in MODULES} - {TOP / "workbook", TOP / "builder"})
FOR_ENGINEERS = {"CONTRIBUTING.md"}
"""Pages whose examples are lines of our own modules; all others speak to people who import what is exported."""
PAGES = [
    page
    for page in (*TOP.glob("*.md"), *(TOP / "docs").glob("*.md"))
    if page.name not in FOR_ENGINEERS
]

EXPORTED = {
    "workbook": {
        "ArgumentError", "BuildError", "Cell", "Filling", "Finding", "FolderCounties", "Form", "FormError",
        "FormSummary", "Frames", "Partitions", "PreviousError", "Return", "Returns", "ReviewError", "Reviews",
        "Roster", "RosterError", "Submission", "Summary", "WorkbookError", "__version__", "aggregate", "check",
        "choose", "find_form", "frames", "load_form", "load_previous", "load_reviews", "load_roster",
        "read_returns", "roll_up", "write_partitions",
    },
    "builder": {
        "addressees", "build_county_report", "build_page", "build_summary", "build_template", "draw_figure", "issue",
        "write_data", "write_notices", "write_reports",
    },
}  # fmt: skip


def name_of(path: Path) -> str:
    return path.relative_to(TOP).as_posix()


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


# --- rooms, floors, doors -------------------------------------------------------------------------


def lint(top: Path) -> subprocess.CompletedProcess[str]:
    """The contracts of pyproject.toml, held against the packages in `top`."""
    # In a process of its own, which sees that copy and no other.
    code = (
        "from importlinter.cli import lint_imports_command as run; run(['--no-cache', '--no-logo'])"
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=top, capture_output=True, text=True, check=False
    )


def test_the_house_keeps_its_contracts() -> None:
    done = lint(TOP)
    assert done.returncode == 0, done.stdout


TURNED = {
    "an import from a higher floor": ("workbook/form/model.py", "import workbook.checking"),
    "a window instead of the door": (
        "workbook/checking/checks.py",
        "from workbook.form.kinds import Kind",
    ),
    "writing below the builder": (
        "workbook/summary/totals.py",
        "from builder import build_summary",
    ),
    "one room of builder from another": (
        "builder/web/page.py",
        "from builder.summary import build_summary",
    ),
    "a library out of its place": ("workbook/summary/totals.py", "import xlsxwriter"),
    "the top that serves scripts": ("workbook/scale/rollup.py", "from workbook import check"),
}


@pytest.mark.parametrize("what", TURNED)
def test_one_import_turned_round_breaks_a_contract(what: str, tmp_path: Path) -> None:
    for package in ("workbook", "builder"):
        shutil.copytree(
            TOP / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(TOP / "pyproject.toml", tmp_path)
    name, line = TURNED[what]
    with (tmp_path / name).open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout


@pytest.mark.parametrize("room", ROOMS, ids=name_of)
def test_a_room_s_door_tells_the_way(room: Path) -> None:
    door = import_module(name_of(room).replace("/", "."))
    assert 3 <= len((door.__doc__ or "").strip().splitlines()) <= 10
    assert all(hasattr(door, name) for name in door.__all__)


def test_every_room_has_a_door_under_contract() -> None:
    contracts = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    doors = {
        importer
        for contract in contracts["tool"]["importlinter"]["contracts"]
        if contract["id"].startswith("door-")
        for importer in contract["allowed_importers"]
    }
    assert doors == {name_of(room).replace("/", ".") for room in ROOMS}


# --- the tests ------------------------------------------------------------------------------------

TESTED_INSIDE = {
    "workbook.address": "what every floor reckons with; no door stands above it",
    "workbook.package.container": "an archive's bytes, turned one at a time",
    "workbook.package.parts": "the XML of parts, and what a hostile one asks of the machine",
    "workbook.package.sheet_fragments": "the quick way through a sheet, held against the careful one",
    "workbook.round.ledger": "the chain of events, each hashed over the one before",
    "workbook.scale.batches": "what is on record of a batch, and what is none",
    "workbook.statements.wording": "the grammar of sentences: none, one, two, many, ties",
    "workbook.stores": "where files lie; no door stands above it",
    "workbook.text": "what folds to the same text; no door stands above it",
    "workbook.word.document": "a document's XML as a person sees it",
    "workbook.writing": "a file is put in place whole or not at all; no door stands above it",
}
"""Modules that tests look into, each with the reason; all else they ask for at a door, or of tests/api.py."""
TESTS = sorted(path for path in (TOP / "tests").rglob("*.py") if path != TOP / "tests" / "api.py")
OURS = ("workbook", "builder")


def behind_doors(module: ast.Module) -> Iterator[str]:
    """What a test imports, or puts something else in the place of, that no door has."""
    doors = {name_of(room).replace("/", ".") for room in ROOMS} | set(OURS)
    for node in ast.walk(module):
        match node:
            case ast.ImportFrom(module=str(home), names=names) if home.split(".")[0] in OURS:
                known = set(import_module(home).__all__) if home in doors else set()
                yield from (f"{home}.{a.name}" for a in names if a.name not in known)
            case ast.Import(names=names):
                imported = [a.name for a in names if a.name.split(".")[0] in OURS]
                yield from (name for name in imported if name not in doors)
            case ast.Call(
                func=ast.Attribute(attr="setattr"), args=[ast.Constant(value=str(target)), *_]
            ):
                if target.split(".")[0] in OURS:
                    yield target


def is_inside(name: str) -> bool:
    return name in TESTED_INSIDE or name.rpartition(".")[0] in TESTED_INSIDE


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_tests_come_in_by_a_door(path: Path) -> None:
    assert [name for name in behind_doors(tree(path)) if not is_inside(name)] == []


def test_what_is_tested_from_inside_is_a_short_list() -> None:
    assert len(TESTED_INSIDE) <= 12
    looked_into = {name for path in TESTS for name in behind_doors(tree(path))}
    for module in TESTED_INSIDE:
        assert any(name == module or name.rpartition(".")[0] == module for name in looked_into), (
            module
        )


# --- names ----------------------------------------------------------------------------------------


def test_no_two_classes_share_a_name() -> None:
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name.strip("_"), []).append(name_of(path))
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_is_known_by_its_number_in_memory(path: Path) -> None:
    """A number is given again once the thing is gone; what is a key is hashed itself."""
    called = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    assert not any(isinstance(func, ast.Name) and func.id == "id" for func in called)


# --- what is exported -----------------------------------------------------------------------------


@pytest.mark.parametrize("package", EXPORTED)
def test_a_package_exports_what_is_promised(package: str) -> None:
    module = import_module(package)
    assert set(module.__all__) == EXPORTED[package]
    assert list(module.__all__) == sorted(module.__all__)
    for name in set(module.__all__) - {"__version__"}:
        assert callable(getattr(module, name))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = module.no_such_name


def test_the_pages_for_engineers_are_there() -> None:
    assert all((TOP / name).is_file() for name in FOR_ENGINEERS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_pages_import_only_what_is_exported(page: Path) -> None:
    for package, name in promised(page.read_text(encoding="utf-8")):
        if package in EXPORTED:
            assert name in EXPORTED[package]
        else:
            assert hasattr(import_module(package), name)


def test_everything_exported_is_on_the_page_of_the_python_api() -> None:
    text = (TOP / "docs" / "python-api.md").read_text(encoding="utf-8")
    assert {
        name for names in EXPORTED.values() for name in names if f"`{name}" not in text
    } == set()


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


# --- kinds ----------------------------------------------------------------------------------------

TABLE_OF_KINDS = TOP / "workbook" / "form" / "kinds.py"


def asked_kinds(module: ast.AST) -> Iterator[ast.expr]:
    """Where code decides by a kind's name, takes a row of `KINDS` by it, or keeps a table by such names."""
    printed = {id(part) for node in ast.walk(module) for part in printed_in(node)}
    for node in ast.walk(module):
        match node:
            case ast.Attribute(attr="name", value=owner) if id(node) not in printed:
                if ast.unparse(owner).rpartition(".")[2] == "kind":
                    yield node
            case ast.Compare():
                sides = [node.left, *node.comparators]
                names = {ast.unparse(side) for side in sides} & {"kind", "kind_name"}
                if names and any(are_kinds(texts_in(side)) for side in sides):
                    yield node
            case ast.Subscript(value=ast.Name("KINDS"), slice=key):
                if not isinstance(key, ast.Name):
                    yield node
            case ast.Call(func=ast.Attribute(value=ast.Name("KINDS"), attr="get")):
                yield node
            case ast.Dict(keys=keys) if len(keys) >= 2 and are_kinds(map(text_of, keys)):
                yield node
            case ast.Set() if len(node.elts) >= 2 and are_kinds(texts_in(node)):
                yield node
            case ast.Tuple() | ast.List() if len(set(texts_in(node))) >= 3:
                if are_kinds(texts_in(node)):
                    yield node


def printed_in(node: ast.AST) -> list[ast.expr]:
    """What a record or a text shows."""
    if isinstance(node, ast.Dict):
        return node.values
    return [node.value] if isinstance(node, ast.FormattedValue) else []


def texts_in(node: ast.expr) -> list[str | None]:
    """What a literal, or each member of a collection, says; None for all but texts."""
    members = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return [text_of(member) for member in members]


def text_of(node: ast.expr | None) -> str | None:
    said = node.value if isinstance(node, ast.Constant) else None
    return said if isinstance(said, str) else None


def are_kinds(texts: Iterable[str | None]) -> bool:
    return all(text in KINDS for text in texts)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_adding_a_kind_is_adding_a_row(path: Path) -> None:
    if path != TABLE_OF_KINDS:
        asked = asked_kinds(tree(path))
        assert [f"line {node.lineno}: {ast.unparse(node)}" for node in asked] == []


@pytest.mark.parametrize(
    "code",
    [
        'item.kind.name == "money"',
        '"money" != kind.name',
        'kind.name in ("percent", "score")',
        'kind_name == "choice"',
        'kind == "date"',
        "item.kind.name in LONG",
        'KINDS["date"]',
        'KINDS["text" if short else "paragraph"]',
        'KINDS.get("date")',
        "_WIDTHS[item.kind.name]",
        "_WIDTHS.get(item.kind.name, 24.0)",
        "name = item.kind.name",
        '_WIDTHS = {"money": 15.0, "percent": 10.0}',
        '_LONG = {"text", "paragraph"}',
        '_LONG = ("text", "paragraph", "measure")',
        'match item.kind.name:\n    case "money":\n        pass',
    ],
)
def test_code_that_asks_for_a_kind_is_seen(code: str) -> None:
    assert list(asked_kinds(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "KINDS[kind_name]",
        "kind_name not in KINDS",
        'record = {"label": item.label, "kind": item.kind.name}',
        'f"{item.kind.name}"',
        "item.kind.type is Type.DATE",
        'link.kind == "worksheet"',
        'looks = ["text", "count", "rate"]',
        'looks = ("text", "text", "text")',
    ],
)
def test_code_that_only_names_a_kind_is_let_be(code: str) -> None:
    assert not list(asked_kinds(ast.parse(code)))


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
FOLDERS = ("workbook", "builder", "samples", "tests", "docs", "benchmarks", ".ci", ".github")


def texts() -> Iterator[Path]:
    """Every text file of the project."""
    yield from (path for path in TOP.iterdir() if path.suffix in TEXTS or path.name == "Makefile")
    for folder in FOLDERS:
        yield from (
            path
            for path in (TOP / folder).rglob("*")
            if path.is_file() and (path.suffix in TEXTS or path.name == "run")
        )


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
