"""Who may come in, what is refused before any page sees it, and that what departments write stays text."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import openpyxl
import pytest

from tests.api import Sessions, plain_words, replace_part
from tests.desks import SAMPLES, Clerk, RunningDesk, running
from workbook.round import new_round, opened, receive, send_back

CODE = "118001"
FORM_BYTES = 256 * 1024
MARKUP = "<img src=x onerror=alert(1)>\"'</script><style>*{display:none}</style>\u202e"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round in which everything that is not ours tries to be markup."""
    place = tmp_path_factory.mktemp("round")
    roster = place / "roster.csv"
    lines = (SAMPLES / "roster.csv").read_text(encoding="utf-8-sig").splitlines()
    listed = MARKUP.replace('"', "”").replace("\u202e", "")
    lines = [line.replace("万里", listed) for line in lines]
    lines.append(f"999001,{listed}")
    roster.write_text("\n".join(lines), encoding="utf-8-sig")
    folder = new_round(
        place / "r", forms=["department_overall"], roster=roster, year=2024, bureau=MARKUP
    )
    book = openpyxl.load_workbook(next((SAMPLES / "returns").glob("301001*")))
    ((sheet, cell),) = book.defined_names["goals.achieved_goals"].destinations
    book[sheet][cell.replace("$", "")] = MARKUP
    ((sheet, cell),) = book.defined_names["indicators.indicator.1"].destinations
    book[sheet][cell.replace("$", "")] = MARKUP
    book.save(folder / "收件" / "301001 <b>x<b> 教育局.xlsx")
    (folder / "收件" / "<svg onload=alert(1)>.pdf").write_bytes(b"%PDF")
    receive(folder)
    send_back(folder)
    return folder


@pytest.fixture(scope="module")
def desk(folder: Path) -> Iterator[RunningDesk]:
    with running(folder) as started:
        yield started


@pytest.fixture(scope="module")
def clerk(desk: RunningDesk) -> Iterator[Clerk]:
    with Clerk(desk, who=MARKUP[:39]) as logged_in:
        yield logged_in


PAGES = (
    "board", "department?code=301001", "department?code=999001", "lists/decide", "lists/back", "lists/chase", "lists/unassigned",
    "receive", "summary", "log", "close", "/", "/new", "nothing", "department?code=<b>&county=<i>", "board?q=<u>&county=<s>",
    "log?kind=<b>&who=<i>", "lists/<b>", "errand/<b>",
)  # fmt: skip


class Elements(HTMLParser):
    """What a browser makes of a page: its elements and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]


@pytest.mark.parametrize("path", PAGES)
def test_no_text_becomes_markup_on_any_page(clerk: Clerk, path: str) -> None:
    page = clerk.get(path).text
    elements = Elements(page)
    assert elements.tags.count("script") == 1
    assert (
        set(elements.tags)
        & {"img", "svg", "style", "i", "u", "s", "object", "embed", "base", "meta-refresh"}
        == set()
    )
    assert not [name for name in elements.attributes if name.startswith("on") or name == "style"]
    assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in elements.links)
    assert "\u202e" not in page


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_forbids_what_the_browser_must_not_do(clerk: Clerk, path: str) -> None:
    headers = clerk.client.get(clerk.at(path)).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"


def test_a_file_is_saved_under_its_name_whatever_stands_in_it(clerk: Clerk, folder: Path) -> None:
    with opened(folder) as this_round:
        received = [event for event in this_round.events if event.kind == "received"]
    for event in received:
        headers = clerk.get(f"file/received/{event.file}").headers
        assert headers["content-type"] == "application/octet-stream"
        assert re.fullmatch(
            r"attachment; filename=\"[\w. -]+\"; filename\*=UTF-8''[\w.%~-]+",
            headers["content-disposition"],
        )


@pytest.mark.parametrize(
    "name",
    [
        "a\r\nSet-Cookie: x=1.pdf",
        'a";b=c.pdf',
        "a\x00b.pdf",
        "甲" * 200 + ".pdf",
        "..",
        "/",
        "\u202efdp.exe",
    ],
)
def test_no_name_of_a_dropped_file_says_anything_to_browser_or_disk(
    clerk: Clerk, folder: Path, name: str
) -> None:
    (kept,) = clerk.drop((name, name.encode("utf-8", "surrogatepass"))).json()["kept"]
    assert (folder / "收件" / kept).is_file()
    clerk.receive()
    with opened(folder) as this_round:
        last = [event for event in this_round.events if event.kind == "received"][-1]
    answer = clerk.get(f"file/received/{last.file}")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


# --- who comes in ------------------------------------------------------------------------------------------


def test_a_link_lets_in_once(desk: RunningDesk) -> None:
    link = desk.link()
    with httpx.Client() as first, httpx.Client() as second:
        answer = first.get(link)
        cookie = answer.headers["set-cookie"]
        assert answer.headers["location"] == "/login"
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert "set-cookie" not in second.get(link).headers
        assert "只能用一次" in second.get(f"{desk.url}/login").text
        assert second.get(f"{desk.url}{desk.here}/board").headers["location"] == "/login"
        # Who was let in and has not said a name sees nothing yet.
        assert first.get(f"{desk.url}{desk.here}/board").headers["location"] == "/login"


def test_nothing_is_shown_or_done_without_logging_in(desk: RunningDesk) -> None:
    with httpx.Client(base_url=desk.url) as nobody:
        for path in (
            "/",
            "/new",
            *(f"{desk.here}/{each}" for each in ("board", "log", "file/result/page", "happenings")),
        ):
            answer = nobody.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        for path in ("decide", "upload", "receive", "close", "send"):
            assert nobody.post(f"{desk.here}/{path}", data={"do": "approve"}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421), ({"host": "127.0.0.1:1"}, 421), ({"host": ""}, 421), ({"host": "[::1"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
    ],
)  # fmt: skip
def test_another_name_of_the_host_is_refused(
    clerk: Clerk, headers: dict[str, str], status: int
) -> None:
    assert clerk.client.get(clerk.at("board"), headers=headers).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"}, {"origin": "http://127.0.0.1:1"}, {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"}, {"origin": "null", "sec-fetch-site": "cross-site"},
    ],
)  # fmt: skip
def test_a_form_of_another_page_is_refused(clerk: Clerk, headers: dict[str, str]) -> None:
    data = {"_check": clerk.check, "do": "nothing", **clerk.seen(CODE)}
    assert clerk.client.post(clerk.at("decide"), data=data, headers=headers).status_code == 403


def test_a_page_that_another_page_asks_for_is_refused(clerk: Clerk) -> None:
    for site, status in (
        ("cross-site", 403),
        ("same-site", 403),
        ("none", 200),
        ("same-origin", 200),
    ):
        assert (
            clerk.client.get(clerk.at("board"), headers={"sec-fetch-site": site}).status_code
            == status
        )


def test_a_form_without_the_secret_of_the_session_does_nothing(clerk: Clerk, folder: Path) -> None:
    with opened(folder) as this_round:
        before = len(this_round.events)
    seen = clerk.seen(CODE)
    for check in ("", "x", "é"):
        answer = clerk.client.post(
            clerk.at("decide"), data={"_check": check, "do": "nothing", **seen}
        )
        assert answer.status_code == 303
        assert "这一页已经旧了" in clerk.text("board")
    answer = clerk.client.post(clerk.at("upload"), files=[("files", ("a.pdf", b"x"))])
    assert (answer.status_code, "这一页已经旧了" in answer.text) == (400, True)
    assert not list((folder / "收件").glob("a.pdf"))
    with opened(folder) as this_round:
        assert len(this_round.events) == before


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\r\nx: y",
    ],
)
def test_a_form_leads_nowhere_else(clerk: Clerk, back: str) -> None:
    answer = clerk.send("decide", do="fly", back=back, **clerk.seen(CODE))
    assert answer.headers["location"] in ("/", f"{clerk.desk.here}/board")


def test_more_than_a_form_is_refused(clerk: Clerk) -> None:
    assert clerk.send("decide", why="x" * FORM_BYTES).status_code == 413

    def endless() -> Iterator[bytes]:
        for _ in range(FORM_BYTES // 1024 + 2):
            yield b"x" * 1024

    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = clerk.client.post(clerk.at("decide"), content=endless(), headers=headers)
    assert answer.status_code in (400, 413)
    assert clerk.client.request("DELETE", clerk.at("board")).status_code == 405


def test_secrets_stand_in_no_page(clerk: Clerk, desk: RunningDesk) -> None:
    key = desk.desk.sessions.new_key()
    cookies = list(clerk.client.cookies.jar)
    for path in PAGES:
        page = clerk.get(path).text
        assert key not in page
        assert "login?key" not in page
        assert not any(str(cookie.value) in page for cookie in cookies)


def test_a_password_lets_in_others_and_is_not_tried_forever(folder: Path) -> None:
    with (
        running(folder, password="开门", is_local=False) as desk,
        httpx.Client(base_url=desk.url) as other,
    ):
        assert "密码" in other.get("/login").text
        for _ in range(10):
            assert other.post("/login", data={"who": "李", "password": "不对"}).status_code == 403
        answer = other.post("/login", data={"who": "李", "password": "开门"})
        assert "错得太多了" in answer.text
        desk.desk.sessions._failed.clear()
        assert other.post("/login", data={"who": "李", "password": "开门"}).status_code == 303
        page = other.get("/").text
        assert "文件夹在别处" not in page
        check = re.search(r'name="_check" value="([^"]+)"', page)
        assert check is not None
        answer = other.post(
            "/open", data={"_check": check[1], "path": "/", "back": "/"}, follow_redirects=True
        )
        assert "只能用首页列出的" in answer.text
        assert "开门" not in page + answer.text


def test_who_is_idle_for_half_a_day_logs_in_again() -> None:
    moment = [time.monotonic()]
    sessions = Sessions(clock=lambda: moment[0])
    session = sessions.redeem(sessions.new_key())
    assert session is not None
    assert sessions.of(session.cookie) is session
    moment[0] += 13 * 3600
    assert sessions.of(session.cookie) is None


def test_logging_out_ends_it(desk: RunningDesk) -> None:
    with Clerk(desk) as leaving:
        cookies = dict(leaving.client.cookies)
        leaving.get("board")
        leaving.send("/logout")
        assert httpx.get(f"{desk.url}/", cookies=cookies).status_code == 303


def test_an_error_of_ours_is_a_reference_and_no_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBOOK_UNFORESEEN", "tell")
    replace_part(monkeypatch, "a row of the board", lambda *_: 1 / 0)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        _board_with_a_fault(folder)


def _board_with_a_fault(folder: Path) -> None:
    with running(folder) as desk, Clerk(desk) as clerk:
        answer = clerk.get("board")
        assert answer.status_code == 500
        assert "没有料到的差错（参考号" in answer.text
        assert "Traceback" not in answer.text


def test_a_sentence_of_a_verb_is_said_as_at_a_desk() -> None:
    """What speaks of options and commands is told apart by the table in `visits`; a new one has to be added there."""
    told = []
    top = Path(__file__).resolve().parents[3] / "workbook"
    for path in (*(top / "round").glob("*.py"), *(top / "levels").glob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for sentence in re.findall(r'"([^"]*[\u4e00-\u9fff][^"]*)"', line):
                said = plain_words(sentence)
                if re.search(r"--[a-z]|workbook round", said):
                    told.append(said)
    assert [
        each for each in told if not any(word in each for word in ONLY_AT_THE_COMMAND_LINE)
    ] == []


ONLY_AT_THE_COMMAND_LINE = (
    "只要 --counties", "请写明一个决定", "--department 只与", "--from 要给出", "close 写的", "没有这个命令",
    "workbook round receive",     "round.toml 里的", "请写成 --", "写了意见（--why）",
)  # fmt: skip
"""Of sentences that no form of the desk can call forth."""
