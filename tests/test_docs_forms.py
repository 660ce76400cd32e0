"""docs/form-file.md says all that a definition may hold, and its examples work as they stand."""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from builder.template.template import build_template
from workbook.checking.checks import judge_case, judge_trials
from workbook.commands.cli import cli
from workbook.commands.messages import CLEAN, FOUND
from workbook.errors import FormError
from workbook.expression.notation import FUNCTIONS
from workbook.form.comparison import differences
from workbook.form.composition import FORMS_DIR, compose, read_sources
from workbook.form.definition import find_form, load_form
from workbook.form.kinds import KINDS
from workbook.form.toml_table import KEYS
from workbook.layout.layout import check_name

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "form-file.md").read_text(encoding="utf-8")
MODES = ("entered", "computed", "suggested", "fixed", "derived")
CHAPTERS = {
    "form": "The form",
    "rule_set": "Extending and including",
    "further_sheet": "The form",
    "section": "Sections",
    "field": "Fields",
    "group": "Rows and groups",
    **dict.fromkeys(("summary", "grade", "breakdown", "scored"), "The summary"),
    **dict.fromkeys(("reason", "criterion", "sample"), "The summary"),
    "rule": "Rules",
    "case": "Rules",
}
REHEARSAL = "workbook.rehearsal.rehearsal"
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


def test_what_is_said_of_the_minimal_form_is_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As LibreOffice judges the cases alike; whether it does, the tests of the rehearsal say."""
    monkeypatch.setattr(f"{REHEARSAL}.find_office", lambda: "soffice")
    monkeypatch.setattr(
        f"{REHEARSAL}.verdicts_in_sheet", lambda form, trials, _: judge_trials(form, trials)
    )
    (tmp_path / "mini.toml").write_text(_example('id = "mini"'), encoding="utf-8")
    chapter = _chapter("Checking a definition")
    command, output = re.findall(r"^```(?:sh)?\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, command.split()[1:])
    assert (result.exit_code, result.stdout) == (FOUND, output)

    (remedy,) = re.findall(r"`(\{ verdict = [^`]*\})`", chapter)
    mended = _example('id = "mini"').replace("cases = [", f"cases = [{remedy},")
    (tmp_path / "mini.toml").write_text(mended, encoding="utf-8")
    assert CliRunner().invoke(cli, command.split()[1:]).exit_code == CLEAN


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
    path.write_text(
        text.replace('_by_source == final_budget"', '_by_source == finl_budget"'), "utf-8"
    )
    with pytest.raises(FormError) as raised:
        load_form(path)
    assert str(raised.value) in PAGE


def test_mistyped_define_is_named_as_the_page_shows(tmp_path: Path) -> None:
    path = tmp_path / "department_overall_2024.toml"
    text = (FORMS_DIR / path.name).read_text(encoding="utf-8")
    path.write_text(
        text.replace("round(funds.general_public_budget", "round(funds.general_public_budge"),
        "utf-8",
    )
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


# --- extending and including ----------------------------------------------------------------------


def _written(folder: Path, **examples: str) -> Path:
    """Files of the page's examples; the last one's path."""
    for name, text in examples.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder / f"{list(examples)[-1]}.toml"


def test_successor_of_the_page_differs_as_it_says(tmp_path: Path) -> None:
    mini, successor = _example('id = "mini"'), _example('extends = "mini"')
    form = load_form(_written(tmp_path, mini=mini, mini_2025=successor))
    assert (form.key, form.fiscal_year, form.name) == ("mini 2025", 2025, "资金使用情况表")
    assert list(form.sections) == ["identity", "notes", "funds"]
    assert form.field_of("identity.fiscal_year").value == 2025
    assert form.field_of("funds.final_budget").prompt == "含上年结转。"
    assert form.field_of("funds.final_budget").required
    assert form.rule("M401").severity.value == "warning"
    assert build_template(form, tmp_path / "mini.xlsx").stat().st_size > 0


def test_rule_set_of_the_page_works_and_is_named_when_mistyped(tmp_path: Path) -> None:
    including = _example('include = ["carry_over"]') + _example('id = "mini"')
    rules = _example("largest_rest = 0.1")
    form = load_form(_written(tmp_path, carry_over=rules, mini=including))
    rule = form.rule("M402")
    assert rule.hint == "请核对2024年的执行数。"
    verdicts = [judge_case(form, rule, case) for case in rule.cases]
    assert verdicts == ["holds", "broken", "undecided"]

    mistyped = rules.replace("settings.largest_rest", "settings.larges_rest")
    with pytest.raises(FormError) as raised:
        load_form(_written(tmp_path, carry_over=mistyped, mini=including))
    assert str(raised.value) in PAGE


LEFT_OUT = [
    name
    for cell in re.findall(r'^\| (`"[^|]*) \|', _chapter("Extending and including"), re.MULTILINE)
    for name in re.findall(r'"([^"]+)"', cell)
]


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_the_page_leaves_out_can_be_left_out(tmp_path: Path, name: str) -> None:
    path = _written(tmp_path, own=f'extends = "department_overall_2024"\nwithout = ["{name}"]\n')
    assert compose(read_sources(path))["fiscal_year"] == 2024


def test_differences_of_the_page_are_told_by_the_command() -> None:
    told = PAGE.partition("workbook form diff department_overall samples")[2]
    lines = told.partition("```\n\n```\n")[2].partition("```")[0].splitlines()
    successor = ROOT / "samples" / "forms" / "department_overall_2025.toml"
    found = differences(find_form("department_overall"), load_form(successor))
    assert lines
    assert set(lines) <= {difference.sentence for difference in found}
