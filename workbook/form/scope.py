"""Where names are looked up: an expression's own section and grain, other sections, settings, words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbook.errors import ExpressionError, nearest
from workbook.expression import SETTINGS, WORDS, Define, Literal, Ref, Type
from workbook.form.model import CELL, GROUP, ROW, Field


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Where an expression stands: names resolve from here."""

    form_fields: Mapping[str, Mapping[str, Field]]
    settings: Mapping[str, float | str]
    section: str
    grain: str
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defines: Mapping[str, Define] = field(default_factory=dict)
    file: str = ""
    """The name of the form's own file."""

    def resolve(self, section: str | None, name: str, *, column: bool) -> Ref | Literal:
        """See `workbook.expression.Scope`."""
        if section == SETTINGS:
            return self._setting(name)
        if section == WORDS:
            raise ExpressionError(f"'words.{name}' is a list of words; use mentions, begins or in")
        target_section = section or self.section
        if target_section not in self.form_fields:
            known_sections = [*self.form_fields, SETTINGS, WORDS]
            hint = nearest(target_section, known_sections)
            message = f"'{target_section}' is not a section; {hint}"
            raise ExpressionError(message, unknown=True)
        item = self.form_fields[target_section].get(name)
        if item is None:
            elsewhere = [f"{s}.{name}" for s, fields in self.form_fields.items() if name in fields]
            near = nearest(name, self.form_fields[target_section])
            hint = f"did you mean '{elsewhere[0]}'?" if elsewhere else near
            message = f"'{name}' is not a field of section {target_section}; {hint}"
            raise ExpressionError(message, unknown=True)
        return self._reference(item, section, column=column)

    def word_list(self, name: str) -> tuple[str, ...]:
        """See `workbook.expression.Scope`."""
        if name not in self.words:
            raise ExpressionError(f"'{name}' is not a list of words; {nearest(name, self.words)}")
        return self.words[name]

    def _setting(self, name: str) -> Literal:
        if name not in self.settings:
            raise ExpressionError(f"'{name}' is not a setting; {nearest(name, self.settings)}")
        value = self.settings[name]
        return Literal(value, Type.TEXT if isinstance(value, str) else Type.NUMBER)

    def _reference(self, item: Field, section: str | None, *, column: bool) -> Ref:
        reach = "cell"
        name = self.form_fields[item.section].get("group_name")
        in_group = self.grain == GROUP and item.section == self.section and not column
        if in_group and name is not None and name.label == item.id:
            item = name  # all rows of a group are of one branch of the first level
        if column:
            if item.grain != ROW:
                raise ExpressionError(f"'{item.id}' has no column; it is one cell")
            grouped = section is None and self.grain == GROUP
            reach = "group" if grouped else "column"
        elif item.grain != CELL and (item.section != self.section or self.grain == CELL):
            raise ExpressionError(
                f"'{item.id}' is a whole column here; use sum, count or another function over it"
            )
        elif item.grain == ROW and self.grain == GROUP:
            raise ExpressionError(f"'{item.id}' has many rows in a group; use sum or count over it")
        decimals = None if item.mode == "derived" else item.kind.decimals
        return Ref(item.section, item.id, item.kind.type, decimals, item.blank, reach)


@dataclass(frozen=True, slots=True)
class FormScope:
    """All that a form's expressions may name; `at` gives the standpoint from which one of them sees it."""

    fields: dict[str, dict[str, Field]]
    settings: dict[str, float | str]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defines: Mapping[str, Define] = field(default_factory=dict)
    file: str = ""
    """The name of the form's own file; all others are those that it builds upon."""

    def at(self, section: str, grain: str) -> Standpoint:
        """Where an expression of a section stands."""
        return Standpoint(
            self.fields, self.settings, section, grain, self.words, self.defines, self.file
        )
