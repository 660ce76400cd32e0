"""The round on a page: for clerks who will not open a terminal, on this machine, from folders that the commands share.

In come a folder, or none, and a browser; out come the verbs of `workbook.round` and `workbook.levels`, each an event under
the clerk's name. The desk remembers nothing: what it shows is folded from the ledger, so it may be killed at any moment.
`serving` starts it, `gate` lets in, `application` says which address leads to which page; the pages are modules, their
looks in templates/ and static/. Start in `application`.
"""

from workbook.desk.application import Desk, build_application
from workbook.desk.rounds_on_desk import is_round
from workbook.desk.serving import serve_desk

__all__ = ["Desk", "build_application", "is_round", "serve_desk"]
