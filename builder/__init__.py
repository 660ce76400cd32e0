"""Everything that writes a file: templates, the summary, its page, documents, tables. Imports `workbook`, never back.

- templates: `build_template` (one form), `issue` (one a department), `addressees` (whom a roster names)
- of a `workbook.Summary`: `build_summary` (the workbook), `build_page` (for the browser), `build_county_report`
  (the bureau's draft, Word), `draw_figure` (its charts, matplotlib)
- of returns: `write_notices` (a text a department), `write_reports` (a document a department)
- of `workbook.Frames`: `write_data` (CSV, Parquet, DuckDB)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.lazy import lazily

if TYPE_CHECKING:
    from builder.summary import build_summary
    from builder.tables import write_data
    from builder.template import addressees, build_template, issue
    from builder.web import build_page, draw_figure
    from builder.word import build_county_report, write_notices, write_reports

__all__ = [
    "addressees",
    "build_county_report",
    "build_page",
    "build_summary",
    "build_template",
    "draw_figure",
    "issue",
    "write_data",
    "write_notices",
    "write_reports",
]

_HOMES = {
    "builder.summary": ("build_summary",),
    "builder.tables": ("write_data",),
    "builder.template": ("addressees", "build_template", "issue"),
    "builder.web": ("build_page", "draw_figure"),
    "builder.word": ("build_county_report", "write_notices", "write_reports"),
}

__getattr__, __dir__ = lazily(globals(), _HOMES)
