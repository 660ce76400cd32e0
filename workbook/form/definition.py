"""A form's definition: what `workbook/form/definitions/*.toml` says, checked and with its expressions read.

`load_form` reads a file with all that it builds upon (`composition`); every mistake in them is a FormError that
names the file, the key and, inside an expression, the column. docs/form-file.md tells a bureau how to write one.
"""

from __future__ import annotations

import copyreg
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from workbook.arguments import PathLike, as_path, refusal, taken
from workbook.errors import FormError, nearest
from workbook.expression import (
    IDENTIFIER,
    SETTINGS,
    WORDS,
    Node,
    Type,
    has_formula,
    meaning_of,
    references,
)
from workbook.form.coercion import Value
from workbook.form.composition import (
    FORMS_DIR,
    FormHead,
    Source,
    compose,
    dated,
    read_head,
    read_sources,
)
from workbook.form.definition_text import definition_text
from workbook.form.drawing import draw
from workbook.form.key_fields import read_key_fields
from workbook.form.kinds import KINDS, PLAIN_TEXT, Entry, Kind, plain_kind
from workbook.form.model import (
    BACK_SHEET,
    CELL,
    DEPARTMENT,
    DEPARTMENT_CODE,
    FISCAL_YEAR,
    GROUP,
    OWN_SHEETS,
    ROW,
    DrawnCell,
    Field,
    Form,
    Group,
    Paper,
    Rule,
    Section,
)
from workbook.form.rules import check_rules, parse_at, read_rule, read_spares, read_subjects
from workbook.form.scope import FormScope
from workbook.form.standard_rules import general_rules
from workbook.form.toml_table import KEYS, TomlTable
from workbook.form.vocabulary import read_defines, read_words
from workbook.limits import LONGEST_TEXT
from workbook.text import brief, is_blank

UNIT_SETTING = "unit"
"""A setting that every form has: its unit."""
NEEDED = (DEPARTMENT, DEPARTMENT_CODE, FISCAL_YEAR)
"""Fields that every form has: a return is told apart by them."""


def available_forms() -> tuple[Path, ...]:
    """The definitions that come with the project, by name."""
    return tuple(sorted(FORMS_DIR.glob("*.toml")))


def find_form(name: str, version: str | int | None = None) -> Form:
    """The newest definition of a form by its id, or the given version; or that of a .toml file.

    Raises FormError naming the forms there are, ArgumentError for what is no name.

    >>> from workbook import find_form
    >>> list(find_form("department_overall").sections)
    ['identity', 'funds', 'goals', 'indicators', 'totals', 'report']
    """
    taken(name, str, "name", "应是表式的名称，如 department_overall")
    wanted = None if version is None else str(version)
    if name.endswith(".toml"):
        return load_form(Path(name))
    heads = form_heads()
    fitting = [head for head in heads if head.id == name and wanted in (None, head.version)]
    if not fitting:
        versions = [head.version for head in heads if head.id == name]
        hint = (
            f"known: {', '.join(versions)}"
            if versions
            else nearest(name, [head.id for head in heads])
        )
        raise FormError(f"no form '{name}'{f' version {wanted}' if wanted else ''}; {hint}")
    return load_form(max(fitting, key=lambda head: head.version).path)


def form_heads() -> list[FormHead]:
    """What the definitions that come with the project are, without reading more of them than that."""
    return [read_head(path) or _head_of(load_form(path)) for path in available_forms()]


def _head_of(form: Form) -> FormHead:
    return FormHead(form.id, form.version, form.name, form.path)


class KnownForms(Mapping[tuple[str, str], Form]):
    """The definitions that come with the project, and further ones, by id and version.

    One of ours is read when it is first asked for.
    """

    def __init__(self, further: Iterable[Form] = ()) -> None:
        self._paths = {(head.id, head.version): head.path for head in form_heads()}
        self._read = {(form.id, form.version): form for form in further}

    def __getitem__(self, key: tuple[str, str]) -> Form:
        if key not in self._read:
            self._read[key] = load_form(self._paths[key])
        return self._read[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(dict.fromkeys((*self._paths, *self._read)))

    def __len__(self) -> int:
        return len(self._paths.keys() | self._read.keys())


def as_form(value: Form | PathLike, name: str = "form") -> Form:
    """A form, or that of an id or a definition's file. Raises ArgumentError and FormError."""
    if isinstance(value, Form):
        return value
    if isinstance(value, str | os.PathLike):
        return find_form(str(as_path(value, name)))
    raise refusal(name, value, "应是表式（load_form 读出的）、它的名称，或它的 .toml 文件")


def load_form(path: PathLike) -> Form:
    """Read and check one definition with the files it builds upon. Raises FormError.

    The same files are read once.

    >>> from workbook import load_form
    >>> load_form("samples/forms/department_overall_2025.toml").unit
    '万元'
    """
    return _form(read_sources(as_path(path, "path")))


def form_of(path: Path, data: bytes) -> Form:
    """The form that a definition's bytes describe; `path` names it. Raises FormError."""
    form = _form(read_sources(path, data))
    _given_as_bytes[form] = data
    return form


_given_as_bytes: WeakKeyDictionary[Form, bytes] = WeakKeyDictionary()
"""The definitions that lie in no file of their path."""


# A form is itself the key of what is worked out of it, so the same files have to give the same form.
@lru_cache(maxsize=64)
def _form(source: Source) -> Form:
    try:
        composed = compose(source)
        top = TomlTable(dated(composed), source.path.name, "")

        def text() -> str:  # asked for by few
            return source.text if source.is_whole else definition_text(composed, _REMARK)

        return _Loader(source.path, top).form(text)
    except RecursionError:
        message = "defines, formulas or `after` lead to one another in too long a chain"
        raise FormError(f"{source.path.name}: {message}") from None


_REMARK = "由表式定义和它继承的表、引用的规则集合成，一个文件就是全部。写法见 docs/form-file.md。"
"""The comment above a definition that was put together."""


_MOST_MISTAKES = 10


def _all_or_every_mistake(
    read: Callable[[TomlTable], Rule], tables: Iterable[TomlTable]
) -> tuple[Rule, ...]:
    """What is read of all tables; FormError that tells what is wrong with each, not with the first alone."""
    rules, mistakes = [], []
    for table in tables:
        try:
            rules.append(read(table))
        except FormError as error:
            mistakes.append(str(error))
    if mistakes:
        more = (
            [f"… {len(mistakes) - _MOST_MISTAKES} more"] if len(mistakes) > _MOST_MISTAKES else []
        )
        raise FormError("\n".join([*mistakes[:_MOST_MISTAKES], *more]))
    return tuple(rules)


def _digest(table: dict[str, Any], formulas: Mapping[str, Node], rules: Iterable[Rule]) -> str:
    """What returns depend on: fields, geometry and conditions, not comments, messages or hints.

    Of an expression counts what it means, not how it is written: with a define or without.
    """
    conditions = [
        {
            "code": rule.code,
            "scope": [rule.section, rule.grain],
            "when": meaning_of(rule.when) if rule.when else None,
            "must": meaning_of(rule.must),
        }
        for rule in rules
    ]
    meaning = {
        **{k: table.get(k) for k in ("id", "version", "sheet", "unit")},
        "settings": sorted(table.get("settings", {}).items()),
        "section": [_meant(section, formulas) for section in table["section"]],
        "further_sheet": table.get("further_sheet"),
        "rule": conditions,
    }
    return hashlib.sha256(json.dumps(meaning, default=str).encode()).hexdigest()[:16]


def _meant(section: dict[str, Any], formulas: Mapping[str, Node]) -> dict[str, Any]:
    """A [[section]] table with the meaning of its formulas in their place."""
    fields = {
        name: field | {"formula": meaning_of(formulas[f"{section['id']}.{name}"])}
        if "formula" in field
        else field
        for name, field in section.get("fields", {}).items()
    }
    return {key: value for key, value in section.items() if key != "subject"} | {"fields": fields}


def _travelling(form: Form) -> tuple[Callable[..., Form], tuple[Any, ...]]:
    """How a form goes to another process, and back: as its path, or as its bytes, and is read again there."""
    data = _given_as_bytes.get(form)
    return (load_form, (form.path,)) if data is None else (form_of, (form.path, data))


copyreg.pickle(Form, _travelling)


@dataclass(frozen=True, slots=True)
class _Loader:
    path: Path
    top: TomlTable

    def form(self, write_definition: Callable[[], str]) -> Form:
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
        widths = _widths(top, "widths")
        side = _widths(top, "side_widths")
        further = tuple(self._further(t) for t in top.tables("further_sheet", "name"))
        _check_sheet_name(top, "sheet")
        sheets = [top.take("sheet", str), *(paper.sheet for paper in further)]
        folded = [name.casefold() for name in sheets]
        twice = next((name for name in sheets if folded.count(name.casefold()) > 1), "")
        if twice:
            raise top.error("further_sheet", f"'{twice}' is used twice")
        self._check_limits(sections)
        columns = {"": widths + side} | {p.sheet: p.widths for p in further}
        self._check_drawings(sections, {name: len(each) for name, each in columns.items()})
        words = read_words(top, sections)
        defines = read_defines(top, sections, words)
        fields = {section.id: section.fields for section in sections.values()}
        known_settings = settings | {UNIT_SETTING: top.take("unit", str, "万元")}
        scope = FormScope(fields, known_settings, words, defines, self.path.name)
        formulas = self._formulas(sections, scope)
        rule_tables = top.tables("rule", "code")
        subjects = read_subjects(top, scope)
        rules = _all_or_every_mistake(lambda table: read_rule(table, scope, subjects), rule_tables)
        digest = _digest(top.data, formulas, rules)
        form = Form(
            id=_plain_name(top, "id"),
            version=_plain_name(top, "version"),
            revision=self._revision(),
            name=top.take("name", str),
            title=_pattern(top, "title", top.take("title", str), "fiscal_year"),
            annex=top.take("annex", str, ""),
            unit=top.take("unit", str, "万元"),
            sheet=top.take("sheet", str),
            fiscal_year=top.whole("fiscal_year", *_YEARS),
            widths=widths,
            side_widths=side,
            orientation=_one_of(top, "orientation", "portrait", "landscape"),
            instructions=top.strings("instructions"),
            settings=settings,
            words=words,
            defines=defines,
            sections=sections,
            rules=(
                *general_rules(sections, scope, columns, subjects, read_spares(top, scope)),
                *rules,
            ),
            digest=digest,
            earlier_digests=self._earlier_digests(digest),
            path=self.path,
            write_definition=write_definition,
            further=further,
            formulas=formulas,
            key_fields=read_key_fields(top, sections, settings, formulas),
        )
        check_rules(form, rule_tables)
        return form

    def _settings(self) -> dict[str, float | str]:
        table = self.top.table("settings")
        for key, value in table.data.items():
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise table.error(key, "must be a number or a text")
            if key == UNIT_SETTING:
                raise table.error(key, "is the form's own unit; take another name")
        return {k: v if isinstance(v, str) else float(v) for k, v in table.data.items()}

    def _revision(self) -> int:
        revision: int = self.top.take("revision", int, 1)
        if revision < 1:
            raise self.top.error("revision", "counts from 1")
        return revision

    def _earlier_digests(self, digest: str) -> tuple[str, ...]:
        """Those that are said to mean the same as this definition, whose digest is `digest`."""
        table = self.top.table("earlier_digests")
        for earlier in table.data:
            for text in (earlier, table.take(earlier, str)):
                if not re.fullmatch(r"[0-9a-f]{16}", text):
                    raise table.error(earlier, f"'{text}' is no digest of 16 digits")
        return tuple(earlier for earlier, own in table.data.items() if own == digest)

    def _further(self, table: TomlTable) -> Paper:
        table.only(*KEYS["further_sheet"])
        _check_sheet_name(table, "name")
        title = _pattern(table, "title", table.take("title", str, ""), "fiscal_year")
        orientation = _one_of(table, "orientation", "portrait", "landscape")
        return Paper(table.take("name", str), title, "", _widths(table, "widths"), (), orientation)

    # sections

    def _section(self, table: TomlTable) -> Section:
        table.only(*KEYS["section"])
        name = table.take("id", str)
        if not IDENTIFIER.fullmatch(name) or name in (SETTINGS, WORDS):
            raise table.error("id", f"'{name}' must be a lower-case English word")
        repeats = "row" in table.data
        levels = table.strings("levels")
        fields = self._fields(table.table("fields"), name, repeats=repeats)
        if repeats:
            fields = {level: _level_field(name, level) for level in levels} | fields
        if levels:
            fields["group_name"] = Field(
                "group_name", name, levels[0], PLAIN_TEXT, "label", GROUP, blank="empty"
            )
        groups = self._groups(table, levels, fields) if repeats else ()
        row = draw(table, "row", name, levels) if repeats else None
        if row and row.rows != 1:
            raise table.error("row", "must be one drawn row")
        return Section(
            id=name,
            label=table.take("label", str),
            fields=fields,
            head=draw(table, "drawing", name, levels),
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
            sheet=table.take("sheet", str, ""),
        )

    def _groups(
        self, table: TomlTable, levels: tuple[str, ...], fields: Mapping[str, Field]
    ) -> tuple[Group, ...]:
        optional = table.take("optional", bool, False)
        if not levels:
            return (_group(table, (), table.data.get("rows"), fields, optional=optional),)
        groups: list[Group] = []
        for item in table.tables("group", levels[0]):
            item.only(levels[0], *KEYS["group"])
            weight = item.take("weight", float) if "weight" in item.data else None
            top, rows = item.take(levels[0], str), item.data.get("rows")
            spared = optional or item.take("optional", bool, False)
            for rest, each in rows.items() if isinstance(rows, dict) else [("", rows)]:
                path = (top, *(part.strip() for part in rest.split("/") if part))
                if len(path) > len(levels):
                    below = len(levels) - 1
                    raise item.error("rows", f"'{rest}' names more than {below} further levels")
                path += ("",) * (len(levels) - len(path))
                groups.append(_group(item, path, each, fields, weight, optional=spared))
        if not groups:
            raise table.error("group", "a section with levels needs at least one group")
        return tuple(groups)

    def _fields(self, table: TomlTable, section: str, *, repeats: bool) -> dict[str, Field]:
        fields: dict[str, Field] = {}
        for name in table.data:
            if not IDENTIFIER.fullmatch(name):
                raise table.error(name, "must be a lower-case English word")
            if name in _TAKEN:
                raise table.error(name, "is what tables of returns call their keys; take another")
            item = self._field(table.table(name), section, name, repeats=repeats)
            fields[name] = item
            for suffix, formula, type_ in item.kind.parts:
                part = _part_field(item, suffix, formula, type_)
                fields[part.id] = part
        return fields

    def _field(self, table: TomlTable, section: str, name: str, *, repeats: bool) -> Field:
        table.only(*KEYS["field"])
        kind_name = table.take("kind", str)
        if kind_name not in KINDS:
            raise table.error("kind", f"'{kind_name}' is not a kind; {nearest(kind_name, KINDS)}")
        kind = KINDS[kind_name]
        choices = table.strings("choices")
        if (kind.entry is Entry.LIST) != bool(choices):
            raise table.error("choices", "a choice needs choices, and only a choice has them")
        table.refuse_idle("choices", choices, "choice")
        if sum(map(len, choices)) > _MOST_CHOSEN:
            raise table.error("choices", f"have more than {_MOST_CHOSEN} characters together")
        grain = {"": ROW if repeats else CELL, "group": GROUP}.get(table.take("per", str, ""))
        if grain is None or (grain == GROUP and not repeats):
            raise table.error("per", "can only be 'group', in a section with rows")
        value = table.data.get("value")
        if isinstance(value, bool) or not isinstance(value, str | int | float | None):
            raise table.error("value", "must be a text or a number")
        highest = table.data.get("max", self._highest(kind, table.take("unit", str, "")))
        if isinstance(highest, bool) or not isinstance(highest, str | int | float | None):
            raise table.error(
                "max", "must be a number, or the field beside it that limits this one"
            )
        blanks = ("empty", "missing") if kind.type is Type.TEXT else ("missing", "zero")
        return Field(
            id=name,
            section=section,
            label=table.take("label", str),
            kind=kind,
            mode=_mode(table, grain),
            grain=grain,
            by=_one_of(table, "by", "department", "bureau", "reviewer"),
            required=table.data.get("required") is True,
            if_begun=_if_begun(table),
            blank=_one_of(table, "blank", *blanks),
            formula=_formula(table),
            value=float(value) if isinstance(value, int) else value,
            choices=choices,
            max_length=table.whole("max_length", 1, LONGEST_TEXT, kind.max_length or 0) or None,
            lowest=table.take("min", float) if "min" in table.data else kind.lowest,
            highest=float(highest) if isinstance(highest, int) else highest,
            prompt=table.take("prompt", str, ""),
            instruction=table.take("instruction", str, ""),
            unit=table.take("unit", str, ""),
            number_format=table.take("format", str, kind.number_format),
        )

    def _highest(self, kind: Kind, unit: str) -> float | None:
        """A kind's own limit; that of amounts is in 万元."""
        in_yuan = kind.is_amount and (unit or self.top.data.get("unit")) == "元"
        return kind.highest * 10_000 if in_yuan and kind.highest else kind.highest

    def _check_needed(self, sections: dict[str, Section]) -> None:
        known_keys = {item.key for section in sections.values() for item in section.fields.values()}
        for key in NEEDED:
            if key not in known_keys:
                raise self.top.error("section identity", f"every form needs the field {key}")

    def _check_limits(self, sections: dict[str, Section]) -> None:
        for section in sections.values():
            for item in section.fields.values():
                limiting_field = section.fields.get(str(item.highest))
                if isinstance(item.highest, str) and (
                    limiting_field is None or limiting_field.grain != item.grain
                ):
                    table = self._field_table(section.id, item.id)
                    hint = nearest(item.highest, (f.id for f in section.of_grain(item.grain)))
                    raise table.error("max", f"'{item.highest}' is no field beside it; {hint}")
                if (
                    isinstance(item.highest, float)
                    and item.lowest is not None
                    and item.lowest > item.highest
                ):
                    message = (
                        f"the least, {item.lowest:.15g}, is more than the most, {item.highest:.15g}"
                    )
                    raise self._field_table(section.id, item.id).error("min", message)

    def _check_drawings(self, sections: dict[str, Section], edges: dict[str, int]) -> None:
        """`edges` says how many columns each sheet has; the form's own is named blank."""
        if not all(edges.values()):
            raise self.top.error("widths", "must give the width of each column of the paper")
        drawn: set[str] = set()
        for section in sections.values():
            table = self._section_table(section.id)
            if section.sheet not in edges:
                hint = nearest(section.sheet, edges)
                raise table.error("sheet", f"'{section.sheet}' is no [[further_sheet]]; {hint}")
            if section.sheet and section.repeats:
                raise table.error("sheet", "rows that repeat stand on the form's own sheet")
            for key, drawing in (("drawing", section.head), ("row", section.row)):
                for cell in drawing.cells if drawing else ():
                    self._check_cell(table, key, cell, sections, edges[section.sheet])
                    if cell.field in drawn:
                        raise table.error(key, f"'{{{cell.field}}}' is drawn twice")
                    drawn.update({cell.field} - {""})
        for section in sections.values():
            for item in section.fields.values():
                if item.key not in drawn and _must_be_drawn(section, item):
                    table = self._field_table(section.id, item.id)
                    raise table.error("", f"no drawing shows '{{{item.id}}}'")

    def _check_cell(
        self, table: TomlTable, key: str, cell: DrawnCell, sections: dict[str, Section], edge: int
    ) -> None:
        if cell.column + cell.columns > edge:
            raise table.error(key, f"row {cell.row + 1} has more cells than widths ({edge})")
        if cell.level and key != "row":
            raise table.error(key, "a level can only be drawn in the row that repeats")
        if not cell.field:
            return
        owner, _, name = cell.field.partition(".")
        known_fields = sections[owner].fields if owner in sections else {}
        if name not in known_fields:
            hint = nearest(name, known_fields) if known_fields else nearest(owner, sections)
            raise table.error(key, f"'{{{cell.field}}}' is not a field; {hint}")
        repeats = known_fields[name].grain != CELL
        if repeats and (key != "row" or table.whereabouts != f"section {owner}"):
            raise table.error(key, f"'{{{cell.field}}}' belongs in the row of section {owner}")
        if key == "row" and not repeats:
            raise table.error(key, f"'{{{cell.field}}}' is one cell, and the row repeats")

    # expressions

    def _formulas(self, sections: dict[str, Section], scope: FormScope) -> dict[str, Node]:
        nodes: dict[str, Node] = {}
        for section in sections.values():
            for item in section.fields.values():
                if item.formula:
                    table = self._field_table(section.id, item.id)
                    table = replace(table, whereabouts=f"section {section.id}, field {item.id}")
                    standpoint = scope.at(section.id, item.grain)
                    nodes[item.key] = parse_at(
                        table, "formula", item.formula, standpoint, item.kind.type
                    )
                    if not has_formula(nodes[item.key]):
                        raise table.error("formula", "holds what only rules may use")
        return self._ordered(nodes)

    def _ordered(self, nodes: dict[str, Node]) -> dict[str, Node]:
        """The formulas in an order in which each finds what it refers to."""
        done: dict[str, Node] = {}
        waiting: list[str] = []

        def settle(key: str) -> None:
            if key in done:
                return
            if key in waiting:
                table = self._field_table(*key.split("."))
                message = f"refers to itself: {' → '.join([*waiting, key])}"
                raise replace(self.top, data={}, file=table.file_of("formula")).error(
                    f"field {key}", message
                )
            waiting.append(key)
            for ref in references([nodes[key]]):
                referred_key = f"{ref.section}.{ref.field}"
                if referred_key in nodes:
                    settle(referred_key)
            waiting.pop()
            done[key] = nodes[key]

        for key in nodes:
            settle(key)
        return done

    # where a thing read before was written

    def _section_table(self, section: str) -> TomlTable:
        tables = self.top.tables("section", "id")
        return next(table for table in tables if table.data.get("id") == section)

    def _field_table(self, section: str, field: str) -> TomlTable:
        """A field's table; an empty one for a field that comes with another or with a level."""
        return self._section_table(section).table("fields").table(field)


_TAKEN = ("row", "submission", "county")
"""The keys of every frame of rows and what stands beside them, which no field may be called."""


def _group(
    table: TomlTable,
    path: tuple[str, ...],
    rows: object,
    fields: Mapping[str, Field],
    weight: float | None = None,
    *,
    optional: bool,
) -> Group:
    """A branch whose `rows` are a number of them, or for each what stands in it from the beginning."""
    name = f"'{' / '.join(filter(None, path[1:]))}' " if any(path[1:]) else ""
    constants: tuple[Mapping[str, Value], ...] = ()
    if isinstance(rows, int) and not isinstance(rows, bool):
        count = rows
    elif isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        count = len(rows)
    else:
        raise table.error("rows", f"{name}must be how many rows there are, or a list of tables")
    if not 1 <= count <= _MOST_ROWS:
        raise table.error("rows", f"{name}must have at least one row, and at most {_MOST_ROWS}")
    if isinstance(rows, list):
        constants = tuple(_constants(table, row, fields) for row in rows)
    return Group(path, count, weight, constants, optional)


def _constants(
    table: TomlTable, row: Mapping[str, Any], fields: Mapping[str, Field]
) -> dict[str, Value]:
    """What stands in a row from the beginning, as values of its fields."""
    entered = {
        name: item
        for name, item in fields.items()
        if item.grain == ROW and item.mode == "entered" and item.by != "reviewer"
    }
    values: dict[str, Value] = {}
    for name, given in row.items():
        if name not in entered:
            message = (
                f"'{name}' is no field that is filled in in each row; {nearest(name, entered)}"
            )
            raise table.error("rows", message)
        item = entered[name]
        value = float(given) if isinstance(given, int) and not isinstance(given, bool) else given
        fits = isinstance(value, _TYPES[item.kind.type]) and not isinstance(value, bool)
        if not fits or (item.choices and value not in item.choices):
            raise table.error("rows", f"{given!r} is no value of {name}, a {item.kind.name}")
        values[name] = value
    return values


_TYPES: Mapping[Type, type] = {Type.NUMBER: float, Type.TEXT: str, Type.DATE: date}
"""The values that a field of a type takes."""


def _mode(table: TomlTable, grain: str) -> str:
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


def _formula(table: TomlTable) -> str:
    formula = table.take("formula", str, "")
    if "formula" in table.data and is_blank(formula):
        raise table.error("formula", "is blank; say how the field is worked out")
    return formula


def _if_begun(table: TomlTable) -> bool:
    value = table.data.get("required", False)
    if not isinstance(value, bool) and value != "begun":
        raise table.error("required", "must be true, false or 'begun'")
    return bool(value == "begun")


def _must_be_drawn(section: Section, item: Field) -> bool:
    """Whether a field is of no use without a cell on the form's sheet."""
    if item.grain == CELL:
        return item.is_input and item.by == "department"
    if item.grain == GROUP:
        return item.mode == "computed"
    return not item.is_hidden and item.id not in section.levels


_YEARS = (2000, 2100)
_MOST_CHOSEN = 2000
"""Characters of all choices of a field, which stand in one formula."""
_MOST_ROWS = 1000
_WIDEST, _MOST_COLUMNS = 255, 200
"""What a sheet's column may be wide; how many the reader looks at, with some to spare."""


def _widths(table: TomlTable, key: str) -> tuple[float, ...]:
    widths = table.numbers(key, 0, _WIDEST)
    if len(widths) > _MOST_COLUMNS:
        raise table.error(key, f"are {len(widths)} columns, more than {_MOST_COLUMNS}")
    if 0 in widths:
        raise table.error(key, "0 is no width")
    return widths


def _check_sheet_name(table: TomlTable, key: str) -> None:
    """Refuse a sheet's name that Excel does not take, or that a template has already."""
    name = table.take(key, str)
    problem = ""
    if name.casefold() in (*OWN_SHEETS, BACK_SHEET):
        problem = "is the name of a sheet that every template has already"
    elif name.casefold() == "history":
        problem = "is a name that Excel keeps for itself"
    elif not name.strip() or len(name.encode("utf-16-le")) > 2 * _LONGEST_SHEET_NAME:
        problem = f"must have 1 to {_LONGEST_SHEET_NAME} characters"
    elif strange := re.search(r"[\[\]:*?/\\]|^'|'$", name):
        problem = f"holds {strange[0]}, which no sheet's name may hold there"
    elif not name.isprintable():
        problem = "holds a character that cannot be seen"
    if problem:
        raise table.error(key, f"'{brief(name)}' {problem}")


_LONGEST_SHEET_NAME = 31


def _plain_name(table: TomlTable, key: str) -> str:
    """A name that files and folders are called after."""
    name = table.take(key, str)
    if not re.fullmatch(r"\w[\w.-]{0,59}", name):
        raise table.error(
            key, f"'{brief(name)}' must be letters, digits, '_', '-' and '.', at most 60"
        )
    return name


def _one_of(table: TomlTable, key: str, default: str, *alternatives: str) -> str:
    """A text that must be one of a few; the first is the default."""
    value = table.take(key, str, default)
    if value not in (default, *alternatives):
        raise table.error(key, f"'{value}' is none; {nearest(value, (default, *alternatives))}")
    return value


def _pattern(table: TomlTable, key: str, text: str, *names: str) -> str:
    """A text in which `{…}` may only hold some names."""
    plain = [f"{{{name}}}" for name in names]
    if re.search("[{}]", re.sub("|".join(map(re.escape, ("{{", "}}", *plain))), "", text)):
        raise table.error(key, f"may only hold {', '.join(plain)} between braces")
    return text


def _level_field(section: str, level: str) -> Field:
    return Field(level, section, level, PLAIN_TEXT, "fixed", ROW, blank="empty")


def _part_field(owner: Field, suffix: str, formula: str, type_: Type) -> Field:
    blank = "missing" if type_ is Type.NUMBER else "empty"
    return Field(
        id=f"{owner.id}_{suffix}",
        section=owner.section,
        label=f"{owner.label}·{suffix}",
        kind=plain_kind(type_),
        mode="derived",
        grain=owner.grain,
        blank=blank,
        formula=formula.format(owner.id),
    )
