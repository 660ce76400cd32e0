"""What is to be mended first, a line each, at the head of 自检: the lines below are too many and too tall to sort."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from xlsxwriter.format import Format

from builder import styles as st
from builder.sheets import Book, WrittenSheet, done
from builder.template.results import MISSING, CellResult, Line, Results, level
from workbook.address import letters
from workbook.expression import literal
from workbook.layout import CHECK_TOP, SOONEST

TARGET_COLUMN, TURN_COLUMN = 11, 12
"""Hidden columns of 自检: where the first cell stands that a line is about, and the line's turn."""
_PLACE_COLUMN = 8
"""Hidden in the lines at the head: which of the lines below is repeated, from 1; 0 if none is."""
_HEAD_ROW = CHECK_TOP - 3 - SOONEST
_TURNS = 10_000
"""More than there are lines: a turn is the level's place times this, and the line's number."""
_TO_DO = (MISSING, "错误", "提醒")
_NOTHING = "没有要补、要改、要核对的。"
_BEGIN, _END = "先补、先改这些（共 ", "）；详细情况在下表"
_MORE = f"，这里列 {SOONEST} 项"


def turn(line: Line) -> int:
    """When a line's turn comes if it is open; 0 if there is nothing to do all the same."""
    if level(line.rule) not in _TO_DO:
        return 0
    return _TURNS * (_TO_DO.index(level(line.rule)) + 1) + line.row - CHECK_TOP + 1


def write(
    book: Book,
    sheet: WrittenSheet,
    results: Results,
    title: Callable[[Line], str],
    where: Callable[[Line, int], str],
) -> None:
    """Write the lines at the head of the sheet; `title` says what a line checks, `where` the first cell concerned."""
    _Soonest(book, sheet, results, title, where).write()


class _Soonest:
    """The lines at the head, and what they show in each form (`i`, from 0)."""

    def __init__(
        self,
        book: Book,
        sheet: WrittenSheet,
        results: Results,
        title: Callable[[Line], str],
        where: Callable[[Line, int], str],
    ) -> None:
        self.book, self.sheet, self.results = book, sheet, results
        self.title, self.where = title, where
        self.lines = results.lines
        self._turns: dict[int, list[int]] = {}

    def write(self) -> None:
        """Write how many there are, and the first of them."""
        count = f"COUNT({self._down(TURN_COLUMN)})"
        more = f'IF({count}>{SOONEST},"{_MORE}","")'
        told = f'"{_BEGIN}"&{count}&" 项"&{more}&"{_END}"'
        row, head = _HEAD_ROW - 1, self.book.style(**(st.BODY | {"bold": True}))
        done(self.sheet.merge_range(row, 0, row, 5, "", head))
        self._show(row, 0, f'=IF({count}=0,"{_NOTHING}",{told})', head, self._told)
        for n in range(SOONEST):
            self._write_line(_HEAD_ROW + n, n, count)

    def _write_line(self, row: int, n: int, count: str) -> None:
        """Write the line whose turn is the Nth (from 0), in a row from 0."""
        text = self.book.style(**st.BODY)
        centre = self.book.style(**(st.BODY | {"align": "center"}))
        place = f"${letters(_PLACE_COLUMN)}{row + 1}"
        nth = f"SMALL({self._down(TURN_COLUMN)},{n + 1})"
        formula = f"=IF({count}>{n},MOD({nth},{_TURNS}),0)"
        self._show(row, _PLACE_COLUMN - 1, formula, None, partial(self._place, n))
        done(self.sheet.merge_range(row, 3, row, 5, "", text))
        small = self.book.style(
            **(st.BODY | {"align": "center", "text_wrap": False, "shrink": True})
        )
        target = f"INDEX({self._down(TARGET_COLUMN)},{place})"
        shown: tuple[tuple[int, str, Format, Callable[[Line, int], str]], ...] = (
            (0, f"INDEX({self._down(1)},{place})", centre, lambda line, _: line.rule.code),
            (1, f"INDEX({self._down(2)},{place})", centre, lambda line, _: level(line.rule)),
            (2, f'SUBSTITUTE({target},"\'","")', small, self._cell_of),
            (3, f"INDEX({self._down(4)},{place})", text, lambda line, _: self.title(line)),
            (6, link_to(target), link_style(self.book), lambda *_: LINK_WORD),
        )
        for column, found, style, of in shown:
            formula = f'=IF({place}>0,{found},"")'
            self._show(row, column, formula, style, partial(self._of_nth, n, of))

    def _told(self, i: int) -> str:
        count = len(self._in_order(i))
        more = _MORE if count > SOONEST else ""
        return f"{_BEGIN}{count} 项{more}{_END}" if count else _NOTHING

    def _cell_of(self, line: Line, i: int) -> str:
        return self.where(line, i).replace("'", "")

    def _of_nth(self, n: int, of: Callable[[Line, int], str], i: int) -> str:
        place = self._place(n, i)
        return of(self.lines[place - 1], i) if place else ""

    def _place(self, n: int, i: int) -> int:
        turns = self._in_order(i)
        return turns[n] % _TURNS if n < len(turns) else 0

    def _in_order(self, i: int) -> list[int]:
        """The turns of the lines at which there is something to do."""
        if i not in self._turns:
            turns = (turn(line) for line in self.lines if line.open[i])
            self._turns[i] = sorted(filter(None, turns))
        return self._turns[i]

    def _show(
        self, row: int, column: int, formula: str, style: Format | None, of: Callable[[int], Any]
    ) -> None:
        self.results.write(self.sheet, row, column, formula, style, CellResult(of, self._keys))

    @cached_property
    def _keys(self) -> frozenset[str]:
        return self.results.origins(rule for line in self.lines for rule in line.rules)

    def _down(self, column: int) -> str:
        """A column of the lines below."""
        name = letters(column)
        return f"${name}${CHECK_TOP}:${name}${CHECK_TOP + len(self.lines) - 1}"


LINK_WORD = "转到"


def link_to(target: str) -> str:
    """A link to where a formula says."""
    return f'HYPERLINK("#"&{target},{literal(LINK_WORD)})'


def link_style(book: Book, **properties: Any) -> Format:
    """How a link looks."""
    look = {"align": "center", "font_color": st.LINK_INK, "underline": 1}
    return book.style(**(st.BODY | look | properties))
