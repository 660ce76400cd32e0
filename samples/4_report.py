"""The story, part four: the departments' narrative reports as Word documents, ready for publication."""

from __future__ import annotations

import sys
from pathlib import Path

from builder.word import select, write_reports
from workbook import check, load_roster, read_returns

HERE = Path(__file__).resolve().parent


def main(output: Path) -> list[str]:
    """Write the pack for publication, without contacts; tell where it is and what is not ready for it."""
    roster = load_roster(HERE / "roster.csv")
    chosen = select(check(read_returns([HERE / "returns"]), roster), roster, public=True)
    written = write_reports(
        chosen.returns, output / "5_公开", public=True, force=True, unlisted=chosen.faulty
    )
    return [
        *(f"{path.name}：没有填写自评报告，只写出了表" for path in written.without_report),
        *(
            f"{path.name}：有 {count} 处错误未改，没有列入目录页"
            for path, count in chosen.faulty.items()
        ),
        f"自评报告（Word）{len(written.documents)} 份，目录页：{written.index}",
    ]


if __name__ == "__main__":
    print("\n".join(main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))))
