"""Formulas that Excel stores once for a filled range, written out for each of its cells."""

from __future__ import annotations

import re

from workbook.address import column_number, letters

Position = tuple[int, int]

_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384

# What to leave alone in a formula (texts, quoted sheet names), and what moves: cells, then whole
# columns, then whole rows. A name, a function or a sheet is none of them.
_MOVES = re.compile(
    r"""(?P<text>"[^"]*"|'[^']*')
    |(?<![\w.$\\])(?:
        (?P<cell>(?P<c>\$?[A-Z]{1,3})(?P<r>\$?[0-9]{1,7}))
        |(?P<columns>(?P<c1>\$?[A-Z]{1,3}):(?P<c2>\$?[A-Z]{1,3}))
        |(?P<rows>(?P<r1>\$?[0-9]{1,7}):(?P<r2>\$?[0-9]{1,7}))
    )(?![\w.(!\[\\])""",
    re.VERBOSE,
)


class SharedFormulas:
    """Writes out the formulas that Excel stores once for a filled range."""

    __slots__ = ("_budget", "_masters")

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._masters: dict[str, tuple[str, Position]] = {}

    def text(self, written: str, attributes: dict[str, str], position: Position) -> str:
        """The formula of the cell at `position`; "" if it cannot be told from what is written."""
        index = attributes.get("si")
        if written or attributes.get("t") != "shared" or index is None:
            if written and index is not None:
                self._masters[index] = (written, position)
            return written
        master, (row, column) = self._masters.get(index, ("", position))
        self._budget -= len(master)
        if self._budget < 0 or "[" in master:
            return ""
        return _shift(master, position[0] - row, position[1] - column)


def _shift(formula: str, rows: int, columns: int) -> str:
    """The formula as it reads so many rows down and columns right; it wraps at the grid's edge."""

    def row(text: str) -> str:
        return text if text[0] == "$" else str((int(text) - 1 + rows) % _LAST_ROW + 1)

    def column(text: str) -> str:
        if text[0] == "$":
            return text
        return letters((column_number(text) - 1 + columns) % _LAST_COLUMN + 1)

    def move(match: re.Match[str]) -> str:
        if match["cell"]:
            return column(match["c"]) + row(match["r"])
        if match["columns"]:
            return f"{column(match['c1'])}:{column(match['c2'])}"
        if match["rows"]:
            return f"{row(match['r1'])}:{row(match['r2'])}"
        return match[0]

    return _MOVES.sub(move, formula)
