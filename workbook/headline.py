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
from workbook.form import CELL, ROW, Field, Form, Section

UNIT = "万元"
_PER_UNIT = {"元": 10_000, "千元": 10, "万元": 1}
"""How many of a form's unit make one of ours."""

BUDGETS = ("original_budget", "final_budget", "actual_expenditure")
"""The amounts of a department's line, where the form has them; else every amount of the form."""
SOURCES = ("general_public_budget", "government_fund", "special_account_nontax", "other_funds")
NATURES = ("basic_expenditure", "project_expenditure")
PROJECTS = ("project", "project_name")
"""The fields that tell one of a department's returns from another."""
GRADES = (("优", "grade_excellent", 90.0), ("良", "grade_good", 80.0), ("中", "grade_fair", 60.0))
"""Each grade, the form's setting for its cut-off, and the cut-off where the form has no such setting."""
LOWEST_GRADE = "差"


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
            if item.grain == CELL and item.kind.name == "money" and item.mode != "derived"
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
    def composition(self) -> tuple[tuple[str, Field], ...]:
        """(heading, part) of the funds by source and by nature; empty where the form has no such parts."""
        parts = [("按收入性质分", name) for name in SOURCES]
        parts += [("按支出性质分", name) for name in NATURES]
        found = [(heading, self.find(name)) for heading, name in parts]
        known = tuple((heading, item) for heading, item in found if item is not None)
        return known if len(known) == len(parts) else ()

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
