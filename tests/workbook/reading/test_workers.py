"""Work in batches: every item once, in whatever order, whatever becomes of the processes."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from concurrent.futures import ThreadPoolExecutor as Threads
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
from dask.base import tokenize

from tests.fillings import SAMPLES
from workbook import WorkbookError
from workbook.reading import Processes, WorkBatch, dispatch, executor_at

POISON = 13


def double(batch: WorkBatch[int]) -> list[int]:
    return [2 * item for item in batch.items]


def deadly(batch: WorkBatch[int]) -> list[int]:
    """Kills its process if the poison is among the items."""
    if POISON in batch.items:
        os.kill(os.getpid(), signal.SIGKILL)
    return double(batch)


def accident(batch: WorkBatch[Path]) -> list[str]:
    """Kills its process the first time that the file in it is seen."""
    for path in batch.items:
        if path.exists():
            path.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
    return [path.name for path in batch.items]


def faulty(_batch: WorkBatch[int]) -> None:
    raise ZeroDivisionError


def in_order(results: Sequence[tuple[WorkBatch[int], list[int] | None]]) -> list[int | None]:
    """The results of all items, by their places; every place must be there once."""
    places: list[int] = []
    found: list[int | None] = []
    for batch, result in sorted(results, key=lambda pair: pair[0].start):
        places += range(batch.start, batch.start + len(batch.items))
        found += result if result is not None else [None for _ in batch.items]
    assert places == list(range(len(places)))
    return found


@pytest.mark.parametrize("make", [Threads, ProcessPoolExecutor, Processes])
def test_every_item_is_worked_on_once(make: Callable[[int], Executor]) -> None:
    with make(2) as executor:
        found = list(dispatch(double, range(25), executor, size=4))
    assert (in_order(found), {len(batch.items) for batch, _ in found}) == (
        [2 * n for n in range(25)],
        {4, 1},
    )


def test_no_items_are_no_work() -> None:
    with Threads(1) as executor:
        assert list(dispatch(double, [], executor, size=4)) == []


def test_only_so_many_batches_are_under_way() -> None:
    started: list[int] = []
    most = 0

    def note(batch: WorkBatch[int]) -> int:
        started.append(batch.start)
        return batch.start

    with Threads(4) as executor:
        for done, _ in enumerate(dispatch(note, range(100), executor, size=1, in_flight=3)):
            most = max(most, len(started) - done)
    assert len(started) == 100
    assert most <= 3


def test_the_guilty_item_alone_is_given_up() -> None:
    with Processes(2) as executor:
        found = list(dispatch(deadly, range(40), executor, size=8))
    assert in_order(found) == [None if n == POISON else 2 * n for n in range(40)]


def test_an_accident_costs_no_item(tmp_path: Path) -> None:
    paths = [tmp_path / str(n) for n in range(6)]
    paths[3].touch()
    with Processes(2) as executor:
        found = list(dispatch(accident, paths, executor, size=2))
    names = [name for _, names in sorted(found, key=lambda f: f[0].start) for name in names or []]
    assert names == ["0", "1", "2", "3", "4", "5"]


def test_what_work_raises_is_raised() -> None:
    with Processes(2) as executor, pytest.raises(ZeroDivisionError):
        list(dispatch(faulty, range(9), executor, size=1))


def test_an_executor_that_stays_broken_is_told() -> None:
    with ProcessPoolExecutor(1) as executor, pytest.raises(BrokenExecutor):
        list(dispatch(deadly, range(40), executor, size=8))


class Gone(Threads):
    """Gives all work up, as a cluster does whose scheduler is gone."""

    def submit(self, *_args: Any, **_kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future


def test_work_given_up_is_told() -> None:
    with Gone(1) as executor, pytest.raises(WorkbookError, match="工作被取消"):
        list(dispatch(double, range(9), executor, size=4))


class Whole:
    """Work that must not be taken apart to be told from other work: there are whole definitions in it."""

    def __call__(self, batch: WorkBatch[int]) -> list[int]:
        return double(batch)

    def __dask_tokenize__(self) -> str:
        raise AssertionError


def test_dask_tells_equal_batches_apart_without_looking_into_them() -> None:
    tokens = set()

    class Noting(Threads):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            tokens.add(tokenize(fn, kwargs, *args))  # as Dask's own executor does
            return super().submit(fn, *args, **kwargs)

    with Noting(1) as executor:
        done = list(dispatch(Whole(), [1, 1, 1], executor, size=1))
    assert (in_order(done), len(tokens)) == ([2, 2, 2], 3)


def test_a_scheduler_that_does_not_answer_is_told() -> None:
    with pytest.raises(WorkbookError, match="nowhere"), executor_at("nowhere", 1):
        pass


SCRIPT = """
import multiprocessing
from workbook import read_returns
multiprocessing.set_start_method({way!r}, force=True)
read_returns([{folder!r}] * 20, workers=2)
"""


@pytest.mark.parametrize("way", multiprocessing.get_all_start_methods())
def test_a_script_that_is_not_guarded_gets_one_error_and_no_file_the_blame(
    tmp_path: Path, way: str
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(way=way, folder=str(SAMPLES / "returns")), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, timeout=120,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("Traceback")) == (1, 1)
    assert "__main__" in done.stderr.splitlines()[-1]


def test_no_process_is_forked() -> None:
    with Processes(1) as executor:
        assert executor.submit(way_of_starting).result() != "fork"


def test_processes_start_though_the_socket_of_their_server_was_tidied_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Processes(1) as executor:
        assert executor.submit(os.getpid).result() != os.getpid()
    monkeypatch.setattr(forkserver._forkserver, "_forkserver_address", "/nowhere")
    with Processes(1) as executor:
        assert executor.submit(way_of_starting).result() == "spawn"


def way_of_starting() -> object:
    return getattr(multiprocessing.current_process(), "_start_method", "")
