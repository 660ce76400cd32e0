"""Where every field stands: the one contract between template and reader.

In comes a `Form` and how many rows its groups have; out comes a `Layout`: by defined name the cell of each
field, the formulas as they must stand there (`Formulas`), what each input lets in (`input_limits`). Start in
`layout`.
"""

from workbook.layout.formulas import Formulas, canonical, formulas_of
from workbook.layout.input_limits import Admitted, admitted, list_name
from workbook.layout.layout import (
    CALC_SHEET,
    CHECK_SHEET,
    CHECK_TOP,
    FORM_RECORDS,
    FORM_SHEET,
    GUIDE_SHEET,
    ISSUED_COLUMN,
    LIST_SHEET,
    MOST_ROWS,
    OTHER_WORD,
    SOONEST,
    STATUS_ROW,
    VERDICT_LETTERS,
    VERDICT_WORDS,
    Block,
    Label,
    Layout,
    Page,
    Plan,
    Slot,
    Spot,
    cell_name,
    check_lines,
    check_name,
    default_plan,
    lay_out,
    plan_for,
)

__all__ = [
    "CALC_SHEET",
    "CHECK_SHEET",
    "CHECK_TOP",
    "FORM_RECORDS",
    "FORM_SHEET",
    "GUIDE_SHEET",
    "ISSUED_COLUMN",
    "LIST_SHEET",
    "MOST_ROWS",
    "OTHER_WORD",
    "SOONEST",
    "STATUS_ROW",
    "VERDICT_LETTERS",
    "VERDICT_WORDS",
    "Admitted",
    "Block",
    "Formulas",
    "Label",
    "Layout",
    "Page",
    "Plan",
    "Slot",
    "Spot",
    "admitted",
    "canonical",
    "cell_name",
    "check_lines",
    "check_name",
    "default_plan",
    "formulas_of",
    "lay_out",
    "list_name",
    "plan_for",
]
