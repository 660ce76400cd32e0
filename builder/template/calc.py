"""The hidden sheet `_calc`, where the rules are worked out: the form's own rules one a row, the rules of
a repeating section one a column beside its rows. A verdict is 1 (holds), 0 (broken) or -1 (undecided).
"""

from __future__ import annotations

from collections.abc import Sequence

from builder.sheets import Sheet, done
from workbook.address import Address, letters, quote
from workbook.checking import Batch, value_at
from workbook.expression import OPS
from workbook.form import CELL, GROUP, ROW, Field, Rule
from workbook.layout import CALC_SHEET, Block, Formulas


def write(sheet: Sheet, formulas: Formulas, batch: Batch) -> None:
    """Write derived fields and every verdict."""
    layout = formulas.layout
    for rule in formulas.form.sheet_rules:
        if rule.grain == CELL:
            _form_rule(sheet, formulas, batch, rule, layout.verdicts[rule.key])
    for block in layout.blocks.values():
        _block_rows(sheet, formulas, batch, block)
        _block_groups(sheet, formulas, batch, block)


def _form_rule(
    sheet: Sheet, formulas: Formulas, batch: Batch, rule: Rule, address: Address
) -> None:
    row = address.row - 1
    done(sheet.write_string(row, 0, rule.key))
    verdict = formulas.verdict(rule, CALC_SHEET)
    done(sheet.write_formula(row, 1, verdict, None, float(batch.judge(rule)[0, 0])))
    message = formulas.message(rule, formulas.cell(CALC_SHEET))
    done(sheet.write_formula(row, 2, f"={message}", None, message_text(batch, rule, 0)))
    done(sheet.write_string(row, 3, _target(formulas, rule)))


def _target(formulas: Formulas, rule: Rule) -> str:
    item = formulas.form.sections[rule.at[0].section].fields[rule.at[0].field]
    address = formulas.address(item, 0)
    return f"{quote(address.sheet)}!{address.a1}"


def _block_rows(sheet: Sheet, formulas: Formulas, batch: Batch, block: Block) -> None:
    section = block.section
    derived = {f.id: f for f in section.of_grain(ROW) if f.mode == "derived"}
    rules = {
        r.key: r for r in formulas.form.sheet_rules if r.section == section.id and r.grain == ROW
    }
    top = block.calc_top - 1
    for name, number in block.calc_columns.items():
        column = number - 1
        done(sheet.write_string(top - 1, column, rules[name].name if name in rules else name))
        if name in section.levels:
            done(sheet.write_column(top, column, _labels(block, name)))
        elif name == "used":
            shown = batch.used(section)[0] * 1.0
            sheet.write_down(top, column, _used(formulas, block), shown.tolist())
        elif name in rules:
            _down(sheet, formulas, block, rules[name], batch.judge(rules[name])[0] * 1.0)
        elif name in derived:
            item = derived[name]
            _down(
                sheet, formulas, block, item, [value_at(batch, item, s.number) for s in block.slots]
            )
    for item in block.mirrored:
        column = block.calc_columns[item.id] - 1
        for slot in block.slots:
            text = formulas.mirrored(item, slot.number)
            value = value_at(batch, item, slot.number)
            done(sheet.write_formula(top + slot.number - 1, column, text, None, value))


def _labels(block: Block, level: str) -> list[str]:
    depth = block.section.levels.index(level)
    return [slot.path[depth] for slot in block.slots]


def _used(formulas: Formulas, block: Block) -> str:
    """1 in a row in which something is filled in."""
    entered = [f for f in block.mirrored if f.mode == "entered"]
    inputs = [f"${letters(block.calc_columns[f.id])}{block.calc_top}" for f in entered]
    return f"=IFERROR(IF({OPS['filled'].formula(inputs, 0.0)},1,0),1)"


def _down(
    sheet: Sheet,
    formulas: Formulas,
    block: Block,
    source: Rule | Field,
    shown: Sequence[str | float],
) -> None:
    """A column of one formula: shared, unless it looks at another sheet's cells."""
    key = source.key
    column = block.calc_columns[key if isinstance(source, Rule) else source.id] - 1

    def text(number: int) -> str:
        if isinstance(source, Rule):
            return formulas.verdict(source, CALC_SHEET, number)
        return formulas.computed(key, CALC_SHEET, number)

    for first, last in formulas.runs(block.section, formulas.refs(source)):
        row, formula = block.calc_top + first - 2, text(first)
        if "!" not in formula:
            sheet.write_down(row, column, formula, shown[first - 1 : last])
            continue
        for number in range(first, last + 1):
            value = shown[number - 1]
            done(sheet.write_formula(row + number - first, column, text(number), None, value))


def _block_groups(sheet: Sheet, formulas: Formulas, batch: Batch, block: Block) -> None:
    section = block.section
    rules = {
        r.key: r for r in formulas.form.sheet_rules if r.section == section.id and r.grain == GROUP
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
                done(sheet.write_formula(row, column, text, None, value_at(batch, item, number)))
        for key, rule in rules.items():
            text = formulas.verdict(rule, CALC_SHEET, number)
            value = float(batch.judge(rule)[0, number - 1])
            done(sheet.write_formula(row, block.group_columns[key] - 1, text, None, value))


def message_text(batch: Batch, rule: Rule, index: int) -> str:
    """A rule's message about the batch's only submission, at a row or group (from 0)."""
    return "".join(
        part.words if part.node is None else batch.shown(part, rule)(0, index)
        for part in rule.message
    )
