"""Last year beside this year: each department's funds, rate, score and grade, what changed and by how much.

Scores are the departments' own in both years, and so are the grades: what was reviewed in one year cannot stand
beside what was not in the other.

Departments are matched by county and budget code, the others by county and name (blanks, width and case
aside), projects also by their own name. Amounts are 万元 and rates fractions, as in the departments' lines of both years.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd

from workbook import text as texts
from workbook.checking import Identity, no_earlier_year, pair
from workbook.errors import PreviousError
from workbook.form import Form
from workbook.summary.amounts import gives_rate, rate_of_sums, sum_of
from workbook.summary.coverage import COUNTED, Status
from workbook.summary.doubt import doubtful_in, is_doubtful, joined_doubts
from workbook.summary.schemas import WHO
from workbook.summary.totals import INVALID, grades, is_valid

RATE, SCORE = "execution_rate", "total_score"
CERTAIN = "certain"
"""The group of the totals in which no figure is doubtful."""


class Pairing(StrEnum):
    """In which of the two years a department gave figures."""

    BOTH = "both"
    NEW = "new"
    GONE = "gone"
    NEITHER = "neither"

    @property
    def chinese(self) -> str:
        """As the sheet shows it."""
        words = {"both": "两年均有", "new": "今年新有", "gone": "今年没有", "neither": "两年均无"}
        return words[self.value]


@dataclass(frozen=True, slots=True)
class DepartmentLines:
    """One year's lines of a form, as `FormSummary.departments` has them."""

    form: Form
    fiscal_year: int
    departments: pd.DataFrame
    cutoffs: tuple[tuple[str, float], ...]
    """The grades and their lowest scores in that year, best first."""
    remarks: tuple[str, ...] = ()
    """What has to be said of figures that come from a table, in sentences."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Comparison:
    """One form's departments in two years."""

    def __repr__(self) -> str:
        years = f"{self.fiscal_year} beside {self.previous_year}"
        return f"<Comparison of {self.form.id}, {years}: {len(self.departments)} departments>"

    form: Form
    previous_form: Form
    fiscal_year: int
    previous_year: int
    departments: pd.DataFrame
    """One row a department, index `line` from 1: this year's in their order, then those that are gone.
    `number` (the line this year, NA if gone), county, code, department, [project], and for each of `figures`
    NAME_before, NAME, NAME_change (in its own unit; rates in fractions) and, for amounts, NAME_growth
    (the change over last year's, a fraction); grade_before, grade (by the department's own score; 得分无效
    where that is none); doubtful (the figures that are doubtful in one of the years, by their columns, commas
    between); pairing; remark."""
    totals: pd.DataFrame
    """Index `group`: all, certain (of each figure those in which neither year's is doubtful; `departments` where
    none is) and each of `Pairing`; `departments`, and the figures as above: amounts added
    up, rates from the sums of those who give both amounts, scores as plain means of those that can be reached.
    In `both` a figure is of those departments that give it in both years, so that its change is of the same ones."""
    figures: Mapping[str, str]
    """The label of each figure that both years have: the amounts, execution_rate, total_score."""
    remarks: tuple[str, ...] = ()
    """Whence last year's figures were taken, and what was not, in sentences; none of returns."""

    @property
    def amounts(self) -> tuple[str, ...]:
        """The figures that are amounts of money."""
        return tuple(name for name in self.figures if name not in (RATE, SCORE))


def compare(
    this_year: Sequence[DepartmentLines], before: Sequence[DepartmentLines]
) -> tuple[Comparison, ...]:
    """Each of this year's forms with the same form of the latest year before it.

    Raises PreviousError if there is none for any of them.
    """
    comparisons = []
    for lines in this_year:
        earlier = [b for b in before if b.form.id == lines.form.id]
        earlier = [b for b in earlier if b.fiscal_year < lines.fiscal_year]
        if earlier:
            comparisons.append(_compared(lines, max(earlier, key=lambda b: b.fiscal_year)))
    if this_year and not comparisons:
        had, ours = ([each.fiscal_year for each in lines] for lines in (before, this_year))
        raise PreviousError(no_earlier_year(had, ours))
    return tuple(comparisons)


def _compared(this_year: DepartmentLines, last_year: DepartmentLines) -> Comparison:
    figures = _figures(this_year, last_year)
    this, last = this_year.departments, last_year.departments
    pairs = pair(identities_of(this), identities_of(last))
    gave_now, gave_then = _gave_figures(this), _gave_figures(last)
    paired = set(pairs.values())
    gone = [i for i in range(len(last)) if i not in paired and gave_then[i]]
    ours: list[int | None] = [*range(len(this)), *[None] * len(gone)]
    theirs = [*(pairs.get(position) for position in range(len(this))), *gone]
    frame = pd.DataFrame(
        {
            "number": pd.array([None if i is None else this.index[i] for i in ours], dtype="Int64"),
            **{
                name: _values_at(this, name, ours).fillna(_values_at(last, name, theirs))
                for name in (*WHO, "project")
                if name in this.columns and name in last.columns
            },
        }
    )
    for name in figures:
        frame[f"{name}_before"] = _values_at(last, name, theirs)
        frame[name] = _values_at(this, name, ours)
    if SCORE in figures:
        grades_before, grades_now = own_grades(last_year), own_grades(this_year)
        frame["grade_before"] = _values_at(last.assign(grade=grades_before), "grade", theirs)
        frame["grade"] = _values_at(this.assign(grade=grades_now), "grade", ours)
    frame = _changes(frame, figures)
    in_doubt = [doubtful_in(lines) for lines in (last, this)]
    frame["doubtful"] = joined_doubts(
        _values_at(names.to_frame("doubtful"), "doubtful", positions)
        for names, positions in zip(in_doubt, (theirs, ours), strict=True)
    )
    states = [
        _pairing(i is not None and gave_now[i], j is not None and gave_then[j])
        for i, j in zip(ours, theirs, strict=True)
    ]
    frame["pairing"] = pd.array([str(state) for state in states], dtype="string")
    frame["remark"] = pd.array(
        [_remark(this, i, last, j) for i, j in zip(ours, theirs, strict=True)], dtype="string"
    )
    frame = frame.set_index(pd.RangeIndex(1, len(frame) + 1, name="line"))
    forms = {"_before": last_year.form, "": this_year.form}
    return Comparison(
        form=this_year.form,
        previous_form=last_year.form,
        fiscal_year=this_year.fiscal_year,
        previous_year=last_year.fiscal_year,
        departments=frame,
        totals=_totals(frame, figures, forms),
        figures=figures,
        remarks=last_year.remarks,
    )


def own_grades(lines: DepartmentLines) -> pd.Series[str]:
    """The grades by the departments' own scores, whatever was reviewed; 得分无效 where one is none."""
    own = lines.departments["total_score"]
    valid = is_valid(own)
    own_grade = grades(own.where(valid), lines.cutoffs, lines.form.key_fields.lowest_grade)
    return own_grade.mask(own.notna() & ~valid, INVALID)


def _figures(this_year: DepartmentLines, last_year: DepartmentLines) -> dict[str, str]:
    amounts = this_year.form.key_fields.amounts
    labels = {name: item.label for name, item in amounts.items()}
    labels |= {RATE: "执行率", SCORE: "自评得分"}
    both = this_year.departments.columns.intersection(last_year.departments.columns)
    return {name: label for name, label in labels.items() if name in both}


def _gave_figures(lines: pd.DataFrame) -> list[bool]:
    """Whether each line has figures."""
    return list(lines["file"].notna() & lines["status"].isin(COUNTED))


def _pairing(gave_now: bool, gave_then: bool) -> Pairing:
    if gave_now:
        return Pairing.BOTH if gave_then else Pairing.NEW
    return Pairing.GONE if gave_then else Pairing.NEITHER


def _values_at(lines: pd.DataFrame, name: str, positions: Iterable[int | None]) -> pd.Series[Any]:
    """A column's values at some positions, NA where there is none."""
    picked = pd.array(
        [-1 if position is None else position for position in positions], dtype="Int64"
    )
    values = lines[name].array.take(picked.to_numpy(dtype=int), allow_fill=True)
    return pd.Series(values)


# --- who is who -----------------------------------------------------------------------------------


def identities_of(lines: pd.DataFrame) -> list[Identity]:
    """What the departments' lines are known by."""
    names = [*WHO, *(["project"] if "project" in lines.columns else [])]
    words = lines[names].fillna("").to_numpy().tolist()
    return [Identity.of(*line[:3], project=line[3] if line[3:] else "") for line in words]


def _remark(this: pd.DataFrame, i: int | None, last: pd.DataFrame, j: int | None) -> str | None:
    unread = _word(last, "unread", j) if j is not None and "unread" in last.columns else ""
    changes = [f"上年{unread}，没有取用"] if unread else []
    if i is None:
        return "；".join(["今年名单中没有", *changes])
    if not _has_figures(this, i):
        answer = "今年未报" if this["status"].iloc[i] == Status.MISSING else "今年退回"
        return "；".join([answer, *changes])
    if j is None:
        return "上年没有"
    for name, label in (("code", "编码"), ("department", "名称")):
        was, current = (_word(lines, name, position) for lines, position in ((last, j), (this, i)))
        if texts.fold(was) != texts.fold(current):
            changes.append(f"{label}由“{was}”改为“{current}”")
    return "；".join(changes) or None


def _has_figures(lines: pd.DataFrame, position: int) -> bool:
    return lines["status"].iloc[position] in COUNTED


def _word(lines: pd.DataFrame, name: str, position: int) -> str:
    value = lines[name].iloc[position]
    return "" if pd.isna(value) else str(value)


# --- what changed ---------------------------------------------------------------------------------


def _changes(frame: pd.DataFrame, figures: Iterable[str]) -> pd.DataFrame:
    """The frame with the change of each figure, and the growth of the amounts."""
    columns = {}
    for name in figures:
        was = frame[f"{name}_before"]
        columns[f"{name}_change"] = frame[name] - was
        if name not in (RATE, SCORE):
            columns[f"{name}_growth"] = columns[f"{name}_change"] / was.mask(was == 0)
    return frame.assign(**columns)


def _totals(
    frame: pd.DataFrame, figures: Mapping[str, str], forms: Mapping[str, Form]
) -> pd.DataFrame:
    """`forms` are the years' forms, by what the names of their columns end with."""
    no_doubt = frame["doubtful"].eq("")
    groups = {"all": frame, CERTAIN: frame[no_doubt]}
    groups |= {str(p): frame[frame["pairing"] == p] for p in Pairing}
    table = pd.DataFrame(
        {"departments": pd.array([len(group) for group in groups.values()], dtype="Int64")},
        index=pd.Index(list(groups), dtype="string", name="group"),
    )
    for name in figures:
        groups[CERTAIN] = frame[~is_doubtful(frame, name)]
        both = frame["pairing"] == Pairing.BOTH
        for end, form in forms.items():
            both &= _gives(frame, name, end, form)
        groups[str(Pairing.BOTH)] = frame[both]
        for end, form in forms.items():
            values = [_total(group, name, end, form) for group in groups.values()]
            table[f"{name}{end}"] = pd.array(values, dtype="Float64")
    table = _changes(table, figures)
    if not table["departments"].loc[str(Pairing.BOTH)]:
        # The sums are of wholly different departments: nothing has grown.
        table[[name for name in table.columns if name.endswith("_growth")]] = pd.NA
    return table


def like_for_like(comparison: Comparison, figure: str) -> tuple[float, float, int]:
    """A figure's totals last year and this year, of those that give it in both years without doubt; how many.

    NaN where there is none. Of others than these no growth can be told.
    """
    frame = comparison.departments
    forms = {"_before": comparison.previous_form, "": comparison.form}
    same = frame["pairing"].eq(Pairing.BOTH) & ~is_doubtful(frame, figure)
    for end, form in forms.items():
        same &= _gives(frame, figure, end, form)
    before, now = (_total(frame[same], figure, end, form) for end, form in forms.items())
    return before, now, int(same.sum())


def _gives(frame: pd.DataFrame, name: str, end: str, form: Form) -> pd.Series[bool]:
    """Whether each line gives what a figure's total is made of, in one of the years."""
    if name == SCORE:
        return is_valid(frame[f"{name}{end}"])
    if name == RATE and _has_rate_needs(frame, end, form):
        return gives_rate(form, frame, end)
    return frame[f"{name}{end}"].notna()


def _has_rate_needs(frame: pd.DataFrame, end: str, form: Form) -> bool:
    return {f"{amount}{end}" for amount in form.key_fields.rate_needs} <= set(frame.columns)


def _total(group: pd.DataFrame, name: str, end: str, form: Form) -> float:
    if name == SCORE:
        scores = group[f"{name}{end}"]
        scores = scores[is_valid(scores)]
        return sum_of(scores) / len(scores) if len(scores) else math.nan
    if name == RATE:
        return rate_of_sums(form, group, end) if _has_rate_needs(group, end, form) else math.nan
    return sum_of(group[f"{name}{end}"])
