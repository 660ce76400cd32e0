"""A definition's own mistakes are told: cases that fail or are missing, rules that look the same or never break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fillings import SAMPLES
from workbook import Filling, Form, load_form
from workbook.checking import BROKEN, Batch, Trial, View, columns, gather, trial
from workbook.expression import BLANK, NUMBER, OPS, Cells
from workbook.form import ROW, Rule, Value, available_forms, form_of
from workbook.layout import cell_name, lay_out
from workbook.reading import submit
from workbook.rehearsal import Rehearsal, Remark, rehearse
from workbook.rehearsal.in_sheet import verdicts_in_sheet
from workbook.rehearsal.random_fillings import random_fillings
from workbook.rehearsal.rehearsal import Sort, _Outcomes
from workbook.word import NoOffice

ODD = Path(__file__).resolve().parents[2] / "forms" / "odd_form_2023.toml"
SUCCESSOR = SAMPLES / "forms" / "department_overall_2025.toml"
FORMS = tuple(load_form(path) for path in (*available_forms(), ODD, SUCCESSOR))

SMALL = """
id = "small"
version = "1"
name = "小表"
title = "小表"
fiscal_year = 2024
sheet = "小表"
widths = [10, 10, 10]

[[section]]
id = "identity"
label = "基本信息"
drawing = ["单位 | {department} | {department_code}"]
[section.fields]
department = { label = "单位", kind = "text", by = "bureau" }
department_code = { label = "编码", kind = "text", by = "bureau" }
fiscal_year = { label = "年度", kind = "count", by = "bureau", value = 2024 }

[[section]]
id = "funds"
label = "资金"
drawing = ["资金 | {budget} | {spent}"]
[section.fields]
budget = { label = "预算数", kind = "money" }
spent = { label = "执行数", kind = "money", blank = "zero" }

[[section]]
id = "steps"
label = "步骤"
rows = 3
drawing = ["步骤 | 金额 | 备注"]
row = "{step} | {cost} | {note}"
[section.fields]
step = { label = "名称", kind = "text" }
cost = { label = "金额", kind = "money" }
note = { label = "备注", kind = "text" }
"""

OVERSPENT = """
[[rule]]
code = "M401"
name = "超支"
scope = "funds"
must = "spent <= budget"
at = "spent"
message = "超支"
hint = "请核对。"
basis = "测试"
cases = [
  { verdict = "holds", given = { budget = 5, spent = 5 } },
  { verdict = "broken", given = { budget = 5, spent = 6 } },
  { verdict = "undecided", given = { spent = 6 } },
]
"""
UNDECIDED = '  { verdict = "undecided", given = { spent = 6 } },\n'

NAMED = """
[[rule]]
code = "M402"
name = "金额大而没有名称"
scope = "steps"
when = "cost > 100"
must = "filled(step)"
at = "step"
message = "没有名称"
hint = "请填写。"
basis = "测试"
cases = [
  { verdict = "holds", rows = [{ step = "招标", cost = 101 }] },
  { verdict = "broken", rows = [{ step = "招标" , cost = 101 }, { cost = 101, note = "大" }] },
  { verdict = "undecided", rows = [{ note = "大" }] },
]
"""


def small(*rules: str) -> Form:
    return form_of(Path("small.toml"), "\n".join((SMALL, *rules)).encode())


def changed(rule: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert rule.count(old) == 1, old
        rule = rule.replace(old, new)
    return rule


TWIN = changed(OVERSPENT, ("M401", "M403"), ("spent <= budget", "budget - spent >= 0"))
"""The same as OVERSPENT in other words."""


def told(*rules: str) -> list[tuple[str, str, str, str]]:
    """Sort, rule, message and hint of each remark."""
    remarks = rehearse(small(*rules)).remarks
    return [(r.sort.value, r.rules[0].code, r.message, r.hint) for r in remarks]


# --- the forms that are there ---------------------------------------------------------------------


@pytest.mark.usefixtures("_no_office")
@pytest.mark.parametrize(
    "form",
    [
        pytest.param(form, id=form.key, marks=pytest.mark.long if form is FORMS[-1] else ())
        for form in FORMS
    ],
)
def test_there_is_nothing_to_say_of_the_forms_there_are(form: Form) -> None:
    rehearsal = rehearse(form)
    assert rehearsal.remarks == ()
    assert rehearsal.rules == sum(not rule.general for rule in form.rules)
    assert rehearsal.without_office == "没有找到 LibreOffice"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.key)
def test_the_same_fillings_are_made_each_time_and_break_every_rule(form: Form) -> None:
    first, again = (list(random_fillings(form, 2500)) for _ in range(2))
    assert [batch.count for batch in first] == [2000, 500]
    for one, other in zip(first, again, strict=True):
        assert one.inputs.keys() == other.inputs.keys()
        assert all(is_same(one.inputs[key], other.inputs[key]) for key in one.inputs)
        assert one.typed.keys() == other.typed.keys()
        assert all(np.array_equal(one.typed[key], other.typed[key]) for key in one.typed)
    for rule in (rule for rule in form.rules if not rule.general):
        assert any((batch.judge(rule) == BROKEN).any() for batch in first), rule.code


def is_same(one: Cells, other: Cells) -> bool:
    """Whether the same stands in all cells of two arrays of them."""
    return (
        np.array_equal(one.state, other.state)
        and np.array_equal(one.number, other.number, equal_nan=True)
        and np.array_equal(one.words, other.words)
    )


@pytest.mark.parametrize("form", FORMS[:3], ids=lambda form: form.key)
def test_where_the_same_stands_it_is_judged_once_and_alike(
    form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    (batch,), (by_itself,) = (list(random_fillings(form, 400)) for _ in range(2))
    monkeypatch.setattr(columns, "FEWEST_PLACES", 2)
    verdicts = {rule.key: batch.judge(rule) for rule in form.rules}
    shown = {key: batch.field_cells(key) for key in form.formulas}
    assert any(alike is not None for alike in batch._alike.values())
    monkeypatch.setattr(columns, "FEWEST_PLACES", 10**12)
    assert all(is_same(shown[key], by_itself.field_cells(key)) for key in shown)
    for rule in form.rules:
        assert np.array_equal(verdicts[rule.key], by_itself.judge(rule)), rule.key


def test_rules_judged_no_further_would_have_been_told_the_same() -> None:
    """Of rules that are never broken, or together with others, all fillings count."""
    form = small(OVERSPENT, NAMED, TWIN)
    outcomes = _Outcomes(form, 5000, set())
    whole = {rule.key: list[Any]() for rule in form.rules}
    for batch in random_fillings(form, 5000):
        for rule in form.rules:
            whole[rule.key].append(batch.judge(rule) == BROKEN)
    codes = {rule.key: rule.code for rule in form.rules}
    complete = {k for k, parts in whole.items() if outcomes.places[k] == sum(map(np.sum, parts))}
    assert {"M401", "M403"} <= {codes[key] for key in complete}
    assert "M402" not in {codes[key] for key in complete}  # unlike all others: settled early


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.key)
def test_columns_made_up_are_judged_as_the_same_fillings_typed(form: Form) -> None:
    (made_up,) = random_fillings(form, 60)
    typed = [submit(form, filling_of(made_up, i)) for i in range(made_up.count)]
    gathered = gather(form, typed, View.WORKBOOK)
    for rule in form.rules:
        assert np.array_equal(made_up.judge(rule), gathered.judge(rule)), rule.key


def filling_of(batch: Batch, i: int) -> Filling:
    """One of a batch's fillings, to be typed cell by cell."""
    values: dict[str, Value] = {}
    rows: dict[str, dict[int, dict[str, Value]]] = {}
    for spot in lay_out(batch.form).spots.values():
        item, j = spot.field, max(spot.number - 1, 0)
        if item.key not in batch.inputs:
            continue
        cells = batch.inputs[item.key]
        number, words = float(cells.number[i, j]), str(cells.words[i, j])
        if cells.state[i, j] == BLANK and not (item.is_computed and batch.typed[item.key][i, j]):
            continue
        value = number if cells.state[i, j] == NUMBER else words
        if item.grain == ROW:
            rows.setdefault(item.section, {}).setdefault(spot.number, {})[item.id] = value
        else:
            values[cell_name(item.key, spot.number)] = value
    return Filling(values, rows)


# --- complaints -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("_no_office")
def test_sound_rules_are_let_be() -> None:
    assert told(OVERSPENT, NAMED) == []
    assert told() == []


@pytest.mark.usefixtures("_no_office")
def test_a_case_that_is_judged_otherwise_is_told() -> None:
    wrong = changed(OVERSPENT, ("{ budget = 5, spent = 5 }", "{ budget = 5, spent = 5.01 }"))
    message = "第 1 个例子写着“通过”，程序判为“不通过”"
    assert told(wrong) == [("wrong", "M401", message, "请改这个例子，或改 when、must。")]


@pytest.mark.usefixtures("_no_office")
def test_an_undecided_case_that_is_missing_is_told_with_the_way_to_one() -> None:
    assert told(changed(OVERSPENT, (UNDECIDED, ""))) == [
        ("missing", "M401", "没有“未定”的例子", "请加一个，如：照第 1 个例子，把“预算数”空着。")
    ]
    in_rows = changed(NAMED, ('  { verdict = "undecided", rows = [{ note = "大" }] },\n', ""))
    (hint,) = [hint for *_, hint in told(in_rows)]
    assert hint == "请加一个，如：照第 1 个例子，把“金额”空着。"
    only_words = changed(
        OVERSPENT, ("spent <= budget", "spent <= 5"), (UNDECIDED, "")
    )  # blank is zero
    (hint,) = [hint for *_, hint in told(only_words)]
    assert hint == "请加一个，如：照第 1 个例子，在“执行数”里写“待定”。"


@pytest.mark.usefixtures("_no_office")
def test_an_undecided_case_that_no_case_leads_to_is_told_too() -> None:
    rule = changed(
        OVERSPENT,
        ("spent <= budget", "spent <= 5 or blank(steps.cost)"),
        ('scope = "funds"', 'scope = "steps"'),
        (UNDECIDED, ""),
        ("given = { budget = 5, spent = 5 }", "rows = [{ step = '一' }]"),
        (
            "given = { budget = 5, spent = 6 }",
            "given = { 'funds.spent' = 6 }, rows = [{ cost = 1 }]",
        ),
        ('must = "', 'must = "funds.'),
        ('at = "spent"', 'at = "cost"'),
    )
    ((sort, _, message, hint),) = told(rule)
    assert (sort, message) == ("missing", "没有“未定”的例子")
    assert hint.startswith("请加一个，如：照第 2 个例子，在“执行数”里写“待定”")


@pytest.mark.usefixtures("_no_office")
def test_a_rule_that_is_never_undecided_needs_no_such_case() -> None:
    rule = changed(OVERSPENT, ("spent <= budget", "filled(budget)"), (UNDECIDED, ""))
    rule = changed(rule, ("{ budget = 5, spent = 6 }", "{ spent = 6 }"))
    assert told(rule) == []


@pytest.mark.usefixtures("_no_office")
def test_a_must_that_no_case_tried_is_told() -> None:
    rule = changed(NAMED, ('step = "招标", cost = 101', 'step = "招标", cost = 99'))
    message = "“通过”的例子都是 when 不成立的，must 没有试过"
    assert told(rule) == [("missing", "M402", message, "请加一个 when 和 must 都成立的例子。")]


@pytest.mark.usefixtures("_no_office")
def test_rules_that_are_broken_by_the_same_fillings_are_told() -> None:
    ((sort, code, message, hint),) = told(OVERSPENT, NAMED, TWIN)
    assert (sort, code) == ("alike", "M403")
    assert message.startswith("与 M401“超支”总是一起不通过（10000 份里 ")
    assert hint == "查的若是同一件事，请去掉一条；不是，请各加一个只有它不通过的例子。"
    close = changed(TWIN, ("budget - spent >= 0", "budget - spent > 0.004"))
    assert [code for _, code, *_ in told(OVERSPENT, close)] == ["M403"]  # its cases do not fit
    assert "alike" not in {sort for sort, *_ in told(OVERSPENT, close)}


@pytest.mark.usefixtures("_no_office")
def test_a_rule_that_only_says_what_every_form_checks_is_told() -> None:
    rule = changed(
        OVERSPENT,
        ("spent <= budget", "budget >= 0"),
        ("{ budget = 5, spent = 6 }", "{ budget = -6 }"),
    )
    rules = [
        r.rules
        for r in rehearse(
            small(changed(rule, ("must =", 'when = "budget <= 1e12"\nmust =')))
        ).remarks
    ]
    assert rules == []  # V304 looks at the upper limit, too
    both = changed(rule, ("budget >= 0", "0 <= budget <= 100000000"))
    ((first, second),) = [r.rules for r in rehearse(small(both)).remarks]
    assert (first.code, second.code) == ("M401", "V304")


@pytest.mark.usefixtures("_no_office")
def test_a_rule_that_nothing_breaks_is_a_note() -> None:
    rule = changed(
        NAMED,
        ('must = "filled(step)"', 'must = "cost > 50"'),
        (
            '{ verdict = "undecided", rows = [{ note = "大" }] },',
            '{ verdict = "undecided", rows = [{ note = "大" }] },',
        ),
    )
    rehearsal = rehearse(small(OVERSPENT, rule))
    assert [(r.sort, r.is_problem, r.case) for r in rehearsal.remarks] == [
        (Sort.WRONG, True, 2),
        (Sort.IDLE, False, 0),
    ]
    assert rehearsal.problems == 1
    assert rehearsal.remarks[1].message == "随机填写 10000 份，没有一份不通过"


# --- in the sheet ---------------------------------------------------------------------------------


def of_cases(form: Form) -> list[tuple[Rule, Trial]]:
    return [(rule, trial(rule, case)) for rule in form.rules for case in rule.cases]


def said_of(rehearsal: Rehearsal) -> list[Remark]:
    assert rehearsal.without_office == ""
    return list(rehearsal.remarks)


@pytest.mark.office
def test_the_sheet_judges_the_cases_as_they_say() -> None:
    form, built = load_form(ODD), list[Path]()
    verdicts = verdicts_in_sheet(form, of_cases(form), built.append)
    assert verdicts == [case.verdict for rule in form.rules for case in rule.cases]
    assert len(built) == len(verdicts)


@pytest.mark.office
def test_what_the_sheet_takes_otherwise_is_told() -> None:
    words = changed(OVERSPENT, ("{ budget = 5, spent = 5 }", '{ budget = "5万元", spent = 5 }'))
    ((remark),) = said_of(rehearse(small(words)))
    assert remark.message == "第 1 个例子写着“通过”，程序判为“通过”，工作簿判为“未定”"
    assert remark.hint.startswith("两边不一样：")


@pytest.mark.office
def test_the_sheet_is_worked_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the results taken that we wrote beside the formulas, a wrong formula would go unseen."""
    monkeypatch.setitem(OPS, "le", replace(OPS["le"], excel="({0}>{1})"))
    form = form_of(Path("broken.toml"), f"{SMALL}{OVERSPENT}".encode())
    wrong = said_of(rehearse(form))
    assert [remark.message.rpartition("，")[2] for remark in wrong] == [
        "工作簿判为“不通过”",
        "工作簿判为“通过”",
    ]


def test_an_office_that_fails_is_told_and_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Sequence[str]:
        raise NoOffice("LibreOffice 转换超过 120 秒，已停止")

    monkeypatch.setattr("workbook.rehearsal.rehearsal.find_office", lambda: "soffice")
    monkeypatch.setattr("workbook.rehearsal.rehearsal.verdicts_in_sheet", fails)
    rehearsal = rehearse(small(OVERSPENT), fillings=100)
    assert (rehearsal.problems, rehearsal.remarks) == (0, ())
    assert rehearsal.without_office == "LibreOffice 转换超过 120 秒，已停止"


def test_an_office_that_writes_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbook.rehearsal.in_sheet.convert", lambda *_: {})
    form = small(OVERSPENT)
    with pytest.raises(NoOffice, match="没有算出工作簿"):
        verdicts_in_sheet(form, of_cases(form), lambda _: None)
