"""部门汇总: one line a department: how much, how well, what is wrong; and where reviewers type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from builder import styles
from builder.sheets import (
    FIRST_ROW,
    Book,
    Column,
    Heading,
    Links,
    Listed,
    Live,
    Value,
    done,
    inside,
    values,
    write_list,
)
from builder.summary.doubt import NOTE, doubt_column, doubt_fills, with_certain_totals
from builder.summary.lists import department_columns, file_names, open_column
from builder.summary.rates import rate_of_line, rate_of_sums
from builder.summary.returns import STATUS_FILLS
from workbook.address import letters
from workbook.form import KeyFields
from workbook.overview import reading_notes
from workbook.summary import (
    DECIMALS,
    HEADS,
    HIGHEST_SCORE,
    INVALID,
    FormSummary,
    Status,
    Summary,
    first_sources,
    shown_grades,
    sources_by_figure,
)

LONGEST_REMARK = 500
REVIEW, REMARK = HEADS["score"], HEADS["remark"]
"""The heads of the columns that people type into; `workbook.summary.reviews` reads them back."""


def write_departments(
    book: Book,
    heading: Heading,
    part: FormSummary,
    cutoffs: Mapping[str, str],
    links: Links,
    sources: str,
) -> Listed:
    """The departments' lines; `sources` is the sheet that tells where each figure came from, blank
    if there is none."""
    frame = part.departments
    columns = _identity_columns(frame)
    columns += _figure_columns(frame, part, len(columns), cutoffs, links)
    columns += _count_columns(frame)
    columns += doubt_column(part.form, frame, columns)
    if part.key_fields.score is not None:
        columns.append(Column("remark", REMARK, 14, values(frame["remark"]), "remark"))
    if sources:
        columns.append(_source_column(part, sources))
    columns.append(open_column(frame["file"], links))
    summed = [
        name for name in (*part.key_fields.amounts, "execution_rate") if name in part.totals.index
    ]
    sums = {name: ([name], _figure(part, name, "certain")) for name in summed}
    listed = write_list(book, heading, with_certain_totals(part.form, columns, sums))
    _limit_entries(listed)
    return listed


def write_unread(book: Book, name: str, summary: Summary, links: Links) -> Listed:
    """The departments' lines where not one return was read."""
    heading = Heading(name, "绩效自评汇总表", "没有一份可以汇总的自评表", frozen=4)
    frame = summary.coverage
    files = Column("file", "文件", 40, file_names(frame["file"]))
    return write_list(
        book, heading, [*_identity_columns(frame), open_column(frame["file"], links), files]
    )


def _identity_columns(frame: pd.DataFrame) -> list[Column]:
    statuses = [Status(status) for status in frame["status"]]
    return [
        Column("number", "序号", 5, [float(n) for n in frame.index], "center"),
        Column("status", "状态", 7, [s.chinese for s in statuses], "center",
               fills=[STATUS_FILLS[s] for s in statuses]),
        *department_columns(frame, (9, 22), total="合计"),
    ]  # fmt: skip


def _count_columns(frame: pd.DataFrame) -> list[Column]:
    columns = []
    for key, title in (("errors", "错误"), ("warnings", "提醒")):
        counts = frame[key].fillna(0)
        fills = [styles.ERROR_FILL if key == "errors" and count > 0 else "" for count in counts]
        total = Live("=SUM({cells})", float(counts.sum()))
        columns.append(Column(key, title, 5, values(frame[key]), "count", None, total, fills))
    return columns


def _source_column(part: FormSummary, sources: str) -> Column:
    """A link to a department's first line on the sheet of the sources."""
    first = first_sources(part.sources)
    rows = [
        first[number] + FIRST_ROW if number in first else None for number in part.departments.index
    ]
    link_texts: list[Value] = ["查看" if row else None for row in rows]
    targets = [inside(sources, f"A{row}") if row else "" for row in rows]
    return Column("whence", "来源", 5, link_texts, "center", links=targets, link_only=True)


def _figure_columns(
    frame: pd.DataFrame, part: FormSummary, before: int, cutoffs: Mapping[str, str], links: Links
) -> list[Column]:
    """The amounts, the rate, the scores, grade and rank; they stand after `before` other columns."""
    key_fields = part.key_fields
    columns: list[Column] = []
    if key_fields.project is not None:
        columns.append(Column("project", HEADS["project"], 26, values(frame["project"])))
    links_by_figure = _links_by_figure(part, links)
    for key, item in key_fields.amounts.items():
        total = Live('=IF(COUNT({cells})=0,"",SUM({cells}))', _figure(part, key))
        columns.append(
            Column(
                key,
                item.label,
                13,
                values(frame[key]),
                "amount",
                None,
                total,
                fills=doubt_fills(frame, key),
                links=links_by_figure.get(key, ()),
            )
        )
    letter_of = {column.key: letters(before + n) for n, column in enumerate(columns, 1)}
    if key_fields.rate is not None:
        columns.append(_rate_column(frame, part, letter_of))
    if key_fields.score is not None:
        columns += _score_columns(
            frame,
            key_fields,
            before + len(columns),
            cutoffs,
            links_by_figure.get("total_score", ()),
        )
    return columns


def _links_by_figure(part: FormSummary, links: Links) -> dict[str, list[str]]:
    """By figure: where each department's line leads to in its return."""
    links_by_figure = {}
    for figure, rows in sources_by_figure(part.sources):
        targets = links.all(rows["path"], rows["sheet"], rows["cell"])
        by_number = dict(zip(rows["number"], targets, strict=True))
        links_by_figure[figure] = [by_number.get(number, "") for number in part.departments.index]
    return links_by_figure


def _score_columns(
    frame: pd.DataFrame,
    key_fields: KeyFields,
    before: int,
    cutoffs: Mapping[str, str],
    score_links: Sequence[str],
) -> list[Column]:
    self_score, review, counted = (letters(before + n) for n in (1, 2, 3))
    last = FIRST_ROW + max(len(frame), 1) - 1
    counted_cells = f"${counted}${FIRST_ROW}:${counted}${last}"

    def counts(row: int) -> str:
        own = f"ROUND({self_score}{row},{DECIMALS})"
        valid = f"AND({own}>=0,{own}<={HIGHEST_SCORE:g})"
        own_or_none = f'IF(ISNUMBER({self_score}{row}),IF({valid},{own},""),"")'
        return f"=IF(ISNUMBER({review}{row}),ROUND({review}{row},{DECIMALS}),{own_or_none})"

    def rank(row: int) -> str:
        return f'=IF(ISNUMBER({counted}{row}),COUNTIF({counted_cells},">"&{counted}{row})+1,"")'

    return [
        Column("total_score", "自评得分", 8, values(frame["total_score"]), "score",
               fills=doubt_fills(frame, "total_score"), links=score_links),
        Column("review_score", REVIEW, 8, values(frame["review_score"]), "input"),
        Column("counted_score", "采用得分", 8, values(frame["counted_score"]), "score", counts),
        Column("grade", "等次", 8, values(shown_grades(frame)), "center",
               lambda row: _grade(f"{counted}{row}", f"{self_score}{row}", key_fields, cutoffs)),
        Column("rank", "名次", 5, values(frame["rank"]), "count", rank, across=True),
    ]  # fmt: skip


def _grade(score: str, own: str, key_fields: KeyFields, cutoffs: Mapping[str, str]) -> str:
    grade = grade_of(score, key_fields, cutoffs)
    return f'=IF(ISNUMBER({score}),{grade},IF(ISNUMBER({own}),"{INVALID}",""))'


def grade_of(score: str, key_fields: KeyFields, cutoffs: Mapping[str, str]) -> str:
    """The grade of a score that is one, as an expression; `cutoffs` are the cells of 参数."""
    text = f'"{key_fields.lowest_grade}"'
    for name, _ in reversed(key_fields.grades):
        text = f'IF({score}>={cutoffs[name]},"{name}",{text})'
    return text


def _rate_column(frame: pd.DataFrame, part: FormSummary, letter_of: Mapping[str, str]) -> Column:
    """`letter_of` has the letters of the amounts' columns."""
    last = FIRST_ROW + max(len(frame), 1) - 1

    def column(name: str) -> str:
        return f"{letter_of[name]}{FIRST_ROW}:{letter_of[name]}{last}"

    return Column(
        "execution_rate",
        "执行率",
        9,
        values(frame["execution_rate"]),
        "rate",
        lambda row: rate_of_line(part.form, lambda name: f"{letter_of[name]}{row}"),
        Live(rate_of_sums(part.form, column), _figure(part, "execution_rate")),
        fills=doubt_fills(frame, "execution_rate"),
    )


def _figure(part: FormSummary, name: str, column: str = "value") -> float | None:
    value = part.totals.loc[name, column]
    return None if pd.isna(value) else float(value)  # type: ignore[arg-type]


def _limit_entries(departments: Listed) -> None:
    """Limit what may be typed as a reviewed score and as a remark."""
    first, last = FIRST_ROW - 1, departments.last_row - 1
    score = {
        "validate": "decimal",
        "criteria": "between",
        "minimum": 0,
        "maximum": HIGHEST_SCORE,
        "ignore_blank": True,
        "input_title": REVIEW,
        "input_message": "抽查复核后填写；填了以后，等次、名次按复核得分评定。",
        "error_title": REVIEW,
        "error_message": f"请填 0 到 {HIGHEST_SCORE:g} 之间的数。",
    }
    remark = {
        "validate": "length",
        "criteria": "<=",
        "value": LONGEST_REMARK,
        "error_title": REMARK,
        "error_message": f"请不要超过 {LONGEST_REMARK} 字。",
    }
    for key, options in (("review_score", score), ("remark", remark)):
        column = departments.columns.get(key)
        if column is not None:
            done(departments.sheet.data_validation(first, column - 1, last, column - 1, options))


def notes(part: FormSummary, left_out: str = "") -> list[str]:
    """What stands below the departments' lines; `left_out` is `Summary.left_out`."""
    sentences = reading_notes(part)
    if part.totals["doubtful"].any():
        sentences.append(NOTE)
    if part.key_fields.score is not None:
        sentences.append(
            "采用得分：有复核得分的按复核得分，没有的按自评得分，四舍五入到两位小数；等次、名次按采用得分，分数线见“参数”。"
            "自评得分不在 0 到 100 分之间的是得分无效，复核以后才有采用得分。"
        )
    sentences.append(
        left_out or "点数字打开该单位表中的那一格，点“打开”打开整份表，点“查看”看每个数的出处。"
    )
    return sentences
