"""`python -m tests.pins.speak`, run in an empty folder: what the commands say, as lines.

The language is chosen when the program starts, so that each has a process of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from tests.api import cli

REFUSED = (
    "template department_overal -o a.xlsx",
    "template department_overall -o a.pdf",
    "template department_overall -o there.xlsx",
    "template department_overall -o a.xlsx --rows 没有=3",
    "template department_overall -o a.xlsx --year 1900",
    "template department_overall -o out --roster missing.csv",
    "layout department_overal",
    "read missing.xlsx",
    "read junk.xlsx",
    "check missing",
    "check empty",
    "check junk.xlsx",
    "check junk.xlsx --use other.xlsx",
    "check junk.xlsx --workers 2",
    "aggregate junk.xlsx",
    "aggregate junk.xlsx -o a.csv",
    "aggregate junk.xlsx -o there.xlsx",
    "aggregate junk.xlsx -o a.xlsx --deadline 2025-13-40",
    "aggregate junk.xlsx -o a.xlsx --reviews missing.xlsx",
    "aggregate junk.xlsx -o a.xlsx --previous missing",
    "aggregate junk.xlsx -o a.xlsx",
    "report junk.xlsx",
    "report junk.xlsx -o reports",
    "import-word junk.xlsx -o b.xlsx",
    "explain X999",
    "explain D401",
    "forms",
    "form show department_overal",
    "form check missing.toml",
    "verify missing.zip",
    "verify junk.xlsx",
    "round status empty",
    "round send empty",
    "round receive empty",
    "round history empty 101001",
    "round decide empty 101001 --approve",
    "round close empty",
    "round new empty/r --roster missing.csv",
    "nonsense",
)


def lines() -> Iterator[str]:
    """The help of every verb; then what is refused, and with what exit code."""
    yield from _help(cli, "workbook")
    Path("empty").mkdir()
    Path("there.xlsx").write_bytes(b"")
    Path("junk.xlsx").write_bytes(b"no workbook")
    for words in REFUSED:
        done = CliRunner().invoke(cli, words.split(), prog_name="workbook")
        yield f"$ workbook {words}  [{done.exit_code}]"
        yield from (f"    {line}".rstrip() for line in done.output.splitlines())


def _help(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100)
    yield from (
        f"{context.command_path}: {line}".rstrip()
        for line in command.get_help(context).splitlines()
    )
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found is not None
            yield from _help(found, each, context)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    print("\n".join(lines()))  # noqa: T201
