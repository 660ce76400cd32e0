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
# 键、种类、函数一览 · Reference of the form definition

<!-- 由 python docs/make_form_reference.py 生成，请勿手改 -->

从头学着写，看[表式定义怎么写](form-file.md)；这一页供查。
“字段的全名”是 `分区.字段`，如 `funds.final_budget`；在同一分区里只写字段名。

目录：[表](#表) · [规则集](#规则集) · [另外的工作表](#另外的工作表) · [分区](#分区) · [字段](#字段) · [一级指标](#一级指标) ·
[规则](#规则) · [例子](#例子) ·
[汇总](#汇总) · [种类](#种类) · [函数](#函数) · [填法](#填法) ·
[画表的记号](#画表的记号) · [表达式的记号](#表达式的记号) · [怎样合在一起](#怎样合在一起) ·
[without 的写法](#without-的写法)
"""
_TABLES = {
    "form": ("表", "写在文件最前面，`[settings]` 等段落之前。"),
    "rule_set": ("规则集", "几张表共用的规则，一个文件。"),
    "further_sheet": ("另外的工作表", "表以外还要填的，每张一个 `[[further_sheet]]`。"),
    "section": ("分区", "纸面从上到下的每一块，每块一个 `[[section]]`。"),
    "field": (
        "字段",
        '要填的、计算的每一格，写在 `[section.fields]` 下，一行一个：`名字 = { label = "…", kind = "…" }`。',
    ),
    "group": (
        "一级指标",
        '分级的分区里，每个一级指标一个 `[[section.group]]`，先写第一级的名字，如 `level1 = "产出指标"`。',
    ),
    "rule": ("规则", "每条一个 `[[rule]]`。"),
    "case": ("例子", "规则的 `cases` 里，一个花括号一个。没有提到的格都空着。"),
    "summary": ("汇总", "写在 `[summary]` 下，字段都写全名。"),
    "grade": ("等次", "每个一个 `[[summary.grade]]`，从高到低。"),
    "breakdown": ("资金构成", "每组一个 `[[summary.breakdown]]`。"),
    "scored": ("计分的分区", "每个一个 `[[summary.scored]]`。"),
    "reason": ("失分原因的类", "每类一个 `[[summary.reason]]`。"),
    "criterion": ("抽查条件", "每条一个 `[[summary.criterion]]`。"),
    "sample": ("抽查多少", "写在 `[summary.sample]` 下。"),
}
_MODES = {
    "填写 entered": ("什么也不写", "白色，可填"),
    "计算 computed": ('`formula = "…"`', "浅蓝，锁住；被改写会发现（L202）"),
    "建议 suggested": (
        '`formula = "…"`、`suggested = true`',
        "浅黄，算好了可改写；与规则不符用规则来报",
    ),
    "固定 fixed": ("`value = 10`", "锁住"),
    "推导 derived": ('`formula = "…"`、`derived = true`', "不出现，只供规则和其他公式用"),
}
_DRAWING = {
    "`{final_budget}`": "这里是本分区的字段；别的分区的写全名 `{identity.phone}`",
    "`[level2]`": "这里写这一级的名称（只用在 `row` 里），相同的自动合并",
    "`[#]`": "行的序号（只用在 `row` 里）",
    "`<`": "与左边是同一格（横向合并）",
    "`^`": "与上边是同一格（纵向合并）；表头里第一列这样画，会一直合并到最后一行",
    "`~`": "写在一行开头：这一行没有边框（单位、填表人等）",
    "`# 一、概况`、`## （一）支出`": "一级、二级标题：靠左的黑体、粗体",
    "`# {title}`": "作这张表标题的字段",
    "其他文字": "照印；`\\n` 换行；空着就是空格子；以“其中”或全角空格开头的靠左，其余居中",
}
_SIGNS = {
    "`final_budget`": '本分区的字段；在重复的行里是本行的，`per = "group"` 的是本级的',
    "`funds.final_budget`": "别的分区的字段",
    "`level1`": "本行的一级指标的名称，只用在重复的行里；`level2` 等同",
    "`sum(indicators.weight)`": "某一列全部的行；在 `分区/group` 的规则里不带分区名，`sum(weight)` 是本级的行",
    "`settings.rate_threshold`": "参数",
    "`words.explains_low_rate`": "词表，只用在 `mentions`、`begins`、`in` 里",
    "`12.5`、`'调整'`": "数、文字",
    "`+ - * /`、`( )`": "四则运算",
    "`< <= > >= == !=`、`0 <= a <= b`": "小于、不大于、大于、不小于、等于、不等于；数与数、日期与日期、文字与文字"
    "（文字只有 `==` `!=`，不计空格、全半角、大小写）",
    "`in ('优', '良')`、`not in`、`in words.…`": "是其中之一；文字要逐字相同。只有一个的也要逗号：`in ('优',)`",
    "`and or not`": "并且、或者、不是；其中一个未定，整个就未定",
    "`a if 条件 else b`": "条件成立取 a，否则取 b；只看走到的那一支",
    "`完成日期 - 开始日期`": "相差的天数",
}
_TOGETHER = {
    "一个值、一个列表（`title`、`drawing`、`cases`）": "换掉原来的",
    "`[settings]`、`[words]`、`[define]`": "按名字，改的改，新的加在后面",
    "`[[section]]`": "按 `id`；字段按名字，再按字段里的键。新的分区排在最后，或 `after` 说的地方",
    "`[[section.group]]`": "按第一级的名称；`rows` 按其下的名称",
    "`[[rule]]`、`[[further_sheet]]`": "按 `code`、按 `name`，再按其中的键。"
    "规则的次序：继承来的、引用来的、自己的，或 `after` 说的地方",
    "`[[summary.…]]`": "按 `name`、`id` 或 `section`",
    "`letter`": "只补自己引用的规则集的代码；继承来的代码不变",
    "规则集推导的字段": "在分区自己的字段后面；同名的键，表自己写的为准",
    "同一个规则集引用了两次": "只算第一次",
}
_WITHOUT = {
    '`"D431"`': "一条规则",
    '`"funds.other_funds"`': "一个字段；还要改画它的 `drawing` 和用到它的规则",
    '`"funds.execution_rate.formula"`、`"D408.when"`': "字段、规则的一个键",
    '`"report"`': "一个分区，连同在那里查的规则",
    '`"自评报告"`': "一张另外的工作表",
    '`"indicators.效益指标"`、`"indicators.效益指标.生态效益指标"`': "一个一级指标，其下的几行",
    '`"settings.cap"`、`"summary.large"`、`"summary.自然条件"`': "一个参数、抽查条件、失分原因",
}
_FIRST_PARAMETERS = {
    "数和日期": (Param.NUMBER,),
    "文字": (Param.TEXT,),
    "单元格": (Param.CELL,),
    "列": (Param.CELLS, Param.NUMBERS),
    "条件": (Param.TRUTH,),
}
"""The groups of functions, by what comes first in the brackets."""
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
    return "\n".join([_HEAD, *_keys(), *_kinds(), *_functions(), *_signs()])


def _keys() -> Iterator[str]:
    for table, (title, place) in _TABLES.items():
        yield f"## {title}\n\n{place}\n"
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
    yield "## 种类\n"
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
    yield """## 函数

“单元格”和“列”处只能写字段的名字；“词表”处写 `words.名字` 或 `('结转', '追加')`；其余各处可以写表达式。
参数未定（没有填的数、算不出的数），结果一般也未定：规则不算违反，公式显示为空白。
`blank`、`filled`、`numeric` 总有结论；没有填的文字是空文字，不是未定。
"""
    for title, parameters in _FIRST_PARAMETERS.items():
        yield f"### {title}\n"
        ops = (op for op in FUNCTIONS.values() if op.params[0] in parameters)
        yield from _table(("函数", "参数", "结果", "意思"), map(_function, ops))


def _signs() -> Iterator[str]:
    yield "## 填法\n"
    modes = ((name, *told) for name, told in _MODES.items())
    yield from _table(("填法 mode", "写法", "纸面"), modes)
    for title, head, signs in (
        ("画表的记号", ("写法", "意思"), _DRAWING),
        ("表达式的记号", ("写法", "意思"), _SIGNS),
        ("怎样合在一起", ("写了", "结果"), _TOGETHER),
        ("without 的写法", ("写法", "去掉"), _WITHOUT),
    ):
        yield f"## {title}\n"
        yield from _table(head, signs.items())


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
