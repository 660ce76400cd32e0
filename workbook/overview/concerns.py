"""The few things that most need attention, each a sentence that follows from the figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from workbook.catalogue import CATALOGUE, SEVERITY_ORDER, Severity
from workbook.expression import number_text
from workbook.overview.answering import asked, tells_projects
from workbook.overview.once import once
from workbook.overview.spread import by_rate, rate_threshold
from workbook.summary import (
    CENT,
    HIGHEST_SCORE,
    FormSummary,
    Status,
    Summary,
    answered,
    full_names,
    invalid,
    sum_of,
    worded_rate,
)

UNIT_SLIP = 1000.0
"""Amounts of one return that differ by this factor are in different units, where the form sets no
`unit_slip`."""
_LARGE = "settings.large_amount"
"""What the form's rule for amounts that are too large to be in 万元 asks."""
NAMED = 3
"""A sentence names no more departments than this."""
DUE = frozenset({"missing", "rejected", "missing_projects", "rejected_projects"})
"""The keys of what is still due; the rest is what went wrong."""
THINGS = 3
"""So many things are put before the leader."""


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing that needs attention, as a sentence; by which criterion, and whom it concerns."""

    key: str
    criterion: str
    sentence: str
    numbers: tuple[int, ...] = ()
    """The departments concerned: of `Summary.coverage` where the key is `missing`, `rejected` or
    `late`, else of the form's departments; the gravest first."""


def attention(summary: Summary, part: FormSummary | None = None) -> tuple[Attention, ...]:
    """All that needs attention in one form (the main one by default), in a fixed order of gravity.

    Amounts that seem to be in another unit or that the roster tells otherwise, who has not answered or was
    sent back, which projects, scores that cannot be, errors, low execution, funds that do not agree, scores above the rule,
    who was late, the weakest indicator.
    The first `THINGS` are what a leader is shown.
    """
    return _all_things(summary, part or summary.main)


@once
def _all_things(summary: Summary, part: FormSummary | None) -> tuple[Attention, ...]:
    candidates: list[Attention | None] = []
    if part is not None:
        candidates += [_unit_slip(summary, part), _unlike_roster(summary, part)]
    if part is summary.main:
        candidates += [_missing(summary), _rejected(summary)]
    if tells_projects(summary, part):
        candidates += [_missing_projects(summary), _rejected_projects(summary)]
    if part is not None:
        candidates += [_invalid(part), _errors(summary, part), _low_rate(part), _disagreement(part)]
        candidates.append(_above(part))
    if part is summary.main:
        candidates.append(_late(summary))
    if part is not None:
        candidates.append(_weakest(part))
    return tuple(item for item in candidates if item is not None)


def named(frame: pd.DataFrame, words: pd.Series[str] | None = None) -> str:
    """The first few departments of a frame by name, each with its words where there are some."""
    names = full_names(frame)
    if "project" in frame.columns:
        names = frame["project"].fillna(names)
    named = (names if words is None else names + words).head(NAMED).tolist()
    return "、".join(named) + ("等" if len(frame) > NAMED else "")


def _amounts(before: str, amounts: pd.Series[float]) -> pd.Series[str]:
    return amounts.map(lambda amount: f"{before}{amount:,.2f} 万元）").astype("string")


def _numbers(frame: pd.DataFrame) -> tuple[int, ...]:
    return tuple(int(number) for number in frame.index)


def _unit_slip(summary: Summary, part: FormSummary) -> Attention | None:
    """Departments one of whose amounts is so many times another, or so large, that it must be in 元."""
    lines = answered(part.departments)
    amounts = lines[list(part.key_fields.amounts)]
    positive = amounts.where(amounts > 0)
    times = float(part.form.settings.get("unit_slip", UNIT_SLIP))
    largest = positive.max(axis=1)
    too_large = lines["file"].isin(_too_large(summary, part))
    slipped = lines[(largest >= times * positive.min(axis=1)).fillna(value=False) | too_large]
    if part.key_fields.rate is None or slipped.empty:
        return None
    slipped = slipped.assign(largest=largest).sort_values("largest", ascending=False, kind="stable")
    names = named(slipped, _amounts("（", slipped["largest"]))
    sentence = f"{len(slipped)} 份表的金额疑似按元填写，合计因此失真，请先核对：{names}。"
    criterion = (
        f"年初预算、全年预算、全年执行中最大的是最小的 {times:,.0f} 倍以上，或者检查提醒金额特别大，"
        "按最大的金额"
    )
    return Attention("unit", criterion, sentence, _numbers(slipped))


def _too_large(summary: Summary, part: FormSummary) -> pd.Series[str]:
    """The files that the form's rule finds too large, unless the bureau accepted it."""
    codes = [rule.code for rule in part.form.rules if _LARGE in rule.source]
    findings = summary.findings
    open_ones = findings["code"].isin(codes) & (findings["severity"] != Severity.NOTE)
    return findings.loc[open_ones, "path"]


def _unlike_roster(summary: Summary, part: FormSummary) -> Attention | None:
    """Lines whose amount the roster tells otherwise, by how far apart the two are."""
    lines = answered(part.departments)
    findings = summary.findings
    findings = findings[(findings["code"] == "A508") & findings["path"].isin(lines["file"])]
    findings = findings[findings["severity"] != Severity.NOTE]  # accepted by the bureau
    if findings.empty:
        return None
    # Of very many returns a finding has but its code.
    amounts = findings[["printed", "expected"]].fillna("")
    stated, listed = (pd.to_numeric(amounts[name], errors="coerce") for name in amounts.columns)
    gaps = pd.DataFrame({"file": findings["path"], "gap": (stated - listed).abs()})
    gaps["words"] = [
        f"（填 {_exact(a)}，名册 {_exact(b)}）" if a and b else ""
        for a, b in zip(amounts["printed"], amounts["expected"], strict=True)
    ]
    gaps = gaps.sort_values("gap", ascending=False, kind="stable").drop_duplicates("file")
    unlike = lines.reset_index().merge(gaps, on="file").set_index(lines.index.name)
    unlike = unlike.sort_values("gap", ascending=False, kind="stable")
    names = named(unlike, unlike["words"].astype("string"))
    sentence = f"{len(unlike)} 份表的预算数与名册不同，请先核对：{names}。"
    criterion = "填的预算数与名册上的不同，按相差的金额从大到小"
    return Attention("roster", criterion, sentence, _numbers(unlike))


def _exact(amount: str) -> str:
    """A finding's amount with its thousands apart and all its decimals."""
    return f"{Decimal(amount):,f}"


def _invalid(part: FormSummary) -> Attention | None:
    """Departments whose own score is beyond what can be reached."""
    lines = answered(part.departments)
    if part.key_fields.score is None:
        return None
    lines = lines[invalid(lines)]
    if lines.empty:
        return None
    points = lines["total_score"].map(lambda score: f"（{number_text(score)} 分）").astype("string")
    what = f"{len(lines)} 份表的自评得分不在 0 到 {HIGHEST_SCORE:g} 分之间"
    sentence = f"{what}，不排名、不定等次、不计入平均：{named(lines, points)}。"
    criterion = f"自评得分小于 0 或大于 {HIGHEST_SCORE:g} 而没有复核得分的，按汇总的次序"
    return Attention("invalid", criterion, sentence, _numbers(lines))


def _missing(summary: Summary) -> Attention | None:
    frame = asked(summary)
    frame = frame[frame["status"] == Status.MISSING]
    if frame.empty:
        return None
    sentence = f"{len(frame)} 个单位尚未报送：{named(frame)}，请催报。"
    return Attention("missing", "名册内没有收到自评表的单位，按名册顺序", sentence, _numbers(frame))


def _rejected(summary: Summary) -> Attention | None:
    frame = summary.coverage[summary.coverage["status"] == Status.REJECTED]
    if frame.empty:
        return None
    sentence = f"{len(frame)} 个单位的表读不出来，已退回：{named(frame)}，数字不在合计之内。"
    return Attention("rejected", "收到的文件全部退回的单位，按名册顺序", sentence, _numbers(frame))


def _missing_projects(summary: Summary) -> Attention | None:
    frame = summary.project_duties
    frame = frame[frame["status"] == Status.MISSING]
    if frame.empty:
        return None
    sentence = f"{len(frame)} 个项目尚未报送：{_named_projects(frame)}，请催报。"
    return Attention("missing_projects", "名册中没有收到自评表的项目，按名册顺序", sentence)


def _rejected_projects(summary: Summary) -> Attention | None:
    frame = summary.project_duties
    frame = frame[frame["status"] == Status.REJECTED]
    if frame.empty:
        return None
    sentence = (
        f"{len(frame)} 个项目的表读不出来，已退回：{_named_projects(frame)}，数字不在合计之内。"
    )
    return Attention("rejected_projects", "收到的文件全部退回的项目，按名册顺序", sentence)


def _named_projects(frame: pd.DataFrame) -> str:
    """The first few of some projects, each behind its department: 教育局“校舍维修”."""
    return named(frame.drop(columns="project"), "“" + frame["project"] + "”")


def _errors(summary: Summary, part: FormSummary) -> Attention | None:
    """The error that most returns have; equal ones by code."""
    answered_files = set(answered(part.departments)["file"])
    errors = summary.findings
    errors = errors[(errors["severity"] == Severity.ERROR) & errors["path"].isin(answered_files)]
    if errors.empty:
        return None
    returns = findings_by_code(errors)["files"].sort_index()
    code = str(returns.sort_values(ascending=False, kind="stable").index[0])
    paths = errors.loc[errors["code"] == code, "path"]
    lines = answered(part.departments)
    faulty = lines[lines["errors"] > 0].sort_values("errors", ascending=False, kind="stable")
    with_it = lines[lines["file"].isin(paths)]
    sentence = (
        f"{len(faulty)} 份表有错误须修改，共 {len(errors)} 处；最常见的是“{error_name(part, code)}”，"
        f"{len(with_it)} 份：{named(with_it)}。"
    )
    return Attention(
        "errors", "有错误级问题的表；出现在最多份表里的代码", sentence, _numbers(faulty)
    )


def findings_by_code(findings: pd.DataFrame) -> pd.DataFrame:
    """How widespread each code is among some findings: index `code`; severity (the gravest), count,
    files, departments; the most frequent first."""
    order = findings["severity"].map({str(s): n for s, n in SEVERITY_ORDER.items()})
    senders = findings.groupby(["county", "department"]).ngroup()
    table = findings.assign(order=order.astype("int64"), sender=senders)
    grouped = table.groupby("code").agg(
        order=("order", "min"),
        count=("path", "size"),
        files=("path", "nunique"),
        departments=("sender", "nunique"),
    )
    severities = {n: str(s) for s, n in SEVERITY_ORDER.items()}
    grouped.insert(0, "severity", grouped.pop("order").map(severities))
    return grouped.sort_values("count", ascending=False, kind="stable")


def error_name(part: FormSummary, code: str) -> str:
    """What a code is called: the form's rule, or the catalogue's entry."""
    rule = next((r for r in part.form.rules if r.code == code and not r.general), None)
    return rule.name if rule is not None else CATALOGUE[code].name


def _low_rate(part: FormSummary) -> Attention | None:
    """Departments below the threshold, by what they did not spend."""
    threshold = rate_threshold(part)
    frame = by_rate(part, len(part.departments) + 1)
    if part.key_fields.rate is None or frame.empty:
        return None
    low = frame[frame["execution_rate"] < threshold].sort_values(
        "unspent", ascending=False, kind="stable"
    )
    if low.empty:
        return None
    unit = "个项目" if "project" in low.columns else "个单位"
    if low["unspent"].isna().all():  # the form does not say which amounts these are
        sentence = f"{len(low)} {unit}执行率低于 {threshold:.0%}：{named(low)}。"
    else:
        unspent, names = sum_of(low["unspent"]), named(low, _amounts("（", low["unspent"]))
        what = "共有" if len(low) > 1 else "有"
        most = "，最多的是" if len(low) > NAMED else "："
        sentence = f"{len(low)} {unit}执行率低于 {threshold:.0%}，{what} {unspent:,.2f} 万元没有支出{most}{names}。"
    return Attention(
        "low_rate", f"执行率低于 {threshold:.0%}，按未支出数从大到小", sentence, _numbers(low)
    )


def _disagreement(part: FormSummary) -> Attention | None:
    """Funds whose parts do not make up the whole, by the largest difference."""
    frame = part.composition
    columns = [f"{b.key}_difference" for b in part.key_fields.breakdowns]
    if frame.empty or not columns:
        return None
    gap = frame[columns].abs().max(axis=1)
    wrong = frame.assign(gap=gap)[gap.round(4).ge(CENT).fillna(value=False)]
    if wrong.empty:
        return None
    wrong = wrong.sort_values("gap", ascending=False, kind="stable")
    names = named(wrong, _amounts("（差 ", wrong["gap"]))
    sentence = f"{len(wrong)} 份表的资金分项之和与总数不等：{names}。"
    return Attention(
        "funds",
        "按性质、来源分的各项之和与全年预算数、执行数相差 0.01 万元以上",
        sentence,
        _numbers(wrong),
    )


def _above(part: FormSummary) -> Attention | None:
    """Departments that scored themselves above the rule, by points."""
    frame = part.generosity
    generous = frame[frame["above"].gt(0).fillna(value=False)]
    if generous.empty:
        return None
    generous = generous.sort_values("above_points", ascending=False, kind="stable")
    rows, points = int(generous["above"].sum()), sum_of(generous["above_points"])
    sentence = (
        f"{len(generous)} 份表有 {rows} 项指标的自评高于按规则计算的得分，共高 {points:,.2f} 分："
        f"{named(generous)}，建议抽查复核。"
    )
    return Attention(
        "above",
        "自评得分高于按指标值、完成值计算的得分，按高出的分数",
        sentence,
        _numbers(generous),
    )


def _late(summary: Summary) -> Attention | None:
    frame = summary.coverage[summary.coverage["late"].fillna(value=False)]
    if frame.empty:
        return None
    frame = frame.sort_values("days_late", ascending=False, kind="stable")
    names = named(frame, "（" + frame["days_late"].astype("string") + " 天）")
    sentence = f"{len(frame)} 个单位迟于截止日期报送：{names}。"
    return Attention("late", "最早一份收下的表晚于截止日期，按天数", sentence, _numbers(frame))


def _weakest(part: FormSummary) -> Attention | None:
    """The branch of the lowest attainment, where points were lost."""
    frame = part.indicators[part.indicators["lost"].gt(0).fillna(value=False)]
    if frame.empty:
        return None
    position = int(frame["share"].to_numpy(dtype=float, na_value=math.inf).argmin())
    key = frame.index[position]
    names = [str(k) for k in key if k] if isinstance(key, tuple) else [str(key)]
    row = frame.iloc[position]
    sentence = (
        f"得分率最低的是“{names[-1]}”（{row['share']:.2%}），共失 {row['lost']:,.2f} 分，"
        f"原因最多的是“{row['reason']}”。"
    )
    return Attention("weakest", "得分率最低的二级指标", sentence)


# --- what a reader of the sums has to know --------------------------------------------------------


def reading_notes(part: FormSummary) -> list[str]:
    """What a reader of the sums has to know, in the workbook and on the page."""
    statuses = part.departments["status"]
    faulty = int((statuses == Status.FAULTY).sum())
    out = int(statuses.isin([Status.MISSING, Status.REJECTED]).sum())
    notes = []
    if part.key_fields.rate is not None:
        notes.append(
            f"执行率＝{worded_rate(part.form)}；合计的执行率按合计数重算，不是各单位执行率的平均。"
        )
    if faulty:
        notes.append(f"“须修改”的 {faulty} 份有错误待改，数字按填报数计入合计，未作改动。")
    if out:
        notes.append(f"“未报”“退回”的 {out} 个单位没有数字，不计入合计。")
    short = part.totals[part.totals["missing"] > 0]
    short = short[short.index.isin(list(part.key_fields.amounts))]
    if len(short):
        missing = "、".join(
            f"{label} {count} 家"
            for label, count in zip(short["label"], short["missing"], strict=True)
        )
        notes.append(f"已报而缺数的：{missing}；缺数不按零计算。")
    return notes
