"""The story, part three: the returns are added up against the roster, into a workbook, a page and data files."""

from __future__ import annotations

import sys
from pathlib import Path

from builder import build_page, build_summary, write_data
from workbook import WorkbookError, aggregate, check, frames, load_roster, read_returns

HERE = Path(__file__).resolve().parent


def main(output: Path) -> list[str]:
    """Write the summary and the data under `output`; tell where they are."""
    roster = load_roster(HERE / "roster.csv")
    returns = check(read_returns(HERE / "returns"), roster)
    summary = aggregate(returns, roster)
    book = build_summary(summary, output / "3_汇总表.xlsx")
    page = build_page(summary, output / "3_汇总.html")
    try:
        write_data(frames(returns), output / "4_数据", summary)
    except WorkbookError as error:  # the extra `data` is not installed
        data = f"没有写数据。{error}"
    else:
        data = f"数据（CSV、Parquet、DuckDB）：{output / '4_数据'}"
    return [f"汇总表：{book}", f"网页：{page}", data]


if __name__ == "__main__":
    print("\n".join(main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))))
