"""The summary's sheet of what was typed for departments that are no longer there: kept, not lost."""

from __future__ import annotations

import pandas as pd

from builder.sheets import Book, Column, Heading, Listed, values, write_list
from builder.summary.lists import department_columns
from workbook.summary import HEADS

_NOTES = (
    "这些复核得分和备注是在上一份汇总表里填写的，这次的汇总中没有对应的单位（或该单位已有另一条），所以单列在此。",
    "下次汇总时会再找对应的单位；可在此改正预算编码或部门，不再需要的删去整行。",
)


def write_set_aside(book: Book, name: str, frame: pd.DataFrame) -> Listed:
    """One line an entry of `Summary.unmatched`, under the heads by which it is read back."""
    columns = [
        Column("form", HEADS["form"], 26, values(frame["form"])),
        Column("fiscal_year", HEADS["fiscal_year"], 8, values(frame["fiscal_year"]), "center"),
        *department_columns(frame, (12, 30)),
        Column("project", HEADS["project"], 26, values(frame["project"])),
        Column("review_score", HEADS["score"], 10, values(frame["review_score"]), "input"),
        Column("remark", HEADS["remark"], 36, values(frame["remark"]), "remark"),
        Column("place", "原来的位置", 18, values(frame["place"]), "center"),
    ]
    heading = Heading(name, "没有对应单位的复核", f"共 {len(frame)} 条", _NOTES)
    return write_list(book, heading, columns)
