"""What the bureau should look at in its roster before forms go out: nothing of it stops them."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from builder.template.approved import (
    ADDRESS_HEADS,
    LEVEL_HEADS,
    bureau_inputs,
    names_of,
    scored_section,
)
from workbook.checking import Roster
from workbook.form import Form
from workbook.language import t
from workbook.text import fold

_NEAR = 0.6
"""How alike a column's head must be to one that is missing, 1 being the same."""
_LOST_ZEROS = 2
"""So many zeros may have got lost; codes that are shorter still are of another level."""


def roster_remarks(form: Form, roster: Roster) -> list[str]:
    """Codes that lost their first zeros, columns that nobody reads though they were meant, each in a sentence."""
    return [
        *_short_codes(roster),
        *_misspelt(form, roster),
        *_indicator_columns(form, roster),
    ]


def _short_codes(roster: Roster) -> Iterator[str]:
    codes = [entry.code for entry in roster.entries if entry.code.isdecimal()]
    usual, count = Counter(map(len, codes)).most_common(1)[0] if codes else (0, 0)
    short = [code for code in codes if usual - _LOST_ZEROS <= len(code) < usual]
    if short and count > len(codes) / 2:
        yield t(
            "{place}：预算编码“{codes}”比别的少几位，是不是丢了开头的 0？是的话请把这一列设为文本，写全 {usual} 位",
            place=roster.path,
            codes="”“".join(short[:5]),
            usual=usual,
        )


def _misspelt(form: Form, roster: Roster) -> Iterator[str]:
    amounts = [item.label for item in form.key_fields.amounts.values() if item.is_input]
    by_project = form.key_fields.project is not None
    if roster.entries:
        wanted = [ADDRESS_HEADS[0], *(() if by_project else amounts)]
        yield from _meant(str(roster.path), roster.entries[0].extra, wanted, ADDRESS_HEADS)
    if by_project and roster.projects:
        yield from _meant(roster.projects_at, roster.projects[0][1].extra, amounts, ())


def _meant(
    place: str, heads: Mapping[str, str], wanted: Sequence[str], also_known: Collection[str]
) -> Iterator[str]:
    """Heads that are near to one that is wanted and missing."""
    missing = [head for head in wanted if fold(head) not in map(_name, heads)]
    for head in heads:
        near = difflib.get_close_matches(_name(head), missing, n=1, cutoff=_NEAR)
        if near and _name(head) not in (*also_known, *wanted):
            yield t(
                "{place}：“{head}”一列没有用到，是不是“{near}”？是的话请改列名",
                place=place,
                head=head,
                near=near[0],
            )


def _name(head: str) -> str:
    """A column's head without its unit."""
    return fold(head).partition("(")[0]


def _indicator_columns(form: Form, roster: Roster) -> Iterator[str]:
    """Columns of the approved indicators that stand for nothing in the form."""
    listed = next((each.indicators[0] for each in roster.entries if each.indicators), None)
    section = scored_section(form)
    if listed is None or section is None:
        return
    inputs = bureau_inputs(section)
    known = {fold(name) for item in inputs for name in names_of(item)}
    unused = [
        h
        for h in listed.extra
        if fold(h) not in known.union(map(fold, LEVEL_HEADS), section.levels)
    ]
    heads = set(map(fold, listed.extra))
    free = [item.label for item in inputs[1:] if heads.isdisjoint(map(fold, names_of(item)))]
    if unused:
        yield t(
            "{place}：没有用到的列有“{unused}”；表里由单位填的还有“{free}”，写的是其中一列的请改列名",
            place=roster.indicators_at,
            unused="”“".join(unused),
            free="”“".join(free),
        )
