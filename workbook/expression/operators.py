"""`OPS`: what each operator means, as an Excel formula and, beside it, over arrays; see `operands`."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from workbook.expression.operands import (
    BLANK,
    ERROR,
    NUMBER,
    Array,
    Cells,
    Op,
    Param,
    Type,
    number_text,
)
from workbook.expression.text_operators import TEXT_OPS, literal
from workbook.text import NONE_WORDS

# --- arithmetic ---------------------------------------------------------------------------------

_NOISE = 2.0**-48  # LibreOffice takes differences below this share of their terms for zero


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.nan)


def _snap(result: Array, a: Array, b: Array) -> Array:
    scale = np.maximum(np.abs(a), np.abs(b))
    return np.where(np.abs(result) <= scale * _NOISE, result * 0.0, result)


def _add(a: Array, b: Array) -> Array:
    return _snap(_finite(a + b), a, b)


def _sub(a: Array, b: Array) -> Array:
    return _snap(_finite(a - b), a, b)


def _div(a: Array, b: Array) -> Array:
    return _finite(a / np.where(b == 0, np.nan, b))


def _round(a: Array, digits: Array) -> Array:
    """Half away from zero, on the 15 digits a spreadsheet keeps: 1.005 → 1.01."""
    scale = 10.0**digits
    raised = np.abs(a) * scale + 0.5
    step = 10.0 ** (14 - np.floor(np.log10(raised)))
    # LibreOffice leaves a number with at most 11 bits behind the point as it is.
    near = np.where(raised * 2048 % 1 == 0, raised, np.floor(raised * step + 0.5) / step)
    exact = (raised >= 2.0**52) | ((digits >= 0) & (np.floor(a) == a))
    return _finite(np.where(exact, a, np.copysign(np.floor(near) / scale, a)) + 0.0)


def _written(a: Array, digits: Array) -> Array:
    """Numbers as words, rounded; undecided where they are."""
    numbers: Array = _round(a, digits)
    decided = ~np.isnan(numbers)
    distinct, positions = np.unique(numbers[decided], return_inverse=True)
    words = np.empty(len(distinct), dtype=object)
    words[:] = [number_text(float(number)) for number in distinct]
    written = np.full(numbers.shape, None, dtype=object)  # None is what is undecided
    written[decided] = words[positions]
    return written


# Asked for one number at a time, and money and scores repeat.
@lru_cache(maxsize=65536)
def rounded(value: float, digits: int) -> float:
    """One number as the workbook's ROUND gives it."""
    with np.errstate(all="ignore"):
        return float(_round(np.array(value), np.array(digits)))


def _lt(a: Array, b: Array, tolerance: float) -> Array:
    return _truth(_sub(a, b) < -tolerance, a, b)


def _le(a: Array, b: Array, tolerance: float) -> Array:
    return _truth(_sub(a, b) < tolerance, a, b)


def _eq(a: Array, b: Array, tolerance: float) -> Array:
    return _truth(np.abs(_sub(a, b)) < tolerance, a, b)


def _truth(values: Array, *operands: Array) -> Array:
    decided: Array = np.isfinite(operands[0])
    for operand in operands[1:]:
        decided = decided & np.isfinite(operand)
    return np.where(decided, values * 1.0, np.nan)


def _and(*args: Array) -> Array:
    product: Array = np.prod(np.stack(np.broadcast_arrays(*args)), axis=0)
    return product


def _or(*args: Array) -> Array:
    stacked = np.stack(np.broadcast_arrays(*args))
    return np.where(np.isnan(stacked).any(axis=0), np.nan, np.nanmax(_no_nan(stacked), axis=0))


def _no_nan(values: Array) -> Array:
    return np.where(np.isnan(values), 0.0, values)


def _extreme(pick: Callable[..., Array]) -> Callable[..., Array]:
    def over(*args: Array) -> Array:
        return pick(np.stack(np.broadcast_arrays(*args)), axis=0)

    return over


def _invert(a: Array) -> Array:
    return 1.0 - a


def _if(condition: Array, then: Array, otherwise: Array) -> Array:
    condition, then, otherwise = np.broadcast_arrays(condition, then, otherwise)
    unknown: Any = None if then.dtype == object else np.nan
    chosen = np.where(condition == 1.0, then, otherwise)
    return np.where(np.isnan(condition), unknown, chosen)


def _need(condition: Array, value: Array) -> Array:
    unknown = np.full_like(value, None if value.dtype == object else np.nan)
    return _if(condition, value, unknown)


def _date(year: Array, month: Array, day: Array) -> Array:
    def serial(*parts: float) -> float:
        try:
            date = datetime.date(*(int(part + part * _NOISE) for part in parts))
        except (ValueError, OverflowError):
            return np.nan
        return float((date - EPOCH).days) if date.year > 1900 else np.nan

    days: Array = np.vectorize(serial, otypes=[float])(year, month, day)
    return days


_DATE = (  # DATE alone makes the 2nd of March of the 30th of February, and 2024 or 1924 of 24
    "IF(AND({0}>=1901,{0}<10000,{1}>=1,{1}<13,{2}>=1,{2}<32),"
    "IF(DAY(DATE({0},{1},{2}))=INT({2}),DATE({0},{1},{2}),NA()),NA())"
)


EPOCH = datetime.date(1899, 12, 30)
"""Day zero of a workbook's dates (the 1900 system, from March 1900 on)."""


# --- cells ----------------------------------------------------------------------------------------

BLANK_TEST = '(LEN(TRIM(SUBSTITUTE(SUBSTITUTE({0},"\u3000",""),CHAR(10),"")))=0)'
NONE_TEST = f"(SUMPRODUCT(EXACT(TRIM({{0}}),{{{{{','.join(map(literal, NONE_WORDS))}}}}})*1)>0)"
_COUNT = BLANK_TEST.replace("=0)", ">0)")


def _any_filled(args: list[str]) -> str:
    return f"OR({','.join(f'NOT({BLANK_TEST.format(arg)})' for arg in args)})"


def _filled(*args: Cells) -> Array:
    return _or(*(1.0 - cells.blank for cells in args))


# --- columns --------------------------------------------------------------------------------------


Reduction = Callable[[Array, tuple[int, ...]], Array]
"""(values, where the runs begin along the last axis) → one value a run."""


def _total(values: Array, starts: tuple[int, ...]) -> Array:
    runs = np.split(values, starts[1:], axis=-1)
    return np.stack([_compensated(run) for run in runs], axis=-1)


def _compensated(values: Array) -> Array:
    """The sum along the last axis, with the bits that adding loses carried along as a sheet does."""
    total = np.zeros(values.shape[:-1])
    lost = np.zeros(values.shape[:-1])
    for value in np.moveaxis(values, -1, 0):
        new = total + value
        larger, smaller = np.where(np.abs(total) >= np.abs(value), (total, value), (value, total))
        lost += (larger - new) + smaller
        total = new
    return total + lost


def _reduction_by(ufunc: np.ufunc) -> Reduction:
    return lambda values, starts: ufunc.reduceat(values, starts, axis=-1)


def _reduced(values: Array, cells: Cells, reduction: Reduction = _total) -> Array:
    """Reduce along the rows, run by run; an error among the cells makes the run undecided."""
    broken = np.add.reduceat((cells.state == ERROR) * 1, cells.starts, axis=1) > 0
    return np.where(broken, np.nan, reduction(values, cells.starts))


def _numbers(cells: Cells, otherwise: float) -> Array:
    return np.where(cells.state == NUMBER, cells.number, otherwise)


def _column(reduction: Reduction, otherwise: float) -> Callable[[Cells], Array]:
    """An aggregate of the numbers of a column; undecided where there is none."""

    def reduced(cells: Cells) -> Array:
        count = np.add.reduceat((cells.state == NUMBER) * 1, cells.starts, axis=1)
        result = _reduced(_numbers(cells, otherwise), cells, reduction)
        return _finite(np.where(count > 0, result, np.nan))

    return reduced


def _count(cells: Cells) -> Array:
    return _reduced((cells.state != BLANK) * 1.0, cells)


def _matches(keys: Cells, key: Array) -> Array:
    """(n, cells asked, cells of the column): 1.0 where the column's text is the key.

    NaN where the key is undecided or an error is among the column's cells that are asked.
    """
    wanted_key = key[:, :, None]
    asked = _run_members(keys)
    same = (keys.text[:, None, :] == wanted_key) * asked
    broken = ((keys.state == ERROR)[:, None, :] & asked).any(axis=2, keepdims=True)
    undecided = wanted_key == None  # noqa: E711 - of each text in the array
    counted: Array = np.where(undecided | broken, np.nan, same * 1.0)
    return counted


def _run_members(cells: Cells) -> npt.NDArray[np.bool_]:
    """(runs, cells): which cells of a column belong to which run."""
    run_of_cell = np.searchsorted(cells.starts, np.arange(cells.state.shape[1]), side="right") - 1
    belongs: npt.NDArray[np.bool_] = np.arange(len(cells.starts))[:, None] == run_of_cell
    return belongs


def _count_where(keys: Cells, key: Array) -> Array:
    counts: Array = _matches(keys, key).sum(axis=2)
    return counts


def _sum_where(values: Cells, keys: Cells, key: Array) -> Array:
    broken = ((values.state == ERROR)[:, None, :] & _run_members(values)).any(axis=2)
    total = _compensated(_matches(keys, key) * _numbers(values, 0.0)[:, None, :])
    return np.where(broken, np.nan, _finite(total))


# --- the table ------------------------------------------------------------------------------------


def _infix(sign: str) -> str:
    return "({0}" + sign + "{1})"


def _call(name: str) -> Callable[[list[str]], str]:
    return lambda args: f"{name}({','.join(args)})"


_N, _B = Param.NUMBER, Param.TRUTH
_ROWS: tuple[Op, ...] = (
    Op("add", (_N, _N), Type.NUMBER, _infix("+"), _add),
    Op("sub", (_N, _N), Type.NUMBER, _infix("-"), _sub),
    Op("mul", (_N, _N), Type.NUMBER, _infix("*"), lambda a, b: _finite(a * b)),
    Op("div", (_N, _N), Type.NUMBER, _infix("/"), _div),
    Op("neg", (_N,), Type.NUMBER, "(-{0})", lambda a: -a),
    Op("abs", (_N,), Type.NUMBER, "ABS({0})", np.abs, doc="绝对值"),
    Op("round", (_N, _N), Type.NUMBER, "ROUND({0},{1})", _round, doc="四舍五入到若干位小数"),
    Op(
        "written",
        (_N, _N),
        Type.TEXT,
        '(ROUND({0},{1})&"")',
        _written,
        doc="把数四舍五入到若干位小数，写成文字",
    ),
    Op("min", (_N,), Type.NUMBER, _call("MIN"), _extreme(np.min), variadic=True, doc="最小的数"),
    Op("max", (_N,), Type.NUMBER, _call("MAX"), _extreme(np.max), variadic=True, doc="最大的数"),
    Op("lt", (_N, _N), Type.TRUTH, "({0}-{1}<-{tol})", _lt, compares=True),
    Op("le", (_N, _N), Type.TRUTH, "({0}-{1}<{tol})", _le, compares=True),
    Op("gt", (_N, _N), Type.TRUTH, "({1}-{0}<-{tol})", lambda a, b, t: _lt(b, a, t), compares=True),
    Op("ge", (_N, _N), Type.TRUTH, "({1}-{0}<{tol})", lambda a, b, t: _le(b, a, t), compares=True),
    Op("eq", (_N, _N), Type.TRUTH, "(ABS({0}-{1})<{tol})", _eq, compares=True),
    Op(
        "ne",
        (_N, _N),
        Type.TRUTH,
        "NOT(ABS({0}-{1})<{tol})",
        lambda a, b, t: _invert(_eq(a, b, t)),
        compares=True,
    ),
    Op("and", (_B,), Type.TRUTH, _call("AND"), _and, variadic=True),
    Op("or", (_B,), Type.TRUTH, _call("OR"), _or, variadic=True),
    Op("not", (_B,), Type.TRUTH, "NOT({0})", _invert),
    Op("if", (_B, Param.SAME, Param.SAME), None, "IF({0},{1},{2})", _if),
    Op("need", (_B, Param.SAME), None, "IF({0},{1},NA())", _need, doc="条件成立才有值，否则未定"),
    Op("date", (_N, _N, _N), Type.DATE, _DATE, _date, doc="某年某月某日"),
    Op("blank", (Param.CELL,), Type.TRUTH, BLANK_TEST, lambda c: c.blank, doc="单元格未填"),
    Op(
        "filled",
        (Param.CELL,),
        Type.TRUTH,
        _any_filled,
        _filled,
        variadic=True,
        doc="单元格中至少一个已填",
    ),
    Op(
        "numeric",
        (Param.CELL,),
        Type.TRUTH,
        "ISNUMBER({0})",
        lambda c: (c.state == NUMBER) * 1.0,
        doc="单元格里是数字",
    ),
    Op(
        "writes_none",
        (Param.CELL,),
        Type.TRUTH,
        NONE_TEST,
        lambda c: c.none,
        doc="金额格里写的是“无”“—”“/”之类，表示没有",
    ),
    *TEXT_OPS,
    Op(
        "sum",
        (Param.NUMBERS,),
        Type.NUMBER,
        "IF(COUNT({0})=0,NA(),SUM({0}))",
        _column(_total, 0.0),
        doc="一列之和；一个数也没有则未定",
    ),
    Op(
        "lowest",
        (Param.NUMBERS,),
        Type.NUMBER,
        "IF(COUNT({0})=0,NA(),MIN({0}))",
        _column(_reduction_by(np.minimum), np.inf),
        doc="一列中最小的数",
    ),
    Op(
        "highest",
        (Param.NUMBERS,),
        Type.NUMBER,
        "IF(COUNT({0})=0,NA(),MAX({0}))",
        _column(_reduction_by(np.maximum), -np.inf),
        doc="一列中最大的数",
    ),
    Op(
        "count",
        (Param.CELLS,),
        Type.NUMBER,
        f"SUMPRODUCT({_COUNT}*1)",
        _count,
        doc="一列中已填的个数",
    ),
    Op(
        "count_where",
        (Param.CELLS, Param.TEXT),
        Type.NUMBER,
        "SUMPRODUCT(EXACT({0},{1})*({0}={0}))",  # EXACT may hide an error; = does not
        _count_where,
        doc="一列中逐字相同的个数",
    ),
    Op(
        "sum_where",
        (Param.NUMBERS, Param.CELLS, Param.TEXT),
        Type.NUMBER,
        "(SUMPRODUCT(EXACT({1},{2})*1,{0})+0*SUMPRODUCT(({1}={1})*1))",
        _sum_where,
        doc="另一列逐字相同的各行，本列之和",
    ),
)
OPS: dict[str, Op] = {op.name: op for op in _ROWS}
"""Every operator by its name in form definitions."""
