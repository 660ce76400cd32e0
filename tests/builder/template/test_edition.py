"""Forms made from one written workbook are the same, member by member, as each written by itself."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
import xlsxwriter

from builder import build_template
from builder.template import Addressee, issue
from workbook.form import DEPARTMENT, DEPARTMENT_CODE, Value, find_form
from workbook.reading import Filling

OVERALL, PROJECT = find_form("department_overall"), find_form("project_expenditure")
NAMES = ("审计局", "A&B <研究> “院”", " 前后有空格 ", "财政局", "审计局")


def members(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def named(*names: str) -> list[Addressee]:
    return [Addressee(code=f"{n:06}", department=name) for n, name in enumerate(names)]


def prefilled(*fillings: Filling) -> list[Addressee]:
    return [
        Addressee(code=f"{n:06}", department=f"单位{n}", prefilled=given)
        for n, given in enumerate(fillings)
    ]


def amounts(first: float, last: float) -> Filling:
    return Filling({"funds.original_budget": first, "funds.final_budget": last})


def approved_row(n: int) -> Filling:
    row: dict[str, Value] = {"indicator": f"指标{n}", "target": f"≥{n}场", "weight": float(n)}
    return Filling({}, {"indicators": {1: row}})


def of_project(name: str) -> Addressee:
    return Addressee("", "301001", "教育局", name, Filling({"identity.project_name": name}))


TOGETHER = {
    "names and codes": named(*NAMES),
    "amounts, which change results as well": prefilled(
        amounts(100.0, 120.0), amounts(0.0, 88.88), amounts(1234.5, 0.07), amounts(7e6, 3e-3)
    ),
    "rows that were approved": prefilled(approved_row(1), approved_row(2), approved_row(3)),
    "a name that the form prints itself": named("甲局", "合计"),
    "another such name": named("甲局", "形式指标"),
    "a name that may be an indicator's": named("甲局", "指标1"),
    "projects of one department": [*map(of_project, ("校舍维修", "教师培训", "营养午餐"))],
}


@pytest.mark.parametrize("which", TOGETHER)
def test_together_and_singly_written_forms_are_the_same(which: str, tmp_path: Path) -> None:
    form = PROJECT if "projects" in which else OVERALL
    written = issue(form, tmp_path / "together", TOGETHER[which], folder=True)
    for path, each in zip(written, TOGETHER[which], strict=True):
        identity: dict[str, Value] = {DEPARTMENT: each.department, DEPARTMENT_CODE: each.code}
        locked = Filling(each.prefilled.values | identity, each.prefilled.rows)
        single = build_template(form, tmp_path / "single.xlsx", prefilled=locked, plan=each.plan)
        assert members(path) == members(single)
        assert list(members(path)) == list(members(single))
        assert openpyxl.load_workbook(path).sheetnames


def test_most_forms_are_not_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    books: list[xlsxwriter.Workbook] = []
    close = xlsxwriter.Workbook.close

    def noted(book: xlsxwriter.Workbook) -> None:
        books.append(book)
        close(book)

    monkeypatch.setattr(xlsxwriter.Workbook, "close", noted)
    assert len(issue(OVERALL, tmp_path / "forms", named(*"甲乙丙丁"), folder=True)) == 4
    assert len(books) == 1
