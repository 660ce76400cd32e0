"""The command line: each command parses, calls one verb, prints. Messages are Chinese, `--lang en` English."""

from __future__ import annotations

import difflib
import json
import os
import runpy
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbook.errors import nearest
from workbook.usage import CLEAN, FOUND, Group, fail, t

if TYPE_CHECKING:
    from workbook.form import Form
    from workbook.reader import Passwords
    from workbook.submission import Return


_EPILOG = t(
    "第一次用：workbook demo 把全过程演一遍；再用 workbook template department_overall -o 自评表.xlsx "
    "生成空白表，收齐后用 workbook aggregate 汇总。",
    "New here? `workbook demo` plays the whole story; then `workbook template department_overall -o "
    "form.xlsx` writes a blank form, and `workbook aggregate` adds up what comes back.",
)


@click.group(
    cls=Group,
    epilog=_EPILOG,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=t(
        "部门整体支出绩效自评表：发表、收表、查错、汇总。",
        "Self-evaluation forms of public spending: send out, take in, check, add up.",
    ),
)
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), help=t("提示语言。", "Language of messages.")
)
@click.version_option(package_name="selfeval-workbook")
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
    cli(prog_name="workbook")


# --- shared options -------------------------------------------------------------------------------

Command = Callable[..., None]


def _form_argument(command: Command) -> Command:
    return click.argument("form", metavar=t("表名", "FORM"))(command)


def _form_file(command: Command) -> Command:
    text = t("另用一个表式定义（.toml）。", "Use one more form definition (.toml).")
    return click.option("--form-file", multiple=True, type=click.Path(path_type=Path), help=text)(
        command
    )


def _paths(command: Command) -> Command:
    return click.argument(
        "paths", nargs=-1, required=True, metavar=t("文件或文件夹...", "PATH..."),
        type=click.Path(path_type=Path),
    )(command)  # fmt: skip


def _roster_option(command: Command) -> Command:
    text = t(
        "单位名册（.csv 或 .xlsx，至少有“预算编码”“部门”两列）。",
        "The departments (.csv or .xlsx).",
    )
    return click.option("--roster", type=click.Path(path_type=Path), help=text)(command)


def _force(command: Command) -> Command:
    text = t("覆盖已有的文件。", "Write over existing files.")
    return click.option("--force", is_flag=True, help=text)(command)


def _opening_password(command: Command) -> Command:
    text = t("存有打开密码的环境变量名。", "Environment variable with the opening password.")
    return click.option("--password-env", default="", help=text)(command)


def _as_json(command: Command) -> Command:
    text = t("输出 JSON，供程序使用。", "Print JSON, for programs.")
    return click.option("--json", "as_json", is_flag=True, help=text)(command)


def _find(name: str) -> Form:
    from workbook.form import available_forms, find_form, load_form

    forms_ = [load_form(path) for path in available_forms()]
    known = {form.id for form in forms_}
    name = next((form.id for form in forms_ if form.name == name), name)
    if not name.endswith(".toml") and name not in known:
        hint = t(f"现有：{'、'.join(sorted(known))}", nearest(name, known))
        fail(t(f"没有名为“{name}”的表；{hint}", f"no form '{name}'; {hint}"))
    return find_form(name)


def _print_json(data: object) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


@contextmanager
def _progress(total: int, what: str) -> Iterator[Callable[[Path], None]]:
    """A bar on the terminal for long work; nothing when the output is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _path: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda _path: bar.advance(task)


def _read(
    paths: Iterable[Path], form_file: Iterable[Path], passwords: Passwords = (), workers: int = 1
) -> list[Return]:
    from workbook.reader import find_files, known_forms, read_returns

    for path in paths:
        if not path.exists() and not path.is_symlink():
            fail(t(f"找不到“{path}”，请检查路径", f"'{path}' does not exist; check the path"))
    files = list(find_files(paths))
    if not files:
        where = "、".join(map(str, paths))
        fail(t(f"“{where}”里没有文件，请检查文件夹", f"there are no files in {where}"))
    with _progress(len(files), t("读取", "Reading")) as progress:
        return read_returns(files, forms=known_forms(form_file), passwords=passwords,
                            workers=workers, progress=progress)  # fmt: skip


def _passwords(variable: str, roster: Path | None = None) -> Passwords:
    """What opens encrypted returns: the variable's password, and the roster's for each department."""
    from workbook.roster import load_roster

    given = (_password(variable),) if variable else ()
    return partial(load_roster(roster).passwords, given=given) if roster else given


# --- commands -------------------------------------------------------------------------------------


@cli.command(help=t("列出现有的表式定义。", "List the form definitions."))
@_as_json
def forms(as_json: bool) -> None:
    """See the command's help."""
    from workbook.form import available_forms, load_form

    found = [load_form(path) for path in available_forms()]
    if as_json:
        _print_json([
            {"form": f.id, "version": f.version, "name": f.name, "unit": f.unit,
             "fields": sum(1 for _ in f.fields()), "rules": len(f.rules), "path": str(f.path)}
            for f in found
        ])  # fmt: skip
        return
    for form in found:
        own = sum(not rule.general for rule in form.rules)
        click.echo(f"{form.id}  {form.version}  {form.name}"
                   + t(f"（{form.unit}，{own} 条规则）", f" ({form.unit}, {own} rules)"))  # fmt: skip
    click.echo(t("\n用 workbook template 表名 -o 文件.xlsx 生成空白表。",
                  "\n`workbook template FORM -o FILE.xlsx` writes a blank form."))  # fmt: skip


@cli.command(help=t(
    "生成空白表；给出单位则生成该单位专用的表，给出名册则每个单位一份。",
    "Write a blank form; one for a department, or one for each department of a roster.",
))  # fmt: skip
@_form_argument
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path),
              help=t("写到哪个文件（有名册时为文件夹）。", "The file (with a roster: the folder) to write."))  # fmt: skip
@click.option(
    "--department",
    default="",
    help=t("单位名称，写入并锁定。", "Department, filled in and locked."),
)
@click.option(
    "--code", default="", help=t("预算编码，写入并锁定。", "Budget code, filled in and locked.")
)
@click.option("--year", type=click.IntRange(2000, 2100), help=t("年度。", "Fiscal year."))
@_roster_option
@_form_file
@_force
@click.option("--password-env", default="", help=t(
    "存有保护密码的环境变量名。", "Environment variable that holds the protection password."))  # fmt: skip
def template(
    form: str, output: Path, department: str, code: str, year: int | None,
    roster: Path | None, form_file: tuple[Path, ...], force: bool, password_env: str,
) -> None:  # fmt: skip
    """See the command's help."""
    from builder.issue import issue
    from workbook.roster import load_roster

    definition = _given(form, form_file)
    _workbook_name(output, folder=roster is not None)
    if roster is None:
        _free(output, (), force=force)
    password = _password(password_env)
    if roster is None:
        written = issue(
            definition, output, [(code, department)], fiscal_year=year, password=password
        )
    else:
        entries = [(entry.code, entry.department) for entry in load_roster(roster).entries]
        with _progress(len(entries), t("生成", "Writing")) as progress:
            written = issue(definition, output, entries, folder=True, fiscal_year=year,
                            password=password, force=force, progress=progress)  # fmt: skip
    if len(written) == 1 and roster is None:
        click.echo(t(f"已生成：{written[0]}", f"Written: {written[0]}"))
    else:
        click.echo(
            t(
                f"已生成 {len(written)} 份，在文件夹 {output}",
                f"{len(written)} written to {output}",
            )
        )


def _given(name: str, form_file: tuple[Path, ...]) -> Form:
    """The form of a name, which may be one of the further definitions."""
    from workbook.form import load_form

    for form in map(load_form, form_file):
        if name in (form.id, form.name):
            return form
    return _find(name)


def _workbook_name(path: Path, *, folder: bool = False) -> None:
    if folder and path.suffix.lower() in (".xlsx", ".xls"):
        fail(
            t(
                f"有名册时 -o 应是文件夹，“{path}”像是文件名",
                f"with a roster -o is a folder, not '{path}'",
            )
        )
    if not folder and path.suffix.lower() != ".xlsx" and not path.is_dir():
        fail(t(f"“{path}”应以 .xlsx 结尾", f"'{path}' must end with .xlsx"))


def _free(path: Path, inputs: Iterable[Path], *, force: bool) -> None:
    """Refuse to write over a return, or over anything else unless told to."""
    if any(path.exists() and given.exists() and path.samefile(given) for given in inputs):
        fail(
            t(f"“{path}”就是要读的文件，请换一个文件名", f"'{path}' is one of the files to be read")
        )
    if path.is_file() and not force:
        fail(t(f"“{path}”已经存在；要覆盖请加 --force", f"'{path}' exists; --force writes over it"))


def _password(variable: str) -> str:
    if not variable:
        return ""
    password = os.environ.get(variable, "")
    if not password:
        fail(t(f"环境变量 {variable} 没有设置密码", f"environment variable {variable} is not set"))
    return password


@cli.command(help=t("列出每个单元格的名称和位置。", "List each cell's name and place."))
@_form_argument
@_as_json
def layout(form: str, as_json: bool) -> None:
    """See the command's help."""
    from workbook.layout import place
    from workbook.printing import spot_record

    spots = place(_find(form)).spots
    if as_json:
        _print_json({name: spot_record(spot) for name, spot in spots.items()})
        return
    for name, spot in spots.items():
        click.echo(f"{spot.address}\t{name}\t{spot.field.label}\t{spot.field.mode}")


@cli.command(help=t("读取一份填好的表。", "Read one filled form."))
@click.argument("file", metavar=t("文件", "FILE"), type=click.Path(path_type=Path))
@_form_file
@_opening_password
@_as_json
def read(file: Path, form_file: tuple[Path, ...], password_env: str, as_json: bool) -> None:
    """See the command's help."""
    from workbook.checks import check as judge
    from workbook.printing import record

    if file.is_dir():
        fail(t(
            f"“{file}”是文件夹；用 workbook check 检查整个文件夹",
            f"'{file}' is a folder; `workbook check` takes a whole folder",
        ))  # fmt: skip
    returned = judge(_read([file], form_file, _passwords(password_env)))
    if returned[0].path != file:
        fail(t(
            f"“{file}”是压缩包，内有 {len(returned)} 个文件；用 workbook check 检查",
            f"'{file}' is an archive of {len(returned)} files; `workbook check` takes archives",
        ))  # fmt: skip
    if as_json:
        _print_json(record(returned[0], values=True))
    else:
        _print_returns(returned)
    sys.exit(_outcome(returned))


@cli.command(help=t(
    "检查填好的表：每个问题在哪一格、应当是多少、怎么改。", "Check filled forms: every mistake, to the cell."))  # fmt: skip
@_paths
@_roster_option
@_form_file
@_opening_password
@_as_json
def check(
    paths: tuple[Path, ...], roster: Path | None, form_file: tuple[Path, ...], password_env: str,
    as_json: bool,
) -> None:  # fmt: skip
    """See the command's help."""
    from workbook.printing import record, totals

    returned = _checked(_read(paths, form_file, _passwords(password_env, roster)), roster)
    if as_json:
        files = [record(item, values=False) for item in returned]
        _print_json({"files": files, "totals": totals(returned)})
    else:
        _print_returns(returned)
    sys.exit(_outcome(returned))


def _checked(returned: list[Return], roster: Path | None) -> list[Return]:
    from workbook.checks import check as judge
    from workbook.roster import load_roster

    return judge(returned, load_roster(roster) if roster else None)


@cli.command(help=t(
    "汇总：读取、检查全部填好的表，写出汇总表。", "Read and check all filled forms and write the summary."))  # fmt: skip
@_paths
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path),
              help=t("汇总表的文件名。", "The summary workbook to write."))  # fmt: skip
@_roster_option
@_form_file
@_opening_password
@click.option("--data", type=click.Path(path_type=Path),
              help=t("另把数据写成 CSV 和 Parquet，放在这个文件夹。", "Also write the data as CSV and Parquet here."))  # fmt: skip
@_force
@click.option("--workers", type=click.IntRange(1, 64), default=lambda: os.cpu_count() or 1,
              help=t("用几个进程读取。", "How many processes read."))  # fmt: skip
def aggregate(
    paths: tuple[Path, ...], output: Path, roster: Path | None, form_file: tuple[Path, ...],
    password_env: str, data: Path | None, force: bool, workers: int,
) -> None:  # fmt: skip
    """See the command's help."""
    from builder.summary import build_summary
    from workbook.frames import frames, write_data
    from workbook.printing import totals
    from workbook.reader import find_files
    from workbook.roster import load_roster
    from workbook.summary import aggregate as add_up

    _workbook_name(output)
    _free(output, find_files(p for p in paths if p.exists()), force=force)
    known = load_roster(roster) if roster else None
    returned = _checked(_read(paths, form_file, _passwords(password_env, roster), workers), roster)
    build_summary(add_up(returned, known), output)
    click.echo(t(f"汇总表：{output}", f"Summary: {output}"))
    if data is not None:
        write_data(frames(returned), data)
        click.echo(t(f"数据：{data}", f"Data: {data}"))
    _print_totals(totals(returned))
    sys.exit(_outcome(returned))


@cli.command(
    help=t("解释一个代码：什么意思、依据、怎么改。", "What a code means, why, and how to mend it.")
)
@click.argument("code", metavar=t("代码", "CODE"))
def explain(code: str) -> None:
    """See the command's help."""
    from workbook.printing import explanation, known_codes

    codes = known_codes()
    if code.upper() not in codes:
        close = difflib.get_close_matches(code.upper(), codes, n=1, cutoff=0.5)
        hint = f"最接近的是 {close[0]}" if close else f"现有：{'、'.join(codes)}"
        english = nearest(code.upper(), codes)
        fail(t(f"没有代码“{code}”；{hint}", f"no code '{code}'; {english}"))
    click.echo(explanation(code.upper()))


@cli.command(help=t("用样例把全过程演一遍。", "Play the whole story on the samples."))
@click.option("-o", "--output", default="demo", type=click.Path(path_type=Path), show_default=True,
              help=t("写到哪个文件夹。", "The folder to write to."))  # fmt: skip
def demo(output: Path) -> None:
    """See the command's help."""
    for script in _story():
        click.echo(f"\n== {script.name}")
        for line in runpy.run_path(str(script))["main"](output):
            click.echo(line)


def _story() -> list[Path]:
    """The sample scripts, in order: beside the package in a checkout, inside it when installed."""
    here = Path(__file__).parent
    folders = [folder for folder in (here.parent / "samples", here / "samples") if folder.is_dir()]
    if not folders:
        fail(t("找不到样例文件夹 samples", "the folder samples is missing"))
    return sorted(folders[0].glob("[0-9]_*.py"))


# --- printing -------------------------------------------------------------------------------------


def _outcome(returned: list[Return]) -> int:
    counted = [f for item in returned for f in item.findings if f.severity != "note"]
    return FOUND if counted or any(item.status == "rejected" for item in returned) else CLEAN


def _print_returns(returned: list[Return]) -> None:
    from rich.console import Console

    from workbook.printing import table, totals

    wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140
    console = Console(width=wide)
    for item in returned:
        console.print(table(item, width=console.width))
    _print_totals(totals(returned))


def _print_totals(counts: dict[str, int]) -> None:
    c = counts
    click.echo(t(
        f"共 {c['files']} 个文件：收下 {c['accepted']}，退回 {c['rejected']}，跳过 {c['skipped']}；"
        f"错误 {c['errors']}，提醒 {c['warnings']}，说明 {c['notes']}",
        f"{c['files']} files: {c['accepted']} accepted, {c['rejected']} rejected, {c['skipped']} skipped; "
        f"{c['errors']} errors, {c['warnings']} warnings, {c['notes']} notes",
    ))  # fmt: skip
    if c["errors"] + c["warnings"] + c["notes"]:
        click.echo(
            t(
                "代码的含义：workbook explain 代码",
                "`workbook explain CODE` tells what a code means",
            )
        )
