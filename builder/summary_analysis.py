"""The summary's analysis: who answered, grades, scores, funds, indicators; and the cut-offs of grades.

Every figure is a formula over the lists; what it shows is what `workbook.aggregate` worked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from builder import styles
from builder.book import Book, Worksheet, done
from builder.listing import FIRST_ROW, Heading, Listed, Live, Value, cell_style, new_sheet, put
from workbook.address import Address
from workbook.form import Section
from workbook.headline import LOWEST_GRADE
from workbook.ops import literal
from workbook.summary import FormSummary, Status, attainment

_WIDTHS = (18, 32, 13, 16, 15, 12)
_HEIGHT = 18
_CHART_COLUMNS = 10
_CHART_ROWS = 16
_CHARTED = 60
"""More departments than this make no readable chart."""


def write_settings(
    book: Book, name: str, forms: Sequence[FormSummary]
) -> dict[str, dict[str, str]]:
    """The cut-offs of each form's grades, to be changed here; returns their cells by form and grade."""
    heading = Heading(name, "参数", "改动分数下限后，等次自动重算")
    page = _Page(book, new_sheet(book, heading, 3), (30, 12, 16))
    cells: dict[str, dict[str, str]] = {}
    page.heads("表", "等次", "分数下限")
    for part in forms:
        if part.headline.score is None:
            continue
        own = cells.setdefault(part.form.key, {})
        for grade, lowest in part.headline.cutoffs:
            own[grade] = Address(name, page.row, 3).absolute
            page.line([part.form.name, grade, lowest], ["text", "center", "input"])
        page.line([part.form.name, LOWEST_GRADE, "低于以上"], ["text", "center", "center"])
    return cells


def write_analysis(
    book: Book,
    heading: Heading,
    part: FormSummary,
    departments: Listed,
    composition: Listed | None,
    details: Mapping[str, Listed],
) -> None:
    """The blocks, one below the other, and the charts to their right."""
    charted = part.headline.score is not None
    width = len(_WIDTHS) + (_CHART_COLUMNS if charted else 0)
    page = _Page(book, new_sheet(book, heading, width), _WIDTHS)
    # Excel passes over page breaks where it fits to pages.
    page.sheet.set_print_scale(68)
    _coverage(page, part, departments)
    if part.headline.score is not None:
        grades = _grades(page, part, departments)
        _scores(page, part, departments)
        _grade_chart(page, grades)
    if composition is not None:
        _funds(page, part, composition)
    for section in part.headline.scored:
        if section.id in details:
            _indicators(page, part, section, details[section.id])
    if part.headline.has_rate and 1 < len(part.departments) <= _CHARTED:
        _rate_chart(page, departments)


@dataclass
class _Page:
    """A sheet being written downwards."""

    book: Book
    sheet: Worksheet
    widths: Sequence[float]
    row: int = 3

    def __post_init__(self) -> None:
        for column, width in enumerate(self.widths):
            done(self.sheet.set_column(column, column, width))

    def block(self, title: str, *heads: str) -> None:
        """A block's title and heads, after a free row."""
        self.row += self.row > 3
        style = self.book.style(
            **styles.BODY | {"font_name": styles.HEAD_FONT, "font_size": 12, "text_wrap": False}
        )
        put(self.sheet, self.row, 1, title, style)
        self.row += 1
        self.heads(*heads)

    def heads(self, *heads: str) -> None:
        """A row of heads."""
        for column, head in enumerate(heads, 1):
            put(self.sheet, self.row, column, head, self.book.style(**styles.HEAD))
        self.row += 1

    def line(
        self, cells: Sequence[Value | Live], looks: Sequence[str], *, total: bool = False
    ) -> None:
        """A row of cells."""
        fill = styles.LABEL_FILL if total else ""
        for column, (cell, look) in enumerate(zip(cells, looks, strict=True), 1):
            put(self.sheet, self.row, column, cell, cell_style(self.book, look, fill, bold=total))
        done(self.sheet.set_row(self.row - 1, _HEIGHT))
        self.row += 1

    def at(self, column: str, row: int = 0) -> str:
        """A cell of this page."""
        return f"{column}{row or self.row}"


def _ratio(part: str, whole: str) -> str:
    return f'=IF(N({whole})=0,"",{part}/{whole})'


def _over(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _known(value: object) -> float | None:
    return None if pd.isna(value) else float(value)  # type: ignore[call-overload,arg-type]


def _counted(
    page: _Page, words: Sequence[str], counts: Sequence[int], cells: str
) -> tuple[int, int]:
    """Lines of word, count, share, and their total; returns the first and last line's row."""
    first, last = page.row, page.row + len(words) - 1
    total_row = last + 1
    whole = float(sum(counts))
    looks = ("center", "count", "rate")
    for word, count in zip(words, counts, strict=True):
        number = Live(f"=COUNTIF({cells},{literal(word)})", float(count))
        share = Live(_ratio(page.at("B"), f"B${total_row}"), _over(float(count), whole))
        page.line([word, number, share], looks)
    total = Live(f"=SUM(B{first}:B{last})", whole)
    share = Live(_ratio(f"B{total_row}", f"B{total_row}"), _over(whole, whole))
    page.line(["合计", total, share], looks, total=True)
    return first, last


def _coverage(page: _Page, part: FormSummary, departments: Listed) -> None:
    unit = "份数" if part.headline.project else "单位数"
    page.block("报送情况", "状态", unit, "占比")
    statuses = part.departments["status"]
    counts = [int((statuses == status).sum()) for status in Status]
    _counted(page, [s.chinese for s in Status], counts, departments.cells("status"))


def _grades(page: _Page, part: FormSummary, departments: Listed) -> tuple[int, int]:
    unit = "份数" if part.headline.project else "单位数"
    page.block("等次分布", "等次", unit, "占比")
    names = [str(name) for name in part.grades.index]
    counts = [int(count) for count in part.grades["departments"]]
    return _counted(page, names, counts, departments.cells("grade"))


def _scores(page: _Page, part: FormSummary, departments: Listed) -> None:
    page.block("平均得分", "得分", "算法", "平均")
    score, review = departments.cells("total_score"), departments.cells("review_score")
    looks = ("text", "text", "score")
    plain = Live(f'=IF(COUNT({score})=0,"",AVERAGE({score}))', _total(part, "mean_score"))
    page.line(["自评得分", "简单平均", plain], looks)
    if "weighted_score" in part.totals.index:
        budget = departments.cells("final_budget")
        both = f"ISNUMBER({score})*ISNUMBER({budget})"
        whole = f"SUMPRODUCT({both},{budget})"
        formula = f'=IF({whole}=0,"",SUMPRODUCT({both},{score},{budget})/{whole})'
        weighted = Live(formula, _total(part, "weighted_score"))
        page.line(["自评得分", "按全年预算数加权平均", weighted], looks)
    typed = Live(f'=IF(COUNT({review})=0,"",AVERAGE({review}))', None)
    page.line(["复核得分", "已复核各份简单平均", typed], looks)


def _total(part: FormSummary, name: str) -> float | None:
    return _known(part.totals.loc[name, "value"])


def _funds(page: _Page, part: FormSummary, composition: Listed) -> None:
    page.block("资金构成", "分类", "项目", "填报单位数", "金额（万元）", "占比")
    looks = ("center", "text", "count", "amount", "rate")
    for title, group in part.funds.groupby("heading", sort=False):
        first = page.row
        whole = first + len(group)
        for key, label, amount, count, share in zip(
            group.index, group["label"], group["amount"], group["departments"], group["share"],
            strict=True,
        ):  # fmt: skip
            name = str(key).rpartition(".")[2]
            given = Live(f"=COUNT({composition.cells(name)})", float(count))
            money = Live(f"={composition.total(name)}", _known(amount))
            part_of = Live(_ratio(f"N(D{page.row})", f"D${whole}"), _known(share))
            page.line([str(title), label, given, money, part_of], looks)
        total = _known(group["amount"].sum(min_count=1))
        cells = f"D{first}:D{whole - 1}"
        summed = Live(f'=IF(COUNT({cells})=0,"",SUM({cells}))', total)
        ratio = Live(_ratio(f"D{whole}", f"D{whole}"), _over(total, total))
        page.line([str(title), "合计", None, summed, ratio], looks, total=True)


def _indicators(page: _Page, part: FormSummary, section: Section, listed: Listed) -> None:
    """Weight, score and share of each branch; the first level's line under those of its second."""
    frame = part.details[section.id]
    levels = section.levels[:2]
    page.sheet.set_h_pagebreaks([page.row])
    page.block(
        f"{section.label}得分", "一级指标", "二级指标", "指标数", "分值", "自评得分", "得分率"
    )
    found: dict[Branch, dict[str, object]] = {}
    for depth in range(1, len(levels) + 1):
        found |= _by_branch(frame, levels[:depth])
    for branch in _branches(section, len(levels)):
        if branch in found:
            _attained(page, listed, levels, branch, found[branch])
    whole = _by_branch(frame.assign(every=""), ("every",))
    if whole:
        _attained(page, listed, (), (), whole[("",)])


Branch = tuple[str, ...]


def _by_branch(frame: pd.DataFrame, levels: Sequence[str]) -> dict[Branch, dict[str, object]]:
    table = attainment(frame, levels)
    keys = [key if isinstance(key, tuple) else (key,) for key in table.index]
    records: list[dict[str, object]] = table.to_dict("records")  # type: ignore[assignment]
    return dict(zip(keys, records, strict=True))


def _branches(section: Section, depth: int) -> list[Branch]:
    """The section's branches in the form's order, each branch after what hangs on it."""
    order: dict[Branch, None] = {}
    for top in dict.fromkeys(group.path[:1] for group in section.groups):
        own = [group.path[:depth] for group in section.groups if group.path[:1] == top]
        order |= dict.fromkeys([*own, top])
    return list(order)


def _attained(
    page: _Page, listed: Listed, levels: Sequence[str], branch: Branch, found: Mapping[str, object]
) -> None:
    """One line: sums over the rows that give both weight and score."""
    weight, score = listed.cells("weight"), listed.cells("self_score")
    chosen = "*".join(
        f"({listed.cells(level)}={literal(key)})"
        for level, key in zip(levels, branch, strict=False)
    )
    rows = f"=SUMPRODUCT({chosen}*1)" if chosen else f"=ROWS({weight})"
    both = "*".join(filter(None, (chosen, f"ISNUMBER({weight})", f"ISNUMBER({score})")))
    words = [*branch, "小计"][:2] if branch else ["合计", None]
    cells: list[Value | Live] = [
        *words,
        Live(rows, _known(found["rows"])),
        Live(f"=SUMPRODUCT({both},{weight})", _known(found["weight"]) or 0.0),
        Live(f"=SUMPRODUCT({both},{score})", _known(found["score"]) or 0.0),
        Live(_ratio(page.at("E"), page.at("D")), _known(found["share"])),
    ]
    looks = ("center", "center", "count", "score", "score", "rate")
    page.line(cells, looks, total=len(branch) < 2)


# --- charts ---------------------------------------------------------------------------------------


def _grade_chart(page: _Page, rows: tuple[int, int]) -> None:
    first, last = rows[0] - 1, rows[1] - 1
    name = page.sheet.get_name()
    chart = _columns(page, [name, first, 0, last, 0], [name, first, 1, last, 1], "等次分布", "0")
    done(page.sheet.insert_chart(2, len(_WIDTHS) + 1, chart, {"object_position": 2}))


def _rate_chart(page: _Page, departments: Listed) -> None:
    first, last = FIRST_ROW - 1, departments.last_row - 1
    name, rate = (departments.columns[key] - 1 for key in ("department", "execution_rate"))
    chart = _columns(
        page,
        [departments.name, first, name, last, name],
        [departments.name, first, rate, last, rate],
        "各单位执行率",
        "0%",
    )
    done(page.sheet.insert_chart(2 + _CHART_ROWS, len(_WIDTHS) + 1, chart, {"object_position": 2}))


def _columns(
    page: _Page, categories: list[object], heights: list[object], title: str, number_format: str
) -> Any:
    """A column chart in the colours of the lists."""
    chart = page.book.add_chart({"type": "column"})
    series = {
        "categories": categories,
        "values": heights,
        "fill": {"color": styles.BANNER_FILL},
        "gap": 80,
    }
    small = {"name": styles.BODY_FONT, "size": 9, "color": styles.INK}
    if number_format == "0":
        series["data_labels"] = {"value": True, "font": small}
    done(chart.add_series(series))
    font = {"name": styles.HEAD_FONT, "size": 12, "bold": False, "color": styles.INK}
    chart.set_title({"name": title, "name_font": font, "overlay": False})
    chart.set_legend({"none": True})
    grid = {"visible": True, "line": {"color": styles.GRID, "width": 0.5}}
    chart.set_y_axis(
        {"num_format": number_format, "major_gridlines": grid, "num_font": small, "min": 0,
         "line": {"none": True}}
    )  # fmt: skip
    chart.set_x_axis({"num_font": small})
    chart.set_size({"width": 560, "height": 330})
    return chart
