"""Where a return's cells are: by their names, which follow them about; else by labels; else as usual."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from workbook.address import Address, parse_reference
from workbook.catalogue import Severity
from workbook.errors import WorkbookError
from workbook.findings import Finding, finding
from workbook.form import BACK_SHEET, Form
from workbook.layout import (
    CALC_SHEET,
    CHECK_SHEET,
    FORM_SHEET,
    GUIDE_SHEET,
    LIST_SHEET,
    VERDICT_LETTERS,
    Layout,
    Spot,
    check_name,
)
from workbook.package import Package, WorkbookPart
from workbook.reading.displacement import present_sheet_name
from workbook.reading.label_search import OPTIONAL_LABELS, Located, fillings, locate_any
from workbook.text import brief, fold

BESIDE = frozenset((BACK_SHEET, GUIDE_SHEET, CHECK_SHEET, CALC_SHEET, LIST_SHEET, FORM_SHEET))
"""The template's sheets beside the form itself."""


class Unknown(WorkbookError):
    """A workbook that is not a return of ours; `why` is the finding."""

    def __init__(self, why: Finding) -> None:
        super().__init__(why.message)
        self.why = why


@dataclass(slots=True)
class RecognisedForm:
    """The form in a workbook: its layout, where its cells are, and what was remarked in finding them."""

    layout: Layout
    addresses: Mapping[str, Address]
    """By name; what is lost is not in it."""
    findings: list[Finding]
    year: int | None = None
    """What the title says, where `_form` is lost."""
    pasted: bool = False
    """Whether values alone were copied to another workbook: no formula, lock or name is left."""
    copied: bool = False
    """Whether it was filled in on a copy of the form's sheet, which 自检 does not follow."""
    absent: frozenset[str] = frozenset()
    """Names of the form that this template never had."""


# Every return of a template has the same hundreds of names, which are dear to take apart.
@lru_cache(maxsize=65536)
def _reference(text: str) -> Address | None:
    return parse_reference(text)


class NamedCells(NamedTuple):
    """Where the names of a workbook point, for a layout; the same for all returns of a template."""

    cells: Mapping[str, Address]
    """By name; what is lost is not in it."""
    checks: Mapping[str, Address]
    """By line of 自检, likewise."""
    letters: Address | None
    """Where all its verdicts are repeated; None in a template that does not."""
    lost_count: int
    """How many names are not there."""
    unmoved: bool
    """Whether every cell stands where the template has it."""


def named_cells(package: Package, layout: Layout) -> NamedCells:
    """Where a workbook's names point; what has no name is taken to stand as usual."""
    sheets = tuple([sheet.name for sheet in package.sheets])
    return _named_cells(package.workbook, sheets, layout)


# Returns of one template share their workbook part, and each asks twice for hundreds of names.
@lru_cache(maxsize=64)
def _named_cells(workbook: WorkbookPart, sheets: tuple[str, ...], layout: Layout) -> NamedCells:
    names = workbook.names
    cells = {
        name: at
        for name, spot in layout.spots.items()
        if (at := _where_named(name, spot.address, names, sheets)) is not None
    }
    # Where some lines of 自检 have names, one without has none in this template: it is of an earlier definition.
    lines = {line: at for line, at in layout.checks.items() if check_name(line) in names}
    checks = {
        line: at
        for line, usual_address in (lines or layout.checks).items()
        if (at := _where_named(check_name(line), usual_address, names, sheets)) is not None
    }
    letters = _reference(names[VERDICT_LETTERS]) if VERDICT_LETTERS in names else None
    lost_count = sum(name not in names for name in layout.spots)
    unmoved = all(at is layout.spots[name].address for name, at in cells.items())
    return NamedCells(cells, checks, letters, lost_count, unmoved)


def _where_named(
    name: str, usual_address: Address, names: Mapping[str, str], sheets: Collection[str]
) -> Address | None:
    """Where a name points; where there is no such name, the usual address; None if that is lost."""
    text = names.get(name)
    address = _reference(text) if text else None
    if address is not None and address.sheet in sheets:
        return usual_address if address == usual_address else address
    return usual_address if text is None and usual_address.sheet in sheets else None


def find_recorded(
    package: Package, layout: Layout, *, other_definition: bool = False
) -> RecognisedForm:
    """The cells of a workbook whose `_form` says what it is; `other_definition` if its template came
    from another definition, which may lack fields of this one. Raises Unknown for W118."""
    named = named_cells(package, layout)
    if other_definition and 0 < named.lost_count < len(layout.spots) / 2:
        own_addresses = {name: at for name, at in named.cells.items() if name in package.names}
        return RecognisedForm(
            layout, own_addresses, [], absent=frozenset(layout.spots.keys() - own_addresses.keys())
        )
    recognised = RecognisedForm(layout, named.cells, [])
    home = present_sheet_name(layout, named.cells, layout.form.sheet)
    lost_count = named.lost_count
    if not _has_form(recognised):  # its sheet was taken out, perhaps after it was copied
        _find_unnamed(recognised, package, "")
        if not _has_form(recognised):
            raise Unknown(finding("W108"))
        recognised.copied = True
    elif lost_count:
        _find_unnamed(recognised, package, "" if package.values_only else str(lost_count))
    elif named.unmoved and _lowest_label_moved(layout, package):
        _find_unnamed(recognised, package, "", trust_names=False)
    elif len({sheet.name for sheet in package.sheets} | BESIDE) > len(BESIDE) + len(layout.pages):
        _find_copy(recognised, package, home)
    recognised.findings += _lost_cells(recognised, package)
    return recognised


def _lowest_label_moved(layout: Layout, package: Package) -> bool:
    """Whether rows were put in or taken out by a program that leaves the names where they were."""
    sheet = next((sheet for sheet in package.sheets if sheet.name == layout.home.paper.sheet), None)
    printed = (label for label in layout.home.labels if label.role not in OPTIONAL_LABELS)
    lowest = max(printed, key=lambda label: label.top, default=None)
    if sheet is None or lowest is None:
        return False
    cell = sheet.cells.get((lowest.top, lowest.left))
    return cell is None or fold(str(cell.value)) != fold(lowest.text)


def _has_form(recognised: RecognisedForm) -> bool:
    spots, sheet = recognised.layout.spots, recognised.layout.form.sheet
    return any(spots[name].address.sheet == sheet for name in recognised.addresses)


def _lost_cells(recognised: RecognisedForm, package: Package) -> Iterator[Finding]:
    """What is lost, row by row, at the cells where the template has it.

    A whole further sheet that is gone is one finding of the audit.
    """
    if len(recognised.addresses) == len(recognised.layout.spots):
        return
    further = recognised.layout.form.further_sheets
    present_names = {
        usual_name: present_sheet_name(recognised.layout, recognised.addresses, usual_name)
        for usual_name in further
    }
    sheets = {sheet.name for sheet in package.sheets}
    gone_sheets = {usual_name for usual_name, name in present_names.items() if name not in sheets}
    rows: dict[tuple[str, int], list[Spot]] = {}
    for name, spot in recognised.layout.spots.items():
        if name not in recognised.addresses and spot.address.sheet not in gone_sheets:
            rows.setdefault((spot.address.sheet, spot.address.row), []).append(spot)
    for (sheet, _), spots in rows.items():
        yield finding(
            "L201",
            sheet=sheet,
            cell=",".join(spot.address.a1 for spot in spots),
            field=",".join(spot.name for spot in spots),
            label="、".join(dict.fromkeys(spot.field.label for spot in spots)),
        )


def find_unrecorded(package: Package, forms: Sequence[Form]) -> RecognisedForm:
    """The cells of a workbook without `_form`, by labels. Raises Unknown if it is no form of ours."""
    located = _choose_filled(locate_any(forms, package.sheets), package)
    if located is None:
        raise Unknown(finding("W108"))
    names, sheets = package.names, {sheet.name for sheet in package.sheets}
    addresses = {
        name: (_where_named(name, at, names, sheets) if name in names else None) or at
        for name, at in located.addresses.items()
    }
    return RecognisedForm(
        located.layout,
        addresses,
        [finding("L217", sheet=located.sheet)],
        year=located.year or located.layout.form.fiscal_year,
        pasted=not any(name in names for name in addresses),
    )


def _find_unnamed(
    recognised: RecognisedForm, package: Package, lost_count: str, *, trust_names: bool = True
) -> None:
    """Find cells without names by the labels; if those are not all there, at their usual places."""
    form = recognised.layout.form
    located = _choose_filled(locate_any([form], package.sheets), package)
    if located is not None and (located.moved or located.layout.plan != recognised.layout.plan):
        spots = located.layout.spots
        named = {
            n: at for n, at in recognised.addresses.items() if trust_names and n in package.names
        }
        recorded = {n: at for n, at in recognised.addresses.items() if at.sheet == FORM_SHEET}
        merged = {**recorded, **located.addresses, **named}
        recognised.layout = located.layout
        recognised.addresses = {name: at for name, at in merged.items() if name in spots}
        recognised.findings.append(finding("L217", sheet=located.sheet))
    elif lost_count:
        violation = finding("L205", sheet=form.sheet, detail=lost_count)
        if located is not None:  # every label confirms the usual places
            violation = replace(violation, severity=Severity.NOTE)
        recognised.findings.append(violation)


def _find_copy(recognised: RecognisedForm, package: Package, home: str) -> None:
    """Look whether the form was filled in on a copy of its sheet."""
    beside = BESIDE | {home} | recognised.layout.form.further_sheets
    foreign_sheets = [sheet for sheet in package.sheets if sheet.name not in beside]
    copies = locate_any([recognised.layout.form], foreign_sheets)
    if not copies:
        return
    home_addresses = {name: at for name, at in recognised.addresses.items() if at.sheet == home}
    original = Located(recognised.layout, home, home_addresses, None)
    chosen = _choose_filled([original, *copies], package)
    if chosen is not None and chosen is not original:
        kept_addresses = {n: at for n, at in recognised.addresses.items() if at.sheet != home}
        recognised.layout, recognised.copied = chosen.layout, True
        recognised.addresses = kept_addresses | dict(chosen.addresses)


def _choose_filled(located: Sequence[Located], package: Package) -> Located | None:
    """The one that is filled in, or the first; two different fillings are not to be chosen from."""
    filled = located
    if len(located) > 1:
        filled = fillings(located, {sheet.name: sheet for sheet in package.sheets})
    if len(filled) > 1:
        names = "、".join(f"“{brief(item.sheet)}”" for item in filled)
        raise Unknown(finding("W118", detail=names))
    return next(iter(filled or located), None)
