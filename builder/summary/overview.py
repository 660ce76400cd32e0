"""总览: the year on one printed page: who answered, sums, grades, what needs attention, four charts.

Figures are formulas over the other sheets. Names in the charts and the sentences are as they were when
the summary was made; figures follow.
"""

from __future__ import annotations

from builder.sheets import (
    Book,
    Figure,
    Listed,
    Live,
    OnePage,
    Value,
    figure_or_none,
    ratio,
    ratio_value,
)
from builder.summary.charts import Lists, draw_charts
from workbook.summary import (
    HIGHEST_SCORE,
    NEAR,
    THINGS,
    FormSummary,
    Status,
    Summary,
    attention,
    coverage_counts,
    projects_in_words,
    worded_rate,
)


def write_overview(
    book: Book, name: str, title: str, unit: str, summary: Summary, part: FormSummary, lists: Lists
) -> None:
    """The page of one form; the round's coverage stands on that of the departments' own form."""
    page = OnePage(book, name, title, unit)
    main = part is summary.main
    page.title("一、报送情况")
    page.figures(
        _round_figures(summary, lists.coverage)
        if main
        else _return_figures(part, lists.departments)
    )
    if main and projects_in_words(summary):
        page.sentence(projects_in_words(summary))
    page.title("二、资金与得分")
    sums = _sum_figures(part, lists.departments)
    if sums:
        page.figures(sums)
    else:
        page.sentence("这张表没有可以合计的金额，也不计分。")
    if part.key_fields.score is not None:
        page.title("三、等次")
        _write_grades(page, part, lists.departments)
    page.title("四、需要关注" if part.key_fields.score is not None else "三、需要关注")
    sentences = [item.sentence for item in attention(summary, part)][:THINGS]
    for number, sentence in enumerate(sentences or ["没有需要特别关注的事项。"], 1):
        page.sentence(f"{number}. {sentence}" if sentences else sentence)
    draw_charts(page, part, lists)
    explanation = _explanation(part, lists.departments.name)
    page.close(_small_print(summary, [explanation, _ORDER_NOTE] if main else [explanation]))


def write_empty_overview(
    book: Book, name: str, title: str, summary: Summary, listed: Listed
) -> None:
    """The page where not one return was read."""
    page = OnePage(book, name, title, "没有一份可以汇总的自评表")
    page.title("一、报送情况")
    page.figures(_round_figures(summary, listed))
    page.title("二、需要关注")
    for item in attention(summary):
        page.sentence(item.sentence)
    page.close(_small_print(summary, [_ORDER_NOTE]))


# --- figures --------------------------------------------------------------------------------------


def _round_figures(summary: Summary, listed: Listed) -> list[Figure]:
    counts = coverage_counts(summary)
    status, late = listed.cells("status"), listed.cells("days_late")
    on_roster = listed.cells("on_roster") if summary.has_roster else ""

    # Of a roster's round those off the roster have a figure of their own, so that the others add up.
    roster_criterion = f',{on_roster},"是"' if summary.has_roster else ""

    def count(*states: Status) -> str:
        return "+".join(
            f'COUNTIFS({status},"{state.chinese}"{roster_criterion})' for state in states
        )

    asked_formula = (
        f'=COUNTIF({on_roster},"是")' if summary.has_roster else f'=COUNTIF({status},"?*")'
    )
    answered_formula = count(Status.ANSWERED, Status.FAULTY)
    figures: list[tuple[str, str, int]] = [
        ("应报单位" if summary.has_roster else "单位", asked_formula, counts.asked),
        ("已报", f"={answered_formula}", counts.answered),
        ("其中：须修改", f"={count(Status.FAULTY)}", counts.faulty),
        ("退回", f"={count(Status.REJECTED)}", counts.rejected),
        ("未报", f"={count(Status.MISSING)}", counts.missing),
        ("迟报", f'=COUNTIF({late},">0")', counts.late),
    ]
    if counts.off_roster:
        figures.insert(5, ("名册外", f'=COUNTIF({on_roster},"否")', counts.off_roster))
    return [
        (words, listed.live(formula, float(value)), "count") for words, formula, value in figures
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


def _sum_figures(part: FormSummary, listed: Listed) -> list[Figure]:
    figures: list[Figure] = []
    for key, item in list(part.key_fields.amounts.items())[:4]:
        figures.append(
            (item.label, listed.live(f"={listed.total(key)}", _total(part, key)), "amount")
        )
    if part.key_fields.rate is not None:
        rate = listed.live(f"={listed.total('execution_rate')}", _total(part, "execution_rate"))
        figures.append(("执行率", rate, "rate"))
    if part.key_fields.score is not None:
        figures.append(
            ("采用得分平均", _mean(part, listed, "counted_score", "counted_mean_score"), "score")
        )
        if part.key_fields.budget:
            weighted = _weighted(part, listed, "counted_score", "counted_weighted_score")
            figures.append(("按资金加权平均", weighted, "score"))
    return figures[:6]


def _total(part: FormSummary, name: str) -> float | None:
    return figure_or_none(part.totals.loc[name, "value"])


def _mean(part: FormSummary, listed: Listed, column: str, figure: str) -> Value | Live:
    cells = listed.cells(column)
    lowest, highest = f'">{-NEAR:g}"', f'"<{HIGHEST_SCORE + NEAR:g}"'
    count = f"COUNTIFS({cells},{lowest},{cells},{highest})"
    mean = f"AVERAGEIFS({cells},{cells},{lowest},{cells},{highest})"
    return listed.live(f'=IF({count}=0,"",{mean})', _total(part, figure))


def _weighted(part: FormSummary, listed: Listed, column: str, figure: str) -> Value | Live:
    """Over those that give both, so that neither a blank score nor a blank budget passes for zero."""
    score, budget = listed.cells(column), listed.cells(part.key_fields.budget)
    valid = f"({score}>{-NEAR:g})*({score}<{HIGHEST_SCORE + NEAR:g})"
    both_given = f"ISNUMBER({score})*{valid}*ISNUMBER({budget})"
    budget_sum = f"SUMPRODUCT({both_given},{budget})"
    formula = f'=IF({budget_sum}=0,"",SUMPRODUCT({both_given},{score},{budget})/{budget_sum})'
    return listed.live(formula, _total(part, figure))


def _write_grades(page: OnePage, part: FormSummary, listed: Listed) -> None:
    """Grades on the left, mean scores on the right."""
    unit = "份数" if part.key_fields.project else "单位数"
    has_budget = bool(part.key_fields.budget)
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
    means[2:2] = [
        [f"{words}采用得分", _extreme(listed, formula, extreme), None]
        for words, formula, extreme in (
            ("最高", "MAX", part.departments["counted_score"].max()),
            ("最低", "MIN", part.departments["counted_score"].min()),
        )
    ]
    means += [[None, None, None]] * (len(counts) + 1 - len(means))
    rows: list[tuple[str, Value | Live]] = [
        (str(name), listed.live(f'=COUNTIF({cells},"{name}")', count))
        for name, count in zip(part.grades.index, counts, strict=True)
    ]
    rows.append(("合计", Live(f"=SUM(C{page.row}:C{last - 1})", total)))
    for (name, count), mean_cells, value in zip(rows, means, [*counts, total], strict=True):
        share = Live(ratio(f"C{page.row}", f"C${last}"), ratio_value(value, total))
        page.table(1, [name, count, share], ["text", "count", "rate"])
        look = "count" if mean_cells[0] == "已复核份数" else "score"
        page.table(7, mean_cells, ["text", look, "score"])
        page.end(18)


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
        f"填写或改动“{departments}”的复核得分、“参数”的分数线，本页的数和图随之重算，“需要关注”各句除外。"
    )


_ORDER_NOTE = (
    "“需要关注”按下列次序取前三项：疑似按元填写的金额、未报、退回、得分无效、有错误的表、执行率低于规定、资金分项与总数不等、"
    "得分高于规则、迟报、得分率最低的指标。"
)


def _small_print(summary: Summary, sentences: list[str]) -> list[str]:
    if summary.left_out:
        return [
            *sentences,
            f"{summary.left_out}。“需要关注”因此不含得分高于规则、得分率最低的指标。",
        ]
    return sentences
