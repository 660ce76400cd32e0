"""What each input cell lets in, and what it tells the person who stands on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbook.form import Entry, Field
from workbook.layout import Admitted, Formulas, Spot, admitted

PROMPT_LIMIT, TITLE_LIMIT = 255, 32
"""XlsxWriter and Excel refuse longer texts."""


@dataclass(frozen=True, slots=True)
class Validation:
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


def validation(spot: Spot, formulas: Formulas, home: str) -> Validation:
    """The validation of an input's cell."""
    item = spot.field
    limit = _limit(item)
    what = _WORDS[item.kind.entry](item, formulas)
    rule = _rule(admitted(spot, formulas, home))
    prompt = "".join(filter(None, (item.instruction, item.prompt, limit)))
    return Validation(
        rule, item.label, prompt or f"填写{item.kind.noun}。", f"“{item.label}”{what}"
    )


def _rule(due: Admitted) -> dict[str, Any]:
    match due.type:
        case "list":
            return {"validate": "list", "source": f"={due.formula}"}
        case "textLength":
            return {"validate": "length", "criteria": "<=", "value": int(due.formula)}
    return {"validate": "custom", "value": f"={due.formula}"}


def _limit(item: Field) -> str:
    if item.kind.type == "text":
        return f"不超过 {item.max_length} 字。" if item.max_length else ""
    decimals = item.kind.typed_decimals
    return {None: "", 0: "填整数。"}.get(decimals, f"最多 {decimals} 位小数。")


def _number(item: Field, formulas: Formulas) -> str:
    what = "应填数字"
    if item.lowest is not None:
        what += f"，不小于 {item.lowest:.15g}"
    if isinstance(item.highest, str):
        other = formulas.form.sections[item.section].fields[item.highest]
        what += f"，不大于“{other.label}”"
    elif item.highest is not None:
        what += f"，不大于 {item.highest:.15g}"
    if item.kind.typed_decimals is not None:
        what += f"，小数不超过 {item.kind.typed_decimals} 位"
    return f"{what}。不要写单位。"


def _text(item: Field, formulas: Formulas) -> str:
    return f"不能超过 {item.max_length or 32767} 字，请精简。"


def _choice(item: Field, formulas: Formulas) -> str:
    return "请从下拉列表中选择。"


def _date(item: Field, formulas: Formulas) -> str:
    return "应填日期，如 2025-3-18。"


_WORDS = {
    Entry.NUMBER: _number,
    Entry.LENGTH: _text,
    Entry.LIST: _choice,
    Entry.DAY: _date,
}
