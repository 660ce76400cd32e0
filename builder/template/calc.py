"""The hidden sheet `_calc`, where the rules are worked out: the form's own rules one a row, the rules of
a repeating section one a column beside its rows. A verdict is 1 (holds), 0 (broken) or -1 (undecided).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from builder.sheets import WrittenSheet, done
from builder.template import hints
from builder.template.results import ColumnResult, Results, target
from workbook.address import Address, letters
from workbook.expression import OPS, Ref
from workbook.form import CELL, GROUP, ROW, Field, Rule
from workbook.layout import CALC_SHEET, HINT, Block


def write(sheet: WrittenSheet, results: Results) -> None:
    """Write derived fields and every verdict."""
    layout = results.formulas.layout
    for rule in results.form.sheet_rules:
        if rule.grain == CELL:
            _form_rule(sheet, results, rule, layout.verdicts[rule.key])
    for key, address in layout.mirrored.items():
        item = results.form.field_of(key)
        done(sheet.write_string(address.row - 1, 0, key))
        text = results.formulas.mirrored(item)
        results.write(sheet, address.row - 1, 1, text, None, results.value(item, 0))
    for block in layout.blocks.values():
        _block_rows(sheet, results, block)
        _block_groups(sheet, results, block)


def _form_rule(sheet: WrittenSheet, results: Results, rule: Rule, address: Address) -> None:
    row, formulas = address.row - 1, results.formulas
    done(sheet.write_string(row, 0, rule.key))
    verdict = formulas.verdict(rule, CALC_SHEET)
    results.write(sheet, row, 1, verdict, None, results.verdicts(rule).cell(0))
    message = formulas.message(rule, formulas.cell(CALC_SHEET))
    results.write(sheet, row, 2, f"={message}", None, results.message(rule))
    done(sheet.write_string(row, 3, target(formulas, rule)))


def _block_rows(sheet: WrittenSheet, results: Results, block: Block) -> None:
    section, formulas = block.section, results.formulas
    derived = {f.id: f for f in section.of_grain(ROW) if f.mode == "derived"}
    rules = {
        r.key: r for r in results.form.sheet_rules if r.section == section.id and r.grain == ROW
    }
    top = block.calc_top - 1
    for name, number in block.calc_columns.items():
        column = number - 1
        done(sheet.write_string(top - 1, column, rules[name].name if name in rules else name))
        if name in section.levels:
            done(sheet.write_column(top, column, _labels(block, name)))
        elif name == "used":
            results.write_down(sheet, top, column, _used(block), results.used(section))
        elif name in rules:
            _down(sheet, results, block, rules[name], results.verdicts(rules[name]))
        elif name in derived:
            _down(sheet, results, block, derived[name], results.values(derived[name]))
    _hints(sheet, results, block)
    for item in block.mirrored:
        column = block.calc_columns[item.id] - 1
        texts = (formulas.mirrored(item, slot.number) for slot in block.slots)
        results.write_each(sheet, top, column, texts, results.values(item))


def _hints(sheet: WrittenSheet, results: Results, block: Block) -> None:
    column, refs = block.calc_columns[HINT] - 1, hints.row_hint_refs(results, block)
    text = partial(hints.row_hint_formula, results, block)
    _column(sheet, results, block, column, refs, text, hints.row_hints(results, block))


def _labels(block: Block, level: str) -> list[str]:
    depth = block.section.levels.index(level)
    return [slot.path[depth] for slot in block.slots]


def _used(block: Block) -> str:
    """1 in a row in which something is filled in."""
    entered = [f for f in block.mirrored if f.mode == "entered"]
    inputs = [f"${letters(block.calc_columns[f.id])}{block.calc_top}" for f in entered]
    return f"=IFERROR(IF({OPS['filled'].formula(inputs, 0.0)},1,0),1)"


def _down(
    sheet: WrittenSheet,
    results: Results,
    block: Block,
    source: Rule | Field,
    shown: ColumnResult,
) -> None:
    """A column of one formula: shared, unless it looks at another sheet's cells."""
    formulas, key = results.formulas, source.key
    column = block.calc_columns[key if isinstance(source, Rule) else source.id] - 1

    def text(number: int) -> str:
        if isinstance(source, Rule):
            return formulas.verdict(source, CALC_SHEET, number)
        return formulas.computed(key, CALC_SHEET, number)

    _column(sheet, results, block, column, formulas.refs(source), text, shown)


def _column(
    sheet: WrittenSheet,
    results: Results,
    block: Block,
    column: int,
    refs: Sequence[Ref],
    text: Callable[[int], str],
    shown: ColumnResult,
) -> None:
    """A column of one formula that has such references, `text` of the Nth row."""
    for first, last in results.formulas.runs(block.section, refs):
        row, formula, part = block.calc_top + first - 2, text(first), shown.part(first - 1, last)
        if "!" in formula:
            results.write_each(sheet, row, column, map(text, range(first, last + 1)), part)
        else:
            results.write_down(sheet, row, column, formula, part)


def _block_groups(sheet: WrittenSheet, results: Results, block: Block) -> None:
    section, formulas = block.section, results.formulas
    rules = {
        r.key: r for r in results.form.sheet_rules if r.section == section.id and r.grain == GROUP
    }
    for name, column in block.group_columns.items():
        title = rules[name].name if name in rules else name
        done(sheet.write_string(block.group_top - 2, column - 1, title))
    for number, group in enumerate(block.groups, 1):
        row = block.group_top + number - 2
        for item in section.of_grain(GROUP):
            column = block.group_columns[item.id] - 1
            if item.mode == "label":
                done(sheet.write_string(row, column, group.path[0]))
            elif item.mode == "fixed" and group.weight is not None:
                done(sheet.write_number(row, column, group.weight))
            elif item.mode != "fixed" and item.key not in formulas.layout.by_key:
                text = formulas.computed(item.key, CALC_SHEET, number)
                results.write(sheet, row, column, text, None, results.value(item, number))
        for key, rule in rules.items():
            text = formulas.verdict(rule, CALC_SHEET, number)
            column = block.group_columns[key] - 1
            results.write(sheet, row, column, text, None, results.verdicts(rule).cell(number - 1))
