"""`SUM_OPS`: figures of one text that cannot all be right: a sum, a part, a rate, a growth, so many at so much each.

As those of `figures_in_text`, no sheet can work them out: rules that use them are the reader's alone. A
sentence that may be read in two ways is taken to be right.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from workbook.expression.amounts_in_text import by_words
from workbook.expression.operands import Array, Op, Param, Type, number_text
from workbook.expression.sentences import (
    NEXT_TEXT,
    NUMBER,
    SCALES,
    Figure,
    differ_in_one,
    figures_of,
    folded_text,
    half_of,
    same_unit,
    sentences_of,
)

_HAIR = 1 + 1e-9
_ALL_TOLD = re.compile(r"[，、]?(?:共计|合计|总计|共)(?=\d)")
_NO_PART = ("其中", "比", "较", "上年", "去年", "目标", "计划", "增", "减", "降", "达", "累计", "/")
"""Words between figures that are no list of parts."""
_NEAR = 0.1
"""A sum is a slip if it is as near to the whole; further off the whole is likely of something else."""


def _is_wrong_total(sentence: str) -> bool:
    """9万头、28万头，共39万头: parts told one after the other, and another sum."""
    figures = figures_of(sentence)
    for told in _ALL_TOLD.finditer(sentence):
        whole = next((item for item in figures if item.start == told.end()), None)
        if whole is None or not whole.unit:
            continue
        parts: list[Figure] = []
        behind = told.start()
        for item in reversed([item for item in figures if item.end <= told.start() + 4]):
            between = sentence[item.start : behind]
            if item.start >= told.start() or not same_unit(item.unit, whole.unit):
                break
            if any(word in between for word in _NO_PART):
                break
            parts.append(item)
            behind = item.start
        if _adds_up_otherwise(parts, whole):
            return True
    return False


def _adds_up_otherwise(parts: list[Figure], whole: Figure) -> bool:
    if len(parts) < 2:
        return False
    if any(abs(part.value - whole.value) <= whole.half for part in parts):
        return False
    sums = np.cumsum([part.value for part in parts])
    if (np.abs(sums - whole.value) <= _slack(parts, whole)).any():
        return False
    return bool(abs(sums[-1] - whole.value) <= _NEAR * whole.value)


def _slack(parts: list[Figure], whole: Figure) -> float:
    """By how much a sum may differ from its whole when each is rounded as it is written."""
    return (whole.half + sum(part.half for part in parts)) * _HAIR


_OF_WHICH = re.compile(r"其中|人员中")
_ENDS_PARTS = re.compile(
    r"其中|[)）]|[，、](?:另|同时|(?:年末|现|年末实)?(?:退休|离休|离退休|在职|实有|现有|聘用|编外|借调|劳务))"
)
_IN_BRACKETS = re.compile(r"[(（][^()（）]*[)）]")
_NOT_OF_IT = ("累计", "上年", "去年", "以前", "同比", "比", "较", "增", "减", "新", "每", "人均")
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
    "研究生",
    "本科",
    "学历",
    "职称",
    "高级",
    "骨干",
)
"""Of these some belong to several parts."""
_REST = ("其他", "其它", "其余", "及以下")
"""A list of parts that ends with the rest of them leaves nothing out."""
_FEWEST_WITH_REST, _NEAR_WITH_REST = 3, 0.3


def _is_part_above(sentence: str, ahead: str) -> bool:
    """教职工8246人，其中专任教师8631人: a part above its whole, or parts that do not make it."""
    for marker in _OF_WHICH.finditer(sentence):
        behind = _ENDS_PARTS.split(_IN_BRACKETS.sub("", sentence[marker.end() :]))[0]
        parts = figures_of(behind)
        if not parts or parts[0].unit in ("", "%", "‰"):
            continue
        unit = parts[0].unit
        if not marker.start() and unit.startswith("元"):
            continue  # of the money that the sheet's own sentence tells
        clause_ahead = sentence[: marker.start()] if marker.start() else ahead
        whole = next(
            (f for f in reversed(figures_of(clause_ahead)) if same_unit(f.unit, unit)), None
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
            if not same_unit(part.unit, unit):
                break
            listed.append(part)
        is_last = figures_of(clause_ahead)[-1] == whole
        if is_last and listed[0].value - whole.value > whole.half + listed[0].half:
            return True
        if is_last and _lists_the_rest(behind, listed) and _makes_another(listed, whole):
            return True
        if not any(word in behind for word in _OVERLAPPING) and _is_a_little_above(listed, whole):
            return True
    return False


def _is_a_little_above(parts: list[Figure], whole: Figure) -> bool:
    """Whether parts, of which no first few make the whole, make a little more than it."""
    slack = _slack(parts, whole)
    above = np.cumsum([part.value for part in parts]) - whole.value
    is_near = above[-1] <= _NEAR * whole.value or _is_a_digit_above(whole.value, above[-1])
    return bool(slack < above[-1] and is_near and (np.abs(above) > slack).all())


def _is_a_digit_above(whole: float, above: float) -> bool:
    """Whether so much more changes but one digit: 9.9 of 8.9."""
    return (
        differ_in_one(f"{whole:.2f}", f"{whole + above:.2f}") and above <= _NEAR_WITH_REST * whole
    )


def _lists_the_rest(behind: str, parts: list[Figure]) -> bool:
    """Whether the last of several parts is all that is left."""
    if len(parts) < _FEWEST_WITH_REST:
        return False
    named = behind[parts[-2].end : parts[-1].start].lstrip("，、")
    return named.startswith(_REST) or named.endswith(_REST)


def _makes_another(parts: list[Figure], whole: Figure) -> bool:
    off = abs(sum(part.value for part in parts) - whole.value)
    return _slack(parts, whole) < off <= _NEAR_WITH_REST * whole.value


_STAFF = re.compile(
    rf"(?:行政|事业|参公|公务员|工勤|机关|专任教师|编内|编外)[^\W\d_]{{0,8}}?(?P<number>{NUMBER})[人名]"
)
_ALL_STAFF = re.compile(r"(?:实有|在职|在编|现有)[^\W\d_]{0,10}?(?P<number>\d+)[人名]，其中")


def _is_other_staff(sentence: str) -> bool:
    """实有139人，其中行政人员23人，事业人员106人: parts that are one digit off the whole."""
    told = _ALL_STAFF.search(sentence)
    if told is None:
        return False
    behind = sentence[told.end() :].split("另有", maxsplit=1)[0].split("退休", maxsplit=1)[0]
    parts = [int(part["number"]) for part in _STAFF.finditer(behind)]
    if len(parts) < 2 or len(figures_of(behind)) != len(parts):
        return False
    whole = told["number"]
    return differ_in_one(whole, str(sum(parts))) and sum(parts) < int(whole)


_POSTS = re.compile(
    r"编制(?P<whole>\d+)名[（(](?P<parts>(?:[、，]?(?:行政|事业|工勤|参公|机关)[^\W\d_]{0,6}\d+名)+)[）)]"
)


def _is_other_posts(sentence: str) -> bool:
    """编制35名（行政编制14名、事业编制19名）: parts in brackets that are one digit off the whole."""
    told = _POSTS.search(sentence)
    if told is None:
        return False
    parts = [int(number) for number in re.findall(r"\d+", told["parts"])]
    return len(parts) > 1 and differ_in_one(told["whole"], str(sum(parts)))


_RATE = re.compile(rf"(?:^|[，、])(?P<of>[^\W\d_]{{2}})率(?:为|达到|达)?(?P<rate>{NUMBER})%")


def _is_wrong_rate(sentence: str) -> bool:
    """抽检2400批次，合格2328批次，合格率99.2%: a rate that its two figures do not make."""
    figures = figures_of(sentence)
    for told in _RATE.finditer(sentence):
        ahead = [item for item in figures if item.end <= told.start() + 1 and item.unit]
        if len(ahead) < 2 or not same_unit(ahead[-1].unit, ahead[-2].unit):
            continue
        *wholes, part = (item for item in ahead if same_unit(item.unit, ahead[-1].unit))
        if told["of"] not in sentence[ahead[-2].end : part.start] or not part.value:
            continue
        shares = [100 * part.value / whole.value for whole in wholes if whole.value >= part.value]
        half = half_of(told["rate"]) + 0.05
        rates = [rate for share in shares for rate in (share, 100 - share)]
        if rates and all(abs(float(told["rate"]) - rate) > half for rate in rates):
            return True
    return False


_EACH = re.compile(
    rf"(?:每(?P<one>[^\W\d_]{{1,2}}?)|(?P<of>[人户亩件席])均)"
    rf"(?:补助|补贴|支出|投入|[^\W\d_]{{0,4}}成本|费用|价格|单价|经费)?(?P<price>{NUMBER})(?P<scale>万?)元"
)
_ABOUT = ("约", "近", "左右", "以上", "以内", "不超过", "其中", "余", "等", "标准")
_LEAST_OF_SLIP, _MOST_OF_SLIP = 0.6, 1.6
"""So many at so much each make an amount that is told, or one as near to it."""


def _is_wrong_product(sentence: str) -> bool:
    """更新车辆3辆共54万元，平均每辆15万元: so many at so much each, and another amount."""
    told = _EACH.search(sentence)
    if told is None or any(word in sentence for word in _ABOUT):
        return False
    each = told["one"] or told["of"]
    bracket = next(
        (found for found in _IN_BRACKETS.finditer(sentence) if found.start() < told.start() < found.end()), None
    )  # fmt: skip
    figures = [item for item in figures_of(sentence) if item.start != told.start("price")]
    if bracket is not None:
        figures = [i for i in figures if i.end >= bracket.start() - 1 and i.start < bracket.end()]
    amounts = [item for item in figures if item.unit.startswith("元")]
    counts = [item for item in figures if item.unit.startswith(each)]
    if len(amounts) != 1 or len(counts) != 1:
        return False
    (amount,), (count,) = amounts, counts
    price = float(told["price"]) * SCALES[told["scale"]]
    product = price * count.value
    slack = half_of(told["price"], told["scale"]) * count.value + count.half * price + amount.half
    is_slip = _LEAST_OF_SLIP * amount.value <= product <= _MOST_OF_SLIP * amount.value
    return is_slip and abs(product - amount.value) > slack * _HAIR


_FALLS = ("下降", "降低", "减少", "压减", "缩短")
_WAY = "(?P<way>增长|增加|提高|上升|提升|下降|降低|减少)"
_AT_UNIT = r"(?P<{0}_scale>[万亿]?)"
_UNIT = r"(?P<unit>%|[^\W\d_][^\W\d_/]{0,8}?)"
_NOW = rf"(?<![\d.])(?P<now>{NUMBER}){_AT_UNIT.format('now')}"
_THEN = rf"(?P<then>{NUMBER}){_AT_UNIT.format('then')}"
_CHANGE = rf"(?P<change>{NUMBER}){_AT_UNIT.format('change')}"
_BY = rf"(?:了|为)?(?P<by>{NUMBER})(?P<in>%|个百分点)"
_THAN = "(?:较|比)(?:上年度?|去年)(?:同期)?的?"
_CHANGED = (
    # 27.4万人次，同比增长9.6%（上年25.6万人次）
    rf"{_NOW}{_UNIT}，?(?:同比|{_THAN}){_WAY}{_BY}[（(]上年(?:同期)?为?{_THEN}(?P=unit)",
    # 比上年增加52.6万元，增长9.8%；上年为929.87万元
    rf"{_THAN}{_WAY}了?{_CHANGE}{_UNIT}，(?:增长|下降|增幅|降幅){_BY}[；;，。]上年(?:同期)?为?{_THEN}(?P=unit)",
    # 8.4万元，较上年8.1万元下降3.7%
    rf"{_NOW}{_UNIT}，?{_THAN}{_THEN}(?P=unit)，?{_WAY}{_BY}",
    # 19.5万元，比上年18.2万元增加1.3万元
    rf"{_NOW}{_UNIT}，?{_THAN}{_THEN}(?P=unit)，?{_WAY}了?{_CHANGE}(?P=unit)",
    # 比上年990.5万元增加50.7万元，增长8.2%
    rf"{_THAN}{_THEN}{_UNIT}{_WAY}了?{_CHANGE}(?P=unit)，(?:增长|下降|增幅|降幅){_BY}",
    # 1462.58万元，比上年增加52.6万元，增长9.8%
    rf"{_NOW}{_UNIT}，?{_THAN}{_WAY}了?{_CHANGE}(?P=unit)，(?:增长|下降|增幅|降幅){_BY}",
    # 占9.03%，上年为10.2%，占比上升1.2个百分点
    rf"{_NOW}{_UNIT}，上年(?:同期)?为?{_THEN}(?P=unit)，[^\W\d_]{{0,4}}{_WAY}{_BY}",
    # 较上年的1.24万人次增加到1.36万人次，增长9.7%
    rf"{_THAN}{_THEN}{_UNIT}{_WAY}(?:到|至|为){_NOW}(?P=unit)，(?:增长|下降|增幅|降幅|提高|降低){_BY}",
    # 由178公斤提高到194公斤，增产9.0%
    rf"[由从]{_THEN}{_UNIT}{_WAY}(?:到|至|为){_NOW}(?P=unit)(?:，(?:增长|下降|增幅|降幅|提高|降低){_BY})?",
)
_CHANGES = tuple(re.compile(pattern) for pattern in _CHANGED)


def _has_changed_otherwise(text: str) -> str:
    """What a text tells of a year and of the one before, if way or rate is not what they give; blank if they are."""
    return next(
        (
            told[0]
            for pattern in _CHANGES
            for told in pattern.finditer(text)
            if _is_wrong_change(told.groupdict())
        ),
        "",
    )


def _is_wrong_change(told: dict[str, str | None]) -> bool:
    sign = -1 if told["way"] in _FALLS else 1
    now, now_half = _read(told, "now")
    then, then_half = _read(told, "then")
    change, half = _read(told, "change")
    if change and now and then:
        return abs(now - then - sign * change) > (now_half + then_half + half) * _HAIR
    if change:
        then = then or now - sign * change
    else:
        change, half = sign * (now - then), now_half + then_half
    if then <= 0:
        return False
    if change < -half * _HAIR:
        return told["unit"] not in _RANKS
    by, by_half = _read(told, "by")
    if not by:
        return False
    in_points = abs(change - by) <= (half + by_half) * _HAIR
    if told["in"] == "个百分点":
        return told["unit"] == "%" and not in_points
    if told["unit"] == "%" and in_points:
        return False
    rate_half = 100 * (half + then_half * change / then) / then
    return abs(100 * change / then - by) > by_half + rate_half + _ROUNDED_TWICE


_RANKS = ("位", "名")
"""由12位上升到8位: who rises has the smaller number."""
_ROUNDED_TWICE = 0.06
"""Of a rate in percent: it was worked out before its figures were rounded."""


def _read(told: dict[str, str | None], name: str) -> tuple[float, float]:
    """A number of a match and half its last decimal; nothing if it is not told."""
    number, scale = told.get(name), told.get(f"{name}_scale") or ""
    return (float(number) * SCALES[scale], half_of(number, scale)) if number else (0.0, 0.0)


_GROWTH = re.compile(
    rf"(?P<of>[^\W\d_]{{2,10}}){_THAN}(?P<then>{NUMBER})(?P<scale>[万亿]?)(?P<unit>%|[^\W\d_]{{1,4}}?)?"
    rf"，?{_WAY}了?(?P<by>{NUMBER})(?P<in>%|个百分点)"
)


def _is_wrong_growth(sentence: str, text: str) -> bool:
    """追回基金较上年的210.4万元增长22.5%, where the same text tells 追回基金236.8万元."""
    for told in _GROWTH.finditer(sentence):
        now = re.search(
            rf"{re.escape(told['of'])}(?:为|达到|达)?(?P<number>{NUMBER})(?P<scale>[万亿]?)", text
        )
        then = float(told["then"]) * SCALES[told["scale"]]
        if now is None or not then:
            continue
        change = float(now["number"]) * SCALES[now["scale"]] - then
        said = float(told["by"]) * (-1 if told["way"] in _FALLS else 1)
        readings = [change] if told["in"] == "个百分点" else [100 * change / then]
        if told["unit"] == "%" and told["in"] == "%":
            readings.append(change)
        half = half_of(told["by"]) + _ROUNDED_TWICE
        if all(abs(said - reading) > half for reading in readings):
            return True
    return False


_AGAINST_LIMIT = re.compile(
    rf"{_NOW}(?P<unit>元)，比(?!上年|去年)[^，。\d]{{2,8}}{_THEN}(?P=unit)(?P<way>节约|节省|减少|超出|超支|增加)了?{_CHANGE}(?P=unit)"
)


def _is_wrong_saving(sentence: str) -> bool:
    """投资93.6万元，比控制数95万元节约2.4万元."""
    told = _AGAINST_LIMIT.search(sentence)
    if told is None:
        return False
    (now, now_half), (then, then_half) = (
        _read(told.groupdict(), "now"),
        _read(told.groupdict(), "then"),
    )
    change, half = _read(told.groupdict(), "change")
    sign = -1 if told["way"] in ("节约", "节省", "减少") else 1
    return abs(now - then - sign * change) > (now_half + then_half + half) * _HAIR


@lru_cache(maxsize=4096)
def misadded(text: str) -> str:
    """The first sentence of a text whose own figures cannot all be right; blank if there is none.

    A total that its parts do not make, a part above its whole, a rate or a growth that its figures do not
    give, so many at so much each.
    """
    ahead = ""
    whole_text = folded_text(text)
    for sentence in sentences_of(text):
        wrong = (
            _is_wrong_total(sentence)
            or _is_part_above(sentence, ahead)
            or _is_wrong_rate(sentence)
            or _is_wrong_product(sentence)
            or _is_other_staff(sentence)
            or _is_other_posts(sentence)
            or _is_wrong_saving(sentence)
            or _is_wrong_growth(sentence, whole_text)
        )
        if wrong:
            return sentence
        if sentence == NEXT_TEXT:
            ahead = ""
            continue
        ahead = f"{ahead.rpartition('。')[2]}。{sentence}"
    return _has_changed_otherwise(whole_text)


_NAME_AHEAD = r"(?:^|[，。；※])(?:其中)?(?P<name>[^，。；\d]{2,10}?)"
_CHANGED_OF = (
    re.compile(
        rf"{_NAME_AHEAD}{_THAN}{_WAY}了?{_CHANGE}(?P<unit>元)，(?:增长|下降|增幅|降幅){_BY}"
    ),
    re.compile(rf"{_NAME_AHEAD}{_THAN}{_THEN}(?P<unit>元)，?{_WAY}了?{_CHANGE}(?P=unit)"),
)


def changed_otherwise(text: str, amount: float, names: tuple[str, ...]) -> str:
    """What a text tells of how one of some names has changed, if the amount (万元) of this year gives another change
    or rate; blank if it does not."""
    now = {"now": number_text(amount), "now_scale": "万"}
    for told in (told for pattern in _CHANGED_OF for told in pattern.finditer(folded_text(text))):
        if told["name"] in names and amount > 0 and _is_wrong_change(told.groupdict() | now):
            return told[0].lstrip("，。；※")
    return ""


def _misadded(text: Array) -> Array:
    result = np.empty(text.size, dtype=object)
    result[:] = [None if words is None else misadded(words) for words in text.ravel()]
    return result.reshape(text.shape)


_ROWS = (
    Op(
        "misadded",
        (Param.TEXT,),
        Type.TEXT,
        None,
        _misadded,
        doc="一段文字里各项与合计、部分与整体、比率、增减或单价自相矛盾的那一句，没有则是空的。"
        "表里算不出，只有程序检查",
    ),
    Op(
        "changed_otherwise",
        (Param.TEXT, Param.NUMBER, Param.WORDS),
        Type.TEXT,
        None,
        by_words(changed_otherwise),
        doc="一段文字里写词表里的一个名称比上年增减多少、百分之几，按本年的数（万元）却不是的那一句，没有则是空的。"
        "表里算不出，只有程序检查",
    ),
)
SUM_OPS: dict[str, Op] = {op.name: op for op in _ROWS}
"""Those operators by their names in form definitions."""
