"""What the template itself says of fillings: built, worked out anew by LibreOffice, its verdicts read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from builder.template import build_template
from workbook.checking import Trial
from workbook.form import Form, Rule
from workbook.language import t
from workbook.layout import CALC_SHEET, lay_out
from workbook.package import RawCell, open_bytes
from workbook.reading import Filling
from workbook.word import NoOffice, convert

_AT_ONCE = 24
"""So many workbooks go to one LibreOffice: few enough to end in time, enough for its start not to count."""
_WORKERS = 4

Wanted = Sequence[tuple[Rule, Trial]]
Progress = Callable[[Path], None]


def verdicts_in_sheet(form: Form, trials: Wanted, progress: Progress) -> list[str]:
    """The verdict of each rule on the filling beside it. Raises NoOffice."""
    batches = [trials[start : start + _AT_ONCE] for start in range(0, len(trials), _AT_ONCE)]
    with (
        tempfile.TemporaryDirectory(prefix="rehearsal-") as folder,
        ThreadPoolExecutor(min(_WORKERS, os.cpu_count() or 1)) as executor,
    ):
        waiting = []
        for batch in batches:
            # Templates are written here while LibreOffice, beside us, works out those before.
            workbooks = _templates(form, batch, Path(folder))
            waiting.append(executor.submit(convert, workbooks, "xlsx"))
            waiting[-1].add_done_callback(_told(progress, list(workbooks)))
        return [
            verdict
            for batch, converted in zip(batches, waiting, strict=True)
            for verdict in _verdicts(form, batch, converted)
        ]


def _told(progress: Progress, names: Sequence[str]) -> Callable[[object], None]:
    """What tells of each of some workbooks once they are worked out."""

    def tell(_: object) -> None:
        for name in names:
            progress(Path(name))

    return tell


def _templates(form: Form, batch: Wanted, folder: Path) -> dict[str, bytes]:
    """The filled templates, by name; the rows are blank even where the form prints something there."""
    blank_rows = Filling({}, {section: {} for section in lay_out(form).blocks})
    workbooks = {}
    for number, (_, tried) in enumerate(batch):
        path = build_template(
            form, folder / f"{number}.xlsx", filling=tried.filling, prefilled=blank_rows
        )
        workbooks[path.name] = path.read_bytes()
    return workbooks


def _verdicts(form: Form, batch: Wanted, converted: Future[dict[str, bytes]]) -> Iterator[str]:
    workbooks = converted.result()
    layout = lay_out(form)
    for number, (rule, tried) in enumerate(batch):
        calc = _calc_cells(workbooks.get(f"{number}.xlsx"))
        addresses = layout.verdict_cells(rule)[: tried.count]
        cells = [calc.get((address.row, address.column)) for address in addresses]
        verdicts = [int(c.value) for c in cells if c is not None and isinstance(c.value, float)]
        if len(verdicts) < len(addresses):
            raise NoOffice(t("LibreOffice 没有算出工作簿，请升级后再试"))
        yield tried.verdict(verdicts)


def _calc_cells(workbook: bytes | None) -> Mapping[tuple[int, int], RawCell]:
    """What stands on `_calc`; nothing where there is no workbook."""
    sheets = open_bytes(workbook).sheets if workbook is not None else ()
    return next((sheet.cells for sheet in sheets if sheet.name == CALC_SHEET), {})
