"""What tests ask for behind the doors, in one place: a redesign that moves one of these names mends this module alone.

All other tests come in by a door: `workbook`, `builder`, a room's `__init__`, or the command line
(tests/test_house.py holds that, and lists the modules that are tested from within).
"""

from builder.web.page_data import page_data
from builder.word.official import official_template
from builder.word.report import department_report
from workbook.catalogue import CATALOGUE, Severity
from workbook.checking.checks import judge_case
from workbook.commands.cli import cli
from workbook.commands.messages import CLEAN, FOUND, WRONG
from workbook.commands.output import known_codes
from workbook.errors import ExpressionError, Refused
from workbook.findings import finding
from workbook.form.composition import FORMS_DIR, RULE_SETS_DIR
from workbook.form.kinds import KINDS
from workbook.form.scope import Standpoint
from workbook.limits import Limits
from workbook.package.worker import run as run_apart
from workbook.reading.reader import read_return
from workbook.round.ledger import Ledger
from workbook.stores import Folder

__all__ = [
    "CATALOGUE",
    "CLEAN",
    "FORMS_DIR",
    "FOUND",
    "KINDS",
    "RULE_SETS_DIR",
    "WRONG",
    "ExpressionError",
    "Folder",
    "Ledger",
    "Limits",
    "Refused",
    "Severity",
    "Standpoint",
    "cli",
    "department_report",
    "finding",
    "judge_case",
    "known_codes",
    "official_template",
    "page_data",
    "read_return",
    "run_apart",
]
