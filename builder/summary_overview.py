"""总览: the year on one printed page: who answered, sums, grades, what needs attention, four charts.

Figures are formulas over the other sheets. What the charts draw stands to the right of the printed
page; names there are as they were when the summary was made, figures follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from builder import styles
from builder.blocks import known, over, ratio
from builder.book import Book, Format, Worksheet, done
from builder.listing import FIRST_ROW, Listed, Live, Value, put
from builder.summary_analysis import Branch
from workbook.address import column_range
from workbook.coverage import Status
from workbook.overview import THINGS, attention, by_rate, coverage, distribution
from workbook.summary import FormSummary, Summary

_COLUMNS, _WIDTH = 12, 8.4
"""The printed page is a grid of equal columns."""
_DATA = 14
"""Where the charts' figures begin, right of the printed page."""
_PIXELS = 64
_CHART_ROWS, _ROW_PIXELS = 30, 20
_LOOKS = {
    "count": {"num_format": "0"},
    "amount": {"num_format": "#,##0.00"},
    "rate": {"num_format": "0.00%"},
    "score": {"num_format": "0.00"},
    "text": {},
}


@dataclass(frozen=True, slots=True)
class Lists:
    """The sheets that the overview reckons from."""

    departments: Listed
    coverage: Listed
    composition: Listed | None
    analysis: str
    branches: Mapping[str, Mapping[Branch, int]]
    """By scored section: the row of each branch on 指标分析."""


Figure = tuple[str, Value | Live, str]
"""A figure's words, itself, and its look."""


def write_overview(
    book: Book, name: str, title: str, unit: str, summary: Summary, part: FormSummary, lists: Lists
) -> None:
    """The page of one form; the round's coverage stands on that of the departments' own form."""
    page = _Overview(book, name, title, unit)
    main = part is summary.main
    page.title("一、报送情况")
    page.figures(_round(summary, lists.coverage) if main else _returns(part, lists.departments))
    page.title("二、资金与得分")
    page.figures(_sums(part, lists.departments))
    if part.headline.score is not None:
        page.title("三、等次")
        _grades(page, part, lists.departments)
    page.title("四、需要关注" if part.headline.score is not None else "三、需要关注")
    things = [item.sentence for item in attention(summary, part)][:THINGS]
    for number, sentence in enumerate(things or ["没有需要特别关注的事项。"], 1):
        page.sentence(f"{number}. {sentence}" if things else sentence)
    _charts(page, part, lists)
    page.close(_small_print(main=main))


def write_empty_overview(
    book: Book, name: str, title: str, summary: Summary, listed: Listed
) -> None:
    """The page where not one return was read."""
    page = _Overview(book, name, title, "没有一份可以汇总的自评表")
    page.title("一、报送情况")
    page.figures(_round(summary, listed))
    page.title("二、需要关注")
    for item in attention(summary):
        page.sentence(item.sentence)
    page.close(_small_print(main=True))


# --- the page -------------------------------------------------------------------------------------


class _Overview:
    """The sheet being written downwards."""

    def __init__(self, book: Book, name: str, title: str, unit: str) -> None:
        self.book, self.name = book, name
        self.sheet: Worksheet = book.get_worksheet_by_name(name)
        self.cells: list[tuple[int, int, int, Value | Live, Format]] = []
        """Row, first column, how many columns, what stands there, and its format; written when the
        page is closed, row by row, as a book in constant memory must have them."""
        self.data: list[list[Value | Live]] = []
        self.heights: dict[int, float] = {}
        self.charts: list[tuple[Any, int, int]] = []
        self.row = 1
        sheet = self.sheet
        sheet.hide_gridlines(2)
        sheet.set_portrait()
        sheet.set_paper(9)  # A4
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        sheet.center_horizontally()
        sheet.fit_to_pages(1, 1)
        done(sheet.set_column(0, _COLUMNS - 1, _WIDTH))
        done(sheet.set_column(_COLUMNS, _COLUMNS, 3))
        done(sheet.set_column(_DATA - 1, _DATA - 1, 26))
        self.span(1, _COLUMNS, title, book.style(**styles.TITLE), 34)
        plain = styles.BODY | {"align": "right", "text_wrap": False}
        self.span(1, _COLUMNS, unit, book.style(**plain), 18)

    def cell(self, first: int, width: int, value: Value | Live, style: Format) -> None:
        """A value over several columns of the current row."""
        self.cells.append((self.row, first, width, value, style))

    def span(
        self, first: int, width: int, value: Value | Live, style: Format, height: float
    ) -> None:
        """A row that holds one value."""
        self.cell(first, width, value, style)
        self.end(height)

    def end(self, height: float) -> None:
        """The current row is done."""
        self.heights[self.row] = height
        self.row += 1

    def title(self, text: str) -> None:
        """The title of a block."""
        self.span(1, _COLUMNS, text, self.book.style(**styles.BLOCK | {"valign": "bottom"}), 24)

    def figures(self, figures: Sequence[Figure]) -> None:
        """Figures side by side: words above, large numbers below."""
        width = _COLUMNS // len(figures)
        for place, (words, _, _) in enumerate(figures):
            self.cell(1 + place * width, width, words, self.book.style(**_FIGURE_HEAD))
        self.end(20)
        for place, (_, value, look) in enumerate(figures):
            style = self.book.style(**_FIGURE | _LOOKS[look])
            self.cell(1 + place * width, width, value, style)
        self.end(30)

    def table(
        self, first: int, cells: Sequence[Value | Live], looks: Sequence[str], *, head: bool = False
    ) -> None:
        """A table's row: each cell two columns wide; `end` closes it."""
        for place, (value, look) in enumerate(zip(cells, looks, strict=True)):
            properties = _FIGURE_HEAD if head else _CELL | _LOOKS[look]
            self.cell(first + 2 * place, 2, value, self.book.style(**properties))

    def sentence(self, text: str) -> None:
        """A sentence over the page's whole width, as high as it needs."""
        style = self.book.style(
            **styles.BODY | {"align": "left", "indent": 1, "bg_color": styles.SUGGESTED_FILL}
        )
        units = sum(2 if ord(letter) > 255 else 1 for letter in text)
        lines = -(-units // (_COLUMNS * 8))
        self.span(1, _COLUMNS, text, style, 8 + 14 * max(lines, 1))

    # charts

    def block_of(self, title: str, rows: Sequence[tuple[Value, Value | Live]]) -> tuple[int, int]:
        """Put a chart's figures beside the page; returns their first and last row, from 1."""
        self.data.append([title, None])
        first = len(self.data) + FIRST_ROW
        self.data += [[label, value] for label, value in rows]
        last = len(self.data) + FIRST_ROW - 1
        self.data.append([None, None])
        return first, last

    def chart(
        self, rows: tuple[int, int], title: str, number_format: str, place: tuple[int, int],
        size: tuple[int, int], *, kind: str = "bar", highest: float | None = None,
    ) -> None:  # fmt: skip
        """A chart of one block at a column and a row below the text; sizes in columns and rows."""
        at = (rows[0] - 1, rows[1] - 1)
        chart = self.book.add_chart({"type": kind})
        font = {"name": styles.BODY_FONT, "size": 8, "color": styles.INK}
        done(
            chart.add_series(
                {
                    "categories": [self.name, at[0], _DATA - 1, at[1], _DATA - 1],
                    "values": [self.name, at[0], _DATA, at[1], _DATA],
                    "fill": {"color": styles.BANNER_FILL},
                    "gap": 50,
                    "data_labels": {"value": True, "font": font, "num_format": number_format},
                }
            )
        )
        head = {"name": styles.HEAD_FONT, "size": 11, "bold": False, "color": styles.INK}
        chart.set_title({"name": title, "name_font": head, "overlay": False})
        chart.set_legend({"none": True})
        chart.set_x_axis(
            {"num_font": font, "reverse": kind == "bar", "line": {"color": styles.GRID}}
        )
        grid = {"visible": kind == "column", "line": {"color": styles.GRID, "width": 0.5}}
        values = {"num_format": number_format, "num_font": font, "min": 0, "major_gridlines": grid,
                  "visible": kind == "column", "line": {"none": True}}  # fmt: skip
        chart.set_y_axis(values | ({"max": highest} if highest else {}))
        chart.set_size({"width": size[0] * _PIXELS - 6, "height": size[1] * _ROW_PIXELS - 6})
        self.charts.append((chart, *place))

    def close(self, small_print: Sequence[str]) -> None:
        """Charts, small print, the charts' figures, the printed area."""
        top = self.row
        if self.charts:
            for chart, column, row in self.charts:
                offsets = {"x_offset": 3, "y_offset": 5, "object_position": 2}
                done(self.sheet.insert_chart(top - 1 + row, column - 1, chart, offsets))
            self.row += _CHART_ROWS
        style = self.book.style(**styles.SMALL | {"text_wrap": True})
        for text in small_print:
            units = sum(2 if ord(letter) > 255 else 1 for letter in text)
            self.span(1, _COLUMNS, text, style, 13 * -(-units // 112) + 2)
        done(self.sheet.print_area(0, 0, self.row - 2, _COLUMNS - 1))
        plain = self.book.style(**styles.SMALL)
        if self.data:
            self.cells.append((FIRST_ROW, _DATA, 1, "图表数据（不打印）", plain))
        for offset, cells in enumerate(self.data, FIRST_ROW + 1):
            for place, value in enumerate(cells):
                self.cells.append((offset, _DATA + place, 1, value, plain))
        self.write()

    def write(self) -> None:
        """Put everything on the sheet, from the top."""
        for row, height in self.heights.items():
            done(self.sheet.set_row(row - 1, height))
        for row, first, width, value, style in sorted(self.cells, key=lambda cell: cell[:2]):
            if width > 1:
                done(
                    self.sheet.merge_range(
                        row - 1, first - 1, row - 1, first + width - 2, "", style
                    )
                )
            put(self.sheet, row, first, value, style)


_FIGURE_HEAD: dict[str, Any] = {
    **styles.BODY,
    **styles.GRIDDED,
    "align": "center",
    "bg_color": styles.LABEL_FILL,
}
_CELL: dict[str, Any] = {**styles.BODY, **styles.GRIDDED, "align": "center"}
_FIGURE: dict[str, Any] = {
    **_CELL,
    "font_size": 13,
    "bold": True,
    "text_wrap": False,
    "shrink": True,
}


# --- figures --------------------------------------------------------------------------------------


def _round(summary: Summary, listed: Listed) -> list[Figure]:
    found = coverage(summary)
    status, own, late = (listed.cells(key) for key in ("status", "on_roster", "days_late"))

    def count(*states: Status) -> str:
        return "+".join(f'COUNTIF({status},"{state.chinese}")' for state in states)

    asked = f'=COUNTIF({own},"是")' if summary.has_roster else f'=COUNTIF({status},"?*")'
    answered = count(Status.ANSWERED, Status.FAULTY)
    figures: list[tuple[str, str, int]] = [
        ("应报单位" if summary.has_roster else "单位", asked, found.asked),
        ("已报", f"={answered}", found.answered),
        ("其中：须修改", f"={count(Status.FAULTY)}", found.faulty),
        ("退回", f"={count(Status.REJECTED)}", found.rejected),
        ("未报", f"={count(Status.MISSING)}", found.missing),
        ("迟报", f'=COUNTIF({late},">0")', found.late),
    ]
    return [
        (words, listed.live(formula, float(value)), "count") for words, formula, value in figures
    ]


def _returns(part: FormSummary, listed: Listed) -> list[Figure]:
    status = listed.cells("status")
    statuses = part.departments["status"]
    faulty = float((statuses == Status.FAULTY).sum())
    return [
        ("收下份数", listed.live(f'=COUNTIF({status},"?*")', float(len(statuses))), "count"),
        ("单位数", float(part.departments["department"].nunique()), "count"),
        ("须修改",
         listed.live(f'=COUNTIF({status},"{Status.FAULTY.chinese}")', faulty), "count"),
    ]  # fmt: skip


def _sums(part: FormSummary, listed: Listed) -> list[Figure]:
    found: list[Figure] = []
    for key, item in list(part.headline.line.items())[:4]:
        found.append(
            (item.label, listed.live(f"={listed.total(key)}", _total(part, key)), "amount")
        )
    if part.headline.has_rate:
        rate = listed.live(f"={listed.total('execution_rate')}", _total(part, "execution_rate"))
        found.append(("执行率", rate, "rate"))
    if part.headline.score is not None:
        found.append(
            ("采用得分平均", _mean(part, listed, "counted_score", "counted_mean_score"), "score")
        )
        if "final_budget" in part.headline.line:
            weighted = _weighted(part, listed, "counted_score", "counted_weighted_score")
            found.append(("按资金加权平均", weighted, "score"))
    return found[:6]


def _total(part: FormSummary, name: str) -> float | None:
    return known(part.totals.loc[name, "value"])


def _mean(part: FormSummary, listed: Listed, column: str, figure: str) -> Value | Live:
    cells = listed.cells(column)
    return listed.live(f'=IF(COUNT({cells})=0,"",AVERAGE({cells}))', _total(part, figure))


def _weighted(part: FormSummary, listed: Listed, column: str, figure: str) -> Value | Live:
    """Over those that give both, so that neither a blank score nor a blank budget passes for zero."""
    score, budget = listed.cells(column), listed.cells("final_budget")
    both = f"ISNUMBER({score})*ISNUMBER({budget})"
    whole = f"SUMPRODUCT({both},{budget})"
    formula = f'=IF({whole}=0,"",SUMPRODUCT({both},{score},{budget})/{whole})'
    return listed.live(formula, _total(part, figure))


def _grades(page: _Overview, part: FormSummary, listed: Listed) -> None:
    """Grades on the left, mean scores on the right."""
    unit = "份数" if part.headline.project else "单位数"
    has_budget = "final_budget" in part.headline.line
    page.table(1, ["等次", unit, "占比"], ["text"] * 3, head=True)
    page.table(7, ["得分", "简单平均", "按全年预算加权"], ["text"] * 3, head=True)
    page.end(20)
    cells = listed.cells("grade")
    counts = [float(count) for count in part.grades["departments"]]
    total, last = sum(counts), page.row + len(counts)
    means: list[list[Value | Live]] = [
        [words, _mean(part, listed, column, f"{prefix}mean_score"),
         _weighted(part, listed, column, f"{prefix}weighted_score") if has_budget else None]
        for words, column, prefix in (("自评得分", "total_score", ""), ("采用得分", "counted_score", "counted_"))
    ]  # fmt: skip
    review = listed.cells("review_score")
    reviewed = float(part.departments["review_score"].count())
    means.append(["已复核份数", listed.live(f"=COUNT({review})", reviewed), None])
    means += [[None, None, None]] * (len(counts) + 1 - len(means))
    rows: list[tuple[str, Value | Live]] = [
        (str(name), listed.live(f'=COUNTIF({cells},"{name}")', count))
        for name, count in zip(part.grades.index, counts, strict=True)
    ]
    rows.append(("合计", Live(f"=SUM(C{page.row}:C{last - 1})", total)))
    for (name, count), beside, value in zip(rows, means, [*counts, total], strict=True):
        share = Live(ratio(f"C{page.row}", f"C${last}"), over(value, total))
        page.table(1, [name, count, share], ["text", "count", "rate"])
        look = "count" if beside[0] == "已复核份数" else "score"
        page.table(7, beside, ["text", look, "score"])
        page.end(18)


# --- charts ---------------------------------------------------------------------------------------


def _charts(page: _Overview, part: FormSummary, lists: Lists) -> None:
    """Rates on the left over the whole height, up to three charts on the right."""
    right = []
    if part.headline.score is not None:
        right.append(_score_chart)
    if lists.branches and lists.branches[part.headline.scored[0].id]:
        right.append(_attainment_chart)
    if lists.composition is not None:
        right.append(_funds_chart)
    left = part.headline.has_rate and len(by_rate(part)) > 0
    half = _COLUMNS // 2
    if left:
        width = half if right else _COLUMNS
        _rate_chart(page, part, lists, (1, 0), (width, _CHART_ROWS))
    if right:
        height = _CHART_ROWS // len(right)
        for place, draw in enumerate(right):
            column, width = (half + 1, half) if left else (1, _COLUMNS)
            draw(page, part, lists, (column, place * height), (width, height))


Spot = tuple[int, int]


def _rate_chart(page: _Overview, part: FormSummary, lists: Lists, at: Spot, size: Spot) -> None:
    shown = by_rate(part)
    column = "project" if "project" in shown.columns else "department"
    names = [str(name) for name in shown[column].fillna(shown["department"])]
    # What all names begin with (岳阳市云溪区) tells nothing, and takes the chart's room.
    prefix = _shared(min(names), max(names))
    place = lists.departments.columns["execution_rate"]
    line = {number: row for row, number in enumerate(part.departments.index, FIRST_ROW)}
    rows: list[tuple[Value, Value | Live]] = [
        (name[prefix:], lists.departments.live(
            f"={column_range(lists.departments.name, place, line[number], line[number])}", known(rate)))
        for name, number, rate in zip(names, shown.index, shown["execution_rate"], strict=True)
    ]  # fmt: skip
    count = int(part.departments["execution_rate"].notna().sum())
    title = "执行率（从低到高）"
    if count > len(rows):
        lowest = len(rows) * 2 // 3
        title = f"执行率：最低 {lowest}、最高 {len(rows) - lowest}（共 {count}）"
    page.chart(page.block_of("执行率", rows), title, "0.0%", at, size)


def _shared(first: str, last: str) -> int:
    """How many letters the first and the last of sorted names, and so all between, begin with alike."""
    if first == last:
        return 0
    return next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)


def _score_chart(page: _Overview, part: FormSummary, lists: Lists, at: Spot, size: Spot) -> None:
    cells = lists.departments.cells("counted_score")
    found = distribution(part)
    rows: list[tuple[Value, Value | Live]] = []
    for band, lowest, below, count in zip(
        found.index, found["lowest"], found["below"], found["departments"], strict=True
    ):
        upper = "" if known(below) is None else f',{cells},"<{known(below):g}"'
        formula = f'=COUNTIFS({cells},">={known(lowest):g}"{upper})'
        rows.append((str(band), lists.departments.live(formula, float(count))))
    page.chart(
        page.block_of("采用得分分布", rows), "采用得分分布（份）", "0", at, size, kind="column"
    )


def _attainment_chart(
    page: _Overview, part: FormSummary, lists: Lists, at: Spot, size: Spot
) -> None:
    section = part.headline.scored[0]
    depth = min(len(section.levels), 2)
    branches = lists.branches[section.id]
    rows: list[tuple[Value, Value | Live]] = []
    for branch, row in branches.items():
        if len(branch) == depth and (branch or not depth):
            shares = _share(part, section.id, branch)
            cell = column_range(lists.analysis, 6, row, row)
            rows.append(
                (branch[-1].removesuffix("指标") if branch else "合计", Live(f"={cell}", shares))
            )
    page.chart(
        page.block_of("指标得分率", rows),
        "二级指标得分率" if depth > 1 else "指标得分率",
        "0.0%",
        at,
        size,
    )


def _share(part: FormSummary, section: str, branch: Branch) -> float | None:
    rows = part.details[section]
    for level, key in zip(part.form.sections[section].levels, branch, strict=False):
        rows = rows[rows[level] == key]
    both = rows["weight"].notna() & rows["self_score"].notna()
    return over(
        float(rows["self_score"].where(both).sum()), float(rows["weight"].where(both).sum())
    )


def _funds_chart(page: _Overview, part: FormSummary, lists: Lists, at: Spot, size: Spot) -> None:
    assert lists.composition is not None
    whole = part.headline.breakdowns[0]
    amounts = part.funds["amount"]
    rows: list[tuple[Value, Value | Live]] = [
        (item.label.partition("·")[0].removesuffix("拨款").replace("纳入专户管理的", "专户"),
         lists.composition.live(f"={lists.composition.total(item.id)}", known(amounts.loc[item.key])))
        for item in whole.parts
    ]  # fmt: skip
    page.chart(page.block_of(whole.heading, rows), f"{whole.heading}（万元）", "#,##0.00", at, size)


_HOW = (
    "执行率＝全年执行数合计÷全年预算数合计，不是各单位执行率的平均。采用得分：有复核得分的按复核得分，没有的按自评得分；"
    "填写或改动“部门汇总”的复核得分、“参数”的分数线，本页的数和图随之重算，“需要关注”各句除外。"
)
_WHICH = (
    "“需要关注”按下列次序取前三项：未报、退回、有错误的表、执行率低于规定、资金分项与总数不等、"
    "得分高于规则、迟报、得分率最低的指标。"
)


def _small_print(*, main: bool) -> list[str]:
    return [_HOW, _WHICH] if main else [_HOW]


__all__ = ["Lists", "write_empty_overview", "write_overview"]
