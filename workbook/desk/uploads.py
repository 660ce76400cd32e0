"""What is dropped in: written straight to the disk beside 收件/, and named into it only once it is whole."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from workbook.desk.gate import TooMuchSent
from workbook.desk.visits import CHECK, Visit
from workbook.errors import WorkbookError, reason_of, remedy_of
from workbook.limits import Limits
from workbook.reading import is_litter
from workbook.round import INBOX
from workbook.writing import digest_of, stem_of

if TYPE_CHECKING:
    from workbook.desk.application import Desk

_HEAD = ".收件中-"
"""How a file begins that is not whole yet; it lies beside 收件/."""
_OLD = 3600.0
"""Seconds after which one was certainly left behind."""
_MOST_FILES = 2000
_LONGEST_FIELD = 4096


def swept(folder: Path) -> None:
    """Take away what a desk that was killed has left half."""
    with contextlib.suppress(OSError):
        for left in folder.glob(f"{_HEAD}*"):
            if left.stat().st_mtime < time.time() - _OLD:
                left.unlink(missing_ok=True)


@dataclass(slots=True)
class Arrivals:
    """What one request brings: a form's fields, and files that are kept as they end."""

    folder: Path
    visit: Visit
    fields: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Files that were not kept, each with the reason."""
    known: list[str] = field(default_factory=list)
    """Those of the kept that lay in 收件/ already, the same to the byte."""
    litter: int = 0
    """Files that programs leave beside their own; they are left aside."""
    checked: bool = False
    _head: dict[str, bytes] = field(default_factory=dict)
    _name: bytes = b""
    _value: bytes = b""
    _field: str = ""
    _file: str = ""
    _text: bytes = b""
    _size: int = 0
    _target: BinaryIO | None = None
    _path: Path | None = None

    def callbacks(self) -> Any:
        """What the parser calls, part by part."""
        return {
            "on_part_begin": self._begin, "on_header_field": self._in_name, "on_header_value": self._in_value,
            "on_header_end": self._end_of_header, "on_headers_finished": self._opened,
            "on_part_data": self._take, "on_part_end": self._ended,
        }  # fmt: skip

    def drop(self) -> None:
        """Leave nothing half."""
        if self._target is not None:
            self._target.close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
        self._target = self._path = None

    # one part after the other

    def _begin(self) -> None:
        self._head, self._name, self._value = {}, b"", b""

    def _in_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _in_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_of_header(self) -> None:
        self._head[self._name.decode("latin-1").lower()] = self._value
        self._name = self._value = b""

    def _opened(self) -> None:
        _, options = parse_options_header(self._head.get("content-disposition", b""))
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        self._text, self._size, self._file = b"", 0, ""
        if b"filename" not in options:
            return
        self._file = options[b"filename"].decode("utf-8", "replace")
        if not self.checked:
            self.visit.require_ours(self.fields.get(CHECK, ""))
            self.checked = True
        if is_litter(Path(_last(self._file))):
            self.litter += 1
            return
        if not self._file or len(self.kept) + len(self.refused) >= _MOST_FILES:
            return
        self._path = self.folder / f"{_HEAD}{secrets.token_hex(8)}"
        self._target = self._path.open("xb")

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._file == "":
            self._text += data[start:end]
            if len(self._text) > _LONGEST_FIELD:
                raise TooMuchSent
            return
        self._size += end - start
        if self._target is not None and self._size <= Limits().file_bytes:
            self._target.write(data[start:end])

    def _ended(self) -> None:
        if not self._file:
            self.fields[self._field] = self._text.decode("utf-8", "replace")
            return
        if is_litter(Path(_last(self._file))):
            return
        if self._target is None or self._path is None:
            self.refused.append((_last(self._file), f"一次最多 {_MOST_FILES} 个文件，请再拖一次"))
            return
        if self._size > Limits().file_bytes:
            most = Limits().file_bytes // 2**20
            self.refused.append((_last(self._file), f"超过 {most} MB，没有收；请核对是不是自评表"))
            self.drop()
            return
        self._target.flush()
        os.fsync(self._target.fileno())
        self._target.close()
        name, is_new = _named(self.folder / INBOX, self._path, self._file)
        self.kept.append(name)
        self.known += [] if is_new else [name]
        self.drop()

    def told(self) -> Iterator[tuple[str, str]]:
        """What is said of the files that bring nothing, each with its kind."""
        for name, why in self.refused:
            yield "refused", f"{name}：{why}"
        if self.known:
            more = f"等 {len(self.known)} 个" if len(self.known) > _MOST_NAMED else ""
            yield "done", f"以前送来过，没有变：{'、'.join(self.known[:_MOST_NAMED])}{more}"
        if self.litter:
            yield "done", f"{self.litter} 个是软件留下的临时文件，没有收"


_MOST_NAMED = 5


def _last(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2] or "（没有名字）"


def _named(inbox: Path, whole: Path, name: str) -> tuple[str, bool]:
    """Give a whole file its name in 收件/; never another one's. Returns it, and whether it is new there."""
    parts = (part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))
    steps = [stem_of("", part).lstrip(". ") or "＿" for part in parts] or ["＿"]
    folder = inbox.joinpath(*steps[:-1][-_DEEPEST:])
    folder.mkdir(parents=True, exist_ok=True)
    for target in _names(folder / steps[-1]):
        if (
            target.is_file()
            and target.stat().st_size == whole.stat().st_size
            and digest_of(target) == digest_of(whole)
        ):
            return target.name, False  # it came before, and lies here whole
        if not target.exists():
            _move(whole, target)
            return target.name, True
    raise WorkbookError(f"{steps[-1]}：“收件”里同名的太多了，请改个名字")


_DEEPEST = 6


def _names(target: Path) -> Iterator[Path]:
    yield target
    for number in range(2, 1000):
        yield target.with_name(f"{target.stem} ({number}){target.suffix}")


def _move(whole: Path, target: Path) -> None:
    """Rename, without ever replacing what somebody has put there meanwhile."""
    try:
        os.link(whole, target)
    except FileExistsError:
        raise WorkbookError(f"{target.name}：刚刚有人放了同名的文件，请再拖一次") from None
    except OSError:  # no links on this drive
        whole.rename(target)


async def take_uploads(desk: Desk, request: Request) -> Response:
    """Keep what is sent, file by file. Where the connection breaks, whole files stay and the rest leaves no trace."""
    visit = Visit.of(desk, request)
    on_desk = visit.round
    boundary = parse_options_header(request.headers.get("content-type", ""))[1].get(b"boundary")
    if not boundary:
        raise WorkbookError("没有看到文件，请再选一次")
    if (await run_in_threadpool(on_desk.snapshot)).is_closed:
        raise WorkbookError("这次收表已经封存，不能再收；要收，先在“封存”页写明原因、重新打开")
    await run_in_threadpool(swept, on_desk.path)
    arrivals = Arrivals(on_desk.path, visit)
    given = request.headers.get("x-desk-check", "")
    if given:
        visit.require_ours(given)
        arrivals.checked = True
    parser = MultipartParser(boundary, arrivals.callbacks())
    try:
        async for chunk in request.stream():
            await run_in_threadpool(parser.write, chunk)
        await run_in_threadpool(parser.finalize)
    except MultipartParseError:
        raise WorkbookError("文件没有传完，请再拖一次") from None
    except OSError as error:
        raise WorkbookError(f"“收件”写不了（{reason_of(error)}），{remedy_of(error)}") from None
    finally:
        await run_in_threadpool(arrivals.drop)
    if not arrivals.checked:
        visit.require_ours(arrivals.fields.get(CHECK, ""))
    for kind, sentence in arrivals.told():
        visit.session.tell(kind, sentence)
    if given:
        return JSONResponse({"kept": arrivals.kept, "refused": arrivals.refused})
    return RedirectResponse(f"{visit.here}/receive?now=1", 303)
