"""Returns packed together, as mail programs do: the members of a .zip, each as if it were a file.

Nothing is written to disk. Names come in UTF-8 or, without a word about it, in GBK; whatever they
say, a member's path stays below the archive's own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from zipfile import ZipInfo

from workbook.errors import Refused
from workbook.limits import MEGABYTE, Limits
from workbook.package import file_types
from workbook.package.container import directory, inflate, is_unsafe, packed_member
from workbook.text import brief

MEMBERS = 2_000
"""Members of one archive, those of archives inside it counted by themselves."""
TOTAL = 500 * MEGABYTE
"""Inflated bytes of all members together, archives inside it included."""

_BOOKS = (".xlsx", ".xlsm", ".xls", ".et", ".ods", ".xltx", ".xltm")
_NOT_PARCELS = {"[content_types].xml", "mimetype", "ofd.xml"}
_RATIO_MATTERS_FROM = MEGABYTE
_UTF_8 = 0x800

Content = bytes | Refused
"""A member's bytes, or why they are not read."""


def members(
    path: Path, data: bytes, limits: Limits, *, endings: tuple[str, ...] = _BOOKS
) -> Iterator[tuple[Path, Content]]:
    """Every file in a .zip of workbooks, or of others with one of some endings, its path below the archive's;
    nothing for other files.

    Archives in it are opened, those in them are not.
    """
    yield from _members(path, data, _Budget(limits, TOTAL), endings, inside=False)


class _Budget:
    """What may still be inflated."""

    def __init__(self, limits: Limits, remaining: int) -> None:
        self.limits = limits
        self.remaining = remaining

    def inflate(self, data: bytes, info: ZipInfo) -> bytes:
        """A member's content. Raises Refused."""
        if is_unsafe(info.orig_filename):
            raise Refused("W107", f"压缩包内的路径不安全：{brief(_name(info))}")
        large = info.file_size > _RATIO_MATTERS_FROM
        if large and info.file_size > self.limits.ratio * max(info.compress_size, 1):
            raise Refused("W106", f"压缩比超过 {self.limits.ratio} 倍")
        if info.file_size > self.remaining:
            raise Refused("W106", f"压缩包解压后总大小超过 {TOTAL // MEGABYTE} MB")
        content = inflate(_name(info), packed_member(data, info), self.limits.file_bytes)
        self.remaining -= len(content)
        return content


def _members(
    path: Path, data: bytes, budget: _Budget, endings: tuple[str, ...], *, inside: bool
) -> Iterator[tuple[Path, Content]]:
    if not data.startswith(file_types.ZIP):
        yield from [(path, data)] if inside else []
        return
    try:
        listed = directory(data, replace(budget.limits, entries=MEMBERS))
    except Refused as refused:
        if inside or refused.code == "W106":
            yield path, refused
        return
    infos = [info for info in listed if not info.filename.endswith("/")]
    if not _is_parcel([_name(info).lower() for info in infos], endings, inside):
        if inside:
            yield path, data
        return
    taken_paths: set[Path] = set()
    for info in infos:
        member_path = _member_path(path, _name(info), taken_paths)
        try:
            content = budget.inflate(data, info)
        except Refused as refused:
            yield member_path, refused
            continue
        if inside or member_path.suffix.lower() != ".zip":
            yield member_path, content
        else:
            yield from _members(member_path, content, budget, endings, inside=True)


def _is_parcel(names: Collection[str], endings: tuple[str, ...], inside: bool) -> bool:
    if not _NOT_PARCELS.isdisjoint(names):
        return False
    return any(name.endswith(endings if inside else (*endings, ".zip")) for name in names)


def _name(info: ZipInfo) -> str:
    """A member's name. Programs that do not say UTF-8 mean it, or GBK; zipfile reads it as CP437."""
    name = info.orig_filename
    if info.flag_bits & _UTF_8 or name.isascii():
        return name
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:
        return name
    for codec in ("utf-8", "gb18030"):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return name


def _member_path(path: Path, name: str, taken_paths: set[Path]) -> Path:
    """A member's path below its archive's; a second one of that name is numbered."""
    steps = [_clean(step) for step in name.replace("\\", "/").split("/")]
    member_path = path.joinpath(*([step for step in steps if step not in ("", ".", "..")] or ["_"]))
    first, number = member_path, 1
    while member_path in taken_paths:
        number += 1
        member_path = first.with_name(f"{first.stem} ({number}){first.suffix}")
    taken_paths.add(member_path)
    return member_path


def _clean(step: str) -> str:
    return "".join(c if c.isprintable() and c not in ':*?"<>|' else "_" for c in step)[:200]
