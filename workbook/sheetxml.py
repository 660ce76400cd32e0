"""One sheet part in one pass: cells, formulas, merges, validations, what is hidden, the lock.

This is the hot place of reading: half of a return's time. Hence closures over a class, cells that
share one object when they are empty, and addresses and styles worked out once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from functools import lru_cache
from math import isfinite
from typing import Literal, NamedTuple
from xml.parsers import expat

from workbook.container import shown
from workbook.ooxml import MAIN, STRICT_MAIN, Task, feed, is_true, unescape
from workbook.sharedformulas import Position, SharedFormulas, column_of, letters_of

CellType = Literal["n", "s", "b", "e", ""]

_X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
_XM = "http://schemas.microsoft.com/office/excel/2006/main"

_A1 = re.compile(r"([A-Z]{1,7})([0-9]{1,9})")


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

    def finish(self, name: str, state: str, strings: Sequence[str]) -> Sheet:
        """The sheet under its name, with its shared strings, in cells of its own."""
        cells = self.sheet.cells.copy()
        make, count = tuple.__new__, len(strings)
        for position, string, formula, style in self.pending:
            try:
                at = int(string)
            except ValueError:
                at = -1
            if 0 <= at < count:
                cells[position] = make(RawCell, (strings[at], "s", formula, style))
            else:
                cells[position] = RawCell("#REF!", "e", formula, style)
        return replace(self.sheet, name=name, state=state, cells=cells)


class _Blanks(dict[str, RawCell]):
    """The one empty cell of each style, by the style as written."""

    def __missing__(self, style: str) -> RawCell:
        cell = self[style] = RawCell(None, "", None, int(style))
        return cell


def parse_sheet(data: bytes, task: Task, date1904: bool) -> SheetPart:  # noqa: PLR0915 - hot
    """Parse a sheet part; dates written as text count from 1904 if `date1904`."""
    limits = task.limits
    locate = _locator(limits.far_row, limits.far_column)
    cells: dict[Position, RawCell] = {}
    pending: list[Pending] = []
    far: list[str] = []
    blanks = _Blanks()
    shared = SharedFormulas(limits.expanded)
    rest = _Rest(task)
    openers, closers = rest.openers, rest.closers
    text: list[str] = []
    runs: list[str] = []
    attributes: dict[str, str] = {}
    formula_attributes: dict[str, str] = {}
    value: str | None = None
    formula: str | None = None
    cell_tag = value_tag = formula_tag = row_tag = run_tag = phonetic_tag = ""
    depth = row = column = 0
    phonetic = False
    clear, join, make = text.clear, "".join, tuple.__new__

    def start(name: str, found: dict[str, str]) -> None:
        nonlocal depth, attributes, formula_attributes, value, formula, row, column, phonetic
        depth += 1
        if name == cell_tag:
            if depth != 4:
                raise task.damaged("单元格不在行内")
            attributes = found
            value = formula = None
        elif name == value_tag:
            clear()
        elif name == formula_tag:
            formula_attributes = found
            clear()
        elif name == row_tag:
            row = int(found["r"]) if "r" in found else row + 1
            column = 0
            if "hidden" in found and is_true(found["hidden"]) and 0 < row <= limits.far_row:
                rest.hidden_rows.add(row)
        else:
            clear()
            if depth == 1:
                set_tags(name)
            elif name == phonetic_tag:
                phonetic = True
            elif depth > limits.xml_depth:
                raise task.over("嵌套层数", limits.xml_depth)
            elif name in openers:
                openers[name](found)

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
        nonlocal row, column, formula
        place = attributes.get("r")
        if place is None:
            place = f"{letters_of(column + 1)}{row}"
        position = locate(place)
        blank = blanks[attributes.get("s", "0")]
        if position is None:
            column += 1
            if (value or formula is not None or runs) and len(far) < limits.far_listed:
                far.append(place)
            runs.clear()
            return
        row, column = position
        if position in cells:
            raise task.damaged(f"单元格 {shown(place)} 出现了两次")
        if formula is not None:
            if len(formula) > limits.attribute_length:
                raise task.over("公式长度", limits.attribute_length)
            if formula_attributes:
                formula = shared.text(formula, formula_attributes, position)
        kind = attributes.get("t", "n")
        cell = blank
        if kind == "s" and value:
            pending.append(make(Pending, (position, value, formula, blank[3])))
        elif kind == "n" and value:
            number, found = _number(value)
            cell = make(RawCell, (number, found, formula, blank[3]))
        elif value is not None or formula is not None or runs:
            content = join(runs) if kind == "inlineStr" else value
            cell = _typed(kind, content, date1904)._replace(formula=formula, style=blank[3])
            if isinstance(cell.value, str) and len(cell.value) > limits.text_length:
                raise task.over("文字长度", limits.text_length)
        if runs:
            runs.clear()
        cells[position] = cell

    def set_tags(root: str) -> None:
        nonlocal cell_tag, value_tag, formula_tag, row_tag, run_tag, phonetic_tag
        space, _, local = root.rpartition(" ")
        if local != "worksheet" or space not in {MAIN, STRICT_MAIN}:
            raise task.damaged("不是工作表")
        cell_tag, value_tag, formula_tag = f"{space} c", f"{space} v", f"{space} f"
        row_tag, run_tag, phonetic_tag = f"{space} row", f"{space} t", f"{space} rPh"
        rest.listen(space)

    def tick() -> None:
        if len(cells) > limits.cells:
            raise task.over("单元格数", limits.cells)

    parser = expat.ParserCreate(None, " ")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    feed(parser, data, task, tick)
    return SheetPart(rest.sheet(cells, tuple(far)), tuple(pending))


def _number(text: str) -> tuple[float | str, CellType]:
    try:
        number = float(text)
    except ValueError:
        return "#VALUE!", "e"
    # float() also takes 1_000, full-width digits, nan and inf, which Excel never writes.
    if not text.isascii() or "_" in text:
        return "#VALUE!", "e"
    return (number, "n") if isfinite(number) else ("#NUM!", "e")


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


@lru_cache(maxsize=8)
def _locator(far_row: int, far_column: int) -> Callable[[str], Position | None]:
    """A function from `D12` to (12, 4), or None when that is far out or outside the grid.

    It raises ValueError when the text is no address.
    """

    @lru_cache(maxsize=16_384)
    def locate(place: str) -> Position | None:
        match = _A1.fullmatch(place)
        if match is None or match[2].startswith("0"):
            raise ValueError(place)
        row, column = int(match[2]), column_of(match[1])
        return (row, column) if row <= far_row and column <= far_column else None

    return locate


class _Rest:
    """What a sheet part says outside its cells."""

    def __init__(self, task: Task) -> None:
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

    def _column(self, found: dict[str, str]) -> None:
        if is_true(found.get("hidden")):
            first, last = max(int(found["min"]), 1), int(found["max"])
            last = min(last, self.task.limits.far_column)
            self.hidden_columns.update(range(first, last + 1))

    def _protection(self, found: dict[str, str]) -> None:
        self.protected = is_true(found.get("sheet"))

    def _merge(self, found: dict[str, str]) -> None:
        self.merges.append(found["ref"][:32])
        self._require(len(self.merges))

    def _begin(self, found: dict[str, str]) -> None:
        self._validation = found

    def _note(self, key: str, text: str) -> None:
        if len(text) > self.task.limits.attribute_length:
            raise self.task.over("数据有效性的长度", self.task.limits.attribute_length)
        self._validation[key] = text

    def _finish(self, _: str) -> None:
        found = self._validation
        self.validations.append(
            Validation(
                " ".join(found.get("sqref", "").split()),
                found.get("type", "none"),
                found.get("operator", "between"),
                found.get("formula1", ""),
                found.get("formula2", ""),
            )
        )
        self._require(len(self.validations))

    def _require(self, count: int) -> None:
        if count > self.task.limits.items:
            raise self.task.over("合并单元格或数据有效性的数量", self.task.limits.items)
