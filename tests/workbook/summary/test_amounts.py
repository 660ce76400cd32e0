"""Amounts are added exactly, in one unit; where nobody gave any there is no sum, not even nought."""

from __future__ import annotations

import math
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from builder import build_summary
from tests.fillings import FILLED, accepted, changed, filling, main_form, overall
from workbook import FormError, aggregate
from workbook.form import load_form
from workbook.summary import sum_of, worded_rate

NOBODY = {"funds__government_fund": None, "funds__original_budget": None}


def column(*values: float | None) -> pd.Series[float]:
    return pd.Series(values, dtype="Float64")


def test_what_nobody_gave_has_no_sum() -> None:
    assert math.isnan(sum_of(column()))
    assert math.isnan(sum_of(column(None, None)))
    assert sum_of(column(None, 0.0)) == 0
    assert sum_of(column(None, 2.5, None)) == 2.5


def test_no_order_changes_a_sum() -> None:
    values = [0.1] * 10 + [1e16, 1.0, -1e16]
    assert sum_of(column(*values)) == sum_of(column(*reversed(values))) == 2.0


def test_a_column_that_nobody_filled_in_has_a_blank_total_on_the_sheet(tmp_path: Path) -> None:
    returns = [
        accepted(changed(filling(path), **NOBODY), f"{number}.xlsx")
        for number, path in enumerate(FILLED[:2])
    ]
    summary = aggregate(returns)
    assert summary.main is not None
    assert summary.main.totals["value"].isna().loc["original_budget"]
    assert summary.main.funds["amount"].isna().loc["funds.government_fund"]
    book = openpyxl.load_workbook(build_summary(summary, tmp_path / "汇总.xlsx"), data_only=True)
    for sheet, head in (("部门汇总", "年初预算数"), ("资金构成", "政府性基金拨款")):
        place = [cell.value for cell in book[sheet][3]].index(head)
        first, second, total = (row[place].value for row in book[sheet].iter_rows(4, 6))
        assert (first, second) == (None, None)
        assert total in (None, "")


@pytest.mark.parametrize(("unit", "wanted"), [("元", 0.02), ("千元", 20), ("万元", 200)])
def test_amounts_are_in_wan_yuan_whatever_the_form_s_unit(
    unit: str, wanted: float, tmp_path: Path
) -> None:
    path = tmp_path / "form.toml"
    text = overall().path.read_text(encoding="utf-8")
    path.write_text(text.replace('unit = "万元"', f'unit = "{unit}"'), encoding="utf-8")
    form = load_form(path)
    given = changed(filling(FILLED[0]), funds__final_budget=200.0)
    summary = aggregate([accepted(given, form=form)])
    assert main_form(summary).totals.loc["final_budget", "value"] == pytest.approx(wanted)


def test_a_unit_that_is_none_cannot_be_added_up(tmp_path: Path) -> None:
    path = tmp_path / "form.toml"
    text = overall().path.read_text(encoding="utf-8")
    path.write_text(text.replace('unit = "万元"', 'unit = "亿"'), encoding="utf-8")
    form = load_form(path)
    with pytest.raises(FormError, match="亿"):
        aggregate([accepted(filling(FILLED[0]), form=form)])


def test_the_rate_is_worded_as_the_definition_reckons_it() -> None:
    assert worded_rate(overall()) == "全年执行数÷全年预算数"
    assert worded_rate(overall(), "合计") == "全年执行数合计÷全年预算数合计"


def test_the_rate_is_worded_with_every_sign(tmp_path: Path) -> None:
    path = tmp_path / "form.toml"
    text = overall().path.read_text(encoding="utf-8")
    rate = 'formula = "(actual_expenditure - original_budget) / (final_budget * 2)"'
    path.write_text(
        text.replace('formula = "actual_expenditure / final_budget"', rate), encoding="utf-8"
    )
    form = load_form(path)
    assert worded_rate(form) == "(全年执行数－年初预算数)÷(全年预算数×2)"
