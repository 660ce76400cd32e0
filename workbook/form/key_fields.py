"""Which of a form's fields make a department's line in the summary, by the ids that forms share.

Amounts are 万元 whatever the form's unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from workbook.errors import FormError, nearest
from workbook.form.model import CELL, ROW, Field, Form, Section

UNIT = "万元"
_PER_UNIT = {"元": 10_000, "千元": 10, "万元": 1}
"""How many of a form's unit make one of ours."""

BUDGETS = ("original_budget", "final_budget", "actual_expenditure")
"""The amounts of a department's line, where the form has them; else every amount of the form."""
SOURCES = ("general_public_budget", "government_fund", "special_account_nontax", "other_funds")
NATURES = ("basic_expenditure", "project_expenditure")
_BREAKDOWNS = (
    ("by_source", "按收入性质分", SOURCES, "final_budget"),
    ("by_nature", "按支出性质分", NATURES, "actual_expenditure"),
    ("budget_by_source", "全年预算数按资金来源分",
     ("current_year_final", "carry_over_final", "other_final"), "final_budget"),
    ("spending_by_source", "全年执行数按资金来源分",
     ("current_year_actual", "carry_over_actual", "other_actual"), "actual_expenditure"),
)  # fmt: skip
"""How forms break amounts down: key, heading, the parts' ids, the amount that they make up."""
PROJECTS = ("project", "project_name")
"""The fields that tell one of a department's returns from another."""
GRADES = (("优", "grade_excellent", 90.0), ("良", "grade_good", 80.0), ("中", "grade_fair", 60.0))
"""Each grade, the form's setting for its cut-off, and the cut-off where the form has no such setting."""
LOWEST_GRADE = "差"


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Parts of the funds that together make up one of the line's amounts."""

    key: str
    heading: str
    parts: tuple[Field, ...]
    whole: str
    """The line's column that the parts add up to."""


@dataclass(frozen=True)
class Headline:
    """Which fields of a form make a department's line, by the ids that forms share."""

    form: Form

    def find(self, name: str) -> Field | None:
        """The form's single field of an id: the first, section by section."""
        fields = (item for item in self.form.fields() if item.grain == CELL)
        return next((item for item in fields if item.id == name), None)

    @cached_property
    def amounts(self) -> tuple[Field, ...]:
        """Every amount of the form that is one to a return."""
        return tuple(
            item
            for item in self.form.fields()
            if item.grain == CELL and item.kind.is_amount and item.mode != "derived"
        )

    @cached_property
    def line(self) -> dict[str, Field]:
        """The amounts of a department's line, by column."""
        usual = {name: item for name in BUDGETS if (item := self.find(name))}
        if len(usual) == len(BUDGETS):
            return usual
        ids = [item.id for item in self.amounts]
        return {
            item.id if ids.count(item.id) == 1 else f"{item.section}_{item.id}": item
            for item in self.amounts
        }

    def amount(self, parts: Mapping[str, pd.DataFrame], item: Field) -> pd.Series[float]:
        """A field's column in 万元, index `submission`; FormError if its unit is none we know."""
        unit = item.unit or self.form.unit
        if unit not in _PER_UNIT:
            raise FormError(
                f"{self.form.path.name}, unit: '{unit}' cannot be added up; {nearest(unit, _PER_UNIT)}"
            )
        return column_of(parts, item) / _PER_UNIT[unit]

    @property
    def has_rate(self) -> bool:
        """Whether there is an execution rate: spending over the final budget."""
        return {"final_budget", "actual_expenditure"} <= set(self.line)

    @cached_property
    def score(self) -> Field | None:
        """The total score."""
        return self.find("total_score")

    @cached_property
    def project(self) -> Field | None:
        """The project's name, where a department sends one return a project."""
        return next((item for name in PROJECTS if (item := self.find(name))), None)

    @cached_property
    def cutoffs(self) -> tuple[tuple[str, float], ...]:
        """(grade, lowest score), best first; the last grade has no cut-off and is not among them."""
        settings = self.form.settings
        return tuple((name, float(settings.get(key, usual))) for name, key, usual in GRADES)

    @cached_property
    def breakdowns(self) -> tuple[Breakdown, ...]:
        """The funds by source and by nature; those of which the form has every part and the whole."""
        found = []
        for key, heading, names, whole in _BREAKDOWNS:
            parts = tuple(item for name in names if (item := self.find(name)))
            if len(parts) == len(names) and whole in self.line:
                found.append(Breakdown(key, heading, parts, whole))
        return tuple(found)

    @cached_property
    def composition(self) -> tuple[tuple[str, Field], ...]:
        """(heading, part) of all breakdowns; empty where the form has none."""
        return tuple((whole.heading, item) for whole in self.breakdowns for item in whole.parts)

    @cached_property
    def scored(self) -> tuple[Section, ...]:
        """The sections whose rows have a weight and a score."""
        return tuple(s for s in self.form.repeating if {"weight", "self_score"} <= set(s.fields))


def column_of(parts: Mapping[str, pd.DataFrame], item: Field) -> pd.Series[Any]:
    return parts[item.section][item.id]


def first_field(section: Section) -> str:
    """The field in which a row of a repeating section begins, past its levels and its weight."""
    own = (item for item in section.of_grain(ROW) if not item.is_hidden)
    return next((i.id for i in own if i.id not in section.levels and i.id != "weight"), "")
