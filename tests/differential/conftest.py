"""How much was compared, said at the end of the test run."""

from collections import Counter

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each sort of sample, over all tests and workers."""
    samples: Counter[str] = Counter()
    compared: dict[str, Counter[str]] = {}
    for report in terminalreporter.getreports("passed"):
        for name, value in getattr(report, "user_properties", ()):
            if name == "differential":
                what, count, sorts = value
                samples[what] += count
                compared.setdefault(what, Counter()).update(sorts)
    if compared:
        terminalreporter.section("LibreOffice against our own evaluation: nothing differs")
    for what, sorts in sorted(compared.items()):
        counts = ", ".join(f"{count:,} {sort}" for sort, count in sorts.most_common())
        terminalreporter.line(f"{what} ({samples[what]:,}): {sorts.total():,} compared: {counts}")
