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
    literal,
    rounded,
)

KNOWN_SINCE_2007 = {
    *("ABS", "AND", "CHAR", "COUNT", "DATE", "DAY", "EXACT", "FIND", "IF", "IFERROR", "INDEX"),
    *("INT", "ISBLANK", "ISNUMBER", "LEFT", "LEN", "MATCH", "MAX", "MID", "MIN", "N", "NA", "NOT"),
    *("OR", "RIGHT", "ROW", "ROUND", "SUBSTITUTE", "SUM", "SUMPRODUCT", "TEXT", "TRIM", "UPPER"),
    "VALUE",
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


@pytest.mark.parametrize("name", sorted(OPS))
def test_formulas_use_only_what_every_office_knows_and_every_argument(name: str) -> None:
    op = OPS[name]
    letters = "ABCD"[: len(op.params)]
    formula = re.sub(
        r'"(?:[^"]|"")*"', '""', op.formula([f"{letter}1" for letter in letters], 0.005)
    )
    assert set(re.findall(r"([A-Z][A-Z0-9.]*)\(", formula)) <= KNOWN_SINCE_2007
    odd = r"_xl|\b(TRUE|FALSE)\b|[0-9]E[+-]?[0-9]|\{[0-9]\}"  # exponents are written differently
    assert (
        re.findall(odd, formula),
        formula.count("("),
        [letter for letter in letters if f"{letter}1" not in formula],
    ) == ([], formula.count(")"), [])


def test_formulas_say_what_they_have_to() -> None:
    constant = '（１）“优" ß'
    same = OPS["same"].formula(["A1", literal(constant)], 0.0)
    assert same.endswith(f",{literal(texts.fold(constant))})"), "folded once, not by the formula"
    assert (
        (same.count("UPPER("), OPS["same"].formula(["A1", "B1"], 0.0).count("UPPER(")),
        literal('他说"好"'),
        OPS["eq"].formula(["A1", "B1"], 1e-9),
        OPS["le"].formula(["A1", "B1"], 0.005),
    ) == ((1, 2), '"他说""好"""', "(ABS(A1-B1)<0.000000001)", "(A1-B1<0.005)")
    for name, pieces in FORMULA_HAS.items():
        formula = OPS[name].formula(["A1"], 0.0)
        assert [piece for piece in pieces if piece not in formula] == []
        assert not set(formula) & set("\r\n\t")


FORMULA_HAS = {
    "fold": ("CHAR(9)", "CHAR(10)", "CHAR(13)"),
    "digits_of": ("{1,2,3,", ",15,16}"),
    "sign_of": ('(LEN(SUBSTITUTE("≥≤><=",LEFT(A1&" ",1),""))<5)',),
    "body_of": ('(LEN(SUBSTITUTE("≥≤><=",LEFT(A1&" ",1),""))<5)',),
}


# --- undecided ------------------------------------------------------------------------------------

SOME: dict[str, Any] = {
    "NUMBER": numbers(2.0),
    "TEXT": words("2"),
    "TRUTH": numbers(YES),
    "SAME": numbers(2.0),
    "CELL": cells(2.0),
    "CELLS": cells(2.0, 3.0),
    "NUMBERS": cells(2.0, 3.0),
    "WORDS": words("2"),
}
UNKNOWN: dict[str, Any] = {
    **dict.fromkeys(("NUMBER", "TRUTH", "SAME"), numbers(NAN)),
    "TEXT": words(None),
    "CELL": cells("#N/A"),
    "CELLS": cells(2.0, "#N/A"),
    "NUMBERS": cells(2.0, "#N/A"),
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
        if param.name != "WORDS"  # written out in the definition
    ],
)
def test_one_undecided_argument_leaves_the_whole_undecided(name: str, place: int) -> None:
    op = OPS[name]
    args = [SOME[param.name] for param in op.params]
    if name == "date":
        args[0] = numbers(2024.0)
    tolerance = [0.005] if op.compares else []
    assert None not in run(name, *args, *tolerance)
    args[place] = UNKNOWN[op.params[place].name]
    if (name, place) not in DECIDED_ANYWAY:
        assert set(run(name, *args, *tolerance)) == {None}


N, W, C = numbers, words, cells
GROUPED = cells(1.0, 2.0, None, None, "#N/A", 4.0, starts=(0, 2, 4))
KEYS = cells("产出", "*", "产出", " 产出")
GROUP_KEYS, BROKEN_KEYS = (
    cells("产出", "产出", "效益", last, starts=(0, 2)) for last in ("产出", "#N/A")
)
SEEN = cells(None, "", " 　\n", 0.0, "无", "#N/A")
SAME = words("目标 1：ab", "高", None), words("目标１:AB", "较高", "高")
LISTED = words("年中追加资金", "结转下年", "追加*", "", None), words("追加"), words("结转")
CUT = words("甲：乙：丙", "甲", "甲"), words("：", "：", "")
TRUTHS = numbers(YES, YES, NO, NO, YES, OPEN, NO, OPEN, OPEN)
OTHERS = numbers(YES, NO, YES, NO, OPEN, YES, OPEN, NO, OPEN)
YIELDS: tuple[tuple[str, tuple[Any, ...], list[Any]], ...] = (
    ("and", (TRUTHS, OTHERS), [YES, NO, NO, NO, *[None] * 5]),
    ("or", (TRUTHS, OTHERS), [YES, YES, YES, NO, *[None] * 5]),
    ("not", (N(YES, NO, OPEN),), [NO, YES, None]),
    ("if", (N(YES, NO, YES, NO, OPEN), N(1, 1, NAN, NAN, 1), N(2, 2, 2, 2, 2)), [1.0, 2.0, None, 2.0, None]),
    ("if", (N(YES, NO, OPEN), W("a", None, "a"), W(None, "b", "b")), ["a", "b", None]),
    ("need", (N(YES, NO, OPEN), N(5, 5, 5)), [5.0, None, None]),
    ("need", (N(YES, NO), W("a", "a")), ["a", None]),
    ("div", (N(1, 0, 6), N(0, 0, 4)), [None, None, 1.5]),
    ("div", (N(5, -3), N(1, 1)), [5.0, -3.0]),
    ("mul", (N(1e300), N(1e300)), [None]),
    ("add", (N(1.7e308), N(1.7e308)), [None]),
    ("sub", (N(0.3), N(0.1 + 0.2)), [0.0]),
    ("sub", (N(78.31), N(78.30)), [pytest.approx(0.01)]),
    ("lt", (N(1.0), N(1.5), 0.5), [0.0]),
    ("le", (N(1.5), N(1.0), 0.5), [0.0]),
    ("date", (N(2024, 2023), N(2, 2), N(29, 29)), [45351.0, None]),
    ("blank", (SEEN,), [YES, YES, YES, NO, NO, None]),
    ("filled", (SEEN,), [NO, NO, NO, YES, YES, None]),
    ("numeric", (SEEN,), [NO, NO, NO, YES, NO, NO]),
    ("filled", (C(None, None), C(1.0, None)), [YES, NO]),
    ("sum", (C(1.5, None, "2", 2.5),), [4.0]),
    ("sum", (C(None, "2"),), [None]),
    ("sum", (C(*[0.1] * 10),), [1.0]),
    ("sum", (C(1e16, 1.0, -1e16),), [1.0]),
    ("sum", (C(1.0, 1e16, -1e16),), [1.0]),
    ("lowest", (C(3.0, None, 2.0),), [2.0]),
    ("highest", (C(3.0, None, -2.0),), [3.0]),
    ("count", (C(3.0, None, " ", "无"),), [2.0]),
    ("sum", (GROUPED,), [3.0, None, None]),
    ("count", (GROUPED,), [2.0, 0.0, None]),
    ("sum_where", (C(1.0, 2.0, 4.0, 8.0), KEYS, W("产出", "*", "效益")), [5.0, 2.0, 0.0]),
    ("sum_where", (C(1.0, None, "无"), C("产出", "产出", "产出"), W("产出")), [1.0]),
    ("count_where", (KEYS, W("产出", "*", None)), [2.0, 1.0, None]),
    ("count_where", (GROUP_KEYS, W("产出", "产出")), [2.0, 1.0]),
    ("count_where", (BROKEN_KEYS, W("产出", "产出")), [2.0, None]),
    ("same", SAME, [YES, NO, None]),
    ("differ", SAME, [NO, YES, None]),
    ("exact", SAME, [NO, NO, None]),
    ("contains", (W("年中追加*资金"), W("追加*")), [YES]),
    ("contains", (W("ABC"), W("b")), [NO]),
    ("contains", (W("甲乙", "甲乙", ""), W("乙", "", "")), [YES, NO, NO]),
    ("starts", (W("%以上"), W("%")), [YES]),
    ("length", (W("云溪 区", ""),), [4.0, 0.0]),
    ("mentions", LISTED, [YES, YES, YES, NO, None]),
    ("begins", LISTED, [NO, YES, YES, NO, None]),
    ("mentions", (W("ABC"), W("b"), W("Ａ")), [NO]),
    ("replace", (W("a,b,c", "a", None), W(","), W(";")), ["a;b;c", "a", None]),
    ("replace", (W("ab"), W(""), W("x")), ["ab"]),
    ("before", CUT, ["甲", "甲", "甲"]),
    ("after", CUT, ["乙：丙", "", ""]),
)  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "due"), YIELDS)
def test_an_operator_yields_what_it_has_to(
    name: str, arguments: tuple[Any, ...], due: list[Any]
) -> None:
    assert run(name, *arguments) == due


# --- numbers --------------------------------------------------------------------------------------


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
    assert [*run("round", numbers(value), numbers(digits)), rounded(value, digits)] == [
        expected
    ] * 2


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
    assert (seen["lt"] + seen["eq"] + seen["gt"], [seen[name] for name in ("le", "ge", "ne")]) == (
        1,
        [1 - seen[name] for name in ("gt", "lt", "eq")],
    )


# --- texts ----------------------------------------------------------------------------------------


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
