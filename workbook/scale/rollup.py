"""The summary of a round from what `workbook.scale.partitions` wrote, one light record a return at a time.

The records are returns without their cells: enough for `add_findings_between` and `aggregate` to do with
them what they do with whole ones; figures come from the sections' tables, a column at a time.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from builder.tables import folder_of, summary_of
from workbook.address import Address, split_a1
from workbook.catalogue import Severity
from workbook.checking import (
    ExpectedScoreCollector,
    ExpectedScores,
    Roster,
    add_findings_between,
    expected_score_frame,
    expected_scores_of,
    tidy,
)
from workbook.errors import WorkbookError
from workbook.expression import Type
from workbook.findings import Finding
from workbook.form import DEPARTMENT, Field, Form, Section
from workbook.layout import cell_name
from workbook.reading import ACCEPTED, Cell, Return, Submission
from workbook.scale.partitions import Partitions, Where
from workbook.stores import location
from workbook.summary import Figures, Reviews, Summary, aggregate, finding_frame, traces_of

MOST_ROWS = 500_000
"""Lists longer than this are left out of the summary's workbook; they stand in the tables."""
MOST_LINES = 1_000_000
"""Departments that fit on one sheet."""
BETWEEN = ("W117", "A501", "A502", "A503", "A504")
ACROSS = "findings/across.parquet"
"""The findings that show only between returns, in columns as the other parts have them."""


def roll_up(
    parts: Partitions,
    roster: Roster | None = None,
    *,
    year: int | None = None,
    deadline: datetime.date | None = None,
    reviews: Reviews | None = None,
    previous: Summary | None = None,
) -> tuple[list[Return], Summary]:
    """The returns, without their cells, and the summary; the findings between returns are written.

    Up to `MOST_ROWS` both are what the whole returns would give. Beyond, a finding has its code and
    severity only, there are no rows and no sources, and `Summary.left_out` says so. Raises
    WorkbookError if the departments do not fit on a sheet; else as `workbook.summary.adding_up.aggregate`.
    """
    light = _Light(parts)
    returns = list(add_findings_between(light.returns(), roster, year=year))
    if light.detailed:
        returns = [_tidied(item) for item in returns]
    _write_across(parts, returns)
    told = f"行数太多，{_LONG}未列入本工作簿；全部数据（Parquet）在：{parts.folder.url}"
    summary = aggregate(
        returns,
        roster,
        deadline=deadline,
        reviews=reviews,
        previous=previous,
        reading=light.figures,
        left_out="" if light.detailed else told,
    )
    if len(summary.coverage) > MOST_LINES:
        raise WorkbookError(
            f"有 {len(summary.coverage)} 个单位，一张工作表放不下；请分地区汇总。数据已写在 {parts.folder.url}"
        )
    return returns, summary


_LONG = "明细、指标分析、抽查复核名单、来源、问题清单和文件清单"
"""The sheets that need a line a row, a figure, a finding or a file."""


def _tidied(item: Return) -> Return:
    if item.submission is None:
        return item
    return replace(item, findings=tidy(item.findings, item.submission.form.further_sheets))


def _write_across(parts: Partitions, returns: Sequence[Return]) -> None:
    between = [
        replace(item, findings=found)
        for item in returns
        if (found := tuple(f for f in item.findings if f.code in BETWEEN))
    ]
    parts.write(ACROSS, finding_frame(between))


class _Light:
    """Returns without their cells, and the tables that hold their figures."""

    def __init__(self, parts: Partitions) -> None:
        self._parts = parts
        self._forms = parts.forms
        lists = ["files", "findings"]
        for form in self._forms.values():
            lists += [f"{folder_of(form)}/{section.id}" for section in form.repeating]
            lists.append(f"{summary_of(form)}/traces")
        self.detailed = max(map(parts.rows, lists)) <= MOST_ROWS
        days = (form.key_fields.prepared_on for form in self._forms.values())
        self._days = {(item.section, item.id) for item in days if item is not None}
        wanted = {key for form in self._forms.values() for key in self._wanted(form)}
        self._where: Where = [[("section", "==", s), ("field", "==", f)] for s, f in sorted(wanted)]

    def _wanted(self, form: Form) -> Iterator[tuple[str, str]]:
        """The cells that are needed besides the sections' figures, as (section, field)."""
        key_fields = form.key_fields
        own = form.field_of(DEPARTMENT), key_fields.prepared_on, key_fields.project
        yield from ((item.section, item.id) for item in own if item is not None)
        if self.detailed:  # where each row begins
            yield from ((section.id, key_fields.row_start(section)) for section in form.repeating)

    def returns(self) -> list[Return]:
        """In the order of the files."""
        found: list[Return] = []
        for name in self._parts.parts("files"):
            found += self._of(name.rpartition("/")[2])
        return found

    def _of(self, part: str) -> Iterator[Return]:
        """The returns of one batch."""
        files = self._parts.frame(f"files/{part}")
        told = self._parts.frame(f"submissions/{part}", ["fiscal_year", "filling"])
        years, fillings = told["fiscal_year"].to_dict(), told["filling"].to_dict()
        findings = self._findings(f"findings/{part}")
        cells = self._cells(f"cells/{part}")
        for key, row in zip(files.index, _records(files), strict=True):
            path, read = location(key), row["status"] == ACCEPTED
            given = tuple(findings.get(key, ()))
            yield Return(
                path=path,
                status=row["status"],
                findings=given if self.detailed or not read else tuple(map(_bare, given)),
                submission=self._submission(
                    path, row, int(years[key]), fillings[key], cells.get(key, {})
                )
                if read
                else None,
                sha256=row["sha256"],
                size=int(row["size"]),
                application=row["application"],
                saved_by=row["saved_by"],
                modified=row["modified"],
            )

    def _submission(
        self, path: Path, row: Mapping[str, Any], year: int, filling: str, cells: dict[str, Cell]
    ) -> Submission:
        return Submission(
            path=path,
            form=self._forms[row["form"], row["version"]],
            plan=(),
            cells=cells,
            verdicts={},
            fiscal_year=year,
            department=row["department"],
            department_code=row["department_code"],
            told_filling=filling,
        )

    def _findings(self, name: str) -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = {}
        frame = self._parts.frame(name)
        for row in _records(frame[["path", *_FINDING]]):
            texts = {key: row[key] for key in _FINDING}
            severity = Severity(texts.pop("severity"))
            found.setdefault(row["path"], []).append(Finding(severity=severity, **texts))
        return found

    def _cells(self, name: str) -> dict[str, dict[str, Cell]]:
        """By submission and defined name."""
        columns = ["submission", "section", "row", "field", "value", "sheet", "cell"]
        found: dict[str, dict[str, Cell]] = {}
        for row in _records(self._parts.frame(name, columns, self._where)):
            address = Address(sys.intern(row["sheet"]), *split_a1(row["cell"]))
            cell = Cell(None, self._value(row), address)
            name = cell_name(f"{row['section']}.{row['field']}", int(row["row"] or 0))
            found.setdefault(row["submission"], {})[sys.intern(name)] = cell
        return found

    def _value(self, row: Mapping[str, Any]) -> str | datetime.date | None:
        if (row["section"], row["field"]) in self._days and row["value"]:
            return datetime.date.fromisoformat(row["value"][:10])
        return row["value"] or None

    def figures(self, form: Form, submissions: Sequence[Submission]) -> Figures:
        """As `workbook.summary.provenance.figures_in`, from the tables. Rows, long texts and traces only where
        there are details."""
        keys = pd.Index([submission.key for submission in submissions])
        sections = {s.id: self._section(form, s, keys) for s in form.sections.values()}
        expected_scores = expected_scores_of(form, self._dues(form))
        traces = traces_of(form, ())
        if self.detailed:
            whole = pd.concat(self._parts.frames(f"{summary_of(form)}/traces"))
            traces = whole[whole["submission"].isin(keys)]
        return Figures(sections, expected_scores, traces)

    def _dues(self, form: Form) -> pd.DataFrame:
        """The scores due; without details those of single fields only."""
        single: Where = [
            [("field", "==", item.key)] for item in ExpectedScoreCollector(form).fields
        ]
        if not self.detailed and not single:
            return expected_score_frame(form, ExpectedScores({}, {}))
        where = None if self.detailed else single
        return pd.concat(self._parts.frames(f"{summary_of(form)}/dues", None, where))

    def _section(self, form: Form, section: Section, keys: pd.Index[str]) -> pd.DataFrame:
        table = f"{folder_of(form)}/{section.id}"
        if self.detailed:
            whole = pd.concat(self._parts.frames(table))
        elif section.repeats:
            whole = next(self._parts.frames(table)).iloc[:0]
        else:
            figures = [item.id for item in section.fields.values() if _is_figure(form, item)]
            whole = pd.concat(self._parts.frames(table, figures))
        positions = keys.get_indexer(whole.index.get_level_values("submission"))
        order = np.argsort(positions, kind="stable")
        return whole.iloc[order[positions[order] >= 0]]


_FINDING = ("code", "severity", "message", "hint", "sheet", "cell", "field", "printed", "expected")


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The rows of a frame, what is missing as a blank."""
    columns = [frame[name].astype(object).where(frame[name].notna(), "") for name in frame.columns]
    names = list(map(str, frame.columns))
    yield from (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


# Millions of findings have but some dozens of codes.
@lru_cache(maxsize=1024)
def _bare(what: Finding) -> Finding:
    """A finding without its texts, one for all of its code and severity."""
    return Finding(what.code, what.severity, "", "")


def _is_figure(form: Form, item: Field) -> bool:
    is_text = item.kind.type is Type.TEXT and item is not form.key_fields.project
    return not item.is_hidden and not is_text
