"""The form's expressions as formulas in their places: what the template writes and the reader expects."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from workbook.address import Address, column_range, letters
from workbook.expression import Ref, literal, to_formula
from workbook.form import CELL, GROUP, ROW, Field, Part, Rule, shown_formula
from workbook.layout.layout import Layout

Cell = Callable[[Ref], str]
"""Writes the cell or range of a reference."""


class Formulas:
    """Renders expressions for one layout; `home` is the sheet on which a formula stands.

    A formula is rendered once: the templates of a roster share a layout and differ in a few cells.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.form = layout.form
        self._rendered: dict[tuple[str, ...], str] = {}

    def cell(self, home: str, grain: str = CELL, number: int = 0) -> Cell:
        """References seen from the Nth row or group, or from the form."""
        return lambda ref: self._reference(ref, home, grain, number)

    def nth(self, home: str, k: str) -> Cell:
        """References of a row or group rule seen from the row or group whose number stands in `k`."""
        return lambda ref: self._indexed(ref, home, k)

    def computed(self, key: str, home: str, number: int = 0) -> str:
        """The formula of a computed field: its value, or nothing where it is undecided."""
        return self._once(
            ("computed", key, home, str(number)), lambda: self._computed(key, home, number)
        )

    def _computed(self, key: str, home: str, number: int) -> str:
        item = self.form.field_of(key)
        text = to_formula(self.form.formulas[key], self.cell(home, item.grain, number))
        return f'=IFERROR({text},"")'

    def _once(self, key: tuple[str, ...], render: Callable[[], str]) -> str:
        if key not in self._rendered:
            self._rendered[key] = render()
        return self._rendered[key]

    def verdict(self, rule: Rule, home: str, number: int = 0) -> str:
        """1 where the rule holds, 0 where it is broken, -1 where it is undecided."""
        return self._once(
            ("verdict", rule.key, home, str(number)), lambda: self._verdict(rule, home, number)
        )

    def _verdict(self, rule: Rule, home: str, number: int) -> str:
        cell = self.cell(home, rule.grain, number)
        text = f"IF({to_formula(rule.must, cell)},1,0)"
        if rule.when is not None:
            text = f"IF({to_formula(rule.when, cell)},{text},1)"
        text = f"IFERROR({text},-1)"
        if rule.grain == ROW:
            used = self.on(self.layout.calc_cell(rule.section, "used", number), home)
            text = f"IF({used}=0,1,{text})"
        return f"={text}"

    def message(self, rule: Rule, cell: Cell) -> str:
        """A rule's message with its figures, without "="."""
        return "&".join(_part(part, cell) for part in rule.message) or '""'

    # places

    def address(self, item: Field, number: int) -> Address:
        """Where a field's value stands, for a row or group its Nth."""
        spots = self.layout.by_key.get(item.key)
        if spots:
            return spots[max(number - 1, 0)].address
        if item.grain == GROUP:
            return self.layout.group_cell(item.section, item.id, number)
        return self.layout.calc_cell(item.section, item.id, number)

    def column(self, item: Field, home: str, group: int | None = None) -> str:
        """A repeating field's cells: all rows, or those of a level-1 group (from 0)."""
        block = self.layout.blocks[item.section]
        total = len(block.slots) if item.grain == ROW else len(block.groups)
        first, last = 1, total
        if group is not None:
            first = block.starts[group] + 1
            last = block.starts[group] + block.groups[group].rows
        top, bottom = self.address(item, first), self.address(item, last)
        if top.sheet == home:
            letter = letters(top.column)
            return f"${letter}${top.row}:${letter}${bottom.row}"
        return column_range(top.sheet, top.column, top.row, bottom.row)

    def on(self, address: Address, home: str) -> str:
        """A cell as a formula on the sheet `home` writes it."""
        if address.sheet == home:
            return f"${letters(address.column)}${address.row}"
        return address.absolute

    def _reference(self, ref: Ref, home: str, grain: str, number: int) -> str:
        item = self.form.sections[ref.section].fields[ref.field]
        if ref.reach == "column":
            return self.column(item, home)
        if ref.reach == "group":
            return self.column(item, home, number - 1)
        if item.grain == CELL:
            number = 0
        elif item.grain == GROUP and grain == ROW:
            slot = self.layout.blocks[item.section].slots[number - 1]
            number = slot.group + 1
        return self.on(self.address(item, number), home)

    def _indexed(self, ref: Ref, home: str, k: str) -> str:
        item = self.form.sections[ref.section].fields[ref.field]
        if ref.reach == "column":
            return self.column(item, home)
        if ref.reach == "group":
            block = self.layout.blocks[item.section]
            columns = ",".join(self.column(item, home, g) for g in range(len(block.groups)))
            return f"CHOOSE({k},{columns})"
        if item.grain == CELL:
            return self.on(self.address(item, 0), home)
        if item.grain == GROUP:
            total = len(self.layout.blocks[item.section].groups)
            cells = [self.on(self.address(item, n), home) for n in range(1, total + 1)]
            return f"CHOOSE({k},{','.join(cells)})"
        return f"INDEX({self.column(item, home)},{k})"


# Each keeps every formula that it rendered, and they are long: a few layouts are in use at a time.
@lru_cache(maxsize=16)
def formulas_of(layout: Layout) -> Formulas:
    """The formulas of a layout, kept for the next template that has it."""
    return Formulas(layout)


def _part(part: Part, cell: Cell) -> str:
    if part.node is None:
        return literal(part.words)
    assert part.kind is not None
    shown = shown_formula(part.kind, to_formula(part.node, cell))
    fallback = literal("（空）")
    if isinstance(part.node, Ref) and part.node.reach == "cell":
        standing = cell(part.node)
        # An error that stands there would spread through the sentence.
        fallback = f'IFERROR(IF({standing}&""="",{fallback},{standing}&""),{fallback})'
    return f"IFERROR({shown},{fallback})"


_TOKENS = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")
    |'(?P<sheet>(?:[^']|'')+)'(?=!)
    |(?<![\w.$])(?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)(?![\w(])
    |(?P<blank>\s+)
    |(?P<other>[^"'\s0-9]+|.)""",
    re.VERBOSE,
)


# The same formulas stand in every return, and each is held against the same few of the template.
@lru_cache(maxsize=4096)
def canonical(formula: str) -> str:
    """A formula as all programs mean it: they write spaces, case, numbers and quotes each in its way."""
    text = "".join(_token(match) for match in _TOKENS.finditer(formula.removeprefix("=")))
    return text.replace("_XLFN.", "").replace("TRUE()", "TRUE").replace("FALSE()", "FALSE")


def _token(match: re.Match[str]) -> str:
    match match.lastgroup:
        case "text":
            return match[0]
        case "sheet":
            return match["sheet"].upper()
        case "number":
            return f"{float(match[0]):.12G}"
        case "blank":
            return ""
    return match[0].upper()
