"""The page in a real browser: it works from a file, loads nothing, shows every text as text, prints whole."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builder import build_page
from tests.api import finding
from tests.fillings import (
    FILLED,
    ROSTER,
    accepted,
    changed,
    filling,
    project,
    project_form,
    rejected,
    sample_returns,
)
from tests.test_duties import PROJECT, of_project
from workbook import Return, Reviews, Summary, aggregate, check, load_roster
from workbook.summary import Review

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

HOSTILE = (
    "<img src=x onerror=\"document.title='broken'\">",
    "</script><script>document.title='broken'</script>",
    "=HYPERLINK(\"http://example.invalid\",\"x\")",
    "javascript:document.title='broken'",
    "&lt;b&gt; &amp; ${title} {{x}} \u202eتجربة 🏛️ 名",
    "很长" * 400,
)  # fmt: skip


def as_shown(text: str) -> str:
    """A text with what nobody sees written out."""
    return text.replace("\u202e", "\\u202e")


@dataclass
class Opened:
    """A page, and all that went wrong or was asked for while it was open."""

    page: Page
    requests: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, path: Path, **options: Any) -> Iterator[Opened]:
    """The page as a double click opens it; at the end nothing has gone wrong or over the network."""
    context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
    context.set_default_timeout(10_000)
    found = Opened(context.new_page())
    found.page.on("request", lambda request: found.requests.append(request.url))
    found.page.on("pageerror", lambda error: found.troubles.append(str(error)))
    found.page.on("console", lambda message: found.troubles.append(message.text))
    found.page.goto(path.as_uri())
    found.page.wait_for_selector("html[data-ready]")
    yield found
    assert found.requests == [path.as_uri()]
    assert found.troubles == []
    context.close()


@pytest.fixture(scope="module")
def page(samples_summary: Summary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_page(samples_summary, tmp_path_factory.mktemp("page") / "汇总 2024.html")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Departments enough for several pages of the list."""
    given = [filling(path) for path in FILLED]
    returns: list[Return] = []
    for number in range(120):
        own = changed(given[number % len(given)], identity__department=f"第{number:03}局",
                      identity__department_code=f"{number:06}")  # fmt: skip
        returns.append(accepted(own, f"{number}.xlsx"))
    return build_page(aggregate(check(returns)), tmp_path_factory.mktemp("many") / "many.html")


def column(page: Page, title: str) -> list[str]:
    """What the list of departments shows under a head."""
    heads = page.locator("#table thead th").all_inner_texts()
    place = heads.index(title) + 1
    cells = page.locator(f"#table tr.line > :nth-child({place})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_the_page_opens_from_a_file_and_shows_every_department(
    browser: Browser, page: Path, samples_summary: Summary
) -> None:
    with opened(browser, page) as at:
        assert at.page.title() == "2024 年度部门整体支出绩效自评汇总"
        shown = [name.removeprefix("▸ ") for name in column(at.page, "部门")]
        assert shown == samples_summary.coverage["department"].tolist()
        heads = at.page.locator("h1:visible, h2:visible").all_inner_texts()
        assert heads[1:] == ["总览", "单位", "报送情况", "指标", "抽查复核建议", "问题", "说明"]
        assert at.page.locator("#charts figure").count() == 7
        assert "104,060.47" in at.page.locator("#figures").inner_text()


def test_nothing_may_be_loaded_or_sent(browser: Browser, page: Path) -> None:
    with opened(browser, page) as at:
        broken = at.page.evaluate("""async () => {
            const seen = [];
            addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
            await fetch("http://127.0.0.1:9/").catch(() => {});
            document.body.append(Object.assign(new Image(), { src: "http://127.0.0.1:9/x.png" }));
            const script = document.createElement("script");
            script.textContent = "document.title = 'broken'";
            document.body.append(script);
            await new Promise((done) => setTimeout(done, 50));
            return seen;
        }""")
        assert {"connect-src", "img-src", "script-src-elem"} <= set(broken)
        assert at.page.title() != "broken"
        # The browser tells of each refusal, and of what it would have asked for.
        at.troubles.clear()
        del at.requests[1:]


def test_searching_filters_and_what_is_not_there_is_not_found(browser: Browser, page: Path) -> None:
    with opened(browser, page) as at:
        at.page.fill("#search", "图书馆")
        assert column(at.page, "预算编码") == ["207003"]
        at.page.fill("#search", "4010")
        assert column(at.page, "预算编码") == ["401001"]
        at.page.fill("#search", "没有这家")
        assert column(at.page, "预算编码") == []
        assert "筛选出 0 条" in at.page.locator("#count").inner_text()
        at.page.fill("#search", "")
        assert len(column(at.page, "预算编码")) == 14


def test_a_head_sorts_both_ways_and_the_missing_come_last(browser: Browser, page: Path) -> None:
    with opened(browser, page) as at:
        for order in ("descending", "ascending"):
            at.page.get_by_role("button", name="执行率", exact=True).click()
            assert at.page.locator(f'th[aria-sort="{order}"]').inner_text() == "执行率"
            shown = column(at.page, "执行率")
            rates = [float(text.removesuffix("%")) for text in shown if text != "—"]
            assert len(rates) == 11
            assert rates == sorted(rates, reverse=order == "descending")
            assert shown[11:] == ["—"] * 3


def test_a_click_and_the_keyboard_open_a_department_s_findings(
    browser: Browser, page: Path, samples_summary: Summary
) -> None:
    frame = samples_summary.findings
    own = frame[frame["department_code"] == "125001"]
    with opened(browser, page) as at:
        line = at.page.locator("tr.line", has_text="125001")
        line.click()
        told = at.page.locator("tr.detail .findings li")
        assert told.count() == len(own) == 17
        text = "".join(told.all_inner_texts())
        for message, hint in own[["message", "hint"]].itertuples(index=False):
            assert message in text
            assert hint in text
        assert "自评表!G17,G20,G21,G23,G25" in text
        line.get_by_role("button").press("Enter")
        assert told.count() == 0
        line.get_by_role("button").press("Enter")
        assert told.count() == 17
        assert line.get_by_role("button").get_attribute("aria-expanded") == "true"


def test_charts_tell_figures_and_filter_the_list(browser: Browser, page: Path) -> None:
    with opened(browser, page) as at:
        bar = at.page.locator("#charts button", has_text="须修改")
        bar.hover()
        assert at.page.locator("#tip").inner_text() == "须修改\n9 家，占 64.29%"
        bar.click()
        assert set(column(at.page, "状态")) == {"须修改"}
        assert len(column(at.page, "状态")) == 9
        at.page.locator("#charts button", has_text="分值").click()
        assert len(column(at.page, "状态")) == 3
        for name in ("状态：须修改", "问题：D420"):
            at.page.get_by_role("button", name=f"取消筛选 {name}").click()
        assert len(column(at.page, "状态")) == 14
        at.page.locator("#charts button", has_text="水利局").press("Enter")
        assert at.page.locator("tr.detail").count() == 1
        assert at.page.evaluate("document.activeElement.innerText").endswith("水利局")


def test_what_needs_attention_leads_to_its_departments(browser: Browser, page: Path) -> None:
    with opened(browser, page) as at:
        at.page.locator(".attention li", has_text="尚未报送").get_by_role("button").click()
        assert column(at.page, "状态") == ["未报", "未报"]
        at.page.locator("#sample button").first.click()
        assert at.page.locator("tr.detail .facts").inner_text().count("建议抽查") == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_texts_are_texts(browser: Browser, tmp_path: Path, width: int) -> None:
    returns = [
        accepted(changed(filling(FILLED[n]), identity__department=text, identity__department_code=f"{n:06}",
                         funds__final_budget=None, goals__achieved_goals=text),
                 f"{n}<b>.xlsx",
                 findings=[finding("W104", detail=text)])
        for n, text in enumerate(HOSTILE)
    ]  # fmt: skip
    returns.append(rejected("<i>坏</i>.xlsx", finding("W104", detail=HOSTILE[0])))
    found = aggregate(check(returns))
    path = build_page(found, tmp_path / "page.html")
    with opened(browser, path, viewport={"width": width, "height": 900}) as at:
        at.page.click("#unfold")
        texts = at.page.locator("tr.line th .long").evaluate_all(
            "all => all.map(e => e.textContent)"
        )
        assert sorted(texts) == sorted(map(as_shown, HOSTILE))
        messages = "".join(
            at.page.locator(".findings li").evaluate_all("all => all.map(e => e.textContent)")
        )
        told = found.findings
        for message in told.loc[told["path"] != "<i>坏</i>.xlsx", "message"]:
            assert as_shown(message) in messages
        assert (
            at.page.evaluate(
                "document.querySelectorAll('img, i, b, iframe, a:not([href^=\"#\"])').length"
            )
            == 0
        )
        assert at.page.title().startswith("2024")
        assert overflowing(at.page) == []


def overflowing(page: Page) -> list[str]:
    """What is wider than the window, or cut off inside its own cell or box."""
    found: list[str] = page.evaluate("""() => {
        const cut = [...document.querySelectorAll("th, td, figure, .figures > div, li, dd, p, h1")]
            .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
            .map((e) => e.tagName + " " + e.textContent.slice(0, 40));
        const root = document.documentElement;
        if (root.scrollWidth > root.clientWidth) cut.push("the page: " + root.scrollWidth);
        return cut;
    }""")
    return found


@pytest.mark.parametrize("width", [1280, 768, 390, 340])
def test_nothing_is_cut_off_at_any_width(browser: Browser, page: Path, width: int) -> None:
    with opened(browser, page, viewport={"width": width, "height": 800}) as at:
        at.page.click("#unfold")
        assert overflowing(at.page) == []


def test_on_a_small_screen_every_column_of_every_list_is_seen(
    browser: Browser, tmp_path: Path
) -> None:
    returns = [
        replace(accepted(filling(path), f"{county}/{path.stem}.xlsx"), county=county)
        for county in ("云溪区", "君山区")
        for path in FILLED
    ]
    entry = Review(
        "部门整体支出绩效自评", 2024, "君山区", "118001", "", "", 88.0, "", "部门汇总!J4"
    )
    summary = aggregate(check(returns), reviews=Reviews(Path("汇总表.xlsx"), (entry,)))
    path = build_page(summary, tmp_path / "page.html")
    with opened(browser, path, viewport={"width": 1280, "height": 720}) as at:
        assert "复核得分" in at.page.locator("#table thead").inner_text()
        widths = "all => all.map(e => [e.scrollWidth, e.clientWidth])"
        for inner, outer in at.page.locator(".wide:visible").evaluate_all(widths):
            assert inner <= outer


def luminance(colour: str) -> float:
    """How light a colour such as #1f4e79 is (WCAG 2), from 0 to 1."""
    value = colour.strip().removeprefix("#")
    value = "".join(c * 2 for c in value) if len(value) == 3 else value
    parts = [int(value[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_ink_is_legible_on_every_ground(browser: Browser, page: Path, scheme: str) -> None:
    inks = ("ink", "soft", "accent", "good", "warn", "bad")
    grounds = ("sheet", "ground", "fill", "mark")
    with opened(browser, page, color_scheme=scheme) as at:
        read = at.page.evaluate(
            """names => names.map((name) =>
                getComputedStyle(document.documentElement).getPropertyValue("--" + name))""",
            [*inks, *grounds],
        )
    light = {name: luminance(colour) for name, colour in zip((*inks, *grounds), read, strict=True)}
    assert (light["sheet"] > light["ink"]) == (scheme == "light")
    for ink in inks:
        for ground in grounds:
            low, high = sorted((light[ink], light[ground]))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)


def printed(path: Path) -> str:
    """All text of a PDF, without blanks and line ends."""
    done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)
    return "".join(done.stdout.decode().split())


def test_printing_cuts_nothing_off(
    browser: Browser, page: Path, samples_summary: Summary, tmp_path: Path
) -> None:
    with opened(browser, page) as at:
        at.page.click("#unfold")
        at.page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
        text = printed(tmp_path / "page.pdf")
        for name in samples_summary.coverage["department"]:
            assert name in text
        for code in samples_summary.findings["code"].unique():
            assert code in text
        assert "看这些单位" not in text
        # A4 lying, less its margins, in the browser's pixels.
        at.page.set_viewport_size({"width": round((297 - 24) / 25.4 * 96), "height": 700})
        at.page.emulate_media(media="print")
        assert overflowing(at.page) == []
    sizes = subprocess.run(["pdfinfo", tmp_path / "page.pdf"], capture_output=True, check=True)
    assert b"841.92 x 594.96" in sizes.stdout or b"841.92 x 595" in sizes.stdout


def test_long_lists_are_shown_in_pages_and_printed_whole(
    browser: Browser, many: Path, tmp_path: Path
) -> None:
    with opened(browser, many) as at:
        assert at.page.locator("tr.line").count() == 50
        at.page.get_by_role("button", name="末页").click()
        assert at.page.locator("tr.line").count() == 20
        assert "第 101–120 条" in at.page.locator("#count").inner_text()
        assert at.page.locator("#charts .columns").count() == 2  # scores, and rates as well
        at.page.pdf(path=tmp_path / "many.pdf", prefer_css_page_size=True)
        text = printed(tmp_path / "many.pdf")
        assert all(f"第{number:03}局" in text for number in range(120))
        assert text.count("名次") > 3  # the head stands on each page of the list
        assert at.page.locator("tr.line").count() == 20


def test_several_forms_are_shown_one_at_a_time(browser: Browser, tmp_path: Path) -> None:
    returns = [*sample_returns(), project(project_form(tmp_path), "修路<1>")]
    path = build_page(aggregate(check(returns)), tmp_path / "page.html")
    with opened(browser, path) as at:
        assert column(at.page, "状态").count("未报") == 1  # who sent only a project's form
        assert len(column(at.page, "部门")) == 13
        at.page.get_by_role("button", name="项目支出绩效自评表").click()
        assert column(at.page, "项目名称") == ["修路<1>"]
        assert column(at.page, "安排数") == ["2.00"]
        assert at.page.title() == "2024 年度项目支出绩效自评汇总"


def test_the_chart_of_rates_names_projects_where_a_line_is_one(
    browser: Browser, tmp_path: Path
) -> None:
    returns = [
        accepted(of_project(name, 12.0), f"{name}.xlsx", form=PROJECT)
        for name in ("校舍维修", "设备采购")
    ]
    path = build_page(aggregate(check(returns)), tmp_path / "page.html")
    with opened(browser, path) as at:
        rates = at.page.locator("figure.chart", has_text="各项目执行率").inner_text()
        assert "校舍维修" in rates
        assert "设备采购" in rates


def test_a_round_without_a_return_says_who_is_due(browser: Browser, tmp_path: Path) -> None:
    path = build_page(aggregate([], load_roster(ROSTER)), tmp_path / "page.html")
    with opened(browser, path) as at:
        assert column(at.page, "状态") == ["未报"] * 14
        assert "没有一份可以汇总的自评表" in at.page.locator("#notes").inner_text()


def test_counties_have_a_table_and_filter_the_list(browser: Browser, tmp_path: Path) -> None:
    """By the box beside the search, and by a county's name in the table; both say the same."""
    counties = ("甲县", "乙县", "乙县", '"<b>县')
    returns = [
        replace(accepted(filling(path), f"{county}/{path.stem}.xlsx"), county=county)
        for county, path in zip(counties, FILLED, strict=False)
    ]
    path = build_page(aggregate(check(returns)), tmp_path / "page.html")
    with opened(browser, path) as shown:
        page = shown.page
        assert page.locator("#counties tbody tr").count() == 3
        box, lines = page.locator("#county"), page.locator("#table tr.line")
        box.select_option("乙县")
        assert lines.count() == 2
        page.locator("#filters button").click()
        assert (box.input_value(), lines.count()) == ("", 4)
        page.locator("#counties button", has_text="<b>").click()
        assert (box.input_value(), lines.count()) == (counties[-1], 1)
        box.select_option("")
        assert lines.count() == 4


def test_without_counties_nothing_speaks_of_them(browser: Browser, page: Path) -> None:
    with opened(browser, page) as shown:
        for part in ("#counties", "#county", "nav a[href='#counties']"):
            assert not shown.page.locator(part).is_visible()
