"""What shows only between returns: several of one department, departments that are not on the roster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from workbook import text as texts
from workbook.checking.roster import Roster
from workbook.checking.same_department import full_name
from workbook.checking.senders import Sender, sort_by_sender
from workbook.checking.told_apart import require_told_apart
from workbook.findings import Finding, finding
from workbook.form import DEPARTMENT
from workbook.reading import Return, Submission


def add_findings_between(
    returns: Iterable[Return], roster: Roster | None = None, *, year: int | None = None
) -> tuple[Return, ...]:
    """The returns, with findings added of what shows only between them.

    W117 for a form of another year, version or kind than this round's; A501 for a department that is
    not on the roster, A503 for one that the file's name contradicts; A502 on every return that another
    one replaces; A504 where two departments sent the very same. The round's year is `year`, or the
    roster's; else what most departments sent. Raises WorkbookError if departments cannot be told apart;
    see `workbook.checking.told_apart`.
    """
    sent = sort_by_sender(returns, roster)
    require_told_apart(sent)
    read, departments = sent.read, sent.departments
    due_forms = sent.due_forms(year)
    alike = _alike(read, departments)
    result = []
    for position, returned in enumerate(sent.returns):
        findings: list[Finding] = []
        if position in read:
            submission, sender = read[position], sent.senders[position]
            findings += due_forms.unlike(submission, departments[position])
            findings += _off_roster(submission, sender, roster) if roster else []
            findings += _misnamed(returned.path, submission, sender, roster) if roster else []
            findings += _duplicate(
                submission, sent.replaced.get(position), sent.returns, returned.sha256
            )
            if position in alike:
                same = alike[position]
                findings.append(_copied(submission, read[same], sent.senders[same].county))
        known_codes = {f.code for f in returned.findings}
        added = tuple(f for f in findings if f.code not in known_codes)
        result.append(replace(returned, findings=returned.findings + added) if added else returned)
    return tuple(result)


def _off_roster(submission: Submission, sender: Sender, roster: Roster) -> list[Finding]:
    if sender.entry is not None:
        return []
    near = roster.suggest(submission.department_code, submission.department, sender.county)
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


def _misnamed(path: Path, submission: Submission, sender: Sender, roster: Roster) -> list[Finding]:
    """A file named after one department of the roster that holds another one's form."""
    named, entry = roster.named_in(path.stem, sender.county), sender.entry
    if named is None or entry is None or named == entry:
        return []
    departments = {"printed": entry.department, "expected": named.department}
    return [
        _department_finding("A503", submission, named=texts.printable(path.name), **departments)
    ]


def _alike(read: Mapping[int, Submission], departments: Mapping[int, int]) -> dict[int, int]:
    """For each return whose filling another department sent too: the first of that one's."""
    groups: dict[str, list[int]] = {}
    for position, submission in read.items():
        if submission.filling:
            groups.setdefault(submission.filling, []).append(position)
    alike = {}
    for positions in groups.values():
        for position in positions:
            of_other_departments = [p for p in positions if departments[p] != departments[position]]
            if of_other_departments:
                alike[position] = of_other_departments[0]
    return alike


def _copied(submission: Submission, same_filling: Submission, county: str) -> Finding:
    name = full_name(county, same_filling.department.strip())
    printed = submission.department.strip()
    return _department_finding("A504", submission, printed=printed, expected="", other=name)


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
