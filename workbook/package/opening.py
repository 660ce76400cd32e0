"""Open a workbook of unknown origin, safely and fast: what it is, its parts, within hard limits.

`open_package` either returns all that the reader needs, or raises Refused with a code. It judges
nothing else: formulas, locks and odd contents are reported as they stand.

Beneath it: `container` (the file, the zip and their guards), `file_types` (what other files look like),
`parts` (the XML parts), `sheets` and `shared_formulas` (cells), `sheet_fragments`, `plain_xml` and `seen`
(cells fast), `opendocument` (.ods); for .xls `foreign`, for passwords `encrypted`, both in a process of their own:
`worker`.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TypeVar

from workbook.errors import Refused
from workbook.limits import Limits
from workbook.package import file_types, foreign, opendocument
from workbook.package.container import Archive, Packed, Watch, read_file
from workbook.package.encrypted import unlock
from workbook.package.parts import (
    ParseTask,
    Relationship,
    SheetEntry,
    Styles,
    WorkbookPart,
    parse_content_types,
    parse_properties,
    parse_relationships,
    parse_strings,
    parse_styles,
    parse_workbook,
)
from workbook.package.sheet_fragments import parse_sheet
from workbook.package.sheets import Sheet
from workbook.text import brief

T = TypeVar("T")

_MAIN_TYPES = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml": "xltx",
    "application/vnd.ms-excel.sheet.macroenabled.main+xml": "xlsm",
    "application/vnd.ms-excel.template.macroenabled.main+xml": "xltm",
    "application/vnd.ms-excel.addin.macroenabled.main+xml": "xlam",
}
_MACRO_KINDS = {"xlsm", "xltm", "xlam"}
_MACRO_LINKS = {"vbaProject", "xlMacrosheet", "xlIntlMacrosheet", "dialogsheet"}
_PROPERTY_LINKS = {
    *("core-properties", "extended-properties", "custom-properties"),
    *("coreProperties", "extendedProperties", "customProperties"),  # Strict
}
_VALUES_ONLY = {foreign.XLS, opendocument.ODS}
_ODS_MACROS = ("basic/", "scripts/")
_EMBEDDED_IN = ("xl/embeddings/", "xl/activex/", "xl/ctrlprops/")
_NO_STYLES = Styles(frozenset(), {})
_NOTHING_SAID = WorkbookPart()
_NO_STRINGS: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """All that was read out of one workbook. Nothing in it has been judged or repaired."""

    kind: str  # xlsx, xlsm, xltx, xltm, xlam, xls, ods: what its content says, not its file name
    workbook: WorkbookPart  # names, date system; of values alone it says nothing
    sheets: tuple[Sheet, ...]
    properties: Mapping[str, str]  # application, lastModifiedBy, modified …; custom:NAME
    unlocked: frozenset[int]  # styles whose cells may be edited on a protected sheet
    formats: Mapping[int, str]  # style → number format code
    has_macros: bool
    external_links: tuple[str, ...]  # targets as written, never followed
    embedded: tuple[str, ...]  # members that are embedded objects or controls
    sha256: str
    size: int  # bytes

    @property
    def names(self) -> Mapping[str, str]:
        """The workbook-level names: name → "'自评表'!$D$8"."""
        return self.workbook.names

    @property
    def values_only(self) -> bool:
        """Whether formulas, locks and names are unknown, as in .xls and .ods."""
        return self.kind in _VALUES_ONLY

    def sheet(self, name: str) -> Sheet | None:
        """The sheet of that name, or None."""
        return next((sheet for sheet in self.sheets if sheet.name == name), None)


def open_package(
    path: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    unread: Collection[str] = (),
    passwords: Sequence[str] = (),
) -> Package:
    """Read a workbook. Raises Refused, and nothing else, for a file that will not be read.

    Sheets named in `unread` are listed without cells: what nobody looks at costs nothing. An
    encrypted workbook is opened by the first of the `passwords` that fits.
    """
    data = read_file(path, limits)
    return open_bytes(data, limits=limits, unread=unread, passwords=passwords)


def open_bytes(
    data: bytes,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    unread: Collection[str] = (),
    passwords: Sequence[str] = (),
) -> Package:
    """As `open_package`, of a file's content."""
    plain = data
    if file_types.is_encrypted(data):
        plain = unlock(data, passwords, limits)
    if file_types.is_old_workbook(plain):
        return _old_package(data, plain, limits, unread, passwords)
    archive = Archive(plain, limits)
    if opendocument.is_ods(archive):
        task = ParseTask("content.xml", limits, Watch(limits.seconds))
        sheets = opendocument.read_sheets(archive, task, unread)
        has_macros = _any_starts_with(archive.names, _ODS_MACROS)
        return _values_package(data, opendocument.ODS, sheets, has_macros, opendocument.FORMATS)
    return _modern_package(data, archive, limits, unread)


def _old_package(
    data: bytes,
    plain: bytes,
    limits: Limits,
    unread: Collection[str],
    passwords: Sequence[str],
) -> Package:
    try:
        sheets = foreign.read_sheets(plain, limits, unread)
    except Refused as refused:
        if refused.code != "W105":
            raise
        sheets = foreign.read_sheets(unlock(plain, passwords, limits), limits, unread)
    return _values_package(data, foreign.XLS, sheets, file_types.has_old_macros(plain), {})


def _values_package(
    data: bytes,
    kind: str,
    sheets: tuple[Sheet, ...],
    has_macros: bool,
    formats: Mapping[int, str],
) -> Package:
    """A package of which little but the values is known."""
    return Package(
        kind=kind,
        workbook=_NOTHING_SAID,
        sheets=sheets,
        properties={},
        unlocked=frozenset(),
        formats=formats,
        has_macros=has_macros,
        external_links=(),
        embedded=(),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
    )


def _modern_package(
    data: bytes, archive: Archive, limits: Limits, unread: Collection[str]
) -> Package:
    parts = _Parts(archive, limits, Watch(limits.seconds))
    kind, part = _recognise(parts)
    workbook = parts.parse(parse_workbook, part)
    relations = parts.relations(part)
    styles = _linked_part(parts, relations, "styles", parse_styles, _NO_STYLES)
    names = archive.names
    return Package(
        kind=kind,
        workbook=workbook,
        sheets=_sheets(parts, workbook, relations, unread),
        properties=_properties(parts),
        unlocked=styles.unlocked,
        formats=styles.formats,
        has_macros=kind in _MACRO_KINDS or _holds_macros(names, relations),
        external_links=_external_links(parts, relations),
        embedded=_embedded(names),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
    )


def _recognise(parts: _Parts) -> tuple[str, str]:
    """The kind of workbook and the member that is its main part; Refused if it is none."""
    for link in parts.relations(""):
        if link.kind == "officeDocument" and not link.external:
            types = parts.parse(parse_content_types, "[Content_Types].xml")
            extension = posixpath.splitext(link.target)[1]
            kind = types.get(link.target.casefold()) or types.get(f"*{extension}", "")
            if kind.casefold() in _MAIN_TYPES:
                return _MAIN_TYPES[kind.casefold()], link.target
    raise _no_workbook(parts.archive)


def _no_workbook(archive: Archive) -> Refused:
    names = archive.names
    lower_names = {name.casefold() for name in names}
    if any(name.startswith("xl/") for name in lower_names) and "xl/workbook.bin" not in lower_names:
        return Refused("W104", "缺少工作簿的主要部件")
    mimetype = b""
    packed = archive.packed("mimetype")
    if packed is not None and packed.size < 256:
        mimetype = archive.inflate("mimetype", packed)
    return Refused("W103", file_types.describe_archive(names, mimetype))


def _sheets(
    parts: _Parts,
    workbook: WorkbookPart,
    relations: Sequence[Relationship],
    unread: Collection[str],
) -> tuple[Sheet, ...]:
    strings = _linked_part(parts, relations, "sharedStrings", parse_strings, _NO_STRINGS)
    links = {link.id: link for link in relations if not link.external}
    sheets: list[Sheet] = []
    total = 0
    for entry in workbook.sheets:
        if entry.name in unread:
            sheets.append(Sheet(entry.name, entry.state, {}))
            continue
        sheet = _sheet(parts, entry, links.get(entry.relation), strings, workbook.date1904)
        total += len(sheet.cells)
        if total > parts.limits.cells:
            raise Refused("W106", f"单元格数超过 {parts.limits.cells}")
        sheets.append(sheet)
    return tuple(sheets)


def _sheet(
    parts: _Parts,
    entry: SheetEntry,
    link: Relationship | None,
    strings: Sequence[str],
    date1904: bool,
) -> Sheet:
    if link is None:
        raise Refused("W104", f"缺少工作表 {brief(entry.name)}")
    if link.kind != "worksheet":  # a chart or a macro sheet has no cells for us
        return Sheet(entry.name, entry.state, {})
    part = parts.parse(parse_sheet, link.target, date1904)
    return part.finish(entry.name, entry.state, strings, parts.task(link.target))


def _linked_part(
    parts: _Parts,
    relations: Sequence[Relationship],
    kind: str,
    parser: Callable[..., T],
    default: T,
) -> T:
    """The parsed part that the first link of a kind leads to, or the default without a link."""
    for link in relations:
        if link.kind == kind and not link.external:
            return parts.parse(parser, link.target)
    return default


def _properties(parts: _Parts) -> dict[str, str]:
    properties: dict[str, str] = {}
    for link in parts.relations(""):
        if link.kind in _PROPERTY_LINKS and not link.external:
            properties.update(parts.parse(parse_properties, link.target))
    return properties


def _holds_macros(names: Sequence[str], relations: Sequence[Relationship]) -> bool:
    return any(link.kind in _MACRO_LINKS for link in relations) or any(
        name.lower().endswith("vbaproject.bin") for name in names
    )


def _external_links(parts: _Parts, relations: Sequence[Relationship]) -> tuple[str, ...]:
    """What the workbook takes values from: other files' paths as written, data connections."""
    sources: list[str] = []
    for link in relations:
        if link.external or link.kind == "connections":
            sources.append(link.target)
        elif link.kind == "externalLink":
            targets = [
                relation.target for relation in parts.relations(link.target) if relation.external
            ]
            sources.extend(targets or [link.target])
    return tuple(sources)


def _embedded(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name.lower().startswith(_EMBEDDED_IN))


def _any_starts_with(names: Sequence[str], folders: tuple[str, ...]) -> bool:
    return any(name.lower().startswith(folders) for name in names)


class _Memo:
    """Parsed parts by their very bytes, the least recently used dropped beyond a budget.

    Returns of one template share styles, lists and names to the byte. The key holds the packed
    bytes themselves: a checksum can be forged.
    """

    def __init__(self, budget: int, largest: int) -> None:
        self._budget = budget
        self._largest = largest
        self._lock = Lock()
        self._held: OrderedDict[Hashable, tuple[int, object]] = OrderedDict()
        self._size = 0

    def get(self, key: Hashable) -> object | None:
        with self._lock:
            held = self._held.get(key)
            if held is None:
                return None
            self._held.move_to_end(key)
            return held[1]

    def put(self, key: Hashable, size: int, value: object) -> None:
        if size > self._largest:
            return
        with self._lock:
            if key in self._held:
                return
            self._held[key] = (size, value)
            self._size += size
            while self._size > self._budget:
                _, (freed, _) = self._held.popitem(last=False)
                self._size -= freed

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
            self._size = 0


# In inflated bytes; what is parsed out of them takes about five times as much memory. Each kind of part has
# its own: what differs from return to return must not drive out what all share, such as styles.
_MEMOS: dict[Callable[..., object], _Memo] = defaultdict(lambda: _Memo(2 * 2**20, 2**18))


class _Parts:
    """The members of one archive, parsed on demand."""

    __slots__ = ("archive", "limits", "watch")

    def __init__(self, archive: Archive, limits: Limits, watch: Watch) -> None:
        self.archive = archive
        self.limits = limits
        self.watch = watch

    def parse(self, parser: Callable[..., T], name: str, *arguments: Hashable) -> T:
        """The parsed member; Refused if it is missing. Must not be changed: it may be shared."""
        packed = self.archive.packed(name)
        if packed is None:
            raise Refused("W104", f"缺少部件 {brief(name)}")
        return self._parsed(parser, name, packed, arguments)

    def task(self, name: str) -> ParseTask:
        """What parsing a member needs to know."""
        return ParseTask(name, self.limits, self.watch)

    def relations(self, name: str) -> tuple[Relationship, ...]:
        """The links of a part, none if it has none."""
        folder, base = posixpath.split(name)
        rels = posixpath.join(folder, "_rels", f"{base}.rels")
        packed = self.archive.packed(rels)
        return () if packed is None else self._parsed(parse_relationships, rels, packed, ())

    def _parsed(
        self, parser: Callable[..., T], name: str, packed: Packed, arguments: tuple[Hashable, ...]
    ) -> T:
        key = (parser, name, packed, arguments, self.limits)
        memo = _MEMOS[parser]
        parsed = memo.get(key)
        if parsed is not None:
            return parsed  # type: ignore[return-value]  # the key holds the parser
        self.watch.check()
        value = parser(self.archive.inflate(name, packed), self.task(name), *arguments)
        memo.put(key, packed.size, value)
        return value
