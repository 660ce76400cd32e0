"""Write docs/codes.md: every code a finding may carry, from the catalogue and the form definitions.

    python docs/make_codes.py

`tests/test_docs.py` fails when the page no longer says what the code does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from workbook.catalogue import CATALOGUE, CatalogueEntry
from workbook.commands.output import opened, template_of
from workbook.form import Form, Rule, available_forms, load_form, terms_of

PAGE = Path(__file__).with_name("codes.md")

_HEAD = """\
# 代码一览

<!-- 由 python docs/make_codes.py 生成，请勿手改 -->

每个问题都带一个代码，含义自发布之日起不再改变。`workbook explain 代码` 在命令行里给出同样的解释。

- **错误**须改正；**提醒**须核对，确实无误的可以保留；**说明**仅供参考，不计入“未通过”。
- 合计、得分与应有数只差一个末位的，按四舍五入的差别降为说明。
- 含义中的“…”处，是具体的数字、指标或文件信息。
- 条件里的名称，后面的表只列与前面不同的。
"""
_FAMILIES = {
    "W1": "W1xx 文件和身份",
    "L2": "L2xx 版式和锁定",
    "V3": "V3xx 填写的值（每种表都有）",
    "A5": "A5xx 各单位之间",
}


def page() -> str:
    """The whole page."""
    forms = [load_form(path) for path in available_forms()]
    told: set[tuple[str, str]] = set()
    return "\n".join(
        [_HEAD, *_catalogue(), *(line for form in forms for line in _form(form, told))]
    )


def _catalogue() -> Iterator[str]:
    for family, title in _FAMILIES.items():
        entries = [entry for code, entry in CATALOGUE.items() if code.startswith(family)]
        yield f"## {title}\n"
        yield from _table(("代码", "级别", "名称", "含义", "依据", "怎么办"), map(_entry, entries))


def _entry(entry: CatalogueEntry) -> tuple[str, ...]:
    level, message = entry.severity.chinese, opened(entry.message)
    return entry.code, level, entry.name, message, entry.basis, opened(entry.hint)


def _form(form: Form, told: set[tuple[str, str]]) -> Iterator[str]:
    """A form's own codes, and the names in their conditions that no form before it `told` alike."""
    yield f"## {form.name}（{form.id} {form.version}）\n"
    heads = ("代码", "级别", "名称", "含义", "条件", "依据", "怎么办")
    own_rules = [rule for rule in form.rules if not rule.general]
    yield from _table(heads, map(_rule, own_rules))
    terms = {name: text for rule in own_rules for name, text in terms_of(form, rule).items()}
    new = [row for row in map(_term, sorted(terms.items())) if row not in told]
    told.update(new)
    if new:
        yield from _table(("条件里的名称", "是什么"), new)


def _rule(rule: Rule) -> tuple[str, ...]:
    level, message = rule.severity.chinese, template_of(rule)
    return rule.code, level, rule.name, message, _condition(rule), rule.basis, rule.hint


def _term(term: tuple[str, str]) -> tuple[str, str]:
    name, meaning = term
    return f"`{name}`", meaning if name.startswith("words.") else f"`{meaning}`"


def _condition(rule: Rule) -> str:
    must = f"`{_one_line(rule.source)}`"
    if not rule.in_sheet:
        must += "（表里算不出，收回以后由程序检查）"
    return f"`{_one_line(rule.when_source)}` 时，{must}" if rule.when_source else must


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield _row(heads)
    yield _row(["---"] * len(heads))
    yield from map(_row, rows)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_one_line(cell).replace('|', '&#124;') for cell in cells)} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(PAGE)


if __name__ == "__main__":
    main()
