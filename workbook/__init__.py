"""部门整体支出绩效自评表 as a workbook: the form's model, its reader, its rules, its sums.

The data's way, one function a station::

    load_form → (builder.build_template) → read_returns → check → frames, aggregate → (builder.build_summary)

What a script needs stands here, what writes files in `builder`:

- a form: `find_form` (one of ours, by its id), `load_form` (a bureau's own file) → `Form`
- returns: `read_returns` → `Returns`, a list of `Return`, each with its `Submission` or the reason why not;
  `choose` says which of several copies counts, `FolderCounties` tells counties by their folders
- findings: `load_roster` → `Roster`; `check` → the same returns, each `Finding` with its cell
- figures: `frames` → `Frames` for pandas; `aggregate` → `Summary`, a `FormSummary` a form; `load_reviews`,
  `load_previous` for what was typed into a former summary and for last year's
- by the hundred thousand: `write_partitions` → `Partitions`; `roll_up` → `Summary`
- errors: all are a `WorkbookError`; an argument that is none of what it may be is an `ArgumentError`

Amounts are in the form's unit (万元), in a `Summary` always 万元; percentages are fractions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.lazy import lazily

if TYPE_CHECKING:
    from workbook.arguments import ArgumentError
    from workbook.checking import Roster, check, load_roster
    from workbook.errors import (
        BuildError,
        FormError,
        PreviousError,
        ReviewError,
        RosterError,
        WorkbookError,
    )
    from workbook.findings import Finding
    from workbook.form import Form, find_form, load_form
    from workbook.reading import (
        Cell,
        Filling,
        FolderCounties,
        Return,
        Returns,
        Submission,
        choose,
        read_returns,
    )
    from workbook.release import __version__
    from workbook.scale import Partitions, roll_up, write_partitions
    from workbook.summary import (
        FormSummary,
        Frames,
        Reviews,
        Summary,
        aggregate,
        frames,
        load_previous,
        load_reviews,
    )

__all__ = [
    "ArgumentError",
    "BuildError",
    "Cell",
    "Filling",
    "Finding",
    "FolderCounties",
    "Form",
    "FormError",
    "FormSummary",
    "Frames",
    "Partitions",
    "PreviousError",
    "Return",
    "Returns",
    "ReviewError",
    "Reviews",
    "Roster",
    "RosterError",
    "Submission",
    "Summary",
    "WorkbookError",
    "__version__",
    "aggregate",
    "check",
    "choose",
    "find_form",
    "frames",
    "load_form",
    "load_previous",
    "load_reviews",
    "load_roster",
    "read_returns",
    "roll_up",
    "write_partitions",
]

_HOMES = {
    "workbook.arguments": ("ArgumentError",),
    "workbook.checking": ("Roster", "check", "load_roster"),
    "workbook.errors": (
        "BuildError", "FormError", "PreviousError", "ReviewError", "RosterError", "WorkbookError",
    ),
    "workbook.findings": ("Finding",),
    "workbook.form": ("Form", "find_form", "load_form"),
    "workbook.release": ("__version__",),
    "workbook.reading": (
        "Cell", "Filling", "FolderCounties", "Return", "Returns", "Submission", "choose", "read_returns",
    ),
    "workbook.scale": ("Partitions", "roll_up", "write_partitions"),
    "workbook.summary": (
        "FormSummary", "Frames", "Reviews", "Summary", "aggregate", "frames", "load_previous", "load_reviews",
    ),
}  # fmt: skip


__getattr__, __dir__ = lazily(globals(), _HOMES)
