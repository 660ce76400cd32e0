"""The samples' fillings and submissions, without a workbook in between.

A filling file (samples/filled/*.toml) has one table a section; a repeating section's rows name the
branch they stand on (`level1`, `level2`) and take its slots in order.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from workbook import (
    Filling,
    Finding,
    Form,
    FormSummary,
    Return,
    Submission,
    Summary,
    aggregate,
    find_form,
    load_form,
)
from workbook.form import Value
from workbook.layout import Plan, lay_out
from workbook.reading import ACCEPTED, REJECTED, submit

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
FILLED = tuple(sorted((SAMPLES / "filled").glob("*.toml")))
ROSTER = SAMPLES / "roster.csv"


def overall() -> Form:
    """The form that the samples fill in."""
    return find_form("department_overall")


def filling(path: Path, form: Form | None = None, plan: Plan | None = None) -> Filling:
    """What a filling file says; LookupError if a branch has more rows than slots."""
    form = form or overall()
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    values: dict[str, Value] = {}
    rows: dict[str, dict[int, dict[str, Value]]] = {}
    for name, content in table.items():
        if form.sections[name].repeats:
            rows[name] = _numbered(form, name, content, plan)
        else:
            values |= {f"{name}.{key}": _plain(value) for key, value in content.items()}
    return Filling(values, rows)


def _numbered(
    form: Form, name: str, content: Iterable[dict[str, Any]], plan: Plan | None
) -> dict[int, dict[str, Value]]:
    levels = form.sections[name].levels
    free = [(slot.path, slot.number) for slot in lay_out(form, plan).blocks[name].slots]
    found: dict[int, dict[str, Value]] = {}
    for row in content:
        path = tuple(row[level] for level in levels)
        slot = next((item for item in free if item[0] == path), None)
        if slot is None:
            raise LookupError(f"no row is left under {path}")
        free.remove(slot)
        found[slot[1]] = {key: _plain(v) for key, v in row.items() if key not in levels}
    return found


def _plain(value: Any) -> Value:
    return float(value) if isinstance(value, int) else value


def submission(
    form: Form, given: Filling, path: Path | str = "return.xlsx", *, plan: Plan | None = None
) -> Submission:
    """The submission as the template would come back, with nothing tampered with."""
    return submit(form, given, plan=plan, path=Path(path))


def accepted(
    given: Filling,
    path: Path | str = "return.xlsx",
    *,
    form: Form | None = None,
    plan: Plan | None = None,
    findings: Sequence[Finding] = (),
    modified: str = "",
) -> Return:
    """A return that was read."""
    read = submission(form or overall(), given, path, plan=plan)
    return Return(
        path=Path(path),
        status=ACCEPTED,
        findings=tuple(findings),
        submission=read,
        sha256="0" * 64,
        size=20_000,
        application="WPS Office",
        saved_by="填表人",
        modified=modified,
        checked_by="a test",
    )


def return_of(code: int, **values: float) -> Return:
    """The first of the samples as another department's, which is called by its code."""
    own = {"identity__department": f"{code}局", "identity__department_code": str(code)}
    return accepted(changed(filling(FILLED[0]), **own, **values), f"{code}.xlsx")


def rejected(path: Path | str, *findings: Finding) -> Return:
    """A file that was not read."""
    return Return(path=Path(path), status=REJECTED, findings=findings, size=100)


def codes(item: Return) -> list[str]:
    """The codes of what was found in a return."""
    return [f.code for f in item.findings]


def sample_returns() -> list[Return]:
    """The samples' returns as they would come in, by path."""
    return [accepted(filling(path), Path("returns") / f"{path.stem}.xlsx") for path in FILLED]


def changed(given: Filling, **values: Value) -> Filling:
    """A filling with other values; keys are `section__field`, None empties a cell."""
    merged = given.values | {key.replace("__", "."): value for key, value in values.items()}
    return Filling({k: v for k, v in merged.items() if v is not None}, given.rows)


def main_form(summary: Summary) -> FormSummary:
    """What a summary says of its first form, which is there."""
    assert summary.main is not None
    return summary.main


def two_years() -> Summary:
    """Six departments this year, six last year; four of them the same, one renamed, one blank."""
    now = [accepted(filling(path), f"2024/{path.stem}.xlsx") for path in FILLED[:6]]
    before = []
    for number, path in enumerate(FILLED[2:8]):
        values: dict[str, Value] = {
            "identity__fiscal_year": 2023,
            "funds__final_budget": 1000.25 + number,
        }
        values |= {"identity__department": "改名前的局"} if number == 1 else {}
        values |= {"funds__actual_expenditure": None} if number == 2 else {}
        before.append(accepted(changed(filling(path), **values), f"2023/{number}.xlsx"))
    return aggregate(now, previous=aggregate(before))


_PROJECT_FORM = """
id = "small_project"
version = "1"
name = "项目支出绩效自评表"
title = "{fiscal_year} 年度项目支出绩效自评表"
unit = "元"
sheet = "项目表"
fiscal_year = 2024
widths = [10, 10, 10]

[summary]
project = "identity.project_name"

[[section]]
id = "identity"
label = "基本信息"
drawing = ["单位 | {department} | {department_code}", "项目 | {project_name} | {started}"]
[section.fields]
department = { label = "单位名称", kind = "text", required = true }
department_code = { label = "预算编码", kind = "text" }
project_name = { label = "项目名称", kind = "text" }
started = { label = "开始日期", kind = "date" }
fiscal_year = { label = "年度", kind = "count", value = 2024 }

[[section]]
id = "funds"
label = "资金"
drawing = ["资金 | {planned} | {spent}", "人数 | {people} | {unspent}"]
[section.fields]
planned = { label = "安排数", kind = "money" }
spent = { label = "支出数", kind = "money" }
unspent = { label = "结余", kind = "money", formula = "planned - spent" }
people = { label = "人数", kind = "count" }

[[section]]
id = "steps"
label = "实施步骤"
rows = 3
drawing = ["步骤 | 金额 | 完成"]
row = "{step} | {cost} | {finished}"
[section.fields]
step = { label = "步骤", kind = "text" }
cost = { label = "金额", kind = "money" }
finished = { label = "完成", kind = "choice", choices = ["是", "否"] }
"""


def project_form(folder: Path) -> Form:
    """A form of another sort: in 元, by project, without scores, with flat rows; written to `folder`."""
    path = folder / "small_project_1.toml"
    path.write_text(_PROJECT_FORM, encoding="utf-8")
    return load_form(path)


def project(
    form: Form, name: str, *, department: str = "某局", code: str = "001", planned: float = 20_000
) -> Return:
    """A return of `project_form`, spending a quarter of what was planned."""
    values: dict[str, Value] = {
        "identity.department": department,
        "identity.department_code": code,
        "identity.project_name": name,
        "funds.planned": planned,
        "funds.spent": planned / 4,
    }
    rows: dict[int, dict[str, Value]] = {2: {"step": "招标", "cost": 5.5, "finished": "是"}}
    given = Filling(values, {"steps": rows})
    return accepted(given, f"{department}_{name}.xlsx", form=form)
