"""Who sent each return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workbook import text as texts
from workbook.checking.copies import Copies, sort_copies
from workbook.checking.roster import Roster, RosterEntry
from workbook.checking.same_department import Identity, department_numbers
from workbook.reading import ACCEPTED, SKIPPED, DueForms, Return, Submission, due_forms_of


@dataclass(frozen=True)
class Sender:
    """Who sent a return, as far as can be told."""

    county: str
    """Blank where none is known."""
    code: str
    department: str
    entry: RosterEntry | None

    def identity(self, folder: str = "") -> Identity:
        """What it is known by; `folder` is where its return lay."""
        folder = "" if self.entry else folder
        return Identity.of(self.county, self.code, self.department, folder=folder)


def sender_of(returned: Return, roster: Roster | None) -> Sender:
    """By what the return says; for one that was not read, by the name of its file."""
    submission, county = returned.submission, returned.county
    if submission is not None:
        code, department = submission.department_code, submission.department
        entry = roster.match(code, department, county) if roster else None
        code, department = code.strip(), department.strip()
    else:
        entry = roster.named_in(returned.path.stem, county) if roster else None
        code, department = "", texts.printable(returned.path.stem)
    if entry is not None:
        return Sender(entry.county or county, entry.code or code, entry.department, entry)
    return Sender(county, code, department, None)


def named_otherwise(path: Path, sender: Sender, roster: Roster) -> RosterEntry | None:
    """The department of the roster after which a file is named that holds another one's form."""
    named = roster.named_in(path.stem, sender.county) if sender.entry is not None else None
    return None if named == sender.entry else named


@dataclass(frozen=True)
class SentReturns:
    """Returns by who sent them. Each is named by its position among `returns`."""

    returns: tuple[Return, ...]
    roster: Roster | None
    senders: Mapping[int, Sender]
    """Who sent each return; those that were skipped are not in it."""
    departments: Mapping[int, int]
    """For each of them a number that all returns of one department share."""
    due: tuple[Sender, ...]
    """The roster's departments, in its order …"""
    listed: tuple[int, ...]
    """… and their numbers."""
    copies: Copies
    """Which of a department's returns do not count since another one does."""

    @property
    def replaced(self) -> Mapping[int, int]:
        """See `Copies.replaced`."""
        return self.copies.replaced

    @cached_property
    def read(self) -> dict[int, Submission]:
        """What was read of each return that was accepted."""
        return {
            position: returned.submission
            for position, returned in enumerate(self.returns)
            if returned.status == ACCEPTED and returned.submission
        }

    @cached_property
    def forms(self) -> dict[tuple[str, int], list[int]]:
        """By a form's key and year the positions of the returns that count: the departments' own forms
        first, then forms by project; the more returns, the earlier."""
        positions_by_form: dict[tuple[str, int], list[int]] = {}
        for position, submission in self.counted.items():
            positions_by_form.setdefault((submission.form.key, submission.fiscal_year), []).append(
                position
            )

        def rank(key: tuple[str, int]) -> tuple[bool, int, str, int]:
            by_project = self.counted[positions_by_form[key][0]].form.key_fields.project is not None
            return by_project, -len(positions_by_form[key]), *key

        return {key: positions_by_form[key] for key in sorted(positions_by_form, key=rank)}

    @cached_property
    def first(self) -> frozenset[int]:
        """The positions of the returns that count and are of the first form."""
        return frozenset(next(iter(self.forms.values()), []))

    @cached_property
    def counted(self) -> dict[int, Submission]:
        """What was read of each return that counts, by its position."""
        without = self.copies.uncounted | self.other_year
        return {
            position: submission
            for position, submission in self.read.items()
            if position not in without
        }

    @cached_property
    def other_year(self) -> frozenset[int]:
        """The positions of the returns of another year than the round's, of forms that others sent for the
        round's. A form that came for another year only is added up: its W117 tells the year."""
        judged = {p: s for p, s in self.read.items() if p not in self.replaced}
        stray = {
            position
            for position in judged
            if any(finding.code == "W117" for finding in self.returns[position].findings)
        }
        # W117 is for another version or kind of form too; those are of the round's year.
        years: dict[str, set[int]] = {}
        for position, submission in judged.items():
            if position not in stray:
                years.setdefault(submission.form.id, set()).add(submission.fiscal_year)

        def is_other(submission: Submission) -> bool:
            round_years = years.get(submission.form.id, set())
            return bool(round_years) and submission.fiscal_year not in round_years

        other = {position for position in stray if is_other(self.read[position])}
        return frozenset(p for p in self.read if self.replaced.get(p, p) in other)

    def due_forms(self, year: int | None = None) -> DueForms:
        """What is due in this round; its year is `year`, or the roster's; else what most sent."""
        return due_forms_of(
            self.read, self.departments, year or (self.roster.year if self.roster else None)
        )


def sort_by_sender(returns: Iterable[Return], roster: Roster | None = None) -> SentReturns:
    """Decide who sent each return, and which of a department's copies counts (`sort_copies`).

    A department is the same entry of the roster, else what `workbook.checking.same_department` takes for
    one. Raises WorkbookError where two copies of one duty were chosen.
    """
    returns = tuple(returns)
    entries = roster.entries if roster else ()
    county = _only_county(returns)
    senders = {
        position: sender_of(returned, roster)
        for position, returned in enumerate(returns)
        if returned.status != SKIPPED
    }
    due = tuple(Sender(e.county or county, e.code, e.department, e) for e in entries)
    identities = [sender.identity() for sender in due]
    identities += [
        sender.identity(folder_of_return(returns[position])) for position, sender in senders.items()
    ]
    numbers = department_numbers(identities)
    departments = dict(zip(senders, numbers[len(due) :], strict=True))
    return SentReturns(
        returns=returns,
        roster=roster,
        senders=senders,
        departments=departments,
        due=due,
        listed=tuple(numbers[: len(due)]),
        copies=sort_copies(returns, departments),
    )


def _only_county(returns: Iterable[Return]) -> str:
    """The county of all the returns; blank if they are of several, or none is known."""
    counties = {returned.county for returned in returns if returned.county}
    return counties.pop() if len(counties) == 1 else ""


def folder_of_return(returned: Return) -> str:
    """The folder or archive in which a return lay."""
    return str(returned.path.parent)
