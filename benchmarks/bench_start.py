"""How soon a command has done its work, beside the import of the libraries that any such tool needs.

    python benchmarks/bench_start.py [ROUNDS]

CPU seconds of whole processes, children included, the least of some rounds, modules compiled before; the last column is the
ratio to `python -c "import pandas, openpyxl"` in the same run. The last line judges 300 returns whose 自检 is out of date, with
a line break in a text, beside the same returns up to date.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP)]

from workbook import Return, read_returns  # noqa: E402
from workbook.checking import judge  # noqa: E402

PEER = (sys.executable, "-c", "import pandas, openpyxl")
RETURNS = str(TOP / "samples" / "returns")
MANY = 300


def cpu(command: Sequence[str], rounds: int) -> float:
    """The least CPU seconds that a process and its children took."""
    least = float("inf")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, cwd=TOP, env=environment, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in (0, 1):  # 1: something was found
            raise SystemExit(done.stderr.decode())
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        least = min(least, spent)
    return least


def many(returns: Sequence[Return], *, stale: bool) -> list[Return]:
    """So many returns with a line break in a text, three verdicts of 自检 turned where they are to be stale."""
    made = []
    for number in range(MANY):
        returned = returns[number % len(returns)]
        submission = returned.submission
        assert submission is not None
        name, cell = next(
            (name, cell)
            for name, cell in submission.cells.items()
            if isinstance(cell.raw, str) and len(cell.raw) > 12
        )
        text = f"{str(cell.raw)[:6]}\n{str(cell.raw)[6:]}{number}"
        cells = submission.cells | {name: replace(cell, raw=text, value=text)}
        lines = list(submission.verdicts)[5:8] if stale else []
        turned = {
            line: "不通过" if submission.verdicts[line] == "通过" else "通过" for line in lines
        }
        verdicts = {**submission.verdicts, **turned}
        made.append(
            replace(returned, submission=replace(submission, cells=cells, verdicts=verdicts))
        )
    return made


def judging(returns: Sequence[Return], rounds: int) -> float:
    """The least CPU seconds that judging them took."""
    least = float("inf")
    for _ in range(rounds):
        before = time.process_time()
        judge(returns)
        least = min(least, time.process_time() - before)
    return least


def main() -> None:
    """Print a line a command."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        workbook = (sys.executable, "-m", "workbook")
        commands = {
            "--help": (*workbook, "--help"),
            "check": (*workbook, "check", RETURNS),
            "template": (*workbook, "template", "department_overall", "-o", f"{folder}/1.xlsx", "--force"),
            "aggregate": (*workbook, "aggregate", RETURNS, "-o", f"{folder}/2.xlsx", "--force"),
            "report": (*workbook, "report", RETURNS, "-o", f"{folder}/reports", "--force"),
        }  # fmt: skip
        peer = cpu(PEER, rounds)
        print(f"{'import pandas, openpyxl':24}{peer:8.2f} s")
        for name, command in commands.items():
            spent = cpu(command, rounds)
            print(f"{name:24}{spent:8.2f} s{spent / peer:8.2f} x")
    returns = [each for each in read_returns(RETURNS) if each.submission is not None]
    fresh, stale = (judging(many(returns, stale=stale), rounds) for stale in (False, True))
    print(
        f"{MANY} returns, 自检 up to date {fresh:.2f} s, stale {stale:.2f} s: {stale / fresh:.2f} x"
    )


if __name__ == "__main__":
    main()
