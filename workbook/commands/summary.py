"""The command that adds up: summary workbook, page, draft report, data."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbook.commands.messages import say, t
from workbook.commands.options import (
    CountyOf,
    as_listed,
    county_options,
    deadline_option,
    exit_code,
    files_for_batches,
    files_in,
    force_option,
    form_file_option,
    given_roster,
    kept_reviews,
    opening_password_option,
    passwords_from,
    paths_argument,
    previous_option,
    previous_summary,
    print_kept_reviews,
    print_totals,
    projects_option,
    read_all,
    read_in_batches,
    refuse_existing,
    require_targets,
    require_workbook_name,
    reviews_option,
    roster_option,
    same_file,
    use_option,
    year_option,
)
from workbook.commands.word import require_document_name
from workbook.stores import Url, location

if TYPE_CHECKING:
    from datetime import datetime

    from workbook.summary import Summary


@click.command(help=t(
    "汇总：读取、检查全部填好的表，写出汇总表。", "Read and check all filled forms and write the summary."))  # fmt: skip
@paths_argument
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path),
              help=t("汇总表的文件名。", "The summary workbook to write."))  # fmt: skip
@roster_option
@projects_option
@county_options
@year_option
@use_option
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
    paths: tuple[Path, ...], output: Path, roster: Path | None, projects: Path | None, county: CountyOf,
    year: int | None, use: tuple[Path, ...], form_file: tuple[Path, ...], password_env: str, data: Path | None, cluster: str,
    html: Path | None, word: Path | None,
    deadline: datetime | None, reviews: Path | None, previous: Path | None, force: bool, workers: int,
) -> None:  # fmt: skip
    """See the command's help."""
    from builder.summary import build_summary
    from builder.tables import INSTALL, has_duckdb, write_data
    from workbook.checking import check
    from workbook.commands.output import totals
    from workbook.summary import aggregate as add_up
    from workbook.summary import frames

    require_workbook_name(output)
    targets = [path for path in (output, html, word) if path is not None]
    require_targets(targets, data, html, [*paths, *([previous] if previous else [])])
    in_batches = bool(cluster) or any(isinstance(path, Url) for path in (*paths, data))
    files = files_for_batches(paths) if in_batches else []
    input_paths = list(map(location, files)) if in_batches else files_in(paths)
    refuse_existing(output, input_paths, force=force or same_file(reviews, output))
    if html is not None:
        refuse_existing(html, input_paths, force=force)
    if word is not None:
        require_document_name(word, force=force)
    loaded_roster = given_roster(roster, projects)
    passwords = passwords_from(password_env, loaded_roster)
    former_reviews = kept_reviews(reviews, output, password_env)
    day = deadline.date() if deadline else None
    if in_batches:
        from workbook.scale import roll_up

        partitions = read_in_batches(
            files, form_file, passwords, data, cluster, workers,
            county=county(map(as_listed, paths)), force=force,
        )  # fmt: skip
        last_year = previous_summary(previous, form_file, passwords, workers, county)
        returns, summary = roll_up(
            partitions,
            loaded_roster,
            year=year,
            deadline=day,
            reviews=former_reviews,
            previous=last_year,
            use=use,
        )
    else:
        unchecked = read_all(paths, form_file, passwords, workers, county, use)
        returns = check(unchecked, loaded_roster, year=year)
        last_year = previous_summary(previous, form_file, passwords, workers, county)
        summary = add_up(
            returns, loaded_roster, deadline=day, reviews=former_reviews, previous=last_year
        )
    build_summary(summary, output)
    say(t(f"汇总表：{output}", f"Summary: {output}"))
    print_kept_reviews(former_reviews, summary)
    if html is not None:
        _write_page(summary, html)
    if word is not None:
        from builder.word import build_county_report  # python-docx takes 0.2 s to import

        build_county_report(summary, word)
        say(t(f"汇总报告初稿：{word}", f"Draft report: {word}"))
    if data is not None:
        if not in_batches:
            write_data(frames(returns), data, summary)
        say(t(f"数据：{data}", f"Data: {data}"))
        if not (in_batches or has_duckdb()):
            click.echo(
                t(f"没有写 DuckDB 文件：要装 duckdb，{INSTALL}", f"No DuckDB file: {INSTALL}")
            )
    print_totals(totals(returns), form_file)
    sys.exit(exit_code(returns))


def _write_page(summary: Summary, path: Path) -> None:
    from builder.web import build_page

    if summary.left_out:
        click.echo(t("没有写网页：单位和问题太多，浏览器打不开；请看汇总表",
                     "No page: there are too many departments and findings for a browser"))  # fmt: skip
        return
    build_page(summary, path)
    say(t(f"网页：{path}", f"Page: {path}"))
