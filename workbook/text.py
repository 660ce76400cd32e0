"""Texts as both sides compare them: folded to one width and case, and read as measures.

The order of `FOLDS` is the order in which the workbook's own formula substitutes, so that both sides
agree letter for letter. The signs and words are those of about 200 published cells.
"""

from __future__ import annotations

import unicodedata

BLANKS = (" ", "\u3000", "\u00a0", "\n", "\r", "\t")
"""What counts as blank inside a text; a cell holding nothing else is blank."""

FOLDS: tuple[tuple[str, str], ...] = (
    *((blank, "") for blank in BLANKS),
    *((chr(0xFF10 + digit), str(digit)) for digit in range(10)),
    *zip("．，％：（）－＋＝═≧≦＞＜／", ".,%:()-+==≥≤></", strict=True),
    (",", ""),
    (">=", "≥"),
    ("<=", "≤"),
    ("ß", "SS"),  # the one letter whose upper case each engine makes differently
)
"""(word, its substitute), applied one after the other; upper case comes last."""

SIGN_WORDS: tuple[tuple[str, str], ...] = (
    ("大于或等于", "≥"),
    ("大于等于", "≥"),
    ("不少于", "≥"),
    ("不低于", "≥"),
    ("不小于", "≥"),
    ("小于或等于", "≤"),
    ("小于等于", "≤"),
    ("不超过", "≤"),
    ("不高于", "≤"),
    ("不大于", "≤"),
    ("不多于", "≤"),
)
SIGNS = "≥≤><="
AT_LEAST_SUFFIX = "以上"
AT_MOST_SUFFIXES = ("以下", "以内")
SIGN_SUFFIXES = (AT_LEAST_SUFFIX, *AT_MOST_SUFFIXES)
"""Signs worded behind a measure, two characters each: 95%以上."""
DIGITS = "0123456789."
LONGEST_RUN = 16
"""A run of digits this long is no measure (a card number, an account)."""


NONE_WORDS = ("无", "没有", "—", "——", "－", "-", "--", "/", "／", "\\")
"""What people write into an amount of which there is none."""


def says_none(text: str) -> bool:
    """Whether an amount's cell says that there is none; only blanks may stand around."""
    return text.strip(" ") in NONE_WORDS


def is_blank(text: str) -> bool:
    """Whether a cell with this text counts as not filled in."""
    return not text.strip(" \u3000\n")


def printable(text: object) -> str:
    """The text of a path, or one that names a path, with what no encoding knows written out.

    A file's name may hold bytes that are no UTF-8; different names remain different texts.
    """
    return str(text).encode("utf-8", "backslashreplace").decode("utf-8")


def unseen_in(text: str) -> str:
    """The first character of a text that nobody sees where it stands; blank if there is none.

    Controls, marks of direction, characters without width, what is no character at all.
    """
    if text.isprintable():
        return ""
    unprintable = (c for c in text if not c.isprintable() and c not in BLANKS)
    # Private ones are the rare characters of names as GB18030 has them.
    return next((c for c in unprintable if unicodedata.category(c) not in ("Zs", "Co")), "")


def fold(text: str) -> str:
    """The text without blanks and thousands commas, full width folded to half, in upper case."""
    for word, substitute in FOLDS:
        text = text.replace(word, substitute)
    return text.upper()


def measure(text: str) -> str:
    """The folded text with worded inequalities as signs: 不少于12种 → ≥12种."""
    text = fold(text)
    for word, substitute in SIGN_WORDS:
        text = text.replace(word, substitute)
    return text


def sign_of(measured: str) -> str:
    """The sign of a measure: one of ≥ ≤ > < =, or blank."""
    first = measured[:1]
    if first and first in SIGNS:
        return first
    if not (first and first in DIGITS):
        return ""
    if measured.endswith(AT_LEAST_SUFFIX):
        return "≥"
    return "≤" if measured.endswith(AT_MOST_SUFFIXES) else ""


def body_of(measured: str) -> str:
    """A measure without its sign, in front or worded behind: ≥95% and 95%以上 → 95%."""
    first = measured[:1]
    body = measured[1:] if first and first in SIGNS else measured
    return body[:-2] if body[:1] in DIGITS and body.endswith(SIGN_SUFFIXES) else body


def digits_of(body: str) -> str:
    """The run of digits and points that a body begins with; blank if it begins otherwise."""
    run = body[: len(body) - len(body.lstrip(DIGITS))]
    return run if len(run) < LONGEST_RUN else body


def value_of(run: str) -> float | None:
    """The number a run of digits stands for; None if it is none, or too long for a measure."""
    if not 0 < len(run) < LONGEST_RUN or run.strip(DIGITS):
        return None
    if run.count(".") > 1 or run == ".":
        return None
    return float(run)


def from_figure(text: str) -> str:
    """The text from its first digit on; blank if it has none."""
    first = next((i for i, character in enumerate(text) if character in "0123456789"), len(text))
    return text[first:]


LONGEST_LIKENED = 600
"""So many characters of a text, from its beginning, are held against another."""


def likeness(text: str, other: str) -> float:
    """The share of a text's pairs of neighbouring characters that occur in another, from 0 to 1."""
    count = min(len(text) - 1, LONGEST_LIKENED)
    if count < 1:
        return 0.0
    pairs = {other[i : i + 2] for i in range(len(other) - 1)}
    return sum(text[i : i + 2] in pairs for i in range(count)) / count


def same_digits(text: str, other: str) -> bool:
    """Whether both texts hold each of the digits 0 to 9 as often, in whatever order."""
    return all(text.count(digit) == other.count(digit) for digit in "0123456789")


def brief(text: str) -> str:
    """Text from a file, short and printable, for a message."""
    clean = "".join(c if c.isprintable() else "�" for c in text[:60])
    return clean + ("…" if len(text) > 60 else "")
