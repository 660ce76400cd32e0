"""Bring workbook/locale up to date: what the code says, in Chinese, and how it is said in English.

    python docs/make_translations.py

Translations are written by hand into the `.po`, where this script leaves a blank for each message that is new; it
ends by naming those, takes away what the code says no more, and compiles the `.mo` that the program reads.
`tests/test_translations.py` fails when a message lacks its translation.
"""

from __future__ import annotations

import datetime
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
_OF_THE_DAY = tuple(
    f'"{head}'.encode()
    for head in ("POT-", "PO-", "Generated-", "Last-", "Language-Team", "Report-")
)
"""Lines of the head that tell nothing of the messages."""
_NO_DAY = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
"""Of which the compiled catalogue tells, so that the same messages are the same bytes."""
_HEAD = """\
# What the command line says, in English; Chinese is the source. docs/make_translations.py keeps it complete.
#"""


def catalogue() -> Catalog:
    """Every message of the code, with the translation that stands in the `.po`, blank where there is none."""
    with TRANSLATED.open("rb") as file:
        former = read_po(file, locale="en")
    current = Catalog(
        "en",
        project="selfeval-workbook",
        header_comment=_HEAD,
        creation_date=_NO_DAY,
        fuzzy=False,
    )
    for package in ("workbook", "builder"):
        said = extract_from_dir(
            TOP / package,
            method_map=[("**.py", "python")],
            keywords=_SAID_BY,
            strip_comment_tags=True,
        )
        for name, _, message, _, _ in said:
            known = former.get(message)
            current.add(
                message, known.string if known else "", locations=[(f"{package}/{name}", 1)]
            )
    return current


def written(current: Catalog) -> bytes:
    """The catalogue as `.po`."""
    file = io.BytesIO()
    write_po(file, current, width=110, include_lineno=False, sort_by_file=True)
    lines = file.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(_OF_THE_DAY))


def main() -> None:
    """Write both, and name what lacks a translation."""
    current = catalogue()
    TRANSLATED.write_bytes(written(current))
    with COMPILED.open("wb") as file:
        write_mo(file, current)
    blank = [str(message.id) for message in current if message.id and not message.string]
    if blank:
        raise SystemExit("\n".join([f"{TRANSLATED}: write the translations of", *blank]))


if __name__ == "__main__":
    main()
