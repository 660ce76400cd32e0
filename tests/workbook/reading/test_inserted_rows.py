"""A row put in among the indicators and filled in is one more row of its group; nothing of it is lost silently."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from builder import build_template
from tests.api import read_return
from tests.fillings import FILLED, filling
from tests.office import Format, Office
from tests.returns.cases import row_of_indicators
from tests.returns.clients import HOME, Step, unlocked
from workbook import Return, check, find_form, frames
from workbook.form import Value
from workbook.layout import default_plan

FORM = find_form("department_overall")
GIVEN = filling(FILLED[0])
LESS = (("write", ["G17", "3"]), ("write", ["H17", "3"]))
"""Five points of the first indicator go to the new one."""
ROW = {
    "indicator": "查档回访次数",
    "target": "≥5次",
    "actual": "5次",
    "weight": 5.0,
    "self_score": 5.0,
    "deviation_reason": None,
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_template(FORM, tmp_path_factory.mktemp("sound") / "sound.xlsx", filling=GIVEN)


def returned(office: Office, sound: Path, *steps: Step, save_as: Format = "xlsx") -> Return:
    path = sound.with_name("return.xlsx")
    unlocked(*steps).do(sound, path, office)
    if save_as != "xlsx":
        with office.open(path) as book:
            path = office.save(book, sound.with_name(f"return.{save_as}"), save_as)
    return check([read_return(path)])[0]


def row(item: Return, number: int) -> dict[str, Value]:
    read = item.submission
    assert read is not None
    return {key: read.cells[f"indicators.{key}.{number}"].value for key in ROW}


def told(item: Return) -> list[str]:
    return sorted(f"{f.code} {f.cell}".strip() for f in item.findings)


def plan(**more: int) -> tuple[int, ...]:
    """The usual rows, and so many more in the groups by their place."""
    usual_plan = default_plan(FORM)
    return tuple(n + more.get(f"g{i}", 0) for i, n in enumerate(usual_plan))


def test_a_row_within_a_group_is_read_as_a_row_of_it(office: Office, sound: Path) -> None:
    before = read_return(sound)
    item = returned(office, sound, ("insert_rows", [18, 1]), *row_of_indicators(18), *LESS)
    assert item.submission is not None
    assert item.submission.plan == plan(g0=1)
    assert told(item) == ["L215", "L220 D18,E18,F18,G18,H18"]
    assert row(item, 2) == ROW
    assert item.submission.cells["indicators.target.2"].address == (HOME, 18, 5)
    assert [row(item, n + 1) for n in range(2, 21)] == [row(before, n) for n in range(2, 21)]
    data = frames([item]).section("indicators")
    assert len(data.query("indicator == '查档回访次数' and level2 == '数量指标'")) == 1


def test_findings_of_the_template_s_cells_have_the_names_of_the_return(
    office: Office, sound: Path
) -> None:
    steps = (("insert_rows", [18, 1]), *row_of_indicators(18), *LESS, ("write", ["F25", '="是"']))
    item = returned(office, sound, *steps)
    (formula,) = [f for f in item.findings if f.code == "L211"]
    assert (formula.cell, formula.field) == ("F25", "indicators.actual.9")


STATES: dict[str, tuple[tuple[Step, ...], int]] = {
    "its group's label reaches over it": (
        (("unmerge", "C17:C19"), ("merge", "C17:C20")),
        0,
    ),
    "the next group's label reaches over it": (
        (("unmerge", "C21:C23"), ("write", ["C20", "质量指标"]), ("merge", "C20:C23")),
        1,
    ),
    "the label of its group is repeated": ((("write", ["C20", "数量 指标"]),), 0),
    "the label of the next group is written there": ((("write", ["C20", "质量指标"]),), 1),
}


@pytest.mark.parametrize("state", STATES)
def test_a_row_between_two_groups_is_read_if_its_label_tells_of_which(
    office: Office, sound: Path, state: str
) -> None:
    steps, group = STATES[state]
    item = returned(office, sound, ("insert_rows", [20, 1]), *row_of_indicators(20), *steps)
    assert item.submission is not None
    assert item.submission.plan == plan(**{f"g{group}": 1})
    assert "L220 D20,E20,F20,G20,H20" in told(item)
    assert row(item, 4) == ROW


def test_several_rows_keep_their_order(office: Office, sound: Path) -> None:
    def steps() -> Iterator[Step]:
        yield ("insert_rows", [22, 1])
        yield from row_of_indicators(22)
        yield ("insert_rows", [18, 2])
        for at, name in ((18, "甲"), (19, "乙")):
            yield from row_of_indicators(at)
            yield ("write", [f"D{at}", name])

    item = returned(office, sound, *steps())
    assert item.submission is not None
    assert item.submission.plan == plan(g0=2, g1=1)
    names = [row(item, n)["indicator"] for n in (2, 3, 8)]
    assert names == ["甲", "乙", ROW["indicator"]]


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_a_row_put_in_is_read_from_other_formats_too(
    office: Office, sound: Path, kind: Format
) -> None:
    steps = (("insert_rows", [18, 1]), *row_of_indicators(18), *LESS)
    item = returned(office, sound, *steps, save_as=kind)
    assert item.submission is not None
    assert item.submission.plan == plan(g0=1)
    assert row(item, 2) == ROW
    assert told(item) == ["L217", "W113"]


def test_a_return_with_rows_put_in_is_added_up_with_others(office: Office, sound: Path) -> None:
    item = returned(office, sound, ("insert_rows", [18, 1]), *row_of_indicators(18), *LESS)
    other = check([read_return(sound)])[0]
    both = frames(check([item, other])).section("indicators")
    assert len(both) > len(frames([other]).section("indicators"))


@pytest.mark.parametrize("at", [17, 19, 33])
def test_a_program_that_leaves_names_behind_shifts_no_value(sound: Path, at: int) -> None:
    """openpyxl moves the cells below an inserted row, and neither names, merges nor formulas."""
    before = read_return(sound)
    book = openpyxl.load_workbook(sound)
    book[HOME].insert_rows(at)
    path = sound.with_name("shifted.xlsx")
    book.save(path)
    item = check([read_return(path)])[0]
    assert item.submission is not None and before.submission is not None
    typed = [
        {row(each, n)["indicator"]: row(each, n) for n in range(1, 21)} for each in (before, item)
    ]
    assert typed[0] == typed[1]
    assert "L209" not in {f.code for f in item.findings}
    assert "L217" in {f.code for f in item.findings}
