"""Files beyond this machine's folders, through fsspec: s3://, gs://, az://, memory:// and their like.

A file there is a `Url`, which is a path that prints as its URL; it is read within the same limits as
any other. fsspec comes with the extra `cluster`; what a store's own library raises is told in our words.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

from workbook.errors import BuildError, Refused, WorkbookError, reason_of
from workbook.language import t
from workbook.limits import MEGABYTE, Limits

_LOCAL_PATH: Any = type(Path())
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+([^/].*)", re.DOTALL)  # C:/ is no scheme
_MAGIC = re.compile(r"[*?\[]")


class Url(_LOCAL_PATH):  # type: ignore[misc]
    """A path in a store. A path keeps one of two slashes; this one prints both: `s3://bucket/a.xlsx`."""

    __slots__ = ()

    def __str__(self) -> str:
        scheme, _, rest = super().__str__().replace("\\", "/").partition(":/")
        return f"{scheme}://{rest}"


def location(text: str) -> Path:
    """A path as it is typed: a `Url`, or a path of this machine, which `file://…` is too."""
    match = _SCHEME.fullmatch(text)
    if match is None:
        return Path(text)
    scheme, rest = match[1].lower(), match[2]
    if scheme in ("file", "local"):
        return Path(f"/{rest}")
    url: Path = Url(f"{scheme}:/{rest}")
    return url


def is_beyond(path: Path) -> bool:
    """Whether a path is in a store, or stands for several: `returns/**/*.xlsx`."""
    return isinstance(path, Url) or (_is_pattern(path) and not os.path.lexists(path))


def _is_pattern(path: Path) -> bool:
    return bool(_MAGIC.search(str(path)))


def expanded(paths: Iterable[Path]) -> list[Path]:
    """The paths, a pattern of this machine replaced by the files it stands for, if there are any."""
    expanded_paths: list[Path] = []
    for path in paths:
        is_local_pattern = not isinstance(path, Url) and is_beyond(path)
        expanded_paths += (list(map(Path, find_beyond(path))) if is_local_pattern else []) or [path]
    return expanded_paths


def beginning(path: Path) -> Path:
    """What stands before a pattern's first wildcard: `returns/**/*.xlsx` → `returns`; else the path."""
    steps = [_is_pattern(Path(part)) for part in path.parts]
    return type(path)(*path.parts[: steps.index(True)]) if is_beyond(path) and any(steps) else path


def find_beyond(path: Path) -> Iterator[str]:
    """Every file that a URL or a pattern stands for, in order of their names; folders are walked.

    Raises WorkbookError if the store cannot be asked.
    """
    if not isinstance(path, Url):
        steps = [_is_pattern(Path(part)) for part in path.parts]
        first = steps.index(True)
        with _store_errors_as_ours(str(path)):
            if any("**" in part and part != "**" for part in path.parts):
                # Python 3.13 takes them for one asterisk, those before refuse it.
                raise ValueError("Invalid pattern: '**' can only be an entire path component")
            matches = list(Path(*path.parts[:first]).glob("/".join(path.parts[first:])))
        yield from sorted(str(p) for p in matches if p.is_file() and not p.is_symlink())
        return
    scheme = str(path).partition("://")[0]
    with _store_errors_as_ours(str(path)):
        store, root = _store(str(path))
        search = store.glob if _is_pattern(path) else store.find
        entries = search(root, detail=True)
    names = sorted(name for name, entry in entries.items() if entry["type"] == "file")
    yield from (f"{scheme}://{name.lstrip('/')}" for name in names)


def fetch(path: Path, limits: Limits) -> bytes:
    """The bytes of a file in a store, within the limit. Raises Refused."""
    try:
        store, name = _store(str(path))
        with store.open(name, "rb") as file:
            data: bytes = file.read(limits.file_bytes + 1)
    except FileNotFoundError:
        raise Refused("W101", "找不到这个文件") from None
    except PermissionError:
        raise Refused("W101", "没有读取权限") from None
    except Exception as error:  # each store's library has errors of its own
        raise Refused("W101", f"无法读取（{type(error).__name__}）") from None
    if not data:
        raise Refused("W102", "文件大小为 0 字节")
    if len(data) > limits.file_bytes:
        raise Refused("W106", f"文件超过 {limits.file_bytes // MEGABYTE} MB")
    return data


_STATES = ("ETag", "etag", "md5Hash", "content_md5", "checksum", "sha256")
"""What stores call a content's digest."""


def state_in_store(path: Path) -> str:
    """What tells whether a file in a store is still the same: its content's digest where the store knows it, else size and
    time; a dash if the store does not tell."""
    try:
        store, name = _store(str(path))
        about = store.info(name)
    except Exception:  # each store's library has errors of its own; reading tells of them
        return "-"
    digest = next((str(about[key]) for key in _STATES if about.get(key)), "")
    times = (about.get(key) for key in ("mtime", "LastModified", "updated", "created"))
    return digest or f"{about.get('size')} {next((time for time in times if time), '')}"


def _store(url: str) -> tuple[Any, str]:
    """The file system of a URL or path, and the name in it. Raises WorkbookError without fsspec."""
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise WorkbookError(
            t("{url}：需要 fsspec，请先运行：pip install 'selfeval-workbook[cluster]'", url=url)
        ) from None
    store, name = url_to_fs(url)
    return store, name


@contextmanager
def _store_errors_as_ours(url: str) -> Iterator[None]:
    """What a store raises, as ours: the address and the reason."""
    try:
        yield
    except WorkbookError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno:
            reason = reason_of(error)
        else:
            reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise BuildError(
            t("{url}：无法使用（{reason}），请检查地址和权限", url=url, reason=reason)
        ) from None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine or of a store, to which several processes write at the same time."""

    url: str

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all, over one of that name. Raises BuildError."""
        with _store_errors_as_ours(self.url):
            store, root = _store(self.url)
            final = f"{root}/{name}"
            # Moved onto a folder of this machine, a file would land inside it.
            if "file" in store.protocol and store.isdir(final):
                raise BuildError(t("{final}：这是一个文件夹，请移走它，或换一个位置", final=final))
            folder, _, file = final.rpartition("/")
            temporary = f"{folder}/.{file}.{uuid4().hex}"
            store.makedirs(folder, exist_ok=True)
            try:
                store.pipe_file(temporary, data)
                store.mv(temporary, final)
            except BaseException:
                with suppress(Exception):
                    store.rm_file(temporary)
                raise

    def open(self, name: str) -> BytesIO:
        """A file's content, to be read from any place. Raises BuildError."""
        with _store_errors_as_ours(f"{self.url}/{name}"):
            store, root = _store(self.url)
            return BytesIO(store.cat_file(f"{root}/{name}"))

    def names(self) -> list[str]:
        """Every file in it and below, by its name from here."""
        with _store_errors_as_ours(self.url):
            store, root = _store(self.url)
            store.invalidate_cache()
            files = store.find(root) if store.exists(root) else []
        return sorted(str(name)[len(root) :].lstrip("/") for name in files)

    def remove(self, name: str) -> None:
        """Take a file away."""
        with _store_errors_as_ours(self.url):
            store, root = _store(self.url)
            store.rm_file(f"{root}/{name}")
