"""What to mend first is told by a rule that one can do by hand: totals with and without what is doubtful."""

from dataclasses import replace

import pytest

from tests.api import Severity, finding
from tests.fillings import FILLED, accepted, changed, filling, return_of, sample_returns
from workbook import Finding, Return, Summary, aggregate
from workbook.overview import effects, next_steps, problem_list, problems

BUDGET = "funds.original_budget"


def error_at(field: str, cell: str = "D7") -> Finding:
    violation = finding("V302", label="x", problem="y")
    return replace(violation, field=field, cell=cell, sheet="自评表")


def doubtful(code: int, **values: float) -> Return:
    return replace(return_of(code, **values), findings=(error_at(BUDGET),))


def summary_of(*returns: Return) -> Summary:
    return aggregate(list(returns))


def test_an_effect_is_what_a_total_loses_without_the_doubtful_figure() -> None:
    summary = summary_of(
        return_of(1, funds__original_budget=100.0),
        doubtful(2, funds__original_budget=300.0),
        doubtful(3, funds__original_budget=100.0),
    )
    assert summary.main is not None
    found = effects(summary, summary.main)
    assert found.index.tolist() == [2, 3]
    assert found["effect"].tolist() == pytest.approx([300 / 500, 100 / 500])
    assert found["label"].tolist() == ["年初预算数", "年初预算数"]
    # The same by hand, from what the sheet shows under its lines.
    totals = summary.main.totals
    without = totals["value"].loc["original_budget"] - totals["certain"].loc["original_budget"]
    assert without == pytest.approx(400.0)


def test_last_year_s_figure_stands_in_where_it_is_known() -> None:
    now = [return_of(1, funds__original_budget=100.0), doubtful(2, funds__original_budget=300.0)]
    before = summary_of(
        accepted(
            changed(
                filling(FILLED[0]),
                identity__department="2局",
                identity__department_code="2",
                identity__fiscal_year=2023,
                funds__original_budget=280.0,
            ),
            "2023/2.xlsx",
        )
    )
    summary = aggregate(now, previous=before)
    assert summary.main is not None
    assert effects(summary, summary.main)["effect"].tolist() == pytest.approx([20 / 400])
    (mend, *_) = next_steps(summary)
    assert "换成上年的是 380.00 万元" in mend.sentence


def test_last_year_s_score_stands_in_for_none() -> None:
    wrong = accepted(filling(FILLED[1]), "2.xlsx")
    now = [return_of(1), replace(wrong, findings=(error_at("totals.total_score", "H37"),))]
    earlier = changed(filling(FILLED[1]), identity__fiscal_year=2023)
    before = summary_of(accepted(earlier, "2023/2.xlsx"))
    (mend, *_) = next_steps(aggregate(now))
    assert "采用得分平均因此变动" in mend.sentence
    assert next_steps(aggregate(now, previous=before)) == next_steps(aggregate(now))


def test_a_rate_moves_with_the_sums_it_is_made_of() -> None:
    wrong = replace(
        return_of(2, funds__final_budget=100.0, funds__actual_expenditure=50.0),
        findings=(error_at("funds.final_budget"),),
    )
    summary = summary_of(
        return_of(1, funds__final_budget=100.0, funds__actual_expenditure=100.0), wrong
    )
    assert summary.main is not None
    found = effects(summary, summary.main)
    # 150 of 200 becomes 100 of 100: a third more; the budget itself loses a half.
    assert found["figure"].tolist() == ["final_budget"]
    assert found["effect"].tolist() == pytest.approx([0.5])


def test_the_first_to_mend_are_told_with_what_the_total_becomes() -> None:
    summary = summary_of(
        return_of(1, funds__original_budget=100.0),
        doubtful(2, funds__original_budget=9900.0),
        doubtful(3, funds__original_budget=1.0),
    )
    (mend,) = next_steps(summary)
    assert mend.numbers == (2,)
    assert "先更正这 1 份：2局（年初预算数）。" in mend.sentence
    assert "变动 98.99%" in mend.sentence
    assert "现在是 10,001.00 万元，存疑的数不算是 101.00 万元。其余 1 份" in mend.sentence


def test_errors_that_move_no_total_are_told_as_such() -> None:
    summary = summary_of(
        return_of(1), replace(return_of(2), findings=(error_at("goals.achieved_goals"),))
    )
    (mend,) = next_steps(summary)
    assert "不影响合计" in mend.sentence
    assert next_steps(summary_of(return_of(1))) == ()
    assert next_steps(aggregate([])) == ()


def test_where_no_error_moves_much_no_one_is_to_be_mended_first() -> None:
    summary = summary_of(
        return_of(1, funds__original_budget=1000.0), doubtful(2, funds__original_budget=5.0)
    )
    (mend,) = next_steps(summary)
    assert mend.sentence == "请 1 份有错误的表更正后重报；每一份对合计的影响都不到 1%：2局。"


def test_what_is_due_is_no_problem_but_a_step() -> None:
    summary = aggregate(sample_returns(), None)
    keys = {item.key for item in problems(summary)}
    assert keys
    assert not keys & {"missing", "rejected"}


def test_the_list_begins_with_whom_it_moves_most_and_joins_one_cause() -> None:
    small = finding("V303", label="x", raw="0", receipt="y")
    blank = [
        replace(error_at("x", cell), message=f"{cell} 未填写") for cell in ("E5", "E6", "G9", "H1")
    ]
    returns = [
        replace(return_of(1), findings=(small, *blank)),
        replace(doubtful(2, funds__original_budget=300.0), findings=(small, error_at(BUDGET))),
    ]
    summary = aggregate(returns)
    listed = problem_list(summary)
    assert listed["department"].tolist() == ["2局", "2局", "1局", "1局"]
    assert [Severity(s) for s in listed["severity"]][::2] == [Severity.ERROR, Severity.ERROR]
    assert listed["findings"].tolist() == [1, 1, 4, 1]
    assert listed["findings"].sum() == len(summary.findings)
    joined = listed.iloc[2]
    assert joined["cell"] == "E5,E6,G9,H1"
    assert joined["message"].split("\n") == [
        "E5 未填写",
        "E6 未填写",
        "G9 未填写",
        "……这样的共 4 处",
    ]
    assert listed["effect"].isna().tolist() == [False, False, True, True]
