"""LibreOffice, where it is installed, as a converter: bytes of one format in, bytes of another out.

A workbook's formulas are worked out anew, whatever results stand beside them.
It runs by itself for each call: a profile of its own that forgets everything, macros off, links not
followed, bounded in memory and what it writes, a deadline; at the end it is killed with all its children,
and what it left behind goes with its folder. Nothing in a document can name a file that it would read or write.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from workbook.errors import WorkbookError
from workbook.language import t
from workbook.limits import MEGABYTE
from workbook.package import bounded

SECONDS = 120.0
"""What starting and one conversion may take; a cold start alone takes up to 20 s on a small machine."""
LARGEST = 200 * MEGABYTE
"""The largest result that is taken, and the largest file that it may write."""
MEMORY = 4096 * MEGABYTE
"""What it may take of memory; much of it is reserved and never used."""
_DYING = 2.0
"""So many seconds killed processes are waited for."""

_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel"
 oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution"
 oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop
 oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse">
<value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode"
 oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Misc"><prop oor:name="UseLocking" oor:op="fuse">
<value>false</value></prop></item>
</oor:items>
"""
_INSTALLED_AT = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.exe",
)


class NoOffice(WorkbookError):
    """LibreOffice is not there, failed, or did not end in time; the text says which, in Chinese."""


def find_office() -> str | None:
    """The LibreOffice to start: `$SOFFICE`, the one on the path, or where installers put it."""
    command = os.environ.get("SOFFICE", "soffice")
    on_path = shutil.which(command) or shutil.which("libreoffice")
    return on_path or next((path for path in _INSTALLED_AT if Path(path).is_file()), None)


def convert(
    documents: Mapping[str, bytes], target: str, *, seconds: float = SECONDS
) -> dict[str, bytes]:
    """Documents, by a name with their ending (`a.doc`), as another format (`docx`, `pdf`), by name.

    What LibreOffice could not convert is not in the answer. Raises NoOffice.
    """
    program = find_office()
    if program is None:
        raise NoOffice(t("没有找到 LibreOffice，请安装后再试"))
    # LibreOffice's own last writes may race with the removal.
    with tempfile.TemporaryDirectory(prefix="office-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        profile, out = home / "profile", home / "out"
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
        out.mkdir()
        sources: dict[str, Path] = {}
        for number, (name, data) in enumerate(documents.items()):
            sources[name] = home / f"{number}{Path(name).suffix.lower()}"
            sources[name].write_bytes(data)
        _run(
            [
                *(program, "--headless", "--norestore", "--nolockcheck", "--nodefault"),
                f"-env:UserInstallation={profile.as_uri()}",
                *("--convert-to", target, "--outdir", str(out)),
                *map(str, sources.values()),
            ],
            seconds,
            home,
        )
        results = {name: out / f"{path.stem}.{target}" for name, path in sources.items()}
        return {n: p.read_bytes() for n, p in results.items() if _is_whole(p)}


def _is_whole(path: Path) -> bool:
    return path.is_file() and 0 < path.stat().st_size <= LARGEST


def _run(command: list[str], seconds: float, home: Path) -> None:
    try:
        process = subprocess.Popen(  # noqa: S603 - the installed LibreOffice, our own file names
            bounded(command, seconds, MEMORY, LARGEST + 1),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | _own_places(home),
            start_new_session=_HAS_GROUPS,
        )
    except OSError as error:
        raise NoOffice(t("LibreOffice 无法启动（{reason}）", reason=error.strerror)) from None
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise NoOffice(t("LibreOffice 转换超过 {seconds:g} 秒，已停止", seconds=seconds)) from None
    finally:
        _end(process)


_HAS_GROUPS = sys.platform != "win32"
_LONGEST_SOCKET = 40
"""A socket's path has at most about 100 characters; LibreOffice's name for it has 60."""


def _own_places(home: Path) -> dict[str, str]:
    """Where LibreOffice puts what it would leave in the system's folder of temporary files."""
    places = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(home))
    return places | ({"OSL_SOCKET_PATH": str(home)} if len(str(home)) < _LONGEST_SOCKET else {})


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program with all that it started, be it that it has ended itself."""
    if _HAS_GROUPS:
        _kill_group(process.pid)
    process.kill()
    process.wait()
    patience = time.monotonic() + _DYING
    while _HAS_GROUPS and _kill_group(process.pid) and time.monotonic() < patience:
        time.sleep(0.01)


def _kill_group(leader: int) -> bool:
    """Kill what is left of a process group; whether there was anything."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS says so of what is dying
        return False
    return True
