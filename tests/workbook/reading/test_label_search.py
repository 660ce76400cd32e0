"""A form without its names is found by its printed words; what else is found or not is the table of tests/returns."""

from pathlib import Path

from builder import build_template
from tests.api import read_return
from tests.fillings import FILLED, filling, overall
from tests.returns.cases import pasted
from workbook.layout import default_plan


def test_labels_tell_the_year_and_the_rows_of_each_group(tmp_path: Path) -> None:
    form = overall()
    plan = tuple(range(1, len(default_plan(form)) + 1))
    path = build_template(
        form, tmp_path / "a.xlsx", filling=filling(FILLED[0]), plan=plan, fiscal_year=2026
    )
    pasted(down=3, right=2).do(path, tmp_path / "x.xlsx", None)
    before, after = (read_return(tmp_path / name).submission for name in ("a.xlsx", "x.xlsx"))
    assert before is not None and after is not None
    assert (after.plan, after.fiscal_year, after.department) == (plan, 2026, before.department)
    first = after.cells["funds.original_budget"].address
    assert (
        (first.row, first.column),
        {name: cell.value for name, cell in after.cells.items() if not cell.formula},
    ) == (
        (10, 6),
        {name: cell.value for name, cell in before.cells.items() if not after.cells[name].formula},
    )
