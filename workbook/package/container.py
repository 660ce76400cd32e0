"""The container of a workbook: one plain file, one zip, its members as bytes, all within limits.

Nothing here trusts what the file says about itself. In order: a regular file (no link, device or
pipe) → its size → its first bytes → the zip's directory → member names → declared sizes and ratio →
inflating, bounded. Nothing is ever written to disk, and no path found in the file is followed.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import stat
import struct
import time
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from workbook.errors import Refused
from workbook.limits import MEGABYTE, Limits
from workbook.package import file_types
from workbook.text import brief

_zlib: Any = zlib
"""What inflates; isal does the same, thrice as fast, where it is installed."""
with contextlib.suppress(ImportError):
    _zlib = importlib.import_module("isal.isal_zlib")

# Members smaller than this cannot hurt, however well they were packed.
_RATIO_MATTERS_FROM = MEGABYTE

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_END = struct.Struct("<4s8xL4xH")
"""The end of a zip: mark, bytes of the directory, bytes of the comment behind it."""
_WIDE = 20
"""Before it, so long, what points to a directory of more than 4 GB."""
_ENTRY = 46
"""Bytes of the shortest entry of the directory."""
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    NotImplementedError,
    EOFError,
    IndexError,
    OSError,
    OverflowError,
    ValueError,  # UnicodeDecodeError is one
    struct.error,
)


class Watch:
    """A deadline on the monotonic clock, asked between chunks of work."""

    __slots__ = ("_end", "_seconds")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Raise Refused if the time is up."""
        if time.monotonic() >= self._end:
            raise Refused("W106", f"读取超过 {self._seconds:g} 秒")


class Packed(NamedTuple):
    """A member as it lies in the zip; equal only if every packed byte is equal."""

    data: bytes
    method: int
    crc: int
    size: int


def read_file(path: Path, limits: Limits) -> bytes:
    """The bytes of a regular file within the limit; links, devices and pipes are not opened."""
    # O_NONBLOCK: a pipe that took the file's place since lstat must not make us wait.
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    try:
        _require_regular(path.lstat())
        descriptor = os.open(path, flags)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            _require_regular(os.fstat(descriptor))
            data = file.read(limits.file_bytes + 1)
    except FileNotFoundError:
        raise Refused("W101", "找不到这个文件") from None
    except PermissionError:
        raise Refused("W101", "没有读取权限") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "路径无效"
        raise Refused("W101", f"无法读取（{reason}）") from None
    if not data:
        raise Refused("W102", "文件大小为 0 字节")
    if len(data) > limits.file_bytes:
        raise Refused("W106", f"文件超过 {limits.file_bytes // MEGABYTE} MB")
    return data


def _require_regular(status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    if stat.S_ISDIR(status.st_mode):
        raise Refused("W101", "这是一个文件夹")
    if stat.S_ISLNK(status.st_mode):
        raise Refused("W101", "是链接，不是文件本身")
    raise Refused("W101", "是设备或管道，不是文件")


class Archive:
    """The members of a zip that passed the guards; each is inflated only when asked for."""

    __slots__ = ("_data", "_limits", "_members")

    def __init__(self, data: bytes, limits: Limits) -> None:
        _require_zip(data)
        self._data = data
        self._limits = limits
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in directory(data, limits):
            self._admit(info)
        self._require_modest()

    @property
    def names(self) -> list[str]:
        """The members' names as written."""
        return [info.filename for info in self._members.values()]

    def packed(self, name: str) -> Packed | None:
        """A member by its name, in any case, as it lies in the zip; None if there is none."""
        info = self._members.get(name.casefold())
        return None if info is None else packed_member(self._data, info)

    def inflate(self, name: str, packed: Packed) -> bytes:
        """The member's content, of exactly the declared size and sum, never beyond `part_bytes`."""
        return inflate(name, packed, self._limits.part_bytes)

    def _admit(self, info: zipfile.ZipInfo) -> None:
        name = info.orig_filename
        if is_unsafe(name):
            raise Refused("W107", f"压缩包内的路径不安全：{brief(name)}")
        key = name.casefold()
        if key in self._members:
            raise Refused("W107", f"压缩包内的文件重名：{brief(name)}")
        self._members[key] = info

    def _require_modest(self) -> None:
        """Check what the directory declares; what it hides, `inflate` finds."""
        limits, total = self._limits, 0
        for info in self._members.values():
            total += info.file_size
            large = info.file_size > _RATIO_MATTERS_FROM
            if large and info.file_size > limits.ratio * max(info.compress_size, 1):
                raise Refused("W106", f"{brief(info.filename)} 的压缩比超过 {limits.ratio} 倍")
        if total > limits.total_bytes:
            raise Refused("W106", f"解压后总大小超过 {limits.total_bytes // MEGABYTE} MB")


def is_unsafe(name: str) -> bool:
    """Whether a member's name points out of the archive, or holds control characters."""
    steps = name.replace("\\", "/").split("/")
    return bool(_CONTROL.search(name)) or ".." in steps or not steps[0] or ":" in steps[0]


def packed_member(data: bytes, info: zipfile.ZipInfo) -> Packed:
    """A member as it lies in the zip `data`. Raises Refused if it is locked, odd or cut short."""
    if info.flag_bits & 1:
        raise Refused("W105", "压缩包带密码")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused("W104", f"{brief(info.filename)} 的压缩方式不受支持")
    start = _start(data, info)
    packed = data[start : start + info.compress_size]
    if len(packed) < info.compress_size:
        raise Refused("W104", f"{brief(info.filename)} 不完整")
    return Packed(packed, info.compress_type, info.CRC, info.file_size)


def inflate(name: str, packed: Packed, limit: int) -> bytes:
    """A member's content, of exactly the declared size and sum, never beyond `limit` bytes."""
    data, complete = packed.data, True
    if packed.method == zipfile.ZIP_DEFLATED:
        stream = _zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = stream.decompress(packed.data, limit + 1)
        except (zlib.error, _zlib.error):
            raise Refused("W104", f"{brief(name)} 无法解压") from None
        complete = stream.eof
    if len(data) > limit:
        raise Refused("W106", f"{brief(name)} 解压后超过 {limit // MEGABYTE} MB")
    if not complete or len(data) != packed.size or _zlib.crc32(data) != packed.crc:
        raise Refused("W104", f"{brief(name)} 不完整或已损坏")
    return data


def _start(data: bytes, info: zipfile.ZipInfo) -> int:
    """Where a member's data begins; its local header must bear the directory's name."""
    if info.header_offset < 0:
        raise Refused("W104", "压缩包目录已损坏")
    try:
        mark, name, extra = _LOCAL_HEADER.unpack_from(data, info.header_offset)
    except struct.error:
        raise Refused("W104", "压缩包目录已损坏") from None
    start = info.header_offset + _LOCAL_HEADER.size
    codec = "utf-8" if info.flag_bits & 0x800 or info.orig_filename.isascii() else "cp437"
    written = data[start : start + name]
    if mark != file_types.ZIP or written != info.orig_filename.encode(codec, "replace"):
        raise Refused("W104", "压缩包目录与内容不符")
    return int(start + name + extra)


def _require_zip(data: bytes) -> None:
    if data.startswith(file_types.ZIP):
        return
    if file_types.is_encrypted(data):  # once more, inside what was unlocked
        raise Refused("W105", "设置了打开密码")
    if file_types.is_sealed(data):
        raise Refused("W105", "被文档加密软件加密，请解密后再提交")
    raise Refused("W103", file_types.describe(data))


def directory(data: bytes, limits: Limits) -> list[zipfile.ZipInfo]:
    """What a zip says it holds, at most `limits.entries`. Raises Refused."""
    # Each entry of the directory bears a mark, so their number bounds what zipfile would build;
    # stored members that are themselves zips may add some.
    most = 4 * limits.entries
    if _room(data) > most and (marks := data.count(b"PK\x01\x02")) > most:
        raise Refused("W106", f"压缩包内有 {marks} 个文件，上限 {limits.entries} 个")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            infos = archive.infolist()
    except _ZIP_ERRORS:
        raise Refused("W104", "压缩包不完整或已损坏，可能没有传完") from None
    if len(infos) > limits.entries:
        raise Refused("W106", f"压缩包内有 {len(infos)} 个文件，上限 {limits.entries} 个")
    return infos


def _room(data: bytes) -> int:
    """How many entries zipfile could find: by the directory's size, where a plain end tells it."""
    mark, size, comment = _END.unpack(data[-_END.size :].rjust(_END.size, b"\0"))
    wide = data[-_END.size - _WIDE : -_END.size].startswith(b"PK\x06\x07")
    plain = mark == b"PK\x05\x06" and not comment and not wide
    return int((size if plain else len(data)) // _ENTRY)
