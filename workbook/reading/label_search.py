"""Find a form by its printed words, when its names or its own record are lost.

Pasted into a new workbook, or saved by a program that drops names, a form still shows its labels. A
sheet is taken for a form only if all labels of the table stand there in their order, in columns that
fit together; nothing is guessed from a part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from workbook.address import Address
from workbook.form import Form
from workbook.layout import Block, Label, Layout, Page, Plan, Spot, default_plan, lay_out
from workbook.package import Sheet
from workbook.text import fold

OPTIONAL_LABELS = ("annex", "title", "side")
"""Labels outside the table, which a paste may leave behind."""
_LONGEST = 200
"""No label is as long; longer texts are not looked at."""
_YEAR = re.compile(r"20[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Located:
    """A form found on a sheet: where each of its drawn cells stands there; and its further sheets, if found."""

    layout: Layout
    sheet: str
    addresses: Mapping[str, Address]
    year: int | None
    """The year in the title, if the title is there."""

    @property
    def moved(self) -> bool:
        """Whether any cell stands elsewhere than the template has it."""
        spots = self.layout.spots
        return any(at != spots[name].address for name, at in self.addresses.items())


def _locate(form: Form, texts: _Texts) -> Located | None:
    """The form on a sheet by its labels, with the rows that its groups have here; else None."""
    usual_layout = lay_out(form)
    positions = _match(usual_layout.home, texts)
    if positions is None:
        return None
    layout = lay_out(form, _plan(usual_layout, positions.rows))
    addresses = _page_addresses(layout, layout.home, texts)
    if addresses is None:
        return None
    return Located(layout, texts.sheet, addresses, texts.year(layout))


def _page_addresses(layout: Layout, page: Page, texts: _Texts) -> dict[str, Address] | None:
    """Where the cells drawn on a page stand on a sheet; None unless all its labels are there."""
    positions = _match(page, texts)
    if positions is None:
        return None
    drawn = _drawn_spots(layout, page)
    rows = _interpolated(positions.rows, max(spot.address.row for spot in drawn))
    columns = _interpolated(positions.columns, max(spot.address.column for spot in drawn))
    if rows is None or columns is None:
        return None
    return {
        spot.name: Address(texts.sheet, rows[spot.address.row], columns[spot.address.column])
        for spot in drawn
    }


def _with_further(located: Located, sheets: Sequence[_Texts]) -> Located:
    """With the cells of the form's further sheets, each on the first sheet that shows its labels."""
    addresses = dict(located.addresses)
    for page in located.layout.pages.values():
        if page is not located.layout.home:
            candidates = (_page_addresses(located.layout, page, texts) for texts in sheets)
            addresses |= next((candidate for candidate in candidates if candidate is not None), {})
    return replace(located, addresses=addresses)


def locate_any(forms: Iterable[Form], sheets: Sequence[Sheet]) -> list[Located]:
    """Every sheet that shows the labels of a form, each with the first form that fits."""
    forms = list(forms)
    located_forms = []
    all_texts = [_Texts(sheet) for sheet in sheets]
    for texts in all_texts:
        fits = (located for form in forms if (located := _locate(form, texts)) is not None)
        first = next(fits, None)
        if first is not None:
            located_forms.append(_with_further(first, all_texts))
    return located_forms


def fillings(located: Sequence[Located], sheets: Mapping[str, Sheet]) -> list[Located]:
    """Those that are filled in, one of each filling: two of them are two different returns."""
    seen: set[tuple[str, frozenset[tuple[str, object]]]] = set()
    distinct = []
    for item in located:
        values: set[tuple[str, object]] = set()
        for name, at in item.addresses.items():
            field = item.layout.spots[name].field
            cell = sheets[at.sheet].cells.get((at.row, at.column))
            typed = cell is not None and cell.value is not None and cell.formula is None
            if cell is not None and typed and field.mode == "entered" and field.by == "department":
                values.add((name, cell.value))
        key = (item.layout.form.key, frozenset(values))
        if values and key not in seen:
            seen.add(key)
            distinct.append(item)
    return distinct


class _Texts:
    """The folded texts of a sheet, row by row."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet.name
        rows: dict[int, list[tuple[int, str]]] = {}
        for (row, column), cell in sheet.cells.items():
            if isinstance(cell.value, str) and len(cell.value) <= _LONGEST:
                rows.setdefault(row, []).append((column, fold(cell.value)))
        self.rows = {row: sorted(cells) for row, cells in sorted(rows.items())}

    def year(self, layout: Layout) -> int | None:
        """The year that the title names."""
        title = fold(layout.form.title)
        pattern = re.escape(title).replace(re.escape(fold("{fiscal_year}")), f"({_YEAR.pattern})")
        for cells in self.rows.values():
            for _, text in cells:
                if match := re.fullmatch(pattern, text):
                    return int(match[1]) if match.re.groups else None
        return None


@dataclass(slots=True)
class _LabelPositions:
    rows: dict[int, int]
    columns: dict[int, int]


def _match(page: Page, texts: _Texts) -> _LabelPositions | None:
    """Rows and columns of the page's labels on the sheet, in order; None unless all are there."""
    lines: dict[int, list[Label]] = {}
    for label in page.labels:
        if label.role not in OPTIONAL_LABELS and label.text.strip():
            lines.setdefault(label.top, []).append(label)
    positions = _LabelPositions({}, {})
    last_sheet_row = 0
    for row in sorted(lines):
        row_labels = sorted(lines[row], key=lambda label: label.left)
        for sheet_row, cells in texts.rows.items():
            if sheet_row <= last_sheet_row:
                continue
            columns = _columns(row_labels, cells, positions.columns)
            if columns is not None:
                positions.columns |= columns
                positions.rows[row] = last_sheet_row = sheet_row
                break
        else:
            return None
    return positions if _rising(positions.columns) else None


def _columns(
    labels: Sequence[Label], cells: Sequence[tuple[int, str]], known_columns: Mapping[int, int]
) -> dict[int, int] | None:
    """The columns of a row's labels, from left to right; None if one is missing."""
    columns: dict[int, int] = {}
    rest_cells = iter(cells)
    for label in labels:
        text = fold(label.text)
        known_column = known_columns.get(label.left)
        column = next((c for c, t in rest_cells if t == text and known_column in (None, c)), None)
        if column is None:
            return None
        columns[label.left] = column
    return columns


def _rising(lines: Mapping[int, int]) -> bool:
    present_lines = [lines[line] for line in sorted(lines)]
    return all(a < b for a, b in pairwise(present_lines))


def _plan(layout: Layout, rows: Mapping[int, int]) -> Plan:
    """How many rows each group has here, told by how far apart their labels stand."""
    plan: list[int] = []
    for block in layout.blocks.values():
        plan += _counts(block, rows)
    usual_plan = default_plan(layout.form)
    return tuple(plan) if len(plan) == len(usual_plan) else usual_plan


def _counts(block: Block, rows: Mapping[int, int]) -> Iterator[int]:
    starts: list[int] = []
    for slot in block.slots:
        if not starts or slot.path != block.slots[starts[-1]].path:
            starts.append(slot.number - 1)
    end = min((sheet_row for row, sheet_row in rows.items() if row > block.last), default=None)
    tops = [rows.get(block.slots[start].row) for start in starts]
    for start, top, after in zip(starts, tops, [*tops[1:], end], strict=True):
        usual_count = sum(slot.path == block.slots[start].path for slot in block.slots)
        yield after - top if top is not None and after is not None else usual_count


def _interpolated(known_lines: Mapping[int, int], last: int) -> dict[int, int] | None:
    """The map for every line to `last`; None where lines without labels may have moved either way."""
    all_lines = dict(known_lines)
    sorted_lines = sorted(known_lines)
    for line in range(1, last + 1):
        if line in all_lines:
            continue
        before = max((n for n in sorted_lines if n < line), default=None)
        after = min((n for n in sorted_lines if n > line), default=None)
        near = before if before is not None else after
        if near is None:
            return None
        step = known_lines[near] - near
        if before is not None and after is not None and known_lines[after] - after != step:
            return None
        all_lines[line] = line + step
    return all_lines


def _drawn_spots(layout: Layout, page: Page) -> list[Spot]:
    return [spot for spot in layout.spots.values() if spot.address.sheet == page.paper.sheet]
