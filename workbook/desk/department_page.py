"""A department: what it owes, what came of it, what is wrong with that, beside the form; and what the bureau says to it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from starlette.responses import Response

from workbook.desk.drawn_form import DrawnSheet, drawn
from workbook.desk.rounds_on_desk import RoundOnDesk, Snapshot
from workbook.desk.visits import NotHere, Visit, attached, query
from workbook.errors import WorkbookError
from workbook.round import (
    DepartmentState,
    DutyState,
    OpenRound,
    Version,
    assign,
    decide,
    history,
    problems_in,
    send_back,
    submission_of,
)

_MOST_EVENTS = 60


def department_page(visit: Visit) -> Response:
    """One department; of several forms the one that the address names, else the worst."""
    snapshot = visit.round.snapshot()
    department = _department(visit, snapshot)
    duty = _duty(visit, department)
    version = _version(visit, duty)
    with visit.round.opened() as this_round:
        key = duty.key
        record = history(this_round, key.code, county=key.county)
        about = next(
            d
            for d in record["duties"]
            if d["form"] == key.form and (d["project"] or "") == key.project
        )
        problems = problems_in(this_round, duty, version)
        sheets, why_not = _drawing(visit, this_round, version)
    marked = {
        name: each
        for each in reversed(problems)
        if each["state"] != "waived"
        for name in each["fields"]
    }
    return visit.page(
        "department.html", snapshot=snapshot, section="board", department=department, entry=department.entry, duty=duty,
        record=about, version=version, problems=problems, sheets=sheets, why_not=why_not, marked=marked,
        events=_told_events(record["events"]), seen=max((v.number for v in duty.versions), default=0),
        duty_link=lambda other, **more: duty_address(visit, other, **more), number_of=_number_of(sheets),
        names={v.number: v for v in duty.versions}, has_project=bool(duty.project),
        open_errors=duty.open_errors(duty.after_approval or duty.counted),
        sent=list(duty.sent), issued=_issued_event(snapshot, duty),
    )  # fmt: skip


def duty_address(visit: Visit, duty: DutyState, **more: Any) -> str:
    """Where a duty is shown."""
    key = duty.key
    about = {
        "county": key.county,
        "code": key.code,
        "form": key.form,
        "project": key.project,
        **more,
    }
    return query(f"{visit.here}/department", **about)


def _department(visit: Visit, snapshot: Snapshot) -> DepartmentState:
    code, county = visit.text("code"), visit.text("county")
    if snapshot.board is None:
        raise NotHere("这里收的是各县区的上报包，没有单位的页面")
    for department in snapshot.board.departments:
        entry = department.entry
        if code in (entry.code, entry.department) and county in ("", entry.county) and code:
            return department
    raise NotHere(f"{code[:40] or '（空）'}：名册上没有这个单位")


def _duty(visit: Visit, department: DepartmentState) -> DutyState:
    form, project = visit.text("form"), visit.text("project")
    if not form:
        return department.worst
    for duty in department.duties:
        if duty.key.form == form and duty.project == project:
            return duty
    raise NotHere("没有这张表要报")


def _version(visit: Visit, duty: DutyState) -> Version | None:
    number = visit.number("version")
    if number is not None:
        version = duty.version(number)
        if version is None:
            raise NotHere(f"没有第 {number} 版")
        return version
    return duty.latest or duty.counted or next(reversed(duty.versions), None)


def _number_of(sheets: tuple[DrawnSheet, ...]) -> dict[str, str]:
    """By the name of a cell: under which anchor it is drawn."""
    return {
        box.name: f"c-{box.name}"
        for sheet in sheets
        for row in sheet.rows
        for box in row
        if box.name
    }


def _told_events(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(reversed(events))[:_MOST_EVENTS]


def _issued_event(snapshot: Snapshot, duty: DutyState) -> int | None:
    """The event that issued its form last."""
    return next(
        (e.id for e in reversed(snapshot.events) if e.kind == "issued" and e.duty == duty.key), None
    )


# --- the drawing -------------------------------------------------------------------------------------------

_drawings: OrderedDict[tuple[str, str], tuple[DrawnSheet, ...]] = OrderedDict()
_drawing_lock = threading.Lock()
_MOST_KEPT = 64


def _drawing(
    visit: Visit, this_round: OpenRound, version: Version | None
) -> tuple[tuple[DrawnSheet, ...], str]:
    """The sheets of a version as drawn; without any, why."""
    if version is None:
        return (), "还没有收到表。"
    key = visit.round.id, version.reading
    with _drawing_lock:
        if key in _drawings:
            _drawings.move_to_end(key)
            return _drawings[key], ""
    try:
        submission = submission_of(this_round, version)
    except WorkbookError as error:
        return (), str(error)
    if submission is None:
        return (), "这一份读不出来，画不出表；可以下载原件看看。"
    sheets = drawn(submission)
    with _drawing_lock:
        _drawings[key] = sheets
        while len(_drawings) > _MOST_KEPT:
            _drawings.popitem(last=False)
    return sheets, ""


# --- what the bureau says ----------------------------------------------------------------------------------


def decide_here(visit: Visit) -> Response:
    """Any decision on one duty, as it was seen."""
    code, county = visit.text("code"), visit.text("county")
    about: dict[str, Any] = {
        "county": county, "form": visit.text("form"), "project": visit.text("project"),
        "seen": visit.number("seen"), "since": visit.number("since"), "why": visit.text("why"),
    }  # fmt: skip
    if about["seen"] is None or about["since"] is None:
        raise WorkbookError("没有写明看到的是第几版，没有照办；请刷新页面再做一次")
    number = visit.number("number")
    match visit.text("do"):
        case "approve":
            about["approve"] = True
        case "use":
            about["use"] = number
        case "excuse":
            about["excuse"] = True
        case "nothing":
            about["nothing"] = True
        case "extend":
            about["extend"] = _required_day(visit, "day", "延期到哪一天")
        case "dated":
            about |= {
                "received_on": _required_day(visit, "day", "实际收到的日期"),
                "version": number,
            }
        case "accept":
            about |= {"accept": [number], "until": visit.day("until", "同意到的日期")}
        case "refuse":
            about["refuse"] = [number]
        case "undo":
            about["undo"] = True
        case _:
            raise WorkbookError("请选一个决定")
    with visit.round.alone() as path:
        done = decide(path, code, **about)
    return visit.done(visit.back(f"{visit.here}/board"), done)


def _required_day(visit: Visit, name: str, what: str) -> Any:
    day = visit.day(name, what)
    if day is None:
        raise WorkbookError(f"请写{what}")
    return day


def send_back_here(visit: Visit) -> Response:
    """Send one department's forms back."""
    code, county = visit.text("code"), visit.text("county")
    with visit.round.alone() as path:
        done = send_back(
            path, [code], county=county, form=visit.text("form"), project=visit.text("project"),
            by=visit.day_to_come("by", "改好报回的日期"), why=visit.text("why"),
        )  # fmt: skip
    line = (
        f"写好了退回的表和通知 {len(done.files)} 个文件，从“收到的各版”下面取，发给单位就行"
        if done.files
        else ""
    )
    if not done.files and not done.refused:
        line = "上次退回以后没有新报来的，不用再退"
    return visit.done(visit.back(f"{visit.here}/board"), done, line)


def assign_here(visit: Visit) -> Response:
    """Say whose a file is, or that it is nobody's."""
    if visit.text("do") == "nobody":
        code = county = ""
    else:
        code, county = _chosen(visit)
    with visit.round.alone() as path:
        done = assign(path, visit.text("file"), code, county=county)
    return visit.done(visit.back(f"{visit.here}/lists/unassigned"), done)


def _chosen(visit: Visit) -> tuple[str, str]:
    """The department that was picked: its code, or `code name` as the list offers it."""
    given = visit.text("whose")
    if not given:
        raise WorkbookError("请先选单位")
    for department in visit.round.snapshot().departments.departments:
        entry = department.entry
        if given in (
            entry.code,
            entry.department,
            offered(entry.county, entry.code, entry.department),
        ):
            return entry.code or entry.department, entry.county
    raise WorkbookError(f"{given[:40]}：名册上没有这个单位，请从列出的里面选")


def offered(county: str, code: str, name: str) -> str:
    """A department as a list offers it."""
    return " ".join(filter(None, (county, code, name)))


def received_file(visit: Visit, on_desk: RoundOnDesk, sha256: str) -> Response:
    """A file as it came. Raises NotHere for one that never did."""
    snapshot = on_desk.snapshot()
    files = snapshot.board.files if snapshot.board is not None else snapshot.counties.files
    if sha256 not in files:
        raise NotHere("没有收到过这个文件")
    with on_desk.opened() as this_round:
        return attached(
            this_round.folder.stored(sha256), files[sha256].data["name"].rpartition("/")[2]
        )
