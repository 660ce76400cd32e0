"""县区汇总: a line a county, reckoned from the departments' lines."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from builder.sheets import Book, Column, Heading, Listed, Live, values, write_list
from builder.summary.doubt import CERTAIN, KEY, TITLE, certain
from builder.summary.rates import mean_score, rate_of_sums, reached_scores
from workbook.summary import HEADS, MEAN_SCORE, RATE, SCORE, FormSummary, Status, county_figures

_LOOKS = {RATE: "rate", MEAN_SCORE: "score"}
_COUNTED = tuple(status for status in Status if status.counts)


def write_counties(book: Book, heading: Heading, part: FormSummary, departments: Listed) -> Listed:
    """The counties' lines; `departments` is the list that they are reckoned from."""
    frame = part.counties
    columns = [Column("county", HEADS["county"], 16, [str(c) for c in frame.index], total="合计")]
    for key, (title, statuses) in _counts(part).items():
        columns.append(_count_column(part, departments, key, title, statuses))
    for name, label in county_figures(part.form).items():
        columns.append(_figure_column(part, departments, name, label))
        if frame[f"{name}_doubtful"].any():
            columns.append(_figure_column(part, departments, name, label, certain_only=True))
            columns.append(_doubt_column(part, departments, name))
    return write_list(book, heading, columns)


def _counts(part: FormSummary) -> Mapping[str, tuple[str, tuple[Status, ...]]]:
    """The columns of counts: which statuses each counts, none for all lines."""
    if part.key_fields.project is not None:  # nobody knows how many projects are owed
        return {
            "departments": (f"{part.key_fields.project.label.removesuffix('名称')}数", ()),
            "faulty": (Status.FAULTY.chinese, (Status.FAULTY,)),
        }
    return {
        "departments": ("单位数", ()),
        "answered": ("已报", _COUNTED),
        "faulty": (f"其中\n{Status.FAULTY.chinese}", (Status.FAULTY,)),
        "rejected": (Status.REJECTED.chinese, (Status.REJECTED,)),
        "missing": (Status.MISSING.chinese, (Status.MISSING,)),
    }


def _of_county(departments: Listed, row: int) -> str:
    """Which of the departments' lines are of the county in a row, as an array."""
    return f"({departments.cells('county')}=$A{row})"


def _count_column(
    part: FormSummary, departments: Listed, key: str, title: str, statuses: tuple[Status, ...]
) -> Column:
    cells = departments.cells("status")
    with_status = "+".join(f'({cells}="{status.chinese}")' for status in statuses) or "1"

    def formula(row: int) -> str:
        return f"=SUMPRODUCT({_of_county(departments, row)}*({with_status}))"

    counts = part.counties[key]
    total = Live("=SUM({cells})", float(counts.sum()))
    return Column(
        key, title, 9, values(counts), "count", formula if departments.complete else None, total
    )


def _figure_column(
    part: FormSummary, departments: Listed, name: str, label: str, *, certain_only: bool = False
) -> Column:
    figure = SCORE if name == MEAN_SCORE else name
    sure = certain(part.form, departments.cells(KEY), [figure]) if certain_only else ""

    def figure_of(chosen: str) -> str:
        if name == RATE:
            return rate_of_sums(part.form, departments.cells, chosen)
        if name == MEAN_SCORE:
            return mean_score(departments.cells(SCORE), chosen)
        cells = departments.cells(name)
        given = f"SUMPRODUCT({chosen}*ISNUMBER({cells}))"
        return f'=IF({given}=0,"",SUMPRODUCT({chosen}*1,{cells}))'

    def formula(row: int) -> str:
        return figure_of("*".join(filter(None, (_of_county(departments, row), sure))))

    whole = (
        mean_score(departments.cells(SCORE))
        if name == MEAN_SCORE
        else f"={departments.total(name)}"
    )
    key, column = (f"{name}_certain", "certain") if certain_only else (name, "value")
    value = part.totals[column].loc[name]
    return Column(
        key,
        f"{label}\n{CERTAIN}" if certain_only else label,
        10.5 if name in _LOOKS else 18,
        values(part.counties[key]),
        _LOOKS.get(name, "amount"),
        formula if departments.complete else None,
        departments.live(
            figure_of(sure) if certain_only else whole, None if pd.isna(value) else float(value)
        ),
    )


def _doubt_column(part: FormSummary, departments: Listed, name: str) -> Column:
    """In how many lines of each county a figure is doubtful, and so left out beside it."""
    figure = SCORE if name == MEAN_SCORE else name
    cells = departments.cells(figure)
    given = reached_scores(cells) if name == MEAN_SCORE else f"ISNUMBER({cells})"
    doubt = f"(1-{certain(part.form, departments.cells(KEY), [figure])})*{given}"
    counts = part.counties[f"{name}_doubtful"]
    return Column(
        f"{name}_doubtful",
        f"{TITLE}\n（家）",
        7,
        values(counts),
        "count",
        (lambda row: f"=SUMPRODUCT({_of_county(departments, row)}*{doubt})")
        if departments.complete
        else None,
        Live("=SUM({cells})", float(counts.sum())),
    )


NOTES = (
    "各数由汇总表里本县区各单位的数算出：金额是合计，执行率按合计数算，自评平均分是自评得分的简单平均，不用复核得分。",
)
