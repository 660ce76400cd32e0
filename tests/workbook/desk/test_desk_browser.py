"""The story of a round in a real browser; every page is looked at with axe, at both widths; parts with the keyboard alone."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.desks import SAMPLES, Clerk, RunningDesk, running
from tests.rounds import ByOpenpyxl, answers
from workbook.levels import decide_county, receive_packs
from workbook.round import close_round, new_round, opened, receive, send, send_back

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

RETURNS = sorted((SAMPLES / "returns").glob("*.xlsx"))
WIDTHS: tuple[ViewportSize, ...] = ({"width": 1280, "height": 720}, {"width": 390, "height": 844})
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDTHS[0], locale="zh-CN")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened_page = context.new_page()
    told: list[str] = []
    opened_page.on("pageerror", lambda error: told.append(str(error)))
    opened_page.on(
        "console", lambda line: told.append(line.text) if "Content Security" in line.text else None
    )
    yield opened_page
    context.close()
    assert not told, told


def ready(page: Page) -> None:
    """Wait until a page and its script stand."""
    page.wait_for_selector("html[data-ready]")


def look(page: Page) -> None:
    """Nothing serious for whoever cannot see or use a mouse; nothing wider than the window."""
    ready(page)
    for size in WIDTHS:
        page.set_viewport_size(size)
        wider = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wider <= 0, (page.url, size)
        faults: list[dict[str, Any]] = axe(page)
        serious = [
            (fault["id"], [node["html"][:120] for node in fault["nodes"][:3]])
            for fault in faults
            if fault["impact"] in ("serious", "critical")
        ]
        assert not serious, (page.url, serious)
    page.set_viewport_size(WIDTHS[0])


def axe(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds on a page; brought in beside the page's policy, which lets no foreign script in."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE})
    expression = "axe.run(document, {iframes: false}).then(r => JSON.stringify(r.violations))"
    answer = session.send("Runtime.evaluate", {"expression": expression, "awaitPromise": True})
    session.detach()
    found: list[dict[str, Any]] = json.loads(answer["result"]["value"])
    return found


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


FOCUSED = """(() => {
  const e = document.activeElement;
  return e ? (e.getAttribute('aria-label') || e.innerText || e.name || '') : '';
})()"""
"""What the element with the focus is called."""


def tab_to(page: Page, words: str) -> None:
    """Go on with the tabulator until the focus is on what is called so."""
    for _ in range(120):
        page.keyboard.press("Tab")
        where = page.evaluate(FOCUSED)
        if words in where:
            return
    raise AssertionError(f"the keyboard does not reach {words}")


def test_a_round_from_login_to_its_seal(page: Page, tmp_path: Path) -> None:
    with running(None, base=tmp_path) as desk:
        page.goto(desk.link())
        look(page)
        page.keyboard.type("王芳")
        press(page, "Enter")
        page.wait_for_url(f"{desk.url}/")
        look(page)
        _made_with_the_keyboard(page)
        look(page)
        page.get_by_role("button", name="发表").click()
        page.locator(".chips a", has_text="已发未报 14").wait_for(timeout=60_000)
        folder = tmp_path / "2024年度自评"
        _drop_and_see(page)
        _sent_back_and_answered(page, folder)
        _summed_up_and_sealed(page)
        with opened(folder) as this_round:
            assert {event.who for event in this_round.events[2:]} == {"王芳"}
            this_round.ledger.require_whole()


def _made_with_the_keyboard(page: Page) -> None:
    tab_to(page, "新建一次收表")
    press(page, "Enter")
    page.wait_for_url("**/new")
    look(page)
    tab_to(page, "name")
    page.keyboard.type("2024年度自评")
    page.set_input_files("#roster", SAMPLES / "roster.csv")
    tab_to(page, "看看名册对不对")
    press(page, "Enter")
    page.get_by_text("名册里的 14 个单位").wait_for()
    look(page)
    page.fill("[name=year]", "2024")
    page.fill("[name=deadline]", "2099-03-31")
    page.get_by_role("button", name="建立").click()
    page.wait_for_url("**/board")


def _drop_and_see(page: Page) -> None:
    page.get_by_role("link", name="收件").click()
    look(page)
    page.set_input_files("#files", [*RETURNS, SAMPLES.parent / "LICENSE"])
    page.get_by_role("button", name="送进来并收表").click()
    page.locator("#live[data-done], #rows .k-counted").first.wait_for(timeout=60_000)
    page.get_by_text("收好了：新收 13 个文件").wait_for(timeout=60_000)
    assert page.locator("#rows tbody tr").count() == 13
    look(page)
    page.get_by_role("link", name="选是哪个单位的").click()
    look(page)
    page.get_by_role("button", name="哪个单位的都不是").click()
    page.get_by_text("不用管了").wait_for()


def _sent_back_and_answered(page: Page, folder: Path) -> None:
    page.get_by_role("link", name="总表").first.click()
    look(page)
    page.fill("[name=q]", "教育")
    press(page, "Enter")
    page.get_by_role("link", name="岳阳市云溪区教育局").click()
    look(page)
    jump = page.locator(".jump").first
    jump.focus()
    press(page, "Enter")
    page.wait_for_function("document.activeElement.matches('td.hit:target')")
    page.locator("input[name=by]").fill("2099-04-15")
    page.get_by_role("button", name="退回修改").click()
    page.get_by_text("写好了退回的表和通知").wait_for()
    (place,) = (folder / "退回").glob("301001 *")
    given = answers({1: ("请免", "确有批复")})
    filled = ByOpenpyxl().fill(place / "第1次" / "自评表.xlsx", folder.parent / "改好.xlsx", given)
    page.get_by_role("link", name="收件").click()
    page.set_input_files("#files", filled)
    page.get_by_role("button", name="送进来并收表").click()
    page.get_by_text("换下旧件").wait_for(timeout=60_000)
    page.get_by_role("link", name="清单").click()
    look(page)
    # Decided with the keyboard alone: the reason, then the button.
    tab_to(page, "why")
    page.keyboard.type("有批复")
    press(page, "Tab", "Enter")
    page.get_by_text("同意 1 不改").wait_for()
    for which in ("要退回", "要催", "不知是谁的"):
        page.get_by_role("link", name=re.compile(which)).first.click()
        look(page)


def _summed_up_and_sealed(page: Page) -> None:
    page.get_by_role("link", name="汇总").click()
    look(page)
    page.get_by_role("button", name="汇总", exact=True).click()
    page.locator("iframe").wait_for(timeout=60_000)
    page.frame_locator("iframe").get_by_text("执行率").first.wait_for()
    look(page)
    page.get_by_role("link", name="日志").click()
    look(page)
    page.get_by_role("link", name="封存").click()
    look(page)
    page.fill("[name=why]", "演练")
    page.get_by_role("button", name="封存").click()
    page.get_by_text("印鉴下请写").first.wait_for(timeout=60_000)
    look(page)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A round with everything in it that has to be looked at: copies, answers, faults, an unreadable file."""
    place = tmp_path_factory.mktemp("round")
    folder = new_round(
        place / "r", forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024, deadline="2025-3-31"
    )  # fmt: skip
    send(folder)
    receive(folder, RETURNS)
    send_back(folder, ["301001"])
    (back,) = (folder / "退回").glob("301001 *")
    ByOpenpyxl().fill(
        back / "第1次" / "自评表.xlsx", folder / "收件" / "改好.xlsx", answers({1: ("请免", "确有批复"), 2: ("核对无误", "对的")})
    )  # fmt: skip
    (folder / "收件" / "118001 坏的.xlsx").write_bytes(b"no workbook")
    receive(folder)
    with running(folder) as started:
        yield started


PATHS = (
    "board", "board?overdue=1", "department?code=301001", "department?code=301001&version=1", "department?code=118001&version=2",
    "department?code=119001", "lists/decide", "lists/back", "lists/chase", "lists/passed", "receive", "log", "close", "nothing",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_every_page_can_be_used_by_everybody(page: Page, desk: RunningDesk, path: str) -> None:
    with Clerk(desk) as clerk:
        enter(page, clerk)
        page.goto(f"{desk.url}{clerk.at(path)}")
        look(page)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A city's round: one county's pack counts, one was recalled, one never came; a file is of nobody."""
    place = tmp_path_factory.mktemp("city")
    (place / "县.csv").write_text("县区\n云溪区\n君山区\n华容县\n", encoding="utf-8")
    folder = new_round(place / "全市", counties=place / "县.csv", year=2024)
    for area in ("云溪区", "君山区"):
        county = new_round(
            place / area, forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024, area=area
        )  # fmt: skip
        receive(county, RETURNS[0])
        shutil.copy(close_round(county, why="试").files[1], folder / "收件")
    (folder / "收件" / "不知谁的.zip").write_bytes(b"no pack")
    receive_packs(folder)
    decide_county(folder, "君山区", send_back=True, why="档案馆的数不对")
    with running(folder) as started:
        yield started


CITY_PATHS = (
    "board", "county?name=云溪区", "county?name=君山区", "county?name=华容县", "lists/unassigned", "receive", "summary", "log",
    "close", "nothing",
)  # fmt: skip


@pytest.mark.parametrize("path", CITY_PATHS)
def test_every_page_of_a_city_can_be_used_by_everybody(
    page: Page, city: RunningDesk, path: str
) -> None:
    with Clerk(city) as clerk:
        enter(page, clerk)
        page.goto(f"{city.url}{clerk.at(path)}")
        look(page)


def enter(page: Page, clerk: Clerk) -> None:
    """Go on in a browser as somebody who has logged in."""
    cookie = next(iter(clerk.client.cookies.jar))
    page.context.add_cookies(
        [{"name": cookie.name, "value": str(cookie.value), "url": clerk.desk.url}]
    )


def test_the_keyboard_goes_round_and_the_texts_are_copied(page: Page, desk: RunningDesk) -> None:
    page.goto(desk.link())
    page.keyboard.type("李强")
    press(page, "Enter")
    page.wait_for_url("**/board")
    ready(page)
    press(page, "Tab", "Enter")  # the link over the head
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto(f"{desk.url}{desk.here}/lists/chase")
    ready(page)
    tab_to(page, "复制给")
    press(page, "Enter")
    page.get_by_text("复制了一条").wait_for()
    assert "请尽快报送" in page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("button", name="全部短信复制").click()
    page.get_by_text(re.compile(r"复制了 \d+ 条")).wait_for()


DROPPED = """name => {
  const data = new DataTransfer();
  data.items.add(new File(["x"], name));
  const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.querySelector("main").dispatchEvent(event);
  return event.defaultPrevented;
}"""
"""A file is dropped somewhere on a page; whether the page stays."""


def test_a_file_dropped_beside_its_place_does_not_open_instead_of_the_page(
    page: Page, tmp_path: Path
) -> None:
    folder = new_round(
        tmp_path / "r", forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024
    )
    with running(folder) as desk, Clerk(desk) as clerk:
        enter(page, clerk)
        page.goto(f"{desk.url}{clerk.at('board')}")
        ready(page)
        assert page.evaluate(DROPPED, "118001 a.pdf")
        page.goto(f"{desk.url}{clerk.at('receive')}")
        ready(page)
        assert page.evaluate(DROPPED, "118001 a.pdf")
        page.get_by_text("收好了：新收 1 个文件").wait_for(timeout=60_000)


def test_twice_clicked_is_sent_once(page: Page, desk: RunningDesk) -> None:
    with Clerk(desk) as clerk:
        enter(page, clerk)
        page.goto(f"{desk.url}{clerk.at('receive')}")
        ready(page)
        page.set_input_files("#files", SAMPLES.parent / "LICENSE")
        sent: list[str] = []
        page.on("request", lambda asked: sent.append(asked.url) if "/upload" in asked.url else None)
        page.locator("#send").dblclick()
        page.get_by_text("收好了：新收 1 个文件").wait_for(timeout=60_000)
        assert len(sent) == 1


def test_a_page_whose_desk_is_gone_or_knows_nobody_says_what_to_do(
    page: Page, tmp_path: Path
) -> None:
    folder = new_round(
        tmp_path / "r", forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024
    )
    with running(folder) as desk, Clerk(desk) as clerk:
        enter(page, clerk)
        page.goto(f"{desk.url}{clerk.at('board')}")
        ready(page)
        _come_back(page)
        assert not page.locator("#gone").count()
        desk.desk.sessions.end(next(iter(desk.desk.sessions._by_cookie.values())))
        _come_back(page)
        page.locator("#gone", has_text="最后一行新的链接，重新登录；办过的都在").wait_for()
        look(page)
        answer = clerk.send("decide", do="approve")
        assert (answer.status_code, "找最后一行新的链接" in answer.text) == (403, True)
        assert "重新启动过的，也要用新的链接再登录一次" in clerk.get("board").text
    _come_back(page)
    page.locator("#gone", has_text="连不上收表台，它停了。请重新启动它").wait_for()


def _come_back(page: Page) -> None:
    """Look at the page again after having looked at something else."""
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(500)


def test_style_and_script_are_small() -> None:
    static = files("workbook.desk") / "static"
    assert sum(len(each.read_bytes()) for each in static.iterdir()) < 60_000
