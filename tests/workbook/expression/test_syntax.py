"""The rule language: what it reads, what it refuses and where, and what its two renderings mean."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api import ExpressionError, Standpoint
from workbook import find_form
from workbook.checking import typed_cells
from workbook.expression import (
    ERROR,
    Cells,
    Literal,
    Node,
    Ref,
    Type,
    evaluate,
    parse,
    read_define,
    read_signature,
    references,
    to_formula,
)
from workbook.form import CELL, GROUP, ROW, Value

FORM = find_form("department_overall")
WORD_LISTS = {"delays": ("推迟", "延期"), "kinds": ("优", "良")}


TEXTS = {
    "half(value)": "value / 2",
    "is_late(text)": "mentions(text, words.delays)",
    "one_of(text, listed)": "text in listed",
    "looked_for(text, listed)": "mentions(text, listed) or begins(text, listed)",
    "given(cell)": "1 if filled(cell) else 0",
    "total(column)": "sum(column) + settings.cap",
    "twice_half(value)": "half(value) + half(original_budget)",
    "shadowed(final_budget)": "final_budget + original_budget",
    "beyond(value)": "value > totl",
    "deeper(value)": "1 == 1 and beyond(value)",
    "lacking(value)": "half(value, 2)",
    "constant()": "5",
    "between(value, low, high)": "low <= value and value <= high",
    "said(name, text)": "join('，', name, '写 ', text, '。')",
    "doubled(value)": "value + value",
    "quadrupled(value)": "doubled(doubled(value))",
    "sixteenfold(value)": "quadrupled(quadrupled(value))",
    "many(value)": "sixteenfold(sixteenfold(value))",
    "very_many(value)": "many(many(value))",
}
GOALS = "goals.achieved_goals"
SIGNATURES = {read_signature(signature): text for signature, text in TEXTS.items()}
DEFINES = {name: read_define(name, given, text) for (name, given), text in SIGNATURES.items()}


def place(section: str = "funds", grain: str = CELL) -> Standpoint:
    return Standpoint(
        {s.id: s.fields for s in FORM.sections.values()},
        FORM.settings,
        section,
        grain,
        WORD_LISTS,
        DEFINES,
    )


def read(text: str, section: str = "funds", grain: str = CELL) -> Node:
    return parse(text, place(section, grain))


def refused(text: str, section: str = "funds", grain: str = CELL) -> tuple[int, str]:
    with pytest.raises(ExpressionError) as caught:
        read(text, section, grain)
    return caught.value.column, str(caught.value)


def formula(text: str, section: str = "funds", grain: str = CELL) -> str:
    return to_formula(read(text, section, grain), lambda ref: f"<{ref.field}>")


def value(
    text: str, given: Mapping[str, Value] | None = None, section: str = "funds", grain: str = CELL
) -> float | str | None:
    """What an expression yields where some fields hold values and all others are blank."""

    def cells(ref: Ref) -> Cells:
        standing = (given or {}).get(ref.field)
        if standing == "#N/A":
            nothing = typed_cells([None])
            return Cells(np.full((1, 1), ERROR, dtype=np.int8), nothing.number, nothing.text)
        return typed_cells([standing])

    found = evaluate(read(text, section, grain), cells).item()
    return None if pd.isna(found) else found


# --- reading --------------------------------------------------------------------------------------


def test_names_resolve_in_the_own_section_in_another_and_among_the_settings() -> None:
    own, other = read("final_budget"), read("funds.final_budget", "goals")
    assert own == other and isinstance(own, Ref)
    assert ((own.section, own.field, own.type), read("settings.cap")) == (
        ("funds", "final_budget", Type.NUMBER),
        Literal(1.0, Type.NUMBER),
    )


@pytest.mark.parametrize(
    ("text", "grain", "reaches"),
    [
        ("sum(indicators.weight) - weight", ROW, ["column", "cell"]),
        ("sum(weight) == level1_weight", GROUP, ["group", "cell"]),
    ],
)
def test_a_row_field_is_a_cell_a_column_or_a_group_by_where_it_stands(
    text: str, grain: str, reaches: list[str]
) -> None:
    assert [ref.reach for ref in references([read(text, "indicators", grain)])] == reaches


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("finalbudget > 0", 1),
        ("original_budget > finalbudget", 19),
        ("'优良中差' == goals.planned_gaols", 11),
        ("contains(goals.planned_goals, '年中追加') and totl > 0", 43),
        ("original_budget > 0\nand totl > 0", 25),
        ("0 < 1 < totl", 9),
        ("round(totl, 2) == 0", 7),
        ("original_budget in (1, totl)", 24),
    ],
)
def test_an_unknown_name_is_pointed_at_by_its_column(text: str, column: int) -> None:
    assert refused(text)[0] == column


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("finalbudget > 0", "'final_budget'"),
        ("fund.final_budget > 0", "'funds'"),
        ("settings.caps > 0", "'cap'"),
        ("rond(final_budget, 2) > 0", "'round'"),
        ("goals.planned_goal == ''", "'planned_goals'"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest_known_one(text: str, suggestion: str) -> None:
    assert f"did you mean {suggestion}?" in refused(text)[1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "final_budget >",
        "(final_budget",
        "final_budget 5",
        "final_budget = 5",
        "万元 ＞ 5",
        "final_budget ** 2",
        "final_budget // 2",
        "final_budget @ 2",
        "True",
        "None",
        "[1, 2]",
        "lambda: 1",
        "(x := 5)",
        "[x for x in (1, 2)]",
        "f'{final_budget}'",
        "b'a'",
        "1j",
        "final_budget is 5",
        "+final_budget",
        "''.join('a')",
        "final_budget.real",
        "funds.final_budget.real",
        "round(final_budget, digits=2)",
        "round(*final_budget)",
        "__import__('os')",
        "final_budget[0]",
        "10000000000000000",
        "1e999",
        "1" + "0" * 400,
        "1" * 5000,
        "not " * 5000 + "1 == 1",
        "1" + " + 1" * 5000,
        "(" * 300 + "1" + ")" * 300,
        "final_budget\0",
    ],
)
def test_what_is_not_of_the_language_is_refused(text: str) -> None:
    refused(text)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("final_budget + '5' == 5", 16),
        ("'5' > final_budget", 1),
        ("goals.planned_goals > goals.achieved_goals", 1),
        ("identity.prepared_on == final_budget", 25),
        ("identity.prepared_on + 5 > 0", 1),
        ("not final_budget", 5),
        ("final_budget > 0 and final_budget", 22),
        ("1 if final_budget else 2", 6),
        ("(1 if 0 == 0 else 'a') == 1", 2),
        ("need(final_budget, 5) > 0", 6),
        ("contains(final_budget, '5')", 10),
        ("round(final_budget) > 0", 1),
        ("round(final_budget, 2, 3) > 0", 1),
        ("min() > 0", 1),
        ("filled(5)", 8),
        ("filled(final_budget + 1)", 8),
        ("filled(settings.cap)", 8),
        ("sum(final_budget) > 0", 5),
        ("sum(indicators.target) > 0", 5),
        ("sum(indicators.weight + 1) > 0", 5),
        ("indicators.weight > 0", 1),
        ("final_budget in 5", 17),
        ("final_budget in ()", 17),
        ("final_budget in ('优',)", 18),
        ("final_budget > 0 > '5'", 20),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(text: str, column: int) -> None:
    assert refused(text)[0] == column


@pytest.mark.parametrize("grain", [CELL, GROUP])
def test_a_row_cannot_be_meant_where_there_are_many(grain: str) -> None:
    assert refused("weight > 0", "indicators", grain)[0] == 1


def test_what_is_asked_for_must_be_yielded() -> None:
    assert parse("final_budget > 0", place(), Type.TRUTH).type is Type.TRUTH
    for text in ("final_budget", "'是'"):
        with pytest.raises(ExpressionError, match="must yield truth"):
            parse(text, place(), Type.TRUTH)


TOKENS = st.sampled_from([
    *("final_budget", "goals.planned_goals", "indicators.weight", "settings.cap", "'优'", "5", "0.1"),
    *("+", "-", "*", "/", "<", "<=", "==", "!=", "in", "not", "and", "or", "if", "else", "(", ")"),
    *(",", ".", "sum(", "round(", "filled(", "contains(", "need(", "无", "＝", "\n", "'", "\\"),
])  # fmt: skip


@given(st.lists(TOKENS, max_size=14).map(" ".join) | st.text(max_size=20))
def test_any_text_is_read_or_refused_with_a_column(text: str) -> None:
    text = text.encode(errors="ignore").decode()
    try:
        node = read(text)
    except ExpressionError as error:
        assert error.column >= 1  # noqa: PT017
    else:
        assert to_formula(node, lambda ref: ref.field)


# --- lists of words -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "chain"),
    [
        (
            f"mentions({GOALS}, words.delays)",
            f"contains({GOALS}, '推迟') or contains({GOALS}, '延期')",
        ),
        (
            f"mentions({GOALS}, ['推迟', '延期'])",
            f"contains({GOALS}, '推迟') or contains({GOALS}, '延期')",
        ),
        (
            f"begins({GOALS}, ('推迟', '延期'))",
            f"starts({GOALS}, '推迟') or starts({GOALS}, '延期')",
        ),
        (f"{GOALS} in words.kinds", f"{GOALS} in ('优', '良')"),
        (f"{GOALS} not in words.kinds", f"{GOALS} not in ('优', '良')"),
    ],
)
def test_a_list_of_words_means_the_chain_over_its_words(text: str, chain: str) -> None:
    for standing in ("推迟到明年", "已延期", "优", "完成", "", None, "#N/A", 5.0):
        assert value(text, {"achieved_goals": standing}) == value(
            chain, {"achieved_goals": standing}
        )


@pytest.mark.parametrize(
    ("text", "column", "piece"),
    [
        (f"mentions({GOALS}, words.delay)", 32, "did you mean 'delays'?"),
        (f"mentions({GOALS}, '推迟')", 32, "must be a list of words"),
        (f"mentions({GOALS}, settings.cap)", 32, "must be a list of words"),
        (f"mentions({GOALS}, ())", 32, "must be a list of words"),
        (f"mentions({GOALS}, ('推迟', 5))", 39, "must be a text, written out"),
        (f"mentions({GOALS}, ('推迟', {GOALS}))", 39, "must be a text, written out"),
        (f"mentions({GOALS}, ('推迟', ' '))", 39, "is blank"),
        (f"mentions({GOALS}, ('推迟', '推迟'))", 39, "twice"),
        (f"mentions({GOALS})", 1, "takes 2 arguments, not 1"),
        (f"mentions({GOALS}, words.delays, words.kinds)", 1, "takes 2 arguments, not 3"),
        ("begins(final_budget, words.delays)", 8, "takes text here, not number"),
        (f"contains({GOALS}, words.delays)", 32, "is a list of words"),
        ("words.delays == '优'", 1, "is a list of words"),
        ("final_budget in words.kinds", 17, "compares number with text"),
        (f"{GOALS} in words.kind", 25, "did you mean 'kinds'?"),
    ],
)
def test_a_list_of_words_that_does_not_fit_is_refused_where_it_stands(
    text: str, column: int, piece: str
) -> None:
    told = refused(text)
    assert told[0] == column and piece in told[1]


# --- defines --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written_out"),
    [
        ("half(final_budget) > 1", "final_budget / 2 > 1"),
        ("half(final_budget + 1) > 1", "(final_budget + 1) / 2 > 1"),
        ("half(half(final_budget)) > 1", "final_budget / 2 / 2 > 1"),
        (f"is_late({GOALS})", f"mentions({GOALS}, ('推迟', '延期'))"),
        (f"one_of({GOALS}, words.kinds)", f"{GOALS} in ('优', '良')"),
        (f"one_of({GOALS}, ('优', '良'))", f"{GOALS} in ('优', '良')"),
        ("one_of(final_budget, (1, 2))", "final_budget in (1, 2)"),
        (
            f"looked_for({GOALS}, ['a', 'b'])",
            f"mentions({GOALS}, ('a', 'b')) or begins({GOALS}, ('a', 'b'))",
        ),
        ("given(final_budget) == 1", "(1 if filled(final_budget) else 0) == 1"),
        ("total(indicators.weight) > 5", "sum(indicators.weight) + settings.cap > 5"),
        # the body's own names are read where it is called, a parameter hides a field, and an argument is
        # never taken for what it is called inside
        ("twice_half(final_budget) > 1", "final_budget / 2 + original_budget / 2 > 1"),
        ("shadowed(actual_expenditure) > 1", "actual_expenditure + original_budget > 1"),
        ("shadowed(original_budget) > 1", "original_budget + original_budget > 1"),
        ("half(shadowed(final_budget)) > 1", "(final_budget + original_budget) / 2 > 1"),
        ("constant() > final_budget", "5 > final_budget"),
        # a chain goes on
        (
            "between(final_budget, 1, 2) and 1 == 1",
            "1 <= final_budget and final_budget <= 2 and 1 == 1",
        ),
        ("1 == 1 and not between(5, 1, 2)", "1 == 1 and not (1 <= 5 and 5 <= 2)"),
        ("1 == 1 or between(5, 1, 2)", "1 == 1 or (1 <= 5 and 5 <= 2)"),
        (
            "between(5, 1, 2) and is_late('a')",
            "1 <= 5 and 5 <= 2 and mentions('a', ('推迟', '延期'))",
        ),
        (f"said('支出', {GOALS}) == 'a'", f"join('，支出写 ', {GOALS}, '。') == 'a'"),
        (
            f"join('又', said('支出', {GOALS}), '了') == 'a'",
            f"join('又，支出写 ', {GOALS}, '。了') == 'a'",
        ),
    ],
)
def test_a_call_of_a_define_is_its_body_written_out(text: str, written_out: str) -> None:
    assert read(text) == read(written_out)


def test_a_define_sees_a_row_as_its_caller_does() -> None:
    assert read("total(weight) > 5", "indicators", GROUP) == read(
        "sum(weight) + settings.cap > 5", "indicators", GROUP
    )


@pytest.mark.parametrize(
    ("text", "column", "within", "piece"),
    [
        ("1 == 1 and hlf(5) > 1", 12, (), "did you mean 'half'?"),
        ("half() > 1", 1, (), "'half' takes 1 arguments, not 0"),
        ("half(5, final_budget) > 1", 1, (), "'half' takes 1 arguments, not 2"),
        ("half(value=5) > 1", 1, (), "not part of the rule language"),
        ("half(totl) > 1", 6, (), "'totl' is not a field"),
        ("half(half(half(totl))) > 1", 16, (), "'totl' is not a field"),
        ("1 < half(goals.planned_goals)", 5, (("half", 1),), "'div' takes number here, not text"),
        ("beyond(5)", 1, (("beyond", 9),), "'totl' is not a field of section funds"),
        ("not deeper(5)", 5, (("beyond", 9), ("deeper", 12)), "'totl' is not a field"),
        ("lacking(5) > 1", 1, (("lacking", 1),), "'half' takes 1 arguments, not 2"),
        ("given(final_budget + 1) == 1", 1, (("given", 13),), "takes the name of a field here"),
        ("given(settings.cap) == 1", 1, (("given", 13),), "takes a field, not a setting"),
        ("given(totl) == 1", 7, (), "'totl' is not a field"),
        ("total(final_budget) > 1", 7, (), "'final_budget' has no column"),
        ("total(indicators.indicator) > 1", 1, (("total", 5),), "takes numbers"),
        (f"one_of({GOALS}, '优')", 1, (("one_of", 9),), "must be a list of values"),
        (f"one_of({GOALS}, (1, 2))", 1, (("one_of", 9),), "takes text here, not number"),
        (f"looked_for({GOALS}, '优')", 34, (), "must be a list of words"),
        ("is_late(5)", 1, (("is_late", 10),), "takes text here, not number"),
        ("half == 5", 1, (), "'half' is not a field"),
        ("value == 5", 1, (), "'value' is not a field"),
    ],
)
def test_a_mistake_is_told_in_the_define_and_at_the_call(
    text: str, column: int, within: tuple[tuple[str, int], ...], piece: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        read(text)
    assert piece in str(caught.value)
    assert (caught.value.column, caught.value.within) == (column, within)


@pytest.mark.parametrize("text", ["many(final_budget) > 1", "very_many(final_budget) > 1"])
def test_the_formula_is_measured_after_expanding(text: str) -> None:
    assert "put a part of it into a derived field" in refused(text)[1]


# --- tolerance ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "tolerance"),
    [
        ("final_budget", "actual_expenditure", 0.005),
        ("final_budget", "execution_rate", 0.005),
        ("execution_rate", "1", 0.00005),
        ("count(indicators.weight)", "final_budget", 0.5),
        ("final_budget * 2", "5", 1e-9),
        ("final_budget / actual_expenditure", "settings.cap", 1e-9),
        ("final_budget - actual_expenditure", "5", 0.005),
        ("-final_budget", "5", 0.005),
        ("abs(final_budget)", "5", 0.005),
        ("round(final_budget / 3, 1)", "5", 0.05),
        ("min(execution_rate, final_budget)", "5", 0.005),
        ("final_budget if 1 == 1 else 0", "5", 0.005),
        ("need(1 == 1, execution_rate)", "5", 0.00005),
        ("sum(indicators.weight)", "5", 0.005),
        ("lowest(indicators.weight)", "5", 0.005),
        ("highest(indicators.weight)", "5", 0.005),
        ("sum_where(indicators.weight, indicators.level1, '产出指标')", "5", 0.005),
        ("count_where(indicators.level1, '产出指标')", "5", 0.5),
        ("length(goals.planned_goals)", "5", 0.5),
    ],
)
def test_two_numbers_compare_within_half_a_unit_of_the_coarser(
    a: str, b: str, tolerance: float
) -> None:
    for text in (f"({a}) == ({b})", f"({b}) == ({a})"):
        found = float(formula(text).rpartition("<")[2].rstrip(")"))
        assert found == pytest.approx(tolerance, rel=2e-4) and found <= tolerance


# --- meaning --------------------------------------------------------------------------------------


WHOLE = {"final_budget": 78.3, "actual_expenditure": 78.305}
ERRORS = {"final_budget": "#N/A", "general_public_budget": "#N/A"}


@pytest.mark.parametrize(
    ("text", "given", "due"),
    [
        ("general_public_budget + 1", {}, 1.0),
        ("final_budget + 1", {}, None),
        ("final_budget + 1", {"final_budget": 2.0}, 3.0),
        ("final_budget > 0 or 1 == 1", {}, None),
        ("final_budget > 0", ERRORS, None),
        ("general_public_budget == 0", ERRORS, None),
        ("blank(final_budget)", ERRORS, None),
        ("1 if 1 == 1 else final_budget", ERRORS, 1.0),
        ("general_public_budget >= 0", {"general_public_budget": "待定"}, None),
        ("final_budget == actual_expenditure", WHOLE, 0.0),
        ("final_budget == actual_expenditure", WHOLE | {"final_budget": 78.301}, 1.0),
        ("need(1 == 2, 'a') == 'a'", {}, None),
        ("join(need(1 == 2, 'a'), 'b')", {}, None),
        ("value_of('abc') + 1", {}, None),
        ("value_of('5') + 1", {}, 6.0),
        ("length(need(1 == 2, 'a')) + 1", {}, None),
    ],
)
def test_a_cell_counts_as_its_field_and_what_stands_there_say(
    text: str, given: Mapping[str, Value], due: float | None
) -> None:
    assert value(text, given) == due


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("1 == 1 and 2 == 2", 1.0),
        ("1 == 1 and 1 == 2", 0.0),
        ("1 == 2 or 2 == 2", 1.0),
        ("not 1 == 2", 1.0),
        ("0 <= 5 <= 10", 1.0),
        ("0 <= 11 <= 10", 0.0),
        ("5 in (1, 5)", 1.0),
        ("5 not in (1, 5)", 0.0),
        ("'优' in ('优', '良')", 1.0),
        ("'优 ' in ('优', '良')", 0.0),
        ("'优 ' == '优'", 1.0),
        ("'优' != '良'", 1.0),
        ("'a' if 1 == 2 else 'b'", "b"),
        ("-2 + 3 * 4 / 2", 4.0),
        ("round(2.675, 2)", 2.68),
        ("min(3, 1, 2) + max(3, 1, 2)", 4.0),
        ("date(2025, 3, 18) - date(2025, 3, 1)", 17.0),
        ("date(2025, 3, 18) > date(2025, 3, 1)", 1.0),
        ("1 / 0", None),
        ("1 if 1 / 0 > 1 else 2", None),
        ("1 if 1 == 1 else 1 / 0", 1.0),
        ("need(1 == 2, 5)", None),
        ("date(2025, 2, 30)", None),
    ],
)
def test_expressions_mean_what_they_say(text: str, due: float | str | None) -> None:
    assert value(text) == due


@given(st.lists(st.sampled_from(["1 == 1", "1 == 2", "final_budget > 0"]), min_size=2, max_size=5))
def test_and_and_or_are_undecided_as_soon_as_one_part_is(parts: list[str]) -> None:
    truths = [value(part) for part in parts]
    both, either = value(" and ".join(parts)), value(" or ".join(parts))
    decided = [truth for truth in truths if isinstance(truth, float)]
    due = (min(decided), max(decided)) if len(decided) == len(truths) else (None, None)
    assert (both, either) == due


# --- formulas -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("execution_weight <= 10", r".*-10<0\.0049995\)"),
        ("final_budget == actual_expenditure", r"\(ABS\(.*"),
        ("final_budget", r"IF\(ISNUMBER\(<final_budget>\),<final_budget>,NA\(\)\)"),
        (
            "general_public_budget",
            r"IF\(ISNUMBER\(<general_public_budget>\),<general_public_budget>,IF\(.*,0,NA\(\)\)+",
        ),
        ("goals.planned_goals == '目标 １'", r'(?!.*UPPER\(.*UPPER\()EXACT\(.*UPPER\(.*,"目标1"\)'),
        ("0.1 + 5", r"\(0\.1\+5\)"),
        ("-5", r"\(-5\)"),
        ("""'他说"好"'""", '"他说""好"""'),
    ],
)
def test_an_expression_is_rendered_as_formulas_need_it(text: str, rendered: str) -> None:
    assert re.fullmatch(rendered, formula(text))


@pytest.mark.parametrize("key", sorted(FORM.formulas))
def test_every_formula_of_the_form_renders_within_the_limits_of_a_sheet(key: str) -> None:
    text = to_formula(FORM.formulas[key], lambda _ref: "'自评表'!$AA$100")
    assert len(text) < 8192
