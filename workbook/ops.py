"""`OPS`: what each operator means, as an Excel formula and, beside it, over arrays.

An array has one row a submission and one column a cell of the scope: shape (n, 1) for the form,
(n, rows) for a repeating section, (n, groups) for its groups; numpy's broadcasting joins them.
Numbers, dates (serial days) and truths are float64, NaN meaning undecided; truths are 1.0 and 0.0.
Texts are object arrays of str, None meaning undecided. In the workbook "undecided" is an error value,
which spreads through a formula as NaN spreads through an array.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbook import text as texts

Array = npt.NDArray[Any]


class Type(StrEnum):
    """What an expression yields."""

    NUMBER = "number"
    TEXT = "text"
    TRUTH = "truth"
    DATE = "date"


class Param(StrEnum):
    """What an operator takes: a value of a type, a cell as it stands, or a whole column."""

    NUMBER = "number"
    TEXT = "text"
    TRUTH = "truth"
    DATE = "date"
    SAME = "same"  # any type, the same for all such arguments
    CELL = "cell"
    NUMBERS = "numbers"
    CELLS = "cells"


BLANK, NUMBER, TEXT, ERROR = range(4)
"""States of a cell as the workbook sees it."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells as they stand: one array each of state, number (NaN if none) and words (blank if none)."""

    state: npt.NDArray[np.int8]
    number: npt.NDArray[np.float64]
    words: Array
    starts: tuple[int, ...] = (0,)
    """Where the pieces begin that an aggregate reduces, along the second axis."""

    @property
    def blank(self) -> npt.NDArray[np.float64]:
        """1.0 where nothing is filled in, NaN where the cell holds an error."""
        return np.where(self.state == ERROR, np.nan, (self.state == BLANK) * 1.0)

    @property
    def text(self) -> Array:
        """The cells' texts; numbers as a sheet turns them into text."""
        numbers = self.state == NUMBER
        if not numbers.any():
            return self.words
        text = self.words.copy()
        text[numbers] = [number_text(float(value)) for value in self.number[numbers]]
        return text


def number_text(value: float) -> str:
    """One number as a sheet turns it into text: 15 digits, written out from 1e-14 on."""
    text = f"{value + 0.0:.15g}"  # + 0.0: a sheet knows no -0
    _, is_scientific, exponent = text.partition("e")
    if not is_scientific:
        return text
    return f"{Decimal(text):f}" if -15 < int(exponent) < 0 else text.upper()


@dataclass(frozen=True, slots=True)
class Op:
    """One operator. `excel` is filled with the arguments' formulas and, as `tol`, the tolerance."""

    name: str
    params: tuple[Param, ...]
    result: Type | None  # None: the type of its SAME arguments
    excel: str | Callable[[list[str]], str]
    arrays: Callable[..., Array]
    variadic: bool = False
    compares: bool = False
    doc: str = ""

    def formula(self, args: list[str], tolerance: float) -> str:
        """The Excel formula of this operator over its arguments' formulas."""
        if callable(self.excel):
            return self.excel(args)
        return self.excel.format(*args, tol=f"{tolerance:.12f}".rstrip("0"))

    def param(self, index: int) -> Param:
        """What the argument at `index` (from 0) is."""
        return self.params[min(index, len(self.params) - 1)]


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
    known: Array = np.isfinite(operands[0])
    for operand in operands[1:]:
        known = known & np.isfinite(operand)
    return np.where(known, values * 1.0, np.nan)


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


def _if(condition: Array, then: Array, otherwise: Array) -> Array:
    condition, then, otherwise = np.broadcast_arrays(condition, then, otherwise)
    unknown: Any = None if then.dtype == object else np.nan
    chosen = np.where(condition == 1.0, then, otherwise)
    return np.where(np.isnan(condition), unknown, chosen)


def _need(condition: Array, value: Array) -> Array:
    unknown = np.full_like(value, None if value.dtype == object else np.nan)
    return _if(condition, value, unknown)


def _date(year: Array, month: Array, day: Array) -> Array:
    def serial(y: float, m: float, d: float) -> float:
        try:
            date = datetime.date(int(y), int(m), int(d))
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


# --- texts ----------------------------------------------------------------------------------------


def _each(function: Callable[[str], Any], values: Array, *, number: bool = False) -> Array:
    """Apply to each distinct text once; undecided stays undecided."""
    codes, distinct = pd.factorize(values.ravel(), use_na_sentinel=True)
    results = [function(str(item)) for item in distinct]
    if number:
        table = np.array([np.nan if r is None else float(r) for r in results] + [np.nan])
        return table[codes].reshape(values.shape)
    filled = np.empty(len(results) + 1, dtype=object)
    filled[: len(results)] = results
    return filled[codes].reshape(values.shape)


def _pairs(function: Callable[[str, str], bool], a: Array, b: Array) -> Array:
    if b.size == 1 and b.item() is not None:
        constant = b.item()
        return _each(lambda text: function(text, constant), a, number=True)
    a, b = np.broadcast_arrays(a, b)
    result = [
        np.nan if x is None or y is None else float(function(x, y))
        for x, y in zip(a.ravel(), b.ravel(), strict=True)
    ]
    return np.array(result, dtype=float).reshape(a.shape)


def _joined(function: Callable[[str, str], str], a: Array, b: Array) -> Array:
    a, b = np.broadcast_arrays(a, b)
    result = np.empty(a.size, dtype=object)
    for index, (x, y) in enumerate(zip(a.ravel(), b.ravel(), strict=True)):
        result[index] = None if x is None or y is None else function(x, y)
    return result.reshape(a.shape)


def _same(a: Array, b: Array) -> Array:
    return _pairs(str.__eq__, _each(texts.fold, a), _each(texts.fold, b))


def _invert(a: Array) -> Array:
    return 1.0 - a


def _substitutes(inner: str, folds: tuple[tuple[str, str], ...]) -> str:
    for found, instead in folds:
        inner = f"SUBSTITUTE({inner},{_quoted(found)},{_quoted(instead)})"
    return inner


_CONTROLS = {"\n": "CHAR(10)", "\r": "CHAR(13)", "\t": "CHAR(9)"}


def _quoted(value: str) -> str:
    return _CONTROLS.get(value) or literal(value)


def literal(value: str) -> str:
    """A text as a formula writes it."""
    doubled = value.replace('"', '""')
    return f'"{doubled}"'


def _fold_formula(args: list[str]) -> str:
    return f"UPPER({_substitutes(args[0], texts.FOLDS)})"


def _measure_formula(args: list[str]) -> str:
    return _substitutes(_fold_formula(args), texts.SIGN_WORDS)


def _same_formula(args: list[str]) -> str:
    return f"EXACT({_folded(args[0])},{_folded(args[1])})"


_CONSTANT = re.compile(r'"((?:[^"]|"")*)"')


def _folded(formula: str) -> str:
    """The folded text of a formula; a constant is folded once and for all."""
    constant = _CONSTANT.fullmatch(formula)
    if constant:
        return literal(texts.fold(constant[1].replace('""', '"')))
    return _fold_formula([formula])


def _begins_with(letters: str) -> str:
    # ISNUMBER(FIND(…)) would take an error in the text for "not found".
    return f'(LEN(SUBSTITUTE({literal(letters)},LEFT({{0}}&" ",1),""))<{len(letters)})'


_HAS_SIGN = _begins_with(texts.SIGNS)
_BEGINS_WITH_DIGIT = _begins_with(texts.DIGITS)
_SIGN_BEHIND = (
    f'AND(ISNUMBER(FIND(MID({{0}}&" ",1+{_HAS_SIGN},1),{literal(texts.DIGITS)})),'
    f"OR({','.join(f'RIGHT({{0}},2)={literal(s)}' for s in texts.SIGN_SUFFIXES)}))"
)
_BODY = f"MID({{0}},1+{_HAS_SIGN},LEN({{0}})-{_HAS_SIGN}-2*{_SIGN_BEHIND})"
_PLACES = "{{" + ",".join(str(place) for place in range(1, texts.LONGEST_RUN + 1)) + "}}"
# The first place that holds no digit; SUMPRODUCT makes every engine work through the whole list.
_RUN = (
    f'LEFT({{0}},SUMPRODUCT(MIN({_PLACES}+999*ISNUMBER(FIND(MID({{0}}&" ",{_PLACES},1),'
    f"{literal(texts.DIGITS)}))))-1)"
)
_VALUE = (
    f"IF(AND(LEN({{0}})>0,LEN({{0}})<{texts.LONGEST_RUN},EXACT({{0}},{_RUN}),"
    'LEN({0})-LEN(SUBSTITUTE({0},".",""))<2,NOT(EXACT({0},"."))),VALUE({0}),NA())'
)
_SIGN = (
    f"IF({_HAS_SIGN},LEFT({{0}},1),IF({_BEGINS_WITH_DIGIT},"
    f'IF(RIGHT({{0}},2)={literal(texts.AT_LEAST_SUFFIX)},"≥",'
    f'IF(OR({",".join(f"RIGHT({{0}},2)={literal(s)}" for s in texts.AT_MOST_SUFFIXES)}),"≤","")),""))'
)
BLANK_TEST = '(LEN(TRIM(SUBSTITUTE(SUBSTITUTE({0},"\u3000",""),CHAR(10),"")))=0)'
_COUNT = BLANK_TEST.replace("=0)", ">0)")


def _any_filled(args: list[str]) -> str:
    return f"OR({','.join(f'NOT({BLANK_TEST.format(arg)})' for arg in args)})"


def _filled(*args: Cells) -> Array:
    return _or(*(1.0 - cells.blank for cells in args))


# --- columns --------------------------------------------------------------------------------------


Reduction = Callable[[Array, tuple[int, ...]], Array]
"""(values, where the pieces begin along the last axis) → one value a piece."""


def _total(values: Array, starts: tuple[int, ...]) -> Array:
    pieces = np.split(values, starts[1:], axis=-1)
    return np.stack([_compensated(piece) for piece in pieces], axis=-1)


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


def _by(how: np.ufunc) -> Reduction:
    return lambda values, starts: how.reduceat(values, starts, axis=-1)


def _reduced(values: Array, cells: Cells, how: Reduction = _total) -> Array:
    """Reduce along the rows, piece by piece; an error among the cells makes the piece undecided."""
    broken = np.add.reduceat((cells.state == ERROR) * 1, cells.starts, axis=1) > 0
    return np.where(broken, np.nan, how(values, cells.starts))


def _numbers(cells: Cells, otherwise: float) -> Array:
    return np.where(cells.state == NUMBER, cells.number, otherwise)


def _column(how: Reduction, otherwise: float) -> Callable[[Cells], Array]:
    """An aggregate of the numbers of a column; undecided where there is none."""

    def reduced(cells: Cells) -> Array:
        count = np.add.reduceat((cells.state == NUMBER) * 1, cells.starts, axis=1)
        result = _reduced(_numbers(cells, otherwise), cells, how)
        return _finite(np.where(count > 0, result, np.nan))

    return reduced


def _count(cells: Cells) -> Array:
    return _reduced((cells.state != BLANK) * 1.0, cells)


def _matches(keys: Cells, key: Array) -> Array:
    """(n, cells asked, cells of the column): 1.0 where the column's text is the key.

    NaN where the key is undecided or an error is among the column's cells that are asked.
    """
    wanted = key[:, :, None]
    asked = _pieces(keys)
    same = (keys.text[:, None, :] == wanted) * asked
    broken = ((keys.state == ERROR)[:, None, :] & asked).any(axis=2, keepdims=True)
    counted: Array = np.where(pd.isna(wanted) | broken, np.nan, same * 1.0)
    return counted


def _pieces(cells: Cells) -> npt.NDArray[np.bool_]:
    """(pieces, cells): which cells of a column belong to which piece."""
    piece = np.searchsorted(cells.starts, np.arange(cells.state.shape[1]), side="right") - 1
    belongs: npt.NDArray[np.bool_] = np.arange(len(cells.starts))[:, None] == piece
    return belongs


def _count_where(keys: Cells, key: Array) -> Array:
    counts: Array = _matches(keys, key).sum(axis=2)
    return counts


def _sum_where(values: Cells, keys: Cells, key: Array) -> Array:
    broken = ((values.state == ERROR)[:, None, :] & _pieces(values)).any(axis=2)
    total = _compensated(_matches(keys, key) * _numbers(values, 0.0)[:, None, :])
    return np.where(broken, np.nan, _finite(total))


# --- the table ------------------------------------------------------------------------------------


def _infix(sign: str) -> str:
    return "({0}" + sign + "{1})"


def _call(name: str) -> Callable[[list[str]], str]:
    return lambda args: f"{name}({','.join(args)})"


_N, _T, _B = Param.NUMBER, Param.TEXT, Param.TRUTH
_ROWS: tuple[Op, ...] = (
    Op("add", (_N, _N), Type.NUMBER, _infix("+"), _add),
    Op("sub", (_N, _N), Type.NUMBER, _infix("-"), _sub),
    Op("mul", (_N, _N), Type.NUMBER, _infix("*"), lambda a, b: _finite(a * b)),
    Op("div", (_N, _N), Type.NUMBER, _infix("/"), _div),
    Op("neg", (_N,), Type.NUMBER, "(-{0})", lambda a: -a),
    Op("abs", (_N,), Type.NUMBER, "ABS({0})", np.abs, doc="绝对值"),
    Op("round", (_N, _N), Type.NUMBER, "ROUND({0},{1})", _round, doc="四舍五入到若干位小数"),
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
        "same",
        (_T, _T),
        Type.TRUTH,
        _same_formula,
        _same,
        doc="文字相同（不计空格、全半角、大小写）",
    ),
    Op(
        "differ",
        (_T, _T),
        Type.TRUTH,
        lambda args: f"NOT({_same_formula(args)})",
        lambda a, b: _invert(_same(a, b)),
        doc="文字不同（不计空格、全半角、大小写）",
    ),
    Op(
        "exact",
        (_T, _T),
        Type.TRUTH,
        "EXACT({0},{1})",
        lambda a, b: _pairs(str.__eq__, a, b),
        doc="文字逐字相同",
    ),
    Op(
        "contains",
        (_T, _T),
        Type.TRUTH,
        '(LEN(SUBSTITUTE({0},{1},""))<LEN({0}))',  # engines disagree on FIND("",…)
        lambda a, b: _pairs(lambda text, part: part != "" and part in text, a, b),
        doc="文字中含有（空文字不算）",
    ),
    Op(
        "starts",
        (_T, _T),
        Type.TRUTH,
        "EXACT(LEFT({0},LEN({1})),{1})",
        lambda a, b: _pairs(str.startswith, a, b),
        doc="文字以此开头",
    ),
    Op(
        "length",
        (_T,),
        Type.NUMBER,
        "LEN({0})",
        lambda a: _each(len, a, number=True),
        doc="字数",
    ),
    Op(
        "fold",
        (_T,),
        Type.TEXT,
        _fold_formula,
        lambda a: _each(texts.fold, a),
        doc="去空格、全角转半角",
    ),
    Op(
        "measure",
        (_T,),
        Type.TEXT,
        _measure_formula,
        lambda a: _each(texts.measure, a),
        doc="折叠后把“不少于”等词换成符号",
    ),
    Op("sign_of", (_T,), Type.TEXT, _SIGN, lambda a: _each(texts.sign_of, a), doc="指标值的符号"),
    Op(
        "body_of",
        (_T,),
        Type.TEXT,
        _BODY,
        lambda a: _each(texts.body_of, a),
        doc="去掉符号和“以上”“以下”“以内”的指标值",
    ),
    Op("digits_of", (_T,), Type.TEXT, _RUN, lambda a: _each(texts.digits_of, a), doc="开头的数字"),
    Op(
        "value_of",
        (_T,),
        Type.NUMBER,
        _VALUE,
        lambda a: _each(texts.value_of, a, number=True),
        doc="数字所表示的数；不是数则未定",
    ),
    Op(
        "rest_of",
        (_T, _T),
        Type.TEXT,
        "MID({0},LEN({1})+1,999)",
        lambda a, b: _joined(texts.rest_of, a, b),
        doc="开头数字之后的单位",
    ),
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
        _column(_by(np.minimum), np.inf),
        doc="一列中最小的数",
    ),
    Op(
        "highest",
        (Param.NUMBERS,),
        Type.NUMBER,
        "IF(COUNT({0})=0,NA(),MAX({0}))",
        _column(_by(np.maximum), -np.inf),
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
        (Param.CELLS, _T),
        Type.NUMBER,
        "SUMPRODUCT(EXACT({0},{1})*({0}={0}))",  # EXACT may hide an error; = does not
        _count_where,
        doc="一列中逐字相同的个数",
    ),
    Op(
        "sum_where",
        (Param.NUMBERS, Param.CELLS, _T),
        Type.NUMBER,
        "(SUMPRODUCT(EXACT({1},{2})*1,{0})+0*SUMPRODUCT(({1}={1})*1))",
        _sum_where,
        doc="另一列逐字相同的各行，本列之和",
    ),
)
OPS: dict[str, Op] = {op.name: op for op in _ROWS}
"""Every operator by its name in form definitions."""
