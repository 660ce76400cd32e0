"""退回修改通知: one page of a department's forms that go back, to be printed, sealed and sent with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from builder.word.document import (
    Box,
    add_table,
    clean,
    fill_table,
    keep_rows,
    name_document,
    save,
)
from builder.word.official import BODY, SIGNED, TITLE, opened

TITLE_OF_NOTICE = "关于退回修改绩效自评表的通知"
_WIDTHS = (1.0, 4.0, 9.0)


@dataclass(frozen=True, slots=True)
class NoticeForm:
    """One form of a department's, and what is wrong with it."""

    name: str
    """《部门整体支出绩效自评表》, with the project's name where there is one."""
    problems: Sequence[tuple[int, str, str]]
    """(number, where, what is wrong and how to mend it) of each."""
    is_carried: bool = True
    """Whether what the department filled in stands in the workbook that goes back; else that one is blank."""


def write_back_notice(
    path: Path,
    *,
    department: str,
    forms: Sequence[NoticeForm],
    by: date | None,
    why: str,
    contact: str,
    bureau: str,
    day: date | None,
) -> Path:
    """Write the notice of one sending back (.docx). Raises BuildError."""
    document, marked = opened(None)
    marked.insert_paragraph_before(TITLE_OF_NOTICE, style=TITLE)
    marked.insert_paragraph_before(clean(f"{department}："), style=BODY)
    names = "、".join(form.name for form in forms)
    until = f"请于 {by.year} 年 {by.month} 月 {by.day} 日前" if by else "请尽快"
    if any(form.problems for form in forms):
        wrong = "有下列问题"
        how = (
            "在上面改正、填好，并在“退回修改”表里逐条选明处理（核对无误、请免的写明理由）后报回；不要另用旧表填报。"
            "标“请核对”的，核对无误可以不改。"
        )
    else:
        wrong, how = "请照下面的意见修改", "在上面改好后报回；不要另用旧表填报。"
    marked.insert_paragraph_before(
        clean(f"你单位报来的{names}{wrong}。随通知退回的工作簿{_holding(forms)}，{until}{how}"),
        style=BODY,
    )
    if why:
        marked.insert_paragraph_before(clean(f"意见：{why}"), style=BODY)
    for form in (form for form in forms if form.problems):
        marked.insert_paragraph_before(
            clean(f"{form.name}（{len(form.problems)} 个问题）"), style=BODY
        )
        table = add_table(document, _WIDTHS, len(form.problems) + 1, marked)
        boxes = [
            Box(0, column, 0, column, text)
            for column, text in enumerate(("序号", "位置", "问题和改法"))
        ]
        for row, (number, place, text) in enumerate(form.problems, 1):
            boxes += [
                Box(row, 0, row, 0, str(number)),
                Box(row, 1, row, 1, clean(place), "left"),
                Box(row, 2, row, 2, clean(text), "left"),
            ]
        fill_table(table, boxes)
        keep_rows(table, heads=1)
    if contact:
        marked.insert_paragraph_before(clean(f"联系人：{contact}"), style=BODY)
    signed = [bureau, f"{day.year}年{day.month}月{day.day}日" if day else ""]
    for text in filter(None, signed):
        marked.insert_paragraph_before(clean(text), style=SIGNED)
    marked._p.getparent().remove(marked._p)
    name_document(document, TITLE_OF_NOTICE)
    return save(document, path)


def _holding(forms: Sequence[NoticeForm]) -> str:
    """What stands in the workbooks that go with the notice."""
    if all(form.is_carried for form in forms):
        return "里带着你单位填报的内容"
    if any(form.is_carried for form in forms):
        return "，能读的带着你单位填报的内容，不能用的是空表"
    return "是空表"
