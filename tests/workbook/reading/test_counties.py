"""Whose return a file is, by the folder in which it lies."""

from pathlib import Path

import pytest

from tests.fillings import FILLED, accepted, filling
from workbook import WorkbookError
from workbook.reading import FolderCounties, of_counties, require_counties
from workbook.stores import location


@pytest.mark.parametrize(
    ("given", "file", "county"),
    [
        ("收回", "收回/甲县/a.xlsx", "甲县"),
        ("收回/", "收回/甲县/一批/a.xlsx", "甲县"),
        ("收回", "收回/a.xlsx", ""),
        ("收回", "收回2/甲县/a.xlsx", ""),
        ("收回", "收回/甲县.zip", "甲县"),
        ("收回", "收回/甲县.ZIP/a.xlsx", "甲县"),
        ("收回", "收回/甲县.zip/乙县/a.xlsx", "甲县"),
        ("全市.zip", "全市.zip/甲县/a.xlsx", "甲县"),
        ("全市.zip", "全市.zip/a.xlsx", ""),
        (".", "甲县/a.xlsx", "甲县"),
        (".", "a.xlsx", ""),
        ("/data/收回", "/data/收回/甲县/a.xlsx", "甲县"),
        ("收回/**/*.xlsx", "收回/甲县/a.xlsx", "甲县"),
        ("收回/*/*.xlsx", "收回/甲县/a.xlsx", "甲县"),
        ("s3://桶/2024", "s3://桶/2024/甲县/a.xlsx", "甲县"),
        ("s3://桶/2024/**/*.xlsx", "s3://桶/2024/甲县/a.xlsx", "甲县"),
    ],
)
def test_the_county_is_the_folder_under_the_path_given(given: str, file: str, county: str) -> None:
    assert FolderCounties.under([location(given)])(location(file)) == county


def test_of_paths_one_in_the_other_the_nearest_counts() -> None:
    counties = FolderCounties.under(["收回", "收回/一市"])
    assert (counties(Path("收回/一市/甲县/a.xlsx")), counties(Path("收回/乙县/a.xlsx"))) == (
        "甲县",
        "乙县",
    )


def test_counties_of_one_name_under_two_paths_are_refused() -> None:
    files = [Path("一市/鼓楼区/a.xlsx"), Path("二市/鼓楼区.zip"), Path("二市/丙县/a.xlsx")]
    with pytest.raises(WorkbookError, match="一市/鼓楼区、二市/鼓楼区：名称相同"):
        require_counties(files, FolderCounties.under(["一市", "二市"]))
    beside = [Path("一市/鼓楼区/a.xlsx"), Path("一市/鼓楼区.zip")]
    require_counties(beside, FolderCounties.under(["一市", "一市"]))


def test_the_first_few_outside_are_named() -> None:
    returns = [accepted(filling(FILLED[0]), f"收回/{n}.xlsx") for n in range(7)]
    with pytest.raises(WorkbookError, match=r"收回/0\.xlsx、.*收回/4\.xlsx 等 7 个文件"):
        of_counties(returns, FolderCounties.under("收回"))
    assert {returned.county for returned in of_counties(returns, "甲县")} == {"甲县"}
