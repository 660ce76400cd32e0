"""All that is known of a round, folded from its events: each duty's versions, problems, answers, decisions, state."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from workbook.arguments import PathLike
from workbook.checking import RosterEntry
from workbook.form import Form
from workbook.language import marked, t
from workbook.layout import FIXED
from workbook.reading import CHINA
from workbook.round.folder import OpenRound, Owed, due_of, opened
from workbook.round.ledger import DutyKey, Event
from workbook.round.problems import Problem
from workbook.round.settings import RoundSettings
from workbook.round.versions import Standing, Version, day_in_china, new_errors, order

STATES = {
    "to_decide": marked("待核定"),
    "faulty": marked("须退回"),
    "not_issued": marked("未发"),
    "sent_back": marked("退回修改中"),
    "issued": marked("已发未报"),
    "passed": marked("通过"),
    "approved": marked("核定"),
    "nothing": marked("申报无"),
    "excused": marked("免报"),
}
"""The states of a duty and of a department, the worst first, as the clerk reads them."""
PROBLEM_STATES = {
    "open": marked("未改"),
    "answered": marked("答复待定"),
    "waived": marked("已核定不改"),
}
"""How a problem stands."""
_RANK = {state: rank for rank, state in enumerate(STATES)}
FINISHED = ("approved", "nothing", "excused")
_WAITING = ("not_issued", "issued", "faulty", "sent_back")
DECISIONS = frozenset((
    "approved", "used", "excused", "declared_nothing", "extended", "dated", "waived", "refused", "assigned",
))  # fmt: skip
"""What can be undone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a department answered to one problem in the form that was sent back."""

    action: str
    note: str
    values: str
    """What the problem rested on when it was sent back."""
    event: int


@dataclass(frozen=True, slots=True)
class Waiver:
    """A problem that stays as it is, by decision, for the values that it had."""

    why: str
    who: str
    until: datetime.date | None


@dataclass(frozen=True, slots=True)
class LivingProblem:
    """A problem of a version under its number, and how it stands."""

    number: int
    problem: Problem
    state: str
    """open, answered or waived."""
    answer: Answer | None = None
    """The last one; where the state is open, one that was refused, or given for other values."""
    waiver: Waiver | None = None
    refusal: Event | None = None
    """The bureau's last word on an answer, if it was no."""

    @property
    def is_open_error(self) -> bool:
        """Whether it hinders a form from passing."""
        return self.problem.severity == "error" and self.state != "waived"


@dataclass(slots=True)
class DutyState:
    """One duty: what came, what was said, where it stands. Filled by the fold, read by everybody else."""

    key: DutyKey
    form: Form
    entry: RosterEntry | None
    """None once the roster has it no more."""
    project: str
    versions: list[Version] = field(default_factory=list)
    attachments: list[Version] = field(default_factory=list)
    counted: Version | None = None
    latest: Version | None = None
    """The last in order of those that are right, whether it counts or not."""
    rivals: tuple[Version, ...] = ()
    """Copies of which nothing tells which is the later."""
    after_approval: Version | None = None
    """What came in after the decision."""
    is_issued: bool = False
    is_approved: bool = False
    settled: str = ""
    """nothing or excused, by decision."""
    extended_to: datetime.date | None = None
    sent: list[Event] = field(default_factory=list)
    """Each sending back."""
    last_arrival: int = 0
    """The event of the last version."""
    decisions: list[Event] = field(default_factory=list)
    """Those that stand."""
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    answers: dict[tuple[str, str, str], Answer] = field(default_factory=dict)
    """By a problem's identity and values."""
    waivers: dict[tuple[str, str, str], Waiver] = field(default_factory=dict)
    refusals: dict[tuple[str, str, str], Event] = field(default_factory=dict)
    today: datetime.date = datetime.date.min
    due_first: datetime.date | None = None
    """By when the roster or the settings ask for it."""
    placed: int = 0
    _known: dict[str, Any] | None = None
    """What was worked out, once the fold is done and nothing changes any more."""

    def conclude(self) -> None:
        """From now on nothing changes: what is asked again and again is worked out once."""
        self._known = {}

    # problems

    def problems_of(self, version: Version | None) -> list[LivingProblem]:
        """A version's problems under their numbers, in the order of their numbers."""
        if version is None or not version.problems:
            return []
        known = self._known if self._known is not None else {}
        if version.sha256 not in known:
            living = [self._living(problem) for problem in version.problems]
            known[version.sha256] = sorted(living, key=lambda each: each.number)
        found: list[LivingProblem] = known[version.sha256]
        return found

    def _living(self, problem: Problem) -> LivingProblem:
        key = (*problem.identity, problem.values)
        number = self.numbers[problem.identity]
        if not (self.waivers or self.answers or self.refusals):
            return LivingProblem(number, problem, "open")
        waiver, answer = self.waivers.get(key), self.answers.get(key)
        answer = answer or self._answered_before(problem)
        refused = self.refusals.get(key)
        if waiver is not None and (waiver.until is None or self.today <= waiver.until):
            return LivingProblem(number, problem, "waived", answer, waiver)
        if (
            answer is not None
            and answer.values == problem.values
            and answer.action != FIXED
            and (refused is None or answer.event > refused.id)
        ):
            return LivingProblem(number, problem, "answered", answer)
        return LivingProblem(number, problem, "open", answer, refusal=refused)

    def _answered_before(self, problem: Problem) -> Answer | None:
        """The last answer to a problem that was given for other values: it decides nothing, but was said."""
        given = [
            a for (*identity, _), a in self.answers.items() if (*identity,) == problem.identity
        ]
        return max(given, key=lambda answer: answer.event, default=None)

    def open_errors(self, version: Version | None) -> int:
        """How many errors of a version are neither mended nor waived."""
        return sum(each.is_open_error for each in self.problems_of(version))

    def answered(self) -> list[LivingProblem]:
        """The answers on which the bureau has to decide."""
        asked = {v.sha256: v for v in (self.counted, self.latest) if v is not None}
        by_number = {
            each.number: each
            for version in asked.values()
            for each in self.problems_of(version)
            if each.state == "answered"
        }
        return [by_number[number] for number in sorted(by_number)]

    # where it stands

    @property
    def is_sent_back(self) -> bool:
        """Whether the ball lies with the department."""
        return bool(self.sent) and self.sent[-1].id > self.last_arrival

    @property
    def state(self) -> str:
        """One of STATES."""
        if self._known is None:
            return self._state()
        if "state" not in self._known:
            self._known["state"] = self._state()
        return str(self._known["state"])

    def _state(self) -> str:
        if self.settled:
            return self.settled
        if self.rivals or self.after_approval or (not self.is_approved and self.answered()):
            return "to_decide"
        if self.is_approved:
            return "approved"
        if self.is_sent_back:
            return "sent_back"
        if self.counted is not None:
            return "faulty" if self.open_errors(self.counted) else "passed"
        if self.versions:
            return "faulty"
        return "issued" if self.is_issued else "not_issued"

    @property
    def needs_sending_back(self) -> bool:
        """Whether the last copy has an error, or what came cannot be used, and nobody has told the department."""
        if self.settled or self.is_approved or self.is_sent_back or not self.versions:
            return False
        if self.rivals:
            return False
        return (
            self.latest is None
            or bool(self.open_errors(self.latest))
            or any(each.refusal is not None for each in self.problems_of(self.latest))
        )

    def to_mend(self, version: Version | None) -> list[LivingProblem]:
        """What a department is told of a version: what nobody has waived, and no fresh form puts right by itself."""
        return [
            each
            for each in self.problems_of(version)
            if each.state != "waived" and not each.problem.is_gone_with_a_fresh_form
        ]

    @property
    def can_be_sent_back(self) -> bool:
        """Whether it can, if the bureau says so: also one that passed, for its warnings."""
        return self.needs_sending_back or (
            self.state == "passed" and bool(self.to_mend(self.latest))
        )

    def can_be_sent_back_for(self, why: str) -> bool:
        """Whether it can for what the bureau says in its own words, which it has not said already."""
        if not why or self.latest is None or self.state not in ("passed", "sent_back"):
            return False
        return not (self.is_sent_back and self.sent[-1].data.get("why") == why)

    @property
    def deadline(self) -> datetime.date | None:
        """By when it was asked for, an extension included."""
        return self.extended_to or self.due_first

    @property
    def due(self) -> datetime.date | None:
        """By when the ball has to come back: after a sending back the day it said."""
        if not self.is_sent_back:
            return self.deadline
        sent, deadline = self.sent[-1], self.deadline
        if by := sent.data.get("by"):
            day = datetime.date.fromisoformat(by)
            return max(day, self.extended_to) if self.extended_to else day
        # Sent back after the day, and no other was named: as soon as can be, which is never late.
        return deadline if deadline and day_in_china(sent.at) <= deadline else None

    @property
    def is_overdue(self) -> bool:
        """Whether the day has passed while the department had to act."""
        return self.due is not None and self.due < self.today and self.state in _WAITING

    @property
    def days_left(self) -> int | None:
        """Until the day it is due; negative when past."""
        return (self.due - self.today).days if self.due else None

    @property
    def on_time(self) -> bool | None:
        """Whether the first right and readable copy came by the deadline."""
        return (
            None
            if self.first_day is None or self.deadline is None
            else self.first_day <= self.deadline
        )

    @property
    def first_day(self) -> datetime.date | None:
        """The day on which the first right and readable copy came."""
        return next((version.day for version in self.versions if version.is_right), None)

    @property
    def full_key(self) -> str:
        """What it is called in messages: `0101 教育局“项目”`."""
        name = self.entry.department if self.entry else ""
        words = " ".join(dict.fromkeys(filter(None, (self.key.county, self.key.code, name))))
        return f"{words}“{self.project}”" if self.project else words

    def version(self, number: int) -> Version | None:
        """The version of a number."""
        return next((each for each in self.versions if each.number == number), None)

    def remarks(self) -> list[str]:
        """What the clerk has to know beside the state, a clause each."""
        told = []
        if self.counted is not None and (errors := self.open_errors(self.counted)):
            told.append(t("错误 {errors}", errors=errors))
        if self.rivals:
            told.append(t("几份分不清先后，请定一份"))
        if (after := self.after_approval) is not None:
            told.append(t("核定以后又来了第 {number} 版", number=after.number))
        if answered := self.answered():
            numbers = t("、").join(str(each.number) for each in answered)
            told.append(t("答复待定：{numbers}", numbers=numbers))
        last, counted = self.latest, self.counted
        if last and counted and last.sha256 != counted.sha256 and not self.rivals:
            told.append(
                t(
                    "第 {last} 版有新错误，没有换下第 {counted} 版",
                    last=last.number,
                    counted=counted.number,
                )
            )
        if count := len(self.attachments):
            told.append(t("附件 {count} 件", count=count))
        return told


@dataclass(frozen=True)
class DepartmentState:
    """One department and its duties."""

    entry: RosterEntry
    duties: tuple[DutyState, ...]

    @cached_property
    def worst(self) -> DutyState:
        """The duty that is worst off."""
        return min(self.duties, key=lambda duty: (_RANK[duty.state], not duty.is_overdue))

    @property
    def state(self) -> str:
        """That of its worst duty."""
        return self.worst.state

    @property
    def is_overdue(self) -> bool:
        """Whether one of its duties is."""
        return any(duty.is_overdue for duty in self.duties)

    @property
    def days_left(self) -> int | None:
        """The fewest of its duties that are not finished; else of all."""
        open_ = [d for d in self.duties if d.state not in (*FINISHED, "passed")] or list(
            self.duties
        )
        return min((d.days_left for d in open_ if d.days_left is not None), default=None)

    def told_days(self) -> str:
        """How long it still has, or how late it is; blank where nothing is due."""
        days = self.days_left
        if days is not None and self.is_overdue:
            return t("逾期 {days} 天", days=-days)
        if days is not None and days >= 0 and self.state not in (*FINISHED, "passed"):
            return t("还有 {days} 天", days=days)
        return ""


@dataclass(frozen=True, slots=True)
class StrayFile:
    """A file that belongs to nobody, as far as can be told."""

    sha256: str
    name: str
    why: str
    event: int


@dataclass(frozen=True)
class Board:
    """The state of a round."""

    departments: tuple[DepartmentState, ...]
    """In the roster's order."""
    former: tuple[DutyState, ...]
    """Of departments that the roster has no more, and something came of."""
    unassigned: tuple[StrayFile, ...]
    files: Mapping[str, Event]
    """Every file received, by its SHA-256, as its event has it."""
    closed: bool
    today: datetime.date
    remarks: tuple[str, ...] = ()
    """What the clerk has changed since the last command."""

    @cached_property
    def duties(self) -> tuple[DutyState, ...]:
        """All duties of the roster's departments."""
        return tuple(duty for department in self.departments for duty in department.duties)

    @cached_property
    def by_key(self) -> Mapping[DutyKey, DutyState]:
        """The duties by their keys."""
        return {duty.key: duty for duty in self.duties}

    def counts(self) -> dict[str, int]:
        """How many departments are in each state."""
        counts = dict.fromkeys(STATES, 0)
        for department in self.departments:
            counts[department.state] += 1
        return counts

    @property
    def missing(self) -> int:
        """How many departments have sent nothing right yet and are not let off."""
        return sum(
            any(not d.settled and d.counted is None for d in department.duties)
            for department in self.departments
        )

    def placement(self, sha256: str) -> tuple[DutyState, Version] | None:
        """The duty that a file belongs to, and what it is there."""
        return self._placements.get(sha256)

    @cached_property
    def _placements(self) -> dict[str, tuple[DutyState, Version]]:
        return {
            version.sha256: (duty, version)
            for duty in (*self.duties, *self.former)
            for version in (*duty.versions, *duty.attachments)
        }


def today_in_china() -> datetime.date:
    """This day where the deadlines are.

    >>> from workbook.round import today_in_china
    >>> today_in_china().isoformat() > "2024-12-31"
    True
    """
    return datetime.datetime.now(CHINA).date()


def fold(this_round: OpenRound, today: datetime.date | None = None) -> Board:
    """The state that the events make, seen on a day.

    >>> from workbook.round import fold, new_round, opened
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> with opened(path) as this_round:
    ...     len(fold(this_round).duties)
    14
    """
    return _Fold(this_round, today or today_in_china()).board()


class _Fold:
    """The events, one after the other."""

    def __init__(self, this_round: OpenRound, today: datetime.date) -> None:
        self.round = this_round
        self.today = today
        self.day = today
        """That of the event: which copy counts does not change at midnight because a waiver ends."""
        self.duties: dict[DutyKey, DutyState] = {}
        for owed in this_round.owed:
            self.duties[owed.key] = self._duty(owed)
        self.files: dict[str, Event] = {}
        self.read: dict[str, Event] = {}
        self.place: dict[str, tuple[DutyKey, Standing]] = {}
        self.renamed = this_round.renamed
        undone = (event.data["of"] for event in this_round.events if event.kind == "undone")
        self.undone = {number for numbers in undone for number in numbers}

    def _duty(self, owed: Owed) -> DutyState:
        due = due_of(owed.entry, self.round.settings)
        return DutyState(
            owed.key, owed.form, owed.entry, owed.project, today=self.today, due_first=due
        )

    def board(self) -> Board:
        for event in self.round.events:
            if event.id not in self.undone:
                self.day = day_in_china(event.at)
                handler = getattr(self, f"_{event.kind}", None)
                if handler is not None:
                    handler(event)
                if event.kind in DECISIONS and event.duty.text:
                    self.of(event.duty).decisions.append(event)
        for duty in self.duties.values():
            duty.today = self.today
            duty.conclude()
        departments: dict[tuple[str, str], list[DutyState]] = {}
        for owed in self.round.owed:
            departments.setdefault(owed.key_of_department, []).append(self.duties[owed.key])
        owed_keys = {owed.key for owed in self.round.owed}
        beyond = [duty for key, duty in self.duties.items() if key not in owed_keys]
        for duty in beyond:
            if duty.entry is not None:
                departments.setdefault((duty.key.county, duty.key.code), []).append(duty)
        extra = [duty for duty in beyond if duty.entry is None]
        entries = self.round.entries
        return Board(
            tuple(
                DepartmentState(entries[key], tuple(duties)) for key, duties in departments.items()
            ),
            tuple(extra),
            tuple(self._unassigned()),
            self.files,
            self.round.is_closed,
            self.today,
            tuple(self.round.remarks),
        )

    def _unassigned(self) -> Iterator[StrayFile]:
        for sha256, event in self.files.items():
            if sha256 not in self.place:
                read = self.read.get(sha256)
                yield StrayFile(
                    sha256, event.data["name"], read.data.get("why", "") if read else "", event.id
                )

    def of(self, key: DutyKey) -> DutyState:
        """The duty of a key, under the code that its department has now, seen on the event's day."""
        duty = self._of(key)
        duty.today = self.day
        return duty

    def _of(self, key: DutyKey) -> DutyState:
        county_and_code = self.renamed.get((key.county, key.code), (key.county, key.code))
        key = DutyKey(*county_and_code, key.form, key.project)
        if key not in self.duties:
            entry = self.round.entries.get(county_and_code)
            due = due_of(entry, self.round.settings) if entry else None
            form = self.round.form_of(key.form)
            self.duties[key] = DutyState(
                key, form, entry, key.project, today=self.today, due_first=due
            )
        return self.duties[key]

    # files

    def _received(self, event: Event) -> None:
        self.files[event.file] = event

    def _read(self, event: Event) -> None:
        standing = Standing(event.data["standing"])
        key, _ = self.place.get(event.file, (None, standing))
        if key is not None and not key.text:
            self.read[event.file] = event
            return
        if event.file in self.read and (key is None or self._of(key) is not self._of(event.duty)):
            return  # read for a duty to which it was assigned by mistake
        self.read[event.file] = event
        if standing != Standing.UNASSIGNED:
            self._put(event.file, event.duty, standing, event)

    def _rechecked(self, event: Event) -> None:
        if event.file:
            self._read(event)

    def _assigned(self, event: Event) -> None:
        former = self.place.get(event.file)
        if not event.duty.text:  # it is of nobody, and need not wait for anybody
            self.place.setdefault(event.file, (DutyKey(), Standing.ATTACHMENT))
            return
        if former is not None and not former[0].text:
            del self.place[event.file]
        elif former is not None:
            duty = self.of(former[0])
            duty.versions = [v for v in duty.versions if v.sha256 != event.file]
            duty.attachments = [v for v in duty.attachments if v.sha256 != event.file]
            _settle_anew(duty)
            del self.place[event.file]
        self._put(event.file, event.duty, Standing(event.data["standing"]), event)

    def _put(self, sha256: str, key: DutyKey, standing: Standing, event: Event) -> None:
        duty, received, read = self.of(key), self.files[sha256], self.read[sha256]
        self.place[sha256] = (key, standing)
        known = next((v for v in (*duty.versions, *duty.attachments) if v.sha256 == sha256), None)
        problems = tuple(map(Problem.of, read.data["problems"]))
        for problem in problems:
            duty.numbers.setdefault(problem.identity, len(duty.numbers) + 1)
        if known is None and standing != Standing.ATTACHMENT:
            duty.placed += 1
        time = received.data["time"]
        version = Version(
            known.number if known else duty.placed if standing != Standing.ATTACHMENT else 0, sha256,
            received.data["name"], time, known.day if known else day_in_china(time), read.data["saved_at"], standing,
            received.data["batch"], read.data["filling"], read.data["reading"], problems,
        )  # fmt: skip
        if standing == Standing.ATTACHMENT:
            duty.attachments = [v for v in duty.attachments if v.sha256 != sha256] + [version]
            return
        if known is not None:
            duty.versions = [version if v.sha256 == sha256 else v for v in duty.versions]
        else:
            duty.versions.append(version)
            duty.last_arrival = event.id
        _settle(duty, None if known else version)

    # what was sent and answered

    def _issued(self, event: Event) -> None:
        self.of(event.duty).is_issued = True

    def _sent_back(self, event: Event) -> None:
        self.of(event.duty).sent.append(event)

    def _answered(self, event: Event) -> None:
        duty = self.of(event.duty)
        for each in event.data["answers"]:
            key = (each["code"], each["row"], each["values"])
            duty.answers[key] = Answer(each["action"], each["note"], each["values"], event.id)

    # decisions

    def _waived(self, event: Event) -> None:
        duty, until = self.of(event.duty), event.data.get("until")
        day = datetime.date.fromisoformat(until) if until else None
        for each in event.data["problems"]:
            duty.waivers[tuple(each)] = Waiver(event.data.get("why", ""), event.who, day)
        _promote(duty)

    def _refused(self, event: Event) -> None:
        duty = self.of(event.duty)
        for each in event.data["problems"]:
            duty.refusals[tuple(each)] = event
            duty.waivers.pop(tuple(each), None)

    def _approved(self, event: Event) -> None:
        duty = self.of(event.duty)
        if duty.after_approval is not None:
            duty.counted = duty.latest = duty.after_approval
            duty.after_approval = None
        duty.is_approved, duty.settled = True, ""

    def _used(self, event: Event) -> None:
        duty = self.of(event.duty)
        chosen = next((v for v in duty.versions if v.sha256 == event.file), None)
        if chosen is not None:
            # what is approved is a copy, not whatever counts
            duty.is_approved = duty.is_approved and chosen == duty.counted
            duty.counted, duty.latest, duty.rivals, duty.after_approval = chosen, chosen, (), None

    def _excused(self, event: Event) -> None:
        self.of(event.duty).settled = "excused"

    def _declared_nothing(self, event: Event) -> None:
        self.of(event.duty).settled = "nothing"

    def _extended(self, event: Event) -> None:
        self.of(event.duty).extended_to = datetime.date.fromisoformat(event.data["to"])

    def _dated(self, event: Event) -> None:
        duty, day = self.of(event.duty), datetime.date.fromisoformat(event.data["on"])
        duty.versions = [
            replace(v, day=day) if v.sha256 == event.file else v for v in duty.versions
        ]
        for name in ("counted", "latest", "after_approval"):
            held = getattr(duty, name)
            if held is not None and held.sha256 == event.file:
                setattr(duty, name, replace(held, day=day))


def _settle(duty: DutyState, arrived: Version | None = None) -> None:
    """Which copy counts, now that one has arrived, or what is known of them has changed."""
    by_sha = {version.sha256: version for version in duty.versions}
    for name in ("counted", "latest", "after_approval"):
        held = getattr(duty, name)
        setattr(duty, name, by_sha.get(held.sha256) if held is not None else None)
    duty.rivals = tuple(by_sha[v.sha256] for v in duty.rivals if v.sha256 in by_sha)
    if duty.counted is None:
        duty.counted = next((v for v in duty.versions if v.is_right), None)
        duty.latest = duty.counted
    if arrived is None:
        _promote(duty)  # it may be found better now than when it came
        return
    if not arrived.is_right or arrived is duty.counted:
        return
    assert duty.counted is not None, "a right one has arrived"
    place = order(arrived, duty.counted)
    if place == -1:
        return
    if duty.is_approved:
        waiting = duty.after_approval
        if waiting is None or order(arrived, waiting) != -1:
            duty.after_approval = arrived
        return
    if place is None or (
        duty.rivals and any(order(arrived, rival) is None for rival in duty.rivals)
    ):
        duty.rivals = tuple(dict.fromkeys((*(duty.rivals or (duty.counted,)), arrived)))
        return
    duty.rivals = ()
    if duty.latest is None or order(arrived, duty.latest) != -1:
        duty.latest = arrived
    elif _brings_nothing_new(duty, arrived):  # later than the one that counts, if not the last
        duty.counted = arrived
    _promote(duty)


def _settle_anew(duty: DutyState) -> None:
    """Which copy counts, as if one that belongs elsewhere had never come."""
    here = {version.sha256 for version in duty.versions}
    if duty.counted is not None and duty.counted.sha256 in here:
        _settle(duty)
        return
    duty.counted = duty.latest = duty.after_approval = None
    duty.rivals, duty.is_approved = (), False
    versions, duty.versions = duty.versions, []
    for version in versions:
        duty.versions.append(version)
        _settle(duty, version)


def _promote(duty: DutyState) -> None:
    """Let the last copy in order count if it has no open error that the one that counts had not."""
    if duty.latest is None or duty.counted is None or duty.is_approved or duty.rivals:
        return
    if _brings_nothing_new(duty, duty.latest):
        duty.counted = duty.latest


def _brings_nothing_new(duty: DutyState, version: Version) -> bool:
    """Whether a copy has no open error that the one that counts had not."""
    open_now, open_before = (
        [each.problem for each in duty.problems_of(each_version) if each.state != "waived"]
        for each_version in (version, duty.counted)
    )
    return not new_errors(open_now, open_before)


def current_key(this_round: OpenRound, key: DutyKey) -> DutyKey:
    """A duty's key under the code that its department has now."""
    now = this_round.renamed.get((key.county, key.code), (key.county, key.code))
    return DutyKey(*now, key.form, key.project)


def status(
    folder: PathLike | OpenRound, today: datetime.date | None = None
) -> tuple[Board, dict[str, Any]]:
    """The board of a round, and the same as JSON (docs/commands.md, `round status --json`).

    >>> from workbook.round import new_round, status
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> board, record = status(path)
    >>> record["counts"]["not_issued"]
    14
    """
    with opened(folder) as this_round:
        board, settings = fold(this_round, today), this_round.settings
        return board, _record_of(board, settings)


def last_standing_decision(duty: DutyState) -> list[Event]:
    """The events of the last decision that has not been undone; none if there is none."""
    if not duty.decisions:
        return []
    group = duty.decisions[-1].data.get("group")
    if group is None:
        return duty.decisions[-1:]
    return [event for event in duty.decisions if event.data.get("group") == group]


def _record_of(board: Board, settings: RoundSettings) -> dict[str, Any]:
    deadline = settings.deadline
    return {
        "round": {"forms": list(settings.forms), "year": settings.year,
                  "deadline": deadline.isoformat() if deadline else None, "closed": board.closed},
        "counts": board.counts(),
        "unassigned": [{"file": stray.name, "sha256": stray.sha256} for stray in board.unassigned],
        "departments": [_department_record(department) for department in board.departments],
    }  # fmt: skip


def _department_record(department: DepartmentState) -> dict[str, Any]:
    entry = department.entry
    return {
        "county": entry.county,
        "code": entry.code,
        "name": entry.department,
        "state": department.state,
        "overdue": department.is_overdue,
        "days_left": department.days_left,
        "duties": [_duty_record(duty) for duty in department.duties],
    }


def _duty_record(duty: DutyState) -> dict[str, Any]:
    living = duty.problems_of(duty.counted)
    return {
        "form": duty.form.id,
        "project": duty.project or None,
        "state": duty.state,
        "versions": len(duty.versions),
        "counted": duty.counted.sha256 if duty.counted else None,
        "errors": sum(each.is_open_error for each in living),
        "warnings": sum(
            each.problem.severity == "warning" and each.state != "waived" for each in living
        ),
        "answered": len(duty.answered()),
        "waived": sum(each.state == "waived" for each in living),
        "on_time": duty.on_time,
    }
