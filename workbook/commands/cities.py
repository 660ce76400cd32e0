"""The commands of a round where a city collects its counties' packs: what `workbook round` does in such a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.commands.messages import CLEAN, FOUND, say
from workbook.commands.options import print_json
from workbook.language import t

if TYPE_CHECKING:
    from workbook.levels import CityBoard
    from workbook.round import Done


def is_city(folder: Path) -> bool:
    """Whether a folder collects counties' packs."""
    from workbook.levels import level_of
    from workbook.reported import CITY

    return level_of(folder) == CITY


def receive(folder: Path, paths: Iterable[Path], *, as_json: bool) -> None:
    """As `workbook round receive`."""
    from workbook.levels import PACK_OUTCOMES, receive_packs

    received = receive_packs(folder, tuple(paths) or None)
    record = received.record()
    if as_json:
        print_json(record)
    else:
        numbers = {name: record[name] for name in ("new", "replaced", "missing")}
        say(t("今天：新收 {new}，换下旧包 {replaced}，仍缺 {missing} 个县区", **numbers))
        for remark in received.remarks:
            say(remark)
        say_waiting(received.waiting)
        for each in received.files:
            number = t(" 第 {version} 包", version=each.version) if each.version else ""
            why = t("：{why}", why=each.why) if each.why else ""
            say(f"  {each.file}  {each.county}{number}  {t(PACK_OUTCOMES[each.outcome])}{why}")
    sys.exit(_exit_code(received.board))


def say_waiting(names: Iterable[str]) -> None:
    """Which files were left for the next time, of a round at either level."""
    for name in names:
        say(
            t(
                "{name}：还在写入，或者在 Excel 里开着（旁边有 ~$ 开头的文件；"
                "没有开着的请把它删掉），这次没有收",
                name=name,
            )
        )


def status(folder: Path, *, as_json: bool) -> None:
    """As `workbook round status`."""
    from workbook.levels import COUNTY_STATES, city_status

    board, record = city_status(folder)
    if as_json:
        print_json(record)
        sys.exit(_exit_code(board))
    for remark in board.remarks:
        say(remark)
    counts = "，".join(
        f"{COUNTY_STATES[state]} {count}" for state, count in board.counts().items() if count
    )
    sealed = t("（已封存）") if board.closed else ""
    say(
        t(
            "{count} 个县区{sealed}：{counts}",
            count=len(board.counties),
            sealed=sealed,
            counts=counts,
        )
    )
    for county in board.counties:
        words = [COUNTY_STATES[county.state]]
        if (pack := county.counted) is not None:
            words.append(
                t(
                    "第 {number} 包，{departments} 个单位，错误 {errors}，印鉴 {seal}…",
                    number=pack.number,
                    departments=pack.departments,
                    errors=pack.errors,
                    seal=pack.seal[:12],
                )
            )
        if (later := county.not_taken) is not None:
            words.append(
                t(
                    "核定以后又来了第 {number} 包，没有计入；要换，先 --undo 或 --send-back",
                    number=later.number,
                )
            )
        say(f"  {county.name}  {'，'.join(words)}")
    for stray in board.unassigned:
        name = stray.data["name"]
        say(
            t(
                "  不知是哪个县区的 {id}：{name}；workbook round assign {folder} {id} 县区",
                id=stray.id,
                name=name,
                folder=folder,
            )
        )
    sys.exit(_exit_code(board))


def _exit_code(board: CityBoard) -> int:
    waits = any(county.state in ("missing", "received") for county in board.counties)
    return FOUND if waits or board.unassigned else CLEAN


def end(done: Done, *lines: str, as_json: bool) -> None:
    """Print what a command did."""
    if as_json:
        print_json(done.record())
        return
    for line in (*done.remarks, *lines, *done.said):
        say(line)
