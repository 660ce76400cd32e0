"""The two renderings of an expression: as an Excel formula, and over arrays of many returns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from workbook.expression.nodes import Call, Literal, Node, Ref
from workbook.expression.operands import BLANK, ERROR, NUMBER, TEXT, Array, Cells, Param, Type
from workbook.expression.operators import BLANK_TEST, NONE_TEST
from workbook.expression.text_operators import literal
from workbook.text import is_blank


def to_formula(node: Node, cell: Callable[[Ref], str]) -> str:
    """The Excel formula of a node, without "="; `cell` writes the cell or range of a reference."""
    match node:
        case Literal(value=str(value)):
            return literal(value)
        case Literal(value=value):
            return f"{value:.12g}" if float(value) >= 0 else f"({value:.12g})"
        case Ref():
            return _reference_formula(node, cell(node))
        case Call(op=op, args=args):
            texts = []
            for index, arg in enumerate(args):
                raw = op.param(index) in (Param.CELL, Param.CELLS, Param.NUMBERS)
                texts.append(cell(arg) if raw and isinstance(arg, Ref) else to_formula(arg, cell))
            return op.formula(texts, node.tolerance)


def _reference_formula(ref: Ref, cell: str) -> str:
    if ref.type is Type.TEXT:
        if ref.blank == "empty":
            return f'({cell}&"")'
        return f'IF({BLANK_TEST.format(cell)},NA(),{cell}&"")'
    if ref.blank == "zero":
        none = f"OR({BLANK_TEST.format(cell)},{NONE_TEST.format(cell)})"
        return f"IF(ISNUMBER({cell}),{cell},IF({none},0,NA()))"
    return f"IF(ISNUMBER({cell}),{cell},NA())"


def evaluate(node: Node, cells: Callable[[Ref], Cells]) -> Array:
    """The values of a node over many submissions; `cells` gives what stands at a reference.

    Shape as `workbook.expression.operators` tells: (submissions, cells of the scope). NaN or None is undecided.
    """
    with np.errstate(all="ignore"):
        return _values(node, cells)


def _values(node: Node, cells: Callable[[Ref], Cells]) -> Array:
    match node:
        case Literal(value=str(value)):
            text = np.empty((1, 1), dtype=object)
            text[0, 0] = value
            return text
        case Literal(value=value):
            return np.full((1, 1), float(value))
        case Ref():
            return _reference_values(node, cells(node))
        case Call(op=op, args=args):
            arguments: list[Array | Cells | float] = []
            for index, arg in enumerate(args):
                raw = op.param(index) in (Param.CELL, Param.CELLS, Param.NUMBERS)
                arguments.append(
                    cells(arg) if raw and isinstance(arg, Ref) else _values(arg, cells)
                )
            if op.compares:
                arguments.append(node.tolerance)
            return op.arrays(*arguments)


def _reference_values(ref: Ref, cells: Cells) -> Array:
    if ref.type is Type.TEXT:
        unknown = cells.state == ERROR
        if ref.blank == "missing":
            unknown = unknown | (cells.blank == 1.0)
        text = cells.text.copy()
        text[unknown] = None
        return text
    if ref.blank == "zero":
        return np.where((cells.blank == 1.0) | (cells.none == 1.0), 0.0, cells.number)
    return cells.number


def cells_of(values: Array) -> Cells:
    """What a computed cell shows: its value, or nothing where it is undecided."""
    if values.dtype == object:
        texts = values.ravel().tolist()
        states = {text: BLANK if not text or is_blank(text) else TEXT for text in set(texts)}
        state = np.fromiter(map(states.__getitem__, texts), np.int8, len(texts))
        shown = np.fromiter((text or "" for text in texts), np.dtype(object), len(texts))
        nan = np.full(values.shape, np.nan)
        return Cells(state.reshape(values.shape), nan, shown.reshape(values.shape))
    state = np.where(np.isnan(values), BLANK, NUMBER).astype(np.int8)
    return Cells(state, values, np.full(values.shape, "", dtype=object))
