"""Everything that writes a file: templates, the summary, its page, documents, tables. Imports `workbook`, never back."""

from builder.summary import build_summary
from builder.template import build_template, issue
from builder.web import build_page

__all__ = ["build_page", "build_summary", "build_template", "issue"]
