"""What the bureau's report says: chapters of sentences, tables and charts, and whence each figure was taken.

A finished `Summary` goes in; out comes a `BureauReport` of plain texts, which `builder` only sets in type. Nothing is said
that the figures do not show, and what a person must add is a `LeftOpen`. Start in `bureau_report`; `wording` is
the grammar, a module beside it a chapter.
"""

from workbook.statements.bureau_report import CHAPTERS, BureauAnnex, BureauReport, report_of
from workbook.statements.statement import (
    Basis,
    LeftOpen,
    Passage,
    Plot,
    Statement,
    Subheading,
    Tabular,
    TextChapter,
)

__all__ = [
    "CHAPTERS",
    "Basis",
    "BureauAnnex",
    "BureauReport",
    "LeftOpen",
    "Passage",
    "Plot",
    "Statement",
    "Subheading",
    "Tabular",
    "TextChapter",
    "report_of",
]
