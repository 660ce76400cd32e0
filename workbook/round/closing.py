"""`close`, `reopen` and `verify`: the whole folder in one archive, sealed by the hash of every file and of the ledger."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbook.arguments import PathLike, as_path
from workbook.errors import BuildError, WorkbookError, reason_of, remedy_of
from workbook.language import t
from workbook.release import __version__
from workbook.reported import (
    LIST,
    ROOM,
    PackedDuty,
    is_as_stamped,
    open_pack,
    pack_of,
    stamp,
    write_pack,
)
from workbook.round.deciding import Done
from workbook.round.folder import HIDDEN, LEDGER, OpenRound, opened
from workbook.round.ledger import Event, Ledger, Overtaken
from workbook.round.results import counted_returns, is_stale, scores_on_record
from workbook.round.state import FINISHED, STATES, Board, DutyState, fold
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


def sealed_pack_of(folder: Path) -> Path:
    """Where a round's sealed pack lies: beside the folder, under its name.

    >>> from pathlib import Path
    >>> from workbook.round import sealed_pack_of
    >>> sealed_pack_of(Path("2024年度自评")).name
    '2024年度自评.zip'
    """
    whole = folder.absolute()
    return whole.with_name(f"{whole.name}.zip")


def close_round(
    folder: PathLike | OpenRound,
    *,
    why: str = "",
    with_contacts: bool = False,
    with_files: bool = False,
) -> Done:
    """Seal the round into DIR.zip, which stays with the bureau, and DIR-上报.zip for the level above.

    The latter holds what counts, cell by cell, without those whom the definitions mark as contacts unless `with_contacts`;
    the files themselves come along `with_files`. Raises WorkbookError while something is open, unless `why` says why it is
    closed all the same.

    >>> from workbook.round import close_round, new_round
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> len(close_round(path, why="今年不收了").files)
    2
    """
    with opened(folder) as this_round:

        def stands_against() -> list[str]:
            board = fold(this_round)
            is_summed_up = any(event.kind == "summarised" for event in this_round.events)
            old = (
                [t("汇总表是最后的变动以前写的，请先 workbook round summary")]
                if is_summed_up and is_stale(this_round, board)
                else []
            )
            return [*_open(board), *old]

        def write(target: Path, data: Mapping[str, Any]) -> str:
            return _write_report(this_round, fold(this_round), target, data)

        options = {"with_contacts": with_contacts, "with_files": with_files}
        done = seal_round(this_round, stands_against, write, why=why, options=options)
        return replace(done, board=fold(this_round))


def seal_round(
    this_round: OpenRound,
    stands_against: Callable[[], list[str]],
    write_report: Callable[[Path, Mapping[str, Any]], str],
    *,
    why: str = "",
    options: Mapping[str, Any] | None = None,
) -> Done:
    """Close a round and write both its packs. Raises WorkbookError where something stands against it, and no `why` is given.

    `write_report` writes what the level above gets and returns its seal; of the same events it must write the same.
    """
    path = this_round.folder.path
    pack, report = sealed_pack_of(path), pack_of(path)
    events: list[Event] = []
    open_: list[str] = []
    if this_round.is_closed:  # a pack that was lost, or never finished, is made anew
        if pack.is_file() and report.is_file():
            raise WorkbookError(
                t("{path}：已经封存；要改，先用 workbook round reopen 写明原因", path=path)
            )
        data = _closing(this_round).data
        with _wrote(report), writing(report) as temporary:
            if write_report(temporary, data) != data["report"]:
                raise WorkbookError(
                    t(
                        "{path}：封存以后名册、设置或收到的文件被改过，或者换了程序的版本，"
                        "上报包做不成原来的样子；请从备份恢复",
                        path=path,
                    )
                )
    while not this_round.is_closed:
        open_ = stands_against()
        if open_ and not why.strip():
            listed = t("；").join(open_[:_MOST_LISTED]) + (
                t(" 等 {count} 项", count=len(open_)) if len(open_) > _MOST_LISTED else ""
            )
            raise WorkbookError(
                t("还不能封存：{open}。确要封存，请写明原因：--why “……”", open=listed)
            )
        data = {
            "why": why.strip(), "open": open_, "former": _former_seal(this_round), **(options or {}),
            "after": this_round.events[-1].id, "reports": _former_reports(this_round),
        }  # fmt: skip
        try:
            with _wrote(report), writing(report) as temporary:
                data = {**data, "report": write_report(temporary, data)}
                events = this_round.write([Event("closed", data=data)])
        except Overtaken:
            this_round.refresh()
    seal = _write_pack(this_round, pack)
    said = (
        t("封存：{pack}，留在本单位，印鉴下请写：{seal}", pack=pack, seal=seal),
        t(
            "上报：{pack}，印鉴下请写：{seal}",
            pack=report,
            seal=_closing(this_round).data["report"],
        ),
        *(t("没有办完就封存的：{each}", each=each) for each in open_),
    )
    return Done(
        tuple(event.id for event in events), (str(pack), str(report)), remarks=tuple(this_round.remarks), said=said
    )  # fmt: skip


def about_round(this_round: OpenRound, data: Mapping[str, Any]) -> dict[str, Any]:
    """What a pack for the level above says of its round, but for the scores; `data` is the closing event's."""
    last, settings = this_round.events[data["after"] - 1], this_round.settings
    return {
        "name": settings.area, "bureau": settings.bureau, "year": settings.year, "closed": last.hash,
        "closed_at": last.at, "former": data["reports"],
    }  # fmt: skip


def _closing(this_round: OpenRound) -> Event:
    """The event that closed the round last."""
    return next(event for event in reversed(this_round.events) if event.kind == "closed")


def _former_reports(this_round: OpenRound) -> list[str]:
    """The seals of the packs that were handed up before, the first one first."""
    return [event.data["report"] for event in this_round.events if event.kind == "closed"]


def _write_report(
    this_round: OpenRound, board: Board, target: Path, data: Mapping[str, Any]
) -> str:
    """Write what the level above gets; returns its seal. The same events give the same bytes."""
    returns = {returned.sha256: returned for returned in counted_returns(this_round, board)}
    copies = [
        (duty, duty.counted.sha256 if duty.counted and not duty.settled else "")
        for duty in board.duties
    ]
    asked = this_round.settings.forms
    return write_pack(
        target,
        {
            **about_round(this_round, data),
            "reviews": [each for each in scores_on_record(this_round) if each["score"] is not None],
        },
        [form for form in this_round.forms.values() if form.id in asked],
        ((_packed(duty), returns.get(copy)) for duty, copy in copies),
        originals={copy: this_round.folder.stored(copy) for _, copy in copies if copy} if data["with_files"] else {},
        with_contacts=data["with_contacts"],
    )  # fmt: skip


def _packed(duty: DutyState) -> PackedDuty:
    return PackedDuty(
        duty.key.county, duty.key.code, duty.entry.department if duty.entry else "", duty.form.id, duty.project, duty.state,
        duty.deadline.isoformat() if duty.deadline else "", duty.on_time, duty.open_errors(duty.counted),
    )  # fmt: skip


@contextlib.contextmanager
def _wrote(path: Path) -> Iterator[None]:
    """What the disk refuses, as a sentence."""
    try:
        yield
    except OSError as error:
        raise BuildError(
            t(
                "{path}：写不了（{reason}），{remedy}",
                path=path,
                reason=reason_of(error),
                remedy=remedy_of(error),
            )
        ) from None


def _open(board: Board) -> Iterator[str]:
    """What stands against closing, a clause each, in Chinese: it is put on record."""
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
        raise WorkbookError(t("重新打开要写明原因：--why “……”"))
    with opened(folder, level="") as this_round:
        if not this_round.is_closed:
            raise WorkbookError(t("{path}：没有封存，不必重新打开", path=this_round.folder.path))
        seal = _closing(this_round).hash  # over everything before it
        kept = []
        for pack in (sealed_pack_of(this_round.folder.path), pack_of(this_round.folder.path)):
            aside = pack.with_name(f"{pack.stem}_{seal[:8]}.zip")
            with _wrote(pack):
                # First: the next pack is to find the place free, whatever happens here.
                if pack.is_file():
                    pack.replace(aside)
            if aside.is_file():
                kept.append(str(aside))
        written = this_round.write_now([Event("reopened", data={"why": why.strip(), "seal": seal})])
        return Done(tuple(e.id for e in written), tuple(kept), remarks=tuple(this_round.remarks),
                    said=(t("已重新打开；原来的包改名为 {names}", names=t("、").join(kept) or t("（不在了）")),))  # fmt: skip


def _write_pack(this_round: OpenRound, pack: Path) -> str:
    """Write the archive of the whole folder; returns its seal."""
    root = this_round.folder.path
    seal = _closing(this_round).hash
    with _wrote(pack), writing(pack) as temporary:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
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
            archive.comment = ROOM
        stamp(temporary)
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
    """Hold every byte of a pack, of either kind, against its manifest, its ledger's chain and its seal. Raises
    WorkbookError for what is no such pack.

    >>> from workbook.round import close_round, new_round, verify
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> sealed, report = close_round(path, why="今年不收了").files
    >>> verify(sealed).faults, verify(report).faults
    ((), ())
    """
    path = as_path(pack, "pack")
    try:
        with path.open("rb") as file:
            is_whole = is_as_stamped(file)
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        reason = reason_of(error) if isinstance(error, OSError) else t("不是 zip，或者坏了")
        raise WorkbookError(
            t(
                "{path}：打不开（{reason}）；请给出 workbook round close 写的 .zip",
                path=path,
                reason=reason,
            )
        ) from None
    with archive:
        if LIST in archive.namelist():
            return _verify_report(path)
        try:
            manifest = json.loads(archive.read(MANIFEST))
            listed: Mapping[str, str] = manifest["files"]
            seal, count = str(manifest["seal"]), int(manifest["events"])
        except (KeyError, ValueError, TypeError, zipfile.BadZipFile, RecursionError):
            raise WorkbookError(t("{path}：里面没有封存清单，或者清单坏了", path=path)) from None
        faults = list(_unlike(archive, listed))
        faults += _chain_faults(archive, seal, count)
        if not is_whole and not faults:
            faults.append(t("封存包的字节改过，里面的文件和账本没有变"))
        return Verified(seal, len(listed), count, tuple(faults))


def _verify_report(path: Path) -> Verified:
    """The same of a pack for the level above, and of all packs in it."""
    try:
        pack = open_pack(path.read_bytes(), path.name)
        files = pack.files + sum(below.files for _, below in pack.by_county() if below is not pack)
    except WorkbookError as error:
        return Verified("", 0, 0, (str(error),))
    return Verified(pack.seal, files, 0, ())


def _unlike(archive: zipfile.ZipFile, listed: Mapping[str, str]) -> Iterator[str]:
    names = archive.namelist()
    for name in sorted(set(names) - set(listed) - {MANIFEST}):
        yield t("{name}：封存以后加进来的", name=printable(name))
    for name in {name for name in names if names.count(name) > 1}:
        yield t("{name}：有两份", name=printable(name))
    for name, wanted in listed.items():
        if name not in names:
            yield t("{name}：不见了", name=printable(name))
            continue
        digest = hashlib.sha256()
        try:
            with archive.open(name) as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except Exception as error:  # zlib's own, of whichever kind
            yield t("{name}：坏了（{error}）", name=printable(name), error=printable(error))
            continue
        if digest.hexdigest() != wanted:
            yield t("{name}：封存以后改过", name=printable(name))


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
            yield t("账本：{error}", error=printable(error))
            return
    if last != seal or len(events) != count:
        yield t("账本：末尾的印记与封存清单不符")
    names = set(archive.namelist())
    for event in events:
        if (
            event.kind == "received"
            and f"{HIDDEN}/files/{event.file[:2]}/{event.file}" not in names
        ):
            yield t("{name}：账本里收到过，包里没有", name=event.data["name"])
