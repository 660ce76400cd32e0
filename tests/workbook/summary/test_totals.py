"""Which scores count: not those that cannot be reached, until somebody reviews them."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.fillings import sample_returns
from workbook import aggregate
from workbook.summary import invalid
from workbook.summary.totals import graded, is_valid

CUTOFFS = (("优", 90.0), ("良", 80.0))


def lines(own: list[float | None], reviewed: list[float | None]) -> pd.DataFrame:
    columns = {"total_score": own, "review_score": reviewed}
    return pd.DataFrame({k: pd.array(v, dtype="Float64") for k, v in columns.items()})


@pytest.mark.parametrize(
    ("score", "counts"),
    [(0.0, True), (100.0, True), (100.004, True), (100.006, False), (-0.006, False), (None, False)],
)
def test_a_score_is_one_that_can_be_reached(score: float | None, counts: bool) -> None:
    assert is_valid(pd.Series([score], dtype="Float64")).tolist() == [counts]


def test_a_score_that_cannot_be_is_neither_graded_nor_ranked() -> None:
    frame = graded(lines([104.64, 85.0, 95.0], [None, None, None]), CUTOFFS, "差")
    assert frame["grade"].fillna("").tolist() == ["", "良", "优"]
    assert frame["rank"].fillna(0).tolist() == [0, 2, 1]
    assert invalid(frame).tolist() == [True, False, False]


def test_a_reviewed_score_stands_for_one_that_cannot_be() -> None:
    frame = graded(lines([104.64, 85.0], [91.0, None]), CUTOFFS, "差")
    assert frame["counted_score"].tolist() == [91.0, 85.0]
    assert invalid(frame).tolist() == [False, False]


def test_means_leave_it_out_and_say_how_many_gave_none() -> None:
    part = aggregate(sample_returns()).main
    assert part is not None
    scores = part.departments["total_score"]
    valid = scores[scores.between(0, 100)]
    assert 0 < len(valid) < scores.count(), "a sample has one"
    totals = part.totals.loc["mean_score"]
    assert totals["value"] == pytest.approx(valid.mean())
    assert totals["departments"] == len(valid)
