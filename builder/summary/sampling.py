"""抽查复核名单: every answered department with its signs of risk, their points, and who is proposed."""

from __future__ import annotations

from collections.abc import Callable

from builder import styles
from builder.sheets import FIRST_ROW, Book, Column, Heading, Links, Listed, done, values, write_list
from builder.summary.lists import department_columns, open_column
from builder.summary.settings import Settings
from workbook.address import letters
from workbook.form import Criterion, Sense
from workbook.overview import Sampling, sample
from workbook.summary import FormSummary

PROPOSED = "抽查"
_METRICS = (
    ("budget", "全年预算数", 14, "amount"),
    ("execution_rate", "执行率", 9, "rate"),
    ("errors", "错误", 6, "count"),
    ("warnings", "提醒", 6, "count"),
    ("full_share", "满分率", 9, "rate"),
    ("above", "高于规则\n项数", 9, "count"),
    ("above_points", "高于规则\n分数", 9, "score"),
    ("execution_gap", "执行得分\n之差", 9, "score"),
)


def write_sampling(
    book: Book,
    heading: Heading,
    part: FormSummary,
    sampling: Sampling,
    settings: Settings,
    links: Links,
) -> Listed:
    """Points, order and proposal are formulas over the metrics and 参数."""
    frame = sample(part, sampling)
    files = part.departments["file"].reindex(frame.index)
    count = len(frame)
    last = FIRST_ROW + max(count, 1) - 1
    proposed = [PROPOSED if drawn else "" for drawn in frame["sampled"]]
    who = department_columns(frame, (11, 26))
    names = ["order", "proposed", *(column.key for column in who)]
    names += ["project"] if "project" in frame.columns else []
    names += [key for key, *_ in _METRICS]
    names += [criterion.column for criterion in sampling.criteria]
    names += ["points", "place", "why", "open"]
    letter_of = {name: letters(column_number) for column_number, name in enumerate(names, 1)}

    def cells(name: str) -> str:
        return f"${letter_of[name]}${FIRST_ROW}:${letter_of[name]}${last}"

    point_cells = [f"{letter_of[c.column]}{{0}}" for c in sampling.criteria]
    size = settings.write_size(part, count, sampling.size(count))
    columns = [
        Column("order", "次序", 6, values(frame["order"]), "center",
               lambda row: _order_formula(letter_of, cells, row), across=True),
        Column("proposed", "是否抽查", 9, proposed, "center", None if sampling.drawn is not None else
               lambda row: f'=IF({letter_of["order"]}{row}<={size},"{PROPOSED}","")', across=sampling.drawn is None),
        *who,
    ]  # fmt: skip
    if "project" in frame.columns:
        columns.append(Column("project", "项目名称", 26, values(frame["project"])))
    columns += [
        Column(key, title, width, values(frame[key]), look) for key, title, width, look in _METRICS
    ]
    columns += [
        Column(c.column, _wrapped(c.label), 8, values(frame[c.column]), "points", _points_formula(c, letter_of, cells, settings),
               across=c.sense is Sense.TOP_SHARE)
        for c in sampling.criteria
    ]  # fmt: skip
    columns += [
        Column("points", "合计分", 7, values(frame["points"]), "points",
               lambda row: f"=SUM({point_cells[0].format(row)}:{point_cells[-1].format(row)})"),
        Column("place", "同分\n次序", 6, values(frame["place"]), "center"),
        Column("why", "依据", 34, values(frame["why"]), "text",
               lambda row: _why_formula(sampling, letter_of, row)),
        open_column(files, links),
    ]  # fmt: skip
    listed = write_list(book, heading, columns)
    drawn = book.style(bg_color=styles.WARNING_FILL)
    rule = {"type": "cell", "criteria": "==", "value": f'"{PROPOSED}"', "format": drawn}
    column_number = listed.columns["proposed"] - 1
    done(
        listed.sheet.conditional_format(
            FIRST_ROW - 1, column_number, listed.last_row - 1, column_number, rule
        )
    )
    return listed


def _wrapped(label: str) -> str:
    middle = (len(label) + 1) // 2
    return f"{label[:middle]}\n{label[middle:]}" if len(label) > 4 else label


Cells = Callable[[str], str]


def _points_formula(
    criterion: Criterion, letter_of: dict[str, str], cells: Cells, settings: Settings
) -> Callable[[int], str]:
    limit, points = settings.limits[criterion.key], settings.points[criterion.key]
    metric = letter_of[criterion.metric]

    def formula(row: int) -> str:
        cell = f"{metric}{row}"
        if criterion.sense is Sense.TOP_SHARE:
            metric_cells = cells(criterion.metric)
            met = f'COUNTIF({metric_cells},">"&{cell})+1<={limit}*COUNT({metric_cells})'
        else:
            met = f"{cell}{criterion.sense}{limit}"
        return f"=IF(ISNUMBER({cell}),IF({met},{points},0),0)"

    return formula


def _order_formula(letter_of: dict[str, str], cells: Cells, row: int) -> str:
    points, tie_order = cells("points"), cells("place")
    own_points, own_tie_order = (
        f"{letter_of['points']}{row}",
        f"{letter_of['place']}{row}",
    )
    return f'=COUNTIF({points},">"&{own_points})+COUNTIFS({points},{own_points},{tie_order},"<"&{own_tie_order})+1'


def _why_formula(sampling: Sampling, letter_of: dict[str, str], row: int) -> str:
    labels = "&".join(
        f'IF({letter_of[c.column]}{row}>0,"{c.label} ","")' for c in sampling.criteria
    )
    return f'=SUBSTITUTE(TRIM({labels})," ","、")'
