"""Which way an indicator is better: by its sign, else by its words, else by its group; else it is not judged.

The names of the indicators stand here and not in the rules' own cases: a form may print its own.
"""

from __future__ import annotations

import pytest

from tests.api import judge_case
from workbook import find_form
from workbook.form import Case, Form, Value


@pytest.fixture(scope="module", params=["department_overall", "project_expenditure"])
def form(request: pytest.FixtureRequest) -> Form:
    return find_form(request.param)


def verdict(form: Form, code: str, **row: Value) -> str:
    rule = form.rule(f"{form.rules[-1].code[0]}{code}")
    return judge_case(form, rule, Case("holds", {}, (row,)))


@pytest.mark.parametrize(
    ("indicator", "target", "actual", "expected"),
    [
        ("单位建筑能耗", "100吨", "92吨", "holds"),
        ("预算调整率", "5%", "3.2%", "holds"),
        ("结转结余率", "8%", "6%", "holds"),
        ("群众投诉件数", "10件", "未发生", "holds"),
        ("群众投诉件数", "10件", "12件", "broken"),
        ("安全生产事故", "0起", "1起", "broken"),
        ("投诉办结率", "95%", "90%", "broken"),
        ("成本节约率", "5%", "4%", "broken"),
        ("能耗下降率", "3%", "2%", "broken"),
        ("培训场次", "12场", "已完成11场", "broken"),
        ("投诉举报办结率", "95%", "90%", "broken"),
        ("失业人员再就业人数", "1000人", "1054人", "holds"),
        ("报销办结时限", "15个工作日内", "12个工作日", "holds"),
        ("报销办结时限", "15个工作日内", "18个工作日", "broken"),
        ("培训场次", "12场", "共举办13场次", "holds"),
    ],
)
def test_full_marks_are_blamed_only_where_the_way_is_known(
    form: Form, indicator: str, target: str, actual: str, expected: str
) -> None:
    row: dict[str, Value] = {"indicator": indicator, "target": target, "actual": actual}
    assert verdict(form, "434", **row, weight=5.0, self_score=5.0) == expected


@pytest.mark.parametrize(
    ("indicator", "target", "actual", "expected"),
    [
        ("群众投诉件数", "10件", "6件", "broken"),
        ("成本节约率", "5%", "6%", "broken"),
        ("单位建筑能耗", "100吨", "108吨", "holds"),
        ("预算调整率", "5%", "7%", "holds"),
    ],
)
def test_points_taken_are_asked_for_only_where_the_target_is_reached(
    form: Form, indicator: str, target: str, actual: str, expected: str
) -> None:
    row: dict[str, Value] = {"indicator": indicator, "target": target, "actual": actual}
    assert verdict(form, "433", **row, weight=5.0, self_score=4.0) == expected


@pytest.mark.parametrize(("name", "expected"), [("结转结余率", "holds"), ("培训场次", "broken")])
def test_much_more_is_asked_about_only_where_more_is_better(
    form: Form, name: str, expected: str
) -> None:
    assert verdict(form, "436", indicator=name, target="10", actual="15") == expected


@pytest.mark.parametrize(
    ("score", "expected"), [(9.7, "holds"), (9.69, "holds"), (9.66, "broken"), (9.6, "broken")]
)
def test_a_score_of_one_decimal_is_no_mistake(score: float, expected: str) -> None:
    department = find_form("department_overall")
    given: dict[str, Value] = {"actual_expenditure": 78.3, "final_budget": 80.8}
    case = Case("holds", {**given, "execution_score": score}, ())
    assert judge_case(department, department.rule("D404"), case) == expected
