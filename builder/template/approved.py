"""What the bureau approved for each department, as values locked into its form: indicators, budget figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from builder.template.guide import SendBack
from workbook.arguments import PathLike, as_whole, taken
from workbook.checking import Roster, RosterEntry, RosterIndicator, as_roster, roster_amounts
from workbook.errors import RosterError
from workbook.form import ROW, Field, Form, Section, Value, as_form
from workbook.language import t
from workbook.layout import MOST_ROWS, Plan, lay_out, plan_for
from workbook.reading import Filling
from workbook.text import fold

LEVEL_HEADS = ("一级指标", "二级指标", "三级指标")
"""How a list heads the levels above the indicator, beside their identifiers."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who gets a form, and what is locked in it besides the name and the code; all blank for a blank form."""

    county: str = ""
    code: str = ""
    department: str = ""
    project: str = ""
    """Of a form by project, for which one."""
    prefilled: Filling = field(default_factory=Filling)
    plan: Plan | None = None
    send_back: SendBack = field(default_factory=SendBack)


def addressees(
    form: Form | PathLike,
    roster: Roster | PathLike,
    *,
    rows: Mapping[str, int] | None = None,
    spare: int = 0,
    budget: bool = False,
) -> list[Addressee]:
    """One for each form that the roster makes due: a department, or of a form by project each of its projects.

    Approved indicators make the rows of their groups, and `spare` blank ones behind them; other groups have the
    usual rows, or what `rows` says. Form and roster may be given by their paths. With `budget` the roster's amounts
    are locked in. Raises RosterError and BuildError.

    >>> from builder import addressees
    >>> each = addressees("department_overall", "samples/roster.csv", rows={"数量指标": 4})
    >>> each[0].code, each[0].department
    ('118001', '岳阳市云溪区档案馆')
    """
    form, roster = (
        as_form(form),
        taken(as_roster(roster), Roster, "roster", t("应是名册，或它的路径")),
    )
    given_rows = taken({} if rows is None else rows, Mapping, "rows", t("应是“指标: 行数”的字典"))
    rows = {name: as_whole(count, "rows", least=1) for name, count in given_rows.items()}
    spare = as_whole(spare, "spare", least=0, most=MOST_ROWS)
    amounts = roster_amounts(roster, form) if budget else {}
    by_project = form.key_fields.project
    result = []
    for entry in roster.entries:
        projects = (
            [item.name for item in entry.projects] if by_project and roster.projects else [""]
        )
        for project in projects:
            values: dict[str, Value] = {
                item.key: amount for item, amount in amounts.get((entry.row, project), {}).items()
            }
            if by_project and project:
                values[by_project.key] = project
            listed = [item for item in entry.indicators if fold(item.project) == fold(project)]
            approved = _Approved(form, roster, entry, listed)
            filled_rows, plan = approved.rows(rows, spare) if listed else ({}, plan_for(form, rows))
            prefilled = Filling(values, filled_rows)
            who = (entry.county, entry.code, entry.department, project)
            result.append(Addressee(*who, prefilled, plan, _send_back(entry)))
    return result


def _send_back(entry: RosterEntry) -> SendBack:
    addresses = (text for head, text in entry.extra.items() if fold(head) in ADDRESS_HEADS)
    return SendBack(entry.deadline, next(addresses, ""))


ADDRESS_HEADS = ("报送地址", "报送邮箱", "报送方式")
"""How a roster heads where to the forms are sent back."""


def scored_section(form: Form) -> Section | None:
    """The section whose rows are the indicators; None if the form has none."""
    scored = form.key_fields.scored
    return scored[0].section if scored else next(iter(form.repeating), None)


def bureau_inputs(section: Section) -> list[Field]:
    """What may be locked in in a row, the indicator's name first."""
    return [
        item for item in section.of_grain(ROW) if item.mode == "entered" and item.by != "reviewer"
    ]


def names_of(item: Field) -> tuple[str, ...]:
    """How a list may head a field's column: its label, also without the year (指标值), or its identifier."""
    return item.label, item.label.removeprefix("年度"), item.id


class _Approved:
    """The indicators approved for one form."""

    def __init__(
        self, form: Form, roster: Roster, entry: RosterEntry, listed: Sequence[RosterIndicator]
    ) -> None:
        self.form = form
        self.place = roster.indicators_at
        self.entry = entry
        self.listed = listed
        section = scored_section(form)
        if section is None:
            raise RosterError(
                t("{place}：{name}没有指标，用不着这张表", place=self.place, name=form.name)
            )
        self.section: Section = section
        self.inputs = bureau_inputs(section)

    def rows(
        self, wanted: Mapping[str, int], spare: int
    ) -> tuple[dict[str, dict[int, dict[str, Value]]], Plan]:
        """The values of the section's rows by their numbers, and the plan that holds them."""
        by_group: dict[int, list[dict[str, Value]]] = {}
        for indicator, group in zip(self.listed, self._groups(), strict=True):
            by_group.setdefault(group, []).append(self._values(indicator))
        if not spare:
            self._check_weights(by_group)
        first = self._first_group()
        plan = list(plan_for(self.form, wanted))
        for number in range(len(self.section.groups)):
            plan[first + number] = len(by_group.get(number, [])) + spare or 1
        slots = lay_out(self.form, plan).blocks[self.section.id].slots
        filled: dict[int, dict[str, Value]] = {}
        for group, approved in by_group.items():
            free = (slot.number for slot in slots if slot.path == self.section.groups[group].path)
            filled |= dict(zip(free, approved, strict=False))
        return {self.section.id: filled}, tuple(plan)

    def _first_group(self) -> int:
        """Which group of the form's plan is the section's first."""
        before = self.form.repeating[: self.form.repeating.index(self.section)]
        return sum(len(section.groups) for section in before)

    def _groups(self) -> Iterator[int]:
        """Each indicator's group; a blank level is as in the line above."""
        heads = list(zip(self.section.levels, LEVEL_HEADS, strict=False))
        above = [""] * len(heads)
        for indicator in self.listed:
            own = [_column(indicator, *names) for names in heads]
            given = next((n for n, text in enumerate(own) if text), len(own))
            above = above[:given] + own[given:]
            yield self._group(indicator, above)

    def _group(self, indicator: RosterIndicator, levels: Sequence[str]) -> int:
        groups = self.section.groups
        meant = [
            number
            for number, group in enumerate(groups)
            if all(
                not text or fold(text) == fold(label)
                for text, label in zip(levels, group.path, strict=True)
            )
        ]
        if len(meant) != 1:
            known = "、".join("/".join(filter(None, group.path)) for group in groups)
            said = "/".join(filter(None, levels)) or t("（空）")
            raise self._error(
                indicator,
                t(
                    "分不清“{name}”是哪一级的指标（{said}）；表里有：{known}",
                    name=indicator.name,
                    said=said,
                    known=known,
                ),
            )
        return meant[0]

    def _values(self, indicator: RosterIndicator) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for item in self.inputs:
            text = indicator.name if item is self.inputs[0] else _column(indicator, *names_of(item))
            if text:
                values[item.id] = self._value(indicator, item, text)
        return values

    def _value(self, indicator: RosterIndicator, item: Field, text: str) -> Value:
        read = item.read(text, "", self.form.unit)
        wrong = read.problem
        if not wrong and item.choices and read.value not in item.choices:
            wrong = t("不是可以选的，可以选：{choices}", choices="、".join(item.choices))
        if wrong:
            raise self._error(indicator, f"{item.label}“{text}”{wrong}")
        return read.value

    def _check_weights(self, by_group: Mapping[int, Sequence[Mapping[str, Value]]]) -> None:
        """The weights of a level-1 group make up what the form says of it, where all its rows are approved."""
        scored = self.form.key_fields.scored
        if not scored:
            return
        sums: dict[str, list[float]] = {}
        due: dict[str, float | None] = {}
        for number, group in enumerate(self.section.groups):
            due[group.path[0]] = group.weight
            weights = [row.get(scored[0].weight) for row in by_group.get(number, ())]
            sums.setdefault(group.path[0], []).extend(w for w in weights if isinstance(w, float))
        for name, given in sums.items():
            weight = due[name]
            if given and weight is not None and abs(math.fsum(given) - weight) >= 0.005:
                raise RosterError(
                    t(
                        "{place}：{department}的{name}分值合计 {given:g}，应为 {weight:g}；"
                        "留有空行由单位填的，请加 --spare，收表的请在 round.toml 里写 spare_rows",
                        place=self.place,
                        department=self.entry.department,
                        name=name,
                        given=math.fsum(given),
                        weight=weight,
                    )
                )

    def _error(self, indicator: RosterIndicator, message: str) -> RosterError:
        return RosterError(
            t(
                "{place}，第 {row} 行：{message}",
                place=self.place,
                row=indicator.row,
                message=message,
            )
        )


def _column(indicator: RosterIndicator, *names: str) -> str:
    """What stands in the column of one of some names."""
    sought = set(map(fold, names))
    return next((text for head, text in indicator.extra.items() if fold(head) in sought), "")
