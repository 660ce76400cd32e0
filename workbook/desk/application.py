"""Which address leads to which page; and that whatever goes wrong is a sentence."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from workbook.desk import (
    board_page,
    city_pages,
    closing_pages,
    department_page,
    jobs,
    start_pages,
    uploads,
    waiting_lists,
)
from workbook.desk.gate import Gate, TooMuchSent, too_much
from workbook.desk.rounds_on_desk import Recents, RoundOnDesk, is_round
from workbook.desk.sessions import Session, Sessions
from workbook.desk.visits import NotHere, Visit, made_templates, plain
from workbook.errors import WorkbookError
from workbook.reading import Processes
from workbook.round import acting_as, reading_in

Page = Callable[[Visit], Response]
_MOST_FIELDS = 300
_MOST_POOLS = 2
"""So many are kept ready."""
_LONGEST_FIELD = 64 * 1024
_STATIC = {"desk.css": "text/css; charset=utf-8", "desk.js": "text/javascript; charset=utf-8"}


class Desk:
    """What all pages share: the rounds, who is let in, the work under way. Nothing that could be lost."""

    gate: Gate

    def __init__(
        self,
        folder: Path | None = None,
        *,
        base: Path | None = None,
        password: str = "",
        recents: Recents | None = None,
        record: Callable[[str], object] = lambda _: None,
        is_local: bool = True,
        workers: int | None = None,
    ) -> None:
        self.sessions = Sessions(password)
        self.recents = recents or Recents()
        self.base = (
            base or (folder.absolute().parent if folder is not None else Path.cwd())
        ).absolute()
        self.errands = jobs.Errands(record, self.readers)
        self.record = record
        self.is_local = is_local
        self.workers = workers or max(2, os.cpu_count() or 1)
        self.templates = made_templates()
        self.stopping = threading.Event()
        self.on_key_used: Callable[[], object] = lambda: None
        """Called when a link was used up: whoever started the desk can offer another."""
        self._scratch = tempfile.TemporaryDirectory(
            prefix="workbook-desk-", ignore_cleanup_errors=True
        )
        self.scratch = Path(self._scratch.name)
        self._rounds: dict[str, RoundOnDesk] = {}
        self._pools: list[Processes] = []
        self._lent: set[Processes] = set()
        self._lock = threading.Lock()
        self.first: RoundOnDesk | None = None
        if folder is not None:
            self.first = self.lay(folder)

    def close(self) -> None:
        """Stop what goes on, and take away what was put aside."""
        self.stopping.set()
        for pool in (*self._pools, *self._lent):
            pool.shutdown(wait=False, cancel_futures=True)
        self._scratch.cleanup()

    @contextlib.contextmanager
    def readers(self) -> Iterator[Processes]:
        """Processes that read what came, for one at a time; they stay, since they then know the forms."""
        with self._lock:
            pool = self._pools.pop() if self._pools else None
        pool = pool or Processes(self.workers)
        self._lent.add(pool)
        try:
            yield pool
        finally:
            with self._lock:
                self._lent.discard(pool)
                keep = len(self._pools) < _MOST_POOLS and not self.stopping.is_set()
                self._pools += [pool] if keep else []
            if not keep:
                pool.shutdown(wait=False, cancel_futures=True)

    def warm_up(self) -> None:
        """Have ready what the first page needs, while the clerk is still logging in."""
        if self.first is None:
            return
        with contextlib.suppress(WorkbookError, OSError):
            snapshot = self.first.snapshot()
            if snapshot.board is None or self.stopping.is_set():
                return
            board_page.rows_of(snapshot)
            with self.first.opened() as this_round:
                forms = tuple(this_round.forms.values())
            with self.readers() as pool:
                pool.submit(len, forms).result()  # which reads them there

    def lay(self, path: Path) -> RoundOnDesk:
        """Put a round on the desk."""
        on_desk = RoundOnDesk(path)
        on_desk = self._rounds.setdefault(on_desk.id, on_desk)
        self.recents.add(on_desk.path)
        return on_desk

    def round_of(self, round_id: str) -> RoundOnDesk:
        """The round of an address, also one that was bookmarked before the desk was started anew. Raises NotHere."""
        if round_id not in self._rounds:
            for known in self.known():
                self._rounds.setdefault(known.id, known)
        if round_id not in self._rounds:
            raise NotHere("没有这一次收表，或者它的文件夹搬走了；请从首页打开")
        return self._rounds[round_id]

    def known(self) -> list[RoundOnDesk]:
        """The rounds that can be opened: on the desk, opened of late, and in the folder where it was started."""
        paths = [on_desk.path for on_desk in self._rounds.values()]
        if self.is_local:
            paths += self.recents.paths()
        with contextlib.suppress(OSError):
            paths += sorted(each for each in self.base.iterdir() if is_round(each))
        unique = dict.fromkeys(path.absolute() for path in paths if is_round(path))
        return [self._rounds.get(r.id, r) for r in map(RoundOnDesk, unique)]

    def first_page(self) -> str:
        """Where somebody begins who has logged in."""
        return (
            f"/r/{self.first.id}/board"
            if self.first is not None and is_round(self.first.path)
            else "/"
        )

    def is_let_in(self, session: Session) -> bool:
        """Whether a session came by a link or a password, and not from nowhere."""
        return self.sessions.of(session.cookie) is session

    def require_local(self) -> None:
        """Refuse to others than those at this machine what concerns its folders. Raises WorkbookError."""
        if not self.is_local:
            raise WorkbookError("从别的电脑打开的，只能用首页列出的收表文件夹")


def build_application(desk: Desk, *, host: str = "127.0.0.1", port: int = 0) -> Gate:
    """The whole desk, as a server takes it."""

    def page(path: str, handler: Page, post: Page | None = None) -> list[Route]:
        pages = {"GET": handler, "POST": post} if post is not None else {"GET": handler}
        return [Route(path, _endpoint(desk, pages), methods=list(pages))]

    def verb(path: str, handler: Page) -> list[Route]:
        return [Route(path, _endpoint(desk, {"POST": handler}), methods=["POST"])]

    here = "/r/{round}"
    routes = [
        Route("/login", _guarded(desk, _login), methods=["GET", "POST"]),
        Route("/static/{name}", _static, methods=["GET"]),
        Route("/favicon.ico", _no_icon, methods=["GET"]),
        Route(f"{here}/upload", _guarded(desk, uploads.take_uploads), methods=["POST"]),
        Route(f"{here}/happenings", _guarded(desk, jobs.happenings), methods=["GET"]),
        *verb("/logout", start_pages.log_out),
        *page("/", start_pages.start_page),
        *page("/new", start_pages.new_page, start_pages.make_round),
        *verb("/open", start_pages.open_round),
        *page(f"{here}/board", board_page.board_page),
        *verb(f"{here}/noted", _noted),
        *page(f"{here}/department", department_page.department_page),
        *verb(f"{here}/decide", department_page.decide_here),
        *verb(f"{here}/send-back", department_page.send_back_here),
        *verb(f"{here}/assign", department_page.assign_here),
        *page(f"{here}/lists", waiting_lists.first_list),
        *page(f"{here}/lists/{{which}}", waiting_lists.list_page),
        *verb(f"{here}/send", waiting_lists.send_all),
        *verb(f"{here}/send-back-all", waiting_lists.send_back_all),
        *verb(f"{here}/approve", waiting_lists.approve_chosen),
        *verb(f"{here}/remind", waiting_lists.remind_all),
        *page(f"{here}/receive", waiting_lists.receive_page, waiting_lists.begin_receiving),
        *page(f"{here}/errand/{{errand}}", jobs.work_page),
        *page(f"{here}/summary", closing_pages.summary_page, closing_pages.summarise_here),
        *verb(f"{here}/publish", closing_pages.publish_here),
        *verb(f"{here}/sample", closing_pages.sample_here),
        *verb(f"{here}/recheck", closing_pages.recheck_here),
        *page(f"{here}/log", closing_pages.log_page),
        *page(f"{here}/close", closing_pages.close_page, closing_pages.close_here),
        *verb(f"{here}/reopen", closing_pages.reopen_here),
        *page(f"{here}/settings", start_pages.settings_page, start_pages.change_here),
        *page(f"{here}/file/{{kind}}/{{key}}", closing_pages.file_here),
        *page(f"{here}/county", city_pages.county_page),
        *verb(f"{here}/decide-county", city_pages.decide_on_county),
        *verb(f"{here}/assign-county", city_pages.assign_to_county),
    ]
    application = Starlette(routes=routes, exception_handlers={HTTPException: _no_such_page(desk)})
    desk.gate = Gate(application, desk.sessions, host=host, port=port)
    return desk.gate


# --- how a page is asked and answers -----------------------------------------------------------------------


def _endpoint(desk: Desk, pages: dict[str, Page]) -> Callable[[Request], Awaitable[Response]]:
    """A page that is made in a thread of its own, under the clerk's name."""

    async def answer(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        form = FormData()
        if method == "POST":
            form = await request.form(
                max_files=4, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD
            )
        try:
            visit = Visit.of(desk, request, form)
            return await run_in_threadpool(_made, visit, pages[method])
        finally:
            await form.close()

    return _guarded(desk, lambda _, request: answer(request))


def _made(visit: Visit, page: Page) -> Response:
    try:
        if visit.method == "POST":
            visit.require_ours()
        with acting_as(visit.session.who), reading_in(visit.desk.readers):
            return page(visit)
    except Exception as error:
        return _refused(visit, error)


def _refused(visit: Visit, error: Exception) -> Response:
    """What is told in place of a page, or of what a form asked for."""
    sentence = jobs.sentence_of(error, visit.desk.record)
    if visit.method == "POST" and isinstance(error, WorkbookError):
        back = visit.back(visit.path if visit.path == "/new" else "/")
        return visit.go(back, sentence, "refused")
    head: dict[str, Any] = {}
    with contextlib.suppress(
        WorkbookError, KeyError
    ):  # the head of a round that can be read stands above
        head = {"snapshot": visit.round.snapshot(), "section": ""}
    title = "没有找到" if isinstance(error, NotHere) else "没有照办"
    return visit.page("refused.html", _status(error), sentence=plain(sentence), title=title, **head)


def _status(error: Exception) -> int:
    return 404 if isinstance(error, NotHere) else 400 if isinstance(error, WorkbookError) else 500


def _guarded(
    desk: Desk, handler: Callable[[Desk, Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """The same of what answers itself, chunk by chunk."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(desk, request)
        except HTTPException:
            raise
        except TooMuchSent:
            return too_much()
        except ClientDisconnect:  # nobody is there any more to be told
            return Response(status_code=400)
        except Exception as error:
            sentence, status = jobs.sentence_of(error, desk.record), _status(error)
            if request.headers.get("x-desk-check"):
                return JSONResponse({"refused": [["", plain(sentence)]], "kept": []}, status)
            return PlainTextResponse(plain(sentence), status)

    return answer


async def _login(desk: Desk, request: Request) -> Response:
    """The door: a link is used up and leaves the address; then a name is asked."""
    key = request.query_params.get("key", "")
    if request.method == "GET" and key:  # to ask after it (HEAD) is not to open it
        session = desk.sessions.redeem(key)
        response: Response = RedirectResponse("/login", 303)  # the key is gone from the address
        if session is not None:
            desk.gate.remember(response, session)
            desk.on_key_used()
        return response
    form = await request.form(max_files=0, max_fields=20) if request.method == "POST" else None
    return await run_in_threadpool(_asked_who, Visit.of(desk, request, form))


def _asked_who(visit: Visit) -> Response:
    try:
        if visit.method == "POST":
            return start_pages.log_in(visit)
        if visit.session.who:
            return RedirectResponse(visit.desk.first_page(), 303)
        return start_pages.login_page(visit)
    except WorkbookError as error:
        visit.session.tell("refused", plain(str(error)))
        return start_pages.login_page(visit)


async def _static(request: Request) -> Response:
    """The style or the script; there are no other files."""
    name = request.path_params["name"]
    if name not in _STATIC:
        return PlainTextResponse("没有这个文件。", 404)
    content = (files("workbook.desk") / "static" / name).read_bytes()
    return Response(content, media_type=_STATIC[name])


async def _no_icon(_: Request) -> Response:
    return Response(status_code=204)


def _noted(visit: Visit) -> Response:
    """Put aside what was told of changes in the folder."""
    visit.round.notices.clear()
    return visit.go(f"{visit.here}/board")


def _no_such_page(desk: Desk) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        told = {404: "没有这一页；请从首页或上面的栏目进入", 405: "这一页不能这样打开"}  # noqa: RUF100
        sentence = told.get(error.status_code, "请求不对，没有照办")
        visit = Visit.of(desk, request)
        return visit.page("refused.html", error.status_code, sentence=sentence, title="没有找到")

    return answer
