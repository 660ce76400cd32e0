"""XlsxWriter as we use it: strict workbooks, printed lists, sheets of blocks, one page with charts, links.

In come values and formulas, out come cells; everything that returns an error code raises instead. Start in
`book`, then `listing`.
"""

from builder.sheets.blocks import BlockSheet, ratio, ratio_value
from builder.sheets.book import FIXED_DATE, Book, WrittenSheet, book_at, book_in, done
from builder.sheets.links import Links, inside
from builder.sheets.listing import (
    FIRST_ROW,
    Column,
    Heading,
    Listed,
    Live,
    Value,
    cell_style,
    new_sheet,
    put,
    values,
    write_list,
)
from builder.sheets.lock import Lock
from builder.sheets.one_page import CHART_ROWS, COLUMNS, ChartFigures, Figure, OnePage

__all__ = [
    "CHART_ROWS",
    "COLUMNS",
    "FIRST_ROW",
    "FIXED_DATE",
    "BlockSheet",
    "Book",
    "ChartFigures",
    "Column",
    "Figure",
    "Heading",
    "Links",
    "Listed",
    "Live",
    "Lock",
    "OnePage",
    "Value",
    "WrittenSheet",
    "book_at",
    "book_in",
    "cell_style",
    "done",
    "inside",
    "new_sheet",
    "put",
    "ratio",
    "ratio_value",
    "values",
    "write_list",
]
