"""A definition's own mistakes are told: cases that fail or are missing, rules that look the same or never break."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.api import random_fillings
from tests.fillings import SAMPLES
from workbook import Filling, Form, load_form
from workbook.checking import BROKEN, Batch, View, gather
from workbook.expression import BLANK, NUMBER, OPS
from workbook.form import ROW, Value, available_forms, form_of
from workbook.layout import cell_name, lay_out
from workbook.reading import submit
from workbook.rehearsal import rehearse

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
    assert (rehearsal.remarks, rehearsal.rules, rehearsal.without_office) == (
        (),
        sum(not rule.general for rule in form.rules),
        "没有找到 LibreOffice",
    )


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.key)
def test_the_same_fillings_are_made_each_time_and_break_every_rule(form: Form) -> None:
    first, again = (list(random_fillings(form, 2500)) for _ in range(2))
    assert [batch.count for batch in first] == [2000, 500]
    for rule in (rule for rule in form.rules if not rule.general):
        verdicts, others = ([batch.judge(rule) for batch in made] for made in (first, again))
        assert any((found == BROKEN).any() for found in verdicts), rule.code
        assert all(map(np.array_equal, verdicts, others)), rule.code


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.key)
def test_thousands_made_up_are_judged_as_the_same_fillings_typed(form: Form) -> None:
    """Where the same stands in many, it is judged once."""
    made_up = next(iter(random_fillings(form, 2000)))
    typed = [submit(form, filling_of(made_up, i)) for i in range(60)]
    gathered = gather(form, typed, View.WORKBOOK)
    for rule in form.rules:
        assert np.array_equal(made_up.judge(rule)[:60], gathered.judge(rule)), rule.key


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

IN_ROWS = changed(NAMED, ('  { verdict = "undecided", rows = [{ note = "大" }] },\n', ""))
LED_TO_BY_NONE = changed(
    OVERSPENT,
    ("spent <= budget", "spent <= 5 or blank(steps.cost)"),
    ('scope = "funds"', 'scope = "steps"'),
    (UNDECIDED, ""),
    ("given = { budget = 5, spent = 5 }", "rows = [{ step = '一' }]"),
    ("given = { budget = 5, spent = 6 }", "given = { 'funds.spent' = 6 }, rows = [{ cost = 1 }]"),
    ('must = "', 'must = "funds.'),
    ('at = "spent"', 'at = "cost"'),
)
NEVER_UNDECIDED = changed(
    OVERSPENT,
    ("spent <= budget", "filled(budget)"),
    (UNDECIDED, ""),
    ("{ budget = 5, spent = 6 }", "{ spent = 6 }"),
)
NO_UNDECIDED = "没有“未定”的例子"
COMPLAINTS: dict[str, tuple[str, list[tuple[str, str, str, str]]]] = {
    "sound rules": (OVERSPENT + NAMED, []),
    "no rules": ("", []),
    "a rule that is never undecided needs no such case": (NEVER_UNDECIDED, []),
    "a case that is judged otherwise": (
        changed(OVERSPENT, ("{ budget = 5, spent = 5 }", "{ budget = 5, spent = 5.01 }")),
        [("wrong", "M401", "第 1 个例子写着“通过”，程序判为“不通过”", "请改这个例子，或改 when、must。")],
    ),
    "an undecided case that is missing, with the way to one": (
        changed(OVERSPENT, (UNDECIDED, "")),
        [("missing", "M401", NO_UNDECIDED, "请加一个，如：照第 1 个例子，把“预算数”空着。")],
    ),
    "the way to one in rows": (
        IN_ROWS, [("missing", "M402", NO_UNDECIDED, "请加一个，如：照第 1 个例子，把“金额”空着。")],
    ),
    "the way to one where a blank is zero": (
        changed(OVERSPENT, ("spent <= budget", "spent <= 5"), (UNDECIDED, "")),
        [("missing", "M401", NO_UNDECIDED, "请加一个，如：照第 1 个例子，在“执行数”里写“待定”。")],
    ),
    "an undecided case that no case leads to": (
        LED_TO_BY_NONE,
        [("missing", "M401", NO_UNDECIDED, "请加一个，如：照第 2 个例子，在“执行数”里写“待定”。")],
    ),
    "a must that no case tried": (
        changed(NAMED, ('step = "招标", cost = 101', 'step = "招标", cost = 99')),
        [("missing", "M402", "“通过”的例子都是 when 不成立的，must 没有试过", "请加一个 when 和 must 都成立的例子。")],
    ),
    "a rule that looks at less than what every form checks": (
        changed(OVERSPENT, ("spent <= budget", "budget >= 0"), ("{ budget = 5, spent = 6 }", "{ budget = -6 }"),
                ("must =", 'when = "budget <= 1e12"\nmust =')),
        [],
    ),
}  # fmt: skip


@pytest.mark.usefixtures("_no_office")
@pytest.mark.parametrize(("rules", "due"), COMPLAINTS.values(), ids=COMPLAINTS.keys())
def test_what_is_wrong_with_rules_and_their_cases_is_told(
    rules: str, due: list[tuple[str, str, str, str]]
) -> None:
    assert told(rules) == due


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
        ("spent <= budget", "0 <= budget <= 100000000"),
        ("{ budget = 5, spent = 6 }", "{ budget = -6 }"),
    )
    ((first, second),) = [r.rules for r in rehearse(small(rule)).remarks]
    assert (first.code, second.code) == ("M401", "V304")


@pytest.mark.usefixtures("_no_office")
def test_a_rule_that_nothing_breaks_is_a_note() -> None:
    rule = changed(NAMED, ('must = "filled(step)"', 'must = "cost > 50"'))
    rehearsal = rehearse(small(OVERSPENT, rule))
    assert (
        [(r.sort, r.is_problem, r.case) for r in rehearsal.remarks],
        rehearsal.problems,
        rehearsal.remarks[1].message,
    ) == (
        [
            ("wrong", True, 2),
            ("idle", False, 0),
        ],
        1,
        "随机填写 10000 份，没有一份不通过",
    )


# --- in the sheet ---------------------------------------------------------------------------------

WORDS = changed(OVERSPENT, ("{ budget = 5, spent = 5 }", '{ budget = "5万元", spent = 5 }'))


@pytest.mark.office
@pytest.mark.parametrize(
    ("form", "told_"),
    [
        (load_form(ODD), []),
        (small(WORDS), ["第 1 个例子写着“通过”，程序判为“通过”，工作簿判为“未定”"]),
    ],
    ids=["as the cases say", "otherwise"],
)
def test_the_sheet_judges_the_cases_too(form: Form, told_: list[str]) -> None:
    rehearsal = rehearse(form, fillings=100)
    assert rehearsal.without_office == ""
    wrong = [remark for remark in rehearsal.remarks if remark.sort == "wrong"]
    assert [remark.message for remark in wrong] == told_
    assert all(remark.hint.startswith("两边不一样：") for remark in wrong)


@pytest.mark.office
def test_the_sheet_is_worked_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the results taken that we wrote beside the formulas, a wrong formula would go unseen."""
    monkeypatch.setitem(OPS, "le", replace(OPS["le"], excel="({0}>{1})"))
    form = form_of(Path("broken.toml"), f"{SMALL}{OVERSPENT}".encode())
    assert [remark.message.rpartition("，")[2] for remark in rehearse(form).remarks] == [
        "工作簿判为“不通过”",
        "工作簿判为“通过”",
    ]


def test_an_office_that_writes_nothing_is_told_and_no_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOFFICE", "true")
    rehearsal = rehearse(small(OVERSPENT), fillings=100)
    assert (rehearsal.problems, rehearsal.remarks) == (0, ())
    assert "没有算出工作簿" in rehearsal.without_office
