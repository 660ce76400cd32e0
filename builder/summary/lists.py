"""The summary's lists of a form: funds by department, indicator rows, where each figure came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

import pandas as pd

from builder import styles
from builder.sheets import Book, Column, Heading, Links, Listed, Live, Value, values, write_list
from builder.summary.doubt import doubt_column, doubt_fills, with_certain_totals
from workbook.address import letters
from workbook.form import ROW, Field, ScoredRows, Section
from workbook.summary import (
    CENT,
    FINEST,
    HEADS,
    LEVEL_NAMES,
    NEAR,
    ORIGINS,
    FormSummary,
    is_doubtful,
    sum_of,
)


def file_names(paths: pd.Series[str]) -> list[Value]:
    """The names of files without their folders, one a line."""
    return [
        "\n".join(PurePath(path).name for path in several.split("\n"))
        for several in paths.fillna("")
    ]


def department_columns(
    frame: pd.DataFrame,
    widths: tuple[float, float],
    *,
    code: str = "code",
    total: str | None = None,
) -> list[Column]:
    """Who it is, the budget code in the frame's column `code`: before it the county, if any is known."""
    columns = [
        Column("code", HEADS["code"], widths[0], values(frame[code]), "center"),
        Column(
            "department", HEADS["department"], widths[1], values(frame["department"]), total=total
        ),
    ]
    return [*county_columns(frame), *columns]


def county_columns(frame: pd.DataFrame) -> list[Column]:
    """The column of counties; none where no county is known."""
    if not frame["county"].fillna("").ne("").any():
        return []
    return [Column("county", HEADS["county"], 10, values(frame["county"]), "center")]


def order_column(count: int) -> Column:
    """The numbers of a list's lines, from 1."""
    return Column("number", "序号", 6, [float(n) for n in range(1, count + 1)], "center")


def open_column(paths: Iterable[str | None], links: Links) -> Column:
    """A column of links to returns. A name is no good place for one: LibreOffice cuts long links off."""
    targets = links.all(paths)
    link_texts: list[Value] = ["打开" if target else None for target in targets]
    return Column("open", "原表", 6, link_texts, "center", links=targets, link_only=True)


def write_composition(book: Book, heading: Heading, part: FormSummary, links: Links) -> Listed:
    """The parts of the funds, one line a department that answered, against what they should make up."""
    frame = part.composition
    lines = part.departments.reindex(frame.index)
    columns = [order_column(len(frame)), *department_columns(frame, (11, 26), total="合计")]
    if "project" in frame.columns:
        columns.append(Column("project", "项目名称", 26, values(frame["project"])))
    for breakdown in part.key_fields.breakdowns:
        first = len(columns) + 1
        columns += [
            _amount_column(
                item.id, item.label.replace("·", "\n"), frame[item.id], doubt_fills(lines, item.id)
            )
            for item in breakdown.parts
        ]
        span = letters(first), letters(len(columns))
        made_up = frame[f"{breakdown.key}_total"]
        columns.append(_made_up_column(f"{breakdown.key}_total", breakdown.heading, made_up, span))
        label = part.key_fields.amounts[breakdown.whole].label
        columns.append(
            _amount_column(
                f"{breakdown.key}_{breakdown.whole}",
                label,
                lines[breakdown.whole],
                doubt_fills(lines, breakdown.whole),
            )
        )
        columns.append(
            _difference_column(breakdown.key, frame[f"{breakdown.key}_difference"], len(columns))
        )
    sums = _certain_sums(part, lines)
    columns += doubt_column(part.form, lines, columns)
    columns.append(open_column(frame["file"], links))
    return write_list(book, heading, with_certain_totals(part.form, columns, sums))


def _certain_sums(
    part: FormSummary, lines: pd.DataFrame
) -> dict[str, tuple[Sequence[str], float | None]]:
    """By column what its total rests on, and the total without doubtful figures."""
    frame = part.composition
    sums: dict[str, tuple[Sequence[str], float | None]] = {}
    for breakdown in part.key_fields.breakdowns:
        whole, ids = breakdown.whole, [item.id for item in breakdown.parts]
        amounts = {item: ([item], frame[item]) for item in ids}
        amounts[f"{breakdown.key}_total"] = ids, frame[f"{breakdown.key}_total"]
        amounts[f"{breakdown.key}_{whole}"] = [whole], lines[whole]
        for key, (figures, column) in amounts.items():
            doubts = pd.concat([is_doubtful(lines, figure) for figure in figures], axis=1)
            sums[key] = figures, _sum_or_none(column.mask(doubts.any(axis=1)))
    return sums


def _amount_column(
    key: str, title: str, amounts: pd.Series[float], fills: Sequence[str] = ()
) -> Column:
    total = Live('=IF(COUNT({cells})=0,"",SUM({cells}))', _sum_or_none(amounts))
    return Column(key, title, 14, values(amounts), "amount", None, total, fills=fills)


def _made_up_column(
    key: str, title: str, amounts: pd.Series[float], span: tuple[str, str]
) -> Column:
    total = Live('=IF(COUNT({cells})=0,"",SUM({cells}))', _sum_or_none(amounts))

    def formula(row: int) -> str:
        cells = f"{span[0]}{row}:{span[1]}{row}"
        return f'=IF(COUNT({cells})=0,"",SUM({cells}))'

    return Column(key, f"{title}\n合计", 14, values(amounts), "amount", formula, total)


def _difference_column(key: str, gaps: pd.Series[float], before: int) -> Column:
    """The parts' sum less what they should make up, which stand in the two columns before."""
    made_up, expected = letters(before - 1), letters(before)
    fills = [styles.ERROR_FILL if abs(gap) >= CENT else "" for gap in gaps.fillna(0)]
    return Column(
        f"{key}_difference",
        "差额",
        12,
        values(gaps),
        "amount",
        lambda row: (
            f'=IF(COUNT({made_up}{row},{expected}{row})<2,"",'
            f"ROUND({made_up}{row}-{expected}{row},{FINEST}))"
        ),
        Live('=IF(COUNT({cells})=0,"",SUM({cells}))', _sum_or_none(gaps)),
        fills,
    )


def _sum_or_none(amounts: pd.Series[float]) -> float | None:
    return sum_of(amounts) if amounts.notna().any() else None


def write_details(
    book: Book, heading: Heading, part: FormSummary, section: Section, links: Links
) -> Listed:
    """Every row in which a department filled something in, with the cell where it begins."""
    frame = part.details[section.id]
    paths = frame.index.get_level_values("submission")
    columns = department_columns(frame, (10, 26))
    scored = next((rows for rows in part.key_fields.scored if rows.section is section), None)
    for item in section.of_grain(ROW):
        if item.id not in frame.columns or item.is_hidden:
            continue
        columns.append(_detail_column(item, frame[item.id], section))
        if scored is not None and item.id == scored.score:
            columns += _scored_columns(frame, scored, [column.key for column in columns])
    if "reason" in frame.columns:
        columns.append(Column("reason", "失分原因", 14, values(frame["reason"]), "center"))
    targets = links.all(paths, frame["sheet"], frame["cell"])
    columns.append(Column("cell", "位置", 8, values(frame["cell"]), "center", links=targets))
    return write_list(book, heading, columns)


def _detail_column(item: Field, column: pd.Series[Any], section: Section) -> Column:
    if item.id in section.levels:
        level = section.levels.index(item.id)
        width = 19 if level else 13
        return Column(item.id, LEVEL_NAMES[level], width, values(column), "center")
    return Column(item.id, item.label, item.kind.list_width, values(column), item.kind.look)


def _scored_columns(frame: pd.DataFrame, scored: ScoredRows, keys: list[str]) -> list[Column]:
    """Share, lost points, the rule's score and the difference, beside weight and score."""
    weight, score = (letters(keys.index(name) + 1) for name in (scored.weight, scored.score))
    expected = letters(len(keys) + 3)

    def of_valid(row: int, value: str) -> str:
        own, most = f"{score}{row}", f"{weight}{row}"
        valid = f"AND({own}>{-NEAR},{own}<{most}+{NEAR})"
        return f'=IF(COUNT({most},{own})<2,"",IF({valid},{value},""))'

    def lost(row: int) -> str:
        gap = f"{weight}{row}-{score}{row}"
        return of_valid(row, f"IF({gap}<{NEAR},0,ROUND({gap},{FINEST}))")

    def above(row: int) -> str:
        gap = f"{score}{row}-{expected}{row}"
        return f'=IF(COUNT({score}{row},{expected}{row})<2,"",IF(ABS({gap})<{NEAR},0,ROUND({gap},{FINEST})))'

    def rate(row: int) -> str:
        return of_valid(row, f'IF({weight}{row}=0,"",{score}{row}/{weight}{row})')

    higher = [styles.WARNING_FILL if gap > 0 else "" for gap in frame["above"].fillna(0)]
    return [
        Column("rate", "得分率", 9, values(frame["rate"]), "rate", rate),
        Column("lost", "失分", 7, values(frame["lost"]), "gap", lost),
        Column("expected_score", "规则\n得分", 8, values(frame["expected_score"]), "score"),
        Column("above", "高于\n规则", 8, values(frame["above"]), "gap", above, fills=higher),
    ]


def write_sources(book: Book, heading: Heading, part: FormSummary, links: Links) -> Listed:
    """The cell of the return in which each figure of a department's line stands."""
    frame = part.sources
    targets = links.all(frame["path"], frame["sheet"], frame["cell"])
    rates = {"execution_rate"}
    columns = [
        Column("number", "序号", 6, values(frame["number"]), "center"),
        *department_columns(frame, (12, 28)),
    ]
    if part.key_fields.project is not None:
        columns.append(Column("project", "项目名称", 26, values(frame["project"])))
    figure_texts = [
        f"{value:.2%}" if figure in rates and isinstance(value, float) else value
        for figure, value in zip(frame["figure"], values(frame["value"]), strict=True)
    ]
    columns += [
        Column("label", "数据", 26, values(frame["label"])),
        Column("value", "数值", 16, figure_texts, "amount"),
        Column("origin", "来历", 16, [ORIGINS[origin] for origin in frame["origin"]], "center"),
        Column("raw", "表中所填", 18, values(frame["raw"])),
        Column("sheet", "表", 12, values(frame["sheet"]), "center"),
        Column("cell", "单元格", 9, values(frame["cell"]), "center", links=targets),
        Column("file", "文件", 40, file_names(frame["path"])),
    ]
    return write_list(book, heading, columns)
