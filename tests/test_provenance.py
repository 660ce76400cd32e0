"""Provenance both ways: from a figure to its cells, and from a cell to the figures that hang on it."""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from tests.fillings import FILLED, accepted, changed, filling, overall
from workbook import aggregate, check, read_returns
from workbook.expression import references
from workbook.layout import lay_out
from workbook.reading import Filling
from workbook.summary import FormSummary

RETURNS = Path(__file__).resolve().parents[1] / "samples" / "returns"
WHOSE = 3
"""The department, counted from 0, whose return is changed."""
ENTERED = [
    item.key
    for item in overall().key_fields.figures.values()
    if item.mode in ("entered", "suggested")
]
SUMMED = ("mean_score", "weighted_score", "counted_mean_score", "counted_weighted_score")


def summed_up(fillings: list[Filling]) -> FormSummary:
    returns = [accepted(each, f"{number}.xlsx") for number, each in enumerate(fillings)]
    (part,) = aggregate(check(returns)).forms
    return part


def with_more(key: str, row: int = 0) -> list[Filling]:
    """Six fillings, in one of them a cell that holds another number."""
    fillings = [filling(path) for path in FILLED[:6]]
    own = fillings[WHOSE]
    section, _, field = key.partition(".")
    if row:
        number = own.rows[section][row][field]
        assert isinstance(number, float)
        own.rows[section][row][field] = number - 0.37
    else:
        spot = lay_out(overall()).spots[key]
        number = own.value(spot) or 0.0
        assert isinstance(number, float)
        fillings[WHOSE] = changed(own, **{key.replace(".", "__"): number + 0.37})
    return fillings


def differing(before: pd.DataFrame, after: pd.DataFrame) -> set[tuple[object, str]]:
    """Index and column of every value that differs."""
    assert before.index.equals(after.index)
    same = before.eq(after).fillna(value=False) | (before.isna() & after.isna())
    return {(index, str(name)) for name in same for index in same.index[~same[name]]}


@pytest.fixture(scope="module")
def before() -> FormSummary:
    return summed_up([filling(path) for path in FILLED[:6]])


def hanging_on(key: str) -> set[str]:
    """The figures that are computed from a field, itself among them."""
    figures = overall().key_fields.figures.items()
    return {name for name, item in figures if key in overall().origins_of(item.key)}


def should_equal(key: str) -> set[str]:
    """The two figures of which one is computed from a field, if they should be equal (D406, D407)."""
    form = overall()
    rules = [form.rule(code).must for code in ("D406", "D407")]
    sides = [{ref.key for ref in references([must])} for must in rules]
    return {each for both in sides if any(key in form.origins_of(s) for s in both) for each in both}


@pytest.mark.parametrize(
    ("key", "row"), [*((key, 0) for key in ENTERED), ("indicators.self_score", 2)]
)
def test_a_changed_cell_changes_what_hangs_on_it_and_nothing_else(
    before: FormSummary, key: str, row: int
) -> None:
    after = summed_up(with_more(key, row))
    own, expected = WHOSE + 1, hanging_on(key)
    sources = before.sources.set_index(["number", "figure"])["value"].to_frame()
    now = after.sources.set_index(["number", "figure"])["value"].to_frame()
    changes: set[object] = {index for index, _ in differing(sources, now)}
    assert changes
    assert changes <= {(own, figure) for figure in expected}
    columns = [
        "original_budget",
        "final_budget",
        "actual_expenditure",
        "execution_rate",
        "total_score",
    ]
    lines = differing(before.departments[columns], after.departments[columns])
    assert lines <= {(own, figure) for figure in expected}
    moved = differing(before.totals, after.totals)
    allowed = expected | (set(SUMMED) if {"total_score", "final_budget"} & expected else set())
    totals = {str(index) for index, column in moved if column not in ("certain", "doubtful")}
    assert totals <= allowed
    # What no longer equals another figure puts that in doubt too.
    beside = set[str]().union(*map(hanging_on, should_equal(key)))
    assert {str(index) for index, _ in moved} <= allowed | beside | (
        set(SUMMED) if beside else set()
    )
    assert {f for f in expected & set(before.totals.index) if (own, f) in changes} <= totals
    funds = {str(index).partition(".")[2] for index, _ in differing(before.funds, after.funds)}
    headings = before.key_fields.breakdowns
    shares = {p.id for b in headings for p in b.parts if any(q.key == key for q in b.parts)}
    assert funds <= shares
    details = differing(before.details["indicators"], after.details["indicators"])
    assert {index for index, _ in details} == ({(f"{WHOSE}.xlsx", row)} if row else set())


def test_every_figure_walks_back_to_cells_that_hold_it() -> None:
    """Sums to their lines, lines to cells, cells to what stands in the files, as openpyxl reads them."""
    part = aggregate(check(read_returns([RETURNS]))).forms[0]
    sources, form = part.sources, part.form
    for figure in form.key_fields.amounts:
        lines = sources[sources["figure"] == figure]
        assert len(lines) == len(part.departments)
        assert math.fsum(lines["value"]) == part.totals.loc[figure, "value"]
    typed = sources[sources["origin"] == "typed"]
    assert len(typed) > 50
    for path, lines in typed.groupby("path"):
        with closing(openpyxl.load_workbook(str(path), data_only=True)) as book:
            for sheet, cell, value in lines[["sheet", "cell", "value"]].to_numpy().tolist():
                assert book[sheet][cell].value == pytest.approx(value)
    details = part.details["indicators"]
    lost = details.groupby(["level1", "level2"], sort=False)["lost"].sum()
    for index, row in part.indicators.iterrows():
        assert row["lost"] == pytest.approx(lost[index[1:]])  # type: ignore[index]
