"""How objects show themselves in a notebook: a table of at most so many lines."""

from __future__ import annotations

import html
from collections.abc import Sequence

MOST_LINES = 30
"""A table in a notebook has no more."""


def html_table(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[object]], *, total: int = 0
) -> str:
    """The first of some rows as an HTML table; `total` is how many there are, if more than are given."""
    shown = rows[:MOST_LINES]
    total = max(total, len(rows))
    more = f"<p>… 共 {total} 行</p>" if total > len(shown) else ""
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in row)}</tr>" for row in shown
    )
    return (
        f"<table><caption>{html.escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
    )
