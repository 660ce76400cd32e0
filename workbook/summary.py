"""Adding up: one line a department, totals, grades, and who is left out and why.

Amounts are 万元 whatever the form's unit; rates are fractions, recomputed from the sums and never
averaged; what is missing is missing, not zero (DOMAIN: "adding up"). Where a department sent several
returns, the one saved last counts. `workbook.across` tells which.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import pandas as pd

from workbook.across import Sender, same_department, sender_of, superseded
from workbook.findings import Severity
from workbook.form import ROW, Form, Section
from workbook.frames import file_frame, finding_frame, section_frames
from workbook.headline import LOWEST_GRADE, Headline, column_of, first_field
from workbook.roster import Entry, Roster
from workbook.submission import ACCEPTED, REJECTED, Return, Submission


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
    levels and fields, `rate` (score over weight) where the section is scored, and `cell`. Empty if
    they were left out."""

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
    """As `Frames.files`, with `use`: counted, duplicate, rejected, skipped; the department as below."""
    findings: pd.DataFrame
    """As `Frames.findings`; the department is the roster's, for rejected files as the name tells."""
    has_roster: bool
    left_out: str = ""
    """What is too long for the workbook and where it stands, in a sentence; blank if nothing is."""

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


# --- the summary ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Department:
    """One department and all that came from it."""

    code: str
    department: str
    entry: Entry | None
    places: tuple[int, ...]
    """Its returns, by their place among all."""


@dataclass(frozen=True)
class _Round:
    """The returns of a round, sorted out. Places are those of `returns`."""

    returns: tuple[Return, ...]
    roster: Roster | None
    replaced: Mapping[int, int]
    departments: tuple[_Department, ...]

    @cached_property
    def owner(self) -> dict[int, int]:
        """The number of the department that a return belongs to, by the return's place."""
        return {place: n for n, item in enumerate(self.departments) for place in item.places}

    @cached_property
    def forms(self) -> dict[tuple[str, int], list[int]]:
        """By a form's key and year the places of the returns that count: the departments' own forms
        first, then forms by project; the more returns, the earlier."""
        found: dict[tuple[str, int], list[int]] = {}
        for place, read in self.counted.items():
            found.setdefault((read.form.key, read.fiscal_year), []).append(place)

        def rank(key: tuple[str, int]) -> tuple[bool, int, str, int]:
            by_project = Headline(self.counted[found[key][0]].form).project is not None
            return by_project, -len(found[key]), *key

        return {key: found[key] for key in sorted(found, key=rank)}

    @cached_property
    def first(self) -> frozenset[int]:
        """The places of the returns that count and are of the first form."""
        return frozenset(next(iter(self.forms.values()), []))

    @cached_property
    def counted(self) -> dict[int, Submission]:
        """What was read of each return that counts, by its place."""
        return {
            place: item.submission
            for place, item in enumerate(self.returns)
            if item.status == ACCEPTED and item.submission and place not in self.replaced
        }

    def submissions(self, places: Iterable[int]) -> list[Submission]:
        """What was read of returns, in the order of their departments."""
        ordered = sorted(places, key=lambda place: (self.owner[place], place))
        return [self.counted[place] for place in ordered]

    @cached_property
    def place_of(self) -> dict[str, int]:
        """A counted return's place, by the key of its submission."""
        return {submission.key: place for place, submission in self.counted.items()}

    def department_of(self, key: str) -> _Department:
        """The department that sent a counted return."""
        return self.departments[self.owner[self.place_of[key]]]

    def owners(self, places: Iterable[int]) -> dict[str, Any]:
        """Columns of code and department for returns, as the roster has them; NA if unknown."""
        known = [
            self.departments[n] if (n := self.owner.get(p)) is not None else None for p in places
        ]
        return {
            "department_code": pd.array([d.code if d else None for d in known], dtype="string"),
            "department": pd.array([d.department if d else None for d in known], dtype="string"),
        }

    def status(self, item: _Department) -> Status:
        """What became of a department's duty to send in its own form."""
        counted = [self.returns[place] for place in item.places if place in self.first]
        if counted:
            return _answered(counted)
        rejected = any(self.returns[place].status == REJECTED for place in item.places)
        return Status.REJECTED if rejected else Status.MISSING


def _answered(counted: Iterable[Return]) -> Status:
    faulty = any(item.worst() is Severity.ERROR for item in counted)
    return Status.FAULTY if faulty else Status.ANSWERED


Sections = Callable[[Form, Sequence[Submission]], Mapping[str, pd.DataFrame]]
"""Gives the wide frame of each section of a form, as `section_frames` does."""


def aggregate(
    returns: Iterable[Return], roster: Roster | None = None, *, sections: Sections = section_frames
) -> Summary:
    """Add up the returns of a round, for each form and year; see `Summary`.

    `sections` may take the figures from elsewhere than the submissions' cells.
    """
    returns = tuple(returns)
    whole = _Round(returns, roster, superseded(returns, roster), _departments(returns, roster))
    return Summary(
        forms=tuple(
            _form_summary(whole, places, sections, first=number == 0)
            for number, places in enumerate(whole.forms.values())
        ),
        coverage=_coverage(whole),
        duplicates=_duplicates(whole),
        files=_files(whole),
        findings=_findings(whole),
        has_roster=roster is not None,
    )


def _departments(returns: Sequence[Return], roster: Roster | None) -> tuple[_Department, ...]:
    """The roster's in its order, then the others by code and name."""
    entries = roster.entries if roster else ()
    told = {
        i: sender_of(item, roster)
        for i, item in enumerate(returns)
        if item.status in (ACCEPTED, REJECTED)
    }
    # A file that was not read is a department's only if its name says so; else it is just a file.
    places = [i for i, sender in told.items() if returns[i].submission or sender.entry]
    senders = [Sender(entry.code, entry.department, entry) for entry in entries]
    senders += [told[i] for i in places]
    members: dict[int, list[int]] = {}
    for index, number in enumerate(same_department(senders)):
        members.setdefault(number, []).append(index)
    found = []
    for same in members.values():
        named = next((senders[i] for i in same if senders[i].entry), senders[same[0]])
        code = next((senders[i].code for i in same if senders[i].code), "")
        own = tuple(places[i - len(entries)] for i in same if i >= len(entries))
        found.append(_Department(named.code or code, named.department, named.entry, own))
    order = {id(entry): place for place, entry in enumerate(entries)}
    last = len(entries)
    return tuple(
        sorted(found, key=lambda d: (order.get(id(d.entry), last), d.code, d.department, d.places))
    )


def _coverage(whole: _Round) -> pd.DataFrame:
    rows = []
    for item in whole.departments:
        own = [whole.returns[place] for place in item.places]
        rejected = [r for r in own if r.status == REJECTED]
        status = whole.status(item)
        shown = [whole.returns[place] for place in item.places if place not in whole.replaced]
        rows.append(
            {
                "status": str(status),
                "code": item.code,
                "department": item.department,
                "contact": item.entry.contact if item.entry else "",
                "phone": item.entry.phone if item.entry else "",
                "returns": sum(r.status == ACCEPTED for r in own),
                "duplicates": sum(place in whole.replaced for place in item.places),
                "on_roster": item.entry is not None,
                "why": "；".join(r.error for r in rejected) if status is Status.REJECTED else "",
                "file": "\n".join(str(r.path) for r in shown),
            }
        )
    dtypes = {"returns": "Int64", "duplicates": "Int64", "on_roster": "boolean"}
    columns = ("status", "code", "department", "contact", "phone", "returns", "duplicates",
               "on_roster", "why", "file")  # fmt: skip
    return _frame(rows, {name: dtypes.get(name, "string") for name in columns})


def _frame(rows: Sequence[Mapping[str, Any]], dtypes: Mapping[str, str]) -> pd.DataFrame:
    """A frame of records, index `number` from 1."""
    frame = pd.DataFrame(
        {name: pd.array([row[name] for row in rows], dtype=dtype) for name, dtype in dtypes.items()}  # type: ignore[call-overload]
    )
    return frame.set_index(pd.RangeIndex(1, len(rows) + 1, name="number"))


def _duplicates(whole: _Round) -> pd.DataFrame:
    pairs = sorted(whole.replaced.items())
    columns = {
        "path": [str(whole.returns[place].path) for place, _ in pairs],
        "department": [whole.departments[whole.owner[place]].department for place, _ in pairs],
        "counted": [str(whole.returns[last].path) for _, last in pairs],
    }
    return pd.DataFrame(columns, dtype="string").set_index("path")


def _files(whole: _Round) -> pd.DataFrame:
    uses = [
        "duplicate"
        if place in whole.replaced
        else {ACCEPTED: "counted"}.get(item.status, item.status)
        for place, item in enumerate(whole.returns)
    ]
    owners = whole.owners(range(len(whole.returns)))
    return file_frame(whole.returns).assign(use=pd.array(uses, dtype="string"), **owners)


def _findings(whole: _Round) -> pd.DataFrame:
    places = [place for place, item in enumerate(whole.returns) for _ in item.findings]
    return finding_frame(whole.returns).assign(**whole.owners(places))


# --- one form -------------------------------------------------------------------------------------


def _form_summary(
    whole: _Round, places: Sequence[int], sections: Sections, *, first: bool
) -> FormSummary:
    submissions = whole.submissions(places)
    form = submissions[0].form
    headline = Headline(form)
    parts = sections(form, submissions)
    answered = _answered_lines(whole, headline, submissions, parts)
    departments = _with_missing(whole, answered) if first else _numbered(answered)
    details = {
        section.id: _details(whole, section, submissions, parts[section.id])
        for section in form.repeating
    }
    composition = _composition(headline, departments, parts)
    return FormSummary(
        form=form,
        fiscal_year=submissions[0].fiscal_year,
        departments=departments,
        totals=_totals(headline, departments),
        grades=_grades(headline, departments),
        indicators=_indicators(headline, details),
        funds=_funds(headline, composition, parts),
        composition=composition,
        details=details,
    )


def _answered_lines(
    whole: _Round,
    headline: Headline,
    submissions: Sequence[Submission],
    parts: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """The lines of the departments that answered, index `submission`."""
    keys = [submission.key for submission in submissions]
    senders = [whole.department_of(key) for key in keys]
    sent = [whole.returns[whole.place_of[key]] for key in keys]
    columns: dict[str, Any] = {
        "status": [str(_answered([item])) for item in sent],
        "code": [sender.code for sender in senders],
        "department": [sender.department for sender in senders],
    }
    if headline.project is not None:
        columns["project"] = column_of(parts, headline.project)
    columns |= {name: headline.amount(parts, item) for name, item in headline.line.items()}
    index = pd.Index(keys, dtype="string", name="submission")
    frame = pd.DataFrame(columns, index=index)
    frame = frame.astype(dict.fromkeys(("status", "code", "department"), "string"))
    if headline.has_rate:
        frame["execution_rate"] = rate(frame["actual_expenditure"], frame["final_budget"])
    if headline.score is not None:
        frame["total_score"] = column_of(parts, headline.score)
        frame["review_score"] = pd.array([pd.NA] * len(frame), dtype="Float64")
        frame["grade"] = grades(frame["total_score"], headline.cutoffs)
    for severity in Severity:
        counts = [sum(f.severity == severity for f in item.findings) for item in sent]
        frame[f"{severity}s"] = pd.array(counts, dtype="Int64")
    frame["file"] = pd.array([str(item.path) for item in sent], dtype="string")
    return frame


def rate(spent: pd.Series[float], budget: pd.Series[float]) -> pd.Series[float]:
    """Spending over budget, as a fraction; NA where either is missing or the budget is zero."""
    return spent / budget.mask(budget == 0)


def grades(scores: pd.Series[float], cutoffs: Iterable[tuple[str, float]]) -> pd.Series[str]:
    """The grade of each score, on two decimals; NA where there is no score."""
    result = scores.astype("string").where(scores.isna(), LOWEST_GRADE)
    for name, lowest in reversed(list(cutoffs)):
        result = result.mask(scores.round(2).ge(lowest).fillna(value=False), name)
    return result


def _with_missing(whole: _Round, answered: pd.DataFrame) -> pd.DataFrame:
    """The lines in the departments' order, with those that have no figures."""
    owners = [whole.owner[whole.place_of[key]] for key in answered.index]
    rows, places = [], []
    for number, item in enumerate(whole.departments):
        status = whole.status(item)
        if not status.counts:
            files = [str(whole.returns[p].path) for p in item.places]
            rows.append(
                {
                    "status": str(status),
                    "code": item.code,
                    "department": item.department,
                    "file": "\n".join(files) if status is Status.REJECTED else None,
                }
            )
            places.append(number)
    blank = pd.DataFrame(rows, columns=list(answered.columns)).astype(answered.dtypes.to_dict())
    both = pd.concat([answered.reset_index(drop=True), blank], ignore_index=True)
    order = pd.Series([*owners, *places], dtype="Int64").sort_values(kind="stable").index
    return _numbered(both.loc[order])


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index(pd.RangeIndex(1, len(frame) + 1, name="number"))


def _sum(values: pd.Series[float]) -> float:
    """The sum of what there is, NaN if there is nothing; exact, so that no order matters."""
    known = values.dropna()
    return math.fsum(known) if len(known) else math.nan


def _totals(headline: Headline, departments: pd.DataFrame) -> pd.DataFrame:
    answered = departments[departments["status"].isin([s for s in Status if s.counts])]
    rows: list[tuple[str, str, float, pd.Series[Any]]] = [
        (name, item.label, _sum(answered[name]), answered[name])
        for name, item in headline.line.items()
    ]
    if headline.has_rate:
        both = answered[["actual_expenditure", "final_budget"]].dropna()
        budget = _sum(both["final_budget"])
        value = _sum(both["actual_expenditure"]) / budget if budget else math.nan
        rows.append(
            (
                "execution_rate",
                "执行率",
                value,
                answered["final_budget"] + answered["actual_expenditure"],
            )
        )
    if headline.score is not None:
        scores = answered["total_score"]
        mean = _sum(scores) / scores.count() if scores.count() else math.nan
        rows.append(("mean_score", "自评平均分", mean, scores))
        if "final_budget" in headline.line:
            rows.append(("weighted_score", "自评平均分（按全年预算加权）", *_weighted(answered)))
    return pd.DataFrame(
        {
            "label": pd.array([label for _, label, _, _ in rows], dtype="string"),
            "value": pd.array([value for _, _, value, _ in rows], dtype="Float64"),
            "departments": pd.array([int(given.count()) for *_, given in rows], dtype="Int64"),
            "missing": pd.array([int(given.isna().sum()) for *_, given in rows], dtype="Int64"),
        },
        index=pd.Index([name for name, *_ in rows], dtype="string", name="figure"),
    )


def _weighted(answered: pd.DataFrame) -> tuple[float, pd.Series[Any]]:
    """The mean score weighted by the final budget, over those that give both; and their products."""
    products = answered["total_score"] * answered["final_budget"]
    budget = _sum(answered["final_budget"].where(products.notna()))
    return (_sum(products) / budget if budget else math.nan), products


def _grades(headline: Headline, departments: pd.DataFrame) -> pd.DataFrame:
    names = [name for name, _ in headline.cutoffs] + [LOWEST_GRADE]
    index = pd.Index(names, dtype="string", name="grade")
    given = departments["grade"] if headline.score else pd.Series([], dtype="string")
    counts = given.value_counts().reindex(index, fill_value=0).astype("Int64")
    total = int(counts.sum())
    shares = counts.astype("Float64") / total if total else counts.astype("Float64") * pd.NA
    return pd.DataFrame({"departments": counts, "share": shares}, index=index)


def attainment(details: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Rows, weight, score and share of a scored section, by some of its levels in their order.

    Weight and score are sums over the rows that give both; the share is their ratio.
    """
    both = details["weight"].notna() & details["self_score"].notna()
    table = details[list(by)].assign(
        rows=1, weight=details["weight"].where(both), score=details["self_score"].where(both)
    )
    grouped = table.groupby(list(by), sort=False)
    found = grouped.agg(rows=("rows", "sum"), weight=("weight", _sum), score=("score", _sum))
    found = found.astype({"rows": "Int64", "weight": "Float64", "score": "Float64"})
    return found.assign(share=found["score"] / found["weight"].mask(found["weight"] == 0))


def _indicators(headline: Headline, details: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    depth = max((len(s.levels) for s in headline.scored), default=0)
    names = [f"level{n}" for n in range(1, depth + 1)]
    parts = []
    for section in headline.scored:
        frame = details[section.id].copy()
        frame["section"] = pd.array([section.label] * len(frame), dtype="string")
        for name, level in zip(names, [*section.levels, *[""] * depth], strict=False):
            frame[name] = frame[level] if level else pd.array([""] * len(frame), dtype="string")
        parts.append(_in_form_order(section, attainment(frame, ["section", *names])))
    if parts:
        return pd.concat(parts)
    columns = {"rows": "Int64", "weight": "Float64", "score": "Float64", "share": "Float64"}
    empty = pd.DataFrame({name: pd.array([], dtype=dtype) for name, dtype in columns.items()})  # type: ignore[call-overload]
    return empty.rename_axis("section")


def _in_form_order(section: Section, frame: pd.DataFrame) -> pd.DataFrame:
    order = {group.path: place for place, group in enumerate(section.groups)}
    depth = len(section.levels)
    places = [order.get(tuple(key[1 : 1 + depth]), len(order)) for key in frame.index]
    return frame.iloc[sorted(range(len(places)), key=places.__getitem__)]


def _details(
    whole: _Round, section: Section, submissions: Sequence[Submission], frame: pd.DataFrame
) -> pd.DataFrame:
    """A section's rows with the department that sent them and the cell where each begins."""
    by_key = {submission.key: submission for submission in submissions}
    senders = {key: whole.department_of(key) for key in by_key}
    keys = frame.index.get_level_values("submission")
    own = [item.id for item in section.of_grain(ROW) if item.id in frame.columns]
    first = first_field(section)
    result = frame[own].assign(
        code=pd.array([senders[key].code for key in keys], dtype="string"),
        department=pd.array([senders[key].department for key in keys], dtype="string"),
    )
    result = result[["code", "department", *own]]
    if {"weight", "self_score"} <= set(own):
        result["rate"] = result["self_score"] / result["weight"].mask(result["weight"] == 0)
    cells = [by_key[key].cells.get(f"{section.id}.{first}.{row}") for key, row in frame.index]
    places = [str(cell.address) if cell else None for cell in cells]
    return result.assign(cell=pd.array(places, dtype="string"))


def _composition(
    headline: Headline, departments: pd.DataFrame, parts: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """The parts of the funds of those who answered, index `number`; without columns if none."""
    answered = departments[departments["status"].isin([s for s in Status if s.counts])]
    columns: dict[str, Any] = {name: answered[name] for name in ("code", "department")}
    frame = pd.DataFrame(columns).assign(file=answered["file"])
    for _, item in headline.composition:
        frame[item.id] = frame["file"].map(headline.amount(parts, item)).astype("Float64")
    return frame


def _funds(
    headline: Headline, composition: pd.DataFrame, parts: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    pairs = headline.composition or tuple(("", item) for item in headline.amounts)
    values = [headline.amount(parts, item) for _, item in pairs]
    frame = pd.DataFrame(
        {
            "heading": pd.array([heading for heading, _ in pairs], dtype="string"),
            "label": pd.array([item.label for _, item in pairs], dtype="string"),
            "amount": pd.array([_sum(column) for column in values], dtype="Float64"),
            "departments": pd.array([int(column.count()) for column in values], dtype="Int64"),
        },
        index=pd.Index([item.key for _, item in pairs], dtype="string", name="field"),
    )
    whole = frame.groupby("heading")["amount"].transform("sum")
    known = frame["heading"].ne("")
    return frame.assign(share=(frame["amount"] / whole.mask(whole == 0)).where(known))
