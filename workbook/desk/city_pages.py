"""A city's round: the board shows counties, and what is received, decided and recalled are their packs."""

from __future__ import annotations

from starlette.responses import Response

from workbook.desk.jobs import Errand, begun
from workbook.desk.rounds_on_desk import Snapshot
from workbook.desk.visits import NotHere, Visit, query
from workbook.errors import WorkbookError
from workbook.levels import PACK_OUTCOMES, CountyState, assign_pack, decide_county, receive_packs


def city_board(visit: Visit, snapshot: Snapshot) -> Response:
    """A line a county."""
    board = snapshot.counties
    return visit.page(
        "city_board.html", snapshot=snapshot, section="board", counties=board.counties, counts=board.counts(),
        unassigned=board.unassigned, notices=list(visit.round.notices),
        county_link=lambda county: query(f"{visit.here}/county", name=county.name),
    )  # fmt: skip


def county_page(visit: Visit) -> Response:
    """One county: its packs, and what was decided."""
    snapshot = visit.round.snapshot()
    county = _county(visit, snapshot)
    events = [e for e in reversed(snapshot.events) if e.duty == county.key]
    return visit.page(
        "county.html", snapshot=snapshot, section="board", county=county, events=events[:60]
    )


def _county(visit: Visit, snapshot: Snapshot) -> CountyState:
    if snapshot.city is None:
        raise NotHere("这里收的是各单位的表，没有县区的页面")
    try:
        return snapshot.city.county(visit.text("name"))
    except WorkbookError as error:
        raise NotHere(str(error)) from None


def decide_on_county(visit: Visit) -> Response:
    """Approve a county's pack, recall it, or take that back."""
    do, seen = visit.text("do"), visit.number("seen")
    if seen is None:
        raise WorkbookError("没有写明看到的是第几包，没有照办；请刷新页面再做一次")
    with visit.round.alone() as path:
        done = decide_county(
            path, visit.text("name"), seen=seen, approve=do == "approve", send_back=do == "send_back", undo=do == "undo",
            departments=visit.text("departments").replace("、", " ").replace("，", " ").split() if do == "send_back" else (),
            why=visit.text("why"),
        )  # fmt: skip
    return visit.done(visit.back(f"{visit.here}/board"), done)


def assign_to_county(visit: Visit) -> Response:
    """Say whose a pack is."""
    county = "" if visit.text("do") == "nobody" else visit.text("whose")
    if not county and visit.text("do") != "nobody":
        raise WorkbookError("请先选县区")
    with visit.round.alone() as path:
        done = assign_pack(path, visit.text("file"), county)
    return visit.done(f"{visit.here}/lists/unassigned", done)


def receive_here(visit: Visit) -> Response:
    """Take in the packs that lie in 收件/."""

    def work(errand: Errand) -> None:
        with errand.round.alone() as path:
            received = receive_packs(path)
        for remark in received.remarks:
            errand.tell("done", remark)
        for each in received.files:
            number = f" 第 {each.version} 包" if each.version else ""
            told = f"{each.file}：{each.county}{number} {PACK_OUTCOMES[each.outcome]}" + (
                f"（{each.why}）" if each.why else ""
            )
            errand.tell(
                "done" if each.outcome in ("counted", "replaced_older") else "refused", told
            )
        if not received.files:
            errand.tell("done", "没有新的上报包")

    return begun(visit, "收上报包", "receive", work)
