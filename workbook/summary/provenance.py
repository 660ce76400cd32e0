"""Where each figure of the summary came from: the file, the sheet and the cell of the return."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbook.expression import number_text
from workbook.form import Field, Form
from workbook.reading import Cell, Submission
from workbook.summary.amounts import amount_column, column_of
from workbook.summary.expected_scores import (
    ExpectedScoreCollector,
    ExpectedScores,
    expected_score_frame,
    expected_scores_of,
)
from workbook.summary.schemas import WHO
from workbook.summary.tidy_frames import section_frames

_COLUMNS = {
    "number": "Int64",
    "county": "string",
    "code": "string",
    "department": "string",
    "project": "string",
    "figure": "string",
    "label": "string",
    "value": "Float64",
    "path": "string",
    "sheet": "string",
    "cell": "string",
    "origin": "string",
    "raw": "string",
}
ORIGINS = {
    "typed": "填报",
    "converted": "填报，经转换",
    "recomputed": "按填报数重算",
    "blank": "空白",
    "unreadable": "无法识别",
    "fixed": "表中固定",
}
"""How a figure came about, as clerks read it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is added up of one form's submissions."""

    sections: Mapping[str, pd.DataFrame]
    """As `workbook.summary.tidy_frames.section_frames`."""
    expected_scores: ExpectedScores
    traces: pd.DataFrame
    """What `traces_of` gives."""


Reading = Callable[[Form, Sequence[Submission]], Figures]
"""Gives the figures of some submissions of a form."""


def figures_in(form: Form, submissions: Sequence[Submission]) -> Figures:
    """The figures in the submissions' own cells."""
    collector = ExpectedScoreCollector(form)
    sections = section_frames(form, submissions, also=collector.take)
    return Figures(sections, collector.scores, traces_of(form, submissions))


def joined_figures(form: Form, parts: Sequence[Figures], keys: Sequence[str]) -> Figures:
    """The figures of several lots of submissions as one: of the submissions of some keys, in the keys' order."""
    index = pd.Index(keys)
    dues = pd.concat([expected_score_frame(form, part.expected_scores) for part in parts])
    traces = pd.concat([part.traces for part in parts])
    return Figures(
        {
            name: _in_order(pd.concat([part.sections[name] for part in parts]), index)
            for name in form.sections
        },
        expected_scores_of(form, dues),
        traces[traces["submission"].isin(keys)],
    )


def _in_order(frame: pd.DataFrame, keys: pd.Index[str]) -> pd.DataFrame:
    positions = keys.get_indexer(frame.index.get_level_values("submission"))
    order = np.argsort(positions, kind="stable")
    return frame.iloc[order[positions[order] >= 0]]


def traces_of(form: Form, submissions: Sequence[Submission]) -> pd.DataFrame:
    """Where each figure of some submissions stands, submission by submission.

    submission, figure, sheet, cell, origin (a key of `ORIGINS`), raw.
    """
    figures = form.key_fields.figures
    figure_cells = [(item, s.cell_of(item.key)) for s in submissions for item in figures.values()]
    columns: dict[str, list[str | None]] = {
        "submission": [s.key for s in submissions for _ in figures],
        "figure": [*figures] * len(submissions),
        "sheet": [cell.address.sheet if cell else None for _, cell in figure_cells],
        "cell": [cell.address.a1 if cell else None for _, cell in figure_cells],
        "origin": [_origin(item, cell) for item, cell in figure_cells],
        "raw": [_text(cell) for _, cell in figure_cells],
    }
    typed = {name: pd.array(values, dtype="string") for name, values in columns.items()}
    return pd.DataFrame(typed).rename_axis("line")


def sources_of(
    form: Form,
    departments: pd.DataFrame,
    traces: pd.DataFrame,
    parts: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """See `FormSummary.sources`. `parts` are the sections' frames."""
    figures = form.key_fields.figures
    values = {
        key: amount_column(form, parts, item) if item.kind.is_amount else column_of(parts, item)
        for key, item in figures.items()
    }
    numbers = dict(zip(departments["file"], departments.index, strict=True))
    positions = np.array([numbers[key] for key in traces["submission"]], dtype=np.int64)
    ordered = traces.iloc[np.argsort(positions, kind="stable")]
    keys = ordered["submission"].drop_duplicates().tolist()
    # Each return's figures stand together, so every column of its line is repeated.
    lines = departments.loc[[numbers[key] for key in keys]].reset_index()
    who = lines.loc[lines.index.repeat(len(figures))].reset_index(drop=True)
    columns: dict[str, Any] = {name: who[name] for name in ("number", *WHO)}
    columns["project"] = who["project"] if "project" in who.columns else [pd.NA] * len(who)
    columns["label"] = [item.label for item in figures.values()] * len(keys)
    columns["value"] = _interleaved([values[key].loc[keys] for key in figures])
    columns["path"] = who["file"]
    columns |= {name: ordered[name] for name in ("figure", "sheet", "cell", "origin", "raw")}
    frame = pd.DataFrame(
        {name: pd.array(columns[name], dtype=dtype) for name, dtype in _COLUMNS.items()}
    )
    return frame.rename_axis("source")


def first_sources(sources: pd.DataFrame) -> dict[int, int]:
    """By a department's number: the line, from 0, of the first of its figures."""
    first = sources.reset_index().groupby("number")["source"].min()
    return {int(number): int(line) for number, line in first.items()}  # type: ignore[call-overload]


def sources_by_figure(sources: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each figure with the lines that tell where the departments' stand."""
    yield from ((str(figure), lines) for figure, lines in sources.groupby("figure"))


def _interleaved(columns: Sequence[pd.Series[float]]) -> npt.NDArray[np.float64]:
    """The first of each column, then the second of each, and so on; NaN for what is missing."""
    arrays = [column.to_numpy(dtype=float, na_value=np.nan) for column in columns]
    return np.array(arrays, dtype=np.float64).T.ravel()


def _text(cell: Cell | None) -> str | None:
    if cell is None or cell.raw is None:
        return None
    return number_text(cell.raw) if isinstance(cell.raw, float) else str(cell.raw)


def _origin(item: Field, cell: Cell | None) -> str:
    if item.mode == "computed":
        return "recomputed"
    if item.mode == "fixed":
        return "fixed"
    if cell is None or (cell.value is None and not cell.problem and not cell.formula):
        return "blank"
    if cell.problem or cell.error:
        return "unreadable"
    if cell.formula:
        return "recomputed"
    return "converted" if cell.receipt else "typed"
