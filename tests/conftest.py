"""What all tests share: the LibreOffice that tests marked `office` drive, or the reason it is not there.

A test that asks for the fixture `office` is marked by that. Without LibreOffice these tests are left
out and the summary says so; where ``CI`` is set they fail instead, so that nothing goes unproven there.

Golden files (tests/golden/) are what a test saw when a person last looked at it; ``--update-golden``
writes them anew, and the difference is for that person to read.
"""

import difflib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.office import Office, available

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the files of tests/golden anew"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)`: the text is what tests/golden/<name> says."""
    update = request.config.getoption("--update-golden")

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        known = path.read_text(encoding="utf-8") if path.exists() else ""
        if known != text:
            pair = (known.splitlines(), text.splitlines())
            changes = list(difflib.unified_diff(*pair, name, "now", lineterm="", n=1))
            more = [f"… {len(changes) - 80} lines more"] if len(changes) > 80 else []
            pytest.fail("\n".join([*changes[:80], *more, "(--update-golden accepts this)"]), False)

    return compare


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
