"""A department's form as it is drawn on paper, for a page: every cell under its name, so that a finding can lead to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbook.checking import View, gather
from workbook.form import shown
from workbook.layout import STATUS_ROW, Label, Layout, Spot, cell_name, lay_out
from workbook.layout import Page as PaperPage
from workbook.reading import Submission


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """One cell of the drawing."""

    text: str
    role: str
    """A label's role; of a field input or fixed; blank for nothing at all."""
    rows: int = 1
    columns: int = 1
    name: str = ""
    """The defined name of a field's cell."""
    place: str = ""
    """Where it stands on the sheet that came: H30."""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class DrawnSheet:
    """One sheet of the drawing."""

    name: str
    widths: tuple[float, ...]
    """Each column's part of the whole, in percent."""
    rows: tuple[tuple[DrawnBox, ...], ...]


def drawn(submission: Submission) -> tuple[DrawnSheet, ...]:
    """The sheets of a form, with what was filled in."""
    layout = lay_out(submission.form, submission.plan)
    worked_out = _worked_out(submission)
    return tuple(
        _sheet(layout, name, page, submission, worked_out) for name, page in layout.pages.items()
    )


def _worked_out(submission: Submission) -> Mapping[str, Any]:
    """What the form works out, by the names of the cells, anew: what a file says of it is not believed."""
    values = gather(submission.form, [submission], View.PRINTED).values(0)
    by_name: dict[str, Any] = {}
    for section, held in values.items():
        for line in held if isinstance(held, list) else [held]:
            number = line.get("row", 0) if isinstance(held, list) else 0
            by_name |= {
                cell_name(f"{section}.{field}", number): value for field, value in line.items()
            }
    return by_name


def _sheet(
    layout: Layout,
    name: str,
    page: PaperPage,
    submission: Submission,
    worked_out: Mapping[str, Any],
) -> DrawnSheet:
    columns, framed = page.paper_columns, set(page.framed)
    boxes: dict[tuple[int, int], DrawnBox] = {}
    covered: set[tuple[int, int]] = set()
    placed: list[tuple[int, int, int, int, DrawnBox]] = [
        *(_of_label(label, submission) for label in page.labels if label.role != "side"),
        *(
            _of_spot(spot, submission, worked_out, is_framed=spot.address.row in framed)
            for spot in layout.spots.values()
            if spot.address.sheet == name
        ),
    ]
    for top, left, bottom, right, box in placed:
        if left > columns or (top, left) in covered:
            continue
        boxes[top, left] = box
        covered.update((r, c) for r in range(top, bottom + 1) for c in range(left, right + 1))
    rows = tuple(
        tuple(_row(boxes, covered, row, columns, is_framed=row in framed))
        for row in range(STATUS_ROW + 1, page.last_row + 1)
    )
    total = sum(page.paper.widths)
    widths = tuple(round(100 * width / total, 2) for width in page.paper.widths)
    return DrawnSheet(name, widths, rows)


def _row(
    boxes: Mapping[tuple[int, int], DrawnBox], covered: set[tuple[int, int]], row: int, columns: int, *, is_framed: bool
) -> list[DrawnBox]:  # fmt: skip
    """One row: what begins in it, and what nothing covers."""
    blank = DrawnBox("", "blank" if is_framed else "")
    return [
        boxes.get((row, column), blank)
        for column in range(1, columns + 1)
        if (row, column) in boxes or (row, column) not in covered
    ]


def _of_label(label: Label, submission: Submission) -> tuple[int, int, int, int, DrawnBox]:
    is_title = label.role == "title"
    text = label.text.format(fiscal_year=submission.fiscal_year) if is_title else label.text
    box = DrawnBox(text, label.role, label.bottom - label.top + 1, label.right - label.left + 1)
    return label.top, label.left, label.bottom, label.right, box


def _of_spot(
    spot: Spot, submission: Submission, worked_out: Mapping[str, Any], *, is_framed: bool
) -> tuple[int, int, int, int, DrawnBox]:
    cell = submission.cells.get(spot.name)
    value = cell.value if cell is not None else None
    if spot.field.is_computed and worked_out.get(spot.name) is not None:
        value = worked_out[spot.name]
    text = ""
    if value is not None:
        text = shown(spot.field.kind, value)
    elif cell is not None and cell.raw is not None and not cell.formula:
        text = str(cell.raw)
    role = "title" if spot.title else "input" if spot.field.is_input else "fixed"
    role = role if is_framed or spot.title else "loose"
    top, left = spot.address.row, spot.address.column
    box = DrawnBox(
        text, role, spot.bottom - top + 1, spot.right - left + 1, spot.name,
        cell.address.a1 if cell is not None else spot.address.a1,
        isinstance(value, float | int),
    )  # fmt: skip
    return top, left, spot.bottom, spot.right, box
