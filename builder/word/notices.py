"""Notices: one text a department, what is to be mended in its return, to be sent back with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from workbook.arguments import PathLike, as_path
from workbook.catalogue import Severity
from workbook.checking import (
    UNDECIDED_COPY,
    Duties,
    Roster,
    RosterEntry,
    Sender,
    SentReturns,
    as_roster,
    full_name,
    sort_by_sender,
)
from workbook.errors import BuildError
from workbook.findings import Finding
from workbook.language import t
from workbook.reading import ACCEPTED, Return, Submission, as_returns, require_checked
from workbook.text import printable_lines
from workbook.writing import free_name, require_none_there, stem_of, writing

_PARTS = (
    (Severity.ERROR, "须改正"),
    (Severity.WARNING, "须核对，或者说明原因"),
    (Severity.NOTE, "供参考，不必改"),
)
_NUMERALS = "一二三"


def write_notices(
    returns: Iterable[Return],
    folder: PathLike,
    roster: Roster | PathLike | None = None,
    *,
    force: bool = False,
) -> list[Path]:
    """Write `[<county>_]<code>_<department>.txt` for each department whose return has an error or a warning, or
    could not be read; returns the paths, in order. UTF-8 with BOM, as Windows' Notepad writes it.

    Copies that do not count are left out; of several that may be the latest the department is asked
    which one counts. It is told which of its projects have not come. Raises BuildError if a file is there already and
    `force` is not given, or if one cannot be written; ArgumentError for returns that were not checked.

    >>> from builder import write_notices
    >>> from workbook import check, read_returns
    >>> len(write_notices(check(read_returns("samples/returns")), "notices", "samples/roster.csv"))
    10
    """
    returns, folder = as_returns(returns, "returns"), as_path(folder, "folder")
    require_checked(returns, checked=True)
    roster = as_roster(roster)
    if folder.exists() and not folder.is_dir():
        raise BuildError(t("{folder}：应给出文件夹，这是一个文件", folder=folder))
    taken: set[str] = set()
    texts = {
        folder / free_name(stem, ".txt", taken): text for stem, text in _notices(returns, roster)
    }
    if not force:
        require_none_there(texts)
    for path, text in texts.items():
        with writing(path) as temporary:
            temporary.write_text(text, encoding="utf-8-sig", newline="\r\n")
    return list(texts)


def _notices(returns: Sequence[Return], roster: Roster | None) -> Iterator[tuple[str, str]]:
    """(name of the file, text) of each department that has something to mend."""
    sent = sort_by_sender(returns, roster)
    missing_projects = _missing_projects(sent)
    positions_by_department: dict[int, list[int]] = {}
    for position, number in sent.departments.items():
        if position not in sent.replaced:
            positions_by_department.setdefault(number, []).append(position)
    for number, positions in positions_by_department.items():
        open_ = [returned for position in positions if _is_open(returned := returns[position])]
        asked = list(_which_counts(sent, positions))
        if open_ or asked:
            sender = sent.senders[positions[0]]
            stem = stem_of(sender.code, sender.department)
            asked += missing_projects.get(number, [])
            yield stem_of(sender.county, stem), _text(sender, asked, open_)


def _is_open(returned: Return) -> bool:
    return returned.status != ACCEPTED or any(
        f.severity != Severity.NOTE for f in _own_findings(returned)
    )


def _own_findings(returned: Return) -> list[Finding]:
    """What a department can mend; which of its copies counts it is asked apart."""
    return [f for f in returned.findings if f.code != UNDECIDED_COPY]


def _which_counts(sent: SentReturns, positions: Sequence[int]) -> Iterator[str]:
    """What a department is asked that sent several copies of which nothing tells the latest."""
    for position in positions:
        if sent.copies.undecided.get(position) == position:
            copies = [position, *sent.copies.rivals(position)]
            names = "、".join(Path(sent.returns[copy].key).name for copy in copies)
            form = _form_name(sent.read[position])
            yield f"你单位的{form}报送了 {len(copies)} 份，填写不同：{names}。请告知以哪一份为准。"


def _missing_projects(sent: SentReturns) -> dict[int, list[str]]:
    """By a department's number: which of its projects' forms have not come."""
    names: dict[RosterEntry, list[str]] = {}
    for sender, duty in Duties(sent).missing:
        if sender.entry is not None and duty.by_project:
            names.setdefault(sender.entry, []).append(f"“{duty.project}”")
    return {
        number: [f"还有 {len(projects)} 个项目没有报送：{'、'.join(projects)}，请尽快报送。"]
        for number, sender in zip(sent.listed, sent.due, strict=True)
        if sender.entry is not None and (projects := names.get(sender.entry))
    }


def _form_name(submission: Submission) -> str:
    """The form's name, with the project that it is about."""
    project = f"“{submission.project}”" if submission.project else ""
    return f"《{submission.form.name}》{project}"


def _text(sender: Sender, asked: Iterable[str], returns: Sequence[Return]) -> str:
    lines = [f"{full_name(sender.county, sender.department)}："]
    for question in asked:
        lines += ["", question]
    for returned in returns:
        lines += ["", *_about(returned)]
    if returns:
        lines += ["", "请改正后看一遍表里的“自检”，没有问题了再重新报送。"]
    return printable_lines("\n".join(lines)) + "\n"


def _about(returned: Return) -> Iterator[str]:
    """What is to be said of one return."""
    form = _form_name(returned.submission) if returned.submission else "文件"
    name = Path(returned.key).name
    if returned.status != ACCEPTED:
        yield f"你单位报送的{form}（{name}）读不出来，请按下面的说明重新报送。"
    else:
        yield f"你单位报送的{form}（{name}）已经检查，情况如下。"
    number = 0
    for severity, heading in _PARTS:
        findings = [f for f in _own_findings(returned) if f.severity == severity]
        if findings:
            yield f"{_NUMERALS[number]}、{heading}（{len(findings)} 处）"
            number += 1
        for index, finding in enumerate(findings, 1):
            address = f"{finding.sheet} {finding.cell}：" if finding.cell else ""
            yield f"{index}. {address}{finding.message}。{finding.hint}（{finding.code}）"
