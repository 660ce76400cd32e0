"""A row put in among the indicators and filled in is one more row of its group; nothing of it is lost silently."""

from pathlib import Path

import openpyxl
import pytest

from builder import build_template
from tests.api import read_return
from tests.fillings import FILLED, filling
from tests.office import Format, Office
from tests.returns.cases import row_of_indicators
from tests.returns.clients import HOME, Step, in_turn, libreoffice, unlocked
from workbook import Return, Submission, check, find_form, frames
from workbook.form import Value
from workbook.layout import default_plan

FORM = find_form("department_overall")
GIVEN = filling(FILLED[0])
LESS = (("write", ["G17", "3"]), ("write", ["H17", "3"]))
"""Five points of the first indicator go to the new one."""
PUT_IN = (("insert_rows", [18, 1]), *row_of_indicators(18), *LESS)
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


def returned(
    office: Office, sound: Path, *steps: Step, save_as: Format = "xlsx"
) -> tuple[Return, Submission]:
    path = sound.with_name(f"return.{save_as}")
    in_turn(unlocked(*steps), libreoffice(save_as=save_as)).do(sound, path, office)
    (item,) = check([read_return(path)])
    assert item.submission is not None
    return item, item.submission


def row(read: Submission, number: int) -> dict[str, Value]:
    return {key: read.cells[f"indicators.{key}.{number}"].value for key in ROW}


def told(item: Return) -> list[str]:
    return sorted(f"{f.code} {f.cell}".strip() for f in item.findings)


def plan(**more: int) -> tuple[int, ...]:
    """The usual rows, and so many more in the groups by their place."""
    return tuple(n + more.get(f"g{i}", 0) for i, n in enumerate(default_plan(FORM)))


def test_a_row_within_a_group_is_read_as_a_row_of_it(office: Office, sound: Path) -> None:
    (other,) = check([read_return(sound)])
    item, read = returned(office, sound, *PUT_IN)
    assert ((read.plan, row(read, 2)), told(item), read.cells["indicators.target.2"].address) == (
        (plan(g0=1), ROW),
        ["L215", "L220 D18,E18,F18,G18,H18"],
        (HOME, 18, 5),
    )
    assert other.submission is not None
    assert [row(read, n + 1) for n in range(2, 21)] == [
        row(other.submission, n) for n in range(2, 21)
    ]
    both = frames(check([item, other])).section("indicators")
    assert both.query("indicator == '查档回访次数'")["level2"].tolist() == ["数量指标"]


def test_findings_of_the_template_s_cells_have_the_names_of_the_return(
    office: Office, sound: Path
) -> None:
    item, _ = returned(office, sound, *PUT_IN, ("write", ["F25", '="是"']))
    assert ("L211", "F25", "indicators.actual.9") in [
        (f.code, f.cell, f.field) for f in item.findings
    ]


STATES: dict[str, tuple[tuple[Step, ...], int]] = {
    "its group's label reaches over it": ((("unmerge", "C17:C19"), ("merge", "C17:C20")), 0),
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
    item, read = returned(office, sound, ("insert_rows", [20, 1]), *row_of_indicators(20), *steps)
    assert (read.plan, row(read, 4)) == (plan(**{f"g{group}": 1}), ROW)
    assert "L220 D20,E20,F20,G20,H20" in told(item)


def test_several_rows_keep_their_order(office: Office, sound: Path) -> None:
    steps: tuple[Step, ...] = (
        *(("insert_rows", [22, 1]), *row_of_indicators(22), ("insert_rows", [18, 2])),
        *(*row_of_indicators(18), ("write", ["D18", "甲"])),
        *(*row_of_indicators(19), ("write", ["D19", "乙"])),
    )
    _, read = returned(office, sound, *steps)
    assert read.plan == plan(g0=2, g1=1)
    names = [row(read, n)["indicator"] for n in (2, 3, 8)]
    assert names == ["甲", "乙", ROW["indicator"]]


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_a_row_put_in_is_read_from_other_formats_too(
    office: Office, sound: Path, kind: Format
) -> None:
    item, read = returned(office, sound, *PUT_IN, save_as=kind)
    assert (read.plan, row(read, 2), told(item)) == (plan(g0=1), ROW, ["L217", "W113"])


@pytest.mark.parametrize("at", [17, 19, 33])
def test_a_program_that_leaves_names_behind_shifts_no_value(sound: Path, at: int) -> None:
    """openpyxl moves the cells below an inserted row, and neither names, merges nor formulas."""
    book = openpyxl.load_workbook(sound)
    book[HOME].insert_rows(at)
    book.save(sound.with_name("shifted.xlsx"))
    before, after = check(read_return(sound.with_name(n)) for n in ("sound.xlsx", "shifted.xlsx"))
    assert after.submission is not None and before.submission is not None
    typed = [
        {row(read, n)["indicator"]: row(read, n) for n in range(1, 21)}
        for read in (before.submission, after.submission)
    ]
    assert typed[0] == typed[1]
    codes = {f.code for f in after.findings}
    assert "L209" not in codes and "L217" in codes
