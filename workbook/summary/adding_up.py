"""Adding up: one line a department, totals, grades, and who is left out and why.

Amounts are 万元 whatever the form's unit; rates are fractions, recomputed from the sums and never
averaged; what is missing is missing, not zero. What the modules beside it do:
`coverage` who owes what, `totals` sums and grades, `attainment` the indicators, `provenance` whence each
figure came; `overview` and `sampling` are worked out from the finished summary.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from workbook.arguments import DayLike, PathLike, as_day, as_path, taken
from workbook.catalogue import Severity
from workbook.checking import Roster, as_roster
from workbook.display import html_table
from workbook.form import Form, KeyFields
from workbook.reading import Return, Submission, as_returns, require_checked, require_whole
from workbook.summary.amounts import amount_column, column_of
from workbook.summary.attainment import details_of, generosity, indicators_of
from workbook.summary.coverage import (
    Round,
    Status,
    coverage_frame,
    duplicate_frame,
    duty_frame,
    owned_findings,
    sort_out,
    status_of,
    used_files,
)
from workbook.summary.doubt import doubtful_figures, fields_in_doubt
from workbook.summary.expected_scores import ExpectedScores
from workbook.summary.previous import Comparison, DepartmentLines, compare
from workbook.summary.previous_table import PreviousTables, load_previous
from workbook.summary.provenance import Reading, figures_in, sources_of
from workbook.summary.reviews import Reviews, cutoffs, keep, load_reviews, set_aside
from workbook.summary.schemas import WHO
from workbook.summary.totals import (
    composition_of,
    counties_of,
    funds_of,
    grade_counts,
    graded,
    totals_of,
)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class FormSummary:
    """The summary of one form's returns. Amounts are 万元."""

    form: Form
    fiscal_year: int
    departments: pd.DataFrame
    """One row a department (a project, where the form has projects), in the roster's order, index
    `number` from 1: status, county, code, department, [project], the amounts of the line, execution_rate,
    [execution_score, execution_score_due: what the rule gives], total_score, review_score and remark
    (as typed into a former summary), counted_score (the reviewed one, else the department's own), grade, rank,
    errors, warnings, notes, doubtful (the doubtful figures by their columns, commas between), file."""
    totals: pd.DataFrame
    """Index `figure`: label, value, departments (that gave it), missing (that answered without it).
    Amounts are sums; execution_rate is the ratio of the sums over those who gave both; mean_score is
    the plain mean, weighted_score weighted by the final budget; `counted_…` the same of the scores
    that count. certain: the value without the doubtful figures, of which `doubtful` were left out."""
    counties: pd.DataFrame
    """One row a county that is known, in their order, index `county`: departments (lines), answered, faulty (of
    these), rejected, missing, the sums of the amounts, execution_rate of the sums, mean_score (of the
    departments' own scores), of each NAME also NAME_certain and NAME_doubtful as in totals."""
    grades: pd.DataFrame
    """Index `grade`, best first: departments, share (of those graded)."""
    indicators: pd.DataFrame
    """Index (`section`, the levels): what `attainment_by` gives."""
    funds: pd.DataFrame
    """Index `field`: heading, label, amount, departments (that gave it), certain and
    doubtful as in totals, share (of its heading)."""
    composition: pd.DataFrame
    """One row an answered department, index `number` as in departments: every part of the funds, and
    for each breakdown `<key>_total` and `<key>_difference` (from the amount it should make up)."""
    details: Mapping[str, pd.DataFrame]
    """By repeating section: one row a used row, index (`submission`, `row`): county, code, department, the
    levels and fields, `sheet` and `cell`; where the section is scored also `rate` (score over weight),
    `lost` (points), `expected_score` (the rule's), `above` (score less the rule's) and `reason` (the
    group of the reason for lost points, NA where none was lost). Empty if the rows were left out, as
    are `indicators`, `generosity` and `sources` then."""
    generosity: pd.DataFrame
    """One row an answered department: what `generosity` gives."""
    sources: pd.DataFrame
    """One row a figure of a department's line, index `source`: number, county, code, department, project,
    figure, label, value (万元, fraction or score), path, sheet, cell, origin, raw."""
    cutoffs: tuple[tuple[str, float], ...]
    """(grade, lowest score), best first: the form's, or as they were changed in a former summary."""

    def __repr__(self) -> str:
        return f"<FormSummary of {self.form.id}, year {self.fiscal_year}: {len(self.departments)} departments>"

    def _repr_html_(self) -> str:
        rows = list(self.totals.reset_index().itertuples(index=False, name=None))
        return html_table(repr(self), ["figure", *self.totals.columns], rows)

    @property
    def figures(self) -> pd.DataFrame:
        """The totals as lines: index `line`; fiscal_year, figure, and the columns of `totals`."""
        year = pd.array([self.fiscal_year] * len(self.totals), dtype="Int64")
        lines = self.totals.reset_index().assign(fiscal_year=year)
        return lines[["fiscal_year", "figure", *self.totals.columns]].rename_axis("line")

    @property
    def key_fields(self) -> KeyFields:
        """What the summary takes from the form."""
        return self.form.key_fields


@dataclass(frozen=True, slots=True, weakref_slot=True, repr=False, eq=False)
class Summary:
    """The summary of a round."""

    forms: tuple[FormSummary, ...]
    """One a form; the departments' own form comes first, forms by project after it."""
    coverage: pd.DataFrame
    """One row a department, the roster's first and in its order, index `number` from 1: status, county, code,
    department, contact, phone, returns (how many were read), duplicates, errors, warnings, notes (of
    the return that counts), on_roster, deadline, received (the day of the first return that was read),
    received_by ("received", "saved" or "prepared"), days_late, late (NA without deadline or day), why, file."""
    duties: pd.DataFrame
    """One row a duty, a department's own form first and then its projects', index `number` from 1: status,
    county, code, department, form, project (NA for its own form), on_roster, copies, duplicates, errors,
    warnings, notes (of the return that counts), why, file."""
    duplicates: pd.DataFrame
    """One row a return that does not count since another copy does: index `path`; county, code, department
    (as in the coverage), counted."""
    files: pd.DataFrame
    """As `Frames.files`, with `use`: counted, duplicate, undecided (not counted, and nothing tells whether
    it is later than the one that is), other_year (than the round's), rejected, skipped; the department as below."""
    findings: pd.DataFrame
    """As `Frames.findings`; the department is the roster's, for rejected files as the name tells."""
    has_roster: bool
    unmatched: pd.DataFrame
    """What a former summary held for departments that have no line now; see `reviews.set_aside`."""
    comparisons: tuple[Comparison, ...]
    """Last year beside this year, one a form that both have."""
    root: str = ""
    """Where the files' paths begin: a round's folder; else where the program runs."""
    left_out: str = ""
    """What is too long for the workbook and where it stands, in a sentence; blank if nothing is."""
    reviews: Reviews | None = None
    """What was typed into a former summary, as it was given."""

    def __repr__(self) -> str:
        parts = "; ".join(map(repr, self.forms))
        return f"<Summary of {len(self.coverage)} departments: {parts or 'nothing was read'}>"

    def _repr_html_(self) -> str:
        rows = list(self.counts.items())
        parts = "".join(part._repr_html_() for part in self.forms)
        return html_table(repr(self), ("status", "departments"), rows) + parts

    def comparison_of(self, part: FormSummary) -> Comparison | None:
        """One of its forms, last year beside this year; None where last year was not given."""
        key = (part.form.key, part.fiscal_year)
        return next((c for c in self.comparisons if (c.form.key, c.fiscal_year) == key), None)

    @property
    def project_duties(self) -> pd.DataFrame:
        """The lines of `duties` that are about projects."""
        return self.duties[self.duties["project"].notna()]

    @property
    def lists_projects(self) -> bool:
        """Whether the roster says for which projects a form is due."""
        return bool(self.project_duties["on_roster"].any())

    @property
    def counties(self) -> tuple[str, ...]:
        """The counties of the departments, in their order; none where none is known."""
        return tuple(dict.fromkeys(county for county in self.coverage["county"] if county))

    @property
    def counts(self) -> pd.Series[int]:
        """How many departments have each status, index `status`."""
        statuses = [str(status) for status in Status]
        counted = self.coverage["status"].value_counts()
        return counted.reindex(statuses, fill_value=0).astype(int).rename_axis("status")

    @property
    def main(self) -> FormSummary | None:
        """The summary of the departments' own form; None if nothing was read."""
        return self.forms[0] if self.forms else None

    @property
    def lines(self) -> tuple[DepartmentLines, ...]:
        """Every form's departments, to be compared with another year's."""
        return tuple(
            DepartmentLines(part.form, part.fiscal_year, part.departments, part.cutoffs)
            for part in self.forms
        )


def aggregate(
    returns: Iterable[Return],
    roster: Roster | PathLike | None = None,
    *,
    deadline: DayLike | None = None,
    reviews: Reviews | PathLike | None = None,
    previous: Summary | PreviousTables | PathLike | None = None,
    checked: bool = True,
    reading: Reading = figures_in,
    left_out: str = "",
) -> Summary:
    """Add up the returns of a round, for each form and year; see `Summary`.

    `deadline` is for departments of which the roster gives none. `reviews` is what was typed into a
    former summary of the round (`reviews.load_reviews`), `previous` the summary of last year's
    returns, or last year's summary as it was written or a table like it (`previous_table.load_previous`).
    WorkbookError where departments cannot be told apart: see `Return.county`.
    RosterError where the roster gives a deadline that is no date; ReviewError and PreviousError where
    the reviews or last year's returns do not fit.

    Returns that were not checked raise ArgumentError, unless `checked` is False: then nothing is faulty or
    doubtful. Roster, reviews and last year may be given by their paths.

    `reading` may take the figures from elsewhere than the submissions' cells. Where it leaves out rows
    and traces, `left_out` says so; see `Summary.left_out`.

    >>> from workbook import aggregate, check, read_returns
    >>> summary = aggregate(check(read_returns("samples/returns")), "samples/roster.csv")
    >>> summary.counts.to_dict()
    {'answered': 3, 'faulty': 9, 'rejected': 0, 'missing': 2}
    """
    returns = as_returns(returns, "returns")
    require_checked(returns, checked=checked)
    if reading is figures_in:
        require_whole(returns)
    listed, reviews, previous = as_roster(roster), _reviews(reviews), _previous(previous)
    due = None if deadline is None else as_day(deadline, "deadline")
    this_round = sort_out(returns, listed, due)
    summary = Summary(
        forms=tuple(
            _form_summary(this_round, positions, reviews, reading, first=number == 0)
            for number, positions in enumerate(this_round.forms.values())
        ),
        coverage=coverage_frame(this_round),
        duties=duty_frame(this_round),
        duplicates=duplicate_frame(this_round),
        files=used_files(this_round),
        findings=owned_findings(this_round),
        has_roster=listed is not None,
        unmatched=set_aside((), None),
        comparisons=(),
        left_out=left_out,
    )
    if left_out:
        forms = tuple(replace(part, details={}) for part in summary.forms)
        summary = replace(summary, forms=forms)
    return replace(
        summary,
        unmatched=set_aside(summary.lines, reviews),
        comparisons=_comparisons(summary, previous) if previous else (),
        reviews=reviews,
    )


def _reviews(value: Reviews | PathLike | None) -> Reviews | None:
    if value is None or isinstance(value, Reviews):
        return value
    taken(value, (str, os.PathLike), "reviews", "应是 load_reviews 的结果，或上一份汇总表的路径")
    return load_reviews(as_path(value, "reviews"))


def _previous(
    value: Summary | PreviousTables | PathLike | None,
) -> Summary | PreviousTables | None:
    if value is None or isinstance(value, Summary | PreviousTables):
        return value
    taken(
        value,
        (str, os.PathLike),
        "previous",
        "应是上年的 Summary、load_previous 的结果，或上年汇总表的路径",
    )
    return load_previous(as_path(value, "previous"))


def _comparisons(summary: Summary, previous: Summary | PreviousTables) -> tuple[Comparison, ...]:
    before = (
        previous.lines(summary.lines) if isinstance(previous, PreviousTables) else previous.lines
    )
    return compare(summary.lines, before)


def _form_summary(
    this_round: Round,
    positions: Sequence[int],
    reviews: Reviews | None,
    reading: Reading,
    *,
    first: bool,
) -> FormSummary:
    submissions = this_round.submissions(positions)
    form = submissions[0].form
    key_fields = form.key_fields
    figures = reading(form, submissions)
    parts, expected_scores = figures.sections, figures.expected_scores
    lines = _answered_lines(this_round, form, submissions, parts, expected_scores)
    departments = _with_missing(this_round, lines) if first else _numbered(lines)
    lowest = cutoffs(form, reviews)
    if key_fields.score is not None:
        departments = keep(departments, form, submissions[0].fiscal_year, reviews)
        departments = graded(departments, lowest, key_fields.lowest_grade)
    details = {
        section.id: details_of(this_round, section, submissions, parts[section.id], expected_scores)
        for section in form.repeating
    }
    composition = composition_of(form, departments, parts)
    return FormSummary(
        form=form,
        fiscal_year=submissions[0].fiscal_year,
        departments=departments,
        totals=totals_of(form, departments),
        counties=counties_of(form, departments),
        grades=grade_counts(key_fields, departments),
        indicators=indicators_of(key_fields, details),
        funds=funds_of(form, departments, composition, parts),
        composition=composition,
        details=details,
        generosity=generosity(departments, details, key_fields),
        sources=sources_of(form, departments, figures.traces, parts),
        cutoffs=lowest,
    )


# --- one line a department ------------------------------------------------------------------------


def _answered_lines(
    this_round: Round,
    form: Form,
    submissions: Sequence[Submission],
    parts: Mapping[str, pd.DataFrame],
    expected_scores: ExpectedScores,
) -> pd.DataFrame:
    """The lines of the departments that answered, index `submission`."""
    key_fields = form.key_fields
    keys = [submission.key for submission in submissions]
    senders = [this_round.department_of(key) for key in keys]
    sent = [this_round.returns[this_round.position_of[key]] for key in keys]
    columns: dict[str, Any] = {
        "status": [str(status_of([returned])) for returned in sent],
        "county": [sender.county for sender in senders],
        "code": [sender.code for sender in senders],
        "department": [sender.department for sender in senders],
    }
    if key_fields.project is not None:
        columns["project"] = column_of(parts, key_fields.project)
    columns |= {name: amount_column(form, parts, item) for name, item in key_fields.amounts.items()}
    index = pd.Index(keys, dtype="string", name="submission")
    frame = pd.DataFrame(columns, index=index)
    frame = frame.astype(dict.fromkeys(("status", *WHO), "string"))
    if key_fields.rate is not None:
        frame["execution_rate"] = column_of(parts, key_fields.rate)
    execution = key_fields.execution_score
    if execution is not None and execution.key in expected_scores.fields:
        frame["execution_score"] = column_of(parts, execution)
        frame["execution_score_due"] = expected_scores.fields[execution.key]
    if key_fields.score is not None:
        blank = [pd.NA] * len(frame)
        frame["total_score"] = column_of(parts, key_fields.score)
        for name, dtype in _REVIEWED.items():
            frame[name] = pd.array(blank, dtype=dtype)  # type: ignore[call-overload]
    for severity in Severity:
        counts = [sum(f.severity == severity for f in returned.findings) for returned in sent]
        frame[f"{severity}s"] = pd.array(counts, dtype="Int64")
    doubts = [doubtful_figures(form, fields_in_doubt(form, returned.findings)) for returned in sent]
    frame["doubtful"] = pd.array(doubts, dtype="string")
    frame["file"] = pd.array([returned.key for returned in sent], dtype="string")
    return frame


_REVIEWED = {
    "review_score": "Float64",
    "remark": "string",
    "counted_score": "Float64",
    "grade": "string",
    "rank": "Int64",
}
"""Columns that reviewing fills in or changes, in their order."""


def _with_missing(this_round: Round, answered: pd.DataFrame) -> pd.DataFrame:
    """The lines in the departments' order, with those that have no figures."""
    owners = [this_round.owner[this_round.position_of[key]] for key in answered.index]
    rows, positions = [], []
    for number, item in enumerate(this_round.departments):
        status = this_round.status(item)
        if not status.counts:
            files = [this_round.returns[p].key for p in item.positions]
            rows.append(
                {
                    "status": str(status),
                    "county": item.county,
                    "code": item.code,
                    "department": item.department,
                    "file": "\n".join(files) if status is Status.REJECTED else None,
                }
            )
            positions.append(number)
    blank = pd.DataFrame(rows, columns=list(answered.columns)).astype(answered.dtypes.to_dict())
    both = pd.concat([answered.reset_index(drop=True), blank], ignore_index=True)
    order = pd.Series([*owners, *positions], dtype="Int64").sort_values(kind="stable").index
    return _numbered(both.loc[order])


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index(pd.RangeIndex(1, len(frame) + 1, name="number"))
