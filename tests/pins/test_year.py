"""What a round's year leaves behind: its ledger, status and history, the files it writes, what is sent back.

Times, digests and sizes are left out, and the day until when corrections are asked for, which is to come.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from tests.pins import told
from tests.pins.conftest import Pin
from tests.rounds import DEPARTMENTS, ByOpenpyxl
from tests.years import BY, OVERALL, Year, play_year
from workbook import find_form
from workbook.round import history, opened, status

DAY = datetime.date(2025, 4, 20)
UNTIL = datetime.date.fromisoformat(BY)
VARIES = (
    (r"\b[0-9a-f]{12,64}\b", "(hash)"),
    (r"(?<=/files/)[0-9a-f]{2}(?=/)", "(hash)"),
    (r"(?<=_)[0-9a-f]{8}(?=\.zip)", "(hash)"),
    (r"\bwho=\S+", "who=(user)"),
    (rf"(?<!\d){UNTIL.month}月{UNTIL.day}日", "(day)"),
    (r"\b20(?!24|25|30)\d\d ?年 ?\d+ ?月 ?\d+ ?日", "(day)"),
    (r"\b(size|bytes)=\d+", r"\1=(size)"),
    (r"\b20(?!24|25|30)\d\d-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?", "(day)"),
)


@dataclass(frozen=True)
class Played:
    year: Year
    top: Path

    def lasting(self, lines: Iterable[str]) -> list[str]:
        """Lines without what is different each time."""
        found = []
        for line in lines:
            kept = line.replace(str(self.top), "(here)")
            for pattern, word in VARIES:
                kept = re.sub(pattern, word, kept)
            found.append(kept)
        return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    top = tmp_path_factory.mktemp("year")
    (top / "desk").mkdir()
    year = Year(top / "2024年度自评", top / "desk", ByOpenpyxl(), (".xlsx",))
    play_year(year)
    return Played(year, top)


def test_the_ledger_is_what_it_was(pin: Pin, played: Played) -> None:
    with opened(played.year.path) as this_round:
        events = [
            (f"{number}  {each.kind}  {each.duty.text}", each.data)
            for number, each in enumerate(this_round.events, 1)
        ]
    pin(played.lasting(line for head, data in events for line in told.nested(data, head)))


def test_status_and_history_are_what_they_were(pin: Pin, played: Played) -> None:
    _, record = status(played.year.path, DAY)
    lines = list(told.nested(record))
    for code, _ in DEPARTMENTS[:9]:
        own = history(played.year.path, code, form=OVERALL)
        lines += told.nested(own, f"history {code}")
    pin(played.lasting(lines))


def test_the_files_are_those_that_were_written(pin: Pin, played: Played) -> None:
    paths = (path for path in played.top.rglob("*") if path.is_file())
    names = Counter(played.lasting(path.relative_to(played.top).as_posix() for path in paths))
    pin(f"{name}  {count}" for name, count in sorted(names.items()) if not name.startswith("desk/"))


def test_a_form_that_is_sent_back_is_what_it_was(pin: Pin, played: Played) -> None:
    path = played.year.back(DEPARTMENTS[0][0])
    sheets = openpyxl.load_workbook(path, read_only=True).sheetnames
    lines = list(told.template(path, find_form(OVERALL).digest))
    own = [line for line in lines if line.startswith(("退回修改!", "name back", "name answer"))]
    pin(played.lasting([f"sheets  {'  '.join(sheets)}", *own]))
