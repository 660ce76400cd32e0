"""The story, part four: the departments' narrative reports as Word documents, ready for publication."""

from __future__ import annotations

import sys
from pathlib import Path

from builder.disclosure import write_reports
from workbook import read_returns

HERE = Path(__file__).resolve().parent


def main(output: Path) -> list[str]:
    """Write the pack for publication, without contacts; tell where it is and what has no report."""
    folder = output / "5_公开"
    written = write_reports(read_returns([HERE / "returns"]), folder, public=True, force=True)
    return [
        *(f"{path.name}：没有填写自评报告，只写出了表" for path in written.without_report),
        f"自评报告（Word）{len(written.documents)} 份，目录页：{written.index}",
    ]


if __name__ == "__main__":
    print("\n".join(main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))))
