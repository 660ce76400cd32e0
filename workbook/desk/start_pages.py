"""Before a round: who is there, which rounds there are, how a new one is made; and what it goes by, which may be changed later."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from workbook.checking import Roster, load_counties, load_roster
from workbook.desk.rounds_on_desk import is_round
from workbook.desk.sessions import LONGEST_NAME
from workbook.desk.visits import Visit, plain
from workbook.errors import RosterError, WorkbookError
from workbook.form import Form, available_forms, load_form
from workbook.round import new_round, today_in_china
from workbook.text import printable
from workbook.writing import stem_of

_TABLES = (".xlsx", ".xls", ".ods", ".csv", ".xlsm")
_FIELDS = ("name", "place", "year", "deadline", "bureau", "area", "contact", "kind", "last")
_SHOWN = 50
_TEXTS = ("bureau", "area", "contact")
_SWITCHES = ("approve_passed", "close_checked_warnings")


# --- who is there ------------------------------------------------------------------------------------------


def login_page(visit: Visit) -> Response:
    """Ask for the name; where a password lets in, for that too."""
    return visit.page("login.html", is_let_in=visit.desk.is_let_in(visit.session), who="")


def log_in(visit: Visit) -> Response:
    """Note the name under which the clerk works."""
    desk, session = visit.desk, visit.session
    who = " ".join(printable(visit.text("who")).split())[:LONGEST_NAME]
    if not desk.is_let_in(session):
        opened = desk.sessions.by_password(visit.text("password"))
        if opened is None:
            closed = desk.sessions.is_closed_for_now()
            visit.session.messages = [
                ("refused", "错得太多了，请过一分钟再试" if closed else "密码不对，请再写一次")
            ]
            if not desk.sessions.asks_password:
                visit.session.messages = [
                    (
                        "refused",
                        "请用启动时给出的链接打开；链接只能用一次，用过的请到启动它的窗口里找新的",
                    )
                ]
            return visit.page("login.html", 403, is_let_in=False, who=who)
        session = opened
    else:
        visit.require_ours()
    if not who:
        session.tell("refused", "请写您的姓名：办的事都记在这个名下")
        response: Response = RedirectResponse("/login", 303)
    else:
        session.who = who
        response = RedirectResponse(desk.first_page(), 303)
    desk.gate.remember(response, session)
    return response


def log_out(visit: Visit) -> Response:
    """Let the clerk go."""
    visit.desk.sessions.end(visit.session)
    response = RedirectResponse("/login", 303)
    visit.desk.gate.forget(response)
    return response


# --- which rounds there are --------------------------------------------------------------------------------


def start_page(visit: Visit) -> Response:
    """The rounds that were opened last, and those in the folder in which the desk was started."""
    return visit.page("start.html", rounds=visit.desk.known(), draft=visit.session.draft)


def open_round(visit: Visit) -> Response:
    """Open a round by its folder; on this machine alone, since it is a path of this machine."""
    visit.desk.require_local()
    path = Path(visit.text("path").strip('"“”')).expanduser()
    if not path.is_absolute():
        path = visit.desk.base / path
    if not is_round(path):
        raise WorkbookError(f"{path}：这里没有收表的账本；请给出收表的文件夹，或新建一次收表")
    return visit.go(f"/r/{visit.desk.lay(path).id}/board")


# --- a new one ---------------------------------------------------------------------------------------------


def forms_there() -> list[Form]:
    """The newest definition of each form that comes with the program."""
    newest: dict[str, Form] = {}
    for form in map(load_form, available_forms()):
        if form.id not in newest or newest[form.id].version < form.version:
            newest[form.id] = form
    return list(newest.values())


def new_page(visit: Visit) -> Response:
    """What a new round needs."""
    return _asked(visit, visit.session.draft)


def _asked(visit: Visit, draft: dict[str, str], status: int = 200, **more: Any) -> Response:
    about: dict[str, Any] = {"roster": None, "mistakes": [], "is_late": False, **more}
    return visit.page(
        "new.html", status, draft=draft, forms=forms_there(), base=visit.desk.base, shown=_SHOWN,
        is_local=visit.desk.is_local, lasts=visit.desk.known(), **about,
    )  # fmt: skip


def make_round(visit: Visit) -> Response:
    """Look at what was typed, and at the roster line by line; make the round once the clerk has seen it."""
    draft = _typed(visit)
    roster: Roster | None = None
    if draft["roster"]:
        load = load_counties if draft["kind"] == "city" else load_roster
        try:
            roster = load(Path(draft["roster"]))
        except RosterError as error:
            mistakes = [plain(line) for line in _mistakes(error, draft)]
            draft["roster"] = draft["roster_name"] = ""
            return _asked(visit, draft, 422, mistakes=mistakes)
    has_roster = roster is not None or bool(draft["last"])
    if not has_roster:
        visit.session.tell("refused", "请选名册")
    if visit.text("do") != "make" or not has_roster:
        deadline = visit.day("deadline", "截止日期")
        return _asked(
            visit,
            draft,
            roster=roster,
            is_late=deadline is not None and deadline < today_in_china(),
        )
    path = _made(visit, draft)
    visit.session.draft = {}
    here = f"/r/{visit.desk.lay(path).id}/board"
    return visit.go(here, "建好了。先看看单位对不对，再点“发表”写出发给各单位的表")


def _typed(visit: Visit) -> dict[str, str]:
    """What was typed, and the files that were given now or before; it is kept until the round is made."""
    before, draft = visit.session.draft, {name: visit.text(name) for name in _FIELDS}
    draft["forms"] = " ".join(visit.texts("forms"))
    for field, endings, what in (
        ("roster", _TABLES, "名册应是 Excel 或 CSV 文件"),
        ("own", (".toml",), "表的定义应是 .toml 文件"),
    ):
        name = f"{field}_name"
        draft[field], draft[name] = before.get(field, ""), before.get(name, "")
        given = visit.form.get(field)
        if isinstance(given, UploadFile) and given.filename:
            if not given.filename.lower().endswith(endings):
                raise WorkbookError(f"{what}（{'、'.join(endings)}）")
            draft[field], draft[name] = _kept(visit, given), printable(given.filename)
    visit.session.draft = draft
    return draft


def _kept(visit: Visit, given: UploadFile) -> str:
    """Where a file lies until the round is made."""
    name = stem_of("", Path((given.filename or "").replace("\\", "/")).name).lstrip(".")
    target = Path(tempfile.mkdtemp(dir=visit.desk.scratch)) / (name or "＿")
    with target.open("wb") as file:
        shutil.copyfileobj(given.file, file)
    return str(target)


def _mistakes(error: RosterError, draft: dict[str, str]) -> list[str]:
    """What is wrong with the roster, a line each, under the name that the clerk gave it."""
    text = str(error).replace(draft["roster"], draft["roster_name"])
    return [line.strip() for line in text.splitlines() if line.strip()]


def _made(visit: Visit, draft: dict[str, str]) -> Path:
    desk = visit.desk
    name = stem_of("", draft["name"]) or ""
    if not name.strip("＿"):
        raise WorkbookError("请写文件夹的名称，如 2024年度自评")
    base = desk.base
    if draft["place"] and desk.is_local:
        base = Path(draft["place"]).expanduser()
        if not base.is_dir():
            raise WorkbookError(f"{base}：没有这个文件夹，请核对建在哪里")
    last = next((known.path for known in desk.known() if known.id == draft["last"]), None)
    roster = Path(draft["roster"]) if draft["roster"] else None
    is_city = draft["kind"] == "city"
    forms = [form for form in forms_there() if form.id in draft["forms"].split()]
    forms += [load_form(Path(draft["own"]))] if draft["own"] else []
    return new_round(
        base / name, forms=() if is_city else forms, roster=None if is_city else roster,
        counties=roster if is_city else None, year=visit.number("year"), deadline=visit.day("deadline", "截止日期"),
        bureau=draft["bureau"], area=draft["area"], contact=draft["contact"], last=last,
    )  # fmt: skip


# --- what a round goes by ----------------------------------------------------------------------------------


def settings_page(visit: Visit) -> Response:
    """The settings that may change while forms come in."""
    return visit.page("settings.html", snapshot=visit.round.snapshot(), section="settings")


def change_here(visit: Visit) -> Response:
    """Change those that the clerk has changed on the page; what another has changed meanwhile stays."""
    changed: dict[str, Any] = {}
    for name in (*_TEXTS, *_SWITCHES, "deadline", "remind_days"):
        if visit.text(name) != visit.text(f"was_{name}"):
            changed[name] = _value(visit, name)
    remarks = []
    if changed:
        with visit.round.opened() as this_round:
            remarks = this_round.change_settings(changed)
    for line in remarks:
        visit.session.tell("done", line)
    deadline = changed.get("deadline")
    if deadline is not None and deadline < today_in_china():
        visit.session.tell("done", f"截止日期 {deadline} 已经过去了，请核对")
    return visit.go(f"{visit.here}/settings", "" if remarks else "没有改动")


def _value(visit: Visit, name: str) -> object:
    if name == "deadline":
        return visit.day(name, "截止日期")
    if name in _SWITCHES:
        return visit.text(name) == "1"
    if name == "remind_days":
        days = visit.number(name)
        if days is None:
            raise WorkbookError("截止前几天起催？请写天数，如 7")
        return days
    return visit.text(name)
