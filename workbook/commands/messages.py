"""What the command line prints, and how it tells of wrong use: one line, exit code 2."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

import click

from workbook.errors import FormError, WorkbookError, machine_error, reason_of, remedy_of
from workbook.language import t
from workbook.text import printable, printable_lines
from workbook.writing import NO_CHINESE

CLEAN, FOUND, WRONG = 0, 1, 2
"""Exit codes: nothing to report; findings or rejected files; wrong use or a faulty definition."""


class CommandGroup(click.Group):
    """Shows the commands in the order of the year, and every error as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)

    def main(self, *args: Any, **options: Any) -> Any:
        """Run; wrong use and our own errors are one line on stderr, exit code 2."""
        try:
            code = super().main(*args, **(options | {"standalone_mode": False}))
        except click.UsageError as error:
            fail(usage(error, _commands_at(error, self)))
        except FormError as error:
            fail(t("表式定义有误：{error}", error=error))
        except WorkbookError as error:
            fail(str(error))
        except click.Abort:
            fail(t("已中断"))
        except Exception as error:
            fail(_unforeseen(error))
        sys.exit(code if isinstance(code, int) else CLEAN)


def _unforeseen(error: Exception) -> str:
    """What is said of an error that nobody foresaw, its traceback being put on record."""
    from workbook.commands.outcome import log
    from workbook.reading import is_foreseen, told

    refused = machine_error(error)
    if refused is not None:
        name = printable(refused.filename) + t("：") if refused.filename else ""
        return t(
            "{name}无法读写（{reason}），{remedy}",
            name=name,
            reason=reason_of(refused),
            remedy=remedy_of(refused),
        )
    if isinstance(error, UnicodeEncodeError):
        return t(NO_CHINESE)
    if is_foreseen(error):
        raise error
    fault, reference = told(error)
    path = log([fault])
    record = t("请把出错记录发给开发者：{path}", path=path) if path else ""
    return t(
        "程序出了没有料到的差错（参考号 {reference}）；{record}", reference=reference, record=record
    )


def _commands_at(error: click.UsageError, top: click.Group) -> Iterable[str]:
    """The commands that could have been meant: those of the group in which the error is."""
    command = error.ctx.command if error.ctx else None
    return (command if isinstance(command, click.Group) else top).commands


def say(message: str, *, err: bool = False) -> None:
    """Print lines that may name a file or quote one, whatever stands in it: no terminal obeys them."""
    click.echo(printable_lines(message), err=err)


def fail(message: str) -> NoReturn:
    say(t("错误：{message}", message=message), err=True)
    sys.exit(WRONG)


def usage(error: click.UsageError, commands: Iterable[str]) -> str:
    """A usage error, one line."""
    command = error.ctx.command_path if error.ctx else "workbook"
    return t("{fault}；用法见 {command} --help", fault=_wrong_use(error, commands), command=command)


def _wrong_use(error: click.UsageError, commands: Iterable[str]) -> str:
    match error:
        case click.MissingParameter():
            return t("缺少 {parameter}", parameter=_name(error))
        case click.NoSuchOption(option_name=option, possibilities=near) if near:
            either = t(" 或 ").join(near)
            return t("没有选项 {option}，是不是 {near}", option=option, near=either)
        case click.NoSuchOption(option_name=option):
            return t("没有选项 {option}", option=option)
        case click.BadOptionUsage(option_name=option) if "requires" in error.message:
            return t("{option} 后面缺少它的值", option=option)
        case click.BadOptionUsage(option_name=option):
            return t("{option} 后面不能写值", option=option)
        case click.BadParameter():
            return t("{parameter} 的值不能用：{why}", parameter=_name(error), why=_unfit(error))
    if extra := re.search(r"unexpected extra arguments? \((.+)\)", error.format_message()):
        return t("多写了“{words}”", words=extra[1])
    quoted_word = re.search(r"'([^']+)'", error.format_message())
    if quoted_word is None:
        return error.format_message()
    word = quoted_word[1]
    near = difflib.get_close_matches(word, commands, n=1, cutoff=0.5) or sorted(commands)
    return t("没有命令或参数“{word}”，相近或现有的：{near}", word=word, near=", ".join(near))


def _unfit(error: click.BadParameter) -> str:
    """Why a value does not fit its option, and what does."""
    quoted = re.search(r"'([^']+)'", error.message)
    value = t("“{value}”", value=quoted[1]) if quoted else ""
    match error.param.type if error.param else None:
        case click.DateTime():
            return t("{value}不是日期，请写成 2025-3-31 这样", value=value)
        case click.IntRange(min=least, max=most):
            return t("请写 {least} 到 {most} 之间的整数", least=least, most=most)
        case click.Choice(choices=choices):
            return t("{value}不在其中，请用 {choices}", value=value, choices=t("、").join(choices))
        case click.Path(file_okay=False):
            return t("{value}是一个文件，请给出文件夹", value=value)
        case click.Path(dir_okay=False):
            return t("{value}是一个文件夹，请给出文件名", value=value)
    return error.message


def _name(error: click.BadParameter) -> str:
    param = error.param
    if isinstance(param, click.Argument) and error.ctx is not None:
        return param.make_metavar(error.ctx)
    return " / ".join(param.opts) if param is not None else ""
