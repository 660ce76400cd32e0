"""The summary of the samples, sheet by sheet, as another program reads it.

tests/golden/samples_summary.txt is for people: a formula, a figure, a format, a link or a limit that changes
shows there as a line. Rows and columns that are alike are told together; of a long list the first rows
and the last are told, and the digest of those between.
"""

from __future__ import annotations

import datetime
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from builder import build_summary
from tests import workbook_text as shown
from tests.fillings import ROSTER, SAMPLES, two_years
from workbook import Return, aggregate, check, load_roster, read_returns

DEADLINE = datetime.date(2025, 3, 20)
LATE = 3
"""So many of the samples were saved on the day after."""
MOST_ROWS, FIRST, LAST = 60, 16, 4
"""A list that has more rows is told by its first and its last."""


def sample_files() -> list[Return]:
    """The files of the samples, read; with a size and a time that hold when they are made anew."""
    return [
        replace(
            item,
            modified=f"2025-03-{21 if number < LATE else 18}T08:00:00Z",
            size=120_000,
            sha256=f"{number:064}",
        )
        for number, item in enumerate(read_returns([Path("returns")]))
    ]


def test_the_summary_of_the_samples_is_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Callable[[str, str], None]
) -> None:
    shutil.copytree(SAMPLES / "returns", tmp_path / "returns")
    monkeypatch.chdir(tmp_path)  # files are named as they were given, and links are relative
    roster = load_roster(ROSTER)
    summary = aggregate(check(sample_files(), roster), roster, deadline=DEADLINE)
    path = build_summary(summary, Path("汇总.xlsx"))
    book, cached = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    lines = list(_book(book))
    for sheet in book.worksheets:
        lines += _sheet(sheet, cached[sheet.title])
    lines += ["", "# charts", *_charts(path)]
    golden("samples_summary.txt", "\n".join(lines) + "\n")


def test_two_years_side_by_side_are_what_they_were(
    tmp_path: Path, golden: Callable[[str, str], None]
) -> None:
    path = build_summary(two_years(), tmp_path / "汇总.xlsx")
    book, cached = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    lines = list(_sheet(book["同比"], cached["同比"]))
    golden("two_years_summary.txt", "\n".join(lines) + "\n")


def _book(book: Workbook) -> Iterator[str]:
    yield f"structure locked: {book.security is not None and bool(book.security.lockStructure)}"
    yield f"opens on: {book.active.title if book.active else ''}"
    yield f"title: {book.properties.title}"
    yield f"comments: {book.properties.description}"
    for name, item in sorted(book.defined_names.items()):
        yield f"name: {name} = {item.attr_text}"


def _charts(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as parts:
        for name in sorted(parts.namelist()):
            if name.startswith("xl/charts/chart"):
                yield shown.chart(parts.read(name))


def _sheet(sheet: Worksheet, cached: Worksheet) -> Iterator[str]:
    yield from shown.heading(sheet)
    yield "values (after = a formula's):"
    yield from _shortened(_values(sheet, cached))
    for title, lines in (
        ("formulas (# is the own row):", shown.areas(sheet, shown.formula)),
        ("looks:", shown.areas(sheet, shown.look)),
        ("links (* is the row's own file):", shown.areas(sheet, _link(sheet), over_gaps=True)),
    ):
        known = list(lines)
        yield from [title, *_shortened(known)] if known else ()
    yield from shown.validations(sheet)
    yield from shown.colours(sheet)


def _values(sheet: Worksheet, cached: Worksheet) -> list[str]:
    """A line for each row: its number, then letter and value of each cell that has one."""
    lines = []
    for row in sheet.iter_rows():
        told = [f"{c.column_letter} {_value(c, cached)}" for c in row if c.value is not None]
        lines += [f"{row[0].row}  {'  '.join(told)}"] if told else []
    return lines


def _value(cell: Cell, cached: Worksheet) -> str:
    value = shown.text(cached[cell.coordinate].value)
    return f"={value}" if cell.data_type == "f" else value


def _link(sheet: Worksheet) -> Callable[[Cell], str]:
    def told(cell: Cell) -> str:
        link = cell.hyperlink
        if link is None:
            return ""
        row = {Path(str(other.value)).name for other in sheet[cell.row]}
        target = link.target or ""
        target = target.replace(Path(target).name, "*") if Path(target).name in row else target
        return f"{target}#{link.location or ''}"

    return told


def _shortened(lines: list[str]) -> list[str]:
    if len(lines) <= MOST_ROWS:
        return lines
    between = lines[FIRST:-LAST]
    told = f"… {len(between)} lines more, {shown.digest(chr(10).join(between))} …"
    return [*lines[:FIRST], told, *lines[-LAST:]]
