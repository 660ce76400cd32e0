"""Lost points, their reasons, and how generous departments were to themselves."""

from dataclasses import replace

import pandas as pd
import pytest

from tests.fillings import FILLED, accepted, filling, overall, sample_returns
from workbook import FormSummary, Return, aggregate
from workbook.form import Value
from workbook.summary import NONE, OTHER, attainment_by, reasons

ROWS = overall().key_fields.scored[0]
ROW_NUMBERS = (1, 2, 3, 4, 5, 7, 9, 11, 13, 15)
"""Of the indicators that the archive filled in."""


def with_rows(rows: dict[int, dict[str, Value]], path: str = "a.xlsx") -> Return:
    """The archive's return with some cells of its first rows changed."""
    given = filling(FILLED[0])
    old = given.rows["indicators"]
    new = {n: row | rows.get(n, {}) for n, row in old.items()}
    return accepted(replace(given, rows={"indicators": new}), path)


def main(*returns: Return) -> FormSummary:
    found = aggregate(returns).main
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("夏季连续降 雨，招标推迟", "自然条件"),
        ("招标推迟", "招标采购"),
        ("进度滞后", "进度滞后"),
        ("停产检修", OTHER),
        ("　", NONE),
    ],
)
def test_a_reason_belongs_to_the_first_group_that_fits(text: str, group: str) -> None:
    assert groups_of(text) == [group]


def test_no_group_of_reasons_is_out_of_reach() -> None:
    for name, words in overall().key_fields.reasons:
        assert name in groups_of(*words)


def groups_of(*texts: str) -> list[str]:
    """To which groups these reasons belong, a row's each."""
    found = []
    for first in range(0, len(texts), 10):
        some = texts[first : first + 10]
        lost: dict[str, Value] = {"weight": 8.0, "self_score": 7.0}
        rows = {
            n: lost | {"deviation_reason": text} for n, text in zip(ROW_NUMBERS, some, strict=False)
        }
        found += main(with_rows(rows)).details["indicators"]["reason"].tolist()[: len(some)]
    return found


def test_lost_points_and_the_rule_s_score_stand_beside_each_row() -> None:
    item = with_rows(
        {
            1: {"target": "≥10场", "actual": "8场", "weight": 8.0, "self_score": 7.0,
                "deviation_reason": "下雨"},
            2: {"target": "≥10场", "actual": "12场", "weight": 8.0, "self_score": 7.5,
                "deviation_reason": None},
            3: {"self_score": None},
        }
    )  # fmt: skip
    rows = main(item).details["indicators"].head(3)
    assert rows["lost"].tolist() == [1, 0.5, pd.NA]
    assert rows["expected_score"].tolist()[:2] == pytest.approx([6.4, 8])
    assert rows["above"].tolist()[:2] == pytest.approx([0.6, -0.5])
    assert rows["reason"].tolist() == ["自然条件", NONE, pd.NA]


def test_full_marks_are_counted_over_the_rows_that_are_scored() -> None:
    item = with_rows({1: {"self_score": 1.0}, 2: {"self_score": None}})
    table = attainment_by(main(item).details["indicators"], ROWS, ["level1"])
    first = table.iloc[0]
    assert (first["given"], first["full"]) == (first["rows"] - 1, first["rows"] - 2)
    assert first["full_share"] == pytest.approx((first["rows"] - 2) / (first["rows"] - 1))
    assert first["reason"] == NONE


def test_the_most_frequent_reason_comes_first() -> None:
    part = main(*sample_returns())
    told = reasons(part.details["indicators"], ROWS)
    assert told["rows"].is_monotonic_decreasing
    assert told["share"].sum() == pytest.approx(1)
    assert told["lost"].sum() == pytest.approx(part.details["indicators"]["lost"].sum())
    assert told.index[0] == NONE
    assert pd.isna(told["example"].iloc[0])


def test_of_reasons_equally_frequent_the_dearer_comes_first() -> None:
    item = with_rows(
        {
            1: {"weight": 8.0, "self_score": 7.0, "deviation_reason": "下雨"},
            2: {"weight": 8.0, "self_score": 5.0, "deviation_reason": "招标推迟"},
        }
    )
    told = reasons(main(item).details["indicators"], ROWS).reset_index()
    once = told[told["rows"] == 1]
    assert once[["reason", "lost"]].to_numpy().tolist() == [["招标采购", 3], ["自然条件", 1]]


def test_generosity_is_told_by_department() -> None:
    full = with_rows({})
    item = with_rows({1: {"target": "≥10场", "actual": "5场", "weight": 8.0, "self_score": 8.0}})
    part = main(item)
    own = part.generosity.loc[1]
    assert (own["above"], own["above_points"], own["full_share"]) == (1, 4, 1)
    assert main(full).generosity.loc[1, "above"] == 0


def test_no_rows_have_no_reasons() -> None:
    part = main(accepted(filling(FILLED[0])))
    assert attainment_by(part.details["indicators"].iloc[:0], ROWS, ["level1"]).empty
    assert reasons(part.details["indicators"].iloc[:0], ROWS).empty
