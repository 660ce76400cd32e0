"""Make a folder that starts the desk on Windows: no installer, no administrator, no network, no Python there before.

    python windows/make_folder.py python-3.11.9-embed-amd64.zip 收表台

The zip is python.org's "Windows embeddable package (64-bit)". The project and all that it needs are fetched as wheels
for Windows by pip, in the releases of constraints.txt; this needs the network once, on any system.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import Version

TOP = Path(__file__).resolve().parents[1]
EXTRAS = "data,desk,legacy,mail"
PROGRAM = "python"
"""The folder of the interpreter; what lies beside it is the bureau's."""
PACKAGES = "site-packages"
_PATHS = re.compile(r"python3(\d+)\._pth")

# cmd.exe reads these in whatever code page Windows has: ASCII alone is the same in all.
START = '@echo off\npushd "%~dp0"\n"%~dp0python\\python.exe" -m workbook desk %*\nif errorlevel 1 pause\n'
CONSOLE = '@echo off\npushd "%~dp0"\nset "PATH=%~dp0python;%PATH%"\ncmd /k workbook --help\n'
WORKBOOK = '@"%~dp0python.exe" -m workbook %*\n'


def make_folder(embeddable: Path, folder: Path) -> int:
    """Make the folder; returns how many wheels are in it. Ends with a sentence where it cannot."""
    if folder.exists():
        sys.exit(f"{folder} is there already")
    with tempfile.TemporaryDirectory() as scratch:
        wheels = Path(scratch)
        with zipfile.ZipFile(embeddable) as archive:
            minor = minor_of(archive.namelist())
            fetch(wheels, minor)
            program = folder / PROGRAM
            archive.extractall(program)
        unpack(wheels, program / PACKAGES, minor)
        count = len(list(wheels.glob("*.whl")))
    paths = program / f"python3{minor}._pth"
    paths.write_text(with_packages(paths.read_text(encoding="utf-8")), encoding="utf-8")
    for path, text in (
        (folder / "启动.bat", START),
        (folder / "命令.bat", CONSOLE),
        (program / "workbook.bat", WORKBOOK),
    ):
        path.write_text(text, encoding="ascii", newline="\r\n")
    return count


def minor_of(names: list[str]) -> int:
    """Which Python 3 a zip holds."""
    found = [match for name in names if (match := _PATHS.fullmatch(name))]
    if len(found) != 1 or "python.exe" not in names:
        sys.exit(
            "this is not python.org's embeddable zip: python.exe and python3*._pth are missing"
        )
    if int(found[0][1]) < 11:
        sys.exit(f"Python 3.{found[0][1]} is too old: 3.11 or later is needed")
    return int(found[0][1])


def with_packages(paths: str) -> str:
    """The list of where modules are found, with ours. It alone is heeded: no PYTHONPATH, no other Python's packages."""
    lines = paths.splitlines()
    at = lines.index(".") + 1
    return "\n".join([*lines[:at], PACKAGES, *lines[at:]]) + "\n"


# --- wheels ------------------------------------------------------------------------------------------------


def fetch(wheels: Path, minor: int) -> None:
    """Fetch wheels until nothing is missing: pip asks what this system would need, and Windows needs more."""
    pip("wheel", "--no-deps", "--wheel-dir", str(wheels), str(TOP))
    (own,) = wheels.glob("*.whl")
    wanted = [f"{own}[{EXTRAS}]"]
    while wanted:
        pip(
            *("download", "--dest", str(wheels), "--find-links", str(wheels)),
            *("--constraint", str(TOP / "constraints.txt"), *for_windows(minor), *wanted),
        )
        wanted = sorted(set(missing(wheels, minor)))


def unpack(wheels: Path, packages: Path, minor: int) -> None:
    """Lay the wheels out as pip does, without what only an installed Python would use."""
    files = sorted(map(str, wheels.glob("*.whl")))
    pip(
        *("install", "--no-deps", "--no-index", "--no-compile", "--no-warn-script-location"),
        *("--target", str(packages), *for_windows(minor), *files),
    )
    for script in (packages / "bin").glob("*"):
        script.unlink()
    (packages / "bin").rmdir()


def for_windows(minor: int) -> tuple[str, ...]:
    """What tells pip for whom."""
    return (
        *("--platform", "win_amd64", "--implementation", "cp", "--python-version", f"3.{minor}"),
        *("--only-binary", ":all:"),
    )


def missing(wheels: Path, minor: int) -> Iterator[str]:
    """What the wheels need on Windows and is not among them in a right release."""
    there = dict(map(_named, wheels.glob("*.whl")))
    environment = {
        "implementation_name": "cpython", "implementation_version": f"3.{minor}.0", "os_name": "nt", "platform_machine": "AMD64",
        "platform_python_implementation": "CPython", "platform_release": "10", "platform_system": "Windows",
        "platform_version": "10", "python_full_version": f"3.{minor}.0", "python_version": f"3.{minor}", "sys_platform": "win32",
    }  # fmt: skip
    asked = {canonicalize_name("selfeval-workbook"): {"", *EXTRAS.split(",")}}
    needed = {wheel: _needed(wheel) for wheel in wheels.glob("*.whl")}
    for _ in needed:  # an extra may be asked for by what was looked at before
        for wheel, requirements in needed.items():
            for requirement in requirements:
                extras = asked.get(_named(wheel)[0], set()) | {""}
                marker = requirement.marker
                if marker and not any(marker.evaluate({**environment, "extra": e}) for e in extras):
                    continue
                name = canonicalize_name(requirement.name)
                asked.setdefault(name, set()).update(requirement.extras)
                if name not in there or there[name] not in requirement.specifier:
                    requirement.marker = None
                    yield str(requirement)


def _named(wheel: Path) -> tuple[NormalizedName, Version]:
    return parse_wheel_filename(wheel.name)[:2]


def _needed(wheel: Path) -> list[Requirement]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        headers = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
    return [Requirement(line) for line in headers.get_all("Requires-Dist", [])]


def pip(*words: str) -> None:
    """Run pip of this interpreter."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"pip {words[0]} failed; the network, or a wheel that there is not for Windows")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zip", type=Path, help="python.org's python-3.N.N-embed-amd64.zip")
    parser.add_argument("folder", type=Path, help="the folder to make")
    given = parser.parse_args()
    print(f"{given.folder}: {make_folder(given.zip, given.folder)} wheels")


if __name__ == "__main__":
    main()
