"""Last year's forms, as Word documents: the same values, the same findings, nothing dropped."""

import runpy
import subprocess
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from msoffcrypto.format.ooxml import OOXMLFile

from builder import build_template
from tests.api import department_report
from tests.fillings import FILLED, ROSTER, SAMPLES, accepted, filling, overall, submission
from workbook import Filling, Return, check, find_form, load_form, load_roster, read_returns
from workbook.checking import View, gather
from workbook.form import ROW, Field, Value
from workbook.layout import lay_out
from workbook.reading import ACCEPTED, REJECTED, known_forms
from workbook.word import convert, import_word

FORMS_BESIDE = Path(__file__).resolve().parents[2] / "forms"
FORMS = list(known_forms().values())
SOURCE = next(path for path in FILLED if path.stem.startswith("125001"))
SEED = SAMPLES / "word" / f"{SOURCE.stem}.docx"


def imported(path: Path) -> Any:
    return import_word(path, FORMS, load_roster(ROSTER))


def values_of(returned: Return) -> Any:
    assert returned.submission is not None
    return gather(returned.submission.form, [returned.submission], View.TRUE).values(0)


def values(found: Any) -> Any:
    return values_of(found.returned)


def sample() -> Any:
    """What the workbook of the same department says."""
    return values_of(accepted(filling(SOURCE)))


def altered(tmp_path: Path, change: Callable[[Document], object]) -> Path:
    """The seed's document with something changed."""
    document = docx.Document(BytesIO(SEED.read_bytes()))
    change(document)
    path = tmp_path / "altered.docx"
    document.save(str(path))
    return path


def rewrite(document: Document, old: str, new: str) -> None:
    """Replace a text wherever it stands in a paragraph of its own or a cell's."""
    cells = [p for t in document.tables for row in t.rows for c in row.cells for p in c.paragraphs]
    done = 0
    for paragraph in [*document.paragraphs, *cells]:
        if old in paragraph.text:
            text = paragraph.text.replace(old, new)
            for run in paragraph.runs[1:]:
                run.text = ""
            paragraph.runs[0].text = text
            done += 1
    assert done


def told(found: Any, *codes: str) -> set[tuple[str, ...]]:
    """Findings of these codes, each with its place, what is printed and what was due."""
    findings = found.returned.findings
    return {(f.code, f.sheet, f.cell, f.printed, f.expected) for f in findings if f.code in codes}


# --- the seed -------------------------------------------------------------------------------------


def test_the_sample_is_the_published_document_letter_for_letter() -> None:
    maker = runpy.run_path(str(SAMPLES / "make_word.py"))
    text = SEED.with_suffix(".txt").read_bytes().decode("utf-8")
    document = docx.Document(str(SEED))
    (table,) = document.tables
    rows = []
    for row in table.rows:
        seen = [c for i, c in enumerate(row._tr.tc_lst) if i == 0 or c is not row._tr.tc_lst[i - 1]]
        rows.append(["\n".join(p.text or "" for p in c.p_lst) for c in seen])
    before = next(i for i, child in enumerate(document.element.body) if child is table._tbl)
    lines = [p.text for p in document.paragraphs]
    assert maker["put_together"](lines[:before], rows, lines[before:]) == text


def test_the_sample_is_what_its_script_makes(tmp_path: Path) -> None:
    copy = tmp_path / SEED.with_suffix(".txt").name
    copy.write_bytes(SEED.with_suffix(".txt").read_bytes())
    runpy.run_path(str(SAMPLES / "make_word.py"))["main"](tmp_path)
    assert (tmp_path / SEED.name).read_bytes() == SEED.read_bytes()


def test_the_document_says_what_the_workbook_of_the_same_department_says() -> None:
    assert (imported(SEED).returned.status, values(imported(SEED))) == (ACCEPTED, sample())


def test_the_same_is_wrong_with_both_and_cells_are_told_as_a_reader_of_word_counts() -> None:
    found = imported(SEED).returned.findings
    (judged,) = check([accepted(filling(SOURCE))])
    expected = judged.findings
    assert sorted((f.code, f.field) for f in found) == sorted((f.code, f.field) for f in expected)
    assert {(f.code, f.sheet, f.cell) for f in found} >= {
        ("D404", "表1", "R3C8"),
        ("D420", "表1", "R12C7,R13C7,R14C7,R15C7,R16C7"),
        ("V308", "正文", "段落33"),
    }
    assert ("D453", "正文") in {(f.code, f.sheet) for f in found}


def test_the_filled_template_reads_back_the_same(tmp_path: Path) -> None:
    found = imported(SEED)
    path = build_template(
        overall(), tmp_path / "a.xlsx", filling=found.filling, plan=found.plan, fiscal_year=2024
    )
    (read,) = check(read_returns([path]))
    assert values_of(read) == values(found)


def test_saved_anew_by_libreoffice_as_docx_and_as_doc_it_says_the_same(
    tmp_path: Path, office: object
) -> None:
    del office
    expected = values(imported(SEED))
    old = convert({"a.docx": SEED.read_bytes()}, "doc")["a.docx"]
    for name, data in (
        ("again.docx", convert({"a.doc": old}, "docx")["a.doc"]),
        ("again.doc", old),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        read = values(imported(path))
        # The old format loses the two blanks after the department's name.
        read["identity"]["department"] = expected["identity"]["department"]
        assert read == expected


def some(field: Field, number: int) -> Value:
    """A value that fits a field and shows where it came from."""
    if field.kind.name == "date":
        return date(2024, 3, 5)
    figures = {"money": 12.5, "score": 3.0, "percent": 0.5, "number": 2.5, "count": 3.0}
    return figures.get(field.kind.name) or (
        field.choices[0] if field.choices else f"{field.id}{number}"
    )


@pytest.mark.parametrize("name", ["project_expenditure", "odd_form_2023.toml"])
def test_the_table_of_any_form_that_we_write_is_read_again(tmp_path: Path, name: str) -> None:
    form = load_form(FORMS_BESIDE / name) if name.endswith(".toml") else find_form(name)
    values_: dict[str, Value] = {}
    rows: dict[str, dict[int, dict[str, Value]]] = {}
    for key, spot in lay_out(form).spots.items():
        printed = spot.address.sheet == form.sheet and spot.address.column <= len(form.widths)
        if spot.field.is_input and printed:
            value = some(spot.field, spot.number)
            if spot.field.grain == ROW:
                rows.setdefault(spot.field.section, {}).setdefault(spot.number, {})[
                    spot.field.id
                ] = value
            else:
                values_[key] = value
    given = submission(form, Filling(values_, rows))
    path = tmp_path / "a.docx"
    path.write_bytes(department_report(given))
    found = import_word(path, [form])
    assert values(found) == values_of(accepted(Filling(values_, rows), form=form))
    assert not [f.code for f in found.returned.findings if f.code.startswith("W")]


# --- what departments did to it -------------------------------------------------------------------

EVIL = "=1+1<w:p>&amp;{{x}}</w:p>"
OTHER_WORDS = "全年人员支出为57.98万元，公用支出5.11万元，三公经费支出合计0元。"
TEMPLATE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"
LINE = "填表人：张 三　　联系电话：0730-8412345　　填报日期：2025年3月18日"


def in_words(old: str, new: str) -> Callable[[Document], None]:
    return lambda document: rewrite(document, old, new)


def homeless(document: Document) -> None:
    rewrite(document, "时效", "特别")
    document.tables[0].rows[6].cells[8].paragraphs[0].add_run("专项债 3.2")
    document.paragraphs[1].insert_paragraph_before("抄送：区人大")


def other_figures(document: Document) -> None:
    rewrite(document, "(50分)", "(40分)")
    rewrite(document, "97.69", "110")


def another_table(document: Document) -> None:
    cells = document.add_table(rows=1, cols=2).rows[0].cells
    cells[0].text, cells[1].text = "抄送", "区人大"


def superscript(document: Document) -> None:
    document.tables[0].rows[5].cells[-1].paragraphs[0].add_run("2").font.superscript = True


def unseen(document: Document) -> None:
    document.paragraphs[0].add_run("另一年度").font.hidden = True
    document.part._settings_part.relate_to(
        "http://example.invalid/a.dotm", TEMPLATE, is_external=True
    )


def other_words(document: Document) -> None:
    for paragraph in document.paragraphs:
        if paragraph.text.startswith("2024年财政拨款基本支出"):
            paragraph.text = OTHER_WORDS


def no_report(document: Document) -> None:
    for paragraph in document.paragraphs[2:]:
        paragraph._p.getparent().remove(paragraph._p)


def numbered_by_word(document: Document) -> None:
    for paragraph in document.paragraphs:
        if paragraph.text.startswith("2、 各项"):
            paragraph.style = "List Number"
            paragraph._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = 1


def title_in_table(document: Document) -> None:
    first = document.tables[0].rows[0]
    first._tr.addprevious(deepcopy(first._tr))
    title = document.tables[0].rows[0]
    title.cells[0].text, title.cells[8].text = "", "2023年度部门整体支出绩效自评表"
    for paragraph in document.paragraphs[:2]:
        paragraph._p.getparent().remove(paragraph._p)
    for paragraph in document.paragraphs:  # the report's title and sentences tell the same year
        paragraph.text = paragraph.text.replace("2024年", "2023年")


def lines_below(document: Document) -> None:
    document.paragraphs[2].insert_paragraph_before(LINE)


FIGURE = "project_expenditure"
CHANGES: dict[str, tuple[Callable[[Document], None], set[tuple[str, ...]], dict[str, Value]]] = {
    "what has no place is told with its place": (
        homeless,
        {("W125", "表1", "R7C3", "专项债 3.2", ""), ("W125", "正文", "段落2", "抄送：区人大", "")},
        {},
    ),
    "points and computed figures that differ": (
        other_figures,
        {("W126", "表1", "R12C2", "40", "50"), ("W126", "表1", "R22C3", "110", "97.69")},
        {},
    ),
    "another table is told as a whole": (
        another_table, {("W125", "表2", "R1C1", "抄送 / 区人大", "")}, {},
    ),
    "figures in words stay text": (
        in_words("14.01", "壹拾肆万零壹佰元"), {("V302", "表1", "R6C3")}, {f"funds.{FIGURE}": "壹拾肆万零壹佰元"},
    ),
    "a unit beside a figure is understood": (
        in_words("：73.68", "：736800元"), {("V303", "表1", "R5C2")}, {"funds.general_public_budget": 73.68},
    ),
    **{
        f"two figures in a cell are never one: {text!r}": (
            in_words("14.01", text), {("V302", "表1", "R6C3")}, {f"funds.{FIGURE}": text},
        )
        for text in ("10²", "10\n20", "10\n200", "10 20", "83,88", "10\t20")
    },
    **{
        f"a plain figure is a number: {text!r}": (in_words("14.01", text), set(), {f"funds.{FIGURE}": 14.01})
        for text in ("１４．０１", "14.01", " 14.01\n")
    },
    "an exponent makes no larger number": (superscript, {("V302", "表1", "R6C3")}, {f"funds.{FIGURE}": "14.01²"}),
    "hidden text and a template on the net": (unseen, {("W128",), ("W129",)}, {}),
    "a sentence in other words": (
        other_words, {("V303", "正文", "段落20", "0元", "0")},
        {"report.personnel_expenditure": 57.98, "report.operating_expenditure": 5.11,
         "report.three_public_expenditure": 0.0, "report.basic_text": OTHER_WORDS},
    ),
    "another amount in the report than in the form": (
        in_words("款项目支出14.01", "款项目支出14.10"), {("W126", "正文", "段落22", "14.1", "14.01")}, {},
    ),
    "without a report": (no_report, {("W124",)}, {"funds.final_budget": 78.3}),
    "numbers that Word gives": (numbered_by_word, {("W127",)}, {}),
    "the title in the table": (title_in_table, set(), {}),
    "lines below the table are fields too": (
        lines_below, set(),
        {"identity.prepared_by": "张 三", "identity.phone": "0730-8412345", "identity.prepared_on": date(2025, 3, 18)},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "due", "given"), CHANGES.values(), ids=CHANGES.keys())
def test_what_departments_did_to_it_is_read_or_told(
    tmp_path: Path,
    change: Callable[[Document], None],
    due: set[tuple[str, ...]],
    given: Mapping[str, Value],
) -> None:
    found = imported(altered(tmp_path, change))
    assert found.returned.status == ACCEPTED
    told_ = {(f.code, f.sheet, f.cell, f.printed, f.expected) for f in found.returned.findings}
    missed = [row for row in due if not any(row == finding[: len(row)] for finding in told_)]
    assert (missed, {key: found.filling.values.get(key) for key in given}) == ([], given)
    assert due or not told(found, "W125", "V303")


def test_what_is_told_of_hidden_text_and_a_template_names_them(tmp_path: Path) -> None:
    said = {f.code: f.message for f in imported(altered(tmp_path, unseen)).returned.findings}
    assert "隐藏的文字“另一年度”" in said["W128"]
    assert "http://example.invalid/a.dotm" in said["W129"]


def test_the_year_is_the_titles(tmp_path: Path) -> None:
    read = imported(altered(tmp_path, title_in_table)).returned.submission
    assert read is not None and read.fiscal_year == 2023


def test_an_indicator_under_a_head_of_their_own_is_told_and_not_read(tmp_path: Path) -> None:
    found = imported(altered(tmp_path, homeless))
    assert any(row[2] == "R15C4" and "任务完成时间" in row[3] for row in told(found, "W125"))
    assert "任务完成时间" not in {row["indicator"] for row in values(found)["indicators"]}


def test_text_that_looks_like_markup_or_a_formula_is_text(tmp_path: Path) -> None:
    found = imported(altered(tmp_path, in_words("任务完成时间", EVIL)))
    assert EVIL in {row["indicator"] for row in values(found)["indicators"]}


def test_rows_are_read_where_no_cell_frames_them_on_the_left(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        for row in document.tables[0]._tbl.tr_lst[10:21]:
            row.remove(row.tc_lst[0])
            before = row.get_or_add_trPr()
            before.append(parse_xml(f'<w:gridBefore {nsdecls("w")} w:val="1"/>'))

    assert values(imported(altered(tmp_path, change)))["indicators"] == sample()["indicators"]


def test_over_long_text_is_read_whole_and_told(tmp_path: Path) -> None:
    text = "很" * 40_000
    change = in_words("2024年我单位无预算支出执行偏离绩效目标的情况。", text)
    found = imported(altered(tmp_path, change))
    (rest,) = told(found, "W125")
    assert f"{found.filling.values['report.improvements']}{rest[3]}" == text
    assert told(found, "V305")
    build_template(overall(), tmp_path / "a.xlsx", filling=found.filling, plan=found.plan)


def test_more_rows_than_the_template_has_get_rows(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        for row in (document.tables[0].rows[13]._tr,) * 3:
            row.addnext(deepcopy(row))

    found = imported(altered(tmp_path, change))
    rows = [row for row in values(found)["indicators"] if row["level2"] == "质量指标"]
    assert (found.plan[1], len(rows)) == (5, 5)


# --- what is no such document ---------------------------------------------------------------------


def refused(found: Any) -> str:
    assert found.returned.status == REJECTED
    (why,) = found.returned.findings
    assert why.hint
    return str(why.code)


def test_two_forms_in_one_file_are_not_chosen_from(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        table = document.tables[0]._tbl
        document.paragraphs[-1]._p.addnext(deepcopy(table))

    assert refused(imported(altered(tmp_path, change))) == "W123"


def test_a_form_cut_in_two_tables_is_one_form(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        table = document.tables[0]._tbl
        second = deepcopy(table)
        document.paragraphs[2]._p.addprevious(second)
        for row in table.tr_lst[10:]:
            table.remove(row)
        for row in second.tr_lst[:10]:
            second.remove(row)

    assert values(imported(altered(tmp_path, change))) == sample()


@pytest.mark.parametrize("text", ["没有表", "部门整体支出绩效自评表"])
def test_without_a_form_there_is_nothing_to_import(tmp_path: Path, text: str) -> None:
    document = docx.Document()
    document.add_paragraph(text)
    document.add_table(rows=2, cols=2)
    document.save(str(tmp_path / "a.docx"))
    assert refused(imported(tmp_path / "a.docx")) == "W122"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.7", "W121"),
        (b"PK\x03\x04", "W104"),
        (b"", "W102"),
        ((SAMPLES / "returns" / f"{SOURCE.stem}.xlsx").read_bytes(), "W121"),
    ],
)
def test_what_is_no_word_document_is_rejected_with_a_remedy(
    tmp_path: Path, data: bytes, code: str
) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(data)
    assert refused(imported(path)) == code


def test_a_document_with_a_password_needs_it(tmp_path: Path) -> None:
    locked = BytesIO()
    OOXMLFile(BytesIO(SEED.read_bytes())).encrypt("秘密", locked)
    path = tmp_path / "a.docx"
    path.write_bytes(locked.getvalue())
    assert refused(imported(path)) == "W105"
    opened = import_word(path, FORMS, load_roster(ROSTER), passwords=["秘密"])
    assert values(opened) == sample()


def test_an_old_document_without_libreoffice_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOFFICE", "nowhere")
    monkeypatch.setenv("PATH", "")
    (tmp_path / "a.doc").write_bytes(rb"{\rtf1 x}")
    found = imported(tmp_path / "a.doc")
    assert refused(found) == "W121"
    assert "LibreOffice" in found.returned.error


def test_a_conversion_that_fails_or_takes_too_long_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        if timeout is not None and timeout > 60:
            raise subprocess.TimeoutExpired("soffice", timeout)
        return wait(process, timeout)

    (tmp_path / "a.rtf").write_bytes(rb"{\rtf1 x}")
    monkeypatch.setenv("SOFFICE", "true")  # which converts nothing
    assert refused(imported(tmp_path / "a.rtf")) == "W104"
    wait = subprocess.Popen.wait
    monkeypatch.setattr(subprocess.Popen, "wait", late)
    assert refused(imported(tmp_path / "a.rtf")) == "W106"
