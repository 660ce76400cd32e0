"""Reading returns: our full audited read against bare reads, as processor time a file.

    python benchmarks/bench_read.py [RETURNS] [--large N]

Half of the returns were saved by LibreOffice (where it is there), half by XlsxWriter; no two are alike.
`--large N` also reads N returns in one and in two processes and tells the memory.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from builder import build_template  # noqa: E402
from tests.fillings import FILLED, filling, overall  # noqa: E402
from tests.office import Office, available  # noqa: E402
from workbook import check, read_returns  # noqa: E402
from workbook.frames import frames  # noqa: E402
from workbook.reader import known_forms, read_return  # noqa: E402

PARTS = (
    "xl/workbook.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/worksheets/sheet2.xml",
    "xl/worksheets/sheet3.xml",
)
"""What must be inflated to know a return: names, texts, locks, the form and 自检."""


def make(folder: Path, count: int) -> list[Path]:
    """Returns that differ in figures and texts."""
    draw, form, paths = random.Random(1), overall(), []
    given = [filling(path) for path in FILLED]
    with contextlib.ExitStack() as stack:
        office = stack.enter_context(Office()) if available() is None else None
        for number in range(count):
            one = replace(
                given[number % len(given)],
                values=given[number % len(given)].values  # noqa: PD011
                | {
                    "funds.original_budget": round(draw.uniform(50, 90000), 2),
                    "goals.achieved_goals": f"第 {number} 份。"
                    + "完成良好，" * draw.randrange(5, 60),
                },
            )
            path = build_template(form, folder / f"{number:05}.xlsx", filling=one)
            if office is not None and number % 2:
                with office.open(path) as book:
                    office.save(book, path)
            paths.append(path)
    return paths


def cpu(work: Callable[[Path], object], paths: list[Path], some: int | None = None) -> float:
    """Milliseconds of processor time a file, the better of two rounds."""
    chosen = paths[:some]
    rounds = []
    for _ in range(2):
        start = time.process_time()
        for path in chosen:
            work(path)
        rounds.append((time.process_time() - start) / len(chosen) * 1e3)
    return min(rounds)


def inflate(path: Path) -> None:
    """Read the needed parts and nothing more."""
    with zipfile.ZipFile(path) as package:
        for name in PARTS:
            package.read(name)


def twice(path: Path) -> None:
    """What one does with openpyxl to see both values and formulas."""
    openpyxl.load_workbook(path)
    openpyxl.load_workbook(path, data_only=True)


def main(count: int, large: int) -> None:
    """Print milliseconds a file and their ratios to pandas with calamine."""
    with tempfile.TemporaryDirectory() as name:
        paths = make(Path(name), count)
        forms, sheet = known_forms(), overall().sheet
        start = time.process_time()
        frames(check(read_returns(paths, forms=forms)))
        full = (time.process_time() - start) / count * 1e3
        rows = {
            "needed zip parts inflated (the floor)": cpu(inflate, paths),
            "read to submissions": cpu(lambda p: read_return(p, forms=forms), paths),
            "read, checked, laid out in frames": full,
            "pandas + calamine, values of one sheet": cpu(
                lambda p: pd.read_excel(p, sheet_name=sheet, header=None, engine="calamine"), paths
            ),
            "pandas + openpyxl, values of one sheet": cpu(
                lambda p: pd.read_excel(p, sheet_name=sheet, header=None, engine="openpyxl"),
                paths,
                12,
            ),
            "openpyxl twice, values and formulas": cpu(twice, paths, 12),
        }
        peer = rows["pandas + calamine, values of one sheet"]
        print(f"{count} returns, {sum(p.stat().st_size for p in paths) / count / 1024:.0f} kB each")
        for label, spent in rows.items():
            print(f"{label:40} {spent:9.2f} ms a file  {spent / peer:8.2f}")
        for workers in (1, 2) if large else ():
            start = time.perf_counter()
            read_returns(paths * (large // count), forms=forms, workers=workers)
            spent = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{large} returns, {workers} processes: {spent:.1f} s, {peak:.0f} MB at most")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("returns", type=int, nargs="?", default=300)
    parser.add_argument("--large", type=int, default=0)
    options = parser.parse_args()
    main(options.returns, options.large)
