"""Another engine than LibreOffice, that of the package formualizer, agrees with the results that we write.

It does not work out an array inside SUMPRODUCT (array constants, ROW, EXACT, ISNUMBER, MIN over a condition):
those formulas keep our result, and all others, most of which use theirs, are worked out from it.
"""

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import coordinate_to_tuple

from builder import build_summary, build_template
from tests.fillings import FILLED, filling
from tests.sheets import formulas, same
from workbook import Summary, find_form

pytestmark = pytest.mark.long

PROJECT = Path(__file__).resolve().parents[1] / "forms" / "filled" / "project_expenditure.toml"
ARRAYS = re.compile(r"SUMPRODUCT\(.*(\{|ROW\(|EXACT\(|ISNUMBER\()|SUMPRODUCT\(MIN|SUMPRODUCT\(\(")
"""What it cannot evaluate."""


@pytest.fixture
def engine() -> Any:
    """The package, which comes without types; its tests are left out where it is not installed."""
    return pytest.importorskip("formualizer")


def differences(engine: Any, path: Path) -> tuple[list[str], int, int]:
    """What it shows otherwise; how many formulas it worked out; how many there are."""
    results, known = openpyxl.load_workbook(path, data_only=True), formulas(path)
    book = engine.load_workbook(str(path))
    beyond = {cell for cell, formula in known.items() if ARRAYS.search(formula)}
    for sheet, at in beyond:
        result = results[sheet][at].value
        book.set_value(sheet, *coordinate_to_tuple(at), "" if result is None else result)
    book.evaluate_all()
    found = []
    for sheet, at in known.keys() - beyond:
        ours, theirs = results[sheet][at].value, book.get_value(sheet, *coordinate_to_tuple(at))
        if not same(ours, theirs):
            found.append(f"{sheet}!{at} {known[sheet, at][:200]}: {ours!r}, {theirs!r} by it")
    return found, len(known) - len(beyond), len(known)


@pytest.mark.parametrize(
    ("form", "source"),
    [("department_overall", FILLED[0]), ("department_overall", FILLED[-1]), ("project_expenditure", PROJECT)],
    ids=["first", "last", "project"],
)  # fmt: skip
def test_a_filled_template_shows_what_another_engine_does(
    engine: Any, form: str, source: Path, tmp_path: Path
) -> None:
    definition = find_form(form)
    path = build_template(definition, tmp_path / "form.xlsx", filling=filling(source, definition))
    found, evaluated, total = differences(engine, path)
    assert found == []
    assert evaluated > 0.5 * total


def test_a_summary_shows_what_another_engine_does(
    engine: Any, samples_summary: Summary, tmp_path: Path
) -> None:
    found, evaluated, total = differences(
        engine, build_summary(samples_summary, tmp_path / "s.xlsx")
    )
    assert found == []
    assert evaluated > 0.9 * total
