"""Work that may crash, hang or devour memory, done in a process of its own that can be killed.

Parsers that we did not write get only what they need: bytes in, bytes out, no path, a deadline, and
where the system has them limits of memory and processor time.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbook.errors import Refused
from workbook.limits import MEGABYTE, Limits

Words = Mapping[str, Any]
"""What a task is told besides the data, as JSON can say it."""
Work = Callable[[bytes, Words], bytes]
"""A function of a module; it may raise Refused."""

MEMORY = 1024 * MEGABYTE
"""What a worker may take; 16.7 million cells, the grid of an .xls sheet, fit into it."""

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from workbook.package.worker import serve; serve()"
)
_BECOME = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from workbook.package.worker import become; become(*sys.argv[2:])"
)
_DONE, _REFUSED = b"=", b"!"
# What Rust and Python say when memory is short.
_STARVED = (b"memory allocation", b"capacity overflow", b"MemoryError")


def run(task: Work, data: bytes, words: Words, limits: Limits) -> bytes:
    """What `task(data, words)` gives, worked out in another process within `limits.seconds`.

    Raises Refused: what the task refused; W106 out of time or memory; W104 if it crashed.
    """
    head = {"task": [task.__module__, task.__name__], "seconds": limits.seconds, "words": words}
    paths = json.dumps(sys.path)
    try:
        # On any way out the process is killed and waited for.
        done = subprocess.run(  # noqa: S603 - our own interpreter, our own code
            [sys.executable, "-I", "-B", "-c", _BOOT, paths],
            input=json.dumps(head).encode() + b"\n" + data,
            capture_output=True,
            timeout=limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Refused("W106", f"读取超过 {limits.seconds:g} 秒") from None
    except OSError as error:
        raise Refused("W101", f"无法启动读取进程（{error.strerror}）") from None
    return _answer(done)


def _answer(done: subprocess.CompletedProcess[bytes]) -> bytes:
    mark, answer = done.stdout[:1], done.stdout[1:]
    if done.returncode == 0 and mark == _DONE:
        return answer
    if done.returncode == 0 and mark == _REFUSED:
        code, detail = json.loads(answer)
        raise Refused(code, detail)
    # SIGKILL comes from a system short of memory, SIGXCPU when the processor's time is up.
    if done.returncode in (-9, -24) or any(word in done.stderr for word in _STARVED):
        raise Refused("W106", "读取时内存或时间不够，表中可能有极远处的单元格")
    raise Refused("W104", "读取程序因它而崩溃")


def serve() -> None:
    """The worker's own side: one task from standard input, its result to standard output."""
    head = json.loads(sys.stdin.buffer.readline())
    confine(int(head["seconds"]) + 1, MEMORY, 0)
    try:
        module, name = head["task"]
        task: Work = getattr(importlib.import_module(module), name)
        answer = _DONE + task(sys.stdin.buffer.read(), head["words"])
    except Refused as refused:
        answer = _REFUSED + json.dumps([refused.code, refused.detail]).encode()
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


def confine(seconds: int, memory: int, file_bytes: int) -> None:
    """Bound what this process, and all that it starts, may take: processor time, memory, the size of a file."""
    if sys.platform == "win32":  # there the deadline alone holds
        return
    import resource  # noqa: PLC0415 - Unix only

    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, file_bytes),
    ):
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (least, least))
        except (OSError, ValueError):  # some systems know the name but not the limit
            continue


def become(seconds: str, memory: str, file_bytes: str, *command: str) -> None:
    """Go on as another program within such bounds, which it cannot widen."""
    confine(int(seconds), int(memory), int(file_bytes))
    os.execv(command[0], command)  # noqa: S606 - our own command line


def bounded(command: Sequence[str], seconds: float, memory: int, file_bytes: int) -> list[str]:
    """The command line that runs a command within bounds, where the system has them."""
    if sys.platform == "win32":
        return list(command)
    bounds = map(str, (int(seconds * (os.cpu_count() or 1)) + 1, memory, file_bytes))
    return [sys.executable, "-I", "-B", "-c", _BECOME, json.dumps(sys.path), *bounds, *command]
