"""Files are called after departments by names that every system takes."""

import pytest

from workbook.writing import file_name, stem_of


@pytest.mark.parametrize("name", ["CON", "nul", "com1", "LPT9.x", "aux.局"])
def test_no_file_is_called_like_a_device_of_windows(name: str) -> None:
    assert stem_of("", name) == f"{name}＿"
    assert file_name("001", name) == f"001_{name}.xlsx"


@pytest.mark.parametrize("name", ["..", ".", "甲.", "../甲/.."])
def test_no_name_leads_out_of_its_folder_or_ends_with_a_point(name: str) -> None:
    stem = stem_of("", name)
    assert not stem.endswith(".")
    assert "/" not in stem


def test_a_long_name_is_cut_to_what_a_file_system_takes() -> None:
    assert len(file_name("1" * 20, "局" * 300).encode()) <= 250
    assert len(file_name("1" * 20, "a" * 300)) == 105
