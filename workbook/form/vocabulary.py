"""The lists of words and the named expressions of a form: its [words] and [define] tables, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbook.errors import ExpressionError
from workbook.expression import (
    IDENTIFIER,
    OPS,
    SETTINGS,
    WORDS,
    Define,
    check_define,
    circle_among,
    read_define,
    read_signature,
)
from workbook.form.model import Form, Rule, Section
from workbook.form.toml_table import TomlTable

Words = dict[str, tuple[str, ...]]


def read_words(top: TomlTable, sections: Mapping[str, Section]) -> Words:
    """The [words] table: lists of texts by name. Raises FormError."""
    table = top.table(WORDS)
    for name in table.data:
        if not IDENTIFIER.fullmatch(name):
            raise table.error(name, "must be a lower-case English word")
        meaning = _other_meaning(name, sections)
        if meaning:
            raise table.error(name, f"is the name of {meaning} already")
    return {name: _words(table, name) for name in table.data}


def _words(table: TomlTable, name: str) -> tuple[str, ...]:
    words = table.strings(name)
    if not words:
        raise table.error(name, "needs at least one word")
    table.refuse_idle(name, words, "word")
    return words


def read_defines(
    top: TomlTable, sections: Mapping[str, Section], words: Words
) -> dict[str, Define]:
    """The [define] table: each is read and its calls are checked, used or not. Raises FormError."""
    table = top.table("define")
    defines: dict[str, Define] = {}
    for signature in table.data:
        define = _define(table, signature)
        meaning = _other_meaning(define.name, sections)
        meaning = "a list of words" if define.name in words else meaning
        meaning = "another define" if define.name in defines else meaning
        if meaning:
            raise _at(define).error("", f"is the name of {meaning} already")
        defines[define.name] = define
    for define in defines.values():
        for parameter in define.parameters:
            if parameter in defines:
                message = f"the parameter '{parameter}' is named like a define"
                raise _at(define).error("", message)
        try:
            check_define(define, defines)
        except ExpressionError as error:
            raise _at(define).error("", str(error), error.column) from None
    circle = circle_among(defines)
    if circle:
        raise _at(defines[circle[0]]).error("", f"calls itself: {' → '.join(circle)}")
    return defines


def _define(table: TomlTable, signature: str) -> Define:
    try:
        name, parameters = read_signature(signature)
    except ExpressionError as error:
        raise table.error(signature, str(error)) from None
    try:
        return read_define(name, parameters, table.take(signature, str), table.file_of(signature))
    except ExpressionError as error:
        message, column = str(error), error.column
    raise TomlTable({}, table.file_of(signature), f"define {name}").error("", message, column)


def _at(define: Define) -> TomlTable:
    """Where a define's mistakes are reported: `define unit_kind`."""
    return TomlTable({}, define.file, f"define {define.name}")


def _other_meaning(name: str, sections: Mapping[str, Section]) -> str:
    """What a name means in expressions already; blank if nothing."""
    if name in OPS:
        return "a function"
    if name in (SETTINGS, WORDS):
        return f"the table [{name}]"
    if name in sections:
        return "a section"
    key = next((f"{s.id}.{name}" for s in sections.values() if name in s.fields), "")
    return f"the field {key}" if key else ""


def terms_of(form: Form, rule: Rule) -> dict[str, str]:
    """The lists of words and defines that a rule's condition speaks of, itself or through a define.

    By how they are written, what stands behind them.
    """
    terms: dict[str, str] = {}
    texts = [rule.when_source, rule.source]
    for text in texts:  # grows by the defines
        for name in re.findall(r"\bwords\.(\w+)", text):
            if name in form.words:
                terms[f"words.{name}"] = "、".join(form.words[name])
        for name in re.findall(r"\b(\w+)\s*\(", text):
            define = form.defines.get(name)
            if define and define.signature not in terms:
                terms[define.signature] = " ".join(define.text.split())
                texts.append(define.text)
    return terms
