"""Who owes a return and what came of it: the departments of a round, their states, and what is late.

Where a department sent several copies, `workbook.checking.copies` tells which counts. A
return's day is the day its file was last saved, in China's time; where the file does not say, the day
that stands in it (填报日期). A department is late if the first return that could be read is of a day
after its deadline: what it mends on request later does not make it late.

A return of another year than the round's (it bears W117) does not count where others sent that form
for the round's year: it stands in the files and tells why its department has not answered.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import pandas as pd

from workbook.catalogue import Severity
from workbook.checking import (
    OFF_PROJECTS,
    Duties,
    Duty,
    Roster,
    RosterEntry,
    Sender,
    SentReturns,
    full_name,
    named_otherwise,
    require_told_apart,
    sort_by_sender,
)
from workbook.reading import ACCEPTED, REJECTED, Return, Submission
from workbook.summary.schemas import DUTIES
from workbook.summary.tidy_frames import file_frame, finding_frame
from workbook.text import fold_as_seen, printable

DEADLINE = "截止日期"
"""The head of the column with a department's deadline."""


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


COUNTED = tuple(str(status) for status in Status if status.counts)
"""The statuses whose figures are added up."""


@dataclass(frozen=True)
class Department:
    """One department and all that came from it."""

    county: str
    """Blank where none is known."""
    code: str
    department: str
    entry: RosterEntry | None
    positions: tuple[int, ...]
    """Its returns, by their positions among all."""
    deadline: datetime.date | None = None


@dataclass(frozen=True)
class Round:
    """The returns of a round, sorted out. Positions are those of `returns`."""

    sent: SentReturns
    departments: tuple[Department, ...]

    @cached_property
    def duties(self) -> Duties:
        """What the departments owe."""
        return Duties(self.sent)

    @property
    def returns(self) -> tuple[Return, ...]:
        """All that came in."""
        return self.sent.returns

    @property
    def replaced(self) -> Mapping[int, int]:
        """See `Copies.replaced`."""
        return self.sent.replaced

    @property
    def undecided(self) -> Mapping[int, int]:
        """See `Copies.undecided`."""
        return self.sent.copies.undecided

    @cached_property
    def owner(self) -> dict[int, int]:
        """The number of the department that a return belongs to, by the return's position."""
        return {
            position: n for n, item in enumerate(self.departments) for position in item.positions
        }

    @property
    def forms(self) -> Mapping[tuple[str, int], list[int]]:
        """See `SentReturns.forms`."""
        return self.sent.forms

    @property
    def first(self) -> frozenset[int]:
        """See `SentReturns.first`."""
        return self.sent.first

    @cached_property
    def first_form(self) -> str:
        """The id of the first form; blank if nothing was read."""
        return next((self.counted[position].form.id for position in self.first), "")

    @property
    def counted(self) -> Mapping[int, Submission]:
        """See `SentReturns.counted`."""
        return self.sent.counted

    @property
    def other_year(self) -> frozenset[int]:
        """See `SentReturns.other_year`."""
        return self.sent.other_year

    @property
    def _read(self) -> Mapping[int, Submission]:
        return self.sent.read

    @cached_property
    def misnamed(self) -> dict[tuple[str, str], str]:
        """By county and department: whose form stands in the file that bears its name (A503); of a copy
        that does not count too, which bears no finding."""
        roster = self.sent.roster
        misnamed = {}
        for position, returned in enumerate(self.returns):
            sender = self.sent.senders.get(position)
            told = any(finding.code == "A503" for finding in returned.findings)
            if roster is None or sender is None or not (told or position in self.replaced):
                continue
            named = named_otherwise(returned.path, sender, roster)
            if named is not None:
                misnamed[named.county or sender.county, named.department] = sender.department
        return misnamed

    def why(self, item: Department) -> str:
        """Why a department's figures are missing, or which of several copies they are of, nothing telling
        which is later; blank if neither is so, or nothing came from it."""
        status = self.status(item)
        if status is Status.FAULTY:
            own = (p for p in item.positions if self.undecided.get(p) in self.first)
            return self.in_doubt(own)
        if status is Status.REJECTED:
            return "；".join(returned.error for returned in self._rejected(item))
        if status is not Status.MISSING:
            return ""
        years = {
            self._read[position].fiscal_year
            for position in item.positions
            if position in self.other_year
        }
        reasons = [f"报的是 {year} 年度的表" for year in sorted(years)]
        if not reasons and any(position in self.counted for position in item.positions):
            reasons.append("收到的是别的表")  # its projects' forms, say
        whose = self.misnamed.get((item.county, item.department))
        if item.entry is not None and whose is not None:
            reasons.append(f"文件名是本单位的，内容是{whose}的")
        return "；".join(reasons)

    def in_doubt(self, positions: Iterable[int]) -> str:
        """Which copies of one form may be later than the one that counts; blank if none."""
        waiting = [p for p in positions if self.undecided.get(p, p) != p]
        names = [printable(self.returns[p].path.name) for p in waiting]
        return f"另有{'、'.join(names)}，分不清哪份在后" if names else ""

    def submissions(self, positions: Iterable[int]) -> list[Submission]:
        """What was read of returns, in the order of their departments."""
        ordered = sorted(positions, key=lambda position: (self.owner[position], position))
        return [self.counted[position] for position in ordered]

    @cached_property
    def position_of(self) -> dict[str, int]:
        """A counted return's position, by the key of its submission."""
        return {submission.key: position for position, submission in self.counted.items()}

    def department_of(self, key: str) -> Department:
        """The department that sent a counted return."""
        return self.departments[self.owner[self.position_of[key]]]

    def owners(self, positions: Iterable[int]) -> dict[str, Any]:
        """Columns of county, code and department for returns, as the roster has them; what is unknown is
        blank as a county, else NA."""
        positions = list(positions)
        departments = [
            self.departments[n] if (n := self.owner.get(p)) is not None else None for p in positions
        ]
        counties = [
            department.county if department else self.returns[position].county
            for position, department in zip(positions, departments, strict=True)
        ]
        return {
            "county": pd.array(counties, dtype="string"),
            "department_code": pd.array(
                [d.code if d else None for d in departments], dtype="string"
            ),
            "department": pd.array(
                [d.department if d else None for d in departments], dtype="string"
            ),
        }

    def status(self, item: Department) -> Status:
        """What became of a department's duty to send in its own form."""
        counted = [self.returns[position] for position in item.positions if position in self.first]
        if counted:
            return status_of(counted)
        return Status.REJECTED if self._rejected(item) else Status.MISSING

    def _rejected(self, item: Department) -> list[Return]:
        """The files that were not read and may be a department's own form, not a project's."""
        return [
            self.returns[position]
            for position in item.positions
            if self.returns[position].status == REJECTED
            and not self.duties.names_project(item.entry, position)
        ]


def status_of(counted: Iterable[Return]) -> Status:
    """The status of returns that were read: one error makes them faulty."""
    faulty = any(returned.worst() is Severity.ERROR for returned in counted)
    return Status.FAULTY if faulty else Status.ANSWERED


def sort_out(
    returns: Iterable[Return], roster: Roster | None, deadline: datetime.date | None = None
) -> Round:
    """The returns by department; the roster's own deadline comes before the round's. Who owes nothing, the
    round collecting forms of listed projects only, is left out.

    Raises WorkbookError if departments cannot be told apart.
    """
    sent = sort_by_sender(returns, roster)
    require_told_apart(sent)
    duties = Duties(sent)
    departments = _departments(sent, deadline)
    owing = (d for d in departments if d.positions or duties.of(d.entry, ()))
    return Round(sent, tuple(owing))


def _departments(sent: SentReturns, deadline: datetime.date | None) -> tuple[Department, ...]:
    """The roster's in its order, then the others by county, code and name."""
    entries = sent.roster.entries if sent.roster else ()
    members: dict[int, list[Sender]] = {}
    positions_of: dict[int, list[int]] = {}
    for number, sender in zip(sent.listed, sent.due, strict=True):
        members.setdefault(number, []).append(sender)
    for position, sender in sent.senders.items():
        # A file that was not read is a department's only if its name says so; else it is just a file.
        if sent.returns[position].submission or sender.entry:
            number = sent.departments[position]
            members.setdefault(number, []).append(sender)
            positions_of.setdefault(number, []).append(position)
    departments = []
    for number, senders in members.items():
        named = next((sender for sender in senders if sender.entry), senders[0])
        code = next((sender.code for sender in senders if sender.code), "")
        own_deadline = (named.entry.deadline if named.entry else None) or deadline
        positions = tuple(positions_of.get(number, ()))
        departments.append(
            Department(
                county=named.county,
                code=named.code or code,
                department=named.department,
                entry=named.entry,
                positions=positions,
                deadline=own_deadline,
            )
        )
    order = {entry: number for number, entry in enumerate(entries)}
    last = len(entries)

    def rank(item: Department) -> tuple[int, str, str, str, tuple[int, ...]]:
        listed = last if item.entry is None else order[item.entry]
        return listed, item.county, item.code, item.department, item.positions

    return tuple(sorted(departments, key=rank))


# --- days -----------------------------------------------------------------------------------------


def day_received(returned: Return) -> tuple[datetime.date | None, str]:
    """A return's day, and what tells it: "received", "saved", "prepared", or blank if nothing does."""
    if returned.received is not None:
        return returned.received, "received"
    saved = returned.saved_at
    return (saved.date(), "saved") if saved is not None else _day_prepared(returned)


def _day_prepared(returned: Return) -> tuple[datetime.date | None, str]:
    submission = returned.submission
    field = submission.form.key_fields.prepared_on if submission else None
    cell = submission.cell_of(field.key) if submission and field else None
    if cell is None or not isinstance(cell.value, datetime.date):
        return None, ""
    return cell.value, "prepared"


def _first_day(this_round: Round, item: Department) -> tuple[datetime.date | None, str]:
    """The day of a department's first return of its own form that could be read."""
    days = [
        day_received(returned)
        for position, returned in (
            (position, this_round.returns[position]) for position in item.positions
        )
        if returned.status == ACCEPTED
        and returned.submission
        and returned.submission.form.id == this_round.first_form
        and position not in this_round.other_year
    ]
    dated = [(day, by) for day, by in days if day is not None]
    return min(dated, default=(None, ""))


# --- frames ---------------------------------------------------------------------------------------

_DTYPES = {
    **dict.fromkeys(("status", "county", "code", "department", "contact", "phone"), "string"),
    **dict.fromkeys(("returns", "duplicates", *(f"{s}s" for s in Severity)), "Int64"),
    "on_roster": "boolean",
    "deadline": "datetime64[s]",
    "received": "datetime64[s]",
    "received_by": "string",
    "days_late": "Int64",
    "late": "boolean",
    "why": "string",
    "file": "string",
}
"""The columns of the coverage and their types."""


def coverage_frame(this_round: Round) -> pd.DataFrame:
    """See `Summary.coverage`."""
    rows = [_coverage_row(this_round, item) for item in this_round.departments]
    frame = pd.DataFrame(
        {name: pd.array([r[name] for r in rows], dtype=t) for name, t in _DTYPES.items()}  # type: ignore[call-overload]
    )
    return frame.set_index(pd.RangeIndex(1, len(rows) + 1, name="number"))


def _coverage_row(this_round: Round, item: Department) -> dict[str, Any]:
    own_returns = [this_round.returns[position] for position in item.positions]
    status = this_round.status(item)
    shown = [
        this_round.returns[position]
        for position in item.positions
        if position not in this_round.replaced
    ]
    counted = [
        this_round.returns[position] for position in item.positions if position in this_round.first
    ]
    # Who has not answered is not late besides.
    first, by = (None, "") if status is Status.MISSING else _first_day(this_round, item)
    days = (first - item.deadline).days if first and item.deadline else None
    counts = {
        f"{s}s": sum(f.severity == s for r in counted for f in r.findings) if counted else None
        for s in Severity
    }
    return {
        "status": str(status),
        "county": item.county,
        "code": item.code,
        "department": item.department,
        "contact": item.entry.contact if item.entry else "",
        "phone": item.entry.phone if item.entry else "",
        "returns": sum(r.status == ACCEPTED for r in own_returns),
        "duplicates": sum(position in this_round.replaced for position in item.positions),
        "on_roster": item.entry is not None,
        "deadline": item.deadline,
        "received": first,
        "received_by": by or None,
        "days_late": None if days is None else max(days, 0),
        "late": None if days is None else days > 0,
        "why": this_round.why(item),
        "file": "\n".join(r.key for r in shown),
        **counts,
    }


def full_names(lines: pd.DataFrame) -> pd.Series[str]:
    """Each line's department, with its county in front where one is known that the name does not tell."""
    names = [
        name if pd.isna(name) else full_name(county, name)
        for county, name in zip(lines["county"], lines["department"], strict=True)
    ]
    return pd.Series(names, index=lines.index, dtype="string")


def duplicate_frame(this_round: Round) -> pd.DataFrame:
    """See `Summary.duplicates`."""
    pairs = sorted(this_round.replaced.items())
    owners = [this_round.departments[this_round.owner[position]] for position, _ in pairs]
    columns = {
        "path": [this_round.returns[position].key for position, _ in pairs],
        "county": [owner.county for owner in owners],
        "code": [owner.code for owner in owners],
        "department": [owner.department for owner in owners],
        "counted": [this_round.returns[last].key for _, last in pairs],
    }
    return pd.DataFrame(columns, dtype="string").set_index("path")


def used_files(this_round: Round) -> pd.DataFrame:
    """See `Summary.files`."""
    uses = [
        "duplicate"
        if position in this_round.replaced
        else "other_year"
        if position in this_round.other_year
        else "undecided"
        if this_round.undecided.get(position, position) != position
        else {ACCEPTED: "counted"}.get(returned.status, returned.status)
        for position, returned in enumerate(this_round.returns)
    ]
    owners = this_round.owners(range(len(this_round.returns)))
    return file_frame(this_round.returns).assign(use=pd.array(uses, dtype="string"), **owners)


def owned_findings(this_round: Round) -> pd.DataFrame:
    """See `Summary.findings`."""
    positions = [
        position for position, returned in enumerate(this_round.returns) for _ in returned.findings
    ]
    return finding_frame(this_round.returns).assign(**this_round.owners(positions))


# --- by duty --------------------------------------------------------------------------------------


def duty_frame(this_round: Round) -> pd.DataFrame:
    """See `Summary.duties`."""
    rows = [
        _row(this_round, department, duty)
        for department in this_round.departments
        for duty in this_round.duties.of(department.entry, department.positions)
    ]
    columns = {
        column.name: pd.array([row[column.name] for row in rows], dtype=column.dtype)  # type: ignore[call-overload]
        for column in DUTIES.columns
    }
    index = pd.RangeIndex(1, len(rows) + 1, name="number")
    return pd.DataFrame(columns, index=index)


def _row(this_round: Round, department: Department, duty: Duty) -> dict[str, Any]:
    returns = {position: this_round.returns[position] for position in duty.positions}
    counted = [returned for p, returned in returns.items() if p in this_round.counted]
    rejected = [returned for returned in returns.values() if returned.status == REJECTED]
    status = status_of(counted) if counted else Status.REJECTED if rejected else Status.MISSING
    counts = {
        f"{s}s": sum(f.severity == s for r in counted for f in r.findings) if counted else None
        for s in Severity
    }
    if duty.by_project:
        why = "；".join(_project_remarks(this_round, department, duty, status, rejected))
    else:
        why = this_round.why(department)
    shown = [returned.key for p, returned in returns.items() if p not in this_round.replaced]
    return {
        "status": str(status),
        "county": department.county,
        "code": department.code,
        "department": department.department,
        "form": duty.form.id if duty.form else None,
        "project": duty.project if duty.by_project else None,
        "on_roster": duty.listed,
        "copies": sum(returned.status == ACCEPTED for returned in returns.values()),
        "duplicates": sum(position in this_round.replaced for position in returns),
        "why": why,
        "file": "\n".join(shown),
        **counts,
    }


def _project_remarks(
    this_round: Round, department: Department, duty: Duty, status: Status, rejected: list[Return]
) -> Iterator[str]:
    """What is worth knowing of a project's form besides its status."""
    if status is Status.REJECTED:
        yield from (returned.error for returned in rejected)
    if status is Status.MISSING:
        for position in department.positions:
            submission = this_round.sent.read.get(position)
            if submission is None:
                continue
            same = fold_as_seen(submission.project) == fold_as_seen(duty.project)
            if same and position in this_round.other_year:
                yield f"报的是 {submission.fiscal_year} 年度的表"
            for finding in this_round.returns[position].findings:
                if finding.code == OFF_PROJECTS and finding.expected == duty.project:
                    yield f"收到的“{finding.printed}”是不是这个项目，请核对"
    if this_round.duties.lists_projects and department.entry is not None and not duty.listed:
        yield "不在名册的项目中"
    yield from filter(None, [this_round.in_doubt(duty.positions)])
