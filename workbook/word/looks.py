"""How text in a Word document looks, where that changes what it says: hidden, raised, a symbol.

A superscript without its looks is another number: 10² would be 102. So raised digits become the
letters that are raised by themselves, and marks of notes, which are no part of the text, go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from workbook.package import ParseTask, scan

MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
UNKNOWN_SYMBOL = "\ufffd"
"""What stands for a symbol of which only its own font knows what it shows."""

_NOTE_MARKS = {"footnote reference", "endnote reference"}
"""Styles, by the names they have in every language of Word."""
_DEEPEST = 20
"""No style is based on another over more steps; a circle would be."""


@dataclass(slots=True)
class Look:
    """What a run or a style says of its text; None where it says nothing."""

    hidden: bool | None = None
    raised: bool | None = None
    note_mark: bool = False
    based_on: str = ""

    def take(self, step: str, attributes: dict[str, str]) -> None:
        """Take over one setting of a run's or a style's text."""
        if step == "vanish":
            self.hidden = is_on(attributes)
        elif step == "vertAlign":
            self.raised = value(attributes, "val") == "superscript"


@dataclass(frozen=True, slots=True)
class TextStyles:
    """A document's styles by their id."""

    looks: Mapping[str, Look] = field(default_factory=dict)
    paragraph: str = ""
    """The style of paragraphs that name none."""

    def look(self, style: str) -> Look:
        """A style's look, with what it has from those that it is based on."""
        look = Look()
        for _ in range(_DEEPEST):
            own = self.looks.get(style)
            if own is None:
                break
            look.hidden = own.hidden if look.hidden is None else look.hidden
            look.raised = own.raised if look.raised is None else look.raised
            look.note_mark |= own.note_mark
            style = own.based_on
        return look

    def shown(self, run: Look, run_style: str, paragraph_style: str) -> Look:
        """How a run looks in the end. Hidden in both styles is shown: Word toggles (17.7.3)."""
        in_run, in_paragraph = self.look(run_style), self.look(paragraph_style)
        toggled = bool(in_run.hidden) != bool(in_paragraph.hidden)
        raised = (look.raised for look in (run, in_run, in_paragraph) if look.raised is not None)
        return Look(
            toggled if run.hidden is None else run.hidden, next(raised, False), in_run.note_mark
        )


def parse_styles(data: bytes, task: ParseTask) -> TextStyles:
    """The part of a document that has its styles. Raises Refused."""
    looks: dict[str, Look] = {}
    default = ""
    current = Look()

    def visit(path: str, attributes: dict[str, str], _: str) -> None:
        nonlocal current, default
        path = path.replace(f"{MAIN} ", "").replace(f"{STRICT} ", "")
        place, _, step = path.rpartition("/")
        if place == "styles/style/rPr":
            current.take(step, attributes)
        elif path == "styles/style/basedOn":
            current.based_on = value(attributes, "val")
        elif path == "styles/style/name":
            current.note_mark = value(attributes, "val").casefold() in _NOTE_MARKS
        elif path == "styles/style":
            style = value(attributes, "styleId")
            looks[style], current = current, Look()
            if value(attributes, "default") in ("1", "true", "on") and (
                value(attributes, "type") == "paragraph"
            ):
                default = style

    scan(data, task, visit)
    return TextStyles(looks, default)


def value(attributes: dict[str, str], name: str) -> str:
    """An attribute of Word's own namespace."""
    for space in (MAIN, STRICT):
        if (found := attributes.get(f"{space} {name}")) is not None:
            return found
    return ""


def is_on(attributes: dict[str, str]) -> bool:
    """Whether a switch is on: it is unless it says otherwise."""
    return value(attributes, "val") not in ("0", "false", "off")


# --- paragraphs being read -----------------------------------------------------------------------


@dataclass(slots=True)
class OpenRun:
    """A run being read: its own look, its style, and whether its text is a note's mark."""

    look: Look = field(default_factory=Look)
    style: str = ""
    is_note_mark: bool = False


@dataclass(slots=True)
class OpenParagraph:
    """A paragraph being read. Runs stand in each other where a ruby is, or a text box."""

    style: str
    runs: list[OpenRun] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    """Text that is not read, by what it is."""
    _texts: list[str] = field(default_factory=list)
    _superscript: list[str] = field(default_factory=list)
    _codes: list[bool] = field(default_factory=list)
    """Of the fields that are open: whether their code is being read, not yet their result."""

    def start(self, step: str, attributes: dict[str, str]) -> None:
        """Take what the paragraph or its run says of itself, and where a field's code begins and ends."""
        if step == "pStyle":
            self.style = value(attributes, "val")
        elif step == "r":
            self.runs.append(OpenRun())
        elif step == "fldChar":
            kind = value(attributes, "fldCharType")
            if kind == "begin":
                self._codes.append(True)
            elif self._codes and kind == "separate":
                self._codes[-1] = False
            elif self._codes:
                self._codes.pop()
        elif self.runs and step == "rStyle":
            self.runs[-1].style = value(attributes, "val")
        elif self.runs and step in ("footnoteReference", "endnoteReference"):
            self.runs[-1].is_note_mark = True
        elif self.runs:
            self.runs[-1].look.take(step, attributes)

    @property
    def in_code(self) -> bool:
        """Whether text that comes now belongs to a field's code."""
        return any(self._codes)

    def looks(self, styles: TextStyles) -> list[Look]:
        """How the open runs look, the innermost last."""
        return [styles.shown(run.look, run.style, self.style) for run in self.runs]

    def add(self, text: str, *, is_raised: bool) -> None:
        """Add text as it is seen."""
        if is_raised:
            self._superscript.append(text)  # Word often breaks one into several runs
        else:
            self._end_superscript()
            self._texts.append(text)

    def as_read(self) -> str:
        """The whole text."""
        self._end_superscript()
        return "".join(self._texts)

    def _end_superscript(self) -> None:
        text, self._superscript = "".join(self._superscript), []
        if text:
            # With nothing in front of it, it is no exponent: somebody has set a whole cell so.
            behind = any(before.strip() for before in self._texts)
            self._texts.append(raised(text) if behind else text)


# --- superscripts and symbols ---------------------------------------------------------------------

_RAISED = str.maketrans("0123456789０１２３４５６７８９+-−＋－", "⁰¹²³⁴⁵⁶⁷⁸⁹" * 2 + "⁺⁻⁻⁺⁻")
_NOTE_MARK = re.compile(
    r"(?:[\[［【〔(（][\d,，、\s~–-]+[\]］】〕)）]|[\u2460-\u2473\u2776-\u277f*＊※†‡]|注\s*\d*)+"
)


def raised(text: str) -> str:
    """What a superscript says behind other text: nothing if it is a note's mark, else raised digits."""
    return "" if _NOTE_MARK.fullmatch(text.strip()) else text.translate(_RAISED)


_SYMBOLS: Mapping[str, Mapping[int, str]] = {
    "symbol": dict(
        zip(b"\xa3\xa5\xb0\xb1\xb3\xb4\xb7\xb8\xb9\xbb\xd7", "≤∞°±≥×·÷≠≈·", strict=True)
    ),
    "wingdings": dict(zip(b"lnouv\xa1\xa8\xd8\xfb\xfc\xfd\xfe", "●■□◆❖○☐➢✗✓☒☑", strict=True)),
    "wingdings 2": dict(zip(b"OPQRST\xa3", "✗✓☒☑☒☒☐", strict=True)),
}
"""Of fonts with letters of their own, the signs and ticks that stand in forms."""


def symbol(font: str, code: int) -> str:
    """The letter for a symbol of a font; `UNKNOWN_SYMBOL` if there is none to be sure of."""
    if code in range(0xF000, 0xF100) or font.casefold() in _SYMBOLS:
        return _SYMBOLS.get(font.casefold(), {}).get(code & 0xFF, UNKNOWN_SYMBOL)
    return chr(code) if chr(code).isprintable() else UNKNOWN_SYMBOL
