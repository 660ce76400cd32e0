"""Returns and parts in stores: what is read from file://, s3:// and memory:// is the same, and a rerun reads nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import pytest
from moto.server import ThreadedMotoServer
from pandas.testing import assert_frame_equal

from tests.fillings import ROSTER, SAMPLES
from workbook import aggregate, check, load_roster, read_returns, roll_up, write_partitions
from workbook.stores import location, state_in_store

COUNTY = "云溪区"
FIRST = min(path.name for path in (SAMPLES / "returns").glob("*.xlsx"))


@pytest.fixture(scope="module")
def store() -> Iterator[None]:
    """A stand-in for S3 on this machine, told to s3fs as users tell theirs."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    told = {
        "FSSPEC_S3_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    fsspec.config.set_conf_env(fsspec.config.conf)
    yield
    fsspec.config.conf.pop("s3", None)
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
    server.stop()


@pytest.fixture(params=["file", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, store: None) -> Iterator[str]:
    """Where four samples stand, and what is written of them."""
    if request.param == "file":
        url, root = f"file://{tmp_path}/round", str(tmp_path / "round")
    else:
        url, root = f"{request.param}://round", "round"
    system = fsspec.filesystem(request.param)
    system.mkdirs(f"{root}/returns", exist_ok=True)
    folder = tmp_path / "given"
    folder.mkdir()
    for path in sorted((SAMPLES / "returns").glob("*.xlsx"))[:4]:
        shutil.copy(path, folder)
        system.put_file(str(folder / path.name), f"{root}/returns/{path.name}")
    yield url
    if request.param != "file":
        system.rm(root, recursive=True)


def test_a_round_in_a_store_is_the_round_on_this_machine(place: str) -> None:
    roster = load_roster(ROSTER)
    with ThreadPoolExecutor(2) as executor:
        parts = write_partitions(
            f"{place}/returns", f"{place}/parts", county=COUNTY, executor=executor
        )
        read, summary = roll_up(parts, roster)
        again = write_partitions(
            f"{place}/returns", f"{place}/parts", county=COUNTY, executor=executor
        )
    expected = aggregate(
        check(read_returns(SAMPLES / "returns", county=COUNTY)[:4], roster), roster
    )
    assert summary.main is not None
    assert expected.main is not None
    assert_frame_equal(summary.main.totals, expected.main.totals)
    assert_frame_equal(
        summary.main.departments.drop(columns="file"),
        expected.main.departments.drop(columns="file"),
    )
    assert [returned.sha256 for returned in read] == expected.files["sha256"].tolist()
    assert again.reused == 4


def test_what_has_changed_in_a_store_is_told_by_its_state(place: str) -> None:
    path = location(f"{place}/returns/{FIRST}")
    before = state_in_store(path)
    assert before == state_in_store(path)
    system, name = fsspec.core.url_to_fs(str(path))
    with system.open(name, "wb") as file:
        file.write(b"other")
    system.invalidate_cache()
    assert state_in_store(path) not in (before, "-")
    assert state_in_store(location(f"{place}/returns/none.xlsx")) == "-"
