"""The layout: each field in a place of its own, on paper as drawn, under a name that Excel takes."""

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest

from builder import build_template
from tests import fillings
from tests.office import Office, Target
from workbook import BuildError, Form, load_form
from workbook.form import CELL, available_forms
from workbook.layout import (
    CALC_SHEET,
    FORM_RECORDS,
    FORM_SHEET,
    STATUS_ROW,
    Layout,
    Page,
    check_lines,
    check_name,
    default_plan,
    lay_out,
)

FORMS = Path(__file__).resolve().parents[2] / "forms"
ODD = load_form(FORMS / "odd_form_2023.toml")
ALL = (*map(load_form, available_forms()), ODD)
GROWN = {form.key: tuple(n + i % 3 for i, n in enumerate(default_plan(form))) for form in ALL}
LAYOUTS = [
    pytest.param(lay_out(form, plan), id=f"{form.id}-{size}")
    for form in ALL
    for size, plan in (("default", None), ("grown", GROWN[form.key]))
]
each_layout = pytest.mark.parametrize("layout", LAYOUTS)

# A name may not look like a cell (A1, R1C1) and holds letters, digits, dots and underscores.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,254}")
_LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}[0-9]+|[Rr]\d*[Cc]\d*", re.ASCII)


def _areas(layout: Layout, page: Page) -> Iterator[tuple[str, int, int, int, int]]:
    for spot in layout.spots.values():
        if spot.address.sheet == page.paper.sheet:
            yield spot.name, spot.address.row, spot.address.column, spot.bottom, spot.right
    for label in page.labels:
        yield f"label {label.text}", label.top, label.left, label.bottom, label.right


@each_layout
def test_nothing_overlaps_on_the_paper_or_leaves_it(layout: Layout) -> None:
    for page in layout.pages.values():
        taken: dict[tuple[int, int], str] = {}
        for what, top, left, bottom, right in _areas(layout, page):
            assert STATUS_ROW < top <= bottom <= page.last_row, what
            assert left <= right < page.hint_column, what
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    assert (row, column) not in taken, (what, taken[row, column])
                    taken[row, column] = what


@each_layout
def test_addresses_are_unique(layout: Layout) -> None:
    places = [spot.address for spot in layout.spots.values()]
    places += [*layout.verdicts.values(), *layout.checks.values()]
    for block in layout.blocks.values():
        for column in block.calc_columns:
            places += [
                layout.calc_cell(block.section.id, column, slot.number) for slot in block.slots
            ]
        for column in block.group_columns:
            places += [
                layout.group_cell(block.section.id, column, number)
                for number in range(1, len(block.groups) + 1)
            ]
    assert len(places) == len(set(places))


@each_layout
def test_names_are_valid_in_excel_and_distinct_whatever_their_case(layout: Layout) -> None:
    names = [*layout.spots, *map(check_name, layout.checks)]
    for name in names:
        assert _NAME.fullmatch(name), name
        assert not _LIKE_A_CELL.fullmatch(name), name
    assert len({name.lower() for name in names}) == len(names)


@each_layout
def test_each_entered_or_computed_field_has_its_spots(layout: Layout) -> None:
    for item in layout.form.fields():
        if item.mode in ("entered", "suggested", "computed"):
            spots = layout.by_key[item.key]
            if item.grain == CELL:
                expected = 1
            else:
                block = layout.blocks[item.section]
                expected = len(block.slots) if item.grain == "row" else len(block.groups)
            assert len(spots) == expected, item.key


@each_layout
def test_spots_are_found_by_field_and_row(layout: Layout) -> None:
    for key, spots in layout.by_key.items():
        for number, spot in enumerate(spots, 1):
            assert layout.spot(key, number) is spot and spot.number in (0, number)
            assert spot.name == (f"{key}.{number}" if spot.number else key)
            section = layout.form.sections[spot.field.section]
            if spot.field.is_input and spot.field.by == "department":
                assert spot.address.sheet == (section.sheet or layout.form.sheet), spot.name
    hidden = {s.name: s for s in layout.spots.values() if s.address.sheet == FORM_SHEET}
    assert "identity.fiscal_year" in hidden
    assert all(spot.address.row > len(FORM_RECORDS) for spot in hidden.values())


@each_layout
def test_rows_of_a_block_follow_one_another_in_groups(layout: Layout) -> None:
    for block in layout.blocks.values():
        assert [slot.number for slot in block.slots] == list(range(1, len(block.slots) + 1))
        assert all(b.row == a.row + 1 for a, b in pairwise(block.slots))
        assert sum(group.rows for group in block.groups) == len(block.slots)
        for number, (start, group) in enumerate(zip(block.starts, block.groups, strict=True)):
            assert {s.group for s in block.slots[start : start + group.rows]} == {number}
        assert block.head_row == block.first - 1


@pytest.mark.parametrize("form", ALL, ids=lambda form: form.id)
def test_each_rule_is_on_one_line_and_has_a_verdict(form: Form) -> None:
    layout = lay_out(form)
    on_lines = [rule for rules in check_lines(form).values() for rule in rules]
    assert sorted(r.key for r in on_lines) == sorted(r.key for r in form.sheet_rules)
    for rule in form.sheet_rules:
        if rule.grain == CELL:
            assert layout.verdicts[rule.key].sheet == CALC_SHEET
        else:
            block = layout.blocks[rule.section]
            columns = block.calc_columns if rule.grain == "row" else block.group_columns
            assert rule.key in columns


@pytest.mark.parametrize(
    "plan", [(3, 5), (3, 5, 1, 1, 1, 2, 1, 0), (3, 5, 1, 1, 1, 2, 1, 1, 1), (3,)]
)
def test_plan_that_does_not_fit_is_refused(plan: tuple[int, ...]) -> None:
    with pytest.raises(BuildError, match="odd_form 2023: the plan"):
        lay_out(ODD, plan)


def test_plan_runs_over_all_repeating_sections_in_order() -> None:
    assert default_plan(ODD) == (3, 5, 1, 1, 1, 2, 1, 1)
    layout = lay_out(ODD, (1, 2, 1, 3, 1, 1, 2, 1))
    assert (
        [len(block.slots) for block in layout.blocks.values()],
        [group.rows for group in layout.blocks["management"].groups],
    ) == ([1, 2, 9], [5, 3, 1])
    assert "goals.goal.2" not in layout.spots
    assert "management.weight.8" in layout.spots


def test_three_levels_are_merged_over_their_rows() -> None:
    layout = lay_out(ODD)
    first = layout.blocks["management"].first
    tree = {
        (label.text, label.top - first, label.bottom - first, label.left)
        for label in layout.home.labels
        if label.role == "tree"
    }
    assert ("决策（8 分）", 0, 2, 2) in tree
    assert ("项目立项", 0, 1, 3) in tree
    assert ("立项程序规范性", 1, 1, 4) in tree
    assert ("过程（12 分）", 3, 5, 2) in tree
    assert ("资金使用合规性", 3, 4, 4) in tree


def test_head_of_two_rows_reaches_down_beside_the_rows_only_where_drawn() -> None:
    layout = lay_out(ODD)
    block = layout.blocks["indicators"]
    by_text = {label.text: label for label in layout.home.labels}
    assert (
        (by_text["绩效指标"].top, by_text["绩效指标"].bottom),
        (by_text["指标名称"].top, by_text["指标名称"].bottom),
    ) == (
        (block.first - 2, block.last),
        (
            block.first - 2,
            block.first - 1,
        ),
    )
    assert by_text["性质"].top == by_text["性质"].bottom == block.head_row


def test_words_drawn_in_a_row_stand_in_each_row(tmp_path: Path) -> None:
    text = ODD.path.read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(text.replace("| {remark} | {sign}", "| 见附件 | {sign}").replace(
        'remark = { label = "指标说明", kind = "text", max_length = 60 }\n', ""), encoding="utf-8"
    )  # fmt: skip
    layout = lay_out(load_form(path))
    block = layout.blocks["indicators"]
    words = [label.top for label in layout.home.labels if label.text == "见附件"]
    assert words == [slot.row for slot in block.slots]


@pytest.mark.parametrize("filled", [False, True], ids=["blank", "filled"])
@pytest.mark.parametrize("name", ["odd_form", "project_expenditure"])
def test_every_formula_shows_what_libreoffice_computes(
    office: Office, tmp_path: Path, name: str, filled: bool
) -> None:
    """Two repeating sections, three levels, 元, dates, undrawn cells: no value in the file is made up."""
    form = next(form for form in ALL if form.id == name)
    given = fillings.filling(FORMS / "filled" / f"{name}.toml", form) if filled else None
    path = build_template(form, tmp_path / "out.xlsx", filling=given)
    formulas, values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    cells: list[Target] = [
        (sheet.title, cell.coordinate)
        for sheet in formulas
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    with office.open(path) as book:
        office.recalculate(book)
        found = office.values(book, cells)
    assert len(cells) > 400
    different = {
        cell: (stored, found[cell])
        for cell in cells
        if not _alike(stored := values[cell[0]][cell[1]].value, found[cell])
    }
    assert different == {}


def _alike(stored: object, computed: object) -> bool:
    if isinstance(stored, int | float) and isinstance(computed, int | float):
        return math.isclose(stored, computed, rel_tol=1e-9, abs_tol=1e-9)
    return (stored or "") == (computed or "")


def test_rows_show_their_number(tmp_path: Path) -> None:
    text = ODD.path.read_text(encoding="utf-8")
    text = text.replace('row = "^ | {goal} | < | {result}', 'row = "[#] | {goal} | < | {result}')
    path = tmp_path / "numbered.toml"
    path.write_text(text, encoding="utf-8")
    labels = lay_out(load_form(path)).home.labels
    assert [label.text for label in labels if label.text.isdigit()] == ["1", "2", "3"]
