"""How scores and execution rates are spread: what charts show."""

from __future__ import annotations

import math

import pandas as pd

from workbook.summary import WHO, FormSummary, answered

BANDS = (
    ("60以下", 0.0, 60.0),
    ("60–70", 60.0, 70.0),
    ("70–80", 70.0, 80.0),
    ("80–85", 80.0, 85.0),
    ("85–90", 85.0, 90.0),
    ("90–95", 90.0, 95.0),
    ("95–98", 95.0, 98.0),
    ("98以上", 98.0, None),
)
"""The bands of the score distribution: label, from, below (None: no limit)."""
LOW_RATE = 0.9
"""Execution below this share is low, where the form sets no `rate_threshold`."""
CHARTED = 24
"""No chart shows more departments than this."""


def distribution(part: FormSummary) -> pd.DataFrame:
    """How the scores that count are spread: index `band`; lowest, below (NA: no limit), departments."""
    scores = (
        part.departments["counted_score"]
        if part.key_fields.score is not None
        else pd.Series([], dtype="Float64")
    )
    known_scores = scores.dropna().to_numpy(dtype=float)
    counts = [
        int(
            (
                (known_scores >= lowest) & (known_scores < (math.inf if below is None else below))
            ).sum()
        )
        for _, lowest, below in BANDS
    ]
    return pd.DataFrame(
        {
            "lowest": pd.array([lowest for _, lowest, _ in BANDS], dtype="Float64"),
            "below": pd.array([below for *_, below in BANDS], dtype="Float64"),
            "departments": pd.array(counts, dtype="Int64"),
        },
        index=pd.Index([label for label, *_ in BANDS], dtype="string", name="band"),
    )


def rate_threshold(part: FormSummary) -> float:
    """Below this rate execution is low: the form's setting, or `LOW_RATE`."""
    return float(part.form.settings.get("rate_threshold", LOW_RATE))


def _unspent(part: FormSummary, lines: pd.DataFrame) -> pd.Series[float]:
    """What each line did not spend of its budget; NA where the form does not say which is which."""
    budget, spent = part.key_fields.budget, part.key_fields.spent
    if not (budget and spent):
        return pd.Series(pd.NA, index=lines.index, dtype="Float64")
    return lines[budget] - lines[spent]


def by_rate(part: FormSummary, most: int = CHARTED) -> pd.DataFrame:
    """Departments by execution rate, lowest first, index `number` as in departments; those with a rate.

    county, code, department, [project], execution_rate, unspent (万元). Of more than `most` the lowest two
    thirds of `most` and the highest third stay.
    """
    lines = answered(part.departments)
    key_fields = part.key_fields
    if key_fields.rate is None:
        return lines.iloc[:0]
    name_columns = [c for c in (*WHO, "project") if c in lines.columns]
    frame = lines[[*name_columns, "execution_rate"]].assign(unspent=_unspent(part, lines))
    frame = frame[frame["execution_rate"].notna()].sort_values("execution_rate", kind="stable")
    if len(frame) <= most:
        return frame
    lowest = most * 2 // 3
    return pd.concat([frame.iloc[:lowest], frame.iloc[lowest - most :]])
