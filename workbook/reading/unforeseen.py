"""What nobody foresaw in one return rejects that return, and the rest goes on.

Whatever many returns go through together runs under `guarded`: where it fails, the returns with which it
fails are found by halving, rejected with a reference (W119), and what was to be done is done without them.
The traceback travels in `Return.fault`, from other processes too; a command writes it to a log. Our own
tests set ``WORKBOOK_UNFORESEEN=raise`` in the environment, and then nothing is kept from them.
"""

from __future__ import annotations

import hashlib
import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from workbook.errors import WorkbookError, machine_error
from workbook.findings import finding
from workbook.reading.submission import REJECTED, Return, Returns

R = TypeVar("R")

RAISING = "WORKBOOK_UNFORESEEN"
"""The variable that says `raise` where nothing unforeseen is to be survived."""


def is_foreseen(error: Exception) -> bool:
    """Whether an error is one that we raise on purpose, or one that is not to be survived here."""
    return isinstance(error, WorkbookError) or os.environ.get(RAISING) == "raise"


def is_of_no_return(error: Exception) -> bool:
    """Whether an error has nothing to do with any one return: the machine is at fault, a full disk say."""
    return is_foreseen(error) or machine_error(error) is not None


def rejected(path: Path, error: Exception) -> Return:
    """The return of a file with which something unforeseen happened."""
    fault, reference = told(error)
    return Return(path, REJECTED, (finding("W119", detail=reference),), fault=fault)


def told(error: Exception) -> tuple[str, str]:
    """The traceback of an error, and the reference by which it is found again."""
    fault = "".join(traceback.format_exception(error))
    places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    digest = hashlib.blake2b(repr((type(error).__name__, places[-3:])).encode(), digest_size=4)
    return fault, digest.hexdigest()


def guarded(
    returns: Iterable[Return],
    work: Callable[[Sequence[Return]], R],
    *,
    trial: Callable[[Sequence[Return]], object] | None = None,
) -> tuple[Returns, R]:
    """What `work` makes of the returns, and these: those with which it fails are rejected.

    `trial` is the same without effect on what is outside, where `work` has one; it is called with some of
    the returns at a time. What fails with no return alone, without any, or with each of several is raised:
    the fault is not theirs.
    """
    returns = Returns(returns)
    try:
        return returns, work(returns)
    except Exception as error:
        if is_of_no_return(error):
            raise
        at_fault = dict(_at_fault(range(len(returns)), returns, trial or work))
        read = sum(returned.submission is not None for returned in returns)
        if not at_fault or len(at_fault) == read > 1:
            raise
        kept = Returns(
            _without(returned, at_fault[i]) if i in at_fault else returned
            for i, returned in enumerate(returns)
        )
    return kept, work(kept)


def _without(returned: Return, error: Exception) -> Return:
    """A return rejected after it was read; what the reader knows of the file stays."""
    lost = rejected(returned.path, error)
    return replace(
        returned, status=REJECTED, submission=None, findings=lost.findings, fault=lost.fault
    )


def _at_fault(
    positions: Sequence[int], returns: Sequence[Return], trial: Callable[[Sequence[Return]], object]
) -> Iterator[tuple[int, Exception]]:
    """The returns with which a trial fails alone, with what it fails."""
    try:
        trial([returns[i] for i in positions])
    except Exception as error:
        if is_of_no_return(error):
            raise
        if len(positions) == 1:
            yield positions[0], error
            return
        middle = len(positions) // 2
        for half in (positions[:middle], positions[middle:]):
            yield from _at_fault(half, returns, trial)
