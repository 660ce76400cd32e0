"""What a file is, told by its content, and the data got out of whatever holds it."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import os
import re
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import msoffcrypto
import openpyxl
import pytest
from click.testing import CliRunner

from builder import build_template
from tests.api import Limits, Refused, cli, read_return
from tests.fillings import FILLED, changed, codes, filling
from tests.office import Format, Office
from tests.parameters import few_of
from workbook import Filling, Finding, Form, Return, check, frames, read_returns
from workbook.package import encrypted as locked
from workbook.package import foreign, members, open_bytes, open_package, worker
from workbook.package import zip_bundle as parcel
from workbook.reading import ACCEPTED, REJECTED, SKIPPED

PASSWORD = "秘密-2024"


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


def save_as(office: Office, path: Path, folder: Path, formats: tuple[Format, ...]) -> list[Path]:
    with office.open(path) as book:
        office.recalculate(book)
        return [office.save(book, folder / f"{path.stem}.{f}", f) for f in formats]


def judged(item: Return) -> list[Finding]:
    return [f for f in item.findings if f.code[0] in "DPV"]


@pytest.mark.parametrize("source", few_of(FILLED[:6], always=2))
def test_a_form_gives_the_same_in_every_format(
    form: Form, office: Office, tmp_path: Path, source: Path
) -> None:
    ours = build_template(form, tmp_path / "form.xlsx", filling=filling(source))
    (tmp_path / "lo").mkdir()
    saved = save_as(office, ours, tmp_path / "lo", ("xlsx", "xls", "ods"))
    by_openpyxl = tmp_path / "openpyxl.xlsx"
    openpyxl.load_workbook(ours).save(by_openpyxl)
    returns = [check([read_return(path)])[0] for path in (ours, *saved, by_openpyxl)]
    assert [item.status for item in returns] == [ACCEPTED] * 5
    for item in returns[1:]:
        assert judged(item) == judged(returns[0]), item.path.name
        if item.path.suffix != ".xlsx":
            assert [f.code for f in item.findings if f not in judged(item)] == ["W113"]
    sections = [name for name in form.sections if name != "report"]
    data = [frames([item]) for item in returns]
    for name in sections:
        tables = [frame.section(name).reset_index(drop=True) for frame in data]
        assert all(table.equals(tables[0]) for table in tables[1:]), name


def test_results_that_show_nothing_give_no_finding_in_any_format(
    form: Form, office: Office, tmp_path: Path
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
    expected = check([read_return(ours)])[0].findings
    (tmp_path / "lo").mkdir()
    for path in save_as(office, ours, tmp_path / "lo", ("xls", "ods")):
        found = [f for f in check([read_return(path)])[0].findings if f.code != "W113"]
        assert sorted(map(repr, found)) == sorted(map(repr, expected)), path.name


def test_old_formats_are_known_by_content_whatever_their_name(
    form: Form, office: Office, filled: Path, tmp_path: Path
) -> None:
    for path in save_as(office, filled, tmp_path, ("xls", "ods")):
        for name in ("a.xlsx", "a.et", "a"):
            other = tmp_path / name
            shutil.copy(path, other)
            assert open_package(other).kind == path.suffix[1:]
            assert read_return(other).status == ACCEPTED


def test_an_old_blank_template_is_rejected_and_one_with_a_figure_is_not(
    form: Form, office: Office, tmp_path: Path
) -> None:
    blank = build_template(
        form, tmp_path / "blank.xlsx", prefilled=Filling({"identity.department": "甲局"})
    )
    (tmp_path / "lo").mkdir()
    for path in save_as(office, blank, tmp_path / "lo", ("xls", "ods")):
        assert codes(read_return(path)) == ["W110"]
    one = build_template(form, tmp_path / "one.xlsx", filling=Filling({"funds.final_budget": 1.0}))
    for path in save_as(office, one, tmp_path / "lo", ("xls", "ods")):
        item = read_return(path)
        assert (item.status, codes(item)) == (ACCEPTED, ["W113"])


def test_a_forged_total_in_an_old_format_shows(form: Form, office: Office, tmp_path: Path) -> None:
    given = filling(FILLED[0])
    given.values["totals.total_score"] = 110.0
    path = build_template(form, tmp_path / "forged.xlsx", filling=given)
    (tmp_path / "lo").mkdir()
    for old in save_as(office, path, tmp_path / "lo", ("xls", "ods")):
        found = [f for f in check([read_return(old)])[0].findings if f.code == "L203"]
        assert (found[0].field, found[0].printed) == ("totals.total_score", "110")
        assert {f.field for f in found[1:]} <= {"report.opening"}  # which quotes the total


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
    assert (package.kind, package.values_only) == ("ods", True)
    cells = package.sheets[0].cells
    assert {at: cell.value for at, cell in cells.items()} == {
        (at, 3): value for at, (_, value) in enumerate(VALUES, 4)
    }
    assert {type(cell.value) for cell in cells.values()} == {float, bool, str}


def test_days_of_an_old_workbook_count_as_excel_counts_them() -> None:
    days = foreign._days
    assert days(datetime.date(2025, 3, 18)) == 45734
    assert days(datetime.datetime(2025, 3, 18, 12)) == 45734.5  # noqa: DTZ001
    # A score of 9 whose cell was given a date's format.
    assert days(datetime.date(1900, 1, 9)) == 9
    assert days(datetime.time(6)) == 0.25
    assert days(datetime.timedelta(hours=30)) == 1.25


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
    assert line.value == "指标一  二\t三\n四\n五"
    assert {
        at: (cell.value, package.formats.get(cell.style)) for at, cell in first.cells.items()
    } == {
        (1, 3): (0.993, "0.0%"),
        **{(row, column): (100.0, None) for row in (2, 3) for column in (1, 2)},
        **{(row, 3): ("去年", None) for row in (2, 3)},
        **{(row, 4): (0.25, None) for row in (2, 3)},
    }
    assert (set(first.hidden_rows), set(first.hidden_columns)) == ({2, 3}, {3})
    assert [(sheet.name, sheet.state) for sheet in (first, second)] == [
        ("甲", "visible"),
        ("乙", "hidden"),
    ]


HUGE = 'table:number-rows-repeated="1048576"'


@pytest.mark.parametrize(
    "rows",
    [
        row(number("1", 'table:number-columns-repeated="16384"'), HUGE),
        row(number("1", 'table:number-columns-repeated="999999999"')) * 400,
        row('<table:table-cell><text:p><text:s text:c="999999999"/></text:p></table:table-cell>'),
    ],
    ids=["all of the grid", "endless rows", "endless blanks"],
)
def test_what_an_ods_repeats_is_bounded(rows: str) -> None:
    assert refusal(ods(rows)).code == "W106"


def test_an_ods_says_no_more_than_its_form_about_what_it_cannot_count() -> None:
    assert (
        refusal(ods(row("<table:table-cell/>", f'table:number-rows-repeated="{"9" * 5000}"'))).code
        == "W104"
    )
    assert refusal(ods("<table:table-row>" + "<table:a>" * 90)).code in ("W104", "W106")


def test_a_far_cell_rejects_that_file_only(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "a.ods").write_bytes(ods(FAR))
    shutil.copy(filled, tmp_path / "b.xlsx")
    found = read_returns([tmp_path])
    assert [item.status for item in found] == [REJECTED, ACCEPTED]
    assert codes(found[0]) == ["W108"]  # its far cell was not kept


def test_a_cell_that_makes_calamine_abort_ends_the_worker_only() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = book.worksheets[0]["XFD1048576"] = 1
    out = io.BytesIO()
    book.save(out)
    words: dict[str, object] = {"unread": [], "limits": {}}
    with pytest.raises(Refused) as caught:
        worker.run(foreign.extract, out.getvalue(), words, Limits())
    assert caught.value.code == "W106"


def test_an_old_workbook_is_bounded() -> None:
    many = row(number("1", 'table:number-columns-repeated="200"')) * 60
    assert refusal(ods(many), limits=Limits(cells=10_000)).code == "W106"
    long = f'<table:table-cell office:value-type="string"><text:p>{"长" * 33_000}</text:p></table:table-cell>'
    assert refusal(ods(row(long))).code == "W106"
    far = row(f'<table:table-cell table:number-columns-repeated="299"/>{number("1")}')
    sheet = open_bytes(ods(far)).sheets[0]
    assert (sheet.cells, sheet.far) == ({}, ("KN1",))
    assert refusal(ods(many), limits=Limits(part_bytes=100)).code == "W106"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (ods(row(number("1")), manifest="<m><encryption-data/></m>"), "W105"),
        (ods(row(number("1")), head='<!DOCTYPE a [<!ENTITY b "c">]>'), "W107"),
        (ods("<table:table-row>"), "W104"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}), "W104"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "W103"),
    ],
    ids=["encrypted", "entity", "cut", "nothing in it", "a text"],
)
def test_an_ods_that_cannot_be_read_is_refused(content: bytes, code: str) -> None:
    assert refusal(content).code == code


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
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], worker.Work]:
    """A function by its name, of a module that the worker can import too."""
    (tmp_path / "opening_tasks.py").write_text(TASKS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "opening_tasks", raising=False)
    module = import_module("opening_tasks")
    return lambda name: getattr(module, name)


def test_a_worker_gives_back_bytes(task: Callable[[str], worker.Work]) -> None:
    data = bytes(range(256)) * 1000
    assert worker.run(task("echoing"), data, {"a": "乙"}, Limits()) == data + b'{"a": "\\u4e59"}'


@pytest.mark.parametrize(
    ("name", "code"),
    [("sleepy", "W106"), ("crashing", "W104"), ("killed", "W106"), ("greedy", "W106"),
     ("failing", "W104"), ("refusing", "W107")],
)  # fmt: skip
def test_whatever_happens_in_a_worker_is_a_refusal(
    task: Callable[[str], worker.Work], name: str, code: str
) -> None:
    began = time.monotonic()
    with pytest.raises(Refused) as caught:
        worker.run(task(name), b"x", {}, Limits(seconds=2))
    assert caught.value.code == code
    assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are Unix's")
def test_a_worker_writes_no_files(task: Callable[[str], worker.Work], tmp_path: Path) -> None:
    path = tmp_path / "written"
    with contextlib.suppress(Refused):
        worker.run(task("writing"), b"x" * 100, {"path": str(path)}, Limits())
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


def test_a_workbook_with_excels_own_password_opens_by_itself(filled: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(encrypted(filled, locked.BUILT_IN))
    item, plain = read_return(path), read_return(filled)
    assert item.status == ACCEPTED
    assert item.submission is not None
    assert plain.submission is not None
    assert item.submission.cells == plain.submission.cells
    assert item.size == path.stat().st_size, "the file as it came, not what was in it"


def test_a_password_that_is_given_opens_and_others_do_not(sealed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(sealed)
    none, wrong, right = (
        read_returns([path], passwords=given)[0] for given in ([], ["错"], ["错", PASSWORD])
    )
    assert [codes(none), codes(wrong)] == [["W105"], ["W105"]]
    assert none.findings[0].message != wrong.findings[0].message
    assert right.status == ACCEPTED


def test_passwords_may_depend_on_the_file(sealed: bytes, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.xlsx").write_bytes(sealed)
    found = read_returns([tmp_path], passwords=lambda path: [PASSWORD] * (path.stem == "b"))
    assert [item.status for item in found] == [REJECTED, ACCEPTED]


def test_what_was_encrypted_meets_the_same_guards(filled: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    shutil.copy(filled, bomb)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", bytes(2**24))
    assert refusal(encrypted(bomb, locked.BUILT_IN)).code == "W106"


def test_a_password_that_takes_too_long_is_cut_short(sealed: bytes) -> None:
    rounds = b'spinCount="100000"'
    assert sealed.count(rounds) == 1
    slow = sealed.replace(rounds, b'spinCount="999999"')
    began = time.monotonic()
    given = [str(n) for n in range(100)]
    assert refusal(slow, passwords=given, limits=Limits(seconds=1)).code == "W106"
    assert time.monotonic() - began < 10


def test_a_damaged_encrypted_workbook_is_w105(sealed: bytes) -> None:
    assert refusal(sealed[: len(sealed) // 2]).code in ("W104", "W105")


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
    assert statuses(tmp_path / "甲局.xlsx") == [REJECTED]
    assert statuses(tmp_path / "甲局.xlsx", "--password-env", "FORM_PASSWORD") == [ACCEPTED]
    assert statuses(tmp_path / "甲局.xlsx", "--roster", roster) == [ACCEPTED]


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
    assert found[0].submission.path == found[0].path
    assert list(tmp_path.iterdir()) == [root]


def test_names_in_gbk_and_in_utf_8_are_read(filled: Path) -> None:
    names = ["岳阳市财政局.xlsx", "联通.xlsx", "自评表/一局.xlsx"]
    wanted = [f"收回.zip/{name}" for name in names]
    assert placed(zipped(dict.fromkeys(names, b"x"))) == wanted
    assert placed(unmarked(names, "gbk")) == wanted
    assert placed(unmarked(names, "utf-8")) == wanted


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


def test_archives_are_bounded(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = zipped({f"{n}.xlsx": b"x" for n in range(parcel.MEMBERS + 1)})
    path = tmp_path / "收回.zip"
    path.write_bytes(crowd)
    assert [codes(item) for item in read_returns([path])] == [["W106"]]
    bomb = zipped({"弹.xlsx": bytes(2**22), "好.xlsx": filled.read_bytes()})
    path.write_bytes(bomb)
    assert [codes(item) for item in read_returns([path])] == [["W106"], []]
    monkeypatch.setattr(parcel, "TOTAL", 1000)
    assert [codes(item) for item in read_returns([path])] == [["W106"], ["W106"]]


def test_members_of_one_name_are_told_apart() -> None:
    data = zipped({"a.xlsx": b"1", "b.xlsx": b"2"}).replace(b"b.xlsx", b"a.xlsx")
    assert placed(data) == ["收回.zip/a.xlsx", "收回.zip/a (2).xlsx"]


def test_a_locked_archive_is_w105_member_by_member() -> None:
    data = bytearray(zipped({"甲.xlsx": b"x"}))
    data[data.find(b"PK\x01\x02") + 8] |= 1
    found = [content for _, content in members(Path("a.zip"), bytes(data), Limits())]
    assert [c.code if isinstance(c, Refused) else "" for c in found] == ["W105"]


def test_a_workbook_or_a_document_is_no_archive_of_returns(filled: Path) -> None:
    word = zipped({"[Content_Types].xml": "<a/>", "word/embeddings/a.xlsx": b"x"})
    for data in (filled.read_bytes(), ods(row(number("1"))), word, zipped({"a.txt": b"x"}), b"x"):
        assert placed(data) == []


def test_reading_an_archive_as_one_file_says_how_to(filled: Path, tmp_path: Path) -> None:
    path = tmp_path / "收回.zip"
    path.write_bytes(zipped({"甲局.xlsx": filled.read_bytes()}))
    result = CliRunner().invoke(cli, ["read", str(path)], prog_name="workbook")
    assert result.exit_code == 2
    assert "workbook check" in result.stderr


# --- without the libraries, and everything else ---------------------------------------------------


def test_without_the_extra_the_refusal_says_what_to_install(
    sealed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (foreign, locked):
        monkeypatch.setattr(module, "find_spec", lambda _name: None)
    old = refusal(ole("Workbook"))
    assert (old.code, refusal(sealed).code) == ("W103", "W105")
    for refused in (old, refusal(sealed)):
        assert "legacy" in refused.detail


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
@pytest.mark.parametrize("name", ["a.xlsx", "a.xls"])
def test_everything_else_is_refused_in_plain_words(
    tmp_path: Path, content: bytes, code: str, told: str, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    item = read_return(path)
    assert (item.status, codes(item)) == (REJECTED, [code])
    assert told in item.findings[0].sentence
    assert "{" not in item.findings[0].sentence


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.xlsx").mkdir()
    (tmp_path / "link.xlsx").symlink_to(tmp_path / "folder.xlsx")
    os.mkfifo(tmp_path / "pipe.xlsx")
    for path in (*tmp_path.iterdir(), Path(os.devnull)):
        assert codes(read_return(path)) == ["W101"]


# --- what the page says ---------------------------------------------------------------------------


def test_the_page_of_reading_tells_every_limit() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "reading.md"
    rows = re.findall(
        r"^\| `([\w.]+)` .*\| ([\d,]+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    told = {name: int(number.replace(",", "")) for name, number in rows}
    ours = {
        "zip_bundle.MEMBERS": parcel.MEMBERS,
        "zip_bundle.TOTAL": parcel.TOTAL,
        "foreign.GRID": foreign.GRID,
        "worker.MEMORY": worker.MEMORY,
    }
    assert told == {f.name: getattr(Limits(), f.name) for f in fields(Limits)} | ours
