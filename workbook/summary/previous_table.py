"""Last year's figures from a table: the summary that we wrote then, or one that somebody made.

The head is found by its words, as a roster's is; the year and the unit where they are written. Of scores only
自评得分 is taken, so that both years have the departments' own; the execution rate is the form's, worked out
anew wherever the amounts are there. Which of this year's forms a table belongs to, its title or its sheet says,
else whether it has a column of projects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from workbook import text as texts
from workbook.address import Address
from workbook.arguments import PathLike, as_path
from workbook.checking import (
    HEAD_WITHIN,
    WHO_HEADS,
    PlainTable,
    Row,
    TableFile,
    is_sum_line,
    plain_head,
)
from workbook.errors import PreviousError
from workbook.form import PER_WANYUAN, Field, Form
from workbook.language import t
from workbook.summary.amounts import UNIT, rates_of
from workbook.summary.coverage import Status
from workbook.summary.previous import RATE, SCORE, DepartmentLines
from workbook.summary.reviews import HEADS, LARGE_SHEETS, plain_name, sheet_prefix
from workbook.summary.schemas import WHO

_RATE_HEADS = ("执行率", "预算执行率", RATE)
_SCORE_HEADS = ("自评得分", SCORE)
_AMBIGUOUS_SCORES = ("得分", "总分")
"""A head with one of these may mean the department's score or the bureau's."""
_BUREAU_S_SCORES = ("复核", "采用")
_OWN_TITLE = re.compile(r"20\d\d年度.+汇总表")
"""The title above the departments' lines in a summary of ours, folded."""
_YEAR = re.compile(r"(20\d\d)年度")
_BARE_YEAR = re.compile(r"(20\d\d)年(?!度|\d*月)")
_UNIT_ABOVE = re.compile(r"单位:(?:人民币)?([百千万亿]*元)")
_UNIT_IN_HEAD = re.compile(r"\((?:人民币)?([百千万亿]*元)\)")
_BRACKETS = re.compile(r"\([^()]*\)")
_MOST_LISTED = 5


@dataclass(frozen=True, slots=True, repr=False)
class PreviousTables:
    """The tables of one file, in which last year's figures are looked for once this year's forms are known."""

    path: Path
    tables: tuple[PlainTable, ...]

    def __repr__(self) -> str:
        return f"<PreviousTables of {self.path}: {len(self.tables)} tables>"

    def lines(self, this_year: Sequence[DepartmentLines]) -> tuple[DepartmentLines, ...]:
        """The departments' lines of last year, of each of this year's forms that the file has.

        Raises PreviousError naming the file, the sheet or row, and the remedy.
        """
        if not this_year:
            return ()
        own = [table for table in self.tables if _is_own(table)]
        reasons: list[str] = []
        read: list[tuple[str, DepartmentLines]] = []
        for table in own or self.tables:
            found = _belonging(table, [lines.form for lines in this_year])
            if isinstance(found, str):
                reasons.append(f"{self._named(table)}{found}")
            else:
                lines_read = _TableReader(self.path, table, *found).lines()
                read.append((self._named(table), lines_read))
        if not read:
            raise PreviousError(
                t("{path}：{why}", path=self.path, why=t("；").join(reasons[:_MOST_LISTED]))
            )
        self._refuse_twice(read)
        self._refuse_this_year([lines for _, lines in read], this_year)
        return tuple(lines for _, lines in read)

    def _named(self, table: PlainTable) -> str:
        return t("工作表“{sheet}”", sheet=table.sheet) if table.sheet else ""

    def _refuse_twice(self, read: Sequence[tuple[str, DepartmentLines]]) -> None:
        seen: dict[tuple[str, int], str] = {}
        for name, lines in read:
            first = seen.setdefault((lines.form.key, lines.fiscal_year), name)
            if first != name:
                raise PreviousError(
                    t(
                        "{path}：{first}和{second}都是 {fiscal_year} 年度{form}的汇总，请只留一张",
                        path=self.path,
                        first=first,
                        second=name,
                        fiscal_year=lines.fiscal_year,
                        form=lines.form.name,
                    )
                )

    def _refuse_this_year(
        self, read: Sequence[DepartmentLines], this_year: Sequence[DepartmentLines]
    ) -> None:
        years = {lines.form.id: lines.fiscal_year for lines in this_year}
        if any(lines.fiscal_year < years[lines.form.id] for lines in read):
            return
        first = read[0]
        ours = years[first.form.id]
        what = t("是今年的汇总表") if first.fiscal_year == ours else t("的年度在今年之后")
        raise PreviousError(
            t(
                "{path}：这{what}（{fiscal_year} 年度），不能与 {ours} 年度对照；请给出上一年度的",
                path=self.path,
                what=what,
                fiscal_year=first.fiscal_year,
                ours=ours,
            )
        )


def load_previous(path: PathLike, *, passwords: Sequence[str] | str = ()) -> PreviousTables:
    """Read last year's summary, or a table like it (.xlsx, .xls, .ods, .csv), for `aggregate(previous=…)`.

    Raises PreviousError naming the file and the remedy where it cannot be read. What it says is judged by
    `aggregate`, which knows this year's forms, and raises PreviousError too.

    >>> from builder import build_summary
    >>> from workbook import aggregate, check, load_previous, read_returns
    >>> path = build_summary(aggregate(check(read_returns("samples/returns"))), "last_year.xlsx")
    >>> load_previous(path).path.name
    'last_year.xlsx'
    """
    path = as_path(path, "path")
    passwords = (passwords,) if isinstance(passwords, str) else passwords
    file = TableFile(path, t("上年的表"), PreviousError, passwords)
    return PreviousTables(path, tuple(file.tables(unread=LARGE_SHEETS)))


# --- which form's ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _HeadedColumn:
    """One column of a table: from 0, its head as it stands, and the unit that the head names."""

    number: int
    head: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class _TableHead:
    """Where a table's head ends, what stands above it, and its columns by our names."""

    position: int
    above: tuple[str, ...]
    columns: Mapping[str, _HeadedColumn]
    other_heads: tuple[str, ...]
    """The heads that mean nothing to us."""
    repeated: tuple[str, ...]
    """The heads of columns that mean what one before them means."""

    @property
    def has_figures(self) -> bool:
        return bool(self.columns.keys() - {*WHO, "project"})


def _is_own(table: PlainTable) -> bool:
    """Whether it is the list of departments of a summary of ours."""
    first = [texts.fold(cell) for _, cells in table.rows[:1] for cell in cells if cell]
    return bool(first) and bool(_OWN_TITLE.fullmatch(first[0]))


def _belonging(table: PlainTable, forms: Sequence[Form]) -> tuple[Form, _TableHead] | str:
    """The form whose lines a table has, and its head; or why it has none's."""
    heads = {form.key: _head(table.rows, form) for form in forms}
    known_heads = [(form, head) for form in forms if (head := heads[form.key])]
    if not known_heads:
        first = next((cells for _, cells in table.rows if any(cells)), [])
        stands = t("、").join(filter(None, first[:8])) or t("（空）")
        return t(
            "前 {head_within} 行里没有带“部门”（或“单位名称”）的表头；第一行是：{stands}",
            head_within=HEAD_WITHIN,
            stands=stands,
        )
    with_figures = [(form, head) for form, head in known_heads if head.has_figures]
    if not with_figures:
        form, head = known_heads[0]
        labels = t("、").join(item.label for item in form.key_fields.amounts.values())
        number = table.rows[head.position][0]
        ambiguous = _ambiguous_score(head)
        return t(
            "第 {number} 行的表头没有金额（{labels}）也没有“自评得分”，请在表头写上{hint}",
            number=number,
            labels=labels,
            hint=t("；“{head}”看不出是自评还是复核", head=ambiguous) if ambiguous else "",
        )
    named = [pair for pair in with_figures if _is_named(*pair, table.sheet)]
    for form, head in named:
        if form.key_fields.project and "project" not in head.columns:
            return t(
                "是{name}的汇总，缺少“{project}”一列", name=form.name, project=HEADS["project"]
            )
    fitting = [
        (form, head)
        for form, head in with_figures
        if bool(form.key_fields.project) == ("project" in head.columns)
    ]
    if not fitting:
        is_by_project = "project" in with_figures[0][1].columns
        column = HEADS["project"]
        if is_by_project:
            return t("有“{head}”一列，今年的自评表都不是按项目的", head=column)
        return t("没有“{head}”一列，今年的自评表都是按项目的", head=column)
    form, head = next((pair for pair in fitting if pair in named), fitting[0])
    if head.repeated:
        number = table.rows[head.position][0]
        return t(
            "第 {number} 行的表头有两列都像是“{head}”，请只留一列或改名",
            number=number,
            head=head.repeated[0],
        )
    return form, head


def _is_named(form: Form, head: _TableHead, sheet: str) -> bool:
    """Whether the title or the sheet says that it is this form's."""
    title = texts.fold("".join(head.above))
    prefix = sheet_prefix(form)
    return texts.fold(plain_name(form)) in title or bool(prefix and sheet.startswith(prefix))


def _head(rows: Sequence[Row], form: Form) -> _TableHead | None:
    """The first head with figures, of one row or of two below each other; else the first with a department."""
    without_figures = None
    meanings = _meanings(form)
    for position, (_, cells) in enumerate(rows[:HEAD_WITHIN]):
        above = tuple(cell for _, others in rows[:position] for cell in others if cell)
        head = _read_head(cells, meanings, position, above)
        if "department" not in head.columns:
            continue
        if position + 1 < len(rows):
            joined = _joined(cells, rows[position + 1][1])
            both = _read_head(joined, meanings, position + 1, above)
            # Of a row of figures nothing is a head.
            head = both if len(both.columns) > len(head.columns) else head
        if head.has_figures:
            return head
        without_figures = without_figures or head
    return without_figures


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Two rows of a head as one: what stands below says more than what it stands under."""
    width = max(len(upper), len(lower))
    padded = [[*row, *[""] * (width - len(row))] for row in (upper, lower)]
    return [below or above for above, below in zip(*padded, strict=True)]


def _read_head(
    heads: Sequence[str], meanings: Mapping[str, str], position: int, above: tuple[str, ...]
) -> _TableHead:
    """What the cells of a head mean."""
    columns: dict[str, _HeadedColumn] = {}
    other_heads, repeated = [], []
    for number, head in enumerate(heads):
        plain = plain_head(head)
        unit = _UNIT_IN_HEAD.search(plain)
        # 县(区) is a head as it stands; (万元) and (A) say something of one.
        name = meanings.get(plain) or meanings.get(_BRACKETS.sub("", plain))
        if name in columns:
            repeated.append("".join(head.split()))
        elif name:
            columns[name] = _HeadedColumn(number, head, unit[1] if unit else "")
        elif head:
            other_heads.append(head)
    return _TableHead(position, above, columns, tuple(other_heads), tuple(repeated))


def _meanings(form: Form) -> dict[str, str]:
    """By a head, folded: our name of the column."""
    key_fields = form.key_fields
    heads: dict[str, Iterable[str]] = dict(WHO_HEADS)
    heads["project"] = (
        HEADS["project"],
        *([key_fields.project.label] if key_fields.project else []),
    )
    for name, item in key_fields.amounts.items():
        heads[name] = (item.label, item.label.removesuffix("数"), name, item.id, item.key)
    if key_fields.rate is not None:
        heads[RATE] = (*_RATE_HEADS, key_fields.rate.label)
    if key_fields.score is not None:
        heads[SCORE] = _SCORE_HEADS
    return {plain_head(head): name for name, several in heads.items() for head in several}


def _ambiguous_score(head: _TableHead) -> str:
    """A column that may be the departments' score or the bureau's; blank if there is none."""
    return next(
        (
            " ".join(other.split())
            for other in head.other_heads
            if any(word in other for word in _AMBIGUOUS_SCORES)
            and not any(word in other for word in _BUREAU_S_SCORES)
        ),
        "",
    )


# --- its lines ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _TableLine:
    """One department's row."""

    row: int
    """As people count it."""
    words: Mapping[str, str]
    figures: Mapping[str, float | None]
    """Amounts are 万元, rates fractions."""
    unread: str
    """The cells that are no numbers, in words."""


@dataclass
class _TableReader:
    """One table being read as the lines of a form."""

    path: Path
    table: PlainTable
    form: Form
    head: _TableHead
    units: dict[str, str] = field(default_factory=dict)
    """Of each amount, what it is counted in."""
    unread: list[str] = field(default_factory=list)
    """The cells that are no numbers, each as a clause."""

    def lines(self) -> DepartmentLines:
        """Last year's lines, with what has to be said of them."""
        year = self._year()
        self.units, whence = self._units()
        rows = list(self._rows())
        self._refuse_twice(rows)
        return DepartmentLines(
            self.form,
            year,
            self._frame(rows),
            cutoffs=self.form.key_fields.grades,
            remarks=tuple(self._remarks(year, whence, len(rows))),
        )

    @property
    def _where(self) -> str:
        if not self.table.sheet:
            return str(self.path)
        return t("{path}，工作表“{name}”", path=self.path, name=self.table.sheet)

    def _year(self) -> int:
        for written in ("\n".join(self.head.above), self.table.sheet, self.path.stem):
            folded = texts.fold(written)
            years = set(_YEAR.findall(folded) or _BARE_YEAR.findall(folded))
            if len(years) == 1:
                return int(years.pop())
            if years:
                listed = t("、").join(sorted(years))
                raise PreviousError(
                    t(
                        "{where}：看不出是哪个年度的（写着 {listed}）；请在表的标题里只写“某年度”",
                        where=self._where,
                        listed=listed,
                    )
                )
        raise PreviousError(
            t(
                "{where}：看不出是哪个年度的；请在表头上面的标题或文件名里写上年度，如“2023年度”",
                where=self._where,
            )
        )

    def _units(self) -> tuple[dict[str, str], str]:
        """The amounts' units, and where that is written."""
        above = _UNIT_ABOVE.search(texts.fold("\n".join(self.head.above)))
        names = [name for name in self.form.key_fields.amounts if name in self.head.columns]
        in_heads = [self.head.columns[name].unit for name in names]
        units = {
            name: unit or (above[1] if above else UNIT)
            for name, unit in zip(names, in_heads, strict=True)
        }
        for name, unit in units.items():
            if unit not in PER_WANYUAN:
                raise PreviousError(
                    t(
                        "{where}：“{name}”的单位是“{unit}”，请换算成{ours}或元",
                        where=self._where,
                        name=self._head_of(name),
                        unit=unit,
                        ours=UNIT,
                    )
                )
        whence = "表上写明" if above or all(in_heads) else f"表上没有写明单位，按{UNIT}"
        return units, whence

    def _head_of(self, name: str) -> str:
        return "".join(self.head.columns[name].head.split())

    def _rows(self) -> Iterator[_TableLine]:
        """The departments' rows; sums and notes are passed over."""
        columns = [name for name in (*WHO, "project") if name in self.head.columns]
        for number, cells in self.table.rows[self.head.position + 1 :]:
            if is_sum_line(cells):
                continue
            words = {name: self._cell(cells, name) for name in columns}
            if not words.get("department") and not words.get("code"):
                if any(self._cell(cells, name) for name in self.units):
                    self.unread.append(f"{self._at(number)}没有单位名称")
                continue
            figures, unread = self._figures(number, cells)
            self.unread += unread
            yield _TableLine(number, words, figures, "；".join(unread))

    def _figures(
        self, number: int, cells: Sequence[str]
    ) -> tuple[dict[str, float | None], list[str]]:
        figures: dict[str, float | None] = {}
        unread: list[str] = []
        for name, item in self._fields():
            text = self._cell(cells, name)
            read = item.kind.coerce(text, "", self.units.get(name, ""))
            if read.problem:
                unread.append(f"{self._at(number, name)}“{text[:20]}”{read.problem}")
            value = read.value if isinstance(read.value, float) else None
            per_unit = PER_WANYUAN[self.units[name]] if name in self.units else 1
            figures[name] = None if value is None else value / per_unit
        return figures, unread

    def _fields(self) -> Iterator[tuple[str, Field]]:
        """The columns that are taken, each with the form's field of it."""
        key_fields = self.form.key_fields
        columns = dict(key_fields.amounts)
        if key_fields.rate is not None and not self._gives_amounts:
            columns[RATE] = key_fields.rate
        if key_fields.score is not None:
            columns[SCORE] = key_fields.score
        return ((name, item) for name, item in columns.items() if name in self.head.columns)

    @property
    def _gives_amounts(self) -> bool:
        """Whether the table has all that the rate rests on."""
        return set(self.form.key_fields.rate_needs) <= self.head.columns.keys()

    def _cell(self, cells: Sequence[str], name: str) -> str:
        column = self.head.columns[name].number
        return cells[column] if column < len(cells) else ""

    def _at(self, number: int, name: str = "") -> str:
        if not self.table.sheet:
            return f"第 {number} 行{f'“{self._head_of(name)}”' if name else ''}"
        column = self.head.columns[name or "department"].number + 1
        return str(Address(self.table.sheet, number, column))

    def _refuse_twice(self, lines: Sequence[_TableLine]) -> None:
        seen: dict[tuple[str, ...], int] = {}
        for line in lines:
            words = line.words
            key = tuple(texts.fold_as_seen(words.get(name, "")) for name in (*WHO, "project"))
            first = seen.setdefault(key, line.row)
            if first != line.row:
                who = words.get("project") or words["department"] or words["code"]
                county = "" if "county" in words else t("不同县区的请加一列“县区”；同一家的")
                raise PreviousError(
                    t(
                        "{where}：第 {first}、{row} 行都是“{who}”，{county}请只留一行",
                        where=self._where,
                        first=first,
                        row=line.row,
                        who=who,
                        county=county,
                    )
                )

    def _frame(self, lines: Sequence[_TableLine]) -> pd.DataFrame:
        index = pd.RangeIndex(1, len(lines) + 1, name="number")
        names = [name for name, _ in self._fields()]
        figures = pd.DataFrame(
            {n: pd.array([line.figures[n] for line in lines], dtype="Float64") for n in names},
            index=index,
        )
        given = figures.notna().any(axis=1)
        if self.form.key_fields.rate is not None and self._gives_amounts:
            figures[RATE] = rates_of(self.form, figures)
        words = [*WHO, *(["project"] if self.form.key_fields.project else [])]
        columns = {"status": [str(Status.ANSWERED if has else Status.MISSING) for has in given]}
        columns |= {name: [line.words.get(name, "") for line in lines] for name in words}
        columns["unread"] = [line.unread for line in lines]
        frame = pd.DataFrame(columns, index=index).astype("string")
        file = pd.Series(str(self.path), index=index, dtype="string").where(given)
        return pd.concat([frame, figures], axis=1).assign(file=file)

    def _remarks(self, year: int, whence: str, count: int) -> Iterator[str]:
        """What was taken and what was not, in sentences."""
        sheet = f"的“{self.table.sheet}”" if self.table.sheet else ""
        units = "、".join(dict.fromkeys(self.units.values()))
        amounts = f"，金额单位{units}（{whence}）" if units else "，没有金额"
        yield f"上年的数取自“{self.path.name}”{sheet}：{year} 年度，{count} 行{amounts}"
        ambiguous = _ambiguous_score(self.head)
        if self.form.key_fields.score is not None and SCORE not in self.head.columns:
            yield (
                f"“{ambiguous}”看不出是自评还是复核，没有取用；是自评的，请把这一列的表头改为“自评得分”"
                if ambiguous
                else "上年的表里没有“自评得分”，不比较得分"
            )
        if self.unread:
            more = f"；共 {len(self.unread)} 处" if len(self.unread) > _MOST_LISTED else ""
            yield f"上年没有取用的：{'；'.join(self.unread[:_MOST_LISTED])}{more}"
