"""退回函: a city's letter to a county whose pack it sends back, to be printed and sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from builder.word.document import clean, name_document, save
from builder.word.official import BODY, SIGNED, TITLE, opened

TITLE_OF_LETTER = "关于退回绩效自评汇总材料的函"


def write_recall_letter(
    path: Path,
    *,
    county: str,
    year: int,
    seal: str,
    why: str,
    departments: Sequence[str],
    bureau: str,
    contact: str,
    day: date,
) -> Path:
    """Write the letter (.docx): whose pack, its seal, why, and which departments are meant. Raises BuildError."""
    document, marked = opened(None)
    marked.insert_paragraph_before(TITLE_OF_LETTER, style=TITLE)
    marked.insert_paragraph_before(clean(f"{county}财政局："), style=BODY)
    meant = f"，涉及下列 {len(departments)} 个单位" if departments else ""
    texts = [
        f"你单位报来的 {year} 年度绩效自评上报包（印鉴 {seal}）现予退回。退回的原因：{why.rstrip('。')}{meant}。",
        *(f"{number}. {each}" for number, each in enumerate(departments, 1)),
        "请重新打开本次收表，更正后再次封存，把新的上报包报来；新的上报包会写明接着上面这个印鉴。在新的上报包核定以前，本函所说的这一包照计。",
    ]
    if contact:
        texts.append(f"联系人：{contact}")
    for text in texts:
        marked.insert_paragraph_before(clean(text), style=BODY)
    for text in filter(None, (bureau, f"{day.year}年{day.month}月{day.day}日")):
        marked.insert_paragraph_before(clean(text), style=SIGNED)
    marked._p.getparent().remove(marked._p)
    name_document(document, TITLE_OF_LETTER)
    return save(document, path)
