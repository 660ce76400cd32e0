"""The bureau's own report on a round, as a Word draft: what `workbook.statements` says, set in type.

No figure and no sentence is made here. What calls for judgement is marked 【此处由人填写：…】 and highlighted; whence each
figure was taken stands in the last annex.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.text.paragraph import CT_P
from docx.text.paragraph import Paragraph

from builder.word.chart import add_chart
from builder.word.document import (
    LINE,
    Box,
    add_hair,
    add_table,
    clean,
    fill_table,
    keep_rows,
    keep_with_next,
    name_document,
    save,
)
from builder.word.official import (
    ANNEX,
    ANNEX_TITLE,
    BODY,
    CAPTION,
    HEADINGS,
    PICTURE,
    SIGNED,
    TITLE,
    TO_FILL_IN,
    annex_page,
    opened,
)
from workbook.arguments import PathLike, as_path, taken
from workbook.statements import (
    CHAPTERS,
    BureauAnnex,
    LeftOpen,
    Passage,
    Plot,
    Statement,
    Subheading,
    Tabular,
    report_of,
)
from workbook.summary import Summary

if TYPE_CHECKING:
    from docx.document import Document

WHOLE = 15
"""A table of no more lines stands on one page."""
_TITLE_END = "情况的报告"
_ONE_LINE = 12
"""A subject of no more letters has the title on one line."""
_FOR_CHECKING = "【本附件供核对用，正式报送前可以删去】"


def build_county_report(
    summary: Summary, path: PathLike, *, template: PathLike | None = None
) -> Path:
    """Write the draft to `path`, whole or not at all. Raises BuildError.

    Amounts are 万元; every figure is one of the summary's. ArgumentError for an argument that is none.

    >>> from builder import build_county_report
    >>> from workbook import aggregate, check, read_returns
    >>> summary = aggregate(check(read_returns("samples/returns")))
    >>> build_county_report(summary, "draft.docx").name
    'draft.docx'
    """
    taken(summary, Summary, "summary", "应是 aggregate(returns) 的结果")
    path = as_path(path, "path", suffixes=(".docx",))
    document, marked = opened(None if template is None else as_path(template, "template"))
    report = report_of(summary)
    draft = _Draft(document, marked)
    title = f"关于{report.subject}{_TITLE_END}"
    _title(draft, report.subject)
    for number, chapter in zip(CHAPTERS, report.chapters, strict=False):
        draft.add(f"{number}、{chapter.heading}", HEADINGS[0])
        _passages(draft, chapter.passages)
    _ending(draft, [annex.title for annex in report.annexes])
    marked._p.getparent().remove(marked._p)
    draft.marked = None
    for position, annex in enumerate(report.annexes, 1):
        annex_page(document, new=True, landscape=False)
        _annex(draft, annex, str(position) if len(report.annexes) > 1 else "")
    name_document(document, title)
    return save(document, path)


@dataclass(slots=True)
class _Draft:
    """A document being drafted: before its marked paragraph, then at its end."""

    document: Document
    marked: Paragraph | None
    tables: int = 0
    charts: int = 0

    def add(self, text: str, style: str) -> Paragraph:
        """A paragraph."""
        if self.marked is None:
            return self.document.add_paragraph(clean(text), style=style)
        return self.marked.insert_paragraph_before(clean(text), style=style)

    def leave_open(self, text: str, style: str = BODY) -> Paragraph:
        """A place that a person must fill in, or take out."""
        paragraph = self.add("", style)
        paragraph.add_run(text, style=TO_FILL_IN)
        return paragraph

    def captioned(self, tabular: Tabular) -> None:
        """A table under its number and caption."""
        self.tables += 1
        self.add(f"表{self.tables}　{tabular.caption}", CAPTION)
        self.table(tabular)

    def table(self, tabular: Tabular) -> None:
        """A table with a head; columns of words are left-aligned, those of figures right-aligned."""
        rows = [tabular.heads, *tabular.rows]
        table = add_table(self.document, tabular.widths, len(rows), self.marked, padding=4)
        above = table._tbl.getprevious()
        if isinstance(above, CT_P):
            keep_with_next([Paragraph(above, table)])
        boxes = []
        for r, cells in enumerate(rows):
            for c, text in enumerate(cells):
                align = "center" if r == 0 else "left" if c in tabular.words else "right"
                boxes.append(Box(r, c, r, c, text, align, LINE))
        fill_table(table, boxes)
        short = sum(max(cell.count("\n") + 1 for cell in row) for row in tabular.rows) <= WHOLE
        keep_rows(table, heads=1, least=18, last=len(tabular.rows) if short else 2)


def _title(draft: _Draft, subject: str) -> None:
    """On two lines, the second beginning with what was done; below it to whom."""
    before, _, after = f"关于{subject}".rpartition("绩效" if len(subject) > _ONE_LINE else "\n")
    heading = draft.add(f"{before}绩效" if before else f"关于{subject}", TITLE)
    if before:
        heading.add_run().add_break()
        heading.add_run(f"{after}{_TITLE_END}")
    else:
        heading.add_run(_TITLE_END)
    draft.add("", BODY)
    draft.leave_open("【此处由人填写：主送机关】", "Normal")


def _passages(draft: _Draft, passages: Sequence[Passage]) -> None:
    subheadings = iter(CHAPTERS)
    for passage in passages:
        match passage:
            case Statement():
                draft.add(passage.text, BODY)
            case LeftOpen():
                draft.leave_open(f"【此处由人填写：{passage.subject}】")
            case Subheading():
                draft.add(f"（{next(subheadings)}）{passage.text}", HEADINGS[1])
            case Tabular():
                draft.captioned(passage)
                draft.add("", LINE)
            case Plot():
                _chart(draft, passage)


def _chart(draft: _Draft, plot: Plot) -> None:
    draft.charts += 1
    picture = draft.add("", PICTURE)
    keep_with_next([picture])
    add_chart(draft.document, picture, plot)
    draft.add(f"图{draft.charts}　{plot.caption}", CAPTION)


# --- the end, and the annexes ---------------------------------------------------------------------


def _ending(draft: _Draft, names: Sequence[str]) -> None:
    """The annexes' names a line below the text, and who signs."""
    lines = [f"附件：{name}" for name in names]
    if len(names) > 1:
        lines = [
            f"{'　　　' if number > 1 else '附件：'}{number}. {name}"
            for number, name in enumerate(names, 1)
        ]
    assert draft.marked is not None
    last = Paragraph(draft.marked._p.getprevious(), draft.marked._parent)
    paragraphs = [draft.add(text, BODY) for text in ("", *lines, "")]
    keep_with_next([last, *paragraphs])
    signed = draft.leave_open("【此处由人填写：报告单位、成文日期】", SIGNED)
    signed.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _annex(draft: _Draft, annex: BureauAnnex, number: str) -> None:
    draft.add(f"附件{number}", ANNEX)
    draft.add("", ANNEX)
    draft.add(annex.title, ANNEX_TITLE)
    if annex.for_checking:
        draft.leave_open(_FOR_CHECKING)
    if annex.note:
        draft.add(annex.note, BODY)
    for table in annex.tables:
        if len(annex.tables) > 1:
            draft.captioned(table)
        else:
            draft.table(table)
        add_hair(draft.document)
