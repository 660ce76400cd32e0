"""Many submissions of one form as aligned arrays: computed fields and rules, whole columns at a time.

Every array is (submissions, cells): one cell for a form's field, one a row for a repeating section,
one a group for its groups. Returns with fewer rows than others are padded with blank ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from workbook.catalogue import REQUIRED
from workbook.expression import (
    BLANK,
    ERROR,
    FEWEST_PLACES,
    NUMBER,
    TEXT,
    Array,
    Call,
    Cells,
    LikePlaces,
    Node,
    Ref,
    Type,
    alike_cells,
    alike_in_all,
    cells_of,
    evaluate,
    number_text,
    references,
)
from workbook.form import (
    CELL,
    FISCAL_YEAR,
    GROUP,
    ROW,
    Field,
    Form,
    Part,
    Rule,
    Section,
    Value,
    day_of,
    serial,
    shown,
)
from workbook.layout import VERDICT_WORDS, Block, Plan, cell_name, check_lines, lay_out
from workbook.reading import Cell, Submission
from workbook.text import is_blank

HOLDS, BROKEN, UNDECIDED = 1, 0, -1
VERDICTS = {
    verdict: VERDICT_WORDS[letter]
    for verdict, letter in ((HOLDS, "h"), (BROKEN, "b"), (UNDECIDED, "u"))
}


class View(StrEnum):
    """What counts as a cell's content."""

    TRUE = "true"
    """Inputs as understood, everything computed anew."""
    PRINTED = "printed"
    """Inputs as understood, but computed cells that were overwritten as they stand."""
    WORKBOOK = "workbook"
    """Only what the workbook's own formulas see: text in a number's cell is no number."""


@dataclass(frozen=True, slots=True)
class Substitute:
    """A number in place of another: a field's key, the column of its array, the number."""

    key: str
    column: int
    number: float


@dataclass
class Batch:
    """Submissions of one form under one view. Arrays are worked out when first asked for."""

    form: Form
    plan: Plan
    """The rows that hold every one of `plans`."""
    plans: tuple[Plan, ...]
    """Each submission's own."""
    inputs: dict[str, Cells]
    """What was typed, by field key; for computed fields only where the formula is gone."""
    typed: dict[str, npt.NDArray[np.bool_]]
    """For computed and suggested fields: where something stands instead of the formula."""
    years: npt.NDArray[np.float64]
    """(submissions, 1): the fiscal year each was issued for, which the definition does not tell."""
    _cells_by_field: dict[str, Cells] = field(default_factory=dict)
    _judged: dict[str, npt.NDArray[np.int8]] = field(default_factory=dict)
    _row_numbers: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    _alike: dict[str, LikePlaces | None] = field(default_factory=dict)
    """By field key: which of its cells hold the same; None where hardly any do."""
    _known: dict[str, dict[object, Array]] = field(default_factory=dict)
    """By grain: what parts of expressions come to. Of few submissions alone: of many it takes too much memory."""
    _unaltered: Callable[[str], Cells | None] | None = None
    """Of a batch that differs from another in few fields: what the other has of a field that is the same."""

    @property
    def count(self) -> int:
        """How many submissions there are."""
        return len(self.plans)

    def block(self, section: str) -> Block:
        """A repeating section as placed under the batch's plan."""
        return lay_out(self.form, self.plan).blocks[section]

    def altered(self, rows: Sequence[int], substitutes: Sequence[Sequence[Substitute]]) -> Batch:
        """The submissions of those `rows`, any as often as it is named, each with the numbers beside it.

        What does not rest on the altered fields is taken over from this batch.
        """
        taken = np.array(rows, dtype=np.intp)
        inputs = _TakenCells(self.inputs, taken)
        for row, numbers in enumerate(substitutes):
            for substitute in numbers:
                cells = inputs[substitute.key]
                cells.state[row, substitute.column] = NUMBER
                cells.number[row, substitute.column] = substitute.number
                cells.words[row, substitute.column] = ""
        altered_keys = {substitute.key for numbers in substitutes for substitute in numbers}

        def unaltered(key: str) -> Cells | None:
            is_same = self.form.field_of(key).is_computed and not (
                self.form.origins_of(key) & altered_keys
            )
            return _taken(self.field_cells(key), taken) if is_same else None

        return Batch(
            self.form,
            self.plan,
            tuple(self.plans[row] for row in rows),
            inputs,
            {key: typed[taken] for key, typed in self.typed.items()},
            self.years[taken],
            _unaltered=unaltered,
        )

    def name_of(self, item: Field, i: int, j: int) -> str:
        """The defined name, in a submission, of a field's cell at a row or group of the batch."""
        if item.grain == CELL:
            return item.key
        number = int(self.own_row_numbers(item.section)[i, j]) if item.grain == ROW else j + 1
        return cell_name(item.key, number)

    def own_row_numbers(self, section: str) -> npt.NDArray[np.int64]:
        """(submissions, rows): the number that each row has in its own return, 0 for padding."""
        if section not in self._row_numbers:
            width = self._width(section, ROW)
            numbers_by_plan = {
                plan: self._own_numbers(section, plan, width) for plan in set(self.plans)
            }
            self._row_numbers[section] = np.array([numbers_by_plan[plan] for plan in self.plans])
        return self._row_numbers[section]

    def _own_numbers(self, section: str, plan: Plan, width: int) -> npt.NDArray[np.int64]:
        rows = _joint_rows(self.form, plan, self.plan)[section]
        numbers = np.zeros(width, dtype=np.int64)
        numbers[list(rows)] = np.arange(1, len(rows) + 1)
        return numbers

    def field_cells(self, key: str) -> Cells:
        """What stands in a field, over all submissions."""
        if key not in self._cells_by_field:
            unaltered = self._unaltered(key) if self._unaltered is not None else None
            self._cells_by_field[key] = unaltered or self._field_cells(self.form.field_of(key))
        return self._cells_by_field[key]

    def _field_cells(self, item: Field) -> Cells:
        if item.mode == "entered":
            return self.inputs[item.key]
        if item.mode in ("fixed", "label"):
            return self._fixed(item)
        computed = self._computed(item)
        if item.key not in self.typed or not self.typed[item.key].any():
            return computed
        self._alike.pop(item.key, None)  # is of what is computed
        return _cells_where(self.typed[item.key], self.inputs[item.key], computed)

    def _computed(self, item: Field) -> Cells:
        """What a field's formula shows, wherever it stands."""
        node, shape = (
            self.form.formulas[item.key],
            (self.count, self._width(item.section, item.grain)),
        )
        alike = self._places_alike(node, item.grain, shape)
        if alike is None:
            self._alike[item.key] = None  # most likely
            values = self._evaluated(node, item.grain)
            return cells_of(np.broadcast_to(values, shape))
        values = self._of_firsts(node, item.grain, alike)
        distinct = cells_of(np.broadcast_to(values, (alike.firsts.size, 1)))
        self._alike[item.key] = alike.by_content(distinct)
        return _reshaped(distinct, alike.everywhere)

    def _width(self, section: str, grain: str) -> int:
        if grain == CELL:
            return 1
        block = self.block(section)
        return len(block.slots) if grain == ROW else len(block.groups)

    def _fixed(self, item: Field) -> Cells:
        if item.key == FISCAL_YEAR:
            return cells_of(self.years)
        section = self.form.sections[item.section]
        values: list[str | float | None] = [item.value]
        if item.grain == GROUP:
            groups = self.block(section.id).groups
            values = [g.path[0] if item.mode == "label" else g.weight for g in groups]
        elif item.grain == ROW:
            level = section.levels.index(item.id) if item.id in section.levels else -1
            slots = self.block(section.id).slots
            values = [item.value if level < 0 else slot.path[level] for slot in slots]
        row = typed_cells(values)
        shape = (self.count, len(values))
        return _reshaped(row, lambda array: np.broadcast_to(array, shape))

    def cells(self, grain: str) -> Callable[[Ref], Cells]:
        """What stands at a reference, seen from a grain: the form, each row, or each group."""

        def at(ref: Ref) -> Cells:
            field_cells = self.field_cells(f"{ref.section}.{ref.field}")
            if ref.reach != "cell":
                starts = self.block(ref.section).starts if ref.reach == "group" else (0,)
                return Cells(field_cells.state, field_cells.number, field_cells.words, starts)
            item = self.form.sections[ref.section].fields[ref.field]
            if item.grain == GROUP and grain == ROW:
                sizes = [group.rows for group in self.block(ref.section).groups]
                return _reshaped(field_cells, lambda array: np.repeat(array, sizes, axis=1))
            return field_cells

        return at

    def evaluate(self, node: Node, grain: str, width: int = 0) -> Array:
        """The values of an expression that stands in a section, at a grain of which there are `width` cells."""
        alike = self._places_alike(node, grain, (self.count, width)) if width else None
        if alike is None:
            return self._evaluated(node, grain)
        return alike.everywhere(self._of_firsts(node, grain, alike))

    def _evaluated(self, node: Node, grain: str) -> Array:
        is_small = self.count * sum(self.plan) < FEWEST_PLACES
        known = self._known.setdefault(grain, {}) if is_small else None
        return evaluate(node, self.cells(grain), known)

    def _of_firsts(self, node: Node, grain: str, alike: LikePlaces) -> Array:
        cells = self.cells(grain)
        return evaluate(node, lambda ref: alike.of_firsts(cells(ref)))

    def _places_alike(self, node: Node, grain: str, shape: tuple[int, int]) -> LikePlaces | None:
        """Where an expression looks at the same; None where it looks at whole columns, or hardly anywhere."""
        places = shape[0] * shape[1]
        if places < FEWEST_PLACES or isinstance(node, Ref):
            return None
        keys: dict[str, None] = {}
        for ref in references([node]):
            item = self.form.sections[ref.section].fields[ref.field]
            if ref.reach != "cell" or item.grain not in (grain, CELL):
                return None
            keys[item.key] = None
        parts = []
        for key in keys:
            part = self._cells_alike(key)
            if part is None:
                return None
            parts.append(part)
        return alike_in_all(parts, shape, places // 2)

    def _cells_alike(self, key: str) -> LikePlaces | None:
        cells = self.field_cells(key)
        if key not in self._alike:
            self._alike[key] = alike_cells(cells, cells.state.size // 2 + 1)
        return self._alike[key]

    def used(self, section: Section) -> npt.NDArray[np.bool_]:
        """(submissions, rows): whether anything is filled in in a row."""
        states = [
            self.inputs[item.key].state for item in section.of_grain(ROW) if item.mode == "entered"
        ]
        used: npt.NDArray[np.bool_] = np.any([state != BLANK for state in states], axis=0)
        return used

    def judge(self, rule: Rule) -> npt.NDArray[np.int8]:
        """(submissions, cells of the rule's scope): HOLDS, BROKEN or UNDECIDED.

        A row in which nothing is filled in breaks no rule.
        """
        if rule.key not in self._judged:
            self._judged[rule.key] = self._judge(rule)
        return self._judged[rule.key]

    def _judge(self, rule: Rule) -> npt.NDArray[np.int8]:
        shape = (self.count, self._width(rule.section, rule.grain))
        verdict = np.full(shape, HOLDS, dtype=np.int8)
        asked = np.ones(shape, dtype=bool)
        if rule.grain == ROW:
            asked &= self.used(self.form.sections[rule.section])
        if rule.when is not None:
            when = self.evaluate(rule.when, rule.grain, shape[1])
            verdict[asked & np.isnan(when)] = UNDECIDED
            asked &= (when != 0.0) & ~np.isnan(when)
        if asked.any():
            must = self.evaluate(rule.must, rule.grain, shape[1])
            verdict = np.where(asked, np.where(np.isnan(must), UNDECIDED, must), verdict)
        return verdict.astype(np.int8)

    def difference(self, rule: Rule) -> npt.NDArray[np.float64] | None:
        """(submissions, cells of the rule's scope): what stands left of `==` less what stands right of it.

        NaN where it is undecided; None if the rule does not say that two numbers are equal.
        """
        must = rule.must
        if not isinstance(must, Call) or must.op.name != "eq":
            return None
        left, right = (self.evaluate(arg, rule.grain) for arg in must.args)
        shape = (self.count, self._width(rule.section, rule.grain))
        return np.broadcast_to(left - right, shape)

    def lines(self, only: Container[str] | None = None) -> dict[str, npt.NDArray[np.int8]]:
        """(submissions,) for each line of 自检, or only for some: the verdict it must show."""
        verdicts_by_line = {}
        for line, rules in check_lines(self.form).items():
            if only is not None and line not in only:
                continue
            verdicts = np.concatenate([self.judge(rule) for rule in rules], axis=1)
            verdicts_by_line[line] = self._line(rules[0], verdicts)
        return verdicts_by_line

    def _line(self, rule: Rule, verdicts: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        broken = (verdicts == BROKEN).any(axis=1)
        undecided = (verdicts == UNDECIDED).any(axis=1)
        if rule.code == REQUIRED:
            undecided, broken = undecided | broken, np.zeros_like(broken)
        if rule.grain == ROW:
            undecided = undecided | ~self.used(self.form.sections[rule.section]).any(axis=1)
        return np.where(broken, BROKEN, np.where(undecided, UNDECIDED, HOLDS)).astype(np.int8)

    def shown(self, part: Part, rule: Rule) -> Callable[[int, int], str]:
        """How a message's figure reads in a submission and cell."""
        if part.node is None:
            return lambda _i, _j: part.words
        values = self.evaluate(part.node, rule.grain)
        raw: Cells | None = None
        if isinstance(part.node, Ref) and part.node.reach == "cell":
            raw = self.cells(rule.grain)(part.node)
        kind = part.kind

        def text(i: int, j: int) -> str:
            value = values[min(i, values.shape[0] - 1), min(j, values.shape[1] - 1)]
            assert kind is not None
            unknown = value is None or (isinstance(value, float) and np.isnan(value))
            typed_value = None if unknown else _value(value, kind.type)
            if typed_value is None:
                standing = _standing(raw, i, j) if raw is not None else ""
                return standing or "（空）"
            return shown(kind, typed_value) or "（空）"

        return text

    def values(self, i: int) -> dict[str, Any]:
        """A submission's values: a mapping of fields for each section, for rows a list of them, each with
        its number `row` as in the names of its cells.

        Numbers are numbers, percentages fractions, dates ISO texts, blanks None; unused rows are left out.
        """
        values_by_section: dict[str, Any] = {}
        for section in self.form.sections.values():
            fields = [f for f in section.fields.values() if not f.is_hidden]
            if section.repeats:
                rows = np.flatnonzero(self.used(section)[i])
                values_by_section[section.id] = [
                    {"row": int(j) + 1} | {f.id: self._plain(f, i, int(j)) for f in fields}
                    for j in rows
                ]
            else:
                values_by_section[section.id] = {f.id: self._plain(f, i, 0) for f in fields}
        return values_by_section

    def _plain(self, item: Field, i: int, j: int) -> str | float | int | None:
        if item.grain == GROUP:
            j = self.block(item.section).slots[j].group
        cells = self.field_cells(item.key)
        if cells.state[i, j] == BLANK or cells.state[i, j] == ERROR:
            return None
        if item.kind.type is Type.TEXT:
            return str(cells.text[i, j])
        number = float(cells.number[i, j])
        if np.isnan(number):
            return None
        if item.kind.type is Type.DATE:
            day = day_of(number)
            return day.isoformat() if day else None
        if item.kind.is_whole:
            return int(number) if number.is_integer() else None
        return number


def _standing(cells: Cells, i: int, j: int) -> str:
    """What stands in a cell, as text."""
    j = min(j, cells.state.shape[1] - 1)
    if cells.state[i, j] == NUMBER:
        return number_text(float(cells.number[i, j]))
    return str(cells.words[i, j])


def _value(value: object, type_: Type) -> Value:
    if type_ is Type.DATE and isinstance(value, float):
        return day_of(value)
    return value if isinstance(value, str) else float(value)  # type: ignore[arg-type]


def typed_cells(values: Sequence[object]) -> Cells:
    """One row of cells holding values, (1, n); None or a blank text is a blank cell."""
    return _reshaped(_standing_in(values), lambda array: array.reshape(1, -1))


_ERROR_CELL = object()
"""What stands for an error among cells' contents."""


def _standing_in(contents: Sequence[object]) -> Cells:
    """Cells in one line holding contents."""
    count = len(contents)
    state, number, words = [BLANK] * count, [math.nan] * count, [""] * count
    for k, content in enumerate(contents):
        if content is None:
            continue
        if isinstance(content, str):
            words[k] = content
            state[k] = BLANK if is_blank(content) else TEXT
        elif content is _ERROR_CELL:
            state[k] = ERROR
        elif isinstance(content, bool):
            words[k], state[k] = str(content).upper(), TEXT
        else:
            number[k] = value = serial(content) if isinstance(content, date) else float(content)  # type: ignore[arg-type]
            state[k] = BLANK if math.isnan(value) else NUMBER
    texts = np.empty(count, dtype=object)
    texts[:] = words
    return Cells(np.array(state, dtype=np.int8), np.array(number, dtype=float), texts)


def _reshaped(cells: Cells, how: Callable[[Array], Array]) -> Cells:
    return Cells(how(cells.state), how(cells.number), how(cells.words))


def _taken(cells: Cells, rows: npt.NDArray[np.intp]) -> Cells:
    return _reshaped(cells, lambda array: array[rows])


class _TakenCells(dict[str, Cells]):
    """Some rows of every field's cells, copied when first asked for: a rule looks at few of many fields."""

    def __init__(self, source: Mapping[str, Cells], rows: npt.NDArray[np.intp]) -> None:
        super().__init__()
        self.source = source
        self.rows = rows

    def __missing__(self, key: str) -> Cells:
        self[key] = cells = _taken(self.source[key], self.rows)
        return cells


def _cells_where(mask: npt.NDArray[np.bool_], a: Cells, b: Cells) -> Cells:
    return Cells(
        np.where(mask, a.state, b.state),
        np.where(mask, a.number, b.number),
        np.where(mask, a.words, b.words),
    )


def gather(form: Form, submissions: Sequence[Submission], view: View) -> Batch:
    """The submissions of one form, in their order, under a view."""
    plans = tuple([s.plan for s in submissions])
    plan = joint_plan(plans)
    layout = lay_out(form, plan)
    years = np.array([[s.fiscal_year] for s in submissions], dtype=float)
    batch = Batch(form, plan, plans, {}, {}, years)
    alike = _alike(form, submissions, plan)
    stood = [
        _stood([submissions[i] for i in plan_group.indexes], plan_group.names, view)
        for plan_group in alike
    ]
    for item in form.fields():
        if item.mode == "fixed" or item.is_hidden:
            continue
        shape = len(submissions), len(layout.by_key.get(item.key, ())) or 1
        cells = _blank_cells(shape)
        typed = np.zeros(shape, dtype=bool)
        for plan_group, (named_cells, is_typed) in zip(alike, stood, strict=True):
            name_columns, field_columns = plan_group.columns(item, shape[1])
            targets = np.ix_(plan_group.indexes, field_columns)
            cells.state[targets] = named_cells.state[:, name_columns]
            cells.number[targets] = named_cells.number[:, name_columns]
            cells.words[targets] = named_cells.words[:, name_columns]
            typed[targets] = is_typed[:, name_columns]
        batch.inputs[item.key] = cells
        if item.mode == "suggested" or (item.mode == "computed" and view is not View.TRUE):
            batch.typed[item.key] = typed
    return batch


def batch_of(
    form: Form, inputs: Mapping[str, Cells], typed: Mapping[str, npt.NDArray[np.bool_]]
) -> Batch:
    """Fillings of the template as it comes, given as whole columns of (fillings, cells) by field key.

    As the workbook's own formulas see them. Fields not among `inputs` are blank; `typed` tells where
    something stands instead of the formula of a computed or suggested field.
    """
    layout = lay_out(form)
    count = max(cells.state.shape[0] for cells in inputs.values())
    years = np.full((count, 1), float(form.fiscal_year))
    batch = Batch(form, layout.plan, (layout.plan,) * count, dict(inputs), dict(typed), years)
    for item in form.fields():
        if item.mode == "fixed" or item.is_hidden:
            continue
        shape = count, len(layout.by_key.get(item.key, ())) or 1
        batch.inputs.setdefault(item.key, _blank_cells(shape))
        if item.is_computed:
            batch.typed.setdefault(item.key, np.zeros(shape, dtype=bool))
    return batch


def _blank_cells(shape: tuple[int, int]) -> Cells:
    return Cells(np.zeros(shape, dtype=np.int8), np.full(shape, np.nan),
                 np.full(shape, "", dtype=object))  # fmt: skip


def take_over(subset: Batch, superset: Batch, rows: Sequence[int]) -> None:
    """Take over what was worked out for more submissions under another view, where both see the same.

    `subset` is of the submissions that stand in those `rows` of `superset`. What rests on fields that
    differ in any of them is left to be worked out.
    """
    if subset.plan != superset.plan:
        return
    form, same = subset.form, dict[str, bool]()

    def rests_on(nodes: Iterable[Node | None]) -> bool:
        refs = references([node for node in nodes if node is not None])
        return all(is_same(f"{ref.section}.{ref.field}") for ref in refs)

    def is_same(key: str) -> bool:
        if key not in same:
            node = form.formulas.get(key)
            standing = key not in subset.inputs or _equal(
                subset.inputs[key], superset.inputs[key], rows
            )
            same[key] = standing and rests_on([node])
        return same[key]

    for key in form.formulas:
        if is_same(key):
            subset._cells_by_field[key] = _reshaped(
                superset.field_cells(key), lambda array: array[rows]
            )
    for rule in form.rules:
        row_fields = form.sections[rule.section].of_grain(ROW) if rule.grain == ROW else ()
        filled = all(is_same(item.key) for item in row_fields if item.mode == "entered")
        if filled and rests_on([rule.must, rule.when]):
            subset._judged[rule.key] = superset.judge(rule)[rows]


def _equal(subset: Cells, superset: Cells, rows: Sequence[int]) -> bool:
    return (
        np.array_equal(subset.state, superset.state[rows])
        and np.array_equal(subset.number, superset.number[rows], equal_nan=True)
        and np.array_equal(subset.words, superset.words[rows])
    )


def _stood(
    submissions: Sequence[Submission], names: Mapping[str, int], view: View
) -> tuple[Cells, npt.NDArray[np.bool_]]:
    """What stands in the cells of those names, (submissions, names), and where no formula does."""
    cells = [cell for s in submissions for cell in map(s.cells.get, names)]
    shape = len(submissions), len(names)
    if view is View.WORKBOOK:
        contents = [None if c is None else _ERROR_CELL if c.error else c.raw for c in cells]
    else:
        contents = [
            None if c is None else c.value if not (c.problem or c.error) else _unread(c)
            for c in cells
        ]
    typed = [c is not None and not c.formula for c in cells]
    standing_cells = _reshaped(_standing_in(contents), lambda array: array.reshape(shape))
    return standing_cells, np.array(typed, dtype=bool).reshape(shape)


def _unread(cell: Cell) -> object:
    """What counts of a cell of which no value could be made."""
    return _ERROR_CELL if cell.error or cell.is_beyond else cell.raw


@dataclass(frozen=True, slots=True)
class _Alike:
    """The submissions that share a plan."""

    indexes: list[int]
    names: Mapping[str, int]
    """Every defined name of the plan with its place among them."""
    rows: Mapping[str, tuple[int, ...]]
    """For each repeating section, the joint row (from 0) of each own row."""

    def columns(self, item: Field, width: int) -> tuple[list[int], list[int]]:
        """A field's cells: their places among the names, and the columns of its array."""
        named = [
            (self.names.get(cell_name(item.key, number)), j)
            for number, j in _numbers(item, self.rows, width)
        ]
        present = [(index, j) for index, j in named if index is not None]
        return [index for index, _ in present], [j for _, j in present]


def _alike(form: Form, submissions: Sequence[Submission], joint: Plan) -> list[_Alike]:
    groups: dict[Plan, list[int]] = {}
    for index, submission in enumerate(submissions):
        groups.setdefault(submission.plan, []).append(index)
    return [
        _Alike(
            indexes,
            {name: position for position, name in enumerate(lay_out(form, plan).spots)},
            _joint_rows(form, plan, joint),
        )
        for plan, indexes in groups.items()
    ]


def joint_plan(plans: Iterable[Plan]) -> Plan:
    """The rows that hold every one of the plans."""
    return tuple(max(counts) for counts in zip(*set(plans), strict=True))


def _joint_rows(form: Form, plan: Plan, joint: Plan) -> Mapping[str, tuple[int, ...]]:
    """For each repeating section, the joint row (from 0) of each own row."""
    joint_rows: dict[str, tuple[int, ...]] = {}
    first_group = 0
    for section in form.repeating:
        rows: list[int] = []
        start = 0
        for index in range(first_group, first_group + len(section.groups)):
            rows += range(start, start + plan[index])
            start += joint[index]
        first_group += len(section.groups)
        joint_rows[section.id] = tuple(rows)
    return joint_rows


def _numbers(
    item: Field, rows: Mapping[str, tuple[int, ...]], width: int
) -> Iterable[tuple[int, int]]:
    """(number in the defined name, column of the array) of a field's cells in one submission."""
    if item.grain == CELL:
        return [(0, 0)]
    if item.grain == GROUP:
        return [(j + 1, j) for j in range(width)]
    return [(number, j) for number, j in enumerate(rows[item.section], 1)]


def value_at(batch: Batch, item: Field, number: int, i: int = 0) -> str | float:
    """A field's value in a submission (from 0); blank text where there is none."""
    cells, j = batch.field_cells(item.key), max(number - 1, 0)
    value = float(cells.number[i, j])
    return str(cells.words[i, j]) if math.isnan(value) else value
