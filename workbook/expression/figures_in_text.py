"""`READER_OPS`: operators that a sheet cannot work out. Rules that use them are the reader's alone.

What a text tells of a thing is found by the figure's unit and by the words around it: a clause speaks of
what is named if it has most of the name's pairs of neighbouring characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from workbook.expression.operands import Array, Op, Param, Type
from workbook.text import fold

_CLAUSE = re.compile(r"[，。；;、！\n]|,(?!\d{3}(?!\d))")
_LIST_NUMBER = re.compile(r"[(（]?\d{1,2}[.．)）](?!\d)")
_FIGURE = re.compile(
    r"(?<![\d.])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?P<scale>[千万亿]?)(?P<unit>[%‰]|[^\W\d_]{1,6})?"
)
_SCALES = {"千": 1e3, "万": 1e4, "亿": 1e8}
_VAGUE = str.maketrans("", "", "数量率次的和及与等")
"""Characters of names that tell nothing apart."""
_MOSTLY, _NEARLY_ALL = 0.62, 0.75
"""The share of a name's pairs that a clause has that speaks of it; of shares, which are many, it takes more."""


class _Told(NamedTuple):
    """One figure of a text."""

    clause: str
    pairs: frozenset[str]
    readings: tuple[tuple[float, float], ...]
    """Each a value and half its last decimal: behind the number of a list's item a point may be either."""
    unit: str


def _pairs(words: str) -> frozenset[str]:
    words = words.translate(_VAGUE)
    return frozenset(words[i : i + 2] for i in range(len(words) - 1))


# Each row of a return asks of the same few texts.
@lru_cache(maxsize=4096)
def _told(text: str) -> tuple[_Told, ...]:
    return tuple(
        told
        for clause in _CLAUSE.split(text)
        for told in _told_in(fold(_LIST_NUMBER.sub("", clause.strip(), count=1)))
    )


def _told_in(clause: str) -> Iterator[_Told]:
    pairs = _pairs(clause)
    for match in _FIGURE.finditer(clause):
        scale = _SCALES.get(match["scale"], 1.0)
        readings = [_reading(match["number"], scale)]
        item, point, behind = match["number"].partition(".")
        if point and match.start() == 0 and len(item) <= 2:
            readings.append(_reading(behind, scale))
        yield _Told(clause, pairs, tuple(readings), match["unit"] or "")


def _reading(number: str, scale: float) -> tuple[float, float]:
    number = number.replace(",", "")
    decimals = len(number.partition(".")[2])
    return float(number) * scale, 0.5 * 10.0**-decimals * scale


@lru_cache(maxsize=4096)
def _scaled(unit: str) -> tuple[float, str]:
    return (_SCALES[unit[0]], unit[1:]) if unit[:1] in _SCALES else (1.0, unit)


def misquoted(text: str, name: str, figure: float, unit: str, others: tuple[str, ...]) -> str:
    """The clause of a text that tells another figure of what is named; blank if none does.

    A clause with one of the words `others` speaks of something else: of what was planned, of last year. If
    one clause tells the very figure, rounded as it is written there, the text is right.
    """
    scale, plain_unit = _scaled(unit)
    sought, named = figure * scale, _pairs(fold(name))
    if not plain_unit or not named:
        return ""
    least = len(named) * (_NEARLY_ALL if plain_unit in "%‰" else _MOSTLY)
    differing = ""
    for told in _told(text):
        if not told.unit.startswith(plain_unit) or len(named & told.pairs) < least:
            continue
        if any(abs(value - sought) <= half * (1 + 1e-9) for value, half in told.readings):
            return ""
        if not differing and not any(word in told.clause for word in others):
            differing = told.clause
    return differing


def _misquoted(text: Array, name: Array, figure: Array, unit: Array, *others: Array) -> Array:
    words = tuple(str(word.item()) for word in others)
    text, name, figure, unit = np.broadcast_arrays(text, name, figure, unit)
    result = np.empty(text.size, dtype=object)
    rows = zip(text.ravel(), name.ravel(), figure.ravel(), unit.ravel(), strict=True)
    result[:] = [
        None if pd.isna(f) or None in (t, n, u) else misquoted(t, n, float(f), u, words)
        for t, n, f, u in rows
    ]
    return result.reshape(text.shape)


_ROWS = (
    Op(
        "misquoted",
        (Param.TEXT, Param.TEXT, Param.NUMBER, Param.TEXT, Param.WORDS),
        Type.TEXT,
        None,
        _misquoted,
        doc="一段文字里说到某事（名称）、写的却不是这个数（数、单位）的那一句，没有则是空的；"
        "含有词表里的词的句子不算。表里算不出，只有程序检查",
    ),
)
READER_OPS: dict[str, Op] = {op.name: op for op in _ROWS}
"""Those operators by their names in form definitions."""
