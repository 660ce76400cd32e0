"""What tests ask for behind the doors, in one place: a redesign that moves one of these names mends this module alone.

All other tests come in by a door: `workbook`, `builder`, a room's `__init__`, or the command line
(tests/test_house.py holds that, and lists the modules that are tested from within).
"""

import pkgutil
from typing import Any

import pytest

from builder.web.page_data import page_data
from builder.word.official import official_template
from builder.word.report import department_report
from workbook.catalogue import CATALOGUE, Severity
from workbook.checking.checks import judge_case
from workbook.commands.cli import cli
from workbook.commands.messages import CLEAN, FOUND, WRONG
from workbook.commands.outcome import log as write_log
from workbook.commands.output import known_codes
from workbook.desk.jobs import Errand
from workbook.desk.rounds_on_desk import Recents
from workbook.desk.sessions import Sessions
from workbook.desk.visits import plain as plain_words
from workbook.errors import ExpressionError, Refused
from workbook.findings import finding
from workbook.form.composition import FORMS_DIR, RULE_SETS_DIR
from workbook.form.kinds import KINDS
from workbook.form.scope import Standpoint
from workbook.language import speak
from workbook.limits import Limits
from workbook.package.worker import run as run_apart
from workbook.reading.reader import read_return
from workbook.rehearsal.random_fillings import NUMBERS, OFFSETS, random_fillings
from workbook.round.folder import RoundFolder
from workbook.round.ledger import Ledger
from workbook.round.problems import Problem, problems_of
from workbook.round.receiving import findings_of, reading_of
from workbook.stores import Folder
from workbook.summary.coverage import day_received

__all__ = [
    "CATALOGUE",
    "CLEAN",
    "FORMS_DIR",
    "FOUND",
    "KINDS",
    "NUMBERS",
    "OFFSETS",
    "RULE_SETS_DIR",
    "WRONG",
    "Errand",
    "ExpressionError",
    "Folder",
    "Ledger",
    "Limits",
    "Problem",
    "Recents",
    "Refused",
    "RoundFolder",
    "Sessions",
    "Severity",
    "Standpoint",
    "cli",
    "day_received",
    "department_report",
    "finding",
    "findings_of",
    "judge_case",
    "known_codes",
    "official_template",
    "page_data",
    "part",
    "plain_words",
    "problems_of",
    "random_fillings",
    "read_return",
    "reading_of",
    "replace_part",
    "run_apart",
    "set_part",
    "speak",
    "write_log",
]

_PARTS = {
    "a return in a pack": "workbook.reported.report_pack.record_of",
    "a round as a page shows it": "workbook.desk.rounds_on_desk.RoundOnDesk.snapshot",
    "a row of the board": "workbook.desk.board_page.BoardRow",
    "the content of a file in the inbox": "workbook.round.intake.read_file",
    "the departments that a roll-up takes": "workbook.scale.rollup.MOST_LINES",
    "the links of a list": "builder.sheets.listing.MOST_LINKS",
    "the rows of a list": "builder.sheets.listing.MOST_ROWS",
    "the rows that a summary holds in memory": "builder.summary.contents._BIG",
    "the files in the inbox": "workbook.round.intake.find_files",
    "the files that batches are made of": "workbook.scale.partitions.find_files",
    "the limits of an upload": "workbook.desk.uploads.Limits",
    "the office that converts": "workbook.word.find_office",
    "the office that rehearses": "workbook.rehearsal.rehearsal.find_office",
    "the reader and writer of a batch": "workbook.scale.partitions._read_and_write",
    "the reader of a batch": "workbook.scale.partitions.read_batch",
    "the reader of a batch in memory": "workbook.reading.reader.read_batch",
    "the reader of one kept file": "workbook.reading.reader._read_kept",
    "the rows that a roll-up lists": "workbook.scale.rollup.MOST_ROWS",
    "what a verb writes": "workbook.round.folder.OpenRound.write_now",
}
"""What a test puts something else in the place of, to see how the rest takes it: a limit reached, a part that fails."""


def part(name: str) -> Any:
    """What stands there."""
    return pkgutil.resolve_name(_PARTS[name])


def replace_part(monkeypatch: pytest.MonkeyPatch, name: str, by: object) -> None:
    """Put something else there for the length of a test."""
    monkeypatch.setattr(_PARTS[name], by)


def set_part(name: str, by: object) -> None:
    """Put something else there for good, in a process that ends with the test."""
    owner, _, attribute = _PARTS[name].rpartition(".")
    setattr(pkgutil.resolve_name(owner), attribute, by)
