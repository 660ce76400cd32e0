"""A cluster of two workers, one killed while it works, gives what one process gives."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import dask
import pytest
from click.testing import CliRunner
from distributed import Client, LocalCluster, WorkerPlugin
from pandas.testing import assert_frame_equal

from tests.api import FOUND, Folder, cli, set_part
from tests.fillings import ROSTER, SAMPLES
from workbook import (
    FolderCounties,
    Partitions,
    Return,
    aggregate,
    check,
    load_roster,
    read_returns,
    roll_up,
    write_partitions,
)
from workbook.reading import County, Forms, Passwords, WorkBatch, known_forms, read_batch
from workbook.scale import listed
from workbook.scale.batches import is_record

pytestmark = pytest.mark.long

POISON = "poison"
COUNTY = "云溪区"
"""All returns are of it: a department may send again from another folder."""


def read_or_die(
    batch: WorkBatch[Path], *, forms: Forms, passwords: Passwords, county: County = ""
) -> list[Return]:
    """Reads, but one file kills the process."""
    if any(POISON in path.name for path in batch.items):
        os.kill(os.getpid(), signal.SIGKILL)
    return read_batch(batch, forms=forms, passwords=passwords, county=county)


class Deadly(WorkerPlugin):
    """Puts the deadly reader in the usual one's place, in the workers' processes only."""

    def setup(self, worker: object) -> None:  # noqa: ARG002
        set_part("the reader of a batch", read_or_die)

    def teardown(self, worker: object) -> None:  # noqa: ARG002
        set_part("the reader of a batch", read_batch)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two workers in processes of their own, on loopback alone, each restarted when it dies."""
    settings = {"distributed.scheduler.allowed-failures": 0}
    with (
        dask.config.set(settings),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        yield client


@pytest.fixture
def returns(tmp_path: Path) -> Path:
    """The samples, twice."""
    folder = tmp_path / "returns"
    for name in ("one", "two"):
        shutil.copytree(SAMPLES / "returns", folder / name)
    return folder


def written(client: Client, returns: Path, out: Path, batch: int, kill: int = 0) -> Partitions:
    """The parts; after so many files a worker is killed (0 for none)."""
    seen: list[Path] = []
    victim = min(client.run(os.getpid).values())

    def progress(path: Path) -> None:
        seen.append(path)
        if len(seen) == kill:
            os.kill(victim, signal.SIGKILL)

    executor = client.get_executor()  # type: ignore[no-untyped-call]
    return write_partitions(
        listed([returns]), Folder(str(out)), forms=known_forms(), county=COUNTY, executor=executor,
        batch=batch, in_flight=4, progress=progress,
    )  # fmt: skip


def test_a_worker_killed_while_it_works_loses_nothing_and_doubles_nothing(
    client: Client, returns: Path, tmp_path: Path
) -> None:
    parts = written(client, returns, tmp_path / "parts", batch=2, kill=4)
    roster = load_roster(ROSTER)
    _, summary = roll_up(parts, roster)
    expected = aggregate(check(read_returns([returns], county=COUNTY), roster), roster)
    assert_frame_equal(summary.files, expected.files)
    assert_frame_equal(summary.findings, expected.findings)
    assert_frame_equal(summary.forms[0].departments, expected.forms[0].departments)
    assert_frame_equal(summary.forms[0].totals, expected.forms[0].totals)
    names = parts.folder.names()
    records = [name for name in names if is_record(name)]
    across = [name for name in names if "across-" in name]
    assert sorted(names) == sorted(
        {*parts.names, *records, *across, "_parts.json", "_files.parquet"}
    )
    assert sum(name.startswith("findings/") for name in names) > len(across) > 0


def test_counties_are_told_by_folder_on_a_cluster_too(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "returns"
    for county in ("甲县", "乙县"):
        (folder / county).mkdir(parents=True)
        for path in sorted((SAMPLES / "returns").glob("*.xlsx"))[:3]:
            shutil.copy(path, folder / county)
    county_of = FolderCounties.under(folder)
    executor = client.get_executor()  # type: ignore[no-untyped-call]
    parts = write_partitions(
        listed([folder]), Folder(str(tmp_path / "parts")), forms=known_forms(), executor=executor,
        county=county_of, batch=2, in_flight=4,
    )  # fmt: skip
    _, summary = roll_up(parts)
    expected = aggregate(check(read_returns([folder], county=county_of)))
    assert_frame_equal(summary.files, expected.files)
    assert_frame_equal(summary.findings, expected.findings)
    assert_frame_equal(summary.coverage, expected.coverage)
    assert_frame_equal(summary.forms[0].totals, expected.forms[0].totals)
    assert len(summary.coverage) == 6
    assert (summary.findings["code"] == "A504").sum() == 6, "each county's copies the other's"


def test_the_command_adds_up_on_a_cluster(client: Client, tmp_path: Path) -> None:
    out, data = tmp_path / "summary.xlsx", tmp_path / "data"
    words = ["aggregate", SAMPLES / "returns", "-o", out, "--roster", ROSTER, "--data", data,
             "--cluster", client.scheduler_info()["address"]]  # fmt: skip
    result = CliRunner().invoke(cli, [str(word) for word in words])
    assert (result.exit_code, result.stderr) == (FOUND, "")
    assert out.exists()
    assert list(data.glob("findings/year=2024/*/part-*.parquet"))
    # The next run over the same files reads none of them.
    again = CliRunner().invoke(cli, [str(word) for word in [*words, "--force"]])
    assert again.exit_code == FOUND


def test_a_file_that_kills_workers_is_rejected_alone(
    client: Client, returns: Path, tmp_path: Path
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted((returns / "one").iterdir())[:3]:
        shutil.copy(path, few)
    expected = aggregate(check(read_returns([few], county=COUNTY)))
    poison = few / f"{POISON}.xlsx"
    poison.touch()
    client.register_plugin(Deadly(), name="deadly")
    parts = written(client, few, tmp_path / "parts", batch=1)
    client.unregister_worker_plugin("deadly")  # type: ignore[no-untyped-call]
    _, summary = roll_up(parts)
    found = summary.findings[summary.findings["path"] == str(poison)]
    assert found["code"].tolist() == ["W104"]
    assert_frame_equal(summary.files.drop(str(poison)), expected.files)
