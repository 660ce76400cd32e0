"""Submissions as tidy frames: one a section, and every cell with its file and address.

Columns have nullable dtypes, after their field's kind. Amounts are in the form's own unit (万元 or 元),
percentages are fractions. What the form computes is computed anew here, never taken from the file.
`workbook.summary.schemas` tells every column; `builder.tables.data` puts the frames on disk.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbook.arguments import ArgumentError, refusal, taken
from workbook.catalogue import Severity
from workbook.checking import Batch, View, gather
from workbook.display import html_table
from workbook.expression import EPOCH, NUMBER, Cells, Type
from workbook.form import GROUP, Field, Form, Section
from workbook.language import t
from workbook.layout import lay_out
from workbook.reading import (
    ACCEPTED,
    Return,
    Submission,
    as_returns,
    require_checked,
    require_whole,
)
from workbook.summary.cell_frame import cell_frame, no_cells

_AT_ONCE = 500
"""How many submissions are laid side by side; bounds the memory, not the result."""
_LAST_DAY = 2_958_465.0  # 9999-12-31

Also = Callable[[Batch, Sequence[Submission]], None]
"""Takes something more from the submissions of a batch."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Frames:
    """All that was read, as frames."""

    files: pd.DataFrame
    """One row a path, index `path`: status, why, form, version, county (blank where none is known, as in
    every frame), department_code, department, sha256,
    size (bytes), application, saved_by, modified, errors, warnings, notes."""
    submissions: pd.DataFrame
    """One row an accepted return, index `submission` (its path): form, version, fiscal_year, county,
    department_code, department, filling (a digest: equal where two filled in the same), errors,
    warnings, notes."""
    sections: Mapping[str, Mapping[str, pd.DataFrame]]
    """By a form's key and a section's id. Single fields: index `submission`, county, a column a field. Rows:
    index (`submission`, `row`), county, the levels, the fields, and the fields of the row's group repeated
    on each of its rows (do not add those up). Only rows in which something is filled in."""
    cells: pd.DataFrame
    """One row a cell: submission, county, section, row (NA for single fields, else from 1; for a group's
    field the group's number), field, label,
    raw (what stands there), value (as text), number, sheet, cell, state, receipt. Cells of rows in
    which nothing is filled in are left out. States: blank, typed, converted (with a receipt),
    unreadable, error, formula, overwritten, fixed."""
    findings: pd.DataFrame
    """One row a finding: path, county, department_code, department, code, severity, sheet, cell, field,
    message, hint, printed, expected."""

    forms: Mapping[str, Form]
    """The forms of `sections`, by their keys."""
    checked: bool = True
    """Whether the returns were checked; else `findings` holds only what the reader said."""

    def __repr__(self) -> str:
        forms = "; ".join(f"{key}: {', '.join(parts)}" for key, parts in self.sections.items())
        lines = f"{len(self.files)} files, {len(self.cells)} cells, {len(self.findings)} findings"
        return f"<Frames of {lines}; sections of {forms or 'no form'}>"

    def _repr_html_(self) -> str:
        own = {name: getattr(self, name) for name in ("files", "submissions", "cells", "findings")}
        parts = {
            f"section({name!r}, {key!r})": frame
            for key, frames_by_name in self.sections.items()
            for name, frame in frames_by_name.items()
        }
        rows = [
            (name, len(frame), ", ".join(frame.columns)) for name, frame in (own | parts).items()
        ]
        return html_table(repr(self), ("frame", "rows", "columns"), rows)

    @property
    def finding_cells(self) -> pd.DataFrame:
        """One row a cell that a finding points to: finding (its index in `findings`), submission, county, section, row, field
        (as `cells` has them), code, severity. Findings of whole files have none."""
        return _finding_cells(self.findings)

    def section(self, section: str, form: Form | str = "") -> pd.DataFrame:
        """A section's frame; `form` is a form, its key or its id, and may be left out where one form has the section.

        Raises ArgumentError if there is no such section, or several and no form is named.
        """
        found = {key: parts for key, parts in self.sections.items() if section in parts}
        if not found:
            known = dict.fromkeys(name for parts in self.sections.values() for name in parts)
            raise refusal("section", section, f"有的是：{'、'.join(known) or '一份表也没有读到'}")
        if form:
            wanted = form.key if isinstance(form, Form) else form
            found = {key: v for key, v in found.items() if wanted in (key, self.forms[key].id)}
        if len(found) != 1:
            raise refusal("form", form, f"请写明是哪一种表：{'、'.join(self.sections)}")
        (parts,) = found.values()
        return parts[section]


def frames(
    returns: Iterable[Return],
    form: Form | None = None,
    *,
    checked: bool = True,
    also: Also | None = None,
) -> Frames:
    """The frames of some returns; of one form only, if it is given (files and findings of all).

    Returns that were not checked raise ArgumentError, unless `checked` is False. `also` is shown each batch of
    submissions: gathering is dear.

    >>> from workbook import check, frames, read_returns
    >>> data = frames(check(read_returns("samples/returns")))
    >>> float(data.section("funds")["final_budget"].sum().round(2))
    104060.47
    """
    returns = as_returns(returns, "returns")
    require_checked(returns, checked=checked)
    require_whole(returns)
    twice = [key for key, count in Counter(item.key for item in returns).items() if count > 1]
    if twice:
        raise ArgumentError(t("{path}：读了不止一遍，请只读一遍", path=twice[0]))
    if form is not None:
        taken(form, Form, "form", "应是表式（load_form 读出的）")
    groups = by_form(returns)
    if form is not None:
        groups = {form.key: groups.get(form.key, (form, []))}
    read = [submission for _, submissions in groups.values() for submission in submissions]
    keys = {submission.key for submission in read}
    sections: dict[str, Mapping[str, pd.DataFrame]] = {}
    cells: list[pd.DataFrame] = []
    counties = {r.submission.key: r.county for r in returns if r.submission}
    for key, (item, form_submissions) in groups.items():
        sections[key], lines = _laid_out(item, form_submissions, counties, also)
        cells += lines
    return Frames(
        files=file_frame(returns),
        submissions=_submissions([r for r in returns if r.submission and r.submission.key in keys]),
        sections=sections,
        cells=pd.concat(cells or [no_cells()], ignore_index=True).rename_axis("line"),
        findings=finding_frame(returns),
        forms={key: item for key, (item, _) in groups.items()},
        checked=checked,
    )


def by_form(returns: Iterable[Return]) -> dict[str, tuple[Form, list[Submission]]]:
    """The accepted submissions, in their order, by the key of their form."""
    groups: dict[str, tuple[Form, list[Submission]]] = {}
    for returned in returns:
        if returned.status == ACCEPTED and returned.submission is not None:
            form = returned.submission.form
            groups.setdefault(form.key, (form, []))[1].append(returned.submission)
    return groups


# --- one row a return -----------------------------------------------------------------------------


def file_frame(returns: Sequence[Return]) -> pd.DataFrame:
    """See `Frames.files`."""
    read = [returned.submission for returned in returns]
    columns = {
        "path": [returned.key for returned in returns],
        "status": [returned.status for returned in returns],
        "why": [returned.error for returned in returns],
        "form": [s.form.id if s else None for s in read],
        "version": [s.form.version if s else None for s in read],
        "county": [returned.county for returned in returns],
        "department_code": [s.department_code if s else None for s in read],
        "department": [s.department if s else None for s in read],
        "sha256": [returned.sha256 for returned in returns],
        "size": pd.array([returned.size for returned in returns], dtype="Int64"),
        "application": [returned.application for returned in returns],
        "saved_by": [returned.saved_by for returned in returns],
        "modified": pd.array([_clock(returned) for returned in returns], dtype="datetime64[us]"),
    } | _counts(returns)
    return _typed(columns).set_index("path")


def _clock(returned: Return) -> datetime | None:
    """When a return was last saved, by China's clock."""
    saved = returned.saved_at
    return None if saved is None else saved.replace(tzinfo=None)


def _submissions(returns: Sequence[Return]) -> pd.DataFrame:
    accepted = [r for r in returns if r.status == ACCEPTED and r.submission]
    read = [returned.submission for returned in accepted if returned.submission]
    columns = {
        "submission": [s.key for s in read],
        "form": [s.form.id for s in read],
        "version": [s.form.version for s in read],
        "fiscal_year": pd.array([s.fiscal_year for s in read], dtype="Int64"),
        "county": [returned.county for returned in accepted],
        "department_code": [s.department_code for s in read],
        "department": [s.department for s in read],
        "filling": [s.filling for s in read],
    } | _counts(accepted)
    return _typed(columns).set_index("submission")


def _counts(returns: Sequence[Return]) -> dict[str, Any]:
    return {
        f"{severity}s": pd.array(
            [sum(f.severity == severity for f in returned.findings) for returned in returns],
            dtype="Int64",
        )
        for severity in Severity
    }


def finding_frame(returns: Sequence[Return]) -> pd.DataFrame:
    """See `Frames.findings`. In the order of the returns and of their findings."""
    pairs = [(returned, finding) for returned in returns for finding in returned.findings]
    read = [returned.submission for returned, _ in pairs]
    columns: dict[str, Any] = {
        "path": [returned.key for returned, _ in pairs],
        "county": [returned.county for returned, _ in pairs],
        "department_code": [s.department_code if s else None for s in read],
        "department": [s.department if s else None for s in read],
        "severity": [str(finding.severity) for _, finding in pairs],
    }
    for name in ("code", "sheet", "cell", "field", "message", "hint", "printed", "expected"):
        columns[name] = [getattr(finding, name) for _, finding in pairs]
    order = ["path", "county", "department_code", "department", "code", "severity"]
    frame = _typed(columns)
    return frame[order + [name for name in frame.columns if name not in order]].rename_axis(
        "finding"
    )


_FIELD_NAME = re.compile(r"([a-z0-9_]+)\.([a-z0-9_]+?)(?:\.(\d+))?")


def _finding_cells(findings: pd.DataFrame) -> pd.DataFrame:
    """See `Frames.finding_cells`."""
    lines = findings.loc[findings["field"].fillna("").ne("")]
    names = lines["field"].str.split(",")
    found = [
        (position, match)
        for position, several in enumerate(names)
        for name in dict.fromkeys(several)
        if (match := _FIELD_NAME.fullmatch(name))
    ]
    own = lines.iloc[[position for position, _ in found]]
    rows = [match[3] for _, match in found]
    frame = pd.DataFrame(
        {
            "finding": pd.array(own.index.tolist(), dtype="Int64"),
            "submission": own["path"].array,
            "county": own["county"].array,
            "section": pd.array([match[1] for _, match in found], dtype="string"),
            "row": pd.array([int(row) if row else None for row in rows], dtype="Int64"),
            "field": pd.array([match[2] for _, match in found], dtype="string"),
            "code": own["code"].array,
            "severity": own["severity"].array,
        }
    )
    return frame.rename_axis("line")


def _typed(columns: Mapping[str, Any]) -> pd.DataFrame:
    """A frame whose lists are texts; arrays keep their own type."""
    return pd.DataFrame(
        {
            name: pd.array(values, dtype="string") if isinstance(values, list) else values
            for name, values in columns.items()
        }
    )


# --- sections -------------------------------------------------------------------------------------


def section_frames(
    form: Form,
    submissions: Sequence[Submission],
    also: Also | None = None,
    counties: Mapping[str, str] | None = None,
) -> dict[str, pd.DataFrame]:
    """Each section's wide frame; see `Frames.sections`. `also` is shown each batch. The column of the
    county is there only if `counties` tells it, by the submissions' keys."""
    wide = []
    for chunk, batch in _parts(form, submissions):
        wide.append(_sections(form, chunk, batch, counties))
        if also is not None and chunk:
            also(batch, chunk)
    return _joined(form, wide)


def _laid_out(
    form: Form,
    submissions: Sequence[Submission],
    counties: Mapping[str, str],
    also: Also | None,
) -> tuple[dict[str, pd.DataFrame], list[pd.DataFrame]]:
    """Each section's wide frame, and the parts of `Frames.cells`."""
    lines: list[pd.DataFrame] = []

    def take(batch: Batch, chunk: Sequence[Submission]) -> None:
        lines.append(cell_frame(form, chunk, batch, counties))
        if also is not None:
            also(batch, chunk)

    return section_frames(form, submissions, take, counties), lines


def _sections(
    form: Form,
    submissions: Sequence[Submission],
    batch: Batch,
    counties: Mapping[str, str] | None,
) -> dict[str, pd.DataFrame]:
    names = None if counties is None else [counties[s.key] for s in submissions]
    own_counties = None if names is None else pd.array(names, dtype="string")
    return {
        section.id: (_rows if section.repeats else _singles)(
            batch, section, submissions, own_counties
        )
        for section in form.sections.values()
    }


def _joined(form: Form, parts: Sequence[Mapping[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    return {name: pd.concat([part[name] for part in parts]) for name in form.sections}


def _parts(
    form: Form, submissions: Sequence[Submission]
) -> Iterator[tuple[Sequence[Submission], Batch]]:
    """Some submissions at a time with their batch; an empty one gives empty frames their columns."""
    for chunk in _chunks(submissions) or [()]:
        yield chunk, _gathered(form, chunk)


def _chunks(submissions: Sequence[Submission]) -> list[Sequence[Submission]]:
    return [submissions[i : i + _AT_ONCE] for i in range(0, len(submissions), _AT_ONCE)]


def _gathered(form: Form, submissions: Sequence[Submission]) -> Batch:
    if submissions:
        return gather(form, submissions, View.TRUE)
    blank = Submission(Path(), form, lay_out(form).plan, {}, {}, form.fiscal_year, "", "")
    return gather(form, [blank], View.TRUE)


def _singles(
    batch: Batch, section: Section, submissions: Sequence[Submission], counties: Any
) -> pd.DataFrame:
    """`counties` is an array beside the submissions, or None."""
    count = len(submissions)
    every = np.ones((batch.count, 1), dtype=bool)
    columns = {
        item.id: _column(item, batch.field_cells(item.key), every)
        for item in _shown_fields(section)
    }
    index = pd.Index([s.key for s in submissions], dtype="string", name="submission")
    own = {name: values[:count] for name, values in columns.items()}
    return pd.DataFrame(_after_county(counties, own), index=index)


def _rows(
    batch: Batch, section: Section, submissions: Sequence[Submission], counties: Any
) -> pd.DataFrame:
    used = batch.used(section)
    columns = {}
    for item in _shown_fields(section):
        cells = batch.field_cells(item.key)
        if item.grain == GROUP:
            cells = _repeated(cells, [group.rows for group in batch.block(section.id).groups])
        columns[item.id] = _column(item, cells, used)
    submission_indexes, _ = np.nonzero(used)
    numbers = batch.own_row_numbers(section.id)[used]
    keys = np.array([s.key for s in submissions], dtype=object)
    index = pd.MultiIndex.from_arrays(
        [
            pd.array(keys[submission_indexes], dtype="string"),
            pd.array(numbers, dtype="Int64"),
        ],
        names=["submission", "row"],
    )
    counties = None if counties is None else counties.take(submission_indexes)
    return pd.DataFrame(_after_county(counties, columns), index=index)


def _after_county(counties: Any, columns: Mapping[str, Any]) -> dict[str, Any]:
    return {**columns} if counties is None else {"county": counties, **columns}


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
    if kind.is_whole:
        # What is no whole number was found unreadable; see `kinds`.
        whole_numbers = np.where(numbers == np.floor(numbers), numbers, np.nan)
        return pd.array(whole_numbers, dtype="Float64").astype("Int64")
    return pd.array(numbers, dtype="Float64")


def _dates(days: npt.NDArray[np.float64]) -> npt.NDArray[np.datetime64]:
    in_range = (days >= 1) & (days <= _LAST_DAY)
    day_counts = np.where(in_range, days, 0).astype("timedelta64[D]")
    dates = np.where(in_range, np.datetime64(EPOCH, "D") + day_counts, np.datetime64("NaT", "D"))
    return dates.astype("datetime64[s]")
