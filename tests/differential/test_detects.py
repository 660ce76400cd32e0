"""The proof is not empty: break one side of one operator on purpose, and the comparison says so there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder import build_template
from tests.differential.arena import Arena, Tally, Typed, compare
from tests.differential.expressions import (
    Expression,
    compare_expressions,
    expression_book,
    expressions,
)
from tests.differential.typist import Typist, calls
from tests.office import Office
from workbook import Form, find_form, load_form
from workbook.expression import OPS, Call, Node, Type

FILLING: dict[str, Typed] = {
    "funds.original_budget": 83.88,
    "funds.final_budget": 78.3,
    "funds.actual_expenditure": 78.3,
    "funds.general_public_budget": 73.68,
    "funds.other_funds": 4.62,
    "indicators.indicator.1": "科普活动",
    "indicators.target.1": "≥12场",
    "indicators.actual.1": "13场",
    "indicators.weight.1": 5.0,
    "indicators.self_score.1": 5.004,
}


def judged(office: Office, path: Path, form: Form) -> Tally:
    """What the comparison says of one filling."""
    with Arena(office, form, build_template(form, path)) as arena:
        arena.type(FILLING)
        return compare(form, [arena.read()])


def broken_form(monkeypatch: pytest.MonkeyPatch, path: Path, op: Any) -> Form:
    """The department's form, read anew with another meaning for an operator."""
    # Read before the operator is broken: definitions are remembered, and others must stay sound.
    known = find_form("department_overall").path.read_text(encoding="utf-8")
    path.write_text(f"{known}\n# {path}\n", encoding="utf-8")
    monkeypatch.setitem(OPS, op.name, op)
    return load_form(path)


def test_the_filling_used_here_is_judged_alike(office: Office, tmp_path: Path) -> None:
    tally = judged(office, tmp_path / "book.xlsx", find_form("department_overall"))
    assert tally.differences == []
    assert tally.compared["verdict"] > 500


BREAKS: dict[str, tuple[str, dict[str, Any], str]] = {
    "arrays without tolerance": (
        "le",
        {"arrays": lambda a, b, _: (a <= b) * 1.0},
        "verdict D430",
    ),
    "formula without tolerance": ("le", {"excel": "({0}-{1}<=0)"}, "verdict D430"),
    "arrays that do not round": (
        "div",
        {"arrays": lambda a, b: a / b + 1e-6},
        "value funds.execution_rate",
    ),
    "formula that takes a letter for another": (
        "sign_of",
        {"excel": 'SUBSTITUTE({0},"≥","≤")'},
        "value indicators.target_sign",
    ),
    "formula that counts zeros": (
        "filled",
        {"excel": lambda args: f"OR({args[0]}=0)"},
        "value used",
    ),
}


@pytest.mark.parametrize(("name", "change", "where"), BREAKS.values(), ids=BREAKS)
def test_one_broken_rendering_is_noticed_where_it_is_used(
    name: str,
    change: dict[str, Any],
    where: str,
    office: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form = broken_form(monkeypatch, tmp_path / "form.toml", replace(OPS[name], **change))
    tally = judged(office, tmp_path / "book.xlsx", form)
    assert where in {difference.what for difference in tally.differences}


WRONG: dict[Type | None, Callable[[str], str]] = {
    Type.NUMBER: lambda text: f"({text}+1)",
    Type.DATE: lambda text: f"({text}+1)",
    Type.TRUTH: lambda text: f"NOT({text})",
    Type.TEXT: lambda text: f'({text}&"!")',
}


def test_every_operator_broken_alone_is_noticed(office: Office, tmp_path: Path) -> None:
    form, written = expressions(7, 300)
    typist = Typist(form, 7)
    mutants = [
        replace(item, text=call.op.name, node=broken(item.node, call))
        for item in written
        for call in calls(item.node)
    ]
    with Arena(office, form, expression_book(form, mutants, tmp_path / "book.xlsx")) as arena:
        readings = []
        for _ in range(12):
            for _ in range(5):
                arena.type(typist.typing())
            readings.append(arena.read())
    sound = [Expression(item.text, mended(item.node), item.section, item.grain) for item in mutants]
    tally = compare_expressions(form, sound, readings)
    noticed = {difference.what.rsplit(" ", 1)[-1] for difference in tally.differences}
    assert set(OPS) - noticed == set()


def broken(node: Node, at: Call) -> Node:
    """The expression with one call's formula made wrong."""
    if node is at:
        op = at.op

        def wrong(args: list[str]) -> str:
            return WRONG[at.type](op.formula(args, at.tolerance))

        return replace(at, op=replace(op, excel=wrong))
    if isinstance(node, Call):
        return replace(node, args=tuple(broken(arg, at) for arg in node.args))
    return node


def mended(node: Node) -> Node:
    """The expression with every operator as it should be."""
    if isinstance(node, Call):
        return replace(node, op=OPS[node.op.name], args=tuple(map(mended, node.args)))
    return node
