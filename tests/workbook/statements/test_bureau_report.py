"""What the bureau's report says: of none, one, two and many, with last year, of counties; and whence each figure is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from builder import build_summary
from tests.api import finding
from tests.fillings import (
    FILLED,
    accepted,
    changed,
    filling,
    project,
    project_form,
    rejected,
    two_years,
)
from workbook import Roster, Summary, aggregate, check
from workbook.checking import RosterEntry
from workbook.statements import Basis, BureauReport, LeftOpen, Plot, Statement, Tabular, report_of

LISTED_NAMES, MOST_LINES = 10, 500
"""So many names stand in a sentence; so many lines in an annex."""

CODE = re.compile(r"(?<![A-Za-z0-9])[A-Z]\d{3}(?!\d)")
TECHNICAL = (
    "单元格",
    "公式",
    "代码",
    "模板",
    "命令",
    "程序",
    "字段",
    "xlsx",
    "--",
    "NaN",
    "<NA>",
    "None",
    "nan",
)
FIGURE = re.compile(r"-?[\d,]+\.\d+(?:万元|%|分|个百分点)")
FAULTLESS = FILLED[0]


def departments(count: int, *, counties: tuple[str, ...] = (), year: int | None = None) -> Summary:
    """So many departments, some with faults, in turn of the counties."""
    returns = []
    for n in range(count):
        given = changed(
            filling(FILLED[n % len(FILLED)]),
            identity__department=f"第{n + 1}局",
            identity__department_code=f"{100 + n}001",
        )
        given = given if year is None else changed(given, identity__fiscal_year=year)
        county = counties[n % len(counties)] if counties else ""
        returns.append(replace(accepted(given, f"{n}.xlsx"), county=county))
    return aggregate(check(returns))


def none_of(count: int) -> Summary:
    entries = tuple(RosterEntry(f"{100 + n}", f"第{n + 1}局") for n in range(count))
    return aggregate([], Roster(Path("r.csv"), entries))


@pytest.fixture(scope="module")
def summaries(
    samples_summary: Summary, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Summary]:
    form = project_form(tmp_path_factory.mktemp("form"))
    projects = [project(form, f"项目{n}", planned=20_000 + n) for n in range(3)]
    main = samples_summary.main
    assert main is not None
    bare = replace(
        main, details={}, indicators=main.indicators.iloc[:0], generosity=main.generosity.iloc[:0]
    )
    return {
        "projects": aggregate(check(projects)),
        "without rows": replace(samples_summary, forms=(bare,), left_out="另存"),
        "samples": samples_summary,
        "nothing": aggregate([]),
        "one asked": none_of(1),
        "none": none_of(3),
        "one": departments(1),
        "two": departments(2),
        "many": departments(13),
        "two counties": departments(5, counties=COUNTIES[:2]),
        "city": departments(9, counties=COUNTIES),
        "years": two_years(),
    }


@pytest.fixture(scope="module")
def reports(summaries: dict[str, Summary]) -> dict[str, BureauReport]:
    return {name: report_of(summary) for name, summary in summaries.items()}


CASES = (
    "samples", "nothing", "one asked", "none", "one", "two", "many", "two counties", "city", "years",
    "projects", "without rows",
)  # fmt: skip


def sentences(report: BureauReport) -> Iterator[str]:
    for chapter in report.chapters:
        yield chapter.heading
        for passage in chapter.passages:
            match passage:
                case Statement():
                    yield passage.text
                case Tabular():
                    yield from (passage.caption, *passage.heads)
                    yield from (cell for row in passage.rows for cell in row)
                case Plot():
                    yield from (passage.caption, passage.in_words, *passage.labels)


def statements(report: BureauReport) -> list[Statement]:
    return [p for chapter in report.chapters for p in chapter.passages if isinstance(p, Statement)]


def text_of(summary: Summary) -> str:
    return "\n".join(s.text for s in statements(report_of(summary)))


@pytest.mark.parametrize("case", CASES)
def test_nothing_but_an_official_s_words(reports: dict[str, BureauReport], case: str) -> None:
    report = reports[case]
    annexed = (c for a in report.annexes for t in a.tables for row in t.rows for c in row)
    for text in (*sentences(report), *annexed):
        assert not CODE.search(text), text
        assert not [word for word in TECHNICAL if word in text], text


@pytest.mark.parametrize("case", CASES)
def test_sentences_are_whole(reports: dict[str, BureauReport], case: str) -> None:
    for statement in statements(reports[case]):
        assert statement.text.endswith("。")
        assert not re.search(
            r"[，；：、。]{2}|（）|为[，。；]|是[，。；]|^[，；、。]|\s", statement.text
        ), statement.text
        assert statement.text.count("（") == statement.text.count("）")
        assert not re.search(r"(?<!\d)0个(?!县区)", statement.text), statement.text


@pytest.mark.parametrize("case", CASES)
def test_every_chapter_leaves_open_what_a_person_must_add(
    reports: dict[str, BureauReport], case: str
) -> None:
    for chapter in reports[case].chapters:
        assert any(isinstance(p, LeftOpen) for p in chapter.passages), chapter.heading


@pytest.mark.parametrize("case", CASES)
def test_every_figure_of_the_text_is_in_the_annex(
    reports: dict[str, BureauReport], case: str
) -> None:
    report = reports[case]
    bases = [basis for chapter in report.chapters for basis in chapter.bases]
    annexed = {f for b in bases for f in FIGURE.findall(f"{b.value} {b.reckoned}")}
    annexed |= {value.removeprefix("-") for value in annexed}
    for statement in statements(report):
        assert set(FIGURE.findall(statement.text)) - annexed == set(), statement.text


# --- whence the figures are -----------------------------------------------------------------------


COUNTIES = ("甲县", "乙县", "丙县")


def plain(value: object) -> str:
    return re.sub(r"\s", "", str(value or ""))


def number_in(text: str) -> tuple[float, float]:
    """The first figure of a text, and half a unit of its last decimal."""
    match = re.search(r"-?[\d,]+(?:\.(\d+))?(%?)", text)
    assert match, text
    decimals = len(match[1] or "") + (2 if match[2] else 0)
    digits = match[0].rstrip("%").replace(",", "")
    return float(digits) / (100 if match[2] else 1), 0.5 * 10**-decimals + 1e-9


def cells_at(sheet: Worksheet, basis: Basis) -> list[object]:
    """What stands where a basis says: where its row and its column meet; on 总览 below its name."""
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    heads = [
        (r, c) for r, row in enumerate(rows) for c, v in enumerate(row) if plain(v) == basis.column
    ]
    assert (
        heads
        or not basis.column
        or any(plain(v).startswith(basis.column) for row in rows for v in row)
    ), basis
    if basis.sheet == "总览":
        return [rows[r + below][c] for r, c in heads for below in (1, 2)]
    names = {basis.row, *(basis.row.removeprefix(county) for county in COUNTIES)} - {""}
    lines = [row for row in rows if names & {plain(v) for v in row[:5]}]
    assert lines or not basis.row, basis
    return [row[c] for row in lines for _, c in heads]


@pytest.mark.parametrize("case", ["samples", "one", "two counties", "city", "years"])
def test_each_figure_stands_in_the_summary_workbook_where_the_annex_says(
    summaries: dict[str, Summary], case: str, tmp_path: Path
) -> None:
    summary = summaries[case]
    book = openpyxl.load_workbook(build_summary(summary, tmp_path / "s.xlsx"), data_only=True)
    bases = [basis for chapter in report_of(summary).chapters for basis in chapter.bases]
    assert len(bases) > 10
    for basis in bases:
        assert basis.sheet in book.sheetnames, basis
        cells = cells_at(book[basis.sheet], basis)
        if not cells or basis.figure == "所占比重":
            continue  # what was counted over many rows, or divided
        due, half = number_in(basis.value)
        told = [float(v) for v in cells if isinstance(v, int | float)]
        doubtless = [v.rpartition("\n")[2] for v in cells if isinstance(v, str) and "不含" in v]
        told += [number_in(v)[0] for v in doubtless]
        assert any(abs(abs(v) - due) <= half for v in told), (basis, cells)


# --- what is said ---------------------------------------------------------------------------------


def test_of_none_nothing_is_claimed(summaries: dict[str, Summary]) -> None:
    assert "没有收到预算绩效自评材料" in text_of(summaries["nothing"])
    assert "尚未报送" in text_of(summaries["one asked"])
    for case in ("nothing", "one asked", "none"):
        report = report_of(summaries[case])
        assert [c.heading for c in report.chapters] == ["总体情况", "存在的问题", "下一步工作建议"]
        assert "没有发现" not in text_of(summaries[case])
        assert not [p for c in report.chapters for p in c.passages if isinstance(p, Plot)]


def test_of_one_department_no_one_is_the_highest(summaries: dict[str, Summary]) -> None:
    text = text_of(summaries["one"])
    assert not re.search("最高|最低|最大的|合计|平均为|均已", text.replace("平均100", "")), text
    assert [table.caption for a in report_of(summaries["one"]).annexes for table in a.tables][:2]


def test_amounts_that_seem_to_be_in_another_unit_are_told_with_the_totals() -> None:
    amounts = ("original_budget", "final_budget", "actual_expenditure")
    large = changed(filling(FAULTLESS), **{f"funds__{name}": 1_620_000.0 for name in amounts})
    text = text_of(aggregate(check([accepted(large)])))
    assert "其中1个部门（单位）的金额疑似弄错单位、有待核实，为岳阳市云溪区档案馆。" in text
    assert "核实疑似弄错单位的1个部门（单位）的金额" in text


def test_who_has_not_answered_is_named_or_the_list_is_pointed_to() -> None:
    given = accepted(filling(FAULTLESS))
    for missing in (1, LISTED_NAMES, LISTED_NAMES + 1):
        entries = [RosterEntry("118001", "岳阳市云溪区档案馆")]
        entries += [RosterEntry(f"9{n:02d}", f"第{n}局") for n in range(missing)]
        text = text_of(aggregate([given], Roster(Path("r.csv"), tuple(entries))))
        assert f"未报送{missing}个。未报送的是第0局" in text
        assert (f"第{missing - 1}局" in text) == (missing <= LISTED_NAMES)
        assert ("名单见附件1" in text) == (missing > LISTED_NAMES)


def test_what_could_not_be_read_is_told_by_name() -> None:
    entries = (RosterEntry("118001", "岳阳市云溪区档案馆"), RosterEntry("119001", "乙局"))
    returns = [accepted(filling(FAULTLESS)), rejected("119001.xlsx", finding("W104", detail="x"))]
    text = text_of(aggregate(returns, Roster(Path("r.csv"), entries)))
    assert "已报送1个，占50.00%；所报材料无法读取、已退回1个。所报材料被退回的是乙局。" in text
    assert "请所报材料被退回的1个部门（单位）重新报送" in text


def test_departments_off_the_roster_are_not_among_those_asked() -> None:
    roster = Roster(Path("r.csv"), (RosterEntry("001", "甲局"), RosterEntry("002", "乙局")))
    off = changed(filling(FAULTLESS), identity__department="丙局", identity__department_code="9")
    text = text_of(aggregate([accepted(off)], roster))
    assert "共2个，均未报送" in text
    assert "另有名册以外的1个部门（单位）报送材料" in text


def test_last_year_of_wholly_other_departments_is_not_compared() -> None:
    before = changed(filling(FILLED[1]), identity__fiscal_year=2023)
    summary = aggregate([accepted(filling(FILLED[0]))], previous=aggregate([accepted(before)]))
    text = text_of(summary)
    assert "没有2023年度和本年度均报送的部门（单位），不与上年比较。" in text
    assert "与2023年度相比" not in text


def test_last_year_s_doubtful_figures_are_in_no_change() -> None:
    wrong = replace(finding("V301", label="x"), field="funds.final_budget")
    now = [accepted(filling(path), f"now/{path.stem}") for path in FILLED[:2]]
    before = [
        replace(
            accepted(changed(filling(path), identity__fiscal_year=2023), f"then/{path.stem}"),
            findings=() if n else (wrong,),
        )
        for n, path in enumerate(FILLED[:2])
    ]
    summary = aggregate(now, previous=aggregate(before))
    assert summary.main is not None
    certain = float(summary.main.departments["final_budget"].iloc[1])
    assert f"全年预算数与上年持平，为{certain:,.2f}万元" in text_of(summary)


def test_a_form_without_scores_has_no_chapter_on_them(tmp_path: Path) -> None:
    form = project_form(tmp_path)
    summary = aggregate(
        [project(form, "甲项目"), project(form, "乙项目", code="002", department="乙局")]
    )
    report = report_of(summary)
    headings = [chapter.heading for chapter in report.chapters]
    assert headings == ["总体情况", "资金使用情况", "存在的问题", "下一步工作建议"]
    text = text_of(summary)
    assert "平均分" not in text
    assert "2个项目" in text


def test_more_departments_than_an_annex_lists_are_left_to_the_workbook(
    summaries: dict[str, Summary],
) -> None:
    main = summaries["two"].main
    assert main is not None
    lines = main.departments
    assert any(t.heads[0] == "序号" and len(t.rows) == 2
               for a in report_of(summaries["two"]).annexes for t in a.tables[2:])  # fmt: skip
    longer = lines.loc[[1] * (MOST_LINES + 1)].reset_index(drop=True)
    longer.index = longer.index + 1
    longer = longer.rename_axis("number")
    long = replace(summaries["two"], forms=(replace(main, departments=longer),))
    assert len(report_of(long).annexes[0].tables) == 2


def test_a_chart_tells_its_figures_in_words() -> None:
    plot = Plot("得分率", ("甲", "乙"), (("得分率", (0.5, 1.0)),), "0.00%")
    assert plot.in_words == "甲 50.00%，乙 100.00%"
    assert replace(plot, number_format="#,##0.00").in_words == "甲 0.50，乙 1.00"
    assert replace(plot, number_format="0").in_words == "甲 0，乙 1"
