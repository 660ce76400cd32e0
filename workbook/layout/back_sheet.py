"""Where things stand on 退回修改, the first sheet of a form that is sent back: its writer and its reader ask here.

The reader finds the columns by their heads, so that .xls and .ods, which keep no names, tell the same.
"""

from __future__ import annotations

NUMBER, PLACE, WRONG, STANDS, SHOULD, HOW, ANSWER, NOTE = (
    "序号", "位置", "问题", "现在是", "应为", "怎么改", "处理", "说明",
)  # fmt: skip
BACK_HEADS = (NUMBER, PLACE, WRONG, STANDS, SHOULD, HOW, ANSWER, NOTE)
"""The heads of its columns, from column A."""
SERIAL = "编号"
"""The label before which sending back it is; the cell to the right of it tells."""
FIXED, CHECKED, WAIVER = "已改", "核对无误", "请免"
ACTIONS = (FIXED, CHECKED, WAIVER)
"""What a department may answer to a problem."""
NEXT_PLACE = "下一处 →"
"""The link beside the form to the next problem's cell."""


def answer_name(number: int, what: str) -> str:
    """The defined name of an answer's cell: `answer.3.action`, `answer.3.note`."""
    return f"answer.{number}.{what}"


SERIAL_NAME = "answer.token"
