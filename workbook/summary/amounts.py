"""Amounts and the execution rate of a form's lines: in one unit, added up exactly, the rate from the sums.

Amounts are 万元 whatever the form's unit. What the rate is stands in the definition alone: a department's
rate is the form's own computed field, the rate of several is the same expression over their sums.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbook.errors import FormError, nearest
from workbook.expression import cells_of, evaluate
from workbook.form import PER_WANYUAN, Field, Form

UNIT = "万元"


def figure_or_none(value: object) -> float | None:
    """A figure of a frame; None for NA."""
    return None if pd.isna(value) else float(value)  # type: ignore[call-overload,arg-type]


def column_of(parts: Mapping[str, pd.DataFrame], item: Field) -> pd.Series[Any]:
    """A single field's column; `parts` are the sections' frames, index `submission`."""
    return parts[item.section][item.id]


def amount_column(form: Form, parts: Mapping[str, pd.DataFrame], item: Field) -> pd.Series[float]:
    """An amount's column in 万元, index `submission`; FormError if its unit is none we know."""
    unit = item.unit or form.unit
    if unit not in PER_WANYUAN:
        raise FormError(
            f"{form.path.name}, unit: '{unit}' cannot be added up; {nearest(unit, PER_WANYUAN)}"
        )
    return column_of(parts, item) / PER_WANYUAN[unit]


def sum_of(values: pd.Series[float]) -> float:
    """The sum of what there is, NaN if there is nothing; exact, so that no order matters."""
    present = values.dropna()
    return math.fsum(present) if len(present) else math.nan


# --- the execution rate ---------------------------------------------------------------------------


def gives_rate(form: Form, lines: pd.DataFrame, end: str = "") -> pd.Series[bool]:
    """Whether each line has every amount that the rate rests on, so that a blank is no zero.

    `end` is what the names of the amounts' columns end with, of two years side by side.
    """
    return lines[[f"{name}{end}" for name in form.key_fields.rate_needs]].notna().all(axis=1)


def rate_of_sums(form: Form, lines: pd.DataFrame, end: str = "") -> float:
    """The rate of several departments together, a fraction: from the sums of those that give it."""
    both = lines[gives_rate(form, lines, end)]
    needed = form.key_fields.rate_needs
    sums = pd.DataFrame({name: [sum_of(both[f"{name}{end}"])] for name in needed})
    return float(rates_of(form, sums).to_numpy(dtype=float, na_value=math.nan).item())


def rates_of(form: Form, lines: pd.DataFrame) -> pd.Series[float]:
    """The rate of each line, a fraction, from its own amounts; NA where the form leaves it blank."""
    node, columns = form.key_fields.rate_formula, form.key_fields.rate_columns
    assert node is not None, "asked only of forms with a rate"
    amounts = {
        key: lines[name].to_numpy(dtype=float, na_value=math.nan).reshape(-1, 1)
        for key, name in columns.items()
    }
    values = evaluate(node, lambda ref: cells_of(amounts[ref.key]))
    rates = np.broadcast_to(values, (len(lines), 1)).ravel()
    return pd.Series(rates, index=lines.index).astype("Float64")


_NAME = re.compile(r"[a-z][a-z0-9_.]*")
_SIGNS = {"/": "÷", "*": "×", "-": "－", "+": "＋", " ": ""}


def worded_rate(form: Form, each: str = "") -> str:
    """How the rate is reckoned, in the form's words: 全年执行数÷全年预算数; `each` stands behind every
    amount (全年执行数合计÷…)."""
    key_fields = form.key_fields
    rate = key_fields.rate
    assert rate is not None, "asked only of forms with a rate"
    words = {
        name: item.label + each
        for item in key_fields.amounts.values()
        for name in (item.key, item.id)
    }
    worded = _NAME.sub(lambda name: words.get(name[0], name[0]), rate.formula)
    return "".join(_SIGNS.get(sign, sign) for sign in worded)
