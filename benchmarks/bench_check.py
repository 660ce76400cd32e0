"""Judging 5,000 returns against all rules: whole columns at a time, against one return at a time.

python benchmarks/bench_check.py [RETURNS]
"""

from __future__ import annotations

import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP), str(TOP / "benchmarks")]

from bench_round import cpu  # noqa: E402

from tests.fillings import FILLED, filling, overall  # noqa: E402
from workbook.checking import (  # noqa: E402
    View,
    check,
    gather,
)
from workbook.reading import ACCEPTED, Return, submit  # noqa: E402

PEER = 100
"""How many returns are judged one by one, for comparison."""


def main(count: int) -> None:
    """Print times a return, the ratio, and the slowest rules."""
    form = overall()
    given = [filling(path) for path in FILLED]
    submissions = [
        submit(form, given[i % len(given)], path=Path(f"{i}.xlsx")) for i in range(count)
    ]
    returns = [Return(s.path, ACCEPTED, (), s) for s in submissions]
    check(returns[:50])

    together = cpu(lambda: check(returns))
    alone = cpu(lambda: [check([item]) for item in returns[:PEER]])
    batch = gather(form, submissions, View.TRUE)
    for key in form.formulas:
        batch.field_cells(key)
    rules = {rule.key: cpu(lambda rule=rule: batch.judge(rule)) for rule in form.rules}  # type: ignore[misc]

    print(
        f"{count} returns, {len(form.rules)} rules, {sum(len(r.findings) for r in check(returns))} findings"
    )
    print(f"whole columns      {together:6.2f} s   {together / count * 1e3:6.2f} ms a return")
    print(f"one at a time      {alone / PEER * 1e3:25.2f} ms a return (of {PEER})")
    print(f"ratio              {alone / PEER / (together / count):6.1f}")
    print(
        f"rules alone        {sum(rules.values()):6.2f} s   {sum(rules.values()) / len(rules) * 1e3:6.2f} ms a rule"
    )
    for key, spent in sorted(rules.items(), key=lambda item: -item[1])[:5]:
        print(f"  {key:40} {spent * 1e3:8.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
