"""The shape in which every office program writes cells and strings, read many at a time.

An XML parser calls us several times for each cell. But nearly all sheets are one long run of
`<c r="A1" s="2" t="s"><v>7</v></c>` between `<row …>` and `</row>`, and shared strings a run of
`<si><t>…</t></si>`, some in pieces with their fonts. Here such a run is cut out and split by one
regular expression; the rest, with one empty element in place of the run, goes through the parser as
always and proves where the run stood and in which namespace.

This is safe because it is strict: the run must consist of these shapes and nothing between them, so
it is well-formed by itself. Anything else (inline strings, phonetic guides, shared formulas,
comments, prefixes, other encodings, long parts) yields None, and the parser reads it all: slower,
with the same result.
"""

from __future__ import annotations

import re

# What is longer goes through the parser in chunks, within bounded memory.
_LONGEST = 2**20

_PROLOG = re.compile(
    rb"(?:<\?xml [^<>?]*?encoding=\"UTF-8\"[^<>?]*\?>\s*)?<(?![?!])", re.IGNORECASE
)
_TEXT = r"[^<\x00-\x08\x0b-\x1f\ufffe\uffff]*"
_PIECE = re.compile(
    r'<c r="([A-Z]{1,3}[0-9]{1,7})"(?: s="([0-9]{1,9})")?(?: t="([a-z]{1,9})")?'
    rf'(?:/>|>(?:<f(?: aca="false")?>({_TEXT})</f>)?(?:<v>({_TEXT})</v>)?</c>)'
    r'|<row((?: [A-Za-z0-9:]+="[^"<&]*")*)(/?)>'
    r"|(</row>)"
)
_OPEN = r'<t(?: xml:space="preserve")?>'
_RUNS = re.compile(rf"{_OPEN}({_TEXT})</t>")
_LOOKS = r'<rPr>(?:<[A-Za-z]+(?: [a-z]+="[^"<&]*")*/>)*</rPr>'
_STRING = re.compile(
    rf"<si>(?:{_OPEN}({_TEXT})</t>|((?:<r>(?:{_LOOKS})?{_OPEN}{_TEXT}</t></r>)+))"
    r"(?:<phoneticPr [^<>&]*/>)?</si>"
)
_ENTITY = re.compile(r"&(\w*;?)")
_ENTITIES = {"amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "apos;": "'"}

# Of a cell: place, style, type, formula, value, None, None, None. Of a row's start: five None, its
# attributes as written, "/" if it is closed at once, None. Of a row's end: seven None, the tag.
_S = str | None
Piece = tuple[_S, _S, _S, _S, _S, _S, _S, _S]


def take_cells(data: bytes) -> tuple[bytes, list[Piece]] | None:
    """The part with an empty `sheetData` in place of its cells, and those in order."""
    start = data.find(b"<sheetData>")
    end = data.find(b"</sheetData>", start)
    run = _run(data, start + 11, end)
    if start < 0 or end < 0 or run is None:
        return None
    parts = _PIECE.split(run)
    step = _PIECE.groups + 1
    if "".join(parts[::step]).strip():
        return None
    pieces = list(zip(*(parts[n::step] for n in range(1, step)), strict=True))
    return data[:start] + b"<sheetData/>" + data[end + 12 :], pieces


def take_strings(data: bytes) -> tuple[bytes, list[str]] | None:
    """The part with one empty item in place of its strings, and those, still escaped."""
    start = data.find(b"<si>")
    end = data.rfind(b"</si>") + 5
    run = _run(data, start, end)
    if start < 0 or end < start or run is None:
        return None
    parts = _STRING.split(run)
    if "".join(parts[::3]).strip():
        return None
    try:
        strings = [
            plain(text if runs is None else "".join(_RUNS.findall(runs)))
            for text, runs in zip(parts[1::3], parts[2::3], strict=True)
        ]
    except ValueError:
        return None
    return data[:start] + b"<si/>" + data[end:], strings


def plain(text: str) -> str:
    """Text of an element with its entities resolved; ValueError if it has other than the common."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _run(data: bytes, start: int, end: int) -> str | None:
    """The text between, or None if it is long, not certainly UTF-8, or could lie in a comment."""
    if len(data) > _LONGEST or not _PROLOG.match(data):
        return None
    if b"<!" in data or data.count(b"<?") > 1:
        return None
    try:
        return data[start:end].decode("utf-8")
    except UnicodeDecodeError:
        return None


def _character(match: re.Match[str]) -> str:
    try:
        return _ENTITIES[match[1]]
    except KeyError:
        raise ValueError(match[0]) from None
