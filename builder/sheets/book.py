"""An XlsxWriter workbook as we use it: strict, locked if asked, and written whole or not at all."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import CellFormulaTuple, Worksheet

from builder.sheets.lock import Lock
from workbook.address import letters
from workbook.errors import BuildError
from workbook.text import without_unseen
from workbook.writing import writing


class _SharedCell(NamedTuple):
    """A cell of a shared formula: how its element begins, the formula's element, and what it shows."""

    opening: str
    element: str
    value: str | float
    format: None = None
    """None has one; XlsxWriter asks."""


class WrittenSheet(Worksheet):  # type: ignore[misc]
    """A worksheet that takes formulas as they are, and can write one formula for a run of rows."""

    def __init__(self) -> None:
        super().__init__()
        self._masters = 0
        self._lock = Lock()

    def lock(self, lock: Lock, permitted: Iterable[str] = ()) -> None:
        """Protect the sheet; what stays permitted is named as XlsxWriter's `protect` names it."""
        self._lock = lock
        self.protect("", dict.fromkeys(permitted, True))

    def write_down(self, row: int, column: int, formula: str, shown: Sequence[str | float]) -> None:
        """Write a formula as it reads in `row` (from 0), and in as many rows as there are values.

        It is stored once, as a shared formula; Excel knows none that names cells of other sheets.
        """
        last = row + len(shown) - 1
        done(self._check_dimensions(row, column) or self._check_dimensions(last, column))
        name, text = letters(column + 1), self._escape_data(formula.removeprefix("="))
        opening = f'<f t="shared" si="{self._masters}"'
        element = f'{opening} ref="{name}{row + 1}:{name}{last + 1}">{text}</f>'
        for n, value in enumerate(shown, row):
            self.table[n][column] = _SharedCell(f'<c r="{name}{n + 1}"', element, value)
            element = f"{opening}/>"
        self._masters += 1

    def put_formula(
        self, row: int, column: int, formula: str, style: Format | None, value: str | float
    ) -> None:
        """Write a formula and what it shows, row and column from 0; XlsxWriter's own way asks first whether they are numbers."""
        done(self._write_formula(row, column, formula, style, value))

    def _write_string(
        self, row: int, col: int, string: str, cell_format: Format | None = None
    ) -> int:
        written: int = super()._write_string(row, col, without_unseen(string), cell_format)
        return written

    # XlsxWriter looks through each formula for functions newer than Excel 2007 and for dynamic arrays, which
    # takes most of the time of writing a template; ours have none, and a test says so.
    def _prepare_formula(self, formula: str, _expand: bool = False) -> str:
        return formula.removeprefix("=")

    def _write_formula(
        self,
        row: int,
        column: int,
        formula: str,
        style: Format | None = None,
        value: str | float = 0,
    ) -> int:
        if self.constant_memory:  # rows are written on the way
            return int(super()._write_formula(row, column, formula, style, value))
        refused = int(self._check_dimensions(row, column))
        if not refused:
            self.table[row][column] = CellFormulaTuple(formula.removeprefix("="), style, value)
        return refused

    # XlsxWriter knows no shared formulas. Tests pin that cells are written here.
    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        if not isinstance(cell, _SharedCell):
            super()._write_cell(row, col, cell)
            return
        kind = ' t="str"' if isinstance(cell.value, str) and cell.value else ""
        value = self._escape_data(cell.value)
        self.fh.write(f"{cell.opening}{kind}>{cell.element}<v>{value}</v></c>")

    # XlsxWriter knows the 16-bit hash only.
    def _xml_empty_tag(self, tag: str, attributes: Sequence[tuple[str, object]] = ()) -> None:
        if tag == "sheetProtection":
            attributes = [*self._lock.attributes(), *attributes]
        super()._xml_empty_tag(tag, attributes)


class Book(xlsxwriter.Workbook):  # type: ignore[misc]
    """A workbook whose structure a lock can lock, and that reuses equal formats."""

    def __init__(self, target: Path | BytesIO, *, lock: Lock | None = None, **options: Any) -> None:
        # Text is data: nothing typed by anyone becomes a formula, a number or a link.
        settings = {
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
            "default_date_format": "yyyy-mm-dd",
        }
        super().__init__(str(target) if isinstance(target, Path) else target, settings | options)
        self._lock = lock
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def add_worksheet(self, name: str | None = None) -> WrittenSheet:
        """A further sheet."""
        sheet: WrittenSheet = super().add_worksheet(name, worksheet_class=WrittenSheet)
        return sheet

    def style(self, **properties: Any) -> Format:
        """The format with these properties, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.add_format(properties)
        return self._formats[key]

    # XlsxWriter repeats all names in docProps/app.xml, a fortieth of a template.
    def _extract_named_ranges(self, _names: object) -> list[str]:
        return []

    # XlsxWriter has no public way to lock the structure. `_write_book_views` follows the place where
    # the element belongs; tests pin this.
    def _write_book_views(self) -> None:
        if self._lock is not None:
            attributes = [*self._lock.attributes("workbook"), ("lockStructure", 1)]
            self._xml_empty_tag("workbookProtection", attributes)
        super()._write_book_views()


def done(code: Any) -> None:
    """XlsxWriter's methods return -1 and the like instead of raising; a refusal is our mistake."""
    if isinstance(code, int) and code < 0:
        raise BuildError(f"the workbook refused a cell or an option (code {code})")


@contextlib.contextmanager
def book_at(path: Path, **options: Any) -> Iterator[Book]:
    """A workbook to be filled; written and put in place when the block ends without an error."""
    with writing(path) as temporary, book_in(temporary, **options) as book:
        yield book


@contextlib.contextmanager
def book_in(target: Path | BytesIO, **options: Any) -> Iterator[Book]:
    """A workbook to be filled, written to a file or into memory when the block ends without an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        book = Book(target, **options)
        yield book
        book.close()


FIXED_DATE = datetime(2024, 1, 1)  # noqa: DTZ001  # equal input gives equal bytes
"""The date of creation written into every workbook."""
