"""The charts of the page as one picture: its figures are the summary's, and Chinese is drawn as Chinese."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import matplotlib.font_manager
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from builder import draw_figure
from tests.fillings import ROSTER, SAMPLES
from workbook import Summary, WorkbookError, aggregate, check, load_roster, read_returns


@pytest.fixture(scope="module")
def summary() -> Summary:
    roster = load_roster(ROSTER)
    return aggregate(check(read_returns(SAMPLES / "returns"), roster), roster)


def _lengths(axes: Axes, *, upright: bool = False) -> list[float]:
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return [bar.get_height() if upright else bar.get_width() for bar in bars]


def test_its_bars_are_the_figures_of_the_summary(summary: Summary) -> None:
    part = summary.forms[0]
    charts = {axes.get_title(): axes for axes in draw_figure(summary).axes}
    assert sum(_lengths(charts["报送情况（家）"])) == len(summary.coverage)
    rated = part.departments["execution_rate"].dropna().sort_values()
    assert _lengths(charts["执行率（从低到高）"]) == rated.tolist()
    scores = _lengths(charts["得分分布（家）"], upright=True)
    assert sum(scores) == part.departments["counted_score"].count()
    funds = _lengths(charts["按收入性质分（万元）"])
    assert funds == part.funds.query("heading == '按收入性质分'")["amount"].tolist()
    commonest = next(iter(charts["最常见的问题（家）"].get_yticklabels()))
    assert commonest.get_text() == "扣了分而没有写明原因"


def test_every_letter_is_drawn(summary: Summary) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of a glyph that no font has
        draw_figure(summary).savefig(io.BytesIO(), format="png")


def test_what_is_not_there_is_told(summary: Summary, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkbookError, match="没有“none”；有的是：department_overall"):
        draw_figure(summary, "none")
    monkeypatch.setattr(matplotlib.font_manager, "get_font_names", lambda: ["DejaVu Sans"])
    with pytest.raises(WorkbookError, match="Noto Sans CJK"):
        draw_figure(summary)
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(WorkbookError, match=r"pip install 'selfeval-workbook\[plot\]'"):
        draw_figure(summary)


def test_a_summary_of_nothing_has_no_charts(tmp_path: Path) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"no workbook")
    nothing = aggregate(check(read_returns(tmp_path)))
    with pytest.raises(WorkbookError, match="有的是：没有"):
        draw_figure(nothing)
