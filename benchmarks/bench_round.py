"""A round: receiving against the plain check of the same files, and a `receive` that finds nothing new, as processor time.

    python benchmarks/bench_round.py [RETURNS] [--rounds N]

The returns are the samples, as LibreOffice saved them, under as many codes and names as there are returns (put into their
parts). Both are measured in turn, over and over; the best of each counts.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from workbook import check, read_returns  # noqa: E402
from workbook.round import new_round, receive, status  # noqa: E402

SAMPLES = sorted((TOP / "samples" / "returns").glob("*.xlsx"))


def make(folder: Path, count: int) -> Path:
    """So many returns of as many departments, and their roster."""
    folder.mkdir()
    opened = []
    for sample in SAMPLES:
        with zipfile.ZipFile(sample) as archive:
            opened.append(
                (sample.stem.split("_"), {name: archive.read(name) for name in archive.namelist()})
            )
    with (folder.parent / "roster.csv").open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["预算编码", "部门"])
        for number in range(count):
            (code, name), parts = opened[number % len(opened)]
            own_code, own_name = f"{500000 + number}", f"清江县第{number}局"
            lines.writerow([own_code, own_name])
            with zipfile.ZipFile(
                folder / f"{own_code}_{own_name}.xlsx", "w", zipfile.ZIP_DEFLATED
            ) as target:
                for part, content in parts.items():
                    target.writestr(
                        part,
                        content.replace(code.encode(), own_code.encode()).replace(
                            name.encode(), own_name.encode()
                        ),
                    )
    return folder.parent / "roster.csv"


def cpu(work: Callable[[], object]) -> float:
    """The processor time that something takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("returns", nargs="?", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        top = Path(place)
        folder = top / "returns"
        roster = make(folder, given.returns)
        plain, received, nothing, board = [], [], [], []
        for number in range(given.rounds):
            path = new_round(
                top / f"round{number}", forms=["department_overall"], roster=roster, year=2024
            )
            plain.append(cpu(lambda: check(read_returns(folder), roster, year=2024)))
            received.append(cpu(lambda path=path: receive(path, folder)))
            nothing.append(cpu(lambda path=path: receive(path, folder)))
            board.append(cpu(lambda path=path: status(path)))
            shutil.rmtree(path)
    print(f"{given.returns} returns")
    print(f"check        {min(plain):7.2f} s  {1000 * min(plain) / given.returns:6.2f} ms each")
    print(f"receive      {min(received):7.2f} s  {min(received) / min(plain):6.2f} x check")
    print(f"nothing new  {min(nothing):7.2f} s")
    print(f"status       {min(board):7.2f} s")


if __name__ == "__main__":
    main()
