"""Broken files of any sort without end: one seed and one number give one mutant, always the same.

Workbooks, documents and archives are broken as returns are (`mutants`); of texts the bytes, the lines, the values.
"""

import random
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.property import mutants


class Mutant(NamedTuple):
    """How a file was broken, what its name ends with, its bytes."""

    way: str
    suffix: str
    data: bytes


Change = Callable[[str, random.Random], str]

_WORDS = (
    *("1", "5", "12", "甲", "text", "spent"),
    *("", " ", "0", "-1", "1e999", "nan", "-inf", "9" * 400, "9" * 5000, "0x10", "1_000", "true"),
    *("#N/A", "=1+1", "1.1E+5", "合计", "\u202e", "\u200b", "\0", "\x07", "\ufeff", "\uffff", "\ue000"),
    *("CON", "..", "../x", "自检", "_calc", "[]:*?/\\", "'", '"', '""', '"""', "\\", "\\u0000", "{", "}}"),
    *("{fiscal_year.x}", "{a:>999999999}", "[", "[[", "]", "{}", "[1, [2]]", "2024-13-01", "|", "^", "<"),
    *("局" * 300, "a" * 70_000, "(" * 3000, "-" * 7000 + "1", "𠮷😀", ",", ";", "\t", "\r", "密码"),
)  # fmt: skip


def _value_changed(text: str, dice: random.Random) -> str:
    """Another word in the place of a cell of a CSV, or of a value, key or name of a definition."""
    spans = [match.span() for match in re.finditer(r'[^\s,=|"\[\]{}]+|"[^"\n]*"', text)]
    if not spans:
        return text
    start, end = dice.choice(spans)
    word = dice.choice(_WORDS)
    quoted = text[start] == '"' and dice.random() < 0.7
    return text[:start] + (f'"{word}"' if quoted else word) + text[end:]


def _value_of_another(text: str, dice: random.Random) -> str:
    """A value in the place of another, quoted ones in that of quoted ones: a definition stays TOML."""
    found = list(re.finditer(dice.choice((r'"[^"\n]*"', r"\b\w+\b")), text))
    if not found:
        return text
    one, another = dice.choice(found), dice.choice(found)
    return text[: one.start()] + another[0] + text[one.end() :]


def _word_put_in(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text) + 1)
    return text[:at] + dice.choice(_WORDS) + text[at:]


def _sign_lost(text: str, dice: random.Random) -> str:
    places = [match.start() for match in re.finditer(r'["=\[\]{},|\n]', text)]
    if not places:
        return text
    at = dice.choice(places)
    return text[:at] + text[at + 1 :]


def _line_lost(text: str, dice: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    del lines[dice.randrange(len(lines))]
    return "".join(lines)


def _lines_repeated(text: str, dice: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    start = dice.randrange(len(lines))
    some = lines[start : start + dice.choice((1, 1, 5))] * dice.choice((1, 2, 200))
    return "".join([*lines[:start], *some, *lines[start:]])


def _lines_swapped(text: str, dice: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    one, other = (dice.randrange(len(lines)) for _ in range(2))
    lines[one], lines[other] = lines[other], lines[one]
    return "".join(lines)


_TEXTS: tuple[Change, ...] = (
    *(_value_changed, _value_changed, _value_changed, _word_put_in, _sign_lost),
    *(_line_lost, _lines_repeated, _lines_swapped, *(_value_of_another,) * 4),
)
_BINARY = (".xlsx", ".docx", ".zip", ".parquet", ".duckdb")
_ENCODINGS = (*("utf-8",) * 20, "utf-8-sig", "gb18030", "utf-16", "utf-16-le")


def mutant(sound: Sequence[tuple[str, bytes]], seed: int, number: int) -> Mutant:
    """One of the sound files, each a suffix and bytes, broken."""
    dice = random.Random(f"{seed}/{number}")
    suffix, data = dice.choice(sound)
    if suffix in _BINARY or dice.random() < 0.1:
        way, broken = mutants.mutant([data], seed, number)
        return Mutant(way, suffix, broken)
    text = data.decode()
    steps = [dice.choice(_TEXTS) for _ in range(dice.choice((1, 1, 1, 2, 4)))]
    for step in steps:
        text = step(text or "\n", dice)
    encoded = text.encode(dice.choice(_ENCODINGS), "surrogatepass")
    return Mutant("+".join(step.__name__ for step in steps), suffix, encoded)
