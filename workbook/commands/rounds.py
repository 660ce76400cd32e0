"""The commands of a round: one year's collection in a folder that remembers. Each parses, calls one verb, prints."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbook.commands import cities
from workbook.commands.messages import CLEAN, FOUND, CommandGroup, fail, say
from workbook.commands.options import Command, given_form, json_option, print_json, progress_bar
from workbook.language import t

if TYPE_CHECKING:
    from workbook.round import Board, Done, Received

_MOST = 20
"""So many departments, files or sentences are named on the terminal; the rest on request, by --json."""
_PATH = click.Path(path_type=Path)
_DAY = click.DateTime(formats=["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"])


@click.group(
    name="round",
    cls=CommandGroup,
    help=t("一年一次的收表：发出、收回、退回修改、核定、汇总、封存，都记在一个文件夹里。"),
)
def round_() -> None:
    """See the group's help."""


# --- options ---------------------------------------------------------------------------------------------


def _folder(command: Command) -> Command:
    return click.argument("folder", metavar=t("文件夹"), type=_PATH)(command)


def _code(command: Command) -> Command:
    return click.argument("code", metavar=t("预算编码"))(command)


def _departments(command: Command) -> Command:
    text = t("只管这个单位（预算编码）；可以写几次。")
    return click.option("--department", "departments", multiple=True, metavar=t("编码"), help=text)(
        command
    )


def _which(command: Command) -> Command:
    """What tells duties of one code apart."""
    county = click.option("--county", default="", help=t("哪个县区的（编码在几个县区都有时）。"))
    form = click.option("--form", default="", help=t("哪张表。"))
    project = click.option("--project", default="", help=t("哪个项目。"))
    return county(form(project(command)))


def _day_option(name: str, text: str) -> Callable[[Command], Command]:
    return click.option(name, type=_DAY, metavar=t("日期"), help=text)


def _day(given: datetime.datetime | None) -> datetime.date | None:
    return given.date() if given else None


# --- printing --------------------------------------------------------------------------------------------


def _end(done: Done, as_json: bool, *lines: str) -> None:
    """Print what a command did, and end with whether something is left to do."""
    if as_json:
        print_json(done.record())
    else:
        for line in (*done.remarks, *lines):
            say(line)
        for who, why in done.refused[:_MOST]:
            say(t("{who}：{what}", who=who, what=why))
        if len(done.refused) > _MOST:
            say(t("……共 {count} 项", count=len(done.refused)))
    sys.exit(FOUND if done.refused or (done.board is not None and _is_open(done.board)) else CLEAN)


def _is_open(board: Board) -> bool:
    """Whether something waits for the clerk."""
    states = {department.state for department in board.departments}
    overdue = any(department.is_overdue for department in board.departments)
    return (
        bool(board.unassigned)
        or overdue
        or not states.isdisjoint(("to_decide", "faulty", "not_issued"))
    )


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    rest = t(" 等 {count} 个", count=len(every)) if len(every) > _MOST else ""
    return t("、").join(every[:_MOST]) + rest


# --- the verbs -------------------------------------------------------------------------------------------


@round_.command(help=t("新建一次收表的文件夹。"))
@_folder
@click.option(
    "--form",
    "forms",
    multiple=True,
    metavar=t("表名"),
    help=t("收哪张表；可以写几次。"),
)
@click.option("--roster", type=_PATH, help=t("名册（.xlsx、.csv）。"))
@click.option(
    "--counties",
    type=_PATH,
    help=t("收各县区上报包的：县区的名单（.xlsx、.csv，有“县区”一列）。"),
)
@click.option(
    "--projects",
    type=_PATH,
    help=t("名册是 .csv 时，各单位的项目。"),
)
@click.option(
    "--indicators",
    type=_PATH,
    help=t("名册是 .csv 时，批复的指标。"),
)
@click.option(
    "--year",
    type=click.IntRange(2000, 2100),
    help=t("年度（不写时按名册，再按上一年）。"),
)
@_day_option("--deadline", t("报送截止日期。"))
@click.option("--bureau", default="", help=t("收表的单位，写在退回的表和通知上。"))
@click.option("--contact", default="", help=t("有问题找谁（姓名、电话），写在退回的表和通知上。"))
@click.option(
    "--area",
    default="",
    help=t("本县区（本市）的名称，写进上报包。"),
)
@click.option(
    "--from", "last", type=_PATH, help=t("上一次收表的文件夹：名册、设置照旧，上年的数用来比较。")
)
@json_option
def new(
    folder: Path, forms: tuple[str, ...], roster: Path | None, counties: Path | None, projects: Path | None,
    indicators: Path | None, year: int | None, deadline: datetime.datetime | None, bureau: str, area: str, contact: str,
    last: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """See the command's help."""
    from workbook.round import new_round

    given = [given_form(name, ()) for name in forms]
    path = new_round(
        folder, forms=given, roster=roster, counties=counties, projects=projects, indicators=indicators, year=year,
        deadline=_day(deadline), bureau=bureau, area=area, contact=contact, last=last,
    )  # fmt: skip
    if as_json:
        print_json({"events": [1, 2], "files": [str(path)], "refused": []})
        return
    if last is not None:
        say(t("名册照抄了上一年的：预算数、项目、截止日期是上一年的，发表以前请先改好"))
    then = "receive" if cities.is_city(path) else "send"
    say(
        t(
            "建好了：{path}。设置在 {settings}，可以改；接着：workbook round {then} {path}",
            path=path,
            settings=path / "round.toml",
            then=then,
        )
    )


@round_.command(help=t("把表写进“发出”。"))
@_folder
@_departments
@_which
@json_option
def send(
    folder: Path, departments: tuple[str, ...], county: str, form: str, project: str, as_json: bool
) -> None:
    """See the command's help."""
    from workbook.round import send as verb

    with progress_bar(0, t("写出")) as progress:
        done = verb(
            folder, departments, county=county, form=form, project=project, progress=progress
        )
    _end(
        done,
        as_json,
        t("写出 {count} 份表，在 {folder}", count=len(done.files), folder=folder / "发出"),
    )


@round_.command(help=t("收表：“收件”里的，或给出的文件、文件夹、压缩包、邮件。"))
@_folder
@click.argument("paths", nargs=-1, metavar=t("文件..."), type=_PATH)
@click.option("--all", "all_", is_flag=True, help=t("每个文件都列出来。"))
@json_option
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=lambda: os.cpu_count() or 1,
    help=t("用几个进程读取。"),
)
def receive(folder: Path, paths: tuple[Path, ...], all_: bool, as_json: bool, workers: int) -> None:
    """See the command's help."""
    from workbook.round import receive as verb

    missing = [path for path in paths if not path.exists()]
    if missing:
        fail(t("找不到“{missing}”，请检查路径", missing=missing[0]))
    if cities.is_city(folder):
        cities.receive(folder, paths, as_json=as_json)
    with progress_bar(0, t("读取")) as progress:
        received = verb(folder, paths or None, workers=workers, progress=progress)
    if as_json:
        print_json(received.record())
    else:
        _print_received(received, all_=all_)
    sys.exit(FOUND if _is_open(received.board) else CLEAN)


def _print_received(received: Received, *, all_: bool) -> None:
    from workbook.round import OUTCOMES, told_errors, told_numbers

    words = told_numbers(received.numbers(), received.board)
    say(t("今天：") + t("，").join(words))
    for remark in received.remarks:
        say(remark)
    cities.say_waiting(received.waiting)
    told = [
        each
        for each in received.files
        if all_ or each.outcome not in ("counted", "replaced_older") or each.state == "faulty"
    ]
    for each in told if all_ else told[:_MOST]:
        why = t("：{why}", why=each.why) if each.why else ""
        who = f"{each.county} {each.code}".strip()
        version = t(" 第 {version} 版", version=each.version) if each.version else ""
        outcome = f"{t(OUTCOMES[each.outcome])}{told_errors(received.board, each)}"
        say(f"  {each.file}  {who}{version}  {outcome}{why}")
    if len(told) > _MOST and not all_:
        say(t("  ……共 {count} 个，--all 全列出来", count=len(told)))


@round_.command(help=t("现在到了哪一步：每个单位一行。"))
@_folder
@click.option("--all", "all_", is_flag=True, help=t("每个单位都列出来。"))
@json_option
def status(folder: Path, all_: bool, as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import STATES
    from workbook.round import status as verb

    if cities.is_city(folder):
        cities.status(folder, as_json=as_json)
    board, record = verb(folder)
    if as_json:
        print_json(record)
    else:
        for remark in board.remarks:
            say(remark)
        counts = [f"{t(STATES[state])} {count}" for state, count in board.counts().items() if count]
        overdue = sum(department.is_overdue for department in board.departments)
        late = t("；逾期 {overdue}", overdue=overdue) if overdue else ""
        sealed = t("（已封存）") if board.closed else ""
        say(
            t("{count} 个单位{sealed}：", count=len(board.departments), sealed=sealed)
            + t("，").join(counts)
            + late
        )
        order = sorted(board.departments, key=lambda d: list(STATES).index(d.state))
        told = [
            d
            for d in order
            if all_
            or d.state not in ("issued", "passed", "approved", "nothing", "excused")
            or d.is_overdue
        ]
        for department in told if all_ else told[:_MOST]:
            say(_department_line(department))
        if len(told) > _MOST and not all_:
            say(t("  ……共 {count} 个，--all 全列出来", count=len(told)))
        for stray in board.unassigned[:_MOST]:
            say(_stray_line(folder, stray))
        _print_questions(folder, [d for d in order if d.state == "to_decide"][:_MOST])
    sys.exit(FOUND if _is_open(board) else CLEAN)


def _stray_line(folder: Path, stray: Any) -> str:
    """A file of nobody, and how to say whose it is."""
    command = f"workbook round assign {folder} {stray.event}"
    return t(
        "  不知是谁的 {event}：{name}（{why}）；{command} 预算编码，或 --none",
        event=stray.event,
        name=stray.name,
        why=stray.why,
        command=command,
    )


def _print_questions(folder: Path, departments: Iterable[Any]) -> None:
    """What departments answered and the bureau has to decide."""
    from workbook.round import history as verb

    for department in departments:
        entry = department.entry
        record = verb(folder, entry.code or entry.department, county=entry.county)
        for duty in record["duties"]:
            for problem in duty["problems"]:
                if problem["state"] == "answered":
                    say(f"    {entry.code} {_problem_line(problem)}")


def _problem_line(problem: Any) -> str:
    """A problem in words: number, state, where, what, and what was said of it."""
    from workbook.round import PROBLEM_STATES

    colon = t("：")
    severity = {"error": t("错误"), "warning": t("提醒")}[problem["severity"]]
    words = filter(None, (problem["answer"], problem["note"]))
    said = ((t("单位答"), "，".join(words)), (t("我们定"), problem["why"]))
    told = "".join(f"  {word}{colon}{text}" for word, text in said if text)
    state = t(PROBLEM_STATES[problem["state"]])
    return (
        f"{problem['number']}  {state}  {severity}  {problem['place']}  {problem['message']}{told}"
    )


def _department_line(department: Any) -> str:
    from workbook.round import STATES

    entry, parts = department.entry, []
    for duty in department.duties:
        words = [t(STATES[duty.state]), *duty.remarks()]
        name = f"“{duty.project}”" if duty.project else ""
        parts.append(name + t("，").join(words))
    when = department.told_days()
    when = t("，") + when if when else ""
    return f"  {' '.join(filter(None, (entry.county, entry.code, entry.department)))}  {'；'.join(parts)}{when}"


@round_.command(
    "send-back",
    help=t("把有问题的表写进“退回”，连同通知。"),
)
@_folder
@_departments
@_which
@_day_option("--by", t("请在这一天以前改好报回。"))
@click.option(
    "--why",
    default="",
    metavar="TEXT",
    help=t("另写的意见，写在退回的表和通知上；没有查出问题的，写了意见也能退。"),
)
@json_option
def send_back(
    folder: Path,
    departments: tuple[str, ...],
    county: str,
    form: str,
    project: str,
    by: datetime.datetime | None,
    why: str,
    as_json: bool,
) -> None:
    """See the command's help."""
    from workbook.round import send_back as verb

    with progress_bar(0, t("写出")) as progress:
        done = verb(
            folder,
            departments,
            county=county,
            form=form,
            project=project,
            by=_day(by),
            why=why.strip(),
            progress=progress,
        )
    places = sorted({str(Path(name).parent) for name in done.files})
    line = t("退回 {count} 个单位：{places}", count=len(places), places=_listed(places))
    _end(done, as_json, line if places else t("没有要退回的"))


@round_.command(help=t("核定、指定哪份算、免报、延期、同意或不同意答复，或撤销。"))
@_folder
@_code
@_which
@click.option(
    "--seen",
    type=click.IntRange(0),
    help=t("看到的是第几版；后来又有新的，就不照办。"),
)
@click.option("--approve", is_flag=True, help=t("核定。"))
@click.option(
    "--send-back",
    is_flag=True,
    help=t("退回县区的上报包（收上报包的文件夹）。"),
)
@click.option(
    "--department",
    "departments",
    multiple=True,
    metavar=t("编码"),
    help=t("退回的是这个单位的问题；可以写几次。"),
)
@click.option(
    "--use",
    type=click.IntRange(1),
    metavar=t("版次"),
    help=t("以这一版为准。"),
)
@click.option("--excuse", is_flag=True, help=t("免报。"))
@click.option("--nothing", is_flag=True, help=t("单位申报没有要报的。"))
@_day_option("--extend", t("延期到这一天。"))
@_day_option("--received-on", t("实际收到的日期。"))
@click.option(
    "--version",
    type=click.IntRange(1),
    help=t("改哪一版的收到日期（不写是第一版）。"),
)
@click.option(
    "--accept",
    multiple=True,
    type=click.IntRange(1),
    metavar=t("序号"),
    help=t("同意不改；可以写几次。"),
)
@click.option(
    "--refuse",
    multiple=True,
    type=click.IntRange(1),
    metavar=t("序号"),
    help=t("不同意单位的答复；可以写几次。"),
)
@click.option("--undo", is_flag=True, help=t("撤销最后一个决定。"))
@click.option("--why", default="", help=t("原因。"))
@_day_option("--until", t("同意不改到哪一天为止。"))
@json_option
def decide(
    folder: Path, code: str, county: str, form: str, project: str, seen: int | None, approve: bool, send_back: bool,
    departments: tuple[str, ...], use: int | None, excuse: bool,
    nothing: bool, extend: datetime.datetime | None, received_on: datetime.datetime | None, version: int | None,
    accept: tuple[int, ...], refuse: tuple[int, ...], undo: bool, why: str, until: datetime.datetime | None, as_json: bool,
) -> None:  # fmt: skip
    """See the command's help."""
    from workbook.round import decide as verb

    if cities.is_city(folder):
        from workbook.levels import decide_county

        others = (
            county,
            form,
            project,
            use,
            excuse,
            nothing,
            extend,
            received_on,
            version,
            accept,
            refuse,
            until,
        )
        if any(other not in (None, False, (), "") for other in others):
            fail(t("收上报包的只有 --approve、--send-back、--undo"))
        done = decide_county(
            folder, code, seen=seen, approve=approve, send_back=send_back, undo=undo, departments=departments, why=why
        )  # fmt: skip
        cities.end(done, as_json=as_json)
        return
    if send_back or departments:
        fail(
            t(
                "退回单位的表用 workbook round send-back；--send-back、"
                "--department 只用于收上报包的文件夹"
            )
        )
    done = verb(
        folder, code, county=county, form=form, project=project, seen=seen, approve=approve, use=use, excuse=excuse,
        nothing=nothing, extend=_day(extend), received_on=_day(received_on), version=version, accept=accept, refuse=refuse,
        undo=undo, why=why, until=_day(until),
    )  # fmt: skip
    _end(done, as_json, *done.said)


@round_.command(help=t("说一个文件是哪个单位的；--none 是哪个单位的都不是。"))
@_folder
@click.argument("file", metavar=t("文件"))
@click.argument("code", metavar=t("[预算编码]"), required=False, default="")
@click.option(
    "--none",
    "nobody",
    is_flag=True,
    help=t("哪个单位的都不是，不用管。"),
)
@_which
@json_option
def assign(
    folder: Path,
    file: str,
    code: str,
    nobody: bool,
    county: str,
    form: str,
    project: str,
    as_json: bool,
) -> None:
    """See the command's help."""
    from workbook.round import assign as verb

    if bool(code) == nobody:
        fail(t("请写预算编码，或者 --none"))
    if cities.is_city(folder):
        from workbook.levels import assign_pack

        cities.end(assign_pack(folder, file, code), as_json=as_json)
        return
    done = verb(folder, file, code, county=county, form=form, project=project)
    again = t("；归错了，再写一次文件名和对的编码")
    _end(done, as_json, *(f"{line}{again}" if code else line for line in done.said))


@round_.command(help=t("给该催的单位写催报的短信和邮件。"))
@_folder
@_departments
@json_option
def remind(folder: Path, departments: tuple[str, ...], as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import remind as verb

    done = verb(folder, departments)
    line = t("该催 {count} 个单位，写在 {folder}", count=len(done.said), folder=folder / "催报")
    _end(done, as_json, line, *done.said[:_MOST])


@round_.command(help=t("一个单位的各版、改了什么、发生过什么。"))
@_folder
@_code
@_which
@json_option
def history(folder: Path, code: str, county: str, form: str, project: str, as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import KIND_WORDS
    from workbook.round import history as verb

    record = verb(folder, code, county=county, form=form, project=project)
    if as_json:
        print_json(record)
        return
    comma = t("、")
    for duty in record["duties"]:
        say(f"{duty['name']}" + (f"“{duty['project']}”" if duty["project"] else ""))
        for version in duty["versions"]:
            numbers = "；".join(
                f"{word} {comma.join(map(str, version[name]))}"
                for name, word in (
                    ("gone", t("改好")),
                    ("new", t("新出现")),
                    ("open", t("仍在")),
                )
                if version[name]
            )
            number, errors, warnings = (version[name] for name in ("number", "errors", "warnings"))
            counts_now = t("（计入）") if number == duty["counted"] else ""
            which = t("第 {number} 版{counts_now}", number=number, counts_now=counts_now)
            counts = t("错误 {errors}，提醒 {warnings}", errors=errors, warnings=warnings)
            say(
                f"  {which}  {_moment(version['received_at'])}  {version['file']}  {counts}  {numbers}".rstrip()
            )
            for change in version["changed"][:_MOST]:
                before, after = _shown(change["from"]), _shown(change["to"])
                say(f"    {change['label']} {change['cell']}  {before} → {after}")
            if len(version["changed"]) > _MOST:
                say(t("    ……共 {count} 格", count=len(version["changed"])))
        if duty["problems"]:
            say(t("  第 {latest} 版的问题：", latest=duty["latest"]))
        for problem in duty["problems"]:
            say(f"    {_problem_line(problem)}")
    for event in record["events"]:
        kind = t(KIND_WORDS[event["kind"]])
        kind += t("（自动）") if event["data"].get("by_itself") else ""
        why = event["data"].get("why", "")
        told = "  ".join(filter(None, (event["file"] if event["kind"] in _OF_FILES else "", why)))
        say(f"{_moment(event['at'])}  {event['who']}  {kind}  {told}".rstrip())


def _moment(text: str) -> str:
    """A moment as the clock in China showed it; a day as it is."""
    from workbook.reading import CHINA

    moment = datetime.datetime.fromisoformat(text)
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}" if moment.tzinfo else text


def _shown(value: object) -> str:
    if value is None:
        return t("（空）")
    return f"{value:.15g}" if isinstance(value, float) else str(value)[:60]


_OF_FILES = ("read", "assigned", "approved", "used", "rechecked")


@round_.command(help=t("抽查：抽一次，抽定不变。"))
@_folder
@click.option(
    "--add",
    multiple=True,
    metavar=t("编码"),
    help=t("再加这个单位；可以写几次。"),
)
@json_option
def sample(folder: Path, add: tuple[str, ...], as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import sample_round

    done = sample_round(folder, add)
    _end(
        done,
        as_json,
        t("抽查 {count} 个单位：{files}", count=len(done.said), files=done.files[0]),
        *done.said[:_MOST],
    )


@round_.command(help=t("把计入的表汇总，写进“汇总”。"))
@_folder
@json_option
def summary(folder: Path, as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import summarise

    if cities.is_city(folder):
        from workbook.levels import summarise_city

        done = summarise_city(folder)
        cities.end(done, *(f"{folder / name}" for name in done.files), as_json=as_json)
        return
    done = summarise(folder)
    _end(done, as_json, *(f"{folder / name}" for name in done.files), *done.said)


@round_.command(help=t("把核定的表写成公开的材料，写进“公开”。"))
@_folder
@click.option(
    "--pdf",
    is_flag=True,
    help=t("另写 PDF（要有 LibreOffice）。"),
)
@json_option
def publish(folder: Path, pdf: bool, as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import publish as verb

    done = verb(folder, pdf=pdf)
    count = len([name for name in done.files if not name.endswith(".html")])
    _end(
        done,
        as_json,
        t(
            "公开 {count} 份，在 {folder}；没有公开 {left_out} 份",
            count=count,
            folder=folder / "公开",
            left_out=len(done.refused),
        ),
    )


@round_.command(help=t("用现在的程序把收到的表重读一遍。"))
@_folder
@_departments
@json_option
def recheck(folder: Path, departments: tuple[str, ...], as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import recheck as verb

    done = verb(folder, departments)
    _end(done, as_json, *done.said[:_MOST])


@round_.command(
    "close",
    help=t("封存：整个文件夹写成一个 .zip，另写一个给上一级的“-上报.zip”。"),
)
@_folder
@click.option(
    "--why",
    default="",
    help=t("还有没办完的也要封存，写明原因。"),
)
@click.option(
    "--with-contacts",
    is_flag=True,
    help=t("上报包里带上填表人、电话。"),
)
@click.option(
    "--with-files",
    is_flag=True,
    help=t("上报包里带上原件。"),
)
@json_option
def close(folder: Path, why: str, with_contacts: bool, with_files: bool, as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import close_round

    if cities.is_city(folder):
        from workbook.levels import close_city

        if why or with_contacts or with_files:
            fail(t("收上报包的，各县区都核定了就能封存，没有别的选项"))
        done = close_city(folder)
    else:
        done = close_round(folder, why=why, with_contacts=with_contacts, with_files=with_files)
    if as_json:
        print_json(done.record())
    else:
        for line in (*done.remarks, *done.said):
            say(line)
    sys.exit(CLEAN)


@round_.command("reopen", help=t("重新打开封存了的收表。"))
@_folder
@click.option("--why", default="", help=t("原因。"))
@json_option
def reopen(folder: Path, why: str, as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import reopen_round

    done = reopen_round(folder, why=why)
    _end(done, as_json, *done.said)


@click.command(help=t("核对封存包：每个字节都与封存时一样吗。"))
@click.argument("pack", metavar=t("封存包"), type=_PATH)
@json_option
def verify(pack: Path, as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import verify as verb

    verified = verb(pack)
    if as_json:
        print_json(verified.record())
    else:
        for fault in verified.faults[:_MOST]:
            say(fault)
        if verified.faults:
            say(t("{pack}：与封存时不同，{count} 处", pack=pack, count=len(verified.faults)))
        else:
            events = t("，{events} 个事件", events=verified.events) if verified.events else ""
            say(
                t(
                    "{pack}：完好，{files} 个文件{events}；印记 {seal}",
                    pack=pack,
                    files=verified.files,
                    events=events,
                    seal=verified.seal,
                )
            )
    sys.exit(FOUND if verified.faults else CLEAN)
