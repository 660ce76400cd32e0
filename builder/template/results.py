"""What a template's cells show, for one form or for many that differ in what is filled in (`Results`).

Each formula is written with its result, so that a program that doesn't calculate shows what one that does would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from xlsxwriter.format import Format

from builder.sheets import WrittenSheet
from workbook.address import column_range, letters, quote
from workbook.catalogue import REQUIRED
from workbook.checking import BROKEN, UNDECIDED, Batch, View, gather, value_at
from workbook.form import CELL, GROUP, ROW, Field, Form, Rule, Section
from workbook.layout import CALC_SHEET, Formulas, Plan, check_lines
from workbook.reading import Filling, submit

Value = str | float
MISSING = "必填"
"""How what is required reads on 自检, before every severity."""


@dataclass(frozen=True, slots=True)
class CellResult:
    """What a cell shows in each of the forms, by the form's number from 0."""

    of: Callable[[int], Value]
    keys: frozenset[str]
    """The fields it rests on."""


@dataclass(frozen=True, slots=True)
class ColumnResult:
    """What cells below each other show in each of the forms, by the form's number from 0."""

    of: Callable[[int], Sequence[Value]]
    keys: frozenset[str]
    """The fields they rest on."""

    def cell(self, n: int) -> CellResult:
        """What the Nth of the cells shows, from 0."""
        return CellResult(lambda i: self.of(i)[n], self.keys)

    def part(self, first: int, last: int) -> ColumnResult:
        """From the cell `first` to before `last`, from 0."""
        return ColumnResult(lambda i: self.of(i)[first:last], self.keys)


@dataclass(frozen=True, slots=True)
class Mark:
    """Cells below each other that may differ from form to form; row and column of the first from 0."""

    sheet: str
    row: int
    column: int
    shown: ColumnResult

    @classmethod
    def of_cell(cls, sheet: str, row: int, column: int, shown: CellResult) -> Mark:
        """A single cell."""
        return cls(sheet, row, column, ColumnResult(lambda i: (shown.of(i),), shown.keys))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of 自检 and the verdicts it sums up."""

    rules: tuple[Rule, ...]
    row: int
    cells: str
    """Its verdicts' cells on `_calc`."""
    open: npt.NDArray[np.int64]
    """(forms): how many cells are concerned."""
    first: npt.NDArray[np.int64]
    """(forms): the first row, group or rule that is broken, from 1; 0 if none is."""
    undecided: npt.NDArray[np.bool_]
    """(forms): whether a verdict is."""

    @property
    def rule(self) -> Rule:
        """The rule, or the first of a general check's."""
        return self.rules[0]


def worked_out(form: Form, fillings: Iterable[tuple[Plan | None, Filling]]) -> Batch:
    """Forms filled in like this, each under its plan, as their own formulas see them."""
    return gather(form, [submit(form, each, plan=plan) for plan, each in fillings], View.WORKBOOK)


class Results:
    """The results of forms of one layout, and which cells may differ between them (`marks`).

    `forms` are their places in a batch that may hold others, of any layout.
    """

    def __init__(self, formulas: Formulas, batch: Batch, forms: Sequence[int] = (0,)) -> None:
        self.formulas = formulas
        self.form = formulas.form
        self.marks: list[Mark] = []
        self._batch, self._forms = batch, list(forms)
        self._rows: dict[str, list[int]] = {}
        self._used: dict[str, npt.NDArray[np.bool_]] = {}
        self._judged: dict[str, npt.NDArray[np.int8]] = {}
        self._messages: dict[str, list[Callable[[int, int], str]]] = {}
        self._expected: dict[str, Callable[[int, int], str]] = {}

    # writing

    def write(
        self,
        sheet: WrittenSheet,
        row: int,
        column: int,
        formula: str,
        style: Format | None,
        shown: CellResult,
    ) -> None:
        """Write a formula with what it shows in the first form."""
        sheet.put_formula(row, column, formula, style, shown.of(0))
        self.marks.append(Mark.of_cell(sheet.name, row, column, shown))

    def write_down(
        self, sheet: WrittenSheet, row: int, column: int, formula: str, shown: ColumnResult
    ) -> None:
        """Write a formula as it reads in `row`, shared by as many rows as results are given."""
        sheet.write_down(row, column, formula, shown.of(0))
        self.marks.append(Mark(sheet.name, row, column, shown))

    def write_each(
        self,
        sheet: WrittenSheet,
        row: int,
        column: int,
        formulas: Iterable[str],
        shown: ColumnResult,
        style: Format | None = None,
    ) -> None:
        """Write formulas from `row` on downwards, one a row."""
        for n, (formula, value) in enumerate(zip(formulas, shown.of(0), strict=True), row):
            sheet.put_formula(n, column, formula, style, value)
        self.marks.append(Mark(sheet.name, row, column, shown))

    # what is shown

    def value(self, item: Field, number: int) -> CellResult:
        """A field's value, or its Nth row's or group's."""
        j = self._places(item.section, item.grain)[max(number - 1, 0)] + 1
        return CellResult(
            lambda i: value_at(self._batch, item, j, self._forms[i]),
            self.form.origins_of(item.key),
        )

    def values(self, item: Field) -> ColumnResult:
        """A field's values in all rows or groups."""
        places = self._places(item.section, item.grain)
        return ColumnResult(
            lambda i: [value_at(self._batch, item, j + 1, self._forms[i]) for j in places],
            self.form.origins_of(item.key),
        )

    def judged(self, rule: Rule) -> npt.NDArray[np.int8]:
        """(forms, cells of the rule's scope): the verdicts."""
        if rule.key not in self._judged:
            own = np.ix_(self._forms, self._places(rule.section, rule.grain))
            self._judged[rule.key] = self._batch.judge(rule)[own]
        return self._judged[rule.key]

    def verdicts(self, rule: Rule) -> ColumnResult:
        """A rule's verdict of the form, or those in all rows or groups."""
        verdicts = self.judged(rule)
        return ColumnResult(lambda i: verdicts[i].tolist(), self.formulas.origins(rule))

    def filled_rows(self, section: Section) -> npt.NDArray[np.bool_]:
        """(forms, rows): whether something is filled in."""
        if section.id not in self._used:
            own = np.ix_(self._forms, self._places(section.id, ROW))
            self._used[section.id] = self._batch.used(section)[own]
        return self._used[section.id]

    def used(self, section: Section) -> ColumnResult:
        """1 in a row in which something is filled in, else 0."""
        used = self.filled_rows(section).astype(int)
        keys = frozenset(item.key for item in section.of_grain(ROW))
        return ColumnResult(lambda i: used[i].tolist(), keys)

    def _places(self, section: str, grain: str) -> list[int]:
        """Which cells of the batch's arrays are the layout's own: its rows, groups, or the form."""
        if grain == CELL:
            return [0]
        if grain == GROUP:
            return list(range(len(self.formulas.layout.blocks[section].groups)))
        if section not in self._rows:
            numbers = self._batch.own_row_numbers(section)[self._forms[0]]
            self._rows[section] = np.flatnonzero(numbers).tolist()
        return self._rows[section]

    def message(self, rule: Rule) -> CellResult:
        """The message of a rule of the form."""
        return CellResult(lambda i: self.message_text(rule, 0, i), self.formulas.origins(rule))

    def message_text(self, rule: Rule, index: int, i: int) -> str:
        """A rule's message about the form `i`, at a row or group (from 0)."""
        if rule.key not in self._messages:
            self._messages[rule.key] = [self._batch.shown(part, rule) for part in rule.message]
        at = self._forms[i], self._places(rule.section, rule.grain)[index]
        return "".join(text(*at) for text in self._messages[rule.key])

    def expected_text(self, rule: Rule, index: int, i: int) -> str:
        """What a rule says is the right value in the form `i`, at a row or group (from 0)."""
        if rule.expected is None:
            return ""
        if rule.key not in self._expected:
            self._expected[rule.key] = self._batch.shown(rule.expected, rule)
        return self._expected[rule.key](
            self._forms[i], self._places(rule.section, rule.grain)[index]
        )

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines of 自检."""
        checks = self.formulas.layout.checks
        return tuple(
            self._line(rules, checks[key].row) for key, rules in check_lines(self.form).items()
        )

    def _line(self, rules: tuple[Rule, ...], row: int) -> Line:
        verdicts = np.stack([self.judged(rule) for rule in rules], axis=-1)
        broken = (verdicts == BROKEN).any(axis=1 if rules[0].grain == CELL else 2)
        return Line(
            rules,
            row,
            verdict_cells(self.formulas, rules),
            (verdicts == BROKEN).sum(axis=(1, 2)),
            np.where(broken.any(axis=1), np.argmax(broken, axis=1) + 1, 0),
            (verdicts == UNDECIDED).any(axis=(1, 2)),
        )

    def origins(self, rules: Iterable[Rule]) -> frozenset[str]:
        """The fields that verdicts and messages of some rules rest on."""
        return frozenset[str]().union(*map(self.formulas.origins, rules))


def level(rule: Rule) -> str:
    """How a rule's severity reads on 自检."""
    return MISSING if rule.code == REQUIRED else rule.severity.chinese


def verdict_cells(formulas: Formulas, rules: tuple[Rule, ...]) -> str:
    """The cells of `_calc` that hold the verdicts of rules of one code."""
    layout, first, last = formulas.layout, rules[0], rules[-1]
    if first.grain == CELL:
        top, bottom = layout.verdicts[first.key], layout.verdicts[last.key]
        return column_range(CALC_SHEET, 2, top.row, bottom.row)
    block = layout.blocks[first.section]
    columns = block.calc_columns if first.grain == ROW else block.group_columns
    top_row = block.calc_top if first.grain == ROW else block.group_top
    count = len(block.slots) if first.grain == ROW else len(block.groups)
    left, right = letters(columns[first.key]), letters(columns[last.key])
    return f"{quote(CALC_SHEET)}!${left}${top_row}:${right}${top_row + count - 1}"


def target(formulas: Formulas, rule: Rule) -> str:
    """Where the first cell that a rule is about stands, as a link names it."""
    item = formulas.form.sections[rule.at[0].section].fields[rule.at[0].field]
    address = formulas.address(item, 0)
    return f"{quote(address.sheet)}!{address.a1}"
