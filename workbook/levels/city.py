"""Where each county stands, folded from the events: what it sent, which pack counts, what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from workbook.arguments import PathLike
from workbook.checking import RosterEntry
from workbook.errors import WorkbookError
from workbook.language import marked, t
from workbook.reported import CITY
from workbook.round import OpenRound, opened
from workbook.round.ledger import DutyKey, Event

COUNTY_STATES = {
    "missing": marked("未报"),
    "sent_back": marked("退回更正中"),
    "received": marked("已报，待核定"),
    "approved": marked("核定"),
}
"""The states of a county, as the clerk reads them."""
RIGHT = "right"


@dataclass(frozen=True, slots=True)
class PackVersion:
    """One pack of a county."""

    number: int
    """In the order of receipt, from 1."""
    sha256: str
    name: str
    seal: str
    former: tuple[str, ...]
    closed_at: str
    departments: int
    errors: int
    event: int


@dataclass(slots=True)
class CountyState:
    """One county: what came, what was decided. Filled by the fold."""

    entry: RosterEntry
    packs: list[PackVersion] = field(default_factory=list)
    approved: PackVersion | None = None
    sent: list[Event] = field(default_factory=list)
    """Each recall."""
    decisions: list[Event] = field(default_factory=list)
    """Those that stand."""

    @property
    def name(self) -> str:
        """What the county is called."""
        return self.entry.department

    @property
    def key(self) -> DutyKey:
        """What it is called in the ledger."""
        return key_of(self.entry)

    @property
    def latest(self) -> PackVersion | None:
        """The pack that was closed last."""
        return max(self.packs, key=lambda pack: (pack.closed_at, pack.number), default=None)

    @property
    def counted(self) -> PackVersion | None:
        """The pack that adds up: the approved one, else the latest."""
        return self.approved or self.latest

    @property
    def recalled(self) -> Event | None:
        """The recall that the county has not answered yet; None if there is none."""
        last = self.sent[-1] if self.sent else None
        if last is None or self.approved is not None:
            return None
        answered = any(last.data["seal"] in pack.former for pack in self.packs)
        return None if answered else last

    @property
    def state(self) -> str:
        """One of COUNTY_STATES."""
        if self.approved is not None:
            return "approved"
        if self.recalled is not None:
            return "sent_back"
        return "received" if self.packs else "missing"

    @property
    def not_taken(self) -> PackVersion | None:
        """What came after the approval, and so does not count."""
        return self.latest if self.approved and self.latest != self.approved else None


@dataclass(frozen=True)
class CityBoard:
    """The state of a city's round."""

    counties: tuple[CountyState, ...]
    """In the roster's order."""
    unassigned: tuple[Event, ...]
    """Packs that belong to none of the counties, as they were received."""
    files: Mapping[str, Event]
    """Every file received, by its SHA-256."""
    closed: bool
    remarks: tuple[str, ...]

    @cached_property
    def by_key(self) -> Mapping[DutyKey, CountyState]:
        """The counties by their keys."""
        return {county.key: county for county in self.counties}

    def counts(self) -> dict[str, int]:
        """How many counties are in each state."""
        counts = dict.fromkeys(COUNTY_STATES, 0)
        for county in self.counties:
            counts[county.state] += 1
        return counts

    def county(self, name: str) -> CountyState:
        """The county of a name or code. Raises WorkbookError for one that is not on the list."""
        for county in self.counties:
            if name in (county.name, county.entry.code):
                return county
        known = t("、").join(county.name for county in self.counties)
        raise WorkbookError(
            t("{name}：名册上没有这个县区；有的是：{known}", name=name, known=known)
        )


def key_of(entry: RosterEntry) -> DutyKey:
    """What a county is called in the ledger."""
    return DutyKey(code=entry.code or entry.department)


def fold_city(city: OpenRound) -> CityBoard:
    """The state that the events make."""
    counties = {key_of(entry): CountyState(entry) for entry in city.roster.entries}
    undone = {number for e in city.events if e.kind == "undone" for number in e.data["of"]}
    files: dict[str, Event] = {}
    placed: set[str] = set()
    for event in city.events:
        county = counties.get(event.duty)
        if event.kind == "received":
            files[event.file] = event
        elif event.kind in ("read", "assigned") and event.data.get("standing") == RIGHT:
            placed.add(event.file)
            if county is not None:
                county.packs.append(_version(county, event, files[event.file]))
        elif event.kind in ("read", "assigned") and event.data.get("standing") != "unassigned":
            placed.add(event.file)
        if county is None or event.id in undone:
            continue
        if event.kind == "approved":
            county.approved = next(pack for pack in county.packs if pack.sha256 == event.file)
            county.decisions.append(event)
        elif event.kind == "sent_back":
            county.approved = None
            county.sent.append(event)
            county.decisions.append(event)
    return CityBoard(
        tuple(counties.values()),
        tuple(event for sha256, event in files.items() if sha256 not in placed),
        files,
        city.is_closed,
        tuple(city.remarks),
    )


def _version(county: CountyState, event: Event, received: Event) -> PackVersion:
    data = event.data
    return PackVersion(
        len(county.packs) + 1, event.file, received.data["name"], data["seal"], tuple(data["former"]), data["closed_at"],
        data["departments"], data["errors"], event.id,
    )  # fmt: skip


def city_status(folder: PathLike | OpenRound) -> tuple[CityBoard, dict[str, Any]]:
    """The board of a city's round, and the same as JSON (docs/commands.md, `round status --json`).

    >>> from pathlib import Path
    >>> from workbook.levels import city_status
    >>> from workbook.round import DutyKey, Event, new_round
    >>> _ = Path("县.csv").write_text("县区\\n云溪区\\n君山区\\n", encoding="utf-8")
    >>> board, record = city_status(new_round("全市", counties="县.csv", year=2024))
    >>> record["counts"]["missing"]
    2
    """
    with opened(folder, CITY) as city:
        board, settings = fold_city(city), city.settings
    deadline = settings.deadline.isoformat() if settings.deadline else None
    return board, {
        "round": {"forms": sorted({form_id for form_id, _ in city.forms}), "year": settings.year, "deadline": deadline,
                  "closed": board.closed},
        "counts": board.counts(),
        "unassigned": [{"file": e.data["name"], "sha256": e.file} for e in board.unassigned],
        "counties": [
            {"county": county.name, "state": county.state, "seal": county.counted.seal if county.counted else None,
             "departments": county.counted.departments if county.counted else 0,
             "errors": county.counted.errors if county.counted else 0}
            for county in board.counties
        ],
    }  # fmt: skip
