"""Make `samples/word/*.docx` anew from the text of the published document, letter for letter.

    python samples/make_word.py        (run from the top of the checkout)

The text (`*.txt`) is the document as a converter gave it: a cell is a tab, its text and a line break,
a row ends with a line break more. Here it gets back its table, with the merges of the paper form.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import docx  # noqa: E402
from docx.table import Table  # noqa: E402

from builder.word.document import frame, name_document, save  # noqa: E402

FOLDER = HERE / "word"

_COLUMNS = 9
_FUNDS = [(1, 5), (6, 9)]
_INDICATOR = [(n, n) for n in range(2, 10)]
ROWS: list[list[tuple[int, int]]] = [
    [(1, 3), (4, 9)],
    [(1, 1), (2, 3), *((n, n) for n in range(4, 10))],
    [(1, 1), (2, 3), *((n, n) for n in range(4, 10))],
    *([(1, 1), (2, 5), (6, 9)] for _ in range(5)),
    *([(1, 1), (2, 5), (6, 9)] for _ in range(2)),
    *([(1, 1), *_INDICATOR] for _ in range(11)),
    [(1, 6), (7, 7), (8, 9)],
]
"""The cells of every row, each from a column to a column, from 1."""
MERGED = [(2, 8, 1), (9, 10, 1), (11, 21, 1), (12, 16, 2), (13, 14, 3), (17, 20, 2)]
"""Cells that reach down: from a row to a row, from 1, and the column."""


def main(folder: Path = FOLDER) -> None:
    """Write a .docx beside each text."""
    for source in sorted(folder.glob("*.txt")):
        text = source.read_bytes().decode("utf-8")
        before, rows, after = taken_apart(text)
        document = docx.Document()
        name_document(document, source.stem)
        for line in before:
            document.add_paragraph(line)
        _table(document.add_table(rows=len(ROWS), cols=_COLUMNS), rows)
        for line in after:
            document.add_paragraph(line)
        save(document, folder / f"{source.stem}.docx")
        print(source.stem)


def taken_apart(text: str) -> tuple[list[str], list[list[str]], list[str]]:
    """The lines before the table, the texts of its cells row by row, the lines after it."""
    start = text.index("\t")
    *texts, rest = text[start + 1 :].split("\n\t")
    cells = iter([*texts, *rest.split("\n", 1)])
    rows = list(_rows(cells))
    return text[:start].removesuffix("\n").split("\n"), rows, next(cells).split("\n")


def _rows(cells: Iterator[str]) -> Iterator[list[str]]:
    for number, row in enumerate(ROWS, 1):
        texts = [next(cells) for _ in row]
        if number < len(ROWS):
            texts[-1] = texts[-1].removesuffix("\n")  # the end of the row
        yield texts


def put_together(before: list[str], rows: list[list[str]], after: list[str]) -> str:
    """The reverse of `taken_apart`."""
    table = "\n".join("".join(f"\t{text}\n" for text in row) for row in rows)
    return "\n".join(before) + "\n" + table + "\n".join(after)


def _table(table: Table, rows: list[list[str]]) -> None:
    cells = [row.cells for row in table.rows]
    for number, (spans, texts) in enumerate(zip(ROWS, rows, strict=True), 1):
        covered = {c for top, bottom, c in MERGED if top < number <= bottom}
        for (left, right), text in zip(spans, texts, strict=True):
            if left in covered:
                assert not text.strip()
                continue
            bottom = next((b for top, b, c in MERGED if (top, c) == (number, left)), number)
            cell = cells[number - 1][left - 1].merge(cells[bottom - 1][right - 1])
            for extra in cell.paragraphs[1:]:
                extra._p.getparent().remove(extra._p)
            first, *more = text.split("\n")
            cell.paragraphs[0].add_run(first)
            for line in more:
                cell.add_paragraph(line)
            for r in range(number, bottom + 1):
                for c in range(left, right + 1):
                    frame(cells[r - 1][c - 1])


if __name__ == "__main__":
    main()
