"""`history`: a department's versions, each against the one received before, and all that happened; the round as tables."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

from workbook.arguments import PathLike
from workbook.form import Form
from workbook.reading import CHINA, Submission
from workbook.round.deciding import duties_of
from workbook.round.folder import OpenRound, opened
from workbook.round.problems import label_of
from workbook.round.receiving import KeptReader, findings_of
from workbook.round.state import DutyState, LivingProblem, current_key, fold, status
from workbook.round.versions import Standing, Version, day_in_china

if TYPE_CHECKING:
    import pandas as pd

    from workbook.summary import Schema


def history(
    folder: PathLike | OpenRound, code: str, *, county: str = "", form: str = "", project: str = ""
) -> dict[str, Any]:
    """The history of what a department owes, as docs/commands.md tells it, `round history --json`.

    >>> from workbook.round import history, new_round, receive
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> [version["errors"] for version in history(path, "301001")["duties"][0]["versions"]]
    [1]
    """
    with opened(folder) as this_round:
        board = fold(this_round)
        duties = duties_of(board, code, county=county, form=form, project=project, deciding=False)
        keys = {duty.key for duty in duties}
        names = {sha256: event.data["name"] for sha256, event in board.files.items()}
        events = [
            {"id": e.id, "at": e.at, "who": e.who, "kind": e.kind, "county": e.duty.county, "code": e.duty.code,
             "form": e.duty.form, "project": e.duty.project or None, "file": names.get(e.file), "data": dict(e.data)}
            for e in this_round.events
            if e.duty.text and current_key(this_round, e.duty) in keys
        ]  # fmt: skip
        return {
            "duties": [
                {
                    "form": duty.form.id,
                    "name": duty.form.name,
                    "project": duty.project or None,
                    "versions": _versions(this_round, duty),
                    "counted": duty.counted.number if duty.counted else None,
                    "latest": latest.number if (latest := _latest(duty)) else None,
                    "problems": problems_in(this_round, duty, _latest(duty)),
                }
                for duty in duties
            ],
            "events": events,
        }


def round_tables(folder: PathLike | OpenRound) -> list[tuple[Schema, pd.DataFrame]]:
    """The round's events and where each duty stands, with their schemas, as `builder.write_data(further=…)` takes them.

    >>> from workbook.round import new_round, receive, round_tables
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> [(schema.name, len(frame)) for schema, frame in round_tables(path)][1]
    ('states', 14)
    """
    import pandas as pd  # noqa: PLC0415 - slow to import, and no other verb needs it here

    from workbook.summary import TEXT, TIMESTAMP, TRUTH, WHOLE, FrameColumn, Schema  # noqa: PLC0415

    who = [
        FrameColumn("county", TEXT, "县区；不知道是哪个县区的为空文本"),
        FrameColumn("code", TEXT, "预算编码"),
    ]
    what = [
        FrameColumn("form", TEXT, "表式"),
        FrameColumn("project", TEXT, "项目名称；单位自己的表为空"),
    ]
    events = Schema(
        "events",
        "一年里的每一件事，一件一行，依次序",
        (FrameColumn("event", WHOLE, "第几件，从 1 起"),),
        (
            FrameColumn("at", TIMESTAMP, "记下的时间，北京时间"), FrameColumn("who", TEXT, "谁"),
            FrameColumn("kind", TEXT, "哪种事"), *who, *what,
            FrameColumn("file", TEXT, "关于哪份文件：它的 SHA-256；没有的为空"),
            FrameColumn("data", TEXT, "其余，JSON"), FrameColumn("hash", TEXT, "这一件连同以前各件的指纹"),
        ),
    )  # fmt: skip
    states = Schema(
        "states",
        "应报的每份表现在怎么样，一份一行",
        (FrameColumn("line", WHOLE, "行号，从 0 起"),),
        (
            *who, FrameColumn("department", TEXT, "部门，名册上的"), *what,
            FrameColumn("state", TEXT, "not_issued 未发 · issued 已发未报 · faulty 须退回 · sent_back 退回修改中 · "
                        "to_decide 待核定 · passed 通过 · approved 核定 · nothing 申报无 · excused 免报"),
            FrameColumn("versions", WHOLE, "收到几份", "份"),
            FrameColumn("counted", TEXT, "计入的那一份：它的 SHA-256；没有的为空"),
            *(FrameColumn(name, WHOLE, meaning, "个") for name, meaning in (("errors", "未了的错误"),
              ("warnings", "未了的提醒"), ("answered", "单位答复了、待定的"), ("waived", "免去的"))),
            FrameColumn("on_time", TRUTH, "第一份对的、读得出的按时来了没有；没有期限或还没来的为空"),
        ),
    )  # fmt: skip
    with opened(folder) as this_round:
        told = list(this_round.events)
        lines = [
            {**department, "department": department["name"], **duty}
            for department in status(this_round)[1]["departments"]
            for duty in department["duties"]
        ]
    rows = [
        {
            "at": datetime.datetime.fromisoformat(e.at).astimezone(CHINA).replace(tzinfo=None),
            "who": e.who, "kind": e.kind, "county": e.duty.county, "code": e.duty.code, "form": e.duty.form or None,
            "project": e.duty.project or None, "file": e.file or None,
            "data": json.dumps(dict(e.data), ensure_ascii=False, sort_keys=True), "hash": e.hash,
        }
        for e in told
    ]  # fmt: skip
    numbers = pd.Index([e.id for e in told], dtype="int64", name="event")

    def frame(schema: Schema, records: list[dict[str, Any]]) -> pd.DataFrame:
        return pd.DataFrame(
            {c.name: pd.array([r[c.name] for r in records], dtype=c.dtype) for c in schema.columns}  # type: ignore[call-overload]
        )

    return [
        (events, frame(events, rows).set_axis(numbers)),
        (states, frame(states, lines).rename_axis("line")),
    ]


def problems_in(
    this_round: OpenRound, duty: DutyState, version: Version | None
) -> list[dict[str, Any]]:
    """The problems of a version, in words, with what was answered and decided.

    >>> from workbook.round import fold, new_round, opened, problems_in, receive
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> with opened(path) as this_round:
    ...     (duty,) = [duty for duty in fold(this_round).duties if duty.key.code == "301001"]
    ...     problems_in(this_round, duty, duty.counted)[0]["severity"]
    'error'
    """
    findings = findings_of(this_round.ledger.reading(version.reading)) if version else []
    return [
        {
            "number": each.number, "severity": each.problem.severity, "state": each.state, "row": each.problem.row,
            "place": f"{findings[each.problem.finding].sheet} {findings[each.problem.finding].cell}".strip(),
            "message": findings[each.problem.finding].message, "answer": each.answer.action if each.answer else None,
            "note": each.answer.note if each.answer else None, "why": _why(each),
            "hint": findings[each.problem.finding].hint, "fields": list(each.problem.fields),
        }
        for each in duty.problems_of(version)
    ]  # fmt: skip


def submission_of(this_round: OpenRound, version: Version) -> Submission | None:
    """What was filled in in a version, read once more from the file that is kept; None if it is no form.

    >>> from workbook.round import fold, new_round, opened, receive, submission_of
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> with opened(path) as this_round:
    ...     (duty,) = [duty for duty in fold(this_round).duties if duty.key.code == "301001"]
    ...     submission_of(this_round, duty.counted).department
    '岳阳市云溪区教育局'
    """
    (returned,) = KeptReader(this_round).read([(version.name, version.sha256)])
    return returned.submission


def _latest(duty: DutyState) -> Version | None:
    """The last copy in order; of none that is right the last one."""
    return duty.latest or duty.counted or next(reversed(duty.versions), None)


def _why(living: LivingProblem) -> str | None:
    """What the bureau said of it."""
    if living.waiver is not None:
        return living.waiver.why
    return living.refusal.data.get("why", "") if living.refusal is not None else None


def _versions(this_round: OpenRound, duty: DutyState) -> list[dict[str, Any]]:
    records = []
    before: Version | None = None
    for version in duty.versions:
        records.append(_record(this_round, duty, version, before))
        before = version
    return records


def _record(
    this_round: OpenRound, duty: DutyState, version: Version, before: Version | None
) -> dict[str, Any]:
    living = duty.problems_of(version)
    own = {each.problem.identity for each in living}
    former = duty.problems_of(before)
    known = {each.problem.identity for each in former}
    return {
        "number": version.number,
        "file": version.name,
        "received_at": version.time
        if day_in_china(version.time) == version.day
        else version.day.isoformat(),
        "on_time": None if duty.deadline is None else version.day <= duty.deadline,
        "errors": sum(each.is_open_error for each in living),
        "warnings": sum(
            each.problem.severity == "warning" and each.state != "waived" for each in living
        ),
        "changed": _changed(this_round, duty, version, before),
        "gone": [each.number for each in former if each.problem.identity not in own],
        "new": [
            each.number
            for each in living
            if before is not None and each.problem.identity not in known
        ],
        "open": [
            each.number
            for each in living
            if each.state == "open" and (before is None or each.problem.identity in known)
        ],
    }


def _changed(
    this_round: OpenRound, duty: DutyState, version: Version, before: Version | None
) -> list[dict[str, Any]]:
    """The cells that hold something else than in the version before."""
    unread = Standing.UNREADABLE
    if before is None or unread in (version.standing, before.standing):
        return []
    ours, theirs = (this_round.ledger.reading(each.reading)["cells"] for each in (version, before))
    nothing = (None, "")
    changed = []
    for name in dict.fromkeys((*theirs, *ours)):
        (was, place), (now, newer_place) = theirs.get(name, nothing), ours.get(name, nothing)
        if _plain(was) == _plain(now) or (was is None and _may_be_formula(duty.form, name)):
            continue
        either, cell = {**theirs, **ours}, newer_place or place
        line = int("".join(filter(str.isdecimal, cell)) or 0)
        label = label_of(duty.form, name, line, lambda of: either.get(of, nothing)[0])  # noqa: B023
        changed.append({"name": name, "label": label, "cell": cell, "from": was, "to": now})
    return changed


def _plain(value: object) -> object:
    """What a cell holds, blanks around it aside."""
    return value.strip() or None if isinstance(value, str) else value


def _may_be_formula(form: Form, name: str) -> bool:
    """Whether the template works the cell out unless something is typed over it: an .xls does not tell which."""
    return ".".join(name.split(".")[:2]) in form.formulas
