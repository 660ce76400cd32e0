"""Who is late: which day counts, against which deadline."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.api import finding
from tests.fillings import FILLED, accepted, changed, filling, rejected
from workbook import Return, Roster, aggregate
from workbook.checking import RosterEntry, add_findings_between

ARCHIVE = "岳阳市云溪区档案馆"
DUE = date(2025, 3, 20)


def roster(deadline: date | None = None) -> Roster:
    entries = RosterEntry("118001", ARCHIVE, deadline=deadline, row=2), RosterEntry("9", "某局")
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
    found = line(sent(modified, prepared=prepared))
    day = None if pd.isna(found["received"]) else found["received"].date()
    assert (day, "" if pd.isna(found["received_by"]) else found["received_by"]) == told


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


# --- what came instead ----------------------------------------------------------------------------


def of_year(number: int, year: int, path: str = "") -> Return:
    given = changed(
        filling(FILLED[0]),
        identity__department=f"{number}局",
        identity__department_code=str(number),
        identity__fiscal_year=float(year),
        funds__original_budget=float(number),
    )
    return accepted(given, path or f"{number}-{year}.xlsx", modified="2025-03-23")


FOUR = Roster(Path("r.csv"), tuple(RosterEntry(str(n), f"{n}局", year=2024) for n in (1, 2, 3, 4)))


def test_last_year_s_form_is_none_of_the_round_s() -> None:
    returns = add_findings_between([of_year(1, 2024), of_year(2, 2024), of_year(3, 2023)], FOUR)
    summary = aggregate(returns, FOUR, deadline=DUE)
    assert [part.fiscal_year for part in summary.forms] == [2024]
    assert summary.files["use"].tolist() == ["counted", "counted", "other_year"]
    found = summary.coverage.loc[3]
    assert (found["status"], found["why"]) == ("missing", "报的是 2023 年度的表")
    late, why = summary.coverage["late"].tolist(), summary.coverage["why"].tolist()
    assert late[:2] == [True, True]
    assert late[2] is pd.NA, "not both missing and late"
    assert why[3] == ""


def test_last_year_s_form_beside_this_year_s_leaves_the_department_answered() -> None:
    returns = add_findings_between([of_year(1, 2024), of_year(2, 2024), of_year(2, 2023)], FOUR)
    found = aggregate(returns, FOUR).coverage.loc[2]
    assert (found["status"], found["why"], found["duplicates"]) == ("answered", "", 0)


def test_a_round_wholly_of_another_year_than_told_is_added_up_with_its_errors() -> None:
    summary = aggregate(add_findings_between([of_year(1, 2023), of_year(2, 2023)], FOUR), FOUR)
    assert summary.files["use"].tolist() == ["counted", "counted"]
    assert summary.coverage["status"].tolist() == ["faulty", "faulty", "missing", "missing"]


def test_whose_form_stands_in_a_missing_department_s_file_is_told() -> None:
    returns = add_findings_between([of_year(1, 2024), of_year(1, 2024, "2局.xlsx")], FOUR)
    found = aggregate(returns, FOUR).coverage
    assert found.loc[2, "status"] == "missing"
    assert "1局" in str(found.loc[2, "why"])
    assert found.loc[3, "why"] == ""
