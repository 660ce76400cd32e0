"""A department's report as a Word document: its text section by section, the form as an annex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from docx.text.paragraph import Paragraph

from builder.document import clean, content, name_document
from builder.official import (
    ANNEX,
    ANNEX_TITLE,
    BODY,
    HEADINGS,
    PLACE,
    SIGNED,
    TITLE,
    add_annex,
    opened,
)
from builder.report_table import Sheet, add_form
from workbook.batch import View, gather, value_at
from workbook.kinds import shown
from workbook.submission import Submission
from workbook.wordreport import Outline, Part, lines_of, outline

if TYPE_CHECKING:
    from docx.document import Document

NOTHING, UNFILLED = "无。", "（未填写）"
ANNEX_MARK = "附件"


@dataclass(frozen=True, slots=True)
class Narrative:
    """A submission's report: its outline, and every single text of it by field key."""

    outline: Outline
    texts: dict[str, str]

    @property
    def written(self) -> bool:
        """Whether the department wrote any of it."""
        return any(self.texts[f.key] for part in self.outline.parts for f in part.texts)


def narrative(submission: Submission) -> Narrative | None:
    """The report of a submission; None if its form has none."""
    drawn = outline(submission.form)
    if drawn is None:
        return None
    batch = gather(submission.form, [submission], View.PRINTED)
    fields = [f for part in drawn.parts for f in part.fields]
    if drawn.title is not None:
        fields.append(drawn.title)
    return Narrative(drawn, {f.key: str(value_at(batch, f, 0)) for f in fields})


def department_report(
    submission: Submission, *, template: Path | None = None, public: bool = False
) -> bytes:
    """The .docx of a submission: its report and, as an annex, its form; without report the form alone.

    `template` is a document of the bureau's, whose styles, margins, heads and feet are kept; `public`
    leaves out whom to ask. Raises BuildError if the template cannot be used.
    """
    document, marked = opened(template)
    form_title = submission.form.title.format(fiscal_year=submission.fiscal_year)
    told = narrative(submission)
    if told is not None and told.written:
        title = told.texts[told.outline.title.key] if told.outline.title else form_title
        _report(marked, told, title, submission)
        _signed(marked, submission, form_title)
        _remove(marked)
        add_annex(document)
        document.add_paragraph(ANNEX_MARK, style=ANNEX)
    else:
        title = form_title
        _remove(marked)
    document.add_paragraph(clean(form_title), style=ANNEX_TITLE)
    add_form(document, Sheet.of(submission), public=public)
    _end(document)
    name_document(document, title)
    return content(document)


def _remove(paragraph: Paragraph) -> None:
    paragraph._p.getparent().remove(paragraph._p)  # type: ignore[union-attr]


def _end(document: Document) -> None:
    """Word wants a paragraph after a table; this one takes no room on the page."""
    last = document.add_paragraph(style="表格文字")
    last.paragraph_format.line_spacing = 1


def _report(marked: Paragraph, told: Narrative, title: str, submission: Submission) -> None:
    _title(marked, title, submission.department.strip())
    for part, lines in lines_of(told.outline.parts, told.texts):
        if part.heading:
            marked.insert_paragraph_before(part.heading, style=HEADINGS[part.level - 1])
        _section(marked, part, lines, told.outline.parts)


def _title(marked: Paragraph, title: str, department: str) -> None:
    """The title, broken after the department's name where it holds that."""
    paragraph = marked.insert_paragraph_before(style=TITLE)
    before, name, after = clean(title).partition(clean(department))
    paragraph.add_run(f"{before}{name}")
    if name and after:
        paragraph.runs[0].add_break()
    paragraph.add_run(after)
    marked.insert_paragraph_before(style=BODY)


def _section(
    marked: Paragraph, part: Part, lines: Sequence[str], parts: Sequence[Part]
) -> None:
    for line in lines:
        marked.insert_paragraph_before(clean(line), style=BODY)
    if lines or not part.texts:
        return
    if any(item.required for item in part.texts):
        paragraph = marked.insert_paragraph_before(style=BODY)
        paragraph.add_run(UNFILLED, style=PLACE)
    else:
        marked.insert_paragraph_before(NOTHING, style=BODY)


def _signed(marked: Paragraph, submission: Submission, form_title: str) -> None:
    marked.insert_paragraph_before(style=BODY)
    marked.insert_paragraph_before(clean(f"附件：{form_title}"), style=BODY)
    marked.insert_paragraph_before(style=BODY)
    marked.insert_paragraph_before(clean(submission.department.strip()), style=SIGNED)
    cell = submission.cells.get("identity.prepared_on")
    day = cell.value if cell is not None and isinstance(cell.value, date) else None
    kind = submission.form.field_of("identity.prepared_on").kind if day else None
    text = shown(kind, day) if kind else "　　年　　月　　日"
    marked.insert_paragraph_before(text, style=SIGNED)
