"""总览: the year on one printed page: who answered, sums, grades, what needs attention, four charts.

Figures are formulas over the other sheets. Names in the charts and the sentences are as they were when
the summary was made; figures follow.
"""

from __future__ import annotations

from collections.abc import Sequence

from builder.sheets import (
    Book,
    ChartFigures,
    Figure,
    Listed,
    Live,
    OnePage,
    Value,
    ratio,
    ratio_value,
)
from builder.summary.charts import Lists, draw_charts
from builder.summary.doubt import CERTAIN, KEY, certain
from builder.summary.rates import mean_score, reached_scores
from workbook.expression import rounded
from workbook.overview import (
    RULE,
    THINGS,
    Attention,
    Coverage,
    coverage_counts,
    next_steps,
    problems,
    project_counts,
    projects_in_words,
    tells_projects,
)
from workbook.summary import DECIMALS, FormSummary, Status, Summary, figure_or_none, worded_rate


def write_overview(
    book: Book, name: str, title: str, unit: str, summary: Summary, part: FormSummary, lists: Lists
) -> None:
    """The page of one form; the round's coverage stands on that of the departments' own form."""
    page = OnePage(book, name, title, unit, lists.chart_figures)
    main = part is summary.main
    heads = iter(_HEADS)
    page.title(next(heads))
    if main:
        page.figures(_round_figures(summary, lists.coverage))
    elif tells_projects(summary, part):
        page.figures(_project_figures(summary, lists.projects))
    else:
        page.figures(_return_figures(part, lists.departments))
    if main and projects_in_words(summary):
        page.sentence(projects_in_words(summary))
    page.title(next(heads))
    sums = _sum_figures(part, lists.departments)
    if sums:
        page.figures(list(sums.values()), _certain_words(part, lists.departments, sums))
    else:
        page.sentence("这张表没有可以合计的金额，也不计分。")
    if part.key_fields.score is not None:
        _write_grades(page, part, lists.departments)
    page.title(next(heads))
    _write_sentences(page, problems(summary, part)[:THINGS], "没有需要特别说明的问题。")
    page.title(next(heads))
    _write_sentences(page, next_steps(summary, part), "没有要催、要改的表。")
    draw_charts(page, part, lists)
    explanation = _explanation(part, lists.departments.name)
    page.close(_small_print(summary, [explanation, _ORDER_NOTE] if main else [explanation]))


_HEADS = ("一、报送情况", "二、资金与得分", "三、主要问题", "四、下一步")
"""What a leader asks, in that order: who answered, how much money and how well spent, what went wrong, what to do."""


def _write_sentences(page: OnePage, items: Sequence[Attention], nothing: str) -> None:
    for number, item in enumerate(items, 1):
        page.sentence(f"{number}. {item.sentence}")
    if not items:
        page.sentence(nothing)


def write_empty_overview(
    book: Book, name: str, title: str, summary: Summary, listed: Listed, chart_figures: ChartFigures
) -> None:
    """The page where not one return was read."""
    page = OnePage(book, name, title, "没有一份可以汇总的自评表", chart_figures)
    page.title("一、报送情况")
    page.figures(_round_figures(summary, listed))
    page.title("二、下一步")
    _write_sentences(page, next_steps(summary), "没有要催、要改的表。")
    page.close(_small_print(summary, [_ORDER_NOTE]))


# --- figures --------------------------------------------------------------------------------------


def _round_figures(summary: Summary, listed: Listed) -> list[Figure]:
    counts, by_roster = coverage_counts(summary), summary.has_roster
    words = "应报单位" if by_roster else "单位"
    late = listed.live(f'=COUNTIF({listed.cells("days_late")},">0")', float(counts.late))
    return [
        *_duty_figures(words, counts, listed, by_roster=by_roster),
        ("迟报", late, "count"),
    ]


def _project_figures(summary: Summary, listed: Listed | None) -> list[Figure]:
    """What came of the roster's projects; bare numbers where there is no list of them."""
    counts = project_counts(summary)
    assert counts is not None, "asked only where the roster lists projects"
    return _duty_figures("应报项目", counts, listed, by_roster=True)


def _duty_figures(
    words: str, counts: Coverage, listed: Listed | None, *, by_roster: bool
) -> list[Figure]:
    """How many forms are due and what came of them. Of a roster's those off the roster have a figure of
    their own, so that the others add up."""
    status = listed.cells("status") if listed else ""
    on_roster = listed.cells("on_roster") if listed and by_roster else ""
    roster_criterion = f',{on_roster},"是"' if by_roster else ""

    def count(*states: Status) -> str:
        return "=" + "+".join(
            f'COUNTIFS({status},"{state.chinese}"{roster_criterion})' for state in states
        )

    asked_formula = f'=COUNTIF({on_roster},"是")' if by_roster else f'=COUNTIF({status},"?*")'
    figures: list[tuple[str, str, int]] = [
        (words, asked_formula, counts.asked),
        ("已报", count(Status.ANSWERED, Status.FAULTY), counts.answered),
        ("其中：须修改", count(Status.FAULTY), counts.faulty),
        ("退回", count(Status.REJECTED), counts.rejected),
        ("未报", count(Status.MISSING), counts.missing),
    ]
    if counts.off_roster:
        figures.append(("名册外", f'=COUNTIF({on_roster},"否")', counts.off_roster))
    return [
        (label, listed.live(formula, float(value)) if listed else float(value), "count")
        for label, formula, value in figures
    ]


def _return_figures(part: FormSummary, listed: Listed) -> list[Figure]:
    status = listed.cells("status")
    statuses = part.departments["status"]
    faulty = float((statuses == Status.FAULTY).sum())
    return [
        ("收下份数", listed.live(f'=COUNTIF({status},"?*")', float(len(statuses))), "count"),
        ("单位数", float(part.departments.groupby(["county", "department"]).ngroups), "count"),
        ("须修改",
         listed.live(f'=COUNTIF({status},"{Status.FAULTY.chinese}")', faulty), "count"),
    ]  # fmt: skip


def _sum_figures(part: FormSummary, listed: Listed) -> dict[str, Figure]:
    """The sums and means that a leader reads first, by their figures."""
    figures: dict[str, Figure] = {}
    for key, item in list(part.key_fields.amounts.items())[:4]:
        total = listed.live(f"={listed.total(key)}", _total(part, key))
        figures[key] = (item.label, total, "amount")
    if part.key_fields.rate is not None:
        rate = listed.live(f"={listed.total('execution_rate')}", _total(part, "execution_rate"))
        figures["execution_rate"] = ("执行率", rate, "rate")
    if part.key_fields.score is not None:
        mean = _mean(part, listed, "counted_score")
        figures["counted_mean_score"] = ("采用得分平均", mean, "score")
        if part.key_fields.budget:
            weighted = _weighted(part, listed, "counted_score")
            figures["counted_weighted_score"] = ("按资金加权平均", weighted, "score")
    return dict(list(figures.items())[:6])


_SHOWN = {"amount": "#,##0.00", "rate": "0.00%", "score": "0.00"}
"""How a look is written in a text."""


def _certain_words(
    part: FormSummary, listed: Listed, figures: dict[str, Figure]
) -> list[Value | Live]:
    """Below each figure the same without the doubtful ones, where there are any."""
    words: list[Value | Live] = []
    for figure, (_, _, look) in figures.items():
        number, left_out = (_total(part, figure, name) for name in ("certain", "doubtful"))
        if not left_out:
            words.append(None)
            continue
        before = f"不含 {left_out:g} 家存疑"
        shown = "无" if number is None else _written(number, look)
        if figure in listed.columns:
            cell: Value | Live = listed.live(f"={listed.further_total(figure)}", number)
        else:
            column = "counted_score"
            mean = _weighted if "weighted" in figure else _mean
            cell = mean(part, listed, column, certain_only=True)
        if isinstance(cell, Live):
            inner = cell.formula.removeprefix("=")
            text = f'IFERROR(TEXT(1*({inner}),"{_SHOWN[look]}"),"无")'
            words.append(Live(f'="{before}"&CHAR(10)&{text}', f"{before}\n{shown}"))
        else:
            words.append(f"{before}\n{shown}")
    return words


def _written(number: float, look: str) -> str:
    """A number as TEXT writes it: half away from zero."""
    if look == "rate":
        return f"{rounded(number * 100, DECIMALS):.2f}%"
    return f"{rounded(number, DECIMALS):{',' if look == 'amount' else ''}.2f}"


def _total(part: FormSummary, name: str, column: str = "value") -> float | None:
    return figure_or_none(part.totals.loc[name, column])


_MEANS = {"total_score": "", "counted_score": "counted_"}
"""What the names of the means of a column begin with."""


def _mean(
    part: FormSummary, listed: Listed, column: str, *, certain_only: bool = False
) -> Value | Live:
    chosen = _certain(part, listed, column) if certain_only else ""
    value = _total(part, f"{_MEANS[column]}mean_score", "certain" if certain_only else "value")
    return listed.live(mean_score(listed.cells(column), chosen), value)


def _certain(part: FormSummary, listed: Listed, column: str) -> str:
    """An array for formulas: 1 for the scores that are not doubtful, or that were reviewed and are counted."""
    own = certain(part.form, listed.cells(KEY), ["total_score"])
    is_reviewed = f"ISNUMBER({listed.cells('review_score')})"
    return f"(({own}+{is_reviewed})>0)" if column == "counted_score" else own


def _weighted(
    part: FormSummary, listed: Listed, column: str, *, certain_only: bool = False
) -> Value | Live:
    """Over those that give both, so that neither a blank score nor a blank budget passes for zero."""
    score, budget = listed.cells(column), listed.cells(part.key_fields.budget)
    chosen = f"{reached_scores(score)}*ISNUMBER({budget})"
    if certain_only:
        chosen += f"*{_certain(part, listed, column)}"
        chosen += f"*{certain(part.form, listed.cells(KEY), [part.key_fields.budget])}"
    value = _total(part, f"{_MEANS[column]}weighted_score", "certain" if certain_only else "value")
    budget_sum = f"SUMPRODUCT({chosen},{budget})"
    formula = f'=IF({budget_sum}=0,"",SUMPRODUCT({chosen},{score},{budget})/{budget_sum})'
    return listed.live(formula, value)


def _write_grades(page: OnePage, part: FormSummary, listed: Listed) -> None:
    """Grades on the left, mean scores on the right."""
    unit = "份数" if part.key_fields.project else "单位数"
    page.table(1, ["等次", unit, "占比"], ["text"] * 3, head=True)
    page.table(7, ["得分", "简单平均", "按全年预算加权"], ["text"] * 3, head=True)
    page.end(20)
    cells = listed.cells("grade")
    counts = [float(count) for count in part.grades["departments"]]
    total, last = sum(counts), page.row + len(counts)
    means = _means(part, listed)
    least = len(counts) + 1
    means += [(None, None, None)] * (least - len(means))
    rows: list[tuple[str, Value | Live]] = [
        (str(name), listed.live(f'=COUNTIF({cells},"{name}")', count))
        for name, count in zip(part.grades.index, counts, strict=True)
    ]
    rows.append(("合计", Live(f"=SUM(C{page.row}:C{last - 1})", total)))
    shares = [*counts, total]
    for number, mean_cells in enumerate(means):
        if number < least:
            (name, count), value = rows[number], shares[number]
            share = Live(ratio(f"C{page.row}", f"C${last}"), ratio_value(value, total))
            page.table(1, [name, count, share], ["text", "count", "rate"])
        look = "count" if mean_cells[0] == _REVIEWED else "score"
        page.table(7, mean_cells, ["text", look, "score"])
        page.end(18)


_REVIEWED = "已复核份数"


def _means(part: FormSummary, listed: Listed) -> list[tuple[Value, Value | Live, Value | Live]]:
    """Means of the department's own and of the counted scores, the highest, the lowest, how many are reviewed."""
    has_budget = bool(part.key_fields.budget)
    means: list[tuple[Value, Value | Live, Value | Live]] = []
    for words, column in (("自评得分", "total_score"), ("采用得分", "counted_score")):
        weighted = _weighted(part, listed, column) if has_budget else None
        means.append((words, _mean(part, listed, column), weighted))
        names = [f"{_MEANS[column]}{name}_score" for name in ("mean", "weighted")]
        if part.totals["doubtful"].reindex(names).fillna(0).any():
            weighted = _weighted(part, listed, column, certain_only=True) if has_budget else None
            means.append((CERTAIN, _mean(part, listed, column, certain_only=True), weighted))
    extremes = part.departments["counted_score"].max(), part.departments["counted_score"].min()
    means.append(("最高采用得分", _extreme(listed, "MAX", extremes[0]), None))
    means.append(("最低采用得分", _extreme(listed, "MIN", extremes[1]), None))
    reviewed = float(part.departments["review_score"].count())
    count = listed.live(f"=COUNT({listed.cells('review_score')})", reviewed)
    return [*means, (_REVIEWED, count, None)]


def _extreme(listed: Listed, function: str, value: object) -> Value | Live:
    cells = listed.cells("counted_score")
    return listed.live(f'=IF(COUNT({cells})=0,"",{function}({cells}))', figure_or_none(value))


def _explanation(part: FormSummary, departments: str) -> str:
    rate_sentence = ""
    if part.key_fields.rate is not None:
        rate_words = worded_rate(part.form, "合计")
        rate_sentence = f"执行率＝{rate_words}，不是各单位执行率的平均。"
    return (
        f"{rate_sentence}采用得分：有复核得分的按复核得分，没有的按自评得分；"
        f"填写或改动“{departments}”的复核得分、“参数”的分数线，本页的数和图随之重算，“主要问题”“下一步”各句除外。"
    )


_ORDER_NOTE = (
    "“主要问题”按下列次序取前三项：疑似按元填写的金额、预算数与名册不同、得分无效、有错误的表、执行率低于规定、资金分项与总数不等、"
    "得分高于规则、迟报、得分率最低的指标。先更正谁，按影响从大到小。" + RULE
)


def _small_print(summary: Summary, sentences: list[str]) -> list[str]:
    if summary.left_out:
        return [
            *sentences,
            f"{summary.left_out}。“主要问题”因此不含得分高于规则、得分率最低的指标。",
        ]
    return sentences
