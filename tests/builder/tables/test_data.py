"""The frames on disk say what the frames say, in CSV, Parquet and DuckDB; all of them or none.

Every table with its columns' types and meanings is in the approved texts (tests/pins).
"""

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from builder import write_data
from builder.tables import DATABASE, has_duckdb
from tests.fillings import (
    FILLED,
    ROSTER,
    SAMPLES,
    accepted,
    changed,
    filling,
    overall,
    sample_returns,
    two_years,
)
from workbook import Frames, Return, Summary, WorkbookError, aggregate, frames
from workbook.round import new_round, receive, round_tables
from workbook.summary import FIXED

ARCHIVE = FILLED[0]
OWN = "department_overall_2024"


@pytest.fixture(scope="module")
def read(checked_samples: tuple[Return, ...]) -> Frames:
    return frames(checked_samples)


@pytest.fixture(scope="module")
def folder(
    read: Frames, samples_summary: Summary, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The samples' data, written once."""
    folder = tmp_path_factory.mktemp("data")
    write_data(read, folder, samples_summary)
    return folder


def asked(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(folder / DATABASE, read_only=True) as base:
        return base.execute(sql).fetchall()


def test_written_data_reads_back_equal(read: Frames, folder: Path) -> None:
    own = folder / OWN
    back = pd.read_parquet(own / "indicators.parquet")
    pd.testing.assert_frame_equal(back, read.section("indicators"), check_index_type=False)
    csv = pd.read_csv(own / "funds.csv", index_col="submission")
    assert csv["final_budget"].tolist() == read.section("funds")["final_budget"].tolist()
    assert (own / "funds.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]


def test_the_database_holds_what_the_frames_hold(read: Frames, folder: Path) -> None:
    with duckdb.connect(folder / DATABASE, read_only=True) as base:
        rows = base.sql(f"FROM {OWN}.indicators").df()
        cells = base.sql("FROM cells").df()
    wanted = read.section("indicators").reset_index()
    assert list(rows.columns) == list(wanted.columns)
    for name in wanted.columns:
        given, kept = wanted[name].astype(object), rows[name].astype(object)
        assert given.where(wanted[name].notna(), None).tolist() == (
            kept.where(rows[name].notna(), None).tolist()
        ), name
    assert len(cells) == len(read.cells)
    assert cells["line"].tolist() == list(read.cells.index)


def test_each_cell_of_a_finding_is_joined_to_what_stands_there(read: Frames, folder: Path) -> None:
    key = "submission, section, row, field"
    ((joined, every),) = asked(
        folder,
        "SELECT count(c.cell), count(*) FROM finding_cells AS f LEFT JOIN cells AS c "
        "ON (f.submission, f.section, f.field) = (c.submission, c.section, c.field) "
        "AND f.row IS NOT DISTINCT FROM c.row",
    )
    assert every == len(read.finding_cells) > len(read.findings)
    assert joined == every
    ((repeated,),) = asked(folder, f"SELECT count(*) FROM (SELECT finding, {key} FROM finding_cells "
                           f"GROUP BY ALL HAVING count(*) > 1)")  # fmt: skip
    assert repeated == 0
    ((cells,),) = asked(folder, "SELECT list(f.row ORDER BY f.row) FROM finding_cells AS f JOIN findings AS g USING (finding) "
                        "WHERE f.code = 'D420' AND g.cell = 'G17,G20,G21,G23,G25'")  # fmt: skip
    assert cells == [1, 4, 5, 7, 9]


def test_times_are_times(tmp_path: Path) -> None:
    saved = replace(accepted(filling(ARCHIVE), "a.xlsx"), modified="2025-03-14T20:30:00Z")
    write_data(frames([saved], checked=False), tmp_path, checked=False)
    ((kind, told),) = asked(tmp_path, "SELECT typeof(modified), modified FROM files")
    assert (kind, f"{told}") == ("TIMESTAMP", "2025-03-15 04:30:00")


def test_two_years_have_a_table_of_what_changed(tmp_path: Path) -> None:
    two = two_years()
    write_data(frames(sample_returns(), checked=False), tmp_path, two, checked=False)
    back = pd.read_parquet(tmp_path / f"{OWN}_summary" / "comparison.parquet")
    (compared,) = two.comparisons
    assert back["final_budget_change"].sum() == pytest.approx(
        compared.departments["final_budget_change"].sum()
    )


def test_a_round_s_events_and_states_are_written_with_the_rest(
    read: Frames, tmp_path: Path
) -> None:
    path = new_round(tmp_path / "2024", forms=["department_overall"], roster=ROSTER, year=2024)
    receive(path, SAMPLES / "returns")
    write_data(read, tmp_path / "data", further=round_tables(path))
    states = asked(tmp_path / "data", "SELECT state, count(*) FROM states GROUP BY 1 ORDER BY 1")
    assert states == [("faulty", 9), ("not_issued", 2), ("passed", 3)]
    ((kind, events),) = asked(
        tmp_path / "data",
        "SELECT any_value(typeof(\"at\")), count(*) FROM events WHERE kind = 'received'",
    )
    assert (kind, events) == ("TIMESTAMP", 12)


def test_the_views_count_as_the_summary_does(folder: Path, samples_summary: Summary) -> None:
    part = samples_summary.main
    assert part is not None
    totals = part.totals["value"]
    ((*added,),) = asked(folder, f"SELECT {', '.join(totals.index)} FROM {OWN}_summary.totals")
    assert added == pytest.approx(totals.tolist(), rel=1e-12)
    grades = dict(asked(folder, f"SELECT grade, departments FROM {OWN}_summary.grades"))
    assert grades == {g: n for g, n in part.grades["departments"].items() if n}
    levels = asked(
        folder,
        f'SELECT level1, level2, "rows", attainment FROM {OWN}_summary.indicators_by_level',
    )
    found = {(one, two): (rows, share) for one, two, rows, share in levels}
    wanted = part.indicators.reset_index()
    assert len(found) == len(wanted)
    for one, two, rows, share in wanted[["level1", "level2", "rows", "share"]].itertuples(
        index=False
    ):
        assert found[one, two] == (rows, pytest.approx(share, rel=1e-12))
    states = dict(asked(folder, "FROM coverage_by_status"))
    assert states == {s: n for s, n in samples_summary.counts.items() if n}
    ((most, code),) = asked(folder, "SELECT findings, code FROM findings_by_code LIMIT 1")
    assert most == int((samples_summary.findings["code"] == code).sum())


def test_a_return_that_was_replaced_counts_once(tmp_path: Path) -> None:
    first = accepted(filling(ARCHIVE), "旧.xlsx", modified="2025-03-01T00:00:00")
    again = changed(filling(ARCHIVE), funds__final_budget=200)
    last = accepted(again, "新.xlsx", modified="2025-03-02T00:00:00")
    write_data(frames([first, last]), tmp_path, aggregate([first, last]))
    assert asked(tmp_path, f"SELECT count(*) FROM {OWN}.funds") == [(2,)]
    totals = asked(tmp_path, f"SELECT departments, final_budget FROM {OWN}_summary.totals")
    assert totals == [(1, 200.0)]


def test_text_is_harmless_in_csv_and_exact_elsewhere(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://x","x")\'; DROP TABLE files; --'
    given = changed(filling(ARCHIVE), goals__achieved_goals=evil, identity__phone="＋86 1")
    write_data(frames([accepted(given)]), tmp_path)
    own = tmp_path / OWN
    assert pd.read_csv(own / "goals.csv")["achieved_goals"].iloc[0] == "'" + evil
    assert pd.read_csv(own / "identity.csv")["phone"].iloc[0] == "'＋86 1"
    assert pd.read_parquet(own / "goals.parquet")["achieved_goals"].iloc[0] == evil
    cells = pd.read_csv(tmp_path / "cells.csv")
    assert not cells["raw"].str.startswith("=").any()
    assert asked(tmp_path, f"SELECT achieved_goals FROM {OWN}.goals") == [(evil,)]
    assert asked(tmp_path, "SELECT count(*) FROM files") == [(1,)]


# --- all or nothing -------------------------------------------------------------------------------


def absent(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in names else find(name)
    )


def test_without_pyarrow_nothing_is_written(
    read: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent(monkeypatch, "pyarrow")
    with pytest.raises(WorkbookError, match="pyarrow"):
        write_data(read, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_without_duckdb_the_rest_is_written(
    read: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent(monkeypatch, "duckdb")
    assert not has_duckdb()
    written = write_data(read, tmp_path)
    assert len(written) == 2 * (len(FIXED) + len(overall().sections))
    assert not (tmp_path / DATABASE).exists()


def test_what_fails_half_way_leaves_the_old_data_alone(
    read: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_data(read, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(duckdb, "connect", fail)
    with pytest.raises(WorkbookError, match="无法写入"):
        write_data(read, tmp_path)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_a_frame_unlike_its_schema_is_refused(read: Frames, tmp_path: Path) -> None:
    other = replace(read, files=read.files.drop(columns="why"))
    with pytest.raises(WorkbookError, match="files"):
        write_data(other, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be_made_is_told(read: Frames, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(WorkbookError, match="无法写入"):
        write_data(read, tmp_path / "data")
