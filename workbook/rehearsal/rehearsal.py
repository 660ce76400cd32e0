"""`rehearse(form) → Rehearsal`: what its author should know before a form is sent out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from workbook.checking import BROKEN, UNDECIDED, View, gather, judge_trials, trial
from workbook.expression import Type
from workbook.form import CASE_SECTION, Case, Form, Rule
from workbook.reading import submit
from workbook.rehearsal.in_sheet import Progress, Wanted, verdicts_in_sheet
from workbook.rehearsal.random_fillings import random_fillings
from workbook.word import NoOffice, find_office

FILLINGS = 10_000
_ENOUGH = 5
"""Two rules that are broken together in fewer places may be so by chance."""

WORDS = {"holds": "通过", "broken": "不通过", "undecided": "未定"}


class Sort(StrEnum):
    """What a remark is about."""

    WRONG = "wrong"
    """A case is not judged as it says, here or in the sheet."""
    MISSING = "missing"
    """A rule lacks a case that it needs."""
    ALIKE = "alike"
    """Two rules are broken by the same fillings."""
    IDLE = "idle"
    """No filling broke a rule."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about a rule that its author should look at; message and hint are Chinese."""

    sort: Sort
    rules: tuple[Rule, ...]
    message: str
    hint: str
    case: int = 0
    """Which of the rule's cases, from 1; 0 if it is about none."""

    @property
    def is_problem(self) -> bool:
        """Whether the definition has to be changed; else it may well be meant so."""
        return self.sort in (Sort.WRONG, Sort.MISSING)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of it."""

    form: Form
    rules: int
    cases: int
    fillings: int
    without_office: str
    """Why the cases were not tried in the sheet, in Chinese; blank if they were."""
    remarks: tuple[Remark, ...]
    """Problems first, each in the order of the rules."""

    @property
    def problems(self) -> int:
        """How many of the remarks are problems."""
        return sum(remark.is_problem for remark in self.remarks)


def rehearse(
    form: Form, *, fillings: int = FILLINGS, progress: Progress = lambda _: None
) -> Rehearsal:
    """Try the form's own rules on their cases and on fillings at random, the same each time.

    `progress` is told of each case that the sheet has worked out. Raises BuildError for a template that
    cannot be built.
    """
    rules = [rule for rule in form.rules if not rule.general]
    cases = [(rule, number, case) for rule in rules for number, case in enumerate(rule.cases, 1)]
    trials = [(rule, trial(rule, case)) for rule, _, case in cases]
    here = judge_trials(form, trials)
    in_sheet, without_office = here, ""
    if find_office() is None:
        without_office = "没有找到 LibreOffice"
    else:
        try:
            in_sheet = _with_sheets(form, trials, here, progress)
        except NoOffice as error:
            without_office = str(error)
    wrong = _wrong(cases, here, in_sheet, tried=not without_office)
    decided = [rule for rule in rules if all(case.verdict != "undecided" for case in rule.cases)]
    outcomes = _Outcomes(form, fillings, {rule.key for rule in decided})
    remarks = (
        *wrong,
        *_missing(form, rules, decided, outcomes),
        *_alike(rules, outcomes),
        *_idle(rules, outcomes),
    )
    return Rehearsal(form, len(rules), len(cases), fillings, without_office, remarks)


def _with_sheets(form: Form, trials: Wanted, here: Sequence[str], progress: Progress) -> list[str]:
    """The verdicts of the sheet, and of rules that it does not judge those from `here`."""
    asked = [number for number, (rule, _) in enumerate(trials) if rule.in_sheet]
    told = verdicts_in_sheet(form, [trials[number] for number in asked], progress)
    by_number = dict(zip(asked, told, strict=True))
    return [by_number.get(number, verdict) for number, verdict in enumerate(here)]


def _wrong(
    cases: Sequence[tuple[Rule, int, Case]],
    here: Sequence[str],
    in_sheet: Sequence[str],
    *,
    tried: bool,
) -> Iterator[Remark]:
    for (rule, number, case), ours, theirs in zip(cases, here, in_sheet, strict=True):
        if ours == theirs == case.verdict:
            continue
        message = f"第 {number} 个例子写着“{WORDS[case.verdict]}”，程序判为“{WORDS[ours]}”"
        if tried:
            message += f"，工作簿判为“{WORDS[theirs]}”"
        hint = "请改这个例子，或改 when、must。"
        if ours != theirs:
            hint = "两边不一样：例子里用文字写的数（如“5万元”）请改成数；改了还不一样，请报告给开发者。"
        yield Remark(Sort.WRONG, (rule,), message, hint, number)


# --- cases that are missing -----------------------------------------------------------------------


def _missing(
    form: Form, rules: Sequence[Rule], decided: Sequence[Rule], outcomes: _Outcomes
) -> Iterator[Remark]:
    """What cases are missing; `decided` are the rules without an undecided one."""
    hints = {
        rule.key: "请加一个，把它用到的格空着，或在数字的格里写“待定”。"
        for rule in decided
        if outcomes.undecided[rule.key]
    } | _undecided_variants(form, decided)
    unheeded = _unheeded(form, rules)
    for rule in rules:
        if rule.key in unheeded:
            message = "“通过”的例子都是 when 不成立的，must 没有试过"
            yield Remark(Sort.MISSING, (rule,), message, "请加一个 when 和 must 都成立的例子。")
        if rule.key in hints:
            yield Remark(Sort.MISSING, (rule,), "没有“未定”的例子", hints[rule.key])


def _undecided_variants(form: Form, rules: Sequence[Rule]) -> dict[str, str]:
    """By rule key: how one of its cases is made an undecided one."""
    variants = [
        (rule, variant, f"请加一个，如：照第 {number} 个例子，{change}。")
        for rule in rules
        for number, case in enumerate(rule.cases, 1)
        for variant, change in _variants(form, rule, case)
    ]
    verdicts = judge_trials(form, [(rule, trial(rule, case)) for rule, case, _ in variants])
    hints: dict[str, str] = {}
    for (rule, _, hint), verdict in zip(variants, verdicts, strict=True):
        if verdict == "undecided":
            hints.setdefault(rule.key, hint)
    return hints


def _variants(form: Form, rule: Rule, case: Case) -> Iterator[tuple[Case, str]]:
    """A case with one of its cells left blank, or with words in it where a number or date belongs."""
    section = rule.row_section or CASE_SECTION
    cells = [(key, -1) for key in case.given]
    cells += [(key, row) for row, given in enumerate(case.rows) for key in given]
    for value, change in ((None, "把“{}”空着"), ("待定", "在“{}”里写“待定”")):
        for key, row in cells:
            name = (
                f"{section}.{key}" if row >= 0 else key if "." in key else f"{rule.section}.{key}"
            )
            item = form.field_of(".".join(name.split(".")[:2]))
            if value is not None and item.kind.type is Type.TEXT:
                continue
            given, rows = dict(case.given), list(map(dict, case.rows))
            (given if row < 0 else rows[row])[key] = value
            where = f"第 {row + 1} 行的{item.label}" if row > 0 else item.label
            yield replace(case, given=given, rows=tuple(rows)), change.format(where)


def _unheeded(form: Form, rules: Sequence[Rule]) -> set[str]:
    """The keys of the rules of which no case that holds is one that `when` picks."""
    trials = [
        (rule, trial(rule, case))
        for rule in rules
        if rule.when is not None
        for case in rule.cases
        if case.verdict == "holds"
    ]
    if not trials:
        return set()
    batch = gather(form, [submit(form, tried.filling) for _, tried in trials], View.PRINTED)
    heeded = set()
    for i, (rule, tried) in enumerate(trials):
        assert rule.when is not None
        when = np.broadcast_to(batch.evaluate(rule.when, rule.grain), batch.judge(rule).shape)
        if (when[i, : tried.count] == 1.0).any():
            heeded.add(rule.key)
    return {rule.key for rule, _ in trials} - heeded


# --- fillings at random ---------------------------------------------------------------------------


class _Outcomes:
    """What the rules said of fillings at random.

    A rule is judged no further once nothing more can be learnt of it, after the first batch most are: so
    `places` and `pattern` are whole only for rules that are never broken, or always together.
    """

    def __init__(self, form: Form, count: int, decided: Collection[str]) -> None:
        self.form = form
        self.fillings = count
        self.undecided = dict.fromkeys((rule.key for rule in form.rules), False)
        """By rule key: whether it was undecided of a filling; of the `decided` ones alone it matters."""
        self.places = dict.fromkeys((rule.key for rule in form.rules), 0)
        """By rule key: in how many places it was broken."""
        self.pattern = dict.fromkeys((rule.key for rule in form.rules), b"")
        """By rule key: the same for rules broken in the same places."""
        rules: Sequence[Rule] = form.rules
        for batch in random_fillings(form, count):
            for rule in rules:
                verdicts = batch.judge(rule)
                broken = verdicts == BROKEN
                self.places[rule.key] += int(broken.sum())
                self.pattern[rule.key] += np.packbits(broken).tobytes()
                self.undecided[rule.key] |= bool((verdicts == UNDECIDED).any())
            rules = self._unsettled(rules, decided)

    def _unsettled(self, rules: Sequence[Rule], decided: Collection[str]) -> list[Rule]:
        """The rules that are worth judging further; the form's own, and what they may turn out to be like."""
        own = Counter(self.broken_like(rule) for rule in rules if not rule.general)
        every = Counter(map(self.broken_like, rules))
        return [
            rule
            for rule in rules
            if (every[self.broken_like(rule)] > 1 and own[self.broken_like(rule)])
            or (not rule.general and not self.places[rule.key])
            or (rule.key in decided and not self.undecided[rule.key])
        ]

    def broken_like(self, rule: Rule) -> tuple[str, str, bytes]:
        """The same for rules that are broken in the same places of the same cells."""
        return rule.grain, rule.row_section, self.pattern[rule.key]


def _alike(rules: Sequence[Rule], outcomes: _Outcomes) -> Iterator[Remark]:
    """Own rules that are broken where one before them is, or a check that every form has."""
    first: dict[tuple[str, str, bytes], Rule] = {}
    for rule in (*(rule for rule in outcomes.form.rules if rule.general), *rules):
        places = outcomes.places[rule.key]
        if places < _ENOUGH:
            continue
        before = first.setdefault(outcomes.broken_like(rule), rule)
        if before is rule or rule.general:
            continue
        message = (
            f"与 {before.code}“{before.name}”总是一起不通过（{outcomes.fillings} 份里 {places} 处）"
        )
        hint = "查的若是同一件事，请去掉一条；不是，请各加一个只有它不通过的例子。"
        yield Remark(Sort.ALIKE, (rule, before), message, hint)


def _idle(rules: Sequence[Rule], outcomes: _Outcomes) -> Iterator[Remark]:
    for rule in rules:
        if not outcomes.places[rule.key]:
            message = f"随机填写 {outcomes.fillings} 份，没有一份不通过"
            hint = (
                "请看 when 和 must 是不是总能一起成立；若“不通过”的例子很特别，可以再加一个平常的。"
            )
            yield Remark(Sort.IDLE, (rule,), message, hint)
