"""Edges of the checking: where a small change of the code would go unnoticed elsewhere."""

import datetime
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from builder import build_summary, build_template
from tests.api import KINDS, Severity, Standpoint
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
    (tmp_path / "r.csv").write_text("预算编码,部门\n001,甲局\n,乙局\n,丙局\n", encoding="utf-8")
    who = [("甲局", None), ("乙局", "777"), ("丙局", None)]
    returns = [
        accepted(
            changed(GIVEN, identity__department=name, identity__department_code=code),
            f"{name}.xlsx",
        )
        for name, code in who
    ]
    lines = aggregate(returns, load_roster(tmp_path / "r.csv")).coverage
    assert lines.set_index("department")["code"].to_dict() == {
        "甲局": "001",
        "乙局": "777",
        "丙局": "",
    }


# --- the batch --------------------------------------------------------------------------------------


def test_a_row_sees_its_group_s_field_beside_it() -> None:
    batch = gather(FORM, [submit(FORM, GIVEN)], View.TRUE)
    seen = batch.evaluate(node("level1_weight + 0", "indicators", ROW), ROW)
    block = batch.block("indicators")
    assert (seen.shape, seen[0].tolist()) == (
        (1, len(block.slots)),
        [block.groups[slot.group].weight for slot in block.slots],
    )


def test_each_line_of_the_self_check_shows_what_its_rules_say() -> None:
    batch = gather(
        FORM, [submit(FORM, SEED), submit(FORM, GIVEN), submit(FORM, Filling())], View.PRINTED
    )
    lines = batch.lines()
    seed, sound, blank = (
        Counter(VERDICTS[int(verdicts[n])] for verdicts in lines.values()) for n in range(3)
    )
    broken = {line.partition(":")[0] for line, verdicts in lines.items() if verdicts[0] == BROKEN}
    assert broken <= {f.code for f in found_in(submit(FORM, SEED))} and seed["不通过"] >= 10
    assert sound["不通过"] == 0 and sound["通过"] >= 20
    assert blank["未填全"] >= 10
    assert "不通过" not in {
        VERDICTS[int(v[2])] for line, v in lines.items() if line.startswith("V301:")
    }, "what is required and blank is undecided"
    for section in ("identity", "funds", "goals", "indicators"):
        assert lines[f"V301:{section}"][2] == UNDECIDED


def test_a_workbook_that_shows_the_true_verdicts_is_not_told_to_lie() -> None:
    read = submit(FORM, SEED)
    true = shown_verdicts(read)
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
    seen, true = map(shown_verdicts, (one_line, read))
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
    assert (
        [batch.shown(part, rule)(i, 0) for i in range(3)],
        [batch.shown(worked, rule)(i, 0) for i in range(3)],
        [batch.shown(day, rule)(i, 0) for i in (0, 2)],
    ) == (["78.3", "约一百", "（空）"], ["156.6", "（空）", "（空）"], ["2025年3月14日", "（空）"])


def test_a_count_among_the_values_is_a_whole_number(tmp_path: Path) -> None:
    form = project_form(tmp_path)

    def people(value: float) -> object:
        given = Filling({"funds.people": value})
        return gather(form, [submit(form, given)], View.TRUE).values(0)["funds"]["people"]

    assert people(3.0) == 3
    assert isinstance(people(3.0), int)
    assert people(2.5) is None


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


ERROR_CELL: dict[str, Any] = {
    "raw": "#N/A", "value": None, "error": True, "problem": "是错误值 #N/A", "receipt": "",
}  # fmt: skip
NO_RESULT: dict[str, Any] = {"raw": "=A1&B1", "value": None, "problem": "是公式，没有存下结果"}
GONE: dict[str, Any] = {"raw": None, "value": None, "problem": "找不到这一格"}
LARGE = changed(GIVEN, funds__general_public_budget=123456789.12, funds__final_budget=123456789.12)
TOTAL, SOURCES = "totals.total_score", "funds.funding_by_source"


def shown_but(name: str, given: Filling = GIVEN, **what: Any) -> Submission:
    read = shown_by_the_workbook(given)
    return replace(read, cells=read.cells | {name: replace(read.cells[name], **what)})


def off_by(factor: float) -> Submission:
    raw = shown_by_the_workbook(LARGE).cells[SOURCES].raw
    assert isinstance(raw, float)
    return shown_but(SOURCES, LARGE, raw=raw * factor, value=raw * factor)


def typed_over(key: str, value: Value) -> Submission:
    return submit(FORM, changed(GIVEN, **{key.replace(".", "__", 1): value}))


SHOWN: dict[str, tuple[Callable[[], Submission], str, list[tuple[str, str, str]]]] = {
    "an error among numbers": (
        lambda: with_cell("funds.final_budget", **ERROR_CELL), "V302", [("funds.final_budget", "#N/A", "")],
    ),
    "an error among texts": (
        lambda: with_cell("goals.planned_goals", **ERROR_CELL), "V302", [("goals.planned_goals", "#N/A", "")],
    ),
    "a formula without a result in a text's place": (
        lambda: with_cell("goals.planned_goals", **NO_RESULT), "V302", [("goals.planned_goals", "=A1&B1", "")],
    ),
    **{
        f"typed over the formula of group {number}": (
            partial(typed_over, f"indicators.level1_sum.{number}", 41.5), "L202",
            [(f"indicators.level1_sum.{number}", "41.5", due)],
        )
        for number, due in ((1, "50"), (2, "30"), (3, "10"))
    },
    "a text typed over a sentence": (
        lambda: typed_over("report.title", "另一个标题"), "L202",
        [("report.title", "另一个标题", "2024年度岳阳市云溪区档案馆部门整体支出绩效自评报告")],
    ),
    "results as they should be": (shown_by_the_workbook, "", []),
    "a text instead of a result": (
        lambda: shown_but(TOTAL, raw="一百", value=None, problem="不是数字"), "", [(TOTAL, "一百", "100")],
    ),
    "the last bits of a large amount": (lambda: off_by(1 + 1e-12), "L203", []),
    "more than the last bits": (
        lambda: off_by(1 + 1e-7), "L203", [(SOURCES, "123456811.46568", "123456799.12")],
    ),
    "a formula without a result where others have one": (
        lambda: shown_but(TOTAL, raw=None, value=None), "", [(TOTAL, "", "")],
    ),
    "a stale result beside a conversion": (
        lambda: replace(
            read := shown_but("funds.original_budget", raw="162万元", receipt="去掉单位，文本转为数字"),
            cells=read.cells | {"totals.total_weight": replace(read.cells["totals.total_weight"], raw=99.0, value=99.0)},
        ),
        "", [("funds.original_budget", "162万元", "162"), ("totals.total_weight", "99", "100")],
    ),
    "a lost cell, of which the reader has told": (lambda: with_cell("funds.actual_expenditure", **GONE), "V302", []),
}  # fmt: skip


@pytest.mark.parametrize(("make", "code", "due"), SHOWN.values(), ids=SHOWN.keys())
def test_what_a_workbook_shows_is_told_where_it_cannot_be(
    make: Callable[[], Submission], code: str, due: list[tuple[str, str, str]]
) -> None:
    told = [f for f in found_in(make()) if code in ("", f.code)]
    assert [(f.field, f.printed, f.expected) for f in told] == due


def test_a_workbook_that_never_was_reckoned_lacks_no_result() -> None:
    read = shown_by_the_workbook()
    none = {n: replace(c, raw=None, value=None) if c.formula else c for n, c in read.cells.items()}
    assert found_in(replace(read, cells=none)) == []


def test_a_lost_sheet_leaves_its_emptiness_to_be_told() -> None:
    read, spots = submit(FORM, GIVEN), lay_out(FORM).spots
    cells = {
        name: replace(cell, **GONE, formula=spots[name].field.is_computed)
        if spots[name].address.sheet == "自评报告"
        else cell
        for name, cell in read.cells.items()
    }
    codes = {f.code for f in found_in(replace(read, cells=cells))}
    assert "D450" in codes and "V301" not in codes


# --- what is due ------------------------------------------------------------------------------------


def test_what_is_due_reads_back_as_it_was_laid_out() -> None:
    some = [submit(FORM, GIVEN, path=Path("a.xlsx")), submit(FORM, SEED, path=Path("b.xlsx"))]
    dues = ExpectedScoreCollector(FORM)
    dues.take(gather(FORM, some, View.TRUE), some)
    frame = expected_score_frame(FORM, dues.scores)
    assert frame.index.is_unique and frame.index.name == "line"
    again = expected_scores_of(FORM, frame)
    for one, other in ((dues.scores.rows, again.rows), (dues.scores.fields, again.fields)):
        assert set(one) == set(other) != set()
        for key, scores in one.items():
            pd.testing.assert_series_equal(scores, other[key], check_names=False)


# --- the roster -------------------------------------------------------------------------------------


def test_a_department_s_password_comes_before_those_given(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("部门,密码\n甲局,abc\n乙局,\n", encoding="utf-8")
    roster = load_roster(tmp_path / "r.csv")
    assert (
        roster.passwords(Path("甲局.xlsx"), given=("x",)),
        roster.passwords(Path("乙局.xlsx"), given=("x",)),
        roster.passwords(Path("丙局.xlsx")),
    ) == (("abc", "x"), ("x",), ())


def test_what_all_names_begin_with_makes_none_likelier(tmp_path: Path) -> None:
    names = ("岳阳市云溪区水利局", "岳阳市云溪区教育体育局", "岳阳市云溪区档案馆")
    (tmp_path / "r.csv").write_text("部门\n" + "\n".join(names) + "\n", encoding="utf-8")
    roster = load_roster(tmp_path / "r.csv")
    for asked in ("岳阳市云溪区教体局", "云溪区教体局", "教体局"):
        near = roster.suggest("", asked)
        assert near is not None
        assert near.department == names[1]
    assert roster.suggest("", "岳阳市云溪区财政所") is None


def shown_verdicts(read: Submission) -> dict[str, str]:
    """What the workbook itself says, which sees what stands in its cells."""
    lines = gather(FORM, [read], View.WORKBOOK).lines()
    return {line: VERDICTS[int(verdicts[0])] for line, verdicts in lines.items()}


def test_returns_judged_together_get_what_each_gets_alone() -> None:
    """What is worked out for several at once is taken over where they are the same."""
    flat = Filling(  # of lines a formula may see one, and that is forgiven
        {k: v.replace("\n", "") if isinstance(v, str) else v for k, v in GIVEN.values.items()},  # noqa: PD011 - no frame
        GIVEN.rows,
    )
    usual, wide = submit(FORM, flat), (default_plan(FORM)[0] + 4, *default_plan(FORM)[1:])
    inputs = [name for name, spot in usual.cells.items() if not spot.formula]
    converted = [
        with_cell(name, flat, raw=" 一又二分之一 ", receipt="换算") for name in inputs[::5]
    ]
    some = [replace(each, verdicts=shown_verdicts(each)) for each in converted]
    wider = [submit(FORM, filling(path, plan=wide), plan=wide) for path in FILLED[1:3]]
    read = [usual, *some, submit(FORM, SEED), *wider]
    returns = [Return(Path(f"{n}.xlsx"), ACCEPTED, (), each) for n, each in enumerate(read)]
    alone = [judge([item])[0].findings for item in returns]
    assert [item.findings for item in judge(returns)] == alone
    assert "L204" not in {f.code for found in alone for f in found}, "none shows another verdict"


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
    assert (len(overtyped), sum(len(f.field.split(",")) for f in overtyped)) == (
        expected,
        len(keys),
    )
    assert all("固定的值" in f.message for f in overtyped)


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
