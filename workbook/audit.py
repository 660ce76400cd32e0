"""What was done to a returned workbook besides filling it in: locks, formulas, labels, sheets.

All is compared with what the layout says must stand there. What an honest save by another program
changes (spaces and quotes in formulas, styles' numbers, the structure lock, lost cached values) is
no finding, or a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from workbook.address import Address, split_a1
from workbook.container import shown
from workbook.findings import Finding, Severity, finding
from workbook.formulas import Formulas, canonical
from workbook.layout import (
    CALC_SHEET,
    CHECK_SHEET,
    FORM_SHEET,
    GUIDE_SHEET,
    LIST_SHEET,
    Layout,
    Page,
    Spot,
)
from workbook.package import Package, RawCell, Sheet
from workbook.shift import Shift, moved_layout, sheet_now, shift_of
from workbook.submission import Cell
from workbook.text import fold

Position = tuple[int, int]

_LISTED = 20
"""So many cells of one finding are named; its message says how many there are."""
_LONGEST = 120
_CACHED_RANGES = 500


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is looked at: a workbook, the layout it should have, and where its cells were found."""

    package: Package
    layout: Layout
    addresses: Mapping[str, Address]
    """By name; what was not found is not in it."""
    cells: Mapping[str, Cell]
    records: Mapping[str, str]
    year: int
    same_definition: bool
    """Whether the template came from this very definition: else its texts may rightly differ."""

    def pages(self) -> Iterator[tuple[str, Sheet]]:
        """(its usual name, the sheet) of every page of the form that is in the workbook."""
        for usual in self.layout.pages:
            sheet = self.package.sheet(sheet_now(self.layout, self.addresses, usual))
            if sheet is not None:
                yield usual, sheet

    def stored(self, name: str) -> RawCell | None:
        """The cell of a name as stored."""
        at = self.addresses.get(name)
        sheet = self.package.sheet(at.sheet) if at else None
        return sheet.cells.get((at.row, at.column)) if at and sheet else None


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found, and which suggested cells hold a formula of the department's own."""

    findings: tuple[Finding, ...]
    overtyped: tuple[str, ...] = ()


def audit(evidence: Evidence) -> Audit:
    """Everything that was tampered with or drifted in a workbook that came from our template."""
    package, layout = evidence.package, evidence.layout
    pages = dict(evidence.pages())
    if package.values_only or layout.form.sheet not in pages:
        return audit_pasted(evidence)
    found = [*_contents(evidence), *_sheets(evidence)]
    found += [finding("L206", sheet=s.name) for s in pages.values() if not s.protected]
    home = pages[layout.form.sheet]
    if _nothing_computed(home):
        found.append(finding("L212", sheet=home.name))
    if not evidence.same_definition:
        return Audit(tuple(found))
    shifts = {
        usual: shift
        for usual, sheet in pages.items()
        if (shift := _shift(evidence, layout.pages[usual], sheet)) is not None
    }
    now = moved_layout(layout, evidence.addresses, shifts) if shifts else layout
    prints = _Imprint.of(layout) if now is layout else _imprints(now, pages)
    overtyped: list[str] = []
    for usual, sheet in pages.items():
        if usual in shifts:
            found += _moves(evidence, shifts[usual], sheet.name)
        print_, shift, lost = prints[usual], shifts.get(usual), _lost(evidence, usual)
        found += _locks(evidence, sheet, print_, shift)
        found += _validations(evidence, sheet, print_)
        foreign = () if lost else _foreign(evidence, print_)
        found += _formulas(evidence, print_, foreign)
        known = shift.sure if shift is not None and lost else None
        found += _labels(evidence, sheet, print_, known)
        overtyped += (n for n in foreign if layout.spots[n].field.mode == "suggested")
    return Audit(tuple(found), tuple(overtyped))


def audit_pasted(evidence: Evidence) -> Audit:
    """The same of a workbook whose formulas and locks are not the template's, or not known."""
    return Audit(tuple(_contents(evidence)))


def _contents(evidence: Evidence) -> Iterator[Finding]:
    """What no return should hold, wherever it came from; nothing of it is run or followed."""
    package = evidence.package
    if package.has_macros:
        yield finding("W114")
    if package.external_links:
        yield finding("W115", detail=_some(package.external_links))
    if package.embedded:
        yield finding("W116", detail=_some(package.embedded))
    for _, sheet in evidence.pages():
        yield from _hidden(evidence, sheet)
    yield from _issues(evidence)


class _Imprint:
    """What a page must show, worked out once for all returns of a layout."""

    _kept: dict[int, dict[str, _Imprint]] = {}  # noqa: RUF012 - bounded below

    def __init__(self, formulas: Formulas, page: Page, name: str) -> None:
        """`name` is what its sheet is called where the layout is."""
        self.layout = layout = formulas.layout
        self.page = page
        self.labels = tuple(
            ((label.top, label.left), label, _squeezed(label.text)) for label in page.labels
        )
        drawn = [s for s in layout.spots.values() if s.address.sheet == name]
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
        recorded = [s for s in layout.spots.values() if s.address.sheet == FORM_SHEET]
        own = drawn if page.paper.sheet != layout.form.sheet else [*drawn, *recorded]
        self.computed = tuple(s for s in own if s.field.mode in ("computed", "suggested"))
        self._rendered = formulas
        self._formulas: dict[str, str] = {}

    @classmethod
    def of(cls, layout: Layout) -> dict[str, _Imprint]:
        """The imprints of a layout's pages, by their names."""
        key = id(layout)  # which is kept, so its number is not given to another
        kept = cls._kept.get(key)
        if kept is None:
            if len(cls._kept) >= _LISTED:
                cls._kept.clear()
            formulas = Formulas.of(layout)
            kept = cls._kept[key] = {n: cls(formulas, p, n) for n, p in layout.pages.items()}
        return kept

    def formula(self, spot: Spot) -> str:
        """The template's own formula of a spot, without "="."""
        if spot.name not in self._formulas:
            text = self._rendered.computed(spot.field.key, spot.address.sheet, spot.number)
            self._formulas[spot.name] = text.removeprefix("=")
        return self._formulas[spot.name]


def _imprints(moved: Layout, sheets: Mapping[str, Sheet]) -> dict[str, _Imprint]:
    """The imprints of a layout as it stands in one workbook, by the pages' usual names."""
    formulas = Formulas(moved)
    return {n: _Imprint(formulas, moved.pages[n], sheet.name) for n, sheet in sheets.items()}


def _area(spot: Spot) -> Iterator[Position]:
    for row in range(spot.address.row, spot.bottom + 1):
        for column in range(spot.address.column, spot.right + 1):
            yield row, column


# --- locks, validations, formulas, labels ---------------------------------------------------------


def _locks(
    evidence: Evidence, sheet: Sheet, print_: _Imprint, shift: Shift | None
) -> Iterator[Finding]:
    unlocked, editable = evidence.package.unlocked, print_.editable
    open_ = [at for at, cell in sheet.cells.items() if cell.style in unlocked]
    last, right = print_.page.last_row, print_.page.hint_column
    wrong = [at for at in open_ if at not in editable and at[0] <= last and at[1] <= right]
    if shift is not None:  # rows that were put in look like their neighbours
        rows, columns = set(shift.rows.values()), set(shift.columns.values())
        wrong = [at for at in wrong if at[0] in rows and at[1] in columns]
    for name in ("department", "department_code"):
        at = evidence.addresses.get(f"identity.{name}")
        if at and at.sheet == sheet.name and evidence.records.get(name):
            stored = sheet.cells.get((at.row, at.column))
            if stored is not None and stored.style in unlocked:
                wrong.append((at.row, at.column))
    if wrong:
        _, merged = _cover.__wrapped__(sheet.merges)  # a merged cell is named by its first
        heads = {area[:2] for area in merged}
        named = [at for at in wrong if at in heads or not _within(at, merged)]
        yield _grouped("L207", sheet.name, sorted(named or wrong))


def _validations(evidence: Evidence, sheet: Sheet, print_: _Imprint) -> Iterator[Finding]:
    ranges = tuple(v.sqref for v in sheet.validations if v.type != "none")
    cover = _cover if len(ranges) <= _CACHED_RANGES else _cover.__wrapped__
    single, several = cover(ranges)
    if print_.input_cells <= single:
        return
    bare = [
        (name, at)
        for name, at in print_.inputs
        if name in evidence.addresses and at not in single and not _within(at, several)
    ]
    if bare:
        what = _grouped("L210", sheet.name, [at for _, at in bare])
        yield replace(what, field=",".join(name for name, _ in bare[:_LISTED]))


@lru_cache(maxsize=64)
def _cover(
    ranges: tuple[str, ...],
) -> tuple[frozenset[Position], tuple[tuple[int, int, int, int], ...]]:
    """The single cells and the larger areas that validations stand on."""
    single, several = set(), []
    for area in " ".join(ranges).split():
        first, _, last = area.partition(":")
        try:
            top, left = split_a1(first)
            bottom, right = split_a1(last or first)
        except ValueError:
            continue
        if (top, left) == (bottom, right):
            single.add((top, left))
        else:
            several.append((top, left, bottom, right))
    return frozenset(single), tuple(several)


def _within(at: Position, areas: Iterable[tuple[int, int, int, int]]) -> bool:
    return any(t <= at[0] <= b and left <= at[1] <= right for t, left, b, right in areas)


def _formulas(evidence: Evidence, print_: _Imprint, foreign: Sequence[str]) -> Iterator[Finding]:
    for name in print_.entered:
        if evidence.cells[name].formula and name in evidence.addresses:
            yield _at(evidence, "L211", name, printed=_formula(evidence.stored(name)))
    for name in foreign:
        spot = print_.layout.spots[name]
        code = "L208" if spot.field.mode == "computed" else "L211"
        due = _formula_text(print_.formula(spot))
        yield _at(evidence, code, name, printed=_formula(evidence.stored(name)), expected=due)


def _foreign(evidence: Evidence, print_: _Imprint) -> Sequence[str]:
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
    """Whether a further sheet's formula still speaks of the form's sheet, where that was copied or renamed."""
    layout = evidence.layout
    home, spot = layout.form.sheet, layout.spots[name]
    further = spot.address.sheet in layout.form.further_sheets
    if not further or sheet_now(layout, evidence.addresses, home) == home:
        return False
    due = _Imprint.of(layout)[spot.address.sheet].formula(spot)
    return canonical(written) == canonical(due)


def _labels(
    evidence: Evidence, sheet: Sheet, print_: _Imprint, rows: frozenset[int] | None
) -> Iterator[Finding]:
    """Printed words and fixed values that read otherwise; `rows` limits them to rows known well."""
    usual = evidence.layout.pages[print_.page.paper.sheet].labels
    for (at, label, squeezed), own in zip(print_.labels, usual, strict=True):
        stored = sheet.cells.get(at)
        if stored is not None and stored.value == label.text:
            continue
        text, due = stored.value if stored is not None else None, label.text
        if label.role == "title":
            due = label.text.format(fiscal_year=evidence.year)
            squeezed = _squeezed(due)  # noqa: PLW2901 - the title has its year
        if (rows is None or own.top in rows) and _squeezed(text) != squeezed:
            yield finding(
                "L209",
                sheet=sheet.name,
                cell=Address(sheet.name, *at).a1,
                printed=_words(text),
                expected=_words(due),
            )
    for spot in print_.fixed:
        if spot.name in evidence.addresses:
            raw = evidence.cells[spot.name].raw
            if raw != spot.field.value:
                due = _words(spot.field.value)
                yield _at(evidence, "L209", spot.name, printed=_words(raw), expected=due)


def _nothing_computed(sheet: Sheet) -> bool:
    formulas = [cell for cell in sheet.cells.values() if cell.formula is not None]
    return bool(formulas) and all(cell.value is None for cell in formulas)


# --- sheets, what is hidden, what has moved -------------------------------------------------------


def _sheets(evidence: Evidence) -> Iterator[Finding]:
    layout = evidence.layout
    now = {usual: sheet_now(layout, evidence.addresses, usual) for usual in layout.pages}
    due = (GUIDE_SHEET, *now, CHECK_SHEET, CALC_SHEET, LIST_SHEET, FORM_SHEET)
    there = {sheet.name for sheet in evidence.package.sheets}
    more = [name for s in evidence.package.sheets if (name := s.name) not in {*due, *now.values()}]
    gone = [name for name in due if now.get(name, name) not in there]
    said = [f"“{name}”现名“{shown(new)}”" for name, new in now.items() if new != name]
    if more:
        said.append(f"多出{_quoted(more)}")
    if gone:
        said.append(f"缺少{_quoted(gone)}")
    if said:
        yield finding("L213", detail="，".join(said))


def _hidden(evidence: Evidence, sheet: Sheet) -> Iterator[Finding]:
    if sheet.state != "visible":
        yield finding("L214", sheet=sheet.name, what="整张表被隐藏")
    if sheet.hidden_rows or sheet.hidden_columns:
        spots = evidence.layout.spots
        covered = [
            (at.row, at.column)
            for name, at in evidence.addresses.items()
            if at.sheet == sheet.name
            and spots[name].field.is_input
            and evidence.cells[name].raw is not None
            and (at.row in sheet.hidden_rows or at.column in sheet.hidden_columns)
        ]
        if covered:
            yield _grouped("L214", sheet.name, covered, what="隐藏的行或列里有填写的内容")
    if sheet.far:
        places = [at for at in sheet.far if _is_cell(at)]
        cells = ",".join(places[:_LISTED])
        yield finding("L214", sheet=sheet.name, cell=cells, what="远离表格的地方有内容")


def _is_cell(a1: str) -> bool:
    try:
        split_a1(a1)
    except ValueError:
        return False
    return True


def _issues(evidence: Evidence) -> Iterator[Finding]:
    """A department other than the one that the template was issued to."""
    for record in ("department", "department_code"):
        name, issued = f"identity.{record}", evidence.records.get(record, "")
        cell = evidence.cells.get(name)
        if cell is None or cell.value is None or not issued or name not in evidence.addresses:
            continue
        typed = str(cell.raw if isinstance(cell.raw, str) else cell.value)
        if typed != issued and fold(typed) != fold(issued):
            yield _at(evidence, "L216", name, printed=typed, expected=issued)


def _lost(evidence: Evidence, usual: str) -> bool:
    """Whether a cell of a page is lost, or one that its formulas may speak of."""
    seen = {usual, evidence.layout.form.sheet, FORM_SHEET}
    spots = evidence.layout.spots
    return any(s.address.sheet in seen and n not in evidence.addresses for n, s in spots.items())


def _shift(evidence: Evidence, page: Page, sheet: Sheet) -> Shift | None:
    """How a page's cells moved; None if all stand where the template has them."""
    spots = evidence.layout.spots
    due = page.paper.sheet
    usual = ((at, spots[name].address) for name, at in evidence.addresses.items())
    if all(at is place or at == place for at, place in usual if place.sheet == due):
        return None
    texts = {at: _squeezed(cell.value) for at, cell in sheet.cells.items() if cell.type == "s"}
    labels = [
        replace(label, text=_squeezed(label.text.format(fiscal_year=evidence.year)))
        if label.role == "title"
        else replace(label, text=_squeezed(label.text))
        for label in page.labels
    ]
    return shift_of(evidence.layout, page, evidence.addresses, sheet.name, labels, texts)


def _moves(evidence: Evidence, shift: Shift, home: str) -> Iterator[Finding]:
    if shift.told:
        yield finding("L215", sheet=home, detail="，".join(shift.told))
    if shift.astray:
        places = [evidence.addresses[name] for name in shift.astray]
        cells = [(at.row, at.column) for at in places if at.sheet == home]
        detail = f"有 {len(places)} 个单元格的名称指向了别处"
        what = _grouped("L215", home, cells, detail=detail)
        names = ",".join(shift.astray[:_LISTED])
        yield replace(what, severity=Severity.WARNING, field=names)


# --- words ----------------------------------------------------------------------------------------


def _at(evidence: Evidence, code: str, name: str, *, printed: str, expected: str = "") -> Finding:
    at, item = evidence.addresses[name], evidence.layout.spots[name].field
    return finding(
        code,
        sheet=at.sheet,
        cell=at.a1,
        field=name,
        printed=printed,
        expected=expected,
        label=item.label,
    )


def _grouped(code: str, sheet: str, places: Sequence[Position], **words: str) -> Finding:
    cells = ",".join(Address(sheet, *at).a1 for at in places[:_LISTED])
    return finding(code, sheet=sheet, cell=cells, count=str(len(places)), **words)


def _squeezed(value: object) -> str:
    text = "" if value is None else value if isinstance(value, str) else _words(value)
    return "".join(text.split())


def _words(value: object) -> str:
    if value is None or value == "":
        return "（空）"
    text = f"{value:.15g}" if isinstance(value, float | int) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _formula(stored: RawCell | None) -> str:
    return _formula_text(stored.formula or "") if stored is not None else "="


def _formula_text(text: str) -> str:
    text = f"={text}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _some(names: Sequence[str]) -> str:
    told = "、".join(shown(name) for name in names[:3])
    return told if len(names) <= 3 else f"{told} 等 {len(names)} 处"


def _quoted(names: Sequence[str]) -> str:
    told = "".join(f"“{shown(name)}”" for name in names[:5])
    return told if len(names) <= 5 else f"{told}等 {len(names)} 张"
