"""Outputs as lines that a person can read in a difference: workbooks, documents, pages, data, JSON.

Each line begins with its place; parts of a line stand two blanks apart. What follows from the machine,
the day or a library's release is in none.
"""

from __future__ import annotations

import difflib
import html.parser
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import docx
import duckdb
import openpyxl
import pyarrow.parquet as pq
from docx.document import Document
from docx.table import Table
from openpyxl.cell.cell import Cell
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests import workbook_text as shown

MOST, FIRST, LAST = 60, 16, 4
"""A list that has more lines is told by its first, its last, and a digest of those between."""
Lines = Iterator[str]


def shortened(lines: Iterable[str]) -> list[str]:
    listed = list(lines)
    if len(listed) <= MOST:
        return listed
    between = listed[FIRST:-LAST]
    told = f"… {len(between)} lines more, {shown.digest(chr(10).join(between))} …"
    return [*listed[:FIRST], told, *listed[-LAST:]]


# --- workbooks ------------------------------------------------------------------------------------


def summary(path: Path) -> Lines:
    """A summary workbook, sheet by sheet: values, formulas, looks, links, limits, and its charts."""
    book, cached = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    yield from _properties(book)
    for name, item in sorted(book.defined_names.items()):
        yield f"name {name} = {item.attr_text}"
    for sheet in book.worksheets:
        lines = [*_frame(sheet), *_summary_sheet(sheet, cached[sheet.title])]
        yield from _placed(sheet, [*lines, *shown.validations(sheet), *shown.colours(sheet)])
    yield from _charts(path, "xl")


def template(path: Path, digest: str) -> Lines:
    """A template, sheet by sheet: values, locks, formulas, formats, names, limits, pages."""
    book = openpyxl.load_workbook(path)
    yield from _properties(book)
    yield from _names(book)
    for sheet in book.worksheets:
        lines = [*_frame(sheet), *_template_sheet(sheet, digest)]
        yield from _placed(sheet, [*lines, *shown.validations(sheet), *shown.colours(sheet)])


def _properties(book: Workbook) -> Lines:
    yield f"structure locked: {book.security is not None and bool(book.security.lockStructure)}"
    yield f"opens on: {book.active.title if book.active else ''}"
    yield f"title: {book.properties.title}"
    yield f"comments: {book.properties.description}"


def _frame(sheet: Worksheet) -> Lines:
    yield from list(shown.heading(sheet))[2:]


def _placed(sheet: Worksheet, lines: Iterable[str]) -> Lines:
    yield ""
    yield f"# {sheet.title}"
    yield from (f"{sheet.title}!{line}" for line in lines)


def _summary_sheet(sheet: Worksheet, cached: Worksheet) -> Lines:
    yield from shortened(_rows(sheet, cached))
    for kind, told in (("formulas", shown.formula), ("looks", shown.look), ("links", _link(sheet))):
        found = shown.areas(sheet, told, over_gaps=kind == "links")
        yield from shortened(line.replace("  ", f"  {kind}:  ", 1) for line in found)


def _rows(sheet: Worksheet, cached: Worksheet) -> Lines:
    """A line for each row: letter and value of each cell that has one; after = a formula's."""
    for row in sheet.iter_rows():
        cells = [f"{c.column_letter} {_value(c, cached)}" for c in row if c.value is not None]
        if cells:
            yield "  ".join([str(row[0].row), *cells])


def _value(cell: Any, cached: Worksheet) -> str:
    value = shown.text(cached[cell.coordinate].value)
    return f"={value}" if cell.data_type == "f" else value


def _link(sheet: Worksheet) -> Callable[[Cell], str]:
    """Where a cell leads; * is the row's own file."""

    def told(cell: Cell) -> str:
        link = cell.hyperlink
        if link is None:
            return ""
        row = {Path(str(other.value)).name for other in sheet[cell.row]}
        target = link.target or ""
        target = target.replace(Path(target).name, "*") if Path(target).name in row else target
        return f"{target}#{link.location or ''}"

    return told


def _names(book: Workbook) -> Lines:
    """Names of rows that follow on each other in a column together: indicators.actual.1-20."""
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    alone = []
    for name, item in book.defined_names.items():
        parts = re.fullmatch(r"(.*?)(\d+)=(.*\$)(\d+)", f"{name}={item.attr_text}")
        if parts is None:
            alone.append(f"name {name} = {item.attr_text}")
        else:
            stem, number, place, row = parts.groups()
            found.setdefault((stem, place), []).append((int(number), int(row)))
    yield from sorted(alone)
    for (stem, place), pairs in sorted(found.items()):
        for _, run in groupby(sorted(pairs), key=lambda pair: pair[1] - pair[0]):
            (first, top), *_, (last, bottom) = [*run] * 2
            yield f"name {stem}{first}-{last} = {place}{top}-{bottom}"


def _template_sheet(sheet: Worksheet, digest: str) -> Lines:
    """Cells that are told the same together; formulas with # for their own row, and what is long cut."""

    def told(cell: Cell) -> str:
        if cell.value is None and cell.protection.locked:
            return ""
        lock = "locked" if cell.protection.locked else "OPEN"
        value = shown.text(cell.value).replace(digest, "(digest)") if digest else str(cell.value)
        value = shown.shape(value, cell.row) if cell.data_type == "f" else f"“{value}”"
        if len(value) > shown.LONG:
            value = f"{value[:60]} … {len(value)} characters, {shown.digest(value)}"
        return "  ".join((lock, cell.number_format, "" if cell.value is None else value)).rstrip()

    yield from shown.areas(sheet, told)


def _charts(path: Path, folder: str) -> Lines:
    with zipfile.ZipFile(path) as parts:
        for name in sorted(parts.namelist()):
            if re.fullmatch(rf"{folder}/charts/chart\d+\.xml", name):
                yield f"{Path(name).stem}  {shown.chart(parts.read(name))}"


# --- documents, pages -----------------------------------------------------------------------------


def word(path: Path) -> Lines:
    """Paragraphs with their styles, tables row by row, in their order; heads, feet, charts."""
    document = docx.Document(str(path))
    yield from _body(document)
    for number, section in enumerate(document.sections, 1):
        for side in ("header", "footer", "first_page_footer", "even_page_footer"):
            texts = [each.text for each in getattr(section, side).paragraphs if each.text]
            if texts:
                yield f"section {number} {side}  {'  '.join(texts)}"
    yield from _charts(path, "word")


def _body(document: Document) -> Lines:
    tables = 0
    for number, part in enumerate(document.iter_inner_content(), 1):
        if isinstance(part, Table):
            tables += 1
            for row, each in enumerate(part.rows, 1):
                cells = [
                    cell.text
                    for _, cell in groupby(each.cells, attrgetter("_tc"))
                    for cell in [next(cell)]
                ]
                yield f"table {tables} row {row}  {_line('  '.join(cells))}"
        else:
            style = part.style.name if part.style else ""
            yield f"{number} [{style}] {_line(part.text)}".rstrip()


def _line(text: str) -> str:
    return text.replace("\n", "⏎").replace("\t", "⇥")


class _Markup(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = [f"{name}={value}" for name, value in attrs if name != "content"]
        self.lines.append("  ".join([f"<{tag}>", *kept]))
        self.within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.within and self.within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not {"script", "style"} & set(self.within):
            self.lines.append(" ".join(data.split()))


def markup(path: Path) -> list[str]:
    """A page's elements and texts without its script, style and data."""
    parser = _Markup()
    parser.feed(_without_lines(path.read_text(encoding="utf-8")))
    return parser.lines


def _without_lines(page: str) -> str:
    return re.sub(r"(<(script|style)[^>]*>).*?(?=</\2>)", r"\1", page, flags=re.DOTALL)


def page_data(path: Path) -> Lines:
    """The figures inside a page."""
    page = path.read_text(encoding="utf-8")
    (data,) = re.findall(r"<script[^>]*application/json[^>]*>(.*?)</script>", page, re.DOTALL)
    yield from nested(json.loads(data))


# --- JSON, data -----------------------------------------------------------------------------------


def nested(value: Any, place: str = "") -> Lines:
    """JSON with a line for what belongs together: the plain parts of an object, a list of plain parts."""
    if not isinstance(value, dict | list):
        yield f"{place or '.'}  {plain(value)}"
        return
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    own = [(key, each) for key, each in pairs if not isinstance(each, dict | list) or not each]
    if own or not pairs:
        keyed = isinstance(value, dict)
        told = (f"{key}={plain(each)}" if keyed else plain(each) for key, each in own)
        yield "  ".join([place or ".", *told])
    for key, each in pairs:
        if isinstance(each, dict | list) and each:
            step = f"[{key}]" if isinstance(value, list) else f".{key}" if place else str(key)
            yield from nested(each, f"{place}{step}")


def plain(value: Any) -> str:
    """A value in one line; figures to ten digits."""
    if isinstance(value, dict | list):
        return json.dumps(value)
    if value is None or isinstance(value, bool):
        return {None: "-", True: "yes", False: "no"}[value]
    return _line(shown.text(value))


def data(folder: Path) -> Lines:
    """Every table: its columns as Parquet and DuckDB have them, its rows; and what the views give."""
    with duckdb.connect(str(folder / "data.duckdb"), read_only=True) as base:
        for path in sorted(folder.rglob("*.parquet")):
            name = path.relative_to(folder).with_suffix("").as_posix()
            yield from ("", f"# {name}")
            yield from (f"{name}.{line}" for line in _table(path, base, name))
        yield from _views(base)


def _table(path: Path, base: duckdb.DuckDBPyConnection, name: str) -> Lines:
    table = pq.read_table(path)
    own = name.rpartition("/")
    comments = {
        column: (kind, comment)
        for column, kind, comment in base.execute(
            "select column_name, data_type, comment from duckdb_columns() "
            "where schema_name = ? and table_name = ? order by column_index",
            [own[0] or "main", own[2]],
        ).fetchall()
    }
    for field in table.schema:
        told = {
            k.decode(): v.decode() for k, v in (field.metadata or {}).items() if b"PARQUET" not in k
        }
        kind, comment = comments.get(field.name, ("-", "-"))
        arrow = str(field.type).replace("large_", "")
        yield f"{field.name}  {arrow}  {kind}  {told}  {comment}"
    csv = path.with_suffix(".csv").read_text(encoding="utf-8-sig").splitlines()
    yield f"csv  {csv[0]}"
    rows = [
        f"{number}  {'  '.join(plain(each) for each in row.values())}"
        for number, row in enumerate(table.to_pylist(), 1)
    ]
    yield from shortened(rows)


def _views(base: duckdb.DuckDBPyConnection) -> Lines:
    views = base.execute(
        "select schema_name, view_name, sql, comment from duckdb_views() where not internal order by 1, 2"
    ).fetchall()
    for schema, name, sql, comment in views:
        place = f"view {schema}.{name}"
        yield from ("", f"# {place}", f"{place}  {comment}")
        query = re.sub(r'[()"]', " ", sql)  # of these DuckDB's releases write more or fewer
        yield f"{place}  {' '.join(query.split())}"
        result = base.execute(f'select * from "{schema}"."{name}"')
        yield f"{place}  {'  '.join(column[0] for column in result.description or ())}"
        rows = sorted("  ".join(plain(each) for each in row) for row in result.fetchall())
        yield from shortened(f"{place}  {row}" for row in rows)


def differences(before: Iterable[str], after: Iterable[str]) -> Lines:
    """The lines of one output that another does not have, and the other way round."""
    for line in difflib.unified_diff(list(before), list(after), lineterm="", n=0):
        if not line.startswith(("---", "+++", "@@")):
            yield line
