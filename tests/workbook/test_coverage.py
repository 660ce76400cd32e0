"""Who is late: which day counts, against which deadline."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.fillings import FILLED, accepted, changed, filling, rejected
from workbook.coverage import day_received
from workbook.findings import finding
from workbook.roster import Entry, Roster
from workbook.submission import Return
from workbook.summary import aggregate

ARCHIVE = "岳阳市云溪区档案馆"
DUE = date(2025, 3, 20)


def roster(deadline: date | None = None) -> Roster:
    entries = Entry("118001", ARCHIVE, deadline=deadline, row=2), Entry("9", "某局")
    return Roster(Path("r.csv"), entries)


def sent(modified: str, path: str = "a.xlsx", prepared: date | None = None) -> Return:
    given = changed(filling(FILLED[0]), identity__prepared_on=prepared)
    return accepted(given, path, modified=modified)


def line(
    *returns: Return, deadline: date | None = DUE, known: Roster | None = None
) -> dict[str, Any]:
    found = aggregate(returns, known or roster(), deadline=deadline).coverage
    return {str(key): value for key, value in found.iloc[0].items()}


@pytest.mark.parametrize(
    ("modified", "prepared", "told"),
    [
        ("2025-03-20T15:59:59Z", None, (date(2025, 3, 20), "saved")),
        ("2025-03-20T16:00:00Z", None, (date(2025, 3, 21), "saved")),
        ("2025-03-20T23:30:00+08:00", None, (date(2025, 3, 20), "saved")),
        ("2025-03-21", date(2025, 3, 1), (date(2025, 3, 21), "saved")),
        ("", date(2025, 3, 1), (date(2025, 3, 1), "prepared")),
        ("gestern", None, (None, "")),
    ],
)
def test_the_day_saved_counts_in_china_s_time_else_the_day_told(
    modified: str, prepared: date | None, told: tuple[date | None, str]
) -> None:
    assert day_received(sent(modified, prepared=prepared)) == told


def test_a_return_after_the_deadline_is_late_by_days() -> None:
    found = line(sent("2025-03-23"))
    assert (bool(found["late"]), found["days_late"]) == (True, 3)
    on_time = line(sent("2025-03-20"))
    assert (bool(on_time["late"]), on_time["days_late"]) == (False, 0)


def test_the_first_return_that_was_read_decides() -> None:
    broken = rejected("118001.xlsx", finding("W102"))
    found = line(sent("2025-03-19"), sent("2025-05-01", "b.xlsx"), broken)
    assert not found["late"]
    assert found["received"] == pd.Timestamp("2025-03-19")
    assert found["duplicates"] == 1


def test_the_roster_s_own_deadline_comes_first() -> None:
    own = roster(deadline=date(2025, 3, 31))
    assert not line(sent("2025-03-23"), known=own)["late"]
    assert line(sent("2025-03-23"), known=own)["deadline"] == pd.Timestamp("2025-03-31")
    assert line(sent("2025-04-01"), known=own)["late"]


def test_without_deadline_or_day_nothing_is_judged() -> None:
    assert pd.isna(line(sent("2025-03-23"), deadline=None)["late"])
    assert pd.isna(line(sent(""))["late"])
    assert pd.isna(aggregate([], roster(), deadline=DUE).coverage["late"]).all()


def test_the_counted_return_s_findings_stand_in_the_coverage() -> None:
    good = accepted(filling(FILLED[0]), "a.xlsx", findings=[finding("V301", label="x")])
    coverage = aggregate([good], roster()).coverage
    assert coverage["errors"].tolist() == [1, pd.NA]
    assert coverage["warnings"].tolist() == [0, pd.NA]
