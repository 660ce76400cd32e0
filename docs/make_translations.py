"""Bring workbook/locale up to date: what the code says, in Chinese, and how it is said in English.

    python docs/make_translations.py

Translations are written by hand into the `.po`, where this script leaves a blank for each message that is new; it
ends by naming those, takes away what the code says no more, and compiles the `.mo` that the program reads.
`tests/house/test_translations.py` fails when a message lacks its translation.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

TOP = Path(__file__).resolve().parent.parent
TRANSLATED = TOP / "workbook" / "locale" / "en" / "LC_MESSAGES" / "workbook.po"
COMPILED = TRANSLATED.with_suffix(".mo")
_SAID_BY = {"t": None, "marked": None}
"""The functions of workbook.language whose first argument is a message."""
_HEAD = """\
# What the command line says, in English; Chinese is the source. docs/make_translations.py keeps it complete.
#"""


def catalogue() -> Catalog:
    """Every message of the code, with the translation that stands in the `.po`, blank where there is none."""
    with TRANSLATED.open("rb") as file:
        former = read_po(file, locale="en")
    current = Catalog(locale="en", header_comment=_HEAD, fuzzy=False)
    for package in ("workbook", "builder"):
        said = extract_from_dir(
            TOP / package, method_map=[("**.py", "python")], keywords=_SAID_BY, strip_comment_tags=True
        )
        for name, _, message, _, _ in said:
            known = former.get(message)
            current.add(message, known.string if known else "", locations=[(f"{package}/{name}", 1)])
    current.revision_date = current.creation_date = former.creation_date
    return current


def written(current: Catalog) -> bytes:
    """The catalogue as `.po`."""
    file = io.BytesIO()
    write_po(file, current, width=110, include_lineno=False, sort_by_file=True)
    return file.getvalue()


def compiled(current: Catalog) -> bytes:
    """The catalogue as `.mo`."""
    file = io.BytesIO()
    write_mo(file, current)
    return file.getvalue()


def main() -> None:
    """Write both, and name what lacks a translation."""
    current = catalogue()
    TRANSLATED.write_bytes(written(current))
    COMPILED.write_bytes(compiled(current))
    blank = [str(message.id) for message in current if message.id and not message.string]
    if blank:
        raise SystemExit("\n".join([f"{TRANSLATED}: write the translations of", *blank]))


if __name__ == "__main__":
    main()
