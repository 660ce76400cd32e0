"""抽查复核: which departments to re-check, drawn by stated criteria; nothing is left to chance.

Each criterion that a department meets gives it points. The most points come first; equal points are
ordered by the final budget (largest first, none last), then by code, then by place in the roster. The
first so many are proposed. Whoever does the same by hand gets the same list.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import pandas as pd

from workbook.summary.adding_up import FormSummary, Summary
from workbook.summary.reviews import CRITERIA_HEADS
from workbook.summary.totals import answered


class Sense(StrEnum):
    """How a metric is held against its limit."""

    AT_LEAST = ">="
    BELOW = "<"
    TOP_SHARE = "top"
    """The metric's rank, 1 for the largest, is within this share of those that have one."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One sign of risk: a department's metric beyond a limit is worth some points."""

    key: str
    label: str
    metric: str
    """A column of `metrics`; where it is NA the criterion is not met."""
    sense: Sense
    limit: float
    points: float
    why: str

    @property
    def column(self) -> str:
        """The column of a sample with the points that it gave."""
        return f"points_{self.key}"

    @property
    def of_share(self) -> bool:
        """Whether the limit is a share, shown as a percentage."""
        return self.sense is Sense.TOP_SHARE or self.metric in ("execution_rate", "full_share")

    @property
    def limit_text(self) -> str:
        """The limit as people read it."""
        return f"{self.limit * 100:g}%" if self.of_share else f"{self.limit:g}"


CRITERIA = (
    Criterion("large", "资金量大", "final_budget", Sense.TOP_SHARE, 0.2, 3,
              "全年预算数的名次在前（占份数的比例）：数额大，错了影响大"),
    Criterion("errors", "填报有错误", "errors", Sense.AT_LEAST, 1, 3, "错误级的问题达到这么多处"),
    Criterion("warnings", "提醒较多", "warnings", Sense.AT_LEAST, 5, 1, "提醒达到这么多处"),
    Criterion("full", "指标全部满分", "full_share", Sense.AT_LEAST, 1, 2, "得满分的指标达到这个比例；100% 是每一行都给自己满分"),
    Criterion("above", "得分高于规则", "above", Sense.AT_LEAST, 1, 2,
              "自评得分高于按指标值、完成值计算的得分的指标达到这么多项"),
    Criterion("execution", "执行得分不符", "execution_gap", Sense.AT_LEAST, 0.01, 2,
              "预算执行得分与按执行率计算的相差达到这么多分（被改写）"),
    Criterion("low_rate", "执行率偏低", "execution_rate", Sense.BELOW, 0.9, 2, "执行率低于这个数"),
)  # fmt: skip
SHARE_LABEL, LEAST_LABEL = "抽查比例", "至少抽查份数"
SHARE, LEAST = 0.2, 3
"""How many are proposed: this share of those that answered, rounded up, and at least so many."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """The settings of a draw."""

    criteria: tuple[Criterion, ...] = CRITERIA
    share: float = SHARE
    least: float = LEAST

    def size(self, count: int) -> int:
        """How many of so many departments are proposed."""
        # Without rounding first, 0.07 of 100 would be 8.
        return min(count, math.ceil(max(self.least, round(self.share * count, 6))))

    def changed(self, typed: Mapping[tuple[str, str], float]) -> Sampling:
        """These settings with those typed into a former summary; see `Reviews.criteria`."""
        _, limit, points, *_ = CRITERIA_HEADS
        return Sampling(
            tuple(
                replace(
                    own,
                    limit=typed.get((own.label, limit), own.limit),
                    points=typed.get((own.label, points), own.points),
                )
                for own in self.criteria
            ),
            typed.get((SHARE_LABEL, limit), self.share),
            typed.get((LEAST_LABEL, limit), self.least),
        )


def sampling_of(summary: Summary, usual: Sampling | None = None) -> Sampling:
    """The settings that hold for a summary: the usual ones, and what was typed in their place."""
    return (usual or Sampling()).changed(summary.reviews.criteria if summary.reviews else {})


def metrics(part: FormSummary) -> pd.DataFrame:
    """What the criteria look at, one row an answered department, index `number` as in departments.

    code, department, [project], final_budget (万元), execution_rate, errors, warnings, full_share,
    above (rows above the rule), above_points, execution_gap (points between the printed execution score
    and the rule's). A metric that the form does not give is NA.
    """
    lines = answered(part.departments)
    kept = [c for c in ("code", "department", "project") if c in lines.columns]
    frame = lines[kept].copy()
    for name in ("final_budget", "execution_rate", "errors", "warnings"):
        given = lines[name] if name in lines.columns else pd.Series(pd.NA, index=lines.index)
        frame[name] = given.astype("Float64" if name.startswith(("f", "ex")) else "Int64")
    own = part.generosity.reindex(lines.index)
    frame["full_share"] = own["full_share"].astype("Float64")
    frame["above"] = own["above"].astype("Int64")
    frame["above_points"] = own["above_points"].astype("Float64")
    frame["execution_gap"] = _execution_gap(lines)
    return frame


def _execution_gap(lines: pd.DataFrame) -> pd.Series[float]:
    if "execution_score_due" not in lines.columns:
        return pd.Series(pd.NA, index=lines.index, dtype="Float64")
    gap = (lines["execution_score"] - lines["execution_score_due"]).abs()
    return gap.round(4).astype("Float64")


def sample(part: FormSummary, sampling: Sampling | None = None) -> pd.DataFrame:
    """The departments in the order of their risk, index `number` as in departments.

    The columns of `metrics`; for each criterion `points_<key>`, what it gave; points (their sum), place
    (the order of equal points), order (from 1), sampled, why (the criteria met).
    """
    sampling = sampling or Sampling()
    frame = metrics(part)
    for criterion in sampling.criteria:
        met = _SENSES[criterion.sense](frame[criterion.metric], criterion.limit)
        frame[criterion.column] = met.fillna(value=False).astype("Float64") * criterion.points
    keys = [criterion.column for criterion in sampling.criteria]
    frame["points"] = frame[keys].sum(axis=1) if keys else pd.Series(0.0, index=frame.index)
    tied = frame.sort_values(
        ["final_budget", "code", "number"], ascending=[False, True, True], na_position="last"
    )
    frame["place"] = pd.Series(range(1, len(tied) + 1), index=tied.index, dtype="Int64")
    frame = frame.sort_values(["points", "place"], ascending=[False, True])
    frame["order"] = pd.array(range(1, len(frame) + 1), dtype="Int64")
    frame["sampled"] = (frame["order"] <= sampling.size(len(frame))).astype("boolean")
    labels = [criterion.label for criterion in sampling.criteria]
    why = [
        "、".join(label for label, given in zip(labels, row, strict=True) if given > 0)
        for row in frame[keys].itertuples(index=False)
    ]
    return frame.assign(why=pd.array(why, dtype="string"))


def _within_top(metric: pd.Series[float], share: float) -> pd.Series[bool]:
    return metric.rank(method="min", ascending=False) <= share * metric.count()


_SENSES: dict[Sense, Callable[[pd.Series[float], float], pd.Series[bool]]] = {
    Sense.AT_LEAST: lambda metric, limit: metric >= limit,
    Sense.BELOW: lambda metric, limit: metric < limit,
    Sense.TOP_SHARE: _within_top,
}
