"""The story, part two: the returns are read and every mistake is found, down to the cell."""

from __future__ import annotations

import sys
from pathlib import Path

from workbook import check, read_returns

HERE = Path(__file__).resolve().parent


def main(output: Path) -> list[str]:
    """Check the returns; write what was found, one sentence a line; tell the first of each."""
    told, lines = [], []
    for item in check(read_returns([HERE / "returns"])):
        serious = [f for f in item.findings if f.severity != "note"]
        told.append(f"{item.path.name}：{len(serious)} 个问题")
        told += [f"    {f.sentence}" for f in serious[:1]]
        lines += [f"{item.path.name}\t{f.sentence}" for f in item.findings]
    report = output / "2_检查结果.txt"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return [*told, f"全部问题：{report}"]


if __name__ == "__main__":
    print("\n".join(main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))))
