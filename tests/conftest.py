"""What all tests share: the LibreOffice that tests marked `office` drive, or the reason it is not there.

A test that asks for the fixture `office` is marked by that. Without LibreOffice these tests are left
out and the summary says so; where ``CI`` is set they fail instead, so that nothing goes unproven there.
"""

import os
from collections.abc import Iterator

import pytest

from tests.office import Office, available


@pytest.hookimpl(tryfirst=True)  # before -m selects by mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "office" in getattr(item, "fixturenames", ()):
            item.add_marker("office")
    marked = [item for item in items if item.get_closest_marker("office")]
    reason = available() if marked else None
    if reason and not os.environ.get("CI"):
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped: list[pytest.TestReport] = terminalreporter.getreports("skipped")
    left_out = [report for report in skipped if "office" in report.keywords]
    if left_out and (reason := available()):
        terminalreporter.section("LibreOffice")
        terminalreporter.line(
            f"{len(left_out)} tests were left out: {reason}; see tests/install_office.sh"
        )


@pytest.fixture(scope="session")
def office() -> Iterator[Office]:
    """A running LibreOffice, one for each worker; close what you open in it."""
    with Office() as running:
        yield running
