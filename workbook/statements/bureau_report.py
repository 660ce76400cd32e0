"""The bureau's report as a whole: its title, its chapters, and the annex of the departments' lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from workbook.statements.achievements import achievements_chapter
from workbook.statements.reporting import MOST_LINES, reporting_chapter, subject_of
from workbook.statements.shortcomings import shortcomings_chapters
from workbook.statements.spending import figure_cell, money_tables, spending_chapter
from workbook.statements.statement import Tabular, TextChapter
from workbook.statements.wording import DEPARTMENTS, line_names, noun
from workbook.summary import (
    RATE,
    UNIT,
    FormSummary,
    Status,
    Summary,
    is_doubtful,
    shown_grades,
)

CHAPTERS = "一二三四五六七八九十"
"""The chapters' numbers."""
_DOUBTFUL = "*"
_DOUBTS = "存疑的是填报有差错、尚未更正的数；“数值”一列仍按填报数相加。"


@dataclass(frozen=True, slots=True)
class BureauAnnex:
    """What stands behind the report: tables under one title."""

    title: str
    tables: tuple[Tabular, ...]
    note: str = ""
    """What has to be said of them; blank if nothing has."""
    for_checking: bool = False
    """Whether it serves whoever checks the draft, and not whom it is sent to."""


@dataclass(frozen=True, slots=True)
class BureauReport:
    """All that the report says, in its order."""

    subject: str
    """What it is about: 2024年度部门整体支出绩效自评."""
    chapters: tuple[TextChapter, ...]
    annexes: tuple[BureauAnnex, ...]


def report_of(summary: Summary) -> BureauReport:
    """What a report on a finished summary says, whatever has come in."""
    part = summary.main
    chapters: list[TextChapter] = [reporting_chapter(summary)]
    if part is not None:
        chapters.append(spending_chapter(summary, part))
        achieved = achievements_chapter(summary, part)
        chapters += [achieved] if achieved is not None else []
    chapters += shortcomings_chapters(summary, part)
    return BureauReport(subject_of(part), tuple(chapters), tuple(_annexes(summary, chapters)))


def _annexes(summary: Summary, chapters: Sequence[TextChapter]) -> Iterator[BureauAnnex]:
    part = summary.main
    tables = [*money_tables(part)] if part is not None else []
    doubtful = any("存疑的个数" in table.heads for table in tables)
    lines = _form_lines(part) if part is not None else _coverage_lines(summary)
    tables += [lines] if lines is not None else []
    if tables:
        marked = lines is not None and _is_marked(lines)
        note = _DOUBTS if doubtful else ""
        note += f"带{_DOUBTFUL}的数存疑。" if marked else ""
        title = "有关数据汇总" if len(tables) > 1 else tables[0].caption.partition("（金额")[0]
        yield BureauAnnex(title, tuple(tables), note)
    if sources := _sources(chapters):
        yield BureauAnnex("数据来源", (sources,), for_checking=True)


def _sources(chapters: Sequence[TextChapter]) -> Tabular | None:
    """Whence each figure of the text was taken, each once a chapter."""
    rows = [
        (number, basis.figure, basis.value, basis.reckoned, basis.place)
        for number, chapter in zip(CHAPTERS, chapters, strict=False)
        for basis in dict.fromkeys(chapter.bases)
    ]
    if not rows:
        return None
    return Tabular(
        "文中各数的来源",
        ("序号", "章", "数据", "数值", "怎样算出", "在汇总表中的位置"),
        tuple((str(position), *row) for position, row in enumerate(rows, 1)),
        (7.0, 5.0, 23.0, 18.0, 32.0, 34.0),
        words=(1, 2, 4, 5),
    )


def _is_marked(lines: Tabular) -> bool:
    return any(cell.endswith(_DOUBTFUL) for row in lines.rows for cell in row[2:])


def _coverage_lines(summary: Summary) -> Tabular | None:
    frame = summary.coverage
    if not 1 < len(frame) <= MOST_LINES:
        return None
    named = zip(line_names(frame), frame["status"], strict=True)
    rows = tuple(
        (str(n), name, Status(status).chinese) for n, (name, status) in enumerate(named, 1)
    )
    return Tabular(
        "各部门（单位）报送情况", ("序号", DEPARTMENTS, "报送"), rows, (8, 60, 16), words=(1, 2)
    )


def _form_lines(part: FormSummary) -> Tabular | None:
    """A line a department or project: what it budgeted and spent, its rate, score and grade."""
    frame, key_fields = part.departments, part.key_fields
    if not 1 < len(frame) <= MOST_LINES:
        return None
    figures = [name for name in (key_fields.budget, key_fields.spent) if name] or [
        *key_fields.amounts
    ][:2]
    columns = {key_fields.amounts[name].label: _cells(frame, name) for name in figures}
    if key_fields.rate is not None:
        columns["执行率"] = _cells(frame, RATE)
    if key_fields.score is not None:
        columns["得分"] = _cells(frame, "counted_score")
        columns["等次"] = shown_grades(frame).fillna("").tolist()
    who = [line_names(frame).tolist(), [Status(status).chinese for status in frame["status"]]]
    rows = [
        (str(n), *cells) for n, cells in enumerate(zip(*who, *columns.values(), strict=True), 1)
    ]
    widths = (
        7.0,
        34.0,
        10.0,
        *(17.0 for _ in figures),
        *(12.0 for _ in [*columns][len(figures) :]),
    )
    words = (1, 2, *([3 + [*columns].index("等次")] if "等次" in columns else []))
    return Tabular(
        f"各{noun(part)}自评情况（金额单位：{UNIT}）",
        ("序号", noun(part), "报送", *columns),
        tuple(rows),
        widths,
        words,
    )


def _cells(frame: pd.DataFrame, figure: str) -> list[str]:
    """A figure of each line, marked where it is doubtful."""
    marks = is_doubtful(frame, figure)
    return [
        f"{shown}{_DOUBTFUL if doubtful and shown else ''}"
        for shown, doubtful in zip(
            (figure_cell(figure, v) for v in frame[figure]), marks, strict=True
        )
    ]
