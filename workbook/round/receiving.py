"""`receive`: what came is stored, read, checked and written down as events, all at once or not at all."""

from __future__ import annotations

import contextlib
import datetime
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from workbook.arguments import PathLike, as_paths
from workbook.catalogue import Severity
from workbook.checking import judge, related
from workbook.errors import WorkbookError
from workbook.findings import Finding
from workbook.form import Form
from workbook.language import marked, t
from workbook.layout import ACTIONS, CHECKED, FIXED
from workbook.reading import ACCEPTED, SKIPPED, Return, known_forms, read_kept, read_returns
from workbook.release import __version__
from workbook.round.folder import INBOX, OpenRound, RoundFolder, opened
from workbook.round.intake import Incoming, Intake, sync, take_bytes, take_in
from workbook.round.ledger import DutyKey, Event, Overtaken, body_of, hash_of
from workbook.round.placing import Placement, place
from workbook.round.problems import Problem, filled_cells, problems_of
from workbook.round.state import Board, DutyState, LivingProblem, fold
from workbook.round.versions import Standing, new_errors
from workbook.text import fold_as_seen

BETWEEN = ("A504", "A506", "A507", "A508", "A509", "A510", "A511")
"""Findings that may come or go with what others sent."""
_OURS = ("A502", "A505")
"""What a round knows better: which copy counts."""
OUTCOMES = {
    "counted": marked("计入"),
    "replaced_older": marked("换下旧件"),
    "not_displacing": marked("没有计入"),
    "to_decide": marked("待核定"),
    "unchanged": marked("收过"),
    "wrong_form": marked("不是要收的表"),
    "wrong_year": marked("不是这个年度的"),
    "wrong_county": marked("别的县区的"),
    "attachment": marked("附件"),
    "unassigned": marked("不知是谁的"),
    "unreadable": marked("读不出"),
    "skipped": marked("跳过"),
}
"""What may become of a file."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """What became of one file."""

    file: str
    sha256: str
    county: str
    code: str
    form: str
    project: str
    version: int | None
    state: str
    outcome: str
    why: str = ""
    event: int = 0


@dataclass(frozen=True, slots=True)
class Received:
    """What one `receive` brought."""

    files: tuple[ReceivedFile, ...]
    unchanged: int
    missing: int
    remarks: tuple[str, ...]
    waiting: tuple[str, ...]
    board: Board = field(repr=False)

    def count(self, *outcomes: str) -> int:
        """How many files came to one of some outcomes."""
        return sum(each.outcome in outcomes for each in self.files)

    def record(self) -> dict[str, Any]:
        """As JSON; see docs/commands.md."""
        names = (
            "file",
            "sha256",
            "county",
            "code",
            "form",
            "project",
            "version",
            "state",
            "outcome",
        )
        return self.numbers() | {
            "files": [{name: getattr(each, name) or None for name in names} for each in self.files]
        }

    def numbers(self) -> dict[str, int]:
        """How many files are new, unchanged, took an older one's place, are faulty, passed, belong to nobody; and
        how many departments are missing."""
        new = [each for each in self.files if each.outcome not in ("unchanged", "skipped")]
        return {
            "new": len(new),
            "unchanged": self.unchanged,
            "replaced": self.count("replaced_older"),
            "faulty": sum(each.state == "faulty" and each.outcome != "attachment" for each in new),
            "passed": sum(
                each.state in ("passed", "approved")
                and each.outcome in ("counted", "replaced_older")
                for each in new
            ),
            "unassigned": self.count("unassigned"),
            "missing": self.missing,
        }


def told_numbers(numbers: Mapping[str, int], board: Board) -> list[str]:
    """What `Received.numbers` say, and how many departments are to be decided: a clause each.

    >>> from workbook.round import new_round, receive, told_numbers
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> told_numbers(received.numbers(), received.board)[0]
    '新收 12'
    """
    to_decide, unassigned = board.counts()["to_decide"], numbers["unassigned"]
    return [
        t("新收 {count}", count=numbers["new"]),
        t("通过 {count}", count=numbers["passed"]),
        t("须退回 {count}", count=numbers["faulty"]),
        t("换下旧件 {count}", count=numbers["replaced"]),
        *([t("待核定 {count}", count=to_decide)] if to_decide else []),
        *([t("不知是谁的 {count}", count=unassigned)] if unassigned else []),
        t("仍缺 {count}", count=numbers["missing"]),
    ]


def told_errors(board: Board, file: ReceivedFile) -> str:
    """How many errors a file that was received has, and whether it has to go back: a clause; blank if it has none.

    >>> from workbook.round import new_round, receive, told_errors
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> {file.code: told_errors(received.board, file) for file in received.files}["301001"]
    '，须退回，错误 1'
    """
    found = board.placement(file.sha256)
    if found is None or file.outcome in ("unchanged", "attachment"):
        return ""
    duty, version = found
    errors = duty.open_errors(version)
    if not errors:
        return ""
    if duty.latest is None or duty.latest.sha256 == version.sha256:
        return t("，须退回，错误 {errors}", errors=errors)
    return t("，错误 {errors}", errors=errors)


def receive(
    folder: PathLike | OpenRound,
    paths: PathLike | Iterable[PathLike] | None = None,
    *,
    workers: int = 1,
    begun: Callable[[int], None] | None = None,
    progress: Callable[[Path], None] | None = None,
) -> Received:
    """Take in what lies in 收件/, or under `paths`: files, folders, archives and mails, each file once.

    `begun` is told how many files are new, `progress` each one that was read. Nothing raises for what a department
    sent. Raises WorkbookError where the round is closed, BuildError where nothing can be stored; then nothing has been
    written down.

    >>> from workbook.round import new_round, receive
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> received.numbers()["new"], received.numbers()["missing"]
    (12, 2)
    """
    with opened(folder) as this_round:
        this_round.require_open()
        inbox = this_round.folder.path / INBOX
        given = [inbox] if paths is None else as_paths(paths, "paths")
        for path in given:
            _require_elsewhere(this_round.folder, path)
        look = partial(
            take_in,
            this_round.folder,
            [path for path in given if path.exists()],
            this_round.ledger.known_files(),
        )
        reader = KeptReader(this_round, workers, progress)
        return _received(this_round, look, reader, begun)


def _require_elsewhere(folder: RoundFolder, path: Path) -> None:
    """Refuse to take in the round's own folder, ledger and all. Raises WorkbookError."""
    given, own = path.resolve(), folder.path.resolve()
    if given in (own, *own.parents) or folder.hidden.resolve() in (given, *given.parents):
        raise WorkbookError(
            t(
                "{path}：这就是收表的文件夹，里面有账本；收到的放进“{inbox}”，收它不用写路径",
                path=path,
                inbox=INBOX,
            )
        )


def receive_bytes(
    folder: PathLike | OpenRound, name: str, content: bytes, moment: datetime.datetime
) -> Received:
    """Take in one file that was handed over at a moment.

    >>> import datetime
    >>> from workbook.round import new_round, receive_bytes
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> moment = datetime.datetime(2025, 3, 1, tzinfo=datetime.UTC)
    >>> receive_bytes(path, "118001 扫描件.pdf", b"%PDF-1.4", moment).files[0].outcome
    'attachment'
    """
    with opened(folder) as this_round:
        this_round.require_open()
        look = partial(take_bytes, this_round.folder, name, content, moment)
        return _received(this_round, look, KeptReader(this_round))


def _received(
    this_round: OpenRound,
    look: Callable[[Iterable[str]], Intake],
    reader: KeptReader,
    begun: Callable[[int], None] | None = None,
) -> Received:
    while True:
        before = fold(this_round)
        intake = look({*before.files, *_own_files(this_round)})
        if not intake.files:
            if intake.known:
                this_round.ledger.write((), known=intake.known)
            return _told(this_round, before, _follow_own_rules(this_round, before), intake, {})
        if begun is not None:
            begun(len(intake.files))
        reception = Reception(this_round, before, reader)
        events = list(reception.events(intake.files))
        sync(this_round.folder, intake.files)
        try:
            this_round.write(events, readings=reception.readings, known=intake.known)
        except Overtaken:
            this_round.refresh()
            continue
        after = _follow_own_rules(this_round, fold(this_round))
        intake.remarks += reception.remarks
        return _told(this_round, before, after, intake, reception.placements)


def _own_files(this_round: OpenRound) -> set[str]:
    """What we wrote for the departments ourselves: it comes back unfilled where folders are mixed up."""
    sent = (event.data for event in this_round.events if event.kind in ("issued", "sent_back"))
    return {data[name] for data in sent for name in ("sha256", "notice") if name in data}


Borrowing = Callable[[], contextlib.AbstractContextManager[Executor]]
_BORROW: ContextVar[Borrowing | None] = ContextVar("borrow", default=None)


@contextlib.contextmanager
def reading_in(borrow: Borrowing) -> Iterator[None]:
    """Have all files that are read within be read by an executor's processes, which one of them may kill and nothing else.

    `borrow` gives one with which nothing else is done meanwhile, for as long as it takes.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from workbook.round import new_round, reading_in, receive
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> with reading_in(lambda: ThreadPoolExecutor(1)):
    ...     receive(path, "samples/returns").numbers()["new"]
    12
    """
    token = _BORROW.set(borrow)
    try:
        yield
    finally:
        _BORROW.reset(token)


class KeptReader:
    """Reads kept files, each once."""

    def __init__(
        self,
        this_round: OpenRound,
        workers: int = 1,
        progress: Callable[[Path], None] | None = None,
    ) -> None:
        self.round = this_round
        self.workers, self.progress = workers, progress
        self._read: dict[tuple[str, str], Return] = {}

    def read(self, files: Sequence[tuple[str, str]]) -> list[Return]:
        """The returns of some files, each given by its name and SHA-256."""
        wanted = [each for each in dict.fromkeys(files) if each not in self._read]
        self._read |= self._read_by(wanted, self.round.forms, self.progress)
        foreign = [
            each for each in wanted if _FOREIGN in (f.code for f in self._read[each].findings)
        ]
        if foreign:  # a form of ours that this round does not ask for is at least known by its name
            self._read |= self._read_by(foreign, {**known_forms(), **self.round.forms}, None)
        return [self._read[each] for each in files]

    def _read_by(
        self,
        files: Sequence[tuple[str, str]],
        forms: Mapping[tuple[str, str], Form],
        progress: Callable[[Path], None] | None,
    ) -> dict[tuple[str, str], Return]:
        folder, borrow = self.round.folder, _BORROW.get()
        kept = [(folder.path / name, folder.stored(sha256)) for name, sha256 in files]
        with borrow() if borrow and kept else contextlib.nullcontext() as pool:
            returns = read_kept(
                kept, forms=forms, passwords=self.round.roster.passwords, workers=self.workers, pool=pool,
                progress=progress,
            )  # fmt: skip
        return {
            each: _named(returned, *each) for each, returned in zip(files, returns, strict=True)
        }


def _named(returned: Return, name: str, sha256: str) -> Return:
    """A return under its name in the round's folder."""
    submission = returned.submission
    named = replace(submission, path=Path(name)) if submission is not None else None
    return replace(returned, path=Path(name), sha256=sha256, submission=named)


_FOREIGN = "W109"
"""What is said of a form that nobody knows."""


class Reception:
    """Some files being received: where they belong, what is wrong with them, and the events that say so."""

    def __init__(self, this_round: OpenRound, board: Board, reader: KeptReader) -> None:
        self.round = this_round
        self.board = board
        self.reader = reader
        self.batch = this_round.events[-1].id if this_round.events else 0
        self.readings: list[bytes] = []
        self.placements: dict[str, Placement] = {}
        self.remarks: list[str] = []
        """What of the answers could not be taken."""

    def events(self, files: Sequence[Incoming]) -> Iterator[Event]:
        """The events of new files, in their order; then of those received before of which others now say more."""
        returns = self.reader.read([(each.name, each.sha256) for each in files])
        for incoming, returned in zip(files, returns, strict=True):
            self.placements[incoming.sha256] = place(self.round, incoming, returned)
        judged, siblings = self.judge(list(zip(files, returns, strict=True)))
        for incoming in files:
            placement, returned = self.placements[incoming.sha256], judged[incoming.sha256]
            key = placement.key
            about = {"sender": incoming.sender, "subject": incoming.subject}
            yield Event("received", file=incoming.sha256, data={
                "name": incoming.name, "size": incoming.size, "time": incoming.time, "time_of": incoming.time_of,
                "batch": self.batch, **{name: text for name, text in about.items() if text},
            })  # fmt: skip
            yield Event("read", key, incoming.sha256, self.read_data(returned, placement))
            yield from self.answers(key, incoming.sha256, returned)
        for sha256, returned in siblings.items():
            found = self.board.placement(sha256)
            assert found is not None, "siblings stand on the board"
            yield Event(
                "read",
                found[0].key,
                sha256,
                self.read_data(returned, Placement(found[0].key, found[1].standing)),
            )

    def read_data(self, returned: Return, placement: Placement) -> dict[str, Any]:
        """What the ledger says of a version; all that was read is kept beside it."""
        submission = returned.submission
        body = body_of(reading_of(returned))
        self.readings.append(body)
        return {
            "standing": placement.standing.value, "why": placement.why, "status": returned.status,
            "saved_at": returned.saved_at.isoformat() if returned.saved_at and submission else "",
            "filling": submission.filling if submission else "", "reading": hash_of(body),
            "problems": [problem.record() for problem in problems_of(returned)],
        }  # fmt: skip

    def judge(
        self, files: Sequence[tuple[Incoming, Return]]
    ) -> tuple[dict[str, Return], dict[str, Return]]:
        """The returns, by SHA-256, with their findings; and those received before whose findings are others now.

        Copies of one duty are judged apart: which one counts is not for the check to say.
        """
        layers = self._layers(files)
        siblings = [
            self._siblings(layer)
            if self.placements[layer[0][0].sha256].standing == Standing.RIGHT
            else {}
            for layer in layers
        ]
        lots = [
            self._related([*(returned for _, returned in layer), *others.values()], layer[0][0])
            for layer, others in zip(layers, siblings, strict=True)
        ]
        checked = iter(judge([returned for lot in lots for returned in lot]))  # all at once
        judged: dict[str, Return] = {}
        changed: dict[str, Return] = {}
        for layer, others in zip(layers, siblings, strict=True):
            for incoming, _ in layer:
                returned, own = (
                    _without_ours(next(checked)),
                    self.placements[incoming.sha256].findings,
                )
                judged[incoming.sha256] = replace(returned, findings=(*own, *returned.findings))
            for sha256 in others:
                anew = self._with_findings_between(sha256, _without_ours(next(checked)))
                if anew is not None:
                    changed[sha256] = anew
        return judged, changed

    def _layers(
        self, files: Sequence[tuple[Incoming, Return]]
    ) -> list[list[tuple[Incoming, Return]]]:
        """The files, no two of one duty together; those that are none of this round apart, each of nobody's alone.

        Whose each is has been told, from whatever folder it came: so they are chosen.
        """
        layers: dict[tuple[bool, bool, int], list[tuple[Incoming, Return]]] = {}
        count: Counter[Hashable] = Counter()
        for incoming, read in files:
            placement, submission = self.placements[incoming.sha256], read.submission
            is_right, is_known = placement.standing == Standing.RIGHT, bool(placement.key.text)
            known = replace(read, county=placement.key.county or read.county, chosen=is_known)
            who: Hashable = placement.key
            if is_known and not is_right and submission is not None:
                code, name = map(fold_as_seen, (submission.department_code, submission.department))
                who = code or name, submission.form.key, submission.fiscal_year
            layers.setdefault((is_right, is_known, count[is_right, who]), []).append(
                (incoming, known)
            )
            count[is_right, who] += 1
        return list(layers.values())

    def _related(self, returns: Sequence[Return], first: Incoming) -> Sequence[Return]:
        """The returns of a layer with what shows between them; nothing of the roster if nothing tells whose they are."""
        is_known = bool(self.placements[first.sha256].key.text)
        roster = self.round.roster if is_known else None
        return related(returns, roster, self.round.settings.year, self.round.last_year)

    def _siblings(self, layer: Sequence[tuple[Incoming, Return]]) -> dict[str, Return]:
        """What counts and has to be seen beside some new returns: the department's other forms, and another's
        that is filled in the same."""
        departments = {self.placements[incoming.sha256].key for incoming, _ in layer}
        keys = {(key.county, key.code) for key in departments}
        fillings = {r.submission.filling for _, r in layer if r.submission} - {""}
        wanted = {
            duty.counted.sha256: duty
            for duty in self.board.duties
            if duty.counted is not None
            and duty.key not in departments
            and ((duty.key.county, duty.key.code) in keys or duty.counted.filling in fillings)
        }
        names = [(duty.counted.name, sha256) for sha256, duty in wanted.items() if duty.counted]
        returns = self.reader.read(names)
        return {
            sha256: replace(returned, county=duty.key.county or returned.county, chosen=True)
            for (sha256, duty), returned in zip(wanted.items(), returns, strict=True)
        }

    def _with_findings_between(self, sha256: str, returned: Return) -> Return | None:
        """A return received before, its own findings as they were, with those between returns as they are; None
        if they are the same."""
        found = self.board.placement(sha256)
        assert found is not None, "siblings stand on the board"
        recorded = findings_of(self.round.ledger.reading(found[1].reading))
        between = [f for f in returned.findings if f.code in BETWEEN]
        if between == [f for f in recorded if f.code in BETWEEN]:
            return None
        own = [f for f in recorded if f.code not in BETWEEN]
        return replace(returned, findings=(*own, *between))

    def answers(self, key: DutyKey, sha256: str, returned: Return) -> Iterator[Event]:
        """What the department answered in the form that was sent back."""
        submission = returned.submission
        if submission is None or submission.answers is None or not key.text:
            return
        duty = self.board.by_key.get(key)
        token = submission.answers.token
        sent = next((e for e in (duty.sent if duty else ()) if e.data["token"] == token), None)
        if duty is None or sent is None:
            return
        asked = {int(number): each for number, each in sent.data["problems"].items()}
        answers = []
        for number, action, note in submission.answers.answers:
            if number not in asked or action not in ACTIONS:
                continue
            if action != FIXED and not note:
                self.remarks.append(
                    t(
                        "{full_key}：第 {number} 个问题答了“{action}”，没有写说明，不算",
                        full_key=duty.full_key,
                        number=number,
                        action=action,
                    )
                )
                continue
            code, row, values = asked[number]
            answers.append(
                {
                    "number": number,
                    "code": code,
                    "row": row,
                    "values": values,
                    "action": action,
                    "note": note,
                }
            )
        for number, text in submission.answers.unread:
            what = (
                t("的“处理”写的是“{text}”，不在三项里", text=text)
                if text
                else t("写了说明，没有选“处理”")
            )
            self.remarks.append(
                t(
                    "{full_key}：第 {number} 个问题{what}，不算",
                    full_key=duty.full_key,
                    number=number,
                    what=what,
                )
            )
        now = {problem.identity: problem.values for problem in problems_of(returned)}
        for each in answers:
            identity = each["code"], each["row"]
            if each["action"] != FIXED and now.get(identity, each["values"]) != each["values"]:
                self.remarks.append(
                    t(
                        "{full_key}：第 {number} 个问题答的是{action}，有关的数又改了，问题还在，要再看",
                        full_key=duty.full_key,
                        number=each["number"],
                        action=each["action"],
                    )
                )
        if answers:
            yield Event("answered", key, sha256, {"answers": answers, "time": sent.data["time"]})


def _without_ours(returned: Return) -> Return:
    """A return without what a round knows better, and without our own word that it counts."""
    findings = tuple(f for f in returned.findings if f.code not in _OURS)
    return replace(returned, chosen=False, findings=findings)


def reading_of(returned: Return) -> dict[str, Any]:
    """All that was read of a version, as it is kept: who, what was filled in and where, every finding."""
    submission = returned.submission
    return {
        "by": f"workbook {__version__}", "status": returned.status, "application": returned.application,
        "saved_by": returned.saved_by, "modified": returned.modified,
        "form": submission.form.key if submission else "", "year": submission.fiscal_year if submission else None,
        "code": submission.department_code if submission else "", "department": submission.department if submission else "",
        "project": submission.project if submission else "",
        "findings": [{name: str(getattr(f, name)) for name in _FINDING} for f in returned.findings],
        "cells": filled_cells(submission) if submission else {},
    }  # fmt: skip


_FINDING = (
    "code",
    "severity",
    "message",
    "hint",
    "sheet",
    "cell",
    "field",
    "printed",
    "expected",
    "subject",
)


def findings_of(reading: Mapping[str, Any]) -> list[Finding]:
    """The findings of a version as they were read."""
    return [
        Finding(**{**each, "severity": Severity(each["severity"])}) for each in reading["findings"]
    ]


def _follow_own_rules(this_round: OpenRound, board: Board) -> Board:
    """Write down what follows of itself, if the settings say so: checked warnings are closed, passed forms approved.

    `board` is as it was before; returned is as it then is.
    """
    for follow in (_checked_warnings, _passed):
        while events := list(follow(this_round, board)):
            try:
                this_round.write(events)
            except Overtaken:
                this_round.refresh()
                board = fold(this_round)
            else:
                board = fold(this_round)
                break
    return board


def _checked_warnings(this_round: OpenRound, board: Board) -> Iterator[Event]:
    if not this_round.settings.close_checked_warnings:
        return
    left = {
        tuple(each) for e in _undone_of_itself(this_round) for each in e.data.get("problems", ())
    }
    for duty in board.duties:
        closed = [
            living.problem
            for living in duty.answered()
            if _is_checked_warning(living)
            and (*living.problem.identity, living.problem.values) not in duty.refusals
            and (*living.problem.identity, living.problem.values) not in left
        ]
        if closed:
            data = {"problems": problem_list(closed), "why": CHECKED, "by_itself": True}
            yield Event("waived", duty.key, data=data)


def _passed(this_round: OpenRound, board: Board) -> Iterator[Event]:
    if not this_round.settings.approve_passed:
        return
    left = {e.file for e in _undone_of_itself(this_round)}
    for duty in board.duties:
        version = duty.counted
        if version is None or duty.latest != version or version.sha256 in left:
            continue
        if duty.state == "passed":
            data = {"version": version.number, "by_itself": True}
            yield Event("approved", duty.key, version.sha256, data)


def _undone_of_itself(this_round: OpenRound) -> list[Event]:
    """What had followed of itself and somebody took back: it does not follow again."""
    undone = {n for event in this_round.events if event.kind == "undone" for n in event.data["of"]}
    return [e for e in this_round.events if e.id in undone and e.data.get("by_itself")]


def _is_checked_warning(living: LivingProblem) -> bool:
    return (
        living.answer is not None
        and living.answer.action == CHECKED
        and living.problem.severity == "warning"
    )


def _told(
    this_round: OpenRound,
    before: Board,
    after: Board,
    intake: Intake,
    placements: Mapping[str, Placement],
) -> Received:
    files = [
        _became(before, after, incoming, placements[incoming.sha256]) for incoming in intake.files
    ]
    files += [_came_again(after, each) for each in intake.repeated]
    files += [
        ReceivedFile(name, "", "", "", "", "", None, "", "skipped", why)
        for name, why in intake.skipped
    ]
    return Received(
        tuple(files),
        intake.unchanged,
        after.missing,
        (*this_round.remarks, *intake.remarks),
        tuple(intake.waiting),
        after,
    )


def _came_again(after: Board, incoming: Incoming) -> ReceivedFile:
    found, name = after.placement(incoming.sha256), incoming.name
    if incoming.sha256 not in after.files:
        why = "我们发出的原件，没有填过"
        return ReceivedFile(name, incoming.sha256, "", "", "", "", None, "", "skipped", why)
    event = after.files[incoming.sha256]
    why = f"收过，就是 {event.data['name']}" if event.data["name"] != name else "收过"
    if found is None:
        return ReceivedFile(
            name, incoming.sha256, "", "", "", "", None, "", "unchanged", why, event.id
        )
    duty, version = found
    key = duty.key
    return ReceivedFile(
        name, incoming.sha256, key.county, key.code, key.form, key.project, version.number or None, duty.state,
        "unchanged", why, event.id,
    )  # fmt: skip


def received_since(events: Sequence[Event], board: Board, after: int = 0) -> list[ReceivedFile]:
    """The files that were received after an event, in their order, each with what it is now on the board of the events.

    >>> from workbook.round import fold, new_round, opened, receive, received_since
    >>> path = new_round("2024", forms=["department_overall"], roster="samples/roster.csv", year=2024)
    >>> received = receive(path, "samples/returns")
    >>> with opened(path) as this_round:
    ...     files = received_since(this_round.events, fold(this_round), after=2)
    >>> [each.outcome for each in files][:2]
    ['counted', 'counted']
    """
    why = {e.file: e.data.get("why", "") for e in events[after:] if e.kind == "read"}
    waiting = {stray.sha256 for stray in board.unassigned}
    files = []
    for event in events[after:]:
        if event.kind != "received":
            continue
        found, name, sha256 = board.placement(event.file), event.data["name"], event.file
        incoming = Incoming(
            name, sha256, event.data["size"], event.data["time"], event.data["time_of"]
        )
        standing = found[1].standing if found else Standing.UNASSIGNED
        key = found[0].key if found else DutyKey()
        became = _became(None, board, incoming, Placement(key, standing, why.get(sha256, "")))
        if became.outcome == "unassigned" and sha256 not in waiting:
            became = replace(became, outcome="skipped", why="不归哪个单位，不用管")
        files.append(became)
    return files


def _became(
    before: Board | None, after: Board, incoming: Incoming, placement: Placement
) -> ReceivedFile:
    """What a file became; `before` tells what stood there, where that is not to be told by the versions alone."""
    found = after.placement(incoming.sha256)
    event = after.files[incoming.sha256].id
    if found is None:
        return ReceivedFile(
            incoming.name,
            incoming.sha256,
            "",
            "",
            "",
            "",
            None,
            "",
            "unassigned",
            placement.why,
            event,
        )
    duty, version = found
    former = before.by_key.get(duty.key) if before is not None else None
    outcome, why = _outcome(former, duty, incoming, placement)
    key = duty.key
    return ReceivedFile(
        incoming.name, incoming.sha256, key.county, key.code, key.form, key.project, version.number or None, duty.state,
        outcome, why, event,
    )  # fmt: skip


def _outcome(
    former: DutyState | None, duty: DutyState, incoming: Incoming, placement: Placement
) -> tuple[str, str]:
    standing, counted = placement.standing, duty.counted
    if standing != Standing.RIGHT:
        return standing.value, ""
    if any(rival.sha256 == incoming.sha256 for rival in duty.rivals):
        return "to_decide", "与另一份分不清哪份在后"
    if counted is not None and counted.sha256 == incoming.sha256:
        earlier = [v for v in duty.versions if v.is_right and v.number < counted.number]
        had_one = (former is not None and former.counted is not None) or bool(earlier)
        return ("replaced_older" if had_one else "counted"), placement.why
    if duty.after_approval is not None and duty.after_approval.sha256 == incoming.sha256:
        return "to_decide", "核定以后又报来的"
    if (
        duty.latest is not None
        and duty.latest.sha256 == incoming.sha256
        and duty.counted is not None
    ):
        added = new_errors(duty.latest.problems, duty.counted.problems)
        return "not_displacing", f"有 {len(added)} 个原来那份没有的错误，原来那份照算"
    return "not_displacing", f"另有更晚的一份，第 {counted.number} 版，算那一份" if counted else ""


def last_year_of(this_round: OpenRound) -> list[Return]:
    """Last year's returns, if the settings name a folder of them; what counted of a round."""
    text = this_round.settings.previous
    path = (this_round.folder.path / text) if text else None
    if path is None or not path.is_dir():
        return []
    if RoundFolder(path).hidden.is_dir():
        from workbook.round.results import counted_returns  # noqa: PLC0415 - which receives nothing

        with opened(path) as last:
            return list(counted_returns(last))
    return [
        each
        for each in read_returns(path, forms=this_round.forms)
        if each.status in (ACCEPTED, SKIPPED)
    ]


def problem_list(problems: Iterable[Problem]) -> list[list[str]]:
    """Problems as events name them: code, row and values."""
    return [[*problem.identity, problem.values] for problem in problems]
