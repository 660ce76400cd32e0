"""Writing a file whole or not at all, under a name that every system takes."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from workbook.errors import BuildError, reason_of


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; renamed to it at the end, removed if anything fails.

    Raises BuildError naming the path and the reason when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise BuildError(f"{path}：这是一个文件夹，请给出文件名")
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
        os.close(handle)
    except OSError as error:
        raise BuildError(f"{path}：无法写入（{reason_of(error)}），请换一个位置") from None
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise BuildError(f"{path}：无法写入（{reason_of(error)}），请关闭已打开的文件") from None
    finally:
        temporary.unlink(missing_ok=True)


_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
"""Characters that Windows refuses in file names."""
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
"""What Windows takes for a device, whatever stands behind the point."""
_LONGEST = 240
"""Bytes; most file systems take 255."""


def file_name(code: str, name: str) -> str:
    """`125001_云溪区科学技术协会.xlsx`."""
    return f"{stem_of(code, name)}.xlsx"


def stem_of(code: str, name: str) -> str:
    """A department's files are called after its code and name, without what file systems refuse."""
    stem = "_".join(filter(None, (code.strip(), name.strip())))
    plain = _FORBIDDEN.sub("＿", stem)[:100].encode()[:_LONGEST].decode(errors="ignore")
    if _DEVICE.fullmatch(plain) or plain.endswith((".", " ")):
        plain += "＿"
    return plain
