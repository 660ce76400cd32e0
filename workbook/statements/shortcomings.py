"""The fourth and the fifth chapter: what the figures show to be wrong, and what follows for the next step.

Which lines each concerns, 总览 says too (`attention`); only the words are an official's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from workbook.catalogue import CATALOGUE, Severity
from workbook.overview import (
    attention,
    effects,
    error_name,
    findings_by_code,
    first_to_mend,
    project_counts,
    rate_threshold,
)
from workbook.statements.achievements import lost_points
from workbook.statements.reporting import PROJECT_LINES
from workbook.statements.spending import DEPARTMENT_LINES, certain_rates
from workbook.statements.statement import (
    Basis,
    LeftOpen,
    Passage,
    Statement,
    Subheading,
    Tabular,
    TextChapter,
)
from workbook.statements.wording import (
    DEPARTMENTS,
    PROJECTS,
    by_name,
    enumerated,
    instances,
    line_names,
    listed,
    money,
    named_of,
    noun,
    percent,
    points,
)
from workbook.summary import (
    HIGHEST_SCORE,
    NONE,
    RATE,
    FormSummary,
    Summary,
    answered,
    full_names,
    sum_of,
    worded_rate,
)

MOST_KINDS = 10
"""Kinds of faults that are listed, the most frequent first; the summary workbook has all."""
_MENDED_FIRST = 3
"""So many are named to be mended first."""
_FAULTS = "问题清单"
_PLEA = re.compile("，[^，]*请")
"""What of a fault's name is asked of whoever fills in the form, and said to no one else."""
_VALUES, _BETWEEN, _TEMPLATE = "V", "A", "L"
"""What the catalogue's codes of what is typed, of other returns, and of the template begin with."""


@dataclass(frozen=True, slots=True)
class Shortcoming:
    """One thing that the figures show to be wrong, and what is proposed."""

    clause: str
    bases: tuple[Basis, ...]
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class _Concern:
    """The lines that each kind of attention concerns, by its key."""

    coverage: pd.DataFrame
    departments: pd.DataFrame
    numbers: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, summary: Summary, part: FormSummary | None) -> _Concern:
        """Of a summary and its main form."""
        numbers = {item.key: item.numbers for item in attention(summary, part)}
        departments = part.departments if part is not None else summary.coverage
        return cls(summary.coverage, departments, numbers)

    def lines(self, key: str) -> pd.DataFrame:
        """Their lines, the gravest first: of the coverage for who has not answered, else of the form."""
        whole = self.coverage if key in ("missing", "rejected", "late") else self.departments
        return whole.loc[[*self.numbers.get(key, ())]]


def shortcomings_chapters(
    summary: Summary, part: FormSummary | None
) -> tuple[TextChapter, TextChapter]:
    """存在的问题, and 下一步工作建议."""
    concern = _Concern.of(summary, part)
    groups = {"报送方面": [*_answering(concern), *_projects_answering(summary)]}
    tables: dict[str, list[Passage]] = {}
    if part is not None:
        groups |= {
            "填报方面": [*_filling_in(summary, concern, part)],
            "预算执行方面": [*_executing(part)],
            "自评打分方面": [*_scoring(concern, part)],
        }
        tables["填报方面"] = [*_kinds(summary, part)]
    passages: list[Passage] = []
    for heading, shortcomings in groups.items():
        if shortcomings or tables.get(heading):
            passages.append(Subheading(heading))
        if shortcomings:
            text = enumerated([item.clause for item in shortcomings])
            passages.append(Statement(text, tuple(b for item in shortcomings for b in item.bases)))
        passages += tables.get(heading, [])
    if not passages:
        passages.append(_none_found(summary, part))
    passages.append(LeftOpen("典型问题的情况和原因分析"))
    proposals = [s.proposal for items in groups.values() for s in items if s.proposal]
    return TextChapter("存在的问题", tuple(passages)), _next_steps(proposals)


def _none_found(summary: Summary, part: FormSummary | None) -> Statement:
    """That nothing was found, in what the figures could show."""
    if part is None:
        return Statement("没有可供分析的数据。")
    seen = (
        (summary.has_roster, "报送"),
        (True, "填报"),
        (part.key_fields.rate is not None, "预算执行"),
        (part.key_fields.score is not None, "自评打分"),
    )
    subjects = [subject for is_seen, subject in seen if is_seen]
    *others, last = subjects
    named = f"{'、'.join(others)}和{last}" if others else last
    return Statement(f"从已报送的数据看，没有发现{named}方面的问题。")


def _mended_first(summary: Summary, part: FormSummary) -> str:
    """Whom to ask first: those whose doubtful figures move the totals most."""
    first = first_to_mend(effects(summary, part)).head(_MENDED_FIRST)
    return f"，先更正对合计影响大的{listed(line_names(first), noun(part))}" if len(first) else ""


def _next_steps(proposals: list[str]) -> TextChapter:
    passages: list[Passage] = []
    if proposals:
        passages.append(
            Statement(
                f"根据汇总情况，建议{'：' if len(proposals) > 1 else ''}{enumerated(proposals)}"
            )
        )
    passages.append(LeftOpen("整改要求、结果应用（与预算安排挂钩、公开）和完成时限"))
    return TextChapter("下一步工作建议", tuple(passages))


def _counted(figure: str, count: int, reckoned: str, sheet: str, column: str = "") -> Basis:
    return Basis(figure, f"{count}个", reckoned, sheet, column)


# --- who has not answered -------------------------------------------------------------------------


_ANSWERING = (
    ("missing", "没有报送自评材料", "没有收到自评表的", "状态", "督促未报送的{who}尽快报送"),
    (
        "rejected",
        "所报材料无法读取",
        "收到的文件全部退回的",
        "状态",
        "请所报材料被退回的{who}重新报送",
    ),
    ("late", "晚于规定期限报送", "报送日期晚于截止日期的", "迟报天数", ""),
)
"""By the key of the attention: what is said of whom, how it was counted and where, and what is proposed."""


def _answering(concern: _Concern) -> Iterator[Shortcoming]:
    for key, what, reckoned, column, proposal in _ANSWERING:
        if count := len(concern.lines(key)):
            who = f"{count}个{DEPARTMENTS}"
            basis = _counted(what, count, reckoned, "报送情况", column)
            yield Shortcoming(f"{who}{what}", (basis,), proposal.format(who=who))


def _projects_answering(summary: Summary) -> Iterator[Shortcoming]:
    """The projects of the roster that no form came for, or none that could be read."""
    counts = project_counts(summary)
    if counts is None or not summary.lists_projects:
        return
    for count, what, proposal in (
        (counts.missing, "没有报送自评表", "督促补报{who}的自评表"),
        (counts.rejected, "所报自评表无法读取", "请重新报送{who}无法读取的自评表"),
    ):
        if count:
            who = f"{count}个{PROJECTS}"
            basis = _counted(f"{PROJECTS}{what}", count, "逐个计数", PROJECT_LINES, "状态")
            yield Shortcoming(f"{who}{what}", (basis,), proposal.format(who=who))


# --- how it was filled in -------------------------------------------------------------------------


def _filling_in(summary: Summary, concern: _Concern, part: FormSummary) -> Iterator[Shortcoming]:
    lines, what = answered(part.departments), noun(part)
    faulty = lines[lines["errors"].gt(0).fillna(value=False)]
    errors, warnings = (int(lines[name].sum()) for name in ("errors", "warnings"))
    if len(faulty):
        yield Shortcoming(
            f"{len(faulty)}个{what}的自评表有应更正的差错，共{errors}处",
            (Basis("应更正的差错", f"{errors}处", "逐处计数", DEPARTMENT_LINES, "错误", "合计"),),
            f"请自评表有差错的{len(faulty)}个{what}更正后重新报送{_mended_first(summary, part)}",
        )
    if warnings:
        yield Shortcoming(
            f"已报送的自评表中另有需要核实的地方{warnings}处",
            (Basis("需要核实的", f"{warnings}处", "逐处计数", DEPARTMENT_LINES, "提醒", "合计"),),
        )
    for key, clause, reckoned in (
        (
            "unit",
            "填报的金额相差悬殊或者特别大，疑似弄错金额单位",
            "最大的金额是最小的若干倍以上，或者全年预算数特别大的",
        ),
        ("roster", "填报的预算数与名册所列的不一致", "填报数与名册所列不同的"),
        ("funds", "资金各项之和与总数不相等", "各项之和与总数相差0.01万元以上的"),
    ):
        if len(named := concern.lines(key)):
            sheet = "资金构成" if key == "funds" else DEPARTMENT_LINES
            yield Shortcoming(
                f"{len(named)}个{what}{clause}，{instances([*line_names(named)])}",
                (_counted(clause, len(named), reckoned, sheet),),
                f"核实疑似弄错单位的{len(named)}个{what}的金额" if key == "unit" else "",
            )
    if rows := lost_points(part).get(NONE):
        basis = Basis("失分没有写明原因", f"{rows}项", "原因一栏空白的", "指标分析", "项数", NONE)
        yield Shortcoming(f"{rows}项指标失分而没有写明原因", (basis,))


def _kinds(summary: Summary, part: FormSummary) -> Iterator[Passage]:
    """The faults of the returns that count by kind, the most frequent first; who changed the form itself."""
    findings = summary.findings
    findings = findings[findings["path"].isin(answered(part.departments)["file"])]
    findings = findings[findings["severity"].ne(Severity.NOTE)]
    kinds = findings_by_code(findings)
    tellable = [code for code in map(str, kinds.index) if _is_tellable(part, code)]
    kinds = kinds.loc[tellable]
    if len(kinds):
        rows = tuple(
            (_PLEA.split(error_name(part, str(r.Index)))[0], str(r.count_), str(r.departments))
            for r in kinds.rename(columns={"count": "count_"}).head(MOST_KINDS).itertuples()
        )
        caption = (
            "较多的差错和需要核实的问题" if len(kinds) > MOST_KINDS else "差错和需要核实的问题"
        )
        yield Tabular(caption, ("问题", "处数", "涉及的单位数"), rows, (60.0, 12.0, 18.0))
    changed = findings[findings["code"].str.startswith(_TEMPLATE)]
    if len(changed):
        names = changed.drop_duplicates(["county", "department"])
        basis = _counted("改动了表式", len(names), "自评表的格式与发放的不同的", _FAULTS, "问题")
        yield Statement(
            f"另有{len(names)}个{DEPARTMENTS}改动了自评表的表式，{instances([*full_names(names)])}。",
            (basis,),
        )


def _is_tellable(part: FormSummary, code: str) -> bool:
    """Whether a kind of fault is one of what was filled in, and not of files and templates."""
    if any(rule.code == code and not rule.general for rule in part.form.rules):
        return True
    is_error = CATALOGUE[code].severity is Severity.ERROR
    return code[0] in (_VALUES, _BETWEEN) and (is_error or code[0] == _BETWEEN)


# --- spending and scoring -------------------------------------------------------------------------


def _executing(part: FormSummary) -> Iterator[Shortcoming]:
    if part.key_fields.rate is None:
        return
    frame, what, threshold = certain_rates(part), noun(part), f"{rate_threshold(part):.0%}"
    low, over = frame[frame[RATE] < rate_threshold(part)], frame[frame[RATE].round(4) > 1]
    if len(low):
        unspent = sum_of(low["unspent"])
        clause = f"{len(low)}个{what}执行率低于{threshold}"
        clause += (
            f"，{'共' if len(low) > 1 else ''}有{money(unspent)}没有支出" if unspent > 0 else ""
        )
        basis = _counted(f"执行率低于{threshold}", len(low), "逐个计数", DEPARTMENT_LINES, "执行率")
        proposal = f"请执行率低于{threshold}的{len(low)}个{what}说明原因、提出改进措施"
        yield Shortcoming(clause, (basis,), proposal)
    if len(over):
        rates = {str(n): percent(float(rate)) for n, rate in by_name(over, RATE)[::-1].items()}
        bases = [_counted("执行率超过100%", len(over), "逐个计数", DEPARTMENT_LINES, "执行率")]
        bases += [
            Basis(
                f"{name}执行率",
                rates[name],
                worded_rate(part.form),
                DEPARTMENT_LINES,
                "执行率",
                name,
            )
            for name in named_of([*rates])
        ]
        who = instances([f"{name}（{rate}）" for name, rate in rates.items()])
        proposal = f"核实执行率超过100%的{len(over)}个{what}的预算数和执行数"
        yield Shortcoming(f"{len(over)}个{what}执行率超过100%，{who}", tuple(bases), proposal)


def _scoring(concern: _Concern, part: FormSummary) -> Iterator[Shortcoming]:
    what = noun(part)
    if part.key_fields.score is not None and len(wrong := concern.lines("invalid")):
        basis = _counted(
            "得分无效", len(wrong), "自评得分不在0到100分之间的", DEPARTMENT_LINES, "等次"
        )
        yield Shortcoming(
            f"{len(wrong)}个{what}的自评得分不在0至{HIGHEST_SCORE:g}分之间，{instances([*line_names(wrong)])}",
            (basis,),
        )
    generous = part.generosity
    if not len(generous):
        return
    generous = generous[generous["above"].gt(0).fillna(value=False)]
    if len(generous):
        generous = generous.sort_values("above_points", ascending=False, kind="stable")
        rows, above = int(generous["above"].sum()), sum_of(generous["above_points"])
        bases = (
            Basis("自评高于规则的指标", f"{rows}项", "自评得分高于按指标值、完成值计算的得分的", "指标分析", "数量", "高于规则"),
            Basis("共高", points(above), "高出的分数，相加", "指标分析", "数量", "高于规则的分数"),
        )  # fmt: skip
        yield Shortcoming(
            f"{len(generous)}个{what}有{rows}项指标的自评得分高于按评分规则计算的得分，共高{points(above)}，"
            f"{instances([*line_names(generous)])}",
            bases,
            f"请自评得分高于按评分规则计算的得分的{len(generous)}个{what}说明打分依据，并开展抽查复核",
        )
