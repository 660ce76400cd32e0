"""Returns in batches give what whole returns give; nothing is lost or doubled, whatever dies."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import date
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import openpyxl
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from pyarrow.parquet import read_schema

from builder import build_summary
from builder.tables import tables_of
from tests.api import Folder, day_received, part, replace_part, set_part
from tests.fillings import ROSTER, SAMPLES
from workbook import (
    Frames,
    Partitions,
    Return,
    Summary,
    WorkbookError,
    aggregate,
    check,
    frames,
    load_roster,
    read_returns,
    roll_up,
    write_partitions,
)
from workbook.checking import judge
from workbook.reading import County, Forms, Passwords, Processes, WorkBatch, known_forms, read_batch
from workbook.scale import clear, listed
from workbook.scale.batches import is_record
from workbook.stores import location

POISON = "poison"
ROUND = sorted(path.name for path in (SAMPLES / "returns").glob("*.xlsx"))
COUNTY = "云溪区"
"""All returns are of it: a department may send again from another folder."""
DEADLINE = date(2025, 3, 1)


@pytest.fixture
def returns(tmp_path: Path) -> Path:
    """Six samples, one of them twice, one cut short, one below and in an archive too, litter."""
    folder = tmp_path / "returns"
    folder.mkdir()
    for path in sorted((SAMPLES / "returns").glob("*.xlsx"))[:6]:
        shutil.copy(path, folder)
    first, second, third, *_ = sorted(folder.iterdir())
    shutil.copy(first, folder / "again.xlsx")
    (folder / "broken.xlsx").write_bytes(second.read_bytes()[:5000])
    (folder / "~$open.xlsx").touch()
    (folder / "below").mkdir()
    third.rename(folder / "below" / third.name)
    shutil.make_archive(str(tmp_path / "mailed"), "zip", folder / "below")
    (tmp_path / "mailed.zip").rename(folder / "mailed.zip")
    return folder


def same(one: Summary, other: Summary) -> None:
    """Two summaries are equal, frame by frame."""
    for name in ("coverage", "duplicates", "files", "findings", "unmatched"):
        assert_frame_equal(getattr(one, name), getattr(other, name))
    assert one.left_out == other.left_out
    for a, b in zip(one.forms, other.forms, strict=True):
        assert (a.form.key, a.fiscal_year) == (b.form.key, b.fiscal_year)
        for field in fields(a):
            if isinstance(getattr(a, field.name), pd.DataFrame):
                assert_frame_equal(getattr(a, field.name), getattr(b, field.name))
        assert a.details.keys() == b.details.keys()
        for section, frame in a.details.items():
            assert_frame_equal(frame, b.details[section])


def whole(folder: Path) -> tuple[Summary, Frames]:
    """What one process makes of a folder."""
    roster = load_roster(ROSTER)
    read = check(read_returns([folder], county=COUNTY), roster)
    return aggregate(read, roster, deadline=DEADLINE), frames(read)


def written(folder: Path, out: Path | str, executor: Executor, batch: int = 4) -> Partitions:
    return write_partitions(
        listed([folder]),
        Folder(str(out)),
        forms=known_forms(),
        county=COUNTY,
        executor=executor,
        batch=batch,
        in_flight=3,
    )


def table(parts: Partitions, name: str) -> pd.DataFrame:
    return pd.concat(parts.frames(name))


def read_or_die(
    batch: WorkBatch[Path], *, forms: Forms, passwords: Passwords, county: County = ""
) -> list[Return]:
    """Reads, but the poison's process is killed: in a pool's process only, never in the tests' own."""
    if parent_process() is not None and any(POISON in path.name for path in batch.items):
        os.kill(os.getpid(), signal.SIGKILL)
    return read_batch(batch, forms=forms, passwords=passwords, county=county)


def read_and_write_or_die(task: Any, batch: Any) -> Any:
    """The same of a batch that is written."""
    set_part("the reader of a batch", read_or_die)  # in a pool's process
    return REAL(task, batch)


REAL = part("the reader and writer of a batch")


# --- executors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_reads_the_same_in_the_same_order(
    make: type[ThreadPoolExecutor | ProcessPoolExecutor], returns: Path
) -> None:
    seen: list[Path] = []
    with make(2) as executor:
        read = read_returns([returns] * 5, county=COUNTY, executor=executor, progress=seen.append)
    assert read == read_returns([returns] * 5, county=COUNTY)
    assert sorted(seen) == sorted(Path(name) for name in listed([returns]) * 5)


def test_a_file_that_kills_its_process_is_rejected_alone(
    returns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_part(monkeypatch, "the reader of a batch in memory", read_or_die)
    shutil.copy(returns / "again.xlsx", returns / f"{POISON}.xlsx")
    with Processes(2) as executor:
        read = read_returns([returns], county=COUNTY, executor=executor)
    (guilty,) = [item for item in read if item.path.stem == POISON]
    assert [f.code for f in guilty.findings] == ["W104"]
    (returns / f"{POISON}.xlsx").unlink()
    assert [item for item in read if item is not guilty] == read_returns([returns], county=COUNTY)


# --- batches --------------------------------------------------------------------------------------


def test_the_summary_of_batches_is_the_summary_of_the_whole(returns: Path, tmp_path: Path) -> None:
    with Processes(2) as executor:
        parts = written(returns, tmp_path / "parts", executor)
    read, summary = roll_up(parts, load_roster(ROSTER), deadline=DEADLINE)
    expected, laid_out = whole(returns)
    same(summary, expected)
    assert len(summary.forms[0].sources) and len(summary.forms[0].details["indicators"])
    prepared = [[day_received(replace(item, modified="")) for item in some]
                for some in (read, read_returns([returns], county=COUNTY))]  # fmt: skip
    assert prepared[0] == prepared[1] and any(by == "prepared" for _, by in prepared[0])
    assert [(r.path, r.status, r.sha256) for r in read] == list(
        zip(map(Path, laid_out.files.index), laid_out.files["status"], laid_out.files["sha256"],
            strict=True)
    )  # fmt: skip


def test_the_tables_hold_what_the_frames_of_the_whole_hold(returns: Path, tmp_path: Path) -> None:
    with Processes(2) as executor:
        parts = written(returns, tmp_path / "parts", executor)
    alone = frames(judge(read_returns([returns], county=COUNTY)), checked=False)
    for name, (_, frame) in tables_of(alone).items():
        stored = table(parts, name)
        keys = next(k for k in ("path", "submission") if k in stored.reset_index().columns)
        places = [parts.place(Path(key)) for key in stored.reset_index()[keys]]
        stored = stored.iloc[np.argsort(places, kind="stable")]
        if frame.index.names in (["line"], ["finding"]):  # numbers, anew in each part
            stored = stored.set_axis(frame.index)
        if name == "finding_cells":  # counted in each part's own findings
            stored["finding"] = frame["finding"]
        dates = frame.select_dtypes("datetime").dtypes  # Parquet keeps them in milliseconds
        assert_frame_equal(stored.astype(dates.to_dict())[frame.columns], frame)
    roll_up(parts, load_roster(ROSTER))
    # A reader of the folder sees one dataset, by year and county.
    found = pd.read_parquet(tmp_path / "parts" / "findings")
    assert len(found) == len(alone.findings) + 2
    across = found[found["code"] == "A502"]
    assert set(zip(across["year"].astype(str), across["county"].astype(str), strict=True)) == {
        ("2024", COUNTY)
    }
    (first, *_) = (name for name in parts.names if name.startswith("cells/"))
    about = read_schema(parts.folder.open(first)).field("number").metadata
    assert about == {b"label": "读成的值，数".encode(), b"unit": "同该字段".encode()}


def test_a_poisonous_file_is_rejected_and_its_batch_is_read(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, _ = whole(returns)
    replace_part(monkeypatch, "the reader and writer of a batch", read_and_write_or_die)
    poison = returns / f"{POISON}.xlsx"
    shutil.copy(returns / "again.xlsx", poison)
    with Processes(2) as executor:
        parts = written(returns, tmp_path / "parts", executor)
    _, summary = roll_up(parts, load_roster(ROSTER), deadline=DEADLINE)
    assert summary.files.loc[str(poison), "use"] == "rejected"
    assert summary.findings.loc[summary.findings["path"] == str(poison), "code"].tolist() == [
        "W104"
    ]
    assert_frame_equal(summary.files.drop(str(poison)), expected.files)
    assert_frame_equal(summary.forms[0].departments, expected.forms[0].departments)


def test_a_batch_done_twice_stands_there_once(returns: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        parts = written(returns, tmp_path / "parts", executor)
    before = {name: len(frame) for name in ("files", "cells") for frame in [table(parts, name)]}
    there = sorted(parts.folder.names())
    _, *records = (tmp_path / "parts" / "batches").glob("*.json")
    for record in records:
        record.unlink()
    with ThreadPoolExecutor(1) as executor:
        again = written(returns, tmp_path / "parts", executor)
    assert sorted(again.names) == sorted(parts.names)
    assert again.reused < len(parts.order) / 2
    assert sorted(parts.folder.names()) == there
    assert {name: len(table(parts, name)) for name in before} == before


def test_what_a_dead_process_left_is_taken_away(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "parts"

    def leave(
        batch: WorkBatch[Path], *, forms: Forms, passwords: Passwords, county: County = ""
    ) -> list[Return]:
        for name in (f"part-{'0' * 16}.parquet", f".part-{'0' * 16}.parquet.{'0' * 32}"):
            (out / "files" / "year=2024" / "county=x").mkdir(parents=True, exist_ok=True)
            (out / "files" / "year=2024" / "county=x" / name).touch()
        return read_batch(batch, forms=forms, passwords=passwords, county=county)

    replace_part(monkeypatch, "the reader of a batch", leave)
    with ThreadPoolExecutor(1) as executor:
        parts = written(returns, out, executor)
    records = {name for name in parts.folder.names() if is_record(name)}
    assert set(parts.folder.names()) == {*parts.names, *records, "_parts.json", "_files.parquet"}
    assert records


def test_parts_of_quite_other_files_are_never_mixed_in(returns: Path, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "mine.txt").touch()
    with ThreadPoolExecutor(1) as executor:
        parts = written(returns, tmp_path / "parts", executor)
        with pytest.raises(WorkbookError, match="parts"):
            written(SAMPLES / "returns", tmp_path / "parts", executor)
        roll_up(parts)
        clear(parts.folder)
        assert parts.folder.names() == ["mine.txt"]
        assert written(returns, tmp_path / "parts", executor).names == parts.names


# --- a run that goes on ---------------------------------------------------------------------------


class Reads:
    """Counts the files that are read, and dies after so many batches."""

    def __init__(self, dies_after: int = 0) -> None:
        self.files: list[str] = []
        self.batches = 0
        self.dies_after = dies_after

    def __call__(
        self, batch: WorkBatch[Path], *, forms: Forms, passwords: Passwords, county: County = ""
    ) -> list[Return]:
        self.batches += 1
        if self.dies_after and self.batches > self.dies_after:
            raise KeyboardInterrupt
        self.files += [path.name for path in batch.items]
        return read_batch(batch, forms=forms, passwords=passwords, county=county)


def equal_parts(one: Partitions, other: Partitions) -> None:
    roster = load_roster(ROSTER)
    same(roll_up(one, roster, deadline=DEADLINE)[1], roll_up(other, roster, deadline=DEADLINE)[1])
    for name in ("files", "cells", "findings"):
        assert len(table(one, name)) == len(table(other, name))


def test_a_run_that_was_killed_goes_on_after_its_last_batch(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(1) as executor:
        expected = written(returns, tmp_path / "whole", executor, batch=1)
    files = len(listed([returns]))
    read: list[str] = []
    for _ in range(files):  # one batch, then dead
        reads = Reads(dies_after=1)
        replace_part(monkeypatch, "the reader of a batch", reads)
        with ThreadPoolExecutor(1) as executor, contextlib.suppress(KeyboardInterrupt):
            written(returns, tmp_path / "parts", executor, batch=1)
        read += reads.files
    assert len(read) == len(set(read)) == files
    with ThreadPoolExecutor(1) as executor:
        parts = written(returns, tmp_path / "parts", executor, batch=1)
    assert parts.reused == files
    equal_parts(parts, expected)


DYING = """
import sys
from concurrent.futures import ThreadPoolExecutor
from workbook import write_partitions
with ThreadPoolExecutor(1) as executor:
    write_partitions(sys.argv[1], sys.argv[2], county=sys.argv[3], executor=executor, batch=1, in_flight=1)
"""


@pytest.mark.long
def test_killed_after_each_of_ten_batches_it_goes_on_and_ends_equal(
    returns: Path, tmp_path: Path
) -> None:
    out, batches = tmp_path / "parts", len(listed([returns]))
    for done in range(1, batches + 1):
        words = [sys.executable, "-c", DYING, str(returns), str(out), COUNTY]
        with subprocess.Popen(words) as process:
            while process.poll() is None and len(list(out.glob("batches/*.json"))) < done:
                time.sleep(0.005)
            process.kill()
    with ThreadPoolExecutor(1) as executor:
        parts = written(returns, out, executor, batch=1)
        assert parts.reused >= batches - 1
        equal_parts(parts, written(returns, tmp_path / "whole", executor, batch=1))


def test_only_what_is_new_or_changed_is_read_again(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(1) as executor:
        written(returns, tmp_path / "parts", executor, batch=4)
    paths = sorted(returns.glob("*.xlsx"))
    shutil.copy(paths[1], paths[0])  # changed
    paths[2].unlink()  # gone
    shutil.copy(SAMPLES / "returns" / ROUND[-1], returns)  # new
    os.utime(paths[3])  # touched: the content is the same
    reads = Reads()
    replace_part(monkeypatch, "the reader of a batch", reads)
    with ThreadPoolExecutor(1) as executor:
        parts = written(returns, tmp_path / "parts", executor, batch=4)
        assert sorted(reads.files) == sorted([paths[0].name, ROUND[-1]])
        equal_parts(parts, written(returns, tmp_path / "anew", executor, batch=4))
        again = Reads()
        replace_part(monkeypatch, "the reader of a batch", again)
        assert written(returns, tmp_path / "parts", executor, batch=4).reused == len(parts.order)
        assert again.files == []
    # Who asks the folder finds no row of what is gone.
    files = pd.read_parquet(tmp_path / "parts" / "files").index
    assert str(paths[2]) not in set(files)


def test_another_definition_reads_everything_anew(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(1) as executor:
        written(returns, tmp_path / "parts", executor)
        forms = known_forms([SAMPLES / "forms" / "department_overall_2025.toml"])
        parts = write_partitions(
            returns, tmp_path / "parts", forms=forms, county=COUNTY, executor=executor
        )
    assert parts.reused == 0
    assert len(table(parts, "files")) == parts.rows("files") == 10


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "no JSON",
        '{"maker": "x", "replaces": "", "files": [], "parts": ["../../outside.parquet"]}',
        '{"maker": "x", "replaces": "", "files": [], "parts": ["../year=1/county=x/part-0000000000000000.parquet"]}',
    ],
)
def test_a_record_that_is_none_is_told(returns: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "parts" / "batches").mkdir(parents=True)
    (tmp_path / "parts" / "batches" / f"{'0' * 16}.json").write_text(text)
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(WorkbookError, match="不是本程序写的记录"),
    ):
        written(returns, tmp_path / "parts", executor)


def test_a_definition_of_ones_own_need_not_be_where_the_work_is_done(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One that extends another and includes rule sets is sent whole.
    own = tmp_path / "own.toml"
    shutil.copy(SAMPLES / "forms" / "department_overall_2025.toml", own)
    forms = dict(known_forms([own]))
    own.unlink()
    with Processes(1) as executor:
        parts = write_partitions(
            returns, tmp_path / "parts", forms=forms, county=COUNTY, executor=executor
        )
    start = "department_overall_2024/funds/year=2024/county="
    assert any(name.startswith(start) for name in parts.names)


# --- too many for a workbook ----------------------------------------------------------------------


def test_lists_too_long_are_left_out_and_figures_stay(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(2) as executor:
        parts = written(returns, tmp_path / "parts", executor)
    replace_part(monkeypatch, "the rows that a roll-up lists", 5)
    _, summary = roll_up(parts, load_roster(ROSTER), deadline=DEADLINE)
    expected, _ = whole(returns)
    assert str(tmp_path / "parts") in summary.left_out
    assert_frame_equal(summary.coverage, expected.coverage)
    for name in ("departments", "totals", "grades", "funds", "composition"):
        assert_frame_equal(getattr(summary.forms[0], name), getattr(expected.forms[0], name))
    book = openpyxl.load_workbook(build_summary(summary, tmp_path / "summary.xlsx"))
    gone = ("问题清单", "文件清单", "指标明细", "指标分析", "抽查复核名单", "来源")
    kept = ("总览", "部门汇总", "资金构成", "报送情况", "催报名单", "参数")
    assert set(kept) <= set(book.sheetnames) and not set(gone) & set(book.sheetnames)
    for name in ("总览", "部门汇总"):
        texts = [str(cell.value) for row in book[name].iter_rows() for cell in row]
        assert any(summary.left_out in text for text in texts)
    texts = [str(cell.value) for s in book for row in s.iter_rows() for cell in row]
    lists = gone[:3] + gone[4:5]
    assert not [t for t in texts if any(g in t for g in lists) and summary.left_out not in t]


def test_more_departments_than_a_sheet_holds_are_refused(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(2) as executor:
        parts = written(returns, tmp_path / "parts", executor)
    replace_part(monkeypatch, "the departments that a roll-up takes", 5)
    with pytest.raises(WorkbookError, match="14"):
        roll_up(parts, load_roster(ROSTER))


# --- stores ---------------------------------------------------------------------------------------


@pytest.fixture
def memory(returns: Path) -> Iterator[str]:
    """The returns in fsspec's store in memory."""
    store = fsspec.filesystem("memory")
    store.put(str(returns), "/round/returns", recursive=True)
    yield "memory://round"
    store.rm("/round", recursive=True)


def test_returns_in_a_store_are_read_from_there(memory: str, returns: Path) -> None:
    place = location(f"{memory}/returns")
    with ThreadPoolExecutor(2) as executor:
        parts = written(place, f"{memory}/parts", executor)
    read, summary = roll_up(parts, load_roster(ROSTER))
    expected, _ = whole(returns)
    assert str(read[0].path).startswith("memory://round/returns/")
    assert sorted(summary.files["sha256"]) == sorted(expected.files["sha256"])
    assert summary.counts.to_dict() == expected.counts.to_dict()
    assert_frame_equal(summary.forms[0].totals, expected.forms[0].totals)


def test_files_that_were_listed_are_not_looked_for_again(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = listed([returns])

    def look(*_: object) -> None:
        raise AssertionError("each look asks a store")

    replace_part(monkeypatch, "the files that batches are made of", look)
    with ThreadPoolExecutor(1) as executor:
        parts = write_partitions(files, tmp_path / "parts", county=COUNTY, executor=executor)
    assert parts.rows("files") == len(files)
