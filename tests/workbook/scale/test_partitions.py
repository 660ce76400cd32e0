"""Returns in batches give what whole returns give; nothing is lost or doubled, whatever dies."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import date
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import fsspec
import openpyxl
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from builder import build_summary
from builder.tables.data import tables_of
from tests.fillings import ROSTER, SAMPLES
from workbook import aggregate, check, load_roster, read_returns
from workbook.checking.checks import judge
from workbook.errors import WorkbookError
from workbook.form.definition import form_of
from workbook.reading.counties import County
from workbook.reading.reader import Forms, Passwords, known_forms, read_batch
from workbook.reading.submission import Return
from workbook.reading.workers import Processes, WorkBatch
from workbook.scale import partitions, rollup
from workbook.scale.partitions import LISTED, Partitions, clear, listed, write_partitions
from workbook.scale.rollup import roll_up
from workbook.stores import Folder, location
from workbook.summary.adding_up import Summary
from workbook.summary.coverage import day_received
from workbook.summary.tidy_frames import Frames, frames

POISON = "poison"
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


def read_and_write_or_die(task: Any, batch: WorkBatch[str]) -> list[str]:
    """The same of a batch that is written."""
    vars(partitions)["read_batch"] = read_or_die  # in a pool's process
    return REAL(task, batch)


REAL = partitions._read_and_write


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
    monkeypatch.setattr("workbook.reading.reader.read_batch", read_or_die)
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
    for name, frame in tables_of(alone).items():
        stored = table(parts, name)
        if frame.index.names in (["line"], ["finding"]):  # numbers, anew in each part
            stored = stored.set_axis(frame.index)
        dates = frame.select_dtypes("datetime").dtypes  # Parquet keeps them in milliseconds
        assert_frame_equal(stored.astype(dates.to_dict()), frame)
    roll_up(parts, load_roster(ROSTER))
    across = pd.read_parquet(tmp_path / "parts" / "findings" / "across.parquet")
    assert sorted(across["code"]) == ["A502"] * 2
    # A reader of the folder sees one dataset.
    assert len(pd.read_parquet(tmp_path / "parts" / "findings")) == len(alone.findings) + 2


def test_a_poisonous_file_is_rejected_and_its_batch_is_read(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, _ = whole(returns)
    monkeypatch.setattr(partitions, "_read_and_write", read_and_write_or_die)
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
    task = partitions._ReadingTask(parts.folder, partitions._definitions(parts.forms), ())
    again = partitions._read_and_write(task, WorkBatch(4, tuple(listed([returns])[4:8])))
    assert set(again) <= set(parts.names)
    assert {name: len(table(parts, name)) for name in before} == before


def test_what_a_dead_process_left_is_taken_away(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "parts"

    def leave(
        batch: WorkBatch[Path], *, forms: Forms, passwords: Passwords, county: County = ""
    ) -> list[Return]:
        for name in ("part-000000000-0099.parquet", f".part-000000000-0004.parquet.{'0' * 32}"):
            (out / "files").mkdir(parents=True, exist_ok=True)
            (out / "files" / name).touch()
        return read_batch(batch, forms=forms, passwords=passwords, county=county)

    monkeypatch.setattr(partitions, "read_batch", leave)
    with ThreadPoolExecutor(1) as executor:
        parts = written(returns, out, executor)
    assert set(parts.folder.names()) == {*parts.names, LISTED}


def test_parts_of_another_run_are_never_mixed_in(returns: Path, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "mine.txt").touch()
    with ThreadPoolExecutor(1) as executor:
        parts = written(returns, tmp_path / "parts", executor)
        with pytest.raises(WorkbookError, match="parts"):
            written(returns, tmp_path / "parts", executor)
        clear(parts.folder)
        assert parts.folder.names() == ["mine.txt"]
        assert written(returns, tmp_path / "parts", executor).names == parts.names


def test_a_definition_of_ones_own_need_not_be_where_the_work_is_done(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One that extends another and includes rule sets is sent whole.
    forms = known_forms([SAMPLES / "forms" / "department_overall_2025.toml"])
    definitions = partitions._definitions(forms)
    task = partitions._ReadingTask(Folder(str(tmp_path / "parts")), definitions, ())
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))
    there = {form.key: form.digest for form in (form_of(*each) for each in definitions)}
    assert there == {form.key: form.digest for form in forms.values()}
    assert "department_overall 2025" in there
    names = partitions._read_and_write(task, WorkBatch(0, tuple(listed([returns])[:2])))
    assert "department_overall_2024/funds/part-000000000-0002.parquet" in names


# --- too many for a workbook ----------------------------------------------------------------------


def test_lists_too_long_are_left_out_and_figures_stay(
    returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(2) as executor:
        parts = written(returns, tmp_path / "parts", executor)
    monkeypatch.setattr(rollup, "MOST_ROWS", 5)
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
    monkeypatch.setattr(rollup, "MOST_LINES", 5)
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

    monkeypatch.setattr(partitions, "find_files", look)
    with ThreadPoolExecutor(1) as executor:
        parts = write_partitions(files, tmp_path / "parts", county=COUNTY, executor=executor)
    assert parts.rows("files") == len(files)
