"""What shows only between returns: several of one department, departments that are not on the roster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook import text as texts
from workbook.checking.roster import Roster, RosterEntry
from workbook.findings import Finding, finding
from workbook.form import DEPARTMENT
from workbook.reading import ACCEPTED, SKIPPED, DueForms, Return, Submission, due_forms_of


@dataclass(frozen=True)
class Sender:
    """Who sent a return, as far as can be told."""

    code: str
    department: str
    entry: RosterEntry | None


def sender_of(returned: Return, roster: Roster | None) -> Sender:
    """By what the return says; for one that was not read, by the name of its file."""
    submission = returned.submission
    if submission is not None:
        entry = roster.match(submission.department_code, submission.department) if roster else None
        code, department = submission.department_code.strip(), submission.department.strip()
    else:
        entry = roster.named_in(returned.path.stem) if roster else None
        code, department = "", texts.printable(returned.path.stem)
    if entry is not None:
        return Sender(entry.code or code, entry.department, entry)
    return Sender(code, department, None)


def _project(submission: Submission) -> str:
    item = submission.form.key_fields.project
    cell = submission.cell_of(item.key) if item else None
    return texts.fold(str(cell.value)) if cell and cell.value is not None else ""


@dataclass(frozen=True, slots=True)
class SentReturns:
    """Returns by who sent them. Each is named by its position among `returns`."""

    returns: tuple[Return, ...]
    roster: Roster | None
    senders: Mapping[int, Sender]
    """Who sent each return; those that were skipped are not in it."""
    departments: Mapping[int, int]
    """For each of them a number that all returns of one department share."""
    listed: tuple[int, ...]
    """The numbers of the roster's departments, in its order."""
    replaced: Mapping[int, int]
    """Which returns do not count since the same department sent a later one, and which that is."""

    @property
    def read(self) -> dict[int, Submission]:
        """What was read of each return that was accepted."""
        return {
            position: returned.submission
            for position, returned in enumerate(self.returns)
            if returned.status == ACCEPTED and returned.submission
        }

    def due_forms(self, year: int | None = None) -> DueForms:
        """What is due in this round; its year is `year`, or the roster's; else what most sent."""
        return due_forms_of(
            self.read, self.departments, year or (self.roster.year if self.roster else None)
        )


def sort_by_sender(returns: Iterable[Return], roster: Roster | None = None) -> SentReturns:
    """Decide who sent each return, and which of them a later one replaces.

    A department is the same entry of the roster, the same code or the same name (blanks, width and case
    aside). Only its returns of one form, year and project replace each other. Later is what was saved
    later, then by path; of identical files the one that is not named as a copy counts, then the shorter
    name, then by path.
    """
    returns = tuple(returns)
    entries = roster.entries if roster else ()
    senders = {
        position: sender_of(returned, roster)
        for position, returned in enumerate(returns)
        if returned.status != SKIPPED
    }
    listed = [Sender(entry.code, entry.department, entry) for entry in entries]
    numbers = _department_numbers([*listed, *senders.values()])
    departments = dict(zip(senders, numbers[len(listed) :], strict=True))
    return SentReturns(
        returns=returns,
        roster=roster,
        senders=senders,
        departments=departments,
        listed=tuple(numbers[: len(listed)]),
        replaced=_replaced(returns, departments),
    )


def _department_numbers(senders: Sequence[Sender]) -> list[int]:
    """For each sender a number that all of its department share."""
    number_of_key: dict[tuple[str, str], int] = {}
    numbers: list[int] = []
    for number, sender in enumerate(senders):
        keys = [("code", texts.fold(sender.code)), ("name", texts.fold(sender.department))]
        joined_numbers = {number_of_key[key] for key in keys if key[1] and key in number_of_key}
        shared_number = min(joined_numbers, default=number)
        if len(joined_numbers) > 1:  # this one joins two that had nothing in common before
            number_of_key = {
                key: shared_number if value in joined_numbers else value
                for key, value in number_of_key.items()
            }
            numbers = [shared_number if value in joined_numbers else value for value in numbers]
        number_of_key |= {key: shared_number for key in keys if key[1]}
        numbers.append(shared_number)
    return numbers


def _replaced(returns: Sequence[Return], departments: Mapping[int, int]) -> dict[int, int]:
    """See `SentReturns.replaced`."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for position, returned in enumerate(returns):
        submission = returned.submission
        if returned.status == ACCEPTED and submission is not None:
            key = (
                departments[position],
                submission.form.id,
                submission.fiscal_year,
                _project(submission),
            )
            alike.setdefault(key, []).append(position)
    replaced: dict[int, int] = {}
    for positions in alike.values():
        latest = max((returns[i] for i in positions), key=lambda r: (r.modified, r.key))
        identical = [i for i in positions if _content(returns[i]) == _content(latest)]
        last = max(identical, key=lambda i: _fitness(returns[i]))
        replaced |= {position: last for position in positions if position != last}
    return replaced


def _content(returned: Return) -> tuple[str, str]:
    return returned.modified, returned.sha256


_COPY = re.compile(
    r"^(副本|复件|copy(?![a-z]))|([(（]\d+[)）]|副本(\s*[(（]?\d+[)）]?)?|(?<![a-z])copy(\s*[(（]?\d+[)）]?)?)$",
    re.IGNORECASE,
)
"""The names that Windows, WPS, browsers and messengers give to a copy: 副本…, …(1), … - 副本."""


def _fitness(returned: Return) -> tuple[bool, int, str]:
    """How well a file is named: of identical ones the highest counts."""
    stem = returned.path.stem.strip()
    return _COPY.search(stem) is None, -len(stem), returned.key


def add_findings_between(
    returns: Iterable[Return], roster: Roster | None = None, *, year: int | None = None
) -> tuple[Return, ...]:
    """The returns, with findings added of what shows only between them.

    W117 for a form of another year, version or kind than this round's; A501 for a department that is
    not on the roster, A503 for one that the file's name contradicts; A502 on every return that another
    one replaces; A504 where two departments sent the very same. The round's year is `year`, or the
    roster's; else what most departments sent.
    """
    sent = sort_by_sender(returns, roster)
    read, departments = sent.read, sent.departments
    due_forms = sent.due_forms(year)
    alike = _alike(read, departments)
    result = []
    for position, returned in enumerate(sent.returns):
        findings: list[Finding] = []
        if position in read:
            submission = read[position]
            findings += due_forms.unlike(submission, departments[position])
            findings += _off_roster(submission, roster) if roster else []
            findings += _misnamed(returned.path, submission, roster) if roster else []
            findings += _duplicate(
                submission, sent.replaced.get(position), sent.returns, returned.sha256
            )
            findings += _copied(submission, alike.get(position))
        known_codes = {f.code for f in returned.findings}
        added = tuple(f for f in findings if f.code not in known_codes)
        result.append(replace(returned, findings=returned.findings + added) if added else returned)
    return tuple(result)


def _off_roster(submission: Submission, roster: Roster) -> list[Finding]:
    if roster.match(submission.department_code, submission.department):
        return []
    near = roster.suggest(submission.department_code, submission.department)
    expected = " ".join(filter(None, (near.code, near.department))) if near else ""
    printed = " ".join(filter(None, (submission.department_code, submission.department.strip())))
    detail = f"，名册中最接近的是“{expected}”" if expected else ""
    return [
        _department_finding("A501", submission, printed=printed, expected=expected, detail=detail)
    ]


def _duplicate(
    submission: Submission, counted: int | None, returns: Sequence[Return], sha256: str
) -> list[Finding]:
    if counted is None:
        return []
    name = texts.printable(returns[counted].path.name)
    same = returns[counted].sha256 == sha256 != ""
    why = "内容完全相同的" if same else "保存较晚的"
    detail = f"本份不计入汇总，计入的是{why}“{name}”"
    printed = texts.printable(submission.path.name)
    return [_department_finding("A502", submission, printed=printed, expected=name, detail=detail)]


def _misnamed(path: Path, submission: Submission, roster: Roster) -> list[Finding]:
    """A file named after one department of the roster that holds another one's form."""
    named = roster.named_in(path.stem)
    entry = roster.match(submission.department_code, submission.department)
    if named is None or entry is None or named == entry:
        return []
    departments = {"printed": entry.department, "expected": named.department}
    return [
        _department_finding("A503", submission, named=texts.printable(path.name), **departments)
    ]


def _alike(read: Mapping[int, Submission], departments: Mapping[int, int]) -> dict[int, Submission]:
    """For each return whose filling another department sent too: that one's."""
    groups: dict[str, list[int]] = {}
    for position, submission in read.items():
        if submission.filling:
            groups.setdefault(submission.filling, []).append(position)
    alike = {}
    for positions in groups.values():
        for position in positions:
            of_other_departments = [p for p in positions if departments[p] != departments[position]]
            if of_other_departments:
                alike[position] = read[of_other_departments[0]]
    return alike


def _copied(submission: Submission, same_filling: Submission | None) -> list[Finding]:
    if same_filling is None:
        return []
    printed, name = submission.department.strip(), same_filling.department.strip()
    return [_department_finding("A504", submission, printed=printed, expected="", other=name)]


def _department_finding(
    code: str, submission: Submission, *, printed: str, expected: str, **words: str
) -> Finding:
    """A finding at the cell that names the department."""
    at = submission.address_of(DEPARTMENT)
    return finding(
        code,
        sheet=at.sheet if at else "",
        cell=at.a1 if at else "",
        field=DEPARTMENT,
        printed=printed,
        expected=expected,
        **words,
    )
