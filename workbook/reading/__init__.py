"""Returned files become submissions, every value with its cell.

In come paths; out comes a list of `Return`: accepted with a `Submission`, or rejected or skipped with the
reason. Cells are found by their names, else by printed labels, else where they usually stand; what was done to
the template besides filling it in becomes findings. Start in `reader`, then `cell_locations` and `tampering`.
"""

from workbook.reading.counties import County, FolderCounties, of_counties
from workbook.reading.due_forms import DueForms, due_forms_of
from workbook.reading.reader import (
    Forms,
    Passwords,
    as_forms,
    as_passwords,
    fatal,
    find_files,
    is_litter,
    known_forms,
    read_batch,
    read_kept,
    read_returns,
    require_counties,
    require_executor,
)
from workbook.reading.submission import (
    ACCEPTED,
    CHINA,
    REJECTED,
    SKIPPED,
    Cell,
    Filling,
    Return,
    Returns,
    Submission,
    as_returns,
    choose,
    require_checked,
    require_whole,
    submit,
)
from workbook.reading.unforeseen import guarded, is_foreseen, rejected, told
from workbook.reading.workers import IN_FLIGHT, Processes, WorkBatch, dispatch, executor_at

__all__ = [
    "ACCEPTED",
    "CHINA",
    "IN_FLIGHT",
    "REJECTED",
    "SKIPPED",
    "Cell",
    "County",
    "DueForms",
    "Filling",
    "FolderCounties",
    "Forms",
    "Passwords",
    "Processes",
    "Return",
    "Returns",
    "Submission",
    "WorkBatch",
    "as_forms",
    "as_passwords",
    "as_returns",
    "choose",
    "dispatch",
    "due_forms_of",
    "executor_at",
    "fatal",
    "find_files",
    "guarded",
    "is_foreseen",
    "is_litter",
    "known_forms",
    "of_counties",
    "read_batch",
    "read_kept",
    "read_returns",
    "rejected",
    "require_checked",
    "require_counties",
    "require_executor",
    "require_whole",
    "submit",
    "told",
]
