"""What a form's own rules give beside what was claimed: scores of rows, and of the budget's execution.

Only where the definition says how: scored rows by a field of theirs, suggested fields by their formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbook.checking import Batch
from workbook.form import CELL, Field, Form, ScoredRows
from workbook.reading import Submission

EXPECTED = "expected_score"
"""The column of the rule's score in every frame of scored rows."""


@dataclass(frozen=True, slots=True)
class ExpectedScores:
    """Scores as the rules give them; NA where they decide nothing."""

    rows: dict[str, pd.Series[float]]
    """By a section whose rows have a rule: index (`submission`, `row`), used rows only."""
    fields: dict[str, pd.Series[float]]
    """By a suggested field's key: index `submission`."""


class ExpectedScoreCollector:
    """Gathers what the rules of one form give, batch by batch, beside the frames of the same batches."""

    def __init__(self, form: Form) -> None:
        self.scored = [rows for rows in form.key_fields.scored if rows.expected]
        self.fields = [f for f in form.fields() if f.mode == "suggested" and f.grain == CELL]
        self._rows: dict[str, list[pd.Series[float]]] = {
            rows.section.id: [] for rows in self.scored
        }
        self._single: dict[str, list[pd.Series[float]]] = {item.key: [] for item in self.fields}

    def take(self, batch: Batch, submissions: Sequence[Submission]) -> None:
        """Work out the scores of the submissions of a batch."""
        for rows in self.scored:
            self._rows[rows.section.id].append(_row_scores(batch, rows, submissions))
        for item in self.fields:
            self._single[item.key].append(_field_scores(batch, item, submissions))

    @property
    def scores(self) -> ExpectedScores:
        """The scores of all that was taken."""
        return ExpectedScores(
            {name: pd.concat(scores) for name, scores in self._rows.items() if scores},
            {name: pd.concat(scores) for name, scores in self._single.items() if scores},
        )


def expected_score_frame(form: Form, expected: ExpectedScores) -> pd.DataFrame:
    """The scores as one frame: submission, field (its key), row (NA for single fields), score."""
    parts = [
        scores.rename("score").reset_index().assign(field=key)
        for key, scores in (
            *(
                (_key(rows), expected.rows[rows.section.id])
                for rows in form.key_fields.scored
                if rows.section.id in expected.rows
            ),
            *expected.fields.items(),
        )
    ]
    lines = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(_DTYPES))
    return lines.reindex(columns=list(_DTYPES)).astype(_DTYPES).rename_axis("line")


_DTYPES = {"submission": "string", "field": "string", "row": "Int64", "score": "Float64"}


def expected_scores_of(form: Form, frame: pd.DataFrame) -> ExpectedScores:
    """The scores that `expected_score_frame` laid out."""
    gathered = ExpectedScoreCollector(form)
    by_field = dict(iter(frame.groupby("field")))
    none = frame.iloc[:0]

    def of(key: str, index: list[str]) -> pd.Series[float]:
        return by_field.get(key, none).set_index(index)["score"]

    return ExpectedScores(
        {rows.section.id: of(_key(rows), ["submission", "row"]) for rows in gathered.scored},
        {item.key: of(item.key, ["submission"]) for item in gathered.fields},
    )


def _field_scores(batch: Batch, item: Field, submissions: Sequence[Submission]) -> pd.Series[float]:
    evaluated = batch.evaluate(batch.form.formulas[item.key], item.grain)
    values = np.broadcast_to(evaluated, (len(submissions), 1))[:, 0].astype(float)
    index = pd.Index(
        [submission.key for submission in submissions], dtype="string", name="submission"
    )
    return pd.Series(pd.array(values, dtype="Float64"), index=index)


def _key(rows: ScoredRows) -> str:
    return f"{rows.section.id}.{rows.expected}"


def _row_scores(
    batch: Batch, rows: ScoredRows, submissions: Sequence[Submission]
) -> pd.Series[float]:
    section = rows.section
    used = batch.used(section)
    values = batch.field_cells(_key(rows)).number[used]
    submission_indexes, _ = np.nonzero(used)
    numbers = batch.own_row_numbers(section.id)[used]
    keys = pd.array([submission.key for submission in submissions], dtype="string").take(
        submission_indexes
    )
    index = pd.MultiIndex.from_arrays(
        [keys, pd.array(numbers, dtype="Int64")], names=["submission", "row"]
    )
    return pd.Series(pd.array(values, dtype="Float64"), index=index)
