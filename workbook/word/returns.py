"""A form that came as a Word document: read into a return like any other, and into a filling of ours.

The document's cells are addressed as its reader counts them: 表1 R5C3 is the third cell of the fifth
row of the first table, 段落12 the twelfth paragraph with text outside the tables. Whatever has no
place in the form is a finding (W125), never dropped.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from workbook.address import Address, parse_reference, split_a1
from workbook.checking import Roster, View, check, gather, value_at
from workbook.errors import Refused
from workbook.expression import Type
from workbook.findings import Finding, finding
from workbook.form import (
    CELL,
    NOT_A_NUMBER,
    ROW,
    Field,
    Form,
    Raw,
    Value,
    outline,
    report_section,
    serial,
    shown,
)
from workbook.layout import Plan, Spot, lay_out
from workbook.limits import Limits
from workbook.package import document_kind, is_encrypted, read_file, unlock
from workbook.reading import ACCEPTED, REJECTED, Cell, Filling, Return, Submission
from workbook.text import fold, is_blank
from workbook.word.document import Word, WordParagraph, read_word, shown_address
from workbook.word.form_tables import (
    LONGEST_LINE,
    FieldText,
    Leftover,
    TableMatch,
    joined,
    match_table,
    pattern,
    variants,
)
from workbook.word.office import NoOffice, convert, find_office
from workbook.word.report_text import read_report

LIMITS = Limits(cells=20_000)
"""Paragraphs, cells and tables together; the seed's document has 180."""
NOWHERE = Address("文档", 1, 1)
"""The address of a cell that the document does not have."""
LONGEST = 32_000
"""Characters that a cell of a workbook is given, below Excel's own limit of 32,767."""

_YEAR = re.compile(r"(20\d\d)年度?")
_NUMERAL = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Imported:
    """A document as a return with its findings, and what is to be filled into a template of ours."""

    returned: Return
    filling: Filling = Filling()  # noqa: RUF009 - frozen
    plan: Plan = ()


def import_word(
    path: Path,
    forms: Iterable[Form],
    roster: Roster | None = None,
    *,
    passwords: Sequence[str] = (),
) -> Imported:
    """Read a Word document with a form in it. Never raises for what the document holds.

    The department's code, which the paper form does not have, comes from the roster; an encrypted
    document is opened by the first of the `passwords` that fits.
    """
    try:
        data = read_file(path, LIMITS)
        plain = unlock(data, passwords, LIMITS) if is_encrypted(data) else data
        word = read_word(as_docx(plain), LIMITS)
        match = _find_form(word, list(forms))
        submission, leftovers, reported = _submission(path, word, match, roster)
    except Refused as refused:
        return Imported(Return(path, REJECTED, (refusal(refused),)))
    returned = Return(
        path=path,
        status=ACCEPTED,
        findings=tuple(_remarks(word, reported=reported)),
        submission=submission,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
    )
    (judged,) = check([returned], roster)
    filling, cut = filling_of(submission)
    findings = [_with_document_cells(item) for item in judged.findings] + [
        _leftover(item) for item in (*leftovers, *cut)
    ]
    return Imported(replace(judged, findings=tuple(findings)), filling, submission.plan)


def refusal(refused: Refused) -> Finding:
    """A refusal in the words of Word documents."""
    return finding("W121" if refused.code == "W103" else refused.code, detail=refused.detail)


def as_docx(data: bytes) -> bytes:
    """The document as a .docx: as it is, or converted by LibreOffice from .doc, .rtf or .odt."""
    ending = document_kind(data)
    if not ending:
        return data
    if find_office() is None:
        raise Refused("W103", f".{ending} 文档，装有 LibreOffice 才能转换；或请另存为 .docx")
    try:
        converted = convert({f"a.{ending}": data}, "docx")
    except NoOffice as error:
        raise Refused("W106", str(error)) from None
    if not converted:
        raise Refused("W104", f".{ending} 文档无法转换，可能已损坏或设有密码")
    return converted[f"a.{ending}"]


# --- recognising ----------------------------------------------------------------------------------


def _find_form(word: Word, forms: list[Form]) -> TableMatch:
    """The one form in a document. Raises Refused: W122 none, W123 several."""
    if not word.tables:
        raise Refused("W122", "文档里没有表格")
    text = fold("".join(block.text for block in word.blocks if isinstance(block, WordParagraph)))
    named = [form for form in forms if fold(form.name) in text]
    best: list[TableMatch] = []
    for form in [*named, *(f for f in forms if f not in named)]:
        matches = [m for table in word.tables if (m := match_table(form, table)) is not None]
        if len(_filled(matches)) > len(_filled(best)):
            best = matches
        if best and form in named:
            break
    if not best:
        raise Refused("W122", f"{len(word.tables)} 个表格都不像自评表")
    match = joined(best)
    if match is None:
        raise Refused("W123", str(len(best)))
    if not match.filled:
        raise Refused("W110", "")
    return match


def _filled(matches: Iterable[TableMatch]) -> set[str]:
    return {name for match in matches for name in match.filled}


# --- the submission -------------------------------------------------------------------------------


def _submission(
    path: Path, word: Word, match: TableMatch, roster: Roster | None
) -> tuple[Submission, list[Leftover], bool]:
    """What was read, what is left over, and whether there is a report where the form has one."""
    form, layout = match.layout.form, match.layout
    texts, leftovers = dict(match.texts), list(match.leftovers)
    paragraphs = [block for block in word.blocks if isinstance(block, WordParagraph)]
    paragraphs, lines = _lines(form, paragraphs)
    texts |= {name: line for name, line in lines.items() if not _has(texts, name)}
    year = _year(form, word)
    cells = {name: _cell(spot, texts.get(name), form) for name, spot in layout.spots.items()}
    department = str(cells["identity.department"].value or "").strip()
    code = str(cells["identity.department_code"].value or "").strip()
    entry = roster.match(code, department) if roster else None
    if entry is not None and not code:
        code = entry.code
        cells["identity.department_code"] = Cell(code, code, NOWHERE)
    form_values = {
        name: cell.value
        for name, cell in cells.items()
        if layout.spots[name].field.grain == CELL and layout.spots[name].field.is_input
    }
    report = read_report(form, paragraphs, form_values, year)
    for name, text in report.texts.items():
        cells[name] = _cell(layout.spots[name], text, form)
    dated = form.key_fields.prepared_on
    if dated is not None and report.signed_on is not None and not _has(texts, dated.key):
        cells[dated.key] = _cell(layout.spots[dated.key], report.signed_on, form)
    submission = Submission(path, form, layout.plan, cells, {}, year, department, code)
    composed = _composed(submission)
    leftovers += [item for item in report.leftovers if fold(item.text) not in composed]
    leftovers += [*_misstated(submission, texts), *_other_tables(word, match)]
    return submission, leftovers, report.has_headings or report_section(form) is None


def _other_tables(word: Word, match: TableMatch) -> Iterator[Leftover]:
    """What stands in tables that are no part of the form, each as a whole."""
    for table in word.tables:
        texts = [" ".join(cell.text.split()) for cell in table.cells if cell.text.strip()]
        if table.number not in match.tables and texts:
            yield Leftover(" / ".join(texts), table.cells[0].address)


def _composed(submission: Submission) -> set[str]:
    """The report's sentences that the form composes, folded."""
    batch = gather(submission.form, [submission], View.TRUE)
    texts = [item for chapter in outline(submission.form) for item in chapter.texts]
    return {fold(str(value_at(batch, f, 0))) for f in texts if f.mode == "computed"}


def _has(texts: Mapping[str, FieldText], name: str) -> bool:
    return name in texts and bool(texts[name].text.strip())


def _year(form: Form, word: Word) -> int:
    """The year of the form's title, or else of another short line, above the table or in it."""
    texts = [block.text for block in word.blocks if isinstance(block, WordParagraph)]
    texts += [cell.text for table in word.tables for cell in table.cells]
    short = [fold(text) for text in texts if len(text) < 2 * _SHOWN and _YEAR.search(fold(text))]
    named = [text for text in short if fold(form.name) in text]
    year_match = next((m for text in [*named, *short[:1]] if (m := _YEAR.search(text))), None)
    return int(year_match[1]) if year_match else form.fiscal_year


def _lines(
    form: Form, paragraphs: list[WordParagraph]
) -> tuple[list[WordParagraph], dict[str, FieldText]]:
    """The fields that stand below or above the table as a line (填表人：… 联系电话：…), and the rest."""
    names = {
        k: s.name
        for label in lay_out(form).home.labels
        if label.role == "line"
        for s in lay_out(form).spots.values()
        if s.address.sheet == form.sheet and s.address.row == label.top
        and s.address.column == label.right + 1
        for k in variants(label.text)
    }  # fmt: skip
    if not names:
        return paragraphs, {}
    label_pattern = re.compile(f"({pattern(names)})[\\s\\u3000]*[:：]")
    rest: list[WordParagraph] = []
    texts: dict[str, FieldText] = {}
    for paragraph in paragraphs:
        short = len(paragraph.text) <= LONGEST_LINE
        matches = list(label_pattern.finditer(paragraph.text)) if short else []
        if not matches or paragraph.text[: matches[0].start()].strip():
            rest.append(paragraph)
            continue
        ends = [m.start() for m in matches[1:]] + [len(paragraph.text)]
        for match, end in zip(matches, ends, strict=True):
            value = paragraph.text[match.end() : end].strip()
            texts.setdefault(names[fold(match[1])], FieldText(value, paragraph.address))
    return rest, texts


def _cell(spot: Spot, field_text: FieldText | None, form: Form) -> Cell:
    """A cell as it would have come in a workbook: numerals are numbers, computed fields computed."""
    item = spot.field
    if field_text is None:
        return Cell(None, None, NOWHERE, formula=item.is_computed)
    if item.mode == "computed" or is_blank(field_text.text):
        return Cell(None, None, field_text.address, formula=item.is_computed)
    raw = _raw(item, field_text.text)
    read = item.read(raw, item.number_format, form.unit)
    return Cell(raw, read.value, field_text.address, False, False, read.receipt, read.problem)


def _raw(item: Field, text: str) -> Raw:
    """Every figure of a document is text: what is plainly a number counts as one."""
    if item.kind.type is Type.TEXT:
        return text
    folded, sign = fold(text), item.kind.sign
    signed = bool(sign) and folded.endswith(sign)
    if item.kind.type is Type.NUMBER:
        figure = text.strip()[: -len(sign)] if signed else text
        if item.kind.coerce(figure, "", "").problem == NOT_A_NUMBER:
            return text  # folding would make one number of two in a cell
    if signed:
        number = folded.removesuffix(sign)
        return float(number) / 10**item.kind.shift if _NUMERAL.fullmatch(number) else text
    if _NUMERAL.fullmatch(folded) and len(folded) < _SHOWN:
        return float(folded)
    if item.kind.type is Type.DATE:
        day = item.kind.coerce(text, "", "").value
        return serial(day) if isinstance(day, date) else text
    return text


# --- findings -------------------------------------------------------------------------------------


def _remarks(word: Word, *, reported: bool) -> Iterable[Finding]:
    if not reported:
        yield finding("W124", sheet=NOWHERE.sheet)
    if word.has_macros:
        yield finding("W114")
    if word.external_links:
        yield finding("W115", detail="、".join(word.external_links[:3])[:200])
    if word.embedded:
        yield finding("W116", detail="、".join(word.embedded[:3])[:200])
    if word.numbered:
        yield finding("W127")
    if word.unread:
        yield finding("W128", detail="、".join(word.unread))
    if word.remote_templates:
        yield finding("W129", detail="、".join(word.remote_templates[:3])[:200])


def _leftover(item: Leftover) -> Finding:
    location = {"sheet": item.address.sheet, "cell": shown_address(item.address)}
    text = " ".join(item.text.split())
    brief = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}……"
    if item.expected:
        return finding(
            "W126", label=item.label, stated=brief, due=item.expected,
            printed=brief, expected=item.expected, **location,
        )  # fmt: skip
    return finding("W125", detail=brief, printed=item.text, **location)


def _with_document_cells(item: Finding) -> Finding:
    """A finding of the checks, its cells as a document's reader counts them."""
    if item.sheet == NOWHERE.sheet:
        return replace(item, cell="")
    if not item.cell:
        return item
    addresses = [
        shown_address(parse_reference(cell) or Address(item.sheet, *split_a1(cell)))
        for cell in item.cell.split(",")
    ]
    return replace(item, cell=",".join(dict.fromkeys(addresses)))


# --- against what the form prints or works out by itself ------------------------------------------


def _misstated(submission: Submission, texts: Mapping[str, FieldText]) -> Iterator[Leftover]:
    """Fixed and computed figures that the document states otherwise."""
    batch = gather(submission.form, [submission], View.PRINTED)
    layout = lay_out(submission.form, submission.plan)
    for name, field_text in texts.items():
        item = layout.spots[name].field
        if item.is_input or item.kind.type is not Type.NUMBER or not field_text.text.strip():
            continue
        expected = value_at(batch, item, layout.spots[name].number)
        stated = item.read(field_text.text, "", submission.form.unit).value
        if isinstance(expected, str) or not isinstance(stated, float):
            continue
        if abs(stated - expected) > _half_unit(item, field_text.text):
            yield Leftover(
                field_text.text, field_text.address, item.label, shown(item.kind, expected)
            )


def _half_unit(item: Field, text: str) -> float:
    """Half a unit of the last decimal that a figure is stated with."""
    decimals = len(fold(text).rstrip("%分元万" + item.kind.sign).partition(".")[2])
    return 0.5000001 * 10.0 ** -(decimals + item.kind.shift)


# --- into a template ------------------------------------------------------------------------------


def filling_of(submission: Submission) -> tuple[Filling, list[Leftover]]:
    """What is to be typed into a template so that it says the same; and what no cell could hold."""
    values: dict[str, Value] = {}
    rows: dict[str, dict[int, dict[str, Value]]] = {}
    cut: list[Leftover] = []
    for name, spot in lay_out(submission.form, submission.plan).spots.items():
        cell, item = submission.cells[name], spot.field
        if not item.is_input or cell.formula or cell.raw is None:
            continue
        value: Value = str(cell.raw) if cell.value is None else cell.value
        if isinstance(value, str) and len(value) > LONGEST:
            cut.append(Leftover(value[LONGEST:], cell.address))
            value = value[:LONGEST]
        if item.grain == ROW:
            rows.setdefault(item.section, {}).setdefault(spot.number, {})[item.id] = value
        else:
            values[name] = value
    return Filling(values, rows), cut
