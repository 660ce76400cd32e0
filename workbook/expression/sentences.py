"""Sentences of a text, and the figures in them where they stand: what sums and claims are read from."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from workbook.text import fold

_SENTENCE = re.compile(r"[。；;！\n]")
NEXT_TEXT = "※"
"""A sentence that parts texts which are read as one: what follows does not speak of what is ahead."""
_COMMA = re.compile(r"，|,(?!\d{3}(?!\d))")
_LIST_NUMBER = re.compile(r"^(?:目标\d+[:：]|\d{1,2}、|[(（]?\d{1,2}[.．)）](?!\d))")
NUMBER = r"\d+(?:\.\d+)?"
YEAR = r"(?P<year>20\d\d)年"
SCALES = {"": 1.0, "千": 1e3, "万": 1e4, "亿": 1e8}
_FIGURE = re.compile(
    rf"(?<![\d.])(?P<number>{NUMBER})(?P<scale>[千万亿]?)(?P<unit>个百分点|[%‰]|[^\W\d_]{{1,4}})?"
)
_COUNTED = "人名件起场次户家所座台辆套批期宗例项艘具席"
"""Units of what is counted one by one: a whole number of them is exact."""


class Figure(NamedTuple):
    """A figure where it stands in a sentence."""

    start: int
    end: int
    value: float
    half: float
    """Half its last decimal; nothing of a number counted one by one."""
    unit: str


# Each operator that reads sentences reads the same ones, and each row of a return asks for those of the same texts.
@lru_cache(maxsize=4096)
def sentences_of(text: str) -> tuple[str, ...]:
    """The sentences of a text, folded, without the numbers of a list."""
    folded = (_LIST_NUMBER.sub("", folded_text(each)) for each in _SENTENCE.split(text))
    return tuple(sentence for sentence in folded if sentence)


@lru_cache(maxsize=4096)
def folded_text(text: str) -> str:
    """As `fold`, the commas between clauses kept: behind one another they part figures."""
    return "，".join(map(fold, _COMMA.split(text)))


def half_of(number: str, scale: str = "") -> float:
    """Half the last decimal of a number as it is written."""
    return 0.5 * float(10.0 ** -len(number.partition(".")[2])) * SCALES[scale]


def _figure(match: re.Match[str]) -> Figure:
    number, scale, unit = match["number"], match["scale"], match["unit"] or ""
    is_exact = "." not in number and not scale and unit[:1] in _COUNTED and unit != ""
    half = 0.0 if is_exact else half_of(number, scale)
    return Figure(match.start(), match.end(), float(number) * SCALES[scale], half, unit)


@lru_cache(maxsize=4096)
def figures_of(sentence: str) -> tuple[Figure, ...]:
    """The figures of a folded sentence, in order."""
    return tuple(_figure(match) for match in _FIGURE.finditer(sentence))


def differ_in_one(one: str, two: str) -> bool:
    """Whether two runs of as many digits differ in a single one."""
    return len(one) == len(two) and sum(a != b for a, b in zip(one, two, strict=True)) == 1


def same_unit(unit: str, other: str) -> bool:
    """Whether one unit is the other, or begins with it: 人 and 人次, 万元 and what follows 万元."""
    return bool(unit and other) and (unit.startswith(other) or other.startswith(unit))
