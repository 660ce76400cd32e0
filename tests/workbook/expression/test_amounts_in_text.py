"""What a text tells of money: an amount under its name, or but for a digit; what may be other money is not."""

import pytest

from workbook.expression.amounts_in_text import (
    nearly_told,
    part_slipped,
    parts_above,
    parts_short,
    slipped,
    told_as,
)

OPERATING = ("公用经费", "日常公用经费")
SPENT = ("全年总支出", "总支出", "年支出", "年整体支出")
CHANGED = ("追加", "结余")
PARTIAL = ("主要", "其中", "等")


@pytest.mark.parametrize(
    ("text", "names", "amount", "told"),
    [
        ("其中公用经费321.64万元，比上年略降。", OPERATING, 321.64, ""),
        ("公用经费321.6万元。", OPERATING, 321.64, ""),
        ("公用经费3216400元。", OPERATING, 321.64, ""),
        ("生均公用经费0.08万元。", OPERATING, 321.64, ""),
        ("义务教育公用经费补助86万元。", OPERATING, 321.64, ""),
        ("公用经费比上年增加12.3万元。", OPERATING, 321.64, ""),
        ("按人均公用经费1.2万元/人核定。", OPERATING, 321.64, ""),
        ("公用经费312.64万元，公用经费321.64万元。", OPERATING, 321.64, ""),
        ("仪器购置3台套，支出48.6万元。", SPENT, 305.5, ""),
        ("带动社会总投资1.2亿元。", SPENT, 305.5, ""),
        ("其中公用经费312.64万元，比上年略降。", OPERATING, 321.64, "其中公用经费312.64万元"),
        ("日常公用经费共32.16万元。", OPERATING, 321.64, "日常公用经费共32.16万元"),
        ("满意度92%。全年总支出2012.38万元。", SPENT, 1966.1, "全年总支出2012.38万元"),
        ("学校2024年支出2012.38万元。", SPENT, 1966.1, "学校2024年支出2012.38万元"),
    ],
)
def test_an_amount_is_told_under_its_name(
    text: str, names: tuple[str, ...], amount: float, told: str
) -> None:
    assert told_as(text, amount, names) == told


@pytest.mark.parametrize(
    ("text", "amount", "is_told"),
    [
        ("追加预算256.5万元。", 256.5, False),
        ("购置设备265.5万元。", 256.5, False),
        ("追加绩效奖120万元、食堂改造136.5万元。", 256.5, False),
        ("追加预算256.5万元，其中追加绩效奖265.5万元。", 256.5, False),
        ("结余5万元。", 6.0, False),
        ("追加预算300万元。", 256.5, False),
        ("压减财政拨款79.5万元用于防汛，追加其他资金60万元。", 19.5, False),
        ("压减财政拨款79.5万元。", 19.5, False),
        ("追加预算265.5万元。", 256.5, True),
        ("追加预算256.8万元。", 256.5, True),
        ("预算结余16.25万元，为采购节约。", 17.25, True),
    ],
)
def test_an_amount_but_for_a_digit_is_told(text: str, amount: float, *, is_told: bool) -> None:
    assert bool(nearly_told(text, amount, CHANGED)) is is_told


@pytest.mark.parametrize(
    ("text", "whole", "told"),
    [
        ("疫苗168万元，无害化96万元，基地24.55万元。", 288.55, ""),
        ("主要是疫苗168万元，无害化96万元，基地24.55万元。", 290.55, ""),
        ("疫苗168万元，无害化96万元，基地24.55万元等。", 290.55, ""),
        ("疫苗168万元，无害化96万元，基地24.55万元，按进度支付。", 290.55, ""),
        ("疫苗168万元，无害化96万元，基地11.3万元。", 290.55, ""),
        ("疫苗168万元，无害化96万元。", 266.0, ""),
        (
            "疫苗168万元（含冷链12万元），无害化96万元，基地24.55万元。",
            290.55,
            "168+96+24.55=288.55",
        ),
        ("疫苗168万元、无害化96万元、基地24.55万元。", 308.55, "168+96+24.55=288.55"),
    ],
)
def test_a_list_of_all_parts_that_lacks_a_digit_is_told(text: str, whole: float, told: str) -> None:
    assert parts_short(text, whole, PARTIAL) == told


@pytest.mark.parametrize(
    ("text", "whole", "told"),
    [
        ("主要有：下乡31万元，节庆168.50万元，文物176.37万元。", 393.27, ""),
        ("主要有：下乡31万元，节庆168.50万元，其中文物176.37万元。", 393.87, ""),
        ("下乡31万元，节庆168.50万元。", 217.5, ""),
        (
            "主要有：下乡31万元，节庆168.50万元，文物176.37万元。",
            393.87,
            "31+168.5+176.37=375.87",
        ),
        ("岗位3642.8万元，培训15.3万元，保险1586.4万元。", 5382.2, "3642.8+15.3+1586.4=5244.5"),
    ],
)
def test_one_part_with_a_slip_that_makes_the_whole_is_told(
    text: str, whole: float, told: str
) -> None:
    assert part_slipped(text, whole, ()) == told


def test_parts_above_their_whole_and_slips_are_told() -> None:
    assert parts_above("疫苗168万元，基地60万元。", 220.0, ()) == "168+60=228"
    assert parts_above("疫苗168万元（含基地60万元）。", 220.0, ()) == ""
    assert slipped("全年支付2569.40万元。", (2596.4,)) == "2569.40万元”，填的是“2596.4"
