"""Broken returns without end: one seed and one number give one mutant, always the same.

Three levels: the bytes of the zip, the XML of a part, the content of a cell. Run as a program it reads
mutants as a clerk's command would (read, judged, framed, printed) and tells of each in one line::

    python -m tests.property.mutants FOLDER SEED FIRST COUNT [--keep]

FOLDER holds the sound returns to start from; with --keep the mutants are written there too.
"""

import faulthandler
import io
import json
import random
import re
import resource
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.api import CATALOGUE
from workbook import check, frames, read_returns
from workbook.checking import View, gather
from workbook.reading import ACCEPTED, REJECTED, SKIPPED

SECONDS = 20
"""The longest one mutant may take before the program is ended."""

Parts = dict[str, bytes]

# --- the zip --------------------------------------------------------------------------------------


def _flipped(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 8, 64))):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data))]


def _beheaded(data: bytes, dice: random.Random) -> bytes:
    return data[dice.randrange(1, len(data)) :]


def _holed(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data))
    return data[:start] + data[start + dice.randrange(1, 4096) :]


def _zeroed(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data))
    length = min(dice.randrange(1, 4096), len(data) - start)
    return data[:start] + bytes(length) + data[start + length :]


def _stuffed(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + dice.randbytes(dice.randrange(1, 512)) + data[at:]


def _doubled(data: bytes, dice: random.Random) -> bytes:
    return data + dice.choice((data, b"\r\n", bytes(600), b"PK\x05\x06" + bytes(18)))


def _lying_directory(data: bytes, dice: random.Random) -> bytes:
    """Another number in a field of the zip's directory: sizes, sums, offsets, counts, flags."""
    changed = bytearray(data)
    marks = [found.start() for found in re.finditer(rb"PK(\x01\x02|\x03\x04|\x05\x06)", data)] or [
        0
    ]
    for _ in range(dice.choice((1, 1, 3))):
        at = dice.choice(marks) + dice.randrange(4, 44)
        number = dice.choice((0, 1, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, dice.getrandbits(32)))
        if at + 4 <= len(changed):
            struct.pack_into("<I", changed, at, number)
    return bytes(changed)


_BYTES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_flipped, _cut, _beheaded, _holed, _zeroed, _stuffed, _doubled, _lying_directory),
)

# --- the members ----------------------------------------------------------------------------------


def _member_lost(parts: Parts, name: str, dice: random.Random) -> None:
    del parts[name]


def _member_emptied(parts: Parts, name: str, dice: random.Random) -> None:
    parts[name] = b""


def _member_renamed(parts: Parts, name: str, dice: random.Random) -> None:
    new = (name.upper(), f"../{name}", f"/{name}", name.replace("/", "\\"), f"{name} ", "x" * 300)
    parts[dice.choice(new)] = parts.pop(name)


def _member_of_another(parts: Parts, name: str, dice: random.Random) -> None:
    parts[name] = parts[dice.choice(sorted(parts))]


def _member_bomb(parts: Parts, name: str, dice: random.Random) -> None:
    parts[name] = parts[name] + b" " * dice.choice((10**6, 10**7, 3 * 10**7))


_MEMBERS = (_member_lost, _member_emptied, _member_renamed, _member_of_another, _member_bomb)

# --- the XML --------------------------------------------------------------------------------------

_DOCTYPES = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    b'<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:9/">%e;]>',
)
_WORDS = (
    *(b"", b"0", b"-1", b"1", b"99999999999999999999", b"4294967295", b"1e999", b"-1e999", b"NaN"),
    *(b"inf", b"1e-999", b"0x10", b"true", b"\xef\xbc\x91", b"&amp;", b"&#0;", b"&#x110000;"),
    *(b"&lt;", b"A1", b"XFD1048576", b"XFE1", b"A0", b"$A$1", b"A1:XFD1048576", b"A1048577", b"1A"),
    *(b"#REF!", b"_xlnm.Print_Area", b"\xff\xfe", b"\xed\xa0\x80", "𠮷😀".encode(), b"a" * 70_000),
    *(
        b"=cmd|' /C calc'!A0",
        b"sharedStrings.xml",
        b"../../../../etc/passwd",
        b"http://127.0.0.1:9/",
    ),
)


def _attribute_changed(text: bytes, dice: random.Random) -> bytes:
    found = list(re.finditer(rb'="([^"]*)"', text))
    if not found:
        return text
    at = dice.choice(found)
    return text[: at.start(1)] + dice.choice(_WORDS) + text[at.end(1) :]


def _text_changed(text: bytes, dice: random.Random) -> bytes:
    found = list(re.finditer(rb">([^<]+)<", text))
    if not found:
        return text
    at = dice.choice(found)
    return text[: at.start(1)] + dice.choice(_WORDS) + text[at.end(1) :]


def _element_lost(text: bytes, dice: random.Random) -> bytes:
    found = list(re.finditer(rb"<[^<>]*>", text))
    at = dice.choice(found) if found else None
    return text if at is None else text[: at.start()] + text[at.end() :]


def _element_renamed(text: bytes, dice: random.Random) -> bytes:
    found = list(re.finditer(rb"<(/?)([A-Za-z:]+)", text))
    if not found:
        return text
    at, other = dice.choice(found), dice.choice(found)
    return text[: at.start(2)] + other[2] + text[at.end(2) :]


def _span_lost(text: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(text) or 1)
    return text[:start] + text[start + dice.randrange(1, 2000) :]


def _span_repeated(text: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(text) or 1)
    span = text[start : start + dice.randrange(1, 2000)]
    return text[:start] + span * dice.choice((2, 3, 50)) + text[start + len(span) :]


def _with_doctype(text: bytes, dice: random.Random) -> bytes:
    head = text.find(b"?>") + 2 if text.startswith(b"<?xml") else 0
    return text[:head] + dice.choice(_DOCTYPES) + text[head:]


def _nested(text: bytes, dice: random.Random) -> bytes:
    found = list(re.finditer(rb"<[a-zA-Z]+[^<>/]*>", text))
    at = dice.choice(found).end() if found else 0
    depth = dice.choice((10, 70, 5000))
    return text[:at] + b"<g>" * depth + b"</g>" * depth + text[at:]


def _recoded(text: bytes, dice: random.Random) -> bytes:
    plain = text.decode("utf-8", "replace")
    if dice.random() < 0.5:
        return plain.replace("UTF-8", "UTF-16").encode("utf-16")
    return text.replace(b"UTF-8", dice.choice((b"GBK", b"latin-1", b"rot13", b"UTF-7")), 1)


def _wrapped(text: bytes, dice: random.Random) -> bytes:
    """A text as it may also be written: CDATA, a comment, an instruction within."""
    found = list(re.finditer(rb">([^<]+)<", text))
    if not found:
        return text
    at = dice.choice(found)
    inner = dice.choice((b"<![CDATA[%s]]>", b"%s<!-- x -->", b"%s<?x y?>", b"<b>%s</b>"))
    return text[: at.start(1)] + inner.replace(b"%s", at[1]) + text[at.end(1) :]


_XML: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_attribute_changed, _attribute_changed, _text_changed, _element_lost, _element_renamed),
    *(_span_lost, _span_repeated, _with_doctype, _nested, _recoded, _wrapped),
)

# --- the cells ------------------------------------------------------------------------------------

_CELL = re.compile(rb'<c r="([A-Z]+[0-9]+)"[^>]*?(?:/>|>.*?</c>)', re.DOTALL)
_REFERENCES = (b"XFD1048576", b"XFE1", b"A0", b"A1048577", b"a1", b"", b"R1C1", b"AAAA1", b"A1")
_CELLS = (
    *(b'<c r="%s"/>', b'<c r="%s"><v>1e999</v></c>', b'<c r="%s"><v>NaN</v></c>'),
    *(b'<c r="%s"><v></v></c>', b'<c r="%s" s="99999"><v>1</v></c>', b'<c r="%s" s="-1"/>'),
    *(b'<c r="%s" t="s"><v>99999999</v></c>', b'<c r="%s" t="s"><v>-1</v></c>'),
    *(b'<c r="%s" t="e"><v>#N/A</v></c>', b'<c r="%s" t="b"><v>1</v></c>', b'<c r="%s" t="zz"/>'),
    *(b'<c r="%s" t="str"><f>1+</f><v>=1+1</v></c>', b'<c r="%s"><f t="shared" si="9"/></c>'),
    *(b'<c r="%s"><f t="array" ref="A1:XFD1048576">1</f><v>1</v></c>',),
    *(b'<c r="%s"><f t="shared" si="0" ref="A1:Z9999">A1</f><v>1</v></c>',),
    *(b'<c r="%s" t="inlineStr"><is><r><t>a</t></r><rPh><t>b</t></rPh></is></c>',),
    *(b'<c r="%s" t="inlineStr"><is><t>_x000D__x0000_\xf0\xa0\xae\xb7</t></is></c>',),
    *(b'<c r="%s" t="d"><v>2025-13-99</v></c>', b'<c r="%s"><v>78.299999999999997</v></c>'),
    *(b'<c r="%s" t="str"><v>' + b"\xe7\xa7\x91" * 40_000 + b"</v></c>",),
    *(b'<c r="%s"><v>' + b"9" * 5000 + b"</v></c>", b'<c r="%s"><v>1_000</v></c>'),
)


def _cell_changed(text: bytes, dice: random.Random) -> bytes:
    found = list(_CELL.finditer(text))
    for _ in range(dice.choice((1, 1, 4))):
        if found:
            at = dice.choice(found)
            reference = at[1] if dice.random() < 0.8 else dice.choice(_REFERENCES)
            text = text.replace(at[0], dice.choice(_CELLS).replace(b"%s", reference), 1)
    return text


def _cells_swapped(text: bytes, dice: random.Random) -> bytes:
    found = list(_CELL.finditer(text))
    if len(found) < 2:
        return text
    one, other = dice.sample(found, 2)
    return text.replace(one[1], b"@", 1).replace(other[1], one[1], 1).replace(b"@", other[1], 1)


_PARTS = (
    *("xl/worksheets/sheet2.xml", "xl/worksheets/sheet2.xml", "xl/worksheets/sheet3.xml"),
    *("xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"),
    *("word/document.xml", "word/document.xml", "word/document.xml", "word/styles.xml"),
)


def mutant(sound: list[bytes], seed: int, number: int) -> tuple[str, bytes]:
    """How a return, a document or an archive of such was broken, and its bytes."""
    dice = random.Random(f"{seed}/{number}")
    data = dice.choice(sound)
    level = dice.choice(("bytes", "members", "xml", "xml", "cells", "cells"))
    if level == "bytes" or not zipfile.is_zipfile(io.BytesIO(data)):
        way = dice.choice(_BYTES)
        return way.__name__, way(data, dice)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if level == "members":
        change, name = dice.choice(_MEMBERS), dice.choice(sorted(parts))
        change(parts, name, dice)
        return f"{change.__name__} {name}", _zipped(parts, dice)
    known = [name for name in _PARTS if name in parts]
    name = dice.choice(known if known and dice.random() < 0.8 else sorted(parts))
    if zipfile.is_zipfile(io.BytesIO(parts[name])):
        inner_way, parts[name] = mutant([parts[name]], dice.getrandbits(32), number)
        return f"{inner_way} in {name}", _zipped(parts, dice)
    has_cells = level == "cells" and _CELL.search(parts[name]) is not None
    ways = (_cell_changed, _cell_changed, _cells_swapped) if has_cells else _XML
    steps = [dice.choice(ways) for _ in range(dice.choice((1, 1, 1, 2, 5)))]
    for step in steps:
        parts[name] = step(parts[name], dice)
    return f"{'+'.join(step.__name__ for step in steps)} {name}", _zipped(parts, dice)


def _zipped(parts: Parts, dice: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            dated = zipfile.ZipInfo(name)  # in 1980, not now: the same mutant whenever it is made
            archive.writestr(dated, content, zipfile.ZIP_DEFLATED, compresslevel=1)
    return out.getvalue()


# --- reading them ---------------------------------------------------------------------------------


def read_one(path: Path) -> dict[str, Any]:
    """A mutant read, judged, framed and printed; AssertionError where an answer makes no sense."""
    (item,) = check(read_returns([path]))
    assert item.status in (ACCEPTED, REJECTED, SKIPPED)
    assert {f.code for f in item.findings if f.code[0] in "WLA"} <= CATALOGUE.keys()
    assert (item.submission is not None) == (item.status == ACCEPTED)
    assert item.status == ACCEPTED or item.findings, "refused without a reason"
    frames([item])
    read = item.submission
    values = gather(read.form, [read], View.TRUE).values(0) if read else None
    printed = json.dumps([values, list(map(repr, item.findings))], allow_nan=False, default=str)
    assert printed.isascii()
    return {"status": item.status, "codes": [f.code for f in item.findings]}


def main(folder: Path, seed: int, first: int, count: int, *, keep: bool = False) -> None:
    """Print a line for each mutant, then one with the peak of memory, in MB."""
    sound = [path.read_bytes() for path in sorted(folder.glob("sound*"))]
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(first, first + count):
            way, data = mutant(sound, seed, number)
            path = (folder if keep else Path(scratch)) / f"mutant{number}.xlsx"
            path.write_bytes(data)
            _tell({"number": number, "way": way})
            faulthandler.dump_traceback_later(SECONDS, exit=True)
            _tell(read_one(path))
            faulthandler.cancel_dump_traceback_later()
            if not keep:
                path.unlink()
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    _tell({"peak": max(_own_peak(), children) // 1024})


def _own_peak() -> int:
    """This process's peak of memory, in kB; `getrusage` would begin with that of who started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak)


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]), keep="--keep" in sys.argv)
