"""Who is the same department: within a county, within a folder, between two lists; and what is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.api import finding
from tests.fillings import FILLED, accepted, changed, filling, rejected
from workbook import Return, Roster, RosterError, WorkbookError, aggregate, load_roster
from workbook.checking import (
    Identity,
    RosterEntry,
    add_findings_between,
    full_name,
    pair,
    sort_by_sender,
)

GIVEN = filling(FILLED[0])


def one(path: str, code: str, name: str, county: str = "", budget: float = 1.0) -> Return:
    given = changed(
        GIVEN,
        identity__department=name or None,
        identity__department_code=code or None,
        funds__original_budget=budget,
    )
    return replace(accepted(given, path), county=county)


def who(county: str, code: str, name: str, project: str = "") -> Identity:
    return Identity.of(county, code, name, project=project)


# --- one list -------------------------------------------------------------------------------------


COUNTY = [
    one("a/1", "001", "档案局", "甲县"),
    one("b/2", "００１", "档案馆", "甲 县"),
    one("c/3", "", "档 案 馆", "甲县"),
    one("a/4", "001", "档案局", "乙县"),
    one("a/5", "", "档案馆", "乙县"),
]
APART = [one("a/1", "001", "档案局"), one("b/2", "002", "档案局")]


@pytest.mark.parametrize(
    ("returns", "due"),
    [
        (COUNTY, [0, 0, 0, 3, 4]),
        ([one("a/1", "001", "档案局"), one("a/2", "002", "档案局")], [0, 0]),
        (APART, [0, 1]),
        ([*APART, one("b/3", "", "档案局")], [0, 1, 1]),
    ],
)
def test_in_one_county_or_folder_code_or_name_joins_and_between_them_nothing_does(
    returns: list[Return], due: list[int]
) -> None:
    assert list(sort_by_sender(returns).departments.values()) == due


def test_what_joins_in_a_county_is_in_no_doubt() -> None:
    assert sort_by_sender(COUNTY).replaced.keys() == {0, 1}
    add_findings_between(COUNTY)


def test_a_code_with_two_names_is_refused_and_a_missing_name_is_not() -> None:
    returns = [one("1.xlsx", "001", "甲档案局"), one("2.xlsx", "001", "乙档案局")]
    with pytest.raises(WorkbookError, match="不同的单位名称"):
        aggregate(returns, Roster(Path("r.csv"), (RosterEntry("001", "甲档案局"),)))
    add_findings_between([returns[0], one("2.xlsx", "001", ""), one("3.xlsx", "001", "甲 档案局")])
    add_findings_between([replace(returned, county="甲县") for returned in returns])


def test_of_many_cases_and_files_some_are_named_and_the_others_counted() -> None:
    returns = [
        one(f"{folder}/{code}.xlsx", f"{code:03}", f"第{code}局")
        for code in range(5)
        for folder in "abcd"
    ]
    with pytest.raises(WorkbookError) as refused:
        add_findings_between(returns)
    text = str(refused.value)
    assert "a/0.xlsx、b/0.xlsx、c/0.xlsx 等 4 个文件" in text
    assert "另有 2 处" in text and "a/3.xlsx" not in text


@pytest.mark.parametrize(
    ("returns", "told"),
    [
        (APART, r"“档案局” 在几个文件夹里都有，预算编码不同（a/1、b/2）"),
        (
            [one("1.xlsx", "001", "甲档案局"), one("2.xlsx", "001", "乙档案局")],
            r"001 有不同的单位名称“甲档案局”、“乙档案局”（1\.xlsx、2\.xlsx）",
        ),
        (
            [one("1.xlsx", "001", "甲局", "甲县"), one("2.xlsx", "002", "乙局")],
            r"2\.xlsx：没有县区，其余的有（甲县）",
        ),
        *(
            (
                [one("a/1.xlsx", code, "档案局"), one("b/2.xlsx", "", "档案局")],
                r"在 2 个文件夹里都有（a/1\.xlsx、b/2\.xlsx）",
            )
            for code in ("001", "")
        ),
    ],
)
def test_what_is_in_doubt_is_refused_with_its_files(returns: list[Return], told: str) -> None:
    for refuse in (add_findings_between, aggregate):
        with pytest.raises(WorkbookError, match=told):
            refuse(returns)


def test_files_that_were_not_read_are_in_nobodys_way() -> None:
    broken = finding("W104", detail="x")
    files = [rejected("a/自评表.xlsx", broken), rejected("b/自评表.xlsx", broken)]
    add_findings_between(files)


@pytest.mark.parametrize(
    ("county", "name", "full"),
    [
        ("甲县", "档案局", "甲县 档案局"),
        ("甲县", "甲县档案局", "甲县档案局"),
        ("", "档案局", "档案局"),
    ],
)
def test_a_county_stands_in_front_of_a_name_that_does_not_tell_it(
    county: str, name: str, full: str
) -> None:
    assert full_name(county, name) == full


# --- roster ---------------------------------------------------------------------------------------

COUNTIES = (
    "县区,预算编码,部门\n"
    "甲县,001,档案局\n甲县,002,水利局\n甲县,009,老干局\n"
    "乙县,001,乙档案局\n乙县,002,水利局\n"
)  # fmt: skip


def roster_of(folder: Path, text: str = COUNTIES) -> Roster:
    path = folder / "r.csv"
    path.write_text(text, encoding="utf-8")
    return load_roster(path)


@pytest.mark.parametrize("head", ["县区", "县（区）", "区县", "县市区", "市县区", "所属县区", "县"])
def test_the_rosters_county_has_many_heads(tmp_path: Path, head: str) -> None:
    roster = roster_of(tmp_path, COUNTIES.replace("县区", head))
    assert (roster.counties, [entry.county for entry in roster.entries]) == (
        ("甲县", "乙县"),
        ["甲县"] * 3 + ["乙县"] * 2,
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (COUNTIES + "乙县,001,x\n", "预算编码重复：乙县“001”在第 5、7 行"),
        (COUNTIES + "甲县,003,水 利局\n", "部门重复：甲县“水利局”在第 3、7 行"),
        (COUNTIES + ",003,x\n", "第 7 行没有县区"),
        ("预算编码,部门\n1,a\n1,b\n", "请加“县区”一列"),
    ],
)
def test_within_a_county_codes_and_names_stand_once(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(RosterError, match=told):
        roster_of(tmp_path, text)


@pytest.mark.parametrize(
    ("code", "name", "of", "county"),
    [
        ("009", "写错的名", "", "甲县"),  # only one county has the code
        ("001", "乙档案局", "", "乙县"),  # of several that which has the name
        ("", "老干局", "", "甲县"),
        ("002", "水利局", "", ""),
        ("001", "写错的名", "", ""),
        ("", "水利局", "", ""),
        ("002", "水利局", "乙县", "乙县"),
        ("002", "写错的名", "乙 县", "乙县"),
        ("009", "老干局", "乙县", ""),
    ],
)
def test_without_a_county_a_roster_matches_what_one_county_has(
    tmp_path: Path, code: str, name: str, of: str, county: str
) -> None:
    roster = roster_of(tmp_path)
    entry = roster.match(code, name, of)
    assert (
        entry.county if entry else "",
        [e.county for e in roster.candidates("002", "水利局")],
    ) == (county, ["甲县", "乙县"])


def test_a_file_that_was_not_read_is_the_countys_whose_folder_it_lies_in(tmp_path: Path) -> None:
    roster = roster_of(tmp_path)
    broken = replace(rejected("乙县/002.xlsx", finding("W104", detail="x")), county="乙县")
    lines = aggregate([broken], roster).coverage
    assert lines[lines["status"] == "rejected"][["county", "code"]].to_numpy().tolist() == [
        ["乙县", "002"]
    ]
    assert roster.named_in("002") is None
    assert roster.passwords(Path("002.xlsx")) == ()


def test_each_countys_password_may_open_a_file_that_names_no_county(tmp_path: Path) -> None:
    text = "县区,预算编码,部门,密码\n甲县,001,档案局,a\n乙县,001,档案局,b\n乙县,002,水利局,c\n"
    roster = roster_of(tmp_path, text)
    assert (
        roster.passwords(Path("001.xlsx"), given=("z",)),
        roster.passwords(Path("001和002.xlsx"), given=("z",)),
    ) == (("a", "b", "z"), ("z",))


def test_a_department_off_the_roster_is_suggested_one_of_its_county(tmp_path: Path) -> None:
    roster = roster_of(tmp_path)
    (item,) = add_findings_between([one("1.xlsx", "", "档案馆局", "乙县")], roster)
    (told,) = [f for f in item.findings if f.code == "A501"]
    assert told.expected == "001 乙档案局"


# --- two lists ------------------------------------------------------------------------------------


LISTED = [who("甲县", "1", "档案局"), who("乙县", "1", "乙档案局"), who("乙县", "2", "水利局")]
EQUAL = [who("甲县", "1", "局"), who("乙县", "1", "局")]


@pytest.mark.parametrize(
    ("ours", "theirs", "pairs"),
    [
        (
            [who("", "1", "甲"), who("", "9", "乙"), who("", "", "丙"), who("", "4", "丁")],
            [who("", "4", "丙"), who("", "2", "乙"), who("", "1", "新名"), who("", "", "丁")],
            {0: 2, 1: 1, 3: 0},
        ),
        ([who("", "1", "甲", "路")], [who("", "1", "甲", "桥"), who("", "1", "甲", "路")], {0: 1}),
        # counties keep equal codes apart
        (EQUAL, EQUAL[::-1], {0: 1, 1: 0}),
        (EQUAL, [who("丙县", "1", "局")], {}),
        (EQUAL, [who("乙县", "2", "局")], {1: 0}),
        # a list without counties joins what is clear
        ([who("", "2", "")], LISTED, {0: 2}),
        ([who("", "1", "乙档案局")], LISTED, {0: 1}),
        ([who("", "1", "")], LISTED, {}),
        ([who("", "", "水利局")], LISTED, {0: 2}),
        (LISTED, [who("", "1", "档案局")], {0: 0}),
        (LISTED[:1], [who("", "1", "x")], {0: 0}),
    ],
)
def test_two_lists_are_paired_by_code_and_what_is_left_by_name(
    ours: list[Identity], theirs: list[Identity], pairs: dict[int, int]
) -> None:
    assert pair(ours, theirs) == pairs
