"""A definition put together from several files: what is laid over what, and whose mistake a mistake is."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path

import pytest

from tests.api import FORMS_DIR, RULE_SETS_DIR, judge_case
from workbook import Form, FormError, load_form
from workbook.form import available_forms, form_of

BASE = """
id = "base"
version = "2024"
name = "小表"
title = "{fiscal_year} 年小表"
annex = "附件1"
sheet = "表"
fiscal_year = 2024
widths = [10, 10, 10]
instructions = ["{fiscal_year}年12月31日前报送。", "次年（{fiscal_year + 1}年）公开，上年是{fiscal_year-1}年；{其他}不变。"]

[settings]
threshold = 0.9
word = "优"

[[section]]
id = "identity"
label = "单位"
drawing = ["单位 | {department} | <", "{fiscal_year}年说明 | {note} | {fiscal_year}"]
[section.fields]
department = { label = "单位", kind = "text", required = true }
department_code = { label = "编码", kind = "text", by = "bureau" }
fiscal_year = { label = "年度", kind = "count", value = "{fiscal_year}" }
note = { label = "{fiscal_year}年说明", kind = "paragraph", prompt = "如 {fiscal_year}年3月。" }

[[section]]
id = "funds"
label = "资金"
drawing = ["预算 | {budget} | <", "^ | {spent} | {rate}"]
heights = [20, 20]
[section.fields]
budget = { label = "预算数", kind = "money", prompt = "万元。" }
spent = { label = "执行数", kind = "money" }
rate = { label = "执行率", kind = "percent", formula = "spent / budget" }

[[section]]
id = "indicators"
label = "指标"
levels = ["level1", "level2"]
drawing = ["指标 | 名称 | 分值"]
row = "[level1] | {indicator} | {weight}"
[section.fields]
indicator = { label = "名称", kind = "text" }
weight = { label = "分值", kind = "score" }
[[section.group]]
level1 = "产出"
weight = 50
rows = { "数量" = 2, "质量" = 1 }
[[section.group]]
level1 = "效益"
weight = 40
rows = { "社会" = 1 }

[summary]
amounts = ["funds.budget", "funds.spent"]
lowest_grade = "差"
[[summary.grade]]
name = "优"
from = 90
[[summary.reason]]
name = "天气"
words = ["雨"]
[[summary.criterion]]
id = "large"
label = "资金量大"
metric = "budget"
sense = "top"
limit = 0.2
points = 3
why = "数额大"

[[rule]]
code = "M401"
name = "超支"
scope = "funds"
must = "spent <= budget"
at = "spent"
message = "{identity.fiscal_year} 年执行数 {spent} 超过预算数 {budget}"
hint = "请核对{fiscal_year}年的账。"
basis = "测试"
cases = [
  { verdict = "holds", given = { budget = 5, spent = 5, "identity.note" = "{fiscal_year}年" } },
  { verdict = "broken", given = { budget = 5, spent = 6, "identity.fiscal_year" = "{fiscal_year}" } },
]

[[rule]]
code = "M402"
name = "没有名称"
scope = "indicators"
when = "weight > 0"
must = "filled(indicator)"
at = "indicator"
message = "没有名称"
hint = "请填写。"
basis = "测试"
cases = [
  { verdict = "holds", rows = [{ weight = 5, indicator = "场次" }] },
  { verdict = "broken", rows = [{ weight = 5 }] },
]
"""
NEXT = 'extends = "base"\nversion = "2025"\nfiscal_year = 2025\n'
GRADES = "grade_excellent = 90\ngrade_good = 80\ngrade_fair = 60\n"
FURTHER_SHEET = '[[further_sheet]]\nname = "报告"\nwidths = [20, 20]\n'
SECTION = """
[[section]]
id = "{id}"
{after}
label = "{id}"
drawing = ["{id} | {{{id}_text}} | <"]
[section.fields]
{id}_text = {{ label = "文字", kind = "text" }}
"""
RULES = """
[settings]
most = 100
threshold = 0.5

[[section]]
id = "funds"
[section.fields]
left = { label = "结余", kind = "money", formula = "budget - spent", derived = true }

[summary]
[[summary.reason]]
name = "人手"
words = ["人手"]

[[rule]]
code = "S401"
name = "结余过多"
scope = "funds"
must = "left <= settings.most"
at = "spent"
message = "结余 {left}"
hint = "请说明。"
basis = "测试"
cases = [
  { verdict = "holds", given = { budget = 5, spent = 5 } },
  { verdict = "broken", given = { budget = 500, spent = 5 } },
]
"""


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def loaded(folder: Path, text: str, **files: str) -> Form:
    """The form of `next.toml`, with the base and other files beside it."""
    write(folder, **({"base": BASE} | files), next=text)
    return load_form(folder / "next.toml")


def refused(folder: Path, text: str, **files: str) -> str:
    with pytest.raises(FormError) as raised:
        loaded(folder, text, **files)
    return str(raised.value)


def including(*names: str, **more: str) -> str:
    """The base itself, with rule sets included."""
    listed = ", ".join(f'"{name}"' for name in names)
    return f"include = [{listed}]\n{more.get('before', '')}{BASE}{more.get('after', '')}"


def own_rules(form: Form) -> list[str]:
    return [rule.code for rule in form.rules if not rule.general]


# --- a base and its successor ---------------------------------------------------------------------


def test_what_is_not_said_stays_as_it_was(tmp_path: Path) -> None:
    form = loaded(tmp_path, NEXT)
    base = load_form(tmp_path / "base.toml")
    assert (form.key, form.name, form.annex, form.widths) == (
        "base 2025",
        "小表",
        "附件1",
        base.widths,
    )
    assert list(form.sections) == list(base.sections)
    assert own_rules(form) == own_rules(base)
    assert form.path == tmp_path / "next.toml"
    assert form.digest != base.digest


def test_plain_values_and_lists_replace(tmp_path: Path) -> None:
    form = loaded(tmp_path, NEXT + 'annex = ""\ninstructions = ["一条。"]\nwidths = [9, 9, 9]\n')
    assert (form.annex, form.instructions, form.widths) == ("", ("一条。",), (9, 9, 9))


def test_settings_merge_by_key(tmp_path: Path) -> None:
    form = loaded(tmp_path, NEXT + "[settings]\nthreshold = 0.8\nmost = 3\n")
    assert list(form.settings.items()) == [("threshold", 0.8), ("word", "优"), ("most", 3)]


def test_fields_merge_by_name_and_then_by_key(tmp_path: Path) -> None:
    form = loaded(
        tmp_path,
        NEXT
        + """
[[section]]
id = "funds"
drawing = ["预算 | {budget} | <", "^ | {spent} | {rate}", "其中 | {part} | <"]
heights = []
[section.fields]
part = { label = "其中", kind = "money" }
budget = { required = true, prompt = "元。" }
""",
    )
    fields = form.sections["funds"].fields
    assert list(fields) == ["budget", "spent", "rate", "part"]
    budget = fields["budget"]
    assert (budget.label, budget.kind.name, budget.required) == ("预算数", "money", True)
    assert budget.prompt == "元。"
    assert form.sections["funds"].head.rows == 3
    assert form.sections["funds"].label == "资金"


def test_groups_merge_by_the_first_level_and_their_rows_by_key(tmp_path: Path) -> None:
    form = loaded(
        tmp_path,
        NEXT
        + """
[[section]]
id = "indicators"
[[section.group]]
level1 = "效益"
weight = 30
rows = { "生态" = 2 }
[[section.group]]
level1 = "满意度"
weight = 10
rows = { "公众" = 1 }
""",
    )
    groups = [
        (*group.path, group.rows, group.weight) for group in form.sections["indicators"].groups
    ]
    assert groups == [
        ("产出", "数量", 2, 50),
        ("产出", "质量", 1, 50),
        ("效益", "社会", 1, 30),
        ("效益", "生态", 2, 30),
        ("满意度", "公众", 1, 10),
    ]


def test_rules_merge_by_code_and_new_ones_come_last(tmp_path: Path) -> None:
    new = BASE[BASE.index('[[rule]]\ncode = "M402"') :].replace("M402", "M400")
    form = loaded(tmp_path, f'{NEXT}{new}[[rule]]\ncode = "M401"\nseverity = "note"\n')
    assert own_rules(form) == ["M401", "M402", "M400"]
    rule = form.rule("M401")
    assert (rule.severity.value, rule.name, len(rule.cases)) == ("note", "超支", 2)


def test_further_sheets_merge_by_name(tmp_path: Path) -> None:
    base = BASE.replace("[settings]", f"{FURTHER_SHEET}[settings]", 1)
    changes = '[[further_sheet]]\nname = "数据"\nwidths = [9]\n[[further_sheet]]\nname = "报告"\norientation = "landscape"\n'
    form = loaded(tmp_path, NEXT + changes, base=base)
    sheets = [(paper.sheet, paper.widths, paper.orientation) for paper in form.further]
    assert sheets == [("报告", (20, 20), "landscape"), ("数据", (9,), "portrait")]


def test_the_summarys_arrays_merge_by_name(tmp_path: Path) -> None:
    changes = """
[summary]
budget = "funds.budget"
[[summary.reason]]
name = "人手"
words = ["人手"]
[[summary.reason]]
name = "天气"
words = ["雨", "汛"]
[[summary.criterion]]
id = "large"
points = 5
[[summary.grade]]
name = "良"
from = 80
"""
    taken = loaded(tmp_path, NEXT + changes).key_fields
    assert list(taken.amounts) == ["budget", "spent"]
    assert taken.budget == "budget"
    assert taken.reasons == (("天气", ("雨", "汛")), ("人手", ("人手",)))
    assert [(c.key, c.points, c.why) for c in taken.criteria] == [("large", 5, "数额大")]
    assert taken.grades == (("优", 90), ("良", 80))


def test_a_base_may_extend_another(tmp_path: Path) -> None:
    middle = NEXT + "[settings]\nthreshold = 0.8\n"
    form = loaded(
        tmp_path, 'extends = "middle"\nversion = "2026"\nfiscal_year = 2026\n', middle=middle
    )
    assert (form.key, form.settings["threshold"], form.name) == ("base 2026", 0.8, "小表")
    assert form.instructions[0] == "2026年12月31日前报送。"


@pytest.mark.parametrize(
    ("sections", "order"),
    [
        ([("a", "")], ["identity", "funds", "indicators", "a"]),
        ([("a", "identity")], ["identity", "a", "funds", "indicators"]),
        ([("a", "funds"), ("b", "funds")], ["identity", "funds", "a", "b", "indicators"]),
        ([("a", "b"), ("b", "identity")], ["identity", "b", "a", "funds", "indicators"]),
    ],
)
def test_a_new_section_stands_where_it_says(
    tmp_path: Path, sections: list[tuple[str, str]], order: list[str]
) -> None:
    text = "".join(
        SECTION.format(id=name, after=f'after = "{after}"' if after else "")
        for name, after in sections
    )
    assert list(loaded(tmp_path, NEXT + text).sections) == order


def test_a_section_that_was_there_may_move(tmp_path: Path) -> None:
    form = loaded(tmp_path, NEXT + '[[section]]\nid = "indicators"\nafter = "identity"\n')
    assert list(form.sections) == ["identity", "indicators", "funds"]


# --- leaving out ----------------------------------------------------------------------------------


def test_rules_and_settings_and_rows_are_left_out(tmp_path: Path) -> None:
    names = '["M402", "settings.word", "indicators.效益", "indicators.产出.质量", "summary.large"]'
    form = loaded(tmp_path, f"without = {names}\n{NEXT}")
    assert own_rules(form) == ["M401"]
    assert list(form.settings) == ["threshold"]
    assert [group.path for group in form.sections["indicators"].groups] == [("产出", "数量")]
    assert form.key_fields.criteria == ()


def test_a_section_takes_the_rules_along_that_look_there(tmp_path: Path) -> None:
    form = loaded(tmp_path, f'without = ["indicators"]\n{NEXT}')
    assert list(form.sections) == ["identity", "funds"]
    assert own_rules(form) == ["M401"]


def test_a_field_is_left_out_and_so_is_a_key_of_one(tmp_path: Path) -> None:
    text = """
[[section]]
id = "funds"
drawing = ["预算 | {budget} | <", "^ | {rate} | <"]
[section.fields]
rate = { required = true }
"""
    without = 'without = ["M401", "funds.spent", "funds.rate.formula"]\n'
    summary = '[summary]\namounts = ["funds.budget"]\n'
    form = loaded(tmp_path, without + NEXT + text + summary)
    assert list(form.sections["funds"].fields) == ["budget", "rate"]
    assert form.field_of("funds.rate").mode == "entered"


def test_what_is_left_out_may_be_written_anew(tmp_path: Path) -> None:
    anew = BASE[BASE.index("[[rule]]") : BASE.index('[[rule]]\ncode = "M402"')]
    form = loaded(tmp_path, f'without = ["M401"]\n{NEXT}{anew}')
    assert own_rules(form) == ["M402", "M401"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("M403", "did you mean 'M40"),
        ("funds.budgte", "did you mean 'funds.budget'?"),
        ("indicator", "did you mean 'indicators'?"),
    ],
)
def test_what_is_not_there_cannot_be_left_out(tmp_path: Path, name: str, hint: str) -> None:
    told = refused(tmp_path, f'without = ["{name}"]\n{NEXT}')
    assert told.startswith(f"next.toml, without: no '{name}' is inherited; ")
    assert hint in told


# --- rule sets ------------------------------------------------------------------------------------


def test_a_rule_set_brings_fields_settings_reasons_and_rules(tmp_path: Path) -> None:
    form = loaded(tmp_path, including("shared"), shared=RULES)
    assert own_rules(form) == ["S401", "M401", "M402"]
    assert list(form.settings) == ["most", "threshold", "word"]
    assert form.settings["threshold"] == 0.9, "the form's own goes before"
    assert list(form.sections) == ["identity", "funds", "indicators"]
    assert list(form.sections["funds"].fields) == ["budget", "spent", "rate", "left"]
    assert [name for name, _ in form.key_fields.reasons] == ["人手", "天气"]
    rule = form.rule("S401")
    assert [judge_case(form, rule, case) for case in rule.cases] == ["holds", "broken"]


def test_a_forms_own_keys_go_before_those_of_a_rule_set(tmp_path: Path) -> None:
    own = '[[rule]]\ncode = "S401"\nseverity = "warning"\n'
    fields = "rate = { label"
    text = including("shared", after=own).replace(fields, 'left = { label = "还剩" }\n' + fields, 1)
    form = loaded(tmp_path, text, shared=RULES)
    left = form.field_of("funds.left")
    assert (left.label, left.mode) == ("还剩", "derived")
    assert list(form.sections["funds"].fields) == ["budget", "spent", "left", "rate"]
    assert form.rule("S401").severity.value == "warning"


def test_a_rule_set_may_include_others_each_taken_once(tmp_path: Path) -> None:
    outer = 'include = ["shared"]\n[settings]\nmost = 200\n'
    again = 'include = ["shared"]\n[settings]\nleast = 1\n'
    form = loaded(tmp_path, including("outer", "again"), shared=RULES, outer=outer, again=again)
    assert form.settings == {"most": 200, "threshold": 0.9, "least": 1, "word": "优"}


def test_a_successor_includes_over_its_base_and_under_itself(tmp_path: Path) -> None:
    form = loaded(tmp_path, f'include = ["shared"]\n{NEXT}[settings]\nmost = 7\n', shared=RULES)
    assert form.settings == {"threshold": 0.5, "word": "优", "most": 7}
    assert list(form.sections["funds"].fields) == ["budget", "spent", "rate", "left"]
    assert own_rules(form) == ["M401", "M402", "S401"]


def test_what_a_base_made_of_a_rule_set_stays_if_the_successor_names_it_again(
    tmp_path: Path,
) -> None:
    form = loaded(
        tmp_path,
        'include = ["shared"]\nextends = "middle"\nversion = "2025"\n',
        shared=RULES,
        middle=including("shared"),
    )
    assert form.settings["threshold"] == 0.9


def test_a_part_of_a_rule_set_can_be_left_out(tmp_path: Path) -> None:
    text = including("shared", before='without = ["S401", "funds.left"]\n')
    form = loaded(tmp_path, text, shared=RULES)
    assert own_rules(form) == ["M401", "M402"]
    assert list(form.sections["funds"].fields) == ["budget", "spent", "rate"]


def test_a_rule_set_of_ones_own_goes_before_one_that_is_shipped(tmp_path: Path) -> None:
    graded = BASE.replace("[settings]\n", f"[settings]\n{GRADES}")
    shipped = loaded(tmp_path, f'include = ["grading"]\n{graded}').key_fields
    assert shipped.reasons[0][0] == "自然条件"
    assert dict(shipped.grades) == {"优": 90, "良": 80, "中": 60}
    own = '[[summary.reason]]\nname = "别的"\nwords = ["别的"]\n'
    form = loaded(tmp_path, including("grading"), grading=own)
    assert [name for name, _ in form.key_fields.reasons] == ["别的", "天气"]


# --- the year -------------------------------------------------------------------------------------


def test_texts_take_the_year_and_the_years_beside_it(tmp_path: Path) -> None:
    form = loaded(tmp_path, NEXT)
    assert form.instructions == (
        "2025年12月31日前报送。",
        "次年（2026年）公开，上年是2024年；{其他}不变。",
    )
    note = form.field_of("identity.note")
    assert (note.label, note.prompt) == ("2025年说明", "如 2025年3月。")
    assert form.field_of("identity.fiscal_year").value == 2025
    assert form.rule("M401").hint == "请核对2025年的账。"
    assert [case.given for case in form.rule("M401").cases] == [
        {"budget": 5, "spent": 5, "identity.note": "2025年"},
        {"budget": 5, "spent": 6, "identity.fiscal_year": 2025},
    ]


def test_a_drawn_cell_that_is_a_field_stays_one(tmp_path: Path) -> None:
    cells = {
        (cell.text, cell.field) for cell in loaded(tmp_path, NEXT).sections["identity"].head.cells
    }
    assert {("2025年说明", ""), ("", "identity.fiscal_year")} <= cells


def test_in_messages_the_year_is_a_field_as_ever(tmp_path: Path) -> None:
    text = BASE.replace("{identity.fiscal_year} 年执行数", "{fiscal_year} 年执行数")
    told = refused(tmp_path, NEXT, base=text)
    assert told.startswith("base.toml, rule M401, message: 'fiscal_year' is not a field of section")
    assert told.endswith(
        "did you mean 'identity.fiscal_year'? at column 2; or write without = [\"M401\"] into next.toml"
    )


# --- whose mistake it is --------------------------------------------------------------------------

RULE = '[[rule]]\ncode = "M401"\n'
MISTAKES = {
    "a plain key": (NEXT + "unit = 5\n", "next.toml, unit: must be a str"),
    "an unknown key": (NEXT + 'nmae = "x"\n', "next.toml, nmae: is not known here; did you mean"),
    "an expression of its own": (
        f'{NEXT}{RULE}must = "spent <= budgt"\n',
        (
            "next.toml, rule M401, must: 'budgt' is not a field of section funds; did you mean "
            "'budget'? at column 10"
        ),
    ),
    "a formula": (
        NEXT + '[[section]]\nid = "funds"\n[section.fields]\nrate = { formula = "spent / x" }\n',
        "next.toml, section funds, field rate, formula: 'x' is not a field of section funds; ",
    ),
    "a field of its own that is not drawn": (
        NEXT
        + '[[section]]\nid = "funds"\n[section.fields]\npart = { label = "a", kind = "money" }\n',
        "next.toml, section funds, fields, part: no drawing shows '{part}'",
    ),
    "a drawing of its own": (
        NEXT + '[[section]]\nid = "funds"\ndrawing = ["预算 | {budgt} | <"]\nheights = []\n',
        "next.toml, section funds, drawing: '{funds.budgt}' is not a field; ",
    ),
    "a new rule's missing key": (
        NEXT + '[[rule]]\ncode = "M403"\nscope = "funds"\nmust = "spent > 0"\n',
        "next.toml, rule M403, name: is missing",
    ),
    "a rule twice": (
        f"{NEXT}{RULE}{RULE}",
        "next.toml, rule M401, code: is changed twice in one file",
    ),
    "a place that is none": (
        NEXT + SECTION.format(id="a", after='after = "fundz"'),
        "next.toml, section a, after: 'fundz' is not a section; did you mean 'funds'?",
    ),
    "places in a circle": (
        NEXT
        + SECTION.format(id="a", after='after = "b"')
        + SECTION.format(id="b", after='after = "a"'),
        "next.toml, section a, after: leads round in a circle",
    ),
    "the summary": (
        NEXT + '[summary]\nbudget = "funds.budgt"\n',
        "next.toml, summary, budget: 'funds.budgt' is no single field; ",
    ),
    "cases that do not do": (
        f'{NEXT}{RULE}cases = [{{ verdict = "holds" }}]\n',
        "next.toml, rule M401, cases: needs a case that holds and one that is broken",
    ),
    "fields in a circle": (
        NEXT + '[[section]]\nid = "funds"\n[section.fields]\nrate = { formula = "rate / spent" }\n',
        "next.toml, field funds.rate: refers to itself: funds.rate → funds.rate",
    ),
}


@pytest.mark.parametrize(("text", "told"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_successors_mistake_is_its_own(tmp_path: Path, text: str, told: str) -> None:
    assert refused(tmp_path, text).startswith(told)


BASES_MISTAKES = {
    "a key": (("widths = [10, 10, 10]", "widths = 5"), "base.toml, widths: must be a list"),
    "a formula": (
        ('formula = "spent / budget"', 'formula = "spent / budgt"'),
        "base.toml, section funds, field rate, formula: 'budgt' is not a field",
    ),
    "a rule": (
        ('must = "spent <= budget"', 'must = "spent <= budgt"'),
        (
            "base.toml, rule M401, must: 'budgt' is not a field of section funds; did you mean "
            "'budget'? at column 10"
        ),
    ),
    "a case": (
        ("given = { budget = 5, spent = 5,", "given = { budgt = 5, spent = 5,"),
        "base.toml, rule M401, cases: 'funds.budgt' is no such cell",
    ),
    "a drawing": (
        ('"^ | {spent} | {rate}"', '"^ | {spent} | {rat}"'),
        "base.toml, section funds, drawing: '{funds.rat}' is not a field",
    ),
    "a limit": (
        (
            'spent = { label = "执行数", kind = "money"',
            'spent = { label = "执行数", kind = "money", max = "x"',
        ),
        "base.toml, section funds, fields, spent, max: 'x' is no field beside it",
    ),
}


CHANGES_TO_ALL = """
[[rule]]
code = "M401"
severity = "note"
[[section]]
id = "funds"
[section.fields]
rate = { label = "率" }
spent = { label = "支出" }
"""


@pytest.mark.parametrize(("change", "told"), BASES_MISTAKES.values(), ids=BASES_MISTAKES.keys())
def test_a_bases_mistake_is_the_bases(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    assert change[0] in BASE
    base = BASE.replace(*change)
    assert refused(tmp_path, NEXT + CHANGES_TO_ALL, base=base).startswith(told)


RULE_SETS_MISTAKES = {
    "an expression": (
        ('must = "left <= settings.most"', 'must = "left <= settings.mots"'),
        "shared.toml, rule S401, must: 'mots' is not a setting; did you mean 'most'? at column 9",
    ),
    "a formula": (
        ('formula = "budget - spent"', 'formula = "budget - spend"'),
        (
            "shared.toml, section funds, field left, formula: 'spend' is not a field of section funds; "
            "did you mean 'spent'? at column 10"
        ),
    ),
    "a message": (
        ('"结余 {left}"', '"结余 {lift}"'),
        (
            "shared.toml, rule S401, message: 'lift' is not a field of section funds; did you mean "
            "'left'? at column 5"
        ),
    ),
    "a section that the form has not": (
        ('[[section]]\nid = "funds"', '[[section]]\nid = "fund"'),
        "shared.toml, section fund, id: next.toml has no such section; did you mean 'funds'?",
    ),
    "a rule's section that the form has not": (
        ('scope = "funds"', 'scope = "goals"'),
        "shared.toml, rule S401, scope: 'goals' is not a section; ",
    ),
    "a cell": (
        (", derived = true", ""),
        "shared.toml, section funds, fields, left, derived: a rule set can only derive fields",
    ),
    "a form's key": (("[settings]", 'title = "x"\n[settings]'), "shared.toml, title: is not known"),
    "a section's drawing": (
        ('id = "funds"\n', 'id = "funds"\ndrawing = []\n'),
        "shared.toml, section funds, drawing: is not known here",
    ),
    "TOML": (("[settings]", "[settings"), "shared.toml: is not valid TOML: "),
    "an include of its own": (
        ("[settings]", 'include = ["gradin"]\n[settings]'),
        (
            "shared.toml, include: no rule set 'gradin' here or among those that are shipped; "
            "did you mean 'grading'?"
        ),
    ),
}


@pytest.mark.parametrize(
    ("change", "told"), RULE_SETS_MISTAKES.values(), ids=RULE_SETS_MISTAKES.keys()
)
def test_a_rule_sets_mistake_is_the_rule_sets(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    assert change[0] in RULES
    shared = RULES.replace(*change)
    assert refused(
        tmp_path, including("outer"), shared=shared, outer='include = ["shared"]'
    ).startswith(told)


# --- finding files --------------------------------------------------------------------------------


def test_a_base_is_found_among_those_that_are_shipped(tmp_path: Path) -> None:
    text = 'extends = "department_overall_2024"\nversion = "2025"\nfiscal_year = 2025\n'
    assert loaded(tmp_path, text).key == "department_overall 2025"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('extends = "bas"', "next.toml, extends: no form 'bas' here or among those that are shipped; did you mean 'base'?"),
        (
            'extends = "department_overal_2024"',
            ("next.toml, extends: no form 'department_overal_2024' here or among those that are "
            "shipped; did you mean 'department_overall_2024'?"),
        ),
        ('include = ["gradin"]', "next.toml, include: no rule set 'gradin' here or among those that are shipped; did you mean"),
        ('extends = "base.toml"', "next.toml, extends: 'base.toml' must be a file's name, without folder and without .toml"),
        ('extends = "../base"', "next.toml, extends: '../base' must be a file's name"),
        ('include = [""]', "next.toml, include: '' must be a file's name"),
        ('extends = ["base"]', "next.toml, extends: must be a str, is ['base']"),
        ('include = "grading"', "next.toml, include: must be a list"),
    ],
)  # fmt: skip
def test_a_missing_file_is_named_with_the_nearest(tmp_path: Path, text: str, told: str) -> None:
    assert refused(tmp_path, text).startswith(told)


def test_no_form_comes_back_to_itself(tmp_path: Path) -> None:
    told = refused(tmp_path, 'extends = "middle"', middle='extends = "next"')
    assert told == "middle.toml, extends: comes back to where it was: next → middle → next"
    told = refused(tmp_path, 'extends = "next"')
    assert told == "next.toml, extends: comes back to where it was: next → next"


def test_no_rule_set_comes_back_to_itself(tmp_path: Path) -> None:
    told = refused(tmp_path, including("a"), a='include = ["b"]', b='include = ["a"]')
    assert told == "b.toml, include: comes back to where it was: next → a → b → a"


# --- what it comes to -----------------------------------------------------------------------------


def test_a_form_that_is_one_file_keeps_its_digest(tmp_path: Path) -> None:
    written = BASE.replace('"{fiscal_year}" }', "2024 }")
    dated = written.replace("{fiscal_year}年", "2024年")
    write(tmp_path, written=written, dated=dated)
    forms = [load_form(tmp_path / f"{name}.toml") for name in ("written", "dated")]
    assert forms[0].digest == forms[1].digest
    assert forms[0].definition == written


@pytest.mark.parametrize(
    "text",
    [
        NEXT,
        f'without = ["indicators", "summary.large"]\n{NEXT}' + SECTION.format(id="a", after='after = "identity"'),
        f'include = ["shared", "grading"]\n{NEXT}[settings]\n{GRADES}"有空格 的" = "引号\\"和\\n换行"\n',
        including("shared"),
    ],
    ids=["successor", "less and more", "with rule sets", "rule sets alone"],
)  # fmt: skip
def test_the_whole_definition_is_the_very_same_form(tmp_path: Path, text: str) -> None:
    form = loaded(tmp_path, text, shared=RULES)
    assert not {"extends", "include", "without"} & tomllib.loads(form.definition).keys()
    alone = tmp_path / "elsewhere"
    alone.mkdir()
    write(alone, whole=form.definition)
    again = load_form(alone / "whole.toml")
    assert told(again) == told(form)
    assert again.digest == form.digest
    assert again.definition == form.definition


@pytest.mark.parametrize("path", available_forms(), ids=lambda path: path.stem)
def test_the_shipped_definitions_are_the_same_in_one_file(path: Path) -> None:
    form = load_form(path)
    again = form_of(Path("whole.toml"), form.definition.encode())
    assert told(again) == told(form)
    assert again.digest == form.digest


def told(form: Form) -> list[object]:
    """All that a form says; parts of rules and fields compare by value."""
    return [
        (form.key, form.name, form.title, form.annex, form.unit, form.sheet, form.fiscal_year),
        (form.widths, form.side_widths, form.orientation, form.instructions, form.further),
        list(form.settings.items()),
        list(form.words.items()),
        [(define.signature, define.text) for define in form.defines.values()],
        list(form.sections.items()),
        [list(section.fields.items()) for section in form.sections.values()],
        form.rules,
        list(form.formulas.items()),
        form.key_fields,
    ]


def test_the_same_files_are_the_same_form_and_a_changed_one_is_seen(tmp_path: Path) -> None:
    first = loaded(tmp_path, f'include = ["shared"]\n{NEXT}', shared=RULES)
    assert load_form(tmp_path / "next.toml") is first
    write(tmp_path, shared=RULES.replace("most = 100", "most = 101"))
    second = load_form(tmp_path / "next.toml")
    assert second.settings["most"] == 101
    write(tmp_path, base=BASE.replace('name = "小表"', 'name = "大表"'))
    third = load_form(tmp_path / "next.toml")
    assert third.name == "大表"
    assert len({first, second, third}) == 3


def test_a_form_of_several_files_travels_as_one_of_one(tmp_path: Path) -> None:
    form = loaded(tmp_path, NEXT)
    assert pickle.loads(pickle.dumps(form)) is form


def test_rule_sets_are_no_forms() -> None:
    assert RULE_SETS_DIR.parent == FORMS_DIR
    assert not {path.stem for path in RULE_SETS_DIR.glob("*.toml")} & {
        path.stem for path in available_forms()
    }
    assert all(path.parent == FORMS_DIR for path in available_forms())
