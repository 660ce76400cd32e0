"""Printed pages: one where all fits, else broken between groups and before headings, never within a label."""

from __future__ import annotations

from itertools import pairwise

import openpyxl
import pytest
from openpyxl import Workbook

from builder.template import build_template
from workbook import find_form
from workbook.layout import Layout, Plan, lay_out, plan_for

OVERALL = find_form("department_overall")
REPORT = "自评报告"
ROWS = {"12": 12, "25": 25, "120": 120}
PLANS: dict[str, Plan] = {
    "blank": lay_out(OVERALL).plan,
    "1": tuple(1 for _ in lay_out(OVERALL).plan),
    **{name: plan_for(OVERALL, {"数量指标": count}) for name, count in ROWS.items()},
}
LAYOUTS = {name: lay_out(OVERALL, plan) for name, plan in PLANS.items()}
PAGE_POINTS, LEAST_POINTS, USUAL_POINTS, GROWTH = 748, 19, 15, 1.5


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Workbook]:
    """The form with few and many rows, by how many."""
    folder = tmp_path_factory.mktemp("pages")
    return {
        name: openpyxl.load_workbook(build_template(OVERALL, folder / f"{name}.xlsx", plan=plan))
        for name, plan in PLANS.items()
    }


def ends_of(book: Workbook, sheet: str) -> list[int]:
    """The rows below which a printed page ends."""
    return [each.id for each in book[sheet].row_breaks.brk]


def pages_of(book: Workbook, layout: Layout, sheet: str) -> list[float]:
    """The heights of the printed pages, once the rows of blocks have grown by what is typed in."""
    heights = {n: row.height for n, row in book[sheet].row_dimensions.items() if row.height}
    if sheet == layout.home.paper.sheet:
        slots = (slot for block in layout.blocks.values() for slot in block.slots)
        heights |= {slot.row: GROWTH * LEAST_POINTS for slot in slots}
    edges = [1, *ends_of(book, sheet), layout.pages[sheet].last_row]
    return [
        sum(heights.get(row, USUAL_POINTS) for row in range(before + 1, after + 1))
        for before, after in pairwise(edges)
    ]


@pytest.mark.parametrize("rows", ["25", "120"])
@pytest.mark.parametrize("sheet", [OVERALL.sheet, REPORT])
def test_no_printed_page_is_too_high_and_few_are_nearly_empty(
    books: dict[str, Workbook], rows: str, sheet: str
) -> None:
    heights = pages_of(books[rows], LAYOUTS[rows], sheet)
    assert max(heights) <= PAGE_POINTS / ((books[rows][sheet].page_setup.scale or 100) / 100) * 0.95
    assert len(heights) > 1
    assert rows == "120" or min(heights) > max(heights) / 3


def test_the_form_breaks_between_groups_and_keeps_its_signatures_with_the_last(
    books: dict[str, Workbook],
) -> None:
    block = LAYOUTS["12"].blocks["indicators"]
    branches = {a.row for b, a in pairwise(block.slots) if a.path != b.path}
    ends = ends_of(books["12"], OVERALL.sheet)
    assert ends
    assert all(end + 1 in branches for end in ends)
    assert ends[-1] < block.last - 1


def test_a_group_higher_than_a_page_breaks_between_its_rows(books: dict[str, Workbook]) -> None:
    first = LAYOUTS["120"].blocks["indicators"].first
    ends = ends_of(books["120"], OVERALL.sheet)
    assert len([end for end in ends if first <= end < first + 119]) >= 2


def test_a_report_breaks_before_headings(books: dict[str, Workbook]) -> None:
    labels = LAYOUTS["25"].pages[REPORT].labels
    headings = {label.top for label in labels if label.role in ("heading", "subheading")}
    assert all(end + 1 in headings for end in ends_of(books["25"], REPORT))


def test_rows_hold_the_label_of_their_branch(books: dict[str, Workbook]) -> None:
    """By a blank cell in large print at the end of each: an office never makes a row lower than that."""
    layout = LAYOUTS["1"]
    sheet, spacer = books["1"][OVERALL.sheet], layout.home.hint_column + 1
    slots = layout.blocks["indicators"].slots
    sizes = {slot.row: float(sheet.cell(slot.row, spacer).font.size or 0) for slot in slots}
    assert min(sizes.values()) >= 13
    assert slots[-1].path[1] == "服务对象满意度指标"
    assert sizes[slots[-1].row] >= min(sizes.values()) * 2 * 13.5 / LEAST_POINTS * 0.98


def test_a_form_opens_on_its_first_input_and_prints_without_its_colours(
    books: dict[str, Workbook],
) -> None:
    home, report = books["blank"][OVERALL.sheet], books["blank"][REPORT]
    assert home.page_setup.blackAndWhite
    fitted = [sheet.sheet_properties.pageSetUpPr for sheet in (home, report)]
    assert [bool(each and each.fitToPage) for each in fitted] == [True, False]
    first = LAYOUTS["blank"].spot("identity.department_code").address.a1
    assert home.sheet_view.selection[0].activeCell == first
