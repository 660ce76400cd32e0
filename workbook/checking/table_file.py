"""Tables that others made, as rows of text: .csv (UTF-8 or GB18030), .xlsx, .xls and .ods.

What the rows mean, the caller says: the roster, last year's table. Everything is text as a person sees it:
codes keep their leading zeros, fractions shown as percentages their sign.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbook import text as texts
from workbook.catalogue import CATALOGUE
from workbook.errors import Refused, WorkbookError
from workbook.expression import number_text
from workbook.form import DAYS_TO_1904, PLAIN_DATE, day_of, is_day_format, shown
from workbook.language import t
from workbook.limits import TABLES
from workbook.package import Package, RawCell, Sheet, open_bytes, read_file

Row = tuple[int, list[str]]
"""A row's number as people count it, and its cells."""

WHO_HEADS: Mapping[str, tuple[str, ...]] = {
    "county": ("县区", "县(区)", "区县", "县市区", "市县区", "所属县区", "县"),
    "code": ("预算编码", "编码", "单位编码", "部门编码", "预算单位编码", "单位代码", "预算代码"),
    "department": ("部门", "单位", "部门名称", "单位名称", "预算单位", "预算部门", "预算单位名称",
                   "预算部门名称", "预算部门、单位名称"),
}  # fmt: skip
"""The heads of the columns that say whose row it is, the usual one first; as `plain_head` has them."""
HEAD_WITHIN = 10
"""The head stands within this many rows."""

_SUM_LINE = re.compile("[合总小共]计(?:共.*|[^\u4e00-\u9fff].*)?")
"""What stands in the line of a sum: 合计, 总计：14 家, 共计14家."""
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""What a workbook begins with, whatever its name; anything else is taken for CSV."""


@dataclass(frozen=True, slots=True)
class PlainTable:
    """One sheet of a workbook, or a CSV file."""

    sheet: str
    """The sheet's name; blank of a CSV file."""
    rows: tuple[Row, ...]
    """Without those in which nothing stands."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file of tables: what messages call it, and what is raised where it cannot be read."""

    path: Path
    called: str
    """What the file is to its reader: 名册."""
    error: type[WorkbookError]
    passwords: Sequence[str] = ()
    """What may open an encrypted workbook."""

    def tables(self, unread: Collection[str] = ()) -> list[PlainTable]:
        """The visible sheets in their order, or the one table of a CSV file; never none.

        Sheets named in `unread` have no rows. Raises `error` naming the file and the remedy.
        """
        data = self._read()
        if not data.startswith(_WORKBOOKS):
            return [PlainTable("", self._lines(data))]
        try:
            package = open_bytes(data, limits=TABLES, unread=unread, passwords=self.passwords)
        except Refused as refused:
            raise self._unreadable(refused) from None
        visible = [sheet for sheet in package.sheets if sheet.state == "visible"]
        if not visible:
            raise self.error(
                t(
                    "{path}：{called}里的工作表都隐藏了，请取消隐藏",
                    path=self.path,
                    called=self.called,
                )
            )
        return [PlainTable(sheet.name, _rows(package, sheet)) for sheet in visible]

    def _read(self) -> bytes:
        try:
            return read_file(self.path.resolve(), TABLES)
        except Refused as refused:
            raise self._unreadable(refused) from None
        except (OSError, RuntimeError):  # a name too long, links in a circle
            raise self._unreadable(Refused("W101", t("路径无效"))) from None

    def _unreadable(self, refused: Refused) -> WorkbookError:
        remedy = {
            "W101": t("请检查路径"),
            "W102": t("请换一份有内容的"),
            "W106": t(
                "请只留用得到的行和列，多余的（空白的也算）整行、整列删除后，另存为新的 .xlsx"
            ),
        }.get(refused.code, t("请在 Excel 或 WPS 中另存为新的、没有密码的 .xlsx"))
        reason = t(CATALOGUE[refused.code].message, detail=refused.detail)
        return self.error(
            t(
                "{path}：{called}无法读取（{reason}），{remedy}",
                path=self.path,
                called=self.called,
                reason=reason,
                remedy=remedy,
            )
        )

    def _lines(self, data: bytes) -> tuple[Row, ...]:
        text = self._decoded(data)
        first = text.split("\n", 1)[0]
        delimiter = max(",\t;", key=first.count)
        # Not strict, a quote that nothing closes takes all that follows for one cell.
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows: list[Row] = []
        start, count = 1, 0
        try:
            for cells in reader:
                stripped = [cell.strip() for cell in cells]
                if any(stripped):
                    rows.append((start, stripped))
                    count += len(stripped)
                if count > TABLES.cells:
                    raise self._unreadable(Refused("W106", f"单元格数超过 {TABLES.cells}"))
                start = reader.line_num + 1
        except csv.Error as error:
            raise self.error(
                t(
                    "{path}，第 {start} 行：这一行起读不成表格，多半是有一个双引号没有配对，"
                    "或一格里有十几万字（{error}）；请改好这一行，或在 Excel、WPS 中打开，"
                    "另存为 .xlsx",
                    path=self.path,
                    start=start,
                    error=error,
                )
            ) from None
        return tuple(rows)

    def _decoded(self, data: bytes) -> str:
        if b"\0" in data:
            raise self.error(
                t(
                    "{path}：{called}须为 .csv 或 .xlsx，请在 Excel 或 WPS 中另存为其中一种",
                    path=self.path,
                    called=self.called,
                )
            )
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
        raise self.error(t("{path}：文字编码无法识别，请另存为“CSV UTF-8”", path=self.path))


def _rows(package: Package, sheet: Sheet) -> tuple[Row, ...]:
    by_row: dict[int, dict[int, str]] = {}
    for (row, column), cell in sheet.cells.items():
        text = _shown(package, cell)
        if text:
            by_row.setdefault(row, {})[column] = text
    return tuple(
        (row, [cells.get(column, "") for column in range(1, max(cells) + 1)])
        for row, cells in sorted(by_row.items())
    )


def _shown(package: Package, cell: RawCell) -> str:
    if cell.value is None and cell.formula:
        return f"={cell.formula}"  # nobody has worked it out: no figure, and not nothing either
    number_format = package.formats.get(cell.style, "")
    if isinstance(cell.value, float) and package.workbook.date1904 and is_day_format(number_format):
        cell = cell._replace(value=cell.value + DAYS_TO_1904)
    return cell_text(cell.value, number_format).strip()


def cell_text(value: object, number_format: str = "") -> str:
    """A cell as a person sees it: 301001.0 → 301001, 1001 shown as 001001 → 001001, 0.9 as 90%, days
    as 2025年3月31日; blank if nothing stands in it."""
    if not isinstance(value, float):
        return "" if value is None else str(value)
    if is_day_format(number_format) and (day := day_of(value)):
        return shown(PLAIN_DATE, day)
    if "%" in number_format:
        return f"{number_text(value * 100)}%"
    zeros = number_format.strip('"')
    text = number_text(value)
    return text.zfill(len(zeros)) if zeros and set(zeros) == {"0"} else text


# --- what all such tables have --------------------------------------------------------------------


def plain_head(head: str) -> str:
    """A head as `WHO_HEADS` and the like have it: folded, without stars and colons."""
    return texts.fold(head).replace("*", "").replace(":", "")


def is_sum_line(cells: Sequence[str]) -> bool:
    """Whether a row is that of a sum, and nobody's own."""
    return any("计" in cell and _SUM_LINE.fullmatch(texts.fold(cell)) for cell in cells)
