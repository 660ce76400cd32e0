"""One template open in LibreOffice, what it shows after typing, and what our own evaluation says.

Typed values go through LibreOffice's own understanding of them; ours then starts from what the cells
really hold, read back. Nothing of the workbook's formulas is used on our side but where they stand.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.office import Book, CellError, Office, Target
from workbook import Cell, Filling, Form, Submission
from workbook.address import Address
from workbook.checking import BROKEN, VERDICTS, Batch, View, gather
from workbook.expression import ERROR
from workbook.form import CELL, GROUP, ROW, Field, Rule
from workbook.layout import (
    CALC_SHEET,
    CHECK_SHEET,
    GUIDE_SHEET,
    LIST_SHEET,
    STATUS_ROW,
    Formulas,
    Layout,
    check_lines,
    lay_out,
)
from workbook.reading import submit

Typed = float | str | None
"""What a hand types: a number, a text as LibreOffice understands typing, None to empty the cell."""
FORMULA = "="
"""Typed into a suggested cell: the template's own formula, put back."""
Shown = float | str | CellError | None
Grid = list[list[Shown]]
Say = Callable[[str, object], None]
"""pytest's fixture `record_property`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one state of the workbook shows, and the submission that its cells make."""

    submission: Submission
    grids: dict[str, Grid]

    def at(self, address: Address) -> Shown:
        """What a cell shows."""
        return within(self.grids, address)


class Arena:
    """A form's template, open; one hand types into it."""

    def __init__(self, office: Office, form: Form, path: Path) -> None:
        self.office = office
        self.form = form
        self.layout = lay_out(form)
        self.book: Book = office.open(path)
        self.inputs = tuple(
            spot.name
            for spot in self.layout.spots.values()
            if spot.field.is_input and spot.address.sheet in self.layout.pages
        )
        self._computed = [
            spot.name for spot in self.layout.spots.values() if spot.field.is_computed
        ]
        self._formulas = self._standing()
        self._typed: set[str] = set()
        self._open_bureau_cells()

    def _open_bureau_cells(self) -> None:
        """What only a bureau fills in is judged too."""
        spots = [self.layout.spots[name] for name in self.inputs]
        for sheet in self.layout.pages:
            closed = [s for s in spots if s.field.is_closed and s.address.sheet == sheet]
            if closed:
                self.office.tamper(self.book, sheet, "unprotect")
                for spot in closed:
                    self.office.tamper(self.book, sheet, "unlock", spot.address.a1)
                self.office.tamper(self.book, sheet, "protect")

    def __enter__(self) -> Arena:
        return self

    def __exit__(self, *_: object) -> None:
        self.book.__exit__()

    def type(self, values: Mapping[str, Typed]) -> None:
        """Type into cells, by defined name; none may be locked."""
        self._typed.update(values)
        texts: dict[Target, Typed] = {
            name: self._formulas[name] if value == FORMULA else value
            for name, value in values.items()
        }
        refused = self.office.type_values(self.book, texts)
        assert refused == [], f"locked: {refused}"

    def clear(self) -> None:
        """Back to the blank template."""
        self.type({name: FORMULA if name in self._formulas else None for name in self._typed})
        self._typed.clear()

    def read(self) -> Reading:
        """What the workbook shows now."""
        grids = {
            name: self.office.sheet_values(self.book, name)
            for name in self.book.sheets
            if name not in (GUIDE_SHEET, LIST_SHEET)
        }
        standing = self._standing()
        ours = {n for n, text in standing.items() if text[:1] == "=" and text == self._formulas[n]}
        return Reading(submission_of(self.layout, grids, ours, self.office.seen), grids)

    def recalculated(self) -> Reading:
        """What it shows after a hard recalculation, which must change nothing."""
        self.office.recalculate(self.book)
        return self.read()

    def _standing(self) -> dict[str, str]:
        found = self.office.formulas(self.book, self._computed)
        return {str(name): text for name, text in found.items()}


def submission_of(
    layout: Layout, grids: Mapping[str, Grid], formulas: set[str], seen: Callable[[str], str]
) -> Submission:
    """The submission that a form's cells make; `formulas` names cells whose formula stands.

    `seen` gives a text as the formulas see it.
    """
    cells = {}
    for name, spot in layout.spots.items():
        if spot.address.sheet in layout.pages:
            held = within(grids, spot.address)
            error = isinstance(held, CellError)
            raw = held.code if isinstance(held, CellError) else held
            raw = seen(raw) if isinstance(raw, str) else raw
            cells[name] = Cell(raw, None, spot.address, error=error, formula=name in formulas)
    blank = submit(layout.form, Filling(), plan=layout.plan)
    return Submission(
        Path(), layout.form, layout.plan, blank.cells | cells, {}, blank.fiscal_year, "", ""
    )


def within(grids: Mapping[str, Grid], address: Address) -> Shown:
    """What a cell shows; None beyond the used part of its sheet."""
    grid = grids[address.sheet]
    row = grid[address.row - 1] if address.row <= len(grid) else []
    return row[address.column - 1] if address.column <= len(row) else None


# --- theirs against ours --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell where the workbook and our evaluation part."""

    what: str
    """`verdict D401`, `value funds.execution_rate`, `situation D401` and so on."""
    place: str
    theirs: object
    ours: object
    sample: int
    """Which reading, from 0."""


@dataclass
class Tally:
    """What was compared, by sort, and what differed."""

    compared: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def compare(
        self, sort: str, name: str, where: str, theirs: object, ours: object, i: int
    ) -> None:
        """Count one pair, and note it if it differs."""
        self.compared[sort] += 1
        if not agree(theirs, ours):
            self.differences.append(Difference(f"{sort} {name}", where, theirs, ours, i))

    def say(self, record_property: Say, what: str, count: int) -> None:
        """Have the numbers shown at the end of the test run."""
        record_property("differential", [what, count, dict(self.compared)])

    def report(self, readings: Sequence[Reading] = (), most: int = 12) -> str:
        """The first differences, for the failing test's message."""
        names = Counter(d.what for d in self.differences)
        lines = [f"{len(self.differences)} differences: {names.most_common(20)}"]
        lines += [
            f"{d.what} at {d.place}, sample {d.sample}: {d.theirs!r} != ours {d.ours!r}"
            for d in self.differences[:most]
        ]
        for i in {d.sample for d in self.differences[:3]} if readings else ():
            held = {n: c.raw for n, c in readings[i].submission.cells.items() if c.raw is not None}
            lines.append(f"sample {i} holds {held}")
        return "\n".join(lines)


def agree(theirs: object, ours: object) -> bool:
    """Numbers within 1e-9 of each other relatively, texts letter for letter (but see `_alike`); blank is blank."""
    theirs, ours = (None if value == "" else value for value in (theirs, ours))
    if isinstance(theirs, float | int) and isinstance(ours, float | int):
        return math.isclose(theirs, ours, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(theirs, str) and isinstance(ours, str):
        return theirs == ours or _alike(theirs, ours)
    return type(theirs) is type(ours) and theirs == ours


def _alike(theirs: str, ours: str) -> bool:
    """Whether two sentences are the same but for the last digits of numbers of 15 digits or with an exponent: how
    those are rounded, and from where on 1E+15 is written, each engine decides for itself."""
    left, right = _NUMERAL.split(theirs), _NUMERAL.split(ours)
    return len(left) == len(right) and all(
        a == b
        or (odd and (len(a) > 14 or len(b) > 14 or "E" in a) and math.isclose(float(a), float(b)))
        for a, b, odd in zip(left, right, itertools.cycle((False, True)), strict=False)
    )


def _round(text: str) -> str:
    """A text without its numbers of 12 digits and more before the point; see `_alike`."""
    return _NUMERAL.sub(lambda m: m[0] if float(m[0]) < 1e11 else "#", text)


_NUMERAL = re.compile(r"(\d+(?:\.\d+)?(?:E[+-]\d+)?)")


def compare(form: Form, readings: Sequence[Reading]) -> Tally:
    """Judge all readings at once and compare every verdict, value and text they show with ours."""
    tally = Tally()
    batch = gather(form, [reading.submission for reading in readings], View.WORKBOOK)
    formulas = Formulas(lay_out(form))
    _values(tally, batch, formulas, readings)
    verdicts = {rule.key: batch.judge(rule) for rule in form.sheet_rules}
    for rule in form.sheet_rules:
        _verdicts(tally, rule, verdicts[rule.key], formulas.layout, readings)
    _messages(tally, batch, formulas.layout, readings)
    _lines(tally, batch, verdicts, formulas.layout, readings)
    _row_hints(tally, batch, verdicts, formulas.layout, readings)
    return tally


def _values(tally: Tally, batch: Batch, formulas: Formulas, readings: Sequence[Reading]) -> None:
    names = {spot.address: name for name, spot in formulas.layout.spots.items()}
    for item in batch.form.fields():
        if item.is_computed:
            cells = batch.field_cells(item.key)
            texts = cells.text
            for j, address in enumerate(addresses(formulas, item)):
                for i, reading in enumerate(readings):
                    due = value_at(cells.number[i, j], texts[i, j])
                    shown = reading.at(address)
                    held = reading.submission.cells.get(names.get(address, ""))
                    typed_over = held is not None and not held.formula  # nothing to compare
                    if not typed_over and cells.state[i, j] != ERROR:
                        tally.compare("value", item.key, address.a1, shown, due, i)
    for block in formulas.layout.blocks.values():
        used = batch.used(block.section)
        for slot in block.slots:
            address = formulas.layout.calc_cell(block.section.id, "used", slot.number)
            for i, reading in enumerate(readings):
                due = float(used[i, slot.number - 1])
                tally.compare("value", "used", address.a1, reading.at(address), due, i)


def addresses(formulas: Formulas, item: Field) -> Iterator[Address]:
    """Where a field's values stand, in order."""
    block = formulas.layout.blocks.get(item.section)
    count = {
        CELL: 1,
        ROW: len(block.slots) if block else 0,
        GROUP: len(block.groups) if block else 0,
    }
    for number in range(1, count[item.grain] + 1):
        yield formulas.address(item, number)


def value_at(number: float, text: object) -> float | str:
    """A cell's number, or its text if it holds none."""
    return str(text) if np.isnan(number) else float(number)


def _verdicts(
    tally: Tally,
    rule: Rule,
    verdicts: npt.NDArray[np.int8],
    layout: Layout,
    readings: Sequence[Reading],
) -> None:
    for j, address in enumerate(layout.verdict_cells(rule)):
        for i, reading in enumerate(readings):
            due = int(verdicts[i, j])
            tally.compare("verdict", rule.key, address.a1, reading.at(address), due, i)


def _messages(tally: Tally, batch: Batch, layout: Layout, readings: Sequence[Reading]) -> None:
    """The messages of the form's rules, which the hidden sheet shows whatever the verdict."""
    for rule in batch.form.sheet_rules:
        if rule.grain == CELL:
            text = message(batch, rule)
            verdict = layout.verdicts[rule.key]
            address = Address(CALC_SHEET, verdict.row, verdict.column + 1)
            for i, reading in enumerate(readings):
                tally.compare("message", rule.key, address.a1, reading.at(address), text(i, 0), i)


def message(batch: Batch, rule: Rule) -> Callable[[int, int], str]:
    """A rule's sentence about a submission and a row or group."""
    parts = [batch.shown(part, rule) for part in rule.message]
    return lambda i, j: "".join(part(i, j) for part in parts)


def _lines(
    tally: Tally,
    batch: Batch,
    verdicts: Mapping[str, npt.NDArray[np.int8]],
    layout: Layout,
    readings: Sequence[Reading],
) -> None:
    """自检: each line's verdict, situation, link and number of open cells; and the sentence atop."""
    due = batch.lines()
    counts: list[Counter[str]] = [Counter() for _ in readings]
    for key, rules in check_lines(batch.form).items():
        # (readings, rows or groups or rules)
        pages = [verdicts[rule.key] for rule in rules]
        broken = np.concatenate(pages, axis=1) == BROKEN
        firsts = broken if rules[0].grain == CELL else np.any([p == BROKEN for p in pages], axis=0)
        texts = [message(batch, rule) for rule in rules]
        row = layout.checks[key].row
        for i, reading in enumerate(readings):
            open_ = int(broken[i].sum())
            first = int(np.argmax(firsts[i])) + 1 if open_ else 0
            counts[i]["必填" if rules[0].code == "V301" else rules[0].severity.chinese] += open_
            words = _situation(layout, rules, first, texts, i) if open_ else ""
            situation = str(reading.at(Address(CHECK_SHEET, row, 5)) or "")
            tells = (
                _round(words) in _round(situation),
                bool(situation),
                f"（共 {open_} 处）" in situation,
            )
            tally.compare("situation", key, f"E{row}", tells, (True, open_ > 0, open_ > 1), i)
            expected = {
                "line": (3, VERDICTS[int(due[key][i])]),
                "link": (7, "转到" if open_ else ""),
                "first": (8, first),
                "open": (9, open_),
            }
            for sort, (column, value) in expected.items():
                address = Address(CHECK_SHEET, row, column)
                tally.compare(sort, key, address.a1, reading.at(address), value, i)
    for i, reading in enumerate(readings):
        for address in (Address(CHECK_SHEET, 3, 1), Address(batch.form.sheet, STATUS_ROW, 1)):
            said = reading.at(address)
            theirs = dict(re.findall(r"(未填|错误|提醒|说明) (\d+) 处", str(said)))
            ours = {_SAID[name]: str(n) for name, n in counts[i].items() if n}
            tally.compare("status", "", str(address), theirs, ours, i)
            passed = not any(counts[i][name] for name in ("必填", "错误", "提醒"))
            tally.compare("status", "", str(address), "自检通过" in str(said), passed, i)


_SAID = {"必填": "未填", "错误": "错误", "提醒": "提醒", "说明": "说明"}


def _situation(
    layout: Layout,
    rules: Sequence[Rule],
    first: int,
    texts: Sequence[Callable[[int, int], str]],
    i: int,
) -> str:
    """What the situation has to tell; the exact wording is the cached values' test."""
    rule = rules[0]
    if rule.grain == CELL:
        return texts[first - 1](i, 0)
    row = f"第 {layout.blocks[rule.section].first + first - 1} 行"
    if rule.grain == ROW:
        return row if rule.general else f"{row}：{texts[0](i, first - 1)}"
    return texts[0](i, first - 1)


def _row_hints(
    tally: Tally,
    batch: Batch,
    verdicts: Mapping[str, npt.NDArray[np.int8]],
    layout: Layout,
    readings: Sequence[Reading],
) -> None:
    """Right of each row: the names of its broken rules, and of no others."""
    for block in layout.blocks.values():
        rules = [
            r for r in batch.form.sheet_rules if r.section == block.section.id and r.grain == ROW
        ]
        for slot in block.slots:
            address = Address(batch.form.sheet, slot.row, layout.home.hint_column)
            for i, reading in enumerate(readings):
                hint = str(reading.at(address) or "")
                open_ = [r for r in rules if verdicts[r.key][i, slot.number - 1] == BROKEN]
                named = [r.name for r in rules if not r.general and r.name in hint]
                due = [r.name for r in open_ if not r.general]
                tally.compare("hint", block.section.id, address.a1, named, due, i)
                tally.compare("hint", block.section.id, address.a1, bool(hint), bool(open_), i)
