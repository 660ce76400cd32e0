"""The summary workbook shows what pandas worked out, and its formulas, recalculated, agree."""

import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import coordinate_to_tuple
from openpyxl.worksheet.worksheet import Worksheet

from builder import summary as builder_summary
from builder.summary import build_summary
from tests.fillings import (
    FILLED,
    ROSTER,
    accepted,
    changed,
    filling,
    project,
    project_form,
    rejected,
    sample_returns,
)
from tests.office import Office
from workbook.across import across
from workbook.errors import BuildError
from workbook.findings import Finding, Severity, finding
from workbook.roster import load_roster
from workbook.submission import Filling, Return
from workbook.summary import Summary, aggregate

EVIL = '=HYPERLINK("http://x","x")'


def scaled(given: Filling, share: float) -> Filling:
    """A filling whose scores are a share of what they were."""
    rows = {
        number: row | ({"self_score": round(score * share, 2)} if isinstance(score, float) else {})
        for number, row in given.rows["indicators"].items()
        for score in [row.get("self_score")]
    }
    return replace(given, rows={"indicators": rows})


def story() -> list[Return]:
    """The samples with every sort of trouble: faulty, blank, duplicate, rejected, off the roster."""
    returns = sample_returns()
    grave = Finding(
        "D401", Severity.ERROR, EVIL, "请核对。", "自评表", "H30", printed="40", expected="50"
    )
    returns[2] = replace(returns[2], findings=(grave, finding("V303", label="x", receipt="y")))
    blank = changed(filling(FILLED[1]), funds__actual_expenditure=None, funds__other_funds=None)
    returns[1] = accepted(blank, "returns/b.xlsx", modified="2025-03-01")
    returns[3] = accepted(scaled(filling(FILLED[3]), 0.85), "returns/c.xlsx")
    returns[4] = accepted(scaled(filling(FILLED[4]), 0.3), "returns/d.xlsx")
    returns[5] = accepted(
        changed(
            scaled(filling(FILLED[5]), 0.7), identity__department="", goals__achieved_goals=EVIL
        ),
        "returns/e.xlsx",
    )
    stranger = changed(
        filling(FILLED[0]), identity__department_code="9", identity__department="=1+1"
    )
    late = accepted(filling(FILLED[0]), "returns/again.xlsx", modified="2025-04-01")
    broken = rejected("returns/119001.xlsx", finding("W104", detail="x"))
    return [*returns, accepted(stranger, "returns/s.xlsx"), late, broken]


def summed(returns: list[Return]) -> Summary:
    roster = load_roster(ROSTER)
    return aggregate(across(returns, roster), roster)


@pytest.fixture(scope="module")
def summary() -> Summary:
    return summed(story())


@pytest.fixture(scope="module")
def path(summary: Summary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_summary(summary, tmp_path_factory.mktemp("summary") / "汇总.xlsx")


def sheet_of(path: Path, name: str, *, shown: bool = True) -> Worksheet:
    book = openpyxl.load_workbook(path, data_only=shown)
    sheet = book[name]
    assert isinstance(sheet, Worksheet)
    return sheet


def heads(sheet: Worksheet) -> list[str]:
    return [str(cell.value).replace("\n", "") for cell in sheet[3] if cell.value]


def column(sheet: Worksheet, head: str) -> list[object]:
    """A list's entries under a head."""
    place = heads(sheet).index(head) + 1
    return [sheet.cell(row, place).value for row in range(4, sheet.max_row + 1)]


def test_the_sheets_stand_in_the_order_of_use(path: Path) -> None:
    assert openpyxl.load_workbook(path).sheetnames == [
        *("部门汇总", "综合分析", "资金构成", "指标明细"),
        *("问题清单", "催报名单", "文件清单", "参数"),
    ]


def test_a_department_s_line_has_what_the_bureau_asks_for(path: Path, summary: Summary) -> None:
    sheet = sheet_of(path, "部门汇总")
    assert heads(sheet) == [
        *("序号", "状态", "预算编码", "部门", "年初预算数", "全年预算数", "全年执行数", "执行率"),
        *("自评得分", "复核得分", "等次", "备注", "错误", "提醒", "说明", "文件"),
    ]
    assert summary.main is not None
    lines = summary.main.departments
    assert column(sheet, "预算编码")[: len(lines)] == lines["code"].tolist()
    states = dict(zip(column(sheet, "预算编码"), column(sheet, "状态"), strict=True))
    assert states["119001"] == "退回"
    assert states["412001"] == "未报"
    assert states["207001"] == "须修改"
    assert set(column(sheet, "等次")[: len(lines)]) == {"优", "良", "中", "差", None}


def test_totals_shown_are_pandas_figures(path: Path, summary: Summary) -> None:
    assert summary.main is not None
    sheet = sheet_of(path, "部门汇总")
    total = 4 + len(summary.main.departments)
    names = heads(sheet)
    for head, figure in (("全年预算数", "final_budget"), ("执行率", "execution_rate")):
        shown = sheet.cell(total, names.index(head) + 1).value
        assert shown == pytest.approx(float(summary.main.totals["value"].loc[figure]), rel=1e-12)
    # One department gave no expenditure: it is in neither term of the rate.
    assert summary.main.totals["missing"].loc["actual_expenditure"] == 1


def test_text_from_returns_is_never_a_formula(path: Path) -> None:
    assert EVIL in column(sheet_of(path, "问题清单", shown=False), "问题")
    assert "=1+1" in column(sheet_of(path, "部门汇总", shown=False), "部门")
    book = openpyxl.load_workbook(path)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f" or "HYPERLINK" not in str(cell.value)
                assert cell.hyperlink is None
    for name in ("部门汇总", "问题清单"):
        evil = [c for row in book[name].iter_rows() for c in row if c.value in (EVIL, "=1+1")]
        assert evil
        assert {cell.data_type for cell in evil} == {"s"}


def test_only_functions_that_every_office_knows_are_used(path: Path) -> None:
    with zipfile.ZipFile(path) as parts:
        sheets = [n for n in parts.namelist() if n.startswith("xl/worksheets/sheet")]
        assert not any(b"_xlfn" in parts.read(name) for name in sheets)


def test_lists_are_set_up_to_be_read_and_printed(path: Path) -> None:
    for name in ("部门汇总", "指标明细", "问题清单", "催报名单", "文件清单"):
        sheet = sheet_of(path, name)
        assert sheet.freeze_panes is not None
        assert sheet.auto_filter.ref is not None
        assert sheet.auto_filter.ref.startswith("A3:")
        assert sheet.print_title_rows == "$3:$3"
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.page_setup.fitToHeight == 0
        with zipfile.ZipFile(path) as parts:
            assert b"&amp;P" in parts.read("xl/worksheets/sheet1.xml")


def test_every_file_and_every_finding_is_listed(path: Path, summary: Summary) -> None:
    files = sheet_of(path, "文件清单")
    uses = dict(zip(column(files, "文件"), column(files, "结果"), strict=True))
    assert len(uses) == len(summary.files) == 15
    assert uses["returns/119001.xlsx"] == "退回"
    duplicate = f"returns/{FILLED[0].stem}.xlsx"
    assert uses[duplicate] == "重复，未计入"
    assert column(sheet_of(path, "问题清单"), "代码") == summary.findings["code"].tolist()


def test_who_is_due_is_listed_with_whom_to_call(path: Path) -> None:
    sheet = sheet_of(path, "催报名单")
    due = dict(zip(column(sheet, "预算编码"), column(sheet, "联系电话"), strict=True))
    assert due == {"119001": "0730-8400119", "207001": "0730-8400157", "412001": "0730-8400141"}
    assert column(sheet, "原因") == ["文件已损坏或不完整：x", "有 1 处错误，见问题清单", "尚未报送"]


def assert_recalculated_equal(office: Office, path: Path) -> int:
    """Every formula's recalculated value is the one in the file; returns how many there are."""
    cached = openpyxl.load_workbook(path, data_only=True)
    compared = 0
    with office.open(path) as book:
        office.recalculate(book)
        for sheet in openpyxl.load_workbook(path):
            found = office.sheet_values(book, sheet.title)
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type != "f":
                        continue
                    compared += 1
                    line, place = coordinate_to_tuple(cell.coordinate)
                    now = found[line - 1][place - 1]
                    told = cached[sheet.title][cell.coordinate].value
                    where = f"{sheet.title}!{cell.coordinate} {cell.value}"
                    if isinstance(told, int | float):
                        assert now == pytest.approx(told, rel=1e-12, abs=1e-12), where
                    else:
                        assert (now or None) == (told or None), where
    return compared


def test_every_formula_recalculates_to_pandas_figure(office: Office, path: Path) -> None:
    assert assert_recalculated_equal(office, path) > 300


def test_a_typed_review_score_decides_the_grade(office: Office, path: Path) -> None:
    with office.open(path) as book:
        names = heads(sheet_of(path, "部门汇总"))
        review, grade = ("ABCDEFGHIJKLMNOP"[names.index(head)] for head in ("复核得分", "等次"))
        assert office.values(book, [("部门汇总", f"{grade}4")]) == {("部门汇总", f"{grade}4"): "优"}
        for typed, expected in ((59.99, "差"), (60, "中"), (80, "良"), (89.99, "良"), (90, "优")):
            office.type_values(book, {("部门汇总", f"{review}4"): typed})
            office.recalculate(book)
            assert list(office.values(book, [("部门汇总", f"{grade}4")]).values()) == [expected]
        office.type_values(book, {("参数", "C4"): 95})
        office.recalculate(book)
        assert list(office.values(book, [("部门汇总", f"{grade}4")]).values()) == ["良"]


def test_other_forms_have_sheets_of_their_own(office: Office, tmp_path: Path) -> None:
    form = project_form(tmp_path)
    projects = [project(form, "桥"), project(form, "路", planned=0)]
    path = build_summary(summed([*sample_returns(), *projects]), tmp_path / "all.xlsx")
    names = openpyxl.load_workbook(path).sheetnames
    assert [n for n in names if "项目" in n] == [
        "项目支出汇总",
        "项目支出综合分析",
        "项目支出实施步骤明细",
    ]
    sheet = sheet_of(path, "项目支出汇总")
    assert heads(sheet)[4:8] == ["项目名称", "安排数", "支出数", "结余"]
    assert column(sheet, "安排数")[:3] == [2, 0, 2]
    assert_recalculated_equal(office, path)


@pytest.mark.parametrize("with_roster", [True, False])
def test_nothing_to_sum_up_still_makes_a_workbook(
    office: Office, tmp_path: Path, *, with_roster: bool
) -> None:
    roster = load_roster(ROSTER) if with_roster else None
    broken = rejected("118001_x.xlsx", finding("W102"))
    path = build_summary(aggregate([broken], roster), tmp_path / "none.xlsx")
    states = column(sheet_of(path, "部门汇总"), "状态")
    assert states.count("未报") == (13 if with_roster else 0)
    assert states.count("退回") == (1 if with_roster else 0)
    assert_recalculated_equal(office, path)


def test_a_big_summary_is_written_without_holding_it(
    monkeypatch: pytest.MonkeyPatch, summary: Summary, path: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(builder_summary, "_BIG", 0)
    lean = build_summary(summary, tmp_path / "lean.xlsx")
    for name in openpyxl.load_workbook(path).sheetnames:
        ours, theirs = sheet_of(lean, name), sheet_of(path, name)
        assert [[c.value for c in row] for row in ours] == [
            [c.value for c in row] for row in theirs
        ]


def test_a_place_that_cannot_be_written_is_told(summary: Summary, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="文件夹"):
        build_summary(summary, tmp_path)
