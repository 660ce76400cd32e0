"""Amounts that two papers tell: a department's projects and their sum, the roster's budget and the form's.

Amounts are compared in 万元, within half a unit of the coarser last decimal. Only what is concerned is worked
out anew. Of returns without their cells those of `compared_fields` are needed, as worked out before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from workbook.checking.columns import View, gather
from workbook.checking.roster import Roster, RosterEntry, RosterProject, all_of
from workbook.checking.senders import SentReturns
from workbook.errors import RosterError
from workbook.expression import BLANK, NUMBER, number_text
from workbook.findings import Finding, finding
from workbook.form import PER_WANYUAN, Field, Form
from workbook.language import t
from workbook.reading import Submission
from workbook.text import fold, fold_as_seen

Amounts = dict[tuple[int, str], float]
"""Amounts in 万元, by a return's position and a field's key."""

_FINEST = 6
"""To so many decimals of 万元 a difference is exact."""


_SLIP, _NEAR_SLIP = 10_000.0, 0.01
"""Amounts that differ by this factor, to within this part of it, are in 元 and 万元."""


def compared_fields(form: Form, roster: Roster | None) -> list[Field]:
    """The fields of a form that are compared, or named where others differ."""
    of_roster = list(_amount_columns(roster, form).values()) if roster is not None else []
    in_another_unit = entered_amounts(form) if of_roster else []
    return list(dict.fromkeys((*_of_projects(form), *of_roster, *in_another_unit)))


def entered_amounts(form: Form) -> list[Field]:
    """The amounts of a form that are one to a return and filled in by hand."""
    return [item for item in form.key_fields.every_amount if item.is_input]


def amounts_of(
    submissions: Mapping[int, Submission], fields_of: Callable[[Form], Iterable[Field]]
) -> Amounts:
    """Single fields of some submissions, computed ones worked out anew. What is blank and counts as zero
    is zero; other blanks, and what cannot be read, are left out."""
    by_form: dict[Form, list[int]] = {}
    for position, submission in submissions.items():
        by_form.setdefault(submission.form, []).append(position)
    amounts: Amounts = {}
    for form, positions in by_form.items():
        fields = [item for item in fields_of(form) if _unit_of(form, item) in PER_WANYUAN]
        chosen = {position: submissions[position] for position in positions}
        computed = [
            item for item in fields if item.is_computed and submissions[positions[0]].is_whole
        ]
        amounts |= _stored(form, chosen, [item for item in fields if item not in computed])
        if computed:
            amounts |= _worked_out(form, chosen, computed)
    return amounts


def _stored(form: Form, chosen: Mapping[int, Submission], fields: Sequence[Field]) -> Amounts:
    amounts: Amounts = {}
    for item in fields:
        per = PER_WANYUAN[_unit_of(form, item)]
        for position, submission in chosen.items():
            cell = submission.cell_of(item.key)
            if cell is not None and isinstance(cell.value, float):
                amounts[position, item.key] = cell.value / per
            elif cell is not None and cell.raw is None and item.blank == "zero":
                amounts[position, item.key] = 0.0
    return amounts


def _worked_out(form: Form, chosen: Mapping[int, Submission], fields: Sequence[Field]) -> Amounts:
    batch = gather(form, list(chosen.values()), View.TRUE)
    amounts: Amounts = {}
    for item in fields:
        cells, per = batch.field_cells(item.key), PER_WANYUAN[_unit_of(form, item)]
        for row, position in enumerate(chosen):
            if cells.state[row, 0] == NUMBER:
                amounts[position, item.key] = float(cells.number[row, 0]) / per
            elif cells.state[row, 0] == BLANK and item.blank == "zero":
                amounts[position, item.key] = 0.0
    return amounts


def _unit_of(form: Form, item: Field) -> str:
    return item.unit or form.unit


def _last_unit(form: Form, item: Field) -> float:
    """A field's last decimal in 万元."""
    decimals: int = item.kind.decimals or 0
    return float(10.0**-decimals / PER_WANYUAN[_unit_of(form, item)])


def _differ(one: float, other: float, last_units: Iterable[float]) -> bool:
    return round(abs(one - other), _FINEST) >= 0.5 * max(last_units)


def _differing(
    code: str,
    submission: Submission,
    item: Field,
    stated: float,
    expected: float,
    *,
    also_at: Iterable[Field] = (),
    **words: str,
) -> Finding:
    """A finding at an amount, and at further ones of its sheet."""
    address = submission.address_of(item.key)
    sheet = address.sheet if address else submission.form.sheet
    named = {item.key: address.a1 if address else ""}
    for further in also_at:
        further_address = submission.address_of(further.key)
        if further_address is not None and further_address.sheet == sheet:
            named.setdefault(further.key, further_address.a1)
    return finding(
        code,
        sheet=sheet,
        cell=",".join(filter(None, named.values())),
        field=",".join(named),
        printed=_text(stated),
        expected=_text(expected),
        label=item.label,
        stated=_text(stated),
        due=_text(expected),
        difference=_text(abs(stated - expected)),
        unit_slip=_slip_words(stated, expected),
        **words,
    )


def _slip_words(stated: float, expected: float) -> str:
    """What an amount that is so many times the other, or the other of it, looks like; blank if neither is."""
    if _is_slip(stated, expected):
        return "，像是按元填写"
    return "，相差一万倍，像是弄错了金额单位" if _is_slip(expected, stated) else ""


def _is_slip(larger: float, smaller: float) -> bool:
    return smaller > 0 and abs(larger / smaller / _SLIP - 1) <= _NEAR_SLIP


def _text(amount: float) -> str:
    return number_text(round(amount, _FINEST))


# --- a department's projects ----------------------------------------------------------------------


def unlike_projects(sent: SentReturns) -> Iterator[tuple[int, Finding]]:
    """A507 by position, at what a department spent on its projects where their own forms tell otherwise:
    all of the roster's have come and their sum differs, or what came is more than the whole."""
    counted = {
        position: submission
        for position, submission in sent.read.items()
        if position not in sent.copies.uncounted
    }
    projects_of: dict[tuple[int, int], list[int]] = {}
    for position, submission in counted.items():
        if submission.form.key_fields.project is not None and submission.form.key_fields.spent:
            key = sent.departments[position], submission.fiscal_year
            projects_of.setdefault(key, []).append(position)
    projects_by_total = {
        position: projects
        for position, submission in counted.items()
        if submission.form.key_fields.project_total is not None
        and (projects := projects_of.get((sent.departments[position], submission.fiscal_year)))
    }
    concerned = {p for position, some in projects_by_total.items() for p in (position, *some)}
    amounts = amounts_of({p: counted[p] for p in sorted(concerned)}, _of_projects)
    for position, projects in projects_by_total.items():
        (item,) = _of_projects(counted[position].form)
        stated = amounts.get((position, item.key))
        spent = {p: _of_projects(counted[p].form)[0] for p in projects}
        known = [amounts[p, field.key] for p, field in spent.items() if (p, field.key) in amounts]
        total = math.fsum(known)
        entry = sent.senders[position].entry
        listed = {fold_as_seen(project.name) for project in entry.projects} if entry else set()
        came = {fold_as_seen(counted[p].project) for p in projects}
        all_came = bool(listed) and listed <= came and len(known) == len(projects)
        units = [
            _last_unit(counted[position].form, item),
            *(_last_unit(counted[p].form, field) for p, field in spent.items()),
        ]
        if stated is not None and _differ(stated, total, units) and (all_came or total > stated):
            count = str(len(projects))
            violation = _differing("A507", counted[position], item, stated, total, count=count)
            yield position, violation


def _of_projects(form: Form) -> list[Field]:
    """What a form tells of what was spent on projects: on all of them, or on its own."""
    key_fields = form.key_fields
    if key_fields.project_total is not None:
        return [key_fields.project_total]
    by_project = key_fields.project is not None and key_fields.spent
    return [key_fields.amounts[key_fields.spent]] if by_project else []


# --- the roster's amounts -------------------------------------------------------------------------


def unlike_roster(sent: SentReturns, year: int | None) -> Iterator[tuple[int, Finding]]:
    """A508 by position, at amounts that the roster tells otherwise; `year` is the round's.

    Raises RosterError where what should be an amount is no number.
    """
    roster = sent.roster
    if roster is None:
        return
    listed_by_form: dict[str, dict[_Line, list[_ListedAmount]]] = {}
    listed_of: dict[int, list[_ListedAmount]] = {}
    for position, submission in sent.read.items():
        entry, form = sent.senders[position].entry, submission.form
        due = year in (None, submission.fiscal_year)
        if entry is None or not due or position in sent.copies.replaced:
            continue
        if form.key not in listed_by_form:
            listed_by_form[form.key] = dict(_listed_amounts(roster, form))
        line = entry if form.key_fields.project is None else entry.project(submission.project)
        amounts_there = listed_by_form[form.key].get(line) if line else None
        if amounts_there:
            listed_of[position] = amounts_there
    submissions = {position: sent.read[position] for position in listed_of}
    amounts = amounts_of(submissions, lambda form: _amount_columns(roster, form).values())
    for position, listed in listed_of.items():
        form = sent.read[position].form
        for item, amount, unit in listed:
            stated = amounts.get((position, item.key))
            if stated is not None and _differ(stated, amount, (unit, _last_unit(form, item))):
                yield position, _unlike_listed(sent.read[position], item, stated, amount)


def _unlike_listed(submission: Submission, item: Field, stated: float, amount: float) -> Finding:
    """A508; where the unit is what differs, it is at every amount of the form: all are filled in alike."""
    form, remedy, also_at = submission.form, "请按批复数填写", list[Field]()
    if _slip_words(stated, amount):
        remedy = (
            f"本表以{_unit_of(form, item)}为单位，请核对全部金额，改按{_unit_of(form, item)}填写"
        )
        also_at = entered_amounts(form)
    return _differing("A508", submission, item, stated, amount, also_at=also_at, remedy=remedy)


def roster_amounts(roster: Roster, form: Form) -> dict[tuple[int, str], dict[Field, float]]:
    """What the roster tells of the amounts of each form that is due, in the form's unit: by the department's
    row and, of a form by project, the project's name. Raises RosterError where something is no number."""
    by_project = form.key_fields.project is not None
    listed = {line.row: amounts for line, amounts in _listed_amounts(roster, form)}
    amounts_of_form: dict[tuple[int, str], dict[Field, float]] = {}
    for entry in roster.entries:
        lines: list[_Line] = [*entry.projects] if by_project else [entry]
        for line in lines:
            name = line.name if isinstance(line, RosterProject) else ""
            amounts_of_form[entry.row, name] = {
                item: round(amount * PER_WANYUAN[_unit_of(form, item)], _FINEST)
                for item, amount, _ in listed.get(line.row, ())
                if item.is_input
            }
    return amounts_of_form


_Line = RosterEntry | RosterProject
_ListedAmount = tuple[Field, float, float]
"""A field, its amount on the roster in 万元, and the roster's last decimal in 万元."""
_UNIT_BEHIND = re.compile(r"\((万元|元)\)$")
_DECIMALS = 2
"""So many decimals amounts of a roster have."""


def _listed_amounts(roster: Roster, form: Form) -> Iterator[tuple[_Line, list[_ListedAmount]]]:
    """The lines of the list in which a form's amounts stand, the roster's or that of the projects."""
    columns = _amount_columns(roster, form)
    if not columns:
        return
    by_project = form.key_fields.project is not None
    place = roster.projects_at if by_project else roster.path
    projects = [project for _, project in roster.projects]
    lines: Sequence[_Line] = projects if by_project else roster.entries
    mistakes: list[str] = []
    for line in lines:
        listed = []
        for head, item in columns.items():
            text, (_, per) = line.extra[head], _name_and_unit(head)
            if text:
                where = t("{place}，第 {row} 行：“{head}”", place=place, row=line.row, head=head)
                try:
                    amount = _number(text, where)
                except RosterError as error:
                    mistakes.append(str(error))
                else:
                    listed.append((item, amount / per, 10.0**-_DECIMALS / per))
        yield line, listed
    if mistakes:
        raise all_of(mistakes)


def _number(text: str, where: str) -> float:
    try:
        number = float(fold(text))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RosterError(
            t("{where}的“{text}”不是数，请只写数字，没有的留空", where=where, text=text)
        )
    if number < 0:
        raise RosterError(t("{where}的“{text}”小于 0，请核对", where=where, text=text))
    return number


def _amount_columns(roster: Roster, form: Form) -> dict[str, Field]:
    """The heads under which the roster tells amounts of a form's line: their labels or identifiers."""
    named: dict[str, Field] = {}
    for column, item in form.key_fields.amounts.items():
        if _unit_of(form, item) in PER_WANYUAN:
            for name in (item.label, column, item.id):
                named.setdefault(fold(name), item)
    if form.key_fields.project is None:
        heads = next((entry.extra for entry in roster.entries), {})
    else:
        heads = next((project.extra for _, project in roster.projects), {})
    return {head: named[name] for head in heads if (name := _name_and_unit(head)[0]) in named}


def _name_and_unit(head: str) -> tuple[str, float]:
    """A column's name without its unit, and how many of that make one 万元."""
    name = fold(head)
    unit = _UNIT_BEHIND.search(name)
    return (name[: unit.start()], PER_WANYUAN[unit[1]]) if unit else (name, 1.0)
