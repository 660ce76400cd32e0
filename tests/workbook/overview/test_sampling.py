"""The proposed sample: the same departments for whoever does it by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.api import finding
from tests.fillings import (
    main_form,
    overall,
    project,
    project_form,
    return_of,
    sample_returns,
)
from workbook import FormSummary, Return, aggregate
from workbook.form import Sense
from workbook.overview import Sampling, sample

USUAL = Sampling.of(overall().key_fields)


def main(returns: list[Return]) -> FormSummary:
    return main_form(aggregate(returns))


@pytest.mark.parametrize(
    ("count", "size"), [(0, 0), (1, 1), (3, 3), (10, 3), (15, 3), (16, 4), (100, 20), (101, 21)]
)
def test_a_share_is_proposed_and_at_least_a_few(count: int, size: int) -> None:
    assert USUAL.size(count) == size


def test_a_share_is_not_rounded_up_by_the_last_bit() -> None:
    assert replace(USUAL, share=0.07).size(100) == 7


def test_the_largest_fifth_by_funds_is_a_sign_of_risk() -> None:
    budgets = {1: 5.0, 2: 900.0, 3: 1.0, 4: 2.0, 5: 3.0}
    found = sample(main([return_of(n, funds__final_budget=b) for n, b in budgets.items()]))
    assert found.loc[found["points_large"] > 0, "code"].tolist() == ["2"]


def test_points_come_first_then_funds_then_code() -> None:
    same = [return_of(code, funds__final_budget=100.0, funds__actual_expenditure=100.0)
            for code in (3, 1, 2)]  # fmt: skip
    large = return_of(9, funds__final_budget=900.0, funds__actual_expenditure=900.0)
    risky = replace(same[0], findings=(finding("V301", label="x"),))
    found = sample(main([risky, *same[1:], large]), replace(USUAL, share=0.5, least=1))
    assert found["code"].tolist() == ["3", "9", "1", "2"]
    assert found["sampled"].tolist() == [True, True, False, False]
    assert found["points_errors"].tolist() == [3, 0, 0, 0]


def test_the_order_does_not_hang_on_how_the_files_came_in() -> None:
    returns = sample_returns()
    one, other = sample(main(returns)), sample(main(returns[::-1]))
    assert one["code"].tolist() == other["code"].tolist()


def test_an_overtyped_execution_score_is_a_sign_of_risk() -> None:
    part = main([return_of(1, funds__execution_score=9.0), return_of(2)])
    assert sample(part).set_index("code")["points_execution"].to_dict() == {"1": 2, "2": 0}


def test_every_criterion_says_what_it_looks_at() -> None:
    part = main(sample_returns())
    assert {criterion.sense for criterion in USUAL.criteria} == set(Sense)
    assert sample(part)["why"].str.contains("资金量大").sum() == 2


def test_what_a_form_does_not_give_meets_no_criterion(tmp_path: Path) -> None:
    form = project_form(tmp_path)
    found = sample(main([project(form, "桥"), project(form, "路")]))
    assert found["points"].tolist() == [0, 0]
    assert found["sampled"].all()
