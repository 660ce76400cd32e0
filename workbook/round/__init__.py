"""One year's collection: what was sent, what came, which copy counts, what was decided; remembered in a ledger.

In comes a folder (`new_round` makes it) and whatever is dropped into its 收件; out come events, and files for the
departments and for the bureau. All state is a fold over the events (`state`); `versions` says which copy counts,
`problems` what is the same problem in two copies. A verb is a module or shares one: `starting`, `sending`,
`receiving`, `deciding`, `results`, `closing`. Start in `ledger`, then `state`.
"""

from workbook.round.chronicle import history
from workbook.round.closing import (
    Verified,
    about_round,
    close_round,
    reopen_round,
    seal_round,
    verify,
)
from workbook.round.deciding import Done, assign, decide
from workbook.round.folder import BACK, FORMS, HIDDEN, INBOX, RESULT, OpenRound, level_of, opened
from workbook.round.intake import Incoming, sync, take_in
from workbook.round.ledger import DutyKey, Event, Overtaken
from workbook.round.receiving import Received, receive, receive_bytes
from workbook.round.results import counted_returns, publish, recheck, sample_round, summarise
from workbook.round.sending import remind, send, send_back
from workbook.round.starting import new_round
from workbook.round.state import STATES, Board, fold, record_of, status, today_in_china

__all__ = [
    "BACK",
    "FORMS",
    "HIDDEN",
    "INBOX",
    "RESULT",
    "STATES",
    "Board",
    "Done",
    "DutyKey",
    "Event",
    "Incoming",
    "OpenRound",
    "Overtaken",
    "Received",
    "Verified",
    "about_round",
    "assign",
    "close_round",
    "counted_returns",
    "decide",
    "fold",
    "history",
    "level_of",
    "new_round",
    "opened",
    "publish",
    "receive",
    "receive_bytes",
    "recheck",
    "record_of",
    "remind",
    "reopen_round",
    "sample_round",
    "seal_round",
    "send",
    "send_back",
    "status",
    "summarise",
    "sync",
    "take_in",
    "today_in_china",
    "verify",
]
