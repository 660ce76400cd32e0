"""What commands print of returns and codes: JSON records, terminal tables, explanations."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from workbook.catalogue import CATALOGUE, Severity
from workbook.checking import Duty, Sender, View, gather
from workbook.commands.messages import say
from workbook.findings import Finding, few_cells
from workbook.form import Form, Part, Rule, available_forms, load_form, terms_of
from workbook.language import marked, t
from workbook.layout import Spot
from workbook.reading import ACCEPTED, REJECTED, SKIPPED, Return
from workbook.text import printable_lines

if TYPE_CHECKING:
    from workbook.rehearsal import Rehearsal
    from workbook.summary import Summary

_STATUS = {ACCEPTED: marked("收下"), REJECTED: marked("退回"), SKIPPED: marked("跳过")}
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "blue"}


def record(returned: Return, *, values: bool) -> dict[str, Any]:
    """One file as JSON: file, status, form, version, county, department, department_code, findings, error.

    With `values`, what was read, by section and field; None when the file was not accepted.
    """
    submission = returned.submission
    fields: dict[str, Any] = {
        "file": returned.key,
        "status": returned.status,
        "form": submission.form.id if submission else None,
        "version": submission.form.version if submission else None,
        "county": returned.county,
        "department": submission.department if submission else None,
        "department_code": submission.department_code if submission else None,
    }
    if values:
        read = gather(submission.form, [submission], View.TRUE).values(0) if submission else None
        fields["values"] = read
    fields["findings"] = [_finding_record(f) for f in returned.findings]
    fields["error"] = returned.error or None
    return fields


def missing_record(sender: Sender, duty: Duty) -> dict[str, str | None]:
    """One form that is missing as JSON: county, code, department, form, project."""
    return {
        "county": sender.county,
        "code": sender.code,
        "department": sender.department,
        "form": duty.form.id if duty.form else None,
        "project": duty.project or None,
    }


def _finding_record(f: Finding) -> dict[str, str]:
    return {
        "code": f.code,
        "severity": f.severity.value,
        "sheet": f.sheet,
        "cell": f.cell,
        "field": f.field,
        "message": f.message,
        "hint": f.hint,
        "printed": f.printed,
        "expected": f.expected,
    }


def spot_record(spot: Spot) -> dict[str, Any]:
    """One named cell of a form as JSON."""
    return {
        "sheet": spot.address.sheet,
        "cell": spot.address.a1,
        "section": spot.field.section,
        "field": spot.field.id,
        "row": spot.number or None,
        "label": spot.field.label,
        "kind": spot.field.kind.name,
        "mode": spot.field.mode,
        "choices": list(spot.field.choices),
    }


def totals(returns: Sequence[Return]) -> dict[str, int]:
    """How many files, by status, and how many findings, by severity."""
    counts = {"files": len(returns)}
    for status in (ACCEPTED, REJECTED, SKIPPED):
        counts[status] = sum(returned.status == status for returned in returns)
    for severity in Severity:
        counts[f"{severity.value}s"] = sum(
            f.severity is severity for returned in returns for f in returned.findings
        )
    return counts


def summary_record(summary: Summary) -> dict[str, Any]:
    """What was added up as JSON: how many departments have each status, each form's figures and grades.

    Amounts are 万元, rates fractions; what is missing is null.
    """
    return {
        "departments": {str(status): int(n) for status, n in summary.counts.items()},
        "forms": [
            {
                "form": part.form.id,
                "version": part.form.version,
                "fiscal_year": part.fiscal_year,
                "figures": json.loads(part.totals.to_json(orient="index", double_precision=15)),
                "grades": {str(name): int(n) for name, n in part.grades["departments"].items()},
            }
            for part in summary.forms
        ],
    }


NARROW = 100
"""On a terminal narrower than this, findings are sentences: a table would break addresses apart."""


def table(returned: Return, *, width: int = 140) -> Table | Text:
    """One file's findings as a terminal table, or as lines on a narrow one or when there are none."""
    department = returned.submission.department.strip() if returned.submission else ""
    title = printable_lines(f"{returned.key}  {department}  {t(_STATUS[returned.status])}")
    if not returned.findings:
        return Text(t("{file}：没有问题", file=title) + "\n", style="green")
    if width < NARROW:
        sentences = (f"  {printable_lines(f.sentence)}" for f in returned.findings)
        return Text("\n".join([title, *sentences, ""]))
    findings_table = Table(title=escape(title), title_justify="left", expand=True, show_lines=False)
    heads = (t("代码"), t("级别"), t("单元格"), t("问题"), t("怎么办"))
    for name, ratio in zip(heads, (0, 0, 2, 6, 4), strict=True):
        findings_table.add_column(name, ratio=ratio or None, no_wrap=not ratio, overflow="fold")
    for f in returned.findings:
        address = f"{f.sheet}!{few_cells(f.cell)}" if f.cell else f.sheet
        address = address.replace(",", ", ")
        level = Text(t(f.severity.chinese), style=_COLOURS[f.severity])
        words = (escape(printable_lines(text)) for text in (address, f.message, f.hint))
        findings_table.add_row(f.code, level, *words)
    return findings_table


# --- definitions ----------------------------------------------------------------------------------


def rehearsal_record(rehearsal: Rehearsal) -> dict[str, Any]:
    """What was found of a definition as JSON."""
    form = rehearsal.form
    return {
        "form": form.id,
        "version": form.version,
        "rules": rehearsal.rules,
        "cases": rehearsal.cases,
        "fillings": rehearsal.fillings,
        "in_workbook": not rehearsal.without_office,
        "remarks": [
            {
                "sort": remark.sort.value,
                "problem": remark.is_problem,
                "rule": remark.rules[0].code,
                "name": remark.rules[0].name,
                "other": remark.rules[1].code if len(remark.rules) > 1 else None,
                "case": remark.case or None,
                "message": remark.message,
                "hint": remark.hint,
            }
            for remark in rehearsal.remarks
        ],
    }


def print_rehearsal(rehearsal: Rehearsal) -> None:
    """The counts, then one line a remark."""
    form, counts = rehearsal.form, rehearsal
    notes = len(rehearsal.remarks) - rehearsal.problems
    say(f"{form.key}  {form.name}")
    say(
        t(
            "规则 {rules} 条，例子 {cases} 个，随机填写 {fillings} 份",
            rules=counts.rules,
            cases=counts.cases,
            fillings=counts.fillings,
        )
    )
    if rehearsal.without_office:
        say(t("{without_office}，没有在工作簿里试", without_office=rehearsal.without_office))
    else:
        say(t("例子在程序里、在工作簿里（LibreOffice）都试了"))
    say(t("要改的 {problems} 处，请留意的 {notes} 处", problems=rehearsal.problems, notes=notes))
    for remark in rehearsal.remarks:
        rule = remark.rules[0]
        sort = t("要改") if remark.is_problem else t("留意")
        say(f"{sort}  {rule.code} {rule.name}：{remark.message}。{remark.hint}")


# --- codes ----------------------------------------------------------------------------------------


def known_codes(further: Sequence[Form] = ()) -> tuple[str, ...]:
    """Every code that a finding may carry, in order; `further` forms are those not among ours."""
    rules = [rule.code for form in (*further, *_forms()) for rule in form.rules if not rule.general]
    return tuple(sorted({*CATALOGUE, *rules}))


def _forms() -> list[Form]:
    return [load_form(path) for path in available_forms()]


def explanation(code: str, further: Sequence[Form] = ()) -> str:
    """What a code means, its basis, and how to mend it; `code` is one of `known_codes`."""
    if code in CATALOGUE:
        entry = CATALOGUE[code]
        message, hint = opened(entry.message), opened(entry.hint)
        return _explanation_lines(code, entry.severity, entry.name, message, entry.basis, hint)
    form, rule = next((f, r) for f in (*further, *_forms()) for r in f.rules if r.code == code)
    text = _explanation_lines(
        code, rule.severity, rule.name, template_of(rule), rule.basis, rule.hint
    )
    lines = [
        t("条件：{when} 时，{rule}", when=rule.when_source, rule=rule.source)
        if rule.when_source
        else t("条件：{rule}", rule=rule.source),
        *(t("其中 {name}：{means}", name=n, means=m) for n, m in terms_of(form, rule).items()),
        *(() if rule.in_sheet else (t("在哪里查：表里算不出，自检表上没有，收回以后由程序检查"),)),
        t("表式：{name}（{key}）", name=form.name, key=form.key),
    ]
    return "\n".join((text, *lines))


def _explanation_lines(
    code: str, severity: Severity, name: str, message: str, basis: str, hint: str
) -> str:
    lines = (
        t("含义：{text}", text=message),
        t("依据：{text}", text=basis),
        t("怎么办：{text}", text=hint),
    )
    return "\n".join((f"{code}  {t(severity.chinese)}  {name}", *lines))


def template_of(rule: Rule) -> str:
    """A rule's message with its figures left open: `标明 … 分`."""
    return "".join(_open(part) for part in rule.message)


def opened(text: str) -> str:
    """A text of the catalogue with what each finding fills in left open."""
    return re.sub(r"\{\w+\}", "…", text)


def _open(part: Part) -> str:
    return part.words if part.node is None else "…"
