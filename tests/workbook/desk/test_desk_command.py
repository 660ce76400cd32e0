"""`workbook desk`: started, killed, started again; and what it refuses before it listens."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from tests.api import cli
from tests.desks import started
from workbook.round import opened


@contextmanager
def logged_in(link: str) -> Iterator[httpx.Client]:
    """Somebody who has followed the link and said a name."""
    with httpx.Client(base_url=link.partition("/login")[0], timeout=30) as client:
        for _ in range(200):
            try:
                assert client.get(link).status_code == 303
                break
            except httpx.ConnectError:
                time.sleep(0.05)
        check = re.search(r'name="_check" value="([^"]+)"', client.get("/login").text)
        assert check is not None
        answer = client.post("/login", data={"who": "王芳", "_check": check[1]})
        assert answer.status_code == 303
        yield client


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_first_line_lets_in_and_a_signal_ends_it_at_once(
    folder: Path, ending: signal.Signals
) -> None:
    with started(folder.parent, folder) as (process, link):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/login\?key=[\w-]{20,}", link)
        with logged_in(link) as client:
            here = client.get("/", follow_redirects=True)
            assert here.status_code == 200
            place = re.search(r'href="(/r/\w+)/board"', here.text)
            assert place is not None
            # Somebody watches while it is stopped.
            with client.stream("GET", f"{place[1]}/happenings?after=0"):
                process.send_signal(ending)
                began = time.monotonic()
                assert process.wait(20) in (0, -ending, 128 + ending)
                assert time.monotonic() - began < 10
        assert process.stdout is not None
        assert "Traceback" not in process.stdout.read()


def test_it_is_killed_and_started_again_on_the_same_folder(folder: Path) -> None:
    with started(folder.parent, folder) as (process, link), logged_in(link) as client:
        board = client.get("/", follow_redirects=True).text
        process.send_signal(signal.SIGKILL)
        process.wait()
    with started(folder.parent, folder) as (process, link), logged_in(link) as client:
        place = re.search(r'href="(/r/\w+)/board"', board)
        assert place is not None
        assert client.get(f"{place[1]}/board").status_code == 200  # the address of before
    with opened(folder) as this_round:
        this_round.ledger.require_whole()


def said(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["desk", *words])
    return done.exit_code, done.output


def test_other_machines_only_with_a_password(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, told = said(str(folder), "--host", "0.0.0.0", "--no-browser")
    assert (code, "要有密码" in told) == (2, True)
    code, told = said(
        str(folder), "--host", "0.0.0.0", "--password-env", "NOT_THERE", "--no-browser"
    )
    assert (code, "没有设置密码" in told) == (2, True)


def test_a_folder_that_is_no_round_is_told(tmp_path: Path) -> None:
    code, told = said(str(tmp_path), "--no-browser")
    assert (code, "这里没有收表的账本" in told) == (2, True)


def test_without_its_libraries_it_says_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    code, told = said("--no-browser")
    assert code == 2
    assert "pip install 'selfeval-workbook[desk]'" in told


def test_a_port_that_is_taken_is_told(folder: Path) -> None:
    import socket  # noqa: PLC0415 - to be in the way

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        code, told = said(str(folder), "--port", str(other.getsockname()[1]), "--no-browser")
    assert (code, "请换一个 --port" in told) == (2, True)
