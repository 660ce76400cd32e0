"""Last year's forms, as Word documents: the same values, the same findings, nothing dropped."""

from __future__ import annotations

import runpy
from collections.abc import Callable
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
from workbook import Filling, Finding, check, find_form, load_form, load_roster, read_returns
from workbook.commands.output import record
from workbook.form import ROW, Field, Value
from workbook.layout import lay_out
from workbook.reading import ACCEPTED, REJECTED, known_forms
from workbook.word import NoOffice, convert, import_word
from workbook.word.returns import Imported

FORMS_BESIDE = Path(__file__).resolve().parents[2] / "forms"
FORMS = list(known_forms().values())
SOURCE = next(path for path in FILLED if path.stem.startswith("125001"))
SEED = SAMPLES / "word" / f"{SOURCE.stem}.docx"


def imported(path: Path) -> Imported:
    return import_word(path, FORMS, load_roster(ROSTER))


def values(found: Imported) -> Any:
    return record(found.returned, values=True)["values"]


def sample() -> Any:
    """What the workbook of the same department says, and what is wrong with it."""
    (judged,) = check([accepted(filling(SOURCE))])
    return record(judged, values=True)["values"], judged.findings


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


def codes(found: Imported) -> set[str]:
    return {item.code for item in found.returned.findings}


def told(found: Imported, code: str) -> list[Finding]:
    return [item for item in found.returned.findings if item.code == code]


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
    found = imported(SEED)
    expected, _ = sample()
    assert found.returned.status == ACCEPTED
    assert values(found) == expected


def test_the_same_is_wrong_with_both_and_cells_are_told_as_a_reader_of_word_counts() -> None:
    found = imported(SEED).returned.findings
    _, expected = sample()
    assert sorted((f.code, f.field) for f in found) == sorted((f.code, f.field) for f in expected)
    at = {(f.code, f.sheet, f.cell) for f in found}
    assert ("D404", "表1", "R3C8") in at
    assert ("D420", "表1", "R12C7,R13C7,R14C7,R15C7,R16C7") in at
    assert ("V308", "正文", "段落33") in at
    assert any((code, sheet) == ("D453", "正文") for code, sheet, _ in at)


def test_the_filled_template_reads_back_the_same(tmp_path: Path) -> None:
    found = imported(SEED)
    path = build_template(
        overall(), tmp_path / "a.xlsx", filling=found.filling, plan=found.plan, fiscal_year=2024
    )
    (read,) = check(read_returns([path]))
    assert record(read, values=True)["values"] == values(found)


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
    assert (
        values(found) == record(accepted(Filling(values_, rows), form=form), values=True)["values"]
    )
    assert not {code for code in codes(found) if code.startswith("W")}


# --- what departments did to it -------------------------------------------------------------------


def test_what_has_no_place_is_told_with_its_place_and_never_dropped(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        rewrite(document, "时效", "特别")
        document.tables[0].rows[6].cells[8].paragraphs[0].add_run("专项债 3.2")
        document.paragraphs[1].insert_paragraph_before("抄送：区人大")

    found = imported(altered(tmp_path, change))
    leftover = {(f.sheet, f.cell, f.printed) for f in told(found, "W125")}
    assert ("表1", "R7C3", "专项债 3.2") in leftover
    assert ("正文", "段落2", "抄送:区人大".replace(":", "：")) in leftover
    assert any(cell == "R15C4" and "任务完成时间" in text for _, cell, text in leftover)
    indicators = values(found)["indicators"]
    assert "任务完成时间" not in {row["indicator"] for row in indicators}


def test_points_and_computed_figures_that_differ_from_the_forms_are_told(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        rewrite(document, "(50分)", "(40分)")
        rewrite(document, "97.69", "110")

    found = told(imported(altered(tmp_path, change)), "W126")
    assert {(f.cell, f.printed, f.expected) for f in found} == {
        ("R12C2", "40", "50"),
        ("R22C3", "110", "97.69"),
    }


def test_another_table_is_told_as_a_whole(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        table = document.add_table(rows=1, cols=2)
        table.rows[0].cells[0].text, table.rows[0].cells[1].text = "抄送", "区人大"

    (left,) = told(imported(altered(tmp_path, change)), "W125")
    assert (left.sheet, left.cell, left.printed) == ("表2", "R1C1", "抄送 / 区人大")


def test_the_title_may_stand_in_the_table_and_names_the_year(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        first = document.tables[0].rows[0]
        first._tr.addprevious(deepcopy(first._tr))
        title = document.tables[0].rows[0]
        title.cells[0].text = ""
        title.cells[8].text = "2023年度部门整体支出绩效自评表"
        for paragraph in document.paragraphs[:2]:
            paragraph._p.getparent().remove(paragraph._p)
        for paragraph in document.paragraphs:  # the report's title and sentences tell the same year
            paragraph.text = paragraph.text.replace("2024年", "2023年")

    found = imported(altered(tmp_path, change))
    assert found.returned.submission is not None
    assert found.returned.submission.fiscal_year == 2023
    assert not told(found, "W125")


def test_rows_are_read_where_no_cell_frames_them_on_the_left(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        for row in document.tables[0]._tbl.tr_lst[10:21]:
            row.remove(row.tc_lst[0])
            before = row.get_or_add_trPr()
            before.append(parse_xml(f'<w:gridBefore {nsdecls("w")} w:val="1"/>'))

    assert values(imported(altered(tmp_path, change)))["indicators"] == sample()[0]["indicators"]


def test_figures_in_words_stay_text_and_are_told(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        rewrite(document, "14.01", "壹拾肆万零壹佰元")

    found = imported(altered(tmp_path, change))
    assert ("V302", "R6C3") in {(f.code, f.cell) for f in found.returned.findings}
    assert found.filling.values["funds.project_expenditure"] == "壹拾肆万零壹佰元"


def test_a_unit_beside_a_figure_is_understood_with_a_receipt(tmp_path: Path) -> None:
    found = imported(altered(tmp_path, lambda d: rewrite(d, "：73.68", "：736800元")))
    assert values(found)["funds"]["general_public_budget"] == 73.68
    assert [f.cell for f in told(found, "V303")] == ["R5C2"]


@pytest.mark.parametrize("text", ["10²", "10\n20", "10\n200", "10 20", "83,88", "10\t20"])
def test_two_figures_in_a_cell_are_never_read_as_one(tmp_path: Path, text: str) -> None:
    found = imported(altered(tmp_path, lambda d: rewrite(d, "14.01", text)))
    assert ("V302", "R6C3") in {(f.code, f.cell) for f in found.returned.findings}
    assert found.filling.values["funds.project_expenditure"] == text


@pytest.mark.parametrize("text", ["１４．０１", "14.01", " 14.01\n"])
def test_a_plain_figure_is_a_number_in_whatever_width(tmp_path: Path, text: str) -> None:
    found = imported(altered(tmp_path, lambda d: rewrite(d, "14.01", text)))
    assert values(found)["funds"]["project_expenditure"] == 14.01
    assert not told(found, "V303")


def test_an_exponent_set_in_superscript_makes_no_larger_number(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        figure = document.tables[0].rows[5].cells[-1]
        assert figure.text == "项目支出：14.01"
        figure.paragraphs[0].add_run("2").font.superscript = True

    found = imported(altered(tmp_path, change))
    assert ("V302", "R6C3") in {(f.code, f.cell) for f in found.returned.findings}
    assert found.filling.values["funds.project_expenditure"] == "14.01²"


def test_hidden_text_and_a_template_on_the_net_are_told(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        document.paragraphs[0].add_run("另一年度").font.hidden = True
        kind = (
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"
        )
        settings = document.part._settings_part
        settings.relate_to("http://example.invalid/a.dotm", kind, is_external=True)

    found = imported(altered(tmp_path, change))
    (hidden,), (template,) = told(found, "W128"), told(found, "W129")
    assert "隐藏的文字“另一年度”" in hidden.message
    assert "http://example.invalid/a.dotm" in template.message


def test_a_sentence_in_other_words_keeps_its_text_and_gives_its_figures(tmp_path: Path) -> None:
    other = "全年人员支出为57.98万元，公用支出5.11万元，三公经费支出合计0元。"

    def change(document: Document) -> None:
        for paragraph in document.paragraphs:
            if paragraph.text.startswith("2024年财政拨款基本支出"):
                paragraph.text = other

    report = values(imported(altered(tmp_path, change)))["report"]
    assert (report["personnel_expenditure"], report["operating_expenditure"]) == (57.98, 5.11)
    assert report["three_public_expenditure"] == 0
    assert report["basic_text"] == other


def test_a_report_that_states_another_amount_than_the_form_is_told(tmp_path: Path) -> None:
    found = imported(altered(tmp_path, lambda d: rewrite(d, "款项目支出14.01", "款项目支出14.10")))
    assert {(f.cell, f.printed, f.expected) for f in told(found, "W126")} == {
        ("段落22", "14.1", "14.01")
    }


def test_without_a_report_the_form_is_read_and_the_report_is_missed(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        for paragraph in document.paragraphs[2:]:
            paragraph._p.getparent().remove(paragraph._p)

    found = imported(altered(tmp_path, change))
    assert found.returned.status == ACCEPTED
    assert "W124" in codes(found)
    assert values(found)["funds"]["final_budget"] == 78.3


def test_over_long_text_is_read_whole_and_told(tmp_path: Path) -> None:
    text = "很" * 40_000

    def change(document: Document) -> None:
        rewrite(document, "2024年我单位无预算支出执行偏离绩效目标的情况。", text)

    found = imported(altered(tmp_path, change))
    assert {"V305", "W125"} <= codes(found)
    (rest,) = told(found, "W125")
    assert f"{found.filling.values['report.improvements']}{rest.printed}" == text
    build_template(overall(), tmp_path / "a.xlsx", filling=found.filling, plan=found.plan)


def test_text_that_looks_like_markup_or_a_formula_is_text(tmp_path: Path) -> None:
    evil = "=1+1<w:p>&amp;{{x}}</w:p>"
    found = imported(altered(tmp_path, lambda d: rewrite(d, "任务完成时间", evil)))
    assert evil in {row["indicator"] for row in values(found)["indicators"]}


def test_lines_below_the_table_are_fields_too(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        line = "填表人：张 三　　联系电话：0730-8412345　　填报日期：2025年3月18日"
        document.paragraphs[2].insert_paragraph_before(line)

    identity = values(imported(altered(tmp_path, change)))["identity"]
    assert identity["prepared_by"] == "张 三"
    assert identity["phone"] == "0730-8412345"
    assert identity["prepared_on"] == "2025-03-18"


def test_more_rows_than_the_template_has_get_rows(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        table = document.tables[0]
        for row in (table.rows[13]._tr,) * 3:
            row.addnext(deepcopy(row))

    found = imported(altered(tmp_path, change))
    assert found.plan[1] == 5
    assert sum(row["level2"] == "质量指标" for row in values(found)["indicators"]) == 5


def test_numbers_that_word_gives_are_no_text_and_that_is_told(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        for paragraph in document.paragraphs:
            if paragraph.text.startswith("2、 各项"):
                paragraph.style = "List Number"
                properties = paragraph._p.get_or_add_pPr()
                properties.get_or_add_numPr().get_or_add_numId().val = 1

    assert "W127" in codes(imported(altered(tmp_path, change)))


# --- what is no such document ---------------------------------------------------------------------


def refused(found: Imported) -> str:
    assert found.returned.status == REJECTED
    (why,) = found.returned.findings
    assert why.hint
    return why.code


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

    assert values(imported(altered(tmp_path, change))) == sample()[0]


@pytest.mark.parametrize("text", ["没有表", "部门整体支出绩效自评表"])
def test_without_a_form_there_is_nothing_to_import(tmp_path: Path, text: str) -> None:
    document = docx.Document()
    document.add_paragraph(text)
    document.add_table(rows=2, cols=2)
    document.save(str(tmp_path / "a.docx"))
    assert refused(imported(tmp_path / "a.docx")) == "W122"


def test_an_empty_form_is_rejected(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        table = document.tables[0]
        for row in table.rows[21:22]:
            for cell in row.cells[6:]:
                cell.text = ""
        known = {"表", "标", "数", "分", "率", "况", "目", "因", "施"}
        for row in table.rows:
            for cell in row.cells:
                text = cell.text.strip()
                if "：" in text[:20]:
                    cell.text = text.partition("：")[0] + "："
                elif text and text[-1] not in known and not text.endswith(("）", ")", "称", "额")):
                    cell.text = ""

    assert imported(altered(tmp_path, change)).filling.values.get("funds.final_budget") is None


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
    assert values(opened) == sample()[0]


def test_an_old_document_without_libreoffice_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbook.word.returns.find_office", lambda: None)
    path = tmp_path / "a.doc"
    path.write_bytes(rb"{\rtf1 x}")
    found = imported(path)
    assert refused(found) == "W121"
    assert "LibreOffice" in found.returned.error


def test_a_conversion_that_fails_or_takes_too_long_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object, **__: object) -> dict[str, bytes]:
        raise NoOffice("LibreOffice 转换超过 1 秒，已停止")

    path = tmp_path / "a.rtf"
    path.write_bytes(rb"{\rtf1 x}")
    monkeypatch.setattr("workbook.word.returns.find_office", lambda: "soffice")
    monkeypatch.setattr("workbook.word.returns.convert", slow)
    assert refused(imported(path)) == "W106"
    monkeypatch.setattr("workbook.word.returns.convert", lambda *_, **__: {})
    assert refused(imported(path)) == "W104"


def test_a_converter_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "soffice"
    program.write_text("#!/bin/sh\nsleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("SOFFICE", str(program))
    with pytest.raises(NoOffice, match="超过"):
        convert({"a.doc": b"x"}, "docx", seconds=0.2)
