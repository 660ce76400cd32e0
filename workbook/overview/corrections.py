"""What to mend first: by how much the doubtful figures of each department move the sums, the rate, the mean score.

The rule is plain enough to be done by hand. A total is worked out once as it is and once with the doubtful figures of
one line replaced, amounts by last year's where they are known, all else left out; the difference over the total as it
is, without its sign, is what the line moves it by. A line's effect is the largest over all totals. A score that cannot
be reached is in no mean, and so moves none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbook.catalogue import SEVERITY_ORDER, Severity
from workbook.form import Form
from workbook.overview.concerns import DUE, Attention, attention, named
from workbook.overview.once import once
from workbook.summary import (
    RATE,
    UNIT,
    WHO,
    FormSummary,
    Summary,
    answered,
    figure_words,
    is_doubtful,
    rates_of,
)

RULE = (
    "影响：把一份表存疑的金额（有错误未改）换成上年的数，没有上年数的和存疑的得分去掉以后，"
    "合计数、执行率、采用得分平均变动的百分比，取最大的一项。"
)
"""How effects are reckoned, for those who read them."""
WORTH, MOST = 0.01, 10
"""To be mended first are those who move a total by so much; the first so many."""
_NEGLIGIBLE = 5e-5
"""An effect below this is shown as none: 0.01 %."""

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _MovedTotal:
    """One total as a function of its lines: the sums of some columns, and what is worked out from them."""

    figure: str
    given: _Floats
    """Lines by columns, 0 where a line gives nothing."""
    replaced: _Floats
    """The same with doubtful figures replaced."""
    form: Form
    names: Sequence[str]

    def worked_out(self, sums: _Floats) -> _Floats:
        """The total from rows of sums."""
        if self.figure == RATE:
            rates = rates_of(self.form, pd.DataFrame(sums, columns=list(self.names)))
            return np.asarray(rates.to_numpy(dtype=float, na_value=math.nan), dtype=np.float64)
        if len(self.names) == 2:  # points and how many gave them
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(sums[:, 0] / sums[:, 1], dtype=np.float64)
        return np.asarray(sums[:, 0], dtype=np.float64)

    @property
    def sums(self) -> _Floats:
        return np.array([[math.fsum(column) for column in self.given.T]])

    def moved(self, changes: _Floats) -> tuple[float, _Floats]:
        """The total as it is, and what it is after each row of changes to the sums."""
        return float(self.worked_out(self.sums)[0]), self.worked_out(self.sums + changes)


@once
def effects(summary: Summary, part: FormSummary) -> pd.DataFrame:
    """What correcting each line may move, the most first; index `number` as in departments.

    county, code, department, [project], figure (the total it moves most, by its column), label, effect (a fraction of that
    total); those answered lines whose figures are doubtful.
    """
    lines = answered(part.departments)
    lines = lines[lines["doubtful"].fillna("").ne("")]
    who = [name for name in (*WHO, "project") if name in lines.columns]
    frame = lines[who].assign(
        figure=pd.array([""] * len(lines), dtype="string"),
        label=pd.array([""] * len(lines), dtype="string"),
        effect=0.0,
    )
    if lines.empty:
        return frame
    totals = _totals(summary, part)
    places = answered(part.departments).index.get_indexer(lines.index)
    each = np.stack([_effect_of_each(total)[places] for total in totals])
    most = each.argmax(axis=0)
    labels = figure_words(part.form)
    figures = [totals[place].figure for place in most]
    return frame.assign(
        figure=pd.array(figures, dtype="string"),
        label=pd.array([_LABELS.get(name) or labels[name] for name in figures], dtype="string"),
        effect=each.max(axis=0),
    ).sort_values("effect", ascending=False, kind="stable")


_LABELS = {"counted_score": "采用得分平均"}


def _effect_of_each(total: _MovedTotal) -> _Floats:
    before, after = total.moved(total.replaced - total.given)
    return _relative(before, after)


def _relative(before: float, after: _Floats) -> _Floats:
    if not before or math.isnan(before):
        return np.zeros(len(after))
    # Nothing is left of a total all of whose lines are doubtful: it moves by the whole.
    return np.abs(np.nan_to_num(after, nan=0.0) - before) / abs(before)


def _totals(summary: Summary, part: FormSummary) -> list[_MovedTotal]:
    lines, form = answered(part.departments), part.form
    before = _last_year(summary, part, lines)

    def column(name: str) -> tuple[_Floats, _Floats]:
        own = lines[name].to_numpy(dtype=float, na_value=math.nan)
        doubtful = is_doubtful(lines, name).to_numpy()
        # What a department gave itself last year tells nothing of this year's score.
        return own, np.where(doubtful & ~np.isnan(own), before.get(name, math.nan), own)

    totals = []
    amounts = {name: column(name) for name in part.key_fields.amounts}
    for name, (own, mended) in amounts.items():
        totals.append(_total(form, name, (name,), own[:, None], mended[:, None]))
    if part.key_fields.rate is not None:
        needed = part.key_fields.rate_needs
        own, mended = (np.stack([amounts[n][k] for n in needed], axis=1) for k in (0, 1))
        # A line counts where it gives every amount that the rate rests on.
        for both in (own, mended):
            both[np.isnan(both).any(axis=1)] = math.nan
        totals.append(_total(form, RATE, needed, own, mended))
    if part.key_fields.score is not None:
        own, mended = column("counted_score")
        given = [np.stack([score, ~np.isnan(score)], axis=1) for score in (own, mended)]
        totals.append(_total(form, "counted_score", ("points", "lines"), *given))
    return totals


def _total(
    form: Form, figure: str, names: Sequence[str], own: _Floats, mended: _Floats
) -> _MovedTotal:
    return _MovedTotal(figure, np.nan_to_num(own), np.nan_to_num(mended), form, names)


def _last_year(summary: Summary, part: FormSummary, lines: pd.DataFrame) -> dict[str, _Floats]:
    """Last year's amounts of each line by this year's columns; NaN where none is known."""
    names = [*part.key_fields.amounts]
    unknown = np.full(len(lines), math.nan)
    comparison = summary.comparison_of(part)
    if comparison is None:
        return dict.fromkeys(names, unknown)
    former = comparison.departments.dropna(subset=["number"]).set_index("number")
    columns = {name: f"{name}_before" for name in names}
    return {
        name: former[column].reindex(lines.index).to_numpy(dtype=float, na_value=math.nan)
        if column in former.columns
        else unknown
        for name, column in columns.items()
    }


# --- what to do -----------------------------------------------------------------------------------


def first_to_mend(ordered: pd.DataFrame) -> pd.DataFrame:
    """The lines of `effects` to be mended first; none where nothing is moved much."""
    return ordered[ordered["effect"] >= WORTH].head(MOST)


def problems(summary: Summary, part: FormSummary | None = None) -> tuple[Attention, ...]:
    """What went wrong, the gravest first: `attention` but for what is still due."""
    return tuple(item for item in attention(summary, part) if item.key not in DUE)


def next_steps(summary: Summary, part: FormSummary | None = None) -> tuple[Attention, ...]:
    """What is to be done now, in order: mend what moves the sums, call for what is due."""
    part = part or summary.main
    due = tuple(item for item in attention(summary, part) if item.key in DUE)
    mend = _mend_first(summary, part) if part is not None else None
    return (mend, *due) if mend is not None else due


def _mend_first(summary: Summary, part: FormSummary) -> Attention | None:
    """Which returns to correct first, and what that moves."""
    lines = answered(part.departments)
    faulty = lines[lines["errors"].fillna(0) > 0]
    ordered = effects(summary, part)
    first = first_to_mend(ordered)
    if first.empty:
        if faulty.empty:
            return None
        moves = bool(ordered["effect"].ge(_NEGLIGIBLE).any())
        little = f"每一份对合计的影响都不到 {WORTH:.0%}" if moves else "它们的错误不影响合计"
        sentence = f"请 {len(faulty)} 份有错误的表更正后重报；{little}：{named(faulty)}。"
        return Attention("mend", RULE, sentence, tuple(map(int, faulty.index)))
    label, before, after, share = _together(summary, part, first)
    words = "（" + first["label"] + "）"
    others = len(faulty) - len(first)
    rest = f"其余 {others} 份的错误影响小得多，或不影响合计。" if others > 0 else ""
    by_last_year = summary.comparison_of(part) is not None and label != _LABELS["counted_score"]
    without = "换成上年的" if by_last_year else "不算"
    sentence = (
        f"先更正这 {len(first)} 份：{named(first, words)}。{label}因此变动 {share:.2%}："
        f"现在是 {before}，存疑的数{without}是 {after}。{rest}"
    )
    return Attention("mend", RULE, sentence, tuple(map(int, first.index)))


def _together(
    summary: Summary, part: FormSummary, first: pd.DataFrame
) -> tuple[str, str, str, float]:
    """The total that some lines together move most: its label, as it is and after, in words; by what share."""
    places = answered(part.departments).index.get_indexer(first.index)
    best = ("", "", "", -1.0)
    words = figure_words(part.form) | _LABELS
    for total in _totals(summary, part):
        changes = (total.replaced - total.given)[places]
        joint = np.array([[math.fsum(column) for column in changes.T]])
        before, after = total.moved(joint)
        share = float(_relative(before, after)[0])
        if share > best[3]:
            shown = [_shown(total.figure, value) for value in (before, float(after[0]))]
            kind = "合计" if total.figure in part.key_fields.amounts else ""
            best = (words[total.figure] + kind, *shown, share)  # type: ignore[assignment]
    return best


def _shown(figure: str, value: float) -> str:
    if math.isnan(value):
        return "无"
    if figure == RATE:
        return f"{value:.2%}"
    return f"{value:,.2f} {'分' if figure == 'counted_score' else UNIT}"


# --- findings, by department ----------------------------------------------------------------------

_TOLD = 3
"""Of findings of one cause so many are told in full."""


def problem_list(summary: Summary) -> pd.DataFrame:
    """The findings as people work through them: the columns of `Summary.findings`, `effect` (of the return's line, NA where
    its figures are not doubtful) and `findings` (how many are told in the line).

    Departments come by what their errors move (`effects`), then by how many they have, a department's errors
    before the rest; findings of one cause in one return's sheet stand in one line with all their cells.
    """
    frame = summary.findings
    frame = frame[~frame["path"].isin(summary.duplicates.index)]
    effect_of: dict[str, float] = {}
    for part in summary.forms:
        effect = effects(summary, part)["effect"]
        files = part.departments["file"].reindex(effect.index)
        effect_of |= dict(zip(files, effect, strict=True))
    gravity = frame["severity"].map({str(s): n for s, n in SEVERITY_ORDER.items()}).astype("int64")
    frame = frame.assign(effect=frame["path"].map(effect_of).astype("Float64"), gravity=gravity)
    senders = frame.groupby(["county", "department_code", "department"], sort=False, dropna=False)
    is_error = (frame["severity"] == Severity.ERROR).astype("int64")
    frame = frame.assign(
        sender=senders.ngroup(),
        most=senders["effect"].transform("max").fillna(0.0),
        errors=is_error.groupby(senders.ngroup()).transform("sum"),
    )
    frame = frame.sort_values(
        ["most", "errors", "sender", "gravity"], ascending=[False, False, True, True], kind="stable"
    )
    return _one_line_a_cause(frame.drop(columns=["gravity", "sender", "most", "errors"]))


def _one_line_a_cause(frame: pd.DataFrame) -> pd.DataFrame:
    """Findings of one code in one sheet of a return, with the same severity, joined into the first of them."""
    cause = ["path", "code", "severity", "sheet"]
    grouped = frame.groupby(cause, sort=False, dropna=False)
    counts = grouped["message"].transform("size")
    lines = frame[~frame.duplicated(cause)].assign(findings=counts.astype("Int64"))
    several = frame[counts > 1]
    if several.empty:
        return lines
    joined = several.groupby(cause, sort=False, dropna=False).agg(
        cell=("cell", lambda cells: ",".join(filter(None, cells.fillna("")))),
        message=("message", _told_together),
        printed=("printed", lambda texts: _same_or_each(texts.fillna(""))),
        expected=("expected", lambda texts: _same_or_each(texts.fillna(""))),
    )
    repeated = lines["findings"] > 1
    for name in joined.columns:
        lines.loc[repeated, name] = pd.array(joined[name].to_numpy(), dtype="string")
    return lines


def _told_together(messages: pd.Series[str]) -> str:
    each = list(dict.fromkeys(messages))
    more = f"\n……这样的共 {len(messages)} 处" if len(each) > _TOLD else ""
    return "\n".join(each[:_TOLD]) + more


def _same_or_each(texts: pd.Series[str]) -> str:
    """One text for all if it is the same, else the first few, one a line."""
    each = list(dict.fromkeys(texts))
    return "\n".join(each[:_TOLD]) + ("\n……" if len(each) > _TOLD else "")
