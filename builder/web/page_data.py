"""What the page of a summary shows, as JSON takes it; builder/web/page.js draws it.

Departments and findings are columns of one length, so that ten thousand of them stay small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import pandas as pd

from builder.sheets import values
from workbook.catalogue import SEVERITY_ORDER, Severity
from workbook.findings import few_cells
from workbook.overview import (
    BANDS,
    LOW_RATE,
    THINGS,
    Attention,
    coverage_counts,
    error_name,
    findings_by_code,
    next_steps,
    pending,
    problems,
    project_counts,
    projects_in_words,
    rate_threshold,
    reading_notes,
    sample,
    sampling_of,
    tells_projects,
)
from workbook.summary import (
    UNIT,
    WHO,
    FormSummary,
    Status,
    Summary,
    doubtful_in_words,
    figure_words,
    full_names,
    shown_grades,
)

Json = dict[str, Any]

_USES = {
    "duplicate": "重复",
    "undecided": "分不清先后",
    "other_year": "别的年度",
    "rejected": "退回",
    "skipped": "略过",
}
_WHO = {True: "应报单位", False: "单位"}
"""What those asked are called, with a roster and without."""
_NOTHING = "绩效自评汇总"
_PLACE_ENDINGS = "省市州盟县区旗"
_KEY = list(WHO)


class _Words:
    """Texts that occur again and again, each kept once."""

    def __init__(self) -> None:
        self.index_of: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self.index_of.setdefault(text, len(self.index_of))


def page_data(summary: Summary) -> Json:
    """Everything that the page shows: `forms`, each with its departments' columns and its findings;
    who is due; `words`, to which the findings point."""
    words = _Words()
    forms = [
        _form(summary, part, words, first=not index) for index, part in enumerate(summary.forms)
    ]
    counts = coverage_counts(summary)
    uses = summary.files["use"].value_counts()
    read = "，".join(
        f"{name} {int(uses[use])}"
        for use, name in {"counted": "计入", **_USES}.items()
        if use in uses.index
    )
    return {
        "about": f"收到文件 {len(summary.files)} 个{f'：{read}' if read else ''}。",
        "roster": summary.has_roster,
        **({"counties": True} if summary.counties else {}),
        "counted": [str(status) for status in Status if status.counts],
        "statuses": [{"key": str(s), "name": s.chinese} for s in Status],
        "coverage": f"{_WHO[summary.has_roster]} {counts.asked} 家：{counts.in_words}。{projects_in_words(summary)}",
        "bands": [{"from": low, "below": below} for _, low, below in BANDS],
        "due": _owing(summary),
        "late": _records(_late(summary)),
        "sampling": _criteria(summary),
        "files": _left_out(summary),
        "notes": [
            "要改的数在各单位的表里改；要填复核得分、看每条指标和每个数的来源，用汇总表（Excel）。",
            "这一页不连网络，也不向外发送任何内容；打印时，筛选出的单位和展开的问题一并印出。",
        ],
        "forms": forms or [_unread(summary)],
        "words": list(words.index_of),
    }


def _owing(summary: Summary) -> list[Json]:
    """What is still owed, in the roster's order: departments' own forms, and their projects'."""
    frame = pending(summary)
    frame = frame[frame["status"].isin([Status.MISSING, Status.REJECTED])]
    project = ["project"] if frame["project"].notna().any() else []
    return _records(frame[["status", *_who(summary), *project, "contact", "phone", "why"]])


def _who(summary: Summary) -> list[str]:
    """The columns that tell a department: without the county where none is known."""
    return [name for name in WHO if name != "county" or summary.counties]


def _late(summary: Summary) -> pd.DataFrame:
    frame = summary.coverage
    frame = frame[frame["late"].fillna(value=False)].sort_values(
        "days_late", ascending=False, kind="stable"
    )
    return frame[[*_who(summary), "deadline", "received", "days_late"]]


def _criteria(summary: Summary) -> str:
    """How the sample is drawn."""
    drawn = sampling_of(summary)
    criteria = "；".join(
        f"{item.label} {item.points:g} 分（界限 {item.limit_text}：{item.why}）"
        for item in drawn.criteria
    )
    return (
        f"按风险得分从高到低提出，取已报单位的 {drawn.share:.0%}、至少 {drawn.least:g} 家；得分相同的，"
        f"全年预算数大的在前。{criteria}。"
    )


def _left_out(summary: Summary) -> list[Json]:
    """Files that are not counted, with the reason."""
    frame = summary.files[summary.files["use"].ne("counted")]
    return [
        {
            "file": PurePath(str(path)).name,
            "department": department or "",
            "use": _USES[str(use)],
            "why": why or "",
        }
        for path, department, use, why in zip(
            frame.index,
            values(full_names(frame)),
            frame["use"],
            values(frame["why"]),
            strict=True,
        )
    ]


def _records(frame: pd.DataFrame) -> list[Json]:
    columns = {str(name): _plain(frame[name]) for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(series: pd.Series[Any]) -> list[str | float | None]:
    """A column as JSON takes it; whole numbers without their point."""
    return [_number(item) if isinstance(item, float) else item for item in values(series)]


def _number(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 1e15 else round(value, 8)


# --- one form -------------------------------------------------------------------------------------


def _form(summary: Summary, part: FormSummary, words: _Words, *, first: bool) -> Json:
    key_fields = part.key_fields
    name = part.form.name.removesuffix("表")
    codes, findings = _findings(summary, part, words)
    return {
        "first": first,
        "name": part.form.name,
        "title": f"{part.fiscal_year} 年度{name}汇总",
        "hasRate": key_fields.rate is not None,
        "rateOf": [
            {"key": _amount(name), "label": key_fields.amounts[name].label}
            for name in key_fields.rate_columns.values()
        ],
        "hasScore": key_fields.score is not None,
        "lowRate": rate_threshold(part),
        "project": key_fields.project.label if key_fields.project else "",
        "reviewed": bool(
            key_fields.score is not None and part.departments["review_score"].notna().any()
        ),
        "amounts": [
            {"key": _amount(key), "label": item.label} for key, item in key_fields.amounts.items()
        ],
        "parts": [
            {"key": _amount(item.id), "label": item.label} for _, item in key_fields.composition
        ],
        "grades": [
            *({"name": grade, "lowest": lowest} for grade, lowest in part.cutoffs),
            {"name": key_fields.lowest_grade, "lowest": None},
        ],
        "figures": _figures(summary, part, first=first),
        "attention": [
            *(_attention(summary, part, item) for item in problems(summary, part)[:THINGS]),
            *(_attention(summary, part, item, step=True) for item in next_steps(summary, part)),
        ],
        "sample": _sample(summary, part),
        "funds": _records(
            part.funds[
                ["heading", "label", "amount", "share", "departments", "certain", "doubtful"]
            ]
        ),
        "indicators": _indicators(part),
        "counties": _counties(part),
        "codes": codes,
        "lines": _lines(summary, part, first=first),
        "findings": findings,
        "notes": reading_notes(part),
    }


def _lines(summary: Summary, part: FormSummary, *, first: bool) -> Json:
    """The departments' columns, all of one length."""
    frame, key_fields = part.departments, part.key_fields
    names = [str(name or "") for name in values(frame["department"])]
    columns: Json = {
        "status": [str(status) for status in frame["status"]],
        **{name: _plain(frame[name]) for name in _who(summary)},
        "department": names,
        "short": short_names([str(name or "") for name in values(full_names(frame))]),
    }
    if key_fields.project is not None:
        columns["project"] = _plain(frame["project"])
    columns |= {_amount(key): _plain(frame[key]) for key in key_fields.amounts}
    composition = part.composition
    columns |= {
        _amount(item.id): _plain(composition[item.id].reindex(frame.index))
        for _, item in key_fields.composition
    }
    if key_fields.rate is not None:
        columns["rate"] = _plain(frame["execution_rate"])
    if key_fields.score is not None:
        columns |= {
            "score": _plain(frame["total_score"]),
            "review": _plain(frame["review_score"]),
            "counted": _plain(frame["counted_score"]),
            "grade": _plain(shown_grades(frame)),
            "rank": _plain(frame["rank"]),
            "remark": _plain(frame["remark"]),
        }
    columns |= {f"{s}s": _plain(frame[f"{s}s"]) for s in Severity}
    columns["doubtful"] = values(doubtful_in_words(part.form, frame, figure_words(part.form)))
    columns["file"] = [_names(path) for path in values(frame["file"])]
    if first:
        # The lines of the departments' own form are those of the coverage, and in its order.
        for name in ("contact", "phone", "why", "days_late"):
            columns[name] = _plain(_by_department(summary, frame, name))
    return columns


def _counties(part: FormSummary) -> list[Json]:
    """A line a county; none where no more than one is known."""
    if len(part.counties) < 2:
        return []
    ends = ("", "_certain", "_doubtful")
    names = {f"{n}{end}": f"{_amount(n)}{end}" for n in part.key_fields.amounts for end in ends}
    return _records(part.counties.reset_index().rename(columns=names))


def _amount(key: str) -> str:
    """The column of an amount: the form names it, and must not hit upon a name of ours."""
    return f"amount_{key}"


def _by_department(summary: Summary, lines: pd.DataFrame, name: str) -> pd.Series[Any]:
    """A column of the coverage for each line, by county, code and name."""
    by_name = summary.coverage.drop_duplicates(_KEY).set_index(_KEY)[name]
    return by_name.reindex(pd.MultiIndex.from_frame(lines[_KEY]))


def short_names(names: Sequence[str]) -> list[str]:
    """Names without the place that all of them begin with: 云溪区档案馆 → 档案馆."""
    if len(names) < 2:
        return list(names)
    first, last = min(names), max(names)
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    cut = max((first.rfind(ending, 0, same) for ending in _PLACE_ENDINGS), default=-1) + 1
    return [name[cut:] or name for name in names]


def _names(paths: object) -> str:
    """The names of files without their folders, one a line."""
    return "\n".join(PurePath(path).name for path in str(paths or "").split("\n"))


def _figures(summary: Summary, part: FormSummary, *, first: bool) -> list[Json]:
    """What a leader reads first: label, value, and what has to be known of it."""
    figures = []
    if first:
        figures.append(_asked(summary))
    elif tells_projects(summary, part) and (projects := project_counts(summary)):
        figures.append(_figure("应报项目", projects.asked, projects.in_words))
    else:
        figures.append(_figure("收下", len(part.departments), part.form.name))
    totals = part.totals
    figures += [
        _figure(*_amount_figure(totals, key, UNIT)) for key in list(part.key_fields.amounts)[:3]
    ]
    if part.key_fields.rate is not None:
        rate = totals.loc["execution_rate", "value"]
        certain = _certain(totals, "execution_rate", percent=True)
        figures.append(
            _figure("执行率", _shown(rate, percent=True), f"由合计数算出，不是各家的平均{certain}")
        )
    if part.key_fields.score is not None:
        figures += _scores(part)
    counts = [int(part.departments[f"{s}s"].fillna(0).sum()) for s in Severity]
    figures.append(_figure("错误", f"{counts[0]:,}", f"另有提醒 {counts[1]:,}，说明 {counts[2]:,}"))
    return figures


def _asked(summary: Summary) -> Json:
    counts = coverage_counts(summary)
    in_words = counts.in_words + (f"；迟报 {counts.late}" if counts.late else "")
    return _figure(_WHO[summary.has_roster], counts.asked, in_words)


def _figure(label: str, value: object, side: str) -> Json:
    return {"label": label, "value": str(value), "side": side}


def _amount_figure(totals: pd.DataFrame, key: str, unit: str) -> tuple[str, str, str]:
    missing = int(totals.loc[key, "missing"])  # type: ignore[arg-type]
    side = f"{unit}{f'；{missing} 家没有填，不按零计' if missing else ''}{_certain(totals, key)}"
    return str(totals.loc[key, "label"]), _shown(totals.loc[key, "value"]), side


def _certain(totals: pd.DataFrame, key: str, *, percent: bool = False) -> str:
    """The figure without the doubtful ones, where there are any."""
    left_out = int(totals.loc[key, "doubtful"])  # type: ignore[arg-type]
    value = _shown(totals.loc[key, "certain"], percent=percent)
    return f"；不含 {left_out} 家存疑的：{value}" if left_out else ""


def _scores(part: FormSummary) -> list[Json]:
    totals = part.totals
    side = f"简单平均{_certain(totals, 'mean_score')}"
    if "weighted_score" in totals.index:
        side += f"；按全年预算加权 {_shown(totals.loc['weighted_score', 'value'])}{_certain(totals, 'weighted_score')}"
    if part.departments["review_score"].notna().any():
        side += f"；按复核后的得分 {_shown(totals.loc['counted_mean_score', 'value'])}{_certain(totals, 'counted_mean_score')}"
    grades = [f"{grade} {int(count)}" for grade, count in part.grades["departments"].items()]
    if part.departments["review_score"].notna().any():
        grades[0] = f"按采用得分：{grades[0]}"
    best = part.grades.iloc[0]
    return [
        _figure("自评平均分", _shown(totals.loc["mean_score", "value"]), side),
        _figure(
            f"{part.grades.index[0]}的占比", _shown(best["share"], percent=True), "，".join(grades)
        ),
    ]


def _shown(value: Any, *, percent: bool = False) -> str:
    if pd.isna(value):
        return "—"
    return f"{value:.2%}" if percent else f"{value:,.2f}"


def _attention(summary: Summary, part: FormSummary, item: Attention, *, step: bool = False) -> Json:
    """A sentence, whether it says what to do, and the indexes of the lines that it speaks of."""
    if item.key in ("missing", "rejected", "late"):
        named = pd.MultiIndex.from_frame(summary.coverage.loc[list(item.numbers), _KEY])
        lines = pd.MultiIndex.from_frame(part.departments[_KEY]).isin(named).nonzero()[0].tolist()
    else:
        lines = part.departments.index.get_indexer(pd.Index(item.numbers)).tolist()
    return {"sentence": item.sentence, "criterion": item.criterion, "step": step, "lines": lines}


def _sample(summary: Summary, part: FormSummary) -> list[Json]:
    """Whom to re-check, the first to be drawn first; `line` is the line's index."""
    frame = sample(part, sampling_of(summary))
    frame = frame[frame["sampled"]]
    records = _records(frame[["points", "why"]])
    lines = part.departments.index.get_indexer(frame.index).tolist()
    return [{"line": line, **record} for line, record in zip(lines, records, strict=True)]


def _indicators(part: FormSummary) -> list[Json]:
    frame = part.indicators
    if frame.empty:
        return []
    keys = [key if isinstance(key, tuple) else (key,) for key in frame.index]
    return [
        {"section": str(key[0]), "levels": [str(level) for level in key[1:] if level], **row}
        for key, row in zip(
            keys,
            _records(frame[["rows", "weight", "score", "share", "lost", "full_share", "reason"]]),
            strict=True,
        )
    ]


# --- findings -------------------------------------------------------------------------------------


def _findings(
    summary: Summary, part: FormSummary, words: _Words
) -> tuple[list[Json], dict[str, list[int]]]:
    """The codes found, the most widespread first; and the findings of the lines' files, by columns.

    `line` is the line's index from 0; `code`, `place`, `message`, `hint` are indexes among the words.
    """
    frame = findings_of(summary, part)
    ranks = [SEVERITY_ORDER[Severity(severity)] for severity in frame["severity"]]
    texts = {name: values(frame[name].fillna("")) for name in ("code", "message", "hint")}
    addresses = [
        _address_text(str(sheet), str(cell))
        for sheet, cell in zip(frame["sheet"].fillna(""), frame["cell"].fillna(""), strict=True)
    ]
    columns = {
        "line": frame["line"].tolist(),
        "severity": ranks,
        "place": [words(address) for address in addresses],
    } | {name: [words(str(text)) for text in column] for name, column in texts.items()}
    return _codes(part, frame), columns


def findings_of(summary: Summary, part: FormSummary) -> pd.DataFrame:
    """The findings of the files that count, with `line`, the index of their department's line from 0."""
    line_of = {
        path: line
        for line, paths in enumerate(part.departments["file"].fillna(""))
        for path in paths.split("\n")
        if path
    }
    frame = summary.findings
    frame = frame[frame["path"].isin(list(line_of))]
    return frame.assign(line=frame["path"].map(line_of).astype("int64"))


def _address_text(sheet: str, cell: str) -> str:
    return f"{sheet}!{few_cells(cell)}" if sheet and cell else sheet or cell


def widespread(frame: pd.DataFrame) -> pd.DataFrame:
    """The codes among `findings_of`, with severity, count and departments; the most widespread first."""
    grouped = findings_by_code(frame.assign(department=frame["line"])).sort_index()
    return grouped.sort_values(["departments", "count"], ascending=False, kind="stable")


def _codes(part: FormSummary, frame: pd.DataFrame) -> list[Json]:
    grouped = widespread(frame)
    ranks = [SEVERITY_ORDER[Severity(severity)] for severity in grouped["severity"]]
    records = _records(grouped[["count", "departments"]])
    return [
        {"code": str(code), "name": error_name(part, str(code)), "severity": rank, **record}
        for code, rank, record in zip(grouped.index, ranks, records, strict=True)
    ]


# --- a round in which nothing was read -------------------------------------------------


def _unread(summary: Summary) -> Json:
    """In place of a form where not one return was read: only who owes what."""
    frame = summary.coverage
    count = len(frame)
    lines: Json = {
        name: _plain(frame[name]) for name in ("status", *_who(summary), "contact", "phone", "why")
    }
    lines |= {
        "short": _plain(full_names(frame)),
        "file": [_names(path) for path in values(frame["file"])],
    }
    lines |= {f"{severity}s": [None] * count for severity in Severity}
    empty = (
        *("amounts", "parts", "grades", "attention", "sample", "funds", "indicators", "counties"),
        "codes",
    )
    return {
        "first": True,
        "name": "",
        "title": _NOTHING,
        "hasRate": False,
        "rateOf": [],
        "hasScore": False,
        "lowRate": LOW_RATE,
        "project": "",
        "reviewed": False,
        **{name: [] for name in empty},
        "figures": [_asked(summary)],
        "lines": lines,
        "findings": {n: [] for n in ("line", "severity", "place", "code", "message", "hint")},
        "notes": ["没有一份可以汇总的自评表。"],
    }
