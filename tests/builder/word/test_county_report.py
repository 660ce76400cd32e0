"""The bureau's report: every figure is the summary's, what calls for judgement is marked."""

from dataclasses import replace
from pathlib import Path

import docx
import pandas as pd
import pytest
from docx.document import Document

from builder.word.county_report import MOST_KINDS, MOST_NAMES, build_county_report
from builder.word.official import write_template
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
from workbook.catalogue import Severity
from workbook.checking.checks import check
from workbook.checking.roster import Roster, RosterEntry, load_roster
from workbook.findings import Finding, finding
from workbook.form.definition import load_form
from workbook.reading.submission import SKIPPED
from workbook.summary import overview
from workbook.summary.adding_up import Summary, aggregate
from workbook.summary.reviews import Review, Reviews

_RULE = """
[[rule]]
code = "D999"
name = "支出太少"
scope = "funds"
must = "spent >= planned"
at = "spent"
message = "支出太少"
hint = "请核对。"
basis = "要求"
cases = [
  { verdict = "holds", given = { planned = 5, spent = 6 } },
  { verdict = "broken", given = { planned = 5, spent = 0 } },
]
"""
EVIL = "<w:p>&amp;\x00{{x}}"


@pytest.fixture(scope="module")
def summary() -> Summary:
    roster = load_roster(ROSTER)
    returns = check(
        [*sample_returns(), rejected("119001.xlsx", finding("W104", detail="x"))], roster
    )
    return aggregate(returns, roster)


@pytest.fixture(scope="module")
def document(summary: Summary, tmp_path_factory: pytest.TempPathFactory) -> Document:
    path = build_county_report(summary, tmp_path_factory.mktemp("county") / "a.docx")
    return docx.Document(str(path))


def tables(document: Document) -> list[list[list[str]]]:
    return [[[cell.text for cell in row.cells] for row in t.rows] for t in document.tables]


def test_the_figures_are_those_of_the_summary(summary: Summary, document: Document) -> None:
    coverage, totals, funds, grades, *_ = tables(document)
    due_of = overview.coverage_counts(summary)
    assert [row[1] for row in coverage[1:]] == [
        str(n) for n in (due_of.answered, due_of.faulty, due_of.rejected, due_of.missing)
    ]
    assert any(p.text.startswith(f"应报部门（单位）{due_of.asked} 个") for p in document.paragraphs)
    assert summary.main is not None
    due = summary.main.totals["value"]
    told = {row[0]: row[1] for row in totals[1:]}
    assert told["全年预算数"] == f"{due['final_budget']:,.2f}"
    assert told["执行率"] == f"{due['execution_rate']:.2%}"
    assert len(funds) == 1 + len(summary.main.funds)
    assert [int(row[1]) for row in grades[1:]] == summary.main.grades["departments"].tolist()


def test_findings_are_counted_by_kind_the_most_frequent_first(
    summary: Summary, document: Document
) -> None:
    rows = tables(document)[-1][1:]
    counted = summary.files.index[summary.files["use"] == "counted"]
    counts = summary.findings.loc[summary.findings["path"].isin(counted), "code"].value_counts()
    assert len(rows) == min(MOST_KINDS, len(counts))
    assert [int(row[2]) for row in rows] == sorted(counts.tolist(), reverse=True)[: len(rows)]
    assert {row[0]: int(row[2]) for row in rows} == {
        code: counts[code] for code in (r[0] for r in rows)
    }


def test_only_findings_of_returns_that_count_are_counted(tmp_path: Path) -> None:
    given, found = filling(FILLED[0]), finding("A504", printed="", expected="", other="x")
    returns = [
        accepted(given, "a.xlsx", findings=[found], modified="2025-01-01T00:00:00Z"),
        accepted(given, "b.xlsx", modified="2025-01-02T00:00:00Z"),
        replace(rejected("~$c.xlsx", finding("W112", detail="x")), status=SKIPPED),
        rejected("d.xlsx", finding("W104", detail="x")),
    ]
    path = build_county_report(aggregate(returns), tmp_path / "a.docx")
    assert any("没有发现问题" in p.text for p in docx.Document(str(path)).paragraphs)


def test_departments_off_the_roster_are_not_among_those_asked(tmp_path: Path) -> None:
    roster = Roster(Path("r.csv"), (RosterEntry("001", "甲局"), RosterEntry("002", "乙局")))
    off = changed(filling(FILLED[0]), identity__department="丙局", identity__department_code="9")
    path = build_county_report(aggregate([accepted(off)], roster), tmp_path / "a.docx")
    text = "\n".join(p.text for p in docx.Document(str(path)).paragraphs)
    assert "应报部门（单位）2 个" in text and "另有名册外的 1 个" in text


def test_a_form_without_scores_has_its_own_rules_names_and_no_empty_tables(tmp_path: Path) -> None:
    form = project_form(tmp_path)
    form.path.write_text(form.path.read_text(encoding="utf-8") + _RULE, encoding="utf-8")
    form = load_form(form.path)
    returns = check(
        [project(form, "甲项目"), project(form, "乙项目", code="002", department="乙局")]
    )
    path = build_county_report(aggregate(returns), tmp_path / "a.docx")
    document = docx.Document(str(path))
    text = "\n".join(p.text for p in document.paragraphs)
    assert "平均分" not in text and "得分和等次" not in text
    assert [p.text for p in document.paragraphs if p.style and p.style.name == "Heading 1"] == [
        "一、报送情况", "二、预算执行情况", "三、发现的问题", "四、下一步工作"
    ]  # fmt: skip
    assert all(len(rows) > 1 for rows in tables(document))
    assert ["D999", "支出太少"] in [row[:2] for row in tables(document)[-1]]


FULL = 12
"""So many blocks are the whole of a bar."""


def test_a_bar_is_as_long_as_its_share(document: Document) -> None:
    shares = [float(row[3].rstrip("%") or 0) / 100 for row in tables(document)[2][1:]]
    bars = [row[4] for row in tables(document)[2][1:]]
    assert bars == [_blocks(share) for share in shares]
    assert "█" in bars, "above none, however little"
    assert FULL / 2 < max(map(len, bars)) < FULL


def test_beside_doubtful_figures_there_is_no_bar_and_a_county_s_stand_on_lines_of_their_own(
    tmp_path: Path,
) -> None:
    wrong = finding("V301", label="x")
    wrong = replace(wrong, field="funds.general_public_budget,funds.final_budget")
    returns = [
        replace(
            accepted(filling(path), f"{n}.xlsx"),
            county="甲县" if n < 2 else "乙县",
            findings=() if n else (wrong,),
        )
        for n, path in enumerate(FILLED[:4])
    ]
    summary = aggregate(returns)
    path = build_county_report(summary, tmp_path / "a.docx")
    _, _, counties, funds, *_ = tables(docx.Document(str(path)))
    assert funds[0] == ["分类", "项目", "金额", "占比", "不含存疑", "存疑的部门数"]
    assert funds[1][5] == "1"
    assert "█" not in "".join(cell for row in funds for cell in row)
    assert summary.main is not None
    line = summary.main.counties.loc["甲县"]
    (row,) = (row for row in counties if row[0] == "甲县")
    budget = row[counties[0].index("全年预算数")].split("\n")
    assert budget == [
        f"{line['final_budget']:,.2f}",
        "不含 1 家存疑",
        f"{line['final_budget_certain']:,.2f}",
    ]


def test_findings_bars_are_measured_by_the_most_frequent(document: Document) -> None:
    rows = tables(document)[-1][1:]
    most = max(int(row[2]) for row in rows)
    assert [row[4] for row in rows] == [_blocks(int(row[2]) / most) for row in rows]


def _blocks(share: float) -> str:
    return "█" * max(share > 0, round(share * FULL))


def test_what_a_person_must_judge_is_marked_and_highlighted(document: Document) -> None:
    marked = [p for p in document.paragraphs if p.text.startswith("【此处由人填写")]
    assert len(marked) == 6
    assert all(run.style.name == "待填" for p in marked for run in p.runs)


def test_departments_are_named_by_grade_and_the_missing_too(
    summary: Summary, document: Document
) -> None:
    text = "\n".join(p.text for p in document.paragraphs)
    missing = summary.coverage.loc[summary.coverage["status"] == "missing", "department"]
    assert all(name in text for name in missing)
    assert "岳阳市云溪区科学技术协会（97.69）" in text


def test_texts_are_texts_and_long_lists_are_cut(tmp_path: Path) -> None:
    found = Finding("D401", Severity.ERROR, EVIL, "请核对。", "自评表", "H30")
    given = filling(FILLED[0])
    many = [
        accepted(
            changed(given, identity__department=f"{EVIL}{n}", identity__department_code=str(n)),
            f"{n}.xlsx",
            findings=(found,),
        )
        for n in range(MOST_NAMES + 1)
    ]
    path = build_county_report(aggregate(many), tmp_path / "a.docx")
    text = "\n".join(p.text for p in docx.Document(str(path)).paragraphs)
    assert "<w:p>&amp;{{x}}0" in text
    assert f"等，全部 {MOST_NAMES + 1} 个见汇总表" in text


def test_nothing_received_is_a_report_too(tmp_path: Path) -> None:
    path = build_county_report(aggregate([]), tmp_path / "a.docx")
    assert any("没有发现问题" in p.text for p in docx.Document(str(path)).paragraphs)


def test_missing_figures_are_blank_and_not_zero(summary: Summary, tmp_path: Path) -> None:
    assert summary.main is not None
    totals = summary.main.totals.assign(
        value=pd.array([pd.NA] * len(summary.main.totals), dtype="Float64")
    )
    bare = replace(summary, forms=(replace(summary.main, totals=totals),))
    path = build_county_report(bare, tmp_path / "a.docx")
    rows = tables(docx.Document(str(path)))[1][1:]
    assert {row[1] for row in rows} == {"", "未评分"}


def test_the_template_is_the_bureaus(summary: Summary, tmp_path: Path) -> None:
    template = write_template(tmp_path / "t.docx")
    changed = docx.Document(str(template))
    changed.sections[0].header.paragraphs[0].text = "云溪区财政局"
    changed.save(str(template))
    path = build_county_report(summary, tmp_path / "a.docx", template=template)
    assert docx.Document(str(path)).sections[0].header.paragraphs[0].text == "云溪区财政局"


def test_by_which_score_the_grades_are_is_said(tmp_path: Path) -> None:
    """Reviewed scores and own ones are told apart wherever they stand together."""
    returns = [accepted(filling(FILLED[0]), "a.xlsx")]
    plain = docx.Document(str(build_county_report(aggregate(returns), tmp_path / "a.docx")))
    assert any("等次按自评得分评定" in p.text for p in plain.paragraphs)
    code, name = "118001", "岳阳市云溪区档案馆"
    one = Review("部门整体支出绩效自评", 2024, "", code, name, "", 61, "", "")
    reviewed = aggregate(returns, reviews=Reviews(Path("s.xlsx"), (one,)))
    written = docx.Document(str(build_county_report(reviewed, tmp_path / "b.docx")))
    assert any("等次按采用得分评定：1 个按复核得分" in p.text for p in written.paragraphs)
