"""`draw_figure`: the charts of the page as one picture, for papers and notebooks (matplotlib, the extra `plot`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from builder.sheets import values
from builder.web.page_data import findings_of, short_names, widespread
from workbook.arguments import ArgumentError, taken
from workbook.errors import WorkbookError
from workbook.language import t
from workbook.overview import (
    asked,
    by_rate,
    distribution,
    error_name,
)
from workbook.summary import UNIT, FormSummary, Status, Summary, figure_or_none, full_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans GB",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Noto Sans CJK JP",
)  # fmt: skip
"""Fonts with Chinese characters; the first that is there is used."""
_INK, _BAR, _LOW = "#22303f", "#2f5d8a", "#b8c7d6"
_MOST = 12
"""So many bars tell the commonest findings."""


_FEWEST = 6
"""As thin as of so many bars are those of a chart that has fewer."""


class _Bars(NamedTuple):
    title: str
    names: list[str]
    figures: list[float]
    shown: str
    """How a figure is written at its bar, as str.format takes it."""
    upright: bool = False


def draw_figure(summary: Summary, form: str | None = None) -> Figure:
    """The charts of a form's summary, as on the page: who answered, grades, scores, execution rates, attainment of
    indicators, funds, commonest findings; those for which the form has figures.

    `form` is the form's id; without it the first's, which is the departments' own. The figure's `savefig` writes it as
    .png, .svg or .pdf. Raises WorkbookError where matplotlib or a font with Chinese characters is not installed, ArgumentError
    for a form that is not in the summary.

    >>> from builder import draw_figure
    >>> from workbook import aggregate, check, read_returns
    >>> figure = draw_figure(aggregate(check(read_returns("samples/returns"))))
    >>> [axes.get_title() for axes in figure.axes][:3]
    ['报送情况（家）', '等次（家）', '得分分布（家）']
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
        from matplotlib.font_manager import get_font_names
    except ImportError:
        raise WorkbookError(
            t("画图要另装 matplotlib，请先运行：pip install 'selfeval-workbook[plot]'")
        ) from None
    taken(summary, Summary, "summary", "应是 aggregate(returns) 的结果")
    part = _part(summary, form)
    charts = [bars for bars in _charts(summary, part) if bars.names]
    installed = set(get_font_names())
    fonts = [name for name in FONTS if name in installed]
    if not fonts:
        raise WorkbookError(t("没有找到中文字体，画出来只有方框；请安装 Noto Sans CJK"))
    rows = -(-len(charts) // 2)
    with rc_context({"font.family": [*fonts, "DejaVu Sans"], "axes.unicode_minus": False}):
        figure = Figure(figsize=(12, 3.4 * rows + 0.6), layout="constrained")
        figure.suptitle(f"{part.fiscal_year} 年度{part.form.name}汇总", fontsize=15, color=_INK)
        for place, bars in enumerate(charts):
            _draw(figure.add_subplot(rows, 2, place + 1), bars)
    return figure


def _part(summary: Summary, form: str | None) -> FormSummary:
    known = {part.form.id: part for part in summary.forms}
    name = next(iter(known), "") if form is None else form
    if name not in known:
        listed = t("、").join(known) or t("没有")
        raise ArgumentError(t("form：汇总里没有“{form}”；有的是：{known}", form=name, known=listed))
    return known[name]


def _draw(axes: Axes, bars: _Bars) -> None:
    """Bars lie, so that names can be read, but where they are bands of one scale."""
    places = range(len(bars.names))
    if bars.upright:
        drawn = axes.bar(places, bars.figures, color=_BAR)
        axes.set_xticks(places, bars.names)
        axes.set_yticks([])
    else:
        drawn = axes.barh(places, bars.figures, color=_BAR)
        axes.set_yticks(places, bars.names)
        axes.set_ylim(max(len(bars.names), _FEWEST) - 0.5, -0.5)
        axes.set_xticks([])
    axes.bar_label(drawn, [bars.shown.format(each) for each in bars.figures], padding=3, color=_INK)
    axes.margins(x=None if bars.upright else 0.2, y=0.15 if bars.upright else None)
    axes.set_title(bars.title, loc="center", color=_INK)
    axes.tick_params(length=0, labelcolor=_INK)
    axes.spines[:].set_visible(False)
    axes.spines["bottom" if bars.upright else "left"].set(visible=True, color=_LOW)


def _charts(summary: Summary, part: FormSummary) -> list[_Bars]:
    key_fields = part.key_fields
    is_first = part is summary.forms[0]
    lines = asked(summary) if is_first else part.departments
    states = lines["status"].value_counts()
    charts = [
        _Bars("报送情况（家）" if is_first else "已报的份数", [s.chinese for s in Status if s in states.index],
              [float(states[s]) for s in Status if s in states.index], "{:.0f}")
    ]  # fmt: skip
    if key_fields.score is not None:
        grades, bands = part.grades["departments"], distribution(part)["departments"]
        charts += [
            _counted("等次（家）", grades),
            _counted("得分分布（家）", bands)._replace(upright=True),
        ]
    if key_fields.rate is not None:
        charts.append(_rates(part))
    charts += [_attainment(part), *_funds(part), _findings(summary, part)]
    return charts


def _counted(title: str, counts: pd.Series[int]) -> _Bars:
    return _Bars(title, list(map(str, counts.index)), [float(count) for count in counts], "{:.0f}")


def _rates(part: FormSummary) -> _Bars:
    rated = by_rate(part)
    names = rated["project"] if "project" in rated.columns else full_names(rated)
    count = int(part.departments["execution_rate"].notna().sum())
    lowest = len(rated) * 2 // 3
    title = (
        f"执行率：最低 {lowest}、最高 {len(rated) - lowest}（共 {count}）"
        if count > len(rated)
        else "执行率（从低到高）"
    )
    return _Bars(
        title,
        short_names(list(map(str, names))),
        [float(rate) for rate in rated["execution_rate"]],
        "{:.1%}",
    )


def _attainment(part: FormSummary) -> _Bars:
    shares = part.indicators["share"].dropna()
    names = [key[-1] if isinstance(key, tuple) else key for key in shares.index]
    return _Bars("指标得分率", _told(names), [float(share) for share in shares], "{:.1%}")


def _told(names: Sequence[object]) -> list[str]:
    return [str(name).removesuffix("指标") for name in names]


def _funds(part: FormSummary) -> list[_Bars]:
    return [
        _Bars(f"{heading}（{UNIT}）", list(map(str, lines["label"])),
              [figure_or_none(amount) or 0.0 for amount in values(lines["amount"])], "{:,.2f}")
        for heading, lines in part.funds.groupby("heading", sort=False)
    ]  # fmt: skip


def _findings(summary: Summary, part: FormSummary) -> _Bars:
    common = widespread(findings_of(summary, part)).head(_MOST)
    names = [error_name(part, str(code)) for code in common.index]
    return _Bars(
        "最常见的问题（家）", names, [float(count) for count in common["departments"]], "{:.0f}"
    )
