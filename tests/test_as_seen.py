"""What a person sees is what is read: unseen characters are left out and told, look-alikes are told."""

from pathlib import Path

import pytest

from tests.api import KINDS
from tests.fillings import FILLED, accepted, changed, filling
from workbook import Cell, Finding, Return, check, load_roster
from workbook.checking import Identity
from workbook.form import odd_characters
from workbook.text import printable, printable_lines, unusual_digit_in


def returned(**values: str) -> Return:
    return check([accepted(changed(filling(FILLED[0]), **values))])[0]


def cell_of(item: Return, key: str) -> Cell:
    assert item.submission is not None
    return item.submission.cells[key]


def told(item: Return, key: str) -> list[Finding]:
    return [f for f in item.findings if f.field == key and f.code in ("V302", "V303")]


@pytest.mark.parametrize(
    "unseen",
    [
        *("\u200b", "\u200e", "\u202a", "\u2066", "\u2069", "\ufeff", "\u00ad", "\u3164"),
        *("\U000e0041", "\u2060", "\x1b", "\x85", "\u200d"),
    ],
)
def test_what_nobody_sees_is_left_out_and_told_at_the_cell(unseen: str) -> None:
    item = returned(identity__department=f"岳阳市档案馆{unseen}")
    assert str(cell_of(item, "identity.department").value).strip() == "岳阳市档案馆"
    (finding,) = told(item, "identity.department")
    assert f"U+{ord(unseen):04X}" in finding.message


@pytest.mark.parametrize("turning", ["\u202e", "\u200f", "\u2067", "\u061c", "\u202b"])
def test_an_amount_shown_in_another_order_is_not_guessed(turning: str) -> None:
    item = returned(funds__other_funds=f"{turning}321")
    assert cell_of(item, "funds.other_funds").value is None
    (finding,) = told(item, "funds.other_funds")
    assert finding.code == "V302"
    assert f"U+{ord(turning):04X}" in finding.hint


def test_a_text_shown_in_another_order_is_told() -> None:
    (finding,) = told(returned(identity__department="局\u202e8001"), "identity.department")
    assert "看到的次序可能与读出的不同" in finding.message


@pytest.mark.parametrize(
    ("typed", "value", "said"),
    [
        ("１２０", "１２０", ""),
        ("𝟏𝟐𝟎天", "120天", "U+1D7CF"),
        ("10²", "10²", "“²”（U+00B2）不作数字读"),
        ("5①", "5①", "U+2460"),
        ("٣٥", "٣٥", "U+0663"),
        ("1O0", "1O0", "“O”（U+004F）不作数字读"),
        ("l18001", "l18001", "“l”（U+006C）不作数字读"),
        ("1OO%", "1OO%", "U+004F"),
        ("第一行\u2028第二行", "第一行\n第二行", "U+2028"),
        ("党政办🏛️👍🏽👨\u200d👩\u200d👧", "党政办🏛️👍🏽👨\u200d👩\u200d👧", ""),
        ("省市县\ue000𠮷", "省市县\ue000𠮷", ""),
        ("100m² CO2 C6H12O6 5l ①开展5场", "100m² CO2 C6H12O6 5l ①开展5场", ""),
        ("甲局 \u3000", "甲局 \u3000", ""),
    ],
)
def test_a_text_is_read_as_it_is_seen(typed: str, value: str, said: str) -> None:
    read = KINDS["measure"].coerce(typed, "@", "万元")
    assert read.value == value
    assert said in read.receipt
    assert bool(said) == bool(read.receipt)


@pytest.mark.parametrize(
    ("typed", "value"),
    [("１２０.5", 120.5), ("𝟏𝟐𝟎", 120.0), ("1\u200b20\u200e", 120.0), ("\ufeff120\xad", 120.0)],
)
def test_an_amount_is_read_as_it_is_seen(typed: str, value: float) -> None:
    assert KINDS["money"].coerce(typed, "@", "万元").value == value


@pytest.mark.parametrize("typed", ["10²", "٣٥", "1O0", "①", "l20", "١٢٠万元"])
def test_an_amount_of_other_digits_is_refused_and_said_why(typed: str) -> None:
    (finding,) = told(returned(funds__other_funds=typed), "funds.other_funds")
    assert finding.code == "V302"
    assert typed == "①" or "不作数字读" in finding.hint


def test_the_workbooks_own_verdicts_are_not_doubted_for_it() -> None:
    plain = {f.code for f in returned().findings}
    codes = {f.code for f in returned(goals__planned_goals="编制\u200b规划").findings}
    assert codes - plain <= {"V303"}
    assert not codes & {"L203", "L204"}


@pytest.mark.parametrize("blank", [" ", "\xa0", "\u3000", "\u2003", "\u200b", "\t"])
def test_departments_are_matched_as_seen(tmp_path: Path, blank: str) -> None:
    path = tmp_path / "名册.csv"
    path.write_text("预算编码,部门\n118001,甲县档案馆\n", encoding="utf-8")
    roster = load_roster(path)
    assert roster.match(f"118001{blank}", "") is not None
    assert roster.match("", f"甲县档案馆{blank}") is not None
    assert roster.named_in(f"甲县{blank}档案馆") is not None
    assert Identity.of("", f"118001{blank}", "甲") == Identity.of("", "118001", f"{blank}甲")


@pytest.mark.parametrize("blank", [" ", "\u3000", "\xa0"])
def test_blanks_alone_are_not_told(blank: str) -> None:
    item = returned(identity__department=f"岳阳市档案馆{blank}")
    assert told(item, "identity.department") == []


@pytest.mark.parametrize(
    "text", ["≥95%", "2024年12月31日前", "118001", "①开展5场；②办结3件", "H₂O", "500㎡", "3×5"]
)
def test_usual_texts_have_nothing_odd(text: str) -> None:
    assert not unusual_digit_in(text) and not odd_characters(text)


def test_a_name_is_one_line_that_no_terminal_obeys() -> None:
    assert (
        printable("科协\x1b[31m\u202egnp\n.exe"),
        printable("\udce9"),
        printable("岳阳市 云溪区🏛️"),
        printable_lines("一\r\n二\r三\x9b"),
    ) == (r"科协\x1b[31m\u202egnp\n.exe", r"\udce9", "岳阳市 云溪区🏛️", "一\r\n二\\r三\\x9b")
