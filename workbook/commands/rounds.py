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
from workbook.commands.messages import CLEAN, FOUND, CommandGroup, fail, say, t
from workbook.commands.options import Command, given_form, json_option, print_json, progress_bar

if TYPE_CHECKING:
    from workbook.round import Board, Done, Received

_MOST = 20
"""So many departments, files or sentences are named on the terminal; the rest on request, by --json."""
_PATH = click.Path(path_type=Path)
_DAY = click.DateTime(formats=["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"])


@click.group(
    name="round",
    cls=CommandGroup,
    help=t(
        "一年一次的收表：发出、收回、退回修改、核定、汇总、封存，都记在一个文件夹里。",
        "One year's collection: sent, received, sent back, decided, summed up, sealed; all in one folder.",
    ),
)
def round_() -> None:
    """See the group's help."""


# --- options ---------------------------------------------------------------------------------------------


def _folder(command: Command) -> Command:
    return click.argument("folder", metavar=t("文件夹", "DIR"), type=_PATH)(command)


def _code(command: Command) -> Command:
    return click.argument("code", metavar=t("预算编码", "CODE"))(command)


def _departments(command: Command) -> Command:
    text = t(
        "只管这个单位（预算编码）；可以写几次。",
        "This department only, by its code; may be repeated.",
    )
    return click.option(
        "--department", "departments", multiple=True, metavar=t("编码", "CODE"), help=text
    )(command)


def _which(command: Command) -> Command:
    """What tells duties of one code apart."""
    for name, chinese, english in (
        ("project", "哪个项目。", "Of which project."),
        ("form", "哪张表。", "Which form."),
        ("county", "哪个县区的（编码在几个县区都有时）。", "Of which county, where codes repeat."),
    ):
        command = click.option(f"--{name}", default="", help=t(chinese, english))(command)
    return command


def _day_option(name: str, chinese: str, english: str) -> Callable[[Command], Command]:
    return click.option(name, type=_DAY, metavar=t("日期", "DATE"), help=t(chinese, english))


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
            say(f"{who}：{why}")
        if len(done.refused) > _MOST:
            say(t(f"……共 {len(done.refused)} 项", f"... {len(done.refused)} in all"))
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
    rest = (
        t(f" 等 {len(every)} 个", f" and {len(every) - _MOST} more") if len(every) > _MOST else ""
    )
    return "、".join(every[:_MOST]) + rest


# --- the verbs -------------------------------------------------------------------------------------------


@round_.command(help=t("新建一次收表的文件夹。", "Make the folder of a round."))
@_folder
@click.option(
    "--form",
    "forms",
    multiple=True,
    metavar=t("表名", "FORM"),
    help=t("收哪张表；可以写几次。", "Which form; may be repeated."),
)
@click.option("--roster", type=_PATH, help=t("名册（.xlsx、.csv）。", "The departments."))
@click.option(
    "--counties",
    type=_PATH,
    help=t(
        "收各县区上报包的：县区的名单（.xlsx、.csv，有“县区”一列）。",
        "For a city: the counties whose packs it takes.",
    ),
)
@click.option(
    "--projects",
    type=_PATH,
    help=t("名册是 .csv 时，各单位的项目。", "The projects, for a CSV roster."),
)
@click.option(
    "--indicators",
    type=_PATH,
    help=t("名册是 .csv 时，批复的指标。", "The approved indicators, for a CSV roster."),
)
@click.option(
    "--year",
    type=click.IntRange(2000, 2100),
    help=t("年度（不写时按名册，再按上一年）。", "Fiscal year."),
)
@_day_option("--deadline", "报送截止日期。", "By when returns are due.")
@click.option(
    "--bureau", default="", help=t("收表的单位，写在退回的表和通知上。", "The bureau's name.")
)
@click.option(
    "--area",
    default="",
    help=t("本县区（本市）的名称，写进上报包。", "What the county is called, for the level above."),
)
@click.option("--from", "last", type=_PATH, help=t(
    "上一次收表的文件夹：名册、设置照旧，上年的数用来比较。", "Last year's folder, to go on from."))  # fmt: skip
@json_option
def new(
    folder: Path, forms: tuple[str, ...], roster: Path | None, counties: Path | None, projects: Path | None,
    indicators: Path | None, year: int | None, deadline: datetime.datetime | None, bureau: str, area: str,
    last: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """See the command's help."""
    from workbook.round import new_round

    given = [given_form(name, ()) for name in forms]
    path = new_round(
        folder, forms=given, roster=roster, counties=counties, projects=projects, indicators=indicators, year=year,
        deadline=_day(deadline), bureau=bureau, area=area, last=last,
    )  # fmt: skip
    if as_json:
        print_json({"events": [1, 2], "files": [str(path)], "refused": []})
        return
    if last is not None:
        say(t(
            "名册照抄了上一年的：预算数、项目、截止日期是上一年的，发表以前请先改好",
            "The roster is last year's: renew budgets, projects and deadlines before sending",
        ))  # fmt: skip
    then = "receive" if cities.is_city(path) else "send"
    say(t(
        f"建好了：{path}。设置在 {path / 'round.toml'}，可以改；接着：workbook round {then} {path}",
        f"Made {path}; its settings are in {path / 'round.toml'}; next: workbook round {then} {path}",
    ))  # fmt: skip


@round_.command(help=t("把表写进“发出”。", "Write the templates into 发出/."))
@_folder
@_departments
@_which
@json_option
def send(
    folder: Path, departments: tuple[str, ...], county: str, form: str, project: str, as_json: bool
) -> None:
    """See the command's help."""
    from workbook.round import send as verb

    with progress_bar(0, t("写出", "Writing")) as progress:
        done = verb(
            folder, departments, county=county, form=form, project=project, progress=progress
        )
    _end(
        done,
        as_json,
        t(
            f"写出 {len(done.files)} 份表，在 {folder / '发出'}",
            f"{len(done.files)} forms in {folder / '发出'}",
        ),
    )


@round_.command(
    help=t(
        "收表：“收件”里的，或给出的文件、文件夹、压缩包、邮件。",
        "Take in what lies in 收件/, or files given.",
    )
)
@_folder
@click.argument("paths", nargs=-1, metavar=t("文件...", "PATH..."), type=_PATH)
@click.option("--all", "all_", is_flag=True, help=t("每个文件都列出来。", "List every file."))
@json_option
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=lambda: os.cpu_count() or 1,
    help=t("用几个进程读取。", "How many processes read."),
)
def receive(folder: Path, paths: tuple[Path, ...], all_: bool, as_json: bool, workers: int) -> None:
    """See the command's help."""
    from workbook.round import receive as verb

    missing = [path for path in paths if not path.exists()]
    if missing:
        fail(
            t(f"找不到“{missing[0]}”，请检查路径", f"'{missing[0]}' does not exist; check the path")
        )
    if cities.is_city(folder):
        cities.receive(folder, paths, as_json=as_json)
    with progress_bar(0, t("读取", "Reading")) as progress:
        received = verb(folder, paths or None, workers=workers, progress=progress)
    if as_json:
        print_json(received.record())
    else:
        _print_received(received, all_=all_)
    sys.exit(FOUND if _is_open(received.board) else CLEAN)


def _print_received(received: Received, *, all_: bool) -> None:
    from workbook.round import OUTCOMES, told_errors, told_numbers

    words = told_numbers(received.numbers(), received.board)
    say(t("今天：", "Today: ") + t("，", ", ").join(t(*pair) for pair in words))
    for remark in received.remarks:
        say(remark)
    cities.say_waiting(received.waiting)
    told = [
        each
        for each in received.files
        if all_ or each.outcome not in ("counted", "replaced_older") or each.state == "faulty"
    ]
    for each in told if all_ else told[:_MOST]:
        why = f"：{each.why}" if each.why else ""
        who = f"{each.county} {each.code}".strip()
        version = t(f" 第 {each.version} 版", f" version {each.version}") if each.version else ""
        outcome = f"{t(*OUTCOMES[each.outcome])}{t(*told_errors(received.board, each))}"
        say(f"  {each.file}  {who}{version}  {outcome}{why}")
    if len(told) > _MOST and not all_:
        say(
            t(
                f"  ……共 {len(told)} 个，--all 全列出来",
                f"  ... {len(told)} in all; --all lists them",
            )
        )


@round_.command(help=t("现在到了哪一步：每个单位一行。", "Who is where: a line a department."))
@_folder
@click.option("--all", "all_", is_flag=True, help=t("每个单位都列出来。", "List every department."))
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
        counts = [f"{STATES[state]} {count}" for state, count in board.counts().items() if count]
        overdue = sum(department.is_overdue for department in board.departments)
        late = t(f"；逾期 {overdue}", f"; overdue {overdue}") if overdue else ""
        sealed = t("（已封存）", " (sealed)") if board.closed else ""
        say(
            t(
                f"{len(board.departments)} 个单位{sealed}：",
                f"{len(board.departments)} departments{sealed}: ",
            )
            + "，".join(counts)
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
            say(
                t(
                    f"  ……共 {len(told)} 个，--all 全列出来",
                    f"  ... {len(told)} in all; --all lists them",
                )
            )
        for stray in board.unassigned[:_MOST]:
            say(_stray_line(folder, stray))
        _print_questions(folder, [d for d in order if d.state == "to_decide"][:_MOST])
    sys.exit(FOUND if _is_open(board) else CLEAN)


def _stray_line(folder: Path, stray: Any) -> str:
    """A file of nobody, and how to say whose it is."""
    command = f"workbook round assign {folder} {stray.event}"
    return t(
        f"  不知是谁的 {stray.event}：{stray.name}（{stray.why}）；{command} 预算编码，或 --none",
        f"  of nobody {stray.event}: {stray.name} ({stray.why}); {command} CODE, or --none",
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

    severity = {"error": t("错误", "error"), "warning": t("提醒", "warning")}[problem["severity"]]
    words = filter(None, (problem["answer"], problem["note"]))
    said = ((t("单位答", "answer"), "，".join(words)), (t("我们定", "decided"), problem["why"]))
    told = "".join(f"  {word}：{text}" for word, text in said if text)
    state = t(*PROBLEM_STATES[problem["state"]])
    return (
        f"{problem['number']}  {state}  {severity}  {problem['place']}  {problem['message']}{told}"
    )


def _department_line(department: Any) -> str:
    from workbook.round import STATES

    entry, parts = department.entry, []
    for duty in department.duties:
        words = [STATES[duty.state], *(t(*pair) for pair in duty.remarks())]
        name = f"“{duty.project}”" if duty.project else ""
        parts.append(name + t("，", ", ").join(words))
    when = t(*department.told_days())
    when = t("，", ", ") + when if when else ""
    return f"  {' '.join(filter(None, (entry.county, entry.code, entry.department)))}  {'；'.join(parts)}{when}"


@round_.command(
    "send-back",
    help=t("把有问题的表写进“退回”，连同通知。", "Write what has to be mended into 退回/."),
)
@_folder
@_departments
@_which
@_day_option("--by", "请在这一天以前改好报回。", "By when it is to come back.")
@json_option
def send_back(
    folder: Path,
    departments: tuple[str, ...],
    county: str,
    form: str,
    project: str,
    by: datetime.datetime | None,
    as_json: bool,
) -> None:
    """See the command's help."""
    from workbook.round import send_back as verb

    with progress_bar(0, t("写出", "Writing")) as progress:
        done = verb(
            folder,
            departments,
            county=county,
            form=form,
            project=project,
            by=_day(by),
            progress=progress,
        )
    places = sorted({str(Path(name).parent) for name in done.files})
    line = t(
        f"退回 {len(places)} 个单位：{_listed(places)}",
        f"{len(places)} departments: {_listed(places)}",
    )
    _end(done, as_json, line if places else t("没有要退回的", "nothing to send back"))


@round_.command(
    help=t(
        "核定、指定哪份算、免报、延期、同意或不同意答复，或撤销。",
        "Decide on what a department owes, or undo that.",
    )
)
@_folder
@_code
@_which
@click.option(
    "--seen",
    type=click.IntRange(0),
    help=t("看到的是第几版；后来又有新的，就不照办。", "The version that was seen."),
)
@click.option("--approve", is_flag=True, help=t("核定。", "Approve."))
@click.option(
    "--send-back",
    is_flag=True,
    help=t("退回县区的上报包（收上报包的文件夹）。", "Send a county's pack back."),
)
@click.option(
    "--department",
    "departments",
    multiple=True,
    metavar=t("编码", "CODE"),
    help=t("退回的是这个单位的问题；可以写几次。", "For this department; may be repeated."),
)
@click.option(
    "--use",
    type=click.IntRange(1),
    metavar=t("版次", "VERSION"),
    help=t("以这一版为准。", "This version counts."),
)
@click.option("--excuse", is_flag=True, help=t("免报。", "Let off."))
@click.option(
    "--nothing", is_flag=True, help=t("单位申报没有要报的。", "There is nothing to report.")
)
@_day_option("--extend", "延期到这一天。", "Extend to this day.")
@_day_option("--received-on", "实际收到的日期。", "The day on which it really came.")
@click.option(
    "--version",
    type=click.IntRange(1),
    help=t("改哪一版的收到日期（不写是第一版）。", "Whose day of receipt (else the first's)."),
)
@click.option(
    "--accept",
    multiple=True,
    type=click.IntRange(1),
    metavar=t("序号", "NUMBER"),
    help=t("同意不改；可以写几次。", "This problem stays; may be repeated."),
)
@click.option(
    "--refuse",
    multiple=True,
    type=click.IntRange(1),
    metavar=t("序号", "NUMBER"),
    help=t("不同意单位的答复；可以写几次。", "The answer is refused; may be repeated."),
)
@click.option("--undo", is_flag=True, help=t("撤销最后一个决定。", "Take the last decision back."))
@click.option("--why", default="", help=t("原因。", "Why."))
@_day_option("--until", "同意不改到哪一天为止。", "Until when it may stay.")
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
            fail(
                t(
                    "收上报包的只有 --approve、--send-back、--undo",
                    "Of packs only --approve, --send-back, --undo",
                )
            )
        done = decide_county(
            folder, code, seen=seen, approve=approve, send_back=send_back, undo=undo, departments=departments, why=why
        )  # fmt: skip
        cities.end(done, as_json=as_json)
        return
    if send_back or departments:
        fail(t(
            "退回单位的表用 workbook round send-back；--send-back、--department 只用于收上报包的文件夹",
            "Use workbook round send-back; --send-back and --department are for folders of packs",
        ))  # fmt: skip
    done = verb(
        folder, code, county=county, form=form, project=project, seen=seen, approve=approve, use=use, excuse=excuse,
        nothing=nothing, extend=_day(extend), received_on=_day(received_on), version=version, accept=accept, refuse=refuse,
        undo=undo, why=why, until=_day(until),
    )  # fmt: skip
    _end(done, as_json, *done.said)


@round_.command(
    help=t(
        "说一个文件是哪个单位的；--none 是哪个单位的都不是。",
        "Say whose a file is, or that it is nobody's.",
    )
)
@_folder
@click.argument("file", metavar=t("文件", "FILE"))
@click.argument("code", metavar=t("[预算编码]", "[CODE]"), required=False, default="")
@click.option(
    "--none",
    "nobody",
    is_flag=True,
    help=t("哪个单位的都不是，不用管。", "It is nobody's, and need not wait."),
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
        fail(t("请写预算编码，或者 --none", "give the department's code, or --none"))
    if cities.is_city(folder):
        from workbook.levels import assign_pack

        cities.end(assign_pack(folder, file, code), as_json=as_json)
        return
    done = verb(folder, file, code, county=county, form=form, project=project)
    again = t(
        "；归错了，再写一次文件名和对的编码",
        "; to change it, give the file's name and the right code",
    )
    _end(done, as_json, *(f"{line}{again}" if code else line for line in done.said))


@round_.command(
    help=t("给该催的单位写催报的短信和邮件。", "Write reminders for those who are due.")
)
@_folder
@_departments
@json_option
def remind(folder: Path, departments: tuple[str, ...], as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import remind as verb

    done = verb(folder, departments)
    line = t(
        f"该催 {len(done.said)} 个单位，写在 {folder / '催报'}",
        f"{len(done.said)} departments, in {folder / '催报'}",
    )
    _end(done, as_json, line, *done.said[:_MOST])


@round_.command(
    help=t(
        "一个单位的各版、改了什么、发生过什么。",
        "A department's versions, what changed, what happened.",
    )
)
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
    for duty in record["duties"]:
        say(f"{duty['name']}" + (f"“{duty['project']}”" if duty["project"] else ""))
        for version in duty["versions"]:
            numbers = "；".join(
                f"{word} {'、'.join(map(str, version[name]))}"
                for name, word in (
                    ("gone", t("改好", "gone")),
                    ("new", t("新出现", "new")),
                    ("open", t("仍在", "open")),
                )
                if version[name]
            )
            number, errors, warnings = (version[name] for name in ("number", "errors", "warnings"))
            counts_now = t("（计入）", " (counts)") if number == duty["counted"] else ""
            which = t(f"第 {number} 版{counts_now}", f"version {number}{counts_now}")
            counts = t(f"错误 {errors}，提醒 {warnings}", f"{errors} errors, {warnings} warnings")
            say(
                f"  {which}  {_moment(version['received_at'])}  {version['file']}  {counts}  {numbers}".rstrip()
            )
            for change in version["changed"][:_MOST]:
                place = f"{change['label']}（{change['cell']}）"
                say(f"    {place}：{_shown(change['from'])} → {_shown(change['to'])}")
            if len(version["changed"]) > _MOST:
                say(
                    t(
                        f"    ……共 {len(version['changed'])} 格",
                        f"    ... {len(version['changed'])} cells",
                    )
                )
        if duty["problems"]:
            say(t(f"  第 {duty['latest']} 版的问题：", f"  problems of version {duty['latest']}:"))
        for problem in duty["problems"]:
            say(f"    {_problem_line(problem)}")
    for event in record["events"]:
        kind = t(*KIND_WORDS[event["kind"]])
        kind += t("（自动）", " (by itself)") if event["data"].get("by_itself") else ""
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
        return t("（空）", "(blank)")
    return f"{value:.15g}" if isinstance(value, float) else str(value)[:60]


_OF_FILES = ("read", "assigned", "approved", "used", "rechecked")


@round_.command(help=t("抽查：抽一次，抽定不变。", "Draw the sample for re-checking, once."))
@_folder
@click.option(
    "--add",
    multiple=True,
    metavar=t("编码", "CODE"),
    help=t("再加这个单位；可以写几次。", "Add this department; may be repeated."),
)
@json_option
def sample(folder: Path, add: tuple[str, ...], as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import sample_round

    done = sample_round(folder, add)
    _end(
        done,
        as_json,
        t(
            f"抽查 {len(done.said)} 个单位：{done.files[0]}",
            f"{len(done.said)} departments: {done.files[0]}",
        ),
        *done.said[:_MOST],
    )


@round_.command(help=t("把计入的表汇总，写进“汇总”。", "Sum up what counts, into 汇总/."))
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


@round_.command(
    help=t("把核定的表写成公开的材料，写进“公开”。", "Write what may be published into 公开/.")
)
@_folder
@click.option(
    "--pdf",
    is_flag=True,
    help=t("另写 PDF（要有 LibreOffice）。", "PDF as well (needs LibreOffice)."),
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
            f"公开 {count} 份，在 {folder / '公开'}；没有公开 {len(done.refused)} 份",
            f"{count} in {folder / '公开'}; {len(done.refused)} left out",
        ),
    )


@round_.command(
    help=t("用现在的程序把收到的表重读一遍。", "Read every copy anew with today's tool.")
)
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
    help=t(
        "封存：整个文件夹写成一个 .zip，另写一个给上一级的“-上报.zip”。",
        "Seal the whole folder into one archive, and what the level above gets into another.",
    ),
)
@_folder
@click.option(
    "--why",
    default="",
    help=t("还有没办完的也要封存，写明原因。", "Why it is closed though something is open."),
)
@click.option(
    "--with-contacts",
    is_flag=True,
    help=t("上报包里带上填表人、电话。", "Leave names and telephone numbers in the report pack."),
)
@click.option(
    "--with-files",
    is_flag=True,
    help=t("上报包里带上原件。", "Put the files themselves into the report pack."),
)
@json_option
def close(folder: Path, why: str, with_contacts: bool, with_files: bool, as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import close_round

    if cities.is_city(folder):
        from workbook.levels import close_city

        if why or with_contacts or with_files:
            fail(
                t(
                    "收上报包的，各县区都核定了就能封存，没有别的选项",
                    "Packs are sealed as they are",
                )
            )
        done = close_city(folder)
    else:
        done = close_round(folder, why=why, with_contacts=with_contacts, with_files=with_files)
    if as_json:
        print_json(done.record())
    else:
        for line in (*done.remarks, *done.said):
            say(line)
    sys.exit(CLEAN)


@round_.command("reopen", help=t("重新打开封存了的收表。", "Open a sealed round again."))
@_folder
@click.option("--why", default="", help=t("原因。", "Why."))
@json_option
def reopen(folder: Path, why: str, as_json: bool) -> None:
    """See the command's help."""
    from workbook.round import reopen_round

    done = reopen_round(folder, why=why)
    _end(done, as_json, *done.said)


@click.command(
    help=t(
        "核对封存包：每个字节都与封存时一样吗。",
        "Hold every byte of a sealed pack against its seal.",
    )
)
@click.argument("pack", metavar=t("封存包", "PACK"), type=_PATH)
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
            say(
                t(
                    f"{pack}：与封存时不同，{len(verified.faults)} 处",
                    f"{pack}: {len(verified.faults)} differences",
                )
            )
        else:
            events = (
                t(f"，{verified.events} 个事件", f", {verified.events} events")
                if verified.events
                else ""
            )
            say(t(f"{pack}：完好，{verified.files} 个文件{events}；印记 {verified.seal}",
                  f"{pack}: whole, {verified.files} files{events}; seal {verified.seal}"))  # fmt: skip
    sys.exit(FOUND if verified.faults else CLEAN)
