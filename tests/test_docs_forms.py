"""docs/form-file.md says all that a definition may hold, and its examples work as they stand."""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path

import openpyxl
import pytest

from builder.template.template import build_template
from workbook.checking.checks import judge_case
from workbook.errors import FormError
from workbook.expression.notation import FUNCTIONS
from workbook.form.definition import FORMS_DIR, load_form
from workbook.form.kinds import KINDS
from workbook.form.toml_table import KEYS
from workbook.layout.layout import check_name

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "form-file.md").read_text(encoding="utf-8")
MODES = ("entered", "computed", "suggested", "fixed", "derived")
CHAPTERS = {
    "form": "The form",
    "further_sheet": "The form",
    "section": "Sections",
    "field": "Fields",
    "group": "Rows and groups",
    **dict.fromkeys(("summary", "grade", "breakdown", "scored"), "The summary"),
    **dict.fromkeys(("reason", "criterion", "sample"), "The summary"),
    "rule": "Rules",
    "case": "Rules",
}
FUNCTION_TABLE = PAGE.partition("| 函数 |")[2].partition("\n\n")[0]


def _chapter(title: str) -> str:
    """The text under a heading, by its English half."""
    return PAGE.partition(f" · {title}\n")[2].partition("\n## ")[0]


def _first_cells(title: str) -> str:
    return " ".join(re.findall(r"^\| ([^|]*) \|", _chapter(title), re.MULTILINE))


def _example(containing: str) -> str:
    """The page's TOML block that contains a text."""
    blocks = re.findall(r"^( *)```toml\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)
    (found,) = [textwrap.dedent(block) for _, block in blocks if containing in block]
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_has_its_line_in_its_own_words(name: str) -> None:
    (line,) = re.findall(rf"^\| `{name}` \|.*$", FUNCTION_TABLE, re.MULTILINE)
    assert line.endswith(f"| {FUNCTIONS[name].doc} |")


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_explained(name: str) -> None:
    assert f"`{name}`" in _first_cells("Kinds")


@pytest.mark.parametrize("name", MODES)
def test_each_mode_is_explained(name: str) -> None:
    assert name in _first_cells("Modes")


@pytest.mark.parametrize(
    ("table", "key"), [(table, key) for table, keys in KEYS.items() for key in keys]
)
def test_each_key_of_a_definition_is_explained(table: str, key: str) -> None:
    where = _chapter if table == "group" else _first_cells
    assert f"`{key}`" in where(CHAPTERS[table])


def test_no_function_is_explained_that_is_not_there() -> None:
    assert set(re.findall(r"^\| `(\w+)`", FUNCTION_TABLE, re.MULTILINE)) == set(FUNCTIONS)


def test_minimal_form_builds(tmp_path: Path) -> None:
    path = tmp_path / "mini.toml"
    path.write_text(_example('id = "mini"'), encoding="utf-8")
    form = load_form(path)
    rule = form.rule("M401")
    assert [judge_case(form, rule, case) for case in rule.cases] == ["holds", "broken"]
    assert build_template(form, tmp_path / "mini.xlsx").stat().st_size > 0


def test_rule_of_the_six_steps_works_as_printed(tmp_path: Path) -> None:
    path = tmp_path / "department_overall_2024.toml"
    shutil.copy(FORMS_DIR / path.name, path)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" + _example('code = "D499"'))

    form = load_form(path)
    rule = form.rule("D499")
    verdicts = [judge_case(form, rule, case) for case in rule.cases]
    assert verdicts == [case.verdict for case in rule.cases]
    assert set(verdicts) == {"holds", "broken", "undecided"}

    template = openpyxl.load_workbook(build_template(form, tmp_path / "自评表.xlsx"))
    sheet, _, cell = template.defined_names[check_name("D499")].attr_text.partition("!")
    line = template[sheet.strip("'")][cell.replace("$", "")].row
    assert template[sheet.strip("'")].cell(line, 4).value == rule.name


def test_mistyped_rule_is_named_as_the_page_shows(tmp_path: Path) -> None:
    path = tmp_path / "department_overall_2024.toml"
    text = (FORMS_DIR / path.name).read_text(encoding="utf-8")
    path.write_text(text.replace('must = "final_budget > 0"', 'must = "0 < finl_budget"'), "utf-8")
    with pytest.raises(FormError) as raised:
        load_form(path)
    assert str(raised.value) in PAGE


def test_mistyped_define_is_named_as_the_page_shows(tmp_path: Path) -> None:
    path = tmp_path / "department_overall_2024.toml"
    text = (FORMS_DIR / path.name).read_text(encoding="utf-8")
    path.write_text(text.replace("min(funds.execution_rate", "min(funds.execution_rat"), "utf-8")
    with pytest.raises(FormError) as raised:
        load_form(path)
    assert str(raised.value) in PAGE


def test_words_and_defines_of_the_page_can_be_called(tmp_path: Path) -> None:
    path = tmp_path / "mini.toml"
    text = _example('id = "mini"').replace(
        'must = "final_budget > 0"',
        "must = \"final_budget > 0 or figure_differs('5', final_budget)\"",
    )
    path.write_text(text + "\n" + _example("[define]"), encoding="utf-8")
    form = load_form(path)
    assert "figure_differs" in form.rule("M401").source
    assert set(form.defines) == {"unit_kind", "figure_of", "figure_differs"}
