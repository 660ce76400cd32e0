"""The blank template of the department's form, cell by cell, as another program reads it.

tests/golden/department_overall_template.txt is for people: a change of the form, a formula, a lock, a
validation or a name shows there as a line. `_calc` is cut short: its formulas are long, and the
differential tests prove them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from builder import build_template
from tests import workbook_text as shown
from workbook import find_form
from workbook.layout import CALC_SHEET, CHECK_SHEET, CHECK_TOP, lay_out

FORM = find_form("department_overall")
CALC_ROWS = {block.calc_top for block in lay_out(FORM).blocks.values()}
"""Of the rows of `_calc` that repeat, the first."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_template(FORM, tmp_path_factory.mktemp("template") / "blank.xlsx")


def test_the_blank_template_is_what_it_was(
    template: Path, golden: Callable[[str, str], None]
) -> None:
    book = openpyxl.load_workbook(template)
    lines = [*_book(book), *(line for sheet in book.worksheets for line in _sheet(sheet))]
    assert len(lines) < 3700
    golden("department_overall_template.txt", "\n".join(lines) + "\n")


def test_equal_input_gives_equal_bytes(template: Path, tmp_path: Path) -> None:
    again = build_template(FORM, tmp_path / "again.xlsx")
    assert again.read_bytes() == template.read_bytes()


def _book(book: Workbook) -> Iterator[str]:
    locked = book.security is not None and bool(book.security.lockStructure)
    yield f"structure locked: {locked}"
    yield f"opens on: {book.active.title if book.active else ''}"
    yield f"title: {book.properties.title}"
    yield f"comments: {book.properties.description}"
    yield ""
    yield "# names"
    verdicts = [name for name in sorted(book.defined_names) if name.startswith("calc.")]
    for name in sorted(book.defined_names.keys() - set(verdicts)):
        yield f"{name} = {book.defined_names[name].attr_text}"
    yield "; ".join(f"{name} = {book.defined_names[name].attr_text}" for name in verdicts)


def _sheet(sheet: Worksheet) -> Iterator[str]:
    yield from shown.heading(sheet)
    yield from _cells(sheet)
    yield from shown.validations(sheet)
    yield from shown.colours(sheet)


def _cells(sheet: Worksheet) -> Iterator[str]:
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell, Cell) and not _left_out(sheet, cell):
                yield f"{cell.coordinate}  {_locked(cell)}  {cell.number_format}  {_value(cell)}".rstrip()


def _left_out(sheet: Worksheet, cell: Cell) -> bool:
    if sheet.title == CHECK_SHEET and cell.column_letter == "J" and cell.row > CHECK_TOP:
        return True  # alike in all rows
    if sheet.title != CALC_SHEET:
        return cell.value is None and bool(cell.protection.locked)
    repeats = cell.row >= min(CALC_ROWS) and cell.row not in {
        r + d for r in CALC_ROWS for d in (-1, 0)
    }
    return cell.value is None or repeats


def _locked(cell: Cell) -> str:
    return "locked" if cell.protection.locked else "OPEN"


def _value(cell: Cell) -> str:
    """A text in quotes, anything else bare; what is long is cut and its digest added."""
    if cell.value is None:
        return ""
    text = str(cell.value).replace("\n", "⏎").replace(FORM.digest, "(digest)")
    whole = f"“{text}”" if cell.data_type == "s" else text
    if len(whole) <= shown.LONG:
        return whole
    return f"{whole[:60]} … {len(text)} characters, {shown.digest(text)}"
