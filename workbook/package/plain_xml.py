"""The shape in which every office program writes cells and strings, read by fragments seen before.

An XML parser calls us several times for each cell. But nearly all sheets are one long run of
`<c r="A1" s="2" t="s"><v>7</v></c>` between `<row …>` and `</row>`, and shared strings a run of
`<si><t>…</t></si>`, some in fragments with their fonts. And the returns of one template differ in
little but what stands between `<v>` and `</v>`. So a sheet is cut there; what a fragment between two
values says was mostly worked out for a file before (`seen`), and else one regular expression tells.
What stands before and behind the cells goes through the parser as always, with an empty element in
place of the run, and proves where the run stood and in which namespace.

This is safe because it is strict: the run must consist of these shapes and nothing between them, so
it is well-formed by itself. Anything else (inline strings, phonetic guides, shared formulas,
comments, prefixes, other encodings, long parts) yields None, and the parser reads it all: slower,
with the same result.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# What is longer goes through the parser in chunks, within bounded memory.
_LONGEST = 4 * 1024 * 1024

_HEAD = re.compile(
    rb"(?:<\?xml [^<>?]{0,200}?(?i:encoding=\"UTF-8\")[^<>?]{0,200}\?>\s*)?(<(?:worksheet|sst)(?: [^<>]*)?>)"
)
_TEXT = r"[^<\x00-\x08\x0b-\x1f\ufffe\uffff]*"
_CLEAN = re.compile(_TEXT)
_VALUE = re.compile(rb"<v>([^<]*)</v>")
_ROW = (
    r'<row((?: r="[0-9]{1,7}"| (?:spans|s|ht|customFormat|customHeight|hidden|outlineLevel|'
    r'collapsed|thickTop|thickBot|ph|x14ac:dyDescent)="[^"<&\x00-\x1f]*")*)( ?/)?>'
)
_TOKEN = re.compile(
    r'<c r="([A-Z]{1,3}[0-9]{1,7})"(?: s="([0-9]{1,9})")?(?: t="([a-z]{1,9})")?'
    rf'(?: ?/>|>(?:<f(?: aca="false")?>({_TEXT})</f>)?(<v>{_TEXT}</v>|<v ?/>)?</c>)'
    rf"|{_ROW}"
    r"|(</row>)"
)
_OPEN = r'<t(?: xml:space="preserve")?>'
_RUNS = re.compile(rf"{_OPEN}({_TEXT})</t>")
_LOOKS = r'<rPr>(?:<[A-Za-z]+(?: [a-z]+="[^"<&\x00-\x1f]*")?/>)*</rPr>'
_STRING = re.compile(
    rf"<si>(?:{_OPEN}({_TEXT})</t>|((?:<r>(?:{_LOOKS})?{_OPEN}{_TEXT}</t></r>)+))"
    r'(?:<phoneticPr fontId="[0-9]+"(?: type="[A-Za-z]+")?/>)?'
)
_ENTITY = re.compile(r"&(#?\w*;?)")
_ENTITIES = {"amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "apos;": "'"}
_ENTITIES |= {"#9;": "\t", "#10;": "\n", "#13;": "\r"}  # LibreOffice writes line breaks so

# Of a cell: address, style, type, formula, value with its tags, None, None, None. Of a row's start:
# five None, its attributes as written, "/" if it is closed at once, None. Of its end: the tag, last.
_S = str | None
Token = tuple[_S, _S, _S, _S, _S, _S, _S, _S]


class Cut(NamedTuple):
    """A sheet part taken apart. Between the values stands one fragment more than there are values."""

    before: bytes
    """A document: what stands before the cells, with an empty `sheetData` in place of them."""
    after: bytes
    """Another: the root's start and what stands behind the cells."""
    extended: bool
    """Whether the root declares the prefix that Excel uses in rows."""
    fragments: list[bytes]
    values: list[bytes]


def cut_sheet(data: bytes) -> Cut | None:
    """The part taken apart at its values.

    It is what it seems if both ends are documents without comments (`is_bare`), and all between them
    is plain (`tokens`, `text_of`).
    """
    parts = _VALUE.split(data) if len(data) <= _LONGEST else [b""]
    head, begin, first = parts[0].partition(b"<sheetData>")
    if not begin:
        return None
    fragments, values = parts[::2], parts[1::2]
    fragments[0] = first
    fragments[-1], end, tail = fragments[-1].partition(b"</sheetData>")
    root = _HEAD.match(head)
    if not end or root is None:
        return None
    extended = (
        b' xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac"' in root[1]
    )
    return Cut(head + b"<sheetData/></worksheet>", root[1] + tail, extended, fragments, values)


def cut_strings(data: bytes) -> tuple[bytes, list[bytes]] | None:
    """The part with one empty item in place of its strings, and those, each without its end."""
    start, end = data.find(b"<si>"), data.rfind(b"</si>")
    rest = data[:start] + b"<si/>" + data[end + 5 :]
    if start < 0 or end < start or len(data) > _LONGEST or not is_bare(rest):
        return None
    return rest, data[start:end].split(b"</si>")


def is_bare(document: bytes) -> bool:
    """Whether a document is surely UTF-8, and nothing in it can hide what was cut out of it."""
    root = _HEAD.match(document)
    inside = document[root.start(1) :] if root else b"<!"
    return b"<!" not in inside and b"<?" not in inside


def tokens(fragment: str) -> list[Token] | None:
    """The whole cells, starts and ends of rows of which a fragment consists; None if of more."""
    parts = _TOKEN.split(fragment)
    step = _TOKEN.groups + 1
    if "]]>" in fragment or "".join(parts[::step]).strip(" \t\n"):
        return None
    return list(zip(*(parts[n::step] for n in range(1, step)), strict=True))


def string(item: bytes) -> str | None:
    """The text of an item that `cut_strings` gave, runs joined; None if it is not plain."""
    try:
        text = item.decode("utf-8")
        match = _STRING.fullmatch(text.lstrip(" \t\n"))
        if match is None or "]]>" in text:
            return None
        return resolved(match[1] if match[2] is None else "".join(_RUNS.findall(match[2])))
    except ValueError:
        return None


def text_of(value: bytes) -> str | None:
    """The text between two tags; None if it is not plain."""
    try:
        text = value.decode("utf-8")
        return resolved(text) if _CLEAN.fullmatch(text) and "]]>" not in text else None
    except ValueError:
        return None


def resolved(text: str) -> str:
    """Text of an element with its entities resolved; ValueError if it has other than the common."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    try:
        return _ENTITIES[match[1]]
    except KeyError:
        raise ValueError(match[0]) from None
