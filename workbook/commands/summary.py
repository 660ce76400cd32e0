"""The command that adds up: summary workbook, page, draft report, data."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbook.commands.former_outputs import settle
from workbook.commands.messages import say
from workbook.commands.options import (
    CountyOf,
    county_options,
    deadline_option,
    exit_code,
    files_for_batches,
    files_in,
    force_option,
    form_file_option,
    given_roster,
    json_option,
    kept_reviews,
    last_year_of,
    opening_password_option,
    passwords_from,
    paths_argument,
    previous_option,
    print_coverage,
    print_json,
    print_kept_reviews,
    print_last_year,
    print_totals,
    projects_option,
    read_all,
    read_in_batches,
    refuse_existing,
    refuse_filled,
    require_targets,
    require_workbook_name,
    reviews_option,
    roster_option,
    same_file,
    use_option,
    year_option,
)
from workbook.commands.outcome import report_faults
from workbook.commands.word import require_document_name
from workbook.language import t
from workbook.stores import Url, location
from workbook.writing import State, require_state, state_of

if TYPE_CHECKING:
    from datetime import datetime

    from workbook.reading import Return
    from workbook.summary import Reviews, Summary


@click.command(help=t("汇总：读取、检查全部填好的表，写出汇总表。"))
@paths_argument
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help=t("汇总表的文件名。")
)
@roster_option
@projects_option
@county_options
@year_option
@use_option
@form_file_option
@opening_password_option
@click.option(
    "--data", type=location, help=t("另把数据写成 CSV、Parquet 和 DuckDB，放在这个文件夹。")
)
@click.option(
    "--cluster",
    default="",
    help=t("分批读取：Dask 调度器的地址（tcp://…），或 local（本机）；大批量用。"),
)
@click.option(
    "--html", type=click.Path(path_type=Path), help=t("另写一个网页，用浏览器看，不用联网。")
)
@deadline_option
@reviews_option
@previous_option
@force_option
@click.option(
    "--word",
    type=click.Path(path_type=Path, dir_okay=False),
    help=t("另写一份汇总报告的初稿（.docx）。"),
)
@json_option
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=lambda: os.cpu_count() or 1,
    help=t("用几个进程读取。"),
)
def aggregate(
    paths: tuple[Path, ...], output: Path, roster: Path | None, projects: Path | None, county: CountyOf,
    year: int | None, use: tuple[Path, ...], form_file: tuple[Path, ...], password_env: str, data: Path | None, cluster: str,
    html: Path | None, word: Path | None,
    deadline: datetime | None, reviews: Path | None, previous: Path | None, force: bool,
    as_json: bool, workers: int,
) -> None:  # fmt: skip
    """See the command's help."""
    from builder.tables import INSTALL, has_duckdb
    from workbook.checking import check
    from workbook.commands.output import summary_record, totals
    from workbook.reading import guarded
    from workbook.summary import aggregate as add_up

    require_workbook_name(output)
    targets = [path for path in (output, html, word) if path is not None]
    last_year_path = [previous] if previous else []
    require_targets(targets, data, html, [*paths, *last_year_path])
    in_batches = bool(cluster) or any(isinstance(path, Url) for path in (*paths, data))
    files = files_for_batches(paths) if in_batches else []
    input_paths = list(map(location, files)) if in_batches else files_in(paths)
    input_paths += last_year_path
    outputs = Outputs(output, html, word, None if in_batches else data, force=force)
    outputs.require_free(input_paths, reviews)
    outputs = replace(outputs, former=state_of(output))
    loaded_roster = given_roster(roster, projects)
    passwords = passwords_from(password_env, loaded_roster)
    former_reviews = kept_reviews(reviews, output, password_env)
    last_year = last_year_of(previous, form_file, passwords, workers, county)
    if in_batches:
        from workbook.scale import roll_up

        partitions = read_in_batches(
            files, form_file, passwords, data, cluster, workers,
            county=county(paths), force=force,
        )  # fmt: skip
        returns, summary = roll_up(
            partitions,
            loaded_roster,
            year=year,
            deadline=deadline.date() if deadline else None,
            reviews=former_reviews,
            previous=last_year.figures,
            use=use,
        )
        require_state(output, outputs.former)
        written = outputs.write(summary, returns)
        if partitions.reused and not as_json:
            say(t("{reused} 个文件以前读过，没有变，用以前读的", reused=partitions.reused))
    else:
        unchecked = read_all(paths, form_file, passwords, workers, county, use)
        checked = check(unchecked, loaded_roster, year=year, last_year=last_year.returns)
        require_state(output, outputs.former)  # reviews may have been typed into it meanwhile
        add = partial(
            add_up,
            roster=loaded_roster,
            deadline=deadline.date() if deadline else None,
            reviews=former_reviews,
            previous=last_year.figures,
        )
        returns, (summary, written) = guarded(
            checked,
            partial(_made, add=add, outputs=outputs),
            trial=partial(_tried, add=add, outputs=outputs),
        )
    if data is not None:
        written.append((t("数据"), data))
    report_faults([item.fault for item in returns], output)
    if as_json:
        print_json(summary_record(summary) | {"totals": totals(returns)})
        sys.exit(exit_code(returns))
    for what, path in written:
        say(t("{what}：{path}", what=what, path=path))
    _tell(summary, former_reviews)
    if html is not None and summary.left_out:
        earlier = t("；原来的网页是以前写的") if html.exists() else ""
        say(t("没有写网页：单位和问题太多，浏览器打不开；请看汇总表{earlier}", earlier=earlier))
    if data is not None and not (in_batches or has_duckdb()):
        say(t("没有写 DuckDB 文件：要装 duckdb，{install}", install=INSTALL))
    print_totals(totals(returns), form_file)
    sys.exit(exit_code(returns))


def _tell(summary: Summary, former_reviews: Reviews | None) -> None:
    """What was taken over, and how many departments answered."""
    print_kept_reviews(former_reviews, summary)
    print_last_year(summary)
    print_coverage(summary)


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where what was added up is written: the summary, and what else is wanted."""

    summary: Path
    html: Path | None
    word: Path | None
    data: Path | None
    force: bool
    former: State = None
    """What stood at the summary's place when reviews were read from it."""

    def require_free(self, read: Sequence[Path], reviews: Path | None) -> None:
        """Refuse to write over what is read, or without `force` over what is there."""
        refuse_existing(self.summary, read, force=self.force or same_file(reviews, self.summary))
        if self.html is not None:
            refuse_existing(self.html, read, force=self.force)
        if self.word is not None:
            require_document_name(self.word, force=self.force)
        if self.data is not None:
            refuse_filled(self.data, force=self.force)

    def within(self, folder: Path) -> Outputs:
        """The same in another folder."""
        html, word, data = (
            path and folder / path.name for path in (self.html, self.word, self.data)
        )
        return Outputs(folder / "summary.xlsx", html, word, data, force=self.force)

    def write(self, summary: Summary, returns: Sequence[Return]) -> list[tuple[str, Path]]:
        """Write all; each of those that are files with what it is called.

        The summary comes last: a former one, with what was typed into it, stays until all else is written.
        """
        from builder.summary import build_summary
        from builder.tables import write_data
        from workbook.summary import frames

        written = [(t("汇总表"), self.summary)]
        data_paths: tuple[Path, ...] = ()
        if self.data is not None:
            data_paths = write_data(frames(returns), self.data, summary)
        if self.html is not None and not summary.left_out:
            from builder.web import build_page

            build_page(summary, self.html)
            written.append((t("网页"), self.html))
        if self.word is not None:
            from builder.word import build_county_report  # python-docx takes 0.2 s to import

            build_county_report(summary, self.word)
            written.append((t("汇总报告初稿"), self.word))
        require_state(self.summary, self.former)
        build_summary(summary, self.summary)
        if self.data is not None:
            settle(self.data, data_paths, "data", force=self.force)
        return written


def _made(
    returns: Sequence[Return], *, add: Callable[[Sequence[Return]], Summary], outputs: Outputs
) -> tuple[Summary, list[tuple[str, Path]]]:
    summary = add(returns)
    return summary, outputs.write(summary, returns)


def _tried(
    returns: Sequence[Return], *, add: Callable[[Sequence[Return]], Summary], outputs: Outputs
) -> None:
    """The same, of which nothing stays."""
    with tempfile.TemporaryDirectory() as folder:
        _made(returns, add=add, outputs=outputs.within(Path(folder)))
