"""What the template itself says of fillings: built, worked out anew by LibreOffice, its verdicts read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from builder.template import build_template
from workbook.address import Address
from workbook.checking import Trial
from workbook.form import Form, Rule
from workbook.layout import CALC_SHEET, lay_out
from workbook.package import open_bytes
from workbook.word import NoOffice, convert

_AT_ONCE = 24
"""So many workbooks go to one LibreOffice: few enough to end in time, enough for its start not to count."""
_WORKERS = 4

Wanted = Sequence[tuple[Rule, Trial]]
Progress = Callable[[Path], None]


def verdicts_in_sheet(form: Form, trials: Wanted, progress: Progress) -> list[str]:
    """The verdict of each rule on the filling beside it; blank where the sheet shows none. Raises NoOffice."""
    batches = [trials[start : start + _AT_ONCE] for start in range(0, len(trials), _AT_ONCE)]
    with (
        tempfile.TemporaryDirectory(prefix="rehearsal-") as folder,
        ThreadPoolExecutor(min(_WORKERS, os.cpu_count() or 1)) as executor,
    ):
        # Templates are written here while LibreOffice, beside us, works out those before.
        waiting = [
            executor.submit(convert, _templates(form, batch, Path(folder), progress), "xlsx")
            for batch in batches
        ]
        return [
            verdict
            for batch, converted in zip(batches, waiting, strict=True)
            for verdict in _verdicts(form, batch, converted)
        ]


def _templates(form: Form, batch: Wanted, folder: Path, progress: Progress) -> dict[str, bytes]:
    """The filled templates, by name."""
    workbooks = {}
    for number, (_, tried) in enumerate(batch):
        path = build_template(form, folder / f"{number}.xlsx", filling=tried.filling)
        workbooks[path.name] = path.read_bytes()
        progress(path)
    return workbooks


def _verdicts(form: Form, batch: Wanted, converted: Future[dict[str, bytes]]) -> Iterator[str]:
    workbooks = converted.result()
    layout = lay_out(form)
    for number, (rule, tried) in enumerate(batch):
        data = workbooks.get(f"{number}.xlsx")
        if data is None:
            raise NoOffice("LibreOffice 没有算出工作簿，请升级后再试")
        shown = _calculated(data)
        cells = layout.verdict_cells(rule)[: tried.count]
        verdicts = [verdict for cell in cells if (verdict := shown(cell)) is not None]
        yield tried.verdict(verdicts) if len(verdicts) == len(cells) else ""


def _calculated(data: bytes) -> Callable[[Address], int | None]:
    """The whole numbers that stand on `_calc`."""
    (sheet,) = (sheet for sheet in open_bytes(data).sheets if sheet.name == CALC_SHEET)

    def at(address: Address) -> int | None:
        cell = sheet.cells.get((address.row, address.column))
        return int(cell.value) if cell is not None and isinstance(cell.value, float) else None

    return at
