"""A province: counties' packs received and added up, as processor time, seconds and peak of memory.

    python benchmarks/bench_levels.py [COUNTIES] [RETURNS]

The packs hold the samples' returns under as many codes and names as there are returns, each county the same ones. What is
measured runs in a process of its own: receiving the packs, adding them up, writing the workbook.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from builder import build_summary  # noqa: E402
from workbook import check, read_returns  # noqa: E402
from workbook.levels import receive_packs, summary_of_city  # noqa: E402
from workbook.reported import CITY, PackedDuty, write_pack  # noqa: E402
from workbook.round import new_round, opened  # noqa: E402


def make(top: Path, counties: int, returns: int) -> list[Path]:
    """The packs of so many counties, each with so many returns; and the list of counties."""
    read = [each for each in check(read_returns(TOP / "samples" / "returns")) if each.submission]
    (top / "县.csv").write_text(
        "\n".join(["县区", *(f"第{n}县" for n in range(counties))]), encoding="utf-8"
    )
    packs = []
    for county in range(counties):
        lines = []
        for number in range(returns):
            returned = read[(county + number) % len(read)]
            assert returned.submission is not None
            code, name = f"{100000 + number}", f"第{number}局"
            path = Path("收件") / f"{code}_{name}.xlsx"
            own = replace(returned.submission, path=path, department=name, department_code=code)
            duty = PackedDuty("", code, name, own.form.id, "", "approved", "2025-03-31", None, 0)
            lines.append((duty, replace(returned, path=path, submission=own)))
        about = {
            "name": f"第{county}县", "bureau": "", "year": 2024, "closed": "", "closed_at": "2025-05-01T00:00:00+08:00",
            "former": [], "reviews": [],
        }  # fmt: skip
        packs.append(top / f"第{county}县-上报.zip")
        write_pack(
            packs[-1], about, {each.submission.form for _, each in lines if each.submission}, lines
        )
    return packs


def measured(top: Path) -> None:
    """Receive, add up and write; print what it took."""
    path = new_round(top / "省", counties=top / "县.csv", year=2024)
    began, used = time.monotonic(), time.process_time()

    def tell(what: str) -> None:
        nonlocal began, used
        peak = _peak()
        seconds, cpu = time.monotonic() - began, time.process_time() - used
        print(
            f"{what:12}{seconds:8.1f} s {cpu:8.1f} s of processor  peak so far {peak:6.0f} MB",
            flush=True,
        )
        began, used = time.monotonic(), time.process_time()

    receive_packs(path, sorted(top.glob("*-上报.zip")))
    tell("receive")
    with opened(path, CITY) as province:
        summary = summary_of_city(province)
    tell("add up")
    build_summary(summary, top / "汇总表.xlsx")
    tell("workbook")
    print(
        f"{len(summary.coverage)} departments, {(top / '汇总表.xlsx').stat().st_size / 2**20:.1f} MB"
    )


def _peak() -> float:
    """This process's peak of memory, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def main() -> None:
    """Make the packs, then measure in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("counties", nargs="?", type=int, default=120)
    parser.add_argument("returns", nargs="?", type=int, default=117)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measured(given.measure)
        return
    with tempfile.TemporaryDirectory() as place:
        packs = make(Path(place), given.counties, given.returns)
        size = sum(pack.stat().st_size for pack in packs) / 2**20
        print(f"{given.counties} packs of {given.returns} returns, {size:.0f} MB", flush=True)
        subprocess.run([sys.executable, __file__, "--measure", place], check=True)


if __name__ == "__main__":
    main()
