"""The desk's board: its first view against `round status` of the same round, a later one against the same bytes as a file.

    python benchmarks/bench_desk.py [DEPARTMENTS] [--returns N] [--rounds N]

All as processor time of the desk's own process, without network and browser. The first view folds the whole round, as
`status` does, and draws a page of it besides; a later one folds nothing. The best of each counts.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TOP), str(TOP / "benchmarks")]

import httpx  # noqa: E402
from bench_round import cpu, make  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.responses import FileResponse  # noqa: E402
from starlette.routing import Route  # noqa: E402

from workbook.desk import Desk, build_application  # noqa: E402
from workbook.desk.rounds_on_desk import Recents  # noqa: E402
from workbook.round import new_round, receive, status  # noqa: E402

HOME = "http://127.0.0.1"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("departments", nargs="?", type=int, default=3000)
    parser.add_argument("--returns", type=int, default=300, help="how many of them have answered")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        top = Path(place)
        files = top / "returns"
        roster = make(files, given.returns)
        with roster.open("a", encoding="utf-8") as file:  # those who have not answered
            file.writelines(
                f"{500000 + number},清江县第{number}局\n"
                for number in range(given.returns, given.departments)
            )
        path = new_round(
            top / "round", forms=["department_overall"], roster=roster, year=2024, deadline="2025-3-31"
        )  # fmt: skip
        receive(path, files)
        asyncio.run(measure(path, top, given.rounds))


async def measure(path: Path, top: Path, rounds: int) -> None:
    """The page by a desk that has just been laid, by one that has shown it, and as a file."""
    status(path)
    plain, first, later, still = [], [], [], []
    for _ in range(rounds):
        plain.append(cpu(lambda: status(path)))
        desk = Desk(path, recents=Recents(top / "desk.json"), workers=1)
        application = build_application(desk)
        session = desk.sessions.redeem(desk.sessions.new_key())
        assert session is not None
        session.who = "王芳"
        board = desk.first_page()
        (top / "board.html").write_bytes(await asked(application, board, first, session.cookie))
        await asked(application, board, later, session.cookie)
        served = Starlette(routes=[Route("/", lambda _: FileResponse(top / "board.html"))])
        await asked(served, "/", still, "")
        desk.close()
    size = (top / "board.html").stat().st_size
    print(f"status       {1000 * min(plain):7.0f} ms")
    print(f"first view   {1000 * min(first):7.0f} ms  {min(first) / min(plain):6.2f} x status")
    print(f"later view   {1000 * min(later):7.1f} ms  {min(later) / min(plain):6.2f} x status")
    print(f"as a file    {1000 * min(still):7.1f} ms  of {size / 1000:.0f} kB")


async def asked(application: object, address: str, took: list[float], cookie: str) -> bytes:
    """What an application answers; the processor time is put on the list."""
    transport = httpx.ASGITransport(app=application)  # type: ignore[arg-type]
    async with httpx.AsyncClient(
        transport=transport, base_url=HOME, headers={"cookie": f"desk_0={cookie}"}
    ) as client:
        began = time.process_time()
        answer = await client.get(address)
        took.append(time.process_time() - began)
    assert answer.status_code == 200, answer.text
    return answer.content


if __name__ == "__main__":
    main()
