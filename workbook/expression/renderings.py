"""The two renderings of an expression: as an Excel formula, and over arrays of many returns."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

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


_Known = dict[object, Array]
"""What nodes have come to over the same submissions."""
_Seen = Callable[[Ref], Cells]
_Compiled = Callable[[_Seen, _Known | None], Array]


def evaluate(node: Node, cells: _Seen, known: _Known | None = None) -> Array:
    """The values of a node over many submissions; `cells` gives what stands at a reference.

    Shape as `workbook.expression.operators` tells: (submissions, cells of the scope). NaN or None is undecided.
    Where `known` is given, each part of the node that is known is taken from there, and each that is not is put there.
    """
    with np.errstate(all="ignore"):
        return _compiled(node)(cells, known)


@lru_cache(maxsize=16384)
def _compiled(node: Node) -> _Compiled:
    """A node as a function of what stands at its references and what is known."""
    match node:
        case Literal(value=value):
            constant = np.array([[value]], dtype=object if isinstance(value, str) else float)
            constant.flags.writeable = False
            return lambda _cells, _known: constant
        case Ref():
            return lambda cells, _: _reference_values(node, cells(node))
        case Call():
            return _compiled_call(node)


def _compiled_call(node: Call) -> _Compiled:
    arrays, tolerance = node.op.arrays, [node.tolerance] if node.op.compares else []
    arguments = [_argument(arg, node.op.param(index)) for index, arg in enumerate(node.args)]

    def values(cells: _Seen, known: _Known | None) -> Array:
        if known is None:
            return arrays(*[given(cells, known) for given in arguments], *tolerance)
        if values not in known:
            known[values] = arrays(*[given(cells, known) for given in arguments], *tolerance)
        return known[values]

    return values


def _argument(node: Node, param: Param) -> Callable[[_Seen, _Known | None], Array | Cells]:
    if isinstance(node, Ref) and param in (Param.CELL, Param.CELLS, Param.NUMBERS):
        return lambda cells, _: cells(node)
    return _compiled(node)


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
