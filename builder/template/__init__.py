"""The locked workbook that a department fills in: blank, personalised, or filled with values.

In comes a `Form` (and a `Filling`, a roster's entries); out comes one .xlsx a department: the form as on paper,
its formulas and validations, 自检, the hidden sheets. Start in `template`; `sending_out` writes one for each
department, with what the bureau `approved` for it.
"""

from builder.template.approved import Addressee, addressees
from builder.template.guide import SendBack
from builder.template.proofreading import roster_remarks
from builder.template.sending_out import issue, issue_to
from builder.template.sent_back import SEVERITY_WORDS, BackItem, BackLetter
from builder.template.template import build_sent_back, build_template

__all__ = [
    "SEVERITY_WORDS",
    "Addressee",
    "BackItem",
    "BackLetter",
    "SendBack",
    "addressees",
    "build_sent_back",
    "build_template",
    "issue",
    "issue_to",
    "roster_remarks",
]
