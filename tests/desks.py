"""A desk that really listens, and clerks who ask it as browsers do."""

from __future__ import annotations

import html
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from tests.api import Recents
from workbook.desk import Desk, build_application

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


class RunningDesk:
    """A desk on a port of its own, in a thread."""

    def __init__(self, folder: Path | None, recents: Path, **options: Any) -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        self.port = listening.getsockname()[1]
        self.faults: list[str] = []
        self.desk = Desk(
            folder, recents=Recents(recents), record=self.faults.append, workers=2, **options
        )
        application = build_application(self.desk, port=self.port)
        config = uvicorn.Config(
            application, log_config=None, lifespan="off", access_log=False, ws="none", timeout_graceful_shutdown=2
        )  # fmt: skip
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(
            target=self.server.run, kwargs={"sockets": [listening]}, daemon=True
        )
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def here(self) -> str:
        """The head of the addresses of the round it was started with."""
        assert self.desk.first is not None, "started with one"
        return f"/r/{self.desk.first.id}"

    def link(self) -> str:
        """A link that lets in once."""
        return f"{self.url}/login?key={self.desk.sessions.new_key()}"

    def stop(self) -> None:
        """End it."""
        self.desk.close()
        self.server.should_exit = True
        self.thread.join(15)


@contextmanager
def running(
    folder: Path | None, recents: Path | None = None, **options: Any
) -> Iterator[RunningDesk]:
    """A desk, for as long as it is needed; nothing unforeseen may have happened on it."""
    with tempfile.TemporaryDirectory() as place:
        desk = RunningDesk(folder, recents or Path(place) / "desk.json", **options)
        try:
            yield desk
        finally:
            desk.stop()
    assert not desk.faults, desk.faults


@contextmanager
def started(place: Path, *words: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`workbook desk`, begun in a folder, as a process of its own; and the first line that it prints."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(SAMPLES.parent),
        "PYTHONUNBUFFERED": "1",
        "XDG_CONFIG_HOME": str(place / "config"),
    }
    command = [sys.executable, "-m", "workbook", "desk", *map(str, words), "--no-browser"]
    process = subprocess.Popen(
        command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 60)[0]
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate(timeout=30)  # nothing that it had started outlives it


class _Fields(HTMLParser):
    """The fields of a page's forms, and what stands in them."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        is_off = about.get("type") == "checkbox" and "checked" not in about
        if tag == "input" and not is_off and about.get("name") not in (None, "_check", "back"):
            self.values[about["name"] or ""] = about.get("value") or ""


class Clerk:
    """Somebody at a browser who has logged in."""

    def __init__(self, desk: RunningDesk, who: str = "王芳") -> None:
        self.desk = desk
        self.client = httpx.Client(base_url=desk.url, timeout=90)
        assert self.client.get(desk.link()).status_code == 303
        self.get("/login")
        answer = self.client.post("/login", data={"who": who, "_check": self.check})
        assert answer.status_code == 303, answer.text

    def __enter__(self) -> Clerk:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def at(self, path: str) -> str:
        """An address: below the round unless it begins with a slash."""
        return path if path.startswith("/") else f"{self.desk.here}/{path}"

    def get(self, path: str) -> httpx.Response:
        """Open a page."""
        answer = self.client.get(self.at(path), follow_redirects=True)
        if found := re.search(r'name="_check" value="([^"]+)"', answer.text):
            self.check = found[1]
        return answer

    def text(self, path: str) -> str:
        """The text of a page, without its markup."""
        answer = self.get(path)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return words(answer.text)

    def send(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form of a page."""
        return self.client.post(self.at(path), data={"_check": self.check, **fields})

    def do(self, path: str, back: str = "board", **fields: Any) -> str:
        """Send a form, wait until it is done, and say what the next page says of it."""
        answer = self.send(path, back=self.at(back), **fields)
        assert answer.status_code == 303, (answer.status_code, answer.text)
        target = answer.headers["location"]
        for _ in range(600):
            page = self.get(target)
            if "data-stream" not in page.text:
                return messages(page.text)
            time.sleep(0.1)
        raise AssertionError(f"{path} does not end")

    def form(self, path: str) -> dict[str, str]:
        """What the forms of a page would send as they stand."""
        fields = _Fields()
        fields.feed(self.get(path).text)
        return fields.values

    def seen(self, code: str) -> dict[str, str]:
        """What a form of a department's page says that was seen."""
        text = self.get(f"department?code={code}").text
        names = ("code", "county", "form", "project", "seen", "since")
        return {
            name: html.unescape(found[1])
            for name in names
            if (found := re.search(rf'name="{name}" value="([^"]*)"', text))
        }

    def drop(self, *files: tuple[str, bytes]) -> httpx.Response:
        """Drop files in, as the script does."""
        return self.client.post(
            self.at("upload"),
            files=[("files", each) for each in files],
            headers={"X-Desk-Check": self.check},
        )

    def receive(self) -> str:
        """Have what lies in 收件 taken in; the page then."""
        answer = self.send("receive")
        assert answer.status_code == 303, answer.text
        for _ in range(600):
            page = self.get(answer.headers["location"])
            if "data-stream" not in page.text:
                return words(page.text)
            time.sleep(0.1)
        raise AssertionError("receiving does not end")


def words(page: str) -> str:
    """What is to be read on a page."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def messages(page: str) -> str:
    """What a page says first."""
    found = re.search(r'id="messages".*?</div>', page, re.DOTALL)
    return words(found[0].partition(">")[2]) if found else ""


def dies(*_: object, **__: object) -> None:
    """What a file does that kills the process in which it is read."""
    os._exit(3)
