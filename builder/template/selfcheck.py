"""自检: each rule live in the workbook, with its verdict, its message and a link; and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from xlsxwriter.format import Format

from builder import styles as st
from builder.sheets import Book, WrittenSheet, done
from builder.template import soonest
from builder.template.results import MISSING, CellResult, Line, Results, level, target
from builder.template.widths import message_width, text_width
from workbook.address import column_range, letters, quote
from workbook.catalogue import REQUIRED
from workbook.checking import BROKEN, HOLDS, UNDECIDED, VERDICTS
from workbook.expression import literal
from workbook.form import CELL, GROUP, ROW, Rule
from workbook.layout import (
    CALC_SHEET,
    CHECK_SHEET,
    CHECK_TOP,
    OTHER_WORD,
    VERDICT_WORDS,
    Formulas,
)

STATUS_NAME = "check.status"
"""The defined name of the sentence that says how many problems are open."""
PASSED = "自检通过"
"""How that sentence begins once nothing stands in the way of sending the form."""
_LEVELS = (MISSING, "错误", "提醒", "说明")
_FILLS = {"错误": st.ERROR_FILL, "提醒": st.WARNING_FILL, "说明": st.NOTE_FILL}
"""How a broken rule's verdict is coloured, by its level."""
_COLUMNS = (
    ("代码", 8),
    ("级别", 7),
    ("结论", 12),
    ("检查内容", 30),
    ("情况", 58),
    ("怎么办", 44),
    ("", 8),
)
_LINE_POINTS, _LEAST_LINES = 14.5, 2
"""The height of one line of text, a little more than any program needs; how many a row has at least."""
_FIRST_COLUMN, _OPEN_COLUMN, _LETTER_COLUMN = 8, 9, 10
"""Hidden columns of 自检: the first row or group concerned, how many cells are, the verdict's letter."""


# --- 自检 -----------------------------------------------------------------------------------------


def write_check(book: Book, sheet: WrittenSheet, results: Results) -> None:
    """Write the sheet that the accountant reads."""
    lines = results.lines
    _check_page(book, sheet)
    _check_head(book, sheet, results, lines)
    soonest.write(
        book, sheet, results, partial(_title, results.formulas), partial(_target_text, results)
    )
    for line in lines:
        _check_line(book, sheet, results, line)
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


def _check_page(book: Book, sheet: WrittenSheet) -> None:
    for column, (_, width) in enumerate(_COLUMNS):
        done(sheet.set_column(column, column, width))
    done(sheet.set_column(_FIRST_COLUMN - 1, soonest.TURN_COLUMN - 1, 4, None, {"hidden": True}))
    sheet.freeze_panes(3, 0)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 1)
    done(sheet.print_area(0, 0, CHECK_TOP - 4, 5))  # what is to be mended, not all that was checked


def _check_head(book: Book, sheet: WrittenSheet, results: Results, lines: Sequence[Line]) -> None:
    done(sheet.set_row(0, 30))
    title = book.style(**(st.TITLE | {"font_size": 16}))
    done(sheet.merge_range(0, 0, 0, 5, f"{results.form.name}　自检", title))
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
    results.write(sheet, 2, 0, _status_formula(len(lines)), style, _status_of(results, lines))
    colour_when_passed(book, sheet, 2, 5)
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
    return f'=IF({sums[0]}+{sums[1]}=0,"{PASSED}"&{"&".join(doubts)},"自检未通过：　"&{"&".join(parts)})'


_DOUBTS = (("　提醒 ", " 处，请核对，无误可以报送"), ("　说明 ", " 处，供参考"))
"""What is said of reminders and notes once nothing stands in the way."""


def _status_of(results: Results, lines: Sequence[Line]) -> CellResult:
    opens = {name: [line.open for line in lines if level(line.rule) == name] for name in _LEVELS}
    keys = results.origins(rule for line in lines for rule in line.rules)
    return CellResult(lambda i: _status(*(int(sum(o[i] for o in opens[n])) for n in _LEVELS)), keys)


def _status(missing: int, errors: int, reminders: int, notes: int) -> str:
    if missing + errors == 0:
        texts = zip((reminders, notes), _DOUBTS, strict=True)
        return PASSED + "".join(f"{before}{n}{after}" for n, (before, after) in texts if n)
    counts = zip(("未填", "错误", "提醒", "说明"), (missing, errors, reminders, notes), strict=True)
    parts = "".join(f"{word} {count} 处　" for word, count in counts if count)
    return f"自检未通过：　{parts}"


def colour_when_passed(book: Book, sheet: WrittenSheet, row: int, last_column: int) -> None:
    """Turn the banner that shows the status green once all is well (row and column from 0)."""
    passed = f'=LEFT({STATUS_NAME},{len(PASSED)})="{PASSED}"'
    green = book.add_format({"bg_color": st.GOOD_INK, "font_color": st.BANNER_INK})
    look = {"type": "formula", "criteria": passed, "format": green}
    done(sheet.conditional_format(row, 0, row, last_column, look))


def status(results: Results) -> CellResult:
    """The sentence at the head of the form."""
    return _status_of(results, results.lines)


def _check_line(book: Book, sheet: WrittenSheet, results: Results, line: Line) -> None:
    row, rule, formulas = line.row - 1, line.rule, results.formulas
    cell = book.style(**(st.BODY | st.GRIDDED))
    centre = book.style(**(st.BODY | st.GRIDDED | {"align": "center"}))
    done(sheet.write_string(row, 0, rule.code, centre))
    done(sheet.write_string(row, 1, level(rule), centre))
    done(sheet.write_string(row, 3, _title(formulas, line), cell))
    done(sheet.set_row(row, row_height(formulas, line.rules, _title(formulas, line))))
    keys = results.origins(line.rules)
    hint = f'=IF({_open_cell(line)}>0,{literal(rule.hint)},"")'
    first = f"=IF({_open_cell(line)}>0,{_first_formula(line)},0)"
    where = f'=IF({_open_cell(line)}>0,{_target(formulas, line)},"")'
    turn = f'=IF({_open_cell(line)}>0,{soonest.turn(line) or literal("")},"")'
    shown: tuple[tuple[int, str, Format | None, Callable[[int], str | float]], ...] = (
        (2, _verdict_formula(formulas, line), centre, lambda i: _verdict(results, line, i)),
        (4, _situation(formulas, line), cell, lambda i: _situation_text(results, line, i)),
        (5, hint, cell, lambda i: rule.hint if line.open[i] else ""),
        (
            6,
            _link(line),
            soonest.link_style(book, **st.GRIDDED),
            lambda i: soonest.LINK_WORD if line.open[i] else "",
        ),
        (_FIRST_COLUMN - 1, first, None, lambda i: int(line.first[i])),
        (_OPEN_COLUMN - 1, f"=COUNTIF({line.cells},0)", None, lambda i: int(line.open[i])),
        (_LETTER_COLUMN - 1, _letter_formula(line), None, lambda i: _letter(results, line, i)),
        (soonest.TARGET_COLUMN - 1, where, None, lambda i: _target_text(results, line, i)),
        (
            soonest.TURN_COLUMN - 1,
            turn,
            None,
            lambda i: (line.open[i] and soonest.turn(line)) or "",
        ),
    )
    for column, formula, style, of in shown:
        results.write(sheet, row, column, formula, style, CellResult(of, keys))


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


def _verdict(results: Results, line: Line, i: int) -> str:
    if line.open[i]:
        return VERDICTS[UNDECIDED if line.rule.code == REQUIRED else BROKEN]
    undecided = bool(line.undecided[i])
    if line.rule.grain == ROW:
        undecided |= not results.filled_rows(results.form.sections[line.rule.section])[i].any()
    return VERDICTS[UNDECIDED if undecided else HOLDS]


def _letter_formula(line: Line) -> str:
    formula = literal(OTHER_WORD)
    for letter, word in VERDICT_WORDS.items():
        formula = f'IF($C{line.row}="{word}","{letter}",{formula})'
    return f"={formula}"


def _letter(results: Results, line: Line, i: int) -> str:
    word = _verdict(results, line, i)
    return next(letter for letter, each in VERDICT_WORDS.items() if each == word)


def letters_of(results: Results) -> tuple[str, CellResult]:
    """The verdicts of all lines in one text, for the reader: the formula, and what it shows."""
    column = letters(_LETTER_COLUMN)
    formula = "&".join(f"{quote(CHECK_SHEET)}!${column}${line.row}" for line in results.lines)
    keys = results.origins(rule for line in results.lines for rule in line.rules)

    def shown(i: int) -> str:
        return "".join(_letter(results, line, i) for line in results.lines)

    return f"={formula}", CellResult(shown, keys)


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


def _situation_text(results: Results, line: Line, i: int) -> str:
    count, first, rule = int(line.open[i]), int(line.first[i]), line.rule
    if not count:
        return ""
    count_suffix = f"（共 {count} 处）" if count > 1 else ""
    if rule.grain == CELL:
        return results.message_text(line.rules[first - 1], 0, i) + count_suffix
    row = results.formulas.layout.blocks[rule.section].first + first - 1
    if rule.general and rule.grain == ROW:
        return f"第 {row} 行，见该行右侧的提示{count_suffix}"
    text = results.message_text(rule, first - 1, i)
    return (f"第 {row} 行：{text}" if rule.grain == ROW else text) + count_suffix


def _row_number(formulas: Formulas, line: Line, first_cell: str) -> str:
    return f"({formulas.layout.blocks[line.rule.section].first - 1}+{first_cell})"


def _link(line: Line) -> str:
    where = f"${letters(soonest.TARGET_COLUMN)}{line.row}"
    return f'=IF({_open_cell(line)}>0,{soonest.link_to(where)},"")'


def _target(formulas: Formulas, line: Line) -> str:
    """Where the first row concerned stands, as a link names it: a formula."""
    rule, first_cell = line.rule, f"${letters(_FIRST_COLUMN)}{line.row}"
    if rule.grain == CELL:
        targets = line.cells.replace("$B$", "$D$")
        return (
            f"INDEX({targets},{first_cell})" if len(line.rules) > 1 else targets.partition(":")[0]
        )
    rows = _row_number(formulas, line, first_cell)
    if rule.grain == GROUP:
        block = formulas.layout.blocks[rule.section]
        starts = ",".join(str(block.first + start) for start in block.starts)
        rows = f"CHOOSE({first_cell},{starts})"
    return f"{literal(_column_of(formulas, rule))}&{rows}"


def _target_text(results: Results, line: Line, i: int) -> str:
    """The same as text; blank if none is."""
    if not line.open[i]:
        return ""
    formulas, rule, first = results.formulas, line.rule, int(line.first[i])
    if rule.grain == CELL:
        return target(formulas, line.rules[first - 1])
    block = formulas.layout.blocks[rule.section]
    start = block.starts[first - 1] if rule.grain == GROUP else first - 1
    return f"{_column_of(formulas, rule)}{block.first + start}"


def _column_of(formulas: Formulas, rule: Rule) -> str:
    item = formulas.form.sections[rule.at[0].section].fields[rule.at[0].field]
    address = formulas.address(item, 1)
    return f"{quote(address.sheet)}!{letters(address.column)}"
