"""退回修改: the first sheet of a form that goes back to a department, and the marks at the cells that it speaks of.

It speaks to the accountant: what is wrong and where by its label, what stands there, what should, how to mend it; no
codes, and nothing meant for the clerk. Beside each problem the department chooses what it did about it, and says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from builder import styles as st
from builder.sheets import Book, WrittenSheet, done
from builder.template.selfcheck import PASSED, STATUS_NAME
from builder.template.widths import text_width
from workbook.address import Address, letters, quote
from workbook.expression import literal, number_text
from workbook.form import BACK_SHEET, Value, serial
from workbook.layout import (
    ACTIONS,
    BACK_HEADS,
    CHECKED,
    FIXED,
    NEXT_PLACE,
    SERIAL,
    SERIAL_NAME,
    WAIVER,
    Layout,
    answer_name,
)

_WIDTHS = (6.0, 20.0, 36.0, 16.0, 14.0, 34.0, 12.0, 26.0)
_LAST = len(_WIDTHS) - 1
_NUMBER, _PLACE, _ANSWER, _NOTE = 0, 1, 6, 7
_WHY_ROW, _HEAD_ROW = 5, 6
"""The rows of the bureau's own words and of the heads, from 0."""
_POINTS, _MOST_POINTS = 14.0, 400.0
MOST_NOTES = 30
"""So many problems have a note at their cell; the rest stand in the list alone."""
_MOST_TESTS = 12
"""So many other cells of a problem are watched for a change."""
_LONGEST_TEXT = 250
"""Characters of a text that a conditional format's formula may hold, and some to spare."""
SEVERITY_WORDS = {"error": "须改正", "warning": "请核对"}
_HOW_TO = (
    f"请在表里直接改，点“位置”就跳到那一格。每个问题在“处理”里选一项：改好的选“{FIXED}”；核对过、确实没有错的选“{CHECKED}”；"
    f"确有特殊情况、请求不改的选“{WAIVER}”。后两种请在“说明”里写明理由。填好后保存，就把这个文件报回来。"
)
_HOW_TO_BY_WORDS = "请照意见在表里直接改，改好保存，就把这个文件报回来。"


@dataclass(frozen=True, slots=True)
class BackItem:
    """One problem, as the department is told of it."""

    number: int
    severity: str
    """error or warning."""
    place: str
    """Where, by the label: `产出指标“培训人次”的自评得分（自评表 H21）`."""
    target: Address | None
    names: tuple[str, ...]
    """The defined names of the cells that it is about."""
    message: str
    stands: str
    should: str
    """The one right value; blank where there is none."""
    hint: str
    before: str = ""
    """What was answered the last time, and what the bureau said of it."""


@dataclass(frozen=True, slots=True)
class BackLetter:
    """What a department is told when its form goes back."""

    title: str
    greeting: str
    """Whose form, by when, sent back the how-manieth time: one paragraph."""
    contact: str
    token: str
    """Which sending back it is: the answers come back under it."""
    items: tuple[BackItem, ...]
    """The most important first."""
    left_over: tuple[tuple[str, str], ...] = ()
    """(where it stood, what it was) of what could not be carried into a fresh form."""
    bureau: str = ""
    day: date | None = None
    why: str = ""
    """What the bureau says besides, in its own words."""


def write(book: Book, sheet: WrittenSheet, letter: BackLetter) -> None:
    """Write the sheet; it prints as the notice."""
    for column, width in enumerate(_WIDTHS):
        done(sheet.set_column(column, column, width))
    body = book.style(**st.BODY)
    rows = (
        (letter.title, book.style(**st.TITLE), 32.0),
        (letter.greeting, body, 0.0),
        (_HOW_TO if letter.items else _HOW_TO_BY_WORDS, body, 0.0),
    )
    for row, (text, style, height) in enumerate(rows):
        done(sheet.merge_range(row, 0, row, _LAST, "", style))
        done(sheet.write_string(row, 0, text, style))
        done(sheet.set_row(row, height or _height(((text, sum(_WIDTHS)),))))
    done(sheet.merge_range(3, 0, 3, _ANSWER - 1, "", body))
    done(sheet.write_string(3, 0, letter.contact, body))
    small = book.style(**(st.SMALL | {"align": "right"}))
    done(sheet.write_string(3, _ANSWER, SERIAL, small))
    done(sheet.write_string(3, _NOTE, letter.token, book.style(**st.SMALL)))
    done(book.define_name(SERIAL_NAME, f"={_absolute(3, _NOTE)}"))
    _write_progress(book, sheet, letter)
    if letter.why:
        said, strong = f"意见：{letter.why}", book.style(**(st.BODY | {"bold": True}))
        done(sheet.merge_range(_WHY_ROW, 0, _WHY_ROW, _LAST, "", strong))
        done(sheet.write_string(_WHY_ROW, 0, said, strong))
        done(sheet.set_row(_WHY_ROW, _height(((said, sum(_WIDTHS)),))))
    head = book.style(**st.HEAD)
    for column, text in enumerate(BACK_HEADS if letter.items else ()):
        done(sheet.write_string(_HEAD_ROW, column, text, head))
    for number, item in enumerate(letter.items):
        _write_item(book, sheet, _HEAD_ROW + 1 + number, item)
    end = _write_left_over(book, sheet, _HEAD_ROW + 2 + len(letter.items), letter.left_over)
    right = book.style(**(st.BODY | {"align": "right"}))
    day = f"{letter.day.year} 年 {letter.day.month} 月 {letter.day.day} 日" if letter.day else ""
    for text in filter(None, (letter.bureau, day)):
        done(sheet.merge_range(end, _ANSWER - 1, end, _LAST, "", right))
        done(sheet.write_string(end, _ANSWER - 1, text, right))
        end += 1
    _set_up(sheet, end, letter)


def _set_up(sheet: WrittenSheet, end: int, letter: BackLetter) -> None:
    sheet.freeze_panes(_HEAD_ROW + 1, 0)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.print_black_and_white()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.set_footer(f'&C&"{st.BODY_FONT},Regular"&9第 &P 页，共 &N 页')
    done(sheet.print_area(0, 0, end, _LAST))
    done(sheet.repeat_rows(_HEAD_ROW))
    if letter.items:
        sheet.set_selection(_HEAD_ROW + 1, _ANSWER, _HEAD_ROW + 1, _ANSWER)


def _write_progress(book: Book, sheet: WrittenSheet, letter: BackLetter) -> None:
    """How many problems are still without an answer, or without the reason that theirs needs."""
    style = book.style(**(st.BODY | {"bold": True, "font_color": st.BAD_INK}))
    done(sheet.merge_range(4, 0, 4, _LAST, "", style))
    if not letter.items:
        done(sheet.write_string(4, 0, "", style))
        return
    first, last = _HEAD_ROW + 2, _HEAD_ROW + 1 + len(letter.items)
    answers, notes = (
        f"${letters(c + 1)}${first}:${letters(c + 1)}${last}" for c in (_ANSWER, _NOTE)
    )
    answered = "+".join(f"COUNTIF({answers},{literal(action)})" for action in ACTIONS)
    unanswered = f"({len(letter.items)}-{answered.replace('+', '-')})"
    explained = f"(({answers}={literal(CHECKED)})+({answers}={literal(WAIVER)}))"
    unexplained = f"SUMPRODUCT({explained}*(LEN(TRIM({notes}))=0))"
    is_faulty = f'LEFT({STATUS_NAME},{len(PASSED)})<>"{PASSED}"'
    formula = (
        f'=IF({unanswered}>0,"还有 "&{unanswered}&" 个问题没有选“处理”。","")'
        f'&IF({unexplained}>0,"还有 "&{unexplained}&" 处没有写“说明”。","")'
        f'&IF({unanswered}+{unexplained}=0,IF({is_faulty},"都处理了，但"&{STATUS_NAME},"都处理了，可以报回。"),"")'
    )
    done(
        sheet.write_formula(4, 0, formula, style, f"还有 {len(letter.items)} 个问题没有选“处理”。")
    )
    green = book.add_format({"font_color": st.GOOD_INK})
    done(sheet.conditional_format(4, 0, 4, _LAST, {
        "type": "formula", "format": green,
        "criteria": f'=AND({unanswered}+{unexplained}=0,LEFT({STATUS_NAME},{len(PASSED)})="{PASSED}")',
    }))  # fmt: skip


def _write_item(book: Book, sheet: WrittenSheet, row: int, item: BackItem) -> None:
    text = book.style(**(st.BODY | st.GRIDDED | {"valign": "top"}))
    centre = book.style(**(st.BODY | st.GRIDDED | {"valign": "top", "align": "center"}))
    link = book.style(
        **(st.BODY | st.GRIDDED | {"valign": "top", "font_color": st.LINK_INK, "underline": 1})
    )
    open_cell = st.BODY | st.GRIDDED | {"valign": "top", "locked": False, "num_format": "@"}
    done(sheet.write_number(row, _NUMBER, item.number, centre))
    if item.target is None:
        done(sheet.write_string(row, _PLACE, item.place, text))
    else:
        target = literal(f"#{quote(item.target.sheet)}!{item.target.a1}")
        formula = f"=HYPERLINK({target},{literal(item.place[:_LONGEST_TEXT])})"
        done(sheet.write_formula(row, _PLACE, formula, link, item.place[:_LONGEST_TEXT]))
    wrong = f"{SEVERITY_WORDS[item.severity]}：{item.message}" + (
        f"（{item.before}）" if item.before else ""
    )
    words = ((2, wrong), (3, item.stands), (4, item.should), (5, item.hint))
    for column, words_there in words:
        done(sheet.write_string(row, column, words_there, text))
    done(sheet.write_blank(row, _ANSWER, None, book.style(**(open_cell | {"align": "center"}))))
    done(sheet.write_blank(row, _NOTE, None, book.style(**open_cell)))
    done(sheet.data_validation(row, _ANSWER, row, _ANSWER, {
        "validate": "list", "source": list(ACTIONS), "input_title": "处理",
        "input_message": f"改好的选“{FIXED}”；没有错的选“{CHECKED}”，请求不改的选“{WAIVER}”，并写说明",
        "error_title": "处理", "error_message": "请从列表中选择",
    }))  # fmt: skip
    done(sheet.data_validation(row, _NOTE, row, _NOTE, {
        "validate": "length", "criteria": "<=", "value": 500, "input_title": "说明",
        "input_message": f"选“{CHECKED}”“{WAIVER}”的，写明理由、依据", "error_title": "说明", "error_message": "请不要超过 500 字",
    }))  # fmt: skip
    action, note = (f"${letters(column + 1)}{row + 1}" for column in (_ANSWER, _NOTE))
    missing = book.add_format({"bg_color": st.MISSING_FILL})
    for column, test in (
        (_ANSWER, f'={action}=""'),
        (_NOTE, f'=AND({action}<>"",{action}<>{literal(FIXED)},LEN(TRIM({note}))=0)'),
    ):
        done(
            sheet.conditional_format(
                row, column, row, column, {"type": "formula", "criteria": test, "format": missing}
            )
        )
    for column, what in ((_ANSWER, "action"), (_NOTE, "note")):
        done(book.define_name(answer_name(item.number, what), f"={_absolute(row, column)}"))
    # The row's height is left to the program, which then lets it grow with what is typed.


def _write_left_over(
    book: Book, sheet: WrittenSheet, row: int, left_over: Sequence[tuple[str, str]]
) -> int:
    """What could not be carried over, so that nothing is lost; returns the first free row."""
    if not left_over:
        return row
    bold = book.style(**(st.BODY | {"bold": True}))
    text = book.style(**(st.BODY | st.GRIDDED | {"valign": "top"}))
    done(sheet.merge_range(row, 0, row, _LAST, "", bold))
    done(
        sheet.write_string(
            row,
            0,
            "原表里的这些内容不在可以填写的格里，没有带过来；需要的请填到表里合适的格：",
            bold,
        )
    )
    for where, what in left_over:
        row += 1
        for first, last, words in ((0, 1, where), (2, _LAST, what)):
            done(sheet.merge_range(row, first, row, last, "", text))
            done(sheet.write_string(row, first, words, text))
        done(sheet.set_row(row, _height(((where, sum(_WIDTHS[:2])), (what, sum(_WIDTHS[2:]))))))
    return row + 2


def _height(texts: Sequence[tuple[str, float]]) -> float:
    """The points that the longest of some texts needs in columns of so many characters."""
    lines = max(
        sum(-(-max(text_width(part), 1) // max(int(width) - 1, 1)) for part in text.split("\n"))
        for text, width in texts
    )
    return min(max(lines, 1) * _POINTS + 6, _MOST_POINTS)


def _absolute(row: int, column: int) -> str:
    return f"{quote(BACK_SHEET)}!${letters(column + 1)}${row + 1}"


# --- on the form itself ----------------------------------------------------------------------------------


def mark(
    book: Book,
    sheets: Mapping[str, WrittenSheet],
    layout: Layout,
    letter: BackLetter,
    values: Mapping[str, Value],
) -> None:
    """Colour the cells that the letter speaks of while they hold what they held, and lead from each to the next."""
    fills = {
        "error": book.add_format({"bg_color": st.ERROR_FILL}),
        "warning": book.add_format({"bg_color": st.WARNING_FILL}),
    }
    link = book.style(
        **(
            st.BODY
            | {"font_size": 9, "font_color": st.LINK_INK, "underline": 1, "text_wrap": False}
        )
    )
    noted: set[tuple[str, int, int]] = set()
    for item in letter.items:
        inputs = [
            (spot, _unchanged(spot.address, values.get(name)))
            for name in item.names
            if (spot := layout.spots.get(name)) is not None
            and spot.address.sheet in sheets
            and spot.field.is_input
        ]
        for spot, own in inputs:
            # What was mended at one of a problem's cells is mended at all; the form's own hints go on watching.
            beside = [
                test
                for other, test in inputs
                if other is not spot and other.address.sheet == spot.address.sheet
            ][:_MOST_TESTS]
            tests = [f"{answer_name(item.number, 'action')}<>{literal(FIXED)}", own, *beside]
            done(
                sheets[spot.address.sheet].conditional_format(
                    spot.area,
                    {
                        "type": "formula",
                        "criteria": f"=AND({','.join(tests)})",
                        "format": fills[item.severity],
                    },
                )
            )
    for item in letter.items[:MOST_NOTES]:
        if item.target is None or item.target.sheet not in sheets:
            continue
        place = (item.target.sheet, item.target.row, item.target.column)
        if place not in noted:
            noted.add(place)
            told = "\n".join(
                f"{each.number}. {each.message}。{each.hint}"
                for each in letter.items
                if each.target == item.target
            )
            done(sheets[item.target.sheet].write_comment(
                item.target.row - 1, item.target.column - 1, told[:1000],
                {"author": letter.bureau or BACK_SHEET, "x_scale": 2.2, "y_scale": 1.6, "font_name": st.BODY_FONT, "font_size": 9},
            ))  # fmt: skip
    for here, there in _chain(letter.items, sheets):
        page = layout.pages[here.sheet]
        target = f"#{quote(there.sheet)}!{there.a1}" if there else f"#{quote(BACK_SHEET)}!A1"
        formula = f"=HYPERLINK({literal(target)},{literal(NEXT_PLACE)})"
        done(
            sheets[here.sheet].write_formula(
                here.row - 1, page.hint_column + 1, formula, link, NEXT_PLACE
            )
        )
    for name in dict.fromkeys(here.sheet for here, _ in _chain(letter.items, sheets)):
        column = layout.pages[name].hint_column + 1
        done(sheets[name].set_column(column, column, 11))


def _chain(
    items: Sequence[BackItem], sheets: Mapping[str, WrittenSheet]
) -> Iterator[tuple[Address, Address | None]]:
    """Each row in which there is a problem, with the next one; none after the last."""
    places = sorted(
        {item.target for item in items if item.target is not None and item.target.sheet in sheets},
        key=lambda at: (list(sheets).index(at.sheet), at.row, at.column),
    )
    rows: dict[tuple[str, int], Address] = {}
    for at in places:
        rows.setdefault((at.sheet, at.row), at)
    in_order = list(rows.values())
    yield from zip(in_order, [*in_order[1:], None], strict=False)  # of none there is no last


def _unchanged(at: Address, value: Value) -> str:
    """A condition that is true while a cell holds what it held."""
    cell = f"${letters(at.column)}${at.row}"
    if isinstance(value, date):
        value = serial(value)
    if value is None or value == "":
        return f"LEN({cell})=0"
    if isinstance(value, str):
        if len(value) > _LONGEST_TEXT or "\n" in value:
            return f"LEN({cell})={len(value)}"
        return f"{cell}={literal(value)}"
    return f"{cell}={number_text(float(value))}"
