"""What operators work on, and what an operator is; the operators themselves are in `operators` and `text_operators`.

An array has one row a submission and one column a cell of the scope: shape (n, 1) for the form,
(n, rows) for a repeating section, (n, groups) for its groups; numpy's broadcasting joins them.
Numbers, dates (serial days) and truths are float64, NaN meaning undecided; truths are 1.0 and 0.0.
Texts are object arrays of str, None meaning undecided. In the workbook "undecided" is an error value,
which spreads through a formula as NaN spreads through an array.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from workbook.text import says_none

Array = npt.NDArray[Any]


class Type(StrEnum):
    """What an expression yields."""

    NUMBER = "number"
    TEXT = "text"
    TRUTH = "truth"
    DATE = "date"


class Param(StrEnum):
    """What an operator takes: a value of a type, a cell as it stands, a whole column, a list of words."""

    NUMBER = "number"
    TEXT = "text"
    TRUTH = "truth"
    DATE = "date"
    SAME = "same"  # any type, the same for all such arguments
    CELL = "cell"
    NUMBERS = "numbers"
    CELLS = "cells"
    WORDS = "words"  # the last of an operator's; each word becomes an argument of the call


BLANK, NUMBER, TEXT, ERROR = range(4)
"""States of a cell as the workbook sees it."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells as they stand: one array each of state, number (NaN if none) and words (blank if none)."""

    state: npt.NDArray[np.int8]
    number: npt.NDArray[np.float64]
    words: Array
    starts: tuple[int, ...] = (0,)
    """Where the runs of cells begin that an aggregate reduces, along the second axis."""

    @property
    def blank(self) -> npt.NDArray[np.float64]:
        """1.0 where nothing is filled in, NaN where the cell holds an error."""
        return np.where(self.state == ERROR, np.nan, (self.state == BLANK) * 1.0)

    @property
    def none(self) -> npt.NDArray[np.float64]:
        """1.0 where words say that there is none, NaN where the cell holds an error."""
        said = np.zeros(self.state.shape)
        texts = self.state == TEXT
        if texts.any():
            said[texts] = [says_none(words) for words in self.words[texts]]
        return np.where(self.state == ERROR, np.nan, said)

    @property
    def text(self) -> Array:
        """The cells' texts; numbers as a sheet turns them into text."""
        numbers = self.state == NUMBER
        if not numbers.any():
            return self.words
        text = self.words.copy()
        text[numbers] = [number_text(float(value)) for value in self.number[numbers]]
        return text


def number_text(value: float) -> str:
    """One number as a sheet turns it into text: 15 digits, written out from 1e-14 on."""
    text = f"{value + 0.0:.15g}"  # + 0.0: a sheet knows no -0
    _, is_scientific, exponent = text.partition("e")
    if not is_scientific:
        return text
    return f"{Decimal(text):f}" if -15 < int(exponent) < 0 else text.upper()


def _is_undecided(value: str | float | None) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def over_rows(function: Callable[..., str]) -> Callable[..., Array]:
    """A function of texts and numbers to a text, over whole columns; undecided where one of its arguments is."""

    def over(*given: Array) -> Array:
        columns = np.broadcast_arrays(*given)
        rows = zip(*(column.ravel().tolist() for column in columns), strict=True)
        told = [None if any(map(_is_undecided, row)) else function(*row) for row in rows]
        return np.fromiter(told, np.dtype(object), len(told)).reshape(columns[0].shape)

    return over


@dataclass(frozen=True, slots=True)
class Op:
    """One operator. `excel` is filled with the arguments' formulas and, as `tol`, the tolerance.

    None where a sheet cannot work it out; then only rules may use it.
    """

    name: str
    params: tuple[Param, ...]
    result: Type | None  # None: the type of its SAME arguments
    excel: str | Callable[[list[str]], str] | None
    arrays: Callable[..., Array]
    variadic: bool = False
    compares: bool = False
    doc: str = ""

    def formula(self, args: list[str], tolerance: float) -> str:
        """The Excel formula of this operator over its arguments' formulas."""
        assert self.excel is not None
        if callable(self.excel):
            return self.excel(args)
        return self.excel.format(*args, tol=f"{tolerance:.12f}".rstrip("0"))

    def param(self, index: int) -> Param:
        """What the argument at `index` (from 0) is."""
        return self.params[min(index, len(self.params) - 1)]
