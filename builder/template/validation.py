"""What each input cell lets in, and what it tells the person who stands on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbook.form import Entry, Field
from workbook.layout import Admitted, Formulas, Spot, admitted

PROMPT_LIMIT, TITLE_LIMIT = 255, 32
"""XlsxWriter and Excel refuse longer texts."""


@dataclass(frozen=True, slots=True)
class InputValidation:
    """One data validation. Texts are within Excel's limits."""

    rule: dict[str, Any]
    title: str
    prompt: str
    error: str

    def options(self) -> dict[str, Any]:
        """As XlsxWriter takes it."""
        return self.rule | {
            "input_title": self.title[:TITLE_LIMIT],
            "input_message": self.prompt[:PROMPT_LIMIT],
            "error_title": "填写有误",
            "error_message": self.error[:PROMPT_LIMIT],
            "error_type": "stop",
        }


def validation(spot: Spot, formulas: Formulas, home: str) -> InputValidation:
    """The validation of an input's cell."""
    item = spot.field
    limit_note = _limit_note(item)
    requirement = _REQUIREMENTS[item.kind.entry](item, formulas)
    rule = _condition_options(admitted(spot, formulas, home))
    prompt = "".join(filter(None, (item.instruction, item.prompt, limit_note)))
    return InputValidation(
        rule, item.label, prompt or f"填写{item.kind.noun}。", f"“{item.label}”{requirement}"
    )


def _condition_options(condition: Admitted) -> dict[str, Any]:
    match condition.type:
        case "list":
            return {"validate": "list", "source": f"={condition.formula}"}
        case "textLength":
            return {"validate": "length", "criteria": "<=", "value": int(condition.formula)}
    return {"validate": "custom", "value": f"={condition.formula}"}


def _limit_note(item: Field) -> str:
    if item.kind.type == "text":
        return f"不超过 {item.max_length} 字。" if item.max_length else ""
    decimals = item.kind.typed_decimals
    return {None: "", 0: "填整数。"}.get(decimals, f"最多 {decimals} 位小数。")


def _number_requirement(item: Field, formulas: Formulas) -> str:
    requirement = "应填数字"
    if item.lowest is not None:
        requirement += f"，不小于 {item.lowest:.15g}"
    if isinstance(item.highest, str):
        highest_field = formulas.form.sections[item.section].fields[item.highest]
        requirement += f"，不大于“{highest_field.label}”"
    elif item.highest is not None:
        requirement += f"，不大于 {item.highest:.15g}"
    if item.kind.typed_decimals is not None:
        requirement += f"，小数不超过 {item.kind.typed_decimals} 位"
    return f"{requirement}。不要写单位。"


def _length_requirement(item: Field, formulas: Formulas) -> str:
    return f"不能超过 {item.max_length or 32767} 字，请精简。"


def _choice_requirement(item: Field, formulas: Formulas) -> str:
    return "请从下拉列表中选择。"


def _date_requirement(item: Field, formulas: Formulas) -> str:
    return "应填日期，如 2025-3-18。"


_REQUIREMENTS = {
    Entry.NUMBER: _number_requirement,
    Entry.LENGTH: _length_requirement,
    Entry.LIST: _choice_requirement,
    Entry.DAY: _date_requirement,
}
