"""What a department answered on 退回修改, the first sheet of a form that was sent back to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbook.form import BACK_SHEET
from workbook.layout import ACTIONS, ANSWER, BACK_HEADS, NOTE, NUMBER, SERIAL
from workbook.package import Package, RawCell, Sheet
from workbook.text import brief, fold, printable_lines

_MOST, _LONGEST, _DIGITS = 2_000, 1_000, 9
"""So many rows, so many characters of a note, and so many digits of a number, are read."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers in one return."""

    token: str
    """Which sending back they answer."""
    answers: tuple[tuple[int, str, str], ...]
    """(number of the problem, 已改 | 核对无误 | 请免, note) of each that was answered."""
    unread: tuple[tuple[int, str], ...] = ()
    """(number, what stands there) of each that was answered in other words, or has a note and no answer: blank."""


def answers_in(package: Package) -> Answers | None:
    """What stands on the sheet; None where there is none, or it does not say to what it answers."""
    sheet = next((sheet for sheet in package.sheets if sheet.name == BACK_SHEET), None)
    if sheet is None:
        return None
    token = _token(sheet)
    heads = {fold(head): head for head in BACK_HEADS}
    for row in sorted({row for row, _ in sheet.cells})[:_MOST]:
        columns = {
            heads[fold(str(cell.value))]: column
            for (at, column), cell in sheet.cells.items()
            if at == row and isinstance(cell.value, str) and fold(cell.value) in heads
        }
        if {NUMBER, ANSWER, NOTE} <= columns.keys():
            if not token:
                return None
            given = list(_answers(sheet, row, columns))
            read = tuple(each for each in given if each[1] in ACTIONS)
            unread = tuple((number, text) for number, text, _ in given if text not in ACTIONS)
            return Answers(token, read, unread)
    return None


def _token(sheet: Sheet) -> str:
    label = next((at for at, cell in sheet.cells.items() if cell.value == SERIAL), None)
    cell = sheet.cells.get((label[0], label[1] + 1)) if label else None
    return _text(cell).strip()


def _answers(sheet: Sheet, head: int, columns: dict[str, int]) -> Iterator[tuple[int, str, str]]:
    rows = sorted({row for row, _ in sheet.cells if row > head})
    actions = {fold(action): action for action in ACTIONS}
    for row in rows[:_MOST]:
        number = _text(sheet.cells.get((row, columns[NUMBER]))).strip()
        text = _text(sheet.cells.get((row, columns[ANSWER]))).strip()
        action = actions.get(fold(text), brief(text))
        note = printable_lines(_text(sheet.cells.get((row, columns[NOTE]))).strip())
        if number.isdecimal() and len(number) <= _DIGITS and (action or note):
            yield int(number), action, note[:_LONGEST]


def _text(cell: RawCell | None) -> str:
    if cell is None or cell.value is None:
        return ""
    return f"{cell.value:.15g}" if isinstance(cell.value, float) else str(cell.value)
