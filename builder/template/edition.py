"""One workbook written, and then the same for others that differ in some cells: `Edition`.

The differing cells are put into the finished parts; what stands between them is deflated once. A form made
so has the same members, byte for byte, as one written by itself.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from builder.template.results import Mark, Value
from workbook.address import Address

_STRINGS = "xl/sharedStrings.xml"
_ONCE, _EACH = 9, 6
"""How hard to deflate what is deflated once for all forms, and what is for each."""
_NEAR = 8_000
"""Cells nearer to each other than so many bytes are deflated together, with what is between them."""
_FORMULA = re.compile(rb'(<c r="[^"]+"(?: s="[0-9]+")?)[^>]*>(<f(?:[^>]*/>|.*?</f>))<v>')
_STRING = re.compile(rb't="s"><v>([0-9]+)</v>')
_NUMBER = re.compile(rb"<v>[^<]*</v>")
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Place:
    """A stretch of a part that may read otherwise."""

    start: int
    end: int


class _PatchedPart:
    """A member of the workbook, and how its stretches read in other forms."""

    def __init__(self, content: bytes, places: Iterable[_Place]) -> None:
        self.content = content
        self._regions: list[list[_Place]] = []
        for place in sorted(places, key=lambda each: each.start):
            if self._regions and place.start - self._regions[-1][-1].end < _NEAR:
                self._regions[-1].append(place)
            else:
                self._regions.append([place])
        edges = [0]
        for region in self._regions:
            edges += (region[0].start, region[-1].end)
        edges.append(len(content))
        self._between = [content[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
        self._deflated = [_deflated(stretch, _ONCE) for stretch in self._between]

    def read_with(self, texts: Mapping[int, bytes]) -> tuple[bytes, bytes]:
        """The part with other stretches, by where they start, and the same deflated."""
        plain, packed = [self._between[0]], [self._deflated[0]]
        for n, region in enumerate(self._regions, 1):
            stretch = self._region(region, texts)
            plain += (stretch, self._between[n])
            packed += (_deflated(stretch, _EACH), self._deflated[n])
        return b"".join(plain), b"".join(packed) + b"\x03\x00"

    def _region(self, region: Sequence[_Place], texts: Mapping[int, bytes]) -> bytes:
        pieces: list[bytes] = []
        at = region[0].start
        for place in region:
            own = texts.get(place.start, self.content[place.start : place.end])
            pieces += (self.content[at : place.start], own)
            at = place.end
        return b"".join(pieces)


def _deflated(stretch: bytes, level: int) -> bytes:
    """Blocks that end on a byte, that others may follow."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(stretch) + packer.flush(zlib.Z_SYNC_FLUSH)


class Edition:
    """A workbook that XlsxWriter wrote for the first of some forms, and what the others are made from.

    `marks` are the cells that differ between them, `sheets` the names of the sheets in order.
    """

    def __init__(self, book: bytes, sheets: Sequence[str], marks: Sequence[Mark]) -> None:
        with ZipFile(BytesIO(book)) as package:
            self._names = package.namelist()
            parts = {name: package.read(name) for name in self._names}
        members = {name: f"xl/worksheets/sheet{n}.xml" for n, name in enumerate(sheets, 1)}
        self._marks: list[tuple[str, list[_Place], Mark, Sequence[Value]]] = []
        places: dict[str, list[_Place]] = defaultdict(list)
        for mark in marks:
            part, first = members[mark.sheet], mark.shown.of(0)
            of_mark = [
                _cell_place(parts[part], Address(mark.sheet, mark.row + n, mark.column + 1).a1)
                for n in range(1, len(first) + 1)
            ]
            self._marks.append((part, of_mark, mark, first))
            places[part] += of_mark
        self._strings = _Strings(
            parts,
            [
                parts[part][place.start : place.end]
                for part, of_mark, *_ in self._marks
                for place in of_mark
            ],
        )
        places[_STRINGS] = self._strings.places
        self._parts = {name: _PatchedPart(content, places[name]) for name, content in parts.items()}
        self._unchanged = {
            name: _member(name, *part.read_with({})) for name, part in self._parts.items()
        }

    def form(self, i: int) -> bytes | None:
        """The workbook of the form `i`; None if its texts coincide with others, so that it has to be written."""
        texts: dict[str, dict[int, bytes]] = defaultdict(dict)
        words: dict[int, str] = {}
        for part, of_mark, mark, first in self._marks:
            for place, value, before in zip(of_mark, mark.shown.of(i), first, strict=True):
                if value == before:
                    continue
                cell = self._parts[part].content[place.start : place.end]
                string = _STRING.search(cell)
                if string is None:
                    texts[part][place.start] = _with_value(cell, value)
                elif words.setdefault(int(string[1]), str(value)) != value:
                    return None
        if not self._strings.admit(words):
            return None
        texts[_STRINGS] = self._strings.texts(words)
        changed = {
            name: _member(name, *self._parts[name].read_with(own))
            for name, own in texts.items()
            if own
        }
        return _package([changed.get(name) or self._unchanged[name] for name in self._names])


class _Strings:
    """The table of shared strings, where those of the differing cells may be exchanged."""

    def __init__(self, parts: Mapping[str, bytes], cells: Sequence[bytes]) -> None:
        content = parts[_STRINGS]
        stretches = list(re.finditer(rb"<si>.*?</si>", content, re.DOTALL))
        uses = Counter(
            number
            for name, part in parts.items()
            if name.startswith("xl/worksheets/")
            for number in _STRING.findall(part)
        )
        own = Counter(found[1] for cell in cells if (found := _STRING.search(cell)))
        self._free = {int(n) for n, count in own.items() if count == uses[n]}
        self._place = {n: _Place(*stretches[n].span()) for n in map(int, own)}
        self.places = list(self._place.values())
        self._others = {s[0] for n, s in enumerate(stretches) if n not in self._place}
        self._first = {n: stretches[n][0] for n in self._place}

    def admit(self, words: Mapping[int, str]) -> bool:
        """Whether a table with other words would have the same order."""
        if not words.keys() <= self._free:
            return False
        items = [_item(words[n]) if n in words else first for n, first in self._first.items()]
        return len(set(items)) == len(items) and self._others.isdisjoint(items)

    def texts(self, words: Mapping[int, str]) -> dict[int, bytes]:
        """The stretches that differ."""
        return {self._place[n].start: _item(text) for n, text in words.items()}


def _item(text: str) -> bytes:
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f"<si><t{space}>{escape(text)}</t></si>".encode()


def _cell_place(part: bytes, a1: str) -> _Place:
    start = part.index(f'<c r="{a1}"'.encode())
    tag_end = part.index(b">", start)
    end = tag_end + 1 if part[tag_end - 1 : tag_end] == b"/" else part.index(b"</c>", start) + 4
    return _Place(start, end)


def _with_value(cell: bytes, value: Value) -> bytes:
    found = _FORMULA.match(cell)
    if found is None:
        return _NUMBER.sub(f"<v>{value:.16G}</v>".encode(), cell)
    kind = b' t="str"' if isinstance(value, str) and value else b""
    return b"%s%s>%s<v>%s</v></c>" % (found[1], kind, found[2], escape(str(value)).encode())


# --- the container --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Member:
    """A member as it stands in a package, and its line in the directory."""

    info: ZipInfo
    packed: bytes


def _member(name: str, plain: bytes, packed: bytes) -> _Member:
    info = ZipInfo(name, _FIRST_DAY)
    info.compress_type = ZIP_DEFLATED
    info.CRC, info.file_size, info.compress_size = zlib.crc32(plain), len(plain), len(packed)
    return _Member(info, packed)


def _package(members: Sequence[_Member]) -> bytes:
    """A zip of members that are deflated already, for which `zipfile` has no way (APPNOTE 4.3.7, 4.3.12, 4.3.16)."""
    out, directory = BytesIO(), BytesIO()
    for member in members:
        info, name = member.info, member.info.filename.encode()
        sizes = (info.CRC, info.compress_size, info.file_size)
        directory.write(
            b"PK\x01\x02"
            + struct.pack(
                "<HHHHHHLLLHHHHHLL",
                20,
                20,
                0,
                8,
                0,
                33,
                *sizes,
                len(name),
                0,
                0,
                0,
                0,
                0,
                out.tell(),
            )
        )
        directory.write(name)
        out.write(b"PK\x03\x04" + struct.pack("<HHHHHLLLHH", 20, 0, 8, 0, 33, *sizes, len(name), 0))
        out.write(name + member.packed)
    count, size, start = len(members), directory.tell(), out.tell()
    out.write(directory.getvalue())
    out.write(b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, count, count, size, start, 0))
    return out.getvalue()
