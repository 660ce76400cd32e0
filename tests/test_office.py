"""LibreOffice behaves as the other tests take it to behave."""

import os
import signal
import subprocess
import time
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from tests.office import Book, CellError, Office, OfficeError, Target

SHEET = "自评表 1"


@pytest.fixture
def form(tmp_path: Path) -> Path:
    """A protected sheet: inputs in B1:B300 and texts in C1:C300, and formulas that look at them."""
    path = tmp_path / "form.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet(SHEET)
        sheet.protect()
        open_number = workbook.add_format({"locked": False})
        open_text = workbook.add_format({"locked": False, "num_format": "@"})
        for row in range(300):
            sheet.write_blank(row, 1, None, open_number)
            sheet.write_blank(row, 2, None, open_text)
        sheet.write_string("A1", "全年预算数", workbook.add_format({"font_name": "仿宋_GB2312"}))
        sheet.write_string("A2", "执行数", workbook.add_format({"font_name": "黑体"}))
        sheet.write_formula("D1", "=B2/B1", None, 99)  # a lie in the cache
        sheet.write_formula("D2", '=IF(C1="","",C1)', None, "")
        sheet.write_formula("D3", "=NA()", None, "#N/A")
        sheet.write_formula("D4", "=1=1", None, True)
        sheet.merge_range("F1:G2", "", open_text)
        sheet.data_validation("B3", {"validate": "integer", "criteria": ">", "value": 5})
        workbook.define_name("funds.budget", f"='{SHEET}'!$B$1")
        workbook.define_name("funds.spent", f"='{SHEET}'!$B$2")
        workbook.define_name("funds.rate", f"='{SHEET}'!$D$1")
        workbook.define_name("funds.block", f"='{SHEET}'!$B$1:$C$2")
        workbook.define_name("goals.text", f"='{SHEET}'!$F$1:$G$2")
        other = workbook.add_worksheet("无锁")
        other.write_string("A1", "旧")
    return path


def test_opening_recalculates_what_the_file_claims(office: Office, form: Path) -> None:
    with office.open(form) as book:
        assert book.sheets == (SHEET, "无锁")
        assert office.values(book, ["funds.rate"]) == {"funds.rate": CellError("#DIV/0!")}


def test_typed_values_reach_formulas(office: Office, form: Path) -> None:
    with office.open(form) as book:
        assert office.type_values(book, {"funds.budget": 80, "funds.spent": "60.5"}) == []
        assert office.values(book, ["funds.rate"]) == {"funds.rate": 0.75625}
        office.type_values(book, {"funds.budget": None})
        assert office.values(book, ["funds.budget", "funds.rate"]) == {
            "funds.budget": None,
            "funds.rate": CellError("#DIV/0!"),
        }


def test_locked_cells_of_a_protected_sheet_refuse_typing(office: Office, form: Path) -> None:
    with office.open(form) as book:
        refused = office.type_values(
            book, {(SHEET, "A1"): "改", "funds.rate": 1, "funds.budget": 1, ("无锁", "A1"): "新"}
        )
        assert refused == [(SHEET, "A1"), "funds.rate"]
        assert office.values(book, [(SHEET, "A1"), ("无锁", "A1"), "funds.budget"]) == {
            (SHEET, "A1"): "全年预算数",
            ("无锁", "A1"): "新",
            "funds.budget": 1.0,
        }
        assert office.formulas(book, ["funds.rate"]) == {"funds.rate": "=B2/B1"}


@pytest.mark.parametrize(
    ("typed", "as_number_cell", "as_text_cell"),
    [
        ("100%", 1.0, "100%"),
        ("7,830.5", 7830.5, "7,830.5"),
        ("１２", 12.0, "１２"),
        ("2024-10", "2024-10", "2024-10"),
        ("2024-10-01", 45566.0, "2024-10-01"),
        ("2024年10月1日", 45566.0, "2024年10月1日"),
        ("'007", "007", "'007"),
        ("=1+1", 2.0, "=1+1"),
        ("7.83万元", "7.83万元", "7.83万元"),
        (7.5, 7.5, 7.5),
    ],
)
def test_typing_is_understood_as_at_the_keyboard(
    office: Office,
    form: Path,
    typed: str | float,
    as_number_cell: str | float,
    as_text_cell: str | float,
) -> None:
    with office.open(form) as book:
        number, text = (SHEET, "B9"), (SHEET, "C9")
        assert office.type_values(book, {number: typed, text: typed}) == []
        assert office.values(book, [number, text]) == {number: as_number_cell, text: as_text_cell}


def test_a_sheet_tells_blank_cells_empty_texts_and_errors_apart(office: Office, form: Path) -> None:
    with office.open(form) as book:
        assert office.sheet_values(book, SHEET, "C1:D4") == [
            [None, CellError("#DIV/0!")],
            [None, ""],
            [None, CellError("#N/A")],
            [None, 1.0],
        ]
        assert len(office.sheet_values(book, SHEET)) == 4, "formats alone do not count as used"
        assert office.sheet_formulas(book, SHEET, "C3:D3") == [["", "=NA()"]]
        assert office.values(book, [(SHEET, "D4"), ("无锁", "XFD9")]) == {
            (SHEET, "D4"): 1.0,
            ("无锁", "XFD9"): None,
        }
        assert office.shown(book, [(SHEET, "D4")]) == {(SHEET, "D4"): "TRUE"}


def test_a_name_of_a_merged_block_means_its_head(office: Office, form: Path) -> None:
    with office.open(form) as book:
        assert office.type_values(book, {"goals.text": "目标一\n目标二"}) == []
        assert office.values(book, [(SHEET, "F1")]) == {(SHEET, "F1"): "目标一\n目标二"}


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("no.such.name", "no defined name"),
        ("funds.block", "points to several cells"),
        (("没有", "A1"), "no sheet"),
        ((SHEET, "A0"), "not the address of a cell"),
    ],
)
def test_a_cell_that_is_not_there_is_an_error(
    office: Office, form: Path, target: Target, told: str
) -> None:
    with office.open(form) as book:
        with pytest.raises(OfficeError, match=told):
            office.type_values(book, {"funds.budget": 5, target: 5})
        assert office.values(book, ["funds.budget"]) == {"funds.budget": None}, "all or nothing"


def test_typing_ignores_validation_and_invalid_cells_shows_it(office: Office, form: Path) -> None:
    with office.open(form) as book:
        assert office.invalid_cells(book) == []
        assert office.type_values(book, {(SHEET, "B3"): 3}) == []
        assert office.invalid_cells(book) == [(SHEET, "B3")]
        office.type_values(book, {(SHEET, "B3"): 6})
        assert office.invalid_cells(book) == []


def test_saved_files_read_back_in_every_format(office: Office, form: Path, tmp_path: Path) -> None:
    with office.open(form) as book:
        office.type_values(book, {"funds.budget": 80, "funds.spent": 60, (SHEET, "C1"): "100%"})
        office.recalculate(book)
        office.save(book, tmp_path / "out.xlsx")
        office.save(book, tmp_path / "out.xls", "xls")
        office.save(book, tmp_path / "out.ods", "ods")
    saved = openpyxl.load_workbook(tmp_path / "out.xlsx", data_only=True)
    assert saved[SHEET]["D1"].value == 0.75
    assert saved[SHEET]["D2"].value == "100%"
    assert saved[SHEET].protection.sheet
    for name in ("out.xls", "out.ods"):
        rows = CalamineWorkbook.from_path(str(tmp_path / name)).get_sheet_by_name(SHEET).to_python()
        assert rows[0][1:4] == [80, "100%", 0.75]
    with office.open(tmp_path / "out.ods") as again:
        assert office.type_values(again, {"funds.rate": 1}) == ["funds.rate"]


def test_pictures_show_the_fonts_of_chinese_offices(
    office: Office, form: Path, tmp_path: Path
) -> None:
    pdf = office.pdf(form, tmp_path / "form.pdf")
    fonts = subprocess.run(["pdffonts", pdf], check=True, capture_output=True, text=True).stdout
    assert "NotoSerifCJKsc" in fonts
    assert "NotoSansCJKsc" in fonts
    pages = office.to_png(form, tmp_path / "pictures", dpi=40)
    assert pages[0].name == "form-1.png"
    assert all(page.read_bytes().startswith(b"\x89PNG") for page in pages)


def test_hundreds_of_cells_are_typed_and_read_at_once(office: Office, form: Path) -> None:
    cells: dict[Target, float | str | None] = {(SHEET, f"B{n}"): n for n in range(1, 301)}
    cells |= {(SHEET, f"C{n}"): f"第{n}行" for n in range(1, 301)}
    with office.open(form) as book:
        assert office.type_values(book, cells) == []
        assert office.values(book, list(cells)) == cells


def test_what_is_no_spreadsheet_is_an_error_and_work_goes_on(
    office: Office, form: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    for name in ("broken.xlsx", "missing.xlsx"):
        with pytest.raises(OfficeError, match=name):
            office.open(tmp_path / name)
    with office.open(form) as book:
        office.close(book)
        with pytest.raises(OfficeError, match="closed"):
            office.recalculate(book)


def test_two_offices_run_side_by_side_and_leave_nothing(office: Office, form: Path) -> None:
    with Office(locale="en-US") as second, second.open(form) as theirs, office.open(form) as ours:
        second.type_values(theirs, {"funds.budget": 1})
        assert office.values(ours, ["funds.budget"]) == {"funds.budget": None}
        server = second._server
        assert server is not None
    assert server.poll() is not None
    with pytest.raises(OfficeError, match="not running"):
        second.open(form)


def recalculate_on(office: Office, book: Book) -> None:
    """Recalculate until the stop takes hold: the system delivers it soon, not at once."""
    for _ in range(100):
        office.recalculate(book)
        time.sleep(0.05)


@pytest.mark.office
def test_an_office_that_hangs_is_killed(form: Path) -> None:
    with Office() as office:
        group, server = office._group, office._server
        assert group is not None
        assert server is not None
        book = office.open(form)
        os.killpg(group, signal.SIGSTOP)
        office._timeout = 0.5
        with pytest.raises(OfficeError, match="no answer"):
            recalculate_on(office, book)
        assert server.poll() is not None
        office.close(book)  # as leaving its block would: no error on top of the error
        with pytest.raises(OfficeError, match="not running"):
            office.recalculate(book)
        office._timeout = 120
        with office.open(form) as again:  # what comes after has a new one
            assert office.values(again, ["funds.budget"]) == {"funds.budget": None}


@pytest.mark.office
def test_an_office_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFFICE", "/bin/false")
    with pytest.raises(OfficeError, match="exit code 1"), Office(timeout=10):
        pass
