"""What most tests of the desk ask for; where a module has a `folder` of its own, the desk stands on that."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desks import SAMPLES, Clerk, RunningDesk, running
from workbook.round import new_round


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A round that has just begun."""
    return new_round(
        tmp_path / "r", forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024
    )


@pytest.fixture
def desk(folder: Path) -> Iterator[RunningDesk]:
    with running(folder) as started:
        yield started


@pytest.fixture
def clerk(desk: RunningDesk) -> Iterator[Clerk]:
    with Clerk(desk) as logged_in:
        yield logged_in
