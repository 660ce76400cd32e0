"""Slips of a hand seeded into consistent fillings: how often the check names the cell and the number meant.

Each slip breaks an identity. Beside the slips stand breaks that are none: a cell left empty, a number
that has nothing to do with the one meant. Seeded, so the same in every run.

python benchmarks/bench_slips.py [SLIPS [SEED]]
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from tests.fillings import FILLED, filling, overall  # noqa: E402
from workbook.checking import judge  # noqa: E402
from workbook.expression import Type  # noqa: E402
from workbook.form import Form, find_form, shown  # noqa: E402
from workbook.layout import Spot, lay_out  # noqa: E402
from workbook.reading import ACCEPTED, Filling, Return, submit  # noqa: E402

SEED = 20241126
MOST_WRONG = 10
"""So many wrong suggestions are printed."""
MARK, ARROW = "可能是", " → "
PROJECT = TOP / "tests" / "forms" / "filled" / "project_expenditure.toml"
FACTORS = (1, 2, 3, 5, 7, 11, 13, 17, 19, 23)
"""Every amount of a filling is multiplied by one of them: other digits, and sums stay exact."""


@dataclass(frozen=True)
class Paper:
    """A filling in which every identity holds, and its typed numbers by defined name."""

    form: Form
    filling: Filling
    numbers: dict[str, float]
    spots: dict[str, Spot]


Change = dict[str, float | None]
"""What stands in some cells instead of what was meant."""

Hand = Callable[[Paper, random.Random], Change]


def put(given: Filling, spots: dict[str, Spot], change: Change) -> Filling:
    """The filling with other numbers in some cells."""
    values = dict(given.values)
    rows = {name: {n: dict(row) for n, row in of.items()} for name, of in given.rows.items()}
    for name, number in change.items():
        spot = spots[name]
        if spot.field.section in rows:
            rows[spot.field.section][spot.number][spot.field.id] = number
        else:
            values[name] = number
    return Filling(values, rows)


def paper(form: Form, given: Filling, factor: int) -> Paper:
    """A filling with its amounts multiplied."""
    spots = lay_out(form).spots
    numbers = {
        name: float(value) * (factor if spot.field.kind.is_amount else 1)
        for name, spot in spots.items()
        if spot.field.kind.type is Type.NUMBER
        and spot.field.is_input
        and isinstance(value := given.value(spot), int | float)
    }
    numbers = {name: round(number, 4) for name, number in numbers.items()}
    return Paper(form, put(given, spots, dict(numbers)), numbers, spots)


# --- the hands ------------------------------------------------------------------------------------


def _one(paper: Paper, draw: random.Random) -> tuple[str, float, str]:
    name = draw.choice([name for name, number in paper.numbers.items() if number])
    item, number = paper.spots[name].field, paper.numbers[name]
    plain = f"{number:.4f}".rstrip("0").removesuffix(".")
    return name, number, draw.choice([plain, f"{number:.{item.kind.decimals}f}"])


def _digits(text: str) -> list[int]:
    return [k for k, letter in enumerate(text) if letter.isdigit()]


def swapped(paper: Paper, draw: random.Random) -> Change:
    name, _, text = _one(paper, draw)
    places = _digits(text)
    if len(places) < 2:
        return {}
    k = draw.randrange(len(places) - 1)
    a, b = places[k : k + 2]
    return {name: float(text[:a] + text[b] + text[a + 1 : b] + text[a] + text[b + 1 :])}


def dropped(paper: Paper, draw: random.Random) -> Change:
    name, _, text = _one(paper, draw)
    k = draw.choice(_digits(text))
    rest = text[:k] + text[k + 1 :]
    return {name: float(rest)} if _digits(rest) else {}


def doubled(paper: Paper, draw: random.Random) -> Change:
    name, _, text = _one(paper, draw)
    k = draw.choice(_digits(text))
    return {name: float(text[:k] + text[k] + text[k:])}


def moved_point(paper: Paper, draw: random.Random) -> Change:
    name, number, _ = _one(paper, draw)
    return {name: round(number * 10 ** draw.choice([-2, -1, -1, 1, 1, 2]), 4)}


def _amounts(paper: Paper) -> list[str]:
    return [n for n, v in paper.numbers.items() if v and paper.spots[n].field.kind.is_amount]


def in_yuan(paper: Paper, draw: random.Random) -> Change:
    name = draw.choice(_amounts(paper))
    return {name: round(paper.numbers[name] * 10_000, 2)}


def some_in_yuan(paper: Paper, draw: random.Random) -> Change:
    names = _amounts(paper)
    start = draw.randrange(len(names))
    run = names[start : start + draw.randint(2, 5)]
    return {name: round(paper.numbers[name] * 10_000, 2) for name in run}


def sign(paper: Paper, draw: random.Random) -> Change:
    name, number, _ = _one(paper, draw)
    return {name: -number}


def exchanged(paper: Paper, draw: random.Random) -> Change:
    cells = {paper.spots[name].address: name for name in paper.numbers}
    address = draw.choice(list(cells))
    beside = [a for a in cells if a[:2] == address[:2] and a > address]
    below = [a for a in cells if a == address._replace(row=address.row + 1)]
    if not (pool := [*sorted(beside)[:1], *below]):
        return {}
    one, other = cells[address], cells[draw.choice(pool)]
    return {one: paper.numbers[other], other: paper.numbers[one]}


def wrong_digit(paper: Paper, draw: random.Random) -> Change:
    name, _, text = _one(paper, draw)
    k = draw.choice(_digits(text))
    return {name: float(text[:k] + draw.choice("0123456789") + text[k + 1 :])}


def left_empty(paper: Paper, draw: random.Random) -> Change:
    return {_one(paper, draw)[0]: None}


def other_number(paper: Paper, draw: random.Random) -> Change:
    name, number, _ = _one(paper, draw)
    decimals = 0 if number.is_integer() else 2
    return {name: round(number * draw.uniform(0.3, 2.0), decimals)}


def two_others(paper: Paper, draw: random.Random) -> Change:
    return other_number(paper, draw) | other_number(paper, draw)


SLIPS: dict[str, Hand] = {
    "两位数字颠倒": swapped,
    "漏了一位数字": dropped,
    "一位数字打了两遍": doubled,
    "小数点错位": moved_point,
    "一格按元填写": in_yuan,
    "几格按元填写": some_in_yuan,
    "正负号相反": sign,
    "相邻两格填反": exchanged,
    "一位数字打错": wrong_digit,
}
NO_SLIPS: dict[str, Hand] = {
    "漏填一格": left_empty,
    "一格是别的数": other_number,
    "两格是别的数": two_others,
}


# --- the run --------------------------------------------------------------------------------------


def identities_broken(form: Form, checked: Return) -> bool:
    """Whether a rule that says that two numbers are equal is broken, by more than rounding."""
    codes = {rule.code for rule in form.rules if "==" in rule.source and not rule.general}
    return any(f.code in codes and f.severity != "note" for f in checked.findings)


def returned(form: Form, given: Filling, number: int) -> Return:
    """A filling as a return that was read."""
    path = Path(f"{number}.xlsx")
    return Return(path, ACCEPTED, (), submit(form, given, path=path))


def consistent() -> list[Paper]:
    """The fillings of samples and tests in which every identity holds, times each factor."""
    project = find_form("project_expenditure")
    given = [(overall(), filling(path)) for path in FILLED]
    given.append((project, filling(PROJECT, project)))
    papers = []
    for form, each in given:
        tried = [paper(form, each, factor) for factor in FACTORS]
        returns = [returned(form, p.filling, k) for k, p in enumerate(tried)]
        for chosen, judged in zip(tried, judge(returns), strict=True):
            if not identities_broken(form, judged):
                papers.append(chosen)
    return papers


def outcome(checked: Return, paper: Paper, change: Change) -> str:
    """right, wrong or none: whether every number suggested is the one meant, in its cell."""
    said = [hint[hint.index(MARK) :] for hint in hints_of(checked)]
    if not said:
        return "none"
    meant = [
        (spot.address.a1, f"{shown(kind, number)}{ARROW}{shown(kind, paper.numbers[name])}")
        for name, number in change.items()
        if (spot := paper.spots[name]) and (kind := spot.field.kind)
    ]
    is_right = all(
        hint.count(ARROW) == sum(f"{a1}）" in hint and text in hint for a1, text in meant)
        for hint in said
    )
    return "right" if is_right else "wrong"


def hints_of(checked: Return) -> set[str]:
    """The hints that hold a suggestion."""
    return {f.hint for f in checked.findings if MARK in f.hint}


def run(
    hand: Hand, papers: Sequence[Paper], count: int, draw: random.Random
) -> tuple[Counter[str], list[str]]:
    """Seed so many slips of one kind that break an identity; the outcomes, and what was said wrongly."""
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    for _ in range(20):
        tried = []
        while len(tried) < 2 * count:
            chosen = draw.choice(papers)
            change = {n: v for n, v in hand(chosen, draw).items() if v != chosen.numbers[n]}
            if change:
                tried.append((chosen, change))
        returns = [
            returned(p.form, put(p.filling, p.spots, change), k)
            for k, (p, change) in enumerate(tried)
        ]
        for (chosen, change), checked in zip(tried, judge(returns), strict=True):
            if outcomes.total() == count:
                return outcomes, wrong
            if identities_broken(chosen.form, checked):
                word = outcome(checked, chosen, change)
                outcomes[word] += 1
                if word == "wrong":
                    meant = {n: (chosen.numbers[n], v) for n, v in change.items()}
                    wrong.append(f"{meant}: {hints_of(checked)}")
    return outcomes, wrong


def main(count: int, seed: int) -> None:
    """Print, by kind of slip, how many suggestions were right and wrong, and how often there was none."""
    draw = random.Random(seed)
    papers = consistent()
    print(f"{len(papers)} consistent fillings, seed {seed}")
    for title, hands in (("slips", SLIPS), ("no slips", NO_SLIPS)):
        each = -(-count // len(hands))
        total: Counter[str] = Counter()
        all_wrong = []
        print(f"\n{title:12}        right   wrong    none")
        for name, hand in hands.items():
            outcomes, wrong = run(hand, papers, each, draw)
            total += outcomes
            all_wrong += [f"{name} {words}" for words in wrong]
            numbers = "".join(f"{outcomes[word]:8}" for word in ("right", "wrong", "none"))
            print(f"{name + '　' * (10 - len(name))}{numbers}")
        numbers = "".join(f"{total[word]:8}" for word in ("right", "wrong", "none"))
        print(f"{'　' * 10}{numbers}")
        suggested = total["right"] + total["wrong"]
        if hands is SLIPS and suggested:
            print(f"right among suggestions: {total['right'] / suggested:.2%}")
        else:
            print(f"suggested wrongly: {total['wrong'] / total.total():.2%}")
        print(*all_wrong[:MOST_WRONG], sep="\n")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 1000,
        int(sys.argv[2]) if len(sys.argv) > 2 else SEED,
    )
