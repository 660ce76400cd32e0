"""A form without its names or its record is found by its printed words, or not at all."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook.workbook import Workbook

from builder import build_template
from tests.api import read_return
from tests.fillings import FILLED, filling
from tests.office import Office
from workbook import Form, Return, Submission, check
from workbook.layout import default_plan
from workbook.reading import ACCEPTED, REJECTED

GIVEN = filling(FILLED[0])


@pytest.fixture(scope="module")
def blank(form: Form, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_template(form, tmp_path_factory.mktemp("locate") / "blank.xlsx")


def submission(item: Return) -> Submission:
    assert item.status == ACCEPTED, item.findings
    assert item.submission is not None
    return item.submission


def codes(path: Path) -> list[str]:
    return [f.code for f in read_return(path).findings if f.code != "L212"]


def same(before: Submission, after: Submission) -> None:
    """All that was entered on the form reads the same."""
    for name, cell in before.cells.items():
        if cell.address.sheet == before.form.sheet and not cell.formula:
            assert after.cells[name].value == cell.value, name


def pasted(path: Path, *, down: int = 0, right: int = 0, skip: int = 0) -> Workbook:
    """The values of the form, as LibreOffice shows them, in a new workbook."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in openpyxl.load_workbook(path, data_only=True)["自评表"].iter_rows(min_row=skip + 1):
        for cell in row:
            if cell.value is not None:
                sheet.cell(cell.row - skip + down, cell.column + right, cell.value)
    return book


@pytest.mark.parametrize(
    ("down", "right", "skip"), [(0, 0, 0), (3, 2, 0), (0, 0, 3)], ids=["as is", "moved", "no title"]
)
def test_values_pasted_into_a_new_workbook_are_read(
    filled: Path, tmp_path: Path, down: int, right: int, skip: int
) -> None:
    pasted(filled, down=down, right=right, skip=skip).save(tmp_path / "x.xlsx")
    before, after = submission(read_return(filled)), submission(read_return(tmp_path / "x.xlsx"))
    assert codes(tmp_path / "x.xlsx") == ["L217"]
    same(before, after)
    first = after.cells["funds.original_budget"].address
    assert (first.sheet, first.row, first.column) == ("Sheet", 7 + down - skip, 4 + right)
    assert (after.department, after.fiscal_year) == (before.department, 2024)


def test_a_pasted_total_that_is_wrong_is_found_and_a_right_one_is_not(
    filled: Path, tmp_path: Path
) -> None:
    book = pasted(filled)
    book.save(tmp_path / "x.xlsx")
    expected = {f.code for f in check([read_return(filled)])[0].findings}
    seen = {f.code for f in check([read_return(tmp_path / "x.xlsx")])[0].findings}
    assert seen - {"L217", "D450"} == expected  # the report was not pasted with the form
    assert book.active is not None
    book.active["H7"] = 0.5  # 执行率
    book.save(tmp_path / "y.xlsx")
    worse = {f.code for f in check([read_return(tmp_path / "y.xlsx")])[0].findings}
    assert worse - seen == {"L203"}


def test_the_year_of_a_pasted_form_is_its_titles(form: Form, tmp_path: Path) -> None:
    path = build_template(form, tmp_path / "a.xlsx", filling=GIVEN, fiscal_year=2026)
    pasted(path).save(tmp_path / "x.xlsx")
    assert submission(read_return(tmp_path / "x.xlsx")).fiscal_year == 2026


def test_the_rows_of_each_group_are_told_by_the_labels(form: Form, tmp_path: Path) -> None:
    plan = tuple(range(1, len(default_plan(form)) + 1))
    path = build_template(form, tmp_path / "a.xlsx", filling=GIVEN, plan=plan)
    pasted(path).save(tmp_path / "x.xlsx")
    after = submission(read_return(tmp_path / "x.xlsx"))
    assert after.plan == plan
    same(submission(read_return(path)), after)


def test_a_missing_label_is_no_form(filled: Path, tmp_path: Path) -> None:
    book = pasted(filled)
    assert book.active is not None
    book.active["D6"] = "预算"
    book.save(tmp_path / "x.xlsx")
    assert codes(tmp_path / "x.xlsx") == ["W108"]


def test_labels_in_another_order_are_no_form(filled: Path, tmp_path: Path) -> None:
    book = pasted(filled)
    sheet = book.active
    assert sheet is not None
    sheet["D6"], sheet["E6"] = sheet["E6"].value, sheet["D6"].value
    book.save(tmp_path / "x.xlsx")
    assert codes(tmp_path / "x.xlsx") == ["W108"]


def test_a_form_whose_record_was_deleted_is_read_by_its_names(filled: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(filled)
    del book["_form"]
    book.save(tmp_path / "x.xlsx")
    assert codes(tmp_path / "x.xlsx") == ["L217", "L213"]
    same(submission(read_return(filled)), submission(read_return(tmp_path / "x.xlsx")))


def test_lost_names_and_inserted_rows_are_both_overcome(
    filled: Path, tmp_path: Path, office: Office
) -> None:
    with office.open(filled) as book:
        office.tamper(book, "自评表", "unprotect")
        office.tamper(book, "自评表", "insert_rows", [6, 2])
        office.tamper(book, "自评表", "protect")
        office.save(book, tmp_path / "a.xlsx")
    nameless = openpyxl.load_workbook(tmp_path / "a.xlsx")
    for name in list(nameless.defined_names):
        del nameless.defined_names[name]
    nameless.save(tmp_path / "x.xlsx")
    assert codes(tmp_path / "x.xlsx") == ["L217", "L215"]
    same(submission(read_return(filled)), submission(read_return(tmp_path / "x.xlsx")))


def test_a_copy_that_was_filled_in_is_read(blank: Path, tmp_path: Path, office: Office) -> None:
    with office.open(blank) as book:
        office.tamper(book, "自评表", "copy", "自评表 (2)")
        office.save(book, tmp_path / "a.xlsx")
    with office.open(tmp_path / "a.xlsx") as book:
        assert office.type_values(book, {("自评表 (2)", "D7"): 88.5}) == []
        office.save(book, tmp_path / "x.xlsx")
    item = read_return(tmp_path / "x.xlsx")
    cell = submission(item).cells["funds.original_budget"]
    assert (cell.value, cell.address.sheet) == (88.5, "自评表 (2)")
    assert codes(tmp_path / "x.xlsx") == ["L213"]
    assert "自评表 (2)" in item.findings[0].message
    assert submission(item).verdicts == {}


def test_two_different_fillings_are_refused_by_name(
    filled: Path, tmp_path: Path, office: Office
) -> None:
    with office.open(filled) as book:
        office.tamper(book, "自评表", "copy", "乙表")
        office.save(book, tmp_path / "same.xlsx")
    assert codes(tmp_path / "same.xlsx") == ["L213"]
    with office.open(tmp_path / "same.xlsx") as book:
        assert office.type_values(book, {("乙表", "D7"): 1.0}) == []
        office.save(book, tmp_path / "x.xlsx")
    item = read_return(tmp_path / "x.xlsx")
    assert (item.status, [f.code for f in item.findings]) == (REJECTED, ["W118"])
    assert "“自评表”" in item.error
    assert "“乙表”" in item.error


def test_a_renamed_form_is_read(filled: Path, tmp_path: Path, office: Office) -> None:
    with office.open(filled) as book:
        office.tamper(book, "自评表", "rename", "2024年 自'评表")
        office.save(book, tmp_path / "x.xlsx")
    assert codes(tmp_path / "x.xlsx") == ["L213"]
    same(submission(read_return(filled)), submission(read_return(tmp_path / "x.xlsx")))


def test_a_form_renamed_without_its_names_is_found_by_labels(filled: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(filled)
    book["自评表"].title = "另名"
    for name in list(book.defined_names):
        del book.defined_names[name]
    book.save(tmp_path / "x.xlsx")
    assert codes(tmp_path / "x.xlsx") == ["L217", "L213"]
    same(submission(read_return(filled)), submission(read_return(tmp_path / "x.xlsx")))
