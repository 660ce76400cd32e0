"""The wheel and the sdist: whole, runnable outside a checkout, and told on their page as they should be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Built:
    """An sdist unpacked, and the wheel that was built from it."""

    source: Path
    wheel: Path

    def read(self, ending: str) -> str:
        """The text of the wheel's file with this ending."""
        with zipfile.ZipFile(self.wheel) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(ending))
            return archive.read(name).decode("utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "build", "--outdir", folder, TOP)  # the wheel from the sdist
    (archive,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return Built(folder / archive.name.removesuffix(".tar.gz"), wheel)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands of an environment stand that has the wheel, what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", folder)
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = (commands / "python", "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "install", "--constraint", TOP / "constraints.txt", built.wheel)
    return commands


def run(*words: str | Path, cwd: Path | None = None) -> str:
    left_out = ("PYTHONPATH", "PYTEST_ADDOPTS")
    env = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run(
        [*map(str, words)], cwd=cwd, env=env | {"PYTHONUTF8": "1"}, capture_output=True, text=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tracked(*folders: str) -> set[str]:
    """The files of these folders that belong to the project, as far as git knows."""
    names = run("git", "-c", "core.quotePath=false", "ls-files", "-z", *folders, cwd=TOP)
    return {name for name in names.split("\0") if name}


# --- the wheel ------------------------------------------------------------------------------------


def test_the_wheel_holds_both_packages_the_forms_and_what_the_demo_plays(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    played = {
        name
        for name in tracked("samples")
        if re.fullmatch(r"samples/(\d_\w+\.py|roster\.csv|returns/.*)", name)
    }
    assert len(played) > 15
    assert names == tracked("workbook", "builder") | {f"workbook/{name}" for name in played}
    assert {"workbook/py.typed", "builder/py.typed"} <= names


def test_the_installed_wheel_helps_and_plays_the_demo(installed: Path, tmp_path: Path) -> None:
    assert "workbook demo" in run(installed / "workbook", "--help", cwd=tmp_path)
    told = run(installed / "workbook", "demo", cwd=tmp_path)
    assert [line[3:] for line in told.splitlines() if line.startswith("== ")] == sorted(
        path.name for path in (TOP / "samples").glob("[0-9]_*.py")
    )
    assert "selfeval-workbook[data]" in told, "the extra is not there, and that is said"
    assert {"3_汇总表.xlsx", "3_汇总.html", "5_公开"} <= {
        path.name for path in (tmp_path / "demo").iterdir()
    }


def test_what_is_installed_is_found_with_its_types_and_release(
    installed: Path, tmp_path: Path
) -> None:
    told = run(
        installed / "python", "-c",
        "import builder, workbook; from importlib.resources import files; from importlib.metadata import version;"
        "print(workbook.__version__ == version('selfeval-workbook'), "
        "*((files(package) / 'py.typed').is_file() for package in (workbook, builder)))",
        cwd=tmp_path,
    )  # fmt: skip
    assert told.split() == ["True", "True", "True"]


# --- its page -------------------------------------------------------------------------------------


def test_the_page_of_the_package_renders_and_leads_nowhere_inside_the_project(
    built: Built, tmp_path: Path
) -> None:
    page = message_from_string(built.read(".dist-info/METADATA")).get_payload()
    assert isinstance(page, str)
    assert "$ workbook check" in page
    (tmp_path / "README.md").write_text(page, encoding="utf-8")
    shown = run(sys.executable, "-m", "readme_renderer", tmp_path / "README.md")
    assert shown.count("<table") == page.count("\n|---|") > 0
    targets = re.findall(r'(?:src|href)="([^"]*)"', shown)
    assert [target for target in targets if "://" not in target and target[0] != "#"] == []


def test_the_pythons_that_are_named_are_those_that_are_tried(built: Built) -> None:
    named = re.findall(r"Classifier: .* :: Python :: (3\.\d+)\n", built.read(".dist-info/METADATA"))
    tried = [name for name in PROJECT["tool"]["tox"]["env_list"] if name.startswith("3.")]
    assert named == tried[: len(named)]
    assert PROJECT["project"]["requires-python"] == f">={named[0]}"


# --- the sdist ------------------------------------------------------------------------------------


def test_the_sdist_holds_all_that_belongs_to_the_project(built: Built) -> None:
    names = {
        path.relative_to(built.source).as_posix()
        for path in built.source.rglob("*")
        if path.is_file()
    }
    assert tracked() - names <= {".gitattributes"}
    assert names - tracked() == {"PKG-INFO"}


def test_tests_run_from_the_unpacked_sdist(built: Built) -> None:
    told = run(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not office and not browser",
        "tests/workbook/expression", "tests/workbook/layout", "tests/returns/test_faultless.py", cwd=built.source,
    )  # fmt: skip
    assert re.search(r"^\d{3,} passed", told, re.MULTILINE), told[-1000:]
