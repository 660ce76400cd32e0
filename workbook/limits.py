"""What one file may ask of us: sizes, counts, seconds. A breach rejects that file only."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 2**20
LONGEST_TEXT = 32_767
"""Characters in a cell: Excel's own limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may ask of us. Real forms: 17-40 kB, < 3,000 cells, < 300 names.

    The defaults leave an honest return a factor of thirty or more (pasted pictures, a format drawn
    over whole sheets), and keep the worst file near 150 MB and a few seconds.
    """

    file_bytes: int = 50 * MEGABYTE
    entries: int = 500  # members of the zip
    part_bytes: int = 20 * MEGABYTE  # inflated, of one part that is read
    total_bytes: int = 200 * MEGABYTE  # inflated, of all members together, as declared
    ratio: int = 200  # inflated to packed, of members that inflate beyond 1 MB
    xml_depth: int = 64
    sheets: int = 100
    cells: int = 100_000  # kept cells of all sheets, empty ones with a style included
    names: int = 20_000
    styles: int = 65_536
    items: int = 20_000  # merges, validations, relationships, properties: each, of one part
    text_length: int = LONGEST_TEXT
    attribute_length: int = 65_536  # any other text that is kept: formulas, ranges, names
    expanded: int = 2_000_000  # characters of shared formulas written out, per sheet
    far_row: int = 10_000  # cells beyond are not kept
    far_column: int = 256
    far_listed: int = 50  # of those with content, so many are listed per sheet
    seconds: float = 20.0

    def __hash__(self) -> int:
        """Of two of them: limits are looked up many times a file, and hardly ever differ."""
        return hash((self.file_bytes, self.cells))


OWN_FILES = Limits(
    file_bytes=500 * MEGABYTE,
    part_bytes=500 * MEGABYTE,
    total_bytes=2000 * MEGABYTE,
    cells=2_000_000,
    items=200_000,
    far_row=1_048_576,
    seconds=300,
)
"""The bureau's own summaries may hold a province."""

TABLES = Limits(
    part_bytes=100 * MEGABYTE, cells=500_000, items=200_000, far_row=1_048_576, seconds=60
)
"""A roster or another plain table: 20,000 departments with 25 columns, in a CSV file too."""
