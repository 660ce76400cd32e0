"""The command line: each command parses, calls one verb, prints. Messages are Chinese, `--lang en` English."""

from __future__ import annotations

import difflib
import os
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbook.commands.messages import CommandGroup, fail, say, t
from workbook.commands.options import (
    deadline_option,
    exit_code,
    files_for_batches,
    files_in,
    force_option,
    form_argument,
    form_file_option,
    given_form,
    json_option,
    kept_reviews,
    opening_password_option,
    password_in,
    passwords_from,
    paths_argument,
    previous_option,
    previous_summary,
    print_json,
    print_kept,
    print_missing,
    print_returns,
    print_totals,
    progress_bar,
    read_all,
    read_in_batches,
    refuse_existing,
    require_targets,
    require_workbook_name,
    reviews_option,
    roster_option,
    same_file,
    year_option,
)
from workbook.commands.word import import_word, report, require_document_name
from workbook.errors import nearest
from workbook.stores import Url, location

if TYPE_CHECKING:
    from datetime import datetime

    from workbook.reading import Return
    from workbook.summary import Summary


_EPILOG = t(
    "第一次用：workbook demo 把全过程演一遍；再用 workbook template department_overall -o 自评表.xlsx "
    "生成空白表，收齐后用 workbook aggregate 汇总。",
    "New here? `workbook demo` plays the whole story; then `workbook template department_overall -o "
    "form.xlsx` writes a blank form, and `workbook aggregate` adds up what comes back.",
)


@click.group(
    cls=CommandGroup,
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


# --- commands -------------------------------------------------------------------------------------

cli.add_command(report)
cli.add_command(import_word)


@cli.command(help=t("列出现有的表式定义。", "List the form definitions."))
@json_option
def forms(as_json: bool) -> None:
    """See the command's help."""
    from workbook.form import available_forms, load_form

    found = [load_form(path) for path in available_forms()]
    if as_json:
        print_json([
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
@form_argument
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
@roster_option
@form_file_option
@force_option
@click.option("--password-env", default="", help=t(
    "存有保护密码的环境变量名。", "Environment variable that holds the protection password."))  # fmt: skip
def template(
    form: str, output: Path, department: str, code: str, year: int | None,
    roster: Path | None, form_file: tuple[Path, ...], force: bool, password_env: str,
) -> None:  # fmt: skip
    """See the command's help."""
    from builder.template import issue
    from workbook.checking import load_roster

    definition = given_form(form, form_file)
    require_workbook_name(output, folder=roster is not None)
    if roster is None:
        refuse_existing(output, (), force=force)
    password = password_in(password_env)
    if roster is None:
        written = issue(
            definition, output, [(code, department)], fiscal_year=year, password=password
        )
    else:
        known = load_roster(roster)
        year = year or known.year
        entries = [(entry.code, entry.department) for entry in known.entries]
        with progress_bar(len(entries), t("生成", "Writing")) as progress:
            written = issue(definition, output, entries, folder=True, fiscal_year=year,
                            password=password, force=force, progress=progress)  # fmt: skip
    if len(written) == 1 and roster is None:
        say(t(f"已生成：{written[0]}", f"Written: {written[0]}"))
    else:
        due = year or definition.fiscal_year
        say(t(f"已生成 {len(written)} 份（{due} 年度），在文件夹 {output}",
              f"{len(written)} written to {output} (fiscal year {due})"))  # fmt: skip


@cli.command(help=t("列出每个单元格的名称和位置。", "List each cell's name and place."))
@form_argument
@form_file_option
@json_option
def layout(form: str, form_file: tuple[Path, ...], as_json: bool) -> None:
    """See the command's help."""
    from workbook.commands.output import spot_record
    from workbook.layout import lay_out

    spots = lay_out(given_form(form, form_file)).spots
    if as_json:
        print_json({name: spot_record(spot) for name, spot in spots.items()})
        return
    for name, spot in spots.items():
        click.echo(f"{spot.address}\t{name}\t{spot.field.label}\t{spot.field.mode}")


@cli.command(help=t("读取一份填好的表。", "Read one filled form."))
@click.argument("file", metavar=t("文件", "FILE"), type=click.Path(path_type=Path))
@form_file_option
@opening_password_option
@json_option
def read(file: Path, form_file: tuple[Path, ...], password_env: str, as_json: bool) -> None:
    """See the command's help."""
    from workbook.checking import check as judge
    from workbook.commands.output import record

    if file.is_dir():
        fail(t(
            f"“{file}”是文件夹；用 workbook check 检查整个文件夹",
            f"'{file}' is a folder; `workbook check` takes a whole folder",
        ))  # fmt: skip
    returned = judge(read_all([file], form_file, passwords_from(password_env)))
    if returned[0].path != file:
        fail(t(
            f"“{file}”是压缩包，内有 {len(returned)} 个文件；用 workbook check 检查",
            f"'{file}' is an archive of {len(returned)} files; `workbook check` takes archives",
        ))  # fmt: skip
    if as_json:
        print_json(record(returned[0], values=True))
    else:
        print_returns(returned)
    sys.exit(exit_code(returned))


@cli.command(help=t(
    "检查填好的表：每个问题在哪一格、应当是多少、怎么改。", "Check filled forms: every mistake, to the cell."))  # fmt: skip
@paths_argument
@roster_option
@year_option
@form_file_option
@opening_password_option
@click.option("--notices", type=click.Path(path_type=Path),
              help=t("另给每个有问题的单位写一份整改通知（.txt），放在这个文件夹。",
                     "Also write what each department has to mend (.txt) here."))  # fmt: skip
@force_option
@json_option
def check(
    paths: tuple[Path, ...], roster: Path | None, year: int | None, form_file: tuple[Path, ...],
    password_env: str, notices: Path | None, force: bool, as_json: bool,
) -> None:  # fmt: skip
    """See the command's help."""
    from builder.word import write_notices
    from workbook.checking import load_roster
    from workbook.commands.output import record, totals

    known = load_roster(roster) if roster else None
    read = read_all(paths, form_file, passwords_from(password_env, roster))
    returned = _checked(read, roster, year)
    written = write_notices(returned, notices, known, force=force) if notices else []
    if as_json:
        files = [record(item, values=False) for item in returned]
        print_json({"files": files, "totals": totals(returned)})
    else:
        print_returns(returned)
        if known is not None:
            print_missing(returned, known)
        if notices is not None:
            say(t(f"整改通知：{len(written)} 份，在文件夹 {notices}",
                  f"Notices: {len(written)} in {notices}"))  # fmt: skip
    sys.exit(exit_code(returned))


def _checked(returned: list[Return], roster: Path | None, year: int | None) -> list[Return]:
    from workbook.checking import check as judge
    from workbook.checking import load_roster

    return judge(returned, load_roster(roster) if roster else None, year=year)


@cli.command(help=t(
    "汇总：读取、检查全部填好的表，写出汇总表。", "Read and check all filled forms and write the summary."))  # fmt: skip
@paths_argument
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path),
              help=t("汇总表的文件名。", "The summary workbook to write."))  # fmt: skip
@roster_option
@year_option
@form_file_option
@opening_password_option
@click.option("--data", type=location,
              help=t("另把数据写成 CSV、Parquet 和 DuckDB，放在这个文件夹。",
                     "Also write the data as CSV, Parquet and DuckDB here."))  # fmt: skip
@click.option("--cluster", default="", help=t(
    "分批读取：Dask 调度器的地址（tcp://…），或 local（本机）；大批量用。",
    "Read in batches: at a Dask scheduler's address (tcp://…), or `local`; for very many files."))  # fmt: skip
@click.option("--html", type=click.Path(path_type=Path),
              help=t("另写一个网页，用浏览器看，不用联网。", "Also write one page for the browser; no network."))  # fmt: skip
@deadline_option
@reviews_option
@previous_option
@force_option
@click.option("--word", type=click.Path(path_type=Path, dir_okay=False),
              help=t("另写一份汇总报告的初稿（.docx）。", "Also draft the bureau's report (.docx)."))  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 64), default=lambda: os.cpu_count() or 1,
              help=t("用几个进程读取。", "How many processes read."))  # fmt: skip
def aggregate(
    paths: tuple[Path, ...], output: Path, roster: Path | None, year: int | None,
    form_file: tuple[Path, ...], password_env: str, data: Path | None, cluster: str,
    html: Path | None, word: Path | None,
    deadline: datetime | None, reviews: Path | None, previous: Path | None, force: bool, workers: int,
) -> None:  # fmt: skip
    """See the command's help."""
    from builder.summary import build_summary
    from builder.tables import INSTALL, has_duckdb, write_data
    from workbook.checking import load_roster
    from workbook.commands.output import totals
    from workbook.summary import aggregate as add_up
    from workbook.summary import frames

    require_workbook_name(output)
    written = [path for path in (output, html, word) if path is not None]
    require_targets(written, data, html, [*paths, *([previous] if previous else [])])
    in_batches = bool(cluster) or any(isinstance(path, Url) for path in (*paths, data))
    files = files_for_batches(paths) if in_batches else []
    given = list(map(location, files)) if in_batches else files_in(paths)
    refuse_existing(output, given, force=force or same_file(reviews, output))
    if html is not None:
        refuse_existing(html, given, force=force)
    if word is not None:
        require_document_name(word, force=force)
    known = load_roster(roster) if roster else None
    passwords = passwords_from(password_env, roster)
    kept = kept_reviews(reviews, output, password_env)
    day = deadline.date() if deadline else None
    if in_batches:
        from workbook.scale import roll_up

        parts = read_in_batches(files, form_file, passwords, data, cluster, workers, force=force)
        before = previous_summary(previous, form_file, passwords, workers)
        returned, summary = roll_up(
            parts, known, year=year, deadline=day, reviews=kept, previous=before
        )
    else:
        returned = _checked(read_all(paths, form_file, passwords, workers), roster, year)
        before = previous_summary(previous, form_file, passwords, workers)
        summary = add_up(returned, known, deadline=day, reviews=kept, previous=before)
    build_summary(summary, output)
    say(t(f"汇总表：{output}", f"Summary: {output}"))
    print_kept(kept, summary)
    if html is not None:
        _write_page(summary, html)
    if word is not None:
        from builder.word import build_county_report  # python-docx takes 0.2 s to import

        build_county_report(summary, word)
        say(t(f"汇总报告初稿：{word}", f"Draft report: {word}"))
    if data is not None:
        if not in_batches:
            write_data(frames(returned), data, summary)
        say(t(f"数据：{data}", f"Data: {data}"))
        if not (in_batches or has_duckdb()):
            click.echo(
                t(f"没有写 DuckDB 文件：要装 duckdb，{INSTALL}", f"No DuckDB file: {INSTALL}")
            )
    print_totals(totals(returned))
    sys.exit(exit_code(returned))


def _write_page(summary: Summary, path: Path) -> None:
    from builder.web import build_page

    if summary.left_out:
        click.echo(t("没有写网页：单位和问题太多，浏览器打不开；请看汇总表",
                     "No page: there are too many departments and findings for a browser"))  # fmt: skip
        return
    build_page(summary, path)
    say(t(f"网页：{path}", f"Page: {path}"))


@cli.command(
    help=t("解释一个代码：什么意思、依据、怎么改。", "What a code means, why, and how to mend it.")
)
@click.argument("code", metavar=t("代码", "CODE"))
@form_file_option
def explain(code: str, form_file: tuple[Path, ...]) -> None:
    """See the command's help."""
    from workbook.commands.output import explanation, known_codes
    from workbook.form import load_form

    further = [load_form(path) for path in form_file]
    codes = known_codes(further)
    if code.upper() not in codes:
        close = difflib.get_close_matches(code.upper(), codes, n=1, cutoff=0.5)
        hint = f"最接近的是 {close[0]}" if close else f"现有：{'、'.join(codes)}"
        english = nearest(code.upper(), codes)
        fail(t(f"没有代码“{code}”；{hint}", f"no code '{code}'; {english}"))
    click.echo(explanation(code.upper(), further))


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
    package = Path(__file__).parents[1]
    beside = (package.parent / "samples", package / "samples")
    folders = [folder for folder in beside if folder.is_dir()]
    if not folders:
        fail(t("找不到样例文件夹 samples", "the folder samples is missing"))
    return sorted(folders[0].glob("[0-9]_*.py"))
