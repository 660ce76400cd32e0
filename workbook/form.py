"""A form's definition: what `workbook/forms/*.toml` says, checked and with its expressions read.

`load_form` reads one self-contained file; every mistake in it is a FormError that names the file, the
key and, inside an expression, the column. docs/form-file.md tells a bureau how to write one.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from workbook import expr
from workbook.errors import ExpressionError, FormError, nearest
from workbook.expr import Literal, Node, Ref
from workbook.findings import CATALOGUE, Severity
from workbook.kinds import KINDS, Kind
from workbook.ops import Type

FORMS_DIR = Path(__file__).parent / "forms"
CELL, ROW, GROUP = "form", "row", "group"
"""Grains: one value a form, one a row of a repeating section, one a level-1 group of it."""
CASE_SECTION = "indicators"
"""Where the rows stand that the cases of a form's rule give."""
NEEDED = ("identity.department", "identity.department_code", "identity.fiscal_year")
"""Fields that every form has: a return is told apart by them."""


@dataclass(frozen=True, slots=True)
class Field:
    """One cell of the form, or one column of a repeating section."""

    id: str
    section: str
    label: str
    kind: Kind
    mode: str
    """entered, computed (locked formula), suggested (a formula to overtype), fixed, derived (hidden)."""
    grain: str
    by: str = "department"
    """Who fills it in: "department", or "bureau" (locked once it is prefilled)."""
    required: bool = False
    blank: str = "missing"
    formula: str = ""
    value: str | float | None = None
    choices: tuple[str, ...] = ()
    max_length: int | None = None
    lowest: float | None = None
    highest: float | str | None = None
    """A number, or the name of the field of the same row that limits this one."""
    prompt: str = ""
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
    def is_computed(self) -> bool:
        """Whether its value follows from other cells."""
        return self.mode in ("computed", "suggested", "derived")


@dataclass(frozen=True, slots=True)
class Group:
    """A branch of a repeating section's tree that holds rows of its own."""

    path: tuple[str, ...]
    """Its labels, level 1 first; empty in a flat section."""
    rows: int
    weight: float | None


@dataclass(frozen=True, slots=True)
class Piece:
    """One drawn cell: a label, or a field; and how far it reaches."""

    text: str
    field: str  # section.field, or blank for a label
    level: int  # which level of the tree a [level] label shows, 0 for none
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
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the form: single fields, or rows that repeat."""

    id: str
    label: str
    fields: dict[str, Field]
    head: Drawing
    row: Drawing | None = None
    levels: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    group_label: str = "{label}"

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
    """A piece of a message: words, or a figure to be shown as its kind shows it."""

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
    general: str = ""
    """For a check that every form has (V3xx): the key of the field it looks after."""

    @property
    def key(self) -> str:
        """The rule's name within the form: its code, or for a general check code and field."""
        return f"{self.code}:{self.general}" if self.general else self.code

    @property
    def line(self) -> str:
        """The line of 自检 that shows it: its own, or for a general check one a section."""
        return f"{self.code}:{self.section}" if self.general else self.code

    @property
    def row_section(self) -> str:
        """The repeating section whose rows or groups are judged; blank for a form's rule."""
        return "" if self.grain == CELL else self.section


@dataclass(frozen=True)
class Form:
    """One form and version. Amounts are in `unit`."""

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
    formulas: dict[str, Node] = field(default_factory=dict)
    """The expression of every computed field, by its key, in an order that can be evaluated."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Between processes a form travels as its path and is read again there."""
        return load_form, (self.path,)

    @property
    def key(self) -> str:
        """The form's id and version: `department_overall 2024`."""
        return f"{self.id} {self.version}"

    def fields(self) -> Iterator[Field]:
        """Every field, section by section."""
        for section in self.sections.values():
            yield from section.fields.values()

    def field_of(self, key: str) -> Field:
        """The field of a key such as `funds.final_budget`."""
        section, _, name = key.partition(".")
        return self.sections[section].fields[name]

    @cached_property
    def repeating(self) -> tuple[Section, ...]:
        """The sections that have rows."""
        return tuple(s for s in self.sections.values() if s.repeats)

    def rule(self, code: str) -> Rule:
        """The form's own rule of a code; KeyError if it has none."""
        for rule in self.rules:
            if rule.code == code and not rule.general:
                return rule
        raise KeyError(code)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands: names resolve from here."""

    form_fields: Mapping[str, Mapping[str, Field]]
    settings: Mapping[str, float | str]
    section: str
    grain: str

    def resolve(self, section: str | None, name: str, *, column: bool) -> Ref | Literal:
        """See `workbook.expr.Scope`."""
        if section == "settings":
            return self._setting(name)
        own = section or self.section
        if own not in self.form_fields:
            known = [*self.form_fields, "settings"]
            raise ExpressionError(f"'{own}' is not a section; {nearest(own, known)}")
        found = self.form_fields[own].get(name)
        if found is None:
            hint = nearest(name, self.form_fields[own])
            raise ExpressionError(f"'{name}' is not a field of section {own}; {hint}")
        return self._reference(found, section, column=column)

    def _setting(self, name: str) -> Literal:
        if name not in self.settings:
            raise ExpressionError(f"'{name}' is not a setting; {nearest(name, self.settings)}")
        value = self.settings[name]
        return Literal(value, Type.TEXT if isinstance(value, str) else Type.NUMBER)

    def _reference(self, found: Field, section: str | None, *, column: bool) -> Ref:
        reach = "cell"
        if column:
            if found.grain != ROW:
                raise ExpressionError(f"'{found.id}' has no column; it is one cell")
            grouped = section is None and self.grain == GROUP
            reach = "group" if grouped else "column"
        elif found.grain != CELL and (found.section != self.section or self.grain == CELL):
            raise ExpressionError(
                f"'{found.id}' is a whole column here; use sum, count or another function over it"
            )
        elif found.grain == ROW and self.grain == GROUP:
            raise ExpressionError(
                f"'{found.id}' has many rows in a group; use sum or count over it"
            )
        decimals = None if found.mode == "derived" else found.kind.decimals
        return Ref(found.section, found.id, found.kind.type, decimals, found.blank, reach)


# --- loading --------------------------------------------------------------------------------------


def available_forms(extra: Path | None = None) -> tuple[Path, ...]:
    """The definitions that come with the project, and those in `extra`, by name."""
    folders = [FORMS_DIR] + ([extra] if extra else [])
    return tuple(sorted(p for folder in folders for p in folder.glob("*.toml")))


def find_form(name: str, version: str | None = None) -> Form:
    """The newest definition of a form by its id, or the given version; or that of a .toml file.

    Raises FormError naming the forms there are.
    """
    if name.endswith(".toml"):
        return load_form(Path(name))
    forms = [load_form(path) for path in available_forms()]
    fitting = [f for f in forms if f.id == name and version in (None, f.version)]
    if not fitting:
        hint = nearest(name, [f.id for f in forms])
        raise FormError(f"no form '{name}'{f' version {version}' if version else ''}; {hint}")
    return max(fitting, key=lambda form: form.version)


def load_form(path: Path | str) -> Form:
    """Read and check one definition. Raises FormError; the same file is read once."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormError(f"{path}: cannot be read: {error.strerror}") from None
    return _load(path, data)


@lru_cache(maxsize=64)
def _load(path: Path, data: bytes) -> Form:
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormError(f"{path.name}: is not valid TOML: {error}") from None
    return _Loader(path, Table(table, path.name, "")).form(_digest(table))


def _digest(table: dict[str, Any]) -> str:
    """What returns depend on: fields, geometry and conditions, not comments, messages or hints."""
    conditions = [
        {key: rule.get(key) for key in ("code", "scope", "when", "must")}
        for rule in table.get("rule", [])
    ]
    meaning = {
        **{k: table.get(k) for k in ("id", "version", "sheet", "unit", "settings", "section")},
        "rule": conditions,
    }
    return hashlib.sha256(json.dumps(meaning, sort_keys=True, default=str).encode()).hexdigest()[
        :16
    ]


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Table:
    """A TOML table with its whereabouts; what is taken from it is checked."""

    data: dict[str, Any]
    file: str
    where: str

    def error(self, key: str, message: str, column: int = 0) -> FormError:
        """A FormError at one of the table's keys."""
        where = f"{self.where}, {key}" if self.where and key else self.where or key
        at = f" at column {column}" if column else ""
        return FormError(f"{self.file}, {where}: {message}{at}")

    def take(self, key: str, wanted: type[T], default: T | None = None) -> T:
        """The value of a key; FormError if it is missing (and has no default) or of another type."""
        if key not in self.data:
            if default is None:
                hint = nearest(key, self.data)
                raise self.error(key, f"is missing; {hint}")
            return default
        value = self.data[key]
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise self.error(key, f"must be a {wanted.__name__}, is {value!r}")
        return value

    def only(self, *known: str) -> None:
        """Refuse keys that mean nothing here."""
        for key in self.data:
            if key not in known:
                raise self.error(key, f"is not known here; {nearest(key, known)}")

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty if the key is missing."""
        value: list[Any] = self.take(key, list, [])
        if not all(isinstance(item, str) for item in value):
            raise self.error(key, "must be a list of texts")
        return tuple(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of numbers; empty if the key is missing."""
        value: list[Any] = self.take(key, list, [])
        if not all(isinstance(item, int | float) for item in value):
            raise self.error(key, "must be a list of numbers")
        return tuple(float(item) for item in value)

    def tables(self, key: str, name: str) -> list[Table]:
        """A list of tables, each named by its key `name` in errors."""
        items: list[Any] = self.take(key, list, [])
        if not all(isinstance(item, dict) for item in items):
            raise self.error(key, f"must be tables, written [[{key}]]")
        result = []
        for number, item in enumerate(items, 1):
            prefix = f"{self.where}, " if self.where else ""
            result.append(Table(item, self.file, f"{prefix}{key} {item.get(name, number)}"))
        return result

    def table(self, key: str) -> Table:
        """A table under a key; empty if it is missing."""
        where = f"{self.where}, {key}" if self.where else key
        return Table(self.take(key, dict, {}), self.file, where)


KEYS = {
    "form": ("id", "version", "name", "title", "annex", "unit", "sheet", "fiscal_year", "widths",
             "side_widths", "orientation", "instructions", "settings", "section", "rule"),
    "section": ("id", "label", "fields", "drawing", "heights", "row", "levels", "group", "rows",
                "group_label"),
    "field": ("label", "kind", "by", "required", "blank", "formula", "suggested", "value", "choices",
              "max_length", "min", "max", "prompt", "per", "unit", "derived", "format"),
    "group": ("weight", "rows"),  # and the first level's name
    "rule": ("code", "name", "scope", "when", "must", "at", "severity", "message", "hint", "basis",
             "printed", "expected", "cases"),
    "case": ("verdict", "given", "rows"),
}  # fmt: skip
"""Every key that a definition may hold, by the table it stands in; docs/form-file.md explains each."""
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class _Loader:
    path: Path
    top: Table

    def form(self, digest: str) -> Form:
        top = self.top
        top.only(*KEYS["form"])
        settings = self._settings()
        sections: dict[str, Section] = {}
        for table in top.tables("section", "id"):
            section = self._section(table)
            if section.id in sections:
                raise table.error("id", f"'{section.id}' is used twice")
            sections[section.id] = section
        if not sections:
            raise top.error("section", "a form needs at least one [[section]]")
        self._check_needed(sections)
        widths = top.numbers("widths")
        side = top.numbers("side_widths")
        self._check_limits(sections)
        self._check_drawings(sections, len(widths), len(widths) + len(side))
        scope = _FormScope({s.id: s.fields for s in sections.values()}, settings)
        form = Form(
            id=top.take("id", str),
            version=top.take("version", str),
            name=top.take("name", str),
            title=_pattern(top, "title", top.take("title", str), "fiscal_year"),
            annex=top.take("annex", str, ""),
            unit=top.take("unit", str, "万元"),
            sheet=top.take("sheet", str),
            fiscal_year=top.take("fiscal_year", int),
            widths=widths,
            side_widths=side,
            orientation=_one_of(top, "orientation", "portrait", "landscape"),
            instructions=top.strings("instructions"),
            settings=settings,
            sections=sections,
            rules=(
                *_general_rules(sections, scope),
                *(self._rule(t, scope) for t in top.tables("rule", "code")),
            ),
            digest=digest,
            path=self.path,
            formulas=self._formulas(sections, scope),
        )
        self._check_rules(form)
        return form

    def _settings(self) -> dict[str, float | str]:
        table = self.top.table("settings")
        for key, value in table.data.items():
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise table.error(key, "must be a number or a text")
        return {k: v if isinstance(v, str) else float(v) for k, v in table.data.items()}

    # sections

    def _section(self, table: Table) -> Section:
        table.only(*KEYS["section"])
        name = table.take("id", str)
        if not _IDENTIFIER.fullmatch(name) or name == "settings":
            raise table.error("id", f"'{name}' must be a lower-case English word")
        repeats = "row" in table.data
        levels = table.strings("levels")
        found = self._fields(table.table("fields"), name, repeats=repeats)
        if repeats:
            found = {level: _level_field(name, level) for level in levels} | found
        groups = self._groups(table, levels) if repeats else ()
        row = _draw(table, "row", name, levels) if repeats else None
        if row and row.rows != 1:
            raise table.error("row", "must be one drawn row")
        return Section(
            id=name,
            label=table.take("label", str),
            fields=found,
            head=_draw(table, "drawing", name, levels),
            row=row,
            levels=levels,
            groups=groups,
            group_label=_pattern(
                table,
                "group_label",
                table.take("group_label", str, "{label}"),
                "label",
                "weight",
                *levels[:1],
            ),
        )

    def _groups(self, table: Table, levels: tuple[str, ...]) -> tuple[Group, ...]:
        if not levels:
            return (Group((), table.take("rows", int), None),)
        groups: list[Group] = []
        for item in table.tables("group", levels[0]):
            item.only(levels[0], *KEYS["group"])
            weight = item.take("weight", float) if "weight" in item.data else None
            top = item.take(levels[0], str)
            rows = {"": item.take("rows", int)} if len(levels) == 1 else item.take("rows", dict)
            for rest, count in rows.items():
                path = (top, *(part.strip() for part in rest.split("/") if part))
                if len(path) != len(levels):
                    raise item.error("rows", f"'{rest}' must name {len(levels) - 1} further levels")
                if not isinstance(count, int) or count < 1:
                    raise item.error("rows", f"'{rest}' must have at least one row")
                groups.append(Group(path, count, weight))
        if not groups:
            raise table.error("group", "a section with levels needs at least one group")
        return tuple(groups)

    def _fields(self, table: Table, section: str, *, repeats: bool) -> dict[str, Field]:
        found: dict[str, Field] = {}
        for name in table.data:
            if not _IDENTIFIER.fullmatch(name):
                raise table.error(name, "must be a lower-case English word")
            item = self._field(table.table(name), section, name, repeats=repeats)
            found[name] = item
            for suffix, formula, type_ in item.kind.parts:
                part = _part_field(item, suffix, formula, type_)
                found[part.id] = part
        return found

    def _field(self, table: Table, section: str, name: str, *, repeats: bool) -> Field:
        table.only(*KEYS["field"])
        kind_name = table.take("kind", str)
        if kind_name not in KINDS:
            raise table.error("kind", f"'{kind_name}' is not a kind; {nearest(kind_name, KINDS)}")
        kind = KINDS[kind_name]
        choices = table.strings("choices")
        if (kind_name == "choice") != bool(choices):
            raise table.error("choices", "a choice needs choices, and only a choice has them")
        grain = {"": ROW if repeats else CELL, "group": GROUP}.get(table.take("per", str, ""))
        if grain is None or (grain == GROUP and not repeats):
            raise table.error("per", "can only be 'group', in a section with rows")
        value = table.data.get("value")
        highest = table.data.get("max", self._highest(kind, table.take("unit", str, "")))
        blanks = ("empty", "missing") if kind.type is Type.TEXT else ("missing", "zero")
        return Field(
            id=name,
            section=section,
            label=table.take("label", str),
            kind=kind,
            mode=_mode(table, grain),
            grain=grain,
            by=_one_of(table, "by", "department", "bureau"),
            required=table.take("required", bool, False),
            blank=_one_of(table, "blank", *blanks),
            formula=table.take("formula", str, ""),
            value=float(value) if isinstance(value, int) else value,
            choices=choices,
            max_length=table.take("max_length", int, kind.max_length or 0) or None,
            lowest=table.take("min", float) if "min" in table.data else kind.lowest,
            highest=float(highest) if isinstance(highest, int) else highest,
            prompt=table.take("prompt", str, ""),
            unit=table.take("unit", str, ""),
            number_format=table.take("format", str, kind.number_format),
        )

    def _highest(self, kind: Kind, unit: str) -> float | None:
        """A kind's own limit; that of amounts is in 万元."""
        in_yuan = kind.name == "money" and (unit or self.top.data.get("unit")) == "元"
        return kind.highest * 10_000 if in_yuan and kind.highest else kind.highest

    def _check_needed(self, sections: dict[str, Section]) -> None:
        known = {item.key for section in sections.values() for item in section.fields.values()}
        for key in NEEDED:
            if key not in known:
                raise self.top.error("section identity", f"every form needs the field {key}")

    def _check_limits(self, sections: dict[str, Section]) -> None:
        for section in sections.values():
            for item in section.fields.values():
                other = section.fields.get(str(item.highest))
                if isinstance(item.highest, str) and (other is None or other.grain != item.grain):
                    table = Table({}, self.top.file, f"section {section.id}, fields, {item.id}")
                    hint = nearest(item.highest, (f.id for f in section.of_grain(item.grain)))
                    raise table.error("max", f"'{item.highest}' is no field beside it; {hint}")

    def _check_drawings(self, sections: dict[str, Section], paper: int, edge: int) -> None:
        if not paper:
            raise self.top.error("widths", "must give the width of each column of the paper")
        drawn: set[str] = set()
        for section in sections.values():
            for key, drawing in (("drawing", section.head), ("row", section.row)):
                table = Table({}, self.top.file, f"section {section.id}")
                for piece in drawing.pieces if drawing else ():
                    self._check_piece(table, key, piece, sections, edge)
                    if piece.field in drawn:
                        raise table.error(key, f"'{{{piece.field}}}' is drawn twice")
                    drawn.update({piece.field} - {""})
        for section in sections.values():
            for item in section.fields.values():
                if item.key not in drawn and _must_be_drawn(section, item):
                    table = Table({}, self.top.file, f"section {section.id}, fields, {item.id}")
                    raise table.error("", f"no drawing shows '{{{item.id}}}'")

    def _check_piece(
        self, table: Table, key: str, piece: Piece, sections: dict[str, Section], edge: int
    ) -> None:
        if piece.column + piece.columns > edge:
            raise table.error(key, f"row {piece.row + 1} has more cells than widths ({edge})")
        if piece.level and key != "row":
            raise table.error(key, "a level can only be drawn in the row that repeats")
        if not piece.field:
            return
        owner, _, name = piece.field.partition(".")
        known = sections[owner].fields if owner in sections else {}
        if name not in known:
            hint = nearest(name, known) if known else nearest(owner, sections)
            raise table.error(key, f"'{{{piece.field}}}' is not a field; {hint}")
        repeats = known[name].grain != CELL
        if repeats and (key != "row" or table.where != f"section {owner}"):
            raise table.error(key, f"'{{{piece.field}}}' belongs in the row of section {owner}")
        if key == "row" and not repeats:
            raise table.error(key, f"'{{{piece.field}}}' is one cell, and the row repeats")

    # expressions

    def _formulas(self, sections: dict[str, Section], scope: _FormScope) -> dict[str, Node]:
        nodes: dict[str, Node] = {}
        for section in sections.values():
            for item in section.fields.values():
                if item.formula:
                    table = Table({}, self.top.file, f"section {section.id}, field {item.id}")
                    place = scope.at(section.id, item.grain)
                    nodes[item.key] = self._parse(
                        table, "formula", item.formula, place, item.kind.type
                    )
        return _ordered(nodes, self.top)

    def _parse(
        self,
        table: Table,
        key: str,
        text: str,
        place: Place,
        expected: Type | None,
        start: int = 0,
    ) -> Node:
        """Read an expression that begins after `start` characters of the key's text."""
        start += len(text) - len(text.lstrip())
        try:
            return expr.parse(text.strip(), place, expected)
        except ExpressionError as error:
            raise table.error(key, str(error), error.column + start) from None

    def _rule(self, table: Table, scope: _FormScope) -> Rule:
        table.only(*KEYS["rule"])
        section, grain = self._scope(table, scope)
        place = scope.at(section, grain)
        when = table.take("when", str, "")
        severity = table.take("severity", str, "error")
        if severity not in set(Severity):
            raise table.error("severity", f"'{severity}' is none; {nearest(severity, Severity)}")
        return Rule(
            code=table.take("code", str),
            name=table.take("name", str),
            section=section,
            grain=grain,
            must=self._parse(table, "must", table.take("must", str), place, Type.TRUTH),
            when=self._parse(table, "when", when, place, Type.TRUTH) if when else None,
            at=self._at(table, place),
            severity=Severity(severity),
            message=self._message(table, "message", place, scope),
            hint=table.take("hint", str),
            basis=table.take("basis", str),
            printed=self._figure(table, "printed", place, scope),
            expected=self._figure(table, "expected", place, scope),
            cases=tuple(_case(t) for t in table.tables("cases", "verdict")),
            source=table.take("must", str),
            when_source=when,
        )

    def _scope(self, table: Table, scope: _FormScope) -> tuple[str, str]:
        """`form`, a section's id (its rows if it has some), or `section/group`."""
        section, _, part = table.take("scope", str).partition("/")
        if section == "form":
            return next(iter(scope.fields)), CELL
        if section not in scope.fields:
            hint = nearest(section, ["form", *scope.fields])
            raise table.error("scope", f"'{section}' is not a section; {hint}")
        if part not in ("", "group"):
            raise table.error("scope", f"'{part}' can only be 'group'")
        repeats = any(f.grain == ROW for f in scope.fields[section].values())
        if part and not repeats:
            raise table.error("scope", f"section {section} has no rows to group")
        return section, GROUP if part else ROW if repeats else CELL

    def _at(self, table: Table, place: Place) -> tuple[Ref, ...]:
        names = table.strings("at") if isinstance(table.data.get("at"), list) else (
            table.take("at", str),
        )  # fmt: skip
        refs = []
        for name in names:
            section, _, rest = name.rpartition(".")
            column = place.grain == GROUP and self._is_row_field(place, section, rest)
            try:
                ref = place.resolve(section or None, rest, column=column)
            except ExpressionError as error:
                raise table.error("at", str(error)) from None
            if not isinstance(ref, Ref):
                raise table.error("at", f"'{name}' is a setting, not a cell")
            refs.append(ref)
        return tuple(refs)

    def _is_row_field(self, place: Place, section: str, name: str) -> bool:
        found = place.form_fields.get(section or place.section, {}).get(name)
        return found is not None and found.grain == ROW

    def _message(self, table: Table, key: str, place: Place, scope: _FormScope) -> tuple[Part, ...]:
        parts: list[Part] = []
        start = 0
        for number, words in enumerate(re.split(r"\{([^{}]*)\}", table.take(key, str))):
            if number % 2 == 0:
                parts += [Part(words)] if words else []
                start += len(words) + 1
            else:
                parts.append(self._shown(table, key, words, place, scope, start))
                start += len(words) + 1
        return tuple(parts)

    def _figure(self, table: Table, key: str, place: Place, scope: _FormScope) -> Part | None:
        text = table.take(key, str, "")
        return self._shown(table, key, text, place, scope) if text else None

    def _shown(
        self, table: Table, key: str, text: str, place: Place, scope: _FormScope, start: int = 0
    ) -> Part:
        text, _, kind_name = text.partition(":")
        node = self._parse(table, key, text, place, None, start)
        if kind_name:
            if kind_name not in KINDS:
                raise table.error(key, f"'{kind_name}' is not a kind; {nearest(kind_name, KINDS)}")
            return Part(node=node, kind=KINDS[kind_name])
        refs = list(expr.references([node]))
        if refs and not isinstance(node, Literal):
            kind = scope.fields[refs[0].section][refs[0].field].kind
            if kind.type is node.type:
                return Part(node=node, kind=kind)
        return Part(node=node, kind=KINDS["text" if node.type is Type.TEXT else "number"])

    def _check_rules(self, form: Form) -> None:
        seen: set[str] = set()
        for rule in form.rules:
            if rule.general:
                continue
            table = Table({}, self.top.file, f"rule {rule.code}")
            if not re.fullmatch(r"[A-Z]\d{3}", rule.code):
                raise table.error("code", "must be a letter and three digits, such as D401")
            if rule.code in seen:
                raise table.error("code", "is used twice")
            seen.add(rule.code)
            for case in rule.cases:
                self._check_case(table, rule, case, form)
            verdicts = {case.verdict for case in rule.cases}
            if not {"holds", "broken"} <= verdicts:
                raise table.error("cases", "needs a case that holds and one that is broken")

    def _check_case(self, table: Table, rule: Rule, case: Case, form: Form) -> None:
        """Every cell that a case fills in must be one of the form's."""
        given = [key if "." in key else f"{rule.section}.{key}" for key in case.given]
        section = rule.row_section or CASE_SECTION
        given += [f"{section}.{name}.1" for row in case.rows for name in row]
        for key in given:
            name, _, number = key.rpartition(".")
            name, grain = (name, ROW) if number.isdigit() else (key, CELL)
            known = [item.key for item in form.fields() if item.grain == grain]
            if name not in known:
                raise table.error("cases", f"'{key}' is no such cell; {nearest(name, known)}")


# --- checks that every form has ----------------------------------------------------------------


def _general_rules(sections: dict[str, Section], scope: _FormScope) -> Iterator[Rule]:
    """What follows from the fields themselves: filled in, a number, within limits, not too long."""
    for section in sections.values():
        for code in ("V301", "V302", "V304", "V305", "V306"):
            for item in section.fields.values():
                texts = _GENERAL[code](item) if item.is_input else None
                if texts:
                    yield _general_rule(code, item, texts, scope)


def _required(item: Field) -> tuple[str, str] | None:
    return (f"filled({item.id})", "") if item.required else None


def _numeric(item: Field) -> tuple[str, str] | None:
    if item.kind.type is Type.TEXT:
        return None
    return f"blank({item.id}) or numeric({item.id})", ""


def _within(item: Field) -> tuple[str, str] | None:
    bounds = []
    if item.lowest is not None:
        bounds.append(f"{item.id} >= {item.lowest!r}")
    if isinstance(item.highest, float):
        bounds.append(f"{item.id} <= {item.highest!r}")
    return (" and ".join(bounds), f"numeric({item.id})") if bounds else None


def _short(item: Field) -> tuple[str, str] | None:
    if item.kind.type is not Type.TEXT or not item.max_length:
        return None
    return f"length({item.id}) <= {item.max_length}", f"filled({item.id})"


def _chosen(item: Field) -> tuple[str, str] | None:
    if not item.choices:
        return None
    return " or ".join(f"exact({item.id}, {c!r})" for c in item.choices), f"filled({item.id})"


_GENERAL = {
    "V301": _required,
    "V302": _numeric,
    "V304": _within,
    "V305": _short,
    "V306": _chosen,
}


def _general_rule(code: str, item: Field, texts: tuple[str, str], scope: _FormScope) -> Rule:
    entry = CATALOGUE[code]
    place = scope.at(item.section, item.grain)
    words = {"label": item.label, "problem": "不是数字", "limit": str(item.max_length)}
    ref = place.resolve(None, item.id, column=False)
    assert isinstance(ref, Ref)
    return Rule(
        code=code,
        name=f"{entry.name}：{item.label}",
        section=item.section,
        grain=item.grain,
        must=expr.parse(texts[0], place, Type.TRUTH),
        when=expr.parse(texts[1], place, Type.TRUTH) if texts[1] else None,
        at=(ref,),
        severity=entry.severity,
        message=(Part(entry.message.format(**words)),),
        hint=entry.hint,
        basis=entry.basis,
        printed=None if code == "V301" else Part(node=ref, kind=item.kind),
        expected=Part(_bounds(item)) if code == "V304" else None,
        cases=(),
        source=texts[0],
        general=item.key,
    )


def _bounds(item: Field) -> str:
    lowest = "" if item.lowest is None else f"{item.lowest:.15g}"
    highest = f"{item.highest:.15g}" if isinstance(item.highest, float) else ""
    return f"{lowest} 至 {highest}"


@dataclass(frozen=True, slots=True)
class _FormScope:
    fields: dict[str, dict[str, Field]]
    settings: dict[str, float | str]

    def at(self, section: str, grain: str) -> Place:
        return Place(self.fields, self.settings, section, grain)


def _mode(table: Table, grain: str) -> str:
    formula, suggested = "formula" in table.data, table.take("suggested", bool, False)
    if suggested and not formula:
        raise table.error("suggested", "needs a formula that suggests the value")
    if table.take("derived", bool, False):
        if not formula:
            raise table.error("derived", "needs a formula")
        return "derived"
    if formula:
        return "suggested" if suggested else "computed"
    return "fixed" if "value" in table.data or grain == GROUP else "entered"


def _must_be_drawn(section: Section, item: Field) -> bool:
    """Whether a field is of no use without a cell on the form's sheet."""
    if item.grain == CELL:
        return item.is_input and item.by == "department"
    if item.grain == GROUP:
        return item.mode == "computed"
    return item.mode != "derived" and item.id not in section.levels


def _one_of(table: Table, key: str, usual: str, *others: str) -> str:
    """A text that must be one of a few; the first is the default."""
    value = table.take(key, str, usual)
    if value not in (usual, *others):
        raise table.error(key, f"'{value}' is none; {nearest(value, (usual, *others))}")
    return value


def _pattern(table: Table, key: str, text: str, *names: str) -> str:
    """A text in which `{…}` may only hold some names."""
    try:
        text.format_map(dict.fromkeys(names, ""))
    except (KeyError, ValueError, IndexError):
        allowed = ", ".join(f"{{{name}}}" for name in names)
        raise table.error(key, f"may only hold {allowed} between braces") from None
    return text


def _level_field(section: str, level: str) -> Field:
    return Field(level, section, level, KINDS["text"], "fixed", ROW, blank="empty")


def _part_field(owner: Field, suffix: str, formula: str, type_: Type) -> Field:
    kind = KINDS["number" if type_ is Type.NUMBER else "text"]
    blank = "missing" if type_ is Type.NUMBER else "empty"
    return Field(
        id=f"{owner.id}_{suffix}",
        section=owner.section,
        label=f"{owner.label}·{suffix}",
        kind=kind,
        mode="derived",
        grain=owner.grain,
        blank=blank,
        formula=formula.format(owner.id),
    )


def _ordered(nodes: dict[str, Node], top: Table) -> dict[str, Node]:
    """The formulas in an order in which each finds what it refers to."""
    done: dict[str, Node] = {}
    waiting: list[str] = []

    def settle(key: str) -> None:
        if key in done:
            return
        if key in waiting:
            raise top.error(f"field {key}", f"refers to itself: {' → '.join([*waiting, key])}")
        waiting.append(key)
        for ref in expr.references([nodes[key]]):
            other = f"{ref.section}.{ref.field}"
            if other in nodes:
                settle(other)
        waiting.pop()
        done[key] = nodes[key]

    for key in nodes:
        settle(key)
    return done


def _case(table: Table) -> Case:
    table.only(*KEYS["case"])
    verdict = table.take("verdict", str)
    if verdict not in ("holds", "broken", "undecided"):
        raise table.error("verdict", "must be holds, broken or undecided")
    rows: list[dict[str, Any]] = table.take("rows", list, [])
    return Case(verdict, table.take("given", dict, {}), tuple(rows))


# --- drawings -------------------------------------------------------------------------------------

_FIELD = re.compile(r"\{([a-z0-9_.]+)\}")
_LEVEL = re.compile(r"\[([a-z0-9_]+)\]")


def _draw(table: Table, key: str, section: str, levels: tuple[str, ...]) -> Drawing:
    """Read drawn rows: `a | b | <` and so on; see docs/form-file.md."""
    value = table.data.get(key, [])
    lines = [value] if isinstance(value, str) else list(table.strings(key))
    grid: list[list[str]] = []
    framed = []
    for line in lines:
        framed.append(not line.startswith("~"))
        grid.append([cell.strip(" ") for cell in line.removeprefix("~").split("|")])
    heights = table.numbers("heights") if key == "drawing" else ()
    if heights and len(heights) != len(lines):
        raise table.error("heights", f"must have one number for each of the {len(lines)} rows")
    pieces = []
    for row, line_cells in enumerate(grid):
        for column, cell in enumerate(line_cells):
            if cell not in ("<", "^"):
                pieces.append(_piece(table, key, grid, row, column, section, levels))
            else:
                _check_mark(table, key, grid, row, column)
    return Drawing(len(grid), tuple(framed), heights or (0.0,) * len(grid), tuple(pieces))


def _check_mark(table: Table, key: str, grid: list[list[str]], row: int, column: int) -> None:
    if grid[row][column] == "<" and column == 0:
        raise table.error(key, f"row {row + 1} begins with '<', which has nothing to its left")
    if grid[row][column] == "^" and (row > 0 and column >= len(grid[row - 1])):
        raise table.error(key, f"row {row + 1}, cell {column + 1}: '^' has nothing above it")


def _piece(
    table: Table,
    key: str,
    grid: list[list[str]],
    row: int,
    column: int,
    section: str,
    levels: tuple[str, ...],
) -> Piece:
    columns = 1
    while column + columns < len(grid[row]) and grid[row][column + columns] == "<":
        columns += 1
    rows = 1
    while row + rows < len(grid) and grid[row + rows][column : column + 1] == ["^"]:
        rows += 1
    text = grid[row][column]
    named = _FIELD.fullmatch(text)
    level = _LEVEL.fullmatch(text)
    if level and level[1] not in levels:
        raise table.error(key, f"[{level[1]}] is not a level; {nearest(level[1], levels)}")
    name = ""
    if named:
        name = named[1] if "." in named[1] else f"{section}.{named[1]}"
    shown = "" if named or level else text.replace("\\n", "\n")
    return Piece(
        shown, name, levels.index(level[1]) + 1 if level else 0, row, column, rows, columns
    )
