"""Start one LibreOffice and pass on to it what JSON lines on standard input ask.

This runs under the system's Python, since Debian's UNO bridge is for that one only, and imports
nothing but the standard library and uno. Usage: ``office_server.py SOFFICE PROFILE LOCALE TIMEOUT``.
The other end is office.py; what a request may ask is said in office_component.py. The first line it
writes tells that LibreOffice is ready, and its process group; then each request gets one line.
It ends, and LibreOffice with it, at the end of standard input or at SIGTERM.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import uno
from com.sun.star.beans import NamedValue

COMPONENT = Path(__file__).resolve().with_name("office_component.py")
SERVICE = "selfeval.OfficeCommands"

SETTINGS = [
    # Without these two LibreOffice shows what the file's writer cached: nothing would be proven.
    ("Calc/Formula/Load", "OOXMLRecalcMode", "0"),
    ("Calc/Formula/Load", "ODFRecalcMode", "0"),
    ("Calc/Content/Update", "Link", "2"),
    ("Common/Misc", "FirstRun", "false"),
    ("Common/Misc", "UseLocking", "false"),
    ("Common/Misc", "UseDocumentSystemFileLocking", "false"),
    ("Common/Misc", "UseDocumentOOoLockFile", "false"),
    ("Common/Misc", "UseOpenCL", "false"),
    ("Common/Misc", "ShowTipOfTheDay", "false"),
    ("Common/Misc", "CrashReport", "false"),
    ("Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Common/Save/Document", "AutoSave", "false"),
    ("Recovery/RecoveryInfo", "Enabled", "false"),
    ("Recovery/AutoSave", "Enabled", "false"),
]


class StartError(Exception):
    """LibreOffice did not start; the text says what is known."""


def write_profile(profile: Path, locale: str) -> None:
    """Write the settings of a LibreOffice that has been started before, and asks nothing."""
    items = [
        *((f"/org.openoffice.Office.{group}", name, value) for group, name, value in SETTINGS),
        ("/org.openoffice.Setup/Office", "ooSetupInstCompleted", "true"),
        ("/org.openoffice.Setup/L10N", "ooLocale", "en-US"),
        ("/org.openoffice.Setup/L10N", "ooSetupSystemLocale", locale),
    ]
    lines = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{escape(value)}</value></prop></item>\n"
        for path, name, value in items
    )
    user = profile / "user"
    user.mkdir(parents=True, exist_ok=True)
    (user / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry"'
        ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        f"{lines}</oor:items>\n",
        encoding="utf-8",
    )


def write_component_list(profile: Path) -> Path:
    """Write the list that tells LibreOffice of our component."""
    path = profile / "selfeval.components"
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<components xmlns="http://openoffice.org/2010/uno-components">\n'
        f'<component loader="com.sun.star.loader.Python" uri={quoteattr(COMPONENT.as_uri())}>\n'
        f'<implementation name="{SERVICE}"><service name="{SERVICE}"/></implementation>\n'
        "</component></components>\n",
        encoding="utf-8",
    )
    return path


@contextlib.contextmanager
def running_office(
    soffice: str, profile: Path, locale: str, timeout: float
) -> Iterator[tuple[Any, int]]:
    """Start LibreOffice, yield its UNO context and its process group; end it and all it started on the way out."""
    write_profile(profile, locale)
    ours = write_component_list(profile)
    its_own = Path(soffice).resolve().parent / "services"
    temporary = profile / "tmp"
    temporary.mkdir()
    pipe = f"selfeval-{uuid.uuid4().hex}"
    log = profile / "soffice.log"
    # LibreOffice's own Python takes its home from the first python3 on the path; an active virtual
    # environment would lead it astray.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                soffice,
                f"-env:UserInstallation={profile.as_uri()}",
                f"-env:URE_MORE_SERVICES={ours.as_uri()} <{its_own.as_uri()}>*",
                f"--accept=pipe,name={pipe};urp;StarOffice.ComponentContext",
                *("--headless", "--norestore", "--nologo", "--nodefault", "--nofirststartwizard"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "PATH": path, "TMPDIR": str(temporary)},
            start_new_session=True,  # a group of its own: the launcher starts further processes
        )
    context = None
    try:
        context = connect(process, pipe, log, timeout)
        yield context, process.pid
    finally:
        end(process, context)


def connect(process: "subprocess.Popen[bytes]", pipe: str, log: Path, timeout: float) -> Any:
    """Connect to a LibreOffice that is starting; raises StartError with its log if it cannot."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local
    )
    not_yet = uno.getClass("com.sun.star.connection.NoConnectException")
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and process.poll() in (None, 0):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except not_yet:
            time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace").strip()[-2000:]
    how = "hung" if process.poll() is None else f"ended with exit code {process.poll()}"
    raise StartError(
        f"LibreOffice did not answer within {timeout:g} s ({how}); it said: {said or 'nothing'}"
    )


def end(process: "subprocess.Popen[bytes]", context: Any) -> None:
    """Ask LibreOffice to end, so that it tidies up; then kill whatever is left of it."""
    if context is not None:
        with contextlib.suppress(Exception):
            context.ServiceManager.createInstanceWithContext(
                "com.sun.star.frame.Desktop", context
            ).terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def serve(context: Any, group: int, replies: Any) -> None:
    """Pass on every line of standard input, until its end or LibreOffice's."""
    commands = context.ServiceManager.createInstanceWithContext(SERVICE, context)
    if commands is None:
        raise StartError(f"LibreOffice did not take the component {COMPONENT.name}")
    say(replies, json.dumps({"ok": group}))
    for line in sys.stdin:
        say(replies, commands.execute((NamedValue(Name="request", Value=line),)))


def say(replies: Any, line: str) -> None:
    replies.write(line + "\n")
    replies.flush()


def main() -> int:
    soffice, profile, locale, timeout = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # LibreOffice's libraries may print: nothing but replies may reach standard output.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        with running_office(soffice, Path(profile), locale, float(timeout)) as (context, group):
            serve(context, group, replies)
    except StartError as reason:
        say(replies, json.dumps({"failed": str(reason)}))
        return 1
    except Exception as exc:
        say(replies, json.dumps({"failed": f"LibreOffice is gone: {type(exc).__name__}"}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
