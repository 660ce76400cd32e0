"""Doubtful figures: an error is open at their cell, or at one that they are computed from.

An error that says two figures should be equal makes both doubtful: it stands at one, and either may be wrong.

They stay in every sum; beside it stands the sum without them. A score of the department's own is no longer
doubtful where a reviewed one stands for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any

import pandas as pd

from workbook.catalogue import Severity
from workbook.expression import Call, Ref
from workbook.findings import Finding
from workbook.form import Field, Form

_ROW_NUMBER = re.compile(r"\.\d+$")
_SEPARATOR = ","


def fields_in_error(findings: Iterable[Finding]) -> frozenset[str]:
    """The keys of the fields at whose cells an error is open, whatever their row."""
    names = {
        name
        for f in findings
        if f.severity is Severity.ERROR
        for name in f.field.split(",")
        if name
    }
    return frozenset(_ROW_NUMBER.sub("", name) for name in names)


def fields_in_doubt(form: Form, findings: Iterable[Finding]) -> frozenset[str]:
    """The keys of the fields of which an error that is open may be: those in error, and what they should equal."""
    held = list(findings)
    equal = _held_equal(form)
    return fields_in_error(held).union(
        *(equal[f.code] for f in held if f.code in equal and f.severity is Severity.ERROR)
    )


@lru_cache(maxsize=16)
def _held_equal(form: Form) -> Mapping[str, frozenset[str]]:
    """By the codes of rules that two figures be equal, both."""
    return {
        rule.code: frozenset(side.key for side in sides)
        for rule in form.rules
        if isinstance(rule.must, Call) and rule.must.op.name == "eq"
        if len(sides := [side for side in rule.must.args if isinstance(side, Ref)]) == 2
    }


@lru_cache(maxsize=4096)
def doubtful_figures(form: Form, in_doubt: frozenset[str]) -> str:
    """The figures that rest on fields in doubt, as the column `doubtful` holds them: blank if none does."""
    names = (name for name, item in _summed(form).items() if form.origins_of(item.key) & in_doubt)
    return _SEPARATOR.join(names)


def _summed(form: Form) -> dict[str, Field]:
    """Every figure that is added up, by its column; amounts that have none, by their keys."""
    key_fields = form.key_fields
    figures = key_fields.figures
    keys = {item.key for item in figures.values()}
    further = () if key_fields.composition else key_fields.every_amount
    return figures | {item.key: item for item in further if item.key not in keys}


def column_of_amount(form: Form, item: Field) -> str:
    """What an amount is called in the column `doubtful`."""
    return next(name for name, each in _summed(form).items() if each is item)


def doubtful_in(lines: pd.DataFrame) -> pd.Series[str]:
    """The doubtful figures of each line by their columns; none of lines that were only given, as in a table."""
    if "doubtful" not in lines.columns:
        return pd.Series("", index=lines.index, dtype="string")
    return lines["doubtful"].fillna("")


def joined_doubts(doubts: Iterable[pd.Series[str]]) -> pd.Series[str]:
    """The figures that are doubtful in any of several columns like `doubtful`, each once."""
    rows = zip(*(column.fillna("").str.split(_SEPARATOR) for column in doubts), strict=True)
    names = [dict.fromkeys(filter(None, chain.from_iterable(row))) for row in rows]
    return pd.Series([_SEPARATOR.join(each) for each in names], dtype="string")


def is_doubtful(lines: pd.DataFrame, figure: str) -> pd.Series[bool]:
    """Whether a figure of each line is doubtful; `counted_score` where it is the department's own."""
    own = "total_score" if figure == "counted_score" else figure
    names: pd.Series[Any] = _SEPARATOR + doubtful_in(lines) + _SEPARATOR
    doubtful = names.str.contains(f"{_SEPARATOR}{own}{_SEPARATOR}", regex=False).astype(bool)
    return doubtful & lines["review_score"].isna() if figure == "counted_score" else doubtful


_WORDS = {"execution_rate": "执行率", "execution_score": "预算执行得分", "total_score": "自评得分"}


def figure_words(form: Form) -> dict[str, str]:
    """Every figure of a line in words, as lists head its column."""
    return {n: _WORDS.get(n, item.label) for n, item in form.key_fields.figures.items()}


def doubtful_in_words(form: Form, lines: pd.DataFrame, figures: Collection[str]) -> pd.Series[str]:
    """Those of some figures that are doubtful in each line, in words: `年初预算数、自评得分`, or blank."""
    words = {name: word for name, word in figure_words(form).items() if name in figures}
    listed = lines["doubtful"].fillna("").str.split(_SEPARATOR)
    return listed.map(lambda names: "、".join(words[n] for n in names if n in words)).astype(
        "string"
    )
