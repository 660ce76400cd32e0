"""The whole year of the round's own test, told once more by clicks: the same figures at every stage, and the same on the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clicking import Clicking
from tests.desks import running
from tests.rounds import ByOpenpyxl, office_hand
from tests.years import Year, play_year
from workbook.round import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.long

WHO = "王芳"


@dataclass
class YearAtTheDesk(Year):
    """What is dropped in is dragged onto the page; what is counted, the board shows too."""

    @property
    def inbox(self) -> Path:
        dropped: Path = self.by.dropped
        return dropped

    def keep_open(self, code: str) -> None:
        self.by.keep_open(code)

    def counts(self, day: str = "2025-03-20") -> dict[str, int]:
        counted = super().counts(day)
        assert self.by.counts() == counted
        return counted


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, locale="zh-CN")
    context.set_default_timeout(60_000)
    page = context.new_page()
    told: list[str] = []
    page.on("pageerror", lambda error: told.append(str(error)))
    yield page
    context.close()
    assert not told, told


@pytest.fixture(params=["openpyxl", pytest.param("office", marks=pytest.mark.office)])
def year(request: pytest.FixtureRequest, tmp_path: Path, page: Page) -> Iterator[Year]:
    desk, path = tmp_path / "desk", tmp_path / "2024年度自评"
    desk.mkdir()
    with running(None, base=tmp_path) as started:
        clicking = Clicking(page, started.url, tmp_path / "拖进来")
        clicking.log_in(started.link(), WHO)
        if request.param == "openpyxl":
            yield YearAtTheDesk(path, desk, ByOpenpyxl(), (".xlsx",), by=clicking)
        else:
            with office_hand() as hand:
                yield YearAtTheDesk(path, desk, hand, (".xlsx", ".xls", ".ods"), by=clicking)


def test_a_year_by_clicks_from_the_first_form_to_the_next_year(year: Year) -> None:
    play_year(year)
    with opened(year.path) as this_round:
        this_round.ledger.require_whole()
        assert WHO in {event.who for event in this_round.events}
