"""`decide` of a city: a county's pack is approved, or recalled with a letter; a decision is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from workbook.arguments import PathLike, as_whole
from workbook.errors import WorkbookError
from workbook.language import t
from workbook.levels.city import COUNTY_STATES, RIGHT, CountyState, PackVersion, fold_city
from workbook.levels.collecting import read_event
from workbook.reported import CITY, open_pack
from workbook.round import Done, OpenRound, opened
from workbook.round.folder import BACK
from workbook.round.ledger import Event, Overtaken
from workbook.round.state import today_in_china

LETTER = "退回函.docx"


def decide_county(
    folder: PathLike | OpenRound,
    county: str,
    *,
    seen: int | None = None,
    approve: bool = False,
    send_back: bool = False,
    undo: bool = False,
    departments: Iterable[str] = (),
    why: str = "",
) -> Done:
    """Approve a county's pack, send it back, or take back the last decision on it; see docs/commands.md, `round decide`.

    What recalls a pack, `send_back` or the undoing of an approval, writes 退回函: county, seal, why, and `departments`, by their
    codes, if some are meant. `seen` is the number of the last pack that the decision rests on. Raises WorkbookError.
    """
    if approve + send_back + undo != 1:
        raise WorkbookError(t("请写明一个决定：--approve、--send-back、--undo 之一"))
    why = why.strip()
    if not approve and not why:
        raise WorkbookError(
            t("{what}要写明原因：--why “……”", what=t("退回") if send_back else t("撤销"))
        )
    codes = list(departments)
    if codes and not send_back:
        raise WorkbookError(t("--department 只与 --send-back 连用"))
    with opened(folder, CITY) as city:
        city.require_open()
        while True:
            state = fold_city(city).county(county)
            if seen is not None and as_whole(seen, "seen", least=0) != len(state.packs):
                raise WorkbookError(
                    t(
                        "{name}：看到的是第 {seen} 包，现在有 {count} 包；没有照办，请看过再定",
                        name=state.name,
                        seen=seen,
                        count=len(state.packs),
                    )
                )
            last = state.decisions[-1] if state.decisions else None
            if undo and last is None:
                raise WorkbookError(t("{name}：没有可以撤销的决定", name=state.name))
            pack = state.counted
            if pack is None:
                raise WorkbookError(t("{name}：还没有报来上报包", name=state.name))
            recalls = send_back or (last is not None and undo and last.kind == "approved")
            if approve:
                event = _approval(state, pack, why)
            elif send_back:
                event = Event(
                    "sent_back",
                    state.key,
                    pack.sha256,
                    {"seal": pack.seal, "why": why, "departments": codes},
                )
            else:
                assert last is not None, "else there was nothing to take back"
                event = Event(
                    "undone", state.key, data={"of": [last.id], "what": last.kind, "why": why}
                )
            files = [_letter(city, state, pack, why, codes)] if recalls else []
            try:
                written = city.write([event])
            except Overtaken:
                city.refresh()
                continue
            after = fold_city(city).by_key[state.key]
            said = (
                t("{who}：{what}", who=state.name, what=t(COUNTY_STATES[after.state])),
                *(t("退回函：{name}", name=name) for name in files),
            )
            return Done(
                tuple(e.id for e in written), tuple(files), remarks=tuple(city.remarks), said=said
            )


def _approval(state: CountyState, pack: PackVersion, why: str) -> Event:
    if state.approved is not None:
        raise WorkbookError(t("{name}：已经核定，不必再定", name=state.name))
    if state.recalled is not None:
        raise WorkbookError(
            t(
                "{name}：退回以后还没有报来更正的包；确要按原来的核定，先 --undo 撤销退回",
                name=state.name,
            )
        )
    return Event(
        "approved", state.key, pack.sha256, {"seal": pack.seal, **({"why": why} if why else {})}
    )


def _letter(
    city: OpenRound, state: CountyState, pack: PackVersion, why: str, codes: list[str]
) -> str:
    """Write the letter; returns its name. Raises WorkbookError for a department that the pack does not have."""
    from builder.word import write_recall_letter  # noqa: PLC0415 - with all that it imports

    names = {}
    if codes:
        content = open_pack(city.folder.content(pack.sha256), pack.name)
        names = {
            duty.code: duty.department for _, below in content.by_county() for duty in below.duties
        }
        if unknown := [code for code in codes if code not in names]:
            raise WorkbookError(
                t(
                    "{name}：上报包里没有预算编码 {unknown} 的单位",
                    name=state.name,
                    unknown=t("、").join(unknown),
                )
            )
    time = 1 + sum(
        event.kind == "sent_back" or (event.kind == "undone" and event.data["what"] == "approved")
        for event in city.events
        if event.duty == state.key
    )
    path: Path = city.folder.of_department(BACK, state.entry) / f"第{time}次" / LETTER
    write_recall_letter(
        path, county=state.name, year=city.settings.year, seal=pack.seal, why=why,
        departments=[f"{code} {names[code]}" for code in codes], bureau=city.settings.bureau,
        contact=city.settings.contact, day=today_in_china(),
    )  # fmt: skip
    return city.folder.shown(path)


def assign_pack(folder: PathLike | OpenRound, file: str, county: str) -> Done:
    """Say whose a pack is that named no county of the list; with a blank county, that it is nobody's and need not wait.

    Raises WorkbookError.
    """
    with opened(folder, CITY) as city:
        city.require_open()
        while True:
            board = fold_city(city)
            waiting = [event for event in board.unassigned if _is_named(event, file)]
            if len(waiting) != 1:
                raise WorkbookError(
                    t(
                        "{file}：没有这个待归的上报包；请写 status 里列出的编号，或文件的名称",
                        file=file,
                    )
                )
            ((sha256, name),) = ((event.file, event.data["name"]) for event in waiting)
            if county:
                pack, state = open_pack(city.folder.content(sha256), name), board.county(county)
                event = read_event(city, sha256, pack, name, board, state)
                if event.data["standing"] != RIGHT:
                    raise WorkbookError(t("{path}：{why}", path=name, why=event.data["why"]))
            else:
                event = Event("assigned", file=sha256, data={"standing": "attachment"})
            try:
                written = city.write([event])
            except Overtaken:
                city.refresh()
                continue
            said = t("归 {name}", name=state.name) if county else t("不归哪个县区，不用管了")
            return Done(
                tuple(e.id for e in written), said=(t("{who}：{what}", who=name, what=said),)
            )


def _is_named(event: Event, file: str) -> bool:
    """Whether a file that was received is meant: by its number, its name, or the head of its SHA-256."""
    name = event.data["name"]
    is_head = len(file) >= 4 and event.file.startswith(file.casefold())
    return file in (str(event.id), name, name.rpartition("/")[2]) or is_head
