"""Several copies of one department on the command line: what is told, and what `--use` decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from builder import build_template
from tests.api import FOUND, WRONG
from tests.fillings import FILLED, changed, filling, overall
from tests.workbook.commands.test_cli import printed, run


@pytest.fixture(scope="module")
def returned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two copies that were saved at the same time, and one the same as the first."""
    folder = tmp_path_factory.mktemp("copies") / "收回"
    for name, budget in (("一.xlsx", 168.35), ("一(1).xlsx", 168.35), ("二.xlsx", 180.0)):
        given = changed(filling(FILLED[0]), funds__final_budget=budget)
        build_template(overall(), folder / name, filling=given)
    return folder


def codes(files: list[dict[str, Any]]) -> dict[str, list[str]]:
    """By file the codes that tell of copies."""
    return {
        Path(file["file"]).name: [
            f["code"] for f in file["findings"] if f["code"] in ("A502", "A505")
        ]
        for file in files
    }


def test_the_clerk_is_told_that_both_stand_and_how_to_choose(returned: Path) -> None:
    checked = printed("check", returned, exit_code=FOUND)
    assert codes(checked["files"]) == {
        "一(1).xlsx": ["A502"],
        "一.xlsx": ["A505"],
        "二.xlsx": ["A505"],
    }
    told = next(f for file in checked["files"] for f in file["findings"] if f["code"] == "A505")
    assert f"--use {returned / '二.xlsx'}" in told["hint"]
    assert "E7" in told["cell"].split(",")


def test_what_is_chosen_counts_whole_and_in_batches(returned: Path, tmp_path: Path) -> None:
    for number, use in enumerate((returned / "一.xlsx", returned / ".." / "收回" / "二.xlsx")):
        found = []
        for batches in ((), ("--cluster", "local", "--data", tmp_path / f"data{number}")):
            output = tmp_path / f"{number}{len(batches)}.xlsx"
            result = run(
                "aggregate", returned, "-o", output, "--use", use, "--workers", "1", *batches
            )
            assert result.exit_code != WRONG, result.stderr
            sheet = openpyxl.load_workbook(output, data_only=True)["部门汇总"]
            heads = [str(cell.value) for cell in sheet[3]]
            found.append([sheet.cell(4, heads.index("全年预算数") + 1).value, sheet.max_row])
        assert found[0] == found[1]
        assert found[0][0] == (180.0 if number else 168.35)
    (written,) = (tmp_path / "data1" / "findings").rglob("across.parquet")
    across = pd.read_parquet(written)
    assert across["code"].tolist() == ["A502", "A502"]


def test_a_choice_that_cannot_be_is_refused_with_the_remedy(returned: Path) -> None:
    for uses, words in (
        (["没有.xlsx"], "不在读到的文件里"),
        ([returned / "一.xlsx", returned / "二.xlsx"], "只能指定其中一份"),
    ):
        options = [word for use in uses for word in ("--use", use)]
        result = run("check", returned, *options)
        assert result.exit_code == WRONG
        assert words in result.stderr
