"""Findings: what is wrong with a return, each a sentence to a clerk."""

from __future__ import annotations

from dataclasses import dataclass

from workbook.catalogue import CATALOGUE, Severity
from workbook.display import html_table
from workbook.text import brief

_MOST_CELLS = 6
"""A list shows no more cells of one finding than this."""


def few_cells(cells: str) -> str:
    """The cells of a finding as a list shows them: of many the first, and how many there are."""
    listed = cells.split(",")
    if len(listed) <= _MOST_CELLS:
        return cells
    return f"{','.join(listed[:_MOST_CELLS])} 等 {len(listed)} 格"


@dataclass(frozen=True, slots=True, repr=False)
class Finding:
    """One thing wrong with one return, or worth knowing about it."""

    code: str
    severity: Severity
    message: str
    hint: str
    sheet: str = ""
    cell: str = ""
    """A1 notation; several cells of one finding are joined by commas. A cell of another sheet has its name in front."""
    field: str = ""
    """`section.field`, for a row `section.field.N`."""
    printed: str = ""
    expected: str = ""
    subject: str = ""
    """What the message begins with where it says which row it is about: `指标“培训人次”`."""

    def __repr__(self) -> str:
        return f"<Finding {brief(self.sentence)}>"

    def _repr_html_(self) -> str:
        rows = [(name, getattr(self, name)) for name in self.__slots__ if getattr(self, name)]
        return html_table(repr(self), ("", ""), rows)

    @property
    def sentence(self) -> str:
        """Where, what we saw, what to do."""
        location = f"{self.sheet}!{self.cell}" if self.cell else self.sheet
        spaced_location = f" {location}" if location else ""
        return f"{self.code} {self.severity.chinese}{spaced_location} {self.message}。{self.hint}"


def finding(
    code: str,
    *,
    sheet: str = "",
    cell: str = "",
    field: str = "",
    printed: str = "",
    expected: str = "",
    **words: str,
) -> Finding:
    """A finding of the catalogue, its `{…}` filled with `words`."""
    entry = CATALOGUE[code]
    return Finding(
        code=code,
        severity=entry.severity,
        message=entry.message.format(**words),
        hint=entry.hint.format(**words),
        sheet=sheet,
        cell=cell,
        field=field,
        printed=printed,
        expected=expected,
    )
