"""`FIGURE_OPS`: what a text tells of figures. No sheet can work it out: rules that ask are the reader's alone.

What a text tells of a thing is found by the figure's unit and by the words around it: a clause speaks of
what is named if it has most of the name's pairs of neighbouring characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from workbook.expression.operands import Array, Cells, Op, Param, Type, number_text
from workbook.text import fold

_CLAUSE = re.compile(r"[，。；;、！\n]|,(?!\d{3}(?!\d))")
_SENTENCE = re.compile(r"[。；;！\n]")
_IN_BRACKETS = re.compile(r"（[^（）]*）|\([^()]*\)")
_OF_WHICH = "其中"
_LIST_NUMBER = re.compile(r"[(（]?\d{1,2}[.．)）](?!\d)")
_FIGURE = re.compile(
    r"(?<![\d.])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?P<scale>[千万亿]?)(?P<unit>[%‰]|[^\W\d_]{1,6})?"
)
_SCALES = {"千": 1e3, "万": 1e4, "亿": 1e8}
_VAGUE = str.maketrans("", "", "数量率次的和及与等")
"""Characters of names that tell nothing apart."""
MOSTLY, NEARLY_ALL = 0.62, 0.75
"""The share of a name's pairs that a clause has that speaks of it; of shares, which are many, it takes more."""


_FEW = 3
"""Two digits may be the other way round by chance: then the clause has a third of the name's pairs."""


class _Told(NamedTuple):
    """One figure of a text."""

    sentence: int
    """Which of the text's sentences it stands in."""
    whole: str
    """That sentence."""
    clause: str
    pairs: frozenset[str]
    readings: tuple[tuple[float, float], ...]
    """Each a value and half its last decimal: behind the number of a list's item a point may be either."""
    scale: float
    unit: str
    written: str
    """The figure as it stands, with its scale."""


def pairs_of(words: str) -> frozenset[str]:
    """The pairs of neighbouring characters of some words, but for those that tell nothing apart."""
    words = words.translate(_VAGUE)
    return frozenset(words[i : i + 2] for i in range(len(words) - 1))


_ENDINGS = ("数量", "总数", "面积", "里程", "长度", "规模", "金额", "数")
"""Words that a name ends with and a text leaves out: 海草修复面积 is told as 海草修复200亩."""


def plain_name(name: str, unit: str) -> str:
    """A name without the measure that it ends with: 改厕户数 in 户 is 改厕, 教师培训人次 in 人次 is 教师培训."""
    folded = fold(name)
    short = next(
        (
            folded.removesuffix(ending)
            for ending in _ENDINGS
            if folded.endswith(ending) and len(folded) > len(ending) + 1
        ),
        folded,
    )
    is_measure = short != folded or len(unit) > 1
    if unit and is_measure and short.endswith(unit) and len(short) > len(unit) + 1:
        return short.removesuffix(unit)
    return short


@lru_cache(maxsize=4096)
def clauses_of(text: str) -> tuple[str, ...]:
    """The clauses of a text, folded, without the numbers of a list."""
    return tuple(
        fold(_LIST_NUMBER.sub("", clause.strip(), count=1)) for clause in _CLAUSE.split(text)
    )


# Each row of a return asks of the same few texts.
@lru_cache(maxsize=4096)
def _told(text: str) -> tuple[_Told, ...]:
    return tuple(
        told
        for number, sentence in enumerate(_SENTENCE.split(text))
        for clause in clauses_of(sentence)
        for told in _told_in(clause, number, sentence)
    )


def _told_in(clause: str, number: int, sentence: str) -> Iterator[_Told]:
    pairs = pairs_of(clause)
    for match in _FIGURE.finditer(clause):
        scale = _SCALES.get(match["scale"], 1.0)
        readings = [_reading(match["number"], scale)]
        item, point, behind = match["number"].partition(".")
        if point and match.start() == 0 and len(item) <= 2:
            readings.append(_reading(behind, scale))
        written = match["number"] + match["scale"]
        yield _Told(
            number, sentence, clause, pairs, tuple(readings), scale, match["unit"] or "", written
        )


def _reading(number: str, scale: float) -> tuple[float, float]:
    number = number.replace(",", "")
    decimals = len(number.partition(".")[2])
    return float(number) * scale, 0.5 * 10.0**-decimals * scale


@lru_cache(maxsize=4096)
def _scaled(unit: str) -> tuple[float, str]:
    return (_SCALES[unit[0]], unit[1:]) if unit[:1] in _SCALES else (1.0, unit)


# A finding's words ask once more for what its rule has found.
@lru_cache(maxsize=65536)
def misquoted(
    text: str,
    name: str,
    figure: float,
    unit: str,
    figures: frozenset[float],
    others: tuple[str, ...],
) -> str:
    """The clause of a text that tells another figure of what is named; blank if none does.

    A clause with one of the words `others` speaks of something else: of what was planned, of last year. If
    one clause tells the very figure, rounded as it is written there, the text is right; so it is, but for
    shares, if another clause of the same sentence does (改造9个开工，已完工6个). Of clauses that
    hardly name it one is told only if it has the figure with two digits exchanged, and no other of the
    `figures` that the form has.
    """
    scale, plain_unit = _scaled(_plain_unit(unit))
    short = plain_name(name, plain_unit)
    sought, named = figure * scale, pairs_of(short)
    if not plain_unit or not named:
        return ""
    is_share = plain_unit in "%‰"
    least = len(named) * (NEARLY_ALL if is_share else MOSTLY)
    right = {
        told.sentence
        for told in _told(text)
        if (not is_share or _EACH in told.whole)
        and told.unit.startswith(plain_unit)
        and _tells(told, sought)
    }
    differing = ""
    for told in _told(text):
        if not told.unit.startswith(plain_unit):
            continue
        value = told.readings[0][0]
        common = len(named & told.pairs)
        swapped = _is_swapped(value, sought) and value / scale not in figures
        is_long_slip = swapped and not is_share and len(_written(figure)) > _FEW + 1
        if not common and not is_long_slip:
            continue
        if _tells(told, sought):
            return ""
        if told.sentence in right or _leaves_room(told.clause, value, sought):
            continue
        speaks_of_it = (
            common >= least
            and not any(word in told.clause for word in others)
            and not any(word in short and word not in told.clause for word in _OUTCOMES)
        )
        is_slip = swapped and (common * _FEW >= len(named) or len(_written(figure)) > _FEW)
        if not differing and (speaks_of_it or is_slip):
            differing = told.clause
    return differing


_EACH = "分别"
"""医生、患者满意度分别为98%、96%: which figure is whose is not told by the clause that it stands in."""
_OUTCOMES = ("获奖", "达标", "合格", "办结", "完工", "竣工", "验收", "投产", "就业", "创业", "中标", "优秀", "签约")  # fmt: skip
"""What has become of a thing: 作品获奖3件 is another figure than 创作作品15件."""
_AT_LEAST = ("≥", "以上", "不少于", "不低于", "不小于", "至少", "超过")
_AT_MOST = ("≤", "以内", "以下", "不超过", "不高于", "不多于", "不大于")


def _leaves_room(clause: str, value: float, sought: float) -> bool:
    """Whether a clause tells a bound that the figure keeps: 90%以上 is right of 92%."""
    if any(word in clause for word in _AT_LEAST):
        return value <= sought
    return any(word in clause for word in _AT_MOST) and value >= sought


def _tells(told: _Told, sought: float) -> bool:
    """Whether a figure is the one sought, rounded as it is written."""
    return any(abs(value - sought) <= half * (1 + 1e-9) for value, half in told.readings)


def _plain_unit(unit: str) -> str:
    """场次 is written 场 as often."""
    return "场" if unit == "场次" else unit


def _written(number: float) -> str:
    """A number's digits with their point, of which none ends in zeros."""
    return f"{number:.4f}".rstrip("0")


def _is_swapped(value: float, other: float) -> bool:
    """Whether two neighbouring digits of one number stand the other way round in the other."""
    one, two = _written(value), _written(other)
    if len(one) != len(two) or one == two or one.index(".") != two.index("."):
        return False
    digits, others = one.replace(".", ""), two.replace(".", "")
    places = [i for i, pair in enumerate(zip(digits, others, strict=True)) if pair[0] != pair[1]]
    first = places[0]
    return places == [first, first + 1] and digits[first] == others[first + 1]


_LEAST_PAIRS = 3
"""Fewer common pairs of characters do not tell that two clauses speak of the same."""


@lru_cache(maxsize=4096)
def disagreeing(text: str, other: str, figures: frozenset[float], others: tuple[str, ...]) -> str:
    """The clause of a text that tells of the same thing another figure than another text does, and the clause there;
    blank if none does.

    A figure that both texts tell, or that is one of the `figures` that the form has, disagrees with nothing; clauses
    with one of the words `others`, and those with several figures, are left out. Two clauses speak of the same if
    the shorter has but few words of its own, or if their figures differ by two digits exchanged.
    """
    here, there = _single(text, others), _single(other, others)
    for told in here:
        if _is_known(told, figures) or any(_are_equal(told, item) for item in _told(other)):
            continue
        for item in there:
            if (
                item.unit != told.unit
                or _is_known(item, figures)
                or any(_are_equal(item, each) for each in _told(text))
            ):
                continue
            one, two = _bare_pairs(told.clause), _bare_pairs(item.clause)
            common, fewest = len(one & two), min(len(one), len(two))
            value, said = told.readings[0][0], item.readings[0][0]
            is_slip = (
                common and len(_written(value / told.scale)) > _FEW + 1 and _is_swapped(value, said)
            )
            if is_slip or (fewest >= _LEAST_PAIRS and common >= NEARLY_ALL * fewest):
                return f"{told.clause}”，另一处是“{item.clause}"
    return ""


def _single(text: str, others: tuple[str, ...]) -> list[_Told]:
    """Figures that alone stand in their clause."""
    every = _told(text)
    clauses = [told.clause for told in every]
    return [
        told
        for told in every
        if told.unit
        and told.unit not in "%‰年月日号"
        and clauses.count(told.clause) == 1
        and not any(word in told.clause for word in others)
    ]


def _is_known(told: _Told, figures: frozenset[float]) -> bool:
    """Whether a figure, not of a digit or two, which many are, is one of some."""
    figure = told.readings[0][0] / told.scale
    return len(_written(figure)) > _FEW and figure in figures


def _are_equal(told: _Told, other: _Told) -> bool:
    return told.unit == other.unit and any(_tells(other, value) for value, _ in told.readings)


def _bare_pairs(clause: str) -> frozenset[str]:
    return pairs_of(_FIGURE.sub("", clause))


_SUMS_UP = ("支出", "支付", "执行", "预算", "合计", "共", "总")
"""Words of a clause that speaks of the money as a whole, not of what some of it was for."""
_POINTS_MOVED = (0.01, 0.1, 10.0, 100.0, 10_000.0)


def _is_moved(value: float, amount: float) -> bool:
    """Whether an amount is another with its point elsewhere, of more than a few digits; or in 元."""
    moved = (
        (10_000.0,) if len(_written(amount).replace(".", "").strip("0")) <= _FEW else _POINTS_MOVED
    )
    return any(abs(value * factor - amount) < 1e-6 * amount for factor in moved)


_LEAST_MONEY = 10.0
"""Smaller amounts have too few digits to tell a slip by."""


def slipped(text: str, amounts: tuple[float, ...]) -> str:
    """What a text tells of money (in 万元) that is one of some amounts but for two digits exchanged or the
    point moved, or is one of them in 元: the figure as written and the amount; blank if there is nothing of the sort."""
    for told in _told(text):
        if not told.unit.startswith("元") or told.readings[0][0] < _LEAST_MONEY * 10_000:
            continue
        value = told.readings[0][0] / 10_000
        if any(abs(value - amount) < 0.005 for amount in amounts):
            continue
        sums_up = any(word in told.clause for word in _SUMS_UP)
        for amount in amounts:
            swapped = sums_up and len(_written(amount)) > _FEW + 1 and _is_swapped(value, amount)
            if swapped or _is_moved(value, amount):
                return f"{told.written}元”，填的是“{number_text(amount)}"
    return ""


def parts_above(text: str, whole: float, others: tuple[str, ...]) -> str:
    """The amounts (万元) that a text lists, added up, where they are more than the whole; blank otherwise.

    The whole itself, clauses with one of the words `others`, and what a part is made of are left out: that
    stands in brackets, or behind 其中 where the sentence has told a part before.
    """
    while (unbracketed := _IN_BRACKETS.sub("", text)) != text:
        text = unbracketed
    parts: list[float] = []
    for sentence in _SENTENCE.split(text):
        ahead = sentence.partition(_OF_WHICH)[0]
        parts += _amounts(ahead, whole, others) or _amounts(sentence, whole, others)
    total = sum(parts)
    if not parts or total <= whole + 0.005:
        return ""
    added = "+".join(number_text(part) for part in parts)
    return added if len(parts) == 1 else f"{added}={number_text(round(total, 4))}"


def _amounts(text: str, whole: float, others: tuple[str, ...]) -> list[float]:
    amounts = (
        told.readings[0][0] / 10_000
        for told in _told(text)
        if told.unit.startswith("元") and not any(word in told.clause for word in others)
    )
    return [amount for amount in amounts if abs(amount - whole) >= 0.005]


def _parts_above(text: Array, whole: Array, *others: Array) -> Array:
    words = tuple(str(word.item()) for word in others)
    text, whole = np.broadcast_arrays(text, whole)
    result = np.empty(text.shape, dtype=object)
    for place in map(tuple, np.argwhere(~np.isnan(whole)).tolist()):
        if text[place] is not None:
            result[place] = parts_above(text[place], float(whole[place]), words)
    return result


def _misquoted(
    text: Array, name: Array, figure: Array, unit: Array, figures: Cells, *others: Array
) -> Array:
    words = tuple(str(word.item()) for word in others)
    text, name, figure, unit = np.broadcast_arrays(text, name, figure, unit)
    known = [frozenset(row[~np.isnan(row)].tolist()) for row in figures.number]
    result = np.empty(text.shape, dtype=object)
    for i, j in np.argwhere(~np.isnan(figure)).tolist():
        told, named, measured = text[i, j], name[i, j], unit[i, j]
        if None not in (told, named, measured):
            result[i, j] = misquoted(told, named, float(figure[i, j]), measured, known[i], words)
    return result


def _disagreeing(text: Array, other: Array, figures: Cells, *others: Array) -> Array:
    words = tuple(str(word.item()) for word in others)
    text, other = np.broadcast_arrays(text, other)
    known = [frozenset(row[~np.isnan(row)].tolist()) for row in figures.number]
    result = np.empty(text.shape, dtype=object)
    for number, (row, row_of_other) in enumerate(zip(text.tolist(), other.tolist(), strict=True)):
        result[number] = [
            None if None in pair else disagreeing(*pair, known[number], words)
            for pair in zip(row, row_of_other, strict=True)
        ]
    return result


def _slipped(text: Array, *amounts: Array) -> Array:
    text, *numbers = np.broadcast_arrays(text, *amounts)
    result = np.empty(text.size, dtype=object)
    for index, words in enumerate(text.ravel()):
        known = tuple(float(n.flat[index]) for n in numbers if not np.isnan(n.flat[index]))
        result[index] = None if words is None else slipped(words, known)
    return result.reshape(text.shape)


_ROWS = (
    Op(
        "parts_above",
        (Param.TEXT, Param.NUMBER, Param.WORDS),
        Type.TEXT,
        None,
        _parts_above,
        doc="一段文字里列出的各项金额（万元）相加，超过后面的数的写成算式，没有则是空的；"
        "括号里的、一项后面“其中”的、含有词表里的词的句子不算。表里算不出，只有程序检查",
    ),
    Op(
        "disagreeing",
        (Param.TEXT, Param.TEXT, Param.NUMBERS, Param.WORDS),
        Type.TEXT,
        None,
        _disagreeing,
        doc="一段文字与另一段文字说同一件事、数却不同的那两句，没有则是空的；是一列里的数、含有词表里的词的句子不算。"
        "表里算不出，只有程序检查",
    ),
    Op(
        "slipped",
        (Param.TEXT, Param.NUMBER),
        Type.TEXT,
        None,
        _slipped,
        variadic=True,
        doc="一段文字里写的金额（万元）与后面某个数只差两位数字颠倒，或正好是它的万分之一："
        "写的和填的，没有则是空的。表里算不出，只有程序检查",
    ),
    Op(
        "misquoted",
        (Param.TEXT, Param.TEXT, Param.NUMBER, Param.TEXT, Param.NUMBERS, Param.WORDS),
        Type.TEXT,
        None,
        _misquoted,
        doc="一段文字里说到某事（名称）、写的却不是这个数（数、单位）的那一句，没有则是空的；"
        "是别的行的数（一列）、含有词表里的词的句子不算。表里算不出，只有程序检查",
    ),
)
FIGURE_OPS: dict[str, Op] = {op.name: op for op in _ROWS}
"""Those operators by their names in form definitions."""
