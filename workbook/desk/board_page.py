"""The board: a line a department, what waits for the bureau first; found, chosen and sorted by the address alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from starlette.responses import Response

from workbook.desk.rounds_on_desk import Snapshot
from workbook.desk.visits import Visit, query
from workbook.round import STATES, DepartmentState
from workbook.text import fold_as_seen

Item = TypeVar("Item")
_PER_PAGE = 100
FOR_US = ("to_decide", "faulty", "not_issued")
"""What waits for the bureau, the first first; then what waits for departments."""
FOR_OTHERS = ("sent_back", "issued")
FINISHED = ("approved", "nothing", "excused")
_ORDER = (*FOR_US, *FOR_OTHERS, "passed", *FINISHED)
_GROUPS = {
    **dict.fromkeys(FOR_US, "等我们办"),
    **dict.fromkeys(FOR_OTHERS, "等单位办"),
    **dict.fromkeys(("passed", *FINISHED), "已经报好"),
}
SORTS = {
    "wait": "要办的在前",
    "roster": "名册次序",
    "name": "单位名称",
    "days": "期限近的在前",
    "errors": "错误多的在前",
    "versions": "报得多的在前",
}


class BoardRow:
    """One department's line. What only is shown is worked out where it is: of thousands, a hundred are."""

    def __init__(self, position: int, department: DepartmentState) -> None:
        entry = department.entry
        self.position, self.department = position, department
        self.county, self.code, self.name = (
            entry.county,
            entry.code or entry.department,
            entry.department,
        )
        self.state, self.overdue = department.state, department.is_overdue
        self.group = _GROUPS[self.state]

    @property
    def days_left(self) -> int | None:
        """To the deadline that comes first."""
        return self.department.days_left

    @property
    def when(self) -> str:
        """How much time is left, in words."""
        return self.department.told_days()

    @cached_property
    def versions(self) -> int:
        """How many came."""
        return sum(len(duty.versions) for duty in self.department.duties)

    @cached_property
    def errors(self) -> int:
        """Those that are open in the copies that count."""
        return sum(duty.open_errors(duty.counted) for duty in self.department.duties)

    @cached_property
    def warnings(self) -> int:
        """Those that nobody has waived."""
        return sum(
            each.problem.severity == "warning" and each.state != "waived"
            for duty in self.department.duties
            for each in duty.problems_of(duty.counted)
        )

    @property
    def forms(self) -> str:
        """How many of its forms are there, where it owes several."""
        duties = self.department.duties
        finished = [duty for duty in duties if duty.state in ("passed", *FINISHED)]
        return f"{len(finished)}/{len(duties)}" if len(duties) > 1 else ""

    @property
    def notes(self) -> list[str]:
        """What is said of it besides."""
        return [
            f"“{duty.project}”{remark}" if duty.project else remark
            for duty in self.department.duties
            for remark in duty.remarks()
            if not remark.startswith("错误 ")
        ]

    @cached_property
    def sought(self) -> str:
        """What a search looks into."""
        projects = (duty.project for duty in self.department.duties)
        words = (self.county, self.code, self.name, self.department.entry.contact, *projects)
        return fold_as_seen(" ".join(words))


@lru_cache(maxsize=2)
def rows_of(snapshot: Snapshot) -> tuple[BoardRow, ...]:
    """The lines of a board, in the roster's order."""
    return tuple(itertools.starmap(BoardRow, enumerate(snapshot.departments.departments)))


def _key(sort: str) -> Callable[[BoardRow], Any]:
    far = 10**6
    keys: dict[str, Callable[[BoardRow], Any]] = {
        "wait": lambda row: (_ORDER.index(row.state), not row.overdue, row.position),
        "roster": lambda row: row.position,
        "name": lambda row: (row.name, row.position),
        "days": lambda row: (not row.when, row.days_left if row.days_left is not None else far, row.position),
        "errors": lambda row: (-row.errors, -row.warnings, row.position),
        "versions": lambda row: (-row.versions, row.position),
    }  # fmt: skip
    return keys.get(sort, keys["wait"])


def board_page(visit: Visit) -> Response:
    """The board."""
    snapshot = visit.round.snapshot()
    if snapshot.city is not None:
        from workbook.desk.city_pages import city_board  # noqa: PLC0415 - which asks for this one's address

        return city_board(visit, snapshot)
    board = snapshot.departments
    every = rows_of(snapshot)
    states = [state for state in visit.texts("state") if state in STATES]
    sought, county, sort = (
        [fold_as_seen(word) for word in visit.text("q").split()],
        visit.text("county"),
        visit.text("sort", "wait"),
    )
    overdue = visit.text("overdue") == "1"
    rows = [
        row for row in every
        if (not states or row.state in states) and (not overdue or row.overdue)
        and (not county or row.county == county) and all(word in row.sought for word in sought)
    ]  # fmt: skip
    rows.sort(key=_key(sort))
    shown, page, pages = paged(rows, visit.number("page"))
    filters = {"q": visit.text("q"), "state": states, "county": county, "sort": sort if sort in SORTS else "wait",
               "overdue": "1" if overdue else ""}  # fmt: skip

    def link(**changed: Any) -> str:
        return query(f"{visit.here}/board", **{**filters, **changed})

    return visit.page(
        "board.html", snapshot=snapshot, section="board", rows=shown, groups=_grouped(shown, sort), total=len(rows),
        every=len(every), page=page, pages=pages, filters=filters, link=link, sorts=SORTS,
        counts=board.counts(), overdue_count=sum(row.overdue for row in every), for_us=FOR_US,
        late=sum(row.overdue and row.state in FOR_OTHERS for row in every),
        counties=tuple(dict.fromkeys(row.county for row in every if row.county)), notices=list(visit.round.notices),
        to_send=sum(not duty.is_issued and duty.state == "not_issued" for duty in board.duties),
    )  # fmt: skip


def paged(items: Sequence[Item], asked: int | None) -> tuple[Sequence[Item], int, int]:
    """The lines of the page that is asked for, its number, and how many there are."""
    pages = -(-len(items) // _PER_PAGE) or 1
    page = max(1, min(asked or 1, pages))
    return items[(page - 1) * _PER_PAGE : page * _PER_PAGE], page, pages


def _grouped(rows: Sequence[BoardRow], sort: str) -> list[tuple[str, list[BoardRow]]]:
    """The lines under what they wait for; all under one head where they are sorted otherwise."""
    groups: dict[str, list[BoardRow]] = {}
    for row in rows:
        groups.setdefault(row.group if sort == "wait" or sort not in SORTS else "", []).append(row)
    return list(groups.items())
