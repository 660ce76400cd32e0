"""Two at once: two browsers, or a browser and the command line, never write over each other."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desks import SAMPLES, Clerk, RunningDesk, running
from workbook.round import decide, new_round, opened, receive, send

CODE = "118001"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = new_round(
        tmp_path / "r", forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024
    )
    send(folder)
    receive(folder, next((SAMPLES / "returns").glob(f"{CODE}*")))
    return folder


@pytest.fixture
def desk(folder: Path) -> Iterator[RunningDesk]:
    with running(folder) as started:
        yield started


def test_a_decision_on_what_has_changed_is_refused_with_what_changed(
    desk: RunningDesk, folder: Path
) -> None:
    with Clerk(desk, "王芳") as first, Clerk(desk, "李强") as second:
        seen_by_first, seen_by_second = first.seen(CODE), second.seen(CODE)
        assert "核定" in first.do("decide", do="approve", **seen_by_first)
        told = second.do("decide", do="excuse", why="撤并", **seen_by_second)
        assert "您打开这一页以后又有变动（王芳 核定）；没有照办，请看过再定" in told
        assert "免报" in second.do("decide", do="excuse", why="撤并", **second.seen(CODE))
    with opened(folder) as this_round:
        assert [(e.who, e.kind) for e in this_round.events[-2:]] == [
            ("王芳", "approved"),
            ("李强", "excused"),
        ]


def test_a_new_version_by_the_command_line_refuses_what_rests_on_the_old(
    desk: RunningDesk, folder: Path
) -> None:
    with Clerk(desk) as clerk:
        seen = clerk.seen(CODE)
        shutil.copy(
            next((SAMPLES / "returns").glob("125001*")), folder / f"收件/{CODE} 扫描的.xlsx"
        )
        (folder / f"收件/{CODE} 又一份.xlsx").write_bytes(b"broken")
        receive(folder)
        told = clerk.do("decide", do="approve", **seen)
        assert "看到的是第 1 版，后来又有第 2 版" in told
        assert "没有照办，请看过再定" in told


def test_a_form_that_does_not_say_what_it_saw_is_refused(desk: RunningDesk) -> None:
    with Clerk(desk) as clerk:
        seen = clerk.seen(CODE) | {"seen": ""}
        assert "没有写明看到的是第几版" in clerk.do("decide", do="approve", **seen)


def test_many_decisions_at_once_are_each_an_event_or_a_sentence(
    desk: RunningDesk, folder: Path
) -> None:
    codes = [entry for entry in ("119001", "125001", "207001", "207003") for _ in range(3)]
    told: list[str] = []

    def work(code: str) -> None:
        with Clerk(desk, code) as clerk:
            told.append(clerk.do("decide", do="nothing", **clerk.seen(code)))

    threads = [threading.Thread(target=work, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened(folder) as this_round:
        written = [
            event.duty.code for event in this_round.events if event.kind == "declared_nothing"
        ]
        this_round.ledger.require_whole()
    assert sorted(written) == sorted(set(codes))
    assert sum("没有照办" in each for each in told) == len(codes) - len(written)


def test_the_command_line_goes_on_while_the_desk_stands(desk: RunningDesk, folder: Path) -> None:
    with Clerk(desk) as clerk:
        decide(folder, "119001", nothing=True)
        assert "申报无" in clerk.text("department?code=119001")
        assert "申报无" in clerk.do("decide", do="nothing", **clerk.seen("125001"))
        decide(folder, "125001", undo=True, why="看错")
        assert "已发未报" in clerk.text("department?code=125001")
