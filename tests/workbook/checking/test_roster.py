"""A roster is read whatever program saved it, and a wrong one is refused by name, row and remedy."""

import datetime
import os
import resource
import time
import zipfile
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from tests.fillings import ROSTER
from workbook import RosterError, load_roster
from workbook.checking import TableFile

HEAD = "预算编码,部门,联系人,联系电话,口令\n"
ROWS = "001001,甲局,张三,0730-1,abc\n002001,乙局,,,\n"


def roster_file(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "roster.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_the_sample_roster_is_read() -> None:
    roster = load_roster(ROSTER)
    assert len(roster.entries) == 14
    first = roster.entries[0]
    who = (first.code, first.department, first.contact, first.row)
    assert who == ("118001", "岳阳市云溪区档案馆", "邓丽华", 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_every_usual_encoding_is_read_and_codes_keep_their_zeros(
    tmp_path: Path, encoding: str
) -> None:
    roster = load_roster(roster_file(tmp_path, HEAD + ROWS, encoding))
    assert [(e.code, e.password) for e in roster.entries] == [("001001", "abc"), ("002001", "")]


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ((HEAD + ROWS).replace(",", "\t"), [("001001", "甲局", 2), ("002001", "乙局", 3)]),
        ((HEAD + ROWS).replace(",", ";"), [("001001", "甲局", 2), ("002001", "乙局", 3)]),
        ("2024 年度名册,,\n\n单位名称, 编码\n 甲局 ,001\n\n", [("001", "甲局", 4)]),
    ],
)
def test_other_delimiters_and_a_title_above_the_head_are_noticed(
    tmp_path: Path, text: str, entries: list[tuple[str, str, int]]
) -> None:
    found = load_roster(roster_file(tmp_path, text)).entries
    assert [(entry.code, entry.department, entry.row) for entry in found] == entries


def workbook_of(path: Path, *rows: list[str | float | None], **formats: str) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    for cell, number_format in formats.items():
        book.worksheets[0][cell].number_format = number_format
    book.save(path)
    return path


def test_numbers_of_a_workbook_become_codes(tmp_path: Path) -> None:
    rows: list[list[str | float | None]] = [
        ["单位编码", "预算单位", "电话"],
        [301001.0, "教育局", 13800138000],
        [1001, "档案馆", None],
    ]
    entries = load_roster(workbook_of(tmp_path / "名册.xlsx", *rows, A3="000000")).entries
    assert [(e.code, e.department, e.phone) for e in entries] == [
        ("301001", "教育局", "13800138000"),
        ("001001", "档案馆", ""),
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([["部门"], ["甲局"], ["乙局"], ["甲局"]], "第 2、4 行"),
        ([["部门", "编码"], ["甲局", "#N/A"]], "第 2 行，“预算编码”列：是 #N/A"),
    ],
)
def test_what_is_wrong_in_a_workbook_is_named_as_a_person_counts_its_rows(
    tmp_path: Path, rows: list[list[str | float | None]], told: str
) -> None:
    with pytest.raises(RosterError, match=told):
        load_roster(workbook_of(tmp_path / "roster.xlsx", *rows))


@pytest.mark.parametrize(
    ("code", "name", "found"),
    [
        ("118001", "写错的名", "118001"),
        ("１１８００１", "", "118001"),
        ("", "岳阳市云溪区　水利局 ", "505001"),
        ("999", "丙局", None),
    ],
)
def test_matching_is_by_code_then_by_folded_name(code: str, name: str, found: str | None) -> None:
    entry = load_roster(ROSTER).match(code, name)
    assert (entry.code if entry else None) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("118001（盖章）", "118001"),
        ("岳阳市云溪区水利局 自评", "505001"),
        ("118001和125001", None),
        ("自评表1180011", None),
    ],
)
def test_a_file_name_tells_its_department_only_when_it_names_one(
    text: str, found: str | None
) -> None:
    entry = load_roster(ROSTER).named_in(text)
    assert (entry.code if entry else None) == found


@pytest.mark.parametrize(("name", "found"), [("云溪区文旅广电局", "207001"), ("QQ", None)])
def test_the_nearest_entry_is_suggested(name: str, found: str | None) -> None:
    near = load_roster(ROSTER).suggest("", name)
    assert (near.code if near else None) == found


@pytest.mark.parametrize("year", ["2024", "2024年", "２０２４ 年度"])
def test_the_year_is_read_as_it_is_written(tmp_path: Path, year: str) -> None:
    text = f"部门,年度\n甲局,\n合计划局,{year}\n"
    assert load_roster(roster_file(tmp_path, text)).year == 2024


@pytest.mark.parametrize("day", ["2025年3月31日", "2025-3-31", "2025-03-31 00:00:00"])
def test_the_deadline_is_read_as_it_is_written(tmp_path: Path, day: str) -> None:
    text = f"部门,截止日期\n甲局,{day}\n乙局,\n"
    days = [entry.deadline for entry in load_roster(roster_file(tmp_path, text)).entries]
    assert days == [datetime.date(2025, 3, 31), None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("编码,名字\n1,甲\n", "缺少“部门”列"),
        ("", "文件是空的"),
        ('编码,部门\n1,"甲局\n2,乙局\n', "第 2 行：.*双引号没有配对"),
        (HEAD + ROWS + '003,"丙局', "第 4 行：.*双引号没有配对"),
        ('编码,部门\n1,"甲局\n2,"乙局"\n', "第 2 行：.*双引号没有配对"),
        (HEAD + "#N/A,甲局\n", "第 2 行，“预算编码”列：是 #N/A"),
        (HEAD + "1,#REF!\n", "第 2 行，“部门”列：是 #REF!"),
        (HEAD + "#####,甲局\n", "第 2 行，“预算编码”列：是 #####"),
        ("部门,全年预算数\n甲局,#VALUE!\n", "第 2 行，“全年预算数”列：是 #VALUE!"),
        (HEAD + "1,=A1\n", "第 2 行，“部门”列：“=A1”是公式"),
        (HEAD + "1,甲\u202e局\n", r"第 2 行，“部门”列：“甲�局”里有看不见的字符（U\+202E）"),
        (HEAD + "1,甲局\u200b\n", r"“部门”列：.*（U\+200B）"),
        (HEAD + "1\x07,甲局\n", r"“预算编码”列：.*（U\+0007）"),
        (HEAD + f"1,{'局' * 300}\n", "第 2 行，“部门”列：有 300 个字"),
        (HEAD + ROWS + "局" * 5_000 + "\0", "须为 .csv 或 .xlsx"),
        (HEAD, "没有单位"),
        (HEAD + ROWS + "003,甲 局\n", "部门重复：“甲局”在第 2、4 行"),
        (HEAD + ROWS + "001001,丙局\n", "预算编码重复：“001001”在第 2、4 行"),
        (HEAD + "001,\n", "第 2 行：没有单位名称"),
        (HEAD + ROWS + "合计,14家,,,\n", "第 4 行：“合计，14家”不是单位"),
        (HEAD + "总 计：2 家,,,,\n", "第 2 行"),
        ("序号,部门\n1,甲\n小计,1\n", "第 3 行"),
        ("部门\n甲\n共计1家\n", "第 3 行"),
        ("部门,年度\n甲,2024年\n乙,去年\n", "第 3 行：年度“去年”不是年份"),
        ("部门,年度\n甲,2024年\n乙,2025\n", "不同的年度：2024、2025"),
        ("部门,截止日期\n甲,2025-3-31\n乙,4月10日\n", "第 3 行：截止日期“4月10日”不是日期"),
        ("部门,单位名称\n甲,乙\n", "有两列都是“部门”"),
    ],
)
def test_a_wrong_roster_is_refused_with_the_place_and_the_remedy(
    tmp_path: Path, text: str, told: str
) -> None:
    path = roster_file(tmp_path, text)
    with pytest.raises(RosterError, match=told) as caught:
        load_roster(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"\xd0\xcf\x11\xe0" + b"\0" * 99,
        b"PK\x03\x04 broken",
        b"\xff\xff\xff",
        "code,department\n1,x\n".encode("utf-16-le"),
    ],
)
def test_a_file_that_is_no_roster_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "roster.xls").write_bytes(data)
    with pytest.raises(RosterError, match="另存"):
        load_roster(tmp_path / "roster.xls")
    with pytest.raises(RosterError, match="无法读取"):
        load_roster(tmp_path / "none.csv")


def test_a_cell_that_nobody_has_worked_out_is_not_taken_for_blank(tmp_path: Path) -> None:
    path = workbook_of(tmp_path / "table.xlsx", ["部门", "比例"], ["=A1", 0.07], B2="0.00%")
    (table,) = TableFile(path, "名册", RosterError).tables()
    assert table.rows[1] == (2, ["=A1", "7%"])


def sheet_of(xml: bytes) -> bytes:
    """A workbook with these bytes for its sheet's XML."""
    plain, packed = BytesIO(), BytesIO()
    openpyxl.Workbook().save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, xml if name == "xl/worksheets/sheet1.xml" else old.read(name))
    return packed.getvalue()


SPACE = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
HEADED = SPACE + '<row r="1"><c r="A1" t="inlineStr"><is><t>部门</t></is></c></row>'.encode()
STYLED = b"".join(b'<row r="%d"><c r="A%d" s="0"/></row>' % (n, n) for n in range(2, 520_000))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (sheet_of(HEADED + STYLED + b"</sheetData></worksheet>"), "单元格数超过 500000.*整行"),
        (sheet_of(HEADED + b" " * 2**25), "压缩比超过 200 倍"),
        (sheet_of(HEADED + b"<row><c"), "已损坏"),
        (sheet_of(b""), "已损坏"),
        ("部门\n".encode() + "甲局,一,二\n".encode() * 200_000, "单元格数超过 500000"),
        ("部门\n".encode() + b"x" * 2**26, "文件超过 50 MB"),
    ],
    ids=["styled to the end", "zip bomb", "cut sheet", "empty sheet", "many lines", "64 MB"],
)
def test_an_endless_or_damaged_file_is_refused_in_seconds_and_little_memory(
    tmp_path: Path, data: bytes, told: str
) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(data)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(RosterError, match=told) as caught:
        load_roster(path)
    assert str(path) in str(caught.value)
    assert time.process_time() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500 * 1024


def test_a_pipe_and_a_device_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", Path("/dev/zero")):
        with pytest.raises(RosterError, match="设备或管道"):
            load_roster(path)


def test_every_mistake_of_a_roster_is_told_at_once(tmp_path: Path) -> None:
    text = HEAD + "1,\n1.1E+5,乙局\n3,#N/A\n合计,\n" + "9,\n" * 20
    with pytest.raises(RosterError) as caught:
        load_roster(roster_file(tmp_path, text))
    lines = str(caught.value).splitlines()
    rows = [line.partition("，第 ")[2].partition(" 行")[0] for line in lines]
    assert (rows, lines[-1]) == ([*map(str, range(2, 12)), ""], "……这样的还有 14 行")


def test_repeated_codes_and_names_are_told_together_and_a_few_of_their_rows(tmp_path: Path) -> None:
    text = HEAD + "1,甲局\n" * 2 + "2,乙局\n" * 30
    with pytest.raises(RosterError) as caught:
        load_roster(roster_file(tmp_path, text))
    codes, names = str(caught.value).splitlines()
    assert "预算编码重复：“1”在第 2、3 行；“2”在第 4、5、6、7、8 等 30 行" in codes
    assert "部门重复：“甲局”在第 2、3 行" in names


@pytest.mark.parametrize("head", ["密码", "打开密码", "口令", "password", "Password"])
def test_a_password_opens_returns_and_is_shown_nowhere(tmp_path: Path, head: str) -> None:
    text = f"部门,{head},电话\n甲局,secret1,1\n"
    roster = load_roster(roster_file(tmp_path, text))
    assert roster.passwords(Path("甲局.xlsx")) == ("secret1",)
    assert "secret1" not in repr(roster)
    assert not roster.entries[0].extra
    for wrong in (text + "合计,secret2,2\n", "甲局,secret2,电话\n", text.replace("1\n", "#N/A\n")):
        with pytest.raises(RosterError) as caught:
            load_roster(roster_file(tmp_path, wrong))
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("option", ["projects", "indicators"])
def test_lists_are_refused_as_the_roster_is(tmp_path: Path, option: str) -> None:
    roster = roster_file(tmp_path, HEAD + ROWS)
    path = tmp_path / "list.csv"
    head = "预算编码,项目名称,三级指标\n"
    for text, told in (
        ("001001,#N/A,#N/A\n9,甲,乙\n", "第 2 行.*#N/A.*\n.*第 3 行.*不在名册"),
        ('001001,"甲,乙\n', "第 2 行：.*双引号"),
    ):
        path.write_text(head + text, encoding="utf-8")
        with pytest.raises(RosterError, match=told):
            load_roster(roster, **{option: path})
