"""Find a form in the tables of a Word document by its printed words.

The paper form was drawn by many hands: labels are broken by blanks and lines, a label and its figure
share a cell, a level's heading carries its points. So a field is known by the words beside it and
above it, as our own layout has them, wherever they stand in the table. What fits nowhere is left over
and told; nothing is guessed from resemblance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workbook.address import Address
from workbook.form import CELL, ROW, Form, Section
from workbook.layout import Layout, Plan, Spot, cell_name, default_plan, lay_out
from workbook.text import fold
from workbook.word.document import WordCell, WordTable

_BRACKETED = re.compile(r"\([^()]*\)")
_POINTS = re.compile(r"\((?:共)?(\d+(?:\.\d+)?)分?\)")
_BLANK = r"[\s\u3000]*"
_OF_WHICH = "其中:"
_LEVEL_WORD = "指标"
_LONGEST = 200
"""No label is as long."""
LONGEST_LINE = 2_000
"""No cell or line that holds labels with their values is as long."""
_TRIED = 20
"""Of equal labels so many are looked at; a form has each once or twice."""
_ENOUGH = 0.5
"""A table shows a form if at least so many of the form's single cells are found by their labels."""


@dataclass(frozen=True, slots=True)
class FieldText:
    """What stands for a field in a document."""

    text: str
    address: Address


@dataclass(frozen=True, slots=True)
class Leftover:
    """What stands in a document and has no place in the form; or is otherwise there than here."""

    text: str
    address: Address
    label: str = ""
    expected: str = ""
    """Blank for what has no place; else what the form has there."""


@dataclass(slots=True)
class TableMatch:
    """A form found in a table: its layout with as many rows as are filled in, texts by name."""

    layout: Layout
    texts: dict[str, FieldText] = field(default_factory=dict)
    leftovers: list[Leftover] = field(default_factory=list)
    tables: tuple[int, ...] = ()
    """The numbers of the tables that it was found in."""

    @property
    def filled(self) -> set[str]:
        """The names of fields that something is filled in for."""
        return {name for name, field_text in self.texts.items() if field_text.text.strip()}


@dataclass(frozen=True, slots=True)
class LabelledField:
    """A single field, the words left of it and above it on our paper, and whether the former suffice."""

    spot: Spot
    left_labels: tuple[str, ...]
    top_labels: tuple[str, ...]
    alone: bool


def key(text: str) -> str:
    """A label as it is compared: without blanks, brackets and what is in them, colons at the end."""
    return _BRACKETED.sub("", fold(text)).strip(":、*★")


def match_table(form: Form, table: WordTable) -> TableMatch | None:
    """The form in a table; None if too few of its labels are there."""
    matcher = _Matcher(form, table)
    fields = labelled_fields(form)
    for item in fields:
        matcher.single(item)
    placed = sum(item.spot.name in matcher.texts for item in fields)
    rows = [matcher.rows(section) for section in form.repeating]
    enough = any(rows) or (fields and placed >= _ENOUGH * len(fields))
    if not enough:
        return None
    return matcher.finish()


def labelled_fields(form: Form) -> tuple[LabelledField, ...]:
    """The single fields of the form's own sheet that have words beside them."""
    return tuple(_labelled_fields(lay_out(form)))


def _labelled_fields(layout: Layout) -> Iterator[LabelledField]:
    home = layout.form.sheet
    labels = [x for x in layout.home.labels if x.role in ("label", "line", "head")]
    spots = [s for s in layout.spots.values() if s.field.grain == CELL and s.address.sheet == home]
    candidates = []
    for spot in spots:
        row, column = spot.address.row, spot.address.column
        beside = [
            x for x in labels if x.top <= row <= x.bottom and x.right < column and x.text.strip()
        ]
        above = [
            x for x in labels
            if x.bottom < row and x.left <= column <= x.right and x.text.strip() and x.role != "line"
        ]  # fmt: skip
        left_label = max(beside, key=lambda x: x.right, default=None)
        top_label = max(above, key=lambda x: x.bottom, default=None)
        if left_label is not None:
            candidates.append((spot, left_label, top_label))
    for spot, left_label, top_label in candidates:
        alone = sum(label is left_label for _, label, _ in candidates) == 1
        own_labels = (spot.field.label,) if alone else ()
        yield LabelledField(
            spot,
            variants(left_label.text, *own_labels),
            variants(top_label.text) if top_label else (),
            alone,
        )


def variants(*labels: str) -> tuple[str, ...]:
    """The keys by which a label is known, 其中 in front of it or not."""
    keys = [key(label) for label in labels]
    return tuple(
        dict.fromkeys(k for name in keys for k in (name, name.removeprefix(_OF_WHICH)) if k)
    )


def pattern(keys: Iterable[str]) -> str:
    """A regular expression that finds a label in raw text, however blanks break it."""

    def loose(name: str) -> str:
        return _BLANK.join("[:：]" if c == ":" else re.escape(c) for c in name)

    return "|".join(loose(name) for name in sorted(keys, key=len, reverse=True))


class _Matcher:
    """The texts of one table, and which of them have found a place."""

    def __init__(self, form: Form, table: WordTable) -> None:
        self.form, self.table = form, table
        self.blank_layout = lay_out(form)
        self.keys = {cell: key(cell.text[:_LONGEST]) for cell in table.cells}
        self.lines: dict[int, list[WordCell]] = {}
        for cell in table.cells:
            for row in range(cell.row, cell.bottom + 1):
                self.lines.setdefault(row, []).append(cell)
        self.known_labels = {
            k for label in self.blank_layout.home.labels for k in variants(label.text)
        }
        self.known_labels |= {k for item in form.fields() for k in variants(item.label)}
        tree = {
            k for x in self.blank_layout.home.labels if x.role == "tree" for k in variants(x.text)
        }
        self.outside = self.known_labels - tree  # a row may begin with a level's heading, and go on
        self.used: set[WordCell] = set()
        self.texts: dict[str, FieldText] = {}
        self.leftovers: list[Leftover] = []
        self.found_rows: dict[str, list[tuple[tuple[str, ...], dict[str, FieldText]]]] = {}
        names = {k: item for item in labelled_fields(form) for k in item.left_labels if item.alone}
        self._inline = re.compile(
            f"(?:其{_BLANK}中{_BLANK}[:：]{_BLANK})?({pattern(names)}){_BLANK}[:：]"
        )
        self.split_cells = {
            name: split_cell for cell in table.cells for name, split_cell in self._split(cell)
        }

    def _split(self, cell: WordCell) -> Iterator[tuple[str, tuple[WordCell, str]]]:
        """The labels that a cell holds together with their values: 其他资金：4.62."""
        if len(cell.text) > LONGEST_LINE:
            return
        matches = list(self._inline.finditer(cell.text))
        if not matches or cell.text[: matches[0].start()].strip():
            return
        ends = [m.start() for m in matches[1:]] + [len(cell.text)]
        for match, end in zip(matches, ends, strict=True):
            yield key(match[1]), (cell, cell.text[match.end() : end].strip())

    # single cells

    def single(self, labelled: LabelledField) -> None:
        """Take the text of a single field, if its words are there."""
        name, item = labelled.spot.name, labelled.spot.field
        if labelled.alone:
            inline = next(
                (self.split_cells[k] for k in labelled.left_labels if k in self.split_cells), None
            )
            if inline is not None:
                self._take(name, inline[0], inline[1])
                return
        for label in self._labelled(labelled.left_labels)[:_TRIED]:
            value = (
                self._right_of(label)
                if labelled.alone
                else self._crossing(label, labelled.top_labels)
            )
            if value is not None and value not in self.used:
                self.used.add(label)
                self._take(
                    name, value, value.text if item.kind.type == "text" else value.text.strip()
                )
                return

    def _take(self, name: str, cell: WordCell, text: str) -> None:
        self.used.add(cell)
        self.texts[name] = FieldText(text, cell.address)

    def _labelled(self, keys: Iterable[str]) -> list[WordCell]:
        return [cell for cell in self.table.cells if self.keys[cell] in keys]

    def _at(self, row: int, column: int) -> WordCell | None:
        cells = self.lines.get(row, ())
        return next((c for c in cells if c.left <= column <= c.right), None)

    def _right_of(self, label: WordCell) -> WordCell | None:
        cell = self._at(label.row, label.right + 1)
        return cell if cell is not None and self.keys[cell] not in self.known_labels else None

    def _crossing(self, label: WordCell, top: Sequence[str]) -> WordCell | None:
        """The cell in the rows of one label and the column of another, the nearest above."""
        heads = [h for h in self._labelled(top) if h.bottom < label.bottom]
        head = max(heads, key=lambda h: (h.row, h.left), default=None)
        if head is None:
            return None
        rows = range(max(label.row, head.bottom + 1), label.bottom + 1)
        cells = (self._at(row, head.left) for row in rows)
        return next((c for c in cells if c is not None and c is not label and c is not head), None)

    # rows

    def rows(self, section: Section) -> bool:
        """Take the rows of a repeating section; whether its heads are there at all."""
        columns, levels = self._columns(section)
        head = self._head(columns.values(), section.head.rows)
        if head is None:
            return False
        deep = section.head.rows
        at = {name: c for name, keys in columns.items() if (c := self._below(head, deep, keys))}
        tree = [self._below(head, deep, keys) for keys in levels]
        self.used |= {*at.values(), *(c for c in tree if c)}
        matched_rows: list[tuple[tuple[str, ...], dict[str, FieldText]]] = []
        first = max(c.bottom for c in at.values()) + 1
        for row in range(first, max(self.lines) + 1):
            if self._ends(row, first):
                break
            self._row(section, row, at, tree, matched_rows)
        self.found_rows[section.id] = matched_rows
        return True

    def _columns(
        self, section: Section
    ) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, ...]]]:
        """The heads of a section's columns, and of its levels, as our layout has them."""
        assert section.row is not None
        last = self.blank_layout.blocks[section.id].head_row
        tops = range(last - section.head.rows + 1, last + 1)
        heads = [x for x in self.blank_layout.home.labels if x.role == "head" and x.top in tops]
        columns, levels = {}, []
        for drawn in section.row.cells:
            above = [x for x in heads if x.left <= drawn.column + 1 <= x.right and x.text.strip()]
            nearest = [max(above, key=lambda x: x.bottom).text] if above else []
            item = self.form.field_of(drawn.field) if drawn.field else None
            if item is not None and item.grain == ROW:
                columns[item.id] = variants(item.label, *nearest)
            elif drawn.level:
                levels.append(variants(*nearest))
        return columns, levels

    def _head(self, columns: Iterable[tuple[str, ...]], deep: int) -> int | None:
        """The row from which most of the columns' heads stand; None unless more than half do."""
        columns = list(columns)
        count = {
            row: sum(self._below(row, deep, keys) is not None for keys in columns)
            for row in self.lines
        }
        best = max(count, key=lambda r: (count[r], -r), default=0)
        return best if count and count[best] > len(columns) / 2 else None

    def _below(self, row: int, deep: int, keys: Iterable[str]) -> WordCell | None:
        """The first cell with one of the labels that begins in so many rows from a row on."""
        cells = (c for n in range(row, row + deep) for c in self.lines.get(n, ()) if c.row == n)
        return next((c for c in cells if self.keys[c] in keys), None)

    def _ends(self, row: int, first: int) -> bool:
        """Whether the rows are over: their frame ends, and a label of what follows begins the row."""
        cells = self.lines.get(row, [])
        if not cells or any(c.row < first for c in cells):
            return False
        start = min(cells, key=lambda c: c.left)
        if start.row < row:  # a level's heading that reaches down
            return False
        return start in self.used or self.keys[start] in self.outside or any(
            start is cell for cell, _ in self.split_cells.values())  # fmt: skip

    def _row(
        self,
        section: Section,
        row: int,
        at: Mapping[str, WordCell],
        tree: Sequence[WordCell | None],
        matched_rows: list[tuple[tuple[str, ...], dict[str, FieldText]]],
    ) -> None:
        cells = {name: c for name, head in at.items() if (c := self._at(row, head.left))}
        own_cells = {name: c for name, c in cells.items() if c.row == row and c not in self.used}
        branches = [self._at(row, c.left) if c else None for c in tree]
        branches = [c if c and c not in own_cells.values() else None for c in branches]
        filled = [c for c in own_cells.values() if c.text.strip()]
        path = self._path(section, branches)
        if path is not None or not filled:
            self.used |= {c for c in branches if c}
        if not filled:
            return
        if all(
            self.keys[c] in self.known_labels for c in filled
        ):  # the heads once more, on a new page
            self.used |= set(own_cells.values())
            return
        if path is None:
            first = min(own_cells.values(), key=lambda c: c.left)
            words = [c.text for c in branches if c] + [c.text for c in own_cells.values()]
            text = " / ".join(fold(word) for word in words if word.strip())
            self.leftovers.append(Leftover(text, first.address))
            self.used |= set(own_cells.values())
            return
        values = {}
        for name, cell in own_cells.items():
            item = section.fields[name]
            text = cell.text if item.kind.type == "text" else cell.text.strip()
            values[name] = FieldText(text, cell.address)
            self.used.add(cell)
        matched_rows.append((path, values))

    def _path(
        self, section: Section, branches: Sequence[WordCell | None]
    ) -> tuple[str, ...] | None:
        """The group that a row's headings mean; None if they are none of the form's."""
        if not section.levels:
            return ()
        paths = [group.path for group in section.groups]
        for level, cell in enumerate(branches):
            if cell is not None:
                # A branch that ends above its form's last level takes the columns of those below.
                ended = level > 0 and cell is branches[level - 1]
                named = "" if ended else _plain(self.keys[cell])
                paths = [p for p in paths if level >= len(p) or _plain(key(p[level])) == named]
        if len(paths) != 1:
            return None
        self._points(section, paths[0], branches[0])
        return paths[0]

    def _points(self, section: Section, path: tuple[str, ...], cell: WordCell | None) -> None:
        """Tell where a level's heading carries other points than the form's."""
        weight = next((g.weight for g in section.groups if g.path[:1] == path[:1]), None)
        if cell is None or cell in self.used or weight is None:
            return
        stated = _POINTS.search(fold(cell.text))
        if stated and float(stated[1]) != weight:
            self.leftovers.append(Leftover(stated[1], cell.address, path[0], f"{weight:g}"))

    # the end

    def finish(self) -> TableMatch:
        """The match, its layout with rows enough; what found no place is left."""
        layout = lay_out(self.form, self._plan())
        for section, rows in self.found_rows.items():
            free: dict[tuple[str, ...], list[int]] = {}
            for slot in layout.blocks[section].slots:
                free.setdefault(slot.path, []).append(slot.number)
            for path, values in rows:
                number = free[path].pop(0)
                for name, field_text in values.items():
                    self.texts[cell_name(f"{section}.{name}", number)] = field_text
        for cell in self.table.cells:
            is_label = self.keys[cell] in self.known_labels or self.keys[cell].endswith(
                key(self.form.name)
            )
            if cell not in self.used and cell.text.strip() and not is_label:
                self.leftovers.append(Leftover(cell.text.strip(), cell.address))
        return TableMatch(layout, self.texts, self.leftovers, (self.table.number,))

    def _plan(self) -> Plan:
        blank_plan, plan, start = default_plan(self.form), [], 0
        for section in self.form.repeating:
            rows = [path for path, _ in self.found_rows.get(section.id, [])]
            for group, count in zip(section.groups, blank_plan[start:], strict=False):
                plan.append(max(count, rows.count(group.path)))
            start += len(section.groups)
        return tuple(plan)


def _plain(name: str) -> str:
    """A level's name without the word that all of them end with."""
    return name.removesuffix(_LEVEL_WORD) or name


def joined(matches: Sequence[TableMatch]) -> TableMatch | None:
    """Tables that hold different parts of one form as one match; None if two hold the same part."""
    combined = matches[0]
    for match in matches[1:]:
        if combined.filled & match.filled:
            return None
        plan = tuple(
            max(pair) for pair in zip(combined.layout.plan, match.layout.plan, strict=True)
        )
        if plan not in (combined.layout.plan, match.layout.plan):
            return None
        layout = combined.layout if plan == combined.layout.plan else match.layout
        combined = TableMatch(
            layout,
            {**match.texts, **combined.texts},
            [*combined.leftovers, *match.leftovers],
            (*combined.tables, *match.tables),
        )
    return combined
