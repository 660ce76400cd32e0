"""What is worked out of a summary once, whoever asks for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from workbook.summary import FormSummary, Summary

Part = TypeVar("Part", bound=FormSummary | None)
Result = TypeVar("Result")


def once(
    work: Callable[[Summary, Part], Result],
) -> Callable[[Summary, Part], Result]:
    """The same work, done once for each form of a summary, for as long as that summary is there."""
    known: WeakKeyDictionary[Summary, dict[Part, Result]] = WeakKeyDictionary()

    @wraps(work)
    def asked(summary: Summary, part: Part) -> Result:
        of_summary = known.setdefault(summary, {})
        if part not in of_summary:
            of_summary[part] = work(summary, part)
        return of_summary[part]

    return asked
