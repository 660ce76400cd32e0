"""A definition put together from several files: what is laid over what, and whose mistake a mistake is."""

import pickle
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api import judge_case
from workbook import Form, FormError, find_form, load_form
from workbook.form import form_of

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


# --- a base and its successor, what is left out, rule sets, the year ------------------------------


def groups(form: Form) -> list[tuple[object, ...]]:
    return [(*group.path, group.rows, group.weight) for group in form.sections["indicators"].groups]


def fields(form: Form) -> list[str]:
    return list(form.sections["funds"].fields)


def settings(form: Form) -> list[tuple[str, object]]:
    return list(form.settings.items())


PART = """
[[section]]
id = "funds"
drawing = ["预算 | {budget} | <", "^ | {spent} | {rate}", "其中 | {part} | <"]
heights = []
[section.fields]
part = { label = "其中", kind = "money" }
budget = { required = true, prompt = "元。" }
"""
GROUPS = """
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
"""
SUMMARY = """
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
RATE_ALONE = """
[[section]]
id = "funds"
drawing = ["预算 | {budget} | <", "^ | {rate} | <"]
[section.fields]
rate = { required = true }
"""
TWO_SHEETS = '[[further_sheet]]\nname = "数据"\nwidths = [9]\n[[further_sheet]]\nname = "报告"\norientation = "landscape"\n'
LEFT_OUT = '["M402", "settings.word", "indicators.效益", "indicators.产出.质量", "summary.large"]'
M401, M402 = (f"[[rule]]{rule}" for rule in BASE[BASE.index("[[rule]]") :].split("[[rule]]")[1:])
GRADED = BASE.replace("[settings]\n", f"[settings]\n{GRADES}")
OWN_LEFT = including("shared", after='[[rule]]\ncode = "S401"\nseverity = "warning"\n').replace(
    "rate = { label", 'left = { label = "还剩" }\nrate = { label', 1
)
OWN_REASON = '[[summary.reason]]\nname = "别的"\nwords = ["别的"]\n'
MADE_OF: dict[str, tuple[str, dict[str, str], Callable[[Form], object], object]] = {
    "what is not said stays": (
        NEXT, {},
        lambda form: (form.key, form.name, form.annex, form.widths, list(form.sections), own_rules(form)),
        ("base 2025", "小表", "附件1", (10, 10, 10), ["identity", "funds", "indicators"], ["M401", "M402"]),
    ),
    "plain values and lists replace": (
        NEXT + 'annex = ""\ninstructions = ["一条。"]\nwidths = [9, 9, 9]\n', {},
        lambda form: (form.annex, form.instructions, form.widths), ("", ("一条。",), (9, 9, 9)),
    ),
    "settings merge by key": (
        NEXT + "[settings]\nthreshold = 0.8\nmost = 3\n", {}, settings,
        [("threshold", 0.8), ("word", "优"), ("most", 3)],
    ),
    "fields merge by name and then by key": (
        NEXT + PART, {},
        lambda form: (
            fields(form), form.sections["funds"].head.rows, form.sections["funds"].label,
            *(getattr(form.field_of("funds.budget"), trait) for trait in ("label", "required", "prompt")),
        ),
        (["budget", "spent", "rate", "part"], 3, "资金", "预算数", True, "元。"),
    ),
    "groups merge by the first level and their rows by key": (
        NEXT + GROUPS, {}, groups,
        [("产出", "数量", 2, 50), ("产出", "质量", 1, 50), ("效益", "社会", 1, 30), ("效益", "生态", 2, 30),
         ("满意度", "公众", 1, 10)],
    ),
    "rules merge by code and new ones come last": (
        f'{NEXT}{M402.replace("M402", "M400")}[[rule]]\ncode = "M401"\nseverity = "note"\n', {},
        lambda form: (
            own_rules(form), form.rule("M401").severity.value, form.rule("M401").name, len(form.rule("M401").cases)
        ),
        (["M401", "M402", "M400"], "note", "超支", 2),
    ),
    "further sheets merge by name": (
        NEXT + TWO_SHEETS, {"base": BASE.replace("[settings]", f"{FURTHER_SHEET}[settings]", 1)},
        lambda form: [(paper.sheet, paper.widths, paper.orientation) for paper in form.further],
        [("报告", (20, 20), "landscape"), ("数据", (9,), "portrait")],
    ),
    "the summary's arrays merge by name": (
        NEXT + SUMMARY, {},
        lambda form: (
            list(form.key_fields.amounts), form.key_fields.budget, form.key_fields.reasons, form.key_fields.grades,
            [(c.key, c.points, c.why) for c in form.key_fields.criteria],
        ),
        (["budget", "spent"], "budget", (("天气", ("雨", "汛")), ("人手", ("人手",))), (("优", 90), ("良", 80)),
         [("large", 5, "数额大")]),
    ),
    "a base may extend another": (
        'extends = "middle"\nversion = "2026"\nfiscal_year = 2026\n',
        {"middle": NEXT + "[settings]\nthreshold = 0.8\n"},
        lambda form: (form.key, form.settings["threshold"], form.name, form.instructions[0]),
        ("base 2026", 0.8, "小表", "2026年12月31日前报送。"),
    ),
    "a section that was there may move": (
        NEXT + '[[section]]\nid = "indicators"\nafter = "identity"\n', {},
        lambda form: list(form.sections), ["identity", "indicators", "funds"],
    ),
    "rules, settings and rows are left out": (
        f"without = {LEFT_OUT}\n{NEXT}", {},
        lambda form: (own_rules(form), settings(form), groups(form), form.key_fields.criteria),
        (["M401"], [("threshold", 0.9)], [("产出", "数量", 2, 50)], ()),
    ),
    "a section takes the rules along that look there": (
        f'without = ["indicators"]\n{NEXT}', {},
        lambda form: (list(form.sections), own_rules(form)), (["identity", "funds"], ["M401"]),
    ),
    "a field is left out, and so is a key of one": (
        'without = ["M401", "funds.spent", "funds.rate.formula"]\n' + NEXT + RATE_ALONE
        + '[summary]\namounts = ["funds.budget"]\n', {},
        lambda form: (fields(form), form.field_of("funds.rate").mode), (["budget", "rate"], "entered"),
    ),
    "what is left out may be written anew": (
        f'without = ["M401"]\n{NEXT}{M401}', {}, own_rules, ["M402", "M401"],
    ),
    "a rule set brings fields, settings, reasons and rules, the form's own before": (
        including("shared"), {"shared": RULES},
        lambda form: (
            own_rules(form), settings(form), list(form.sections), fields(form),
            [name for name, _ in form.key_fields.reasons],
            [judge_case(form, form.rule("S401"), case) for case in form.rule("S401").cases],
        ),
        (["S401", "M401", "M402"], [("most", 100), ("threshold", 0.9), ("word", "优")],
         ["identity", "funds", "indicators"], ["budget", "spent", "rate", "left"], ["人手", "天气"],
         ["holds", "broken"]),
    ),
    "a form's own keys go before those of a rule set": (
        OWN_LEFT, {"shared": RULES},
        lambda form: (
            form.field_of("funds.left").label, form.field_of("funds.left").mode, fields(form),
            form.rule("S401").severity.value,
        ),
        ("还剩", "derived", ["budget", "spent", "left", "rate"], "warning"),
    ),
    "a rule set may include others, each taken once": (
        including("outer", "again"),
        {
            "shared": RULES, "outer": 'include = ["shared"]\n[settings]\nmost = 200\n',
            "again": 'include = ["shared"]\n[settings]\nleast = 1\n',
        },
        lambda form: dict(form.settings), {"most": 200, "threshold": 0.9, "least": 1, "word": "优"},
    ),
    "a successor includes over its base and under itself": (
        f'include = ["shared"]\n{NEXT}[settings]\nmost = 7\n', {"shared": RULES},
        lambda form: (dict(form.settings), fields(form), own_rules(form)),
        ({"threshold": 0.5, "word": "优", "most": 7}, ["budget", "spent", "rate", "left"], ["M401", "M402", "S401"]),
    ),
    "what a base made of a rule set stays if the successor names it again": (
        'include = ["shared"]\nextends = "middle"\nversion = "2025"\n',
        {"shared": RULES, "middle": including("shared")}, lambda form: form.settings["threshold"], 0.9,
    ),
    "a part of a rule set can be left out": (
        including("shared", before='without = ["S401", "funds.left"]\n'), {"shared": RULES},
        lambda form: (own_rules(form), fields(form)), (["M401", "M402"], ["budget", "spent", "rate"]),
    ),
    "a rule set that is shipped": (
        f'include = ["grading"]\n{GRADED}', {},
        lambda form: (form.key_fields.reasons[0][0], dict(form.key_fields.grades)),
        ("自然条件", {"优": 90, "良": 80, "中": 60}),
    ),
    "a rule set of one's own goes before one that is shipped": (
        including("grading"), {"grading": OWN_REASON},
        lambda form: [name for name, _ in form.key_fields.reasons], ["别的", "天气"],
    ),
    "texts take the year and the years beside it": (
        NEXT, {},
        lambda form: (
            form.instructions, form.field_of("identity.note").label, form.field_of("identity.note").prompt,
            form.field_of("identity.fiscal_year").value, form.rule("M401").hint,
            [case.given for case in form.rule("M401").cases],
        ),
        (("2025年12月31日前报送。", "次年（2026年）公开，上年是2024年；{其他}不变。"), "2025年说明", "如 2025年3月。", 2025,
         "请核对2025年的账。",
         [{"budget": 5, "spent": 5, "identity.note": "2025年"}, {"budget": 5, "spent": 6, "identity.fiscal_year": 2025}]),
    ),
    "a drawn cell that is a field stays one": (
        NEXT, {},
        lambda form: [(c.text, c.field) for c in form.sections["identity"].head.cells if "2025" in c.text + c.field
                      or "fiscal" in c.field],
        [("2025年说明", ""), ("", "identity.fiscal_year")],
    ),
    "a base is found among those that are shipped": (
        'extends = "department_overall_2024"\nversion = "2025"\nfiscal_year = 2025\n', {},
        lambda form: form.key, "department_overall 2025",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "files", "seen", "due"), MADE_OF.values(), ids=MADE_OF.keys())
def test_a_form_is_made_of_its_files_as_they_say(
    tmp_path: Path,
    text: str,
    files: dict[str, str],
    seen: Callable[[Form], object],
    due: object,
) -> None:
    assert seen(loaded(tmp_path, text, **files)) == due


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


@pytest.mark.parametrize(
    ("text", "files", "told"),
    [
        (
            'extends = "middle"',
            {"middle": 'extends = "next"'},
            "middle.toml, extends: {}next → middle → next",
        ),
        ('extends = "next"', {}, "next.toml, extends: {}next → next"),
        (
            including("a"),
            {"a": 'include = ["b"]', "b": 'include = ["a"]'},
            "b.toml, include: {}next → a → b → a",
        ),
    ],
)
def test_no_file_comes_back_to_itself(
    tmp_path: Path, text: str, files: dict[str, str], told: str
) -> None:
    assert refused(tmp_path, text, **files) == told.format("comes back to where it was: ")


# --- what it comes to -----------------------------------------------------------------------------


def test_a_form_that_is_one_file_keeps_its_digest(tmp_path: Path) -> None:
    written = BASE.replace('"{fiscal_year}" }', "2024 }")
    dated = written.replace("{fiscal_year}年", "2024年")
    write(tmp_path, written=written, dated=dated)
    forms = [load_form(tmp_path / f"{name}.toml") for name in ("written", "dated")]
    assert (forms[0].digest, forms[0].definition) == (forms[1].digest, written)


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
    again = form_of(Path("whole.toml"), form.definition.encode())
    assert (told(again), (again.digest, again.definition)) == (
        told(form),
        (form.digest, form.definition),
    )


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
    assert load_form(tmp_path / "next.toml").settings["most"] == 101
    write(tmp_path, base=BASE.replace('name = "小表"', 'name = "大表"'))
    assert load_form(tmp_path / "next.toml").name == "大表"


def test_a_form_travels_as_itself(tmp_path: Path) -> None:
    of_file = find_form("department_overall")
    given = form_of(Path("in_no_folder.toml"), of_file.definition.encode())
    assert told(given) == told(of_file) and given.digest == of_file.digest
    for form in (loaded(tmp_path, NEXT), of_file, given):
        assert pickle.loads(pickle.dumps(form)) is form
