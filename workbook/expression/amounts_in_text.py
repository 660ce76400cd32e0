"""`AMOUNT_OPS`: what a text tells of money, held against the form's amounts (in 万元).

As those of `figures_in_text`, no sheet can work them out: rules that use them are the reader's alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from workbook.expression.figures_in_text import (
    FEW,
    SENTENCE,
    Told,
    clauses_of,
    is_one_off,
    is_swapped,
    told_figures,
    written_number,
)
from workbook.expression.operands import Array, Op, Param, Type, number_text

_IN_BRACKETS = re.compile(r"（[^（）]*）|\([^()]*\)")
_OF_WHICH = "其中"
_SUMS_UP = ("支出", "支付", "执行", "预算", "合计", "共", "总")
"""Words of a clause that speaks of the money as a whole, not of what some of it was for."""
_POINTS_MOVED = (0.01, 0.1, 10.0, 100.0, 10_000.0)


def _is_moved(value: float, amount: float) -> bool:
    """Whether an amount is another with its point elsewhere, of more than a few digits; or in 元."""
    moved = (
        (10_000.0,)
        if len(written_number(amount).replace(".", "").strip("0")) <= FEW
        else _POINTS_MOVED
    )
    return any(abs(value * factor - amount) < 1e-6 * amount for factor in moved)


_LEAST_MONEY = 10.0
"""Smaller amounts have too few digits to tell a slip by."""


def slipped(text: str, amounts: tuple[float, ...]) -> str:
    """What a text tells of money (in 万元) that is one of some amounts but for two digits exchanged or the
    point moved, or is one of them in 元: the figure as written and the amount; blank if there is nothing of the sort."""
    for told in told_figures(text):
        if not told.unit.startswith("元") or told.readings[0][0] < _LEAST_MONEY * 10_000:
            continue
        value = told.readings[0][0] / 10_000
        if any(abs(value - amount) < 0.005 for amount in amounts):
            continue
        sums_up = any(word in told.clause for word in _SUMS_UP)
        for amount in amounts:
            swapped = (
                sums_up and len(written_number(amount)) > FEW + 1 and is_swapped(value, amount)
            )
            if swapped or _is_moved(value, amount):
                return f"{told.written}元”，填的是“{number_text(amount)}"
    return ""


def told_as(text: str, amount: float, names: tuple[str, ...]) -> str:
    """The clause of a text that tells money under one of some names, and not the amount; blank if there is none.

    The words ahead of the figure are the name and nothing else (公用经费, not 生均公用经费); if one clause
    tells the amount under such a name, as it is rounded there, the text is right.
    """
    named = [told for told in _money_in(text) if told.label in names]
    if any(_is_rounded(told, amount) for told in named):
        return ""
    return next((told.clause for told in named), "")


def nearly_told(text: str, amount: float, words: tuple[str, ...]) -> str:
    """The clause of a text, the only one with one of some words, that tells an amount but for a digit, or two
    exchanged; blank if there is none: several may be what the amount is made of."""
    spoken = [told for told in _money_in(text) if any(word in told.clause for word in words)]
    if len(spoken) != 1 or _is_rounded(spoken[0], amount):
        return ""
    return spoken[0].clause if _is_slip(_wanyuan(spoken[0]), amount) else ""


def _money_in(text: str) -> list[Told]:
    return [
        told
        for told in told_figures(text)
        if told.unit.startswith("元") and "元/" not in told.clause
    ]


def _wanyuan(told: Told) -> float:
    return round(told.readings[0][0] / 10_000, 6)


def _is_rounded(told: Told, amount: float) -> bool:
    value, half = told.readings[0]
    return abs(value / 10_000 - amount) <= half / 10_000 + 1e-6


def _is_slip(value: float, amount: float) -> bool:
    digits = len(written_number(amount).replace(".", "").strip("0"))
    return (digits > FEW and is_one_off(value, amount)) or (
        digits >= FEW and is_swapped(value, amount)
    )


def parts_above(text: str, whole: float, others: tuple[str, ...]) -> str:
    """The amounts (万元) that a text lists, added up, where they are more than the whole; blank otherwise.

    The whole itself, clauses with one of the words `others`, and what a part is made of are left out: that
    stands in brackets, or behind 其中 where the sentence has told a part before.
    """
    text = _without_brackets(text)
    parts: list[float] = []
    for sentence in SENTENCE.split(text):
        ahead = sentence.partition(_OF_WHICH)[0]
        parts += _amounts(ahead, whole, others) or _amounts(sentence, whole, others)
    total = sum(parts)
    if not parts or total <= whole + 0.005:
        return ""
    return _as_sum(parts)


def _without_brackets(text: str) -> str:
    while (unbracketed := _IN_BRACKETS.sub("", text)) != text:
        text = unbracketed
    return text


def _as_sum(parts: list[float]) -> str:
    added = "+".join(number_text(part) for part in parts)
    return added if len(parts) == 1 else f"{added}={number_text(round(sum(parts), 4))}"


_FEWEST_PARTS = 3
_MOST_LACKING = 0.1


def parts_short(text: str, whole: float, others: tuple[str, ...]) -> str:
    """The amounts (万元) of a text that is a list of them and nothing else, added up, where a single digit
    makes them less than the whole; blank otherwise.

    A text with one of the words `others` does not list everything.
    """
    clauses = [clause for clause in clauses_of(_without_brackets(text)) if clause]
    told = [item for item in told_figures(_without_brackets(text)) if item.unit.startswith("元")]
    lists_only = [item.clause for item in told] == clauses
    if not lists_only or len(told) < _FEWEST_PARTS or any(word in text for word in others):
        return ""
    parts = [_wanyuan(item) for item in told]
    lacking = round(whole - sum(parts), 4)
    is_one_digit = len(written_number(lacking).replace(".", "").strip("0")) == 1
    return _as_sum(parts) if is_one_digit and 0 < lacking <= _MOST_LACKING * whole else ""


def part_slipped(text: str, whole: float, others: tuple[str, ...]) -> str:
    """The amounts (万元) that a text lists, added up, where one of them with two digits exchanged or the point
    moved makes them the whole; blank otherwise."""
    text = _without_brackets(text)
    parts = [
        part for sentence in SENTENCE.split(text) for part in _amounts(sentence, whole, others)
    ]
    lacking = whole - sum(parts)
    if len(parts) < _FEWEST_PARTS or abs(lacking) < 0.005 or _OF_WHICH in text:
        return ""
    is_explained = any(
        is_swapped(part, meant) or any(abs(part * f - meant) < 0.005 for f in (0.1, 10.0))
        for part in parts
        if (meant := round(part + lacking, 4)) > 0
    )
    return _as_sum(parts) if is_explained else ""


def _amounts(text: str, whole: float, others: tuple[str, ...]) -> list[float]:
    amounts = (
        told.readings[0][0] / 10_000
        for told in told_figures(text)
        if told.unit.startswith("元")
        and not told.label.endswith("收入")
        and not any(word in told.clause for word in others)
    )
    return [amount for amount in amounts if abs(amount - whole) >= 0.005]


def by_words(function: Callable[[str, float, tuple[str, ...]], str]) -> Callable[..., Array]:
    """A function of text, amount and words over whole columns."""

    def over(text: Array, amount: Array, *words: Array) -> Array:
        listed = tuple(str(word.item()) for word in words)
        text, amount = np.broadcast_arrays(text, amount)
        result = np.empty(text.shape, dtype=object)
        for place in map(tuple, np.argwhere(~np.isnan(amount)).tolist()):
            if text[place] is not None:
                result[place] = function(text[place], float(amount[place]), listed)
        return result

    return over


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
        by_words(parts_above),
        doc="一段文字里列出的各项金额（万元）相加，超过后面的数的写成算式，没有则是空的；"
        "括号里的、一项后面“其中”的、含有词表里的词的句子不算。表里算不出，只有程序检查",
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
        "parts_short",
        (Param.TEXT, Param.NUMBER, Param.WORDS),
        Type.TEXT,
        None,
        by_words(parts_short),
        doc="一段只是逐项列出金额（万元）的文字，相加比后面的数少、只差一位数字的写成算式，没有则是空的；"
        "含有词表里的词的不算。表里算不出，只有程序检查",
    ),
    Op(
        "part_slipped",
        (Param.TEXT, Param.NUMBER, Param.WORDS),
        Type.TEXT,
        None,
        by_words(part_slipped),
        doc="一段文字里列出的各项金额（万元），其中一项两位颠倒或小数点移一位就正好合成后面的数的，写成算式，没有则是空的；"
        "含有词表里的词的句子不算。表里算不出，只有程序检查",
    ),
    Op(
        "told_as",
        (Param.TEXT, Param.NUMBER, Param.WORDS),
        Type.TEXT,
        None,
        by_words(told_as),
        doc="一段文字里用词表里的一个名称写的、不是这个数（万元）的金额的那一句，没有则是空的；"
        "金额前面的字要正好是这个名称。表里算不出，只有程序检查",
    ),
    Op(
        "nearly_told",
        (Param.TEXT, Param.NUMBER, Param.WORDS),
        Type.TEXT,
        None,
        by_words(nearly_told),
        doc="一段文字里含有词表里的词、与这个数（万元）只差一位数字或两位颠倒的金额的那一句，没有则是空的。"
        "表里算不出，只有程序检查",
    ),
)
AMOUNT_OPS: dict[str, Op] = {op.name: op for op in _ROWS}
"""Those operators by their names in form definitions."""
