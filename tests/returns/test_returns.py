"""Every file of the table (`cases.py`) reads as the table says: findings to the cell, values, verdict."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from builder import build_template
from tests.api import Severity, read_return
from tests.fillings import FILLED, filling
from tests.office import Office
from tests.returns.cases import CASES, HONEST, Case
from tests.returns.clients import HOME
from workbook import Filling, Finding, Return, check, find_form
from workbook.form import Value
from workbook.layout import lay_out
from workbook.reading import REJECTED

GIVEN = filling(FILLED[0])
DEPARTMENT = {
    name: GIVEN.values[name] for name in ("identity.department", "identity.department_code")
}


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """What the cases are made from."""
    folder = tmp_path_factory.mktemp("starts")
    approved = {
        "indicators": {
            number: {key: row[key] for key in ("indicator", "target", "weight")}
            for number, row in GIVEN.rows["indicators"].items()
        }
    }
    form, issued = find_form("department_overall"), Filling(dict(DEPARTMENT))
    return {
        "sound": build_template(form, folder / "sound.xlsx", filling=GIVEN, prefilled=issued),
        "targets": build_template(
            form,
            folder / "targets.xlsx",
            filling=GIVEN,
            prefilled=Filling(dict(DEPARTMENT), approved),
        ),
        "blank": build_template(form, folder / "blank.xlsx", prefilled=issued),
    }


def told(what: Finding) -> str:
    """A finding as the table writes it."""
    sheet = "" if what.sheet in ("", HOME) or not what.cell else f"{what.sheet}!"
    return f"{what.code} {sheet}{what.cell}".strip()


def values(item: Return) -> dict[str, Value]:
    """What was read, by name; where the template's own formula stands, nothing was."""
    read = item.submission
    assert read is not None
    fields = {name: spot.field for name, spot in lay_out(read.form, read.plan).spots.items()}
    return {
        name: cell.value
        for name, cell in read.cells.items()
        if not (cell.formula and fields[name].is_computed)
    }


ALONE = [case for case in CASES if not case.make.needs_office]
IN_OFFICE = [case for case in CASES if case.make.needs_office]


@pytest.mark.parametrize("case", ALONE, ids=lambda case: case.name)
def test_a_return_reads_as_the_table_says(
    case: Case, starts: Mapping[str, Path], tmp_path: Path
) -> None:
    case.make.do(starts[case.start], tmp_path / "return.xlsx", None)
    require_as_the_table_says(case, starts[case.start], tmp_path / "return.xlsx")


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=() if number % 4 == 0 else pytest.mark.long)
        for number, case in enumerate(IN_OFFICE)
    ],
)
def test_what_went_through_libreoffice_reads_as_the_table_says(
    case: Case, starts: Mapping[str, Path], tmp_path: Path, office: Office
) -> None:
    case.make.do(starts[case.start], tmp_path / "return.xlsx", office)
    require_as_the_table_says(case, starts[case.start], tmp_path / "return.xlsx")


def require_as_the_table_says(case: Case, start: Path, path: Path) -> None:
    (item,) = check([read_return(path)])
    assert sorted(told(f) for f in item.findings) == sorted(case.found)
    if case in HONEST:
        assert {f.severity for f in item.findings} <= {Severity.NOTE}
    said = [f"{f.sentence} {f.printed}|{f.expected}" for f in item.findings]
    assert [words for words in case.says if words not in " ".join(said)] == []
    if item.status == REJECTED:
        assert item.findings[0].code in ("W108", "W109", "W110", "W118")
        assert case.reads == {}
        return
    sound = read_return(start).submission
    assert sound is not None
    before = {name: cell.value for name, cell in sound.cells.items()}
    assert {n: v for n, v in values(item).items() if v != before[n]} == case.reads


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) == len(ALONE) + len(IN_OFFICE)
