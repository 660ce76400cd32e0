"""What each input's data validation lets in: written by the template, looked for in what comes back."""

from __future__ import annotations

from typing import NamedTuple

from workbook.address import Address, letters
from workbook.form import ROW, Entry, Field
from workbook.layout.formulas import Formulas
from workbook.layout.layout import Spot


class Admitted(NamedTuple):
    """A data validation as a workbook stores it: `custom`, `textLength` or `list`, and its formula."""

    type: str
    formula: str


def admitted(spot: Spot, formulas: Formulas, home: str) -> Admitted:
    """What the cell of an input on the sheet `home` lets in."""
    item, cell = spot.field, _own_row(spot.address)
    match item.kind.entry:
        case Entry.LIST:
            return Admitted("list", list_name(item))
        case Entry.LENGTH:
            return Admitted("textLength", str(item.max_length or 32767))
        case Entry.DAY:
            first, last = item.kind.lowest, item.kind.highest
            return Admitted("custom", f"AND(ISNUMBER({cell}),{cell}>={first},{cell}<={last})")
    return Admitted("custom", _number(spot, formulas, home))


def _own_row(address: Address) -> str:
    """A cell of the sheet as it is named from its own row: one formula serves a column."""
    return f"${letters(address.column)}{address.row}"


def list_name(item: Field) -> str:
    """The defined name of a choice's list."""
    return f"list_{item.key.replace('.', '_')}"  # .xls knows no points in names


def _number(spot: Spot, formulas: Formulas, home: str) -> str:
    """A custom formula, since it alone can hold range, decimals and a neighbouring limit."""
    item, cell = spot.field, _own_row(spot.address)
    tests = [f"ISNUMBER({cell})"]
    if item.lowest is not None:
        tests.append(f"{cell}>={item.lowest:.15g}")
    if isinstance(item.highest, str):
        limiting_field = formulas.form.sections[item.section].fields[item.highest]
        address = formulas.address(limiting_field, spot.number)
        in_row = limiting_field.grain == item.grain == ROW and address.sheet == home
        bound = _own_row(address) if in_row else formulas.on(address, home)
        tests.append(f'OR({bound}="",{cell}<={bound})')
    elif item.highest is not None:
        tests.append(f"{cell}<={item.highest:.15g}")
    if item.kind.typed_decimals is not None:
        tests.append(f"ROUND({cell},{item.kind.typed_decimals})={cell}")
    return f"AND({','.join(tests)})"
