"""How wide a rule's message can become: its words and generous figures, in half-width letters."""

from __future__ import annotations

from functools import lru_cache

from workbook.expression import Literal, Node, Ref
from workbook.form import Form, Part, Rule

_FIGURE = 12
"""A number."""


def text_width(text: str) -> int:
    """The width of a text: a Chinese letter takes two."""
    return sum(1 if letter.isascii() else 2 for letter in text)


def message_width(form: Form, rule: Rule) -> int:
    """The width of the longest message that a rule is likely to show."""
    return _message_widths(form)[rule.key]


@lru_cache(maxsize=16)
def _message_widths(form: Form) -> dict[str, int]:
    return {rule.key: sum(_part_width(form, part) for part in rule.message) for rule in form.rules}


def _part_width(form: Form, part: Part) -> int:
    if part.node is None:
        return text_width(part.words)
    assert part.kind is not None
    return _node_width(form, part.node) if part.kind.type == "text" else _FIGURE


def _node_width(form: Form, node: Node) -> int:
    """How long the text can become that an expression makes."""
    if isinstance(node, Literal):
        return text_width(str(node.value))
    if isinstance(node, Ref):
        return _cell_width(form, node)
    match node.op.name:
        case "join":
            return sum(_node_width(form, arg) for arg in node.args)
        case "if":  # the condition is no part of the text
            return max(_node_width(form, arg) for arg in node.args[1:])
        case "written" | "digits_of":
            return _FIGURE
    return max((_node_width(form, arg) for arg in node.args), default=_FIGURE)


@lru_cache(maxsize=4096)
def _cell_width(form: Form, ref: Ref) -> int:
    formula = form.formulas.get(f"{ref.section}.{ref.field}")
    if formula is not None:
        return _node_width(form, formula)
    section = form.sections.get(ref.section)
    field = section.fields.get(ref.field) if section else None
    if field is None or field.kind.type != "text":
        return _FIGURE
    usual_width = field.kind.usual_width
    return min(2 * field.max_length, usual_width) if field.max_length else usual_width
