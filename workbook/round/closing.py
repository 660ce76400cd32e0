"""`close`, `reopen` and `verify`: the whole folder in one archive, sealed by the hash of every file and of the ledger."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.arguments import PathLike, as_path
from workbook.errors import BuildError, WorkbookError, reason_of, remedy_of
from workbook.release import __version__
from workbook.round.deciding import Done
from workbook.round.folder import HIDDEN, LEDGER, OpenRound, opened
from workbook.round.ledger import Event, Ledger
from workbook.round.state import FINISHED, STATES, Board, fold
from workbook.text import printable
from workbook.writing import writing

MANIFEST = "封存清单.json"
_DATE = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20
_MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found of a sealed pack."""

    seal: str
    """What is printed under the seal."""
    files: int
    events: int
    faults: tuple[str, ...]
    """What is not as it was sealed, a sentence each; none if all is whole."""

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "seal": self.seal,
            "files": self.files,
            "events": self.events,
            "faults": list(self.faults),
        }


def pack_of(folder: Path) -> Path:
    """Where a round's sealed pack lies: beside the folder, under its name."""
    whole = folder.absolute()
    return whole.with_name(f"{whole.name}.zip")


def close_round(folder: PathLike | OpenRound, *, why: str = "") -> Done:
    """Seal the round into DIR.zip, which stays with the bureau. Raises WorkbookError while something is open, unless
    `why` says why it is closed all the same.

    >>> from workbook.round import close_round, new_round
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> len(close_round(path, why="今年不收了").files)
    1
    """
    with opened(folder) as this_round:
        board = fold(this_round)
        pack = pack_of(this_round.folder.path)
        if board.closed:
            if pack.is_file():
                raise WorkbookError(
                    f"{this_round.folder.path}：已经封存；要改，先用 workbook round reopen 写明原因"
                )
            open_ = []
            events: list[Event] = []  # a pack that was lost, or never finished, is made anew
        else:
            open_ = list(_open(board))
            if open_ and not why.strip():
                listed = "；".join(open_[:_MOST_LISTED]) + (
                    f" 等 {len(open_)} 项" if len(open_) > _MOST_LISTED else ""
                )
                raise WorkbookError(f"还不能封存：{listed}。确要封存，请写明原因：--why “……”")
            data = {"why": why.strip(), "open": open_, "former": _former_seal(this_round)}
            events = this_round.write_now([Event("closed", data=data)])
        seal = _write_pack(this_round, pack)
        return Done(
            tuple(event.id for event in events), (str(pack),), remarks=tuple(this_round.remarks),
            said=(f"封存：{pack}", f"印鉴下请写：{seal}", *(f"没有办完就封存的：{each}" for each in open_)),
            board=fold(this_round),
        )  # fmt: skip


def _open(board: Board) -> Iterator[str]:
    """What stands against closing, a clause each."""
    for duty in board.duties:
        if duty.state not in FINISHED:
            yield f"{duty.full_key} {STATES[duty.state]}"
    for stray in board.unassigned:
        yield f"{stray.name} 还没有归到单位"


def _former_seal(this_round: OpenRound) -> str:
    """The seal of the pack that this one comes after; blank for the first."""
    return next(
        (e.data.get("seal", "") for e in reversed(this_round.events) if e.kind == "reopened"), ""
    )


def reopen_round(folder: PathLike | OpenRound, *, why: str) -> Done:
    """Open a sealed round again; the next pack names this one's seal. Raises WorkbookError without a reason.

    >>> from workbook.round import close_round, new_round, reopen_round
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> done = close_round(path, why="今年不收了")
    >>> len(reopen_round(path, why="又收了").events)
    1
    """
    if not why.strip():
        raise WorkbookError("重新打开要写明原因：--why “……”")
    with opened(folder) as this_round:
        if not fold(this_round).closed:
            raise WorkbookError(f"{this_round.folder.path}：没有封存，不必重新打开")
        pack = pack_of(this_round.folder.path)
        seal = _seal_of(this_round)
        kept = pack.with_name(f"{pack.stem}_{seal[:8]}.zip")
        try:
            if (
                pack.is_file()
            ):  # first: the next pack is to find the place free, whatever happens here
                pack.replace(kept)
        except OSError as error:
            raise BuildError(
                f"{pack}：原来的封存包改不了名（{reason_of(error)}），{remedy_of(error)}"
            ) from None
        written = this_round.write_now([Event("reopened", data={"why": why.strip(), "seal": seal})])
        return Done(tuple(e.id for e in written), (str(kept),), remarks=tuple(this_round.remarks),
                    said=(f"已重新打开；原来的封存包改名为 {kept}",), board=fold(this_round))  # fmt: skip


def _seal_of(this_round: OpenRound) -> str:
    """The hash of the event that closed the round last: it is hashed over everything before it."""
    return next(event.hash for event in reversed(this_round.events) if event.kind == "closed")


def _write_pack(this_round: OpenRound, pack: Path) -> str:
    """Write the archive of the whole folder; returns its seal."""
    root = this_round.folder.path
    seal = _seal_of(this_round)
    try:
        with (
            writing(pack) as temporary,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            manifest: dict[str, str] = {}
            for path in _files(root):
                name = path.relative_to(root).as_posix()
                if name == f"{HIDDEN}/{LEDGER}":
                    continue
                manifest[name] = _add(archive, name, path)
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(folder) / LEDGER
                this_round.ledger.copy_to(copy)
                manifest[f"{HIDDEN}/{LEDGER}"] = _add(archive, f"{HIDDEN}/{LEDGER}", copy)
            record = {
                "by": f"workbook {__version__}",
                "seal": seal,
                "events": this_round.events[-1].id,
                "files": manifest,
            }
            member = zipfile.ZipInfo(MANIFEST, _DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, json.dumps(record, ensure_ascii=False, indent=1))
    except OSError as error:
        raise BuildError(f"{pack}：写不了（{reason_of(error)}），{remedy_of(error)}") from None
    return seal


def _files(root: Path) -> Iterator[Path]:
    """Every file of the folder, but for what SQLite and we keep beside while working."""
    beside = {f"{LEDGER}-wal", f"{LEDGER}-shm", f"{LEDGER}-journal", "在用.txt"}
    for path in sorted(root.rglob("*")):
        if (
            path.is_file()
            and not path.is_symlink()
            and path.name not in beside
            and not path.name.startswith(("~$", "."))  # what a killed program leaves behind
        ):
            yield path


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    digest = hashlib.sha256()
    member = zipfile.ZipInfo(name, _DATE)
    member.compress_type = zipfile.ZIP_DEFLATED
    with path.open("rb") as source, archive.open(member, "w", force_zip64=True) as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()


def verify(pack: PathLike) -> Verified:
    """Hold every byte of a sealed pack against its manifest, its ledger's chain and its seal. Raises WorkbookError
    for what is no such pack.

    >>> from workbook.round import close_round, new_round, verify
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> (pack,) = close_round(path, why="今年不收了").files
    >>> verify(pack).faults
    ()
    """
    path = as_path(pack, "pack")
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "不是 zip，或者坏了"
        raise WorkbookError(
            f"{path}：打不开（{reason}）；请给出 workbook round close 写的 .zip"
        ) from None
    with archive:
        try:
            manifest = json.loads(archive.read(MANIFEST))
            listed: Mapping[str, str] = manifest["files"]
            seal, count = str(manifest["seal"]), int(manifest["events"])
        except (KeyError, ValueError, TypeError, zipfile.BadZipFile, RecursionError):
            raise WorkbookError(f"{path}：里面没有封存清单，或者清单坏了") from None
        faults = list(_unlike(archive, listed))
        faults += _chain_faults(archive, seal, count)
        return Verified(seal, len(listed), count, tuple(faults))


def _unlike(archive: zipfile.ZipFile, listed: Mapping[str, str]) -> Iterator[str]:
    names = archive.namelist()
    for name in sorted(set(names) - set(listed) - {MANIFEST}):
        yield f"{printable(name)}：封存以后加进来的"
    for name in {name for name in names if names.count(name) > 1}:
        yield f"{printable(name)}：有两份"
    for name, wanted in listed.items():
        if name not in names:
            yield f"{printable(name)}：不见了"
            continue
        digest = hashlib.sha256()
        try:
            with archive.open(name) as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except Exception as error:  # zlib's own, of whichever kind
            yield f"{printable(name)}：坏了（{printable(error)}）"
            continue
        if digest.hexdigest() != wanted:
            yield f"{printable(name)}：封存以后改过"


def _chain_faults(archive: zipfile.ZipFile, seal: str, count: int) -> Iterator[str]:
    """What is wrong with the ledger itself, and with the files that it says it received."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "round" / HIDDEN / LEDGER
        place.parent.mkdir(parents=True)
        try:
            with archive.open(f"{HIDDEN}/{LEDGER}") as source, place.open("wb") as target:
                shutil.copyfileobj(source, target)
            with Ledger(place) as ledger:
                last = ledger.require_whole()
                events = ledger.events()
        except (
            WorkbookError,
            sqlite3.Error,
            zipfile.BadZipFile,
            KeyError,
            EOFError,
            ValueError,
        ) as error:
            yield f"账本：{printable(error)}"
            return
    if last != seal or len(events) != count:
        yield "账本：末尾的印记与封存清单不符"
    names = set(archive.namelist())
    for event in events:
        if (
            event.kind == "received"
            and f"{HIDDEN}/files/{event.file[:2]}/{event.file}" not in names
        ):
            yield f"{event.data['name']}：账本里收到过，包里没有"
