"""What the sheets to be filled in show of the rules: a hint beside each row, and coloured cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from builder.template.results import CellResult, ColumnResult, Results, verdict_cells
from workbook.address import letters
from workbook.catalogue import REQUIRED, Severity
from workbook.checking import BROKEN
from workbook.expression import Ref, literal
from workbook.form import CELL, ROW, Rule
from workbook.layout import CALC_SHEET, Block, Formulas, Page


def row_hints(results: Results, block: Block) -> ColumnResult:
    """All that is open in each row of a block, as it is shown beside it."""
    return _told(results, _row_words(results, block), len(block.slots))


def row_hint_refs(results: Results, block: Block) -> list[Ref]:
    """What the right values rest on that the hints of a block's rows say."""
    return [
        ref
        for rule, _ in _row_words(results, block)
        for ref in results.formulas.expected_refs(rule)
    ]


def row_hint_formula(results: Results, block: Block, number: int) -> str:
    """The hint of a block's Nth row, on `_calc`."""
    words, row = _row_words(results, block), block.calc_top + number - 1
    cells = {rule.key: f"${letters(block.calc_columns[rule.key])}{row}" for rule, _ in words}
    return _formula(results, words, cells, number, CALC_SHEET)


def _row_words(results: Results, block: Block) -> list[tuple[Rule, str]]:
    rules = [
        r for r in results.form.sheet_rules if r.section == block.section.id and r.grain == ROW
    ]
    return list(_hint_words(rules))


def page_hints(results: Results, page: Page) -> Iterator[tuple[int, tuple[str, CellResult]]]:
    """(row, hint) of each row of a page on which a rule of the form marks cells."""
    layout = results.formulas.layout
    rules_by_row: dict[int, dict[str, Rule]] = {}
    for rule in results.form.sheet_rules:
        for ref in rule.at if rule.grain == CELL else ():
            for spot in layout.by_key.get(f"{ref.section}.{ref.field}", ()):
                if spot.address.sheet == page.paper.sheet:
                    rules_by_row.setdefault(spot.address.row, {})[rule.key] = rule
    for row, row_rules in sorted(rules_by_row.items()):
        cells = {key: layout.verdicts[key].absolute for key in row_rules}
        yield row, _hint(results, list(row_rules.values()), cells, page.paper.sheet)


def _hint(
    results: Results, rules: list[Rule], cells: dict[str, str], home: str
) -> tuple[str, CellResult]:
    """The formula that tells what is open in a row outside blocks, and what it shows."""
    words = list(_hint_words(rules))
    return _formula(results, words, cells, 0, home), _told(results, words, 1).cell(0)


def _told(results: Results, words: Sequence[tuple[Rule, str]], rows: int) -> ColumnResult:
    """What hints of so many rows show, of which the rules are."""

    def told(i: int) -> list[str]:
        verdicts = [results.judged(rule)[i].tolist() for rule, _ in words]
        return [
            "".join(
                text.replace(_VALUE, results.expected_text(rule, n, i))
                for of_rule, (rule, text) in zip(verdicts, words, strict=True)
                if of_rule[n] == BROKEN
            )
            for n in range(rows)
        ]

    return ColumnResult(told, results.origins(rule for rule, _ in words))


def _formula(
    results: Results,
    words: Iterable[tuple[Rule, str]],
    cells: dict[str, str],
    number: int,
    home: str,
) -> str:
    """The hint as a formula; `cells` are the verdicts', by the rules' keys."""
    parts = [
        f'IF({cells[rule.key]}=0,{_telling(results, rule, text, number, home)},"")'
        for rule, text in words
    ]
    return f"={'&'.join(parts) or literal('')}"


_VALUE = "\x00"
"""Where the right value stands in a hint."""


def _telling(results: Results, rule: Rule, text: str, number: int, home: str) -> str:
    """A hint's words as a formula."""
    if _VALUE not in text:
        return literal(text)
    formulas = results.formulas
    value = formulas.expected(rule, formulas.cell(home, rule.grain, number))
    before, _, after = text.partition(_VALUE)
    return f"{literal(before)}&{value}&{literal(after)}"


def _hint_words(rules: list[Rule]) -> Iterator[tuple[Rule, str]]:
    """What a hint says of each rule; missing cells first, then general checks, then the gravest."""
    own_rules = sorted(
        (r for r in rules if not r.general), key=lambda r: list(Severity).index(r.severity)
    )
    for rule in rules:
        if rule.general:
            name, _, label = rule.name.partition("：")
            remedy = f"，{rule.hint}" if rule.code == "V302" else "。"
            sentence = f"{rule.severity.chinese}：{label}{name}{remedy}"
            yield rule, f"未填{label}。" if rule.code == REQUIRED else sentence
    for rule in own_rules:
        due = f"，应为 {_VALUE}" if rule.expected is not None else ""
        yield rule, f"{rule.severity.chinese}：{rule.name}{due}。"


def hint_tests(cell: str) -> tuple[str, str]:
    """Formulas that are true of a hint that tells of something to be mended; of notes alone."""

    def without(*words: str) -> str:
        text = cell
        for word in words:
            text = f'SUBSTITUTE({text},"{word}","")'
        return f"LEN({text})"

    grave = f"{without('错误：', '未填')}<LEN({cell})"
    return f"={grave}", f"={without('错误：', '未填', '提醒：')}=LEN({cell})"


def marks(formulas: Formulas, sheet: str) -> Iterator[tuple[str, str, str]]:
    """(cells of a sheet of the form, missing | error | warning | note, formula that is true when open)."""
    tests_by_mark: dict[tuple[str, str], list[str]] = {}
    for rule in formulas.form.sheet_rules:
        for ref in rule.at:
            level = "missing" if rule.code == REQUIRED else rule.severity.value
            for cells, test in _cells_and_tests(
                formulas, sheet, rule, f"{ref.section}.{ref.field}"
            ):
                tests_by_mark.setdefault((cells, level), []).append(test)
    order = ["missing", "error", "warning", "note"]
    for (cells, level), tests in sorted(
        tests_by_mark.items(), key=lambda entry: order.index(entry[0][1])
    ):
        yield cells, level, f"=OR({','.join(tests)})" if len(tests) > 1 else f"={tests[0]}"


def verdict_name(rule: Rule) -> str:
    """The defined name of a rule's verdicts on `_calc`.

    Conditional formats go by names: Excel 2007 refuses another sheet's cells in them, and later ones keep
    such formats in an extension that XlsxWriter does not write.
    """
    return f"calc.{rule.key.replace(':', '.')}"


def verdict_names(formulas: Formulas) -> Iterator[tuple[str, str]]:
    """(defined name, cells of `_calc`) of every rule's verdicts."""
    for rule in formulas.form.sheet_rules:
        yield verdict_name(rule), verdict_cells(formulas, (rule,))


def _cells_and_tests(
    formulas: Formulas, sheet: str, rule: Rule, key: str
) -> Iterator[tuple[str, str]]:
    layout = formulas.layout
    spots = layout.by_key.get(key, ())
    if not spots or spots[0].address.sheet != sheet:
        return
    if rule.grain == CELL:
        yield spots[0].area, f"{verdict_name(rule)}=0"
    elif rule.grain == ROW:
        letter, top = letters(spots[0].address.column), spots[0].address.row
        area = f"{letter}{top}:{letter}{spots[-1].address.row}"
        yield area, f"INDEX({verdict_name(rule)},ROW()-ROW(${letter}${top})+1)=0"
    else:
        block = layout.blocks[rule.section]
        letter = letters(spots[0].address.column)
        for number, (start, group) in enumerate(zip(block.starts, block.groups, strict=True), 1):
            top = block.first + start
            verdict = f"INDEX({verdict_name(rule)},{number})"
            if rule.code == REQUIRED:
                yield f"{letter}{top}", f"{verdict}=0"
            else:
                area = f"{letter}{top}:{letter}{top + group.rows - 1}"
                yield area, f'AND({letter}{top}<>"",{verdict}=0)'
