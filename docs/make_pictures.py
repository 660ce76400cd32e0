"""Make the pictures of the pages anew from the samples: `make refresh` (needs LibreOffice, Chromium)."""

from __future__ import annotations

import datetime
import os
import shutil
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from builder import build_page, build_summary  # noqa: E402
from tests.browser import browsing  # noqa: E402
from tests.desks import running  # noqa: E402
from tests.office import Office  # noqa: E402
from workbook import aggregate, check, load_roster, read_returns  # noqa: E402
from workbook.round import new_round, receive, send, send_back  # noqa: E402

SEED = next((TOP / "samples" / "returns").glob("125001_*.xlsx"))
PICTURES = TOP / "docs" / "pictures"
PAGES = {"form.png": 2, "report.png": 5, "selfcheck.png": 8}
"""Which page of the seed's printed return each picture shows."""


WINDOW = {"width": 1280, "height": 1000}


def photograph(page: Path, picture: Path) -> None:
    """The upper part of a page, as a browser's window shows it."""
    with browsing() as browser:
        window = browser.new_page(viewport=WINDOW, color_scheme="light")
        window.goto(page.as_uri())
        window.wait_for_selector("html[data-ready]")
        window.screenshot(path=picture)


def sent_back(folder: Path) -> Path:
    """The seed's return as it goes back to its department."""
    path = new_round(
        folder / "round",
        forms=["department_overall"],
        roster=TOP / "samples" / "roster.csv",
        year=2024,
        bureau="云溪区财政局",
    )
    receive(path, SEED)
    done = send_back(path, by="2025-4-15")
    return path / next(name for name in done.files if name.endswith(".xlsx"))


def desk(folder: Path) -> None:
    """The main pages of the desk, over a round of the samples, at a desk's width and on a phone."""
    due = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()
    path = new_round(
        folder / "2024年度自评",
        forms=["department_overall"],
        roster=TOP / "samples" / "roster.csv",
        year=2024,
        deadline=due + datetime.timedelta(days=5),
        bureau="云溪区财政局",
    )
    send(path)
    for each in sorted((TOP / "samples" / "returns").glob("*.xlsx")):
        came = Path(shutil.copy(each, path / "收件"))
        moment = datetime.datetime.fromisoformat("2025-03-20T09:00:00+08:00").timestamp()
        os.utime(came, (moment, moment))
    (path / "收件" / "扫描件0320.pdf").write_bytes(b"%PDF-1.4")
    receive(path)
    pages = {
        "desk_board": "board",
        "desk_department": "department?code=301001",
        "desk_receive": "receive",
    }
    with running(path) as served, browsing() as browser:
        window = browser.new_page(viewport={"width": 1280, "height": 720}, locale="zh-CN")
        window.goto(served.link())
        window.fill("[name=who]", "王芳")
        window.keyboard.press("Enter")
        window.wait_for_url("**/board")
        for name, page in pages.items():
            window.goto(f"{served.url}{served.here}/{page}")
            window.wait_for_selector("html[data-ready]")
            if name == "desk_department":
                window.locator("#t-findings").scroll_into_view_if_needed()
                window.evaluate("document.querySelector('.beside-form').scrollIntoView()")
            window.screenshot(path=PICTURES / f"{name}.png")
        window.set_viewport_size({"width": 390, "height": 844})
        window.goto(f"{served.url}{served.here}/board")
        window.screenshot(path=PICTURES / "desk_phone.png")


def main() -> None:
    """Print the seed's return and the samples' summary, and keep the pages that ours show."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Office() as office:
        out = Path(folder)
        pages = office.to_png(SEED, out, dpi=100)
        for name, page in PAGES.items():
            shutil.copy(pages[page - 1], PICTURES / name)
        roster = load_roster(TOP / "samples" / "roster.csv")
        returns = check(read_returns([TOP / "samples" / "returns"]), roster)
        found = aggregate(returns, roster)
        shutil.copy(office.to_png(sent_back(out), out, dpi=100)[0], PICTURES / "sent_back.png")
        photograph(build_page(found, out / "page.html"), PICTURES / "page.png")
        desk(out)
        summary = build_summary(found, out / "summary.xlsx")
        for name, page in (("summary.png", 1), ("departments.png", 2)):
            shutil.copy(office.to_png(summary, out, dpi=100)[page - 1], PICTURES / name)
    print(*sorted(PICTURES.iterdir()), sep="\n")


if __name__ == "__main__":
    main()
