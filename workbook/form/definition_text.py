"""Definitions as text: a whole one laid out as people write it, and the beginning of next year's."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

from workbook.form.model import FISCAL_YEAR, Form

_TABLES = {
    "": ("settings", "words", "define", "further_sheet", "section", "summary", "rule"),
    "section": ("fields", "group"),
    "summary": ("breakdown", "scored", "grade", "reason", "criterion", "sample"),
}
"""What has a heading of its own, by the table it stands in and in order; all else is written behind its key."""
_LONG = 100


def definition_text(table: Mapping[str, Any], remark: str) -> str:
    """The TOML of a definition that holds all it says; read again it is the same, in the same order.

    That order is `compose`'s: plain values, then fields, then groups. `remark` is a comment on top.
    """
    return (
        "\n".join([*(f"# {line}" for line in remark.splitlines()), "", *_lines(table, "")]) + "\n"
    )


_SUCCESSOR = """\
# {name}（{fiscal_year} 年度）：只写与 {base} 不同的，其余照旧。
# 写法见 docs/form-file.md 的“继承和引用”；workbook form diff 说两份定义差在哪里。

extends = "{base}"
{keys}
# 不要的规则、字段、分区：
# without = ["{rule}"]
{year}
# 改参数，或加一个：
# [settings]
# {setting}

# 改一个字段的几个键，或加一个字段（新的字段还要画在 drawing 里）：
# [[section]]
# id = "{section}"
# [section.fields]
# {field} = {{ prompt = "……" }}

# 改一条规则的几个键；代码是新的，就是加一条规则，各键和例子都要写：
# [[rule]]
# code = "{rule}"
# severity = "warning"
"""

_FIXED_YEAR = """
# 上一年度的定义把年度写死了；改成 value = "{{fiscal_year}}"，以后就不必再写。
[[section]]
id = "{section}"
[section.fields]
{field} = {{ value = {year} }}
"""


def successor_text(base: Form, *, form_id: str, version: str, name: str, fiscal_year: int) -> str:
    """A short definition that extends `base`, with remarks on what may be written into it."""
    given = {"id": form_id, "version": version, "name": name,
             "title": base.title.replace(base.name, name), "fiscal_year": fiscal_year}  # fmt: skip
    settings = [
        f"{_key(key)} = {_inline(value) if isinstance(value, str) else f'{value:.15g}'}"
        for key, value in base.settings.items()
    ]
    own_rules = [rule.code for rule in base.rules if not rule.general]
    section, field = FISCAL_YEAR.split(".")
    inputs = [item for item in base.fields() if item.is_input]
    example = next((item for item in inputs if item.section != section), inputs[0])
    tables = {table["id"]: table for table in tomllib.loads(base.definition)["section"]}
    is_fixed = tables[section]["fields"][field].get("value") == base.fiscal_year
    return _SUCCESSOR.format(
        name=name,
        fiscal_year=fiscal_year,
        base=base.path.stem,
        keys="".join(
            f"{key} = {_inline(value)}\n"
            for key, value in given.items()
            if value != getattr(base, key)
        ),
        year=_FIXED_YEAR.format(section=section, field=field, year=fiscal_year) if is_fixed else "",
        setting=next(iter(settings), "threshold = 0.9"),
        section=example.section,
        field=example.id,
        rule=next(iter(own_rules), "……"),
    )


def _lines(table: Mapping[str, Any], path: str) -> Iterator[str]:
    headed = {key: table[key] for key in _TABLES.get(path, ()) if table.get(key) not in (None, [])}
    for key, value in table.items():
        if key not in headed:
            yield from _assignment(key, value)
    for key, value in headed.items():
        yield from _headed(f"{path}.{key}".removeprefix("."), value)


def _headed(path: str, value: Any) -> Iterator[str]:
    """A table under its heading, or each of an array of tables under one of its own."""
    tables = value if isinstance(value, list) else [value]
    for table in tables:
        yield ""
        yield f"[[{path}]]" if isinstance(value, list) else f"[{path}]"
        yield from _lines(table, path)


def _assignment(key: str, value: Any) -> Iterator[str]:
    line = f"{_key(key)} = {_inline(value)}"
    if isinstance(value, list) and len(line) > _LONG:
        yield f"{_key(key)} = ["
        yield from (f"  {_inline(item)}," for item in value)
        yield "]"
    else:
        yield line


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").removesuffix("\n")


def _key(key: str) -> str:
    return tomli_w.dumps({key: 0}).removesuffix(" = 0\n")
