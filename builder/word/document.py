"""python-docx as we use it: opening a template, plain text into paragraphs and cells, saving whole.

Text from departments stays text: it goes into runs as it is, without the characters that XML forbids, or that nobody sees.
"""

from __future__ import annotations

import datetime
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.exceptions import PythonDocxError
from docx.opc.exceptions import OpcError
from docx.opc.packuri import PackURI
from docx.opc.pkgwriter import PackageWriter
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Emu, Length, Pt, Twips
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from workbook.errors import BuildError, Refused, reason_of
from workbook.language import t
from workbook.limits import Limits
from workbook.text import without_unseen
from workbook.word import read_word
from workbook.writing import writing

if TYPE_CHECKING:
    from docx.document import Document

FIXED_DATE = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
"""The date of creation written into every document: equal input gives equal bytes."""
_ZIP_DATE = (2024, 1, 1, 0, 0, 0)
LINE = "表格文字"
"""The style of what stands in tables."""
NOT_WHOLE = (
    *(LookupError, ValueError, AttributeError, TypeError, SyntaxError, RuntimeError, EOFError),
    *(zipfile.BadZipFile, zlib.error, PythonDocxError, OpcError),
)
"""What python-docx raises, sooner or later, of a package that is not whole."""
TWIP = Twips(1)
"""A twentieth of a point, in which tables are measured."""


def clean(text: str) -> str:
    """The text without what nobody sees: controls, which no XML may hold, and marks that turn others round."""
    return without_unseen(text)


def open_document(path: Path) -> Document:
    """A .docx of the bureau's, to write into. Raises BuildError naming the file and the remedy."""
    try:
        data = path.read_bytes()
        read_word(data, Limits())
        return docx.Document(BytesIO(data))
    except OSError as error:
        raise BuildError(
            t("{path}：模板无法读取（{reason}），请检查路径", path=path, reason=reason_of(error))
        ) from None
    except Refused as refused:
        why = t("{path}：不能用作模板（{detail}）", path=path, detail=refused.detail)
        raise BuildError(t("{why}，请在 Word 中另存为 .docx", why=why)) from None
    except NOT_WHOLE:
        raise broken_template(path) from None


def broken_template(path: Path) -> BuildError:
    """What is said of a template that is not whole."""
    return BuildError(t("{path}：模板不完整，请在 Word 中另存为 .docx", path=path))


def save(document: Document, path: Path) -> Path:
    """Write a document whole or not at all; equal content gives equal bytes. Raises BuildError."""
    with writing(path) as temporary:
        temporary.write_bytes(content(document))
    return path


def content(document: Document) -> bytes:
    """A document's bytes, its members dated alike."""
    package, packed = document.part.package, BytesIO()
    assert package is not None
    for part in package.parts:
        part.before_marshal()
    # python-docx would ask the clock for the members' date, and a zip knows 1980 to 2107 only.
    with zipfile.ZipFile(packed, "w") as target:
        steps: Any = PackageWriter  # partly without types
        members = _DatedMembers(target)
        steps._write_content_types_stream(members, package.parts)
        steps._write_pkg_rels(members, package.rels)
        steps._write_parts(members, package.parts)
    return packed.getvalue()


@dataclass(frozen=True, slots=True)
class _DatedMembers:
    """Where python-docx writes a package's parts: into an archive, under one date."""

    archive: zipfile.ZipFile

    def write(self, name: PackURI, data: bytes) -> None:
        """Write a part."""
        member = zipfile.ZipInfo(name.membername, _ZIP_DATE)
        member.compress_type = zipfile.ZIP_DEFLATED
        self.archive.writestr(member, data)


def name_document(document: Document, title: str) -> None:
    """Set what a document says of itself; no author, no machine's name."""
    properties = document.core_properties
    properties.title = clean(title)
    for name in ("author", "last_modified_by", "comments", "keywords", "subject", "category"):
        setattr(properties, name, "")
    properties.created = properties.modified = FIXED_DATE
    properties.revision = 1


# --- tables ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Box:
    """A cell of a table, over rows and columns from 0, as it is to look."""

    row: int
    column: int
    bottom: int
    right: int
    text: str
    align: str = "center"
    style: str = LINE
    framed: bool = True
    open_side: str = ""
    """`top` or `bottom`, where the frame has no line: the cell seems to go on there."""
    top: bool = False
    """Whether the text stands at the top of the cell, as long texts do."""


def add_table(
    document: Document,
    widths: Sequence[float],
    rows: int,
    before: Paragraph | None = None,
    *,
    padding: float = 1,
) -> Table:
    """An empty table without frame, its columns sharing the page's width in proportion.

    It stands before a paragraph, or at the end of the document; `padding` is inside cells, in points.
    A cell is as wide as the columns it spans, and stays so when merged: Word goes by the cells'
    widths, LibreOffice by the columns'.
    """
    table: Table = document.add_table(rows=rows, cols=len(widths))
    if before is not None:
        before._p.addprevious(table._tbl)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    twips = [int(text_width(document) * width / sum(widths) / TWIP) for width in widths]
    for column, width in zip(table.columns, twips, strict=True):
        column.width = Twips(width)
    for row in table._tbl.tr_lst:
        for cell, width in zip(row.tc_lst, twips, strict=True):
            cell.width = Twips(width)
    whole = table._tbl.tblPr.find(qn("w:tblW"))
    whole.set(qn("w:type"), "dxa")
    whole.set(qn("w:w"), str(sum(twips)))
    _pad(table, padding)
    return table


def add_hair(document: Document) -> None:
    """A paragraph that takes no room: Word wants one between two tables and after the last."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.line_spacing = Pt(1)
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(0)


def text_width(document: Document) -> Length:
    """How wide the text of the last section's pages is."""
    section = document.sections[-1]
    width = (section.page_width or 0) - (section.left_margin or 0) - (section.right_margin or 0)
    return Emu(max(width, Emu(914_400)))


def fill_table(table: Table, boxes: Sequence[Box]) -> None:
    """Put boxes into a table, merging the cells each one covers."""
    # A merge leaves the covered cells' paragraphs behind, so texts are written afterwards.
    grid = [row.cells for row in table.rows]
    # python-docx looks a style up by its name among all others; here each once.
    styles = {
        name: table.part.get_style_id(name, WD_STYLE_TYPE.PARAGRAPH)
        for name in {LINE, *(box.style for box in boxes)}
    }
    for box in boxes:
        cell = grid[box.row][box.column]
        if (box.bottom, box.right) != (box.row, box.column):
            cell = cell.merge(grid[box.bottom][box.right])
        _write_cell(cell, box, styles[box.style])
        if box.framed:
            for row in range(box.row, box.bottom + 1):
                for column in range(box.column, box.right + 1):
                    frame(grid[row][column], box.open_side)
    # Cells that stay blank, covered ones too, would make rows as high as a line of the text.
    for paragraph in table._tbl.iter(qn("w:p")):
        if paragraph.pPr is None:
            paragraph.style = styles[LINE]


def frame(cell: _Cell, open_side: str = "") -> None:
    """Draw thin lines round a cell, but for its `open_side`."""
    properties = cell._tc.get_or_add_tcPr()
    if properties.find(qn("w:tcBorders")) is None:
        sides = "".join(
            f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
            for side in ("top", "left", "bottom", "right")
            if side != open_side
        )
        _in_order(properties, parse_xml(f"<w:tcBorders {nsdecls('w')}>{sides}</w:tcBorders>"))


_CELL_ORDER = ("tcW", "gridSpan", "vMerge", "tcBorders", "shd", "noWrap", "tcMar", "vAlign")
"""The order that the schema asks of a cell's properties."""


def _in_order(properties: Any, child: Any) -> None:
    later = _CELL_ORDER[_CELL_ORDER.index(child.tag.rpartition("}")[2]) + 1 :]
    successor = next((p for p in properties if p.tag.rpartition("}")[2] in later), None)
    if successor is None:
        properties.append(child)
    else:
        successor.addprevious(child)


def _write_cell(cell: _Cell, box: Box, style: str | None) -> None:
    lines = clean(box.text).split("\n")
    for extra in cell.paragraphs[1:]:
        extra._p.getparent().remove(extra._p)
    for number, line in enumerate(lines):
        paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        paragraph._p.style = style
        properties = paragraph._p.get_or_add_pPr()
        properties.append(parse_xml(f'<w:jc {nsdecls("w")} w:val="{box.align}"/>'))
        paragraph.add_run(line)
    if not box.top:
        vertical = f'<w:vAlign {nsdecls("w")} w:val="center"/>'
        _in_order(cell._tc.get_or_add_tcPr(), parse_xml(vertical))


def keep_with_next(paragraphs: Iterable[Paragraph]) -> None:
    """Let no page end between these paragraphs and what follows each of them."""
    for paragraph in paragraphs:
        paragraph.paragraph_format.keep_with_next = True


def _pad(table: Table, points: float) -> None:
    width = f'w:w="{points * 20:.0f}" w:type="dxa"'
    sides = "".join(f"<w:{side} {width}/>" for side in ("left", "right"))
    margins = parse_xml(f"<w:tblCellMar {nsdecls('w')}>{sides}</w:tblCellMar>")
    look = table._tbl.tblPr.find(qn("w:tblLook"))
    if look is None:
        table._tbl.tblPr.append(margins)
    else:
        look.addprevious(margins)


def keep_rows(table: Table, heads: int = 0, least: float = 0, *, last: int = 2) -> None:
    """Break no row across pages, repeat the first rows on each, let none be lower than `least` points.

    Heads stay with the two rows below them, the `last` rows with one another.
    """
    rows = table.rows
    # With but one row below the heads LibreOffice may lose what follows a page's end.
    bound = heads and heads + 1
    for number, row in enumerate(rows):
        if number < bound or len(rows) - last <= number < len(rows) - 1:
            keep_with_next(Paragraph(p, table) for p in row._tr.iter(qn("w:p")))
        properties = row._tr.get_or_add_trPr()
        properties.append(parse_xml(f"<w:cantSplit {nsdecls('w')}/>"))
        if least:
            height = f'<w:trHeight {nsdecls("w")} w:val="{least * 20:.0f}" w:hRule="atLeast"/>'
            properties.append(parse_xml(height))
        if number < heads:
            properties.append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
