"""A province's summary: adding up and writing the workbook, against plain writers of the same rows.

    python benchmarks/bench_summary.py [DEPARTMENTS]

Each department has 30 indicator rows and 10 findings. Ours adds up, then writes every sheet with its
formulas, formats and titles; the peers (pandas.to_excel with XlsxWriter and with openpyxl) write the bare
values. Seconds are the processor's. Each runs in a process of its own, so that the memory told is its own.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from builder import build_summary  # noqa: E402
from tests.fillings import FILLED, filling, overall  # noqa: E402
from workbook import aggregate  # noqa: E402
from workbook.findings import finding  # noqa: E402
from workbook.form import Value  # noqa: E402
from workbook.layout import lay_out  # noqa: E402
from workbook.reading import ACCEPTED, Filling, Return, Submission, submit  # noqa: E402
from workbook.summary import Summary  # noqa: E402

ROWS, FINDINGS = 30, 10
"""Indicator rows and findings of each department."""


WORDS = {"raw": "300万元", "receipt": "去掉单位", "problem": "x"}


def returns(count: int) -> list[Return]:
    """Returns of as many departments, as they come from the reader and the checks."""
    draw, form = random.Random(1), overall()
    kinds = ("V303", "V302", "A501")
    made = []
    whole = _whole(filling(FILLED[0]))
    base = submit(form, whole, plan=tuple(4 for _ in form.sections["indicators"].groups))
    for number in range(count):
        path = Path(f"returns/{number:06}.xlsx")
        budget = round(draw.uniform(50, 90_000), 2)
        read = _changed(base, path, {
            "identity.department": f"第 {number} 单位", "identity.department_code": f"{number:06}",
            "funds.final_budget": budget, "funds.actual_expenditure": round(budget * 0.93, 2),
        })  # fmt: skip
        found = tuple(
            finding(kinds[n % 3], sheet=form.sheet, cell=f"H{n}", label="全年执行数", detail="", **WORDS)
            for n in range(FINDINGS)
        )  # fmt: skip
        made.append(Return(path, ACCEPTED, found, read, f"{number:064x}", 20_000, "WPS", "某人"))
    return made


def _whole(given: Filling) -> Filling:
    """A filling with all the rows wanted."""
    slots = lay_out(overall(), tuple(4 for _ in overall().sections["indicators"].groups)).spots
    free = sorted({spot.number for spot in slots.values() if spot.field.key == "indicators.actual"})
    row: dict[str, Value] = {
        "indicator": "开展活动的场次", "target": "≥40场", "actual": "42场", "weight": 3.0, "self_score": 2.9,
        "deviation_reason": "因汛期抽调人员，部分活动顺延。",
    }  # fmt: skip
    return replace(given, rows={"indicators": dict.fromkeys(free[:ROWS], row)})


def _changed(base: Submission, path: Path, values: dict[str, str | float]) -> Submission:
    # Each return has cells of its own, as the reader makes them.
    cells = {
        name: replace(cell, raw=values.get(name, cell.raw), value=values.get(name, cell.value))
        for name, cell in base.cells.items()
    }
    return replace(
        base,
        path=path,
        cells=cells,
        department=str(values["identity.department"]),
        department_code=str(values["identity.department_code"]),
    )


def tables(summary: Summary) -> list[pd.DataFrame]:
    """The rows that both sides write."""
    assert summary.main is not None
    lists = (summary.main.departments, summary.main.composition, *summary.main.details.values())
    return [*lists, summary.findings, summary.files.reset_index()]


def plain(engine: str) -> Callable[[Summary, Path], None]:
    """Writes the same rows, values only."""

    def write(summary: Summary, path: Path) -> None:
        with pd.ExcelWriter(path, engine=engine) as writer:  # type: ignore[arg-type]
            for number, frame in enumerate(tables(summary)):
                frame.reset_index().to_excel(writer, sheet_name=f"{number}", index=False)

    return write


WRITERS: dict[str, Callable[[Summary, Path], object]] = {
    "ours: build_summary": build_summary,
    "pandas.to_excel, XlsxWriter": plain("xlsxwriter"),
    "pandas.to_excel, openpyxl": plain("openpyxl"),
}


def measure(label: str, count: int) -> None:
    """Make the returns, add them up, write them; print seconds and memory."""
    made = returns(count)
    before = _peak()
    start = time.process_time()
    summary = aggregate(made)
    added = time.process_time() - start
    sums = _peak()
    del made
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "summary.xlsx"
        start = time.process_time()
        WRITERS[label](summary, path)
        spent = time.process_time() - start
        size = path.stat().st_size / 1e6
    if label == next(iter(WRITERS)):
        rows = ", ".join(f"{len(frame):,}" for frame in tables(summary))
        print(f"{count:,} departments; rows: {rows}")
        print(f"{'the returns in memory':30} {'':10} {before:7.0f} MB at most")
        print(f"{'aggregate':30} {added:8.1f} s {sums:7.0f} MB at most")
    print(f"{label:30} {spent:8.1f} s {_peak():7.0f} MB at most, {size:.0f} MB written", flush=True)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(count: int) -> None:
    """Measure each writer in a process of its own."""
    context = multiprocessing.get_context("spawn")
    for label in WRITERS:
        process = context.Process(target=measure, args=(label, count))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"{label}: stopped with {process.exitcode}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
