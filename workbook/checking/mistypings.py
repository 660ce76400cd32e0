"""The slips of a hand: how a number that was meant becomes the one that stands there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from workbook.expression import number_text
from workbook.form import PER_WANYUAN, Field


@dataclass(frozen=True, slots=True)
class Mistyping:
    """One kind of slip. The lower its rank, the more usual; of one rank none is more likely than another."""

    words: str
    rank: int = 1
    least_mended: int = 1
    """How many identities must hold by the change, before it is anything but chance."""


SWAPPED_DIGITS = Mistyping("两位数字颠倒")
DROPPED_DIGIT = Mistyping("漏了一位数字")
DOUBLED_DIGIT = Mistyping("一位数字打了两遍")
MOVED_POINT = Mistyping("小数点错位")
SIGN = Mistyping("正负号相反")
SWAPPED_CELLS = Mistyping("相邻两格填反")
DROPPED_END = Mistyping("漏了一位数字", least_mended=2)
"""Of a digit in front or at the end: all that is missing is one digit, as where any other was mistyped."""
WRONG_DIGIT = Mistyping("一位数字打错", rank=2, least_mended=2)

_LEAST_DIGITS = 3
"""A number of fewer digits is easily a digit away from any other: nothing is read into that."""

_FARTHEST = 3
"""A point is not moved by more places than this."""


def other_units(unit: str) -> tuple[tuple[Mistyping, float], ...]:
    """The units that an amount may have been typed in instead, each with the factor that it was typed too large by."""
    if unit not in PER_WANYUAN:
        return ()
    return tuple(
        (Mistyping(f"按{other}填写"), PER_WANYUAN[other] / PER_WANYUAN[unit])
        for other in ("元", "万元")
        if other != unit
    )


def number_meant(
    typed: float, asked: float, tolerance: float, item: Field, unit: str
) -> tuple[Mistyping, float] | None:
    """The number that a slip turns into the one typed in a field, and the slip; None if none does.

    `asked` is what an identity asks for there, known within `tolerance`; `unit` is the form's.
    """
    decimals, typed_decimals = item.kind.decimals or 0, item.kind.typed_decimals or 0
    steps = []
    for places in range(decimals, typed_decimals + 1):
        meant = round(asked, places)
        if abs(meant - asked) <= tolerance and meant not in (0, typed):
            steps += [(slip, meant) for slip in _slips(meant, typed, decimals)]
    for mistyping, factor in other_units(unit) if item.kind.is_amount else ():
        # what was exact in the other unit is rounded in this one
        meant = round(typed / factor, typed_decimals)
        if tolerance < meant and abs(meant - asked) <= tolerance:
            steps.append((mistyping, meant))
    return min(steps, key=lambda step: step[0].rank, default=None)


def _slips(meant: float, typed: float, decimals: int) -> Iterator[Mistyping]:
    """The slips that turn the number meant into the one typed."""
    if typed < 0 or meant < 0:
        if typed == -meant:
            yield SIGN
        return
    meant_texts, typed_texts = _written(meant, decimals), _written(typed, decimals)
    are_digits_same = _digits(meant_texts[0]).strip("0") == _digits(typed_texts[0]).strip("0")
    if are_digits_same and 10.0**-_FARTHEST <= round(typed / meant, 9) <= 10.0**_FARTHEST:
        yield MOVED_POINT
    has_many_digits = len(_digits(typed_texts[0])) >= _LEAST_DIGITS
    for one, other in product(meant_texts, typed_texts):
        if len(one) == len(other) and _are_swapped(one, other):
            yield SWAPPED_DIGITS
        if len(other) == len(one) + 1 and _is_doubled(one, other):
            yield DOUBLED_DIGIT
        if has_many_digits and 0 < len(one) - len(other) <= 2 and _lacks_one(other, one):
            missing = _digits(f"{abs(meant - typed):.6f}").strip("0")
            yield DROPPED_DIGIT if len(missing) > 1 else DROPPED_END
        if has_many_digits and len(one) == len(other) and _differ_in_one(one, other):
            yield WRONG_DIGIT


def _written(number: float, decimals: int) -> list[str]:
    """How a number may be written: as short as can be, and with the usual decimals."""
    shortest = number_text(number)
    is_short = len(shortest.partition(".")[2]) < decimals
    return [shortest, f"{number:.{decimals}f}"] if is_short else [shortest]


def _digits(text: str) -> str:
    return text.replace(".", "")


def _are_swapped(one: str, other: str) -> bool:
    """Whether two texts of one length differ in two digits beside each other, a point between them or not."""
    if one.find(".") != other.find("."):
        return False
    one, other = _digits(one), _digits(other)
    first = next((k for k in range(len(one)) if one[k] != other[k]), len(one))
    pair = one[first : first + 2]
    return len(pair) == 2 and other == one[:first] + pair[::-1] + one[first + 2 :]


def _differ_in_one(one: str, other: str) -> bool:
    """Whether two texts of one length differ in one digit."""
    pairs = [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]
    return len(pairs) == 1 and "." not in pairs[0]


def _lacks_one(shorter: str, longer: str) -> bool:
    """Whether a text is another without one of its digits; a point at its end is not written."""
    return any(
        longer[k].isdigit() and (longer[:k] + longer[k + 1 :]).removesuffix(".") == shorter
        for k in range(len(longer))
    )


def _is_doubled(meant: str, typed: str) -> bool:
    """Whether one of a text's digits stands twice in the other."""
    return any(
        meant[k].isdigit() and meant[: k + 1] + meant[k:] == typed for k in range(len(meant))
    )
