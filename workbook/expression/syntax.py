"""Expressions: one text, read once, rendered as an Excel formula and evaluated over arrays.

The notation is Python's: `self_score <= weight`, `a + b if filled(a, b) else 0`, `not blank(reason)`,
`level in ('优', '良')`. A bare name is a field of the own section; `funds.final_budget` one of another;
`settings.threshold` a setting of the form; inside an aggregate a repeating section's field means
its whole column. `parse` reads and typechecks in one step and refuses what does not fit.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Protocol

from workbook.errors import ExpressionError, nearest
from workbook.expression.nodes import Call, Literal, Node, Ref, tolerance_between
from workbook.expression.operands import Op, Param, Type
from workbook.expression.operators import OPS
from workbook.expression.renderings import to_formula


class Scope(Protocol):
    """Where names are looked up."""

    def resolve(self, section: str | None, name: str, *, column: bool) -> Ref | Literal:
        """The field or setting of that name; ExpressionError with a suggestion if there is none."""


def parse(text: str, scope: Scope, expected: Type | None = None) -> Node:
    """Read and typecheck one expression.

    Raises ExpressionError with the column of the offending name, operator or argument.
    """
    text = text.replace("\n", " ")  # an expression may run over several lines
    try:
        node = _Reader(text, scope).read(ast.parse(text, mode="eval").body)
    except SyntaxError as error:
        column = error.offset or 1
        hint = _MEANT.get(text[column - 1 : column], "")
        raise ExpressionError(f"cannot be read: {error.msg}{hint}", column) from None
    except RecursionError:
        raise ExpressionError("is nested too deeply", 1) from None
    if expected is not None and node.type != expected:
        raise ExpressionError(f"yields {node.type}, must yield {expected}", 1)
    if not _fits_a_cell(to_formula(node, lambda _: "'自评表的名称'!$AA$100")):
        raise ExpressionError("makes too long a formula; put a part of it into a derived field", 1)
    return node


_MEANT = {
    "=": "; did you mean '=='?",
    "≤": "; did you mean '<='?",
    "≥": "; did you mean '>='?",
    "≠": "; did you mean '!='?",
    "“": "; quote texts with '",
    "，": "; did you mean ','?",
    "（": "; did you mean '('?",
}


def _fits_a_cell(formula: str) -> bool:
    """Whether Excel takes a formula, at most 8,192 characters and 64 functions deep, wrapped in some more."""
    depth = deepest = 0
    open_: list[int] = []
    for mark in re.findall(r"[A-Z]?\(|\)", re.sub(r'"[^"]*"', "", formula)):
        if mark == ")":
            depth -= open_.pop()
        else:
            open_.append(len(mark) - 1)
            depth += open_[-1]
            deepest = max(deepest, depth)
    return deepest <= 58 and len(formula) <= 7000


_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
}
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
}
_TEXT_COMPARISONS = {"eq": "same", "ne": "differ"}
_TOO_LARGE = 1e15
"""A sheet keeps 15 digits."""
_SPELLED = {*_COMPARISONS.values(), *_ARITHMETIC.values(), "neg", "and", "or", "not", "if"}
FUNCTIONS = {name: op for name, op in OPS.items() if name not in _SPELLED}
"""The operators that are written as a call; the others have a sign or a word of their own."""


@dataclass(frozen=True, slots=True)
class _Reader:
    text: str
    scope: Scope

    def read(self, tree: ast.expr) -> Node:
        """The typed node of a Python expression tree."""
        match tree:
            case ast.Constant(value=str(value)):
                return Literal(value, Type.TEXT)
            case ast.Constant(value=int(value) | float(value)) if not isinstance(value, bool):
                if not abs(value) < _TOO_LARGE:
                    raise self._wrong(tree, "is too large a number")
                return Literal(float(value), Type.NUMBER)
            case ast.Name() | ast.Attribute():
                return self._name(tree, column=False)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._apply("neg", [operand], tree)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._apply("not", [operand], tree)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return self._apply(_ARITHMETIC[type(op)], [left, right], tree)
            case ast.BoolOp(op=op, values=values):
                return self._apply("and" if isinstance(op, ast.And) else "or", values, tree)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._apply("if", [test, body, orelse], tree)
            case ast.Compare():
                return self._comparison(tree)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                if name not in FUNCTIONS:
                    raise self._wrong(tree, f"'{name}' is no function; {nearest(name, FUNCTIONS)}")
                return self._apply(name, args, tree)
        raise self._wrong(tree, "is not part of the rule language")

    def _wrong(self, tree: ast.expr, message: str) -> ExpressionError:
        # ast counts columns in UTF-8 bytes
        before = self.text.encode()[: tree.col_offset].decode(errors="ignore")
        return ExpressionError(message, len(before) + 1)

    def _name(self, tree: ast.expr, *, column: bool) -> Ref | Literal:
        match tree:
            case ast.Name(id=name):
                section = None
            case ast.Attribute(value=ast.Name(id=section), attr=name):
                pass
            case _:
                raise self._wrong(tree, "must be a field's name")
        try:
            return self.scope.resolve(section, name, column=column)
        except ExpressionError as error:
            raise self._wrong(tree, str(error)) from None

    def _comparison(self, tree: ast.Compare) -> Node:
        terms = [tree.left, *tree.comparators]
        parts: list[Node] = []
        for op, left, right in zip(tree.ops, terms[:-1], terms[1:], strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                parts.append(self._membership(left, right, negated=isinstance(op, ast.NotIn)))
            elif type(op) in _COMPARISONS:
                parts.append(self._compare(_COMPARISONS[type(op)], left, right))
            else:
                raise self._wrong(tree, "is not part of the rule language")
        return parts[0] if len(parts) == 1 else Call(OPS["and"], tuple(parts), Type.TRUTH)

    def _compare(self, name: str, left: ast.expr, right: ast.expr) -> Node:
        nodes = (self.read(left), self.read(right))
        if nodes[0].type == nodes[1].type == Type.TEXT and name in _TEXT_COMPARISONS:
            return Call(OPS[_TEXT_COMPARISONS[name]], nodes, Type.TRUTH)
        for node, tree in zip(nodes, (left, right), strict=True):
            if node.type not in (Type.NUMBER, Type.DATE) or node.type != nodes[0].type:
                raise self._wrong(tree, f"compares {nodes[0].type} with {nodes[1].type}")
        return Call(OPS[name], nodes, Type.TRUTH, tolerance_between(*nodes))

    def _membership(self, left: ast.expr, right: ast.expr, *, negated: bool) -> Node:
        """Membership is exact, as a choice from a list is; only `==` folds texts."""
        if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
            raise self._wrong(right, "must be a list of values, such as ('优', '良')")
        is_text = self.read(left).type is Type.TEXT
        parts = tuple(
            self._apply("exact", [left, item], item) if is_text else self._compare("eq", left, item)
            for item in right.elts
        )
        within = Call(OPS["or"], parts, Type.TRUTH)
        return Call(OPS["not"], (within,), Type.TRUTH) if negated else within

    def _apply(self, name: str, args: list[ast.expr], tree: ast.expr) -> Node:
        op = OPS[name]
        if len(args) < len(op.params) or (len(args) > len(op.params) and not op.variadic):
            raise self._wrong(tree, f"'{name}' takes {len(op.params)} arguments, not {len(args)}")
        nodes = tuple(self._argument(op, i, arg) for i, arg in enumerate(args))
        columns = [n for i, n in enumerate(nodes) if op.param(i) in (Param.CELLS, Param.NUMBERS)]
        if len({(n.section, n.reach) for n in columns if isinstance(n, Ref)}) > 1:
            raise self._wrong(tree, f"'{name}' takes columns of the same rows")
        alike = [node.type for i, node in enumerate(nodes) if op.param(i) is Param.SAME]
        if len(set(alike)) > 1:
            raise self._wrong(tree, f"'{name}' must choose between values of one type")
        return Call(op, nodes, op.result or alike[0])

    def _argument(self, op: Op, index: int, tree: ast.expr) -> Node:
        param = op.param(index)
        if param in (Param.CELL, Param.CELLS, Param.NUMBERS):
            column = param is not Param.CELL
            if not isinstance(tree, ast.Name | ast.Attribute):
                raise self._wrong(tree, f"'{op.name}' takes the name of a field here")
            ref = self._name(tree, column=column)
            if isinstance(ref, Literal):
                raise self._wrong(tree, f"'{op.name}' takes a field, not a setting")
            if param is Param.NUMBERS and ref.type not in (Type.NUMBER, Type.DATE):
                raise self._wrong(tree, f"'{op.name}' takes numbers, '{ref.field}' is {ref.type}")
            return ref
        node = self.read(tree)
        fits = param is Param.SAME or node.type.value == param.value
        dates = {"sub", "min", "max"}  # the days between two dates, the earlier of two
        if not fits and not (node.type is Type.DATE and op.name in dates):
            raise self._wrong(tree, f"'{op.name}' takes {param} here, not {node.type}")
        return node
