"""The gate: who may ask for what, how much may be sent, and what every answer tells the browser not to do."""

from __future__ import annotations

import http.cookies
import ipaddress
import socket
from collections.abc import Mapping

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbook.desk.sessions import Session, Sessions

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
_OPEN = ("/login", "/static/", "/favicon.ico")
"""What is shown to those who are not logged in."""
_UNKNOWN = (
    "收表台重新启动过，或者登录过期了，没有照办。请到启动它的窗口里找最后一行新的链接，重新登录再做一次；"
    "以前办过的都在。"
)
FORM_BYTES = 256 * 1024
UPLOAD_BYTES = 1024 * 1024 * 1024
TABLE_BYTES = 60 * 1024 * 1024
_UPLOADS = {"upload": UPLOAD_BYTES, "new": TABLE_BYTES}
"""By the last word of an address: how much may be sent there; elsewhere a form's worth."""
SESSION = "desk.session"
"""Under which key of the scope a page finds who is asking."""


class TooMuchSent(Exception):
    """More was sent than may be."""


class Gate:
    """Stands before the application. Whatever is refused here never reaches a page."""

    def __init__(self, app: ASGIApp, sessions: Sessions, *, host: str, port: int) -> None:
        self.app = app
        self.sessions = sessions
        self.cookie = f"desk_{port}"
        self.host, self.port = host, port
        self.names = {"127.0.0.1", "localhost", "::1", host} - {"0.0.0.0", "::"}  # noqa: S104

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        guarded = _with_headers(send)
        session = self.sessions.of(self._cookie(headers))
        refusal = self._refusal(scope, headers, session)
        if refusal is not None:
            await refusal(scope, receive, guarded)
            return
        scope[SESSION] = session
        most = _UPLOADS.get(scope["path"].rpartition("/")[2], FORM_BYTES)
        await self.app(scope, _bounded(receive, most), guarded)

    # who may come in

    def _refusal(
        self, scope: Scope, headers: Mapping[str, str], session: Session | None
    ) -> Response | None:
        """What is answered in place of a page; None where the way is free."""
        method, path = scope["method"], scope["path"]
        if not self._is_ours(headers.get("host", "")):
            return PlainTextResponse("这个地址不是收表台的，请用启动时给出的地址打开。", 421)
        if method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("没有这种请求。", 405)
        if not self._is_from_here(method, path, headers):
            return PlainTextResponse("这个请求不是从收表台的页面来的，没有照办。", 403)
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            return PlainTextResponse("请求的长度写得不对。", 400)
        if int(length) > _UPLOADS.get(path.rpartition("/")[2], FORM_BYTES):
            return too_much()
        if path.startswith(_OPEN) or (session is not None and session.who):
            return None
        if method == "POST":
            return PlainTextResponse(_UNKNOWN, 403)
        return RedirectResponse("/login", 303)

    def _is_ours(self, host: str) -> bool:
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        if not name:
            name, port = port, ""
        if port and port != str(self.port):
            return False
        name = name.strip("[]").lower()
        if name in self.names:
            return True
        if self.host not in ("0.0.0.0", "::"):  # noqa: S104
            return False
        return _is_address(name) or name == socket.gethostname().lower()

    def _is_from_here(self, method: str, path: str, headers: Mapping[str, str]) -> bool:
        """Whether a page of ours, or the person at the browser, asks: by what no page can forge."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if method != "POST":
            is_door = path.startswith("/login")  # its link may be followed from anywhere
            return site in (None, "same-origin", "none") or is_door
        if site not in (None, "same-origin"):
            return False
        # Browsers that heed no-referrer send "null"; then the site above and the form's own secret tell.
        return origin in (None, "null") or origin.partition("://")[2] == headers.get("host", "")

    def _cookie(self, headers: Mapping[str, str]) -> str:
        jar = http.cookies.SimpleCookie()
        try:
            jar.load(headers.get("cookie", ""))
        except http.cookies.CookieError:
            return ""
        return jar[self.cookie].value if self.cookie in jar else ""

    def remember(self, response: Response, session: Session) -> None:
        """Have the browser keep who it is."""
        response.set_cookie(self.cookie, session.cookie, httponly=True, samesite="strict", path="/")

    def forget(self, response: Response) -> None:
        """Have the browser forget it."""
        response.delete_cookie(self.cookie, httponly=True, samesite="strict", path="/")


def too_much() -> Response:
    """What is answered where more was sent than may be."""
    return PlainTextResponse(
        "一次送来的太多了，没有收；请分几次，或者把大文件放进“收件”文件夹。", 413
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _with_headers(send: Send) -> Send:
    """Say with every answer what the browser must not do, unless the page says it otherwise."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name for name, _ in message["headers"]}
            added = [
                (name.encode(), value.encode())
                for name, value in _HEADERS.items()
                if name.encode() not in given
            ]
            message["headers"] = [*message["headers"], *added]
        await send(message)

    return sending


def _bounded(receive: Receive, most: int) -> Receive:
    """What is sent, until it is too much, whatever length was announced."""
    total = 0

    async def receiving() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > most:
            raise TooMuchSent
        return message

    return receiving
