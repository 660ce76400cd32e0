"""What each department owes, its own form and its projects': one department through every output.

教育局 owes four forms: its own has come, 校舍维修 twice, 设备采购 under another name, 教师培训 not at all.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from builder import build_summary, build_template
from builder.word import select, write_reports
from tests.api import FOUND, Folder, finding, page_data
from tests.fillings import (
    FILLED,
    accepted,
    changed,
    filling,
    overall,
    project,
    project_form,
    rejected,
)
from tests.office import Office
from tests.sheets import differences
from tests.workbook.commands.test_cli import printed, run
from workbook import Roster, RosterError, aggregate, check, find_form, load_roster
from workbook.checking import Duties, sort_by_sender
from workbook.form import Value
from workbook.overview import attention, pending, project_counts
from workbook.reading import Filling, Return, known_forms, read_returns
from workbook.scale import listed, roll_up, write_partitions
from workbook.summary import Summary

COUNTY = "云溪区"
OWN, PROJECT = overall(), find_form("project_expenditure")


def write_roster(path: Path, projects: list[list[object]], *heads: str) -> Path:
    """A roster of three departments, the last two without projects, in a workbook."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "名册"
    for row in (["县区", "预算编码", "部门", "年初预算数（万元）", "联系人"],
                [COUNTY, "301001", "教育局", 100, "张三"],
                [COUNTY, "302001", "水利局", "1,000.00", "李四"],
                [COUNTY, "303001", "交通局", None, "王五"]):  # fmt: skip
        sheet.append(row)
    listed = book.create_sheet("项目")
    listed.append(["县区", "预算编码", "单位名称", "项目名称", *heads])
    for row in projects:
        listed.append([COUNTY, "301001", "教育局", *row])
    book.save(path)
    return path


def own(department: str, code: str, **values: Value) -> Filling:
    who = {"identity__department": department, "identity__department_code": code}
    return changed(filling(FILLED[0]), **{**who, "funds__original_budget": 100.0, **values})


def of_project(name: str, spent: float, **values: Value) -> Filling:
    """A project's form of 教育局, all of whose money came from this year's grant."""
    funds: dict[str, Value] = {
        f"funds.current_year_{part}": amount
        for part, amount in (("original", spent + 1), ("final", spent + 1), ("actual", spent))
    }
    return Filling(
        {
            "identity.department": "教育局",
            "identity.department_code": "301001",
            "identity.supervising_department": "教育局",
            "identity.project_name": name,
            "goals.planned_goals": "完成任务",
            "goals.achieved_goals": f"{name}已经完成",
        }
        | funds
        | values
    )


@pytest.fixture(scope="module")
def roster_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names: list[list[object]] = [["校舍维修", 13], ["设备采购", None], ["教师培训", 20]]
    return write_roster(tmp_path_factory.mktemp("roster") / "名册.xlsx", names, "年初预算数")


@pytest.fixture(scope="module")
def returned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("duties") / "收回"
    build_template(OWN, folder / "教育局.xlsx", filling=own("教育局", "301001"))
    for path, name, spent in (("一.xlsx", "校舍维修", 12.0), ("一(1).xlsx", "校舍维修", 12.0),
                              ("二.xlsx", "设备采买", 30.0)):  # fmt: skip
        build_template(PROJECT, folder / path, filling=of_project(name, spent))
    build_template(OWN, folder / "水利局.xlsx", filling=own("水利局", "302001"))
    return folder


@pytest.fixture(scope="module")
def roster(roster_path: Path) -> Roster:
    return load_roster(roster_path)


@pytest.fixture(scope="module")
def returns(returned: Path, roster: Roster) -> list[Return]:
    return check(read_returns(returned, county=COUNTY), roster)


@pytest.fixture(scope="module")
def summary(returns: list[Return], roster: Roster) -> Summary:
    return aggregate(returns, roster)


def told(returns: list[Return], code: str) -> dict[str, Any]:
    return {r.path.name: f for r in returns for f in r.findings if f.code == code}


# --- the department of four duties ----------------------------------------------------------------


def test_check_tells_which_departments_and_projects_are_missing(
    returned: Path, roster_path: Path
) -> None:
    options = (returned, "--roster", roster_path, "--county", COUNTY)
    result = run("check", *options)
    assert result.exit_code == FOUND
    line = "未报 1 个单位：云溪区 交通局；未报 2 个项目：云溪区 教育局“设备采购”、云溪区 教育局“教师培训”"
    assert line in result.stdout.replace("\n", "")
    missing = printed("check", *options, exit_code=FOUND)["missing"]
    assert missing == [
        {"county": COUNTY, "code": "301001", "department": "教育局", "form": PROJECT.id, "project": name}
        for name in ("设备采购", "教师培训")
    ] + [
        {"county": COUNTY, "code": "303001", "department": "交通局", "form": OWN.id, "project": None}
    ]  # fmt: skip


def test_a_project_under_another_name_is_told_with_the_nearest_that_is_missing(
    returns: list[Return],
) -> None:
    (violation,) = told(returns, "A506").items()
    assert violation[0] == "二.xlsx"
    assert (violation[1].printed, violation[1].expected) == ("设备采买", "设备采购")
    assert violation[1].field == "identity.project_name"
    assert violation[1].cell


def test_every_duty_has_a_line_with_what_came_of_it(summary: Summary) -> None:
    lines = summary.duties
    assert lines["department"].tolist() == ["教育局"] * 5 + ["水利局", "交通局"]
    assert lines["project"].fillna("").tolist() == [
        "",
        "校舍维修",
        "设备采购",
        "教师培训",
        "设备采买",
        "",
        "",
    ]
    statuses = dict(zip(lines["project"].fillna("自"), lines["status"], strict=True))
    assert (statuses["设备采购"], statuses["教师培训"]) == ("missing", "missing")
    assert lines["copies"].tolist() == [1, 2, 0, 0, 1, 1, 0]
    assert lines["duplicates"].tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert lines["on_roster"].tolist() == [True, True, True, True, False, True, True]
    assert lines["why"].tolist()[2:5] == [
        "收到的“设备采买”是不是这个项目，请核对",
        "",
        "不在名册的项目中",
    ]
    assert str(lines.loc[2, "file"]).endswith("一.xlsx")
    counts = project_counts(summary)
    assert counts is not None
    assert (counts.asked, counts.answered, counts.missing, counts.off_roster) == (3, 1, 2, 1)
    own_status = summary.coverage.set_index("department")["status"]
    assert own_status["交通局"] == "missing"
    assert own_status["教育局"] == lines["status"].iloc[0]


def test_whom_to_call_names_departments_and_projects_with_the_contact(summary: Summary) -> None:
    lines = pending(summary)
    assert lines["contact"].tolist() == ["张三"] * (len(lines) - 2) + ["李四", "王五"]
    missing = lines[lines["status"] == "missing"]
    assert missing["project"].fillna("").tolist() == ["设备采购", "教师培训", ""]
    faulty = lines[(lines["project"] == "校舍维修").fillna(value=False)]
    assert (faulty["errors"] > 0).all(), "errors of projects' forms are called for too"


def test_workbook_page_draft_and_notices_tell_the_same(
    returned: Path, roster_path: Path, tmp_path: Path
) -> None:
    docx = pytest.importorskip("docx")
    output, word, data = tmp_path / "汇总.xlsx", tmp_path / "稿.docx", tmp_path / "data"
    options = ("--roster", roster_path, "--county", COUNTY)
    run("aggregate", returned, "-o", output, *options, "--word", word, "--data", data)
    book = openpyxl.load_workbook(output, data_only=True)
    rows = {
        name: [[cell.value for cell in row] for row in book[name].iter_rows(min_row=3)]
        for name in ("项目报送情况", "催报名单")
    }
    listed = rows["项目报送情况"]
    head = [str(cell).replace("\n", "") for cell in listed[0]]
    column = {row[head.index("项目名称")]: dict(zip(head, row, strict=True)) for row in listed[1:]}
    assert column["教师培训"]["状态"] == "未报"
    assert column["校舍维修"]["重复份数"] == 1
    assert column["设备采买"]["名册内"] == "否"
    called = {(row[4], row[5]) for row in rows["催报名单"][1:]}
    assert {("教育局", "教师培训"), ("教育局", "设备采购"), ("交通局", None)} <= called
    sentence = "应报项目 3 个：已报 1（其中须修改 1），退回 0，未报 2；另有名册外 1。"
    assert sentence in [cell.value for row in book["总览"].iter_rows() for cell in row]
    told = (
        "应报送绩效自评表的项目共3个，已报送1个，占33.33%；未报送2个；已报送的有1个的自评表有应更正的差错；"
        "另有名册以外的项目1个。未报送的是"
    )
    draft = [paragraph.text for paragraph in docx.Document(word).paragraphs]
    (text,) = (text for text in draft if text.startswith(told))
    assert "“教师培训”" in text and "“设备采购”" in text
    assert any("2个项目没有报送自评表" in text for text in draft)
    duties = pd.read_parquet(data / "duties.parquet")
    assert duties["project"].dropna().tolist() == ["校舍维修", "设备采购", "教师培训", "设备采买"]
    notices = tmp_path / "通知"
    run("check", returned, *options, "--notices", notices)
    text = (notices / "云溪区_301001_教育局.txt").read_text(encoding="utf-8-sig")
    assert "《项目支出绩效自评表》“设备采买”（二.xlsx）" in text
    assert "还有 2 个项目没有报送：“设备采购”、“教师培训”" in text
    assert "一(1).xlsx" not in text


def test_the_page_tells_projects_in_one_sentence_and_whom_to_call(summary: Summary) -> None:
    page = page_data(summary)
    assert "应报项目 3 个" in page["coverage"]
    assert [item.get("project") for item in page["due"]] == ["设备采购", "教师培训", None]


def test_the_projects_page_begins_with_what_is_due_and_names_what_is_missing(
    office: Office, summary: Summary, tmp_path: Path
) -> None:
    own_part, part = summary.forms
    missing, *_ = attention(summary, part)
    assert missing.key == "missing_projects"
    assert (
        missing.sentence
        == "2 个项目尚未报送：云溪区 教育局“设备采购”、云溪区 教育局“教师培训”，请催报。"
    )
    assert "missing_projects" not in {item.key for item in attention(summary, own_part)}
    path = build_summary(summary, tmp_path / "汇总.xlsx")
    assert differences(office, path) == []
    sheet = openpyxl.load_workbook(path, data_only=True)["项目支出总览"]
    heads, figures = (
        [cell.value for cell in sheet[row] if cell.value is not None] for row in (4, 5)
    )
    due = dict(zip(heads, figures, strict=False))
    assert due | {"应报项目": 3, "已报": 1, "退回": 0, "未报": 2, "名册外": 1} == due
    first, *_ = page_data(summary)["forms"][1]["figures"]
    assert (first["label"], first["value"]) == ("应报项目", "3")
    assert "未报 2" in first["side"]
    shown, *_ = (
        each for each in page_data(summary)["forms"][1]["attention"] if each["lines"] == []
    )
    assert shown["step"] is True
    assert (shown["sentence"], shown["lines"]) == (missing.sentence, [])


def test_without_a_project_s_form_the_main_one_s_page_names_what_is_missing(roster: Roster) -> None:
    answered = check([accepted(own("教育局", "301001"), "教育局.xlsx")], roster)
    broken = rejected("教育局_校舍维修.xlsx", finding("W102"))
    found = {item.key: item for item in attention(aggregate([*answered, broken], roster))}
    assert "2 个项目尚未报送" in found["missing_projects"].sentence
    assert "1 个项目的表读不出来，已退回：" in found["rejected_projects"].sentence


def test_the_public_index_names_projects_in_the_roster_s_order(
    roster: Roster, tmp_path: Path
) -> None:
    given = [
        accepted(of_project("教师培训", 19.0), "1.xlsx", form=PROJECT),
        accepted(of_project("校舍维修", 12.0), "2.xlsx", form=PROJECT),
        accepted(own("水利局", "302001"), "3.xlsx"),
        accepted(own("教育局", "301001"), "4.xlsx"),
    ]
    written = write_reports(select(given, roster).returns, tmp_path, public=True)
    assert written.index is not None
    page = written.index.read_text(encoding="utf-8")
    assert "共 2 个单位" in page
    assert OWN.name in page.partition("</title>")[0]
    heads = re.findall(r"<th>(.*?)</th>", page)
    assert heads[:4] == ["序号", "单位", "项目", "年初预算数"]
    rows = [re.findall(r"<td.*?>(.*?)</td>", row) for row in re.findall(r"<tr>(<td.*?)</tr>", page)]
    assert [(row[1], row[2]) for row in rows] == [
        (f"{COUNTY} 教育局", ""),
        (f"{COUNTY} 教育局", "校舍维修"),
        (f"{COUNTY} 教育局", "教师培训"),
        (f"{COUNTY} 水利局", ""),
    ]
    assert {len(row) for row in rows} == {len(heads)}


# --- amounts --------------------------------------------------------------------------------------


def spending(name: str, spent: float) -> Return:
    return accepted(of_project(name, spent), f"{name}.xlsx", form=PROJECT)


def test_projects_that_do_not_make_up_the_whole_are_told_once_all_have_come(
    roster: Roster,
) -> None:
    some = [spending("校舍维修", 12.0), spending("设备采购", 30.0)]
    whole = accepted(own("教育局", "301001", funds__project_expenditure=50.0), "自.xlsx")
    assert told(check([whole, *some], roster), "A507") == {}, "教师培训 may be the rest"
    (violation,) = told(check([whole, *some, spending("教师培训", 7.99)], roster), "A507").values()
    assert (violation.printed, violation.expected) == ("50", "49.99")
    assert violation.field == "funds.project_expenditure"
    assert "3 个项目" in violation.message
    assert "相差 0.01 万元" in violation.message
    assert told(check([whole, *some, spending("教师培训", 8.0)], roster), "A507") == {}


def test_projects_that_are_more_than_the_whole_are_told_listed_or_not() -> None:
    less = accepted(own("教育局", "301001", funds__project_expenditure=None), "自.xlsx")
    (violation,) = told(check([less, spending("校舍维修", 12.0)]), "A507").values()
    assert (violation.printed, violation.expected) == ("0", "12"), "left blank is none"
    little = accepted(own("教育局", "301001", funds__project_expenditure=12.0), "自.xlsx")
    (slip,) = told(check([little, spending("校舍维修", 120_000.0)]), "A507").values()
    assert "相差一万倍，像是弄错了金额单位" in slip.message
    enough = accepted(own("教育局", "301001", funds__project_expenditure=12.0), "自.xlsx")
    assert told(check([enough, spending("校舍维修", 12.0)]), "A507") == {}


def test_a_copy_that_does_not_count_is_not_added_to_the_projects() -> None:
    enough = accepted(own("教育局", "301001", funds__project_expenditure=12.0), "自.xlsx")
    one, two = spending("校舍维修", 12.0), spending("校舍维修", 12.0)
    assert told(check([enough, one, two]), "A507") == {}


def test_the_roster_s_budgets_are_compared_with_the_forms(roster: Roster) -> None:
    returns = [
        accepted(own("教育局", "301001"), "教育局.xlsx"),
        accepted(own("水利局", "302001"), "水利局.xlsx"),
        accepted(own("交通局", "303001"), "交通局.xlsx"),
        spending("校舍维修", 12.0),
        spending("设备采购", 30.0),
        spending("教师培训", 18.0),
    ]
    found = told(check(returns, roster), "A508")
    assert {name: (f.field, f.printed, f.expected) for name, f in found.items()} == {
        "水利局.xlsx": ("funds.original_budget", "100", "1000"),
        "教师培训.xlsx": ("funds.original_budget", "19", "20"),
    }


def test_a_form_filled_in_in_yuan_is_told_so_and_all_its_amounts_are_in_doubt(
    roster: Roster,
) -> None:
    in_yuan = own("水利局", "302001", funds__original_budget=10_040_000.0)
    returns = check([accepted(in_yuan, "水利局.xlsx"), accepted(own("教育局", "301001"))], roster)
    (violation,) = told(returns, "A508").values()
    assert "像是按元填写" in violation.message
    assert "改按万元填写" in violation.hint
    fields = violation.field.split(",")
    assert fields[:3] == [
        "funds.original_budget",
        "funds.final_budget",
        "funds.actual_expenditure",
    ]
    assert "funds.project_expenditure" in fields
    assert len(fields) == len(violation.cell.split(","))
    assert {violation.sheet} == {OWN.sheet}
    (part,) = aggregate(returns, roster).forms
    for figure in ("original_budget", "final_budget", "actual_expenditure", "execution_rate"):
        assert part.totals.loc[figure, "doubtful"] == 1
    wholly_other = own("水利局", "302001", funds__original_budget=12_000_000.0)
    (other,) = told(check([accepted(wholly_other, "a.xlsx")], roster), "A508").values()
    assert (other.field, "元填写" in other.message) == ("funds.original_budget", False)
    too_small = own("水利局", "302001", funds__original_budget=0.1)
    (inverse,) = told(check([accepted(too_small, "a.xlsx")], roster), "A508").values()
    assert "弄错了金额单位" in inverse.message
    assert "funds.final_budget" in inverse.field


@pytest.mark.parametrize(
    ("head", "text", "is_wrong"),
    [
        ("年初预算数(元)", "1000000", False),
        ("年初预算数（元）", "1000000.49", False),
        ("original_budget", "100.01", True),
        ("年初预算数", "100.004", False),
        ("年初预算", "7", False),
    ],
)
def test_a_column_is_known_by_its_label_or_identifier_and_its_unit(
    tmp_path: Path, head: str, text: str, is_wrong: bool
) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"预算编码,部门,{head}\n301001,教育局,{text}\n", encoding="utf-8")
    returned = accepted(own("教育局", "301001"), "a.xlsx")
    assert bool(told(check([returned], load_roster(path)), "A508")) is is_wrong


def test_an_amount_of_the_roster_that_is_no_number_is_refused_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("预算编码,部门,年初预算数\n1,甲局,\n301001,教育局,约百万\n", encoding="utf-8")
    with pytest.raises(RosterError, match=r"第 3 行：“年初预算数”的“约百万”不是数"):
        check([accepted(own("教育局", "301001"), "a.xlsx")], load_roster(path))


# --- the list of projects -------------------------------------------------------------------------


def test_a_csv_roster_has_its_projects_in_a_file_of_their_own(tmp_path: Path) -> None:
    roster, projects = tmp_path / "r.csv", tmp_path / "p.csv"
    roster.write_text("预算编码,部门\n301001,教育局\n302001,水利局\n", encoding="utf-8")
    projects.write_text("部门,项目\n教 育 局,甲\n教育局,乙\n水利局,甲\n", encoding="utf-8")
    listed = load_roster(roster, projects).projects
    assert [(entry.department, project.name, project.row) for entry, project in listed] == [
        ("教育局", "甲", 2), ("教育局", "乙", 3), ("水利局", "甲", 4)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["财政局,甲"], "第 2 行：“财政局”不在名册"),
        (["教育局,"], "第 2 行：没有项目名称"),
        (["教育局,甲", "教育局,甲 "], "第 3 行：教育局的项目“甲”与第 2 行重复"),
        (["教育局,甲", "合计,2"], "第 3 行：“合计，2”不是项目"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_row(
    tmp_path: Path, rows: list[str], words: str
) -> None:
    roster, projects = tmp_path / "r.csv", tmp_path / "p.csv"
    roster.write_text("部门\n教育局\n", encoding="utf-8")
    projects.write_text("\n".join(["部门,项目名称", *rows]), encoding="utf-8")
    with pytest.raises(RosterError, match=words) as raised:
        load_roster(roster, projects)
    assert "p.csv" in str(raised.value)


def test_projects_are_listed_in_one_place_only(roster_path: Path, tmp_path: Path) -> None:
    projects = tmp_path / "p.csv"
    projects.write_text("部门,项目名称\n教育局,甲\n", encoding="utf-8")
    with pytest.raises(RosterError, match="--projects"):
        load_roster(roster_path, projects)
    result = run("check", tmp_path, "--projects", projects)
    assert "--roster" in result.stderr


def test_a_line_of_the_sheet_is_told_with_the_sheet(tmp_path: Path) -> None:
    path = write_roster(tmp_path / "r.xlsx", [["甲"], [None]])
    with pytest.raises(RosterError, match=r"r\.xlsx，工作表“项目”，第 3 行"):
        load_roster(path)


# --- what answers a duty --------------------------------------------------------------------------


def test_a_file_that_was_not_read_answers_the_project_that_its_name_tells(roster: Roster) -> None:
    broken = rejected("301001教育局_教师培训.xlsx", finding("W104", detail="x"))
    summary = aggregate(check([broken], roster), roster)
    line = summary.project_duties.iloc[2].to_dict()
    assert [line[name] for name in ("project", "status", "why")] == [
        "教师培训",
        "rejected",
        broken.error,
    ]
    assert summary.coverage["status"].tolist() == ["missing"] * 3, "not its own form"
    own_form = rejected("301001教育局.xlsx", finding("W104", detail="x"))
    assert aggregate(check([own_form], roster), roster).coverage["status"].tolist()[0] == "rejected"


def test_a_round_of_projects_only_asks_for_no_form_of_departments(roster: Roster) -> None:
    returns = check([spending("校舍维修", 12.0)], roster)
    duties = Duties(sort_by_sender(returns, roster))
    assert [duty.project for _, duty in duties.missing] == ["设备采购", "教师培训"]
    assert aggregate(returns, roster).coverage["department"].tolist() == ["教育局"]


def test_without_a_list_every_project_that_came_is_a_duty_and_none_is_missing(
    tmp_path: Path,
) -> None:
    form = project_form(tmp_path)
    returns = check([project(form, name) for name in ("甲", "乙")])
    summary = aggregate(returns)
    assert summary.project_duties["project"].tolist() == ["甲", "乙"]
    assert set(summary.project_duties["status"]) <= {"answered", "faulty"}
    counts = project_counts(summary)
    assert counts is not None
    assert (counts.asked, counts.missing, counts.off_roster) == (2, 0, 0)
    assert told(returns, "A506") == {}


def test_another_department_s_project_is_told_as_that(tmp_path: Path) -> None:
    roster, projects = tmp_path / "r.csv", tmp_path / "p.csv"
    roster.write_text("预算编码,部门\n301001,教育局\n302001,水利局\n", encoding="utf-8")
    projects.write_text("部门,项目名称\n水利局,堤防加固\n", encoding="utf-8")
    known = load_roster(roster, projects)
    (violation,) = told(check([spending("堤防加固", 1.0)], known), "A506").values()
    assert "是“水利局”的项目" in violation.message
    assert violation.expected == ""


# --- in batches -----------------------------------------------------------------------------------


def test_batches_tell_of_duties_and_amounts_what_the_whole_tells(tmp_path: Path) -> None:
    folder = tmp_path / "收回"
    build_template(
        OWN,
        folder / "教育局.xlsx",
        filling=own(
            "教育局", "301001", funds__project_expenditure="待定", funds__original_budget=7.0
        ),
    )
    build_template(
        OWN,
        folder / "水利局.xlsx",
        filling=own(
            "水利局", "302001", funds__project_expenditure=None, funds__original_budget=10_000_000.0
        ),
    )
    for name in ("堤防加固", "设备采买"):
        given = changed(
            of_project(name, 12.0), identity__department="水利局", identity__department_code=None
        )
        build_template(PROJECT, folder / f"{name}.xlsx", filling=given)
    build_template(PROJECT, folder / "校舍维修.xlsx", filling=of_project("校舍维修", 99.0))
    roster = load_roster(write_roster(tmp_path / "名册.xlsx", [["校舍维修", 5]], "年初预算数"))
    returns = check(read_returns(folder, county=COUNTY), roster)
    whole = aggregate(returns, roster)
    with ThreadPoolExecutor(1) as executor:
        parts = write_partitions(
            listed([folder]), Folder(str(tmp_path / "parts")), forms=known_forms(), county=COUNTY,
            executor=executor, batch=2, in_flight=1,
        )  # fmt: skip
    light, summary = roll_up(parts, roster)
    for code, count in (("A506", 2), ("A507", 1), ("A508", 3)):
        assert told(light, code) == told(returns, code)
        assert len(told(light, code)) == count
    assert_frame_equal(summary.duties, whole.duties)
    assert_frame_equal(summary.coverage, whole.coverage)
