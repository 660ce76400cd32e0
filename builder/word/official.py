"""The page of Chinese public documents (GB/T 9704-2012) as a Word template, made of styles.

A4; margins 37, 35, 28, 26 mm; body 仿宋 三号, on a grid of 22 lines of 28 characters; headings 黑体 and 楷体; page
numbers 宋体 四号 between dashes, on the outer side, 7 mm below the text. Whoever wants it otherwise edits the styles
in Word: the writers use the template's styles by name, and take from here only those it lacks.
"""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import docx
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.text.paragraph import CT_P
from docx.shared import Mm
from docx.text.paragraph import Paragraph

from builder.word.document import (
    LINE,
    NOT_WHOLE,
    add_table,
    broken_template,
    content,
    name_document,
    open_document,
    save,
)
from workbook.writing import State, state_of

if TYPE_CHECKING:
    from docx.document import Document
    from docx.section import Section, _Footer

MARKER = "【正文】"
"""The paragraph of a template that the text takes the place of."""
TITLE, BODY = "Title", "Body Text"
HEADINGS = ("Heading 1", "Heading 2")
ANNEX, ANNEX_TITLE, SIGNED, TO_FILL_IN = "附件标识", "附件标题", "落款", "待填"
CAPTION, PICTURE = "图表题", "图"

SONG, TITLE_SONG, HEI = "宋体", "方正小标宋简体", "黑体"
FANG_SONG, KAI = "仿宋_GB2312", "楷体_GB2312"
_INSTEAD = {
    TITLE_SONG: ("方正小标宋_GBK", "auto"),
    FANG_SONG: ("仿宋", "modern"),
    KAI: ("楷体", "modern"),
    SONG: ("SimSun", "auto"),
    HEI: ("SimHei", "auto"),
}
"""Font → the name Word tries where it is not installed (`altName`), and its family."""

# A form is wider and longer than a letter.
_ANNEX_SIDES, _ANNEX_TOP, _ANNEX_FOOT = Mm(15), Mm(20), Mm(10)
BODY_POINTS = 16
"""The size of the text, 三号: 28 characters of it want 158 mm, and a line has 156."""
LINES, CHARACTERS = 22, 28
"""What stands on a page, and in a line: the grid of the standard."""
_TEXT_HEIGHT, _TEXT_WIDTH = Mm(297 - 37 - 35), Mm(210 - 28 - 26)
_LINE_PITCH = int(_TEXT_HEIGHT.pt * 20 / LINES)
"""In twips, like the lines' own height."""
_CHARACTER_SPACE = int((_TEXT_WIDTH.pt / CHARACTERS - BODY_POINTS) * 4096) - 1
"""By how much a character is set closer for the grid, in 4096ths of a point; a hair less, or a line might lose its last."""
_CLOSER = -3
"""So many twips closer besides: on the grid alone LibreOffice loses the full stop that ends a paragraph just beyond the margin."""
_INDENT = '<w:ind w:firstLineChars="200" w:firstLine="640"/>'
_BODY_LINES = f'<w:spacing w:before="0" w:after="0" w:line="{_LINE_PITCH}" w:lineRule="exact"/>'
_OFF_GRID = '<w:snapToGrid w:val="0"/>'
_TABLE_LINES = '<w:spacing w:before="0" w:after="0" w:line="240" w:lineRule="exact"/>'
_CAPTION_LINES = '<w:spacing w:before="120" w:after="60" w:line="360" w:lineRule="exact"/>'
_NUMBER_LINE = '<w:spacing w:before="0" w:after="0" w:line="400" w:lineRule="exact"/>'
_NUMBER_FOOT = Mm(25.1)
"""The dashes beside a page's number stand 2.9 mm above the foot of its line, and 7 mm below the text."""
_ONE_LINE = '<w:spacing w:before="0" w:after="0" w:line="240" w:lineRule="auto"/>'


def official_template() -> Document:
    """An empty document with every style that the writers use, and the marker."""
    document = docx.Document()
    _drop_leftovers(document)
    _styles(document)
    _settings(document)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = _NUMBER_FOOT
    section.header_distance = Mm(15)
    _grid(section)
    _page_number(section.footer, "right")
    _page_number(section.even_page_footer, "left")
    document.add_paragraph(MARKER, style=BODY)
    name_document(document, "")
    return document


def write_template(path: Path) -> Path:
    """Write the template to be edited in Word."""
    return save(official_template(), path)


def opened(template: Path | None) -> tuple[Document, Paragraph]:
    """A document made from a template, and the marked paragraph before which the text goes.

    Styles that the template lacks are added. Raises BuildError.
    """
    if template is None:
        document = official_template()
    else:
        _require_usable(template, state_of(template))
        document = open_document(template)
        _add_missing(document)
    marked = next((p for p in document.paragraphs if p.text.strip() == MARKER), None)
    return document, marked or document.add_paragraph()


@lru_cache(maxsize=1)
def _require_usable(template: Path, _: State) -> None:
    """Raise BuildError for a template into which no document can be written.

    python-docx looks at a part only when it is used, hence everything is used once.
    """
    document = open_document(template)
    try:
        _add_missing(document)
        for style in official_template().styles:
            if style.type == WD_STYLE_TYPE.PARAGRAPH:
                document.add_paragraph(style=style.name)
        for landscape in (True, False):
            annex_page(document, new=True, landscape=landscape)
            add_table(document, [1, 1], 2)
        name_document(document, "")
        content(document)
    except NOT_WHOLE:
        raise broken_template(template) from None


def _add_missing(document: Document) -> None:
    present_names = {style.name for style in document.styles}
    for style in official_template().styles:
        if style.name not in present_names:
            document.styles.element.append(deepcopy(style.element))


# --- styles ---------------------------------------------------------------------------------------


def _run(font: str, points: float, latin: str = "Times New Roman") -> str:
    """A style's letters; only those of the text keep to the grid of characters."""
    on_grid = f'<w:spacing w:val="{_CLOSER}"/>' if points == BODY_POINTS else _OFF_GRID
    return (
        f'<w:rPr><w:rFonts w:ascii="{latin}" w:hAnsi="{latin}" w:eastAsia="{font}" '
        f'w:cs="Times New Roman"/>{on_grid}<w:sz w:val="{points * 2:g}"/>'
        f'<w:szCs w:val="{points * 2:g}"/></w:rPr>'
    )


def _style(name: str, paragraph: str, run: str, *, parent: str = "a", key: str = "") -> str:
    quick = "<w:qFormat/>"
    base = f'<w:basedOn w:val="{parent}"/>' if parent else ""
    paragraph_settings = f"<w:pPr>{paragraph}</w:pPr>"
    custom = ' w:customStyle="1"' if not name.isascii() else ""
    default = custom if parent else ' w:default="1"'
    return (
        f'<w:style w:type="paragraph"{default} w:styleId="{key or name}"><w:name w:val="{name}"/>'
        f"{base}{quick}{paragraph_settings}{run}</w:style>"
    )


def _heading(level: int, font: str) -> str:
    look = f'<w:keepNext/>{_BODY_LINES}{_INDENT}<w:outlineLvl w:val="{level - 1}"/>'
    return _style(f"heading {level}", look, _run(font, BODY_POINTS), key=str(level))


_STOCK = (
    '<w:style w:type="character" w:default="1" w:styleId="a0">'
    '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/></w:style>'
    '<w:style w:type="table" w:default="1" w:styleId="a1"><w:name w:val="Normal Table"/>'
    '<w:uiPriority w:val="99"/><w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>'
    '<w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="108" w:type="dxa"/>'
    '<w:bottom w:w="0" w:type="dxa"/><w:right w:w="108" w:type="dxa"/></w:tblCellMar></w:tblPr>'
    '</w:style><w:style w:type="numbering" w:default="1" w:styleId="a2"><w:name w:val="No List"/>'
    '<w:uiPriority w:val="99"/><w:semiHidden/></w:style>'
)
"""What Word expects of every document."""
_TO_FILL_IN = (
    f'<w:style w:type="character" w:customStyle="1" w:styleId="Place"><w:name w:val="{TO_FILL_IN}"/>'
    # A style cannot hold Word's highlighting, but it can hold a background.
    '<w:basedOn w:val="a0"/><w:qFormat/><w:rPr><w:shd w:val="clear" w:color="auto" w:fill="FFF200"/>'
    "</w:rPr></w:style>"
)


def _styles(document: Document) -> None:
    centred = '<w:jc w:val="center"/>'
    title_lines = (
        f'{_OFF_GRID}<w:spacing w:before="0" w:after="0" w:line="700" w:lineRule="exact"/>'
    )
    parts = (
        _style("Normal", f'{_BODY_LINES}<w:jc w:val="both"/>', _run(FANG_SONG, BODY_POINTS),
               parent="", key="a"),
        _STOCK,
        _style("Title", f"{title_lines}{centred}", _run(TITLE_SONG, 22), key="Title"),
        _heading(1, HEI),
        _heading(2, KAI),
        _style("Body Text", _INDENT, "", key="BodyText"),
        _style(ANNEX, _BODY_LINES, _run(HEI, BODY_POINTS), key="Annex"),
        _style(ANNEX_TITLE, f"{title_lines}{centred}", _run(TITLE_SONG, 18), key="AnnexTitle"),
        _style(LINE, f"{_OFF_GRID}{_TABLE_LINES}{centred}", _run(SONG, 9), key="TableText"),
        _style(CAPTION, f"{_OFF_GRID}{_CAPTION_LINES}{centred}", _run(HEI, 12), key="Caption"),
        _style(PICTURE, f"{_OFF_GRID}{_ONE_LINE}{centred}", _run(SONG, 9), key="Picture"),
        _style(SIGNED, centred, "", key="Signed"),
        _style("footer", f"{_OFF_GRID}{_NUMBER_LINE}", _run(SONG, 14, SONG), key="Footer"),
        _TO_FILL_IN,
    )  # fmt: skip
    element = document.styles.element
    for child in list(element):
        element.remove(child)
    defaults = (
        '<w:docDefaults><w:rPrDefault><w:rPr><w:kern w:val="2"/>'
        '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
        "<w:pPrDefault/></w:docDefaults>"
    )
    styles = parse_xml(f"<w:styles {nsdecls('w')}>{defaults}{''.join(parts)}</w:styles>")
    for child in list(styles):
        element.append(child)


# --- the rest of the package ----------------------------------------------------------------------


def _drop_leftovers(document: Document) -> None:
    """Take out what python-docx's own template brings along: another look, a theme, a picture."""
    part = document.part
    for owner, words in (
        (part, ("stylesWithEffects", "theme", "customXml", "numbering", "webSettings")),
        (part.package, ("thumbnail", "customXml", "extended-properties")),
    ):
        for key, relation in list(owner.rels.items()):
            if relation.reltype.rpartition("/")[2] in words:
                del owner.rels[key]
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{alternative}"/><w:charset w:val="86"/>'
        f'<w:family w:val="{family}"/><w:pitch w:val="default"/></w:font>'
        for name, (alternative, family) in _INSTEAD.items()
    )
    table = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {nsdecls("w")}>{fonts}</w:fonts>'
    for relation in part.rels.values():
        if relation.reltype.endswith("/fontTable"):
            relation.target_part._blob = table.encode()


def _settings(document: Document) -> None:
    element = document.settings.element
    for child in list(element):
        element.remove(child)
    uri = "http://schemas.microsoft.com/office/word"
    settings = parse_xml(
        f'<w:settings {nsdecls("w")}><w:zoom w:percent="100"/><w:evenAndOddHeaders/>'
        '<w:characterSpacingControl w:val="compressPunctuation"/><w:compat>'
        f'<w:compatSetting w:name="compatibilityMode" w:uri="{uri}" w:val="15"/></w:compat>'
        '<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>'
    )
    for child in list(settings):
        element.append(child)


def _grid(section: Section) -> None:
    """22 lines of 28 characters: Word sets the text on it, and draws it."""
    properties = section._sectPr
    for former in properties.findall(qn("w:docGrid")):
        properties.remove(former)
    properties.append(
        parse_xml(
            f'<w:docGrid {nsdecls("w")} w:type="linesAndChars" w:linePitch="{_LINE_PITCH}" '
            f'w:charSpace="{_CHARACTER_SPACE}"/>'
        )
    )


def _page_number(footer: _Footer, side: str) -> None:
    """— 1 —, one character in from the outer margin."""
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    paragraph.style = "footer"
    properties = paragraph._p.get_or_add_pPr()
    properties.append(parse_xml(f'<w:ind {nsdecls("w")} w:{side}Chars="100" w:{side}="280"/>'))
    properties.append(parse_xml(f'<w:jc {nsdecls("w")} w:val="{side}"/>'))
    paragraph.add_run("— ")
    field = parse_xml(
        f'<w:fldSimple {nsdecls("w")} w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    )
    paragraph._p.append(field)
    paragraph.add_run(" —")


def annex_page(document: Document, *, new: bool, landscape: bool) -> None:
    """Let a form begin, on a `new` page at the end, with margins no wider than a form needs."""
    section = document.add_section(WD_SECTION.NEW_PAGE) if new else document.sections[-1]
    if new:
        _end_with_text(document)
    wide = (section.page_width or 0) > (section.page_height or 0)
    if wide != landscape:
        section.page_width, section.page_height = section.page_height, section.page_width
        section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.left_margin = min(section.left_margin or _ANNEX_SIDES, _ANNEX_SIDES)
    section.right_margin = min(section.right_margin or _ANNEX_SIDES, _ANNEX_SIDES)
    section.top_margin = min(section.top_margin or _ANNEX_TOP, _ANNEX_TOP)
    section.bottom_margin = min(section.bottom_margin or _ANNEX_TOP, _ANNEX_TOP)
    section.footer_distance = min(section.footer_distance or _ANNEX_FOOT, _ANNEX_FOOT)


def _end_with_text(document: Document) -> None:
    """Let the last section end with its last text, not with a blank line, which may want a page."""
    ending = document.paragraphs[-1]._p
    last = ending.getprevious()
    if isinstance(last, CT_P) and last.find(f".//{qn('w:sectPr')}") is None:
        last.set_sectPr(ending.find(f".//{qn('w:sectPr')}"))
        ending.getparent().remove(ending)
