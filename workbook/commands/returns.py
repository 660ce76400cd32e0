"""The commands about returns: read one, check many, explain what a code means."""

from __future__ import annotations

import difflib
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbook.commands.former_outputs import settle
from workbook.commands.messages import fail, say
from workbook.commands.options import (
    CountyOf,
    county_options,
    exit_code,
    force_option,
    form_file_option,
    given_roster,
    json_option,
    missing_duties,
    opening_password_option,
    passwords_from,
    paths_argument,
    print_json,
    print_missing,
    print_returns,
    projects_option,
    read_all,
    roster_option,
    use_option,
    year_option,
)
from workbook.commands.outcome import report_faults
from workbook.language import t

if TYPE_CHECKING:
    from workbook.reading import Return


@click.command(help=t("读取一份填好的表。"))
@click.argument("file", metavar=t("文件"), type=click.Path(path_type=Path))
@form_file_option
@opening_password_option
@json_option
def read(file: Path, form_file: tuple[Path, ...], password_env: str, as_json: bool) -> None:
    """See the command's help."""
    from workbook.checking import check as judge
    from workbook.commands.output import record

    if file.is_dir():
        fail(t("“{file}”是文件夹；用 workbook check 检查整个文件夹", file=file))
    returns = judge(read_all([file], form_file, passwords_from(password_env)))
    if returns[0].path != file:
        fail(
            t(
                "“{file}”是压缩包，内有 {count} 个文件；用 workbook check 检查",
                file=file,
                count=len(returns),
            )
        )
    if as_json:
        print_json(record(returns[0], values=True))
    else:
        print_returns(returns, form_file)
    report_faults(item.fault for item in returns)
    sys.exit(exit_code(returns))


@click.command(help=t("检查填好的表：每个问题在哪一格、应当是多少、怎么改。"))
@paths_argument
@roster_option
@projects_option
@county_options
@year_option
@use_option
@form_file_option
@opening_password_option
@click.option(
    "--previous",
    type=click.Path(path_type=Path),
    help=t(
        "上一年度自评表所在的文件夹（或压缩包）：查出把上年的数、文字又报一次的，和像是按元填写的。"
    ),
)
@click.option(
    "--notices",
    type=click.Path(path_type=Path),
    help=t("另给每个有问题的单位写一份整改通知（.txt），放在这个文件夹。"),
)
@force_option
@json_option
def check(
    paths: tuple[Path, ...], roster: Path | None, projects: Path | None, county: CountyOf, year: int | None,
    use: tuple[Path, ...], form_file: tuple[Path, ...], password_env: str, previous: Path | None, notices: Path | None, force: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """See the command's help."""
    from workbook.checking import check as judge
    from workbook.checking import is_earlier, no_earlier_year
    from workbook.commands.output import missing_record, record, totals
    from workbook.reading import guarded

    loaded_roster = given_roster(roster, projects)
    passwords = passwords_from(password_env, loaded_roster)
    unchecked = read_all(paths, form_file, passwords, county=county, use=use)
    before = read_all([previous], form_file, passwords, county=county) if previous else []
    if previous is not None and not is_earlier(before, unchecked):
        had, ours = (
            [s.fiscal_year for r in each if (s := r.submission)] for each in (before, unchecked)
        )
        fail(t("{previous}：{had}", previous=previous, had=no_earlier_year(had, ours)))
    returns = judge(unchecked, loaded_roster, year=year, last_year=before)
    written: list[Path] = []
    if notices is not None:
        from builder.word import write_notices  # python-docx takes 0.2 s to import

        write = partial(write_notices, roster=loaded_roster)
        returns, written = guarded(
            returns, partial(write, folder=notices, force=force), trial=partial(_tried, write=write)
        )
        settle(notices, written, "notices", force=force)
    if as_json:
        files = [record(returned, values=False) for returned in returns]
        missing = {}
        if loaded_roster is not None:
            owed = missing_duties(returns, loaded_roster)
            missing = {"missing": [missing_record(sender, duty) for sender, duty in owed]}
        print_json({"files": files, "totals": totals(returns), **missing})
    else:
        print_returns(returns, form_file)
        if loaded_roster is not None:
            print_missing(returns, loaded_roster)
        if notices is not None:
            say(t("整改通知：{count} 份，在文件夹 {notices}", count=len(written), notices=notices))
    report_faults([item.fault for item in returns], notices / "workbook" if notices else None)
    sys.exit(exit_code(returns))


def _tried(returns: Sequence[Return], write: Callable[..., object]) -> None:
    """Write the notices, and keep none."""
    with tempfile.TemporaryDirectory() as folder:
        write(returns, folder=Path(folder))


@click.command(help=t("解释一个代码：什么意思、依据、怎么改。"))
@click.argument("code", metavar=t("代码..."), nargs=-1, required=True)
@form_file_option
def explain(code: tuple[str, ...], form_file: tuple[Path, ...]) -> None:
    """See the command's help."""
    from workbook.commands.output import explanation, known_codes
    from workbook.form import load_form

    further = [load_form(path) for path in form_file]
    codes = known_codes(further)
    for each in code:
        if each.upper() not in codes:
            close = difflib.get_close_matches(each.upper(), codes, n=1, cutoff=0.5)
            if close:
                fail(t("没有代码“{code}”；最接近的是 {near}", code=each, near=close[0]))
            fail(t("没有代码“{code}”；现有：{codes}", code=each, codes=t("、").join(codes)))
    say("\n\n".join(explanation(each.upper(), further) for each in code))
