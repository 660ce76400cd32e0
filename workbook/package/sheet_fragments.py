"""A sheet part by fragments seen before: the quick way, which reads what `sheets` reads or gives way.

Where `plain_xml` cuts, only values are looked at for each file. What the fragments between them say
(whole cells, formulas, styles, the cell whose value comes next) is kept by their very bytes, and so
are the two ends of the part (merges, lock, validations). Anything unusual is left to `sheets`:
shapes that are not plain, cells far out or twice, dates as text, whatever is over a limit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from workbook.errors import Refused
from workbook.limits import Limits
from workbook.package import plain_xml
from workbook.package.parts import ParseTask, is_true
from workbook.package.seen import Seen
from workbook.package.shared_formulas import Position
from workbook.package.sheets import Grid, RawCell, Sheet, SheetPart, parse, split

_BUDGET, _EACH = 8 * 2**20, 1000
"""Bytes of fragments, and as many of the generation before; what is made of each, roughly."""
_MOST_KNOWN_CELLS, _SHORT = 6, 120
"""So many contents of one cell are kept, each of so many bytes: verdicts, hints, blanks."""

_ATTRIBUTE = re.compile(r'(?<![A-Za-z0-9:])([A-Za-z0-9:]+)="([^"]*)"')
_EMPTY = (None, "<v></v>", "<v/>", "<v />")
_NUMBERS = {b"%d" % number: number for number in range(2000)}
"""What numbers of shared strings look like: looked up faster than worked out."""
_new = tuple.__new__


class SheetFragment(NamedTuple):
    """What stands between two values: whole cells, and the start of the cell with the next value."""

    whole_cells: dict[Position, RawCell]
    at: Position | None
    """Where the next value stands; None behind the last."""
    kind: str
    formula: str | None
    style: int
    known_cells: dict[bytes | str, RawCell]
    """The next cell by some of its values as written, or by some shared strings."""
    cells: int
    hidden: tuple[int, ...]


class _Shelf:
    """What is kept for one set of limits, with or without Excel's prefix in rows."""

    def __init__(self) -> None:
        self.first: Seen[SheetFragment] = Seen(_BUDGET // 16, _EACH)
        self.fragments: Seen[SheetFragment] = Seen(_BUDGET, _EACH)
        self.ends: Seen[Sheet] = Seen(_BUDGET // 4, _EACH)


# By the limits under which they were read: what is kept passed those bounds.
@lru_cache(maxsize=4)
def _shelf(_limits: Limits, _extended: bool) -> _Shelf:
    return _Shelf()


class FragmentedSheet(NamedTuple):
    """A sheet part of known fragments; what is odd about its values shows when it is finished."""

    fragments: list[SheetFragment]
    values: list[bytes]
    before: Sheet
    after: Sheet
    data: bytes
    date1904: bool

    def finish(self, name: str, state: str, strings: Sequence[str], task: ParseTask) -> Sheet:
        """The sheet under its name, with its shared strings."""
        try:
            cells = self._cells(strings, task)
        except ValueError:  # an index of thousands of digits
            cells = None
        if cells is None:
            return parse(self.data, task, self.date1904).part().finish(name, state, strings, task)
        after, hidden = self.after, [row for fragment in self.fragments for row in fragment[7]]
        return Sheet(
            name,
            state,
            cells,
            merges=after.merges,
            protected=after.protected,
            validations=after.validations,
            hidden_rows=frozenset(hidden),
            hidden_columns=self.before.hidden_columns | after.hidden_columns,
        )

    def _cells(self, strings: Sequence[str], task: ParseTask) -> dict[Position, RawCell] | None:
        """The fragments with their values; None if a value is odd, or a cell there twice."""
        sheet_cells: dict[Position, RawCell] = {}
        grid = Grid(task, date1904=False)
        update, count = sheet_cells.update, 0
        numbered, string_count = _NUMBERS.get, len(strings)
        fragments = zip(self.fragments, self.values, strict=False)  # the last has no value
        for (whole_cells, at, kind, formula, style, known_cells, cell_count, _), value in fragments:
            count += cell_count
            if whole_cells:
                update(whole_cells)
            if at is None:
                return None
            if kind == "s":
                index = numbered(value)
                if index is None:
                    index = int(value) if value.isdigit() else string_count
                if index >= string_count:
                    return None
                text = strings[index]
                cell = known_cells.get(text)
                if cell is None:
                    cell = _new(RawCell, (text, "s", formula, style))
                    if len(known_cells) < _MOST_KNOWN_CELLS and len(text) < _SHORT:
                        known_cells[text] = cell
                sheet_cells[at] = cell
                continue
            cell = known_cells.get(value)
            if cell is None:
                cell = _content(grid, kind, formula, style, value)
                if cell is None:
                    return None
                if len(known_cells) < _MOST_KNOWN_CELLS and len(value) < _SHORT:
                    known_cells[value] = cell
            sheet_cells[at] = cell
        last = self.fragments[-1]
        update(last.whole_cells)
        sound = last.at is None and len(sheet_cells) == count + last.cells <= task.limits.cells
        return sheet_cells if sound else None


def parse_sheet(data: bytes, task: ParseTask, date1904: bool) -> FragmentedSheet | SheetPart:
    """Parse a sheet part; dates written as text count from 1904 if `date1904`."""
    return _by_fragments(data, task, date1904) or parse(data, task, date1904).part()


def _by_fragments(data: bytes, task: ParseTask, date1904: bool) -> FragmentedSheet | None:
    cut = plain_xml.cut_sheet(data)
    if cut is None:
        return None
    shelf = _shelf(task.limits, cut.extended)
    before = shelf.ends.one(cut.before, partial(_end, task, 1))
    after = shelf.ends.one(cut.after, partial(_end, task, 0))
    first = shelf.first.one(cut.fragments[0], partial(_fragment, task, cut.extended, "<row"))
    further_fragments = shelf.fragments.all(
        cut.fragments[1:], partial(_fragment, task, cut.extended, "</c>")
    )
    if before is None or after is None or first is None or further_fragments is None:
        return None
    if before.merges or before.validations or before.protected:
        return None
    return FragmentedSheet([first, *further_fragments], cut.values, before, after, data, date1904)


def _content(
    grid: Grid, kind: str, formula: str | None, style: int, value: bytes
) -> RawCell | None:
    text = plain_xml.text_of(value)
    if text is None:
        return None
    try:
        return grid.content(kind, formula, text, style)
    except Refused:
        return None


def _end(task: ParseTask, grounds: int, document: bytes) -> Sheet | None:
    """What stands before or behind the cells, read the careful way."""
    if not plain_xml.is_bare(document):
        return None
    try:
        parsed = parse(document, task, date1904=False)
    except Refused:
        return None
    sheet = parsed.part().sheet
    odd = parsed.grounds != grounds or sheet.cells or sheet.far or sheet.hidden_rows
    return None if odd else sheet


def _fragment(task: ParseTask, extended: bool, begin: str, data: bytes) -> SheetFragment | None:
    """What a fragment says; None if it is not plain throughout."""
    try:
        return _read_fragment(task, extended, begin, data.decode("utf-8"))
    except (Refused, ValueError):
        return None


def _read_fragment(task: ParseTask, extended: bool, begin: str, text: str) -> SheetFragment | None:
    if begin == "</c>":
        if not text.startswith(begin):
            return None
        text = text.removeprefix(begin)
    opened = not text.rstrip(" \t\n").endswith(("</row>", "/>")) and text != ""
    tokens = plain_xml.tokens(f"{text}<v></v></c>" if opened else text)
    if tokens is None:
        return None
    grid = Grid(task, date1904=False)
    hidden: list[int] = []
    inside = begin == "</c>"
    count = 0
    opening: tuple[Position | None, str, str | None, int] = (None, "", None, 0)
    for a1, style, kind, formula, value, row, closed, _ in tokens:
        if a1 is not None:
            if not inside or kind == "d" or value not in _EMPTY:
                return None
            count += 1
            resolved_formula = None if formula is None else plain_xml.resolved(formula)
            content = None if value is None else ""
            grid.keep(a1, style or "0", kind or "n", resolved_formula, content)
            opening = (split(a1), kind or "n", resolved_formula, int(style or "0"))
        elif row is None:
            if not inside:
                return None
            inside = False
        else:
            if inside or not _is_sound(row, extended, hidden, task):
                return None
            inside = not closed
    if opened != inside or grid.far or grid.pending or len(grid.cells) != count:
        return None
    whole_cells = grid.cells
    if not opened:
        opening = (None, "", None, 0)
    elif opening[0] is not None:
        del whole_cells[opening[0]]
    return SheetFragment(whole_cells, *opening, {}, count, tuple(hidden))


def _is_sound(row: str, extended: bool, hidden: list[int], task: ParseTask) -> bool:
    """Whether a row's start is well-formed; it is noted if it is hidden."""
    pairs = _ATTRIBUTE.findall(row)
    attributes = dict(pairs)
    if len(attributes) < len(pairs) or ("x14ac:" in row and not extended):
        return False
    if is_true(attributes.get("hidden")):
        number = int(attributes.get("r", -1))
        if 0 < number <= task.limits.far_row:
            hidden.append(number)
        return number >= 0  # without its number, a row must be counted
    return True
