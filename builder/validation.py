"""What each input cell lets in, and what it tells the person who stands on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from workbook.form import Field
from workbook.formulas import Formulas
from workbook.kinds import KINDS, serial
from workbook.layout import Spot

PROMPT_LIMIT, TITLE_LIMIT = 255, 32
"""XlsxWriter and Excel refuse longer texts."""
FIRST_DATE, LAST_DATE = date(2000, 1, 1), date(2099, 12, 31)


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
    rule, what = _RULES[item.kind.name](spot, formulas, home)
    prompt = "".join(filter(None, (item.instruction, item.prompt, limit)))
    return Validation(
        rule, item.label, prompt or f"填写{item.kind.noun}。", f"“{item.label}”{what}"
    )


def _limit(item: Field) -> str:
    if item.kind.type == "text":
        return f"不超过 {item.max_length} 字。" if item.max_length else ""
    decimals = item.kind.typed_decimals
    return {None: "", 0: "填整数。"}.get(decimals, f"最多 {decimals} 位小数。")


def _number(spot: Spot, formulas: Formulas, home: str) -> tuple[dict[str, Any], str]:
    """A custom formula, since it alone can hold range, decimals and a neighbouring limit."""
    item = spot.field
    cell = spot.address.a1
    tests, what = [f"ISNUMBER({cell})"], "应填数字"
    if item.lowest is not None:
        tests.append(f"{cell}>={item.lowest:.15g}")
        what += f"，不小于 {item.lowest:.15g}"
    if isinstance(item.highest, str):
        other = formulas.form.sections[item.section].fields[item.highest]
        bound = formulas.on(formulas.address(other, spot.number), home)
        tests.append(f'OR({bound}="",{cell}<={bound})')
        what += f"，不大于“{other.label}”"
    elif item.highest is not None:
        tests.append(f"{cell}<={item.highest:.15g}")
        what += f"，不大于 {item.highest:.15g}"
    if item.kind.typed_decimals is not None:
        tests.append(f"ROUND({cell},{item.kind.typed_decimals})={cell}")
        what += f"，小数不超过 {item.kind.typed_decimals} 位"
    return {"validate": "custom", "value": f"=AND({','.join(tests)})"}, f"{what}。不要写单位。"


def _text(spot: Spot, formulas: Formulas, home: str) -> tuple[dict[str, Any], str]:
    limit = spot.field.max_length or 32767
    rule = {"validate": "length", "criteria": "<=", "value": limit}
    return rule, f"不能超过 {limit} 字，请精简。"


def _choice(spot: Spot, formulas: Formulas, home: str) -> tuple[dict[str, Any], str]:
    return {"validate": "list", "source": f"={list_name(spot.field)}"}, "请从下拉列表中选择。"


def _date(spot: Spot, formulas: Formulas, home: str) -> tuple[dict[str, Any], str]:
    rule = {
        "validate": "custom",
        "value": f"=AND(ISNUMBER({spot.address.a1}),{spot.address.a1}>={serial(FIRST_DATE):.0f},"
        f"{spot.address.a1}<={serial(LAST_DATE):.0f})",
    }
    return rule, "应填日期，如 2025-3-18。"


_RULES = {
    "money": _number,
    "score": _number,
    "percent": _number,
    "number": _number,
    "count": _number,
    "text": _text,
    "paragraph": _text,
    "measure": _text,
    "choice": _choice,
    "date": _date,
}
if _RULES.keys() != KINDS.keys():
    raise TypeError(f"kinds without a validation: {KINDS.keys() ^ _RULES.keys()}")


def list_name(item: Field) -> str:
    """The defined name of a choice's list."""
    return f"list.{item.key}"
