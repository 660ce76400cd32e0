"""Whose return a file is: the county that its folder is named after."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook.arguments import PathLike, as_path, shortest, taken
from workbook.errors import WorkbookError
from workbook.language import t
from workbook.reading.submission import SKIPPED, Return
from workbook.stores import beginning
from workbook.text import fold_as_seen, printable

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
    def under(cls, paths: PathLike | Iterable[PathLike]) -> FolderCounties:
        """The counties of what is read from some paths."""
        several = (
            [paths]
            if isinstance(paths, str | os.PathLike)
            else taken(paths, Iterable, "paths", t("应是一个或几个文件夹的路径"))
        )
        given = [shortest(as_path(path, "paths")) for path in several]
        return cls(tuple(_slashed(beginning(path)) for path in given))

    def __call__(self, path: Path) -> str:
        folder, inside, _ = self._below(path)[1].partition("/")
        is_archive = folder.lower().endswith(ARCHIVE)
        if not (inside or is_archive):
            return ""
        return printable(folder[: -len(ARCHIVE)] if is_archive else folder)

    def refuse_namesakes(self, paths: Iterable[Path]) -> None:
        """Raise WorkbookError if folders of one name lie under several of the paths that were given."""
        roots: dict[str, dict[str, str]] = {}
        for path in paths:
            county = self(path)
            if county:
                roots.setdefault(fold_as_seen(county), {})[self._below(path)[0]] = county
        for namesakes in roots.values():
            if len(namesakes) > 1:
                folders = [f"{root}/{county}" for root, county in namesakes.items()]
                raise WorkbookError(
                    t(
                        "{names}：名称相同，看不出是不是一个县区；不是的，"
                        "请改成不同的名称（如前面加上市名），是的，请放在一起",
                        names=t("、").join(folders[:_LISTED]),
                    )
                )

    def _below(self, path: Path) -> tuple[str, str]:
        """The given path under which a file lies, and the rest of the file's path; blank if there is none."""
        text = _slashed(path)
        below = [
            (root, text[len(root) + 1 :]) for root in self.roots if text.startswith(f"{root}/")
        ]
        if "." in self.roots and not path.is_absolute():
            below.append((".", text))
        return min(below, key=lambda pair: len(pair[1]), default=("", ""))


def _slashed(path: Path) -> str:
    return str(path).replace("\\", "/").rstrip("/")


def of_counties(returns: Sequence[Return], county: County) -> list[Return]:
    """The returns, each with its county. Raises WorkbookError where one lies in no county's folder."""
    if not county:
        return list(returns)
    told: Callable[[Path], object] = county if callable(county) else lambda _path: county
    placed = [
        replace(
            returned, county=taken(told(returned.path), str, "county", t("按路径说的县区应是文字"))
        )
        for returned in returns
    ]
    refuse_outside([r.path for r in placed if not r.county and r.status != SKIPPED])
    return placed


def refuse_outside(paths: Sequence[Path]) -> None:
    """Raise WorkbookError if there is a file that lies in no county's folder, naming the first few."""
    if paths:
        rest = t(" 等 {count} 个文件", count=len(paths)) if len(paths) > _LISTED else ""
        raise WorkbookError(
            t(
                "{names}{rest}：不在县区的文件夹里，看不出是哪个县区的；"
                "请放进以县区命名的文件夹，给出的是这些文件夹的上一级；都是一个县区的，"
                "请改用 --county 县区名",
                names=t("、").join(map(printable, paths[:_LISTED])),
                rest=rest,
            )
        )
