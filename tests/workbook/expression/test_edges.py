"""Edges of expressions and operators: where a small change of the code would go unnoticed elsewhere."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.api import ExpressionError, Standpoint
from tests.workbook.expression.test_operators import numbers, words
from workbook import find_form, load_form
from workbook.expression import (
    BLANK,
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
from workbook.form import CELL

FORM = find_form("department_overall")


def read(text: str, section: str = "funds", grain: str = CELL) -> Any:
    place = Standpoint(
        {s.id: s.fields for s in FORM.sections.values()}, FORM.settings, section, grain
    )
    return parse(text, place)


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
    read("abs(" * 56 + "final_budget" + ")" * 56)
    with pytest.raises(ExpressionError, match="too long a formula"):
        read("abs(" * 57 + "final_budget" + ")" * 57)


def test_a_blank_text_is_empty_or_missing_as_its_field_says() -> None:
    empty, missing = (Ref("s", "f", Type.TEXT, None, blank) for blank in ("empty", "missing"))
    seen = cells("优", None)
    found = [evaluate(node, lambda _: seen).tolist() for node in (empty, missing)]
    assert (found, to_formula(empty, lambda _: "A1")) == ([[["优", ""]], [["优", None]]], '(A1&"")')
    assert re.match(r"IF\(\(LEN\(.*,NA\(\),A1", to_formula(missing, lambda _: "A1"))


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


def test_what_a_computed_cell_shows_follows_from_what_it_yields() -> None:
    for yielded, states, texts in (
        (words("优", "　", None), [TEXT, BLANK, BLANK], ["优", "　", ""]),
        (numbers(5.0, math.nan), [NUMBER, BLANK], ["", ""]),
    ):
        shown = cells_of(yielded)
        assert (shown.state.tolist(), shown.words.tolist()) == ([states], [texts])


def test_columns_of_different_rows_are_not_set_side_by_side() -> None:
    form = load_form(Path(__file__).resolve().parents[2] / "forms" / "odd_form_2023.toml")
    standpoint = Standpoint(
        {s.id: s.fields for s in form.sections.values()}, form.settings, "funds", CELL
    )
    parse("sum_where(indicators.weight, indicators.sign, '≥') > 0", standpoint)
    with pytest.raises(ExpressionError, match="columns of the same rows"):
        parse("sum_where(indicators.weight, goals.done, '是') > 0", standpoint)
