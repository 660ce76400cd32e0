"""Which form a round of returns collects: of which year, version and kind; and what is none of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from workbook.address import Address
from workbook.catalogue import Severity
from workbook.findings import Finding, finding
from workbook.form import Form
from workbook.layout import lay_out
from workbook.reading.submission import Submission

T = TypeVar("T", bound=Hashable)

_ENOUGH = 3
"""Of fewer departments nothing follows from what most of them sent."""


@dataclass(frozen=True, slots=True)
class DueForms:
    """What is due in a round of returns."""

    year: int | None
    year_given: bool
    """Whether the year was given; else it is what most departments sent, and a mistake only a warning."""
    versions: Mapping[str, str]
    """By form: the version that most departments sent."""
    main: Form | None
    """The form that most departments sent."""
    without: frozenset[int]
    """The departments, by number, that sent other forms but not this one."""

    def unlike(self, submission: Submission, sender: int) -> Iterator[Finding]:
        """W117 for a return that is none of this round."""
        form = submission.form
        expected_version = self.versions.get(form.id, form.version)
        if self.year is not None and submission.fiscal_year != self.year:
            printed, expected = str(submission.fiscal_year), str(self.year)
            violation = _not_due(
                submission, printed, expected, f" {printed} 年度的表", f" {expected} 年度的"
            )
            yield violation if self.year_given else replace(violation, severity=Severity.WARNING)
        elif expected_version != form.version:
            violation = _not_due(
                submission,
                form.version,
                expected_version,
                f" {form.version} 版的表",
                f" {expected_version} 版",
            )
            yield replace(violation, severity=Severity.WARNING)
        elif self.main is not None and sender in self.without:
            printed, expected = form.name, self.main.name
            violation = _not_due(
                submission, printed, expected, f"{printed}", f"{expected}，没有见到"
            )
            yield replace(violation, severity=Severity.WARNING)


def due_forms_of(
    submissions: Mapping[int, Submission], senders: Mapping[int, int], year: int | None
) -> DueForms:
    """What is due in the round that returns belong to; `senders` are their departments by number.

    Without a `year`, it is what most departments sent; where that is undecided, the definition's own.
    """
    year_given = year is not None
    if year is None:
        year = _sent_by_most(
            (senders[number], submission.fiscal_year) for number, submission in submissions.items()
        )
        form_years = {submission.form.fiscal_year for submission in submissions.values()}
        printed_years = {submission.fiscal_year for submission in submissions.values()}
        if year is None and len(printed_years) > 1 and len(form_years & printed_years) == 1:
            (year,) = form_years & printed_years
    # What was sent for another year tells nothing of this round's versions and kinds.
    due = {n: each for n, each in submissions.items() if year in (None, each.fiscal_year)}
    forms = {submission.form.id: submission.form for submission in submissions.values()}
    sent: dict[str, list[tuple[int, str]]] = {form: [] for form in forms}
    for number, submission in due.items():
        sent[submission.form.id].append((senders[number], submission.form.version))
    versions = {form: most for form, pairs in sent.items() if (most := _sent_by_most(pairs))}
    main = _sent_by_most(
        (senders[number], submission.form.id) for number, submission in due.items()
    )
    senders_of_main = {
        senders[number] for number, submission in submissions.items() if submission.form.id == main
    }
    without = frozenset(senders.values()) - senders_of_main if main is not None else frozenset()
    if len(senders_of_main) < _ENOUGH:
        without = frozenset()
    return DueForms(year, year_given, versions, forms.get(main) if main else None, without)


def _sent_by_most(sent: Iterable[tuple[int, T]]) -> T | None:
    """What more than half of the departments sent; None if there is no such thing."""
    pairs = set(sent)
    counts = Counter(sent_value for _, sent_value in pairs)
    departments = len({sender for sender, _ in pairs})
    best = counts.most_common(1)
    return best[0][0] if best and 2 * best[0][1] > departments else None


def _not_due(
    submission: Submission, printed: str, expected: str, own_words: str, due_words: str
) -> Finding:
    """At the title, which names form and year."""
    layout = lay_out(submission.form, submission.plan)
    drawn = (
        name for name, spot in layout.spots.items() if spot.address.sheet == submission.form.sheet
    )
    standing = (submission.cells[name].address.sheet for name in drawn if name in submission.cells)
    home = next(standing, submission.form.sheet)
    title = next((label for label in layout.home.labels if label.role == "title"), None)
    return finding(
        "W117",
        sheet=home,
        cell=Address(home, title.top, title.left).a1 if title else "",
        printed=printed,
        expected=expected,
        own=own_words,
        due=due_words,
    )
