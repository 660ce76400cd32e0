"""One year's collection: what was sent, what came, which copy counts, what was decided; remembered in a ledger.

In comes a folder (`new_round` makes it) and whatever is dropped into its 收件; out come events, and files for the
departments and for the bureau. All state is a fold over the events (`state`); `versions` says which copy counts,
`problems` what is the same problem in two copies. A verb is a module or shares one: `starting`, `sending`,
`receiving`, `deciding`, `results`, `closing`. Start in `ledger`, then `state`.
"""

from workbook.round.chronicle import history, round_tables
from workbook.round.closing import Verified, close_round, reopen_round, verify
from workbook.round.deciding import Done, assign, decide
from workbook.round.folder import OpenRound, opened
from workbook.round.receiving import Received, receive, receive_bytes
from workbook.round.results import counted_returns, publish, recheck, sample_round, summarise
from workbook.round.sending import remind, send, send_back
from workbook.round.starting import new_round
from workbook.round.state import STATES, Board, fold, record_of, status

__all__ = [
    "STATES",
    "Board",
    "Done",
    "OpenRound",
    "Received",
    "Verified",
    "assign",
    "close_round",
    "counted_returns",
    "decide",
    "fold",
    "history",
    "new_round",
    "opened",
    "publish",
    "receive",
    "receive_bytes",
    "recheck",
    "record_of",
    "remind",
    "reopen_round",
    "round_tables",
    "sample_round",
    "send",
    "send_back",
    "status",
    "summarise",
    "verify",
]
