"""No sum is shown without the sum that leaves out what is doubtful: the samples, one of them filled in 元."""

from __future__ import annotations

import json
import re
from pathlib import Path

import docx
import openpyxl
import pytest
from click.testing import CliRunner
from openpyxl.utils import get_column_letter

from builder import build_summary
from builder.word import build_county_report
from tests.api import cli, page_data
from tests.fillings import FILLED, accepted, changed, filling
from tests.office import Office
from workbook import aggregate, check, load_roster, read_returns
from workbook.summary import Summary

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
IMPOSSIBLE, CERTAIN = 89_554_150.74, 92_150.74
"""The sum of 年初预算: with the one in 元, and without."""


@pytest.fixture(scope="module")
def summary() -> Summary:
    roster = load_roster(SAMPLES / "roster.csv")
    returns = check(read_returns([SAMPLES / "returns"]), roster)
    last_year = [changed(filling(path), identity__fiscal_year=2023) for path in FILLED]
    previous = aggregate([accepted(f, f"2023/{n}.xlsx") for n, f in enumerate(last_year)])
    return aggregate(returns, roster, previous=previous)


def near(value: object, figure: float) -> bool:
    return isinstance(value, int | float) and abs(value - figure) < 0.005


def shows(text: object, figure: float) -> bool:
    return f"{figure:,.2f}" in str(text)


def test_the_workbook_shows_the_impossible_sum_nowhere_alone(
    summary: Summary, tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(build_summary(summary, tmp_path / "s.xlsx"), data_only=True)
    sheets = []
    for sheet in book.worksheets:
        cells = [cell.value for row in sheet.iter_rows() for cell in row]
        if any(near(value, IMPOSSIBLE) or shows(value, IMPOSSIBLE) for value in cells):
            sheets.append(sheet.title)
            assert any(near(v, CERTAIN) or shows(v, CERTAIN) for v in cells), sheet.title
    assert {"总览", "部门汇总", "同比"} <= set(sheets)


def test_nor_do_page_and_draft(summary: Summary, tmp_path: Path) -> None:
    page = json.dumps(page_data(summary), ensure_ascii=False)
    shown = re.findall(r"\{[^{}]*89,554,150\.74[^{}]*\}", page)
    assert shown
    assert all(shows(figure, CERTAIN) for figure in shown)
    draft = docx.Document(str(build_county_report(summary, tmp_path / "draft.docx")))
    rows = [[c.text for c in row.cells] for table in draft.tables for row in table.rows]
    rows = [row for row in rows if any(shows(cell, IMPOSSIBLE) for cell in row)]
    assert rows
    assert all(any(shows(cell, CERTAIN) for cell in row) for row in rows)
    assert not any(shows(p.text, IMPOSSIBLE) for p in draft.paragraphs)


def test_nor_does_json(tmp_path: Path) -> None:
    words = ["aggregate", str(SAMPLES / "returns"), "-o", str(tmp_path / "s.xlsx"), "--json"]
    printed = json.loads(CliRunner().invoke(cli, words).stdout)
    figure = printed["forms"][0]["figures"]["original_budget"]
    assert near(figure["value"], IMPOSSIBLE)
    assert near(figure["certain"], CERTAIN)
    assert figure["doubtful"] == 1


@pytest.mark.office
def test_who_takes_a_doubt_away_has_it_added_up_again(
    office: Office, summary: Summary, tmp_path: Path
) -> None:
    path = build_summary(summary, tmp_path / "s.xlsx")
    sheet = openpyxl.load_workbook(path)["部门汇总"]
    column = {cell.value: get_column_letter(cell.column or 0) for cell in sheet[3]}
    last = next(cell.row for cell in sheet[column["部门"]] if cell.value == "不含存疑")
    budget, doubts = f"{column['年初预算数']}{last}", f"{column['存疑']}4:{column['存疑']}{last}"
    slipped = next(row[0] for row in sheet[doubts] if "年初预算数" in str(row[0].value))
    with office.open(path) as book:
        before = office.values(book, [("部门汇总", budget)])
        assert office.type_values(book, {("部门汇总", slipped.coordinate): None}) == []
        office.recalculate(book)
        after = office.values(book, [("部门汇总", budget)])
    assert near(before["部门汇总", budget], CERTAIN)
    assert near(after["部门汇总", budget], IMPOSSIBLE)
