"""Indicator rows: what each reached and lost, why, and how generous departments were to themselves.

A reason for lost points is sorted by the words in it: the form's groups of reasons are gone through from
the top, and the first of which a word occurs in the folded text takes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from workbook import text as texts
from workbook.form import ROW, KeyFields, ScoredRows, Section
from workbook.reading import Submission
from workbook.summary.amounts import sum_of
from workbook.summary.coverage import Round
from workbook.summary.expected_scores import EXPECTED, ExpectedScores
from workbook.summary.schemas import WHO

OTHER, NONE = "其他原因", "未写原因"
NEAR = 0.005
"""Half a unit of a score's last decimal: what is nearer is equal."""


def reason_group(text: str, reasons: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The group that a reason for lost points belongs to; `reasons` as `KeyFields.reasons`."""
    if texts.is_blank(text):
        return NONE
    folded = texts.fold(text)
    return next((name for name, words in reasons if any(w in folded for w in words)), OTHER)


# --- rows -----------------------------------------------------------------------------------------


def details_of(
    this_round: Round,
    section: Section,
    submissions: Sequence[Submission],
    frame: pd.DataFrame,
    expected_scores: ExpectedScores,
) -> pd.DataFrame:
    """See `FormSummary.details`; the submissions are of one form and at least one."""
    key_fields = submissions[0].form.key_fields
    by_key = {submission.key: submission for submission in submissions}
    senders = {key: this_round.department_of(key) for key in by_key}
    keys = frame.index.get_level_values("submission")
    field_ids = [item.id for item in section.of_grain(ROW) if item.id in frame.columns]
    first = key_fields.row_start(section)
    result = frame[field_ids].assign(
        county=pd.array([senders[key].county for key in keys], dtype="string"),
        code=pd.array([senders[key].code for key in keys], dtype="string"),
        department=pd.array([senders[key].department for key in keys], dtype="string"),
    )
    result = result[[*WHO, *field_ids]]
    for rows in key_fields.scored:
        if rows.section is section:
            result = _scored(result, rows, key_fields.reasons, expected_scores.rows.get(section.id))
    begins = [by_key[key].address_of(f"{section.id}.{first}", row) for key, row in frame.index]
    return result.assign(
        sheet=pd.array([at.sheet if at else None for at in begins], dtype="string"),
        cell=pd.array([at.a1 if at else None for at in begins], dtype="string"),
    )


def _scored(
    details: pd.DataFrame,
    rows: ScoredRows,
    reasons: Sequence[tuple[str, Sequence[str]]],
    rule_scores: pd.Series[float] | None,
) -> pd.DataFrame:
    weight, score = details[rows.weight], details[rows.score]
    expected = (
        rule_scores.reindex(details.index)
        if rule_scores is not None
        else pd.Series(pd.NA, index=details.index, dtype="Float64")
    )
    # A score that cannot be reached is none: nothing follows from it for what was attained.
    valid = score.between(-NEAR, weight + NEAR, inclusive="neither").fillna(value=False)
    lost = (weight - score).clip(lower=0).where(valid)
    slight = lost.fillna(0) < NEAR
    texts_ = _text(details, rows).fillna("").mask(slight, "")
    why = [reason_group(text, reasons) for text in texts_]
    return details.assign(
        **{EXPECTED: expected.astype("Float64")},
        rate=(score / weight.mask(weight == 0)).where(valid),
        lost=lost.mask(slight & lost.notna(), 0.0),
        above=_above(score, expected),
        reason=pd.Series(why, index=details.index, dtype="string").mask(slight),
    )


def _text(details: pd.DataFrame, rows: ScoredRows) -> pd.Series[str]:
    """The reasons as they were written; NA where the form does not ask for them."""
    if rows.reason:
        return details[rows.reason]
    return pd.Series(pd.NA, index=details.index, dtype="string")


def _above(score: pd.Series[float], expected: pd.Series[float]) -> pd.Series[float]:
    """By how much a score is above the rule's; negative if below, NA where the rule decides nothing."""
    gap = score - expected
    return gap.mask((gap.abs() < NEAR).fillna(value=False), 0.0).astype("Float64")


# --- by indicator ---------------------------------------------------------------------------------


def attainment_by(details: pd.DataFrame, scored: ScoredRows, by: Sequence[str]) -> pd.DataFrame:
    """A scored section's rows by some of its levels, in their order.

    rows; weight and score: sums over the rows that give both, the score within its weight, share their
    ratio; full: how many of those have all points, full_share; lost: points; reason: why most often (blank where no point was
    lost), reason_rows: how often.
    """
    both = details["lost"].notna()
    table = details[list(by)].assign(
        rows=1,
        given=both.astype("Int64"),
        weight=details[scored.weight].where(both),
        score=details[scored.score].where(both),
        full=(both & details["lost"].eq(0).fillna(value=False)).astype("Int64"),
        lost=details["lost"].where(both),
    )
    attained = table.groupby(list(by), sort=False).agg(
        rows=("rows", "sum"),
        given=("given", "sum"),
        weight=("weight", sum_of),
        score=("score", sum_of),
        full=("full", "sum"),
        lost=("lost", sum_of),
    )
    attained = attained.astype({**dict.fromkeys(("rows", "given", "full"), "Int64"),
                                **dict.fromkeys(("weight", "score", "lost"), "Float64")})  # fmt: skip
    attained = attained.assign(
        share=attained["score"] / attained["weight"].mask(attained["weight"] == 0),
        full_share=attained["full"] / attained["given"].mask(attained["given"] == 0),
    )
    often = _most_frequent(details, scored, by).reindex(attained.index)
    return attained.assign(
        reason=often["reason"].astype("string"), reason_rows=often["rows"].astype("Int64")
    )


def _most_frequent(details: pd.DataFrame, scored: ScoredRows, by: Sequence[str]) -> pd.DataFrame:
    """The reason that most rows give, index `by`; of equal ones that which cost more points."""
    counted = reasons(details, scored, by).reset_index()
    return counted.drop_duplicates(list(by)).set_index(list(by))[["reason", "rows"]]


def reasons(details: pd.DataFrame, scored: ScoredRows, by: Sequence[str] = ()) -> pd.DataFrame:
    """Why points were lost: index (`by`, `reason`), sorted, the most frequent first in each branch.

    rows, lost (points), share (of the rows that lost points), example (the longest text).
    """
    rows = details[details["reason"].notna()]
    table = rows[[*by, "reason", "lost"]].assign(example=_text(rows, scored))
    table["length"] = table["example"].str.len().fillna(0)
    # The longest text of a group comes first, and stands for it.
    table = table.sort_values("length", ascending=False, kind="stable")
    keys = [*by, "reason"]
    counted = table.groupby(keys).agg(
        rows=("reason", "size"), lost=("lost", sum_of), example=("example", "first")
    )
    counted = counted.astype(
        {"rows": "Int64", "lost": "Float64", "example": "string"}
    ).reset_index()
    rows_in_branch = (
        counted.groupby(list(by))["rows"].transform("sum") if by else counted["rows"].sum()
    )
    counted["share"] = (counted["rows"] / rows_in_branch).astype("Float64")
    counted = counted.sort_values(
        [*by, "rows", "lost", "reason"], ascending=[True] * len(by) + [False, False, True]
    )
    return counted.set_index(keys)[["rows", "lost", "share", "example"]]


def indicators_of(key_fields: KeyFields, details: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """See `FormSummary.indicators`."""
    depth = max((len(rows.section.levels) for rows in key_fields.scored), default=0)
    names = [f"level{n}" for n in range(1, depth + 1)]
    parts = []
    for rows in key_fields.scored:
        section = rows.section
        frame = details[section.id].copy()
        frame["section"] = pd.array([section.label] * len(frame), dtype="string")
        for name, level in zip(names, [*section.levels, *[""] * depth], strict=False):
            frame[name] = frame[level] if level else pd.array([""] * len(frame), dtype="string")
        parts.append(_in_form_order(section, attainment_by(frame, rows, ["section", *names])))
    if parts:
        return pd.concat(parts)
    columns = {
        **dict.fromkeys(("rows", "given", "full", "reason_rows"), "Int64"),
        **dict.fromkeys(("weight", "score", "lost", "share", "full_share"), "Float64"),
        "reason": "string",
    }
    empty = pd.DataFrame({name: pd.array([], dtype=dtype) for name, dtype in columns.items()})  # type: ignore[call-overload]
    return empty.rename_axis("section")


def _in_form_order(section: Section, frame: pd.DataFrame) -> pd.DataFrame:
    order = {group.path: position for position, group in enumerate(section.groups)}
    depth = len(section.levels)
    positions = [order.get(tuple(key[1 : 1 + depth]), len(order)) for key in frame.index]
    return frame.iloc[sorted(range(len(positions)), key=positions.__getitem__)]


# --- by department --------------------------------------------------------------------------------


def generosity(
    departments: pd.DataFrame, details: Mapping[str, pd.DataFrame], key_fields: KeyFields
) -> pd.DataFrame:
    """How generous each answered department was to itself, index `number` as in the departments.

    rows (with weight and a score within it), full, full_share (of rows); judged: the rows for which the rule gives
    a score, above and below: how many are scored higher or lower, above_points: by how much in all.
    """
    frames = [(details[rows.section.id], rows) for rows in key_fields.scored]
    lines = departments[departments["file"].isin(_submissions([frame for frame, _ in frames]))]
    table = pd.concat([row_generosity(frame) for frame, _ in frames]) if frames else pd.DataFrame()
    numbers = pd.Series(lines.index, index=lines["file"])
    columns = ["rows", "full", "judged", "above", "below", "above_points"]
    if table.empty:
        counts = pd.DataFrame(columns=columns, index=lines.index[:0])
    else:
        counts = table.groupby("submission", sort=False).agg("sum")
        counts.index = pd.Index(numbers.reindex(counts.index), name="number")
        counts = counts.reindex(lines.index)
    counts = counts.astype({**dict.fromkeys(columns[:5], "Int64"), "above_points": "Float64"})
    named_lines = lines[[c for c in (*WHO, "project") if c in lines.columns]]
    return named_lines.join(counts).assign(
        full_share=(counts["full"] / counts["rows"].mask(counts["rows"] == 0)).astype("Float64")
    )


def _submissions(details: Sequence[pd.DataFrame]) -> set[str]:
    return {str(key) for f in details for key in f.index.get_level_values("submission").unique()}


def row_generosity(details: pd.DataFrame) -> pd.DataFrame:
    """What `generosity` adds up, row by row: counts as 1 or 0, points above the rule."""
    both = details["lost"].notna()
    above = details["above"]
    return pd.DataFrame(
        {
            "rows": both.astype("Int64"),
            "full": (both & details["lost"].eq(0).fillna(value=False)).astype("Int64"),
            "judged": above.notna().astype("Int64"),
            "above": above.gt(0).fillna(value=False).astype("Int64"),
            "below": above.lt(0).fillna(value=False).astype("Int64"),
            "above_points": above.clip(lower=0).fillna(0.0).astype("Float64"),
        },
        index=details.index,
    )
