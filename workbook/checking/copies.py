"""Which of several copies of one duty counts: the one saved later, if each says when; else nothing tells."""

from __future__ import annotations

import datetime
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workbook import text as texts
from workbook.errors import WorkbookError
from workbook.language import t
from workbook.reading import ACCEPTED, Cell, Return, Submission


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies of one duty among returns; each is named by its position among them."""

    replaced: Mapping[int, int] = field(default_factory=dict)
    """Which do not count, and which does in their place."""
    undecided: Mapping[int, int] = field(default_factory=dict)
    """Which may be the latest, since nothing tells, and which of them counts for the time being."""

    @property
    def uncounted(self) -> frozenset[int]:
        """Those that are not added up: the replaced, and the undecided but one."""
        waiting = (position for position, counted in self.undecided.items() if position != counted)
        return frozenset((*self.replaced, *waiting))

    def rivals(self, position: int) -> list[int]:
        """The other copies of which nothing tells whether they are later; none where it is told."""
        counted = self.undecided.get(position)
        return [p for p, other in self.undecided.items() if other == counted and p != position]


def sort_copies(returns: Sequence[Return], departments: Mapping[int, int]) -> Copies:
    """Decide which copies count; `departments` are the returns' departments, by number.

    Copies are a department's returns of one form, year and project. Of those with one content
    (`is_same_content`) the one saved last counts, then the one that is not named as a copy, then the shorter
    name, then by path. Of others the one that was chosen; else the latest, if each says when it was saved
    and no two say the same. Else those that may be the latest stand: the last that says so counts for the
    time being, then the last path. Raises WorkbookError where two of one duty were chosen.
    """
    copies_of: dict[tuple[Hashable, ...], list[int]] = {}
    for position, returned in enumerate(returns):
        submission = returned.submission
        if returned.status == ACCEPTED and submission is not None:
            key = (
                departments[position],
                submission.form.id,
                submission.fiscal_year,
                _project(returned, submission),
            )
            copies_of.setdefault(key, []).append(position)
    replaced: dict[int, int] = {}
    undecided: dict[int, int] = {}
    for positions in copies_of.values():
        if len(positions) > 1:
            saved_at = _distinct(positions, returns, replaced)
            _decide(saved_at, returns, replaced, undecided)
    # What has the content of a replaced one is replaced by what replaces that.
    counted = {position: replaced.get(last, last) for position, last in replaced.items()}
    return Copies(counted, undecided)


def _project(returned: Return, submission: Submission) -> Hashable:
    """What tells the project; where its name is blank, nothing but the file itself."""
    item = submission.form.key_fields.project
    if item is None:
        return ""
    return texts.fold_as_seen(submission.project) or ("", returned.sha256)


def is_same_content(one: Return, other: Return) -> bool:
    """Whether two copies hold the same: the same bytes, or the department filled in the very same, as in an
    .xls made of the .xlsx. Of copies without their cells the filling's digest alone tells."""
    if (one.modified, one.sha256) == (other.modified, other.sha256):
        return True
    first, second = one.submission, other.submission
    if first is None or second is None or not first.filling or first.filling != second.filling:
        return False
    if not (first.is_whole and second.is_whole):
        return True
    # The digest leaves out what the template suggests, which may have been typed over in one of them.
    suggested = {item.key for item in first.form.fields() if item.mode == "suggested"}
    return suggested.isdisjoint(differing_inputs(first, [second]))


def differing_inputs(submission: Submission, others: Iterable[Submission]) -> list[str]:
    """The defined names of the cells that are filled in and hold something else in another copy."""
    compared = list(others)
    inputs = {item.key for item in submission.form.fields() if item.is_input}
    return [
        name
        for name, cell in submission.cells.items()
        if ".".join(name.split(".")[:2]) in inputs
        and any(_differ(cell, other.cell_of(name)) for other in compared)
    ]


def _differ(own: Cell, other: Cell | None) -> bool:
    # A formula without a stored result holds but what the inputs make of it.
    if other and own.formula and other.formula and None in (own.raw, other.raw):
        return False
    return _value_or_raw(own) != (_value_or_raw(other) if other else None)


def _value_or_raw(cell: Cell) -> object:
    return cell.value if cell.value is not None else cell.raw


def _distinct(
    positions: Sequence[int], returns: Sequence[Return], replaced: dict[int, int]
) -> dict[int, datetime.datetime | None]:
    """The copy that stands for each content, and when that was last saved: None where one of the copies that
    have it does not say. The others are replaced by it."""
    contents: list[list[int]] = []
    for position in positions:
        same = (c for c in contents if is_same_content(returns[c[0]], returns[position]))
        content = next(same, None)
        if content is None:
            contents.append([position])
        else:
            content.append(position)
    distinct = {}
    for content in contents:
        best = max(content, key=lambda position: _fitness(returns[position]))
        replaced |= {position: best for position in content if position != best}
        times = [returns[position].saved_at for position in content]
        distinct[best] = None if None in times else returns[best].saved_at
    return distinct


def _decide(
    saved_at: Mapping[int, datetime.datetime | None],
    returns: Sequence[Return],
    replaced: dict[int, int],
    undecided: dict[int, int],
) -> None:
    chosen = [position for position in saved_at if returns[position].chosen]
    if len(chosen) > 1:
        files = "、".join(returns[position].key for position in chosen)
        raise WorkbookError(
            t("{files}：是同一单位的同一张表，只能指定其中一份（--use）", files=files)
        )
    latest = max(filter(None, saved_at.values()), default=_NEVER)
    standing = chosen or [p for p, time in saved_at.items() if time in (None, latest)]
    counted = max(standing, key=lambda p: (returns[p].saved_at or _NEVER, returns[p].key))
    replaced |= {position: counted for position in saved_at if position not in standing}
    if len(standing) > 1:
        undecided |= dict.fromkeys(standing, counted)


_NEVER = datetime.datetime.min.replace(tzinfo=datetime.UTC)

_COPY = re.compile(
    r"^(副本|复件|copy(?![a-z]))|([(（]\d+[)）]|副本(\s*[(（]?\d+[)）]?)?|(?<![a-z])copy(\s*[(（]?\d+[)）]?)?)$",
    re.IGNORECASE,
)
"""The names that Windows, WPS, browsers and messengers give to a copy: 副本…, …(1), … - 副本."""


def _fitness(returned: Return) -> tuple[bool, datetime.datetime, bool, int, str]:
    """Which of the same content counts: the highest, by choice, time and how well the file is named."""
    stem, time = returned.path.stem.strip(), returned.saved_at or _NEVER
    return returned.chosen, time, _COPY.search(stem) is None, -len(stem), returned.key
