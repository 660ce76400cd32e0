"""Returns by the hundred thousand: read and checked in batches, each written as Parquet as it comes.

A table is a folder, a batch one part in each: `files/part-000012000-0500.parquet` holds 500 files from
the 12,000th on. A part has the batch's name and replaces what bore it, so a batch done twice stands
there once. What counts is the list in `_parts.json`, written when all is done; neither scheduler nor
client ever holds more than names. What shows only between returns is found by `workbook.scale.rollup`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from io import BytesIO
from pathlib import Path

import pandas as pd

from builder.tables import require, summary_of, tables_of
from workbook.arguments import PathLike, as_path, as_paths, as_whole
from workbook.checking import Batch, ExpectedScoreCollector, expected_score_frame, judge
from workbook.errors import WorkbookError
from workbook.form import Form, form_of
from workbook.reading import (
    IN_FLIGHT,
    County,
    Forms,
    Passwords,
    Return,
    Submission,
    WorkBatch,
    as_forms,
    as_passwords,
    dispatch,
    fatal,
    find_files,
    of_counties,
    read_batch,
    require_counties,
    require_executor,
)
from workbook.stores import Folder, Url, location
from workbook.summary import DUES, TRACES, by_form, frames, traces_of

RowFilter = list[list[tuple[str, str, str]]]
"""Which rows to read, as `pandas.read_parquet` takes it: any of these, each all of those."""

BATCH = 500
"""At most so many files are read, checked and written at a time; a process holds no more of them."""
LISTED = "_parts.json"
_PART = re.compile(r"(?:.+/)?\.?part-\d{9,}-\d{4,}\.parquet(?:\.[0-9a-f]{32})?")


class FileNames(list[str]):
    """Names of files, each once, that need not be looked for again, which asks a store for each."""


def listed(paths: PathLike | Iterable[PathLike]) -> FileNames:
    """Every file that the paths stand for, each once, in order: files, folders, patterns, URLs.

    Links are not followed. Raises WorkbookError if a store cannot be asked.
    """
    return FileNames(dict.fromkeys(map(str, find_files(as_paths(paths, "paths")))))


def write_partitions(
    files: PathLike | Iterable[PathLike],
    folder: Folder | PathLike,
    *,
    executor: Executor,
    forms: Forms | Form | Iterable[Form] | None = None,
    passwords: Passwords | str = (),
    county: County = "",
    batch: int | None = None,
    in_flight: int = IN_FLIGHT,
    progress: Callable[[Path], None] | None = None,
) -> Partitions:
    """Read and check `files` on the executor's processes; what was read stands in `folder` then.

    `files` are as the paths of `read_returns`.

    The processes need to reach the files and the folder, not the definitions of the forms. A file
    that kills its process again and again is rejected (W104). Raises BuildError if the folder cannot
    be written; WorkbookError if another run's parts are in it, before anything is read. `county` as of
    `read_returns`.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from workbook import write_partitions
    >>> with ThreadPoolExecutor(2) as executor:
    ...     parts = write_partitions("samples/returns", "parts", executor=executor)
    >>> parts.rows("files")
    12
    """
    require_executor(executor)
    definitions = as_forms(forms)
    if not isinstance(folder, Folder):
        folder = Folder(str(as_path(folder, "folder")))
    names = files if isinstance(files, FileNames) else listed(files)
    _require_several(batch, in_flight)
    if any(map(_PART.fullmatch, folder.names())):
        raise WorkbookError(f"{folder.url}：里面已有以前写的数据，请换一个文件夹，或清空它")
    require_counties(map(location, names), county)
    work = partial(
        _read_and_write,
        _ReadingTask(folder, _definitions(definitions), as_passwords(passwords), county),
    )
    # Small runs in smaller batches, so that every process has some.
    size = batch or min(BATCH, len(names) // (2 * in_flight) + 1)
    written: dict[int, list[str]] = {}
    for done, parts_of_batch in dispatch(work, names, executor, size=size, in_flight=in_flight):
        if parts_of_batch is not None:
            written[done.start] = parts_of_batch
        else:
            rejected = of_counties([fatal(location(done.items[0]))], county)
            written[done.start] = _write(rejected, folder, _part_name(done))
        if progress is not None:
            for file in done.items:
                progress(location(file))
    parts = [name for start in sorted(written) for name in written[start]]
    folder.write(LISTED, json.dumps(parts, indent=0).encode())
    # Left by a process that was taken for dead and wrote on, or died between two names.
    for name in set(folder.names()) - {*parts, LISTED}:
        if _PART.fullmatch(name):
            folder.remove(name)
    return Partitions(folder, definitions)


def _require_several(batch: int | None, in_flight: int) -> None:
    """Raise ArgumentError for numbers of files or batches that are none."""
    for name, number in (("batch", batch), ("in_flight", in_flight)):
        if number is not None:
            as_whole(number, name, least=1)


def clear(folder: Folder) -> None:
    """Take away what an earlier run wrote, and nothing else. Raises BuildError."""
    for name in folder.names():
        if name == LISTED or _PART.fullmatch(name):
            folder.remove(name)


@dataclass(frozen=True, slots=True)
class _ReadingTask:
    """What every batch is told."""

    folder: Folder
    definitions: tuple[tuple[Path, bytes], ...]
    passwords: Passwords
    county: County = ""
    home: Path = field(default_factory=Path.cwd)
    """From where the paths of this machine are counted."""


def _definitions(forms: Forms) -> tuple[tuple[Path, bytes], ...]:
    return tuple((form.path, form.definition.encode()) for form in forms.values())


def _read_and_write(task: _ReadingTask, batch: WorkBatch[str]) -> list[str]:
    """One batch, from files to parts; returns the names of what it wrote."""
    definitions = [form_of(path, data) for path, data in task.definitions]
    forms = {(form.id, form.version): form for form in definitions}
    given = {_opened(name, task.home): location(name) for name in batch.items}
    files = WorkBatch(batch.start, tuple(given))
    returns = read_batch(files, forms=forms, passwords=task.passwords)
    named = of_counties([_as_given(returned, given) for returned in returns], task.county)
    return _write(judge(named), task.folder, _part_name(batch))


def _opened(name: str, home: Path) -> Path:
    """Where a process that runs in another folder finds a file."""
    path = location(name)
    return path if isinstance(path, Url) else home / path


def _as_given(returned: Return, given: Mapping[Path, Path]) -> Return:
    """A return by the path as it was given, be it one in an archive."""
    opened = next(path for path in (returned.path, *returned.path.parents) if path in given)
    path = given[opened] / returned.path.relative_to(opened)
    if returned.submission is None:
        return replace(returned, path=path)
    return replace(returned, path=path, submission=replace(returned.submission, path=path))


def _part_name(batch: WorkBatch[str]) -> str:
    return f"part-{batch.start:09}-{len(batch.items):04}.parquet"


def _write(returns: Sequence[Return], folder: Folder, part: str) -> list[str]:
    frames_by_file = {f"{name}/{part}": frame for name, frame in _tables(returns).items()}
    for name, frame in frames_by_file.items():
        _write_frame(folder, name, frame)
    return list(frames_by_file)


def _tables(returns: Sequence[Return]) -> dict[str, pd.DataFrame]:
    """The frames, and what the summary needs besides: expected scores, and the cells of the figures."""
    collectors: dict[str, ExpectedScoreCollector] = {}

    def take(batch: Batch, batch_submissions: Sequence[Submission]) -> None:
        collectors.setdefault(batch.form.key, ExpectedScoreCollector(batch.form)).take(
            batch, batch_submissions
        )

    tables = tables_of(frames(returns, checked=False, also=take))
    for key, (form, submissions) in by_form(returns).items():
        for schema, frame in (
            (DUES, expected_score_frame(form, collectors[key].scores)),
            (TRACES, traces_of(form, submissions)),
        ):
            require(frame, schema)
            tables[f"{summary_of(form)}/{schema.name}"] = frame
    return tables


def _write_frame(folder: Folder, name: str, frame: pd.DataFrame) -> None:
    data = BytesIO()
    frame.to_parquet(data, engine="pyarrow")
    folder.write(name, data.getvalue())


@dataclass(frozen=True, repr=False)
class Partitions:
    """What `write_partitions` wrote: tables in parts, as `workbook.summary.tidy_frames.Frames` has them."""

    folder: Folder
    forms: Mapping[tuple[str, str], Form]

    def __repr__(self) -> str:
        return f"<Partitions in {self.folder.url}>"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parts that count, those of a table in the order of their files. Raises BuildError."""
        return tuple(json.loads(self.folder.open(LISTED).getvalue()))

    def parts(self, table: str) -> list[str]:
        """A table's parts."""
        return [name for name in self.names if name.rpartition("/")[0] == table]

    def rows(self, table: str) -> int:
        """How many rows a table has, without reading them."""
        from pyarrow.parquet import read_metadata  # noqa: PLC0415 - an extra

        return sum(read_metadata(self.folder.open(name)).num_rows for name in self.parts(table))

    def frames(
        self, table: str, columns: Sequence[str] | None = None, row_filter: RowFilter | None = None
    ) -> Iterator[pd.DataFrame]:
        """A table part by part."""
        for name in self.parts(table):
            yield self.frame(name, columns, row_filter)

    def frame(
        self, name: str, columns: Sequence[str] | None = None, row_filter: RowFilter | None = None
    ) -> pd.DataFrame:
        """One part, with the index it was written with."""
        data = self.folder.open(name)
        column_list = None if columns is None else list(columns)
        return _as_written(pd.read_parquet(data, columns=column_list, filters=row_filter))

    def write(self, name: str, frame: pd.DataFrame) -> None:
        """A file more, which is none of the parts. Raises BuildError."""
        _write_frame(self.folder, name, frame)


def _as_written(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its index typed as ours; Parquet does not tell of an index which type it had."""
    names = list(map(str, frame.index.names))
    if not _INDEXES.keys() >= set(names):
        return frame
    levels = [pd.array(frame.index.get_level_values(n), dtype=_INDEXES[n]) for n in names]  # type: ignore[call-overload]
    index = pd.Index(levels[0], name=names[0])
    return frame.set_axis(pd.MultiIndex.from_arrays(levels, names=names) if names[1:] else index)


_INDEXES = {"path": "string", "submission": "string", "row": "Int64"}
