"""What a round comes to: the summary and its files, what is published, the log, and the seal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response

from workbook.desk.board_page import paged
from workbook.desk.department_page import received_file
from workbook.desk.jobs import Errand, begun
from workbook.desk.rounds_on_desk import RoundOnDesk, Snapshot
from workbook.desk.visits import NotHere, Visit, attached
from workbook.levels import close_city, summarise_city
from workbook.reported import pack_of
from workbook.round import (
    DRAFT,
    INBOX,
    PAGE,
    RESULT,
    SAMPLE,
    SUMMARY,
    Event,
    close_round,
    publish,
    recheck,
    reopen_round,
    sample_round,
    sealed_pack_of,
    summarise,
)

_RESULTS = {
    "summary": (SUMMARY, "汇总表（Excel）"),
    "draft": (DRAFT, "汇总报告初稿（Word）"),
    "page": (PAGE, "一页总览（网页，可以发给领导看）"),
    "sample": (SAMPLE, "抽查名单"),
}
"""What may be fetched of 汇总/, by a word of our own."""
_PAGE_POLICY = (
    "sandbox allow-scripts allow-modals allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Of the page of a summary: its own script may draw it, as a page of nowhere, which can ask the desk for nothing."""


# --- the summary -------------------------------------------------------------------------------------------


def summary_page(visit: Visit) -> Response:
    """The year on a page, and what can be fetched."""
    on_desk = visit.round
    snapshot = on_desk.snapshot()
    there = [
        (word, label)
        for word, (name, label) in _RESULTS.items()
        if (on_desk.path / RESULT / name).is_file()
    ]
    published = _last(snapshot, "published")
    return visit.page(
        "summary.html", snapshot=snapshot, section="summary", results=there, published=published,
        summarised=_last(snapshot, "summarised"), sampled=[e for e in snapshot.events if e.kind == "sampled"],
        public=list(_public(on_desk, published)), inbox=INBOX,
    )  # fmt: skip


def _last(snapshot: Snapshot, kind: str) -> Event | None:
    return next((e for e in reversed(snapshot.events) if e.kind == kind), None)


def _public(on_desk: RoundOnDesk, published: Event | None) -> Iterator[tuple[int, str]]:
    for number, name in enumerate(published.data["files"] if published is not None else ()):
        if (on_desk.path / name).is_file():
            yield number, name.rpartition("/")[2]


def summarise_here(visit: Visit) -> Response:
    """Write the summary anew."""

    def work(errand: Errand) -> None:
        with errand.round.alone() as path:
            done = (summarise_city if _is_city(errand.round) else summarise)(path)
        errand.tell("done", "汇总好了")
        for line in (*done.remarks, *done.said):
            errand.tell("done", line)

    return begun(visit, "汇总", "summary", work)


def publish_here(visit: Visit) -> Response:
    """Write what may be published."""

    def work(errand: Errand) -> None:
        with errand.round.alone() as path:
            done = publish(path)
        count = len([name for name in done.files if not name.endswith(".html")])
        errand.tell(
            "done", f"公开的材料写好了 {count} 份；没有写的 {len(done.refused)} 份，原因写在日志里"
        )
        for who, why in done.refused[:10]:
            errand.tell("done", f"没有写：{who}（{why}）")

    return begun(visit, "写公开的材料", "summary", work)


def sample_here(visit: Visit) -> Response:
    """Draw the sample, once; or add a department to it."""
    added = visit.texts("add")
    with visit.round.alone() as path:
        done = sample_round(path, added)
    return visit.done(f"{visit.here}/summary", done, f"抽查 {len(done.said)} 个单位")


def recheck_here(visit: Visit) -> Response:
    """Read every copy anew."""

    def work(errand: Errand) -> None:
        with errand.round.alone() as path:
            done = recheck(path)
        for line in (*done.remarks, *done.said[:20]):
            errand.tell("done", line)

    return begun(visit, "重读", "summary", work)


def _is_city(on_desk: RoundOnDesk) -> bool:
    return on_desk.snapshot().city is not None


# --- the log and the seal ----------------------------------------------------------------------------------


def log_page(visit: Visit) -> Response:
    """All that has happened, the last first; and whether the chain of it is whole."""
    on_desk = visit.round
    snapshot = on_desk.snapshot()
    seal = _whole(on_desk, snapshot)
    kind, who = visit.text("kind"), visit.text("who")
    events = [e for e in reversed(snapshot.events) if kind in ("", e.kind) and who in ("", e.who)]
    shown, page, pages = paged(events, visit.number("page"))
    names = _names(snapshot)
    lines = [(e, names.get((e.duty.county, e.duty.code), ""), _about(snapshot, e)) for e in shown]
    return visit.page(
        "log.html", snapshot=snapshot, section="log", seal=seal, count=len(events), page=page, pages=pages, kind=kind,
        who=who, events=lines, everybody=sorted({e.who for e in snapshot.events}),
        kinds=dict.fromkeys(e.kind for e in snapshot.events),
    )  # fmt: skip


@lru_cache(maxsize=4)
def _whole(on_desk: RoundOnDesk, _: Snapshot) -> str:
    """The mark at the chain's end, looked for once in each state of the ledger. Raises WorkbookError naming what is broken."""
    with on_desk.opened() as this_round:
        return this_round.ledger.require_whole()


def _names(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    if snapshot.board is None:
        return {}
    return {
        (d.entry.county, d.entry.code or d.entry.department): d.entry.department
        for d in snapshot.board.departments
    }


def _about(snapshot: Snapshot, event: Event) -> str:
    """What an event was about, in a few words."""
    data = event.data
    files = (snapshot.board or snapshot.counties).files
    words = (
        [files[event.file].data["name"]] if event.file in files and event.kind in _OF_FILES else []
    )
    words += [f"第 {data['version']} 版"] if data.get("version") else []
    words += [f"到 {data['to']}"] if event.kind == "extended" else []
    words += [f"收到日期 {data['on']}"] if event.kind == "dated" else []
    words += [f"问题 {'、'.join(map(str, data['numbers']))}"] if data.get("numbers") else []
    words += [f"第 {data['time']} 次"] if event.kind == "sent_back" and data.get("time") else []
    words += (
        ["；".join(data["changed"])]
        if event.kind == "settings_changed" and data.get("changed")
        else []
    )
    if event.kind == "roster_changed":
        words += [
            f"{word} {len(data[name])} 个单位"
            for name, word in (("added", "添"), ("removed", "去"), ("changed", "改"))
            if data.get(name)
        ]
    words += ["（自动）"] if data.get("by_itself") else []
    words += [str(data["why"])] if data.get("why") else []
    return "，".join(words)


_OF_FILES = ("received", "read", "assigned", "approved", "used", "rechecked")


def close_page(visit: Visit) -> Response:
    """What stands against sealing; or the seal."""
    snapshot = visit.round.snapshot()
    closed = _last(snapshot, "closed")
    packs = {word: path.name for word, path in _packs(visit.round.path).items() if path.is_file()}
    return visit.page(
        "close.html", snapshot=snapshot, section="close", closed=closed, packs=packs, open_=_open(snapshot),
        opened_again=[e for e in snapshot.events if e.kind == "reopened"],
    )  # fmt: skip


def _open(snapshot: Snapshot) -> list[tuple[str, int]]:
    """What is not finished, by state."""
    if snapshot.board is not None:
        counts = snapshot.board.counts()
        return [
            (state, n)
            for state, n in counts.items()
            if n and state not in ("approved", "nothing", "excused")
        ]
    return [
        (state, n) for state, n in snapshot.counties.counts().items() if n and state != "approved"
    ]


def close_here(visit: Visit) -> Response:
    """Seal the round."""
    why = visit.text("why")
    options = {name: visit.text(name) == "1" for name in ("with_contacts", "with_files")}

    def work(errand: Errand) -> None:
        with errand.round.alone() as path:
            done = (
                close_city(path)
                if _is_city(errand.round)
                else close_round(path, why=why, **options)
            )
        errand.tell("done", f"封存好了，写在 {'、'.join(done.files)}")
        for line in done.remarks:
            errand.tell("done", line)

    return begun(visit, "封存", "close", work)


def reopen_here(visit: Visit) -> Response:
    """Open it again."""
    with visit.round.alone() as path:
        done = reopen_round(path, why=visit.text("why"))
    return visit.done(f"{visit.here}/close", done)


# --- files -------------------------------------------------------------------------------------------------


def _packs(path: Path) -> dict[str, Path]:
    return {"sealed": sealed_pack_of(path), "report": pack_of(path)}


def file_here(visit: Visit) -> Response:
    """A file that the round itself names; nothing else can be fetched. Raises NotHere."""
    on_desk, kind, key = visit.round, str(visit.params["kind"]), str(visit.params["key"])
    if kind == "received":
        return received_file(visit, on_desk, key)
    snapshot = on_desk.snapshot()
    path = _path_of(on_desk, snapshot, kind, key)
    if path is None:
        raise NotHere("没有这个文件")
    if kind == "result" and key == "page" and visit.text("save") != "1":
        if not path.is_file():
            raise NotHere("还没有汇总")
        headers = {"content-security-policy": _PAGE_POLICY, "x-frame-options": "SAMEORIGIN"}
        return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)
    name = f"{path.parent.parent.name} {path.name}" if kind in ("back", "notice") else path.name
    return attached(path, f"{path.parent.name} {path.name}" if kind == "sent" else name)


def _path_of(on_desk: RoundOnDesk, snapshot: Snapshot, kind: str, key: str) -> Path | None:
    """Where a file lies that an event, or we ourselves, have named."""
    if kind == "result":
        return on_desk.path / RESULT / _RESULTS[key][0] if key in _RESULTS else None
    if kind == "pack":
        return _packs(on_desk.path).get(key)
    if not re.fullmatch(r"\d{1,12}(-\d{1,6})?", key):
        return None
    number, _, part = key.partition("-")
    event: Any = next((e for e in snapshot.events if e.id == int(number)), None)
    wanted = {
        "sent": "issued",
        "back": "sent_back",
        "notice": "sent_back",
        "public": "published",
    }.get(kind)
    if event is None or event.kind != wanted:
        return None
    if kind == "public":
        files = event.data["files"]
        return on_desk.path / files[int(part)] if part and int(part) < len(files) else None
    if "file" not in event.data:  # a city's letter is not named by its event
        return None
    path: Path = on_desk.path / event.data["file"]
    return path.with_name("退回修改通知.docx") if kind == "notice" else path
