"""The summary workbook shows what pandas worked out, and its formulas, recalculated, agree."""

import functools
import os
import re
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.utils import coordinate_to_tuple
from openpyxl.worksheet.worksheet import Worksheet

from builder import build_summary
from builder.sheets import Column, Links, listing
from builder.summary import contents as builder_summary
from builder.summary.contents import LISTS
from tests.api import Severity, finding
from tests.fillings import (
    FILLED,
    ROSTER,
    accepted,
    changed,
    filling,
    overall,
    project,
    project_form,
    rejected,
    sample_returns,
)
from tests.office import Office, Target
from workbook import BuildError, Filling, Finding, Return, Summary, aggregate, load_roster
from workbook.address import letters
from workbook.checking import add_findings_between
from workbook.overview import sample
from workbook.summary import INVALID, SET_ASIDE

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
    returns[0] = replace(returns[0], modified="2025-03-01")
    grave = Finding(
        "D401", Severity.ERROR, EVIL, "请核对。", "自评表", "H30", printed="40", expected="50"
    )
    returns[2] = replace(
        returns[2], findings=(grave, finding("V303", label="x", raw="0", receipt="y"))
    )
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
    return aggregate(add_findings_between(returns, roster), roster)


@pytest.fixture(scope="module")
def summary() -> Summary:
    return summed(story())


@pytest.fixture(scope="module")
def path(summary: Summary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_summary(summary, tmp_path_factory.mktemp("summary") / "汇总.xlsx")


@functools.cache
def opened(path: Path, *, shown: bool = True) -> Workbook:
    """A book that no test changes, read once: as it shows itself, or with its formulas."""
    return openpyxl.load_workbook(path, data_only=shown)


def sheet_of(path: Path, name: str, *, shown: bool = True) -> Worksheet:
    sheet = opened(path, shown=shown)[name]
    assert isinstance(sheet, Worksheet)
    return sheet


def heads(sheet: Worksheet) -> list[str]:
    return [str(cell.value).replace("\n", "") for cell in sheet[3] if cell.value]


def column(sheet: Worksheet, head: str) -> list[object]:
    """A list's entries under a head."""
    place = heads(sheet).index(head) + 1
    return [sheet.cell(row, place).value for row in range(4, sheet.max_row + 1)]


def test_the_sheets_stand_in_the_order_of_use(path: Path) -> None:
    assert opened(path).sheetnames == [
        *("总览", "部门汇总", "资金构成", "指标明细", "指标分析", "抽查复核名单"),
        *(each.title for each in LISTS if each.title not in (SET_ASIDE, "项目报送情况")),
        *("来源", "参数", "图表数据"),
    ]
    assert [each.title for each in LISTS][:4] == [
        "问题清单",
        "报送情况",
        "项目报送情况",
        "催报名单",
    ]


def test_a_department_s_line_has_what_the_bureau_asks_for(path: Path, summary: Summary) -> None:
    sheet = sheet_of(path, "部门汇总")
    assert heads(sheet) == [
        *("序号", "状态", "预算编码", "部门", "年初预算数", "全年预算数", "全年执行数", "执行率"),
        *("自评得分", "复核得分", "采用得分", "等次", "名次", "错误", "提醒"),
        *("备注", "来源", "原表"),
    ]
    assert summary.main is not None
    lines = summary.main.departments
    assert column(sheet, "预算编码")[: len(lines)] == lines["code"].tolist()
    states = dict(zip(column(sheet, "预算编码"), column(sheet, "状态"), strict=True))
    assert states["119001"] == "退回"
    assert states["412001"] == "未报"
    assert states["207001"] == "须修改"
    assert set(column(sheet, "等次")[: len(lines)]) == {"优", "良", "中", "差", None, INVALID}


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
    book = opened(path, shown=False)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f" or "HYPERLINK" not in str(cell.value)
    for name in ("部门汇总", "问题清单"):
        evil = [c for row in book[name].iter_rows() for c in row if c.value in (EVIL, "=1+1")]
        assert evil
        assert {cell.data_type for cell in evil} == {"s"}


def test_only_functions_that_every_office_knows_are_used(path: Path) -> None:
    with zipfile.ZipFile(path) as parts:
        sheets = [n for n in parts.namelist() if n.startswith("xl/worksheets/sheet")]
        assert not any(b"_xlfn" in parts.read(name) for name in sheets)


def test_lists_are_set_up_to_be_read_and_printed(path: Path) -> None:
    book = opened(path, shown=False)
    for name in set(book.sheetnames) - {"总览", "指标分析", "参数", "图表数据"}:
        sheet = book[name]
        assert sheet.freeze_panes is not None
        assert sheet.auto_filter.ref is not None
        assert sheet.auto_filter.ref.startswith("A3:")
        assert sheet.print_title_rows == "$3:$3"
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.page_setup.fitToWidth in (None, 1)
        footer = sheet.oddFooter
        assert footer is not None
        assert "&P" in str(footer.right.text)


@pytest.mark.parametrize(
    ("lines", "pages"),
    [(10, 0), (25, 0), (26, 1), (30, 1), (32, 0), (52, 0), (60, 2), (65, 0), (5000, 0)],
)
def test_a_list_s_last_page_is_not_nearly_empty(lines: int, pages: int) -> None:
    """Of a page as wide as the paper, which holds 25 lines: 30 are printed smaller, on one."""
    column = Column("name", "部门", 780 / 5.6, ["档案馆"] * lines)
    assert listing._pages([column], lines, ()) == pages


def test_what_only_we_understand_stands_where_it_is_looked_for(
    path: Path, summary: Summary
) -> None:
    codes = set(summary.findings["code"]) | {rule.code for rule in overall().rules}
    speaks_of_them = re.compile("|".join(sorted(codes)) + "|SHA|[a-z]_[a-z]|--[a-z]")
    for sheet in opened(path):
        if sheet.title in ("来源", "问题清单"):
            continue
        names = {n for n, cell in enumerate(sheet[3]) if cell.value in ("文件", "位置", "单元格")}
        for row in sheet.iter_rows(min_row=1):
            texts = [
                cell.value for n, cell in enumerate(row) if n not in names or (cell.row or 0) <= 3
            ]
            assert not [t for t in texts if isinstance(t, str) and speaks_of_them.search(t)]


def test_the_overview_is_one_page_of_paper(path: Path) -> None:
    sheet = sheet_of(path, "总览")
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("portrait", 9)
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) in ((1, 1), (None, None))
    setup = sheet.sheet_properties.pageSetUpPr
    assert setup is not None
    assert setup.fitToPage
    assert str(sheet.print_area).startswith("'总览'!$A$1:$L$")
    with zipfile.ZipFile(path) as parts:
        charts = [name for name in parts.namelist() if name.startswith("xl/charts/chart")]
    assert len(charts) == 4


def test_the_rate_chart_names_each_department_shortly_with_its_county(tmp_path: Path) -> None:
    returns = [
        replace(
            accepted(changed(filling(FILLED[0]), identity__department=f"岳阳市{county}教育局"), f"{n}.xlsx"),
            county=county,
        )
        for n, county in enumerate(("云溪区", "君山区"))
    ]  # fmt: skip
    path = build_summary(aggregate(returns), tmp_path / "汇总.xlsx")
    names = [row[0].value for row in sheet_of(path, "图表数据").iter_rows(min_row=5, max_row=6)]
    assert names == ["云溪区教育局", "君山区教育局"]


def test_every_file_and_every_finding_is_listed(path: Path, summary: Summary) -> None:
    files = sheet_of(path, "文件清单")
    listed_uses = zip(column(files, "文件"), column(files, "结果"), strict=True)
    uses = {name: use for name, use in listed_uses if name}
    assert len(uses) == len(summary.files) == 15
    assert uses["returns/119001.xlsx"] == "退回"
    duplicate = f"returns/{FILLED[0].stem}.xlsx"
    assert uses[duplicate] == "重复，未计入"
    listed, found = sheet_of(path, "问题清单"), summary.findings
    found = found[found["path"] != duplicate]
    lines = len(found.drop_duplicates(["path", "code", "severity", "sheet"]))
    codes = column(listed, "代码")[:lines]
    assert set(codes) == set(found["code"])
    assert "A502" not in codes
    told = column(listed, "计入")[:lines]
    assert set(told) == {"是", "否"}


def test_who_is_due_is_listed_with_whom_to_call(path: Path) -> None:
    sheet = sheet_of(path, "催报名单")
    due = dict(zip(column(sheet, "预算编码"), column(sheet, "联系电话"), strict=True))
    assert due == {"119001": "0730-8400119", "207001": "0730-8400157", "412001": "0730-8400141"}
    assert column(sheet, "原因") == ["文件已损坏或不完整：x", "有 1 处错误，见问题清单", "尚未报送"]


def assert_recalculated_equal(office: Office, path: Path) -> int:
    """Every formula's recalculated value is the one in the file; returns how many there are."""
    cached = opened(path)
    compared = 0
    with office.open(path) as book:
        office.recalculate(book)
        for sheet in opened(path, shown=False):
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


def typed(
    office: Office, path: Path, values: dict[Target, float], asked: list[Target]
) -> list[object]:
    """What cells show once some values were typed."""
    with office.open(path) as book:
        office.type_values(book, values)
        office.recalculate(book)
        found = office.values(book, asked)
    return [found[target] for target in asked]


def place(path: Path, sheet: str, head: str, row: int = 4) -> Target:
    """The cell of a list's row under a head."""
    names = heads(sheet_of(path, sheet))
    return sheet, f"{letters(names.index(head) + 1)}{row}"


def test_a_typed_review_score_moves_rank_and_overview(
    office: Office, path: Path, summary: Summary
) -> None:
    assert summary.main is not None
    graded = summary.main.grades["departments"]
    asked = [place(path, "部门汇总", "名次"), place(path, "部门汇总", "采用得分"),
             overview_cell(path, "优"), overview_cell(path, "差")]  # fmt: skip
    found = typed(office, path, {place(path, "部门汇总", "复核得分"): 12.345}, asked)
    scored = int(summary.main.departments["counted_score"].count())
    assert found == [scored, 12.35, graded.loc["优"] - 1, graded.loc["差"] + 1]


def overview_cell(path: Path, grade: str) -> Target:
    """The count of a grade on the first page."""
    sheet = sheet_of(path, "总览")
    row = next(n for n in range(1, 40) if sheet.cell(n, 1).value == grade)
    return "总览", f"C{row}"


def test_the_sample_follows_its_settings(office: Office, path: Path, summary: Summary) -> None:
    assert summary.main is not None
    drawn = sample(summary.main)
    settings = sheet_of(path, "参数")
    rows = {str(settings.cell(n, 1).value): n for n in range(1, settings.max_row + 1)}
    assert settings.cell(rows["抽查份数"], 2).value == drawn["sampled"].sum()
    last = 3 + len(drawn)
    asked = [place(path, "抽查复核名单", "是否抽查", row) for row in range(4, last + 1)]
    none: dict[Target, float] = {
        ("参数", f"C{rows[c.label]}"): 0.0 for c in overall().key_fields.criteria
    }
    shares: dict[Target, float] = {
        ("参数", f"B{rows['抽查比例']}"): 0.0,
        ("参数", f"B{rows['至少抽查份数']}"): 2.0,
    }
    found = typed(office, path, none | shares, asked)
    # Without points the funds decide alone.
    largest = drawn["budget"].rank(ascending=False) <= 2
    assert [told == "抽查" for told in found] == largest.tolist()


def test_links_lead_to_the_return_s_cell(path: Path, summary: Summary) -> None:
    book = opened(path, shown=False)
    findings = summary.findings[summary.findings["code"] != "A502"]
    to = heads(book["问题清单"]).index("打开") + 1
    row = 4 + findings["code"].tolist().index("D401")
    link = book["问题清单"].cell(row, to).hyperlink
    assert link is not None
    assert link.location == "'自评表'!H30"
    wanted = os.path.relpath(Path(findings["path"].iloc[row - 4]).absolute(), path.parent)
    assert link.target == wanted
    budget = heads(book["部门汇总"]).index("全年预算数") + 1
    figure = book["部门汇总"].cell(4, budget)
    assert isinstance(figure.value, float)
    assert figure.hyperlink is not None
    assert figure.hyperlink.location == "'自评表'!E7"
    for sheet in book:
        for cells in sheet.iter_rows():
            for cell in cells:
                found = cell.hyperlink
                assert found is None or found.target is None or "returns/" in found.target


def test_a_list_has_few_links_and_says_where(
    summary: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_LINKS", 15)
    book = openpyxl.load_workbook(build_summary(summary, tmp_path / "few.xlsx"))
    for name in ("部门汇总", "指标明细", "来源"):
        cells = [cell for row in book[name].iter_rows() for cell in row]
        linked = [cell for cell in cells if cell.hyperlink]
        assert 0 < len(linked) <= 15
        assert any("链接" in str(cell.value) and "只在" in str(cell.value) for cell in cells)
        # Every row that says "打开" opens something.
        for cell in cells:
            assert cell.value not in ("打开", "查看") or cell.hyperlink
    original = heads(book["部门汇总"]).index("原表") + 1
    assert {
        cell.column for row in book["部门汇总"].iter_rows() for cell in row if cell.hyperlink
    } >= {original}
    found = {cell.row for row in book["来源"].iter_rows() for cell in row if cell.hyperlink}
    assert found == set(range(4, 19))


def test_a_file_s_name_cannot_make_a_link_lead_elsewhere() -> None:
    links = Links(Path("out"))
    assert (
        links.to("in/a#b%20 c.xlsx", "表", "A1,B2") == "external:../in/a%23b%2520%20c.xlsx#'表'!A1"
    )
    assert links.to("out/http:x.xlsx") == "external:./http%3ax.xlsx"
    assert links.to("in/all.zip/a.xlsx", "表", "A1") == ""
    assert links.to("in/a.xlsx\nin/b.xlsx") == ""
    assert links.to("in/a.xlsx", "它'表", "A1").endswith("#'它''表'!A1")


def test_each_figure_of_a_line_tells_its_cell(path: Path, summary: Summary) -> None:
    assert summary.main is not None
    sources = sheet_of(path, "来源")
    assert len(summary.main.sources) == column(sources, "数据").index(None)
    own = summary.main.sources
    total = own[own["figure"] == "final_budget"]["value"].sum()
    assert total == pytest.approx(float(summary.main.totals["value"].loc["final_budget"]))
    assert own[own["figure"] == "execution_rate"]["origin"].unique().tolist() == ["recomputed"]


def test_who_is_late_is_told(tmp_path: Path) -> None:
    late = accepted(filling(FILLED[0]), "a.xlsx", modified="2025-03-25")
    roster = load_roster(ROSTER)
    path = build_summary(aggregate([late], roster, deadline=date(2025, 3, 20)), tmp_path / "s.xlsx")
    sheet = sheet_of(path, "报送情况")
    assert column(sheet, "迟报天数")[:2] == [5, None]
    assert column(sheet, "截止日期")[0] == "2025-03-20"
    assert column(sheet, "日期依据")[0] == "文件保存时间"


def test_beyond_what_a_sheet_holds_it_says_where_the_rest_is(
    office: Office, monkeypatch: pytest.MonkeyPatch, summary: Summary, tmp_path: Path
) -> None:
    monkeypatch.setattr(listing, "MOST_ROWS", 10)
    path = build_summary(summary, tmp_path / "short.xlsx")
    for name in ("部门汇总", "指标明细", "来源"):
        sheet = sheet_of(path, name)
        assert any("--data" in str(value) for value in column(sheet, heads(sheet)[0]) if value)
    assert_recalculated_equal(office, path)
    assert summary.main is not None
    total = float(summary.main.totals["value"].loc["final_budget"])
    shown = [cell.value for row in sheet_of(path, "总览").iter_rows() for cell in row]
    assert total in shown


@pytest.mark.parametrize("count", [1, 26])
def test_one_department_or_many_make_a_workbook(office: Office, tmp_path: Path, count: int) -> None:
    returns = [
        accepted(
            changed(
                filling(FILLED[n % 12]),
                identity__department=f"{n}局",
                identity__department_code=str(n),
            ),
            f"{n}.xlsx",
        )
        for n in range(100, 100 + count)
    ]
    path = build_summary(aggregate(returns), tmp_path / "s.xlsx")
    assert "催报名单" not in opened(path).sheetnames
    assert_recalculated_equal(office, path)


def test_other_forms_have_sheets_of_their_own(office: Office, tmp_path: Path) -> None:
    form = project_form(tmp_path)
    projects = [project(form, "桥"), project(form, "路", planned=0)]
    path = build_summary(summed([*sample_returns(), *projects]), tmp_path / "all.xlsx")
    names = opened(path).sheetnames
    assert [n for n in names if "项目" in n] == [
        "项目支出总览",
        "项目支出汇总",
        "项目支出实施步骤明细",
        "项目报送情况",
        "项目支出来源",
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
    for name in opened(path).sheetnames:
        ours, theirs = sheet_of(lean, name), sheet_of(path, name)
        assert [[c.value for c in row] for row in ours] == [
            [c.value for c in row] for row in theirs
        ]


def test_a_place_that_cannot_be_written_is_told(summary: Summary, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="文件夹"):
        build_summary(summary, tmp_path)


def test_without_a_roster_nobody_is_said_to_be_off_it(tmp_path: Path) -> None:
    book = opened(build_summary(aggregate(sample_returns()), tmp_path / "s.xlsx"))
    texts = [str(cell.value) for row in book["报送情况"].iter_rows() for cell in row]
    assert not [text for text in texts if "名册" in text and "单位" not in text]
