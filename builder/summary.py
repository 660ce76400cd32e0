"""`build_summary`: the bureau's workbook: one line a department, analysis, details, findings, files.

Sums, rates, shares and grades are formulas that live on when a score is typed or a figure corrected;
what they show when the file is opened is what `workbook.aggregate` worked out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from builder import styles
from builder.book import Book, book_at, done
from builder.listing import FIRST_ROW, Column, Heading, Listed, Live, values, write_list
from builder.summary_analysis import write_analysis, write_settings
from builder.summary_lists import (
    STATUS_FILLS,
    file_names,
    write_composition,
    write_details,
    write_files,
    write_findings,
    write_pending,
)
from workbook.address import letters
from workbook.form import Form, Section
from workbook.headline import LOWEST_GRADE, UNIT, Headline
from workbook.summary import FormSummary, Status, Summary

HIGHEST_SCORE = 100
_BIG = 50_000
"""With more rows than this the book is written without being held in memory."""


def build_summary(summary: Summary, path: Path | str) -> Path:
    """Write the summary's workbook to `path`, whole or not at all; amounts are 万元.

    Raises BuildError if the path cannot be written.
    """
    path = Path(path)
    rows = len(summary.findings) + len(summary.coverage)
    rows += sum(len(d) for f in summary.forms for d in f.details.values())
    with book_at(path, constant_memory=rows > _BIG) as book:
        names = _Names(book)
        parts = [(part, _sheets(part, names, first=not n)) for n, part in enumerate(summary.forms)]
        unread = "" if parts else names("部门汇总")
        findings = "" if summary.left_out else names("问题清单")
        pending = names("催报名单") if summary.has_roster else ""
        files = "" if summary.left_out else names("文件清单")
        settings = names("参数")
        cutoffs = write_settings(book, settings, summary.forms)
        for part, sheets in parts:
            _write_form(book, part, sheets, cutoffs.get(part.form.key, {}), summary.left_out)
        if unread:
            _write_unread(book, unread, summary)
        if findings:
            write_findings(book, findings, summary)
        if pending:
            write_pending(book, pending, summary)
        if files:
            write_files(book, files, summary)
    return path


# --- sheets and their names -----------------------------------------------------------------------


class _Names:
    """Adds sheets in their order, each under a name unlike the others; they are filled later."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.given: set[str] = set()

    def __call__(self, wanted: str) -> str:
        plain = re.sub(r"[\[\]:*?/\\']", "", wanted)[:28] or "表"
        name, number = plain, 1
        while name in self.given:
            number += 1
            name = f"{plain}{number}"
        self.given.add(name)
        self.book.add_worksheet(name)
        return name


@dataclass(frozen=True, slots=True)
class _Sheets:
    """The names of one form's sheets."""

    departments: str
    analysis: str
    composition: str
    """Blank where the form does not break its funds down."""
    details: dict[str, str] = field(default_factory=dict)
    """By repeating section."""


def _sheets(part: FormSummary, names: _Names, *, first: bool) -> _Sheets:
    """A first form's sheets have plain names, a further one's begin with what it is about."""
    about = "" if first else re.sub(r"(绩效)?(自评)?表$", "", part.form.name)
    return _Sheets(
        departments=names(f"{about}汇总" if about else "部门汇总"),
        analysis=names(f"{about}综合分析"),
        composition=names(f"{about}资金构成") if part.headline.composition else "",
        details={
            s.id: names(about + _rows_name(s)) for s in part.form.repeating if s.id in part.details
        },
    )


def _rows_name(section: Section) -> str:
    return "指标明细" if section.id == "indicators" else f"{section.label}明细"


def _title(form: Form, year: int, what: str) -> str:
    return f"{year} 年度{re.sub('表$', '', form.name)}{what}"


def _write_form(
    book: Book, part: FormSummary, sheets: _Sheets, cutoffs: dict[str, str], left_out: str
) -> None:
    def heading(
        name: str, what: str, frozen: int, notes: Sequence[str] = (), unit: str = f"单位：{UNIT}"
    ) -> Heading:
        return Heading(name, _title(part.form, part.fiscal_year, what), unit, notes, frozen)

    departments = write_list(
        book,
        heading(sheets.departments, "汇总表", 4, _notes(part) + [left_out] * bool(left_out)),
        _columns(part.departments, part, cutoffs),
    )
    _review(departments)
    composition = None
    if sheets.composition:
        composition = write_composition(book, heading(sheets.composition, "资金构成", 3), part)
    details = {
        section.id: write_details(
            book,
            # Each row's figures have a unit of their own.
            heading(sheets.details[section.id], _rows_name(section), 2, unit=""),
            part,
            section,
        )
        for section in part.form.repeating
        if section.id in sheets.details
    }
    write_analysis(
        book, heading(sheets.analysis, "综合分析", 0), part, departments, composition, details
    )


# --- one line a department ------------------------------------------------------------------------


def _write_unread(book: Book, name: str, summary: Summary) -> None:
    """The departments' lines where not one return was read."""
    heading = Heading(name, "绩效自评汇总表", "没有一份可以汇总的自评表", frozen=4)
    write_list(book, heading, _columns(summary.coverage, None, {}))


def _columns(
    frame: pd.DataFrame, part: FormSummary | None, cutoffs: dict[str, str]
) -> list[Column]:
    """Who, how much, how well, what is wrong; for the form's own fields see `Headline`."""
    statuses = [Status(status) for status in frame["status"]]
    columns = [
        Column("number", "序号", 6, [float(n) for n in frame.index], "center"),
        Column("status", "状态", 9, [s.chinese for s in statuses], "center",
               fills=[STATUS_FILLS[s] for s in statuses]),
        Column("code", "预算编码", 12, values(frame["code"]), "center"),
        Column("department", "部门", 28, values(frame["department"]), total="合计"),
    ]  # fmt: skip
    if part is not None:
        columns += _figures(frame, part, len(columns), cutoffs)
        for key, title in (("errors", "错误"), ("warnings", "提醒"), ("notes", "说明")):
            known = [s.counts for s in statuses]
            fills = [styles.ERROR_FILL if k and (v or 0) > 0 and key == "errors" else ""
                     for k, v in zip(known, frame[key].fillna(0), strict=True)]  # fmt: skip
            total = Live("=SUM({cells})", float(frame[key].fillna(0).sum()))
            columns.append(Column(key, title, 6, values(frame[key]), "count", None, total, fills))
    columns.append(Column("file", "文件", 40, file_names(frame["file"])))
    return columns


def _figures(
    frame: pd.DataFrame, part: FormSummary, before: int, cutoffs: dict[str, str]
) -> list[Column]:
    """The amounts, the rate, the scores and the grade; they stand after `before` other columns."""
    headline = part.headline
    columns: list[Column] = []
    if headline.project is not None:
        columns.append(Column("project", headline.project.label, 28, values(frame["project"])))
    for key, item in headline.line.items():
        total = Live('=IF(COUNT({cells})=0,"",SUM({cells}))', _figure(part, key))
        columns.append(Column(key, item.label, 18, values(frame[key]), "amount", None, total))
    at = {column.key: letters(before + n) for n, column in enumerate(columns, 1)}
    if headline.has_rate:
        columns.append(_rate(frame, part, at["actual_expenditure"], at["final_budget"]))
    if headline.score is not None:
        score, review = letters(before + len(columns) + 1), letters(before + len(columns) + 2)
        columns += [
            Column("total_score", "自评得分", 10, values(frame["total_score"]), "score"),
            Column("review_score", "复核得分", 10, values(frame["review_score"]), "input"),
            Column("grade", "等次", 7, values(frame["grade"]), "center",
                   lambda row: _grade(f"{score}{row}", f"{review}{row}", headline, cutoffs)),
        ]  # fmt: skip
    return columns


def _rate(frame: pd.DataFrame, part: FormSummary, spent: str, budget: str) -> Column:
    last = FIRST_ROW + max(len(frame), 1) - 1
    spending, budgets = (f"{c}{FIRST_ROW}:{c}{last}" for c in (spent, budget))
    # Over the departments that give both, so that a blank does not pass for zero.
    both = f"ISNUMBER({spending})*ISNUMBER({budgets})"
    whole = f"SUMPRODUCT({both},{budgets})"
    total = Live(
        f'=IF({whole}=0,"",SUMPRODUCT({both},{spending})/{whole})', _figure(part, "execution_rate")
    )
    return Column(
        "execution_rate",
        "执行率",
        10,
        values(frame["execution_rate"]),
        "rate",
        lambda row: (
            f'=IF(OR(N({budget}{row})=0,NOT(ISNUMBER({spent}{row}))),"",{spent}{row}/{budget}{row})'
        ),
        total,
    )


def _figure(part: FormSummary, name: str) -> float | None:
    value = part.totals.loc[name, "value"]
    return None if pd.isna(value) else float(value)  # type: ignore[arg-type]


def _grade(score: str, review: str, headline: Headline, cutoffs: dict[str, str]) -> str:
    """The reviewed score counts where one is typed, else the department's own."""
    counted = f"ROUND(IF(ISNUMBER({review}),{review},{score}),2)"
    text = f'"{LOWEST_GRADE}"'
    for name, _ in reversed(headline.cutoffs):
        text = f'IF({counted}>={cutoffs[name]},"{name}",{text})'
    return f'=IF(COUNT({score},{review})=0,"",{text})'


def _review(departments: Listed) -> None:
    """Limit what may be typed as a reviewed score."""
    column = departments.columns.get("review_score")
    if column is None:
        return
    options = {
        "validate": "decimal",
        "criteria": "between",
        "minimum": 0,
        "maximum": HIGHEST_SCORE,
        "ignore_blank": True,
        "input_title": "复核得分",
        "input_message": "抽查复核后填写；填了以后，等次按复核得分评定。",
        "error_title": "复核得分",
        "error_message": f"请填 0 到 {HIGHEST_SCORE} 之间的数。",
    }
    first, last = FIRST_ROW - 1, departments.last_row - 1
    done(departments.sheet.data_validation(first, column - 1, last, column - 1, options))


def _notes(part: FormSummary) -> list[str]:
    """What a reader of the sums has to know."""
    statuses = part.departments["status"]
    faulty = int((statuses == Status.FAULTY).sum())
    out = int(statuses.isin([Status.MISSING, Status.REJECTED]).sum())
    notes = ["执行率＝全年执行数÷全年预算数；合计的执行率按合计数重算，不是各单位执行率的平均。"]
    if not part.headline.has_rate:
        notes = []
    if faulty:
        notes.append(
            f"“须修改”的 {faulty} 份有错误待改，数字按填报数计入合计，未作改动；见问题清单。"
        )
    if out:
        notes.append(f"“未报”“退回”的 {out} 个单位没有数字，不计入合计。")
    short = part.totals[part.totals["missing"] > 0]
    short = short[short.index.isin(list(part.headline.line))]
    if len(short):
        told = "、".join(
            f"{label} {count} 家"
            for label, count in zip(short["label"], short["missing"], strict=True)
        )
        notes.append(f"已报而缺数的：{told}；缺数不按零计算。")
    return notes


__all__ = ["build_summary"]
