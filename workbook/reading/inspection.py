"""What an audit looks at, and how it says what it found: the workbook beside the layout it should have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workbook.address import Address
from workbook.findings import Finding, finding
from workbook.form import Raw
from workbook.layout import FORM_SHEET, Layout
from workbook.package import Package, RawCell, Sheet
from workbook.reading.displacement import present_sheet_name
from workbook.reading.submission import Cell
from workbook.text import brief

Position = tuple[int, int]

LISTED = 20
"""So many cells of one finding are named; its message says how many there are."""
_LONGEST = 120


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
    issued: Mapping[str, Raw] = field(default_factory=dict)
    """By name: what the bureau filled in and locked, as `_form` has it."""
    reported: frozenset[Address] = frozenset()
    """Cells of rows that were put in, which are read or told already."""

    def stored(self, name: str) -> RawCell | None:
        """The cell of a name as stored."""
        at = self.addresses.get(name)
        sheet = self.package.sheet(at.sheet) if at else None
        return sheet.cells.get((at.row, at.column)) if at and sheet else None

    def present_name(self, usual_name: str) -> str:
        """The name that a page of the form has in this workbook."""
        return present_sheet_name(self.layout, self.addresses, usual_name)

    def pages(self) -> Iterator[tuple[str, Sheet]]:
        """(its usual name, the sheet) of every page of the form that is in the workbook."""
        for usual_name in self.layout.pages:
            sheet = self.package.sheet(self.present_name(usual_name))
            if sheet is not None:
                yield usual_name, sheet

    @property
    def lost(self) -> bool:
        """Whether cells of the form are gone."""
        return len(self.addresses) < len(self.layout.spots)

    def lost_on(self, usual_name: str) -> bool:
        """Whether cells of a page are gone, or some that its formulas may speak of: then it is not
        certain how the others moved, nor what formulas should say."""
        sheets_spoken_of = {usual_name, self.layout.form.sheet, FORM_SHEET}
        spots = self.layout.spots.items()
        return self.lost and any(
            spot.address.sheet in sheets_spoken_of and name not in self.addresses
            for name, spot in spots
        )


# --- words ----------------------------------------------------------------------------------------


def at_field(
    evidence: Evidence, code: str, name: str, *, printed: str, expected: str = ""
) -> Finding:
    """A finding at a field's cell."""
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


def grouped(code: str, sheet: str, positions: Sequence[Position], **words: str) -> Finding:
    """One finding over several cells; `count` is among its words."""
    cells = ",".join(Address(sheet, *position).a1 for position in positions[:LISTED])
    return finding(code, sheet=sheet, cell=cells, count=str(len(positions)), **words)


def squeezed(value: object) -> str:
    """A value's text without any blank."""
    text = "" if value is None else value if isinstance(value, str) else words(value)
    return "".join(text.split())


def words(value: object) -> str:
    """A value as messages show it."""
    if value is None or value == "":
        return "（空）"
    text = f"{value:.15g}" if isinstance(value, float | int) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def formula_words(text: str | None) -> str:
    """A formula as messages show it."""
    text = f"={text or ''}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def abridged(names: Sequence[str]) -> str:
    """The first of some names, and how many there are."""
    text = "、".join(brief(name) for name in names[:3])
    return text if len(names) <= 3 else f"{text} 等 {len(names)} 处"


def quoted(names: Sequence[str]) -> str:
    """The first of some sheets' names, each in quotes."""
    text = "".join(f"“{brief(name)}”" for name in names[:5])
    return text if len(names) <= 5 else f"{text}等 {len(names)} 张"
