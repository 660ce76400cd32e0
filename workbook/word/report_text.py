"""A report's text in a Word document, taken apart: section by section into the form's text fields.

Headings are known by their words, however they are numbered (三、, 3、, none). A sentence that the form
composes from figures gives those figures and goes; what else stands in a section is its text. Lines
that only dress a document (titles, the annex's mark, department and date at the end) are let go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbook.checking import View, gather, value_at
from workbook.expression import number_text
from workbook.form import Chapter, Field, Form, Value, outline, report_section, report_title
from workbook.reading import Filling, submit
from workbook.text import fold
from workbook.word.document import WordParagraph
from workbook.word.form_tables import FieldText, Leftover, key, pattern

_NUMBERING = re.compile(
    r"^(?:第?[一二三四五六七八九十]+[、.,章节]|\(?[一二三四五六七八九十\d]+\)|\d+[、.,])"
)
_ANNEX = re.compile(r"附件?\d*:?.*")
_DAY = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日")
_QUOTES = "“”\"‘’'"
_FIGURE = r"[\s为是共计合:：]*([\d,，]+(?:\.\d+)?)\s*(万元|元)"
_LONGEST_HEADING = 60


@dataclass(slots=True)
class Report:
    """What was found of a report."""

    has_headings: bool = False
    """Whether any of its headings is there."""
    texts: dict[str, FieldText] = field(default_factory=dict)
    leftovers: list[Leftover] = field(default_factory=list)
    signed_on: FieldText | None = None


def read_report(
    form: Form,
    paragraphs: Sequence[WordParagraph],
    form_values: Mapping[str, Value],
    fiscal_year: int,
) -> Report:
    """Take a report apart. `form_values` is what the form itself says, by field key."""
    report = Report()
    sections = _sections(outline(form), [p for p in paragraphs if p.text.strip()])
    report.has_headings = any(part.heading for part, _ in sections)
    dress = _Dress(form, form_values, fiscal_year)
    for number, (part, section_paragraphs) in enumerate(sections):
        last = number == len(sections) - 1
        rest = [
            p
            for p in section_paragraphs
            if not dress.lets_go(p, report, ends=last or not part.heading)
        ]
        if _written(part) and rest:
            _figures(form, part, rest, report, form_values)
            sentences = _composed(form, part, form_values, report, fiscal_year)
            _texts(part, rest, sentences, report)
        else:
            sentences = _composed(form, part, form_values, report, fiscal_year) if rest else {}
            spoken = {fold(text) for text in sentences.values()}
            report.leftovers += [
                Leftover(p.text.strip(), p.address) for p in rest if fold(p.text) not in spoken
            ]
    return report


def _sections(
    parts: Sequence[Chapter], paragraphs: Sequence[WordParagraph]
) -> list[tuple[Chapter, list[WordParagraph]]]:
    """The paragraphs below each heading, in the document's order; first those above any heading."""
    opening = parts[0] if parts and not parts[0].heading else Chapter(0, "", ())
    sections: list[tuple[Chapter, list[WordParagraph]]] = [(opening, [])]
    names = {heading_name(part.heading): part for part in parts if part.heading}
    seen: set[str] = set()
    for paragraph in paragraphs:
        name = heading_name(paragraph.text) if len(paragraph.text) <= _LONGEST_HEADING else ""
        if name in names and name not in seen:
            seen.add(name)
            sections.append((names[name], []))
        else:
            sections[-1][1].append(paragraph)
    return sections


def _written(part: Chapter) -> list[Field]:
    """What a department writes of a chapter, apart from figures."""
    return [item for item in part.texts if item.mode == "entered"]


def heading_name(heading: str) -> str:
    """A heading's words alone: 三、政府性基金预算支出情况 → 政府性基金预算支出情况."""
    return key(_NUMBERING.sub("", fold(heading)))


class _Dress:
    """Lines that are no text of the report."""

    def __init__(self, form: Form, form_values: Mapping[str, Value], fiscal_year: int) -> None:
        self.department = fold(str(form_values.get("identity.department") or ""))
        titles = [form.title.format(fiscal_year=fiscal_year), form.name]
        titles.append(_title(form, form_values, fiscal_year))
        self.titles = [fold(title) for title in titles if title]

    def lets_go(self, paragraph: WordParagraph, report: Report, *, ends: bool) -> bool:
        """Whether a paragraph is a title, an annex's mark, or where the document `ends`, its signing."""
        text = fold(paragraph.text)
        if any(text == title or (len(text) > 5 and text in title) for title in self.titles):
            return True
        if not ends:
            return False
        if _DAY.fullmatch(text):
            report.signed_on = FieldText(paragraph.text.strip(), paragraph.address)
            return True
        return text == self.department or (_ANNEX.fullmatch(text) is not None and len(text) < 60)


# --- figures and sentences ------------------------------------------------------------------------


def _figures(
    form: Form,
    part: Chapter,
    paragraphs: Sequence[WordParagraph],
    report: Report,
    form_values: Mapping[str, Value],
) -> None:
    """Take the amounts that a section's sentences name; tell those that differ from the form's."""
    for item in (f for f in part.fields if f.kind.is_amount):
        label = fold(item.label).translate({ord(c): None for c in _QUOTES})
        words = f"[{_QUOTES}]*".join(pattern([c]) for c in label)
        for paragraph in paragraphs:
            match = re.search(f"{words}[{_QUOTES}]*{_FIGURE}", paragraph.text)
            if match is None:
                continue
            number = match[1].replace(",", "").replace("，", "")
            unit = "" if match[2] == (item.unit or form.unit) else match[2]
            if item.mode == "entered":
                report.texts[item.key] = FieldText(f"{number}{unit}", paragraph.address)
            else:
                _compare(form, item, f"{number}{match[2]}", paragraph, report, form_values)
            break


def _compare(
    form: Form,
    item: Field,
    stated: str,
    paragraph: WordParagraph,
    report: Report,
    form_values: Mapping[str, Value],
) -> None:
    """Tell where a sentence states another amount than the form, from which ours is composed."""
    stated_amount = item.read(stated, "", form.unit).value
    expected = value_of(form, item, form_values)
    if (
        isinstance(stated_amount, float)
        and isinstance(expected, float)
        and abs(stated_amount - expected) > 1e-9
    ):
        report.leftovers.append(
            Leftover(
                number_text(stated_amount), paragraph.address, item.label, number_text(expected)
            )
        )


def value_of(form: Form, item: Field, form_values: Mapping[str, Value]) -> str | float:
    """A single field of a form filled in so far."""
    submission = submit(form, Filling(dict(form_values)))
    return value_at(gather(form, [submission], View.TRUE), item, 0)


def _title(form: Form, form_values: Mapping[str, Value], fiscal_year: int) -> str:
    section = report_section(form)
    if section is None:
        return ""
    values = {**form_values, "identity.fiscal_year": float(fiscal_year)}
    batch = gather(form, [submit(form, Filling(values))], View.TRUE)
    return report_title(form, batch.values(0)[section.id])


def _composed(
    form: Form, part: Chapter, form_values: Mapping[str, Value], report: Report, fiscal_year: int
) -> dict[str, str]:
    """The sentences that the form would compose, as long as the texts are blank."""
    written = {item.key for item in _written(part)}
    values = {**form_values, "identity.fiscal_year": float(fiscal_year)}
    for name, field_text in report.texts.items():
        item = form.field_of(name)
        if name not in written:
            values[name] = item.read(field_text.text, "", form.unit).value
    batch = gather(form, [submit(form, Filling(values))], View.TRUE)
    return {f.key: str(value_at(batch, f, 0)) for f in part.texts if f.mode == "computed"}


def _texts(
    part: Chapter, paragraphs: Sequence[WordParagraph], sentences: Mapping[str, str], report: Report
) -> None:
    """What a section says beyond the sentences that the form composes goes to its text."""
    lines = [(p.text.strip(), p) for p in paragraphs]
    for name, sentence in sentences.items():
        rest = _without(lines[0][0], sentence) if lines and sentence else None
        if rest is not None:
            report.texts[name] = FieldText(sentence, lines[0][1].address)
            lines = [(rest, lines[0][1]), *lines[1:]] if rest else lines[1:]
    target = _written(part)[-1]
    if lines:
        report.texts[target.key] = FieldText(
            "\n".join(text for text, _ in lines), lines[0][1].address
        )


def _without(text: str, sentence: str) -> str | None:
    """A text without the sentence it begins with, blanks aside; None if it begins otherwise."""
    sought, held = fold(sentence), ""
    for index, character in enumerate(text):
        held += fold(character)
        if held == sought:
            return text[index + 1 :].strip()
        if not sought.startswith(held):
            return None
    return None
