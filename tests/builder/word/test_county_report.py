"""The bureau's report: every figure is the summary's, what calls for judgement is marked."""

import re
from dataclasses import replace
from pathlib import Path

import docx
import pandas as pd
import pytest
from docx.document import Document

from builder import build_county_report
from builder.word import write_template
from tests.api import finding
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
from workbook import Reviews, Summary, aggregate, check, load_form, load_roster
from workbook.overview import coverage_counts
from workbook.reading import SKIPPED
from workbook.summary import Review

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


def text_of(document: Document) -> str:
    return "\n".join(p.text for p in document.paragraphs)


def every_text(document: Document) -> list[str]:
    cells = [cell for table in tables(document) for row in table for cell in row]
    return [*(p.text for p in document.paragraphs), *cells]


def tables(document: Document) -> list[list[list[str]]]:
    return [[[cell.text for cell in row.cells] for row in t.rows] for t in document.tables]


def test_the_figures_are_those_of_the_summary(summary: Summary, document: Document) -> None:
    _, totals, funds, lines, _ = tables(document)
    due_of = coverage_counts(summary)
    text = text_of(document)
    assert f"共{due_of.asked}个，已报送{due_of.answered}个" in text
    assert f"未报送{due_of.missing}个" in text
    assert summary.main is not None
    due = summary.main.totals["value"]
    told = {row[0]: row[1] for row in totals[1:]}
    assert told["全年预算数"] == f"{due['final_budget']:,.2f}"
    assert told["执行率"] == f"{due['execution_rate']:.2%}"
    assert len(funds) == 1 + len(summary.main.funds)
    assert [row[-1] for row in lines[1:]].count("优") == summary.main.grades["departments"]["优"]


def test_findings_are_counted_by_kind_the_most_frequent_first_without_codes(
    summary: Summary, document: Document
) -> None:
    rows = tables(document)[0][1:]
    assert len(rows) <= 10
    counts = [int(row[1]) for row in rows]
    assert counts == sorted(counts, reverse=True)
    found = summary.findings[summary.findings["code"] == "D420"]
    assert ["一级指标各行分值之和与标明的分值不符", str(len(found)), "3"] in rows
    assert "指标一栏是空话" in [row[0] for row in rows], "what is asked of departments is left out"
    assert not re.search(r"[A-Z]\d{3}", "\n".join(every_text(document)))


def test_only_findings_of_returns_that_count_are_counted(tmp_path: Path) -> None:
    given, found = filling(FILLED[0]), finding("A504", printed="", expected="", other="x")
    returns = [
        accepted(given, "a.xlsx", findings=[found], modified="2025-01-01T00:00:00Z"),
        accepted(given, "b.xlsx", modified="2025-01-02T00:00:00Z"),
        replace(rejected("~$c.xlsx", finding("W112", detail="x")), status=SKIPPED),
    ]
    path = build_county_report(aggregate(returns), tmp_path / "a.docx")
    assert "没有发现填报、预算执行和自评打分方面的问题" in text_of(docx.Document(str(path)))


def test_a_form_without_scores_has_its_own_rules_names_and_no_empty_tables(tmp_path: Path) -> None:
    form = project_form(tmp_path)
    form.path.write_text(form.path.read_text(encoding="utf-8") + _RULE, encoding="utf-8")
    form = load_form(form.path)
    returns = check(
        [project(form, "甲项目"), project(form, "乙项目", code="002", department="乙局")]
    )
    path = build_county_report(aggregate(returns), tmp_path / "a.docx")
    document = docx.Document(str(path))
    assert "平均分" not in text_of(document)
    assert [p.text for p in document.paragraphs if p.style and p.style.name == "Heading 1"] == [
        "一、总体情况", "二、资金使用情况", "三、存在的问题", "四、下一步工作建议"
    ]  # fmt: skip
    assert all(len(rows) > 1 for rows in tables(document))
    assert "支出太少" in [row[0] for row in tables(document)[0]]


def test_a_county_s_doubtful_figures_stand_on_lines_of_their_own(tmp_path: Path) -> None:
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
    every = tables(docx.Document(str(path)))
    (funds,) = (rows for rows in every if rows[0][0] == "分类")
    assert funds[0] == ["分类", "项目", "金额", "占比", "不含存疑", "存疑的个数"]
    assert funds[1][5] == "1"
    (counties,) = (rows for rows in every if rows[0][0] == "县区")
    assert summary.main is not None
    line = summary.main.counties.loc["甲县"]
    (row,) = (row for row in counties if row[0] == "甲县")
    budget = row[counties[0].index("全年预算数")].split("\n")
    assert budget == [
        f"{line['final_budget']:,.2f}",
        "不含1个存疑",
        f"{line['final_budget_certain']:,.2f}",
    ]


def test_what_a_person_must_judge_is_marked_and_highlighted(document: Document) -> None:
    marked = [p for p in document.paragraphs if p.text.startswith("【")]
    assert len(marked) == 8
    assert all(p.text.startswith("【此处由人填写：") for p in marked[:-1])
    assert marked[-1].text == "【本附件供核对用，正式报送前可以删去】"
    assert all(run.style.name == "待填" for p in marked for run in p.runs)


def test_the_missing_are_named_and_the_annexes_too(summary: Summary, document: Document) -> None:
    text = text_of(document)
    missing = summary.coverage.loc[summary.coverage["status"] == "missing", "department"]
    assert len(missing)
    assert all(name in text for name in missing)
    assert "附件：1. 有关数据汇总" in text
    assert "　　　2. 数据来源" in text
    titles = [p.text for p in document.paragraphs if p.style and p.style.name == "附件标题"]
    assert titles == ["有关数据汇总", "数据来源"]


def test_tables_and_charts_are_numbered_in_their_order(document: Document) -> None:
    captions = [p.text for p in document.paragraphs if p.style and p.style.name == "图表题"]
    for what in "图表":
        numbered = [text.split("　")[0] for text in captions if text.startswith(what)]
        assert numbered == [f"{what}{n}" for n in range(1, len(numbered) + 1)]
        assert len(numbered) >= 4


def test_texts_are_texts(tmp_path: Path) -> None:
    given = filling(FILLED[0])
    evil = [
        accepted(
            changed(given, identity__department=f"{EVIL}{n}", identity__department_code=str(n)),
            f"{n}.xlsx",
        )
        for n in range(3)
    ]
    path = build_county_report(aggregate(check(evil)), tmp_path / "a.docx")
    assert any("<w:p>&amp;{{x}}0" in text for text in every_text(docx.Document(str(path))))


def test_nothing_received_is_a_report_too(tmp_path: Path) -> None:
    path = build_county_report(aggregate([]), tmp_path / "a.docx")
    document = docx.Document(str(path))
    assert "没有可供汇总的数据" in text_of(document)
    assert not document.tables


def test_missing_figures_are_blank_and_not_zero(summary: Summary, tmp_path: Path) -> None:
    assert summary.main is not None
    blank = pd.array([pd.NA] * len(summary.main.totals), dtype="Float64")
    totals = summary.main.totals.assign(value=blank, certain=blank)
    bare = replace(summary, forms=(replace(summary.main, totals=totals),))
    document = docx.Document(str(build_county_report(bare, tmp_path / "a.docx")))
    assert {row[1] for row in tables(document)[1][1:]} == {""}
    assert "没有可以汇总的金额" in text_of(document)


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
    assert "按自评得分汇总，没有复核得分" in text_of(plain)
    code, name = "118001", "岳阳市云溪区档案馆"
    one = Review("部门整体支出绩效自评", 2024, "", code, name, "", 61, "", "")
    reviewed = aggregate(returns, reviews=Reviews(Path("s.xlsx"), (one,)))
    written = docx.Document(str(build_county_report(reviewed, tmp_path / "b.docx")))
    assert "有复核得分的1个按复核得分，其余按自评得分，平均61.00分" in text_of(written)


def test_equal_summaries_give_equal_bytes(summary: Summary, tmp_path: Path) -> None:
    first, second = (build_county_report(summary, tmp_path / f"{n}.docx") for n in "ab")
    assert first.read_bytes() == second.read_bytes()
