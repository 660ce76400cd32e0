"""The form's expressions as formulas in their places: what the template writes and the reader expects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from workbook.address import Address, column_range, letters
from workbook.expression import Ref, literal, to_formula
from workbook.form import CELL, GROUP, ROW, Field, Form, Part, Rule, Section, shown_formula
from workbook.layout.layout import CALC_SHEET, Layout

Cell = Callable[[Ref], str]
"""Writes the cell or range of a reference."""


class Formulas:
    """Renders expressions for one layout; `home` is the sheet on which a formula stands.

    On `_calc` a formula names that sheet's cells alone where it can, and the own row's without its number
    fixed, so that a column of them is one shared formula.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.form = layout.form
        self._patterns = _patterns_of(layout.form)

    def cell(self, home: str, grain: str = CELL, number: int = 0) -> Cell:
        """References seen from the Nth row or group, or from the form."""
        return lambda ref: self._reference(ref, home, grain, number)

    def nth(self, home: str, k: str) -> Cell:
        """References of a row or group rule seen from the row or group whose number stands in `k`."""
        return lambda ref: self._indexed(ref, home, k)

    def computed(self, key: str, home: str, number: int = 0) -> str:
        """The formula of a computed field: its value, or nothing where it is undecided."""
        pattern = self._patterns.computed(key)
        return f"={pattern.text(self.cell(home, self.form.field_of(key).grain, number))}"

    def verdict(self, rule: Rule, home: str, number: int = 0) -> str:
        """1 where the rule holds, 0 where it is broken, -1 where it is undecided."""
        text = self._patterns.verdict(rule).text(self.cell(home, rule.grain, number))
        if rule.grain == ROW:
            used = self._own_row(self.layout.calc_cell(rule.section, "used", number), home)
            text = f"IF({used}=0,1,{text})"
        return f"={text}"

    def mirrored(self, item: Field, number: int = 0) -> str:
        """What stands in a row's cell of the form, or a single one, on `_calc`; a blank stays blank."""
        cell = self.on(self.address(item, number), CALC_SHEET)
        return f'=IF(ISBLANK({cell}),"",{cell})'

    def message(self, rule: Rule, cell: Cell) -> str:
        """A rule's message with its figures, without "="."""
        return self._patterns.message(rule).text(cell)

    def expected(self, rule: Rule, cell: Cell) -> str:
        """What a rule says is the right value, as it is shown, without "="; nothing if it doesn't say."""
        return self._patterns.expected(rule).text(cell)

    def expected_refs(self, rule: Rule) -> tuple[Ref, ...]:
        """What the right value rests on that a rule says."""
        return self._patterns.expected(rule).refs

    def runs(self, section: Section, refs: Iterable[Ref]) -> tuple[tuple[int, int], ...]:
        """(first, last) number of rows between which formulas with such references differ in the row alone."""
        block = self.layout.blocks[section.id]
        if any(ref.reach == "group" or self._item(ref).grain == GROUP for ref in refs):
            groups = zip(block.starts, block.groups, strict=True)
            return tuple((start + 1, start + group.rows) for start, group in groups)
        return ((1, len(block.slots)),)

    def refs(self, source: Rule | Field) -> tuple[Ref, ...]:
        """What the verdict of a rule, or the value of a computed field, looks at."""
        if isinstance(source, Field):
            return self._patterns.computed(source.key).refs
        return self._patterns.verdict(source).refs

    def origins(self, rule: Rule) -> frozenset[str]:
        """The keys of the fields that a rule's verdict and message rest on."""
        return self._patterns.origins(rule)

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
        top, bottom = self._seen(item, first, home), self._seen(item, last, home)
        if top.sheet == home:
            letter = letters(top.column)
            return f"${letter}${top.row}:${letter}${bottom.row}"
        return column_range(top.sheet, top.column, top.row, bottom.row)

    def on(self, address: Address, home: str) -> str:
        """A cell as a formula on the sheet `home` writes it."""
        if address.sheet == home:
            return f"${letters(address.column)}${address.row}"
        return address.absolute

    def _own_row(self, address: Address, home: str) -> str:
        if address.sheet == home == CALC_SHEET:
            return f"${letters(address.column)}{address.row}"
        return self.on(address, home)

    def _seen(self, item: Field, number: int, home: str) -> Address:
        """Where a formula on the sheet `home` looks for a field: on `_calc`, rows are mirrored."""
        if home == CALC_SHEET and item.grain == ROW:
            return self.layout.calc_cell(item.section, item.id, number)
        return self.address(item, number)

    def _item(self, ref: Ref) -> Field:
        return self.form.sections[ref.section].fields[ref.field]

    def _reference(self, ref: Ref, home: str, grain: str, number: int) -> str:
        item = self._item(ref)
        if ref.reach == "column":
            return self.column(item, home)
        if ref.reach == "group":
            return self.column(item, home, number - 1)
        if item.grain == CELL:
            if home == CALC_SHEET and grain == ROW:
                return self.on(self.layout.mirrored[item.key], home)
            number = 0
        elif item.grain == GROUP and grain == ROW:
            slot = self.layout.blocks[item.section].slots[number - 1]
            number = slot.group + 1
        elif item.grain == ROW == grain:
            return self._own_row(self._seen(item, number, home), home)
        return self.on(self.address(item, number), home)

    def _indexed(self, ref: Ref, home: str, k: str) -> str:
        item = self._item(ref)
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


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A formula cut where it names cells."""

    words: tuple[str, ...]
    named: tuple[int, ...]
    """Which of the references stands behind each of the words but the last."""
    refs: tuple[Ref, ...]

    @classmethod
    def of(cls, render: Callable[[Cell], str]) -> _Pattern:
        numbers: dict[Ref, int] = {}
        words = render(lambda ref: f"{_MARK}{numbers.setdefault(ref, len(numbers))}{_MARK}").split(
            _MARK
        )
        return cls(tuple(words[::2]), tuple(map(int, words[1::2])), tuple(numbers))

    def text(self, cell: Cell) -> str:
        """The formula in its place."""
        places = [cell(ref) for ref in self.refs]
        pieces = [""] * (2 * len(self.named) + 1)
        pieces[::2] = self.words
        pieces[1::2] = [places[n] for n in self.named]
        return "".join(pieces)


_MARK = "\x00"


class _Patterns:
    """A form's formulas, each worked out once for all layouts."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._patterns: dict[tuple[str, str], _Pattern] = {}
        self._origins: dict[str, frozenset[str]] = {}

    def computed(self, key: str) -> _Pattern:
        node = self._form.formulas[key]
        return self._once(("computed", key), lambda cell: f'IFERROR({to_formula(node, cell)},"")')

    def verdict(self, rule: Rule) -> _Pattern:
        return self._once(("verdict", rule.key), lambda cell: _verdict(rule, cell))

    def message(self, rule: Rule) -> _Pattern:
        return self._once(
            ("message", rule.key),
            lambda cell: "&".join(_part(part, cell) for part in rule.message) or '""',
        )

    def expected(self, rule: Rule) -> _Pattern:
        part = rule.expected
        return self._once(
            ("expected", rule.key), lambda cell: _part(part, cell) if part is not None else '""'
        )

    def origins(self, rule: Rule) -> frozenset[str]:
        if rule.key not in self._origins:
            patterns = (self.verdict(rule), self.message(rule), self.expected(rule))
            refs = {ref.key for pattern in patterns for ref in pattern.refs}
            if rule.grain == ROW:  # a row in which nothing stands breaks no rule
                refs |= {f.key for f in self._form.sections[rule.section].of_grain(ROW)}
            self._origins[rule.key] = frozenset[str]().union(*map(self._form.origins_of, refs))
        return self._origins[rule.key]

    def _once(self, key: tuple[str, str], render: Callable[[Cell], str]) -> _Pattern:
        if key not in self._patterns:
            self._patterns[key] = _Pattern.of(render)
        return self._patterns[key]


@lru_cache(maxsize=16)
def _patterns_of(form: Form) -> _Patterns:
    return _Patterns(form)


@lru_cache(maxsize=16)
def formulas_of(layout: Layout) -> Formulas:
    """The formulas of a layout."""
    return Formulas(layout)


def _verdict(rule: Rule, cell: Cell) -> str:
    text = f"IF({to_formula(rule.must, cell)},1,0)"
    if rule.when is not None:
        text = f"IF({to_formula(rule.when, cell)},{text},1)"
    return f"IFERROR({text},-1)"


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


_LONGEST = 8192
"""So many characters a formula may have in Excel."""
_TOKENS = re.compile(
    r"""(?P<text>"(?:[^"]|"")*+")
    |'(?P<sheet>(?:[^']|'')++)'(?=!)
    |(?<![\w.$])(?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)(?![\w(])
    |(?P<blank>\s+)
    |(?P<other>[^"'\s0-9]+|.)""",
    re.VERBOSE,
)


_ONE_CELL = re.compile(r"(?<![A-Z0-9$])(\$?[A-Z]{1,3}\$?[0-9]{1,7}):\1(?![0-9])")
"""A range of one cell, which LibreOffice writes as the cell."""


# The same formulas stand in every return, and each is held against the same few of the template.
@lru_cache(maxsize=4096)
def canonical(formula: str) -> str:
    """A formula as all programs mean it: they write spaces, case, numbers and quotes each in its way."""
    if len(formula) > _LONGEST:
        return formula
    text = "".join(_token(match) for match in _TOKENS.finditer(formula.removeprefix("=")))
    text = _ONE_CELL.sub(r"\1", text)
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
