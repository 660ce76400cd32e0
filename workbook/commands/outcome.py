"""What a command tells of what nobody foresaw: a reference on the terminal, the traceback in a file."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from workbook.commands.messages import say
from workbook.errors import WorkbookError
from workbook.language import t
from workbook.release import __version__
from workbook.text import printable_lines
from workbook.writing import writing

LOG_SUFFIX = "_出错记录.txt"


def report_faults(faults: Iterable[str], beside: Path | None = None) -> None:
    """Write tracebacks to a file beside an output, else among the temporary files, and say where."""
    told = [fault for fault in faults if fault]
    if not told:
        return
    path = log(told, beside)
    where = t("；出错记录：{path}", path=path) if path else ""
    sentence = t("有 {count} 处没有料到的差错（W119）{where}", count=len(told), where=where)
    say(sentence, err=True)


def log(faults: Iterable[str], beside: Path | None = None) -> Path | None:
    """Where the tracebacks were written; None if nowhere."""
    stem = beside.with_suffix("").name if beside else "workbook"
    text = printable_lines("\n\n".join([_circumstances(), *faults]))
    for folder in (beside.parent if beside else None, Path(tempfile.gettempdir())):
        if folder is not None:
            try:
                with writing(folder / f"{stem}{LOG_SUFFIX}") as temporary:
                    temporary.write_text(text, encoding="utf-8-sig")
            except WorkbookError:
                continue
            return folder / f"{stem}{LOG_SUFFIX}"
    return None


def _circumstances() -> str:
    now = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
    return f"workbook {__version__} · Python {platform.python_version()} · {platform.platform()} · {now}"
