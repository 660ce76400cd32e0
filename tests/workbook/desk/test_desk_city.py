"""A city's round at the desk: the board shows counties."""

from __future__ import annotations

import re
from pathlib import Path

from tests.desks import SAMPLES, Clerk, running
from workbook.round import close_round, new_round, opened, receive


def test_a_city_takes_approves_recalls_and_seals_its_counties_packs(tmp_path: Path) -> None:
    packs = []
    for area in ("云溪区", "君山区"):
        county = new_round(
            tmp_path / area, forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024, area=area
        )  # fmt: skip
        receive(county, next((SAMPLES / "returns").glob("118001*")))
        packs.append(Path(close_round(county, why="试").files[1]))
    (tmp_path / "县.csv").write_text("县区\n云溪区\n君山区\n", encoding="utf-8")
    city = new_round(tmp_path / "全市", counties=tmp_path / "县.csv", year=2024)
    with running(city) as desk, Clerk(desk) as clerk:
        assert "今天：新收 0，仍缺 2 个县区" in clerk.text("board")
        clerk.drop(*((path.name, path.read_bytes()) for path in packs), ("x.pdf", b"%PDF"))
        told = clerk.do("receive")
        assert "云溪区 第 1 包 计入" in told
        assert "读不出" in told
        assert "待核定 2 个县区" in clerk.text("board")
        seen = {"name": "云溪区", "seen": "1"}
        assert "核定" in clerk.do("decide-county", do="approve", **seen)
        assert "看到的是第 0 包" in clerk.do("decide-county", do="approve", name="君山区", seen="0")
        assert "要写明原因" in clerk.do("decide-county", do="send_back", name="君山区", seen="1")
        told = clerk.do(
            "decide-county",
            do="send_back",
            why="档案馆的数不对",
            departments="118001",
            name="君山区",
            seen="1",
        )
        assert "退回更正中" in told
        assert "没有照办" in clerk.do("close")
        page = clerk.get("county?name=君山区")
        assert "退回" in page.text
        assert re.search(r'href="/r/\w+/file/received/[0-9a-f]{64}"', page.text)
        assert "汇总好了" in clerk.do("summary")
        assert clerk.get("file/result/summary").content[:2] == b"PK"
        assert "撤销" in clerk.text("county?name=君山区")
        clerk.do("decide-county", do="undo", why="说错了", name="君山区", seen="1")
        clerk.do("decide-county", do="approve", name="君山区", seen="1")
        assert "封存好了" in clerk.do("close")
        for path in ("department?code=1", "lists/back"):
            assert clerk.get(path).status_code == 404
        assert clerk.get("log").status_code == 200
    with opened(city, level="") as round_of_city:
        assert {event.who for event in round_of_city.events if event.kind == "approved"} == {"王芳"}
