"""The command line: each command parses, calls one verb, prints. Messages are Chinese, `--lang en` English."""

from __future__ import annotations

import os
import runpy
import signal
import sys
from pathlib import Path

import click

from workbook.commands.desk_command import desk
from workbook.commands.forms import form, forms, layout, template
from workbook.commands.messages import CommandGroup, fail, say
from workbook.commands.returns import check, explain, read
from workbook.commands.rounds import round_, verify
from workbook.commands.summary import aggregate
from workbook.commands.word import import_word, report
from workbook.language import t
from workbook.release import __version__

_EPILOG = t(
    "第一次用：workbook demo 把全过程演一遍；"
    "再用 workbook template department_overall -o 自评表.xlsx 生成空白表，"
    "收齐后用 workbook aggregate 汇总。"
)


@click.group(
    cls=CommandGroup,
    epilog=_EPILOG,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=t("部门整体支出绩效自评表：发表、收表、查错、汇总。"),
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("提示语言。"))
@click.version_option(__version__)
@click.pass_context
def cli(ctx: click.Context, lang: str | None) -> None:
    """See the group's help."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                errors="replace", **({} if stream.isatty() else {"encoding": "utf-8"})
            )
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, _end)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    sys.unraisablehook = _keep_quiet
    cli(prog_name="workbook")


def _keep_quiet(_: object) -> None:
    """A library's file that could not be written complains again when it is taken away."""


def _end(*_: object) -> None:
    raise KeyboardInterrupt  # so that what is half written is taken away


# --- commands -------------------------------------------------------------------------------------

for _command in (
    report,
    import_word,
    forms,
    form,
    template,
    layout,
    read,
    check,
    aggregate,
    explain,
    round_,
    desk,
    verify,
):
    cli.add_command(_command)


@cli.command(help=t("用样例把全过程演一遍。"))
@click.option(
    "-o",
    "--output",
    default="demo",
    type=click.Path(path_type=Path),
    show_default=True,
    help=t("写到哪个文件夹。"),
)
def demo(output: Path) -> None:
    """See the command's help."""
    for script in _story():
        say(f"\n== {script.name}")
        for line in runpy.run_path(str(script))["main"](output):
            say(line)


def _story() -> list[Path]:
    """The sample scripts, in order: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).parents[1]
    beside = (package.parent / "samples", package / "samples")
    folders = [folder for folder in beside if folder.is_dir()]
    if not folders:
        fail(t("找不到样例文件夹 samples"))
    return sorted(folders[0].glob("[0-9]_*.py"))
