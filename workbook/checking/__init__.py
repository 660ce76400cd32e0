"""Submissions become findings: every rule over all returns at once, and what shows only between them.

In come returns and a roster; out come the same returns with all their findings (`check`). `columns` holds
submissions as aligned arrays and is what everything that computes anew asks; `same_department` says who is
the same department. Start in `checks`.
"""

from workbook.checking.agreement import compared_fields, roster_amounts
from workbook.checking.between_returns import (
    OFF_PROJECTS,
    UNDECIDED_COPY,
    add_findings_between,
)
from workbook.checking.checks import Trial, check, judge, judge_trials, marked, related, tidy, trial
from workbook.checking.columns import (
    BROKEN,
    HOLDS,
    UNDECIDED,
    VERDICTS,
    Batch,
    View,
    batch_of,
    gather,
    joint_plan,
    typed_cells,
    value_at,
)
from workbook.checking.duties import Duties, Duty
from workbook.checking.last_year import is_earlier, no_earlier_year
from workbook.checking.roster import (
    Roster,
    RosterEntry,
    RosterIndicator,
    RosterProject,
    as_roster,
    load_counties,
    load_roster,
    nearest_name,
)
from workbook.checking.same_department import Identity, full_name, pair
from workbook.checking.senders import Sender, SentReturns, named_otherwise, sort_by_sender
from workbook.checking.table_file import (
    HEAD_WITHIN,
    WHO_HEADS,
    PlainTable,
    Row,
    TableFile,
    cell_text,
    is_sum_line,
    plain_head,
)
from workbook.checking.told_apart import require_told_apart

__all__ = [
    "BROKEN",
    "HEAD_WITHIN",
    "HOLDS",
    "OFF_PROJECTS",
    "UNDECIDED",
    "UNDECIDED_COPY",
    "VERDICTS",
    "WHO_HEADS",
    "Batch",
    "Duties",
    "Duty",
    "Identity",
    "PlainTable",
    "Roster",
    "RosterEntry",
    "RosterIndicator",
    "RosterProject",
    "Row",
    "Sender",
    "SentReturns",
    "TableFile",
    "Trial",
    "View",
    "add_findings_between",
    "as_roster",
    "batch_of",
    "cell_text",
    "check",
    "compared_fields",
    "full_name",
    "gather",
    "is_earlier",
    "is_sum_line",
    "joint_plan",
    "judge",
    "judge_trials",
    "load_counties",
    "load_roster",
    "marked",
    "named_otherwise",
    "nearest_name",
    "no_earlier_year",
    "pair",
    "plain_head",
    "related",
    "require_told_apart",
    "roster_amounts",
    "sort_by_sender",
    "tidy",
    "trial",
    "typed_cells",
    "value_at",
]
