"""Two years side by side on a sheet that follows what is edited; that it recalculates is in test_contents."""

from pathlib import Path

import openpyxl
import pytest

from builder import build_summary
from tests.fillings import FILLED, accepted, changed, filling, two_years
from tests.office import Office
from tests.sheets import cells, formulas, total
from workbook import aggregate, load_previous

SHEET = "同比"


def test_the_sheet_shows_the_frames_figures_and_follows_a_typed_score(
    office: Office, tmp_path: Path
) -> None:
    summary = two_years()
    path = build_summary(summary, tmp_path / "汇总.xlsx")
    assert sum(sheet == SHEET for sheet, _ in formulas(path)) > 100
    (found,) = summary.comparisons
    with office.open(path) as book:
        values = office.sheet_values(book, SHEET)
        for head, figure in (("2023 年", "final_budget_before"), ("增减", "final_budget_change")):
            assert total(path, SHEET, f"全年预算数{head}", values) == pytest.approx(
                float(found.totals[figure].loc["all"])
            )
        column = next(
            cell.column_letter
            for cell in openpyxl.load_workbook(path)[SHEET][3]
            if cell.value == "自评等次\n2024 年"
        )
        grade = (SHEET, f"{column}4")
        # A reviewed score changes no comparison of the departments' own; their own does.
        for typed, told in (({}, "优"), ({"J4": 61}, "优"), ({"I4": 61}, "中")):
            office.type_values(book, {("部门汇总", cell): score for cell, score in typed.items()})
            office.recalculate(book)
            assert office.values(book, [grade])[grade] == told


def test_where_no_department_is_in_both_years_nothing_has_grown(
    office: Office, tmp_path: Path
) -> None:
    now = [accepted(filling(FILLED[0]), "2024/a.xlsx")]
    other = changed(filling(FILLED[1]), identity__fiscal_year=2023)
    summary = aggregate(now, previous=aggregate([accepted(other, "2023/b.xlsx")]))
    (found,) = summary.comparisons
    assert found.totals["final_budget_growth"].isna().all()
    path = build_summary(summary, tmp_path / "汇总.xlsx")
    with office.open(path) as book:
        values = office.sheet_values(book, SHEET)
    assert total(path, SHEET, "全年预算数增减率", values) in (None, "")
    assert total(path, SHEET, "全年预算数增减", values)


def test_what_of_a_table_was_not_taken_is_noted(tmp_path: Path) -> None:
    table = tmp_path / "2023年度.csv"
    table.write_text("部门,执行率,自评得分\n岳阳市云溪区档案馆,90%,约八十\n", encoding="utf-8")
    returns = [accepted(filling(FILLED[0]), "2024/a.xlsx")]
    summary = aggregate(returns, previous=load_previous(table))
    path = build_summary(summary, tmp_path / "汇总.xlsx")
    notes = [str(cell.value) for sheet, cell in cells(path) if sheet == SHEET]
    assert any("第 2 行“自评得分”“约八十”不是数字" in note for note in notes)
