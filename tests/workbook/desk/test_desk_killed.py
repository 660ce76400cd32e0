"""The desk is killed at random moments of a year and started again; the clerk goes on, and the year comes to the same end."""

from __future__ import annotations

import contextlib
import json
import random
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.clicking import Clicking, DeskGone
from tests.desks import started
from tests.workbook.round import killed_year as script
from tests.workbook.round.test_killed import cells, events, handed_in, stored, written
from workbook import WorkbookError
from workbook.round import acting_as, counted_returns, opened, status, verify

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

KILLS = 50
WHO = "李"
LONG_WORK = ("new_round", "send", "receive", "send_back", "summarise", "publish", "close_round")
TOLD = re.compile("重新启动|双击|新的链接")
"""What a page says when the desk is gone or knows nobody any more: what to do now."""


class Stubborn:
    """A clerk under whom the desk dies: starts it, logs in by the new link, and does once more what was not done."""

    def __init__(self, page: Page, place: Path, kills: random.Random | None) -> None:
        from playwright.sync_api import Error  # noqa: PLC0415 - it may not be there

        self.gone: tuple[type[Exception], ...] = (DeskGone, Error)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.place, self.chance = place, kills
        self.clicking = Clicking(page, f"http://127.0.0.1:{self.port}", place / "拖进来")
        self.killed: Counter[str] = Counter()
        self.told: list[str] = []
        self._running = contextlib.ExitStack()
        self._took: dict[str, float] = {}

    def __enter__(self) -> Stubborn:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def _start(self) -> None:
        self._running.close()
        self.process, link = self._running.enter_context(
            started(self.place, "--port", str(self.port))
        )
        self.clicking.log_in(link, WHO)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *given, **named: self._done(name, *given, **named)

    def _done(self, name: str, *given: Any, **named: Any) -> Any:
        verb = getattr(self.clicking, name)
        for _ in range(self._kills_of(name)):
            # Some in the midst of it, some when all is done but the page.
            timer = threading.Timer(self._moment(name), self.process.kill)
            timer.start()
            self.clicking.patience = 6.0  # a page of which only half has come says nothing
            with contextlib.suppress(*self.gone, WorkbookError):
                verb(*given, **named)
            timer.join()
            self.process.wait()
            self.killed[name] += 1
            self._look_again()
            self.clicking.patience = 120.0
            self._start()
        began = time.monotonic()
        try:
            return verb(*given, **named)
        finally:
            self._took[name] = time.monotonic() - began

    def _kills_of(self, name: str) -> int:
        if self.chance is None:
            return 0
        return min(
            4 if name in LONG_WORK else self.chance.choice((1, 2, 2)), KILLS - self.killed.total()
        )

    def _moment(self, name: str) -> float:
        assert self.chance is not None, "somebody who kills"
        return self.chance.uniform(0.02, 2.0 if name in LONG_WORK else 0.7)

    def _look_again(self) -> None:
        """What the page says of the desk's death to somebody who comes back to it."""
        with contextlib.suppress(*self.gone):
            page = self.clicking.page
            if page.locator(".clerk").count():
                page.evaluate("dispatchEvent(new Event('focus'))")
                page.wait_for_selector("#gone", timeout=5000)
                self.told.append(page.inner_text("#gone"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return handed_in(tmp_path_factory.mktemp("desk"))


@contextlib.contextmanager
def played(
    browser: Browser, desk: Path, place: Path, kills: random.Random | None
) -> Iterator[tuple[Path, Stubborn]]:
    """The year, by clicks."""
    context = browser.new_context(locale="zh-CN")
    context.set_default_timeout(20_000)
    place.mkdir(exist_ok=True)
    folder = place / "r"
    with Stubborn(context.new_page(), place, kills) as clerk:
        script.begin(desk, folder, clerk, clerk.clicking.dropped)
        script.end(desk, folder, clerk, clerk.clicking.dropped)
        yield folder, clerk
    context.close()


@pytest.mark.browser
@pytest.mark.long
def test_a_desk_that_is_killed_at_fifty_moments_loses_nothing_and_does_nothing_twice(
    browser: Browser, desk: Path, tmp_path: Path
) -> None:
    with played(browser, desk, tmp_path / "undisturbed", None) as (undisturbed, _):
        pass
    with played(browser, desk, tmp_path / "killed", random.Random(2024)) as (folder, clerk):
        assert clerk.killed.total() == KILLS, clerk.killed
    assert clerk.told  # where it did not die in the midst of a page
    assert all(TOLD.search(sentence) for sentence in clerk.told), clerk.told
    assert timeless(folder) == timeless(undisturbed)
    assert stored(folder) == stored(undisturbed)
    assert written(folder) == written(undisturbed)
    assert sums(folder) == sums(undisturbed)
    assert not verify(folder.with_name("r.zip")).faults
    with acting_as(WHO):  # and the same as by the verbs themselves
        script.begin(desk, by_verbs := tmp_path / "verbs")
        script.end(desk, by_verbs)
    assert figures(folder) == figures(undisturbed) == figures(by_verbs)


def timeless(folder: Path) -> list[Any]:
    """What happened, without when."""
    return [
        (*event[:-1], {k: v for k, v in json.loads(event[-1]).items() if k not in ("time", "day")})
        for event in events(folder)
    ]


def sums(folder: Path) -> list[tuple[str, str, object]]:
    """The numbers of the summary."""
    return [each for each in cells(folder) if isinstance(each[2], int | float)]


def figures(folder: Path) -> Any:
    """Where each department stands, and each value of each copy that counts."""
    _, record = status(folder)
    duties = [
        (department["code"], department["state"],
         [{k: v for k, v in duty.items() if k not in ("on_time", "counted")} for duty in department["duties"]])
        for department in record["departments"]
    ]  # fmt: skip
    with opened(folder) as this_round:
        submissions = [each.submission for each in counted_returns(this_round)]
    values = [
        {name: cell.value for name, cell in each.cells.items()}
        for each in submissions
        if each is not None
    ]
    return duties, values
