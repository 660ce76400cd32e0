"""What came of each duty: one line for a department's own form and one for each of its projects' forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from workbook.catalogue import Severity
from workbook.checking import OFF_PROJECTS, Duty
from workbook.reading import ACCEPTED, REJECTED, Return
from workbook.summary.coverage import Department, Round, Status, status_of
from workbook.summary.schemas import DUTIES
from workbook.text import fold


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
            same = fold(submission.project) == fold(duty.project)
            if same and position in this_round.other_year:
                yield f"报的是 {submission.fiscal_year} 年度的表"
            for finding in this_round.returns[position].findings:
                if finding.code == OFF_PROJECTS and finding.expected == duty.project:
                    yield f"收到的“{finding.printed}”是不是这个项目，请核对"
    if this_round.duties.lists_projects and department.entry is not None and not duty.listed:
        yield "不在名册的项目中"
    yield from filter(None, [this_round.in_doubt(duty.positions)])
