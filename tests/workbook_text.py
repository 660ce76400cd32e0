"""A workbook as a text that a person can look at: what the approved texts of workbooks are made of (tests/pins).

Read by openpyxl, which wrote none of it. What depends on the file (which cells are worth a line) is for
the test that asks.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

from openpyxl.cell.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from workbook.address import split_a1

LONG = 160
_ALLOWED = (
    *("formatCells", "formatColumns", "formatRows", "insertColumns", "insertRows"),
    *(
        "insertHyperlinks",
        "deleteColumns",
        "deleteRows",
        "selectLockedCells",
        "selectUnlockedCells",
    ),
    *("sort", "autoFilter", "pivotTables", "objects", "scenarios"),
)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


# --- a sheet as a whole ---------------------------------------------------------------------------


def heading(sheet: Worksheet) -> Iterator[str]:
    """What is told of a sheet before its cells."""
    yield from ("", f"# {sheet.title}")
    yield f"state: {sheet.sheet_state}"
    yield f"protection: {protection(sheet)}"
    yield from page(sheet)
    yield from merged(sheet)
    yield widths(sheet)
    yield heights(sheet)


def protection(sheet: Worksheet) -> str:
    """What a lock leaves free; "none" without a lock."""
    if not sheet.protection.sheet:
        return "none"
    allowed = [name for name in _ALLOWED if not getattr(sheet.protection, name)]
    return f"locked but for {' '.join(allowed)}"


def page(sheet: Worksheet) -> Iterator[str]:
    """How a sheet is printed and scrolled; nothing where no paper was chosen."""
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
    footer = sheet.oddFooter
    parts = [] if footer is None else [footer.left.text, footer.center.text, footer.right.text]
    yield f"footer: {' / '.join(filter(None, parts)) or 'none'}"


def merged(sheet: Worksheet) -> Iterator[str]:
    areas = sorted((str(area) for area in sheet.merged_cells.ranges), key=_reading_order)
    if areas:
        yield f"merged: {' '.join(areas)}"


def widths(sheet: Worksheet) -> str:
    found = sorted(sheet.column_dimensions.items(), key=lambda item: (len(item[0]), item[0]))
    told = (f"{name}={d.width:.4g}{'(hidden)' if d.hidden else ''}" for name, d in found)
    return f"columns: {' '.join(told)}"


def heights(sheet: Worksheet) -> str:
    """Heights by rows; rows of one height that follow on each other together."""
    known = sorted(sheet.row_dimensions.items())
    told = [(row, f"{d.height:.4g}") for row, d in known if d.height]
    return f"heights: {' '.join(f'{rows}={height}' for rows, height in _spans(told))}"


def _reading_order(area: str) -> tuple[int, int, str]:
    first = re.split(r"[ :]", area, maxsplit=1)[0]
    return *split_a1(first), area


def _spans(items: list[tuple[int, str]], *, over_gaps: bool = False) -> Iterator[tuple[str, str]]:
    """Numbers that follow on each other and are told the same, as 4 or 4-17."""
    start = last = 0
    what = None
    for number, told in [*items, (0, None)]:
        if told is not None and told == what and (over_gaps or number == last + 1):
            last = number
            continue
        if what is not None:
            yield (f"{start}" if start == last else f"{start}-{last}"), what
        start = last = number
        what = told


# --- validations, conditional formats -------------------------------------------------------------


def validations(sheet: Worksheet) -> Iterator[str]:
    """Those that differ in their row alone are told once."""
    found = sorted(
        sheet.data_validations.dataValidation, key=lambda item: _reading_order(str(item.sqref))
    )
    alike: dict[tuple[str, ...], list[DataValidation]] = {}
    for item in found:
        own_row = re.sub(r"\D", "", str(item.sqref).partition(":")[0])
        prompt, error = f"{item.promptTitle}: {item.prompt}", f"{item.errorTitle}: {item.error}"
        alike.setdefault((shape(_rule(item), own_row), prompt, error), []).append(item)
    if found:
        yield "validations (# is the own row):"
    for told, items in alike.items():
        yield ",".join(str(item.sqref) for item in items)
        yield from (f"    {line}" for line in told)


def shape(formula: str, row: str | int) -> str:
    """A formula with # for its own row."""
    return re.sub(rf"(?<=[A-Z]){row}\b", "#", formula)


def _rule(item: DataValidation) -> str:
    operator = "" if item.type in ("custom", "list") else f" {item.operator or 'between'}"
    blank = "" if item.allow_blank else ", not blank"
    limits = " ".join(filter(None, (item.formula1, item.formula2)))
    return f"{item.type}{operator} {limits}, {item.errorStyle or 'stop'}{blank}"


def colours(sheet: Worksheet) -> Iterator[str]:
    if sheet.conditional_formatting:
        yield "colours:"
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            fill = rule.dxf.fill.bgColor.rgb if rule.dxf and rule.dxf.fill else "font"
            formula = ";".join(rule.formula)
            shown = formula if len(formula) <= LONG else f"{formula[:60]} … {digest(formula)}"
            yield f"{area.sqref}  {fill}  {shown}"


# --- cells ----------------------------------------------------------------------------------------


def areas(
    sheet: Worksheet, told: Callable[[Cell], str], *, over_gaps: bool = False
) -> Iterator[str]:
    """What cells are told, a line for all areas that are told the same; a cell that is told nothing is in
    none. `over_gaps` lets an area of one column go on over such cells."""
    columns: dict[int, list[tuple[int, str]]] = {}
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell, Cell) and (what := told(cell)):
                columns.setdefault(cell.column, []).append((cell.row, what))
    spans: dict[tuple[str, str], list[int]] = {}
    for column, items in sorted(columns.items()):
        for rows, what in _spans(items, over_gaps=over_gaps):
            spans.setdefault((what, rows), []).append(column)
    found: dict[str, list[str]] = {}
    for (what, rows), places in spans.items():
        for across, _ in _spans([(place, "") for place in places]):
            found.setdefault(what, []).append(_area(across, rows))
    for what, names in found.items():
        yield f"{' '.join(sorted(names, key=_reading_order))}  {what}"


def _area(across: str, down: str) -> str:
    (left, _, right), (top, _, bottom) = across.partition("-"), down.partition("-")
    first = f"{get_column_letter(int(left))}{top}"
    last = f"{get_column_letter(int(right or left))}{bottom or top}"
    return first if first == last else f"{first}:{last}"


def look(cell: Cell) -> str:
    """Number format, fill and what else of a cell's look bears meaning; nothing for a plain cell."""
    fill = cell.fill.fgColor.rgb if cell.fill.fill_type == "solid" else ""
    traits = [
        "" if cell.number_format == "General" else cell.number_format,
        str(fill or "")[2:],
        "bold" if cell.font.b else "",
        "" if cell.protection.locked else "OPEN",
    ]
    return "  ".join(filter(None, traits))


def formula(cell: Cell) -> str:
    """The formula with # for its own row."""
    return shape(str(cell.value), cell.row) if cell.data_type == "f" else ""


def text(value: object) -> str:
    """A value in one line; numbers to ten digits, in which all machines agree."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value).replace("\n", "⏎")


def chart(part: bytes) -> str:
    """A chart in one line: its sorts, its texts, and the cells it is drawn from."""
    found: list[str] = []
    for node in ElementTree.fromstring(part).iter():
        name = node.tag.rpartition("}")[2]
        if name.endswith("Chart") and name != "Chart":
            found.append(name)
        elif name in ("f", "t") and node.text:
            found.append(node.text)
    return "  ".join(found)
