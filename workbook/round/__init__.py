"""One year's collection: what was sent, what came, which copy counts, what was decided; remembered in a ledger.

In comes a folder (`new_round` makes it) and whatever is dropped into its 收件; out come events, and files for the
departments and for the bureau. All state is a fold over the events (`state`); `versions` says which copy counts,
`problems` what is the same problem in two copies. A verb is a module or shares one: `starting`, `sending`,
`receiving`, `deciding`, `results`, `closing`. Start in `ledger`, then `state`.
"""

from workbook.round.chronicle import history, problems_in, round_tables, submission_of
from workbook.round.closing import Verified, close_round, reopen_round, sealed_pack_of, verify
from workbook.round.deciding import Done, assign, decide, duties_of
from workbook.round.folder import INBOX, RESULT, OpenRound, opened, pulse
from workbook.round.ledger import KIND_WORDS, DutyKey, Event, acting_as, is_shared
from workbook.round.receiving import (
    OUTCOMES,
    Received,
    ReceivedFile,
    reading_in,
    receive,
    receive_bytes,
    received_since,
    told_errors,
    told_numbers,
)
from workbook.round.results import (
    DRAFT,
    PAGE,
    SAMPLE,
    SUMMARY,
    counted_returns,
    is_stale,
    publish,
    recheck,
    sample_round,
    summarise,
)
from workbook.round.sending import Reminder, remind, reminders, send, send_back
from workbook.round.starting import new_round
from workbook.round.state import (
    PROBLEM_STATES,
    STATES,
    Board,
    DepartmentState,
    DutyState,
    fold,
    status,
    today_in_china,
)
from workbook.round.versions import Version, day_in_china

__all__ = [
    "DRAFT",
    "INBOX",
    "KIND_WORDS",
    "OUTCOMES",
    "PAGE",
    "PROBLEM_STATES",
    "RESULT",
    "SAMPLE",
    "STATES",
    "SUMMARY",
    "Board",
    "DepartmentState",
    "Done",
    "DutyKey",
    "DutyState",
    "Event",
    "OpenRound",
    "Received",
    "ReceivedFile",
    "Reminder",
    "Verified",
    "Version",
    "acting_as",
    "assign",
    "close_round",
    "counted_returns",
    "day_in_china",
    "decide",
    "duties_of",
    "fold",
    "history",
    "is_shared",
    "is_stale",
    "new_round",
    "opened",
    "problems_in",
    "publish",
    "pulse",
    "reading_in",
    "receive",
    "receive_bytes",
    "received_since",
    "recheck",
    "remind",
    "reminders",
    "reopen_round",
    "round_tables",
    "sample_round",
    "sealed_pack_of",
    "send",
    "send_back",
    "status",
    "submission_of",
    "summarise",
    "today_in_china",
    "told_errors",
    "told_numbers",
    "verify",
]
