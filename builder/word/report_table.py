"""The form as a table of a Word document: drawn from the same layout as the workbook, values as shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from docx.document import Document

from builder.word.document import LINE, Box, add_hair, add_table, fill_table, keep_rows
from workbook.checking import Batch, View, gather, value_at
from workbook.form import ROW, Field, Form, on_paper
from workbook.layout import Label, Layout, Plan, Spot, lay_out
from workbook.reading import Submission

ROW_POINTS = 15
"""The least height of a row."""
_AROUND = re.compile(r'"([^"]*)"@')


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A filled form on paper: only the rows that are used, and the texts of its cells by name."""

    layout: Layout
    texts: dict[str, str]

    @classmethod
    def of(cls, submission: Submission) -> FilledForm:
        """The form of a submission: inputs as understood, all computed anew; what was typed over a
        formula is not shown."""
        batch = gather(submission.form, [submission], View.TRUE)
        numbers = list(_used(submission.form, submission.plan, batch))
        layout = lay_out(submission.form, _plan(submission.form, submission.plan, numbers))
        texts = {}
        for name, spot in layout.spots.items():
            number = spot.number
            if spot.field.grain == ROW:
                number = _row_number(numbers, spot, submission.form)
            texts[name] = cell_text(spot.field, value_at(batch, spot.field, number))
        return cls(layout, texts)


def _used(form: Form, plan: Plan, batch: Batch) -> Iterator[list[int]]:
    """For every group, the numbers of its rows that are filled in; the first where none is."""
    start = 0
    for section in form.repeating:
        used, row = batch.used(section)[0], 0
        for count in plan[start : start + len(section.groups)]:
            rows = [int(n) + row + 1 for n in np.flatnonzero(used[row : row + count])]
            yield rows or [row + 1]
            row += count
        start += len(section.groups)


def _plan(form: Form, plan: Plan, numbers: Sequence[Sequence[int]]) -> Plan:
    return tuple(len(rows) for rows in numbers) if numbers else plan


def _row_number(numbers: Sequence[Sequence[int]], spot: Spot, form: Form) -> int:
    """The row of the submission that stands in a row of the shortened form."""
    start = 0
    for section in form.repeating:
        section_rows = [n for rows in numbers[start : start + len(section.groups)] for n in rows]
        if section.id == spot.field.section:
            return section_rows[spot.number - 1]
        start += len(section.groups)
    raise AssertionError(spot.name)


def cell_text(item: Field, value: str | float) -> str:
    """A value as it is printed: 78.30, 100%, 等次：优, 2025年3月18日."""
    if isinstance(value, str):
        around = _AROUND.fullmatch(item.number_format)
        return f"{around[1]}{value}" if around and value else value
    return on_paper(item.kind, value)


def add_form(document: Document, sheet: FilledForm, *, public: bool) -> None:
    """Draw a form at the end of a document; `public` leaves out whom to ask.

    It is one table to the eye, and several to Word, which repeats no heads but a table's first rows.
    """
    layout = sheet.layout
    labels = [x for x in layout.home.labels if x.role not in ("annex", "title", "side")]
    spots = [
        s for s in layout.spots.values()
        if s.address.sheet == layout.form.sheet and s.address.column <= _columns(layout)
    ]  # fmt: skip
    contacts = layout.form.key_fields.contacts
    hidden = [s for s in spots if public and s.field in contacts]
    labels = [x for x in labels if not any(_names(x, s, labels) for s in hidden)]
    boxes = [_label(layout, x) for x in labels]
    boxes += [_value(layout, s, sheet.texts[s.name]) for s in spots if s not in hidden]
    boxes = list(_lines_joined(boxes))
    top = min(box.row for box in boxes)
    boxes = [replace(b, row=b.row - top, bottom=b.bottom - top) for b in boxes]
    rows = max(box.bottom for box in boxes) + 1
    boxes += _empty(layout, boxes, top, rows)
    for number, (boxes_of_table, heads) in enumerate(_tables(boxes, _head_rows(layout, top), rows)):
        if number:
            add_hair(document)
        table = add_table(document, layout.form.widths, max(b.bottom for b in boxes_of_table) + 1)
        fill_table(table, boxes_of_table)
        below_frame = len(table.rows) - 1 - max(b.bottom for b in boxes_of_table if b.framed)
        keep_rows(table, heads, ROW_POINTS, last=2 + below_frame)


def _head_rows(layout: Layout, top: int) -> dict[int, int]:
    """Where the column heads of each repeating section begin, counted from `top`: how many rows."""
    counts = {block.head_row: block.section.head.rows for block in layout.blocks.values()}
    return {row - count + 1 - top: count for row, count in counts.items()}


def _tables(
    boxes: Sequence[Box], heads: Mapping[int, int], rows: int
) -> Iterator[tuple[list[Box], int]]:
    """A form's boxes, table by table, with the number of head rows: each head begins one.

    What reaches down from a head is cut below it, or it would not be repeated without what follows.
    """
    starts = sorted({0, *heads})
    for start, end in zip(starts, (*starts[1:], rows), strict=True):
        head = heads.get(start, 0)
        yield (
            [
                replace(part, row=part.row - start, bottom=part.bottom - start)
                for box in boxes
                if start <= box.row < end
                for part in _cut(box, start + head)
            ],
            head,
        )


def _cut(box: Box, row: int) -> Iterator[Box]:
    """A box in two where a row begins inside it, its text in the upper one, no line between them."""
    if box.row < row <= box.bottom:
        yield replace(box, bottom=row - 1, open_side="bottom")
        yield replace(box, row=row, text="", open_side="top")
    else:
        yield box


def _columns(layout: Layout) -> int:
    return len(layout.form.widths)


def _framed(layout: Layout) -> tuple[int, ...]:
    return layout.home.framed


def _names(label: Label, spot: Spot, labels: Sequence[Label]) -> bool:
    """Whether a label is the one in front of a cell."""
    row, column = spot.address.row, spot.address.column
    before = [x for x in labels if x.top == row and x.right < column]
    return bool(before) and label is max(before, key=lambda x: x.right)


def _label(layout: Layout, label: Label) -> Box:
    framed = label.top in _framed(layout)
    left_aligned = label.text.startswith(("其中", "\u3000")) or not framed
    last = label.right == _columns(layout)
    align = "right" if not framed and last else "left" if left_aligned else "center"
    return Box(
        label.top, label.left - 1, label.bottom, label.right - 1, label.text, align, LINE, framed
    )


def _value(layout: Layout, spot: Spot, text: str) -> Box:
    item, framed = spot.field, spot.address.row in _framed(layout)
    own_align = (item.grain == ROW and item.kind.row_align) or item.kind.align
    align = own_align if framed else "left"
    row, column = spot.address.row, spot.address.column - 1
    return Box(row, column, spot.bottom, spot.right - 1, text, align, LINE, framed,
               top=item.kind.is_prose and item.grain != ROW)  # fmt: skip


def _lines_joined(boxes: Sequence[Box]) -> Iterator[Box]:
    """Outside the frame a label and the value behind it share a cell, or neither would have room."""
    yield from (box for box in boxes if box.framed)
    for row in sorted({box.row for box in boxes if not box.framed}):
        line = sorted((b for b in boxes if b.row == row), key=lambda b: b.column)
        while line:
            box = line.pop(0)
            if box.text.endswith(("：", ":")) and line and line[0].column == box.right + 1:
                value = line.pop(0)
                box = replace(box, right=value.right, text=box.text + value.text)
            yield box


def _empty(layout: Layout, boxes: Sequence[Box], top: int, rows: int) -> list[Box]:
    """The framed cells in which nothing stands."""
    covered = {
        (r, c)
        for box in boxes
        for r in range(box.row, box.bottom + 1)
        for c in range(box.column, box.right + 1)
    }
    return [
        Box(r, c, r, c, "")
        for r in range(rows)
        if r + top in _framed(layout)
        for c in range(_columns(layout))
        if (r, c) not in covered
    ]
