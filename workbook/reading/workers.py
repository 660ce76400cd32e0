"""Much work in batches, on any executor, whatever becomes of the processes that do it.

A bounded number of batches is under way. A batch whose process died is done once more, alone, so that
no other can be blamed; one that kills again is halved until the guilty item alone is left. Results
come as they are ready, each with the index of its items among all, so that a caller can put them
in order or on disk.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from workbook.errors import WorkbookError
from workbook.language import marked, t

T = TypeVar("T")
R = TypeVar("R")

IN_FLIGHT = 2 * (os.cpu_count() or 1)
"""How many batches are under way, unless told otherwise: one in work and one in reserve a core."""
LOCAL = "local"
"""In place of a cluster's address: the processes of this machine."""
_CHANCES = 2
"""How often one item alone has to kill its process before it is given up."""


@dataclass(frozen=True, slots=True)
class WorkBatch(Generic[T]):
    """Some neighbours among all items; `start` is the index of the first."""

    start: int
    items: tuple[T, ...]

    def halves(self) -> tuple[WorkBatch[T], WorkBatch[T]]:
        """The batch as two; it has at least two items."""
        middle = len(self.items) // 2
        return (
            WorkBatch(self.start, self.items[:middle]),
            WorkBatch(self.start + middle, self.items[middle:]),
        )


def dispatch(
    work: Callable[[WorkBatch[T]], R],
    items: Sequence[T],
    executor: Executor,
    *,
    size: int,
    in_flight: int = IN_FLIGHT,
) -> Iterator[tuple[WorkBatch[T], R | None]]:
    """What `work` gives for batches of at most `size` items, in the order in which they are ready.

    Every item is in exactly one of the batches. The result is None for a batch of one item that
    killed its process again and again. What `work` raises is raised here; BrokenExecutor if the
    executor takes no more work, WorkbookError if it gave the work up.
    """

    def submit(batch: WorkBatch[T]) -> Future[R]:
        return executor.submit(_Task(work, batch, uuid.uuid4().hex))

    batches = (WorkBatch(i, tuple(items[i : i + size])) for i in range(0, len(items), size))
    suspects: list[WorkBatch[T]] = []
    running: dict[Future[R], WorkBatch[T]] = {}
    try:
        while True:
            for batch in islice(batches, in_flight - len(running)):
                running[submit(batch)] = batch
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                batch = running.pop(future)
                try:
                    result = _result(future)
                except deaths():
                    suspects.append(batch)
                    continue
                yield batch, result
    finally:
        for future in running:
            future.cancel()
    for batch in suspects:
        yield from _alone(batch, submit, _CHANCES)


def _alone(
    batch: WorkBatch[T], submit: Callable[[WorkBatch[T]], Future[R]], chances: int
) -> Iterator[tuple[WorkBatch[T], R | None]]:
    """A batch of which something may kill, with nothing else under way."""
    future = submit(batch)  # what a broken executor raises here is no death
    try:
        result = _result(future)
    except deaths():
        if len(batch.items) > 1:
            for half in batch.halves():
                yield from _alone(half, submit, chances)
        elif chances > 1:
            yield from _alone(batch, submit, chances - 1)
        else:
            yield batch, None
        return
    yield batch, result


@dataclass(frozen=True, slots=True)
class _Task(Generic[T, R]):
    """The call that travels, unlike any before: Dask answers equal calls once, and takes them apart to tell unless
    they have a token."""

    work: Callable[[WorkBatch[T]], R]
    batch: WorkBatch[T]
    token: str

    def __call__(self) -> R:
        return self.work(self.batch)

    def __dask_tokenize__(self) -> str:
        return self.token


def _result(future: Future[R]) -> R:
    try:
        return future.result()
    except CancelledError:  # so Dask tells that its scheduler is gone
        raise WorkbookError(t("与集群的连接断了，或工作被取消；请检查集群后重新运行")) from None


def deaths() -> tuple[type[BaseException], ...]:
    """What an executor raises when the process that did the work died."""
    distributed = sys.modules.get("distributed")
    return (BrokenExecutor, distributed.KilledWorker) if distributed else (BrokenExecutor,)


@contextmanager
def executor_at(cluster: str, workers: int) -> Iterator[tuple[Executor, int]]:
    """The executor of a Dask scheduler (`tcp://…`), or `workers` processes of this machine where none
    is named; and how many batches keep it busy. Raises WorkbookError if the scheduler does not answer.
    """
    if cluster in ("", LOCAL):
        with Processes(workers) as pool:
            yield pool, 2 * workers
        return
    try:
        from distributed import Client  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise WorkbookError(
            t("--cluster 需要 distributed，请先运行：pip install 'selfeval-workbook[cluster]'")
        ) from None
    # It logs a lost connection with a traceback; what it means for the work is told by our error.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(cluster)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:  # a timeout is an OSError
        raise WorkbookError(
            t("连不上集群 {cluster}，请检查地址（{error}）", cluster=cluster, error=error)
        ) from None
    with client:
        threads = sum(client.nthreads().values())  # type: ignore[no-untyped-call]
        if not threads:
            raise WorkbookError(
                t("集群 {cluster} 里没有工作进程，请先启动 dask worker", cluster=cluster)
            )
        yield client.get_executor(), 2 * threads  # type: ignore[no-untyped-call]


class Processes(Executor):
    """Processes of this machine, made anew when one has died; never forked, which beside threads may hang.

    Raises WorkbookError where none can be started: each imports the script that is run, which must
    guard what it does.
    """

    def __init__(self, workers: int) -> None:
        if _is_being_started():
            sys.exit(1)  # the script of the process that starts this one tells why
        self._workers = workers
        self._pool = self._started()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As `Executor.submit`; a broken pool is replaced."""
        try:
            return self._pool.submit(fn, *args, **kwargs)
        except BrokenExecutor:
            self._pool.shutdown()
            self._pool = self._started()
            return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As `Executor.shutdown`."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)

    def _started(self) -> ProcessPoolExecutor:
        """A pool of which one process has answered."""
        for context in _contexts():
            pool = ProcessPoolExecutor(
                self._workers, mp_context=context, initializer=_end_with_parent
            )
            try:
                pool.submit(os.getpid).result()
            except OSError:  # somebody has tidied the server's socket away
                pool.shutdown()
            except BrokenExecutor:
                pool.shutdown()
                break
            else:
                return pool
        raise WorkbookError(t(NOT_STARTED))


def _end_with_parent() -> None:
    """Have a process end when the one that it works for is gone, be that killed: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_end, args=(parent,), daemon=True).start()


def _wait_and_end(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


NOT_STARTED = marked(
    "读取用的进程没有启动：每个进程都会从头导入正在运行的脚本；"
    '请把脚本里做事的语句放到 if __name__ == "__main__": 下面，或者写 workers=1'
)


def _contexts() -> Iterator[BaseContext]:
    """How processes are started: by a server that has imported what they need, else each from nothing."""
    ways = multiprocessing.get_all_start_methods()
    wanted = multiprocessing.get_start_method(allow_none=True)
    if "forkserver" in ways and wanted != "spawn":
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([f"{__package__}.reader"])
        yield context
    yield multiprocessing.get_context("spawn")


def _is_being_started() -> bool:
    """Whether this is a process that imports the script of the one that starts it."""
    return getattr(multiprocessing.current_process(), "_inheriting", False)
