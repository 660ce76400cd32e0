"""Doubtful figures: which they are, and the sums without them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.api import Severity
from tests.fillings import FILLED, accepted, filling, main_form, overall, project, project_form
from workbook import Finding, aggregate
from workbook.form import KeyFields
from workbook.reading import Return
from workbook.summary import Review, Reviews, is_doubtful, plain_name


def error(field: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding("D999", severity, "有误", "请核对", field=field)


def doubtful(*findings: Finding) -> set[str]:
    return doubtful_of(accepted(filling(FILLED[0]), findings=findings))


def doubtful_of(item: Return) -> set[str]:
    """The figures of a return that are doubtful."""
    names = main_form(aggregate([item])).departments["doubtful"].fillna("").iloc[0]
    return set(filter(None, names.split(",")))


def test_a_figure_is_doubtful_whose_own_cell_has_an_error() -> None:
    assert doubtful(error("funds.original_budget")) == {"original_budget"}


def test_what_is_computed_from_it_is_doubtful_too() -> None:
    assert doubtful(error("funds.final_budget")) == {
        *("final_budget", "execution_rate", "execution_score", "total_score")
    }


def test_where_two_figures_should_be_equal_either_may_be_wrong() -> None:
    """The error stands at the sum that nobody typed."""
    spent = replace(error("funds.expenditure_by_nature"), code="D407")
    assert doubtful(spent) >= {"actual_expenditure", "execution_rate", "total_score"}
    assert "original_budget" not in doubtful(spent)
    budget = replace(error("funds.funding_by_source"), code="D406")
    assert doubtful(budget) >= {"final_budget", "execution_rate", "total_score"}
    assert "actual_expenditure" not in doubtful(budget)
    assert doubtful(replace(spent, severity=Severity.WARNING)) == set()


def test_an_error_in_a_row_makes_the_total_score_doubtful() -> None:
    assert doubtful(error("indicators.self_score.7,indicators.self_score.9")) == {"total_score"}


@pytest.mark.parametrize("field", ["", "indicators.deviation_reason.3", "goals.achieved_goals"])
def test_an_error_elsewhere_makes_no_figure_doubtful(field: str) -> None:
    assert doubtful(error(field)) == set()


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.NOTE])
def test_only_errors_do(severity: Severity) -> None:
    assert doubtful(error("funds.final_budget", severity)) == set()


def test_origins_go_through_derived_fields() -> None:
    origins = overall().origins_of("totals.total_score")
    assert {"funds.final_budget", "indicators.self_score"} <= origins
    assert "indicators.deviation_reason" not in origins


def three() -> list[Return]:
    """Three returns, the second with an error in its budget, the third in its score."""
    findings = [(), (error("funds.final_budget"),), (error("indicators.self_score.1"),)]
    return [
        accepted(filling(path), f"{n}.xlsx", findings=own)
        for n, (path, own) in enumerate(zip(FILLED, findings, strict=False))
    ]


def test_sums_stand_as_they_are_and_without_the_doubtful() -> None:
    part = aggregate(three()).main
    assert part is not None
    lines, totals = part.departments, part.totals
    budgets, spent = lines["final_budget"].tolist(), lines["actual_expenditure"].tolist()
    assert totals.loc["final_budget", "value"] == pytest.approx(sum(budgets))
    assert totals.loc["final_budget", "certain"] == pytest.approx(budgets[0] + budgets[2])
    assert totals.loc["actual_expenditure", "certain"] == pytest.approx(sum(spent))
    rate = (spent[0] + spent[2]) / (budgets[0] + budgets[2])
    assert totals.loc["execution_rate", "certain"] == pytest.approx(rate)
    assert totals.loc["mean_score", "certain"] == pytest.approx(lines["total_score"].iloc[0])
    counts = totals["doubtful"].to_dict()
    assert counts == {
        "original_budget": 0,
        "final_budget": 1,
        "actual_expenditure": 0,
        "execution_rate": 1,
        **{
            f"{before}{mean}_score": 2
            for before in ("", "counted_")
            for mean in ("mean", "weighted")
        },
    }


def test_without_doubt_both_are_the_same() -> None:
    part = aggregate([accepted(filling(path), f"{path.stem}.xlsx") for path in FILLED[:3]]).main
    assert part is not None
    assert part.totals["doubtful"].eq(0).all()
    assert part.totals["certain"].equals(part.totals["value"])
    assert part.funds["certain"].equals(part.funds["amount"])


def test_a_reviewed_score_is_no_longer_doubtful() -> None:
    returns = three()
    name = returns[1].submission.department  # type: ignore[union-attr]
    review = Review(plain_name(overall()), 2024, "", "", name, "", 91.0, "", "")
    part = main_form(aggregate(returns, reviews=Reviews(Path("汇总表.xlsx"), (review,))))
    assert is_doubtful(part.departments, "counted_score").tolist() == [False, False, True]
    first = part.departments["counted_score"].iloc[0]
    assert part.totals.loc["counted_mean_score", "certain"] == pytest.approx((first + 91) / 2)
    assert part.totals.loc["mean_score", "doubtful"] == 2


def test_a_form_without_summary_of_its_own_knows_its_doubtful_amounts(tmp_path: Path) -> None:
    form = project_form(tmp_path)
    plain = replace(form, key_fields=KeyFields(amounts=form.key_fields.amounts))
    item = replace(project(plain, "桥"), findings=(error("funds.planned"),))
    assert doubtful_of(item) == {"planned", "unspent"}
