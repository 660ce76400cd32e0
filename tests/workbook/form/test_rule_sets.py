"""Rule sets that several forms share: codes without a letter, fields that a form lacks, one set of cases."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.api import RULE_SETS_DIR, judge_case
from tests.fillings import accepted
from workbook import Filling, Form, FormError, check, find_form, load_form
from workbook.form import Value, differences, form_of

HEAD = """
id = "own"
version = "2024"
name = "表"
title = "表"
sheet = "表"
fiscal_year = 2024
widths = [10, 10, 10, 10, 10, 10]

[[section]]
id = "identity"
label = "单位"
drawing = ["单位 | {department} | {department_code} | | {fiscal_year} | "]
[section.fields]
department = { label = "单位", kind = "text", required = true }
department_code = { label = "编码", kind = "text" }
fiscal_year = { label = "年度", kind = "count", value = 2024 }
"""
LETTER = 'letter = "X"\n'
INDICATORS = """
[[section]]
id = "indicators"
label = "指标"
levels = ["level1", "level2"]
drawing = ["一级 | 二级 | 指标 | 指标值 | 完成值 | 分值"]
row = "[level1] | [level2] | {indicator} | {target} | {actual} | {weight}"
[section.fields]
indicator = { label = "指标", kind = "text", required = true }
target = { label = "指标值", kind = "measure" }
actual = { label = "完成值", kind = "measure" }
weight = { label = "分值", kind = "score" }
[[section.group]]
level1 = "产出"
weight = 100
rows = { "数量" = 3 }
"""
"""Indicators of another sort: nobody scores them, and nobody gives reasons."""
LACKING = (
    "indicators.reason_fold",
    "indicators.reason_points",
    *(
        "X420",
        "X424",
        "X427",
        "X428",
        "X430",
        "X432",
        "X433",
        "X434",
        "X435",
        "X436",
        "X437",
        "X438",
        "X445",
        "X448",
        "X449",
        "X498",
    ),
)
"""What such a form leaves out of the rule set `indicators`."""
RULES = """
[[rule]]
code = "?401"
name = "没有编码"
scope = "identity"
must = "filled(department_code)"
at = "department_code"
message = "没有编码"
hint = "请填写。"
basis = "测试"
cases = [
  { verdict = "holds", given = { department_code = "1" } },
  { verdict = "broken" },
]
"""


PAGE = (Path(__file__).resolve().parents[3] / "docs" / "form-file.md").read_text(encoding="utf-8")


def loaded(folder: Path, text: str, **files: str) -> Form:
    for name, content in (files | {"own": text}).items():
        (folder / f"{name}.toml").write_text(content, encoding="utf-8")
    return load_form(folder / "own.toml")


def refused(folder: Path, text: str, **files: str) -> str:
    with pytest.raises(FormError) as raised:
        loaded(folder, text, **files)
    return str(raised.value)


def codes(form: Form) -> list[str]:
    return [rule.code for rule in form.rules if not rule.general]


def without(*names: str) -> str:
    return f"without = [{', '.join(f'{name!r}' for name in names)}]\n"


# --- the letter -----------------------------------------------------------------------------------

INCLUDING = 'include = ["shared"]\n'


WHOLE = INCLUDING + LETTER + HEAD
OUTER = INCLUDING + '[[rule]]\ncode = "?401"\nseverity = "note"\n'
NAMED = RULES.replace("?401", "S401")
SECOND = RULES.replace("?401", "?402")
NEXT = 'extends = "base"\nversion = "2025"\n'
MOVED = '[[rule]]\ncode = "X401"\nafter = "X402"\n'
BEHIND = RULES.replace("?401", "X405").replace('name = "', 'after = "X401"\nname = "', 1)
BEHIND_OWN = SECOND + RULES.replace('name = "', 'after = "?402"\nname = "', 1)


@pytest.mark.parametrize(
    ("text", "files", "due"),
    [
        (WHOLE, {"shared": RULES}, ["X401 error"]),
        (f'include = ["outer"]\n{LETTER}{HEAD}', {"outer": OUTER, "shared": RULES}, ["X401 note"]),
        (INCLUDING + HEAD, {"shared": NAMED}, ["S401 error"]),
        (WHOLE, {"shared": NAMED}, ["S401 error"]),
        (
            WHOLE + '[[rule]]\ncode = "X401"\nseverity = "warning"\n',
            {"shared": RULES},
            ["X401 warning"],
        ),
        (without("X401") + WHOLE, {"shared": RULES}, []),
        (NEXT + INCLUDING, {"base": LETTER + HEAD, "shared": RULES}, ["X401 error"]),
        (
            'letter = "Y"\n' + NEXT + INCLUDING,
            {"base": LETTER + HEAD, "shared": RULES},
            ["Y401 error"],
        ),
        (NEXT + 'letter = "Y"\n', {"base": WHOLE, "shared": RULES}, ["X401 error"]),
        # the order
        (WHOLE + BEHIND, {"shared": RULES + SECOND}, ["X401 error", "X405 error", "X402 error"]),
        (WHOLE + MOVED, {"shared": RULES + SECOND}, ["X402 error", "X401 error"]),
        (WHOLE, {"shared": BEHIND_OWN}, ["X402 error", "X401 error"]),
    ],
)
def test_the_forms_letter_stands_in_the_codes_that_leave_it_open(
    tmp_path: Path, text: str, files: dict[str, str], due: list[str]
) -> None:
    form = loaded(tmp_path, text, **files)
    assert [f"{code} {form.rule(code).severity.value}" for code in codes(form)] == due
    assert "after = " not in form.definition


MISTYPED = RULES.replace('"filled(', '"filed(')
BEHIND_NONE = '[[rule]]\ncode = "X401"\nafter = "X403"\n'
NO_LETTER = "must be one capital letter, such as D"


@pytest.mark.parametrize(
    ("text", "shared", "told"),
    [
        (INCLUDING + HEAD, RULES,
         "own.toml, letter: is missing, and rule ?401 of shared.toml begins with it; write letter = "),
        (INCLUDING + 'letter = "XY"\n' + HEAD, RULES, f"own.toml, letter: 'XY' {NO_LETTER}"),
        (INCLUDING + 'letter = "x"\n' + HEAD, RULES, f"own.toml, letter: 'x' {NO_LETTER}"),
        (INCLUDING + 'letter = ""\n' + HEAD, RULES, f"own.toml, letter: '' {NO_LETTER}"),
        (INCLUDING + "letter = 4\n" + HEAD, RULES, "own.toml, letter: must be a str, is 4"),
        (LETTER + HEAD + RULES, RULES,
         "own.toml, rule ?401, code: must be a letter and three digits, such as D401"),
        (without("?401") + WHOLE, RULES, "own.toml, without: no '?401' is inherited; "),
        (WHOLE, MISTYPED, "shared.toml, rule X401, must: 'filed' is no function; did you mean"),
        (WHOLE + BEHIND_NONE, RULES, "own.toml, rule X401, after: 'X403' is not a rule; did you mean 'X401'?"),
        (WHOLE + BEHIND_NONE.replace("3", "1"), RULES, "own.toml, rule X401, after: leads round in a circle"),
    ],
)  # fmt: skip
def test_a_mistake_in_letters_codes_and_their_order_is_named(
    tmp_path: Path, text: str, shared: str, told: str
) -> None:
    found = refused(tmp_path, text, shared=shared)
    assert found.startswith(told)
    assert "or write without" not in found, "left out it would be lost to every form"


def test_a_definition_in_one_file_has_the_whole_codes(tmp_path: Path) -> None:
    form = loaded(tmp_path, WHOLE, shared=RULES)
    again = form_of(Path("alone.toml"), form.definition.encode())
    assert (codes(again), again.digest, differences(form, again)) == (["X401"], form.digest, ())
    (gone, *_) = differences(form, loaded(tmp_path, LETTER + HEAD))
    assert gone.sentence == "去掉规则 X401“没有编码”"


# --- a form of another sort -----------------------------------------------------------------------

OTHER = f'include = ["indicators"]\n{LETTER}{HEAD}{INDICATORS}'


def test_a_form_of_another_sort_takes_what_it_has_fields_for(tmp_path: Path) -> None:
    form = loaded(tmp_path, without(*LACKING) + OTHER)
    usual = {"X431", "X440", "X441", "X442", "X443", "X444", "X446", "X447"}
    assert usual <= set(codes(form)), "and whatever else asks for no more"
    for rule in form.rules:
        assert [judge_case(form, rule, case) for case in rule.cases] == [
            case.verdict for case in rule.cases
        ], rule.code


def test_rows_named_in_another_cell_are_named_by_the_forms_own_words(tmp_path: Path) -> None:
    names = """[define]\n"this_indicator()" = "join(level2, '，', target)"\n"""
    form = loaded(tmp_path, without(*LACKING) + OTHER.replace(INDICATORS, names + INDICATORS))
    rows: dict[int, dict[str, Value]] = {1: {"indicator": "场次", "target": "5场", "weight": 0.0}}
    (checked,) = check([accepted(Filling({}, {"indicators": rows}), form=form)])
    messages = {found.code: found.message for found in checked.findings}
    assert messages["X431"] == "数量，5场的分值为 0"


def test_each_field_it_lacks_is_named_with_the_way_out(tmp_path: Path) -> None:
    """Doing what the errors say ends in a form that loads."""
    left_out: list[str] = []
    while len(left_out) < len(LACKING):
        told = refused(tmp_path, without(*left_out) + OTHER)
        for line in told.splitlines():
            if re.fullmatch(r"… \d+ more", line):
                continue
            named = re.fullmatch(
                r"indicators\.toml, (?:rule (\w+)|section (\w+), field (\w+)), \w+: "
                r"'(?:\w+)' is not a field of section indicators; .* at column \d+"
                r'; or write without = \["([\w.]+)"\] into own\.toml',
                line,
            )
            assert named, line
            rule, section, field, name = named.groups()
            assert name == (rule or f"{section}.{field}")
            assert rule != "X430" or line in PAGE
            left_out.append(name)
    assert set(left_out) == set(LACKING)
    loaded(tmp_path, without(*left_out) + OTHER)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('must = "filled(department_code)"', 'must = "filled(identity.mobile)"'),
         "shared.toml, rule X401, must: 'mobile' is not a field of section identity; "),
        (('must = "filled(department_code)"', 'must = "is_filled()"'),
         "shared.toml, define is_filled: 'mobile' is not a field of section identity; "),
        (('at = "department_code"', 'at = "mobile"'),
         "shared.toml, rule X401, at: 'mobile' is not a field of section identity; "),
        (('scope = "identity"', 'scope = "funds"'),
         "shared.toml, rule X401, scope: 'funds' is not a section; "),
        (('message = "没有编码"', 'message = "没有{mobile}"'),
         "shared.toml, rule X401, message: 'mobile' is not a field of section identity; "),
        (("given = { department_code", "given = { mobile"),
         "shared.toml, rule X401, cases: 'identity.mobile' is no such cell; "),
    ],
    ids=["must", "define", "at", "scope", "message", "cases"],
)  # fmt: skip
def test_wherever_a_rule_names_what_a_form_lacks_the_way_out_is_told(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    define = '[define]\n"is_filled()" = "filled(mobile)"\n'
    assert change[0] in RULES
    text = refused(tmp_path, INCLUDING + LETTER + HEAD, shared=define + RULES.replace(*change))
    assert text.startswith(told)
    assert text.endswith('; or write without = ["X401"] into own.toml')


def test_a_section_it_lacks_is_named_with_the_way_out(tmp_path: Path) -> None:
    text = f'include = ["indicators"]\n{LETTER}{HEAD}'
    told = refused(tmp_path, text)
    assert told.startswith("indicators.toml, section indicators, id: own.toml has no such section")
    assert told.endswith('; or write without = ["indicators"] into it')
    assert codes(loaded(tmp_path, without("indicators") + text)) == []


def test_a_forms_own_mistake_has_no_such_way_out(tmp_path: Path) -> None:
    own = RULES.replace("?401", "X401").replace("filled(department_code)", "filled(mobile)")
    assert "without" not in refused(tmp_path, LETTER + HEAD + own)


# --- what the shipped forms share -----------------------------------------------------------------


def test_the_shipped_forms_share_rules_under_their_own_letters() -> None:
    overall, project = find_form("department_overall"), find_form("project_expenditure")
    shared = {
        rule["code"].removeprefix("?")
        for path in RULE_SETS_DIR.glob("*.toml")
        for rule in tomllib.loads(path.read_text(encoding="utf-8")).get("rule", ())
    }
    assert len(shared) > 25
    # Of the project one of its three sources is judged; both forms are in 万元.
    for number in shared - {"401", "415"}:
        ours, theirs = overall.rule(f"D{number}"), project.rule(f"P{number}")
        assert ((ours.name, ours.source, ours.hint), ours.cases) == (
            (theirs.name, theirs.source, theirs.hint),
            theirs.cases,
        )


def test_a_case_that_overwrites_a_computed_cell_tests_the_rule() -> None:
    """The amounts are typed in one form and added up in the other."""
    form = find_form("project_expenditure")
    assert form.field_of("funds.final_budget").mode == "computed"
    rule = form.rule("P402")
    assert (
        [case.given for case in rule.cases],
        [judge_case(form, rule, case) for case in rule.cases],
    ) == (
        [
            {"actual_expenditure": 6, "final_budget": 6},
            {"actual_expenditure": 7, "final_budget": 6},
            {"actual_expenditure": 7},
        ],
        ["holds", "broken", "undecided"],
    )
