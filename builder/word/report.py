"""A department's report as a Word document: its text section by section, the form as an annex.

Nothing stands in it but what the department wrote and what the form prints: what is missing, the findings tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docx.shared import Pt
from docx.text.paragraph import Paragraph

from builder.word.document import (
    add_hair,
    clean,
    content,
    keep_with_next,
    name_document,
    text_width,
)
from builder.word.official import (
    ANNEX,
    ANNEX_TITLE,
    BODY,
    BODY_POINTS,
    HEADINGS,
    SIGNED,
    TITLE,
    annex_page,
    opened,
)
from builder.word.report_table import FilledForm, add_form
from workbook.checking import View, gather
from workbook.form import (
    NOTHING,
    Form,
    chapter_text,
    is_written,
    outline,
    report_section,
    report_title,
    shown,
)
from workbook.reading import Submission

if TYPE_CHECKING:
    from docx.document import Document

ANNEX_MARK = "附件"
_FROM_THE_EDGE = 4
"""Characters between a date and the right edge."""


def report_values(submission: Submission) -> dict[str, Any] | None:
    """What a submission's report says, by field; None if its form has none or nothing was written."""
    section = report_section(submission.form)
    if section is None:
        return None
    batch = gather(submission.form, [submission], View.TRUE)
    values: dict[str, Any] = batch.values(0)[section.id]
    return values if is_written(submission.form, values) else None


def department_report(
    submission: Submission, *, template: Path | None = None, public: bool = False
) -> bytes:
    """The .docx of a submission: its report and, as an annex, its form; without report the form alone.

    `template` is a document of the bureau's, whose styles, margins, heads and feet are kept; `public`
    leaves out whom to ask. Raises BuildError if the template cannot be used.
    """
    document, marked = opened(template)
    form_title = _form_title(submission)
    title, values = form_title, report_values(submission)
    if values is not None:
        title = report_title(submission.form, values) or form_title
        _title(marked, title, submission.department.strip())
        _chapters(marked, submission.form, values)
        _signed(document, marked, submission, form_title)
    _remove(marked)
    landscape = submission.form.orientation == "landscape"
    annex_page(document, new=values is not None, landscape=landscape)
    if values is not None:
        document.add_paragraph(ANNEX_MARK, style=ANNEX)
        document.add_paragraph(style=ANNEX)
    document.add_paragraph(clean(form_title), style=ANNEX_TITLE)
    add_form(document, FilledForm.of(submission), public=public)
    add_hair(document)
    name_document(document, title)
    return content(document)


def _remove(paragraph: Paragraph) -> None:
    paragraph._p.getparent().remove(paragraph._p)


def _form_title(submission: Submission) -> str:
    """The form's title; its year is written as the report writes years, whatever the paper form does."""
    title = submission.form.title.format(fiscal_year=submission.fiscal_year)
    return re.sub(r"(?<=\d)\s+(?=年)", "", title)


def _title(marked: Paragraph, title: str, department: str) -> None:
    """The title, broken after the department's name where it holds that."""
    paragraph = marked.insert_paragraph_before(style=TITLE)
    before, name, after = clean(title).partition(clean(department))
    paragraph.add_run(f"{before}{name}")
    if name and after:
        paragraph.runs[0].add_break()
    paragraph.add_run(after)
    marked.insert_paragraph_before(style=BODY)


def _chapters(marked: Paragraph, form: Form, values: Mapping[str, Any]) -> None:
    """Headings and texts; what had to be written and was not stays a blank line, the rest says 无。"""
    chapters = outline(form)
    for chapter, after in zip(chapters, (*chapters[1:], None), strict=True):
        if chapter.heading:
            marked.insert_paragraph_before(chapter.heading, style=HEADINGS[chapter.level - 1])
        lines = chapter_text(chapter, values)
        for line in lines:
            marked.insert_paragraph_before(clean(line), style=BODY)
        divided = after is not None and after.level > chapter.level
        if lines or divided:
            continue
        if any(item.required or item.if_begun for item in chapter.texts):
            marked.insert_paragraph_before(style=BODY)
        else:
            marked.insert_paragraph_before(NOTHING, style=BODY)


def _signed(document: Document, marked: Paragraph, submission: Submission, form_title: str) -> None:
    """The annex's name, then the department's, centred over the date, on one page with the last text."""
    last_text = Paragraph(marked._p.getprevious(), marked._parent)
    blank = marked.insert_paragraph_before(style=BODY)
    note = marked.insert_paragraph_before(clean(f"附件：{form_title}"), style=BODY)
    item = submission.form.key_fields.prepared_on
    cell = submission.cell_of(item.key) if item else None
    day = cell.value if cell is not None and isinstance(cell.value, date) else None
    texts = (
        clean(submission.department.strip()),
        shown(item.kind, day) if item and day else "　　年　　月　　日",
    )
    second_blank = marked.insert_paragraph_before(style=BODY)
    name, signed_on = (marked.insert_paragraph_before(text, style=SIGNED) for text in texts)
    indent = max(text_width(document) - Pt(BODY_POINTS * _signing_characters(*texts)), 0)
    name.paragraph_format.left_indent = signed_on.paragraph_format.left_indent = Pt(indent / Pt(1))
    keep_with_next((last_text, blank, note, second_blank, name))


def _signing_characters(name: str, day: str) -> float:
    """How many characters wide the room is in whose middle name and date stand."""
    name_width, day_width = (sum(0.5 if c.isascii() else 1 for c in text) for text in (name, day))
    return max(day_width + 2 * _FROM_THE_EDGE, name_width)
