"""What all tests share: the samples added up, and the LibreOffice and the browser that tests drive.

A test that asks for the fixture `office` or `browser` is marked by that. Without LibreOffice or Chromium
these tests are left out and the summary says so; where ``CI`` is set they fail instead, so that nothing
goes unproven there. A test marked `long` is left out unless ``--long`` or ``-m`` asks for it.
"""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from builder import build_template
from tests import browser as chromium
from tests import office as libreoffice
from tests.api import replace_part
from tests.fillings import FILLED, ROSTER, SAMPLES, filling, overall, sample_returns
from tests.office import Office
from workbook import Form, Return, Roster, Summary, aggregate, check, load_roster

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DRIVEN: dict[str, tuple[str, Callable[[], str | None], str]] = {
    "office": ("LibreOffice", libreoffice.available, "tests/install_office.sh"),
    "browser": ("Chromium", chromium.available, "tests/install_browser.sh"),
}
"""By fixture and mark: what is driven, why it cannot be, and what installs it."""

os.environ.setdefault("WORKBOOK_UNFORESEEN", "raise")  # an error of ours fails its test

settings.register_profile("quick", max_examples=20)
settings.register_profile("thorough", max_examples=1000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked long as well")


@pytest.fixture(scope="session")
def form() -> Form:
    """The form that the samples fill in."""
    return overall()


@pytest.fixture(scope="session")
def filled(form: Form, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook filled in as the first of the samples; no test changes it."""
    path = tmp_path_factory.mktemp("filled") / "filled.xlsx"
    return build_template(form, path, filling=filling(FILLED[0]))


@pytest.fixture
def _no_office(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal finds no LibreOffice."""
    replace_part(monkeypatch, "the office that rehearses", lambda: None)


@pytest.fixture(scope="session")
def roster() -> Roster:
    """The roster of the samples' round."""
    return load_roster(ROSTER)


@pytest.fixture(scope="session")
def checked_samples(roster: Roster) -> tuple[Return, ...]:
    """The samples' returns with all their findings; no test changes them."""
    return tuple(check(sample_returns(), roster))


@pytest.fixture(scope="session")
def samples_summary(checked_samples: tuple[Return, ...], roster: Roster) -> Summary:
    """What the samples add up to; no test changes it."""
    return aggregate(checked_samples, roster)


@pytest.fixture(scope="session")
def two_returns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the first two files of the samples; no test changes it."""
    folder = tmp_path_factory.mktemp("two")
    for path in sorted((SAMPLES / "returns").glob("*.xlsx"))[:2]:
        shutil.copy(path, folder)
    return folder


HERE = Path(__file__).resolve().parent
WHOLE = (
    "property", "workbook/rehearsal", "workbook/scale", "workbook/round/test_year.py", "workbook/round/test_killed.py",
    "workbook/desk/test_desk_killed.py", "workbook/desk/test_desk_year.py", "pins/test_year.py",
    "workbook/commands", "test_clock.py", "test_counties.py", "test_docs_forms.py", "test_duties.py", "test_front_door.py",
    "test_machine.py", "test_next_year.py", "test_nothing_lost.py", "test_notebook.py", "test_outputs.py", "test_package.py",
    "test_pages.py", "test_provenance.py", "test_readme.py", "test_typing.py", "test_unforeseen.py",
)  # fmt: skip
"""Tests, by their folders and files, that run whole commands, stories or thousands of fillings: marked `whole`."""


@pytest.hookimpl(tryfirst=True)  # before -m selects by mark
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(HERE).as_posix().startswith(WHOLE):
            item.add_marker("whole")
    if not config.getoption("--long") and "long" not in config.getoption("markexpr"):
        _keep(config, items, lambda item: not item.get_closest_marker("long"))
    for name, (_, available, _) in DRIVEN.items():
        for item in items:
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(name)
        marked = [item for item in items if item.get_closest_marker(name)]
        reason = available() if marked else None
        if reason and not os.environ.get("CI"):
            for item in marked:
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    # What is loaded by now stays: collecting rubbish among it again and again takes a sixth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_unconfigure() -> None:
    gc.unfreeze()  # what stays frozen is reported as leaked when Python ends


def _keep(
    config: pytest.Config, items: list[pytest.Item], wanted: Callable[[pytest.Item], bool]
) -> None:
    config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
    items[:] = [item for item in items if wanted(item)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("skipped")
    skipped = [report for report in reports if isinstance(report, pytest.TestReport)]
    for name, (title, available, script) in DRIVEN.items():
        left_out = [report for report in skipped if name in report.keywords]
        if left_out and (reason := available()):
            terminalreporter.section(title)
            terminalreporter.line(f"{len(left_out)} tests were left out: {reason}; see {script}")


@pytest.fixture(scope="session")
def office() -> Iterator[Office]:
    """A running LibreOffice, one for each worker; close what you open in it."""
    with Office() as running:
        yield running


@pytest.fixture(scope="module")  # not longer: playwright's loop would be in the way of others
def browser() -> Iterator["Browser"]:
    """A running browser without a window, one for each module; close the contexts you open in it."""
    with chromium.browsing() as running:
        yield running
