"""Texts folded to one width, and targets and actuals read as measures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook import text as texts

# (what stands in the cell, its sign, its value, its unit): about what published forms hold.
CELLS = [
    # percentages
    ("100%", "", 100.0, "%"),
    ("96.2%", "", 96.2, "%"),
    ("９８．５％", "", 98.5, "%"),
    ("≥95%", "≥", 95.0, "%"),
    ("≥ 98 %", "≥", 98.0, "%"),
    ("≧95%", "≥", 95.0, "%"),
    (">=90", "≥", 90.0, ""),
    ("＞80％", ">", 80.0, "%"),
    ("<5%", "<", 5.0, "%"),
    ("≦5天", "≤", 5.0, "天"),
    ("＜＝5天", "≤", 5.0, "天"),
    ("═100%", "=", 100.0, "%"),
    ("=100%", "=", 100.0, "%"),
    ("＝０", "=", 0.0, ""),
    ("4.5‰", "", 4.5, "‰"),
    # worded inequalities, in front
    ("不少于12种", "≥", 12.0, "种"),
    ("不低于90％", "≥", 90.0, "%"),
    ("不小于8人", "≥", 8.0, "人"),
    ("大于等于30人", "≥", 30.0, "人"),
    ("大于或等于30人", "≥", 30.0, "人"),
    ("不超过5天", "≤", 5.0, "天"),
    ("不高于10%", "≤", 10.0, "%"),
    ("不大于3件", "≤", 3.0, "件"),
    ("不多于8人", "≤", 8.0, "人"),
    ("小于等于2%", "≤", 2.0, "%"),
    ("小于或等于2%", "≤", 2.0, "%"),
    # and behind
    ("95%以上", "≥", 95.0, "%"),
    ("12 种 以上", "≥", 12.0, "种"),
    ("2次以下", "≤", 2.0, "次"),
    ("30日以内", "≤", 30.0, "日"),
    ("≥95%以上", "≥", 95.0, "%"),
    ("100以上", "≥", 100.0, ""),
    # numbers and amounts
    ("0", "", 0.0, ""),
    ("100", "", 100.0, ""),
    ("78.3", "", 78.3, ""),
    ("78.3万元", "", 78.3, "万元"),
    ("1,234.5万元", "", 1234.5, "万元"),
    ("1，234.5 万元", "", 1234.5, "万元"),
    ("１２０公里", "", 120.0, "公里"),
    ("≤3起", "≤", 3.0, "起"),
    ("≥5.2万亩", "≥", 5.2, "万亩"),
    ("2次/年", "", 2.0, "次/年"),
    ("100m2", "", 100.0, "M2"),
    (".5", "", 0.5, ""),
    ("5.", "", 5.0, ""),
    ("20余场", "", 20.0, "余场"),
    # times
    ("1年", "", 1.0, "年"),
    ("12个月", "", 12.0, "个月"),
    ("2024年10月底前", "", 2024.0, "年10月底前"),
    ("2024-10", "", 2024.0, "-10"),
    ("3－5天", "", 3.0, "-5天"),
    ("10月31日前", "", 10.0, "月31日前"),
    # words
    ("高", "", None, "高"),
    ("有所提升", "", None, "有所提升"),
    ("达成年度指标", "", None, "达成年度指标"),
    ("全年", "", None, "全年"),
    ("约20场", "", None, "约20场"),
    ("第1名", "", None, "第1名"),
    ("-5%", "", None, "-5%"),
    ("≥高", "≥", None, "高"),
    ("≥", "≥", None, ""),
    ("以上", "", None, "以上"),
    # fillers
    ("", "", None, ""),
    ("　 \n", "", None, ""),
    ("—", "", None, "—"),
    ("/", "", None, "/"),
    ("★", "", None, "★"),
    ("……", "", None, "……"),
    # no measures
    ("1.2.3", "", None, ""),
    (".", "", None, ""),
    ("1234567890123456", "", None, ""),
    ("6222021234567890123", "", None, ""),
]


@pytest.mark.parametrize(("cell", "sign", "value", "unit"), CELLS, ids=[repr(c[0]) for c in CELLS])
def test_a_cell_is_sign_number_and_unit(
    cell: str, sign: str, value: float | None, unit: str
) -> None:
    measured = texts.measure(cell)
    body = texts.body_of(measured)
    run = texts.digits_of(body)
    assert (texts.sign_of(measured), texts.value_of(run), body[len(run) :]) == (sign, value, unit)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        (" 三公 经费\n控制率　", "三公经费控制率"),
        ("（１）：－＋／", "(1):-+/"),
        ("目标 1：科普", "目标1:科普"),
        ("１，２３４．５％", "1234.5%"),
        ("＞＝", "≥"),
        ("< =", "≤"),
        ("straße", "STRASSE"),
        ("\u00a0a\tb\r\n", "AB"),
    ],
)
def test_folding_takes_out_blanks_width_and_case(text: str, folded: str) -> None:
    assert texts.fold(text) == folded


@pytest.mark.parametrize("text", ["", " ", "　", "\n", " \n　\n "])
def test_blanks_alone_are_nothing(text: str) -> None:
    assert texts.is_blank(text)


@pytest.mark.parametrize("text", ["0", "-", "\u00a0", "\t", "无"])
def test_whatever_else_stands_there_is_something(text: str) -> None:
    assert not texts.is_blank(text)


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("≥≤><=0129.%以上下内万元 　，")
)


@given(TEXTS)
def test_folding_twice_changes_nothing(text: str) -> None:
    once = texts.fold(text)
    assert texts.fold(once) == once


@given(TEXTS)
def test_a_body_is_its_digits_and_the_rest(text: str) -> None:
    body = texts.body_of(texts.measure(text))
    run = texts.digits_of(body)
    assert run + body[len(run) :] == body


@given(TEXTS)
def test_any_text_has_one_of_five_signs_or_none_and_a_finite_value_or_none(text: str) -> None:
    measured = texts.measure(text)
    assert texts.sign_of(measured) in {"", *texts.SIGNS}
    value = texts.value_of(texts.digits_of(texts.body_of(measured)))
    assert value is None or 0 <= value < 1e15


SPELLINGS = {
    "≥": [
        ("≥", ""),
        ("≧", ""),
        (">=", ""),
        ("＞＝", ""),
        ("不少于", ""),
        ("不低于", ""),
        ("", "以上"),
    ],
    "≤": [("≤", ""), ("<=", ""), ("不超过", ""), ("不高于", ""), ("", "以下"), ("", "以内")],
    ">": [(">", ""), ("＞", "")],
    "<": [("<", ""), ("＜", "")],
    "=": [("=", ""), ("＝", ""), ("═", "")],
    "": [("", "")],
}
WIDE = str.maketrans("0123456789.,", "０１２３４５６７８９．，")


@given(
    sign=st.sampled_from(sorted(SPELLINGS)),
    number=st.decimals(0, 99_999_999, places=2),
    unit=st.sampled_from(["", "%", "万元", "个", "公里", "人次", "年"]),
    wide=st.booleans(),
    data=st.data(),
)
def test_every_spelling_of_a_measure_reads_the_same(
    sign: str, number: float, unit: str, wide: bool, data: st.DataObject
) -> None:
    before, behind = data.draw(st.sampled_from(SPELLINGS[sign]))
    digits = f"{number:,}"
    cell = f"{before} {digits.translate(WIDE) if wide else digits}{unit}{behind}"
    measured = texts.measure(cell)
    body = texts.body_of(measured)
    run = texts.digits_of(body)
    read = texts.sign_of(measured), texts.value_of(run), body[len(run) :]
    assert read == (sign, float(number), unit)
