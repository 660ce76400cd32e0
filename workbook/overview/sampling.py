"""抽查复核: which departments to re-check, drawn by stated criteria; nothing is left to chance.

Each criterion that a department meets gives it points. The most points come first; equal points are
ordered by the budget (largest first, none last), then by code, county, and place in the roster. The
first so many are proposed. Whoever does the same by hand gets the same list.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from workbook.form import Criterion, KeyFields, Sense, available_forms, load_form
from workbook.summary import CRITERIA_HEADS, WHO, FormSummary, Summary, answered

SHARE_LABEL, LEAST_LABEL = "抽查比例", "至少抽查份数"


@dataclass(frozen=True, slots=True)
class Sampling:
    """The settings of a draw."""

    criteria: tuple[Criterion, ...]
    share: float
    """How many are proposed: this share of those that answered, rounded up …"""
    least: float
    """… and at least so many."""
    drawn: frozenset[tuple[str, str]] | None = None
    """Who was drawn before, by county and code: then nothing is drawn anew."""

    @classmethod
    def of(cls, key_fields: KeyFields) -> Sampling:
        """As a form's definition has them."""
        return cls(key_fields.criteria, key_fields.sample_share, key_fields.sample_least)

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
                    criterion,
                    limit=typed.get((criterion.label, limit), criterion.limit),
                    points=typed.get((criterion.label, points), criterion.points),
                )
                for criterion in self.criteria
            ),
            typed.get((SHARE_LABEL, limit), self.share),
            typed.get((LEAST_LABEL, limit), self.least),
            self.drawn,
        )


def sampling_of(summary: Summary, default_settings: Sampling | None = None) -> Sampling:
    """The settings that hold for a summary: the default ones, and what was typed in their place."""
    default_settings = default_settings or usual_sampling(summary)
    return default_settings.changed(summary.reviews.criteria if summary.reviews else {})


def usual_sampling(summary: Summary) -> Sampling:
    """As the first form of the round has them that has any; where nothing was read, the first of ours,
    so that what was typed into a former summary finds its place."""
    forms = [part.form for part in summary.forms] or [load_form(p) for p in available_forms()]
    first = next((form for form in forms if form.key_fields.criteria), forms[0])
    return Sampling.of(first.key_fields)


def metrics(part: FormSummary) -> pd.DataFrame:
    """What the criteria look at, one row an answered department, index `number` as in departments.

    county, code, department, [project], budget (万元), execution_rate, errors, warnings, full_share,
    above (rows above the rule), above_points, execution_gap (points between the printed execution score
    and the rule's). A metric that the form does not give is NA.
    """
    lines = answered(part.departments)
    name_columns = [c for c in (*WHO, "project") if c in lines.columns]
    frame = lines[name_columns].copy()
    columns = {"budget": part.key_fields.budget, "execution_rate": "execution_rate"}
    for name, column in columns.items():
        metric_values = (
            lines[column] if column in lines.columns else pd.Series(pd.NA, index=lines.index)
        )
        frame[name] = metric_values.astype("Float64")
    frame[["errors", "warnings"]] = lines[["errors", "warnings"]].astype("Int64")
    generosity = part.generosity.reindex(lines.index)
    frame["full_share"] = generosity["full_share"].astype("Float64")
    frame["above"] = generosity["above"].astype("Int64")
    frame["above_points"] = generosity["above_points"].astype("Float64")
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
    sampling = sampling or Sampling.of(part.key_fields)
    frame = metrics(part)
    for criterion in sampling.criteria:
        met = _SENSES[criterion.sense](frame[criterion.metric], criterion.limit)
        frame[criterion.column] = met.fillna(value=False).astype("Float64") * criterion.points
    keys = [criterion.column for criterion in sampling.criteria]
    frame["points"] = frame[keys].sum(axis=1) if keys else pd.Series(0.0, index=frame.index)
    tied = frame.sort_values(
        ["budget", "code", "county", "number"],
        ascending=[False, True, True, True],
        na_position="last",
    )
    frame["place"] = pd.Series(range(1, len(tied) + 1), index=tied.index, dtype="Int64")
    frame = frame.sort_values(["points", "place"], ascending=[False, True])
    frame["order"] = pd.array(range(1, len(frame) + 1), dtype="Int64")
    sampled = frame["order"] <= sampling.size(len(frame))
    if sampling.drawn is not None:
        who = zip(frame["county"].fillna(""), frame["code"].fillna(""), strict=True)
        sampled = pd.Series([pair in sampling.drawn for pair in who], index=frame.index)
    frame["sampled"] = sampled.astype("boolean")
    labels = [criterion.label for criterion in sampling.criteria]
    why = [
        "、".join(label for label, points in zip(labels, row, strict=True) if points > 0)
        for row in frame[keys].to_numpy()
    ]
    return frame.assign(why=pd.array(why, dtype="string"))


def _within_top(metric: pd.Series[float], share: float) -> pd.Series[bool]:
    return metric.rank(method="min", ascending=False) <= share * metric.count()


_SENSES: dict[Sense, Callable[[pd.Series[float], float], pd.Series[bool]]] = {
    Sense.AT_LEAST: lambda metric, limit: metric >= limit,
    Sense.BELOW: lambda metric, limit: metric < limit,
    Sense.TOP_SHARE: _within_top,
}
