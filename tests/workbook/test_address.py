"""Cells by number and as spreadsheets write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.address import (
    Address,
    area,
    column_range,
    letters,
    parse_reference,
    quote,
    runs,
    split_a1,
)

COLUMNS = st.integers(1, 16_384)
ROWS = st.integers(1, 1_048_576)
SHEETS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="[]:*?/\\"),
    min_size=1,
    max_size=31,
)


@pytest.mark.parametrize(
    ("column", "name"),
    [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA"), (16_384, "XFD")],
)
def test_columns_have_letters(column: int, name: str) -> None:
    assert (letters(column), split_a1(f"{name}1")) == (name, (1, column))


@given(SHEETS, ROWS, COLUMNS)
def test_a_written_cell_reads_back(sheet: str, row: int, column: int) -> None:
    cell = Address(sheet, row, column)
    assert (
        split_a1(cell.a1),
        parse_reference(cell.absolute),
        parse_reference(f"={cell.absolute}"),
    ) == ((row, column), cell, cell)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("'自评表'!$D$8", Address("自评表", 8, 4)),
        ("自评表!$D$8", Address("自评表", 8, 4)),  # as LibreOffice saves it
        ("'小李''s 表'!D8", Address("小李's 表", 8, 4)),
        ("'自评表'!$D$8:$D$8", Address("自评表", 8, 4)),
    ],
)
def test_names_point_to_cells_however_they_are_written(text: str, cell: Address) -> None:
    assert parse_reference(text) == cell


@pytest.mark.parametrize(
    "text",
    [
        "",
        "78.3",
        "#REF!",
        "'自评表'!#REF!",
        "'自评表'!$D$8:$E$9",
        "'自评表'!$D:$D",
        "$D$8",
        "'表'!A1,B1",
    ],
)
def test_ranges_constants_and_broken_names_are_no_cell(text: str) -> None:
    assert parse_reference(text) is None


@pytest.mark.parametrize("text", ["", "D", "12", "d12", "D12:E13", "D12 ", "DDDD1"])
def test_what_is_no_cell_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        split_a1(text)


def test_ranges_are_written_as_formulas_need_them() -> None:
    assert (
        area(1, 1, 3, 3),
        area(2, 2, 2, 2),
        column_range("自评表", 7, 20, 39),
        quote("小李's"),
    ) == ("A1:C3", "B2", "'自评表'!$G$20:$G$39", "'小李''s'")


def test_an_address_reads_as_people_say_it() -> None:
    cell = Address("自评表", 30, 8)
    assert (str(cell), cell.absolute) == ("自评表!H30", "'自评表'!$H$30")
    assert Address("a", 1, 9) < Address("a", 2, 1) < Address("b", 1, 1)


def test_cells_below_one_another_are_told_as_a_range() -> None:
    assert (runs(["G17", "G18", "G19", "H20", "G21", "A1"]), runs(["G17", "G17", "A1:B2", ""])) == (
        ["G17:G19", "H20", "G21", "A1"],
        ["G17", "A1:B2", ""],
    )
