"""Expressions: one text, read once, rendered as an Excel formula and evaluated over arrays.

The notation is Python's: `self_score <= weight`, `a + b if filled(a, b) else 0`, `not blank(reason)`,
`level in ('优', '良')`. A bare name is a field of the own section; `funds.final_budget` one of another;
`settings.threshold` a setting of the form, `words.delays` one of its lists of words; inside an aggregate a
repeating section's field means its whole column. A call of a define is read as its body, in which the
parameters stand for the arguments. `parse` reads and typechecks in one step and refuses what does not fit.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol, TypeGuard

from workbook.errors import ExpressionError
from workbook.expression.nodes import Call, Literal, Node, Ref, has_formula, tolerance_between
from workbook.expression.notation import (
    ARITHMETIC,
    COMPARISONS,
    FUNCTIONS,
    WORDS,
    Define,
    column_of,
    on_one_line,
    python_tree,
    unknown_call,
)
from workbook.expression.operands import Op, Param, Type
from workbook.expression.operators import OPS
from workbook.expression.reader_operators import READER_OPS
from workbook.expression.renderings import to_formula
from workbook.text import is_blank


class Scope(Protocol):
    """Where names are looked up."""

    def resolve(self, section: str | None, name: str, *, column: bool) -> Ref | Literal:
        """The field or setting of that name; ExpressionError with a suggestion if there is none."""

    def word_list(self, name: str) -> tuple[str, ...]:
        """The words of a list; ExpressionError with a suggestion if there is none."""

    @property
    def defines(self) -> Mapping[str, Define]:
        """The named expressions that may be called."""


def parse(text: str, scope: Scope, expected: Type | None = None) -> Node:
    """Read and typecheck one expression.

    Raises ExpressionError with the column of the offending name, operator or argument.
    """
    text = on_one_line(text)  # an expression may run over several lines
    try:
        node = _Reader(text, scope).read(python_tree(text))
        if expected is not None and node.type != expected:
            raise ExpressionError(f"yields {node.type}, must yield {expected}", 1)
        place = "'自评表的名称'!$AA$100"
        if has_formula(node) and not _fits_a_cell(to_formula(node, lambda _: place)):
            raise ExpressionError(_TOO_LONG, 1)
    except RecursionError:
        raise ExpressionError("is nested too deeply", 1) from None
    return node


_TOO_LONG = "makes too long a formula; put a part of it into a derived field"


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


_TEXT_COMPARISONS = {"eq": "same", "ne": "differ"}
_CHAINS = {"and", "or", "join"}
_TOO_LARGE = 1e15
"""A sheet keeps 15 digits."""
_MOST_PARTS = 20_000
"""More parts than a formula that fits a cell has characters: defines that double one another are let go."""


@dataclass(frozen=True, slots=True)
class _Expansion:
    """A call that is being read as its define's body: the define, and who reads the call."""

    define: Define
    caller: _Reader
    call: ast.expr


@dataclass(frozen=True, slots=True)
class _Reader:
    text: str
    scope: Scope
    expansion: _Expansion | None = None
    """Of which call the text is the body; None for the expression itself."""
    given: Mapping[str, ast.expr] = field(default_factory=dict)
    """The arguments, by parameter, as they stand in the caller's text."""
    parts: Iterator[int] = field(default_factory=count)
    """Counts the parts that are read."""

    def read(self, tree: ast.expr) -> Node:
        """The typed node of a Python expression tree."""
        if next(self.parts) > _MOST_PARTS:
            raise self._wrong(tree, _TOO_LONG)
        reader, argument = self._behind(tree)
        if reader is not self:
            return reader.read(argument)
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
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                return self._apply(ARITHMETIC[type(op)], [left, right], tree)
            case ast.BoolOp(op=op, values=values):
                return self._apply("and" if isinstance(op, ast.And) else "or", values, tree)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._apply("if", [test, body, orelse], tree)
            case ast.Compare():
                return self._comparison(tree)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._called(name, args, tree)
        raise self._wrong(tree, "is not part of the rule language")

    def _wrong(self, tree: ast.expr, message: str, *, unknown: bool = False) -> ExpressionError:
        """A mistake at a part of the own text: of the expression, or of a define that it led to."""
        within: list[tuple[str, int]] = []
        reader = self
        while (expansion := reader.expansion) is not None:
            within.append((expansion.define.name, expansion.define.column(tree)))
            reader, tree = expansion.caller, expansion.call
        column = column_of(reader.text, tree)
        return ExpressionError(message, column, tuple(within), unknown=unknown)

    def _behind(self, tree: ast.expr) -> tuple[_Reader, ast.expr]:
        """The argument behind a parameter, and who reads it; anything else is one's own to read."""
        reader = self
        while (expansion := reader.expansion) is not None:
            if not isinstance(tree, ast.Name) or tree.id not in reader.given:
                break
            reader, tree = expansion.caller, reader.given[tree.id]
        return reader, tree

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
            raise self._wrong(tree, str(error), unknown=error.unknown) from None

    def _called(self, name: str, args: list[ast.expr], tree: ast.expr) -> Node:
        if name in FUNCTIONS:
            return self._apply(name, args, tree)
        message = unknown_call(name, len(args), self.scope.defines)
        if message:
            raise self._wrong(tree, message)
        define = self.scope.defines[name]
        expansion = _Expansion(define, self, tree)
        given = dict(zip(define.parameters, args, strict=True))
        return _Reader(define.text, self.scope, expansion, given, self.parts).read(define.body)

    def _comparison(self, tree: ast.Compare) -> Node:
        terms = [tree.left, *tree.comparators]
        parts: list[Node] = []
        for op, left, right in zip(tree.ops, terms[:-1], terms[1:], strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                parts.append(self._membership(left, right, negated=isinstance(op, ast.NotIn)))
            elif type(op) in COMPARISONS:
                nodes = self.read(left), self.read(right)
                parts.append(self._compared(COMPARISONS[type(op)], nodes, (left, right)))
            else:
                raise self._wrong(tree, "is not part of the rule language")
        return parts[0] if len(parts) == 1 else Call(OPS["and"], tuple(parts), Type.TRUTH)

    def _compared(
        self, name: str, nodes: tuple[Node, Node], trees: tuple[ast.expr, ast.expr]
    ) -> Node:
        if nodes[0].type == nodes[1].type == Type.TEXT and name in _TEXT_COMPARISONS:
            return Call(OPS[_TEXT_COMPARISONS[name]], nodes, Type.TRUTH)
        for node, tree in zip(nodes, trees, strict=True):
            if node.type not in (Type.NUMBER, Type.DATE) or node.type != nodes[0].type:
                raise self._wrong(tree, f"compares {nodes[0].type} with {nodes[1].type}")
        return Call(OPS[name], nodes, Type.TRUTH, tolerance_between(*nodes))

    def _membership(self, left: ast.expr, right: ast.expr, *, negated: bool) -> Node:
        """Membership is exact, as a choice from a list is; only `==` folds texts."""
        node = self.read(left)
        members = list(self._members(right))
        for tree, member in members:
            if node.type is Type.TEXT and member.type is not Type.TEXT:
                raise self._wrong(tree, f"'exact' takes text here, not {member.type}")
        if node.type is Type.TEXT and all(isinstance(each, Literal) for _, each in members):
            words = (node, *(word for _, word in members))
            within = Call(OPS["in"], words, Type.TRUTH)
        else:
            within = Call(
                OPS["or"], tuple(self._equal(node, left, *each) for each in members), Type.TRUTH
            )
        return Call(OPS["not"], (within,), Type.TRUTH) if negated else within

    def _equal(self, node: Node, left: ast.expr, tree: ast.expr, member: Node) -> Node:
        if node.type is Type.TEXT:
            return Call(OPS["exact"], (node, member), Type.TRUTH)
        return self._compared("eq", (node, member), (left, tree))

    def _members(self, tree: ast.expr) -> Iterator[tuple[ast.expr, Node]]:
        """What stands to the right of `in`, each with the place in the own text that it came from."""
        reader, listed = self._behind(tree)
        if _is_word_list(listed):
            yield from ((tree, word) for word in reader.words(listed))
        elif isinstance(listed, ast.Tuple | ast.List) and listed.elts:
            for item in listed.elts:
                yield (item if reader is self else tree), reader.read(item)
        else:
            raise self._wrong(tree, "must be a list of values, such as ('优', '良')")

    def words(self, tree: ast.expr) -> list[Literal]:
        """The words of a list: `words.delays`, or texts written out."""
        match tree:
            case ast.Attribute(attr=name) if _is_word_list(tree):
                try:
                    return [Literal(word, Type.TEXT) for word in self.scope.word_list(name)]
                except ExpressionError as error:
                    raise self._wrong(tree, str(error)) from None
            case ast.Tuple(elts=items) | ast.List(elts=items) if items:
                words: list[Literal] = []
                for item in items:
                    words.append(self._word(item, words))
                return words
        raise self._wrong(tree, "must be a list of words, such as words.name or ('结转', '结余')")

    def _word(self, tree: ast.expr, words_before: list[Literal]) -> Literal:
        word = self.read(tree)
        if not isinstance(word, Literal) or not isinstance(word.value, str):
            raise self._wrong(tree, "must be a text, written out")
        if is_blank(word.value):
            raise self._wrong(tree, "is blank, which is no word")
        if word in words_before:
            raise self._wrong(tree, f"'{word.value}' is in the list twice")
        return word

    def _apply(self, name: str, args: list[ast.expr], tree: ast.expr) -> Node:
        op = OPS.get(name) or READER_OPS[name]
        if len(args) < len(op.params) or (len(args) > len(op.params) and not op.variadic):
            raise self._wrong(tree, f"'{name}' takes {len(op.params)} arguments, not {len(args)}")
        nodes: list[Node] = []
        for i, arg in enumerate(args):
            if op.param(i) is Param.WORDS:
                reader, listed = self._behind(arg)
                nodes += reader.words(listed)
            else:
                node = self._argument(op, i, arg)
                nodes += node.args if self._goes_on(node, op, arg) else (node,)
        nodes = _neighbours_joined(nodes) if op.name == "join" else nodes
        columns = [n for i, n in enumerate(nodes) if op.param(i) in (Param.CELLS, Param.NUMBERS)]
        if len({(n.section, n.reach) for n in columns if isinstance(n, Ref)}) > 1:
            raise self._wrong(tree, f"'{name}' takes columns of the same rows")
        alike = [node.type for i, node in enumerate(nodes) if op.param(i) is Param.SAME]
        if len(set(alike)) > 1:
            raise self._wrong(tree, f"'{name}' must choose between values of one type")
        return Call(op, tuple(nodes), op.result or alike[0])

    def _goes_on(self, node: Node, op: Op, tree: ast.expr) -> TypeGuard[Call]:
        """Whether a define called in a chain of `and`, `or` or `join` is itself one, as if written there."""
        return (
            op.name in _CHAINS
            and isinstance(node, Call)
            and node.op is op
            and isinstance(tree, ast.Call)
            and isinstance(tree.func, ast.Name)
            and tree.func.id in self.scope.defines
        )

    def _argument(self, op: Op, index: int, tree: ast.expr) -> Node:
        param = op.param(index)
        if param in (Param.CELL, Param.CELLS, Param.NUMBERS):
            column = param is not Param.CELL
            reader, named = self._behind(tree)
            if not isinstance(named, ast.Name | ast.Attribute):
                raise self._wrong(tree, f"'{op.name}' takes the name of a field here")
            ref = reader._name(named, column=column)
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


def _neighbours_joined(nodes: Iterable[Node]) -> list[Node]:
    """The parts of a text, of which those that are written out side by side are one."""
    joined: list[Node] = []
    for node in nodes:
        before = joined[-1] if joined else None
        if isinstance(node, Literal) and isinstance(before, Literal):
            joined[-1] = Literal(f"{before.value}{node.value}", Type.TEXT)
        else:
            joined.append(node)
    return joined


def _is_word_list(tree: ast.expr) -> bool:
    return (
        isinstance(tree, ast.Attribute)
        and isinstance(tree.value, ast.Name)
        and tree.value.id == WORDS
    )
