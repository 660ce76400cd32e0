"""`receive` of a city: packs are stored, held to their seals, and told whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from workbook.arguments import PathLike, as_paths
from workbook.errors import WorkbookError
from workbook.language import in_chinese, marked, t
from workbook.levels.city import COUNTY_STATES, RIGHT, CityBoard, CountyState, fold_city
from workbook.reported import CITY, ReportPack, is_pack, open_pack
from workbook.round import OpenRound, opened
from workbook.round.folder import FORMS, HIDDEN, INBOX
from workbook.round.intake import Incoming, sync, take_in
from workbook.round.ledger import DutyKey, Event, Overtaken
from workbook.text import fold_as_seen, printable
from workbook.writing import writing

PACK_OUTCOMES = {
    "counted": marked("计入"),
    "replaced_older": marked("换下旧包"),
    "not_displacing": marked("没有计入"),
    "unchanged": marked("收过"),
    "wrong_year": marked("不是这个年度的"),
    "unassigned": marked("不知是哪个县区的"),
    "unreadable": marked("读不出"),
    "skipped": marked("跳过"),
}
"""What may become of a pack."""


@dataclass(frozen=True, slots=True)
class ReceivedPack:
    """What became of one file."""

    file: str
    sha256: str
    county: str
    version: int | None
    state: str
    outcome: str
    """One of PACK_OUTCOMES."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class CityReceived:
    """What one `receive` brought."""

    files: tuple[ReceivedPack, ...]
    unchanged: int
    remarks: tuple[str, ...]
    waiting: tuple[str, ...]
    board: CityBoard = field(repr=False)

    def record(self) -> dict[str, Any]:
        """As JSON; see docs/commands.md."""
        new = [each for each in self.files if each.outcome not in ("unchanged", "skipped")]
        names = ("file", "sha256", "county", "version", "state", "outcome")
        return {
            "new": len(new),
            "unchanged": self.unchanged,
            "replaced": sum(each.outcome == "replaced_older" for each in new),
            "unassigned": sum(each.outcome == "unassigned" for each in new),
            "missing": self.board.counts()["missing"],
            "files": [{name: getattr(each, name) or None for name in names} for each in self.files],
        }


def receive_packs(
    folder: PathLike | OpenRound, paths: PathLike | Iterable[PathLike] | None = None
) -> CityReceived:
    """Take in the packs of counties that lie in 收件/, or under `paths`: each once, held to its seal to the byte.

    A newer pack of a county replaces the older one until that is approved. Nothing raises for what a county sent.
    Raises WorkbookError where the round is closed or a county's.

    >>> from pathlib import Path
    >>> from workbook.levels import receive_packs
    >>> from workbook.round import DutyKey, Event, FORMS, HIDDEN, INBOX, Incoming, Overtaken, close_round, new_round, sync, take_in
    >>> county = new_round("云溪", forms=["department_overall"], roster="samples/roster.csv", year=2024, area="云溪区")
    >>> sealed, report = close_round(county, why="试").files
    >>> _ = Path("县.csv").write_text("县区\\n云溪区\\n君山区\\n", encoding="utf-8")
    >>> city = new_round("全市", counties="县.csv", year=2024)
    >>> receive_packs(city, report).files[0].outcome
    'counted'
    """
    with opened(folder, CITY) as city:
        city.require_open()
        given = [city.folder.path / INBOX] if paths is None else as_paths(paths, "paths")
        while True:
            board = fold_city(city)
            there = [path for path in given if path.exists()]
            intake = take_in(city.folder, there, city.ledger.known_files(), board.files)
            told: dict[str, tuple[str, str]] = {}
            events = [
                event for incoming in intake.files for event in _events(city, board, incoming, told)
            ]
            sync(city.folder, intake.files)
            try:
                city.write(events, known=intake.known)
            except Overtaken:
                city.refresh()
                continue
            after = fold_city(city)
            files = [
                _became(board, after, incoming, told[incoming.sha256]) for incoming in intake.files
            ]
            files += [
                ReceivedPack(each.name, each.sha256, "", None, "", "unchanged", "收过")
                for each in intake.repeated
            ]
            files += [
                ReceivedPack(name, "", "", None, "", "skipped", why) for name, why in intake.skipped
            ]
            remarks = (*city.remarks, *intake.remarks)
            return CityReceived(
                tuple(files), intake.unchanged, remarks, tuple(intake.waiting), after
            )


def _events(
    city: OpenRound, board: CityBoard, incoming: Incoming, told: dict[str, tuple[str, str]]
) -> Iterator[Event]:
    yield Event("received", file=incoming.sha256, data={
        "name": incoming.name, "size": incoming.size, "time": incoming.time, "time_of": incoming.time_of,
    })  # fmt: skip
    content = city.folder.content(incoming.sha256)
    name = printable(incoming.path.name)
    event = _unreadable(
        incoming.sha256, "不是上报包，里面没有上报清单；请县区发来 close 写的“…-上报.zip”"
    )
    if is_pack(content):
        try:
            with in_chinese():
                event = read_event(city, incoming.sha256, open_pack(content, name), name, board)
        except WorkbookError as error:
            event = _unreadable(incoming.sha256, str(error))
    told[incoming.sha256] = event.data["standing"], event.data["why"]
    yield event


def _unreadable(sha256: str, why: str) -> Event:
    return Event("read", file=sha256, data={"standing": "unreadable", "why": why})


def read_event(
    city: OpenRound,
    sha256: str,
    pack: ReportPack,
    name: str,
    board: CityBoard,
    assigned: CountyState | None = None,
) -> Event:
    """What the ledger says of a pack, by itself or as it was `assigned`. Raises WorkbookError if a pack in it is not whole,
    or was read by other definitions than the city's other packs."""
    below = [own for _, own in pack.by_county()]
    county = assigned or _county_of(board, pack, name)
    standing, why = _standing(city, pack, county)
    if standing == RIGHT:
        _keep_forms(city, below, name)
    data = {
        "standing": standing, "why": why, "seal": pack.seal, "former": list(pack.former), "closed_at": pack.closed_at,
        "departments": sum(len({(d.county, d.code) for d in own.duties}) for own in below),
        "errors": sum(duty.errors for own in below for duty in own.duties),
    }  # fmt: skip
    key = county.key if county else DutyKey()
    return Event("assigned" if assigned else "read", key, sha256, data)


def _county_of(board: CityBoard, pack: ReportPack, name: str) -> CountyState | None:
    """Whose pack it is: by its own name, else by its bureau's or its file's if that names one county."""
    by_name = {fold_as_seen(county.name): county for county in board.counties}
    if pack.name:
        return by_name.get(fold_as_seen(pack.name))
    for words in (pack.bureau, name):
        named = [county for folded, county in by_name.items() if folded in fold_as_seen(words)]
        if len(named) == 1:
            return named[0]
    return None


def _standing(city: OpenRound, pack: ReportPack, county: CountyState | None) -> tuple[str, str]:
    if pack.year != city.settings.year:
        return "wrong_year", f"是 {pack.year} 年度的，这一次收的是 {city.settings.year} 年度的"
    if county is None:
        whose = pack.name or pack.bureau or "没有写是哪个县区的"
        return "unassigned", f"{whose}，名册上没有；用 workbook round assign 说是谁的"
    return RIGHT, ""


def _keep_forms(city: OpenRound, packs: Iterable[ReportPack], name: str) -> None:
    """Keep the definitions that the packs' copies were read by. Raises WorkbookError if another pack has others."""
    for pack in packs:
        for key, form in pack.forms.items():
            known = city.forms.get(key)
            if known is not None and known.definition != form.definition:
                raise WorkbookError(
                    t(
                        "{name}：《{form}》的定义与别的县区的不一样，加不到一起；请县区用同一份定义收表",
                        name=name,
                        form=form.name,
                    )
                )
            if known is None:
                path = city.folder.path / HIDDEN / FORMS / form.path.name
                with writing(path) as temporary:
                    temporary.write_text(form.definition, encoding="utf-8")
                city.forms[key] = form


def _became(
    before: CityBoard, after: CityBoard, incoming: Incoming, told: tuple[str, str]
) -> ReceivedPack:
    standing, why = told
    if standing != RIGHT:
        return ReceivedPack(incoming.name, incoming.sha256, "", None, "", standing, why)
    county = next(c for c in after.counties if any(p.sha256 == incoming.sha256 for p in c.packs))
    pack = next(p for p in county.packs if p.sha256 == incoming.sha256)
    former = before.by_key[county.key]
    if county.counted == pack:
        outcome = "replaced_older" if former.packs else "counted"
        named = former.counted is None or former.counted.seal in pack.former
        why = "" if named else "没有写明接着哪一包，请向县区核实"
    else:
        outcome = "not_displacing"
        why = (
            "原来的已经核定；要换，先撤销核定或退回" if county.approved else "封存在前，原来的照算"
        )
    return ReceivedPack(
        incoming.name,
        incoming.sha256,
        county.name,
        pack.number,
        COUNTY_STATES[county.state],
        outcome,
        why,
    )
