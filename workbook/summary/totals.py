"""Sums, rates, means and grades of a form's departments.

Absolute values are added; rates are recomputed from the sums, never averaged; what is missing is missing,
not zero. Nothing is rounded here but scores before they are graded and ranked, on
two decimals, and differences, on 0.01 元.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from workbook.expression import rounded
from workbook.form import Form, KeyFields
from workbook.summary.amounts import amount_column, gives_rate, rate_of_sums, sum_of
from workbook.summary.coverage import COUNTED, Status
from workbook.summary.doubt import column_of_amount, is_doubtful
from workbook.summary.schemas import WHO

HIGHEST_SCORE = 100.0
"""A total score lies between 0 and this; another is none (得分无效)."""
INVALID = "得分无效"
DECIMALS = 2
"""Scores are graded and ranked on so many decimals."""
CENT = 0.01
"""A difference of so much (万元) is one; what is less is rounding."""
FINEST = 6
"""Differences are shown on so many decimals of 万元, 0.01 元: no more is ever typed."""


def grades(
    scores: pd.Series[float], cutoffs: Iterable[tuple[str, float]], lowest_grade: str
) -> pd.Series[str]:
    """The grade of each score, on two decimals; NA where there is no score."""
    result = scores.astype("string").where(scores.isna(), lowest_grade)
    for name, lowest in reversed(list(cutoffs)):
        result = result.mask(_counted(scores).ge(lowest).fillna(value=False), name)
    return result


def ranks(scores: pd.Series[float]) -> pd.Series[int]:
    """1 for the highest score, on two decimals; equal scores share the better rank; NA without score."""
    return _counted(scores).rank(method="min", ascending=False).astype("Int64")


def _counted(scores: pd.Series[float]) -> pd.Series[float]:
    """Half away from zero, as a sheet rounds."""
    return scores.map(lambda score: rounded(score, DECIMALS), na_action="ignore").astype("Float64")


def is_valid(scores: pd.Series[float]) -> pd.Series[bool]:
    """Whether each score is one that can be reached; False without a score."""
    rounded_scores = _counted(scores)
    return rounded_scores.between(0.0, HIGHEST_SCORE).fillna(value=False).astype(bool)


def invalid(departments: pd.DataFrame) -> pd.Series[bool]:
    """Whether a department's own score is one that cannot be reached, and no reviewed one stands for it."""
    own = departments["total_score"]
    return own.notna() & ~is_valid(own) & departments["review_score"].isna()


def shown_grades(departments: pd.DataFrame) -> pd.Series[str]:
    """The grades as people read them: 得分无效 where the score is none."""
    return departments["grade"].mask(invalid(departments), INVALID)


def graded(
    frame: pd.DataFrame, cutoffs: Iterable[tuple[str, float]], lowest_grade: str
) -> pd.DataFrame:
    """The departments' lines with `counted_score`, `grade` and `rank` worked out from the score that
    counts: the reviewed one where there is one, else the department's own, if it can be reached."""
    own = frame["total_score"].where(is_valid(frame["total_score"]))
    counted = _counted(frame["review_score"].fillna(own))
    return frame.assign(
        counted_score=counted, grade=grades(counted, cutoffs, lowest_grade), rank=ranks(counted)
    )


# --- totals ---------------------------------------------------------------------------------------


def in_sums(departments: pd.DataFrame) -> pd.Series[bool]:
    """Whether each department's figures are added up."""
    return departments["status"].isin(COUNTED)


def answered(departments: pd.DataFrame) -> pd.DataFrame:
    """The lines of the departments whose figures count."""
    return departments[in_sums(departments)]


def totals_of(form: Form, departments: pd.DataFrame) -> pd.DataFrame:
    """See `FormSummary.totals`."""
    every = _totals(form, departments, lambda _: pd.Series(True, index=departments.index))
    certain = _totals(form, departments, lambda figure: ~is_doubtful(departments, figure))
    given = [total.given for total in every]
    left_out = [a.given.count() - b.given.count() for a, b in zip(every, certain, strict=True)]
    return pd.DataFrame(
        {
            "label": pd.array([total.label for total in every], dtype="string"),
            "value": pd.array([total.value for total in every], dtype="Float64"),
            "departments": pd.array([int(column.count()) for column in given], dtype="Int64"),
            "missing": pd.array([int(column.isna().sum()) for column in given], dtype="Int64"),
            "certain": pd.array([total.value for total in certain], dtype="Float64"),
            "doubtful": pd.array([int(count) for count in left_out], dtype="Int64"),
        },
        index=pd.Index([total.figure for total in every], dtype="string", name="figure"),
    )


class _Total(NamedTuple):
    """One line of the totals; `given` has the figures that it is made of, NA where there is none."""

    figure: str
    label: str
    value: float
    given: pd.Series[Any]


def _totals(
    form: Form, departments: pd.DataFrame, counts: Callable[[str], pd.Series[bool]]
) -> list[_Total]:
    """The totals over those lines whose figure `counts`."""
    lines, key_fields = answered(departments), form.key_fields

    def added(figure: str) -> pd.Series[float]:
        return lines[figure].where(counts(figure).loc[lines.index])

    amounts = {name: added(name) for name in key_fields.amounts}
    totals = [
        _Total(name, key_fields.amounts[name].label, sum_of(column), column)
        for name, column in amounts.items()
    ]
    if key_fields.rate is not None:
        counted = lines[counts("execution_rate").loc[lines.index]]
        has_rate = gives_rate(form, counted).reindex(lines.index, fill_value=False)
        rates_given = has_rate.astype("boolean").mask(~has_rate)
        totals.append(_Total("execution_rate", "执行率", rate_of_sums(form, counted), rates_given))
    if key_fields.score is not None:
        for column, name, label in (
            ("total_score", "", "自评平均分"),
            ("counted_score", "counted_", "采用得分平均分"),
        ):
            # A department may be reviewed though its return is missing.
            scores = departments[column][departments[column].notna() | in_sums(departments)]
            scores = scores.where(is_valid(scores) & counts(column).loc[scores.index])
            mean = sum_of(scores) / scores.count() if scores.count() else math.nan
            totals.append(_Total(f"{name}mean_score", label, mean, scores))
            if key_fields.budget:
                weighted = f"{label}（按全年预算加权）"
                value, products = _weighted(scores, amounts[key_fields.budget])
                totals.append(_Total(f"{name}weighted_score", weighted, value, products))
    return totals


def _weighted(scores: pd.Series[float], budgets: pd.Series[float]) -> tuple[float, pd.Series[Any]]:
    """The mean score weighted by the budget, over those that give both; and their products."""
    products = scores.reindex(budgets.index) * budgets
    budget = sum_of(budgets.where(products.notna()))
    return (sum_of(products) / budget if budget else math.nan), products


# --- by county ------------------------------------------------------------------------------------

MEAN_SCORE = "mean_score"
_COLUMNS = {"value": "", "certain": "_certain", "doubtful": "_doubtful"}
"""What of the totals a county's line has of each figure, and what its name ends with there."""


def counties_of(form: Form, departments: pd.DataFrame) -> pd.DataFrame:
    """See `FormSummary.counties`."""
    known = departments["county"].fillna("")
    known = known[known.ne("")]
    grouped = departments.loc[known.index].groupby(known, sort=False)
    groups = {str(county): lines for county, lines in grouped}
    sums = [totals_of(form, lines) for lines in groups.values()]
    statuses = [lines["status"] for lines in groups.values()]
    counted = {
        "departments": [len(lines) for lines in groups.values()],
        "answered": [int(status.isin(COUNTED).sum()) for status in statuses],
        **{
            str(status): [int((column == status).sum()) for column in statuses]
            for status in (Status.FAULTY, Status.REJECTED, Status.MISSING)
        },
    }
    columns: dict[str, Any] = {
        name: pd.array(counts, dtype="Int64") for name, counts in counted.items()
    }
    for name in county_figures(form):
        columns |= {
            f"{name}{end}": [totals[column].loc[name] for totals in sums]
            for column, end in _COLUMNS.items()
        }
    frame = pd.DataFrame(columns, index=pd.Index(list(groups), dtype="string", name="county"))
    dtypes = {
        f"{name}{end}": "Int64" if column == "doubtful" else "Float64"
        for name in county_figures(form)
        for column, end in _COLUMNS.items()
    }
    return frame.astype(dtypes)


def county_figures(form: Form) -> dict[str, str]:
    """The figures of a county's line with their labels: amounts, the rate, the mean of self scores."""
    key_fields = form.key_fields
    labels = {name: item.label for name, item in key_fields.amounts.items()}
    labels |= {"execution_rate": "执行率"} if key_fields.rate is not None else {}
    return labels | ({MEAN_SCORE: "自评平均分"} if key_fields.score is not None else {})


# --- grades, and what the funds are made of -------------------------------------------------------


def grade_counts(key_fields: KeyFields, departments: pd.DataFrame) -> pd.DataFrame:
    """See `FormSummary.grades`."""
    names = [*(name for name, _ in key_fields.grades), key_fields.lowest_grade]
    index = pd.Index(names, dtype="string", name="grade")
    grade_column = departments["grade"] if key_fields.score else pd.Series([], dtype="string")
    counts = grade_column.value_counts().reindex(index, fill_value=0).astype("Int64")
    total = int(counts.sum())
    shares = counts.astype("Float64") / total if total else counts.astype("Float64") * pd.NA
    return pd.DataFrame({"departments": counts, "share": shares}, index=index)


def composition_of(
    form: Form, departments: pd.DataFrame, parts: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """See `FormSummary.composition`."""
    lines = answered(departments)
    name_columns = [*WHO, *(["project"] if form.key_fields.project else []), "file"]
    frame = lines[name_columns].copy()
    for breakdown in form.key_fields.breakdowns:
        for item in breakdown.parts:
            frame[item.id] = frame["file"].map(amount_column(form, parts, item)).astype("Float64")
        made_up = frame[[item.id for item in breakdown.parts]].sum(axis=1, min_count=1)
        frame[f"{breakdown.key}_total"] = made_up
        frame[f"{breakdown.key}_difference"] = (made_up - lines[breakdown.whole]).round(FINEST)
    return frame


def funds_of(
    form: Form,
    departments: pd.DataFrame,
    composition: pd.DataFrame,
    parts: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """See `FormSummary.funds`."""
    key_fields = form.key_fields
    pairs = key_fields.composition or tuple(("", item) for item in key_fields.every_amount)
    lines = departments.loc[composition.index]
    every = [amount_column(form, parts, item).reindex(lines["file"]) for _, item in pairs]
    doubts = [is_doubtful(lines, column_of_amount(form, item)) for _, item in pairs]
    certain = [column.mask(doubt.to_numpy()) for column, doubt in zip(every, doubts, strict=True)]
    left_out = [a.count() - b.count() for a, b in zip(every, certain, strict=True)]
    frame = pd.DataFrame(
        {
            "heading": pd.array([heading for heading, _ in pairs], dtype="string"),
            "label": pd.array([item.label for _, item in pairs], dtype="string"),
            "amount": pd.array([sum_of(column) for column in every], dtype="Float64"),
            "departments": pd.array([int(column.count()) for column in every], dtype="Int64"),
            "certain": pd.array([sum_of(column) for column in certain], dtype="Float64"),
            "doubtful": pd.array([int(count) for count in left_out], dtype="Int64"),
        },
        index=pd.Index([item.key for _, item in pairs], dtype="string", name="field"),
    )
    heading_sums = frame.groupby("heading")["amount"].transform("sum")
    has_heading = frame["heading"].ne("")
    return frame.assign(
        share=(frame["amount"] / heading_sums.mask(heading_sums == 0)).where(has_heading)
    )
