"""Every rule's every case, typed into the open template: LibreOffice's verdict, ours and the one promised."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from builder import build_template
from tests.differential.arena import Arena, Reading, Say, Typed, compare
from tests.differential.test_fillings import FILLINGS, FULL
from tests.office import Office
from workbook import Filling, Form, load_form
from workbook.checking import judge_trials, trial
from workbook.form import Case, Rule, Value, available_forms, serial
from workbook.layout import lay_out

STEP = 1 if FILLINGS >= FULL else 6
"""Of the cases one in so many is typed; `make test-all` has them all typed."""


@pytest.mark.parametrize("path", available_forms(), ids=lambda path: path.stem)
def test_every_case_of_every_rule_is_judged_alike(
    path: Path,
    office: Office,
    tmp_path: Path,
    record_property: Say,
) -> None:
    form = load_form(path)
    cases = [(rule, case) for rule in form.sheet_rules for case in rule.cases][::STEP]
    trials = [(rule, trial(rule, case)) for rule, case in cases]
    judged = judge_trials(form, trials)
    readings, wrong = [], []
    with Arena(office, form, build_template(form, tmp_path / "blank.xlsx")) as arena:
        for number, (rule, case) in enumerate(cases):
            filling = trials[number][1].filling
            if overwritten(form, filling):
                file = build_template(form, tmp_path / f"{number}.xlsx", filling=filling)
                with Arena(office, form, file) as built:
                    readings.append(built.read())
            else:
                arena.clear()
                arena.type(typing(arena, filling))
                readings.append(arena.read())
            seen = {
                "LibreOffice": shown(rule, case, readings[-1]),
                "we": judged[number],
            }
            wrong += [(rule.code, case, seen)] * (set(seen.values()) != {case.verdict})
    assert wrong == []
    tally = compare(form, readings)
    assert not tally.differences, tally.report(readings)
    tally.say(record_property, f"{form.id}: cases", len(cases))


def overwritten(form: Form, filling: Filling) -> bool:
    """Whether a locked cell is given, which no hand can type."""
    fields = [form.field_of(key) for key in filling.values]
    rows = [
        form.sections[section].fields[name]
        for section, given in filling.rows.items()
        for row in given.values()
        for name in row
    ]
    return not all(item.is_input for item in (*fields, *rows))


def typing(arena: Arena, filling: Filling) -> Mapping[str, Typed]:
    """What a hand types to fill the form so."""
    given = {spot.name: filling.value(spot) for spot in arena.layout.spots.values()}
    return {name: typed(value) for name, value in given.items() if value is not None}


def typed(value: Value) -> Typed:
    """A value as it is typed: a date as its day, which the cell's format shows."""
    return serial(value) if isinstance(value, date) else value


def shown(rule: Rule, case: Case, reading: Reading) -> str:
    """The verdict that the workbook gives on a case, in one word."""
    cells = lay_out(reading.submission.form).verdict_cells(rule)
    verdicts = [reading.at(cell) for cell in cells]
    assert all(isinstance(verdict, float) for verdict in verdicts), verdicts
    return trial(rule, case).verdict(int(v) for v in verdicts if isinstance(v, float))
