"""A county's line: its departments' sums, the rate from these, the mean score; as `totals` has them for all."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbook.form import Form
from workbook.summary.coverage import COUNTED, Status
from workbook.summary.totals import totals_of

MEAN_SCORE = "mean_score"


def counties_of(form: Form, departments: pd.DataFrame) -> pd.DataFrame:
    """See `FormSummary.counties`."""
    known = departments["county"].fillna("")
    known = known[known.ne("")]
    grouped = departments.loc[known.index].groupby(known, sort=False)
    groups = {str(county): lines for county, lines in grouped}
    sums = [totals_of(form, lines)["value"] for lines in groups.values()]
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
    columns |= {
        name: pd.array([county_sums[name] for county_sums in sums], dtype="Float64")
        for name in figures_of(form)
    }
    return pd.DataFrame(columns, index=pd.Index(list(groups), dtype="string", name="county"))


def figures_of(form: Form) -> dict[str, str]:
    """The figures of a county's line with their labels: amounts, the rate, the mean of self scores."""
    key_fields = form.key_fields
    labels = {name: item.label for name, item in key_fields.amounts.items()}
    labels |= {"execution_rate": "执行率"} if key_fields.rate is not None else {}
    return labels | ({MEAN_SCORE: "自评平均分"} if key_fields.score is not None else {})
