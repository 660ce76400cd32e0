"""Returns by the hundred thousand: read and checked in batches, each written as Parquet as it comes.

A table is a folder, below it a folder a year and a county; a batch has one part in each that it concerns:
`cells/year=2024/county=甲县/part-6f0c….parquet`. A part bears the batch's name, which follows from its files and their
content (`batches`): a batch done twice stands there once, and the next run reads only what is new or changed. What counts is
the list in `_parts.json`, written when all is done; neither scheduler nor client ever holds more than names. What shows only
between returns is found by `workbook.scale.rollup`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import (
    Callable,
    Container,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Set,
)
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, unquote

import pandas as pd

from builder.tables import parquet_of, require, summary_of, tables_of
from workbook.arguments import PathLike, as_path, as_paths, as_whole
from workbook.checking import Batch, judge
from workbook.errors import WorkbookError
from workbook.form import Form, form_of
from workbook.language import t
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
from workbook.release import __version__
from workbook.scale.batches import (
    RECORDS,
    BatchRecord,
    FileNow,
    FileState,
    batch_name,
    files_now,
    is_record,
    records_in,
    split,
)
from workbook.stores import Folder, Url, location
from workbook.summary import (
    DUES,
    TRACES,
    ExpectedScoreCollector,
    Schema,
    by_form,
    expected_score_frame,
    frames,
    traces_of,
)

RowFilter = list[list[tuple[str, str, str]]]
"""Which rows to read, as `pandas.read_parquet` takes it: any of these, each all of those."""

BATCH = 500
"""At most so many files are read, checked and written at a time; a process holds no more of them."""
LISTED, ORDER = "_parts.json", "_files.parquet"
"""The parts that count, and the files in their order."""
ACROSS = "across.parquet"
"""What a file of findings that show only between returns is called."""
_PART = re.compile(r"(?:.+/)?\.?part-[0-9a-f]{9,16}(?:-\d{4,})?\.parquet(?:\.[0-9a-f]{32})?")
_NO_YEAR, _NO_COUNTY = "0", "-"
"""How a folder is called where nothing is known: pandas refuses Hive's own name for it beside others."""


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
    that kills its process again and again is rejected (W104). What an earlier run read into the folder, be it one that was
    killed, is taken over where file and definitions are the same; what is gone from `files` is taken out. Raises BuildError
    if the folder cannot be written; WorkbookError if parts of quite other files are in it, before anything is read. `county`
    as of `read_returns`.

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
    require_counties(map(location, names), county)
    task = _ReadingTask(folder, _definitions(definitions), as_passwords(passwords), county)
    present = files_now(names, _seen_before(folder))
    records = _taken_over(folder, present, task.maker)
    read_before = {file for record in records for file, _ in record.files}
    due = [(n, now.fingerprint) for n, now in present.items() if n not in read_before]
    told = progress or (lambda _: None)
    for name in read_before:
        told(location(name))
    # Small runs in smaller batches, so that every process has some.
    size = batch or min(BATCH, len(due) // (2 * in_flight) + 1)
    work = partial(_read_and_write, task)
    for done, record in dispatch(work, due, executor, size=size, in_flight=in_flight):
        records.append(_rejected(task, done) if record is None else record)
        for name, _ in done.items:
            told(location(name))
    _finish(folder, records, present)
    return Partitions(folder, definitions, reused=len(read_before))


def _seen_before(folder: Folder) -> dict[str, FileNow]:
    """How the files were when the last run that came to its end looked at them."""
    if ORDER not in folder.names():
        return {}
    try:
        frame = pd.read_parquet(folder.open(ORDER))
        states = zip(frame["path"], frame["fingerprint"], frame["seen"], strict=True)
    except (KeyError, ValueError):  # not ours, or damaged: then every file is looked at anew
        return {}
    return {str(path): FileNow(str(fingerprint), str(seen)) for path, fingerprint, seen in states}


def _taken_over(folder: Folder, present: Mapping[str, FileNow], maker: str) -> list[BatchRecord]:
    """The batches of earlier runs that still hold; of one that holds in part, what is left of it, written anew.

    Raises WorkbookError if the folder holds nothing but other files' parts.
    """
    names = folder.names()
    on_record = records_in(folder, names)
    is_ours = any(file in present for record in on_record for file, _ in record.files)
    if not is_ours and any(_PART.fullmatch(name) or is_record(name) for name in names):
        raise WorkbookError(
            t("{url}：里面已有以前写的别的表的数据，请换一个文件夹，或清空它", url=folder.url)
        )
    whole, partly = split(on_record, present, maker)
    left = [_what_is_left(folder, record, files) for record, files in partly.items()]
    return whole + left


def _what_is_left(folder: Folder, record: BatchRecord, files: tuple[FileState, ...]) -> BatchRecord:
    """A batch without the files that have changed or gone; the old one is taken away when all is done."""
    name = batch_name(record.maker, files)
    kept = {file for file, _ in files}
    parts = []
    for part in record.parts:
        parts.append(part.replace(record.name, name))
        folder.write(parts[-1], _rows_of(folder.open(part), kept))
    rest = BatchRecord(name, record.maker, files, tuple(parts), replaces=record.name)
    rest.write(folder)
    return rest


def _rows_of(part: BytesIO, files: Set[str]) -> bytes:
    """The rows of a part that come from some files, or from what is in them."""
    import pyarrow as pa  # noqa: PLC0415 - an extra
    from pyarrow.parquet import read_table, write_table  # noqa: PLC0415

    table = read_table(part)
    named = next(name for name in ("path", "submission") if name in table.schema.names)
    keys = table.column(named).to_pylist()
    described = {field.name: field.metadata for field in table.schema}
    frame = table.to_pandas()[[_file_of(key, files) is not None for key in keys]]
    cut = pa.Table.from_pandas(frame)
    fields = [field.with_metadata(described.get(field.name)) for field in cut.schema]
    schema = pa.schema(fields, metadata=cut.schema.metadata)
    sink = pa.BufferOutputStream()
    write_table(pa.Table.from_arrays(cut.columns, schema=schema), sink)
    return bytes(sink.getvalue())


def _file_of(key: str, files: Container[str]) -> str | None:
    """The file that a return's path leads to, be it in an archive; None if it is none of the files."""
    if key in files:
        return key
    path = location(key)
    return next((str(parent) for parent in path.parents if str(parent) in files), None)


def _finish(folder: Folder, records: Sequence[BatchRecord], present: Mapping[str, FileNow]) -> None:
    """Say which parts count, in their order, and take away what is left of other runs and of dead processes.

    Raises WorkbookError if two runs have written into the folder at once.
    """
    order = {name: number for number, name in enumerate(present)}
    if sum(len(record.files) for record in records) != len(order):
        raise WorkbookError(
            t("{url}：有两次运行同时写进来，请清空它再重新运行一次", url=folder.url)
        )
    in_order = sorted(records, key=lambda record: order[record.files[0][0]])
    parts = [part for record in in_order for part in record.parts]
    batch_of = {file: record.name for record in records for file, _ in record.files}
    columns = {
        "path": list(present),
        "fingerprint": [now.fingerprint for now in present.values()],
        "seen": [now.seen for now in present.values()],
        "batch": [batch_of[name] for name in present],
    }
    frame = pd.DataFrame({name: pd.array(each, dtype="string") for name, each in columns.items()})
    _write_frame(folder, ORDER, frame)
    folder.write(LISTED, json.dumps(parts, ensure_ascii=False, indent=0).encode())
    kept = {*parts, *(f"{RECORDS}/{record.name}.json" for record in records)}
    for name in set(folder.names()) - kept:
        if _PART.fullmatch(name) or is_record(name):
            folder.remove(name)


def _require_several(batch: int | None, in_flight: int) -> None:
    """Raise ArgumentError for numbers of files or batches that are none."""
    for name, number in (("batch", batch), ("in_flight", in_flight)):
        if number is not None:
            as_whole(number, name, least=1)


def clear(folder: Folder) -> None:
    """Take away what an earlier run wrote, and nothing else. Raises BuildError."""
    for name in folder.names():
        if name in (LISTED, ORDER) or _PART.fullmatch(name) or is_record(name) or is_across(name):
            folder.remove(name)


def is_across(name: str) -> bool:
    """Whether a file of a folder holds findings between returns."""
    return name.startswith("findings/") and name.endswith(f"/{ACROSS}")


@dataclass(frozen=True, slots=True)
class _ReadingTask:
    """What every batch is told."""

    folder: Folder
    definitions: tuple[tuple[Path, bytes], ...]
    passwords: Passwords
    county: County = ""
    home: Path = field(default_factory=Path.cwd)
    """From where the paths of this machine are counted."""

    @property
    def maker(self) -> str:
        """What a batch's content depends on besides its files."""
        digest = hashlib.sha256(f"{__version__} {self.county!r}".encode())
        for path, data in self.definitions:
            digest.update(path.name.encode() + data)
        return digest.hexdigest()[:16]


def _definitions(forms: Forms) -> tuple[tuple[Path, bytes], ...]:
    return tuple((form.path, form.definition.encode()) for form in forms.values())


def _read_and_write(task: _ReadingTask, batch: WorkBatch[FileState]) -> BatchRecord:
    """One batch, from files to parts and its record."""
    definitions = [form_of(path, data) for path, data in task.definitions]
    forms = {(form.id, form.version): form for form in definitions}
    given = {_opened(name, task.home): location(name) for name, _ in batch.items}
    files = WorkBatch(batch.start, tuple(given))
    returns = read_batch(files, forms=forms, passwords=task.passwords)
    named = of_counties([_as_given(returned, given) for returned in returns], task.county)
    return _write(judge(named), task, batch.items)


def _rejected(task: _ReadingTask, batch: WorkBatch[FileState]) -> BatchRecord:
    """The record of a batch whose only file kills every process."""
    rejected = of_counties([fatal(location(batch.items[0][0]))], task.county)
    return _write(rejected, task, batch.items)


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


def _write(
    returns: Sequence[Return], task: _ReadingTask, files: tuple[FileState, ...]
) -> BatchRecord:
    """Write a batch's parts, a year and a county at a time, and then that it is there."""
    name = batch_name(task.maker, files)
    groups: dict[str, list[Return]] = {}
    for returned in returns:
        groups.setdefault(hive_folder(returned), []).append(returned)
    parts = []
    for group, members in groups.items():
        for table, (schema, frame) in _tables(members).items():
            parts.append(f"{table}/{group}/part-{name}.parquet")
            task.folder.write(parts[-1], parquet_of(_without_county(frame), schema))
    record = BatchRecord(name, task.maker, files, tuple(parts))
    record.write(task.folder)
    return record


def hive_folder(returned: Return) -> str:
    """Below a table: the folder of a return's year and county."""
    year = str(returned.submission.fiscal_year) if returned.submission else _NO_YEAR
    return f"year={year}/county={quote(returned.county, safe='') or _NO_COUNTY}"


def _without_county(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the column that the folder tells: readers of the whole data set refuse to have it twice."""
    return frame.drop(columns="county", errors="ignore")


def _tables(returns: Sequence[Return]) -> dict[str, tuple[Schema, pd.DataFrame]]:
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
            tables[f"{summary_of(form)}/{schema.name}"] = schema, frame
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
    reused: int = 0
    """How many files had been read by an earlier run and were taken over."""

    def __repr__(self) -> str:
        return f"<Partitions in {self.folder.url}>"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parts that count, batch by batch in the order of their first files. Raises BuildError."""
        return tuple(json.loads(self.folder.open(LISTED).getvalue()))

    def parts(self, table: str) -> list[str]:
        """A table's parts."""
        return [name for name in self.names if name.rsplit("/", 3)[0] == table]

    @cached_property
    def order(self) -> Mapping[str, int]:
        """The place of each file among all, from 0. Raises BuildError."""
        files = pd.read_parquet(self.folder.open(ORDER), columns=["path"])["path"]
        return {str(name): number for number, name in enumerate(files)}

    def place(self, path: Path) -> int:
        """The place of the file that a return came from."""
        file = _file_of(str(path), self.order)
        assert file is not None, "every return came from one of the files"
        return self.order[file]

    def rows(self, table: str) -> int:
        """How many rows a table has, without reading them."""
        from pyarrow.parquet import read_metadata  # noqa: PLC0415 - an extra

        return sum(read_metadata(self.folder.open(name)).num_rows for name in self.parts(table))

    def frames(
        self, table: str, columns: Sequence[str] | None = None, row_filter: RowFilter | None = None
    ) -> Iterator[pd.DataFrame]:
        """A table part by part, each with the column `county` first, if it has one at all."""
        for name in self.parts(table):
            yield self.frame(name, columns, row_filter)

    def frame(
        self, name: str, columns: Sequence[str] | None = None, row_filter: RowFilter | None = None
    ) -> pd.DataFrame:
        """One part, with the index it was written with."""
        data = self.folder.open(name)
        column_list = None if columns is None else [each for each in columns if each != "county"]
        frame = _as_written(pd.read_parquet(data, columns=column_list, filters=row_filter))
        if _tells_county(name) and (columns is None or "county" in columns):
            county = pd.Series(_county_of(name), index=frame.index, dtype="string")
            frame.insert(0, "county", county)
        return frame

    def write(self, name: str, frame: pd.DataFrame) -> None:
        """A file more, which is none of the parts. Raises BuildError."""
        _write_frame(self.folder, name, frame)


def _tells_county(part: str) -> bool:
    """Whether a part's table has the county among its columns."""
    return part.rsplit("/", 4)[-4] not in (DUES.name, TRACES.name)


def _county_of(part: str) -> str:
    """The county that a part's folder tells."""
    county = part.rsplit("/", 2)[1].partition("=")[2]
    return "" if county == _NO_COUNTY else unquote(county)


def _as_written(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its index typed as ours; Parquet does not tell of an index which type it had."""
    names = list(map(str, frame.index.names))
    if not _INDEXES.keys() >= set(names):
        return frame
    levels = [pd.array(frame.index.get_level_values(n), dtype=_INDEXES[n]) for n in names]  # type: ignore[call-overload]
    index = pd.Index(levels[0], name=names[0])
    return frame.set_axis(pd.MultiIndex.from_arrays(levels, names=names) if names[1:] else index)


_INDEXES = {"path": "string", "submission": "string", "row": "Int64"}
