"""What the README, the guide and the API page show works as shown; `workbook demo` leaves what it says."""

from __future__ import annotations

import re
import shlex
import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from builder import build_template
from tests.api import cli
from tests.fillings import FILLED, filling, overall
from workbook import check, read_returns

TOP = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "README.zh-CN.md", "docs/python-api.md")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to write in that has the samples, as a checkout has, two returns of 2023, and two counties."""
    (tmp_path / "samples").symlink_to(TOP / "samples")
    for path in FILLED[:2]:
        build_template(
            overall(), tmp_path / "2023" / f"{path.stem}.xlsx",
            filling=filling(path), fiscal_year=2023,
        )  # fmt: skip
    for county in ("甲县", "乙县"):
        shutil.copytree(tmp_path / "2023", tmp_path / "returned" / county)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass(frozen=True)
class Demo:
    """What `workbook demo` printed, and the folder it wrote."""

    result: Result
    folder: Path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("story") / "demo"
    return Demo(CliRunner().invoke(cli, ["demo", "-o", str(folder)]), folder)


@pytest.mark.parametrize("page", PAGES)
def test_python_examples_run(page: str, checkout: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (TOP / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {"__name__": "__main__"})
    assert list(checkout.glob("*.xlsx"))


@pytest.mark.long
def test_commands_of_the_readme_run(checkout: Path) -> None:
    text = (TOP / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\$ workbook ([^#\n]+)", text, re.MULTILINE)
    assert len(lines) == 10
    for line in lines:
        result = CliRunner().invoke(cli, shlex.split(line))
        assert result.exit_code in (0, 1), (line, result.output)
        assert result.exception is None or isinstance(result.exception, SystemExit)
    assert {"自评表.xlsx", "发出", "汇总表.xlsx", "数据", "汇总.html", "报告"} <= {
        p.name for p in checkout.iterdir()
    }
    assert len(list((checkout / "发出").glob("*.xlsx"))) == 14


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_sentences_of_the_readme_are_what_check_says(page: str) -> None:
    text = (TOP / page).read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    (seed,) = (TOP / "samples" / "returns").glob("125001*")
    told = {found.sentence for item in check(read_returns([seed])) for found in item.findings}
    assert shown.splitlines()
    assert set(shown.splitlines()) - told == set()


def test_six_lines_of_python_are_six() -> None:
    text = (TOP / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len([line for line in block.splitlines() if line]) == 6


@pytest.mark.long
def test_the_demo_plays_the_whole_story(demo: Demo) -> None:
    assert (demo.result.exit_code, demo.result.stderr) == (0, "")
    stories = sorted(path.name for path in (TOP / "samples").glob("[0-9]_*.py"))
    played = [line[3:] for line in demo.result.stdout.splitlines() if line.startswith("== ")]
    assert played == stories
    assert len(stories) == 5


@pytest.mark.long
def test_demo_leaves_templates_findings_summary_and_data(demo: Demo) -> None:
    sent = list((demo.folder / "1_发表" / "各单位").glob("*.xlsx"))
    assert len(sent) == 14
    book = openpyxl.load_workbook(demo.folder / "3_汇总表.xlsx", data_only=True)
    rows = list(book["部门汇总"].iter_rows(values_only=True))
    assert sum("未报" in map(str, row) for row in rows) == 2
    files = pd.read_parquet(demo.folder / "4_数据" / "files.parquet")
    assert list(files["status"]) == ["accepted"] * 12
    assert (demo.folder / "3_汇总.html").is_file()
    assert len(list((demo.folder / "5_公开").glob("*.docx"))) == 12
    assert "5_公开" in demo.result.stdout


# --- the guide ------------------------------------------------------------------------------------

GUIDE = (TOP / "docs" / "guide.md").read_text(encoding="utf-8")
TYPED = [
    line.strip()
    for block in re.findall(r"```bat\n(.*?)```", GUIDE, re.DOTALL)
    for line in block.splitlines()
    if line.startswith(("workbook ", "set ")) and "workbook demo" not in line
]
"""What the guide has a clerk type; `workbook demo` has its own test."""


@pytest.mark.long
def test_the_year_of_the_guide_runs_as_typed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(TOP / "samples" / "roster.csv", checkout / "名册.csv")
    shutil.copytree(TOP / "samples" / "returns", checkout / "收回")
    (checkout / "2023").rename(checkout / "去年收回")
    shutil.copy(next((TOP / "samples" / "word").glob("*.docx")), checkout / "旧表.docx")
    assert len(TYPED) == 19
    # where a review's department is gone; of several counties; of projects
    sheets = {"未对应复核", "县区汇总", "项目报送情况"}
    for line in TYPED:
        if line.startswith("set "):
            monkeypatch.setenv(*line.removeprefix("set ").split("="))
            continue
        if "round receive" in line:
            shutil.copytree("收回", "2024年度自评/收件", dirs_exist_ok=True)
        result = CliRunner().invoke(cli, shlex.split(line)[1:])
        assert result.exit_code in (0, 1), (line, result.output)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        if "aggregate" in line:
            with closing(openpyxl.load_workbook("汇总表.xlsx", read_only=True)) as book:
                sheets.update(book.sheetnames)
    table = GUIDE.partition("| 工作表 | 内容 |")[2].partition("\n\n")[0]
    told = "、".join(re.findall(r"^\| ([\w、]+) \|", table, re.MULTILINE)).split("、")
    assert sorted(told) == sorted(sheets)
    assert (checkout / "公开" / "index.html").is_file()
    assert len(list((checkout / "整改通知").glob("*.txt"))) == 10
    assert (checkout / "旧表.xlsx").is_file()
    assert len(list((checkout / "2024年度自评" / "退回").rglob("自评表.xlsx"))) == 9


def test_the_guide_is_short_and_for_clerks() -> None:
    assert len(GUIDE.splitlines()) <= 330
    for words in (r"\b[A-Z]\d{3}\b", "Parquet", "DuckDB", "JSON", "TOML", "API"):
        assert not re.search(words, GUIDE), words
