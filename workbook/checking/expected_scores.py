"""What a form's own rules give beside what was claimed: scores of rows, and of the budget's execution.

Only where the definition says how: scored rows by a field of theirs, suggested fields by their formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbook.checking.columns import Batch
from workbook.form import CELL, Field, Form, ScoredRows
from workbook.reading import Submission

EXPECTED = "expected_score"
"""The column of the rule's score in every frame of scored rows."""


@dataclass(frozen=True, slots=True)
class Due:
    """Scores as the rules give them; NA where they decide nothing."""

    rows: dict[str, pd.Series[float]]
    """By a section whose rows have a rule: index (`submission`, `row`), used rows only."""
    fields: dict[str, pd.Series[float]]
    """By a suggested field's key: index `submission`."""


class Dues:
    """Gathers what the rules of one form give, batch by batch, beside the frames of the same batches."""

    def __init__(self, form: Form) -> None:
        self.scored = [rows for rows in form.key_fields.scored if rows.expected]
        self.fields = [f for f in form.fields() if f.mode == "suggested" and f.grain == CELL]
        self._rows: dict[str, list[pd.Series[float]]] = {
            rows.section.id: [] for rows in self.scored
        }
        self._single: dict[str, list[pd.Series[float]]] = {item.key: [] for item in self.fields}

    def take(self, batch: Batch, some: Sequence[Submission]) -> None:
        """Work out the scores of the submissions of a batch."""
        for rows in self.scored:
            self._rows[rows.section.id].append(_rows(batch, rows, some))
        for item in self.fields:
            self._single[item.key].append(_field(batch, item, some))

    @property
    def due(self) -> Due:
        """The scores of all that was taken."""
        return Due(
            {name: pd.concat(found) for name, found in self._rows.items() if found},
            {name: pd.concat(found) for name, found in self._single.items() if found},
        )


def due_frame(form: Form, due: Due) -> pd.DataFrame:
    """The scores as one frame: submission, field (its key), row (NA for single fields), score."""
    parts = [
        scores.rename("score").reset_index().assign(field=key)
        for key, scores in (
            *(
                (_key(rows), due.rows[rows.section.id])
                for rows in form.key_fields.scored
                if rows.section.id in due.rows
            ),
            *due.fields.items(),
        )
    ]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(_DTYPES))
    return whole.reindex(columns=list(_DTYPES)).astype(_DTYPES).rename_axis("line")


_DTYPES = {"submission": "string", "field": "string", "row": "Int64", "score": "Float64"}


def due_of(form: Form, frame: pd.DataFrame) -> Due:
    """The scores that `due_frame` laid out."""
    gathered = Dues(form)
    by_field = dict(iter(frame.groupby("field")))
    none = frame.iloc[:0]

    def of(key: str, index: list[str]) -> pd.Series[float]:
        return by_field.get(key, none).set_index(index)["score"]

    return Due(
        {rows.section.id: of(_key(rows), ["submission", "row"]) for rows in gathered.scored},
        {item.key: of(item.key, ["submission"]) for item in gathered.fields},
    )


def _field(batch: Batch, item: Field, some: Sequence[Submission]) -> pd.Series[float]:
    found = batch.evaluate(batch.form.formulas[item.key], item.grain)
    values = np.broadcast_to(found, (len(some), 1))[:, 0].astype(float)
    index = pd.Index([submission.key for submission in some], dtype="string", name="submission")
    return pd.Series(pd.array(values, dtype="Float64"), index=index)


def _key(rows: ScoredRows) -> str:
    return f"{rows.section.id}.{rows.expected}"


def _rows(batch: Batch, rows: ScoredRows, some: Sequence[Submission]) -> pd.Series[float]:
    section = rows.section
    used = batch.used(section)
    values = batch.field_cells(_key(rows)).number[used]
    which, _ = np.nonzero(used)
    numbers = batch.own_row_numbers(section.id)[used]
    keys = pd.array([submission.key for submission in some], dtype="string").take(which)
    index = pd.MultiIndex.from_arrays(
        [keys, pd.array(numbers, dtype="Int64")], names=["submission", "row"]
    )
    return pd.Series(pd.array(values, dtype="Float64"), index=index)
