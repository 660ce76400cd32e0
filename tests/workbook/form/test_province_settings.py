"""Settings that other provinces use, off by default: one definition that turns all of them on."""

from pathlib import Path

import pytest

from builder import build_template
from tests.api import judge_case
from tests.own_cases import own_cases, own_verdicts
from workbook import find_form, load_form
from workbook.checking import View, gather
from workbook.form import Case, Form, Value
from workbook.reading import Filling, submit

OURS = find_form("department_overall")
THEIRS = load_form(Path(__file__).parents[2] / "forms" / "another_province.toml")


def test_every_case_of_the_rules_holds_with_them_too() -> None:
    wrong = [
        (rule.code, case)
        for rule, number, case in own_cases(THEIRS)
        if own_verdicts(THEIRS)[rule.key, number] != case.verdict
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("code", "row", "ours", "theirs"),
    [
        # an actual of 130 % of its target costs two points
        ("D433", {"target": "≥10场", "actual": "13场", "self_score": 8.0}, "broken", "holds"),
        ("D433", {"target": "≥10场", "actual": "12场", "self_score": 8.0}, "broken", "broken"),
        ("D435", {"target": "≥10场", "actual": "13场", "self_score": 10.0}, "holds", "broken"),
        ("D435", {"target": "≥10场", "actual": "13场", "self_score": 8.0}, "holds", "holds"),
        ("D435", {"target": "≤10天", "actual": "5天", "self_score": 10.0}, "holds", "holds"),
        # qualitative bands 100–80, 80–50, 50–0
        ("D437", {"actual": "部分达成", "self_score": 5.5}, "broken", "holds"),
        ("D437", {"actual": "未达成", "self_score": 5.5}, "holds", "broken"),
        ("D437", {"actual": "达成年度指标", "self_score": 7.5}, "broken", "broken"),
    ],
)
def test_a_row_is_judged_by_the_settings(
    code: str, row: dict[str, Value], ours: str, theirs: str
) -> None:
    case = Case("holds", {}, ({"indicator": "培训场次", "weight": 10.0, **row},))
    verdicts = [judge_case(form, form.rule(code), case) for form in (OURS, THEIRS)]
    assert verdicts == [ours, theirs]


def computed(form: Form, spent: float, score: float) -> tuple[float, str]:
    """The total score and the grade of a department that spent so much of 100 and scored so much besides."""
    values: dict[str, Value] = {"funds.final_budget": 100.0, "funds.actual_expenditure": spent}
    rows: dict[str, dict[int, dict[str, Value]]] = {
        "indicators": {1: {"indicator": "培训", "weight": 80.0, "self_score": score}}
    }
    batch = gather(form, [submit(form, Filling(values, rows))], View.TRUE)
    total, grade = (batch.field_cells(f"totals.{name}") for name in ("total_score", "grade"))
    return float(total.number[0, 0]), str(grade.words[0, 0])


@pytest.mark.parametrize(
    ("spent", "score", "total", "grade"),
    [
        (100, 75.0, 95.0, "优"),
        (80, 79.0, 95.0, "优"),
        (79, 80.0, 89.0, "优"),
        (69, 80.0, 79.0, "良"),
        (59, 80.0, 69.0, "中"),
        (49, 80.0, 59.0, "差"),
        (49, 40.0, 49.8, "差"),
    ],
)
def test_low_execution_caps_the_total(spent: float, score: float, total: float, grade: str) -> None:
    assert computed(THEIRS, spent, score) == (total, grade)


def test_nothing_is_capped_by_default() -> None:
    assert computed(OURS, 49, 80.0) == (84.9, "良")


def test_execution_counts_twenty_and_cost_is_a_branch_of_its_own(tmp_path: Path) -> None:
    groups = {group.path[0]: group.weight for group in THEIRS.sections["indicators"].groups}
    assert (groups, THEIRS.sections["funds"].fields["execution_weight"].value) == (
        {"产出指标": 50, "成本指标": 10, "效益指标": 10, "满意度指标": 10},
        20,
    )
    assert build_template(THEIRS, tmp_path / "a.xlsx").exists()
