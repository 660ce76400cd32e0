"""What a summary knows of a form beside its lines and totals, as tables with their schemas: what the funds are made of, where
points were lost, whom to re-check, last year beside this year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from workbook.form import FRACTION, POINTS, Form
from workbook.overview import sample, sampling_of
from workbook.summary import (
    LEVEL_NAMES,
    NUMBER,
    RATE,
    SCORE,
    TEXT,
    TRUTH,
    UNIT,
    WHO,
    WHOLE,
    Comparison,
    FormSummary,
    FrameColumn,
    Schema,
    Summary,
    departments_schema,
)

_NUMBER = (FrameColumn("number", WHOLE, "序号，同 departments"),)
_LINE = (FrameColumn("line", WHOLE, "行号"),)
_YEAR = FrameColumn("fiscal_year", WHOLE, "年度")


def further_tables(
    summary: Summary, form: Form, parts: Sequence[FormSummary]
) -> Iterator[tuple[Schema, pd.DataFrame]]:
    """The tables of one form over its years; each only where the form has what it tells."""
    if form.key_fields.breakdowns:
        frames = [_of_year(part.composition, part.fiscal_year) for part in parts]
        yield _typed(composition_schema(form), pd.concat(frames))
    if form.key_fields.scored:
        frames = [_of_year(part.indicators.reset_index(), part.fiscal_year) for part in parts]
        attained = pd.concat(frames, ignore_index=True).rename_axis("line")
        yield _typed(attainment_schema(form), attained)
        drawn = sampling_of(summary)
        frames = [_of_year(sample(part, drawn), part.fiscal_year) for part in parts]
        yield _typed(sample_schema(form), pd.concat(frames))
    for compared in summary.comparisons:
        if compared.form.key == form.key:
            frame = _of_year(compared.departments, compared.fiscal_year)
            yield _typed(comparison_schema(compared), frame)


def _of_year(frame: pd.DataFrame, year: int) -> pd.DataFrame:
    return frame.assign(fiscal_year=pd.array([year] * len(frame), dtype="Int64"))


def _typed(schema: Schema, frame: pd.DataFrame) -> tuple[Schema, pd.DataFrame]:
    """The frame with the schema's columns, in its order and dtypes."""
    dtypes = {column.name: column.dtype for column in schema.columns}
    return schema, frame[list(dtypes)].astype(dtypes)


def _who(form: Form) -> list[FrameColumn]:
    names = {*WHO, "project"}
    return [column for column in departments_schema(form).columns if column.name in names]


def composition_schema(form: Form) -> Schema:
    """What the funds of each department are made of."""
    columns = [_YEAR, *_who(form)]
    for breakdown in form.key_fields.breakdowns:
        columns += [FrameColumn(item.id, NUMBER, item.label, UNIT) for item in breakdown.parts]
        heading = breakdown.heading
        columns += [
            FrameColumn(f"{breakdown.key}_total", NUMBER, f"{heading}：各项之和", UNIT),
            FrameColumn(
                f"{breakdown.key}_difference", NUMBER, f"{heading}：与应等于的数相差", UNIT
            ),
        ]
    columns.append(FrameColumn("file", TEXT, "计入的那一份：文件的路径"))
    return Schema("composition", "资金构成，一个计入汇总的单位（项目）一行；给了汇总才有", _NUMBER, tuple(columns))  # fmt: skip


def attainment_schema(form: Form) -> Schema:
    """How much of its points each branch of the indicators attained."""
    depth = max(len(rows.section.levels) for rows in form.key_fields.scored)
    levels = [FrameColumn(f"level{n + 1}", TEXT, LEVEL_NAMES[n]) for n in range(depth)]
    columns = (
        _YEAR, FrameColumn("section", TEXT, "节"), *levels,
        FrameColumn("rows", WHOLE, "指标数"),
        FrameColumn("weight", NUMBER, "分值合计", POINTS), FrameColumn("score", NUMBER, "自评得分合计", POINTS),
        FrameColumn("share", NUMBER, "得分率", FRACTION), FrameColumn("full", WHOLE, "满分项数"),
        FrameColumn("full_share", NUMBER, "满分项数占比", FRACTION), FrameColumn("lost", NUMBER, "失分", POINTS),
        FrameColumn("reason", TEXT, "最多的失分原因"), FrameColumn("reason_rows", WHOLE, "这样的项数"),
    )  # fmt: skip
    return Schema("attainment", "各级指标的得分情况，一级一行；给了汇总才有", _LINE, columns)


def sample_schema(form: Form) -> Schema:
    """Whom to re-check, in that order."""
    points = [
        FrameColumn(criterion.column, NUMBER, f"“{criterion.label}”得的分", POINTS)
        for criterion in form.key_fields.criteria
    ]
    columns = (
        _YEAR, *_who(form),
        FrameColumn("budget", NUMBER, "全年预算数", UNIT), FrameColumn("execution_rate", NUMBER, "执行率", FRACTION),
        FrameColumn("errors", WHOLE, "错误数", "个"), FrameColumn("warnings", WHOLE, "提醒数", "个"),
        FrameColumn("full_share", NUMBER, "满分率", FRACTION),
        FrameColumn("above", WHOLE, "自评高于规则的项数"), FrameColumn("above_points", NUMBER, "高出的分数", POINTS),
        FrameColumn("execution_gap", NUMBER, "预算执行自评得分与规则得分之差", POINTS), *points,
        FrameColumn("points", NUMBER, "合计分", POINTS), FrameColumn("place", WHOLE, "同分的次序"),
        FrameColumn("order", WHOLE, "次序"), FrameColumn("sampled", TRUTH, "是否建议抽查"),
        FrameColumn("why", TEXT, "符合的条件"),
    )  # fmt: skip
    return Schema("sample", "抽查复核名单，一个计入汇总的单位（项目）一行，先抽的在前；给了汇总才有", _NUMBER, columns)  # fmt: skip


def comparison_schema(compared: Comparison) -> Schema:
    """Last year beside this year."""
    columns = [_YEAR, FrameColumn("number", WHOLE, "序号，同 departments；今年没有的为空")]
    columns += [c for c in _who(compared.form) if c.name in compared.departments.columns]
    for name, label in compared.figures.items():
        unit = {RATE: FRACTION, SCORE: POINTS}.get(name, UNIT)
        columns += [
            FrameColumn(f"{name}_before", NUMBER, f"上年{label}", unit),
            FrameColumn(name, NUMBER, label, unit),
            FrameColumn(f"{name}_change", NUMBER, f"{label}增减", unit),
        ]
        if name in compared.amounts:
            columns.append(FrameColumn(f"{name}_growth", NUMBER, f"{label}增长", FRACTION))
    if SCORE in compared.figures:
        columns += [
            FrameColumn("grade_before", TEXT, "上年等次，按自评得分"),
            FrameColumn("grade", TEXT, "等次，按自评得分"),
        ]
    columns += [
        FrameColumn("doubtful", TEXT, "有一年存疑的数，以逗号相连"),
        FrameColumn("pairing", TEXT, "both 两年都有 · new 今年才有 · gone 今年没有 · neither 两年都没有数"),
        FrameColumn("remark", TEXT, "说明"),
    ]  # fmt: skip
    return Schema("comparison", "上年与今年对照，一个单位（项目）一行；给了上年才有", _LINE, tuple(columns))  # fmt: skip
