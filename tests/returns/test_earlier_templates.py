"""Returns of templates sent out before are read as they were: values, verdicts, findings to the cell.

A folder of `earlier/` holds three returns of one form and revision of its template, typed and saved by
LibreOffice, each beside what was read and said of it then. They stay for good; a new revision that was
sent out adds a folder. That a template is of an earlier definition (W111) may be said besides.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api import Severity
from workbook import check, read_returns
from workbook.expression import number_text
from workbook.reading import ACCEPTED

EARLIER = Path(__file__).with_name("earlier")
RETURNS = sorted(EARLIER.glob("*/*.xlsx"))
OLDER_DEFINITION = "W111"
HELD_AGAINST_TEMPLATE = ("L209", "L211", "L214")


def as_text(value: object) -> str | None:
    if value is None:
        return None
    return number_text(value) if isinstance(value, float) else str(value)


def test_three_returns_of_each_template_are_kept() -> None:
    counts = {folder.name: len(list(folder.glob("*.xlsx"))) for folder in EARLIER.iterdir()}
    assert set(counts.values()) == {3}
    assert len(counts) >= 2


@pytest.mark.parametrize("path", RETURNS, ids=lambda path: path.stem)
def test_a_return_of_an_earlier_template_reads_as_it_did(path: Path) -> None:
    due: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    (item,) = check(read_returns([path]))
    read = item.submission
    assert item.status == ACCEPTED
    assert read is not None
    assert ((read.department, read.department_code), read.fiscal_year) == (
        (due["department"], due["department_code"]),
        due["fiscal_year"],
    )
    now = {name: as_text(cell.value) for name, cell in read.cells.items()}
    assert due["values"].items() <= now.items()
    assert not any(now[name] for name in now.keys() - due["values"]), "added since, and so blank"
    told = [
        {"code": f.code, "severity": str(f.severity), "sheet": f.sheet, "cell": f.cell}
        for f in item.findings
        if f.code != OLDER_DEFINITION
    ]
    if OLDER_DEFINITION in {
        f.code for f in item.findings
    }:  # then it is not held against its template
        due["findings"] = [f for f in due["findings"] if f["code"] not in HELD_AGAINST_TEMPLATE]
    assert told == due["findings"]


@pytest.mark.parametrize("path", RETURNS, ids=lambda path: path.stem)
def test_a_template_of_an_earlier_revision_is_no_more_than_noted(path: Path) -> None:
    (item,) = check(read_returns([path]))
    assert item.submission is not None
    form, digest = item.submission.form, path.parent.name.rpartition("_")[2]
    means_the_same = any(earlier.startswith(digest) for earlier in form.earlier_digests)
    told = [f.severity for f in item.findings if f.code == OLDER_DEFINITION]
    due = [] if means_the_same else [Severity.NOTE]
    assert told == due, f"{form.key} means something else now: raise its `revision`"
