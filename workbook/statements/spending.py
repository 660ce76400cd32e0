"""The second chapter: what was budgeted and spent, by whom most, at which rate, out of which funds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd

from workbook.overview import attention, by_rate, rate_threshold
from workbook.statements.statement import (
    Basis,
    LeftOpen,
    Passage,
    Plot,
    Statement,
    Tabular,
    TextChapter,
)
from workbook.statements.wording import (
    StatedTotal,
    amount_cell,
    by_name,
    ends,
    extremes,
    instances,
    largest,
    line_names,
    money,
    named_of,
    noun,
    percent,
    percent_cell,
    short_names,
    stated_totals,
)
from workbook.statements.year_on_year import spending_compared
from workbook.summary import (
    CENT,
    MEAN_SCORE,
    RATE,
    UNIT,
    FormSummary,
    Summary,
    answered,
    is_doubtful,
    sum_of,
    worded_rate,
)

DEPARTMENT_LINES, _COUNTIES, _FUNDS = "部门汇总", "县区汇总", "资金构成"
_MOST_NAMED = 3
_CHARTED = 20
"""No chart shows more bars than this."""


def spending_chapter(summary: Summary, part: FormSummary) -> TextChapter:
    """资金使用情况."""
    passages: list[Passage] = [*_totals(summary, part), *_largest(part), *_rates(part)]
    passages += _counties(part) if len(part.counties) > 1 else _rate_chart(part)
    passages += [*_funds(part), *spending_compared(summary, part)]
    why = "执行率高低的原因，" if part.key_fields.rate is not None else ""
    passages.append(LeftOpen(f"{why}预算调整较大的{noun(part)}及其原因"))
    return TextChapter("资金使用情况", tuple(passages))


# --- totals ---------------------------------------------------------------------------------------


def _totals(summary: Summary, part: FormSummary) -> Iterator[Statement]:
    count, what = len(answered(part.departments)), noun(part)
    totals = stated_totals(part)
    clauses, bases = [], []
    for figure in (*part.key_fields.amounts, RATE):
        total = totals.get(figure)
        if total is None or total.value is None:
            continue
        if figure == RATE:
            clauses.append(f"执行率为{percent(total.value)}")
            value, head = percent(total.value), "执行率"
            reckoned = f"{worded_rate(part.form, '合计')}，不是各{what}执行率的平均"
        else:
            clauses.append(f"{total.label}{'合计' if count > 1 else ''}{money(total.value)}")
            value, head = money(total.value), f"{total.label}合计"
            reckoned = f"{total.count}个{what}填报的{total.label}相加"
        bases.append(Basis(head, value, reckoned, DEPARTMENT_LINES, total.label, total.row))
    if not clauses:
        yield Statement(f"已报送的{count}个{what}没有可以汇总的金额。")
        return
    told = [totals[figure] for figure in (*part.key_fields.amounts, RATE) if figure in totals]
    text = f"已报送的{count}个{what}，{'，'.join(clauses)}。"
    yield Statement(
        f"{text}{_doubts(told, what)}{_in_another_unit(summary, part)}{_blanks(told, what)}",
        tuple(bases),
    )


def _doubts(totals: Sequence[StatedTotal], what: str) -> str:
    """Which of the figures leave out those of how many, since an error is open in them."""
    doubts = "、".join(f"{total.label}{total.doubtful}个" for total in totals if total.doubtful)
    return f"填报有差错、尚未更正的数没有计入：{doubts}{what}。" if doubts else ""


def _in_another_unit(summary: Summary, part: FormSummary) -> str:
    """Whose amounts are in the totals though they seem to be in another unit."""
    numbers = [n for item in attention(summary, part) if item.key == "unit" for n in item.numbers]
    lines = part.departments.loc[numbers]
    added = pd.Series(data=False, index=lines.index)
    for figure in part.key_fields.amounts:
        added |= ~is_doubtful(lines, figure)
    names = [*line_names(lines[added])]
    doubt = f"其中{len(names)}个{noun(part)}的金额疑似弄错单位、有待核实"
    return f"{doubt}，{instances(names)}。" if names else ""


def _blanks(totals: Sequence[StatedTotal], what: str) -> str:
    blanks = "、".join(
        f"{t.label}{t.missing}个" for t in totals if t.missing and t.label != "执行率"
    )
    return f"没有填报的不按零计算：{blanks}{what}。" if blanks else ""


def money_tables(part: FormSummary) -> Iterator[Tabular]:
    """All totals, and what the funds are made of, with and without what is doubtful."""
    if len(part.totals):
        yield _totals_table(part.totals)
    if part.funds["heading"].ne("").any():
        yield _funds_table(part.funds)


def _totals_table(totals: pd.DataFrame) -> Tabular:
    rows = [(str(r.label), figure_cell(r.Index, r.value), str(r.departments), str(r.missing))
            for r in totals.itertuples()]  # fmt: skip
    heads, widths = ("项目", "数值", "填报的个数", "未填的个数"), (30.0, 24.0, 14.0, 14.0)
    further_heads, further_widths, cells = _without_doubts(
        totals, lambda row: figure_cell(row.Index, row.certain)
    )
    return Tabular(
        f"主要指标（金额单位：{UNIT}）",
        heads + further_heads,
        tuple(row + more for row, more in zip(rows, cells, strict=True)),
        widths + further_widths,
    )


def _without_doubts(
    figures: pd.DataFrame, shown: Callable[[Any], str]
) -> tuple[tuple[str, ...], tuple[float, ...], list[tuple[str, ...]]]:
    """Heads, widths and cells that tell each figure without the doubtful ones; none if none is."""
    if not figures["doubtful"].any():
        return (), (), [() for _ in figures.index]
    cells: list[tuple[str, ...]] = [
        (shown(row), str(row.doubtful)) if row.doubtful else ("", "")
        for row in figures.itertuples()
    ]
    return ("不含存疑", "存疑的个数"), (24.0, 14.0), cells


def figure_cell(figure: object, value: object) -> str:
    """A figure of the totals as a table shows it: a rate, a score or an amount."""
    return percent_cell(value) if figure == RATE else amount_cell(value)


# --- departments ----------------------------------------------------------------------------------


def _largest(part: FormSummary) -> Iterator[Statement]:
    """Whose budget is the largest, and how much of all it is."""
    figure = part.key_fields.budget or next(iter(part.key_fields.amounts), "")
    if not figure:
        return
    lines, total, what = answered(part.departments), stated_totals(part)[figure], noun(part)
    values = by_name(lines[lines[figure].notna() & ~is_doubtful(lines, figure)], figure)
    if len(values) < 2 or not values.max() > 0:
        return
    leaders = largest(values, min(_MOST_NAMED, len(values) - 1))
    if leaders.empty:
        yield _alike(values[values.round(2) == values.round(2).max()], total.label, what)
        return
    share = percent(sum_of(leaders) / sum_of(values))
    named = {str(name): money(float(value)) for name, value in leaders.items()}
    most = f"最大的{len(named)}个{what}" if len(named) > 1 else f"最大的{what}"
    bases = [
        Basis(f"{name}{total.label}", value, "该单位填报", DEPARTMENT_LINES, total.label, name)
        for name, value in named.items()
    ]
    reckoned = f"上列{total.label}÷{total.label}合计{'（不含存疑）' if total.doubtful else ''}"
    bases.append(Basis("所占比重", share, reckoned, DEPARTMENT_LINES, total.label, total.row))
    told = "、".join(f"{name}（{value}）" for name, value in named.items())
    yield Statement(
        f"{total.label}{most}是{told}，{'合计' if len(named) > 1 else ''}占{share}。", tuple(bases)
    )


def _alike(values: pd.Series[float], label: str, what: str) -> Statement:
    """That so many have the largest budget."""
    names, amount = [*map(str, values.index)], money(float(values.iloc[0]))
    bases = [
        Basis(f"{name}{label}", amount, "该单位填报", DEPARTMENT_LINES, label, name)
        for name in named_of(names)
    ]
    text = f"{label}最大的有{len(names)}个，均为{amount}，{instances(names)}。"
    return Statement(text, tuple(bases))


def certain_rates(part: FormSummary) -> pd.DataFrame:
    """As `by_rate` of all lines, without those whose rate is doubtful."""
    frame = by_rate(part, len(part.departments) + 1)
    return frame[~is_doubtful(part.departments.loc[frame.index], RATE)]


def _rates(part: FormSummary) -> Iterator[Statement]:
    """Who executed most and least, and how many less than the threshold."""
    if part.key_fields.rate is None or (frame := certain_rates(part)).empty:
        return
    what, threshold = noun(part), f"{rate_threshold(part):.0%}"
    # A rate above one is a mistake more often than a merit: the fourth chapter tells who has it.
    over = frame[RATE].round(4) > 1
    rates = by_name(frame if over.all() else frame[~over], RATE)
    low = frame[frame[RATE] < rate_threshold(part)]
    reckoned = worded_rate(part.form)
    bases = [
        Basis(f"{name}执行率", percent(rate), reckoned, DEPARTMENT_LINES, "执行率", name)
        for name, rate in ends(rates).items()
    ]
    apart = f"，另有{over.sum()}个超过100%" if 0 < over.sum() < len(frame) else ""
    clauses = (
        [f"分{what}看，执行率{extremes(rates, percent, what)}{apart}"] if len(frame) > 1 else []
    )
    if low.empty:
        clauses.append(f"没有执行率低于{threshold}的{what}")
    else:
        unspent = sum_of(low["unspent"])
        clauses.append(f"执行率低于{threshold}的有{len(low)}个，{instances([*line_names(low)])}")
        clauses[-1] += (
            f"，{'共' if len(low) > 1 else ''}有{money(unspent)}没有支出" if unspent > 0 else ""
        )
        counted = f"执行率低于{threshold}的，逐个计数"
        bases.append(
            Basis(f"执行率低于{threshold}的", f"{len(low)}个", counted, DEPARTMENT_LINES, "执行率")
        )
        if unspent > 0:
            reckoned = f"执行率低于{threshold}的，预算数减去执行数，相加"
            bases.append(Basis("其中没有支出", money(unspent), reckoned, DEPARTMENT_LINES))
    yield Statement(f"{'；'.join(clauses)}。", tuple(bases))


def _rate_chart(part: FormSummary) -> Iterator[Plot]:
    if part.key_fields.rate is None or len(frame := certain_rates(part)) < 2:
        return
    caption = f"各{noun(part)}预算执行率"
    caption += "（不含存疑的）" if stated_totals(part)[RATE].doubtful else ""
    if len(frame) > _CHARTED:
        lowest = _CHARTED * 3 // 4
        caption = f"预算执行率最低的{lowest}个和最高的{_CHARTED - lowest}个{noun(part)}"
        frame = pd.concat([frame.iloc[:lowest], frame.iloc[lowest - _CHARTED :]])
    rates = by_name(frame, RATE)
    names = short_names([*map(str, rates.index)])
    yield Plot(caption, tuple(names), (("执行率", tuple(map(float, rates))),), "0.00%")


# --- counties -------------------------------------------------------------------------------------


def _counties(part: FormSummary) -> Iterator[Passage]:
    """A line a county; and whose rate is the highest and the lowest."""
    frame, key_fields = part.counties, part.key_fields
    figures = [name for name in (key_fields.budget, key_fields.spent) if name] or [
        *key_fields.amounts
    ][:2]
    labels = {name: key_fields.amounts[name].label for name in figures}
    labels |= {RATE: "执行率"} if key_fields.rate is not None else {}
    if RATE in labels and (rates := frame[f"{RATE}_certain"].dropna().astype(float)).size > 1:
        reckoned = worded_rate(part.form, "合计")
        left_out = frame[f"{RATE}_doubtful"]
        bases = tuple(
            Basis(
                f"{county}执行率",
                percent(rate),
                f"{reckoned}{'，不含存疑的数' if left_out[county] else ''}",
                _COUNTIES,
                f"执行率{'不含存疑' if left_out[county] else ''}",
                str(county),
            )
            for county, rate in ends(rates).items()
        )
        told = extremes(rates, percent, "县区")
        yield Statement(f"分{len(frame)}个县区看，执行率{told}。", bases)
        if len(rates) <= _CHARTED:
            ordered = rates.sort_values(kind="stable")
            series = (("执行率", tuple(map(float, ordered))),)
            yield Plot("各县区预算执行率", tuple(map(str, ordered.index)), series, "0.00%")
    labels |= {MEAN_SCORE: "自评平均分"} if key_fields.score is not None else {}
    columns = [_with_doubts(frame, name) for name in labels]
    counts = zip(frame.index, frame["departments"], frame["answered"], strict=True)
    rows = tuple(
        (str(county), str(due), str(came), *cells)
        for (county, due, came), *cells in zip(counts, *columns, strict=True)
    )
    widths = (13.0, 10.0, 8.0, *(24.0 if name in figures else 19.0 for name in labels))
    counted = "项目数" if key_fields.project else "部门数"
    yield Tabular(
        f"各县区汇总（金额单位：{UNIT}）",
        ("县区", counted, "已报", *labels.values()),
        rows,
        widths,
    )


def _with_doubts(frame: pd.DataFrame, name: str) -> list[str]:
    """A figure of each county; below it what it is without the doubtful ones, if there are any."""
    figures = zip(frame[name], frame[f"{name}_certain"], frame[f"{name}_doubtful"], strict=True)
    return [
        f"{figure_cell(name, value)}\n不含{left_out}个存疑\n{figure_cell(name, certain)}"
        if left_out
        else figure_cell(name, value)
        for value, certain, left_out in figures
    ]


# --- what the funds are made of -------------------------------------------------------------------


def _funds(part: FormSummary) -> Iterator[Passage]:
    funds = part.funds
    clauses, bases = [], []
    for heading, parts in funds[funds["heading"].ne("")].groupby("heading", sort=False):
        leaders = largest(parts["certain"].dropna().astype(float), 1)
        if leaders.empty or leaders.iloc[0] <= 0:
            continue
        label, amount = str(parts.loc[leaders.index[0], "label"]), float(leaders.iloc[0])
        share = amount / sum_of(parts["certain"])
        clauses.append(f"{heading}，{label}最多，为{money(amount)}，占{percent(share)}")
        reckoned = f"各{noun(part)}填报的{label}相加，占{heading}各项之和的{percent(share)}"
        reckoned += "，不含存疑的数" if parts.loc[leaders.index[0], "doubtful"] else ""
        bases.append(Basis(label, money(amount), reckoned, _FUNDS, label, "合计"))
    if clauses:
        apart = _unlike_totals(part, funds)
        yield Statement(f"从资金构成看，{'；'.join(clauses)}。{apart}", tuple(bases))
        yield from _funds_chart(funds)


def _unlike_totals(part: FormSummary, funds: pd.DataFrame) -> str:
    """That the parts do not make up the totals that the chapter began with, if so, and why."""
    totals = stated_totals(part)
    wholes = [
        totals[breakdown.whole].label
        for breakdown in part.key_fields.breakdowns
        if abs(
            sum_of(funds.loc[funds["heading"] == breakdown.heading, "certain"])
            - (totals[breakdown.whole].value or 0.0)
        )
        >= CENT
    ]
    if not wholes:
        return ""
    why = "有的总数有差错没有计入，或者分项之和与总数不相等"
    return f"各项相加与上述{'、'.join(wholes)}合计不等，是因为{why}。"


def _funds_chart(funds: pd.DataFrame) -> Iterator[Plot]:
    shares = funds[funds["share"].notna()]
    if len(shares) >= 2 and len(shares) <= _CHARTED:
        labels = tuple(f"{label}" for label in shares["label"])
        values = tuple(float(share) for share in shares["share"])
        yield Plot("资金构成（各项占同类合计的比重）", labels, (("比重", values),), "0.00%")


def _funds_table(funds: pd.DataFrame) -> Tabular:
    rows = [(str(r.heading), str(r.label), amount_cell(r.amount), percent_cell(r.share))
            for r in funds.itertuples()]  # fmt: skip
    heads, widths, cells = _without_doubts(funds, lambda row: amount_cell(row.certain))
    return Tabular(
        f"资金构成（金额单位：{UNIT}）",
        ("分类", "项目", "金额", "占比", *heads),
        tuple(row + more for row, more in zip(rows, cells, strict=True)),
        (20.0, 30.0, 22.0, 14.0, *widths),
        words=(0, 1),
    )
