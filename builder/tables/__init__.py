"""The frames on disk for the analyst: CSV, Parquet and one DuckDB file with views.

In come frames and a `Summary`, each checked against its schema; out come files (`write_data`). docs/data.md
shows them at work. Start in `data`.
"""

from builder.tables.data import (
    DATABASE,
    INSTALL,
    folder_of,
    has_duckdb,
    parquet_of,
    require,
    summary_of,
    tables_of,
    write_data,
)
from builder.tables.summary_tables import (
    attainment_schema,
    composition_schema,
    sample_schema,
)

__all__ = [
    "DATABASE",
    "INSTALL",
    "attainment_schema",
    "composition_schema",
    "folder_of",
    "has_duckdb",
    "parquet_of",
    "require",
    "sample_schema",
    "summary_of",
    "tables_of",
    "write_data",
]
