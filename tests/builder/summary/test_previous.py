"""Two years side by side on a sheet that follows what is edited; and lists beyond a sheet's rows."""

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from builder import build_summary
from builder.sheets import listing
from tests.fillings import FILLED, accepted, changed, filling, two_years
from tests.office import Office
from tests.sheets import differences, formulas, total
from workbook import aggregate, load_previous
from workbook.summary.previous import compare

SHEET = "同比"


def test_the_sheet_shows_the_frames_figures_and_follows_a_typed_score(
    office: Office, tmp_path: Path
) -> None:
    summary = two_years()
    path = build_summary(summary, tmp_path / "汇总.xlsx")
    assert differences(office, path) == []
    assert sum(sheet == SHEET for sheet, _ in formulas(path)) > 100
    (found,) = summary.comparisons
    with office.open(path) as book:
        values = office.sheet_values(book, SHEET)
        assert total(path, SHEET, "全年预算数2023 年", values) == pytest.approx(
            float(found.totals["final_budget_before"].loc["all"])
        )
        assert total(path, SHEET, "全年预算数增减", values) == pytest.approx(
            float(found.totals["final_budget_change"].loc["all"])
        )
        column = next(
            cell.column_letter
            for cell in openpyxl.load_workbook(path)[SHEET][3]
            if cell.value == "自评等次\n2024 年"
        )
        grade = (SHEET, f"{column}4")
        assert office.values(book, [grade])[grade] == "优"
        # A reviewed score changes no comparison of the departments' own; their own does.
        office.type_values(book, {("部门汇总", "J4"): 61})
        office.recalculate(book)
        assert office.values(book, [grade])[grade] == "优"
        office.type_values(book, {("部门汇总", "I4"): 61})
        office.recalculate(book)
        assert office.values(book, [grade])[grade] == "中"


def test_beyond_a_sheet_s_rows_the_rest_is_told_and_no_formula_reckons_from_it(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_ROWS", 20)
    summary = two_years()
    assert summary.main is not None
    rows = len(summary.main.details["indicators"])
    path = build_summary(summary, tmp_path / "汇总.xlsx")
    sheet = openpyxl.load_workbook(path)["指标明细"]
    last = [cell.value for row in sheet.iter_rows(min_row=24) for cell in row if cell.value]
    assert f"{rows} 行" in str(last[0])
    assert "--data" in str(last[0])
    assert sheet["A23"].value
    assert not any("指标明细" in formula for formula in formulas(path).values())
    assert differences(office, path) == []


def test_where_no_department_is_in_both_years_nothing_has_grown(
    office: Office, tmp_path: Path
) -> None:
    now = aggregate([accepted(filling(FILLED[0]), "2024/a.xlsx")])
    other = changed(filling(FILLED[1]), identity__fiscal_year=2023)
    before = aggregate([accepted(other, "2023/b.xlsx")])
    summary = replace(now, comparisons=compare(now.lines, before.lines))
    (found,) = summary.comparisons
    assert found.totals["final_budget_growth"].isna().all()
    path = build_summary(summary, tmp_path / "汇总.xlsx")
    with office.open(path) as book:
        values = office.sheet_values(book, SHEET)
    assert total(path, SHEET, "全年预算数增减率", values) in (None, "")
    assert total(path, SHEET, "全年预算数增减", values)
    assert differences(office, path) == []


def test_sums_of_both_years_leave_out_who_lacks_the_figure_in_one(
    office: Office, tmp_path: Path
) -> None:
    archives, science = (filling(path) for path in FILLED[:2])
    now = aggregate([accepted(archives, "2024/a.xlsx"), accepted(science, "2024/b.xlsx")])
    lacking = changed(science, identity__fiscal_year=2023, funds__actual_expenditure=None)
    last_year = changed(archives, identity__fiscal_year=2023)
    before = aggregate([accepted(last_year, "2023/a.xlsx"), accepted(lacking, "2023/b.xlsx")])
    summary = replace(now, comparisons=compare(now.lines, before.lines))
    (found,) = summary.comparisons
    assert found.totals["departments"].loc["both"] == 2
    assert found.totals["actual_expenditure_change"].loc["both"] == pytest.approx(0)
    assert found.totals["execution_rate_change"].loc["both"] == pytest.approx(0)
    path = build_summary(summary, tmp_path / "汇总.xlsx")
    assert differences(office, path) == []


def test_a_rate_too_large_to_read_is_capped(tmp_path: Path) -> None:
    now = aggregate([accepted(filling(FILLED[0]), "2024/a.xlsx")])
    given = changed(filling(FILLED[0]), identity__fiscal_year=2023, funds__final_budget=0.01)
    before = aggregate([accepted(given, "2023/a.xlsx")])
    summary = replace(now, comparisons=compare(now.lines, before.lines))
    path = build_summary(summary, tmp_path / "汇总.xlsx")
    sheet = openpyxl.load_workbook(path)[SHEET]
    (place,) = [c.column for c in sheet[3] if c.value == "全年预算数\n增减率"]
    assert ">1000%" in sheet.cell(4, place).number_format


def test_a_table_of_last_year_s_with_rates_alone_makes_a_sheet_that_holds(
    office: Office, tmp_path: Path
) -> None:
    table = tmp_path / "2023年度.csv"
    table.write_text(
        "部门,执行率,自评得分\n岳阳市云溪区档案馆,90%,约八十\n新局,1,120\n", encoding="utf-8"
    )
    returns = [accepted(filling(FILLED[0]), "2024/a.xlsx")]
    summary = aggregate(returns, previous=load_previous(table))
    path = build_summary(summary, tmp_path / "汇总.xlsx")
    assert differences(office, path) == []
    with office.open(path) as book:
        values = office.sheet_values(book, SHEET)
    assert total(path, SHEET, "执行率2023 年", values) in (None, "")
    notes = [str(value) for row in values for value in row]
    assert any("第 2 行“自评得分”“约八十”不是数字" in note for note in notes)


def test_totals_of_the_same_departments_and_notes_are_printed(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(build_summary(two_years(), tmp_path / "汇总.xlsx"))[SHEET]
    last = max(row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value)
    assert str(sheet.print_area).endswith(f"${last}")
