"""A form tried out before it is sent: its rules' cases here and in the sheet, ten thousand fillings at random.

In comes a `Form`; out comes a `Rehearsal`: which cases fail or are missing, which rules look the same or never
break (`rehearse`). `in_sheet` lets LibreOffice judge fillings, `random_fillings` makes them up.
Start in `rehearsal`.
"""

from workbook.rehearsal.rehearsal import Rehearsal, Remark, rehearse

__all__ = [
    "Rehearsal",
    "Remark",
    "rehearse",
]
