"""Sending out: forms for a whole roster, against XlsxWriter writing the same cells, formulas and results.

    python benchmarks/bench_template.py [FORMS]

`names` differ in name and code, `budgets` in two amounts as well, `own rows` each has a plan of its own. The peer
writes what one form holds, without formats, validations or conditional formats. Milliseconds of the
processor for each form; sizes in bytes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import xlsxwriter

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from builder.template import Addressee, build_template, issue  # noqa: E402
from workbook.form import find_form  # noqa: E402
from workbook.layout import default_plan  # noqa: E402
from workbook.reading import Filling  # noqa: E402

FORM = find_form("department_overall")
PLANS = 40
"""So many forms with rows of their own."""


def addressed(count: int, *, budgets: bool = False, plans: bool = False) -> list[Addressee]:
    """Departments that differ in name and code, and as asked."""
    usual = default_plan(FORM)
    return [
        Addressee(
            code=f"{100_000 + n}",
            department=f"某市某局第 {n} 单位",
            prefilled=Filling(
                {"funds.original_budget": n / 8, "funds.final_budget": n / 4} if budgets else {}
            ),
            plan=(usual[0] + n, *usual[1:]) if plans else None,
        )
        for n in range(count)
    ]


def timed(work: Callable[[], object], count: int) -> float:
    """Milliseconds of the processor for each of so many."""
    start = time.process_time()
    work()
    return (time.process_time() - start) / count * 1000


def same_cells(template: Path, folder: Path, count: int) -> Callable[[], None]:
    """XlsxWriter writing one form's cells so often."""
    formulas = openpyxl.load_workbook(template)
    results = openpyxl.load_workbook(template, data_only=True)
    cells = [
        (sheet.title, cell.row - 1, cell.column - 1, cell.value, results[sheet.title][cell.coordinate].value)
        for sheet in formulas for row in sheet.iter_rows() for cell in row if cell.value is not None
    ]  # fmt: skip

    def write() -> None:
        for n in range(count):
            book = xlsxwriter.Workbook(folder / f"{n}.xlsx", {"in_memory": True})
            sheets = {name: book.add_worksheet(name) for name in formulas.sheetnames}
            for sheet, row, column, value, result in cells:
                if isinstance(value, str) and value.startswith("="):
                    sheets[sheet].write_formula(row, column, value, None, result or "")
                else:
                    sheets[sheet].write(row, column, value)
            book.close()

    return write


def main() -> None:
    """Time all in one run and print a line each."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blank = build_template(FORM, folder / "blank.xlsx")
        with ZipFile(blank) as package:
            inflated = sum(info.file_size for info in package.infolist())
        print(f"blank template: {blank.stat().st_size:,} zipped, {inflated:,} inflated")
        peer = timed(same_cells(blank, folder, PLANS // 2), PLANS // 2)
        print(f"{'XlsxWriter, the same cells':<28}{peer:8.1f} ms")
        for title, forms in (
            (f"names, {count} forms", addressed(count)),
            (f"budgets, {count} forms", addressed(count, budgets=True)),
            (f"own rows, {PLANS} forms", addressed(PLANS, plans=True)),
        ):
            target = folder / title
            spent = timed(lambda f=forms, t=target: issue(FORM, t, f, folder=True), len(forms))  # type: ignore[misc]
            print(f"{title:<28}{spent:8.1f} ms  {spent / peer:6.2f} x")


if __name__ == "__main__":
    main()
