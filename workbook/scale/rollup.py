"""The summary of a round from what `workbook.scale.partitions` wrote, one light record a return at a time.

The records are returns without their cells: enough for `add_findings_between` and `aggregate` to do with
them what they do with whole ones; figures come from the sections' tables, a column at a time.
"""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from builder.tables import folder_of, summary_of
from workbook.address import Address, split_a1
from workbook.arguments import DayLike, PathLike, as_path, as_year, refusal, taken
from workbook.catalogue import Severity
from workbook.checking import Roster, add_findings_between, as_roster, compared_fields, marked, tidy
from workbook.errors import WorkbookError
from workbook.expression import Type
from workbook.findings import Finding
from workbook.form import DEPARTMENT, Field, Form, Section
from workbook.language import t
from workbook.layout import cell_name
from workbook.reading import ACCEPTED, Cell, Return, Returns, Submission, choose, known_forms
from workbook.scale.partitions import ACROSS, LISTED, Partitions, RowFilter, hive_folder, is_across
from workbook.stores import Folder, location
from workbook.summary import (
    ExpectedScoreCollector,
    ExpectedScores,
    Figures,
    PreviousTables,
    Reviews,
    Summary,
    aggregate,
    expected_score_frame,
    expected_scores_of,
    fields_in_error,
    finding_frame,
    traces_of,
)

MOST_ROWS = 500_000
"""Lists longer than this are left out of the summary's workbook; they stand in the tables."""
MOST_LINES = 1_000_000
"""Departments that fit on one sheet."""
BETWEEN = ("W117", *(f"A50{number}" for number in range(1, 9)))


def roll_up(
    parts: Partitions | PathLike,
    roster: Roster | PathLike | None = None,
    *,
    year: int | None = None,
    deadline: DayLike | None = None,
    reviews: Reviews | PathLike | None = None,
    previous: Summary | PreviousTables | PathLike | None = None,
    use: PathLike | Iterable[PathLike] = (),
) -> tuple[Returns, Summary]:
    """The returns, without their cells, and the summary; the findings between returns are written.

    `use` are the files that count of several copies, as `workbook.reading.choose` takes them.
    Up to `MOST_ROWS` both are what the whole returns would give. Beyond, a finding has its code and
    severity only, there are no rows and no sources, and `Summary.left_out` says so. Raises
    WorkbookError if the departments do not fit on a sheet; else as `workbook.summary.adding_up.aggregate`.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from workbook import roll_up, write_partitions
    >>> with ThreadPoolExecutor(2) as executor:
    ...     parts = write_partitions("samples/returns", "parts_of_a_round", executor=executor)
    >>> returns, summary = roll_up(parts, "samples/roster.csv")
    >>> summary.counts.to_dict()
    {'answered': 3, 'faulty': 9, 'rejected': 0, 'missing': 2}
    """
    parts = _opened(parts)
    listed = as_roster(roster)
    round_year = None if year is None else as_year(year)
    light = _Light(parts, listed)
    between = add_findings_between(choose(light.returns(), use), listed, year=round_year)
    returns = marked(map(_tidied, between) if light.detailed else between, listed, round_year)
    _write_across(parts, returns)
    left_out_note = f"行数太多，{_LONG}未列入本工作簿；全部数据（Parquet）在：{parts.folder.url}"
    summary = aggregate(
        returns,
        listed,
        deadline=deadline,
        reviews=reviews,
        previous=previous,
        reading=light.figures,
        left_out="" if light.detailed else left_out_note,
    )
    if len(summary.coverage) > MOST_LINES:
        raise WorkbookError(
            t(
                "有 {count} 个单位，一张工作表放不下；请分地区汇总。数据已写在 {url}",
                count=len(summary.coverage),
                url=parts.folder.url,
            )
        )
    return returns, summary


_LONG = "明细、指标分析、抽查复核名单、来源、问题清单、项目报送情况和文件清单"
"""The sheets that need a line a row, a figure, a finding or a file."""


def _opened(parts: Partitions | PathLike) -> Partitions:
    """What `write_partitions` gave, or wrote into a folder before. Raises ArgumentError."""
    remedy = t("应是 write_partitions 的结果，或它写过的文件夹")
    if isinstance(parts, Partitions):
        return parts
    taken(parts, (str, os.PathLike), "parts", remedy)
    folder = Folder(str(as_path(parts, "parts")))
    if LISTED not in folder.names():
        raise refusal("parts", str(parts), remedy)
    return Partitions(folder, known_forms())


def _tidied(returned: Return) -> Return:
    if returned.submission is None:
        return returned
    return replace(
        returned, findings=tidy(returned.findings, returned.submission.form.further_sheets)
    )


def _write_across(parts: Partitions, returns: Sequence[Return]) -> None:
    between = [
        replace(returned, findings=findings)
        for returned in returns
        if (findings := tuple(f for f in returned.findings if f.code in BETWEEN))
    ]
    for name in filter(is_across, parts.folder.names()):
        parts.folder.remove(name)
    groups: dict[str, list[Return]] = {}
    for returned in between:
        groups.setdefault(hive_folder(returned), []).append(returned)
    for group, members in groups.items():
        parts.write(f"findings/{group}/{ACROSS}", finding_frame(members).drop(columns="county"))


class _Light:
    """Returns without their cells, and the tables that hold their figures."""

    def __init__(self, parts: Partitions, roster: Roster | None) -> None:
        self._parts = parts
        self._forms = parts.forms
        by_project = [form for form in parts.forms.values() if form.key_fields.project is not None]
        self._compared = {
            (item.section, item.id)
            for form in parts.forms.values()
            # Without a project's form nothing is compared but what the roster tells.
            if roster is not None or any(map(self._was_read, by_project))
            for item in compared_fields(form, roster)
        }
        lists = ["files", "findings"]
        for form in self._forms.values():
            lists += [f"{folder_of(form)}/{section.id}" for section in form.repeating]
            lists.append(f"{summary_of(form)}/traces")
        self.detailed = max(map(parts.rows, lists)) <= MOST_ROWS
        days = (form.key_fields.prepared_on for form in self._forms.values())
        self._days = {(item.section, item.id) for item in days if item is not None}
        needed = {key for form in self._forms.values() for key in self._needed_cells(form)}
        needed |= self._compared
        self._cell_filter: RowFilter = [
            [("section", "==", s), ("field", "==", f)] for s, f in sorted(needed)
        ]

    def _needed_cells(self, form: Form) -> Iterator[tuple[str, str]]:
        """The cells that are needed besides the sections' figures, as (section, field)."""
        key_fields = form.key_fields
        named_fields = form.field_of(DEPARTMENT), key_fields.prepared_on, key_fields.project
        yield from ((item.section, item.id) for item in named_fields if item is not None)
        if self.detailed:  # where each row begins
            yield from ((section.id, key_fields.row_start(section)) for section in form.repeating)

    def _was_read(self, form: Form) -> bool:
        """Whether there is a return of a form."""
        return any(self._parts.parts(f"{folder_of(form)}/{name}") for name in form.sections)

    def returns(self) -> list[Return]:
        """In the order of the files."""
        returns: list[Return] = []
        for name in self._parts.parts("files"):
            returns += self._returns_of_part(name.removeprefix("files/"))
        return sorted(returns, key=lambda returned: self._parts.place(returned.path))

    def _returns_of_part(self, part: str) -> Iterator[Return]:
        """The returns of one batch."""
        files = self._parts.frame(f"files/{part}")
        identities = self._parts.frame(f"submissions/{part}", ["fiscal_year", "filling"])
        years, fillings = identities["fiscal_year"].to_dict(), identities["filling"].to_dict()
        findings = self._findings(f"findings/{part}")
        cells = self._cells(f"cells/{part}")
        for key, row in zip(files.index, _records(files), strict=True):
            path, read = location(key), row["status"] == ACCEPTED
            file_findings = tuple(findings.get(key, ()))
            yield Return(
                path=path,
                status=row["status"],
                findings=file_findings
                if self.detailed or not read
                else tuple(map(_bare, file_findings)),
                submission=self._submission(
                    path, row, int(years[key]), fillings[key], cells.get(key, {})
                )
                if read
                else None,
                sha256=row["sha256"],
                size=int(row["size"]),
                application=row["application"],
                saved_by=row["saved_by"],
                modified=str(row["modified"]),
                county=row["county"],
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
            stored_filling=filling,
        )

    def _findings(self, name: str) -> dict[str, list[Finding]]:
        findings_by_path: dict[str, list[Finding]] = {}
        frame = self._parts.frame(name)
        for row in _records(frame[["path", *_FINDING]]):
            texts = {key: row[key] for key in _FINDING}
            severity = Severity(texts.pop("severity"))
            findings_by_path.setdefault(row["path"], []).append(Finding(severity=severity, **texts))
        return findings_by_path

    def _cells(self, name: str) -> dict[str, dict[str, Cell]]:
        """By submission and defined name."""
        columns = [
            "submission",
            "section",
            "row",
            "field",
            "raw",
            "value",
            "number",
            "sheet",
            "cell",
        ]
        cells_by_submission: dict[str, dict[str, Cell]] = {}
        for row in _records(self._parts.frame(name, columns, self._cell_filter)):
            address = Address(sys.intern(row["sheet"]), *split_a1(row["cell"]))
            is_amount = (row["section"], row["field"]) in self._compared
            raw = row["raw"] or None if is_amount else None
            cell = Cell(raw, self._value(row), address)
            name = cell_name(f"{row['section']}.{row['field']}", int(row["row"] or 0))
            cells_by_submission.setdefault(row["submission"], {})[sys.intern(name)] = cell
        return cells_by_submission

    def _value(self, row: Mapping[str, Any]) -> str | float | datetime.date | None:
        if (row["section"], row["field"]) in self._compared:
            return None if row["number"] == "" else float(row["number"])
        if (row["section"], row["field"]) in self._days and row["value"]:
            return datetime.date.fromisoformat(row["value"][:10])
        return row["value"] or None

    def figures(self, form: Form, submissions: Sequence[Submission]) -> Figures:
        """As `workbook.summary.provenance.figures_in`, from the tables. Rows, long texts and traces only where
        there are details."""
        keys = pd.Index([submission.key for submission in submissions])
        sections = {s.id: self._section(form, s, keys) for s in form.sections.values()}
        expected_scores = expected_scores_of(form, self._expected_score_lines(form))
        traces = traces_of(form, ())
        if self.detailed:
            all_traces = pd.concat(self._parts.frames(f"{summary_of(form)}/traces"))
            traces = all_traces[all_traces["submission"].isin(keys)]
        return Figures(sections, expected_scores, traces)

    def _expected_score_lines(self, form: Form) -> pd.DataFrame:
        """The expected scores; without details those of single fields only."""
        single: RowFilter = [
            [("field", "==", item.key)] for item in ExpectedScoreCollector(form).fields
        ]
        if not self.detailed and not single:
            return expected_score_frame(form, ExpectedScores({}, {}))
        row_filter = None if self.detailed else single
        return pd.concat(self._parts.frames(f"{summary_of(form)}/dues", None, row_filter))

    def _section(self, form: Form, section: Section, keys: pd.Index[str]) -> pd.DataFrame:
        table = f"{folder_of(form)}/{section.id}"
        if self.detailed:
            lines = pd.concat(self._parts.frames(table)).drop(columns="county")
        elif section.repeats:
            lines = next(self._parts.frames(table)).iloc[:0].drop(columns="county")
        else:
            figures = [item.id for item in section.fields.values() if _is_figure(form, item)]
            lines = pd.concat(self._parts.frames(table, figures))
        positions = keys.get_indexer(lines.index.get_level_values("submission"))
        order = np.argsort(positions, kind="stable")
        return lines.iloc[order[positions[order] >= 0]]


_FINDING = ("code", "severity", "message", "hint", "sheet", "cell", "field", "printed", "expected")


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The rows of a frame, what is missing as a blank."""
    columns = [frame[name].astype(object).where(frame[name].notna(), "") for name in frame.columns]
    names = list(map(str, frame.columns))
    yield from (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


# Millions of findings have but some dozens of codes.
@lru_cache(maxsize=1024)
def _bare(finding: Finding) -> Finding:
    """A finding without its texts, one for all of its code, severity and fields, whatever their rows."""
    fields = ",".join(sorted(fields_in_error([finding])))
    return Finding(finding.code, finding.severity, "", "", field=fields)


def _is_figure(form: Form, item: Field) -> bool:
    is_text = item.kind.type is Type.TEXT and item is not form.key_fields.project
    return not item.is_hidden and not is_text
