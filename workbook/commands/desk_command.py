"""The command that opens the desk: it finds the extra, the password and the folder, and starts the server."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import click

from workbook.commands.messages import fail, say, t
from workbook.commands.outcome import log

_NEEDED = ("starlette", "jinja2", "python_multipart", "uvicorn")


@click.command(
    help=t(
        "在浏览器里办一次收表：不用打命令。不写文件夹的，先新建或打开一次。",
        "Work on a round in the browser; without a folder, make or open one first.",
    )
)
@click.argument(
    "folder", metavar=t("[文件夹]", "[DIR]"), type=click.Path(path_type=Path), required=False
)
@click.option(
    "--port", type=click.IntRange(1, 65535), help=t("端口（不写的，用空着的）。", "The port.")
)
@click.option("--no-browser", is_flag=True, help=t("不自动打开浏览器。", "Open no browser."))
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help=t(
        "让别的电脑也能打开的地址；要有密码。", "An address that others reach; needs a password."
    ),
)
@click.option(
    "--password-env",
    metavar=t("变量名", "NAME"),
    help=t("密码放在哪个环境变量里。", "Which environment variable holds the password."),
)
def desk(
    folder: Path | None, port: int | None, no_browser: bool, host: str, password_env: str | None
) -> None:
    """See the command's help."""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        fail(t(
            f"收表台要另装几个库（缺 {'、'.join(missing)}），请先运行：pip install 'selfeval-workbook[desk]'",
            f"the desk needs {', '.join(missing)}: pip install 'selfeval-workbook[desk]'",
        ))  # fmt: skip
    from workbook.desk import is_round, serve_desk

    password = os.environ.get(password_env, "") if password_env else ""
    if password_env and not password:
        fail(t(f"环境变量 {password_env} 没有设置密码", f"the variable {password_env} is not set"))
    if folder is not None and not is_round(folder):
        fail(t(
            f"{folder}：这里没有收表的账本；不写文件夹就能在页面上新建一次",
            f"{folder} is no round; without DIR one can be made on the page",
        ))  # fmt: skip
    serve_desk(
        folder, host=host, port=port, password=password, browser=not no_browser, say=say,
        record=lambda fault: log([fault]),
    )  # fmt: skip
