"""Which scores count: not those that cannot be reached, until somebody reviews them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fillings import main_form, overall, return_of, sample_returns
from workbook import FormSummary, Reviews, aggregate
from workbook.summary import Review, invalid, plain_name


def scored(*scores: float, reviewed: float | None = None) -> FormSummary:
    """Departments with such scores of their own, the first reviewed, if that is told."""
    returns = [return_of(n, funds__execution_score=score - 90) for n, score in enumerate(scores, 1)]
    own = Review(plain_name(overall()), 2024, "", "1", "1局", "", reviewed, "", "")
    reviews = None if reviewed is None else Reviews(Path("汇总表.xlsx"), (own,))
    return main_form(aggregate(returns, reviews=reviews))


@pytest.mark.parametrize(
    ("score", "counts"),
    [(0.0, True), (100.0, True), (100.004, True), (100.006, False), (-0.006, False)],
)
def test_a_score_is_one_that_can_be_reached(score: float, counts: bool) -> None:
    assert invalid(scored(score).departments).tolist() == [not counts]


def test_a_score_that_cannot_be_is_neither_graded_nor_ranked() -> None:
    lines = scored(104.64, 85.0, 95.0).departments
    assert lines["grade"].fillna("").tolist() == ["", "良", "优"]
    assert lines["rank"].fillna(0).tolist() == [0, 2, 1]
    assert invalid(lines).tolist() == [True, False, False]


def test_a_reviewed_score_stands_for_one_that_cannot_be() -> None:
    lines = scored(104.64, 85.0, reviewed=91.0).departments
    assert lines["counted_score"].tolist() == [91.0, 85.0]
    assert invalid(lines).tolist() == [False, False]


def test_means_leave_it_out_and_say_how_many_gave_none() -> None:
    part = main_form(aggregate(sample_returns()))
    scores = part.departments["total_score"]
    valid = scores[scores.between(0, 100)]
    assert 0 < len(valid) < scores.count(), "a sample has one"
    totals = part.totals.loc["mean_score"]
    assert totals["value"] == pytest.approx(valid.mean())
    assert totals["departments"] == len(valid)
