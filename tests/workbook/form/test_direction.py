"""Which way an indicator is better: by its sign, else by its words, else by its group; else it is not judged.

The names of the indicators stand here and not in the rules' own cases: a form may print its own.
"""

import pytest

from tests.api import judge_case
from workbook import find_form
from workbook.form import Case, Form, Value


@pytest.fixture(scope="module", params=["department_overall", "project_expenditure"])
def form(request: pytest.FixtureRequest) -> Form:
    return find_form(request.param)


SCORED: dict[str, dict[str, Value]] = {
    "434": {"weight": 5.0, "self_score": 5.0},
    "433": {"weight": 5.0, "self_score": 4.0},
    "436": {},
}
"""By the rule: a row with full marks, with points taken, not scored."""


@pytest.mark.parametrize(
    ("code", "indicator", "target", "actual", "expected"),
    [
        ("434", "单位建筑能耗", "100吨", "92吨", "holds"),
        ("434", "预算调整率", "5%", "3.2%", "holds"),
        ("434", "结转结余率", "8%", "6%", "holds"),
        ("434", "群众投诉件数", "10件", "未发生", "holds"),
        ("434", "群众投诉件数", "10件", "12件", "broken"),
        ("434", "安全生产事故", "0起", "1起", "broken"),
        ("434", "投诉办结率", "95%", "90%", "broken"),
        ("434", "成本节约率", "5%", "4%", "broken"),
        ("434", "能耗下降率", "3%", "2%", "broken"),
        ("434", "培训场次", "12场", "已完成11场", "broken"),
        ("434", "投诉举报办结率", "95%", "90%", "broken"),
        ("434", "失业人员再就业人数", "1000人", "1054人", "holds"),
        ("434", "报销办结时限", "15个工作日内", "12个工作日", "holds"),
        ("434", "报销办结时限", "15个工作日内", "18个工作日", "broken"),
        ("434", "培训场次", "12场", "共举办13场次", "holds"),
        ("433", "群众投诉件数", "10件", "6件", "broken"),
        ("433", "成本节约率", "5%", "6%", "broken"),
        ("433", "单位建筑能耗", "100吨", "108吨", "holds"),
        ("433", "预算调整率", "5%", "7%", "holds"),
        ("436", "结转结余率", "10", "15", "holds"),
        ("436", "培训场次", "10", "15", "broken"),
    ],
)
def test_marks_are_judged_only_where_the_way_is_known(
    form: Form, code: str, indicator: str, target: str, actual: str, expected: str
) -> None:
    row = {"indicator": indicator, "target": target, "actual": actual, **SCORED[code]}
    rule = form.rule(f"{form.rules[-1].code[0]}{code}")
    assert judge_case(form, rule, Case("holds", {}, (row,))) == expected


@pytest.mark.parametrize(
    ("score", "expected"), [(9.7, "holds"), (9.69, "holds"), (9.66, "broken"), (9.6, "broken")]
)
def test_a_score_of_one_decimal_is_no_mistake(score: float, expected: str) -> None:
    department = find_form("department_overall")
    given: dict[str, Value] = {"actual_expenditure": 78.3, "final_budget": 80.8}
    case = Case("holds", {**given, "execution_score": score}, ())
    assert judge_case(department, department.rule("D404"), case) == expected
