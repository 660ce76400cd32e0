"""The checks that every form has, since they follow from its fields: V301, V302, V304 to V310."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from workbook.catalogue import CATALOGUE, REQUIRED
from workbook.expression import EPOCH, Ref, Type, parse, references
from workbook.form.kinds import PLAIN_TEXT, shown
from workbook.form.model import CELL, GROUP, ROW, Field, Part, Rule, Section
from workbook.form.scope import FormScope
from workbook.text import fold


def general_rules(
    sections: dict[str, Section],
    scope: FormScope,
    widths: Mapping[str, tuple[float, ...]],
    subjects: Mapping[str, Part],
    spares: Mapping[str, str],
) -> Iterator[Rule]:
    """What follows from the fields themselves: filled in, a number, within limits, not too long …

    `widths` are the columns' of each further sheet, and of the form's own under a blank name; `subjects` say
    which row is meant, by section; `spares` which rows count as blank.
    """
    for section in sections.values():
        begun = _begun(section)
        room = _Room(section, widths[section.sheet])
        for code, condition in (_GENERAL | {"V310": room.holds}).items():
            for item in section.fields.values():
                texts = condition(item) if item.is_input else None
                if texts and code == REQUIRED and item.if_begun:
                    texts = texts[0], begun
                elif texts and code == REQUIRED and item.grain == ROW and section.id in spares:
                    texts = texts[0], f"not ({spares[section.id]})"
                if texts:
                    yield _general_rule(code, item, texts, scope, subjects.get(section.id))
        if section.repeats:
            yield from _each_group(section, scope)


def _begun(section: Section) -> str:
    """Whether anything is filled in in a section of single cells."""
    inputs = [item.id for item in section.of_grain(CELL) if item.mode == "entered"]
    return f"filled({', '.join(inputs)})" if inputs else ""


def _required(item: Field) -> tuple[str, str] | None:
    return (f"filled({item.id})", "") if item.required or item.if_begun else None


def _numeric(item: Field) -> tuple[str, str] | None:
    if item.kind.type is Type.TEXT:
        return None
    if item.blank == "zero":
        return f"blank({item.id}) or numeric({item.id}) or writes_none({item.id})", ""
    return f"blank({item.id}) or numeric({item.id})", ""


def _within(item: Field) -> tuple[str, str] | None:
    bounds = []
    if item.lowest is not None:
        bounds.append(f"{item.id} >= {_literal(item, item.lowest)}")
    if isinstance(item.highest, float):
        bounds.append(f"{item.id} <= {_literal(item, item.highest)}")
    return (" and ".join(bounds), f"numeric({item.id})") if bounds else None


def _literal(item: Field, bound: float) -> str:
    if item.kind.type is not Type.DATE:
        return repr(bound)
    day = EPOCH + timedelta(days=int(bound))
    return f"date({day.year}, {day.month}, {day.day})"


def _short(item: Field) -> tuple[str, str] | None:
    if item.kind.type is not Type.TEXT or not item.max_length:
        return None
    return f"length({item.id}) <= {item.max_length}", f"filled({item.id})"


def _chosen(item: Field) -> tuple[str, str] | None:
    if not item.choices:
        return None
    return " or ".join(f"exact({item.id}, {c!r})" for c in item.choices), f"filled({item.id})"


def _few_decimals(item: Field) -> tuple[str, str] | None:
    digits = item.kind.typed_decimals
    if digits is None:
        return None
    # compared as whole numbers of a finer unit, so that neither side is rounded away
    scale = 10 ** (digits + 2)
    rounded = f"round({item.id}, {digits}) * {scale}"
    return f"round({item.id} * {scale}, 0) == {rounded}", f"numeric({item.id})"


def _written(item: Field) -> tuple[str, str] | None:
    # A prompt's first sentence may have been left in a box for much text; folded here, so that the formula
    # need not fold a constant.
    is_box = item.kind.is_prose and item.grain == CELL and item.mode == "entered"
    words = item.instruction or (item.prompt.partition("。")[0] if is_box else "")
    if not words:
        return None
    return f"not contains(fold({item.id}), {fold(words)!r})", f"filled({item.id})"


_PLACEHOLDERS = ("在此填写", "此处填写", "请填写", "字以内", "XX", "xx", "××")


def _replaced(item: Field) -> tuple[str, str] | None:
    if not item.kind.is_prose or item.grain != CELL or item.mode != "entered":
        return None
    tests = (f"not contains({item.id}, {word!r})" for word in _PLACEHOLDERS)
    return " and ".join(tests), f"filled({item.id})"


_SIZES = {True: (12.0, 12.0), False: (13.4, 13.0)}
"""On the form's own sheet (9 points) and on others (10): a letter's width in pixels, a line's height in points."""


class _Room:
    """How much text the boxes of a section hold, whose rows have a fixed height."""

    def __init__(self, section: Section, widths: tuple[float, ...]) -> None:
        self.home = not section.sheet
        self.boxes: dict[str, tuple[float, float]] = {}
        """Field → (width in pixels, height in points)."""
        for drawn in section.head.cells:
            heights = section.head.heights[drawn.row : drawn.row + drawn.rows]
            if drawn.field and all(heights):
                columns = widths[drawn.column : drawn.column + drawn.columns]
                self.boxes[drawn.field] = sum(7 * w + 5 for w in columns), sum(heights)

    def holds(self, item: Field) -> tuple[str, str] | None:
        """A text's letters and breaks make no more lines than its box holds, roughly."""
        box = self.boxes.get(item.key)
        if box is None or not item.kind.is_prose or item.grain != CELL:
            return None
        letter, line = _SIZES[self.home]
        per_line, lines = int(box[0] * 0.95 / letter), int(box[1] / line)
        return f"breaks({item.id}) + length({item.id}) / {per_line} < {lines}", f"filled({item.id})"


_GENERAL: dict[str, Callable[[Field], tuple[str, str] | None]] = {
    "V301": _required,
    "V302": _numeric,
    "V304": _within,
    "V305": _short,
    "V306": _chosen,
    "V307": _few_decimals,
    "V308": _written,
    "V309": _replaced,
}


def _general_rule(
    code: str, item: Field, texts: tuple[str, str], scope: FormScope, subject: Part | None
) -> Rule:
    entry = CATALOGUE[code]
    standpoint = scope.at(item.section, item.grain)
    problem = "不是日期" if item.kind.type is Type.DATE else "不是数字"
    label = item.label.replace("“", "‘").replace("”", "’")  # the message sets it in “…”
    words = {"label": label, "problem": problem, "limit": str(item.max_length),
             "decimals": f"保留不超过 {item.kind.typed_decimals} 位小数" if item.kind.typed_decimals else "为整数",
             "bounds": _bounds(item)}  # fmt: skip
    ref = standpoint.resolve(None, item.id, column=False)
    assert isinstance(ref, Ref)
    names_row = _names(subject, item)
    return Rule(
        code=code,
        name=f"{entry.name}：{item.label}",
        section=item.section,
        grain=item.grain,
        must=parse(texts[0], standpoint, Type.TRUTH),
        when=parse(texts[1], standpoint, Type.TRUTH) if texts[1] else None,
        at=(ref,),
        severity=entry.severity,
        message=(
            *((subject, Part("的")) if names_row and subject else ()),
            Part(entry.message.format(**words)),
            *(
                (Part("，填的是“"), Part(node=ref, kind=item.kind), Part("”"))
                if code == "V302"
                else ()
            ),
        ),
        hint=_hint(code, item) or entry.hint,
        basis=entry.basis,
        printed=None if code == REQUIRED else Part(node=ref, kind=item.kind),
        expected=Part(_bounds(item)) if code == "V304" else None,
        cases=(),
        source=texts[0],
        general=item.key,
        names_row=names_row,
    )


def _names(subject: Part | None, item: Field) -> bool:
    """Whether a row's subject can be told in what is said of a field: not of the one that it names."""
    if subject is None or subject.node is None or item.grain != ROW:
        return False
    return item.key not in {ref.key for ref in references([subject.node])}


def _hint(code: str, item: Field) -> str:
    """What to do, where more can be said than the catalogue does; blank otherwise."""
    if code == REQUIRED and item.mode == "suggested":
        return "请填按规则计算的数。"
    if code != "V302":
        return ""
    if item.kind.type is Type.DATE:
        return "请填日期，如 2025-3-18。"
    return "请只填数字，不写单位和汉字，如 50.00。"


def _bounds(item: Field) -> str:
    lowest = "" if item.lowest is None else _shown(item, item.lowest)
    highest = _shown(item, item.highest) if isinstance(item.highest, float) else ""
    return f"{lowest} 至 {highest}" if highest else f"不小于 {lowest}"


def _shown(item: Field, bound: float) -> str:
    if item.kind.type is Type.DATE:
        return shown(item.kind, EPOCH + timedelta(days=int(bound)))
    return f"{bound:.15g}"


def _each_group(section: Section, scope: FormScope) -> Iterator[Rule]:
    """Something must be filled in under every branch of level 1 that is not optional."""
    required = [item for item in section.of_grain(ROW) if item.required]
    spared = list(dict.fromkeys(group.path[:1] for group in section.groups if group.optional))
    if not required or len(spared) == len({group.path[:1] for group in section.groups}):
        return
    standpoint = scope.at(section.id, GROUP)
    first = standpoint.resolve(None, required[0].id, column=True)
    assert isinstance(first, Ref)
    entry = CATALOGUE[REQUIRED]
    name = standpoint.resolve(None, "group_name", column=False) if section.levels else None
    label = Part(node=name, kind=PLAIN_TEXT) if name else Part(section.label)
    spared_names = f"({', '.join(repr(path[0]) for path in spared)},)"
    yield Rule(
        code=REQUIRED,
        name=f"{section.label}：{'每一级' if section.levels else ''}至少填一行",
        section=section.id,
        grain=GROUP,
        must=parse(f"count({required[0].id}) > 0", standpoint, Type.TRUTH),
        when=parse(f"group_name not in {spared_names}", standpoint, Type.TRUTH) if spared else None,
        at=(first,),
        severity=entry.severity,
        message=(label, Part("一行也没有填写")),
        hint="请至少填一行；确实不涉及的，请与财政部门联系。",
        basis=entry.basis,
        printed=None,
        expected=None,
        cases=(),
        source=f"count({required[0].id}) > 0",
        general=f"{section.id}.group",
    )
