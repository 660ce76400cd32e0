"""What was done to a template besides filling it in is found, each at its cell; honest saves are not."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from builder import build_template
from tests.api import Severity, read_return
from tests.fillings import FILLED, SAMPLES, filling
from tests.office import Office
from tests.parameters import few_of
from workbook import Filling, Finding, Form, check, find_form
from workbook.form import CELL
from workbook.layout import canonical, lay_out
from workbook.reading import ACCEPTED

RETURNS = sorted((SAMPLES / "returns").glob("*.xlsx"))
FORM = "xl/worksheets/sheet2.xml"
BOOK = "xl/workbook.xml"


def rewritten(path: Path, to: Path, part: str, change: Callable[[str], str]) -> Path:
    """A copy of a workbook with one part changed, which must make a difference."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(to, "w") as target:
        for item in source.infolist():
            data = source.read(item)
            if item.filename == part:
                text = change(data.decode())
                assert text != data.decode()
                data = text.encode()
            target.writestr(item, data)
    return to


def found(path: Path) -> list[tuple[str, str]]:
    """Codes and cells that reading alone remarks."""
    item = read_return(path)
    assert item.status == ACCEPTED, item.findings
    return [(f.code, f.cell) for f in item.findings]


def only(path: Path, code: str) -> Finding:
    findings = [f for f in read_return(path).findings if f.code != "L212"]
    assert [f.code for f in findings] == [code], findings
    return findings[0]


# --- honest saves ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", RETURNS, ids=lambda path: path.stem[:6])
def test_an_honest_return_has_nothing_to_remark(path: Path) -> None:
    assert found(path) == []


@pytest.mark.parametrize("path", few_of(RETURNS, always=2))
def test_a_save_by_openpyxl_loses_results_and_nothing_else(path: Path, tmp_path: Path) -> None:
    openpyxl.load_workbook(path).save(tmp_path / "saved.xlsx")
    assert found(tmp_path / "saved.xlsx") == [("L212", "")]
    assert read_return(tmp_path / "saved.xlsx").findings[0].severity is Severity.NOTE


@pytest.mark.parametrize("path", few_of(RETURNS))
def test_a_save_by_libreoffice_changes_nothing_that_counts(
    path: Path, tmp_path: Path, office: Office
) -> None:
    with office.open(path) as book:
        office.save(book, tmp_path / "saved.xlsx")
    assert found(tmp_path / "saved.xlsx") == []
    with office.open(tmp_path / "saved.xlsx") as book:
        office.save(book, tmp_path / "again.xlsx")
    assert found(tmp_path / "again.xlsx") == []


def test_the_project_form_passes_its_own_audit(tmp_path: Path, office: Office) -> None:
    form = find_form("project_expenditure")
    item = next(
        f
        for f in form.fields()
        if (f.mode, f.by, f.grain, f.kind.name) == ("entered", "department", CELL, "money")
    )
    given = Filling({item.key: 12.5})
    path = build_template(form, tmp_path / "project.xlsx", filling=given, fiscal_year=2031)
    assert found(path) == []
    with office.open(path) as book:
        office.save(book, tmp_path / "saved.xlsx")
    assert found(tmp_path / "saved.xlsx") == []


def test_formulas_are_compared_as_all_programs_mean_them() -> None:
    assert canonical("=IF( 'a b'!$A$1=TRUE() , 0.10, \"x  Y\")") == canonical(
        "if('A b'!$A$1=TRUE,0.1,\"x  Y\")"
    )
    assert canonical('"x"') != canonical('"X"')
    assert canonical("$D$12+D7") == "$D$12+D7"
    assert canonical("A1+1.50E2") == "A1+150"
    assert canonical("SUM($G$26:$G$26,A1:A10)") == canonical("SUM($G$26,A1:A10)")
    assert canonical("SUM(A1:$A$1)") == "SUM(A1:$A$1)"


# --- locks ----------------------------------------------------------------------------------------


def test_a_department_other_than_issued_is_found(form: Form, tmp_path: Path) -> None:
    issued = Filling({"identity.department": "甲局", "identity.department_code": "001"})
    given = filling(FILLED[0])
    path = build_template(form, tmp_path / "a.xlsx", filling=given, prefilled=issued)
    assert found(path) == []
    book = openpyxl.load_workbook(path)
    at = lay_out(form).spots["identity.department"].address.a1
    cell = book["自评表"][at]
    assert cell.value == "甲局"
    cell.value = "乙局"
    book.save(tmp_path / "b.xlsx")
    what = only(tmp_path / "b.xlsx", "L216")
    assert (what.cell, what.printed, what.expected) == (at, "乙局", "甲局")


# --- formulas, labels, validations ----------------------------------------------------------------


def test_another_formula_is_found_and_its_result_not_trusted(filled: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(filled)
    own = book["自评表"]["H7"].value
    book["自评表"]["H7"] = "=1"
    book.save(tmp_path / "x.xlsx")
    what = only(tmp_path / "x.xlsx", "L208")
    assert (what.cell, what.field, what.printed) == ("H7", "funds.execution_rate", "=1")
    assert what.expected == own[: len(what.expected)]
    assert "L202" not in [f.code for f in check([read_return(tmp_path / "x.xlsx")])[0].findings]


def test_a_formula_typed_by_libreoffice_is_taken_and_remarked(
    filled: Path, tmp_path: Path, office: Office
) -> None:
    with office.open(filled) as book:
        office.type_values(
            book, {"funds.original_budget": "=50+3.5", "funds.execution_score": "=4+5"}
        )
        office.save(book, tmp_path / "x.xlsx")
    item = read_return(tmp_path / "x.xlsx")
    assert [(f.code, f.cell, f.severity.value) for f in item.findings] == [
        ("L211", "D7", "note"),
        ("L211", "I7", "note"),
    ]
    assert item.findings[0].printed == "=50+3.5"
    assert item.submission is not None
    assert item.submission.cells["funds.original_budget"].value == 53.5
    score = item.submission.cells["funds.execution_score"]
    assert (score.value, score.formula) == (9.0, False)
    own = [f for f in check([item])[0].findings if f.field == "funds.execution_score"]
    assert "L203" not in [f.code for f in own]


def test_a_changed_label_is_found_with_both_texts(filled: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(filled)
    sheet = book["自评表"]
    sheet["D6"] = "年初预算数（元）"
    sheet["E6"] = " 全 年预算数\n"  # blanks do not count
    sheet["A3"] = "1999 年度部门整体支出绩效自评表"
    sheet["G7"] = 20
    book.save(tmp_path / "x.xlsx")
    seen = {
        f.cell: (f.printed, f.expected)
        for f in read_return(tmp_path / "x.xlsx").findings
        if f.code == "L209"
    }
    title = next(cell for cell in seen if cell.startswith("A"))
    assert seen.pop(title)[0].startswith("1999")
    assert seen == {"D6": ("年初预算数（元）", "年初预算数"), "G7": ("20", "10")}


def test_another_year_is_no_changed_title(form: Form, tmp_path: Path) -> None:
    path = build_template(form, tmp_path / "x.xlsx", filling=filling(FILLED[0]), fiscal_year=2027)
    assert found(path) == []


def test_deleted_validations_are_found_together(filled: Path, tmp_path: Path) -> None:
    def without(text: str) -> str:
        for cell in ("D7", "E7", "G17:G36"):
            text, count = re.subn(
                rf'<dataValidation (?:(?!<dataValidation ).)*?sqref="{cell}".*?(?:</dataValidation>|/>)',
                "",
                text,
            )
            assert count == 1
        return text

    what = only(rewritten(filled, tmp_path / "x.xlsx", FORM, without), "L210")
    rows = ",".join(f"G{row}" for row in range(17, 35))  # of twenty cells no more are named
    assert what.cell == f"D7,E7,{rows}"
    assert what.field.startswith("funds.original_budget,funds.final_budget,indicators.weight")


# --- sheets and hidden things ---------------------------------------------------------------------


def test_added_and_renamed_sheets_are_named(filled: Path, tmp_path: Path, office: Office) -> None:
    with office.open(filled) as book:
        office.tamper(book, "自评表", "rename", "科协的表")
        office.tamper(book, "填报说明", "copy", "Sheet1")
        office.tamper(book, "填报说明", "remove")
        office.save(book, tmp_path / "x.xlsx")
    what = only(tmp_path / "x.xlsx", "L213")
    assert all(word in what.message for word in ("科协的表", "Sheet1", "填报说明"))
    before, after = read_return(filled).submission, read_return(tmp_path / "x.xlsx").submission
    assert before is not None
    assert after is not None
    assert {k: c.value for k, c in before.cells.items()} == {
        k: c.value for k, c in after.cells.items()
    }


def with_parts(path: Path, to: Path, parts: dict[str, bytes], relation: str = "") -> Path:
    shutil.copy(path, to)
    if relation:
        rels = "xl/_rels/workbook.xml.rels"
        close = "</Relationships>"
        rewritten(path, to, rels, lambda text: text.replace(close, relation + close))
    with zipfile.ZipFile(to, "a") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return to


def test_macros_links_and_embedded_files_are_found_and_not_followed(
    filled: Path, tmp_path: Path
) -> None:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    macro = with_parts(filled, tmp_path / "m.xlsx", {"xl/vbaProject.bin": b"x"})
    assert only(macro, "W114").severity is Severity.WARNING
    link = f'<Relationship Id="rId99" Type="{kinds}/externalLinkPath" Target="file:///z.xlsx" TargetMode="External"/>'
    linked = with_parts(filled, tmp_path / "l.xlsx", {}, link)
    assert "file:///z.xlsx" in only(linked, "W115").message
    embedded = with_parts(filled, tmp_path / "e.xlsx", {"xl/embeddings/a.docx": b"x"})
    assert "a.docx" in only(embedded, "W116").message


# --- what moved -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "count", "word"),
    [(1, 2, "第 2 行起下移 2 行"), (6, 1, "第 6 行起下移 1 行"), (18, 1, "第 18 行起")],
)
def test_inserted_rows_are_remarked_and_the_rest_reads_the_same(
    filled: Path, tmp_path: Path, office: Office, first: int, count: int, word: str
) -> None:
    with office.open(filled) as book:
        office.tamper(book, "自评表", "unprotect")
        office.tamper(book, "自评表", "insert_rows", [first, count])
        office.tamper(book, "自评表", "protect")
        office.save(book, tmp_path / "x.xlsx")
    what = only(tmp_path / "x.xlsx", "L215")
    assert what.severity is Severity.NOTE
    assert word in what.message
    before, after = read_return(filled).submission, read_return(tmp_path / "x.xlsx").submission
    assert before is not None
    assert after is not None
    for name, cell in before.cells.items():
        assert after.cells[name].value == cell.value
        down = count if cell.address.sheet == "自评表" and cell.address.row >= first else 0
        assert after.cells[name].address.row == cell.address.row + down


def test_a_formula_changed_after_rows_were_inserted_is_found(
    filled: Path, tmp_path: Path, office: Office
) -> None:
    with office.open(filled) as book:
        office.tamper(book, "自评表", "unprotect")
        office.tamper(book, "自评表", "insert_rows", [6, 1])
        office.tamper(book, "自评表", "write", ["H8", "=2"])
        office.tamper(book, "自评表", "protect")
        office.save(book, tmp_path / "x.xlsx")
    assert found(tmp_path / "x.xlsx") == [("L215", ""), ("L208", "H8")]


def test_a_name_that_points_elsewhere_is_found(filled: Path, tmp_path: Path) -> None:
    path = rewritten(
        filled,
        tmp_path / "x.xlsx",
        BOOK,
        lambda text: text.replace("$D$7</definedName>", "$D$40</definedName>"),
    )
    what = next(f for f in read_return(path).findings if f.code == "L215")
    assert (what.cell, what.field, what.severity) == (
        "D40",
        "funds.original_budget",
        Severity.WARNING,
    )


@pytest.mark.parametrize("row", [17, 19])
def test_deleted_rows_are_an_error_at_their_fields(
    filled: Path, tmp_path: Path, office: Office, row: int
) -> None:
    with office.open(filled) as book:
        office.tamper(book, "自评表", "unprotect")
        office.tamper(book, "自评表", "delete_rows", [row, 1])
        office.tamper(book, "自评表", "protect")
        office.save(book, tmp_path / "x.xlsx")
    codes = {code for code, _ in found(tmp_path / "x.xlsx")}
    assert codes == {"L201", "L215"}


def test_a_name_that_points_to_the_end_of_the_sheet_costs_no_time(
    form: Form, filled: Path, tmp_path: Path
) -> None:
    at = lay_out(form).spots["identity.approved_by"].address
    far = at.absolute.replace(f"${at.row}", "$1048576")
    path = rewritten(
        filled, tmp_path / "x.xlsx", BOOK, lambda text: text.replace(at.absolute + "<", far + "<")
    )
    assert "L215" in [code for code, _ in found(path)]


def test_another_definition_is_not_taken_for_tampering(filled: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(filled)
    book["_form"]["B3"] = "0" * 16
    book["自评表"]["D6"] = "别的文字"
    book["自评表"]["H7"] = "=1"
    book.save(tmp_path / "x.xlsx")
    assert {code for code, _ in found(tmp_path / "x.xlsx")} == {"W111", "L212"}
