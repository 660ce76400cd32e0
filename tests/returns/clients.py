"""How the files of the table are made: by the programs that people use, or on the zip where none would.

Each function gives a `Make`: what turns a sound return into the case. What openpyxl saves has no
results of formulas; its cases say so (L212). LibreOffice is used where the case is what it does.
"""

import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.workbook.workbook import Workbook

from tests.office import Format, Office


@dataclass(frozen=True, slots=True)
class Make:
    """What turns a sound return into the file of a case."""

    do: Callable[[Path, Path, Office | None], None]
    """(the sound return, where to write, a running LibreOffice where one is needed)."""
    needs_office: bool = False


HOME = "自评表"
FORM = "xl/worksheets/sheet2.xml"
BOOK = "xl/workbook.xml"
LINKS = "xl/_rels/workbook.xml.rels"

Step = tuple[str, Any] | tuple[str, Any, str]


def _copy(source: Path, target: Path, _: Office | None) -> None:
    shutil.copy(source, target)


untouched = Make(_copy)
"""Sent back as it was filled in."""


def libreoffice(*steps: Step, save_as: Format = "xlsx") -> Make:
    """Done in LibreOffice: `Office.tamper` actions on the form's sheet, or on the one that is named.

    `type` takes {defined name: value}, typed as at the keyboard; the rest is done as whoever takes
    the lock off does it, and puts it back on.
    """

    def make(source: Path, target: Path, office: Office | None) -> None:
        assert office is not None, "a case that needs it gets one"
        with office.open(source) as book:
            for step in steps:
                action, value, sheet = step if len(step) == 3 else (*step, HOME)
                if action == "type":
                    assert office.type_values(book, value) == []
                else:
                    office.tamper(book, sheet, action, value)
            office.save(book, target, save_as)

    return Make(make, needs_office=True)


def unlocked(*steps: Step) -> Make:
    """In LibreOffice, with the lock taken off for it and put on again."""
    return libreoffice(("unprotect", ""), *steps, ("protect", ""))


def with_openpyxl(change: Callable[[Workbook], object]) -> Make:
    """Done to the whole workbook by openpyxl."""

    def make(source: Path, target: Path, _: Office | None) -> None:
        book = openpyxl.load_workbook(source)
        change(book)
        book.save(target)

    return Make(make)


def typed(values: dict[str, object], formats: dict[str, str] | None = None) -> Make:
    """Values written by openpyxl, as a script or an import does: by cell of the form's sheet, or of the
    one named before it (`自检!C13`); `formats` are number formats."""

    def change(book: Workbook) -> None:
        for place, value in values.items():
            sheet, _, cell = place.rpartition("!")
            book[sheet or HOME][cell].value = value
        for cell, number_format in (formats or {}).items():
            book[HOME][cell].number_format = number_format

    return with_openpyxl(change)


def patched(*changes: tuple[str, str, str], add: dict[str, bytes] | None = None) -> Make:
    """Parts of the zip rewritten: (part, pattern, replacement), each of which must make a difference."""

    def make(source: Path, target: Path, _: Office | None) -> None:
        with zipfile.ZipFile(source) as old:
            parts = {name: old.read(name) for name in old.namelist()}
        for part, pattern, replacement in changes:
            text = parts[part].decode()
            new, count = re.subn(pattern, replacement, text, flags=re.DOTALL)
            assert count and new != text, (part, pattern)
            parts[part] = new.encode()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
            for name, data in {**parts, **(add or {})}.items():
                out.writestr(name, data)

    return Make(make)


def stored(cell: str, attributes: str, content: str, *, part: str = FORM) -> tuple[str, str, str]:
    """A change for `patched`: what is stored in one cell, its style kept."""
    pattern = rf'<c r="{cell}"( s="\d+")[^>/]*(?:/>|>.*?</c>)'
    return part, pattern, rf'<c r="{cell}"\1 {attributes}>{content}</c>'


def in_turn(*makes: Make) -> Make:
    """One after the other: a file that went through several hands."""

    def make(source: Path, target: Path, office: Office | None) -> None:
        for number, step in enumerate(makes):
            done = target.with_name(f"{target.stem}.{number}{target.suffix}")
            step.do(source, done, office)
            source = done
        shutil.copy(source, target)

    return Make(make, needs_office=any(step.needs_office for step in makes))
