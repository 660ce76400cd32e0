"""Tables that others made, as rows of text: .csv (UTF-8 or GB18030) and .xlsx.

What the rows mean, the caller says: the roster, last year's table. Everything is text as a person sees it:
codes keep their leading zeros.
"""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

from workbook.errors import WorkbookError, reason_of

Row = tuple[int, list[str]]
"""A row's number as people count it, and its cells."""


@dataclass(frozen=True, slots=True)
class PlainTable:
    """One sheet of a workbook, or a CSV file."""

    sheet: str
    """The sheet's name; blank of a CSV file."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file of tables: what messages call it, and what is raised where it cannot be read."""

    path: Path
    called: str
    """What the file is to its reader: 名册."""
    error: type[WorkbookError]

    def tables(self) -> list[PlainTable]:
        """The visible sheets in their order, or the one table of a CSV file; never none."""
        try:
            data = self.path.read_bytes()
        except OSError as error:
            reason = reason_of(error)
            raise self.error(
                f"{self.path}：{self.called}无法读取（{reason}），请检查路径"
            ) from None
        return (
            self._sheets(data) if data[:4] == b"PK\x03\x04" else [PlainTable("", self._lines(data))]
        )

    def _lines(self, data: bytes) -> tuple[Row, ...]:
        text = self._decoded(data)
        first = text.split("\n", 1)[0]
        delimiter = max(",\t;", key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows: list[Row] = []
        start = 1
        try:
            for cells in reader:
                rows.append((start, [cell.strip() for cell in cells]))
                start = reader.line_num + 1
        except csv.Error as error:
            raise self.error(
                f"{self.path}，第 {start} 行：不是有效的 CSV（{error}），请另存一份"
            ) from None
        return tuple(rows)

    def _decoded(self, data: bytes) -> str:
        if b"\0" in data[:4096]:
            raise self.error(
                f"{self.path}：{self.called}须为 .csv 或 .xlsx，请在 Excel 或 WPS 中另存为其中一种"
            )
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
        raise self.error(f"{self.path}：文字编码无法识别，请另存为“CSV UTF-8”")

    def _sheets(self, data: bytes) -> list[PlainTable]:
        # openpyxl takes 0.2 s to import and is needed for this alone.
        import openpyxl  # noqa: PLC0415
        from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it warns about styles and validations it drops
                book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
            tables = [
                PlainTable(
                    sheet.title,
                    tuple(
                        (number, [_text(cell.value, cell.number_format) for cell in row])
                        for number, row in enumerate(sheet.iter_rows(), 1)
                    ),
                )
                for sheet in book.worksheets
                if sheet.sheet_state == "visible"
            ]
            return tables or [PlainTable("", ())]
        except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError):
            raise self.error(
                f"{self.path}：{self.called}无法读取，请在 Excel 或 WPS 中另存为新的 .xlsx"
            ) from None


def _text(value: object, number_format: str) -> str:
    """A cell as a person sees it: 301001.0 → 301001, and 1001 shown as 001001 → 001001."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        shown = f"{value:.15g}"
        zeros = number_format.strip('"')
        return shown.zfill(len(zeros)) if zeros and set(zeros) == {"0"} else shown
    return str(value).strip()
