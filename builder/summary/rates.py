"""The execution rate and the mean score as formulas of the summary.

The rate is the definition's own expression over other cells: in a line over the line's amounts, below a
list over their sums, of those lines that give all of them, so that a blank does not pass for zero.
"""

from __future__ import annotations

from collections.abc import Callable

from workbook.expression import to_formula
from workbook.form import Form
from workbook.summary import HIGHEST_SCORE, NEAR

Cells = Callable[[str], str]
"""Writes a cell or range of one of the line's amounts, by its column's name."""


def rate_of_line(form: Form, cell: Cells) -> str:
    """The rate of one line; `cell` writes an amount's cell. Nothing where it is undecided."""
    return f'=IFERROR({_rendered_rate(form, cell)},"")'


def rate_of_sums(form: Form, column: Cells, chosen: str = "") -> str:
    """The rate of all lines together, or of those where the array `chosen` is 1; `column` writes the
    range of an amount."""
    all_given = [f"ISNUMBER({column(name)})" for name in form.key_fields.rate_needs]
    condition = "*".join(filter(None, (chosen, *all_given))) or "1"
    return f'=IFERROR({_rendered_rate(form, lambda name: f"SUMPRODUCT(({condition})*1,{column(name)})")},"")'


def mean_score(cells: str, chosen: str = "") -> str:
    """The plain mean of the scores in a range that can be reached, of all lines or of those where the
    array `chosen` is 1."""
    reached = reached_scores(cells)
    condition = f"{chosen}*{reached}" if chosen else reached
    return f'=IFERROR(SUMPRODUCT({condition},{cells})/SUMPRODUCT({condition}),"")'


def reached_scores(cells: str) -> str:
    """An array for formulas: 1 for the scores in a range that can be reached."""
    return f"ISNUMBER({cells})*({cells}>-{NEAR:g})*({cells}<{HIGHEST_SCORE + NEAR:g})"


def _rendered_rate(form: Form, cell: Cells) -> str:
    node, columns = form.key_fields.rate_formula, form.key_fields.rate_columns
    assert node is not None, "asked only of forms with a rate"
    return to_formula(node, lambda ref: cell(columns[ref.key]))
