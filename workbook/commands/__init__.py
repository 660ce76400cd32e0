"""The command line: each command parses, calls one verb, prints.

In come words typed by a clerk; out come lines in Chinese (or English) and an exit code. A module is a family of
commands; what they share is in `options`, what they print in `output`, how they fail in `messages`. Nothing heavy
is imported before a command needs it. Start in `cli`.
"""

import os
import sys

from workbook.language import speak


def _language() -> str:
    """The language of help texts, which are made before any option is read."""
    words = sys.argv[1:]
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word == "--lang":
            return following
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
    return os.environ.get("WORKBOOK_LANG", "zh")


speak("en" if _language().lower().startswith("en") else "zh")

from workbook.commands.cli import main  # noqa: E402 - it speaks as it is imported

__all__ = [
    "main",
]
