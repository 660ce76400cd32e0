"""The checks that every form has, since they follow from its fields: V301, V302, V304, V305, V306."""

from __future__ import annotations

from collections.abc import Iterator

from workbook import expr
from workbook.expr import Ref
from workbook.findings import CATALOGUE
from workbook.model import Field, Part, Rule, Section
from workbook.ops import Type
from workbook.scope import FormScope


def general_rules(sections: dict[str, Section], scope: FormScope) -> Iterator[Rule]:
    """What follows from the fields themselves: filled in, a number, within limits, not too long."""
    for section in sections.values():
        for code in ("V301", "V302", "V304", "V305", "V306"):
            for item in section.fields.values():
                texts = _GENERAL[code](item) if item.is_input else None
                if texts:
                    yield _general_rule(code, item, texts, scope)


def _required(item: Field) -> tuple[str, str] | None:
    return (f"filled({item.id})", "") if item.required else None


def _numeric(item: Field) -> tuple[str, str] | None:
    if item.kind.type is Type.TEXT:
        return None
    return f"blank({item.id}) or numeric({item.id})", ""


def _within(item: Field) -> tuple[str, str] | None:
    bounds = []
    if item.lowest is not None:
        bounds.append(f"{item.id} >= {item.lowest!r}")
    if isinstance(item.highest, float):
        bounds.append(f"{item.id} <= {item.highest!r}")
    return (" and ".join(bounds), f"numeric({item.id})") if bounds else None


def _short(item: Field) -> tuple[str, str] | None:
    if item.kind.type is not Type.TEXT or not item.max_length:
        return None
    return f"length({item.id}) <= {item.max_length}", f"filled({item.id})"


def _chosen(item: Field) -> tuple[str, str] | None:
    if not item.choices:
        return None
    return " or ".join(f"exact({item.id}, {c!r})" for c in item.choices), f"filled({item.id})"


_GENERAL = {
    "V301": _required,
    "V302": _numeric,
    "V304": _within,
    "V305": _short,
    "V306": _chosen,
}


def _general_rule(code: str, item: Field, texts: tuple[str, str], scope: FormScope) -> Rule:
    entry = CATALOGUE[code]
    place = scope.at(item.section, item.grain)
    words = {"label": item.label, "problem": "不是数字", "limit": str(item.max_length)}
    ref = place.resolve(None, item.id, column=False)
    assert isinstance(ref, Ref)
    return Rule(
        code=code,
        name=f"{entry.name}：{item.label}",
        section=item.section,
        grain=item.grain,
        must=expr.parse(texts[0], place, Type.TRUTH),
        when=expr.parse(texts[1], place, Type.TRUTH) if texts[1] else None,
        at=(ref,),
        severity=entry.severity,
        message=(Part(entry.message.format(**words)),),
        hint=entry.hint,
        basis=entry.basis,
        printed=None if code == "V301" else Part(node=ref, kind=item.kind),
        expected=Part(_bounds(item)) if code == "V304" else None,
        cases=(),
        source=texts[0],
        general=item.key,
    )


def _bounds(item: Field) -> str:
    lowest = "" if item.lowest is None else f"{item.lowest:.15g}"
    highest = f"{item.highest:.15g}" if isinstance(item.highest, float) else ""
    return f"{lowest} 至 {highest}"
