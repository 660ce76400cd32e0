"""The first chapter: who was asked, who has answered, who not, and the year in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from workbook.overview import Coverage, coverage_counts, project_counts
from workbook.statements.statement import OVERVIEW, Basis, LeftOpen, Passage, Statement, TextChapter
from workbook.statements.wording import (
    DEPARTMENTS,
    PROJECTS,
    line_names,
    listed,
    percent,
    points,
    stated_totals,
)
from workbook.summary import MEAN_SCORE, RATE, FormSummary, Status, Summary

_COVERAGE = "报送情况"
PROJECT_LINES = "项目报送情况"
LISTED_NAMES = 10
"""Whoever has not answered is named if there are no more; else the annex has the list."""


MOST_LINES = 500
"""No annex lists more departments; of more the summary workbook has the list."""


def subject_of(part: FormSummary | None) -> str:
    """What the departments were asked for: 2024年度部门整体支出绩效自评."""
    if part is None:
        return "预算绩效自评"
    return f"{part.fiscal_year}年度{part.form.name.removesuffix('表')}"


def reporting_chapter(summary: Summary) -> TextChapter:
    """总体情况."""
    counts = coverage_counts(summary)
    passages: list[Passage] = [
        Statement.of(
            _came(summary, counts),
            *_not_in(summary),
            *_faulty(summary, counts),
            *_further(counts),
            *_counties(summary),
        )
    ]
    if projects := _projects(summary):
        passages.append(projects)
    if year := _the_year(summary):
        passages.append(year)
    passages.append(LeftOpen("自评工作的部署、组织和审核经过"))
    return TextChapter("总体情况", tuple(passages))


def _count(figure: str, count: int, head: str, reckoned: str, what: str = "个") -> Basis:
    return Basis(figure, f"{count}{what}", reckoned, OVERVIEW, head)


def _came(summary: Summary, counts: Coverage) -> Statement:
    subject = subject_of(summary.main)
    if not counts.asked:
        return Statement(f"本次没有收到{subject}材料，没有可供汇总的数据。")
    reckoned, head = ("名册所列", "应报单位") if summary.has_roster else ("报送材料", "单位")
    bases = [_count("应报", counts.asked, head, f"{reckoned}的{DEPARTMENTS}，逐个计数")]
    if counts.answered:
        share = f"个，占{percent(counts.answered / counts.asked)}"
        bases.append(_count("已报送", counts.answered, "已报", "自评表已收下的", share))
    if counts.rejected:
        bases.append(_count("退回", counts.rejected, "退回", "所报材料全部无法读取的"))
    if counts.missing:
        bases.append(_count("未报送", counts.missing, "未报", "没有收到自评表的"))
    if not summary.has_roster:
        text = f"本次共收到{counts.asked}个{DEPARTMENTS}的{subject}材料"
        text += f"，其中{counts.rejected}个的材料无法读取、已退回" if counts.rejected else ""
        text += "。因没有应报名册，没有报送的不在统计之内。"
        return Statement(text, tuple(bases))
    text = f"应报送{subject}材料的{DEPARTMENTS}共{counts.asked}个，{_shares(counts)}。"
    return Statement(text, tuple(bases))


def _shares(counts: Coverage) -> str:
    if counts.answered == counts.asked:
        return "均已报送" if counts.asked > 1 else "已经报送"
    if counts.missing == counts.asked:
        return "均未报送" if counts.asked > 1 else "尚未报送"
    clauses = []
    if counts.answered:
        clauses.append(f"已报送{counts.answered}个，占{percent(counts.answered / counts.asked)}")
    if counts.rejected:
        clauses.append(f"所报材料无法读取、已退回{counts.rejected}个")
    if counts.missing:
        clauses.append(f"未报送{counts.missing}个")
    return "；".join(clauses)


def _not_in(summary: Summary) -> Iterator[Statement]:
    """Who has not answered, and whose files could not be read, by name."""
    lines = summary.coverage
    if summary.has_roster:
        lines = lines[lines["on_roster"]]
    for status, what in ((Status.MISSING, "未报送"), (Status.REJECTED, "所报材料被退回")):
        names = line_names(lines[lines["status"] == status]).tolist()
        if not names or len(names) == len(lines):
            continue
        shown = listed(names, DEPARTMENTS, LISTED_NAMES)
        if len(names) > LISTED_NAMES:
            shown += "，名单见附件1" if len(summary.coverage) <= MOST_LINES else "，名单见汇总表"
        basis = Basis(f"{what}的名单", f"{len(names)}个", "状态如此的，逐个列出", _COVERAGE, "状态")
        yield Statement(f"{what}的是{shown}。", (basis,))


def _faulty(summary: Summary, counts: Coverage) -> Iterator[Statement]:
    answered, faulty = counts.answered, counts.faulty
    if not answered:
        return
    totals = stated_totals(summary.main).values() if summary.main is not None else ()
    reckoned = (
        "有差错的数不计入本报告的合计，其余暂按填报数汇总"
        if any(total.doubtful for total in totals)
        else "数据暂按填报数汇总"
    )
    basis = _count("须修改", faulty, "其中：须修改", "自评表有应更正的差错的")
    if not faulty:
        text = "已报送的自评表没有应更正的差错。"
    elif faulty == answered:
        all_of_them = f"已报送的{answered}个" if answered > 1 else "已报送的"
        text = f"{all_of_them}{'均' if answered > 1 else ''}有应更正的差错，{reckoned}。"
    else:
        text = f"已报送的{answered}个中，{faulty}个的自评表有应更正的差错，{reckoned}。"
    yield Statement(text, (basis,))


def _further(counts: Coverage) -> Iterator[Statement]:
    if counts.late:
        basis = _count("迟报", counts.late, "迟报", "最早一份收下的自评表晚于截止日期的")
        yield Statement(f"晚于规定期限报送的有{counts.late}个。", (basis,))
    if counts.off_roster:
        basis = Basis("名册以外", f"{counts.off_roster}个", "名册没有列入而报送的",
                      _COVERAGE, "名册内")  # fmt: skip
        yield Statement(
            f"另有名册以外的{counts.off_roster}个{DEPARTMENTS}报送材料，能够读取的一并汇总。",
            (basis,),
        )


def _projects(summary: Summary) -> Statement | None:
    """What came of the projects' own forms, and whose are missing by name."""
    counts = project_counts(summary)
    if counts is None:
        return None
    listed_ones = "应报送" if summary.lists_projects else "报送"
    text = f"{listed_ones}绩效自评表的项目共{counts.asked}个"
    bases = [Basis("项目", f"{counts.asked}个", "逐个计数", PROJECT_LINES, "状态")]
    if counts.asked:
        text += f"，{_shares(counts)}"
        share = f"{counts.answered}个，占{percent(counts.answered / counts.asked)}"
        bases.append(Basis("已报送的项目", share, "自评表已收下的", PROJECT_LINES, "状态"))
    text += f"；已报送的有{counts.faulty}个的自评表有应更正的差错" if counts.faulty else ""
    text += f"；另有名册以外的项目{counts.off_roster}个" if counts.off_roster else ""
    lines = summary.project_duties
    missing = lines[lines["on_roster"] & (lines["status"] == Status.MISSING)]
    if 0 < len(missing) < counts.asked:
        text += f"。未报送的是{listed(line_names(missing), PROJECTS, LISTED_NAMES)}"
    return Statement(f"{text}。", tuple(bases))


def _counties(summary: Summary) -> Iterator[Statement]:
    """How far each county has come, where there are several."""
    part = summary.main
    if part is None or len(part.counties) < 2:
        return
    frame = part.counties
    due, came = (dict(zip(map(str, frame.index), frame[name].astype(int), strict=True))
                 for name in ("departments", "answered"))  # fmt: skip
    whole = [county for county in due if came[county] == due[county]]
    text = f"汇总涉及{len(due)}个县区"
    bases = [Basis("县区", f"{len(due)}个", "逐个计数", "县区汇总", "县区")]
    shares = {county: came[county] / due[county] for county in due}
    lowest = [county for county, share in shares.items() if share == min(shares.values())]
    if len(whole) == len(due):
        text += "，应报的均已报送" if summary.has_roster else ""
    elif whole:
        text += f"，其中{len(whole)}个已全部报送"
    if len(whole) < len(due) and len(lowest) == 1:
        (county,) = lowest
        text += f"；报送比例最低的是{county}，应报{due[county]}个，已报{came[county]}个"
        reckoned = "自评表已收下的"
        bases.append(
            Basis(f"{county}已报", f"{came[county]}个", reckoned, "县区汇总", "已报", county)
        )
    yield Statement(f"{text}。", tuple(bases))


def _the_year(summary: Summary) -> Statement | None:
    """The year in one sentence: the rate and the mean score, whose bases the next chapters have."""
    if summary.main is None:
        return None
    totals = stated_totals(summary.main)
    told = ((RATE, "预算执行率", percent), (MEAN_SCORE, "自评平均分", points))
    clauses = [
        f"{words}为{show(value)}"
        for figure, words, show in told
        if figure in totals and (value := totals[figure].value) is not None
    ]
    return Statement(f"总的看，{'，'.join(clauses)}。") if clauses else None
