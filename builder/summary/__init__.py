"""The bureau's workbook: the year on a page, one line a department, analysis, lists.

In comes a `Summary`; out comes one .xlsx whose figures stay alive. A module is a sheet or a family of sheets;
their order stands in `contents`. Start there.
"""

from builder.summary.contents import build_summary

__all__ = [
    "build_summary",
]
