"""A round of three thousand departments at the desk: the first view under a second, the next at once."""

from __future__ import annotations

import csv
import re
import time
from pathlib import Path

from tests.desks import Clerk, running
from workbook.round import Event, fold, new_round, opened


def test_the_board_of_three_thousand_departments_is_there_within_a_second(tmp_path: Path) -> None:
    with (tmp_path / "roster.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["县区", "预算编码", "部门", "联系人", "联系电话"])
        writer.writerows(
            [f"第{n % 12}县", f"{100000 + n}", f"清江第{n}单位", "王会计", "0730"]
            for n in range(3000)
        )
    folder = new_round(
        tmp_path / "r", forms=["department_overall"], roster=tmp_path / "roster.csv", year=2024, deadline="2025-3-31"
    )  # fmt: skip
    with opened(folder) as this_round:
        issued = [
            Event("issued", duty.key, data={"file": "x", "sha256": "y"})
            for duty in fold(this_round).duties
        ]
        this_round.write(issued)
    with running(folder) as desk, Clerk(desk) as clerk:
        took = []
        for path in ("board", "board", "board?page=30", "board?q=第7县&sort=name"):
            began = time.perf_counter()
            answer = clerk.get(path)
            took.append(round(time.perf_counter() - began, 3))
            assert answer.status_code == 200
            assert len(re.findall('scope="row"', answer.text)) == 100
            assert len(answer.content) < 120_000
        # Of the three thousand that are to be chased, a page shows a hundred, and says so.
        chase = clerk.get("lists/chase")
        assert len(re.findall('class="text"', chase.text)) == 100
        assert len(chase.content) < 120_000
        assert "第 1 页，共 30 页，3000 项" in chase.text
        assert "这一页的短信复制" in chase.text
        assert "第 30 页" in clerk.get("lists/chase?page=99").text
    assert took[0] < 1.0, took  # nothing was kept of it before
    assert max(took[1:]) < 0.5, took
