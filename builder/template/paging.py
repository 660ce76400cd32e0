"""How a sheet to be filled in is printed: its scale, its rows' least heights, and where its pages end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from builder.template.widths import text_width
from workbook.layout import STATUS_ROW, Block, Layout, Page

_PAPER_POINTS = {"portrait": (523.0, 748.0), "landscape": (770.0, 500.0)}
"""The width and the height that A4 leaves between our margins."""
_WIDTH_SHARE, _HEIGHT_SHARE = 0.9, 0.95
"""How much of a page is used: other programs and fonts make columns wider by up to a tenth, and rows higher."""
_USUAL_HEIGHT = 15.0
"""The height of a row that has none of its own."""
_LINE_POINTS = 13.5
"""The height of a line of a label."""
_LEAST_HEIGHT = 19.0
"""Of a row of a block: one line of its texts and a little air."""
_GROWTH = 1.5
"""How much higher such rows become, all in all, by the texts that are typed in."""


def scale(page: Page) -> int:
    """The per cent at which the paper's width fits on A4 in any program."""
    width = sum((chars * 7 + 5) * 0.75 for chars in page.paper.widths)
    fitting = _PAPER_POINTS[page.paper.orientation][0] * _WIDTH_SHARE / width
    return min(100, int(fitting * 100))


def slot_heights(layout: Layout, block: Block) -> dict[int, float]:
    """The least height of each of a block's rows: together they hold the label of their branch."""
    page = layout.home
    heights = {slot.row: _LEAST_HEIGHT for slot in block.slots}
    for label in page.labels:
        if label.role == "tree":
            rows = range(label.top, label.bottom + 1)
            width = sum(page.paper.widths[label.left - 1 : label.right]) - 1
            lines = sum(-(-text_width(line) // width) or 1 for line in label.text.split("\n"))
            each = (lines * _LINE_POINTS + 2) / len(rows)
            heights |= {row: max(heights[row], each) for row in rows if row in heights}
    return heights


def fits_one_page(layout: Layout, page: Page) -> bool:
    """Whether all is readable on one page."""
    return _measure(layout, page)(STATUS_ROW + 1, page.last_row) <= _capacity(page)


def breaks(layout: Layout, page: Page) -> list[int]:
    """The rows (from 1) below which a printed page ends.

    As few pages as can be, much alike; before a heading or a group rather than a branch of it, and within a
    branch only where that alone is higher than a page.
    """
    height_of, most = _measure(layout, page, _GROWTH), _capacity(page) * _HEIGHT_SHARE
    costs = dict(_places(layout, page))
    ends = [STATUS_ROW, *(row - 1 for row in sorted(costs)), page.last_row]
    best: list[tuple[float, list[int]]] = [(0.0, [])]
    for n, end in enumerate(ends[1:], 1):
        cost = costs.get(end + 1, 0.0)
        found: list[tuple[float, list[int]]] = []
        for before in range(n - 1, -1, -1):
            height = height_of(ends[before] + 1, end)
            if height > most and before < n - 1:
                break
            spent, taken = best[before]
            found.append((spent + cost + _A_PAGE + (height / most) ** 2, [*taken, end]))
        best.append(min(found))
    return best[-1][1][:-1]


_A_PAGE, _IN_GROUP, _IN_BRANCH = 10.0, 0.3, 3.0
"""What a further page costs, and a break between the branches of a group or the rows of one, as against pages
that are filled unlike."""


def _places(layout: Layout, page: Page) -> Iterator[tuple[int, float]]:
    """The rows above which a page may end, and what that costs."""
    headings = {label.top for label in page.labels if label.role in ("heading", "subheading")}
    yield from ((row, 0.0) for row in headings if row - 1 not in headings and row > STATUS_ROW + 1)
    for before, slot in (pair for block in _blocks(layout, page) for pair in pairwise(block.slots)):
        same = slot.path == before.path
        yield slot.row, _IN_BRANCH if same else _IN_GROUP if slot.group == before.group else 0.0


def _capacity(page: Page) -> float:
    """The points of rows that a page takes at its scale."""
    return _PAPER_POINTS[page.paper.orientation][1] / (scale(page) / 100)


def _measure(layout: Layout, page: Page, growth: float = 1.0) -> Callable[[int, int], float]:
    """How high the rows from one to another are together, once those of blocks have grown so much."""
    heights = dict(page.heights)
    for block in _blocks(layout, page):
        heights |= {row: least * growth for row, least in slot_heights(layout, block).items()}
    return lambda first, last: sum(heights.get(r, _USUAL_HEIGHT) for r in range(first, last + 1))


def _blocks(layout: Layout, page: Page) -> Iterable[Block]:
    """The blocks on a page; the form's own sheet alone has some."""
    return layout.blocks.values() if page is layout.home else ()
