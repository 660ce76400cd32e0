"""Where a sheet of long texts is broken into printed pages: before headings, never within a text."""

from __future__ import annotations

from collections.abc import Iterator

from workbook.layout import STATUS_ROW, Page

_PAGE_POINTS = {"portrait": 735.0, "landscape": 490.0}
"""The height that A4 leaves between our margins, a little less for other programs' heights."""
_USUAL_HEIGHT = 15.0
"""The height of a row that has none of its own."""


def breaks(page: Page) -> list[int]:
    """The rows (from 1) below which a printed page ends."""
    last_rows: list[int] = []
    used = 0.0
    for first, last in _unbroken_rows(page):
        height = sum(page.heights.get(row, _USUAL_HEIGHT) for row in range(first, last + 1))
        if used and used + height > _PAGE_POINTS[page.paper.orientation]:
            last_rows.append(first - 1)
            used = 0.0
        used += height
    return last_rows


def _unbroken_rows(page: Page) -> Iterator[tuple[int, int]]:
    """(first row, last row) of what belongs together: headings with what stands below them."""
    headings = {label.top for label in page.labels if label.role in ("heading", "subheading")}
    first = STATUS_ROW + 1
    for row in sorted(headings):
        if row > first and row - 1 not in headings:
            yield first, row - 1
            first = row
    yield first, page.last_row
