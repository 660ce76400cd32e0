"""Random fillings, typed into the open template of each form: every figure and verdict must agree.

DIFFERENTIAL_FILLINGS says how many for each form (90 unless told), DIFFERENTIAL_SEED which.
"""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import openpyxl
import pytest

from builder import build_template
from tests.differential.arena import FORMULA, Arena, Say, Tally, Typed, compare, within
from tests.differential.typist import Typist
from tests.office import Office
from workbook import Filling, load_form
from workbook.address import Address
from workbook.checking import BROKEN, HOLDS, View, gather
from workbook.form import Value, available_forms

FILLINGS = int(os.environ.get("DIFFERENTIAL_FILLINGS", "90"))
SEED = int(os.environ.get("DIFFERENTIAL_SEED", "2024"))
FULL = 1500
"""So many reach both verdicts of every general rule; `make test-all` has them all typed."""
PARTS = 3
"""Each form's fillings are split, so that several workers can share them."""
HARD = 40
"""After so many fillings a hard recalculation must change nothing."""
FILES = 1 + FILLINGS // 100
"""How many filled templates are built of each form."""


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("path", available_forms(), ids=lambda path: path.stem)
def test_random_fillings_are_judged_alike(
    path: Path, part: int, office: Office, tmp_path: Path, record_property: Say
) -> None:
    form = load_form(path)
    seed = SEED * PARTS + part
    typist = Typist(form, seed)
    readings = []
    with Arena(office, form, build_template(form, tmp_path / "blank.xlsx")) as arena:
        for number in range(-(-FILLINGS // PARTS)):
            arena.type(typist.typing())
            readings.append(arena.read())
            if number % HARD == 0:
                assert arena.recalculated().grids == readings[-1].grids
    tally = compare(form, readings)
    assert not tally.differences, f"seed {seed}: {tally.report(readings)}"
    tally.say(record_property, f"{form.id}: random fillings", len(readings))


@pytest.mark.long
@pytest.mark.parametrize("path", available_forms(), ids=lambda path: path.stem)
def test_the_fillings_reach_both_verdicts_of_every_general_rule(path: Path) -> None:
    """A form's own rules have cases for that (test_rules.py)."""
    form = load_form(path)
    submissions = []
    for part in range(PARTS):
        typist = Typist(form, SEED * PARTS + part)
        for _ in range(FULL // PARTS):
            typist.typing()
            submissions.append(typist.submission())
    batch = gather(form, submissions, View.WORKBOOK)
    seen = {rule.key: set(batch.judge(rule).ravel()) for rule in form.sheet_rules if rule.general}
    assert {key for key, verdicts in seen.items() if not {HOLDS, BROKEN} <= verdicts} == set()


@pytest.mark.parametrize("path", available_forms(), ids=lambda path: path.stem)
def test_what_a_filled_template_caches_is_what_libreoffice_works_out(
    path: Path, office: Office, tmp_path: Path, record_property: Say
) -> None:
    form = load_form(path)
    typist = Typist(form, SEED)
    tally = Tally()
    for number in range(FILES):
        for _ in range(12):
            typist.typing()
        file = build_template(
            form, tmp_path / f"{number}.xlsx", filling=pasted(typist.held, office.seen)
        )
        with office.open(file) as book:
            shown = {name: office.sheet_values(book, name) for name in book.sheets}
        for address, cached in cached_values(file):
            tally.compare("cached value", "", str(address), within(shown, address), cached, number)
    assert not tally.differences, f"seed {SEED}: {tally.report()}"
    tally.say(record_property, f"{form.id}: filled templates", FILES)


def pasted(held: Mapping[str, Typed], seen: Callable[[str], str]) -> Filling:
    """What was typed as one filling, texts as formulas see them; numerals and formulas typed as text stay text."""
    values: dict[str, Value] = {}
    rows: dict[str, dict[int, dict[str, Value]]] = {}
    for name, typed in held.items():
        value = seen(typed.removeprefix("'")) if isinstance(typed, str) else typed
        section, item, *number = name.split(".")
        if value is None or value == FORMULA:
            continue
        if number:
            rows.setdefault(section, {}).setdefault(int(number[0]), {})[item] = value
        else:
            values[name] = value
    return Filling(values, rows)


def cached_values(file: Path) -> Iterator[tuple[Address, object]]:
    """Every formula's cell in a file, and the value that the file gives it."""
    with warnings.catch_warnings(action="ignore"):  # a day ten million is no date
        written = openpyxl.load_workbook(file)
        cached = openpyxl.load_workbook(file, data_only=True)
    for sheet in written.worksheets:
        rows = zip(sheet.iter_rows(), cached[sheet.title].iter_rows(), strict=True)
        for row, (formulas, values) in enumerate(rows, 1):
            for column, (cell, value) in enumerate(zip(formulas, values, strict=True), 1):
                if cell.data_type == "f":
                    yield Address(sheet.title, row, column), value.value
