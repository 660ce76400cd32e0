"""Cells and ranges, by number and as spreadsheets write them. Rows and columns count from 1."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

_A1 = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_REFERENCE = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!(.+)")


class Address(NamedTuple):
    """One cell of one sheet."""

    # A tuple, since millions are made, compared and looked up when returns are read and added up.

    sheet: str
    row: int
    column: int

    @property
    def a1(self) -> str:
        """The cell without its sheet: `D12`."""
        return f"{letters(self.column)}{self.row}"

    @property
    def absolute(self) -> str:
        """The cell as a formula on any sheet writes it: `'自评表'!$D$12`."""
        return f"{quote(self.sheet)}!${letters(self.column)}${self.row}"

    def __str__(self) -> str:
        return f"{self.sheet}!{self.a1}"


# A workbook has few columns, and every cell and formula names one.
@lru_cache(maxsize=4096)
def letters(column: int) -> str:
    """The letters of a column: 1 → A, 28 → AB."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def column_number(text: str) -> int:
    """The number of a column's letters: AB → 28."""
    number = 0
    for letter in text:
        number = number * 26 + ord(letter) - 64
    return number


# Findings, names and areas of all returns point to the same few thousand cells.
@lru_cache(maxsize=16384)
def split_a1(text: str) -> tuple[int, int]:
    """(row, column) of `D12` or `$D$12`; ValueError if it is no cell."""
    match = _A1.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return int(match[2]), column_number(match[1])


def area(top: int, left: int, bottom: int, right: int) -> str:
    """A range without its sheet: `A1:C3`, or `A1` when it is one cell."""
    first = f"{letters(left)}{top}"
    last = f"{letters(right)}{bottom}"
    return first if first == last else f"{first}:{last}"


def runs(cells: Iterable[str]) -> list[str]:
    """Some cells with those below one another as ranges: D1, D2, E2 → D1:D2, E2. What is no cell stays as it is."""
    found: list[tuple[int, int, int] | str] = []
    for text in dict.fromkeys(cells):
        try:
            row, column = split_a1(text)
        except ValueError:
            found.append(text)
            continue
        last = found[-1] if found else None
        if isinstance(last, tuple) and last[1] + 1 == row and last[2] == column:
            found[-1] = last[0], row, column
        else:
            found.append((row, row, column))
    return [
        each if isinstance(each, str) else area(each[0], each[2], each[1], each[2])
        for each in found
    ]


def column_range(sheet: str, column: int, top: int, bottom: int) -> str:
    """A piece of one column as a formula on any sheet writes it: `'自评表'!$G$20:$G$39`."""
    letter = letters(column)
    return f"{quote(sheet)}!${letter}${top}:${letter}${bottom}"


def quote(sheet: str) -> str:
    """A sheet's name as formulas write it, always quoted."""
    doubled = sheet.replace("'", "''")
    return f"'{doubled}'"


def parse_reference(text: str) -> Address | None:
    """The single cell a defined name points to, or None if it is a range, a constant or broken."""
    match = _REFERENCE.fullmatch(text.removeprefix("="))
    if match is None:
        return None
    sheet = match[1].replace("''", "'") if match[1] else match[2]
    first, _, last = match[3].partition(":")
    try:
        row, column = split_a1(first)
    except ValueError:
        return None
    if last and last != first:
        return None
    return Address(sheet, row, column)
