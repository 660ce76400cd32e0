"""部门整体支出绩效自评表 as a workbook: the form's model, its reader, its rules, its sums.

The data's way, one function a station::

    load_form → (builder.build_template) → read_returns → check → frames, aggregate → (builder.build_summary)

Scripts import the verbs from here and the two that write files from `builder`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbook.checking import check, load_roster
    from workbook.form import find_form, load_form
    from workbook.reading import read_returns
    from workbook.summary import aggregate

__all__ = [
    "aggregate",
    "check",
    "find_form",
    "load_form",
    "load_roster",
    "read_returns",
]

_HOMES = {
    "aggregate": "workbook.summary",
    "check": "workbook.checking",
    "find_form": "workbook.form",
    "load_form": "workbook.form",
    "load_roster": "workbook.checking",
    "read_returns": "workbook.reading",
}


def __getattr__(name: str) -> object:
    """The verbs are imported when first used, so that the command line starts at once."""
    if name not in _HOMES:
        raise AttributeError(f"module 'workbook' has no attribute '{name}'")
    from importlib import import_module

    verb: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = verb
    return verb
