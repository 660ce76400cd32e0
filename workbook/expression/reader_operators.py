"""`READER_OPS`: operators that a sheet cannot work out. Rules that use them are the reader's alone."""

from workbook.expression.amounts_in_text import AMOUNT_OPS
from workbook.expression.claims_in_text import CLAIM_OPS
from workbook.expression.figures_in_text import FIGURE_OPS
from workbook.expression.names_in_text import NAME_OPS
from workbook.expression.operands import Op
from workbook.expression.sums_in_text import SUM_OPS

READER_OPS: dict[str, Op] = FIGURE_OPS | AMOUNT_OPS | CLAIM_OPS | NAME_OPS | SUM_OPS
"""Those operators by their names in form definitions."""
