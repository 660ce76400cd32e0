"""Random expressions over random cells: each value as LibreOffice works it out, and as we do.

DIFFERENTIAL_EXPRESSIONS says how many expressions (300 unless told), each seen with 20 fillings.
"""

import os
from collections import Counter
from pathlib import Path

from tests.differential.arena import Arena, Say
from tests.differential.expressions import (
    UNDECIDED,
    compare_expressions,
    expression_book,
    expressions,
    values,
    width,
)
from tests.differential.typist import Typist, calls
from tests.office import Office
from workbook.checking import View, gather
from workbook.expression import OPS

COUNT = int(os.environ.get("DIFFERENTIAL_EXPRESSIONS", "300"))
SEED = int(os.environ.get("DIFFERENTIAL_SEED", "2024"))
FILLINGS = 20


def test_random_expressions_have_the_same_values(
    office: Office, tmp_path: Path, record_property: Say
) -> None:
    form, written = expressions(SEED, COUNT)
    typist = Typist(form, SEED)
    readings = []
    with Arena(office, form, expression_book(form, written, tmp_path / "book.xlsx")) as arena:
        for _ in range(FILLINGS):
            for _ in range(4):
                arena.type(typist.typing())
            readings.append(arena.read())
    tally = compare_expressions(form, written, readings)
    assert not tally.differences, f"seed {SEED}: {tally.report(readings)}"
    batch = gather(form, [reading.submission for reading in readings], View.WORKBOOK)
    decided: Counter[str] = Counter()
    for item in written:
        known = sum(v is not UNDECIDED for _, _, v in values(batch, item, width(form, item.grain)))
        for name in {call.op.name for call in calls(item.node)}:
            decided[name] += known
    assert (
        {name for name in OPS if decided[name] < 20},
        {name for name in form.defines if not any(f"{name}(" in w.text for w in written)},
    ) == (set(), set())
    tally.say(record_property, "expressions with fillings", len(written) * len(readings))
