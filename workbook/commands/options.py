"""What commands share: options, the files and passwords they stand for, progress, closing lines."""

from __future__ import annotations

import difflib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from workbook.commands.messages import CLEAN, FOUND, fail, say
from workbook.language import t
from workbook.stores import Url, expanded, is_beyond, location
from workbook.text import escaped_in_json

if TYPE_CHECKING:
    from workbook.checking import Duty, Roster, Sender
    from workbook.form import Form
    from workbook.reading import County, Passwords, Return
    from workbook.scale import Partitions
    from workbook.summary import PreviousTables, Reviews, Summary

Command = Callable[..., None]

FORM = t("表名")
"""What stands for a form in the usage: its name, or the file of its definition."""


def form_argument(command: Command) -> Command:
    return click.argument("form", metavar=FORM)(command)


def form_file_option(command: Command) -> Command:
    text = t("另用一个表式定义（.toml）。")
    return click.option("--form-file", multiple=True, type=click.Path(path_type=Path), help=text)(
        command
    )


def paths_argument(command: Command) -> Command:
    return click.argument(
        "paths", nargs=-1, required=True, metavar=t("文件或文件夹..."),
        type=location,
    )(command)  # fmt: skip


def roster_option(command: Command) -> Command:
    text = t("单位名册（.csv 或 .xlsx，至少有“预算编码”“部门”两列）。")
    return click.option("--roster", type=click.Path(path_type=Path), help=text)(command)


def projects_option(command: Command) -> Command:
    text = t(
        "各单位应报的项目（.csv 或 .xlsx，有“预算编码”“部门”“项目名称”列）；"
        "名册是 .xlsx 的，写在它的“项目”工作表里就行。"
    )
    return click.option("--projects", type=click.Path(path_type=Path), help=text)(command)


def given_roster(
    roster: Path | None, projects: Path | None, indicators: Path | None = None
) -> Roster | None:
    """The roster with its projects and approved indicators, if one is given."""
    from workbook.checking import load_roster

    if roster is None:
        for option, given in (("--projects", projects), ("--indicators", indicators)):
            if given is not None:
                fail(t("{option} 要与 --roster 一起用", option=option))
        return None
    return load_roster(roster, projects, indicators)


def year_option(command: Command) -> Command:
    text = t("这次收的是哪个年度（不写时按名册的“年度”列，再按多数单位报的）。")
    return click.option("--year", type=click.IntRange(2000, 2100), help=text)(command)


CountyOf = Callable[[Iterable[Path]], "County"]
"""What the options say of the counties of the returns under some paths."""


def county_options(command: Command) -> Command:
    """Both options as one argument, `county`: a `CountyOf`."""

    @wraps(command)
    def with_county(*args: Any, county: str, county_from_folder: bool, **kwargs: Any) -> None:
        from workbook.reading import FolderCounties

        if county and county_from_folder:
            fail(t("--county 和 --county-from-folder 只能写一个"))
        name = county.strip()
        given: CountyOf = FolderCounties.under if county_from_folder else lambda _paths: name
        command(*args, county=given, **kwargs)

    by_folder = t(
        "收回的表分县区放在文件夹里：给出的文件夹下面一层的文件夹（或 .zip）的名称就是县区。"
    )
    for_all = t("所有的表都是这一个县区的。")
    both = click.option("--county-from-folder", is_flag=True, help=by_folder)(with_county)
    return click.option("--county", default="", metavar=t("县区"), help=for_all)(both)


def no_county(_paths: Iterable[Path]) -> County:
    """A `CountyOf` of commands for which counties make no difference."""
    return ""


def force_option(command: Command) -> Command:
    text = t("覆盖已有的文件。")
    return click.option("--force", is_flag=True, help=text)(command)


def use_option(command: Command) -> Command:
    text = t("同一单位报了几份、分不清哪份在后时，以这个文件为准；可以写几次。")
    return click.option("--use", multiple=True, metavar=t("文件"), type=location, help=text)(
        command
    )


def deadline_option(command: Command) -> Command:
    text = t("报送截止日期，如 2025-3-31；名册“截止日期”一列优先。")
    day = click.DateTime(formats=["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"])
    return click.option("--deadline", metavar=t("日期"), type=day, help=text)(command)


def opening_password_option(command: Command) -> Command:
    text = t("存有打开密码的环境变量名。")
    return click.option("--password-env", default="", help=text)(command)


def reviews_option(command: Command) -> Command:
    text = t("上一份汇总表：沿用其中填写的复核得分、备注和分数下限；可以就是要写的那一份。")
    return click.option("--reviews", type=click.Path(path_type=Path), help=text)(command)


def previous_option(command: Command) -> Command:
    text = t(
        "上一年度的：自评表所在的文件夹（或压缩包），或汇总表（.xlsx、.csv；"
        "可以是自己做的）：加一张同比表。"
    )
    return click.option("--previous", type=click.Path(path_type=Path), help=text)(command)


def json_option(command: Command) -> Command:
    text = t("输出 JSON，供程序使用。")
    return click.option("--json", "as_json", is_flag=True, help=text)(command)


def print_json(data: object) -> None:
    text = json.dumps(data, ensure_ascii=False, indent=2, default=str)  # a case's dates
    click.echo(escaped_in_json(text))


@contextmanager
def progress_bar(total: int, label: str) -> Iterator[Callable[[Path], None]]:
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

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda _path: bar.advance(task)


def read_all(
    paths: Iterable[Path],
    form_file: Iterable[Path],
    passwords: Passwords = (),
    workers: int | None = None,
    county: CountyOf = no_county,
    use: Iterable[Path] = (),
) -> list[Return]:
    from workbook.reading import choose, find_files, known_forms, read_returns

    paths = list(paths)
    counties = county(paths)
    paths = expanded(paths)
    require_existing(paths)
    files = list(dict.fromkeys(find_files(paths)))
    if not files:
        path_names = "、".join(map(str, paths))
        fail(t("“{path_names}”里没有文件，请检查文件夹", path_names=path_names))
    with progress_bar(len(files), t("读取")) as progress:
        returns = read_returns(
            files,
            forms=known_forms(form_file),
            passwords=passwords,
            county=counties,
            workers=workers or os.cpu_count(),
            progress=progress,
        )
    return choose(returns, use)


def files_in(paths: Iterable[Path]) -> list[Path]:
    """Every file that the paths stand for, to be told from what is written."""
    from workbook.reading import find_files

    return list(find_files(path for path in expanded(paths) if path.exists()))


def files_for_batches(paths: tuple[Path, ...]) -> list[str]:
    """Every file that paths, patterns and URLs stand for, as any machine can open it."""
    from workbook.scale import listed

    require_existing(path for path in paths if not is_beyond(path))
    files = listed(paths)
    if not files:
        fail(t("“{paths}”里没有文件，请检查地址", paths=t("、").join(map(str, paths))))
    return files


def read_in_batches(
    files: Sequence[str], form_file: Iterable[Path], passwords: Passwords, data: Path | None,
    cluster: str, workers: int, *, county: County, force: bool,
) -> Partitions:  # fmt: skip
    """Read on a cluster or in batches here, what was read standing in the folder `data`."""
    from workbook.reading import executor_at, known_forms
    from workbook.scale import clear, write_partitions
    from workbook.stores import Folder

    if data is None:
        fail(t("分批读取要用 --data 指定放数据的文件夹（集群的各台机器都能写）"))
    folder = Folder(str(data if isinstance(data, Url) else data.absolute()))
    if force:
        clear(folder)
    with (
        executor_at(cluster, workers) as (executor, in_flight),
        progress_bar(len(files), t("读取")) as progress,
    ):
        return write_partitions(
            files, folder, forms=known_forms(form_file), executor=executor, passwords=passwords,
            county=county, in_flight=in_flight, progress=progress,
        )  # fmt: skip


def passwords_from(variable: str, roster: Roster | None = None) -> Passwords:
    """What opens encrypted returns: the variable's password, and the roster's for each department."""
    common_passwords = (password_in(variable),) if variable else ()
    return partial(roster.passwords, given=common_passwords) if roster else common_passwords


def require_existing(paths: Iterable[Path]) -> None:
    for path in paths:
        if not path.exists() and not path.is_symlink():
            fail(t("找不到“{path}”，请检查路径", path=path))


def given_form(name: str, form_file: Iterable[Path]) -> Form:
    """The form of a name, among the further definitions or ours; or that of a .toml file."""
    from workbook.form import form_heads, load_form

    if name.endswith(".toml"):
        return load_form(name)
    further = list(dict.fromkeys(map(load_form, form_file)))
    named = [form for form in further if name in (form.id, form.name)]
    if len(named) > 1:
        paths = [str(form.path) for form in named]
        fail(
            t(
                "名为“{name}”的定义有 {count} 份：{paths}；请把表名写成其中一个文件",
                name=name,
                count=len(paths),
                paths=t("、").join(paths),
            )
        )
    # Of ours the newest.
    ours = form_heads()
    newest = sorted(
        (head for head in ours if name in (head.id, head.name)), key=lambda head: head.version
    )
    if not named and not newest:
        known_ids = {head.id for head in ours} | {form.id for form in further}
        if near := difflib.get_close_matches(name, known_ids, n=1):
            fail(t("没有名为“{name}”的表；最接近的是“{near}”", name=name, near=near[0]))
        fail(
            t(
                "没有名为“{name}”的表；现有：{known}；自己的定义请给出 .toml 文件",
                name=name,
                known=t("、").join(sorted(known_ids)),
            )
        )
    return named[-1] if named else load_form(newest[-1].path)


def require_workbook_name(path: Path, *, folder: bool = False) -> None:
    if folder and path.suffix.lower() in (".xlsx", ".xls"):
        fail(t("有名册时 -o 应是文件夹，“{path}”像是文件名", path=path))
    if not folder and path.suffix.lower() != ".xlsx" and not path.is_dir():
        fail(t("“{path}”应以 .xlsx 结尾", path=path))


def require_targets(
    files: Sequence[Path], data: Path | None, page: Path | None, read: Iterable[Path]
) -> None:
    """Refuse, before anything is read, what could not be written or would be read as a return.

    `files` are to be written, `page` among them; `data` is to be a folder; `read` is what is read.
    """
    if page is not None and page.suffix.lower() not in (".html", ".htm"):
        fail(t("“{page}”应以 .html 结尾", page=page))
    for file in files:
        if file.is_dir():
            fail(t("“{file}”是一个文件夹，请给出文件名", file=file))
    data_folders = [] if data is None or isinstance(data, Url) else [data]
    for folder in data_folders:
        if folder.is_file() or folder.suffix.lower() in (".csv", ".xlsx", ".parquet", ".duckdb"):
            fail(t("--data 应是文件夹，“{folder}”像是文件名，请换一个", folder=folder))
    folders = [path for path in read if not isinstance(path, Url) and path.is_dir()]
    for path in (*files, *data_folders):
        _require_writable(path, folders)


def _require_writable(path: Path, folders: Iterable[Path]) -> None:
    """Refuse a place below a file, or in one of the folders that are read."""
    above = next(parent for parent in path.absolute().parents if parent.exists())
    if not above.is_dir():
        fail(t("“{above}”是一个文件，“{path}”不能写在它下面，请换一个位置", above=above, path=path))
    for folder in folders:
        if path.resolve().is_relative_to(folder.resolve()):
            fail(
                t(
                    "“{path}”在要读的文件夹“{folder}”里，会被当作收回的表，请写到别处",
                    path=path,
                    folder=folder,
                )
            )


def refuse_existing(path: Path, inputs: Iterable[Path], *, force: bool) -> None:
    """Refuse to write over anything that is read in this run, or over anything else unless told to."""
    if any(same_file(input_path, path) for input_path in (*inputs, *_given_files())):
        fail(t("“{path}”就是要读的文件，请换一个文件名", path=path))
    if path.is_file() and not force:
        fail(t("“{path}”已经存在；要覆盖请加 --force", path=path))


_WRITTEN = ("output", "html", "word", "data", "notices", "write_template", "reviews")
"""The parameters that name what is written; former reviews may be in the summary that is written anew."""


def _given_files() -> Iterator[Path]:
    """Every file that the command line names to be read."""
    context = click.get_current_context(silent=True)
    for name, value in (context.params if context else {}).items():
        if name not in _WRITTEN:
            yield from (each for each in (value if isinstance(value, tuple) else (value,))
                        if isinstance(each, Path) and not isinstance(each, Url))  # fmt: skip


def refuse_filled(folder: Path, *, force: bool) -> None:
    """Refuse a folder of data in which there are files already, unless told to write over them."""
    if force or isinstance(folder, Url) or not folder.is_dir():
        return
    names = sorted(path.name for path in folder.iterdir())
    if names:
        fail(
            t(
                "文件夹“{folder}”里已有 {count} 个文件或文件夹（如 {first}）；"
                "要写在里面、覆盖同名的，请加 --force",
                folder=folder,
                count=len(names),
                first=names[0],
            )
        )


def same_file(first: Path | None, second: Path) -> bool:
    return first is not None and first.exists() and second.exists() and first.samefile(second)


def kept_reviews(reviews_path: Path | None, output: Path, password_env: str) -> Reviews | None:
    """What was typed into the summary given, or else into the one that is to be written over.

    Refuses where writing over it would lose something that the one given does not hold.
    """
    from workbook.summary import load_reviews, typed_in

    passwords = (password_in(password_env),) if password_env else ()
    reviews = load_reviews(reviews_path, passwords=passwords) if reviews_path else None
    replaced = output.is_file() and not same_file(reviews_path, output)
    former = typed_in(output, passwords=passwords) if replaced else None
    if former is None or reviews is None:
        return reviews or former
    lost_count = former.beyond(reviews)
    if lost_count:
        fail(
            t(
                "“{output}”里填写的 {count} 处（复核得分、备注、"
                "分数下限或抽查条件）不在“{reviews}”里，覆盖就会丢失；"
                "请另写一个文件，或改用 --reviews {output}",
                output=output,
                count=lost_count,
                reviews=reviews_path,
            )
        )
    return reviews


class LastYear(NamedTuple):
    """What is known of the year before."""

    returns: list[Return]
    figures: Summary | PreviousTables | None


def last_year_of(
    path: Path | None,
    form_file: Iterable[Path],
    passwords: Passwords,
    workers: int,
    county: CountyOf,
) -> LastYear:
    """Last year's returns and their summary, or the tables of a file that is no return; nothing without a path."""
    if path is None:
        return LastYear([], None)
    from workbook.summary import aggregate, load_previous

    # A table lies in no county's folder: whose its lines are, it says itself.
    if path.is_file() and path.suffix.lower() != ".zip":
        returns = read_all([path], form_file, passwords, workers)
        if not any(returned.submission for returned in returns):
            own_passwords = passwords(path) if callable(passwords) else passwords
            return LastYear([], load_previous(path, passwords=own_passwords))
    returns = read_all([path], form_file, passwords, workers, county)
    return LastYear(returns, aggregate(returns, checked=False))


def password_in(variable: str) -> str:
    if not variable:
        return ""
    password = os.environ.get(variable, "")
    if not password:
        fail(t("环境变量 {name} 没有设置密码", name=variable))
    return password


# --- printing -------------------------------------------------------------------------------------


def exit_code(returns: list[Return]) -> int:
    counted = [f for returned in returns for f in returned.findings if f.severity != "note"]
    return FOUND if counted or any(returned.status == "rejected" for returned in returns) else CLEAN


def print_returns(returns: list[Return], form_file: Iterable[Path] = ()) -> None:
    from rich.console import Console

    from workbook.commands.output import table, totals

    wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140
    console = Console(width=wide)
    for returned in returns:
        console.print(table(returned, width=console.width))
    print_totals(totals(returns), form_file)


def print_kept_reviews(reviews: Reviews | None, summary: Summary) -> None:
    """What was taken over from a former summary."""
    from workbook.summary import plain_name

    if reviews is None or not (reviews.entries or reviews.cutoffs or reviews.criteria):
        return
    matched, unmatched = len(reviews.entries) - len(summary.unmatched), len(summary.unmatched)
    say(
        t(
            "沿用“{path}”里填写的：{matched} 个单位的复核，{cutoffs} 个分数下限，{criteria} 项抽查条件",
            path=reviews.path,
            matched=matched,
            cutoffs=len(reviews.cutoffs),
            criteria=len(reviews.criteria),
        )
    )
    absent_forms = sorted(
        {form for form, _ in reviews.cutoffs} - {plain_name(p.form) for p in summary.forms}
    )
    if absent_forms:
        say(
            t(
                "本次没有{forms}表，它们的分数下限照样留在“参数”一张表里",
                forms=t("、").join(absent_forms),
            )
        )
    if unmatched:
        say(
            t(
                "另有 {count} 条复核没有对应的单位，列在“未对应复核”一张表里",
                count=unmatched,
            )
        )


def print_last_year(summary: Summary) -> None:
    """Whence last year's figures were taken, where that is not clear of itself."""
    remarks = (remark for comparison in summary.comparisons for remark in comparison.remarks)
    for remark in dict.fromkeys(remarks):
        say(remark)


def missing_duties(returns: Sequence[Return], roster: Roster) -> list[tuple[Sender, Duty]]:
    """What the roster asks for and nothing came of."""
    from workbook.checking import Duties, sort_by_sender

    return Duties(sort_by_sender(returns, roster)).missing


def print_missing(returns: Sequence[Return], roster: Roster) -> None:
    """What the roster asks for and nothing came of: departments' own forms, and projects' forms."""
    from workbook.checking import full_name

    departments, projects = [], []
    for sender, duty in missing_duties(returns, roster):
        name = full_name(sender.county, sender.department)
        if duty.project:
            projects.append(f"{name}“{duty.project}”")
        else:
            departments.append(name)
    sentences = []
    if departments:
        told = _some(departments)
        sentences.append(t("未报 {count} 个单位：{names}", count=len(departments), names=told))
    if projects:
        told = _some(projects)
        sentences.append(t("未报 {count} 个项目：{names}", count=len(projects), names=told))
    if sentences:
        say(t("；").join(sentences))


def _some(names: Sequence[str]) -> str:
    return t("、").join(names[:_NAMED]) + (t(" 等") if len(names) > _NAMED else "")


_NAMED = 20
"""So many departments are named on the terminal."""


def print_coverage(summary: Summary) -> None:
    """How many of the roster's departments answered, where there is a roster."""
    from workbook.overview import coverage_counts

    if summary.has_roster:
        counts = coverage_counts(summary)
        say(
            t(
                "名册上 {asked} 个单位：已报 {answered}（其中须修改 {faulty}），退回 {rejected}，未报 {missing}",
                asked=counts.asked,
                answered=counts.answered,
                faulty=counts.faulty,
                rejected=counts.rejected,
                missing=counts.missing,
            )
            + (t("；另有名册外 {count}", count=counts.off_roster) if counts.off_roster else "")
        )


def print_totals(counts: dict[str, int], form_file: Iterable[Path] = ()) -> None:
    c = counts
    say(
        t(
            "共 {files} 个文件：收下 {accepted}，退回 {rejected}，跳过 {skipped}；"
            "错误 {errors}，提醒 {warnings}，说明 {notes}",
            files=c["files"],
            accepted=c["accepted"],
            rejected=c["rejected"],
            skipped=c["skipped"],
            errors=c["errors"],
            warnings=c["warnings"],
            notes=c["notes"],
        )
    )
    if c["errors"] + c["warnings"] + c["notes"]:
        own = "".join(f" --form-file {path}" for path in form_file)
        say(t("代码的含义：workbook explain 代码{own}", own=own))
