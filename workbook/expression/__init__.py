"""The rule language: one text, read once, rendered twice.

In comes an expression (`self_score <= weight`) and a scope that knows names; out comes a tree that is an Excel
formula (`to_formula`) and a function over whole columns of returns (`evaluate`), with the same three
verdicts: true, false, undecided. Start in `syntax` (what may be written), then `operators` (what each
operator means, both ways beside each other). `notation` has named expressions, which leave no trace in a tree.
"""

from workbook.expression.alike import FEWEST_PLACES, LikePlaces, alike_cells, alike_in_all
from workbook.expression.nodes import (
    Call,
    Literal,
    Node,
    Ref,
    has_formula,
    meaning_of,
    references,
)
from workbook.expression.notation import (
    IDENTIFIER,
    SETTINGS,
    WORDS,
    Define,
    check_define,
    circle_among,
    read_define,
    read_signature,
)
from workbook.expression.operands import BLANK, ERROR, NUMBER, TEXT, Array, Cells, Type, number_text
from workbook.expression.operators import EPOCH, OPS, rounded
from workbook.expression.renderings import cells_of, evaluate, to_formula
from workbook.expression.syntax import Scope, parse
from workbook.expression.text_operators import literal

__all__ = [
    "BLANK",
    "EPOCH",
    "ERROR",
    "FEWEST_PLACES",
    "IDENTIFIER",
    "NUMBER",
    "OPS",
    "SETTINGS",
    "TEXT",
    "WORDS",
    "Array",
    "Call",
    "Cells",
    "Define",
    "LikePlaces",
    "Literal",
    "Node",
    "Ref",
    "Scope",
    "Type",
    "alike_cells",
    "alike_in_all",
    "cells_of",
    "check_define",
    "circle_among",
    "evaluate",
    "has_formula",
    "literal",
    "meaning_of",
    "number_text",
    "parse",
    "read_define",
    "read_signature",
    "references",
    "rounded",
    "to_formula",
]
