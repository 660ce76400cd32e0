"""Random expressions over every operator of `OPS`, and a workbook in which they stand as formulas."""

import contextlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl

from builder import build_template
from tests.api import ExpressionError, Standpoint
from tests.differential.arena import Reading, Tally, within
from tests.office import CellError
from workbook import Form, load_form
from workbook.address import Address
from workbook.checking import Batch, View, gather
from workbook.expression import OPS, Node, Type, parse, to_formula
from workbook.form import CELL, GROUP, ROW, Field
from workbook.layout import Formulas, lay_out

FORM = Path(__file__).with_name("arena.toml")
SHEET = "表达式"
SPELLED = {
    "add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})", "neg": "(-{0})",
    "lt": "({0} < {1})", "le": "({0} <= {1})", "gt": "({0} > {1})", "ge": "({0} >= {1})",
    "eq": "({0} == {1})", "ne": "({0} != {1})", "and": "({0} and {1})", "or": "({0} or {1})", "not": "(not {0})",
    "if": "({1} if {0} else {2})", "in": "({0} in {1})",
}  # fmt: skip
TRIES = 1_000
"""How often an expression is begun anew before its operator counts as one that can't be written."""
UNDECIDED = object()
"""What an error in the workbook means."""
NUMBERS = (
    "0", "1", "2", "10", "100", "0.5", "78.3", "0.005", "0.01", "1.3", "1000", "settings.half",
)  # fmt: skip
TEXTS = (
    "'科普'", "'%'", "'率'", "'≥'", "''", "' '", "'abc'", "'ＡＢＣ'", "'优'", "'5'", "'95%以上'",
    "'不少于12场'", "'1,000'", "'a\"b'", "'*'", "settings.word",
)  # fmt: skip

WORD_LISTS = (
    "words.branches",
    "words.marks",
    "('科普', '率', '1')",
    "['万', '元', '年']",
    "('*',)",
)


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression and where it stands."""

    text: str
    node: Node
    section: str
    grain: str


@dataclass
class Author:
    """Writes expressions of a wanted type, seen from one place of the form."""

    form: Form
    chance: random.Random

    def expressions(self, count: int) -> list[Expression]:
        """Expressions at every grain; those come first that use each operator at its top."""
        grains = (("main", CELL), ("lines", ROW), ("lines", GROUP))
        wanted: list[Any] = [*OPS.values(), *OPS.values(), *OPS.values()]
        wanted += [None] * (count - len(wanted))
        return [self._expression(op, *grains[n % 3]) for n, op in enumerate(wanted)]

    def _expression(self, op: Any, section: str, grain: str) -> Expression:
        seen = Standpoint(
            {s.id: s.fields for s in self.form.sections.values()},
            self.form.settings,
            section,
            grain,
            self.form.words,
            self.form.defines,
        )
        for _ in range(TRIES):
            depth = self.chance.choice((1, 2, 2, 3, 4))
            type_ = self.chance.choice((Type.NUMBER, Type.TEXT, Type.TRUTH, Type.DATE))
            text = self._call(op, type_, depth, seen) if op else self.write(type_, depth, seen)
            with contextlib.suppress(ExpressionError):  # it makes too long a formula
                return Expression(text, parse(text, seen), section, grain)
        raise AssertionError(f"no expression could be written with {op}")

    def write(self, type_: Type, depth: int, seen: Standpoint) -> str:
        """An expression of a type, at most so deep."""
        if type_ is not Type.TRUTH and (depth <= 0 or self.chance.random() < 0.15):
            return self._leaf(type_, seen)
        if type_ is Type.TRUTH and self.chance.random() < 0.1:
            return self._special(depth, seen)
        if depth > 0 and self.chance.random() < 0.1:
            return self._defined(type_, depth, seen)
        fitting = [op for op in OPS.values() if op.result in (type_, None)]
        if depth <= 0:  # a truth has no leaf: take an operator over cells
            fitting = [op for op in fitting if {param.name for param in op.params} == {"CELL"}]
        return self._call(self.chance.choice(fitting), type_, depth, seen)

    def _call(self, op: Any, type_: Type, depth: int, seen: Standpoint) -> str:
        params = list(op.params)
        if op.variadic:
            params += [op.params[-1]] * self.chance.randint(0, 2)
        far = self.chance.random() < 0.5  # columns of one call are all seen alike
        args = [self._argument(op, param, type_, depth - 1, seen, far=far) for param in params]
        if op.name == "value_of" and self.chance.random() < 0.7:  # of most texts it is undecided
            args = [self.chance.choice(("main.aim_digits", "'12.5'", "digits_of(main.aim_body)"))]
        if op.name in ("round", "written"):
            args[1] = self.chance.choice(("0", "1", "2", "2", "3", "4", "-1"))
        if op.name == "date" and self.chance.random() < 0.8:
            args = [
                self.chance.choice(parts)
                for parts in (("2024", "2023", "1999"), ("2", "12", "1"), ("1", "28", "29", "31"))
            ]
        if op.name in SPELLED:
            if op.name in ("and", "or"):
                return "(" + f" {op.name} ".join(args) + ")"
            return SPELLED[op.name].format(*args)
        return f"{op.name}({', '.join(args)})"

    def _argument(
        self, op: Any, param: Any, type_: Type, depth: int, seen: Standpoint, *, far: bool
    ) -> str:
        match param.name:
            case "CELL":
                return self._name(None, seen)
            case "NUMBERS":
                return self._column((Type.NUMBER, Type.DATE), seen, far=far)
            case "CELLS":
                return self._column(tuple(Type), seen, far=far)
            case "SAME":
                return self.write(type_, depth, seen)
            case "WORDS":
                return self.chance.choice(WORD_LISTS)
            case "NUMBER" if op.name in ("min", "max") and self.chance.random() < 0.2:
                return self.write(Type.DATE, depth, seen)
            case _:
                return self.write(Type(param.value), depth, seen)

    def _defined(self, type_: Type, depth: int, seen: Standpoint) -> str:
        """A call of one of the form's defines."""
        argument = self.write(Type.TEXT if type_ is Type.TRUTH else type_, depth - 1, seen)
        match type_:
            case Type.TRUTH:
                return f"is_marked({argument}, {self.chance.choice(WORD_LISTS)})"
            case Type.TEXT:
                return f"kind_of({self._name(None, seen)}, {argument})"
            case Type.DATE:
                return f"next_day({argument})"
        column = self._column(tuple(Type), seen, far=self.chance.random() < 0.5)
        return self.chance.choice(
            (
                f"share_of({argument}, {self.write(Type.NUMBER, depth - 1, seen)})",
                f"given({self._name(None, seen)})",
                f"rows_of({column})",
            )
        )

    def _special(self, depth: int, seen: Standpoint) -> str:
        """The notations that are no operator of their own."""
        number = [self.write(Type.NUMBER, depth - 1, seen) for _ in range(3)]
        text = self.write(Type.TEXT, depth - 1, seen)
        day = [self.write(Type.DATE, depth - 1, seen) for _ in range(2)]
        return self.chance.choice(
            (
                f"({number[0]} <= {number[1]} < {number[2]})",
                f"({text} in ('科普', '优', 'Abc'))",
                f"({text} {self.chance.choice(('in', 'not in'))} words.branches)",
                f"({number[0]} not in (0, 1, 2))",
                f"({day[0]} {self.chance.choice(('<', '<=', '==', '!=', '>', '>='))} {day[1]})",
                f"({text} {self.chance.choice(('==', '!='))} {self.write(Type.TEXT, depth - 1, seen)})",
            )
        )

    def _leaf(self, type_: Type, seen: Standpoint) -> str:
        if type_ is Type.NUMBER and self.chance.random() < 0.3:
            return self.chance.choice(NUMBERS)
        if type_ is Type.TEXT and self.chance.random() < 0.3:
            return self.chance.choice(TEXTS)
        return self._name(type_, seen)

    def _name(self, type_: Type | None, seen: Standpoint) -> str:
        fitting = [
            f for f in self.form.fields() if self._visible(f, seen) and type_ in (None, f.kind.type)
        ]
        if type_ is Type.DATE and not fitting:
            return "main.begins"
        item = self.chance.choice(fitting)
        return item.id if item.section == seen.section else item.key

    def _visible(self, item: Field, seen: Standpoint) -> bool:
        if item.grain == CELL:
            return True
        return item.section == seen.section and (item.grain, seen.grain) in (
            (ROW, ROW),
            (GROUP, ROW),
            (GROUP, GROUP),
        )

    def _column(self, types: tuple[Type, ...], seen: Standpoint, *, far: bool) -> str:
        fields = self.form.sections["lines"].of_grain(ROW)
        item = self.chance.choice([f for f in fields if f.kind.type in types])
        return item.key if far or seen.section != "lines" else item.id


def expressions(seed: int, count: int) -> tuple[Form, list[Expression]]:
    """The form and so many expressions over it."""
    form = load_form(FORM)
    return form, Author(form, random.Random(seed)).expressions(count)


def width(form: Form, grain: str) -> int:
    """How many values an expression has: rows, groups or one."""
    block = lay_out(form).blocks["lines"]
    return {CELL: 1, ROW: len(block.slots), GROUP: len(block.groups)}[grain]


def expression_book(form: Form, written: Sequence[Expression], path: Path) -> Path:
    """The form, unprotected and blank, and a sheet with a column for each expression."""
    formulas = Formulas(lay_out(form))
    book = openpyxl.load_workbook(build_template(form, path))
    for sheet in book.worksheets:
        sheet.protection.disable()
    own = book.create_sheet(SHEET)
    for column, item in enumerate(written, 1):
        for number in range(1, width(form, item.grain) + 1):
            text = to_formula(item.node, formulas.cell(SHEET, item.grain, number))
            own.cell(number, column, f"={text}")
    book.save(path)
    return path


def compare_expressions(
    form: Form, written: Sequence[Expression], readings: Sequence[Reading]
) -> Tally:
    """Every expression's value in every row or group of every reading."""
    tally = Tally()
    batch = gather(form, [reading.submission for reading in readings], View.WORKBOOK)
    for column, item in enumerate(written, 1):
        for i, j, ours in values(batch, item, width(form, item.grain)):
            address = Address(SHEET, j + 1, column)
            shown = within(readings[i].grids, address)
            theirs = UNDECIDED if isinstance(shown, CellError) else shown
            tally.compare("expression", f"{item.grain} {item.text}", address.a1, theirs, ours, i)
    return tally


def values(batch: Batch, item: Expression, count: int) -> Iterator[tuple[int, int, object]]:
    """(submission, row or group, value) of an expression."""
    found = np.broadcast_to(batch.evaluate(item.node, item.grain), (batch.count, count))
    for i in range(batch.count):
        for j in range(count):
            value = found[i, j]
            unknown = value is None or (isinstance(value, float) and np.isnan(value))
            yield i, j, UNDECIDED if unknown else value if isinstance(value, str) else float(value)
