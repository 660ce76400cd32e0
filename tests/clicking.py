"""Somebody at the desk who does by clicks what the verbs of a round do; and what is then read off its pages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error

from workbook import WorkbookError
from workbook.round import Done, Event, Received, fold, opened, received_since

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

WRITTEN = ("发出", "退回", "汇总", "公开", "催报")


class DeskGone(Exception):
    """The page says that the desk was stopped, or nobody answers any more."""


class Clicking:
    """The verbs of `workbook.round`, with their names, by a browser. What a page refuses is raised, in the page's words.

    Files to be received lie in `dropped`, from where they are dragged onto the page.
    """

    def __init__(self, page: Page, url: str, dropped: Path) -> None:
        self.page, self.url, self.dropped = page, url, dropped
        self.here = ""
        self.patience = 120.0
        """Seconds in which any work of these tests is done, where nobody disturbs it."""
        self.tabs: dict[str, Page] = {}
        dropped.mkdir(exist_ok=True)

    def log_in(self, link: str, who: str) -> None:
        """Come in by a link."""
        self.page.goto(link)
        self.page.fill("[name=who]", who)
        self._press(self.page.get_by_role("button", name="进入"))

    # --- the verbs

    def new_round(self, folder: Path, **about: Any) -> Path:
        self._go("/")
        known = self.page.locator(".rounds a", has_text=folder.name)
        if known.count():  # made just before somebody pulled the plug
            self.here = (known.first.get_attribute("href") or "").removesuffix("/board")
            return folder
        self._go("/new")
        self.page.fill("[name=name]", folder.name)
        if "last" in about:
            self.page.select_option("[name=last]", label=about["last"].name)
        for form in about.get("forms", ()):
            self.page.check(f"[name=forms][value={form}]")
        for name in ("year", "deadline", "bureau"):
            if name in about:
                self.page.fill(f"[name={name}]", str(about[name]))
        if "roster" in about:
            self.page.set_input_files("#roster", about["roster"])
        self._press(self.page.locator("button[value=look]"))
        self._press(self.page.get_by_role("button", name="建立"))
        found = re.match(r"/r/\w+", self._path())
        assert found is not None, self.page.url
        self.here = found[0]
        return folder

    def send(self, folder: Path) -> Done:
        return self._done(folder, "board", lambda: self.page.get_by_role("button", name="发表"))

    def receive(self, folder: Path) -> Received:
        after = last_event(folder)
        self._go("receive")
        if files := sorted(self.dropped.iterdir()):
            self.page.set_input_files("#files", files)
            self._press(self.page.locator("#send"))
            refused = self.page.locator("#not-sent li").all_inner_texts()
            assert not refused, refused
        else:
            self._press(self.page.get_by_role("button", name="收表", exact=True))
        for file in files:
            file.unlink()
        with opened(folder) as this_round:
            board = fold(this_round)
            new = tuple(received_since(this_round.events, board, after))
        told = self.page.locator("#rows tbody tr:not(.k-skipped)")
        is_of_this = not self.page.locator("#rows-head", has_text="最近").count()
        assert not is_of_this or told.count() == len(new), (told.all_inner_texts(), new)
        return Received(new, 0, board.missing, (), (), board)

    def assign(self, folder: Path, file: str, code: str) -> Done:
        def button() -> Locator:
            item = self.page.locator(".item", has_text=file)
            if item.count():
                item.locator("[name=whose]").fill(code)
            return item.get_by_role("button", name="归到这个单位")

        return self._done(folder, "lists/unassigned", button)

    def send_back(self, folder: Path, *, by: str) -> Done:
        def button() -> Locator:
            if self.page.locator("[name=by]").count():
                self.page.fill("[name=by]", by)
            return self.page.get_by_role("button", name="全部退回")

        return self._done(folder, "lists/back", button)

    def remind(self, folder: Path) -> Done:
        self._go("lists/chase")
        said = tuple(self.page.locator(".text").all_inner_texts())
        done = self._done(
            folder, "lists/chase", lambda: self.page.get_by_role("button", name="记下已催")
        )
        return Done(done.events, done.files, said=said)

    def decide(
        self, folder: Path, code: str, *, form: str = "", seen: int | None = None, why: str = "", **what: Any
    ) -> Done:  # fmt: skip
        (do, given), *_ = what.items()
        page = self.page
        if code in self.tabs and self.tabs[code].locator("[name=seen]").first.input_value() == str(
            seen
        ):
            self.page = self.tabs.pop(code)  # what was seen then
        else:
            self._go(f"department?code={code}" + (f"&form={form}" if form else ""))
        try:
            done = self._decided(folder, do, given, why)
            while do == "approve" and not form:  # all that the department owes
                self._go(f"department?code={code}")
                if not self._button(do, given).count():
                    break
                more = self._decided(folder, do, given, why)
                done = Done(done.events + more.events)
        finally:
            if page is not self.page:
                self.page.close()
                self.page = page
        return done

    def summarise(self, folder: Path) -> Done:
        return self._done(folder, "summary", lambda: self._named(r"^(重新)?汇总$"))

    def sample_round(self, folder: Path) -> Done:
        def button() -> Locator:
            self.page.locator("summary", has_text="抽查、重读").click()
            return self._named(r"^抽查$")

        self._go("summary")
        if not self.page.locator("[name=add]").count():  # else it was drawn, and stays so
            self._done(folder, "summary", button)
        rows = self.page.locator("h2:text-is('抽查') + table tbody tr")
        return Done(said=tuple(rows.all_inner_texts()))

    def publish(self, folder: Path) -> Done:
        return self._done(folder, "summary", lambda: self._named("^写公开的材料$"))

    def close_round(self, folder: Path) -> Done:
        return self._done(folder, "close", lambda: self._named("^(封存|再写一份)$"))

    def reopen_round(self, folder: Path, *, why: str) -> Done:
        def button() -> Locator:
            self.page.fill("[name=why]", why)
            return self._named("^重新打开$")

        return self._done(folder, "close", button)

    # --- what is seen

    def keep_open(self, code: str) -> None:
        """Look at a department in a tab of its own, to decide on it later."""
        tab = self.page.context.new_page()
        tab.goto(f"{self.url}{self.here}/department?code={code}")
        self.tabs[code] = tab

    def counts(self) -> dict[str, int]:
        """How many departments the board shows in each state."""
        self._go("board")
        shown = {}
        for chip in self.page.locator(".chips a[class]").all():
            (state,) = re.findall(r"s-(\w+)", chip.get_attribute("class") or "")
            shown[state] = int(chip.inner_text().split()[-1])
        return shown

    # --- how it is done

    def _decided(self, folder: Path, do: str, given: Any, why: str) -> Done:
        button = self._button(do, given)
        if not button.count():
            sealed = self.page.locator(".sealed").all_inner_texts()
            raise WorkbookError("".join(sealed) or f"{do}：这一页上没有")
        self.page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
        form = button.first.locator("xpath=ancestor::form")
        if why:
            form.locator("[name=why]").fill(why)
        elif form.locator("[name=why][required]").count():  # the browser would not let it go
            form.evaluate("form => form.noValidate = true")
        if do in ("extend", "received_on"):
            form.locator("[name=day]").fill(given)
        return self._done(folder, "", lambda: button.first)

    def _button(self, do: str, given: Any) -> Locator:
        page = self.page
        if do in ("accept", "refuse"):
            return page.locator(f"#p{given[0]} button[value={do}]")
        if do == "use":
            return page.get_by_role("button", name=f"以第 {given} 版为准")
        return page.locator(f"button[name=do][value={'dated' if do == 'received_on' else do}]")

    def _done(self, folder: Path, path: str, button: Callable[[], Locator]) -> Done:
        """Press a button of a page, wait until the work is done, and find out what it wrote."""
        after, before = last_event(folder), dict(_files(folder))
        if path:
            self._go(path)
        pressed = button()
        if not pressed.count():
            return Done()  # there is nothing of the kind to do, and the page offers none
        told = self._press(pressed)
        files = tuple(name for name, state in _files(folder) if before.get(name) != state)
        return Done(tuple(event.id for event in events_of(folder)[after:]), files, said=tuple(told))

    def _named(self, pattern: str) -> Locator:
        return self.page.get_by_role("button", name=re.compile(pattern))

    def _press(self, button: Locator) -> list[str]:
        """Press it; when the work has come to its end, what the page says of it. Raises what it refuses."""
        self.page.evaluate("document.documentElement.dataset.pressed = '1'")
        button.click()
        self._until(lambda: not self.page.locator("html[data-pressed]").count())
        self._settle()
        told = self.page.locator("#messages p, #live[data-done] p")
        refused = self.page.locator("#messages p.refused, #live p.remark").all_inner_texts()
        if refused:
            raise WorkbookError("；".join(refused))
        return told.all_inner_texts()

    def _settle(self) -> None:
        """Wait until a page, its script and the work that it shows stand."""
        self._until(
            lambda: (
                self.page.locator("html[data-ready]").count() == 1
                and not self.page.locator("#live[data-stream]:not([data-done])").count()
                and "/errand/" not in self._path()
            )
        )

    def _until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something. Raises DeskGone as soon as the page, or its absence, says that the desk was stopped."""
        until = time.monotonic() + self.patience
        while time.monotonic() < until:
            try:
                if self.page.locator("#gone").count():
                    raise DeskGone(self.page.inner_text("#gone"))
                if self.page.url.startswith("chrome-error:"):
                    raise DeskGone
                if is_so():
                    return
            except Error as error:
                if "navigat" not in str(error):  # else the page changed while it was looked at
                    raise
            self.page.wait_for_timeout(50)
        raise DeskGone(f"{self.page.url} does not come to its end")

    def _go(self, path: str) -> None:
        self.page.goto(self.url + (path if path.startswith("/") else f"{self.here}/{path}"))
        self._settle()
        if self._path() == "/login":
            raise DeskGone(self.page.inner_text("main"))

    def _path(self) -> str:
        return self.page.url.removeprefix(self.url).partition("?")[0]


def events_of(folder: Path) -> list[Event]:
    """All that has happened in a round; nothing, where there is none yet."""
    if not (folder / ".round" / "ledger.db").exists():
        return []
    with opened(folder) as this_round:
        return list(this_round.events)


def last_event(folder: Path) -> int:
    """The number of the last event."""
    return len(events_of(folder))


def _files(folder: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """What lies there for people, with what tells whether it was written anew."""
    for name in WRITTEN:
        for path in sorted((folder / name).rglob("*")):
            if path.is_file():
                yield (
                    path.relative_to(folder).as_posix(),
                    (path.stat().st_mtime_ns, path.stat().st_size),
                )
