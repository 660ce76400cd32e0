"""The report that a form's further sheet makes: its chapters in order, and one chapter's finished text.

A sheet is a report if its drawing has headings (`# 一、…`). Its texts are the fields of prose:
sentences that the sheet composes, and what the department wrote; figures stand in the sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workbook.form.model import Field, Form, Section

NOTHING = "无。"
"""What a chapter says in which nothing was written."""

_LIST = re.compile(r"\s*(?:[（(]?[0-9一二三四五六七八九十]+[）)、.．]|第[一二三四五六七八九十])")
"""How a list begins: 1、 （一） 第一."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading (level 1: 一、…, level 2: （一）…) and the fields below it, in reading order.

    What stands above the first heading has level 0 and no heading.
    """

    level: int
    heading: str
    fields: tuple[Field, ...]

    @property
    def texts(self) -> tuple[Field, ...]:
        """The fields that make its text; the others are figures, and the sheet's title."""
        return tuple(item for item in self.fields if item.kind.is_prose)


def report_section(form: Form) -> Section | None:
    """The section that is the form's report; None if the form has none."""
    return next((s for s in form.sections.values() if any(_headings(s))), None)


def _headings(section: Section) -> Iterator[str]:
    return (p.text for p in section.head.cells if p.heading and not p.field)


def outline(form: Form) -> tuple[Chapter, ...]:
    """The chapters of the form's report, as drawn; empty if it has none."""
    section = report_section(form)
    if section is None:
        return ()
    chapters: list[tuple[int, str, list[Field]]] = [(0, "", [])]
    for drawn in section.head.cells:
        if drawn.field:
            chapters[-1][2].append(form.field_of(drawn.field))
        elif drawn.heading:
            chapters.append((drawn.heading, drawn.text, []))
    return tuple(Chapter(level, heading, tuple(fields)) for level, heading, fields in chapters)


def report_title(form: Form, values: Mapping[str, Any]) -> str:
    """The report's title; `values` are the report's, by field: {"overview": …}."""
    section = report_section(form)
    cells = section.head.cells if section else ()
    title = next((p.field.partition(".")[2] for p in cells if p.heading and p.field), "")
    return str(values.get(title) or "")


def is_written(form: Form, values: Mapping[str, Any]) -> bool:
    """Whether the department wrote anything of its report."""
    section = report_section(form)
    inputs = (item.id for item in section.fields.values() if item.is_input) if section else ()
    return any(values.get(name) is not None for name in inputs)


def chapter_text(chapter: Chapter, values: Mapping[str, Any]) -> tuple[str, ...]:
    """A chapter's paragraphs: a composed sentence runs on into what was written, unless that is a list."""
    text = ""
    for item in chapter.texts:
        field_text = str(values.get(item.id) or "")
        text += "\n" + field_text if text and _LIST.match(field_text) else field_text
    lines = (line.strip(" \u3000\t\r") for line in text.split("\n"))
    return tuple(line for line in lines if line)
