"""One table of a definition out of its files: the form it extends, the rule sets it includes, its own.

`read_sources` finds and reads the files, `compose` lays one over another, `dated` puts the fiscal year into
texts. Every key of the result knows the file in which it stands (`SourcedTable`), so that a mistake is named
where it was made. docs/form-file.md tells a bureau how files are put together.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from typing import Any

from workbook.catalogue import CATALOGUE
from workbook.errors import FormError, Refused, nearest
from workbook.form.toml_table import KEYS, SourcedTable, TomlTable
from workbook.language import t
from workbook.limits import LONGEST_TEXT, MEGABYTE, Limits
from workbook.package import read_file
from workbook.text import brief

FORMS_DIR = Path(__file__).parent / "definitions"
RULE_SETS_DIR = FORMS_DIR / "rules"

# --- the files ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a definition, and the files that it builds upon."""

    path: Path
    data: bytes
    base: Source | None = None
    """The form that it extends."""
    rule_sets: tuple[Source, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether everything stands in this one file."""
        return self.base is None and not self.rule_sets

    @property
    def text(self) -> str:
        """What the file says, without the mark that Notepad puts in front."""
        return self.data.decode("utf-8-sig")

    @property
    def table(self) -> SourcedTable:
        """The file's own keys."""
        sourced: SourcedTable = _sourced(_parsed(self.path.name, self.data), self.path.name)
        return sourced


def read_sources(path: Path, data: bytes | None = None) -> Source:
    """A definition's file (or its bytes, where they are at hand) with all that it builds upon.

    Raises FormError for a file that is missing, cannot be read or comes back to itself.
    """
    return _read(path, data, (), count(1))


@dataclass(frozen=True, slots=True)
class FormHead:
    """What a definition is, as its own file says: nothing that it builds upon is read."""

    id: str
    version: str
    name: str
    path: Path


def read_head(path: Path) -> FormHead | None:
    """What a definition's own file says it is; None where it leaves that to the form it extends. Raises FormError."""
    table = _parsed(path.name, _bytes(path))
    match table:
        case {"id": str(form_id), "version": str(version), "name": str(name)}:
            return FormHead(form_id, version, name, path)
    return None


def _read(path: Path, data: bytes | None, way: tuple[Path, ...], numbers: Iterator[int]) -> Source:
    """`way` are the files by which this one was reached, `numbers` count all that are read."""
    if data is None:
        data = _bytes(path)
    way = (*way, path)
    table = TomlTable(_parsed(path.name, data), path.name, "")
    base = table.take("extends", str, "") if "extends" in table.data else None
    rule_sets = table.strings("include")
    return Source(
        path,
        data,
        None if base is None else _named_by(table, "extends", base, way, numbers),
        tuple(_named_by(table, "include", name, way, numbers) for name in rule_sets),
    )


def _named_by(
    table: TomlTable, key: str, name: str, way: tuple[Path, ...], numbers: Iterator[int]
) -> Source:
    """The file of a name: beside the one that names it, else among those that come with the project."""
    if next(numbers) > _MOST_FILES:
        raise table.error(key, f"leads to more than {_MOST_FILES} files")
    if not _FILE_NAME.fullmatch(name) or name.endswith(".toml"):
        message = f"'{name}' must be a file's name, without folder and without .toml"
        raise table.error(key, message)
    places = (way[-1].parent, FORMS_DIR if key == "extends" else RULE_SETS_DIR)
    path = next((p for place in places if (p := place / f"{name}.toml").is_file()), None)
    if path is None:
        what = "form" if key == "extends" else "rule set"
        known = (file.stem for place in places for file in place.glob("*.toml"))
        hint = nearest(name, set(known) - {way[-1].stem})
        raise table.error(key, f"no {what} '{name}' here or among those that are shipped; {hint}")
    if path.resolve() in (passed.resolve() for passed in way):
        stems = [passed.stem for passed in (*way, path)]
        raise table.error(key, f"comes back to where it was: {' → '.join(stems)}")
    return _read(path, None, way, numbers)


_FILE_NAME = re.compile(r"[^\x00-\x1f/\\:]{1,60}")
_MOST_FILES = 64
"""So many files one definition may build upon: those that name one another twice double with each step."""
_LIMITS = Limits(file_bytes=MEGABYTE)
"""Of a file. The shipped ones hold up to 100 kB."""


def _bytes(path: Path) -> bytes:
    try:
        return read_file(path.resolve(), _LIMITS)
    except Refused as refused:
        reason = t(CATALOGUE[refused.code].message, detail=refused.detail)
    except (OSError, RuntimeError):  # a name too long, links in a circle
        reason = t("路径无效")
    raise FormError(
        t(
            "{path}：表式定义无法读取（{reason}），请检查路径和这个文件",
            path=path,
            reason=reason,
        )
    )


_TOML_HINT = "; look near this line for quotes, commas and brackets that are Chinese or have no partner, or a key given twice"


@lru_cache(maxsize=128)
def _parsed(file: str, data: bytes) -> dict[str, Any]:
    """What a file's bytes say; not to be changed."""
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise FormError(f"{file}: is not UTF-8; save it as UTF-8") from None
    except RecursionError:
        raise FormError(f"{file}: is nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError is one; another a number of thousands of digits
        raise FormError(f"{file}: is not valid TOML: {error}{_TOML_HINT}") from None
    _require_usable(table, file)
    return table


_DEEPEST = 20
"""Tables within tables; a definition that makes sense has seven."""
_LONGEST_KEY = 200
_LARGEST = 1e15
"""A sheet keeps 15 digits."""
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What no workbook can hold."""


def _require_usable(table: Mapping[str, Any], file: str) -> None:
    """Refuse values that are of use nowhere in a definition. Raises FormError naming the key."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), table)]
    while waiting:
        keys, value = waiting.pop()
        problem = _unusable(value) or next(filter(None, map(_unusable, keys[-1:])), "")
        if not problem and len(keys) > _DEEPEST:
            problem = "is nested too deeply"
        if not problem and keys and len(keys[-1]) > _LONGEST_KEY:
            problem = f"is too long a key, {len(keys[-1])} characters"
        if problem:
            names = ", ".join(brief(key) for key in keys[:_DEEPEST])
            raise FormError(f"{file}, {names}: {problem}")
        if isinstance(value, dict):
            waiting += [((*keys, key), item) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [((*keys, str(n)), item) for n, item in enumerate(value, 1)]


def _unusable(value: object) -> str:
    """Why a value is of no use, whatever key it stands under; blank if it may be."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            return f"is too long, {len(value)} characters; a cell takes {LONGEST_TEXT}"
        if strange := _NO_TEXT.search(value):
            return f"holds a character that no workbook can hold, U+{ord(strange[0]):04X}"
    if isinstance(value, int | float) and not abs(value) <= _LARGEST:
        return f"must be a number of at most 15 digits, is {value if isinstance(value, float) else 'longer'}"
    return ""


def _sourced(value: Any, file: str) -> Any:
    if isinstance(value, dict):
        return SourcedTable({key: _sourced(item, file) for key, item in value.items()}, file)
    return [_sourced(item, file) for item in value] if isinstance(value, list) else value


# --- how tables are laid over one another ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TableShape:
    """What in a table is laid over key by key; every other key is replaced."""

    inside: Mapping[str, TableShape | TablesByName] = field(default_factory=dict)
    each: TableShape | None = None
    """Set where every key holds a table of one shape."""

    def of(self, key: str) -> TableShape | TablesByName | None:
        """How the value of a key is laid over; None where it is replaced."""
        return self.inside.get(key, self.each)


@dataclass(frozen=True, slots=True)
class TablesByName:
    """An array of tables, each known by the value of one of its keys."""

    key: str
    shape: TableShape = field(default_factory=TableShape)

    def name_of(self, table: SourcedTable, owner: Mapping[str, Any]) -> str | None:
        """By what a table is known among those of its owner; None if it does not say."""
        levels = owner.get("levels")
        first_level = str(levels[0]) if isinstance(levels, list) and levels else ""
        name = table.get(self.key or first_level)
        return name if isinstance(name, str) else None


_FIRST_LEVEL = ""
"""The key by which a group is known: whatever its section's first level is called."""
_FLAT = TableShape()
_FIELDS = TableShape(each=_FLAT)
FORM_SHAPE = TableShape(
    {
        "settings": _FLAT,
        "words": _FLAT,
        "define": _FLAT,
        "further_sheet": TablesByName("name"),
        "section": TablesByName(
            "id",
            TableShape(
                {
                    "fields": _FIELDS,
                    "group": TablesByName(_FIRST_LEVEL, TableShape({"rows": _FLAT})),
                }
            ),
        ),
        "rule": TablesByName("code"),
        "summary": TableShape(
            {
                "grade": TablesByName("name"),
                "breakdown": TablesByName("id"),
                "scored": TablesByName("section"),
                "reason": TablesByName("name"),
                "criterion": TablesByName("id"),
                "sample": _FLAT,
            }
        ),
    }
)
_COMPOSING = ("extends", "include", "without")
"""Keys that say how files are put together, and are gone once they are."""


def _laid_over(upper: SourcedTable, lower: SourcedTable, shape: TableShape) -> SourcedTable:
    """`lower` with all that `upper` says in its stead; what is new stands behind."""
    result = SourcedTable(lower, lower.home, {key: lower.file_of(key) for key in lower})
    for key, value in upper.items():
        below, inner = lower.get(key), shape.of(key)
        match inner, value, below:
            case TableShape(), SourcedTable(), SourcedTable():
                result[key] = _laid_over(value, below, inner)
            case TablesByName(), list(), list() if are_tables(value) and are_tables(below):
                result[key] = _laid_over_by_name(key, value, below, inner, lower | upper)
            case _:
                result.put(key, value, upper.file_of(key))
    return result


def _laid_over_by_name(
    key: str,
    upper: list[SourcedTable],
    lower: list[SourcedTable],
    array: TablesByName,
    owner: dict[str, Any],
) -> list[SourcedTable]:
    result = list(lower)
    numbers = {array.name_of(table, owner): number for number, table in enumerate(lower)}
    changed: set[str] = set()
    for table in upper:
        name = array.name_of(table, owner)
        if name is None or name not in numbers:
            # What is new and wrong the reader of the form will name, twice the same too.
            result.append(table)
            continue
        if name in changed:
            message = "is changed twice in one file"
            raise TomlTable(table, table.home, f"{key} {name}").error(array.key, message)
        changed.add(name)
        result[numbers[name]] = _laid_over(table, lower[numbers[name]], array.shape)
    return result


def are_tables(value: list[Any]) -> bool:
    """Whether a list is one of tables."""
    return all(isinstance(item, SourcedTable) for item in value)


def _tables(table: SourcedTable, key: str) -> list[SourcedTable]:
    """The tables under a key; none where it holds something else, of which the form's reader will tell."""
    value = table.get(key)
    return value if isinstance(value, list) and are_tables(value) else []


def _table(table: SourcedTable, key: str) -> SourcedTable:
    value = table.get(key)
    return value if isinstance(value, SourcedTable) else SourcedTable({}, table.home)


# --- a form, its base, its rule sets --------------------------------------------------------------


def compose(source: Source) -> SourcedTable:
    """The whole definition of a file and of those it builds upon. Raises FormError."""
    return _composed(source, {})


def _composed(source: Source, taken: dict[Path, None]) -> SourcedTable:
    """`taken` are the rule sets of all bases, each taken once; those of this file are added."""
    own = source.table
    empty = own.having({})
    base = _composed(source.base, taken) if source.base else empty
    letter = _letter(own) or _letter(base)
    shared = empty
    for rule_set in _flattened(source.rule_sets, taken):
        lettered = _lettered(_rule_set(rule_set), letter, own)
        shared = _laid_over(lettered, shared, FORM_SHAPE)
    base, shared = _without(own, base, shared)

    plain = {key: value for key, value in own.items() if key not in _COMPOSING}
    apart = {key: value for key, value in shared.items() if key != "section"}
    result = _laid_over(
        own.having(plain), _laid_over(shared.having(apart), base, FORM_SHAPE), FORM_SHAPE
    )
    result.home = own.home
    _add_shared_fields(result, base, shared, own)
    _move(result, "section", "id")
    _move(result, "rule", "code")
    return result if source.is_whole else _in_order_of_toml(result, FORM_SHAPE)


def _flattened(rule_sets: Iterable[Source], taken: dict[Path, None]) -> Iterator[Source]:
    """Rule sets, each after those that it includes itself, and none twice."""
    for rule_set in rule_sets:
        path = rule_set.path.resolve()
        if path not in taken:
            taken[path] = None
            yield from _flattened(rule_set.rule_sets, taken)
            yield rule_set


def _rule_set(source: Source) -> SourcedTable:
    """What a rule set says, if it is one: no cells and nothing of a form's own."""
    table = TomlTable(source.table, source.path.name, "")
    table.only(*KEYS["rule_set"])
    for section in table.tables("section", "id"):
        section.only("id", "subject", "spare", "fields")
        section.take("id", str)
        fields = section.table("fields")
        for name in fields.data:
            item = fields.table(name)
            if item.data.get("derived") is not True:
                message = "a rule set can only derive fields: derived = true; cells are the form's"
                raise item.error("derived", message)
    return source.table.having({k: v for k, v in source.table.items() if k not in _COMPOSING})


_NO_LETTER = "?"
"""Stands in a rule set's code for the letter of the form that includes it."""


def _letter(form: SourcedTable) -> str:
    """The letter that a form's codes begin with; blank if it says none."""
    table = TomlTable(form, form.home, "")
    letter = table.take("letter", str, "")
    if "letter" in form and not re.fullmatch("[A-Z]", letter):
        raise table.error("letter", f"'{letter}' must be one capital letter, such as D")
    return letter


def _lettered(rule_set: SourcedTable, letter: str, form: SourcedTable) -> SourcedTable:
    """The rule set with the form's letter in the codes that leave it open."""

    def filled_in(rule: SourcedTable) -> SourcedTable:
        changed = {}
        for key in ("code", "after"):
            value = rule.get(key)
            if isinstance(value, str) and value.startswith(_NO_LETTER):
                if not letter:
                    message = f"is missing, and rule {value} of {rule_set.home} begins with it"
                    message += '; write letter = "D", or another capital'
                    raise TomlTable(form, form.home, "").error("letter", message)
                changed[key] = letter + value.removeprefix(_NO_LETTER)
        return rule.having(rule | changed)

    if not _tables(rule_set, "rule"):
        return rule_set
    return rule_set.having(rule_set | {"rule": [filled_in(rule) for rule in rule_set["rule"]]})


def _add_shared_fields(
    result: SourcedTable, base: SourcedTable, shared: SourcedTable, own: SourcedTable
) -> None:
    """Fields that rule sets derive stand behind the section's own, and give way to them."""
    sections = {str(section.get("id")): section for section in _tables(result, "section")}
    below, above = (
        {str(section.get("id")): _table(section, "fields") for section in _tables(table, "section")}
        for table in (base, own)
    )
    for section in _tables(shared, "section"):
        name = section["id"]
        if name not in sections:
            hint = nearest(name, sections)
            message = (
                f'{own.home} has no such section; {hint}; or write without = ["{name}"] into it'
            )
            raise TomlTable(section, section.home, f"section {name}").error("id", message)
        nothing = SourcedTable({}, section.home)
        lowest, highest = below.get(name, nothing), above.get(name, nothing)
        merged = _laid_over(_table(section, "fields"), lowest, _FIELDS)
        merged = _laid_over(highest, merged, _FIELDS)
        order = dict.fromkeys((*lowest, *highest, *merged))
        target = sections[name]
        target["fields"] = merged.having({key: merged[key] for key in order})
        for key in ("subject", "spare"):
            if key in section and key not in target:
                target.put(key, section[key], section.file_of(key))


def _move(result: SourcedTable, key: str, name: str) -> None:
    """Put each section, or rule, that says `after` behind the one it names; several behind one keep their order.

    `name` is the key by which those tables are known.
    """
    tables = _tables(result, key)
    if not any("after" in table for table in tables):
        return
    followers: dict[str, list[SourcedTable]] = {}
    for moved in tables:
        if "after" in moved:
            where = TomlTable(moved, moved.home, f"{key} {moved.get(name)}")
            after, known = where.take("after", str), [str(each.get(name)) for each in tables]
            if after not in known:
                raise where.error("after", f"'{after}' is not a {key}; {nearest(after, known)}")
            followers.setdefault(after, []).append(moved)
    settled: list[SourcedTable] = []

    def settle(table: SourcedTable) -> None:
        settled.append(table.having({k: value for k, value in table.items() if k != "after"}))
        for follower in followers.pop(str(table.get(name)), ()):
            settle(follower)

    for table in tables:
        if "after" not in table:
            settle(table)
    for lost, *_ in followers.values():
        where = TomlTable(lost, lost.home, f"{key} {lost.get(name)}")
        raise where.error("after", "leads round in a circle")
    result[key] = settled


def _in_order_of_toml(table: SourcedTable, shape: TableShape) -> SourcedTable:
    """A table in the order in which it is written as TOML: plain values first, then tables as in `FORM_SHAPE`."""
    plain: dict[str, Any] = {}
    nested: dict[str, Any] = {}
    for key, value in table.items():
        match shape.of(key), value:
            case TablesByName(shape=inner), [SourcedTable(), *_] if are_tables(value):
                nested[key] = [_in_order_of_toml(item, inner) for item in value]
            case TableShape() as inner, SourcedTable() if shape.each is None:
                nested[key] = _in_order_of_toml(value, inner)
            case _:
                plain[key] = value
    return table.having(plain | {key: nested[key] for key in shape.inside if key in nested})


# --- leaving things out ---------------------------------------------------------------------------


def _without(own: SourcedTable, *inherited: SourcedTable) -> tuple[SourcedTable, ...]:
    """What is inherited, less what the form leaves out; with a section go the rules that look there."""
    table = TomlTable(own, own.home, "")
    unwanted = table.strings("without")
    known: list[str] = []
    thinner = tuple(
        _thinned(each, FORM_SHAPE, "", frozenset(unwanted), known) for each in inherited
    )
    for name in unwanted:
        if name not in known:
            alike = [each for each in known if each.count(".") <= name.count(".")]
            raise table.error("without", f"no '{name}' is inherited; {nearest(name, alike)}")
    return tuple(
        each.having(
            {
                key: [rule for rule in value if _looks_at(rule) not in unwanted]
                if key == "rule" and are_tables(value)
                else value
                for key, value in each.items()
            }
        )
        for each in thinner
    )


def _looks_at(rule: SourcedTable) -> str:
    """The section that a rule's scope names."""
    return str(rule.get("scope")).partition("/")[0]


_UNNAMED = ("fields", "rows")
"""Keys that are left out of a name: `funds.other_funds`, not `funds.fields.other_funds`."""


def _thinned(
    table: SourcedTable, shape: TableShape, prefix: str, unwanted: frozenset[str], known: list[str]
) -> SourcedTable:
    """A table without what is unwanted; the names of all that could be left out are added to `known`."""
    kept: dict[str, Any] = {}

    def wanted(name: str) -> bool:
        known.append(name)
        return name not in unwanted

    def thinned(below: SourcedTable, inner: TableShape, name: str) -> SourcedTable:
        return _thinned(below, inner, name, unwanted, known)

    for key, value in table.items():
        match shape.of(key), value:
            case TablesByName() as array, list() if are_tables(value):
                names = [(f"{prefix}{array.name_of(item, table)}", item) for item in value]
                kept[key] = [
                    thinned(item, array.shape, f"{name}.") for name, item in names if wanted(name)
                ]
            case TableShape() as inner, SourcedTable():
                if shape.each is None:
                    below = prefix if key in _UNNAMED else f"{prefix}{key}."
                    kept[key] = thinned(value, inner, below)
                elif wanted(f"{prefix}{key}"):
                    kept[key] = thinned(value, inner, f"{prefix}{key}.")
            case _:
                if not prefix or shape.inside or wanted(f"{prefix}{key}"):
                    kept[key] = value
    return table.having(kept)


# --- the fiscal year in texts ---------------------------------------------------------------------

_YEAR = re.compile(r"\{fiscal_year(?: *([+-]) *(\d{1,2}))?\}")
_MARKS = re.compile(r"^~?(?:#{1,2} )? *")
"""What may stand before a drawn cell's own text."""

_Filling = Callable[[Any, int], Any]
_Texts = Mapping[str, "_Texts | _Filling"]


def dated(table: SourcedTable) -> SourcedTable:
    """The table with the form's fiscal year wherever a text says `{fiscal_year}` or `{fiscal_year + 1}`.

    Messages and expressions are let be: there the braces, or the bare name, are a field's.
    """
    year = table.get("fiscal_year")
    if not isinstance(year, int) or isinstance(year, bool):
        return table
    result: SourcedTable = _filled(table, _TEXTS, year)
    return result


def _filled(value: Any, texts: _Texts | _Filling, year: int) -> Any:
    if isinstance(value, list) and not callable(texts):
        return [_filled(item, texts, year) for item in value]
    if callable(texts):
        return texts(value, year)
    if not isinstance(value, SourcedTable):
        return value
    values = {}
    for key, item in value.items():
        inner = texts.get(key, texts.get("*"))
        values[key] = item if inner is None else _filled(item, inner, year)
    return value.having(values)


def _text(value: Any, year: int) -> Any:
    if isinstance(value, list):
        return [_text(item, year) for item in value]
    return _YEAR.sub(partial(_meant, year=year), value) if isinstance(value, str) else value


def _meant(match: re.Match[str], *, year: int) -> str:
    sign, step = match.groups()
    return str(year + int(f"{sign or '+'}{step or 0}"))


def _figure(value: Any, year: int) -> Any:
    """What is filled in: a year that stands alone is a number."""
    if isinstance(value, list):
        return [_figure(item, year) for item in value]
    if isinstance(value, SourcedTable):
        return value.having({key: _figure(item, year) for key, item in value.items()})
    if isinstance(value, str) and (alone := _YEAR.fullmatch(value)):
        return int(_meant(alone, year=year))
    return _text(value, year)


def _drawn(value: Any, year: int) -> Any:
    """Drawn rows, in which a cell that is `{fiscal_year}` and nothing else is a field."""
    if isinstance(value, list):
        return [_drawn(item, year) for item in value]
    if not isinstance(value, str):
        return value
    cells = value.split("|")
    return "|".join(
        cell if _MARKS.sub("", cell).strip() == "{fiscal_year}" else _text(cell, year)
        for cell in cells
    )


_TEXTS: _Texts = {
    "name": _text,
    "annex": _text,
    "instructions": _text,
    "section": {
        "label": _text,
        "drawing": _drawn,
        "row": _drawn,
        "rows": _figure,
        "group": {"rows": _figure},
        "fields": {
            "*": {"label": _text, "prompt": _text, "instruction": _text, "value": _figure},
        },
    },
    "rule": {
        **dict.fromkeys(("name", "hint", "basis"), _text),
        "cases": {"given": _figure, "rows": _figure},
    },
    "summary": {
        "breakdown": {"label": _text},
        "criterion": {"label": _text, "why": _text},
    },
}
