"""Reading drawn rows: `a | b | <`; docs/form-file.md tells what the signs mean."""

from __future__ import annotations

import re

from workbook.errors import nearest
from workbook.form.model import Drawing, DrawnCell
from workbook.form.toml_table import TomlTable

_FIELD = re.compile(r"\{([a-z0-9_.]+)\}")
_LEVEL = re.compile(r"\[([a-z0-9_]+)\]")
_HEADING = re.compile(r"(#{1,2}) +")
_HIGHEST_ROW = 409
"""In points; a sheet has none higher."""
_MOST_LINES = 500


def draw(table: TomlTable, key: str, section: str, levels: tuple[str, ...]) -> Drawing:
    """Read drawn rows: `a | b | <` and so on; see docs/form-file.md."""
    value = table.data.get(key, [])
    lines = [value] if isinstance(value, str) else list(table.strings(key))
    if len(lines) > _MOST_LINES:
        raise table.error(key, f"has {len(lines)} rows, at most {_MOST_LINES} can be drawn")
    grid: list[list[str]] = []
    framed = []
    for line in lines:
        framed.append(not line.startswith("~"))
        grid.append([cell.strip(" ") for cell in line.removeprefix("~").split("|")])
    heights = table.numbers("heights", 0, _HIGHEST_ROW) if key == "drawing" else ()
    if heights and len(heights) != len(lines):
        raise table.error("heights", f"must have one number for each of the {len(lines)} rows")
    cells = []
    for row, line_cells in enumerate(grid):
        for column, cell in enumerate(line_cells):
            if cell not in ("<", "^"):
                cells.append(_drawn_cell(table, key, grid, row, column, section, levels))
            else:
                _check_mark(table, key, grid, row, column)
    _check_cover(table, key, grid, cells)
    return Drawing(len(grid), tuple(framed), heights or (0.0,) * len(grid), tuple(cells))


def _check_cover(table: TomlTable, key: str, grid: list[list[str]], cells: list[DrawnCell]) -> None:
    """Every mark belongs to one cell, and a cell that is wide and high is a whole rectangle."""
    owners: dict[tuple[int, int], DrawnCell] = {}
    for drawn in cells:
        for row in range(drawn.row, drawn.row + drawn.rows):
            for column in range(drawn.column, drawn.column + drawn.columns):
                position = row, column
                mark = grid[row][column] if column < len(grid[row]) else ""
                is_first = position == (drawn.row, drawn.column)
                if position in owners or not (is_first or mark in ("<", "^")):
                    remedy = "mark every cell of the block below its first row with '^' or '<'"
                    message = (
                        f"row {row + 1}, cell {column + 1}: is part of the block that begins in row"
                    )
                    raise table.error(
                        key, f"{message} {drawn.row + 1}, cell {drawn.column + 1}; {remedy}"
                    )
                owners[position] = drawn
    for row, line in enumerate(grid):
        for column, mark in enumerate(line):
            if (mark == "<" or (mark == "^" and row > 0)) and (row, column) not in owners:
                message = f"row {row + 1}, cell {column + 1}: '{mark}' joins no cell"
                remedy = "a block reaches right and down as a rectangle"
                raise table.error(key, f"{message}; {remedy}")


def _check_mark(table: TomlTable, key: str, grid: list[list[str]], row: int, column: int) -> None:
    if grid[row][column] == "<" and column == 0:
        raise table.error(key, f"row {row + 1} begins with '<', which has nothing to its left")
    if grid[row][column] == "^" and (row > 0 and column >= len(grid[row - 1])):
        raise table.error(key, f"row {row + 1}, cell {column + 1}: '^' has nothing above it")


def _drawn_cell(
    table: TomlTable,
    key: str,
    grid: list[list[str]],
    row: int,
    column: int,
    section: str,
    levels: tuple[str, ...],
) -> DrawnCell:
    columns = 1
    while column + columns < len(grid[row]) and grid[row][column + columns] == "<":
        columns += 1
    rows = 1
    while row + rows < len(grid) and grid[row + rows][column : column + 1] == ["^"]:
        rows += 1
    text = grid[row][column]
    heading = _HEADING.match(text)
    text = text[heading.end() :] if heading else text
    named = _FIELD.fullmatch(text)
    level = _LEVEL.fullmatch(text)
    if level and level[1] not in levels:
        raise table.error(key, f"[{level[1]}] is not a level; {nearest(level[1], levels)}")
    name = ""
    if named:
        name = named[1] if "." in named[1] else f"{section}.{named[1]}"
    return DrawnCell(
        "" if named or level else text.replace("\\n", "\n"),
        name,
        levels.index(level[1]) + 1 if level else 0,
        len(heading[1]) if heading else 0,
        row,
        column,
        rows,
        columns,
    )
