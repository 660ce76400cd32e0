"""LibreOffice, where it is installed, as a converter: bytes of one format in, bytes of another out.

A workbook's formulas are worked out anew, whatever results stand beside them.
It runs by itself for each call: a profile of its own that forgets everything, macros off, links not
followed, a deadline after which it is killed with all its children. Nothing in a document can name a
file that it would read or write.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from workbook.errors import WorkbookError
from workbook.limits import MEGABYTE

SECONDS = 120.0
"""What starting and one conversion may take; a cold start alone takes up to 20 s on a small machine."""
LARGEST = 200 * MEGABYTE
"""The largest result that is taken."""

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
        raise NoOffice("没有找到 LibreOffice，请安装后再试")
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
        )
        results = {name: out / f"{path.stem}.{target}" for name, path in sources.items()}
        return {n: p.read_bytes() for n, p in results.items() if _is_whole(p)}


def _is_whole(path: Path) -> bool:
    return path.is_file() and 0 < path.stat().st_size <= LARGEST


def _run(command: list[str], seconds: float) -> None:
    own_group = sys.platform != "win32"
    try:
        process = subprocess.Popen(  # noqa: S603 - the installed LibreOffice, our own file names
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=own_group,
        )
    except OSError as error:
        raise NoOffice(f"LibreOffice 无法启动（{error.strerror}）") from None
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise NoOffice(f"LibreOffice 转换超过 {seconds:g} 秒，已停止") from None
    finally:
        if process.poll() is None:
            if own_group:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
