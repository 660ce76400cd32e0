"""`KINDS`: all that differs by what a field is: type, limits, how cells are read, shown and listed.

Adding a kind is adding a row; no other module asks for a kind's name. A row says only what differs from
the plain kind of its type. How cells are read stands in `coercion`.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

from workbook.expression import Type, number_text, rounded
from workbook.form.coercion import (
    Coercion,
    Value,
    coerce_amount,
    coerce_count,
    coerce_date,
    coerce_measure,
    coerce_number,
    coerce_percent,
    coerce_text,
    day_of,
    is_day_format,
)


class Entry(StrEnum):
    """What holds a cell to its kind while somebody types."""

    NUMBER = "number"
    """The field's limits and the kind's decimals."""
    LENGTH = "length"
    """The field's longest text."""
    LIST = "list"
    """The field's choices, which no other field has."""
    DAY = "day"
    """The kind's first and last day."""


class Shown(NamedTuple):
    """How a value that is there is shown, told twice: worked out here, and as a formula in a workbook."""

    text: Callable[[Kind, float], str]
    """A number as messages show it. Texts and dates are shown alike in all kinds; see `shown`."""
    formula: Callable[[Kind, str], str]
    """The same of an expression in Excel's words, without "="; an error where it is undecided."""
    paper: Callable[[Kind, float], str] | None = None
    """A number as it is printed in a document's table, where not as in messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of field."""

    name: str
    """What form definitions call it."""
    about: str
    """What it is, for the documentation."""
    type: Type
    dtype: str
    """The pandas type of a frame's column of it."""
    number_format: str
    coerce: Coercion
    """How a cell is read."""
    entry: Entry
    shows: Shown
    noun: str
    """What the prompt asks for, in Chinese."""
    parts: tuple[tuple[str, str, Type], ...] = ()
    """Fields derived from each such field: (suffix, expression over `{0}`, type)."""

    # numbers and dates
    decimals: int | None = None
    """On how many decimals values are compared; None for texts."""
    typed_decimals: int | None = None
    """How many decimals may be typed; None for any number."""
    lowest: float | None = None
    """The least that a field takes which names no limit of its own; `highest` likewise. Amounts are 万元,
    dates days as a workbook counts them."""
    highest: float | None = None
    is_amount: bool = False
    """Whether it is money: in its field's or the form's unit, 万元 wherever returns are added up."""
    sign: str = ""
    """What people write behind the number, and messages with `AS_SIGNED`: %."""
    shift: int = 0
    """How many decimals the number before the sign is ahead of the value: 2 for %."""
    unit: str = ""
    """What values are counted in, whatever the field; blank leaves it to the field."""

    # texts
    max_length: int | None = None
    """The longest text of a field that names no length of its own."""
    is_prose: bool = False
    """Whether it is written in sentences: it fills a box from the top, and makes a report's chapters."""
    usual_width: int = 72
    """How wide a text of it usually is in a message, in half-width letters."""

    # looks
    align: str = "center"
    row_align: str = ""
    """How it is aligned in rows that repeat; blank for the same."""
    look: str = "text"
    """How the summary's lists show it: one of the looks that `builder.sheets` knows."""
    list_width: float = 24.0
    """How wide a column of it is in the summary's lists, in letters."""

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
        return self.dtype == "Int64"


PER_WANYUAN = {"元": 10_000, "千元": 10, "万元": 1}
"""How many of a form's unit of money make one 万元, the unit in which amounts are added up and compared."""


# --- how values are shown, here and in formulas ---------------------------------------------------


def _number_text(kind: Kind, number: float) -> str:
    return number_text(rounded(number, kind.typed_decimals or kind.decimals or 0))


def _number_formula(kind: Kind, text: str) -> str:
    return f'ROUND({text},{kind.typed_decimals or kind.decimals or 0})&""'


def _amount_on_paper(kind: Kind, number: float) -> str:
    """78.30, 1,234.5678."""
    finest = Decimal(1).scaleb(-(kind.typed_decimals or 0))
    exact = Decimal(repr(number)).quantize(finest, ROUND_HALF_UP)
    whole_digits, _, decimals = f"{exact:,f}".partition(".")
    decimals = decimals.rstrip("0").ljust(kind.decimals or 0, "0")
    return f"{whole_digits}.{decimals}" if decimals else whole_digits


def _signed_text(kind: Kind, number: float) -> str:
    written = rounded(number * 10**kind.shift, (kind.decimals or 0) - kind.shift)
    return f"{number_text(written)}{kind.sign}" if math.isfinite(written) else ""


def _signed_formula(kind: Kind, text: str) -> str:
    return f'ROUND({text}*{10**kind.shift},{(kind.decimals or 0) - kind.shift})&"{kind.sign}"'


def _text_formula(kind: Kind, text: str) -> str:
    return f'IF({text}="",NA(),{text})'


def _day_text(kind: Kind, number: float) -> str:
    return shown(kind, day_of(number))


def _day_formula(kind: Kind, text: str) -> str:
    words = f'YEAR({text})&"年"&MONTH({text})&"月"&DAY({text})&"日"'
    return f"IF(AND({text}>=1,{text}<2958466),{words},NA())"  # to the end of 9999


AS_NUMBER = Shown(_number_text, _number_formula)
AS_AMOUNT = Shown(_number_text, _number_formula, _amount_on_paper)
AS_SIGNED = Shown(_signed_text, _signed_formula)
AS_TEXT = Shown(_number_text, _text_formula)
AS_DAY = Shown(_day_text, _day_formula)


# --- the table ------------------------------------------------------------------------------------

FRACTION, POINTS = "小数（0.95 即 95%）", "分"
"""What fractions and scores are told in."""

PLAIN_NUMBER = Kind(
    name="number",
    about="一般的数",
    type=Type.NUMBER,
    dtype="Float64",
    number_format="General",
    coerce=coerce_number,
    entry=Entry.NUMBER,
    shows=AS_NUMBER,
    noun="数字",
    decimals=4,
    look="score",
    list_width=10,
)
PLAIN_TEXT = Kind(
    name="text",
    about="短文字",
    type=Type.TEXT,
    dtype="string",
    number_format="@",
    coerce=coerce_text,
    entry=Entry.LENGTH,
    shows=AS_TEXT,
    noun="文字",
    max_length=100,
    row_align="left",
)
PLAIN_DATE = Kind(
    name="date",
    about="日期",
    type=Type.DATE,
    dtype="datetime64[s]",
    number_format='yyyy"年"m"月"d"日"',
    coerce=coerce_date,
    entry=Entry.DAY,
    shows=AS_DAY,
    noun="日期",
    decimals=0,
    lowest=36526,  # 2000-01-01
    highest=73050,  # 2099-12-31
    look="center",
    list_width=13,
)

_MEASURE_PARTS = (
    ("measure", "measure({0})", Type.TEXT),
    ("sign", "sign_of({0}_measure)", Type.TEXT),
    ("body", "body_of({0}_measure)", Type.TEXT),
    ("digits", "digits_of({0}_body)", Type.TEXT),
    ("value", "value_of({0}_digits)", Type.NUMBER),
    ("unit", "rest_of({0}_body, {0}_digits)", Type.TEXT),
)

_ROWS = (
    replace(
        PLAIN_NUMBER,
        name="money",
        about="金额，单位随表",
        number_format="#,##0.00##_ ",
        coerce=coerce_amount,
        shows=AS_AMOUNT,
        noun="金额",
        decimals=2,
        typed_decimals=4,
        lowest=0,
        highest=99_999_999.9999,
        is_amount=True,
        align="right",
        look="amount",
        list_width=15,
    ),
    replace(
        PLAIN_NUMBER,
        name="score",
        about="分数",
        noun="分数",
        decimals=2,
        typed_decimals=2,
        lowest=0,
        highest=1000,
        unit=POINTS,
        list_width=9,
    ),
    replace(
        PLAIN_NUMBER,
        name="percent",
        about="百分比，存为小数（95% 是 0.95）",
        number_format="0.00%",
        coerce=coerce_percent,
        shows=AS_SIGNED,
        noun="百分比",
        typed_decimals=6,
        lowest=0,
        sign="%",
        shift=2,
        unit=FRACTION,
        look="rate",
    ),
    PLAIN_NUMBER,
    replace(
        PLAIN_NUMBER,
        name="count",
        about="整数",
        dtype="Int64",
        number_format="0",
        coerce=coerce_count,
        noun="整数",
        decimals=0,
        typed_decimals=0,
        lowest=0,
        highest=99_999_999,
        look="count",
        list_width=9,
    ),
    PLAIN_TEXT,
    replace(
        PLAIN_TEXT,
        name="paragraph",
        about="长文字，靠左上，换行",
        max_length=600,
        is_prose=True,
        align="left",
        list_width=36,
    ),
    replace(
        PLAIN_TEXT,
        name="choice",
        about="从 `choices` 里选，逐字相同",
        entry=Entry.LIST,
        noun="选项",
        max_length=None,
        row_align="",
        look="center",
        list_width=12,
    ),
    replace(
        PLAIN_TEXT,
        name="measure",
        about="指标值、完成值，如 ≥95%、120公里",
        coerce=coerce_measure,
        noun="指标值",
        parts=_MEASURE_PARTS,
        max_length=60,
        usual_width=30,
        row_align="",
        look="center",
        list_width=18,
    ),
    PLAIN_DATE,
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ROWS}
"""Every kind of field by its name in form definitions."""


def plain_kind(type_: Type) -> Kind:
    """The kind of what comes from no field of its own: text is a text, all else a number."""
    return PLAIN_TEXT if type_ is Type.TEXT else PLAIN_NUMBER


def shown(kind: Kind, value: Value) -> str:
    """A value as messages show it: 78.3, 99.5%, 2025年3月18日; （空） if there is none."""
    if value is None:
        return "（空）"
    if isinstance(value, datetime.date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, str):
        return value
    return kind.shows.text(kind, value)


def shown_formula(kind: Kind, text: str) -> str:
    """The formula of what `shown` makes of an expression's value; an error where it is undecided."""
    return kind.shows.formula(kind, text)


def on_paper(kind: Kind, number: float) -> str:
    """A number as it is printed in a document's table: 78.30, 100%, 2025年3月18日."""
    return (kind.shows.paper or kind.shows.text)(kind, number)


def shows_day(kind: Kind, number_format: str) -> bool:
    """Whether a number in such a cell is a day, which counts from 1904 in some workbooks."""
    return kind.type is Type.DATE or (kind.type is Type.TEXT and is_day_format(number_format))
