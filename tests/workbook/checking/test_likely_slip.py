"""The likely slip: named where a hand's slip explains a broken identity, and nothing where more might."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fillings import FILLED, accepted, changed, filling, sample_returns
from workbook import Finding
from workbook.checking import judge
from workbook.form import Form, Value, find_form
from workbook.reading import Filling

ARCHIVES = filling(next(p for p in FILLED if p.name.startswith("118001")))
SUPERVISION = filling(next(p for p in FILLED if p.name.startswith("604001")))
"""In both every rule holds."""
PROJECT = Path(__file__).parents[2] / "forms" / "filled" / "project_expenditure.toml"
MARK = "很可能是"


def findings(given: Filling, form: Form | None = None) -> tuple[Finding, ...]:
    (judged,) = judge([accepted(given, form=form)])
    return judged.findings


def suggestions(given: Filling, form: Form | None = None) -> dict[str, str]:
    """By code of the finding: what is said to be likely."""
    return {
        f.code: MARK + f.hint.partition(MARK)[2] for f in findings(given, form) if MARK in f.hint
    }


def with_rows(given: Filling, **cells: Value) -> Filling:
    """Indicators with other cells; keys are `field__row`."""
    rows = {number: dict(row) for number, row in given.rows["indicators"].items()}
    for key, value in cells.items():
        name, _, number = key.partition("__")
        rows[int(number)][name] = value
    return replace(given, rows={"indicators": rows})


# --- each kind of slip ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "printed", "code", "words"),
    [
        ("funds__final_budget", 186.35, "D406",
         "全年预算数（E7）一格：186.35 → 168.35（两位数字颠倒）"),
        ("funds__general_public_budget", 15.35, "D406",
         "一般公共预算（E9）一格：15.35 → 158.35（漏了一位数字）"),
        ("funds__general_public_budget", 1588.35, "D406",
         "一般公共预算（E9）一格：1588.35 → 158.35（一位数字打了两遍）"),
        ("funds__other_funds", 0.1, "D406", "其他资金（E12）一格：0.1 → 10（小数点错位）"),
        ("funds__project_expenditure", 468_800.0, "D407",
         "项目支出（I10）一格：468800 → 46.88（按元填写）"),
        ("funds__project_expenditure", 468_812.35, "D407",
         "项目支出（I10）一格：468812.35 → 46.8812（按元填写）"),
        ("funds__other_funds", -10.0, "D406", "其他资金（E12）一格：-10 → 10（正负号相反）"),
        ("report__three_public_expenditure", 1.35, "D452",
         "“三公”经费支出（H9）一格：1.35 → 1.53（两位数字颠倒）"),
    ],
)  # fmt: skip
def test_a_slip_in_one_cell_is_named(cell: str, printed: float, code: str, words: str) -> None:
    said = suggestions(changed(ARCHIVES, **{cell: printed}))
    assert said == {code: f"{MARK}{words}，改后有关的规则都满足。"}


def test_every_identity_that_the_cell_breaks_names_it_by_its_sheet() -> None:
    said = suggestions(changed(ARCHIVES, funds__basic_expenditure=11.47))
    assert "基本支出（I9）一格：11.47 → 121.47" in said["D407"]
    assert "基本支出（自评表!I9）一格：11.47 → 121.47" in said["D451"]


def test_one_wrong_digit_is_named_only_where_two_identities_ask_for_it() -> None:
    assert not suggestions(changed(ARCHIVES, funds__project_expenditure=43.88))
    said = suggestions(changed(ARCHIVES, funds__basic_expenditure=127.47))
    assert set(said) == {"D407", "D451"}
    assert "127.47 → 121.47（一位数字打错）" in said["D407"]


def test_two_neighbouring_cells_filled_in_the_wrong_way_round_are_named() -> None:
    given = changed(SUPERVISION, funds__final_budget=2731.56, funds__actual_expenditure=2860.4)
    said = suggestions(given)
    assert (set(said), said["D406"]) == (
        {"D406", "D407"},
        (
            "很可能是全年预算数（E7）、全年执行数（F7）两格：2731.56 → 2860.4、2860.4 → 2731.56"
            "（相邻两格填反），改后有关的规则都满足。"
        ),
    )


def test_several_amounts_in_yuan_are_named_together() -> None:
    given = changed(ARCHIVES, funds__general_public_budget=1_583_500, funds__other_funds=100_000)
    assert suggestions(given) == {
        "D406": "很可能是一般公共预算（E9）、其他资金（E12）两格：1583500 → 158.35、100000 → 10"
        "（按元填写），改后有关的规则都满足。"
    }


def test_in_rows_the_weight_or_the_score_is_named() -> None:
    said = suggestions(with_rows(ARCHIVES, weight__1=80.0))
    assert set(said) == {"D411", "D420"}
    assert "分值（G17）一格：80 → 8" in said["D420"]
    said = suggestions(with_rows(SUPERVISION, self_score__9=5.28))
    assert "自评得分（H25）一格：5.28 → 5.82（两位数字颠倒）" in said["D435"]


def test_a_score_typed_instead_of_the_suggested_one_is_named() -> None:
    said = suggestions(changed(SUPERVISION, funds__execution_score=5.95))
    assert "预算执行自评得分（I7）一格：5.95 → 9.55（两位数字颠倒）" in said["D404"]


def test_the_project_form_names_slips_by_its_own_rules() -> None:
    form = find_form("project_expenditure")
    said = suggestions(with_rows(filling(PROJECT, form), weight__1=100.0), form)
    assert set(said) == {"P411", "P420"}
    assert "分值（G16）一格：100 → 10" in said["P420"]


# --- no suggestion --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value", "code"),
    [
        # 153.85 → 158.35, or the budget 168.35 → 163.85
        ("funds__general_public_budget", 153.85, "D406"),
        # 基本支出 121.47 → 121.74 would mend D407, but 人员 and 公用支出 make 121.47
        ("funds__actual_expenditure", 168.62, "D407"),
        # another number, an empty cell, rounding
        ("funds__general_public_budget", 140.0, "D406"),
        ("funds__general_public_budget", None, "D406"),
        ("funds__general_public_budget", 158.36, "D406"),
        # a sum typed over is not explained by its parts
        ("totals__total_score", 190.0, "L202"),
    ],
)
def test_what_several_slips_explain_or_none_is_not_named(
    cell: str, value: float | None, code: str
) -> None:
    given = changed(ARCHIVES, **{cell: value})
    assert code in {f.code for f in findings(given)}
    assert not suggestions(given)


def test_a_change_that_calls_forth_an_error_is_no_rival() -> None:
    # the budget 168.35 → 168350 would mend D406 too, a thousand times the spending
    given = changed(
        ARCHIVES, funds__general_public_budget=168_350.0, funds__other_funds=0.0
    )  # fmt: skip
    assert "168350 → 168.35（小数点错位）" in suggestions(given)["D406"]


# --- many returns ---------------------------------------------------------------------------------


def test_of_the_samples_only_the_one_with_swapped_digits_gets_a_suggestion() -> None:
    said = {
        (r.path.name[:6], f.code): f.hint
        for r in judge(sample_returns())
        for f in r.findings
        if "可能是" in f.hint
    }
    assert set(said) == {("512001", "D407")}
    assert "项目支出（I10）一格：7142.48 → 7124.48（两位数字颠倒）" in said["512001", "D407"]


def test_returns_judged_together_get_what_each_gets_alone() -> None:
    given = [
        changed(ARCHIVES, funds__other_funds=-10.0),
        SUPERVISION,
        changed(SUPERVISION, funds__final_budget=2806.4),
        with_rows(SUPERVISION, self_score__9=5.28),
    ]
    together = judge([accepted(each, f"{k}.xlsx") for k, each in enumerate(given)])
    assert [r.findings for r in together] == [findings(each) for each in given]


def test_rows_with_one_message_keep_their_own_suggestions() -> None:
    alike: dict[str, Value] = {
        "target": "≥98%",
        "actual": "96.2%",
        "weight": 6.0,
        "self_score": 5.98,
    }
    cells = {f"{name}__{row}": value for row in (7, 8) for name, value in alike.items()}
    said = [f for f in findings(with_rows(SUPERVISION, **cells)) if f.code == "D435"]
    assert [f.cell for f in said] == ["H23", "H24"]
    assert all(f"（{f.cell}）一格：5.98 → 5.89" in f.hint for f in said)
