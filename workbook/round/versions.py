"""Which copy of a duty counts: a newer one takes the older one's place once it brings no error that was not there."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from workbook.reading import CHINA
from workbook.round.problems import Problem


class Standing(StrEnum):
    """What a file is to its duty."""

    RIGHT = "right"
    WRONG_FORM = "wrong_form"
    WRONG_YEAR = "wrong_year"
    WRONG_COUNTY = "wrong_county"
    UNREADABLE = "unreadable"
    ATTACHMENT = "attachment"
    UNASSIGNED = "unassigned"
    """Of nobody, as far as can be told."""


@dataclass(frozen=True, slots=True)
class Version:
    """One file that answers a duty, as it was read last."""

    number: int
    """In the order of receipt, from 1."""
    sha256: str
    name: str
    time: str
    """When it came: the mail's date or the file's own time, ISO 8601."""
    day: datetime.date
    """That day in China, or the one that the bureau said."""
    saved_at: str
    """When it was saved, as it says itself; blank where it does not."""
    standing: Standing
    batch: int
    """The last event before those of the command that received it: within one command nothing tells what is later."""
    filling: str
    reading: str
    problems: tuple[Problem, ...]

    @property
    def is_right(self) -> bool:
        """Whether it may count."""
        return self.standing == Standing.RIGHT


def day_in_china(time: str) -> datetime.date:
    """The day of a moment, which ends at midnight in China.

    >>> from workbook.round import day_in_china
    >>> day_in_china("2025-03-31T16:30:00+00:00")
    datetime.date(2025, 4, 1)
    """
    moment = datetime.datetime.fromisoformat(time)
    return (moment.astimezone(CHINA) if moment.tzinfo else moment).date()


def order(newer: Version, older: Version) -> int | None:
    """1 if the one received later is the later, -1 if it was saved before the other, None if nothing tells."""
    if newer.saved_at and older.saved_at and newer.saved_at != older.saved_at:
        return 1 if newer.saved_at > older.saved_at else -1
    if newer.filling and newer.filling == older.filling:
        return 1
    return None if newer.batch == older.batch else 1


def new_errors(newer: Collection[Problem], older: Collection[Problem]) -> list[Problem]:
    """The errors of one copy that the other does not have; told apart by rule and row."""
    known = {problem.identity for problem in older if problem.severity == "error"}
    return [p for p in newer if p.severity == "error" and p.identity not in known]
