"""The command that opens the desk: it finds the extra, the password and the folder, and starts the server."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from workbook.commands.messages import fail, say
from workbook.commands.options import password_in
from workbook.commands.outcome import log
from workbook.language import t

_NEEDED = ("starlette", "jinja2", "python_multipart", "uvicorn")


@click.command(help=t("在浏览器里办一次收表：不用打命令。不写文件夹的，先新建或打开一次。"))
@click.argument("folder", metavar=t("[文件夹]"), type=click.Path(path_type=Path), required=False)
@click.option("--port", type=click.IntRange(1, 65535), help=t("端口（不写的，用空着的）。"))
@click.option("--no-browser", is_flag=True, help=t("不自动打开浏览器。"))
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help=t("让别的电脑也能打开的地址；要有密码。"),
)
@click.option(
    "--password-env",
    default="",
    metavar=t("变量名"),
    help=t("密码放在哪个环境变量里。"),
)
def desk(
    folder: Path | None, port: int | None, no_browser: bool, host: str, password_env: str
) -> None:
    """See the command's help."""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        fail(
            t(
                "收表台要另装几个库（缺 {missing}），请先运行："
                "pip install 'selfeval-workbook[desk]'",
                missing=t("、").join(missing),
            )
        )
    from workbook.desk import is_round, serve_desk

    password = password_in(password_env)
    if folder is not None and not is_round(folder):
        fail(t("{folder}：这里没有收表的账本；不写文件夹就能在页面上新建一次", folder=folder))
    serve_desk(
        folder, host=host, port=port, password=password, browser=not no_browser, say=say,
        record=lambda fault: log([fault]),
    )  # fmt: skip
