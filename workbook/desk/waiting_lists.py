"""What waits, a list each: to decide, to send back, to chase, of nobody; and what is done for all of a list at once."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.responses import Response

from workbook.desk.board_page import paged
from workbook.desk.department_page import offered
from workbook.desk.jobs import Errand, begun
from workbook.desk.rounds_on_desk import RoundOnDesk, Snapshot
from workbook.desk.visits import NotHere, Visit
from workbook.errors import WorkbookError
from workbook.reading import find_files, is_litter
from workbook.round import (
    INBOX,
    DutyState,
    OpenRound,
    decide,
    fold,
    opened,
    problems_in,
    receive,
    remind,
    reminders,
    send,
    send_back,
)

LISTS = {
    "decide": "待核定",
    "back": "要退回",
    "chase": "要催",
    "unassigned": "不知是谁的",
    "passed": "可核定",
}
RECEIVING = "收表"


def first_list(visit: Visit) -> Response:
    """On to the first list in which something waits for the bureau."""
    board = visit.round.snapshot().board
    if board is None:
        return visit.go(f"{visit.here}/lists/unassigned")
    counts = board.counts()
    waiting = {
        "decide": counts["to_decide"], "back": counts["faulty"], "unassigned": len(board.unassigned),
        "passed": counts["passed"],
    }  # fmt: skip
    which = next((name for name, count in waiting.items() if count), "decide")
    return visit.go(f"{visit.here}/lists/{which}")


def list_page(visit: Visit) -> Response:
    """One of the lists."""
    which = str(visit.params["which"])
    if which not in LISTS:
        raise NotHere("没有这张清单")
    snapshot = visit.round.snapshot()
    if snapshot.board is None:
        if which != "unassigned":
            raise NotHere("这里收的是各县区的上报包，没有这张清单")
        return visit.page(
            "city_unassigned.html", snapshot=snapshot, section="lists", which=which, lists=LISTS
        )
    board = snapshot.board
    to_back = [duty for duty in board.duties if duty.needs_sending_back and duty.entry is not None]
    about: dict[str, list[Any]] = {
        "decide": [duty for duty in board.duties if duty.state == "to_decide"],
        "back": [duty for duty in to_back if not duty.answered()],
        "unassigned": list(board.unassigned),
        "passed": [duty for duty in board.duties if duty.state == "passed" and duty.entry is not None],
    }  # fmt: skip
    with visit.round.opened() as this_round:
        about["chase"] = reminders(this_round, board)
        counts = {name: len(items) for name, items in about.items()}
        items, page, pages = paged(about[which], visit.number("page"))
        asked = {
            duty.key: _answered(this_round, duty) for duty in (items if which == "decide" else ())
        }
    reminded = {
        (e.duty.county, e.duty.code): e.data["day"] for e in snapshot.events if e.kind == "reminded"
    }
    return visit.page(
        "lists.html", snapshot=snapshot, section="lists", which=which, lists=LISTS, counts=counts, items=items,
        page=page, pages=pages, asked=asked, reminded=reminded, waiting=[duty for duty in to_back if duty.answered()],
        offers=[offered(d.entry.county, d.entry.code, d.entry.department) for d in board.departments],
        since=snapshot.last,
    )  # fmt: skip


def _answered(this_round: OpenRound, duty: DutyState) -> list[dict[str, Any]]:
    """The answers of a department that wait for a decision."""
    problems = problems_in(this_round, duty, duty.latest or duty.counted)
    return [problem for problem in problems if problem["state"] == "answered"]


# --- for all at once ---------------------------------------------------------------------------------------


def send_all(visit: Visit) -> Response:
    """Write the forms that were not sent yet."""

    def work(errand: Errand) -> None:
        with errand.round.alone() as path:
            done = send(path, progress=errand.progress)
        errand.tell(
            "done", f"写好了 {len(done.files)} 份表，在 {path} 的“发出”里，一个单位一个文件夹"
        )
        for remark in done.remarks:
            errand.tell("done", remark)

    return begun(visit, "发表", "board", work)


def send_back_all(visit: Visit) -> Response:
    """Send back whoever has something to mend."""
    by = visit.day_to_come("by", "改好报回的日期")

    def work(errand: Errand) -> None:
        with errand.round.alone() as path:
            done = send_back(path, by=by, progress=errand.progress)
        count = len({name.rpartition("/")[0] for name in done.files})
        errand.tell(
            "done",
            f"退回 {count} 个单位，表和通知在 {path} 的“退回”里" if count else "没有要退回的",
        )
        for line in done.remarks:
            errand.tell("done", line)
        for who, why in done.refused:
            errand.tell("refused", f"{who}：{why}")

    return begun(visit, "退回", "lists/back", work)


def approve_chosen(visit: Visit) -> Response:
    """Approve the forms that were ticked, each as it was seen."""
    chosen, since = set(visit.texts("duty")), visit.number("since")
    if since is None or not chosen:
        raise WorkbookError("请先勾选要核定的单位")

    def work(errand: Errand) -> None:
        approved = 0
        with errand.round.alone() as path, opened(path) as this_round:
            keys = [duty.key for duty in fold(this_round).duties if duty.key.text in chosen]
            errand.begun(len(keys))
            for key in keys:
                try:
                    decide(
                        this_round, key.code, county=key.county, form=key.form, project=key.project, since=since,
                        approve=True,
                    )  # fmt: skip
                except WorkbookError as refusal:
                    errand.tell("refused", str(refusal))
                else:
                    approved += 1
                errand.names.append(key.code)
        errand.tell("done", f"核定了 {approved} 份表")

    return begun(visit, "核定", "lists/passed", work)


def remind_all(visit: Visit) -> Response:
    """Note that all on the list are chased, and write the texts and mail drafts."""
    with visit.round.alone() as path:
        done = remind(path)
    line = f"记下了催报 {len(done.said)} 个单位，短信和邮件写在“催报”文件夹里"
    for remark in done.remarks:
        visit.session.tell("done", remark)
    return visit.go(f"{visit.here}/lists/chase", line)


# --- receiving ---------------------------------------------------------------------------------------------


def receive_page(visit: Visit) -> Response:
    """Where files are dropped in, and what became of those that came."""
    on_desk = visit.round
    errand = visit.desk.errands.of(visit.text("work"))
    is_done = (
        errand is not None and errand.ended.is_set()
    )  # asked first: what it wrote is then seen
    snapshot = on_desk.snapshot()
    if visit.text("now") == "1" and not snapshot.is_closed:
        return begin_receiving(visit)
    if errand is not None and is_done:
        for kind, sentence in errand.lines:
            visit.session.tell(kind, sentence)
    after = errand.after if errand is not None else None
    return visit.page(
        "receive.html", snapshot=snapshot, section="receive", errand=errand,
        running=errand is not None and not is_done, rows=_rows(on_desk, snapshot, after),
        extra=errand.extra if errand is not None and is_done else [],
        after=after if after is not None else snapshot.last,
        lying=0 if errand is not None or snapshot.is_closed else _lying(on_desk),
    )  # fmt: skip


def _lying(on_desk: RoundOnDesk) -> int:
    """How many files lie in 收件/ that nobody has taken in: put there by hand, or by a desk that was killed."""
    with on_desk.opened() as this_round:
        known, folder = this_round.ledger.known_files(), this_round.folder
    there = find_files([on_desk.path / INBOX])
    return sum(not is_litter(path) and folder.shown(path) not in known for path in there)


_MOST_ROWS = 200


def _rows(on_desk: RoundOnDesk, snapshot: Snapshot, after: int | None) -> list[dict[str, object]]:
    """The files of one receiving, else those that came last, the newest first."""
    from workbook.desk.jobs import file_row  # noqa: PLC0415 - beside what begins the work

    if snapshot.board is None:
        return []
    if after is None:  # the last so many
        numbers = [e.id for e in snapshot.events if e.kind == "received"][-_MOST_ROWS:]
        after = numbers[0] - 1 if numbers else snapshot.last
    files = snapshot.received(after)
    return [file_row(on_desk, snapshot, each) for each in reversed(files[-_MOST_ROWS:])]


def begin_receiving(visit: Visit) -> Response:
    """Take in what lies in 收件/."""
    on_desk = visit.round
    if on_desk.snapshot().board is None:
        from workbook.desk.city_pages import receive_here  # noqa: PLC0415 - the same of a city

        return receive_here(visit)
    errand = Errand(
        on_desk, RECEIVING, f"{visit.here}/receive", on_desk.snapshot().last, repeats=True
    )
    errand = visit.desk.errands.start(
        errand, partial(_receive, visit.desk.workers), visit.session.who
    )
    errand.ended.wait(0.3)
    return visit.go(f"{visit.here}/receive?work={errand.id}")


def _receive(workers: int, errand: Errand) -> None:
    with errand.round.alone() as path:
        received = receive(path, workers=workers, begun=errand.begun, progress=errand.progress)
    for remark in received.remarks:
        errand.tell("done", remark)
    for name in received.waiting:
        errand.tell(
            "refused", f"{name}：还在写入，或者在 Excel 里开着，这次没有收；关好以后再点“收表”"
        )
    errand.extra += [
        {
            "file": each.file,
            "outcome": "跳过" if each.outcome == "skipped" else "收过",
            "why": each.why,
        }
        for each in received.files
        if each.outcome in ("skipped", "unchanged")
    ]
    new = received.numbers()["new"]
    errand.tell("done", f"收好了：新收 {new} 个文件" if new else "没有新的文件")
