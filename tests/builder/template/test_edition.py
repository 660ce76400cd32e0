"""Forms made from one written workbook are the same, member by member, as each written by itself."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

from builder import build_template
from builder.template import Addressee, issue
from builder.template.edition import Edition
from workbook.form import DEPARTMENT, DEPARTMENT_CODE, Form, Value, find_form
from workbook.reading import Filling

OVERALL, PROJECT = find_form("department_overall"), find_form("project_expenditure")
NAMES = ("审计局", "A&B <研究> “院”", " 前后有空格 ", "财政局", "审计局")


def members(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def assert_same_as_written_singly(form: Form, addressed: list[Addressee], folder: Path) -> None:
    written = issue(form, folder / "together", addressed, folder=True)
    for path, each in zip(written, addressed, strict=True):
        identity: dict[str, Value] = {DEPARTMENT: each.department, DEPARTMENT_CODE: each.code}
        locked = Filling(each.prefilled.values | identity, each.prefilled.rows)
        single = build_template(form, folder / "single.xlsx", prefilled=locked, plan=each.plan)
        assert members(path) == members(single)
        assert list(members(path)) == list(members(single))
        assert openpyxl.load_workbook(path).sheetnames


def test_names_and_codes(tmp_path: Path) -> None:
    addressed = [Addressee(code=f"{n:06}", department=name) for n, name in enumerate(NAMES)]
    assert_same_as_written_singly(OVERALL, addressed, tmp_path)


def test_amounts_change_results_as_well(tmp_path: Path) -> None:
    amounts = [(100.0, 120.0), (0.0, 88.88), (1234.5, 0.07), (7e6, 3e-3)]
    addressed = [
        Addressee(
            code=f"{n:06}",
            department=f"单位{n}",
            prefilled=Filling({"funds.original_budget": first, "funds.final_budget": last}),
        )
        for n, (first, last) in enumerate(amounts)
    ]
    assert_same_as_written_singly(OVERALL, addressed, tmp_path)


def test_rows_that_were_approved(tmp_path: Path) -> None:
    def rows(n: int) -> dict[str, dict[int, dict[str, Value]]]:
        return {
            "indicators": {1: {"indicator": f"指标{n}", "target": f"≥{n + 1}场", "weight": n + 1.0}}
        }

    addressed = [
        Addressee(code=f"{n:06}", department=f"单位{n}", prefilled=Filling({}, rows(n)))
        for n in range(3)
    ]
    assert_same_as_written_singly(OVERALL, addressed, tmp_path)


@pytest.mark.parametrize("name", ["合计", "形式指标", "指标1"])
def test_a_name_that_the_form_prints_itself(name: str, tmp_path: Path) -> None:
    addressed = [Addressee(code=f"{n:06}", department=d) for n, d in enumerate(("甲局", name))]
    assert_same_as_written_singly(OVERALL, addressed, tmp_path)


def test_projects_of_one_department(tmp_path: Path) -> None:
    project = PROJECT.key_fields.project
    assert project is not None
    addressed = [
        Addressee("", "301001", "教育局", name, Filling({project.key: name}))
        for name in ("校舍维修", "教师培训", "营养午餐")
    ]
    assert_same_as_written_singly(PROJECT, addressed, tmp_path)


def test_most_forms_are_not_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes | None] = []
    form = Edition.form

    def noted(edition: Edition, i: int) -> bytes | None:
        made.append(form(edition, i))
        return made[-1]

    monkeypatch.setattr(Edition, "form", noted)
    addressed = [Addressee(code=f"{n:06}", department=name) for n, name in enumerate("甲乙丙丁")]
    issue(OVERALL, tmp_path / "forms", addressed, folder=True)
    assert len(made) == 3
    assert None not in made
