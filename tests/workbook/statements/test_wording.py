"""Sentences are grammatical for none, one, two and many, for ties and for no change."""

from __future__ import annotations

import pandas as pd
import pytest

from workbook.statements.wording import (
    changed,
    ends,
    enumerated,
    extremes,
    instances,
    largest,
    listed,
    moved,
    percent,
    percentage_points,
    points,
    short_names,
)


def named(**values: float) -> pd.Series:
    return pd.Series(values, dtype=float)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, ""),
        ({"甲局": 0.9}, "甲局为90.00%"),
        ({"甲局": 0.9, "乙局": 0.9}, "均为90.00%"),
        ({"甲局": 0.9, "乙局": 0.90000001}, "均为90.00%"),
        ({"甲局": 0.9, "乙局": 0.8}, "最高的是甲局（90.00%），最低的是乙局（80.00%）"),
        (
            {"甲局": 1.0, "乙局": 0.8, "丙局": 1.0},
            "最高的是甲局、丙局（均为100.00%），最低的是乙局（80.00%）",
        ),
        (
            {"甲": 1.0, "乙": 1.0, "丙": 1.0, "丁": 1.0, "戊": 0.5},
            "最高的是甲、乙、丙等4个部门（均为100.00%），最低的是戊（50.00%）",
        ),
    ],
)
def test_who_is_highest_and_lowest(values: dict[str, float], told: str) -> None:
    assert extremes(named(**values), percent, "部门") == told


def test_the_ends_are_one_where_all_are_alike_and_none_of_none() -> None:
    assert ends(named()) == {}
    assert ends(named(甲=1.0, 乙=1.0)) == {"甲": 1.0}
    assert ends(named(甲=1.0, 乙=2.0)) == {"乙": 2.0, "甲": 1.0}


@pytest.mark.parametrize(
    ("values", "leaders"),
    [
        ([], []),
        ([5], [5]),
        ([5, 4, 3, 2], [5, 4, 3]),
        ([5, 4, 3, 3], [5, 4]),
        ([5, 4, 4, 4], [5]),
        ([5, 5, 5, 5], []),
        ([5.001, 5.002, 4, 4], [5.002, 5.001]),
        ([5.001, 5.002, 4.999, 5.003], []),
    ],
)
def test_no_one_of_several_equal_ones_is_called_the_largest(
    values: list[float], leaders: list[float]
) -> None:
    assert largest(pd.Series(values, dtype=float), 3).tolist() == leaders


@pytest.mark.parametrize(
    ("count", "told"), [(1, "局0"), (2, "局0、局1"), (7, "局0、局1、局2等7个部门")]
)
def test_names_are_listed(count: int, told: str) -> None:
    assert listed([f"局{n}" for n in range(count)], "部门") == told


@pytest.mark.parametrize(
    ("count", "told"), [(1, "为局0"), (6, "为局0、局1、局2、局3、局4、局5"), (7, "如局0、局1、局2")]
)
def test_whom_a_told_number_means(count: int, told: str) -> None:
    assert instances([f"局{n}" for n in range(count)]) == told


def test_several_points_are_numbered_and_one_is_not() -> None:
    assert enumerated(["没有报送"]) == "没有报送。"
    assert enumerated(["没有报送", "没有更正"]) == "一是没有报送；二是没有更正。"


def test_changes_of_amounts_rates_and_scores() -> None:
    assert changed(100, 120) == "由100.00万元增加到120.00万元，增加20.00万元，增长20.00%"
    assert changed(100, 80) == "由100.00万元减少到80.00万元，减少20.00万元，下降20.00%"
    assert changed(0, 80) == "由0.00万元增加到80.00万元，增加80.00万元", "no growth from nothing"
    assert changed(100, 100.001) == "与上年持平，为100.00万元"
    rate = moved(0.9, 0.932, percent, percentage_points)
    assert rate == "由90.00%提高到93.20%，提高3.20个百分点"
    assert moved(90, 88, points, points) == "由90.00分下降到88.00分，下降2.00分"


def test_the_place_that_all_names_begin_with_is_left_out_in_charts() -> None:
    assert short_names(["云溪区教育局", "云溪区教体局"]) == ["教育局", "教体局"]
    assert short_names(["第1中学", "第2中学"]) == ["第1中学", "第2中学"]
    assert short_names(["云溪区", "云溪区教育局"]) == ["云溪区", "云溪区教育局"]
    assert short_names(["云溪区教育局"]) == ["云溪区教育局"]
    assert short_names([]) == []
