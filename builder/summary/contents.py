"""`build_summary`: the bureau's workbook: the year on a page, one line a department, analysis, lists.

Sums, rates, shares, grades and ranks are formulas that live on when a score is typed or a figure
corrected; what they show when the file is opened is what `workbook.aggregate` worked out.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from builder.sheets import Book, ChartFigures, Heading, Links, Listed, book_at
from builder.summary.analysis import write_analysis
from builder.summary.charts import Lists
from builder.summary.counties import NOTES as COUNTY_NOTES
from builder.summary.counties import write_counties
from builder.summary.departments import notes, write_departments, write_unread
from builder.summary.lists import write_composition, write_details, write_sources
from builder.summary.overview import write_empty_overview, write_overview
from builder.summary.previous import write_previous
from builder.summary.returns import (
    write_coverage,
    write_files,
    write_findings,
    write_pending,
    write_projects,
)
from builder.summary.reviews import write_set_aside
from builder.summary.sampling import write_sampling
from builder.summary.settings import Settings, write_settings
from workbook.arguments import PathLike, as_path, taken
from workbook.form import Form, Section
from workbook.overview import Sampling, sampling_of, usual_sampling
from workbook.summary import SET_ASIDE, UNIT, FormSummary, Summary, sheet_prefix

_BIG = 50_000
"""With more rows than this the book is written without being held in memory."""


def build_summary(
    summary: Summary,
    path: PathLike,
    *,
    sampling: Sampling | None = None,
    now: datetime.datetime | None = None,
) -> Path:
    """Write the summary's workbook to `path`, whole or not at all; amounts are 万元.

    `sampling` are the criteria by which departments are proposed for re-checking, unless others were
    typed into a former summary. `now` is when the workbook says that it was made, by the clock if not given:
    equal summaries made at one time are equal bytes. Links to the returns
    are relative to the folder of `path`. Raises BuildError if the path cannot be written, ArgumentError
    if it does not end with .xlsx.

    >>> from builder import build_summary
    >>> from workbook import aggregate, check, read_returns
    >>> build_summary(aggregate(check(read_returns("samples/returns"))), "summary.xlsx").name
    'summary.xlsx'
    """
    taken(summary, Summary, "summary", "应是 aggregate(returns) 的结果")
    path = as_path(path, "path", suffixes=(".xlsx",))
    rows = (
        len(summary.findings)
        + len(summary.duties)
        + sum(len(part.sources) + sum(map(len, part.details.values())) for part in summary.forms)
    )
    now = (now or datetime.datetime.now(datetime.UTC)).astimezone(datetime.UTC)
    with book_at(path, constant_memory=rows > _BIG) as book:
        book.set_properties({"created": now})
        _write(book, summary, Links(path.parent, summary.root), sampling)
    return path


def _write(book: Book, summary: Summary, links: Links, default_sampling: Sampling | None) -> None:
    default_sampling = default_sampling or usual_sampling(summary)
    names = _Names(book)
    parts = [
        (
            part,
            _sheets(part, names, first=not n, compared=summary.comparison_of(part) is not None),
        )
        for n, part in enumerate(summary.forms)
    ]
    empty = ("", "") if parts else (names("总览"), names("部门汇总"))
    list_names = {each: names(each.title) for each in LISTS if each.is_due(summary)}
    sources = [
        "" if summary.left_out else names(f"{_sheet_prefix(part.form, first=not n)}来源")
        for n, (part, _) in enumerate(parts)
    ]
    settings = write_settings(book, names("参数"), summary, default_sampling)
    chart_figures = ChartFigures(names("图表数据") if parts else "")
    sampling = sampling_of(summary, default_sampling)
    lists = {
        each.title: each.write(book, name, summary, links) for each, name in list_names.items()
    }
    covered, projects = lists[_COVERAGE.title], lists.get(_PROJECTS.title)
    for (part, sheets), source in zip(parts, sources, strict=True):
        writer = _FormWriter(book, summary, part, sheets, source, links, chart_figures)
        writer.write(covered, projects, sampling, settings)
    if parts:
        chart_figures.write(book)
    else:
        write_empty_overview(book, empty[0], "绩效自评总览", summary, covered, chart_figures)
        write_unread(book, empty[1], summary, links)


# --- the round's lists ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoundList:
    """A sheet that lists something of the whole round, whatever forms came."""

    title: str
    write: Callable[[Book, str, Summary, Links], Listed]
    """Fills the sheet of a name."""
    is_due: Callable[[Summary], bool] = lambda _summary: True


_COVERAGE = RoundList("报送情况", write_coverage)
_PROJECTS = RoundList(
    "项目报送情况",
    write_projects,
    lambda summary: len(summary.project_duties) > 0 and not summary.left_out,
)
LISTS = (
    RoundList("问题清单", write_findings, lambda summary: not summary.left_out),
    _COVERAGE,
    _PROJECTS,
    RoundList(
        "催报名单",
        lambda book, name, summary, _links: write_pending(book, name, summary),
        lambda summary: summary.has_roster,
    ),
    RoundList(
        SET_ASIDE,
        lambda book, name, summary, _links: write_set_aside(book, name, summary.unmatched),
        lambda summary: len(summary.unmatched) > 0,
    ),
    RoundList("文件清单", write_files, lambda summary: not summary.left_out),
)
"""In their order. A further list is one more line here and a module that writes it."""


# --- sheets and their names -----------------------------------------------------------------------


class _Names:
    """Adds sheets in their order, each under a name unlike the others; they are filled later."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.used_names: set[str] = set()

    def __call__(self, proposed_name: str) -> str:
        base_name = re.sub(r"[\[\]:*?/\\']", "", proposed_name)[:28] or "表"
        name, number = base_name, 1
        while name in self.used_names:
            number += 1
            name = f"{base_name}{number}"
        self.used_names.add(name)
        self.book.add_worksheet(name)
        return name


@dataclass(frozen=True, slots=True)
class _Sheets:
    """The names of one form's sheets."""

    overview: str
    departments: str
    counties: str
    """Blank where no more than one county is known."""
    previous: str
    """Blank without last year's returns."""
    composition: str
    """Blank where the form does not break its funds down."""
    analysis: str
    """Blank where no indicator is scored or no row is listed, as is the sample's."""
    sample: str
    details: dict[str, str] = field(default_factory=dict)
    """By repeating section."""


def _sheet_prefix(form: Form, *, first: bool) -> str:
    """A first form's sheets have plain names, a further one's begin with what it is about."""
    return "" if first else sheet_prefix(form)


def _sheets(part: FormSummary, names: _Names, *, first: bool, compared: bool) -> _Sheets:
    prefix = _sheet_prefix(part.form, first=first)
    # Without rows (`Summary.left_out`) there is nothing to analyse.
    scored = part.key_fields.scored and part.details
    return _Sheets(
        overview=names(f"{prefix}总览"),
        departments=names(f"{prefix}汇总" if prefix else "部门汇总"),
        counties=names(f"{prefix}县区汇总") if len(part.counties) > 1 else "",
        previous=names(f"{prefix}同比") if compared else "",
        composition=names(f"{prefix}资金构成") if part.key_fields.breakdowns else "",
        details={
            s.id: names(prefix + _rows_name(part, s))
            for s in part.form.repeating
            if s.id in part.details
        },
        analysis=names(f"{prefix}指标分析") if scored else "",
        sample=names(f"{prefix}抽查复核名单") if scored else "",
    )


def _rows_name(part: FormSummary, section: Section) -> str:
    """The rows that are scored first of all are the indicators."""
    first = [rows.section for rows in part.key_fields.scored[:1]]
    return "指标明细" if section in first else f"{section.label}明细"


@dataclass(frozen=True)
class _FormWriter:
    """Writes one form's sheets."""

    book: Book
    summary: Summary
    part: FormSummary
    sheets: _Sheets
    sources: str
    links: Links
    chart_figures: ChartFigures

    def write(
        self, covered: Listed, projects: Listed | None, sampling: Sampling, settings: Settings
    ) -> None:
        """Every sheet of the form; the overview last, since it reckons from all others."""
        book, part, sheets, links = self.book, self.part, self.sheets, self.links
        cutoffs = settings.cutoffs.get(part.form.key, {})
        heading = self.heading(sheets.departments, "汇总表", 4, notes(part, self.summary.left_out))
        departments = write_departments(book, heading, part, cutoffs, links, self.sources)
        if sheets.counties:
            heading = self.heading(sheets.counties, "县区汇总", notes_below=COUNTY_NOTES)
            write_counties(book, heading, part, departments)
        comparison = self.summary.comparison_of(part)
        if comparison is not None:
            heading = self.heading(sheets.previous, "同比")
            write_previous(book, heading, comparison, departments, cutoffs)
        composition = None
        if sheets.composition:
            heading = self.heading(sheets.composition, "资金构成", 3, _COMPOSITION_NOTES)
            composition = write_composition(book, heading, part, links)
        details = {
            section.id: write_details(
                book,
                # Each row's figures have a unit of their own.
                self.heading(sheets.details[section.id], _rows_name(part, section), 2, unit=""),
                part,
                section,
                links,
            )
            for section in part.form.repeating
            if section.id in sheets.details
        }
        branches = {}
        if sheets.analysis:
            heading = self.heading(sheets.analysis, "指标分析", unit="单位：分")
            branches = write_analysis(book, heading, part, details)
            heading = self.heading(sheets.sample, "抽查复核名单", 4, _SAMPLE_NOTES)
            write_sampling(book, heading, part, sampling, settings, links)
        if self.sources:
            heading = self.heading(self.sources, "数据来源", 3, _SOURCE_NOTES)
            write_sources(book, heading, part, links)
        lists = Lists(
            departments,
            covered,
            projects,
            composition,
            sheets.analysis,
            self.chart_figures,
            branches,
        )
        title = _title(part.form, part.fiscal_year, "总览")
        write_overview(book, sheets.overview, title, f"单位：{UNIT}", self.summary, part, lists)

    def heading(
        self,
        name: str,
        subject: str,
        frozen: int = 0,
        notes_below: Sequence[str] = (),
        *,
        unit: str = f"单位：{UNIT}",
    ) -> Heading:
        """What stands above and below one of the form's sheets."""
        return Heading(
            name, _title(self.part.form, self.part.fiscal_year, subject), unit, notes_below, frozen
        )


def _title(form: Form, year: int, subject: str) -> str:
    return f"{year} 年度{re.sub('表$', '', form.name)}{subject}"


_COMPOSITION_NOTES = (
    "差额＝各项合计－应等于的数，四舍五入到 0.01 元；填报的数没有改动。空白是没有填，不按零计算。",
)
_SAMPLE_NOTES = (
    "各条的界限和分在“参数”里，改了以后合计分、次序、是否抽查自动重算；名单按生成时的次序排列，改动后可用“次序”一列重新排序。",
    "分数相同的，全年预算数大的在先，再按预算编码；没有随机抽取，同样的数据得到同样的名单。",
    "高于规则：自评得分高于按指标值、完成值计算的得分；执行得分之差：预算执行自评得分与按执行率计算的得分之差。",
)
_SOURCE_NOTES = (
    "数值已换算为万元；执行率、合计、总分等计算项按填报数重算，不取文件里存的结果。点单元格打开该单位的表。",
    "链接以本汇总表所在的文件夹为起点：汇总表与收回的表要一起移动。压缩包里的表没有链接。",
)
