"""One request and its answer: what was typed, who asks, and how a page, a file or a refusal is told."""

from __future__ import annotations

import datetime
import re
import secrets
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from starlette.datastructures import FormData, QueryParams
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from workbook.arguments import as_day, as_whole
from workbook.desk.gate import SESSION
from workbook.desk.rounds_on_desk import RoundOnDesk, Snapshot
from workbook.desk.sessions import Session
from workbook.errors import WorkbookError
from workbook.levels import COUNTY_STATES
from workbook.reading import CHINA
from workbook.round import KIND_WORDS, PROBLEM_STATES, STATES, Done, today_in_china
from workbook.text import printable, printable_lines

if TYPE_CHECKING:
    from starlette.requests import Request

    from workbook.desk.application import Desk

CHECK = "_check"
"""The field that says that a form is of a page of ours."""
MARKS = {
    "to_decide": "◆", "faulty": "▲", "not_issued": "○", "sent_back": "◁", "issued": "□", "passed": "√",
    "approved": "■", "nothing": "—", "excused": "／", "missing": "□", "received": "◆",
}  # fmt: skip
"""By state its shape, for whom a colour tells nothing."""


class NotHere(WorkbookError):
    """There is no such page, round, department or file."""


@dataclass(slots=True)
class Visit:
    """What a page is asked, and by whom."""

    desk: Desk
    session: Session
    method: str
    path: str
    params: Mapping[str, Any]
    query: QueryParams
    form: FormData = field(default_factory=FormData)
    target: str = ""
    """The address with its filters, to come back to."""

    @classmethod
    def of(cls, desk: Desk, request: Request, form: FormData | None = None) -> Visit:
        """The one of a request."""
        url = request.url
        target = url.path + (f"?{url.query}" if url.query else "")
        session = request.scope.get(SESSION) or Session()
        return cls(desk, session, request.method, url.path, request.path_params, request.query_params,
                   form or FormData(), target)  # fmt: skip

    # what was asked

    def require_ours(self, given: str = "") -> None:
        """Refuse a form that is of no page of this session."""
        given = given or self.text(CHECK)
        if not given or not secrets.compare_digest(given.encode(), self.session.check.encode()):
            raise WorkbookError("这一页已经旧了，没有照办；请刷新以后再做一次")

    def text(self, name: str, usual: str = "") -> str:
        """What was typed in a field of the form, else stands in the address."""
        value = self.form.get(name) if self.method == "POST" else self.query.get(name)
        return value.strip() if isinstance(value, str) else usual

    def texts(self, name: str) -> list[str]:
        """All that was chosen of a field."""
        every = self.form.getlist(name) if self.method == "POST" else self.query.getlist(name)
        return [value.strip() for value in every if isinstance(value, str) and value.strip()]

    def number(self, name: str) -> int | None:
        """A whole number that was typed; None where nothing was. Raises WorkbookError."""
        text = self.text(name)
        return as_whole(_as_int(text, name), name, least=0) if text else None

    def day(self, name: str, what: str) -> datetime.date | None:
        """A day that was typed; None where none was. Raises WorkbookError."""
        text = self.text(name)
        try:
            return as_day(text, name) if text else None
        except WorkbookError:
            raise WorkbookError(f"{what}“{text[:20]}”不是日期，请写成 2025-3-31 这样") from None

    def day_to_come(self, name: str, what: str) -> datetime.date | None:
        """A day that was typed and has not passed; None where none was. Raises WorkbookError."""
        day = self.day(name, what)
        if day is not None and day < today_in_china():
            raise WorkbookError(f"{what} {day} 已经过去了，请核对日期")
        return day

    @property
    def round(self) -> RoundOnDesk:
        """The round that the address names. Raises NotHere."""
        return self.desk.round_of(str(self.params["round"]))

    @property
    def here(self) -> str:
        """The head of all addresses of that round."""
        return f"/r/{self.round.id}"

    # what is answered

    def page(self, template: str, status: int = 200, **about: Any) -> Response:
        """A page."""
        snapshot: Snapshot | None = about.get("snapshot")
        about |= {
            "visit": self, "session": self.session, "messages": self.session.told(), "check": self.session.check,
            "here": self.here if snapshot is not None else "", "desk": self.desk,
        }  # fmt: skip
        return HTMLResponse(self.desk.templates.get_template(template).render(about), status)

    def go(self, path: str, sentence: str = "", kind: str = "done") -> Response:
        """On to another page, which first says something."""
        self.session.tell(kind, plain(sentence))
        return RedirectResponse(path, 303)

    def back(self, usual: str) -> str:
        """Where a form says that it was; nowhere but here."""
        given = self.text("back")
        return given if re.fullmatch(r"/(?!/)[^\\\x00-\x1f]*", given) else usual

    def done(self, path: str, done: Done, *lines: str) -> Response:
        """On, with what a verb has done and what it refused."""
        for line in (*done.remarks, *lines, *done.said[:_MOST_TOLD]):
            self.session.tell("done", plain(line))
        for who, why in done.refused[:_MOST_TOLD]:
            self.session.tell("refused", plain(f"{who}：{why}"))
        if (more := len(done.refused) - _MOST_TOLD) > 0:
            self.session.tell("refused", f"……还有 {more} 项没有照办")
        return RedirectResponse(path, 303)


_MOST_TOLD = 12


def _as_int(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise WorkbookError(f"{name}：“{text[:20]}”不是整数") from None


def attached(path: Path, name: str) -> Response:
    """A file to be saved under a name, whatever stands in that. Raises NotHere."""
    if not path.is_file():
        raise NotHere(f"{name}：这个文件不在了")
    shown = printable(name).replace("/", "_").replace("\\", "_")
    quoted = urllib.parse.quote(shown, safe="")
    plain_name = re.sub(r"[^A-Za-z0-9._ -]", "_", shown) or "file"
    disposition = f"attachment; filename=\"{plain_name}\"; filename*=UTF-8''{quoted}"
    return FileResponse(
        path, media_type="application/octet-stream", headers={"content-disposition": disposition}
    )


# --- words for the desk ------------------------------------------------------------------------------------

_FOR_THE_DESK = (
    (r"[。，,]?(?:要核定)?(?:确要封存，)?请写明原因：--why “……”", "，请写明原因"),
    (r"：--why “……”", ""),
    (r"请先用 --use 定一份", "请先在“收到的各版”里定一份"),
    (r"请先定（--accept、--refuse）", "请先同意或不同意"),
    (r"请先 workbook round summary", "请先到“汇总”页重新汇总"),
    (r"先用 workbook round reopen 写明原因", "先在“封存”页写明原因、重新打开"),
    (r"运行 workbook round recheck 照新的重查", "到“汇总”页点“重读”照新的重查"),
    (r"用 workbook round assign 说是谁的", "请在“不知是谁的”里归到县区"),
    (r"请给出 workbook round new 建的文件夹", "请选收表的文件夹"),
    (r"请先用 workbook round new 建一个", "请先新建一次收表"),
    (r"这里应是 workbook round new 建的文件夹", "这里应是收表的文件夹"),
    (r"收哪些表？.*", "收哪些表？请至少勾一张"),
    (r"谁应报？.*", "谁应报？请选名册"),
    (r"，或用 --projects 给出", ""),
    (r"确要按原来的核定，先 --undo 撤销退回", "确要按原来的核定，先撤销退回"),
    (r"以后要查的用 --add 添", "以后要查的另加"),
    (r"(?:用|要用|请用) --form、--project 写明是哪一张", "请在那一张表的下面办"),
    (r"请用 --county 写明是哪个县区的", "请选是哪个县区的"),
    (r"用 --why 写明意见", "请写明意见"),
    (r"先用 --undo 撤销核定", "先撤销核定"),
    (r"--by (\S+) 已经过去了", r"改好报回的日期 \1 已经过去了"),
    (r"--until (\S+) 已经过去了", r"同意到的日期 \1 已经过去了"),
    (r"round\.toml 里没有写联系人（contact）", "“设置”页里没有写联系人"),
    (r"--(?:use|received-on|accept、--refuse) ", ""),
)
"""What verbs say to people at a command line, as it is said to those at a desk."""


def plain(sentence: str) -> str:
    """A sentence of a verb, without what only a command line knows."""
    for pattern, instead in _FOR_THE_DESK:
        sentence = re.sub(pattern, instead, sentence)
    return printable_lines(sentence)


def moment(text: str) -> str:
    """A moment as the clock in China showed it; a day as it is."""
    try:
        then = datetime.datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{then.astimezone(CHINA):%Y-%m-%d %H:%M}" if then.tzinfo else text


def held(value: object) -> str:
    """What stands in a cell, in a list of changes."""
    if value in (None, ""):
        return "（空）"
    text = f"{value:.15g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST = 120


def query(path: str, **about: Any) -> str:
    """An address with what it asks, blanks left out."""
    pairs = [(name, value) for name, given in about.items() for value in _each(given)]
    return f"{path}?{urllib.parse.urlencode(pairs)}" if pairs else path


def _each(given: Any) -> Iterator[str]:
    values: Iterable[Any] = given if isinstance(given, list | tuple) else (given,)
    yield from (str(value) for value in values if value not in (None, "", False))


def made_templates() -> jinja2.Environment:
    """The templates, in which every text is text: nothing of it becomes markup."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("workbook.desk", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals.update(
        query=query, STATES=STATES, COUNTY_STATES=COUNTY_STATES, MARKS=MARKS,
        PROBLEM_STATES=PROBLEM_STATES, KIND_WORDS=KIND_WORDS, CHECK=CHECK,
    )  # fmt: skip
    templates.filters.update(
        moment=moment, held=held, legible=lambda text: printable_lines(str(text)), plain=plain
    )
    templates.finalize = _legible
    return templates


def _legible(value: object) -> object:
    """What nobody sees in a text is written out, on every page."""
    return printable_lines(value) if type(value) is str else value
