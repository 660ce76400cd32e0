"""`lay_out(form) → Layout`: where every field stands. The one contract between template and reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from workbook.address import Address, area
from workbook.catalogue import REQUIRED
from workbook.errors import BuildError
from workbook.expression import references
from workbook.form import (
    CELL,
    GROUP,
    OWN_SHEETS,
    ROW,
    Drawing,
    DrawnCell,
    Field,
    Form,
    Group,
    Paper,
    Rule,
    Section,
    Value,
)
from workbook.language import t
from workbook.text import fold

GUIDE_SHEET, CHECK_SHEET, LIST_SHEET, CALC_SHEET, FORM_SHEET = OWN_SHEETS

STATUS_ROW = 1
"""The first row of each sheet to be filled in tells how many problems are open; the paper begins below it."""
FORM_RECORDS = ("form", "version", "digest", "plan", "department_code", "department", "issued")
"""What `_form` records, one a row from the first, name in column A and value in column B; beside the digest,
in column C, the definition's revision."""
ISSUED_COLUMN = 4
"""From this column of `_form`: the name and the value of each cell that the bureau filled in and locked."""

HINT = "hint."
"""What is open in a row has this name among the columns of `_calc`, which no field has."""

ROW_NUMBER = "[#]"
"""Drawn in a row: its number."""

Plan = tuple[int, ...]
"""How many rows each group holds, over all repeating sections in order."""


def cell_name(key: str, number: int = 0) -> str:
    """The defined name of a field's cell, or of its Nth row's or group's: `indicators.actual.12`."""
    return f"{key}.{number}" if number else key


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one value stands: a field, or for rows and groups the Nth of it."""

    name: str
    """Its defined name: `funds.final_budget`, `indicators.actual.12`."""
    field: Field
    number: int
    """The row or group it belongs to, from 1; 0 for a form's single field."""
    address: Address
    bottom: int
    right: int
    title: bool = False
    """Whether it is the sheet's title."""

    @property
    def area(self) -> str:
        """The cell, or the merged cells, without the sheet."""
        return area(self.address.row, self.address.column, self.bottom, self.right)


@dataclass(frozen=True, slots=True)
class Label:
    """Printed words and where they stand."""

    text: str
    top: int
    left: int
    bottom: int
    right: int
    role: str
    """annex, title, head, label, tree, line (outside the frame), side (right of the paper), heading (of a
    chapter), subheading."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One row of a repeating section."""

    number: int
    row: int
    group: int
    """Its level-1 group, from 0."""
    path: tuple[str, ...]
    constants: Mapping[str, Value] = field(default_factory=dict)
    """What the form itself says in this row, by field."""


@dataclass(frozen=True, slots=True)
class Block:
    """A repeating section, placed."""

    section: Section
    slots: tuple[Slot, ...]
    groups: tuple[Group, ...]
    """Level-1 groups; `rows` counts all their rows."""
    head_row: int
    """The row of its column heads, repeated on every printed page."""
    calc_top: int
    """The row of its first slot on `_calc`; its heads stand one above."""
    calc_columns: dict[str, int]
    """Column on `_calc` of each level, derived field, `used`, rule (by its key), of each field of a row
    that stands on the form, mirrored there, and of what is open in the row."""
    group_top: int
    """The row of its first group on `_calc`."""
    group_columns: dict[str, int]

    @property
    def mirrored(self) -> tuple[Field, ...]:
        """The fields of its rows that stand on the form, and are no levels."""
        fields = self.section.of_grain(ROW)
        return tuple(f for f in fields if f.mode != "derived" and f.id not in self.section.levels)

    @property
    def starts(self) -> tuple[int, ...]:
        """The index of each level-1 group's first slot."""
        starts, total = [], 0
        for group in self.groups:
            starts.append(total)
            total += group.rows
        return tuple(starts)

    @property
    def first(self) -> int:
        """The form sheet's row of the first slot."""
        return self.slots[0].row

    @property
    def last(self) -> int:
        """The form sheet's row of the last slot."""
        return self.slots[-1].row


@dataclass(frozen=True)
class Page:
    """A sheet to be filled in: what is printed on it and where. Rows and columns count from 1."""

    paper: Paper
    labels: tuple[Label, ...]
    heights: dict[int, float]
    framed: tuple[int, ...]
    """The rows inside the paper's frame."""
    last_row: int

    @property
    def paper_columns(self) -> int:
        """How many columns the paper has."""
        return len(self.paper.widths)

    @property
    def hint_column(self) -> int:
        """The column, right of the paper, that tells what is open in each row."""
        return self.paper_columns + len(self.paper.side_widths) + 1


@dataclass(frozen=True, eq=False, repr=False)
class Layout:
    """A form on its sheets. Rows and columns count from 1. Equal to itself only, as its form is."""

    def __repr__(self) -> str:
        return f"<Layout of {self.form.key}: {len(self.spots)} cells on {len(self.pages)} sheets>"

    form: Form
    plan: Plan
    spots: dict[str, Spot]
    """By defined name, in reading order."""
    pages: dict[str, Page]
    """By sheet, the form's own first."""
    blocks: dict[str, Block]
    verdicts: dict[str, Address]
    """By rule key: the verdict of a form's rule on `_calc`."""
    checks: dict[str, Address]
    """By check line: the verdict shown on 自检."""
    verdict_letters: Address
    """Where `_form` repeats all of them, a letter a line."""
    mirrored: dict[str, Address]
    """By key: where `_calc` repeats a single field that formulas of rows there look at."""

    @property
    def home(self) -> Page:
        """The form's own sheet."""
        return self.pages[self.form.sheet]

    @cached_property
    def by_key(self) -> dict[str, tuple[Spot, ...]]:
        """The spots of each field, rows in order."""
        spots_by_key: dict[str, list[Spot]] = {}
        for spot in self.spots.values():
            spots_by_key.setdefault(spot.field.key, []).append(spot)
        return {key: tuple(spots) for key, spots in spots_by_key.items()}

    def spot(self, key: str, number: int = 0) -> Spot:
        """The spot of a field, or of its Nth row or group (from 1)."""
        return self.by_key[key][max(number - 1, 0)]

    def calc_cell(self, section: str, column: str, number: int) -> Address:
        """A row's cell on `_calc`."""
        block = self.blocks[section]
        return Address(CALC_SHEET, block.calc_top + number - 1, block.calc_columns[column])

    def group_cell(self, section: str, column: str, number: int) -> Address:
        """A group's cell on `_calc`."""
        block = self.blocks[section]
        return Address(CALC_SHEET, block.group_top + number - 1, block.group_columns[column])

    def verdict_cells(self, rule: Rule) -> tuple[Address, ...]:
        """A rule's verdicts on `_calc`: one, or one a row or a group, in order."""
        if rule.grain == CELL:
            return (self.verdicts[rule.key],)
        block = self.blocks[rule.section]
        cell, count = (
            (self.calc_cell, len(block.slots))
            if rule.grain == ROW
            else (self.group_cell, len(block.groups))
        )
        return tuple(cell(rule.section, rule.key, number) for number in range(1, count + 1))


def default_plan(form: Form) -> Plan:
    """The rows that a blank template shows."""
    return tuple(group.rows for section in form.repeating for group in section.groups)


def plan_for(form: Form, rows: Mapping[str, int]) -> Plan:
    """The usual rows, but so many in the groups named: by their last label, or with those above it (产出指标/数量指标).

    Raises BuildError for a name that is no group's, or several groups', and for a number that cannot be.
    """
    groups = [group for section in form.repeating for group in section.groups]
    plan = list(default_plan(form))
    for name, count in rows.items():
        sought = [fold(part) for part in name.split("/")]
        meant = [n for n, group in enumerate(groups) if _labels(group)[-len(sought) :] == sought]
        if len(meant) != 1:
            known = "、".join("/".join(filter(None, group.path)) for group in groups)
            what = t("没有") if not meant else t("不止一个")
            raise BuildError(
                t("表里{what}“{name}”；可以写：{known}", what=what, name=name, known=known)
            )
        if not 1 <= count <= MOST_ROWS:
            raise BuildError(
                t(
                    "“{name}”要 {count} 行，应在 1 到 {most_rows} 之间",
                    name=name,
                    count=count,
                    most_rows=MOST_ROWS,
                )
            )
        plan[meant[0]] = count
    return tuple(plan)


def _labels(group: Group) -> list[str]:
    return [fold(label) for label in group.path if label]


MOST_ROWS = 200
"""So many rows a group may be given."""


def lay_out(form: Form, plan: Sequence[int] | None = None) -> Layout:
    """Every field's address and defined name; `plan` says how many rows each group holds.

    Raises BuildError if the plan does not fit the form's groups.
    """
    return _laid_out(form, tuple(plan or default_plan(form)))


# Asked for a form's layout at every turn; the plans of a round are few, departments add but some rows.
@lru_cache(maxsize=256)
def _laid_out(form: Form, plan: Plan) -> Layout:
    return _Placer(form, plan).layout()


class _Placer:
    """Walks the form's sheets and their sections downwards, once."""

    def __init__(self, form: Form, plan: Plan) -> None:
        if len(plan) != len(default_plan(form)) or any(count < 1 for count in plan):
            raise BuildError(f"{form.key}: the plan {plan} does not fit its groups")
        self.form = form
        self.plan = plan
        self.paper = form.papers[0]
        self.row = 0
        self.spots: dict[str, Spot] = {}
        self.labels: list[Label] = []
        self.heights: dict[int, float] = {}
        self.framed: list[int] = []
        self.blocks: dict[str, Block] = {}
        self.calc_row = 2
        self.verdicts: dict[str, Address] = {}
        self.mirrored: dict[str, Address] = {}

    def layout(self) -> Layout:
        pages = {paper.sheet: self._page(paper) for paper in self.form.papers}
        letters = Address(FORM_SHEET, self._undrawn() + 1, 2)
        self._calc()
        return Layout(
            self.form,
            self.plan,
            self.spots,
            pages,
            self.blocks,
            self.verdicts,
            self._checks(),
            letters,
            self.mirrored,
        )

    def _page(self, paper: Paper) -> Page:
        self.paper, self.row = paper, STATUS_ROW + 1
        self.labels, self.heights, self.framed = [], {}, []
        self._heading()
        groups_taken = 0
        for section in self.form.on_paper(paper):
            if section.repeats:
                counts = self.plan[groups_taken : groups_taken + len(section.groups)]
                groups_taken += len(section.groups)
                self._block(section, counts)
            else:
                self._drawing(section, section.head)
        return Page(paper, tuple(self.labels), self.heights, tuple(self.framed), self.row - 1)

    def _heading(self) -> None:
        paper, width = self.paper, len(self.paper.widths)
        if paper.annex:
            self.labels.append(Label(paper.annex, self.row, 1, self.row, width, "annex"))
            self.row += 1
        if paper.title:
            self.labels.append(Label(paper.title, self.row, 1, self.row, width, "title"))
            self.heights[self.row] = 36.0
            self.row += 1

    def _drawing(self, section: Section, drawing: Drawing, extend: int = 0) -> None:
        """Place drawn rows; cells that reach the bottom grow by `extend` rows if '^' says so."""
        for drawn in drawing.cells:
            self._drawn_cell(section, drawing, drawn, extend)
        for offset, height in enumerate(drawing.heights):
            if height:
                self.heights[self.row + offset] = height
            if drawing.framed[offset]:
                self.framed.append(self.row + offset)
        self.row += drawing.rows

    def _drawn_cell(
        self, section: Section, drawing: Drawing, drawn: DrawnCell, extend: int
    ) -> None:
        top, left = self.row + drawn.row, drawn.column + 1
        bottom, right = top + drawn.rows - 1, left + drawn.columns - 1
        above = section.row is not None and any(
            p.column <= drawn.column < p.column + p.columns for p in section.row.cells
        )
        if extend and not above and drawn.row + drawn.rows == drawing.rows:
            bottom += extend
        if drawn.field:
            self._spot(self._field(drawn.field), 0, top, left, bottom, right)
            if drawn.heading:
                self.spots[drawn.field] = replace(self.spots[drawn.field], title=True)
            return
        role = "label" if drawing.framed[drawn.row] else "line"
        if drawn.heading:
            role = "heading" if drawn.heading == 1 else "subheading"
        elif section.repeats:
            role = "side" if left > len(self.paper.widths) else "head"
        self.labels.append(Label(drawn.text, top, left, bottom, right, role))

    def _field(self, key: str) -> Field:
        return self.form.field_of(key)

    def _spot(
        self, field: Field, number: int, top: int, left: int, bottom: int, right: int
    ) -> None:
        name = cell_name(field.key, number)
        address = Address(self.paper.sheet, top, left)
        self.spots[name] = Spot(name, field, number, address, bottom, right)

    def _block(self, section: Section, counts: Sequence[int]) -> None:
        total = sum(counts)
        head_row = self.row
        self._drawing(section, section.head, extend=total)
        top = self.row
        slots: list[Slot] = []
        groups: list[Group] = []
        for group, count in zip(section.groups, counts, strict=True):
            if not groups or group.path[:1] != groups[-1].path:
                groups.append(Group(group.path[:1], 0, group.weight))
            index = len(groups) - 1
            groups[-1] = Group(groups[-1].path, groups[-1].rows + count, groups[-1].weight)
            for row in range(count):
                constants = group.constants[row] if row < len(group.constants) else {}
                slots.append(Slot(len(slots) + 1, self.row, index, group.path, constants))
                self.row += 1
        self.framed.extend(range(top, self.row))
        self._rows(section, slots)
        self._tree(section, slots, groups)
        self.blocks[section.id] = Block(
            section, tuple(slots), tuple(groups), head_row + section.head.rows - 1, 0, {}, 0, {}
        )

    def _rows(self, section: Section, slots: list[Slot]) -> None:
        assert section.row is not None
        for slot in slots:
            for drawn in section.row.cells:
                left = drawn.column + 1
                right = left + drawn.columns - 1
                if drawn.text:
                    text = drawn.text.replace(ROW_NUMBER, str(slot.number))
                    self.labels.append(Label(text, slot.row, left, slot.row, right, "label"))
                elif drawn.field and self._field(drawn.field).grain == ROW:
                    field = self._field(drawn.field)
                    self._spot(field, slot.number, slot.row, left, slot.row, right)

    def _tree(self, section: Section, slots: list[Slot], groups: list[Group]) -> None:
        """Labels of the levels, and cells of the groups, merged over their rows."""
        assert section.row is not None
        for drawn in section.row.cells:
            left = drawn.column + 1
            right = left + drawn.columns - 1
            if drawn.level:
                self._branches(section, slots, drawn, groups)
            elif drawn.field and self._field(drawn.field).grain == GROUP:
                for number, (first, last) in enumerate(_runs(slots, 1), 1):
                    field = self._field(drawn.field)
                    self._spot(field, number, first.row, left, last.row, right)

    def _branches(
        self, section: Section, slots: list[Slot], drawn: DrawnCell, groups: list[Group]
    ) -> None:
        """The labels of one level; a branch that ends there takes the columns of the levels below."""
        for first, last in _runs(slots, drawn.level):
            if not first.path[drawn.level - 1]:
                continue
            text = self._tree_text(section, first, drawn.level, groups)
            right = drawn.column + drawn.columns
            if not any(
                any(slot.path[drawn.level :]) for slot in slots[first.number - 1 : last.number]
            ):
                right = _end_of_levels(section, drawn)
            self.labels.append(Label(text, first.row, drawn.column + 1, last.row, right, "tree"))

    def _tree_text(self, section: Section, slot: Slot, level: int, groups: list[Group]) -> str:
        label = slot.path[level - 1]
        weight = groups[slot.group].weight
        if level > 1 or weight is None:
            return label
        return section.group_label.format(
            **{section.levels[0]: label}, label=label, weight=f"{weight:g}"
        ).replace("\\n", "\n")

    def _undrawn(self) -> int:
        """Single fields that no drawing shows, fixed and derived ones, stand on `_form`; returns its last row."""
        drawn = {spot.field.key for spot in self.spots.values()}
        row = len(FORM_RECORDS)
        for item in self.form.fields():
            if item.grain == CELL and item.key not in drawn:
                row += 1
                column = 2
                address = Address(FORM_SHEET, row, column)
                self.spots[item.key] = Spot(item.key, item, 0, address, row, column)
        return row

    # the hidden sheet where rules are worked out

    def _calc(self) -> None:
        for rule in self.form.sheet_rules:
            if rule.grain == CELL:
                self.verdicts[rule.key] = Address(CALC_SHEET, self.calc_row, 2)
                self.calc_row += 1
        for key in _seen_by_rows(self.form):
            self.mirrored[key] = Address(CALC_SHEET, self.calc_row, 2)
            self.calc_row += 1
        self.calc_row += 2
        for block in list(self.blocks.values()):
            self._calc_block(block)

    def _calc_block(self, block: Block) -> None:
        section = block.section
        row_names = ["used", *section.levels]
        row_names += [f.id for f in section.of_grain(ROW) if f.mode == "derived"]
        row_names += [
            r.key for r in self.form.sheet_rules if r.section == section.id and r.grain == ROW
        ]
        row_names += [f.id for f in block.mirrored]
        row_names.append(HINT)
        group_names = [f.id for f in section.of_grain(GROUP)]
        group_names += [
            r.key for r in self.form.sheet_rules if r.section == section.id and r.grain == GROUP
        ]
        top = self.calc_row
        self.calc_row += len(block.slots) + 2
        group_top = self.calc_row
        self.calc_row += len(block.groups) + 2
        self.blocks[section.id] = Block(
            section, block.slots, block.groups, block.head_row,
            top, {name: column for column, name in enumerate(row_names, 1)},
            group_top, {name: column for column, name in enumerate(group_names, 1)},
        )  # fmt: skip

    def _checks(self) -> dict[str, Address]:
        lines = check_lines(self.form)
        return {line: Address(CHECK_SHEET, CHECK_TOP + i, 3) for i, line in enumerate(lines)}


@lru_cache(maxsize=16)
def _seen_by_rows(form: Form) -> tuple[str, ...]:
    """The single fields that formulas of rows on `_calc` look at."""
    rules = [rule for rule in form.sheet_rules if rule.grain == ROW]
    expected = [rule.expected.node for rule in rules if rule.expected is not None]
    seen = (*expected, *(node for rule in rules for node in (rule.when, rule.must)))
    nodes = [node for node in seen if node is not None]
    nodes += [
        form.formulas[item.key]
        for section in form.repeating
        for item in section.of_grain(ROW)
        if item.mode == "derived"
    ]
    items = (form.sections[ref.section].fields[ref.field] for ref in references(nodes))
    return tuple(dict.fromkeys(item.key for item in items if item.grain == CELL))


SOONEST = 10
"""So many lines at the head of 自检 repeat what is to be mended first."""
CHECK_TOP = 7 + SOONEST
"""The row of the first line on 自检."""


def _standing(rule: Rule) -> int:
    """What is required comes first on 自检, then the form's own rules, then the other general checks."""
    if rule.code == REQUIRED:
        return 0
    return 2 if rule.general else 1


def check_lines(form: Form) -> dict[str, tuple[Rule, ...]]:
    """The lines of 自检, each with the rules it sums up: one a code, and for the general codes
    (V3xx: every required cell, every number …) one a section."""
    lines: dict[str, list[Rule]] = {}
    for rule in sorted(form.sheet_rules, key=_standing):
        lines.setdefault(rule.line, []).append(rule)
    return {line: tuple(rules) for line, rules in lines.items()}


VERDICT_LETTERS = "check.letters"
"""The defined name of the cell of `_form` that repeats the verdicts of 自检, a letter a line."""
VERDICT_WORDS = {"h": "通过", "b": "不通过", "u": "未填全"}
"""How a verdict reads on 自检, by its letter: it holds, is broken or undecided."""
OTHER_WORD = "?"
"""The letter of anything else that stands there."""


def check_name(line: str) -> str:
    """The defined name of a line's verdict on 自检."""
    return f"check.{line.replace(':', '.')}"


def _end_of_levels(section: Section, drawn: DrawnCell) -> int:
    """The last column of a level and of those below it that are drawn beside it."""
    right = drawn.column + drawn.columns
    assert section.row is not None
    for cell in section.row.cells:
        if cell.level > drawn.level and cell.column == right:
            right += cell.columns
    return right


def _runs(slots: Sequence[Slot], level: int) -> Iterator[tuple[Slot, Slot]]:
    """(first, last) of each run of slots that share a branch down to `level`."""
    first = slots[0]
    for before, slot in zip(slots, [*slots[1:], None], strict=True):
        if slot is None or slot.path[:level] != first.path[:level]:
            yield first, before
            if slot is not None:
                first = slot
