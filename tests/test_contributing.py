"""CONTRIBUTING.md's tasks come true: each is carried out in a copy of the project as the page says it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TASKS = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n)+)", PAGE, re.MULTILINE))
STEP = re.compile(
    r"^(?:(?P<verb>Append to|Write|In) `(?P<path>[^`]+)`(?:, (?P<where>below|above|instead of) `(?P<line>[^\n]+)`)?:\n\n)?"
    r"```(?P<language>\w+)\n(?P<block>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
QUICK = (
    "not office and not browser and not whole",
    "--hypothesis-profile",
    "quick",
    "-q",
    "-n",
    "auto",
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as it stands, without what is not part of it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    return tmp_path


def run(copy: Path, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, *words], cwd=copy, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(copy), "FUZZ_COUNT": "40", "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
             "HOME": str(Path.home()), "LANG": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"


def carry_out(copy: Path, text: str) -> Iterator[str]:
    """What a page says, step by step; the files that it names are changed."""
    for step in STEP.finditer(text):
        block, path = step["block"], step["path"] and copy / step["path"]
        if step["language"] == "sh":
            for command in block.splitlines():
                program, *words = command.split()
                assert program == "workbook"
                run(copy, "-c", "from workbook.commands import main; main()", *words)
            continue
        assert path, f"nothing says where this goes:\n{block}"
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(_changed(old, block, step), encoding="utf-8", newline="\n")
        yield step["path"]


def _changed(old: str, block: str, step: re.Match[str]) -> str:
    if step["verb"] != "In":
        assert (old == "") == (step["verb"] == "Write")
        return old + block
    lines = old.splitlines(keepends=True)
    (at,) = (number for number, line in enumerate(lines) if step["line"] in line)
    first, last = {"below": (at + 1, at + 1), "above": (at, at), "instead of": (at, at + 1)}[
        step["where"]
    ]
    return "".join([*lines[:first], block, *lines[last:]])


def test_every_task_has_its_page() -> None:
    listed = re.findall(r"^- \[(.+)\]\(#", PAGE, re.MULTILINE)
    assert list(TASKS) == listed
    assert len(listed) == 7


@pytest.mark.long
@pytest.mark.office
@pytest.mark.parametrize("task", TASKS)
def test_a_newcomer_who_does_as_the_page_says_is_done(copy: Path, task: str) -> None:
    assert list(carry_out(copy, TASKS[task])) or "another bureau" in task.lower()
    run(copy, "docs/refresh.py")
    run(copy, "-m", "ruff", "check", ".")
    run(copy, "-m", "ruff", "format", "--check", ".")
    run(copy, "-m", "mypy")
    run(copy, "-m", "pytest", "-m", *QUICK, "--deselect", "tests/test_contributing.py")
