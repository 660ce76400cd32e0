"""Next year's form, a short file of what differs: from its template to the sum, and nowhere the year that was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from builder import build_template
from tests import fillings
from tests.api import cli
from tests.own_cases import own_cases, own_verdicts
from workbook import Filling, Form, aggregate, check, find_form, load_form, read_returns
from workbook.form import Rule
from workbook.reading import ACCEPTED, known_forms

SUCCESSOR = fillings.SAMPLES / "forms" / "department_overall_2025.toml"
FORM = load_form(SUCCESSOR)
CASES = [
    pytest.param(rule, number, id=f"{rule.code}-{number}") for rule, number, _ in own_cases(FORM)
]


def shown(path: Path) -> Iterator[tuple[str, str]]:
    """Every text that a person may come to see in a workbook, and where."""
    for sheet in openpyxl.load_workbook(path):
        if sheet.sheet_state != "visible":
            continue
        yield "name", sheet.title
        for row in sheet.iter_rows():
            for cell in row:
                yield f"{sheet.title}!{cell.coordinate}", str(cell.value)
                yield f"{sheet.title}!{cell.coordinate}", cell.comment.text if cell.comment else ""
        for rule in sheet.data_validations.dataValidation:
            for text in (rule.promptTitle, rule.prompt, rule.errorTitle, rule.error):
                yield f"{sheet.title}!{rule.sqref}", text or ""
        for part in filter(None, (sheet.oddHeader, sheet.oddFooter)):
            for third in (part.left, part.center, part.right):
                yield sheet.title, third.text or ""


def naming(year: int, path: Path) -> list[tuple[str, str]]:
    return [
        (where, text) for where, text in shown(path) if re.search(rf"(?<!\d){year}(?!\d)", text)
    ]


def given(form: Form) -> Filling:
    """A department's filling of 2024, as of the form's year."""
    filling = fillings.filling(fillings.FILLED[0])
    return fillings.changed(filling, identity__fiscal_year=form.fiscal_year)


def run(*words: str | Path) -> Any:
    result = CliRunner().invoke(cli, [*map(str, words)], prog_name="workbook")
    assert not result.stderr, result.stderr
    return result


def test_the_file_is_short() -> None:
    assert len(SUCCESSOR.read_text(encoding="utf-8").splitlines()) < 40


def test_it_is_another_version_of_the_same_form() -> None:
    base = find_form("department_overall")
    assert (FORM.id, FORM.version, FORM.fiscal_year) == (base.id, "2025", 2025)
    assert FORM.key != base.key
    new_rules = {rule.key for rule in FORM.rules} - {rule.key for rule in base.rules}
    assert new_rules == {"V301:identity.approved_by"}
    assert FORM.rule("D408").severity.value == "error"


@pytest.mark.parametrize(("rule", "number"), CASES)
def test_its_cases_are_judged_as_they_say(rule: Rule, number: int) -> None:
    assert own_verdicts(FORM)[rule.key, number] == rule.cases[number - 1].verdict


def test_nothing_in_its_template_names_the_year_that_was(tmp_path: Path) -> None:
    template = build_template(FORM, tmp_path / "自评表.xlsx")
    assert naming(2024, template) == []
    assert len(naming(2025, template)) > 5


def test_the_years_texts_are_the_same_in_both(tmp_path: Path) -> None:
    """What a template of 2024 says of its year, that of 2025 says of its own."""
    base = build_template(find_form("department_overall"), tmp_path / "2024.xlsx")
    template = build_template(FORM, tmp_path / "2025.xlsx")
    expected = [(place, text.replace("2024", "2025")) for place, text in naming(2024, base)]
    assert set(expected) <= set(naming(2025, template))


def test_what_its_departments_say_in_words_is_of_its_year() -> None:
    texts = repr([rule.cases for rule in FORM.rules]) + repr([rule.hint for rule in FORM.rules])
    assert "2024" not in texts
    assert "2025年11月底前" in texts
    assert "2026年1月3日" in texts


def test_it_is_filled_in_read_checked_and_added_up(tmp_path: Path) -> None:
    path = build_template(FORM, tmp_path / "a.xlsx", filling=given(FORM))
    (read,) = read_returns([path], forms=known_forms([SUCCESSOR]))
    assert read.status == ACCEPTED
    assert read.submission is not None
    assert read.submission.form.key == FORM.key
    assert read.submission.fiscal_year == 2025
    assert not {found.code for found in read.findings} & {"W109", "W111"}
    summary = aggregate(check([read]))
    (part,) = summary.forms
    assert part.form.key == FORM.key
    assert len(part.departments) == 1


def test_the_commands_take_it_as_a_file(tmp_path: Path) -> None:
    own = ("--form-file", SUCCESSOR)
    blank = tmp_path / "blank.xlsx"
    assert run("template", FORM.id, "-o", blank, *own).exit_code == 0
    assert naming(2025, blank)
    filled = tmp_path / "in" / "125001_区科协.xlsx"
    build_template(FORM, filled, filling=given(FORM))

    read = json.loads(run("read", filled, *own, "--json").stdout)
    assert (read["status"], read["form"], read["version"]) == ("accepted", FORM.id, "2025")
    checked = json.loads(run("check", filled.parent, *own, "--json").stdout)
    assert checked["totals"]["accepted"] == 1
    out = tmp_path / "汇总.xlsx"
    run("aggregate", filled.parent, "-o", out, *own)
    assert "2025" in str(openpyxl.load_workbook(out).worksheets[0]["A1"].value)


def test_without_the_file_its_returns_are_told_by_their_version(tmp_path: Path) -> None:
    path = build_template(FORM, tmp_path / "a.xlsx", filling=given(FORM))
    (read,) = read_returns([path])
    assert [found.code for found in read.findings] == ["W109"]
