"""Where an identity is broken: the one cell, or two, that a hand's usual slip explains.

An identity is a rule of the definition that says that two numbers are equal. What it asks of a cell is worked
out; where a slip leads from there to what stands in the cell, and every rule agrees with the change, it is named.
Never applied, and never named when another change is as likely.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from workbook.catalogue import Severity
from workbook.checking.columns import BROKEN, HOLDS, Batch, Substitute
from workbook.checking.mistypings import SWAPPED_CELLS, Mistyping, number_meant, other_units
from workbook.expression import NUMBER, Call, Type, references
from workbook.form import CELL, ROW, Field, Form, Rule, shown
from workbook.layout import Plan, lay_out
from workbook.reading import Submission

_MOST_NUMBERS = 200
"""A return in which more numbers take part is left alone."""

_MOST_CANDIDATES = 40
"""Where more changes than this would do, none of them is likely."""

_AT_ONCE = 100
"""So many returns are looked at together; memory is bounded by it."""

_ONE = 1e-6
"""An identity is a sum in a cell if one more there is one more or less in it, within this."""


def is_slight(difference: npt.NDArray[np.float64], rule: Rule) -> npt.NDArray[np.bool_]:
    """Where the sides of an identity differ by no more than one last decimal: rounding."""
    slight: npt.NDArray[np.bool_] = np.abs(difference) < 3 * _tolerance(rule)
    return slight


def likely_slips(
    batch: Batch, submissions: Sequence[Submission]
) -> Mapping[tuple[str, int, int], str]:
    """A sentence for each broken identity that one likely slip explains, of a batch as printed.

    By the rule's key, the submission's row in the batch, and the cell of the rule's scope.
    """
    broken = _broken_identities(batch)
    rules = {rule.key: rule for rule in _identities(batch.form)}
    sentences: dict[tuple[str, int, int], str] = {}
    rows = list(broken)
    for start in range(0, len(rows), _AT_ONCE):
        returns = [_BrokenReturn(batch, i, broken[i]) for i in rows[start : start + _AT_ONCE]]
        _weigh(batch, returns)
        candidates = [c for each in returns for c in each.candidates()]
        mended = _mended(batch, candidates)
        likely = [
            found
            for each in returns
            for found in _likely(
                [(c, mended[c]) for c in candidates if c.i == each.i and c in mended]
            )
        ]
        denied = _denied_by_texts(batch, [candidate for candidate, _ in likely])
        for candidate, outcome in likely:
            for rule_key, column in outcome.mended:
                sentences[rule_key, candidate.i, column] = _sentence(
                    batch,
                    submissions[candidate.i],
                    candidate,
                    rules[rule_key],
                    denied=candidate in denied,
                )
    return sentences


# --- what is broken, and which numbers take part ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class _BrokenIdentity:
    """An identity that does not hold in a return: its rule, the cell of the rule's scope, left less right."""

    rule: Rule
    column: int
    difference: float


@dataclass(frozen=True, slots=True)
class _Number:
    """A number that somebody typed: its field, its column in the field's array, what stands there."""

    item: Field
    column: int
    value: float


_Change = Mapping[str, float]
"""Other numbers for some cells, by defined name."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A change of a few numbers of the return in row `i`, and the slip that would explain what stands there."""

    i: int
    substitutes: tuple[Substitute, ...]
    mistyping: Mistyping


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a candidate does: the identities that it mends, and whether a rule that held warns then."""

    mended: frozenset[tuple[str, int]]
    """By the rule's key and the cell of its scope."""
    warns: bool


@lru_cache(maxsize=64)
def _identities(form: Form) -> tuple[Rule, ...]:
    return tuple(
        rule
        for rule in form.rules
        if rule.severity in (Severity.ERROR, Severity.WARNING)
        and isinstance(rule.must, Call)
        and rule.must.op.name == "eq"
        and not rule.general
    )


@lru_cache(maxsize=64)
def _told_in_texts(form: Form) -> frozenset[str]:
    """The keys of the rules that hold an amount against what a text tells: they warn whatever is mended, and
    take long."""
    written = {
        key
        for key, node in form.formulas.items()
        if form.field_of(key).is_hidden and node.type is Type.TEXT
    }
    return frozenset(
        rule.key
        for rule in form.rules
        if not rule.in_sheet
        or (rule.grain == CELL and written & {ref.key for ref in references([rule.must])})
    )


def _tolerance(rule: Rule) -> float:
    assert isinstance(rule.must, Call)
    return rule.must.tolerance


def _broken_identities(batch: Batch) -> dict[int, list[_BrokenIdentity]]:
    """By the row of a return: its broken identities, without those that only rounding breaks."""
    broken: dict[int, list[_BrokenIdentity]] = {}
    for rule in _identities(batch.form):
        verdicts = batch.judge(rule)
        if not (verdicts == BROKEN).any():
            continue
        difference = batch.difference(rule)
        assert difference is not None
        is_known = np.isfinite(difference) & ~is_slight(difference, rule)
        for i, j in np.argwhere((verdicts == BROKEN) & is_known):
            identity = _BrokenIdentity(rule, int(j), float(difference[i, j]))
            broken.setdefault(int(i), []).append(identity)
    return broken


class _BrokenReturn:
    """A return with broken identities, the numbers typed in it, and how the identities move with each."""

    def __init__(self, batch: Batch, i: int, identities: Sequence[_BrokenIdentity]) -> None:
        self.batch = batch
        self.i = i
        self.identities = identities
        self.numbers = {batch.name_of(n.item, i, n.column): n for n in _typed_numbers(batch, i)}
        self.parts = {
            name: number
            for name, number in self.numbers.items()
            if any(_takes_part(batch, number, identity) for identity in identities)
        }
        if len(self.parts) > _MOST_NUMBERS:
            self.parts = {}
        self.moves: dict[str, npt.NDArray[np.float64]] = {}
        """By part: for each identity, how much left less right grows when the number grows by one."""

    def candidates(self) -> list[_Candidate]:
        """The changes by which the identities that are sums in the changed numbers would hold."""
        by_change: dict[tuple[Substitute, ...], _Candidate] = {}
        for change, mistyping in (*self._mistyped(), *self._exchanged(), *self._in_units()):
            if not self._mends(change):
                continue
            numbers = [(self.numbers[name], value) for name, value in change.items()]
            substitutes = tuple(Substitute(n.item.key, n.column, value) for n, value in numbers)
            known = by_change.get(substitutes)
            if known is None or mistyping.rank < known.mistyping.rank:
                by_change[substitutes] = _Candidate(self.i, substitutes, mistyping)
        return list(by_change.values()) if len(by_change) <= _MOST_CANDIDATES else []

    def _mends(self, change: _Change) -> bool:
        """Whether an identity that is a sum in the changed numbers would hold, and none would still fail."""
        still = np.zeros(len(self.identities))
        moves = np.array([self.moves.get(name, still) for name in change])
        grown = (
            np.array([value - self.numbers[name].value for name, value in change.items()]) @ moves
        )
        touched = (np.abs(moves) > _ONE).any(axis=0) & (np.abs(grown) > _ONE)
        is_sum = ((np.abs(moves) <= _ONE) | (np.abs(np.abs(moves) - 1) <= _ONE)).all(axis=0)
        left = [identity.difference for identity in self.identities] + grown
        holds = np.abs(left) <= [_tolerance(identity.rule) for identity in self.identities]
        concerned = touched & is_sum
        return bool(concerned.any() and holds[concerned].all())

    def _mistyped(self) -> Iterator[tuple[_Change, Mistyping]]:
        unit = self.batch.form.unit
        for name, number in self.parts.items():
            for identity, move in zip(self.identities, self.moves[name], strict=True):
                if abs(abs(move) - 1) > _ONE:
                    continue
                asked = number.value - identity.difference / float(move)
                tolerance = _tolerance(identity.rule)
                step = number_meant(number.value, asked, tolerance, number.item, unit)
                if step is not None:
                    mistyping, value = step
                    yield {name: value}, mistyping

    def _exchanged(self) -> Iterator[tuple[_Change, Mistyping]]:
        for one, other in _neighbours(self.batch.form, self.batch.plans[self.i]):
            if one not in self.numbers or other not in self.numbers:
                continue
            first, second = self.numbers[one].value, self.numbers[other].value
            if first != second and self._is_missing(abs(first - second)):
                yield {one: second, other: first}, SWAPPED_CELLS

    def _is_missing(self, gap: float) -> bool:
        """Whether the sides of an identity are a gap between two numbers apart, or twice that."""
        return any(
            abs(times * gap - abs(identity.difference)) <= _tolerance(identity.rule)
            for identity in self.identities
            for times in (1, 2)
        )

    def _in_units(self) -> Iterator[tuple[_Change, Mistyping]]:
        """All amounts beyond the widest gap among them in another unit than the rest."""
        amounts = sorted(
            (number.value, name)
            for name, number in self.parts.items()
            if number.item.kind.is_amount and number.value > 0
        )
        gaps = [larger / smaller for (smaller, _), (larger, _) in pairwise(amounts)]
        if not gaps:
            return
        cut = 1 + int(np.argmax(gaps))
        for mistyping, factor in other_units(self.batch.form.unit):
            side = {name for _, name in (amounts[cut:] if factor > 1 else amounts[:cut])}
            if len(side) > 1:
                yield (
                    {
                        name: round(n.value / factor, n.item.kind.typed_decimals or 0)
                        for name, n in self.parts.items()
                        if name in side
                    },
                    mistyping,
                )


def _typed_numbers(batch: Batch, i: int) -> Iterator[_Number]:
    """The numbers that the department typed, those among them that stand instead of a formula."""
    for item in _numeric_fields(batch.form):
        cells = batch.inputs[item.key]
        stands = cells.state[i] == NUMBER
        if item.mode != "entered":
            stands &= batch.typed[item.key][i]
        for column in stands.nonzero()[0].tolist():
            yield _Number(item, column, float(cells.number[i, column]))


@lru_cache(maxsize=64)
def _numeric_fields(form: Form) -> tuple[Field, ...]:
    return tuple(
        item
        for item in form.fields()
        if item.kind.type is Type.NUMBER
        and item.by == "department"
        and item.mode in ("entered", "computed", "suggested")
    )


@lru_cache(maxsize=1024)
def _origins(form: Form, rule_key: str) -> tuple[frozenset[str], frozenset[str]]:
    """The keys of the fields that a rule's `must` rests on, and those that its `when` does."""
    rule = next(each for each in form.rules if each.key == rule_key)
    must, when = (
        frozenset(key for ref in references(nodes) for key in form.origins_of(ref.key))
        for nodes in ([rule.must], [rule.when] if rule.when is not None else [])
    )
    return must, when


def _takes_part(batch: Batch, number: _Number, identity: _BrokenIdentity) -> bool:
    rule, item = identity.rule, number.item
    if item.key not in _origins(batch.form, rule.key)[0]:
        return False
    if item.section != rule.row_section or item.grain != ROW:
        return True
    if rule.grain == ROW:
        return number.column == identity.column
    return batch.block(item.section).slots[number.column].group == identity.column


def _weigh(batch: Batch, returns: Sequence[_BrokenReturn]) -> None:
    """Work out how the identities of some returns move with each of their parts."""
    tried = [(each, name, number) for each in returns for name, number in each.parts.items()]
    if not tried:
        return
    substitutes = [(Substitute(n.item.key, n.column, n.value + 1),) for _, _, n in tried]
    altered = batch.altered([each.i for each, _, _ in tried], substitutes)
    rules = {identity.rule.key: identity.rule for each in returns for identity in each.identities}
    differences = {key: altered.difference(rule) for key, rule in rules.items()}
    for row, (each, name, _) in enumerate(tried):
        moved = [differences[identity.rule.key] for identity in each.identities]
        each.moves[name] = np.array(
            [
                difference[row, identity.column] - identity.difference
                for difference, identity in zip(moved, each.identities, strict=True)
                if difference is not None
            ]
        )


@lru_cache(maxsize=256)
def _neighbours(form: Form, plan: Plan) -> tuple[tuple[str, str], ...]:
    """Pairs of names of numbers' cells that stand beside each other, or one below the other."""
    spots = [
        spot
        for spot in lay_out(form, plan).spots.values()
        if spot.field.kind.type is Type.NUMBER and spot.field.is_input
    ]
    across = sorted(spots, key=lambda spot: spot.address)
    down = sorted(spots, key=lambda s: (s.address.sheet, s.address.column, s.address.row))
    return (
        *(
            (one.name, other.name)
            for one, other in pairwise(across)
            if one.address[:2] == other.address[:2]
        ),
        *(
            (one.name, other.name)
            for one, other in pairwise(down)
            if one.address._replace(row=one.address.row + 1) == other.address
        ),
    )


# --- what a change does ----------------------------------------------------------------------------


def _mended(batch: Batch, candidates: Sequence[_Candidate]) -> dict[_Candidate, _Outcome]:
    """Of the candidates that mend every identity which they touch, and call forth no error, what they do."""
    if not candidates:
        return {}
    altered = batch.altered([c.i for c in candidates], [c.substitutes for c in candidates])
    identity_keys = {rule.key for rule in _identities(batch.form)}
    mends: list[set[tuple[str, int]]] = [set() for _ in candidates]
    fails, warns = np.zeros(len(candidates), dtype=bool), np.zeros(len(candidates), dtype=bool)
    rows = [c.i for c in candidates]
    for rule in _touched(batch.form, candidates):
        if rule.key in _told_in_texts(batch.form):
            continue
        before, after = batch.judge(rule)[rows], altered.judge(rule)
        newly = ((before != BROKEN) & (after == BROKEN)).any(axis=1)
        if rule.severity is Severity.ERROR or rule.key in identity_keys:
            fails |= newly
        else:
            warns |= newly
        if rule.key not in identity_keys:
            continue
        difference_before, difference_after = batch.difference(rule), altered.difference(rule)
        assert difference_before is not None
        assert difference_after is not None
        moved = difference_after != difference_before[rows]
        was_broken = (before == BROKEN) & ~is_slight(difference_before[rows], rule)
        fails |= (was_broken & moved & (after != HOLDS)).any(axis=1)
        for c, j in np.argwhere(was_broken & moved & (after == HOLDS)):
            mends[c].add((rule.key, int(j)))
    return {
        candidate: _Outcome(frozenset(mends[c]), bool(warns[c]))
        for c, candidate in enumerate(candidates)
        if mends[c] and not fails[c]
    }


def _touched(form: Form, candidates: Sequence[_Candidate]) -> Iterator[Rule]:
    """The rules above a note that look at a number which one of some candidates changes."""
    changed_keys = {substitute.key for c in candidates for substitute in c.substitutes}
    for rule in form.rules:
        origins = frozenset().union(*_origins(form, rule.key))
        if rule.severity is not Severity.NOTE and origins & changed_keys:
            yield rule


def _denied_by_texts(batch: Batch, candidates: Sequence[_Candidate]) -> set[_Candidate]:
    """Those of some candidates after which an amount would be another than a text tells, which now agrees with it."""
    if not candidates:
        return set()
    altered = batch.altered([c.i for c in candidates], [c.substitutes for c in candidates])
    rows = [c.i for c in candidates]
    denied: set[_Candidate] = set()
    for rule in _touched(batch.form, candidates):
        if rule.key in _told_in_texts(batch.form):
            newly = (batch.judge(rule)[rows] != BROKEN) & (altered.judge(rule) == BROKEN)
            denied |= {c for c, is_new in zip(candidates, newly.any(axis=1), strict=True) if is_new}
    return denied


def _likely(
    candidates: Sequence[tuple[_Candidate, _Outcome]],
) -> Iterator[tuple[_Candidate, _Outcome]]:
    """The candidates that are more likely than every other that would mend one of the same identities.

    One that mends more is more likely; among equals the more usual slip. One that calls forth a warning, or
    mends too little to be more than chance, is never named, but stands in the way of others.
    """
    for candidate, outcome in candidates:
        rivals = [
            (-len(other.mended), rival.mistyping.rank)
            for rival, other in candidates
            if rival is not candidate and other.mended & outcome.mended
        ]
        own = -len(outcome.mended), candidate.mistyping.rank
        is_chance = len(outcome.mended) < candidate.mistyping.least_mended
        if not (is_chance or outcome.warns) and all(own < rival for rival in rivals):
            yield candidate, outcome


def _sentence(
    batch: Batch, submission: Submission, candidate: _Candidate, rule: Rule, *, denied: bool
) -> str:
    """`很可能是一般公共预算（E9）一格：73.86 → 73.68（两位数字颠倒），改后有关的规则都满足。`"""
    form, i = batch.form, candidate.i
    home = form.sections[rule.at[0].section].sheet
    cells, changes = [], []
    for substitute in candidate.substitutes:
        item = form.field_of(substitute.key)
        address = submission.address_of(batch.name_of(item, i, substitute.column))
        own_sheet = form.sections[item.section].sheet == home
        place = "" if address is None else address.a1 if own_sheet else str(address)
        cells.append(f"{item.label}（{place}）")
        printed = float(batch.inputs[substitute.key].number[i, substitute.column])
        changes.append(f"{shown(item.kind, printed)} → {shown(item.kind, substitute.number)}")
    count = {1: "一", 2: "两"}.get(len(cells), f" {len(cells)} ")
    words = f"{'、'.join(cells)}{count}格：{'、'.join(changes)}（{candidate.mistyping.words}），"
    if denied:
        return f"可能是{words}改后表上的规则都满足；文字里说的却是另一个数，请对账。"
    return f"很可能是{words}改后有关的规则都满足。"
