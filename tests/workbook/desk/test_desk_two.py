"""Two at once: two browsers, or a browser and the command line, never write over each other."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.desks import SAMPLES, Clerk, RunningDesk
from workbook.round import decide, new_round, opened, receive, send

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CODE = "118001"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = new_round(
        tmp_path / "r", forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024
    )
    send(folder)
    receive(folder, next((SAMPLES / "returns").glob(f"{CODE}*")))
    return folder


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


@pytest.mark.browser
def test_of_two_browsers_that_decide_at_the_same_moment_one_is_told_of_the_other(
    browser: Browser, desk: RunningDesk, folder: Path
) -> None:
    for _ in range(3):
        _decided_at_once(browser, desk, folder)


def _decided_at_once(browser: Browser, desk: RunningDesk, folder: Path) -> None:
    contexts = [browser.new_context(locale="zh-CN") for _ in range(2)]
    pages = [context.new_page() for context in contexts]
    for page, who in zip(pages, ("王芳", "李强"), strict=True):
        page.goto(desk.link())
        page.fill("[name=who]", who)
        page.get_by_role("button", name="进入").click()
        page.wait_for_url("**/board")
        page.goto(f"{desk.url}{desk.here}/department?code={CODE}")
        page.wait_for_selector("html[data-ready]")
        page.locator("summary", has_text="免报、延期").click()
    with opened(folder) as this_round:
        before = len(this_round.events)
    moment = time.time() + 1.0  # both browsers press by their own clocks, which are the same one's
    first = pages[0].locator("button[value=nothing]")
    second = pages[1].locator("form", has=pages[1].locator("button[value=excuse]"))
    second.locator("[name=why]").fill("撤并")
    for button in (first, second.locator("button")):
        button.evaluate(
            "(b, at) => void setTimeout(() => b.click(), at - Date.now())", 1000 * moment
        )
    shown = []
    for page in pages:
        page.locator("#messages").wait_for(timeout=60_000)
        shown.append(page.inner_text("#messages"))
    with opened(folder) as this_round:
        (written,) = this_round.events[before:]
        this_round.ledger.require_whole()
    winner = ("王芳", "李强").index(written.who)
    assert written.kind == ("declared_nothing", "excused")[winner]
    assert "没有照办" not in shown[winner]
    assert f"您打开这一页以后又有变动（{written.who}" in shown[1 - winner]
    for context in contexts:
        context.close()
    decide(folder, CODE, undo=True, why="再试")


def test_the_command_line_goes_on_while_the_desk_stands(desk: RunningDesk, folder: Path) -> None:
    with Clerk(desk) as clerk:
        decide(folder, "119001", nothing=True)
        assert "申报无" in clerk.text("department?code=119001")
        assert "申报无" in clerk.do("decide", do="nothing", **clerk.seen("125001"))
        decide(folder, "125001", undo=True, why="看错")
        assert "已发未报" in clerk.text("department?code=125001")
