"""Documents and notices: each department's report, the public pack, the bureau's own draft, what is to be mended.

In come checked returns or a `Summary`; out come .docx (and PDF, an index page), or one text a department. Start in
`report`; `official` is the page of public documents as styles.
"""

from builder.word.back_notice import NoticeForm, write_back_notice
from builder.word.county_report import build_county_report
from builder.word.disclosure import select, write_reports
from builder.word.notices import write_notices
from builder.word.official import write_template
from builder.word.recall_letter import write_recall_letter

__all__ = [
    "NoticeForm",
    "build_county_report",
    "select",
    "write_back_notice",
    "write_notices",
    "write_recall_letter",
    "write_reports",
    "write_template",
]
