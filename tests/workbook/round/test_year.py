"""A year by the verbs themselves, and what a round does with a stranger's file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rounds import ByOpenpyxl, office_hand, roster
from tests.years import OVERALL, Year, play_year
from workbook.round import assign, new_round, receive, status


@pytest.fixture(
    params=["openpyxl", pytest.param("office", marks=[pytest.mark.office, pytest.mark.long])]
)
def year(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Year]:
    desk = tmp_path / "desk"
    desk.mkdir()
    path = tmp_path / "2024年度自评"
    if request.param == "openpyxl":
        yield Year(path, desk, ByOpenpyxl(), (".xlsx",))
    else:
        with office_hand() as hand:
            yield Year(path, desk, hand, (".xlsx", ".xls", ".ods"))


def test_a_year_from_the_first_form_to_the_next_year(year: Year) -> None:
    play_year(year)


def test_a_file_of_nobody_waits_for_the_clerk(tmp_path: Path) -> None:
    path = new_round(
        tmp_path / "r", forms=[OVERALL], roster=roster(tmp_path / "名册.xlsx"), year=2024
    )
    (path / "收件" / "扫描001.pdf").write_bytes(b"%PDF-1.4 nobody")
    received = receive(path)
    assert [each.outcome for each in received.files] == ["unassigned"]
    assert len(status(path)[0].unassigned) == 1
    (stray,) = status(path)[0].unassigned
    assign(path, str(stray.event), "101001")
    assert not status(path)[0].unassigned
    assert len(next(d for d in status(path)[0].duties if d.key.code == "101001").attachments) == 1


def test_the_record_of_a_round_is_plain_json(tmp_path: Path) -> None:
    path = new_round(
        tmp_path / "r", forms=[OVERALL], roster=roster(tmp_path / "名册.xlsx"), year=2024
    )
    _, record = status(path)
    assert json.loads(json.dumps(record)) == record
