"""指标分析: attainment by indicator, why points were lost, how generous departments were to themselves.

Every figure is a formula over 指标明细; what it shows is what `workbook.summary.attainment` worked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from builder.sheets import (
    BlockSheet,
    Book,
    Heading,
    Listed,
    Live,
    Value,
    new_sheet,
    ratio,
    ratio_value,
)
from workbook.expression import literal
from workbook.form import ScoredRows, Section
from workbook.summary import (
    NONE,
    OTHER,
    FormSummary,
    attainment_by,
    figure_or_none,
    reasons,
    row_generosity,
)

_WIDTHS = (20, 48, 9, 11, 11, 10, 9, 10, 10, 30)
_LOOKS = ("center", "center", "count", "score", "score", "rate", "count", "rate", "score", "text")

Branch = tuple[str, ...]


def write_analysis(
    book: Book, heading: Heading, part: FormSummary, details: Mapping[str, Listed]
) -> dict[str, dict[Branch, int]]:
    """The blocks of every scored section; returns the row of each branch, by section, for charts."""
    page = BlockSheet(book, new_sheet(book, heading, len(_WIDTHS)), _WIDTHS)
    # On one page: a block's title would else stand alone at the foot of the first.
    page.sheet.fit_to_pages(1, 1)
    branch_rows = {}
    for scored in part.key_fields.scored:
        section = scored.section
        listed, frame = details[section.id], part.details[section.id]
        branch_rows[section.id] = _write_indicators(page, scored, frame, listed)
        _write_reasons(page, part, scored, listed)
        _write_generosity(page, part, scored, frame, listed)
    if not part.key_fields.scored:
        page.note("这张表没有计分的指标。")
    return branch_rows


# --- by indicator ---------------------------------------------------------------------------------


def _write_indicators(
    page: BlockSheet, scored: ScoredRows, frame: pd.DataFrame, listed: Listed
) -> dict[Branch, int]:
    """A line for each branch; the first level's line under those of its second."""
    section = scored.section
    page.block(
        f"{section.label}得分情况",
        *("一级指标", "二级指标", "指标数", "分值", "自评得分", "得分率"),
        *("满分项数", "满分占比", "失分", "失分原因（最多的）"),
    )
    levels = section.levels[:2]
    attainments: dict[Branch, Mapping[str, object]] = {}
    for depth in range(1, len(levels) + 1):
        attainments |= _attainment_by_branch(frame, scored, levels[:depth])
    rows = {}
    for branch in _branches(section, len(levels)):
        if branch in attainments:
            rows[branch] = page.row
            _write_branch(page, listed, scored, levels, branch, attainments[branch])
    overall = _attainment_by_branch(frame.assign(every=""), scored, ("every",))
    if overall:
        rows[()] = page.row
        _write_branch(page, listed, scored, (), (), overall[("",)])
    page.note(
        "得分率＝自评得分合计÷分值合计；满分占比＝得满分的项数÷填了分值和得分的项数。得分不在 0 到分值之间的不计入。"
    )
    return rows


def _attainment_by_branch(
    frame: pd.DataFrame, scored: ScoredRows, levels: Sequence[str]
) -> dict[Branch, Mapping[str, object]]:
    table = attainment_by(frame, scored, levels)
    keys = [key if isinstance(key, tuple) else (key,) for key in table.index]
    records: list[Mapping[str, object]] = table.to_dict("records")  # type: ignore[assignment]
    return dict(zip(keys, records, strict=True))


def _branches(section: Section, depth: int) -> list[Branch]:
    """The section's branches in the form's order, each branch after what hangs on it."""
    order: dict[Branch, None] = {}
    for top in dict.fromkeys(group.path[:1] for group in section.groups):
        branches = [group.path[:depth] for group in section.groups if group.path[:1] == top]
        order |= dict.fromkeys([*branches, top])
    return list(order)


def _matches(text: str) -> str:
    """A criterion of COUNTIFS that only this text meets: its wildcards are taken literally."""
    escaped = text.replace("~", "~~").replace("*", "~*").replace("?", "~?")
    return literal(f"={escaped}")


_A_NUMBER = '">=-1E+300"'
"""A criterion that every number meets, and nothing else."""


def _write_branch(
    page: BlockSheet,
    listed: Listed,
    scored: ScoredRows,
    levels: Sequence[str],
    branch: Branch,
    attainment: Mapping[str, object],
) -> None:
    """One line: sums over the rows that give a weight and a score within it, and so have lost points, or 0."""
    weight, score, lost = (listed.cells(key) for key in (scored.weight, scored.score, "lost"))
    chosen = "".join(
        f",{listed.cells(level)},{_matches(key)}"
        for level, key in zip(levels, branch, strict=False)
    )
    rows = f"=COUNTIFS({chosen.lstrip(',')})" if chosen else f"=ROWS({weight})"
    both_given = f"{lost},{_A_NUMBER}{chosen}"
    words: list[Value] = [*branch, "小计"][:2] if branch else ["合计", None]  # type: ignore[assignment]
    row = page.row
    given_count = f"COUNTIFS({both_given})"
    full = listed.live(f"=COUNTIFS({lost},0{chosen})", figure_or_none(attainment["full"]))
    cells: list[Value | Live] = [
        *words,
        listed.live(rows, figure_or_none(attainment["rows"])),
        listed.live(f"=SUMIFS({weight},{both_given})", figure_or_none(attainment["weight"]) or 0.0),
        listed.live(f"=SUMIFS({score},{both_given})", figure_or_none(attainment["score"]) or 0.0),
        Live(ratio(f"E{row}", f"D{row}"), figure_or_none(attainment["share"])),
        full,
        listed.live(
            f'=IF({given_count}=0,"",G{row}/{given_count})',
            figure_or_none(attainment["full_share"]),
        ),
        listed.live(f"=SUMIFS({lost},{both_given})", figure_or_none(attainment["lost"]) or 0.0),
        _commonest_reason(attainment),
    ]
    page.line(cells, _LOOKS, total=len(branch) < 2)


def _commonest_reason(attainment: Mapping[str, object]) -> Value:
    reason, rows = attainment["reason"], figure_or_none(attainment["reason_rows"])
    return None if rows is None else f"{reason}（{rows:.0f} 项）"


# --- why points were lost -------------------------------------------------------------------------


def _write_reasons(page: BlockSheet, part: FormSummary, scored: ScoredRows, listed: Listed) -> None:
    by_reason = reasons(part.details[scored.section.id], scored)
    page.block("失分原因", "原因", "归类依据：原因一栏含有的字词", "项数", "占比", "失分")
    first, keywords_by_reason = (
        page.row,
        dict(part.key_fields.reasons)
        | {OTHER: ("写了原因，不含以上字词",), NONE: ("原因一栏空白",)},
    )
    last = first + len(keywords_by_reason) - 1
    lost, reason = listed.cells("lost"), listed.cells("reason")
    total = float(by_reason["rows"].sum())
    looks = ("center", "text", "count", "rate", "score")
    for name, keywords in keywords_by_reason.items():
        row = page.row
        count = float(by_reason["rows"].get(name, 0))
        points = float(by_reason["lost"].get(name, 0.0))
        page.line(
            [
                name,
                "、".join(keywords),
                listed.live(f"=COUNTIF({reason},{_matches(name)})", count),
                Live(ratio(f"C{row}", f"C${last + 1}"), ratio_value(count, total)),
                listed.live(f"=SUMIF({reason},{_matches(name)},{lost})", points),
            ],
            looks,
            grows=True,
        )
    row = page.row
    page.line(
        ["合计", None, Live(f"=SUM(C{first}:C{last})", total),
         Live(ratio(f"C{row}", f"C{row}"), ratio_value(total, total)),
         Live(f"=SUM(E{first}:E{last})", float(by_reason["lost"].sum()))],
        looks, total=True,
    )  # fmt: skip
    page.note("一条原因只归一类：从上往下，含有哪一类的字词就归哪一类。原文见指标明细。")


# --- how generous ---------------------------------------------------------------------------------


def _write_generosity(
    page: BlockSheet,
    part: FormSummary,
    scored: ScoredRows,
    frame: pd.DataFrame,
    listed: Listed,
) -> None:
    """How often full marks were taken, and scores against the rule."""
    generosity = part.generosity
    page.block("自评宽严", "项目", "说明", "数量", "占比")
    above, lost = listed.cells("above"), listed.cells("lost")
    counts = row_generosity(frame).sum().astype(float)
    scored_count, full, judged = (counts[name] for name in ("rows", "full", "judged"))
    higher, lower, points = (counts[name] for name in ("above", "below", "above_points"))
    first = page.row
    lines = (
        ("评分的指标", "得分在 0 到分值之间", f"=COUNT({lost})", scored_count, None),
        ("得满分", "得分不低于分值", f"=COUNTIF({lost},0)", full, (first, scored_count)),
        (
            "可按规则核算",
            "指标值、完成值是同单位的数",
            f"=COUNT({above})",
            judged,
            (first, scored_count),
        ),
        ("高于规则", "得分高于核算的得分", f'=COUNTIF({above},">0")', higher, (first + 2, judged)),
        ("低于规则", "得分低于核算的得分", f'=COUNTIF({above},"<0")', lower, (first + 2, judged)),
    )
    looks = ("center", "text", "count", "rate")
    for label, why, formula, value, base in lines:
        share = None
        if base is not None:
            share = Live(ratio(f"C{page.row}", f"C{base[0]}"), ratio_value(value, base[1]))
        page.line([label, why, listed.live(formula, value), share], looks)
    page.line(
        ["高于规则的分数", "合计", listed.live(f'=SUMIF({above},">0")', points), None],
        ("center", "text", "score", "rate"),
    )
    all_full = float(generosity["full_share"].eq(1).sum())
    page.line(
        [
            "全部满分的份数",
            "每一项都得满分",
            all_full,
            ratio_value(all_full, float(len(generosity))),
        ],
        looks,
    )
    page.note("各单位的满分率、高于规则的项数和分数见抽查复核名单；逐项见指标明细“高于规则”列。")
