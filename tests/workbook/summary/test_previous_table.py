"""Last year from a table: our own summary gives what the returns gave, anybody's what its heads say."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from builder.summary import build_summary
from tests.fillings import FILLED, accepted, changed, filling, project, project_form
from workbook import PreviousError
from workbook.form import Form, find_form
from workbook.layout import lay_out
from workbook.reading import Filling, Return
from workbook.summary import (
    Comparison,
    Review,
    Reviews,
    Summary,
    aggregate,
    load_previous,
    plain_name,
)

ARCHIVES, SCIENCE, CULTURE = (filling(path) for path in FILLED[:3])
NAME = "岳阳市云溪区档案馆"
CODE, DEPARTMENT = (
    lay_out(find_form("department_overall")).spots[f"identity.{name}"]
    for name in ("department_code", "department")
)
Rows = Sequence[Sequence[object]]
HEAD = ["预算编码", "单位名称", "年初预算", "全年预算数", "全年执行数（元）", "自评得分"]


def of_year(given: Filling, year: int, county: str = "") -> Return:
    name = f"{county}{year}/{given.value(DEPARTMENT)}.xlsx"
    item = accepted(changed(given, identity__fiscal_year=year), name)
    return replace(item, county=county)


def now() -> list[Return]:
    return [of_year(ARCHIVES, 2024), of_year(SCIENCE, 2024)]


def compared(path: Path, returns: Sequence[Return] | None = None) -> Comparison:
    summary = aggregate(returns or now(), previous=load_previous(path))
    return summary.comparisons[0]


def sheet_file(path: Path, rows: Iterable[Sequence[object]], sheet: str = "Sheet1") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(list(row))
    book.save(path)
    return path


def csv_file(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def line(comparison: Comparison, department: str) -> dict[str, object]:
    frame = comparison.departments
    (one,) = frame[frame["department"] == department].to_dict("records")
    return {str(key): value for key, value in one.items()}


# --- our own ----------------------------------------------------------------------------------------


def review(form: Form, county: str, given: Filling, score: float) -> Review:
    code, name = str(given.value(CODE)), str(given.value(DEPARTMENT))
    return Review(plain_name(form), 2023, county, code, name, "", score, "", "")


def assert_alike(one: Comparison, other: Comparison) -> None:
    assert (one.form.key, one.previous_year, one.figures) == (
        other.form.key,
        other.previous_year,
        other.figures,
    )
    assert_frame_equal(one.departments, other.departments, rtol=1e-12)
    assert_frame_equal(one.totals, other.totals, rtol=1e-12)


def test_last_year_s_summary_gives_what_last_year_s_returns_gave(tmp_path: Path) -> None:
    """Of several counties, with a reviewed score that stands in no comparison."""
    counties = ("甲县", "乙县")
    before = [
        of_year(changed(given, funds__final_budget=1000.37 + 7.77 * number), 2023, county)
        for county in counties
        for number, given in enumerate((ARCHIVES, SCIENCE, CULTURE))
    ]
    this_year = [of_year(given, 2024, c) for c in counties for given in (SCIENCE, ARCHIVES)]
    form = before[0].submission.form  # type: ignore[union-attr]
    reviews = Reviews(tmp_path / "last.xlsx", (review(form, "乙县", SCIENCE, 41.5),))
    last = aggregate(before, reviews=reviews)
    assert last.main is not None
    assert last.main.departments["counted_score"].eq(41.5).sum() == 1
    path = build_summary(last, tmp_path / "汇总表.xlsx")
    (from_table,) = aggregate(this_year, previous=load_previous(path)).comparisons
    (from_returns,) = aggregate(this_year, previous=last).comparisons
    assert_alike(from_table, from_returns)
    assert (from_table.departments["county"] == "乙县").sum() == 3
    assert not from_table.departments["grade_before"].eq("差").any()
    assert "2023 年度，6 行，金额单位万元（表上写明）" in from_table.remarks[0]


def two_forms(form: Form, year: int, planned: float) -> Summary:
    items = []
    for name, more in (("路", 0), ("桥", 10_000)):
        item = project(form, name, planned=planned + more)
        assert item.submission is not None
        path = Path(f"{year}/{name}.xlsx")
        own = replace(item.submission, fiscal_year=year, path=path)
        items.append(replace(item, path=path, submission=own))
    return aggregate([of_year(ARCHIVES, year), *items])


def test_the_projects_of_our_summary_are_compared_with_projects(tmp_path: Path) -> None:
    form = project_form(tmp_path)
    last = two_forms(form, 2023, 20_000)
    path = build_summary(last, tmp_path / "汇总表.xlsx")
    this_year = two_forms(form, 2024, 50_000)
    tables = load_previous(path).lines(this_year.lines)
    assert [lines.form.id for lines in tables] == ["department_overall", "small_project"]
    projects = tables[1].departments
    assert projects["project"].tolist() == ["路", "桥"]
    assert projects["planned"].tolist() == [2, 3]


def test_our_summary_of_this_year_is_refused(tmp_path: Path) -> None:
    path = build_summary(aggregate(now()), tmp_path / "汇总表.xlsx")
    with pytest.raises(PreviousError, match="这是今年的汇总表（2024 年度）"):
        compared(path)


# --- anybody's --------------------------------------------------------------------------------------


def test_a_plain_csv_is_read_in_its_own_unit(tmp_path: Path) -> None:
    rows: Rows = [
        ["2023年度部门整体支出绩效自评情况"],
        ["单位：元"],
        HEAD,
        ["", NAME, "1,000,000", "800000", "600000.5", "95.5"],
        ["合计", "", 1000000, 800000, 600000.5, ""],
    ]
    comparison = compared(csv_file(tmp_path / "table.csv", rows))
    one = line(comparison, NAME)
    assert (one["original_budget_before"], one["final_budget_before"]) == (100, 80)
    assert one["execution_rate_before"] == pytest.approx(60.00005 / 80)
    assert (one["total_score_before"], one["grade_before"]) == (95.5, "优")
    assert comparison.totals["final_budget_before"].loc["all"] == 80
    assert "金额单位元（表上写明）" in comparison.remarks[0]


def test_a_plain_workbook_may_have_a_head_of_two_rows(tmp_path: Path) -> None:
    rows: Rows = [
        ["部门预算执行情况"],
        ["序号", "单位名称", "预算（元）", None, None, "执行率", "自评\n得分"],
        [None, None, "年初预算数(元)", "全年预算数(元)", "全年执行数(元)"],
        [1, NAME, 1000000, 800000, 600000, 0.1, 88],
        [2, "已撤并的局", 10000, 10000, 10000, 1, 70],
        [None, "合计", 1010000, 810000, 610000, 0.7, None],
    ]
    comparison = compared(sheet_file(tmp_path / "上年.xlsx", rows, "2023年"))
    one = line(comparison, NAME)
    assert one["final_budget_before"] == 80
    # What is printed as the rate is not taken where the amounts are there.
    assert one["execution_rate_before"] == pytest.approx(0.75)
    assert line(comparison, "已撤并的局")["pairing"] == "gone"


def test_a_rate_is_taken_as_printed_only_without_amounts(tmp_path: Path) -> None:
    path = sheet_file(tmp_path / "2023年度.xlsx", [["部门", "执行率"], [NAME, 0.9]])
    comparison = compared(path)
    assert line(comparison, NAME)["execution_rate_before"] == pytest.approx(0.9)
    assert pd.isna(comparison.totals["execution_rate_before"].loc["all"])  # nothing to add up
    assert list(comparison.figures) == ["execution_rate"]
    assert "没有金额" in comparison.remarks[0]


def test_identifiers_are_heads_too_and_wanyuan_is_said_where_nothing_says_it(
    tmp_path: Path,
) -> None:
    rows: Rows = [["department", "单位", "final_budget", "total_score"], ["", NAME, 12.5, 90]]
    comparison = compared(csv_file(tmp_path / "2023年度.csv", rows))
    assert line(comparison, NAME)["final_budget_before"] == 12.5
    assert line(comparison, NAME)["total_score_before"] == 90
    assert "表上没有写明单位，按万元" in comparison.remarks[0]


@pytest.mark.parametrize("head", ["得分", "总分", "自评总分"])
def test_a_score_that_may_be_the_bureau_s_is_not_taken_and_told(tmp_path: Path, head: str) -> None:
    rows: Rows = [["部门", "全年预算数", head, "复核得分", "采用得分"], [NAME, 12.5, 90, 80, 80]]
    comparison = compared(csv_file(tmp_path / "2023年度.csv", rows))
    assert "total_score" not in comparison.figures
    assert f"“{head}”看不出是自评还是复核" in comparison.remarks[1]


def test_cells_that_are_no_numbers_are_missing_and_told(tmp_path: Path) -> None:
    rows: Rows = [["部门", "全年预算数", "全年执行数"], [NAME, "约八十", 60], ["新局", 5, "#N/A"]]
    comparison = compared(sheet_file(tmp_path / "2023年度.xlsx", rows))
    one = line(comparison, NAME)
    assert pd.isna(one["final_budget_before"])  # type: ignore[call-overload]
    assert one["actual_expenditure_before"] == 60
    assert pd.isna(one["execution_rate_before"])  # type: ignore[call-overload]
    assert "Sheet1!B2“约八十”不是数字，没有取用" in str(one["remark"])
    told = "".join(comparison.remarks)
    assert "Sheet1!B2" in told
    assert "Sheet1!C3" in told


def test_an_amount_with_a_unit_of_its_own_is_converted(tmp_path: Path) -> None:
    rows: Rows = [["部门", "全年预算数（元）"], [NAME, "300万元"]]
    comparison = compared(csv_file(tmp_path / "2023年度.csv", rows))
    assert line(comparison, NAME)["final_budget_before"] == 300


GOOD: Rows = [["部门", "全年预算数"], [NAME, 1]]


@pytest.mark.parametrize(
    ("name", "rows", "told"),
    [
        ("2023年度.csv", [["甲", "乙"], ["1", "2"]], "没有带“部门”.*第一行是：甲、乙"),
        ("2023年度.csv", [[]], "没有带“部门”"),
        ("2023年度.csv", [["部门", "得分"], [NAME, 1]], "第 1 行的表头没有金额.*“得分”看不出"),
        ("表.csv", GOOD, "看不出是哪个年度的.*文件名里写上年度"),
        ("表.csv", [["2022年度与2023年度"], *GOOD], "写着 2022、2023"),
        ("2024年度.csv", GOOD, "这是今年的汇总表（2024 年度）"),
        ("2025年度.csv", GOOD, "在今年之后（2025 年度）"),
        (
            "2023年度.csv",
            [*GOOD, [NAME, 2]],
            "第 2、3 行都是.*，不同县区的请加一列“县区”；同一家的请只留一行",
        ),
        (
            "2023年度.csv",
            [["县区", "部门", "全年预算数"], ["甲县", NAME, 2], ["甲县", NAME, 3]],
            "第 2、3 行都是“[^”]*”，请只留一行",
        ),
        ("2023年度.csv", [["部门", "全年预算数（百元）"], [NAME, 2]], "单位是“百元”"),
        ("2023年度.csv", [["部门", "项目名称", "全年预算数"], [NAME, "路", 1]], "都不是按项目的"),
        (
            "2023年度.csv",
            [["部门", "全年预算", "全年预算数"], [NAME, 1, 2]],
            "两列都像是“全年预算数”",
        ),
    ],
)
def test_a_table_that_does_not_do_is_refused_with_the_remedy(
    tmp_path: Path, name: str, rows: Rows, told: str
) -> None:
    path = csv_file(tmp_path / name, rows)
    with pytest.raises(PreviousError, match=told) as caught:
        compared(path)
    assert str(path) in str(caught.value)


def test_two_sheets_of_one_form_and_year_are_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for title in ("甲", "乙"):
        sheet = book.create_sheet(title)
        for row in GOOD:
            sheet.append(row)
    book.remove(book["Sheet"])
    path = tmp_path / "2023年度.xlsx"
    book.save(path)
    with pytest.raises(PreviousError, match="工作表“甲”和工作表“乙”"):
        compared(path)


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"PK\x03\x04 broken", "已损坏"), (b"%PDF-1.7\0\0", "须为 .csv 或 .xlsx"), (None, "找不到")],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, data: bytes | None, told: str) -> None:
    path = tmp_path / "2023年度.xlsx"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(PreviousError, match=told):
        load_previous(path)
