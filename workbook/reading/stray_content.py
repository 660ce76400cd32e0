"""What stands where nothing belongs: further sheets, hidden rows, content outside the form, other merges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from workbook.address import split_a1
from workbook.catalogue import Severity
from workbook.findings import Finding, finding
from workbook.form import BACK_SHEET
from workbook.layout import CALC_SHEET, CHECK_SHEET, FORM_SHEET, GUIDE_SHEET, LIST_SHEET, NEXT_PLACE
from workbook.package import RawCell, Sheet
from workbook.reading.inspection import LISTED, Evidence, Position, grouped, quoted
from workbook.text import brief, fold

_OF_PROGRAMS = ("WpsReserved_",)
"""Sheets that a program adds for itself, hidden: pictures in cells."""


def changed_sheets(evidence: Evidence) -> Iterator[Finding]:
    """Sheets that were renamed, added or taken out; empty ones are a note."""
    present_names = {
        usual_name: evidence.present_name(usual_name) for usual_name in evidence.layout.pages
    }
    expected_names = (GUIDE_SHEET, *present_names, CHECK_SHEET, CALC_SHEET, LIST_SHEET, FORM_SHEET)
    sheet_names = {sheet.name for sheet in evidence.package.sheets}
    renamed = [
        (usual_name, name) for usual_name, name in present_names.items() if name != usual_name
    ]
    added_sheets = [
        sheet
        for sheet in evidence.package.sheets
        if sheet.name not in {*expected_names, *present_names.values(), BACK_SHEET}
    ]
    missing_names = [
        name for name in expected_names if present_names.get(name, name) not in sheet_names
    ]
    changes = [f"“{usual_name}”现名“{brief(name)}”" for usual_name, name in renamed]
    if added_sheets:
        changes.append(f"多出{quoted([sheet.name for sheet in added_sheets])}")
    if missing_names:
        changes.append(f"缺少{quoted(missing_names)}")
    if changes:
        violation = finding("L213", detail="，".join(changes))
        harmless = (
            not renamed
            and not missing_names
            and not any(_has_content(sheet) for sheet in added_sheets)
        )
        yield replace(violation, severity=Severity.NOTE) if harmless else violation


def _has_content(sheet: Sheet) -> bool:
    """Whether a further sheet holds anything that a person wrote."""
    if sheet.name.startswith(_OF_PROGRAMS) and sheet.state != "visible":
        return False
    return any(_is_content(cell) for cell in sheet.cells.values())


def hidden_content(evidence: Evidence, sheet: Sheet) -> Iterator[Finding]:
    """Inputs in hidden rows and columns, and what was written far off."""
    if sheet.state != "visible":
        yield finding("L214", sheet=sheet.name, what="整张表被隐藏")
    if sheet.hidden_rows or sheet.hidden_columns:
        spots = evidence.layout.spots
        covered = [
            (at.row, at.column)
            for name, at in evidence.addresses.items()
            if at.sheet == sheet.name
            and spots[name].field.is_input
            and evidence.cells[name].raw is not None
            and (at.row in sheet.hidden_rows or at.column in sheet.hidden_columns)
        ]
        if covered:
            yield grouped("L214", sheet.name, covered, what="隐藏的行或列里有填写的内容")
    if sheet.far:
        far_cells = [at for at in sheet.far if _is_cell(at)]
        cells = ",".join(far_cells[:LISTED])
        yield finding("L214", sheet=sheet.name, cell=cells, what="远离表格的地方有内容")


def stray_cells(
    evidence: Evidence,
    sheet: Sheet,
    occupied: frozenset[Position],
    texts: frozenset[str],
    hint_column: int,
) -> Iterator[Finding]:
    """Content in cells that belong to nothing: below, beside, in rows that were put in. It is not read.

    `occupied` are the cells in which the template has something, and the column `hint_column`;
    `texts` are its labels, folded, which may stand elsewhere after rows were deleted. Above all of
    them stands how many problems are open.
    """
    top = min(occupied)[0]
    beyond = [
        (at, cell)
        for at, cell in sheet.cells.items()
        if at not in occupied and at[1] != hint_column and _is_content(cell) and at[0] >= top
    ]
    if not beyond:
        return
    own_positions = {
        (at.row, at.column)
        for at in (*evidence.addresses.values(), *evidence.reported)
        if at.sheet == sheet.name
    }
    stray_positions = [
        at
        for at, cell in beyond
        if at not in own_positions
        and not (isinstance(cell.value, str) and fold(cell.value) in texts)
    ]
    if stray_positions:
        description = "表格以外的单元格里有内容，没有读入"
        yield grouped("L214", sheet.name, sorted(stray_positions), what=description)


def changed_merges(
    sheet: Sheet, expected_merges: frozenset[str], inputs: frozenset[Position]
) -> Iterator[Finding]:
    """Merged cells of a page that were taken apart, and others put together over its inputs."""
    present_merges = frozenset(sheet.merges)
    if present_merges == expected_merges:
        return
    apart = sorted(split_a1(text.partition(":")[0]) for text in expected_merges - present_merges)
    if apart:
        yield grouped("L218", sheet.name, apart, what="合并的单元格被拆开")
    together = sorted(
        at for text in present_merges - expected_merges if (at := _swallows(text, inputs))
    )
    if together:
        violation = grouped("L218", sheet.name, together, what="填写的单元格被合并")
        yield replace(violation, severity=Severity.WARNING)


def _swallows(text: str, inputs: frozenset[Position]) -> Position | None:
    """The first cell of a merge that covers an input beyond its first cell."""
    first, _, last = text.partition(":")
    try:
        (top, left), (bottom, right) = split_a1(first), split_a1(last or first)
    except ValueError:
        return None
    within = (at for at in inputs if top <= at[0] <= bottom and left <= at[1] <= right)
    return (top, left) if any(at != (top, left) for at in within) else None


def _is_content(cell: RawCell) -> bool:
    if isinstance(cell.value, str):
        return bool(cell.value.strip()) and cell.value != NEXT_PLACE
    is_ours = NEXT_PLACE in (cell.formula or "")  # without its result, as some programs save it
    return cell.value is not None or (bool(cell.formula) and not is_ours)


def _is_cell(a1: str) -> bool:
    try:
        split_a1(a1)
    except ValueError:
        return False
    return True
