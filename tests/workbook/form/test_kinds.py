"""What each kind of field makes of what stands in its cells."""

import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.expression.operands import Type
from workbook.expression.operators import rounded
from workbook.form.coercion import Raw, Value, serial
from workbook.form.kinds import KINDS, shown

NUMBERS = sorted(name for name, kind in KINDS.items() if kind.type is Type.NUMBER)
TEXTS = sorted(name for name, kind in KINDS.items() if kind.type is Type.TEXT)
DAY = datetime.date(2025, 3, 18)

# (kind, what stands there, number format, the form's unit, value); read as it was typed
CLEAN: list[tuple[str, Raw, str, str, Value]] = [
    ("money", 78.3, "#,##0.00", "万元", 78.3),
    ("money", -5.0, "General", "万元", -5.0),
    ("money", 0.1 + 0.2, "General", "万元", 0.30000000000000004),
    ("money", None, "General", "万元", None),
    ("money", "", "General", "万元", None),
    ("score", 9.69, "General", "万元", 9.69),
    ("percent", 0.995, "0.00%", "万元", 0.995),
    ("percent", 1.0, "General", "万元", 1.0),
    ("percent", 1.5, "0.00%", "万元", 1.5),
    ("count", 12.0, "0", "万元", 12.0),
    ("number", 1e300, "General", "万元", 1e300),
    ("text", "岳阳市云溪区科学技术协会  ", "@", "万元", "岳阳市云溪区科学技术协会  "),
    ("text", " 　\n", "@", "万元", None),
    ("text", None, "@", "万元", None),
    ("paragraph", "第一行\n第二行", "@", "万元", "第一行\n第二行"),
    ("choice", "是", "@", "万元", "是"),
    ("measure", "≥95%", "@", "万元", "≥95%"),
    ("measure", "2024-10", "@", "万元", "2024-10"),
    ("measure", "0030", "@", "万元", "0030"),
    ("date", 45734.0, "yyyy-m-d", "万元", DAY),
    ("date", 45734.75, "yyyy-m-d h:mm", "万元", DAY),
    ("date", None, "General", "万元", None),
    ("date", " ", "General", "万元", None),
]
# read with a receipt
CONVERTED: list[tuple[str, Raw, str, str, Value]] = [
    ("money", "78.3", "@", "万元", 78.3),
    ("money", "1,234.5", "@", "万元", 1234.5),
    ("money", "1，234.5", "@", "万元", 1234.5),
    ("money", "７８．３万元", "@", "万元", 78.3),
    ("money", " 78.3 万元 ", "@", "万元", 78.3),
    ("money", "-3", "@", "万元", -3.0),
    ("money", "＋3", "@", "万元", 3.0),
    ("money", ".5", "@", "万元", 0.5),
    ("money", "5.", "@", "万元", 5.0),
    ("money", "300万元", "@", "元", 3_000_000.0),
    ("money", "78300元", "@", "万元", 7.83),
    ("money", "7830元", "@", "元", 7830.0),
    ("money", "0.1元", "@", "万元", 0.00001),
    ("money", "　", "@", "万元", None),
    ("score", "9.69分", "@", "万元", 9.69),
    ("score", "１０", "@", "万元", 10.0),
    ("percent", "100%", "@", "万元", 1.0),
    ("percent", "99．5％", "@", "万元", 0.995),
    ("percent", "14.46 %", "@", "万元", 0.1446),
    ("percent", "0.5", "@", "万元", 0.5),
    ("count", "12", "@", "万元", 12.0),
    ("number", "3.14", "@", "万元", 3.14),
    ("text", 125001.0, "General", "万元", "125001"),
    ("text", 78.3, "General", "万元", "78.3"),
    ("text", 430602199001011234.0, "General", "万元", "4.30602199001011E+17"),
    ("text", 0.00001, "General", "万元", "0.00001"),
    ("text", -0.0, "General", "万元", "0"),
    ("text", True, "General", "万元", "是"),
    ("text", False, "General", "万元", "否"),
    ("paragraph", 1.0, "General", "万元", "1"),
    ("measure", 1.0, "0%", "万元", "100%"),
    ("measure", 0.962, "0.00%", "万元", "96.2%"),
    ("measure", 0.145, "0%", "万元", "14.5%"),
    ("measure", 0.07, "0%", "万元", "7%"),
    ("measure", 120.0, "General", "万元", "120"),
    ("measure", 0.1 + 0.2, "General", "万元", "0.3"),
    ("date", "2025-3-18", "@", "万元", DAY),
    ("date", "2025年3月18日", "@", "万元", DAY),
    ("date", "２０２５．０３．１８", "@", "万元", DAY),
    ("date", "2025/03/18", "@", "万元", DAY),
    ("date", "2025、3、18", "@", "万元", DAY),
    ("date", "2025年3月18号", "@", "万元", DAY),
    ("date", " 2025 年 3 月 18 日 ", "@", "万元", DAY),
    ("date", "2025-03-18 00:00:00", "@", "万元", DAY),
    ("date", "2025-3-1 8:30", "@", "万元", datetime.date(2025, 3, 1)),
    ("date", "2025-3-1 18:30", "@", "万元", datetime.date(2025, 3, 1)),
    ("date", "2025-03-18T10:30:00.5", "@", "万元", DAY),
    ("date", "20250318", "@", "万元", DAY),
    ("date", 20250318.0, "General", "万元", DAY),
    ("date", "二〇二五年三月十八日", "@", "万元", DAY),
    ("date", "二零二五年十二月三十一日", "@", "万元", datetime.date(2025, 12, 31)),
    ("date", "二○二五年十月十日", "@", "万元", datetime.date(2025, 10, 10)),
    ("money", "1.2亿元", "@", "万元", 12_000.0),
    ("money", "500千元", "@", "万元", 50.0),
    ("money", "¥300", "@", "元", 300.0),
    ("money", "￥1,300.50", "@", "元", 1300.5),
    ("money", "¥300万元", "@", "万元", 300.0),
    ("money", "1 234.5", "@", "万元", 1234.5),
    ("money", "1\xa0234\xa0567", "@", "万元", 1_234_567.0),
    ("money", "1,234,567.8", "@", "万元", 1_234_567.8),
    ("money", "−3.5", "@", "万元", -3.5),
    ("money", "\u200b78.3\ufeff", "@", "万元", 78.3),
    ("money", "\xa0", "@", "万元", None),
    ("text", "\xa0", "@", "万元", None),
    ("percent", 100.0, "General", "万元", 1.0),
    ("percent", 96.2, "0.00%", "万元", 0.962),
    ("percent", "96.2", "@", "万元", 0.962),
    ("measure", 45583.0, "yyyy/m/d", "万元", "2024年10月18日"),
    ("measure", 45583.0, 'yyyy"年"m"月"', "万元", "2024年10月"),
    ("measure", 45583.0, "mmm-yy", "万元", "2024年10月"),
    ("measure", 45583.0, 'm"月"d"日"', "万元", "10月18日"),
    ("text", 45583.0, "[$-804]yyyy-mm-dd;@", "万元", "2024年10月18日"),
    ("text", 45583.0, '"日"0', "万元", "45583"),
]
# no value, and the reason
REFUSED: list[tuple[str, Raw, str, str]] = [
    ("money", "—", "@", "万元"),
    ("money", "无", "@", "万元"),
    ("money", "约300", "@", "万元"),
    ("money", "300万", "@", "万元"),
    ("money", "100%", "@", "万元"),
    ("money", "9.69分", "@", "万元"),
    ("money", "1.2.3", "@", "万元"),
    ("money", "1e5", "@", "万元"),
    ("money", "待定", "@", "万元"),
    ("money", True, "General", "万元"),
    ("money", math.inf, "General", "万元"),
    ("money", -math.inf, "General", "万元"),
    ("money", math.nan, "General", "万元"),
    ("money", "9" * 400, "@", "万元"),
    ("money", "9" * 400 + "元", "@", "万元"),
    ("score", "10万元", "@", "万元"),
    ("score", "优", "@", "万元"),
    ("percent", "一成", "@", "万元"),
    ("percent", False, "General", "万元"),
    ("count", 12.5, "General", "万元"),
    ("count", "12.5", "@", "万元"),
    ("count", "9" * 400, "@", "万元"),
    ("number", "≥95", "@", "万元"),
    ("date", "2025-2-30", "@", "万元"),
    ("date", "2025年13月1日", "@", "万元"),
    ("date", "三月十八日", "@", "万元"),
    ("date", "2025-3", "@", "万元"),
    ("date", "25-3-18", "@", "万元"),
    ("date", "3/18/2025", "@", "万元"),
    ("date", "20251318", "@", "万元"),
    ("date", 20251318.0, "General", "万元"),
    ("date", "二五年三月十八日", "@", "万元"),
    ("date", "二〇二五年三月三十二日", "@", "万元"),
    ("date", "二〇二五年十十月一日", "@", "万元"),
    ("money", "1,23", "@", "万元"),
    ("money", "12 34", "@", "万元"),
    ("money", "1,2345", "@", "万元"),
    ("money", "1,234 567", "@", "万元"),
    ("money", "10²", "@", "万元"),
    ("money", "①", "@", "万元"),
    ("money", "½", "@", "万元"),
    ("money", "¥300", "@", "万元"),
    ("money", "$300", "@", "万元"),
    ("money", ",", "@", "万元"),
    ("money", ".", "@", "万元"),
    ("money", "-", "@", "万元"),
    ("money", "元", "@", "万元"),
    ("money", "３００萬元", "@", "万元"),
    ("money", "٣٠٠", "@", "万元"),
    ("percent", 1.5, "General", "万元"),
    ("percent", "1.5", "@", "万元"),
    ("date", -3.0, "General", "万元"),
    ("date", 1e9, "General", "万元"),
    ("date", math.inf, "General", "万元"),
    ("date", True, "General", "万元"),
]


@pytest.mark.parametrize(("kind", "raw", "number_format", "unit", "value"), CLEAN)
def test_what_was_typed_as_asked_has_no_receipt(
    kind: str, raw: Raw, number_format: str, unit: str, value: Value
) -> None:
    read = KINDS[kind].coerce(raw, number_format, unit)
    assert (read.value, read.receipt, read.problem) == (value, "", "")


@pytest.mark.parametrize(("kind", "raw", "number_format", "unit", "value"), CONVERTED)
def test_what_was_converted_has_a_receipt(
    kind: str, raw: Raw, number_format: str, unit: str, value: Value
) -> None:
    read = KINDS[kind].coerce(raw, number_format, unit)
    assert read.value == value
    assert type(read.value) is type(value)
    assert read.receipt
    assert not read.problem


@pytest.mark.parametrize(("kind", "raw", "number_format", "unit"), REFUSED)
def test_what_cannot_be_read_has_a_reason_and_no_value(
    kind: str, raw: Raw, number_format: str, unit: str
) -> None:
    read = KINDS[kind].coerce(raw, number_format, unit)
    assert read.value is None
    assert read.problem
    assert not read.receipt


def test_a_conversion_of_units_says_from_what_to_what() -> None:
    receipt = KINDS["money"].coerce("300万元", "@", "元").receipt
    assert "万元" in receipt
    assert receipt != KINDS["money"].coerce("300万元", "@", "万元").receipt


FORMATS = st.sampled_from(["General", "@", "0%", "0.00%", "yyyy-m-d", "#,##0.00"])
RAW = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.text(),
    st.from_regex(r"\A[-+]?[0-9.,]{1,400}(万元|元|%|分)?\Z"),
)


@given(
    kind=st.sampled_from(sorted(KINDS)),
    raw=RAW,
    number_format=FORMATS,
    unit=st.sampled_from(["万元", "元"]),
)
def test_no_cell_raises_and_none_has_both_a_value_and_a_problem(
    kind: str, raw: Raw, number_format: str, unit: str
) -> None:
    read = KINDS[kind].coerce(raw, number_format, unit)
    assert not (read.problem and read.value is not None)
    if isinstance(read.value, float):
        assert math.isfinite(read.value)


@given(st.decimals(-99_999_999, 99_999_999, places=4), st.sampled_from(["", "万元"]))
def test_a_number_typed_as_text_is_the_same_number(number: float, unit: str) -> None:
    for text in (f"{number}{unit}", f"{number:,}{unit}", f" {number} {unit}"):
        assert KINDS["money"].coerce(text, "@", "万元").value == float(number)


@given(st.dates(datetime.date(1900, 3, 1)))
def test_a_date_survives_its_serial_number_and_its_text(day: datetime.date) -> None:
    read = KINDS["date"].coerce
    assert read(serial(day), "yyyy-m-d", "").value == day
    assert read(day.isoformat(), "@", "").value == day
    assert read(shown(KINDS["date"], day), "@", "").value == day


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (1.005, 2, 1.01),
        (2.675, 2, 2.68),
        (-1.005, 2, -1.01),
        (0.5, 0, 1.0),
        (1.5, 0, 2.0),
        (2.5, 0, 3.0),
        (-0.5, 0, -1.0),
        (8.325, 2, 8.33),
        (78.3, 2, 78.3),
        (1234.5, -2, 1200.0),
        (1e300, 2, 1e300),
        (123456789012345678.0, 2, 123456789012345678.0),
    ],
)
def test_rounding_is_half_away_from_zero(value: float, decimals: int, expected: float) -> None:
    assert rounded(value, decimals) == expected


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("money", 78.3, "78.3"),
        ("money", 78.30004, "78.3"),
        ("money", 78.30005, "78.3001"),
        ("money", 10.0, "10"),
        ("money", 12345678.9, "12345678.9"),
        ("money", 0.0, "0"),
        ("money", -0.00001, "0"),
        ("score", 9.685, "9.69"),
        ("percent", 0.995, "99.5%"),
        ("percent", 1.0, "100%"),
        ("percent", 1 / 3, "33.33%"),
        ("number", 1 / 3, "0.3333"),
        ("count", 12.0, "12"),
        ("text", "", ""),
        ("measure", "≥95%", "≥95%"),
        ("date", DAY, "2025年3月18日"),
    ],
)
def test_messages_show_values_as_people_write_them(kind: str, value: Value, text: str) -> None:
    assert shown(KINDS[kind], value) == text


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_nothing_is_shown_as_nothing(kind: str) -> None:
    assert shown(KINDS[kind], None) == "（空）"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_complete(kind: str) -> None:
    row = KINDS[kind]
    assert row.name == kind
    assert row.noun
    assert row.number_format
    assert (row.decimals is None) == (row.type is Type.TEXT)
    if row.lowest is not None and row.highest is not None:
        assert row.lowest < row.highest
