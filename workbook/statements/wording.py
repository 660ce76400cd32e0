"""The grammar of an official's sentences: figures, names, ties, extremes, changes.

Amounts are 万元, rates fractions. What looks equal as written is equal: no one is called the highest by a decimal that
the text does not show.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

import pandas as pd

from workbook.summary import FormSummary, figure_or_none

DEPARTMENTS, PROJECTS = "部门（单位）", "项目"
UNNAMED = "（未填名称）"
_NAMED = 6
"""No more names stand in a sentence, unless it lists all."""
_TIED = 3
_LEAST_NAME = 2
_PLACES = "省市区县旗州镇乡"
Show = Callable[[float], str]


def money(amount: float) -> str:
    """`1,234.50万元`."""
    return f"{amount:,.2f}万元"


def percent(fraction: float) -> str:
    """`97.63%`."""
    return f"{fraction:.2%}"


def points(score: float) -> str:
    """`98.40分`."""
    return f"{score:.2f}分"


def amount_cell(value: object) -> str:
    """As a table shows it, its unit in the head; blank where there is none."""
    number = figure_or_none(value)
    return "" if number is None else f"{number:,.2f}"


def percent_cell(value: object) -> str:
    """See `amount_cell`."""
    number = figure_or_none(value)
    return "" if number is None else percent(number)


# --- names ----------------------------------------------------------------------------------------


def noun(part: FormSummary) -> str:
    """What a line of a form is about."""
    return PROJECTS if part.key_fields.project is not None else DEPARTMENTS


def line_names(lines: pd.DataFrame) -> pd.Series[str]:
    """The names of some lines, index as theirs: departments, or projects behind theirs."""
    counties, departments = (
        lines[name].fillna("").str.strip() for name in ("county", "department")
    )
    names = pd.Series(
        [
            f"{'' if county in department else county}{department or UNNAMED}"
            for county, department in zip(counties, departments, strict=True)
        ],
        index=lines.index,
        dtype="string",
    )
    if "project" in lines.columns:
        names = names + "“" + lines["project"].fillna(UNNAMED) + "”"
    return names


def by_name(lines: pd.DataFrame, figure: str) -> pd.Series[float]:
    """A figure of some lines that all have it, index their names."""
    names = pd.Index(line_names(lines), dtype="string")
    return pd.Series(lines[figure].to_numpy(dtype=float), index=names)


def ends(named: pd.Series[float]) -> dict[str, float]:
    """The highest and the lowest by name; one where they are the same, none of none."""
    if named.empty:
        return {}
    return {
        str(named.index[n]): float(named.iloc[n])
        for n in map(int, (named.argmax(), named.argmin()))
    }


@dataclass(frozen=True, slots=True)
class StatedTotal:
    """A line of the totals as the text has it."""

    label: str
    value: float | None
    """Without what is doubtful; None where nothing is left."""
    count: int
    """How many it is made of."""
    missing: int
    doubtful: int

    @property
    def row(self) -> str:
        """What its line on 部门汇总 begins with."""
        return "不含存疑" if self.doubtful else "合计"


def stated_totals(part: FormSummary) -> dict[str, StatedTotal]:
    """The totals by their figures."""
    columns = (
        part.totals[name] for name in ("label", "certain", "departments", "missing", "doubtful")
    )
    return {
        str(figure): StatedTotal(
            str(label),
            figure_or_none(value),
            int(given) - int(doubtful),
            int(missing),
            int(doubtful),
        )
        for figure, label, value, given, missing, doubtful in zip(
            part.totals.index, *columns, strict=True
        )
    }


def short_names(names: Sequence[str]) -> list[str]:
    """Names without the place that all of them begin with, for the axis of a chart; whole, if little is left."""
    if len(names) < 2:
        return [*names]
    first, last = min(names), max(names)
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    begin = max((n for n, (letter, _) in enumerate(alike, 1) if letter in _PLACES), default=0)
    short = [name[begin:] for name in names]
    return short if min(map(len, short)) >= _LEAST_NAME else [*names]


def listed(names: Iterable[str], what: str, most: int = _NAMED) -> str:
    """`甲局、乙局`; of more than `most`: `甲局、乙局、丙局等12个部门（单位）`."""
    each = [*names]
    shown = "、".join(named_of(each, most))
    return shown if len(each) <= most else f"{shown}等{len(each)}个{what}"


def instances(names: Sequence[str]) -> str:
    """Whom a sentence that has told their number means: `为甲局、乙局`; of too many `如甲局、乙局、丙局`."""
    shown = named_of(names)
    return f"{'为' if len(shown) == len(names) else '如'}{'、'.join(shown)}"


def named_of(names: Sequence[str], most: int = _NAMED) -> Sequence[str]:
    """Those whom `listed` names."""
    return names if len(names) <= most else names[:_TIED]


def enumerated(clauses: Sequence[str]) -> str:
    """`一是…；二是…。`; a single clause stands alone."""
    if len(clauses) == 1:
        return f"{clauses[0]}。"
    numbers = "一二三四五六七八九十"
    return "；".join(f"{n}是{clause}" for n, clause in zip(numbers, clauses, strict=False)) + "。"


# --- ranks ----------------------------------------------------------------------------------------


def largest(values: pd.Series[float], most: int) -> pd.Series[float]:
    """The largest, at most so many and never some of those that show the same; none if too many do."""
    ordered = values.sort_values(ascending=False, kind="stable")
    shown = [*ordered.round(2), -math.inf]
    for count in range(min(most, len(ordered)), 0, -1):
        if shown[count - 1] > shown[count]:
            return ordered.iloc[:count]
    return ordered.iloc[:0]


def extremes(named: pd.Series[float], show: Show, what: str) -> str:
    """Who is highest and lowest, index the names: `最高的是甲局（98%），最低的是乙局（60%）`.

    `均为98%` where all show the same, `甲局为98%` of one, blank of none.
    """
    shown = named.map(show)
    if shown.empty:
        return ""
    if shown.eq(shown.iloc[0]).all():
        return f"均为{shown.iloc[0]}" if len(shown) > 1 else f"{shown.index[0]}为{shown.iloc[0]}"
    told = []
    for word, most in (("高", named.max()), ("低", named.min())):
        value = show(float(most))
        told.append(f"最{word}的是{_tied([*map(str, shown.index[shown == value])], value, what)}")
    return "，".join(told)


def _tied(names: Sequence[str], value: str, what: str) -> str:
    if len(names) == 1:
        return f"{names[0]}（{value}）"
    return f"{listed(names, what, _TIED)}（均为{value}）"


# --- changes --------------------------------------------------------------------------------------


def changed(before: float, now: float, show: Show = money) -> str:
    """How an amount changed: `由…变为…，增加…，增长…`; `与上年持平，为…` where both show the same."""
    if show(before) == show(now):
        return f"与上年持平，为{show(now)}"
    rise = now > before
    growth = abs(now - before) / abs(before) if before else math.nan
    ratio = "" if math.isnan(growth) else f"，{'增长' if rise else '下降'}{percent(growth)}"
    return (
        f"由{show(before)}{'增加' if rise else '减少'}到{show(now)}，"
        f"{'增加' if rise else '减少'}{show(abs(now - before))}{ratio}"
    )


def moved(before: float, now: float, show: Show, step: Callable[[float], str]) -> str:
    """How a rate or a score changed, `step` its difference: `由…提高到…，提高3.20个百分点`."""
    if show(before) == show(now):
        return f"与上年持平，为{show(now)}"
    word = "提高" if now > before else "下降"
    return f"由{show(before)}{word}到{show(now)}，{word}{step(abs(now - before))}"


def percentage_points(difference: float) -> str:
    """`3.20个百分点`."""
    return f"{difference * 100:.2f}个百分点"
