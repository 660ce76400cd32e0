"""Write docs/form-reference.md: every key, kind and function that a form's definition may use.

    python docs/make_form_reference.py

`tests/test_docs_forms.py` fails when the page no longer says what the code does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from workbook.expression.notation import FUNCTIONS
from workbook.expression.operands import Op, Param, Type
from workbook.form.kinds import KINDS, Kind
from workbook.form.toml_table import KEYS, Key

PAGE = Path(__file__).with_name("form-reference.md")

_HEAD = """\
# 表式定义：键、种类、函数 · Reference of the form definition

<!-- 由 python docs/make_form_reference.py 生成，请勿手改 -->

写法和例子见[表式定义文件](form-file.md)。字段在表达式和 `[summary]` 里写全名，如 `funds.final_budget`；同一分区里可以只写名字。
"""
_TABLES = {
    "form": "表：写在文件最前面",
    "rule_set": "规则集",
    "further_sheet": "`[[further_sheet]]`",
    "section": "`[[section]]`",
    "field": "字段：`[section.fields]` 里每个一行",
    "group": "`[[section.group]]`，还有第一级的名字",
    "rule": "`[[rule]]`",
    "case": "`cases` 里的每一个",
    "summary": "`[summary]`",
    "grade": "`[[summary.grade]]`",
    "breakdown": "`[[summary.breakdown]]`",
    "scored": "`[[summary.scored]]`",
    "reason": "`[[summary.reason]]`",
    "criterion": "`[[summary.criterion]]`",
    "sample": "`[summary.sample]`",
}
_PARAMETERS = {
    Param.NUMBER: "数",
    Param.TRUTH: "真假",
    Param.TEXT: "文字",
    Param.DATE: "日期",
    Param.SAME: "值",
    Param.CELL: "单元格",
    Param.CELLS: "列",
    Param.NUMBERS: "数的列",
    Param.WORDS: "词表",
}
_RESULTS = {
    Type.NUMBER: "数",
    Type.TRUTH: "真假",
    Type.TEXT: "文字",
    Type.DATE: "日期",
    None: "同参数",
}


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_keys(), *_kinds(), *_functions()])


def _keys() -> Iterator[str]:
    yield "## 键 · Keys\n"
    for table, title in _TABLES.items():
        yield f"### {title}\n"
        keys = KEYS[table]
        if any(key.default for key in keys.values()):
            yield from _table(
                ("键 key", "写什么", "省略时"), (_key(*item) for item in keys.items())
            )
        else:
            yield from _table(("键 key", "写什么"), (_key(*item)[:2] for item in keys.items()))


def _key(name: str, key: Key) -> tuple[str, str, str]:
    return f"`{name}`", key.meaning, key.default


def _kinds() -> Iterator[str]:
    yield "## 种类 · Kinds\n"
    yield from _table(("种类 kind", "是什么", "比较到", "限制"), map(_kind, KINDS.values()))


def _kind(kind: Kind) -> tuple[str, str, str, str]:
    return f"`{kind.name}`", kind.about, _compared(kind), _limits(kind)


def _compared(kind: Kind) -> str:
    if kind.type is not Type.NUMBER:
        return "天" if kind.type is Type.DATE else ""
    return f"{kind.decimals} 位小数" if kind.decimals else "整数"


def _limits(kind: Kind) -> str:
    if kind.type is Type.DATE:
        return "输入时限 2000 至 2099 年"
    limits = []
    if kind.highest is not None:
        unit = " 万元" if kind.is_amount else ""
        limits.append(f"{kind.lowest:g} 至 {kind.highest:,.15g}{unit}")
    elif kind.lowest is not None:
        limits.append(f"不小于 {kind.lowest:g}")
    if kind.typed_decimals:
        limits.append(f"最多 {kind.typed_decimals} 位小数")
    if kind.max_length:
        limits.append(f"{kind.max_length} 字")
    return "，".join(limits) or "没有"


def _functions() -> Iterator[str]:
    yield "## 函数 · Functions\n"
    yield from _table(("函数", "参数", "结果", "意思"), map(_function, FUNCTIONS.values()))


def _function(op: Op) -> tuple[str, str, str, str]:
    parameters = ", ".join(_PARAMETERS[param] for param in op.params)
    dots = ", …" if op.variadic else ""
    return f"`{op.name}`", f"{parameters}{dots}", _RESULTS[op.result], op.doc


def _table(heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    heads = tuple(heads)
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"
    yield ""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(PAGE)


if __name__ == "__main__":
    main()
