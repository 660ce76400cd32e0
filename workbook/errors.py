"""What can go wrong on our side or the bureau's; a department's mistake is a finding, never one of these.

WorkbookError
├── FormError            a form definition cannot be used
│   └── ExpressionError  one of its expressions cannot be read or does not fit
├── BuildError           a workbook cannot be written
├── RosterError          a list of departments cannot be used
├── ReviewError          what was typed into a former summary cannot be used
├── PreviousError        last year's returns cannot stand beside this year's
└── Refused              a file will not be read (the reader turns each into a finding)
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable

from workbook.language import marked, t

_REASONS = {
    errno.ENOENT: marked("找不到这个文件"),
    errno.EISDIR: marked("这是一个文件夹"),
    errno.EACCES: marked("没有权限，或文件正被打开"),
    errno.EPERM: marked("没有权限，或文件正被打开"),
    errno.ENOTDIR: marked("路径中有一段是文件，不是文件夹"),
    errno.EEXIST: marked("路径中有一段是文件，不是文件夹"),
    errno.ENOSPC: marked("磁盘已满"),
    errno.EDQUOT: marked("磁盘限额已满"),
    errno.EFBIG: marked("文件超过了允许的大小"),
    errno.EMFILE: marked("打开的文件太多"),
    errno.ENOMEM: marked("内存不够"),
    errno.EIO: marked("磁盘读写出错"),
    errno.EPIPE: marked("接收输出的程序已经关闭"),
    errno.EROFS: marked("磁盘是只读的"),
    errno.ENAMETOOLONG: marked("文件名太长"),
}


class WorkbookError(Exception):
    """The base of every error this project raises on purpose; its text is one line for a person."""


class FormError(WorkbookError):
    """A form definition is wrong; the text names the file, the key and, if it helps, the column."""


class ExpressionError(FormError):
    """An expression is wrong at `column` (from 1); `load_form` adds file and key in front.

    Where the mistake shows inside a define, `column` is that of the call, and `within` names the define and
    the column in it, before those that led there, innermost first. `unknown` tells that the form has no such
    field or section.
    """

    def __init__(
        self,
        message: str,
        column: int = 0,
        within: tuple[tuple[str, int], ...] = (),
        *,
        unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.column = column
        self.within = within
        self.unknown = unknown


class BuildError(WorkbookError):
    """A workbook cannot be written: the place is not writable, or the values do not fit the form."""


class RosterError(WorkbookError):
    """A roster cannot be used; the text names the file, the row or column, and the remedy."""


class ReviewError(WorkbookError):
    """What was typed into a summary cannot be used; the text names the file, the cells, the remedy."""


class PreviousError(WorkbookError):
    """Last year's returns cannot stand beside this year's; the text says why and what to give."""


class Refused(WorkbookError):
    """A file that is not read: `code` is W101 … W107, `detail` the short fact behind it, in Chinese.

    W101 cannot be read · W102 empty · W103 no workbook · W104 damaged · W105 needs a password ·
    W106 over a limit · W107 unsafe content
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail


def reason_of(error: OSError) -> str:
    """Why a file could not be read or written, in words of ours where it is a usual reason."""
    reason = _REASONS.get(error.errno or 0)
    return t(reason) if reason else str(error.strerror)


_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def remedy_of(error: OSError) -> str:
    """What to do about a file that could not be written."""
    if error.errno in _SPACE:
        return t("请清理磁盘或换一个位置")
    if error.errno in (errno.EROFS, errno.ENAMETOOLONG, errno.EIO):
        return t("请换一个位置")
    return t("请关闭已打开的文件，或换一个位置")


def machine_error(error: BaseException | None) -> OSError | None:
    """What the machine refused behind an error, be it that a library has wrapped it; None if nothing.

    An error of Python's own that arose while another was handled is an error by itself.
    """
    for _ in range(_WRAPPED):
        if error is None or isinstance(error, OSError):
            return error
        is_wrapper = type(error).__module__ != "builtins"
        error = error.__cause__ or (error.__context__ if is_wrapper else None)
    return None


_WRAPPED = 10
"""So many errors may stand around the machine's."""


def nearest(name: str, known_names: Iterable[str]) -> str:
    """A clause that suggests the nearest known name, or lists a few when none is near."""
    names = sorted(set(known_names))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}"
