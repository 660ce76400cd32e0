"""Workbooks of Excel 5 to 2003, .xls (also named .et): their values, by python-calamine.

It gives values only: no formulas, locks, names or formats, and errors look like empty cells. It works
in a process of its own (`workbook.package.worker`), since some files make it abort.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Collection, Iterator
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING

from workbook.address import letters
from workbook.errors import Refused
from workbook.limits import Limits
from workbook.package import file_types, worker
from workbook.package.sheets import CellType, RawCell, Sheet
from workbook.text import brief

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

XLS = "xls"

GRID = 5_000_000
"""A sheet's cells, empty ones included, from A1 to the last: calamine lays them all out."""

_NAME = "旧版 Excel（.xls）或 WPS 表格（.et）"


def read_sheets(data: bytes, limits: Limits, unread: Collection[str]) -> tuple[Sheet, ...]:
    """The sheets of an .xls, the `unread` ones without cells. Raises Refused."""
    if find_spec("python_calamine") is None:
        detail = f"{_NAME}，要安装附加依赖 legacy 才能读；或{file_types.SAVE_AS}"
        raise Refused("W103", detail)
    words = {
        "unread": sorted(unread),
        "limits": {
            name: getattr(limits, name)
            for name in ("sheets", "cells", "text_length", "far_row", "far_column", "far_listed")
        },
    }
    sheets = json.loads(worker.run(extract, data, words, limits))
    return tuple(
        Sheet(name, state, {(r, c): RawCell(v, t, None, 0) for r, c, t, v in cells}, far=tuple(far))
        for name, state, cells, far in sheets
    )


# --- in the worker --------------------------------------------------------------------------------

_LOCKED = "设置了打开密码"
_STATES = {"Visible": "visible", "Hidden": "hidden", "VeryHidden": "veryHidden"}
_DAY_ZERO = datetime.datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook's dates have no zone
_DAY = datetime.timedelta(days=1)
_LEAP_1900 = 60
"""Days up to the 29th of February 1900 that Excel believes in; .xls counts one less before it."""

ExtractedCell = tuple[int, int, CellType, str | float | bool]
"""Row, column, type and value of a cell."""


def extract(data: bytes, words: worker.Words) -> bytes:
    """Every sheet as JSON: [name, state, [[row, column, type, value], …], [far addresses]]."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError  # noqa: PLC0415

    limits = Limits(**words["limits"])
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(data))
        if len(book.sheet_names) > limits.sheets:
            raise Refused("W106", f"工作表超过 {limits.sheets} 张")
        sheets = list(_sheets(book, words, limits))
    except PasswordError:
        raise Refused("W105", _LOCKED) from None
    except (CalamineError, OSError, ValueError):
        # Perhaps damaged, perhaps only of a kind that calamine does not know.
        raise Refused("W103", f"{_NAME}，读不出来，{file_types.SAVE_AS}") from None
    return json.dumps(sheets).encode()


def _sheets(book: CalamineWorkbook, words: worker.Words, limits: Limits) -> Iterator[list[object]]:
    cell_count = 0
    for index, entry in enumerate(book.sheets_metadata):
        cells: list[ExtractedCell] = []
        far: list[str] = []
        if entry.name not in words["unread"]:
            for cell in _cells(book.get_sheet_by_index(index), limits):
                row, column, *_ = cell
                if row <= limits.far_row and column <= limits.far_column:
                    cells.append(cell)
                elif len(far) < limits.far_listed:
                    far.append(f"{letters(column)}{row}")
        cell_count += len(cells)
        if cell_count > limits.cells:
            raise Refused("W106", f"单元格数超过 {limits.cells}")
        state = _STATES[repr(entry.visible).rpartition(".")[2]]  # no enum of Python's
        yield [entry.name, state, cells, far]


def _cells(sheet: CalamineSheet, limits: Limits) -> Iterator[ExtractedCell]:
    if sheet.total_height * sheet.total_width > GRID:
        raise Refused("W106", f"工作表 {brief(sheet.name)} 在极远处有内容")
    # From A1, or addresses would shift.
    for row, values in enumerate(sheet.to_python(skip_empty_area=False), 1):
        for column, value in enumerate(values, 1):
            if value != "":
                yield (row, column, *_value(value, limits))


def _value(value: object, limits: Limits) -> tuple[CellType, str | float | bool]:
    """A cell's type and value as an .xlsx would store it: numbers as floats, dates as their days."""
    if isinstance(value, bool):
        return "b", value
    if isinstance(value, str):
        if len(value) > limits.text_length:
            raise Refused("W106", f"单元格文字超过 {limits.text_length} 个字符")
        return "s", value
    number = float(value) if isinstance(value, int | float) else _days(value)
    return ("n", number) if math.isfinite(number) else ("e", "#NUM!")


def _days(value: object) -> float:
    if isinstance(value, datetime.timedelta):
        return value / _DAY
    if isinstance(value, datetime.time):
        return datetime.timedelta(
            hours=value.hour, minutes=value.minute, seconds=value.second,
            microseconds=value.microsecond,
        ) / _DAY  # fmt: skip
    if isinstance(value, datetime.date):
        moment = datetime.datetime(value.year, value.month, value.day)  # noqa: DTZ001
        days = (value if isinstance(value, datetime.datetime) else moment) - _DAY_ZERO
        number = days / _DAY
        return number - 1 if number <= _LEAP_1900 else number
    raise Refused("W104", f"{_NAME}中有无法识别的值")
