"""The summary's sheet of two years side by side; this year's figures follow the departments' lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from builder import styles
from builder.sheets import (
    FIRST_ROW,
    Book,
    Column,
    Heading,
    Listed,
    Live,
    Value,
    cell_style,
    done,
    put,
    values,
    write_list,
)
from builder.summary.departments import grade_of
from builder.summary.doubt import CERTAIN as CERTAIN_WORDS
from builder.summary.doubt import KEY, TITLE, certain, doubt_column
from builder.summary.lists import department_columns
from builder.summary.rates import mean_score, rate_of_sums, reached_scores
from workbook.address import letters
from workbook.form import Form
from workbook.summary import (
    CERTAIN,
    DECIMALS,
    HIGHEST_SCORE,
    INVALID,
    RATE,
    SCORE,
    Comparison,
    Pairing,
)

_A3 = 8
"""Excel's number of that paper: two years do not fit on A4."""
_LOOKS = {RATE: "rate", SCORE: "score"}
_TINTS = {Pairing.NEW: styles.NOTE_FILL, Pairing.GONE: styles.WARNING_FILL, Pairing.NEITHER: styles.MISSING_FILL}  # fmt: skip


def write_previous(
    book: Book,
    heading: Heading,
    comparison: Comparison,
    departments: Listed,
    cutoffs: Mapping[str, str],
) -> Listed:
    """One line a department; `departments` is the list of this year's, by which this year's figures go,
    `cutoffs` the cells of the grades' lowest scores."""
    return _PreviousSheet(book, comparison, departments, cutoffs).write(heading)


class _PreviousSheet:
    """The sheet being made: its columns, its totals, and what the totals are made of."""

    def __init__(
        self, book: Book, comparison: Comparison, departments: Listed, cutoffs: Mapping[str, str]
    ) -> None:
        self.book = book
        self.comparison = comparison
        self.lines = departments
        self.cutoffs = cutoffs
        self.frame = comparison.departments
        self.count = max(len(self.frame), 1)
        self.columns: list[Column] = []

    def write(self, heading: Heading) -> Listed:
        """Write the sheet and return it."""
        frame = self.frame
        self.columns = [
            Column("number", "序号", 6, values(frame["number"]), "center"),
            *department_columns(frame, (11, 26), total="合计"),
        ]
        if "project" in frame.columns:
            self.columns.append(Column("project", "项目名称", 26, values(frame["project"])))
        frozen = len(self.columns)
        for name, label in self.comparison.figures.items():
            self._add_figure(name, label)
        if SCORE in self.comparison.figures:
            last_year_title, this_year_title = self._year_titles("自评等次")
            grades = values(frame["grade"])
            self.columns += [
                Column("grade_before", last_year_title, 9, values(frame["grade_before"]), "center"),
                Column("grade", this_year_title, 9, grades, "center", self._grade_formula()),
            ]
        pairings = [Pairing(pairing) for pairing in frame["pairing"]]
        self.columns += [
            Column("pairing", "对应", 9, [p.chinese for p in pairings], "center",
                   fills=[_TINTS.get(p, "") for p in pairings]),
            *doubt_column(self.comparison.form, frame, self.columns),
            Column("remark", "说明", 30, values(frame["remark"])),
        ]  # fmt: skip
        listed = write_list(self.book, replace(heading, notes=(), frozen=frozen), self.columns)
        listed.sheet.set_paper(_A3)
        self._write_groups(listed, heading)
        return listed

    # --- columns ----------------------------------------------------------------------------------

    def _year_titles(self, label: str) -> tuple[str, str]:
        return (
            f"{label}\n{self.comparison.previous_year} 年",
            f"{label}\n{self.comparison.fiscal_year} 年",
        )

    def _add_figure(self, name: str, label: str) -> None:
        """A figure's columns: last year's, this year's, the change; of an amount its growth too."""
        frame, look = self.frame, _LOOKS.get(name, "amount")
        width = 14.5 if look == "amount" else 10.5
        first = len(self.columns) + 1
        last_year, this_year = letters(first), letters(first + 1)
        titles = self._year_titles(label)
        self.columns += [
            Column(f"{name}_before", titles[0], width, values(frame[f"{name}_before"]), look, None,
                   self._total(name, "_before")),
            Column(name, titles[1], width, values(frame[name]), look, self._this_year_formula(name),
                   self._total(name, "")),
            Column(f"{name}_change", f"{label}\n增减", width, values(frame[f"{name}_change"]), look,
                   lambda row: _change_formula(f"{last_year}{row}", f"{this_year}{row}"),
                   self._derived_total(name, "_change", _change_formula, last_year, this_year)),
        ]  # fmt: skip
        if look == "amount":
            # Where no department is in both years, the sums are of others: nothing has grown.
            compared = bool(self.comparison.totals["departments"].loc[str(Pairing.BOTH)])
            total = (
                self._derived_total(name, "_growth", _growth_formula, last_year, this_year)
                if compared
                else None
            )
            self.columns.append(
                Column(f"{name}_growth", f"{label}\n增减率", 10.5, values(frame[f"{name}_growth"]),
                       "growth", lambda row: _growth_formula(f"{last_year}{row}", f"{this_year}{row}"), total)
            )  # fmt: skip

    def _this_year_formula(self, name: str) -> Callable[[int], str]:
        """What stands in this year's line, wherever sorting has put it."""
        column_cells, numbers = self.lines.cells(name), self.lines.cells("number")

        def formula(row: int) -> str:
            picked = f"INDEX({column_cells},MATCH(A{row},{numbers},0))"
            return f'=IF(A{row}="","",IF(ISNUMBER({picked}),{picked},""))'

        return formula

    def _grade_formula(self) -> Callable[[int], str]:
        """The grade by this year's own score, whatever was reviewed."""
        column = letters([c.key for c in self.columns].index(SCORE) + 1)

        def formula(row: int) -> str:
            own = f"ROUND({column}{row},{DECIMALS})"
            grade = grade_of(own, self.comparison.form.key_fields, self.cutoffs)
            valid = f"AND({own}>=0,{own}<={HIGHEST_SCORE:g})"
            return f'=IF(ISNUMBER({column}{row}),IF({valid},{grade},"{INVALID}"),"")'

        return formula

    # --- totals -----------------------------------------------------------------------------------

    def _group_total(self, group: str, column: str) -> float | None:
        value = self.comparison.totals[column].loc[group]
        return None if pd.isna(value) else float(value)

    def _total(self, name: str, end: str) -> Live:
        value = self._group_total("all", f"{name}{end}")
        if name == RATE:
            return Live(self._rate_formula(end), value)
        if name == SCORE:
            return Live(mean_score("{cells}"), value)
        return Live('=IF(COUNT({cells})=0,"",SUM({cells}))', value)

    def _derived_total(
        self,
        name: str,
        end: str,
        formula: Callable[[str, str], str],
        last_year: str,
        this_year: str,
    ) -> Live:
        row = FIRST_ROW + self.count
        return Live(
            formula(f"{last_year}{row}", f"{this_year}{row}"),
            self._group_total("all", f"{name}{end}"),
        )

    def _cells(self, key: str) -> str:
        number = next(n for n, column in enumerate(self.columns, 1) if column.key == key)
        last = FIRST_ROW + self.count - 1
        return f"{letters(number)}${FIRST_ROW}:{letters(number)}${last}"

    def _rate_formula(self, end: str, chosen: str = "") -> str:
        """The rate from the sums of those who give the amounts, blank if there are none."""
        form = self._form_of(end)
        if not set(form.key_fields.rate_needs) <= self.comparison.figures.keys():
            return '=""'  # a table of last year's may have rates without amounts
        return rate_of_sums(form, lambda name: self._cells(f"{name}{end}"), chosen)

    def _write_groups(self, listed: Listed, heading: Heading) -> None:
        """Below the totals: without what is doubtful, and those who gave figures in both years, in one of
        them; then the notes."""
        groups = [
            _GroupLine(
                f"其中：{pairing.chinese}", str(pairing), partial(self._paired, str(pairing))
            )
            for pairing in (Pairing.BOTH, Pairing.NEW, Pairing.GONE)
        ]
        if KEY in listed.columns:
            doubts = self._cells(KEY)
            form = self.comparison.form
            groups.insert(
                0, _GroupLine(CERTAIN_WORDS, CERTAIN, lambda name: certain(form, doubts, [name]))
            )
        row = listed.total_row + 1
        for group in groups:
            for number, column in enumerate(self.columns, 1):
                look = (
                    column.look
                    if column.look in ("amount", "rate", "growth", "score")
                    else "center"
                )
                style = cell_style(self.book, look)
                put(listed.sheet, row, number, self._group_cell(column, row, group), style)
            done(listed.sheet.set_row(row - 1, 20))
            row += 1
        style = self.book.style(**styles.BODY | {"text_wrap": False, "font_color": styles.SIDE_INK})
        for note in (*self._notes(), *heading.notes):
            put(listed.sheet, row, 1, note, style)
            row += 1
        done(listed.sheet.print_area(0, 0, row - 2, len(self.columns) - 1))

    def _paired(self, pairing: str, figure: str) -> str:
        """An array for formulas: 1 for the lines of a pairing; of those in both years for the lines that give
        the figure in both."""
        chosen = f'({self._cells("pairing")}="{Pairing(pairing).chinese}")'
        if pairing != Pairing.BOTH or not figure:
            return chosen
        return "*".join([chosen, *self._given(figure, "_before"), *self._given(figure, "")])

    def _given(self, figure: str, end: str) -> list[str]:
        """Arrays for formulas: 1 for the lines that give what the figure's total is made of in one year."""
        if figure == SCORE:
            return [reached_scores(self._cells(f"{figure}{end}"))]
        names = self._form_of(end).key_fields.rate_needs if figure == RATE else [figure]
        if not set(names) <= self.comparison.figures.keys():
            names = [figure]
        return [f"ISNUMBER({self._cells(f'{name}{end}')})" for name in names]

    def _form_of(self, end: str) -> Form:
        return self.comparison.previous_form if end else self.comparison.form

    def _group_cell(self, column: Column, row: int, group: _GroupLine) -> Value | Live:
        if column.key == "department":
            return group.words
        if column.key == "pairing" and group.key != CERTAIN:
            count = int(self.comparison.totals["departments"].loc[group.key])
            return Live(f"=SUMPRODUCT({group.chosen('')}*1)", float(count))
        name, end = _figure_and_ending(column.key)
        if name not in self.comparison.figures:
            return None
        chosen, value = group.chosen(name), self._group_total(group.key, column.key)
        column_number = [c.key for c in self.columns].index(name) + 1
        last_year, this_year = (
            f"{letters(column_number - 1)}{row}",
            f"{letters(column_number)}{row}",
        )
        if end in ("_change", "_growth"):
            return Live(
                (_change_formula if end == "_change" else _growth_formula)(last_year, this_year),
                value,
            )
        if name == RATE:
            return Live(self._rate_formula(end, chosen), value)
        cells = self._cells(column.key)
        if name == SCORE:
            return Live(mean_score(cells, chosen), value)
        given_count = f"SUMPRODUCT({chosen}*ISNUMBER({cells}))"
        return Live(f'=IF({given_count}=0,"",SUMPRODUCT({chosen}*1,{cells}))', value)

    def _notes(self) -> list[str]:
        notes = [
            "按预算编码对应，编码对不上的按名称对应；增减＝今年－上年，增减率＝增减÷上年，上年没有或为零的不算。",
            "增减率超过 1000% 的只显示“>1000%”，数仍在格子里。",
            "合计的执行率按合计数重算；得分合计为简单平均。“两年均有”是同口径的增减，每个数只计两年都填了的单位；没有一个单位两年均有的，合计不算增减率。",
        ]
        if SCORE in self.comparison.figures:
            notes.append(
                "得分、等次两年都按各单位的自评得分，不用复核得分；今年的分数线见“参数”，上年的按表式规定。"
                "自评得分不在 0 到 100 分之间的是得分无效，不计入平均。"
            )
        if KEY in (column.key for column in self.columns):
            notes.append(f"{TITLE}：有一年的数有错误未改；“{CERTAIN_WORDS}”两年都去掉这个单位。")
        return [*notes, *(f"{remark}。" for remark in self.comparison.remarks)]


@dataclass(frozen=True, slots=True)
class _GroupLine:
    """Some of the departments, as a line below the totals."""

    words: str
    key: str
    """In the totals of the comparison."""
    chosen: Callable[[str], str]
    """By figure an array for formulas: 1 where a line belongs to the group."""


def _figure_and_ending(key: str) -> tuple[str, str]:
    """A column's figure and its ending."""
    for end in ("_before", "_change", "_growth"):
        if key.endswith(end):
            return key.removesuffix(end), end
    return key, ""


def _change_formula(last_year: str, this_year: str) -> str:
    return f'=IF(COUNT({last_year},{this_year})<2,"",{this_year}-{last_year})'


def _growth_formula(last_year: str, this_year: str) -> str:
    return f'=IF(OR(N({last_year})=0,NOT(ISNUMBER({this_year}))),"",({this_year}-{last_year})/{last_year})'
