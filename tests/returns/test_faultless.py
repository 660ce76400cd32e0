"""A hundred fillings without a fault, as accountants write: nothing above a note is said of them.

`faultless.jsonl` has one a line, written for this by somebody who saw the blank form and its printed
instructions, and no rule. Nothing here may be changed to suit a rule.
"""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.api import Severity
from tests.fillings import accepted
from workbook import find_form
from workbook.checking import judge
from workbook.form import Value
from workbook.reading import Filling

LINES = Path(__file__).with_name("faultless.jsonl").read_text(encoding="utf-8").splitlines()
DAY = "identity.prepared_on"
NO_REPORT = "D450"
"""Said, and rightly, of those who left the whole sheet of the report empty."""


def filled(values: dict[str, Any]) -> Filling:
    """Values by the names of their cells: `section.field`, in rows with the row's number behind."""
    single: dict[str, Value] = {}
    rows: dict[str, dict[int, dict[str, Value]]] = {}
    for name, value in values.items():
        plain: Value = float(value) if isinstance(value, int) else value
        if in_row := re.fullmatch(r"(\w+)\.(\w+)\.(\d+)", name):
            section, field, number = in_row.groups()
            rows.setdefault(section, {}).setdefault(int(number), {})[field] = plain
        else:
            single[name] = date.fromisoformat(value) if name == DAY else plain
    return Filling(single, rows)


def told(given: dict[str, Any]) -> Iterator[str]:
    (judged,) = judge([accepted(filled(given["values"]), form=find_form(given["form"]))])
    for item in judged.findings:
        if item.severity is not Severity.NOTE:
            yield f"{item.code} {item.cell} {item.message}"


def test_there_are_a_hundred_of_both_forms() -> None:
    forms = [json.loads(line)["form"] for line in LINES]
    assert (len(forms), forms.count("project_expenditure")) == (100, 25)


@pytest.mark.parametrize("line", LINES, ids=[str(n) for n in range(1, len(LINES) + 1)])
def test_nothing_above_a_note_is_said(line: str) -> None:
    given = json.loads(line)
    has_report = any(name.startswith("report.") for name in given["values"])
    said = [text for text in told(given) if has_report or not text.startswith(NO_REPORT)]
    assert said == []
