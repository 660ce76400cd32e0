"""The year on one page: counts, bands, and what needs attention, each by its criterion."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.api import Severity, finding
from tests.fillings import (
    ROSTER,
    project,
    project_form,
    rejected,
    return_of,
    sample_returns,
)
from workbook import Return, Summary, aggregate, check, load_roster
from workbook.overview import Attention, attention, by_rate, coverage_counts, distribution

ROSTER_ = load_roster(ROSTER)


def told(summary: Summary) -> dict[str, Attention]:
    return {item.key: item for item in attention(summary)}


def test_coverage_is_told_in_numbers() -> None:
    returns = sample_returns()
    returns[0] = replace(returns[0], findings=(finding("V301", label="x"),))
    broken = rejected("119001.xlsx", finding("W102"))
    found = coverage_counts(aggregate([*returns, broken, return_of(9)], ROSTER_))
    assert (found.asked, found.answered, found.accepted, found.faulty) == (14, 12, 11, 1)
    assert (found.rejected, found.missing, found.off_roster, found.late) == (1, 1, 1, 0)
    assert found.answered + found.rejected + found.missing == found.asked
    assert "名册外 1" in found.in_words


def test_every_score_is_in_one_band() -> None:
    main = aggregate(sample_returns()).main
    assert main is not None
    assert distribution(main)["departments"].sum() == main.departments["counted_score"].count()
    bounds = list(zip(distribution(main)["lowest"][1:], distribution(main)["below"], strict=False))
    assert all(lowest == below for lowest, below in bounds)


def test_of_many_departments_the_lowest_and_highest_are_charted() -> None:
    many = [
        return_of(n, funds__actual_expenditure=float(n), funds__final_budget=100.0)
        for n in range(1, 41)
    ]
    main = aggregate(many).main
    assert main is not None
    shown = by_rate(main)
    assert len(shown) == 24
    assert shown["execution_rate"].is_monotonic_increasing
    assert shown["execution_rate"].tolist()[:16] == pytest.approx([n / 100 for n in range(1, 17)])
    assert shown["execution_rate"].tolist()[16:] == pytest.approx([n / 100 for n in range(33, 41)])


def test_nothing_needs_attention_where_nothing_is_wrong() -> None:
    assert attention(aggregate([return_of(1)])) == ()
    assert attention(aggregate([])) == ()


def test_who_is_missing_and_who_was_sent_back_comes_first() -> None:
    broken = rejected("119001.xlsx", finding("W102"))
    found = attention(aggregate([broken], ROSTER_))
    assert [item.key for item in found] == ["missing", "rejected"]
    assert len(found[0].numbers) == 13
    assert found[1].numbers == (2,)


def test_who_is_missing_is_told_with_the_main_form_only(tmp_path: Path) -> None:
    late = replace(return_of(1), modified="2025-03-30")
    other = project(project_form(tmp_path), "桥")
    summary = aggregate([late, other, rejected("119001.xlsx", finding("W102"))], ROSTER_,
                        deadline=date(2025, 3, 20))  # fmt: skip
    assert {"missing", "rejected", "late"} <= set(told(summary))
    (part,) = [part for part in summary.forms if part is not summary.main]
    assert not {"missing", "rejected", "late"} & {item.key for item in attention(summary, part)}


def test_scores_above_the_rule_are_told() -> None:
    found = {item.key for item in attention(aggregate(sample_returns()))}
    assert "above" in found
    assert "above" not in {item.key for item in attention(aggregate([return_of(1)]))}


def test_the_error_of_most_returns_is_named() -> None:
    one, two = finding("V301", label="x"), finding("V302", label="x", problem="y")
    returns = [
        replace(return_of(1), findings=(one, one, one)),
        replace(return_of(2), findings=(two,)),
        replace(return_of(3), findings=(two, finding("V303", label="x", raw="0", receipt="y"))),
    ]
    item = told(aggregate(returns))["errors"]
    assert "“内容无法识别”" in item.sentence
    assert item.numbers == (1, 2, 3)


def test_low_execution_is_ordered_by_what_was_not_spent() -> None:
    rates = {1: (100.0, 50.0), 2: (1000.0, 800.0), 3: (100.0, 95.0)}
    returns = [
        return_of(n, funds__final_budget=b, funds__actual_expenditure=a)
        for n, (b, a) in rates.items()
    ]
    item = told(aggregate(returns))["low_rate"]
    assert item.numbers == (2, 1)
    assert "2 个单位执行率低于 90%，共有 250.00 万元没有支出：2局（200.00 万元）" in item.sentence
    alone = told(aggregate(returns[1:]))["low_rate"].sentence
    assert alone == "1 个单位执行率低于 90%，有 200.00 万元没有支出：2局（200.00 万元）。"


def test_funds_that_do_not_agree_are_told_by_the_largest_gap() -> None:
    returns = [
        return_of(1, funds__other_funds=11.0),
        return_of(2, funds__other_funds=15.0),
        return_of(3),
    ]
    assert told(aggregate(returns))["funds"].numbers == (2, 1)


def test_an_amount_in_another_unit_is_told_first() -> None:
    found = attention(aggregate([return_of(1), return_of(2, funds__original_budget=1_620_000.0)]))
    assert found[0].key == "unit"
    assert found[0].numbers == (2,)


def test_a_whole_return_in_another_unit_is_told_until_the_bureau_accepts_it() -> None:
    amounts = ("original_budget", "final_budget", "actual_expenditure")
    (slipped,) = check([return_of(2, **{f"funds__{name}": 1_620_000.0 for name in amounts})])
    assert told(aggregate([return_of(1), slipped]))["unit"].numbers == (2,)
    accepted_ones = tuple(replace(f, severity=Severity.NOTE) for f in slipped.findings)
    assert "unit" not in told(aggregate([return_of(1), replace(slipped, findings=accepted_ones)]))


def test_amounts_unlike_the_roster_s_are_told_next_the_furthest_first() -> None:
    def unlike(code: int, stated: str, listed: str) -> Return:
        words = {
            "label": "年初预算数",
            "stated": stated,
            "due": listed,
            "remedy": "",
            "unit_slip": "",
        }
        violation = finding("A508", printed=stated, expected=listed, **words)
        return replace(return_of(code), findings=(violation,))

    returns = [
        return_of(1, funds__original_budget=1_620_000.0),
        unlike(2, "5200", "5000"),
        unlike(3, "70000000", "7000.5"),
    ]
    first, second, *_ = attention(aggregate(returns))
    assert (first.key, second.key, second.numbers) == ("unit", "roster", (3, 2))
    assert second.sentence == (
        "2 份表的预算数与名册不同，请先核对：3局（填 70,000,000，名册 7,000.5）、2局（填 5,200，名册 5,000）。"
    )
    # Of very many returns a finding has but its code.
    bare = replace(
        return_of(2), findings=(replace(returns[1].findings[0], printed="", expected=""),)
    )
    assert "请先核对：2局。" in told(aggregate([bare]))["roster"].sentence


def test_who_was_late_is_told_by_days() -> None:
    early = replace(return_of(1), modified="2025-03-22")
    late = replace(return_of(2), modified="2025-03-30")
    item = told(aggregate([early, late], deadline=date(2025, 3, 20)))["late"]
    assert item.numbers == (2, 1)
