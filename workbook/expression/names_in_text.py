"""`NAME_OPS`: the names of other bodies in a text, held against the department's own.

As those of `figures_in_text`, no sheet can work them out: rules that use them are the reader's alone. Where a
name may be right, nothing is told.
"""

from __future__ import annotations

import re
from functools import lru_cache

from workbook.expression.figures_in_text import clauses_of
from workbook.expression.operands import Op, Param, Type, over_rows
from workbook.expression.sentences import YEAR, folded_text, sentences_of
from workbook.text import fold

_PLACE = re.compile(r"[省市县区州旗]")
_FIRST = re.compile(r"^[^，。；,;\n]{4,40}")
_OFFICES = "局|委员会|委|办公室|办|中心|站|所|院|校|协会|学会|联合会|馆|社|队|场"
_IS = "是|为|的?主要职责|的?职责|主要负责|负责|成立|系"
_OFFICE = re.compile(rf"^(?P<office>[^\W\d_]{{2,18}}?(?:{_OFFICES}))(?:{_IS})")


def another_unit(text: str, department: str) -> str:
    """The name that a text begins with, if it is that of the same office of another place, or of another office of
    the same place; blank if not."""
    name, folded = fold(department), folded_text(text)
    begins = _FIRST.match(folded)
    if begins is None:
        return ""
    if other := _other_number(begins[0], name):
        return other
    for mark in _PLACE.finditer(name):
        place, office = name[: mark.end()], name[mark.end() :]
        core = re.split("[省市县区州旗]", place[:-1])[-1]
        if len(core) < 2 or len(office) < 3 or office.startswith("场"):
            continue
        other, found, _ = begins[0].partition(office)
        other = re.sub(rf"^{YEAR}度?[，,]?", "", other)
        if not found or not re.fullmatch(r"[^\W\d_]{2,12}[县区市旗]", other):
            continue
        is_short = other[:-1] in name  # 化隆县 for 化隆回族自治县
        if core not in folded and other not in place and not is_short:
            return other + office
    return _other_office(begins[0], name)


_NUMBERED = re.compile(r"第[一二三四五六七八九十]{1,3}")


def _other_number(begins: str, name: str) -> str:
    """靖远县第二中学, of 靖远县第一中学."""
    own = _NUMBERED.search(name)
    if own is None:
        return ""
    ahead, behind = name[: own.start()], name[own.end() :]
    told = re.match(f"{re.escape(ahead)}({_NUMBERED.pattern}){re.escape(behind)}", begins)
    return told[0] if told and told[1] != own[0] else ""


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
            for sentence in sentences_of(text)
            if (other := another_unit(sentence, department)) and other[-3:] == fold(department)[-3:]
        ),
        "",
    )


_SUBJECT = re.compile(
    rf"^(?P<place>[^\W\d_]{{0,6}}?[省市县区州旗])(?P<office>[^\W\d_]{{2,12}}?(?:{_OFFICES}))"
    r"(?:将|全年|20\d\d年|高度重视|围绕|严格|认真)"
)
_OVER_ALL = ("财政", "政府", "党委", "纪委", "人大", "政协", "组织", "审计", "编办", "国资")
"""Offices that do their part in every department's work."""


@lru_cache(maxsize=4096)
def another_subject(text: str, department: str) -> str:
    """The office that a sentence of a text begins with and that does the department's work, if it is another;
    blank if there is none.

    Another one has not a character of the department's name in its own; a text that tells another name of
    the department may be right.
    """
    name = fold(department)
    if any(word in text for word in _OTHER_NAMES):
        return ""
    for sentence in sentences_of(text):
        told = _SUBJECT.match(sentence)
        if told is None or any(word in told["office"] for word in _OVER_ALL):
            continue
        if not set(told["office"][:-1]) & set(name):
            return told["place"] + told["office"]
    return ""


_CALLS_ITSELF = re.compile(
    r"我(?P<body>局|中心|站|所|馆|校|院|镇|乡|街道|支队|大队)(?![长在有属辖需谓])"
)
_CALLED_SO = {
    "校": ("学", "幼儿园", "中专"),
    "院": ("医", "疗", "康复", "卫生", "保健", "防治", "法", "检察", "党校", "学校"),
    "所": ("研究", "科学", "院"),
    "馆": ("博物", "图书", "文化"),
    "站": ("中心",),
}
"""What else a body that calls itself so may be named."""
_OTHER_NAMES = (
    "加挂",
    "挂牌",
    "两块牌子",
    "合署",
    "简称",
    "更名",
    "改名",
    "原名",
    "由原",
    "(原",
    "（原",
)
_KINDS_OF_BODY = re.compile(
    r"(?:局|中心|站|所|馆|校|院|镇|乡|街道|办事处|支队|大队|处|委员会|联合会|协会)$"
)


@lru_cache(maxsize=4096)
def another_self(text: str, department: str) -> str:
    """The clause in which a body calls itself what it is not: 我局 in the report of a 中心; blank if there is none.

    A text that tells another name of it, and a name that ends with no usual word, may be right.
    """
    name = fold(department)
    if not _KINDS_OF_BODY.search(name) or any(word in text for word in _OTHER_NAMES):
        return ""
    for clause in clauses_of(text):
        told = _CALLS_ITSELF.search(clause)
        if told and not any(
            word in name for word in (told["body"], *_CALLED_SO.get(told["body"], ()))
        ):
            return clause
    return ""


_ONLY_HERE = "没有则是空的。表里算不出，只有程序检查"
_ROWS = (
    Op(
        "another_unit",
        (Param.TEXT, Param.TEXT),
        Type.TEXT,
        None,
        over_rows(another_unit),
        doc=f"一段文字开头写的外地同类单位、本地别的单位的名称（后一个文字是本单位），{_ONLY_HERE}",
    ),
    Op(
        "another_place",
        (Param.TEXT, Param.TEXT),
        Type.TEXT,
        None,
        over_rows(another_place),
        doc=f"一段文字里有一句开头写的外地同类单位的名称（后一个文字是本单位），{_ONLY_HERE}",
    ),
    Op(
        "another_subject",
        (Param.TEXT, Param.TEXT),
        Type.TEXT,
        None,
        over_rows(another_subject),
        doc=f"一段文字里有一句开头写的、做着本单位（后一个文字）的事的别的单位的名称，{_ONLY_HERE}",
    ),
    Op(
        "another_self",
        (Param.TEXT, Param.TEXT),
        Type.TEXT,
        None,
        over_rows(another_self),
        doc=f"一段文字里把本单位（后一个文字）称作别的机构（中心写成“我局”）的那一句，{_ONLY_HERE}",
    ),
)
NAME_OPS: dict[str, Op] = {op.name: op for op in _ROWS}
"""Those operators by their names in form definitions."""
