"""The language of the command line, and how it tells of wrong use: one line, exit code 2."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

import click

from workbook.errors import FormError, WorkbookError, machine_error, nearest, reason_of, remedy_of
from workbook.text import printable, printable_lines
from workbook.writing import NO_CHINESE

CLEAN, FOUND, WRONG = 0, 1, 2
"""Exit codes: nothing to report; findings or rejected files; wrong use or a faulty definition."""


def _language() -> str:
    """The language of help texts, which click fixes before it reads any option."""
    words = sys.argv[1:]
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word == "--lang":
            return following
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
    return os.environ.get("WORKBOOK_LANG", "zh")


ENGLISH = _language().lower().startswith("en")


def t(chinese: str, english: str) -> str:
    return english if ENGLISH else chinese


class CommandGroup(click.Group):
    """Shows the commands in the order of the year, and every error as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)

    def main(self, *args: Any, **options: Any) -> Any:
        """Run; wrong use and our own errors are one line on stderr, exit code 2."""
        try:
            code = super().main(*args, **(options | {"standalone_mode": False}))
        except click.UsageError as error:
            fail(error.format_message() if ENGLISH else usage(error, _commands_at(error, self)))
        except FormError as error:
            fail(f"{t('表式定义有误：', '')}{error}")
        except WorkbookError as error:
            fail(str(error))
        except click.Abort:
            fail(t("已中断", "interrupted"))
        except Exception as error:
            fail(_unforeseen(error))
        sys.exit(code if isinstance(code, int) else CLEAN)


def _unforeseen(error: Exception) -> str:
    """What is said of an error that nobody foresaw, its traceback being put on record."""
    from workbook.commands.outcome import log
    from workbook.reading import is_foreseen, told

    refused = machine_error(error)
    if refused is not None:
        name = f"{printable(refused.filename)}：" if refused.filename else ""
        return t(f"{name}无法读写（{reason_of(refused)}），{remedy_of(refused)}",
                 f"{name}{refused.strerror or refused}")  # fmt: skip
    if isinstance(error, UnicodeEncodeError):
        return t(NO_CHINESE, "the system's locale cannot write such names; set PYTHONUTF8=1")
    if is_foreseen(error):
        raise error
    fault, reference = told(error)
    path = log([fault])
    record = t(f"请把出错记录发给开发者：{path}", f"please send the record: {path}") if path else ""
    return t(f"程序出了没有料到的差错（参考号 {reference}）；{record}",
             f"something unforeseen happened (reference {reference}); {record}")  # fmt: skip


def _commands_at(error: click.UsageError, top: click.Group) -> Iterable[str]:
    """The commands that could have been meant: those of the group in which the error is."""
    command = error.ctx.command if error.ctx else None
    return (command if isinstance(command, click.Group) else top).commands


def say(message: str, *, err: bool = False) -> None:
    """Print lines that may name a file or quote one, whatever stands in it: no terminal obeys them."""
    click.echo(printable_lines(message), err=err)


def fail(message: str) -> NoReturn:
    say(f"{t('错误：', 'Error: ')}{message}", err=True)
    sys.exit(WRONG)


def usage(error: click.UsageError, commands: Iterable[str]) -> str:
    """A usage error in Chinese, one line."""
    command = error.ctx.command_path if error.ctx else "workbook"
    return f"{_wrong_use(error, commands)}；用法见 {command} --help"


def _wrong_use(error: click.UsageError, commands: Iterable[str]) -> str:
    match error:
        case click.MissingParameter():
            return f"缺少 {_name(error)}"
        case click.NoSuchOption():
            near = "，是不是 " + " 或 ".join(error.possibilities) if error.possibilities else ""
            return f"没有选项 {error.option_name}{near}"
        case click.BadOptionUsage():
            takes = "requires" in error.message
            return f"{error.option_name} 后面{'缺少它的值' if takes else '不能写值'}"
        case click.BadParameter():
            return f"{_name(error)} 的值不能用：{_unfit(error)}"
    if extra := re.search(r"unexpected extra arguments? \((.+)\)", error.format_message()):
        return f"多写了“{extra[1]}”"
    quoted_word = re.search(r"'([^']+)'", error.format_message())
    if quoted_word is None:
        return error.format_message()
    near = nearest(quoted_word[1], commands).removeprefix("did you mean ").removeprefix("known: ")
    return f"没有命令或参数“{quoted_word[1]}”，相近或现有的：{near.rstrip('?')}"


def _unfit(error: click.BadParameter) -> str:
    """Why a value does not fit its option, and what does."""
    quoted = re.search(r"'([^']+)'", error.message)
    quoted_value = f"“{quoted[1]}”" if quoted else ""
    match error.param.type if error.param else None:
        case click.DateTime():
            return f"{quoted_value}不是日期，请写成 2025-3-31 这样"
        case click.IntRange(min=least, max=most):
            return f"请写 {least} 到 {most} 之间的整数"
        case click.Choice(choices=choices):
            return f"{quoted_value}不在其中，请用 {'、'.join(choices)}"
        case click.Path(file_okay=False):
            return f"{quoted_value}是一个文件，请给出文件夹"
        case click.Path(dir_okay=False):
            return f"{quoted_value}是一个文件夹，请给出文件名"
    return error.message


def _name(error: click.BadParameter) -> str:
    param = error.param
    if isinstance(param, click.Argument) and error.ctx is not None:
        return param.make_metavar(error.ctx)
    return " / ".join(param.opts) if param is not None else ""
