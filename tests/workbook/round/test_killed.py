"""Killed at any point and run again, a year comes to the same end; two at once do everything once."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.rounds import ByOpenpyxl, answers, dated, faultless, mailed, roster, zipped
from tests.workbook.round import killed_year as script
from workbook.round import new_round, opened, receive, send, verify

OVERALL = "department_overall"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the departments hand in."""
    return handed_in(tmp_path_factory.mktemp("desk"))


def handed_in(desk: Path) -> Path:
    """What departments hand in: first, and after they were sent something back."""
    others = tuple(code for code, _ in script_departments() if code not in script.CODES)
    roster(desk / "名册.xlsx", without=others)
    first, second, work = desk / "first", desk / "second", desk / "work"
    for folder in (first, second):
        folder.mkdir()
    new_round(work, forms=[OVERALL], roster=desk / "名册.xlsx", year=2024, deadline="2025-03-31")
    send(work)
    hand, fillings = ByOpenpyxl(), faultless(OVERALL)
    for number, code in enumerate(script.CODES[:5]):
        (form,) = (work / "发出").glob(f"{code} */自评表.xlsx")
        values = dict(fillings[number])
        if code in script.FAULTY:
            values["funds.project_expenditure"] = (
                float(str(values["funds.project_expenditure"])) + 7
            )
        hand.fill(form, desk / f"{code}.xlsx", values)
    for code in script.CODES[:3]:
        dated(Path(shutil.copy(desk / f"{code}.xlsx", first)), "2025-03-20")
    pair = zipped(desk / "两家.zip", {f"{c}.xlsx": desk / f"{c}.xlsx" for c in script.CODES[3:5]})
    mailed(first / "转来.eml", pair, name="两家.zip", sender="x@example.cn", day="2025-03-21")
    (first / "盖章.pdf").write_bytes(b"%PDF-1.4")
    for path in (first / "转来.eml", first / "盖章.pdf"):
        dated(path, "2025-03-21")
    script.begin(desk, work := desk / "half")
    mended = {"funds.project_expenditure": fillings[0]["funds.project_expenditure"]}
    for code, typed in zip(
        script.FAULTY,
        (mended | answers({1: ("已改", "")}), answers({1: ("请免", "上级单列")})),
        strict=True,
    ):
        (back,) = (work / "退回").glob(f"{code} */第1次/自评表.xlsx")
        dated(hand.fill(back, second / f"{code}_改.xlsx", typed), "2025-04-08")
    return desk


def script_departments() -> tuple[tuple[str, str], ...]:
    from tests.rounds import DEPARTMENTS  # noqa: PLC0415

    return DEPARTMENTS


def play(desk: Path, folder: Path, seed: int, kills: int) -> None:
    done = subprocess.run(
        [sys.executable, script.__file__, str(desk), str(folder), str(seed), str(kills)],
        capture_output=True, text=True, check=False, timeout=3000,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "WORKBOOK_WHO": "李"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr


@pytest.fixture(scope="module")
def undisturbed(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The year that nobody killed."""
    folder = tmp_path_factory.mktemp("undisturbed") / "r"
    play(desk, folder, 0, 0)
    return folder


def events(folder: Path) -> list[tuple[Any, ...]]:
    """What happened, without when and without the seals, which tell when."""
    with opened(folder) as this_round:
        this_round.ledger.require_whole()
        return [
            (event.id, event.who, event.kind, event.duty.text, event.file,
             json.dumps({**event.data, "report": "", "reports": len(event.data.get("reports", ()))}, sort_keys=True))
            for event in this_round.events
        ]  # fmt: skip


def stored(folder: Path) -> set[str]:
    return {
        path.name
        for path in (folder / ".round" / "files").glob("*/*")
        if not path.name.startswith(".")
    }


def cells(folder: Path) -> Iterator[tuple[str, str, object]]:
    """The summary's cells, with the folder that they name left out."""
    book = openpyxl.load_workbook(folder / "汇总" / "汇总表.xlsx")
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    value = cell.value
                    own = value.replace(str(folder), "") if isinstance(value, str) else value
                    yield sheet.title, cell.coordinate, own


def written(folder: Path) -> set[str]:
    """What lies there for people, whole files under their own names."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {
        name for name in names if not name.startswith(".round/") and not re.search(r"(^|/)\.", name)
    }


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills its children")
@pytest.mark.parametrize(
    ("seed", "kills"),
    [(1, 5), *(pytest.param(seed, 20, marks=pytest.mark.long) for seed in range(1, 12))],
)
def test_a_year_that_is_killed_again_and_again_comes_to_the_same_end(
    desk: Path, undisturbed: Path, tmp_path: Path, seed: int, kills: int
) -> None:
    folder = tmp_path / "r"
    play(desk, folder, seed, kills)
    assert events(folder) == events(undisturbed)
    assert stored(folder) == stored(undisturbed)
    assert written(folder) == written(undisturbed)
    assert list(cells(folder)) == list(cells(undisturbed))
    assert not verify(folder.with_name("r.zip")).faults
    assert not list((folder / ".round").glob("ledger.db-*"))


# --- two at once -----------------------------------------------------------------------------------------

TOGETHER = """
import sys, time
from workbook.errors import WorkbookError
from workbook.round import *
from workbook.round.ledger import Ledger
folder, moment, verb = sys.argv[1], float(sys.argv[2]), sys.argv[3]
time.sleep(max(moment - time.time(), 0))
try:
    if verb == "receive":
        done = receive(folder)
        print(done.numbers()["new"], done.unchanged)
    else:
        decide(folder, "101001", seen=1, approve=True, why=verb)
        print("done")
except WorkbookError as error:
    print("refused", error)
"""


def together(folder: Path, *verbs: str) -> list[str]:
    """What processes that begin at the same moment print."""
    import time  # noqa: PLC0415

    moment = time.time() + 3
    running = [
        subprocess.Popen(
            [sys.executable, "-c", TOGETHER, str(folder), str(moment), verb], stdout=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "WORKBOOK_WHO": verb},
        )
        for verb in verbs
    ]  # fmt: skip
    return [process.communicate(timeout=900)[0].strip() for process in running]


@pytest.mark.parametrize("count", [60, pytest.param(600, marks=pytest.mark.long)])
def test_two_who_receive_at_once_take_each_file_once(
    desk: Path, tmp_path: Path, count: int
) -> None:
    folder = new_round(tmp_path / "r", forms=[OVERALL], roster=desk / "名册.xlsx", year=2024)
    toml = folder / "round.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(
        text.replace("approve_passed = false", "approve_passed = true"), encoding="utf-8"
    )
    for number in range(count):
        dated_file = folder / "收件" / f"{number:03}.pdf"
        dated_file.write_bytes(b"%%PDF-1.4 %d" % number)
        dated(dated_file, "2025-03-20")
    for code in script.CODES[2:5]:
        dated(Path(shutil.copy(desk / f"{code}.xlsx", folder / "收件")), "2025-03-20")
    told = together(folder, "receive", "receive")
    assert len(told) == 2
    with opened(folder) as this_round:
        received = [event.file for event in this_round.events if event.kind == "received"]
        approved = [event.duty.code for event in this_round.events if event.kind == "approved"]
        settings = [event for event in this_round.events if event.kind == "settings_changed"]
        assert this_round.ledger.require_whole()
    assert len(received) == len(set(received)) == count + 3
    assert sorted(approved) == sorted(script.CODES[2:5])
    assert len(settings) == 2
    assert sum(int(line.split()[0]) for line in told) == count + 3
    assert receive(folder).numbers()["new"] == 0


def test_of_two_who_decide_at_once_the_second_is_told(desk: Path, tmp_path: Path) -> None:
    folder = new_round(tmp_path / "r", forms=[OVERALL], roster=desk / "名册.xlsx", year=2024)
    dated(Path(shutil.copy(desk / "101001.xlsx", folder / "收件")), "2025-03-20")
    receive(folder)
    told = together(folder, "甲", "乙", "丙")
    assert told.count("done") == 1, told
    assert all("101001" in line and "核定" in line for line in told if line != "done")
    with opened(folder) as this_round:
        assert [event.kind for event in this_round.events].count("approved") == 1
