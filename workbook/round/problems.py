"""The problems of one version of a return: which is the same as in another version, and whether its cells still hold the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from workbook.catalogue import CATALOGUE
from workbook.expression import references
from workbook.findings import Finding
from workbook.form import GROUP, ROW, Field, Form, Rule
from workbook.layout import Plan, lay_out
from workbook.reading import Return, Submission

_OF_OTHERS = {"A504": "filling"}
"""Findings that rest on another return as well."""
_GONE = frozenset((
    "L203", "L204", "L205", "L206", "L207", "L208", "L209", "L210", "L212", "L213", "L215", "L217", "L218", "L219", "W111",
))  # fmt: skip
"""What a fresh form puts right by itself."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one version, at one row."""

    code: str
    row: str
    """The indicator's name where it is unique, else its row; of general checks the field; blank where one is enough."""
    severity: str
    values: str
    """A digest of all that the rule reads: while it stays, what was said of the problem holds."""
    finding: int = 0
    """Which of the version's findings it belongs to, from 0."""
    fields: tuple[str, ...] = ()
    """The defined names of its cells."""

    @property
    def identity(self) -> tuple[str, str]:
        """What is the same problem in every version."""
        return self.code, self.row

    @property
    def is_gone_with_a_fresh_form(self) -> bool:
        """Whether a fresh form puts it right, so that nothing need be said of it."""
        return self.code in _GONE

    def record(self) -> list[Any]:
        """As the ledger keeps it."""
        return [self.code, self.row, self.severity, self.values, self.finding, list(self.fields)]

    @classmethod
    def of(cls, record: Iterable[Any]) -> Problem:
        """The one that the ledger keeps."""
        code, row, severity, values, finding, fields = record
        return cls(code, row, severity, values, finding, tuple(fields))


def problems_of(returned: Return) -> list[Problem]:
    """The problems of a return that was checked, errors first: findings, those that were joined over rows apart again;
    notes aside."""
    problems: dict[tuple[str, str], Problem] = {}
    for number, item in enumerate(returned.findings):
        if item.severity == "note":
            continue
        for place, fields in _rows(item, returned.submission):
            row, number_there = place, 1
            while (item.code, row) in problems:  # two findings of one check at one cell
                number_there += 1
                row = f"{place}（{number_there}）"
            problem = Problem(
                item.code,
                row,
                item.severity.value,
                _values(item, returned, fields),
                number,
                fields,
            )
            problems[problem.identity] = problem
    return sorted(problems.values(), key=lambda problem: problem.severity != "error")


def _rows(item: Finding, submission: Submission | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What tells a finding from others of its code, for each place that it stands for, and that one's cells."""
    fields = tuple(filter(None, item.field.split(",")))
    rule = _rule(submission.form, item.code) if submission else None
    if rule is not None and submission is not None:
        if rule.grain not in (ROW, GROUP):
            yield "", fields
            return
        section = rule.row_section or rule.section
        by_number: dict[str, list[str]] = {}
        for name in fields:
            of_row = name.startswith(f"{section}.")
            number = _number(submission, name, rule.grain) if of_row else ""
            by_number.setdefault(number, []).append(name)
        beside = (
            set(by_number.pop("", ())) if len(by_number) > 1 else set()
        )  # what the row is held against
        for number, names in by_number.items():
            own = tuple(name for name in fields if name in beside or name in names)
            yield _row_name(submission, section, number, rule.grain), own
        return
    if not fields or (
        item.code.startswith("A") and len(fields) > 1
    ):  # one thing, told of all its cells
        yield "" if fields else item.cell, fields
        return
    for name in dict.fromkeys(fields):
        section, field, *rest = name.split(".")
        row = _row_name(submission, section, rest[0], ROW) if rest and submission else ""
        yield f"{section}.{field}" + (f"／{row}" if row else ""), (name,)


@lru_cache(maxsize=4096)
def _rule(form: Form, code: str) -> Rule | None:
    """A form's own rule; None for a general check."""
    if code in CATALOGUE:
        return None
    try:
        return form.rule(code)
    except KeyError:
        return None


def _number(submission: Submission, name: str, grain: str) -> str:
    """The row or group that a cell belongs to; blank for a single cell."""
    section, _, rest = name.partition(".")
    number = rest.partition(".")[2]
    if (
        grain == GROUP
        and number
        and submission.form.sections[section].fields[rest.partition(".")[0]].grain == ROW
    ):
        block = lay_out(submission.form, submission.plan).blocks[section]
        return str(block.slots[int(number) - 1].group + 1)
    return number


def _row_name(submission: Submission, section: str, number: str, grain: str) -> str:
    """A row by the name that stands in it, if no other row has the same; else by its number."""
    if not number or grain != ROW:
        return number
    names = _names(submission, section)
    own = names.get(number, "")
    return own if own and list(names.values()).count(own) == 1 else f"第 {number} 行"


def _names(submission: Submission, section: str) -> dict[str, str]:
    """What the rows of a section begin with, by their numbers."""
    form = submission.form
    if section not in form.sections:
        return {}
    key = f"{section}.{form.key_fields.row_start(form.sections[section])}"
    return {
        name.removeprefix(f"{key}."): str(cell.value).strip()
        for name in _names_by_field(form, submission.plan).get(key, ())
        if (cell := submission.cells.get(name)) is not None and cell.value is not None
    }


def label_of(form: Form, name: str, line: int, held: Callable[[str], object]) -> str:
    """What a cell is called: `“培训人次”的自评得分`; without a name in its row `第 31 行的自评得分`, by the line on the sheet.

    `held` tells what stands in the cell of a name.
    """
    section, field, *number = name.split(".")
    label = form.field_of(f"{section}.{field}").label
    if not number:
        return label
    start = form.key_fields.row_start(form.sections[section])
    row = "" if field == start else str(held(f"{section}.{start}.{number[0]}") or "").strip()
    if not row:
        return f"第 {line} 行的{label}"
    return f"“{row if len(row) <= _LONGEST_NAME else row[:_LONGEST_NAME] + '…'}”的{label}"


_LONGEST_NAME = 20
"""So many characters of a row's name say which it is."""


# --- the values that a problem rests on ----------------------------------------------------------------


def _values(item: Finding, returned: Return, fields: tuple[str, ...]) -> str:
    submission = returned.submission
    told: list[object] = [item.severity.value]
    if submission is None:
        told += [item.message]
    else:
        told += [[name, _held(submission, name)] for name in _names_read(item, submission, fields)]
        told += [submission.fiscal_year] if item.code == "W117" else []
        if item.code.startswith(("A", "L", "W")):
            told += [
                item.printed,
                item.expected,
            ]  # what the roster, another return or the template says
        if item.code in _OF_OTHERS:
            told += [submission.filling]
    text = json.dumps(told, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _held(submission: Submission, name: str) -> object:
    """What a cell holds; of a formula of the template nothing, since that follows from others."""
    cell = submission.cells.get(name)
    if cell is None or cell.formula:
        return None
    return cell.value if cell.value is not None else cell.raw


@lru_cache(maxsize=256)
def _names_by_field(form: Form, plan: Plan) -> Mapping[str, Sequence[str]]:
    """The names of a form's cells, by their fields."""
    names: dict[str, list[str]] = {}
    for name in lay_out(form, plan).spots:
        section, field, *_ = name.split(".")
        names.setdefault(f"{section}.{field}", []).append(name)
    return names


def _names_read(item: Finding, submission: Submission, fields: tuple[str, ...]) -> list[str]:
    """The names of all cells that a rule reads for one of its rows; of a general check its own."""
    rule = _rule(submission.form, item.code)
    if rule is None:
        return sorted(fields)
    own = (
        {name.rpartition(".")[2] for name in fields if name.count(".") == 2}
        if rule.grain == ROW
        else set()
    )
    read: set[str] = set(fields)
    names = _names_by_field(submission.form, submission.plan)
    for key, of_row in _read_by(submission.form, rule.code).items():
        if of_row and own:
            read.update(name for number in own if (name := f"{key}.{number}") in submission.cells)
        else:
            read.update(names.get(key, ()))
    return sorted(read)


@lru_cache(maxsize=4096)
def _read_by(form: Form, code: str) -> Mapping[str, bool]:
    """The fields that a rule reads, down to those that are filled in; and whether only of its own row."""
    rule = form.rule(code)
    read: dict[str, bool] = {}
    nodes = [node for node in (rule.when, rule.must) if node is not None]
    _add(form, nodes, rule.grain == ROW, rule.row_section, read)
    return read


def _add(
    form: Form, nodes: Iterable[Any], own_row: bool, section: str, read: dict[str, bool]
) -> None:
    for ref in references(nodes):
        item: Field = form.field_of(ref.key)
        of_row = own_row and ref.reach == "cell" and item.grain == ROW and item.section == section
        if ref.key in read and (read[ref.key] is False or of_row):
            continue
        read[ref.key] = of_row
        if ref.key in form.formulas:
            _add(form, [form.formulas[ref.key]], of_row, section, read)


def filled_cells(submission: Submission) -> dict[str, tuple[Any, str]]:
    """What a department filled in, by defined name, each with its place: for the history of what changed."""
    names = _names_by_field(submission.form, submission.plan)
    inputs = [
        name
        for item in submission.form.fields()
        if item.is_input
        for name in names.get(item.key, ())
    ]
    return {
        name: (_plain(cell.value if cell.value is not None else cell.raw), cell.address.a1)
        for name in inputs
        if (cell := submission.cells.get(name)) is not None
        and not cell.formula
        and cell.raw is not None
    }


def _plain(value: object) -> object:
    return value if isinstance(value, float | int | str | bool) or value is None else str(value)
