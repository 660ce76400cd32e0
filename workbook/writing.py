"""Writing a file whole or not at all, under a name that every system takes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from workbook.errors import BuildError, WorkbookError, machine_error, reason_of, remedy_of
from workbook.language import marked, t
from workbook.text import without_unseen

NO_CHINESE = marked("系统的语言设置写不出这个文件名；请先设环境变量 PYTHONUTF8=1，再运行")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; renamed to it at the end, removed if anything fails.

    Raises BuildError naming the path and the reason when it cannot be written, or when something else was
    put there meanwhile: by a second run, or by a person who saved what is to be replaced.
    """
    before = state_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise BuildError(t("{path}：这是一个文件夹，请给出文件名", path=path))
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
        os.close(handle)
    except UnicodeEncodeError:
        raise BuildError(t("{path}：{why}", path=path, why=t(NO_CHINESE))) from None
    except OSError as error:
        raise BuildError(
            t(
                "{path}：无法写入（{reason}），{remedy}",
                path=path,
                reason=reason_of(error),
                remedy=remedy_of(error),
            )
        ) from None
    temporary = Path(name)
    try:
        yield temporary
        require_state(path, before)
        _give_rights(temporary, path)
        temporary.replace(path)
    except WorkbookError:
        raise
    except UnicodeEncodeError:
        raise BuildError(t("{path}：{why}", path=path, why=t(NO_CHINESE))) from None
    except Exception as error:
        refused = machine_error(error)
        if refused is None:
            raise
        reason, remedy = reason_of(refused), remedy_of(refused)
        raise BuildError(
            t("{path}：无法写入（{reason}），{remedy}", path=path, reason=reason, remedy=remedy)
        ) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


State = tuple[int, int, int] | None
"""When a file was last changed, its size, which file it is; None where there is none."""


def require_none_there(paths: Iterable[Path]) -> None:
    """Raise BuildError if any of the files that are to be written exists."""
    existing = [path for path in paths if path.exists()]
    if existing:
        raise BuildError(
            t(
                "{first} 等 {count} 个文件已经存在；要覆盖请加 --force",
                first=existing[0],
                count=len(existing),
            )
        )


def state_of(path: Path) -> State:
    """What tells whether a file was changed or replaced since."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def require_state(path: Path, before: State) -> None:
    """Raise BuildError if a file is not any more what it was."""
    if state_of(path) != before:
        raise BuildError(t("{path}：运行时被另外保存过，没有覆盖它；请再运行一次", path=path))


def _give_rights(temporary: Path, path: Path) -> None:
    """The rights of what is replaced, else the usual ones; some network drives know of none."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mask = os.umask(0o022)
        os.umask(mask)
        mode = 0o666 & ~mask
    with contextlib.suppress(OSError, NotImplementedError):
        temporary.chmod(mode)


_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
"""Characters that Windows refuses in file names."""
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?= *(?:\.|\Z))", re.IGNORECASE
)
"""What Windows takes for a device, whatever stands behind the point."""
_LONGEST = 240
"""Bytes; most file systems take 255."""


def file_name(code: str, name: str) -> str:
    """`125001_云溪区科学技术协会.xlsx`."""
    return f"{stem_of(code, name)}.xlsx"


def stem_of(code: str, name: str) -> str:
    """A department's files are called after its code and name, without what file systems refuse or nobody sees."""
    stem = "_".join(filter(None, (code.strip(), name.strip())))
    plain = (
        without_unseen(_FORBIDDEN.sub("＿", stem))[:100]
        .encode(errors="replace")[:_LONGEST]
        .decode(errors="ignore")
    )
    plain = _DEVICE.sub(r"\1＿", plain, count=1) if _DEVICE.match(plain) else plain
    return f"{plain}＿" if plain.endswith((".", " ")) else plain


def digest_of(path: Path) -> str:
    """A file's SHA-256, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def free_name(stem: str, suffix: str, taken: set[str]) -> str:
    """A name like none of those taken on any system, which it joins: two departments never share a file."""
    name, number = f"{stem}{suffix}", 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem}{number}{suffix}"
    taken.add(name.casefold())
    return name
