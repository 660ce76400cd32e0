"""The folder that starts the desk on Windows without an installed Python: its layout, where it looks, that nothing is missing.

A stand-in takes the place of python.org's zip: Windows itself is not here, so nothing in it is run but Python's own reading
of the list of paths.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).resolve().parents[1]
SCRIPT = TOP / "windows" / "make_folder.py"
PATHS = "python311.zip\r\n.\r\n\r\n# Uncomment to run site.main() automatically\r\n#import site\r\n"
IN_THE_ZIP = ("python.exe", "pythonw.exe", "python3.dll", "python311.dll", "python311.zip", "vcruntime140.dll")  # fmt: skip
WINDOWS = {
    "sys_platform": "win32", "os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64",
    "python_version": "3.11", "python_full_version": "3.11.9",
}  # fmt: skip


def stand_in(path: Path, *names: str, paths: str = PATHS, minor: int = 11) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"MZ")
        archive.writestr(f"python3{minor}._pth", paths)
    return path


@pytest.fixture(scope="module")
def script() -> dict[str, Callable[..., Any]]:
    return runpy.run_path(str(SCRIPT))


def test_another_zip_or_an_older_python_is_told(tmp_path: Path, script: dict[str, Any]) -> None:
    make_folder = script["make_folder"]
    with pytest.raises(SystemExit, match="not python\\.org's"):
        make_folder(stand_in(tmp_path / "a.zip"), tmp_path / "a")
    with pytest.raises(SystemExit, match="too old"):
        make_folder(stand_in(tmp_path / "b.zip", "python.exe", minor=9), tmp_path / "b")
    with pytest.raises(SystemExit, match="there already"):
        make_folder(tmp_path / "a.zip", tmp_path)
    assert not (tmp_path / "a").exists()


def test_what_windows_alone_needs_is_asked_for(tmp_path: Path, script: dict[str, Any]) -> None:
    wheel(tmp_path, "selfeval_workbook-0.1-py3-none-any", "click>=8", "a[x]; extra == 'desk'")
    wheel(
        tmp_path,
        "click-7.0-py3-none-any",
        "colorama; sys_platform == 'win32'",
        "uvloop; os_name == 'posix'",
    )
    wheel(tmp_path, "a-1-py3-none-any", "b>2; extra == 'x'", "c; extra == 'y'")
    assert set(script["missing"](tmp_path, 11)) == {"click>=8", "colorama", "b>2"}


def wheel(folder: Path, name: str, *needs: str) -> None:
    lines = "".join(f"Requires-Dist: {need}\n" for need in needs)
    with zipfile.ZipFile(folder / f"{name}.whl", "w") as archive:
        archive.writestr(f"{name}.dist-info/METADATA", f"Metadata-Version: 2.1\n{lines}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("windows")
    made = subprocess.run(
        [sys.executable, str(SCRIPT), str(stand_in(place / "embed.zip", *IN_THE_ZIP)), str(place / "收表台")],
        capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    return place / "收表台"


@pytest.mark.long  # fetches eighty megabytes
def test_the_folder_lies_as_the_two_files_expect_it(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {"python", "启动.bat", "命令.bat"}
    for path in (*folder.glob("*.bat"), folder / "python" / "workbook.bat"):
        text = path.read_bytes()
        assert text.isascii(), path  # whatever the code page
        assert text.count(b"\n") == text.count(b"\r\n"), path
    start = (folder / "启动.bat").read_text(encoding="ascii")
    assert '"%~dp0python\\python.exe" -m workbook desk %*' in start
    for name in IN_THE_ZIP:
        assert (folder / "python" / name).is_file()
    lines = (folder / "python" / "python311._pth").read_text(encoding="utf-8").splitlines()
    assert lines[:3] == ["python311.zip", ".", "site-packages"]
    assert "import site" not in lines  # nothing of another Python, no user's packages


@pytest.mark.long
def test_nothing_that_windows_needs_is_missing(folder: Path) -> None:
    packages = folder / "python" / "site-packages"
    found = {
        canonicalize_name(each.metadata["Name"]): each
        for each in distributions(path=[str(packages)])
    }
    asked = [("selfeval-workbook", extra) for extra in ("", "desk", "data", "legacy", "mail")]
    for name, extra in asked:  # which grows
        for line in found[canonicalize_name(name)].requires or ():
            need = Requirement(line)
            if need.marker and not need.marker.evaluate({**WINDOWS, "extra": extra}):
                continue
            there = found.get(canonicalize_name(need.name))
            assert there is not None, (name, line)
            assert there.version in need.specifier, (name, line)
            asked += [
                pair for pair in ((need.name, e) for e in ("", *need.extras)) if pair not in asked
            ]
    assert {"pandas", "pyarrow", "duckdb", "uvicorn", "python-calamine"} <= {n for n, _ in asked}
    native = [path.name for path in packages.rglob("*.pyd")]
    assert len(native) > 50
    assert all("win_amd64" in name or name.count(".") == 1 for name in native)
    assert not [*packages.rglob("*.so"), *packages.rglob("*.dylib")]
    assert (packages / "workbook" / "desk" / "templates" / "board.html").is_file()
    assert (packages / "workbook" / "desk" / "static" / "desk.js").is_file()
    for tag in (each.read_text("WHEEL") or "" for each in found.values()):
        assert "win_amd64" in tag or "none-any" in tag, tag


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="there the folder itself can be started")
def test_python_itself_finds_the_packages_by_the_list_and_nothing_else(
    folder: Path, tmp_path: Path
) -> None:
    """This system's Python beside the same list, with its own library in place of the zip's."""
    shutil.copytree(folder / "python" / "site-packages", tmp_path / "site-packages")
    shutil.copy(Path(sys.executable).resolve(), tmp_path / "python")
    library = sysconfig.get_path("stdlib")
    text = (folder / "python" / "python311._pth").read_text(encoding="utf-8")
    own = text.replace("python311.zip", f"{library}\n{library}/lib-dynload")
    (tmp_path / "python._pth").write_text(own, encoding="utf-8")
    code = (
        "import sys, anyio, click, h11, jinja2, multipart, python_multipart, rich, starlette, uvicorn, xlsxwriter\n"
        "import workbook.release\n"
        "print(workbook.release.__file__, sys.flags.isolated, sys.flags.no_site, *sys.path, sep='\\n')"
    )
    ran = subprocess.run(
        [str(tmp_path / "python"), "-c", code], cwd="/", capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(TOP)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    at, isolated, no_site, *paths = ran.stdout.splitlines()
    assert Path(at).is_relative_to(tmp_path / "site-packages")
    assert (isolated, no_site) == ("1", "1")
    assert str(tmp_path / "site-packages") in paths
    assert str(TOP) not in paths
