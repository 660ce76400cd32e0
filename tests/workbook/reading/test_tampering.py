"""What nobody tampered with is not remarked. What is remarked of the rest is the table of tests/returns."""

from pathlib import Path

import pytest

from builder import build_template
from tests.api import read_return
from tests.fillings import FILLED, SAMPLES, filling, overall
from tests.office import Office
from workbook import Filling, find_form
from workbook.layout import canonical

RETURNS = sorted((SAMPLES / "returns").glob("*.xlsx"))


@pytest.mark.parametrize("path", RETURNS, ids=lambda path: path.stem[:6])
def test_an_honest_return_has_nothing_to_remark(path: Path) -> None:
    assert read_return(path).findings == ()


def test_a_return_of_another_year_has_nothing_to_remark(tmp_path: Path) -> None:
    given = filling(FILLED[0])
    path = build_template(overall(), tmp_path / "x.xlsx", filling=given, fiscal_year=2027)
    assert read_return(path).findings == ()


def test_the_project_form_passes_its_own_audit(tmp_path: Path, office: Office) -> None:
    form, saved = find_form("project_expenditure"), tmp_path / "saved.xlsx"
    given = Filling({"funds.current_year_final": 12.5})
    path = build_template(form, tmp_path / "project.xlsx", filling=given, fiscal_year=2031)
    with office.open(path) as book:
        office.save(book, saved)
    assert [read_return(each).findings for each in (path, saved)] == [(), ()]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("=IF( 'a b'!$A$1=TRUE() , 0.10, \"x  Y\")", "if('A b'!$A$1=TRUE,0.1,\"x  Y\")", True),
        ('"x"', '"X"', False),
        ("$D$12+D7", "$D$12+D7", True),
        ("$D$12+D7", "D12+D7", False),
        ("A1+1.50E2", "A1+150", True),
        ("SUM($G$26:$G$26,A1:A10)", "SUM($G$26,A1:A10)", True),
        ("SUM(A1:$A$1)", "SUM(A1)", False),
    ],
)
def test_formulas_are_compared_as_all_programs_mean_them(
    one: str, other: str, *, same: bool
) -> None:
    assert (canonical(one) == canonical(other)) is same
