"""Links from the summary to the returns and between its sheets; they work in every office.

A link to a return is relative to the summary's folder: it holds as long as both are moved together.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from xlsxwriter.format import Format
from xlsxwriter.url import Url
from xlsxwriter.worksheet import Worksheet

from builder.sheets.book import done
from workbook.address import quote

MOST_LINKS = 5_000
"""A list takes no more links than this: in LibreOffice the time of opening grows with their square,
30,000 on a sheet take minutes. Excel's own limit is 65,530."""
_ESCAPED = {c: f"%{ord(c):02x}" for c in '%#"<>[]^`{}?:\\ '}
"""What a path's letters become in a link; a file may be named like anything."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where links to returns begin: the folder that the summary is written to."""

    folder: Path
    root: str = ""
    """Where the paths of returns begin."""

    def to(self, path: str | None, sheet: str | None = "", cell: str | None = "") -> str:
        """A link to a return, at a cell of it where one is told; blank where none can lead there:
        several files, a member of an archive, another drive."""
        if not path or "\n" in path or _is_packed(path):
            return ""
        try:
            target = os.path.relpath(Path(self.root, path).absolute(), self.folder.absolute())
        except ValueError:
            return ""
        # A first letter alone, or one before a colon, would pass for a drive.
        relative_path = PurePath(target).as_posix()
        relative_path = relative_path if relative_path.startswith("..") else f"./{relative_path}"
        first_cell = (cell or "").partition(",")[0]
        return f"external:{_escaped(relative_path)}" + (
            f"#{quote(sheet)}!{first_cell}" if sheet and first_cell else ""
        )

    def all(
        self,
        paths: Iterable[str | None],
        sheets: Iterable[str | None] | None = None,
        cells: Iterable[str | None] | None = None,
    ) -> list[str]:
        """The links of whole columns; NA counts as blank."""
        path_texts = [path if isinstance(path, str) else "" for path in paths]
        if sheets is None or cells is None:
            return [self.to(path) for path in path_texts]
        sheets_and_cells = (
            [t if isinstance(t, str) else "" for t in column] for column in (sheets, cells)
        )
        return [self.to(*target) for target in zip(path_texts, *sheets_and_cells, strict=True)]


def _is_packed(path: str) -> bool:
    return any(part.lower().endswith(".zip") for part in PurePath(path).parts[:-1])


def _escaped(path: str) -> str:
    return "".join(_ESCAPED.get(letter, letter) for letter in path)


def inside(sheet: str, cell: str) -> str:
    """A link to a cell of the same workbook."""
    return f"internal:{quote(sheet)}!{cell}"


def link(sheet: Worksheet, row: int, column: int, target: str, style: Format) -> None:
    """Lead from a cell (row and column from 0) to a target; what the cell shows is written after."""
    if len(target) > Url.MAX_URL_LEN:
        return
    url = Url(target)
    # XlsxWriter writes ..\\ paths, which only Windows understands; every office takes slashes.
    url._relationship_link = url._relationship_link.replace("\\", "/")
    url.text = " "
    done(sheet.write_url(row, column, url, style))
