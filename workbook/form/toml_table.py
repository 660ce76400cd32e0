"""A TOML table with its whereabouts, so that every mistake in it can be named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from workbook.errors import FormError, nearest

T = TypeVar("T")


class SourcedTable(dict[str, Any]):
    """A TOML table put together from several files, which knows where each of its keys was written."""

    def __init__(
        self, values: Mapping[str, Any], home: str, files: Mapping[str, str] | None = None
    ) -> None:
        """`home` is the file in which the table began, `files` that of each key written elsewhere."""
        super().__init__(values)
        self.home = home
        self.files = dict(files or {})

    def file_of(self, key: str) -> str:
        """The file in which a key stands; for one that stands nowhere, that of the table."""
        return self.files.get(key, self.home)

    def put(self, key: str, value: Any, file: str) -> None:
        """Set a key as it was written in a file."""
        self[key] = value
        self.files[key] = file

    def having(self, values: Mapping[str, Any]) -> SourcedTable:
        """A table from the same files with these values."""
        return SourcedTable(values, self.home, self.files)


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A TOML table with its whereabouts; what is taken from it is checked."""

    data: dict[str, Any]
    file: str
    """Where it stands, unless the data itself knows better."""
    whereabouts: str

    def file_of(self, key: str) -> str:
        """The name of the file in which a key stands."""
        return self.data.file_of(key) if isinstance(self.data, SourcedTable) else self.file

    @property
    def name(self) -> str:
        """What `without` calls a rule or a field: `D430`, `indicators.ratio`."""
        return ".".join(part.partition(" ")[2] for part in self.whereabouts.split(", "))

    def error(self, key: str, message: str, column: int = 0) -> FormError:
        """A FormError at one of the table's keys."""
        whereabouts = (
            f"{self.whereabouts}, {key}" if self.whereabouts and key else self.whereabouts or key
        )
        at = f" at column {column}" if column else ""
        return FormError(f"{self.file_of(key)}, {whereabouts}: {message}{at}")

    def take(self, key: str, expected_type: type[T], default: T | None = None) -> T:
        """The value of a key; FormError if it is missing (and has no default) or of another type."""
        if key not in self.data:
            if default is None:
                raise self.error(key, "is missing")
            return default
        value = self.data[key]
        if expected_type is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, expected_type) or (
            isinstance(value, bool) and expected_type is not bool
        ):
            raise self.error(key, f"must be a {expected_type.__name__}, is {value!r}")
        return value

    def only(self, *known_keys: str) -> None:
        """Refuse keys that mean nothing here."""
        for key in self.data:
            if key not in known_keys:
                raise self.error(key, f"is not known here; {nearest(key, known_keys)}")

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

    def tables(self, key: str, name: str) -> list[TomlTable]:
        """A list of tables, each named by its key `name` in errors."""
        items: list[Any] = self.take(key, list, [])
        if not all(isinstance(item, dict) for item in items):
            raise self.error(key, f"must be tables, written [[{key}]]")
        result, file = [], self.file_of(key)
        for number, item in enumerate(items, 1):
            prefix = f"{self.whereabouts}, " if self.whereabouts else ""
            result.append(TomlTable(item, file, f"{prefix}{key} {item.get(name, number)}"))
        return result

    def table(self, key: str) -> TomlTable:
        """A table under a key; empty if it is missing."""
        whereabouts = f"{self.whereabouts}, {key}" if self.whereabouts else key
        return TomlTable(self.take(key, dict, {}), self.file_of(key), whereabouts)


KEYS = {
    "form": ("extends", "include", "without", "id", "version", "letter", "name", "title", "annex", "unit", "sheet",
             "fiscal_year", "widths", "side_widths", "orientation", "instructions", "settings", "words", "define",
             "earlier_digests", "further_sheet", "section", "rule", "summary"),
    "rule_set": ("include", "settings", "words", "define", "section", "rule", "summary"),
    "further_sheet": ("name", "title", "widths", "orientation"),
    "section": ("id", "label", "after", "sheet", "fields", "drawing", "heights", "row", "levels", "group",
                "rows", "group_label"),
    "field": ("label", "kind", "by", "required", "blank", "formula", "suggested", "value", "choices",
              "max_length", "min", "max", "prompt", "instruction", "per", "unit", "derived", "format"),
    "summary": ("amounts", "budget", "spent", "execution_rate", "execution_score", "total_score",
                "total_grade", "project", "prepared_on", "contacts", "lowest_grade", "grade", "breakdown",
                "scored", "reason", "criterion", "sample"),
    "grade": ("name", "from"),
    "breakdown": ("id", "label", "parts", "whole"),
    "scored": ("section", "weight", "score", "expected", "reason"),
    "reason": ("name", "words"),
    "criterion": ("id", "label", "metric", "sense", "limit", "points", "why"),
    "sample": ("share", "least"),
    "group": ("weight", "rows"),  # and the first level's name
    "rule": ("code", "after", "name", "scope", "when", "must", "at", "severity", "subject", "message", "hint", "basis",
             "printed", "expected", "cases"),
    "case": ("verdict", "given", "rows"),
}  # fmt: skip
"""Every key that a definition may hold, by the table it stands in; docs/form-file.md explains each."""
