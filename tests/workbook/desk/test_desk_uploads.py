"""What is dropped in: whole or not at all, whatever breaks."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import time
from pathlib import Path

import pytest

from tests.api import Errand, Limits, replace_part
from tests.desks import SAMPLES, Clerk, RunningDesk, dies
from workbook.round import close_round, opened


def inbox(folder: Path) -> list[str]:
    return sorted(
        p.relative_to(folder / "收件").as_posix()
        for p in (folder / "收件").rglob("*")
        if p.is_file()
    )


def half(folder: Path) -> list[Path]:
    """What lies about that is not whole."""
    return list(folder.glob(".收件中-*"))


def test_names_are_kept_folders_too_and_nothing_is_replaced(clerk: Clerk, folder: Path) -> None:
    clerk.drop(("甲/表.xlsx", b"1"), ("表.xlsx", b"2"))
    clerk.drop(
        ("表.xlsx", b"3"),
        ("表.xlsx", b"2"),
        ("../../逃.xlsx", b"4"),
        ("C:\\x\\盘.xlsx", b"5"),
        (".隐", b"6"),
    )
    assert inbox(folder) == [
        "甲/表.xlsx",
        "盘.xlsx",
        "表 (2).xlsx",
        "表.xlsx",
        "逃.xlsx",
        "隐",
    ]
    assert not half(folder)


def test_what_brings_nothing_is_said(clerk: Clerk, folder: Path) -> None:
    clerk.drop(("甲.pdf", b"1"), ("~$表.xlsx", b"x"))
    assert inbox(folder) == ["甲.pdf"]
    assert "1 个是软件留下的临时文件，没有收" in clerk.text("receive")
    clerk.drop(("甲.pdf", b"1"), ("乙.pdf", b"2"))
    assert "以前送来过，没有变：甲.pdf" in clerk.text("receive")
    clerk.drop(*((f"{n}.pdf", b"%d" % n) for n in range(7)))
    assert "以前送来过" not in clerk.text("receive")
    clerk.drop(*((f"{n}.pdf", b"%d" % n) for n in range(7)))
    assert "0.pdf、1.pdf、2.pdf、3.pdf、4.pdf等 7 个" in clerk.text("receive")


def test_a_file_beyond_the_limit_is_told_and_the_others_are_kept(
    clerk: Clerk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_part(monkeypatch, "the limits of an upload", lambda: Limits(file_bytes=1024 * 1024))
    told = clerk.drop(("大.xlsx", b"x" * (1024 * 1024 + 1)), ("小.xlsx", b"x")).json()
    assert told["kept"] == ["小.xlsx"]
    assert told["refused"] == [["大.xlsx", "超过 1 MB，没有收；请核对是不是自评表"]]
    assert inbox(folder) == ["小.xlsx"]
    assert not half(folder)


def test_without_a_script_the_form_sends_the_files(clerk: Clerk, folder: Path) -> None:
    clerk.get("receive")
    answer = clerk.client.post(
        clerk.at("upload"),
        data={"_check": clerk.check},
        files=[("files", ("a.pdf", b"x"))],
        follow_redirects=True,
    )
    assert answer.status_code == 200
    assert inbox(folder) == ["a.pdf"]
    for _ in range(100):
        if "不知是谁的" in clerk.text("receive"):
            break
        time.sleep(0.1)
    assert "a.pdf" in clerk.text("receive")


def test_a_connection_that_breaks_leaves_nothing_half(
    clerk: Clerk, desk: RunningDesk, folder: Path
) -> None:
    cookie = "; ".join(f"{c.name}={c.value}" for c in clerk.client.cookies.jar)
    part = '--b\r\nContent-Disposition: form-data; name="files"; filename="{}"\r\n\r\n'
    body = (
        part.format("whole.pdf").encode()
        + b"whole\r\n"
        + part.format("half.pdf").encode()
        + b"x" * 300_000
    )
    head = (
        f"POST {clerk.at('upload')} HTTP/1.1\r\nHost: 127.0.0.1:{desk.port}\r\nCookie: {cookie}\r\n"
        f"X-Desk-Check: {clerk.check}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", desk.port)) as line:
        line.sendall(head.encode() + body)
        for _ in range(100):
            if half(folder):
                break
            time.sleep(0.05)
        assert half(folder)
    for _ in range(100):
        if not half(folder):
            break
        time.sleep(0.05)
    assert not half(folder)
    assert inbox(folder) == ["whole.pdf"]
    assert clerk.drop(("whole.pdf", b"whole"), ("half.pdf", b"all of it")).json()["kept"] == [
        "whole.pdf",
        "half.pdf",
    ]
    assert inbox(folder) == ["half.pdf", "whole.pdf"]


def test_what_a_killed_desk_left_half_is_swept_away(clerk: Clerk, folder: Path) -> None:
    old, new = folder / ".收件中-old", folder / ".收件中-new"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    clerk.drop(("a.pdf", b"x"))
    assert (old.exists(), new.exists()) == (False, True)


def test_a_full_disk_is_a_sentence_and_leaves_nothing_half(
    clerk: Clerk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    answer = clerk.drop(("a.pdf", b"x"))
    assert answer.status_code == 400
    assert "“收件”写不了（磁盘已满" in answer.json()["refused"][0][1]
    assert inbox(folder) == []
    assert not half(folder)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b--\r\n",
        b"nonsense",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
    ],
)
def test_what_is_no_upload_is_told(clerk: Clerk, folder: Path, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b", "x-desk-check": clerk.check}
    answer = clerk.client.post(clerk.at("upload"), content=body, headers=headers)
    assert answer.status_code in (200, 400)
    assert clerk.client.post(clerk.at("upload"), content=body).status_code == 400
    assert inbox(folder) == []


def test_a_thousand_small_files_are_taken_in_and_each_is_told_once(
    clerk: Clerk, folder: Path
) -> None:
    for start in range(0, 1000, 25):
        told = clerk.drop(
            *((f"{n}.pdf", f"%PDF {n}".encode()) for n in range(start, start + 25))
        ).json()
        assert len(told["kept"]) == 25
    answer = clerk.send("receive")
    stream = clerk.get(answer.headers["location"]).text
    place = stream.partition('data-stream="')[2].partition('"')[0].replace("&amp;", "&")
    numbers: list[int] = []
    broken = False
    while True:
        ended = False
        with clerk.client.stream(
            "GET", place, headers={"last-event-id": str(numbers[-1])} if numbers else {}
        ) as lines:
            for line in lines.iter_lines():
                if line.startswith("id: "):
                    numbers.append(int(line[4:]))
                if len(numbers) > 300 and not broken:
                    broken = True
                    break  # the browser loses the line, and goes on at the very next event
                ended = ended or line == "event: end"
        if ended:
            break
    assert len(numbers) == len(set(numbers)) == 1000
    with opened(folder) as this_round:
        assert numbers == [event.id for event in this_round.events if event.kind == "received"]


def test_a_file_that_kills_its_reader_does_not_kill_the_desk(
    clerk: Clerk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(next((SAMPLES / "returns").glob("118001*")), folder / "收件")
    replace_part(monkeypatch, "the reader of one kept file", dies)
    text = clerk.receive()
    assert "118001" in text
    assert "读不出" in text
    assert clerk.get("board").status_code == 200
    told = clerk.do("assign", do="assign", file="118001_岳阳市云溪区档案馆.xlsx", whose="119001")
    assert "归 119001" in told


def test_work_that_ends_while_its_page_is_drawn_is_followed_to_its_end(
    clerk: Clerk, desk: RunningDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_desk = desk.desk.first
    assert on_desk is not None
    errand = Errand(on_desk, "收表", clerk.at("receive"), 0)
    desk.desk.errands._errands[errand.id] = errand
    before = on_desk.snapshot()

    def drawn_too_early(_: object) -> object:
        errand.ended.set()
        return before

    replace_part(monkeypatch, "a round as a page shows it", drawn_too_early)
    assert "data-stream" in clerk.get(f"receive?work={errand.id}").text


def test_a_sealed_round_takes_nothing_more(clerk: Clerk, folder: Path) -> None:
    close_round(folder, why="演练")
    answer = clerk.drop(("a.pdf", b"x"))
    assert (answer.status_code, "已经封存" in answer.json()["refused"][0][1]) == (400, True)
    assert inbox(folder) == []
