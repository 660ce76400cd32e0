"""What a command wrote into a folder, listed there, so that the next run takes away what no longer holds.

A notice whose return was corrected, a public page that names a department which is now faulty, a table of
a form that nobody sent this time: none of them is written again, and none may stay as if it were.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbook.commands.messages import say
from workbook.language import t
from workbook.writing import digest_of, writing

LIST = "写出清单.json"
"""By what is written (`notices`, `reports`, `data`), each file by its path in the folder with its digest."""
_LISTED = 5
"""So many names are told."""


def settle(folder: Path, written: Iterable[Path], what: str, *, force: bool) -> None:
    """List what a run wrote into a folder; what only an earlier run wrote is stale, and told.

    With `force` it is removed, but for what somebody has changed since. Raises BuildError if the list
    cannot be written.
    """
    if not folder.is_dir():
        return
    lists = _lists(folder)
    now = {path.relative_to(folder).as_posix(): digest_of(path) for path in written}
    stale = {
        name: digest
        for name, digest in lists.get(what, {}).items()
        if name not in now and _is_inside(folder, name)
    }
    removed = [
        name for name, digest in stale.items() if force and _is_removed(folder / name, digest)
    ]
    kept = {name: digest for name, digest in stale.items() if name not in removed}
    if now or stale:
        _write(folder, {**lists, what: now | kept})
    _tell(removed, list(kept))


def _tell(removed: Sequence[str], kept: Sequence[str]) -> None:
    """Say what was taken away, and what still stands there."""
    if removed:
        names = _named(removed)
        say(
            t(
                "收走了 {count} 个以前写出、这次不再成立的文件：{names}",
                count=len(removed),
                names=names,
            ),
            err=True,
        )
    if kept:
        names = _named(kept)
        say(
            t(
                "还有 {count} 个文件是以前写出的，这次不再成立：{names}；"
                "加 --force 收走，改动过的请自己删",
                count=len(kept),
                names=names,
            ),
            err=True,
        )


def _named(names: Sequence[str]) -> str:
    rest = t(" 等") if len(names) > _LISTED else ""
    return "、".join(names[:_LISTED]) + rest


def _lists(folder: Path) -> dict[str, dict[str, str]]:
    """The lists of the earlier runs; one that somebody has broken holds nothing."""
    try:
        lists: Any = json.loads((folder / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(lists, dict):
        return {}
    return {what: names for what, names in lists.items() if isinstance(names, dict)}


def _write(folder: Path, lists: Mapping[str, Mapping[str, str]]) -> None:
    with writing(folder / LIST) as temporary:
        temporary.write_text(json.dumps(lists, ensure_ascii=False, indent=1), encoding="utf-8")


def _is_inside(folder: Path, name: str) -> bool:
    """Whether a name of the list is that of a file in the folder; the list is a file like any other."""
    try:
        path = (folder / name).resolve()
        return path.is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError):
        return False


def _is_removed(path: Path, digest: str) -> bool:
    """Remove a file that is still what was written, if the system allows it."""
    try:
        if digest_of(path) != digest:
            return False
        path.unlink()
    except OSError:
        return False
    return True
