"""The bureau's report: every figure is the summary's, what calls for judgement is marked."""

from dataclasses import replace
from pathlib import Path

import docx
import pandas as pd
import pytest
from docx.document import Document

from builder.county_report import MOST_KINDS, MOST_NAMES, build_county_report
from builder.official import write_template
from tests.fillings import FILLED, ROSTER, accepted, changed, filling, rejected, sample_returns
from workbook.checks import check
from workbook.findings import Finding, Severity, finding
from workbook.roster import load_roster
from workbook.summary import Summary, aggregate

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
    assert {row[0]: row[1] for row in coverage[1:]} == {
        "已报": str(summary.counts["answered"]), "须修改": str(summary.counts["faulty"]),
        "退回": str(summary.counts["rejected"]), "未报": str(summary.counts["missing"]),
    }  # fmt: skip
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
    counts = summary.findings["code"].value_counts()
    assert len(rows) == min(MOST_KINDS, len(counts))
    assert [int(row[2]) for row in rows] == sorted(counts.tolist(), reverse=True)[: len(rows)]
    assert {row[0]: int(row[2]) for row in rows} == {
        code: counts[code] for code in (r[0] for r in rows)
    }


def test_bars_grow_with_their_shares(document: Document) -> None:
    funds = tables(document)[2][1:]
    shares = [float(row[3].rstrip("%") or 0) for row in funds]
    bars = [len(row[4]) for row in funds]
    assert sorted(zip(shares, bars, strict=True)) == sorted(
        zip(sorted(shares), sorted(bars), strict=True)
    )
    assert max(bars) > 1


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
    assert {row[1] for row in rows} <= {"", "未评分"}


def test_the_template_is_the_bureaus(summary: Summary, tmp_path: Path) -> None:
    template = write_template(tmp_path / "t.docx")
    changed = docx.Document(str(template))
    changed.sections[0].header.paragraphs[0].text = "云溪区财政局"
    changed.save(str(template))
    path = build_county_report(summary, tmp_path / "a.docx", template=template)
    assert docx.Document(str(path)).sections[0].header.paragraphs[0].text == "云溪区财政局"
