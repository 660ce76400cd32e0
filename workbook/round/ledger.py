"""The ledger: what happened in a round, event after event, each hashed over the one before. Nothing is ever changed."""

from __future__ import annotations

import contextlib
import datetime
import getpass
import hashlib
import json
import os
import socket
import sqlite3
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workbook.errors import BuildError, WorkbookError, reason_of, remedy_of
from workbook.language import marked, t
from workbook.text import printable

KIND_WORDS = {
    "issued": marked("发出"),
    "received": marked("收到"),
    "read": marked("读入"),
    "assigned": marked("归到单位"),
    "answered": marked("单位答复"),
    "sent_back": marked("退回"),
    "approved": marked("核定"),
    "used": marked("指定"),
    "excused": marked("免报"),
    "declared_nothing": marked("申报无"),
    "extended": marked("延期"),
    "dated": marked("改收到日期"),
    "waived": marked("同意不改"),
    "refused": marked("不同意答复"),
    "undone": marked("撤销"),
    "reminded": marked("催报"),
    "sampled": marked("抽查"),
    "reviewed": marked("复核"),
    "summarised": marked("汇总"),
    "published": marked("公开"),
    "settings_changed": marked("设置"),
    "roster_changed": marked("名册"),
    "rechecked": marked("重读"),
    "closed": marked("封存"),
    "reopened": marked("重新打开"),
}
"""What the kinds are called."""
KINDS = frozenset(KIND_WORDS)
FIRST = "0" * 64
"""What the first event is hashed over."""
_SCHEMA = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, kind TEXT NOT NULL, duty TEXT NOT NULL,
    file TEXT NOT NULL, data TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE readings (hash TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE known (path TEXT PRIMARY KEY, state TEXT NOT NULL);
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER events_remain BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER events_keep BEFORE INSERT ON events WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER readings_keep BEFORE INSERT ON readings WHEN EXISTS (SELECT 1 FROM readings WHERE hash = NEW.hash)
BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER readings_stay BEFORE UPDATE ON readings BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER readings_remain BEFORE DELETE ON readings BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
"""
_WAIT = 60.0
"""Seconds that a second writer waits for the first."""
_SHARED = frozenset(
    (
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "smb2",
        "9p",
        "afs",
        "ncpfs",
        "fuse.sshfs",
        "davfs",
        "fuse.davfs2",
    )
)
"""Kinds of file systems on which two machines may write."""


class Overtaken(Exception):
    """Somebody else has written to the ledger since it was looked at."""


@dataclass(frozen=True, slots=True)
class DutyKey:
    """What is owed: a form of a department, of a form by project for which one. All blank: of the whole round."""

    county: str = ""
    code: str = ""
    """The department's code; its name where it has none."""
    form: str = ""
    project: str = ""

    @property
    def text(self) -> str:
        """As it stands in the ledger; blank for the whole round."""
        words = (self.county, self.code, self.form, self.project)
        return json.dumps(words, ensure_ascii=False) if any(words) else ""

    @classmethod
    def of(cls, text: str) -> DutyKey:
        """The one that stands in the ledger."""
        return _key_of(text)


@lru_cache(maxsize=65536)
def _key_of(text: str) -> DutyKey:
    """The key that a text tells: each occurs in many events."""
    return DutyKey(*json.loads(text)) if text else DutyKey()


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    kind: str
    duty: DutyKey = DutyKey()
    file: str = ""
    """The SHA-256 of the file that it is about."""
    data: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    at: str = ""
    """When it was written down, ISO 8601 with an offset."""
    who: str = ""
    hash: str = ""


_ACTING: ContextVar[str] = ContextVar("acting", default="")


@contextlib.contextmanager
def acting_as(name: str) -> Iterator[None]:
    """Have what is written down within stand under a name: of one of several clerks whom one process serves.

    >>> from workbook.round import acting_as, decide, history, new_round
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> with acting_as("王芳"):
    ...     done = decide(path, "118001", nothing=True)
    >>> [event["who"] for event in history(path, "118001")["events"]]
    ['王芳']
    """
    token = _ACTING.set(printable(name.strip()))
    try:
        yield
    finally:
        _ACTING.reset(token)


def who_is_here() -> str:
    """Who is acting, if that was said; else WORKBOOK_WHO, else the system's login name."""
    given = _ACTING.get() or os.environ.get("WORKBOOK_WHO", "").strip()
    if given:
        return printable(given)
    try:
        return printable(getpass.getuser())
    except (OSError, KeyError, ImportError):  # a process of a user without a name
        return "?"


def now() -> datetime.datetime:
    """This moment, with the offset of this machine."""
    return datetime.datetime.now(datetime.UTC).astimezone()


def is_shared(path: Path) -> bool:
    """Whether a folder lies on a network's drive.

    >>> from pathlib import Path
    >>> from workbook.round import is_shared
    >>> is_shared(Path("/proc"))
    False
    """
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - Windows alone

        drive = os.path.splitdrive(path.resolve())[0]
        return drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(f"{drive}\\") == 4
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    place = str(path.resolve())
    best, kind = "", ""
    for line in mounts:
        _, point, file_system, *_ = line.split(" ")
        point = point.encode().decode("unicode_escape", "replace")
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, file_system
    return kind in _SHARED


class Ledger:
    """An open ledger. Use it in a `with`: at the end it is folded back into one file."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self.who = who_is_here()
        self.is_shared = is_shared(path.parent)
        self._lock: Path | None = None
        if not create and not path.is_file():
            raise WorkbookError(
                t(
                    "{parent}：这里没有收表的账本；请先用 workbook round new 建一个",
                    parent=path.parent.parent,
                )
            )
        with self._told():
            if self.is_shared:
                self._take_alone()
            try:
                self._connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
                try:
                    self._set_up(create=create)
                except BaseException:
                    self._connection.close()
                    raise
            except BaseException:
                self._give_back()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Fold everything into one file, as far as nobody else is using it."""
        with contextlib.suppress(sqlite3.Error):  # the events are safe; the next command folds
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._connection.close()
        self._give_back()

    def _set_up(self, *, create: bool) -> None:
        run = self._connection.execute
        if not create:  # before anything is written to what may be no ledger
            tables = {
                name for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            if not {"events", "readings", "known"} <= tables:
                raise self._damaged(t("里面没有账"))
        run(f"PRAGMA journal_mode={'DELETE' if self.is_shared else 'WAL'}").fetchall()
        run("PRAGMA synchronous=FULL")
        if create:
            self._connection.executescript(_SCHEMA)
        run("SELECT count(*) FROM events WHERE id = 0").fetchall()

    # one writer on a shared drive

    def _take_alone(self) -> None:
        """Leave a note that this process is writing; refuse if another one's lies there."""
        lock = self.path.with_name("在用.txt")
        note = f"{self.who}，{socket.gethostname()}，{os.getpid()}"
        if lock.exists() and _is_left_behind(lock):
            lock.unlink(missing_ok=True)
        try:
            with lock.open("x", encoding="utf-8") as file:
                file.write(note)
        except FileExistsError:
            holder = printable(_text_of(lock)) or t("不知是谁")
            raise WorkbookError(
                t(
                    "{parent}：在网络盘上，正由别人使用（{holder}），"
                    "网络盘上一次只能有一个人写；请等一等再试，确知没有人在用的，删去 {lock}",
                    parent=self.path.parent.parent,
                    holder=holder,
                    lock=lock,
                )
            ) from None
        except OSError:  # a note half written would keep everybody out
            lock.unlink(missing_ok=True)
            raise
        self._lock = lock

    def _give_back(self) -> None:
        if self._lock is not None:
            with contextlib.suppress(OSError):
                self._lock.unlink(missing_ok=True)
            self._lock = None

    # reading

    def events(self, after: int = 0) -> list[Event]:
        """The events in their order."""
        with self._told():
            rows = self._connection.execute(
                "SELECT kind, duty, file, data, id, at, who, hash FROM events WHERE id > ? ORDER BY id",
                (after,),
            ).fetchall()
        try:
            return [
                Event(row[0], DutyKey.of(row[1]), row[2], json.loads(row[3]), *row[4:])
                for row in rows
            ]
        except (ValueError, TypeError):  # only a foreign hand writes such a row
            self.require_whole()
            raise

    def reading(self, key: str) -> dict[str, Any]:
        """What was read of a version, by its hash."""
        with self._told():
            row = self._connection.execute(
                "SELECT body FROM readings WHERE hash = ?", (key,)
            ).fetchone()
        if row is None:
            raise self._damaged(t("少了一份读出的内容（{key}）", key=key[:8]))
        body = _inflated(row[0])
        if hashlib.sha256(body).hexdigest() != key:
            raise self._damaged(t("一份读出的内容被改过（{key}）", key=key[:8]))
        reading: dict[str, Any] = json.loads(body)
        return reading

    def require_whole(self) -> str:
        """The hash of the last event, the chain being whole. Raises WorkbookError naming the first broken link."""
        with self._told():
            rows = self._connection.execute(
                "SELECT id, at, who, kind, duty, file, data, previous, hash FROM events ORDER BY id"
            ).fetchall()
            readings = dict(self._connection.execute("SELECT hash, body FROM readings"))
        before = FIRST
        for number, row in enumerate(rows, 1):
            if row[0] != number:
                raise self._damaged(t("少了第 {number} 个事件", number=number))
            if row[7] != before or row[8] != _hash(*row[:8]):
                raise self._damaged(t("第 {number} 个事件被改过", number=number))
            before = row[8]
        for key, body in readings.items():
            if hashlib.sha256(_inflated(body)).hexdigest() != key:
                raise self._damaged(t("一份读出的内容被改过（{key}）", key=key[:8]))
        return before

    def known_files(self) -> dict[str, Any]:
        """What was noted of files that were looked at before, by path."""
        with self._told():
            return {
                path: json.loads(state)
                for path, state in self._connection.execute("SELECT path, state FROM known")
            }

    def copy_to(self, path: Path) -> None:
        """Write the ledger as it stands to another file."""
        with self._told():
            target = sqlite3.connect(path)
            try:
                self._connection.backup(target)
                target.execute("PRAGMA journal_mode=DELETE").fetchall()
            finally:
                target.close()

    # writing

    def write(
        self,
        events: Iterable[Event],
        *,
        seen: int | None = None,
        readings: Iterable[bytes] = (),
        known: Mapping[str, Any] | None = None,
    ) -> list[Event]:
        """Write events down, all or none, as they then stand in the ledger; with them what was read and looked at.

        Raises Overtaken if the last event is not any more the one `seen`.
        """
        with self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                number, before = self._end(seen)
                written = []
                for event in events:
                    assert event.kind in KINDS, event.kind
                    number += 1
                    row = (
                        number, now().isoformat(timespec="seconds"), self.who, event.kind, event.duty.text,
                        event.file, json.dumps(event.data, ensure_ascii=False, sort_keys=True), before,
                    )  # fmt: skip
                    before = _hash(*row)
                    self._connection.execute(
                        "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?)", (*row, before)
                    )
                    written.append(
                        Event(
                            event.kind,
                            event.duty,
                            event.file,
                            event.data,
                            number,
                            row[1],
                            row[2],
                            before,
                        )
                    )
                self._connection.executemany(
                    "INSERT OR IGNORE INTO readings VALUES (?,?)",
                    ((hash_of(body), zlib.compress(body, 1)) for body in readings),
                )
                for path, state in (known or {}).items():
                    self._connection.execute(
                        "INSERT OR REPLACE INTO known VALUES (?,?)", (path, json.dumps(state))
                    )
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
        return written

    def _end(self, seen: int | None) -> tuple[int, str]:
        """The last event's number and hash. Raises Overtaken if it is not the one `seen`."""
        row = self._connection.execute(
            "SELECT id, hash FROM events ORDER BY id DESC LIMIT 1"
        ).fetchone()
        if seen is not None and (row[0] if row else 0) != seen:
            raise Overtaken
        return row or (0, FIRST)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What the database or the machine refuses, as a sentence."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise BuildError(
                t(
                    "{path}：账本写不了（{error}）；什么也没有记，请处理后再运行一次",
                    path=self.path,
                    error=_why(error),
                )
            ) from None
        except sqlite3.DatabaseError as error:
            raise self._damaged(_why(error)) from None
        except OSError as error:
            raise BuildError(
                t(
                    "{path}：账本写不了（{reason}），{remedy}",
                    path=self.path,
                    reason=reason_of(error),
                    remedy=remedy_of(error),
                )
            ) from None

    def _damaged(self, why: str) -> WorkbookError:
        return WorkbookError(
            t("{path}：账本坏了：{why}；请从备份恢复整个文件夹", path=self.path, why=why)
        )


def body_of(reading: Mapping[str, Any]) -> bytes:
    """A reading as it is kept, and hashed."""
    return json.dumps(reading, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")


def hash_of(body: bytes) -> str:
    """What a reading is known by."""
    return hashlib.sha256(body).hexdigest()


def _inflated(stored: bytes) -> bytes:
    """A reading's text; blank, which is none, if it is not what was stored."""
    try:
        return zlib.decompress(stored)
    except (zlib.error, TypeError):
        return b""


def _hash(*row: object) -> str:
    return hashlib.sha256(
        json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")
    ).hexdigest()


_REASONS = (
    ("locked", marked("别的程序正在写，等了一分钟还没有写完")),
    ("full", marked("磁盘已满")),
    ("readonly", marked("磁盘或文件是只读的")),
    ("disk I/O", marked("磁盘读写出错，或者磁盘已满")),
    ("unable to open", marked("没有权限，或者文件夹不在了")),
    ("not a database", marked("不是账本的格式")),
    ("malformed", marked("内容残缺")),
    ("only grows", marked("记下的事不能改")),
)


def _why(error: sqlite3.Error) -> str:
    return next((t(reason) for word, reason in _REASONS if word in str(error)), str(error))


def _is_left_behind(lock: Path) -> bool:
    """Whether a note is of a process of this machine that has ended."""
    if sys.platform == "win32":  # there, to ask after a process is to end it
        return False
    try:
        _, host, process = _text_of(lock).rsplit("，", 2)
        if host != socket.gethostname():
            return False
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return False


def _text_of(note: Path) -> str:
    """What a note says; blank if it is gone."""
    try:
        return note.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
