"""上报 packs: what counts in a round, sealed for the level above; of a city, its counties' packs whole.

A zip: 上报清单.json, which names every other member with its SHA-256, the definitions (表/), a file a copy (份/), and the
originals (原件/) if they are wanted; in a city's, 县区/ with the packs it took. The seal is the SHA-256 of the list, so
it stands for every byte. Nothing in a pack tells when it was written: the same round gives the same pack.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from workbook.errors import FormError, Refused, WorkbookError
from workbook.form import Form, form_of
from workbook.language import t
from workbook.limits import MEGABYTE, OWN_FILES
from workbook.package import Archive
from workbook.reading import Return
from workbook.release import __version__
from workbook.reported.return_record import record_of, return_of
from workbook.reported.whole_file import ROOM, is_as_stamped, stamp
from workbook.text import printable

LIST = "上报清单.json"
_FORMS, _COPIES, _ORIGINALS, _COUNTIES = "表", "份", "原件", "县区"
_LIMITS = replace(OWN_FILES, file_bytes=1000 * MEGABYTE, entries=100_000)
_DATE = (1980, 1, 1, 0, 0, 0)
COUNTY, CITY = "county", "city"


@dataclass(frozen=True, slots=True)
class PackedDuty:
    """One thing that a department owed, and where it stood when the round was closed."""

    county: str
    """As the round's own roster has it; blank where it has none."""
    code: str
    department: str
    form: str
    project: str
    state: str
    deadline: str
    on_time: bool | None
    errors: int
    copy: str = ""
    """The member with the copy that counts; blank if none does."""

    def record(self) -> list[Any]:
        """As the list keeps it."""
        return [getattr(self, name) for name in self.__slots__]


@dataclass(frozen=True)
class ReportPack:
    """A pack that was opened and found whole."""

    seal: str
    level: str
    """county or city."""
    name: str
    """Of which county or city; blank if its round did not say."""
    bureau: str
    year: int
    closed: str
    """The hash of the last event before the round was closed."""
    closed_at: str
    """When that was, ISO 8601 with an offset."""
    former: tuple[str, ...]
    """The seals of the round's earlier packs, the first one first."""
    by: str
    """Which release wrote it."""
    duties: tuple[PackedDuty, ...]
    reviews: tuple[Mapping[str, Any], ...]
    """The scores of the round's re-checking: form, year, county, code, department, project, score, remark."""
    _archive: Archive = field(repr=False)
    _names: Sequence[str] = field(repr=False)

    @property
    def files(self) -> int:
        """How many files are in it, the list aside."""
        return len(self._names)

    @cached_property
    def forms(self) -> Mapping[tuple[str, str], Form]:
        """The definitions that its copies were read by."""
        names = [name for name in self._names if name.startswith(f"{_FORMS}/")]
        forms = [form_of(Path(Path(name).name), self._member(name)) for name in names]
        return {(form.id, form.version): form for form in forms}

    @property
    def counties(self) -> tuple[str, ...]:
        """Of a city: the counties whose packs it holds, in the order of the list."""
        return tuple(
            name.removeprefix(f"{_COUNTIES}/").removesuffix(".zip")
            for name in self._names
            if name.startswith(f"{_COUNTIES}/")
        )

    def county(self, name: str) -> ReportPack:
        """Of a city: the pack of one of its counties. Raises WorkbookError if it is not whole."""
        return open_pack(self._member(f"{_COUNTIES}/{name}.zip"), name)

    def by_county(self) -> Iterator[tuple[str, ReportPack]]:
        """The packs of single counties in it, each with the county's name below this level; its own is blank."""
        if self.level == COUNTY:
            yield "", self
        for name in self.counties:
            for below, pack in self.county(name).by_county():
                yield f"{name}{below}", pack

    def returns(self, top: str) -> Iterator[Return]:
        """The copies that count, as they were read and judged, in the roster's order, under paths that begin with `top`.

        Raises WorkbookError for a copy that is none: a pack that our program did not write.
        """
        for duty in self.duties:
            if not duty.copy:
                continue
            try:
                record = json.loads(self._member(duty.copy))
                returned = return_of(record, self.forms, Path(top) / record["path"])
            except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
                raise WorkbookError(
                    t(
                        "{top}：{copy}（{department}）不是程序写的样子；请县区用 close 重新封存、报来",
                        top=top,
                        copy=duty.copy,
                        department=printable(duty.department),
                    )
                ) from None
            yield returned

    def _member(self, name: str) -> bytes:
        packed = self._archive.packed(name)
        assert packed is not None, "its hash was compared"
        return self._archive.inflate(name, packed)


# --- writing ---------------------------------------------------------------------------------------------


def write_pack(
    target: Path,
    about: Mapping[str, Any],
    forms: Iterable[Form],
    duties: Iterable[tuple[PackedDuty, Return | None]],
    *,
    originals: Mapping[str, Path] | None = None,
    with_contacts: bool = False,
) -> str:
    """Write the pack of a county's round; returns its seal. `about` has name, bureau, year, closed, closed_at, former and
    reviews; `originals` are the files to carry along, by their SHA-256. Raises OSError."""

    def members(lines: list[list[Any]]) -> Iterator[tuple[str, bytes]]:
        for form in forms:
            yield f"{_FORMS}/{form.id}_{_plain(form.version)}.toml", form.definition.encode()
        for number, (duty, returned) in enumerate(duties, 1):
            copy = ""
            if returned is not None:
                copy = f"{_COPIES}/{number:05}.json"
                yield copy, _json(record_of(returned, with_contacts=with_contacts))
            lines.append(replace(duty, copy=copy).record())
        for sha256, path in (originals or {}).items():
            yield f"{_ORIGINALS}/{sha256}", path.read_bytes()

    return _write(target, {**about, "level": COUNTY}, members)


def write_city_pack(target: Path, about: Mapping[str, Any], packs: Mapping[str, Path]) -> str:
    """Write the pack of a city: its counties' packs whole, by their names. Else as `write_pack`."""

    def members(_: list[list[Any]]) -> Iterator[tuple[str, bytes]]:
        for name, path in packs.items():
            yield f"{_COUNTIES}/{name}.zip", path.read_bytes()

    return _write(target, {**about, "level": CITY}, members)


def _write(target: Path, about: Mapping[str, Any], members: Any) -> str:
    lines: list[list[Any]] = []
    hashes: dict[str, str] = {}
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members(lines):
            hashes[name] = hashlib.sha256(content).hexdigest()
            _add(archive, name, content)
        listed = _json({**about, "by": f"workbook {__version__}", "duties": lines, "files": hashes})
        _add(archive, LIST, listed)
        archive.comment = ROOM
    stamp(target)
    return hashlib.sha256(listed).hexdigest()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, _DATE)
    member.compress_type = zipfile.ZIP_STORED if name.endswith(".zip") else zipfile.ZIP_DEFLATED
    archive.writestr(member, content)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _plain(version: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in version)


def pack_of(folder: Path) -> Path:
    """Where a closed round's pack for the level above lies: beside the folder, under its name."""
    whole = folder.absolute()
    return whole.with_name(f"{whole.name}-上报.zip")


# --- opening ---------------------------------------------------------------------------------------------


def is_pack(content: bytes) -> bool:
    """Whether a file is, or was meant as, such a pack."""
    try:
        return LIST in Archive(content, _LIMITS).names
    except Refused:
        return False


def open_pack(content: bytes, name: str) -> ReportPack:
    """Open a pack and hold every byte against its list. Raises WorkbookError naming what is not as it was sealed."""
    remedy = t("请让报送单位重新发来原件，不要打开改动、不要重新压缩")
    try:
        archive = Archive(content, _LIMITS)
        packed = archive.packed(LIST)
        if packed is None:
            raise WorkbookError(
                t(
                    "{name}：不是上报包，里面没有{list}；请给出 close 写的“…-上报.zip”",
                    name=name,
                    list=LIST,
                )
            )
        listed = archive.inflate(LIST, packed)
        if not is_as_stamped(io.BytesIO(content)):
            raise WorkbookError(
                t("{name}：与封存时不同，有字节改过；{remedy}", name=name, remedy=remedy)
            )
        pack = _read_list(listed, archive)
        if fault := next(_unlike(archive, json.loads(listed)["files"]), ""):
            raise WorkbookError(
                t("{name}：{fault}；{remedy}", name=name, fault=fault, remedy=remedy)
            )
        _ = pack.forms
    except Refused as refused:
        raise WorkbookError(
            t(
                "{name}：打不开（{detail}）；{remedy}",
                name=name,
                detail=refused.detail,
                remedy=remedy,
            )
        ) from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, FormError):
        raise WorkbookError(
            t("{name}：{list}或里面的定义坏了；{remedy}", name=name, list=LIST, remedy=remedy)
        ) from None
    return pack


def _read_list(listed: bytes, archive: Archive) -> ReportPack:
    about = json.loads(listed)
    if about["level"] not in (COUNTY, CITY):
        raise ValueError(about["level"])
    duties = tuple(PackedDuty(*line) for line in about["duties"])
    hashes: Mapping[str, str] = about["files"]
    if missing := {duty.copy for duty in duties if duty.copy} - hashes.keys():
        raise ValueError(missing)
    return ReportPack(
        seal=hashlib.sha256(listed).hexdigest(),
        former=tuple(map(str, about["former"])),
        duties=duties,
        reviews=tuple(about["reviews"]),
        _archive=archive,
        _names=tuple(hashes),
        year=int(about["year"]),
        **{
            name: str(about[name])
            for name in ("level", "name", "bureau", "closed", "closed_at", "by")
        },
    )


def _unlike(archive: Archive, hashes: Mapping[str, str]) -> Iterator[str]:
    names = archive.names
    for name in sorted(set(names) - hashes.keys() - {LIST}):
        yield t("{name}是后来加进来的", name=printable(name))
    for name, wanted in hashes.items():
        packed = archive.packed(name)
        if packed is None:
            yield t("{name}不见了", name=printable(name))
        elif hashlib.sha256(archive.inflate(name, packed)).hexdigest() != wanted:
            yield t("{name}与封存时不同", name=printable(name))
