"""Against last year, where it was given: of those that gave the figure in both years, so that the same are compared."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from workbook.statements.statement import Basis, Passage, Plot, Statement
from workbook.statements.wording import (
    changed,
    line_names,
    money,
    moved,
    noun,
    percent,
    percentage_points,
    points,
)
from workbook.summary import (
    RATE,
    SCORE,
    UNIT,
    Comparison,
    FormSummary,
    Pairing,
    Summary,
    is_doubtful,
    like_for_like,
)

_SHEET = "同比"


def spending_compared(summary: Summary, part: FormSummary) -> Iterator[Passage]:
    """What became of the amounts and the rate, and whose spending changed most."""
    comparison = summary.comparison_of(part)
    if comparison is None:
        return
    year, what = comparison.previous_year, noun(part)
    if not comparison.departments["pairing"].eq(Pairing.BOTH).any():
        yield Statement(f"没有{year}年度和本年度均报送的{what}，不与上年比较。")
        return
    figures = (*comparison.amounts, *([RATE] if RATE in comparison.figures else []))
    sentences = [s for figure in figures if (s := _compared(comparison, figure)) is not None]
    if not sentences:
        return
    lead = Statement(f"与{year}年度相比，按两年均填报该数、没有差错的{what}计算，")
    clauses = Statement("；".join(s.text for s in sentences) + "。", Statement.of(*sentences).bases)
    yield Statement.of(lead, clauses, *_most_changed(part, comparison))
    yield from _chart(comparison)


def score_compared(summary: Summary, part: FormSummary) -> Iterator[Statement]:
    """What became of the mean of the departments' own scores."""
    comparison = summary.comparison_of(part)
    if comparison is None or SCORE not in comparison.figures:
        return
    clause = _compared(comparison, SCORE)
    if clause is not None:
        lead = f"与{comparison.previous_year}年度相比，按两年自评得分均有效、没有差错的{noun(part)}计算，"
        yield Statement(f"{lead}{clause.text}。", clause.bases)


def _compared(comparison: Comparison, figure: str) -> Statement | None:
    """A clause on one figure; None where no one gave it in both years."""
    before, now, count = like_for_like(comparison, figure)
    if math.isnan(before) or math.isnan(now):
        return None
    label = comparison.figures[figure]
    show = {RATE: percent, SCORE: points}.get(figure, money)
    if figure == RATE:
        text = f"执行率{moved(before, now, percent, percentage_points)}"
    elif figure == SCORE:
        text = f"自评得分平均{moved(before, now, points, points)}"
    else:
        text = f"{label}{changed(before, now)}"
    basis = Basis(
        f"{label}，两年对照",
        show(now),
        f"{count}个两年均填报该数、没有差错的，按同一范围{'相加' if show is money else '计算'}，{text.removeprefix(label)}",
        _SHEET,
        label,
    )
    return Statement(text, (basis,))


def _most_changed(part: FormSummary, comparison: Comparison) -> Iterator[Statement]:
    """Whose spending rose most, and whose fell most, of those without doubt."""
    figure = part.key_fields.spent
    if figure not in comparison.amounts:
        return
    lines = comparison.departments
    known = lines[lines[f"{figure}_change"].notna() & ~is_doubtful(lines, figure)]
    names, label = line_names(lines), comparison.figures[figure]
    changes = known[f"{figure}_change"].astype(float)
    clauses, bases = [], []
    for word, line in (("增加", _extreme(known, figure, 1)), ("减少", _extreme(known, figure, -1))):
        if line is not None:
            change = money(abs(float(changes[line])))
            clauses.append(f"{word}最多的是{names[line]}，{word}{change}")
            bases.append(Basis(f"{names[line]}{label}{word}", change, "今年减去上年", _SHEET,
                               f"{label} 增减", names[line]))  # fmt: skip
    if clauses and len(known) > 1:
        yield Statement(f"{label}{'；'.join(clauses)}。", tuple(bases))


def _extreme(known: pd.DataFrame, figure: str, sign: int) -> int | None:
    """The line that changed most in one direction; None if nothing did, or several as much."""
    changes = (known[f"{figure}_change"] * sign).astype(float).round(2)
    most = changes[changes == changes.max()]
    return int(most.index[0]) if len(most) == 1 and most.iloc[0] > 0 else None


def _chart(comparison: Comparison) -> Iterator[Plot]:
    """The amounts of the two years beside each other."""
    pairs = {figure: like_for_like(comparison, figure)[:2] for figure in comparison.amounts}
    shown = {figure: pair for figure, pair in pairs.items() if not any(map(math.isnan, pair))}
    if shown:
        years = (comparison.previous_year, comparison.fiscal_year)
        yield Plot(
            f"两年资金对照（两年均填报的，{UNIT}）",
            tuple(comparison.figures[figure] for figure in shown),
            tuple(
                (f"{year}年度", tuple(pair[n] for pair in shown.values()))
                for n, year in enumerate(years)
            ),
            "#,##0.00",
            bars=False,
        )
