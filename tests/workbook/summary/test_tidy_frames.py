"""Frames hold what the returns say, typed, each value with its cell; computed values are worked out anew."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.fillings import (
    FILLED,
    accepted,
    changed,
    filling,
    overall,
    project,
    project_form,
    sample_returns,
)
from workbook import ArgumentError, Frames, Return, frames, load_form
from workbook.layout import default_plan

ARCHIVE = FILLED[0]


def one(frame: pd.DataFrame, section: str, field: str) -> dict[str, Any]:
    """The one line of a cells frame for a single field."""
    chosen = (frame["section"] == section) & (frame["field"] == field)
    (line,) = frame[chosen].to_dict("records")
    return {str(key): value for key, value in line.items()}


def rows_of(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """One submission's rows, index `row`."""
    return frame.xs(key, level="submission")  # type: ignore[return-value]


@pytest.fixture(scope="module")
def read() -> Frames:
    return frames(sample_returns())


def test_a_joint_plan_does_not_change_a_row_s_number() -> None:
    given = filling(ARCHIVE)
    wide = (default_plan(overall())[0] + 4, *default_plan(overall())[1:])
    moved = filling(ARCHIVE, plan=wide)
    found = frames([accepted(given, "a.xlsx"), accepted(moved, "b.xlsx", plan=wide)])
    rows = found.section("indicators")
    assert list(rows_of(rows, "a.xlsx").index) == [1, 2, 3, 4, 5, 7, 9, 11, 13, 15, 17, 19]
    assert list(rows_of(rows, "b.xlsx").index)[:5] == [1, 2, 3, 8, 9]
    left, right = (rows_of(rows, key).reset_index(drop=True) for key in ("a.xlsx", "b.xlsx"))
    pd.testing.assert_frame_equal(left, right)
    cells = found.cells[found.cells["submission"] == "b.xlsx"]
    cells = cells[(cells["row"] == 8) & (cells["field"] == "indicator")]
    assert cells["value"].tolist() == [rows_of(rows, "b.xlsx")["indicator"].loc[8]]


def test_a_cell_in_error_is_told_as_one() -> None:
    given = accepted(filling(ARCHIVE), "a.xlsx")
    assert given.submission is not None
    name = "funds.final_budget"
    broken = replace(given.submission.cells[name], value=None, error=True)
    cells = given.submission.cells | {name: broken}
    found = frames([replace(given, submission=replace(given.submission, cells=cells))]).cells
    line = one(found, "funds", "final_budget")
    assert line["state"] == "error"


def test_computed_values_are_worked_out_anew() -> None:
    lied = changed(filling(ARCHIVE), funds__execution_rate=0.5, totals__total_score=1)
    found = frames([accepted(lied, "a.xlsx")])
    assert found.section("funds").loc["a.xlsx", "execution_rate"] == 1
    assert found.section("totals").loc["a.xlsx", "total_score"] == 100
    rate = one(found.cells, "funds", "execution_rate")
    assert (rate["raw"], rate["value"], rate["number"]) == ("0.5", "1", 1)
    assert rate["state"] == "overwritten"


def test_a_suggested_cell_that_was_overtyped_counts() -> None:
    given = changed(filling(ARCHIVE), funds__execution_score=9.5)
    assert frames([accepted(given)]).section("totals")["total_score"].iloc[0] == 99.5


def test_what_cannot_be_read_is_missing_and_says_so() -> None:
    given = changed(
        filling(ARCHIVE), funds__final_budget="约一百", funds__original_budget="１６２万元"
    )
    found = frames([accepted(given, "a.xlsx")])
    funds = found.section("funds")
    assert funds[["final_budget", "execution_rate"]].isna().to_numpy().all()
    assert funds["original_budget"].tolist() == [162]
    unreadable = one(found.cells, "funds", "final_budget")
    assert (unreadable["state"], unreadable["raw"]) == ("unreadable", "约一百")
    converted = one(found.cells, "funds", "original_budget")
    assert converted["state"] == "converted"
    assert converted["receipt"]


def test_every_cell_of_a_used_row_stands_with_its_place(read: Frames) -> None:
    cells = read.cells[read.cells["submission"] == f"returns/{ARCHIVE.stem}.xlsx"]
    rows = cells[cells["section"] == "indicators"].dropna(subset=["row"])
    fields = rows[rows["field"] != "level1_sum"]
    assert set(fields.groupby("row").size()) == {7}
    assert set(fields["state"]) == {"typed", "blank"}
    assert (cells["cell"].str.fullmatch("[A-Z]+[0-9]+")).all()


def test_a_field_added_to_a_form_appears_without_touching_python(tmp_path: Path) -> None:
    text = overall().path.read_text(encoding="utf-8")
    line, cell = 'other_funds = { label = "其他资金"', re.compile(r"\{other_funds\} \|[^|]*\|")
    assert line in text
    text = text.replace(line, 'staff = { label = "人数", kind = "count" }\n' + line)
    text, drawn = cell.subn("{other_funds} | {staff} |", text)
    assert drawn == 1
    path = tmp_path / "more.toml"
    path.write_text(text, encoding="utf-8")
    form = load_form(path)
    given = changed(filling(ARCHIVE), funds__staff=42)
    found = frames([accepted(given, form=form)]).section("funds")
    assert str(found["staff"].dtype) == "Int64"
    assert found["staff"].tolist() == [42]


def test_returns_of_several_forms_have_frames_of_their_own(tmp_path: Path) -> None:
    form = project_form(tmp_path)
    returns: list[Return] = [*sample_returns(), project(form, "甲")]
    found = frames(returns)
    assert list(found.sections) == [overall().key, form.key]
    assert found.section("steps", form.key)["step"].tolist() == ["招标"]
    for names, told in (
        (("funds",), "form='' *：请写明是哪一种表"),
        (("funds", "x"), "form='x'：请写明是哪一种表"),
        (("x", form.key), "section='x'：有的是"),
    ):
        with pytest.raises(ArgumentError, match=told):
            found.section(*names)
    only = frames(returns, form)
    assert list(only.sections) == [form.key]
    assert len(only.submissions) == 1
    assert len(only.files) == 13


def test_no_returns_give_empty_frames_with_all_columns() -> None:
    found = frames([], overall())
    assert found.section("funds").empty
    assert str(found.section("indicators")["weight"].dtype) == "Float64"
    assert found.cells.columns.tolist()[:3] == ["submission", "county", "section"]
    assert found.section("indicators").index.names == ["submission", "row"]
