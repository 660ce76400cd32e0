"""Every cell of submissions as one tidy frame, each with its file and address."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbook.checking import Batch
from workbook.expression import Cells, number_text
from workbook.form import ROW, Field, Form, Raw, Value
from workbook.layout import Plan, lay_out
from workbook.reading import Cell, Submission


def no_cells() -> pd.DataFrame:
    """The frame without a line."""
    return _frame([], [], {})


class _CellLines(NamedTuple):
    """Some of the lines of `Frames.cells`, each column by itself."""

    submission: npt.NDArray[np.int64]
    item: npt.NDArray[np.int64]
    """The field's position among the form's."""
    row: npt.NDArray[np.int64]
    """The row or group, 0 for none."""
    cells: list[Cell]
    values: list[Value]


def cell_frame(
    form: Form, submissions: Sequence[Submission], batch: Batch, counties: Mapping[str, str]
) -> pd.DataFrame:
    """Their part of `Frames.cells`; `batch` is theirs, everything computed anew in it; `counties` by the
    submissions' keys."""
    items = list(form.fields())
    used = {section.id: batch.used(section) for section in form.repeating}
    plans: dict[Plan, list[int]] = {}
    for i, submission in enumerate(submissions):
        plans.setdefault(submission.plan, []).append(i)
    lines = [
        _lines_of(_PlannedCells.of(form, items, indexes[0], batch), submissions, indexes, used)
        for plan, indexes in plans.items()
    ]
    return _frame(lines, items, {s.key: counties[s.key] for s in submissions})


@dataclass(frozen=True, slots=True)
class _PlannedCells:
    """The defined names of one plan, each with its field, its row or group, and where the batch has it."""

    names: list[str]
    items: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    columns: list[int]
    repeats: dict[str, list[int]]
    """By repeating section: the positions, among the names, of its rows' cells."""
    anew: list[tuple[int, Cells]]
    """The positions of what is not taken from the file, with what the batch has."""

    @classmethod
    def of(cls, form: Form, items: Sequence[Field], i: int, batch: Batch) -> _PlannedCells:
        """The plan of one of the batch's submissions."""
        positions = {item.key: position for position, item in enumerate(items)}
        numbers = {
            section.id: {
                int(number): column
                for column, number in enumerate(batch.own_row_numbers(section.id)[i])
            }
            for section in form.repeating
        }
        spots = lay_out(form, batch.plans[i]).spots
        columns, repeats = [], {section.id: [] for section in form.repeating}  # type: ignore[var-annotated]
        anew: list[tuple[int, Cells]] = []
        for at, spot in enumerate(spots.values()):
            item, number = spot.field, spot.number
            if item.grain == ROW:
                repeats[item.section].append(at)
            by_row = item.grain == ROW
            columns.append(numbers[item.section][number] if by_row else max(number - 1, 0))
            if item.is_computed or (item.mode == "fixed" and item.id != "fiscal_year"):
                anew.append((at, batch.field_cells(item.key)))
        return cls(
            list(spots),
            np.array([positions[spot.field.key] for spot in spots.values()], dtype=np.int64),
            np.array([spot.number for spot in spots.values()], dtype=np.int64),
            columns,
            repeats,
            anew,
        )


def _lines_of(
    plan: _PlannedCells,
    submissions: Sequence[Submission],
    indexes: list[int],
    used: Mapping[str, npt.NDArray[np.bool_]],
) -> _CellLines:
    """The lines of the submissions that share a plan."""
    cells = [list(map(submissions[i].cells.get, plan.names)) for i in indexes]
    values = [[None if cell is None else cell.value for cell in row] for row in cells]
    for position, computed in plan.anew:
        column = plan.columns[position]
        numbers = computed.number[indexes, column].tolist()
        words = computed.words[indexes, column].tolist()
        for row, number, word in zip(values, numbers, words, strict=True):
            row[position] = word if math.isnan(number) else number
    shown = np.array([[cell is not None for cell in row] for row in cells], dtype=bool)
    for section, positions in plan.repeats.items():
        section_columns = [plan.columns[position] for position in positions]
        shown[:, positions] &= used[section][np.ix_(indexes, section_columns)]
    submission_positions, name_positions = np.nonzero(shown)
    shown_pairs = list(zip(submission_positions.tolist(), name_positions.tolist(), strict=True))
    return _CellLines(
        np.array(indexes, dtype=np.int64)[submission_positions],
        plan.items[name_positions],
        plan.rows[name_positions],
        [cells[i][j] for i, j in shown_pairs],  # type: ignore[misc]  # None is not shown
        [values[i][j] for i, j in shown_pairs],
    )


def _frame(
    lines: Sequence[_CellLines], items: Sequence[Field], counties: Mapping[str, str]
) -> pd.DataFrame:
    """`counties` has the submissions' keys in their order."""
    none = np.array([], dtype=np.int64)
    submission = np.concatenate([none, *(part.submission for part in lines)])
    item = np.concatenate([none, *(part.item for part in lines)])
    row = np.concatenate([none, *(part.row for part in lines)])
    cells = [cell for part in lines for cell in part.cells]
    values = [value for part in lines for value in part.values]  # noqa: PD011
    stands = [cell.address for cell in cells]
    addresses = dict.fromkeys(stands)
    address_positions = _positions(stands, addresses)
    fields = [items[i] for i in item.tolist()]
    raw = [_text(cell.raw) for cell in cells]
    value_texts = [
        text if value is cell.raw else _text(value)
        for text, value, cell in zip(raw, values, cells, strict=True)
    ]

    def of(names: Sequence[str], positions: npt.NDArray[np.int64]) -> Any:
        return pd.array(list(names), dtype="string").take(positions)

    def texts(column: list[str | None]) -> Any:
        distinct = dict.fromkeys(column)
        distinct.pop(None, None)
        names: Any = pd.array(list(distinct), dtype="string")
        return names.take(_positions(column, distinct), allow_fill=True)

    frame = pd.DataFrame(
        {
            "submission": of(list(counties), submission),
            "county": of(list(counties.values()), submission),
            "section": of([item.section for item in items], item),
            "row": pd.arrays.IntegerArray(row, row == 0),
            "field": of([item.id for item in items], item),
            "label": of([item.label for item in items], item),
            "raw": texts(raw),
            "value": texts(value_texts),
            "number": pd.array(
                np.array([_figure(value) for value in values], dtype=float), dtype="Float64"
            ),
            "sheet": of([address.sheet for address in addresses], address_positions),
            "cell": of([address.a1 for address in addresses], address_positions),
            "state": texts(list(map(_state, fields, cells))),
            "receipt": texts([cell.receipt or None for cell in cells]),
        }
    )
    if len(lines) > 1:  # several plans: back into the order of the submissions
        frame = frame.iloc[np.argsort(submission, kind="stable")]
    return frame


def _positions(members: Sequence[object], among: Iterable[object]) -> npt.NDArray[np.int64]:
    """Where each member stands among the distinct ones; -1 where it does not."""
    position_of = {member: position for position, member in enumerate(among)}
    return np.array([position_of.get(member, -1) for member in members], dtype=np.int64)


def _figure(value: Value) -> float:
    return float(value) if isinstance(value, float | int) else math.nan


def _text(value: Raw | Value) -> str | None:
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, float | int) and not isinstance(value, bool):
        return number_text(float(value))
    return str(value)


def _state(item: Field, cell: Cell) -> str:
    if cell.error:
        return "error"
    if item.mode == "fixed":
        return "fixed"
    if item.is_computed:
        return "formula" if cell.formula else "overwritten"
    if cell.problem:
        return "unreadable"
    if cell.value is None:
        return "blank"
    return "converted" if cell.receipt else "typed"
