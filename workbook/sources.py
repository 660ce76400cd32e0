"""Where each figure of the summary came from: the file, the sheet and the cell of the return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from workbook.form import Field
from workbook.headline import Headline, column_of
from workbook.submission import Cell, Submission

_COLUMNS = {
    "number": "Int64",
    "code": "string",
    "department": "string",
    "project": "string",
    "figure": "string",
    "label": "string",
    "value": "Float64",
    "path": "string",
    "sheet": "string",
    "cell": "string",
    "origin": "string",
    "raw": "string",
}
ORIGINS = {
    "typed": "填报",
    "converted": "填报，经转换",
    "recomputed": "按填报数重算",
    "blank": "空白",
    "unreadable": "无法识别",
    "fixed": "表中固定",
}
"""How a figure came about, as clerks read it."""


def sources_of(
    headline: Headline,
    departments: pd.DataFrame,
    submissions: Sequence[Submission],
    parts: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """See `FormSummary.sources`."""
    figures = _figures(headline)
    values = {
        key: headline.amount(parts, item) if item.kind.name == "money" else column_of(parts, item)
        for key, item in figures.items()
    }
    numbers = dict(zip(departments["file"], departments.index, strict=True))
    lines = departments.set_index("file")
    by_number = sorted(submissions, key=lambda s: numbers[s.key])
    rows: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for submission in by_number:
        line = lines.loc[submission.key]
        for key, item in figures.items():
            cell = submission.cells.get(item.key)
            record = {
                "number": numbers[submission.key],
                "code": line["code"],
                "department": line["department"],
                "project": line["project"] if "project" in lines.columns else pd.NA,
                "figure": key,
                "label": item.label,
                "value": values[key].loc[submission.key],
                "path": submission.key,
                "sheet": cell.address.sheet if cell else None,
                "cell": cell.address.a1 if cell else None,
                "origin": _origin(item, cell),
                "raw": None if cell is None or cell.raw is None else str(cell.raw),
            }
            for name, value in record.items():
                rows[name].append(value)
    frame = pd.DataFrame(
        {name: pd.array(rows[name], dtype=dtype) for name, dtype in _COLUMNS.items()}  # type: ignore[call-overload]
    )
    return frame.rename_axis("source")


def _figures(headline: Headline) -> dict[str, Field]:
    """The figures of a department's line and of its funds, by column."""
    found = dict(headline.line)
    found |= {item.id: item for _, item in headline.composition}
    for name in ("execution_rate", "execution_score", "total_score"):
        item = headline.find(name)
        if item is not None and not item.is_hidden:
            found[name] = item
    return found


def _origin(item: Field, cell: Cell | None) -> str:
    if item.mode == "computed":
        return "recomputed"
    if item.mode == "fixed":
        return "fixed"
    if cell is None or (cell.value is None and not cell.problem and not cell.formula):
        return "blank"
    if cell.problem or cell.error:
        return "unreadable"
    if cell.formula:
        return "recomputed"
    return "converted" if cell.receipt else "typed"


__all__ = ["ORIGINS", "sources_of"]
