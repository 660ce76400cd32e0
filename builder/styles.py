"""Fonts and colours of every workbook we write; nowhere else."""

from __future__ import annotations

from typing import Any

BODY_FONT = "宋体"
HEAD_FONT = "黑体"

INK = "#1F2933"
FRAME = "#000000"
GRID = "#BFC7CF"
LABEL_FILL = "#F2F4F7"
INPUT_FILL = "#FFFFFF"
COMPUTED_FILL = "#EAF1FB"
SUGGESTED_FILL = "#FFF8E1"
PREFILLED_FILL = "#F2F4F7"
BANNER_FILL = "#1F4E79"
BANNER_INK = "#FFFFFF"
SIDE_INK = "#6B7785"

MISSING_FILL = "#FFE082"
ERROR_FILL = "#F8CBCB"
WARNING_FILL = "#FCE0B8"
NOTE_FILL = "#DDEBF7"
GOOD_INK = "#1E7B34"
BAD_INK = "#B42318"
LINK_INK = "#1F4E9E"
WARNING_INK = "#B54708"

BODY: dict[str, Any] = {
    "font_name": BODY_FONT,
    "font_size": 10,
    "font_color": INK,
    "valign": "vcenter",
    "text_wrap": True,
}
"""What every cell has in common."""
FRAMED: dict[str, Any] = {"border": 1, "border_color": FRAME}
"""A cell of a printed form."""
GRIDDED: dict[str, Any] = {"border": 1, "border_color": GRID}
"""A cell of a list."""
TITLE: dict[str, Any] = {**BODY, "font_size": 18, "bold": True, "align": "center"}
HEADING: dict[str, Any] = {"font_name": HEAD_FONT, "font_size": 12, "align": "left"}
"""A chapter's heading on a sheet to be filled in."""
SUBHEADING: dict[str, Any] = {"bold": True, "font_size": 11, "align": "left"}
HEAD: dict[str, Any] = {
    **BODY,
    **GRIDDED,
    "font_name": HEAD_FONT,
    "align": "center",
    "bg_color": BANNER_FILL,
    "font_color": BANNER_INK,
}
"""The head of a list."""
BLOCK: dict[str, Any] = {**BODY, "font_name": HEAD_FONT, "font_size": 12, "text_wrap": False}
"""The title of a block."""
SMALL: dict[str, Any] = {**BODY, "font_size": 9, "font_color": SIDE_INK, "text_wrap": False}
"""Small print."""
