"""Draw docs/pictures/floors.svg: the house as its contract has it, room by room.

    python docs/make_floors.py

Which room is on which floor stands in pyproject.toml (`[tool.importlinter]`), what a room is for in the
first sentence of its door, how many modules it has in its folder: nothing is told here a second time.
`tests/test_docs.py` fails when the picture no longer shows what the house is.
"""

from __future__ import annotations

import ast
import math
import re
import textwrap
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PICTURE = TOP / "docs" / "pictures" / "floors.svg"

WIDTH, MARGIN, NUMBERS = 1120, 20, 34
"""Of the picture; around it; of the column with the floors' numbers."""
GAP, INSET = 10, 10
"""Between boxes; between a box and what is in it."""
LINE, LETTER = 16, 6.6
"""Of a caption: how far apart its lines are, how wide a letter is at most on average."""
TITLE_LINE = 22
ACROSS = 5
"""No more boxes stand side by side."""

_LOOKS = """\
  text { font-family: system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; font-size: 12px; fill: #44546a; }
  .name { font-size: 14px; font-weight: 600; fill: #14233a; }
  .floor { font-size: 15px; font-weight: 600; fill: #7b8aa0; text-anchor: middle; }
  .count { text-anchor: end; fill: #7b8aa0; }
  .head { font-size: 17px; font-weight: 600; fill: #14233a; }
  .paper { fill: #ffffff; }
  .workbook { fill: #eef4fb; stroke: #9dbbdd; }
  .builder { fill: #fdf4e6; stroke: #e0bb80; }
  .house { fill: none; stroke: #e0bb80; }
  @media (prefers-color-scheme: dark) {
    text { fill: #b3bfce; }
    .name, .head { fill: #eef3f9; }
    .floor, .count { fill: #8796ab; }
    .paper { fill: #12181f; }
    .workbook { fill: #1a2a3c; stroke: #3f6590; }
    .builder { fill: #322717; stroke: #86662f; }
    .house { stroke: #86662f; }
  }"""


@dataclass(frozen=True, slots=True)
class Box:
    """A room or a module of the ground: where it stands and what is written on it."""

    name: str
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]


def layers(identifier: str) -> list[list[str]]:
    """The floors of a contract from the top down, each with its rooms by their full names."""
    return [re.split(r"\s*[|:]\s*", layer) for layer in _contract(identifier)["layers"]]


def _contract(identifier: str) -> Mapping[str, Sequence[str]]:
    settings = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (found,) = [contract for contract in contracts if contract["id"] == identifier]
    return found


def first_sentence(name: str) -> str:
    """What a room's door or a module says it is for."""
    path = TOP.joinpath(*name.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    told = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    plain = " ".join(told.partition("\n\n")[0].split()).replace("`", "")
    return plain.partition(". ")[0].removesuffix(".") + "."


def modules_in(name: str) -> int:
    """How many modules a room has besides its door; 0 of what is no room."""
    return len(list(TOP.joinpath(*name.split(".")).glob("*.py"))) - 1 if _is_room(name) else 0


def _is_room(name: str) -> bool:
    return TOP.joinpath(*name.split(".")).is_dir()


def floor(names: Sequence[str], x: float, y: float, width: float) -> list[Box]:
    """The boxes of one floor, side by side, all of a row equally high."""
    found: list[Box] = []
    abreast = math.ceil(len(names) / math.ceil(len(names) / ACROSS))
    for start in range(0, len(names), abreast):
        row = names[start : start + abreast]
        wide = (width - GAP * (len(row) - 1)) / len(row)
        letters = int((wide - 2 * INSET) / LETTER)
        told = [tuple(textwrap.wrap(first_sentence(name), letters)) for name in row]
        high = TITLE_LINE + LINE * max(map(len, told)) + 2 * INSET - 4
        found += [
            Box(name, x + place * (wide + GAP), y, wide, high, lines)
            for place, (name, lines) in enumerate(zip(row, told, strict=True))
        ]
        y += high + GAP
    return found


def picture() -> str:
    """The whole picture."""
    left, width = MARGIN + NUMBERS, WIDTH - 2 * MARGIN - NUMBERS
    floors = layers("floors")
    head = f"{_contract('floors')['name']}."
    parts = [f'<text class="head" x="{left}" y="{MARGIN + 16}">{escape(head)}</text>']
    y = MARGIN + 34.0
    for number, names in zip(range(len(floors), 0, -1), floors, strict=True):
        top = y
        if names == ["builder"]:
            y = _house(parts, left, y, width)
        else:
            boxes = floor(names, left, y, width)
            parts += map(_drawn, boxes)
            y = max(box.y + box.height for box in boxes)
        middle = (top + y) / 2 + 5
        parts.append(f'<text class="floor" x="{MARGIN + 10}" y="{middle:.0f}">{number}</text>')
        y += GAP
    return _svg(parts, y - GAP + MARGIN)


def _house(parts: list[str], x: float, y: float, width: float) -> float:
    """The package that has floors of its own: its frame and its rooms; where it ends."""
    below = y + TITLE_LINE + INSET
    boxes: list[Box] = []
    for names in layers("floors-of-builder"):
        boxes += floor(names, x + INSET, below, width - 2 * INSET)
        below = max(box.y + box.height for box in boxes) + GAP
    high = below - GAP + INSET - y
    parts += [_rectangle("house", x, y, width, high), _title("builder", x, y, "")]
    parts.append(
        f'<text x="{x + 90:.0f}" y="{y + INSET + 10:.0f}">{escape(first_sentence("builder"))}</text>'
    )
    parts += map(_drawn, boxes)
    return y + high


def _drawn(box: Box) -> str:
    count = modules_in(box.name)
    told = f"{count} module{'s' if count > 1 else ''}" if count else ""
    title = _title(box.name, box.x, box.y, told, box.width)
    look = box.name.partition(".")[0]
    captions = [
        f'<text x="{box.x + INSET:.0f}" y="{box.y + INSET + TITLE_LINE + LINE * n + 8:.0f}">'
        f"{escape(line)}</text>"
        for n, line in enumerate(box.lines)
    ]
    frame = _rectangle(look, box.x, box.y, box.width, box.height)
    return "\n".join([frame, title, *captions])


def _title(name: str, x: float, y: float, count: str, width: float = 0) -> str:
    within = name.removeprefix("builder.")  # those are in its frame
    shown = within.replace(".", "/") + ("/" if _is_room(name) else ".py")
    line = f"{y + INSET + 10:.0f}"
    told = f'<text class="name" x="{x + INSET:.0f}" y="{line}">{shown}</text>'
    if not count:
        return told
    return f'{told}\n<text class="count" x="{x + width - INSET:.0f}" y="{line}">{count}</text>'


def _rectangle(look: str, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect class="{look}" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}"'
        ' rx="5"/>'
    )


def _svg(parts: Sequence[str], height: float) -> str:
    size = f'width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"'
    return "\n".join(
        [
            "<!-- made by docs/make_floors.py -->",
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="The floors">',
            f"<style>\n{_LOOKS}\n</style>",
            f'<rect class="paper" width="{WIDTH}" height="{height:.0f}"/>',
            *parts,
            "</svg>\n",
        ]
    )


def main() -> None:
    """Draw the picture."""
    PICTURE.write_text(picture(), encoding="utf-8", newline="\n")
    print(PICTURE)


if __name__ == "__main__":
    main()
