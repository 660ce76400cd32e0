"""A county's line: its departments' sums, the rate from these, the mean score; as `totals` has them for all."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbook.form import Form
from workbook.summary.coverage import COUNTED, Status
from workbook.summary.totals import totals_of

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
    for name in figures_of(form):
        columns |= {
            f"{name}{end}": [totals[column].loc[name] for totals in sums]
            for column, end in _COLUMNS.items()
        }
    frame = pd.DataFrame(columns, index=pd.Index(list(groups), dtype="string", name="county"))
    dtypes = {
        f"{name}{end}": "Int64" if column == "doubtful" else "Float64"
        for name in figures_of(form)
        for column, end in _COLUMNS.items()
    }
    return frame.astype(dtypes)


def figures_of(form: Form) -> dict[str, str]:
    """The figures of a county's line with their labels: amounts, the rate, the mean of self scores."""
    key_fields = form.key_fields
    labels = {name: item.label for name, item in key_fields.amounts.items()}
    labels |= {"execution_rate": "执行率"} if key_fields.rate is not None else {}
    return labels | ({MEAN_SCORE: "自评平均分"} if key_fields.score is not None else {})
