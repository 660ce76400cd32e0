"""A small year as a script that can be run again from its start, killed at some point of each run.

    python killed_year.py DESK FOLDER SEED KILLS

runs it in FOLDER over the files of DESK, each time in a child of its own, killed at a point of its own, at
most KILLS times, until one comes to its end.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import workbook.round
from workbook import WorkbookError

CODES = ("101001", "102001", "103001", "104001", "107001", "106001")
FAULTY = CODES[:2]
LATE = CODES[5]
BY = "2099-01-01"


def begin(desk: Path, folder: Path, by: Any = workbook.round, inbox: Path | None = None) -> None:
    """The first half: sent, received, sent back; by the verbs, or by whoever has their names."""
    again(
        by.new_round,
        folder,
        forms=["department_overall"],
        roster=desk / "名册.xlsx",
        year=2024,
        deadline="2025-03-31",
    )
    again(by.send, folder)
    dropped(desk / "first", folder, inbox)
    again(by.receive, folder)
    again(by.assign, folder, "盖章.pdf", CODES[2])
    again(by.decide, folder, CODES[3], extend="2025-04-30")
    again(by.remind, folder)
    again(by.send_back, folder, by=BY)


def end(desk: Path, folder: Path, by: Any = workbook.round, inbox: Path | None = None) -> None:
    """The second half: corrected, decided, added up, published, sealed."""
    dropped(desk / "second", folder, inbox)
    again(by.receive, folder)
    again(by.decide, folder, FAULTY[1], accept=[1], why="有批复")
    again(by.decide, folder, LATE, excuse=True, why="撤并")
    again(by.decide, folder, CODES[4], approve=True)
    again(by.decide, folder, CODES[4], received_on="2025-03-02")
    for code in CODES[:4]:
        again(by.decide, folder, code, approve=True)
    again(by.summarise, folder)
    again(by.sample_round, folder)
    again(by.publish, folder)
    again(by.close_round, folder)


def again(verb: Callable[..., Any], folder: Path, *words: Any, **named: Any) -> None:
    """A command that may have been run before: what it then refuses is no matter."""
    with contextlib.suppress(WorkbookError):
        verb(folder, *words, **named)


def dropped(source: Path, folder: Path, inbox: Path | None = None) -> None:
    """Somebody drops files in, each under its name at once."""
    for path in sorted(source.iterdir()):
        target = (inbox or folder / "收件") / path.name
        half = folder.with_name(f"{folder.name}.half")
        shutil.copy2(path, half)
        half.replace(target)


_POINTS = frozenset(("os.rename", "os.remove", "os.mkdir", "tempfile.mkstemp", "sqlite3.connect"))


def run_once(desk: Path, folder: Path, *, point: int, told: int) -> None:
    """Run the year in this process; at a point of what it does to the disk, say so."""
    seen = 0

    def hook(event: str, given: tuple[Any, ...]) -> None:
        nonlocal seen
        writes = (
            event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if writes or event in _POINTS:
            seen += 1
            if seen == point:
                os.write(told, b"x")
                time.sleep(0.002 * (point % 3))

    sys.addaudithook(hook)
    begin(desk, folder)
    end(desk, folder)


def main(desk: Path, folder: Path, seed: int, kills: int) -> None:
    """Kill up to so many children, one after the other, until one comes to its end."""
    chance, killed = random.Random(seed), 0
    while killed < kills and child_was_killed(
        desk, folder, chance, chance.randint(1, _POINTS_AHEAD)
    ):
        killed += 1
    if killed < kills // 4:
        sys.exit(f"only {killed} were killed: a year has fewer points than it had")
    if killed == kills and child_was_killed(desk, folder, chance, 0):
        sys.exit("the year did not come to its end")
    sys.stdout.write(f"{killed}\n")


_POINTS_AHEAD = 90
"""Few enough that a year is killed often, and more than what is done again each time."""


def child_was_killed(desk: Path, folder: Path, chance: random.Random, point: int) -> bool:
    """Run the year in a child that is killed once it says that it is at a point, or comes to its end before."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        run_once(desk, folder, point=point, told=writing)
        os._exit(0)
    os.close(writing)
    if os.read(reading, 1):  # at its point; else it has ended
        time.sleep(chance.choice((0, 0, 0.001, 0.004, 0.02)))
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.waitstatus_to_exitcode(status):
        sys.exit("a command failed")
    return os.WIFSIGNALED(status)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
