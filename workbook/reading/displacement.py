"""How a sheet's rows and columns moved, told from where its named cells stand now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from workbook.address import Address, letters
from workbook.layout import Label, Layout, Page, Spot

Position = tuple[int, int]

_FARTHEST = 1000
"""Of lines that moved farther nobody knows where their neighbours went."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Where each row and column of the template stands in a workbook; what was taken out is not in it."""

    rows: Mapping[int, int]
    columns: Mapping[int, int]
    astray: tuple[str, ...]
    """Names that point elsewhere than their row and column."""
    sure: frozenset[int]
    """The template's rows that still have cells, so that it is certain where they are."""
    told: tuple[str, ...]
    """In words, where rows and columns were put in or taken out."""

    def gone(self, label: Label) -> bool:
        """Whether a label's row or column was taken out."""
        return label.top not in self.rows or label.left not in self.columns


def sheet_now(layout: Layout, addresses: Mapping[str, Address], usual: str) -> str:
    """The name that a sheet of the form has in this workbook."""
    for name, at in addresses.items():
        if layout.spots[name].address.sheet == usual:
            return at.sheet
    return usual


def shift_of(
    layout: Layout,
    page: Page,
    addresses: Mapping[str, Address],
    home: str,
    labels: Sequence[Label],
    texts: Mapping[Position, str],
) -> Shift:
    """The shift of a page's sheet, called `home` now; `labels` and `texts` are squeezed alike.

    Rows and columns that hold labels alone lie between those with cells: where, the labels tell.
    """
    drawn = [
        (name, layout.spots[name].address, at)
        for name, at in addresses.items()
        if layout.spots[name].address.sheet == page.paper.sheet
    ]
    inside = [pair for pair in drawn if pair[2].sheet == home]
    rows = _steady([(usual.row, at.row) for _, usual, at in inside])
    columns = _steady([(usual.column, at.column) for _, usual, at in inside])

    sure = frozenset(rows)
    by_row, by_column = _gathered(texts, 0), _gathered(texts, 1)
    row_labels = _gathered({(label.top, label.left): label.text for label in labels}, 0)
    column_labels = _gathered({(label.top, label.left): label.text for label in labels}, 1)
    rows = _filled(rows, page.last_row, row_labels, by_row)
    columns = _filled(columns, page.hint_column, column_labels, by_column)
    astray = tuple(
        name
        for name, usual, at in drawn
        if (at.sheet, at.row, at.column) != (home, rows[usual.row], columns[usual.column])
    )
    told = [f"第 {row} 行起{_way(by, '下', '上')}移 {abs(by)} 行" for row, by in _steps(rows)]
    told += [
        f"{letters(column)} 列起{_way(by, '右', '左')}移 {abs(by)} 列"
        for column, by in _steps(columns)
    ]
    return Shift(rows, columns, astray, sure, tuple(told))


def moved_layout(
    layout: Layout, addresses: Mapping[str, Address], shifts: Mapping[str, Shift]
) -> Layout:
    """The layout as it stands in the workbook: what the template's formulas must refer to now.

    `shifts` are by the sheets' usual names; sheets that did not move may be left out.
    """

    def moved(spot: Spot) -> Spot:
        at = addresses.get(spot.name, spot.address)
        shift = shifts.get(spot.address.sheet)
        down, right = at.row - spot.address.row, at.column - spot.address.column
        bottom, side = spot.bottom + down, spot.right + right
        if shift is not None:
            bottom, side = shift.rows.get(spot.bottom, bottom), shift.columns.get(spot.right, side)
        return replace(spot, address=at, bottom=max(bottom, at.row), right=max(side, at.column))

    pages = {sheet: _moved_page(page, shifts.get(sheet)) for sheet, page in layout.pages.items()}
    spots = {name: moved(spot) for name, spot in layout.spots.items()}
    return replace(layout, spots=spots, pages=pages)


def _moved_page(page: Page, shift: Shift | None) -> Page:
    if shift is None:
        return page
    rows, columns = shift.rows, shift.columns
    labels = tuple(
        replace(x, top=rows.get(x.top, x.top), left=columns.get(x.left, x.left))
        for x in page.labels
    )
    return replace(page, labels=labels, last_row=max(rows.values()))


def _way(by: int, more: str, less: str) -> str:
    return more if by > 0 else less


def _steady(pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Where most cells of each line went, as far as the lines keep their order."""
    votes: dict[int, Counter[int]] = {}
    for usual, now in pairs:
        votes.setdefault(usual, Counter())[now] += 1
    likely = {usual: seen.most_common(1)[0][0] for usual, seen in sorted(votes.items())}
    usual_lines = list(likely)
    # The longest run of lines that keep their order; the others went astray.
    best: list[tuple[int, int]] = []  # length, index of the line before
    for i, line in enumerate(usual_lines):
        before = [(best[j][0], j) for j in range(i) if likely[usual_lines[j]] < likely[line]]
        length, j = max(before, default=(0, -1))
        best.append((length + 1, j))
    kept: dict[int, int] = {}
    at = max(range(len(best)), key=lambda i: best[i][0], default=-1)
    while at >= 0:
        kept[usual_lines[at]] = likely[usual_lines[at]]
        at = best[at][1]
    return dict(sorted(kept.items()))


def _gathered(texts: Mapping[Position, str], axis: int) -> dict[int, set[str]]:
    """The texts of each row (0) or column (1)."""
    found: dict[int, set[str]] = {}
    for at, text in texts.items():
        found.setdefault(at[axis], set()).add(text)
    return found


def _filled(
    known: Mapping[int, int],
    last: int,
    labels: Mapping[int, set[str]],
    texts: Mapping[int, set[str]],
) -> dict[int, int]:
    """The map for every line to `last`: unknown lines where they fit best, else as the one before.

    Where lines were taken out, those whose labels are nowhere are the ones, and are not in the map.
    """
    if not known:
        return {line: line for line in range(1, last + 1)}
    by = {line: now - line for line, now in known.items()}
    found: dict[int, int] = {}
    before = taken = 0
    for line in range(1, last + 1):
        if line in by:
            before, taken = by[line], known[line]
            found[line] = taken
            continue
        after = next((by[n] for n in sorted(by) if n > line), before)
        choices = range(min(before, after), max(before, after) + 1)
        wanted = labels.get(line, set())
        if 1 < len(choices) <= _FARTHEST and wanted:
            near = sorted(choices, key=lambda step: abs(step - before))
            free = [step for step in near if line + step > taken] or near[:1]
            best = max(free, key=lambda step: len(wanted & texts.get(line + step, set())))
            if after < before and not wanted & texts.get(line + best, set()):
                before -= 1
                continue
            before = best
        found[line] = taken = line + before
    return found


def _steps(lines: Mapping[int, int]) -> list[tuple[int, int]]:
    """(line, by how much) wherever lines begin to stand otherwise than those before."""
    steps, before = [], 0
    for line, now in lines.items():
        if now - line != before:
            steps.append((line, now - line - before))
            before = now - line
    return steps
