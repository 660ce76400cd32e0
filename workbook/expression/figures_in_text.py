"""`FIGURE_OPS`: what a text tells of figures. No sheet can work it out: rules that ask are the reader's alone.

What a text tells of a thing is found by the figure's unit and by the words around it: a clause speaks of
what is named if it has most of the name's pairs of neighbouring characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from workbook.expression.operands import Array, Cells, Op, Param, Type
from workbook.expression.sentences import differ_in_one, same_unit
from workbook.text import fold

_CLAUSE = re.compile(r"[，。；;、！\n]|,(?!\d{3}(?!\d))")
SENTENCE = re.compile(r"[。；;！\n]")
_LIST_NUMBER = re.compile(r"^目标\d{1,2}[:：]|[(（]?\d{1,2}[.．)）](?!\d)")
_FIGURE = re.compile(
    r"(?<![\d.])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?P<scale>[千万亿]?)(?P<unit>[%‰]|[^\W\d_]{1,6})?"
)
_SCALES = {"千": 1e3, "万": 1e4, "亿": 1e8}
_VAGUE = str.maketrans("", "", "数量率次的和及与等")
"""Characters of names that tell nothing apart."""
MOSTLY, NEARLY_ALL = 0.62, 0.75
"""The share of a name's pairs that a clause has that speaks of it; of shares, which are many, it takes more."""


FEW = 3
"""Two digits may be the other way round by chance: then the clause has a third of the name's pairs."""


class Told(NamedTuple):
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
    label: str
    """What the figure is called: the words right ahead of it, without 全年, 举办, 共."""


# Each row of a return is held against the same clauses.
@lru_cache(maxsize=4096)
def pairs_of(words: str) -> frozenset[str]:
    """The pairs of neighbouring characters of some words, but for those that tell nothing apart."""
    words = words.translate(_VAGUE)
    return frozenset(words[i : i + 2] for i in range(len(words) - 1))


_ENDINGS = ("数量", "总数", "面积", "里程", "长度", "规模", "金额", "数")
"""Words that a name ends with and a text leaves out: 海草修复面积 is told as 海草修复200亩."""


@lru_cache(maxsize=4096)
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
        with_plain_sets(fold(_LIST_NUMBER.sub("", clause.strip(), count=1)))
        for clause in _CLAUSE.split(text)
    )


def with_plain_sets(folded: str) -> str:
    """台（套） is written 台套 as often."""
    return folded.replace("(套)", "套")


# Each row of a return asks of the same few texts.
@lru_cache(maxsize=4096)
def told_figures(text: str) -> tuple[Told, ...]:
    return tuple(
        told
        for number, sentence in enumerate(SENTENCE.split(text))
        for clause in clauses_of(sentence)
        for told in _told_in(clause, number, sentence)
    )


def _told_in(clause: str, number: int, sentence: str) -> Iterator[Told]:
    pairs, behind_last = pairs_of(clause), 0
    for match in _FIGURE.finditer(clause):
        scale = _SCALES.get(match["scale"], 1.0)
        readings = [_reading(match["number"], scale)]
        item, point, behind = match["number"].partition(".")
        if point and match.start() == 0 and len(item) <= 2:
            readings.append(_reading(behind, scale))
        written = match["number"] + match["scale"]
        label = label_of(clause[behind_last : match.start()])
        unit = match["unit"] or ""
        if not unit.startswith("年"):
            behind_last = match.end()
        yield Told(number, sentence, clause, pairs, tuple(readings), scale, unit, written, label)


_AHEAD = re.compile(
    r"^(?:其中|全年|本年度?|年内|全[市县区院校站局]|我[局院校馆站所]|共|累计|实际|完成|开展|举办|组织|实现|推出|新增|撰写|形成|编写|:)+"
)
_BEFORE_YEAR = re.compile(r"^[^\W\d]{0,8}20\d\d年度?")
_BEHIND = re.compile(r"(?:共计|合计|达到|为|共|达|:)+$")


def label_of(words: str) -> str:
    """What a figure is called by the words ahead of it; a year is left of them as 年, be it whose it may."""
    return _BEHIND.sub("", _AHEAD.sub("", _BEFORE_YEAR.sub("年", words, count=1)))


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
    `figures` that the form has; and one that calls it by the end of its name (亮灯率 for 路灯亮灯率), or by some of its
    characters (渠系整治 for 新建整治渠系长度), only if the figure is near, or a digit off.
    """
    scale, plain_unit = _scaled(_plain_unit(unit))
    short = plain_name(name, plain_unit)
    sought, named = figure * scale, pairs_of(short)
    if not plain_unit or not named:
        return ""
    is_share = plain_unit in "%‰"
    least = len(named) * (NEARLY_ALL if is_share else MOSTLY)
    in_unit = [told for told in told_figures(text) if told.unit.startswith(plain_unit)]
    right = {
        told.sentence
        for told in in_unit
        if (not is_share or _EACH in told.whole) and _tells(told, sought)
    }
    is_long = not is_share and len(written_number(figure)) > FEW + 1
    differing = ""
    for told in told_figures(text) if plain_unit in _AREAS else in_unit:
        if not told.unit.startswith(plain_unit):
            if not differing and _is_in_other_area(told, figure, (plain_unit, scale), named):
                differing = told.clause
            continue
        value = told.readings[0][0]
        common = len(named & told.pairs)
        if not common and not is_long:
            continue
        swapped = is_swapped(value, sought) and value / scale not in figures
        if not common and not swapped:
            continue
        if _tells(told, sought):
            return ""
        if told.sentence in right or _leaves_room(told.clause, value, sought):
            continue
        if scale > 1 and _rounds_to(value / scale, figure):
            continue
        if _says_none(told, sought) or _is_of_a_part(told, named):
            continue
        speaks_of_it = (
            common >= least
            and not any(word in told.clause for word in others)
            and not any(word in short and word not in told.clause for word in _OUTCOMES)
        )
        is_slip = swapped and (common * FEW >= len(named) or len(written_number(figure)) > FEW)
        is_one = is_one_off(value, sought)
        calls_it_so = (
            _is_end_of(told.label, (fold(name), short), _LEAST_OF_SHARE if is_share else 2)
            and (is_one if is_share else _is_near(value, sought))
        ) or (not is_share and _calls_it_short(told.label, short, value, sought, is_one=is_one))
        is_free = value / scale not in figures and not any(word in told.clause for word in others)
        if not differing and (speaks_of_it or is_slip or (calls_it_so and is_free)):
            differing = told.clause
    return differing


_MOST_LEFT_OUT, _LEAST_OF_SHARE, _LONG_LABEL = 2, 3, 6


def _is_end_of(label: str, names: tuple[str, ...], least: int) -> bool:
    """Whether a label of so many characters is a name but for a word ahead; a long one, but for up to half the name."""
    most = len(label) if len(label) >= _LONG_LABEL else _MOST_LEFT_OUT
    return len(label) >= least and any(
        name.endswith(label) and 0 < len(name) - len(label) <= most for name in names
    )


def _is_made_of(label: str, name: str) -> bool:
    """Whether a label has the characters of a name and no others: 渠系整治 for 新建整治渠系长度."""
    return len(label) > _LEAST_OF_SHARE and set(label) <= set(name)


_A_LITTLE_OFF = 0.2


def _calls_it_short(label: str, name: str, value: float, sought: float, *, is_one: bool) -> bool:
    """Whether a label leaves out characters of a name (地灾治理 for 地质灾害隐患点治理), and the figure is a digit or a
    little off."""
    if not _is_made_of(label, name):
        return False
    rest = iter(name)
    is_in_order = label[0] == name[0] and label[-1] == name[-1] and all(c in rest for c in label)
    return is_one or (is_in_order and abs(value - sought) <= _A_LITTLE_OFF * sought)


def _rounds_to(value: float, figure: float) -> bool:
    """Whether a text tells more exactly what a figure is rounded to: 37462件 of 3.75万件."""
    decimals = len(written_number(figure).partition(".")[2])
    return abs(value - figure) <= 0.5 * 10.0**-decimals


_AREAS = ("平方米", "平方公里", "亩", "公顷")


def _is_in_other_area(
    told: Told, figure: float, unit: tuple[str, float], named: frozenset[str]
) -> bool:
    """Whether what is named is told with the same digits in another unit of area: 3.28平方公里 of 3.28万平方米."""
    other = next((area for area in _AREAS if told.unit.startswith(area)), "")
    return (
        other != ""
        and (other, told.scale) != unit
        and figure > 0
        and abs(told.readings[0][0] / told.scale - figure) < 1e-9
        and len(named & told.pairs) >= NEARLY_ALL * len(named)
    )


def _is_near(value: float, sought: float) -> bool:
    return sought / 2 <= value <= sought * 2


@lru_cache(maxsize=65536)
def misprinted(text: str, name: str, figure: float, unit: str, figures: frozenset[float]) -> str:
    """The clause of a text that tells the figure of what is named with two digits exchanged; blank if none does, or
    the text tells the very figure, or it is another of the `figures` that the form has."""
    scale, plain_unit = _scaled(_plain_unit(unit))
    sought, named = figure * scale, pairs_of(plain_name(name, plain_unit))
    told = [told for told in told_figures(text) if plain_unit and told.unit.startswith(plain_unit)]
    if len(written_number(figure)) <= FEW + 1 or any(_tells(item, sought) for item in told):
        return ""
    return next(
        (
            item.clause
            for item in told
            if is_swapped(item.readings[0][0], sought)
            and item.readings[0][0] / scale not in figures
            and named & item.pairs
        ),
        "",
    )


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


_NONE = ("无", "没有", "未")


def _says_none(told: Told, sought: float) -> bool:
    """Whether a clause with another figure says in words that there is none: 在册214人无脱管漏管 is right of 0人."""
    return sought == 0 and any(word in told.clause for word in _NONE)


_WITHIN = re.compile(r"(?:经费|支出|资金)中(?!心)")


def _is_of_a_part(told: Told, named: frozenset[str]) -> bool:
    """Whether a figure is only of a part of what is named: “三公”经费中公务用车运行费12.8万元."""
    within = _WITHIN.search(told.label)
    return within is not None and not named & pairs_of(told.label[within.end() :])


def _tells(told: Told, sought: float) -> bool:
    """Whether a figure is the one sought, rounded as it is written."""
    return any(abs(value - sought) <= half * (1 + 1e-9) for value, half in told.readings)


def _plain_unit(unit: str) -> str:
    """场次 is written 场 as often."""
    return "场" if unit == "场次" else with_plain_sets(unit)


def written_number(number: float) -> str:
    """A number's digits with their point, of which none ends in zeros."""
    return f"{number:.4f}".rstrip("0")


def is_swapped(value: float, other: float) -> bool:
    """Whether two neighbouring digits of one number stand the other way round in the other."""
    one, two = written_number(value), written_number(other)
    if len(one) != len(two) or one == two or one.index(".") != two.index("."):
        return False
    digits, others = one.replace(".", ""), two.replace(".", "")
    places = [i for i, pair in enumerate(zip(digits, others, strict=True)) if pair[0] != pair[1]]
    first = places[0]
    return (
        places == [first, first + 1]
        and digits[first : first + 2] == others[first : first + 2][::-1]
    )


def is_one_off(value: float, other: float) -> bool:
    """Whether a number of three digits or more is another but for one digit."""
    one, two = written_number(value), written_number(other)
    return len(one) > FEW and one.index(".") == two.index(".") and differ_in_one(one, two)


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
        if _is_known(told, figures) or any(_are_equal(told, item) for item in told_figures(other)):
            continue
        for item in there:
            if (
                not _are_alike(item, told)
                or _is_known(item, figures)
                or any(_are_equal(item, each) for each in told_figures(text))
            ):
                continue
            if _are_of_one_thing(told, item):
                return f"{told.clause}”，另一处是“{item.clause}"
    return _disagreeing_beside(text, other)


def _are_alike(told: Told, other: Told) -> bool:
    """Whether two figures are in one unit; behind the same label, whatever follows it."""
    is_bound = any(word in told.unit + other.unit for word in _AT_LEAST + _AT_MOST)
    goes_on = told.label == other.label and same_unit(told.unit, other.unit) and not is_bound
    return told.unit == other.unit or goes_on


def _are_of_one_thing(told: Told, other: Told) -> bool:
    """Whether two clauses, each with one figure, speak of the same."""
    one, two = _bare_pairs(told.clause), _bare_pairs(other.clause)
    common, fewest = len(one & two), min(len(one), len(two))
    value, said = told.readings[0][0], other.readings[0][0]
    if common and len(written_number(value / told.scale)) > FEW + 1 and is_swapped(value, said):
        return True
    if told.label == other.label and len(told.label) >= 2 and not told.unit.startswith("元"):
        return told.label not in _MANY
    if told.unit.startswith("元") and not _is_near(value, said):
        return False
    return fewest >= _LEAST_PAIRS and common >= NEARLY_ALL * fewest


_MANY = (
    "培训", "活动", "会议", "项目", "资金", "检查", "支出", "宣传", "补助", "讲座", "调研", "设备", "案件", "人员", "工程",
)  # fmt: skip
"""What there may be several of: the word alone does not tell which."""
_BESIDE = re.compile(r"(?<![\d.])(\d+)([^\W\d_]{1,2})(\d+)(人次|人|件|场次|场|户|家次|家)")


def _disagreeing_beside(text: str, other: str) -> str:
    """出访7批36人次 here, 7批26人次 there: figures of which one is told alike, the other but for a digit."""
    one, two = _beside(text), _beside(other)
    for here, clause in one.items():
        for there, other_clause in two.items():
            if here in two or there in one or here[:2] + here[3:] != there[:2] + there[3:]:
                continue
            if _is_a_digit_off(here[2], there[2]):
                return f"{clause}”，另一处是“{other_clause}"
    return ""


def _beside(text: str) -> dict[tuple[str, ...], str]:
    """Two figures and their units, of which one stands right behind the other, and the clause."""
    return {
        match.groups(): clause for clause in clauses_of(text) for match in _BESIDE.finditer(clause)
    }


def _is_a_digit_off(one: str, two: str) -> bool:
    return len(one) == len(two) >= 2 and (
        differ_in_one(one, two) or is_swapped(float(one), float(two))
    )


def _single(text: str, others: tuple[str, ...]) -> list[Told]:
    """Figures that alone stand in their clause."""
    every = told_figures(text)
    clauses = [told.clause for told in every]
    return [
        told
        for told in every
        if told.unit
        and told.unit not in "%‰年月日号"
        and clauses.count(told.clause) == 1
        and not any(word in told.clause for word in others)
    ]


def _is_known(told: Told, figures: frozenset[float]) -> bool:
    """Whether a figure, not of a digit or two, which many are, is one of some."""
    figure = told.readings[0][0] / told.scale
    return len(written_number(figure)) > FEW and figure in figures


def _are_equal(told: Told, other: Told) -> bool:
    return _are_alike(told, other) and any(_tells(other, value) for value, _ in told.readings)


def _bare_pairs(clause: str) -> frozenset[str]:
    return pairs_of(_FIGURE.sub("", clause))


def _with_known(function: Callable[..., str]) -> Callable[..., Array]:
    """A function of text, name, figure, unit, the figures of the own form and words, over whole columns."""

    def over(
        text: Array, name: Array, figure: Array, unit: Array, figures: Cells, *others: Array
    ) -> Array:
        words = tuple(str(word.item()) for word in others)
        text, name, figure, unit = np.broadcast_arrays(text, name, figure, unit)
        known = [frozenset(row[~np.isnan(row)].tolist()) for row in figures.number]
        result = np.empty(text.shape, dtype=object)
        for i, j in np.argwhere(~np.isnan(figure)).tolist():
            told, named, measured = text[i, j], name[i, j], unit[i, j]
            if None not in (told, named, measured):
                result[i, j] = function(told, named, float(figure[i, j]), measured, known[i], words)
        return result

    return over


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


_ROWS = (
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
        "misquoted",
        (Param.TEXT, Param.TEXT, Param.NUMBER, Param.TEXT, Param.NUMBERS, Param.WORDS),
        Type.TEXT,
        None,
        _with_known(misquoted),
        doc="一段文字里说到某事（名称）、写的却不是这个数（数、单位）的那一句，没有则是空的；"
        "是别的行的数（一列）、含有词表里的词的句子不算。表里算不出，只有程序检查",
    ),
    Op(
        "misprinted",
        (Param.TEXT, Param.TEXT, Param.NUMBER, Param.TEXT, Param.NUMBERS),
        Type.TEXT,
        None,
        _with_known(lambda *row: misprinted(*row[:-1])),  # it leaves no words out
        doc="一段文字里写的某事（名称）的数与这个数（数、单位）只是两位颠倒的那一句，没有则是空的；"
        "是别的行的数（一列）的不算。表里算不出，只有程序检查",
    ),
)
FIGURE_OPS: dict[str, Op] = {op.name: op for op in _ROWS}
"""Those operators by their names in form definitions."""
