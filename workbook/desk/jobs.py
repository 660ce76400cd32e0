"""Long work, done beside the pages: receiving, writing out, adding up; told as it goes by events that can be taken up again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from workbook.desk.rounds_on_desk import RoundOnDesk, Snapshot
from workbook.desk.visits import Visit, plain, query
from workbook.errors import WorkbookError, machine_error, reason_of, remedy_of
from workbook.reading import Processes, is_foreseen, told
from workbook.round import INBOX, OUTCOMES, STATES, ReceivedFile, acting_as, reading_in, told_errors

if TYPE_CHECKING:
    from workbook.desk.application import Desk

_LOOK = 0.25
"""Seconds between two looks at what has happened."""
_ALIVE = 15.0
_PATIENCE = 1.5
"""So long a page waits for work that may well be done at once."""
_KEPT = 50


@dataclass(slots=True)
class Errand:
    """One piece of long work. Nothing of it is needed once the ledger has it: when the desk dies, it is done again."""

    round: RoundOnDesk
    title: str
    back: str
    """Where to go when it is done."""
    after: int
    """The last event before it began."""
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    total: int = 0
    names: list[str] = field(default_factory=list)
    """What is done so far."""
    lines: list[tuple[str, str]] = field(default_factory=list)
    """What is to be told at the end: kind and sentence."""
    extra: list[dict[str, str]] = field(default_factory=list)
    """Files of which nothing is written down: received before, left aside."""
    repeats: bool = False
    """Whether it begins anew when it is asked for while it is under way."""
    again: bool = False
    """Whether it was."""
    ended: threading.Event = field(default_factory=threading.Event)

    def begun(self, total: int) -> None:
        """So many are to be done."""
        self.total = total
        self.names.clear()

    def progress(self, path: Path) -> None:
        """One more is done."""
        shown = path.name
        with contextlib.suppress(ValueError):
            shown = path.relative_to(self.round.path).as_posix()
        self.names.append(shown)

    def tell(self, kind: str, sentence: str) -> None:
        """Have the end say something."""
        if sentence:
            self.lines.append((kind, plain(sentence)))


class Errands:
    """What is being done, and was done of late."""

    def __init__(
        self,
        record: Callable[[str], object],
        readers: Callable[[], contextlib.AbstractContextManager[Processes]],
    ) -> None:
        self._readers = readers
        self._errands: dict[str, Errand] = {}
        self._lock = threading.Lock()
        self._record = record

    def of(self, errand_id: str) -> Errand | None:
        """The one of a number; None if it is done long since."""
        return self._errands.get(errand_id)

    def running(self, on_desk: RoundOnDesk, title: str) -> Errand | None:
        """One of a kind that is under way in a round."""
        of_kind = (e for e in self._errands.values() if (e.round, e.title) == (on_desk, title))
        return next((errand for errand in of_kind if not errand.ended.is_set()), None)

    def start(self, errand: Errand, work: Callable[[Errand], None], who: str) -> Errand:
        """Begin it, unless one of its kind is under way; that is told to begin anew, if it is one that does."""
        with self._lock:
            under_way = self.running(errand.round, errand.title)
            if under_way is not None:
                under_way.again = under_way.repeats
                return under_way
            done = [key for key, each in self._errands.items() if each.ended.is_set()]
            for key in done[: max(0, len(self._errands) - _KEPT)]:
                del self._errands[key]
            self._errands[errand.id] = errand
        threading.Thread(target=self._run, args=(errand, work, who), daemon=True).start()
        return errand

    def _run(self, errand: Errand, work: Callable[[Errand], None], who: str) -> None:
        try:
            with acting_as(who), reading_in(self._readers):
                while True:
                    work(errand)
                    with self._lock:
                        if not errand.again:
                            errand.ended.set()
                            return
                        errand.again = False
        except Exception as error:
            errand.tell("refused", sentence_of(error, self._record))
        finally:
            errand.ended.set()


def sentence_of(error: Exception, record: Callable[[str], object]) -> str:
    """What is said of an error; the traceback of one that nobody foresaw is put on record."""
    if isinstance(error, WorkbookError):
        return str(error)
    refused = machine_error(error)
    if refused is not None:
        return f"无法读写（{reason_of(refused)}），{remedy_of(refused)}"
    if is_foreseen(error):
        raise error
    fault, reference = told(error)
    place = record(fault)
    where = f"；请把出错记录发给开发者：{place}" if place else ""
    return f"程序出了没有料到的差错（参考号 {reference}），没有照办{where}"


def sent_on(visit: Visit, errand: Errand, work: Callable[[Errand], None]) -> Response:
    """Begin long work and go on to where it can be watched; to its end, if that is soon."""
    errand = visit.desk.errands.start(errand, work, visit.session.who)
    if errand.ended.wait(_PATIENCE):
        for kind, sentence in errand.lines:
            visit.session.tell(kind, sentence)
        return visit.go(errand.back)
    return visit.go(f"{visit.here}/errand/{errand.id}")


def begun(visit: Visit, title: str, page: str, work: Callable[[Errand], None]) -> Response:
    """Begin work of a kind in the visit's round, which leads to one of its pages."""
    errand = Errand(visit.round, title, f"{visit.here}/{page}", visit.round.snapshot().last)
    return sent_on(visit, errand, work)


def work_page(visit: Visit) -> Response:
    """Work that takes its time."""
    errand = visit.desk.errands.of(str(visit.params["errand"]))
    if errand is None:
        return visit.go(f"{visit.here}/board", "这件事已经办完了，结果都在页面上")
    if errand.ended.is_set():
        for kind, sentence in errand.lines:
            visit.session.tell(kind, sentence)
        return visit.go(errand.back)
    snapshot = visit.round.snapshot()
    return visit.page("work.html", snapshot=snapshot, errand=errand, section="")


# --- what happens, as it happens ---------------------------------------------------------------------------


def file_row(on_desk: RoundOnDesk, snapshot: Snapshot, each: ReceivedFile) -> dict[str, Any]:
    """What is shown of a file that was received."""
    board = snapshot.departments
    found = board.placement(each.sha256)
    entry = found[0].entry if found is not None else None
    link = query(f"/r/{on_desk.id}/department", county=each.county, code=each.code) if found else ""
    who = " ".join(filter(None, (each.county, each.code, entry.department if entry else "")))
    waits = each.outcome == "unassigned"
    return {
        "file": each.file.removeprefix(f"{INBOX}/"),
        "who": who,
        "version": f"第 {each.version} 版" if each.version else "",
        "outcome": OUTCOMES[each.outcome] + told_errors(board, each),
        "kind": each.outcome,
        "why": plain(each.why),
        "state": STATES.get(each.state, ""),
        "state_kind": each.state,
        "link": link,
        "assign": f"/r/{on_desk.id}/lists/unassigned#f{each.event}" if waits else "",
    }


async def happenings(desk: Desk, request: Request) -> Response:
    """The stream of what happens in a round: files by the numbers of their events, so that a browser goes on at the very
    next one; and how far some work has come."""
    visit = Visit.of(desk, request)
    on_desk = visit.round
    given = request.headers.get("last-event-id") or visit.text("after")
    after = int(given) if given.isdecimal() and len(given) < 16 else 0
    errand = desk.errands.of(visit.text("work"))
    stream = _stream(desk, request, on_desk, errand, after)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(
    desk: Desk, request: Request, on_desk: RoundOnDesk, errand: Errand | None, after: int
) -> AsyncIterator[str]:
    shown, spoke = -1, time.monotonic()
    yield "retry: 1000\n\n"
    while not desk.stopping.is_set() and not await request.is_disconnected():
        is_done = errand is None or errand.ended.is_set()
        if errand is not None and len(errand.names) != shown:
            shown = len(errand.names)
            yield _event(
                "progress", {"done": shown, "total": errand.total, "names": errand.names[-30:]}
            )
            spoke = time.monotonic()
        for number, row in await run_in_threadpool(_rows_since, on_desk, after):
            after, spoke = number, time.monotonic()
            yield _event("file", row, number)
        if is_done:
            told_at_end = (
                {"lines": errand.lines, "extra": errand.extra}
                if errand
                else {"lines": [], "extra": []}
            )
            yield _event("end", told_at_end)
            return
        if time.monotonic() - spoke > _ALIVE:
            spoke = time.monotonic()
            yield ": …\n\n"
        await asyncio.sleep(_LOOK)


def _rows_since(on_desk: RoundOnDesk, after: int) -> list[tuple[int, dict[str, Any]]]:
    try:
        snapshot = on_desk.snapshot()
    except WorkbookError:
        return []
    files = snapshot.received(after)
    return [(each.event, file_row(on_desk, snapshot, each)) for each in files]


def _event(kind: str, data: object, number: int | None = None) -> str:
    """One message of the stream; JSON keeps it on one line."""
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {kind}\ndata: {json.dumps(data)}\n\n"
