"""The blank template of the department's form, cell by cell, as another program reads it.

tests/golden/department_overall_template.txt is for people: a change of the form, a formula, a lock, a
validation or a name shows there as a line. `_calc` is cut short: its formulas are long, and the
differential tests prove them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from builder import build_template
from workbook.address import split_a1
from workbook.form.definition import find_form
from workbook.layout.layout import CALC_SHEET, lay_out

LONG = 160
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
    assert len(lines) < 2800
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
    yield ""
    yield f"# {sheet.title}"
    yield f"state: {sheet.sheet_state}"
    yield f"protection: {_protection(sheet)}"
    yield from _page(sheet)
    merged = sorted((str(area) for area in sheet.merged_cells.ranges), key=_reading_order)
    if merged:
        yield f"merged: {' '.join(merged)}"
    widths = sorted(sheet.column_dimensions.items(), key=lambda item: (len(item[0]), item[0]))
    yield f"columns: {' '.join(f'{name}={d.width:.4g}{_hidden(d.hidden)}' for name, d in widths)}"
    heights = {row: d.height for row, d in sheet.row_dimensions.items() if d.height}
    yield f"heights: {' '.join(f'{row}={height:.4g}' for row, height in heights.items())}"
    yield from _cells(sheet)
    found = sorted(
        sheet.data_validations.dataValidation, key=lambda v: _reading_order(str(v.sqref))
    )
    yield from _validations(found)
    yield from _colours(sheet)


def _hidden(hidden: bool | None) -> str:
    return "(hidden)" if hidden else ""


def _protection(sheet: Worksheet) -> str:
    if not sheet.protection.sheet:
        return "none"
    names = ("formatCells", "formatColumns", "formatRows", "insertColumns", "insertRows",
             "insertHyperlinks", "deleteColumns", "deleteRows", "selectLockedCells",
             "selectUnlockedCells", "sort", "autoFilter", "pivotTables", "objects", "scenarios")  # fmt: skip
    allowed = [name for name in names if not getattr(sheet.protection, name)]
    return f"locked but for {' '.join(allowed)}"


def _page(sheet: Worksheet) -> Iterator[str]:
    setup, fit = sheet.page_setup, sheet.sheet_properties.pageSetUpPr
    if setup.paperSize is None:
        return
    yield f"paper: {setup.paperSize} {setup.orientation}"
    pages = f"{setup.fitToWidth or 1} wide, {setup.fitToHeight} high"
    yield f"fits: {pages if fit is not None and fit.fitToPage else 'not'}"
    yield f"print area: {sheet.print_area or 'all'}"
    yield f"repeated rows: {sheet.print_title_rows or 'none'}"
    yield f"frozen at: {sheet.freeze_panes or 'nothing'}"
    yield f"filter: {sheet.auto_filter.ref or 'none'}"
    footer = sheet.oddFooter.center if sheet.oddFooter is not None else None
    yield f"footer: {(footer and footer.text) or 'none'}"


def _reading_order(area: str) -> tuple[int, int, str]:
    first = re.split(r"[ :]", area, maxsplit=1)[0]
    return *split_a1(first), area


def _cells(sheet: Worksheet) -> Iterator[str]:
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell, Cell) and not _left_out(sheet, cell):
                yield f"{cell.coordinate}  {_locked(cell)}  {cell.number_format}  {_value(cell)}".rstrip()


def _left_out(sheet: Worksheet, cell: Cell) -> bool:
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
    shown = f"“{text}”" if cell.data_type == "s" else text
    if len(shown) <= LONG:
        return shown
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{shown[:60]} … {len(text)} characters, {digest}"


def _validations(found: list[DataValidation]) -> Iterator[str]:
    """Those that differ in their row alone are told once."""
    alike: dict[tuple[str, ...], list[DataValidation]] = {}
    for item in found:
        own_row = re.sub(r"\D", "", str(item.sqref).partition(":")[0])
        texts = (
            _rule(item),
            f"{item.promptTitle}: {item.prompt}",
            f"{item.errorTitle}: {item.error}",
        )
        key: tuple[str, ...] = (re.sub(rf"(?<=[A-Z]){own_row}\b", "#", texts[0]), *texts[1:])
        alike.setdefault(key, []).append(item)
    if found:
        yield "validations (# is the own row):"
    for told, items in alike.items():
        yield ",".join(str(item.sqref) for item in items)
        yield from (f"    {line}" for line in told)


def _rule(item: DataValidation) -> str:
    operator = "" if item.type in ("custom", "list") else f" {item.operator or 'between'}"
    blank = "" if item.allow_blank else ", not blank"
    limits = " ".join(filter(None, (item.formula1, item.formula2)))
    return f"{item.type}{operator} {limits}, {item.errorStyle or 'stop'}{blank}"


def _colours(sheet: Worksheet) -> Iterator[str]:
    if sheet.conditional_formatting:
        yield "colours:"
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            fill = rule.dxf.fill.bgColor.rgb if rule.dxf and rule.dxf.fill else "font"
            formula = ";".join(rule.formula)
            shown = formula if len(formula) <= LONG else f"{formula[:60]} … {_digest(formula)}"
            yield f"{area.sqref}  {fill}  {shown}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
