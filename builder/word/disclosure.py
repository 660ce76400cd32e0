"""Reports into a folder, one a department, as .docx and .pdf; and the index page of a public pack."""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from builder.word.document import clean
from builder.word.official import opened
from builder.word.report import department_report, report_values
from builder.word.report_table import cell_text
from workbook.arguments import PathLike, as_path
from workbook.catalogue import Severity
from workbook.checking import (
    Roster,
    RosterEntry,
    Sender,
    View,
    full_name,
    gather,
    sort_by_sender,
    value_at,
)
from workbook.errors import BuildError
from workbook.expression import number_text
from workbook.form import DEPARTMENT, DEPARTMENT_CODE, report_section
from workbook.language import t
from workbook.reading import Cell, Return, Submission, as_returns, is_foreseen, rejected
from workbook.text import printable
from workbook.word import NoOffice, convert
from workbook.writing import free_name, stem_of, writing

INDEX = "index.html"
PAGES_AT_ONCE = 20
"""Documents that one start of LibreOffice converts; one it chokes on spoils no more than these."""
SECONDS_EACH = 10.0


# --- which returns are written --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Selection:
    """Of a round's returns those whose report is written, and of the others why not."""

    returns: tuple[Return, ...]
    """One a department (a project), under the roster's names and in its order, a department's own form before
    its projects'; those that were not read are among them."""
    left_out: tuple[tuple[Path, str], ...]
    faulty: Mapping[Path, int]
    """Errors that were not mended, of those that are written."""


def select(
    returns: Sequence[Return],
    roster: Roster | None = None,
    *,
    year: int | None = None,
    public: bool = False,
) -> Selection:
    """Choose from returns that `check` has judged with the same roster and year.

    Left out are copies of which another one counts, those of another year, those off the roster, and,
    where they would be `public`, those filled in the same as another department's.
    """
    sent = sort_by_sender(returns, roster)
    round_year = sent.due_forms(year).year
    selected, left_out = [], []
    in_order = sorted(
        enumerate(returns), key=lambda item: _roster_rank(item[1], sent.senders.get(item[0]))
    )
    for position, returned in in_order:
        sender = sent.senders.get(position)
        why = _not_due(returned, sender, roster, round_year)
        if position in sent.replaced:
            name = printable(returns[sent.replaced[position]].path.name)
            why = t("同一单位另有计入的“{name}”", name=name)
        elif position in sent.copies.uncounted:
            name = printable(returns[sent.copies.undecided[position]].path.name)
            why = t(
                "与“{name}”分不清哪份在后，暂以那一份为准；要以本份为准的，用 --use 指定", name=name
            )
        if why:
            left_out.append((returned.path, why))
        else:
            selected.append(_under_roster_name(returned, sender))
    # Equal to one that does not count is no reason.
    fillings = Counter(returned.submission.filling for returned in selected if returned.submission)
    for returned in list(selected) if public else []:
        why = next((f.message for f in returned.findings if f.code == "A504"), "")
        if why and returned.submission and fillings[returned.submission.filling] > 1:
            left_out.append((returned.path, why))
            selected.remove(returned)
    errors = {r.path: sum(f.severity is Severity.ERROR for f in r.findings) for r in selected}
    faulty = {r.path: errors[r.path] for r in selected if r.submission and errors[r.path]}
    return Selection(tuple(selected), tuple(left_out), faulty)


def _roster_rank(returned: Return, sender: Sender | None) -> tuple[float, float]:
    """Where a return's department stands on the roster, and its project; after them what is not on it."""
    entry, submission = sender.entry if sender else None, returned.submission
    if entry is None:
        return math.inf, 0
    if submission is None or submission.form.key_fields.project is None:
        return entry.row, 0
    project = entry.project(submission.project)
    return entry.row, project.row if project else math.inf


def _not_due(
    returned: Return, sender: Sender | None, roster: Roster | None, year: int | None
) -> str:
    """Why a return that was read is none of this round's; blank if it is one."""
    submission = returned.submission
    if submission is None:
        return ""
    if year is not None and submission.fiscal_year != year:
        return t(
            "这是 {fiscal_year} 年度的表，这一次收的是 {year} 年度的",
            fiscal_year=submission.fiscal_year,
            year=year,
        )
    if roster is not None and (sender is None or sender.entry is None):
        return t("单位不在名册中")
    return ""


def _under_roster_name(returned: Return, sender: Sender | None) -> Return:
    """A return under the county, name and code that its department has on the roster."""
    submission, entry = returned.submission, sender.entry if sender else None
    if submission is None or entry is None:
        return returned
    named = replace(
        submission,
        department=entry.department,
        department_code=entry.code or submission.department_code,
        cells=submission.cells | _named_cells(submission, entry),
    )
    return replace(returned, submission=named, county=entry.county or returned.county)


def _named_cells(submission: Submission, entry: RosterEntry) -> dict[str, Cell]:
    cells = {}
    for name, text in ((DEPARTMENT, entry.department), (DEPARTMENT_CODE, entry.code)):
        if name in submission.cells and text:
            cell = submission.cells[name]
            cells[name] = Cell(text, text, cell.address, formula=cell.formula)
    return cells


# --- the folder -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Written:
    """What was written, and of which returns not, and why."""

    documents: dict[Path, Submission] = field(default_factory=dict)
    papers: list[Path] = field(default_factory=list)
    """The .pdf among them."""
    index: Path | None = None
    without_report: list[Path] = field(default_factory=list)
    """Returns of a form with a report, of which there was only the form."""
    refused: list[tuple[Path, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """The tracebacks of what nobody foresaw in them."""


def write_reports(
    returns: Iterable[Return],
    folder: PathLike,
    *,
    template: PathLike | None = None,
    pdf: bool = False,
    public: bool = False,
    force: bool = False,
    unlisted: Collection[Path] = (),
    reviewed: Mapping[Path, tuple[float, str]] | None = None,
    progress: Callable[[Path], None] | None = None,
) -> Written:
    """Write the report of every accepted return into a folder; one that fails stops no other.

    What is there already is not written over without `force`. `public` also writes an index page, on
    which the returns of the paths `unlisted` are not; with the scores and grades `reviewed`,
    by path, if any are given. Raises BuildError if the template cannot be used
    or nothing can be written there; ArgumentError for an argument that is none.

    >>> from builder import write_reports
    >>> from workbook import check, read_returns
    >>> len(write_reports(check(read_returns("samples/returns")), "reports").documents)
    12
    """
    returns, folder = as_returns(returns, "returns"), as_path(folder, "folder")
    template = None if template is None else as_path(template, "template")
    opened(template)  # one that cannot be used fails them all
    _refuse_existing(folder / INDEX, pdf=False, force=force or not public)
    written = Written()
    listed: dict[Path, Return] = {}
    taken: set[str] = set()
    for returned in returns:
        if returned.submission is None:
            written.refused.append((returned.path, returned.error))
            continue
        try:
            lacks_report = report_values(returned.submission) is None
            kind = "自评表" if lacks_report else "自评报告"
            stem = f"{_stem(returned.submission, returned.county)}_{kind}"
            path = folder / free_name(stem, ".docx", taken)
            _refuse_existing(path, pdf=pdf, force=force)
            data = department_report(returned.submission, template=template, public=public)
            with writing(path) as temporary:
                temporary.write_bytes(data)
        except BuildError as error:
            written.refused.append((returned.path, str(error)))
            continue
        except Exception as error:
            if is_foreseen(error):
                raise
            lost = rejected(returned.path, error)
            written.refused.append((lost.path, lost.error))
            written.faults.append(lost.fault)
            continue
        written.documents[path] = returned.submission
        if returned.path not in unlisted:
            listed[path] = returned
        if lacks_report and report_section(returned.submission.form) is not None:
            written.without_report.append(returned.path)
        if progress is not None:
            progress(returned.path)
    if pdf and written.documents:
        _papers(written)
    if public and listed:
        written.index = _index(listed, written.papers, folder, reviewed or {})
    return written


def _stem(submission: Submission, county: str) -> str:
    """Whose a return's report is called: several may come from one department."""
    stem = stem_of(submission.department_code, submission.department)
    stem = stem_of(county, stem)
    project = submission.form.key_fields.project
    cell = submission.cell_of(project.key) if project else None
    if cell is not None and cell.value:
        stem = stem_of(stem, str(cell.value))
    return stem or "未填单位"


def _refuse_existing(path: Path, *, pdf: bool, force: bool) -> None:
    for target in (path, path.with_suffix(".pdf"))[: 2 if pdf else 1]:
        if target.exists() and not force:
            raise BuildError(t("{path}：已经存在；要覆盖请加 --force", path=target))


def _papers(written: Written) -> None:
    """The documents as PDF. A document that LibreOffice cannot convert is told, the others stand."""
    paths = list(written.documents)
    for start in range(0, len(paths), PAGES_AT_ONCE):
        batch_of_paths = paths[start : start + PAGES_AT_ONCE]
        converted = _converted(batch_of_paths)
        for path in batch_of_paths:
            data = converted.get(str(path)) or _converted([path]).get(str(path))
            if data is None:
                written.refused.append((path, t("没有转换成 PDF")))
                continue
            paper = path.with_suffix(".pdf")
            with writing(paper) as temporary:
                temporary.write_bytes(data)
            written.papers.append(paper)


def _converted(paths: Sequence[Path]) -> dict[str, bytes]:
    documents = {str(path): path.read_bytes() for path in paths}
    try:
        return convert(documents, "pdf", seconds=120 + SECONDS_EACH * len(paths))
    except NoOffice:
        return {}


# --- the index page -------------------------------------------------------------------------------

_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.6 "Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", sans-serif;
  color: #1f2933; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; text-align: center; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border: 1px solid #bfc7cf; padding: .4rem .6rem; text-align: left; }}
th {{ background: #1f4e79; color: #fff; font-weight: normal; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
p {{ color: #4b5763; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>共 {count} 个单位，金额单位：{unit}。</p>
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


def _index(
    listed: Mapping[Path, Return],
    papers: Collection[Path],
    folder: Path,
    reviewed: Mapping[Path, tuple[float, str]],
) -> Path:
    path = folder / INDEX
    submissions = {
        document: submission
        for document, returned in listed.items()
        if (submission := returned.submission)
    }
    by_project = {s.form.key: s.form.key_fields.project is not None for s in submissions.values()}
    first = min(submissions.values(), key=lambda submission: by_project[submission.form.key])
    columns = list(
        dict.fromkeys(label for each in (first, *submissions.values()) for label in _columns(each))
    )
    has_projects = any(by_project.values())
    rows = [
        _row(document, submission, listed[document].county, columns,
             paper=document.with_suffix(".pdf") in papers, project=has_projects,
             review=_review(reviewed.get(listed[document].path)) if reviewed else [])
        for document, submission in submissions.items()
    ]  # fmt: skip
    review_head = ["复核得分", "复核等次"] if reviewed else []
    heads = [
        "序号",
        "单位",
        *(["项目"] if has_projects else []),
        *columns,
        *review_head,
        "自评报告",
    ]
    page = _PAGE.format(
        title=html.escape(f"{first.fiscal_year}年度{first.form.name}公开"),
        # One department may send a form for each of its projects.
        count=len(set(sort_by_sender(listed.values()).departments.values())),
        unit=html.escape(first.form.unit),
        heads="".join(f"<th>{html.escape(head)}</th>" for head in heads),
        rows="\n".join(f"<tr><td>{n}</td>{row}</tr>" for n, row in enumerate(rows, 1)),
    )
    with writing(path) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    return path


def _columns(submission: Submission) -> dict[str, str]:
    """The figures of a line, by their labels: field keys."""
    key_fields = submission.form.key_fields
    key_of_label = {item.label: item.key for item in key_fields.amounts.values()}
    for item in (key_fields.rate, key_fields.score, key_fields.grade):
        if item is not None:
            key_of_label[item.label] = item.key
    return key_of_label


def _review(review: tuple[float, str] | None) -> list[str]:
    return ["", ""] if review is None else [number_text(review[0]), review[1]]


def _row(
    path: Path,
    submission: Submission,
    county: str,
    columns: Sequence[str],
    *,
    paper: bool,
    project: bool,
    review: Sequence[str],
) -> str:
    """A line; what the form does not have stays blank."""
    batch = gather(submission.form, [submission], View.TRUE)
    keys, figures = _columns(submission), []
    for label in columns:
        text = ""
        if label in keys:
            item = submission.form.field_of(keys[label])
            text = cell_text(item, value_at(batch, item, 0)).removeprefix("等次：")
        figures.append(f'<td class="number">{html.escape(clean(text))}</td>')
    figures += [f'<td class="number">{text}</td>' for text in review]
    files = [path, path.with_suffix(".pdf")][: 1 + paper]
    links = "　".join(
        f'<a href="{html.escape(quote(file.name))}">{file.suffix.strip(".").upper()}</a>'
        for file in files
    )
    department = submission.department.strip() or path.stem
    names = [full_name(county, department), *([submission.project] if project else [])]
    named = "".join(f"<td>{html.escape(clean(name))}</td>" for name in names)
    return f"{named}{''.join(figures)}<td>{links}</td>"
