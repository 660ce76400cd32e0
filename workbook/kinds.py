"""`KINDS`: what a field is: its type, format, column type, limits, and how its cells are read.

Adding a kind is adding a row. Amounts are in the form's unit (万元 or 元), percentages are fractions.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from workbook import text as texts
from workbook.ops import EPOCH, Type, number_text, rounded

Value = str | float | datetime.date | None
"""What a cell means: text, number, date, or nothing."""

Raw = str | float | bool | None
"""What a cell holds: text, number, truth, or nothing."""


class Coerced(NamedTuple):
    """What was made of a cell: its value, a receipt if it was not typed so, or what is wrong."""

    value: Value
    receipt: str = ""
    problem: str = ""


Coercion = Callable[[Raw, str, str], Coerced]
"""(what the cell holds, its number format, the form's unit) → what was made of it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of field. `decimals` set how numbers compare, `typed_decimals` what may be typed."""

    name: str
    type: Type
    dtype: str
    number_format: str
    coerce: Coercion
    decimals: int | None = None
    typed_decimals: int | None = None
    lowest: float | None = None
    highest: float | None = None
    max_length: int | None = None
    align: str = "center"
    noun: str = ""
    """What the prompt asks for, in Chinese."""
    parts: tuple[tuple[str, str, Type], ...] = ()
    """Fields derived from each such field: (suffix, expression over `{0}`, type)."""


# --- reading numbers ------------------------------------------------------------------------------

_NUMERAL = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))(万元|元|%|分)?")
_PER_UNIT = {("万元", "元"): 1e-4, ("元", "万元"): 1e4}
"""Factor from the unit typed (second) to the form's unit (first)."""


def _number(raw: Raw, number_format: str, unit: str) -> Coerced:
    if raw is None:
        return Coerced(None)
    if isinstance(raw, bool):
        return Coerced(None, problem="是逻辑值，不是数字")
    if isinstance(raw, float):
        return Coerced(raw) if math.isfinite(raw) else Coerced(None, problem="不是有限的数")
    return _numeral(raw, unit)


def _numeral(raw: str, unit: str) -> Coerced:
    if texts.is_blank(raw):
        return Coerced(None, receipt="只有空格，按空白处理" if raw else "")
    match = _NUMERAL.fullmatch(texts.fold(raw))
    if match is None:
        return Coerced(None, problem="不是数字")
    number, typed = float(match[1]), match[2] or ""
    if not math.isfinite(number):  # a text of hundreds of digits
        return Coerced(None, problem="不是有限的数")
    if typed in ("", unit) or (typed == "分" and unit == ""):
        done = "去掉单位，文本转为数字" if typed else "文本转为数字"
        return Coerced(number, receipt=done)
    factor = _PER_UNIT.get((unit, typed))
    if factor is None:
        return Coerced(None, problem=f"带有单位“{typed}”")
    converted = float(Decimal(match[1]) * Decimal(str(factor)))
    return Coerced(converted, receipt=f"由{typed}换算为{unit}")


def _score(raw: Raw, number_format: str, unit: str) -> Coerced:
    return _number(raw, number_format, "")


def _percent(raw: Raw, number_format: str, unit: str) -> Coerced:
    if isinstance(raw, str):
        match = _NUMERAL.fullmatch(texts.fold(raw))
        if match and match[2] == "%":
            return Coerced(float(Decimal(match[1]) / 100), receipt="文本转为百分比")
    return _number(raw, number_format, "")


def _count(raw: Raw, number_format: str, unit: str) -> Coerced:
    read = _number(raw, number_format, "")
    if isinstance(read.value, float) and read.value != int(read.value):
        return Coerced(None, problem="不是整数")
    return read


# --- reading texts and dates ----------------------------------------------------------------------


def _text(raw: Raw, number_format: str, unit: str) -> Coerced:
    if raw is None or (isinstance(raw, str) and texts.is_blank(raw)):
        return Coerced(None)
    if isinstance(raw, str):
        return Coerced(raw)
    if isinstance(raw, bool):
        return Coerced("是" if raw else "否", receipt="逻辑值转为文本")
    return Coerced(number_text(raw), receipt="数字转为文本")


def _measure(raw: Raw, number_format: str, unit: str) -> Coerced:
    if isinstance(raw, float) and "%" in number_format:
        return Coerced(f"{number_text(round(raw * 100, 10))}%", receipt="百分比数字转为文本")
    return _text(raw, number_format, unit)


_DATE = re.compile(r"(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})日?")
_LAST_DAY = (datetime.date(9999, 12, 31) - EPOCH).days


def _date(raw: Raw, number_format: str, unit: str) -> Coerced:
    if raw is None or (isinstance(raw, str) and texts.is_blank(raw)):
        return Coerced(None)
    day = day_of(raw) if isinstance(raw, float) else None
    if day is not None:
        return Coerced(day)
    match = _DATE.fullmatch(texts.fold(raw)) if isinstance(raw, str) else None
    if match is None:
        return Coerced(None, problem="不是日期")
    try:
        date = datetime.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return Coerced(None, problem="不是有效的日期")
    return Coerced(date, receipt="文本转为日期")


# --- the table ------------------------------------------------------------------------------------

_MEASURE_PARTS = (
    ("measure", "measure({0})", Type.TEXT),
    ("sign", "sign_of({0}_measure)", Type.TEXT),
    ("body", "body_of({0}_measure)", Type.TEXT),
    ("digits", "digits_of({0}_body)", Type.TEXT),
    ("value", "value_of({0}_digits)", Type.NUMBER),
    ("unit", "rest_of({0}_body, {0}_digits)", Type.TEXT),
)

_ROWS = (
    Kind(
        "money",
        Type.NUMBER,
        "Float64",
        "#,##0.00##_ ",
        _number,
        decimals=2,
        typed_decimals=4,
        lowest=0,
        highest=99_999_999.9999,
        align="right",
        noun="金额",
    ),
    Kind(
        "score",
        Type.NUMBER,
        "Float64",
        "General",
        _score,
        decimals=2,
        typed_decimals=2,
        lowest=0,
        highest=1000,
        noun="分数",
    ),
    Kind(
        "percent",
        Type.NUMBER,
        "Float64",
        "0.00%",
        _percent,
        decimals=4,
        typed_decimals=6,
        lowest=0,
        noun="百分比",
    ),
    Kind("number", Type.NUMBER, "Float64", "General", _score, decimals=4, noun="数字"),
    Kind(
        "count",
        Type.NUMBER,
        "Int64",
        "0",
        _count,
        decimals=0,
        typed_decimals=0,
        lowest=0,
        highest=99_999_999,
        noun="整数",
    ),
    Kind("text", Type.TEXT, "string", "@", _text, max_length=100, noun="文字"),
    Kind("paragraph", Type.TEXT, "string", "@", _text, max_length=600, align="left", noun="文字"),
    Kind("choice", Type.TEXT, "string", "@", _text, noun="选项"),
    Kind(
        "measure",
        Type.TEXT,
        "string",
        "@",
        _measure,
        max_length=60,
        noun="指标值",
        parts=_MEASURE_PARTS,
    ),
    Kind(
        "date",
        Type.DATE,
        "datetime64[s]",
        'yyyy"年"m"月"d"日"',
        _date,
        decimals=0,
        lowest=36526,
        highest=73050,
        noun="日期",
    ),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ROWS}
"""Every kind of field by its name in form definitions."""


def shown(kind: Kind, value: Value) -> str:
    """A value as messages show it: 78.3, 99.5%, 2025年3月18日; （空） if there is none."""
    if value is None:
        return "（空）"
    if isinstance(value, datetime.date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, str):
        return value
    if kind.name == "percent":
        percent = rounded(value * 100, 2)
        return f"{number_text(percent)}%" if math.isfinite(percent) else ""
    return number_text(rounded(value, kind.typed_decimals or kind.decimals or 0))


def serial(date: datetime.date) -> float:
    """A date as a workbook counts its days."""
    return float((date - EPOCH).days)


def day_of(number: float) -> datetime.date | None:
    """The date that a workbook's number stands for; None before 1900 and after 9999."""
    return EPOCH + datetime.timedelta(days=int(number)) if 1 <= number < _LAST_DAY + 1 else None
