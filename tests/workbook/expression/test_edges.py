"""Edges of expressions and operators: where a small change of the code would go unnoticed elsewhere."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.api import ExpressionError, Standpoint
from tests.workbook.expression.test_operators import numbers, run, words
from workbook import find_form, load_form
from workbook import text as texts
from workbook.checking import typed_cells
from workbook.expression import (
    BLANK,
    ERROR,
    NUMBER,
    OPS,
    TEXT,
    Cells,
    Ref,
    Type,
    cells_of,
    evaluate,
    number_text,
    parse,
    to_formula,
)
from workbook.expression.nodes import decimals_of
from workbook.form import CELL

FORM = find_form("department_overall")


def read(text: str, section: str = "funds", grain: str = CELL) -> Any:
    place = Standpoint(
        {s.id: s.fields for s in FORM.sections.values()}, FORM.settings, section, grain
    )
    return parse(text, place)


def value(text: str, given: dict[str, object] | None = None) -> Any:
    found = evaluate(read(text), lambda ref: typed_cells([(given or {}).get(ref.field)])).item()
    return None if pd.isna(found) else found


def cells(*values: float | str | None) -> Cells:
    state = [NUMBER if isinstance(v, float) else TEXT if v else BLANK for v in values]
    number = [v if isinstance(v, float) else math.nan for v in values]
    text = [v if isinstance(v, str) else "" for v in values]
    return Cells(np.array([state], dtype=np.int8), numbers(*number), words(*text))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("final_budget = 5", "did you mean '=='?"),
        ("min(final_budget，5) > 0", "did you mean ','?"),
        ("final_budget ≤ 5", "did you mean '<='?"),
        ("final_budget ≥ 5", "did you mean '>='?"),
        ("final_budget ≠ 5", "did you mean '!='?"),
        ("goals.planned_goals == “优", "quote texts"),
        ("min（final_budget, 5) > 0", "did you mean '('?"),
    ],
)
def test_a_sign_of_the_chinese_keyboard_comes_with_the_one_that_was_meant(
    text: str, hint: str
) -> None:
    with pytest.raises(ExpressionError, match="cannot be read") as caught:
        read(text)
    assert hint in str(caught.value)


def test_as_deep_as_a_cell_takes_and_no_deeper() -> None:
    def nested(times: int) -> str:
        return "abs(" * times + "final_budget" + ")" * times

    read(nested(56))
    with pytest.raises(ExpressionError, match="too long a formula"):
        read(nested(57))


@pytest.mark.parametrize("name", ["lowest", "highest", "sum"])
def test_an_extreme_of_a_column_keeps_its_decimals(name: str) -> None:
    assert decimals_of(read(f"{name}(indicators.weight)")) == 2


def test_of_two_sides_that_do_not_fit_the_second_is_pointed_at() -> None:
    with pytest.raises(ExpressionError) as caught:
        read("final_budget > '5'")
    assert caught.value.column == 16


def test_a_blank_text_is_empty_or_missing_as_its_field_says() -> None:
    empty, missing = (Ref("s", "f", Type.TEXT, None, blank) for blank in ("empty", "missing"))
    seen = cells("优", None)
    assert evaluate(empty, lambda _: seen).tolist() == [["优", ""]]
    assert evaluate(missing, lambda _: seen).tolist() == [["优", None]]
    assert to_formula(empty, lambda _: "A1") == '(A1&"")'
    assert to_formula(missing, lambda _: "A1").startswith("IF((LEN(")
    assert ",NA(),A1" in to_formula(missing, lambda _: "A1")


def test_dividing_by_one_changes_nothing() -> None:
    assert run("div", numbers(5, -3), numbers(1, 1)) == [5.0, -3.0]


def test_less_by_exactly_the_tolerance_is_not_less() -> None:
    assert run("lt", numbers(1.0), numbers(1.5), 0.5) == [0.0]
    assert run("le", numbers(1.5), numbers(1.0), 0.5) == [0.0]


def test_a_text_that_is_not_needed_is_undecided_to_what_asks_for_it() -> None:
    assert value("need(1 == 2, 'a') == 'a'") is None
    assert value("join(need(1 == 2, 'a'), 'b')") is None


def test_a_sum_keeps_the_bits_that_adding_loses() -> None:
    assert run("sum", cells(*[0.1] * 10)) == [1.0]
    assert run("sum", cells(1e16, 1.0, -1e16)) == [1.0]
    assert run("sum", cells(1.0, 1e16, -1e16)) == [1.0]


def test_a_conditional_sum_skips_blanks_and_texts() -> None:
    found = run("sum_where", cells(1.0, None, "无"), cells("产出", "产出", "产出"), words("产出"))
    assert found == [1.0]


def test_a_run_too_long_to_be_a_measure_is_the_whole_body() -> None:
    assert texts.digits_of("1234567890123456元") == "1234567890123456元"
    assert texts.digits_of("123456789012345元") == "123456789012345"


def test_control_characters_are_written_by_their_codes() -> None:
    formula = OPS["fold"].formula(["A1"], 0.0)
    assert all(f"CHAR({code})" in formula for code in (9, 10, 13))
    assert not set(formula) & set("\r\n\t")


def test_digits_are_looked_for_from_the_first_place_on() -> None:
    assert "{1,2,3," in OPS["digits_of"].formula(["A1"], 0.0)
    assert ",15,16}" in OPS["digits_of"].formula(["A1"], 0.0)


def test_every_occurrence_is_replaced_and_nothing_is_found_everywhere() -> None:
    assert run("replace", words("a,b,c", "a", None), words(","), words(";")) == ["a;b;c", "a", None]
    assert run("replace", words("ab"), words(""), words("x")) == ["ab"]


def test_what_a_text_yields_can_be_reckoned_with() -> None:
    assert value("value_of('abc') + 1") is None
    assert value("value_of('5') + 1") == 6.0
    assert value("length(need(1 == 2, 'a')) + 1") is None
    for name in ("length", "breaks", "value_of"):
        assert OPS[name].arrays(words("5", None)).dtype == float


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.00001, "0.00001"),
        (1e-14, "0.00000000000001"),
        (1.5e-15, "1.5E-15"),
        (1e20, "1E+20"),
        (-0.0, "0"),
    ],
)
def test_a_number_as_text_is_written_out_as_a_sheet_writes_it(number: float, written: str) -> None:
    assert number_text(number) == written


def test_what_an_undecided_condition_yields_is_undecided_in_its_own_type() -> None:
    undecided = numbers(math.nan)
    assert OPS["if"].arrays(undecided, words("a"), words("b")).item() is None
    assert math.isnan(OPS["if"].arrays(undecided, numbers(1.0), numbers(2.0)).item())


def test_each_group_counts_its_own_rows_and_breaks_by_its_own_errors() -> None:
    keys = cells("产出", "产出", "效益", "产出")
    grouped = Cells(keys.state, keys.number, keys.words, (0, 2))
    assert run("count_where", grouped, words("产出", "产出")) == [2.0, 1.0]
    broken = Cells(np.where([[0, 0, 0, 1]], ERROR, keys.state), keys.number, keys.words, (0, 2))
    assert run("count_where", broken, words("产出", "产出")) == [2.0, None]


def test_what_a_computed_cell_shows_follows_from_what_it_yields() -> None:
    shown = cells_of(words("优", "　", None))
    assert (shown.state.tolist(), shown.words.tolist()) == (
        [[TEXT, BLANK, BLANK]],
        [["优", "　", ""]],
    )
    counted = cells_of(numbers(5.0, math.nan))
    assert (counted.state.tolist(), counted.words.tolist()) == ([[NUMBER, BLANK]], [["", ""]])


def test_columns_of_different_rows_are_not_set_side_by_side() -> None:
    form = load_form(Path(__file__).resolve().parents[2] / "forms" / "odd_form_2023.toml")
    standpoint = Standpoint(
        {s.id: s.fields for s in form.sections.values()}, form.settings, "funds", CELL
    )
    parse("sum_where(indicators.weight, indicators.sign, '≥') > 0", standpoint)
    with pytest.raises(ExpressionError, match="columns of the same rows"):
        parse("sum_where(indicators.weight, goals.done, '是') > 0", standpoint)


def test_texts_are_cut_at_a_word_and_left_whole_at_none() -> None:
    assert run("before", words("甲：乙：丙", "甲", "甲"), words("：", "：", "")) == [
        "甲",
        "甲",
        "甲",
    ]
    assert run("after", words("甲：乙：丙", "甲", "甲"), words("：", "：", "")) == [
        "乙：丙",
        "",
        "",
    ]
    assert run("contains", words("甲乙", "甲乙", ""), words("乙", "", "")) == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("name", ["sign_of", "body_of"])
def test_a_sign_is_looked_for_by_what_is_left_without_it(name: str) -> None:
    assert '(LEN(SUBSTITUTE("≥≤><=",LEFT(A1&" ",1),""))<5)' in OPS[name].formula(["A1"], 0.0)
