"""What a department handed in the year before, handed in again or in another unit."""

from collections.abc import Mapping

import pytest

from tests.fillings import FILLED, accepted, changed, filling
from workbook import Filling, Return
from workbook.checking import add_findings_between
from workbook.form import Value

_WHOLE = filling(FILLED[0])
GIVEN = Filling(
    {key: value for key, value in _WHOLE.values.items() if not key.startswith("report.")},
    _WHOLE.rows,
)
AMOUNTS = {
    "original_budget": 162.35,
    "final_budget": 171.6,
    "actual_expenditure": 170.11,
    "general_public_budget": 171.6,
    "basic_expenditure": 120.5,
    "project_expenditure": 49.61,
}
ACHIEVED = "征集档案资料 1,260 件，完成数字化扫描 42.8 万页；接待查档 2,318 人次，群众满意度 98%。"


def sent(year: int, values: Mapping[str, Value] = {}, who: str = "118001 档案馆") -> Return:
    """A department's return of a year; amounts by their fields' names, or a text."""
    code, name = who.split()
    amounts = {f"funds__{key}": values.get(key, amount) for key, amount in AMOUNTS.items()}
    given = changed(
        GIVEN,
        identity__fiscal_year=float(year),
        identity__department=name,
        identity__department_code=code,
        goals__achieved_goals=values.get("achieved", ACHIEVED),
        report__performance=values.get("performance"),
        funds__other_funds=None,
        **amounts,
    )
    return accepted(given, f"{name}{year}.xlsx")


def told(now: Return, *before: Return) -> list[str]:
    (item,) = add_findings_between([now], last_year=before)
    return [f.code for f in item.findings if f.code in ("A509", "A510", "A511")]


def times(factor: float) -> dict[str, Value]:
    return {key: round(amount * factor, 2) for key, amount in AMOUNTS.items()}


OTHER: dict[str, Value] = {
    "achieved": "征集档案资料 1,310 件，完成数字化扫描 51.2 万页；接待查档 2,504 人次，群众满意度 98.4%。"
}


@pytest.mark.parametrize(
    ("now", "codes"),
    [
        ({}, ["A509", "A510"]),
        ({"original_budget": 163.0}, ["A510"]),
        (times(1.03), ["A510"]),
        (OTHER, ["A509"]),
        (times(1.03) | OTHER, []),
        (times(1.03) | {"achieved": ACHIEVED.replace("完成", "已完成")}, ["A510"]),
        (times(10_300) | OTHER, ["A511"]),
        (times(9_000) | OTHER | {"project_expenditure": 400_000.0}, ["A511"]),
        (times(1 / 1_000) | OTHER, ["A511"]),
        (times(10_300) | OTHER | {"basic_expenditure": 121.0}, []),
        (times(12) | OTHER, []),
    ],
)  # fmt: skip
def test_what_a_return_has_of_last_years(now: dict[str, Value], codes: list[str]) -> None:
    assert told(sent(2024, now), sent(2023)) == codes


def test_each_is_held_against_its_own_departments_latest_year() -> None:
    ours = sent(2024, times(1.03) | OTHER)
    assert (
        told(ours, sent(2022, times(1.03) | OTHER), sent(2023)),
        told(ours, sent(2023, times(1.03) | OTHER, "207003 图书馆")),
    ) == ([], [])
    renamed = sent(2023, times(1.03) | OTHER, "118001 区档案馆")
    assert told(ours, renamed) == ["A509", "A510"]
    assert told(ours, sent(2024, times(1.03) | OTHER)) == [], "of the same year"


def test_the_report_is_one_of_the_texts() -> None:
    text = "全年开放 251 天，接待查档 2,318 人次，出具证明 1,905 份，无一起投诉。"
    now = sent(2024, {"performance": text} | times(1.03) | OTHER)
    assert (
        told(now, sent(2023, {"performance": text})),
        told(now, sent(2023, {"performance": text.replace("2,318", "2,207")})),
    ) == (["A510"], [])


def test_a_short_text_and_a_few_amounts_may_be_the_same() -> None:
    few: dict[str, Value] = dict.fromkeys(AMOUNTS, None) | {
        "original_budget": 100.0,
        "final_budget": 100.0,
    }
    short = few | {"achieved": "正常开放。"}
    assert told(sent(2024, short), sent(2023, short)) == []
