"""One printed page: figures, small tables, sentences, charts; what the charts draw stands on a sheet of its own.

Cells are kept and written when the page is closed, row by row, as a book in constant memory must have
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from builder import styles
from builder.sheets.book import Book, done
from builder.sheets.listing import FIRST_ROW, Heading, Live, Value, new_sheet, put, text_units

COLUMNS, _WIDTH = 12, 8.4
"""The printed page is a grid of equal columns."""
_PIXELS = 64
CHART_ROWS, _ROW_PIXELS = 30, 20
_CHART_HEAD = 42
"""Pixels that a chart's title takes."""
_ROOMY = 16
"""Of more bars the names are written smaller."""
_LOOKS = {
    "count": {"num_format": "0"},
    "amount": {"num_format": "#,##0.00"},
    "rate": {"num_format": "0.00%"},
    "score": {"num_format": "0.00"},
    "text": {},
}


Figure = tuple[str, Value | Live, str]
"""A figure's words, itself, and its look."""


_FIGURE_HEAD: dict[str, Any] = {
    **styles.BODY,
    **styles.GRIDDED,
    "align": "center",
    "bg_color": styles.LABEL_FILL,
}
_CELL: dict[str, Any] = {**styles.BODY, **styles.GRIDDED, "align": "center"}
_FIGURE: dict[str, Any] = {
    **_CELL,
    "font_size": 13,
    "bold": True,
    "text_wrap": False,
    "shrink": True,
}
_BELOW: dict[str, Any] = {**_CELL, "font_size": 9, "bg_color": styles.SUGGESTED_FILL}


_CHART_FIGURES_A_PAGE = 75


class ChartFigures:
    """What the charts of a book draw, a block a chart, on a sheet of its own that is written last."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.blocks: list[tuple[str, str, Sequence[tuple[Value, Value | Live]]]] = []
        self.row = FIRST_ROW

    def add(
        self, title: str, rows: Sequence[tuple[Value, Value | Live]], number_format: str
    ) -> tuple[int, int]:
        """Put a chart's figures below those before; returns their first and last row, from 1."""
        self.blocks.append((title, number_format, rows))
        first, last = self.row + 1, self.row + len(rows)
        self.row = last + 2
        return first, last

    def write(self, book: Book) -> None:
        """Fill the sheet."""
        heading = Heading(self.name, "图表数据", "总览各图由这里的数画出，不要改动")
        sheet = new_sheet(book, heading, 2)
        sheet.set_portrait()
        sheet.fit_to_pages(1, -(-self.row // _CHART_FIGURES_A_PAGE))
        done(sheet.set_column(0, 0, 50))
        done(sheet.set_column(1, 1, 40))
        head = book.style(**styles.HEAD)
        name = book.style(**styles.BODY | styles.GRIDDED)
        row = FIRST_ROW
        for title, number_format, rows in self.blocks:
            put(sheet, row, 1, title, head)
            put(sheet, row, 2, None, head)
            figure = book.style(**styles.BODY | styles.GRIDDED | {"num_format": number_format})
            for offset, (label, value) in enumerate(rows, 1):
                put(sheet, row + offset, 1, label, name)
                put(sheet, row + offset, 2, value, figure)
            row += len(rows) + 2


class OnePage:
    """The sheet being written downwards."""

    def __init__(
        self, book: Book, name: str, title: str, unit: str, chart_figures: ChartFigures
    ) -> None:
        self.book, self.name, self.chart_figures = book, name, chart_figures
        self.sheet: Worksheet = book.get_worksheet_by_name(name)
        self.cells: list[tuple[int, int, int, Value | Live, Format]] = []
        """Row, first column, how many columns, what stands there, and its format."""
        self.heights: dict[int, float] = {}
        self.charts: list[tuple[Any, int, int]] = []
        self.row = 1
        sheet = self.sheet
        sheet.hide_gridlines(2)
        sheet.set_portrait()
        sheet.set_paper(9)  # A4
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        sheet.center_horizontally()
        sheet.fit_to_pages(1, 1)
        done(sheet.set_column(0, COLUMNS - 1, _WIDTH))
        self.span(1, COLUMNS, title, book.style(**styles.TITLE), 34)
        plain = styles.BODY | {"align": "right", "text_wrap": False}
        self.span(1, COLUMNS, unit, book.style(**plain), 18)

    def cell(self, first: int, width: int, value: Value | Live, style: Format) -> None:
        """A value over several columns of the current row."""
        self.cells.append((self.row, first, width, value, style))

    def span(
        self, first: int, width: int, value: Value | Live, style: Format, height: float
    ) -> None:
        """A row that holds one value."""
        self.cell(first, width, value, style)
        self.end(height)

    def end(self, height: float) -> None:
        """The current row is done."""
        self.heights[self.row] = height
        self.row += 1

    def title(self, text: str) -> None:
        """The title of a block."""
        self.span(1, COLUMNS, text, self.book.style(**styles.BLOCK | {"valign": "bottom"}), 24)

    def figures(self, figures: Sequence[Figure], below: Sequence[Value | Live] = ()) -> None:
        """Figures side by side: words above, large numbers below, and under them two lines of small print of
        each, if there is any."""
        width = COLUMNS // len(figures)
        for index, (words, _, _) in enumerate(figures):
            self.cell(1 + index * width, width, words, self.book.style(**_FIGURE_HEAD))
        self.end(20)
        for index, (_, value, look) in enumerate(figures):
            style = self.book.style(**_FIGURE | _LOOKS[look])
            self.cell(1 + index * width, width, value, style)
        self.end(30)
        if any(below):
            small = self.book.style(**_BELOW)
            for index, small_print in enumerate(below):
                self.cell(1 + index * width, width, small_print, small)
            self.end(28)

    def table(
        self, first: int, cells: Sequence[Value | Live], looks: Sequence[str], *, head: bool = False
    ) -> None:
        """A table's row: each cell two columns wide; `end` closes it."""
        for index, (value, look) in enumerate(zip(cells, looks, strict=True)):
            properties = _FIGURE_HEAD if head else _CELL | _LOOKS[look]
            self.cell(first + 2 * index, 2, value, self.book.style(**properties))

    def sentence(self, text: str) -> None:
        """A sentence over the page's whole width, as high as it needs."""
        style = self.book.style(
            **styles.BODY | {"align": "left", "indent": 1, "bg_color": styles.SUGGESTED_FILL}
        )
        lines = -(-text_units(text) // (COLUMNS * 8))
        self.span(1, COLUMNS, text, style, 8 + 14 * max(lines, 1))

    # charts

    def chart(
        self, block: str, rows: Sequence[tuple[Value, Value | Live]], title: str, number_format: str,
        position: tuple[int, int], size: tuple[int, int], *, kind: str = "bar"
    ) -> None:  # fmt: skip
        """A chart of a block of figures at a column and a row below the text; sizes in columns and rows."""
        first, last = self.chart_figures.add(block, rows, number_format)
        data_rows = first - 1, last - 1
        chart = self.book.add_chart({"type": kind})
        font = {"name": styles.BODY_FONT, "size": 8, "color": styles.INK}
        done(
            chart.add_series(
                {
                    "categories": [self.chart_figures.name, data_rows[0], 0, data_rows[1], 0],
                    "values": [self.chart_figures.name, data_rows[0], 1, data_rows[1], 1],
                    "fill": {"color": styles.BANNER_FILL},
                    "gap": 50,
                    "data_labels": {"value": True, "font": font, "num_format": number_format},
                }
            )
        )
        head = {"name": styles.HEAD_FONT, "size": 11, "bold": False, "color": styles.INK}
        chart.set_title({"name": title, "name_font": head, "overlay": False})
        chart.set_legend({"none": True})
        bars = kind == "bar"
        crowded = bars and len(rows) > _ROOMY
        names = {
            "num_font": font | {"size": 7} if crowded else font,
            "reverse": bars,
            "line": {"color": styles.GRID},
            "interval_unit": 1,
        }
        grid = {"visible": not bars, "line": {"color": styles.GRID, "width": 0.5}}
        values = {"num_format": number_format, "num_font": font, "min": 0, "major_gridlines": grid,
                  "visible": not bars, "line": {"none": True}}  # fmt: skip
        if bars:  # room for long names and for what stands behind the longest bar
            top = _CHART_HEAD / (size[1] * _ROW_PIXELS)
            inner = {"x": 0.29, "y": top, "width": 0.54, "height": 0.97 - top}
            chart.set_plotarea({"layout": inner})
        # XlsxWriter calls a bar chart's axes by where they are, not by what they show.
        chart.set_y_axis(names if bars else values)
        chart.set_x_axis(values if bars else names)
        chart.set_size({"width": size[0] * _PIXELS - 6, "height": size[1] * _ROW_PIXELS - 6})
        self.charts.append((chart, *position))

    def close(self, small_print: Sequence[str]) -> None:
        """Charts, small print, the printed area."""
        top = self.row
        if self.charts:
            for chart, column, rows_below in self.charts:
                offsets = {"x_offset": 3, "y_offset": 5, "object_position": 2}
                done(self.sheet.insert_chart(top - 1 + rows_below, column - 1, chart, offsets))
            self.row += CHART_ROWS
        style = self.book.style(**styles.SMALL | {"text_wrap": True})
        for text in small_print:
            self.span(1, COLUMNS, text, style, 13 * -(-text_units(text) // 112) + 2)
        done(self.sheet.print_area(0, 0, self.row - 2, COLUMNS - 1))
        self.write()

    def write(self) -> None:
        """Put everything on the sheet, from the top."""
        for row, height in self.heights.items():
            done(self.sheet.set_row(row - 1, height))
        for row, first, width, value, style in sorted(self.cells, key=lambda cell: cell[:2]):
            if width > 1:
                done(
                    self.sheet.merge_range(
                        row - 1, first - 1, row - 1, first + width - 2, "", style
                    )
                )
            put(self.sheet, row, first, value, style)
