"""Submissions → findings: every rule over all returns at once, and what the workbook itself claims.

A blank required cell silences its other findings; a difference of one last decimal is a note; equal
findings of one file are one finding over several cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from workbook.address import split_a1
from workbook.arguments import PathLike, as_year
from workbook.catalogue import REQUIRED, Severity
from workbook.checking.between_returns import add_findings_between, is_replaced
from workbook.checking.columns import (
    BROKEN,
    UNDECIDED,
    VERDICTS,
    Batch,
    View,
    gather,
    take_over,
    value_at,
)
from workbook.checking.likely_slip import is_slight, likely_slips
from workbook.checking.roster import Roster, as_roster
from workbook.expression import BLANK, NUMBER, Ref, Type, number_text
from workbook.findings import Finding, finding
from workbook.form import (
    CASE_SECTION,
    CELL,
    GROUP,
    PLAIN_RECEIPTS,
    ROW,
    Case,
    Field,
    Form,
    Part,
    Rule,
    Value,
    odd_characters,
    shown,
)
from workbook.layout import CHECK_SHEET, FORM_SHEET, Layout, cell_name, check_lines, lay_out
from workbook.reading import (
    Cell,
    Filling,
    Return,
    Returns,
    Submission,
    as_returns,
    guarded,
    submit,
)
from workbook.release import __version__
from workbook.text import brief, fold, printable

OVERTYPED, UNREADABLE = "L202", "V302"
"""The codes of a formula that was typed over, and of a value that cannot be read."""
_QUOTED = re.compile("“([^”]*)”")
CHUNK = 2000
"""How many returns are judged at once; memory is bounded by it."""


def check(
    returns: Iterable[Return],
    roster: Roster | PathLike | None = None,
    *,
    year: int | None = None,
    last_year: Iterable[Return] = (),
) -> Returns:
    """The returns, in their order, each accepted one with all its findings.

    Also what shows only between them: several of one department, forms of another year than `year` or
    than most, with a roster, departments that are not on it, and with `last_year`, the returns of the year
    before as read, what was handed in then already. Rejected and skipped files keep what the reader
    said of them; of every one `checked_by` then tells by what it was checked. A roster may be given by its
    path. Raises WorkbookError if departments cannot be told apart (see `Return.county`), ArgumentError for
    an argument that is none of what it may be, and nothing for what a department sent.

    >>> from workbook import check, read_returns
    >>> returns = check(read_returns("samples/returns"), "samples/roster.csv")
    >>> returns[1].findings[0].code, returns[1].findings[0].cell
    ('D408', 'E7')
    """
    listed = as_roster(roster)
    round_year = None if year is None else as_year(year)
    earlier = as_returns(last_year, "last_year")
    between = related(as_returns(returns, "returns"), listed, round_year, earlier)
    return marked(judge(between), listed, round_year)


def related(
    returns: Sequence[Return],
    roster: Roster | None,
    year: int | None,
    last_year: Sequence[Return],
) -> Sequence[Return]:
    """The returns with what shows only between them; the first half of `check`."""
    work = partial(add_findings_between, roster=roster, year=year, last_year=last_year)
    return guarded(returns, work)[1]


def marked(returns: Iterable[Return], roster: Roster | None, year: int | None) -> Returns:
    """Checked returns, each telling by what it was checked."""
    parts = [f"workbook {__version__}"]
    parts += [f"名册 {printable(roster.path)}"] if roster is not None else []
    parts += [f"{year} 年度"] if year is not None else []
    return Returns(replace(returned, checked_by="，".join(parts)) for returned in returns)


def judge(returns: Iterable[Return]) -> list[Return]:
    """The returns, in their order, each accepted one with the findings that it has by itself.

    What another copy replaces is not judged.
    """
    checked = list(returns)
    by_form: dict[Form, list[int]] = {}
    for index, returned in enumerate(checked):
        if returned.submission is not None and not is_replaced(returned):
            by_form.setdefault(returned.submission.form, []).append(index)
    for indexes in by_form.values():
        for start in range(0, len(indexes), CHUNK):
            chunk = indexes[start : start + CHUNK]
            _, judged = guarded([checked[i] for i in chunk], _judged)
            for i, returned in zip(chunk, judged, strict=True):
                checked[i] = returned
    return checked


def _judged(returns: Sequence[Return]) -> list[Return]:
    """Returns of one form with the findings of each; what is rejected stays as it is."""
    submissions = [s for returned in returns if (s := returned.submission) is not None]
    findings = iter(findings_of(submissions) if submissions else ())
    return [
        replace(
            returned, findings=tidy((*returned.findings, *next(findings)), s.form.further_sheets)
        )
        if (s := returned.submission) is not None
        else returned
        for returned in returns
    ]


def findings_of(submissions: Sequence[Submission]) -> list[list[Finding]]:
    """What is wrong with each of some submissions of one form, in no particular order."""
    form = submissions[0].form
    batch = gather(form, submissions, View.PRINTED)
    collector = _BatchFindings(form, submissions, likely_slips(batch, submissions))
    for rule in form.rules:
        collector.judge(batch, rule)
    for i, submission in enumerate(submissions):
        collector.cells(i, submission)
    # Only where something was converted does the workbook itself see other values than we do.
    converted = [
        any(c.receipt or (c.problem and c.is_beyond) for c in s.cells.values()) for s in submissions
    ]
    plain_indexes = [i for i, differs in enumerate(converted) if not differs]
    collector.recomputed(batch, dict(zip(plain_indexes, plain_indexes, strict=True)))
    converted_indexes = [i for i, differs in enumerate(converted) if differs]
    if converted_indexes:
        workbook_batch = gather(form, [submissions[i] for i in converted_indexes], View.WORKBOOK)
        take_over(workbook_batch, batch, converted_indexes)
        collector.recomputed(workbook_batch, dict(enumerate(converted_indexes)))
    return [_pasted_over(own) for own in collector.findings]


def _without_breaks(submission: Submission) -> Submission | None:
    """The submission with each of its texts on one line; None if they are so anyway."""
    joined = {
        name: replace(cell, raw=cell.raw.replace("\n", ""))
        for name, cell in submission.cells.items()
        if isinstance(cell.raw, str) and "\n" in cell.raw
    }
    return replace(submission, cells=submission.cells | joined) if joined else None


_FEW = 3
"""More formulas typed over on one sheet were pasted over: that is one mistake."""


def _pasted_over(findings: list[Finding]) -> list[Finding]:
    """The findings, those of formulas typed over, or emptied, joined sheet by sheet where they are more
    than a few."""
    alike: dict[tuple[str, bool], list[Finding]] = {}
    for item in findings:
        if item.code == OVERTYPED:
            alike.setdefault((item.sheet, item.printed == _text(None)), []).append(item)
    many = {key: items for key, items in alike.items() if len(items) > _FEW}
    joined = {item for items in many.values() for item in items}
    return [item for item in findings if item not in joined] + [
        replace(
            finding(
                OVERTYPED,
                label=f"{len(items)} 格",
                what="空白" if emptied else "固定的值",
                sheet=sheet,
            ),
            cell=",".join(item.cell for item in items),
            field=",".join(item.field for item in items),
        )
        for (sheet, emptied), items in many.items()
    ]


class _BatchFindings:
    """Collects the findings of a batch."""

    def __init__(
        self,
        form: Form,
        submissions: Sequence[Submission],
        slips: Mapping[tuple[str, int, int], str],
    ) -> None:
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
        self.reported_cells = [
            _reported_cells(layout, lost)
            for layout, lost in zip(self.layouts, self.lost, strict=True)
        ]
        self.slips = slips
        """Of broken rules, by key, submission and cell, what is likely to have happened."""
        self.subjects: dict[tuple[str, Part], Callable[[int, int], str]] = {}
        """What says which row a finding is about, by grain."""
        self.has_results = [
            not s.values_only and any(c.formula and c.raw is not None for c in s.cells.values())
            for s in submissions
        ]

    # rules

    def judge(self, batch: Batch, rule: Rule) -> None:
        verdicts = batch.judge(rule)
        if not (verdicts == BROKEN).any():
            return
        texts = [self._shown(batch, part, rule) for part in rule.message]
        printed = batch.shown(rule.printed, rule) if rule.printed else None
        expected = batch.shown(rule.expected, rule) if rule.expected else None
        slight = _slight(batch, rule, verdicts)
        for i, j in np.argwhere(verdicts == BROKEN):
            spots = [
                name for ref in rule.at for name in self._names(batch, rule, ref, int(i), int(j))
            ]
            if spots and self.reported_cells[i].issuperset(spots):
                continue  # the reader has said so
            if rule.code == REQUIRED:
                self.missing[i].update(spots)
            elif spots and self.missing[i].issuperset(spots):
                continue
            words = [text(i, j) for text in texts]
            self._add(
                int(i),
                self._telling(int(i), spots, "".join(words[1:] if rule.names_row else words)),
                Finding(
                    rule.code,
                    Severity.NOTE if slight[i, j] else rule.severity,
                    "".join(words),
                    rule.hint
                    + self._unusual(rule, int(i), spots)
                    + self.slips.get((rule.key, int(i), int(j)), ""),
                    printed=printed(i, j) if printed else "",
                    expected=expected(i, j) if expected else "",
                    subject=words[0] if rule.names_row else "",
                ),
            )

    def _unusual(self, rule: Rule, i: int, names: list[str]) -> str:
        """Which characters kept a number or a day from being read, as sentences; blank as a rule."""
        cells = [self.submissions[i].cells[name] for name in names if rule.code == UNREADABLE]
        oddities = (odd_characters(cell.raw) for cell in cells if isinstance(cell.raw, str))
        return "".join(f"{oddity}。" for oddity in oddities if oddity)

    def _shown(self, batch: Batch, part: Part, rule: Rule) -> Callable[[int, int], str]:
        """A part of a message; the subject of many rules is worked out once."""
        if not rule.names_row or part is not rule.message[0]:
            return batch.shown(part, rule)
        key = rule.grain, part
        if key not in self.subjects:
            self.subjects[key] = batch.shown(part, rule)
        return self.subjects[key]

    def _telling(self, i: int, names: list[str], message: str) -> list[str]:
        """Of several texts those that hold what the message quotes, its longest first; or any at all."""
        submission, spots = self.submissions[i], self.layouts[i].spots
        told = {
            name: fold(str(submission.cells[name].raw or ""))
            for name in names
            if spots[name].field.kind.is_prose
        }
        if len(told) < 2:
            return names
        quoted = sorted(map(fold, _QUOTED.findall(message)), key=len, reverse=True)
        holding = (
            next(filter(None, ([n for n in told if q in told[n]] for q in quoted if q)), [])
            or [name for name, text in told.items() if text]
            or list(told)
        )
        return [name for name in names if name not in told or name in holding]

    def _add(self, i: int, names: list[str], unplaced: Finding) -> None:
        address_of = self.submissions[i].address_of
        named_addresses = [
            (name, address) for name in names if (address := address_of(name)) is not None
        ]
        sheet = named_addresses[0][1].sheet if named_addresses else self.form.sheet
        self.findings[i].append(
            replace(
                unplaced,
                sheet=sheet,
                cell=",".join(
                    address.a1 if address.sheet == sheet else str(address)
                    for _, address in named_addresses
                ),
                field=",".join(name for name, _ in named_addresses),
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
            yield batch.name_of(item, i, j)
        elif item.grain == GROUP:
            yield batch.name_of(item, i, j)
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
            if cell.address.sheet == FORM_SHEET:
                continue  # nobody sees it; an .xls has texts in it for numbers
            if cell.problem and cell.raw is not None and name not in self.lost[i]:
                self._unreadable(i, name, cell)
            if cell.receipt and cell.value is not None and not cell.formula:
                item = self.layouts[i].spots[name].field
                conversion = finding(
                    "V311" if cell.receipt in PLAIN_RECEIPTS else "V303",
                    label=item.label,
                    receipt=cell.receipt,
                    raw=brief(_text(cell.raw)),
                    printed=_text(cell.raw),
                    expected=shown(item.kind, cell.value),
                )
                self._add(i, [name], conversion)

    def _unreadable(self, i: int, name: str, cell: Cell) -> None:
        """An error, or a formula without a result: rules leave it undecided, or take it for text."""
        item = self.layouts[i].spots[name].field
        if item.is_input and (cell.error or cell.is_beyond or item.kind.type is Type.TEXT):
            unreadable = finding(
                UNREADABLE, label=item.label, problem=cell.problem, printed=_text(cell.raw)
            )
            self._add(i, [name], unreadable)

    # what the workbook shows, against what it should

    def recomputed(self, batch: Batch, submission_of: Mapping[int, int]) -> None:
        """Computed cells and verdicts that differ; `submission_of` maps the batch's rows to submissions."""
        for item in self.form.fields():
            if item.mode in ("computed", "suggested") and item.key in self.layouts[0].by_key:
                self._compare(batch, item, submission_of)
        stale: list[tuple[str, int, str]] = []
        for line, verdicts in batch.lines().items():
            words = [VERDICTS[verdict] for verdict in verdicts.tolist()]
            for row, i in submission_of.items():
                if self.submissions[i].verdicts.get(line) not in (None, words[row]):
                    stale.append((line, i, words[row]))
        on_one_line = self._on_one_line(stale)
        lines = check_lines(self.form)
        for line, i, expected in stale:
            printed = self.submissions[i].verdicts[line]
            if printed != on_one_line.get((line, i)):
                rule = lines[line][0]
                mismatch = finding("L204", rule=rule.code, printed=printed, expected=expected)
                cell = self.layouts[i].checks[line].a1
                self.findings[i].append(replace(mismatch, sheet=CHECK_SHEET, cell=cell))

    def _on_one_line(self, stale: Sequence[tuple[str, int, str]]) -> dict[tuple[str, int], str]:
        """The verdicts of lines, by submission, if formulas find no line breaks in texts, as in LibreOffice 26.8.

        Of those that are asked for, in submissions that have a line break.
        """
        submissions = {i: _without_breaks(self.submissions[i]) for _, i, _ in stale}
        joined = {i: seen for i, seen in submissions.items() if seen is not None}
        if not joined:
            return {}
        lines = gather(self.form, list(joined.values()), View.WORKBOOK).lines(
            {line for line, i, _ in stale if i in joined}
        )
        return {
            (line, i): VERDICTS[verdict]
            for line, verdicts in lines.items()
            for i, verdict in zip(joined, verdicts.tolist(), strict=True)
        }

    def _compare(self, batch: Batch, item: Field, submission_of: Mapping[int, int]) -> None:
        printed_cells, expected_cells, typed = (
            batch.inputs[item.key],
            batch.field_cells(item.key),
            batch.typed[item.key],
        )
        near = np.abs(printed_cells.number - expected_cells.number) <= 1e-9 * np.maximum(
            1.0, np.abs(expected_cells.number)
        )
        same = near | (
            (expected_cells.state != NUMBER)
            & (printed_cells.words == expected_cells.words)
            & (printed_cells.state != NUMBER)
        )
        stale = ~typed & (printed_cells.state != BLANK) & ~same
        unsaved = ~typed & (printed_cells.state == BLANK) & (expected_cells.state == NUMBER)
        if item.grain == ROW:
            unsaved &= batch.own_row_numbers(item.section) > 0
        self._unsaved(unsaved, batch, item, submission_of)
        overwritten = typed & (item.mode == "computed")
        for row, j in np.argwhere(stale | overwritten):
            if int(row) not in submission_of:
                continue
            i = submission_of[int(row)]
            name = batch.name_of(item, int(row), int(j))
            cell = self.submissions[i].cells[name]
            if overwritten[row, j]:
                self._overwritten(i, item, name, cell)
            elif (
                self.submissions[i].values_only
                and cell.raw == 0
                and expected_cells.state[row, j] != NUMBER
            ):
                continue  # a "" that was saved as 0
            else:
                number = float(expected_cells.number[row, j])
                expected = (
                    number_text(number)
                    if expected_cells.state[row, j] == NUMBER
                    else str(expected_cells.words[row, j])
                )
                mismatch = finding(
                    "L203", label=item.label, printed=_text(cell.raw), expected=expected or "（空）"
                )
                self._add(i, [name], mismatch)

    def _unsaved(
        self,
        missing: npt.NDArray[np.bool_],
        batch: Batch,
        item: Field,
        submission_of: Mapping[int, int],
    ) -> None:
        """Formulas without a result in a workbook where others have one."""
        for row, j in np.argwhere(missing):
            i = submission_of.get(int(row))
            if i is not None and self.has_results[i] and not self.lost[i]:
                name = batch.name_of(item, int(row), int(j))
                self._add(i, [name], finding("L212", label=f"“{item.label}”的"))

    def _overwritten(self, i: int, item: Field, name: str, cell: Cell) -> None:
        expected = self._expected_text(i, item, name)
        content = "空白" if cell.raw is None else f"固定的值 {_text(cell.raw)}"
        self._add(
            i,
            [name],
            finding(
                OVERTYPED,
                label=f"“{item.label}”",
                what=content,
                printed=_text(cell.raw),
                expected=expected,
            ),
        )

    def _expected_text(self, i: int, item: Field, name: str) -> str:
        """What a computed field should show, from the inputs alone."""
        batch = gather(self.form, [self.submissions[i]], View.TRUE)
        value = value_at(batch, item, self.layouts[i].spots[name].number)
        return value if isinstance(value, str) else shown(item.kind, value)


def _slight(batch: Batch, rule: Rule, verdicts: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Where a sum or score misses by no more than one last decimal: rounding, not a mistake."""
    difference = batch.difference(rule)
    if difference is None:
        return np.zeros(verdicts.shape, dtype=bool)
    return is_slight(difference, rule)


def _text(value: object) -> str:
    if value is None:
        return "（空）"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _reported_cells(layout: Layout, lost: set[str]) -> set[str]:
    """The lost cells that the reader reported; of a further sheet that is gone whole it did but that."""
    if not lost:
        return lost
    remaining_sheets = {
        spot.address.sheet for name, spot in layout.spots.items() if name not in lost
    }
    return {name for name in lost if layout.spots[name].address.sheet in remaining_sheets}


# --- order and grouping ---------------------------------------------------------------------------


def tidy(findings: Iterable[Finding], further_sheets: Collection[str]) -> tuple[Finding, ...]:
    """Equal findings joined over their cells, in order of sheet and cell; further sheets after the form's.

    Those that say the same of different rows are equal: the joined one names the rows.
    """
    grouped: dict[tuple[str, ...], list[Finding]] = {}
    for item in findings:
        said = item.message.removeprefix(item.subject)
        key = (item.code, item.severity, item.sheet, said, item.hint, item.printed, item.expected)
        grouped.setdefault(key, []).append(item)
    joined = [_join(items) for items in grouped.values()]
    return tuple(sorted(joined, key=lambda item: _sort_key(item, further_sheets)))


def _join(findings: list[Finding]) -> Finding:
    if len(findings) == 1:
        return findings[0]
    cells = [c for item in findings for c in item.cell.split(",") if c]
    fields = [f for item in findings for f in item.field.split(",") if f]
    first = findings[0]
    subject = _named(findings)
    message = subject + first.message.removeprefix(first.subject)
    return replace(
        first, cell=",".join(cells), field=",".join(fields), message=message, subject=subject
    )


_MOST_NAMED = 3
"""So many rows are named in a joined finding."""


def _named(findings: list[Finding]) -> str:
    """The rows that equal findings are about: `指标“培训人次”、指标“培训场次”`."""
    subjects = list(dict.fromkeys(item.subject for item in findings))
    rest = f"等 {len(findings)} 处" if len(subjects) > _MOST_NAMED else ""
    return "、".join(subjects[:_MOST_NAMED]) + rest


def _sort_key(
    item: Finding, further_sheets: Collection[str]
) -> tuple[bool, bool, str, int, int, str]:
    first = item.cell.partition(",")[0]
    row, column = split_a1(first) if first else (0, 0)
    late = item.sheet in further_sheets
    return item.sheet == CHECK_SHEET, late, item.sheet, row, column, item.code


# --- a rule's own cases ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trial:
    """A case of a rule as a filling of the form, and where its verdict is read."""

    filling: Filling
    count: int
    """So many of the rule's verdicts, from the first, are the case's: one a row that it gives."""

    def verdict(self, verdicts: Iterable[int]) -> str:
        """One word for the verdicts of the rule on the filling: holds, broken or undecided."""
        own_verdicts = list(verdicts)[: self.count]
        if BROKEN in own_verdicts:
            return "broken"
        return "undecided" if UNDECIDED in own_verdicts else "holds"


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
    return Trial(Filling(values, rows), len(case.rows) if rule.grain == ROW else 1)


def judge_case(form: Form, rule: Rule, case: Case) -> str:
    """The verdict of a rule on one of its cases: holds, broken or undecided."""
    return judge_trials(form, [(rule, trial(rule, case))])[0]


def judge_trials(form: Form, trials: Sequence[tuple[Rule, Trial]]) -> list[str]:
    """The verdict of each rule on the filling beside it."""
    if not trials:
        return []
    fillings = [submit(form, tried.filling) for _, tried in trials]
    batch = gather(form, fillings, View.PRINTED)
    return [tried.verdict(batch.judge(rule)[i].tolist()) for i, (rule, tried) in enumerate(trials)]
