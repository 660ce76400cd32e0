"""What was done to a returned workbook besides filling it in: locks, formulas, labels, sheets.

All is compared with what the layout says must stand there, page by page. What an honest save by another program
changes (spaces and quotes in formulas, styles' numbers, the structure lock, lost cached values) is
no finding, or a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from workbook.address import Address, split_a1
from workbook.catalogue import Severity
from workbook.findings import Finding, finding
from workbook.form import Raw
from workbook.layout import Admitted, Label, Page, canonical
from workbook.package import Sheet, Validation
from workbook.reading.displacement import Shift, moved_layout, shift_of
from workbook.reading.expected_page import Imprint, anywhere, imprints_of
from workbook.reading.inspection import (
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
from workbook.reading.stray_content import hidden, merges, outside, sheets
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


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A page of the form as it came back."""

    usual: str
    """What its sheet is called in the template."""
    sheet: Sheet
    print_: Imprint
    """What it must show, where its cells stand now."""
    shift: Shift | None
    """How its cells moved; None if all stand where the template has them."""
    lost: bool
    """Whether cells are gone, so that it is not certain how the others moved."""

    @property
    def hints(self) -> int:
        """The column that tells what is open in each row; 0 if it was taken out."""
        usual = self.print_.page.hint_column
        return usual if self.shift is None else self.shift.columns.get(usual, 0)


def audit(evidence: Evidence) -> Audit:
    """Everything that was tampered with or drifted in a workbook that came from our template."""
    layout, pages = evidence.layout, dict(evidence.pages())
    if evidence.package.values_only or layout.form.sheet not in pages:
        return audit_pasted(evidence)
    found = [*_contents(evidence), *sheets(evidence)]
    found += [finding("L206", sheet=s.name) for s in pages.values() if not s.protected]
    home = pages[layout.form.sheet]
    if _nothing_computed(home):
        found.append(finding("L212", sheet=home.name, label=""))
    if not evidence.same_definition:
        return Audit(tuple(found))
    overtyped: list[str] = []
    for leaf in _leaves(evidence):
        foreign = () if leaf.lost else _foreign(evidence, leaf.print_)
        found += _moves(evidence, leaf)
        if leaf.shift is None and not leaf.lost:
            found += merges(leaf.sheet, leaf.print_.merges, leaf.print_.input_cells)
        found += _locks(evidence, leaf)
        found += _validations(evidence, leaf)
        found += _formulas(evidence, leaf.print_, foreign)
        found += _labels(evidence, leaf)
        found += _outside(evidence, leaf)
        overtyped += (n for n in foreign if layout.spots[n].field.mode == "suggested")
    return Audit((*found, *_issued(evidence)), tuple(overtyped))


def audit_pasted(evidence: Evidence) -> Audit:
    """The same of a workbook whose formulas and locks are not the template's, or not known."""
    found = [*_contents(evidence), *_issued(evidence)]
    if evidence.same_definition:
        found += (what for leaf in _leaves(evidence) for what in _outside(evidence, leaf))
    return Audit(tuple(found))


def _leaves(evidence: Evidence) -> Iterator[_Leaf]:
    layout, pages = evidence.layout, dict(evidence.pages())
    shifts = {
        usual: shift
        for usual, sheet in pages.items()
        if (shift := _shift(evidence, layout.pages[usual], sheet)) is not None
    }
    now = moved_layout(layout, evidence.addresses, shifts) if shifts else layout
    prints = imprints_of(layout) if now is layout else Imprint.moved(now, pages)
    for usual, sheet in pages.items():
        yield _Leaf(usual, sheet, prints[usual], shifts.get(usual), evidence.lost_on(usual))


def _outside(evidence: Evidence, leaf: _Leaf) -> Iterator[Finding]:
    return outside(evidence, leaf.sheet, leaf.print_.known, leaf.print_.texts, leaf.hints)


def _contents(evidence: Evidence) -> Iterator[Finding]:
    """What no return should hold, wherever it came from; nothing of it is run or followed."""
    package = evidence.package
    if package.has_macros:
        yield finding("W114")
    if package.external_links:
        yield finding("W115", detail=some(package.external_links))
    if package.embedded:
        yield finding("W116", detail=some(package.embedded))
    for _, sheet in evidence.pages():
        yield from hidden(evidence, sheet)
    yield from _departments(evidence)


# --- locks, validations, formulas, labels ---------------------------------------------------------


def _locks(evidence: Evidence, leaf: _Leaf) -> Iterator[Finding]:
    sheet, print_, shift = leaf.sheet, leaf.print_, leaf.shift
    unlocked, editable = evidence.package.unlocked, print_.editable
    open_ = [at for at, cell in sheet.cells.items() if cell.style in unlocked]
    last, right = print_.page.last_row, print_.page.hint_column
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


def _validations(evidence: Evidence, leaf: _Leaf) -> Iterator[Finding]:
    """Inputs that lost their validation, and those that let in something else now."""
    sheet, print_ = leaf.sheet, leaf.print_
    usual = print_.layout is evidence.layout and len(sheet.validations) <= _CACHED
    compare = _compared if usual else _compared.__wrapped__
    for code, names in zip(("L210", "L219"), compare(sheet.validations, print_), strict=True):
        here = [name for name in names if name in evidence.addresses]
        if here:
            places = [evidence.addresses[name] for name in here]
            what = grouped(code, sheet.name, [(at.row, at.column) for at in places])
            yield replace(what, field=",".join(here[:LISTED]))


# Returns of one template share their validations, and few departments change them.
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
    return anywhere(validation.formula1) == due.formula


Rectangle = tuple[int, int, int, int]
"""Top, left, bottom, right."""


# The same areas stand in every return.
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
            if written is None or written == due or canonical(written) == canonical(due):
                continue
            if not _speaks_of_the_usual(evidence, spot.name, written):
                found.append(spot.name)
    return found


def _speaks_of_the_usual(evidence: Evidence, name: str, written: str) -> bool:
    """Whether a further sheet's formula still speaks of the form's sheet, where that was copied or
    renamed, or of what was lost with it, where the first was taken out then."""
    layout = evidence.layout
    home, spot = layout.form.sheet, layout.spots[name]
    further = spot.address.sheet in layout.form.further_sheets
    if not further or evidence.now(home) == home:
        return False
    if "#REF!" in written:
        return True
    due = imprints_of(layout)[spot.address.sheet].formula(spot)
    return canonical(written) == canonical(due)


def _labels(evidence: Evidence, leaf: _Leaf) -> Iterator[Finding]:
    """Printed words and fixed values that read otherwise; blanks, width and case do not count."""
    sheet, print_, shift = leaf.sheet, leaf.print_, leaf.shift
    usual = evidence.layout.pages[leaf.usual].labels
    sure = shift.sure if shift is not None and leaf.lost else None
    for (at, label, folded), own in zip(print_.labels, usual, strict=True):
        stored = sheet.cells.get(at)
        value = stored.value if stored is not None else None
        if value == label.text or (value is None and not label.text):
            continue
        gone = shift is not None and shift.gone(own)
        if gone and shift is not None and _told(evidence, leaf.usual, own, shift):
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


def _told(evidence: Evidence, usual: str, label: Label, shift: Shift) -> bool:
    """Whether the loss of a label's row or column is told already, as that of cells (L201)."""
    spots = evidence.layout.spots.items()
    lost = [s.address for n, s in spots if s.address.sheet == usual and n not in evidence.addresses]
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


def _shift(evidence: Evidence, page: Page, sheet: Sheet) -> Shift | None:
    """How a page's cells moved; None if all stand where the template has them."""
    spots, due = evidence.layout.spots, page.paper.sheet
    usual = ((at, spots[name].address) for name, at in evidence.addresses.items())
    if all(at is place or at == place for at, place in usual if place.sheet == due):
        return None
    texts = {at: squeezed(cell.value) for at, cell in sheet.cells.items() if cell.type == "s"}
    labels = [
        replace(label, text=squeezed(label.text.format(fiscal_year=evidence.year)))
        if label.role == "title"
        else replace(label, text=squeezed(label.text))
        for label in page.labels
    ]
    return shift_of(evidence.layout, page, evidence.addresses, sheet.name, labels, texts)


def _moves(evidence: Evidence, leaf: _Leaf) -> Iterator[Finding]:
    shift, home = leaf.shift, leaf.sheet.name
    if shift is None:
        return
    if shift.told:
        yield finding("L215", sheet=home, detail="，".join(shift.told))
    if shift.astray:
        places = [evidence.addresses[name] for name in shift.astray]
        cells = [(at.row, at.column) for at in places if at.sheet == home]
        detail = f"有 {len(places)} 个单元格的名称指向了别处"
        what = grouped("L215", home, cells, detail=detail)
        names = ",".join(shift.astray[:LISTED])
        yield replace(what, severity=Severity.WARNING, field=names)
