"""What the README and the API page show works as shown, and `workbook demo` leaves what it says."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from workbook import check, read_returns
from workbook.commands.cli import cli

TOP = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "README.zh-CN.md", "docs/python-api.md")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to write in that has the samples, as a checkout has."""
    (tmp_path / "samples").symlink_to(TOP / "samples")
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
        exec(compile(block, page, "exec"), {})
    assert list(checkout.glob("*.xlsx"))


@pytest.mark.long
def test_commands_of_the_readme_run(checkout: Path) -> None:
    text = (TOP / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\$ workbook ([^#\n]+)", text, re.MULTILINE)
    assert len(lines) == 6
    for line in lines:
        result = CliRunner().invoke(cli, shlex.split(line))
        assert result.exit_code in (0, 1), (line, result.output)
        assert result.exception is None or isinstance(result.exception, SystemExit)
    assert {"自评表.xlsx", "发出", "汇总表.xlsx", "数据", "汇总.html", "报告"} <= {
        p.name for p in checkout.iterdir()
    }
    assert len(list((checkout / "发出").glob("*.xlsx"))) == 14


def test_sentences_of_the_readme_are_what_check_says() -> None:
    text = (TOP / "README.md").read_text(encoding="utf-8")
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
    assert len(stories) == 4


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


def test_links_of_the_pages_lead_somewhere() -> None:
    for page in (*PAGES, *(str(p.relative_to(TOP)) for p in (TOP / "docs").glob("*.md"))):
        path = TOP / page
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{page}: {target}"
