"""Who answered, in numbers and words, and what is still to be called for."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from workbook.summary import WHO, FormSummary, Status, Summary


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many departments were asked and what came of it; answered, rejected and missing add up to
    those asked, departments off the roster stand apart."""

    asked: int
    """The roster's; without a roster, all that anything came from."""
    answered: int
    """Whose own form was read, with errors or without."""
    accepted: int
    """Of them those without an error."""
    faulty: int
    rejected: int
    missing: int
    late: int
    duplicates: int
    """Returns that do not count since another copy does."""
    off_roster: int

    @property
    def in_words(self) -> str:
        """What came of it in words."""
        words = f"已报 {self.answered}（其中须修改 {self.faulty}），退回 {self.rejected}，未报 {self.missing}"
        return words + (f"；另有名册外 {self.off_roster}" if self.off_roster else "")


def asked(summary: Summary) -> pd.DataFrame:
    """The lines of the coverage of those asked: the roster's; without a roster, all."""
    frame = summary.coverage
    return frame[frame["on_roster"]] if summary.has_roster else frame


def coverage_counts(summary: Summary) -> Coverage:
    """The round's coverage in numbers."""
    late = int(summary.coverage["late"].fillna(value=False).sum())
    return _coverage(summary.coverage, asked(summary), late, len(summary.duplicates))


def _coverage(
    lines: pd.DataFrame, asked_lines: pd.DataFrame, late: int, duplicates: int
) -> Coverage:
    status_counts = asked_lines["status"].value_counts()
    counts = {status: int(status_counts.get(str(status), 0)) for status in Status}
    return Coverage(
        asked=len(asked_lines),
        answered=counts[Status.ANSWERED] + counts[Status.FAULTY],
        accepted=counts[Status.ANSWERED],
        faulty=counts[Status.FAULTY],
        rejected=counts[Status.REJECTED],
        missing=counts[Status.MISSING],
        late=late,
        duplicates=duplicates,
        off_roster=len(lines) - len(asked_lines),
    )


def project_counts(summary: Summary) -> Coverage | None:
    """How many projects' forms were asked for and what came of them: the roster's, or without such a list
    all that came; those off the list stand apart. None where there are none. Nobody is late here."""
    lines = summary.project_duties
    listed = lines[lines["on_roster"]] if summary.lists_projects else lines
    if lines.empty:
        return None
    return _coverage(lines, listed, 0, int(lines["duplicates"].sum()))


def projects_in_words(summary: Summary) -> str:
    """What came of the projects' forms, a sentence; blank where there are none."""
    counts = project_counts(summary)
    if counts is None:
        return ""
    return (
        f"{'应报项目' if summary.lists_projects else '项目'} {counts.asked} 个：{counts.in_words}。"
    )


def tells_projects(summary: Summary, part: FormSummary | None) -> bool:
    """Whether a form's page tells which of the roster's projects are still due: that of the first form by
    project, of the main form where none was read; that of no form where the roster lists none."""
    by_project = (p for p in summary.forms if p.key_fields.project is not None)
    return summary.lists_projects and part is next(by_project, summary.main)


def pending(summary: Summary) -> pd.DataFrame:
    """What is still to be called for, in the departments' order, their own forms before their projects':
    status, county, code, department, project (NA for the own form), contact, phone, deadline, errors, why,
    file. Without projects where the summary's lists are too long (`Summary.left_out`)."""
    own = summary.coverage.assign(project=pd.array([pd.NA] * len(summary.coverage), "string"))
    who = list(WHO)
    calls = own.reset_index()[["number", *who, "contact", "phone", "deadline"]]
    projects = summary.project_duties.iloc[: 0 if summary.left_out else None]
    projects = projects.merge(calls.drop_duplicates(who), on=who, how="left")
    both = pd.concat([own.reset_index(), projects], ignore_index=True)
    both = both[both["status"] != Status.ANSWERED].sort_values("number", kind="stable")
    columns = ["status", *who, "project", "contact", "phone", "deadline", "errors", "why", "file"]
    return both[columns].reset_index(drop=True)
