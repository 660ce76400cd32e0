"""What is on record of the batches in a folder: which files each holds, in which state, and its parts.

A batch's record is written after its parts, so a batch that is on record is whole, whatever became of the run. The next run
takes it over: a file whose fingerprint is the same needs not be read again. A record is named after what it holds, so that
a batch done twice stands there once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from workbook.errors import WorkbookError
from workbook.language import t
from workbook.stores import Folder, Url, location, state_in_store
from workbook.writing import digest_of

RECORDS = "batches"
_RECORD = re.compile(rf"{RECORDS}/[0-9a-f]{{16}}\.json")

_PART_OF_TABLE = re.compile(
    r"(?:\w[\w.-]*/){1,2}year=\d+/county=[^/\\]+/part-[0-9a-f]{16}\.parquet"
)
"""What a part is called below the folder: a table's, a year's, a county's."""

FileState = tuple[str, str]
"""A file as it was named, and its fingerprint."""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One batch that was read, checked and written."""

    name: str
    maker: str
    """By what it was read: the digest of release, definitions and counties."""
    files: tuple[FileState, ...]
    parts: tuple[str, ...]
    replaces: str = ""
    """The batch of which this is what is left."""

    def write(self, folder: Folder) -> None:
        """Put it on record. Raises BuildError."""
        values = {
            "maker": self.maker,
            "replaces": self.replaces,
            "parts": self.parts,
            "files": self.files,
        }
        text = json.dumps(values, ensure_ascii=False, indent=0)
        folder.write(f"{RECORDS}/{self.name}.json", text.encode())


def batch_name(maker: str, files: Iterable[FileState]) -> str:
    """What a batch of some files is called."""
    text = json.dumps([maker, list(files)], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_record(name: str) -> bool:
    """Whether a file of a folder is a batch's record."""
    return bool(_RECORD.fullmatch(name))


def records_in(folder: Folder, names: Iterable[str]) -> list[BatchRecord]:
    """The batches on record, but those of which another is what is left; `names` are the folder's files.

    Raises BuildError, WorkbookError if a record cannot be understood.
    """
    records = [_record(folder, name) for name in names if is_record(name)]
    replaced = {record.replaces for record in records}
    return [record for record in records if record.name not in replaced]


def _record(folder: Folder, name: str) -> BatchRecord:
    try:
        values = json.loads(folder.open(name).getvalue())
        files = tuple((str(file), str(state)) for file, state in values["files"])
        parts = tuple(map(_part, values["parts"]))
        return BatchRecord(
            Path(name).stem, str(values["maker"]), files, parts, str(values["replaces"])
        )
    except (ValueError, KeyError, TypeError):
        raise WorkbookError(
            t(
                "{url}/{name}：不是本程序写的记录，或已损坏；请换一个文件夹，或清空它重新读",
                url=folder.url,
                name=name,
            )
        ) from None


def _part(name: str) -> str:
    """A part that a record names; ValueError for what is none, and lies who knows where."""
    if not _PART_OF_TABLE.fullmatch(name):
        raise ValueError(name)
    return name


@dataclass(frozen=True, slots=True)
class FileNow:
    """A file as it is now."""

    fingerprint: str
    """The SHA-256 of one of this machine, what a store says of its content (ETag, MD5), else its size and time; of one
    that cannot be read a dash: it will be tried again."""
    seen: str
    """Size, time and inode of one of this machine, by which it is taken for the same without being read; else blank."""


def files_now(names: Iterable[str], before: Mapping[str, FileNow]) -> dict[str, FileNow]:
    """How each file is now; `before` is how the files were when they were last looked at."""
    return {name: _now(location(name), before.get(name)) for name in names}


def _now(path: Path, before: FileNow | None) -> FileNow:
    if isinstance(path, Url):
        return FileNow(state_in_store(path), "")
    try:
        about = path.stat()
        seen = f"{about.st_size} {about.st_mtime_ns} {about.st_ino}"
        if before is not None and before.seen == seen:
            return before
        return FileNow(digest_of(path), seen)
    except OSError:
        return FileNow("-", "")


def split(
    records: Iterable[BatchRecord], present: Mapping[str, FileNow], maker: str
) -> tuple[list[BatchRecord], dict[BatchRecord, tuple[FileState, ...]]]:
    """The batches that hold as they are, and those of which only some files do, with these; of the rest nothing does.

    `present` are the files to be read, as they are now.
    """
    whole: list[BatchRecord] = []
    partly: dict[BatchRecord, tuple[FileState, ...]] = {}
    for record in records:
        if record.maker != maker:
            continue
        same = tuple(
            (file, fingerprint)
            for file, fingerprint in record.files
            if file in present and present[file].fingerprint == fingerprint != "-"
        )
        if len(same) == len(record.files):
            whole.append(record)
        elif same:
            partly[record] = same
    return whole, partly
