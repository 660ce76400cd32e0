"""What opens, what is refused and by which code, and that what opens is what others see in it."""

import datetime
import io
import itertools
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import to_excel

from tests.api import Limits, Refused
from tests.fillings import SAMPLES
from workbook.package import Package, ParseTask, RawCell, Sheet, Watch, container, open_package
from workbook.package.container import Packed, directory
from workbook.package.sheet_fragments import parse_sheet

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_RELS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"

DEFAULT = Limits()
Parts = dict[str, str | bytes]


def parts(
    cells: str = '<row r="1"><c r="A1"><v>1</v></c></row>',
    *,
    strings: str = "",
    styles: str = "",
    names: str = "",
    after: str = "",
    main_type: str = SHEET_TYPE,
    space: str = MAIN,
    rels: str = RELS,
) -> Parts:
    """The members of a small workbook with one sheet, 表."""
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{rels}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(
            [
                ("worksheet", "worksheets/sheet1.xml"),
                ("sharedStrings", "sharedStrings.xml"),
                ("styles", "styles.xml"),
            ],
            1,
        )
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{main_type}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r" '
        f'Type="{rels}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{space}" xmlns:r="{rels}"><workbookPr/><sheets>'
        f'<sheet name="表" sheetId="1" r:id="rId1"/></sheets>'
        f"<definedNames>{names}</definedNames></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}"><sheetData>{cells}</sheetData>'
        f"{after}</worksheet>",
        "xl/sharedStrings.xml": f'<sst xmlns="{space}">{strings}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{space}">{styles}</styleSheet>',
    }


def zipped(members: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


class Bench:
    """A place to put files and open them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "return.xlsx"

    def open(self, content: bytes | Parts, limits: Limits = DEFAULT) -> Package:
        self.path.write_bytes(content if isinstance(content, bytes) else zipped(content))
        return open_package(self.path, limits=limits)

    def sheet(self, cells: str, *, strings: str = "", after: str = "") -> Sheet:
        return self.open(parts(cells, strings=strings, after=after)).sheets[0]

    def refusal(self, content: bytes | Parts, limits: Limits = DEFAULT) -> str:
        """The code and what is said."""
        with pytest.raises(Refused) as caught:
            self.open(content, limits)
        assert caught.value.detail
        return str(caught.value)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# --- what is not opened at all --------------------------------------------------------------------


def test_what_is_no_file_is_w101(tmp_path: Path) -> None:
    (tmp_path / "link.xlsx").symlink_to(min((SAMPLES / "returns").glob("*.xlsx")))
    os.mkfifo(tmp_path / "pipe.xlsx")
    names = ("没有.xlsx", "", "a\0b", "长" * 300, "link.xlsx", "pipe.xlsx", "/dev/zero")
    for name in names:
        with pytest.raises(Refused, match="W101"):
            open_package(tmp_path / name)
    with pytest.raises(Refused, match="W101 找不到这个文件"):
        open_package(tmp_path / "没有.xlsx")


def ole(*streams: str) -> bytes:
    """The head of an OLE file whose directory has these streams."""
    entries = b"".join(
        (name + "\0").encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<H", 2 * len(name) + 2).ljust(64, b"\0")
        for name in ("Root Entry", *streams)
    )
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + entries


@pytest.mark.parametrize(
    ("content", "looks"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"\xff\xd8\xff\xe0", "图片"),
        (b"Rar!\x1a\x07", "压缩包"),
        (b"<!DOCTYPE html><html>", "网页"),
        ("<table><tr><td>部门</td></tr></table>".encode("gb18030"), "网页"),
        ("部门,预算数\n财政局,1\n".encode("gb18030"), "文本"),
        ("部门\t预算数\n".encode("utf-16"), "文本"),
        (("字" * 2000).encode(), "文本"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "XML"),
        (ole("WordDocument"), "Word"),
        (ole(), "Office"),
        (zipped({"word/document.xml": "<a/>", "[Content_Types].xml": "<a/>"}), "Word"),
        (zipped({"OFD.xml": "<a/>"}), "OFD"),
        (zipped({"xl/workbook.bin": b"\0"}), ".xlsb"),
        (zipped({"自评/一　局.xlsx": b"1", "自评/二局.xlsx": b"1"}), "2 个表格"),
        (zipped({"a.txt": b"1"}), "压缩包"),
        (zipped({}), "压缩包"),
        (b"\0\1\2\3", "无法识别"),
    ],
    # Not by the content: an archive's bytes tell the time.
    ids=itertools.count(),
)  # fmt: skip
def test_what_is_no_workbook_is_named_by_its_content(
    bench: Bench, content: bytes, looks: str
) -> None:
    told = bench.refusal(content)
    assert told.startswith("W103") and looks in told


# --- what is damaged, over a limit, unsafe --------------------------------------------------------


def with_part(name: str, content: str | bytes) -> Parts:
    return parts() | {name: content}


def without(name: str) -> Parts:
    return {part: content for part, content in parts().items() if part != name}


def locked() -> bytes:
    """A zip whose members say that they are encrypted."""
    data = bytearray(zipped(parts()))
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def twice() -> bytes:
    """A zip with two members of one name."""
    out = io.BytesIO(zipped(parts()))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
WHOLE = zipped(parts())
NAME = "<definedName name='a'>表!$A$1</definedName>"
ONE_SHEET = '<sheet name="表" sheetId="1" r:id="rId1"/>'
TWO_SHEETS = str(parts()["xl/workbook.xml"]).replace(ONE_SHEET, ONE_SHEET * 2)
LARGE = 30 * 2**20
SIZE = len(str(parts()[SHEET]).encode())
NO_PART = ("<x/>", b"\x00\x01", '<?xml version="1.0" encoding="rot13"?><x/>')
DAMAGED_CELLS = (
    '<row r="1"><c r="A1"><v>1</v></row>',
    '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
    '<row r="1"><c r="1A"><v>1</v></c></row>',
    '<row r="1"><c r="A0"><v>1</v></c></row>',
    '<row r="1"><c r="A1" s="red"/></row>',
    '<row r="one"><c><v>1</v></c></row>',
    '<row r="1"><c r="A1"><c r="B1"/></c></row>',
    '<row r="1"><c r="A1"><v>&unknown;</v></c></row>',
    '<row r="1"><c r="A1" t="str"><v>\x01</v></c></row>',
    '<c r="A1"/>',
)
UNSAFE_NAMES = (
    *("../evil.xml", "xl/../../evil", "/etc/passwd", "C:/evil", "\\\\host\\evil"),
    *("xl\\..\\evil", "XL/Workbook.xml", "xl/a\nb"),
)
DEEP = "<x>" * 30_000 + "</x>" * 30_000
REFUSED: tuple[tuple[str, Callable[[], bytes | Parts]], ...] = (
    ("W102", lambda: b""),
    ("W103", lambda: ole("Workbook") + b"\0" * 7 + "EncryptedPackage".encode("utf-16-le")),
    ("W105", lambda: ole("EncryptionInfo", "EncryptedPackage")),
    ("W105", lambda: b"b\x14#e\0\0E-SafeNet\0\0LOCK"),
    ("W105", locked),
    *(("W104", lambda n=n: WHOLE[:n]) for n in (4, 60, len(WHOLE) // 2, len(WHOLE) - 30)),
    ("W104", lambda: zipped(parts(), zipfile.ZIP_STORED).replace(b"<v>1</v>", b"<v>7</v>")),
    *(
        ("W104", lambda name=name: without(name))
        for name in ("[Content_Types].xml", "xl/workbook.xml", SHEET, "_rels/.rels")
    ),
    *(("W104", lambda cells=cells: parts(cells)) for cells in DAMAGED_CELLS),
    *(
        ("W104", lambda name=name, odd=odd: with_part(name, odd))
        for name in ("xl/workbook.xml", SHEET, "xl/sharedStrings.xml")
        for odd in NO_PART
    ),
    ("W104", lambda: parts(names=NAME * 2)),
    ("W104", lambda: with_part("xl/workbook.xml", TWO_SHEETS)),
    ("W104", lambda: WHOLE.replace(b"xl/styles.xml", b"xl/stylez.xml", 1)),
    ("W104", lambda: WHOLE.replace(struct.pack("<L", SIZE), struct.pack("<L", SIZE + 1))),
    ("W106", lambda: with_part(SHEET, b" " * LARGE)),
    (
        "W106",  # its directory lies
        lambda: zipped(with_part(SHEET, b" " * LARGE)).replace(
            struct.pack("<L", LARGE), struct.pack("<L", 1000)
        ),
    ),
    ("W106", lambda: parts() | {f"xl/media/{n}.png": b"" for n in range(600)}),
    ("W106", lambda: parts() | {f"xl/media/{n}.png": b"" for n in range(3000)}),
    ("W106", lambda: parts(after=DEEP)),
    ("W106", lambda: parts(strings=f"<si>{DEEP}</si>")),
    ("W106", lambda: parts(styles=DEEP)),
    *(("W107", lambda name=name: with_part(name, b"x")) for name in UNSAFE_NAMES),
    ("W107", twice),
)


@pytest.mark.parametrize(("code", "make"), REFUSED)
def test_what_cannot_be_trusted_is_refused_with_its_code(
    bench: Bench, code: str, make: Callable[[], bytes | Parts]
) -> None:
    assert bench.refusal(make()).startswith(code)


def test_a_bomb_is_refused_by_its_ratio(bench: Bench) -> None:
    assert "压缩比" in bench.refusal(with_part(SHEET, b" " * LARGE))


def test_what_was_packed_is_inflated_or_refused() -> None:
    plain = bytes(range(256)) * 300
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(plain) + packer.flush()
    whole = Packed(data, zipfile.ZIP_DEFLATED, zlib.crc32(plain), len(plain))
    assert container.inflate("a", whole, len(plain)) == plain
    for packed, limit, code in (
        (whole._replace(data=data[:-9]), len(plain), "W104"),
        (whole._replace(data=b"\xff" + data), len(plain), "W104"),
        (whole._replace(data=data[: len(data) // 2]), len(plain), "W104"),
        (whole._replace(crc=1), len(plain), "W104"),
        (whole._replace(size=len(plain) - 1), len(plain), "W104"),
        (whole, len(plain) - 1, "W106"),
    ):
        with pytest.raises(Refused, match=code):
            container.inflate("a", packed, limit)


LIMITS = (
    *(Limits(file_bytes=500), Limits(entries=3), Limits(part_bytes=100), Limits(total_bytes=1000)),
    *(Limits(xml_depth=0), Limits(sheets=0), Limits(cells=4), Limits(names=4), Limits(styles=4)),
    *(Limits(items=4), Limits(text_length=2), Limits(attribute_length=3), Limits(seconds=0)),
)


@pytest.mark.parametrize("tight", LIMITS, ids=str)
def test_each_limit_is_held(bench: Bench, tight: Limits) -> None:
    merges = "".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(1, 6))
    book = parts(
        "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(1, 6)),
        strings="<si><t>财政局</t></si>",
        names="".join(f'<definedName name="n{n}">表!$A${n}</definedName>' for n in range(5)),
        styles="<cellXfs>" + "<xf/>" * 5 + "</cellXfs>",
        after=f"<mergeCells>{merges}</mergeCells>",
    )
    assert len(bench.open(book).sheets[0].cells) == 5
    assert bench.refusal(book, tight).startswith("W106")


@pytest.mark.parametrize("shape", ["plain", "comment", "zip64"])
def test_a_directory_of_too_many_is_refused_before_it_is_read(
    shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shape == "zip64":  # the end tells no number, what stands before it does
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 10)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.comment = b"PK" if shape == "comment" else b""
        for number in range(30):
            archive.writestr(f"{number}.xml", b"")
    data = packed.getvalue()
    assert (b"PK\x06\x07" in data, len(directory(data, Limits(entries=30)))) == (
        shape == "zip64",
        30,
    )
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(Refused) as refused:
        directory(data, Limits(entries=5))
    assert refused.value.code == "W106"


def test_million_empty_rows_are_read_and_nothing_is_kept(bench: Bench) -> None:
    rows = "".join(f'<row r="{n}" s="1" customFormat="1"/>' for n in range(1, 200_000))
    assert bench.sheet(rows).cells == {}


DOCTYPES = [
    '<!DOCTYPE x [<!ENTITY a "b">]>',
    '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    "<!DOCTYPE x>",
]


@pytest.mark.parametrize("doctype", DOCTYPES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("part", sorted(parts()))
def test_document_type_is_w107_in_every_part(
    bench: Bench, part: str, encoding: str, doctype: str
) -> None:
    members = parts()
    members[part] = (doctype + str(members[part])).encode(encoding)
    assert bench.refusal(members).startswith("W107")


# --- cells, as they may be written ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('<c r="A1"/>', RawCell(None, "", None, 0)),
        ('<c r="A1" s="3"/>', RawCell(None, "", None, 3)),
        ('<c r="A1"><v/></c>', RawCell(None, "", None, 0)),
        ('<c r="A1" t="n"><v>1.5</v></c>', RawCell(1.5, "n", None, 0)),
        ('<c r="A1"><v>1E-3</v></c>', RawCell(0.001, "n", None, 0)),
        ('<c r="A1"><v> 7 </v></c>', RawCell(7.0, "n", None, 0)),
        ('<c r="A1"><v>1e999</v></c>', RawCell("#NUM!", "e", None, 0)),
        ('<c r="A1"><v>NaN</v></c>', RawCell("#NUM!", "e", None, 0)),
        ('<c r="A1"><v>1_0</v></c>', RawCell("#VALUE!", "e", None, 0)),
        ('<c r="A1"><v>７８</v></c>', RawCell("#VALUE!", "e", None, 0)),
        ('<c r="A1"><v>abc</v></c>', RawCell("#VALUE!", "e", None, 0)),
        ('<c r="A1" t="s"><v>1</v></c>', RawCell("乙", "s", None, 0)),
        ('<c r="A1" t="s"><v>9</v></c>', RawCell("#REF!", "e", None, 0)),
        ('<c r="A1" t="s"><v>-1</v></c>', RawCell("#REF!", "e", None, 0)),
        ('<c r="A1" t="s"><v>x</v></c>', RawCell("#REF!", "e", None, 0)),
        ('<c r="A1" t="s"><v/></c>', RawCell(None, "", None, 0)),
        ('<c r="A1" t="b"><v>1</v></c>', RawCell(True, "b", None, 0)),
        ('<c r="A1" t="b"><v>false</v></c>', RawCell(False, "b", None, 0)),
        ('<c r="A1" t="b"><v>2</v></c>', RawCell("#VALUE!", "e", None, 0)),
        ('<c r="A1" t="e"><v>#N/A</v></c>', RawCell("#N/A", "e", None, 0)),
        ('<c r="A1" t="str"><f>B1&amp;"a"</f><v>&lt;a</v></c>', RawCell("<a", "s", 'B1&"a"', 0)),
        ('<c r="A1" t="str"><f>B1</f><v></v></c>', RawCell("", "s", "B1", 0)),
        ('<c r="A1"><f>B1</f></c>', RawCell(None, "", "B1", 0)),
        ('<c r="A1"><f>B1</f><v></v></c>', RawCell(None, "", "B1", 0)),
        ('<c r="A1"><f aca="false">B1</f><v>2</v></c>', RawCell(2.0, "n", "B1", 0)),
        ('<c r="A1"><f t="array" ref="A1:A2">B1:B2*2</f><v>2</v></c>',
         RawCell(2.0, "n", "B1:B2*2", 0)),
        ('<c r="A1"><f t="shared" si="5"/><v>2</v></c>', RawCell(2.0, "n", "", 0)),
        ('<c r="A1" t="str"><v>a_x000D_b_x005F_x0041_</v></c>',
         RawCell("a\rb_x0041_", "s", None, 0)),
        ('<c r="A1" t="str"><v>_xD83D_</v></c>', RawCell("_xD83D_", "s", None, 0)),
        ('<c r="A1" t="str"><v><![CDATA[<a>]]></v></c>', RawCell("<a>", "s", None, 0)),
        ('<c r="A1" t="inlineStr"><is><t>行</t></is></c>', RawCell("行", "s", None, 0)),
        ('<c r="A1" t="inlineStr"><is><t/></is></c>', RawCell("", "s", None, 0)),
        ('<c r="A1" t="inlineStr"><is><r><t>一</t></r><r><t> 二</t></r><rPh><t>yi</t></rPh></is></c>',
         RawCell("一 二", "s", None, 0)),
        ('<c r="A1" t="d"><v>2024-10-01</v></c>', RawCell(45566.0, "n", None, 0)),
        ('<c r="A1" t="d"><v>2024-10-01T12:00:00Z</v></c>', RawCell(45566.5, "n", None, 0)),
        ('<c r="A1" t="d"><v>06:00:00</v></c>', RawCell(0.25, "n", None, 0)),
        ('<c r="A1" t="d"><v>1900-01-01</v></c>', RawCell(1.0, "n", None, 0)),
        ('<c r="A1" t="d"><v>十月</v></c>', RawCell("十月", "s", None, 0)),
        ('<c r="A1" t="odd"><v>x</v></c>', RawCell("x", "s", None, 0)),
        ("<c><v>4</v></c>", RawCell(4.0, "n", None, 0)),
    ],
)  # fmt: skip
def test_cell_is_read_as_written(bench: Bench, written: str, expected: RawCell) -> None:
    strings = "<si><t>甲</t></si><si><t>乙</t></si>"
    found = bench.sheet(f'<row r="1">{written}</row>', strings=strings).cells[1, 1]
    assert found == expected
    assert type(found.value) is type(expected.value)


def test_shared_strings_join_runs_and_leave_phonetic_guides_out(bench: Bench) -> None:
    slow = (
        "<si><r><rPr><sz val='11'/></rPr><t>东</t></r><r><t xml:space='preserve'> 京</t></r>"
        "<rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si><si/><si><t>a&#10;b</t></si>"
    )
    fast = (
        '<si><r><rPr><sz val="11"/></rPr><t>东</t></r><r><t xml:space="preserve"> 京</t></r>'
        '<phoneticPr fontId="1"/></si><si><t></t></si><si><t>a\nb</t></si>'
    )
    for strings in (slow, fast):
        cells = "".join(f'<c r="A{n}" t="s"><v>{n - 1}</v></c>' for n in (1, 2, 3))
        sheet = bench.sheet(f'<row r="1">{cells}</row>', strings=strings)
        assert [cell.value for cell in sheet.cells.values()] == ["东 京", "", "a\nb"]


def test_cells_and_rows_without_addresses_are_counted(bench: Bench) -> None:
    sheet = bench.sheet(
        '<row><c><v>1</v></c><c><v>2</v></c></row><row r="5"><c r="C5"><v>3</v></c>'
        "<c><v>4</v></c></row><row><c><v>5</v></c></row>"
    )
    assert {at: cell.value for at, cell in sheet.cells.items()} == {
        (1, 1): 1.0, (1, 2): 2.0, (5, 3): 3.0, (5, 4): 4.0, (6, 1): 5.0
    }  # fmt: skip


def test_cells_far_out_are_reported_not_kept(bench: Bench) -> None:
    sheet = bench.sheet(
        '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="2"/><c r="XFE1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        '<row r="9999999"><c r="A9999999"><f>A1</f></c></row>'
    )
    assert (list(sheet.cells), sheet.far) == ([(1, 1)], ("XFE1", "XFD1048576", "A9999999"))


def test_shared_formula_is_written_out_for_each_cell(bench: Bench) -> None:
    master = "A1+$A1+A$1+$A$1+SUM(A:B,1:2,B$1:B2)+LOG10(A1)+\"A1\"&amp;'A1 表'!A1+表A1!C3+f.A1+A1.b"
    sheet = bench.sheet(
        f'<row r="1"><c r="D1"><f t="shared" ref="D1:E2" si="0">{master}</f></c>'
        '<c r="E1"><f t="shared" si="0"/></c></row>'
        '<row r="2"><c r="D2"><f t="shared" si="0"/></c><c r="E2"><f si="0" t="shared"/></c></row>'
    )
    assert (sheet.cells[1, 4].formula, sheet.cells[2, 5].formula) == (
        master.replace("&amp;", "&"),
        "B2+$A2+B$1+$A$1+SUM(B:C,2:3,C$1:C3)+LOG10(B2)+\"A1\"&'A1 表'!B2+表A1!D4+f.A1+A1.b",
    )


def test_a_shared_formula_is_taken_from_its_own_sheet_alone(bench: Bench) -> None:
    plain = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(4, 90))
    master = '<row r="1"><c r="A1"><f t="shared" ref="A1:A3" si="0">B1*9</f><v>1</v></c></row>'
    dependant = '<row r="2"><c r="A2"><f t="shared" si="0"/><v>2</v></c></row>'
    first, second = (
        str(parts(cells + plain)["xl/worksheets/sheet1.xml"])
        for cells in (master + dependant, dependant)
    )
    book = parts()
    book |= {
        "xl/workbook.xml": str(book["xl/workbook.xml"]).replace(
            "</sheets>", '<sheet name="又一张" sheetId="2" r:id="rId9"/></sheets>'
        ),
        "xl/_rels/workbook.xml.rels": str(book["xl/_rels/workbook.xml.rels"]).replace(
            "</Relationships>",
            f'<Relationship Id="rId9" Type="{RELS}/worksheet" Target="worksheets/sheet2.xml"/></Relationships>',
        ),
        "xl/worksheets/sheet1.xml": first,
        "xl/worksheets/sheet2.xml": second,
    }
    for _ in range(3):  # the second time, pieces of both sheets have been seen before
        own, other = bench.open(book).sheets
        assert (own.cells[2, 1].formula, other.cells[2, 1].formula) == ("B2*9", "")


def test_shared_formulas_are_written_out_within_a_budget(bench: Bench) -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><f t="shared" si="0"/></c></row>' for n in range(2, 9)
    )
    book = parts(f'<row r="1"><c r="A1"><f t="shared" si="0" ref="A1:A8">B1</f></c></row>{rows}')
    cells = bench.open(book, Limits(expanded=6)).sheets[0].cells
    assert [cell.formula for cell in cells.values()] == ["B1", "B2", "B3", "B4", *[""] * 4]


def test_iso_dates_count_from_1904_where_the_workbook_does(bench: Bench) -> None:
    book = parts('<row r="1"><c r="A1" t="d"><v>1904-01-02</v></c></row>')
    book["xl/workbook.xml"] = str(book["xl/workbook.xml"]).replace(
        "<workbookPr/>", '<workbookPr date1904="true"/>'
    )
    package = bench.open(book)
    assert package.workbook.date1904
    assert package.sheets[0].cells[1, 1].value == 1.0


# --- the rest of a sheet and of a workbook --------------------------------------------------------

X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
XM = "http://schemas.microsoft.com/office/excel/2006/main"


def test_sheet_tells_merges_lock_validations_and_what_is_hidden(bench: Bench) -> None:
    after = (
        '<sheetProtection sheet="true"/><mergeCells><mergeCell ref="A1:B2"/></mergeCells>'
        '<dataValidations><dataValidation type="decimal" sqref="A1  C3"><formula1>0</formula1>'
        '</dataValidation><dataValidation type="list" operator="equal" showErrorMessage="1" sqref="D1">'
        "<formula1>选项</formula1><formula2>0</formula2></dataValidation></dataValidations>"
        f'<extLst><ext><x14:dataValidations xmlns:x14="{X14}" xmlns:xm="{XM}">'
        '<x14:dataValidation type="list" errorStyle="warning" showErrorMessage="1">'
        "<x14:formula1><xm:f>列表!$A$1:$A$3</xm:f></x14:formula1>"
        "<xm:sqref>E1:E9</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>"
    )
    before = '<cols><col min="2" max="3" width="9" hidden="1"/></cols>'
    book = parts('<row r="4" hidden="1"><c r="A4"><v>1</v></c></row>', after=after)
    part = str(book["xl/worksheets/sheet1.xml"]).replace("<sheetData>", before + "<sheetData>")
    sheet = bench.open(book | {"xl/worksheets/sheet1.xml": part}).sheets[0]
    assert (
        (sheet.protected, sheet.merges),
        [tuple(validation) for validation in sheet.validations],
        (set(sheet.hidden_rows), set(sheet.hidden_columns)),
    ) == (
        (True, ("A1:B2",)),
        [
            ("A1 C3", "decimal", "between", "0", "", False),
            ("D1", "list", "equal", "选项", "0", True),
            ("E1:E9", "list", "between", "列表!$A$1:$A$3", "", False),
        ],
        ({4}, {2, 3}),
    )


def test_protection_with_sheet_off_is_no_protection(bench: Bench) -> None:
    assert not bench.sheet("", after='<sheetProtection password="83AF"/>').protected
    assert not bench.sheet("", after='<sheetProtection sheet="0"/>').protected


def test_names_of_one_sheet_and_excels_own_are_left_out(bench: Bench) -> None:
    package = bench.open(
        parts(
            names="<definedName name=\"funds.total\">'表'!$D$8</definedName>"
            '<definedName name="funds.total" localSheetId="0">表!$E$9</definedName>'
            '<definedName name="_xlnm.Print_Area" localSheetId="0">表!$A$1:$B$2</definedName>'
        )
    )
    assert package.names == {"funds.total": "'表'!$D$8"}


def test_styles_tell_locks_and_formats(bench: Bench) -> None:
    package = bench.open(
        parts(
            styles='<numFmts><numFmt numFmtId="164" formatCode="0.0000"/></numFmts>'
            '<cellStyleXfs><xf><protection locked="0"/></xf></cellStyleXfs>'
            '<cellXfs><xf/><xf numFmtId="10"><protection locked="0"/></xf><xf numFmtId="164"/>'
            '<xf numFmtId="14"><protection locked="false" hidden="1"/></xf><xf numFmtId="31"/>'
            '<xf numFmtId="9"><protection hidden="1"/></xf><xf numFmtId="49"/></cellXfs>'
        )
    )
    assert package.unlocked == {1, 3}
    assert list(package.formats.values()) == [
        "General", "0.00%", "0.0000", "mm-dd-yy", 'yyyy"年"m"月"d"日"', "0%", "@"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("main_type", "kind", "macros"),
    [
        (SHEET_TYPE, "xlsx", False),
        (SHEET_TYPE.replace("sheet.main", "template.main"), "xltx", False),
        ("application/vnd.ms-excel.sheet.macroEnabled.main+xml", "xlsm", True),
    ],
)
def test_kind_is_what_the_content_says(
    bench: Bench, main_type: str, kind: str, macros: bool
) -> None:
    package = bench.open(parts(main_type=main_type))
    assert (package.kind, package.has_macros) == (kind, macros)


def test_macros_external_links_and_embedded_objects_are_told(bench: Bench) -> None:
    book = parts()
    book["xl/_rels/workbook.xml.rels"] = str(book["xl/_rels/workbook.xml.rels"]).replace(
        "</Relationships>",
        f'<Relationship Id="x" Type="{RELS}/externalLink" Target="/xl/externalLinks/e1.xml"/>'
        "</Relationships>",
    )
    book |= {
        "xl/externalLinks/e1.xml": "<x/>",
        "xl/externalLinks/_rels/e1.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        '<Relationship Id="a" Type="t/externalLinkPath" TargetMode="External" '
        'Target="file:///C:/去年.xlsx"/></Relationships>',
        "xl/vbaProject.bin": b"\0",
        "xl/embeddings/oleObject1.bin": b"\0",
    }
    package = bench.open(book)
    assert (package.has_macros, package.external_links, package.embedded) == (
        True,
        ("file:///C:/去年.xlsx",),
        ("xl/embeddings/oleObject1.bin",),
    )


# --- one workbook, written in many ways ------------------------------------------------------------

CELLS = (
    '<row r="1"><c r="A1" s="1" t="s"><v>0</v></c><c r="B1"><f>1+1</f><v>2</v></c></row>'
    '<row r="2"><c r="A2" t="inlineStr"><is><t>b</t></is></c></row>'
)
STRINGS = "<si><t>a</t></si>"
STYLES = '<cellXfs><xf/><xf><protection locked="0"/></xf></cellXfs>'
NAMES = '<definedName name="n">表!$A$1</definedName>'


def prefixed(text: str) -> str:
    out = text.replace("</", "\0").replace("<", "<p:").replace("\0", "</p:")
    return out.replace("xmlns=", "xmlns:p=")


def variants() -> dict[str, Parts]:
    plain = parts(CELLS, strings=STRINGS, styles=STYLES, names=NAMES)
    text = {name: str(content) for name, content in plain.items()}
    absolute = text["xl/_rels/workbook.xml.rels"].replace('Target="', 'Target="/xl/')
    renamed = {name.upper() if "sheet1" in name else name: part for name, part in text.items()}
    return {
        "plain": plain,
        "strict": parts(
            CELLS, strings=STRINGS, styles=STYLES, names=NAMES, space=STRICT, rels=STRICT_RELS
        ),
        "prefixed": {name: prefixed(part) for name, part in text.items()},
        "utf-16": {name: part.encode("utf-16") for name, part in text.items()},
        "bom": {name: part.encode("utf-8-sig") for name, part in text.items()},
        "declared": {
            name: '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n' + part
            for name, part in text.items()
        },
        "comments": {name: part.replace("><", "><!-- <c r='Z9'/> --><") for name, part in text.items()},
        "pretty": {name: part.replace("><", ">\n  <") for name, part in text.items()},
        "absolute targets": plain | {"xl/_rels/workbook.xml.rels": absolute},
        "other case": dict(renamed),
    }  # fmt: skip


@pytest.mark.parametrize("variant", sorted(variants()))
def test_every_way_of_writing_reads_the_same(bench: Bench, variant: str) -> None:
    package = bench.open(variants()[variant])
    assert ((dict(package.names), set(package.unlocked)), package.sheets) == (
        ({"n": "表!$A$1"}, {1}),
        (
            Sheet(
                name="表",
                state="visible",
                cells={
                    (1, 1): RawCell("a", "s", None, 1),
                    (1, 2): RawCell(2.0, "n", "1+1", 0),
                    (2, 1): RawCell("b", "s", None, 0),
                },
            ),
        ),
    )


@pytest.mark.parametrize(
    "document",
    [
        "<x:worksheet xmlns:x='{main}'><sheetData>{cells}</sheetData></x:worksheet>",
        "<worksheet xmlns='{main}'><x xmlns='other'><sheetData>{cells}</sheetData></x></worksheet>",
        "<worksheet xmlns='{main}'><!--<sheetData>{cells}</sheetData>--></worksheet>",
        "<worksheet xmlns='{main}'><x><![CDATA[<sheetData>{cells}</sheetData>]]></x></worksheet>",
    ],
)
def test_what_only_looks_like_cells_is_not_read(document: str) -> None:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row>'
    data = document.format(main=MAIN, cells=cells)
    task = ParseTask("part.xml", DEFAULT, Watch(60))  # its minute begins here
    part = parse_sheet(data.encode(), task, False)
    assert part.finish("表", "visible", [], task).cells == {}


# --- as others read it -----------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A day as its number; an empty text is nothing."""
    return (to_excel(value) if isinstance(value, datetime.date) else value) or None  # type: ignore[no-untyped-call]


def seen_by_openpyxl(path: Path) -> dict[str, Any]:
    """What we tell of a workbook, as openpyxl has it."""
    book, values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    return {"names": {name: item.value for name, item in book.defined_names.items()}} | {
        sheet.title: (
            sheet.sheet_state,
            sheet.protection.sheet,
            sorted(map(str, sheet.merged_cells.ranges)),
            [
                (str(v.sqref), v.type, v.formula1 or "")
                for v in sheet.data_validations.dataValidation
            ],
            {
                (cell.row, cell.column): (
                    plain(values[sheet.title].cell(cell.row, cell.column).value),
                    str(cell.value)[1:] if cell.data_type == "f" else None,
                    not cell.protection.locked,
                    cell.number_format,
                )
                for row in sheet.iter_rows()
                for cell in row
                if cell.value not in (None, "")
            },
        )
        for sheet in book
    }


def seen_by_us(path: Path) -> dict[str, Any]:
    package = open_package(path)
    return {"names": dict(package.names)} | {
        sheet.name: (
            sheet.state,
            sheet.protected,
            sorted(sheet.merges),
            [(v.sqref, v.type, v.formula1) for v in sheet.validations],
            {
                at: (
                    cell.value or None,
                    cell.formula,
                    cell.style in package.unlocked,
                    package.formats[cell.style],
                )
                for at, cell in sheet.cells.items()
                if (cell.value not in (None, "") or cell.formula)
            },
        )
        for sheet in package.sheets
    }


def test_what_openpyxl_and_what_libreoffice_saved_is_read_as_openpyxl_reads_it(
    filled: Path, tmp_path: Path
) -> None:
    openpyxl.load_workbook(filled).save(tmp_path / "again.xlsx")
    for path in (filled, tmp_path / "again.xlsx", min((SAMPLES / "returns").glob("*.xlsx"))):
        assert seen_by_us(path) == seen_by_openpyxl(path)


def test_properties_of_a_file_are_told(filled: Path) -> None:
    package = open_package(filled)
    assert ((package.kind, package.size), package.properties["application"]) == (
        ("xlsx", filled.stat().st_size),
        "Microsoft Excel",
    )
    assert package.properties["modified"]
    assert package.sheet("没有") is None


TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"),
        st.sampled_from("=@+-_x000D_\r\n\t\x00\x01\x1f&<>\"' 　😀中"),
    ),
    min_size=1,
    max_size=40,
)


@given(
    texts=st.lists(TEXTS, max_size=6),
    numbers=st.lists(st.floats(-1e300, 1e300), max_size=6),
)
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_texts_and_numbers_come_back_exactly(
    tmp_path: Path, texts: list[str], numbers: list[float]
) -> None:
    path = tmp_path / "round.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    for row, text in enumerate(texts):
        assert sheet.write_string(row, 0, text) == 0
    for row, number in enumerate(numbers):
        assert sheet.write_number(row, 1, number) == 0
    book.close()
    cells = open_package(path).sheets[0].cells
    assert [cells[row, 1].value for row in range(1, len(texts) + 1)] == texts
    for row, number in enumerate(numbers, 1):
        # XlsxWriter writes 16 significant digits.
        assert cells[row, 2].value == float(f"{number:.16G}")


# --- what is remembered between files ----------------------------------------------------------------


def test_remembered_parts_are_told_apart_by_their_bytes(bench: Bench) -> None:
    """A forged checksum must not bring up another file's part."""
    numerals = ("903291985642", "657590501813")
    assert zlib.crc32(numerals[0].encode()) == zlib.crc32(numerals[1].encode())
    for numeral in numerals:
        cells = bench.sheet(f'<row r="1"><c r="A1"><v>{numeral}</v></c></row>').cells
        assert cells[1, 1].value == float(numeral)


def test_remembered_sheets_are_not_shared(bench: Bench) -> None:
    bench.open(parts()).sheets[0].cells.clear()
    assert bench.open(parts()).sheets[0].cells


def test_other_limits_are_not_answered_from_memory(bench: Bench) -> None:
    book = parts(strings="<si><t>财政局</t></si>")
    bench.open(book)
    assert bench.refusal(book, replace(Limits(), text_length=1)).startswith("W106")
