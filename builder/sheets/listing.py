"""Lists as an office prints them: a title, a unit, heads, rows, a total; A4 landscape, frozen heads.

A `Column` holds its values and how they look; where it has a formula, the values are what the formula
must show. `write_list` writes rows downwards, so that a book in constant memory can take them.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from builder import styles
from builder.sheets.book import Book, done
from builder.sheets.links import MOST_LINKS, link
from workbook.address import column_range, letters

if TYPE_CHECKING:
    import pandas as pd

TITLE_ROW, UNIT_ROW, HEAD_ROW, FIRST_ROW = 1, 2, 3, 4
"""Rows of every list, counted from 1."""
_SPACER = 13
"""Font size of the blank cell at each row's end: rows are never lower than it, and still grow."""
LONGEST = 32_767
"""A cell holds no longer text, in units of UTF-16: an emoji counts as two."""
_SMALL_PER_UNIT = 1.1
"""So many digits of small print go into a unit of a column's width, with some to spare."""
MOST_ROWS = 1_048_500
"""A sheet shows no more entries than this; Excel has 1,048,576 rows."""

Value = str | float | None

# Figures that are too long for their column are made smaller; wrapped, they would be shown as ###.
_SHRINKS = {"text_wrap": False, "shrink": True}
LOOKS: dict[str, dict[str, Any]] = {
    "text": {"align": "left", "indent": 1},
    "center": {"align": "center"},
    "amount": {"align": "right", "indent": 1, "num_format": "#,##0.00", **_SHRINKS},
    "rate": {"align": "center", "num_format": "0.00%", **_SHRINKS},
    "growth": {
        "align": "center",
        "num_format": '[>10]">1000%";[<0]-0.00%;0.00%',
        **_SHRINKS,
    },
    "score": {"align": "center", "num_format": "0.00"},
    "count": {"align": "center", "num_format": "0"},
    "share": {"align": "center", "num_format": "0%"},
    "points": {"align": "center", "num_format": "General;-General;"},
    "gap": {"align": "center", "num_format": "0.00;-0.00;"},
    "input": {"align": "center", "num_format": "0.00", "bg_color": styles.SUGGESTED_FILL},
    "input_rate": {"align": "center", "num_format": "0%", "bg_color": styles.SUGGESTED_FILL},
    "input_plain": {"align": "center", "num_format": "General", "bg_color": styles.SUGGESTED_FILL},
    "remark": {"align": "left", "num_format": "@", "bg_color": styles.SUGGESTED_FILL},
}
"""How the cells of a column look. Texts wrap; a row grows with them."""


@dataclass(frozen=True, slots=True)
class Live:
    """A formula and what it shows; None is shown as blank text."""

    formula: str
    value: Value


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `entries` hold one value a row."""

    key: str
    title: str
    width: float
    entries: Sequence[Value]
    look: str = "text"
    formula: Callable[[int], str] | None = None
    """The formula of a row (from 1), blank where it has none; `entries` are then its results."""
    total: Live | Value = None
    """What stands under the column; in a formula `{cells}` is the column's range."""
    fills: Sequence[str] = ()
    """The colour behind each value; blank for none."""
    links: Sequence[str] = ()
    """Where each value leads: `internal:…`, `external:…` as `links.link` takes them; blank for nowhere."""
    link_only: bool = False
    """Whether the values say no more than that there is a link; without one the cell is blank."""
    across: bool = False
    """Whether the formula reckons over the whole list; then it is none if the list is cut short."""
    further_total: Live | Value = None
    """What stands in a second row of totals, in like manner."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A written list; where its parts stand, for formulas elsewhere."""

    name: str
    sheet: Worksheet
    columns: dict[str, int]
    """The number of each column, from 1, by its key."""
    count: int
    total_row: int
    """The row of the totals, 0 if there is none."""
    further_total_row: int = 0
    complete: bool = True
    """Whether every entry is on the sheet; if not, no formula may reckon from it."""

    @property
    def last_row(self) -> int:
        """The row of the last entry; the first of an empty list, so that ranges stay ranges."""
        return FIRST_ROW + max(self.count, 1) - 1

    def cells(self, key: str) -> str:
        """A column's entries as a formula on any sheet writes them."""
        return column_range(self.name, self.columns[key], FIRST_ROW, self.last_row)

    def live(self, formula: str, value: Value) -> Live | Value:
        """A formula over this list; the bare value if the list does not hold every entry."""
        return Live(formula, value) if self.complete else value

    def total(self, key: str) -> str:
        """A column's total as a formula on any sheet writes it."""
        return column_range(self.name, self.columns[key], self.total_row, self.total_row)

    def further_total(self, key: str) -> str:
        """What stands below a column's total, likewise."""
        row = self.further_total_row
        return column_range(self.name, self.columns[key], row, row)


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above and below a list."""

    name: str
    """The sheet's."""
    title: str
    unit: str = ""
    notes: Sequence[str] = field(default_factory=tuple)
    frozen: int = 0
    """How many columns stay in view."""


def values(series: pd.Series[Any]) -> list[Value]:
    """A column of a frame as cells take it: numbers, texts, None."""
    entries = series.astype(object).where(series.notna(), None)
    return [_cell_value(entry) for entry in entries]


def _cell_value(entry: object) -> Value:
    if entry is None or isinstance(entry, str):
        return entry
    if isinstance(entry, datetime.date):
        return f"{entry:%Y-%m-%d}"
    return float(entry)  # type: ignore[arg-type]


def put(sheet: Worksheet, row: int, column: int, value: Value | Live, style: Format) -> None:
    """Write one cell (row and column from 1). Text is written as text, whatever it looks like."""
    position = (row - 1, column - 1)
    if isinstance(value, Live):
        shown = "" if value.value is None else value.value
        done(sheet.write_formula(*position, value.formula, style, shown))
    elif value is None or value == "":
        done(sheet.write_blank(*position, None, style))
    elif isinstance(value, str):
        done(sheet.write_string(*position, fitting(value), style))
    else:
        done(sheet.write_number(*position, value, style))


def fitting(text: str) -> str:
    """As much of a text as a cell holds; what no file can hold (half a character) becomes U+FFFD."""
    units = text.encode("utf-16-le", "surrogatepass")[: LONGEST * 2]
    return units.decode("utf-16-le", "replace")


def new_sheet(book: Book, heading: Heading, width: int) -> Worksheet:
    """A sheet with its title and unit over `width` columns, set up for printing; the sheet of that
    name if it was added before, to keep its place among the others."""
    sheet = book.get_worksheet_by_name(heading.name) or book.add_worksheet(heading.name)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.center_horizontally()
    sheet.fit_to_pages(1, 0)
    done(
        sheet.set_footer(f'&L&"{styles.BODY_FONT}"&9&A&R&"{styles.BODY_FONT}"&9第 &P 页，共 &N 页')
    )
    title = book.style(**styles.TITLE)
    done(sheet.set_row(TITLE_ROW - 1, 34))
    unit = book.style(**styles.BODY | {"align": "right", "text_wrap": False})
    last = max(width, 2) - 1
    done(sheet.merge_range(TITLE_ROW - 1, 0, TITLE_ROW - 1, last, heading.title, title))
    done(sheet.merge_range(UNIT_ROW - 1, 0, UNIT_ROW - 1, last, heading.unit, unit))
    return sheet


def write_list(
    book: Book, heading: Heading, columns: Sequence[Column], beneath: Sequence[bool] = ()
) -> Listed:
    """Write a list on a sheet of its own; the rows that stand `beneath` another are folded under it."""
    entry_count = max((len(column.entries) for column in columns), default=0)
    count = min(entry_count, MOST_ROWS)
    sheet = new_sheet(book, heading, len(columns))
    head = book.style(**styles.HEAD)
    for number, column in enumerate(columns, 1):
        done(sheet.set_column(number - 1, number - 1, column.width))
        put(sheet, HEAD_ROW, number, column.title, head)
    done(sheet.set_row(HEAD_ROW - 1, 15 * max(2, *map(_head_lines, columns))))
    if beneath:
        sheet.outline_settings(symbols_below=False)
    _write_entries(book, sheet, columns, count, beneath, complete=count == entry_count)
    done(sheet.set_column(len(columns), len(columns), 0.8))
    has_total = any(column.total is not None for column in columns)
    has_further = any(column.further_total is not None for column in columns)
    keys = {column.key: number for number, column in enumerate(columns, 1)}
    total_row = FIRST_ROW + max(count, 1) if has_total else 0
    further_row = total_row + 1 if has_further else 0
    listed = Listed(heading.name, sheet, keys, count, total_row, further_row, count == entry_count)
    if has_total:
        _write_total(book, listed, columns, total_row, [column.total for column in columns])
    if has_further:
        totals = [column.further_total for column in columns]
        _write_total(book, listed, columns, further_row, totals)
    notes = [*heading.notes, *_link_notes(columns, count)]
    if not listed.complete:
        notes.insert(
            0, f"共 {entry_count} 行，本表只列前 {count} 行；全部数据请用 aggregate --data 另写。"
        )
    last_row = max(further_row, total_row, listed.last_row)
    _write_notes(book, sheet, notes, last_row + 1, [column.width for column in columns])
    done(sheet.print_area(0, 0, last_row + len(notes) - 1, max(len(columns), 2) - 1))
    sheet.fit_to_pages(1, 0 if any(beneath) else _pages(columns, count, notes))
    county = any(column.key == "county" for column in columns[: heading.frozen])
    sheet.freeze_panes(HEAD_ROW, heading.frozen + county)
    done(sheet.autofilter(HEAD_ROW - 1, 0, listed.last_row - 1, len(columns) - 1))
    done(sheet.repeat_rows(HEAD_ROW - 1))
    return listed


_LINE, _PAGE_WIDTH, _PAGE_HEIGHT = 13.5, 780, 500
"""Points: a line of text, and what of A4 landscape lies between the margins, its footer and a list's head left out."""
_POINTS_PER_UNIT = 5.6
_SHORT_LISTS = 3000
_NEARLY_EMPTY, _MOST_SHRUNK = 0.3, 1.2


def _pages(columns: Sequence[Column], count: int, notes: Sequence[str]) -> int:
    """On how many pages a list is made to fit, so that none is nearly empty; 0 where it may take what it needs.

    Heights are reckoned, not known: an office that comes to others makes the print a little smaller, no more.
    """
    if count > _SHORT_LISTS:
        return 0
    width = sum(column.width for column in columns)
    lines = [1] * count
    for column in columns:
        if column.look in _GROWING:
            for index, entry in enumerate(column.entries[:count]):
                if isinstance(entry, str) and len(entry) * 2 > column.width:
                    lines[index] = max(lines[index], _lines(entry, column.width))
    height = sum(max(_LINE * n, 17.0) for n in lines) + 60
    height += sum(
        3 + 13 * math.ceil(text_units(note) / (width * _SMALL_PER_UNIT)) for note in notes
    )
    pages = height / (_PAGE_HEIGHT * max(width * _POINTS_PER_UNIT / _PAGE_WIDTH, 0.6))
    whole = math.floor(pages)
    return (
        whole
        if 0 < pages - whole < _NEARLY_EMPTY and 1 <= pages / max(whole, 1) <= _MOST_SHRUNK
        else 0
    )


_GROWING = frozenset(("text", "center", "remark"))


def _lines(text: str, width: float) -> int:
    return sum(max(math.ceil((text_units(line) + 1) / width), 1) for line in text.split("\n"))


def _head_lines(column: Column) -> int:
    """In how many lines a column's title stands; a Chinese character is two digits wide."""
    return sum(math.ceil(2 * len(part) / column.width) for part in column.title.split("\n"))


def _write_entries(
    book: Book,
    sheet: Worksheet,
    columns: Sequence[Column],
    count: int,
    beneath: Sequence[bool],
    *,
    complete: bool,
) -> None:
    looks = {(c.look, fill) for c in columns for fill in {"", *c.fills}}
    plain_styles = {look: cell_style(book, *look) for look in looks}
    link_styles = {look: cell_style(book, *look, linked=True) for look in looks}
    spacer = book.style(font_size=_SPACER)
    linked_rows = _linked_rows(columns, count)
    for index in range(count):
        row = FIRST_ROW + index
        for number, column in enumerate(columns, 1):
            value: Value | Live = column.entries[index]
            if column.formula is not None and (complete or not column.across):
                formula = column.formula(row)
                value = Live(formula, column.entries[index]) if formula else column.entries[index]
            look = column.look, column.fills[index] if column.fills else ""
            style = plain_styles[look]
            if column.links and column.links[index] and index < linked_rows[column.key]:
                if value is not None:
                    style = link_styles[look]
                    link(sheet, row - 1, number - 1, column.links[index], style)
            elif column.link_only:
                value = None
            put(sheet, row, number, value, style)
        put(sheet, row, len(columns) + 1, None, spacer)
        if beneath:
            folded = {"level": 1, "hidden": True} if beneath[index] else {"collapsed": True}
            done(sheet.set_row(row - 1, None, None, folded))


def _linked_rows(columns: Sequence[Column], count: int) -> dict[str, int]:
    """In how many rows each column with links has them: all rows of as many columns, from the right, as
    have no more than `MOST_LINKS` together; if the rightmost alone has more, its first rows."""
    rows: dict[str, int] = {}
    links_left = MOST_LINKS
    for column in reversed(columns):
        link_count = sum(map(bool, column.links[:count]))
        if column.links:
            rows[column.key] = count if link_count <= links_left else 0 if rows else MOST_LINKS
            links_left -= link_count
    return rows


def _link_notes(columns: Sequence[Column], count: int) -> list[str]:
    """A note of the columns and rows that have links, if not all have."""
    rows = _linked_rows(columns, count)
    if all(linked == count for linked in rows.values()):
        return []
    linked_columns = [column for column in columns if rows.get(column.key)]
    names = "".join(f"“{column.title}”".replace("\n", "") for column in linked_columns)
    first_rows = f"的前 {MOST_LINKS} 行" if rows[linked_columns[-1].key] < count else ""
    return [f"链接太多会使文件打开很慢，本表只在{names}列{first_rows}加了链接。"]


def cell_style(
    book: Book, look: str, fill: str = "", *, bold: bool = False, linked: bool = False
) -> Format:
    """The format of a list's cell."""
    properties = {**styles.BODY, **styles.GRIDDED, **LOOKS[look]}
    if linked:
        properties["font_color"] = styles.LINK_INK
    if fill:
        properties["bg_color"] = fill
    if bold:
        properties["bold"] = True
    return book.style(**properties)


def _write_total(
    book: Book,
    listed: Listed,
    columns: Sequence[Column],
    row: int,
    totals: Sequence[Live | Value],
) -> None:
    for number, (column, given) in enumerate(zip(columns, totals, strict=True), 1):
        total = given
        if isinstance(total, Live) and not listed.complete:
            total = total.value
        elif isinstance(total, Live):
            cells = f"{letters(number)}{FIRST_ROW}:{letters(number)}{listed.last_row}"
            total = Live(total.formula.replace("{cells}", cells), total.value)
        look = {"input": "score", "remark": "text"}.get(column.look, column.look)
        look = "center" if isinstance(total, str) else look
        style = cell_style(book, look, styles.LABEL_FILL, bold=True)
        put(listed.sheet, row, number, total, style)
    done(listed.sheet.set_row(row - 1, 24))


def _write_notes(
    book: Book, sheet: Worksheet, notes: Sequence[str], row: int, widths: Sequence[float]
) -> None:
    """Notes below a list, each over its whole width and as high as it needs."""
    style = book.style(**styles.SMALL | {"text_wrap": True, "valign": "top"})
    last, across = max(len(widths), 2) - 1, sum(widths) * _SMALL_PER_UNIT
    for offset, note in enumerate(notes, row - 1):
        lines = max(math.ceil(text_units(note) / across), 1)
        done(sheet.set_row(offset, 3 + 13 * lines))
        done(sheet.merge_range(offset, 0, offset, last, "", style))
        put(sheet, offset + 1, 1, note, style)


def text_units(text: str) -> int:
    """How wide a text is, in digits; a Chinese character is two."""
    return sum(2 if ord(letter) > 255 else 1 for letter in text)
