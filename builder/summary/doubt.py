"""存疑: which figures of a line are doubtful, and under a list's totals the same without them.

The column names the doubtful figures of its line; formulas look for a figure's name there, so that a line
whose entry is cleared is added up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from builder import styles
from builder.sheets import FIRST_ROW, Column, Live, Value
from builder.summary.rates import rate_of_sums
from workbook.address import letters
from workbook.form import Form
from workbook.summary import doubtful_in_words, figure_words, is_doubtful

KEY, TITLE = "doubtful", "存疑"
CERTAIN = "不含存疑"
NOTE = (
    "存疑：所在的格子、由之算出的格子或应与它相等的格子有错误未改的数（底色标出）。合计按填报数；“不含存疑”是同一合计去掉存疑的数，"
    "更正以后两者相同。"
)


def doubt_column(form: Form, lines: pd.DataFrame, columns: Iterable[Column]) -> list[Column]:
    """The column that names those of a list's figures that are doubtful in a line; none if no line has any."""
    figures = {column.key for column in columns}
    in_words = doubtful_in_words(form, lines, figures)
    if not in_words.ne("").any():
        return []
    total = Live('=COUNTIF({cells},"?*")', float(in_words.ne("").sum()))
    words: list[Value] = [text or None for text in in_words]
    return [Column(KEY, TITLE, 17, words, total=total)]


def doubt_fills(lines: pd.DataFrame, figure: str) -> list[str]:
    """The colour behind each line's figure: blank where it is not doubtful."""
    return [styles.WARNING_FILL if doubt else "" for doubt in is_doubtful(lines, figure)]


def certain(form: Form, cells: str, figures: Iterable[str]) -> str:
    """An array for formulas: 1 where none of some figures is doubtful; `cells` are those of the column."""
    words = figure_words(form)
    sought = [words[figure].replace('"', '""') for figure in figures]
    return "*".join(f'ISERROR(FIND("、{word}、","、"&{cells}&"、"))' for word in sought)


def with_certain_totals(
    form: Form,
    columns: Sequence[Column],
    sums: Mapping[str, tuple[Sequence[str], float | None]],
) -> list[Column]:
    """The columns of a list with a second row of totals, without the doubtful figures, if there are any.

    `sums` are by a column's key the figures that its total rests on, and the total without doubtful ones.
    """
    letter_of = {column.key: letters(number) for number, column in enumerate(columns, 1)}
    if KEY not in letter_of:
        return list(columns)
    last = FIRST_ROW + max(len(columns[0].entries), 1) - 1

    def cells(key: str) -> str:
        return f"${letter_of[key]}${FIRST_ROW}:${letter_of[key]}${last}"

    def total(key: str, figures: Sequence[str], value: float | None) -> Live:
        chosen = certain(form, cells(KEY), figures)
        if key == "execution_rate":
            return Live(rate_of_sums(form, cells, chosen), value)
        count = f"SUMPRODUCT({chosen}*ISNUMBER({{cells}}))"
        return Live(f'=IF({count}=0,"",SUMPRODUCT({chosen}*1,{{cells}}))', value)

    totals: dict[str, Live | str] = {key: total(key, *each) for key, each in sums.items()}
    totals["department"] = CERTAIN
    return [replace(column, further_total=totals.get(column.key)) for column in columns]
