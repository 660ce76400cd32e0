"""The summary workbook lives on: recalculated it shows what pandas worked out, and it follows what is typed.

What stands in it is in the approved texts (tests/pins).
"""

import functools
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from builder import build_summary
from builder.sheets import Column, Heading, Links, book_at, write_list
from tests.api import Severity, finding, replace_part
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
    return_of,
    sample_returns,
    two_years,
)
from tests.office import Office, Target
from tests.sheets import cells, differences, formulas
from workbook import (
    BuildError,
    Filling,
    Finding,
    Return,
    Summary,
    aggregate,
    load_previous,
    load_roster,
)
from workbook.checking import add_findings_between
from workbook.overview import sample

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


def test_only_functions_that_every_office_knows_are_used(path: Path) -> None:
    with zipfile.ZipFile(path) as parts:
        sheets = [n for n in parts.namelist() if n.startswith("xl/worksheets/sheet")]
        assert not any(b"_xlfn" in parts.read(name) for name in sheets)


@pytest.mark.parametrize(
    ("lines", "pages"),
    [(10, 0), (25, 0), (26, 1), (30, 1), (32, 0), (52, 0), (60, 2), (65, 0), (5000, 0)],
)
def test_a_list_s_last_page_is_not_nearly_empty(lines: int, pages: int, tmp_path: Path) -> None:
    """Of a page as wide as the paper, which holds 25 lines: 30 are printed smaller, on one."""
    with book_at(tmp_path / "list.xlsx") as book:
        column = Column("name", "部门", 780 / 5.6, ["档案馆"] * lines)
        write_list(book, Heading("单位", "单位"), [column])
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx")["单位"]
    told = sheet.page_setup.fitToHeight
    assert (1 if told is None else told) == pages


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


def test_who_is_due_is_listed_with_whom_to_call(path: Path) -> None:
    sheet = sheet_of(path, "催报名单")
    due = dict(zip(column(sheet, "预算编码"), column(sheet, "联系电话"), strict=True))
    assert due == {"119001": "0730-8400119", "207001": "0730-8400157", "412001": "0730-8400141"}
    assert column(sheet, "原因") == ["文件已损坏或不完整：x", "有 1 处错误，见问题清单", "尚未报送"]


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
    return sheet, f"{get_column_letter(names.index(head) + 1)}{row}"


def test_a_typed_review_score_moves_grade_rank_and_overview(
    office: Office, path: Path, summary: Summary
) -> None:
    assert summary.main is not None
    graded = summary.main.grades["departments"]
    review, grade = (place(path, "部门汇总", head) for head in ("复核得分", "等次"))
    asked = [place(path, "部门汇总", "名次"), place(path, "部门汇总", "采用得分"),
             overview_cell(path, "优"), overview_cell(path, "差")]  # fmt: skip
    found = typed(office, path, {review: 12.345}, asked)
    scored = int(summary.main.departments["counted_score"].count())
    assert found == [scored, 12.35, graded.loc["优"] - 1, graded.loc["差"] + 1]
    for score, told in ((59.99, "差"), (60, "中"), (80, "良"), (89.99, "良"), (90, "优")):
        assert typed(office, path, {review: score}, [grade]) == [told]
    assert typed(office, path, {review: 90, ("参数", "C4"): 95}, [grade]) == ["良"]


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


def test_a_list_has_few_links_and_says_where(
    summary: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_part(monkeypatch, "the links of a list", 15)
    book = openpyxl.load_workbook(build_summary(summary, tmp_path / "few.xlsx"))
    for name in ("部门汇总", "指标明细", "来源"):
        every = [cell for row in book[name].iter_rows() for cell in row]
        linked = [cell for cell in every if cell.hyperlink]
        assert 0 < len(linked) <= 15
        assert any("链接" in str(cell.value) and "只在" in str(cell.value) for cell in every)
        # Every row that says "打开" opens something.
        for cell in every:
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


def test_a_big_summary_is_written_without_holding_it(
    monkeypatch: pytest.MonkeyPatch, summary: Summary, path: Path, tmp_path: Path
) -> None:
    replace_part(monkeypatch, "the rows that a summary holds in memory", 0)
    lean = build_summary(summary, tmp_path / "lean.xlsx")
    for name in opened(path).sheetnames:
        ours, theirs = sheet_of(lean, name), sheet_of(path, name)
        assert [[c.value for c in row] for row in ours] == [
            [c.value for c in row] for row in theirs
        ]


def test_a_place_that_cannot_be_written_is_told(summary: Summary, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="文件夹"):
        build_summary(summary, tmp_path)


# --- recalculated ---------------------------------------------------------------------------------


def of(count: int) -> Summary:
    """So many departments, which filled in as the samples in turn."""
    given = [
        changed(
            filling(FILLED[n % len(FILLED)]),
            identity__department=f"{n}局",
            identity__department_code=f"{n}",
        )
        for n in range(100, 100 + count)
    ]
    return aggregate([accepted(each, f"{n}.xlsx") for n, each in enumerate(given)])


def of_two_forms(folder: Path) -> Summary:
    form = project_form(folder)
    return summed([*sample_returns(), project(form, "桥"), project(form, "路", planned=0)])


def of_nothing_read(folder: Path) -> Summary:
    del folder
    return aggregate([rejected("118001_x.xlsx", finding("W102"))], load_roster(ROSTER))


def of_years(now: list[Filling], before: list[Filling]) -> Summary:
    last_year = [changed(given, identity__fiscal_year=2023) for given in before]
    this, last = (
        [accepted(given, f"{year}/{n}.xlsx") for n, given in enumerate(fillings)]
        for year, fillings in ((2024, now), (2023, last_year))
    )
    return aggregate(this, previous=aggregate(last))


def of_a_table_with_rates_alone(folder: Path) -> Summary:
    table = folder / "2023年度.csv"
    rows = "部门,执行率,自评得分\n岳阳市云溪区档案馆,90%,约八十\n新局,1,120\n"
    table.write_text(rows, encoding="utf-8")
    return aggregate([return_of(1)], previous=load_previous(table))


ARCHIVES, SCIENCE = (filling(path) for path in FILLED[:2])
ROUNDS: dict[str, Callable[[Path], Summary]] = {
    "every sort of trouble": lambda _: summed(story()),
    "one department": lambda _: of(1),
    "many departments": lambda _: of(26),
    "two forms": of_two_forms,
    "nothing read": of_nothing_read,
    "nothing at all": lambda _: aggregate([]),
    "two years": lambda _: two_years(),
    "no department in both years": lambda _: of_years([ARCHIVES], [SCIENCE]),
    "a figure lacking in one year": lambda _: of_years(
        [ARCHIVES, SCIENCE], [ARCHIVES, changed(SCIENCE, funds__actual_expenditure=None)]
    ),
    "a table with rates alone": of_a_table_with_rates_alone,
}


@pytest.mark.parametrize("which", ROUNDS)
def test_every_formula_recalculates_to_what_pandas_worked_out(
    office: Office, tmp_path: Path, which: str
) -> None:
    path = build_summary(ROUNDS[which](tmp_path), tmp_path / "s.xlsx")
    assert differences(office, path) == []
    assert len(formulas(path)) > (300 if which == "every sort of trouble" else 0)


def test_beyond_what_a_sheet_holds_it_says_where_the_rest_is(
    office: Office, monkeypatch: pytest.MonkeyPatch, summary: Summary, tmp_path: Path
) -> None:
    replace_part(monkeypatch, "the rows of a list", 10)
    path = build_summary(summary, tmp_path / "short.xlsx")
    assert summary.main is not None
    for name in ("部门汇总", "指标明细", "来源"):
        sheet = sheet_of(path, name)
        assert any("--data" in str(value) for value in column(sheet, heads(sheet)[0]) if value)
    # No formula reckons from a list that is cut short.
    assert not any("指标明细" in formula for formula in formulas(path).values())
    assert differences(office, path) == []
    shown = [cell.value for title, cell in cells(path, shown=True) if title == "总览"]
    assert float(summary.main.totals["value"].loc["final_budget"]) in shown
