"""Rows that a department put in among the rows of a section, filled in: read as further rows, or told.

A row between two rows of one group, with every cell that a row must have, is one more row of that group:
the return then has the plan with a row more, and its names. What else was typed into rows put in is an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from workbook.address import Address, split_a1
from workbook.findings import Finding, finding
from workbook.form import ROW, Field
from workbook.layout import Block, Layout, Slot, cell_name, lay_out
from workbook.package import Package, Sheet
from workbook.reading.cell_locations import RecognisedForm
from workbook.reading.submission import Cell
from workbook.text import fold

_FARTHEST = 1000
"""So many rows between two of the template's are looked at."""


@dataclass(frozen=True, slots=True)
class InsertedRows:
    """What was made of the rows that were put in and filled in."""

    recognised: RecognisedForm
    """With the rows that were read; the template's own form where there are none."""
    findings: tuple[Finding, ...] = ()
    positions: frozenset[Address] = frozenset()
    """Their cells, which are read or told."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the template's cells: what they are called among more rows. Blank if no row was read."""
    any_unread: bool = False
    """Whether rows were put in that were not read."""

    def of_template(self, cells: Mapping[str, Cell]) -> Mapping[str, Cell]:
        """The cells by the names that they have in the template."""
        return {own: cells[name] for own, name in self.names.items()} if self.names else cells

    def renamed(self, items: Sequence[Finding]) -> list[Finding]:
        """Findings about the template's cells, with the names of the return."""
        if not self.names:
            return list(items)
        return [
            replace(item, field=",".join(self.names.get(n, n) for n in item.field.split(",")))
            for item in items
        ]

    def computed(self, cells: Mapping[str, Cell]) -> Iterator[tuple[str, Cell]]:
        """What is known of computed cells: rows that were read need no formula of their own, and the sheet's
        own results count rows that were not read."""
        spots, own_names = self.recognised.layout.spots, set(self.names.values())
        for name, cell in cells.items():
            if not spots[name].field.is_computed:
                continue
            if own_names and name not in own_names and cell.raw is None:
                yield name, replace(cell, formula=True)
            elif self.any_unread and cell.formula:
                yield name, Cell(None, None, cell.address, formula=True)


@dataclass(frozen=True, slots=True)
class _Gap:
    """Rows put in between two rows of a section, above the first or beneath the last."""

    rows: range
    slot: Slot
    """The row of the template beside them, whose columns they have; behind it they are read."""
    after: Slot | None = None
    """The next one; None at an end of the section, and where rows of the template are gone."""


@dataclass(frozen=True, slots=True)
class _FilledRow:
    """A row put in that holds something where a row of the section would."""

    section: str
    slot: Slot
    """Behind which row of the template it is read."""
    group: tuple[str, ...] | None
    """The labels of its group; None if nobody can tell, or if that may not have more rows."""
    cells: Mapping[str, Address]
    """By field: where it stands, blank ones too."""
    filled: tuple[str, ...]
    lacking: tuple[Field, ...]
    """What a row must have and this one has not."""

    @property
    def is_read(self) -> bool:
        return self.group is not None and not self.lacking


def read_inserted_rows(package: Package, recognised: RecognisedForm) -> InsertedRows:
    """The form with the rows that were put in and filled in; or what is wrong with them."""
    layout, sheets = recognised.layout, {sheet.name: sheet for sheet in package.sheets}
    if not layout.blocks:
        return InsertedRows(recognised)
    filled_rows = [
        row
        for block in layout.blocks.values()
        if _moved(layout, recognised.addresses, block)
        for row in _filled_rows(layout, recognised.addresses, block, sheets)
    ]
    if not filled_rows:
        return InsertedRows(recognised)
    read_rows = [row for row in filled_rows if row.is_read]
    grown, names = _grown(recognised, read_rows) if read_rows else (recognised, {})
    return InsertedRows(
        grown,
        tuple(map(_told, filled_rows)),
        frozenset(at for row in filled_rows for at in row.cells.values()),
        names,
        len(read_rows) < len(filled_rows),
    )


def _moved(layout: Layout, addresses: Mapping[str, Address], block: Block) -> bool:
    """Whether its rows, or what stands beneath them, are not all where the template has them."""
    sheet = _sheet(layout, block)
    return any(
        at != layout.spots[name].address
        for name, at in addresses.items()
        if layout.spots[name].address.sheet == sheet
    )


def _sheet(layout: Layout, block: Block) -> str:
    """The usual name of the sheet on which a section's rows stand."""
    return block.section.sheet or layout.form.sheet


def _filled_rows(
    layout: Layout, addresses: Mapping[str, Address], block: Block, sheets: Mapping[str, Sheet]
) -> Iterator[_FilledRow]:
    fields = [item for item in block.section.of_grain(ROW) if item.key in layout.by_key]
    printed = {fold(label.text) for label in layout.pages[_sheet(layout, block)].labels}
    for gap in _gaps(layout, addresses, block, fields):
        beside = {
            item: at
            for item in fields
            if (at := addresses.get(cell_name(item.key, gap.slot.number))) is not None
        }
        group = gap.slot.path
        for row in gap.rows:
            places = {item: at._replace(row=row) for item, at in beside.items()}
            inputs = {item for item in places if not item.is_closed}
            filled = {item for item in inputs if _is_typed(sheets, places[item], printed)}
            if filled:
                must = {item for item in inputs if item.required and item.mode == "entered"}
                lacking = must - filled
                own_group = _group_of(layout, block, gap, places, sheets)
                if own_group == gap.slot.path != group:
                    own_group = None  # among rows of the next group
                group = own_group or group
                yield _FilledRow(
                    block.section.id,
                    gap.slot,
                    own_group,
                    {item.id: at for item, at in places.items()},
                    tuple(item.id for item in fields if item in filled),
                    tuple(item for item in fields if item in lacking),
                )


def _gaps(
    layout: Layout, addresses: Mapping[str, Address], block: Block, fields: Sequence[Field]
) -> Iterator[_Gap]:
    """Where rows were put in: among the rows of a section, above the first and beneath the last."""
    rows = [(slot, _row_of(slot, addresses, fields)) for slot in block.slots]
    present = [(slot, row) for slot, row in rows if row is not None]
    if not present:
        return
    for (slot, row), (after, row_after) in pairwise(present):
        if 1 < row_after - row <= _FARTHEST:
            whole = len(present) == len(rows)
            yield _Gap(range(row + 1, row_after), slot, after if whole else None)
    (first, top), (last, bottom) = present[0], present[-1]
    sheet = _sheet(layout, block)
    drawn = [
        (spot.address.row, addresses[name].row)
        for name, spot in layout.spots.items()
        if spot.address.sheet == sheet and name in addresses
    ]
    above = max((pair for pair in drawn if pair[0] < first.row), default=None)
    if above is not None and 0 < (more := top - above[1] - (first.row - above[0])) <= _FARTHEST:
        yield _Gap(range(top - more, top), first)
    beneath = min((pair for pair in drawn if pair[0] > last.row), default=None)
    if beneath is not None:
        more = beneath[1] - bottom - (beneath[0] - last.row)
        if 0 < more <= _FARTHEST:
            yield _Gap(range(bottom + 1, bottom + more + 1), last)


def _group_of(
    layout: Layout,
    block: Block,
    gap: _Gap,
    places: Mapping[Field, Address],
    sheets: Mapping[str, Sheet],
) -> tuple[str, ...] | None:
    """The group of a row put in: that of the rows on both sides, else the one whose label reaches over
    it or is repeated in it; None if that is not certain, or if the form itself fills in the group's rows."""
    if gap.after is None:
        return None
    candidates = list(dict.fromkeys((gap.slot.path, gap.after.path)))
    if len(candidates) > 1:
        item, at = next(iter(places.items()))
        moved_right = at.column - layout.spot(item.key, gap.slot.number).address.column
        sheet = sheets[at.sheet]
        candidates = [
            path
            for path, beside in ((gap.slot.path, at.row - 1), (gap.after.path, at.row + 1))
            if _is_labelled(layout, block, path, sheet, (at.row, beside, moved_right))
        ]
    alike = not any(slot.constants for slot in block.slots if slot.path in candidates)
    return candidates[0] if len(candidates) == 1 and alike else None


def _is_labelled(
    layout: Layout, block: Block, path: tuple[str, ...], sheet: Sheet, at: tuple[int, int, int]
) -> bool:
    """Whether a row shows a group's label, or lies in the merged cell of it that the row beside it is in."""
    row, beside, moved_right = at
    text = next((label for label in reversed(path) if label), "")
    rows = {slot.row for slot in block.slots if slot.path == path}
    for label in layout.pages[_sheet(layout, block)].labels:
        if label.role == "tree" and label.top in rows and fold(label.text) == fold(text):
            column = label.left + moved_right
            stored = sheet.cells.get((row, column))
            if stored is not None and isinstance(stored.value, str):
                return fold(stored.value) == fold(text)
            return any(
                top <= min(row, beside) and max(row, beside) <= bottom and left <= column <= right
                for top, left, bottom, right in map(_corners, sheet.merges)
            )
    return False


def _corners(text: str) -> tuple[int, int, int, int]:
    first, _, last = text.partition(":")
    try:
        return *split_a1(first), *split_a1(last or first)
    except ValueError:
        return 0, 0, 0, 0


def _row_of(slot: Slot, addresses: Mapping[str, Address], fields: Sequence[Field]) -> int | None:
    """Where a row of the template stands; None if cells of it are lost or went different ways."""
    found = {addresses.get(cell_name(item.key, slot.number)) for item in fields}
    rows = {at.row for at in found if at is not None}
    return rows.pop() if len(rows) == 1 and None not in found else None


def _is_typed(sheets: Mapping[str, Sheet], at: Address, printed: Collection[str]) -> bool:
    """Whether something stands there that is none of the sheet's printed words."""
    cell = sheets[at.sheet].cells.get((at.row, at.column))
    if cell is None or cell.value is None:
        return False
    return not isinstance(cell.value, str) or fold(cell.value) not in {"", *printed}


def _grown(
    recognised: RecognisedForm, read_rows: Sequence[_FilledRow]
) -> tuple[RecognisedForm, dict[str, str]]:
    """The form with more rows, and what the template's cells are called in it."""
    layout = recognised.layout
    plan, start = list(layout.plan), 0
    for section in layout.form.repeating:
        for index, group in enumerate(section.groups, start):
            plan[index] += sum(
                row.section == section.id and row.group == group.path for row in read_rows
            )
        start += len(section.groups)
    names, addresses = {}, {}
    for name, spot in layout.spots.items():
        item, number = spot.field, spot.number
        if item.grain == ROW:
            number += sum(
                row.section == item.section and row.slot.number < number for row in read_rows
            )
        names[name] = cell_name(item.key, number)
        if name in recognised.addresses:
            addresses[names[name]] = recognised.addresses[name]
    taken: dict[str, int] = {}
    for row in sorted(read_rows, key=lambda row: (row.section, _line(row))):
        taken[row.section] = before = taken.get(row.section, 0) + 1
        number = row.slot.number + before
        for field_id, at in row.cells.items():
            addresses[cell_name(f"{row.section}.{field_id}", number)] = at
    grown = replace(recognised, layout=lay_out(layout.form, plan), addresses=addresses)
    return grown, names


def _told(row: _FilledRow) -> Finding:
    any_cell = next(iter(row.cells.values()))
    group = "·".join(filter(None, row.group or ()))
    words = {"row": str(_line(row)), "sheet": any_cell.sheet}
    cells = ",".join(row.cells[field_id].a1 for field_id in row.filled)
    if row.is_read:
        return finding("L220", cell=cells, group=f"“{group}”的" if group else "", **words)
    if row.group is None:
        why = "不在同一组的两行之间，不知属于哪一组"
    else:
        why = f"没有填全，缺{'、'.join(item.label for item in row.lacking)}"
    return finding("L221", cell=cells, why=why, **words)


def _line(row: _FilledRow) -> int:
    return next(iter(row.cells.values())).row
