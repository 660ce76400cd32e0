"""Which copy counts, and how long a problem lives: each case a row of events, as files would write them."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from builder import build_template
from tests.api import Ledger, Problem, RoundFolder, replace_part
from tests.office import Office
from tests.rounds import DEPARTMENTS, ByOffice, ByOpenpyxl, Hand, dated, faultless, roster
from workbook import WorkbookError, find_form
from workbook.form import Value
from workbook.round import (
    Board,
    DutyKey,
    DutyState,
    Event,
    OpenRound,
    close_round,
    decide,
    fold,
    new_round,
    opened,
    receive,
    reopen_round,
    send,
    send_back,
    status,
    verify,
)

OVERALL = "department_overall"
OWN = DutyKey("", "101001", OVERALL)
OTHER = DutyKey("", "102001", OVERALL)
DAY = "2025-03-20T09:00:00+08:00"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a round to which nothing has come."""
    folder = tmp_path_factory.mktemp("versions")
    return new_round(
        folder / "r",
        forms=[OVERALL],
        roster=roster(folder / "名册.xlsx"),
        year=2024,
        deadline="2025-03-31",
    )


@dataclass(frozen=True)
class Copy:
    """One file as it is read: when it was saved by itself, what is wrong with it, in which command it came."""

    name: str
    saved: str = ""
    """Blank where the file does not say."""
    wrong: tuple[tuple[str, str], ...] = ()
    """Errors by rule and row."""
    batch: int | None = None
    """None: a command of its own."""
    standing: str = "right"
    filling: str = ""
    values: str = "v"
    severity: str = "error"
    key: DutyKey = OWN
    time: str = DAY


@dataclass
class Story:
    """Events one after the other, and the board that they make."""

    folder: Path
    events: list[Event] = field(default_factory=list)

    def add(
        self, kind: str, key: DutyKey = OWN, file: str = "", /, day: str = DAY, **data: Any
    ) -> int:
        number = len(self.events) + 1
        self.events.append(Event(kind, key, file, data, number, day, "李", f"{number}"))
        return number

    def copy(self, copy: Copy) -> None:
        batch = len(self.events) if copy.batch is None else copy.batch
        self.add(
            "received",
            DutyKey(),
            copy.name,
            name=copy.name,
            size=1,
            time=copy.time,
            time_of="file",
            batch=batch,
        )
        self.read(copy)

    def read(self, copy: Copy, kind: str = "read") -> None:
        problems = [
            Problem(code, row, copy.severity, copy.values).record() for code, row in copy.wrong
        ]
        saved = f"2025-01-{copy.saved}T08:00:00+08:00" if copy.saved else ""
        key = DutyKey() if copy.standing == "unassigned" else copy.key
        self.add(kind, key, copy.name, standing=copy.standing, why="", status="accepted", saved_at=saved,
                 filling=copy.filling, reading="", problems=problems)  # fmt: skip

    def board(self, today: str = "2025-03-25") -> Board:
        with Ledger(self.folder / ".round" / "ledger.db") as ledger:
            this_round: Any = OpenRound(RoundFolder(self.folder), ledger)
        this_round.events = self.events
        return fold(this_round, datetime.date.fromisoformat(today))

    def duty(self, key: DutyKey = OWN, today: str = "2025-03-25") -> DutyState:
        return self.board(today).by_key[key]

    def counted(self) -> str:
        counted = self.duty().counted
        return counted.name if counted else ""


@pytest.fixture
def story(empty: Path) -> Story:
    return Story(empty)


E1, E2, E3 = ("D401", ""), ("D430", "培训人次"), ("D430", "参训满意度")


@pytest.mark.parametrize(
    ("copies", "counted", "state"),
    [
        pytest.param([Copy("a", "02"), Copy("b", "05")], "b", "passed", id="the later saved"),
        pytest.param([Copy("a", "05"), Copy("b", "02")], "a", "passed", id="an older one comes late"),
        pytest.param([Copy("a", "05", batch=0), Copy("b", "02", batch=0)], "a", "passed", id="saved times in one batch"),
        pytest.param([Copy("a", "02", batch=0), Copy("b", "05", batch=0)], "b", "passed", id="in one batch, in order"),
        pytest.param([Copy("a", "05"), Copy("b")], "b", "passed", id="one without a time: as received"),
        pytest.param([Copy("a"), Copy("b", "02")], "b", "passed", id="the first without a time: as received"),
        pytest.param([Copy("a"), Copy("b")], "b", "passed", id="none with a time: as received"),
        pytest.param([Copy("a", batch=0), Copy("b", batch=0)], "a", "to_decide", id="one batch, no time"),
        pytest.param([Copy("a", "05", batch=0), Copy("b", batch=0)], "a", "to_decide", id="one batch, one time"),
        pytest.param([Copy("a", "05"), Copy("b", "05")], "b", "passed", id="the same second: as received"),
        pytest.param(
            [Copy("a", filling="f", batch=0), Copy("b", filling="f", batch=0)], "b", "passed",
            id="filled in the same: nothing to decide",
        ),
        pytest.param(
            [Copy("a", "05", filling="f"), Copy("b", "02", filling="f")], "a", "passed", id="filled in the same, saved before"
        ),
        pytest.param([Copy("a", batch=0), Copy("b", batch=0), Copy("c")], "c", "passed", id="a third settles it"),
        pytest.param([Copy("a", wrong=(E1,)), Copy("b")], "b", "passed", id="without the error"),
        pytest.param([Copy("a", wrong=(E1,)), Copy("b", wrong=(E1,))], "b", "faulty", id="with the same error"),
        pytest.param(
            [Copy("a", wrong=(E1,)), Copy("b", wrong=(E1,), values="w")], "b", "faulty", id="the same error, another value"
        ),
        pytest.param([Copy("a"), Copy("b", wrong=(E1,))], "a", "passed", id="a new error"),
        pytest.param([Copy("a", wrong=(E2,)), Copy("b", wrong=(E3,))], "a", "faulty", id="the same rule, another row"),
        pytest.param([Copy("a", wrong=(E1, E2)), Copy("b", wrong=(E2,))], "b", "faulty", id="one of two errors"),
        pytest.param([Copy("a"), Copy("b", wrong=(E1,), severity="warning")], "b", "passed", id="a new warning"),
        pytest.param([Copy("a", wrong=(E1,)), Copy("b", wrong=(E2,)), Copy("c")], "c", "passed", id="clean at last"),
        pytest.param(
            [Copy("a", "02", wrong=(E1,)), Copy("b", "08", wrong=(E2,)), Copy("c", "05")], "c", "passed",
            id="clean, between the one that counts and a faulty last one",
        ),
        pytest.param([Copy("a", standing="wrong_year")], "", "faulty", id="wrong year"),
        pytest.param([Copy("a", standing="wrong_form")], "", "faulty", id="wrong form"),
        pytest.param([Copy("a", standing="wrong_county")], "", "faulty", id="wrong county"),
        pytest.param([Copy("a", standing="unreadable")], "", "faulty", id="unreadable"),
        pytest.param([Copy("a", standing="attachment")], "", "not_issued", id="attachment"),
        pytest.param([Copy("a", standing="unreadable"), Copy("b")], "b", "passed", id="unreadable, then right"),
        pytest.param([Copy("a"), Copy("b", standing="wrong_year")], "a", "passed", id="right, then wrong year"),
        pytest.param([Copy("a"), Copy("b", standing="unreadable")], "a", "passed", id="right, then unreadable"),
    ],
)  # fmt: skip
def test_the_copy_that_counts(
    story: Story, copies: Sequence[Copy], counted: str, state: str
) -> None:
    for copy in copies:
        story.copy(copy)
    assert (story.counted(), story.duty().state) == (counted, state)


def test_after_approval_nothing_displaces_by_itself(story: Story) -> None:
    story.copy(Copy("a", "02"))
    story.add("approved", OWN, "a", version=1)
    story.copy(Copy("b", "08"))
    assert (story.counted(), story.duty().state) == ("a", "to_decide")
    story.copy(Copy("c", "05"))  # later than the approved one, and older than the one that waits
    story.add("approved", OWN, "b", version=2)
    duty = story.duty()
    assert (story.counted(), duty.state) == ("b", "approved")
    assert duty.latest == duty.counted


def test_a_copy_saved_before_the_approved_one_changes_nothing(story: Story) -> None:
    story.copy(Copy("a", "05"))
    story.add("approved", OWN, "a", version=1)
    story.copy(Copy("b", "02"))
    assert (story.counted(), story.duty().state) == ("a", "approved")


def test_the_approved_copy_is_kept_by_decision(story: Story) -> None:
    story.copy(Copy("a", "02"))
    story.add("approved", OWN, "a", version=1)
    story.copy(Copy("b", "08"))
    story.add("used", OWN, "a", version=1)
    assert (story.counted(), story.duty().state) == ("a", "approved")


def test_what_was_approved_is_a_copy_and_no_other(story: Story) -> None:
    story.copy(Copy("a", "02"))
    story.add("approved", OWN, "a", version=1)
    story.copy(Copy("b", "08"))
    story.add("used", OWN, "b", version=2)
    assert (story.counted(), story.duty().state) == ("b", "passed")


def test_an_approval_taken_back_lets_the_newer_copy_count(story: Story) -> None:
    story.copy(Copy("a", "02"))
    approval = story.add("approved", OWN, "a", version=1)
    story.copy(Copy("b", "08"))
    story.add("undone", OWN, of=[approval])
    assert (story.counted(), story.duty().state) == ("b", "passed")


def test_a_copy_counts_once_what_hindered_it_is_waived(story: Story) -> None:
    story.copy(Copy("a"))
    story.copy(Copy("b", wrong=(E1,)))
    assert story.counted() == "a"
    waiver = story.add("waived", OWN, problems=[[*E1, "v"]], why="批复")
    assert (story.counted(), story.duty().state) == ("b", "passed")
    story.add("undone", OWN, of=[waiver])
    assert story.counted() == "a"


def test_a_copy_counts_once_it_is_read_to_be_right(story: Story) -> None:
    story.copy(Copy("a"))
    story.copy(Copy("b", wrong=(E1,)))
    story.read(Copy("b"), "rechecked")
    assert story.counted() == "b"


def test_the_end_of_a_waiver_does_not_bring_an_older_copy_back(story: Story) -> None:
    story.copy(Copy("a"))
    story.copy(Copy("b", wrong=(E1,)))
    story.add("waived", OWN, problems=[[*E1, "v"]], why="暂缓", until="2025-03-28")
    for today, state in (("2025-03-28", "passed"), ("2025-03-29", "faulty")):
        duty = story.duty(today=today)
        assert duty.counted is not None
        assert (duty.counted.name, duty.state) == ("b", state)


# --- whose it is -----------------------------------------------------------------------------------------


def test_an_assigned_file_counts_where_it_belongs(story: Story) -> None:
    story.copy(Copy("a"))
    story.copy(Copy("b", standing="unassigned", wrong=(("A501", ""),)))
    story.add("assigned", OWN, "b", standing="right")
    story.read(Copy("b"))
    assert story.counted() == "b"
    assert not story.board().unassigned


def test_an_assignment_taken_back_makes_the_file_nobodys_again(story: Story) -> None:
    story.copy(Copy("b", standing="unassigned"))
    event = story.add("assigned", OWN, "b", standing="right")
    story.read(Copy("b"))
    story.add("undone", OWN, of=[event])
    board = story.board()
    assert [stray.sha256 for stray in board.unassigned] == ["b"]
    assert board.by_key[OWN].versions == []


def test_an_assignment_to_another_taken_back_leaves_the_file_as_it_was(story: Story) -> None:
    story.copy(Copy("a"))
    event = story.add("assigned", OTHER, "a", standing="right")
    story.read(Copy("a", wrong=(("A503", ""),), key=OTHER))
    assert (story.counted(), story.duty(OTHER).state) == ("", "faulty")
    story.add("undone", OTHER, of=[event])
    assert (story.counted(), story.duty().state) == ("a", "passed")
    assert story.duty(OTHER).versions == []


def test_what_is_assigned_elsewhere_leaves_the_last_of_the_others(story: Story) -> None:
    for name in "abc":
        story.copy(Copy(name))
    story.add("assigned", OTHER, "c", standing="right")
    story.read(Copy("c", key=OTHER))
    assert story.counted() == "b"
    assert [version.number for version in story.duty().versions] == [1, 2]
    story.copy(Copy("d"))
    assert [version.number for version in story.duty().versions] == [
        1,
        2,
        4,
    ]  # a number is given once


# --- the life of a problem -------------------------------------------------------------------------------


def living(story: Story, today: str = "2025-03-25") -> list[tuple[int, str, str]]:
    duty = story.duty(today=today)
    return [(each.number, each.problem.code, each.state) for each in duty.problems_of(duty.latest)]


def answer(story: Story, action: str, values: str = "v", at: tuple[str, str] = E1) -> None:
    given = {
        "number": 1,
        "code": at[0],
        "row": at[1],
        "values": values,
        "action": action,
        "note": "有批复",
    }
    story.add("answered", OWN, "b", answers=[given], time=1)


def test_an_answer_holds_for_the_value_it_was_given_for(story: Story) -> None:
    story.copy(Copy("a", wrong=(E1,)))
    story.copy(Copy("b", wrong=(E1,)))
    answer(story, "请免")
    assert living(story) == [(1, "D401", "answered")]
    assert story.duty().state == "to_decide"
    story.copy(Copy("c", wrong=(E1,), values="w"))
    assert living(story) == [(1, "D401", "open")]
    assert story.duty().state == "faulty"


def test_mended_is_judged_by_reading_again(story: Story) -> None:
    story.copy(Copy("a", wrong=(E1,)))
    story.copy(Copy("b", wrong=(E1,)))
    answer(story, "已改")
    assert living(story) == [(1, "D401", "open")]


def test_a_waiver_holds_until_its_day_and_for_its_value(story: Story) -> None:
    story.copy(Copy("a", wrong=(E1,)))
    story.add("waived", OWN, problems=[[*E1, "v"]], why="批复", until="2025-03-28")
    assert living(story, "2025-03-28") == [(1, "D401", "waived")]
    assert living(story, "2025-03-29") == [(1, "D401", "open")]
    story.copy(Copy("b", wrong=(E1,), values="w"))
    assert living(story) == [(1, "D401", "open")]


def test_what_was_refused_can_be_answered_anew(story: Story) -> None:
    story.copy(Copy("a", wrong=(E1,)))
    story.copy(Copy("b", wrong=(E1,)))
    answer(story, "请免")
    story.add("refused", OWN, problems=[[*E1, "v"]])
    assert living(story) == [(1, "D401", "open")]
    assert story.duty().needs_sending_back
    story.copy(Copy("c", wrong=(E1,)))
    answer(story, "请免")
    assert living(story) == [(1, "D401", "answered")]


def test_a_waiver_that_is_refused_later_ends(story: Story) -> None:
    story.copy(Copy("a", wrong=(E1,)))
    answer(story, "请免")
    story.add("waived", OWN, problems=[[*E1, "v"]], why="批复")
    story.add("refused", OWN, problems=[[*E1, "v"]])
    assert living(story) == [(1, "D401", "open")]


def test_a_number_is_never_given_to_another_problem(story: Story) -> None:
    story.copy(Copy("a", wrong=(E1, E2)))
    story.copy(Copy("b", wrong=(E3,)))
    story.copy(Copy("c", wrong=(E3, E1)))
    assert living(story) == [(1, "D401", "open"), (3, "D430", "open")]
    assert story.duty().numbers == {E1: 1, E2: 2, E3: 3}


def test_a_problem_that_comes_back_has_its_number(story: Story) -> None:
    story.copy(Copy("a", wrong=(E1, E2)))
    story.copy(Copy("b", wrong=(E2,)))
    assert living(story) == [(2, "D430", "open")]
    story.copy(Copy("c", wrong=(E2, E1), values="w"))
    assert living(story) == [(1, "D401", "open"), (2, "D430", "open")]


# --- on time ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("time", "on_time"),
    [
        ("2025-03-31T23:59:59+08:00", True),
        ("2025-04-01T00:00:00+08:00", False),
        ("2025-03-31T15:59:59+00:00", True),
        ("2025-03-31T16:00:00+00:00", False),
    ],
)
def test_a_deadline_ends_at_midnight_in_china(story: Story, time: str, on_time: bool) -> None:
    story.copy(Copy("a", time=time))
    assert story.duty().on_time is on_time


def test_who_was_in_time_stays_so_whatever_comes_later(story: Story) -> None:
    story.copy(Copy("x", standing="wrong_year", time="2025-03-01T09:00:00+08:00"))
    assert story.duty().on_time is None
    story.copy(Copy("a", wrong=(E1,)))
    story.copy(Copy("b", time="2025-04-20T09:00:00+08:00"))
    assert (story.counted(), story.duty().on_time) == ("b", True)
    story.add("dated", OWN, "a", on="2025-04-02")
    assert story.duty().on_time is False


# --- decisions made twice --------------------------------------------------------------------------------


@dataclass
class Decided:
    """A round whose ledger holds a story."""

    path: Path

    def kinds(self) -> list[str]:
        with opened(self.path) as this_round:
            return [event.kind for event in this_round.events if event.duty.text]


@pytest.fixture
def decided(tmp_path: Path) -> Decided:
    path = new_round(
        tmp_path / "r", forms=[OVERALL], roster=roster(tmp_path / "名册.xlsx"), year=2024
    )
    story = Story(path)
    story.copy(Copy("a", wrong=(E1, E2)))
    answer(story, "请免")
    with Ledger(path / ".round" / "ledger.db") as ledger:
        ledger.write(story.events)
    return Decided(path)


@pytest.mark.parametrize(
    "words",
    [
        {"approve": True, "why": "急"},
        {"excuse": True, "why": "撤并"},
        {"nothing": True},
        {"extend": "2025-05-01"},
        {"received_on": "2025-03-02"},
        {"accept": [1], "why": "批复"},
        {"accept": [1], "why": "批复", "until": "2099-01-01"},
        {"refuse": [1]},
    ],
    ids="_".join,
)
def test_a_decision_made_twice_is_written_down_once(
    decided: Decided, words: dict[str, Any]
) -> None:
    before = decided.kinds()
    decide(decided.path, "101001", seen=1, **words)
    once = decided.kinds()
    assert len(once) == len(before) + 1
    with pytest.raises(WorkbookError, match="101001"):
        decide(decided.path, "101001", seen=1, **words)
    assert decided.kinds() == once


def test_a_decision_taken_back_can_be_made_anew(decided: Decided) -> None:
    decide(decided.path, "101001", accept=[1], why="批复")
    decide(decided.path, "101001", undo=True, why="点错了")
    decide(decided.path, "101001", accept=[1], why="批复")
    assert decided.kinds()[-3:] == ["waived", "undone", "waived"]


def test_a_decision_on_a_version_that_is_not_the_last_is_refused(decided: Decided) -> None:
    with pytest.raises(WorkbookError, match="看到的是第 0 版，后来又有第 1 版（a，"):
        decide(decided.path, "101001", seen=0, approve=True, why="急")
    assert "approved" not in decided.kinds()


def test_what_followed_of_itself_and_was_taken_back_does_not_follow_again(decided: Decided) -> None:
    toml = decided.path / "round.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(
        text.replace("approve_passed = false", "approve_passed = true"), encoding="utf-8"
    )
    decide(decided.path, "101001", accept=[1, 2], why="批复")
    receive(decided.path)
    receive(decided.path)
    assert decided.kinds()[-2:] == ["waived", "approved"]
    decide(decided.path, "101001", undo=True, why="再看看")
    receive(decided.path)
    assert decided.kinds()[-2:] == ["approved", "undone"]


def test_one_who_looked_before_another_decided_is_told(decided: Decided) -> None:
    with opened(decided.path) as first, opened(decided.path) as second:
        decide(first, "101001", seen=1, approve=True, why="急")
        with pytest.raises(WorkbookError, match="已经是核定"):
            decide(second, "101001", seen=1, approve=True, why="急")
    assert decided.kinds().count("approved") == 1


def test_two_who_send_at_once_send_each_form_once(tmp_path: Path) -> None:
    few = tuple(code for code, _ in DEPARTMENTS if code not in ("101001", "106001", "107001"))
    folder = new_round(
        tmp_path / "r",
        forms=[OVERALL],
        roster=roster(tmp_path / "名册.xlsx", without=few),
        year=2024,
    )
    with opened(folder) as first, opened(folder) as second:
        assert len(send(first).events) == 3
        assert send(second).events == ()
    wrong = form_of(tmp_path, "a.xlsx", funds__actual_expenditure=1.0)
    assert came(folder, wrong) == [("101001", "counted")]
    with opened(folder) as first, opened(folder) as second:
        assert len(send_back(first).events) == 1
        assert send_back(second).events == ()
    assert [path.name for path in (folder / "退回").glob("*/*")] == ["第1次"]


@pytest.fixture
def unanswered(tmp_path: Path) -> Path:
    """A round to which nothing has come."""
    return new_round(
        tmp_path / "r", forms=[OVERALL], roster=roster(tmp_path / "名册.xlsx"), year=2024
    )


def test_a_reopening_that_was_ended_half_way_loses_no_pack(
    unanswered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_round(unanswered, why="试")
    first = verify(unanswered.with_name("r.zip"))

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    replace_part(monkeypatch, "what a verb writes", ended)
    with pytest.raises(KeyboardInterrupt):
        reopen_round(unanswered, why="更正")
    monkeypatch.undo()
    reopen_round(unanswered, why="更正")
    decide(unanswered, "101001", excuse=True, why="撤并")
    close_round(unanswered, why="试")
    for kind in ("r", "r-上报"):
        packs = [verify(path) for path in unanswered.parent.glob(f"{kind}[_.]*")]
        assert len({pack.seal for pack in packs}) == len(packs) == 2
        assert [fault for pack in packs for fault in pack.faults] == []
    assert first.seal in {verify(path).seal for path in unanswered.parent.glob("r_*.zip")}


def test_what_a_killed_program_left_is_not_sealed(unanswered: Path) -> None:
    for left in (".round/files/ab/.tmpx1", "发出/.half.xlsx"):
        path = unanswered / left
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    close_round(unanswered, why="试")
    with zipfile.ZipFile(unanswered.with_name("r.zip")) as archive:
        assert [name for name in archive.namelist() if "half" in name or "tmpx1" in name] == []


# --- as files ------------------------------------------------------------------------------------------


def form_of(
    folder: Path, name: str, form: str = OVERALL, *, year: int = 2024, filling: int = 0, hand: Hand | None = None,
    department: str = "清江县财政监督局", **typed: Value,
) -> Path:  # fmt: skip
    """A filled form as it would come from a department."""
    own: dict[str, Value] = {
        "identity.department_code": "101001",
        "identity.department": department,
    }
    template = build_template(
        find_form(form), folder / f"t_{name}.xlsx", prefilled=own, fiscal_year=year
    )
    values = dict(faultless(form)[filling]) | {
        key.replace("__", "."): value for key, value in typed.items()
    }
    return (hand or ByOpenpyxl()).fill(template, folder / name, values)


def came(
    folder: Path, file: Path, name: str = "", day: str = "2025-03-20"
) -> list[tuple[str, str]]:
    """Drop a file in and receive; what became of each new one."""
    target = folder / "收件" / (name or file.name)
    target.write_bytes(file.read_bytes())
    dated(target, day)
    return [(each.code, each.outcome) for each in receive(folder).files]


def test_files_that_are_not_due_belong_to_the_duty_and_never_count(tmp_path: Path) -> None:
    folder = new_round(
        tmp_path / "r", forms=[OVERALL], roster=roster(tmp_path / "名册.xlsx"), year=2024
    )
    for file, name, outcome in (
        (form_of(tmp_path, "year.xlsx", year=2023), "", "wrong_year"),
        (form_of(tmp_path, "form.xlsx", "project_expenditure"), "", "wrong_form"),
        (form_of(tmp_path, "county.xlsx", department="平江县财政监督局"), "", "wrong_county"),
        (
            _written(tmp_path / "broken", b"PK\x03\x04 no book"),
            "清江县财政监督局.xlsx",
            "unreadable",
        ),
        (_written(tmp_path / "scan", b"%PDF-1.4"), "101001盖章.pdf", "attachment"),
    ):
        assert came(folder, file, name) == [("101001", outcome)]
        duty = next(duty for duty in status(folder)[0].duties if duty.key == OWN)
        assert (duty.counted, duty.on_time) == (None, None)
    assert duty.state == "faulty"
    assert [version.number for version in duty.versions] == [1, 2, 3, 4]
    right = form_of(tmp_path, "right.xlsx")
    assert came(folder, right)[0][1] in ("counted", "replaced_older")
    assert came(folder, right, "again.xlsx") == [("101001", "unchanged")]
    duty = next(duty for duty in status(folder)[0].duties if duty.key == OWN)
    assert duty.counted is not None
    assert (duty.counted.number, duty.state) == (5, "passed")
    assert send_back(folder).events == ()


def test_a_form_of_the_old_format_that_comes_later_counts(tmp_path: Path, office: Office) -> None:
    folder = new_round(
        tmp_path / "r", forms=[OVERALL], roster=roster(tmp_path / "名册.xlsx"), year=2024
    )
    first = form_of(tmp_path, "a.xlsx")
    later = form_of(tmp_path, "b.xls", hand=ByOffice(office), identity__phone="0730-4221018")
    assert came(folder, first) == [("101001", "counted")]
    assert came(folder, later, day="2025-03-21") == [("101001", "replaced_older")]
    for name, file in (("c.xls", later), ("d.xlsx", first)):
        assert came(folder, file, name, "2025-03-22") == [("101001", "unchanged")]
    duty = next(duty for duty in status(folder)[0].duties if duty.key == OWN)
    assert duty.counted is not None
    assert duty.counted.number == 2


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
