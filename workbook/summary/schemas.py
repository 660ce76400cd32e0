"""What every frame holds: each column's type, unit and meaning; and whether a frame is as told.

The fixed frames are tables here; a section's frame and a form's departments follow from the form.
docs/data.md prints these tables, `builder.tables.data` checks every frame against them before it writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from workbook.form import CELL, FRACTION, GROUP, POINTS, Field, Form, Section
from workbook.summary.amounts import UNIT, worded_rate

TEXT, WHOLE, NUMBER, DATE, TRUTH = "string", "Int64", "Float64", "datetime64[s]", "boolean"
TIMESTAMP = "datetime64[us]"
"""The dtypes that columns have; all can hold a missing value."""
LEVEL_NAMES = ("一级指标", "二级指标", "三级指标")


@dataclass(frozen=True, slots=True)
class FrameColumn:
    """One column of a frame, or one level of its index."""

    name: str
    dtype: str
    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """A frame: its index first, then its columns, in their order."""

    name: str
    meaning: str
    index: tuple[FrameColumn, ...]
    columns: tuple[FrameColumn, ...]

    @property
    def every(self) -> tuple[FrameColumn, ...]:
        """The index and the columns, as they stand in a file."""
        return self.index + self.columns


_COUNTY = FrameColumn("county", TEXT, "县区；不知道是哪个县区的为空文本")
_CODE = FrameColumn("department_code", TEXT, "预算编码，文件里写的")
_DEPARTMENT = FrameColumn("department", TEXT, "部门，文件里写的")
_FORM = (FrameColumn("form", TEXT, "表式"), FrameColumn("version", TEXT, "表式的版本"))
_COUNTS = (
    FrameColumn("errors", WHOLE, "错误数", "个"),
    FrameColumn("warnings", WHOLE, "提醒数", "个"),
    FrameColumn("notes", WHOLE, "说明数", "个"),
)
_SUBMISSION = FrameColumn("submission", TEXT, "哪一份：文件的路径")

WHO = ("county", "code", "department")
"""The columns that tell a department."""

FILES = Schema(
    "files",
    "收到的文件，一个一行，读不了的也在内",
    (FrameColumn("path", TEXT, "文件的路径"),),
    (
        FrameColumn("status", TEXT, "accepted 收下 · rejected 退回 · skipped 跳过"),
        FrameColumn("why", TEXT, "退回或跳过的原因；收下的为空文本"),
        *_FORM,
        _COUNTY,
        _CODE,
        _DEPARTMENT,
        FrameColumn("sha256", TEXT, "文件内容的指纹"),
        FrameColumn("size", WHOLE, "文件大小", "字节"),
        FrameColumn("application", TEXT, "保存文件的软件"),
        FrameColumn("saved_by", TEXT, "最后保存的人"),
        FrameColumn("modified", TIMESTAMP, "最后保存的时间，文件里写的，北京时间；没有写的为空"),
        *_COUNTS,
    ),
)
_FILLING = FrameColumn(
    "filling", TEXT, "填写内容的摘要：两份相同，填写的内容就完全相同；填得很少的为空"
)
SUBMISSIONS = Schema(
    "submissions",
    "收下的表，一份一行；一个单位报了几份的，几份都在",
    (_SUBMISSION,),
    (
        *_FORM,
        FrameColumn("fiscal_year", WHOLE, "年度"),
        _COUNTY,
        _CODE,
        _DEPARTMENT,
        _FILLING,
        *_COUNTS,
    ),
)
CELLS = Schema(
    "cells",
    "收下的表的单元格，一格一行；没有填写的行不列",
    (FrameColumn("line", WHOLE, "行号，从 0 起"),),
    (
        _SUBMISSION,
        _COUNTY,
        FrameColumn("section", TEXT, "节"),
        FrameColumn("row", WHOLE, "节里的第几行，从 1 起；单个字段为空；一组共用的字段为第几组"),
        FrameColumn("field", TEXT, "字段"),
        FrameColumn("label", TEXT, "字段的中文名"),
        FrameColumn("raw", TEXT, "格子里原来写的"),
        FrameColumn("value", TEXT, "读成的值，文本；计算的字段为重新计算的值"),
        FrameColumn("number", NUMBER, "读成的值，数", "同该字段"),
        FrameColumn("sheet", TEXT, "工作表"),
        FrameColumn("cell", TEXT, "单元格"),
        FrameColumn("state", TEXT, "blank 空白 · typed 填写 · converted 换算过 · unreadable 读不懂 · "
               "error 错误值 · formula 公式 · overwritten 公式被改写 · fixed 模板印好"),
        FrameColumn("receipt", TEXT, "换算过的：怎么换算的"),
    ),
)  # fmt: skip
FINDINGS = Schema(
    "findings",
    "发现的问题，一个一行",
    (FrameColumn("finding", WHOLE, "行号，从 0 起"),),
    (
        FrameColumn("path", TEXT, "文件的路径"),
        _COUNTY,
        _CODE,
        _DEPARTMENT,
        FrameColumn("code", TEXT, "问题的代码，见 codes.md"),
        FrameColumn("severity", TEXT, "error 错误 · warning 提醒 · note 说明"),
        FrameColumn("sheet", TEXT, "工作表；整份文件的问题为空文本"),
        FrameColumn("cell", TEXT, "单元格，几格以逗号相连"),
        FrameColumn("field", TEXT, "字段：节.字段，有行的为 节.字段.行号，几个以逗号相连"),
        FrameColumn("message", TEXT, "问题"),
        FrameColumn("hint", TEXT, "怎么办"),
        FrameColumn("printed", TEXT, "填的是"),
        FrameColumn("expected", TEXT, "应为"),
    ),
)
FINDING_CELLS = Schema(
    "finding_cells",
    "问题所在的格子，一格一行；与 cells 以 submission、section、row、field 相连，整份文件的问题没有",
    (FrameColumn("line", WHOLE, "行号，从 0 起"),),
    (
        FrameColumn("finding", WHOLE, "哪个问题：findings 的行号"),
        _SUBMISSION,
        _COUNTY,
        FrameColumn("section", TEXT, "节"),
        FrameColumn("row", WHOLE, "节里的第几行，从 1 起；单个字段为空；一组共用的字段为第几组"),
        FrameColumn("field", TEXT, "字段"),
        FrameColumn("code", TEXT, "问题的代码，见 codes.md"),
        FrameColumn("severity", TEXT, "error 错误 · warning 提醒 · note 说明"),
    ),
)
COVERAGE = Schema(
    "coverage",
    "报送情况，一个单位一行，先名册上的；给了汇总才有",
    (FrameColumn("number", WHOLE, "序号，从 1 起"),),
    (
        FrameColumn("status", TEXT, "answered 已报 · faulty 须修改 · rejected 退回 · missing 未报"),
        _COUNTY,
        FrameColumn("code", TEXT, "预算编码，以名册为准；各县区的会重复"),
        FrameColumn("department", TEXT, "部门，以名册为准"),
        FrameColumn("contact", TEXT, "联系人，名册上的"),
        FrameColumn("phone", TEXT, "联系电话，名册上的"),
        FrameColumn("returns", WHOLE, "收下几份", "份"),
        FrameColumn("duplicates", WHOLE, "其中几份重复，不计入", "份"),
        *_COUNTS,
        FrameColumn("on_roster", TRUTH, "名册上有没有"),
        FrameColumn("deadline", DATE, "截止日期"),
        FrameColumn("received", DATE, "最早一份收下的表的日期"),
        FrameColumn(
            "received_by", TEXT, "日期从哪里来：saved 文件保存的时间 · prepared 表上的填报日期"
        ),
        FrameColumn("days_late", WHOLE, "迟了几天", "天"),
        FrameColumn("late", TRUTH, "是否迟报；没有截止日期或日期的为空"),
        FrameColumn(
            "why",
            TEXT,
            "退回的原因；未报而收到过文件的，收到的是什么；分不清哪份在后的，另有哪几份",
        ),
        FrameColumn("file", TEXT, "文件的路径，几份的一行一个"),
    ),
)
DUTIES = Schema(
    "duties",
    "应报的表，一份一行：各单位自己的表，名册上的每个项目一份；名册没有列项目的，收到的项目每个一行；给了汇总才有",
    (FrameColumn("number", WHOLE, "序号，从 1 起"),),
    (
        FrameColumn("status", TEXT, "answered 已报 · faulty 须修改 · rejected 退回 · missing 未报"),
        _COUNTY,
        FrameColumn("code", TEXT, "预算编码，以名册为准；各县区的会重复"),
        FrameColumn("department", TEXT, "部门，以名册为准"),
        FrameColumn("form", TEXT, "表式；没有收到一份、不知道是哪种的为空"),
        FrameColumn("project", TEXT, "项目名称，以名册为准，没有填写的为空文本；单位自己的表为空"),
        FrameColumn("on_roster", TRUTH, "名册上有没有（单位，或单位的项目）"),
        FrameColumn("copies", WHOLE, "收下几份", "份"),
        FrameColumn("duplicates", WHOLE, "其中几份重复，不计入", "份"),
        *_COUNTS,
        FrameColumn("why", TEXT, "退回的原因；未报、不在名册、分不清哪份在后的情况"),
        FrameColumn("file", TEXT, "文件的路径，几份的一行一个"),
    ),
)
DUES = Schema(
    "dues",
    "按规则应得的分，一项一行；分批读取才有",
    (FrameColumn("line", WHOLE, "行号，从 0 起"),),
    (
        _SUBMISSION,
        FrameColumn("field", TEXT, "字段：节.字段"),
        FrameColumn("row", WHOLE, "节里的第几行，从 1 起；单个字段为空"),
        FrameColumn("score", NUMBER, "按规则应得的分；规则算不出的为空", POINTS),
    ),
)
FIGURES = Schema(
    "figures",
    "合计、合计的执行率、平均分，一个数一行；给了汇总才有",
    (FrameColumn("line", WHOLE, "行号，从 0 起"),),
    (
        FrameColumn("fiscal_year", WHOLE, "年度"),
        FrameColumn("figure", TEXT, "哪个数：departments 的列，mean_score 简单平均，weighted_score 加权平均，counted_… 按采用得分"),
        FrameColumn("label", TEXT, "它的中文名"),
        FrameColumn("value", NUMBER, "数：金额的合计（万元）、由合计数算的执行率（小数）、平均分"),
        FrameColumn("departments", WHOLE, "有这个数的单位（项目）数"),
        FrameColumn("missing", WHOLE, "已报而没有这个数的单位（项目）数"),
        FrameColumn("certain", NUMBER, "同 value，但存疑的数不算在内"),
        FrameColumn("doubtful", WHOLE, "因存疑没有算在 certain 里的单位（项目）数"),
    ),
)  # fmt: skip
TRACES = Schema(
    "traces",
    "各单位那一行的每个数出自哪一格，一个数一行；分批读取才有",
    (FrameColumn("line", WHOLE, "行号，从 0 起"),),
    (
        _SUBMISSION,
        FrameColumn("figure", TEXT, "哪个数：departments 的列或资金构成的字段"),
        FrameColumn("sheet", TEXT, "工作表"),
        FrameColumn("cell", TEXT, "单元格"),
        FrameColumn("origin", TEXT, "typed 填写 · converted 换算过 · recomputed 重新计算 · blank 空白 · "
               "unreadable 读不懂 · fixed 模板印好"),
        FrameColumn("raw", TEXT, "格子里原来写的"),
    ),
)  # fmt: skip
FIXED = (FILES, SUBMISSIONS, CELLS, FINDINGS, FINDING_CELLS)
"""The frames of `workbook.summary.tidy_frames.Frames` that are the same for every form."""


def section_schema(form: Form, section: Section) -> Schema:
    """The frame of one of a form's sections; see `Frames.sections`."""
    row = FrameColumn("row", WHOLE, "本份表里的第几行，从 1 起")
    shown = (item for item in section.fields.values() if not item.is_hidden)
    return Schema(
        section.id,
        f"{section.label}：{'填写了的行，一行一行' if section.repeats else '一份表一行'}",
        (_SUBMISSION, row) if section.repeats else (_SUBMISSION,),
        (_COUNTY, *(_of_field(form, section, item) for item in shown)),
    )


_DOUBTFUL = FrameColumn(
    "doubtful",
    TEXT,
    "存疑的数：这一行的哪几列（含资金构成）所在的格子、由之算出的格子或应与它相等的格子有错误未改，以逗号相连；没有的为空文本",
)


def departments_schema(form: Form) -> Schema:
    """A form's lines of the summary: what counts, one return a department (or a project)."""
    key_fields = form.key_fields
    columns = [
        FrameColumn("fiscal_year", WHOLE, "年度"),
        *(column for column in COVERAGE.columns if column.name in ("status", *WHO)),
    ]
    if key_fields.project is not None:
        columns.append(FrameColumn("project", TEXT, key_fields.project.label))
    columns += [FrameColumn(n, NUMBER, item.label, UNIT) for n, item in key_fields.amounts.items()]
    if key_fields.rate is not None:
        columns.append(FrameColumn("execution_rate", NUMBER, worded_rate(form), FRACTION))
    execution = key_fields.execution_score
    if execution is not None and execution.mode == "suggested":  # then the rule is known
        columns += [
            FrameColumn("execution_score", NUMBER, "预算执行的自评得分", POINTS),
            FrameColumn("execution_score_due", NUMBER, "预算执行按规则应得的分", POINTS),
        ]
    if key_fields.score is not None:
        columns += [
            FrameColumn("total_score", NUMBER, "自评得分", POINTS),
            FrameColumn("review_score", NUMBER, "复核得分", POINTS),
            FrameColumn("remark", TEXT, "复核意见"),
            FrameColumn(
                "counted_score",
                NUMBER,
                "采用得分：有复核得分的用复核得分，没有的用自评得分；自评得分不在 0 到 100 之间的没有",
                POINTS,
            ),
            FrameColumn("grade", TEXT, "等次，按采用得分"),
            FrameColumn("rank", WHOLE, "名次，按采用得分"),
        ]
    columns += [*_COUNTS, _DOUBTFUL, FrameColumn("file", TEXT, "计入的那一份：文件的路径")]
    return Schema(
        "departments",
        "各单位计入汇总的数，一个单位（项目）一行，未报的没有数；给了汇总才有",
        (FrameColumn("number", WHOLE, "序号，从 1 起"),),
        tuple(columns),
    )


def counties_schema(form: Form) -> Schema:
    """A form's counties, one a line; empty where no county is known."""
    key_fields = form.key_fields
    counts = (
        ("departments", "单位（项目）数"),
        ("answered", "已报"),
        ("faulty", "其中须修改"),
        ("rejected", "退回"),
        ("missing", "未报"),
    )
    columns = [FrameColumn("fiscal_year", WHOLE, "年度"), FrameColumn("county", TEXT, "县区")]
    columns += [FrameColumn(name, WHOLE, label, "个") for name, label in counts]
    figures = {n: (f"{item.label}之和", UNIT) for n, item in key_fields.amounts.items()}
    if key_fields.rate is not None:
        figures["execution_rate"] = f"由合计数算的执行率：{worded_rate(form)}", FRACTION
    if key_fields.score is not None:
        figures["mean_score"] = "自评得分的简单平均", POINTS
    for name, (meaning, unit) in figures.items():
        columns += [
            FrameColumn(name, NUMBER, meaning, unit),
            FrameColumn(f"{name}_certain", NUMBER, "同上，不含存疑的数", unit),
            FrameColumn(f"{name}_doubtful", WHOLE, "因存疑没有算在内的单位（项目）数", "个"),
        ]
    return Schema(
        "counties",
        "各县区的合计，一个县区一行；知道县区、给了汇总才有行",
        (FrameColumn("line", WHOLE, "行号，从 0 起"),),
        tuple(columns),
    )


def _of_field(form: Form, section: Section, item: Field) -> FrameColumn:
    level = dict(zip(section.levels, LEVEL_NAMES, strict=False)).get(item.id)
    if level:
        return FrameColumn(item.id, TEXT, level)
    notes = {CELL: "", GROUP: "，每行重复本组的数，不要相加"}.get(item.grain, "")
    if item.mode == "computed":
        notes += "，重新计算"
    return FrameColumn(item.id, item.kind.dtype, item.label + notes, _unit(form, item))


def _unit(form: Form, item: Field) -> str:
    if item.kind.is_amount:
        return item.unit or form.unit
    return item.kind.unit or item.unit


# --- checking -------------------------------------------------------------------------------------


def differences(frame: pd.DataFrame, schema: Schema) -> list[str]:
    """What is otherwise in a frame than its schema says: one sentence a difference, none if all is well.

    Looks at names, order and dtypes only, so that it costs nothing on a frame of any length.
    """
    in_index = _compared("索引", schema.index, _levels(frame))
    return in_index + _compared(
        "列", schema.columns, [(str(n), str(t)) for n, t in frame.dtypes.items()]
    )


def _levels(frame: pd.DataFrame) -> list[tuple[str, str]]:
    index = frame.index
    if isinstance(index, pd.MultiIndex):
        return [(str(name), str(dtype)) for name, dtype in index.dtypes.items()]
    return [(str(index.name), str(index.dtype))]


def _compared(
    part: str, expected: Sequence[FrameColumn], printed: Iterable[tuple[str, str]]
) -> list[str]:
    dtypes = dict(printed)
    names = [column.name for column in expected]
    if list(dtypes) != names:
        return [f"{part}应为 {'、'.join(names)}，是 {'、'.join(dtypes)}"]
    return [
        f"{part} {column.name} 应为 {column.dtype}，是 {dtypes[column.name]}"
        for column in expected
        if _plain(dtypes[column.name]) != _plain(column.dtype)
    ]


def _plain(dtype: str) -> str:
    """Index levels are int64 where columns are Int64: an index has no missing values."""
    return dtype.lower()
