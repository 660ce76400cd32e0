"""The rounds that lie on the desk, each as it stands now; folded anew only when something has happened."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from workbook.errors import WorkbookError
from workbook.levels import CityBoard, fold_city, level_of
from workbook.reported import CITY
from workbook.round import (
    Board,
    Event,
    OpenRound,
    Received,
    ReceivedFile,
    day_in_china,
    fold,
    is_shared,
    is_stale,
    opened,
    pulse,
    received_since,
    told_numbers,
)
from workbook.text import printable
from workbook.writing import writing

_MOST_RECENT = 12


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A round at one moment: what its pages show."""

    path: Path
    board: Board | None
    city: CityBoard | None
    """One of the two, by what the round collects."""
    events: Sequence[Event]
    settings: Any
    shown_forms: tuple[str, ...]
    is_stale: bool
    """Whether the summary that was written last is not any more what would be written."""

    @property
    def departments(self) -> Board:
        """The board of a county's round."""
        assert self.board is not None, "a city's pages ask for its own board"
        return self.board

    @property
    def counties(self) -> CityBoard:
        """The board of a city's round."""
        assert self.city is not None, "a county's pages ask for its own board"
        return self.city

    @property
    def last(self) -> int:
        """The number of the last event."""
        return self.events[-1].id if self.events else 0

    @property
    def is_closed(self) -> bool:
        """Whether the round is sealed."""
        return (self.board or self.counties).closed

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the clerk has changed in the folder since."""
        return (self.board or self.counties).remarks

    @property
    def title(self) -> str:
        """What the round is called at the head of each page."""
        words = "各县区上报包汇总" if self.city is not None else "、".join(self.shown_forms)
        return f"{self.settings.year} 年度{words}"

    def received(self, after: int = 0) -> list[ReceivedFile]:
        """The files received after an event, and what each is now; none for a city's."""
        return received_since(self.events, self.board, after) if self.board is not None else []

    @cached_property
    def today(self) -> str:
        """The first line: what came today, and how many are missing."""
        if self.city is not None:
            day = datetime.datetime.now(datetime.UTC).isoformat()
            new = sum(
                e.kind == "received" and day_in_china(e.at) == day_in_china(day)
                for e in self.events
            )
            return f"今天：新收 {new}，仍缺 {self.city.counts()['missing']} 个县区"
        board = self.departments
        first = next((e.id for e in self.events if day_in_china(e.at) == board.today), None)
        files = tuple(self.received(first - 1)) if first is not None else ()
        numbers = Received(files, 0, board.missing, (), (), board).numbers()
        return "今天：" + "，".join(told_numbers(numbers, board))


class RoundOnDesk:
    """One round's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.id = hashlib.sha256(str(self.path).encode("utf-8", "surrogatepass")).hexdigest()[:10]
        self._lock = threading.Lock()
        self._seen: tuple[tuple[Any, ...], Snapshot] | None = None
        self.notices: dict[str, bool] = {}
        """What was changed in the folder by hand, and was not yet put aside."""
        # On a network's drive one process writes at a time, and of this one a thread.
        self._alone: contextlib.AbstractContextManager[object] = (
            threading.RLock() if is_shared(self.path) else contextlib.nullcontext()
        )

    @property
    def name(self) -> str:
        """What its folder is called."""
        return printable(self.path.name)

    @contextlib.contextmanager
    def opened(self) -> Iterator[OpenRound]:
        """The round, for a verb; alone where two cannot. Raises WorkbookError."""
        with self._alone, opened(self.path, level="") as this_round:
            yield this_round

    @contextlib.contextmanager
    def alone(self) -> Iterator[Path]:
        """Its folder, for a verb that opens it."""
        with self._alone:
            yield self.path

    def snapshot(self) -> Snapshot:
        """How it stands. Raises WorkbookError where the folder is gone or broken."""
        with self._lock:
            now = pulse(self.path)
            if self._seen is not None and self._seen[0] == now:
                return self._seen[1]
            with self.opened() as this_round:
                snapshot = _snapshot(this_round)
            self.notices |= dict.fromkeys(snapshot.remarks, True)
            self._seen = now, snapshot
            return snapshot


def _snapshot(this_round: OpenRound) -> Snapshot:
    settings, events = this_round.settings, tuple(this_round.events)
    board = fold(this_round) if settings.level != CITY else None
    is_old = any(e.kind == "summarised" for e in events)
    return Snapshot(
        this_round.folder.path,
        board,
        fold_city(this_round) if board is None else None,
        events,
        settings,
        tuple(this_round.form_of(form).name for form in settings.forms),
        board is not None and is_old and is_stale(this_round, board),
    )


# --- which rounds there are --------------------------------------------------------------------------------


class Recents:
    """The rounds that were opened last, in a small file of the user's."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or _usual_file()

    def paths(self) -> list[Path]:
        """The folders that are still there, the last opened first."""
        try:
            listed = json.loads(self.file.read_text(encoding="utf-8"))["rounds"]
            paths = [Path(each) for each in listed if isinstance(each, str)]
        except (OSError, ValueError, KeyError, TypeError):
            return []
        return [path for path in paths if is_round(path)]

    def add(self, path: Path) -> None:
        """Note that a round was opened; where that cannot be noted, nothing is lost."""
        kept = [each for each in self.paths() if each != path]
        listed = [str(each) for each in (path, *kept)][:_MOST_RECENT]
        with contextlib.suppress(WorkbookError, OSError), writing(self.file) as temporary:
            temporary.write_text(
                json.dumps({"rounds": listed}, ensure_ascii=False), encoding="utf-8"
            )


def is_round(path: Path) -> bool:
    """Whether a folder is a round's."""
    try:
        return (path / ".round" / "ledger.db").is_file() and bool(level_of(path))
    except (OSError, WorkbookError, ValueError):
        return False


def _usual_file() -> Path:
    """Where programs of this system keep what a user has set."""
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or Path.home())
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "selfeval-workbook" / "desk.json"
