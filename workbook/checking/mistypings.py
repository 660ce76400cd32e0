"""The slips of a hand: how a number that was meant becomes the one that stands there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from workbook.form import PER_WANYUAN


@dataclass(frozen=True, slots=True)
class Mistyping:
    """One kind of slip. The lower its rank, the more usual; of one rank none is more likely than another."""

    words: str
    rank: int
    least_mended: int = 1
    """How many identities must hold by the change, before it is anything but chance."""


SWAPPED_DIGITS = Mistyping("两位数字颠倒", 1)
DROPPED_DIGIT = Mistyping("漏了一位数字", 1)
DROPPED_END = Mistyping("漏了一位数字", 2, least_mended=2)
"""Of a digit in front or at the end: all that is missing is one digit, as where any other was mistyped."""
DOUBLED_DIGIT = Mistyping("一位数字打了两遍", 1)
MOVED_POINT = Mistyping("小数点错位", 1)
SIGN = Mistyping("正负号相反", 1)
SWAPPED_CELLS = Mistyping("相邻两格填反", 1)
WRONG_DIGIT = Mistyping("一位数字打错", 2, least_mended=2)

_HALF = 0.5
"""Within half a unit of the last decimal two numbers are the same."""

_LEAST_DIGITS = 3
"""A number of fewer digits is easily a digit away from any other: nothing is read into that."""


def other_units(unit: str) -> tuple[tuple[Mistyping, float], ...]:
    """The units that an amount may have been typed in instead, each with the factor that it was typed too large by."""
    if unit not in PER_WANYUAN:
        return ()
    return tuple(
        (Mistyping(f"按{other}填写", 1), PER_WANYUAN[other] / PER_WANYUAN[unit])
        for other in ("元", "万元")
        if other != unit
    )


@lru_cache(maxsize=4096)
def intended_numbers(
    number: float, decimals: int, typed_decimals: int, unit: str
) -> tuple[tuple[Mistyping, float, float], ...]:
    """The numbers that may have been meant where this one stands, each with the slip and how exactly it is known.

    `decimals` are how many are usually written, `typed_decimals` how many may be; `unit` is that of an amount,
    blank for other numbers.
    """
    if number < 0:
        return ((SIGN, -number, _HALF),)
    if number == 0:
        return ()
    slips: list[tuple[Mistyping, float, float]] = []
    texts = _written(number, decimals)
    has_many_digits = sum(map(str.isdigit, texts[0])) >= _LEAST_DIGITS
    for text in texts:
        for mistyping, meant in _other_texts(text, has_many_digits):
            if _is_written_so(meant, typed_decimals):
                slips.append((mistyping, float(meant), _precision(meant, decimals)))
    for places in (-3, -2, -1, 1, 2, 3):
        meant = f"{Decimal(texts[0]).scaleb(places):f}"
        slips.append((MOVED_POINT, float(meant), _precision(meant, decimals)))
    for mistyping, factor in other_units(unit):
        # what was exact in the other unit is rounded in this one
        slips.append((mistyping, round(number / factor, typed_decimals), _HALF * 10.0**-decimals))
    return tuple(slip for slip in slips if slip[1] not in (0, number))


def _precision(text: str, decimals: int) -> float:
    """Half a unit of the last decimal of a number, or of the last that is usually written."""
    return _HALF * 10.0 ** -max(len(text.partition(".")[2]), decimals)


def _written(number: float, decimals: int) -> list[str]:
    """How a number may have been written: as short as can be, and with the usual decimals."""
    shortest = f"{Decimal(repr(number)):f}".removesuffix(".0")
    is_short = len(shortest.partition(".")[2]) < decimals
    return [shortest, f"{number:.{decimals}f}"] if is_short else [shortest]


def _is_written_so(text: str, typed_decimals: int) -> bool:
    """Whether anybody writes a number like this: no zero or point in front of it, and not too many decimals."""
    whole_digits, _, decimals = text.partition(".")
    has_front = whole_digits == "0" or not whole_digits.startswith("0")
    return bool(whole_digits) and has_front and len(decimals) <= typed_decimals


def _other_texts(text: str, has_many_digits: bool) -> Iterator[tuple[Mistyping, str]]:
    """The texts that a slip turns into this one, and some that nobody writes."""
    places = [k for k, letter in enumerate(text) if letter.isdigit()]
    for a, b in pairwise(places):
        yield SWAPPED_DIGITS, f"{text[:a]}{text[b]}{text[a + 1 : b]}{text[a]}{text[b + 1 :]}"
        if text[a] == text[b] and b == a + 1:
            yield DOUBLED_DIGIT, text[:a] + text[b:]
    if not has_many_digits:
        return
    for digit in "0123456789":
        for k in range(len(text) + 1):
            longer = text[:k] + digit + text[k:]
            yield _dropped(text, longer), longer
        for k in places:
            yield WRONG_DIGIT, text[:k] + digit + text[k + 1 :]


def _dropped(text: str, longer: str) -> Mistyping:
    missing = f"{abs(Decimal(longer) - Decimal(text)):f}"
    return DROPPED_DIGIT if len(missing.replace(".", "").strip("0")) > 1 else DROPPED_END
