"""Workbooks of OpenDocument, .ods: the values of their sheets, in one bounded pass over `content.xml`.

Whoever wrote it: white space between cells, a missing manifest, other prefixes make no difference. Formulas,
locks and names are not taken from it. Repeated cells are written out only where they hold something.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from workbook.address import letters
from workbook.errors import Refused
from workbook.package.container import Archive
from workbook.package.parts import ParseTask, parse_xml
from workbook.package.sheets import CellType, RawCell, Sheet

ODS = "ods"

_MANIFEST, _CONTENT = "META-INF/manifest.xml", "content.xml"
_SPREADSHEET = b"opendocument.spreadsheet"

_PLAIN, _DAY_STYLE, _PERCENT_STYLE = 0, 1, 2
_MOST_DECIMALS = 9
FORMATS: Mapping[int, str] = MappingProxyType(
    {
        _DAY_STYLE: "yyyy-mm-dd",
        _PERCENT_STYLE: "0%",
        **{_PERCENT_STYLE + n: f"0.{'0' * n}%" for n in range(1, _MOST_DECIMALS + 1)},
    }
)
"""The number formats of the cells' styles: days and percentages, with the decimals that they show."""


def is_ods(archive: Archive) -> bool:
    """Whether an archive is an .ods; Refused if it must not be read."""
    manifest = _member(archive, _MANIFEST)
    if _SPREADSHEET not in (_member(archive, "mimetype", 256) or manifest):
        return False
    if b"encryption-data" in manifest:
        raise Refused("W105", "加密的 .ods 不能解密，请取消密码或另存为 .xlsx")
    return True


def read_sheets(archive: Archive, task: ParseTask, unread: Collection[str]) -> tuple[Sheet, ...]:
    """The sheets of an .ods, the `unread` ones without cells. Raises Refused."""
    packed = archive.packed(_CONTENT)
    if packed is None:
        raise Refused("W104", f"缺少部件 {_CONTENT}")
    document = _Document(task, unread)
    parse_xml(
        archive.inflate(_CONTENT, packed), task, start=document.start, end=document.end,
        text=document.text, tick=document.require_shallow,
    )  # fmt: skip
    if not document.sheets:
        raise task.damaged("没有工作表")
    return tuple(document.sheets)


def _member(archive: Archive, name: str, most: int | None = None) -> bytes:
    """A member's content; blank if it is not there, or larger than `most`."""
    packed = archive.packed(name)
    if packed is None or (most is not None and packed.size > most):
        return b""
    return archive.inflate(name, packed)


_HOME = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0 {}"
_OFFICE, _TABLE, _TEXT, _STYLE = (
    {local: _HOME.format(space, local) for local in names.split()}
    for space, names in (
        (
            "office",
            "spreadsheet annotation value value-type date-value time-value boolean-value string-value",
        ),
        (
            "table",
            (
                "table table-row table-cell covered-table-cell table-column shapes name style-name "
                "display visibility number-rows-repeated number-columns-repeated"
            ),
        ),
        ("text", "p s c tab line-break"),
        ("style", "style name table-properties"),
    )
)
_CELLS = {_TABLE["table-cell"], _TABLE["covered-table-cell"]}
_BESIDE = {_OFFICE["annotation"], _TABLE["shapes"]}
_DRAWING = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0 "
_ERROR = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"
_BROKEN_LINE = re.compile(r"(?<![ \t])[ \t]*[\r\n][ \t\r\n]*")
"""Of a text that was broken for people to read; other blanks are kept, since LibreOffice writes them so."""
_TIME = re.compile(r"(-)?PT(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,12})?)S)?")
_SHOWN_PERCENT = re.compile(r"-?[0-9,]+(?:\.([0-9]+))?%")
_DAY_ZERO = datetime.datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook's dates have no zone
_DAY = datetime.timedelta(days=1)


class _Document:
    """Sheets as they come in."""

    def __init__(self, task: ParseTask, unread: Collection[str]) -> None:
        self.sheets: list[Sheet] = []
        self._task = task
        self._unread = unread
        self._path: list[str] = []
        self._outside = 0
        """At this depth something began that holds no cells or text of ours; 0 if nothing did."""
        self._total = 0
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._sheet: Sheet | None = None
        self._hidden_rows: set[int] = set()
        self._hidden_columns: set[int] = set()
        self._far: list[str] = []
        self._row = self._column = self._tabled = 1
        self._row_repeat = 1
        self._row_cells: list[tuple[int, int, RawCell]] = []
        self._attributes: dict[str, str] = {}
        self._paragraphs: list[str] | None = None
        self._line: list[str] | None = None
        self._broken = False
        """Whether the line ends in a break that is no part of the text."""
        self._length = 0

    def require_shallow(self) -> None:
        self._task.require_shallow(len(self._path))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._path[-1] if self._path else ""
        self._path.append(name)
        if self._outside:
            return
        if name == _STYLE["style"]:
            self._style = attributes.get(_STYLE["name"], "")
        elif name == _STYLE["table-properties"]:
            if attributes.get(_TABLE["display"]) == "false":
                self._hidden_styles.add(self._style)
        elif name == _TABLE["table"]:
            # Others are parts of a cell, or what another workbook last said.
            if parent == _OFFICE["spreadsheet"] and self._sheet is None:
                self._open_sheet(attributes)
            else:
                self._outside = len(self._path)
        elif self._sheet is not None:
            self._inside(name, attributes)

    def _inside(self, name: str, attributes: dict[str, str]) -> None:
        if name == _TABLE["table-column"]:
            last = self._tabled + _repeat(attributes, "number-columns-repeated") - 1
            if attributes.get(_TABLE["visibility"], "visible") != "visible":
                most = min(last, self._task.limits.far_column)
                self._hidden_columns.update(range(self._tabled, most + 1))
            self._tabled = last + 1
        elif name == _TABLE["table-row"]:
            self._column, self._row_cells = 1, []
            self._row_repeat = _repeat(attributes, "number-rows-repeated")
            if attributes.get(_TABLE["visibility"], "visible") != "visible":
                last = min(self._row + self._row_repeat - 1, self._task.limits.far_row)
                self._hidden_rows.update(range(self._row, last + 1))
        elif name in _CELLS:
            self._attributes, self._paragraphs, self._length = attributes, [], 0
        elif name in _BESIDE or name.startswith(_DRAWING):
            self._outside = len(self._path)
        elif self._paragraphs is None:
            return
        elif name == _TEXT["p"]:
            self._line, self._broken = [], False
        elif name == _TEXT["s"]:
            self._add(" " * min(_repeat(attributes, "", _TEXT["c"]), self._longest + 1))
        elif name == _TEXT["tab"]:
            self._add("\t")
        elif name == _TEXT["line-break"]:
            self._add("\n")

    def text(self, data: str) -> None:
        if self._outside or self._line is None:
            return
        at_start = None if self._line else _BROKEN_LINE.match(data)
        own_text = _BROKEN_LINE.sub(" ", data[at_start.end() :] if at_start else data)
        self._add(own_text)
        self._broken = own_text.endswith(" ") and not data.endswith(own_text[-2:])

    @property
    def _longest(self) -> int:
        return self._task.limits.text_length

    def _add(self, text: str) -> None:
        if self._line is None:
            return
        self._line.append(text)
        self._broken = False
        self._length += len(text)
        if self._length > self._longest:
            raise Refused("W106", f"单元格文字超过 {self._longest} 个字符")

    def end(self, name: str) -> None:
        depth = len(self._path)
        self._path.pop()
        if self._outside:
            if depth == self._outside:
                self._outside = 0
            return
        if self._sheet is None:
            return
        if name == _TEXT["p"] and self._line is not None and self._paragraphs is not None:
            line = "".join(self._line)
            self._paragraphs.append(line.removesuffix(" ") if self._broken else line)
            self._line = None
        elif name in _CELLS:
            self._close_cell()
        elif name == _TABLE["table-row"]:
            self._close_row()
        elif name == _TABLE["table"]:
            self._close_sheet()

    def _open_sheet(self, attributes: dict[str, str]) -> None:
        if len(self.sheets) >= self._task.limits.sheets:
            raise Refused("W106", f"工作表超过 {self._task.limits.sheets} 张")
        hidden = attributes.get(_TABLE["style-name"]) in self._hidden_styles
        self._sheet = Sheet(
            attributes.get(_TABLE["name"], ""), "hidden" if hidden else "visible", {}
        )
        self._hidden_rows, self._hidden_columns, self._far = set(), set(), []
        self._row = self._tabled = 1
        if self._sheet.name in self._unread:
            self.sheets.append(self._sheet)
            self._sheet, self._outside = None, len(self._path)

    def _close_sheet(self) -> None:
        assert self._sheet is not None
        sheet, self._sheet = self._sheet, None
        self.sheets.append(
            Sheet(
                sheet.name,
                sheet.state,
                sheet.cells,
                hidden_rows=frozenset(self._hidden_rows),
                hidden_columns=frozenset(self._hidden_columns),
                far=tuple(self._far),
            )
        )

    def _close_cell(self) -> None:
        text = "\n".join(self._paragraphs or [])
        type_, value, style = _value(self._attributes, text)
        self._paragraphs = None
        repeat = _repeat(self._attributes, "number-columns-repeated")
        if value != "":
            cell = RawCell(value, type_, None, style)
            self._row_cells.append((self._column, self._column + repeat - 1, cell))
        self._column += repeat

    def _close_row(self) -> None:
        assert self._sheet is not None
        limits, cells = self._task.limits, self._sheet.cells
        last = self._row + self._row_repeat - 1
        if self._row_cells:
            for row in range(self._row, min(last, limits.far_row) + 1):
                for first_column, last_column, cell in self._row_cells:
                    for column in range(first_column, min(last_column, limits.far_column) + 1):
                        cells[row, column] = cell
                        self._total += 1
                        if self._total > limits.cells:
                            raise Refused("W106", f"单元格数超过 {limits.cells}")
            self._list_far(last)
        self._row = last + 1

    def _list_far(self, last_row: int) -> None:
        """Where the row, or what it is repeated in, lies beyond what is kept."""
        limits = self._task.limits
        for first_column, last_column, _ in self._row_cells:
            column = max(first_column, limits.far_column + 1)
            if column <= last_column:
                self._far.append(f"{letters(min(column, _GRID))}{self._row}")
            elif last_row > limits.far_row:
                row = max(self._row, limits.far_row + 1)
                self._far.append(f"{letters(first_column)}{row}")
        del self._far[limits.far_listed :]


_GRID = 16_384


def _repeat(attributes: dict[str, str], name: str, key: str = "") -> int:
    return max(int(attributes.get(key or _TABLE[name], 1)), 1)


def _value(attributes: dict[str, str], text: str) -> tuple[CellType, str | float | bool, int]:
    """A cell's type, value and style, as an .xlsx would store it: days as numbers. Blank if it is empty."""
    value_type = attributes.get(_OFFICE["value-type"], "string")
    if attributes.get(_ERROR) == "error":
        return "e", text or "#N/A", _PLAIN
    try:
        if value_type == "date":
            return "n", _days(attributes[_OFFICE["date-value"]]), _DAY_STYLE
        if value_type == "time":
            return "n", _time(attributes[_OFFICE["time-value"]]), _PLAIN
        if value_type in ("float", "currency", "percentage"):
            number = float(attributes[_OFFICE["value"]])
            style = _percent_style(text) if value_type == "percentage" else _PLAIN
            return ("n", number, style) if math.isfinite(number) else ("e", "#NUM!", _PLAIN)
    except (KeyError, ValueError, OverflowError):
        return "s", text, _PLAIN  # what it shows is all there is
    if value_type == "boolean":
        return "b", attributes.get(_OFFICE["boolean-value"]) == "true", _PLAIN
    return "s", attributes.get(_OFFICE["string-value"], text), _PLAIN


def _percent_style(shown: str) -> int:
    match = _SHOWN_PERCENT.fullmatch(shown)
    return _PERCENT_STYLE + min(len(match[1] or ""), _MOST_DECIMALS) if match else _PERCENT_STYLE


def _days(text: str) -> float:
    return (datetime.datetime.fromisoformat(text).replace(tzinfo=None) - _DAY_ZERO) / _DAY


def _time(text: str) -> float:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    sign, hours, minutes, seconds = match.groups(default="0")
    total = int(hours) / 24 + int(minutes) / 1440 + float(seconds) / 86_400
    return -total if sign == "-" else total
