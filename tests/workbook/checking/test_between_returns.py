"""What shows only between returns: of which round they are, whose they are, whether one copies another."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.api import Severity
from tests.fillings import (
    FILLED,
    ROSTER,
    accepted,
    changed,
    filling,
    overall,
    project,
    project_form,
    sample_returns,
)
from workbook import Finding, Return, Roster, RosterError, load_roster
from workbook.checking import add_findings_between, sort_by_sender

GIVEN = filling(FILLED[0])


def sent(year: int, department: str, *, budget: float = 100.0) -> Return:
    """A department's return of a year."""
    given = changed(
        GIVEN,
        identity__fiscal_year=float(year),
        identity__department=department,
        identity__department_code=None,
        funds__original_budget=budget,
    )
    return accepted(given, f"{department}{year}.xlsx")


def told(
    returns: Sequence[Return], code: str, roster: Roster | None = None, year: int | None = None
) -> dict[str, Finding]:
    """By file: the finding of a code."""
    return {
        item.path.name: f
        for item in add_findings_between(returns, roster, year=year)
        for f in item.findings
        if f.code == code
    }


def roster_of(path: Path, text: str) -> Roster:
    path.write_text(text, encoding="utf-8")
    return load_roster(path)


# --- the round ------------------------------------------------------------------------------------


A, B, C = "甲局", "乙局", "丙局"


def copies(year: int, department: str, *budgets: float) -> list[Return]:
    return [replace(sent(year, department, budget=n), path=Path(f"{n}.xlsx")) for n in budgets]


@pytest.mark.parametrize(
    ("returns", "year", "due"),
    [
        # it follows from the others only
        ([sent(2024, A), sent(2024, B, budget=101.0), sent(2023, C, budget=102.0)], None, ["丙局2023.xlsx"]),
        # a year that is told outweighs the many
        ([sent(2023, A), sent(2023, B, budget=101.0), sent(2024, C, budget=102.0)], 2024,
         ["甲局2023.xlsx", "乙局2023.xlsx"]),
        # many returns of one department are one voice, of which the one that counts is told
        ([*copies(2023, A, 1.0, 2.0, 3.0), sent(2024, B), sent(2024, C, budget=101.0)], None, ["3.0.xlsx"]),
        # of one each the definition's own year is due
        ([sent(2024, A), sent(2023, B, budget=1.0)], None, ["乙局2023.xlsx"]),
        ([sent(2022, A), sent(2023, B, budget=1.0)], None, []),
        ([sent(2023, A)], None, []),
    ],
)  # fmt: skip
def test_a_return_of_another_year_is_found_at_its_title(
    returns: list[Return], year: int | None, due: list[str]
) -> None:
    found = told(returns, "W117", year=year)
    assert list(found) == due
    severity = Severity.WARNING if year is None else Severity.ERROR
    assert all((f.cell, f.expected, f.severity) == ("A3", "2024", severity) for f in found.values())


def test_the_rosters_year_counts_for_a_single_return(tmp_path: Path) -> None:
    roster = roster_of(tmp_path / "r.csv", "部门,年度\n甲局,2024年度\n乙局,\n")
    assert (
        roster.year,
        list(told([sent(2023, "甲局")], "W117", roster)),
        told([sent(2024, "甲局")], "W117", roster),
        told([sent(2023, "甲局")], "W117", roster, year=2023),
    ) == (2024, ["甲局2023.xlsx"], {}, {})


@pytest.mark.parametrize("years", ["2024,2023", "二四年,2024", "24,24"])
def test_a_roster_of_two_years_or_of_none_is_refused(tmp_path: Path, years: str) -> None:
    first, second = years.split(",")
    with pytest.raises(RosterError, match="年度"):
        roster_of(tmp_path / "r.csv", f"部门,年度\n甲局,{first}\n乙局,{second}\n")


def test_another_version_than_most_sent_is_found() -> None:
    def of(department: str, version: str, budget: float) -> Return:
        item = sent(2024, department, budget=budget)
        assert item.submission is not None
        form = replace(overall(), version=version)
        return replace(item, submission=replace(item.submission, form=form))

    returns = [of("甲局", "2024", 1.0), of("乙局", "2024", 2.0), of("丙局", "2023", 3.0)]
    (what,) = told(returns, "W117").values()
    assert (what.printed, what.expected) == ("2023", "2024")


def test_a_return_of_the_due_year_is_not_scolded_for_its_version_by_last_years() -> None:
    def of(department: str, year: int, budget: float) -> Return:
        item = sent(year, department, budget=budget)
        assert item.submission is not None
        form = replace(overall(), version=str(year), fiscal_year=year)
        return replace(item, submission=replace(item.submission, form=form))

    returns = [of("甲局", 2024, 1.0), of("乙局", 2024, 2.0), of("丙局", 2025, 3.0)]
    assert list(told(returns, "W117", year=2025)) == ["甲局2024.xlsx", "乙局2024.xlsx"]


def test_a_department_that_sent_another_form_than_all_others_is_found(tmp_path: Path) -> None:
    own = [sent(2024, name, budget=n) for n, name in enumerate(("甲局", "乙局", "丙局"), 1)]
    other = project(project_form(tmp_path), "项目一", department="丁局", code="9")
    too = project(project_form(tmp_path), "项目二", department="甲局", code="")
    found = told([*own, other, too], "W117")
    assert (list(found), found["丁局_项目一.xlsx"].expected) == (
        ["丁局_项目一.xlsx"],
        overall().name,
    )
    assert told([*own[:2], other], "W117") == {}, "too few to tell"


def test_the_samples_are_one_round() -> None:
    roster = load_roster(ROSTER)
    codes = {
        f.code for item in add_findings_between(sample_returns(), roster) for f in item.findings
    }
    assert codes == set()


# --- whose they are -------------------------------------------------------------------------------

NAMES = "预算编码,部门\n001,云溪区甲局\n002,云溪区乙局\n"


def test_a_file_named_after_another_department_is_found(tmp_path: Path) -> None:
    roster = roster_of(tmp_path / "r.csv", NAMES)
    item = replace(sent(2024, "云溪区甲局"), path=Path("002_云溪区乙局.xlsx"))
    (what,) = told([item], "A503", roster).values()
    assert (what.cell, what.printed, what.expected) == ("D5", "云溪区甲局", "云溪区乙局")
    for name in ("001_云溪区甲局.xlsx", "自评表.xlsx", "云溪区甲局和云溪区乙局.xlsx"):
        assert told([replace(item, path=Path(name))], "A503", roster) == {}


def test_two_departments_that_sent_the_very_same_are_found() -> None:
    returns = [sent(2024, "甲局"), sent(2024, "乙局"), sent(2024, "丙局", budget=7.0)]
    found = told(returns, "A504")
    assert list(found) == ["甲局2024.xlsx", "乙局2024.xlsx"]
    assert "甲局" in found["乙局2024.xlsx"].message
    again = [returns[0], replace(returns[0], path=Path("again.xlsx"))]
    assert told(again, "A504") == {}, "one department's own duplicate"


@pytest.mark.parametrize(
    "copy",
    [
        "副本甲局",
        "复件 甲局",
        "Copy of 甲局",
        "甲局(1)",
        "甲局（2）",
        "甲局 - 副本",
        "甲局 - 副本 (2)",
        "甲局copy",
        "甲局最终",
    ],
)
def test_of_returns_saved_at_the_same_time_the_one_not_named_a_copy_counts(copy: str) -> None:
    own = replace(sent(2024, "甲局"), path=Path("z/甲局.xlsx"), modified="2025-03-01")
    other = replace(own, path=Path(f"a/{copy}.xlsx"))
    assert (sort_by_sender([own, other]).replaced, sort_by_sender([other, own]).replaced) == (
        {1: 0},
        {0: 1},
    )
    assert sort_by_sender([own, replace(other, modified="2025-03-02")]).replaced == {0: 1}, (
        "later comes first"
    )


def test_a_copy_s_short_name_does_not_outweigh_a_long_one_of_its_own() -> None:
    copy = replace(sent(2024, "甲局"), path=Path("甲(1).xlsx"))
    named = replace(copy, path=Path("001_岳阳市云溪区甲局_自评表.xlsx"))
    assert sort_by_sender([copy, named]).replaced == {0: 1}


def test_a_return_that_names_both_joins_what_stood_apart() -> None:
    def one(name: str, code: str | None) -> Return:
        given = changed(GIVEN, identity__department=name, identity__department_code=code)
        return accepted(given, f"{name}{code}.xlsx")

    returns = [one("甲局", "001"), one("乙局", None), one("丙局", "009"), one("乙局", "001")]
    departments = sort_by_sender(returns, None).departments
    assert departments[0] == departments[1] == departments[3] != departments[2]


def test_what_was_said_already_is_not_said_again(tmp_path: Path) -> None:
    roster = roster_of(tmp_path / "r.csv", "预算编码,部门\n001,县档案馆\n002,县水利局\n")
    once = add_findings_between([sent(2024, "县档案局")], roster)
    assert add_findings_between(once, roster) == once
    (violation,) = [f for f in once[0].findings if f.code == "A501"]
    assert (violation.expected, violation.field) == ("001 县档案馆", "identity.department")
