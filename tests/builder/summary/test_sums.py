"""Returns with known sums: whatever the workbook adds up is what decimal arithmetic gives."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from builder import build_summary, build_template
from tests.office import Office
from tests.sheets import differences, formulas, total
from workbook import (
    Filling,
    Form,
    FormSummary,
    Summary,
    aggregate,
    check,
    choose,
    find_form,
    load_form,
    load_roster,
    read_returns,
)
from workbook.form import Value
from workbook.layout import lay_out
from workbook.reading import known_forms

ODD = Path(__file__).resolve().parents[2] / "forms" / "odd_form_2023.toml"
COUNT = 18
"""So many departments answer; there are files of projects and of trouble besides."""
PROJECTS = 6
SOURCES = ("general_public_budget", "government_fund", "special_account_nontax", "other_funds")
NATURES = ("basic_expenditure", "project_expenditure")
CENT = Decimal("0.01")


@dataclass
class Known:
    """What one return was filled in with; amounts in 万元, whatever the form's unit."""

    amounts: dict[str, Decimal | None]
    score: Decimal = Decimal(0)
    rows: list[tuple[tuple[str, ...], Decimal, Decimal]] = field(default_factory=list)
    """Of each row its branch, weight and score."""


def money(draw: random.Random, digits: int = 2) -> Decimal:
    return Decimal(draw.randrange(10 ** (digits + 5))).scaleb(-digits)


def department(form: Form, number: int, draw: random.Random) -> tuple[Filling, Known]:
    parts: dict[str, Decimal | None] = {n: money(draw, draw.choice((2, 4))) for n in SOURCES}
    parts |= {name: money(draw) for name in NATURES}
    if number % 9 == 3:
        parts["government_fund"] = None
    amounts = {
        "original_budget": None if number % 11 == 5 else money(draw, 4),
        "final_budget": sum((parts[n] or Decimal(0) for n in SOURCES), Decimal(0)),
        # Missing is not nought: neither in the sums nor in either term of the rate.
        "actual_expenditure": None if number % 7 == 2 else money(draw),
        **parts,
    }
    known = Known(amounts, score=Decimal(draw.randrange(1001)).scaleb(-2))
    values: dict[str, Value] = {f"funds.{k}": float(v) for k, v in amounts.items() if v is not None}
    values |= {
        "funds.execution_score": float(known.score),
        "identity.department": f"第{number}局",
        "identity.department_code": f"{number:03}",
    }
    slots = {s.number: s.path for s in lay_out(form).blocks["indicators"].slots}
    rows: dict[int, dict[str, Value]] = {}
    for slot, path in sorted(slots.items()):
        if draw.random() < 0.3:
            continue
        weight = Decimal(draw.randrange(200, 800)).scaleb(-2)
        score = min(weight, (weight * Decimal(draw.randrange(60, 110)) / 100).quantize(CENT))
        rows[slot] = {"indicator": f"指标{slot}", "target": "≥10场", "actual": "9场",
                      "weight": float(weight), "self_score": float(score)}  # fmt: skip
        known.rows.append((path, weight, score))
    known.score += sum((score for _, _, score in known.rows), Decimal(0))
    return Filling(values, {"indicators": rows}), known


def in_yuan(number: int, draw: random.Random) -> tuple[Filling, Known]:
    """A filling of the form in 元, by project, whose execution score the form works out."""
    budget, spent = money(draw, 2) * 1000 + 1, money(draw, 2) * 1000
    execution = (min(spent / budget, Decimal(1)) * 20).quantize(CENT, ROUND_HALF_UP)
    known = Known({"final_budget": budget / 10_000, "actual_expenditure": spent / 10_000})
    rows: dict[int, dict[str, Value]] = {}
    for slot in range(1, 4):
        score = Decimal(draw.randrange(2000)).scaleb(-2)
        rows[slot] = {"indicator": f"指标{slot}", "weight": 20.0, "self_score": float(score)}
        known.rows.append(((), Decimal(20), score))
    management: dict[int, dict[str, Value]] = {1: {"weight": 3.0, "self_score": 2.75}}
    known.score = execution + Decimal("2.75") + sum((row[2] for row in known.rows), Decimal(0))
    values: dict[str, Value] = {
        "identity.department": f"第{number}局",
        "identity.department_code": f"{number:03}",
        "identity.project_name": f"项目{number}",
        "funds.final_budget": float(budget),
        "funds.actual_expenditure": float(spent),
    }
    return Filling(values, {"indicators": rows, "management": management}), known


@dataclass
class Round:
    """A round: its summary, its workbook, and what was filled in by form."""

    summary: Summary
    path: Path
    known: dict[str, list[Known]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Round:
    folder = tmp_path_factory.mktemp("sums")
    returns = folder / "returns"
    draw = random.Random(20_250_318)
    overall, odd = find_form("department_overall"), load_form(ODD)
    known: dict[str, list[Known]] = {overall.id: [], odd.id: []}
    for number in range(COUNT):
        filling, told = department(overall, number, draw)
        build_template(overall, returns / f"{number:03}.xlsx", filling=filling)
        known[overall.id].append(told)
    draw = random.Random(20_250_303)
    for number in range(PROJECTS):
        filling, told = in_yuan(number, draw)
        build_template(odd, returns / f"项目_{number:03}.xlsx", filling=filling)
        known[odd.id].append(told)
    # A second copy is chosen in place of the first, two files are rejected, two departments are missing.
    second = returns / "补报_000.xlsx"
    filling, told = department(overall, 0, draw)
    build_template(overall, second, filling=filling)
    known[overall.id][0] = told
    for number in (COUNT, COUNT + 1):
        (returns / f"{number:03}_坏.xlsx").write_bytes(b"PK\x03\x04 broken")
    roster = folder / "roster.csv"
    lines = [f"{number:03},第{number}局" for number in range(COUNT + 4)]
    roster.write_text("预算编码,部门\n" + "\n".join(lines), encoding="utf-8")
    forms = known_forms([ODD])
    listed = load_roster(roster)
    read = choose(read_returns([returns], forms=forms), [second])
    summary = aggregate(check(read, listed), listed)
    return Round(summary, build_summary(summary, folder / "汇总.xlsx"), known)


def parts(played: Round) -> list[tuple[FormSummary, list[Known], int]]:
    """Each form with what was filled in, and its amounts' decimals in 万元."""
    decimals = {"department_overall": 4, "odd_form": 6}
    found = {part.form.id: part for part in played.summary.forms}
    return [(found[form], known, decimals[form]) for form, known in played.known.items()]


def added(known: list[Known], name: str) -> Decimal:
    return sum((k.amounts[name] or Decimal(0) for k in known), Decimal(0))


def value(part: FormSummary, figure: str) -> float:
    return float(part.totals["value"].loc[figure])


def exactly(shown: object, expected: Decimal, decimals: int) -> bool:
    assert isinstance(shown, float | int)
    step = Decimal(1).scaleb(-decimals)
    return Decimal(float(shown)).quantize(step) == expected.quantize(step)


def rate(known: list[Known]) -> Decimal:
    both = [
        k for k in known if None not in (k.amounts["final_budget"], k.amounts["actual_expenditure"])
    ]
    return added(both, "actual_expenditure") / added(both, "final_budget")


def test_amounts_add_up_to_the_last_decimal_in_wan_yuan(played: Round) -> None:
    for part, known, decimals in parts(played):
        for name in part.key_fields.amounts:
            assert exactly(value(part, name), added(known, name), decimals), name
            given = sum(k.amounts[name] is not None for k in known)
            assert part.totals["departments"].loc[name] == given
            assert part.totals["missing"].loc[name] == len(known) - given


def test_rates_and_means_are_of_the_sums(played: Round) -> None:
    for part, known, _ in parts(played):
        assert exactly(value(part, "execution_rate"), rate(known), 12)
        mean = sum((k.score for k in known), Decimal(0)) / len(known)
        assert exactly(value(part, "mean_score"), mean, 10)
        budgets = [k.amounts["final_budget"] or Decimal(0) for k in known]
        weighted = sum(
            (k.score * budget for k, budget in zip(known, budgets, strict=True)), Decimal(0)
        )
        assert exactly(value(part, "weighted_score"), weighted / sum(budgets), 10)


def test_every_department_is_graded_by_its_own_sum(played: Round) -> None:
    for part, known, _ in parts(played):
        counts: Counter[str] = Counter()
        for k in known:
            counts[next((g for g, low in part.cutoffs if k.score >= Decimal(str(low))), "差")] += 1
        assert {g: int(n) for g, n in part.grades["departments"].items() if n} == dict(counts)
        assert len(counts) > 1


def test_indicators_add_up_by_branch(played: Round) -> None:
    part, known, _ = parts(played)[0]
    branches: dict[tuple[str, ...], list[tuple[Decimal, Decimal]]] = {}
    for k in known:
        for path, weight, score in k.rows:
            branches.setdefault(path, []).append((weight, score))
    assert {tuple(key[1:]) for key in part.indicators.index} == set(branches)
    for key, found in zip(part.indicators.index, part.indicators.to_dict("records"), strict=True):
        rows = branches[tuple(key[1:])]
        assert found["rows"] == len(rows)
        weight, score = (sum((row[i] for row in rows), Decimal(0)) for i in (0, 1))
        assert exactly(found["weight"], weight, 2)
        assert exactly(found["score"], score, 2)
        assert exactly(found["share"], score / weight, 12)


def test_funds_add_up_by_source_and_nature(played: Round) -> None:
    part, known, _ = parts(played)[0]
    for name in (*SOURCES, *NATURES):
        assert exactly(part.funds["amount"].loc[f"funds.{name}"], added(known, name), 4)


def test_who_is_left_out_is_told(played: Round) -> None:
    counts = played.summary.counts
    assert counts[["rejected", "missing"]].tolist() == [2, 2]
    assert counts[["answered", "faulty"]].sum() == COUNT
    assert played.summary.files["use"].value_counts().to_dict() == {
        "counted": COUNT + PROJECTS, "rejected": 2, "duplicate": 1
    }  # fmt: skip


def test_the_workbook_recalculated_shows_the_known_sums(office: Office, played: Round) -> None:
    assert len(formulas(played.path)) > 200
    assert differences(office, played.path) == []
    part, known, _ = parts(played)[0]
    with office.open(played.path) as book:
        office.recalculate(book)
        lines, funds = (office.sheet_values(book, sheet) for sheet in ("部门汇总", "资金构成"))
    for name, item in part.key_fields.amounts.items():
        assert exactly(total(played.path, "部门汇总", item.label, lines), added(known, name), 4)
    assert exactly(total(played.path, "部门汇总", "执行率", lines), rate(known), 12)
    for _, item in part.key_fields.composition:
        assert exactly(total(played.path, "资金构成", item.label, funds), added(known, item.id), 4)
