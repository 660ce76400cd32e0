"""Submissions as tidy frames: one a section, and every cell with its file and place.

Columns have nullable dtypes, after their field's kind. Amounts are in the form's own unit (万元 or 元),
percentages are fractions. What the form computes is computed anew here, never taken from the file.
`write_data` puts the frames on disk as CSV and Parquet.
"""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbook.batch import Batch, View, gather
from workbook.errors import WorkbookError
from workbook.findings import Severity
from workbook.form import GROUP, ROW, Field, Form, Section
from workbook.kinds import Raw, Value
from workbook.layout import Plan, place
from workbook.ops import EPOCH, NUMBER, Cells, Type, number_text
from workbook.submission import ACCEPTED, Cell, Return, Submission
from workbook.writing import writing

_AT_ONCE = 500
"""How many submissions are laid side by side; bounds the memory, not the result."""
_LAST_DAY = 2_958_465.0  # 9999-12-31


@dataclass(frozen=True, slots=True)
class Frames:
    """All that was read, as frames."""

    files: pd.DataFrame
    """One row a path, index `path`: status, why, form, version, department_code, department, sha256,
    size (bytes), application, saved_by, modified, errors, warnings, notes."""
    submissions: pd.DataFrame
    """One row an accepted return, index `submission` (its path): form, version, fiscal_year,
    department_code, department, errors, warnings, notes."""
    sections: Mapping[str, Mapping[str, pd.DataFrame]]
    """By a form's key and a section's id. Single fields: index `submission`, a column a field. Rows:
    index (`submission`, `row`), the levels, the fields, and the fields of the row's group repeated
    on each of its rows (do not add those up). Only rows in which something is filled in."""
    cells: pd.DataFrame
    """One row a cell: submission, section, row (NA for single fields, else from 1; for a group's
    field the group's number), field, label,
    raw (what stands there), value (as text), number, sheet, cell, state, receipt. Cells of rows in
    which nothing is filled in are left out. States: blank, typed, converted (with a receipt),
    unreadable, error, formula, overwritten, fixed."""
    findings: pd.DataFrame
    """One row a finding: path, department_code, department, code, severity, sheet, cell, field,
    message, hint, printed, expected."""

    def section(self, section: str, form: str = "") -> pd.DataFrame:
        """A section's frame; `form` is a form's key, and may be left out where there is one form.

        KeyError if there is no such section, or several forms and none is named.
        """
        if not form and len(self.sections) != 1:
            raise KeyError(f"which form: {', '.join(self.sections) or 'none was read'}")
        return self.sections[form or next(iter(self.sections))][section]


def frames(returns: Iterable[Return], form: Form | None = None) -> Frames:
    """The frames of some returns; of one form only, if it is given (files and findings of all)."""
    returns = list(returns)
    groups = by_form(returns)
    if form is not None:
        groups = {form.key: groups.get(form.key, (form, []))}
    read = [submission for _, submissions in groups.values() for submission in submissions]
    keys = {submission.key for submission in read}
    return Frames(
        files=file_frame(returns),
        submissions=_submissions([r for r in returns if r.submission and r.submission.key in keys]),
        sections={key: section_frames(item, found) for key, (item, found) in groups.items()},
        cells=_cells(groups.values()),
        findings=finding_frame(returns),
    )


def by_form(returns: Iterable[Return]) -> dict[str, tuple[Form, list[Submission]]]:
    """The accepted submissions, in their order, by the key of their form."""
    found: dict[str, tuple[Form, list[Submission]]] = {}
    for item in returns:
        if item.status == ACCEPTED and item.submission is not None:
            form = item.submission.form
            found.setdefault(form.key, (form, []))[1].append(item.submission)
    return found


# --- one row a return -----------------------------------------------------------------------------


def file_frame(returns: Sequence[Return]) -> pd.DataFrame:
    """See `Frames.files`."""
    read = [item.submission for item in returns]
    columns = {
        "path": [str(item.path) for item in returns],
        "status": [item.status for item in returns],
        "why": [item.error for item in returns],
        "form": [s.form.id if s else None for s in read],
        "version": [s.form.version if s else None for s in read],
        "department_code": [s.department_code if s else None for s in read],
        "department": [s.department if s else None for s in read],
        "sha256": [item.sha256 for item in returns],
        "size": pd.array([item.size for item in returns], dtype="Int64"),
        "application": [item.application for item in returns],
        "saved_by": [item.saved_by for item in returns],
        "modified": [item.modified for item in returns],
    } | _counts(returns)
    return _typed(columns).set_index("path")


def _submissions(returns: Sequence[Return]) -> pd.DataFrame:
    accepted = [item for item in returns if item.status == ACCEPTED]
    read = [item.submission for item in accepted if item.submission]
    columns = {
        "submission": [s.key for s in read],
        "form": [s.form.id for s in read],
        "version": [s.form.version for s in read],
        "fiscal_year": pd.array([s.fiscal_year for s in read], dtype="Int64"),
        "department_code": [s.department_code for s in read],
        "department": [s.department for s in read],
    } | _counts(accepted)
    return _typed(columns).set_index("submission")


def _counts(returns: Sequence[Return]) -> dict[str, Any]:
    return {
        f"{severity}s": pd.array(
            [sum(f.severity == severity for f in item.findings) for item in returns], dtype="Int64"
        )
        for severity in Severity
    }


def finding_frame(returns: Sequence[Return]) -> pd.DataFrame:
    """See `Frames.findings`. In the order of the returns and of their findings."""
    pairs = [(item, found) for item in returns for found in item.findings]
    read = [item.submission for item, _ in pairs]
    columns: dict[str, Any] = {
        "path": [str(item.path) for item, _ in pairs],
        "department_code": [s.department_code if s else None for s in read],
        "department": [s.department if s else None for s in read],
        "severity": [str(found.severity) for _, found in pairs],
    }
    for name in ("code", "sheet", "cell", "field", "message", "hint", "printed", "expected"):
        columns[name] = [getattr(found, name) for _, found in pairs]
    order = ["path", "department_code", "department", "code", "severity"]
    frame = _typed(columns)
    return frame[order + [name for name in frame.columns if name not in order]].rename_axis(
        "finding"
    )


def _typed(columns: Mapping[str, Any]) -> pd.DataFrame:
    """A frame whose lists are texts; arrays keep their own type."""
    return pd.DataFrame(
        {
            name: pd.array(values, dtype="string") if isinstance(values, list) else values
            for name, values in columns.items()
        }
    )


# --- sections -------------------------------------------------------------------------------------


def section_frames(form: Form, submissions: Sequence[Submission]) -> dict[str, pd.DataFrame]:
    """Each section's wide frame; see `Frames.sections`."""
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in form.sections}
    # An empty batch gives empty frames their columns.
    for chunk in _chunks(submissions) or [()]:
        batch = _gathered(form, chunk)
        for section in form.sections.values():
            make = _rows if section.repeats else _singles
            parts[section.id].append(make(batch, section, chunk))
    return {name: pd.concat(found) for name, found in parts.items()}


def _chunks(submissions: Sequence[Submission]) -> list[Sequence[Submission]]:
    return [submissions[i : i + _AT_ONCE] for i in range(0, len(submissions), _AT_ONCE)]


def _gathered(form: Form, submissions: Sequence[Submission]) -> Batch:
    if submissions:
        return gather(form, submissions, View.TRUE)
    blank = Submission(Path(), form, place(form).plan, {}, {}, form.fiscal_year, "", "")
    return gather(form, [blank], View.TRUE)


def _singles(batch: Batch, section: Section, submissions: Sequence[Submission]) -> pd.DataFrame:
    count = len(submissions)
    every = np.ones((batch.count, 1), dtype=bool)
    columns = {
        item.id: _column(item, batch.field_cells(item.key), every)
        for item in _shown_fields(section)
    }
    if "fiscal_year" in columns:  # the year of the round, not the one that the definition names
        columns["fiscal_year"] = pd.array([s.fiscal_year for s in submissions], dtype="Int64")
    index = pd.Index([s.key for s in submissions], dtype="string", name="submission")
    return pd.DataFrame({name: values[:count] for name, values in columns.items()}, index=index)


def _rows(batch: Batch, section: Section, submissions: Sequence[Submission]) -> pd.DataFrame:
    used = batch.used(section)
    columns = {}
    for item in _shown_fields(section):
        cells = batch.field_cells(item.key)
        if item.grain == GROUP:
            cells = _repeated(cells, [group.rows for group in batch.block(section.id).groups])
        columns[item.id] = _column(item, cells, used)
    which, where = np.nonzero(used)
    numbers = _own_numbers(batch.form, section, batch.plan, [s.plan for s in submissions])
    keys = np.array([s.key for s in submissions], dtype=object)
    index = pd.MultiIndex.from_arrays(
        [
            pd.array(keys[which], dtype="string"),
            pd.array(numbers[which, where] if len(which) else [], dtype="Int64"),
        ],
        names=["submission", "row"],
    )
    return pd.DataFrame(columns, index=index)


def _shown_fields(section: Section) -> list[Field]:
    return [item for item in section.fields.values() if not item.is_hidden]


def _repeated(cells: Cells, sizes: list[int]) -> Cells:
    state, number, words = (
        np.repeat(a, sizes, axis=1) for a in (cells.state, cells.number, cells.words)
    )
    return Cells(state, number, words)


def _column(item: Field, cells: Cells, chosen: npt.NDArray[np.bool_]) -> Any:
    """The values of the chosen cells, typed after the field's kind; NA where there is none."""
    kind = item.kind
    if kind.type is Type.TEXT:
        texts = cells.words[chosen]
        return pd.array([text or None for text in texts.tolist()], dtype="string")
    numbers = np.where((cells.state == NUMBER) & np.isfinite(cells.number), cells.number, np.nan)
    numbers = numbers[chosen]
    if kind.type is Type.DATE:
        return pd.array(_dates(numbers), dtype="datetime64[s]")
    if kind.dtype == "Int64":
        # What is no whole number was found unreadable; see `kinds`.
        whole = np.where(numbers == np.floor(numbers), numbers, np.nan)
        return pd.array(whole, dtype="Float64").astype("Int64")
    return pd.array(numbers, dtype="Float64")


def _dates(days: npt.NDArray[np.float64]) -> npt.NDArray[np.datetime64]:
    known = (days >= 1) & (days <= _LAST_DAY)
    whole = np.where(known, days, 0).astype("timedelta64[D]")
    dates = np.where(known, np.datetime64(EPOCH, "D") + whole, np.datetime64("NaT", "D"))
    return dates.astype("datetime64[s]")


def _own_numbers(
    form: Form, section: Section, joint: Plan, plans: Sequence[Plan]
) -> npt.NDArray[np.int64]:
    """(submissions, joint rows): the number that each row has in its own return, 0 for padding."""
    start = 0
    for other in form.repeating:
        if other.id == section.id:
            break
        start += len(other.groups)
    stop = start + len(section.groups)
    known: dict[Plan, npt.NDArray[np.int64]] = {}
    for plan in set(plans):
        numbers: list[int] = []
        taken = 0
        for own, wide in zip(plan[start:stop], joint[start:stop], strict=True):
            numbers += [*range(taken + 1, taken + own + 1), *[0] * (wide - own)]
            taken += own
        known[plan] = np.array(numbers, dtype=np.int64)
    width = sum(joint[start:stop])
    return np.array([known[plan] for plan in plans], dtype=np.int64).reshape(len(plans), width)


# --- cells ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a defined name of one plan is found: the field's place among the form's, its row or
    group (0 for none), and its column in the batch's arrays."""

    item: int
    number: int
    column: int
    repeats: bool


def _cells(groups: Iterable[tuple[Form, list[Submission]]]) -> pd.DataFrame:
    """See `Frames.cells`."""
    parts = [
        _cells_of(form, chunk) for form, submissions in groups for chunk in _chunks(submissions)
    ]
    return pd.concat(parts or [_CellColumns().frame([], [])], ignore_index=True).rename_axis("line")


class _CellColumns:
    """The columns of `Frames.cells` being filled in."""

    def __init__(self) -> None:
        self.submission: list[int] = []
        self.item: list[int] = []
        self.row: list[int] = []
        self.number: list[float] = []
        self.texts: dict[str, list[str | None]] = {
            name: [] for name in ("raw", "value", "sheet", "cell", "state", "receipt")
        }

    def add(self, i: int, spot: _Spot, item: Field, cell: Cell, value: Value) -> None:
        self.submission.append(i)
        self.item.append(spot.item)
        self.row.append(spot.number)
        self.number.append(float(value) if isinstance(value, int | float) else math.nan)
        texts = self.texts
        texts["raw"].append(_text(cell.raw))
        texts["value"].append(_text(value))
        texts["sheet"].append(cell.address.sheet)
        texts["cell"].append(cell.address.a1)
        texts["state"].append(_state(item, cell))
        texts["receipt"].append(cell.receipt or None)

    def frame(self, items: Sequence[Field], submissions: Sequence[Submission]) -> pd.DataFrame:
        texts = {name: pd.array(values, dtype="string") for name, values in self.texts.items()}
        which = np.array(self.item, dtype=np.int64)
        rows = pd.Series(self.row, dtype="Int64")

        def of(values: list[str], places: npt.NDArray[np.int64]) -> Any:
            return pd.array(values, dtype="string").take(places)

        return pd.DataFrame(
            {
                "submission": of([s.key for s in submissions], np.array(self.submission, np.int64)),
                "section": of([item.section for item in items], which),
                "row": rows.mask(rows == 0),
                "field": of([item.id for item in items], which),
                "label": of([item.label for item in items], which),
                "raw": texts["raw"],
                "value": texts["value"],
                "number": pd.array(np.array(self.number, dtype=float), dtype="Float64"),
                **{name: texts[name] for name in ("sheet", "cell", "state", "receipt")},
            }
        )


def _cells_of(form: Form, submissions: Sequence[Submission]) -> pd.DataFrame:
    batch = _gathered(form, submissions)
    items = list(form.fields())
    anew = {
        item.key: batch.field_cells(item.key)
        for item in items
        if item.is_computed or (item.mode == "fixed" and item.id != "fiscal_year")
    }
    used = {section.id: batch.used(section) for section in form.repeating}
    spots = {plan: _spots(form, items, plan, batch.plan) for plan in {s.plan for s in submissions}}
    columns = _CellColumns()
    for i, submission in enumerate(submissions):
        known = spots[submission.plan]
        for name, cell in submission.cells.items():
            spot = known.get(name)
            if spot is None:
                continue
            item = items[spot.item]
            if spot.repeats and not used[item.section][i, spot.column]:
                continue
            value = cell.value
            if item.key in anew:
                value = _computed(anew[item.key], i, spot.column)
            columns.add(i, spot, item, cell, value)
    return columns.frame(items, submissions)


def _spots(form: Form, items: Sequence[Field], plan: Plan, joint: Plan) -> dict[str, _Spot]:
    places = {item.key: place for place, item in enumerate(items)}
    columns = {
        section.id: {
            int(number): column
            for column, number in enumerate(_own_numbers(form, section, joint, [plan])[0])
        }
        for section in form.repeating
    }
    found = {}
    for name, spot in place(form, plan).spots.items():
        item, number = spot.field, spot.number
        column = columns[item.section][number] if item.grain == ROW else max(number - 1, 0)
        found[name] = _Spot(places[item.key], number, column, item.grain == ROW)
    return found


def _computed(cells: Cells, i: int, column: int) -> Value:
    number = float(cells.number[i, column])
    return str(cells.words[i, column]) if math.isnan(number) else number


def _text(value: Raw | Value) -> str | None:
    if value is None or value == "":
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


# --- on disk --------------------------------------------------------------------------------------

_FORMULA_STARTS = tuple("=+-@＝＋－＠\t\r\n")
"""A text that begins so would be run as a formula by a program that opens the CSV."""


def write_data(frames: Frames, folder: Path | str) -> tuple[Path, ...]:
    """Write every frame as CSV and as Parquet; returns the paths written.

    `files`, `submissions`, `cells` and `findings` stand in the folder, the sections of each form in
    a folder of its own (`department_overall_2024/funds.csv`). Each file is replaced whole or not at
    all. CSV is UTF-8 with BOM, for Excel; there a text that begins like a formula (= + - @) gets an
    apostrophe in front, so that no program runs it. Parquet keeps every text letter for letter.
    Raises WorkbookError when pyarrow is missing (before anything is written) or a file cannot be.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise WorkbookError(
            "写 Parquet 需要 pyarrow，请先运行：pip install 'selfeval-workbook[data]'"
        )
    written = []
    for name, frame in tables(frames).items():
        csv, parquet = Path(folder, f"{name}.csv"), Path(folder, f"{name}.parquet")
        with writing(csv) as temporary:
            _plain(frame).to_csv(temporary, encoding="utf-8-sig", lineterminator="\n", index=False)
        with writing(parquet) as temporary:
            frame.to_parquet(temporary, engine="pyarrow")
        written += [csv, parquet]
    return tuple(written)


def tables(frames: Frames) -> dict[str, pd.DataFrame]:
    """Every frame by the name of its table: `files`, `department_overall_2024/funds` …"""
    found = {n: getattr(frames, n) for n in ("files", "submissions", "cells", "findings")}
    for key, parts in frames.sections.items():
        found |= {f"{table_folder(key)}/{name}": frame for name, frame in parts.items()}
    return found


def table_folder(key: str) -> str:
    """Where the tables of a form stand, by the form's key."""
    return re.sub(r"[^\w.-]+", "_", key).strip("._") or "form"


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame for a CSV: index levels as columns, texts that look like formulas made harmless."""
    flat = frame.reset_index()
    for name in flat.columns[flat.dtypes == "string"]:
        begins = flat[name].str.startswith(_FORMULA_STARTS).fillna(value=False)
        flat[name] = flat[name].mask(begins, "'" + flat[name])
    return flat
