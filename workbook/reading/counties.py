"""Whose return a file is: the county that its folder is named after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook.errors import WorkbookError
from workbook.reading.submission import SKIPPED, Return
from workbook.stores import beginning
from workbook.text import printable

County = str | Callable[[Path], str]
"""Which county returns are of: the same for all, or by a file's path, as `FolderCounties` tells it (then
of a module, to be sent to other processes)."""

ARCHIVE = ".zip"
_LISTED = 5
"""So many files are named one by one."""


@dataclass(frozen=True, slots=True)
class FolderCounties:
    """Tells a file's county: the folder directly under one of the paths that were given.

    An archive there stands for a folder of its name: `甲县.zip` is 甲县. Of a pattern or a URL the path is
    what stands before its first wildcard. Blank for a file that lies in no such folder.
    """

    roots: tuple[str, ...]

    @classmethod
    def under(cls, paths: Path | str | Iterable[Path | str]) -> FolderCounties:
        """The counties of what is read from some paths."""
        several = [paths] if isinstance(paths, (Path, str)) else paths
        given = [path if isinstance(path, Path) else Path(path) for path in several]
        return cls(tuple(_slashed(beginning(path)) for path in given))

    def __call__(self, path: Path) -> str:
        text = _slashed(path)
        below = [text[len(root) + 1 :] for root in self.roots if text.startswith(f"{root}/")]
        if "." in self.roots and not path.is_absolute():
            below.append(text)
        folder, inside, _ = min(below, key=len, default="").partition("/")
        is_archive = folder.lower().endswith(ARCHIVE)
        if not (inside or is_archive):
            return ""
        return printable(folder[: -len(ARCHIVE)] if is_archive else folder)


def _slashed(path: Path) -> str:
    return str(path).replace("\\", "/").rstrip("/")


def of_counties(returns: Sequence[Return], county: County) -> list[Return]:
    """The returns, each with its county. Raises WorkbookError where one lies in no county's folder."""
    if not county:
        return list(returns)
    told = county if callable(county) else lambda _path: county
    placed = [replace(returned, county=told(returned.path)) for returned in returns]
    refuse_outside([r.path for r in placed if not r.county and r.status != SKIPPED])
    return placed


def refuse_outside(paths: Sequence[Path]) -> None:
    """Raise WorkbookError if there is a file that lies in no county's folder, naming the first few."""
    if paths:
        rest = f" 等 {len(paths)} 个文件" if len(paths) > _LISTED else ""
        raise WorkbookError(
            f"{'、'.join(map(printable, paths[:_LISTED]))}{rest}：不在县区的文件夹里，看不出是哪个县区的；"
            "请放进以县区命名的文件夹，给出的是这些文件夹的上一级；都是一个县区的，请改用 --county 县区名"
        )
