"""Reading returns: our full audited read against bare reads, as processor time a file.

    python benchmarks/bench_read.py [RETURNS] [--rounds N] [--folder FOLDER]

All returns were saved by LibreOffice (by XlsxWriter where it is not there); amounts and texts differ in all.
Saving them takes minutes: with `--folder` they are kept there, and made once.
Everything is measured in turn, over and over, and the best of each counts: other work on the machine
slows all alike. Each round takes other returns: whoever reads texts again remembers what stood in them.
Ours is measured as one reads a round: all returns, their findings, their frames.
bench_many.py measures several processes, and memory.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import openpyxl
import pandas as pd

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from builder import build_template  # noqa: E402
from tests.fillings import FILLED, filling, overall  # noqa: E402
from tests.office import Office, available  # noqa: E402
from workbook import check, read_returns  # noqa: E402
from workbook.form import Value  # noqa: E402
from workbook.reading import Filling, Return, known_forms  # noqa: E402
from workbook.summary import frames  # noqa: E402

PARTS = (
    "xl/workbook.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/worksheets/sheet2.xml",
    "xl/worksheets/sheet3.xml",
)
"""What must be inflated to know a return: names, texts, locks, the form and 自检."""


def make(folder: Path, count: int) -> list[Path]:
    """Returns that differ in figures and texts; those that stand in the folder are taken if enough."""
    known = sorted(folder.glob("*.xlsx"))
    if len(known) >= count:
        return known[:count]
    folder.mkdir(parents=True, exist_ok=True)
    form, paths = overall(), []
    given = [filling(path) for path in FILLED]
    with contextlib.ExitStack() as stack:
        office = stack.enter_context(Office()) if available() is None else None
        for number in range(count):
            one = varied(given[number % len(given)], number)
            path = build_template(form, folder / f"{number:05}.xlsx", filling=one)
            if office is not None:
                with office.open(path) as book:
                    office.save(book, path)
            paths.append(path)
    return paths


def varied(given: Filling, number: int) -> Filling:
    """A filling of which every amount and every text is another; sums and rates still hold."""

    def other(key: str, value: Value) -> Value:
        if isinstance(value, str):
            return f"{value}{number}"
        is_amount = isinstance(value, float) and key.startswith(("funds.", "report."))
        return round(value * (number + 2), 2) if is_amount and "score" not in key else value

    values = {key: other(key, value) for key, value in given.values.items()}  # noqa: PD011
    rows = {
        section: {
            n: {key: other(key, v) for key, v in row.items()} for n, row in section_rows.items()
        }
        for section, section_rows in given.rows.items()
    }
    return replace(given, values=values, rows=rows)


ROUNDS = 3
FEW = 12
"""So many files are enough for what takes long."""


def cpu(work: Callable[[list[Path]], object], paths: list[Path]) -> float:
    """Milliseconds of processor time a file."""
    gc.collect()
    start = time.process_time()
    work(paths)
    return (time.process_time() - start) / len(paths) * 1e3


def each(work: Callable[[Path], object]) -> Callable[[list[Path]], None]:
    """The work done for each file by itself, its result dropped."""

    def run(paths: list[Path]) -> None:
        for path in paths:
            work(path)

    return run


def inflate(path: Path) -> None:
    """Read the needed parts and nothing more."""
    with zipfile.ZipFile(path) as package:
        for name in PARTS:
            package.read(name)


def twice(path: Path) -> None:
    """What one does with openpyxl to see both values and formulas."""
    openpyxl.load_workbook(path)
    openpyxl.load_workbook(path, data_only=True)


def bare(engine: Literal["calamine", "openpyxl"]) -> Callable[[Path], object]:
    """The values of the form's sheet and nothing else."""
    sheet = overall().sheet
    return lambda path: pd.read_excel(path, sheet_name=sheet, header=None, engine=engine)


def main(count: int, rounds: int, folder: Path | None) -> None:
    """Print milliseconds a file and their ratios to pandas with calamine."""
    with tempfile.TemporaryDirectory() as name:
        paths = make(folder or Path(name), count)
        forms = known_forms()
        returns: list[Return] = []
        rows: dict[str, tuple[Callable[[list[Path]], object], int]] = {
            "needed zip parts inflated (the floor)": (each(inflate), count),
            "read to submissions": (
                lambda some: returns.__setitem__(
                    slice(None), read_returns(some, forms=forms, workers=1)
                ),
                count,
            ),
            "  checked": (
                lambda _: returns.__setitem__(slice(None), check(returns)),
                count,
            ),
            "  laid out in frames": (lambda _: frames(returns), count),
            "pandas + calamine, values of one sheet": (each(bare("calamine")), count),
            "pandas + openpyxl, values of one sheet": (each(bare("openpyxl")), FEW),
            "openpyxl twice, values and formulas": (each(twice), FEW),
        }
        best = dict.fromkeys(rows, float("inf"))
        for number in range(rounds):
            for label, (work, some) in rows.items():
                best[label] = min(best[label], cpu(work, paths[number::rounds][:some]))
        ours = list(rows)[1:4]
        best["read, checked, laid out in frames"] = sum(best[label] for label in ours)
        peer = best["pandas + calamine, values of one sheet"]
        print(
            f"{count} returns, {count // rounds} a round, {sum(p.stat().st_size for p in paths) / count / 1024:.0f} kB each"
        )
        for label, spent in best.items():
            print(f"{label:40} {spent:9.2f} ms a file  {spent / peer:8.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("returns", type=int, nargs="?", default=300)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    main(options.returns, options.rounds, options.folder)
