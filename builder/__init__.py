"""Everything that writes a file: the locked template and the summary. Imports `workbook`, never back."""

from builder.issue import issue
from builder.summary import build_summary
from builder.template import build_template

__all__ = ["build_summary", "build_template", "issue"]
