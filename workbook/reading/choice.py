"""Which file the bureau chose where a department sent several of which nothing tells which is later."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from workbook.arguments import PathLike, as_path, taken
from workbook.errors import WorkbookError
from workbook.reading.submission import ACCEPTED, Return, Returns, as_returns
from workbook.stores import Url
from workbook.text import printable


def choose(returns: Iterable[Return], files: PathLike | Iterable[PathLike]) -> Returns:
    """The returns, those of `files` chosen: they count, whatever other copies say of their age.

    A file is named by its path, one in an archive as the list of files has it: `甲县.zip/教育局.xls`.
    Raises WorkbookError for a file that is none of those read, or could not be read.

    >>> from workbook import choose, read_returns
    >>> returns = read_returns("samples/returns")
    >>> sum(item.chosen for item in choose(returns, returns[0].path))
    1
    """
    returns = as_returns(returns, "returns")
    chosen = Returns(returns)
    positions = {_known_by(returned.path): n for n, returned in enumerate(returns)}
    several = [files] if isinstance(files, str | os.PathLike) else files
    for file in taken(several, Iterable, "files", "应是一个或几个文件的路径"):
        path = as_path(file, "files")
        position = positions.get(_known_by(path))
        if position is None:
            raise WorkbookError(
                f"{printable(path)}：指定的文件不在读到的文件里；请写成读到时的路径"
                "（压缩包里的写作 包.zip/文件.xls），与问题 A505、文件清单里的一样"
            )
        if returns[position].status != ACCEPTED:
            raise WorkbookError(f"{printable(path)}：指定的文件没有读出来，不能计入；请另指定一份")
        chosen[position] = replace(chosen[position], chosen=True)
    return chosen


def _known_by(path: Path) -> str:
    """What tells a file: however its path was typed."""
    return str(path) if isinstance(path, Url) else os.path.normcase(os.path.abspath(path))  # noqa: PTH100 - a member of an archive is no path of the disk
