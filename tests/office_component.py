"""What a test's LibreOffice does, done inside LibreOffice: a UNO component in Python.

Called from outside, each look at a cell would cross a process border a dozen times (1.4 ms a cell);
in here it takes 0.1 ms. office_server.py registers this file with the LibreOffice that it starts and
sends each request, ``[command, {argument: value}]`` as JSON; the answer is ``{"ok": result}`` or
``{"failed": reason}``. Only the standard library and uno may be imported: this is not our Python.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import unohelper
from com.sun.star.beans import PropertyValue
from com.sun.star.task import XJob

# An address in a request: a defined name, or a sheet's name and an A1 address.
Target = str | list[str]
Position = tuple[int, int, int]  # sheet, row, column, from 0

FILTERS = {
    "xlsx": "Calc MS Excel 2007 XML",
    "xls": "MS Excel 97",
    "ods": "calc8",
    "csv": "Text - txt - csv (StarCalc)",
    "pdf": "calc_pdf_Export",
}

ERRORS = {
    32767: "#N/A",
    503: "#NUM!",
    519: "#VALUE!",
    521: "#NULL!",
    524: "#REF!",
    525: "#NAME?",
    532: "#DIV/0!",
}

TEXT_FORMAT = 256  # com.sun.star.util.NumberFormat.TEXT
FORMULA_ERRORS = 4  # com.sun.star.sheet.FormulaResult.ERROR


class RequestError(Exception):
    """A request that cannot be done; its text goes back to the asker."""


def properties(**values: object) -> tuple[Any, ...]:
    """Return what UNO calls a media descriptor."""
    return tuple(PropertyValue(Name=name, Value=value) for name, value in values.items())


def column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class Book:
    """An open document, with what is asked of it again and again remembered."""

    def __init__(self, component: Any) -> None:
        self.component = component
        self.sheets = component.Sheets
        self.sheet_names: tuple[str, ...] = self.sheets.ElementNames
        self._sheets: dict[int, Any] = {}
        self._named: dict[str, Position] = {}
        # Locks and formats stay as they are while values are typed, and asking is slow.
        self._traits: dict[Position, tuple[bool, bool]] = {}
        self._text_formats: dict[int, bool] = {}

    def sheet(self, index: int) -> Any:
        if index not in self._sheets:
            self._sheets[index] = self.sheets.getByIndex(index)
        return self._sheets[index]

    def sheet_index(self, name: str) -> int:
        if name not in self.sheet_names:
            raise RequestError(f"no sheet {name!r}; there are {', '.join(self.sheet_names)}")
        return self.sheet_names.index(name)

    def locate(self, target: Target) -> Position:
        """Return where a defined name or an address points to: one cell, or a merged block's head."""
        if not isinstance(target, str):
            sheet, address = target
            match = re.fullmatch(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]*)", address)
            if not match:
                raise RequestError(f"{address!r} is not the address of a cell")
            return self.sheet_index(sheet), int(match[2]) - 1, column_number(match[1])
        if target not in self._named:
            self._named[target] = self._look_up(target)
        return self._named[target]

    def _look_up(self, name: str) -> Position:
        names = self.component.NamedRanges
        if not names.hasByName(name):
            raise RequestError(f"no defined name {name!r}")
        cells = names.getByName(name).getReferredCells()
        if cells is None:
            raise RequestError(f"the defined name {name!r} does not point to cells")
        at = cells.getRangeAddress()
        one = (at.StartRow, at.StartColumn) == (at.EndRow, at.EndColumn)
        if not one and not cells.getIsMerged():
            raise RequestError(f"the defined name {name!r} points to several cells")
        return at.Sheet, at.StartRow, at.StartColumn

    def cell(self, at: Position) -> Any:
        return self.sheet(at[0]).getCellByPosition(at[2], at[1])

    def traits(self, at: Position, cell: Any) -> tuple[bool, bool]:
        """Return whether a cell refuses typing, and whether it takes whatever is typed as text."""
        if at not in self._traits:
            protection, number_format = cell.getPropertyValues(("CellProtection", "NumberFormat"))
            locked = protection.IsLocked and self.sheet(at[0]).isProtected()
            self._traits[at] = locked, self._is_text(number_format)
        return self._traits[at]

    def _is_text(self, key: int) -> bool:
        if key not in self._text_formats:
            kind = self.component.NumberFormats.getByKey(key).Type
            self._text_formats[key] = bool(kind & TEXT_FORMAT)
        return self._text_formats[key]

    def range(self, sheet: str, address: str | None) -> Any:
        """Return a range of a sheet; without an address, from A1 to the last used cell."""
        index = self.sheet_index(sheet)
        if address:
            return self.sheet(index).getCellRangeByName(address)
        cursor = self.sheet(index).createCursor()
        cursor.gotoEndOfUsedArea(False)
        end = cursor.getRangeAddress()
        return self.sheet(index).getCellRangeByPosition(0, 0, end.EndColumn, end.EndRow)


def grid(cells: Any) -> list[list[Any]]:
    """Return a range's values: a number, a text, null for an empty cell, an error by its name."""
    rows = [list(row) for row in cells.getDataArray()]
    # The engine gives a formula's "" and an empty cell alike, and an error as nothing at all.
    flat = [value for row in rows for value in row]
    at = cells.getRangeAddress()
    if "" in flat:
        for empty in cells.queryEmptyCells().getRangeAddresses():
            for row in rows[empty.StartRow - at.StartRow : empty.EndRow - at.StartRow + 1]:
                first, last = empty.StartColumn - at.StartColumn, empty.EndColumn - at.StartColumn
                row[first : last + 1] = [None] * (last + 1 - first)
    for broken in cells.queryFormulaCells(FORMULA_ERRORS).getRangeAddresses():
        for r in range(broken.StartRow - at.StartRow, broken.EndRow - at.StartRow + 1):
            for c in range(
                broken.StartColumn - at.StartColumn, broken.EndColumn - at.StartColumn + 1
            ):
                code = cells.getCellByPosition(c, r).getError()
                rows[r][c] = {"error": ERRORS.get(code, f"Err:{code}")}
    return rows


class Commands:
    """The commands: each public method is one, by its name."""

    def __init__(self, desktop: Any) -> None:
        self._desktop = desktop
        self._books: dict[int, Book] = {}
        self._count = 0

    def answer(self, command: str, arguments: dict[str, Any]) -> Any:
        method: Callable[..., Any] | None = getattr(self, command, None)
        if command.startswith("_") or command == "answer" or method is None:
            raise RequestError(f"no command {command!r}")
        return method(**arguments)

    def open(self, path: str) -> dict[str, Any]:
        if not Path(path).is_file():
            raise RequestError(f"no file {path}")
        component = self._desktop.loadComponentFromURL(
            Path(path).as_uri(),
            "_blank",
            0,
            properties(Hidden=True, MacroExecutionMode=0, UpdateDocMode=0),
        )
        if component is None or not component.supportsService(
            "com.sun.star.sheet.SpreadsheetDocument"
        ):
            if component is not None:
                component.close(True)
            raise RequestError(f"LibreOffice could not open {path} as a spreadsheet")
        self._count += 1
        self._books[self._count] = Book(component)
        return {"id": self._count, "sheets": self._books[self._count].sheet_names}

    def close(self, book: int) -> None:
        if opened := self._books.pop(book, None):
            opened.component.close(True)

    def save(self, book: int, path: str, format: str) -> None:  # noqa: A002
        self._book(book).component.storeToURL(
            Path(path).as_uri(), properties(FilterName=FILTERS[format], Overwrite=True)
        )

    def type_values(self, book: int, values: list[tuple[Target, Any]]) -> list[int]:
        """Type values, and return the places in the list of those that a lock refused."""
        opened = self._book(book)
        places = [opened.locate(target) for target, _ in values]
        refused: list[int] = []
        opened.component.addActionLock()
        try:
            for index, (at, (_, value)) in enumerate(zip(places, values, strict=True)):
                cell = opened.cell(at)
                locked, is_text = opened.traits(at, cell)
                if locked:
                    refused.append(index)
                elif value is None:
                    cell.setFormula("")
                elif not isinstance(value, str):
                    cell.setValue(value)
                elif is_text:
                    cell.setString(value)
                else:
                    format_before = cell.NumberFormat
                    cell.FormulaLocal = value
                    # As Excel leaves it. LibreOffice adds cells that look like times to the nanosecond only.
                    if cell.NumberFormat != format_before:
                        cell.NumberFormat = format_before
        finally:
            opened.component.removeActionLock()
        return refused

    def recalculate(self, book: int) -> None:
        self._book(book).component.calculateAll()

    def tamper(self, book: int, sheet: str, action: str, value: Any) -> None:
        """Do to a sheet what its lock is to prevent; see `Office.tamper`."""
        opened = self._book(book)
        at = opened.sheet(opened.sheet_index(sheet))
        if action in ("insert_rows", "delete_rows"):
            change = at.Rows.insertByIndex if action == "insert_rows" else at.Rows.removeByIndex
            change(value[0] - 1, value[1])
        elif action == "insert_columns":
            at.Columns.insertByIndex(value[0] - 1, value[1])
        elif action == "delete_columns":
            at.Columns.removeByIndex(value[0] - 1, value[1])
        elif action == "hide_row":
            at.Rows.getByIndex(value - 1).IsVisible = False
        elif action == "hide_column":
            at.Columns.getByIndex(value - 1).IsVisible = False
        elif action in ("merge", "unmerge"):
            at.getCellRangeByName(value).merge(action == "merge")
        elif action == "hide":
            at.IsVisible = False
        elif action == "move":
            opened.sheets.moveByName(sheet, value)
        elif action == "paste":
            source = at.getCellRangeByName(value[0]).getRangeAddress()
            at.copyRange(at.getCellRangeByName(value[1]).getCellAddress(), source)
        elif action == "comment":
            cell = at.getCellRangeByName(value[0])
            at.Annotations.insertNew(cell.getCellAddress(), value[1])
        elif action == "look":
            at.getCellRangeByName(value[0]).setPropertyValue(value[1], value[2])
        elif action == "rename":
            at.Name = value
        elif action == "copy":
            opened.sheets.copyByName(sheet, value, len(opened.sheet_names))
        elif action == "remove":
            opened.sheets.removeByName(sheet)
        elif action == "unprotect":
            at.unprotect(value)
        elif action == "protect":
            at.protect(value)
        elif action == "unlock":
            cell = at.getCellRangeByName(value)
            protection = cell.CellProtection
            protection.IsLocked = False
            cell.CellProtection = protection
        elif action == "write":
            at.getCellRangeByName(value[0]).setFormula(value[1])
        else:
            raise RequestError(f"no action {action!r}")
        self._books[book] = Book(opened.component)

    def values(self, book: int, targets: list[Target]) -> list[Any]:
        opened = self._book(book)
        places = [opened.locate(target) for target in targets]
        boxes: dict[int, list[Position]] = {}
        for at in places:
            boxes.setdefault(at[0], []).append(at)
        found: dict[Position, Any] = {}
        for sheet, wanted in boxes.items():
            found.update(self._values_in_box(opened.sheet(sheet), wanted))
        return [found[at] for at in places]

    def _values_in_box(self, sheet: Any, wanted: list[Position]) -> dict[Position, Any]:
        """Read single cells through the block around them: one call, whatever their number."""
        top, bottom = min(at[1] for at in wanted), max(at[1] for at in wanted)
        left, right = min(at[2] for at in wanted), max(at[2] for at in wanted)
        if (bottom - top + 1) * (right - left + 1) > 200 * len(wanted) + 10_000:
            return {
                at: grid(sheet.getCellRangeByPosition(at[2], at[1], at[2], at[1]))[0][0]
                for at in wanted
            }
        rows = grid(sheet.getCellRangeByPosition(left, top, right, bottom))
        return {at: rows[at[1] - top][at[2] - left] for at in wanted}

    def sheet_values(self, book: int, sheet: str, address: str | None) -> list[list[Any]]:
        return grid(self._book(book).range(sheet, address))

    def sheet_formulas(self, book: int, sheet: str, address: str | None) -> list[list[str]]:
        return [list(row) for row in self._book(book).range(sheet, address).getFormulaArray()]

    def formulas(self, book: int, targets: list[Target]) -> list[str]:
        opened = self._book(book)
        return [opened.cell(opened.locate(target)).getFormula() for target in targets]

    def shown(self, book: int, targets: list[Target]) -> list[str]:
        opened = self._book(book)
        return [opened.cell(opened.locate(target)).getString() for target in targets]

    def invalid_cells(self, book: int) -> list[tuple[str, str]]:
        """Let LibreOffice ring what breaks its cell's validation, and read where the rings are."""
        opened = self._book(book)
        found = []
        for index, name in enumerate(opened.sheet_names):
            sheet = opened.sheet(index)
            shapes = sheet.DrawPage
            before = shapes.getCount()
            sheet.showInvalid()
            for ring in range(before, shapes.getCount()):
                at = shapes.getByIndex(ring).Anchor.getCellAddress()
                found.append((name, f"{column_letters(at.Column)}{at.Row + 1}"))
            sheet.clearArrows()
        return found

    def _book(self, book: int) -> Book:
        if book not in self._books:
            raise RequestError("that document is closed")
        return self._books[book]


class OfficeCommands(unohelper.Base, XJob):  # type: ignore[misc]
    """The component: one job, which is whatever its JSON asks."""

    def __init__(self, context: Any) -> None:
        desktop = context.ServiceManager.createInstanceWithContext(
            "com.sun.star.frame.Desktop", context
        )
        self._commands = Commands(desktop)

    def execute(self, request: tuple[Any, ...]) -> str:
        try:
            command, arguments = json.loads(request[0].Value)
            return json.dumps({"ok": self._commands.answer(command, arguments)})
        except RequestError as reason:
            return json.dumps({"failed": str(reason)})
        except Exception as exc:  # LibreOffice swallows what a component raises
            message = getattr(exc, "Message", None) or str(exc)
            return json.dumps({"failed": f"{type(exc).__name__}: {message}"})


g_ImplementationHelper = unohelper.ImplementationHelper()  # noqa: N816  (the loader asks for this name)
g_ImplementationHelper.addImplementation(
    OfficeCommands, "selfeval.OfficeCommands", ("selfeval.OfficeCommands",)
)
