"""Arguments as people give them: taken where they can mean one thing only, else refused in a sentence."""

from __future__ import annotations

import datetime
import math
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from workbook.errors import WorkbookError
from workbook.language import t
from workbook.stores import Url, expanded, location

T = TypeVar("T")

PathLike = str | os.PathLike[str]
"""A file or folder as people name it: its path, or the URL of a store."""
DayLike = datetime.date | str
"""A day as people write it: a date, a moment of it, 2025-3-31, 2025/3/31, 2025年3月31日."""

_LONGEST, _LARGEST = 60, 10**18
_DAY = re.compile(r"\s*(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?\s*")
FIRST_YEAR, LAST_YEAR = 2000, 2100


class ArgumentError(WorkbookError, ValueError):
    """An argument is none of what it may be; the text names it, what was given, and the remedy."""


def refusal(name: str, value: object, remedy: str) -> ArgumentError:
    """The error of an argument."""
    is_short = isinstance(value, str | float | bytes) or (
        isinstance(value, int) and abs(value) < _LARGEST
    )
    given = repr(value) if is_short else ""
    shown = given if 0 < len(given) <= _LONGEST else t("一个 {name}", name=type(value).__name__)
    argument = f"{name}={shown}"
    return ArgumentError(t("{what}：{why}", what=argument, why=remedy))


def taken(value: object, kind: type[T] | tuple[type[T], ...], name: str, remedy: str) -> T:
    """The value, if it is of a kind. Raises ArgumentError."""
    if not isinstance(value, kind):
        raise refusal(name, value, remedy)
    return value


def as_path(value: object, name: str, *, suffixes: tuple[str, ...] = ()) -> Path:
    """A path, or a URL's; a file's with one of some endings, if they are given. Raises ArgumentError."""
    if not isinstance(value, str | os.PathLike) or not (text := os.fspath(value)).strip():
        raise refusal(name, value, t("应是文件或文件夹的路径"))
    if not isinstance(text, str):
        raise refusal(name, value, t("路径应是文字"))
    path = value if isinstance(value, Url) else location(text)
    if text == "~" or text.startswith(("~/", "~\\")):
        path = path.expanduser()
    if suffixes and path.suffix.lower() not in suffixes and not path.is_dir():
        raise ArgumentError(
            t(
                "{path}：{name} 的文件名应以 {suffixes} 结尾",
                path=path,
                name=name,
                suffixes=t(" 或 ").join(suffixes),
            )
        )
    return path


def as_paths(value: object, name: str) -> list[Path]:
    """Paths of one or many, patterns as the files that they stand for, each as it is written shortest.

    Raises ArgumentError, for the only path too if nothing is there; of several, some may have gone since they
    were listed, and reading tells.
    """
    alone = isinstance(value, str | os.PathLike)
    if alone:
        value = [value]
    if not isinstance(value, Iterable) or isinstance(value, bytes) or is_table(value):
        raise refusal(name, value, t("应是一个或几个文件、文件夹的路径"))
    paths = expanded(shortest(as_path(each, name)) for each in value)
    if alone and not any(isinstance(path, Url) or os.path.lexists(path) for path in paths):
        raise ArgumentError(t("找不到“{path}”，请检查路径", path=paths[0]))
    return paths


def is_table(value: object) -> bool:
    """Whether a value is a frame or a column of pandas or numpy, whose items are not what was meant."""
    return hasattr(value, "dtype") or hasattr(value, "dtypes")


def shortest(path: Path) -> Path:
    """`a/../b/./c` as `b/c`, so that a file has one name."""
    return path if isinstance(path, Url) else Path(os.path.normpath(path))


def as_whole(value: object, name: str, *, least: int, most: int | None = None) -> int:
    """A whole number, be it a text. Raises ArgumentError."""
    number = _whole(value)
    if number is None or number < least or (most is not None and number > most):
        until = t("到 {most} ", most=most) if most is not None else t("以上")
        raise refusal(name, value, t("应是 {least} {until}的整数", least=least, until=until))
    return number


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        number = int(value)
        return number if isinstance(value, str) or number == value else None
    except (TypeError, ValueError, OverflowError):
        return None


def as_year(value: object, name: str = "year") -> int:
    """A fiscal year. Raises ArgumentError."""
    return as_whole(value, name, least=FIRST_YEAR, most=LAST_YEAR)


def as_day(value: object, name: str) -> datetime.date:
    """A day of our times; of a moment, its day. Raises ArgumentError."""
    day = _day(value)
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise refusal(name, value, t("应是日期，如 2025-3-31"))
    return day


def _day(value: Any) -> datetime.date | None:
    if hasattr(value, "item"):  # numpy's
        value = value.item()
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    written = _DAY.fullmatch(value) if isinstance(value, str) else None
    try:
        return datetime.date(*map(int, written.groups())) if written is not None else None
    except ValueError:
        return None


LONGEST_CELL = 32_767
"""Letters; no cell of a workbook holds more."""


def as_value(value: Any, name: str) -> str | float | datetime.date | None:
    """What a cell can hold: a number, a text or a day, be it numpy's or pandas'; None for what is missing.

    Raises ArgumentError.
    """
    if hasattr(value, "item") and not hasattr(value, "index"):  # numpy's
        value = value.item()
    if value is None or type(value).__name__ in _MISSING:
        return None
    if isinstance(value, datetime.date):
        return _day(value)
    if isinstance(value, str):
        if len(value) > LONGEST_CELL:
            raise ArgumentError(
                t(
                    "{name}：文字有 {count} 个字，一格最多 {longest_cell} 个",
                    name=name,
                    count=len(value),
                    longest_cell=LONGEST_CELL,
                )
            )
        return value
    number = _number(value)
    if number is None or math.isinf(number):
        raise refusal(name, value, t("应是数字、文字或日期"))
    return None if math.isnan(number) else number


_MISSING = ("NAType", "NaTType")
"""What pandas puts where nothing is."""


def _number(value: Any) -> float | None:
    if isinstance(value, bool | Iterable):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
