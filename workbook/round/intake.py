"""What is dropped in: files, folders, archives and mails, each file in them kept once under its SHA-256."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbook.errors import Refused
from workbook.limits import Limits
from workbook.package import Mail, is_mail, members, read_file, read_mail
from workbook.reading import CHINA, find_files, is_litter
from workbook.reported import is_pack
from workbook.round.folder import RoundFolder
from workbook.text import printable

_WORTH_OPENING = (".xlsx", ".xlsm", ".xls", ".et", ".ods", ".xltx", ".xltm", ".eml", ".msg")
"""An archive in which one of these lies is taken apart; others are kept whole."""
_DEEPEST = 4
"""So many mails may lie one in another, with or without an archive around."""
_SETTLED = 1.0
"""Seconds for which a file has to have been left alone; one changed later is looked at twice."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One file that came, kept in the folder."""

    name: str
    """As it is shown: its place in the round's folder, or its path; of an archive or a mail below that's."""
    sha256: str
    size: int
    time: str
    """When it came, ISO 8601 with an offset."""
    time_of: str
    """What tells that time: mail, archive or file."""
    sender: str = ""
    """The address that the mail came from."""
    subject: str = ""

    @property
    def path(self) -> Path:
        """What its name says."""
        return Path(self.name)


@dataclass(slots=True)
class Intake:
    """What was found under some paths."""

    files: list[Incoming] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    """What is noted of each file that was looked at, so that it need not be read again."""
    unchanged: int = 0
    """Files that were there the last time."""
    repeated: list[Incoming] = field(default_factory=list)
    """Those of the unchanged that were dropped in anew."""
    waiting: list[str] = field(default_factory=list)
    """Files that are still being written."""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """Files that are nobody's, and those that could not be read, each with the reason."""
    remarks: list[str] = field(default_factory=list)
    """What mails seem to carry and do not."""


def take_in(
    folder: RoundFolder, paths: Iterable[Path], known: Mapping[str, Any], received: Iterable[str]
) -> Intake:
    """Look at every file under some paths, and keep those that are new. Raises BuildError where that fails."""
    intake, received = Intake(), set(received)
    for path in find_files(paths):
        shown = folder.shown(path)
        if is_litter(path):
            intake.skipped.append((shown, "软件留下的临时文件"))
            continue
        before = _state(path)
        noted = known.get(shown)
        if (
            before is not None
            and noted
            and noted["state"] == before
            and received.issuperset(noted["files"])
        ):
            intake.unchanged += len(noted["files"])
            continue
        try:
            content = read_file(path, Limits())
        except Refused as refused:
            intake.skipped.append((shown, refused.detail))
            continue
        if before is None or not _is_settled(path, before):
            intake.waiting.append(shown)
            continue
        taken = list(_of_file(folder, shown, content, _file_time(before), intake))
        _add_new(intake, taken, received)
        intake.known[shown] = {"state": before, "files": [each.sha256 for each in taken]}
    return intake


def take_bytes(
    folder: RoundFolder,
    name: str,
    content: bytes,
    moment: datetime.datetime,
    received: Iterable[str],
) -> Intake:
    """The same of one file that was handed over, and came at a moment."""
    intake, received = Intake(), set(received)
    taken = _of_file(folder, printable(name), content, moment.isoformat(timespec="seconds"), intake)
    _add_new(intake, taken, received)
    return intake


def _add_new(intake: Intake, taken: Iterable[Incoming], received: set[str]) -> None:
    """Add those whose bytes have not come before, once each."""
    for each in taken:
        if each.sha256 in received:
            intake.unchanged += 1
            intake.repeated.append(each)
        else:
            received.add(each.sha256)
            intake.files.append(each)


def _state(path: Path) -> list[int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _is_settled(path: Path, before: list[int]) -> bool:
    """Whether nobody is writing the file: it stays as it was, for a moment if it is quite new."""
    age = time.time() - before[1] / 1e9
    if 0 <= age < _SETTLED:
        time.sleep(min(_SETTLED - age, _SETTLED) / 4)
    return _state(path) == before and not path.with_name(f"~${path.name}").exists()


def _file_time(state: list[int]) -> str:
    """The file's own time, in China's zone; one that no calendar has is the epoch's."""
    try:
        moment = datetime.datetime.fromtimestamp(state[1] / 1e9, CHINA)
    except (OverflowError, OSError, ValueError):
        moment = datetime.datetime.fromtimestamp(0, CHINA)
    return moment.isoformat(timespec="seconds")


def _of_file(
    folder: RoundFolder, name: str, content: bytes, moment: str, intake: Intake
) -> Iterator[Incoming]:
    """The files that one file holds: itself, or what an archive or a mail carries, each under its own name."""
    yield from _of(folder, intake, name, content, moment, "file", {}, 0)


def _of(
    folder: RoundFolder, intake: Intake, name: str, content: bytes, moment: str, time_of: str, about: Mapping[str, str],
    depth: int,
) -> Iterator[Incoming]:  # fmt: skip
    """The same, of one that came with something `about` it: a mail's sender and subject."""
    if depth < _DEEPEST:
        path = Path(name)
        mail = read_mail(name, content) if is_mail(path) else None
        if mail is not None:
            yield from _of_mail(folder, intake, name, content, mail, moment, depth)
            return
        if path.suffix.lower() == ".zip" and is_pack(content):
            yield _kept(folder, name, content, moment, time_of, **about)
            return
        packed = list(members(path, content, Limits(), endings=_WORTH_OPENING))
        time_of = "archive" if packed and time_of == "file" else time_of
        for member, data in packed:
            inner = member.as_posix()
            if is_litter(member):
                continue
            if isinstance(data, Refused):
                intake.skipped.append((inner, data.detail))
            elif is_mail(member):
                yield from _of(folder, intake, inner, data, moment, time_of, about, depth + 1)
            else:
                yield _kept(folder, inner, data, moment, time_of, **about)
        if packed:
            return
    yield _kept(folder, name, content, moment, time_of, **about)


def _of_mail(
    folder: RoundFolder, intake: Intake, name: str, content: bytes, mail: Mail, moment: str, depth: int
) -> Iterator[Incoming]:  # fmt: skip
    if mail.time is not None:
        moment = mail.time.astimezone(CHINA).isoformat(timespec="seconds")
    intake.remarks += [f"{name}：{remark}" for remark in mail.remarks]
    about = {"sender": mail.sender, "subject": mail.subject}
    names: set[str] = set()
    for attachment in mail.attachments:
        inner, number = f"{name}/{attachment.name}", 1
        while inner in names:
            number += 1
            inner = f"{name}/({number}){attachment.name}"
        names.add(inner)
        if not is_litter(Path(inner)):
            yield from _of(
                folder, intake, inner, attachment.content, moment, "mail", about, depth + 1
            )
    if not mail.attachments:  # what it says may be an explanation
        yield _kept(folder, name, content, moment, "mail", **about)


def _kept(
    folder: RoundFolder, name: str, content: bytes, moment: str, time_of: str, **about: str
) -> Incoming:
    return Incoming(name, folder.keep(content), len(content), moment, time_of, **about)


def sync(folder: RoundFolder, files: Iterable[Incoming]) -> None:
    """Have the names of new files written to the disk, where the system can."""
    for parent in {folder.stored(each.sha256).parent for each in files}:
        try:
            handle = os.open(parent, os.O_RDONLY)
        except OSError:  # Windows opens no folders
            return
        try:
            os.fsync(handle)
        except OSError:
            pass
        finally:
            os.close(handle)
