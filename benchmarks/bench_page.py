"""The page of 10,000 departments: how long it takes to write, how large it is, how soon it can be used.

python benchmarks/bench_page.py [DEPARTMENTS]

Every finding is given a text of its own, as in life. Without Chromium only the writing is measured.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from builder import build_page  # noqa: E402
from tests.browser import available, browsing  # noqa: E402
from tests.fillings import FILLED, accepted, changed, filling  # noqa: E402
from workbook import aggregate, check  # noqa: E402
from workbook.summary import Summary  # noqa: E402

ACTIONS = {
    "sorting by a head": "document.querySelector('[data-key=rate]').click()",
    "filtering by a bar": "document.querySelector('#charts button').click()",
    "unfolding a page of findings": "document.querySelector('#unfold').click()",
}


def summary(count: int) -> Summary:
    """A round of the samples' fillings, each for many departments."""
    given = [filling(path) for path in FILLED]
    returns = [
        accepted(
            changed(given[n % len(given)], identity__department=f"某市某区第{n}局",
                    identity__department_code=f"{n:06}"),
            f"{n}.xlsx",
        )
        for n in range(count)
    ]  # fmt: skip
    found = aggregate(check(returns))
    own = pd.Series([f"（{n}）" for n in range(len(found.findings))], dtype="string")
    return replace(
        found, findings=found.findings.assign(message=found.findings["message"] + own.to_numpy())
    )


def use(path: Path) -> None:
    """Print how soon the page answers, and how long what is done most takes."""
    with browsing() as browser:
        page = browser.new_page()
        start = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]")
        print(f"ready to use     {time.perf_counter() - start:8.2f} s")
        for name, action in ACTIONS.items():
            took = page.evaluate(
                f"(() => {{ const t = performance.now(); {action}; return performance.now() - t }})()"
            )
            print(f"  {name:30} {took:6.0f} ms")


def main(count: int) -> None:
    """Print the times and the size."""
    found = summary(count)
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        path = build_page(found, Path(folder) / "page.html")
        print(f"{count} departments, {len(found.findings)} findings")
        print(f"written in       {time.process_time() - start:8.2f} s")
        print(f"size             {path.stat().st_size / 1e6:8.2f} MB")
        if reason := available():
            print(f"not opened: {reason}")
        else:
            use(path)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
