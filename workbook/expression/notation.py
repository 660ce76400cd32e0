"""What is written and what it means: functions, signs, and named expressions (`Define`) before any call.

Expressions are Python's notation read by Python's own parser; `syntax` gives its trees types and meaning.
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock

from workbook.errors import ExpressionError, nearest
from workbook.expression.operators import OPS
from workbook.expression.reader_operators import READER_OPS

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
}
ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
}
_SPELLED = {*COMPARISONS.values(), *ARITHMETIC.values(), "neg", "and", "or", "not", "if", "in"}
FUNCTIONS = {name: op for name, op in (OPS | READER_OPS).items() if name not in _SPELLED}
"""The operators that are written as a call; the others have a sign or a word of their own."""

SETTINGS, WORDS = "settings", "words"
"""What stands before the dot of a setting and of a list of words."""

_MEANT = {
    "=": "; did you mean '=='?",
    "≤": "; did you mean '<='?",
    "≥": "; did you mean '>='?",
    "≠": "; did you mean '!='?",
    "“": "; quote texts with '",
    "，": "; did you mean ','?",
    "（": "; did you mean '('?",
}


_LONGEST = 8000
"""Characters; a formula of a sheet takes about as many."""
_PARSING = Lock()
"""Python before 3.11.5 counts how deep a tree is nested for all threads together, and fails if two parse at once."""


def python_tree(text: str) -> ast.expr:
    """Python's tree of an expression on one line. Raises ExpressionError."""
    if len(text) > _LONGEST:
        message = f"is too long, {len(text)} characters, at most {_LONGEST}"
        raise ExpressionError(f"{message}; put a part of it into a define or a derived field", 1)
    try:
        with _PARSING, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of '\d' Python would warn on the terminal
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        column = error.offset or 1
        hint = _MEANT.get(text[column - 1 : column], "")
        raise ExpressionError(f"cannot be read: {error.msg}{hint}", column) from None
    except (RecursionError, MemoryError):  # the latter is what Python calls too deep a nesting
        raise ExpressionError("is nested too deeply", 1) from None


def on_one_line(text: str) -> str:
    """An expression's text without its line breaks, each column as before."""
    return text.replace("\n", " ")


def column_of(text: str, tree: ast.expr) -> int:
    """The column, from 1, at which a part of an expression stands."""
    # ast counts columns in UTF-8 bytes
    before = text.encode()[: tree.col_offset].decode(errors="ignore")
    return len(before) + 1


# --- named expressions ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Define:
    """A named expression: a call is its body with the arguments in the parameters' places."""

    name: str
    parameters: tuple[str, ...]
    text: str
    body: ast.expr
    file: str = ""
    """The name of the file it was read from."""

    @property
    def signature(self) -> str:
        """How the definition names it: `unit_kind(value, unit)`."""
        return f"{self.name}({', '.join(self.parameters)})"

    def column(self, tree: ast.expr) -> int:
        """The column at which a part of the body stands in the definition."""
        indent = len(self.text) - len(self.text.lstrip())
        return column_of(self.text.lstrip(), tree) + indent


_SIGNATURE = re.compile(r"\s*(\w+)\s*\(([\w\s,]*)\)\s*")
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


def read_signature(signature: str) -> tuple[str, tuple[str, ...]]:
    """Name and parameters of `unit_kind(value, unit)`. Raises ExpressionError."""
    written = _SIGNATURE.fullmatch(signature)
    if not written:
        raise ExpressionError("must be written name(parameter, …)")
    name, listed = written[1], written[2].strip()
    parameters = tuple(part.strip() for part in listed.split(",")) if listed else ()
    for word in (name, *parameters):
        if not IDENTIFIER.fullmatch(word) or keyword.iskeyword(word):
            raise ExpressionError(f"'{word}' must be a lower-case English word")
    for parameter in parameters:
        if parameters.count(parameter) > 1:
            raise ExpressionError(f"the parameter '{parameter}' is named twice")
        if parameter in OPS or parameter in READER_OPS or parameter in (SETTINGS, WORDS, name):
            raise ExpressionError(
                f"the parameter '{parameter}' is named like a function or a table"
            )
    return name, parameters


def read_define(name: str, parameters: tuple[str, ...], text: str, file: str = "") -> Define:
    """Read a named expression without its names: these mean something at a call only.

    Raises ExpressionError with the column in `text`.
    """
    text = on_one_line(text)
    indent = len(text) - len(text.lstrip())
    try:
        body = python_tree(text.strip())
    except ExpressionError as error:
        raise ExpressionError(str(error), error.column + indent) from None
    for parameter in parameters:
        if parameter not in _bare_names(body):
            raise ExpressionError(f"the parameter '{parameter}' is not used", indent + 1)
    return Define(name, parameters, text, body, file)


def _bare_names(tree: ast.expr) -> set[str]:
    """The names of a tree that stand for a value: no function, and nothing before or behind a dot."""
    parts = list(ast.walk(tree))
    others = [part.value for part in parts if isinstance(part, ast.Attribute)]
    others += [part.func for part in parts if isinstance(part, ast.Call)]
    return {part.id for part in parts if isinstance(part, ast.Name) and part not in others}


def check_define(define: Define, defines: Mapping[str, Define]) -> None:
    """Refuse what no call could make right: foreign notation, unknown functions, their number of arguments.

    Raises ExpressionError with the column.
    """
    for part in ast.walk(define.body):
        if not isinstance(part, ast.expr):
            continue
        if not _belongs(part):
            raise ExpressionError("is not part of the rule language", define.column(part))
    for call, name in _calls(define.body):
        message = unknown_call(name, len(call.args), defines)
        if message:
            raise ExpressionError(message, define.column(call))


def unknown_call(name: str, count: int, defines: Mapping[str, Define]) -> str:
    """What is wrong with calling a name with so many arguments; blank if nothing is."""
    if name in FUNCTIONS:
        op = FUNCTIONS[name]
        wanted, fits = len(op.params), count >= len(op.params) and op.variadic
    elif name in defines:
        wanted, fits = len(defines[name].parameters), False
    else:
        return f"'{name}' is no function; {nearest(name, [*FUNCTIONS, *defines])}"
    return "" if fits or count == wanted else f"'{name}' takes {wanted} arguments, not {count}"


def _belongs(part: ast.expr) -> bool:
    """Whether a part of a tree is of the language, whatever its names mean."""
    match part:
        case ast.Constant(value=value):
            return isinstance(value, str | int | float) and not isinstance(value, bool)
        case ast.UnaryOp(op=op):
            return isinstance(op, ast.USub | ast.Not)
        case ast.BinOp(op=op):
            return type(op) in ARITHMETIC
        case ast.Compare(ops=ops):
            return all(isinstance(op, ast.In | ast.NotIn) or type(op) in COMPARISONS for op in ops)
        case ast.Attribute(value=value):
            return isinstance(value, ast.Name)
        case ast.Call(func=func, keywords=keywords):
            return isinstance(func, ast.Name) and not keywords
    return isinstance(part, ast.Name | ast.BoolOp | ast.IfExp | ast.Tuple | ast.List)


def circle_among(defines: Mapping[str, Define]) -> tuple[str, ...]:
    """The way round, first name repeated, of defines that use one another in a circle; empty if none do."""
    settled: set[str] = set()

    def way_round(name: str, way: tuple[str, ...]) -> tuple[str, ...]:
        if name in way:
            return (*way[way.index(name) :], name)
        if name in settled:
            return ()
        for called in called_defines(defines[name].body, defines):
            circle = way_round(called, (*way, name))
            if circle:
                return circle
        settled.add(name)
        return ()

    return next(filter(None, (way_round(name, ()) for name in defines)), ())


def called_defines(tree: ast.expr, defines: Container[str]) -> tuple[str, ...]:
    """The defines that an expression calls itself, in order of appearance in its tree."""
    return tuple(dict.fromkeys(name for _, name in _calls(tree) if name in defines))


def _calls(tree: ast.expr) -> Iterator[tuple[ast.Call, str]]:
    for part in ast.walk(tree):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            yield part, part.func.id
