"""The third chapter: scores and grades, what the indicators attained, and why points were lost."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from workbook.overview import distribution
from workbook.statements.spending import DEPARTMENT_LINES
from workbook.statements.statement import (
    OVERVIEW,
    Basis,
    LeftOpen,
    Passage,
    Plot,
    Statement,
    TextChapter,
)
from workbook.statements.wording import (
    by_name,
    ends,
    extremes,
    largest,
    listed,
    named_of,
    noun,
    percent,
    points,
    stated_totals,
)
from workbook.statements.year_on_year import score_compared
from workbook.summary import (
    HIGHEST_SCORE,
    INVALID,
    NEAR,
    NONE,
    OTHER,
    FormSummary,
    Summary,
    is_doubtful,
    reasons,
    shown_grades,
    sum_of,
)

_ANALYSIS = "指标分析"
_CHARTED = 16
_FIRST_REASONS = 3
_LEAST_SPREAD = 5
"""Of fewer scores no chart is drawn."""


def achievements_chapter(summary: Summary, part: FormSummary) -> TextChapter | None:
    """产出和效益情况; None for a form without scores and scored indicators."""
    passages: list[Passage] = []
    if part.key_fields.score is not None:
        passages += [*_scores(part), *score_compared(summary, part)]
    if len(part.indicators):
        passages += [*_indicators(part), *_reasons(part)]
    if not passages:
        return None
    passages.append(LeftOpen("主要产出和效益的实例，自评得分与实际绩效的差距"))
    return TextChapter("产出和效益情况", tuple(passages))


# --- scores and grades ----------------------------------------------------------------------------


def _scores(part: FormSummary) -> Iterator[Passage]:
    lines, what = part.departments, noun(part)
    counted = lines[lines["counted_score"].notna()]
    sentences = [*_mean(part), *_grades(part, len(counted)), *_invalid(part)]
    yield Statement.of(*sentences) if sentences else Statement(f"没有可以评定等次的{what}。")
    if len(counted) >= _LEAST_SPREAD:
        spread = distribution(part)
        spread = spread.loc[spread.index[spread["departments"].gt(0)][0] :]
        values = tuple(float(count) for count in spread["departments"])
        doubts = stated_totals(part)["counted_mean_score"].doubtful
        caption = f"得分分布（{what}数{'，含存疑的' if doubts else ''}）"
        yield Plot(caption, tuple(f"{band}" for band in spread.index), (("个数", values),), "0", bars=False)  # fmt: skip


def _mean(part: FormSummary) -> Iterator[Statement]:
    """The mean of the scores that count, who is highest and lowest; without doubtful ones."""
    lines, what = part.departments, noun(part)
    reviewed = int(lines["review_score"].notna().sum())
    total = stated_totals(part)["counted_mean_score"]
    if total.value is None:
        return
    by = (
        f"有复核得分的{reviewed}个按复核得分，其余按自评得分"
        if reviewed
        else "按自评得分汇总，没有复核得分"
    )
    clauses = [f"{by}，平均{points(total.value)}"]
    reckoned = f"{total.count}个得分的简单平均{'，不含存疑的得分' if total.doubtful else ''}"
    bases = [Basis("平均分", points(total.value), reckoned, OVERVIEW, "采用得分平均")]
    known = lines[lines["counted_score"].notna() & ~is_doubtful(lines, "counted_score")]
    scores = by_name(known, "counted_score")
    if len(scores) > 1:
        clauses.append(f"得分{extremes(scores, points, what)}")
        reckoned = "有复核得分的按复核得分，没有的按自评得分"
        bases += [
            Basis(f"{name}得分", points(score), reckoned, DEPARTMENT_LINES, "采用得分", name)
            for name, score in ends(scores).items()
        ]
    left_out = f"{total.doubtful}个得分填报有差错、尚未更正，没有计入平均"
    doubts = f"{left_out}，等次暂按填报的得分评定。" if total.doubtful else ""
    yield Statement(f"{'；'.join(clauses)}。{doubts}", tuple(bases))


def _grades(part: FormSummary, count: int) -> Iterator[Statement]:
    frame = part.grades[part.grades["departments"] > 0]
    grades = {str(grade): int(n) for grade, n in frame["departments"].items()}
    if not grades:
        return
    if len(grades) == 1:
        what = "1个，为" if count == 1 else f"{count}个均为"
        text = f"评定等次的{what}“{next(iter(grades))}”。"
    else:
        clauses = [f"“{grade}”{n}个，占{percent(n / count)}" for grade, n in grades.items()]
        text = f"评定等次的{count}个中，{'；'.join(clauses)}。"
    cutoffs = "、".join(f"{name}{lowest:g}分" for name, lowest in part.cutoffs)
    reckoned = f"按得分评定（分数线：{cutoffs}），逐个计数"
    bases = tuple(
        Basis(
            f"等次“{grade}”", f"{n}个，占{percent(n / count)}", reckoned, DEPARTMENT_LINES, "等次"
        )
        for grade, n in grades.items()
    )
    yield Statement(text, bases)


def _invalid(part: FormSummary) -> Iterator[Statement]:
    lines = part.departments
    without_grade = lines[shown_grades(lines).eq(INVALID).fillna(value=False)]
    if without_grade.empty:
        return
    scores = by_name(without_grade, "total_score")
    told = {str(name): points(float(score)) for name, score in scores.items()}
    named = [f"{name}（{score}）" for name, score in told.items()]
    reckoned = f"自评得分小于0或者大于{HIGHEST_SCORE:g}的，逐个计数"
    bases = [Basis("得分无效", f"{len(named)}个", reckoned, DEPARTMENT_LINES, "等次")]
    bases += [
        Basis(f"{name}自评得分", told[name], "该单位填报", DEPARTMENT_LINES, "自评得分", name)
        for name in named_of([*told])
    ]
    yield Statement(
        f"另有{len(named)}个{noun(part)}的自评得分不在0至{HIGHEST_SCORE:g}分之间，不评定等次，不计入平均："
        f"{listed(named, noun(part))}。",
        tuple(bases),
    )


# --- indicators -----------------------------------------------------------------------------------


def _branches(part: FormSummary) -> pd.DataFrame:
    """Weight, score and share by the lowest level of the indicators whose names fill a chart, index their names."""
    frame = part.indicators[["weight", "score"]].reset_index()
    levels = [name for name in frame.columns if name.startswith("level")]
    frame = frame[frame["weight"].notna()]
    for level in reversed(levels):
        named = frame[frame[level].fillna("").ne("")]
        if len(named) == len(frame) and named[level].nunique() <= _CHARTED:
            sums = named.groupby(level, sort=False)[["weight", "score"]].agg(sum_of)
            return sums.assign(share=sums["score"] / sums["weight"].mask(sums["weight"] == 0))
    return pd.DataFrame({"share": pd.Series([], dtype="Float64")})


def _indicators(part: FormSummary) -> Iterator[Passage]:
    frame = part.indicators
    given, full, lost = (sum_of(frame[name]) for name in ("given", "full", "lost"))
    if not given > 0:
        return
    weight, score = sum_of(frame["weight"]), sum_of(frame["score"])
    text = f"自评表列出并评分的绩效指标共{given:.0f}项，其中得满分的{full:.0f}项，占{percent(full / given)}"
    if lost < NEAR:
        text = f"自评表列出并评分的绩效指标共{given:.0f}项，均得满分。"
    elif weight:
        text += f"；指标得分率为{percent(score / weight)}，共失{points(lost)}。"
    told = f"{full:.0f}项，占{percent(full / given)}"
    bases = [
        Basis("得满分的指标", told, "得分不低于分值的，逐项计数", _ANALYSIS, "满分项数", "合计"),
        Basis("失分", points(lost), "分值减去得分，相加", _ANALYSIS, "失分", "合计"),
    ]
    if weight:
        reckoned = "各项得分之和÷分值之和，得分不在0到分值之间的不计入"
        bases.append(
            Basis("指标得分率", percent(score / weight), reckoned, _ANALYSIS, "得分率", "合计")
        )
    shares = _branches(part)["share"].dropna().astype(float)
    shares = shares if lost >= NEAR else shares.iloc[:0]  # all alike
    if len(shares) > 1:
        text += f"分类看，得分率{extremes(shares, percent, '指标类别')}。"
        bases += [
            Basis(
                f"{name}得分率",
                percent(shares[name]),
                "该类得分之和÷分值之和",
                _ANALYSIS,
                "得分率",
                name,
            )
            for name in dict.fromkeys(map(str, (shares.idxmax(), shares.idxmin())))
        ]
    yield Statement(text, tuple(bases))
    if len(shares) > 1:
        values = tuple(float(share) for share in shares)
        yield Plot(
            "各类绩效指标得分率", tuple(map(str, shares.index)), (("得分率", values),), "0.00%"
        )


def lost_points(part: FormSummary) -> dict[str, int]:
    """How many scored rows lost points for each reason, over all sections; the most frequent first."""
    frames = [
        reasons(part.details[rows.section.id], rows)[["rows", "lost"]]
        for rows in part.key_fields.scored
        if rows.section.id in part.details
    ]
    if not frames:
        return {}
    counted = pd.concat(frames).groupby(level=0).sum()
    counted = counted.sort_values(["rows", "lost"], ascending=False, kind="stable")
    return {str(reason): int(rows) for reason, rows in counted["rows"].items()}


def _most_frequent(written: dict[str, int]) -> dict[str, int]:
    """The first reasons of a kind of their own, never some of those that are as frequent; none if too many are."""
    counts = pd.Series({reason: n for reason, n in written.items() if reason != OTHER}, dtype=float)
    return {reason: written[reason] for reason in map(str, largest(counts, _FIRST_REASONS).index)}


def _reasons(part: FormSummary) -> Iterator[Passage]:
    counted = lost_points(part)
    if not counted:
        return
    rows, unwritten = sum(counted.values()), counted.get(NONE, 0)
    written = {reason: n for reason, n in counted.items() if reason != NONE}
    first = written if len(written) <= _FIRST_REASONS else _most_frequent(written)
    bases = [
        Basis("失分的指标", f"{rows}项", "得分低于分值的，逐项计数", _ANALYSIS, "项数", "合计")
    ]
    text = f"没有得满分的指标共{rows}项"
    if first:
        every = len(first) == len(written)
        kind = "有" if every else "最多的是" if len(first) == 1 else "较多的有"
        named = "、".join(f"“{reason}”{n}项" for reason, n in first.items())
        text += f"，所写原因按内容归类，{kind}{named}"
        reckoned = "按所写原因的字词归类，逐项计数"
        bases += [
            Basis(f"原因“{reason}”", f"{n}项", reckoned, _ANALYSIS, "项数", reason)
            for reason, n in first.items()
        ]
    if unwritten:
        text += f"{'；' if first else '，其中'}没有写明原因的{unwritten}项"
        bases.append(
            Basis("没有写明原因", f"{unwritten}项", "原因一栏空白的", _ANALYSIS, "项数", NONE)
        )
    yield Statement(f"{text}。", tuple(bases))
    if len(counted) > _FIRST_REASONS - 1:
        shown = dict([*counted.items()][:_CHARTED])
        values = tuple(map(float, shown.values()))
        yield Plot("失分指标的原因（项）", tuple(shown), (("项数", values),), "0")
