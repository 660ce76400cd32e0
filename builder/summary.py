"""`build_summary`: the bureau's workbook: one line a department, analysis, details, findings, files.

Sums, rates, shares and grades are formulas that live on when a score is typed or a figure corrected;
what they show when the file is opened is what `workbook.aggregate` worked out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import pandas as pd

from builder import styles
from builder.book import Book, book_at, done
from builder.listing import (
    FIRST_ROW,
    Column,
    Heading,
    Listed,
    Live,
    Value,
    cell_style,
    put,
    values,
    write_list,
)
from builder.summary_analysis import write_analysis
from builder.summary_lists import (
    write_details,
    write_files,
    write_findings,
    write_pending,
)
from workbook.address import Address, letters
from workbook.aggregate import LOWEST_GRADE, FormSummary, Status, Summary
from workbook.form import Form

DEPARTMENTS, ANALYSIS, FUNDS, SETTINGS = "部门汇总", "综合分析", "资金构成", "参数"
STATUS_FILLS = {
    Status.ANSWERED: "",
    Status.FAULTY: styles.WARNING_FILL,
    Status.REJECTED: styles.ERROR_FILL,
    Status.MISSING: styles.MISSING_FILL,
}
HIGHEST_SCORE = 100
_BIG = 50_000
"""With more rows than this the book is written without being held in memory."""


def build_summary(summary: Summary, path: Path | str) -> Path:
    """Write the summary's workbook to `path`, whole or not at all; amounts are 万元.

    Raises BuildError if the path cannot be written.
    """
    path = Path(path)
    rows = len(summary.findings) + sum(len(d) for f in summary.forms for d in f.details.values())
    with book_at(path, constant_memory=rows > _BIG) as book:
        names = _Names()
        cutoffs = _cutoff_cells(summary.forms)
        if not summary.forms:
            _departments(book, _unread(summary), names(DEPARTMENTS), {})
        for number, part in enumerate(summary.forms):
            _form_sheets(book, summary, part, names, _prefix(part.form) if number else "", cutoffs)
        write_findings(book, summary, names("问题清单"))
        if summary.has_roster:
            write_pending(book, summary, names("催报名单"))
        write_files(book, summary, names("文件清单"))
        _settings(book, summary.forms)
    return path


class _Names:
    """Sheets' names: as wanted, made unlike those already given."""

    def __init__(self) -> None:
        self.given = {SETTINGS}

    def __call__(self, wanted: str) -> str:
        plain = re.sub(r"[\[\]:*?/\\']", "", wanted)[:28] or "表"
        name, number = plain, 1
        while name in self.given:
            number += 1
            name = f"{plain}{number}"
        self.given.add(name)
        return name


def _prefix(form: Form) -> str:
    """What tells a further form's sheets apart: 项目支出."""
    return re.sub(r"(绩效)?(自评)?表$", "", form.name)


def _form_sheets(
    book: Book,
    summary: Summary,
    part: FormSummary,
    names: _Names,
    prefix: str,
    cutoffs: dict[str, list[tuple[str, str]]],
) -> None:
    sheet = names(f"{prefix}汇总" if prefix else DEPARTMENTS)
    wanted = names(f"{prefix}{ANALYSIS}")
    lines = _Lines.of(part, cutoffs[part.form.key])
    listed = _departments(book, lines, sheet, {})
    # XlsxWriter orders sheets as they are added; the analysis refers to lists written after it.
    raise NotImplementedError
