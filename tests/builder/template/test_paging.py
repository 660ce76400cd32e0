"""Printed pages: one where all fits, else broken between groups and before headings, never within a label."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest

from builder.template import build_template
from builder.template.paging import breaks, scale, slot_heights
from workbook.form import available_forms, load_form
from workbook.layout import Layout, Page, lay_out, plan_for

FORMS = {form.id: form for form in map(load_form, available_forms())}
OVERALL = FORMS["department_overall"]
LARGE = lay_out(OVERALL, plan_for(OVERALL, {"数量指标": 25}))
HUGE = lay_out(OVERALL, plan_for(OVERALL, {"数量指标": 120}))
PAGE_POINTS = 748


def pages_of(layout: Layout, page: Page) -> list[float]:
    """The heights of the printed pages."""
    heights = dict(page.heights)
    for block in layout.blocks.values():
        if page is layout.home:
            heights |= {row: 1.5 * least for row, least in slot_heights(layout, block).items()}
    edges = [1, *breaks(layout, page), page.last_row]
    return [
        sum(heights.get(row, 15.0) for row in range(before + 1, after + 1))
        for before, after in pairwise(edges)
    ]


@pytest.mark.parametrize("layout", [LARGE, HUGE], ids=["25 rows", "120 rows"])
def test_no_printed_page_is_too_high(layout: Layout) -> None:
    for page in layout.pages.values():
        heights = pages_of(layout, page)
        assert max(heights) <= PAGE_POINTS / (scale(page) / 100) * 0.95
        assert len(heights) > 1


def test_pages_are_filled_much_alike() -> None:
    for page in LARGE.pages.values():
        heights = pages_of(LARGE, page)
        assert min(heights) > max(heights) / 3


def test_the_form_breaks_between_groups_and_keeps_its_signatures_with_the_last() -> None:
    layout = lay_out(OVERALL, plan_for(OVERALL, {"数量指标": 12}))
    block = layout.blocks["indicators"]
    branches = {a.row for b, a in pairwise(block.slots) if a.path != b.path}
    ends = breaks(layout, layout.home)
    assert ends
    assert all(end + 1 in branches for end in ends)
    assert ends[-1] < block.last - 1


def test_a_group_higher_than_a_page_breaks_between_its_rows() -> None:
    block = HUGE.blocks["indicators"]
    ends = breaks(HUGE, HUGE.home)
    inside = [end for end in ends if block.first <= end < block.first + 119]
    assert len(inside) >= 2


def test_a_report_breaks_before_headings() -> None:
    page = LARGE.pages["自评报告"]
    headings = {label.top for label in page.labels if label.role in ("heading", "subheading")}
    assert all(end + 1 in headings for end in breaks(LARGE, page))


def test_rows_hold_the_label_of_their_branch() -> None:
    layout = lay_out(OVERALL, tuple(1 for _ in lay_out(OVERALL).plan))
    heights = slot_heights(layout, layout.blocks["indicators"])
    assert min(heights.values()) >= 19
    long = layout.blocks["indicators"].slots[-1]
    assert long.path[1] == "服务对象满意度指标"
    assert heights[long.row] >= 2 * 13.5


def test_a_form_opens_on_its_first_input_and_prints_without_its_colours(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(build_template(OVERALL, tmp_path / "f.xlsx"))
    home, report = book[OVERALL.sheet], book["自评报告"]
    assert home.page_setup.blackAndWhite
    fitted = [sheet.sheet_properties.pageSetUpPr for sheet in (home, report)]
    assert [bool(each and each.fitToPage) for each in fitted] == [True, False]
    assert report.page_setup.scale == scale(LARGE.pages["自评报告"])
    assert (
        home.sheet_view.selection[0].activeCell == LARGE.spot("identity.department_code").address.a1
    )
