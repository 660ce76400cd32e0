"""县区汇总: a line a county, reckoned from the departments' lines, which are folded beneath it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from builder import styles
from builder.sheets import FIRST_ROW, Book, Column, Heading, Listed, Live, Value, values, write_list
from builder.summary.doubt import CERTAIN, KEY, TITLE, certain
from builder.summary.rates import mean_score, rate_of_sums, reached_scores
from workbook.address import letters, quote
from workbook.summary import HEADS, MEAN_SCORE, RATE, SCORE, FormSummary, Status, county_figures

_LOOKS = {RATE: "rate", MEAN_SCORE: "score"}
_COUNTED = tuple(status for status in Status if status.counts)
_WITHIN, _ACROSS = "县内\n名次", "总名次"


@dataclass(frozen=True, slots=True)
class _CountyLine:
    """A county, or a department beneath it."""

    county: str
    place: int = -1
    """Which line of 部门汇总 it is, from 0; of a county none."""

    @property
    def is_county(self) -> bool:
        """Whether it is a county's own line."""
        return self.place < 0


Rows = Callable[[int], str]


@dataclass(frozen=True)
class _CountySheet:
    """What the columns are made of: the lines, and the list that they are reckoned from."""

    part: FormSummary
    departments: Listed
    lines: Sequence[_CountyLine]

    def column(
        self, key: str, title: str, width: float, look: str, *, of_county: Sequence[Value], own: Sequence[Value] = (),
        formula: Rows | None = None, own_formula: Rows | None = None, total: Live | Value = None,
    ) -> Column:  # fmt: skip
        """A column: what stands in the counties' lines and, by their places, in the departments'.

        `formula` is that of a county's line on this sheet, `own_formula` that of a department's by its line on 部门汇总.
        """
        counties: dict[str, Value] = dict(zip(self.part.counties.index, of_county, strict=True))

        def entry(line: _CountyLine) -> Value:
            if line.is_county:
                return counties[line.county]
            return own[line.place] if own else None

        def live(row: int) -> str:
            line = self.lines[row - FIRST_ROW]
            if line.is_county:
                return formula(row) if formula is not None else ""
            return own_formula(line.place + FIRST_ROW) if own_formula is not None else ""

        fills = [styles.LABEL_FILL if line.is_county else "" for line in self.lines]
        is_live = self.departments.complete and (formula is not None or own_formula is not None)
        entries = [entry(line) for line in self.lines]
        return Column(key, title, width, entries, look, live if is_live else None, total, fills)

    def same_as(self, key: str) -> Rows | None:
        """A department's cell on 部门汇总, as a formula; None if that sheet has no such column."""
        column = self.departments.columns.get(key)
        if column is None:
            return None
        letter = letters(column)

        def formula(row: int) -> str:
            cell = f"{quote(self.departments.name)}!{letter}{row}"
            return f'=IF({cell}="","",{cell})'

        return formula


def write_counties(book: Book, heading: Heading, part: FormSummary, departments: Listed) -> Listed:
    """The counties' lines, each with its departments folded beneath it; `departments` is the list that they are reckoned from."""
    frame, own = part.counties, part.departments
    places: dict[str, list[int]] = {str(county): [] for county in frame.index}
    for place, county in enumerate(own["county"].fillna("")):
        if county in places:
            places[county].append(place)
    lines = [
        line
        for county, theirs in places.items()
        for line in (_CountyLine(county), *(_CountyLine(county, place) for place in theirs))
    ]
    made = _CountySheet(part, departments, lines)
    names: list[Value] = [line.county for line in lines]
    bold = [styles.LABEL_FILL if line.is_county else "" for line in lines]
    columns = [
        Column("county", HEADS["county"], 11, names, total="合计", fills=bold),
        made.column(
            "department",
            HEADS["department"],
            21,
            "text",
            of_county=[None] * len(frame),
            own=values(own["department"]),
        ),
    ]
    if part.key_fields.project is not None:
        columns.append(
            made.column(
                "project",
                HEADS["project"],
                21,
                "text",
                of_county=[None] * len(frame),
                own=values(own["project"]),
            )
        )
    statuses = [Status(status).chinese for status in own["status"]]
    columns.append(
        made.column(
            "status", "状态", 7, "center", of_county=[None] * len(frame), own=list(statuses)
        )
    )
    for key, (title, counted) in _counts(part).items():
        columns.append(_count_column(made, key, title, counted))
    for name, label in county_figures(part.form).items():
        columns.append(_figure_column(made, name, label))
        if frame[f"{name}_doubtful"].any():
            columns.append(_figure_column(made, name, label, certain_only=True))
            columns.append(_doubt_column(made, name))
    if "rank" in departments.columns:
        columns += _rank_columns(made)
    return write_list(book, heading, columns, [not line.is_county for line in lines])


def _rank_columns(made: _CountySheet) -> list[Column]:
    """A department's rank among its county's and among all; a county's among the counties, by its mean score."""
    part, departments = made.part, made.departments
    means = part.counties[MEAN_SCORE]
    ranks = means.rank(method="min", ascending=False)
    within = part.departments.groupby("county")["counted_score"].rank(method="min", ascending=False)
    county, score = departments.cells("county"), departments.cells("counted_score")
    own_county, own_score = (
        letters(departments.columns[key]) for key in ("county", "counted_score")
    )
    sheet = quote(departments.name)

    def within_county(row: int) -> str:
        mine = f"{sheet}!{own_score}{row}"
        better = f'COUNTIFS({county},{sheet}!{own_county}{row},{score},">"&{mine})'
        return f'=IF(ISNUMBER({mine}),{better}+1,"")'

    blank: list[Value] = [None] * len(means)
    ranks_within, ranks_across = values(within), values(part.departments["rank"])
    return [
        made.column(
            "within", _WITHIN, 7, "count", of_county=blank, own=ranks_within, own_formula=within_county
        ),
        made.column(
            "across", _ACROSS, 7, "count", of_county=values(ranks), own=ranks_across, own_formula=made.same_as("rank")
        ),
    ]  # fmt: skip


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


def _count_column(made: _CountySheet, key: str, title: str, statuses: tuple[Status, ...]) -> Column:
    part, departments = made.part, made.departments
    cells = departments.cells("status")
    with_status = "+".join(f'({cells}="{status.chinese}")' for status in statuses) or "1"

    def formula(row: int) -> str:
        return f"=SUMPRODUCT({_of_county(departments, row)}*({with_status}))"

    counts = part.counties[key]
    total = departments.live(
        f'=SUMPRODUCT(({departments.cells("county")}<>"")*({with_status}))', float(counts.sum())
    )
    return made.column(
        key, title, 6, "count", of_county=values(counts), formula=formula, total=total
    )


def _figure_column(
    made: _CountySheet, name: str, label: str, *, certain_only: bool = False
) -> Column:
    part, departments = made.part, made.departments
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
    own = part.departments[figure] if not certain_only else None
    return made.column(
        key,
        f"{label}\n{CERTAIN}" if certain_only else label,
        8 if name in _LOOKS else 14,
        _LOOKS.get(name, "amount"),
        of_county=values(part.counties[key]),
        own=values(own) if own is not None else (),
        formula=formula,
        own_formula=made.same_as(figure) if own is not None else None,
        total=departments.live(
            figure_of(sure) if certain_only else whole, None if pd.isna(value) else float(value)
        ),
    )


def _doubt_column(made: _CountySheet, name: str) -> Column:
    """In how many lines of each county a figure is doubtful, and so left out beside it."""
    part, departments = made.part, made.departments
    figure = SCORE if name == MEAN_SCORE else name
    cells = departments.cells(figure)
    given = reached_scores(cells) if name == MEAN_SCORE else f"ISNUMBER({cells})"
    doubt = f"(1-{certain(part.form, departments.cells(KEY), [figure])})*{given}"
    counts = part.counties[f"{name}_doubtful"]
    return made.column(
        f"{name}_doubtful",
        f"{TITLE}\n家数",
        5,
        "count",
        of_county=values(counts),
        formula=lambda row: f"=SUMPRODUCT({_of_county(departments, row)}*{doubt})",
        total=departments.live(
            f'=SUMPRODUCT(({departments.cells("county")}<>"")*{doubt})', float(counts.sum())
        ),
    )


NOTES = (
    "各数由汇总表里本县区各单位的数算出：金额是合计，执行率按合计数算，自评平均分是自评得分的简单平均，不用复核得分。",
    "点左边的 + 展开本县区的各单位。单位的名次按采用得分，县内名次只在本县区里比；县区的总名次按自评平均分，在各县区里比。",
)
