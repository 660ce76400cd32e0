"""Open a Word document of unknown origin: its paragraphs and tables as text, within hard limits.

The guards of `container` and the XML parser of `parts` hold here too: nothing is written to disk, no
link is followed, no document type is read. Only the main part is parsed; what stands in footnotes,
headers and comments is not the form's. What a person sees is read, and nothing else: deleted text of
tracked changes, codes of fields and marks of notes are left out; what is hidden, or is there to be seen
but cannot be read, is told (`Word.unread`).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from workbook.address import Address
from workbook.errors import Refused
from workbook.limits import Limits
from workbook.package import (
    Archive,
    ParseTask,
    Relationship,
    Watch,
    describe_archive,
    parse_content_types,
    parse_relationships,
    parse_xml,
)
from workbook.text import brief
from workbook.word.looks import (
    MAIN,
    STRICT,
    UNKNOWN_SYMBOL,
    Look,
    OpenParagraph,
    TextStyles,
    is_on,
    parse_styles,
    symbol,
    value,
)

TEXT = "正文"
"""What stands for the sheet in the address of a paragraph."""

_SPACES = {MAIN, STRICT}
_TYPE = "wordprocessingml."
_FOLLOWED = {"hyperlink"}
"""External links that ask nothing of a program that opens the document."""
_TEMPLATE = "attachedTemplate"
_LOCAL = re.compile(r"file:///[^\\/]|[A-Za-z]:[\\/]|(?![\\/])[^:]*\Z")
"""A template on the computer of who wrote the document: many have one, and it fetches nothing."""
_SPAN = 63
"""Word's own limit of columns."""


@dataclass(frozen=True, slots=True)
class WordParagraph:
    """A paragraph outside the tables; `number` counts those with text, from 1."""

    number: int
    text: str

    @property
    def address(self) -> Address:
        """Where it stands."""
        return Address(TEXT, self.number, 1)


@dataclass(frozen=True, slots=True)
class WordCell:
    """A cell of a table. `left` and `right` are columns of the table's grid, from 0."""

    table: int
    row: int
    """From 1."""
    number: int
    """Which cell of its row it is, from 1, the lower parts of merged cells counted."""
    bottom: int
    left: int
    right: int
    text: str

    @property
    def address(self) -> Address:
        """Where it stands: the table as the sheet, its row, its number in the row."""
        return Address(f"表{self.table}", self.row, self.number)


@dataclass(frozen=True, slots=True)
class WordTable:
    """A table, its cells in reading order; what a merged cell covers is not among them."""

    number: int
    cells: tuple[WordCell, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A document's tables and paragraphs in their order, and what else is in the file."""

    blocks: tuple[WordTable | WordParagraph, ...]
    has_macros: bool
    external_links: tuple[str, ...]
    remote_templates: tuple[str, ...]
    """Templates on the net, which Word fetches when it opens the document, with their macros."""
    embedded: tuple[str, ...]
    unread: tuple[str, ...]
    """What is hidden or cannot be read, in words: 隐藏的文字“57.98”."""
    numbered: bool
    """Whether some paragraphs are numbered by Word itself: those numbers are no text."""

    @property
    def tables(self) -> tuple[WordTable, ...]:
        """The tables, those inside cells excepted: their text is their cell's."""
        return tuple(block for block in self.blocks if isinstance(block, WordTable))


def shown_address(address: Address) -> str:
    """An address within a document as findings show it: `R5C3`, `段落12`."""
    if address.sheet == TEXT:
        return f"段落{address.row}"
    return f"R{address.row}C{address.column}"


def read_word(data: bytes, limits: Limits) -> Word:
    """A .docx as paragraphs and tables. Raises Refused, and nothing else."""
    archive = Archive(data, limits)
    watch = Watch(limits.seconds)
    main = _main_part(archive, limits, watch)
    packed = archive.packed(main)
    if packed is None:
        raise Refused("W104", f"缺少部件 {main}")
    names = archive.names
    folder, base = posixpath.split(main)
    rels = posixpath.join(folder, "_rels")
    links = _relations(archive, posixpath.join(rels, f"{base}.rels"), limits, watch)
    reading = _DocumentReader(
        ParseTask(main, limits, watch), _styles(archive, links, limits, watch)
    )
    reading.read(archive.inflate(main, packed))
    # A template is a link of the settings, a linked picture often one of a header.
    parts = (name for name in names if posixpath.dirname(name) == rels)
    external = [
        link for name in parts for link in _relations(archive, name, limits, watch) if link.external
    ]
    return Word(
        blocks=tuple(reading.blocks),
        has_macros=any(name.lower().endswith("vbaproject.bin") for name in names),
        external_links=tuple(
            r.target for r in external if r.kind not in _FOLLOWED and r.kind != _TEMPLATE
        ),
        remote_templates=tuple(
            r.target for r in external if r.kind == _TEMPLATE and not _LOCAL.match(r.target)
        ),
        embedded=tuple(
            n for n in names if n.lower().startswith(("word/embeddings/", "word/activex/"))
        ),
        unread=reading.unread,
        numbered=reading.numbered,
    )


def _styles(
    archive: Archive, links: tuple[Relationship, ...], limits: Limits, watch: Watch
) -> TextStyles:
    name = next((r.target for r in links if r.kind == "styles" and not r.external), "")
    packed = archive.packed(name)
    if packed is None:
        return TextStyles()
    return parse_styles(archive.inflate(name, packed), ParseTask(name, limits, watch))


def _relations(
    archive: Archive, name: str, limits: Limits, watch: Watch
) -> tuple[Relationship, ...]:
    packed = archive.packed(name)
    if packed is None:
        return ()
    return parse_relationships(archive.inflate(name, packed), ParseTask(name, limits, watch))


def _main_part(archive: Archive, limits: Limits, watch: Watch) -> str:
    """The member that is the document itself; Refused if it is no Word document."""
    name = "[Content_Types].xml"
    packed = archive.packed(name)
    if packed is not None:
        types = parse_content_types(archive.inflate(name, packed), ParseTask(name, limits, watch))
        for link in _relations(archive, "_rels/.rels", limits, watch):
            if link.kind == "officeDocument" and not link.external:
                if _TYPE in types.get(link.target.casefold(), ""):
                    return link.target
                break
    names = archive.names
    if any(entry.lower() == "word/document.xml" for entry in names):
        raise Refused("W104", "缺少文档的主要部件")
    if any(entry.lower() == "xl/workbook.xml" for entry in names):
        raise Refused("W103", "Excel 工作簿，请用 workbook check 检查")
    packed = archive.packed("mimetype")
    mimetype = archive.inflate("mimetype", packed) if packed and packed.size < 256 else b""
    raise Refused("W103", describe_archive(names, mimetype))


# --- parsing --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _OpenTable:
    """A table being read. `above` holds, by left edge, the cell that a merge may go on from."""

    number: int
    cells: list[_OpenCell]
    above: dict[int, _OpenCell]
    row: int = 0
    column: int = 0
    cells_in_row: int = 0
    in_settings: bool = False
    """Whether a row's settings are being read."""
    unseen_row: str = ""
    """`del` or `hidden` for a row that is not shown."""


@dataclass(slots=True)
class _OpenCell:
    """A cell being read, and after it as long as its table is."""

    texts: list[str]
    span: int = 1
    merge: str = ""
    """`restart`, `continue`, or blank for a cell that is not merged downwards."""
    row: int = 0
    number: int = 0
    bottom: int = 0
    left: int = 0

    def as_read(self, table: int) -> WordCell:
        """The cell as it was read."""
        right, text = self.left + max(self.span, 1) - 1, "\n".join(self.texts)
        return WordCell(table, self.row, self.number, self.bottom, self.left, right, text)


_SKIPPED = frozenset(
    {"del", "moveFrom", "Fallback", "instrText", "delText", "rt", "rPrChange", "pPrChange"}
    | {"trPrChange", "tcPrChange", "tblPrChange", "tblGridChange", "sectPrChange"}
)
_HIDDEN, _PROMPT, _CODE = "隐藏的文字", "控件里的提示", "域代码里的文字"
_FORMULA, _FOREIGN, _SYMBOL = "公式", "插入的另一个文档", "认不出的符号"
_SHOWN = 3
"""So many texts of a sort are told."""
_LONGEST_TOLD = 200


class _DocumentReader:
    """One pass over the main part."""

    def __init__(self, task: ParseTask, styles: TextStyles) -> None:
        self.task, self.styles = task, styles
        self.blocks: list[WordTable | WordParagraph] = []
        self.numbered = False
        self._skip = 0  # depth inside what is skipped
        self._depth = 0
        self._body = False
        self._tables: list[_OpenTable] = []
        self._cells: list[_OpenCell] = []
        self._paragraphs: list[OpenParagraph] = []
        self._prompts: list[bool] = []  # of open controls: whether nothing is filled in
        self._alternatives: list[bool] = []  # whether one of them has been read
        self._unread: dict[str, list[str]] = {}
        self._in_text = False
        self._count = self._length = self._items = self._numbered_tables = 0

    def read(self, data: bytes) -> None:
        """Parse the part. Raises Refused."""
        parse_xml(
            data, self.task, start=self._start, end=self._end, text=self._text,
            tick=lambda: self.task.require_shallow(self._depth),
        )  # fmt: skip
        if not self._body:
            raise self.task.damaged("没有正文")

    @property
    def unread(self) -> tuple[str, ...]:
        """What was not read, in words, with its first texts."""
        return tuple(
            what + "".join(f"“{text}”" for text in texts[:_SHOWN])
            for what, texts in self._unread.items()
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        space, _, step = name.rpartition(" ")
        if not self._skip and self._tables and self._tables[-1].in_settings:
            self._row_setting(step, attributes)
        if self._skip or step in _SKIPPED or self._is_another_choice(step):
            self._skip += 1
            return
        if step == "oMath":
            self._unread.setdefault(_FORMULA, [])
        if space not in _SPACES:
            return
        match step:
            case "body":
                self._body = True
            case "t":
                self._in_text = True
            case "p":
                self._item()
                self._paragraphs.append(OpenParagraph(self.styles.paragraph))
            case "tab" | "ptab" if self._paragraphs:
                # In a paragraph's own settings a tab is a position; those have a value.
                if not value(attributes, "val") and not value(attributes, "pos"):
                    self._add("\t")
            case "br" if value(attributes, "type") not in ("page", "column"):
                self._add("\n")
            case "cr":
                self._add("\n")
            case "noBreakHyphen":
                self._add("-")
            case "sym":
                self._symbol(attributes)
            case "numPr":
                self.numbered = True
            case "altChunk" | "subDoc":
                self._unread.setdefault(_FOREIGN, [])
            case "sdt":
                self._prompts.append(False)
            case "showingPlcHdr" if self._prompts:
                self._prompts[-1] = is_on(attributes)
            case "trPr" if self._tables:
                self._tables[-1].in_settings = True
            case "tbl" | "tr" | "tc" | "gridBefore" | "gridSpan" | "vMerge":
                self._table_start(step, attributes)
            case _ if self._paragraphs:
                self._paragraphs[-1].start(step, attributes)

    def _row_setting(self, step: str, attributes: dict[str, str]) -> None:
        if step in ("del", "hidden") and is_on(attributes):
            self._tables[-1].unseen_row = step

    def _is_another_choice(self, step: str) -> bool:
        """Whether this is one more way to draw what has been read already."""
        if step == "AlternateContent":
            self._alternatives.append(False)
        if step != "Choice" or not self._alternatives:
            return False
        read, self._alternatives[-1] = self._alternatives[-1], True
        return read

    def _symbol(self, attributes: dict[str, str]) -> None:
        text = symbol(value(attributes, "font"), int(value(attributes, "char"), 16))
        if text == UNKNOWN_SYMBOL:
            self._unread.setdefault(_SYMBOL, [])
        self._add(text)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._skip:
            self._skip -= 1
            return
        space, _, step = name.rpartition(" ")
        if step == "AlternateContent":
            self._alternatives.pop()
        if space not in _SPACES:
            return
        if step == "t":
            self._in_text = False
        elif step == "r" and self._paragraphs:
            self._paragraphs[-1].runs.pop()
        elif step == "p":
            self._finish_paragraph(self._paragraphs.pop())
        elif step == "sdt":
            self._prompts.pop()
        elif step == "trPr" and self._tables:
            self._tables[-1].in_settings = False
        elif step == "tc":
            self._finish_cell()
        elif step == "tbl":
            self._finish_table()

    def _text(self, text: str) -> None:
        if self._in_text and not self._skip:
            self._add(text)

    def _add(self, text: str) -> None:
        if not self._paragraphs:
            return
        self._length += len(text)
        if self._length > self.task.limits.part_bytes:
            raise self.task.over("文字长度", self.task.limits.part_bytes)
        paragraph = self._paragraphs[-1]
        looks = [look for p in self._paragraphs for look in p.looks(self.styles)]
        own = looks[-1] if paragraph.runs else Look()
        if self._is_no_text(paragraph) or (own.raised and own.note_mark):
            return
        if why := self._why_unread(paragraph, looks):
            paragraph.unread[why] = (paragraph.unread.get(why, "") + text)[:_LONGEST_TOLD]
        else:
            paragraph.add(text, is_raised=bool(own.raised))

    def _is_no_text(self, paragraph: OpenParagraph) -> bool:
        """Whether text that comes now is a note's mark, or in a row that was deleted."""
        return any(run.is_note_mark for run in paragraph.runs) or any(
            table.unseen_row == "del" for table in self._tables
        )

    def _why_unread(self, paragraph: OpenParagraph, looks: list[Look]) -> str:
        """As what text that comes now is told, being not seen; blank if it is."""
        if any(table.unseen_row for table in self._tables) or any(x.hidden for x in looks):
            return _HIDDEN
        if any(self._prompts):
            return _PROMPT
        return _CODE if paragraph.in_code else ""

    def _item(self) -> None:
        self._items += 1
        if self._items > self.task.limits.cells:
            raise self.task.over("段落数", self.task.limits.cells)

    def _finish_paragraph(self, paragraph: OpenParagraph) -> None:
        text = paragraph.as_read()
        for why, unread in paragraph.unread.items():
            if unread.strip():
                self._unread.setdefault(why, []).append(brief(" ".join(unread.split())))
        if self._cells:
            self._cells[-1].texts.append(text)
        else:
            if text.strip():
                self._count += 1
            self.blocks.append(WordParagraph(self._count, text))

    # tables: one inside a cell gives its text to that cell

    def _table_start(self, step: str, attributes: dict[str, str]) -> None:
        if step == "tbl":
            self._item()
            self._numbered_tables += not self._tables
            self._tables.append(_OpenTable(self._numbered_tables, [], {}))
            return
        if not self._tables:
            raise self.task.damaged("表格的行或格不在表格里")
        table = self._tables[-1]
        if step == "tr":
            table.row, table.column, table.cells_in_row = table.row + 1, 0, 0
            table.unseen_row = ""
        elif step == "gridBefore":
            table.column = self._span(attributes)
        elif step == "tc":
            self._item()
            self._cells.append(_OpenCell([]))
        elif self._cells and step == "gridSpan":
            self._cells[-1].span = self._span(attributes)
        elif self._cells and step == "vMerge":
            self._cells[-1].merge = value(attributes, "val") or "continue"

    def _span(self, attributes: dict[str, str]) -> int:
        span = int(value(attributes, "val") or "1")
        if not 0 <= span <= _SPAN:
            raise self.task.over("表格列数", _SPAN)
        return max(span, 0)

    def _finish_cell(self) -> None:
        cell, table = self._cells.pop(), self._tables[-1]
        cell.row = cell.bottom = table.row
        cell.left, cell.number = table.column, table.cells_in_row + 1
        table.column, table.cells_in_row = cell.left + max(cell.span, 1), cell.number
        above = table.above.get(cell.left)
        if cell.merge == "continue" and above is not None:
            above.bottom = cell.row
            above.texts += [text for text in cell.texts if text.strip()]  # hidden, but kept
            return
        for column in range(cell.left, table.column):
            table.above.pop(column, None)
        if cell.merge:
            table.above[cell.left] = cell
        table.cells.append(cell)

    def _finish_table(self) -> None:
        table = self._tables.pop()
        if self._cells:
            self._cells[-1].texts += [text for cell in table.cells for text in cell.texts]
        else:
            cells = tuple(cell.as_read(table.number) for cell in table.cells)
            self.blocks.append(WordTable(table.number, cells))
