"""What was done to a returned workbook besides filling it in: locks, formulas, labels, sheets.

All is compared with what the layout says must stand there. What an honest save by another program
changes (spaces and quotes in formulas, styles' numbers, the structure lock, lost cached values) is
no finding, or a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from workbook.address import Address, area, split_a1
from workbook.admitted import Admitted, admitted
from workbook.evidence import (
    LISTED,
    Evidence,
    Position,
    at_field,
    formula_words,
    grouped,
    some,
    squeezed,
    words,
)
from workbook.findings import Finding, Severity, finding
from workbook.formulas import Formulas, canonical
from workbook.kinds import Raw
from workbook.layout import Label, Layout, Spot
from workbook.package import Sheet, Validation
from workbook.shift import Shift, moved_layout, shift_of
from workbook.strays import hidden, merges, outside, sheets
from workbook.text import fold

_CACHED = 500
"""Of a sheet with more validations than this, nothing is kept in mind."""
_AREAS = 10_000
"""So many ranges of validations are looked at: a template has some hundreds."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found, and which suggested cells hold a formula of the department's own."""

    findings: tuple[Finding, ...]
    overtyped: tuple[str, ...] = ()


def audit(evidence: Evidence) -> Audit:
    """Everything that was tampered with or drifted in a workbook that came from our template."""
    layout, home = evidence.layout, evidence.home
    sheet = evidence.package.sheet(home)
    if evidence.package.values_only or sheet is None:
        return audit_pasted(evidence)
    found = [*_contents(evidence), *sheets(evidence)]
    if not sheet.protected:
        found.append(finding("L206", sheet=home))
    if _nothing_computed(sheet):
        found.append(finding("L212", sheet=home, label=""))
    if not evidence.same_definition:
        return Audit(tuple(found))
    print_ = Imprint.of(layout)
    shift = _shift(evidence, sheet)
    if shift is not None:
        found += _moves(evidence, shift)
        print_ = Imprint(moved_layout(layout, evidence.addresses, shift), home)
    elif not evidence.lost:
        found += merges(sheet, print_.merges, print_.input_cells)
    found += _locks(evidence, sheet, print_, shift)
    found += _validations(evidence, sheet, print_, shift)
    foreign = () if evidence.lost else _foreign(evidence, print_)
    found += _formulas(evidence, print_, foreign)
    found += _labels(evidence, sheet, print_, shift)
    found += _issued(evidence)
    found += outside(evidence, sheet, print_.known, print_.texts, _hints(layout, shift))
    overtyped = (name for name in foreign if layout.spots[name].field.mode == "suggested")
    return Audit(tuple(found), tuple(overtyped))


def audit_pasted(evidence: Evidence) -> Audit:
    """The same of a workbook whose formulas and locks are not the template's, or not known."""
    found = [*_contents(evidence), *_issued(evidence)]
    sheet = evidence.package.sheet(evidence.home)
    if sheet is not None and evidence.same_definition:
        print_ = Imprint.of(evidence.layout)
        shift = _shift(evidence, sheet)
        if shift is not None:
            print_ = Imprint(
                moved_layout(evidence.layout, evidence.addresses, shift), evidence.home
            )
        hints = _hints(evidence.layout, shift)
        found += outside(evidence, sheet, print_.known, print_.texts, hints)
    return Audit(tuple(found))


def _hints(layout: Layout, shift: Shift | None) -> int:
    """The column that tells what is open in each row; 0 if it is gone."""
    return layout.hint_column if shift is None else shift.columns.get(layout.hint_column, 0)


def _contents(evidence: Evidence) -> Iterator[Finding]:
    """What no return should hold, wherever it came from; nothing of it is run or followed."""
    package = evidence.package
    if package.has_macros:
        yield finding("W114")
    if package.external_links:
        yield finding("W115", detail=some(package.external_links))
    if package.embedded:
        yield finding("W116", detail=some(package.embedded))
    sheet = package.sheet(evidence.home)
    if sheet is not None:
        yield from hidden(evidence, sheet)
    yield from _departments(evidence)


class Imprint:
    """What a layout's form sheet must show, worked out once for all returns of the layout."""

    _kept: dict[int, Imprint] = {}  # noqa: RUF012 - bounded below

    def __init__(self, layout: Layout, home: str) -> None:
        self.layout = layout
        self.home = home
        self.labels = tuple(
            ((label.top, label.left), label, fold(label.text)) for label in layout.labels
        )
        drawn = [s for s in layout.spots.values() if s.address.sheet == home]
        self.inputs = tuple(
            (s.name, (s.address.row, s.address.column)) for s in drawn if s.field.is_input
        )
        self.input_cells = frozenset(at for _, at in self.inputs)
        self.editable = frozenset(
            cell
            for s in drawn
            if s.field.is_input and s.field.by != "reviewer"
            for cell in _area(s)
        )
        self.entered = tuple(s.name for s in drawn if s.field.mode == "entered")
        self.fixed = tuple(s for s in drawn if s.field.mode == "fixed")
        self.computed = tuple(
            s for s in layout.spots.values() if s.field.mode in ("computed", "suggested")
        )
        self.known = frozenset(_anchors(layout, drawn))
        """Where the template itself has something, or room for it."""
        self.texts = frozenset(fold(label.text) for label in layout.labels)
        self.merges = frozenset(_merges(layout, drawn))
        self._formulas: dict[str, str] = {}
        self._admitted: dict[str, Admitted] = {}

    @classmethod
    def of(cls, layout: Layout) -> Imprint:
        key = id(layout)  # which is kept, so its number is not given to another
        kept = cls._kept.get(key)
        if kept is None:
            if len(cls._kept) >= LISTED:
                cls._kept.clear()
            kept = cls._kept[key] = cls(layout, layout.form.sheet)
        return kept

    def formula(self, spot: Spot) -> str:
        """The template's own formula of a spot, without "="."""
        if spot.name not in self._formulas:
            text = self._rendering.computed(spot.field.key, spot.address.sheet, spot.number)
            self._formulas[spot.name] = text.removeprefix("=")
        return self._formulas[spot.name]

    def admitted(self, name: str) -> Admitted:
        """What the template lets into an input."""
        if name not in self._admitted:
            due = admitted(self.layout.spots[name], self._rendering, self.home)
            self._admitted[name] = Admitted(due.type, _anywhere(due.formula))
        return self._admitted[name]

    @property
    def _rendering(self) -> Formulas:
        usual = self.home == self.layout.form.sheet
        return Formulas.of(self.layout) if usual else Formulas(self.layout)


def _anchors(layout: Layout, drawn: Sequence[Spot]) -> Iterator[Position]:
    yield from ((label.top, label.left) for label in layout.labels)
    yield from ((spot.address.row, spot.address.column) for spot in drawn)


def _merges(layout: Layout, drawn: Sequence[Spot]) -> Iterator[str]:
    areas = [(x.top, x.left, x.bottom, x.right) for x in layout.labels]
    areas += [(s.address.row, s.address.column, s.bottom, s.right) for s in drawn]
    yield from (area(*one) for one in areas if one[:2] != one[2:])


def _area(spot: Spot) -> Iterator[Position]:
    for row in range(spot.address.row, spot.bottom + 1):
        for column in range(spot.address.column, spot.right + 1):
            yield row, column


# --- locks, validations, formulas, labels ---------------------------------------------------------


def _locks(
    evidence: Evidence, sheet: Sheet, print_: Imprint, shift: Shift | None
) -> Iterator[Finding]:
    unlocked, editable = evidence.package.unlocked, print_.editable
    open_ = [at for at, cell in sheet.cells.items() if cell.style in unlocked]
    last, right = print_.layout.last_row, print_.layout.hint_column
    wrong = [at for at in open_ if at not in editable and at[0] <= last and at[1] <= right]
    if shift is not None:  # rows that were put in look like their neighbours
        rows, columns = set(shift.rows.values()), set(shift.columns.values())
        wrong = [at for at in wrong if at[0] in rows and at[1] in columns]
    issued = [f"identity.{name}" for name in _DEPARTMENT if evidence.records.get(name)]
    for name in (*issued, *evidence.issued):
        stored, at = evidence.stored(name), evidence.addresses.get(name)
        if at and stored is not None and at.sheet == sheet.name and stored.style in unlocked:
            wrong.append((at.row, at.column))
    if wrong:
        merged = [rectangle for text in sheet.merges if (rectangle := _rectangle(text))]
        heads = {rectangle[:2] for rectangle in merged}  # a merged cell is named by its first
        named = [at for at in wrong if at in heads or not _within(at, merged)]
        yield grouped("L207", sheet.name, sorted(named or wrong))


_DEPARTMENT = ("department", "department_code")


def _validations(
    evidence: Evidence, sheet: Sheet, print_: Imprint, shift: Shift | None
) -> Iterator[Finding]:
    """Inputs that lost their validation, and those that let in something else now."""
    known = shift is None and len(sheet.validations) <= _CACHED
    compare = _compared if known else _compared.__wrapped__
    for code, names in zip(("L210", "L219"), compare(sheet.validations, print_), strict=True):
        here = [name for name in names if name in evidence.addresses]
        if here:
            places = [evidence.addresses[name] for name in here]
            what = grouped(code, sheet.name, [(at.row, at.column) for at in places])
            yield replace(what, field=",".join(here[:LISTED]))


@lru_cache(maxsize=64)
def _compared(
    validations: tuple[Validation, ...], print_: Imprint
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of inputs without any validation, and of those with another one than the template's."""
    single: dict[Position, Validation] = {}
    larger: list[tuple[Rectangle, Validation]] = []
    areas = ((text, v) for v in validations if v.type != "none" for text in v.sqref.split())
    for text, validation in islice(areas, _AREAS):
        rectangle = _rectangle(text)
        if rectangle is not None and rectangle[:2] == rectangle[2:]:
            single[rectangle[:2]] = validation
        elif rectangle is not None:
            larger.append((rectangle, validation))
    bare, changed = [], []
    for name, at in print_.inputs:
        here = single.get(at) or next((v for r, v in larger if _holds(r, at)), None)
        if here is None:
            bare.append(name)
        elif not _admits(here, print_.admitted(name)):
            changed.append(name)
    return tuple(bare), tuple(changed)


def _admits(validation: Validation, due: Admitted) -> bool:
    """Whether a validation lets in what is due, whichever cells it names.

    LibreOffice leaves them behind when rows move or are pasted, and writes #REF! when a sheet goes.
    """
    if validation.type != due.type or not validation.stops:
        return False
    if due.type == "textLength" and validation.operator != "lessThanOrEqual":
        return False
    return _anywhere(validation.formula1) == due.formula


_CELLS = re.compile(r"#REF!|(?<![\w.$])\$?[A-Z]{1,3}\$?[0-9]{1,7}(?![\w.(])")


@lru_cache(maxsize=4096)
def _anywhere(formula: str) -> str:
    """A formula without saying which cells it looks at."""
    return _CELLS.sub("¤", canonical(formula))


Rectangle = tuple[int, int, int, int]
"""Top, left, bottom, right."""


@lru_cache(maxsize=4096)
def _rectangle(text: str) -> Rectangle | None:
    first, _, last = text.partition(":")
    try:
        return *split_a1(first), *split_a1(last or first)
    except ValueError:
        return None


def _holds(rectangle: Rectangle, at: Position) -> bool:
    top, left, bottom, right = rectangle
    return top <= at[0] <= bottom and left <= at[1] <= right


def _within(at: Position, areas: Iterable[Rectangle]) -> bool:
    return any(_holds(rectangle, at) for rectangle in areas)


def _formulas(evidence: Evidence, print_: Imprint, foreign: Sequence[str]) -> Iterator[Finding]:
    for name in print_.entered:
        if evidence.cells[name].formula and name in evidence.addresses:
            yield at_field(evidence, "L211", name, printed=_written(evidence, name))
    for name in foreign:
        spot = print_.layout.spots[name]
        code = "L208" if spot.field.mode == "computed" else "L211"
        due = formula_words(print_.formula(spot))
        yield at_field(evidence, code, name, printed=_written(evidence, name), expected=due)


def _written(evidence: Evidence, name: str) -> str:
    stored = evidence.stored(name)
    return formula_words(stored.formula if stored is not None else "")


def _foreign(evidence: Evidence, print_: Imprint) -> Sequence[str]:
    """The computed and suggested cells in which a formula stands that is not the template's."""
    found = []
    for spot in print_.computed:
        if evidence.cells[spot.name].formula:
            stored = evidence.stored(spot.name)
            written = stored.formula if stored is not None else None
            due = print_.formula(spot)
            if written is not None and written != due and canonical(written) != canonical(due):
                found.append(spot.name)
    return found


def _labels(
    evidence: Evidence, sheet: Sheet, print_: Imprint, shift: Shift | None
) -> Iterator[Finding]:
    """Printed words and fixed values that read otherwise; blanks, width and case do not count."""
    usual = evidence.layout.labels
    sure = shift.sure if shift is not None and evidence.lost else None
    for (at, label, folded), own in zip(print_.labels, usual, strict=True):
        stored = sheet.cells.get(at)
        value = stored.value if stored is not None else None
        if value == label.text or (value is None and not label.text):
            continue
        gone = shift is not None and shift.gone(own)
        if gone and shift is not None and _told(evidence, own, shift):
            continue
        text, due = None if gone else value, label.text
        if label.role == "title":
            due = label.text.format(fiscal_year=evidence.year)
            if text == due:
                continue
            folded = fold(due)  # noqa: PLW2901 - the title has its year
        if (sure is None or gone or own.top in sure) and _folded(text) != folded:
            place = (own.top, own.left) if gone else at
            cell = Address(sheet.name, *place).a1
            printed, expected = words(text), words(due)
            yield finding("L209", sheet=sheet.name, cell=cell, printed=printed, expected=expected)
    for spot in print_.fixed:
        if spot.name in evidence.addresses:
            yield from _unlike(evidence, spot.name, spot.field.value)


def _told(evidence: Evidence, label: Label, shift: Shift) -> bool:
    """Whether the loss of a label's row or column is told already, as that of cells (L201)."""
    lost = [
        s.address for name, s in evidence.layout.spots.items() if name not in evidence.addresses
    ]
    row, column = label.top not in shift.rows, label.left not in shift.columns
    return any((row and at.row == label.top) or (column and at.column == label.left) for at in lost)


def _issued(evidence: Evidence) -> Iterator[Finding]:
    """What the bureau filled in and locked, where something else stands now."""
    for name, value in evidence.issued.items():
        if name in evidence.addresses:
            yield from _unlike(evidence, name, value)


def _unlike(evidence: Evidence, name: str, due: Raw) -> Iterator[Finding]:
    raw = evidence.cells[name].raw
    if raw != due and _folded(raw) != _folded(due):
        yield at_field(evidence, "L209", name, printed=words(raw), expected=words(due))


def _folded(value: object) -> str:
    return fold(value if isinstance(value, str) else squeezed(value))


def _nothing_computed(sheet: Sheet) -> bool:
    formulas = [cell for cell in sheet.cells.values() if cell.formula is not None]
    return bool(formulas) and all(cell.value is None for cell in formulas)


# --- departments, what has moved ------------------------------------------------------------------


def _departments(evidence: Evidence) -> Iterator[Finding]:
    """A department other than the one that the template was issued to."""
    for record in _DEPARTMENT:
        name, issued = f"identity.{record}", evidence.records.get(record, "")
        cell = evidence.cells.get(name)
        if cell is None or cell.value is None or not issued or name not in evidence.addresses:
            continue
        typed = str(cell.raw if isinstance(cell.raw, str) else cell.value)
        if typed != issued and fold(typed) != fold(issued):
            yield at_field(evidence, "L216", name, printed=typed, expected=issued)


def _shift(evidence: Evidence, sheet: Sheet) -> Shift | None:
    """How the form sheet's cells moved; None if all stand where the template has them."""
    spots = evidence.layout.spots
    if all(at == spots[name].address for name, at in evidence.addresses.items()):
        return None
    texts = {at: squeezed(cell.value) for at, cell in sheet.cells.items() if cell.type == "s"}
    labels = [
        replace(label, text=squeezed(label.text.format(fiscal_year=evidence.year)))
        if label.role == "title"
        else replace(label, text=squeezed(label.text))
        for label in evidence.layout.labels
    ]
    return shift_of(evidence.layout, evidence.addresses, sheet.name, labels, texts)


def _moves(evidence: Evidence, shift: Shift) -> Iterator[Finding]:
    home = evidence.home
    if shift.told:
        yield finding("L215", sheet=home, detail="，".join(shift.told))
    if shift.astray:
        places = [evidence.addresses[name] for name in shift.astray]
        cells = [(at.row, at.column) for at in places if at.sheet == home]
        detail = f"有 {len(places)} 个单元格的名称指向了别处"
        what = grouped("L215", home, cells, detail=detail)
        names = ",".join(shift.astray[:LISTED])
        yield replace(what, severity=Severity.WARNING, field=names)
