"""The summary's lists of the round: findings, who answered, who is still due, files."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from builder import styles
from builder.sheets import Book, Column, Heading, Links, Listed, Live, Value, values, write_list
from builder.summary.lists import (
    county_columns,
    department_columns,
    file_names,
    open_column,
    order_column,
)
from workbook.address import runs
from workbook.catalogue import Severity
from workbook.overview import RULE, coverage_counts, pending, problem_list, projects_in_words
from workbook.summary import DEADLINE, Status, Summary

_SEVERITY_FILLS = {
    Severity.ERROR: styles.ERROR_FILL,
    Severity.WARNING: styles.WARNING_FILL,
    Severity.NOTE: "",
}
_USES = {
    "counted": "计入汇总",
    "duplicate": "重复，未计入",
    "undecided": "分不清先后，未计入",
    "other_year": "别的年度，未计入",
    "rejected": "退回",
    "skipped": "略过",
}
_USE_FILLS = {
    "duplicate": styles.WARNING_FILL,
    "undecided": styles.ERROR_FILL,
    "other_year": styles.WARNING_FILL,
    "rejected": styles.ERROR_FILL,
}
STATUS_FILLS = {
    Status.ANSWERED: "",
    Status.FAULTY: styles.WARNING_FILL,
    Status.REJECTED: styles.ERROR_FILL,
    Status.MISSING: styles.MISSING_FILL,
}
_DAYS = {"received": "收到日期", "saved": "文件保存时间", "prepared": "填报日期"}
"""What tells a return's day."""


def write_findings(book: Book, name: str, summary: Summary, links: Links) -> Listed:
    """Every finding, with its cells, what stands there, and what to do, as `problem_list` orders and joins
    them; nothing of copies that do not count."""
    frame = problem_list(summary)
    targets = links.all(frame["path"], frame["sheet"], frame["cell"])
    severities = [Severity(severity) for severity in frame["severity"]]
    counted_paths = summary.files.index[summary.files["use"] == "counted"]
    counted = frame["path"].isin(counted_paths)
    columns = [
        order_column(len(frame)),
        *department_columns(frame, (10, 22), code="department_code"),
        Column("effect", "影响", 8, values(frame["effect"].round(4)), "rate"),
        Column("severity", "严重\n程度", 6, [s.chinese for s in severities], "center",
               fills=[_SEVERITY_FILLS[s] for s in severities]),
        Column("message", "问题", 46, values(frame["message"])),
        Column("hint", "怎么办", 40, values(frame["hint"])),
        Column("printed", "填报", 14, values(frame["printed"])),
        Column("expected", "应为", 12, values(frame["expected"])),
        Column("sheet", "表", 10, values(frame["sheet"]), "center"),
        Column("cell", "单元格", 12, [", ".join(runs(cells.split(","))) for cells in frame["cell"].fillna("")], "center"),
        Column("open", "打开", 6, ["打开" if target else None for target in targets], "center", links=targets,
               link_only=True),
        Column("finding", "代码", 7, values(frame["code"]), "center"),
        Column("counted", "计入", 6, ["是" if is_counted else "否" for is_counted in counted], "center"),
        Column("file", "文件", 26, file_names(frame["path"])),
    ]  # fmt: skip
    weights = frame["findings"]
    subtitle = _by_severity(frame["severity"], weights)
    if not counted.all():
        in_sums = _by_severity(frame.loc[counted, "severity"], weights[counted])
        subtitle += f"；其中计入汇总的表：{in_sums}"
    notes = (
        f"单位按影响从大到小排列，同样的按错误多少；一份表里同一种问题合为一行，格子都列出。{RULE}空白是没有存疑的数。",
        "“计入”为“否”的，是分不清先后而未计入的、别的年度、退回的文件里的问题，不在部门汇总的问题数里；重复、略过的文件只列在文件清单。",
    )
    return write_list(book, Heading(name, "问题清单", subtitle, notes, 3), columns)


def _by_severity(severities: pd.Series[str], weights: pd.Series[int]) -> str:
    counts = weights.groupby(severities).sum()
    return "，".join(f"{s.chinese} {int(counts.get(str(s), 0))} 处" for s in Severity)


def write_coverage(book: Book, name: str, summary: Summary, links: Links) -> Listed:
    """Every department with what came of its duty to answer."""
    frame = summary.coverage
    statuses = [Status(status) for status in frame["status"]]
    late = frame["late"].fillna(value=False)
    day_sources = [
        _DAYS.get(source, "") if isinstance(source, str) else "" for source in frame["received_by"]
    ]
    columns = [
        order_column(len(frame)),
        _status(statuses),
        *department_columns(frame, (11, 26)),
        *([_on_roster(frame)] if summary.has_roster else []),
        Column("deadline", DEADLINE, 12, values(frame["deadline"]), "center"),
        Column("received", "报送日期", 12, values(frame["received"]), "center"),
        Column("received_by", "日期依据", 13, day_sources, "center"),
        Column("days_late", "迟报\n天数", 7, values(frame["days_late"]), "points",
               fills=[styles.WARNING_FILL if is_late else "" for is_late in late]),
        Column("returns", "收下\n份数", 6, values(frame["returns"]), "count", None, _total(frame["returns"])),
        Column("duplicates", "重复\n份数", 6, values(frame["duplicates"]), "points", None,
               _total(frame["duplicates"])),
        *(Column(f"{s}s", s.chinese, 6, values(frame[f"{s}s"]), "count", None, _total(frame[f"{s}s"]))
          for s in Severity),
        Column("why", "情况", 36, _situations(frame, has_roster=summary.has_roster)),
        Column("contact", "联系人", 9, values(frame["contact"]), "center"),
        Column("phone", "联系电话", 14, values(frame["phone"]), "center"),
        open_column(frame["file"], links),
        Column("file", "文件", 34, file_names(frame["file"])),
    ]  # fmt: skip
    seen = "" if summary.left_out else "，见文件清单"
    notes = (
        "已报：收下，没有错误；须修改：收下，有错误待改，数字照计；退回：文件读不出来，数字不计；未报：没有收到，或收到的不是本年度的、本单位的表，见“情况”。",
        "报送日期取最早一份收下的表，按什么定的见“日期依据”：收表账本记下的，或文件属性中最后保存的时间（北京时间），没有的按表中的填报日期；都没有的无从判断。",
        "迟报按各单位的截止日期（名册“截止日期”一列，没有的按统一的截止日期）；没有截止日期的不判断。",
        f"同一单位有几份的，计入保存最晚的一份，其余为重复{seen}；分不清哪份在后的，由财政部门指定。",
    )
    counts = coverage_counts(summary)
    subtitle = f"{'应报' if summary.has_roster else '共'} {counts.asked}：{counts.in_words}"
    return write_list(book, Heading(name, "报送情况", subtitle, notes, 4), columns)


def _status(statuses: list[Status]) -> Column:
    fills = [STATUS_FILLS[s] for s in statuses]
    return Column("status", "状态", 8, [s.chinese for s in statuses], "center", fills=fills)


def _total(counts: pd.Series[int]) -> Live:
    return Live("=SUM({cells})", float(counts.fillna(0).sum()))


def _on_roster(frame: pd.DataFrame) -> Column:
    told: list[Value] = ["是" if on_roster else "否" for on_roster in frame["on_roster"]]
    return Column("on_roster", "名册内", 7, told, "center")


def _situations(frame: pd.DataFrame, *, has_roster: bool) -> list[Value]:
    """What is worth saying beside the status."""
    remarks: list[Value] = []
    absent = "不在名册中" if has_roster else ""
    rows: Iterable[tuple[str, str, int, bool]] = zip(
        frame["why"], frame["on_roster"].map({True: "", False: absent}),
        frame["duplicates"], frame["late"].fillna(value=False), strict=True,
    )  # fmt: skip
    for why, off_roster, duplicates, late in rows:
        words = [
            why,
            off_roster,
            f"另有 {duplicates} 份重复" if duplicates else "",
            "迟报" if late else "",
        ]
        remarks.append("；".join(word for word in words if word))
    return remarks


def write_projects(book: Book, name: str, summary: Summary, links: Links) -> Listed:
    """Every project's form that is due or came, with what came of it."""
    frame = summary.project_duties
    statuses = [Status(status) for status in frame["status"]]
    columns = [
        order_column(len(frame)),
        _status(statuses),
        *department_columns(frame, (11, 26)),
        Column("project", "项目名称", 30, _project_names(frame)),
        *([_on_roster(frame)] if summary.lists_projects else []),
        Column("copies", "收下\n份数", 6, values(frame["copies"]), "count", None, _total(frame["copies"])),
        Column("duplicates", "重复\n份数", 6, values(frame["duplicates"]), "points", None,
               _total(frame["duplicates"])),
        *(Column(f"{s}s", s.chinese, 6, values(frame[f"{s}s"]), "count", None, _total(frame[f"{s}s"]))
          for s in Severity),
        Column("why", "情况", 40, values(frame["why"])),
        open_column(frame["file"], links),
        Column("file", "文件", 36, file_names(frame["file"])),
    ]  # fmt: skip
    notes = (
        "应报的是名册上各单位的项目；名册没有列项目的，收到的每个项目一行。名册外的项目照样计入合计，请核对项目名称。",
    )
    return write_list(
        book, Heading(name, "项目报送情况", projects_in_words(summary), notes, 4), columns
    )


def _project_names(frame: pd.DataFrame) -> list[Value]:
    """The projects' names; of a department's own form none."""
    return values(frame["project"].replace("", "（没有填项目名称）"))


def write_pending(book: Book, name: str, summary: Summary) -> Listed:
    """Which forms have not come, were sent back, or are to be mended: with whom to call."""
    frame = pending(summary)
    of_projects = frame["project"].notna()
    statuses = [Status(status) for status in frame["status"]]
    project = (
        [Column("project", "项目名称", 30, _project_names(frame))] if of_projects.any() else []
    )
    columns = [
        order_column(len(frame)),
        _status(statuses),
        *department_columns(frame, (12, 30)),
        *project,
        Column("contact", "联系人", 12, values(frame["contact"]), "center"),
        Column("phone", "联系电话", 16, values(frame["phone"]), "center"),
        Column("deadline", DEADLINE, 12, values(frame["deadline"]), "center"),
        Column("why", "原因", 44, _pending_reasons(frame, summary)),
        Column("file", "文件", 34, file_names(frame["file"])),
    ]
    counts = f"共 {int((~of_projects).sum())} 个单位"
    if of_projects.any():
        counts += f"、{int(of_projects.sum())} 个项目"
    return write_list(book, Heading(name, "催报名单", counts, frozen=4), columns)


def _pending_reasons(frame: pd.DataFrame, summary: Summary) -> list[Value]:
    list_reference = "" if summary.left_out else "，见问题清单"
    reasons: list[Value] = []
    rows: Iterable[tuple[str, int, str]] = zip(
        frame["status"], frame["errors"], frame["why"], strict=True
    )
    for status, errors, why in rows:
        counted = f"有 {errors} 处错误{list_reference}" if status == Status.FAULTY else ""
        reasons.append("；".join(filter(None, (counted, why))) or "尚未报送")
    return reasons


def _programs(applications: pd.Series[str]) -> list[Value]:
    """What saved each file, without LibreOffice's long tail of builds."""
    return values(applications.str.split("$").str[0])


def _form_names(ids: pd.Series[str], summary: Summary) -> list[Value]:
    """What the files' forms are called on paper."""
    names = {part.form.id: part.form.name for part in summary.forms}
    return values(ids.map(lambda key: names.get(key, key), na_action="ignore"))


def write_files(book: Book, name: str, summary: Summary, links: Links) -> Listed:
    """Every path that was looked at, and what became of it."""
    frame = summary.files
    columns = [
        order_column(len(frame)),
        Column("file", "文件", 44, values(frame.index.to_series())),
        open_column(frame.index, links),
        Column(
            "use",
            "结果",
            15,
            [_USES[use] for use in frame["use"]],
            "center",
            fills=[_USE_FILLS.get(use, "") for use in frame["use"]],
        ),
        *county_columns(frame),
        Column("department", "部门", 28, values(frame["department"])),
        Column("form", "表式", 20, _form_names(frame["form"], summary), "center"),
        Column("version", "版本", 8, values(frame["version"]), "center"),
        Column("errors", "错误", 6, values(frame["errors"]), "count"),
        Column("warnings", "提醒", 6, values(frame["warnings"]), "count"),
        Column("notes", "说明", 6, values(frame["notes"]), "count"),
        Column("why", "退回或略过的原因", 36, values(frame["why"])),
        Column("saved_by", "保存人", 12, values(frame["saved_by"]), "center"),
        Column("application", "保存软件", 16, _programs(frame["application"]), "center"),
        Column(
            "modified",
            "保存时间",
            17,
            values(frame["modified"].dt.strftime("%Y-%m-%d %H:%M")),
            "center",
        ),
        Column("size", "大小（字节）", 11, values(frame["size"]), "count"),
        Column("sha256", "文件指纹", 36, values(frame["sha256"])),
    ]
    notes = ("文件指纹由文件的全部内容算出：两份文件的指纹相同，内容就一字不差。",)
    heading = Heading(name, "文件清单", f"共 {len(frame)} 个文件", notes, frozen=2)
    return write_list(book, heading, columns)
