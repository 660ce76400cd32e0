"""What the bureau's summary takes from a form: the [summary] table of its definition, read and checked.

Which amounts make a department's line, what the execution rate and the score are, how the funds break
down, which rows are scored, the grades, the reasons for lost points, the criteria of re-checking. Nobody
else knows any of these by name. A form without the table has its amounts added up, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbook.errors import nearest
from workbook.expression import Node, references
from workbook.form.model import (
    CELL,
    METRICS,
    ROW,
    SAMPLE_LEAST,
    SAMPLE_SHARE,
    Breakdown,
    Criterion,
    Field,
    KeyFields,
    ScoredRows,
    Section,
    Sense,
)
from workbook.form.toml_table import KEYS, TomlTable


def read_key_fields(
    top: TomlTable,
    sections: Mapping[str, Section],
    settings: Mapping[str, float | str],
    formulas: Mapping[str, Node],
) -> KeyFields:
    """The [summary] table of a definition. Raises FormError naming the key."""
    return _SummaryTable(top.table("summary"), sections, settings, formulas).key_fields()


@dataclass(frozen=True, slots=True)
class _SummaryTable:
    table: TomlTable
    sections: Mapping[str, Section]
    settings: Mapping[str, float | str]
    formulas: Mapping[str, Node]

    def key_fields(self) -> KeyFields:
        table = self.table
        table.only(*KEYS["summary"])
        every = tuple(
            item
            for section in self.sections.values()
            for item in section.of_grain(CELL)
            if item.kind.is_amount and item.mode != "derived"
        )
        chosen = [self._field(table, "amounts", key) for key in table.strings("amounts")] or every
        amounts = _columns(chosen)
        rate = self._single("execution_rate")
        sample = table.table("sample")
        sample.only(*KEYS["sample"])
        return KeyFields(
            amounts=amounts,
            every_amount=every,
            budget=self._column("budget", amounts),
            spent=self._column("spent", amounts),
            project_total=self._single("project_total"),
            rate=rate,
            rate_formula=self._rate_formula(rate, amounts),
            execution_score=self._single("execution_score"),
            score=self._single("total_score"),
            grade=self._single("total_grade"),
            project=self._single("project"),
            prepared_on=self._single("prepared_on"),
            contacts=tuple(self._field(table, "contacts", k) for k in table.strings("contacts")),
            results=tuple(self._field(table, "results", k) for k in table.strings("results")),
            breakdowns=tuple(self._breakdown(t, amounts) for t in table.tables("breakdown", "id")),
            scored=tuple(map(self._scored, table.tables("scored", "section"))),
            grades=self._grades(),
            lowest_grade=table.take("lowest_grade", str, ""),
            reasons=tuple(map(_reason, table.tables("reason", "name"))),
            criteria=tuple(map(_criterion, table.tables("criterion", "id"))),
            sample_share=sample.take("share", float, SAMPLE_SHARE),
            sample_least=sample.take("least", float, SAMPLE_LEAST),
        )

    def _field(self, table: TomlTable, key: str, name: str) -> Field:
        """A single field by its full name."""
        single_keys = [f.key for section in self.sections.values() for f in section.of_grain(CELL)]
        if name not in single_keys:
            raise table.error(key, f"'{name}' is no single field; {nearest(name, single_keys)}")
        section, _, field = name.partition(".")
        return self.sections[section].fields[field]

    def _single(self, key: str) -> Field | None:
        name = self.table.take(key, str, "")
        return self._field(self.table, key, name) if name else None

    def _column(self, key: str, amounts: Mapping[str, Field]) -> str:
        """The line's column of an amount that plays a part."""
        item = self._single(key)
        if item is None:
            return ""
        return self._among(self.table, key, item, amounts)

    def _among(self, table: TomlTable, key: str, item: Field, amounts: Mapping[str, Field]) -> str:
        column = next((name for name, amount in amounts.items() if amount is item), None)
        if column is None:
            raise table.error(key, f"'{item.key}' is not among the amounts")
        return column

    def _rate_formula(self, rate: Field | None, amounts: Mapping[str, Field]) -> Node | None:
        """The rate's expression: over a department's amounts, and over their sums."""
        if rate is None:
            return None
        if rate.mode != "computed":
            raise self.table.error("execution_rate", f"'{rate.key}' is not computed by the form")
        node = self.formulas[rate.key]
        amount_keys = {item.key for item in amounts.values()}
        for ref in references([node]):
            if ref.key not in amount_keys:
                message = f"'{rate.key}' rests on '{ref.key}', which is not among the amounts"
                raise self.table.error("execution_rate", message)
        return node

    def _breakdown(self, table: TomlTable, amounts: Mapping[str, Field]) -> Breakdown:
        table.only(*KEYS["breakdown"])
        whole_amount = self._field(table, "whole", table.take("whole", str))
        return Breakdown(
            table.take("id", str),
            table.take("label", str),
            tuple(self._field(table, "parts", key) for key in table.strings("parts")),
            self._among(table, "whole", whole_amount, amounts),
        )

    def _scored(self, table: TomlTable) -> ScoredRows:
        table.only(*KEYS["scored"])
        name = table.take("section", str)
        repeating = [section.id for section in self.sections.values() if section.repeats]
        if name not in repeating:
            hint = nearest(name, repeating)
            raise table.error("section", f"'{name}' is no section with rows; {hint}")
        section = self.sections[name]
        row_field_ids = [item.id for item in section.of_grain(ROW)]
        for key in ("weight", "score", "expected", "reason"):
            field = table.take(key, str, "" if key in ("expected", "reason") else None)
            if field and field not in row_field_ids:
                raise table.error(
                    key, f"'{field}' is no field of its rows; {nearest(field, row_field_ids)}"
                )
        return ScoredRows(
            section,
            table.take("weight", str),
            table.take("score", str),
            table.take("expected", str, ""),
            table.take("reason", str, ""),
        )

    def _grades(self) -> tuple[tuple[str, float], ...]:
        """From the highest down, each below the one before."""
        grades: list[tuple[str, float]] = []
        for table in self.table.tables("grade", "name"):
            name, lowest = self._grade(table)
            if grades and lowest >= grades[-1][1]:
                message = (
                    f"{lowest:g} is not below {grades[-1][1]:g} of '{grades[-1][0]}' before it"
                )
                raise table.error("from", f"{message}; grades stand from the highest down")
            grades.append((name, lowest))
        return tuple(grades)

    def _grade(self, table: TomlTable) -> tuple[str, float]:
        """A grade's lowest score is a number, or a setting's name, so that rules can speak of it."""
        table.only(*KEYS["grade"])
        lowest = table.data.get("from")
        if isinstance(lowest, str):
            if lowest not in self.settings:
                raise table.error(
                    "from", f"no setting '{lowest}'; {nearest(lowest, self.settings)}"
                )
            lowest = self.settings[lowest]
        if isinstance(lowest, bool) or not isinstance(lowest, int | float):
            raise table.error("from", "must be a number, or a setting that is one")
        return table.take("name", str), float(lowest)


def _columns(items: Sequence[Field]) -> dict[str, Field]:
    ids = [item.id for item in items]
    return {
        item.id if ids.count(item.id) == 1 else f"{item.section}_{item.id}": item for item in items
    }


def _reason(table: TomlTable) -> tuple[str, tuple[str, ...]]:
    table.only(*KEYS["reason"])
    return table.take("name", str), table.strings("words")


def _criterion(table: TomlTable) -> Criterion:
    table.only(*KEYS["criterion"])
    metric, sense = table.take("metric", str), table.take("sense", str)
    if metric not in METRICS:
        raise table.error("metric", f"'{metric}' is none; {nearest(metric, METRICS)}")
    if sense not in set(Sense):
        raise table.error("sense", f"'{sense}' is none; {nearest(sense, Sense)}")
    return Criterion(
        key=table.take("id", str),
        label=table.take("label", str),
        metric=metric,
        sense=Sense(sense),
        limit=table.take("limit", float),
        points=table.take("points", float),
        why=table.take("why", str),
    )
