"""Submissions → findings: every rule over all returns at once, and what the workbook itself claims.

A blank required cell silences its other findings; a difference of one last decimal is a note; equal
findings of one file are one finding over several cells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from workbook.address import split_a1
from workbook.catalogue import REQUIRED, Severity
from workbook.checking.between_returns import add_findings_between
from workbook.checking.columns import BROKEN, VERDICTS, Batch, View, gather, take_over, value_at
from workbook.checking.roster import Roster
from workbook.expression import BLANK, NUMBER, Call, Ref, Type, number_text
from workbook.findings import Finding, finding
from workbook.form import CASE_SECTION, CELL, GROUP, ROW, Case, Field, Form, Rule, Value, shown
from workbook.layout import CHECK_SHEET, Layout, cell_name, check_lines, lay_out
from workbook.reading import Cell, Filling, Return, Submission, submit
from workbook.text import brief

CHUNK = 2000
"""How many returns are judged at once; memory is bounded by it."""


def check(
    returns: Iterable[Return], roster: Roster | None = None, *, year: int | None = None
) -> list[Return]:
    """The returns, in their order, each accepted one with all its findings.

    Also what shows only between them: several of one department, forms of another year than `year` or
    than most, and with a roster, departments that are not on it. Nothing raises; rejected and skipped
    files keep what the reader said of them.
    """
    return judge(add_findings_between(returns, roster, year=year))


def judge(returns: Iterable[Return]) -> list[Return]:
    """The returns, in their order, each accepted one with the findings that it has by itself."""
    checked = list(returns)
    by_form: dict[Form, list[int]] = {}
    for index, item in enumerate(checked):
        if item.submission is not None:
            by_form.setdefault(item.submission.form, []).append(index)
    for indexes in by_form.values():
        for start in range(0, len(indexes), CHUNK):
            some = indexes[start : start + CHUNK]
            submissions = [s for i in some if (s := checked[i].submission) is not None]
            further = submissions[0].form.further_sheets
            for i, found in zip(some, findings_of(submissions), strict=True):
                every = (*checked[i].findings, *found)
                checked[i] = replace(checked[i], findings=tidy(every, further))
    return checked


def findings_of(submissions: Sequence[Submission]) -> list[list[Finding]]:
    """What is wrong with each of some submissions of one form, in no particular order."""
    form = submissions[0].form
    batch = gather(form, submissions, View.PRINTED)
    found = _BatchFindings(form, submissions)
    for rule in form.rules:
        found.judge(batch, rule)
    for i, submission in enumerate(submissions):
        found.cells(i, submission)
    # Only where something was converted does the workbook itself see other values than we do.
    converted = [any(c.receipt for c in s.cells.values()) for s in submissions]
    plain = [i for i, differs in enumerate(converted) if not differs]
    found.recomputed(batch, dict(zip(plain, plain, strict=True)))
    other = [i for i, differs in enumerate(converted) if differs]
    if other:
        own = gather(form, [submissions[i] for i in other], View.WORKBOOK)
        take_over(own, batch, other)
        found.recomputed(own, dict(enumerate(other)))
    return found.findings


class _BatchFindings:
    """Collects the findings of a batch."""

    def __init__(self, form: Form, submissions: Sequence[Submission]) -> None:
        self.form = form
        self.submissions = submissions
        self.layouts = [lay_out(form, s.plan) for s in submissions]
        self.findings: list[list[Finding]] = [[] for _ in submissions]
        self.missing: list[set[str]] = [set() for _ in submissions]
        self.lost = [
            {name for name, c in s.cells.items() if c.problem and c.raw is None}
            for s in submissions
        ]
        """Cells that the workbook does not have any more."""
        self.told = [
            _told(layout, lost) for layout, lost in zip(self.layouts, self.lost, strict=True)
        ]
        self.has_results = [
            any(c.formula and c.raw is not None for c in s.cells.values()) for s in submissions
        ]

    # rules

    def judge(self, batch: Batch, rule: Rule) -> None:
        verdicts = batch.judge(rule)
        if not (verdicts == BROKEN).any():
            return
        texts = [batch.shown(part, rule) for part in rule.message]
        printed = batch.shown(rule.printed, rule) if rule.printed else None
        expected = batch.shown(rule.expected, rule) if rule.expected else None
        slight = _slight(batch, rule, verdicts)
        for i, j in np.argwhere(verdicts == BROKEN):
            spots = [
                name for ref in rule.at for name in self._names(batch, rule, ref, int(i), int(j))
            ]
            if spots and self.told[i].issuperset(spots):
                continue  # the reader has said so
            if rule.code == REQUIRED:
                self.missing[i].update(spots)
            elif spots and self.missing[i].issuperset(spots):
                continue
            self._add(
                int(i),
                spots,
                Finding(
                    rule.code,
                    Severity.NOTE if slight[i, j] else rule.severity,
                    "".join(text(i, j) for text in texts),
                    rule.hint,
                    printed=printed(i, j) if printed else "",
                    expected=expected(i, j) if expected else "",
                ),
            )

    def _add(self, i: int, names: list[str], what: Finding) -> None:
        address_of = self.submissions[i].address_of
        there = [(name, at) for name in names if (at := address_of(name)) is not None]
        self.findings[i].append(
            replace(
                what,
                sheet=there[0][1].sheet if there else self.form.sheet,
                cell=",".join(at.a1 for _, at in there),
                field=",".join(name for name, _ in there),
            )
        )

    def _names(self, batch: Batch, rule: Rule, ref: Ref, i: int, j: int) -> Iterator[str]:
        """The defined names, in a submission, of a rule's cells at a row or group of the batch."""
        item = self.form.sections[ref.section].fields[ref.field]
        if item.grain == CELL:
            yield item.key
        elif rule.grain == ROW:
            if item.grain == GROUP:
                j = batch.block(item.section).slots[j].group
            yield _name(batch, item, i, j)
        elif item.grain == GROUP:
            yield _name(batch, item, i, j)
        else:
            block = self.layouts[i].blocks[item.section]
            first = block.starts[j]
            rows = range(first + 1, first + block.groups[j].rows + 1)
            filled = [n for n in rows if self._holds(i, item.key, n)]
            yield from (cell_name(item.key, n) for n in filled or rows[:1])

    def _holds(self, i: int, key: str, number: int) -> bool:
        cell = self.submissions[i].cell_of(key, number)
        return cell is not None and cell.raw is not None

    # cells

    def cells(self, i: int, submission: Submission) -> None:
        """Receipts: what was converted, and how; and what no rule can see, being no value."""
        for name, cell in submission.cells.items():
            if cell.problem and cell.raw is not None and name not in self.lost[i]:
                self._unreadable(i, name, cell)
            if cell.receipt and cell.value is not None:
                item = self.layouts[i].spots[name].field
                what = finding(
                    "V303",
                    label=item.label,
                    receipt=cell.receipt,
                    raw=brief(_text(cell.raw)),
                    printed=_text(cell.raw),
                    expected=shown(item.kind, cell.value),
                )
                self._add(i, [name], what)

    def _unreadable(self, i: int, name: str, cell: Cell) -> None:
        """An error, or a formula without a result: rules leave it undecided, or take it for text."""
        item = self.layouts[i].spots[name].field
        if item.is_input and (cell.error or item.kind.type is Type.TEXT):
            what = finding("V302", label=item.label, problem=cell.problem, printed=_text(cell.raw))
            self._add(i, [name], what)

    # what the workbook shows, against what it should

    def recomputed(self, batch: Batch, whose: Mapping[int, int]) -> None:
        """Computed cells and verdicts that differ; `whose` maps the batch's rows to submissions."""
        for item in self.form.fields():
            if item.mode in ("computed", "suggested") and item.key in self.layouts[0].by_key:
                self._compare(batch, item, whose)
        lines = check_lines(self.form)
        for line, verdicts in batch.lines().items():
            rule, dues = lines[line][0], [VERDICTS[verdict] for verdict in verdicts.tolist()]
            for row, i in whose.items():
                claimed, due = self.submissions[i].verdicts.get(line), dues[row]
                if claimed is not None and claimed != due:
                    what = finding("L204", rule=rule.code, printed=claimed, expected=due)
                    cell = self.layouts[i].checks[line].a1
                    self.findings[i].append(replace(what, sheet=CHECK_SHEET, cell=cell))

    def _compare(self, batch: Batch, item: Field, whose: Mapping[int, int]) -> None:
        shown_, due, typed = (
            batch.inputs[item.key],
            batch.field_cells(item.key),
            batch.typed[item.key],
        )
        near = np.abs(shown_.number - due.number) <= 1e-9 * np.maximum(1.0, np.abs(due.number))
        same = near | (
            (due.state != NUMBER) & (shown_.words == due.words) & (shown_.state != NUMBER)
        )
        stale = ~typed & (shown_.state != BLANK) & ~same
        unsaved = ~typed & (shown_.state == BLANK) & (due.state == NUMBER)
        if item.grain == ROW:
            unsaved &= batch.own_row_numbers(item.section) > 0
        self._unsaved(unsaved, batch, item, whose)
        overwritten = typed & (item.mode == "computed")
        for row, j in np.argwhere(stale | overwritten):
            if int(row) not in whose:
                continue
            i = whose[int(row)]
            name = _name(batch, item, int(row), int(j))
            cell = self.submissions[i].cells[name]
            if overwritten[row, j]:
                self._overwritten(i, item, name, cell)
            else:
                number = float(due.number[row, j])
                expected = (
                    number_text(number) if due.state[row, j] == NUMBER else str(due.words[row, j])
                )
                what = finding(
                    "L203", label=item.label, printed=_text(cell.raw), expected=expected or "（空）"
                )
                self._add(i, [name], what)

    def _unsaved(
        self, missing: npt.NDArray[np.bool_], batch: Batch, item: Field, whose: Mapping[int, int]
    ) -> None:
        """Formulas without a result in a workbook where others have one."""
        for row, j in np.argwhere(missing):
            i = whose.get(int(row))
            if i is not None and self.has_results[i] and not self.lost[i]:
                name = _name(batch, item, int(row), int(j))
                self._add(i, [name], finding("L212", label=f"“{item.label}”的"))

    def _overwritten(self, i: int, item: Field, name: str, cell: Cell) -> None:
        due = self._true(i, item, name)
        what = "空白" if cell.raw is None else f"固定的值 {_text(cell.raw)}"
        self._add(
            i,
            [name],
            finding("L202", label=item.label, what=what, printed=_text(cell.raw), expected=due),
        )

    def _true(self, i: int, item: Field, name: str) -> str:
        """What a computed field should show, from the inputs alone."""
        batch = gather(self.form, [self.submissions[i]], View.TRUE)
        value = value_at(batch, item, self.layouts[i].spots[name].number)
        return value if isinstance(value, str) else shown(item.kind, value)


def _name(batch: Batch, item: Field, i: int, j: int) -> str:
    """The defined name, in a submission, of a field's cell at a row or group of its batch."""
    if item.grain == CELL:
        return item.key
    number = int(batch.own_row_numbers(item.section)[i, j]) if item.grain == ROW else j + 1
    return cell_name(item.key, number)


def _slight(batch: Batch, rule: Rule, verdicts: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Where a sum or score misses by no more than one last decimal: rounding, not a mistake."""
    must = rule.must
    if not isinstance(must, Call) or must.op.name != "eq":
        return np.zeros(verdicts.shape, dtype=bool)
    a, b = (batch.evaluate(arg, rule.grain) for arg in must.args)
    return np.broadcast_to(np.abs(a - b) < 3 * must.tolerance, verdicts.shape)


def _text(value: object) -> str:
    if value is None:
        return "（空）"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _told(layout: Layout, lost: set[str]) -> set[str]:
    """The lost cells that the reader told; of a further sheet that is gone whole it told but that."""
    if not lost:
        return lost
    there = {spot.address.sheet for name, spot in layout.spots.items() if name not in lost}
    return {name for name in lost if layout.spots[name].address.sheet in there}


# --- order and grouping ---------------------------------------------------------------------------


def tidy(found: Iterable[Finding], further: Collection[str]) -> tuple[Finding, ...]:
    """Equal findings joined over their cells, in order of sheet and cell; further sheets after the form's."""
    grouped: dict[tuple[str, ...], list[Finding]] = {}
    for item in found:
        key = (item.code, item.severity, item.sheet, item.message, item.printed, item.expected)
        grouped.setdefault(key, []).append(item)
    joined = [_join(items) for items in grouped.values()]
    return tuple(sorted(joined, key=lambda item: _position(item, further)))


def _join(items: list[Finding]) -> Finding:
    if len(items) == 1:
        return items[0]
    cells = [c for item in items for c in item.cell.split(",") if c]
    fields = [f for item in items for f in item.field.split(",") if f]
    return replace(items[0], cell=",".join(cells), field=",".join(fields))


def _position(item: Finding, further: Collection[str]) -> tuple[bool, bool, str, int, int, str]:
    first = item.cell.partition(",")[0]
    row, column = split_a1(first) if first else (0, 0)
    late = item.sheet in further
    return item.sheet == CHECK_SHEET, late, item.sheet, row, column, item.code


# --- a rule's own cases ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trial:
    """A case of a rule as a filling of the form, and where its verdict is read."""

    filling: Filling
    rows: int


def trial(rule: Rule, case: Case) -> Trial:
    """The filling that a case describes: bare names are of the rule's own section, rows from the first.

    `given` also names a cell of a row by its defined name, such as `goals.result.2`.
    """
    values: dict[str, Value] = {}
    section = rule.row_section or CASE_SECTION
    rows: dict[str, dict[int, dict[str, Value]]] = {}
    if case.rows:
        rows[section] = {number: dict(row) for number, row in enumerate(case.rows, 1)}
    for key, value in case.given.items():
        name, _, number = key.rpartition(".")
        if number.isdigit():
            owner, _, field = name.partition(".")
            rows.setdefault(owner, {}).setdefault(int(number), {})[field] = value
        else:
            values[key if "." in key else f"{rule.section}.{key}"] = value
    return Trial(Filling(values, rows), len(case.rows))


def judge_case(form: Form, rule: Rule, case: Case) -> str:
    """The verdict of a rule on one of its cases: holds, broken or undecided."""
    tried = trial(rule, case)
    batch = gather(form, [submit(form, tried.filling)], View.PRINTED)
    verdicts = batch.judge(rule)[0]
    seen = verdicts[: tried.rows] if rule.grain == ROW else verdicts[:1]
    return case_verdict(seen.tolist())


def case_verdict(seen: Sequence[int]) -> str:
    """One word for the verdicts of a case's rows."""
    if BROKEN in seen:
        return "broken"
    return "undecided" if -1 in seen else "holds"
