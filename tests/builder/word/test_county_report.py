"""The bureau's report: every figure is the summary's, what calls for judgement is marked."""

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
from workbook import Summary, aggregate, check, load_form, load_roster
from workbook.reading import SKIPPED

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
