"""Six rounds that show most of what a summary can be; each is added up once."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tests.fillings import (
    FILLED,
    ROSTER,
    SAMPLES,
    accepted,
    changed,
    filling,
    project,
    project_form,
    sample_returns,
    two_years,
)
from workbook import (
    Return,
    Reviews,
    Roster,
    Summary,
    aggregate,
    check,
    load_form,
    load_roster,
    read_returns,
)
from workbook.summary import Review

FORMS = Path(__file__).resolve().parents[1] / "forms"
DEADLINE = datetime.date(2025, 3, 20)
LATE = 3
"""So many of the samples were saved on the day after."""


@dataclass(frozen=True)
class Played:
    """A round's returns and what they add up to; None where the returns are not at hand."""

    home: Path
    """A folder of its own, to be worked in: files are named and linked as seen from there."""
    returns: Sequence[Return] | None
    roster: Roster | None
    summary: Summary


NAMES = ("samples", "two_counties", "two_years", "by_project", "nothing_readable", "left_out")


@cache
def played(name: str) -> Played:
    """One of the rounds, by its name."""
    home = Path(_HOMES.name) / name
    home.mkdir()
    with contextlib.chdir(home):
        roster = (
            load_roster(ROSTER) if name in ("samples", "nothing_readable", "left_out") else None
        )
        if name == "two_years":
            return Played(home, None, None, two_years())
        returns = check(_RETURNS[name](), roster)
        reviews = _reviews() if name == "two_counties" else None
        deadline = DEADLINE if name in ("samples", "left_out") else None
        added = aggregate(returns, roster, deadline=deadline, reviews=reviews)
        return Played(home, returns, roster, added)


_HOMES = tempfile.TemporaryDirectory(prefix="pins")


def _samples() -> list[Return]:
    """The files of the samples; with a size and a time that hold when they are made anew."""
    shutil.copytree(SAMPLES / "returns", "returns")
    return [
        replace(
            item,
            modified=f"2025-03-{21 if number < LATE else 18}T08:00:00Z",
            size=120_000,
            sha256=f"{number:064}",
        )
        for number, item in enumerate(read_returns([Path("returns")]))
    ]


def _two_counties() -> list[Return]:
    """Two counties whose departments bear the same codes; in the second all amounts are larger."""
    found = []
    for number, county in enumerate(("甲县", "乙县")):
        for path in FILLED[:4]:
            given = filling(path)
            spent = given.values["funds.actual_expenditure"]
            assert isinstance(spent, float)
            own = changed(given, funds__actual_expenditure=spent - number)
            item = accepted(own, f"收回/{county}/{path.stem[:6]}.xlsx")
            found.append(replace(item, county=county))
    return found


def _reviews() -> Reviews:
    form = "部门整体支出绩效自评"
    typed = (
        Review(form, 2024, "甲县", "118001", "岳阳市云溪区档案馆", "", 71.5, "现场核查", ""),
        Review(form, 2024, "乙县", "125001", "岳阳市云溪区科学技术协会", "", None, "资料待补", ""),
        Review(form, 2024, "乙县", "999999", "没有这个单位", "", 60.0, "", ""),
    )
    return Reviews(Path("上次.xlsx"), typed)


def _by_project() -> list[Return]:
    """Projects in 元 by a bureau's own small form, and one by a form of the rarer variants."""
    form, odd = project_form(Path()), load_form(FORMS / "odd_form_2023.toml")
    return [
        project(form, "道路改造"),
        project(form, "桥梁加固", planned=3_500_000),
        project(form, "供水管网", department="水务局", code="002", planned=0),
        accepted(filling(FORMS / "filled" / "odd_form.toml", odd), "科普.xlsx", form=odd),
    ]


def _nothing_readable() -> list[Return]:
    """What is no form at all."""
    Path("扫描件.pdf").write_bytes(b"%PDF-1.4\n")
    Path("坏了的.xlsx").write_bytes(b"PK\x03\x04 and no more")
    Path("空的.xlsx").write_bytes(b"")
    files = ("坏了的.xlsx", "扫描件.pdf", "空的.xlsx")
    return [replace(item, modified="") for item in read_returns([Path(file) for file in files])]


def _left_out() -> list[Return]:
    """An older copy, an undecided pair, another year's, a stranger's, and one that is broken."""
    first, second, third, fourth, *_ = sample_returns()
    own = [filling(path) for path in FILLED[:6]]
    stranger = changed(own[5], identity__department="外县某局", identity__department_code="999001")
    return [
        accepted(own[0], "returns/旧的档案馆.xlsx", modified="2025-03-01T08:00:00Z"),
        accepted(
            changed(own[0], funds__original_budget=170.0),
            first.path,
            modified="2025-03-10T08:00:00Z",
        ),
        second,
        accepted(changed(own[1], goals__achieved_goals="完成。"), "returns/另一份.xlsx"),
        accepted(changed(own[2], identity__fiscal_year=2023.0), third.path),
        replace(fourth, modified="2025-03-25T08:00:00Z"),
        accepted(stranger, "returns/外县.xlsx"),
        *_nothing_readable()[:1],
    ]


_RETURNS = {
    "samples": _samples,
    "two_counties": _two_counties,
    "by_project": _by_project,
    "nothing_readable": _nothing_readable,
    "left_out": _left_out,
}
