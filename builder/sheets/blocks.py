"""A sheet of several blocks, one below the other: titles, heads, lines of values and formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from builder import styles
from builder.sheets.book import Book, done
from builder.sheets.listing import Live, Value, cell_style, put

HEIGHT = 18


@dataclass
class BlockSheet:
    """A sheet being written downwards; `row` (from 1) is the next."""

    book: Book
    sheet: Worksheet
    widths: Sequence[float]
    row: int = 3

    def __post_init__(self) -> None:
        for column, width in enumerate(self.widths):
            done(self.sheet.set_column(column, column, width))

    def block(self, title: str, *heads: str) -> None:
        """A block's title and heads, after a free row."""
        self.row += self.row > 3
        put(self.sheet, self.row, 1, title, self.book.style(**styles.BLOCK))
        self.row += 1
        if heads:
            self.heads(*heads)

    def heads(self, *heads: str) -> None:
        """A row of heads."""
        for column, head in enumerate(heads, 1):
            put(self.sheet, self.row, column, head, self.book.style(**styles.HEAD))
        self.row += 1

    def line(
        self,
        cells: Sequence[Value | Live],
        looks: Sequence[str],
        *,
        total: bool = False,
        grows: bool = False,
    ) -> None:
        """A row of cells; one that grows takes the height its texts need."""
        fill = styles.LABEL_FILL if total else ""
        for column, (cell, look) in enumerate(zip(cells, looks, strict=True), 1):
            put(self.sheet, self.row, column, cell, cell_style(self.book, look, fill, bold=total))
        if not grows:
            done(self.sheet.set_row(self.row - 1, HEIGHT))
        self.row += 1

    def note(self, text: str) -> None:
        """A line of small print that runs on over the cells to its right."""
        put(self.sheet, self.row, 1, text, self.book.style(**styles.SMALL))
        self.row += 1


def ratio(part: str, whole: str) -> str:
    """The formula of a share; blank where there is no whole."""
    return f'=IF(N({whole})=0,"",{part}/{whole})'


def ratio_value(part: float | None, whole: float | None) -> float | None:
    """What `ratio` shows."""
    return None if part is None or not whole else part / whole
