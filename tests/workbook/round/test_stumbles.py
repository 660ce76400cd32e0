"""What clerks and accountants stumbled over."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import pytest

from tests.rounds import ByOpenpyxl, answers
from workbook.errors import WorkbookError
from workbook.round import (
    assign,
    decide,
    history,
    new_round,
    receive,
    send,
    send_back,
    status,
    summarise,
)

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
CODE = "301001"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A round with one return of the samples in its 收件, received and sent back."""
    folder = new_round(
        tmp_path / "r", forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024, deadline="2025-3-31"
    )  # fmt: skip
    shutil.copy(next((SAMPLES / "returns").glob(f"{CODE}_*.xlsx")), folder / "收件")
    send(folder)
    receive(folder)
    send_back(folder)
    return folder


def answered(folder: Path, given: dict[int, tuple[str, str]], time: int = 1) -> tuple[str, ...]:
    """Give answers in the form that was sent back; what the clerk is told."""
    (place,) = (folder / "退回").glob(f"{CODE} *")
    target = folder / "收件" / f"{CODE}_{time}_{len(given)}.xlsx"
    ByOpenpyxl().fill(place / f"第{time}次" / "自评表.xlsx", target, answers(given))
    return receive(folder).remarks


def states(folder: Path) -> dict[int, str]:
    (duty,) = history(folder, CODE)["duties"]
    return {problem["number"]: problem["state"] for problem in duty["problems"]}


def test_what_lies_in_the_inbox_is_added_up_from_anywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert summarise(folder.name).files[0] == "汇总/汇总表.xlsx"


def test_an_answer_without_a_reason_is_none_and_is_told(folder: Path) -> None:
    remarks = answered(folder, {2: ("核对无误", ""), 3: ("没问题", "真的")})
    assert [("没有写说明" in each, "不在三项里" in each) for each in remarks] == [
        (True, False),
        (False, True),
    ]
    assert (states(folder)[2], states(folder)[3]) == ("open", "open")


def test_what_was_refused_is_not_closed_by_another_answer(folder: Path) -> None:
    answered(folder, {2: ("请免", "年初未定")})
    decide(folder, CODE, refuse=[2], why="请补充依据")
    send_back(folder)
    answered(folder, {2: ("核对无误", "没有错")}, time=2)
    assert states(folder)[2] == "answered"


def test_our_own_forms_dragged_in_are_no_returns(folder: Path) -> None:
    received = receive(folder, [folder / "发出", folder / "退回"])
    assert {each.outcome for each in received.files} == {"skipped"}
    assert received.numbers()["new"] == 0


def test_a_file_of_nobody_can_be_put_aside(folder: Path) -> None:
    (folder / "收件" / "说明.pdf").write_bytes(b"%PDF")
    receive(folder)
    (stray,) = status(folder)[0].unassigned
    assign(folder, str(stray.event), "")
    assert status(folder)[0].unassigned == ()
    with pytest.raises(WorkbookError, match="已经"):
        assign(folder, "说明.pdf", "")


def test_more_time_is_not_less_time(folder: Path) -> None:
    with pytest.raises(WorkbookError, match="还早"):
        decide(folder, CODE, extend="2025-3-1")
    with pytest.raises(WorkbookError, match="已经过去"):
        decide(folder, CODE, accept=[1], why="有批复", until="2025-3-1")


def test_a_day_is_read_as_people_write_it(folder: Path) -> None:
    path = folder / "round.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("deadline = 2025-03-31", "deadline = 2025-4-5  # 改"), encoding="utf-8"
    )
    board, _ = status(folder)
    assert board.departments[0].duties[0].deadline == datetime.date(2025, 4, 5)
    assert "2025-04-05" in board.remarks[0]


def test_what_stands_and_what_should_are_of_the_cell_that_is_named(folder: Path) -> None:
    import openpyxl  # noqa: PLC0415

    (place,) = (folder / "退回").glob(f"{CODE} *")
    sheet = openpyxl.load_workbook(place / "第1次" / "自评表.xlsx")["退回修改"]
    lines = [
        row[:6] for row in sheet.iter_rows(min_row=8, values_only=True) if isinstance(row[0], int)
    ]
    due = {str(line[2]): (line[3], line[4]) for line in lines}
    assert next(pair for text, pair in due.items() if "预算执行自评" in text) == ("10", "9.77")
    assert next(pair for text, pair in due.items() if "没有写明偏差原因" in text) == (
        "（空）",
        "",
    )
