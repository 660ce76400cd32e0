"""The rule language: one text, read once, rendered twice.

In comes an expression (`self_score <= weight`) and a scope that knows names; out comes a tree that is an Excel
formula (`to_formula`) and a function over whole columns of returns (`evaluate`), with the same three
verdicts: true, false, undecided. Start in `syntax` (what may be written), then `operators` (what each
operator means, both ways beside each other).
"""

from workbook.expression.nodes import Call, Literal, Node, Ref, references
from workbook.expression.operands import BLANK, ERROR, NUMBER, TEXT, Array, Cells, Type, number_text
from workbook.expression.operators import EPOCH, OPS, rounded
from workbook.expression.renderings import cells_of, evaluate, to_formula
from workbook.expression.syntax import Scope, parse
from workbook.expression.text_operators import literal

__all__ = [
    "BLANK",
    "EPOCH",
    "ERROR",
    "NUMBER",
    "OPS",
    "TEXT",
    "Array",
    "Call",
    "Cells",
    "Literal",
    "Node",
    "Ref",
    "Scope",
    "Type",
    "cells_of",
    "evaluate",
    "literal",
    "number_text",
    "parse",
    "references",
    "rounded",
    "to_formula",
]
