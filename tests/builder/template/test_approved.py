"""What the bureau approved, locked into each department's form by command: rows, indicators, budget figures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from openpyxl.worksheet.worksheet import Worksheet

from tests.api import CLEAN, cli
from workbook import RosterError, check, load_roster, read_returns
from workbook.reading import ACCEPTED

HEADS = ["预算编码", "部门", "一级指标", "二级指标", "三级指标", "年度指标值", "分值", "方向"]
LISTED = [
    ["118001", "", "产出指标", "数量指标", "整理档案", "≥1200件", 20, ""],
    ["", "", "", "", "接待查档", "≥2000人次", 15, ""],
    ["", "", "", "质量指标", "差错", "5件", 15, "越低越好"],
    ["", "", "效益指标", "社会效益指标", "查档满意", "98%", 30, ""],
    ["", "", "满意度指标", "服务对象满意度指标", "群众满意度", "≥95%", 10, ""],
]


def roster(
    folder: Path, listed: Sequence[Sequence[object]], *, heads: Sequence[str] = HEADS
) -> Path:
    """A roster of two departments with a sheet of approved indicators."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in (
        ["预算编码", "部门", "年初预算数", "全年预算数（元）"],
        ["118001", "档案馆", 162.35, 1_716_000],
        ["125001", "科协", 80, 783_000],
    ):
        sheet.append(row)
    indicators = book.create_sheet("指标")
    indicators.append(list(heads))
    for line in listed:
        indicators.append(list(line))
    path = folder / "名册.xlsx"
    book.save(path)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["template", *map(str, arguments)])


def cells(path: Path, *names: str) -> list[tuple[object, bool]]:
    """What stands in some cells, and whether they are locked."""
    book = openpyxl.load_workbook(path)
    found = []
    for name in names:
        sheet, place = re.sub("[$']", "", book.defined_names[name].attr_text).split("!")
        cell = book[sheet][place]
        found.append((cell.value, cell.protection.locked))
    return found


def test_a_group_has_as_many_rows_as_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "a.xlsx"
    asked = ("--rows", "数量指标=6", "--rows", "产出指标/质量指标=1")
    assert run("department_overall", "-o", out, *asked).exit_code == CLEAN
    names = openpyxl.load_workbook(out).defined_names
    assert "indicators.indicator.21" in names
    assert "indicators.indicator.22" not in names
    (item,) = read_returns([out])
    assert item.findings[0].code == "W110", "read as a blank form, with its own rows"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("数量=6", "表里没有“数量”；可以写：产出指标/数量指标"),
        ("数量指标", "请写成 数量指标=6"),
        ("数量指标=0", "应在 1 到 200 之间"),
        ("数量指标=many", "请写成 数量指标=6"),
    ],
)
def test_rows_that_cannot_be_are_told(tmp_path: Path, rows: str, message: str) -> None:
    result = run("department_overall", "-o", tmp_path / "a.xlsx", "--rows", rows)
    assert result.exit_code == 2
    assert message in result.output
    assert not any(tmp_path.iterdir())


def test_approved_indicators_are_the_rows_and_locked(tmp_path: Path) -> None:
    out = tmp_path / "发出"
    result = run("department_overall", "-o", out, "--roster", roster(tmp_path, LISTED), "--budget")
    assert result.exit_code == CLEAN, result.output
    archive = out / "118001_档案馆.xlsx"
    assert cells(
        archive,
        "funds.original_budget",
        "funds.final_budget",
        "indicators.indicator.2",
        "indicators.target.2",
        "indicators.weight.2",
        "indicators.direction.3",
    ) == [
        (162.35, True),
        (171.6, True),
        ("接待查档", True),
        ("≥2000人次", True),
        (15, True),
        ("越低越好", True),
    ]
    assert cells(archive, "indicators.actual.2", "indicators.direction.2") == [
        (None, False),
        (None, True),  # whoever may say which way an indicator goes may turn it round
    ]
    assert "indicators.indicator.11" not in openpyxl.load_workbook(archive).defined_names
    assert cells(out / "125001_科协.xlsx", "indicators.indicator.1") == [(None, False)]


def test_what_was_approved_is_read_again_and_guarded(tmp_path: Path) -> None:
    out = tmp_path / "发出"
    assert (
        run("department_overall", "-o", out, "--roster", roster(tmp_path, LISTED)).exit_code
        == CLEAN
    )
    path = out / "118001_档案馆.xlsx"
    book = openpyxl.load_workbook(path)
    book["自评表"]["F17"].value = "1260件"
    book["自评表"]["E17"].value = "≥1000件"
    book["自评表"]["K18"].value = "越低越好"
    book.save(path)
    (item,) = check(read_returns([path]))
    assert item.status == ACCEPTED
    assert {"E17", "K18"} == {f.cell for f in item.findings if f.code == "L209"}


def test_spare_rows_are_left_to_the_department(tmp_path: Path) -> None:
    out = tmp_path / "发出"
    listed = LISTED[:1]
    result = run(
        "department_overall", "-o", out, "--roster", roster(tmp_path, listed), "--spare", "2"
    )
    assert result.exit_code == CLEAN, result.output
    assert cells(
        out / "118001_档案馆.xlsx", "indicators.indicator.1", "indicators.indicator.2"
    ) == [
        ("整理档案", True),
        (None, False),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["999999", "", "产出指标", "数量指标", "整理档案", "1件", 50, ""], "不在名册"),
        (["118001", "", "产出", "数量", "整理档案", "1件", 50, ""], "分不清“整理档案”是哪一级的指标"),
        (["118001", "", "产出指标", "数量指标", "", "1件", 50, ""], "没有三级指标"),
        (["118001", "", "产出指标", "数量指标", "整理档案", "1件", "五十", ""], "分值“五十”不是数字"),
        (["118001", "", "产出指标", "数量指标", "整理档案", "1件", 50, "高"], "方向“高”不是可以选的"),
        (["118001", "", "产出指标", "数量指标", "整理档案", "1件", 40, ""], "产出指标分值合计 40，应为 50"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_is_told_with_its_row(
    tmp_path: Path, line: list[object], message: str
) -> None:
    result = run("department_overall", "-o", tmp_path / "x", "--roster", roster(tmp_path, [line]))
    assert result.exit_code == 2
    assert message in result.output
    assert not (tmp_path / "x").exists()


def test_the_list_may_be_a_file_of_its_own(tmp_path: Path) -> None:
    plain = tmp_path / "名册.csv"
    plain.write_text("预算编码,部门\n118001,档案馆\n", "utf-8")
    listed = tmp_path / "指标.csv"
    listed.write_text(
        "部门,二级指标,三级指标,年度指标值,分值\n档案馆,数量指标,整理档案,≥1200件,50\n", "utf-8"
    )
    read = load_roster(plain, indicators=listed)
    assert [item.name for item in read.entries[0].indicators] == ["整理档案"]
    assert run("department_overall", "-o", tmp_path / "a", "--indicators", listed).exit_code == 2
    with pytest.raises(RosterError, match="缺少“三级指标”列"):
        load_roster(plain, indicators=plain)


def test_a_form_by_project_is_written_for_each_project(tmp_path: Path) -> None:
    plain = tmp_path / "名册.csv"
    plain.write_text("预算编码,部门\n118001,档案馆\n125001,科协\n", "utf-8")
    projects = tmp_path / "项目.csv"
    projects.write_text("部门,项目名称\n档案馆,库房改造\n档案馆,数字化\n", "utf-8")
    out = tmp_path / "发出"
    result = run("project_expenditure", "-o", out, "--roster", plain, "--projects", projects)
    assert result.exit_code == CLEAN, result.output
    assert sorted(path.name for path in out.iterdir()) == [
        "118001_库房改造.xlsx",
        "118001_数字化.xlsx",
    ]
    assert cells(out / "118001_数字化.xlsx", "identity.project_name", "identity.department") == [
        ("数字化", True),
        ("档案馆", True),
    ]


def test_two_departments_never_share_a_file(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("部门\n甲/局\n甲:局\n", encoding="utf-8")
    done = run("department_overall", "-o", tmp_path / "out", "--roster", tmp_path / "r.csv")
    assert done.exit_code == 2
    assert "“甲/局”和“甲:局”的文件名会相同" in done.output
    assert not (tmp_path / "out").exists()


# --- what the bureau should look at -----------------------------------------------------------------


def sent(folder: Path, head: str, *lines: str, options: Sequence[str] = ()) -> Result:
    path = folder / "名册.csv"
    path.write_text("\n".join((head, *lines)), encoding="utf-8")
    output = ("-o", str(folder / "sent"), "--force")
    return run("department_overall", "--roster", path, *output, *options)


THREE = ("012001,一局,3", "012002,二局,3", "012003,三局,3")


@pytest.mark.parametrize(
    ("head", "lines", "remark"),
    [
        ("预算编码,部门", ("12001,一局", *THREE[1:]), "预算编码“12001”比别的少几位"),
        ("预算编码,部门,报送地止", THREE, "“报送地止”一列没有用到，是不是“报送地址”？"),
        ("预算编码,部门,年初预算（元）", THREE, "“年初预算（元）”一列没有用到，是不是“年初预算数”？"),
    ],
)  # fmt: skip
def test_what_may_be_a_slip_in_the_roster_is_told(
    tmp_path: Path, head: str, lines: Sequence[str], remark: str
) -> None:
    result = sent(tmp_path, head, *lines)
    assert result.exit_code == CLEAN
    assert remark in result.stderr


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        ("预算编码,部门,年初预算数（元）", THREE),
        ("预算编码,部门,报送邮箱", THREE),
        ("预算编码,部门,主管科室", ("012,主管局,甲", *THREE)),  # of another level, not without its zero
    ],
)  # fmt: skip
def test_a_sound_roster_has_no_remarks(tmp_path: Path, head: str, lines: Sequence[str]) -> None:
    assert sent(tmp_path, head, *lines).stderr == ""


def test_columns_of_the_indicators_that_nobody_reads_are_told(tmp_path: Path) -> None:
    heads = [{"分值": "分直", "年度指标值": "指标值"}.get(head, head) for head in HEADS]
    result = run(
        "department_overall", "--roster", roster(tmp_path, LISTED, heads=heads), "-o", tmp_path / "sent"
    )  # fmt: skip
    assert "没有用到的列有“分直”" in result.stderr
    assert "“分值”" in result.stderr
    assert "指标值”；" not in result.stderr
    assert cells(tmp_path / "sent" / "118001_档案馆.xlsx", "indicators.target.1")[0][0] == "≥1200件"


def test_a_code_in_full_width_is_the_same_code(tmp_path: Path) -> None:
    assert sent(tmp_path, "预算编码,部门", "０１２００１,一局").exit_code == CLEAN
    assert (tmp_path / "sent" / "012001_一局.xlsx").exists()


def test_an_indicator_of_one_code_and_another_department_is_refused(tmp_path: Path) -> None:
    mixed = [["118001", "科协", *LISTED[0][2:]], *LISTED[1:]]
    with pytest.raises(
        RosterError, match="第 2 行：预算编码“118001”是档案馆的，部门写的却是“科协”"
    ):
        load_roster(roster(tmp_path, mixed))


def test_every_amount_that_cannot_be_is_told_at_once(tmp_path: Path) -> None:
    lines = ("012001,一局,-5", "012002,二局,一千万", "012003,三局,7")
    result = sent(tmp_path, "预算编码,部门,年初预算数", *lines, options=("--budget",))
    assert "第 2 行：“年初预算数”的“-5”小于 0" in result.stderr
    assert "第 3 行：“年初预算数”的“一千万”不是数" in result.stderr
    assert not (tmp_path / "sent").exists()
