"""The charts of a document: native, with their figures inside, legible without colour, in the standard's order."""

from __future__ import annotations

import copy
import re
import subprocess
from io import BytesIO
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.document import Document
from docx.opc.part import Part
from docx.oxml.ns import qn
from lxml import etree

from builder import build_county_report
from tests.fillings import FILLED, accepted, changed, filling
from tests.office import available
from workbook import Summary, aggregate
from workbook.statements import Plot, report_of
from workbook.word import convert

C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"

ORDERS = {
    # ISO/IEC 29500-1:2016, 21.2.2.29 of CT_ChartSpace and those below it
    "chartSpace": """date1904 lang roundedCorners AlternateContent style clrMapOvr pivotSource protection chart spPr
        txPr externalData printSettings userShapes extLst""",
    "chart": """title autoTitleDeleted pivotFmts view3D floor sideWall backWall plotArea legend plotVisOnly
        dispBlanksAs extLst""",
    "plotArea": "layout barChart catAx valAx dTable spPr extLst",
    "barChart": "barDir grouping varyColors ser dLbls gapWidth overlap serLines axId extLst",
    "ser": """idx order tx spPr invertIfNegative pictureOptions dPt dLbls trendline errBars cat val shape extLst""",
    "dLbls": """dLbl numFmt spPr txPr dLblPos showLegendKey showVal showCatName showSerName showPercent
        showBubbleSize separator showLeaderLines leaderLines extLst""",
    "catAx": """axId scaling delete axPos majorGridlines minorGridlines title numFmt majorTickMark minorTickMark
        tickLblPos spPr txPr crossAx crosses crossesAt auto lblAlgn lblOffset tickLblSkip tickMarkSkip noMultiLvlLbl
        extLst""",
    "valAx": """axId scaling delete axPos majorGridlines minorGridlines title numFmt majorTickMark minorTickMark
        tickLblPos spPr txPr crossAx crosses crossesAt crossBetween majorUnit minorUnit dispUnits extLst""",
    "scaling": "logBase orientation max min extLst",
    "legend": "legendPos legendEntry layout overlay spPr txPr extLst",
    "externalData": "autoUpdate",
}
"""By element: its children in the order in which they must stand."""


@pytest.fixture(scope="module")
def summary() -> Summary:
    """Two years of three departments, one of them by a name that is markup."""
    given = [filling(path) for path in FILLED[:3]]
    given[1] = changed(given[1], identity__department="<乙&局>")
    before = [
        changed(each, identity__fiscal_year=2023, funds__final_budget=500.0 + n)
        for n, each in enumerate(given)
    ]
    this, last = (
        [accepted(each, f"{year}/{n}.xlsx") for n, each in enumerate(fillings)]
        for year, fillings in ((2024, given), (2023, before))
    )
    return aggregate(this, previous=aggregate(last))


@pytest.fixture(scope="module")
def plots(summary: Summary) -> list[Plot]:
    """The charts that the report tells, in its order: of rates, of two years, of what is counted."""
    report = report_of(summary)
    return [p for chapter in report.chapters for p in chapter.passages if isinstance(p, Plot)]


@pytest.fixture(scope="module")
def document(summary: Summary, tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The report with these charts, as read back from the file."""
    path = build_county_report(summary, tmp_path_factory.mktemp("charts") / "a.docx")
    return docx.Document(str(path))


def charts(document: Document) -> list[Part]:
    """The charts' parts, in the order of the text."""
    keys = [c.get(qn("r:id")) for c in document.element.iter(f"{C}chart")]
    return [document.part.rels[key].target_part for key in keys]


def roots(document: Document) -> list[etree._Element]:
    return [etree.fromstring(part.blob) for part in charts(document)]


@pytest.mark.parametrize("element", ORDERS)
def test_elements_stand_in_their_order(document: Document, element: str) -> None:
    order = {f"{C}{child}": rank for rank, child in enumerate(ORDERS[element].split())}
    nodes = [node for root in roots(document) for node in root.iter(f"{C}{element}")]
    assert nodes
    for node in nodes:
        children = [child.tag for child in node]
        assert set(children) <= order.keys()
        assert children == sorted(children, key=order.__getitem__)


def test_a_chart_and_the_workbook_inside_it_have_the_same_figures(
    document: Document, plots: list[Plot]
) -> None:
    assert {len(plot.series) for plot in plots} == {1, 2}
    assert any("<乙&局>" in plot.labels for plot in plots)
    for plot, part, root in zip(plots, charts(document), roots(document), strict=True):
        (tie,) = root.iter(f"{C}externalData")
        embedded = part.rels[tie.get(qn("r:id"))].target_part
        assert embedded.partname.endswith(".xlsx")
        (sheet,) = openpyxl.load_workbook(BytesIO(embedded.blob)).worksheets
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        assert rows[0][1:] == [name for name, _ in plot.series]
        assert [row[0] for row in rows[1:]] == list(plot.labels)
        for column, (name, values) in enumerate(plot.series, 1):
            assert [row[column] for row in rows[1:]] == pytest.approx(list(values))
            series = [*root.iter(f"{C}ser")][column - 1]
            assert [v.text for v in series.find(f"{C}tx").iter(f"{C}v")] == [name]
            assert [v.text for v in series.find(f"{C}cat").iter(f"{C}v")] == list(plot.labels)
            assert [float(v.text) for v in series.find(f"{C}val").iter(f"{C}v")] == pytest.approx(
                list(values)
            )
            first, _, last = (series.findtext(f"{C}val/{C}numRef/{C}f") or "").partition(":")
            letter = "ABC"[column]
            assert (first, last or "$B$2") == (f"数据!${letter}$2", f"${letter}${len(values) + 1}")


def test_nothing_rests_on_colour(document: Document, plots: list[Plot]) -> None:
    for plot, root in zip(plots, roots(document), strict=True):
        colours = {e.get("val", "") for e in root.iter(f"{A}srgbClr")}
        assert all(re.fullmatch(r"(..)\1\1", colour) for colour in colours), "greys alone"
        assert not [*root.iter(f"{A}schemeClr")]
        fills = [etree.tostring(s.find(f"{C}spPr")) for s in root.iter(f"{C}ser")]
        assert len(set(fills)) == len(plot.series), "each series is filled otherwise"
        assert all(s.find(f"{C}dLbls/{C}showVal").get("val") == "1" for s in root.iter(f"{C}ser"))


def test_who_cannot_see_a_chart_is_told_it(document: Document, plots: list[Plot]) -> None:
    told = [e.get("descr") for e in document.element.iter(qn("wp:docPr"))]
    assert told == [f"{plot.caption}：{plot.in_words}" for plot in plots]
    numbers = [e.get("id") for e in document.element.iter(qn("wp:docPr"))]
    assert len(set(numbers)) == len(plots)


@pytest.mark.skipif(available() is not None, reason=f"{available()}")
def test_libreoffice_draws_them_with_their_figures(
    document: Document, plots: list[Plot], tmp_path: Path
) -> None:
    alone = copy.deepcopy(document)
    body = alone.element.body
    for child in list(body):
        if child.tag != qn("w:sectPr") and not [*child.iter(f"{C}chart")]:
            body.remove(child)
    alone.save(str(tmp_path / "a.docx"))
    paper = tmp_path / "a.pdf"
    paper.write_bytes(convert({"a.docx": (tmp_path / "a.docx").read_bytes()}, "pdf")["a.docx"])
    text = paper_text(paper)
    for plot in plots:
        told = re.findall(r"[\d,.]+%?(?=，|；|$)", plot.in_words)
        assert told
        assert all(figure in text for figure in told), plot.caption
    assert "<乙&局>" in text
    assert "执行率" not in text.replace("预算执行率", ""), "a label is its figure and no more"


def paper_text(paper: Path) -> str:
    """What a PDF says, without blanks."""
    done = subprocess.run(
        ["pdftotext", str(paper), "-"], capture_output=True, text=True, check=True
    )
    return re.sub(r"\s", "", done.stdout)
