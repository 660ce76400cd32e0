"""Reading the [[rule]] tables of a definition."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any

from workbook.catalogue import Severity
from workbook.errors import ExpressionError, FormError, nearest
from workbook.expression import Define, Literal, Node, Ref, Type, has_formula, parse, references
from workbook.form.kinds import KINDS, plain_kind, shown
from workbook.form.model import CELL, FISCAL_YEAR, GROUP, ROW, Case, Field, Form, Part, Rule
from workbook.form.scope import FormScope, Standpoint
from workbook.form.toml_table import KEYS, TomlTable

CASE_SECTION = "indicators"
"""Where the rows stand that the cases of a form's rule give."""


def parse_at(
    table: TomlTable,
    key: str,
    text: str,
    standpoint: Standpoint,
    expected: Type | None,
    start: int = 0,
) -> Node:
    """Read an expression that begins after `start` characters of the key's text."""
    start += len(text) - len(text.lstrip())
    try:
        return parse(text.strip(), standpoint, expected)
    except ExpressionError as error:
        located = _located(table, key, error, start, standpoint.defines)
        if error.unknown:
            raise _with_way_out(located, table, key, standpoint.file) from None
        raise located from None


def _with_way_out(error: FormError, table: TomlTable, key: str, file: str) -> FormError:
    """An error about what the form lacks, with what its own `file` may do where another file needs it."""
    if table.file_of(key) == file:
        return error
    return FormError(f'{error}; or write without = ["{table.name}"] into {file}')


def _located(
    table: TomlTable, key: str, error: ExpressionError, start: int, defines: Mapping[str, Define]
) -> FormError:
    """The mistake where it stands: in the key's text, or in a define and the calls that led there."""
    if not error.within:
        return table.error(key, str(error), error.column + start)
    (name, column), *callers = error.within
    calls = [f"define {caller} at column {at}" for caller, at in callers]
    calls.append(f"{table.whereabouts}, {key} at column {error.column + start}")
    message = f"{error} at column {column}, called by {', called by '.join(calls)}"
    return TomlTable({}, defines[name].file, f"define {name}").error("", message)


_LABEL = "label"
"""Written like a kind behind a field: what the form calls it is shown, not its value."""


def read_rule(table: TomlTable, scope: FormScope, subjects: Mapping[str, Part]) -> Rule:
    """The rule of a [[rule]] table; `subjects` say which row is meant, by section. Raises FormError."""
    table.only(*KEYS["rule"])
    section, grain = _scope(table, scope)
    standpoint = scope.at(section, grain)
    when = table.take("when", str, "")
    severity = table.take("severity", str, "error")
    if severity not in set(Severity):
        raise table.error("severity", f"'{severity}' is none; {nearest(severity, Severity)}")
    rule = Rule(
        code=table.take("code", str),
        name=table.take("name", str),
        section=section,
        grain=grain,
        must=parse_at(table, "must", table.take("must", str), standpoint, Type.TRUTH),
        when=parse_at(table, "when", when, standpoint, Type.TRUTH) if when else None,
        at=_at(table, standpoint),
        severity=Severity(severity),
        message=_message(table, "message", standpoint, scope),
        hint=_fixed_text(table, "hint", standpoint, scope),
        basis=_fixed_text(table, "basis", standpoint, scope),
        printed=_figure(table, "printed", standpoint, scope),
        expected=_figure(table, "expected", standpoint, scope),
        cases=tuple(_case(t, scope.fields[section]) for t in table.tables("cases", "verdict")),
        source=table.take("must", str),
        when_source=when,
    )
    if not (has_formula(rule.must) and (rule.when is None or has_formula(rule.when))):
        rule = replace(rule, in_sheet=False)
    elif any(part.node is not None and not has_formula(part.node) for part in rule.message):
        raise table.error(
            "message", "holds what a sheet cannot work out, though it judges the rule"
        )
    subject = subjects.get(section) if grain == ROW else None
    if subject is None or _cells_of([subject]) & _cells_of(rule.message):
        return rule  # or its message names the row itself
    return replace(rule, message=(subject, *rule.message), names_row=True)


def _scope(table: TomlTable, scope: FormScope) -> tuple[str, str]:
    """`form`, a section's id (its rows if it has some), or `section/group`."""
    section, _, part = table.take("scope", str).partition("/")
    if section == "form":
        return next(iter(scope.fields)), CELL
    if section not in scope.fields:
        hint = nearest(section, ["form", *scope.fields])
        error = table.error("scope", f"'{section}' is not a section; {hint}")
        raise _with_way_out(error, table, "scope", scope.file)
    if part not in ("", "group"):
        raise table.error("scope", f"'{part}' can only be 'group'")
    repeats = any(f.grain == ROW for f in scope.fields[section].values())
    if part and not repeats:
        raise table.error("scope", f"section {section} has no rows to group")
    return section, GROUP if part else ROW if repeats else CELL


def _at(table: TomlTable, standpoint: Standpoint) -> tuple[Ref, ...]:
    names = table.strings("at") if isinstance(table.data.get("at"), list) else (
        table.take("at", str),
    )  # fmt: skip
    refs = []
    for name in names:
        section, _, rest = name.rpartition(".")
        column = standpoint.grain == GROUP and _is_row_field(standpoint, section, rest)
        try:
            ref = standpoint.resolve(section or None, rest, column=column)
        except ExpressionError as error:
            located = table.error("at", str(error))
            raise _with_way_out(located, table, "at", standpoint.file) from None
        if not isinstance(ref, Ref):
            raise table.error("at", f"'{name}' is a setting, not a cell")
        refs.append(ref)
    return tuple(refs)


def _is_row_field(standpoint: Standpoint, section: str, name: str) -> bool:
    item = standpoint.form_fields.get(section or standpoint.section, {}).get(name)
    return item is not None and item.grain == ROW


def _message(
    table: TomlTable, key: str, standpoint: Standpoint, scope: FormScope
) -> tuple[Part, ...]:
    parts: list[Part] = []
    start = 0
    for number, words in enumerate(re.split(r"\{([^{}]*)\}", table.take(key, str))):
        if number % 2 == 0:
            parts += [Part(words)] if words else []
            start += len(words) + 1
        else:
            parts.append(_shown(table, key, words, standpoint, scope, start))
            start += len(words) + 1
    return tuple(_run_together(parts))


def _run_together(parts: Iterable[Part]) -> Iterator[Part]:
    """Parts with the words of neighbours in one, constants among them."""
    for are_words, run in groupby(map(_worded, parts), key=lambda part: part.node is None):
        members = list(run)
        yield from [Part("".join(part.words for part in members))] if are_words else members


def _worded(part: Part) -> Part:
    if isinstance(part.node, Literal) and part.kind is not None:
        return Part(shown(part.kind, part.node.value))
    return part


def _fixed_text(table: TomlTable, key: str, standpoint: Standpoint, scope: FormScope) -> str:
    """A text that is the same for all returns; in braces only settings and fields' labels."""
    parts = _message(table, key, standpoint, scope)
    if any(part.node is not None for part in parts):
        allowed = "settings and {field:label}"
        raise table.error(
            key, f"may only hold {allowed} between braces: it is said of every return"
        )
    return "".join(part.words for part in parts)


def _cells_of(parts: Iterable[Part]) -> set[str]:
    """The keys of the fields that parts of a message show."""
    return {ref.key for ref in references([part.node for part in parts if part.node is not None])}


def read_subjects(top: TomlTable, scope: FormScope) -> dict[str, Part]:
    """What says which of a section's rows a message is about, by section. Raises FormError."""
    subjects = {}
    for table in top.tables("section", "id"):
        if "subject" in table.data:
            if "row" not in table.data:
                raise table.error("subject", "tells rows apart, and this section has none")
            standpoint = scope.at(table.take("id", str), ROW)
            part = _figure(table, "subject", standpoint, scope)
            if part is not None:
                subjects[standpoint.section] = part
    return subjects


def read_spares(top: TomlTable, scope: FormScope) -> dict[str, str]:
    """Which of a section's rows count as blank whatever stands in them, by section, as it is written."""
    spares = {}
    for table in top.tables("section", "id"):
        if "spare" in table.data:
            if "row" not in table.data:
                raise table.error("spare", "tells of rows, and this section has none")
            text = table.take("spare", str)
            standpoint = scope.at(table.take("id", str), ROW)
            parse_at(table, "spare", text, standpoint, Type.TRUTH)
            spares[standpoint.section] = text.strip()
    return spares


def _figure(table: TomlTable, key: str, standpoint: Standpoint, scope: FormScope) -> Part | None:
    text = table.take(key, str, "")
    return _shown(table, key, text, standpoint, scope) if text else None


def _shown(
    table: TomlTable, key: str, text: str, standpoint: Standpoint, scope: FormScope, start: int = 0
) -> Part:
    text, _, kind_name = text.partition(":")
    node = parse_at(table, key, text, standpoint, None, start)
    if kind_name == _LABEL:
        if not isinstance(node, Ref):
            raise table.error(key, f"'{text}' is not a field, which alone has a label")
        return Part(scope.fields[node.section][node.field].label)
    if kind_name:
        if kind_name not in KINDS:
            raise table.error(key, f"'{kind_name}' is not a kind; {nearest(kind_name, KINDS)}")
        return Part(node=node, kind=KINDS[kind_name])
    refs = list(references([node]))
    if refs and not isinstance(node, Literal):
        kind = scope.fields[refs[0].section][refs[0].field].kind
        if kind.type is node.type:
            return Part(node=node, kind=kind)
    return Part(node=node, kind=plain_kind(node.type))


def _case(table: TomlTable, own_fields: Mapping[str, Field]) -> Case:
    """A case; `own_fields` are those that it may name without their section."""
    table.only(*KEYS["case"])
    verdict = table.take("verdict", str)
    if verdict not in ("holds", "broken", "undecided"):
        raise table.error("verdict", "must be holds, broken or undecided")
    rows: list[Any] = table.take("rows", list, [])
    if not all(isinstance(row, dict) for row in rows):
        raise table.error("rows", "must be a list of tables")
    given: dict[str, Any] = table.take("given", dict, {})
    for key, value in [item for cells in (given, *rows) for item in cells.items()]:
        if not isinstance(value, str | int | float | date):
            raise table.error(key, "must be a text, a number or a date")
    given = {key: _day(value, own_fields.get(key)) for key, value in given.items()}
    return Case(verdict, given, tuple(map(dict, rows)))


def _day(value: Any, field: Field | None) -> Any:
    """A day for a date's cell, which is a text where it is written by the year: "{fiscal_year + 1}-03-18"."""
    is_of_day = field is not None and field.kind.type is Type.DATE and isinstance(value, str)
    return date.fromisoformat(value) if is_of_day and _ISO_DAY.fullmatch(value) else value


_ISO_DAY = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d)", re.ASCII)
"""A day that every month has."""


def check_rules(form: Form, tables: Sequence[TomlTable]) -> None:
    """Refuse codes used twice and rules without a case of each verdict. Raises FormError.

    `tables` are the [[rule]] tables, in the order of the form's own rules.
    """
    seen: set[str] = set()
    known_keys = {
        grain: dict.fromkeys(item.key for item in form.fields() if item.grain == grain)
        for grain in (ROW, CELL)
    }
    own_rules = (rule for rule in form.rules if not rule.general)
    for rule, table in zip(own_rules, tables, strict=True):
        if not re.fullmatch(r"[A-Z]\d{3}", rule.code):
            raise table.error("code", "must be a letter and three digits, such as D401")
        if rule.code in seen:
            raise table.error("code", "is used twice")
        seen.add(rule.code)
        for case in rule.cases:
            _check_case(table, rule, case, form, known_keys)
        verdicts = {case.verdict for case in rule.cases}
        if missing := {"holds", "broken"} - verdicts:
            lacking = " nor ".join(f"'{verdict}'" for verdict in sorted(missing))
            message = f"needs a case that holds and one that is broken; there is no {lacking}"
            raise table.error("cases", message)


def _check_case(
    table: TomlTable,
    rule: Rule,
    case: Case,
    form: Form,
    keys_by_grain: Mapping[str, Collection[str]],
) -> None:
    """Every cell that a case fills in must be one of the form's."""
    filled_keys = [key if "." in key else f"{rule.section}.{key}" for key in case.given]
    section = rule.row_section or CASE_SECTION
    filled_keys += [f"{section}.{name}.1" for row in case.rows for name in row]
    for key in filled_keys:
        name, _, number = key.rpartition(".")
        name, grain = (name, ROW) if number.isdigit() else (key, CELL)
        known_keys = keys_by_grain[grain]
        if name not in known_keys:
            error = table.error("cases", f"'{key}' is no such cell; {nearest(name, known_keys)}")
            raise _with_way_out(error, table, "cases", form.path.name)
        if form.field_of(name).mode == "fixed" and name != FISCAL_YEAR:
            raise table.error("cases", f"'{key}' is fixed (value = …); no case can change it")
