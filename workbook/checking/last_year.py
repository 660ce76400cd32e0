"""A return beside its department's of the year before: the same handed in again, or all of it in another unit.

What a department says of its goals and plans may stay as it was; what it spent and achieved does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from workbook.checking.agreement import Amounts, amounts_of, entered_amounts
from workbook.checking.same_department import Identity, pair
from workbook.checking.senders import SentReturns, sort_by_sender
from workbook.findings import Finding, finding
from workbook.form import Field, Form
from workbook.reading import Return, Submission
from workbook.text import fold, fold_as_seen, likeness, same_digits

_FEWEST = 3
"""So many amounts have to be the same, none of them zero; two may be by chance."""
_SHORTEST = 20
"""A shorter text may be the same by chance."""
_COPIED = 0.95
_GROWTH, _SLIP = 100.0, 10_000.0
"""No department's amounts all grow or shrink a hundredfold; in another unit they do ten thousandfold."""


def like_last_year(sent: SentReturns, before: Iterable[Return]) -> Iterator[tuple[int, Finding]]:
    """A509, A510 and A511 by position, on returns of which last year's is among `before`.

    A509: every amount is last year's. A510: a text on what was achieved is. A511: all amounts are so many
    times last year's, or so small a part, that they are in another unit.
    """
    earlier = sort_by_sender(_latest(sent, before))
    pairs = _pairs(sent, earlier)
    now = amounts_of({p: sent.read[p] for p in pairs}, entered_amounts)
    then = amounts_of({q: earlier.read[q] for q in pairs.values()}, entered_amounts)
    for position, last in pairs.items():
        submission = sent.read[position]
        yield from (
            (position, violation)
            for violation in (
                *_amounts_again(submission, _both(submission.form, (now, position), (then, last))),
                *_texts_again(submission, earlier.read[last]),
            )
        )


def no_earlier_year(had: Iterable[int], ours: Iterable[int]) -> str:
    """Says that what was given as last year's returns, of the years `had`, is not."""
    years, own = ("、".join(map(str, sorted(set(each)))) for each in (had, ours))
    what = f"只有 {years} 年度的" if years else "没有一份可以读的"
    return f"上年的表里{what}，不能与 {own} 年度对照；请给出上一年度同一种自评表所在的文件夹"


def is_earlier(before: Iterable[Return], returns: Iterable[Return]) -> bool:
    """Whether among the returns `before` is one of a year before that of another of its form."""
    years: dict[str, int] = {}
    for returned in returns:
        if (submission := returned.submission) is not None:
            form = submission.form.id
            years[form] = max(years.get(form, 0), submission.fiscal_year)
    return any(
        submission.fiscal_year < years.get(submission.form.id, 0)
        for returned in before
        if (submission := returned.submission) is not None
    )


def _latest(sent: SentReturns, before: Iterable[Return]) -> list[Return]:
    """The returns of the latest year before this one's, form by form."""
    years = {s.form.id: s.fiscal_year for s in sent.counted.values()}
    earlier = [
        (returned, submission.form.id, submission.fiscal_year)
        for returned in before
        if (submission := returned.submission) is not None
        and submission.fiscal_year < years.get(submission.form.id, 0)
    ]
    latest: dict[str, int] = {}
    for _, form_id, year in earlier:
        latest[form_id] = max(latest.get(form_id, 0), year)
    return [returned for returned, form_id, year in earlier if year == latest[form_id]]


def _pairs(sent: SentReturns, earlier: SentReturns) -> Mapping[int, int]:
    """Positions of returns beside those of the same department's, and project's, of the year before."""
    pairs: dict[int, int] = {}
    for form_id in dict.fromkeys(s.form.id for s in earlier.counted.values()):
        ours, theirs = (
            [p for p, s in each.counted.items() if s.form.id == form_id] for each in (sent, earlier)
        )
        found = pair(_identities(sent, ours), _identities(earlier, theirs))
        pairs |= {ours[i]: theirs[j] for i, j in found.items()}
    return dict(sorted(pairs.items()))


def _identities(sent: SentReturns, positions: Sequence[int]) -> list[Identity]:
    return [
        replace(sent.senders[p].identity(), project=fold_as_seen(sent.read[p].project))
        for p in positions
    ]


def _both(
    form: Form, this_year: tuple[Amounts, int], last_year: tuple[Amounts, int]
) -> list[tuple[Field, float, float]]:
    """The amounts that both years give and that are not zero in both: field, this year's, last year's."""
    (now, position), (then, last) = this_year, last_year
    return [
        (item, now[position, item.key], then[last, item.key])
        for item in entered_amounts(form)
        if (position, item.key) in now and (last, item.key) in then
        if now[position, item.key] or then[last, item.key]
    ]


def _amounts_again(
    submission: Submission, amounts: Sequence[tuple[Field, float, float]]
) -> Iterator[Finding]:
    if len(amounts) < _FEWEST:
        return
    fields = [item for item, _, _ in amounts]
    if all(now == then for _, now, then in amounts):
        yield _found("A509", submission, fields, count=str(len(amounts)))
    elif all(now > 0 and then > 0 for _, now, then in amounts):
        ratios = [now / then for _, now, then in amounts]
        larger, smaller = min(ratios) >= _GROWTH, max(ratios) <= 1 / _GROWTH
        if larger or smaller:
            unit = submission.form.unit
            slip = "像是按元填写" if larger and unit == "万元" else "像是弄错了金额单位"
            times = f"{min(ratios):.0f} 倍以上" if larger else f"{1 / max(ratios):.0f} 分之一以下"
            yield _found("A511", submission, fields, times=times, slip=slip, unit=unit)


def _texts_again(submission: Submission, last_year: Submission) -> Iterator[Finding]:
    for item in submission.form.key_fields.results:
        now, then = (_folded(each, item) for each in (submission, last_year))
        if len(now) >= _SHORTEST and _is_copy(now, then):
            yield _found("A510", submission, [item], label=item.label)


def _folded(submission: Submission, item: Field) -> str:
    cell = submission.cell_of(item.key)
    return fold(str(cell.value)) if cell is not None and cell.value is not None else ""


def _is_copy(text: str, other: str) -> bool:
    """Whether a text is another but for a word or two; figures of its own make it one of this year."""
    alike = min(likeness(text, other), likeness(other, text))
    return alike >= _COPIED and same_digits(text, other)


def _found(code: str, submission: Submission, fields: Sequence[Field], **words: str) -> Finding:
    addresses = {item.key: submission.address_of(item.key) for item in fields}
    sheets = [address.sheet for address in addresses.values() if address is not None]
    sheet = sheets[0] if sheets else submission.form.sheet
    named = {k: a.a1 for k, a in addresses.items() if a is not None and a.sheet == sheet}
    return finding(code, sheet=sheet, cell=",".join(named.values()), field=",".join(named), **words)
