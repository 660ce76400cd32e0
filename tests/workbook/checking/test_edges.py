"""Edges of the checking: where a small change of the code would go unnoticed elsewhere."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from builder import build_summary, build_template
from tests.api import KINDS, Severity, Standpoint, judge_case
from tests.fillings import (
    FILLED,
    SAMPLES,
    accepted,
    changed,
    filling,
    overall,
    project_form,
)
from workbook import (
    Filling,
    Finding,
    Form,
    Return,
    RosterError,
    Submission,
    aggregate,
    check,
    load_form,
    load_roster,
    read_returns,
)
from workbook.checking import (
    BROKEN,
    HOLDS,
    UNDECIDED,
    VERDICTS,
    View,
    gather,
    judge,
    tidy,
    value_at,
)
from workbook.checking.columns import take_over
from workbook.checking.senders import sender_of
from workbook.expression import ERROR, Node, parse
from workbook.form import CELL, ROW, Part, Value
from workbook.layout import default_plan, lay_out
from workbook.reading import ACCEPTED, submit
from workbook.summary import ExpectedScoreCollector, expected_score_frame, expected_scores_of

FORM = overall()
GIVEN = filling(FILLED[0])
SEED = filling(next((SAMPLES / "filled").glob("125001_*.toml")))


def found_in(read: Submission) -> list[Finding]:
    return list(judge([Return(Path("x.xlsx"), ACCEPTED, (), read)])[0].findings)


def with_cell(name: str, given: Filling = GIVEN, **what: Any) -> Submission:
    read = submit(FORM, given)
    return replace(read, cells=read.cells | {name: replace(read.cells[name], **what)})


def node(text: str, section: str, grain: str = CELL, form: Form = FORM) -> Node:
    return parse(
        text,
        Standpoint({s.id: s.fields for s in form.sections.values()}, form.settings, section, grain),
    )


# --- senders, duplicates ----------------------------------------------------------------------------


def test_a_department_known_by_its_name_has_the_roster_s_code(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("预算编码,部门\n001,甲局\n,乙局\n", encoding="utf-8")
    roster = load_roster(tmp_path / "r.csv")

    def of(name: str, code: str | None) -> str:
        given = changed(GIVEN, identity__department=name, identity__department_code=code)
        return sender_of(accepted(given), roster).code

    assert [of("甲局", None), of("乙局", "777"), of("乙局", None)] == ["001", "777", ""]


# --- the batch --------------------------------------------------------------------------------------


def test_a_row_sees_its_group_s_field_beside_it() -> None:
    batch = gather(FORM, [submit(FORM, GIVEN)], View.TRUE)
    seen = batch.evaluate(node("level1_weight + 0", "indicators", ROW), ROW)
    block = batch.block("indicators")
    assert seen.shape == (1, len(block.slots))
    assert seen[0].tolist() == [block.groups[slot.group].weight for slot in block.slots]


def test_each_line_of_the_self_check_shows_what_its_rules_say() -> None:
    batch = gather(
        FORM, [submit(FORM, SEED), submit(FORM, GIVEN), submit(FORM, Filling())], View.PRINTED
    )
    lines = batch.lines()
    broken = {f.code for f in found_in(submit(FORM, SEED))}
    for line, verdicts in lines.items():
        code = line.partition(":")[0]
        if verdicts[0] == BROKEN:
            assert code in broken, line
        assert verdicts[1] != BROKEN, line
    assert (np.array([v[0] for v in lines.values()]) == BROKEN).sum() >= 10
    assert (np.array([v[1] for v in lines.values()]) == HOLDS).sum() >= 20
    assert (np.array([v[2] for v in lines.values()]) == UNDECIDED).sum() >= 10


def test_a_workbook_that_shows_the_true_verdicts_is_not_told_to_lie() -> None:
    read = submit(FORM, SEED)
    lines = gather(FORM, [read], View.WORKBOOK).lines()
    true = {line: VERDICTS[int(v[0])] for line, v in lines.items()}
    assert not [f for f in found_in(replace(read, verdicts=true)) if f.code == "L204"]
    line = next(line for line, verdict in true.items() if verdict == "不通过")
    (lie,) = [
        f for f in found_in(replace(read, verdicts=true | {line: "通过"})) if f.code == "L204"
    ]
    assert (lie.printed, lie.expected, lie.sheet) == ("通过", "不通过", "自检")


def test_a_workbook_whose_formulas_find_no_line_breaks_is_not_told_to_lie() -> None:
    """As in LibreOffice 26.8: twenty-five lines are one to it."""
    text = "完成情况。\n" * 25
    read, one_line = (
        submit(FORM, changed(SEED, goals__achieved_goals=goals))
        for goals in (text, text.replace("\n", ""))
    )
    seen, true = (
        {line: VERDICTS[int(v[0])] for line, v in batch.lines().items()}
        for batch in (gather(FORM, [each], View.WORKBOOK) for each in (one_line, read))
    )
    differing = {line for line in true if seen[line] != true[line]}
    assert {line.partition(":")[0] for line in differing} == {"V310"}
    assert not [f for f in found_in(replace(read, verdicts=seen)) if f.code == "L204"]
    lies = seen | dict.fromkeys(differing, "未填全")
    assert len([f for f in found_in(replace(read, verdicts=lies)) if f.code == "L204"]) == 1


def test_a_figure_that_is_undecided_reads_as_what_stands_there() -> None:
    rule = next(r for r in FORM.rules if r.section == "funds" and r.grain == CELL)
    part = Part(node=node("final_budget", "funds"), kind=KINDS["money"])
    worked = Part(node=node("final_budget * 2", "funds"), kind=KINDS["money"])
    day = Part(node=node("identity.prepared_on", "funds"), kind=KINDS["date"])
    given: list[dict[str, Value]] = [
        {"funds.final_budget": 78.3, "identity.prepared_on": datetime.date(2025, 3, 14)},
        {"funds.final_budget": "约一百"},
        {},
    ]
    batch = gather(FORM, [submit(FORM, Filling(g)) for g in given], View.PRINTED)
    assert [batch.shown(part, rule)(i, 0) for i in range(3)] == ["78.3", "约一百", "（空）"]
    assert [batch.shown(worked, rule)(i, 0) for i in range(3)] == ["156.6", "（空）", "（空）"]
    assert [batch.shown(day, rule)(i, 0) for i in (0, 2)] == ["2025年3月14日", "（空）"]


def test_a_count_among_the_values_is_a_whole_number(tmp_path: Path) -> None:
    form = project_form(tmp_path)

    def people(value: float) -> object:
        given = Filling({"funds.people": value})
        return gather(form, [submit(form, given)], View.TRUE).values(0)["funds"]["people"]

    assert people(3.0) == 3
    assert isinstance(people(3.0), int)
    assert people(2.5) is None


def test_an_error_in_an_input_is_a_finding_and_no_crash() -> None:
    for name in ("funds.final_budget", "goals.planned_goals"):
        error: dict[str, Any] = {
            "raw": "#N/A",
            "value": None,
            "error": True,
            "problem": "是错误值 #N/A",
            "receipt": "",
        }
        (told,) = [
            f for f in found_in(with_cell(name, **error)) if f.code == "V302" and f.field == name
        ]
        assert told.printed == "#N/A"
        assert "#N/A" in told.message


def test_a_formula_without_a_result_in_a_text_s_place_is_a_finding() -> None:
    what: dict[str, Any] = {"raw": "=A1&B1", "value": None, "problem": "是公式，没有存下结果"}
    (told,) = [f for f in found_in(with_cell("goals.planned_goals", **what)) if f.code == "V302"]
    assert (told.field, told.printed) == ("goals.planned_goals", "=A1&B1")


def test_a_return_of_another_plan_that_was_converted_is_judged_as_if_alone() -> None:
    wide = (default_plan(FORM)[0] + 4, *default_plan(FORM)[1:])
    given = changed(GIVEN, funds__original_budget="１６２万元")
    returns = [
        Return(Path("a.xlsx"), ACCEPTED, (), submit(FORM, given)),
        Return(
            Path("b.xlsx"), ACCEPTED, (), submit(FORM, filling(FILLED[1], plan=wide), plan=wide)
        ),
        Return(
            Path("c.xlsx"), ACCEPTED, (), submit(FORM, filling(FILLED[2], plan=wide), plan=wide)
        ),
    ]
    alone = [judge([item])[0].findings for item in returns]
    assert [item.findings for item in judge(returns)] == alone


def test_what_was_typed_over_a_group_s_formula_is_found_at_its_cell() -> None:
    for number, due in ((1, "50"), (2, "30"), (3, "10")):
        given = changed(GIVEN, **{f"indicators__level1_sum.{number}": 41.5})
        (told,) = [f for f in found_in(submit(FORM, given)) if f.code == "L202"]
        assert (told.field, told.printed, told.expected) == (
            f"indicators.level1_sum.{number}",
            "41.5",
            due,
        )


def test_a_row_s_value_is_the_row_s() -> None:
    batch = gather(FORM, [submit(FORM, GIVEN)], View.TRUE)
    item = FORM.field_of("indicators.indicator")
    rows = GIVEN.rows["indicators"]
    for number in (1, 2, 3, 4, 5):
        assert value_at(batch, item, number) == rows[number]["indicator"]


def test_a_finding_of_a_group_is_at_the_group_s_own_cell(tmp_path: Path) -> None:
    text = FORM.path.read_text(encoding="utf-8")
    path = tmp_path / FORM.path.name
    path.write_text(f'{text}[[rule]]\ncode = "D420"\nat = "level1_sum"\n', encoding="utf-8")
    form = load_form(path)
    given = filling(next((SAMPLES / "filled").glob("125001_*.toml")), form)
    read = submit(form, given)
    found = [
        f for f in judge([Return(Path("x"), ACCEPTED, (), read)])[0].findings if f.code == "D420"
    ]
    assert [f.field for f in found] == ["indicators.level1_sum.1", "indicators.level1_sum.2"]


# --- what the workbook shows ------------------------------------------------------------------------


def shown_by_the_workbook(given: Filling = GIVEN) -> Submission:
    """As an office saves it: every formula with its result."""
    read = submit(FORM, given)
    batch = gather(FORM, [read], View.TRUE)
    cells = dict(read.cells)
    for name, spot in lay_out(FORM).spots.items():
        if cells[name].formula and spot.field.mode in ("computed", "suggested"):
            found = value_at(batch, spot.field, spot.number)
            cells[name] = replace(
                cells[name],
                raw=found if found != "" else None,
                value=found if found != "" else None,
            )
    return replace(read, cells=cells)


def test_results_as_they_should_be_are_no_finding_and_a_text_instead_of_one_is() -> None:
    read = shown_by_the_workbook()
    assert found_in(read) == []
    name = "totals.total_score"
    stale = replace(read.cells[name], raw="一百", value=None, problem="不是数字")
    (told,) = found_in(replace(read, cells=read.cells | {name: stale}))
    assert (told.code, told.field, told.printed, told.expected) == ("L203", name, "一百", "100")


def test_the_last_bits_of_a_large_amount_are_no_stale_result() -> None:
    given = changed(
        GIVEN, funds__general_public_budget=123456789.12, funds__final_budget=123456789.12
    )
    read = shown_by_the_workbook(given)
    cell = read.cells["funds.funding_by_source"]
    assert isinstance(cell.raw, float)
    for factor, codes in ((1 + 1e-12, 0), (1 + 1e-7, 1)):
        off = replace(cell, raw=cell.raw * factor, value=cell.raw * factor)
        told = found_in(replace(read, cells=read.cells | {"funds.funding_by_source": off}))
        assert sum(f.code == "L203" for f in told) == codes


def test_a_formula_without_a_result_where_others_have_one_is_told() -> None:
    read = shown_by_the_workbook()
    name = "totals.total_score"
    bare = replace(read.cells[name], raw=None, value=None)
    told = found_in(replace(read, cells=read.cells | {name: bare}))
    assert [(f.code, f.field) for f in told] == [("L212", name)]
    none = {n: replace(c, raw=None, value=None) if c.formula else c for n, c in read.cells.items()}
    assert found_in(replace(read, cells=none)) == [], "a workbook that never was reckoned"


def test_a_text_typed_over_a_sentence_comes_with_the_sentence_that_was_due() -> None:
    due = value_at(gather(FORM, [submit(FORM, GIVEN)], View.TRUE), FORM.field_of("report.title"), 0)
    (told,) = [
        f
        for f in found_in(submit(FORM, changed(GIVEN, report__title="另一个标题")))
        if f.code == "L202"
    ]
    assert (told.printed, told.expected) == ("另一个标题", due)


def test_a_lost_cell_is_told_once_and_a_lost_sheet_leaves_its_emptiness_to_be_told() -> None:
    gone: dict[str, Any] = {"raw": None, "value": None, "problem": "找不到这一格"}
    one = found_in(with_cell("funds.final_budget", **gone))
    assert not [f for f in one if f.field == "funds.final_budget"], "the reader has said so"
    read = submit(FORM, GIVEN)
    sheet = lay_out(FORM).spots["report.overview"].address.sheet
    spots = lay_out(FORM).spots
    cells = {
        n: replace(c, **gone, formula=spots[n].field.is_computed)
        if spots[n].address.sheet == sheet
        else c
        for n, c in read.cells.items()
    }
    codes = {f.code for f in found_in(replace(read, cells=cells))}
    assert "D450" in codes
    assert "V301" not in codes


# --- what is due ------------------------------------------------------------------------------------


def test_nothing_taken_is_nothing_due() -> None:
    due = ExpectedScoreCollector(FORM).scores
    assert (due.rows, due.fields) == ({}, {})


def test_what_is_due_reads_back_as_it_was_laid_out() -> None:
    some = [submit(FORM, GIVEN, path=Path("a.xlsx")), submit(FORM, SEED, path=Path("b.xlsx"))]
    dues = ExpectedScoreCollector(FORM)
    dues.take(gather(FORM, some, View.TRUE), some)
    frame = expected_score_frame(FORM, dues.scores)
    assert frame.index.is_unique
    assert frame.index.name == "line"
    again = expected_scores_of(FORM, frame)
    for one, other in ((dues.scores.rows, again.rows), (dues.scores.fields, again.fields)):
        assert set(one) == set(other) != set()
        for key, scores in one.items():
            pd.testing.assert_series_equal(scores, other[key], check_names=False)


# --- the roster -------------------------------------------------------------------------------------


def test_a_department_s_password_comes_before_those_given(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("部门,密码\n甲局,abc\n乙局,\n", encoding="utf-8")
    roster = load_roster(tmp_path / "r.csv")
    assert roster.passwords(Path("甲局.xlsx"), given=("x",)) == ("abc", "x")
    assert roster.passwords(Path("乙局.xlsx"), given=("x",)) == ("x",)
    assert roster.passwords(Path("丙局.xlsx")) == ()


def test_what_all_names_begin_with_makes_none_likelier(tmp_path: Path) -> None:
    names = ("岳阳市云溪区水利局", "岳阳市云溪区教育体育局", "岳阳市云溪区档案馆")
    (tmp_path / "r.csv").write_text("部门\n" + "\n".join(names) + "\n", encoding="utf-8")
    roster = load_roster(tmp_path / "r.csv")
    for asked in ("岳阳市云溪区教体局", "云溪区教体局", "教体局"):
        near = roster.suggest("", asked)
        assert near is not None
        assert near.department == names[1]
    assert roster.suggest("", "岳阳市云溪区财政所") is None


def test_a_csv_in_two_byte_letters_is_told_to_be_saved_anew(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes("code,department\n1,x\n".encode("utf-16-le"))
    with pytest.raises(RosterError, match="另存"):
        load_roster(tmp_path / "r.csv")


def test_views_of_different_plans_share_nothing_that_has_another_width(tmp_path: Path) -> None:
    text = FORM.definition
    line = "indicator_fold = { label"
    assert line in text
    own_field = (
        'is_cost = { label = "成本", kind = "number", derived = true, '
        "formula = \"1 if contains(level2, '成本') else 0\" }\n"
    )
    path = tmp_path / FORM.path.name
    path.write_text(text.replace(line, own_field + line, 1), encoding="utf-8")
    form = load_form(path)
    wide = (default_plan(form)[0] + 4, *default_plan(form)[1:])
    some = [
        submit(form, changed(GIVEN, funds__original_budget="１６２万元")),
        submit(form, GIVEN, plan=wide),
    ]
    whole = gather(form, some, View.PRINTED)
    own, alone = (gather(form, some[:1], View.WORKBOOK) for _ in range(2))
    take_over(own, whole, [0])
    for key in form.formulas:
        assert own.field_cells(key).state.tolist() == alone.field_cells(key).state.tolist(), key


# --- lines of the self-check, values, rows ----------------------------------------------------------


def lines_of(given: Filling) -> dict[str, int]:
    batch = gather(FORM, [submit(FORM, given)], View.PRINTED)
    return {line: int(verdicts[0]) for line, verdicts in batch.lines().items()}


def test_a_line_is_undecided_as_soon_as_one_of_its_rows_is() -> None:
    whole = lines_of(GIVEN)
    rules = {rule.line: rule for rule in FORM.rules}
    of_rows = {line for line in whole if rules[line].grain == ROW and not rules[line].general}
    assert {whole[line] for line in of_rows} == {HOLDS}
    rows = {**GIVEN.rows["indicators"], 1: {**GIVEN.rows["indicators"][1], "self_score": None}}
    part = lines_of(Filling(GIVEN.values, {**GIVEN.rows, "indicators": rows}))
    assert {part[line] for line in of_rows} == {HOLDS, UNDECIDED}


def test_what_is_required_and_blank_is_undecided_on_the_self_check_and_never_broken() -> None:
    lines = lines_of(Filling())
    assert {
        lines[f"V301:{section}"] for section in ("identity", "funds", "goals", "indicators")
    } == {UNDECIDED}
    assert BROKEN not in {verdict for line, verdict in lines.items() if line.startswith("V301:")}


def test_values_are_texts_numbers_and_the_levels_of_their_rows() -> None:
    batch = gather(FORM, [submit(FORM, GIVEN)], View.TRUE)
    values = batch.values(0)
    assert isinstance(values["identity"]["department"], str)
    slots = batch.block("indicators").slots
    levels = batch.field_cells("indicators.level2").words[0].tolist()
    assert levels == [slot.path[1] for slot in slots]
    scores = [row.get("self_score") or 0.0 for row in GIVEN.rows["indicators"].values()]
    assert values["totals"]["total_score"] == pytest.approx(
        values["funds"]["execution_score"] + sum(map(float, scores))  # type: ignore[arg-type]
    )


def test_an_error_in_a_cell_is_an_error_in_the_array() -> None:
    error = with_cell("funds.final_budget", raw="#N/A", value=None, error=True, problem="x")
    cells = gather(FORM, [error], View.TRUE).field_cells("funds.final_budget")
    assert cells.state.tolist() == [[ERROR]]


def test_each_repeating_section_numbers_its_own_rows() -> None:
    form = load_form(Path(__file__).resolve().parents[2] / "forms" / "odd_form_2023.toml")
    usual = default_plan(form)
    wider = (*usual[:-1], usual[-1] + 2)
    some = [submit(form, Filling(), plan=plan) for plan in (usual, wider)]
    batch = gather(form, some, View.TRUE)
    for section in form.repeating:
        for numbers, submission in zip(batch.own_row_numbers(section.id), some, strict=True):
            own = len(lay_out(form, submission.plan).blocks[section.id].slots)
            assert [n for n in numbers.tolist() if n] == list(range(1, own + 1))


# --- findings joined, trials ------------------------------------------------------------------------


def test_equal_findings_without_a_cell_are_one_without_a_cell() -> None:
    what = Finding("L213", Severity.WARNING, "多出一张表", "请删除。")
    (joined,) = tidy([what, what], ())
    assert (joined.cell, joined.field) == ("", "")


def test_a_number_typed_over_a_formula_is_told_with_the_number() -> None:
    (violation,) = [
        f
        for f in found_in(submit(FORM, changed(GIVEN, totals__total_weight=90.0)))
        if f.code == "L202"
    ]
    assert "固定的值 90" in violation.message


def test_a_stale_result_is_told_beside_a_conversion() -> None:
    read = shown_by_the_workbook()
    cells = {
        "funds.original_budget": replace(
            read.cells["funds.original_budget"], raw="162万元", receipt="去掉单位，文本转为数字"
        ),
        "totals.total_weight": replace(read.cells["totals.total_weight"], raw=99.0, value=99.0),
    }
    findings = found_in(replace(read, cells=read.cells | cells))
    assert {"V303", "L203"} <= {f.code for f in findings}


@pytest.mark.parametrize("verdict", ["holds", "broken", "undecided"])
def test_a_rule_s_cases_are_judged_over_all_their_rows(verdict: str) -> None:
    tried = [
        (rule, case)
        for rule in FORM.rules
        for case in rule.cases
        if case.verdict == verdict and (len(case.rows) > 1 or any("." in k for k in case.given))
    ]
    assert tried
    assert {judge_case(FORM, rule, case) for rule, case in tried} == {verdict}


def test_scores_of_nothing_are_none() -> None:
    frame = expected_score_frame(FORM, ExpectedScoreCollector(FORM).scores)
    again = expected_scores_of(FORM, frame)
    assert all(scores.empty for scores in (*again.rows.values(), *again.fields.values()))


@pytest.mark.parametrize(("count", "expected"), [(3, 3), (4, 1), (9, 1)])
def test_values_pasted_over_many_formulas_are_one_mistake(count: int, expected: int) -> None:
    computed = [
        item.key for item in FORM.fields() if item.mode == "computed" and item.grain == CELL
    ]
    own_sheet = [key for key in computed if not key.startswith("report.")]
    grouped = [f"indicators.level1_sum.{number}" for number in (1, 2, 3)]
    keys = [*own_sheet, *grouped][:count]
    given = changed(GIVEN, **{key.replace(".", "__", 1): 41.5 for key in keys})
    overtyped = [f for f in found_in(submit(FORM, given)) if f.code == "L202"]
    assert len(overtyped) == expected
    assert sum(len(f.field.split(",")) for f in overtyped) == len(keys)


@pytest.mark.parametrize("amount", [1e15, 1e25, 1e300, 1.7e308, -1e308, "9" * 400])
def test_an_amount_beyond_all_reason_is_told_and_left_out_of_sums(
    tmp_path: Path, amount: float | str
) -> None:
    sane, other = filling(FILLED[0]), filling(FILLED[1])
    keys = ("funds.original_budget", "funds.final_budget", "funds.actual_expenditure")
    for key in keys:
        other.values[key] = amount  # noqa: PD011 - no frame
    spot = lay_out(overall()).spots["funds.final_budget"]
    accepted_amount = sane.value(spot)
    for name, given in (("a", sane), ("b", other)):
        build_template(overall(), tmp_path / f"{name}.xlsx", filling=given)
    returns = check(read_returns(tmp_path))
    cells = {f.field for f in returns[1].findings if f.code == "V302"}
    assert set(keys) <= cells
    (part,) = aggregate(returns).forms
    assert part.departments["final_budget"].sum() == accepted_amount
    build_summary(aggregate(returns), tmp_path / "out" / "s.xlsx")
