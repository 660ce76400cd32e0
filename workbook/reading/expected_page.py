"""What each page of a form must show: labels, inputs, formulas, merges, what validations let in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from workbook.address import area
from workbook.layout import (
    FORM_SHEET,
    Admitted,
    Formulas,
    Layout,
    Page,
    Spot,
    admitted,
    canonical,
    formulas_of,
)
from workbook.package import Sheet
from workbook.reading.inspection import Position
from workbook.text import fold


class Imprint:
    """What a page must show, worked out once for all returns of a layout."""

    def __init__(self, formulas: Formulas, page: Page, name: str) -> None:
        """`name` is what its sheet is called where the layout is."""
        self.layout = layout = formulas.layout
        self.page = page
        self.sheet = name
        self.labels = tuple(
            ((label.top, label.left), label, fold(label.text)) for label in page.labels
        )
        drawn = [spot for spot in layout.spots.values() if spot.address.sheet == name]
        self.inputs = tuple(
            (spot.name, (spot.address.row, spot.address.column))
            for spot in drawn
            if spot.field.is_input
        )
        self.input_cells = frozenset(at for _, at in self.inputs)
        self.editable = frozenset(
            cell
            for spot in drawn
            if spot.field.is_input and spot.field.by != "reviewer"
            for cell in _area(spot)
        )
        self.bureau = tuple(
            spot.name
            for spot in drawn
            if spot.field.is_input and spot.field.by == "bureau" and spot.field.is_closed
        )
        self.entered = tuple(spot.name for spot in drawn if spot.field.mode == "entered")
        self.fixed = tuple(spot for spot in drawn if spot.field.mode == "fixed")
        recorded = [spot for spot in layout.spots.values() if spot.address.sheet == FORM_SHEET]
        own_spots = [*drawn, *recorded] if self.is_home else drawn
        self.computed = tuple(
            spot for spot in own_spots if spot.field.mode in ("computed", "suggested")
        )
        areas = [(label.top, label.left, label.bottom, label.right) for label in page.labels]
        areas += [
            (spot.address.row, spot.address.column, spot.bottom, spot.right) for spot in drawn
        ]
        self.occupied = frozenset(corners[:2] for corners in areas)
        """Where the template itself has something, or room for it."""
        self.merges = frozenset(area(*corners) for corners in areas if corners[:2] != corners[2:])
        self.texts = frozenset(folded for _, _, folded in self.labels)
        self._rendered = formulas
        self._formulas: dict[str, str] = {}
        self._admitted: dict[str, Admitted] = {}

    @classmethod
    def moved(cls, layout: Layout, sheets: Mapping[str, Sheet]) -> dict[str, Imprint]:
        """The imprints of a layout as it stands in one workbook, by the pages' usual names."""
        formulas = Formulas(layout)
        return {
            name: cls(formulas, layout.pages[name], sheet.name) for name, sheet in sheets.items()
        }

    @property
    def is_home(self) -> bool:
        """Whether it is the form's own sheet."""
        return self.page.paper.sheet == self.layout.form.sheet

    def formula(self, spot: Spot) -> str:
        """The template's own formula of a spot, without "="."""
        if spot.name not in self._formulas:
            text = self._rendered.computed(spot.field.key, spot.address.sheet, spot.number)
            self._formulas[spot.name] = text.removeprefix("=")
        return self._formulas[spot.name]

    def admitted(self, name: str) -> Admitted:
        """What the template lets into an input, without saying which cells it looks at."""
        if name not in self._admitted:
            expected = admitted(self.layout.spots[name], self._rendered, self.sheet)
            self._admitted[name] = Admitted(expected.type, anywhere(expected.formula))
        return self._admitted[name]


# Every return is held against it; each holds thousands of cells, and few plans are in use at a time.
@lru_cache(maxsize=20)
def imprints_of(layout: Layout) -> Mapping[str, Imprint]:
    """The imprints of a layout's pages, by their names."""
    formulas = formulas_of(layout)
    return {name: Imprint(formulas, page, name) for name, page in layout.pages.items()}


def _area(spot: Spot) -> Iterator[Position]:
    for row in range(spot.address.row, spot.bottom + 1):
        for column in range(spot.address.column, spot.right + 1):
            yield row, column


_CELLS = re.compile(r"#REF!|(?<![\w.$])\$?[A-Z]{1,3}\$?[0-9]{1,7}(?![\w.(])")


# The validations of a template look much the same, in every row and every return.
@lru_cache(maxsize=4096)
def anywhere(formula: str) -> str:
    """A formula without saying which cells it looks at."""
    return _CELLS.sub("¤", canonical(formula))
