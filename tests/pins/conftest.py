"""`pin(lines)`: what an output says is what tests/pins/approved/<module>/<test>.txt says.

Each text is what a person last looked at. `make approve` writes them anew, and the difference is for that
person to read. A line carries its own place, so that a difference names the cell of the sheet, the paragraph
of the document or the key of the JSON by itself.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

MOST_LINES, MOST_PARTS = 80, 20
Pin = Callable[[Iterable[str]], None]


class Approved(SingleFileSnapshotExtension):
    """A text file for each test."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"

    def diff_lines(self, serialized_data: Any, snapshot_data: Any) -> Iterator[str]:
        """First what changed within lines, then the lines; no more than fits a screen or two."""
        approved, now = str(snapshot_data).splitlines(), str(serialized_data).splitlines()
        parts = list(_changed_parts(approved, now))
        yield from _first(parts, MOST_PARTS)
        lines = list(difflib.unified_diff(approved, now, "approved", "now", lineterm="", n=1))
        yield from _first(lines, MOST_LINES)
        yield "(`make approve` accepts this)"


def _changed_parts(approved: list[str], now: list[str]) -> Iterator[str]:
    """Of lines that changed in part (two blanks apart): the parts."""
    matcher = difflib.SequenceMatcher(None, approved, now, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "replace" and b - a == d - c:
            for old, new in zip(approved[a:b], now[c:d], strict=True):
                before, after = old.split("  "), new.split("  ")
                if len(before) == len(after) > 1:
                    changed = [f"{x} → {y}" for x, y in zip(before, after, strict=True) if x != y]
                    yield f"{before[0]}: {'; '.join(changed)}"


def _first(lines: list[str], most: int) -> Iterator[str]:
    yield from lines[:most]
    if len(lines) > most:
        yield f"… {len(lines) - most} lines more"


@pytest.fixture
def pin(snapshot: SnapshotAssertion) -> Pin:
    """Compares with an approved text, or writes it under `--snapshot-update`."""
    approved = snapshot.use_extension(Approved)

    def compare(lines: Iterable[str]) -> None:
        text = "\n".join(lines) + "\n"
        if not approved == text:  # noqa: SIM201 - only == is recorded
            pytest.fail("\n".join(approved.get_assert_diff()), pytrace=False)

    return compare
