"""A round's folder: where everything lies, opened with what the clerk has changed since written down first."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from workbook.arguments import PathLike, as_path
from workbook.checking import Roster, RosterEntry, load_counties, load_roster
from workbook.errors import BuildError, RosterError, WorkbookError, reason_of, remedy_of
from workbook.form import Form, form_of
from workbook.language import marked, t
from workbook.reading import CHINA, Return
from workbook.reported import CITY, COUNTY
from workbook.round.ledger import DutyKey, Event, Ledger, Overtaken
from workbook.round.settings import (
    NAME,
    RoundSettings,
    change_settings,
    load_settings,
    told_changes,
    with_defaults,
)
from workbook.text import fold, printable
from workbook.writing import state_of, stem_of

HIDDEN = ".round"
LEDGER, FILES, FORMS = "ledger.db", "files", "forms"
ROSTER_STEM, PROJECTS_STEM, INDICATORS_STEM = "名册", "项目", "指标"
SENT, INBOX, BACK, RESULT, PUBLIC = "发出", "收件", "退回", "汇总", "公开"
TEMPLATE = "自评表.xlsx"
_TABLES = (".xlsx", ".xls", ".ods", ".csv", ".xlsm")
_FORMER_CODES = ("原编码", "原预算编码")
"""How a roster heads the codes that a department had before it was renamed or merged."""
_MAIL_HEADS = ("邮箱", "电子邮箱", "电子邮件", "邮件", "EMAIL", "E-MAIL")


@dataclass(frozen=True, slots=True)
class Owed:
    """One duty as the roster has it now."""

    key: DutyKey
    entry: RosterEntry
    form: Form
    project: str = ""

    @property
    def key_of_department(self) -> tuple[str, str]:
        """County and code of the department."""
        return self.key.county, self.key.code


def key_of(entry: RosterEntry, form: Form, project: str = "") -> DutyKey:
    """What a duty of a department is called in the ledger."""
    return DutyKey(entry.county, entry.code or entry.department, form.id, project)


def column_of(entry: RosterEntry, heads: Iterable[str]) -> str:
    """What stands in a department's column of one of some heads; blank if there is none."""
    sought = {fold(head) for head in heads}
    return next((text.strip() for head, text in entry.extra.items() if fold(head) in sought), "")


def mail_of(entry: RosterEntry) -> str:
    """A department's e-mail address; blank if the roster has none."""
    return column_of(entry, _MAIL_HEADS)


def former_codes(entry: RosterEntry) -> list[str]:
    """The codes that a department had before."""
    return [code for code in re.split(r"[\s、，,;；/]+", column_of(entry, _FORMER_CODES)) if code]


class RoundFolder:
    """A round's folder on the disk."""

    def __init__(self, path: PathLike) -> None:
        self.path = as_path(path, "path")
        self.hidden = self.path / HIDDEN

    # places

    @property
    def ledger_path(self) -> Path:
        """The ledger."""
        return self.hidden / LEDGER

    def stored(self, digest: str) -> Path:
        """Where the file of a SHA-256 is kept."""
        return self.hidden / FILES / digest[:2] / digest

    def of_department(self, room: str, entry: RosterEntry) -> Path:
        """A department's own folder among what was sent or sent back: `发出/0101 教育局`."""
        county = [stem_of(entry.county, "")] if entry.county else []
        name = stem_of("", " ".join(filter(None, (entry.code, entry.department))))
        return self.path.joinpath(room, *county, name)

    def file(self, stem: str) -> Path | None:
        """The table of a stem, whatever its ending; None if there is none. Raises WorkbookError for two."""
        candidates = [self.path / f"{stem}{ending}" for ending in _TABLES]
        there = [path for path in candidates if path.is_file()]
        if len(there) > 1:
            raise WorkbookError(
                t(
                    "{first} 和 {second}：只能有一份{stem}，请留下一份",
                    first=there[0],
                    second=there[1],
                    stem=stem,
                )
            )
        return there[0] if there else None

    def shown(self, path: Path) -> str:
        """A file's name in messages: below the folder as from it, else whole."""
        try:
            return printable(path.absolute().relative_to(self.path.absolute()).as_posix())
        except ValueError:
            return printable(path)

    # files that are kept

    def keep(self, content: bytes) -> str:
        """Keep a file under its SHA-256, whole or not at all; returns that. Raises BuildError."""
        digest = hashlib.sha256(content).hexdigest()
        target = self.stored(digest)
        try:
            if target.is_file() and target.stat().st_size == len(content):
                return digest
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=".")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(handle)
                os.replace(name, target)  # noqa: PTH105 - for each of thousands of files
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise BuildError(
                t(
                    "{target}：收到的文件存不下来（{reason}），{remedy}",
                    target=target,
                    reason=reason_of(error),
                    remedy=remedy_of(error),
                )
            ) from None
        return digest

    def content(self, digest: str) -> bytes:
        """A file that was kept. Raises WorkbookError if it is gone or not what it was."""
        path = self.stored(digest)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise WorkbookError(
                t(
                    "{path}：收到过的文件读不了（{reason}）；请从备份恢复",
                    path=path,
                    reason=reason_of(error),
                )
            ) from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise WorkbookError(t("{path}：收到过的文件被改过；请从备份恢复", path=path))
        return content

    # what the clerk writes

    def settings(self) -> RoundSettings:
        """What round.toml says. Raises WorkbookError."""
        return load_settings(self.path / NAME)

    def roster(self, level: str = COUNTY) -> Roster:
        """Who must answer: departments, or of a city the counties. Raises RosterError."""
        roster = self.file(ROSTER_STEM)
        if roster is None:
            raise RosterError(
                t(
                    "{path}：没有名册；请把名册存成 {roster_stem}.xlsx 放在这里",
                    path=self.path,
                    roster_stem=ROSTER_STEM,
                )
            )
        if level == CITY:
            return load_counties(roster)
        lists = [
            self.file(stem) if roster.suffix.lower() == ".csv" else None
            for stem in (PROJECTS_STEM, INDICATORS_STEM)
        ]
        return load_roster(roster, *lists)

    def forms(self) -> dict[tuple[str, str], Form]:
        """The definitions that the round began with, whatever the tool has learnt since."""
        paths = sorted((self.hidden / FORMS).glob("*.toml"))
        # By its name alone, so that the same definition in two folders is one form, worked out once.
        forms = [
            form_of(Path(path.name), path.read_bytes())
            for path in paths
            if not path.name.startswith(".")  # half written
        ]
        return {(form.id, form.version): form for form in forms}

    def lists_digest(self) -> str:
        """What tells whether the roster, or a list beside it, is another one than before."""
        digest = hashlib.sha256()
        for stem in (ROSTER_STEM, PROJECTS_STEM, INDICATORS_STEM):
            path = self.file(stem)
            digest.update(f"{stem}:".encode())
            digest.update(path.read_bytes() if path else b"")
        return digest.hexdigest()


class OpenRound:
    """A round that is being worked on. `remarks` say what the clerk has changed since the last command."""

    def __init__(self, folder: RoundFolder, ledger: Ledger) -> None:
        self.folder = folder
        self.ledger = ledger
        self.settings = folder.settings()
        self.roster = folder.roster(self.settings.level)
        self.forms = folder.forms()
        self.remarks: list[str] = []
        for form in self.settings.forms:
            if form not in {form_id for form_id, _ in self.forms}:
                raise WorkbookError(
                    t(
                        "{name}：forms 里的“{form}”不在这一次收的表里；开始以后不能改",
                        name=folder.path / NAME,
                        form=form,
                    )
                )
        if self.settings.previous and not (folder.path / self.settings.previous).exists():
            self.remarks.append(
                t(
                    "上一年度的“{previous}”找不到了，不能与上年比较；请改 round.toml 的 previous",
                    previous=self.settings.previous,
                )
            )
        self.events = ledger.events()
        self._record_changes()
        if ledger.is_shared:
            self.remarks.insert(0, t("这个文件夹在网络盘上：一次只能有一个人用"))

    @cached_property
    def owed(self) -> tuple[Owed, ...]:
        """The duties as the roster has them, in its order: a department's own forms before its projects'."""
        return tuple(owed_by(self.roster, [self.form_of(name) for name in self.settings.forms]))

    def form_of(self, form_id: str) -> Form:
        """The round's form of an id."""
        return next(form for (name, _), form in self.forms.items() if name == form_id)

    @cached_property
    def entries(self) -> Mapping[tuple[str, str], RosterEntry]:
        """The departments by county and code, as the ledger has them."""
        return {
            (entry.county, entry.code or entry.department): entry for entry in self.roster.entries
        }

    @cached_property
    def renamed(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        """By what a department was called before, what it is called now; codes that are still in use aside."""
        return {
            before: now
            for now, entry in self.entries.items()
            for code in former_codes(entry)
            if (before := (entry.county, code)) not in self.entries
        }

    def write(self, events: Iterable[Event], **kept: Any) -> list[Event]:
        """Write events down, if nobody else has written since; they are then part of what happened."""
        seen = self.events[-1].id if self.events else 0
        written = self.ledger.write(events, seen=seen, **kept)
        self.events += written
        return written

    def write_now(self, events: Iterable[Event]) -> list[Event]:
        """Write events down, whatever else was written meanwhile; nothing if there are none."""
        events = list(events)
        if not events:
            return []
        written = self.ledger.write(events)
        self.refresh()
        return written

    def refresh(self) -> None:
        """See what others have written meanwhile."""
        last = self.events[-1].id if self.events else 0
        self.events += self.ledger.events(last)

    @cached_property
    def last_year(self) -> Sequence[Return]:
        """Last year's returns, if the settings name where they are."""
        from workbook.round.receiving import last_year_of  # noqa: PLC0415 - which reads what is opened here

        return last_year_of(self)

    @property
    def is_closed(self) -> bool:
        """Whether the round is sealed."""
        last = next((e.kind for e in reversed(self.events) if e.kind in ("closed", "reopened")), "")
        return last == "closed"

    def require_open(self) -> None:
        """Raise WorkbookError where the round is closed."""
        if self.is_closed:
            raise WorkbookError(
                t(
                    "{path}：这次收表已经封存；要改，先用 workbook round reopen 写明原因",
                    path=self.folder.path,
                )
            )

    def change_settings(self, changed: Mapping[str, Any]) -> list[str]:
        """Put settings into round.toml, and write down what that changed; what is to be said of it. Raises WorkbookError."""
        self.require_open()
        change_settings(self.folder.path / NAME, changed)
        self.settings = self.folder.settings()
        self.remarks.clear()
        self._record_changes()
        return self.remarks

    def _record_changes(self) -> None:
        if self.is_closed:
            return  # what is sealed stays as it is
        while changes := [*self._changed_settings(), *self._changed_roster()]:
            try:
                self.write(changes)
            except Overtaken:  # by one that wrote down the same, perhaps
                self.remarks.clear()
                self.refresh()
            else:
                return

    def _changed_settings(self) -> Iterator[Event]:
        nothing: dict[str, Any] = {}
        before = next(
            (e.data["values"] for e in reversed(self.events) if e.kind == "settings_changed"),
            nothing,
        )
        after = self.settings.record()
        if not before or with_defaults(before) != after:
            told = told_changes(with_defaults(before), after)
            yield Event(
                "settings_changed", data={"values": after, "changed": told if before else []}
            )
            if before:
                self.remarks.append(t("设置改了：{told}", told=t("；").join(told)))

    def _changed_roster(self) -> Iterator[Event]:
        before = next((e.data for e in reversed(self.events) if e.kind == "roster_changed"), None)
        digest = self.folder.lists_digest()
        if before is not None and before["digest"] == digest:
            return
        lines = {
            f"{e.county} {e.code or e.department}".strip(): _line(e) for e in self.roster.entries
        }
        former = before["lines"] if before else {}
        told = {
            "added": [name for name in lines if name not in former],
            "removed": [name for name in former if name not in lines],
            "changed": [name for name in lines if name in former and former[name] != lines[name]],
        }
        yield Event(
            "roster_changed", data={"digest": digest, "lines": lines, **(told if before else {})}
        )
        if before:
            words = {"added": t("添了"), "removed": t("去了"), "changed": t("改了")}
            clauses = [f"{words[what]} {'、'.join(names)}" for what, names in told.items() if names]
            self.remarks.append(
                t("名册改了：{clauses}", clauses=t("；").join(clauses) or t("只有格式"))
            )
            if told["changed"] and any(event.kind == "read" for event in self.events):
                self.remarks.append(
                    t(
                        "已经收到的表是按原来的名册检查的；改了预算数、指标的，"
                        "运行 workbook round recheck 照新的重查"
                    )
                )


def owed_by(roster: Roster, forms: Iterable[Form]) -> Iterator[Owed]:
    """What the departments of a roster owe of some forms."""
    forms = list(forms)
    for entry in roster.entries:
        for form in forms:
            if form.key_fields.project is None:
                yield Owed(key_of(entry, form), entry, form)
        for form in forms:
            if form.key_fields.project is not None:
                for project in entry.projects:
                    yield Owed(key_of(entry, form, project.name), entry, form, project.name)


def _line(entry: RosterEntry) -> dict[str, Any]:
    """A department as the ledger keeps it: what it is asked for, never its password."""
    return {
        "department": entry.department,
        "contact": entry.contact,
        "phone": entry.phone,
        "deadline": entry.deadline.isoformat() if entry.deadline else None,
        "projects": [project.name for project in entry.projects],
        "indicators": len(entry.indicators),
        "extra": dict(entry.extra),
    }


@contextlib.contextmanager
def opened(path: PathLike | OpenRound, level: str = COUNTY) -> Iterator[OpenRound]:
    """A round of a level, opened by its folder; one that is open already stays so. Raises WorkbookError.

    >>> from workbook.round import new_round, opened
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> with opened(path) as this_round:
    ...     [event.kind for event in this_round.events]
    ['settings_changed', 'roster_changed']
    """
    if isinstance(path, OpenRound):
        yield path
        return
    folder = RoundFolder(path)
    if not folder.hidden.is_dir():
        raise WorkbookError(
            t("{path}：这里没有收表的账本；请给出 workbook round new 建的文件夹", path=folder.path)
        )
    with Ledger(folder.ledger_path) as ledger:
        this_round = OpenRound(folder, ledger)
        if level not in (this_round.settings.level, ""):
            raise WorkbookError(
                t("{path}：{why}", path=folder.path, why=t(_OTHER_LEVEL[this_round.settings.level]))
            )
        yield this_round


def pulse(path: PathLike) -> tuple[Any, ...]:
    """What is another one as soon as anything may have happened in a round: an event, a change of settings or roster,
    a new day. Opens nothing.

    >>> from workbook.round import decide, new_round, pulse
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> before = pulse(path)
    >>> pulse(path) == before
    True
    >>> done = decide(path, "118001", nothing=True)
    >>> pulse(path) == before
    False
    """
    folder = RoundFolder(path)
    ledger = folder.ledger_path
    files = [ledger, ledger.with_name(f"{LEDGER}-wal"), folder.path / NAME]
    files += [folder.path / f"{stem}{ending}" for stem in (ROSTER_STEM, PROJECTS_STEM, INDICATORS_STEM)
              for ending in _TABLES]  # fmt: skip
    states = (state_of(file) for file in files)
    # of an empty log nothing follows: it is there while somebody looks
    return (datetime.datetime.now(CHINA).date(), *(s if s and s[1] else None for s in states))


_OTHER_LEVEL = {
    CITY: marked(
        "这里收的是各县区的上报包，没有这个命令；能用的有 receive、status、assign、decide、summary、close、reopen"
    ),
    COUNTY: marked("这里收的是各单位的表，不是各县区的上报包"),
}


def level_of(path: PathLike) -> str:
    """What a folder collects: county the forms of departments, city the packs of counties. Raises WorkbookError."""
    folder = RoundFolder(path)
    return folder.settings().level if folder.hidden.is_dir() else COUNTY


def due_of(entry: RosterEntry, settings: RoundSettings) -> datetime.date | None:
    """By which day a department must answer, before any extension."""
    return entry.deadline or settings.deadline
