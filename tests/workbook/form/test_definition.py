"""Form definitions: the shipped ones hold what they promise, and a mistake in one is named where it stands."""

import tomllib
from pathlib import Path

import openpyxl
import pytest

from builder import build_template
from tests import fillings
from tests.api import FORMS_DIR, judge_case
from tests.own_cases import own_cases, own_verdicts
from workbook import Filling, Form, FormError, check, find_form, frames, load_form, read_returns
from workbook.expression import references
from workbook.form import CELL, GROUP, ROW, Rule, available_forms, terms_of
from workbook.layout import lay_out

ODD = Path(__file__).resolve().parents[2] / "forms" / "odd_form_2023.toml"
SHIPPED = tuple(load_form(path) for path in available_forms())
ALL = (*SHIPPED, load_form(ODD))
BY_KEY = {form.key: form for form in ALL}
CASES = [
    pytest.param(form, rule, number, id=f"{form.id}-{rule.code}-{number}")
    for form in ALL
    for rule, number, _ in own_cases(form)
]


# --- the shipped forms ----------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "rule", "number"), CASES)
def test_a_rule_judges_its_own_cases_as_they_say(form: Form, rule: Rule, number: int) -> None:
    assert own_verdicts(form)[rule.key, number] == rule.cases[number - 1].verdict


@pytest.mark.parametrize("form", ALL, ids=lambda form: form.id)
def test_each_rule_and_input_is_explained_and_bounded(form: Form) -> None:
    mute = [r.key for r in form.rules if not (r.name and r.hint and r.basis and r.message)]
    unbounded = [
        item.key
        for item in form.fields()
        if item.is_input
        and not (item.label and (item.kind.type != "text" or item.choices or item.max_length))
    ]
    assert (mute, unbounded) == ([], [])


@pytest.mark.parametrize("form", SHIPPED, ids=lambda form: form.id)
def test_a_total_of_amounts_adds_the_amounts(form: Form) -> None:
    """What the summary adds up is there under the same name in every form that is shipped."""
    names = {item.id for item in form.fields() if item.grain == CELL}
    assert names >= {
        "department",
        "department_code",
        "fiscal_year",
        "original_budget",
        "final_budget",
        "actual_expenditure",
        "execution_weight",
        "execution_rate",
        "execution_score",
        "planned_goals",
        "achieved_goals",
        "total_weight",
        "total_score",
        "grade",
    }


def test_project_totals_are_the_sums_of_their_parts() -> None:
    form = find_form("project_expenditure")
    given = Filling(
        {
            "funds.current_year_final": 10.1,
            "funds.carry_over_final": 20.2,
            "funds.current_year_actual": 15.15,
        }
    )
    returned = fillings.accepted(given, form=form)
    funds = frames([returned]).section("funds").iloc[0]
    assert (
        funds["final_budget"],
        funds["actual_expenditure"],
        funds["execution_rate"],
        funds["execution_score"],
    ) == (30.3, 15.15, 0.5, 5)
    assert funds.isna()["original_budget"]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (("project_expenditur",), "no form 'project_expenditur'; did you mean 'project_exp"),
        (("department_overall", "1999"), "no form 'department_overall' version 1999"),
    ],
)
def test_finding_a_form_names_the_known_ones(wanted: tuple[str, ...], told: str) -> None:
    with pytest.raises(FormError, match=told):
        find_form(*wanted)
    assert find_form(str(ODD)).id == "odd_form"


# --- rare variants: the odd form ------------------------------------------------------------------


def test_three_repeating_sections_of_up_to_three_levels_are_read() -> None:
    odd = BY_KEY["odd_form 2023"]
    assert [(s.id, [group.path for group in s.groups]) for s in odd.repeating][:2] == [
        ("goals", [()]),
        ("indicators", [()]),
    ]
    management = odd.sections["management"]
    assert (management.levels, [(*g.path, g.rows, g.weight) for g in management.groups][1:]) == (
        ("level1", "level2", "level3"),
        [
            ("决策", "项目立项", "立项程序规范性", 1, 8),
            ("决策", "绩效目标", "目标合理性", 1, 8),
            ("过程", "资金管理", "资金使用合规性", 2, 12),
            ("过程", "组织实施", "制度执行有效性", 1, 12),
            ("加减分", "", "", 1, None),
        ],
    )
    compliance, other = management.groups[3:5]
    assert (compliance.constants, other.constants) == (
        ({"note": "专款专用", "weight": 4.0}, {"note": "手续齐全"}),
        (),
    )
    assert management.groups[-1].optional
    (rule,) = (r for r in odd.rules if r.general == "management.group")
    assert rule.when is not None, "one branch need not be filled in"


@pytest.mark.parametrize(
    ("key", "trait", "value"),
    [
        ("management.level1_weight", "grain", GROUP),
        ("management.level1_weight", "mode", "fixed"),
        ("management.level2", "mode", "fixed"),
        ("goals.progress", "grain", ROW),
        ("indicators.reached", "mode", "derived"),
        ("funds.execution_score", "mode", "computed"),
        ("indicators.review_score", "by", "reviewer"),
        ("identity.fiscal_year", "value", 2023),
        ("funds.final_budget", "highest", 999_999_999_999),  # in 元
    ],
)
def test_a_field_is_what_its_definition_says(key: str, trait: str, value: object) -> None:
    assert getattr(BY_KEY["odd_form 2023"].field_of(key), trait) == value


def test_formulas_are_in_an_order_that_can_be_evaluated() -> None:
    for form in ALL:
        seen: set[str] = set()
        computed = set(form.formulas)
        for key, node in form.formulas.items():
            needed = {f"{ref.section}.{ref.field}" for ref in references([node])} & computed
            assert needed <= seen, key
            seen.add(key)


def test_rules_with_dates_say_the_dates() -> None:
    odd = load_form(ODD)
    given = fillings.filling(ODD.parent / "filled" / "odd_form.toml", odd)
    (checked,) = check([fillings.accepted(given, form=odd)])
    found = {item.code: item for item in checked.findings}
    assert {code: (f.printed, f.expected, f.field) for code, f in found.items()} == {
        "Z401": ("2023年2月28日", "2023年3月1日", "identity.started_on,identity.finished_on"),
        "Z430": (found["Z430"].printed, found["Z430"].expected, "indicators.self_score.2"),
    }


# --- a field added to the file is everywhere ------------------------------------------------------


def test_field_added_to_the_file_is_in_template_reader_and_frames(tmp_path: Path) -> None:
    """No Python is touched: the definition's text alone makes the cell, its checks and its column."""
    text = (FORMS_DIR / "department_overall_2024.toml").read_text(encoding="utf-8")
    text = _replaced(
        text,
        'project_expenditure = { label = "项目支出", kind = "money", blank',
        'three_public_funds = { label = "“三公”经费", kind = "money", blank = "zero", '
        'prompt = "没有则留空。" }\nproject_expenditure = { label = "项目支出", kind = "money", blank',
    )
    text = _replaced(
        text,
        "| {special_account_nontax} |  | < | < | ",
        "| {special_account_nontax} | “三公”经费 | < | < | {three_public_funds}",
    )
    form = _loaded(tmp_path, text)
    spot = lay_out(form).spot("funds.three_public_funds")

    given = Filling({"identity.department": "区档案馆", "funds.three_public_funds": 2.5})
    returned = build_template(form, tmp_path / "区档案馆.xlsx", filling=given)

    sheet = openpyxl.load_workbook(returned)[form.sheet]
    (found,) = [v for v in sheet.data_validations.dataValidation if spot.address.a1 in v.sqref]
    assert (sheet[spot.address.a1].protection.locked, found.promptTitle) == (False, "“三公”经费")
    assert "没有则留空" in found.prompt

    (read,) = read_returns([returned], forms={(form.id, form.version): form})
    column = frames([read], checked=False).section("funds")["three_public_funds"]
    assert (str(column.dtype), column.tolist()) == ("Float64", [2.5])


# --- mistakes in a definition ---------------------------------------------------------------------

MINI = """
id = "mini"
version = "1"
name = "小表"
title = "{fiscal_year} 年小表"
sheet = "表"
fiscal_year = 2024
widths = [10, 10, 10]

[settings]
threshold = 0.9
word = "优"

[[section]]
id = "identity"
label = "单位"
drawing = ["单位 | {department} | {started_on}", "说明 | {note} | <"]
[section.fields]
department = { label = "单位", kind = "text", required = true }
department_code = { label = "编码", kind = "text", by = "bureau" }
fiscal_year = { label = "年度", kind = "count", value = 2024 }
note = { label = "说明", kind = "paragraph" }
started_on = { label = "开始", kind = "date" }

[[section]]
id = "funds"
label = "资金"
drawing = ["预算 | {budget} | <", "^ | {spent} | {rate}"]
heights = [20, 20]
[section.fields]
budget = { label = "预算数", kind = "money" }
spent = { label = "执行数", kind = "money", max = "budget" }
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
level1_weight = { label = "标明分值", kind = "score", per = "group" }
total = { label = "合计", kind = "score", per = "group", derived = true, formula = "sum(weight)" }
[[section.group]]
level1 = "产出"
weight = 50
rows = { "数量" = 2 }

[[rule]]
code = "M401"
name = "超支"
scope = "funds"
when = "filled(budget)"
must = "spent <= budget"
at = "spent"
message = "执行数 {spent} 超过预算数 {budget}"
hint = "请核对。"
basis = "测试"
cases = [
  { verdict = "holds", given = { budget = 5, spent = 5 } },
  { verdict = "broken", given = { budget = 5, spent = 6 } },
]
"""
MUST = 'must = "spent <= budget"'
SETTING = 'word = "优"'
CLOSING = "{ budget = 5, spent = 6 } },\n]\n"
ANOTHER = MINI[MINI.index("[[rule]]") :].strip()


def _replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def _loaded(tmp_path: Path, text: str) -> Form:
    path = tmp_path / "mini.toml"
    path.write_text(text, encoding="utf-8")
    return load_form(path)


def _must(expression: str) -> tuple[str, str]:
    return MUST, f'must = "{expression}"'


def _words(line: str) -> tuple[str, str]:
    return SETTING, f"{SETTING}\n\n[words]\n{line}"


def _defines(*lines: str) -> tuple[str, str]:
    """Defines in front of the rest, and a rule that calls the first: `f(spent)`."""
    return SETTING, "\n".join((SETTING, "\n[define]", *lines))


def _called(call: str, *lines: str) -> tuple[str, str]:
    """A definition with these defines, whose rule must yield `call`."""
    return MINI, _replaced(_replaced(MINI, *_defines(*lines)), *_must(call))


MISTAKES: dict[str, tuple[tuple[str, str], tuple[str, ...]]] = {
    # keys
    "unknown key": (('name = "小表"', 'nmae = "小表"'), ("nmae", "did you mean 'name'?")),
    "missing key": (('version = "1"\n', ""), ("version", "is missing")),
    "wrong type": (
        ("fiscal_year = 2024\nw", 'fiscal_year = "二〇二四"\nw'),
        ("fiscal_year", "int"),
    ),
    "no section": ((MINI[MINI.index("[[section]]") :], ""), ("section", "at least one")),
    "section as a table": (
        (MINI[MINI.index("[[section]]") :], "[section]\nid = 'a'"),
        ("section", "list"),
    ),
    "unknown key of a section": (
        ("heights = ", "hights = "),
        ("section funds, hights", "'heights'"),
    ),
    "unknown key of a field": (
        ('kind = "money", max', 'kind = "money", maximum'),
        ("section funds, fields, spent, maximum", "did you mean 'max'?"),
    ),
    "unknown key of a rule": (('hint = "请', 'hnit = "请'), ("rule M401, hnit", "'hint'")),
    "unknown key of a case": (
        ('"broken", given', '"broken", givn'),
        ("rule M401, cases broken, givn", "'given'"),
    ),
    "unknown orientation": (
        ('sheet = "表"', 'sheet = "表"\norientation = "lanscape"'),
        ("orientation", "did you mean 'landscape'?"),
    ),
    "unknown word in the title": (("{fiscal_year} 年", "{year} 年"), ("title", "{fiscal_year}")),
    "setting that is a list": (
        ('word = "优"', "word = [1]"),
        ("settings, word", "a number or a text"),
    ),
    # sections and fields
    "section id": (('id = "funds"', 'id = "Funds"'), ("section Funds, id", "lower-case")),
    "two sections of one id": (('id = "funds"', 'id = "identity"'), ("identity, id", "twice")),
    "no department": (
        ("department = {", "department_name = {"),
        ("section identity", "identity.department"),
    ),
    "unknown kind": (
        ('spent = { label = "执行数", kind = "money"', 'spent = { label = "执行数", kind = "mony"'),
        ("section funds, fields, spent, kind", "'mony' is not a kind", "did you mean 'money'?"),
    ),
    "choice without choices": (
        ('kind = "paragraph"', 'kind = "choice"'),
        ("section identity, fields, note, choices", "a choice needs choices"),
    ),
    "choices without a choice": (
        ('kind = "paragraph"', 'kind = "text", choices = ["是"]'),
        ("note, choices", "only a choice has them"),
    ),
    "unknown filler": (
        ('kind = "paragraph"', 'kind = "text", by = "burea"'),
        ("note, by", "'bureau'"),
    ),
    "blank text as zero": (
        ('kind = "paragraph"', 'kind = "text", blank = "zero"'),
        ("note, blank",),
    ),
    "limit that is no field": (
        ('max = "budget"', 'max = "budgt"'),
        ("fields, spent, max", "did you mean 'budget'?"),
    ),
    "suggested without a formula": (
        ('kind = "paragraph"', 'kind = "text", suggested = true'),
        ("note, suggested", "formula"),
    ),
    "derived without a formula": (
        ('kind = "paragraph"', 'kind = "text", derived = true'),
        ("note, derived", "formula"),
    ),
    "group's field without rows": (
        ('kind = "paragraph"', 'kind = "text", per = "group"'),
        ("note, per", "with rows"),
    ),
    "no group": (
        ('[[section.group]]\nlevel1 = "产出"\nweight = 50\nrows = { "数量" = 2 }\n', ""),
        ("section indicators, group", "at least one"),
    ),
    "levels missing in a group": (
        ('"数量" = 2', '"数量 / 个" = 2'),
        ("group 产出, rows", "'数量 / 个' names more than 1 further"),
    ),
    "rows that are no number": (
        ('"数量" = 2', '"数量" = "两行"'),
        ("group 产出, rows", "'数量' must be how many rows there are, or a list of tables"),
    ),
    "field called like a key": (
        (
            'label = "分值", kind = "score" }\n',
            'label = "分值", kind = "score" }\nrow = { label = "行", kind = "text" }\n',
        ),
        ("section indicators, fields, row", "what tables of returns call their keys"),
    ),
    "constant of no field": (
        ('"数量" = 2', '"数量" = [{ indicater = "场次" }]'),
        ("group 产出, rows", "'indicater' is no field", "did you mean 'indicator'?"),
    ),
    "constant of another kind": (
        ('"数量" = 2', '"数量" = [{ weight = "十分" }]'),
        ("group 产出, rows", "'十分' is no value of weight, a score"),
    ),
    "group without rows": (('"数量" = 2', '"数量" = 0'), ("group 产出, rows", "at least one row")),
    # drawings
    "drawing names no field": (
        ("{rate}", "{rat}"),
        ("section funds, drawing", "'{funds.rat}' is not a field", "did you mean 'rate'?"),
    ),
    "drawing names no section": (
        ("{rate}", "{fund.rate}"),
        ("funds, drawing", "did you mean 'funds'?"),
    ),
    "< at the start": (
        ('["预算 |', '["< |'),
        ("section funds, drawing", "row 1 begins with '<'"),
    ),
    "a block that is no rectangle": (
        ('["预算 | {budget} | <", "^ |', '["预算 | < | {budget}", "^ |'),
        ("section funds, drawing: row 2, cell 2", "part of the block that begins in row 1, cell 1"),
    ),
    "^ that joins nothing": (
        ('"^ | {spent} | {rate}"', '"{rate} | {spent} | ^"'),
        ("section funds, drawing: row 2, cell 3: '^' joins no cell",),
    ),
    "a text about all returns that shows one's figure": (
        ('hint = "', 'hint = "{spent}'),
        ("hint: may only hold settings and {field:label}",),
    ),
    "a label of no field": (
        ('message = "', 'message = "{1 + 1:label}'),
        ("message: '1 + 1' is not a field, which alone has a label",),
    ),
    "a setting called as the form's unit": (
        ("threshold = 0.9", 'unit = "元"\nthreshold = 0.9'),
        ("settings, unit", "is the form's own unit"),
    ),
    "^ under nothing": (
        ('"^ | {spent} | {rate}"', '"^ | {spent} | {rate} | ^"'),
        ("section funds, drawing", "row 2, cell 4"),
    ),
    "more cells than columns": (
        ("| {budget} | <", "| {budget} | < | <"),
        ("section funds, drawing", "more cells than widths (3)"),
    ),
    "no widths": (("widths = [10, 10, 10]\n", ""), ("widths",)),
    "unknown level": (("[level1] |", "[levl1] |"), ("indicators, row", "did you mean 'level1'?")),
    "two drawn rows to repeat": (
        (
            'row = "[level1] | {indicator} | {weight}"',
            'row = ["[level1] | {indicator}", "^ | {weight}"]',
        ),
        ("section indicators, row", "one drawn row"),
    ),
    "drawn twice": (("| {budget} | <", "| {budget} | {budget}"), ("funds, drawing", "twice")),
    "column in a head": (("| {rate}", "| {indicators.level1}"), ("drawing", "belongs in the row")),
    "input drawn nowhere": (
        ("| {started_on}", "| <"),
        ("identity, fields, started_on", "no drawing"),
    ),
    "column drawn nowhere": (
        ("| {weight}", "| 分值"),
        ("indicators, fields, weight", "no drawing"),
    ),
    "one cell in a row": (("| {weight}", "| {funds.budget}"), ("indicators, row", "one cell")),
    "level in the head": (("指标 | 名称 | 分值", "[level1] | 名称 | 分值"), ("drawing", "level")),
    "heights": (("heights = [20, 20]", "heights = [20]"), ("section funds, heights", "2 rows")),
    # expressions
    "unknown field": (
        _must("spent <= budgt"),
        ("rule M401, must", "'budgt' is not a field of section funds", "'budget'?", "at column 10"),
    ),
    "unknown field after Chinese": (
        _must("contains(identity.note, '执行率') and spnt <= 5"),
        ("rule M401, must", "'spnt'", "did you mean 'spent'?", "at column 36"),
    ),
    "unknown field on a second line": (
        (MUST, 'must = """\nspent <= budget\nand spnt > 0"""'),
        ("rule M401, must", "'spnt'", "at column 21"),
    ),
    "unknown field of a message": (
        ("超过预算数 {budget}", "超过预算数 {budgt}"),
        ("rule M401, message", "'budgt'", "at column 20"),
    ),
    "unknown section": (
        _must("fund.spent <= budget"),
        ("rule M401, must", "'fund' is not a section", "did you mean 'funds'?", "at column 1"),
    ),
    "unknown setting": (
        _must("rate > settings.treshold"),
        ("must", "'treshold' is not a setting", "did you mean 'threshold'?", "at column 8"),
    ),
    "unknown function": (
        _must("roud(spent, 2) <= budget"),
        ("must", "'roud' is no function", "did you mean 'round'?", "at column 1"),
    ),
    "wrong number of arguments": (
        _must("round(spent) <= budget"),
        ("must", "'round' takes 2 arguments, not 1", "at column 1"),
    ),
    "text compared with money": (
        _must("identity.note <= budget"),
        ("must", "compares text with number", "at column 1"),
    ),
    "money compared with text": (_must("budget == '五'"), ("must", "compares number with text")),
    "date compared with money": (_must("identity.started_on > budget"), ("must", "compares date")),
    "text where a number is due": (
        _must("abs(identity.note) > 0"),
        ("must", "'abs' takes number here, not text", "at column 5"),
    ),
    "column where a cell is due": (
        _must("indicators.weight <= budget"),
        ("must", "'weight' is a whole column here", "at column 1"),
    ),
    "cell where a column is due": (
        _must("sum(spent) <= budget"),
        ("must", "'spent' has no column", "at column 5"),
    ),
    "expression where a column is due": (
        _must("sum(indicators.weight + 1) > 0"),
        ("must", "'sum' takes the name of a field here", "at column 5"),
    ),
    "column of texts to be added": (
        _must("sum(indicators.indicator) > 0"),
        ("must", "'sum' takes numbers", "at column 5"),
    ),
    "two types to choose from": (
        _must("(spent if filled(budget) else '无') > 0"),
        ("must", "'if' must choose between values of one type"),
    ),
    "membership in no list": (_must("identity.note in '优良'"), ("must", "list of values")),
    "not a truth": (
        _must("spent - budget"),
        ("must", "yields number, must yield truth", "column 1"),
    ),
    "not a number": (
        ('formula = "spent / budget"', 'formula = "spent > budget"'),
        ("section funds, field rate, formula", "yields truth, must yield number"),
    ),
    "half an expression": (_must("spent <="), ("rule M401, must", "cannot be read", "at column")),
    "power": (_must("spent ** 2 > 0"), ("must", "is not part of the rule language")),
    "keyword": (_must("round(spent, digits=2) > 0"), ("must", "is not part of the rule language")),
    "attribute of an attribute": (_must("funds.spent.real > 0"), ("must", "a field's name")),
    "cyclic formulas": (
        ('kind = "money", max = "budget"', 'kind = "money", formula = "rate * budget"'),
        ("field funds.", "refers to itself", "funds.spent → funds.rate → funds.spent"),
    ),
    # lists of words
    "list without a word": (_words("delays = []"), ("mini.toml, words, delays", "at least one")),
    "blank word": (_words('delays = ["推迟", " "]'), ("words, delays", "word 2 is blank")),
    "word named twice": (
        _words('delays = ["推迟", "延期", "推迟"]'),
        ("words, delays", "'推迟'", "twice"),
    ),
    "word that is no text": (_words('delays = ["推迟", 5]'), ("words, delays", "list of texts")),
    "word without a list": (_words('delays = "推迟"'), ("words, delays", "must be a list")),
    "list named in Chinese": (_words('"推迟" = ["推迟"]'), ("words, 推迟", "lower-case")),
    "list named like a field": (_words('note = ["推迟"]'), ("words, note", "field identity.note")),
    "list named like a section": (_words('funds = ["推迟"]'), ("words, funds", "a section")),
    "list named like a function": (_words('fold = ["推迟"]'), ("words, fold", "a function")),
    "section named like the lists": (
        ('id = "funds"', 'id = "words"'),
        ("section words, id", "lower-case"),
    ),
    "unknown list": (
        _must("mentions(identity.note, words.dely)"),
        ("rule M401, must", "'dely' is not a list of words", "at column 25"),
    ),
    # defines
    "define without parentheses": (
        _defines('half = "5"'),
        ("mini.toml, define, half", "must be written name(parameter, …)"),
    ),
    "define that is no text": (_defines('"half(a)" = 5'), ("define, half(a)", "must be a str")),
    "define named like a function": (
        _defines('"fold(a)" = "a"'),
        ("mini.toml, define fold: ", "is the name of a function"),
    ),
    "define named like a spelled operator": (
        _defines('"add(a)" = "a"'),
        ("define add", "function"),
    ),
    "define named like a word of the language": (
        _defines('"in(a)" = "a"'),
        ("define, in(a)", "'in' must be a lower-case English word"),
    ),
    "define named like a section": (_defines('"funds(a)" = "a"'), ("define funds", "a section")),
    "define named like a field": (
        _defines('"level1(a)" = "a"'),
        ("define level1", "is the name of the field indicators.level1"),
    ),
    "define named like the settings": (
        _defines('"settings(a)" = "a"'),
        ("define settings", "the table [settings]"),
    ),
    "define named like a list": (
        _defines('"delays(a)" = "a"', "[words]", 'delays = ["推迟"]'),
        ("define delays", "a list of words"),
    ),
    "two defines of one name": (
        _defines('"half(a)" = "a / 2"', '"half(a, b)" = "a / b"'),
        ("define half", "another define"),
    ),
    "parameter named twice": (
        _defines('"half(a, a)" = "a"'),
        ("define, half(a, a)", "the parameter 'a' is named twice"),
    ),
    "parameter named like a function": (
        _defines('"half(fold)" = "fold"'),
        ("define, half(fold)", "'fold' is named like a function"),
    ),
    "parameter named like a define": (
        _defines('"half(a)" = "a / 2"', '"twice(half)" = "half * 2"'),
        ("define twice", "'half' is named like a define"),
    ),
    "parameter in capitals": (_defines('"half(A)" = "A"'), ("define, half(A)", "lower-case")),
    "parameter that is not used": (
        _defines('"half(a, b)" = "a / 2 if b.c > b() else 0"'),
        ("define half", "'b' is not used"),
    ),
    "define that cannot be read": (
        _defines('"half(a)" = "  a = 2"'),
        ("mini.toml, define half: cannot be read", "at column"),
    ),
    "define of another language": (
        _defines('"half(a)" = "a + (a ** 2)"'),
        ("mini.toml, define half: is not part of the rule language at column 6",),
    ),
    "define with a keyword": (
        _defines('"half(a)" = "round(a, digits=2)"'),
        ("define half: is not part of the rule language at column 1",),
    ),
    "unknown function in a define that is not used": (
        _defines('"half(a)" = "  1 + roud(a, 2)"'),
        ("define half: 'roud' is no function", "did you mean 'round'?", "at column 7"),
    ),
    "arguments of a function in a define that is not used": (
        _defines('"half(a)" = "round(a)"'),
        ("define half: 'round' takes 2 arguments, not 1 at column 1",),
    ),
    "arguments of a define in a define that is not used": (
        _defines('"half(a)" = "a / 2"', '"quarter(a)" = "half(half(a, 2))"'),
        ("define quarter: 'half' takes 1 arguments, not 2 at column 6",),
    ),
    "defines in a circle": (
        _defines('"odd(a)" = "a"', '"f(a)" = "1 + g(a)"', '"g(a)" = "h(a)"', '"h(a)" = "g(a + 1)"'),
        ("mini.toml, define g: calls itself: g → h → g",),
    ),
    "define that calls itself": (
        _defines('"f(a)" = "f(a) + 1"'),
        ("mini.toml, define f: calls itself: f → f",),
    ),
    "unknown name in a define": (
        _called("1 > 2 or is_spent(budget)", '"is_spent(a)" = "a <= spnt"'),
        (
            "mini.toml, define is_spent: 'spnt' is not a field of section funds; did you mean 'spent'?",
            "at column 6, called by rule M401, must at column 10",
        ),
    ),
    "unknown name in a define of a define": (
        _called("outer(budget)", '"outer(a)" = "0 < inner(a)"', '"inner(a)" = "a + settings.x"'),
        (
            "mini.toml, define inner: 'x' is not a setting",
            "at column 5, called by define outer at column 5, called by rule M401, must at column 1",
        ),
    ),
    "unknown name in an argument": (
        _called("half(budgt) > 0", '"half(a)" = "a / 2"'),
        ("mini.toml, rule M401, must: 'budgt' is not a field", "at column 6"),
    ),
    "text given to a define that adds": (
        _called("half(identity.note) > 0", '"half(a)" = "a / 2"'),
        (
            "define half: 'div' takes number here, not text at column 1",
            "called by rule M401, must at column 1",
        ),
    ),
    "unknown define": (
        _called("haf(budget) > 0", '"half(a)" = "a / 2"'),
        ("rule M401, must: 'haf' is no function; did you mean 'half'? at column 1",),
    ),
    "wrong number of arguments of a define": (
        _called("half() > 0", '"half(a)" = "a / 2"'),
        ("rule M401, must: 'half' takes 1 arguments, not 0 at column 1",),
    ),
    "define that makes too long a formula": (
        _called(
            "sixteen(sixteen(budget)) > 0",
            '"two(a)" = "a + a"',
            '"four(a)" = "two(two(a))"',
            '"sixteen(a)" = "four(four(a))"',
        ),
        ("rule M401, must: makes too long a formula",),
    ),
    "digest that is none": (
        ('sheet = "表"', 'sheet = "表"\nearlier_digests = { 7c41 = "7c411f1a672a9186" }'),
        ("mini.toml, earlier_digests, 7c41", "'7c41' is no digest"),
    ),
    # rules
    "code": (('code = "M401"', 'code = "M41"'), ("rule M41, code", "three digits")),
    "code used twice": ((CLOSING, f"{CLOSING}\n{ANOTHER}\n"), ("rule M401, code", "twice")),
    "severity": (('at = "spent"', 'at = "spent"\nseverity = "eror"'), ("severity", "'error'?")),
    "scope": (('scope = "funds"', 'scope = "fund"'), ("rule M401, scope", "'funds'?")),
    "scope's part": (('scope = "funds"', 'scope = "funds/rows"'), ("scope", "'group'")),
    "group without rows to group": (
        ('scope = "funds"', 'scope = "funds/group"'),
        ("scope", "no rows"),
    ),
    "cell to mark": (('at = "spent"', 'at = "spend"'), ("rule M401, at", "did you mean 'spent'?")),
    "setting to mark": (
        ('at = "spent"', 'at = "settings.word"'),
        ("rule M401, at", "is a setting"),
    ),
    "kind of a figure": (
        ("超过预算数 {budget}", "超过预算数 {budget:mony}"),
        ("rule M401, message", "did you mean 'money'?"),
    ),
    "verdict": (('verdict = "broken"', 'verdict = "fails"'), ("rule M401, cases fails, verdict",)),
    "no case that is broken": (
        ('verdict = "broken"', 'verdict = "holds"'),
        ("rule M401, cases", "one that is broken; there is no 'broken'"),
    ),
    "no case that holds": (
        ('verdict = "holds"', 'verdict = "undecided"'),
        ("rule M401, cases", "a case that holds", "there is no 'holds'"),
    ),
    "case fills in no cell": (
        ("given = { budget = 5, spent = 6 }", "given = { budgt = 5, spent = 6 }"),
        ("rule M401, cases", "'funds.budgt'", "did you mean 'funds.budget'?"),
    ),
    "case fills in a list": (
        ("given = { budget = 5, spent = 6 }", "given = { budget = [5], spent = 6 }"),
        ("rule M401, cases broken, budget", "must be a text, a number or a date"),
    ),
    "case's row has no such column": (
        ("given = { budget = 5, spent = 6 }", "rows = [{ wieght = 5 }]"),
        ("rule M401, cases", "did you mean 'indicators.weight'?"),
    ),
    "invalid TOML": (("[settings]", "[settings"), ("is not valid TOML", "line")),
}


def judged(form: Form, code: str = "M401") -> list[str]:
    rule = form.rule(code)
    return [judge_case(form, rule, case) for case in rule.cases]


def test_small_definition_is_right_as_it_stands(tmp_path: Path) -> None:
    form = _loaded(tmp_path, MINI)
    assert (form.key, [r.code for r in form.rules if not r.general]) == ("mini 1", ["M401"])


@pytest.mark.parametrize(("change", "pieces"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_named_with_file_key_and_remedy(
    tmp_path: Path, change: tuple[str, str], pieces: tuple[str, ...]
) -> None:
    with pytest.raises(FormError) as raised:
        _loaded(tmp_path, _replaced(MINI, *change))
    text = str(raised.value)
    assert text.startswith("mini.toml")
    assert "\n" not in text.partition("not valid TOML")[0]
    assert [piece for piece in pieces if piece not in text] == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, r"mini\.toml.*找不到这个文件"),
        ('name = "小表"'.encode("gb18030"), r"mini\.toml: is not UTF-8"),
    ],
)
def test_a_file_that_is_no_text_is_named(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "mini.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FormError, match=told):
        load_form(path)


def test_a_byte_order_mark_and_expressions_over_several_lines_are_no_mistake(
    tmp_path: Path,
) -> None:
    text = _replaced(MINI, MUST, 'must = """\nspent <= budget\n  and spent >= 0"""')
    assert judged(_loaded(tmp_path, f"\ufeff{text}")) == ["holds", "broken"]


def test_changed_file_is_read_again(tmp_path: Path) -> None:
    first = _loaded(tmp_path, MINI)
    second = _loaded(tmp_path, MINI.replace("spent <= budget", "spent < budget"))
    assert (first.rule("M401").source, second.rule("M401").source) == (
        "spent <= budget",
        "spent < budget",
    )
    assert first.digest != second.digest


DEFINED = """
[words]
kinds = ["优", "良"]

[define]
"rest(whole, part)" = "whole - part"
"is_over(whole, part)" = "rest(whole, part) < 0"
"marked(text)" = "mentions(text, words.kinds)"
"share(part)" = "part / budget"
"""


def test_a_define_can_be_called_wherever_an_expression_stands(tmp_path: Path) -> None:
    changes = (
        (SETTING, f"{SETTING}\n{DEFINED}"),
        ('formula = "spent / budget"', 'formula = "share(spent)"'),
        (MUST, 'must = "not is_over(budget, spent) or marked(identity.note)"'),
        ('when = "filled(budget)"', 'when = "rest(budget, 0) >= 0"'),
        ("{spent} 超过", "{-rest(budget, spent):money} 超过"),
        ('basis = "测试"', 'basis = "测试"\nprinted = "rest(0, 0)"\nexpected = "rest(budget, 0)"'),
    )
    text = MINI
    for change in changes:
        text = _replaced(text, *change)
    form = _loaded(tmp_path, text)
    assert (judged(form), terms_of(form, form.rule("M401"))) == (
        ["holds", "broken"],
        {
            "words.kinds": "优、良",
            "rest(whole, part)": "whole - part",
            "is_over(whole, part)": "rest(whole, part) < 0",
            "marked(text)": "mentions(text, words.kinds)",
        },
    )


def test_a_digest_tells_what_expressions_mean_and_not_how_they_are_written(tmp_path: Path) -> None:
    plain = _loaded(tmp_path, MINI).digest
    defined = _replaced(MINI, SETTING, f"{SETTING}\n{DEFINED}")
    same = (
        defined,
        _replaced(defined, 'formula = "spent / budget"', 'formula = "share(spent)"'),
        _replaced(MINI, MUST, 'must = "(spent)  <=  budget"'),
        _replaced(MINI, 'formula = "sum(weight)"', 'formula = " sum( weight )"'),
        _replaced(MINI, "请核对。", "请改。"),
    )
    other = (
        _replaced(MINI, MUST, 'must = "spent < budget"'),
        _replaced(MINI, MUST, 'must = "spent <= 1.5"'),
        _replaced(MINI, "filled(budget)", "filled(spent)"),
        _replaced(MINI, 'formula = "spent / budget"', 'formula = "budget / spent"'),
        _replaced(MINI, 'formula = "sum(weight)"', 'formula = "sum(indicators.weight)"'),
        _replaced(MINI, 'label = "执行数"', 'label = "支出数"'),
    )
    assert (
        {_loaded(tmp_path, text).digest for text in same},
        len({plain, *(_loaded(tmp_path, text).digest for text in other)}),
    ) == ({plain}, len(other) + 1)


def test_a_digest_of_an_earlier_wording_is_known_to_the_very_definition_that_names_it(
    tmp_path: Path,
) -> None:
    earlier = _loaded(tmp_path, MINI).digest
    reworded = _replaced(MINI, MUST, 'must = "budget >= spent"')
    own = _loaded(tmp_path, reworded).digest
    pair = f'sheet = "表"\nearlier_digests = {{ {earlier} = "{own}" }}'
    form = _loaded(tmp_path, _replaced(reworded, 'sheet = "表"', pair))
    assert form.digest == own != earlier
    assert [form.has_digest(digest) for digest in (own, earlier, "")] == [True, True, False]

    changed = _replaced(reworded, 'sheet = "表"', pair).replace(
        'label = "执行数"', 'label = "支出数"'
    )
    assert not _loaded(tmp_path, changed).has_digest(earlier)


@pytest.mark.parametrize("form", SHIPPED, ids=lambda form: form.id)
def test_shipped_definitions_still_mean_what_their_earlier_digests_say(form: Form) -> None:
    pairs = tomllib.loads(form.path.read_text(encoding="utf-8")).get("earlier_digests", {})
    assert form.earlier_digests == tuple(pairs), (
        f"the digest is now {form.digest}: write it beside the earlier one if the form means the same; "
        "else raise `revision` and drop `earlier_digests`"
    )


@pytest.mark.parametrize("form", ALL, ids=lambda form: form.id)
def test_no_rule_is_longer_than_a_line_of_a_book(form: Form) -> None:
    assert [
        rule.key
        for rule in form.rules
        if not rule.general and len(" ".join(rule.source.split())) > 160
    ] == []


def test_texts_follow_labels_settings_and_unit(tmp_path: Path) -> None:
    text = MINI.replace(
        'hint = "', 'hint = "{budget:label}按{settings.unit}，{settings.threshold:percent}。'
    )
    text = text.replace('title = "', 'unit = "元"\ntitle = "', 1).replace("预算数", "预算额")
    assert _loaded(tmp_path, text).rule("M401").hint.startswith("预算额按元，90%。")


def test_a_rule_over_groups_asks_for_the_first_level(tmp_path: Path) -> None:
    own = """
[[rule]]
code = "M498"
name = "产出要有分"
scope = "indicators/group"
when = "level1 == '产出'"
must = "total > 0"
at = "weight"
message = "{level1}没有分"
hint = "请填。"
basis = "测试"
cases = [
  { verdict = "holds", rows = [{ weight = 5 }] },
  { verdict = "broken", rows = [{ weight = 0 }] },
]
"""
    assert judged(_loaded(tmp_path, MINI + own), "M498") == ["holds", "broken"]


def test_every_mistake_in_the_rules_is_told_at_once(tmp_path: Path) -> None:
    twice = MINI + MINI[MINI.index("[[rule]]") :].replace("M401", "M402")
    with pytest.raises(FormError) as raised:
        _loaded(tmp_path, twice.replace('hint = "', 'hint = "{spent}'))
    assert [line.partition(", hint")[0] for line in str(raised.value).splitlines()] == [
        "mini.toml, rule M401",
        "mini.toml, rule M402",
    ]
