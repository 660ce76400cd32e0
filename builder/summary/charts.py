"""The charts of 总览: execution rates, scores, attainment, funds; native, over live figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from builder.sheets import (
    CHART_ROWS,
    COLUMNS,
    FIRST_ROW,
    ChartFigures,
    Listed,
    Live,
    OnePage,
    Value,
)
from builder.summary.analysis import Branch
from workbook.address import column_range
from workbook.form import ScoredRows
from workbook.overview import by_rate, distribution
from workbook.summary import FormSummary, attainment_by, figure_or_none, full_names


@dataclass(frozen=True, slots=True)
class Lists:
    """The sheets that the overview reckons from."""

    departments: Listed
    coverage: Listed
    projects: Listed | None
    composition: Listed | None
    analysis: str
    chart_figures: ChartFigures
    branches: Mapping[str, Mapping[Branch, int]]
    """By scored section: the row of each branch on 指标分析."""


def draw_charts(page: OnePage, part: FormSummary, lists: Lists) -> None:
    """Rates on the left over the whole height, up to three charts on the right."""
    right_charts = []
    if part.key_fields.score is not None:
        right_charts.append(_score_chart)
    if lists.branches and lists.branches[part.key_fields.scored[0].section.id]:
        right_charts.append(_attainment_chart)
    if lists.composition is not None:
        right_charts.append(_funds_chart)
    has_rates = part.key_fields.rate is not None and len(by_rate(part)) > 0
    half = COLUMNS // 2
    if has_rates:
        width = half if right_charts else COLUMNS
        _rate_chart(page, part, lists, (1, 0), (width, CHART_ROWS))
    if right_charts:
        column, width = (half + 1, half) if has_rates else (1, COLUMNS)
        # The one with most bars gets most room.
        shares = [4 if draw is _attainment_chart else 3 for draw in right_charts]
        starts = [CHART_ROWS * sum(shares[:n]) // sum(shares) for n in range(len(right_charts) + 1)]
        for draw, start, end in zip(right_charts, starts, starts[1:], strict=False):
            draw(page, part, lists, (column, start), (width, end - start))


OnGrid = tuple[int, int]


def _rate_chart(
    page: OnePage, part: FormSummary, lists: Lists, position: OnGrid, size: OnGrid
) -> None:
    rated = by_rate(part)
    departments = full_names(rated)
    of_projects = rated["project"].fillna(departments) if "project" in rated.columns else None
    names = [str(name) for name in (departments if of_projects is None else of_projects)]
    if of_projects is None:
        names = [
            name[max(name.find(county), 0) :]
            for name, county in zip(names, rated["county"].fillna(""), strict=True)
        ]
    # What all names begin with (岳阳市云溪区) tells nothing, and takes the chart's room.
    prefix = _common_letters(min(names), max(names))
    rate_column = lists.departments.columns["execution_rate"]
    row_of = {number: row for row, number in enumerate(part.departments.index, FIRST_ROW)}
    rows: list[tuple[Value, Value | Live]] = [
        (name[prefix:], lists.departments.live(
            f"={column_range(lists.departments.name, rate_column, row_of[number], row_of[number])}", figure_or_none(rate)))
        for name, number, rate in zip(names, rated.index, rated["execution_rate"], strict=True)
    ]  # fmt: skip
    count = int(part.departments["execution_rate"].notna().sum())
    title = "执行率（从低到高）"
    if count > len(rows):
        lowest = len(rows) * 2 // 3
        title = f"执行率最低的{lowest}个、最高的{len(rows) - lowest}个（共{count}个）"
    page.chart("执行率", rows, title, "0.0%", position, size)


def _common_letters(first: str, last: str) -> int:
    """How many letters the first and the last of sorted names, and so all between, begin with alike."""
    if first == last:
        return 0
    return next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)


def _score_chart(
    page: OnePage, part: FormSummary, lists: Lists, position: OnGrid, size: OnGrid
) -> None:
    cells = lists.departments.cells("counted_score")
    bands = distribution(part)
    rows: list[tuple[Value, Value | Live]] = []
    for band, lowest, below, count in zip(
        bands.index, bands["lowest"], bands["below"], bands["departments"], strict=True
    ):
        upper = "" if figure_or_none(below) is None else f',{cells},"<{figure_or_none(below):g}"'
        formula = f'=COUNTIFS({cells},">={figure_or_none(lowest):g}"{upper})'
        rows.append((str(band), lists.departments.live(formula, float(count))))
    page.chart(
        "采用得分分布",
        rows,
        "采用得分分布（份）",
        "0",
        position,
        size,
        kind="column",
    )


def _attainment_chart(
    page: OnePage, part: FormSummary, lists: Lists, position: OnGrid, size: OnGrid
) -> None:
    scored = part.key_fields.scored[0]
    section = scored.section
    depth = min(len(section.levels), 2)
    branches = lists.branches[section.id]
    rates = _attainment_rates(part, scored, depth)
    rows: list[tuple[Value, Value | Live]] = []
    for branch, row in branches.items():
        if len(branch) == depth and (branch or not depth):
            cell = column_range(lists.analysis, 6, row, row)
            rows.append(
                (
                    branch[-1].removesuffix("指标") if branch else "合计",
                    Live(f"={cell}", rates[branch]),
                )
            )
    page.chart(
        "指标得分率",
        rows,
        "二级指标得分率" if depth > 1 else "指标得分率",
        "0.0%",
        position,
        size,
    )


def _attainment_rates(
    part: FormSummary, scored: ScoredRows, depth: int
) -> dict[Branch, float | None]:
    """What share of its points each branch of a depth attained; of depth 0 all together."""
    levels = scored.section.levels[:depth] or ("every",)
    table = attainment_by(part.details[scored.section.id].assign(every=""), scored, levels)
    keys = [key if isinstance(key, tuple) else (key,) for key in table.index]
    shares = map(figure_or_none, table["share"])
    return {key if depth else (): share for key, share in zip(keys, shares, strict=True)}


def _funds_chart(
    page: OnePage, part: FormSummary, lists: Lists, position: OnGrid, size: OnGrid
) -> None:
    assert lists.composition is not None
    breakdown = part.key_fields.breakdowns[0]
    amounts = part.funds["amount"]
    rows: list[tuple[Value, Value | Live]] = [
        (item.label.partition("·")[0].removesuffix("拨款").replace("纳入专户管理的", "专户"),
         lists.composition.live(f"={lists.composition.total(item.id)}", figure_or_none(amounts.loc[item.key])))
        for item in breakdown.parts
    ]  # fmt: skip
    page.chart(
        breakdown.heading,
        rows,
        f"{breakdown.heading}（万元）",
        "#,##0",
        position,
        size,
    )
