"""`CLAIM_OPS`: what a text claims that cannot be, held against itself, the year, the department or a figure.

As those of `figures_in_text`, no sheet can work them out: rules that use them are the reader's alone. Each
gives the clause as it stands, or nothing; where a clause may be read in two ways, it gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from workbook.expression.figures_in_text import (
    MOSTLY,
    NEARLY_ALL,
    clauses_of,
    pairs_of,
    plain_name,
)
from workbook.expression.operands import Array, Op, Param, Type
from workbook.text import fold

_SENTENCE = re.compile(r"[。；;！\n]")
NEXT_TEXT = "※"
"""A sentence that parts texts which are read as one: what follows does not speak of what is ahead."""
_COMMA = re.compile(r"，|,(?!\d{3}(?!\d))")
_LIST_NUMBER = re.compile(r"^(?:目标\d+[:：]|\d{1,2}、|[(（]?\d{1,2}[.．)）](?!\d))")
_NUMBER = r"\d+(?:\.\d+)?"
_SCALES = {"": 1.0, "千": 1e3, "万": 1e4, "亿": 1e8}
_FIGURE = re.compile(
    rf"(?<![\d.])(?P<number>{_NUMBER})(?P<scale>[千万亿]?)(?P<unit>个百分点|[%‰]|[^\W\d_]{{1,4}})?"
)


class _Figure(NamedTuple):
    """A figure where it stands in a sentence."""

    start: int
    end: int
    value: float
    half: float
    """Half its last decimal."""
    unit: str


def _sentences(text: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(text):
        if folded := _LIST_NUMBER.sub("", _folded(sentence)):
            yield folded


def _folded(text: str) -> str:
    """As `fold`, the commas between clauses kept: behind one another they part figures."""
    return "，".join(map(fold, _COMMA.split(text)))


def _figure(match: re.Match[str]) -> _Figure:
    number, scale = match["number"], _SCALES[match["scale"]]
    half = 0.5 * 10.0 ** -len(number.partition(".")[2]) * scale
    return _Figure(match.start(), match.end(), float(number) * scale, half, match["unit"] or "")


def _figures(sentence: str) -> list[_Figure]:
    return [_figure(match) for match in _FIGURE.finditer(sentence)]


_ALL_TOLD = re.compile(r"[，、]?(?:共计|合计|总计|共)(?=\d)")
_NO_PART = ("其中", "比", "较", "上年", "去年", "目标", "计划", "增", "减", "降", "达", "累计", "/")
"""Words between figures that are no list of parts."""
_NEAR = 0.1
"""A sum is a slip if it is as near to the whole; further off the whole is likely of something else."""


def _is_wrong_total(sentence: str) -> bool:
    """9万头、28万头，共39万头: parts told one after the other, and another sum."""
    figures = _figures(sentence)
    for told in _ALL_TOLD.finditer(sentence):
        whole = next((item for item in figures if item.start == told.end()), None)
        if whole is None or not whole.unit:
            continue
        parts: list[_Figure] = []
        behind = told.start()
        for item in reversed([item for item in figures if item.end <= told.start() + 4]):
            between = sentence[item.start : behind]
            if item.start >= told.start() or not _same_unit(item.unit, whole.unit):
                break
            if any(word in between for word in _NO_PART):
                break
            parts.append(item)
            behind = item.start
        if _adds_up_otherwise(parts, whole):
            return True
    return False


def _adds_up_otherwise(parts: list[_Figure], whole: _Figure) -> bool:
    if len(parts) < 2:
        return False
    slack = whole.half + sum(part.half for part in parts)
    if any(abs(part.value - whole.value) <= whole.half for part in parts):
        return False
    sums = np.cumsum([part.value for part in parts])
    if (np.abs(sums - whole.value) <= slack * (1 + 1e-9)).any():
        return False
    return bool(abs(sums[-1] - whole.value) <= _NEAR * whole.value)


def _same_unit(unit: str, other: str) -> bool:
    return bool(unit and other) and (unit.startswith(other) or other.startswith(unit))


_OF_WHICH = re.compile(r"其中|人员中")
_ENDS_PARTS = re.compile(r"其中|[)）]")
_IN_BRACKETS = re.compile(r"[(（][^()（）]*[)）]")
_NOT_OF_IT = ("累计", "上年", "去年", "以前", "同比", "比", "较", "增", "减", "新", "每", "人均")


def _is_a_little_above(parts: list[_Figure], whole: _Figure) -> bool:
    """Whether parts, of which no first few make the whole, make a little more than it."""
    slack = (whole.half + sum(part.half for part in parts)) * (1 + 1e-9)
    above = np.cumsum([part.value for part in parts]) - whole.value
    return bool(slack < above[-1] <= _NEAR * whole.value and (np.abs(above) > slack).all())


_OVERLAPPING = (
    "低保",
    "脱贫",
    "残疾",
    "党员",
    "女",
    "老年",
    "困难",
    "特困",
    "儿童",
    "留守",
    "少数民族",
)
"""Of these some belong to several parts."""


def _is_part_above(sentence: str, ahead: str) -> bool:
    """教职工8246人，其中专任教师8631人: a part above its whole, or parts that make a little more."""
    for marker in _OF_WHICH.finditer(sentence):
        behind = _ENDS_PARTS.split(_IN_BRACKETS.sub("", sentence[marker.end() :]))[0]
        parts = _figures(behind)
        if not parts or parts[0].unit in ("", "%", "‰"):
            continue
        unit = parts[0].unit
        if not marker.start() and unit.startswith("元"):
            continue  # of the money that the sheet's own sentence tells
        clause_ahead = sentence[: marker.start()] if marker.start() else ahead
        whole = next(
            (f for f in reversed(_figures(clause_ahead)) if _same_unit(f.unit, unit)), None
        )
        if whole is None:
            continue
        around = (
            re.split("[，、。]", clause_ahead[: whole.start])[-1]
            + re.split("。", clause_ahead[whole.end :])[0]
        )
        if any(word in behind + around for word in _NOT_OF_IT):
            continue
        listed = []
        for part in parts:
            if not _same_unit(part.unit, unit):
                break
            listed.append(part)
        is_last = _figures(clause_ahead)[-1] == whole
        if is_last and listed[0].value - whole.value > whole.half + listed[0].half:
            return True
        if not any(word in behind for word in _OVERLAPPING) and _is_a_little_above(listed, whole):
            return True
    return False


_STAFF = re.compile(
    rf"(?:行政|事业|参公|公务员|工勤|机关|专任教师|编内|编外)[^\W\d_]{{0,8}}?(?P<number>{_NUMBER})[人名]"
)
_ALL_STAFF = re.compile(r"(?:实有|在职|在编|现有)[^\W\d_]{0,10}?(?P<number>\d+)[人名]，其中")


def _is_other_staff(sentence: str) -> bool:
    """实有139人，其中行政人员23人，事业人员106人: parts that are one digit off the whole."""
    told = _ALL_STAFF.search(sentence)
    if told is None:
        return False
    behind = sentence[told.end() :].split("另有", maxsplit=1)[0].split("退休", maxsplit=1)[0]
    parts = [int(part["number"]) for part in _STAFF.finditer(behind)]
    if len(parts) < 2 or len(_figures(behind)) != len(parts):
        return False
    whole, total = told["number"], str(sum(parts))
    differing = sum(one != two for one, two in zip(whole, total, strict=False))
    return len(whole) == len(total) and differing == 1 and sum(parts) < int(whole)


_RATE = re.compile(rf"(?:^|[，、])(?P<of>[^\W\d_]{{2}})率(?:为|达到|达)?(?P<rate>{_NUMBER})%")


def _is_wrong_rate(sentence: str) -> bool:
    """抽检2400批次，合格2328批次，合格率99.2%: a rate that its two figures do not make."""
    figures = _figures(sentence)
    for told in _RATE.finditer(sentence):
        ahead = [item for item in figures if item.end <= told.start() + 1 and item.unit]
        if len(ahead) < 2 or not _same_unit(ahead[-1].unit, ahead[-2].unit):
            continue
        *wholes, part = (item for item in ahead if _same_unit(item.unit, ahead[-1].unit))
        if told["of"] not in sentence[ahead[-2].end : part.start] or not part.value:
            continue
        shares = [100 * part.value / whole.value for whole in wholes if whole.value >= part.value]
        half = 0.5 * 10.0 ** -len(told["rate"].partition(".")[2]) + 0.05
        rates = [rate for share in shares for rate in (share, 100 - share)]
        if rates and all(abs(float(told["rate"]) - rate) > half for rate in rates):
            return True
    return False


_GROWTH = re.compile(
    rf"(?P<of>[^\W\d_]{{2,10}})[较比](?:上年度?|去年)(?:同期)?的(?P<then>{_NUMBER})(?P<scale>[万亿]?)(?P<unit>%|[^\W\d_]{{1,4}}?)?"
    rf"，?(?P<way>增长|提高|增加|上升|提升|下降|降低|减少)了?(?P<by>{_NUMBER})(?P<in>%|个百分点)"
)
_FALLS = ("下降", "降低", "减少")
_WAY = "(?P<way>增长|增加|提高|上升|下降|降低|减少)"
_GROWN = (
    # 27.4万人次，同比增长9.6%（上年25.6万人次）
    re.compile(
        rf"(?P<now>{_NUMBER})(?P<scale>[万亿]?)(?P<unit>[^\W\d_]{{1,4}})，?(?:同比|比上年|较上年){_WAY}了?(?P<by>{_NUMBER})%"
        rf"[（(]上年(?:同期)?(?:为)?(?P<then>{_NUMBER})(?P<then_scale>[万亿]?)(?P=unit)"
    ),
    # 比上年增加52.6万元，增长9.8%；上年为929.87万元
    re.compile(
        rf"[较比]上年{_WAY}了?(?P<change>{_NUMBER})(?P<scale>[万亿]?)(?P<unit>[^\W\d_]{{1,4}})，(?:增长|下降|增幅|降幅)了?(?P<by>{_NUMBER})%"
        rf"[；;，。]上年(?:同期)?(?:为)?(?P<then>{_NUMBER})(?P<then_scale>[万亿]?)(?P=unit)"
    ),
)


def _has_grown_otherwise(text: str) -> str:
    """What a text tells of a year and of the one before, if its rate is not what they give; blank if it is."""
    for told in (match for pattern in _GROWN for match in pattern.finditer(text)):
        groups = told.groupdict()
        then = float(told["then"]) * _SCALES[told["then_scale"]]
        said = float(groups.get("change") or told["now"]) * _SCALES[told["scale"]]
        change = said if groups.get("change") else abs(said - then)
        half = 0.5 * 10.0 ** -len(told["by"].partition(".")[2])
        if then and abs(100 * change / then - float(told["by"])) > half + 0.06:
            return told[0]
    return ""


def _is_wrong_growth(sentence: str, text: str) -> bool:
    """追回基金较上年的210.4万元增长22.5%, where the same text tells 追回基金236.8万元."""
    for told in _GROWTH.finditer(sentence):
        now = re.search(
            rf"{re.escape(told['of'])}(?:为|达到|达)?(?P<number>{_NUMBER})(?P<scale>[万亿]?)", text
        )
        then = float(told["then"]) * _SCALES[told["scale"]]
        if now is None or not then:
            continue
        change = float(now["number"]) * _SCALES[now["scale"]] - then
        said = float(told["by"]) * (-1 if told["way"] in _FALLS else 1)
        readings = [change] if told["in"] == "个百分点" else [100 * change / then]
        if told["unit"] == "%" and told["in"] == "%":
            readings.append(change)
        half = 0.5 * 10.0 ** -len(told["by"].partition(".")[2])
        if all(abs(said - reading) > half + 0.06 for reading in readings):
            return True
    return False


@lru_cache(maxsize=4096)
def misadded(text: str) -> str:
    """The first sentence of a text whose own figures cannot all be right; blank if there is none.

    A total that its parts do not make, a part above its whole, a rate or a growth that its figures do not give.
    """
    ahead = ""
    whole_text = _folded(text)
    for sentence in _sentences(text):
        wrong = (
            _is_wrong_total(sentence)
            or _is_part_above(sentence, ahead)
            or _is_wrong_rate(sentence)
            or _is_other_staff(sentence)
            or _is_wrong_growth(sentence, whole_text)
        )
        if wrong:
            return sentence
        if sentence == NEXT_TEXT:
            ahead = ""
            continue
        ahead = f"{ahead.rpartition('。')[2]}。{sentence}"
    return _has_grown_otherwise(whole_text)


_YEAR = r"(?P<year>20\d\d)年"
_BEGINS = re.compile(rf"^{_YEAR}度?[，,]?(?:我[局委办单]|本[局单级]|全[县区市州旗年]|共|，|,)")
_SCORED = re.compile(rf"{_YEAR}度?(?:部门|预算|绩效|整体支出|单位)*自评(?:综合)?(?:得分|总分|结果)")
_SPENT = re.compile(
    rf"^{_YEAR}度?(?:我[局委办单]位?|本[局单]位?)?(?:基本|项目|人员|公用|全年|总)支出(?:为|共)?\d"
)
_YEARS_BACK = 5
_BESIDE_YEARS = re.compile(r"[较比]|上年|去年|以来|结转|至20|-20|同期|立项|下达|批复")


def dated_otherwise(text: str, year: int) -> str:
    """The sentence that reports on another year than the form's; blank if there is none.

    One that begins with a year gone, without a word of comparison or this year's; or the score of another year.
    """
    for sentence in _sentences(text):
        begins = _BEGINS.match(sentence) or _SPENT.match(sentence)
        last = begins is not None and year - _YEARS_BACK <= int(begins["year"]) < year
        if last and f"{year}年" not in sentence and not _BESIDE_YEARS.search(sentence):
            return sentence
        scored = _SCORED.search(sentence)
        if scored and int(scored["year"]) != year and not _BESIDE_YEARS.search(sentence):
            return sentence
    return ""


_PLANNED = re.compile(
    rf"(?<![〔（(《\d]){_YEAR}(?:\d{{1,2}}月)?(?:底|末|年底)?(?:前|继续|将|拟|计划|进一步|力争|确保)"
)


def planned_in_past(text: str, year: int) -> str:
    """The sentence of a plan that is for a year before the form's own; blank if there is none."""
    for sentence in _sentences(text):
        planned = _PLANNED.search(sentence)
        if planned and int(planned["year"]) < year and not _BESIDE_YEARS.search(sentence):
            return sentence
    return ""


_PLACE = re.compile(r"[省市县区州旗]")
_FIRST = re.compile(r"^[^，。；,;\n]{4,40}")
_OFFICES = "局|委员会|委|办公室|办|中心|站|所|院|校|协会|学会|联合会|馆|社|队|场"
_IS = "是|为|的?主要职责|的?职责|主要负责|负责|成立|系"
_OFFICE = re.compile(rf"^(?P<office>[^\W\d_]{{2,18}}?(?:{_OFFICES}))(?:{_IS})")


def another_unit(text: str, department: str) -> str:
    """The name that a text begins with, if it is that of the same office of another place, or of another office of
    the same place; blank if not."""
    name, folded = fold(department), _folded(text)
    begins = _FIRST.match(folded)
    if begins is None:
        return ""
    for mark in _PLACE.finditer(name):
        place, office = name[: mark.end()], name[mark.end() :]
        core = re.split("[省市县区州旗]", place[:-1])[-1]
        if len(core) < 2 or len(office) < 3 or office.startswith("场"):
            continue
        other, found, _ = begins[0].partition(office)
        other = re.sub(rf"^{_YEAR}度?[，,]?", "", other)
        if not found or not re.fullmatch(r"[^\W\d_]{2,12}[县区市旗]", other):
            continue
        is_short = other[:-1] in name  # 化隆县 for 化隆回族自治县
        if core not in folded and other not in place and not is_short:
            return other + office
    return _other_office(begins[0], name)


def _other_office(begins: str, name: str) -> str:
    """莱河市教育和体育局主要职责……, of 莱河市退役军人事务局."""
    for mark in _PLACE.finditer(name):
        place, office = name[: mark.end()], name[mark.end() :]
        if not begins.startswith(place) or not office:
            continue
        told = _OFFICE.match(begins[len(place) :])
        if told and not set(told["office"][:-1]) & set(office[:-1]):
            return place + told["office"]
    return ""


@lru_cache(maxsize=4096)
def another_place(text: str, department: str) -> str:
    """The name that a sentence of a text begins with, if it is that of the same office of another place; blank if none."""
    return next(
        (
            other
            for sentence in _sentences(text)
            if (other := another_unit(sentence, department)) and other[-3:] == fold(department)[-3:]
        ),
        "",
    )


_DENIED = re.compile(r"(?:未发生|没有发生|未出现|无(?!障碍)|零)([^\W\d_]{2,8})")
_AGAINST_TARGET = re.compile(
    rf"比(?:年度|年初|全年|预期)?(?:目标|计划|指标)(?:值|数|任务)?(?P<way>高|多|增加|提高|低|少)(?:出|了)?"
    rf"(?P<by>{_NUMBER})(?P<scale>[万亿]?)(?P<unit>个百分点|[^\W\d_]{{1,4}}|%)"
)
_NOT_DONE = ("未", "没", "不", "上年", "去年")


@lru_cache(maxsize=65536)
def overclaimed(text: str, name: str, figure: float, unit: str, target: float, way: str) -> str:
    """The clause of a text that claims of what is named what its figure denies; blank if none does.

    超额完成 where the target was missed, 未发生 where there was some, and so much above the target as it was not.
    """
    named = pairs_of(plain_name(name, unit))
    if not named:
        return ""
    for clause in clauses_of(text):
        share = len(named & pairs_of(clause)) / len(named)
        names_it = share >= (NEARLY_ALL if unit.startswith("%") else MOSTLY)
        above = names_it and "超额完成" in clause and not any(word in clause for word in _NOT_DONE)
        if above and way in ("≥", ">") and figure < target:
            return clause
        occurred = figure > 0 and way in ("≤", "<", "=") and unit.startswith(_OCCURRENCES)
        if occurred and _denies(clause, fold(name), share):
            return clause
        told = _AGAINST_TARGET.search(clause) if names_it else None
        if told and _is_other_difference(told, figure, target, unit):
            return clause
    return ""


_LONG_NAME = 4
_OCCURRENCES = ("起", "件", "次", "例", "宗", "人", "%", "‰")


def _denies(clause: str, name: str, share: float) -> bool:
    denied = _DENIED.search(clause)
    if denied is None:
        return False
    thing = denied[1]
    return thing in name and (len(thing) >= _LONG_NAME or share >= MOSTLY)


def _is_other_difference(told: re.Match[str], figure: float, target: float, unit: str) -> bool:
    points = unit.startswith("%")
    if (told["unit"] in ("%", "个百分点")) != points or not (
        points or _same_unit(told["unit"], unit)
    ):
        return False
    said = float(told["by"]) * _SCALES[told["scale"]]
    said = -said if told["way"] in ("低", "少") else said
    half = 0.5 * 10.0 ** -len(told["by"].partition(".")[2]) * _SCALES[told["scale"]]
    scale = _SCALES.get(unit[:1], 1.0) if unit[:1] in ("万", "亿") else 1.0
    return abs(said - (figure - target) * scale) > half + 1e-6


def _by_text(function: Callable[[str], str]) -> Callable[[Array], Array]:
    def over(text: Array) -> Array:
        result = np.empty(text.size, dtype=object)
        result[:] = [None if words is None else function(words) for words in text.ravel()]
        return result.reshape(text.shape)

    return over


def _by_year(function: Callable[[str, int], str]) -> Callable[[Array, Array], Array]:
    def over(text: Array, year: Array) -> Array:
        text, year = np.broadcast_arrays(text, year)
        result = np.empty(text.size, dtype=object)
        pairs = zip(text.ravel(), year.ravel(), strict=True)
        result[:] = [None if t is None or np.isnan(y) else function(t, int(y)) for t, y in pairs]
        return result.reshape(text.shape)

    return over


def _of_department(function: Callable[[str, str], str]) -> Callable[[Array, Array], Array]:
    def over(text: Array, department: Array) -> Array:
        text, department = np.broadcast_arrays(text, department)
        result = np.empty(text.size, dtype=object)
        pairs = zip(text.ravel(), department.ravel(), strict=True)
        result[:] = [None if None in pair else function(*pair) for pair in pairs]
        return result.reshape(text.shape)

    return over


def _overclaimed(*given: Array) -> Array:
    text, name, figure, unit, target, way = np.broadcast_arrays(*given)
    result = np.empty(text.shape, dtype=object)
    for place in map(tuple, np.argwhere(~np.isnan(figure) & ~np.isnan(target)).tolist()):
        words = (text[place], name[place], unit[place], way[place])
        if None not in words:
            said, of, measured, sign = words
            result[place] = overclaimed(
                said, of, float(figure[place]), measured, float(target[place]), sign
            )
    return result


_T = Param.TEXT
_ONLY_HERE = "没有则是空的。表里算不出，只有程序检查"
_ROWS = (
    Op(
        "misadded",
        (_T,),
        Type.TEXT,
        None,
        _by_text(misadded),
        doc=f"一段文字里各项与合计、部分与整体、比率或增减自相矛盾的那一句，{_ONLY_HERE}",
    ),
    Op(
        "dated_otherwise",
        (_T, Param.NUMBER),
        Type.TEXT,
        None,
        _by_year(dated_otherwise),
        doc=f"一段文字里写成另一年度（后一个数是本年度）的那一句，{_ONLY_HERE}",
    ),
    Op(
        "planned_in_past",
        (_T, Param.NUMBER),
        Type.TEXT,
        None,
        _by_year(planned_in_past),
        doc=f"一段文字里打算在以前年度做的那一句（后一个数是本年度），{_ONLY_HERE}",
    ),
    Op(
        "another_unit",
        (_T, _T),
        Type.TEXT,
        None,
        _of_department(another_unit),
        doc=f"一段文字开头写的外地同类单位、本地别的单位的名称（后一个文字是本单位），{_ONLY_HERE}",
    ),
    Op(
        "another_place",
        (_T, _T),
        Type.TEXT,
        None,
        _of_department(another_place),
        doc=f"一段文字里有一句开头写的外地同类单位的名称（后一个文字是本单位），{_ONLY_HERE}",
    ),
    Op(
        "overclaimed",
        (_T, _T, Param.NUMBER, _T, Param.NUMBER, _T),
        Type.TEXT,
        None,
        _overclaimed,
        doc="一段文字里把某事（名称）说得与它的完成值（数、单位）、指标值（数、方向）相反的那一句，"
        + _ONLY_HERE,
    ),
)
CLAIM_OPS: dict[str, Op] = {op.name: op for op in _ROWS}
"""Those operators by their names in form definitions."""
