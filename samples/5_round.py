"""The story, part five: the same returns as one year's collection, in a folder that remembers."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from workbook.round import STATES, new_round, receive, remind, send, send_back, status, summarise

HERE = Path(__file__).resolve().parent


def main(output: Path) -> list[str]:
    """Make a round, send its forms, take in what came, send back what is to be mended, chase, add up; tell each step."""
    folder = output / "5_2024年度自评"
    shutil.rmtree(folder, ignore_errors=True)
    new_round(
        folder,
        forms=["department_overall"],
        roster=HERE / "roster.csv",
        year=2024,
        deadline="2025-3-31",
        bureau="云溪区财政局",
    )
    told = [f"发出 {len(send(folder).files)} 份表"]
    numbers = receive(folder, HERE / "returns").numbers()
    told.append(
        f"新收 {numbers['new']}，通过 {numbers['passed']}，须退回 {numbers['faulty']}，仍缺 {numbers['missing']}"
    )
    back = send_back(folder, by="2025-4-15")
    told.append(f"退回 {len(back.events)} 份：{folder / '退回'}")
    told += [f"    {text}" for text in remind(folder).said[:1]]
    board, _ = status(folder)
    told.append(
        "，".join(f"{STATES[state]} {count}" for state, count in board.counts().items() if count)
    )
    summarise(folder)
    return [
        *told,
        f"收表的文件夹：{folder}；接着看它：workbook round status {folder}",
        f"在浏览器里办：workbook desk {folder}",
    ]


if __name__ == "__main__":
    print("\n".join(main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))))
