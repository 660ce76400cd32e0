"""The summary's lists: funds by department, indicator rows, findings, who is still due, files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

import pandas as pd

from builder import styles
from builder.book import Book
from builder.listing import Column, Heading, Listed, Live, Value, values, write_list
from workbook.address import letters
from workbook.findings import Severity
from workbook.form import ROW, Field, Section
from workbook.summary import FormSummary, Status, Summary

_SEVERITY_FILLS = {
    Severity.ERROR: styles.ERROR_FILL,
    Severity.WARNING: styles.WARNING_FILL,
    Severity.NOTE: "",
}
_USES = {"counted": "计入汇总", "duplicate": "重复，未计入", "rejected": "退回", "skipped": "略过"}
_USE_FILLS = {"duplicate": styles.WARNING_FILL, "rejected": styles.ERROR_FILL}
STATUS_FILLS = {
    Status.ANSWERED: "",
    Status.FAULTY: styles.WARNING_FILL,
    Status.REJECTED: styles.ERROR_FILL,
    Status.MISSING: styles.MISSING_FILL,
}
_KIND_LOOKS = {"money": "amount", "percent": "rate", "score": "score", "number": "score",
               "count": "count", "measure": "center", "choice": "center", "date": "center"}  # fmt: skip
_WIDTHS = {"money": 15.0, "percent": 10.0, "score": 9.0, "number": 10.0, "count": 9.0,
           "measure": 18.0, "choice": 12.0, "date": 13.0, "paragraph": 36.0}  # fmt: skip


def file_names(paths: pd.Series[str]) -> list[Value]:
    """The names of files without their folders, one a line."""
    return [
        "\n".join(PurePath(path).name for path in several.split("\n"))
        for several in paths.fillna("")
    ]


def _order(count: int) -> Column:
    return Column("number", "序号", 6, [float(n) for n in range(1, count + 1)], "center")


def write_composition(book: Book, heading: Heading, part: FormSummary) -> Listed:
    """Funds by source and expenditure by nature, one line a department that answered."""
    frame = part.composition
    columns = [
        _order(len(frame)),
        Column("code", "预算编码", 12, values(frame["code"]), "center"),
        Column("department", "部门", 28, values(frame["department"]), total="合计"),
    ]
    groups: dict[str, list[Field]] = {}
    for title, item in part.headline.composition:
        groups.setdefault(title, []).append(item)
    for title, items in groups.items():
        first = len(columns) + 1
        columns += [_amounts(item.id, item.label, frame[item.id]) for item in items]
        span = letters(first), letters(len(columns))
        whole = frame[[item.id for item in items]].sum(axis=1, min_count=1)
        columns.append(_whole(title, whole, span))
    return write_list(book, heading, columns)


def _amounts(key: str, title: str, amounts: pd.Series[float]) -> Column:
    total = Live('=IF(COUNT({cells})=0,"",SUM({cells}))', _sum(amounts))
    return Column(key, title, 18, values(amounts), "amount", None, total)


def _whole(title: str, amounts: pd.Series[float], span: tuple[str, str]) -> Column:
    total = Live('=IF(COUNT({cells})=0,"",SUM({cells}))', _sum(amounts))

    def formula(row: int) -> str:
        cells = f"{span[0]}{row}:{span[1]}{row}"
        return f'=IF(COUNT({cells})=0,"",SUM({cells}))'

    return Column(title, f"{title}\n合计", 18, values(amounts), "amount", formula, total)


def _sum(amounts: pd.Series[float]) -> float | None:
    return float(amounts.sum()) if amounts.notna().any() else None


def write_details(book: Book, heading: Heading, part: FormSummary, section: Section) -> Listed:
    """Every row in which a department filled something in, with the cell where it begins."""
    frame = part.details[section.id]
    columns = [
        Column("code", "预算编码", 10, values(frame["code"]), "center"),
        Column("department", "部门", 28, values(frame["department"])),
    ]
    for item in section.of_grain(ROW):
        if item.id not in frame.columns:
            continue
        columns.append(_detail(item, frame[item.id], section))
        if item.id == "self_score" and "rate" in frame.columns:
            columns.append(_share(frame, [column.key for column in columns]))
    columns.append(Column("cell", "位置", 13, values(frame["cell"]), "center"))
    return write_list(book, heading, columns)


def _detail(item: Field, column: pd.Series[Any], section: Section) -> Column:
    level = item.id in section.levels
    title = {"level1": "一级指标", "level2": "二级指标", "level3": "三级指标"}.get(
        item.id, item.label
    )
    if level:
        return Column(item.id, title, 19, values(column), "center")
    width = _WIDTHS.get(item.kind.name, 24.0)
    return Column(item.id, title, width, values(column), _KIND_LOOKS.get(item.kind.name, "text"))


def _share(frame: pd.DataFrame, keys: list[str]) -> Column:
    weight, score = letters(keys.index("weight") + 1), letters(keys.index("self_score") + 1)
    return Column(
        "rate",
        "得分率",
        9,
        values(frame["rate"]),
        "rate",
        lambda row: (
            f'=IF(OR(N({weight}{row})=0,NOT(ISNUMBER({score}{row}))),"",{score}{row}/{weight}{row})'
        ),
    )


def write_findings(book: Book, name: str, summary: Summary) -> Listed:
    """Every finding, with its cell, what stands there, and what to do."""
    frame = summary.findings
    severities = [Severity(severity) for severity in frame["severity"]]
    columns = [
        _order(len(frame)),
        Column("code", "预算编码", 10, values(frame["department_code"]), "center"),
        Column("department", "部门", 28, values(frame["department"])),
        Column("finding", "代码", 8, values(frame["code"]), "center"),
        Column("severity", "严重程度", 9, [s.chinese for s in severities], "center",
               fills=[_SEVERITY_FILLS[s] for s in severities]),
        Column("sheet", "表", 10, values(frame["sheet"]), "center"),
        Column("cell", "单元格", 12, values(frame["cell"]), "center"),
        Column("printed", "填报", 20, values(frame["printed"])),
        Column("expected", "应为", 20, values(frame["expected"])),
        Column("message", "问题", 44, values(frame["message"])),
        Column("hint", "怎么办", 40, values(frame["hint"])),
        Column("file", "文件", 38, file_names(frame["path"])),
    ]  # fmt: skip
    counts = {s: severities.count(s) for s in Severity}
    told = "，".join(f"{s.chinese} {count} 处" for s, count in counts.items())
    return write_list(book, Heading(name, "问题清单", told, frozen=3), columns)


def write_pending(book: Book, name: str, summary: Summary) -> Listed:
    """Who has not answered, was sent back, or has to mend something: with whom to call."""
    frame = summary.coverage[summary.coverage["status"] != Status.ANSWERED]
    statuses = [Status(status) for status in frame["status"]]
    columns = [
        _order(len(frame)),
        Column(
            "status",
            "状态",
            9,
            [s.chinese for s in statuses],
            "center",
            fills=[STATUS_FILLS[s] for s in statuses],
        ),
        Column("code", "预算编码", 12, values(frame["code"]), "center"),
        Column("department", "部门", 30, values(frame["department"])),
        Column("contact", "联系人", 12, values(frame["contact"]), "center"),
        Column("phone", "联系电话", 18, values(frame["phone"]), "center"),
        Column("why", "原因", 44, _reasons(frame, summary)),
        Column("file", "文件", 34, file_names(frame["file"])),
    ]
    heading = Heading(name, "催报名单", f"共 {len(frame)} 个单位", frozen=4)
    return write_list(book, heading, columns)


def _reasons(frame: pd.DataFrame, summary: Summary) -> list[Value]:
    errors = summary.findings[summary.findings["severity"] == Severity.ERROR]
    counted = summary.files.index[summary.files["use"] == "counted"]
    counts = errors[errors["path"].isin(counted)].groupby("department").size()
    told: list[Value] = []
    rows: Iterable[tuple[str, str, str]] = zip(
        frame["status"], frame["department"], frame["why"], strict=True
    )
    for status, department, why in rows:
        if status == Status.FAULTY:
            told.append(f"有 {int(counts.get(department, 0))} 处错误，见问题清单")
        else:
            told.append(why or "尚未报送")
    return told


def write_files(book: Book, name: str, summary: Summary) -> Listed:
    """Every path that was looked at, and what became of it."""
    frame = summary.files
    columns = [
        _order(len(frame)),
        Column("file", "文件", 44, values(frame.index.to_series())),
        Column(
            "use",
            "结果",
            13,
            [_USES[use] for use in frame["use"]],
            "center",
            fills=[_USE_FILLS.get(use, "") for use in frame["use"]],
        ),
        Column("department", "部门", 28, values(frame["department"])),
        Column("errors", "错误", 6, values(frame["errors"]), "count"),
        Column("warnings", "提醒", 6, values(frame["warnings"]), "count"),
        Column("notes", "说明", 6, values(frame["notes"]), "count"),
        Column("why", "退回或略过的原因", 36, values(frame["why"])),
        Column("saved_by", "保存人", 12, values(frame["saved_by"]), "center"),
        Column("application", "保存软件", 16, values(frame["application"]), "center"),
        Column("modified", "保存时间", 20, values(frame["modified"]), "center"),
        Column("size", "大小（字节）", 11, values(frame["size"]), "count"),
        Column("sha256", "SHA-256", 36, values(frame["sha256"])),
    ]
    heading = Heading(name, "文件清单", f"共 {len(frame)} 个文件", frozen=2)
    return write_list(book, heading, columns)


__all__ = [
    "STATUS_FILLS",
    "file_names",
    "write_composition",
    "write_details",
    "write_files",
    "write_findings",
    "write_pending",
]
