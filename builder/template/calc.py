"""The hidden sheet `_calc`, where the rules are worked out: the form's own rules one a row, the rules of
a repeating section one a column beside its rows. A verdict is 1 (holds), 0 (broken) or -1 (undecided).
"""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from builder.sheets import done
from workbook.address import Address, quote
from workbook.checking import Batch, value_at
from workbook.expression import OPS
from workbook.form import CELL, GROUP, ROW, Rule
from workbook.layout import CALC_SHEET, Block, Formulas


def write(sheet: Worksheet, formulas: Formulas, batch: Batch) -> None:
    """Write derived fields and every verdict."""
    layout = formulas.layout
    for rule in formulas.form.sheet_rules:
        if rule.grain == CELL:
            _form_rule(sheet, formulas, batch, rule, layout.verdicts[rule.key])
    for block in layout.blocks.values():
        _block_rows(sheet, formulas, batch, block)
        _block_groups(sheet, formulas, batch, block)


def _form_rule(
    sheet: Worksheet, formulas: Formulas, batch: Batch, rule: Rule, address: Address
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


def _block_rows(sheet: Worksheet, formulas: Formulas, batch: Batch, block: Block) -> None:
    section = block.section
    rules = {
        r.key: r for r in formulas.form.sheet_rules if r.section == section.id and r.grain == ROW
    }
    for name, column in block.calc_columns.items():
        title = rules[name].name if name in rules else name
        done(sheet.write_string(block.calc_top - 2, column - 1, title))
    verdicts = {key: batch.judge(rule) for key, rule in rules.items()}
    used = batch.used(section)
    for slot in block.slots:
        row = block.calc_top + slot.number - 2
        column = block.calc_columns["used"] - 1
        inputs = [
            formulas.on(formulas.address(item, slot.number), CALC_SHEET)
            for item in section.of_grain(ROW)
            if item.mode == "entered"
        ]
        any_filled = OPS["filled"].formula(inputs, 0.0)
        shown = float(used[0, slot.number - 1])
        done(sheet.write_formula(row, column, f"=IFERROR(IF({any_filled},1,0),1)", None, shown))
        for name, label in zip(section.levels, slot.path, strict=True):
            done(sheet.write_string(row, block.calc_columns[name] - 1, label))
        for item in section.of_grain(ROW):
            if item.mode == "derived":
                text = formulas.computed(item.key, CALC_SHEET, slot.number)
                value = value_at(batch, item, slot.number)
                done(sheet.write_formula(row, block.calc_columns[item.id] - 1, text, None, value))
        for key, rule in rules.items():
            text = formulas.verdict(rule, CALC_SHEET, slot.number)
            value = float(verdicts[key][0, slot.number - 1])
            done(sheet.write_formula(row, block.calc_columns[key] - 1, text, None, value))


def _block_groups(sheet: Worksheet, formulas: Formulas, batch: Batch, block: Block) -> None:
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
