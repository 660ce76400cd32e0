"""The quick way of reading sheets and strings reads what the careful way reads, or gives way to it."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.api import Limits, Refused
from workbook.package import ParseTask, Watch, open_bytes
from workbook.package.parts import parse_strings
from workbook.package.sheet_fragments import FragmentedSheet, parse_sheet

TOP = Path(__file__).resolve().parents[3]
SAVED_BY_LIBREOFFICE = sorted((TOP / "samples" / "returns").glob("*.xlsx"))
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<worksheet xmlns="{MAIN}">'.encode()
STRINGS = [f"文字{n}" for n in range(2000)]


def task() -> ParseTask:
    return ParseTask("part.xml", Limits(), Watch(60))


def outcome(read: Callable[[], object]) -> object:
    try:
        return read()
    except Refused as refused:
        return refused.code


def quick(data: bytes) -> object:
    return outcome(
        lambda: parse_sheet(data, task(), False).finish("表", "visible", STRINGS, task())
    )


def careful(data: bytes) -> object:
    """The same with a remark in front, of which no quick way knows."""
    return quick(remarked(data))


def remarked(data: bytes) -> bytes:
    head, declaration, rest = (
        data.partition(b"?>\n") if data.startswith(b"<?xml") else (b"", b"", data)
    )
    return head + declaration + b"<!-- remark -->" + rest


def texts(data: bytes) -> object:
    return outcome(lambda: list(parse_strings(data, task())))


def members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The sheets and the shared strings of a workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/sheet") or name == "xl/sharedStrings.xml":
                yield name, archive.read(name)


@pytest.fixture(scope="module")
def ours(filled: Path) -> bytes:
    return filled.read_bytes()


def by_openpyxl(data: bytes) -> bytes:
    again = io.BytesIO()
    openpyxl.load_workbook(io.BytesIO(data)).save(again)
    return again.getvalue()


# --- what office programs write -------------------------------------------------------------------


def assert_read_quickly(data: bytes) -> None:
    for name, part in members(data):
        if name == "xl/sharedStrings.xml":
            assert texts(part) == texts(remarked(part))
        elif (
            b"<c " in part and b't="shared"' not in part
        ):  # not the sheet `_calc`, which nobody reads
            assert isinstance(parse_sheet(part, task(), False), FragmentedSheet), name
            assert not isinstance(parse_sheet(remarked(part), task(), False), FragmentedSheet)
            assert quick(part) == careful(part), name


def test_what_we_write_is_read_quickly_and_the_same(ours: bytes) -> None:
    assert_read_quickly(ours)


@pytest.mark.parametrize("path", SAVED_BY_LIBREOFFICE, ids=lambda path: path.stem)
def test_what_libreoffice_writes_is_read_quickly_and_the_same(path: Path) -> None:
    assert_read_quickly(path.read_bytes())


def test_what_openpyxl_writes_is_read_the_same(ours: bytes) -> None:
    for name, part in members(by_openpyxl(ours)):
        assert name == "xl/sharedStrings.xml" or quick(part) == careful(part)


def test_rows_as_excel_writes_them_are_read_quickly() -> None:
    ac = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac"
    row = '<row r="1" spans="1:2" x14ac:dyDescent="0.2"><c r="A1" s="1" t="s"><v>0</v></c></row>'
    data = HEAD[:-1] + f' xmlns:x14ac="{ac}"><sheetData>{row}</sheetData></worksheet>'.encode()
    assert isinstance(parse_sheet(data, task(), False), FragmentedSheet)
    assert quick(data) == careful(data)
    bare = data.replace(f' xmlns:x14ac="{ac}"'.encode(), b"")
    assert quick(bare) == careful(bare) == "W104"


# --- what nobody writes ---------------------------------------------------------------------------

VALUES = [
    *(b"<v/>", b"<v />", b"<v></v>", b"<v>7</v>", b"<v> 7</v>", b"<v>-1</v>", b"<v>+1</v>"),
    *(b"<v>1_0</v>", b"<v>399</v>", b"<v>400</v>", b"<v>1e999</v>", b"<v>nan</v>", b"<v>-0</v>"),
    *(b"<v>&#55;</v>", b"<v>&lt;c&gt;</v>", b"<v>&amp;#10;</v>", b"<v>&#10;</v>", b"<v>&x;</v>"),
    *(b"<v>]]></v>", b"<v>]]&gt;</v>", b"<v>\x01</v>", b"<v>\r\n</v>", b"<v>\xff</v>"),
    *(b"<v><![CDATA[7]]></v>", b"<v><!-- 7 -->7</v>", b"<v><?p 7?>7</v>", b"<v><b>7</b></v>"),
    *("<v>\ufffe</v>".encode(), "<v>٣</v>".encode(), b"<v>_x0041_</v>", b'<v a="1">7</v>'),
    *(b"<v>7</v><v>8</v>", b"<x/><v>7</v>", b"<v>7</v><x/>", b"<f>1+1</f>", b"<f/><v>7</v>"),
    *(b'<f t="shared" si="0" ref="A1:A2">A1</f><v>7</v>', b"<is><t>7</t></is>", b""),
    b"<v>" + b"9" * 5000 + b"</v>",
    b"<v>" + b"x" * 40_000 + b"</v>",
]
BETWEEN = [
    *(b"</c>", b"<c/>", b'<c r="A1"/>', b'<c r="A1" r="A2"/>', b'<c r="XFD9" s="0"><v>1</v></c>'),
    *(b'<c r="A0"/>', b'<c t="s" r="B1"><v>1</v></c>', b'<c r="ZZ1"/>', b'<c r="B2" s="x"/>'),
    *(b'<c r="J900" t="d"><v>2025-03-18</v></c>', b'<c r="J901" t="b"><v>1</v></c>'),
    *(b'<c r="J902" t="e"><v>#N/A</v></c>', b'<c r="J903" t="inlineStr"><is><t>a</t></is></c>'),
    *(b"</row>", b"<row>", b"</row><row>", b'</row><row r="x">', b'</row><row r="77" hidden="1">'),
    *(b'</row><row hidden="1">', b'</row><row r="78" r="79">', b'</row><row r="80"/><row r="81">'),
    *(b'</row><row xmlns="other">', b'</row><row r="82" x:y="1">', b'</row><row a="1">'),
    *(b'</row><row ht="1" hidden="true" r="83">', b'</row><row r="84" ph="&amp;">'),
    *(b"<!-- -->", b"<![CDATA[]]>", b"<?p?>", b"text", b"\r\n", b"\xc2\xa0", b"<x/>"),
    *(b"</row></sheetData><sheetData><row>", b"<sheetData/>", b"</sheetData>", b"<sheetData>"),
    *(b"</worksheet>", b"<v>1</v>", b"<!DOCTYPE a>", b"&x;", b"]]>", b"\x00"),
]
PLACES = [b"<v>", b"</v>", b"</c>", b"<c ", b"<row ", b"</row>", b"</sheetData>", b"<sheetData>"]


@pytest.fixture(scope="module")
def sheets(ours: bytes) -> list[bytes]:
    """The form's own sheet and 自检 as we and as LibreOffice write them, cut short for speed."""
    found = []
    for data in (ours, SAVED_BY_LIBREOFFICE[0].read_bytes()):
        parts = dict(members(data))
        for name in ("xl/worksheets/sheet2.xml", "xl/worksheets/sheet3.xml"):
            before, row, rest = parts[name].partition(b'<row r="14"')
            assert row
            found.append(before + rest[rest.index(b"</sheetData>") :])
    return found


@given(draw=st.data())
@settings(deadline=None, max_examples=5 * settings().max_examples)
def test_what_is_odd_reads_as_the_careful_way_reads_it(
    sheets: list[bytes], draw: st.DataObject
) -> None:
    data = draw.draw(st.sampled_from(sheets))
    for _ in range(draw.draw(st.integers(1, 2))):
        data = _changed(data, draw)
    expected = careful(data)
    assert [quick(data), quick(data)] == [
        expected,
        expected,
    ]  # the second with all its pieces known


def _changed(data: bytes, draw: st.DataObject) -> bytes:
    if draw.draw(st.booleans()):
        parts = re.split(rb"<v>([^<]*)</v>", data)
        if len(parts) < 3:
            return data
        at = draw.draw(st.integers(0, len(parts) // 2 - 1)) * 2 + 1
        odd = draw.draw(st.sampled_from(VALUES))
        values = [b"<v>" + value + b"</v>" for value in parts[1::2]]
        values[at // 2] = odd
        return b"".join(x for pair in zip(parts[::2], [*values, b""], strict=True) for x in pair)
    place = draw.draw(st.sampled_from(PLACES))
    spots = data.count(place)
    if not spots:
        return data
    parts = data.split(place)
    at = draw.draw(st.integers(1, spots))
    odd = draw.draw(st.sampled_from(BETWEEN))
    before, after = place.join(parts[:at]), place.join(parts[at:])
    where = draw.draw(st.sampled_from(["before", "after", "instead"]))
    middle = {"before": odd + place, "after": place + odd, "instead": odd}[where]
    return before + middle + after


@pytest.mark.parametrize("odd", [*VALUES, *BETWEEN])
def test_a_sheet_of_one_odd_cell_reads_as_the_careful_way_reads_it(odd: bytes) -> None:
    start, end = b'<sheetData><row r="1"><c r="A1" t="s">', b"</c></row></sheetData></worksheet>"
    for data in (
        HEAD + start + odd + end,
        HEAD + start + b"<v>1</v></c>" + odd + b'<c r="B1">' + end,
        HEAD + odd + start + end,
        HEAD + start + end.replace(b"</worksheet>", odd + b"</worksheet>"),
    ):
        assert quick(data) == careful(data)


@given(
    items=st.lists(
        st.sampled_from(
            [
                *("<si><t>a</t></si>", "<si><t/></si>", "<si/>", "<si><t>&#10;&amp;</t></si>"),
                *("<si><t xml:space='preserve'> </t></si>", "<si><t>_x000D_</t></si>"),
                *("<si><r><t>a</t></r><r><rPr><b/></rPr><t>b</t></r></si>", "<si><t>]]></t></si>"),
                *('<si><t>a</t><phoneticPr fontId="1"/></si>', "<si><t>\x01</t></si>", " \n"),
                *('<si><t>a</t><rPh sb="0" eb="1"><t>b</t></rPh></si>', "<!-- <si> -->", "x"),
                *("<si><t><![CDATA[a]]></t></si>", "<si><t>a</t><t>b</t></si>", "<x/>", "\r"),
                *("</si>", "<si>", "<si><x><t>a</t></x></si>", "<si><t>&#65;</t></si>", "<?p?>"),
            ]
        ),
        max_size=5,
    )
)
@settings(deadline=None, max_examples=5 * settings().max_examples)
def test_odd_strings_read_as_the_careful_way_reads_them(items: list[str]) -> None:
    data = f'<sst xmlns="{MAIN}">{"".join(items)}</sst>'.encode()
    expected = texts(remarked(data))
    assert [texts(data), texts(data)] == [
        expected,
        expected,
    ]  # the second with all its pieces known


# --- what is remembered ---------------------------------------------------------------------------


def test_remembered_cells_do_not_cross_limits(ours: bytes) -> None:
    assert open_bytes(ours).sheets
    with pytest.raises(Refused) as refused:
        open_bytes(ours, limits=Limits(text_length=30))
    assert refused.value.code == "W106"
