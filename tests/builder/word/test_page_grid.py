"""The page of GB/T 9704, measured where it is printed: in LibreOffice's PDF, by the places of its letters.

Times New Roman and 仿宋 are stood in for; a Chinese letter is as wide as it is high in any of them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn
from docx.shared import Pt
from lxml import etree

from builder import build_county_report
from tests.api import official_template
from tests.office import available
from workbook import Summary
from workbook.word import convert

HERE = Path(__file__).resolve().parents[2]
MM = 72 / 25.4
LEFT, RIGHT, TOP, BOTTOM = 28 * MM, (210 - 26) * MM, 37 * MM, (297 - 35) * MM
LINES, CHARACTERS = 22, 28
NUMBER = re.compile(r"—\s*(\d+)\s*—")
FULL_PAGES = 3

needs_office = pytest.mark.skipif(available() is not None, reason=f"{available()}")


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line of a page: its text without blanks, and where it stands, in points from the upper left corner."""

    text: str
    left: float
    right: float
    middle: float


def printed(document: Document, tmp_path: Path) -> list[list[PrintedLine]]:
    """The lines of each page, from above."""
    data = BytesIO()
    document.save(data)
    paper = tmp_path / "page.pdf"
    paper.write_bytes(convert({"a.docx": data.getvalue()}, "pdf")["a.docx"])
    program = shutil.which("pdftotext")
    assert program, "poppler-utils has it beside pdftoppm"
    out = tmp_path / "page.html"
    subprocess.run([program, "-bbox", paper, out], check=True)
    pages = []
    for page in etree.parse(out).iter("{*}page"):
        words = defaultdict(list)
        for word in page.iter("{*}word"):
            middle = (float(word.get("yMin", 0)) + float(word.get("yMax", 0))) / 2
            words[round(middle / 6)].append(word)
        lines = []
        for _, here in sorted(words.items()):
            ordered = sorted(here, key=lambda w: float(w.get("xMin", 0)))
            text = "".join(w.text or "" for w in ordered)
            middles = [(float(w.get("yMin", 0)) + float(w.get("yMax", 0))) / 2 for w in ordered]
            lines.append(
                PrintedLine(
                    text,
                    float(ordered[0].get("xMin", 0)),
                    float(ordered[-1].get("xMax", 0)),
                    sum(middles) / len(middles),
                )
            )
        pages.append(lines)
    return pages


def faults(pages: list[list[PrintedLine]]) -> set[str]:
    """In what pages full of text are not those of the standard: lines, characters, margins, numbers."""
    wrong = set()
    for number, lines in enumerate(pages, 1):
        body = [line for line in lines if line.middle < BOTTOM]
        if number < len(pages):
            wrong |= {"lines"} if len(body) != LINES else set()
        for line in body[1:-1] if number == 1 else body[:-1]:
            wrong |= {"characters"} if len(line.text) != CHARACTERS else set()
            inside = line.left >= LEFT - 2 and line.right <= RIGHT + 2 and line.middle > TOP
            wrong |= set() if inside else {"margins"}
        wrong |= number_faults(number, lines)
    return wrong


def number_faults(number: int, lines: list[PrintedLine]) -> set[str]:
    """A page's number stands 7 mm below the text, a letter in from the outer margin: right on odd pages."""
    below = [line for line in lines if line.middle > BOTTOM]
    if [NUMBER.fullmatch(line.text) and int(NUMBER.sub(r"\1", line.text)) for line in below] != [
        number
    ]:
        return {"numbers"}
    (line,) = below
    gap = RIGHT - line.right if number % 2 else line.left - LEFT
    wrong = set() if gap == pytest.approx(14, abs=3) else {"number's side"}
    return wrong | (
        set()
        if line.middle - BOTTOM == pytest.approx(7 * MM, abs=1.5 * MM)
        else {"number's height"}
    )


def full_text() -> Document:
    """Pages full of letters, none of which may not begin or end a line."""
    document = official_template()
    document.paragraphs[0].text = "财" * (LINES * CHARACTERS * FULL_PAGES + 100)
    document.paragraphs[0].style = "Body Text"
    return document


@pytest.fixture(autouse=True)
def _fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FONTCONFIG_FILE", str(HERE / "fonts.conf"))


@needs_office
def test_a_full_page_has_22_lines_of_28_characters_and_its_number_outside(tmp_path: Path) -> None:
    pages = printed(full_text(), tmp_path)
    assert len(pages) == FULL_PAGES + 1
    assert faults(pages) == set()


@needs_office
def test_no_letter_is_lost_wherever_a_paragraph_ends(tmp_path: Path) -> None:
    document = official_template()
    texts = [f"{'财' * count}。" for count in range(20, 120)]
    for text in texts:
        document.add_paragraph(text, style="Body Text")
    pages = printed(document, tmp_path)
    lines = [line.text for page in pages for line in page if not NUMBER.fullmatch(line.text)]
    assert "".join(lines).removeprefix("【正文】") == "".join(texts)


def _taller(document: Document) -> None:
    document.styles["Normal"].paragraph_format.line_spacing = Pt(30)


def _larger(document: Document) -> None:
    document.styles["Normal"].font.size = Pt(16.5)


def _off_grid(document: Document) -> None:
    grid = document.sections[0]._sectPr.find(qn("w:docGrid"))
    grid.getparent().remove(grid)


def _wider(document: Document) -> None:
    document.sections[0].left_margin = Pt(LEFT - 20)


def _one_side(document: Document) -> None:
    settings = document.settings.element
    settings.remove(settings.find(qn("w:evenAndOddHeaders")))


def _lower(document: Document) -> None:
    document.sections[0].footer_distance = Pt(30)


@needs_office
@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (_taller, "lines"),
        (_larger, "characters"),
        (_off_grid, "characters"),
        (_wider, "margins"),
        (_one_side, "number's side"),
        (_lower, "number's height"),
    ],
)
def test_another_page_is_told(
    spoil: Callable[[Document], None], fault: str, tmp_path: Path
) -> None:
    document = full_text()
    spoil(document)
    assert fault in faults(printed(document, tmp_path))


@needs_office
def test_every_page_of_the_draft_bears_its_number_outside_and_no_more_than_22_lines(
    document: Document, tmp_path: Path
) -> None:
    pages = printed(document, tmp_path)
    text_pages = next(n for n, page in enumerate(pages) if page[0].text.startswith("附件"))
    assert text_pages >= 4
    assert len(pages) - text_pages >= 2
    for number, lines in enumerate(pages[:text_pages], 1):
        assert number_faults(number, lines) == set(), number
        letters = [line for line in lines if line.middle < BOTTOM and len(line.text) > 20]
        assert len(letters) <= LINES
        assert all(line.left >= LEFT - 2 and line.right <= RIGHT + 18 for line in letters)
    for number, lines in enumerate(pages, 1):
        assert sum(bool(NUMBER.fullmatch(line.text)) for line in lines) == 1, number
        assert len(lines) > 3, "no page is all but blank"


# --- what the file itself says, for Word ----------------------------------------------------------


def fonts_of(document: Document, style: str) -> tuple[str, float]:
    """A style's Chinese font, its own or that of the style it is based on, and its size in points."""
    element = document.styles[style].element
    while element.find(f".//{qn('w:rFonts')}") is None:
        parent = element.find(qn("w:basedOn")).get(qn("w:val"))
        element = next(s.element for s in document.styles if s.style_id == parent)
    points = int(element.find(f".//{qn('w:sz')}").get(qn("w:val"))) / 2
    return element.find(f".//{qn('w:rFonts')}").get(qn("w:eastAsia")), points


@pytest.fixture(scope="module")
def document(samples_summary: Summary, tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The bureau's draft on the samples; no test changes it."""
    path = build_county_report(samples_summary, tmp_path_factory.mktemp("draft") / "a.docx")
    return docx.Document(str(path))


def test_the_fonts_are_those_of_the_standard(document: Document) -> None:
    due = {
        "Title": ("方正小标宋简体", 22),
        "Body Text": ("仿宋_GB2312", 16),
        "Heading 1": ("黑体", 16),
        "Heading 2": ("楷体_GB2312", 16),
        "附件标识": ("黑体", 16),
        "footer": ("宋体", 14),
    }
    assert {style: fonts_of(document, style) for style in due} == due
    ascii_font = document.styles["footer"].element.find(f".//{qn('w:rFonts')}").get(qn("w:ascii"))
    assert ascii_font == "宋体", "half-width numbers of the same font"
    used = {p.style.name for p in document.paragraphs if p.style}
    assert {"Title", "Body Text", "Heading 1", "Heading 2", "附件标识"} <= used
    runs = [r for p in document.paragraphs for r in p.runs if p.style and p.style.name in due]
    assert all(r.font.name is None and r.font.size is None for r in runs), "by styles alone"


def test_the_grid_stands_in_every_section_and_numbers_on_both_sides(
    document: Document,
) -> None:
    assert document.settings.odd_and_even_pages_header_footer
    for section in document.sections:
        children = [child.tag for child in section._sectPr]
        assert children[-1] == qn("w:docGrid"), "the schema has it last"
        assert children.count(qn("w:docGrid")) == 1
        for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
            (paragraph,) = footer.paragraphs
            assert paragraph._p.find(f".//{qn('w:jc')}").get(qn("w:val")) == side
            assert 'w:instr=" PAGE "' in paragraph._p.xml
            assert re.sub(r"\d", "", paragraph.text).replace(" ", "") == "——"
