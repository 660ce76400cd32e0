"""The command line: each command parses, calls one verb, prints.

In come words typed by a clerk; out come lines in Chinese (or English) and an exit code. A module is a family of
commands; what they share is in `options`, what they print in `output`, how they fail in `messages`. Nothing heavy
is imported before a command needs it. Start in `cli`.
"""

from workbook.commands.cli import main

__all__ = [
    "main",
]
