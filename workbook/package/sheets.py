"""One sheet part in one pass: cells, formulas, merges, validations, what is hidden, the lock.

This is the careful way, which reads whatever is XML; `sheet_fragments` is the quick one for what office
programs write. It is hot nevertheless: hence closures over a class, cells that share one object when
they are empty, and addresses and styles worked out once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from functools import lru_cache
from math import isfinite
from typing import Literal, NamedTuple

from workbook.address import column_number, letters
from workbook.package.parts import ParseTask, is_true, parse_xml, root_space, unescape
from workbook.package.shared_formulas import Position, SharedFormulas
from workbook.text import brief

CellType = Literal["n", "s", "b", "e", ""]

_X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
_XM = "http://schemas.microsoft.com/office/excel/2006/main"

_A1 = re.compile(r"([A-Z]{1,7})([0-9]{1,9})")

_new = tuple.__new__


class RawCell(NamedTuple):
    """A cell as stored. `formula` has no `=`; "" is a formula whose text stands elsewhere.

    Types: n number (always float) · s text · b boolean · e error, the value its text · "" nothing.
    What cannot be what it claims to be is an error too: a number beyond double precision `#NUM!`,
    one that is none `#VALUE!`, text that the list of shared strings lacks `#REF!`. Dates written as
    ISO text are numbers, as Excel counts days.
    """

    value: str | float | bool | None
    type: CellType
    formula: str | None
    style: int


class Validation(NamedTuple):
    """A data validation as stored; several ranges in `sqref` are separated by one space."""

    sqref: str
    type: str
    operator: str
    formula1: str
    formula2: str
    stops: bool = True  # False: it only warns, or says nothing, and lets anything in


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. `cells` by (row, column) from 1; `far` lists cells with content not kept."""

    name: str
    state: str  # visible, hidden, veryHidden
    cells: dict[Position, RawCell]
    merges: tuple[str, ...] = ()
    protected: bool = False
    validations: tuple[Validation, ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    far: tuple[str, ...] = ()


class Pending(NamedTuple):
    """A cell whose text is a shared string, by its index as written."""

    position: Position
    string: str
    formula: str | None
    style: int


class SheetPart(NamedTuple):
    """A parsed sheet part, free of anything that other parts of the file decide."""

    sheet: Sheet
    pending: tuple[Pending, ...]

    def finish(self, name: str, state: str, strings: Sequence[str], _: ParseTask) -> Sheet:
        """The sheet under its name, with its shared strings, in cells of its own."""
        cells = self.sheet.cells.copy()
        count = len(strings)
        for position, string, formula, style in self.pending:
            try:
                index = int(string)
            except ValueError:
                index = -1
            if 0 <= index < count:
                cells[position] = _new(RawCell, (strings[index], "s", formula, style))
            else:
                cells[position] = RawCell("#REF!", "e", formula, style)
        return replace(self.sheet, name=name, state=state, cells=cells)


class _Blanks(dict[str, RawCell]):
    """The one empty cell of each style, by the style as written."""

    def __missing__(self, style: str) -> RawCell:
        cell = self[style] = RawCell(None, "", None, int(style))
        return cell


class Grid:
    """The cells of a sheet as they come in."""

    __slots__ = (
        "_blanks",
        "_date1904",
        "_far_column",
        "_far_row",
        "_longest",
        "_task",
        "cells",
        "far",
        "pending",
    )

    def __init__(self, task: ParseTask, date1904: bool) -> None:
        self._task = task
        self._date1904 = date1904
        self._far_row = task.limits.far_row
        self._far_column = task.limits.far_column
        self._longest = task.limits.attribute_length
        self._blanks = _Blanks()
        self.cells: dict[Position, RawCell] = {}
        self.pending: list[Pending] = []
        self.far: list[str] = []

    def keep(self, a1: str, style: str, kind: str, formula: str | None, value: str | None) -> None:
        """Keep one cell: its content as written, its formula already written out."""
        position = split(a1)
        if position[0] > self._far_row or position[1] > self._far_column:
            if (value or formula is not None) and len(self.far) < self._task.limits.far_listed:
                self.far.append(a1)
            return
        cells = self.cells
        if position in cells:
            raise self._task.damaged(f"单元格 {brief(a1)} 出现了两次")
        if formula is not None and len(formula) > self._longest:
            raise self._task.over("公式长度", self._longest)
        cell = self._blanks[style]
        if value is None and formula is None:
            pass
        elif kind == "s" and value:
            self.pending.append(_new(Pending, (position, value, formula, cell[3])))
        else:
            cell = self.content(kind, formula, value, cell[3])
        cells[position] = cell

    def content(self, kind: str, formula: str | None, value: str | None, style: int) -> RawCell:
        """A cell that holds something else than a shared string."""
        if kind == "n" and value:
            number, type_ = _number(value)
            return _new(RawCell, (number, type_, formula, style))
        cell = _typed(kind, value, self._date1904)
        limit = self._task.limits.text_length
        if isinstance(cell.value, str) and len(cell.value) > limit:
            raise self._task.over("文字长度", limit)
        return cell._replace(formula=formula, style=style)

    def require_few(self) -> None:
        """Refuse more cells than a file may have; asked between chunks."""
        limit = self._task.limits.cells
        if len(self.cells) > limit:
            raise self._task.over("单元格数", limit)


class Parsed(NamedTuple):
    """What a sheet part holds, and how many `sheetData` it has."""

    grid: Grid
    rest: Rest
    grounds: int

    def part(self) -> SheetPart:
        """All that was read, as a part that is complete."""
        sheet = self.rest.sheet(self.grid.cells, tuple(self.grid.far))
        return SheetPart(sheet, tuple(self.grid.pending))


def parse(data: bytes, task: ParseTask, date1904: bool) -> Parsed:  # noqa: PLR0915 - hot, see above
    """Parse a sheet part; dates written as text count from 1904 if `date1904`."""
    limits = task.limits
    grid = Grid(task, date1904)
    rest = Rest(task)
    shared = SharedFormulas(limits.expanded)
    openers, closers = rest.openers, rest.closers
    text: list[str] = []
    runs: list[str] = []
    attributes: dict[str, str] = {}
    formula_attributes: dict[str, str] = {}
    value: str | None = None
    formula: str | None = None
    cell_tag = value_tag = formula_tag = row_tag = run_tag = phonetic_tag = data_tag = ""
    depth = row = column = grounds = 0
    phonetic = False
    clear, join, keep = text.clear, "".join, grid.keep

    def start(name: str, own_attributes: dict[str, str]) -> None:
        nonlocal depth, attributes, formula_attributes, value, formula
        nonlocal row, column, phonetic, grounds
        depth += 1
        if name == cell_tag:
            if depth != 4:
                raise task.damaged("单元格不在行内")
            attributes = own_attributes
            value = formula = None
        elif name == value_tag:
            clear()
        elif name == formula_tag:
            formula_attributes = own_attributes
            clear()
        elif name == row_tag:
            row = int(own_attributes["r"]) if "r" in own_attributes else row + 1
            column = 0
            rest.row(own_attributes, row)
        else:
            clear()
            if depth == 1:
                set_tags(root_space(name, "worksheet", task))
            elif name == phonetic_tag:
                phonetic = True
            elif name == data_tag and depth == 2:
                grounds += 1
            elif name in openers:
                openers[name](own_attributes)

    def end(name: str) -> None:
        nonlocal depth, value, formula, phonetic
        depth -= 1
        if name == value_tag:
            value = join(text)
        elif name == cell_tag:
            store()
        elif name == formula_tag:
            formula = join(text)
        elif name == run_tag:
            if not phonetic:
                runs.append(join(text))
        elif name == phonetic_tag:
            phonetic = False
        elif name in closers:
            closers[name](join(text))

    def store() -> None:
        nonlocal row, column, value, formula
        a1 = attributes.get("r")
        if a1 is None:
            column += 1
            a1 = f"{letters(column)}{row}"
        else:
            row, column = split(a1)
        if formula is not None and formula_attributes:
            formula = shared.text(formula, formula_attributes, (row, column))
        kind = attributes.get("t", "n")
        if runs:
            value = join(runs) if kind == "inlineStr" else value
            runs.clear()
        keep(a1, attributes.get("s", "0"), kind, formula, value)

    def set_tags(space: str) -> None:
        nonlocal cell_tag, value_tag, formula_tag, row_tag, run_tag, phonetic_tag, data_tag
        cell_tag, value_tag, formula_tag = f"{space} c", f"{space} v", f"{space} f"
        row_tag, run_tag, phonetic_tag = f"{space} row", f"{space} t", f"{space} rPh"
        data_tag = f"{space} sheetData"
        rest.listen(space)

    def tick() -> None:
        task.require_shallow(depth)
        grid.require_few()

    parse_xml(data, task, start=start, end=end, text=text.append, tick=tick)
    return Parsed(grid, rest, grounds)


def _number(text: str) -> tuple[float | str, CellType]:
    try:
        number = float(text)
    except ValueError:
        return "#VALUE!", "e"
    # float() also takes 1_000, full-width digits, nan and inf, which Excel never writes.
    if not text.isascii() or "_" in text:
        return "#VALUE!", "e"
    return (number + 0.0, "n") if isfinite(number) else ("#NUM!", "e")  # + 0.0: no minus zero


def _typed(kind: str, text: str | None, date1904: bool) -> RawCell:
    """The content of a cell of the rarer types, or of one whose value is empty."""
    if kind in {"str", "inlineStr"} and text is not None:
        return RawCell(unescape(text), "s", None, 0)
    if not text:
        return RawCell(None, "", None, 0)
    match kind:
        case "b" if text in {"0", "1", "true", "false"}:
            return RawCell(text in {"1", "true"}, "b", None, 0)
        case "b":
            return RawCell("#VALUE!", "e", None, 0)
        case "e":
            return RawCell(unescape(text), "e", None, 0)
        case "d":
            days = _days(text, date1904)
            return RawCell(text, "s", None, 0) if days is None else RawCell(days, "n", None, 0)
    return RawCell(unescape(text), "s", None, 0)


def _days(text: str, date1904: bool) -> float | None:
    """An ISO date, time or both as a count of days; None if it is none."""
    try:
        if "T" not in text and ":" in text:
            clock = time.fromisoformat(text.rstrip("Z"))
            return (clock.hour * 3600 + clock.minute * 60 + clock.second) / 86_400
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    epoch = datetime(1904, 1, 1) if date1904 else datetime(1899, 12, 30)  # noqa: DTZ001
    days = (moment - epoch).total_seconds() / 86_400
    # Excel believes in 29 February 1900.
    return days - 1 if not date1904 and days < 61 else days


# Every return has the same cells, thousands of them.
@lru_cache(maxsize=16_384)
def split(a1: str) -> Position:
    """(12, 4) of `D12`, also beyond the grid; ValueError if the text is no address."""
    match = _A1.fullmatch(a1)
    if match is None or match[2].startswith("0"):
        raise ValueError(a1)
    return int(match[2]), column_number(match[1])


class Rest:
    """What a sheet part says outside its cells."""

    def __init__(self, task: ParseTask) -> None:
        self.task = task
        self.openers: dict[str, Callable[[dict[str, str]], None]] = {}
        self.closers: dict[str, Callable[[str], None]] = {}
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self.protected = False
        self.merges: list[str] = []
        self.validations: list[Validation] = []
        self._validation: dict[str, str] = {}
        self._formula = ""

    def listen(self, space: str) -> None:
        """Name the elements to hear of, in the part's own namespace and the later extension."""
        self.openers |= {
            f"{space} col": self._column,
            f"{space} sheetProtection": self._protection,
            f"{space} mergeCell": self._merge,
            f"{space} dataValidation": self._begin,
            f"{_X14} dataValidation": self._begin,
        }
        self.closers |= {
            f"{space} formula1": lambda text: self._note("formula1", text),
            f"{space} formula2": lambda text: self._note("formula2", text),
            f"{space} dataValidation": self._finish,
            f"{_XM} f": lambda text: self._note("xm", text),
            f"{_XM} sqref": lambda text: self._note("sqref", text),
            f"{_X14} formula1": lambda _: self._note("formula1", self._validation.get("xm", "")),
            f"{_X14} formula2": lambda _: self._note("formula2", self._validation.get("xm", "")),
            f"{_X14} dataValidation": self._finish,
        }

    def row(self, attributes: dict[str, str], number: int) -> None:
        """Note a row if it is hidden; far below the form it does not matter."""
        if is_true(attributes.get("hidden")) and 0 < number <= self.task.limits.far_row:
            self.hidden_rows.add(number)

    def sheet(self, cells: dict[Position, RawCell], far: tuple[str, ...]) -> Sheet:
        """All that was heard, as a sheet that has no name yet; after this nothing is heard."""
        self.openers.clear()  # they refer to us: a cycle that would keep the whole part alive
        self.closers.clear()
        return Sheet(
            name="",
            state="visible",
            cells=cells,
            merges=tuple(self.merges),
            protected=self.protected,
            validations=tuple(self.validations),
            hidden_rows=frozenset(self.hidden_rows),
            hidden_columns=frozenset(self.hidden_columns),
            far=far,
        )

    def _column(self, attributes: dict[str, str]) -> None:
        if is_true(attributes.get("hidden")):
            first, last = max(int(attributes["min"]), 1), int(attributes["max"])
            last = min(last, self.task.limits.far_column)
            self.hidden_columns.update(range(first, last + 1))

    def _protection(self, attributes: dict[str, str]) -> None:
        self.protected = is_true(attributes.get("sheet"))

    def _merge(self, attributes: dict[str, str]) -> None:
        self.merges.append(attributes["ref"][:32])
        self._require(len(self.merges))

    def _begin(self, attributes: dict[str, str]) -> None:
        self._validation = attributes

    def _note(self, key: str, text: str) -> None:
        if len(text) > self.task.limits.attribute_length:
            raise self.task.over("数据有效性的长度", self.task.limits.attribute_length)
        self._validation[key] = text

    def _finish(self, _: str) -> None:
        attributes = self._validation
        self.validations.append(
            Validation(
                " ".join(attributes.get("sqref", "").split()),
                attributes.get("type", "none"),
                attributes.get("operator", "between"),
                attributes.get("formula1", ""),
                attributes.get("formula2", ""),
                attributes.get("errorStyle", "stop") == "stop"
                and is_true(attributes.get("showErrorMessage")),
            )
        )
        self._require(len(self.validations))

    def _require(self, count: int) -> None:
        if count > self.task.limits.items:
            raise self.task.over("合并单元格或数据有效性的数量", self.task.limits.items)
