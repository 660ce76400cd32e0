"""What is documented passes strict type checkers against the wheel that users install."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every script of the documentation and of the samples, a file each."""
    folder = tmp_path_factory.mktemp("scripts")
    for page in (*TOP.glob("README*.md"), *(TOP / "docs").glob("*.md")):
        blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        for number, block in enumerate(blocks):
            name = re.sub(r"\W", "_", page.stem)
            (folder / f"{name}_{number}.py").write_text(block, encoding="utf-8")
    for script in (TOP / "samples").glob("[0-9]_*.py"):
        (folder / f"sample_{script.name}").write_bytes(script.read_bytes())
    assert len(list(folder.iterdir())) > 8
    return folder


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python in which the wheel is installed, beside the libraries of ours."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-deps", "--wheel-dir", folder, TOP)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv")
    (site,) = (folder / "venv").glob("[Ll]ib/**/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    run(*pip, "install", "--no-deps", "--target", site, wheel)
    return Path(
        folder, "venv", *("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    )


def run(*words: str | Path, cwd: Path | None = None) -> str:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [*map(str, words)], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_documented_scripts_pass_mypy(scripts: Path, python: Path) -> None:
    told = run(
        sys.executable, "-m", "mypy", "--strict", "--python-executable", python,
        "--untyped-calls-exclude", "distributed",  # Dask types few of its functions
        *(path.name for path in sorted(scripts.glob("*.py"))), cwd=scripts,
    )  # fmt: skip
    assert "no issues found" in told


def test_the_documented_scripts_pass_pyright(scripts: Path, python: Path) -> None:
    told = run(sys.executable, "-m", "pyright", "--pythonpath", python, ".", cwd=scripts)
    assert "0 errors" in told
