"""The charts of a document: native, with their figures inside, legible without colour, in the standard's order."""

from __future__ import annotations

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

from builder.word.chart import add_chart
from builder.word.document import content
from builder.word.official import PICTURE
from tests.api import official_template
from tests.office import available
from workbook.statements import Plot
from workbook.word import convert

C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"

PLOTS = (
    Plot("执行率", ("甲局", "<乙&局>"), (("执行率", (0.8326, 1.0344)),), "0.00%"),
    Plot(
        "两年对照",
        ("年初预算数", "全年预算数", "全年执行数"),
        (("2023年度", (1.0, 2.5, 2.25)), ("2024年度", (1.5, 3.0, 2.75))),
        "#,##0.00",
        bars=False,
    ),
    Plot("没有", ("甲局",), (("个数", (0.0,)),), "0"),
)

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
def document() -> Document:
    """A document with every kind of chart, as read back from the file."""
    written = official_template()
    for plot in PLOTS:
        add_chart(written, written.add_paragraph(style=PICTURE), plot)
    return docx.Document(BytesIO(content(written)))


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


def test_a_chart_and_the_workbook_inside_it_have_the_same_figures(document: Document) -> None:
    for plot, part, root in zip(PLOTS, charts(document), roots(document), strict=True):
        (tie,) = root.iter(f"{C}externalData")
        embedded = part.rels[tie.get(qn("r:id"))].target_part
        assert embedded.partname.endswith(".xlsx")
        (sheet,) = openpyxl.load_workbook(BytesIO(embedded.blob)).worksheets
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        assert rows[0][1:] == [name for name, _ in plot.series]
        assert [row[0] for row in rows[1:]] == list(plot.labels)
        for column, (name, values) in enumerate(plot.series, 1):
            assert [row[column] for row in rows[1:]] == list(values)
            series = [*root.iter(f"{C}ser")][column - 1]
            assert [v.text for v in series.find(f"{C}tx").iter(f"{C}v")] == [name]
            assert [v.text for v in series.find(f"{C}cat").iter(f"{C}v")] == list(plot.labels)
            assert [float(v.text) for v in series.find(f"{C}val").iter(f"{C}v")] == list(values)
            first, _, last = (series.findtext(f"{C}val/{C}numRef/{C}f") or "").partition(":")
            letter = "ABC"[column]
            assert (first, last or "$B$2") == (f"数据!${letter}$2", f"${letter}${len(values) + 1}")


def test_nothing_rests_on_colour(document: Document) -> None:
    for plot, root in zip(PLOTS, roots(document), strict=True):
        colours = {e.get("val", "") for e in root.iter(f"{A}srgbClr")}
        assert all(re.fullmatch(r"(..)\1\1", colour) for colour in colours), "greys alone"
        assert not [*root.iter(f"{A}schemeClr")]
        fills = [etree.tostring(s.find(f"{C}spPr")) for s in root.iter(f"{C}ser")]
        assert len(set(fills)) == len(plot.series), "each series is filled otherwise"
        assert all(s.find(f"{C}dLbls/{C}showVal").get("val") == "1" for s in root.iter(f"{C}ser"))


def test_who_cannot_see_a_chart_is_told_it(document: Document) -> None:
    told = [e.get("descr") for e in document.element.iter(qn("wp:docPr"))]
    assert told == [f"{plot.caption}：{plot.in_words}" for plot in PLOTS]
    numbers = [e.get("id") for e in document.element.iter(qn("wp:docPr"))]
    assert len(set(numbers)) == len(PLOTS)


def test_equal_charts_give_equal_bytes(document: Document) -> None:
    again = official_template()
    for plot in PLOTS:
        add_chart(again, again.add_paragraph(style=PICTURE), plot)
    assert [p.blob for p in charts(again)] == [p.blob for p in charts(document)]


@pytest.mark.skipif(available() is not None, reason=f"{available()}")
def test_libreoffice_draws_them_with_their_figures(document: Document, tmp_path: Path) -> None:
    paper = tmp_path / "a.pdf"
    paper.write_bytes(convert({"a.docx": content(document)}, "pdf")["a.docx"])
    text = paper_text(paper)
    for shown in ("83.26%", "103.44%", "甲局", "<乙&局>", "2023年度", "2.75"):
        assert shown in text
    assert "执行率" not in text, "a label is its figure and no more"


def paper_text(paper: Path) -> str:
    """What a PDF says, without blanks."""
    done = subprocess.run(
        ["pdftotext", str(paper), "-"], capture_output=True, text=True, check=True
    )
    return re.sub(r"\s", "", done.stdout)
