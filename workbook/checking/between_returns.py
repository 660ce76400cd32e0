"""What shows only between returns: several of one department, departments that are not on the roster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from workbook import text as texts
from workbook.checking.agreement import unlike_projects, unlike_roster
from workbook.checking.copies import differing_inputs, is_same_content
from workbook.checking.duties import Duties
from workbook.checking.last_year import like_last_year
from workbook.checking.roster import Roster
from workbook.checking.same_department import full_name
from workbook.checking.senders import Sender, named_otherwise, sort_by_sender
from workbook.checking.told_apart import require_told_apart
from workbook.findings import Finding, finding
from workbook.form import DEPARTMENT
from workbook.reading import Return, Submission

DUPLICATE, UNDECIDED_COPY = "A502", "A505"
"""What a copy bears that does not count, and one of which nothing tells whether it does."""
OFF_PROJECTS = "A506"
"""What a form bears whose project is none of its department's."""


def is_replaced(returned: Return) -> bool:
    """Whether another copy counts instead of a return, as `add_findings_between` has found."""
    return any(f.code == DUPLICATE for f in returned.findings)


def add_findings_between(
    returns: Iterable[Return],
    roster: Roster | None = None,
    *,
    year: int | None = None,
    last_year: Iterable[Return] = (),
) -> tuple[Return, ...]:
    """The returns, with findings added of what shows only between them.

    W117 for a form of another year, version or kind than this round's; A501 for a department that is
    not on the roster, A503 for one that the file's name contradicts; A504 where two departments sent the
    very same; A505 on copies of which nothing tells which is later; A506 for a project that the roster
    does not list for its department; A507 where projects do not add up, A508 where the roster tells
    another amount (`workbook.checking.agreement`); A509, A510 and A511 for what was handed in `last_year`,
    as read, or is in another unit than then (`workbook.checking.last_year`). A copy that another one replaces has the note A502 and
    nothing else: it is neither judged nor listed. The round's year is `year`, or the roster's; else what
    most departments sent. Raises WorkbookError if departments cannot be told apart (see
    `workbook.checking.told_apart`) or two copies of one duty were chosen; RosterError where an amount of
    the roster is no number.
    """
    sent = sort_by_sender(returns, roster)
    require_told_apart(sent)
    read, departments, copies = sent.read, sent.departments, sent.copies
    due_forms = sent.due_forms(year)
    alike = _alike({p: s for p, s in read.items() if p not in copies.replaced}, departments)
    of_amounts: dict[int, list[Finding]] = {}
    between = (
        *unlike_projects(sent),
        *unlike_roster(sent, due_forms.year),
        *like_last_year(sent, last_year),
    )
    for position, violation in between:
        of_amounts.setdefault(position, []).append(violation)
    duties = Duties(sent)
    result = []
    for position, returned in enumerate(sent.returns):
        if position in copies.replaced:
            note = _duplicate(returned, sent.returns[copies.replaced[position]])
            result.append(replace(returned, findings=(note,)))
            continue
        findings: list[Finding] = []
        if position in read:
            submission, sender = read[position], sent.senders[position]
            findings += due_forms.unlike(submission, departments[position])
            findings += _off_roster(submission, sender, roster) if roster else []
            findings += _misnamed(returned.path, submission, sender, roster) if roster else []
            rivals = [sent.returns[rival] for rival in copies.rivals(position)]
            if rivals:
                counted = sent.returns[copies.undecided[position]]
                findings += _undecided(returned, submission, rivals, counted)
            findings += _off_projects(position, duties)
            findings += of_amounts.get(position, [])
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


def _off_projects(position: int, duties: Duties) -> list[Finding]:
    """A project that is not among those of its department, which the roster lists."""
    submission, sender = duties.sent.read[position], duties.sent.senders[position]
    roster, entry = duties.sent.roster, sender.entry
    item, name = submission.form.key_fields.project, submission.project
    if roster is None or not roster.projects or entry is None or item is None or not name:
        return []
    if entry.project(name):
        return []
    near, owner = duties.nearest(position, name), roster.of_project(name, sender.county)
    detail = f"，最接近的是“{near}”" if near else f"，是“{owner.department}”的项目" if owner else ""
    address = submission.address_of(item.key)
    return [
        finding(
            OFF_PROJECTS,
            sheet=address.sheet if address else submission.form.sheet,
            cell=address.a1 if address else "",
            field=item.key,
            printed=name,
            expected=near,
            project=name,
            detail=detail,
        )
    ]


def _duplicate(returned: Return, counted: Return) -> Finding:
    name = texts.printable(counted.path.name)
    if returned.sha256 == counted.sha256 != "":
        detail = f"内容与“{name}”完全相同，以那一份为准"
    elif is_same_content(returned, counted):
        detail = f"填写的内容与“{name}”相同，以那一份为准"
    elif counted.chosen:
        detail = f"本份不计入，计入的是指定的“{name}”"
    else:
        detail = f"本份不计入，计入的是保存较晚的“{name}”"
    printed = texts.printable(returned.path.name)
    assert returned.submission is not None, "what was not read is no copy"
    words = {"printed": printed, "expected": name, "detail": detail}
    return _department_finding(DUPLICATE, returned.submission, **words)


def _undecided(
    returned: Return, submission: Submission, rivals: Sequence[Return], counted: Return
) -> Iterator[Finding]:
    """A505 at the cells that are filled in otherwise than in other copies, a finding a sheet; where none is,
    at the department's cell. Of copies without their cells nobody knows: all figures are named."""
    files = "、".join(f"“{rival.key}”" for rival in rivals)
    current = (
        "本份" if counted is returned else "那一份" if len(rivals) == 1 else f"“{counted.key}”"
    )
    detail = f"暂计入{current}"
    words = {"others": files, "detail": detail, "file": counted.key}
    at_department = _department_finding(
        UNDECIDED_COPY, submission, printed="", expected="", **words
    )
    if not submission.is_whole:
        figures = submission.form.key_fields.figures.values()
        yield replace(at_department, field=",".join(item.key for item in figures))
        return
    others = (rival.submission for rival in rivals)
    names = differing_inputs(submission, [other for other in others if other is not None])
    by_sheet: dict[str, list[str]] = {}
    for name in names:
        by_sheet.setdefault(submission.cells[name].address.sheet, []).append(name)
    for sheet, on_sheet in by_sheet.items():
        yield finding(
            UNDECIDED_COPY,
            sheet=sheet,
            cell=",".join(submission.cells[name].address.a1 for name in on_sheet),
            field=",".join(on_sheet),
            **words,
        )
    if not names:
        yield at_department


def _misnamed(path: Path, submission: Submission, sender: Sender, roster: Roster) -> list[Finding]:
    """A file named after one department of the roster that holds another one's form."""
    named, entry = named_otherwise(path, sender, roster), sender.entry
    if named is None or entry is None:
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
