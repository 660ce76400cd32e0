"""自检: each rule live in the workbook, with its verdict, its message and a link; and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from xlsxwriter.worksheet import Worksheet

from builder import styles as st
from builder.sheets import Book, done
from builder.template.calc import message_text
from builder.template.widths import message_width, text_width
from workbook.address import column_range, letters, quote
from workbook.catalogue import REQUIRED
from workbook.checking import BROKEN, HOLDS, UNDECIDED, VERDICTS, Batch
from workbook.expression import literal
from workbook.form import CELL, GROUP, ROW, Rule
from workbook.layout import CALC_SHEET, CHECK_SHEET, CHECK_TOP, Formulas, check_lines

STATUS_NAME = "check.status"
"""The defined name of the sentence that says how many problems are open."""
MISSING = "必填"
_LEVELS = (MISSING, "错误", "提醒", "说明")
_FILLS = {"错误": st.ERROR_FILL, "提醒": st.WARNING_FILL, "说明": st.NOTE_FILL}
"""How a broken rule's verdict is coloured, by its level."""
_COLUMNS = (
    ("代码", 8),
    ("级别", 7),
    ("结论", 9),
    ("检查内容", 30),
    ("情况", 58),
    ("怎么办", 44),
    ("", 8),
)
_LINE_POINTS, _LEAST_LINES = 14.5, 2
"""The height of one line of text, a little more than any program needs; how many a row has at least."""
_FIRST_COLUMN, _OPEN_COLUMN = 8, 9
"""Hidden columns of 自检: the first row or group concerned, and how many cells are."""


def level(rule: Rule) -> str:
    """How a rule's severity reads on 自检."""
    return MISSING if rule.code == REQUIRED else rule.severity.chinese


# --- 自检 -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One line of 自检 and the verdicts it sums up."""

    key: str
    rules: tuple[Rule, ...]
    row: int
    cells: str
    """Its verdicts' cells on `_calc`."""
    verdicts: npt.NDArray[np.int8]
    """(rows or groups, rules), or (rules, 1) for rules of the form."""

    @property
    def rule(self) -> Rule:
        """The rule, or the first of a general check's."""
        return self.rules[0]

    @property
    def open(self) -> int:
        """How many cells are concerned."""
        return int((self.verdicts == BROKEN).sum())

    @property
    def first(self) -> int:
        """The first row, group or rule that is broken, from 1; 0 if none is."""
        broken = (self.verdicts == BROKEN).any(axis=1)
        return int(np.argmax(broken)) + 1 if broken.any() else 0


def _lines(formulas: Formulas, batch: Batch) -> list[Line]:
    lines = []
    for key, rules in check_lines(formulas.form).items():
        verdicts = np.stack([batch.judge(rule)[0] for rule in rules], axis=-1)
        verdicts = verdicts.T if rules[0].grain == CELL else verdicts
        row = formulas.layout.checks[key].row
        lines.append(Line(key, rules, row, verdict_cells(formulas, rules), verdicts))
    return lines


def verdict_cells(formulas: Formulas, rules: tuple[Rule, ...]) -> str:
    """The cells of `_calc` that hold the verdicts of rules of one code."""
    layout, first, last = formulas.layout, rules[0], rules[-1]
    if first.grain == CELL:
        top, bottom = layout.verdicts[first.key], layout.verdicts[last.key]
        return column_range(CALC_SHEET, 2, top.row, bottom.row)
    block = layout.blocks[first.section]
    columns = block.calc_columns if first.grain == ROW else block.group_columns
    top_row = block.calc_top if first.grain == ROW else block.group_top
    count = len(block.slots) if first.grain == ROW else len(block.groups)
    left, right = letters(columns[first.key]), letters(columns[last.key])
    return f"{quote(CALC_SHEET)}!${left}${top_row}:${right}${top_row + count - 1}"


def write_check(book: Book, sheet: Worksheet, formulas: Formulas, batch: Batch) -> None:
    """Write the sheet that the accountant reads."""
    lines = _lines(formulas, batch)
    _check_page(book, sheet, len(lines))
    _check_head(book, sheet, formulas, lines)
    for line in lines:
        _check_line(book, sheet, formulas, batch, line)
    last = CHECK_TOP + len(lines) - 1
    done(sheet.autofilter(CHECK_TOP - 2, 0, last - 1, 5))
    verdicts = f"C{CHECK_TOP}:C{last}"
    looks = {
        **{
            f'=AND($B{CHECK_TOP}="{name}",$C{CHECK_TOP}="{VERDICTS[BROKEN]}")': {
                "bg_color": fill,
                "bold": True,
            }
            for name, fill in _FILLS.items()
        },
        f'=AND($B{CHECK_TOP}="{MISSING}",$C{CHECK_TOP}="{VERDICTS[UNDECIDED]}")': {
            "bg_color": st.MISSING_FILL,
            "bold": True,
        },
        f'=$C{CHECK_TOP}="{VERDICTS[UNDECIDED]}"': {"font_color": st.SIDE_INK},
    }
    for criteria, properties in looks.items():
        look = {
            "type": "formula",
            "criteria": criteria,
            "format": book.add_format(properties),
            "stop_if_true": True,
        }
        done(sheet.conditional_format(verdicts, look))
    passed = book.add_format({"font_color": st.GOOD_INK})
    options = {"type": "cell", "criteria": "==", "value": literal("通过"), "format": passed}
    done(sheet.conditional_format(verdicts, options))


def _check_page(book: Book, sheet: Worksheet, count: int) -> None:
    for column, (_, width) in enumerate(_COLUMNS):
        done(sheet.set_column(column, column, width))
    done(sheet.set_column(_FIRST_COLUMN - 1, _OPEN_COLUMN - 1, 4, None, {"hidden": True}))
    sheet.freeze_panes(CHECK_TOP - 1, 0)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    done(sheet.repeat_rows(CHECK_TOP - 2))
    done(sheet.print_area(0, 0, CHECK_TOP + count - 2, 5))
    sheet.set_footer(f'&C&"{st.BODY_FONT},Regular"&9第 &P 页，共 &N 页')


def _check_head(book: Book, sheet: Worksheet, formulas: Formulas, lines: list[Line]) -> None:
    done(sheet.set_row(0, 30))
    title = book.style(**(st.TITLE | {"font_size": 16}))
    done(sheet.merge_range(0, 0, 0, 5, f"{formulas.form.name}　自检", title))
    text = book.style(**(st.BODY | {"font_color": st.SIDE_INK}))
    words = (
        "填写时自动更新。先补“必填”，再改“错误”；“提醒”请核对，无误可保留；“说明”仅供参考。"
        "还没有轮到的检查显示“未填全”，填好后自动改变。"
    )
    done(sheet.merge_range(1, 0, 1, 5, words, text))
    look = {"bg_color": st.BANNER_FILL, "font_color": st.BANNER_INK, "bold": True, "indent": 1}
    style = book.style(**(st.BODY | look))
    done(sheet.set_row(2, 24))
    done(sheet.merge_range(2, 0, 2, 5, "", style))
    status = _status_formula(len(lines))
    done(sheet.write_formula(2, 0, status, style, _status(_counts(lines))))
    done(book.define_name(STATUS_NAME, f"={quote(CHECK_SHEET)}!$A$3"))
    for column, (name, _) in enumerate(_COLUMNS):
        done(sheet.write_string(CHECK_TOP - 2, column, name, book.style(**st.HEAD)))


def _status_formula(count: int) -> str:
    levels = f"$B${CHECK_TOP}:$B${CHECK_TOP + count - 1}"
    column = letters(_OPEN_COLUMN)
    opens = f"${column}${CHECK_TOP}:${column}${CHECK_TOP + count - 1}"
    sums = [f"SUMIF({levels},{literal(name)},{opens})" for name in _LEVELS]
    words = ("未填 ", "错误 ", "提醒 ", "说明 ")
    parts = [f'IF({s}>0,"{w}"&{s}&" 处　","")' for s, w in zip(sums, words, strict=True)]
    doubts = [f'IF({s}>0,"{w}"&{s}&"{t}","")' for s, (w, t) in zip(sums[2:], _DOUBTS, strict=True)]
    return f'=IF({sums[0]}+{sums[1]}=0,"自检通过"&{"&".join(doubts)},"自检未通过：　"&{"&".join(parts)})'


_DOUBTS = (("　提醒 ", " 处，请核对，无误可以报送"), ("　说明 ", " 处，供参考"))
"""What is said of reminders and notes once nothing stands in the way."""


def _counts(lines: list[Line]) -> dict[str, int]:
    counts = dict.fromkeys(_LEVELS, 0)
    for line in lines:
        counts[level(line.rule)] += line.open
    return counts


def _status(counts: dict[str, int]) -> str:
    missing, errors, *doubts = counts.values()
    if missing + errors == 0:
        texts = zip(doubts, _DOUBTS, strict=True)
        return "自检通过" + "".join(f"{before}{n}{after}" for n, (before, after) in texts if n)
    words = zip(("未填", "错误", "提醒", "说明"), counts.values(), strict=True)
    parts = "".join(f"{word} {count} 处　" for word, count in words if count)
    return f"自检未通过：　{parts}"


def status_text(formulas: Formulas, batch: Batch) -> str:
    """The sentence at the head of the form, as its formula shows it."""
    return _status(_counts(_lines(formulas, batch)))


def _check_line(book: Book, sheet: Worksheet, formulas: Formulas, batch: Batch, line: Line) -> None:
    row, rule = line.row - 1, line.rule
    cell = book.style(**(st.BODY | st.GRIDDED))
    centre = book.style(**(st.BODY | st.GRIDDED | {"align": "center"}))
    link = book.style(**(st.BODY | st.GRIDDED | {"align": "center", "font_color": "#0563C1", "underline": 1}))  # fmt: skip
    done(sheet.write_string(row, 0, rule.code, centre))
    done(sheet.write_string(row, 1, level(rule), centre))
    done(
        sheet.write_formula(row, 2, _verdict_formula(formulas, line), centre, _verdict(batch, line))
    )
    done(sheet.write_string(row, 3, _title(formulas, line), cell))
    done(
        sheet.write_formula(
            row, 4, _situation(formulas, line), cell, _situation_text(formulas, batch, line)
        )
    )
    done(
        sheet.write_formula(
            row,
            5,
            f'=IF({_open_cell(line)}>0,{literal(rule.hint)},"")',
            cell,
            rule.hint if line.open else "",
        )
    )
    done(sheet.set_row(row, row_height(formulas, line.rules, _title(formulas, line))))
    link_text = "转到" if line.open else ""
    done(sheet.write_formula(row, 6, _link(formulas, line), link, link_text))
    first = f"=IF({_open_cell(line)}>0,{_first_formula(line)},0)"
    done(sheet.write_formula(row, _FIRST_COLUMN - 1, first, None, line.first))
    done(sheet.write_formula(row, _OPEN_COLUMN - 1, f"=COUNTIF({line.cells},0)", None, line.open))


def row_height(formulas: Formulas, rules: tuple[Rule, ...], title: str) -> float:
    """The points that the longest message a line can show needs, since no program fits a row to a result."""
    refers_to_rows = rules[0].general and rules[0].grain == ROW
    messages = [
        _REFERENCE_WIDTH if refers_to_rows else message_width(formulas.form, rule) for rule in rules
    ]
    widths = (
        (text_width(title), _COLUMNS[3][1]),
        (max(messages) + _AFFIX_WIDTH, _COLUMNS[4][1]),
        (max(text_width(rule.hint) for rule in rules), _COLUMNS[5][1]),
    )
    lines = max(-(-width // (column - 2)) for width, column in widths)
    return max(lines, _LEAST_LINES) * _LINE_POINTS + 4


_REFERENCE_WIDTH, _AFFIX_WIDTH = 40, 22
"""The width of “见该行右侧的提示”; of “第 12 行：” and “（共 12 处）”."""


def _open_cell(line: Line) -> str:
    return f"${letters(_OPEN_COLUMN)}{line.row}"


def _first_formula(line: Line) -> str:
    """The first row of the verdicts that has a 0."""
    top = line.cells.partition("!")[2].partition(":")[0].rsplit("$", 1)[1]
    return f"SUMPRODUCT(MIN(({line.cells}<>0)*99999+ROW({line.cells})))-{int(top) - 1}"


def _verdict(batch: Batch, line: Line) -> str:
    broken, undecided = line.open > 0, bool((line.verdicts == UNDECIDED).any())
    if line.rule.grain == ROW and not batch.used(batch.form.sections[line.rule.section]).any():
        undecided = True
    if broken:
        return VERDICTS[UNDECIDED if line.rule.code == REQUIRED else BROKEN]
    return VERDICTS[UNDECIDED if undecided else HOLDS]


def _verdict_formula(formulas: Formulas, line: Line) -> str:
    broken = VERDICTS[UNDECIDED if line.rule.code == REQUIRED else BROKEN]
    otherwise = f'IF(COUNTIF({line.cells},-1)>0,"{VERDICTS[UNDECIDED]}","{VERDICTS[HOLDS]}")'
    if line.rule.grain == ROW:
        block = formulas.layout.blocks[line.rule.section]
        used = column_range(CALC_SHEET, block.calc_columns["used"], block.calc_top,
                            block.calc_top + len(block.slots) - 1)  # fmt: skip
        otherwise = f'IF(SUM({used})=0,"{VERDICTS[UNDECIDED]}",{otherwise})'
    return f'=IF({_open_cell(line)}>0,"{broken}",{otherwise})'


def _title(formulas: Formulas, line: Line) -> str:
    if not line.rule.general:
        return line.rule.name
    if line.rule.grain == GROUP:
        return line.rule.name
    label = formulas.form.sections[line.rule.section].label
    return f"{label}：{line.rule.name.partition('：')[0]}"


def _situation(formulas: Formulas, line: Line) -> str:
    """The message with the figures of the first row concerned."""
    rule, first_cell = line.rule, f"${letters(_FIRST_COLUMN)}{line.row}"
    if rule.grain == CELL:
        messages = line.cells.replace("$B$", "$C$")
        text = (
            f"INDEX({messages},{first_cell})" if len(line.rules) > 1 else messages.partition(":")[0]
        )
    elif rule.general and rule.grain == ROW:
        text = f'"第 "&{_row_number(formulas, line, first_cell)}&" 行，见该行右侧的提示"'
    else:
        text = formulas.message(rule, formulas.nth(CHECK_SHEET, first_cell))
        if rule.grain == ROW:
            text = f'"第 "&{_row_number(formulas, line, first_cell)}&" 行："&{text}'
    return f'=IF({_open_cell(line)}>0,{text}&{_count_suffix(line)},"")'


def _count_suffix(line: Line) -> str:
    return f'IF({_open_cell(line)}>1,"（共 "&{_open_cell(line)}&" 处）","")'


def _situation_text(formulas: Formulas, batch: Batch, line: Line) -> str:
    if not line.open:
        return ""
    rule, first = line.rule, line.first
    count_suffix = f"（共 {line.open} 处）" if line.open > 1 else ""
    if rule.grain == CELL:
        return message_text(batch, line.rules[first - 1], 0) + count_suffix
    block = formulas.layout.blocks[rule.section]
    row = block.first + first - 1
    if rule.general and rule.grain == ROW:
        return f"第 {row} 行，见该行右侧的提示{count_suffix}"
    text = message_text(batch, rule, first - 1)
    return (f"第 {row} 行：{text}" if rule.grain == ROW else text) + count_suffix


def _row_number(formulas: Formulas, line: Line, first_cell: str) -> str:
    return f"({formulas.layout.blocks[line.rule.section].first - 1}+{first_cell})"


def _link(formulas: Formulas, line: Line) -> str:
    rule, first_cell = line.rule, f"${letters(_FIRST_COLUMN)}{line.row}"
    if rule.grain == CELL:
        targets = line.cells.replace("$B$", "$D$")
        target = (
            f"INDEX({targets},{first_cell})" if len(line.rules) > 1 else targets.partition(":")[0]
        )
    else:
        item = formulas.form.sections[rule.at[0].section].fields[rule.at[0].field]
        address = formulas.address(item, 1)
        column = f"{quote(address.sheet)}!{letters(address.column)}"
        target = f"{literal(column)}&{_row_number(formulas, line, first_cell)}"
        if rule.grain == GROUP:
            block = formulas.layout.blocks[rule.section]
            rows = ",".join(str(block.first + start) for start in block.starts)
            target = f"{literal(column)}&CHOOSE({first_cell},{rows})"
    return f'=IF({_open_cell(line)}>0,HYPERLINK("#"&{target},"转到"),"")'
