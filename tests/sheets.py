"""Whole workbooks looked at cell by cell, whatever their sheets are called."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import openpyxl
from openpyxl.cell.cell import Cell
from openpyxl.utils import coordinate_to_tuple

from tests.office import CellError, Office, Value

NEAR = 1e-12
"""How far apart, as a share, two engines' sums of the same numbers may be; or 1e-9 outright."""


def cells(path: Path, *, shown: bool = False) -> Iterator[tuple[str, Cell]]:
    """Every cell that holds something, with its sheet; formulas, or what they show."""
    for sheet in openpyxl.load_workbook(path, data_only=shown):
        for row in sheet.iter_rows():
            yield from (
                (sheet.title, cell)
                for cell in row
                if isinstance(cell, Cell) and cell.value is not None
            )


def formulas(path: Path) -> dict[tuple[str, str], str]:
    """Every formula, by sheet and address."""
    return {
        (sheet, cell.coordinate): str(cell.value)
        for sheet, cell in cells(path)
        if cell.data_type == "f"
    }


def differences(office: Office, path: Path) -> list[str]:
    """The formulas whose recalculated value is not the one in the file, or is an error."""
    cached = openpyxl.load_workbook(path, data_only=True)
    found: list[str] = []
    known = formulas(path)
    with office.open(path) as book:
        office.recalculate(book)
        grids = {sheet: office.sheet_values(book, sheet) for sheet in {s for s, _ in known}}
    for (sheet, at), formula in known.items():
        row, column = coordinate_to_tuple(at)
        told, now = cached[sheet][at].value, grids[sheet][row - 1][column - 1]
        if not same(told, now):
            found.append(f"{sheet}!{at} {formula}: {told!r} in the file, {now!r} recalculated")
    return found


def same(told: object, now: Value) -> bool:
    """Whether two engines agree on a value; blank text and nothing are the same."""
    if isinstance(now, CellError):
        return False
    if isinstance(told, int | float) and isinstance(now, int | float):
        return math.isclose(told, now, rel_tol=NEAR, abs_tol=1e-9)
    return (told or None) == (now or None)


def total(path: Path, sheet: str, head: str, values: list[list[Value]]) -> Value:
    """What stands in a list's line of totals under a head (line breaks aside), in these values."""
    with closing(openpyxl.load_workbook(path, read_only=True)) as book:
        names = [str(cell.value or "").replace("\n", "") for cell in book[sheet][3]]
    (line,) = (row for row in values if "合计" in row[:5])
    return line[names.index(head)]
