"""What is dropped into 收件/: taken once, when it is whole, whatever it is packed in, for whomever it names."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from builder import build_template
from tests.api import Ledger, part, replace_part
from tests.rounds import ByOpenpyxl, dated, faultless, roster
from workbook import BuildError, find_form
from workbook.round import (
    Received,
    acting_as,
    assign,
    new_round,
    opened,
    receive,
    remind,
    send,
    status,
)

OVERALL = "department_overall"
EDUCATION, WATER = "清江县教育局", "清江县水利局"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return new_round(
        tmp_path / "r", forms=[OVERALL], roster=roster(tmp_path / "名册.xlsx"), year=2024
    )


def drop(folder: Path, name: str, content: bytes, day: str = "2025-03-20") -> Path:
    path = folder / "收件" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return dated(path, day)


def packed(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def mailed(
    files: Mapping[str, bytes], sender: str = "x@example.cn", subject: str = "报送", date: str = ""
) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = sender, subject
    message["Date"] = date or "Fri, 21 Mar 2025 16:30:00 +0800"
    message.set_content("请查收")
    for name, content in files.items():
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=name
        )
    return message.as_bytes()


def outcomes(received: Received) -> dict[str, tuple[str, str]]:
    """By the last part of a file's name, whose it is and what became of it."""
    return {Path(each.file).name: (each.code, each.outcome) for each in received.files}


# --- whole, and once -------------------------------------------------------------------------------------


def test_a_file_that_changes_while_it_is_read_waits(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(folder, f"{EDUCATION}.pdf", b"%PDF half")
    read_file = part("the content of a file in the inbox")

    def read_and_written(name: Path, *limits: Any) -> bytes:
        content: bytes = read_file(name, *limits)
        drop(folder, path.name, b"%PDF half, and more", "2025-03-21")
        return content

    replace_part(monkeypatch, "the content of a file in the inbox", read_and_written)
    received = receive(folder)
    assert (received.files, received.waiting) == ((), (f"收件/{path.name}",))
    monkeypatch.undo()
    (whole,) = receive(folder).files
    assert (whole.code, whole.outcome) == ("104001", "attachment")


def test_a_file_that_is_open_in_an_office_waits(folder: Path) -> None:
    drop(folder, f"{EDUCATION}.xlsx", b"x")
    lock = drop(folder, f"~${EDUCATION}.xlsx", b"x")
    received = receive(folder)
    assert received.waiting == (f"收件/{EDUCATION}.xlsx",)
    assert [each.outcome for each in received.files] == ["skipped"]
    lock.unlink()
    assert [each.outcome for each in receive(folder).files] == ["unreadable"]


def test_a_file_that_is_gone_again_stops_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = drop(folder, "a.pdf", b"%PDF")
    drop(folder, f"{EDUCATION}.pdf", b"%PDF 2")
    there = [gone, folder / "收件" / f"{EDUCATION}.pdf"]
    replace_part(monkeypatch, "the files in the inbox", lambda _: there)
    gone.unlink()
    assert outcomes(receive(folder)) == {
        "a.pdf": ("", "skipped"),
        f"{EDUCATION}.pdf": ("104001", "attachment"),
    }


@pytest.mark.parametrize("name", ["Thumbs.db", ".DS_Store", "~$表.xlsx", "desktop.ini"])
def test_litter_is_skipped_and_kept_nowhere(folder: Path, name: str) -> None:
    drop(folder, name, b"litter")
    drop(folder, "a.zip", packed({name: b"litter", f"{EDUCATION}.xlsx": b"x"}))
    received = receive(folder)
    assert outcomes(received) == {
        f"{EDUCATION}.xlsx": ("104001", "unreadable"),
        name: ("", "skipped"),
    }
    assert len(list((folder / ".round" / "files").glob("*/*"))) == 1


OPENED: list[str] = []
"""The files that were opened, while somebody listens."""
LISTENING: list[bool] = []


def _listen(event: str, given: tuple[Any, ...]) -> None:
    if LISTENING and event == "open" and isinstance(given[0], str | bytes | os.PathLike):
        OPENED.append(os.fsdecode(given[0]))


@pytest.fixture
def opened_files() -> Iterator[list[str]]:
    """What is opened from now on."""
    sys.addaudithook(_listen)
    OPENED.clear()
    LISTENING.append(True)
    yield OPENED
    LISTENING.clear()


def test_nothing_new_costs_no_reading(folder: Path, opened_files: list[str]) -> None:
    for number in range(30):
        drop(folder, f"{number}.pdf", b"%%PDF %d" % number)
    drop(folder, "a.eml", mailed({"a.zip": packed({f"{EDUCATION}.xlsx": b"x"})}))
    assert receive(folder).numbers()["new"] == 31
    assert any("收件" in name for name in opened_files)
    opened_files.clear()
    received = receive(folder)
    assert (received.numbers()["new"], received.unchanged) == (0, 31)
    assert [name for name in opened_files if "收件" in name or "files" in name] == []


def test_a_file_that_was_only_touched_is_unchanged(folder: Path) -> None:
    drop(folder, f"{EDUCATION}.pdf", b"%PDF")
    receive(folder)
    drop(folder, f"{EDUCATION}.pdf", b"%PDF", "2025-03-29")
    drop(folder, f"{EDUCATION} (2).pdf", b"%PDF", "2025-03-29")
    received = receive(folder)
    assert ({each.outcome for each in received.files}, received.unchanged) == ({"unchanged"}, 2)
    (attachment,) = (version for duty in status(folder)[0].duties for version in duty.attachments)
    assert attachment.time == "2025-03-20T09:00:00+08:00"


def test_the_same_bytes_twice_in_one_go_are_one_file(folder: Path) -> None:
    drop(folder, "a.zip", packed({f"{EDUCATION}.xlsx": b"x", f"再报/{EDUCATION}.xlsx": b"x"}))
    drop(folder, "b.xlsx", b"x")
    received = receive(folder)
    assert [each.outcome for each in received.files][1:] == ["unchanged", "unchanged"]
    assert received.unchanged == 2
    with Ledger(folder / ".round" / "ledger.db") as ledger:
        assert [event.kind for event in ledger.events()].count("received") == 1


# --- whatever it is packed in ----------------------------------------------------------------------------

PAIR = {f"{EDUCATION}.xlsx": b"x", f"{WATER}.pdf": b"%PDF"}
FOUND = {f"{EDUCATION}.xlsx": ("104001", "unreadable"), f"{WATER}.pdf": ("107001", "attachment")}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.zip", packed(PAIR), id="zip"),
        pytest.param("a.zip", packed({"b.zip": packed(PAIR)}), id="zip in a zip"),
        pytest.param("a.eml", mailed(PAIR), id="mail"),
        pytest.param("a.eml", mailed({"b.zip": packed(PAIR)}), id="zip in a mail"),
        pytest.param("a.zip", packed({"b.eml": mailed({"c.zip": packed(PAIR)})}), id="zip in a mail in a zip"),
        pytest.param("a.eml", mailed({"b.eml": mailed(PAIR)}), id="mail as a file of a mail"),
        pytest.param("a.eml", mailed({"b.zip": packed({"c.eml": mailed(PAIR)})}), id="mail in a zip in a mail"),
        pytest.param("a.zip", packed({"b.zip": packed({"c.eml": mailed(PAIR)})}), id="mail in a zip in a zip"),
    ],
)  # fmt: skip
def test_files_are_found_whatever_they_are_packed_in(
    folder: Path, name: str, content: bytes
) -> None:
    drop(folder, name, content)
    received = receive(folder)
    assert outcomes(received) == FOUND
    assert all(each.file.startswith(f"收件/{name}/") for each in received.files)


def test_mails_in_mails_without_end_are_kept_whole_at_last(folder: Path) -> None:
    content = mailed(PAIR)
    for _ in range(12):
        content = mailed({"m.eml": content})
    drop(folder, "a.eml", content)
    assert [each.outcome for each in receive(folder).files] == ["unassigned"]


def test_a_mails_date_is_its_files_time(folder: Path) -> None:
    drop(folder, "a.eml", mailed({f"{EDUCATION}.pdf": b"%PDF 1"}), "2025-04-20")
    drop(
        folder,
        "b.eml",
        mailed({f"{WATER}.pdf": b"%PDF 2"}, date="Fri, 31 Dec 9999 23:59:59 -0800"),
        "2025-04-20",
    )
    receive(folder)
    times = {
        v.name.rpartition("/")[2]: v.time
        for duty in status(folder)[0].duties
        for v in duty.attachments
    }
    assert times == {
        f"{EDUCATION}.pdf": "2025-03-21T16:30:00+08:00",
        f"{WATER}.pdf": "2025-04-20T09:00:00+08:00",
    }


def test_a_mail_without_attachments_is_kept_for_whom_it_is_from(folder: Path) -> None:
    drop(folder, "a.eml", mailed({}, sender="104001@example.cn"))
    assert outcomes(receive(folder)) == {"a.eml": ("104001", "attachment")}


def test_no_name_of_a_file_leads_anywhere(folder: Path, tmp_path: Path) -> None:
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    names = ("../../x.xlsx", "/etc/x.xlsx", "a\x1b[2J.xlsx", "..\\x.pdf", "con.xlsx")
    drop(folder, "a.eml", mailed({name: name.encode() for name in names}))
    drop(folder, "a.zip", packed({name: name.encode() + b"2" for name in names}))
    received = receive(folder)
    assert len(received.files) == 2 * len(names) or any(
        e.outcome == "skipped" for e in received.files
    )
    assert all("\x1b" not in each.file and ".." not in each.file for each in received.files)
    new = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert all(
        path.is_relative_to(folder / ".round") or path.is_relative_to(folder / "收件")
        for path in new
    )


# --- whose it is -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "subject"),
    [
        ("104001@EXAMPLE.cn", "报送"),
        ("x@example.cn", f"转发：{EDUCATION}自评表"),
        ("x@example.cn", "104001 报送"),
    ],
    ids=["sender", "name in the subject", "code in the subject"],
)
def test_a_file_without_a_name_is_whose_mail_it_came_in(
    folder: Path, sender: str, subject: str
) -> None:
    drop(folder, "a.eml", mailed({"扫描件.pdf": b"%PDF", "自评表.xlsx": b"x"}, sender, subject))
    assert outcomes(receive(folder)) == {
        "扫描件.pdf": ("104001", "attachment"), "自评表.xlsx": ("104001", "unreadable"),
    }  # fmt: skip


def test_a_files_own_name_outweighs_its_mail(folder: Path) -> None:
    drop(folder, "a.eml", mailed({f"{WATER}.pdf": b"%PDF"}, "104001@example.cn", EDUCATION))
    assert outcomes(receive(folder)) == {f"{WATER}.pdf": ("107001", "attachment")}


def test_a_form_that_names_nobody_is_told_by_its_name(folder: Path, tmp_path: Path) -> None:
    blank = build_template(find_form(OVERALL), tmp_path / "blank.xlsx")
    filled = ByOpenpyxl().fill(blank, tmp_path / "filled.xlsx", faultless(OVERALL)[0])
    drop(folder, f"{EDUCATION}.xlsx", filled.read_bytes())
    (each,) = receive(folder).files
    assert (each.code, each.outcome) == ("104001", "counted")


@pytest.fixture
def two_counties(tmp_path: Path) -> Path:
    """A city's round: two counties whose departments have the same codes and names."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["县区", "预算编码", "部门"])
    for county in ("清江县", "平江县"):
        for code, name in (("101001", "教育局"), ("102001", "水利局")):
            sheet.append([county, code, name])
    book.save(tmp_path / "县.xlsx")
    return new_round(tmp_path / "r", forms=[OVERALL], roster=tmp_path / "县.xlsx", year=2024)


def test_a_folder_for_each_county_tells_codes_that_repeat_apart(two_counties: Path) -> None:
    for number, county in enumerate(("清江县", "平江县")):
        drop(two_counties, f"{county}/101001.xlsx", b"x%d" % number)
        drop(two_counties, f"{county}/水利局.pdf", b"%%PDF %d" % number)
    drop(two_counties, "平江县.zip", packed({"101001.xlsx": b"y"}))
    drop(two_counties, "101001.xlsx", b"z")
    received = receive(two_counties)
    assert {each.file: (each.county, each.code) for each in received.files} == {
        "收件/清江县/101001.xlsx": ("清江县", "101001"), "收件/清江县/水利局.pdf": ("清江县", "102001"),
        "收件/平江县/101001.xlsx": ("平江县", "101001"), "收件/平江县/水利局.pdf": ("平江县", "102001"),
        "收件/平江县.zip/101001.xlsx": ("平江县", "101001"), "收件/101001.xlsx": ("", ""),
    }  # fmt: skip


def test_a_form_of_a_code_that_repeats_is_told_by_its_folder(
    two_counties: Path, tmp_path: Path
) -> None:
    own = {"identity.department_code": "101001", "identity.department": "教育局"}
    template = build_template(find_form(OVERALL), tmp_path / "t.xlsx", prefilled=own)
    filled = ByOpenpyxl().fill(template, tmp_path / "filled.xlsx", faultless(OVERALL)[0])
    drop(two_counties, "平江县/自评表.xlsx", filled.read_bytes())
    (each,) = receive(two_counties).files
    assert (each.county, each.code) == ("平江县", "101001")


def test_a_form_of_two_that_may_be_meant_waits_and_stops_nothing(
    two_counties: Path, tmp_path: Path
) -> None:
    own = {"identity.department_code": "101001", "identity.department": "教育局"}
    template = build_template(find_form(OVERALL), tmp_path / "t.xlsx", prefilled=own)
    filled = ByOpenpyxl().fill(template, tmp_path / "filled.xlsx", faultless(OVERALL)[0])
    drop(two_counties, "自评表.xlsx", filled.read_bytes())
    drop(two_counties, "平江县/水利局.pdf", b"%PDF")
    assert outcomes(receive(two_counties)) == {
        "自评表.xlsx": ("", "unassigned"),
        "水利局.pdf": ("102001", "attachment"),
    }
    assign(two_counties, "自评表.xlsx", "101001", county="清江县")
    board, _ = status(two_counties)
    assert [(d.key.county, d.key.code) for d in board.duties if d.counted] == [("清江县", "101001")]


def test_a_file_is_assigned_once(folder: Path) -> None:
    drop(folder, "a.pdf", b"%PDF")
    receive(folder)
    assign(folder, "a.pdf", "101001")
    with pytest.raises(Exception, match="已经归"):
        assign(folder, "a.pdf", "101001")
    assign(folder, "a.pdf", "102001")
    owners = [duty.key.code for duty in status(folder)[0].duties if duty.attachments]
    assert owners == ["102001"]


# --- and before, and after -------------------------------------------------------------------------------


def test_a_folder_that_was_left_half_made_is_made_anew(folder: Path, tmp_path: Path) -> None:
    (folder / ".round" / "ledger.db").unlink()
    (folder / ".round" / "forms" / ".half.toml").write_bytes(b"")
    again = new_round(folder, forms=[OVERALL], roster=tmp_path / "名册.xlsx", year=2025)
    assert status(again)[1]["round"]["year"] == 2025
    with pytest.raises(BuildError, match="已经有一次收表"):
        new_round(folder, forms=[OVERALL], roster=tmp_path / "名册.xlsx", year=2025)


def test_what_a_round_begins_with_stands_under_the_name_of_who_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def ended(self: Path, target: Path) -> Path:
        moved = replace(self, target)
        if moved.name == "ledger.db":
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(Path, "replace", ended)
    with acting_as("李"), pytest.raises(KeyboardInterrupt):
        new_round(tmp_path / "r", forms=[OVERALL], roster=roster(tmp_path / "名册.xlsx"), year=2025)
    monkeypatch.setattr(Path, "replace", replace)
    with acting_as("王"), opened(tmp_path / "r") as this_round:
        assert {event.who for event in this_round.events} == {"李"}


def test_a_folder_whose_ledger_was_lost_is_not_made_anew(folder: Path, tmp_path: Path) -> None:
    drop(folder, "a.pdf", b"%PDF")
    receive(folder)
    (folder / ".round" / "ledger.db").unlink()
    with pytest.raises(BuildError, match="已经有一次收表"):
        new_round(folder, forms=[OVERALL], roster=tmp_path / "名册.xlsx", year=2025)


def test_a_short_text_has_seventy_characters_and_not_forty(folder: Path) -> None:
    send(folder, ["101001"])
    toml = folder / "round.toml"
    text = toml.read_text(encoding="utf-8").replace(
        "# deadline = 2025-03-31", "deadline = 2025-03-31"
    )
    toml.write_text(text.replace('contact = ""', 'contact = "预算股 4221016"'), encoding="utf-8")
    (said,) = remind(folder, ["101001"]).said
    assert 40 < len(said) <= 70
    assert "请尽快报送" in said
