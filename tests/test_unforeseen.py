"""An error that nobody foresaw, at any station, rejects the return that it comes from and changes no other."""

import importlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from tests.api import cli
from tests.fillings import ROSTER, SAMPLES
from workbook import Return, Submission

GUILTY = "125001"
RAISING = "WORKBOOK_UNFORESEEN"
SECRET = "thought impossible"

CHECKED = (
    ("workbook.reading.reader", "_content"),
    ("workbook.reading.reader", "_recognise"),
    ("workbook.checking.checks", "add_findings_between"),
    ("workbook.checking.between_returns", "unlike_roster"),
    ("workbook.checking.checks", "findings_of"),
    ("workbook.checking.checks", "likely_slips"),
    ("builder.word", "write_notices"),
)
"""Where a return's way goes through in `check`, in order."""
ADDED_UP = (
    ("workbook.summary", "aggregate"),
    ("builder.summary", "build_summary"),
    ("builder.web", "build_page"),
    ("builder.word", "build_county_report"),
    ("workbook.summary", "frames"),
    ("builder.tables", "write_data"),
)
"""Where it goes through thereafter in `aggregate`."""


def is_guilty(value: object, depth: int = 0) -> bool:
    """Whether anything that came from the one return is in an argument of a station."""
    if isinstance(value, Path):
        return GUILTY in value.name
    if isinstance(value, Return):
        return value.submission is not None and is_guilty(value.path)
    if isinstance(value, Submission):
        return is_guilty(value.path)
    if isinstance(value, pd.DataFrame):
        return "code" in value and bool((value["code"].astype(str) == GUILTY).any())
    if hasattr(value, "coverage"):  # a summary
        lines = value.coverage
        own = lines[lines["code"].astype(str) == GUILTY]
        return not own["status"].isin(["rejected", "missing"]).all()
    if hasattr(value, "read") and hasattr(value, "senders"):  # returns by their senders
        return any(map(is_guilty, value.read.values()))
    return (
        depth < 2
        and isinstance(value, list | tuple)
        and any(is_guilty(v, depth + 1) for v in value)
    )


def poison(patch: pytest.MonkeyPatch, module: str, name: str) -> list[str]:
    """Let a station fail with whatever came from the guilty return; tells of each time."""
    home = importlib.import_module(module)
    real: Callable[..., Any] = getattr(home, name)
    failures: list[str] = []

    def failing(*args: Any, **kwargs: Any) -> Any:
        args = tuple(
            list(a) if isinstance(a, Iterable) and hasattr(a, "__next__") else a for a in args
        )
        if any(map(is_guilty, (*args, *kwargs.values()))):
            failures.append(name)
            raise ZeroDivisionError(SECRET)
        return real(*args, **kwargs)

    patch.setattr(home, name, failing)
    return failures


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two returns, one of them the guilty one."""
    target = tmp_path_factory.mktemp("round") / "收回"
    target.mkdir()
    for path in sorted((SAMPLES / "returns").glob("*.xlsx"))[:2]:
        shutil.copy(path, target)
    return target


@pytest.fixture(scope="module")
def sound(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the two add up to where nothing happens."""
    out = tmp_path_factory.mktemp("sound")
    told, _ = added_up(folder, out)
    assert (told["totals"]["rejected"], len(figures(out))) == (0, 1)
    return out


def run(*args: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, [str(arg) for arg in args], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def added_up(folder: Path, out: Path) -> tuple[dict[str, Any], str]:
    code, stdout, stderr = run(
        "aggregate", folder, "-o", out / "汇总.xlsx", "--roster", ROSTER, "--html", out / "页.html",
        "--word", out / "稿.docx", "--data", out / "数据", "--workers", "1", "--json",
    )  # fmt: skip
    assert code == 1
    return json.loads(stdout), stderr


def figures(out: Path) -> dict[str, list[str]]:
    """What the data say of each department but the guilty one."""
    lines = pd.read_csv(
        out / "数据" / "department_overall_2024_summary" / "departments.csv",
        dtype=str,
        keep_default_na=False,
    )
    read = lines[lines["status"].isin(["answered", "faulty"]) & (lines["code"] != GUILTY)]
    return {row["code"]: list(row) for _, row in read.iterrows()}


@pytest.mark.parametrize(("module", "name"), CHECKED)
def test_in_checking_it_rejects_one_return_and_leaves_the_others(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    monkeypatch.setenv(RAISING, "survive")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    command = ("check", folder, "--roster", ROSTER, "--json", "--notices")
    _, before, _ = run(*command, tmp_path / "before")
    failures = poison(monkeypatch, module, name)
    code, now, told = run(*command, tmp_path / "now")
    assert code == 1
    assert failures
    assert "W119" in told and SECRET not in told
    assert SECRET in (tmp_path / "now" / "workbook_出错记录.txt").read_text(encoding="utf-8-sig")
    due, got = (
        {Path(item["file"]).name: item for item in json.loads(printed)["files"]}
        for printed in (before, now)
    )
    guilty = next(file for file in due if GUILTY in file)
    assert (
        [finding["code"] for finding in got.pop(guilty)["findings"]],
        due.pop(guilty)["status"],
    ) == (["W119"], "accepted")
    assert due and due == got


@pytest.mark.parametrize(
    ("module", "name"),
    [
        pytest.param(*station, marks=pytest.mark.long if 0 < number < len(ADDED_UP) - 1 else ())
        for number, station in enumerate(ADDED_UP)
    ],
)
def test_in_adding_up_it_rejects_one_return_and_leaves_the_others(
    folder: Path,
    sound: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    name: str,
) -> None:
    monkeypatch.setenv(RAISING, "survive")
    failures = poison(monkeypatch, module, name)
    now, told = added_up(folder, tmp_path)
    assert failures
    assert "W119" in told and SECRET not in told
    record = next(tmp_path.glob("*出错记录.txt")).read_text(encoding="utf-8-sig")
    assert SECRET in record
    assert (now["totals"]["rejected"], figures(tmp_path)) == (1, figures(sound))
    assert {p.name for p in tmp_path.iterdir()} >= {"汇总.xlsx", "页.html", "稿.docx"}


def test_a_report_that_cannot_be_written_leaves_the_others(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RAISING, "survive")
    failures = poison(monkeypatch, "builder.word.disclosure", "department_report")
    code, stdout, told = run("report", folder, "-o", tmp_path / "out")
    assert code == 1
    assert failures
    assert "没有料到的差错" in stdout
    assert "W119" in told
    assert SECRET in (tmp_path / "out" / "reports_出错记录.txt").read_text(encoding="utf-8-sig")
    assert len(list((tmp_path / "out").glob("*.docx"))) == 1


def test_what_fails_with_each_of_several_returns_is_the_fault_of_none(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RAISING, "survive")

    def fail(*_: object) -> None:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(importlib.import_module("builder.summary"), "build_summary", fail)
    code, _, told = run("aggregate", folder, "-o", tmp_path / "汇总.xlsx", "--workers", "1")
    assert code == 2
    assert "没有料到的差错" in told and "W119" not in told
    assert not list(tmp_path.glob("*.xlsx"))
