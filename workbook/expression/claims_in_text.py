"""`CLAIM_OPS`: what a text claims that cannot be, held against the year or a figure.

As those of `figures_in_text`, no sheet can work them out: rules that use them are the reader's alone. Each
gives the clause as it stands, or nothing; where a clause may be read in two ways, it gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from workbook.expression.figures_in_text import (
    MOSTLY,
    NEARLY_ALL,
    clauses_of,
    pairs_of,
    plain_name,
)
from workbook.expression.operands import Array, Op, Param, Type, number_text, over_rows
from workbook.expression.sentences import (
    NUMBER,
    SCALES,
    YEAR,
    folded_text,
    half_of,
    same_unit,
    sentences_of,
)
from workbook.text import fold

_BEGINS = re.compile(rf"^{YEAR}度?[，,]?(?:我[局委办单]|本[局单级]|全[县区市州旗年]|共|，|,)")
_SCORED = re.compile(rf"{YEAR}度?(?:部门|预算|绩效|整体支出|单位)*自评(?:综合)?(?:得分|总分|结果)")
_SPENT = re.compile(
    rf"^{YEAR}度?(?:我[局委办单]位?|本[局单]位?)?(?:(?:基本|项目|人员|公用|全年|总)支出|(?:全年|部门)?(?:预算)?执行率)(?:(?:为|共|达到?)?\d|主要用于)"
)
_MEASURED = re.compile(rf"^{YEAR}度?[^\W\d_]{{2,12}}(?:率|数|量|人次|收入)(?:为|达到?)?\d")
_OLDER = ("存量", "以前", "遗留", "跨年", "续建", "开工", "启动")
_COUNTED = re.compile(rf"(?:^|，){YEAR}(?:年?末|年?底)(?:实有|在职|共有|现有)")
_CLOSED = re.compile(rf"^{YEAR}度?(?:部门)?决算(?:数据|数)?以")
_YEARS_BACK = 5
_BESIDE_YEARS = re.compile(r"[较比]|上年|去年|以来|结转|至20|-20|同期|立项|下达|批复")
_MENDED = "整改"


def dated_otherwise(text: str, year: int) -> str:
    """The sentence that reports on another year than the form's; blank if there is none.

    One that begins with a year gone, without a word of comparison or this year's; or the score or the accounts of
    another year.
    """
    for sentence in sentences_of(text):
        begins = _BEGINS.match(sentence) or _SPENT.match(sentence) or _measured(sentence)
        last = begins is not None and year - _YEARS_BACK <= int(begins["year"]) < year
        if last and f"{year}年" not in sentence and not _BESIDE_YEARS.search(sentence):
            return sentence
        closed = _CLOSED.match(sentence)
        if closed and int(closed["year"]) != year:
            return sentence
        scored = _SCORED.search(sentence)
        told = scored is not None and int(scored["year"]) != year and _MENDED not in sentence
        if told and not _BESIDE_YEARS.search(sentence):
            return sentence
    return ""


def _measured(sentence: str) -> re.Match[str] | None:
    """2023年城乡居民参保率96.1%, but for what was left over from a year gone."""
    return None if any(word in sentence for word in _OLDER) else _MEASURED.match(sentence)


def counted_before(text: str, year: int) -> str:
    """The clause of a text that tells how many there were at the end of a year just gone; blank if there is none."""
    for sentence in sentences_of(text):
        told = _COUNTED.search(sentence)
        if told and year - 2 <= int(told["year"]) < year and f"{year}年" not in sentence:
            return sentence[told.start() :].lstrip("，")
    return ""


_PLANNED = re.compile(
    rf"(?<![〔（(《\d]){YEAR}(?:\d{{1,2}}月)?(?:底|末|年底)?(?:前|继续|将|拟|计划|进一步|力争|确保)"
)
_PLANNED_NOW = re.compile(rf"(?:^|，){YEAR}(?:继续|将|拟|计划|进一步|力争|确保|新增|新建|增设)")


def planned_in_past(text: str, year: int) -> str:
    """The sentence of a plan that is for a year before the form's own, or for that year, which is over; blank if there is
    none."""
    for sentence in sentences_of(text):
        now = _PLANNED_NOW.search(sentence)
        if now and int(now["year"]) == year and not _BESIDE_YEARS.search(sentence):
            return sentence
        planned = _PLANNED.search(sentence)
        if planned and int(planned["year"]) < year and not _BESIDE_YEARS.search(sentence):
            return sentence
    return ""


_DAY = re.compile(
    r"(?<!\d)(?:(?P<year>20\d\d)年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})日(?P<bound>前?)"
)
_NOT_NAMED_BY = re.compile(
    "时间|时限|日期|时点|及时性|及时率|完成|实际|按时|及时|建设|项目|工程|改造|资金|完工|竣工|验收|发放|拨付|兑付|到位|工作|任务|实施"
)
"""What many are called alike, and tells nothing apart."""
_OTHER_DAYS = (
    "开工",
    "启动",
    "开始",
    "招标",
    "中标",
    "立项",
    "签订",
    "下达",
    "批复",
    "计划",
    "要求",
    "起",
    "至",
    "原定",
)
_FEWEST_PAIRS_OF_DAY = 2


@lru_cache(maxsize=65536)
def redated(text: str, name: str, year: int, month: int, day: int) -> str:
    """The clause of a text that tells another day of what is named, or the same day a year or two before; blank if
    none does, or the text tells the very day."""
    named = pairs_of(_NOT_NAMED_BY.sub("", fold(name)))
    differing = ""
    for sentence in sentences_of(text):
        ahead = ""
        for clause in re.split("[，、]", sentence):
            around, ahead = ahead + clause, clause
            for told in _DAY.finditer(clause):
                on = int(told["month"]), int(told["day"])
                if told["year"] and int(told["year"]) != year:
                    if on == (month, day) and int(told["year"]) in (year - 1, year - 2):
                        return clause
                    continue
                if on == (month, day):
                    return ""
                is_kept = told["bound"] and on > (month, day)
                if not differing and not is_kept and _is_day_of(named, clause, around):
                    differing = clause
    return differing


def _is_day_of(named: frozenset[str], clause: str, around: str) -> bool:
    """Whether a clause, with the one ahead of it, tells when what is named was done."""
    if len(named) < _FEWEST_PAIRS_OF_DAY or any(word in clause for word in _OTHER_DAYS):
        return False
    return len(named & pairs_of(around)) >= MOSTLY * len(named)


_LONG_NAME = 4
_DENIED = re.compile(r"(?:未发生|没有发生|未出现|无(?!障碍)|零)([^\W\d_]{2,8})")
_AGAINST_TARGET = re.compile(
    rf"比(?:年度|年初|全年|预期)?(?:目标|计划|指标)(?:值|数|任务)?(?P<way>高|多|增加|提高|低|少)(?:出|了)?"
    rf"(?P<by>{NUMBER})(?P<scale>[万亿]?)(?P<unit>个百分点|[^\W\d_]{{1,4}}|%)"
)
_SHARE_OF_TARGET = (
    rf"，(?:占|为|完成)(?:年度|全年|年初)?(?:计划|目标|任务)数?的?(?P<share>{NUMBER})%"
)
_TELLS_SHARE = re.compile(_SHARE_OF_TARGET)
_NOT_DONE = ("未", "没", "不", "上年", "去年")


# Each row of a return is held against the same texts.
@lru_cache(maxsize=4096)
def _telling(pattern: re.Pattern[str], text: str) -> tuple[tuple[str, re.Match[str]], ...]:
    """The clauses of a text in which a pattern is found, and what is found there."""
    return tuple((clause, told) for clause in clauses_of(text) if (told := pattern.search(clause)))


@lru_cache(maxsize=4096)
def _claims_of(text: str) -> tuple[str, ...]:
    """The clauses of a text that claim what `overclaimed` can deny."""
    has_share = _TELLS_SHARE.search(folded_text(text)) is not None
    return tuple(
        clause
        for clause in clauses_of(text)
        if has_share
        or "超额完成" in clause
        or _DENIED.search(clause)
        or _AGAINST_TARGET.search(clause)
    )


@lru_cache(maxsize=65536)
def overclaimed(text: str, name: str, figure: float, unit: str, target: float, way: str) -> str:
    """The clause of a text that claims of what is named what its figure denies; blank if none does.

    超额完成 where the target was missed, 未发生 where there was some, and so much above the target as it was not.
    """
    claims = _claims_of(text)
    named = pairs_of(plain_name(name, unit)) if claims else frozenset()
    for clause in claims if named else ():
        share = len(named & pairs_of(clause)) / len(named)
        names_it = share >= (NEARLY_ALL if unit.startswith("%") else MOSTLY)
        above = names_it and "超额完成" in clause and not any(word in clause for word in _NOT_DONE)
        if above and way in ("≥", ">") and figure < target:
            return clause
        occurred = figure > 0 and way in ("≤", "<", "=") and unit.startswith(_OCCURRENCES)
        if occurred and _denies(clause, fold(name), share):
            return clause
        if names_it and _is_other_share(text, clause, figure, unit, target):
            return clause
        told = _AGAINST_TARGET.search(clause) if names_it else None
        if told and _is_other_difference(told, figure, target, unit):
            return clause
    return ""


_OCCURRENCES = ("起", "件", "次", "例", "宗", "人", "%", "‰")


def _denies(clause: str, name: str, share: float) -> bool:
    denied = _DENIED.search(clause)
    if denied is None:
        return False
    thing = denied[1]
    return thing in name and (len(thing) >= _LONG_NAME or share >= MOSTLY)


_SHORT_OF_TARGET = re.compile(
    r"(?P<of>[^，。；、]{2,30}?)(?:略|稍|仍|尚|均)?"
    r"(?:(?:未|没有|没|未能)(?:达到|完成|达成|实现)(?:年初|年度|全年|预期)*(?:目标|计划|任务|指标|$)"
    r"|未达标|未达目标|低于(?:年初|年度|预期)*目标)"
)


@lru_cache(maxsize=65536)
def underclaimed(text: str, name: str, unit: str) -> str:
    """The clause of a text that says of what is named that it was missed; blank if none does."""
    names = fold(name), plain_name(name, unit)
    for clause, told in _telling(_SHORT_OF_TARGET, text):
        if told["of"].endswith(names) and len(min(names, key=len)) >= _LONG_NAME:
            return clause
    return ""


_DEDUCTED = re.compile(rf"扣(?:减|除)?(?:了|掉)?(?P<points>{NUMBER})分")
_OF_SEVERAL = ("每", "共", "合计", "总", "分别", "各", "等")


@lru_cache(maxsize=65536)
def deducted_otherwise(text: str, name: str, unit: str, points: float) -> str:
    """The clause of a text that tells other points than these taken off what is named; blank if none does."""
    deducted = _telling(_DEDUCTED, text)
    named = pairs_of(plain_name(name, unit)) if deducted else frozenset()
    for clause, told in deducted if named else ():
        names_it = len(named & pairs_of(clause)) >= NEARLY_ALL * len(named)
        if not names_it or any(word in clause for word in _OF_SEVERAL):
            continue
        if abs(float(told["points"]) - points) > half_of(told["points"]) + 1e-6:
            return clause
    return ""


def _is_other_share(text: str, clause: str, figure: float, unit: str, target: float) -> bool:
    """完成24.6公里，占年度计划的85.4%, of 28公里: another share than the figure is of its target."""
    if target <= 0 or f"{number_text(figure)}{unit}" not in clause:
        return False
    told = re.search(re.escape(clause) + _SHARE_OF_TARGET, folded_text(text))
    if told is None:
        return False
    return abs(float(told["share"]) - 100 * figure / target) > half_of(told["share"]) + 0.05


def _is_other_difference(told: re.Match[str], figure: float, target: float, unit: str) -> bool:
    points = unit.startswith("%")
    if (told["unit"] in ("%", "个百分点")) != points or not (
        points or same_unit(told["unit"], unit)
    ):
        return False
    said = float(told["by"]) * SCALES[told["scale"]]
    said = -said if told["way"] in ("低", "少") else said
    half = 0.5 * 10.0 ** -len(told["by"].partition(".")[2]) * SCALES[told["scale"]]
    scale = SCALES.get(unit[:1], 1.0) if unit[:1] in ("万", "亿") else 1.0
    return abs(said - (figure - target) * scale) > half + 1e-6


def _with_whole(function: Callable[..., str]) -> Callable[..., Array]:
    """A function of texts, years, months and days over whole columns."""
    return over_rows(
        lambda *row: function(*(int(each) if isinstance(each, float) else each for each in row))
    )


_T = Param.TEXT
_ONLY_HERE = "没有则是空的。表里算不出，只有程序检查"
_ROWS = (
    Op(
        "dated_otherwise",
        (_T, Param.NUMBER),
        Type.TEXT,
        None,
        _with_whole(dated_otherwise),
        doc=f"一段文字里写成另一年度（后一个数是本年度）的那一句，{_ONLY_HERE}",
    ),
    Op(
        "counted_before",
        (_T, Param.NUMBER),
        Type.TEXT,
        None,
        _with_whole(counted_before),
        doc=f"一段文字里写上年、前年年末有多少的那一句（后一个数是本年度），{_ONLY_HERE}",
    ),
    Op(
        "planned_in_past",
        (_T, Param.NUMBER),
        Type.TEXT,
        None,
        _with_whole(planned_in_past),
        doc=f"一段文字里打算在以前年度做的那一句（后一个数是本年度），{_ONLY_HERE}",
    ),
    Op(
        "redated",
        (_T, _T, Param.NUMBER, Param.NUMBER, Param.NUMBER),
        Type.TEXT,
        None,
        _with_whole(redated),
        doc=f"一段文字里把某事（名称）写成另一天、或上一年同一天的那一句（后三个数是年、月、日），{_ONLY_HERE}",
    ),
    Op(
        "underclaimed",
        (_T, _T, _T),
        Type.TEXT,
        None,
        over_rows(underclaimed),
        doc=f"一段文字里说某事（名称、单位）没有达到目标的那一句，{_ONLY_HERE}",
    ),
    Op(
        "deducted_otherwise",
        (_T, _T, _T, Param.NUMBER),
        Type.TEXT,
        None,
        over_rows(deducted_otherwise),
        doc=f"一段文字里写某事（名称、单位）扣的分不是这个数的那一句，{_ONLY_HERE}",
    ),
    Op(
        "overclaimed",
        (_T, _T, Param.NUMBER, _T, Param.NUMBER, _T),
        Type.TEXT,
        None,
        over_rows(overclaimed),
        doc="一段文字里把某事（名称）说得与它的完成值（数、单位）、指标值（数、方向）相反的那一句，"
        + _ONLY_HERE,
    ),
)
CLAIM_OPS: dict[str, Op] = {op.name: op for op in _ROWS}
"""Those operators by their names in form definitions."""
