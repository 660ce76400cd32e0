"""What differs between two definitions, told in words: settings, fields, rules, groups, the summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from workbook.form.composition import (
    FORM_SHAPE,
    Source,
    TablesByName,
    TableShape,
    are_tables,
    compose,
    dated,
)
from workbook.form.model import Form
from workbook.form.toml_table import SourcedTable

ADDED, REMOVED, CHANGED, MOVED = "added", "removed", "changed", "moved"

PART_WORDS = {
    "form": "表",
    "settings": "参数",
    "words": "词表",
    "define": "式子",
    "further_sheet": "另外的工作表",
    "section": "分区",
    "field": "字段",
    "group": "一级指标",
    "rows": "行数",
    "rule": "规则",
    "summary": "汇总",
    "grade": "等次",
    "breakdown": "资金构成",
    "scored": "计分的分区",
    "reason": "失分原因",
    "criterion": "抽查条件",
    "sample": "抽查",
}
KEY_WORDS = {
    "id": "英文名", "version": "版本", "name": "名称", "title": "标题", "annex": "附件号", "unit": "金额单位",
    "letter": "代码的字母", "sheet": "工作表", "fiscal_year": "年度", "widths": "列宽", "side_widths": "右侧列宽",
    "orientation": "纸张方向", "instructions": "填写要求", "earlier_digests": "同义的旧指纹",
    "label": "名称", "drawing": "画法", "heights": "行高", "row": "行的画法", "levels": "级",
    "group_label": "一级指标的写法", "rows": "行数", "weight": "分值",
    "kind": "种类", "by": "由谁填", "required": "必填", "blank": "空白当什么", "formula": "公式",
    "suggested": "可以改写", "value": "固定的值", "choices": "选项", "max_length": "最多字数", "min": "最小值",
    "max": "最大值", "prompt": "提示", "instruction": "填写说明", "per": "每级一个", "derived": "只供规则使用",
    "format": "显示格式",
    "code": "代码", "scope": "范围", "when": "前提", "must": "条件", "at": "标在哪一格", "severity": "级别",
    "subject": "说的是哪一行", "message": "说明", "hint": "怎么办", "basis": "依据", "printed": "所填的数", "expected": "应当的数",
    "cases": "例子",
    "amounts": "金额", "budget": "预算数", "spent": "支出数", "execution_rate": "执行率",
    "execution_score": "预算执行得分", "total_score": "总分", "total_grade": "等次", "project": "项目名称",
    "prepared_on": "填报日期", "contacts": "联系人", "lowest_grade": "最低的等次", "from": "最低分数",
    "parts": "各项", "whole": "合计", "section": "分区", "score": "得分", "reason": "原因", "words": "字词",
    "metric": "看什么", "sense": "怎么比", "limit": "界限", "points": "加分", "why": "理由", "share": "比例",
    "least": "至少几份",
}  # fmt: skip
"""How the keys of a definition are called in a sentence; docs/form-file.md has them at length."""

_VALUES = ("settings", "words", "define", "rows")
"""Tables of which each key is a thing by itself."""
_ORDERED = ("section", "field", "group", "grade", "reason")
"""Parts whose order tells: where they stand on paper, or which comes first."""

_Things = dict[tuple[str, str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two definitions say otherwise."""

    part: str
    """What it is about, a key of `PART_WORDS`."""
    name: str
    """Which one: `funds.final_budget`, `D401`; blank where there is but one."""
    key: str
    """What of it; blank for all of it."""
    change: str
    before: Any
    after: Any

    @property
    def sentence(self) -> str:
        """It as one line in Chinese."""
        subject = _place(self.part, self.name, "")
        if self.change == ADDED:
            return f"新增{subject}{_caption(self.after, self.name)}"
        if self.change == REMOVED:
            return f"去掉{subject}{_caption(self.before, self.name)}"
        if self.change == MOVED:
            return f"{subject}的次序有变动"
        return f"{_place(self.part, self.name, self.key)}：{_change(self.before, self.after)}"


def differences(old: Form, new: Form) -> tuple[Difference, ...]:
    """What `new` says otherwise than `old`, in the order of a definition; texts with the year put in."""
    before, after = _things_of(old), _things_of(new)
    found = [
        difference
        for part, name in dict.fromkeys((*before, *after))
        for difference in _of_one(part, name, before.get((part, name)), after.get((part, name)))
    ]
    for part in _ORDERED:
        orders = [
            [k[1] for k in a if k[0] == part and k in b]
            for a, b in ((before, after), (after, before))
        ]
        if orders[0] != orders[1]:
            found.append(Difference(part, "", "", MOVED, *orders))
    ranks = list(PART_WORDS)
    return tuple(sorted(found, key=lambda difference: ranks.index(difference.part)))


def places_with(form: Form, word: str) -> tuple[str, ...]:
    """Where texts of a definition hold a word, such as the year that was: `规则 D440 的怎么办`."""
    return tuple(
        _place(part, name, key)
        for (part, name), values in _things_of(form).items()
        for key, value in values.items()
        if any(word in text for text in _texts_in(value))
    )


def _texts_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            yield from (text for item in value for text in _texts_in(item))
        case Mapping():
            yield from (text for item in value.values() for text in _texts_in(item))


def _of_one(
    part: str, name: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Iterator[Difference]:
    if before is None or after is None:
        change = ADDED if before is None else REMOVED
        # A value that stands alone is shown as such, all else as the keys it has.
        whole = [None if each is None else each.get("", each) for each in (before, after)]
        yield Difference(part, name, "", change, *whole)
        return
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield Difference(part, name, key, CHANGED, before.get(key), after.get(key))


def _things_of(form: Form) -> _Things:
    table = dated(compose(Source(form.path, form.definition.encode())))
    return dict(_things(table, FORM_SHAPE, "form", ""))


def _things(
    table: SourcedTable, shape: TableShape, part: str, name: str
) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """All that has a name in a table, with what is said of it alone."""
    if part in _VALUES:
        yield from (((part, _dotted(name, key)), {"": value}) for key, value in table.items())
        return
    own: dict[str, Any] = {}
    for key, value in table.items():
        match shape.of(key), value:
            case TablesByName() as array, list() if are_tables(value):
                for item in value:
                    item_name = _dotted(name, str(array.name_of(item, table)))
                    yield from _things(item, array.shape, key, item_name)
            case TableShape(each=TableShape() as each), SourcedTable():
                for field, item in value.items():
                    yield from _things(item, each, "field", _dotted(name, field))
            case TableShape() as inner, SourcedTable():
                yield from _things(value, inner, key, name)
            case _:
                own[key] = value
    yield (part, name), own


def _dotted(owner: str, name: str) -> str:
    return f"{owner}.{name}" if owner else name


# --- in words -------------------------------------------------------------------------------------

_MOST = 60
"""At most so many characters of a text are shown."""
_AROUND = 6
"""So many characters are shown on either side of what differs."""


def _place(part: str, name: str, key: str) -> str:
    """`字段 funds.final_budget 的提示`, `表的标题`."""
    subject = f"{PART_WORDS[part]} {name}" if name else PART_WORDS[part]
    return f"{subject}{' ' if name else ''}的{KEY_WORDS.get(key, key)}" if key else subject


def _caption(value: Any, name: str) -> str:
    """What a thing is called in Chinese; for a value that stands alone, the value."""
    if not isinstance(value, Mapping):
        return f"：{_shown(value)}"
    called = value.get("label") or value.get("name")
    return _quoted(called) if isinstance(called, str) and called != name else ""


def _change(before: Any, after: Any) -> str:
    """From what to what, long texts and lists cut down to what differs."""
    if isinstance(before, str) and isinstance(after, str) and before and after:
        return _differing(before, after)
    if isinstance(before, list) and isinstance(after, list) and before and after:
        return _change_of_list(before, after)
    return f"{_shown(before)} → {_shown(after)}"


def _change_of_list(before: list[Any], after: list[Any]) -> str:
    gone = [item for item in before if item not in after]
    come = [item for item in after if item not in before]
    if any(isinstance(item, Mapping) for item in (*before, *after)):
        return f"{len(before)} 个 → {len(after)} 个，其中改的、新的 {len(come)} 个"
    if not all(isinstance(item, str) for item in (*before, *after)):
        return f"{_shown(before)} → {_shown(after)}"
    if not gone and not come:
        return "次序有变动"
    if not gone or not come:
        return f"{'去掉' if gone else '加上'} {_shown(gone or come)}"
    if len(gone) == len(come) == 1:
        return _differing(gone[0], come[0])
    return f"{_shown(gone)} → {_shown(come)}"


def _differing(before: str, after: str) -> str:
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    return " → ".join(_around(text, start, len(text) - end) for text in (before, after))


def _alike(first: str, second: str) -> int:
    """How many characters two texts have in common from their beginning."""
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _around(text: str, start: int, stop: int) -> str:
    """A text, or if it is long what stands from `start` to `stop` and a little more."""
    if len(text) <= _MOST:
        return _quoted(text)
    first, last = max(0, start - _AROUND), min(len(text), stop + _AROUND)
    return _quoted(f"{'…' if first else ''}{text[first:last]}{'…' if last < len(text) else ''}")


def _quoted(text: str) -> str:
    line = text.replace("\n", "\\n")
    return f"“{line if len(line) <= _MOST else f'{line[:_MOST]}…'}”"


def _shown(value: Any) -> str:
    match value:
        case None | "" | []:
            return "没有"
        case bool():
            return "是" if value else "否"
        case float() | int():
            return f"{value:.15g}"
        case str():
            return _quoted(value)
        case [str() as first, _, *_]:
            return f"{_quoted(first)}等 {len(value)} 条"
        case list():
            return "、".join(map(_shown, value))
    return str(value)
