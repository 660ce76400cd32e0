"""What an accountant is told: a problem's place by its label, and remedies that are hers, not the clerk's."""

from __future__ import annotations

from workbook.catalogue import CATALOGUE
from workbook.findings import Finding
from workbook.form import shown
from workbook.layout import lay_out
from workbook.reading import Submission

_RESAVE = "请在 Excel、WPS 里打开填好的表，另存为 .xlsx 再报。"
_FRESH = "退回的这份表已经恢复原样，请在上面填报。"
_HINTS = {
    "W101": _RESAVE, "W102": _RESAVE, "W104": _RESAVE, "W107": _RESAVE, "W108": "请填在发下的表里报来。",
    "W103": "请填在发下的表里，保存为 .xlsx 报来。", "W105": "请取消打开密码再报。", "W106": _RESAVE,
    "W109": "请用这一次发下的表填报。", "W110": "请填写后再报。", "W111": _FRESH, "W114": "请保存为 .xlsx（不带宏）再报。",
    "W115": "请断开外部链接，直接填数。", "W116": "请去掉嵌入的文件，附件另外报送。", "W117": "请用退回的这份表填报。",
    "W118": "请只留下要报的一张。", "W119": _RESAVE, "A503": "请核对这份表是不是你单位的。",
    "A504": "请核对是不是用了别的单位填好的表。", "A506": "请核对项目名称，与批复的预算一致。",
}  # fmt: skip
"""Remedies in place of those of the catalogue, which speak to the clerk."""
_MENDED = frozenset((
    "L203", "L204", "L205", "L206", "L207", "L208", "L209", "L210", "L212", "L213", "L215", "L217", "L218", "L219", "W111",
))  # fmt: skip
"""What a fresh form has put right already."""
_EXPECTED_IS_RIGHT = ("L202", "V303")


def is_mended(code: str) -> bool:
    """Whether a problem is gone with the fresh form, so that nothing need be said of it."""
    return code in _MENDED


def hint_of(item: Finding) -> str:
    """How an accountant mends it."""
    return _HINTS.get(item.code, item.hint)


def right_value(item: Finding) -> str:
    """The one right value; blank where there is none."""
    return item.expected if item.code not in CATALOGUE or item.code in _EXPECTED_IS_RIGHT else ""


def place_of(submission: Submission, names: tuple[str, ...], item: Finding) -> str:
    """Where it is, by the label of its first cell."""
    first = next((name for name in names if name in submission.cells), "")
    if not first:
        return item.sheet or "整份表"
    spot = lay_out(submission.form, submission.plan).spots.get(first)
    label = spot.field.label if spot else ""
    at = submission.cells[first].address
    row = _row_of(submission, first)
    where = f"{row}的{label}" if row else label
    more = f" 等 {len(names)} 格" if len(names) > 1 else ""
    return f"{where}（{at.sheet} {at.a1}{more}）"


def label_of(submission: Submission, name: str) -> str:
    """What a cell is called: `指标“培训人次”的自评得分`."""
    spot = lay_out(submission.form, submission.plan).spots.get(name)
    row = _row_of(submission, name)
    label = spot.field.label if spot else name
    return f"{row}的{label}" if row else label


def _row_of(submission: Submission, name: str) -> str:
    section, _, rest = name.partition(".")
    number = rest.partition(".")[2]
    if not number or section not in submission.form.sections:
        return ""
    start = submission.form.key_fields.row_start(submission.form.sections[section])
    cell = submission.cells.get(f"{section}.{start}.{number}")
    named = str(cell.value).strip() if cell is not None and cell.value is not None else ""
    return (
        f"“{named[:20]}”"
        if named and not name.startswith(f"{section}.{start}.")
        else f"第 {number} 行"
    )


def message_of(item: Finding, row: str) -> str:
    """What is wrong at one row, of a finding that may stand for several."""
    if not item.subject or not row or "“" not in item.subject:
        return item.message
    first = item.subject.partition("”")[0]
    own = f"{first.partition('“')[0]}“{row}”"
    return own + item.message.removeprefix(item.subject)


def stands(submission: Submission, names: tuple[str, ...], item: Finding) -> str:
    """What stands there now."""
    if item.printed:
        return _brief(item.printed)
    if len(names) == 1 and (cell := submission.cells.get(names[0])) is not None:
        spot = lay_out(submission.form, submission.plan).spots.get(names[0])
        if cell.value is not None and spot is not None and not isinstance(cell.value, str):
            return shown(spot.field.kind, cell.value)
        return _brief(str(cell.raw)) if cell.raw is not None else "（空）"
    return ""


def _brief(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST = 40
"""So many characters of what stands in a cell are shown."""
