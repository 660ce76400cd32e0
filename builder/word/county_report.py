"""The bureau's own report on a round, as a Word draft: figures and tables from the summary.

What calls for judgement is not invented: such places are marked 【此处由人填写：…】 and highlighted.
Shares are shown as bars of shaded characters: they stay what they are in Word, WPS, LibreOffice and on
paper, can be copied and read aloud, and need no library for drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from docx.text.paragraph import Paragraph

from builder.word.document import (
    LINE,
    Box,
    add_table,
    clean,
    fill_table,
    keep_rows,
    keep_with_next,
    name_document,
    save,
)
from builder.word.official import BODY, HEADINGS, TITLE, TO_FILL_IN, opened
from workbook.arguments import PathLike, as_path, taken
from workbook.catalogue import Severity
from workbook.overview import coverage_counts, error_name, findings_by_code, projects_in_words
from workbook.summary import (
    HIGHEST_SCORE,
    INVALID,
    MEAN_SCORE,
    RATE,
    UNIT,
    FormSummary,
    Status,
    Summary,
    full_names,
    shown_grades,
)

if TYPE_CHECKING:
    from docx.document import Document

MOST_KINDS = 15
"""Kinds of findings that are listed, the most frequent first; the summary workbook has all."""
WHOLE = 15
"""A table of no more rows stands on one page."""
MOST_NAMES = 150
"""Departments that are named in a paragraph; of more the summary workbook has the list."""
_UNNAMED = "（未填单位）"
_TITLE_END = "自评情况汇总报告"
_BAR = 12
"""Characters of a bar that stands for the whole."""


def build_county_report(
    summary: Summary, path: PathLike, *, template: PathLike | None = None
) -> Path:
    """Write the draft to `path`, whole or not at all. Raises BuildError.

    Amounts are 万元; every figure is one of the summary's. ArgumentError for an argument that is none.

    >>> from builder import build_county_report
    >>> from workbook import aggregate, check, read_returns
    >>> summary = aggregate(check(read_returns("samples/returns")))
    >>> build_county_report(summary, "draft.docx").name
    'draft.docx'
    """
    taken(summary, Summary, "summary", "应是 aggregate(returns) 的结果")
    path = as_path(path, "path", suffixes=(".docx",))
    document, marked = opened(None if template is None else as_path(template, "template"))
    draft = _Draft(document, marked)
    first = summary.main
    year = f"{first.fiscal_year}年度" if first else ""
    name = first.form.name.removesuffix("自评表") if first else "预算绩效"
    title = f"{year}{name}{_TITLE_END}"
    heading = marked.insert_paragraph_before(title[: -len(_TITLE_END)], style=TITLE)
    heading.add_run().add_break()
    heading.add_run(_TITLE_END)
    draft.leave_open("发文单位、日期和主送机关")
    _coverage(draft, summary)
    if first is not None:
        _figures(draft, first)
        if first.key_fields.score is not None or len(first.indicators):
            _grades(draft, first)
    _findings(draft, summary)
    draft.heading("下一步工作")
    draft.leave_open("整改要求、结果应用（与预算安排挂钩、公开、抽查复核）和完成时限")
    marked._p.getparent().remove(marked._p)
    name_document(document, title)
    return save(document, path)


@dataclass(slots=True)
class _Draft:
    """A document being drafted before its marked paragraph."""

    document: Document
    marked: Paragraph
    headings: int = 0

    def heading(self, text: str) -> None:
        """The next chapter's heading, numbered."""
        number = "一二三四五"[self.headings]
        self.headings += 1
        self.marked.insert_paragraph_before(f"{number}、{text}", style=HEADINGS[0])

    def text(self, text: str) -> None:
        self.marked.insert_paragraph_before(clean(text), style=BODY)

    def leave_open(self, subject: str) -> None:
        """A place that a person must fill in."""
        paragraph = self.marked.insert_paragraph_before(style=BODY)
        paragraph.add_run(f"【此处由人填写：{subject}】", style=TO_FILL_IN)

    def table(
        self, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float],
        left_aligned: Sequence[int] = (0,),
    ) -> None:  # fmt: skip
        """A table with a head; the columns in `left_aligned` hold words, the others figures."""
        above = Paragraph(self.marked._p.getprevious(), self.marked._parent)
        if above.text:
            keep_with_next([above])
        table = add_table(self.document, widths, len(rows) + 1, self.marked, padding=4)
        boxes = []
        for r, cells in enumerate([heads, *rows]):
            for c, text in enumerate(cells):
                align = "center" if r == 0 else "left" if c in left_aligned else "right"
                boxes.append(Box(r, c, r, c, text, align, LINE))
        fill_table(table, boxes)
        keep_rows(table, heads=1, least=18, last=len(rows) if len(rows) <= WHOLE else 2)
        self.marked.insert_paragraph_before(style=LINE)


def _coverage(draft: _Draft, summary: Summary) -> None:
    draft.heading("报送情况")
    counts = coverage_counts(summary)
    status_counts = [("已报", counts.answered), (f"其中：{Status.FAULTY.chinese}", counts.faulty),
                     ("退回", counts.rejected), ("未报", counts.missing)]  # fmt: skip
    words = f"已报 {counts.answered} 个（其中须修改 {counts.faulty} 个），退回 {counts.rejected} 个，未报 {counts.missing} 个"
    off = f"；另有名册外的 {counts.off_roster} 个" if counts.off_roster else ""
    draft.text(f"应报部门（单位）{counts.asked} 个：{words if counts.asked else '没有收到'}{off}。")
    if not summary.has_roster:
        draft.text("没有给出名册，未报的部门（单位）不在其中。")
    if counts.asked:
        rows = [
            [name, str(n), _percent(n / counts.asked), _bar(n / counts.asked)]
            for name, n in status_counts
        ]
        draft.table(["状态", "部门数", "占比", ""], rows, [18, 12, 12, 40], left_aligned=(0, 3))
    asked_lines = summary.coverage[summary.coverage["on_roster"] | (not summary.has_roster)]
    for status in (Status.MISSING, Status.REJECTED, Status.FAULTY):
        names = full_names(asked_lines[asked_lines["status"] == str(status)])
        if len(names):
            draft.text(
                f"{status.chinese}的 {len(names)} 个：{_listed(names.fillna(_UNNAMED).tolist())}。"
            )
    if projects_in_words(summary):
        draft.text(projects_in_words(summary))
    draft.leave_open("催报、退回修改的经过")


def _figures(draft: _Draft, form: FormSummary) -> None:
    draft.heading("预算执行情况")
    totals, funds = form.totals, form.funds
    notes = [f"金额单位：{UNIT}。"]
    if form.key_fields.rate is not None:
        notes.append("执行率按合计数重新计算。")
    if form.key_fields.score is not None:
        notes.append("自评平均分按自评得分；采用得分有复核得分的按复核得分，没有的按自评得分。")
    if totals["doubtful"].any():
        notes.append("存疑：有错误未改的数；“不含存疑”是同一数去掉存疑的部门（单位）。")
    draft.text("".join(notes))
    rows = [
        [str(row.label), _amount(row.Index, row.value), str(row.departments), str(row.missing)]
        for row in totals.itertuples()
    ]
    if rows:
        heads, widths, further = _certain(totals, lambda row: _amount(row.Index, row.certain))
        heads = ["项目", "数值", "已报的部门数", "缺的部门数", *heads]
        draft.table(heads, _beside(rows, further), [30, 24, 14, 14, *widths])
    _counties(draft, form)
    if len(funds):
        _funds(draft, funds)
    draft.leave_open("执行率高低的原因、预算调整较大的部门")


def _funds(draft: _Draft, funds: pd.DataFrame) -> None:
    """What the funds are made of; with the figures without doubtful ones there is no room for bars."""
    rows = [
        [str(row.heading), str(row.label), _money(row.amount), _percent(row.share)]
        for row in funds.itertuples()
    ]
    heads, widths, further = _certain(funds, lambda row: _money(row.certain))
    left_aligned: tuple[int, ...] = (0, 1)
    if not heads:
        heads, widths, further = [""], [27], [[_bar(row.share)] for row in funds.itertuples()]
        left_aligned = (0, 1, 4)
    heads = ["分类", "项目", "金额", "占比", *heads]
    draft.table(heads, _beside(rows, further), [17, 25, 22, 14, *widths], left_aligned)


def _certain(
    figures: pd.DataFrame, shown: Callable[[Any], str]
) -> tuple[list[str], list[float], list[list[str]]]:
    """The heads, widths and cells that tell each figure without the doubtful ones; none if none is."""
    if not figures["doubtful"].any():
        return [], [], [[] for _ in figures.index]
    cells = [
        [shown(row), str(row.doubtful)] if row.doubtful else ["", ""]
        for row in figures.itertuples()
    ]
    return ["不含存疑", "存疑的部门数"], [24, 12], cells


def _beside(rows: Sequence[list[str]], further: Sequence[list[str]]) -> list[list[str]]:
    return [row + cells for row, cells in zip(rows, further, strict=True)]


def _counties(draft: _Draft, form: FormSummary) -> None:
    """A line a county, where there are several; and whose execution is highest and lowest."""
    frame, key_fields = form.counties, form.key_fields
    if len(frame) <= 1:
        return
    amounts = [name for name in (key_fields.budget, key_fields.spent) if name] or [
        *key_fields.amounts
    ][:2]
    labels = [key_fields.amounts[name].label for name in amounts]
    columns = {
        **{name: (label, _money) for name, label in zip(amounts, labels, strict=True)},
        **({RATE: ("执行率", _percent)} if key_fields.rate is not None else {}),
        **({MEAN_SCORE: ("自评平均分", _score)} if key_fields.score is not None else {}),
    }
    draft.text(f"分 {len(frame)} 个县区{_highest_and_lowest(frame)}：")
    shown = {name: _with_doubts(frame, name, show) for name, (_, show) in columns.items()}
    rows = [
        [str(county), str(count), str(answered), *figures]
        for county, count, answered, *figures in zip(
            frame.index, frame["departments"], frame["answered"], *shown.values(), strict=True
        )
    ]
    counted = "项目数" if key_fields.project else "部门数"
    heads = ["县区", counted, "已报", *(label for label, _ in columns.values())]
    widths = [13, 10, 8, *(24 if show is _money else 19 for _, show in columns.values())]
    draft.table(heads, rows, widths)


def _with_doubts(frame: pd.DataFrame, name: str, show: Callable[[object], str]) -> list[str]:
    """A figure of each county; below it what it is without the doubtful ones, if there are any."""
    figures = zip(frame[name], frame[f"{name}_certain"], frame[f"{name}_doubtful"], strict=True)
    return [
        f"{show(value)}\n不含 {left_out} 家存疑\n{show(certain)}" if left_out else show(value)
        for value, certain, left_out in figures
    ]


def _highest_and_lowest(frame: pd.DataFrame) -> str:
    """The counties of the highest and the lowest rate, in words; blank if fewer than two have one."""
    certain = f"{RATE}_certain"
    if certain not in frame.columns or frame[certain].count() <= 1:
        return ""
    rates = frame[certain].dropna()
    return (
        f"，执行率最高的是{rates.idxmax()}（{_percent(rates.max())}），"
        f"最低的是{rates.idxmin()}（{_percent(rates.min())}）"
    )


def _grades(draft: _Draft, form: FormSummary) -> None:
    draft.heading("得分和等次")
    if form.key_fields.score is not None:
        _by_grade(draft, form)
    if len(form.indicators):
        levels = [n for n in form.indicators.index.names if n not in (None, "section")]
        shares = [
            [*(str(k) for k in key[1 : 1 + len(levels)]), _percent(row.share), _bar(row.share)]
            for key, row in zip(form.indicators.index, form.indicators.itertuples(), strict=True)
        ]
        heads = [*["一级指标", "二级指标", "三级指标"][: len(levels)], "得分率", ""]
        draft.table(
            heads,
            shares,
            [*[20] * len(levels), 12, 34],
            left_aligned=(*range(len(levels)), len(levels) + 1),
        )
    draft.leave_open("自评得分与实际绩效的差距，拟抽查复核的部门")


def _by_grade(draft: _Draft, form: FormSummary) -> None:
    grades = form.grades
    reviewed = int(form.departments["review_score"].notna().sum())
    draft.text(
        f"等次按采用得分评定：{reviewed} 个按复核得分，其余按自评得分。"
        if reviewed
        else "等次按自评得分评定，没有复核得分。"
    )
    rows = [
        [str(row.Index), str(row.departments), _percent(row.share), _bar(row.share)]
        for row in grades.itertuples()
    ]
    draft.table(["等次", "部门数", "占比", ""], rows, [14, 12, 12, 40], left_aligned=(0, 3))
    departments = form.departments
    for grade in grades.index:
        of_grade = departments[(departments["grade"] == grade).fillna(value=False)]
        if len(of_grade):
            names = [
                f"{_named(d)}（{_score(s)}）"
                for d, s in zip(full_names(of_grade), of_grade["counted_score"], strict=True)
            ]
            draft.text(f"{grade} {len(of_grade)} 个：{_listed(names)}。")
    without_grade = departments[shown_grades(departments).eq(INVALID).fillna(value=False)]
    if len(without_grade):
        names = [
            f"{_named(d)}（{_score(s)}）"
            for d, s in zip(full_names(without_grade), without_grade["total_score"], strict=True)
        ]
        limits = f"自评得分不在 0 到 {HIGHEST_SCORE:g} 之间，不定等次、不计入平均"
        draft.text(f"{INVALID} {len(names)} 个（{limits}）：{_listed(names)}。")


def _findings(draft: _Draft, summary: Summary) -> None:
    draft.heading("发现的问题")
    counted = summary.files.index[summary.files["use"] == "counted"]
    findings = summary.findings[summary.findings["path"].isin(counted)]
    if not len(findings):
        draft.text("没有发现问题。")
        return
    counts = findings["severity"].value_counts()
    words = "，".join(
        f"{severity.chinese} {int(counts.get(str(severity), 0))} 个" for severity in Severity
    )
    draft.text(f"共发现 {len(findings)} 个问题：{words}。较多的问题如下。")
    kinds = findings_by_code(findings).head(MOST_KINDS)
    numbers = kinds["count"].tolist()
    rows = [
        [
            str(row.Index),
            _named_code(summary, str(row.Index)),
            str(number),
            str(row.departments),
            _bar(number / max(numbers)),
        ]
        for row, number in zip(kinds.itertuples(), numbers, strict=True)
    ]
    heads = ["代码", "问题", "个数", "部门数", ""]
    draft.table(heads, rows, [9, 38, 9, 9, 30], left_aligned=(0, 1, 4))
    draft.leave_open("典型问题的情况和原因分析")


def _named_code(summary: Summary, code: str) -> str:
    """What a code is called by the form whose rule it is, else by the catalogue."""
    own_forms = (
        p for p in summary.forms if any(r.code == code and not r.general for r in p.form.rules)
    )
    return error_name(next(own_forms, summary.forms[0]), code)


def _listed(names: Sequence[str]) -> str:
    rest_note = f"等，全部 {len(names)} 个见汇总表" if len(names) > MOST_NAMES else ""
    return "、".join(names[:MOST_NAMES]) + rest_note


# --- figures as text ------------------------------------------------------------------------------


def _amount(figure: object, value: object) -> str:
    if figure == "execution_rate":
        return _percent(value)
    return _score(value) if str(figure).endswith("_score") else _money(value)


def _number_or_none(value: object) -> float | None:
    return None if value is None or pd.isna(value) else float(value)  # type: ignore[arg-type, call-overload]


def _money(value: object) -> str:
    number = _number_or_none(value)
    return "" if number is None else f"{number:,.2f}"


def _score(value: object) -> str:
    number = _number_or_none(value)
    return "未评分" if number is None else f"{number:.2f}"


def _percent(value: object) -> str:
    number = _number_or_none(value)
    return "" if number is None else f"{number:.2%}"


def _bar(share: object) -> str:
    """A share as a row of blocks; what is above none shows at least one."""
    number = _number_or_none(share)
    if not number or number <= 0:
        return ""
    return "█" * max(1, min(_BAR, round(number * _BAR)))


def _named(department: object) -> str:
    return _UNNAMED if department is None or pd.isna(department) else str(department).strip()  # type: ignore[call-overload]
