"""填报说明: the sheet that tells an accountant who opens the workbook for the first time what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from builder import styles as st
from builder.sheets import Book, WrittenSheet, done
from builder.template import selfcheck
from builder.template.results import Results
from workbook.expression import literal
from workbook.form import CELL, DEPARTMENT, Form
from workbook.layout import CHECK_SHEET

_STEPS = (
    (
        "在{papers}表的白色和黄色单元格里填写（黄色是必填而还没有填的）；选中单元格会出现填写提示。"
        "灰色、浅蓝色单元格由表自动处理，不能改动。"
    ),
    (
        "表顶的深色横条随时显示自检情况，点它可以看“{check}”表：哪一格有问题、为什么、怎么改，点“转到”跳到那一格。"
        "表格右边一列逐行写着本行还要处理什么：红字必须改，橙字请核对，灰字供参考。"
    ),
    (
        "横条显示“自检通过”后（有“提醒”的先核对，无误可以保留），直接保存为 .xlsx 文件报送。"
        "请不要改动工作表的名称、行列和公式，不要另外粘贴成新的表。需要纸质件时，只打印{papers}表。"
    ),
)
_ROWS_GIVEN = "有的行财政部门已经填好一部分（灰色），这些行都要填，只填其中白色、黄色的格。"
_COLOURS = (
    (st.INPUT_FILL, "白色：请填写"),
    (st.SUGGESTED_FILL, "浅黄色：表已按规则算好，必要时可以改写"),
    (st.COMPUTED_FILL, "浅蓝色：自动计算，不用填"),
    (st.PREFILLED_FILL, "灰色：表的文字或财政部门预先填好的内容，不能改"),
    (st.MISSING_FILL, "黄色：必填而未填"),
    (st.ERROR_FILL, "红色：有错误，必须改正"),
    (st.WARNING_FILL, "橙色：有疑问，请核对；确实无误的可以保留"),
    (st.NOTE_FILL, "蓝色：供参考的说明，可以不改"),
)


@dataclass(frozen=True, slots=True)
class SendBack:
    """By when and where to a form is sent back, where the roster says so."""

    deadline: date | None = None
    address: str = ""


def write(
    book: Book, sheet: WrittenSheet, results: Results, send_back: SendBack, *, rows_given: bool
) -> None:
    """Write the guide of a form: what is still to be done, how to fill it in, what colours mean.

    `rows_given` says that the bureau filled in rows of the form.
    """
    form = results.form
    done(sheet.set_column(0, 0, 4))
    done(sheet.set_column(1, 1, 92))
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 1)
    text = book.style(**(st.BODY | {"font_size": 11, "valign": "top"}))
    number = book.style(**(st.BODY | {"font_size": 11, "valign": "top", "align": "center"}))
    head = book.style(**st.BLOCK)
    done(sheet.set_row(0, 34))
    title = book.style(**(st.TITLE | {"font_size": 16}))
    done(sheet.merge_range(0, 0, 0, 1, f"{form.name}　填报说明", title))
    row = _write_checklist(book, sheet, results, send_back)
    papers = "和".join(f"“{paper.sheet}”" for paper in form.papers)
    steps = [step.format(papers=papers, check=CHECK_SHEET) for step in _STEPS]
    steps[0] += _may_stay_blank(form)
    if rows_given:
        steps[0] += _ROWS_GIVEN
    for caption, lines in (("怎样填", steps), ("填写要求", form.instructions)):
        if not lines:
            continue
        done(sheet.write_string(row, 0, caption, head))
        row += 1
        for line_number, line in enumerate(lines, 1):
            done(sheet.write_number(row, 0, line_number, number))
            done(sheet.write_string(row, 1, line, text))
            row += 1
        row += 1
    done(sheet.write_string(row, 0, "颜色", head))
    for fill, line in _COLOURS:
        row += 1
        done(sheet.write_blank(row, 0, None, book.style(bg_color=fill, **st.GRIDDED)))
        done(sheet.write_string(row, 1, line, text))


def _write_checklist(book: Book, sheet: WrittenSheet, results: Results, send_back: SendBack) -> int:
    """What to do before sending, with the state of 自检; returns the row below it (from 0)."""
    text = book.style(**(st.BODY | {"font_size": 11, "valign": "top"}))
    number = book.style(**(st.BODY | {"font_size": 11, "valign": "top", "align": "center"}))
    done(sheet.write_string(2, 0, "报送前", book.style(**st.BLOCK)))
    lines = (
        "填好：白色、黄色的单元格都看过。",
        "",
        "存盘：直接保存为 .xlsx 文件。",
        _send(send_back),
    )
    for row, line in enumerate(lines, 3):
        done(sheet.write_number(row, 0, row - 2, number))
        done(sheet.write_string(row, 1, line, text))
    status = selfcheck.status(results)
    results.write(sheet, 4, 1, f"={selfcheck.STATUS_NAME}", text, status)
    good = book.add_format({"font_color": st.GOOD_INK, "bold": True})
    passed = f"=LEFT($B$5,{len(selfcheck.PASSED)})={literal(selfcheck.PASSED)}"
    look = {"type": "formula", "criteria": passed, "format": good}
    done(sheet.conditional_format(4, 1, 4, 1, look))
    return len(lines) + 4


def _send(send_back: SendBack) -> str:
    """The last line of the checklist."""
    day = send_back.deadline
    by = f"{day.year}年{day.month}月{day.day}日前" if day else "按通知的期限"
    where = f"报送到 {send_back.address}" if send_back.address else "按通知的方式报送"
    return f"报送：{by}{'，' if not day and not send_back.address else ''}{where}。"


def _may_stay_blank(form: Form) -> str:
    """The fields about who fills it in that need not be filled in, by their labels."""
    section = form.sections[DEPARTMENT.partition(".")[0]]
    labels = [
        item.label
        for item in section.of_grain(CELL)
        if item.mode == "entered" and item.by == "department" and not item.required
    ]
    return f"{'、'.join(labels)}可以不填。" if labels else ""
