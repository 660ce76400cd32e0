"""What a form is: its fields, their geometry as drawn, its rules. `workbook.form.definition` reads it from TOML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from workbook.catalogue import Severity
from workbook.display import html_table
from workbook.expression import Define, Node, Ref, references
from workbook.form.coercion import SAYS_NONE, Coerced, Raw, Value
from workbook.form.kinds import Kind
from workbook.text import says_none

DEPARTMENT, DEPARTMENT_CODE = "identity.department", "identity.department_code"
FISCAL_YEAR = "identity.fiscal_year"
"""The fields that every form has: a return is told apart by them."""

BACK_SHEET = "退回修改"
"""The first sheet of a form that is sent back: its problems, and what the department answers to them."""
OWN_SHEETS = ("填报说明", "自检", "_lists", "_calc", "_form")
"""The sheets that every template has beside the form's own; `workbook.layout` says which is which."""

CELL, ROW, GROUP = "form", "row", "group"
"""Grains: one value a form, one a row of a repeating section, one a level-1 group of it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One cell of the form, or one column of a repeating section."""

    id: str
    section: str
    label: str
    kind: Kind
    mode: str
    """entered, computed (locked formula), suggested (a formula to overtype), fixed, derived (hidden), label (a group's own)."""
    grain: str
    by: str = "department"
    """Who fills it in: "department", "bureau" (locked once it is prefilled, in rows always) or "reviewer" (always locked)."""
    required: bool = False
    if_begun: bool = False
    """Required only once something else in the section is filled in."""
    blank: str = "missing"
    formula: str = ""
    value: str | float | None = None
    choices: tuple[str, ...] = ()
    max_length: int | None = None
    lowest: float | None = None
    highest: float | str | None = None
    """A number, or the name of the field of the same row that limits this one."""
    prompt: str = ""
    instruction: str = ""
    """The paper's own words on what belongs here; a text that still holds them was not written."""
    unit: str = ""
    number_format: str = ""
    """How the cell shows it, if not as its kind does."""

    @property
    def key(self) -> str:
        """The field's name within the form: `funds.final_budget`."""
        return f"{self.section}.{self.id}"

    @property
    def is_input(self) -> bool:
        """Whether someone may type here."""
        return self.mode in ("entered", "suggested")

    @property
    def is_closed(self) -> bool:
        """Whether a department never types here, whatever the bureau filled in."""
        in_row = self.by == "bureau" and self.grain == ROW
        return not self.is_input or self.by == "reviewer" or in_row

    def read(self, raw: Raw, number_format: str, unit: str) -> Coerced:
        """What is made of what a cell of the field holds; `unit` is the form's."""
        if self.blank == "zero" and isinstance(raw, str) and says_none(raw):
            return SAYS_NONE
        return self.kind.coerce(raw, number_format, self.unit or unit)

    @property
    def is_hidden(self) -> bool:
        """Whether it only helps rules and messages along, and stands nowhere on the paper."""
        return self.mode in ("derived", "label")

    @property
    def is_computed(self) -> bool:
        """Whether its value follows from other cells."""
        return self.mode in ("computed", "suggested", "derived")


@dataclass(frozen=True, slots=True)
class Group:
    """A branch of a repeating section's tree that holds rows of its own."""

    path: tuple[str, ...]
    """Its labels, level 1 first; blank below the level at which the branch ends, empty in a flat section."""
    rows: int
    weight: float | None
    constants: tuple[Mapping[str, Value], ...] = ()
    """Of each of its first rows what the form itself says there and locks, by field."""
    optional: bool = False
    """Whether the whole level-1 branch may be left empty."""


@dataclass(frozen=True, slots=True)
class DrawnCell:
    """One drawn cell: a label, or a field; and how far it reaches."""

    text: str
    field: str  # section.field, or blank for a label
    level: int  # which level of the tree a [level] label shows, 0 for none
    heading: int  # which level of heading it is, 0 for none; a field that is one is the title
    row: int
    column: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Drawn rows, as they stand on paper. `framed` tells which have borders."""

    rows: int
    framed: tuple[bool, ...]
    heights: tuple[float, ...]
    cells: tuple[DrawnCell, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Section:
    """A part of the form: single fields, or rows that repeat."""

    def __repr__(self) -> str:
        return f"<Section {self.id}: {self.label}, {len(self.fields)} fields>"

    id: str
    label: str
    fields: dict[str, Field]
    head: Drawing
    row: Drawing | None = None
    levels: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    group_label: str = "{label}"
    sheet: str = ""
    """The further sheet on which it stands; blank for the form's own."""

    @property
    def repeats(self) -> bool:
        """Whether the section has rows."""
        return self.row is not None

    def of_grain(self, grain: str) -> tuple[Field, ...]:
        """The section's fields of one grain, in their order in the definition."""
        return tuple(f for f in self.fields.values() if f.grain == grain)


@dataclass(frozen=True, slots=True)
class Case:
    """A filling of a few cells and the verdict that the rule must give on it."""

    verdict: str
    given: dict[str, Any]
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message: words, or a figure to be shown as its kind shows it."""

    words: str = ""
    node: Node | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One check: where `when` holds, `must` has to hold."""

    code: str
    name: str
    section: str
    grain: str
    must: Node
    when: Node | None
    at: tuple[Ref, ...]
    severity: Severity
    message: tuple[Part, ...]
    hint: str
    basis: str
    printed: Part | None
    expected: Part | None
    cases: tuple[Case, ...]
    source: str
    """The text of `must`, for the documentation."""
    when_source: str = ""
    in_sheet: bool = True
    """Whether the template judges it too; else the reader alone does."""
    names_row: bool = False
    """Whether the message's first part says which row it is about."""
    general: str = ""
    """For a check that every form has (V3xx): the key of the field it looks after."""

    @property
    def key(self) -> str:
        """The rule's name within the form: its code, or for a general check code and field."""
        return f"{self.code}:{self.general}" if self.general else self.code

    @property
    def line(self) -> str:
        """The line of 自检 that shows it: its own, or for a general check one a section."""
        if not self.general:
            return self.code
        part = ".group" if self.grain == GROUP else ""
        return f"{self.code}:{self.section}{part}"

    @property
    def row_section(self) -> str:
        """The repeating section whose rows or groups are judged; blank for a form's rule."""
        return "" if self.grain == CELL else self.section


@dataclass(frozen=True, slots=True)
class Paper:
    """One sheet of the form, as it is printed."""

    sheet: str
    title: str
    """Blank where the sheet's first drawn rows hold it."""
    annex: str
    widths: tuple[float, ...]
    side_widths: tuple[float, ...]
    orientation: str


# --- what the summary takes from a form ----------------------------------------------------------


class Sense(StrEnum):
    """How a metric is held against its limit."""

    AT_LEAST = ">="
    BELOW = "<"
    TOP_SHARE = "top"
    """The metric's rank, 1 for the largest, is within this share of those that have one."""


METRICS = {
    "budget": False,
    "execution_rate": True,
    "errors": False,
    "warnings": False,
    "full_share": True,
    "above": False,
    "above_points": False,
    "execution_gap": False,
}
"""What criteria of re-checking may look at, and whether it is a share, shown as a percentage;
`metrics` of the summary's sampling tells what each is."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One sign of risk: a department's metric beyond a limit is worth some points."""

    key: str
    label: str
    metric: str
    """One of `METRICS`; where it is NA the criterion is not met."""
    sense: Sense
    limit: float
    points: float
    why: str

    @property
    def column(self) -> str:
        """The column of a sample with the points that it gave."""
        return f"points_{self.key}"

    @property
    def of_share(self) -> bool:
        """Whether the limit is a share, shown as a percentage."""
        return self.sense is Sense.TOP_SHARE or METRICS[self.metric]

    @property
    def limit_text(self) -> str:
        """The limit as people read it."""
        return f"{self.limit * 100:g}%" if self.of_share else f"{self.limit:g}"


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Parts of the funds that together make up one of the line's amounts."""

    key: str
    heading: str
    parts: tuple[Field, ...]
    whole: str
    """The line's column that the parts add up to."""


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """A section whose rows have a weight and a score, and the ids of its fields that say so."""

    section: Section
    weight: str
    score: str
    expected: str
    """The score as the rule gives it; blank where the form has no such rule."""
    reason: str
    """Why points were lost; blank where the form does not ask."""


SAMPLE_SHARE, SAMPLE_LEAST = 0.2, 3.0
"""How many are proposed for re-checking where the definition does not say."""


@dataclass(frozen=True, slots=True)
class KeyFields:
    """What the summary takes from a form; a field is None, a name blank, where the form has none."""

    amounts: Mapping[str, Field]
    """The amounts of a department's line, by column: the field's id, with its section in front where
    two amounts have one id."""
    every_amount: tuple[Field, ...] = ()
    """Every amount of the form that is one to a return."""
    budget: str = ""
    """The line's column of the budget that spending is held against, by which means are weighted."""
    spent: str = ""
    """The line's column of the spending."""
    project_total: Field | None = None
    """What a department spent on all its projects: the sum of its forms by project should be the same."""
    rate: Field | None = None
    """The execution rate, computed from amounts of the line."""
    rate_formula: Node | None = None
    execution_score: Field | None = None
    """The score of the budget's execution."""
    score: Field | None = None
    """The total score."""
    grade: Field | None = None
    project: Field | None = None
    """The project's name, where a department sends one return a project."""
    prepared_on: Field | None = None
    """The day on which the form was filled in, as it says itself."""
    contacts: tuple[Field, ...] = ()
    """Who filled it in and how to reach them: nothing of it is published."""
    results: tuple[Field, ...] = ()
    """The texts on what was achieved, which no two years share."""
    breakdowns: tuple[Breakdown, ...] = ()
    scored: tuple[ScoredRows, ...] = ()
    grades: tuple[tuple[str, float], ...] = ()
    """(grade, lowest score), best first; the lowest grade is not among them."""
    lowest_grade: str = ""
    reasons: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Groups of reasons for lost points, each with the words by which a text belongs to it; the first
    that fits counts."""
    criteria: tuple[Criterion, ...] = ()
    sample_share: float = SAMPLE_SHARE
    sample_least: float = SAMPLE_LEAST
    """How many are proposed for re-checking: this share of those that answered, and at least so many."""

    @property
    def figures(self) -> dict[str, Field]:
        """Every figure of a department's line and of its funds, by its column."""
        figures = dict(self.amounts) | {item.id: item for _, item in self.composition}
        scores = {"execution_score": self.execution_score, "total_score": self.score}
        for name, item in {"execution_rate": self.rate, **scores}.items():
            if item is not None and not item.is_hidden:
                figures[name] = item
        return figures

    @property
    def composition(self) -> tuple[tuple[str, Field], ...]:
        """(heading, part) of all breakdowns; empty where the form has none."""
        return tuple(
            (breakdown.heading, item) for breakdown in self.breakdowns for item in breakdown.parts
        )

    @property
    def rate_columns(self) -> dict[str, str]:
        """The line's columns that the rate is computed from, by the keys of their fields."""
        columns = {item.key: name for name, item in self.amounts.items()}
        node = self.rate_formula
        return {ref.key: columns[ref.key] for ref in references([node])} if node else {}

    @property
    def rate_needs(self) -> tuple[str, ...]:
        """Those of them in which a blank leaves the rate undecided."""
        node, columns = self.rate_formula, self.rate_columns
        refs = references([node]) if node else ()
        return tuple(dict.fromkeys(columns[ref.key] for ref in refs if ref.blank == "missing"))

    def row_start(self, section: Section) -> str:
        """The field in which a row of a repeating section begins, past its levels and its weight."""
        weights = [rows.weight for rows in self.scored if rows.section is section]
        row_field_ids = (item.id for item in section.of_grain(ROW) if not item.is_hidden)
        return next((name for name in row_field_ids if name not in (*section.levels, *weights)), "")


# --- the form -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Form:
    """One form and version. Amounts are in `unit`.

    A form is equal to itself only: two definitions may differ in their texts alone.
    """

    id: str
    version: str
    name: str
    title: str
    annex: str
    unit: str
    sheet: str
    fiscal_year: int
    widths: tuple[float, ...]
    side_widths: tuple[float, ...]
    orientation: str
    instructions: tuple[str, ...]
    settings: dict[str, float | str]
    sections: dict[str, Section]
    rules: tuple[Rule, ...]
    digest: str
    path: Path
    """The definition's own file; it may build upon others."""
    write_definition: Callable[[], str] = field(repr=False)
    further: tuple[Paper, ...] = ()
    """The sheets beside the form's own, such as a report."""
    revision: int = 1
    """How often the definition was changed after templates of it had been sent out, from 1."""
    earlier_digests: tuple[str, ...] = ()
    """Of templates sent out before, from which this very definition differs in its wording only."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Lists of words, by name, that expressions look for in texts."""
    defines: Mapping[str, Define] = field(default_factory=dict)
    """Named expressions, by name; where one is called, its body stands in the tree."""
    formulas: dict[str, Node] = field(default_factory=dict)
    """The expression of every computed field, by its key, in an order that can be evaluated."""
    key_fields: KeyFields = field(default_factory=lambda: KeyFields({}))
    """What the summary takes from the form."""

    def __repr__(self) -> str:
        return f"<Form {self.key}: {self.name}, {len(self.sections)} sections, {len(self.rules)} rules>"

    def _repr_html_(self) -> str:
        rows = [
            (item.key, item.label, item.mode, item.unit)
            for section in self.sections.values()
            for item in section.fields.values()
        ]
        return html_table(repr(self), ("字段", "名称", "怎样填", "单位"), rows)

    @cached_property
    def definition(self) -> str:
        """All that the definition's files say as one TOML text, which can be read without them."""
        return self.write_definition()

    @property
    def key(self) -> str:
        """The form's id and version: `department_overall 2024`."""
        return f"{self.id} {self.version}"

    def fields(self) -> Iterator[Field]:
        """Every field, section by section."""
        for section in self.sections.values():
            yield from section.fields.values()

    def has_digest(self, digest: str) -> bool:
        """Whether a template's record says that it was made of this definition, or means the same."""
        return digest in (self.digest, *self.earlier_digests)

    def field_of(self, key: str) -> Field:
        """The field of a key such as `funds.final_budget`."""
        section, _, name = key.partition(".")
        return self.sections[section].fields[name]

    @cached_property
    def repeating(self) -> tuple[Section, ...]:
        """The sections that have rows."""
        return tuple(s for s in self.sections.values() if s.repeats)

    @cached_property
    def papers(self) -> tuple[Paper, ...]:
        """Every sheet that is filled in, the form's own first."""
        own_paper = Paper(
            self.sheet, self.title, self.annex, self.widths, self.side_widths, self.orientation
        )
        return (own_paper, *self.further)

    @cached_property
    def further_sheets(self) -> frozenset[str]:
        """The names of the further sheets."""
        return frozenset(paper.sheet for paper in self.further)

    def on_paper(self, paper: Paper) -> Iterator[Section]:
        """The sections that stand on a sheet, downwards."""
        section_sheet = "" if paper.sheet == self.sheet else paper.sheet
        return (section for section in self.sections.values() if section.sheet == section_sheet)

    def origins_of(self, key: str) -> frozenset[str]:
        """The keys of the fields that a field is computed from, itself among them.

        What the template suggests counts as computed: whoever typed another score looked at the same figures.
        """
        return self._origins.get(key) or frozenset((key,))

    @cached_property
    def _origins(self) -> Mapping[str, frozenset[str]]:
        origins: dict[str, frozenset[str]] = {}
        for key, node in self.formulas.items():
            direct = {ref.key for ref in references([node])}
            origins[key] = frozenset((key,)).union(
                *(origins.get(each, frozenset((each,))) for each in direct)
            )
        return origins

    @cached_property
    def sheet_rules(self) -> tuple[Rule, ...]:
        """The rules that the template judges itself."""
        return tuple(rule for rule in self.rules if rule.in_sheet)

    def rule(self, code: str) -> Rule:
        """The form's own rule of a code; KeyError if it has none."""
        for rule in self.rules:
            if rule.code == code and not rule.general:
                return rule
        raise KeyError(code)
