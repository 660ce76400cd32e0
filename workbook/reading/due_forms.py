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
    told: bool
    """Whether the year was told; else it is what most departments sent, and a mistake only a warning."""
    versions: Mapping[str, str]
    """By form: the version that most departments sent."""
    main: Form | None
    """The form that most departments sent."""
    without: frozenset[int]
    """The departments, by number, that sent other forms but not this one."""

    def unlike(self, submission: Submission, sender: int) -> Iterator[Finding]:
        """W117 for a return that is none of this round."""
        form = submission.form
        version = self.versions.get(form.id, form.version)
        if self.year is not None and submission.fiscal_year != self.year:
            own, due = str(submission.fiscal_year), str(self.year)
            what = _unlike(submission, own, due, f" {own} 年度的表", f" {due} 年度的")
            yield what if self.told else replace(what, severity=Severity.WARNING)
        elif version != form.version:
            what = _unlike(
                submission, form.version, version, f" {form.version} 版的表", f" {version} 版"
            )
            yield replace(what, severity=Severity.WARNING)
        elif self.main is not None and sender in self.without:
            own, due = form.name, self.main.name
            what = _unlike(submission, own, due, f"{own}", f"{due}，没有见到")
            yield replace(what, severity=Severity.WARNING)


def due_forms_of(
    read: Mapping[int, Submission], senders: Mapping[int, int], year: int | None
) -> DueForms:
    """What is due in the round that returns belong to; `senders` are their departments by number.

    Without a `year`, it is what most departments sent; where that is undecided, the definition's own.
    """
    told = year is not None
    if year is None:
        year = _most((senders[at], s.fiscal_year) for at, s in read.items())
        own = {s.form.fiscal_year for s in read.values()}
        seen = {s.fiscal_year for s in read.values()}
        if year is None and len(seen) > 1 and len(own & seen) == 1:
            (year,) = own & seen
    forms = {s.form.id: s.form for s in read.values()}
    sent: dict[str, list[tuple[int, str]]] = {form: [] for form in forms}
    for at, s in read.items():
        sent[s.form.id].append((senders[at], s.form.version))
    versions = {form: most for form, pairs in sent.items() if (most := _most(pairs))}
    main = _most((senders[at], s.form.id) for at, s in read.items())
    having = {senders[at] for at, s in read.items() if s.form.id == main}
    without = frozenset(senders.values()) - having if main is not None else frozenset()
    if len(having) < _ENOUGH:
        without = frozenset()
    return DueForms(year, told, versions, forms.get(main) if main else None, without)


def _most(sent: Iterable[tuple[int, T]]) -> T | None:
    """What more than half of the departments sent; None if there is no such thing."""
    pairs = set(sent)
    counts = Counter(what for _, what in pairs)
    departments = len({sender for sender, _ in pairs})
    best = counts.most_common(1)
    return best[0][0] if best and 2 * best[0][1] > departments else None


def _unlike(submission: Submission, printed: str, expected: str, own: str, due: str) -> Finding:
    """At the title, which names form and year."""
    layout = lay_out(submission.form, submission.plan)
    drawn = (n for n, s in layout.spots.items() if s.address.sheet == submission.form.sheet)
    home = submission.cells[next(drawn)].address.sheet
    title = next((label for label in layout.home.labels if label.role == "title"), None)
    return finding(
        "W117",
        sheet=home,
        cell=Address(home, title.top, title.left).a1 if title else "",
        printed=printed,
        expected=expected,
        own=own,
        due=due,
    )
