"""What each department owes: its own form, and one for each of its projects that the roster lists.

Where the roster lists none of a department's projects, each project form that came is a duty of its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

from workbook.checking.roster import RosterEntry, nearest_name
from workbook.checking.senders import Sender, SentReturns
from workbook.form import Form
from workbook.reading import REJECTED
from workbook.text import fold_as_seen


@dataclass(frozen=True, slots=True)
class Duty:
    """One form that a department owes, or that came though it is not on the roster."""

    form: Form | None
    """None where no such form was read."""
    by_project: bool
    project: str
    """As the roster lists it, else as the form has it, where it may be blank."""
    listed: bool
    """Whether the roster asks for it."""
    positions: tuple[int, ...]
    """The returns that answer it: its copies, and files that were not read but name it."""


@dataclass(frozen=True)
class Duties:
    """What the departments of a round owe."""

    sent: SentReturns

    @cached_property
    def own_form(self) -> Form | None:
        """The form that departments fill in for themselves; None if only others were read."""
        first = next(iter(self.sent.forms.values()), None)
        form = self.sent.read[first[0]].form if first else None
        return form if form and form.key_fields.project is None else None

    @cached_property
    def project_form(self) -> Form | None:
        """The form by project of which most were read; None if none was."""
        forms = (self.sent.read[positions[0]].form for positions in self.sent.forms.values())
        return next((form for form in forms if form.key_fields.project is not None), None)

    @cached_property
    def lists_projects(self) -> bool:
        """Whether the roster says for which projects a form is due."""
        return self.sent.roster is not None and bool(self.sent.roster.projects)

    @cached_property
    def missing(self) -> list[tuple[Sender, Duty]]:
        """What the roster asks for and nothing came of, in its order."""
        return [
            (sender, duty)
            for number, sender in zip(self.sent.listed, self.sent.due, strict=True)
            for duty in self.of(sender.entry, self._positions_of.get(number, ()))
            if duty.listed and not duty.positions
        ]

    def nearest(self, position: int, name: str) -> str:
        """The unanswered project of a return's department that a name most likely means; blank if none."""
        positions = self._positions_of[self.sent.departments[position]]
        duties = self.of(self.sent.senders[position].entry, positions)
        unanswered = (duty.project for duty in duties if duty.listed and not duty.positions)
        return nearest_name(name, filter(None, unanswered))

    @cached_property
    def _positions_of(self) -> dict[int, list[int]]:
        """The returns of each department, by its number."""
        positions_of: dict[int, list[int]] = {}
        for position, number in self.sent.departments.items():
            positions_of.setdefault(number, []).append(position)
        return positions_of

    def of(self, entry: RosterEntry | None, positions: Sequence[int]) -> list[Duty]:
        """What one department owes, and which of its returns answer it; its own form comes first."""
        projects = self._of_projects(entry, positions)
        only_projects = self.own_form is None and self.project_form is not None
        if only_projects and (projects or self.lists_projects):
            return projects
        form = self.own_form or self.project_form
        own = tuple(position for position in positions if self._is_own(entry, position))
        return [Duty(form, False, "", entry is not None, own), *projects]

    def _is_own(self, entry: RosterEntry | None, position: int) -> bool:
        """Whether a return answers its department's duty to fill in its own form."""
        copies = self.sent.copies
        counted = copies.replaced.get(position, position)
        if self.sent.returns[position].status == REJECTED:
            return not self.names_project(entry, position)
        return copies.undecided.get(counted, counted) in self.sent.first

    def names_project(self, entry: RosterEntry | None, position: int) -> str:
        """The listed project that the name of a file tells which was not read; blank if it tells none."""
        if self.sent.returns[position].status != REJECTED or entry is None:
            return ""
        stem = fold_as_seen(self.sent.returns[position].path.stem)
        named = (item.name for item in entry.projects if fold_as_seen(item.name) in stem)
        return max(named, key=len, default="")

    def _of_projects(self, entry: RosterEntry | None, positions: Sequence[int]) -> list[Duty]:
        """The listed projects in the roster's order, then those of which a form came besides."""
        listed = entry.projects if entry else ()
        positions_of: dict[Hashable, list[int]] = {fold_as_seen(item.name): [] for item in listed}
        names = {fold_as_seen(item.name): item.name for item in listed}
        for position in positions:
            name = self._project_of(entry, position)
            if name is not None:
                counted = self.sent.copies.replaced.get(position, position)
                key: Hashable = (
                    fold_as_seen(name) or counted
                )  # without a name it is no other one's copy
                positions_of.setdefault(key, []).append(position)
                names.setdefault(fold_as_seen(name), name)
        return [
            Duty(
                self._form_of(answers),
                by_project=True,
                project=names[key if isinstance(key, str) else ""],
                listed=number < len(listed),
                positions=tuple(answers),
            )
            for number, (key, answers) in enumerate(positions_of.items())
        ]

    def _project_of(self, entry: RosterEntry | None, position: int) -> str | None:
        """The project that a return is about; None if it is about none."""
        submission = self.sent.read.get(position)
        if submission is None:
            return self.names_project(entry, position) or None
        by_project = submission.form.key_fields.project is not None
        return submission.project if by_project and position not in self.sent.other_year else None

    def _form_of(self, answers: Sequence[int]) -> Form | None:
        read = (self.sent.read[position].form for position in answers if position in self.sent.read)
        return next(read, self.project_form)
