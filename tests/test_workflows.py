"""What runs elsewhere says the same as what runs here: the hosted workflow as .ci/run, the hooks as `make lint`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).resolve().parents[1]
WORKFLOW = TOP / ".github" / "workflows" / "tests.yml"
HOOKS = TOP / ".pre-commit-config.yaml"
STEPS = re.findall(
    r"^timeout \d+m (make .+)$", (TOP / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE
)
"""What .ci/run has make do."""


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def commands(job: str) -> list[str]:
    """What a job of the workflow runs."""
    return [step["run"] for step in read(WORKFLOW)["jobs"][job]["steps"] if "run" in step]


def recipe(*targets: str) -> list[str]:
    """The lines by which make reaches these targets where nothing is there yet, but those that install programs."""
    if shutil.which("make") is None:
        pytest.skip("no make here")
    env = {name: value for name, value in os.environ.items() if not re.match(r"MAKE|PYTEST", name)}
    told = subprocess.run(
        ["make", "--dry-run", "--always-make", "--no-print-directory", *targets],
        cwd=TOP, env=env, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    lines = [" ".join(line.split()) for line in told.replace("\\\n", " ").splitlines()]
    return [line for line in lines if not line.startswith(("tests/", "touch "))]


def test_the_workflow_is_one() -> None:
    subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOW],
        check=True, capture_output=True,
    )  # fmt: skip


def test_what_runs_here_is_what_the_workflow_runs() -> None:
    assert len(STEPS) == 4
    assert commands("linux") == [".ci/run"]
    assert commands("macos") == STEPS


def test_where_there_is_no_make_its_recipes_stand_line_by_line() -> None:
    targets = [target for step in STEPS for target in step.split()[1:]]
    lines = [line.replace(".venv/bin/", ".venv/Scripts/") for line in recipe(*targets)]
    assert commands("windows") == ["python -m venv .venv", *lines]


def test_what_was_never_run_is_said_to_be_untried() -> None:
    text = WORKFLOW.read_text(encoding="utf-8")
    for job in set(read(WORKFLOW)["jobs"]) - {"linux"}:
        assert re.search(rf"^  # Untried.*\n  {job}:$", text, re.MULTILINE)
    (told,) = re.findall(
        r"^\| system \|.*\| (.*) \|$",
        (TOP / "docs" / "releasing.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert "Windows and macOS" in told


def test_the_hooks_are_what_lint_runs() -> None:
    (repository,) = read(HOOKS)["repos"]
    entries = [hook["entry"].removesuffix(" --force-exclude") for hook in repository["hooks"]]
    assert entries == [line.removesuffix(" .") for line in recipe("lint")[-4:]]
