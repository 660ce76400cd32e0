"""Which of several copies of one duty counts: the one saved later, if each says when; else nothing tells."""

from __future__ import annotations

import datetime
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from workbook import text as texts
from workbook.errors import WorkbookError
from workbook.reading import ACCEPTED, Return, Submission


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

    Copies are a department's returns of one form, year and project. Of identical files the one that is
    not named as a copy counts, then the shorter name, then by path. Of others the one that was chosen;
    else the latest, if each says when it was saved and no two say the same. Else those that may be the
    latest stand: the last that says so counts for the time being, then the last path. Raises
    WorkbookError where two of one duty were chosen.
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
            distinct = _without_identical(positions, returns, replaced)
            _decide(distinct, returns, replaced, undecided)
    # What is identical to a replaced one is replaced by what replaces that.
    counted = {position: replaced.get(last, last) for position, last in replaced.items()}
    return Copies(counted, undecided)


def _project(returned: Return, submission: Submission) -> Hashable:
    """What tells the project; where its name is blank, nothing but the file itself."""
    item = submission.form.key_fields.project
    if item is None:
        return ""
    return texts.fold(submission.project) or ("", returned.sha256)


def _without_identical(
    positions: Sequence[int], returns: Sequence[Return], replaced: dict[int, int]
) -> list[int]:
    """The best named of each content; the others are replaced by it."""
    by_content: dict[tuple[str, str], list[int]] = {}
    for position in positions:
        content = returns[position].modified, returns[position].sha256
        by_content.setdefault(content, []).append(position)
    distinct = []
    for same in by_content.values():
        best = max(same, key=lambda position: _fitness(returns[position]))
        replaced |= {position: best for position in same if position != best}
        distinct.append(best)
    return distinct


def _decide(
    distinct: Sequence[int],
    returns: Sequence[Return],
    replaced: dict[int, int],
    undecided: dict[int, int],
) -> None:
    chosen = [position for position in distinct if returns[position].chosen]
    if len(chosen) > 1:
        files = "、".join(returns[position].key for position in chosen)
        raise WorkbookError(f"{files}：是同一单位的同一张表，只能指定其中一份（--use）")
    latest = max((t for p in distinct if (t := returns[p].saved_at)), default=_NEVER)
    standing = chosen or [p for p in distinct if returns[p].saved_at in (None, latest)]
    counted = max(standing, key=lambda p: (returns[p].saved_at or _NEVER, returns[p].key))
    replaced |= {position: counted for position in distinct if position not in standing}
    if len(standing) > 1:
        undecided |= dict.fromkeys(standing, counted)


_NEVER = datetime.datetime.min.replace(tzinfo=datetime.UTC)

_COPY = re.compile(
    r"^(副本|复件|copy(?![a-z]))|([(（]\d+[)）]|副本(\s*[(（]?\d+[)）]?)?|(?<![a-z])copy(\s*[(（]?\d+[)）]?)?)$",
    re.IGNORECASE,
)
"""The names that Windows, WPS, browsers and messengers give to a copy: 副本…, …(1), … - 副本."""


def _fitness(returned: Return) -> tuple[bool, bool, int, str]:
    """How well a file is named, unless it was chosen: of identical ones the highest counts."""
    stem = returned.path.stem.strip()
    return returned.chosen, _COPY.search(stem) is None, -len(stem), returned.key
