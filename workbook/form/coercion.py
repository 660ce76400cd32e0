"""How a cell is read by its kind: its value, with a receipt if it was not typed so, or what is wrong.

Amounts are in the form's unit (万元 or 元), percentages are fractions. Which kind is read how, `kinds` says.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from workbook import text as texts
from workbook.expression import EPOCH, number_text

Value = str | float | datetime.date | None
"""What a cell means: text, number, date, or nothing."""

Raw = str | float | bool | None
"""What a cell holds: text, number, truth, or nothing."""


class Coerced(NamedTuple):
    """What was made of a cell: its value, a receipt if it was not typed so, or what is wrong."""

    value: Value
    receipt: str = ""
    problem: str = ""


SAYS_NONE = Coerced(0.0, receipt="表示没有，按 0 处理")
"""What is made of 无, — and the like in an amount that counts as nothing where it is blank."""

AS_TEXT = "数字转为文本"
PLAIN_RECEIPTS = (SAYS_NONE.receipt, AS_TEXT)
"""Receipts of what can mean nothing else: nobody need look at them."""

MOST = 1e15
"""No amount, score or count is as large, in any unit; what is takes no part in sums."""
TOO_LARGE = "大得不可能"
"""The problem of such a number."""
NOT_A_NUMBER = "不是数字"
"""The problem of a text that is not certainly one."""

_LONGEST, _LONGEST_FORMAT = 100, 400
"""No number, day or format is written as long; patterns that look into them see nothing longer."""

Coercion = Callable[[Raw, str, str], Coerced]
"""(what the cell holds, its number format, the form's unit) → what was made of it."""


# --- reading numbers ------------------------------------------------------------------------------

_ASCII = {0xFEE0 + code: chr(code) for code in range(0x21, 0x7F)}
_ASCII |= dict.fromkeys(map(ord, "−–—﹣"), "-")
_ASCII |= dict.fromkeys(map(ord, "\u3000\xa0\u2002\u2003\u2007\u2009\u202f"), " ")
"""Full width, and what else stands for a minus or a blank, in ASCII. Nothing more: NFKC makes 10² 102."""
_NUMERAL = re.compile(
    r"""(?P<yuan>[¥￥])?\s*(?P<sign>[-+]?)\s*
    (?P<whole>\d{1,3}(?:(?P<mark>[,\ ])\d{3})(?:(?P=mark)\d{3})*|\d*)(?P<rest>\.\d*)?
    \s*(?P<unit>亿元|万元|千元|元|%|分)?""",
    re.VERBOSE | re.ASCII,
)
"""A number as people write it: groups of three digits may be set apart, by commas or by blanks.

By lines they are not: 10 above 200 are two numbers.
"""
_YUAN = {"亿元": Decimal(10**8), "万元": Decimal(10**4), "千元": Decimal(10**3), "元": Decimal(1)}
"""What each unit is in 元."""


def coerce_amount(raw: Raw, number_format: str, unit: str) -> Coerced:
    """A number in the form's unit; 万元 and 元 are converted into each other."""
    if raw is None:
        return Coerced(None)
    if isinstance(raw, bool):
        return Coerced(None, problem="是逻辑值，不是数字")
    if isinstance(raw, float):
        return Coerced(raw) if _is_sane(raw) else Coerced(None, problem=TOO_LARGE)
    return _numeral(raw, unit)


def _as_seen(raw: str) -> str:
    return raw if texts.is_plain(raw) else texts.with_usual_digits(texts.without_unseen(raw))


def _with_remarks(receipt: str, raw: Raw) -> str:
    """A receipt with what is to be said of single characters."""
    remarks = odd_characters(raw) if isinstance(raw, str) else ""
    return "；".join(filter(None, (receipt, remarks)))


def odd_characters(raw: str) -> str:
    """Which characters of a text are not seen, or look like digits and are none; blank as a rule."""
    return "；".join(_oddities(raw, _as_seen(raw)))


def _oddities(raw: str, seen: str) -> Iterator[str]:
    if raw != seen:
        if unseen := texts.unseen_in(raw):
            yield f"去掉了看不见的字符（{_code_point(unseen)}）"
        if texts.is_turned(raw):
            yield "有改变书写方向的字符，看到的次序可能与读出的不同"
        if twin := next((c for c in raw if texts.with_usual_digits(c) != c), ""):
            yield f"“{twin}”（{_code_point(twin)}）读作 {texts.with_usual_digits(twin)}"
    if unusual := texts.unusual_digit_in(seen):
        yield f"“{unusual}”（{_code_point(unusual)}）不作数字读"


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X}"


def _is_sane(number: float | Decimal) -> bool:
    return -MOST < number < MOST  # NaN is not


def _numeral(raw: str, unit: str) -> Coerced:
    if _is_nothing(raw):
        return Coerced(None, receipt="只有空格，按空白处理" if raw else "")
    read = _read_numeral(raw)
    if read is None:
        return Coerced(None, problem=NOT_A_NUMBER)
    number, typed = read
    if not _is_sane(number):
        return Coerced(None, problem=TOO_LARGE)
    if typed in ("¥", "￥") and unit == "元":
        typed = unit
    if typed in ("", unit) or (typed == "分" and unit == ""):
        done = "去掉单位，文本转为数字" if typed else "文本转为数字"
        return Coerced(float(number), _with_remarks(done, raw))
    if typed not in _YUAN or unit not in _YUAN:
        return Coerced(None, problem=f"带有单位“{typed}”")
    done = f"由{typed}换算为{unit}"
    return Coerced(float(number * _YUAN[typed] / _YUAN[unit]), _with_remarks(done, raw))


def _read_numeral(raw: str) -> tuple[Decimal, str] | None:
    """The number that a text writes and its unit; None if it is not certainly one."""
    if len(raw) > _LONGEST or texts.is_turned(raw):
        return None
    match = _NUMERAL.fullmatch(_as_seen(raw).translate(_ASCII).strip())
    if match is None:
        return None
    whole_digits, decimals = re.sub(r"[,\s]", "", match["whole"]), match["rest"] or ""
    if not whole_digits and len(decimals) < 2:
        return None
    unit = match["unit"] or match["yuan"] or ""
    return Decimal(f"{match['sign']}{whole_digits}{decimals}"), unit


def _is_nothing(raw: str) -> bool:
    text = raw.strip()
    return not text or (bool(texts.unseen_in(text[0])) and not texts.without_unseen(raw).strip())


def coerce_number(raw: Raw, number_format: str, unit: str) -> Coerced:
    """A number behind which no unit may stand but 分."""
    return coerce_amount(raw, number_format, "")


def coerce_percent(raw: Raw, number_format: str, unit: str) -> Coerced:
    """A fraction. What is typed as 95 means 95%; between 1 and 10, without a sign, nobody knows."""
    if isinstance(raw, str):
        read = _read_numeral(raw)
        if read is not None and read[1] == "%":
            return Coerced(float(read[0] / 100), _with_remarks("文本转为百分比", raw))
    read_as = coerce_amount(raw, number_format, "")
    number = read_as.value
    if not isinstance(number, float) or abs(number) <= 1:
        return read_as
    if abs(number) >= _SURELY_PERCENT:
        hundredth = float(Decimal(repr(number)) / 100)
        done = f"没有写百分号，按 {number_text(number)}% 读取"
        return Coerced(hundredth, _with_remarks(done, raw))
    if "%" in number_format and isinstance(raw, float):
        return read_as
    plain = number_text(number)
    return Coerced(None, problem=f"没有百分号，分不清是 {plain}% 还是 {number_text(number * 100)}%")


_SURELY_PERCENT = 10
"""From here on a bare number in a percentage's cell is taken for so many percent."""


def coerce_count(raw: Raw, number_format: str, unit: str) -> Coerced:
    """A whole number."""
    read = coerce_amount(raw, number_format, "")
    if isinstance(read.value, float) and read.value != int(read.value):
        return Coerced(None, problem="不是整数")
    return read


# --- reading texts and dates ----------------------------------------------------------------------


def coerce_text(raw: Raw, number_format: str, unit: str) -> Coerced:
    """A text; numbers and days as their cell shows them."""
    if raw is None:
        return Coerced(None)
    if isinstance(raw, str):
        if not _is_nothing(raw):
            usual = texts.is_usual(raw)
            return Coerced(raw) if usual else Coerced(_as_seen(raw), odd_characters(raw))
        seen = not texts.is_blank(raw)  # by the workbook's own formulas
        return Coerced(None, receipt="只有空格，按空白处理" if seen else "")
    if isinstance(raw, bool):
        return Coerced("是" if raw else "否", receipt="逻辑值转为文本")
    day = day_of(raw) if is_day_format(number_format) else None
    if day is not None:
        return Coerced(_day_text(day, number_format), receipt="日期转为文本")
    return Coerced(number_text(raw), receipt=AS_TEXT)


def coerce_measure(raw: Raw, number_format: str, unit: str) -> Coerced:
    """A target or result as text; 0.95 in a cell of percentages is 95%."""
    if isinstance(raw, float) and "%" in number_format:
        return Coerced(f"{number_text(round(raw * 100, 10))}%", receipt="百分比数字转为文本")
    return coerce_text(raw, number_format, unit)


_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|[_*].')
"""What a number format shows as it stands, or only steers by."""


@lru_cache(maxsize=1024)
def _plain_format(number_format: str) -> str:
    return _QUOTED.sub("", number_format.partition(";")[0][:_LONGEST_FORMAT]).lower()


def is_day_format(number_format: str) -> bool:
    """Whether cells of this format show their numbers as days."""
    plain = _plain_format(number_format)
    return plain != "general" and ("y" in plain or "d" in plain)


def _day_text(day: datetime.date, number_format: str) -> str:
    """A day in so much detail as its format shows: 2024年10月 where it shows no day."""
    plain = _plain_format(number_format)
    parts = (("y", f"{day.year}年"), ("m", f"{day.month}月"), ("d", f"{day.day}日"))
    return "".join(text for letter, text in parts if letter in plain)


DAYS_TO_1904 = 1462
"""How many days later a workbook of the 1904 date system begins to count."""


_DATE = re.compile(
    r"(\d{4})[年./、-](\d{1,2})[月./、-](\d{1,2})[日号]?|(\d{4})(\d{2})(\d{2})", re.ASCII
)
_CLOCK = re.compile(r"[T\s]\s*\d{1,2}[:：]\d{2}(?:[:：]\d{2}(?:\.\d+)?)?\s*\Z")
"""The time of day, which may stand behind a date."""
_CHINESE_DATE = re.compile(
    r"([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})[日号]"
)
_CHINESE = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}
_EIGHT_DIGITS = (20000101, 20991231)
"""A number between them is a day as 20250318; as a count of days it would be far off."""
_LAST_DAY = (datetime.date(9999, 12, 31) - EPOCH).days


def coerce_date(raw: Raw, number_format: str, unit: str) -> Coerced:
    """A day, also typed as 20250318 or as a text."""
    if raw is None or (isinstance(raw, str) and _is_nothing(raw)):
        return Coerced(None)
    if isinstance(raw, float) and raw.is_integer() and _EIGHT_DIGITS[0] <= raw <= _EIGHT_DIGITS[1]:
        return _dated(f"{raw:.0f}", "数字转为日期")
    if isinstance(raw, float):
        day = day_of(raw)
        return Coerced(None, problem="不是日期") if day is None else Coerced(day)
    return (
        _dated(raw, "文本转为日期") if isinstance(raw, str) else Coerced(None, problem="不是日期")
    )


def _dated(text: str, receipt: str) -> Coerced:
    if len(text) > _LONGEST or texts.is_turned(text):
        return Coerced(None, problem="不是日期")
    folded = texts.fold(_CLOCK.sub("", _as_seen(text)))
    if match := _DATE.fullmatch(folded):
        parts = [int(part) for part in match.groups() if part]
    elif match := _CHINESE_DATE.fullmatch(folded):
        parts = [_chinese_year(match[1]), _chinese_number(match[2]), _chinese_number(match[3])]
    else:
        return Coerced(None, problem="不是日期")
    try:
        return Coerced(datetime.date(*parts), _with_remarks(receipt, text))
    except ValueError:
        return Coerced(None, problem="不是有效的日期")


def _chinese_year(text: str) -> int:
    return int("".join(str(_CHINESE[digit]) for digit in text))


def _chinese_number(text: str) -> int:
    """一 to 三十一; 0, which is no day, for what is none."""
    if "十" not in text:
        return _CHINESE[text] if len(text) == 1 else 0
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return 0
    return (_CHINESE[tens] if tens else 1) * 10 + (_CHINESE[ones] if ones else 0)


# --- how a workbook counts days ------------------------------------------------------------------


def serial(date: datetime.date) -> float:
    """A date as a workbook counts its days."""
    return float((date - EPOCH).days)


def day_of(number: float) -> datetime.date | None:
    """The date that a workbook's number stands for; None before 1900 and after 9999."""
    return EPOCH + datetime.timedelta(days=int(number)) if 1 <= number < _LAST_DAY + 1 else None
