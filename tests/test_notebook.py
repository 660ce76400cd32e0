"""A notebook over the samples runs, and stays small whatever is shown in it."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.fillings import SAMPLES

NOTEBOOKS: Any = nbformat  # which has no types
CELLS = (
    "from workbook import aggregate, check, find_form, frames, load_roster, read_returns",
    "find_form('department_overall')",
    "roster = load_roster('samples/roster.csv'); roster",
    "returns = read_returns('samples/returns', workers=2); returns",
    "checked = check(returns, roster); checked",
    "list(checked)",
    "checked[1]",
    "checked[1].findings",
    "checked[1].submission",
    "data = frames(checked); data",
    "data.section('indicators')",
    "summary = aggregate(checked, roster); summary",
    "summary.forms[0]",
    "type(returns)(list(returns) * 100)",
)


@pytest.mark.filterwarnings("ignore")  # of the kernel's own libraries
def test_a_notebook_over_the_samples_stays_small() -> None:
    book = NOTEBOOKS.v4.new_notebook(cells=[NOTEBOOKS.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(
        book, timeout=120, resources={"metadata": {"path": str(SAMPLES.parent)}}
    ).execute()
    shown = [output for cell in book.cells for output in cell.outputs]
    assert not [output for output in shown if output.output_type in ("error", "stream")]
    tables = [output for output in shown if "text/html" in output.get("data", {})]
    assert len(tables) == 11
    assert len(NOTEBOOKS.writes(book).encode()) < 200_000
