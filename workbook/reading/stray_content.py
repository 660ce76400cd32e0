"""What stands where nothing belongs: further sheets, hidden rows, content outside the form, other merges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from workbook.address import split_a1
from workbook.catalogue import Severity
from workbook.findings import Finding, finding
from workbook.layout import CALC_SHEET, CHECK_SHEET, FORM_SHEET, GUIDE_SHEET, LIST_SHEET
from workbook.package import RawCell, Sheet
from workbook.reading.inspection import LISTED, Evidence, Position, grouped, quoted
from workbook.text import brief, fold

_OF_PROGRAMS = ("WpsReserved_",)
"""Sheets that a program adds for itself, hidden: pictures in cells."""


def sheets(evidence: Evidence) -> Iterator[Finding]:
    """Sheets that were renamed, added or taken out; empty ones are a note."""
    now = {usual: evidence.now(usual) for usual in evidence.layout.pages}
    due = (GUIDE_SHEET, *now, CHECK_SHEET, CALC_SHEET, LIST_SHEET, FORM_SHEET)
    there = {sheet.name for sheet in evidence.package.sheets}
    renamed = [(usual, name) for usual, name in now.items() if name != usual]
    more = [s for s in evidence.package.sheets if s.name not in {*due, *now.values()}]
    gone = [name for name in due if now.get(name, name) not in there]
    said = [f"“{usual}”现名“{brief(name)}”" for usual, name in renamed]
    if more:
        said.append(f"多出{quoted([sheet.name for sheet in more])}")
    if gone:
        said.append(f"缺少{quoted(gone)}")
    if said:
        what = finding("L213", detail="，".join(said))
        harmless = not renamed and not gone and not any(_tells(sheet) for sheet in more)
        yield replace(what, severity=Severity.NOTE) if harmless else what


def _tells(sheet: Sheet) -> bool:
    """Whether a further sheet holds anything that a person wrote."""
    if sheet.name.startswith(_OF_PROGRAMS) and sheet.state != "visible":
        return False
    return any(_is_content(cell) for cell in sheet.cells.values())


def hidden(evidence: Evidence, sheet: Sheet) -> Iterator[Finding]:
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
        places = [at for at in sheet.far if _is_cell(at)]
        cells = ",".join(places[:LISTED])
        yield finding("L214", sheet=sheet.name, cell=cells, what="远离表格的地方有内容")


def outside(
    evidence: Evidence,
    sheet: Sheet,
    known: frozenset[Position],
    texts: frozenset[str],
    hints: int,
) -> Iterator[Finding]:
    """Content in cells that belong to nothing: below, beside, in rows that were put in. It is not read.

    `known` are the cells in which the template has something, and the column `hints`; `texts` are its
    labels, folded, which may stand elsewhere after rows were deleted. Above all of them stands how
    many problems are open.
    """
    top = min(known)[0]
    beyond = [
        (at, cell)
        for at, cell in sheet.cells.items()
        if at not in known and at[1] != hints and _is_content(cell) and at[0] >= top
    ]
    if not beyond:
        return
    own = {(at.row, at.column) for at in evidence.addresses.values() if at.sheet == sheet.name}
    found = [
        at
        for at, cell in beyond
        if at not in own and not (isinstance(cell.value, str) and fold(cell.value) in texts)
    ]
    if found:
        what = "表格以外的单元格里有内容，没有读入"
        yield grouped("L214", sheet.name, sorted(found), what=what)


def merges(sheet: Sheet, due: frozenset[str], inputs: frozenset[Position]) -> Iterator[Finding]:
    """Merged cells of a page that were taken apart, and others put together over its inputs."""
    there = frozenset(sheet.merges)
    if there == due:
        return
    apart = sorted(split_a1(text.partition(":")[0]) for text in due - there)
    if apart:
        yield grouped("L218", sheet.name, apart, what="合并的单元格被拆开")
    together = sorted(at for text in there - due if (at := _swallows(text, inputs)))
    if together:
        found = grouped("L218", sheet.name, together, what="填写的单元格被合并")
        yield replace(found, severity=Severity.WARNING)


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
        return bool(cell.value.strip())
    return cell.value is not None or bool(cell.formula)


def _is_cell(a1: str) -> bool:
    try:
        split_a1(a1)
    except ValueError:
        return False
    return True
