"""Each operator's two renderings: what it does over arrays, and that its formula is one offices know."""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workbook import text as texts
from workbook.expression import (
    BLANK,
    ERROR,
    NUMBER,
    OPS,
    TEXT,
    Array,
    Cells,
    Type,
    literal,
    rounded,
)
from workbook.expression.notation import FUNCTIONS
from workbook.expression.operands import Op, Param

KNOWN_SINCE_2007 = {
    *(
        "ABS",
        "AND",
        "CHAR",
        "COUNT",
        "DATE",
        "DAY",
        "EXACT",
        "FIND",
        "IF",
        "IFERROR",
        "INDEX",
        "INT",
    ),
    *(
        "ISBLANK",
        "ISNUMBER",
        "LEFT",
        "LEN",
        "MATCH",
        "MAX",
        "MID",
        "MIN",
        "N",
        "NA",
        "NOT",
        "OR",
        "RIGHT",
        "ROW",
    ),
    *("ROUND", "SUBSTITUTE", "SUM", "SUMPRODUCT", "TEXT", "TRIM", "UPPER", "VALUE"),
}
"""Functions that Excel 2007, WPS and LibreOffice all know and agree on, in any arrangement."""

NAN = math.nan
YES, NO, OPEN = 1.0, 0.0, NAN


def numbers(*values: float) -> Array:
    return np.array([values], dtype=float)


def words(*values: str | None) -> Array:
    array = np.empty((1, len(values)), dtype=object)
    array[0, :] = values
    return array


def cells(*values: float | str | None, starts: tuple[int, ...] = (0,)) -> Cells:
    """One row of cells; the text "#N/A" stands for an error."""
    state, number, text = [], [], []
    for value in values:
        if value == "#N/A":
            state.append(ERROR)
        elif isinstance(value, float):
            state.append(NUMBER)
        else:
            state.append(TEXT if value and not texts.is_blank(value) else BLANK)
        number.append(value if isinstance(value, float) else NAN)
        text.append(value if isinstance(value, str) and value != "#N/A" else "")
    return Cells(np.array([state], dtype=np.int8), numbers(*number), words(*text), starts)


def run(name: str, *args: Any) -> list[Any]:
    """What an operator makes of one row, NaN as None."""
    with np.errstate(all="ignore"):
        result = OPS[name].arrays(*args)
    flat = list(np.ravel(result))
    return [None if pd.isna(value) else value for value in flat]


# --- both renderings ------------------------------------------------------------------------------


def sample_formula(op: Op) -> str:
    return op.formula([f"{letter}1" for letter in "ABCD"[: len(op.params)]], 0.005)


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_operator_has_both_renderings(name: str) -> None:
    op = OPS[name]
    assert op.name == name
    assert sample_formula(op)
    assert callable(op.arrays)
    assert op.result is not None or Param.SAME in op.params


def test_an_operator_without_a_rendering_cannot_be_defined() -> None:
    with pytest.raises(TypeError, match="arrays"):
        Op("half", (Param.NUMBER,), Type.NUMBER, "({0}/2)")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="excel"):
        Op("half", (Param.NUMBER,), Type.NUMBER, arrays=lambda a: a / 2)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", sorted(OPS))
def test_formulas_use_only_what_every_office_knows(name: str) -> None:
    formula = re.sub(r'"(?:[^"]|"")*"', '""', sample_formula(OPS[name]))
    assert set(re.findall(r"([A-Z][A-Z0-9.]*)\(", formula)) <= KNOWN_SINCE_2007
    assert "_xl" not in formula
    assert not re.search(r"\b(TRUE|FALSE)\b", formula)
    assert not re.search(r"[0-9]E[+-]?[0-9]", formula), "exponents are written differently"
    assert formula.count("(") == formula.count(")")
    assert not re.search(r"\{[0-9]\}", formula), "every argument is filled in"


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_argument_reaches_the_formula(name: str) -> None:
    op = OPS[name]
    formula = sample_formula(op)
    for letter in "ABCD"[: len(op.params)]:
        assert f"{letter}1" in formula


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_is_explained(name: str) -> None:
    assert FUNCTIONS[name].doc


def test_a_tolerance_is_written_without_an_exponent() -> None:
    assert OPS["eq"].formula(["A1", "B1"], 1e-9) == "(ABS(A1-B1)<0.000000001)"
    assert OPS["le"].formula(["A1", "B1"], 0.005) == "(A1-B1<0.005)"


def test_a_constant_is_folded_once_and_not_by_the_formula() -> None:
    constant = '（１）“优" ß'
    formula = OPS["same"].formula(["A1", literal(constant)], 0.0)
    assert formula.endswith(f",{literal(texts.fold(constant))})")
    assert formula.count("UPPER(") == 1
    assert OPS["same"].formula(["A1", "B1"], 0.0).count("UPPER(") == 2


def test_texts_are_quoted_as_formulas_need_them() -> None:
    assert literal('他说"好"') == '"他说""好"""'


# --- undecided ------------------------------------------------------------------------------------

SOME: dict[Param, Any] = {
    Param.NUMBER: numbers(2.0),
    Param.TEXT: words("2"),
    Param.TRUTH: numbers(YES),
    Param.SAME: numbers(2.0),
    Param.CELL: cells(2.0),
    Param.CELLS: cells(2.0, 3.0),
    Param.NUMBERS: cells(2.0, 3.0),
    Param.WORDS: words("2"),
}
UNKNOWN: dict[Param, Any] = {
    **dict.fromkeys((Param.NUMBER, Param.TRUTH, Param.SAME), numbers(NAN)),
    Param.TEXT: words(None),
    Param.CELL: cells("#N/A"),
    Param.CELLS: cells(2.0, "#N/A"),
    Param.NUMBERS: cells(2.0, "#N/A"),
}
DECIDED_ANYWAY = {
    ("if", 1),  # a branch not taken
    ("if", 2),
    ("numeric", 0),  # an error is no number
    ("count_where", 0),
}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        (name, i)
        for name in sorted(OPS)
        for i, param in enumerate(OPS[name].params)
        if param is not Param.WORDS  # written out in the definition
    ],
)
def test_one_undecided_argument_leaves_the_whole_undecided(name: str, place: int) -> None:
    op = OPS[name]
    args = [SOME[param] for param in op.params]
    if name == "date":
        args[0] = numbers(2024.0)
    tolerance = [0.005] if op.compares else []
    assert None not in run(name, *args, *tolerance)
    args[place] = UNKNOWN[op.params[place]]
    if (name, place) not in DECIDED_ANYWAY:
        assert set(run(name, *args, *tolerance)) == {None}


@pytest.mark.parametrize(
    ("a", "b", "both", "either"),
    [
        (YES, YES, YES, YES),
        (YES, NO, NO, YES),
        (NO, NO, NO, NO),
        (YES, OPEN, None, None),
        (NO, OPEN, None, None),
        (OPEN, OPEN, None, None),
    ],
)
def test_and_and_or_are_strict(
    a: float, b: float, both: float | None, either: float | None
) -> None:
    for pair in ((a, b), (b, a)):
        args = [numbers(value) for value in pair]
        assert run("and", *args) == [both]
        assert run("or", *args) == [either]


def test_not_turns_a_verdict_round() -> None:
    assert run("not", numbers(YES, NO, OPEN)) == [NO, YES, None]


def test_if_looks_only_at_the_branch_it_takes() -> None:
    condition = numbers(YES, NO, YES, NO, OPEN)
    then, otherwise = numbers(1, 1, NAN, NAN, 1), numbers(2, 2, 2, 2, 2)
    assert run("if", condition, then, otherwise) == [1.0, 2.0, None, 2.0, None]
    assert run("if", numbers(YES, NO, OPEN), words("a", None, "a"), words(None, "b", "b")) == [
        *("a", "b"),
        None,
    ]


def test_need_has_a_value_only_where_its_condition_holds() -> None:
    assert run("need", numbers(YES, NO, OPEN), numbers(5, 5, 5)) == [5.0, None, None]
    assert run("need", numbers(YES, NO), words("a", "a")) == ["a", None]


# --- numbers --------------------------------------------------------------------------------------


def test_dividing_by_zero_and_overflowing_are_undecided() -> None:
    assert run("div", numbers(1, 0, 6), numbers(0, 0, 4)) == [None, None, 1.5]
    assert run("mul", numbers(1e300), numbers(1e300)) == [None]
    assert run("add", numbers(1.7e308), numbers(1.7e308)) == [None]


def test_differences_that_are_noise_are_zero() -> None:
    assert run("sub", numbers(0.3), numbers(0.1 + 0.2)) == [0.0]
    assert run("sub", numbers(78.31), numbers(78.30)) == [pytest.approx(0.01)]


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (1.005, 2, 1.01),
        (2.675, 2, 2.68),
        (-1.005, 2, -1.01),
        (-0.5, 0, -1.0),
        (0.5, 0, 1.0),
        (2.5, 0, 3.0),
        (1.4999, 0, 1.0),
        (8.325, 2, 8.33),
        (1234.5, -2, 1200.0),
        (0.0, 2, 0.0),
        (1.5, 0, 2.0),
        (78.3, 2, 78.3),
        (1e300, 2, 1e300),
        (123456789012345678.0, 2, 123456789012345678.0),
        (1.004999999999998, 2, 1.01),  # noise behind the 15th digit
        (2.674999999999996, 2, 2.68),
        (1099511627776.4995, 0, 1099511627776.0),  # eleven bits behind the point
        (100000000000.49951, 0, 100000000000.0),
        (2.49999999999996, 0, 2.0),  # the 15th digit still counts
        (2.499999999999994, 0, 2.0),  # the 16th does not
        (2.0**60, -2, 2.0**60),  # no digit behind the point is left
    ],
)
def test_rounding_is_half_away_from_zero(value: float, digits: int, expected: float) -> None:
    assert run("round", numbers(value), numbers(digits)) == [expected]
    assert rounded(value, digits) == expected


@given(st.integers(-10_000_000, 10_000_000), st.integers(0, 4))
def test_rounding_agrees_with_rounding_on_paper(thousandths: int, digits: int) -> None:
    on_paper = Decimal(thousandths) / 1000
    due = on_paper.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    assert run("round", numbers(thousandths / 1000), numbers(digits)) == [float(due)]


@pytest.mark.parametrize(
    ("difference", "truths"),
    [
        (0.0, {"eq", "le", "ge"}),
        (0.0049, {"eq", "le", "ge"}),
        (-0.0049, {"eq", "le", "ge"}),
        (0.01, {"ne", "gt", "ge"}),
        (-0.01, {"ne", "lt", "le"}),
        # Just at the tolerance, where only too many decimals lead, neither more nor less is said.
        (0.005, {"ne", "ge"}),
        (-0.005, {"ne", "le"}),
    ],
)
def test_numbers_compare_within_the_tolerance(difference: float, truths: set[str]) -> None:
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        due = [YES if name in truths else NO]
        assert run(name, numbers(difference), numbers(0), 0.005) == due


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_of_two_numbers_exactly_one_order_holds(a: float, b: float) -> None:
    one, other = numbers(a), numbers(b)
    assume(not math.isclose(abs(a - b), 0.005))
    seen = {name: run(name, one, other, 0.005)[0] for name in ("lt", "le", "gt", "ge", "eq", "ne")}
    assert seen["lt"] + seen["eq"] + seen["gt"] == 1
    assert seen["le"] == 1 - seen["gt"]
    assert seen["ge"] == 1 - seen["lt"]
    assert seen["ne"] == 1 - seen["eq"]


def test_dates_that_do_not_exist_are_undecided() -> None:
    assert run("date", numbers(2024, 2023), numbers(2, 2), numbers(29, 29)) == [45351.0, None]


# --- cells and columns ----------------------------------------------------------------------------


def test_blank_cells_and_cells_of_blanks_are_the_same() -> None:
    seen = cells(None, "", " 　\n", 0.0, "无", "#N/A")
    assert run("blank", seen) == [YES, YES, YES, NO, NO, None]
    assert run("filled", seen) == [NO, NO, NO, YES, YES, None]
    assert run("numeric", seen) == [NO, NO, NO, YES, NO, NO]


def test_filled_asks_for_one_of_several() -> None:
    assert run("filled", cells(None, None), cells(1.0, None)) == [YES, NO]


def test_sums_skip_texts_and_blanks_and_need_a_number() -> None:
    assert run("sum", cells(1.5, None, "2", 2.5)) == [4.0]
    assert run("sum", cells(None, "2")) == [None]
    assert run("lowest", cells(3.0, None, 2.0)) == [2.0]
    assert run("highest", cells(3.0, None, -2.0)) == [3.0]
    assert run("count", cells(3.0, None, " ", "无")) == [2.0]


def test_sums_go_group_by_group() -> None:
    column = cells(1.0, 2.0, None, None, "#N/A", 4.0, starts=(0, 2, 4))
    assert run("sum", column) == [3.0, None, None]
    assert run("count", column) == [2.0, 0.0, None]


def test_conditional_sums_match_letter_for_letter() -> None:
    keys, values = cells("产出", "*", "产出", " 产出"), cells(1.0, 2.0, 4.0, 8.0)
    assert run("sum_where", values, keys, words("产出", "*", "效益")) == [5.0, 2.0, 0.0]
    assert run("count_where", keys, words("产出", "*", None)) == [2.0, 1.0, None]


# --- texts ----------------------------------------------------------------------------------------


def test_texts_are_the_same_whatever_their_width_blanks_and_case() -> None:
    a = words("目标 1：ab", "高", None)
    b = words("目标１:AB", "较高", "高")
    assert run("same", a, b) == [YES, NO, None]
    assert run("differ", a, b) == [NO, YES, None]
    assert run("exact", a, b) == [NO, NO, None]


def test_parts_of_texts_are_found_letter_for_letter() -> None:
    assert run("contains", words("年中追加*资金"), words("追加*")) == [YES]
    assert run("contains", words("ABC"), words("b")) == [NO]
    assert run("starts", words("%以上"), words("%")) == [YES]
    assert run("length", words("云溪 区", "")) == [4.0, 0.0]


def test_one_of_the_words_must_be_in_the_text_or_at_its_beginning() -> None:
    texts_given = words("年中追加资金", "结转下年", "追加*", "", None)
    listed = words("追加"), words("结转")
    assert run("mentions", texts_given, *listed) == [YES, YES, YES, NO, None]
    assert run("begins", texts_given, *listed) == [NO, YES, YES, NO, None]
    assert run("mentions", words("ABC"), words("b"), words("Ａ")) == [NO]


@pytest.mark.parametrize("name", ["mentions", "begins", "in"])
def test_the_words_stand_once_in_the_formula_as_one_list(name: str) -> None:
    listed = [literal(word) for word in ("追加", 'a"b', "%")]
    formula = OPS[name].formula(["A1", *listed], 0.0)
    assert formula.count('{"追加","a""b","%"}') == formula.count("追加")
    assert formula.startswith("(SUMPRODUCT("), "which makes every engine work through the list"
    assert "{" not in OPS[name].formula(["A1", listed[0]], 0.0)


@given(
    st.lists(st.text("ab ", max_size=4) | st.none(), min_size=1, max_size=6),
    st.lists(st.text("ab ", min_size=1, max_size=3), min_size=1, max_size=4),
)
def test_over_words_it_yields_what_the_chain_does(
    given_texts: list[str | None], listed: list[str]
) -> None:
    column = words(*given_texts)
    for name, single in (("mentions", "contains"), ("begins", "starts")):
        with np.errstate(all="ignore"):
            chain = OPS["or"].arrays(*(OPS[single].arrays(column, words(w)) for w in listed))
        due = [None if pd.isna(value) else value for value in np.ravel(chain)]
        assert run(name, column, *(words(word) for word in listed)) == due


@given(st.lists(st.text(max_size=12) | st.none(), min_size=1, max_size=6))
def test_text_operators_do_what_the_text_functions_do(given_texts: list[str | None]) -> None:
    column = words(*given_texts)
    one_argument: dict[str, Callable[[str], object]] = {
        "fold": texts.fold,
        "measure": texts.measure,
        "sign_of": texts.sign_of,
        "body_of": texts.body_of,
        "digits_of": texts.digits_of,
        "value_of": texts.value_of,
        "length": len,
    }
    for name, function in one_argument.items():
        due = [None if text is None else function(text) for text in given_texts]
        assert run(name, column) == due
