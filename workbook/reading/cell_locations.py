"""Where a return's cells are: by their names, which follow them about; else by labels; else as usual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from workbook.address import Address, parse_reference
from workbook.catalogue import Severity
from workbook.errors import WorkbookError
from workbook.findings import Finding, finding
from workbook.form import Form
from workbook.layout import (
    CALC_SHEET,
    CHECK_SHEET,
    FORM_SHEET,
    GUIDE_SHEET,
    LIST_SHEET,
    Layout,
    Spot,
    check_name,
)
from workbook.package import Package, RawCell, Sheet
from workbook.reading.displacement import sheet_now
from workbook.reading.label_search import Located, fillings, locate_any
from workbook.text import brief

BESIDE = frozenset((GUIDE_SHEET, CHECK_SHEET, CALC_SHEET, LIST_SHEET, FORM_SHEET))
"""The template's sheets beside the form itself."""


class Unknown(WorkbookError):
    """A workbook that is not a return of ours; `why` is the finding."""

    def __init__(self, why: Finding) -> None:
        super().__init__(why.message)
        self.why = why


@dataclass(slots=True)
class Found:
    """The form in a workbook: its layout, where its cells are, and what was remarked in finding them."""

    layout: Layout
    addresses: dict[str, Address]
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


@lru_cache(maxsize=65536)
def _reference(text: str) -> Address | None:
    return parse_reference(text)


@dataclass(frozen=True, slots=True)
class Places:
    """A workbook's sheets and defined names."""

    sheets: Mapping[str, Sheet]
    names: Mapping[str, str]

    @classmethod
    def of(cls, package: Package) -> Places:
        """Those of a package."""
        return cls({sheet.name: sheet for sheet in package.sheets}, package.names)

    def find(self, name: str, usual: Address) -> Address | None:
        """Where a name points; where there is no such name, the usual place; None if that is lost."""
        text = self.names.get(name)
        address = _reference(text) if text else None
        if address is not None and address.sheet in self.sheets:
            return usual if address == usual else address
        return usual if text is None and usual.sheet in self.sheets else None

    def cell(self, address: Address) -> RawCell | None:
        """What is stored there."""
        return self.sheets[address.sheet].cells.get((address.row, address.column))


class Pointed(NamedTuple):
    """Where the names of a workbook point, for a layout; the same for all returns of a template."""

    names: Mapping[str, str]
    layout: Layout
    cells: dict[str, Address]
    """By name; what is lost is not in it."""
    checks: dict[str, Address]
    """By line of 自检, likewise."""
    lost: int
    """How many names are not there."""


# By the numbers of the names and the layout, which are kept with them and so remain theirs.
_POINTED: dict[tuple[int, int, tuple[str, ...]], Pointed] = {}
_MOST = 64


def pointed(package: Package, layout: Layout) -> Pointed:
    """Where a workbook's names point; what has no name is taken to stand as usual."""
    key = id(package.names), id(layout), tuple([sheet.name for sheet in package.sheets])
    found = _POINTED.get(key)
    if found is None:
        if len(_POINTED) >= _MOST:
            _POINTED.clear()
        found = _POINTED[key] = _pointed(package, layout)
    return found


def _pointed(package: Package, layout: Layout) -> Pointed:
    places = Places.of(package)
    usual = {name: spot.address for name, spot in layout.spots.items()}
    cells = {name: at for name in usual if (at := places.find(name, usual[name])) is not None}
    checks = {
        line: at
        for line, due in layout.checks.items()
        if (at := places.find(check_name(line), due)) is not None
    }
    lost = sum(name not in places.names for name in usual)
    return Pointed(package.names, layout, cells, checks, lost)


def find_recorded(package: Package, layout: Layout, *, other: bool = False) -> Found:
    """The cells of a workbook whose `_form` says what it is; `other` if its template came from another
    definition, which may lack fields of this one. Raises Unknown for W118."""
    places, named = Places.of(package), pointed(package, layout)
    if other and 0 < named.lost < len(layout.spots) / 2:
        own = {name: at for name, at in named.cells.items() if name in package.names}
        return Found(layout, own, [], absent=frozenset(layout.spots.keys() - own.keys()))
    found = Found(layout, named.cells, [])
    home = sheet_now(layout, named.cells, layout.form.sheet)
    lost = named.lost
    if not _has_form(found):  # its sheet was taken out, perhaps after it was copied
        _find_unnamed(found, places, "")
        if not _has_form(found):
            raise Unknown(finding("W108"))
        found.copied = True
    elif lost:
        _find_unnamed(found, places, "" if package.values_only else str(lost))
    elif len(places.sheets) > len(BESIDE) + len(layout.pages):
        _find_copy(found, places, home)
    found.findings += _lost(found, places)
    return found


def _has_form(found: Found) -> bool:
    spots, sheet = found.layout.spots, found.layout.form.sheet
    return any(spots[name].address.sheet == sheet for name in found.addresses)


def _lost(found: Found, places: Places) -> Iterator[Finding]:
    """What is lost, row by row, at the cells where the template has it.

    A whole further sheet that is gone is one finding of the audit.
    """
    if len(found.addresses) == len(found.layout.spots):
        return
    further = found.layout.form.further_sheets
    there = {usual: sheet_now(found.layout, found.addresses, usual) for usual in further}
    gone = {usual for usual, name in there.items() if name not in places.sheets}
    rows: dict[tuple[str, int], list[Spot]] = {}
    for name, spot in found.layout.spots.items():
        if name not in found.addresses and spot.address.sheet not in gone:
            rows.setdefault((spot.address.sheet, spot.address.row), []).append(spot)
    for (sheet, _), spots in rows.items():
        yield finding(
            "L201",
            sheet=sheet,
            cell=",".join(spot.address.a1 for spot in spots),
            field=",".join(spot.name for spot in spots),
            label="、".join(dict.fromkeys(spot.field.label for spot in spots)),
        )


def find_unrecorded(package: Package, forms: Sequence[Form]) -> Found:
    """The cells of a workbook without `_form`, by labels. Raises Unknown if it is no form of ours."""
    places = Places.of(package)
    located = _one(locate_any(forms, package.sheets), places)
    if located is None:
        raise Unknown(finding("W108"))
    addresses = {
        name: (places.find(name, at) if name in places.names else None) or at
        for name, at in located.addresses.items()
    }
    return Found(
        located.layout,
        addresses,
        [finding("L217", sheet=located.sheet)],
        year=located.year or located.layout.form.fiscal_year,
        pasted=not any(name in places.names for name in addresses),
    )


def _find_unnamed(found: Found, places: Places, lost: str) -> None:
    """Find cells without names by the labels; if those are not all there, at their usual places."""
    form = found.layout.form
    located = _one(locate_any([form], list(places.sheets.values())), places)
    if located is not None and (located.moved or located.layout.plan != found.layout.plan):
        known = located.layout.spots
        named = {n: at for n, at in found.addresses.items() if n in places.names}
        recorded = {n: at for n, at in found.addresses.items() if at.sheet == FORM_SHEET}
        merged = {**recorded, **located.addresses, **named}
        found.layout = located.layout
        found.addresses = {name: at for name, at in merged.items() if name in known}
        found.findings.append(finding("L217", sheet=located.sheet))
    elif lost:
        what = finding("L205", sheet=form.sheet, detail=lost)
        if located is not None:  # every label confirms the usual places
            what = replace(what, severity=Severity.NOTE)
        found.findings.append(what)


def _find_copy(found: Found, places: Places, home: str) -> None:
    """Look whether the form was filled in on a copy of its sheet."""
    beside = BESIDE | {home} | found.layout.form.further_sheets
    others = [sheet for name, sheet in places.sheets.items() if name not in beside]
    copies = locate_any([found.layout.form], others)
    if not copies:
        return
    drawn = {name: at for name, at in found.addresses.items() if at.sheet == home}
    own = Located(found.layout, home, drawn, None)
    chosen = _one([own, *copies], places)
    if chosen is not None and chosen is not own:
        kept = {n: at for n, at in found.addresses.items() if at.sheet != home}
        found.layout, found.copied = chosen.layout, True
        found.addresses = kept | dict(chosen.addresses)


def _one(located: Sequence[Located], places: Places) -> Located | None:
    """The one that is filled in, or the first; two different fillings are not to be chosen from."""
    filled = fillings(located, places.sheets) if len(located) > 1 else located
    if len(filled) > 1:
        names = "、".join(f"“{brief(item.sheet)}”" for item in filled)
        raise Unknown(finding("W118", detail=names))
    return next(iter(filled or located), None)
