"""Files are called after departments by names that every system takes."""

import pytest

from workbook.writing import file_name, stem_of


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("CON", "CON＿"),
        ("nul", "nul＿"),
        ("com1", "com1＿"),
        ("com¹", "com¹＿"),
        ("conin$", "conin$＿"),
        ("LPT9.x", "LPT9＿.x"),
        ("aux.局", "aux＿.局"),
        ("aux .a", "aux＿ .a"),
        ("n\u200bul", "nul＿"),
    ],
)
def test_no_file_is_called_like_a_device_of_windows(name: str, stem: str) -> None:
    assert (stem_of("", name), stem_of("001", stem)) == (stem, f"001_{stem}")


@pytest.mark.parametrize("name", ["康", "console", "com", "auxiliary.a"])
def test_a_name_that_only_begins_like_a_device_stays(name: str) -> None:
    assert stem_of("", name) == name


def test_no_file_name_holds_what_nobody_sees() -> None:
    assert stem_of("125001", "科协\x1b[31m\u202egnp.exe\n") == "125001_科协＿[31mgnp.exe"


@pytest.mark.parametrize("name", ["..", ".", "甲.", "../甲/.."])
def test_no_name_leads_out_of_its_folder_or_ends_with_a_point(name: str) -> None:
    stem = stem_of("", name)
    assert not stem.endswith(".")
    assert "/" not in stem


def test_a_long_name_is_cut_to_what_a_file_system_takes() -> None:
    assert len(file_name("1" * 20, "局" * 300).encode()) <= 250
    assert len(file_name("1" * 20, "a" * 300)) == 105
