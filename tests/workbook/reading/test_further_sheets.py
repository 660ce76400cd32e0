"""A form's further sheet is placed, locked, found and audited like its first."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from builder import build_template
from tests.api import read_return
from tests.fillings import FILLED, filling, overall
from tests.office import Format, Office
from workbook import FormError, Return, check, frames, load_form
from workbook.layout import lay_out
from workbook.reading import ACCEPTED

FORM = overall()
SHEET = "自评报告"
GIVEN = filling(FILLED[0])
LAYOUT = lay_out(FORM)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("further") / "filled.xlsx"
    return build_template(FORM, path, filling=GIVEN)


def codes(item: Return) -> list[tuple[str, str]]:
    assert item.status == ACCEPTED, item.findings
    return [(f.code, f.sheet) for f in item.findings]


def entered(item: Return) -> dict[str, object]:
    assert item.submission is not None
    cells = item.submission.cells.items()
    return {name: cell.value for name, cell in cells if name in GIVEN.values}


def test_only_inputs_are_unlocked_and_formulas_stand_in_the_others(filled: Path) -> None:
    sheet = openpyxl.load_workbook(filled)[SHEET]
    assert sheet.protection.sheet
    for spot in LAYOUT.spots.values():
        if spot.address.sheet == SHEET:
            cell = sheet[spot.address.a1]
            assert cell.protection.locked is not spot.field.is_input, spot.name
            assert (cell.data_type == "f") is spot.field.is_computed, spot.name


def test_what_is_typed_is_read_and_framed(filled: Path) -> None:
    item = read_return(filled)
    assert codes(item) == []
    assert entered(item) == GIVEN.values
    wide = frames([item], checked=False).section("report")
    assert wide["personnel_expenditure"].tolist() == [GIVEN.values["report.personnel_expenditure"]]
    assert wide["basic_sentence"].tolist()[0].startswith("2024年财政拨款基本支出121.47万元")


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_old_and_open_formats_keep_it(
    filled: Path, tmp_path: Path, office: Office, kind: Format
) -> None:
    with office.open(filled) as book:
        office.save(book, tmp_path / f"x.{kind}", kind)
    item = check([read_return(tmp_path / f"x.{kind}")])[0]
    assert {code for code, _ in codes(item)} <= {"W113"}
    assert entered(item) == GIVEN.values


def test_rows_put_in_are_told_and_all_is_still_found(
    filled: Path, tmp_path: Path, office: Office
) -> None:
    with office.open(filled) as book:
        office.tamper(book, SHEET, "unprotect")
        office.tamper(book, SHEET, "insert_rows", [9, 2])
        office.tamper(book, SHEET, "protect", "")
        office.save(book, tmp_path / "x.xlsx")
    item = read_return(tmp_path / "x.xlsx")
    assert codes(item) == [("L215", SHEET)]
    assert entered(item) == GIVEN.values


def test_a_formula_replaced_a_lock_and_a_label_are_each_found(
    filled: Path, tmp_path: Path, office: Office
) -> None:
    sentence = LAYOUT.spot("report.basic_sentence").address.a1
    with office.open(filled) as book:
        office.tamper(book, SHEET, "unprotect")
        office.tamper(book, SHEET, "write", [sentence, '="另外一句"'])
        office.tamper(book, SHEET, "write", ["A4", "一、基本情况"])
        office.tamper(book, SHEET, "unlock", "B9")
        office.save(book, tmp_path / "x.xlsx")
    assert sorted(codes(read_return(tmp_path / "x.xlsx"))) == [
        (code, SHEET) for code in ("L206", "L207", "L208", "L209")
    ]


def test_a_renamed_sheet_is_followed_by_its_names(
    filled: Path, tmp_path: Path, office: Office
) -> None:
    with office.open(filled) as book:
        office.tamper(book, SHEET, "rename", "报告")
        office.save(book, tmp_path / "x.xlsx")
    item = read_return(tmp_path / "x.xlsx")
    assert [code for code, _ in codes(item)] == ["L213"]
    assert entered(item) == GIVEN.values


def test_a_removed_sheet_is_one_finding_and_the_empty_report_another(
    filled: Path, tmp_path: Path, office: Office
) -> None:
    with office.open(filled) as book:
        office.tamper(book, SHEET, "remove")
        office.save(book, tmp_path / "x.xlsx")
    found = {code for code, _ in codes(check([read_return(tmp_path / "x.xlsx")])[0])}
    assert {"L213", "D450"} <= found
    assert not found & {"L201", "L202", "L208", "V301"}


def test_both_sheets_pasted_into_a_new_workbook_are_read_by_their_labels(
    filled: Path, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    for name in ("自评表", SHEET):
        sheet = book.create_sheet(f"{name}（抄）")
        for row in openpyxl.load_workbook(filled, data_only=True)[name].iter_rows():
            for cell in row:
                if cell.value is not None:
                    sheet.cell(cell.row + 3, cell.column + 1, cell.value)
    book.save(tmp_path / "x.xlsx")
    item = check([read_return(tmp_path / "x.xlsx")])[0]
    assert {code for code, _ in codes(item)} == {"L217"}
    assert entered(item) == GIVEN.values


def test_an_overlong_text_is_one_warning_and_stays_whole(tmp_path: Path) -> None:
    long = filling(FILLED[0])
    long.values["report.overview"] = "长" * 1501
    item = check([read_return(build_template(FORM, tmp_path / "x.xlsx", filling=long))])[0]
    assert codes(item) == [("V305", SHEET)]
    assert entered(item)["report.overview"] == "长" * 1501


FURTHER = '[[further_sheet]]\nname = "自评报告"\nwidths = [11, 11, 11, 11, 11, 11, 11, 11]\n'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('sheet = "自评报告"\n', 'sheet = "自评报告书"\n', "no [[further_sheet]]"),
        (FURTHER, FURTHER.replace("widths = [11, 11", "widths = [11"), "more cells than widths"),
        ('required = "begun"', 'required = "always"', "'begun'"),
        ('id = "indicators"\n', 'id = "indicators"\nsheet = "自评报告"\n', "own sheet"),
        (FURTHER, f"{FURTHER}\n{FURTHER}", "used twice"),
        (FURTHER, FURTHER.replace("自评报告", "自评表"), "used twice"),
    ],
)
def test_mistakes_in_a_further_sheet_are_named(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = FORM.path.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "own.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FormError, match=r"own\.toml") as raised:
        load_form(path)
    assert said in str(raised.value)
