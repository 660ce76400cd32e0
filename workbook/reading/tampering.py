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
    abridged,
    at_field,
    formula_words,
    grouped,
    squeezed,
    words,
)
from workbook.reading.stray_content import (
    changed_merges,
    changed_sheets,
    hidden_content,
    stray_cells,
)
from workbook.text import fold, fold_as_seen

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

    usual_name: str
    """What its sheet is called in the template."""
    sheet: Sheet
    imprint: Imprint
    """What it must show, where its cells stand now."""
    shift: Shift | None
    """How its cells moved; None if all stand where the template has them."""
    lost: bool
    """Whether cells are gone, so that it is not certain how the others moved."""

    @property
    def hint_column(self) -> int:
        """The column that tells what is open in each row; 0 if it was taken out."""
        usual_column = self.imprint.page.hint_column
        return usual_column if self.shift is None else self.shift.columns.get(usual_column, 0)


def audit(evidence: Evidence) -> Audit:
    """Everything that was tampered with or drifted in a workbook that came from our template."""
    layout, pages = evidence.layout, dict(evidence.pages())
    if evidence.package.values_only or layout.form.sheet not in pages:
        return audit_pasted(evidence)
    findings = [*_contents(evidence), *changed_sheets(evidence)]
    findings += [finding("L206", sheet=s.name) for s in pages.values() if not s.protected]
    home = pages[layout.form.sheet]
    if _nothing_computed(home):
        findings.append(finding("L212", sheet=home.name, label=""))
    if not evidence.same_definition:
        return Audit(tuple(findings))
    overtyped: list[str] = []
    for leaf in _leaves(evidence):
        foreign = () if leaf.lost else _foreign_formulas(evidence, leaf.imprint)
        findings += _moves(evidence, leaf)
        if leaf.shift is None and not leaf.lost:
            findings += changed_merges(leaf.sheet, leaf.imprint.merges, leaf.imprint.input_cells)
        findings += _locks(evidence, leaf)
        findings += _validations(evidence, leaf)
        findings += _formulas(evidence, leaf.imprint, foreign)
        findings += _labels(evidence, leaf)
        findings += _stray_cells(evidence, leaf)
        overtyped += (name for name in foreign if layout.spots[name].field.mode == "suggested")
    return Audit((*findings, *_issued(evidence)), tuple(overtyped))


def audit_pasted(evidence: Evidence) -> Audit:
    """The same of a workbook whose formulas and locks are not the template's, or not known."""
    findings = [*_contents(evidence), *_issued(evidence)]
    if evidence.same_definition:
        findings += (
            violation for leaf in _leaves(evidence) for violation in _stray_cells(evidence, leaf)
        )
    return Audit(tuple(findings))


def _leaves(evidence: Evidence) -> Iterator[_Leaf]:
    layout, pages = evidence.layout, dict(evidence.pages())
    shifts = {
        usual_name: shift
        for usual_name, sheet in pages.items()
        if (shift := _shift(evidence, layout.pages[usual_name], sheet)) is not None
    }
    present_layout = moved_layout(layout, evidence.addresses, shifts) if shifts else layout
    imprints = (
        imprints_of(layout) if present_layout is layout else Imprint.moved(present_layout, pages)
    )
    for usual_name, sheet in pages.items():
        yield _Leaf(
            usual_name,
            sheet,
            imprints[usual_name],
            shifts.get(usual_name),
            evidence.lost_on(usual_name),
        )


def _stray_cells(evidence: Evidence, leaf: _Leaf) -> Iterator[Finding]:
    return stray_cells(
        evidence, leaf.sheet, leaf.imprint.occupied, leaf.imprint.texts, leaf.hint_column
    )


def _contents(evidence: Evidence) -> Iterator[Finding]:
    """What no return should hold, wherever it came from; nothing of it is run or followed."""
    package = evidence.package
    if package.has_macros:
        yield finding("W114")
    if package.external_links:
        yield finding("W115", detail=abridged(package.external_links))
    if package.embedded:
        yield finding("W116", detail=abridged(package.embedded))
    for _, sheet in evidence.pages():
        yield from hidden_content(evidence, sheet)
    yield from _departments(evidence)


# --- locks, validations, formulas, labels ---------------------------------------------------------


def _locks(evidence: Evidence, leaf: _Leaf) -> Iterator[Finding]:
    sheet, imprint, shift = leaf.sheet, leaf.imprint, leaf.shift
    unlocked, editable = evidence.package.unlocked, imprint.editable
    unlocked_cells = [at for at, cell in sheet.cells.items() if cell.style in unlocked]
    last, right = imprint.page.last_row, imprint.page.hint_column
    wrongly_unlocked = [
        at for at in unlocked_cells if at not in editable and at[0] <= last and at[1] <= right
    ]
    if shift is not None:  # rows that were put in look like their neighbours
        rows, columns = set(shift.rows.values()), set(shift.columns.values())
        wrongly_unlocked = [at for at in wrongly_unlocked if at[0] in rows and at[1] in columns]
    issued = [f"identity.{name}" for name in _DEPARTMENT if evidence.records.get(name)]
    for name in (*issued, *evidence.issued):
        stored, at = evidence.stored(name), evidence.addresses.get(name)
        if at and stored is not None and at.sheet == sheet.name and stored.style in unlocked:
            wrongly_unlocked.append((at.row, at.column))
    if wrongly_unlocked:
        merged = [rectangle for text in sheet.merges if (rectangle := _rectangle(text))]
        heads = {rectangle[:2] for rectangle in merged}  # a merged cell is named by its first
        named = [at for at in wrongly_unlocked if at in heads or not _within(at, merged)]
        yield grouped("L207", sheet.name, sorted(named or wrongly_unlocked))


_DEPARTMENT = ("department", "department_code")


def _validations(evidence: Evidence, leaf: _Leaf) -> Iterator[Finding]:
    """Inputs that lost their validation, and those that let in something else now."""
    sheet, imprint = leaf.sheet, leaf.imprint
    cacheable = imprint.layout is evidence.layout and len(sheet.validations) <= _CACHED
    compare = _compared if cacheable else _compared.__wrapped__
    for code, names in zip(("L210", "L219"), compare(sheet.validations, imprint), strict=True):
        located_names = [name for name in names if name in evidence.addresses]
        if located_names:
            addresses = [evidence.addresses[name] for name in located_names]
            violation = grouped(code, sheet.name, [(at.row, at.column) for at in addresses])
            yield replace(violation, field=",".join(located_names[:LISTED]))


# Returns of one template share their validations, and few departments change them.
@lru_cache(maxsize=64)
def _compared(
    validations: tuple[Validation, ...], imprint: Imprint
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
    for name, at in imprint.inputs:
        applied = single.get(at) or next((v for r, v in larger if _holds(r, at)), None)
        if applied is None:
            bare.append(name)
        elif not _admits(applied, imprint.admitted(name)):
            changed.append(name)
    return tuple(bare), tuple(changed)


def _admits(validation: Validation, expected: Admitted) -> bool:
    """Whether a validation lets in what is due, whichever cells it names.

    LibreOffice leaves them behind when rows move or are pasted, and writes #REF! when a sheet goes.
    """
    if validation.type != expected.type or not validation.stops:
        return False
    if expected.type == "textLength" and validation.operator != "lessThanOrEqual":
        return False
    return anywhere(validation.formula1) == expected.formula


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


def _formulas(evidence: Evidence, imprint: Imprint, foreign: Sequence[str]) -> Iterator[Finding]:
    for name in imprint.entered:
        if evidence.cells[name].formula and name in evidence.addresses:
            yield at_field(evidence, "L211", name, printed=_written(evidence, name))
    for name in foreign:
        spot = imprint.layout.spots[name]
        code = "L208" if spot.field.mode == "computed" else "L211"
        expected = formula_words(imprint.formula(spot))
        yield at_field(evidence, code, name, printed=_written(evidence, name), expected=expected)


def _written(evidence: Evidence, name: str) -> str:
    stored = evidence.stored(name)
    return formula_words(stored.formula if stored is not None else "")


def _foreign_formulas(evidence: Evidence, imprint: Imprint) -> Sequence[str]:
    """The computed and suggested cells in which a formula stands that is not the template's."""
    foreign_names = []
    for spot in imprint.computed:
        if evidence.cells[spot.name].formula:
            stored = evidence.stored(spot.name)
            written = stored.formula if stored is not None else None
            expected = imprint.formula(spot)
            if written is None or written == expected or canonical(written) == canonical(expected):
                continue
            if not _speaks_of_usual_sheet(evidence, spot.name, written):
                foreign_names.append(spot.name)
    return foreign_names


def _speaks_of_usual_sheet(evidence: Evidence, name: str, written: str) -> bool:
    """Whether a further sheet's formula still speaks of the form's sheet, where that was copied or
    renamed, or of what was lost with it, where the first was taken out then."""
    layout = evidence.layout
    home, spot = layout.form.sheet, layout.spots[name]
    further = spot.address.sheet in layout.form.further_sheets
    if not further or evidence.present_name(home) == home:
        return False
    if "#REF!" in written:
        return True
    expected = imprints_of(layout)[spot.address.sheet].formula(spot)
    return canonical(written) == canonical(expected)


def _labels(evidence: Evidence, leaf: _Leaf) -> Iterator[Finding]:
    """Printed words and fixed values that read otherwise; blanks, width and case do not count."""
    sheet, imprint, shift = leaf.sheet, leaf.imprint, leaf.shift
    usual_labels = evidence.layout.pages[leaf.usual_name].labels
    sure = shift.sure if shift is not None and leaf.lost else None
    for (at, label, folded), usual_label in zip(imprint.labels, usual_labels, strict=True):
        stored = sheet.cells.get(at)
        value = stored.value if stored is not None else None
        if value == label.text or (value is None and not label.text):
            continue
        gone = shift is not None and shift.gone(usual_label)
        if (
            gone
            and shift is not None
            and _loss_is_reported(evidence, leaf.usual_name, usual_label, shift)
        ):
            continue
        printed_text, expected_text = None if gone else value, label.text
        if label.role == "title":
            expected_text = label.text.format(fiscal_year=evidence.year)
            if printed_text == expected_text:
                continue
            folded = fold(expected_text)  # noqa: PLW2901 - the title has its year
        if (sure is None or gone or usual_label.top in sure) and _folded(printed_text) != folded:
            position = (usual_label.top, usual_label.left) if gone else at
            cell = Address(sheet.name, *position).a1
            printed, expected = words(printed_text), words(expected_text)
            yield finding("L209", sheet=sheet.name, cell=cell, printed=printed, expected=expected)
    for spot in imprint.fixed:
        if spot.name in evidence.addresses:
            yield from _overwritten(evidence, spot.name, spot.field.value)


def _loss_is_reported(evidence: Evidence, usual_name: str, label: Label, shift: Shift) -> bool:
    """Whether the loss of a label's row or column is reported already, as that of cells (L201)."""
    spots = evidence.layout.spots.items()
    lost_addresses = [
        spot.address
        for name, spot in spots
        if spot.address.sheet == usual_name and name not in evidence.addresses
    ]
    row, column = label.top not in shift.rows, label.left not in shift.columns
    return any(
        (row and at.row == label.top) or (column and at.column == label.left)
        for at in lost_addresses
    )


def _issued(evidence: Evidence) -> Iterator[Finding]:
    """What the bureau filled in and locked, or left blank for itself, where something else stands now."""
    for name, value in evidence.issued.items():
        if name in evidence.addresses:
            yield from _overwritten(evidence, name, value)
    for imprint in imprints_of(evidence.layout).values():
        for name in imprint.bureau:
            if name in evidence.addresses and name not in evidence.issued:
                yield from _overwritten(evidence, name, None)


def _overwritten(evidence: Evidence, name: str, expected: Raw) -> Iterator[Finding]:
    raw = evidence.cells[name].raw
    if raw != expected and _folded(raw) != _folded(expected):
        yield at_field(evidence, "L209", name, printed=words(raw), expected=words(expected))


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
        if typed != issued and fold_as_seen(typed) != fold_as_seen(issued):
            yield at_field(evidence, "L216", name, printed=typed, expected=issued)


def _shift(evidence: Evidence, page: Page, sheet: Sheet) -> Shift | None:
    """How a page's cells moved; None if all stand where the template has them."""
    spots, usual_name = evidence.layout.spots, page.paper.sheet
    address_pairs = ((at, spots[name].address) for name, at in evidence.addresses.items())
    if all(
        at is usual_address or at == usual_address
        for at, usual_address in address_pairs
        if usual_address.sheet == usual_name
    ):
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
    if shift.moves_in_words:
        yield finding("L215", sheet=home, detail="，".join(shift.moves_in_words))
    if shift.astray:
        addresses = [evidence.addresses[name] for name in shift.astray]
        cells = [(at.row, at.column) for at in addresses if at.sheet == home]
        detail = f"有 {len(addresses)} 个单元格的名称指向了别处"
        violation = grouped("L215", home, cells, detail=detail)
        names = ",".join(shift.astray[:LISTED])
        yield replace(violation, severity=Severity.WARNING, field=names)
