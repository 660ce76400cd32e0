"""Whose a file is, and what it is to the duty: by what the form says, else by the names around it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from workbook.checking import RosterEntry, nearest_name
from workbook.findings import Finding, finding
from workbook.reading import ACCEPTED, Return, Submission
from workbook.round.folder import OpenRound, former_codes, key_of, mail_of
from workbook.round.intake import Incoming
from workbook.round.ledger import DutyKey
from workbook.round.versions import Standing
from workbook.text import fold_as_seen, printable

_BOOKS = (".xlsx", ".xlsm", ".xls", ".et", ".ods", ".xlsb", ".csv", ".fods", ".numbers", ".xltx")
"""What a department may have meant as its form; anything else that cannot be read is an attachment."""
_COUNTY = re.compile("[\u4e00-\u9fff]{1,7}?(?:县|区|市|旗|州)")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a file belongs."""

    key: DutyKey
    standing: Standing
    why: str = ""
    """Of a file of nobody: what stands in the way; of a right one: what the clerk has to look at."""
    findings: tuple[Finding, ...] = ()
    """What the department is told besides, of a form that is none of this round."""


def place(this_round: OpenRound, incoming: Incoming, returned: Return) -> Placement:
    """The duty that a file answers, or why it answers none."""
    submission = returned.submission if returned.status == ACCEPTED else None
    county = _county_of(this_round, incoming)
    if submission is not None:
        return _of_form(this_round, incoming, submission, county)
    entry = named_by(this_round, incoming, county)
    if entry is None:
        return Placement(DutyKey(), Standing.UNASSIGNED, "名字里看不出是哪个单位的")
    is_book = incoming.path.suffix.lower() in _BOOKS
    standing = Standing.UNREADABLE if is_book else Standing.ATTACHMENT
    return Placement(_likely_duty(this_round, entry, incoming), standing)


def place_for(
    this_round: OpenRound, key: DutyKey, incoming: Incoming, returned: Return
) -> Placement:
    """What a file is to a duty that the clerk says it belongs to."""
    submission = returned.submission if returned.status == ACCEPTED else None
    if submission is None:
        is_book = incoming.path.suffix.lower() in _BOOKS
        return Placement(key, Standing.UNREADABLE if is_book else Standing.ATTACHMENT)
    return _fitting(this_round, key, submission)


def _of_form(
    this_round: OpenRound, incoming: Incoming, submission: Submission, county: str
) -> Placement:
    code, name = submission.department_code.strip(), submission.department.strip()
    entry = this_round.roster.match(code, name, county)
    if entry is None and not (code or name):
        entry = named_by(this_round, incoming, county)
    if entry is None:
        entry = _by_former_code(this_round, code, county)
    if entry is None:
        told = printable(" ".join(filter(None, (code, name)))) or "（空）"
        return Placement(DutyKey(), Standing.UNASSIGNED, f"表里填的“{told}”不在名册上")
    elsewhere = _other_county(this_round, entry, name)
    form = submission.form
    asked = form.id in this_round.settings.forms
    project = ""
    if form.key_fields.project is not None and asked:
        listed = _project(this_round, entry, submission.project)
        if listed is None:
            told = printable(submission.project) or "（空）"
            return Placement(
                DutyKey(), Standing.UNASSIGNED, f"{entry.department}没有叫“{told}”的项目"
            )
        project = listed
    key = key_of(entry, form, project) if asked else _likely_duty(this_round, entry, incoming)
    if elsewhere:
        note = _not_due(submission, f"{elsewhere}的表", f"{entry.department}的表")
        return Placement(key, Standing.WRONG_COUNTY, findings=(note,))
    placement = _fitting(this_round, key, submission)
    if placement.standing == Standing.RIGHT:
        return replace(placement, why=_name_against(this_round, incoming, entry, county))
    return placement


def _name_against(
    this_round: OpenRound, incoming: Incoming, entry: RosterEntry, county: str
) -> str:
    """What is said of a form whose file is called after another department; blank where it is not."""
    named = _named_in(this_round, incoming.path.stem, county)
    own = fold_as_seen(entry.department).removeprefix(this_round.roster.common_prefix)
    if named is None or named == entry or own in fold_as_seen(incoming.path.stem):
        return ""
    return f"文件名写的是{named.department}，表里是{entry.department}，请核对"


def _fitting(this_round: OpenRound, key: DutyKey, submission: Submission) -> Placement:
    """Whether a form is the one that is due, of the year that is due."""
    due = this_round.form_of(key.form)
    if (submission.form.id, submission.form.version) != (due.id, due.version):
        own, asked = (f"《{form.name}》（{form.version} 版）" for form in (submission.form, due))
        note = _not_due(submission, own, asked)
        return Placement(key, Standing.WRONG_FORM, findings=(note,))
    if submission.fiscal_year != this_round.settings.year:
        return Placement(key, Standing.WRONG_YEAR)  # the check says so itself
    return Placement(key, Standing.RIGHT)


def _not_due(submission: Submission, own: str, due: str) -> Finding:
    return finding("W117", sheet=submission.form.sheet, own=own, due=due)


def _project(this_round: OpenRound, entry: RosterEntry, name: str) -> str | None:
    """The project that a name means: the listed one; any where the roster lists none; None if it is none."""
    listed = entry.project(name)
    if listed is not None:
        return listed.name
    if not this_round.roster.projects:
        return name.strip() or None
    near = nearest_name(name, [project.name for project in entry.projects])
    return near or None


def _by_former_code(this_round: OpenRound, code: str, county: str) -> RosterEntry | None:
    if not code:
        return None
    of_code = [
        entry
        for entry in this_round.roster.entries
        if code in former_codes(entry) and (not county or entry.county in ("", county))
    ]
    return of_code[0] if len(of_code) == 1 else None


def _other_county(this_round: OpenRound, entry: RosterEntry, name: str) -> str:
    """The county that a department's name tells, if it is none of those in the roster's own names."""
    told = fold_as_seen(name)
    if not told or told == fold_as_seen(entry.department) or told in fold_as_seen(entry.department):
        return ""
    ours = {match for each in (*(e.department for e in this_round.roster.entries), *this_round.roster.counties,
                               this_round.settings.bureau) for match in _COUNTY.findall(each)}  # fmt: skip
    theirs = [
        match
        for match in _COUNTY.findall(name)
        if not any(match in own or own in match for own in ours)
    ]
    return theirs[-1] if theirs and ours else ""


def _county_of(this_round: OpenRound, incoming: Incoming) -> str:
    """The county in whose folder a file lay; blank where no folder is called like one of the roster's."""
    counties = {fold_as_seen(county): county for county in this_round.roster.counties}
    steps = (counties.get(fold_as_seen(Path(step).stem)) for step in incoming.path.parts[:-1])
    return next(filter(None, steps), "")


def named_by(this_round: OpenRound, incoming: Incoming, county: str) -> RosterEntry | None:
    """The one department that a file's name tells, else a folder's or an archive's, the mail's subject, its sender."""
    roster = this_round.roster
    names: Iterable[str] = (
        incoming.path.stem,
        *reversed(incoming.path.parts[:-1]),
        incoming.subject,
    )
    for name in filter(None, names):
        entry = _named_in(this_round, Path(name).stem if "/" not in name else name, county)
        if entry is not None:
            return entry
    if incoming.sender:
        senders = [e for e in roster.entries if mail_of(e).casefold() == incoming.sender.casefold()]
        return senders[0] if len(senders) == 1 else None
    return None


def _named_in(this_round: OpenRound, name: str, county: str) -> RosterEntry | None:
    """The one department that a name tells, in whole or in short."""
    return this_round.roster.named_in(name, county) or _by_short_name(this_round, name, county)


def _by_short_name(this_round: OpenRound, name: str, county: str) -> RosterEntry | None:
    """The one department whose name, without what all of them begin with, occurs: 教育局 for 云溪区教育局."""
    folded = fold_as_seen(name)
    prefix = this_round.roster.common_prefix
    short = {
        entry: tail
        for entry in this_round.roster.entries
        if (not county or entry.county in ("", county))
        and len(tail := fold_as_seen(entry.department).removeprefix(prefix)) >= 3
        and tail in folded
    }
    longest = max(map(len, short.values()), default=0)
    named = [entry for entry, tail in short.items() if len(tail) == longest]
    return named[0] if len(named) == 1 else None


def _likely_duty(this_round: OpenRound, entry: RosterEntry, incoming: Incoming) -> DutyKey:
    """Of a file that was not read: the duty whose project its name tells, else the department's first."""
    owed = [each for each in this_round.owed if each.entry is entry]
    folded = fold_as_seen(incoming.path.name)
    named = [each for each in owed if each.project and fold_as_seen(each.project) in folded]
    return (
        max(named, key=lambda each: len(each.project)).key
        if named
        else owed[0].key
        if owed
        else key_of(entry, this_round.form_of(this_round.settings.forms[0]))
    )
