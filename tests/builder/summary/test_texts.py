"""Whatever a department wrote stands in the summary as text: never a formula, a link, an error."""

import re
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from builder import build_summary
from tests.api import finding
from tests.fillings import FILLED, ROSTER, accepted, changed, filling
from tests.office import CellError, Office
from tests.sheets import cells, formulas
from workbook import Return, aggregate, load_reviews, load_roster
from workbook.package import open_package

EVIL = (
    "=1+1",
    "+SUM(A1:A9)",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x","x")',
    "http://example.org/",
    "file:///etc/passwd",
    "mailto:a@b.cn",
    "internal:'总览'!A1",
    "<b>局</b>&amp;<script>alert(1)</script>",
    "_x000D_ _x0041_",
    "\x01\x07控制\x1f",
    "党政办🏛️👍🏽",
    "{=1}",
    "'=1",
    "00123",
    "1e5",
    "部门汇总'!A1",
    "长" * 40_000,
    "🏛" * 20_000,
)
LONGEST = 32_767


def returns(texts: tuple[str, ...]) -> list[Return]:
    """A return for each text, which stands wherever a department may write."""
    made = []
    for number, text in enumerate(texts):
        given = filling(FILLED[number % len(FILLED)])
        rows = {n: row | {"indicator": text, "deviation_reason": text, "actual": text}
                for n, row in given.rows["indicators"].items()}  # fmt: skip
        given = changed(replace(given, rows={"indicators": rows}),
                        identity__department=text, identity__department_code=f"{number:03}",
                        goals__achieved_goals=text, identity__prepared_by=text)  # fmt: skip
        told = replace(finding("V303", label="x", raw="0", receipt="y"), message=text, printed=text)
        item = accepted(given, f"returns/{number:03}.xlsx", findings=[told])
        made.append(replace(item, saved_by=text[:99], application=text[:99]))
    return made


def built(path: Path, texts: tuple[str, ...]) -> Path:
    last = changed(filling(FILLED[0]), identity__fiscal_year=2023)
    before = aggregate([accepted(last, "2023/a.xlsx")])
    return build_summary(aggregate(returns(texts), previous=before), path)


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("evil") / "汇总.xlsx", EVIL)


def test_no_formula_is_made_of_what_departments_wrote(evil: Path, tmp_path: Path) -> None:
    tame = built(tmp_path / "tame.xlsx", tuple(f"局{n}" for n in range(len(EVIL))))
    found = formulas(evil)
    assert found == formulas(tame)
    assert len(found) > 300


def test_every_link_is_ours(evil: Path) -> None:
    with zipfile.ZipFile(evil) as parts:
        links = [
            target
            for name in parts.namelist()
            if "worksheets/_rels" in name
            for target in re.findall(
                r'hyperlink" Target="([^"]+)"', parts.read(name).decode("utf-8")
            )
        ]
    assert links
    assert all(re.fullmatch(r"(\.\.?/)*([\w%.-]+/)*\d{3}\.xlsx(#.+)?", link) for link in links)
    assert not any("//" in link or ":" in link for link in links)
    found = (cell.hyperlink for _, cell in cells(evil))
    inner = [link.location for link in found if link is not None and link.location]
    assert all(re.match(r"'[^']+'!", place) for place in inner)
    assert not any("总览'!A1" in place for place in inner)


def test_texts_stand_letter_for_letter(evil: Path) -> None:
    sheet = open_package(evil).sheet("部门汇总")
    assert sheet is not None
    names = [sheet.cells[row, 4] for row in range(4, 4 + len(EVIL))]
    assert {cell.type for cell in names} == {"s"}
    for text, cell in zip(EVIL, names, strict=True):
        seen = (sign for sign in text.strip() if unicodedata.category(sign) != "Cc")
        whole, found = "".join(seen), str(cell.value)
        if len(whole) < LONGEST / 2:
            assert found == whole
        else:
            assert found[:-1] == whole[: len(found) - 1]


def test_an_office_shows_them_as_texts_and_no_errors(office: Office, tmp_path: Path) -> None:
    # Without the longest: LibreOffice takes minutes to find the height of such rows.
    with office.open(built(tmp_path / "short.xlsx", EVIL[:-2])) as book:
        office.recalculate(book)
        for name in book.sheets:
            values = office.sheet_values(book, name)
            assert not [v for row in values for v in row if isinstance(v, CellError)], name
        seen = office.values(book, [("部门汇总", f"D{row}") for row in (4, 9, 11, 15, 16)])
    assert list(seen.values()) == [EVIL[i] for i in (0, 5, 7, 11, 12)]


def test_no_cell_is_longer_than_excel_takes(evil: Path) -> None:
    longest = max(
        len(str(cell.value).encode("utf-16-le")) // 2 for _, cell in cells(evil) if cell.value
    )
    assert LONGEST - 2 < longest <= LONGEST


def test_remarks_are_text_too_and_come_back_as_they_were(tmp_path: Path) -> None:
    roster = load_roster(ROSTER)
    first = build_summary(aggregate(returns(EVIL[:2])), tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(first)
    remark = next(c.column_letter for c in book["部门汇总"][3] if c.value == "备注")
    for row, text in ((4, "=1+1"), (5, "http://example.org/ <b>")):
        book["部门汇总"][f"{remark}{row}"].value = text
        book["部门汇总"][f"{remark}{row}"].data_type = "s"
    book.save(first)
    kept = load_reviews(first)
    assert [entry.remark for entry in kept.entries] == ["=1+1", "http://example.org/ <b>"]
    # None of them is on the roster: all are set aside, as text.
    aside = build_summary(aggregate([], roster, reviews=kept), tmp_path / "b.xlsx")
    assert formulas(aside).keys() & {("未对应复核", "G4"), ("未对应复核", "D4")} == set()
    assert [entry.remark for entry in load_reviews(aside).entries] == [
        *("=1+1", "http://example.org/ <b>"),
    ]
