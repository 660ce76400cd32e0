"""Everything that writes a file: the locked template, the summary, the page. Imports `workbook`, never back."""

from builder.summary import build_summary
from builder.template import build_template, issue
from builder.web import build_page

__all__ = ["build_page", "build_summary", "build_template", "issue"]
