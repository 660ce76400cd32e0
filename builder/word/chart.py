"""A native chart in a Word document, its figures in a workbook inside it: editable in Word and WPS.

XlsxWriter writes the chart, as it does in the bureau's workbook; the part it makes is taken into the document with
the workbook it reads from beside it. Nothing rests on colour: bars are grey, white or hatched, with a black
outline, and each says its figure.
"""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any
from xml.sax.saxutils import quoteattr

from docx.document import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Mm
from docx.text.paragraph import Paragraph

from builder.sheets import FIXED_DATE, Book, book_in, done
from builder.word.document import clean
from workbook.statements import Plot

_SHEET = "数据"
_CHART = "xl/charts/chart1.xml"
_FONT, _POINTS = "宋体", 9
_WIDTH = Mm(152)
_LEAST, _EACH_BAR, _AROUND, _COLUMNS = Mm(28), Mm(5.6), Mm(8), Mm(46)
"""Heights: the least, of each bar, of what is around the bars, of a chart of columns."""
_FILLS: tuple[dict[str, Any], ...] = (
    {"fill": {"color": "#7F7F7F"}},
    {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": "#404040", "bg_color": "#FFFFFF"}},
)
"""What the first and the second series are filled with."""


_SAID = {
    '<c:lang val="en-US"/>': '<c:lang val="zh-CN"/><c:roundedCorners val="0"/>',
    '<c:grouping val="clustered"/>': '<c:grouping val="clustered"/><c:varyColors val="0"/>',
    '<c:showVal val="1"/>': '<c:txPr><a:bodyPr wrap="none"/><a:lstStyle/><a:p><a:pPr><a:defRPr/></a:pPr>'
    '<a:endParaRPr lang="zh-CN"/></a:p></c:txPr><c:showLegendKey val="0"/><c:showVal val="1"/><c:showCatName val="0"/>'
    '<c:showSerName val="0"/><c:showPercent val="0"/><c:showBubbleSize val="0"/>',
}
"""What a chart of Excel 2007 leaves unsaid, and programs take otherwise in a document; no label is broken in two."""


def add_chart(document: Document, paragraph: Paragraph, plot: Plot) -> None:
    """Put a chart into a paragraph, as wide as the text."""
    package = document.part.package
    assert package is not None
    chart = Part(
        package.next_partname("/word/charts/chart%d.xml"),
        CONTENT_TYPE.DML_CHART,
        package=package,
    )
    embedded = Part(
        package.next_partname("/word/embeddings/chart%d.xlsx"),
        CONTENT_TYPE.SML_SHEET,
        _written(plot, charted=False),
        package,
    )
    chart._blob = _chart_xml(plot, chart.relate_to(embedded, RELATIONSHIP_TYPE.PACKAGE))
    key = document.part.relate_to(chart, RELATIONSHIP_TYPE.CHART)
    paragraph.add_run()._r.append(parse_xml(_drawing(plot, key, document.part.next_id)))


def _drawing(plot: Plot, key: str, number: int) -> str:
    wordprocessing, main, chart = (
        f"http://schemas.openxmlformats.org/drawingml/2006/{name}"
        for name in ("wordprocessingDrawing", "main", "chart")
    )
    told = quoteattr(clean(f"{plot.caption}：{plot.in_words}"))
    return (
        f'<w:drawing {nsdecls("w", "r")}><wp:inline xmlns:wp="{wordprocessing}" distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{_WIDTH}" cy="{_height(plot)}"/><wp:docPr id="{number}" name="图{number}" descr={told}/>'
        f'<wp:cNvGraphicFramePr/><a:graphic xmlns:a="{main}"><a:graphicData uri="{chart}">'
        f'<c:chart xmlns:c="{chart}" r:id="{key}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )


def _height(plot: Plot) -> int:
    if not plot.bars:
        return _COLUMNS
    return max(_LEAST, _EACH_BAR * len(plot.labels) * len(plot.series) + _AROUND)


# --- what XlsxWriter makes ------------------------------------------------------------------------


def _chart_xml(plot: Plot, workbook_key: str) -> bytes:
    """The chart's part: what XlsxWriter writes, with the fonts of the text, tied to the workbook."""
    with zipfile.ZipFile(BytesIO(_written(plot, charted=True))) as archive:
        xml = archive.read(_CHART).decode()
    # How a sheet is printed says nothing in a document.
    before, _, _ = xml.partition("<c:printSettings>")
    for unsaid, said in _SAID.items():
        before = before.replace(unsaid, said)
    fonts = f'<a:latin typeface="{_FONT}"/><a:ea typeface="{_FONT}"/>'
    text = (
        f'<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="{_POINTS * 100}">{fonts}</a:defRPr></a:pPr>'
        '<a:endParaRPr lang="zh-CN"/></a:p></c:txPr>'
    )
    tie = f'<c:externalData r:id="{workbook_key}"><c:autoUpdate val="0"/></c:externalData>'
    return f"{before}{text}{tie}</c:chartSpace>".encode()


def _written(plot: Plot, *, charted: bool) -> bytes:
    """A workbook with the figures, as Word opens it for whoever edits them; with the chart, from which its part is taken."""
    written = BytesIO()
    with book_in(written, in_memory=True) as book:
        book.set_properties({"created": FIXED_DATE})
        sheet = book.add_worksheet(_SHEET)
        for column, (name, values) in enumerate(plot.series, 1):
            done(sheet.write_string(0, column, clean(name)))
            for row, value in enumerate(values, 1):
                done(sheet.write_number(row, column, value))
        for row, label in enumerate(plot.labels, 1):
            done(sheet.write_string(row, 0, clean(label)))
        if charted:
            done(sheet.insert_chart(0, len(plot.series) + 2, _chart(book, plot)))
    return written.getvalue()


def _chart(book: Book, plot: Plot) -> Any:
    chart = book.add_chart({"type": "bar" if plot.bars else "column"})
    last = len(plot.labels)
    for column, fill in zip(range(1, len(plot.series) + 1), _FILLS, strict=False):
        done(
            chart.add_series(
                {
                    "name": [_SHEET, 0, column],
                    "categories": [_SHEET, 1, 0, last, 0],
                    "values": [_SHEET, 1, column, last, column],
                    "border": {"color": "#000000", "width": 0.75},
                    "gap": 60,
                    "data_labels": {"value": True, "num_format": plot.number_format},
                    **fill,
                }
            )
        )
    line = {"color": "#000000", "width": 0.75}
    names = {"line": line, "major_tick_mark": "none", "reverse": plot.bars}
    highest = max(value for _, values in plot.series for value in values)
    # Without room behind the longest bar its label is broken in two.
    room = {"max": highest * 1.2} if highest > 0 else {}
    amounts = {"visible": False, "major_gridlines": {"visible": False}, "min": 0, **room}
    chart.set_y_axis(names if plot.bars else amounts)
    chart.set_x_axis(amounts if plot.bars else names)
    chart.set_chartarea({"border": {"none": True}, "fill": {"none": True}})
    chart.set_title({"none": True})
    chart.set_legend({"none": True} if len(plot.series) == 1 else {"position": "bottom"})
    return chart
