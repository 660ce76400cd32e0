"""What six rounds give: the summary workbook, its page, the Word draft, documents, notices, data."""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path

import pytest

from builder import (
    build_county_report,
    build_page,
    build_summary,
    write_data,
    write_notices,
    write_reports,
)
from tests.pins import told
from tests.pins.conftest import Pin
from tests.pins.six_rounds import NAMES, played
from workbook import frames

NOW = datetime.datetime(2025, 4, 1, 8, tzinfo=datetime.UTC)
EACH_ROUND = pytest.mark.parametrize("name", NAMES)
WITH_RETURNS = pytest.mark.parametrize("name", [name for name in NAMES if name != "two_years"])


@EACH_ROUND
def test_the_summary_is_what_it_was(pin: Pin, name: str) -> None:
    a_round = played(name)
    with contextlib.chdir(a_round.home):
        path = build_summary(a_round.summary, "汇总.xlsx", now=NOW)
        pin(told.summary(path))


@EACH_ROUND
def test_the_page_is_what_it_was(pin: Pin, name: str) -> None:
    a_round = played(name)
    path = build_page(a_round.summary, a_round.home / "汇总.html")
    pin(told.page_data(path))


def test_the_markup_of_a_page_is_what_it_was(pin: Pin) -> None:
    a_round = played(NAMES[0])
    pin(told.markup(build_page(a_round.summary, a_round.home / "网页.html")))


@EACH_ROUND
def test_the_draft_is_what_it_was(pin: Pin, name: str) -> None:
    a_round = played(name)
    path = build_county_report(a_round.summary, a_round.home / "报告.docx")
    pin(told.word(path))


@WITH_RETURNS
def test_documents_and_notices_are_what_they_were(pin: Pin, name: str) -> None:
    a_round = played(name)
    assert a_round.returns is not None
    with contextlib.chdir(a_round.home):
        written = write_reports(a_round.returns[:3], "报告", public=True)
        lines = [f"without  {path.as_posix()}" for path in written.without_report]
        lines += [f"refused  {Path(path).as_posix()}  {why}" for path, why in written.refused]
        for path in (*written.documents, *written.papers):
            lines += [f"{Path(path).stem}:{line}" for line in told.word(Path(path))]
        if written.index:
            lines += [f"index:{line}" for line in told.markup(written.index)]
        for path in write_notices(a_round.returns, "通知", a_round.roster):
            text = path.read_text(encoding="utf-8-sig").splitlines()
            lines += [f"{path.name}:{number}  {each}" for number, each in enumerate(text, 1)]
    pin(lines)


@WITH_RETURNS
def test_the_data_are_what_they_were(pin: Pin, name: str) -> None:
    a_round = played(name)
    assert a_round.returns is not None
    folder = a_round.home / "数据"
    write_data(frames(a_round.returns), folder, a_round.summary)
    pin(told.data(folder))
