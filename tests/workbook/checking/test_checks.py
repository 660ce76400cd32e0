"""Findings: at the right cells, grouped, ordered, and nothing false."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.api import Severity
from tests.fillings import FILLED, SAMPLES, filling
from workbook import Filling, Finding, Form, Return, check
from workbook.address import split_a1
from workbook.checking import View, gather
from workbook.form import Value
from workbook.layout import FORM_SHEET
from workbook.reading import ACCEPTED, submit

SEED = next((SAMPLES / "filled").glob("125001_*.toml"))


def findings(form: Form, given: Filling) -> tuple[Finding, ...]:
    item = Return(Path("x.xlsx"), ACCEPTED, (), submit(form, given))
    return check([item])[0].findings


def test_a_finding_on_several_texts_is_at_those_that_hold_what_it_quotes(form: Form) -> None:
    texts: dict[str, Value] = {
        "report.overview": "区科协",
        "report.performance": "举办科普活动21场。",
        "report.problems": "活动偏少。",
    }
    row: dict[str, Value] = {"indicator": "科普活动场次", "target": "≥12场", "actual": "12场"}
    (found,) = (
        f for f in findings(form, Filling(texts, {"indicators": {1: row}})) if f.code == "D464"
    )
    assert (found.sheet, found.cell) == ("自评报告", "A27,自评表!F17")


def test_another_office_is_found_where_it_is_named_and_not_where_the_own_is(form: Form) -> None:
    texts: dict[str, Value] = {
        "identity.department": "霍山县林业局",
        "report.overview": "霍山县林业局主管林业工作。",
        "report.improvements": "延长产业链。县水利局将加强项目库建设。",
    }
    (found,) = (f for f in findings(form, Filling(texts, {})) if f.code == "D471")
    assert (found.sheet, found.cell) == ("自评报告", "A32")


@pytest.mark.parametrize(
    ("where", "text", "is_told"),
    [
        ("problems", "养护资金年底未支付，因合同跨年度结算，执行率偏低。", False),
        ("performance", "工程尾款结转下年支付。", False),
        ("project_text", "设备采购流标，资金未支出。", False),
        ("problems", "人员力量不足。", True),
        ("performance", "全面完成年度任务。", True),
    ],
)
def test_a_low_rate_may_be_explained_in_the_report(
    form: Form, where: str, text: str, *, is_told: bool
) -> None:
    amounts: dict[str, Value] = {"funds.actual_expenditure": 5.0, "funds.final_budget": 10.0}
    texts: dict[str, Value] = {"goals.achieved_goals": "各项工作均有序。", f"report.{where}": text}
    told = {found.code for found in findings(form, Filling(amounts | texts, {}))}
    assert ("D403" in told) is is_told


def test_every_mistake_of_the_seed_is_found_and_nothing_else(form: Form) -> None:
    found = {(f.code, f.cell, f.printed, f.expected) for f in findings(form, filling(SEED))}
    notes = {item for item in found if item[0] == "D444"}
    assert found - notes == {
        ("D420", "G17,G20,G21,G23,G25", "40", "50"),
        ("D420", "G27,G29,G31,G33", "40", "30"),
        ("D404", "I7", "9.69", "10"),
        ("D433", "H25,H27", "9", "10"),
        ("D432", "I25,I27", "", ""),
        ("D440", "F20", "100%", ""),
        ("D440", "F23", "100%", ""),
        ("D408", "E7", "78.3", ""),
        ("D454", "F14", "", ""),
        ("D451", "D9,F9", "63.09", ""),
        ("D453", "A27", "78.3", ""),
        ("V308", "A30", "主要反映各种预算支出执行偏离绩效目标的情况，并分析其原因。", ""),
        ("D457", "A32", "", ""),
    }
    assert {item[1] for item in notes} == {"E17", "E27", "E29", "E33"}


def test_a_conversion_on_the_hidden_record_is_not_told(form: Form) -> None:
    read = submit(form, filling(SEED))
    name = "report.goals_plain"
    assert read.cells[name].address.sheet == FORM_SHEET
    as_in_xls = replace(read.cells[name], raw=0.0, value="0", receipt="数字转为文本")
    cells = read.cells | {name: as_in_xls}
    item = Return(Path("x.xls"), ACCEPTED, (), replace(read, cells=cells))
    assert FORM_SHEET not in {found.sheet for found in check([item])[0].findings}


@pytest.mark.parametrize("code", ["118001", "604001"])
def test_careful_departments_get_no_finding(form: Form, code: str) -> None:
    path = next(p for p in FILLED if p.name.startswith(code))
    assert findings(form, filling(path)) == ()


def test_blank_required_cell_silences_its_other_findings(form: Form) -> None:
    given = filling(FILLED[0])
    row = given.rows["indicators"][1]
    del row["actual"]
    found = findings(form, given)
    assert [f.code for f in found if f.cell == "F17"] == ["V301"]


def test_a_difference_of_one_last_decimal_is_a_note(form: Form) -> None:
    for project, severity in ((14.02, Severity.NOTE), (14.04, Severity.ERROR)):
        values: dict[str, Value] = {
            "funds.basic_expenditure": 64.29,
            "funds.project_expenditure": project,
            "funds.actual_expenditure": 78.3,
        }
        found = {f.code: f.severity for f in findings(form, Filling(values))}
        assert found["D407"] is severity


def test_findings_are_in_order_of_their_cells_the_report_after_the_form(form: Form) -> None:
    for path in FILLED:
        found = [f for f in findings(form, filling(path)) if f.cell]
        cells = [(f.sheet == "自评报告", split_a1(f.cell.partition(",")[0])) for f in found]
        assert cells == sorted(cells)


def test_equal_findings_are_one_over_several_cells(form: Form) -> None:
    found = [f for f in findings(form, filling(SEED)) if f.code == "D432"]
    assert [(f.cell, f.field) for f in found] == [
        ("I25,I27", "indicators.deviation_reason.9,indicators.deviation_reason.11")
    ]


def _told(form: Form, code: str, *rows: Mapping[str, Value]) -> list[tuple[str, str]]:
    """(cells, message) of one rule's findings on some rows of indicators."""
    given = Filling({}, {"indicators": {n: dict(row) for n, row in enumerate(rows, 1)}})
    return [(f.cell, f.message) for f in findings(form, given) if f.code == code]


NAMELESS = "未填名称的指标的分值为 0"


@pytest.mark.parametrize(
    ("code", "row", "told"),
    [
        ("D430", {"indicator": "培训人次", "weight": 5.0, "self_score": 8.0},
         ("H17", "指标“培训人次”自评 8 分，高于分值 5 分")),
        ("D431", {"indicator": "“三公”经费控制率", "weight": 0.0}, ("G17", "指标“‘三公’经费控制率”的分值为 0")),
        ("D420", {"indicator": "场次", "weight": 5.0}, ("G17", "产出指标标明 50 分，各行分值之和为 5 分")),
        *(("D431", {"indicator": blank, "weight": 0.0, "actual": "5场"}, ("G17", NAMELESS)) for blank in (None, "", "　")),
    ],
)  # fmt: skip
def test_a_finding_on_a_row_names_its_indicator(
    form: Form, code: str, row: dict[str, Value], told: tuple[str, str]
) -> None:
    assert _told(form, code, row) == [told]


@pytest.mark.parametrize(
    ("names", "cells", "said"),
    [
        (("场次", "人次"), "I17,I18", "指标“场次”、指标“人次”"),
        (
            ("场次", "人次", None, "场次"),
            "I17,I18,I19,I20",
            "指标“场次”、指标“人次”、未填名称的指标",
        ),
        (
            ("场次", "人次", None, "场次", "满意度"),
            "I17,I18,I19,I20,I21",
            "指标“场次”、指标“人次”、未填名称的指标等 5 处",
        ),
    ],
)
def test_rows_of_which_the_same_is_said_are_one_finding_that_names_them(
    form: Form, names: tuple[str | None, ...], cells: str, said: str
) -> None:
    told = _told(form, "D445", *({"indicator": n, "deviation_reason": "无"} for n in names))
    assert told == [(cells, f"{said}的偏差原因只写了“无”")]


def test_rows_of_which_something_else_is_said_are_findings_of_their_own(form: Form) -> None:
    rows = [{"indicator": "场次", "deviation_reason": reason} for reason in ("无", "略")]
    assert [cell for cell, _ in _told(form, "D445", *rows)] == ["I17", "I18"]


def test_numbers_that_are_text_do_not_reach_the_workbooks_own_view(form: Form) -> None:
    given = Filling({"funds.final_budget": "１００", "funds.actual_expenditure": 50.0})
    submission = submit(form, given)
    seen = gather(form, [submission], View.WORKBOOK).values(0)["funds"]["execution_rate"]
    meant = gather(form, [submission], View.TRUE).values(0)["funds"]["execution_rate"]
    assert (seen, meant) == (None, 0.5)


@pytest.mark.parametrize(
    ("key", "text", "codes"),
    [
        ("goals.achieved_goals", "完成。\n" * 25, {"V310"}),
        ("goals.achieved_goals", "长" * 600, set()),
        ("goals.planned_goals", "一\n" * 15, set()),
        ("report.overview", "职责\n" * 50, {"V310"}),
        ("report.overview", "职责\n" * 20, set()),
        ("report.problems", "请在此填写存在的问题", {"V309"}),
        ("report.improvements", "xx单位将加强管理。", {"V309"}),
        ("report.project_text", "用于××工程。", {"V309"}),
        ("report.other_matters", " \n \n" * 9, set()),
    ],
)
def test_texts_that_overflow_or_hold_placeholders(
    form: Form, key: str, text: str, codes: set[str]
) -> None:
    found = findings(form, Filling({key: text}))
    assert {f.code for f in found if f.code in ("V309", "V310") and f.field == key} == codes


def test_a_label_with_quotes_is_quoted_once(form: Form) -> None:
    (found,) = (
        f
        for f in findings(form, Filling({"report.three_public_expenditure": "无数"}))
        if f.code == "V302"
    )
    assert "““" not in found.message
    assert "”“" not in found.message
