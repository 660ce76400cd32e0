"""Equal input gives equal bytes, whatever the clock says."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import openpyxl
import pytest

from builder import build_county_report, build_page, build_summary, build_template
from tests.fillings import overall
from tests.pins.six_rounds import played

NOW = datetime.datetime(2025, 4, 1, 8, tzinfo=datetime.UTC)


def _of_a_round(build: Callable[..., Path], path: Path) -> Path:
    return build(played("two_counties").summary, path)


WRITERS: dict[str, Callable[[Path], Path]] = {
    "template.xlsx": partial(build_template, overall()),
    "summary.xlsx": partial(_of_a_round, partial(build_summary, now=NOW)),
    "page.html": partial(_of_a_round, build_page),
    "draft.docx": partial(_of_a_round, build_county_report),
}


@pytest.mark.parametrize("name", WRITERS)
def test_equal_input_gives_equal_bytes(tmp_path: Path, name: str) -> None:
    first = WRITERS[name](tmp_path / name).read_bytes()
    time.sleep(1.1)  # files tell the time by the second
    assert WRITERS[name](tmp_path / f"again_{name}").read_bytes() == first


def test_a_summary_says_when_it_was_made(tmp_path: Path) -> None:
    path = _of_a_round(partial(build_summary, now=NOW), tmp_path / "summary.xlsx")
    assert openpyxl.load_workbook(path).properties.created == NOW.replace(tzinfo=None)
