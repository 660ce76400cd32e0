"""Many submissions of one form as aligned arrays: computed fields and rules, whole columns at a time.

Every array is (submissions, cells): one cell for a form's field, one a row for a repeating section,
one a group for its groups. Returns with fewer rows than others are padded with blank ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from workbook import expr
from workbook import text as texts
from workbook.expr import Node, Ref
from workbook.form import CELL, GROUP, ROW, Field, Form, Part, Rule, Section
from workbook.kinds import Value, serial, shown
from workbook.layout import Block, Plan, check_lines, place
from workbook.ops import BLANK, EPOCH, ERROR, NUMBER, TEXT, Array, Cells, Type
from workbook.submission import Cell, Submission

HOLDS, BROKEN, UNDECIDED = 1, 0, -1
VERDICTS = {HOLDS: "通过", BROKEN: "不通过", UNDECIDED: "未填全"}


class View(StrEnum):
    """What counts as a cell's content."""

    TRUE = "true"
    """Inputs as understood, everything computed anew."""
    PRINTED = "printed"
    """Inputs as understood, but computed cells that were overwritten as they stand."""
    WORKBOOK = "workbook"
    """Only what the workbook's own formulas see: text in a number's cell is no number."""


@dataclass
class Batch:
    """Submissions of one form under one view. Arrays are worked out when first asked for."""

    form: Form
    plan: Plan
    count: int
    inputs: dict[str, Cells]
    """What was typed, by field key; for computed fields only where the formula is gone."""
    typed: dict[str, npt.NDArray[np.bool_]]
    """For computed and suggested fields: where something stands instead of the formula."""
    slots: tuple[dict[str, Array], ...] = ()
    _known: dict[str, Cells] = field(default_factory=dict)

    def block(self, section: str) -> Block:
        """A repeating section as placed under the batch's plan."""
        return place(self.form, self.plan).blocks[section]

    def field_cells(self, key: str) -> Cells:
        """What stands in a field, over all submissions."""
        if key not in self._known:
            self._known[key] = self._field_cells(self.form.field_of(key))
        return self._known[key]

    def _field_cells(self, item: Field) -> Cells:
        if item.mode == "entered":
            return self.inputs[item.key]
        if item.mode == "fixed":
            return self._fixed(item)
        node = self.form.formulas[item.key]
        computed = expr.cells_of(self._spread(self.evaluate(node, item.section, item.grain), item))
        if item.key not in self.typed:
            return computed
        return _where(self.typed[item.key], self.inputs[item.key], computed)

    def _spread(self, values: Array, item: Field) -> Array:
        return np.broadcast_to(values, (self.count, self._width(item.section, item.grain)))

    def _width(self, section: str, grain: str) -> int:
        if grain == CELL:
            return 1
        block = self.block(section)
        return len(block.slots) if grain == ROW else len(block.groups)

    def _fixed(self, item: Field) -> Cells:
        section = self.form.sections[item.section]
        values: list[str | float | None] = [item.value]  # type: ignore[list-item]
        if item.grain == GROUP:
            values = [group.weight for group in self.block(section.id).groups]
        elif item.grain == ROW:
            level = section.levels.index(item.id) if item.id in section.levels else -1
            slots = self.block(section.id).slots
            values = [item.value if level < 0 else slot.path[level] for slot in slots]  # type: ignore[misc]
        row = typed_cells(values)
        shape = (self.count, len(values))
        return Cells(*(np.broadcast_to(a, shape) for a in (row.state, row.number, row.text)))

    def cells(self, section: str, grain: str) -> Callable[[Ref], Cells]:
        """What stands at a reference, seen from a section's grain."""

        def at(ref: Ref) -> Cells:
            found = self.field_cells(f"{ref.section}.{ref.field}")
            if ref.reach != "cell":
                starts = self.block(ref.section).starts if ref.reach == "group" else (0,)
                return Cells(found.state, found.number, found.text, starts)
            item = self.form.sections[ref.section].fields[ref.field]
            if item.grain == GROUP and grain == ROW:
                sizes = [group.rows for group in self.block(ref.section).groups]
                return Cells(
                    *(np.repeat(a, sizes, axis=1) for a in (found.state, found.number, found.text))
                )
            return found

        return at

    def evaluate(self, node: Node, section: str, grain: str) -> Array:
        """The values of an expression that stands in a section, at a grain."""
        return expr.evaluate(node, self.cells(section, grain))

    def used(self, section: Section) -> npt.NDArray[np.bool_]:
        """(submissions, rows): whether anything is filled in in a row."""
        states = [
            self.inputs[item.key].state for item in section.of_grain(ROW) if item.mode == "entered"
        ]
        return np.any([state != BLANK for state in states], axis=0)

    def judge(self, rule: Rule) -> npt.NDArray[np.int8]:
        """(submissions, cells of the rule's scope): HOLDS, BROKEN or UNDECIDED.

        A row in which nothing is filled in breaks no rule.
        """
        must = self.evaluate(rule.must, rule.section, rule.grain)
        verdict = np.where(np.isnan(must), UNDECIDED, must)
        if rule.when is not None:
            when = self.evaluate(rule.when, rule.section, rule.grain)
            verdict = np.where(np.isnan(when), UNDECIDED, np.where(when == 0.0, HOLDS, verdict))
        if rule.grain == ROW:
            used = self.used(self.form.sections[rule.section])
            verdict = np.where(used, verdict, HOLDS)
        shape = (self.count, self._width(rule.section, rule.grain))
        return np.broadcast_to(verdict, shape).astype(np.int8)

    def lines(self) -> dict[str, npt.NDArray[np.int8]]:
        """(submissions,) for each line of 自检: the verdict it must show."""
        found = {}
        for line, rules in check_lines(self.form).items():
            verdicts = np.concatenate([self.judge(rule) for rule in rules], axis=1)
            found[line] = self._line(rules[0], verdicts)
        return found

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
        values = self.evaluate(part.node, rule.section, rule.grain)
        raw: Array | None = None
        if isinstance(part.node, Ref) and part.node.reach == "cell":
            raw = self.cells(rule.section, rule.grain)(part.node).text
        kind = part.kind

        def text(i: int, j: int) -> str:
            value = values[min(i, values.shape[0] - 1), min(j, values.shape[1] - 1)]
            unknown = value is None or (isinstance(value, float) and np.isnan(value))
            if unknown:
                standing = raw[i, min(j, raw.shape[1] - 1)] if raw is not None else ""
                return str(standing) or "（空）"
            assert kind is not None
            return shown(kind, _value(value, kind.type)) or "（空）"

        return text

    def values(self, i: int) -> dict[str, Any]:
        """A submission's values: a mapping of fields for each section, for rows a list of them.

        Numbers are numbers, percentages fractions, dates ISO texts, blanks None; unused rows are left out.
        """
        found: dict[str, Any] = {}
        for section in self.form.sections.values():
            fields = [f for f in section.fields.values() if f.mode != "derived"]
            if section.repeats:
                rows = np.flatnonzero(self.used(section)[i])
                found[section.id] = [{f.id: self._plain(f, i, int(j)) for f in fields} for j in rows]
            else:
                found[section.id] = {f.id: self._plain(f, i, 0) for f in fields}
        return found

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
            return date.fromordinal(EPOCH.toordinal() + int(number)).isoformat()
        return int(number) if item.kind.name == "count" else number


REQUIRED = "V301"
"""The check that a required cell is filled in; an open one reads 未填全, not 不通过."""


def _value(value: object, type_: Type) -> Value:
    if type_ is Type.DATE and isinstance(value, float):
        return date.fromordinal(EPOCH.toordinal() + int(value))
    return value if isinstance(value, str) else float(value)  # type: ignore[arg-type]


def typed_cells(values: Sequence[Value]) -> Cells:
    """One row of cells holding values, (1, n)."""
    row = _Rows(1, len(values))
    for index, value in enumerate(values):
        row.put(0, index, value)
    return row.cells()


def _where(mask: npt.NDArray[np.bool_], a: Cells, b: Cells) -> Cells:
    return Cells(
        np.where(mask, a.state, b.state),
        np.where(mask, a.number, b.number),
        np.where(mask, a.text, b.text),
    )


class _Rows:
    """Cells being filled in."""

    def __init__(self, count: int, width: int) -> None:
        self.state = np.zeros((count, width), dtype=np.int8)
        self.number = np.full((count, width), np.nan)
        self.text = np.full((count, width), "", dtype=object)

    def put(self, i: int, j: int, value: object) -> None:
        if isinstance(value, date):
            value = serial(value)
        if isinstance(value, bool):
            self.state[i, j], self.text[i, j] = TEXT, "TRUE" if value else "FALSE"
        elif isinstance(value, int | float):
            self.state[i, j], self.number[i, j] = NUMBER, value
            self.text[i, j] = expr.number_text(float(value))
        elif isinstance(value, str) and value:
            self.text[i, j] = value
            self.state[i, j] = BLANK if texts.is_blank(value) else TEXT

    def put_error(self, i: int, j: int) -> None:
        self.state[i, j] = ERROR

    def cells(self) -> Cells:
        return Cells(self.state, self.number, self.text)


def gather(form: Form, submissions: Sequence[Submission], view: View) -> Batch:
    """The submissions of one form, in their order, under a view."""
    plan = joint_plan([s.plan for s in submissions])
    layout = place(form, plan)
    batch = Batch(form, plan, len(submissions), {}, {})
    wheres = [_where_rows(form, s.plan, plan) for s in submissions]
    for item in form.fields():
        if item.mode in ("fixed", "derived"):
            continue
        width = len(layout.by_key[item.key])
        rows = _Rows(len(submissions), width)
        typed = np.zeros((len(submissions), width), dtype=bool)
        for i, submission in enumerate(submissions):
            for number, j in _numbers(item, wheres[i], width):
                name = f"{item.key}.{number}" if number else item.key
                cell = submission.cells.get(name)
                if cell is not None:
                    typed[i, j] = not cell.formula
                    _put(rows, i, j, cell, view)
        batch.inputs[item.key] = rows.cells()
        if item.mode == "suggested" or (item.mode == "computed" and view is not View.TRUE):
            batch.typed[item.key] = typed
    return batch


def _put(rows: _Rows, i: int, j: int, cell: Cell, view: View) -> None:
    if cell.error:
        rows.put_error(i, j)
    elif view is View.WORKBOOK or cell.problem:
        rows.put(i, j, cell.raw)
    else:
        rows.put(i, j, cell.value)


def joint_plan(plans: Iterable[Plan]) -> Plan:
    """The rows that hold every one of the plans."""
    return tuple(max(counts) for counts in zip(*set(plans), strict=True))


def _where_rows(form: Form, own: Plan, joint: Plan) -> Mapping[str, tuple[int, ...]]:
    """For each repeating section, the joint row (from 0) of each own row."""
    found: dict[str, tuple[int, ...]] = {}
    taken = 0
    for section in form.repeating:
        rows: list[int] = []
        start = 0
        for index in range(taken, taken + len(section.groups)):
            rows += range(start, start + own[index])
            start += joint[index]
        taken += len(section.groups)
        found[section.id] = tuple(rows)
    return found


def _numbers(
    item: Field, rows: Mapping[str, tuple[int, ...]], width: int
) -> Iterable[tuple[int, int]]:
    """(number in the defined name, column of the array) of a field's cells in one submission."""
    if item.grain == CELL:
        return [(0, 0)]
    if item.grain == GROUP:
        return [(j + 1, j) for j in range(width)]
    return [(number, j) for number, j in enumerate(rows[item.section], 1)]
