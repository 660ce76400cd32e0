"""Fillings of a form at random, whole columns at a time, the same whenever they are made.

Each lays a few cases of the form's rules over one another, in rows of its own choice, fills a share of the
other cells with what cases put there or into cells of that kind, and spoils some of it: a cell emptied, a
figure a little off, a value that nobody should type. So most fillings are nearly sensible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbook.checking import Batch, batch_of, trial, typed_cells
from workbook.expression import Cells, Type
from workbook.form import ROW, Field, Form, Value
from workbook.layout import lay_out
from workbook.reading import Filling

SEED = 2024
BATCH = 2000
"""So many are worked out at once; memory is bounded by it."""

OFFSETS = (
    0.0, 0.005, -0.005, 0.0049, -0.0049, 0.0051, -0.0051, 0.01, -0.01, 0.00005, -0.00005,
)  # fmt: skip
"""By so much a figure differs from another where it matters whether it does."""
NUMBERS = (
    0.0, 1.0, 10.0, 78.3, 83.88, 73.68, 4.62, 64.29, 14.01, 100.0, 99.995, 99.99, 0.005, 0.0049, 0.01, 1e-7,
    -1.0, -78.3, 1e12, 1e12 + 0.01, 123456789012.34, 99999999.9999, 0.1 + 0.2, 1 / 3, 2 / 3, 1.005, 2.675,
    8.325, 33.335, 8966.84, 89668400.0, 1e-300, 1e300, 2.5, 3.5, 0.5, 1234567.891234,
)  # fmt: skip
NO_NUMBERS = ("待定", "300万元", "12.5 万元", "—", "无", "1.2.3", "约5", "见附件", "一半")
"""What people write into a number's cell."""
STEPS = (-366.0, -31.0, -1.0, 1.0, 31.0, 366.0)
"""By so many days a date differs."""
DAYS = (45734.0, 45734.5, 0.0, -1.0, 1e7)
NO_DAYS = ("去年", "3月", "待定")
TEXTS = (
    "无", "无。", "/", "……", "0", "已完成", "待定", "因雨停工，明年提前安排", "≥95%", "100%", "5个", "2024-10",
    "第一行\n第二行", "ＧＯＡＬ one", "a\r\nb", "XX单位", "长" * 20, "长" * 601,
)  # fmt: skip

Indexes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Stock:
    """What may stand in a field, and what stands there in each case."""

    field: Field
    values: Cells
    """(1, values): blank, then what cases put here, what they put into like fields, what is odd."""
    usual: int
    """So many of the values, from the first, are not odd."""
    cases: Indexes
    """(cases, cells): the place of each case's value among them; the last case is none."""


def random_fillings(form: Form, count: int) -> Iterator[Batch]:
    """So many fillings of the form, in batches."""
    chance = np.random.default_rng(SEED)
    columns = _columns(form)
    case_count = sum(len(rule.cases) for rule in form.rules)
    for start in range(0, count if case_count else 0, BATCH):
        size = min(BATCH, count - start)
        hand = _Hand(form, case_count, chance, size)
        yield hand.fill(form, columns)


def _columns(form: Form) -> list[_Stock]:
    fillings = [trial(rule, case).filling for rule in form.rules for case in rule.cases]
    fillings.append(Filling())
    given = {
        form.field_of(key): [[filling.value(spot) for spot in spots] for filling in fillings]
        for key, spots in lay_out(form).by_key.items()
        if form.field_of(key).is_input or form.field_of(key).is_computed
    }
    columns = []
    for item, cases in given.items():
        own = _distinct(cases)
        if not (item.is_input or own):
            continue  # computed, and no case types over it
        like = [
            value
            for other, others_cases in given.items()
            if other.is_input and other.kind is item.kind
            for value in _distinct(others_cases)
        ]
        usual = _distinct([own, item.choices or [*like, *_words(form, item)]])
        places = {value: place for place, value in enumerate([None, *usual])}
        rows = [[places[value] for value in row] for row in cases]
        columns.append(
            _Stock(
                item,
                typed_cells([None, *usual, *_odd(item)]),
                len(usual) + 1,
                np.array(rows),
            )
        )
    return columns


def _distinct(rows: Iterable[Iterable[Value]]) -> list[Value]:
    return list(dict.fromkeys(value for row in rows for value in row if value is not None))


def _words(form: Form, item: Field) -> tuple[str, ...]:
    """What rules look for in texts."""
    if item.kind.type is not Type.TEXT:
        return ()
    return tuple(word for listed in form.words.values() for word in listed)


def _odd(item: Field) -> tuple[float | str, ...]:
    """What nobody should type into a field, and some may."""
    match item.kind.type:
        case Type.NUMBER:
            return (*NUMBERS, *NO_NUMBERS)
        case Type.DATE:
            return (*DAYS, *NO_DAYS)
    return (*TEXTS, 100.0, 0.95, *filter(None, [item.instruction]))


class _Hand:
    """Fills one batch; holds what a filling has in common over all its columns."""

    def __init__(self, form: Form, case_count: int, chance: np.random.Generator, size: int) -> None:
        self.chance, self.size = chance, size
        # Three cases each, of which the second and the third may be none: the last.
        self.bases = chance.integers(0, case_count, (3, size))
        self.bases[1:][chance.random((2, size)) < 0.5] = case_count
        layout = lay_out(form)
        widths = {name: len(block.slots) for name, block in layout.blocks.items()}
        self.moved = {
            name: np.where(chance.random((3, size)) < 0.5, 0, chance.integers(0, width, (3, size)))
            for name, width in widths.items()
        }
        """By section: how many rows further down the rows of each case stand."""
        self.begun = {
            name: chance.random((size, width)) < chance.choice((0.0, 0.2, 0.6, 1.0), (size, 1))
            for name, width in widths.items()
        }
        """By section: the rows that are filled in whatever the cases say."""
        self.fullness = chance.choice((0.0, 0.2, 0.6, 0.95), (size, 1))
        self.carelessness = chance.choice((0.0, 0.0, 0.05, 0.2), (size, 1))

    def fill(self, form: Form, columns: Sequence[_Stock]) -> Batch:
        """The fillings."""
        inputs: dict[str, Cells] = {}
        typed: dict[str, Mask] = {}
        for column in columns:
            places, number = self._places(column)
            values, key = column.values, column.field.key
            inputs[key] = Cells(values.state[0, places], number, values.words[0, places])
            if column.field.is_computed:
                typed[key] = places != 0
        return batch_of(form, inputs, typed)

    def _places(self, column: _Stock) -> tuple[Indexes, npt.NDArray[np.float64]]:
        """(fillings, cells): which of a field's values stand there, and the figures that they are."""
        item = column.field
        places = self._of_cases(column)
        shape = places.shape
        if item.is_input:
            full = self.chance.random(shape) < (0.9 if item.grain == ROW else self.fullness)
            begun = self.begun[item.section] if item.grain == ROW else True
            usual = self.chance.integers(1, max(column.usual, 2), shape)
            places = np.where((places == 0) & full & begun, usual, places)
        odd = self.chance.integers(0, column.values.state.size, shape)
        places = np.where((places != 0) & self._careless(shape), odd, places)
        number = column.values.number[0, places]
        by = STEPS if item.kind.type is Type.DATE else OFFSETS
        number = np.where(self._careless(shape), number + self.chance.choice(by, shape), number)
        return places, number

    def _careless(self, shape: tuple[int, ...]) -> Mask:
        return self.chance.random(shape) < self.carelessness

    def _of_cases(self, column: _Stock) -> Indexes:
        """The places of what the cases put into a field, the first one's before the others'."""
        section, width = column.field.section, column.cases.shape[1]
        places = np.zeros((self.size, width), dtype=np.int64)
        for k, base in enumerate(self.bases):
            of_case = column.cases[base]
            if column.field.grain == ROW:
                rows = (np.arange(width) - self.moved[section][k][:, None]) % width
                of_case = np.take_along_axis(of_case, rows, axis=1)
            places = np.where(places == 0, of_case, places)
        return places
