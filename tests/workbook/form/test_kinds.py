"""What each kind of field makes of what stands in its cells; and that a new one is a new row."""

import datetime
import math
from dataclasses import dataclass, replace
from pathlib import Path

import docx
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import build_template
from tests.api import KINDS, department_report
from tests.office import Office
from tests.sheets import differences
from workbook import (
    Filling,
    Form,
    Return,
    Submission,
    aggregate,
    check,
    frames,
    load_form,
    read_returns,
)
from workbook.expression import Type
from workbook.form import Raw, Value, serial, shown
from workbook.layout import lay_out
from workbook.summary import section_schema
from workbook.word import import_word

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
    ("number", 9e14, "General", "万元", 9e14),
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
    ("money", "10\n200", "@", "万元"),
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
    assert (repr(read.value), read.problem) == (repr(value), "")
    assert read.receipt


@pytest.mark.parametrize(("kind", "raw", "number_format", "unit"), REFUSED)
def test_what_cannot_be_read_has_a_reason_and_no_value(
    kind: str, raw: Raw, number_format: str, unit: str
) -> None:
    read = KINDS[kind].coerce(raw, number_format, unit)
    assert (read.value, read.receipt) == (None, "")
    assert read.problem


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
    written = (serial(day), day.isoformat(), shown(KINDS["date"], day))
    assert [KINDS["date"].coerce(raw, "yyyy-m-d", "").value for raw in written] == [day] * 3


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
def test_every_kind_is_complete(kind: str) -> None:
    row = KINDS[kind]
    assert row.name == kind and row.noun and row.number_format
    assert (row.decimals is None) == (row.type is Type.TEXT)
    assert row.lowest is None or row.highest is None or row.lowest < row.highest
    assert shown(row, None) == "（空）"


# --- a new kind is a new row ----------------------------------------------------------------------

PEOPLE = replace(
    KINDS["count"],
    name="people",
    number_format='0"人"',
    shows=KINDS["percent"].shows,
    noun="人数",
    highest=9999,
    sign="人",
    unit="人",
    list_width=11,
)
PERMILLE = replace(
    KINDS["percent"],
    name="permille",
    number_format="0.0000",
    coerce=KINDS["number"].coerce,
    noun="千分比",
    sign="‰",
    shift=3,
    unit="小数（0.005 即 5‰）",
    look="points",
)
FUND = replace(KINDS["money"], name="fund", noun="经费", highest=600)
FORM = """
id = "staff"
version = "1"
name = "人员情况表"
title = "{fiscal_year} 年度人员情况表"
unit = "元"
sheet = "人员表"
fiscal_year = 2024
widths = [14, 14, 14, 14]

[[section]]
id = "identity"
label = "基本信息"
drawing = ["单位名称 | {department} | 预算编码 | {department_code}"]
[section.fields]
department = { label = "单位名称", kind = "text", required = true }
department_code = { label = "预算编码", kind = "text" }
fiscal_year = { label = "年度", kind = "count", value = 2024 }

[[section]]
id = "staff"
label = "人员"
drawing = ["编制人数 | {permitted} | 实有人数 | {employed}", "增长 | {growth} | 经费 | {budget}"]
[section.fields]
permitted = { label = "编制人数", kind = "people" }
employed = { label = "实有人数", kind = "people" }
growth = { label = "增长", kind = "permille" }
budget = { label = "经费", kind = "fund" }

[[section]]
id = "units"
label = "下属单位"
rows = 3
drawing = ["单位 | 人数 | 增长率 | 说明"]
row = "{unit} | {heads} | {grown} | {note}"
[section.fields]
unit = { label = "单位", kind = "text" }
heads = { label = "人数", kind = "people" }
grown = { label = "增长率", kind = "permille" }
note = { label = "说明", kind = "text" }

[[rule]]
code = "S401"
name = "人员不超编"
scope = "form"
must = "staff.employed <= staff.permitted"
at = "staff.employed"
message = "实有 {staff.employed}，编制 {staff.permitted}，增长 {staff.growth}"
printed = "staff.employed"
expected = "staff.permitted"
hint = "请核对。"
basis = "编制批复"
[[rule.cases]]
verdict = "holds"
given = { "staff.permitted" = 12, "staff.employed" = 12 }
[[rule.cases]]
verdict = "broken"
given = { "staff.permitted" = 12, "staff.employed" = 13 }
"""
GIVEN = Filling(
    {
        "identity.department": "某局",
        "identity.department_code": "001",
        "staff.permitted": 12.0,
        "staff.employed": 13.0,
        "staff.growth": 0.0045,
        "staff.budget": 5_000_000.5,
    },
    {"units": {1: {"unit": "某站", "heads": 7.0, "grown": 0.0125}}},
)


@dataclass(frozen=True)
class Staff:
    """A form whose kinds nothing but `KINDS` has heard of; its template, filled in, and what was read."""

    form: Form
    template: Path
    read: Return

    @property
    def submission(self) -> Submission:
        assert self.read.submission is not None
        return self.read.submission


@pytest.fixture
def staff(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Staff:
    for row in (PEOPLE, PERMILLE, FUND):
        monkeypatch.setitem(KINDS, row.name, row)
    path = tmp_path / "staff_1.toml"
    path.write_text(FORM, encoding="utf-8")
    form = load_form(path)
    template = build_template(form, tmp_path / "某局.xlsx", filling=GIVEN)
    (read,) = check(read_returns([template], forms={(form.id, form.version): form}))
    return Staff(form, template, read)


def test_a_new_kind_is_locked_read_judged_and_shown_by_its_row(staff: Staff) -> None:
    sheet = openpyxl.load_workbook(staff.template)["人员表"]
    at = lay_out(staff.form).spots["staff.employed"].address.a1
    (held,) = (v for v in sheet.data_validations.dataValidation if str(v.sqref) == at)
    own = f"${at}"
    assert (held.formula1, held.error, sheet[at].number_format) == (
        f"AND(ISNUMBER({own}),{own}>=0,{own}<=9999,ROUND({own},0)={own})",
        "“实有人数”应填数字，不小于 0，不大于 9999，小数不超过 0 位。不要写单位。",
        '0"人"',
    )
    found = {f.code: (f.message, f.printed, f.expected) for f in staff.read.findings}
    assert found["S401"] == ("实有 13人，编制 12人，增长 4.5‰", "13人", "12人")
    assert "V304" not in found, "600 are 万元"


def test_the_formulas_of_a_new_kind_show_what_python_shows(staff: Staff, office: Office) -> None:
    assert differences(office, staff.template) == []


def test_a_new_kind_has_its_columns_by_its_row(staff: Staff) -> None:
    units = frames([staff.read]).section("units").drop(columns="county")
    assert [str(dtype) for dtype in units.dtypes] == ["string", "Int64", "Float64", "string"]
    schema = section_schema(staff.form, staff.form.sections["units"]).columns
    told = {column.name: (column.dtype, column.unit) for column in schema}
    assert (told["heads"], told["grown"]) == (("Int64", "人"), ("Float64", "小数（0.005 即 5‰）"))
    main = aggregate([staff.read]).main
    assert main is not None
    assert main.departments["budget"].tolist() == [500.00005]  # 万元


def test_a_new_kind_goes_into_a_document_and_comes_back_by_its_row(
    staff: Staff, tmp_path: Path
) -> None:
    path = tmp_path / "某局.docx"
    path.write_bytes(department_report(staff.submission))
    tables = docx.Document(str(path)).tables
    texts = {cell.text for table in tables for row in table.rows for cell in row.cells}
    assert {"13人", "12人", "4.5‰", "7人", "12.5‰", "5,000,000.50"} <= texts
    assert import_word(path, [staff.form]).filling == GIVEN
