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
    moves_in_words: tuple[str, ...]
    """In words, where rows and columns were put in or taken out."""

    def gone(self, label: Label) -> bool:
        """Whether a label's row or column was taken out."""
        return label.top not in self.rows or label.left not in self.columns


def present_sheet_name(layout: Layout, addresses: Mapping[str, Address], usual_name: str) -> str:
    """The name that a sheet of the form has in this workbook."""
    for name, at in addresses.items():
        if layout.spots[name].address.sheet == usual_name:
            return at.sheet
    return usual_name


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
    inside = [drawn_cell for drawn_cell in drawn if drawn_cell[2].sheet == home]
    rows = _steady([(usual_address.row, at.row) for _, usual_address, at in inside])
    columns = _steady([(usual_address.column, at.column) for _, usual_address, at in inside])

    sure = frozenset(rows)
    by_row, by_column = _gathered(texts, 0), _gathered(texts, 1)
    row_labels = _gathered({(label.top, label.left): label.text for label in labels}, 0)
    column_labels = _gathered({(label.top, label.left): label.text for label in labels}, 1)
    rows = _filled(rows, page.last_row, row_labels, by_row)
    columns = _filled(columns, page.hint_column, column_labels, by_column)
    astray = tuple(
        name
        for name, usual_address, at in drawn
        if (at.sheet, at.row, at.column)
        != (home, rows[usual_address.row], columns[usual_address.column])
    )
    moves_in_words = [
        f"第 {row} 行起{_direction(by, '下', '上')}移 {abs(by)} 行" for row, by in _steps(rows)
    ]
    moves_in_words += [
        f"{letters(column)} 列起{_direction(by, '右', '左')}移 {abs(by)} 列"
        for column, by in _steps(columns)
    ]
    return Shift(rows, columns, astray, sure, tuple(moves_in_words))


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
        replace(label, top=rows.get(label.top, label.top), left=columns.get(label.left, label.left))
        for label in page.labels
    )
    return replace(page, labels=labels, last_row=max(rows.values()))


def _direction(by: int, forwards: str, backwards: str) -> str:
    return forwards if by > 0 else backwards


def _steady(pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Where most cells of each line went, as far as the lines keep their order."""
    votes: dict[int, Counter[int]] = {}
    for usual_line, present_line in pairs:
        votes.setdefault(usual_line, Counter())[present_line] += 1
    likely = {
        usual_line: line_votes.most_common(1)[0][0]
        for usual_line, line_votes in sorted(votes.items())
    }
    usual_lines = list(likely)
    # The longest run of lines that keep their order; the others went astray.
    best: list[tuple[int, int]] = []  # length, index of the line before
    for i, line in enumerate(usual_lines):
        before = [(best[j][0], j) for j in range(i) if likely[usual_lines[j]] < likely[line]]
        length, j = max(before, default=(0, -1))
        best.append((length + 1, j))
    kept_lines: dict[int, int] = {}
    index = max(range(len(best)), key=lambda i: best[i][0], default=-1)
    while index >= 0:
        kept_lines[usual_lines[index]] = likely[usual_lines[index]]
        index = best[index][1]
    return dict(sorted(kept_lines.items()))


def _gathered(texts: Mapping[Position, str], axis: int) -> dict[int, set[str]]:
    """The texts of each row (0) or column (1)."""
    texts_by_line: dict[int, set[str]] = {}
    for position, text in texts.items():
        texts_by_line.setdefault(position[axis], set()).add(text)
    return texts_by_line


def _filled(
    known_lines: Mapping[int, int],
    last: int,
    labels: Mapping[int, set[str]],
    texts: Mapping[int, set[str]],
) -> dict[int, int]:
    """The map for every line to `last`: unknown lines where they fit best, else as the one before.

    Where lines were taken out, those whose labels are nowhere are the ones, and are not in the map.
    """
    if not known_lines:
        return {line: line for line in range(1, last + 1)}
    known_steps = {line: present_line - line for line, present_line in known_lines.items()}
    all_lines: dict[int, int] = {}
    before = taken_line = 0
    for line in range(1, last + 1):
        if line in known_steps:
            before, taken_line = known_steps[line], known_lines[line]
            all_lines[line] = taken_line
            continue
        after = next((known_steps[n] for n in sorted(known_steps) if n > line), before)
        choices = range(min(before, after), max(before, after) + 1)
        wanted_texts = labels.get(line, set())
        if 1 < len(choices) <= _FARTHEST and wanted_texts:
            near = sorted(choices, key=lambda step: abs(step - before))
            free = [step for step in near if line + step > taken_line] or near[:1]
            best = max(free, key=lambda step: len(wanted_texts & texts.get(line + step, set())))
            if after < before and not wanted_texts & texts.get(line + best, set()):
                before -= 1
                continue
            before = best
        all_lines[line] = taken_line = line + before
    return all_lines


def _steps(lines: Mapping[int, int]) -> list[tuple[int, int]]:
    """(line, by how much) wherever lines begin to stand otherwise than those before."""
    steps, before = [], 0
    for line, present_line in lines.items():
        if present_line - line != before:
            steps.append((line, present_line - line - before))
            before = present_line - line
    return steps
