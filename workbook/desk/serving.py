"""Starting the desk, and stopping it: the address, the link that lets in, the browser."""

from __future__ import annotations

import contextlib
import ipaddress
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import uvicorn

from workbook.desk.application import Desk, build_application
from workbook.errors import WorkbookError, reason_of
from workbook.language import speak, t

USUAL_PORT = 8765
_PATIENCE = 8.0
"""Seconds in which what was begun at the start comes to its end."""
_PORTS = 20
"""So many neighbours of the usual port are tried where it is taken."""


def serve_desk(
    folder: Path | None,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    password: str = "",
    browser: bool = True,
    say: Callable[[str], object] = print,
    record: Callable[[str], object] = lambda _: None,
) -> None:
    """Serve the desk until Ctrl+C or SIGTERM; the link that lets in is said first.

    Raises WorkbookError where the address is not this machine's alone and there is no password, or it is taken.
    """
    is_local = is_loopback(host)
    if not is_local and not password:
        raise WorkbookError(
            t(
                "{host} 是别的电脑也能打开的地址，要有密码：先把密码放进环境变量，再加 --password-env 变量名",
                host=host,
            )
        )
    listening = _listening(host, port)
    number = listening.getsockname()[1]
    desk = Desk(folder, password=password, record=record, is_local=is_local)
    warming = threading.Thread(target=desk.warm_up, daemon=True)
    try:
        application = build_application(desk, host=host, port=number)
        address = f"http://{_in_address(host)}:{number}"

        def link() -> str:
            return f"{address}/login?key={desk.sessions.new_key()}"

        first = link()
        say(first)
        say(t("这是登录链接，只能用一次。办完了按 Ctrl+C 停下；什么时候停都不会丢东西。"))
        another = t("另一个浏览器要登录的，用这个链接：")
        desk.on_key_used = lambda: say(f"{another}{link()}")
        speak("zh")  # as the pages do, whatever the command line speaks
        config = uvicorn.Config(
            application, log_config=None, access_log=False, server_header=False, lifespan="off",
            timeout_graceful_shutdown=3, proxy_headers=False, ws="none", h11_max_incomplete_event_size=64 * 1024,
        )  # fmt: skip
        server = uvicorn.Server(config)
        warming.start()
        with _ending(desk, server):
            if browser:
                threading.Timer(0.5, webbrowser.open, (first,)).start()
            server.run(sockets=[listening])
    finally:
        desk.stopping.set()
        if warming.ident is not None:
            warming.join(_PATIENCE)  # a process that is just being started would complain
        desk.close()
        listening.close()


@contextlib.contextmanager
def _ending(desk: Desk, server: uvicorn.Server) -> Iterator[None]:
    """Have what streams end as soon as the desk is to stop, not when browsers let go."""
    told = server.handle_exit

    def handle(number: int, frame: FrameType | None) -> None:
        desk.stopping.set()
        told(number, frame)

    server.handle_exit = handle  # type: ignore[method-assign,assignment]
    former = signal.getsignal(signal.SIGTERM)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, former)


def is_loopback(host: str) -> bool:
    """Whether only this machine can ask at an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _in_address(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - it listens everywhere; a name that others can type
        return socket.gethostname().lower()
    return f"[{host}]" if ":" in host else host


def _listening(host: str, port: int | None) -> socket.socket:
    """A socket at the port, or if none is named at the first free one from the usual on. Raises WorkbookError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    ports = [port] if port is not None else [*range(USUAL_PORT, USUAL_PORT + _PORTS), 0]
    refused: OSError | None = None
    for number in ports:
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows would share it with anybody
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, number))
            listening.listen(128)
        except OSError as error:
            listening.close()
            refused = error
            continue
        return listening
    assert refused is not None, "at least one port was tried"
    taken = t("这个端口有别的程序在用，请换一个 --port") if port is not None else reason_of(refused)
    address = host if port is None else f"{host}:{port}"
    raise WorkbookError(t("{address}：开不了（{reason}）", address=address, reason=taken))
