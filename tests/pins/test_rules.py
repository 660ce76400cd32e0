"""What targets and actuals mean, what every rule says of its own cases, and what is said of the samples."""

from __future__ import annotations

import json

import pytest

from tests.fillings import submission
from tests.own_cases import own_cases, own_verdicts
from tests.pins.conftest import Pin
from tests.pins.six_rounds import played
from tests.pins.told import plain
from workbook import Filling, find_form
from workbook.checking import View, gather, value_at
from workbook.form import Value

FORMS = ("department_overall", "project_expenditure")
MEANT = ("target_kind", "actual_kind", "actual_figure", "reached", "ratio", "expected_score")
ROWS = "indicators"
LONG = 300


def test_what_targets_and_actuals_mean_is_what_it_was(pin: Pin) -> None:
    form = find_form("department_overall")
    rows = {
        (str(row.get("indicator", "")), str(row["target"]), str(row["actual"]))
        for name in FORMS
        for _, _, case in own_cases(find_form(name))
        for row in case.rows
        if row.get("target") and row.get("actual")
    }
    ordered = sorted(rows)
    given: list[dict[str, Value]] = [
        dict(zip(("indicator", "target", "actual"), row, strict=True), weight=10.0)
        for row in ordered
    ]
    batch = gather(
        form, [submission(form, Filling({}, {ROWS: {1: row}})) for row in given], View.TRUE
    )
    fields = form.sections[ROWS].fields
    pin(
        "  ".join(
            [" | ".join(row), *(f"{n}={plain(value_at(batch, fields[n], 1, i))}" for n in MEANT)]
        )
        for i, row in enumerate(ordered)
    )


@pytest.mark.parametrize("name", FORMS)
def test_every_case_of_a_rule_is_judged_as_it_was(pin: Pin, name: str) -> None:
    form = find_form(name)
    verdicts = own_verdicts(form)
    lines = []
    for rule, number, case in own_cases(form):
        given = json.dumps([case.given, *case.rows], ensure_ascii=False, default=str)
        lines.append(f"{rule.key}.{number}  {verdicts[rule.key, number]}  {given[:LONG]}")
    pin(lines)


@pytest.mark.parametrize("name", ["samples", "two_counties", "by_project", "left_out"])
def test_what_is_found_is_what_it_was(pin: Pin, name: str) -> None:
    returns = played(name).returns
    assert returns is not None
    pin(
        f"{item.path.stem}  {f.code}  {f.severity}  {f.sheet}!{f.cell}  {plain(f.message)}  {plain(f.hint)}"
        for item in returns
        for f in item.findings
    )
