"""Texts as both sides compare them: folded to one width and case, and read as measures.

The order of `FOLDS` is the order in which the workbook's own formula substitutes, so that both sides
agree letter for letter. The signs and words are those of about 200 published cells.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

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


_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
    f"(?<![{_EMOJI}]\u200d)"  # the joiner in a picture made of several is part of what is seen
)
"""One character that nobody sees where it stands. Private ones are the rare letters of names in GB18030."""
_PLAIN = re.compile(
    "[\t\n -~\xb7\xd7\u2014\u2018\u2019\u201c\u201d\u2026\u2103\u2264\u2265"
    "\u3000-\u303f\u33a1\u4e00-\u9fff\uff01-\uff60\uffe5]*"
)
"""What nearly all texts are made of; matched whole, many times as fast as a search for anything else."""
_LINES = re.compile(r"[\t\n\r]")
_LONE_RETURN = re.compile(r"\r(?!\n)")
"""What makes a terminal write over the line it is in."""
_LINE_ENDS = "\x0b\x0c\x85\u2028\u2029"
_TURNING = frozenset("\u061c\u200f\u202b\u202e\u2067")


def is_plain(text: str) -> bool:
    """Whether a text holds nothing but ASCII's and the usual Chinese characters, none of them unseen."""
    return _PLAIN.fullmatch(text) is not None


def unseen_in(text: str) -> str:
    """The first character of a text that nobody sees where it stands; blank if there is none.

    Controls, marks of direction, characters without width or ink, what is no character at all.
    """
    match = None if is_plain(text) else _UNSEEN.search(text)
    return match[0] if match else ""


def without_unseen(text: str) -> str:
    """A text as a person sees it: the unseen is gone, but for what ends a line."""
    return _UNSEEN.sub(lambda unseen: "\n" if unseen[0] in _LINE_ENDS else "", text)


def is_turned(text: str) -> bool:
    """Whether unseen characters turn the direction of a text, so that it is not read as it is seen."""
    return not _TURNING.isdisjoint(text)


def printable(text: object) -> str:
    """A path, or a name from a file, as one line that no terminal obeys: the unseen is written out.

    A file's name may hold bytes that are no UTF-8; different names remain different texts.
    """
    return _LINES.sub(_written_out, printable_lines(str(text)))


def printable_lines(text: str) -> str:
    """A text of several lines likewise: `\\x1b`, `\\u202e` in place of what nobody sees."""
    if is_plain(text):
        return text
    return _LONE_RETURN.sub(_written_out, _UNSEEN.sub(_written_out, text))


def escaped_in_json(text: str) -> str:
    """JSON with the unseen as its own escapes: what is read from it is the same."""
    return text if is_plain(text) else _UNSEEN.sub(lambda unseen: json.dumps(unseen[0])[1:-1], text)


def _written_out(unseen: re.Match[str]) -> str:
    return unseen[0].encode("unicode_escape").decode("ascii")


_TWINS = {
    start + n: str(n % 10) for start, count in ((0x1D7CE, 50), (0x1FBF0, 10)) for n in range(count)
}
"""Digits of mathematics and of displays, which nobody can tell from ours."""
_RAISED = "\xb2\xb3\xb9\u2070\u2074-\u2079\u2080-\u2089"
_CIRCLED = "\u2460-\u249b\u24ea-\u24ff\u2776-\u2793"
_UNUSUAL_DIGIT = re.compile(
    rf"(?![0-9０-９])\d|(?<=[0-9０-９])[{_RAISED}]|(?<=[0-9０-９{_CIRCLED}])[{_CIRCLED}]"
)
"""Digits of other scripts, and those raised or circled behind a digit; by themselves ² and ① are none."""
_LETTER_IN_NUMBER = re.compile(
    r"[≥≤<>=]?(?=.*[0-9])(?=.{3})[0-9.,]*([OoОоΟο]|[lI](?=[0-9OoIl.%]))[0-9OoIl.,]*%?"
)
_LONGEST_NUMBER = 40


def with_usual_digits(text: str) -> str:
    """A text with digits that look just like ours as ours."""
    return text.translate(_TWINS)


def is_usual(text: str) -> bool:
    """Whether a text is plain, and no number or code with letters in it."""
    long = len(text) >= _LONGEST_NUMBER
    return is_plain(text) and (long or _LETTER_IN_NUMBER.fullmatch(text.strip()) is None)


def unusual_digit_in(text: str) -> str:
    """The first character that may be taken for a digit and is none of ours; blank if there is none.

    Letters (1O0, l18001) only where the whole text is otherwise a number or a code.
    """
    if len(text) < _LONGEST_NUMBER and (number := _LETTER_IN_NUMBER.fullmatch(text.strip())):
        return number[1]
    digit = None if is_plain(text) else _UNUSUAL_DIGIT.search(text)
    return digit[0] if digit else ""


# Many operators ask for the same few thousand words, one after the other.
@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The text without blanks and thousands commas, full width folded to half, in upper case."""
    for word, substitute in FOLDS:
        text = text.replace(word, substitute)
    return text.upper()


_RARE_BLANKS = re.compile("[\u1680\u2000-\u200a\u202f\u205f]")
"""What shows as a blank and is none to the workbook's formulas."""


def fold_as_seen(text: str) -> str:
    """As `fold`, and without what nobody sees: how names are compared, which no formula does."""
    return fold(_RARE_BLANKS.sub("", without_unseen(text)))


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
