"""Drive a real LibreOffice: type into workbooks, recalculate, read, save, make pictures.

LibreOffice is the engine no one here wrote, and the hand of the department that fills a form. ::

    with Office() as office, office.open("template.xlsx") as book:
        refused = office.type_values(book, {"funds.final_budget": 120.5, ("自评表", "B4"): "财政局"})
        office.recalculate(book)
        office.values(book, ["funds.execution_rate", ("自检", "C5")])
        office.save(book, "filled.ods", "ods")

A cell is named by its defined name, or by its sheet and its A1 address. Debian's bridge to LibreOffice
is for the system's Python only, so a small server (office_server.py) runs under that one; requests and
answers are JSON lines. Each Office has its own process and its own profile: several run side by side.
"""

import contextlib
import functools
import json
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, cast

import xlsxwriter

HERE = Path(__file__).resolve().parent
# The Python that has LibreOffice's bridge; Debian's package python3-uno serves this one.
SYSTEM_PYTHON = os.environ.get("OFFICE_PYTHON", "/usr/bin/python3")

Target = str | tuple[str, str]
"""A defined name, or a sheet's name and an A1 address."""

Format = Literal["xlsx", "xls", "ods", "csv"]


@dataclass(frozen=True, slots=True)
class CellError:
    """An error that a cell shows, by Excel's name (``#N/A``) or LibreOffice's (``Err:522``)."""

    code: str


Value = float | str | CellError | None
"""What a cell holds: numbers, dates and truths are floats; None is an empty cell, not a formula's ""."""


class OfficeError(Exception):
    """LibreOffice is not there, did not answer, or could not do what was asked."""


@dataclass(frozen=True, slots=True)
class Book:
    """A document that is open in an Office; leaving its ``with`` block closes it unsaved."""

    office: "Office"
    id: int
    path: Path
    sheets: tuple[str, ...]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.office.close(self)


@functools.cache
def available() -> str | None:
    """Return why LibreOffice cannot be used here, as half a sentence, or None where it can."""
    if soffice() is None:
        return "LibreOffice (soffice) is not installed"
    if shutil.which("pdftoppm") is None:
        return "pdftoppm (poppler-utils) is not installed"
    try:
        probe = subprocess.run([SYSTEM_PYTHON, "-I", "-c", "import uno"], capture_output=True)  # noqa: PLW1510
    except OSError:
        return f"there is no {SYSTEM_PYTHON}"
    if probe.returncode:
        return f"{SYSTEM_PYTHON} has no module uno (python3-uno is not installed)"
    return None


def soffice() -> str | None:
    """Return the LibreOffice to start: ``$SOFFICE``, or the one on the path."""
    return shutil.which(os.environ.get("SOFFICE", "soffice"))


class Office:
    """One running LibreOffice; a context manager that starts and ends it.

    ``locale`` decides how typed texts are understood (``1/2``, ``2024年10月1日``). ``timeout`` is the
    most seconds that starting, or any one request, may take; then LibreOffice is killed. Where it was
    killed or died, its books are lost, and the next `open` starts it anew. Every method raises
    OfficeError where LibreOffice cannot comply.
    """

    def __init__(self, *, locale: str = "zh-CN", timeout: float = 120) -> None:
        self._locale = locale
        self._timeout = timeout
        self._entered = False
        self._server: subprocess.Popen[bytes] | None = None
        self._group: int | None = None  # LibreOffice's processes
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> Self:
        if reason := available():
            raise OfficeError(f"{reason}; see tests/install_office.sh")
        self._entered = True
        self._start()
        return self

    def _start(self) -> None:
        # LibreOffice's own last writes may race with the removal.
        profile = self._cleanup.enter_context(
            tempfile.TemporaryDirectory(prefix="office-", ignore_cleanup_errors=True)
        )
        self._server = subprocess.Popen(
            [
                *(SYSTEM_PYTHON, "-I", "-B", str(HERE / "office_server.py")),
                *(str(soffice()), profile, self._locale, str(self._timeout)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # The fonts of Chinese offices are stood in for in this process only.
            env={
                **os.environ,
                "FONTCONFIG_FILE": str(HERE / "fonts.conf"),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
        try:
            # The server minds its own time while LibreOffice starts, and says more than we could.
            self._group = self._reply(self._timeout + 10)
        except OfficeError:
            self.stop()
            raise

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        self._entered = False
        self.stop()

    def stop(self) -> None:
        """End LibreOffice; does nothing where it has ended."""
        server, self._server = self._server, None
        if server is not None and server.stdin and server.stdout:
            with contextlib.suppress(OSError):
                server.stdin.close()  # the sign to end
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._kill()
                server.kill()
                server.wait()
            server.stdout.close()
        self._cleanup.close()

    def _kill(self) -> None:
        """Kill LibreOffice; the server, waiting for its answer, then ends by itself."""
        if self._group is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._group, signal.SIGKILL)

    def seen(self, text: str) -> str:
        """A cell's text as formulas see it: LibreOffice 26.8 gives them a text without its line breaks."""
        return text if self._keeps_line_breaks else text.replace("\n", "")

    @functools.cached_property
    def _keeps_line_breaks(self) -> bool:
        with tempfile.TemporaryDirectory(prefix="office-") as scratch:
            path = Path(scratch) / "two lines.xlsx"
            with xlsxwriter.Workbook(path) as book:
                sheet = book.add_worksheet()
                sheet.write_string("A1", "1\n2")
                sheet.write_formula("A2", "=LEN(A1)")
            with self.open(path) as opened:
                return self.sheet_values(opened, opened.sheets[0], "A2:A2") == [[3.0]]

    def open(self, path: Path | str) -> Book:
        """Open a workbook of any format LibreOffice knows, recalculating all its formulas."""
        if self._entered and self._server is None:
            self._start()
        path = Path(path).resolve()
        opened = self._ask("open", path=str(path))
        return Book(self, opened["id"], path, tuple(opened["sheets"]))

    def close(self, book: Book) -> None:
        """Close a workbook without saving it; does nothing where it is closed."""
        if self._server is not None:
            self._ask("close", book=book.id)

    def save(self, book: Book, path: Path | str, format: Format = "xlsx") -> Path:  # noqa: A002
        """Save a copy, as a person choosing "save as" would (the format is not read off the name)."""
        path = Path(path).resolve()
        self._ask("save", book=book.id, path=str(path), format=format)
        return path

    def pdf(self, book: Book | Path | str, out: Path | str) -> Path:
        """Print to PDF the visible sheets of an open workbook, or of a file."""
        if not isinstance(book, Book):
            with self.open(book) as opened:
                return self.pdf(opened, out)
        out = Path(out).resolve()
        self._ask("save", book=book.id, path=str(out), format="pdf")
        return out

    def to_png(self, book: Book | Path | str, outdir: Path | str, *, dpi: int = 110) -> list[Path]:
        """Print to one PNG a page, ``<stem>-1.png`` and so on; returns them in their order."""
        outdir = Path(outdir)
        outdir.mkdir(parents=True, exist_ok=True)
        stem = (book.path if isinstance(book, Book) else Path(book)).stem
        with tempfile.TemporaryDirectory() as scratch:
            paper = self.pdf(book, Path(scratch) / "paper.pdf")
            subprocess.run(
                ["pdftoppm", "-png", "-r", str(dpi), str(paper), str(Path(scratch) / "page")],
                check=True,
            )
            pages = sorted(Path(scratch).glob("page-*.png"))
            return [
                Path(shutil.move(page, outdir / f"{stem}-{number}.png"))
                for number, page in enumerate(pages, 1)
            ]

    def type_values(self, book: Book, values: Mapping[Target, float | str | None]) -> list[Target]:
        """Type values, as a person at the keyboard would; return what a protected sheet refused.

        A text is understood as LibreOffice understands typing (``100%`` is the number 1, ``=A1`` a
        formula), but stays a text in a cell with text format; a number stays a number everywhere;
        None empties the cell. Data validation is not enforced, as it is not on pasting: see
        `invalid_cells`. (LibreOffice's own API would also write into locked cells without a word.)
        """
        targets = list(values)
        refused = self._ask("type_values", book=book.id, values=list(values.items()))
        return [targets[index] for index in refused]

    def tamper(self, book: Book, sheet: str, action: str, value: object = "") -> None:
        """Do to a sheet what its lock is to prevent, as a person who took the lock off would.

        Actions and their values: insert_rows, delete_rows, insert_columns, delete_columns ([first, how
        many]), hide_row, hide_column (its number), rename, copy (the new sheet's name), remove, hide,
        move (to which place), unprotect, protect (the password), unlock (a cell), write ([a cell, a
        formula or text]), paste ([from, to], all of it), merge, unmerge (a range), comment ([a cell, a
        text]), look ([a range, a property of it, its value]).
        """
        self._ask("tamper", book=book.id, sheet=sheet, action=action, value=value)

    def recalculate(self, book: Book) -> None:
        """Recalculate every formula, whether LibreOffice thinks it needs it or not."""
        self._ask("recalculate", book=book.id)

    def values(self, book: Book, targets: Iterable[Target]) -> dict[Target, Value]:
        """Return what cells hold, in the order asked for."""
        targets = list(targets)
        found = self._ask("values", book=book.id, targets=targets)
        return {target: _value(value) for target, value in zip(targets, found, strict=True)}

    def sheet_values(self, book: Book, sheet: str, cells: str | None = None) -> list[list[Value]]:
        """Return a range's values row by row; without a range, from A1 to the last used cell."""
        rows = self._ask("sheet_values", book=book.id, sheet=sheet, address=cells)
        return [[_value(value) for value in row] for row in rows]

    def formulas(self, book: Book, targets: Iterable[Target]) -> dict[Target, str]:
        """Return what the input line shows for cells: ``=`` and a formula, or what was typed."""
        targets = list(targets)
        found: list[str] = self._ask("formulas", book=book.id, targets=targets)
        return dict(zip(targets, found, strict=True))

    def sheet_formulas(self, book: Book, sheet: str, cells: str | None = None) -> list[list[str]]:
        """Return `formulas` of a range row by row; without a range, as `sheet_values`."""
        return cast(
            "list[list[str]]",
            self._ask("sheet_formulas", book=book.id, sheet=sheet, address=cells),
        )

    def shown(self, book: Book, targets: Iterable[Target]) -> dict[Target, str]:
        """Return the text that cells show, in their formats."""
        targets = list(targets)
        found: list[str] = self._ask("shown", book=book.id, targets=targets)
        return dict(zip(targets, found, strict=True))

    def invalid_cells(self, book: Book) -> list[tuple[str, str]]:
        """Return sheet and address of the cells whose value breaks their data validation.

        They are those that "mark invalid data" rings, at most 1000 a sheet: what typing would have
        stopped, had it been done on a screen.
        """
        return [(sheet, cell) for sheet, cell in self._ask("invalid_cells", book=book.id)]

    def _ask(self, command: str, **arguments: object) -> Any:
        server = self._server
        if server is None or server.stdin is None:
            raise OfficeError("LibreOffice is not running")
        try:
            server.stdin.write(json.dumps([command, arguments]).encode() + b"\n")
            server.stdin.flush()
            return self._reply(self._timeout)
        except BrokenPipeError:
            self.stop()
            raise OfficeError("LibreOffice is gone") from None

    def _reply(self, timeout: float) -> Any:
        server = self._server
        assert server is not None
        assert server.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(server.stdout, selectors.EVENT_READ)
            in_time = selector.select(timeout)
        line = server.stdout.readline() if in_time else b""
        if not in_time:
            self._kill()
        if not line:
            self.stop()
            raise OfficeError(
                "LibreOffice is gone" if in_time else f"LibreOffice gave no answer in {timeout:g} s"
            )
        reply = json.loads(line)
        if "failed" in reply:
            raise OfficeError(reply["failed"])
        return reply["ok"]


def _value(value: Any) -> Value:
    return CellError(value["error"]) if isinstance(value, dict) else cast("Value", value)
