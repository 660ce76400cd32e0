"""`write_data`: the frames on disk for the analyst, as CSV, as Parquet and as one DuckDB file.

The DuckDB file holds the same tables, with what each column means as its comment, and views that
answer the usual questions. docs/data.md shows them at work.
"""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from builder.tables.summary_tables import further_tables
from workbook.arguments import ArgumentError, PathLike, as_path, taken
from workbook.errors import WorkbookError
from workbook.form import Form, ScoredRows
from workbook.language import t
from workbook.summary import (
    COVERAGE,
    DATE,
    DUTIES,
    FIGURES,
    FIXED,
    NEAR,
    NUMBER,
    TEXT,
    TIMESTAMP,
    TRUTH,
    WHOLE,
    FormSummary,
    Frames,
    Schema,
    Status,
    Summary,
    counties_schema,
    departments_schema,
    differences,
    section_schema,
)
from workbook.writing import writing

if TYPE_CHECKING:
    import duckdb

DATABASE = "data.duckdb"
INSTALL = "pip install 'selfeval-workbook[data]'"
_REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)
_FORMULA_STARTS = tuple("=+-@＝＋－＠\t\r\n")
"""A text that begins so would be run as a formula by a program that opens the CSV."""
_SQL_TYPES = {
    TEXT: "VARCHAR",
    WHOLE: "BIGINT",
    NUMBER: "DOUBLE",
    DATE: "DATE",
    TIMESTAMP: "TIMESTAMP",
    TRUTH: "BOOLEAN",
}


@dataclass(frozen=True, slots=True)
class _Table:
    """A frame with its schema, and the folder (a form's) it belongs to; blank for the round's own."""

    folder: str
    schema: Schema
    frame: pd.DataFrame


def has_duckdb() -> bool:
    """Whether a DuckDB file can be written."""
    return importlib.util.find_spec("duckdb") is not None


def write_data(
    frames: Frames,
    folder: PathLike,
    summary: Summary | None = None,
    *,
    checked: bool = True,
    further: Iterable[tuple[Schema, pd.DataFrame]] = (),
) -> tuple[Path, ...]:
    """Write every frame as CSV and Parquet, all of them as one DuckDB file; returns the paths written.

    `files`, `submissions`, `cells` and `findings` stand in the folder, the sections of each form in
    a folder of its own (`department_overall_2024/funds.csv`), and so do the schemas of `data.duckdb`.
    With the summary of the same returns come `coverage`, `duties`, each form's `departments` in a folder of
    their own (`department_overall_2024_summary`), and the views that count each department once. `further` are tables of
    others, such as `workbook.round.round_tables` gives.
    Without duckdb (see `has_duckdb`) that file is left out.

    All files are written before the first is put in its place, each whole. CSV is UTF-8 with BOM, for
    Excel; there a text that begins like a formula (= + - @) gets an apostrophe in front, so that no
    program runs it. Parquet and DuckDB keep every text letter for letter.
    Raises WorkbookError when pyarrow is missing (before anything is written), a file cannot be
    written, or a frame is not as its schema says; ArgumentError for frames of returns that were not checked,
    unless `checked` is False.

    >>> from builder import write_data
    >>> from workbook import check, frames, read_returns
    >>> paths = write_data(frames(check(read_returns("samples/returns"))), "data")
    >>> sorted({path.suffix for path in paths})
    ['.csv', '.duckdb', '.parquet']
    """
    taken(frames, Frames, "frames", "应是 frames(returns) 的结果")
    if checked and not frames.checked:
        raise ArgumentError(
            t("frames：出自没有检查过的表；请先 check(returns)，确要写出，写 checked=False")
        )
    if summary is not None:
        taken(summary, Summary, "summary", "应是 aggregate(returns) 的结果")
    if importlib.util.find_spec("pyarrow") is None:
        raise WorkbookError(t("写 Parquet 需要 pyarrow，请先运行：{install}", install=INSTALL))
    folder = as_path(folder, "folder")
    tables = [*_tables(frames), *_summary_tables(summary)]
    tables += [_Table("", schema, frame) for schema, frame in further]
    for table in tables:
        require(table.frame, table.schema)
    written = []
    with contextlib.ExitStack() as stack:

        def new(path: Path) -> Path:
            written.append(path)
            return stack.enter_context(writing(path))

        for table in tables:
            stem = folder / table.folder / table.schema.name
            _plain(table.frame).to_csv(
                new(stem.with_suffix(".csv")),
                encoding="utf-8-sig",
                lineterminator="\n",
                index=False,
            )
            new(stem.with_suffix(".parquet")).write_bytes(parquet_of(table.frame, table.schema))
        if has_duckdb():
            _write_database(new(folder / DATABASE), tables, _views(frames, summary))
    return tuple(written)


def tables_of(frames: Frames) -> dict[str, tuple[Schema, pd.DataFrame]]:
    """Every frame with its schema by the name of its table: `files`, `department_overall_2024/funds` …

    Raises WorkbookError if a frame is not as its schema says.
    """
    by_table = {}
    for table in _tables(frames):
        require(table.frame, table.schema)
        name = f"{table.folder}/{table.schema.name}".lstrip("/")
        by_table[name] = table.schema, table.frame
    return by_table


def parquet_of(frame: pd.DataFrame, schema: Schema) -> bytes:
    """A frame as Parquet, each column with its `label` and `unit` in its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    told = {
        column.name: {"label": column.meaning} | ({"unit": column.unit} if column.unit else {})
        for column in schema.every
    }
    table = pa.Table.from_pandas(frame)
    fields = [field.with_metadata(told.get(field.name)) for field in table.schema]
    described = pa.Table.from_arrays(
        table.columns, schema=pa.schema(fields, metadata=table.schema.metadata)
    )
    sink = pa.BufferOutputStream()
    pq.write_table(described, sink)
    return bytes(sink.getvalue())


def require(frame: pd.DataFrame, schema: Schema) -> None:
    """Raise WorkbookError if a frame is not as its schema says."""
    for difference in differences(frame, schema):
        raise WorkbookError(
            t(
                "{name}：{difference}，与 workbook/summary/schemas.py 不符",
                name=schema.name,
                difference=difference,
            )
        )


def _tables(frames: Frames) -> Iterator[_Table]:
    for schema in FIXED:
        yield _Table("", schema, getattr(frames, schema.name))
    for key, parts in frames.sections.items():
        form = frames.forms[key]
        for name, frame in parts.items():
            yield _Table(folder_of(form), section_schema(form, form.sections[name]), frame)


def _summary_tables(summary: Summary | None) -> Iterator[_Table]:
    if summary is None:
        return
    yield _Table("", COVERAGE, summary.coverage)
    yield _Table("", DUTIES, summary.duties)
    for form, parts in _by_form(summary):
        schema = departments_schema(form)
        lines = pd.concat([_with_year(part.departments, part) for part in parts])
        frame = lines[[column.name for column in schema.columns]]
        yield _Table(summary_of(form), schema, frame)
        figures = pd.concat([part.figures for part in parts], ignore_index=True)
        yield _Table(summary_of(form), FIGURES, figures.rename_axis("line"))
        counties = pd.concat([_with_year(part.counties.reset_index(), part) for part in parts])
        schema = counties_schema(form)
        counties = counties[[column.name for column in schema.columns]].reset_index(drop=True)
        yield _Table(summary_of(form), schema, counties.rename_axis("line"))
        for further in further_tables(summary, form, parts):
            yield _Table(summary_of(form), *further)


def _with_year(frame: pd.DataFrame, part: FormSummary) -> pd.DataFrame:
    return frame.assign(fiscal_year=pd.array([part.fiscal_year] * len(frame), dtype="Int64"))


def _by_form(summary: Summary) -> list[tuple[Form, list[FormSummary]]]:
    """The forms, each with its parts: one a year."""
    parts_by_form: dict[str, list[FormSummary]] = {}
    for part in summary.forms:
        parts_by_form.setdefault(part.form.key, []).append(part)
    return [(parts[0].form, parts) for parts in parts_by_form.values()]


def folder_of(form: Form) -> str:
    """The folder and the DuckDB schema that hold a form's own tables: `department_overall_2024`."""
    return re.sub(r"[^\w.-]+", "_", form.key).strip("._") or "form"


def summary_of(form: Form) -> str:
    """The folder and the DuckDB schema for what was made of a form: no section's name is taken there."""
    return f"{folder_of(form)}_summary"


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame for a CSV: index levels as columns, texts that look like formulas made harmless."""
    flat = frame.reset_index()
    for name in flat.columns[flat.dtypes == "string"]:
        begins = flat[name].str.startswith(_FORMULA_STARTS).fillna(value=False)
        flat[name] = flat[name].mask(begins, "'" + flat[name])
    return flat


# --- DuckDB ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _SqlView:
    """A view: its schema, its name, what it tells, its SQL, and what its columns mean."""

    folder: str
    name: str
    meaning: str
    sql: str
    columns: Sequence[tuple[str, str]]


def _write_database(path: Path, tables: Iterable[_Table], views: Iterable[_SqlView]) -> None:
    """Write a database; raises OSError where DuckDB cannot write, which tells of it in errors of its own."""
    import duckdb

    path.unlink()  # DuckDB takes an empty file for a broken one
    try:
        # Nothing is fetched from anywhere.
        with duckdb.connect(path, config={"autoinstall_known_extensions": "false"}) as base:
            base.begin()  # each statement of its own would be put on disk one by one
            for table in tables:
                _write_table(base, table)
            for view in views:
                name = _qualified(view.folder, view.name)
                base.execute(f"CREATE VIEW {name} AS {view.sql}")
                _comment(base, "VIEW", name, view.meaning, view.columns)
            base.commit()
            base.execute("CHECKPOINT")  # what fails when the file is closed is told to nobody
    except (duckdb.OperationalError, duckdb.FatalException) as error:
        raise OSError(_reason_of(error), str(error)) from error
    finally:
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


def _reason_of(error: duckdb.Error) -> int:
    """The number of what the machine refused: DuckDB tells it in words only."""
    return next((code for code in _REFUSALS if os.strerror(code) in str(error)), errno.EIO)


def _write_table(base: duckdb.DuckDBPyConnection, table: _Table) -> None:
    import pyarrow as pa

    columns = table.schema.every
    name = _qualified(table.folder, table.schema.name)
    if table.folder:
        base.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(table.folder)}")
    typed = ", ".join(f"{_quoted(c.name)} {_SQL_TYPES[c.dtype]}" for c in columns)
    base.execute(f"CREATE TABLE {name} ({typed})")
    base.register("given", pa.Table.from_pandas(table.frame.reset_index(), preserve_index=False))
    chosen = ", ".join(_quoted(column.name) for column in columns)
    base.execute(f"INSERT INTO {name} SELECT {chosen} FROM given")
    base.unregister("given")
    meanings = [(c.name, f"{c.meaning}（{c.unit}）" if c.unit else c.meaning) for c in columns]
    _comment(base, "TABLE", name, table.schema.meaning, meanings)


def _comment(
    base: duckdb.DuckDBPyConnection,
    object_kind: str,
    name: str,
    meaning: str,
    columns: Iterable[tuple[str, str]],
) -> None:
    base.execute(f"COMMENT ON {object_kind} {name} IS {_literal(meaning)}")
    for column, column_meaning in columns:
        base.execute(f"COMMENT ON COLUMN {name}.{_quoted(column)} IS {_literal(column_meaning)}")


def _qualified(folder: str, name: str) -> str:
    return f"{_quoted(folder or 'main')}.{_quoted(name)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# --- views ----------------------------------------------------------------------------------------

_ANSWERED = ", ".join(_literal(status) for status in Status if status.counts)


def _views(frames: Frames, summary: Summary | None) -> Iterator[_SqlView]:
    yield _SqlView(
        "",
        "findings_by_code",
        "每种问题有多少，最多的在前",
        "SELECT code, severity, count(*) AS findings, count(DISTINCT path) AS files "
        "FROM main.findings GROUP BY code, severity ORDER BY findings DESC, code",
        [("findings", "个数"), ("files", "在几份文件里")],
    )
    if summary is None:
        return
    yield _SqlView(
        "",
        "coverage_by_status",
        "已报、须修改、退回、未报的单位各有多少",
        "SELECT status, count(*) AS departments FROM main.coverage GROUP BY status ORDER BY status",
        [("departments", "单位数")],
    )
    for form, _ in _by_form(summary):
        yield from _form_views(form)


def _form_views(form: Form) -> Iterator[_SqlView]:
    folder, key_fields = summary_of(form), form.key_fields
    lines = _qualified(folder, "departments")
    yield _totals_view(folder, lines, form)
    if key_fields.score is not None:
        yield _SqlView(
            folder,
            "grades",
            "各等次的单位数和占比",
            "SELECT fiscal_year, grade, count(*) AS departments, "
            "count(*) / sum(count(*)) OVER (PARTITION BY fiscal_year) AS share "
            f"FROM {lines} WHERE grade IS NOT NULL GROUP BY fiscal_year, grade "
            "ORDER BY fiscal_year, min(counted_score) DESC",
            [("departments", "单位数"), ("share", "占有等次的单位的比例，小数")],
        )
    for rows in key_fields.scored:
        yield from _attainment_views(form, lines, rows)


def _totals_view(folder: str, lines: str, form: Form) -> _SqlView:
    """The figures side by side, one line a year: worked out by the summary, not once more here."""
    key_fields = form.key_fields
    figures = [(name, f"{item.label}之和（万元）") for name, item in key_fields.amounts.items()]
    if key_fields.rate is not None:
        figures.append(("execution_rate", "执行率，由合计数算（两数都有的单位），小数"))
    scores = {"": "自评得分", "counted_": "采用得分"} if key_fields.score is not None else {}
    for before, label in scores.items():
        figures.append((f"{before}mean_score", f"{label}的简单平均"))
        if key_fields.budget:
            figures.append((f"{before}weighted_score", f"{label}按全年预算加权的平均"))
    columns_of_figure = (
        ("value", "", ""),
        ("certain", "_certain", "，不含存疑的数"),
        ("doubtful", "_doubtful", "：存疑的单位（项目）数"),
    )
    chosen = [
        f"max({column}) FILTER (figure = {_literal(name)}) AS {_quoted(name + end)}"
        for column, end, _ in columns_of_figure
        for name, _ in figures
    ]
    meanings = [
        (name + end, meaning + of) for _, end, of in columns_of_figure for name, meaning in figures
    ]
    counted = (
        f"SELECT count(*) FROM {lines} AS d WHERE d.status IN ({_ANSWERED}) "
        "AND d.fiscal_year = f.fiscal_year"
    )
    sql = (
        f"SELECT fiscal_year, ({counted}) AS departments, {', '.join(chosen)} "
        f"FROM {_qualified(folder, FIGURES.name)} AS f GROUP BY fiscal_year"
    )
    columns = [("departments", "计入的单位（项目）数"), *meanings]
    return _SqlView(folder, "totals", "合计，只算计入汇总的单位", sql, columns)


def _attainment_views(form: Form, lines: str, scored: ScoredRows) -> Iterator[_SqlView]:
    section = scored.section
    weight, score = _quoted(scored.weight), _quoted(scored.score)
    folder, rows = summary_of(form), _qualified(folder_of(form), section.id)
    each, grouped = f"{section.id}_attainment", f"{section.id}_by_level"
    yield _SqlView(
        folder,
        each,
        f"{section.label}：计入汇总的每一行和它的得分率",
        "SELECT d.fiscal_year, d.county, d.code, d.department, i.* EXCLUDE (county), "
        f"CASE WHEN i.{score} > {-NEAR} AND i.{score} < i.{weight} + {NEAR} "
        f"THEN i.{score} / nullif(i.{weight}, 0) END AS attainment "
        f"FROM {rows} AS i JOIN {lines} AS d ON d.file = i.submission",
        [("attainment", "得分率：自评得分÷分值，小数；得分不在 0 到分值之间的为空")],
    )
    levels = ", ".join(_quoted(level) for level in section.levels)
    both = f"FILTER ({score} > {-NEAR} AND {score} < {weight} + {NEAR})"
    yield _SqlView(
        folder,
        grouped,
        f"{section.label}：按指标层级的行数、得分率、满分的比例",
        f"SELECT fiscal_year, {levels + ', ' if levels else ''}count(*) AS rows, "
        f"sum({weight}) {both} AS weight, sum({score}) {both} AS score, "
        f"sum({score}) {both} / nullif(sum({weight}) {both}, 0) AS attainment, "
        f"count(*) FILTER ({score} >= {weight} AND {score} < {weight} + {NEAR}) / nullif(count(*) {both}, 0) AS full_marks "
        f"FROM {_qualified(folder, each)} GROUP BY ALL ORDER BY attainment",
        [
            ("rows", "行数"),
            ("weight", "分值之和（得分在 0 到分值之间的行，下同）"),
            ("score", "自评得分之和"),
            ("attainment", "得分率：得分之和÷分值之和，小数"),
            ("full_marks", "自评满分的行占的比例，小数"),
        ],
    )
