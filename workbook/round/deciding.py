"""`decide` and `assign`: what the bureau says of a duty, each an event that another can undo."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbook.arguments import DayLike, PathLike, as_day, as_whole
from workbook.errors import WorkbookError
from workbook.language import t
from workbook.round.folder import OpenRound, opened
from workbook.round.intake import Incoming
from workbook.round.ledger import KIND_WORDS, Event, Overtaken
from workbook.round.placing import place_for
from workbook.round.receiving import KeptReader, Reception, problem_list
from workbook.round.state import (
    STATES,
    Board,
    DutyState,
    LivingProblem,
    Waiver,
    current_key,
    fold,
    last_standing_decision,
    today_in_china,
)
from workbook.round.versions import Standing, Version


@dataclass(frozen=True, slots=True)
class Done:
    """What a command wrote: events, files, and what was refused, each with the reason."""

    events: tuple[int, ...] = ()
    files: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    """What was done, a sentence each."""
    board: Board | None = field(default=None, repr=False)

    def record(self) -> dict[str, Any]:
        """As JSON."""
        refused = [{"code": code, "why": why} for code, why in self.refused]
        return {"events": list(self.events), "files": list(self.files), "refused": refused}


def duties_of(
    board: Board, code: str, *, county: str = "", form: str = "", project: str = "", deciding: bool = True,
) -> list[DutyState]:  # fmt: skip
    """The duties that a code, and what else is given, may mean; of a department that the roster has no more only where
    nothing is to be decided.

    Raises WorkbookError where there is none, or two departments may be meant.

    >>> from workbook.round import duties_of, fold, new_round, opened
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> with opened(path) as this_round:
    ...     [duty.state for duty in duties_of(fold(this_round), "118001")]
    ['not_issued']
    """
    of_code = [
        department
        for department in board.departments
        if code in (department.entry.code, department.entry.department)
        and county in ("", department.entry.county)
    ]
    if not of_code and (former := [d for d in board.former if d.key.code == code]) and not deciding:
        return former
    if not of_code:
        raise WorkbookError(
            t("{code}：名册上没有这个单位；请写预算编码，或名册上的全称", code=code)
        )
    if len(of_code) > 1:
        counties = t("、").join(department.entry.county for department in of_code)
        raise WorkbookError(
            t(
                "{code}：{counties}都有这个编码，请用 --county 写明是哪个县区的",
                code=code,
                counties=counties,
            )
        )
    duties = [
        duty
        for duty in of_code[0].duties
        if form in ("", duty.form.id, duty.form.name) and project in ("", duty.project)
    ]
    if not duties:
        owed = t("、").join(_named(duty) for duty in of_code[0].duties)
        raise WorkbookError(t("{code}：没有这张表要报；应报的是 {owed}", code=code, owed=owed))
    return duties


def _named(duty: DutyState) -> str:
    return f"{duty.form.id}" + (f"“{duty.project}”" if duty.project else "")


def decide(
    folder: PathLike | OpenRound,
    code: str,
    *,
    county: str = "",
    form: str = "",
    project: str = "",
    seen: int | None = None,
    since: int | None = None,
    approve: bool = False,
    use: int | None = None,
    excuse: bool = False,
    nothing: bool = False,
    extend: DayLike | None = None,
    received_on: DayLike | None = None,
    version: int | None = None,
    accept: Iterable[int] = (),
    refuse: Iterable[int] = (),
    undo: bool = False,
    why: str = "",
    until: DayLike | None = None,
) -> Done:
    """Decide on what a department owes; see docs/commands.md, `round decide`.

    `seen` is the number of the last version that the decision rests on: if another one has come, it is refused
    with what changed; so it is where anything has been decided or sent after the event of the number `since`.
    Raises WorkbookError where a decision is refused, and nothing is written down.

    >>> from workbook.round import decide, new_round
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> decide(path, "118001", excuse=True, why="机构改革").said
    ('118001 岳阳市云溪区档案馆：免报',)
    """
    accept, refuse = list(accept), list(refuse)
    chosen = {
        "approve": approve, "use": use is not None, "excuse": excuse, "nothing": nothing, "extend": extend is not None,
        "received_on": received_on is not None, "accept": bool(accept), "refuse": bool(refuse), "undo": undo,
    }  # fmt: skip
    named = [name for name, is_given in chosen.items() if is_given]
    if not named or (len(named) > 1 and set(named) != {"accept", "refuse"}):
        options = t("、").join(f"--{name.replace('_', '-')}" for name in chosen)
        raise WorkbookError(t("请写明一个决定：{options} 之一", options=options))
    with opened(folder) as this_round:
        this_round.require_open()
        while True:
            board = fold(this_round)
            duties = duties_of(board, code, county=county, form=form, project=project)
            decision = _Decision(
                this_round, duties, why.strip(), None if until is None else as_day(until, "until")
            )
            if seen is not None:
                decision.require_seen(as_whole(seen, "seen", least=0))
            if since is not None:
                decision.require_nothing_since(as_whole(since, "since", least=0))
            match named[0]:
                case "approve":
                    events = decision.approve()
                case "use":
                    events = decision.use(as_whole(use, "use", least=1))
                case "excuse":
                    events = decision.settle("excused", "excused")
                case "nothing":
                    events = decision.settle("declared_nothing", "nothing")
                case "extend":
                    events = decision.extend(as_day(extend, "extend"))
                case "received_on":
                    events = decision.date(as_day(received_on, "received_on"), version)
                case "undo":
                    events = decision.undo()
                case _:
                    events = decision.answer(accept, refuse)
            try:
                written = this_round.write(events)
            except Overtaken:
                this_round.refresh()
                continue
            after = fold(this_round)
            return Done(
                tuple(event.id for event in written),
                remarks=tuple(this_round.remarks),
                said=tuple(
                    t(
                        "{who}：{what}",
                        who=d.full_key,
                        what=_told(written, d) + _state_words(after.by_key[d.key]),
                    )
                    for d in duties
                ),
                board=after,
            )


_ASIDE = ("issued", "reminded")
"""What may happen to a duty without a decision on it resting on something else."""


def _told(events: Sequence[Event], duty: DutyState) -> str:
    """What was decided on a duty, as a clause; blank where the state says it."""
    clauses = []
    for event in events:
        if event.duty != duty.key:
            continue
        data = event.data
        number = data.get("version")
        numbers = t("、").join(map(str, data.get("numbers", ())))
        clauses += {
            "extended": [t("延期到 {day}", day=data.get("to"))],
            "dated": [t("第 {number} 版收到日期 {day}", number=number, day=data.get("on"))],
            "approved": [t("第 {number} 版", number=number)],
            "used": [t("以第 {number} 版为准", number=number)],
            "waived": [t("同意 {numbers} 不改", numbers=numbers)], "refused": [t("不同意 {numbers}", numbers=numbers)],
            "undone": [t("撤销了上一个决定")],
        }.get(event.kind, [])  # fmt: skip
    return "".join(clause + t("，") for clause in clauses)


def _state_words(duty: DutyState) -> str:
    return t(STATES[duty.state])


class _Decision:
    """One decision on some duties of a department."""

    def __init__(
        self,
        this_round: OpenRound,
        duties: Sequence[DutyState],
        why: str,
        until: datetime.date | None,
    ) -> None:
        self.round = this_round
        self.duties = duties
        self.why = why
        self.until = until
        self.group = (this_round.events[-1].id if this_round.events else 0) + 1

    def require_seen(self, seen: int) -> None:
        """Refuse where another version has come since."""
        for duty in self.duties:
            last = max((version.number for version in duty.versions), default=0)
            if last != seen:
                newer = [
                    t("第 {number} 版（{name}，{time}）", number=v.number, name=v.name, time=v.time)
                    for v in duty.versions
                    if v.number > seen
                ]
                raise WorkbookError(
                    t(
                        "{full_key}：看到的是第 {seen} 版，后来又有{what}；没有照办，请看过再定",
                        full_key=duty.full_key,
                        seen=seen,
                        what=t("、").join(newer) or t("变动"),
                    )
                )

    def require_nothing_since(self, since: int) -> None:
        """Refuse where something has been written down of one of the duties since."""
        for duty in self.duties:
            later = [
                e for e in self.round.events[since:]
                if e.duty.text and current_key(self.round, e.duty) == duty.key and e.kind not in _ASIDE
            ]  # fmt: skip
            if later:
                told = t("、").join(
                    dict.fromkeys(f"{e.who} {t(KIND_WORDS[e.kind])}" for e in later)
                )
                raise WorkbookError(
                    t(
                        "{full_key}：您打开这一页以后又有变动（{told}）；没有照办，请看过再定",
                        full_key=duty.full_key,
                        told=told,
                    )
                )

    def _event(self, kind: str, duty: DutyState, file: str = "", **data: Any) -> Event:
        words = {"why": self.why} if self.why else {}
        return Event(kind, duty.key, file, {**data, **words, "group": self.group})

    def _one(self, what: str) -> DutyState:
        if len(self.duties) > 1:
            owed = t("、").join(map(_named, self.duties))
            who = self.duties[0].full_key
            raise WorkbookError(
                t(
                    "{who}：有 {count} 张表要报（{owed}），{what}要用 --form、--project 写明是哪一张",
                    who=who,
                    count=len(self.duties),
                    owed=owed,
                    what=what,
                )
            )
        return self.duties[0]

    def _require_why(self, what: str) -> None:
        if not self.why:
            raise WorkbookError(t("{what}要写明原因：--why “……”", what=what))

    def approve(self) -> list[Event]:
        events = []
        for duty in self.duties:
            version = duty.after_approval or duty.counted
            if duty.settled or (duty.is_approved and duty.after_approval is None):
                continue
            if version is None:
                raise WorkbookError(t("{full_key}：还没有可以核定的表", full_key=duty.full_key))
            if duty.rivals:
                raise WorkbookError(
                    t("{full_key}：几份分不清哪份在后，请先用 --use 定一份", full_key=duty.full_key)
                )
            errors = duty.open_errors(version)
            if errors and not self.why:
                raise WorkbookError(
                    t(
                        "{full_key}：还有 {errors} 处错误未改，要核定请写明原因：--why “……”",
                        full_key=duty.full_key,
                        errors=errors,
                    )
                )
            events.append(self._event("approved", duty, version.sha256, version=version.number))
        if not events:
            raise self._settled_already()
        return events

    def use(self, number: int) -> list[Event]:
        duty = self._one("--use ")
        version = self._version(duty, number)
        if not version.is_right:
            raise WorkbookError(
                t(
                    "{full_key}：第 {number} 版不是这一次要的表，不能计入",
                    full_key=duty.full_key,
                    number=number,
                )
            )
        open_ = duty.rivals or duty.after_approval
        if version == duty.counted == duty.latest and not open_:
            raise WorkbookError(
                t(
                    "{full_key}：计入的已经是第 {number} 版，不必再定",
                    full_key=duty.full_key,
                    number=number,
                )
            )
        return [self._event("used", duty, version.sha256, version=number)]

    def _version(self, duty: DutyState, number: int) -> Version:
        version = duty.version(number)
        if version is None:
            known = t("、").join(str(each.number) for each in duty.versions) or t("还没有收到")
            raise WorkbookError(
                t(
                    "{full_key}：没有第 {number} 版；现有：{known}",
                    full_key=duty.full_key,
                    number=number,
                    known=known,
                )
            )
        return version

    def _settled_already(self) -> WorkbookError:
        duty = self.duties[0]
        text = t(
            "{full_key}：已经是{state}，不必再定", full_key=duty.full_key, state=_state_words(duty)
        )
        return WorkbookError(text)

    def settle(self, kind: str, state: str) -> list[Event]:
        if kind == "excused":
            self._require_why(t("免报"))
        open_ = [duty for duty in self.duties if duty.settled != state]
        if not open_:
            raise self._settled_already()
        return [self._event(kind, duty) for duty in open_]

    def extend(self, day: datetime.date) -> list[Event]:
        for duty in self.duties:
            if duty.deadline is not None and day < duty.deadline:
                raise WorkbookError(
                    t(
                        "{full_key}：延期到 {day}，比原来的 {deadline} 还早，请核对日期",
                        full_key=duty.full_key,
                        day=day,
                        deadline=duty.deadline,
                    )
                )
        duties = [duty for duty in self.duties if duty.extended_to != day]
        if not duties:
            raise WorkbookError(
                t("{full_key}：已经延到 {day}，不必再定", full_key=self.duties[0].full_key, day=day)
            )
        return [self._event("extended", duty, to=day.isoformat()) for duty in duties]

    def date(self, day: datetime.date, number: int | None) -> list[Event]:
        duty = self._one("--received-on ")
        if not duty.versions:
            raise WorkbookError(t("{full_key}：还没有收到，没有日期可改", full_key=duty.full_key))
        version = (
            self._version(duty, as_whole(number, "version", least=1))
            if number is not None
            else duty.versions[0]
        )
        if version.day == day:
            raise WorkbookError(
                t(
                    "{full_key}：第 {number} 版已经记在 {day} 收到，不必再定",
                    full_key=duty.full_key,
                    number=version.number,
                    day=day,
                )
            )
        return [
            self._event("dated", duty, version.sha256, version=version.number, on=day.isoformat())
        ]

    def undo(self) -> list[Event]:
        self._require_why(t("撤销"))
        events = []
        for duty in self.duties:
            last = last_standing_decision(duty)
            if last:
                events.append(
                    self._event("undone", duty, of=[event.id for event in last], what=last[0].kind)
                )
        if not events:
            raise WorkbookError(
                t("{full_key}：没有可以撤销的决定", full_key=self.duties[0].full_key)
            )
        return events

    def answer(self, accept: Sequence[int], refuse: Sequence[int]) -> list[Event]:
        if self.until is not None and self.until < today_in_china():
            raise WorkbookError(t("--until {until} 已经过去了，请核对日期", until=self.until))
        duty = self._one("--accept、--refuse ")
        if both := set(accept) & set(refuse):
            raise WorkbookError(t("第 {both} 个问题同时写了同意和不同意", both=min(both)))
        if accept:
            self._require_why(t("同意"))
        events = []
        if accept:
            problems = [self._living(duty, number) for number in accept]
            if all(each.waiver and self._is_same(each.waiver) for each in problems):
                raise WorkbookError(t("{full_key}：已经同意过，不必再定", full_key=duty.full_key))
            events.append(self._event(
                "waived", duty, problems=problem_list(each.problem for each in problems), numbers=list(accept),
                **({"until": self.until.isoformat()} if self.until else {}),
            ))  # fmt: skip
        if refuse:
            problems = [self._living(duty, number) for number in refuse]
            if all(each.refusal is not None and each.state == "open" for each in problems):
                raise WorkbookError(t("{full_key}：已经不同意过，不必再定", full_key=duty.full_key))
            unanswered = next((each.number for each in problems if each.state == "open"), None)
            if unanswered is not None:
                raise WorkbookError(
                    t(
                        "{full_key}：第 {numbers} 个问题单位没有答复，没有可以不同意的",
                        full_key=duty.full_key,
                        numbers=unanswered,
                    )
                )
            events.append(self._event(
                "refused", duty, problems=problem_list(each.problem for each in problems), numbers=list(refuse)
            ))  # fmt: skip
        return events

    def _is_same(self, waiver: Waiver) -> bool:
        return (waiver.why, waiver.until) == (self.why, self.until)

    def _living(self, duty: DutyState, number: int) -> LivingProblem:
        for version in (duty.latest, duty.counted):
            for each in duty.problems_of(version):
                if each.number == number:
                    return each
        known = t("、").join(
            str(each.number) for each in duty.problems_of(duty.latest or duty.counted)
        ) or t("没有")
        raise WorkbookError(
            t(
                "{full_key}：没有第 {number} 个问题；现在的问题：{known}",
                full_key=duty.full_key,
                number=number,
                known=known,
            )
        )


def assign(
    folder: PathLike | OpenRound,
    file: str,
    code: str,
    *,
    county: str = "",
    form: str = "",
    project: str = "",
) -> Done:
    """Say whose a file is; with a blank code, that it is nobody's and need not wait.

    `file` is the head of its SHA-256, its name, or of a file of nobody its number in `status`.

    >>> from pathlib import Path
    >>> from workbook.round import assign, new_round, receive
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> _ = Path("扫描.pdf").write_bytes(b"%PDF-1.4")
    >>> receive(path, "扫描.pdf").files[0].outcome
    'unassigned'
    >>> assign(path, "扫描.pdf", "118001").said
    ('扫描.pdf：归 118001 岳阳市云溪区档案馆，未发',)
    """
    with opened(folder) as this_round:
        this_round.require_open()
        while True:
            board = fold(this_round)
            if not code:
                return _of_nobody(this_round, board, file)
            duties = duties_of(board, code, county=county, form=form, project=project)
            sha256 = _file_named(board, file)
            event = board.files[sha256]
            incoming = Incoming(
                event.data["name"],
                sha256,
                event.data["size"],
                event.data["time"],
                event.data["time_of"],
            )
            reader = KeptReader(this_round)
            (returned,) = reader.read([(incoming.name, sha256)])
            duty = _duty_for(duties, returned.submission.form.id if returned.submission else "")
            placement = place_for(this_round, duty.key, incoming, returned)
            stands = board.placement(sha256)
            if stands is not None and (stands[0].key, stands[1].standing) == (
                duty.key,
                placement.standing,
            ):
                raise WorkbookError(
                    t(
                        "{name}：已经归 {full_key}，不必再定",
                        name=incoming.name,
                        full_key=duty.full_key,
                    )
                )
            reception = Reception(this_round, board, reader)
            reception.placements[sha256] = placement
            judged, _ = reception.judge([(incoming, returned)])
            events = [Event("assigned", duty.key, sha256, {"standing": placement.standing.value})]
            if placement.standing != Standing.ATTACHMENT:
                data = reception.read_data(judged[sha256], placement)
                events.append(Event("read", duty.key, sha256, data))
                events += reception.answers(duty.key, sha256, judged[sha256])
            try:
                written = this_round.write(events, readings=reception.readings)
            except Overtaken:
                this_round.refresh()
                continue
            after = fold(this_round)
            said = t(
                "{name}：归 {full_key}，{state}",
                name=incoming.name,
                full_key=duty.full_key,
                state=_state_words(after.by_key[duty.key]),
            )
            return Done(
                tuple(e.id for e in written),
                remarks=tuple(this_round.remarks),
                said=(said,),
                board=after,
            )


def _of_nobody(this_round: OpenRound, board: Board, file: str) -> Done:
    """Note that a file is of no department."""
    sha256 = _file_named(board, file)
    if sha256 not in {stray.sha256 for stray in board.unassigned}:
        raise WorkbookError(t("{file}：这个文件已经归了单位，或者已经说过不用管", file=file))
    written = this_round.write_now(
        [Event("assigned", file=sha256, data={"standing": Standing.ATTACHMENT.value})]
    )
    said = t("{name}：不归哪个单位，不用管了", name=board.files[sha256].data["name"])
    return Done(
        tuple(e.id for e in written),
        remarks=tuple(this_round.remarks),
        said=(said,),
        board=fold(this_round),
    )


def _file_named(board: Board, file: str) -> str:
    """The SHA-256 of a file that is named by its head, its number among those of nobody, or its name."""
    sought = file.strip().casefold()
    numbered = [stray.sha256 for stray in board.unassigned if str(stray.event) == sought]
    if numbered:
        return numbered[0]
    of_hash = [sha256 for sha256 in board.files if len(sought) >= 4 and sha256.startswith(sought)]
    of_name = [
        sha256 for sha256, event in board.files.items()
        if event.data["name"].casefold() == sought or event.data["name"].casefold().rpartition("/")[2] == sought
    ]  # fmt: skip
    candidates = of_hash or of_name
    if len(candidates) != 1:
        many = t("有 {count} 个文件都是", count=len(candidates)) if candidates else t("没有收到过")
        raise WorkbookError(
            t(
                "{file}：{many}这个文件；请写 status 里列出的编号，或文件的名称",
                file=file,
                many=many,
            )
        )
    return candidates[0]


def _duty_for(duties: Sequence[DutyState], form: str) -> DutyState:
    """Of several duties the one of a form that was read."""
    fitting = [duty for duty in duties if duty.form.id == form] or list(duties)
    if len(fitting) > 1 and any(duty.project for duty in fitting):
        raise WorkbookError(
            t(
                "{full_key}：有几张表要报，请用 --form、--project 写明是哪一张",
                full_key=fitting[0].full_key,
            )
        )
    return fitting[0]
