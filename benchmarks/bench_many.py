"""Very many returns, in batches written as Parquet: time and memory by their number and by processes.

    python benchmarks/bench_many.py [COUNT...] [--table] [--dask]

The returns are the samples with other departments. Each run is a process of its own, so that its peak
memory is its own: of the parent, and of the largest of its reading processes, looked at ten times a second.
`--table` works out from the largest run what a county, a province and the country need, as
docs/large-scale.md shows it; `--dask` also reads through a Dask cluster of this machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import psutil

TOP = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP), str(TOP / "benchmarks")]

from builder import build_summary  # noqa: E402
from workbook import aggregate, check, read_returns  # noqa: E402
from workbook.reading import known_forms  # noqa: E402
from workbook.reading.workers import Processes  # noqa: E402
from workbook.scale import (  # noqa: E402
    listed,
    rollup,
    write_partitions,
)
from workbook.stores import Folder  # noqa: E402
from workbook.summary import frames  # noqa: E402

WAYS = ("whole", "batches")
BY_DASK = ("whole, Dask", "batches, Dask")
"""The same in a Dask cluster of this machine, a worker a core."""


@dataclass(frozen=True)
class Run:
    """One measured run."""

    count: int
    way: str
    workers: int
    seconds: float
    """Until every return is read, checked and laid out in frames (on disk, for batches)."""
    cpu: float
    """Processor seconds of all processes for the same; a busy machine does not change them much."""
    summing: float
    """Processor seconds from there to the summary workbook."""
    parent: float
    """Peak memory in MB while reading."""
    child: float
    """The largest reading process's, MB."""
    summed: float
    """The parent's peak when the summary is written, MB."""
    disk: float
    """Parquet, kB a file; the texts of the copies repeat, so real ones take up to ten."""
    brief: float = 0.0
    """Processor seconds to the summary workbook with its long lists left out."""


class Others(threading.Thread):
    """Looks at the reading processes: nobody here waits for them, so the system does not add them up."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seconds: dict[int, float] = {}
        self.peak = 0.0
        """MB of the largest so far."""
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.1):
            self.look()

    def look(self) -> None:
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                times, memory = process.cpu_times(), process.memory_info().rss
                self.seconds[process.pid] = times.user + times.system
                self.peak = max(self.peak, memory / 2**20)

    def spent(self) -> float:
        """Processor seconds of this process and of those."""
        self.look()
        return sum(os.times()[:2]) + sum(self.seconds.values())


def peak() -> float:
    """MB of this process at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextlib.contextmanager
def by_dask(workers: int) -> Iterator[Executor]:
    """A cluster of this machine, its start included in what is measured."""
    from distributed import Client, LocalCluster  # noqa: PLC0415 - an extra

    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client.get_executor()


def measure(folder: Path, count: int, way: str, workers: int) -> Run:
    """One run, in this process."""
    out = folder / f"out-{count}-{way}-{workers}"
    files = list(islice(listed([folder / "returns"]), count))
    others = Others()
    others.start()
    start, begun = time.perf_counter(), others.spent()
    if way == "whole":
        returns = check(read_returns(files, workers=workers))
        frames(returns)
        read, worked = time.perf_counter(), others.spent()
        parent = peak()
        summary = aggregate(returns)
    elif way == "whole, Dask":
        with by_dask(workers) as executor:
            returns = check(read_returns(files, executor=executor))
            frames(returns)
        read, worked = time.perf_counter(), others.spent()
        parent = peak()
        summary = aggregate(returns)
    else:
        processes = by_dask(workers) if way in BY_DASK else Processes(workers)
        with processes as executor:
            parts = write_partitions(
                files, Folder(str(out)), forms=known_forms(), executor=executor,
                in_flight=2 * workers,
            )  # fmt: skip
        read, worked = time.perf_counter(), others.spent()
        parent = peak()
        _, summary = rollup.roll_up(parts)
    build_summary(summary, out.with_suffix(".xlsx"))
    others.done.set()
    done, summed = others.spent(), peak()
    if way.startswith("batches"):
        rollup.MOST_ROWS = 0
        build_summary(rollup.roll_up(parts)[1], out.with_suffix(".xlsx"))
    return Run(
        count, way, workers, read - start, worked - begun, done - worked, parent,
        others.peak, summed,
        sum(p.stat().st_size for p in out.rglob("*.parquet")) / count / 1024,
        others.spent() - done,
    )  # fmt: skip


def main(counts: list[int], *, table: bool, dask: bool) -> None:
    """Print a line a run, and the table if it is asked for."""
    from bench_round import make  # noqa: PLC0415 - it loads what would count as memory of the runs

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "returns", max(counts))
        print("returns  way            processes  reading s  ms a file  CPU ms  summary CPU s  "
              "parent MB  child MB  summary MB  Parquet kB a file")  # fmt: skip
        runs = []
        for count in counts:
            for way in WAYS + (BY_DASK if dask else ()):
                for workers in (1, 2):
                    runs.append(_apart(folder, count, way, workers))
                    r = runs[-1]
                    print(f"{r.count:7}  {r.way:13}  {r.workers:9}  {r.seconds:9.1f}  "
                          f"{r.seconds / r.count * 1e3:9.2f}  "
                          f"{r.cpu / r.count * 1e3:6.2f}  {r.summing:13.1f}  {r.parent:9.0f}  "
                          f"{r.child:8.0f}  {r.summed:10.0f}  {r.disk:8.1f}", flush=True)  # fmt: skip
        if table:
            print(needs(max(runs, key=lambda r: (r.count, r.way == "batches", -r.workers))))


def _apart(folder: Path, count: int, way: str, workers: int) -> Run:
    words = ["--run", json.dumps([str(folder), count, way, workers])]
    done = subprocess.run(
        [sys.executable, __file__, *words], check=True, capture_output=True, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return Run(**json.loads(done.stdout.splitlines()[-1]))


# --- what it takes --------------------------------------------------------------------------------

SCALES = (("一个县 county", 150), ("一个省 province", 14_000), ("全国 country", 1_000_000))
CORES = (2, 16, 64)
LISTED = 20_000
"""About so many returns have their rows and findings listed in the workbook."""


def needs(run: Run) -> str:
    """A Markdown table from one run's processor time a file; reading divides by the cores, adding up
    does not."""
    seconds = run.cpu / run.count
    head = ["", "份数", "核时", *(f"{n} 核读取" for n in CORES), "汇总"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, count in SCALES:
        cells = [name, f"{count:,}", f"{seconds * count / 3600:.2f}"]
        cells += [_spell(seconds * count / cores) for cores in CORES]
        summing = run.summing if count <= LISTED else run.brief
        cells.append(_spell(summing / run.count * count))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _spell(seconds: float) -> str:
    for unit, size in (("小时", 3600), ("分钟", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} 秒"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", type=int, nargs="*", default=[300])
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--run", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        place, *rest = options.run
        print(json.dumps(asdict(measure(Path(place), *rest))))
    else:
        main(options.counts, table=options.table, dask=options.dask)
