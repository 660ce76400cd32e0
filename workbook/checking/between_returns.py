"""What shows only between returns: several of one department, departments that are not on the roster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook import text as texts
from workbook.checking.roster import Entry, Roster
from workbook.findings import Finding, finding
from workbook.form import Headline
from workbook.reading import ACCEPTED, Return, Submission, round_of


@dataclass(frozen=True)
class Sender:
    """Who sent a return, as far as can be told."""

    code: str
    department: str
    entry: Entry | None


def sender_of(item: Return, roster: Roster | None) -> Sender:
    """By what the return says; for one that was not read, by the name of its file."""
    read = item.submission
    if read is not None:
        entry = roster.match(read.department_code, read.department) if roster else None
        code, department = read.department_code.strip(), read.department.strip()
    else:
        entry = roster.named_in(item.path.stem) if roster else None
        code, department = "", texts.printable(item.path.stem)
    if entry is not None:
        return Sender(entry.code or code, entry.department, entry)
    return Sender(code, department, None)


def _project(submission: Submission) -> str:
    item = Headline(submission.form).project
    cell = submission.cell_of(item.key) if item else None
    return texts.fold(str(cell.value)) if cell and cell.value is not None else ""


def same_department(senders: Sequence[Sender]) -> list[int]:
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
    of one form, year and project replace each other. Later is what was saved later, then by path; of
    identical files the one that is not named as a copy counts, then the shorter name, then by path.
    """
    found: dict[tuple[object, ...], list[int]] = {}
    read = {i: r.submission for i, r in enumerate(returns) if r.status == ACCEPTED and r.submission}
    numbers = same_department([sender_of(returns[place], roster) for place in read])
    for (place, submission), number in zip(read.items(), numbers, strict=True):
        key = (number, submission.form.id, submission.fiscal_year, _project(submission))
        found.setdefault(key, []).append(place)
    result: dict[int, int] = {}
    for same in found.values():
        latest = max((returns[i] for i in same), key=lambda r: (r.modified, r.key))
        equal = (latest.modified, latest.sha256)
        alike = [i for i in same if (returns[i].modified, returns[i].sha256) == equal]
        last = max(alike, key=lambda i: _fitness(returns[i]))
        result |= {place: last for place in same if place != last}
    return result


_COPY = re.compile(
    r"^(副本|复件|copy(?![a-z]))|([(（]\d+[)）]|副本(\s*[(（]?\d+[)）]?)?|(?<![a-z])copy(\s*[(（]?\d+[)）]?)?)$",
    re.IGNORECASE,
)
"""The names that Windows, WPS, browsers and messengers give to a copy: 副本…, …(1), … - 副本."""


def _fitness(item: Return) -> tuple[bool, int, str]:
    """How well a file is named: of identical ones the highest counts."""
    stem = item.path.stem.strip()
    return _COPY.search(stem) is None, -len(stem), item.key


def across(
    returns: Iterable[Return], roster: Roster | None = None, *, year: int | None = None
) -> tuple[Return, ...]:
    """The returns, with findings added of what shows only between them.

    W117 for a form of another year, version or kind than this round's; A501 for a department that is
    not on the roster, A503 for one that the file's name contradicts; A502 on every return that another
    one replaces; A504 where two departments sent the very same. The round's year is `year`, or the
    roster's; else what most departments sent.
    """
    returns = tuple(returns)
    replaced = superseded(returns, roster)
    read = {i: r.submission for i, r in enumerate(returns) if r.status == ACCEPTED and r.submission}
    numbers = same_department([sender_of(returns[place], roster) for place in read])
    senders = dict(zip(read, numbers, strict=True))
    due = round_of(read, senders, year or (roster.year if roster else None))
    alike = _alike(read, senders)
    result = []
    for place, item in enumerate(returns):
        found: list[Finding] = []
        if place in read:
            submission = read[place]
            found += due.unlike(submission, senders[place])
            found += _off_roster(submission, roster) if roster else []
            found += _misnamed(item.path, submission, roster) if roster else []
            found += _duplicate(submission, replaced.get(place), returns, item.sha256)
            found += _copied(submission, alike.get(place))
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
    return [_placed("A502", submission, printed=printed, expected=name, detail=detail)]


def _misnamed(path: Path, submission: Submission, roster: Roster) -> list[Finding]:
    """A file named after one department of the roster that holds another one's form."""
    named = roster.named_in(path.stem)
    entry = roster.match(submission.department_code, submission.department)
    if named is None or entry is None or named == entry:
        return []
    whose = {"printed": entry.department, "expected": named.department}
    return [_placed("A503", submission, named=texts.printable(path.name), **whose)]


def _alike(read: Mapping[int, Submission], senders: Mapping[int, int]) -> dict[int, Submission]:
    """For each return whose filling another department sent too: that one's."""
    groups: dict[str, list[int]] = {}
    for place, submission in read.items():
        if submission.filling:
            groups.setdefault(submission.filling, []).append(place)
    found = {}
    for places in groups.values():
        for place in places:
            others = [p for p in places if senders[p] != senders[place]]
            if others:
                found[place] = read[others[0]]
    return found


def _copied(submission: Submission, other: Submission | None) -> list[Finding]:
    if other is None:
        return []
    printed, name = submission.department.strip(), other.department.strip()
    return [_placed("A504", submission, printed=printed, expected="", other=name)]


def _placed(
    code: str, submission: Submission, *, printed: str, expected: str, **words: str
) -> Finding:
    """A finding at the cell that names the department."""
    item = Headline(submission.form).find("department")
    at = submission.address_of(item.key) if item else None
    return finding(
        code,
        sheet=at.sheet if at else "",
        cell=at.a1 if at else "",
        field=item.key if item else "",
        printed=printed,
        expected=expected,
        **words,
    )
