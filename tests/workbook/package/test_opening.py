"""What a file is, told by its content, and the data got out of whatever holds it."""

import contextlib
import io
import json
import re
import shutil
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import msoffcrypto
import pytest
from click.testing import CliRunner

from builder import build_template
from tests.api import Limits, Refused, cli, read_return, run_apart
from tests.fillings import FILLED, changed, codes, filling
from tests.office import Format, Office
from tests.returns.clients import libreoffice
from workbook import Form, check, read_returns
from workbook.package import members, open_bytes, open_package
from workbook.reading import ACCEPTED, REJECTED, SKIPPED

PASSWORD = "秘密-2024"
BUILT_IN = "VelvetSweatshop"
"""What Excel itself encrypts with where nobody gave a password."""


def refusal(content: bytes, **words: object) -> Refused:
    with pytest.raises(Refused) as caught:
        open_bytes(content, **words)  # type: ignore[arg-type]
    return caught.value


def zipped(members_: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members_.items():
            archive.writestr(name, content)
    return out.getvalue()


def ods(rows: str, *, manifest: str = "<manifest/>", head: str = "") -> bytes:
    """An .ods of one sheet 表 with these table rows."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<office:document-content {spaces}>'
        f'<office:body><office:spreadsheet><table:table table:name="表">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": manifest,
        }
    )


def ole(stream: str) -> bytes:
    """The head of an OLE container whose directory names a stream, and no more."""
    name = f"{stream}\0".encode("utf-16-le")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0")
    return head + name.ljust(64, b"\0") + len(name).to_bytes(2, "little") + bytes(62)


def number(value: str, attributes: str = "") -> str:
    return (
        f'<table:table-cell office:value-type="float" office:value="{value}" {attributes}>'
        f"<text:p>{value}</text:p></table:table-cell>"
    )


def row(cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{cells}</table:table-row>"


# The first and the last cell of Excel's grid.
FAR = (
    row(number("1"))
    + row("<table:table-cell/>", 'table:number-rows-repeated="1048574"')
    + row('<table:table-cell table:number-columns-repeated="16383"/>' + number("1"))
)


# --- .xls and .ods --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_results_that_show_nothing_give_no_finding_in_any_format(
    form: Form, office: Office, tmp_path: Path, kind: Format
) -> None:
    """LibreOffice writes 0 into an .xls where a formula shows "", as for a rate without its budget."""
    given = changed(
        filling(FILLED[0]),
        funds__final_budget=None,
        funds__general_public_budget=None,
        funds__other_funds=None,
        funds__basic_expenditure=None,
        funds__project_expenditure=None,
        report__personnel_expenditure="约\t90",
    )
    ours = build_template(form, tmp_path / "form.xlsx", filling=given)
    libreoffice(save_as=kind).do(ours, tmp_path / f"a.{kind}", office)
    shutil.move(tmp_path / f"a.{kind}", tmp_path / "a.et")
    assert open_package(tmp_path / "a.et").kind == kind, "by its content, whatever its name"
    (before,), (after,) = (check([read_return(path)]) for path in (ours, tmp_path / "a.et"))
    found = [f for f in after.findings if f.code != "W113"]
    assert sorted(map(repr, found)) == sorted(map(repr, before.findings))


VALUES = [
    (number("1.5"), 1.5),
    (number("100", 'office:currency="CNY"'), 100.0),
    ('<table:table-cell office:value-type="percentage" office:value="0.5"/>', 0.5),
    ('<table:table-cell office:value-type="boolean" office:boolean-value="true"/>', True),
    ('<table:table-cell office:value-type="date" office:date-value="2025-03-18"/>', 45734.0),
    ('<table:table-cell office:value-type="string"><text:p>100%</text:p></table:table-cell>', "100%"),
    ('<table:table-cell office:value-type="string"><text:p>=1+1</text:p></table:table-cell>', "=1+1"),
    ('<table:table-cell office:value-type="string"><text:p>007</text:p></table:table-cell>', "007"),
]  # fmt: skip


def test_values_of_an_ods_keep_their_places_and_types() -> None:
    empty = '<table:table-cell table:number-columns-repeated="2"/>'
    rows = row("<table:table-cell/>", 'table:number-rows-repeated="3"')
    rows += "".join(row(empty + cell) for cell, _ in VALUES)
    package = open_bytes(ods(rows))
    assert (
        (package.kind, package.values_only),
        {at: repr(cell.value) for at, cell in package.sheets[0].cells.items()},
    ) == (("ods", True), {(at, 3): repr(value) for at, (_, value) in enumerate(VALUES, 4)})


def test_an_ods_of_another_writer_is_read() -> None:
    """White space between cells, no manifest, other prefixes, a break inside a paragraph, a remark on a cell."""
    content = """<?xml version="1.0" encoding="UTF-8"?>
<o:document-content xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    xmlns:t="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
    xmlns:x="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    xmlns:s="urn:oasis:names:tc:opendocument:xmlns:style:1.0">
  <o:automatic-styles>
    <s:style s:name="ta2" s:family="table"><s:table-properties t:display="false"/></s:style>
  </o:automatic-styles>
  <o:body>
    <o:spreadsheet>
      <t:tracked-changes><t:deletion><t:table-cell o:value-type="float" o:value="9"/></t:deletion></t:tracked-changes>
      <t:table t:name="甲">
        <t:table-column t:number-columns-repeated="2"/>
        <t:table-column t:visibility="collapse"/>
        <t:table-row>
          <t:table-cell o:value-type="string">
            <o:annotation><x:p>批注</x:p></o:annotation>
            <x:p>
              指标<x:span>一<x:s x:c="2"/>二</x:span><x:tab/>三<x:line-break/>四
            </x:p>
            <x:p>五</x:p>
          </t:table-cell>
          <t:covered-table-cell/>
          <t:table-cell o:value-type="percentage" o:value="0.993"><x:p>99.3%</x:p></t:table-cell>
        </t:table-row>
        <t:table-row t:visibility="filter" t:number-rows-repeated="2">
          <t:table-cell t:number-columns-repeated="2" o:value-type="float" o:value="1e2"/>
          <t:table-cell o:value-type="date" o:date-value="去年"><x:p>去年</x:p></t:table-cell>
          <t:table-cell o:value-type="time" o:time-value="PT06H00M00S"/>
        </t:table-row>
      </t:table>
      <t:table t:name="乙" t:style-name="ta2"><t:table-row><t:table-cell/></t:table-row></t:table>
    </o:spreadsheet>
  </o:body>
</o:document-content>"""
    package = open_bytes(
        zipped(
            {
                "content.xml": content,
                "mimetype": "application/vnd.oasis.opendocument.spreadsheet-template\n",
            }
        )
    )
    first, second = package.sheets
    line = first.cells.pop((1, 1))
    assert (
        line.value,
        {at: (cell.value, package.formats.get(cell.style)) for at, cell in first.cells.items()},
    ) == (
        "指标一  二\t三\n四\n五",
        {
            (1, 3): (0.993, "0.0%"),
            **{(row, column): (100.0, None) for row in (2, 3) for column in (1, 2)},
            **{(row, 3): ("去年", None) for row in (2, 3)},
            **{(row, 4): (0.25, None) for row in (2, 3)},
        },
    )
    assert (
        (set(first.hidden_rows), set(first.hidden_columns)),
        [(sheet.name, sheet.state) for sheet in (first, second)],
    ) == (
        ({2, 3}, {3}),
        [
            ("甲", "visible"),
            ("乙", "hidden"),
        ],
    )


HUGE = 'table:number-rows-repeated="1048576"'
LONG_TEXT = f'<table:table-cell office:value-type="string"><text:p>{"长" * 33_000}</text:p></table:table-cell>'
MANY = row(number("1", 'table:number-columns-repeated="200"')) * 60


@pytest.mark.parametrize(
    ("content", "code", "limits"),
    [
        (ods(row(number("1", 'table:number-columns-repeated="16384"'), HUGE)), "W106", Limits()),
        (ods(row(number("1", 'table:number-columns-repeated="999999999"')) * 400), "W106", Limits()),
        (ods(row('<table:table-cell><text:p><text:s text:c="999999999"/></text:p></table:table-cell>')),
         "W106", Limits()),
        (ods(row("<table:table-cell/>", f'table:number-rows-repeated="{"9" * 5000}"')), "W104", Limits()),
        (ods("<table:table-row>" + "<table:a>" * 90), "W104", Limits()),
        (ods(MANY), "W106", Limits(cells=10_000)),
        (ods(MANY), "W106", Limits(part_bytes=100)),
        (ods(row(LONG_TEXT)), "W106", Limits()),
        (ods(row(number("1")), manifest="<m><encryption-data/></m>"), "W105", Limits()),
        (ods(row(number("1")), head='<!DOCTYPE a [<!ENTITY b "c">]>'), "W107", Limits()),
        (ods("<table:table-row>"), "W104", Limits()),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}), "W104", Limits()),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "W103", Limits()),
    ],
    ids=[
        *("all of the grid", "endless rows", "endless blanks", "no count", "nested", "cells", "bytes", "long text"),
        *("encrypted", "entity", "cut", "nothing in it", "a text"),
    ],
)  # fmt: skip
def test_what_an_ods_repeats_is_bounded_and_what_cannot_be_read_is_refused(
    content: bytes, code: str, limits: Limits
) -> None:
    assert refusal(content, limits=limits).code == code


def test_a_far_cell_is_not_kept_and_rejects_that_file_only(filled: Path, tmp_path: Path) -> None:
    far = ods(row(f'<table:table-cell table:number-columns-repeated="299"/>{number("1")}'))
    sheet = open_bytes(far).sheets[0]
    assert (sheet.cells, sheet.far) == ({}, ("KN1",))
    (tmp_path / "a.ods").write_bytes(ods(FAR))
    shutil.copy(filled, tmp_path / "b.xlsx")
    found = read_returns([tmp_path])
    assert [(item.status, codes(item)) for item in found] == [(REJECTED, ["W108"]), (ACCEPTED, [])]


# --- the worker -----------------------------------------------------------------------------------

TASKS = """
import json, os, time
from workbook.errors import Refused

def sleepy(data, words): time.sleep(60)
def crashing(data, words): os.abort()
def killed(data, words): os.kill(os.getpid(), 9)
def greedy(data, words): return bytes(4 << 30)
def failing(data, words): raise ValueError("odd")
def writing(data, words): open(words["path"], "wb").write(data); return b""
def refusing(data, words): raise Refused("W107", "不行")
def echoing(data, words): return data + json.dumps(words).encode()
"""


@pytest.fixture
def _tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that the worker can import too."""
    (tmp_path / "tasks" / "opening_tasks.py").parent.mkdir()
    (tmp_path / "tasks" / "opening_tasks.py").write_text(TASKS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / "tasks")
    monkeypatch.delitem(sys.modules, "opening_tasks", raising=False)


def apart(name: str, data: bytes, words: Mapping[str, object], limits: Limits) -> bytes:
    """What a task makes of the data in a process of its own."""
    return run_apart(getattr(import_module("opening_tasks"), name), data, words, limits)


@pytest.mark.usefixtures("_tasks")
@pytest.mark.parametrize(
    ("name", "code"),
    [("sleepy", "W106"), ("crashing", "W104"), ("killed", "W106"), ("greedy", "W106"),
     ("failing", "W104"), ("refusing", "W107")],
)  # fmt: skip
def test_whatever_happens_in_a_worker_is_a_refusal(name: str, code: str) -> None:
    began = time.monotonic()
    with pytest.raises(Refused, match=code):
        apart(name, b"x", {}, Limits(seconds=2))
    assert time.monotonic() - began < 10


@pytest.mark.usefixtures("_tasks")
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are Unix's")
def test_a_worker_gives_back_bytes_and_writes_no_files(tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    assert apart("echoing", data, {"a": "乙"}, Limits()) == data + b'{"a": "\\u4e59"}'
    path = tmp_path / "written"
    with contextlib.suppress(Refused):
        apart("writing", b"x" * 100, {"path": str(path)}, Limits())
    assert path.read_bytes() == b""


# --- passwords ------------------------------------------------------------------------------------


def encrypted(path: Path, password: str) -> bytes:
    out = io.BytesIO()
    with path.open("rb") as file:
        msoffcrypto.OfficeFile(file).encrypt(password, out)
    return out.getvalue()


@pytest.fixture(scope="module")
def sealed(filled: Path) -> bytes:
    return encrypted(filled, PASSWORD)


def test_a_workbook_opens_with_excels_own_password_or_one_that_is_given(
    filled: Path, sealed: bytes, tmp_path: Path
) -> None:
    (tmp_path / "a.xlsx").write_bytes(encrypted(filled, BUILT_IN))
    for name in ("b.xlsx", "c.xlsx"):
        (tmp_path / name).write_bytes(sealed)
    given = {"b": ["错", PASSWORD], "c": ["错"]}
    own, right, wrong = read_returns([tmp_path], passwords=lambda path: given.get(path.stem, []))
    plain = read_return(filled)
    assert own.submission is not None and right.submission is not None and plain.submission
    assert own.submission.cells == right.submission.cells == plain.submission.cells
    assert own.size == (tmp_path / "a.xlsx").stat().st_size, "as it came, not what was in it"
    (none,) = read_returns([tmp_path / "b.xlsx"])
    assert codes(wrong) == codes(none) == ["W105"]
    assert wrong.findings[0].message != none.findings[0].message


def test_what_was_encrypted_meets_the_same_guards(filled: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    shutil.copy(filled, bomb)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", bytes(2**24))
    assert refusal(encrypted(bomb, BUILT_IN)).code == "W106"


def test_a_password_that_takes_too_long_is_cut_short(sealed: bytes) -> None:
    rounds = b'spinCount="100000"'
    assert sealed.count(rounds) == 1
    slow = sealed.replace(rounds, b'spinCount="999999"')
    began = time.monotonic()
    given = [str(n) for n in range(100)]
    assert refusal(slow, passwords=given, limits=Limits(seconds=1)).code == "W106"
    assert time.monotonic() - began < 10


def test_the_command_line_takes_passwords_from_the_environment_and_the_roster(
    sealed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "甲局.xlsx").write_bytes(sealed)
    roster = tmp_path / "roster.csv"
    roster.write_text(f"预算编码,部门,密码\n1,甲局,{PASSWORD}\n", encoding="utf-8")

    def statuses(*words: str | Path) -> list[str]:
        command = ["check", *map(str, words), "--json"]
        shown = CliRunner().invoke(cli, command, prog_name="workbook").stdout
        return [file["status"] for file in json.loads(shown)["files"]]

    monkeypatch.setenv("FORM_PASSWORD", PASSWORD)
    assert (
        statuses(tmp_path / "甲局.xlsx"),
        statuses(tmp_path / "甲局.xlsx", "--password-env", "FORM_PASSWORD"),
        statuses(tmp_path / "甲局.xlsx", "--roster", roster),
    ) == ([REJECTED], [ACCEPTED], [ACCEPTED])


# --- archives -------------------------------------------------------------------------------------


def placed(data: bytes, name: str = "收回.zip") -> list[str]:
    return [path.as_posix() for path, _ in members(Path(name), data, Limits())]


def test_an_archive_of_returns_is_read_member_by_member(filled: Path, tmp_path: Path) -> None:
    book = filled.read_bytes()
    (tmp_path / "收回.zip").write_bytes(
        zipped(
            {
                "自评/": b"",
                "自评/甲局.xlsx": book,
                "自评/~$甲局.xlsx": b"x",
                "__MACOSX/._甲局.xlsx": b"x",
                "说明.docx": zipped({"word/document.xml": "<a/>"}),
                "坏.xlsx": book[:5000],
                "乙局.xlsx": book,
            }
        )
    )
    found = read_returns([tmp_path])
    root = tmp_path / "收回.zip"
    assert [
        (item.path.relative_to(root).as_posix(), item.status, codes(item)) for item in found
    ] == [
        ("自评/甲局.xlsx", ACCEPTED, []),
        ("自评/~$甲局.xlsx", SKIPPED, ["W112"]),
        ("__MACOSX/._甲局.xlsx", SKIPPED, ["W112"]),
        ("说明.docx", REJECTED, ["W103"]),
        ("坏.xlsx", REJECTED, ["W104"]),
        ("乙局.xlsx", ACCEPTED, []),
    ]
    assert found[0].submission is not None
    assert (found[0].submission.path, list(tmp_path.iterdir())) == (found[0].path, [root])


def test_names_in_gbk_and_in_utf_8_are_read(filled: Path) -> None:
    names = ["岳阳市财政局.xlsx", "联通.xlsx", "自评表/一局.xlsx"]
    wanted = [f"收回.zip/{name}" for name in names]
    assert (
        placed(zipped(dict.fromkeys(names, b"x"))),
        placed(unmarked(names, "gbk")),
        placed(unmarked(names, "utf-8")),
    ) == (wanted, wanted, wanted)


def unmarked(names: list[str], codec: str) -> bytes:
    """A zip whose names are in some encoding that it does not tell."""
    stand_ins = {
        name: "x" * (len(name.encode(codec)) - 5) + f"{i:05}" for i, name in enumerate(names)
    }
    data = zipped(dict.fromkeys(stand_ins.values(), b"x"))
    for name, stand_in in stand_ins.items():
        data = data.replace(stand_in.encode(), name.encode(codec))
    return data


def test_no_member_leaves_the_archive(filled: Path, tmp_path: Path) -> None:
    book = filled.read_bytes()
    path = tmp_path / "收回.zip"
    names = ["../外.xlsx", "/绝对.xlsx", "C:/盘.xlsx", "..\\后.xlsx", "好.xlsx"]
    path.write_bytes(zipped(dict.fromkeys(names, book)))
    found = read_returns([path])
    assert [codes(item) for item in found] == [["W107"]] * 4 + [[]]
    assert all(path in item.path.parents and ".." not in item.path.parts for item in found)
    assert list(tmp_path.iterdir()) == [path]


def test_archives_in_an_archive_are_opened_once(filled: Path, tmp_path: Path) -> None:
    inner = zipped({"乙局.xlsx": filled.read_bytes()})
    path = tmp_path / "收回.zip"
    path.write_bytes(zipped({"一.zip": inner, "二.zip": zipped({"三.zip": inner}), "假.zip": b"x"}))
    found = read_returns([path])
    assert [(item.path.relative_to(path).as_posix(), codes(item)) for item in found] == [
        ("一.zip/乙局.xlsx", []),
        ("二.zip", ["W103"]),
        ("假.zip", ["W103"]),
    ]


def test_archives_are_bounded(filled: Path, tmp_path: Path) -> None:
    path = tmp_path / "收回.zip"
    for crowd, told in (
        ({f"{n}.xlsx": b"x" for n in range(2001)}, [["W106"]]),
        ({"弹.xlsx": bytes(2**22), "好.xlsx": filled.read_bytes()}, [["W106"], []]),
    ):
        path.write_bytes(zipped(crowd))
        assert [codes(item) for item in read_returns([path])] == told


@pytest.mark.long
def test_an_archive_is_bounded_as_a_whole() -> None:
    crowd = zipped({f"{n}.xlsx": bytes(900_000) for n in range(600)})
    found = [content for _, content in members(Path("收回.zip"), crowd, Limits())]
    assert [content.code for content in found if isinstance(content, Refused)][:1] == ["W106"]


def test_members_of_one_name_are_told_apart_and_locked_ones_are_w105() -> None:
    data = zipped({"a.xlsx": b"1", "b.xlsx": b"2"}).replace(b"b.xlsx", b"a.xlsx")
    assert placed(data) == ["收回.zip/a.xlsx", "收回.zip/a (2).xlsx"]
    locked = bytearray(zipped({"甲.xlsx": b"x"}))
    locked[locked.find(b"PK\x01\x02") + 8] |= 1
    ((_, content),) = members(Path("a.zip"), bytes(locked), Limits())
    assert isinstance(content, Refused) and content.code == "W105"


def test_a_workbook_or_a_document_is_no_archive_of_returns(filled: Path) -> None:
    word = zipped({"[Content_Types].xml": "<a/>", "word/embeddings/a.xlsx": b"x"})
    for data in (filled.read_bytes(), ods(row(number("1"))), word, zipped({"a.txt": b"x"}), b"x"):
        assert placed(data) == []


# --- without the libraries, and everything else ---------------------------------------------------


def test_without_the_extra_the_refusal_says_what_to_install(
    sealed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("python_calamine", "msoffcrypto"):
        monkeypatch.setitem(sys.modules, module, None)
    for content, code in ((ole("Workbook"), "W103"), (sealed, "W105")):
        told = str(refusal(content))
        assert told.startswith(code) and "legacy" in told


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        ("部门,金额\n甲局,1\n".encode("gb18030"), "W103", "CSV 或文本文件，只有文字，没有表的格式，请报送填好的模板本身"),
        (b"<html><body><table><tr><td>1</td></tr></table></body></html>", "W103", "网页，请在 Excel"),
        (b'<?xml version="1.0"?><o:document m="application/vnd.oasis.opendocument.spreadsheet"/>', "W103", ".fods），请在 Excel"),
        (zipped({"word/document.xml": "<a/>", "[Content_Types].xml": "<a/>"}), "W103",
         "Word 文档。请用发下的模板填报，并保存为 .xlsx；往年的 Word 表可以用 workbook import-word"),
        (zipped({"Index/Document.iwa": b"x"}), "W103", "导出为 Excel"),
        (zipped({"OFD.xml": b"<a/>"}), "W103", "OFD 版式文件，请报送填好的模板本身"),
        (zipped({"xl/workbook.bin": b"x"}), "W103", "（.xlsb），请在 Excel 或 WPS 中另存为 .xlsx"),
        (ole("WordDocument"), "W103", "WPS 文字文档（.doc、.wps）"),
        (ole("PowerPoint Document"), "W103", "演示文稿（.ppt、.dps）"),
        (ole("Workbook"), "W103", "旧版 Excel（.xls）或 WPS 表格（.et），读不出来，请在 Excel 或 WPS 中另存为"),
        (b"\x09\x04\x06\x00\x07\x00\x10\x00", "W103", "很早的 Excel 文件，请在"),
        (b"%PDF-1.7\n", "W103", "PDF 文件，请报送填好的模板本身（.xlsx）"),
        (b"\x89PNG\r\n", "W103", "图片，读不出数，请报送填好的模板本身"),
        (b"\xff\xd8\xff\xe0", "W103", "图片，读不出数，请报送填好的模板本身"),
        (b"Rar!\x1a\x07", "W103", "解压"),
        (b"7z\xbc\xaf\x27\x1c", "W103", "解压"),
        (b"", "W102", "空"),
        (b"PK\x03\x04", "W104", "没有传完"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "W103", "旧版"),
    ],
    ids=[
        *("csv", "html", "fods", "word", "numbers", "ofd", "xlsb", "doc", "ppt", "xls", "excel 4"),
        *("pdf", "picture", "photograph", "rar", "7z", "empty", "cut", "ole"),
    ],
)  # fmt: skip
def test_everything_else_is_refused_in_plain_words(
    tmp_path: Path, content: bytes, code: str, told: str
) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(content)
    item = read_return(path)
    assert (item.status, codes(item)) == (REJECTED, [code])
    assert told in item.findings[0].sentence
    assert "{" not in item.findings[0].sentence


# --- what the page says ---------------------------------------------------------------------------


def test_the_page_of_reading_tells_every_limit() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "reading.md"
    rows = re.findall(
        r"^\| `([\w.]+)` .*\| ([\d,]+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    told = {name: int(number.replace(",", "")) for name, number in rows}
    ours = {field.name: getattr(Limits(), field.name) for field in fields(Limits)}
    assert {name: told.get(name) for name in ours} == ours
