"""What stands once in the definition holds everywhere: template, check, summary, page, data, Word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import docx
import duckdb
import openpyxl
import pytest

from builder import build_page, build_summary, build_template
from builder.tables import DATABASE, write_data
from builder.word import build_county_report, write_reports
from tests.fillings import FILLED, accepted, changed, filling, overall
from tests.office import Office
from workbook import Filling, Form, Return, aggregate, check, load_form
from workbook.summary import frames

RATE = 'formula = "actual_expenditure / final_budget"'
OTHER = 'formula = "actual_expenditure / original_budget"'


@pytest.fixture
def form(tmp_path: Path) -> Form:
    """The department's form with another execution rate: spending over the original budget."""
    text = overall().path.read_text(encoding="utf-8")
    assert text.count(RATE) == 1
    path = tmp_path / "other_rate.toml"
    path.write_text(text.replace(RATE, OTHER), encoding="utf-8")
    return load_form(path)


def returns(form: Form) -> list[Return]:
    """Two departments: 90 of 100 (of 120 as adjusted), 30 of 60 (of 30)."""
    figures = {1: (100.0, 120.0, 90.0), 2: (60.0, 30.0, 30.0)}
    given = [
        changed(
            filling(FILLED[0], form),
            identity__department=f"{n}局",
            identity__department_code=str(n),
            funds__original_budget=original,
            funds__final_budget=final,
            funds__actual_expenditure=actual,
            funds__execution_score=None,
        )
        for n, (original, final, actual) in figures.items()
    ]
    return check([accepted(one, f"{n}.xlsx", form=form) for n, one in enumerate(given, 1)])


EACH, WHOLE = (0.9, 0.5), 120 / 160
"""The rates of the two, and of both together, by the other formula."""


def texts(path: Path) -> Iterator[str]:
    document = docx.Document(str(path))
    for table in document.tables:
        for row in table.rows:
            yield from (cell.text for cell in row.cells)


def test_another_execution_rate_in_the_definition_changes_everything(
    form: Form, tmp_path: Path
) -> None:
    read = returns(form)
    template = build_template(form, tmp_path / "表.xlsx")
    written = openpyxl.load_workbook(template)["自评表"]["H7"].value
    assert "$D$7" in str(written)  # the original budget
    assert "$E$7" not in str(written)

    told = [finding.message for item in read for finding in item.findings]
    assert any("执行率只有 50%" in message for message in told)

    summary = aggregate(read)
    assert summary.main is not None
    assert tuple(summary.main.departments["execution_rate"]) == pytest.approx(EACH)
    assert float(summary.main.totals.loc["execution_rate", "value"]) == pytest.approx(WHOLE)  # type: ignore[arg-type]

    book = openpyxl.load_workbook(build_summary(summary, tmp_path / "汇总.xlsx"), data_only=True)
    lines = book["部门汇总"]
    heads = [cell.value for cell in lines[3]]
    rates = [lines.cell(row, heads.index("执行率") + 1).value for row in (4, 5, 6)]
    assert rates == pytest.approx([*EACH, WHOLE])
    small_print = " ".join(str(c.value) for row in book["总览"].iter_rows() for c in row if c.value)
    assert "执行率＝全年执行数合计÷年初预算数合计" in small_print

    page = build_page(summary, tmp_path / "网页.html").read_text(encoding="utf-8")
    assert '"rate":[0.9,0.5]' in page.replace(" ", "")
    assert "执行率＝全年执行数÷年初预算数" in page

    data = tmp_path / "数据"
    write_data(frames(read), data, summary)
    with duckdb.connect(data / DATABASE, read_only=True) as base:
        schema = next(t for (t,) in base.execute("SELECT DISTINCT table_schema FROM "
                      "information_schema.tables WHERE table_schema LIKE '%_summary'").fetchall())  # fmt: skip
        asked = base.execute(f'SELECT execution_rate FROM "{schema}".totals').fetchall()
        meaning = base.execute("SELECT comment FROM duckdb_columns() WHERE table_name = 'departments' "
                               "AND column_name = 'execution_rate'").fetchone()  # fmt: skip
    assert asked == [(pytest.approx(WHOLE),)]
    assert meaning is not None
    assert "全年执行数÷年初预算数" in str(meaning[0])

    draft = build_county_report(summary, tmp_path / "初稿.docx")
    assert "75.00%" in set(texts(draft))
    documents = write_reports(read, tmp_path / "报告").documents
    assert any("90%" in text or "90.00%" in text for path in documents for text in texts(path))


def test_the_summary_s_own_formulas_reckon_the_rate_as_the_definition_does(
    form: Form, office: Office, tmp_path: Path
) -> None:
    path = build_summary(aggregate(returns(form)), tmp_path / "汇总.xlsx")
    with office.open(path) as book:
        office.recalculate(book)
        values = office.sheet_values(book, "部门汇总")
    column = [*values[2]].index("执行率")
    assert [float(str(values[row][column])) for row in (3, 4, 5)] == pytest.approx([*EACH, WHOLE])


NAMES = {
    "final_budget": "adjusted",
    "actual_expenditure": "used",
    "original_budget": "approved",
    "execution_rate": "pace",
    "self_score": "own_points",
    "weight": "full_points",
    "deviation_reason": "why",
    "total_score": "points",
    "level1": "upper",
    "level2": "lower",
    "indicators": "measures",
}
"""Ids of the form that no code may know."""


def renamed(text: str, *, without: tuple[str, ...] = ()) -> str:
    """The definition with other ids; in [summary] the keys on the left stay what they are."""
    for old, new in NAMES.items():
        text = re.sub(rf"(?<![\w]){old}(?![\w])", new, text)
        text = re.sub(rf"(?<![\w]){old}(?=_(?:fold|kind|sum|weight)\b)", new, text)
    text = re.sub(r"^pace = (?=\"funds)", "execution_rate = ", text, flags=re.MULTILINE)
    text = re.sub(r"^points = (?=\"totals)", "total_score = ", text, flags=re.MULTILINE)
    text = text.replace('metric = "pace"', 'metric = "execution_rate"')
    text = re.sub(r"^group_label.*$", lambda m: m[0].replace("{full_points}", "{weight}"), text,
                  flags=re.MULTILINE)  # fmt: skip
    text = re.sub(r"^full_points = (?=\"full_points|\d)", "weight = ", text, flags=re.MULTILINE)
    for key in without:
        text = re.sub(rf'^{key} = "funds[^\n]*\n', "", text, flags=re.MULTILINE)
    return text


@pytest.mark.parametrize("without", [(), ("budget", "spent")], ids=["all", "no budget, no spent"])
def test_no_code_knows_the_ids_of_a_form(without: tuple[str, ...], tmp_path: Path) -> None:
    text = overall().definition
    rules = text.index("[[rule]]")  # their cases speak of the samples' ids
    path = tmp_path / "renamed.toml"
    path.write_text(renamed(text[:rules], without=without), encoding="utf-8")
    form = load_form(path)
    usual = filling(FILLED[2])
    ids = {f"{section}.{old}": f"{section}.{new}" for old, new in NAMES.items()
           for section in ("funds", "totals")}  # fmt: skip
    rows = {n: {NAMES.get(k, k): v for k, v in row.items()}
            for n, row in usual.rows["indicators"].items()}  # fmt: skip
    given = Filling({ids.get(k, k): v for k, v in usual.values.items()}, {"measures": rows})
    read = check([accepted(given, "a.xlsx", form=form)])
    summary = aggregate(read)
    assert summary.main is not None
    assert float(summary.main.totals["value"]["execution_rate"]) > 0
    book = openpyxl.load_workbook(build_summary(summary, tmp_path / "汇总.xlsx"), data_only=True)
    assert {"部门汇总", "指标明细", "指标分析", "抽查复核名单", "资金构成"} <= set(book.sheetnames)
    heads = [cell.value for cell in book["指标明细"][3]]
    assert heads[2:4] == ["一级指标", "二级指标"]
    assert "得分率" in heads
    build_page(summary, tmp_path / "网页.html")
    build_county_report(summary, tmp_path / "初稿.docx")
    write_data(frames(read), tmp_path / "数据", summary)
