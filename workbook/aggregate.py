"""Adding up: one line a department, totals, grades, and who is left out and why.

Amounts are 万元 whatever the form's unit; rates are fractions, recomputed from the sums and never
averaged; what is missing is missing, not zero (DOMAIN: "adding up"). Where a department sent several
returns, the one saved last counts. `across` turns what shows only between returns into findings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import pandas as pd

from workbook import frames
from workbook import text as texts
from workbook.findings import Finding, Severity, finding
from workbook.form import CELL, ROW, Field, Form, Section
from workbook.roster import Entry, Roster
from workbook.submission import ACCEPTED, REJECTED, Return, Submission

UNIT = "万元"
_TO_UNIT = {"万元": 1.0, "元": 1e-4}

BUDGETS = ("original_budget", "final_budget", "actual_expenditure")
"""The amounts of a department's line, where the form has them; else every amount of the form."""
SOURCES = ("general_public_budget", "government_fund", "special_account_nontax", "other_funds")
NATURES = ("basic_expenditure", "project_expenditure")
PROJECTS = ("project", "project_name")
"""The fields that tell one of a department's returns from another."""
GRADES = (("优", "grade_excellent", 90.0), ("良", "grade_good", 80.0), ("中", "grade_fair", 60.0))
"""Each grade, the form's setting for its cut-off, and the cut-off where the form has no such setting."""
LOWEST_GRADE = "差"


class Status(StrEnum):
    """What became of a department's duty to answer."""

    ANSWERED = "answered"
    FAULTY = "faulty"
    REJECTED = "rejected"
    MISSING = "missing"

    @property
    def chinese(self) -> str:
        """As clerks read it."""
        words = {"answered": "已报", "faulty": "须修改", "rejected": "退回", "missing": "未报"}
        return words[self.value]

    @property
    def counts(self) -> bool:
        """Whether the department's figures are in the totals."""
        return self in (Status.ANSWERED, Status.FAULTY)


@dataclass(frozen=True)
class Headline:
    """Which fields of a form make a department's line, by the ids that forms share."""

    form: Form

    def find(self, name: str) -> Field | None:
        """The form's single field of an id: the first, section by section."""
        fields = (item for item in self.form.fields() if item.grain == CELL)
        return next((item for item in fields if item.id == name), None)

    @cached_property
    def amounts(self) -> tuple[Field, ...]:
        """Every amount of the form that is one to a return."""
        return tuple(
            item
            for item in self.form.fields()
            if item.grain == CELL and item.kind.name == "money" and item.mode != "derived"
        )

    @cached_property
    def line(self) -> dict[str, Field]:
        """The amounts of a department's line, by column."""
        usual = {name: item for name in BUDGETS if (item := self.find(name))}
        if len(usual) == len(BUDGETS):
            return usual
        ids = [item.id for item in self.amounts]
        return {
            item.id if ids.count(item.id) == 1 else f"{item.section}_{item.id}": item
            for item in self.amounts
        }

    @property
    def has_rate(self) -> bool:
        """Whether there is an execution rate: spending over the final budget."""
        return {"final_budget", "actual_expenditure"} <= set(self.line)

    @cached_property
    def score(self) -> Field | None:
        """The total score."""
        return self.find("total_score")

    @cached_property
    def project(self) -> Field | None:
        """The project's name, where a department sends one return a project."""
        return next((item for name in PROJECTS if (item := self.find(name))), None)

    @cached_property
    def cutoffs(self) -> tuple[tuple[str, float], ...]:
        """(grade, lowest score), best first; the last grade has no cut-off and is not among them."""
        settings = self.form.settings
        return tuple((name, float(settings.get(key, usual))) for name, key, usual in GRADES)

    @cached_property
    def composition(self) -> tuple[tuple[str, Field], ...]:
        """(heading, part) of the funds by source and by nature; empty where the form has no such parts."""
        parts = [("按收入性质分", name) for name in SOURCES]
        parts += [("按支出性质分", name) for name in NATURES]
        found = [(heading, self.find(name)) for heading, name in parts]
        known = tuple((heading, item) for heading, item in found if item is not None)
        return known if len(known) == len(parts) else ()

    @cached_property
    def scored(self) -> tuple[Section, ...]:
        """The sections whose rows have a weight and a score."""
        return tuple(s for s in self.form.repeating if {"weight", "self_score"} <= set(s.fields))


@dataclass(frozen=True, slots=True)
class FormSummary:
    """The summary of one form's returns. Amounts are 万元."""

    form: Form
    fiscal_year: int
    departments: pd.DataFrame
    """One row a department (a project, where the form has projects), in the roster's order, index
    `number` from 1: status, code, department, [project], the amounts of the line, execution_rate,
    total_score, review_score (blank, to be typed), grade, errors, warnings, notes, file."""
    totals: pd.DataFrame
    """Index `figure`: label, value, departments (that gave it), missing (that answered without it).
    Amounts are sums; execution_rate is the ratio of the sums over those who gave both; mean_score is
    the plain mean, weighted_score weighted by the final budget."""
    grades: pd.DataFrame
    """Index `grade`, best first: departments, share (of those graded)."""
    indicators: pd.DataFrame
    """Index (`section`, the levels): rows, weight, score, share (score over weight, of the rows that
    give both)."""
    funds: pd.DataFrame
    """Index `field`: heading, label, amount, departments (that gave it), share (of its heading)."""
    composition: pd.DataFrame
    """One row an answered department, index `number` as in departments: every part of the funds."""
    details: Mapping[str, pd.DataFrame]
    """By repeating section: one row a used row, index (`submission`, `row`): code, department, the
    levels and fields, `rate` (score over weight) where the section is scored, and `cell`."""

    @property
    def headline(self) -> Headline:
        """Which of the form's fields are in the departments' lines."""
        return Headline(self.form)


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of a round."""

    forms: tuple[FormSummary, ...]
    """One a form; the departments' own form comes first, forms by project after it."""
    coverage: pd.DataFrame
    """One row a department, the roster's first and in its order, index `number` from 1: status, code,
    department, contact, phone, returns (how many were read), duplicates, on_roster, why, file."""
    duplicates: pd.DataFrame
    """One row a return that does not count since a later one does: index `path`; department, counted."""
    files: pd.DataFrame
    """As `Frames.files`, with `use`: counted, duplicate, rejected, skipped."""
    findings: pd.DataFrame
    """As `Frames.findings`; the department is the roster's, for rejected files as the name tells."""
    has_roster: bool

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


# --- who sent what --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sender:
    """Who sent a return, as far as can be told."""

    code: str
    department: str
    entry: Entry | None


def _sender(item: Return, roster: Roster | None) -> _Sender:
    """By what the return says; for one that was not read, by the name of its file."""
    read = item.submission
    if read is not None:
        entry = roster.match(read.department_code, read.department) if roster else None
        code, department = read.department_code.strip(), read.department.strip()
    else:
        entry = roster.named_in(item.path.stem) if roster else None
        code, department = "", item.path.stem
    if entry is not None:
        return _Sender(entry.code or code, entry.department, entry)
    return _Sender(code, department, None)


def _project(submission: Submission) -> str:
    item = Headline(submission.form).project
    cell = submission.cells.get(item.key) if item else None
    return texts.fold(str(cell.value)) if cell and cell.value is not None else ""


def _same_department(senders: Sequence[_Sender]) -> list[int]:
    """For each sender a number that all of its department share: same entry, or code, or name."""
    group: dict[tuple[str, str], int] = {}
    numbers: list[int] = []
    for number, sender in enumerate(senders):
        keys = [("code", texts.fold(sender.code)), ("name", texts.fold(sender.department))]
        known = {group[key] for key in keys if key[1] and key in group}
        own = min(known, default=number)
        if len(known) > 1:  # this one joins two that had nothing in common before
            group = {key: own if value in known else value for key, value in group.items()}
            numbers = [own if value in known else value for value in numbers]
        group |= {key: own for key in keys if key[1]}
        numbers.append(own)
    return numbers


def superseded(returns: Sequence[Return], roster: Roster | None = None) -> dict[int, int]:
    """Which returns do not count since the same department sent a later one: place → that one's place.

    The same department is the same code or the same name (blanks, width and case aside); only returns
    of one form, year and project replace each other. Later is what was saved later, then by path.
    """
    found: dict[tuple[object, ...], list[int]] = {}
    places = [i for i, item in enumerate(returns) if item.status == ACCEPTED and item.submission]
    numbers = _same_department([_sender(returns[i], roster) for i in places])
    for place, number in zip(places, numbers, strict=True):
        read = returns[place].submission
        assert read is not None
        key = (number, read.form.id, read.fiscal_year, _project(read))
        found.setdefault(key, []).append(place)
    result = {}
    for same in found.values():
        last = max(same, key=lambda i: (returns[i].modified, str(returns[i].path)))
        result |= {place: last for place in same if place != last}
    return result


def across(returns: Iterable[Return], roster: Roster | None = None) -> tuple[Return, ...]:
    """The returns, with findings added of what shows only between them: A501 for a department that is
    not on the roster, A502 on every return that another one replaces."""
    returns = tuple(returns)
    replaced = superseded(returns, roster)
    result = []
    for place, item in enumerate(returns):
        found = []
        if roster is not None and item.status == ACCEPTED and item.submission:
            found += _off_roster(item.submission, roster)
        if place in replaced:
            found.append(_duplicate(item, returns[replaced[place]]))
        known = {f.code for f in item.findings}
        new = tuple(f for f in found if f.code not in known)
        result.append(replace(item, findings=item.findings + new) if new else item)
    return tuple(result)


def _off_roster(submission: Submission, roster: Roster) -> list[Finding]:
    if roster.match(submission.department_code, submission.department):
        return []
    near = roster.suggest(submission.department_code, submission.department)
    expected = " ".join(filter(None, (near.code, near.department))) if near else ""
    printed = " ".join(filter(None, (submission.department_code, submission.department.strip())))
    detail = f"，名册中最接近的是“{expected}”" if expected else ""
    return [_placed("A501", submission, printed=printed, expected=expected, detail=detail)]


def _duplicate(item: Return, counted: Return) -> Finding:
    assert item.submission is not None
    detail = f"本份不计入汇总，计入的是保存较晚的“{counted.path.name}”"
    return _placed("A502", item.submission, printed=item.path.name, expected=counted.path.name,
                   detail=detail)  # fmt: skip


def _placed(code: str, submission: Submission, *, printed: str, expected: str, detail: str) -> Finding:
    """A finding at the cell that names the department."""
    item = Headline(submission.form).find("department")
    cell = submission.cells.get(item.key) if item else None
    return finding(
        code,
        sheet=cell.address.sheet if cell else "",
        cell=cell.address.a1 if cell else "",
        field=item.key if item else "",
        printed=printed,
        expected=expected,
        detail=detail,
    )
