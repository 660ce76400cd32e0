"""The tree that an expression is read into: constants, references, operators over arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workbook.expression.operands import Op, Type


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; truths do not occur."""

    value: float | str
    type: Type


@dataclass(frozen=True, slots=True)
class Ref:
    """A field, as the cell of the own row or form, or as its whole column."""

    section: str
    field: str
    type: Type
    decimals: int | None
    blank: str
    """What a blank cell means: "zero", "empty" text, or "missing", which leaves it undecided."""
    reach: str = "cell"
    """ "cell" (the own row's or the form's), "column" (the whole section's) or "group" (the own group's)."""

    @property
    def key(self) -> str:
        """The field's name within the form: `funds.final_budget`."""
        return f"{self.section}.{self.field}"


@dataclass(frozen=True, slots=True)
class Call:
    """An operator over its arguments."""

    op: Op
    args: tuple[Node, ...]
    type: Type
    tolerance: float = 0.0


Node = Literal | Ref | Call


_EXACT = 1e-9


_HAIR = 1e-4
"""A difference of exactly half a unit counts as different in every engine, whatever its last bits."""


def tolerance_between(*nodes: Node) -> float:
    """Half a unit of the coarsest last decimal among the nodes, less a hair."""
    known_decimals = [d for d in map(decimals_of, nodes) if d is not None]
    return 0.5 * 10.0 ** -min(known_decimals) * (1 - _HAIR) if known_decimals else _EXACT


def decimals_of(node: Node) -> int | None:
    """How many decimals a node's number is kept to; None if it is not rounded."""
    match node:
        case Ref():
            return node.decimals
        case Call(op=op, args=args):
            if op.name == "round" and isinstance(args[1], Literal):
                return int(args[1].value)
            if op.name in ("add", "sub", "neg", "abs", "min", "max", "sum", "lowest", "highest"):
                known_decimals = [d for d in map(decimals_of, args) if d is not None]
                return min(known_decimals, default=None)
            if op.name in ("if", "need", "sum_where"):
                values = args[:1] if op.name == "sum_where" else args[1:]
                known_decimals = [d for d in map(decimals_of, values) if d is not None]
                return min(known_decimals, default=None)
            if op.name in ("count", "count_where", "length"):
                return 0
    return None


def meaning_of(node: Node) -> str:
    """A text that is the same for the same tree, however its expression was written."""
    match node:
        case Literal(value=value):
            return repr(value)
        case Ref():
            return f"{node.key}:{node.reach}"
        case Call(op=op, args=args):
            return f"{op.name}({', '.join(map(meaning_of, args))})"


def has_formula(node: Node) -> bool:
    """Whether a sheet can work a node out."""
    if isinstance(node, Call):
        return node.op.excel is not None and all(map(has_formula, node.args))
    return True


def references(nodes: Iterable[Node]) -> Iterator[Ref]:
    """Every reference in some nodes, in order of appearance, with repetitions."""
    for node in nodes:
        if isinstance(node, Ref):
            yield node
        elif isinstance(node, Call):
            yield from references(node.args)
