"""What the bureau typed into a summary: scores, remarks, 参数; read back so that none is lost.

A former summary is read as Excel, WPS or LibreOffice saved it. Columns are found by their heads, lines by
county and budget code and then by county and name (of a project: and its name), blanks, width and case aside;
without a column of counties, by what stands for one county only. What belongs
to no line of the new summary is set aside on a sheet of its own, and read back from there the next time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from workbook import text as texts
from workbook.address import Address
from workbook.arguments import PathLike, as_path
from workbook.catalogue import CATALOGUE
from workbook.checking import Identity, cell_text, pair
from workbook.errors import Refused, ReviewError
from workbook.expression import number_text
from workbook.form import Form
from workbook.language import t
from workbook.limits import OWN_FILES
from workbook.package import Package, Sheet, open_package
from workbook.summary.previous import DepartmentLines, identities_of
from workbook.summary.totals import HIGHEST_SCORE

SETTINGS = "参数"
"""The sheet of the grades' cut-offs."""
SET_ASIDE = "未对应复核"
"""The sheet of what was typed for departments that are no longer there."""
HEADS = {
    "form": "表式",
    "fiscal_year": "年度",
    "county": "县区",
    "code": "预算编码",
    "department": "部门",
    "project": "项目名称",
    "score": "复核得分",
    "remark": "备注",
}
"""The heads by which the columns of a summary are known."""
CUTOFF_HEADS = ("表", "等次", "分数下限", "表式规定")
"""The heads of the cut-offs: the form, the grade, what holds, what the form's definition says."""
CRITERIA_HEADS = ("条件", "界限", "分", "默认界限", "默认分")
"""The heads of the criteria of re-checking: what holds and, for each, what holds unless it is changed."""
ABSENT = "本次没有"
"""Stands in place of what a form says of a grade, if the form is not there this time."""
_TOTAL = "合计"
_HEAD_WITHIN, _SETTINGS_WITHIN = 10, 1000
_MOST_LISTED = 10
"""So many faults are listed one by one."""
LARGE_SHEETS = {"指标明细", "问题清单", "文件清单", "来源", "报送情况", "项目报送情况", "催报名单"}
"""Sheets into which nothing is typed; in .xls and .ods others are read in vain."""


@dataclass(frozen=True, slots=True)
class Review:
    """What was typed for one department, or for one of its projects."""

    form: str
    """The form's name without its last 表, as in the summary's title."""
    fiscal_year: int
    county: str
    """Blank where the summary has no column for it."""
    code: str
    department: str
    project: str
    score: float | None
    remark: str
    address: str
    """The cell it was read from: 部门汇总!J4."""

    @property
    def identity(self) -> Identity:
        """By what its line is found."""
        return Identity.of(self.county, self.code, self.department, project=self.project)


@dataclass(frozen=True, slots=True)
class Reviews:
    """What was typed into one summary, in the order of its sheets and rows."""

    path: Path
    entries: tuple[Review, ...]
    cutoffs: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(form's name without 表, grade) → the lowest score, where it was changed."""

    criteria: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(criterion of re-checking, 界限 or 分) → the number, where it was changed."""

    def beyond(self, other_reviews: Reviews) -> int:
        """How much of what was typed here the others do not hold as well."""
        other_entries = {replace(entry, address="") for entry in other_reviews.entries}
        entries = sum(replace(entry, address="") not in other_entries for entry in self.entries)
        settings = self.cutoffs.items() - other_reviews.cutoffs.items()
        return entries + len(settings) + len(self.criteria.items() - other_reviews.criteria.items())


def plain_name(form: Form) -> str:
    """A form's name as titles have it: without its last 表."""
    return form.name.removesuffix("表")


def sheet_prefix(form: Form) -> str:
    """What the sheets of a further form begin with: what it is about, without 绩效自评表."""
    return re.sub(r"(绩效)?(自评)?表$", "", form.name)


# --- keeping --------------------------------------------------------------------------------------


def keep(
    departments: pd.DataFrame, form: Form, fiscal_year: int, reviews: Reviews | None
) -> pd.DataFrame:
    """The departments' lines with their `review_score` and `remark`; of an unscored form unchanged."""
    matched = _matched(departments, form, fiscal_year, reviews)
    if not matched:
        return departments
    line_reviews = [matched.get(position) for position in range(len(departments))]
    return departments.assign(
        review_score=pd.array([r.score if r else None for r in line_reviews], dtype="Float64"),
        remark=pd.array([r.remark or None if r else None for r in line_reviews], dtype="string"),
    )


def cutoffs(form: Form, reviews: Reviews | None) -> tuple[tuple[str, float], ...]:
    """A form's grades and cut-offs, best first, with those that were changed in the summary.

    ReviewError where the changed ones do not fall from grade to grade.
    """
    form_grades = form.key_fields.grades
    if reviews is None:
        return form_grades
    changed = tuple((g, reviews.cutoffs.get((plain_name(form), g), v)) for g, v in form_grades)
    lowest = [value for _, value in changed]
    if lowest != sorted(lowest, reverse=True) or len(set(lowest)) < len(lowest):
        listed = t("、").join(f"{grade} {number_text(value)}" for grade, value in changed)
        raise ReviewError(
            t(
                "{path}，{settings}：{name}的分数下限应从优到中依次降低，"
                "现在是 {listed}；请改正后再汇总",
                path=reviews.path,
                settings=SETTINGS,
                name=form.name,
                listed=listed,
            )
        )
    return changed


def set_aside(parts: Sequence[DepartmentLines], reviews: Reviews | None) -> pd.DataFrame:
    """What was typed and belongs to no line: one row an entry, index `number` from 1: form,
    fiscal_year, county, code, department, project, review_score, remark, place.

    ReviewError if all of it is of another year: the wrong summary was given.
    """
    entries = reviews.entries if reviews else ()
    used = {
        entry
        for part in parts
        for entry in _matched(part.departments, part.form, part.fiscal_year, reviews).values()
    }
    years = {part.fiscal_year for part in parts}
    if reviews and entries and parts and not years & {e.fiscal_year for e in entries}:
        theirs, ours = (
            "、".join(map(str, sorted(y))) for y in ({e.fiscal_year for e in entries}, years)
        )
        raise ReviewError(
            t(
                "{path}：里面的复核是 {theirs} 年度的，这次汇总的是 {ours} 年度；"
                "请给出同一年度的汇总表",
                path=reviews.path,
                theirs=theirs,
                ours=ours,
            )
        )
    unmatched = [entry for entry in entries if entry not in used]
    columns = {
        "form": pd.array([e.form for e in unmatched], dtype="string"),
        "fiscal_year": pd.array([e.fiscal_year for e in unmatched], dtype="Int64"),
        "county": pd.array([e.county for e in unmatched], dtype="string"),
        "code": pd.array([e.code for e in unmatched], dtype="string"),
        "department": pd.array([e.department for e in unmatched], dtype="string"),
        "project": pd.array([e.project for e in unmatched], dtype="string"),
        "review_score": pd.array([e.score for e in unmatched], dtype="Float64"),
        "remark": pd.array([e.remark or None for e in unmatched], dtype="string"),
        "place": pd.array([e.address for e in unmatched], dtype="string"),
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(1, len(unmatched) + 1, name="number"))


def _matched(
    lines: pd.DataFrame, form: Form, fiscal_year: int, reviews: Reviews | None
) -> dict[int, Review]:
    """By the position of a line the entry that belongs to it."""
    name = plain_name(form)
    entries = [
        entry
        for entry in (reviews.entries if reviews else ())
        if (entry.form, entry.fiscal_year) == (name, fiscal_year)
    ]
    if not entries or "review_score" not in lines.columns:
        return {}
    paired = pair([entry.identity for entry in entries], identities_of(lines))
    return {position: entries[number] for number, position in paired.items()}


# --- reading --------------------------------------------------------------------------------------


class _NoSummary(ReviewError):
    """The file is no summary of ours."""


def load_reviews(path: PathLike, *, passwords: Sequence[str] | str = ()) -> Reviews:
    """Read what was typed into a summary (.xlsx, .xls, .ods; encrypted with one of the `passwords`).

    Raises ReviewError naming the file, every cell that cannot be used, and the remedy.

    >>> from builder import build_summary
    >>> from workbook import aggregate, check, load_reviews, read_returns
    >>> path = build_summary(aggregate(check(read_returns("samples/returns"))), "former.xlsx")
    >>> len(load_reviews(path).entries)
    0
    """
    path = as_path(path, "path")
    passwords = (passwords,) if isinstance(passwords, str) else passwords
    try:
        package = open_package(path, limits=OWN_FILES, unread=_Unread(), passwords=passwords)
    except Refused as refused:
        kind = ReviewError if refused.code in ("W101", "W105", "W106") else _NoSummary
        message = t(CATALOGUE[refused.code].message, detail=refused.detail)
        raise kind(
            t("{path}：{message}；请给出本程序写的汇总表", path=path, message=message)
        ) from None
    return _ReviewsReader(path, package).reviews()


def typed_in(path: Path, *, passwords: Sequence[str] = ()) -> Reviews | None:
    """As `load_reviews`; None where the file is no summary of ours."""
    try:
        return load_reviews(path, passwords=passwords)
    except _NoSummary:
        return None


class _Unread(frozenset[str]):
    """The sheets that need not be read: all but those into which something is typed."""

    def __new__(cls) -> _Unread:
        return super().__new__(cls, LARGE_SHEETS)

    def __contains__(self, name: object) -> bool:
        return not ("汇总" in str(name) or name in (SETTINGS, SET_ASIDE))


class _ReviewsReader:
    """One summary being read; its faults are gathered and told together."""

    def __init__(self, path: Path, package: Package) -> None:
        self.path = path
        self.package = package
        self.faults: list[str] = []

    def reviews(self) -> Reviews:
        entries: list[Review] = []
        is_summary = False
        for sheet in self.package.sheets:
            head = _head(sheet, {HEADS["department"]})
            if head and {HEADS["score"], HEADS["remark"]} & head.columns.keys():
                is_summary = True
                entries += self._once(self._entries(sheet, head))
        cutoffs: dict[tuple[str, str], float] = {}
        criteria: dict[tuple[str, str], float] = {}
        for sheet in self.package.sheets:
            if sheet.name == SETTINGS:
                head = _head(sheet, set(CRITERIA_HEADS), within=_SETTINGS_WITHIN)
                is_summary = is_summary or head is not None
                cutoffs |= self._cutoffs(sheet, head.row if head else _SETTINGS_WITHIN)
                criteria |= self._criteria(sheet, head) if head else {}
        if not is_summary:
            raise _NoSummary(
                t(
                    "{path}：没有带“{score}”或“{remark}”一列的汇总表；请给出本程序写的汇总表",
                    path=self.path,
                    score=HEADS["score"],
                    remark=HEADS["remark"],
                )
            )
        if self.faults:
            rest = (
                t("；等 {count} 处", count=len(self.faults))
                if len(self.faults) > _MOST_LISTED
                else ""
            )
            raise ReviewError(
                t(
                    "{path}：{why}",
                    path=self.path,
                    why=t("；").join(self.faults[:_MOST_LISTED]) + rest,
                )
            )
        return Reviews(self.path, tuple(entries), cutoffs, criteria)

    def _entries(self, sheet: Sheet, head: _Head) -> Iterator[Review]:
        title = _title(sheet, head.row)
        for row in head.rows(sheet):
            words = {name: self._text(sheet, head, row, name) for name in HEADS if name != "score"}
            if words["department"] == _TOTAL and not words["code"]:
                continue
            at = Address(
                sheet.name, row, head.columns.get(HEADS["score"]) or head.columns[HEADS["remark"]]
            )
            score = self._score(sheet, head, row)
            if score is None and not words["remark"]:
                continue
            form, year = (words["form"], words["fiscal_year"]) if sheet.name == SET_ASIDE else title
            if not (words["code"] or words["department"]):
                self.faults.append(
                    t("{at} 这一行没有预算编码和部门，请补填，或清空复核得分和备注", at=at)
                )
            elif not (form and year.isdecimal()):
                self.faults.append(
                    t(
                        "{at} 看不出是哪个年度、哪张表的复核，请恢复表顶的标题“某年度某某自评汇总表”",
                        at=at,
                    )
                )
            else:
                yield Review(
                    form, int(year), words["county"], words["code"], words["department"], words["project"],
                    score, words["remark"], str(at),
                )  # fmt: skip

    def _once(self, entries: Iterable[Review]) -> list[Review]:
        """The entries of a sheet, none of which may be for the department of another."""
        seen: dict[tuple[object, ...], Review] = {}
        for entry in entries:
            who = entry.identity
            key = (
                entry.form,
                entry.fiscal_year,
                who.county,
                who.code or ("", who.name),
                who.project,
            )
            first = seen.setdefault(key, entry)
            if first is not entry:
                self.faults.append(
                    t(
                        "{first} 和 {second} 都是“{department}”的复核，请只留一行",
                        first=first.address,
                        second=entry.address,
                        department=entry.department or entry.code,
                    )
                )
        return list(seen.values())

    def _score(self, sheet: Sheet, head: _Head, row: int) -> float | None:
        column = head.columns.get(HEADS["score"])
        cell = sheet.cells.get((row, column)) if column else None
        if cell is None:
            return None
        fault = ""
        if isinstance(cell.value, float) and cell.type == "n":
            if 0 <= cell.value <= HIGHEST_SCORE:
                return cell.value
            fault = t("是 {value}", value=number_text(cell.value))
        elif cell.value is None and cell.formula is not None:
            fault = t("是没有结果的公式")
        elif isinstance(cell.value, bool) or cell.type == "e":
            fault = t("是 {value}", value=cell.value)
        elif isinstance(cell.value, str) and not texts.is_blank(cell.value):
            fault = t("是文字“{value}”", value=cell.value[:20])
        if fault:
            at = Address(sheet.name, row, column or 0)
            self.faults.append(
                t(
                    "{at} 复核得分{fault}，请改为 0 到 {highest_score:g} 之间的数，或清空",
                    at=at,
                    fault=fault,
                    highest_score=HIGHEST_SCORE,
                )
            )
        return None

    def _text(self, sheet: Sheet, head: _Head, row: int, name: str) -> str:
        column = head.columns.get(HEADS[name])
        cell = sheet.cells.get((row, column)) if column else None
        if cell is None:
            return ""
        if name == "remark" and cell.value is None and cell.formula is not None:
            at = Address(sheet.name, row, column or 0)
            self.faults.append(t("{at} 备注是没有结果的公式，请改为文字", at=at))
        text = cell_text(cell.value, self.package.formats.get(cell.style, ""))
        return "" if texts.is_blank(text) else text if name == "remark" else text.strip()

    def _cutoffs(self, sheet: Sheet, before: int) -> dict[tuple[str, str], float]:
        """The cut-offs that are unlike what the form says, as the sheet itself tells it."""
        head = _head(sheet, set(CUTOFF_HEADS))
        changed_cutoffs: dict[tuple[str, str], float] = {}
        if head is None:
            return changed_cutoffs
        for row in head.rows(sheet):
            form, grade = (sheet.cells.get((row, head.columns[name])) for name in CUTOFF_HEADS[:2])
            if form and grade and row < before:
                value = self._changed(sheet, head, row, *CUTOFF_HEADS[2:], HIGHEST_SCORE)
                if value is not None:
                    changed_cutoffs[
                        cell_text(form.value).removesuffix("表"), cell_text(grade.value)
                    ] = value
        return changed_cutoffs

    def _criteria(self, sheet: Sheet, head: _Head) -> dict[tuple[str, str], float]:
        """The limits and points that are unlike what holds unless they are changed."""
        changed_criteria = {}
        label, limit, points, *default_heads = CRITERIA_HEADS
        for row in head.rows(sheet):
            for name, default in zip((limit, points), default_heads, strict=True):
                value = self._changed(sheet, head, row, name, default)
                cell = sheet.cells.get((row, head.columns[label]))
                criterion = cell_text(cell.value) if cell else ""
                if value is not None and not criterion:
                    at = Address(sheet.name, row, head.columns[name])
                    self.faults.append(
                        t(
                            "{at} 看不出是哪一条抽查条件，请恢复这一行的“{label}”",
                            at=at,
                            label=label,
                        )
                    )
                elif value is not None:
                    changed_criteria[criterion, name] = value
        return changed_criteria

    def _changed(
        self,
        sheet: Sheet,
        head: _Head,
        row: int,
        name: str,
        default_head: str,
        highest: float = math.inf,
    ) -> float | None:
        """The number under `name` where it is unlike that under `default_head`; None if none is asked."""
        typed, default = (sheet.cells.get((row, head.columns[n])) for n in (name, default_head))
        if default is None or not (isinstance(default.value, float) or default.value == ABSENT):
            return None
        value = typed.value if typed else None
        if isinstance(value, float) and 0 <= value <= highest:
            return value if value != default.value else None
        at = Address(sheet.name, row, head.columns[name])
        span = (
            t("0 到 {highest:g} 之间的数", highest=highest)
            if highest < math.inf
            else t("不小于 0 的数")
        )
        self.faults.append(t("{at} {name}应是{span}，请改正", at=at, name=name, span=span))
        return None


@dataclass(frozen=True, slots=True)
class _Head:
    """Where a list's head stands, and the column of each head."""

    row: int
    columns: Mapping[str, int]

    def rows(self, sheet: Sheet) -> list[int]:
        """The rows below it in which something stands."""
        return sorted({row for row, _ in sheet.cells if row > self.row})


def _head(sheet: Sheet, heads: set[str], within: int = _HEAD_WITHIN) -> _Head | None:
    """The first row that has all the heads wanted."""
    rows: dict[int, dict[str, int]] = {}
    for (row, column), cell in sheet.cells.items():
        if row <= within and isinstance(cell.value, str):
            rows.setdefault(row, {}).setdefault(texts.fold(cell.value), column)
    head_row = next((row for row in sorted(rows) if heads <= rows[row].keys()), None)
    return _Head(head_row, rows[head_row]) if head_row else None


def _title(sheet: Sheet, before: int) -> tuple[str, str]:
    """The form's name and the year in a list's title; blank if it has none."""
    for (row, _), cell in sorted(sheet.cells.items()):
        if row >= before:
            break
        match = re.fullmatch(r"\s*(\d{4})\s*年度(.+)汇总表\s*", cell_text(cell.value)[:200])
        if match:
            return match[2].strip(), match[1]
    return "", ""
