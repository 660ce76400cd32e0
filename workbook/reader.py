"""Returned files → submissions: recognised by identity, located by names, every value with its cell.

Nothing here raises for what a department sent: a file that cannot be read is a Return with status
`rejected` and the reason among its findings. Cached results are kept beside the inputs only so that
`workbook.checks` can compare them; no figure is taken from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from workbook.address import Address, parse_reference
from workbook.errors import WorkbookError
from workbook.findings import Finding, finding
from workbook.form import Form, available_forms, load_form
from workbook.kinds import Raw
from workbook.layout import (
    CALC_SHEET,
    FORM_RECORDS,
    FORM_SHEET,
    LIST_SHEET,
    Layout,
    Plan,
    Spot,
    check_name,
    default_plan,
    place,
)
from workbook.package import Package, RawCell, Refused, Sheet, open_package
from workbook.submission import ACCEPTED, REJECTED, SKIPPED, Cell, Return, Submission

Forms = Mapping[tuple[str, str], Form]
"""Definitions by id and version."""

UNREAD = frozenset((CALC_SHEET, LIST_SHEET))
"""Nothing is taken from these sheets, and what they should say shows on 自检, so they are not parsed."""
_OWN_FILES = ("~$", ".~", "._")
_LITTER = {".ds_store", "thumbs.db", "desktop.ini"}


def known_forms(extra: Iterable[Path] = ()) -> Forms:
    """The definitions that come with the project, and further files. Raises FormError."""
    forms = [load_form(path) for path in (*available_forms(), *extra)]
    return {(form.id, form.version): form for form in forms}


def find_files(paths: Iterable[Path | str]) -> Iterator[Path]:
    """Every file under the paths, folders walked in order of their names; links are not followed."""
    for path in map(Path, paths):
        if path.is_dir() and not path.is_symlink():
            inside = sorted(path.iterdir(), key=lambda p: (p.is_dir(), p.name))
            yield from find_files(inside)
        else:
            yield path


def read_returns(
    paths: Iterable[Path | str],
    *,
    forms: Forms | None = None,
    workers: int = 1,
    progress: Callable[[Path], None] | None = None,
) -> list[Return]:
    """Read every file under `paths`, in order, in `workers` processes. One bad file stops no other.

    `progress` is told of each file once it is read.
    """
    forms = forms or known_forms()
    found: list[Return] = []
    for item in _each(list(find_files(paths)), forms, workers):
        found.append(item)
        if progress is not None:
            progress(item.path)
    return found


def _each(files: Sequence[Path], forms: Forms, workers: int) -> Iterator[Return]:
    if workers < 2 or len(files) < _WORTH_A_PROCESS:
        yield from (read_return(path, forms=forms) for path in files)
        return
    with ProcessPoolExecutor(workers) as pool:
        some = [files[i : i + _AT_ONCE] for i in range(0, len(files), _AT_ONCE)]
        for returns in pool.map(_read_some, some, [forms] * len(some)):
            yield from returns


def _read_some(files: Sequence[Path], forms: Forms) -> list[Return]:
    return [read_return(path, forms=forms) for path in files]


_WORTH_A_PROCESS = 200
_AT_ONCE = 50


def read_return(path: Path | str, *, forms: Forms | None = None) -> Return:
    """Read one file: accepted with its submission, rejected, or skipped, with the reason."""
    path, forms = Path(path), forms or known_forms()
    if path.name.startswith(_OWN_FILES) or path.name.lower() in _LITTER:
        return Return(path, SKIPPED, (finding("W112", detail=path.name),))
    try:
        package = open_package(path, unread=UNREAD)
    except Refused as refused:
        return Return(path, REJECTED, (finding(refused.code, detail=refused.detail),))
    try:
        submission, findings = _recognise(path, package, forms)
    except _Unknown as unknown:
        return _return(path, package, REJECTED, (unknown.why,))
    return _return(path, package, ACCEPTED, findings, submission)


def _return(
    path: Path,
    package: Package,
    status: str,
    findings: Sequence[Finding],
    submission: Submission | None = None,
) -> Return:
    properties = package.properties
    return Return(
        path=path,
        status=status,
        findings=tuple(findings),
        submission=submission,
        sha256=package.sha256,
        size=package.size,
        application=properties.get("application", ""),
        saved_by=properties.get("lastModifiedBy", ""),
        modified=properties.get("modified", ""),
    )


class _Unknown(WorkbookError):
    """A workbook that is not a return of ours; `why` is the finding."""

    def __init__(self, why: Finding) -> None:
        super().__init__(why.message)
        self.why = why


# --- recognising ----------------------------------------------------------------------------------


def _recognise(
    path: Path, package: Package, forms: Forms
) -> tuple[Submission, tuple[Finding, ...]]:
    records = _records(package)
    form = _form(records, forms)
    findings: list[Finding] = []
    if records.get("digest") != form.digest:
        findings.append(finding("W111", detail=form.key))
    layout = place(form, _plan(records, form))
    cells = dict(_cells(package, layout, findings))
    _reject_empty(package, layout, cells)
    submission = Submission(
        path=path,
        form=form,
        plan=layout.plan,
        cells=cells,
        verdicts=dict(_verdicts(package, layout)),
        fiscal_year=_year(cells, form),
        department=_identity(cells, records, "department"),
        department_code=_identity(cells, records, "department_code"),
    )
    return submission, tuple(findings)


def _records(package: Package) -> dict[str, str]:
    """What `_form` says; the sheet is known by its first record, whatever it is called now."""
    candidates = [package.sheet(FORM_SHEET), *package.sheets]
    for sheet in candidates:
        if sheet is not None and _text(sheet.cells.get((1, 1))) == FORM_RECORDS[0]:
            rows = range(1, len(FORM_RECORDS) + 1)
            return {_text(sheet.cells.get((r, 1))): _text(sheet.cells.get((r, 2))) for r in rows}
    raise _Unknown(finding("W108"))


def _text(cell: RawCell | None) -> str:
    if cell is None or cell.value is None:
        return ""
    return f"{cell.value:.15g}" if isinstance(cell.value, float) else str(cell.value)


def _form(records: Mapping[str, str], forms: Forms) -> Form:
    key = records.get("form", ""), records.get("version", "")
    if key not in forms:
        raise _Unknown(finding("W109", detail=" ".join(key)))
    return forms[key]


def _plan(records: Mapping[str, str], form: Form) -> Plan:
    usual = default_plan(form)
    counts = records.get("plan", "").split()
    fits = len(counts) == len(usual) and all(c.isdigit() and 0 < int(c) < 1000 for c in counts)
    return tuple(map(int, counts)) if fits else usual


def _identity(cells: Mapping[str, Cell], records: Mapping[str, str], name: str) -> str:
    cell = cells.get(f"identity.{name}")
    typed = str(cell.value).strip() if cell is not None and cell.value is not None else ""
    return typed or records.get(name, "")


def _year(cells: Mapping[str, Cell], form: Form) -> int:
    cell = cells.get("identity.fiscal_year")
    return int(cell.value) if cell and isinstance(cell.value, float) else form.fiscal_year


def _reject_empty(package: Package, layout: Layout, cells: Mapping[str, Cell]) -> None:
    """A template that came back as it went out is no return."""
    sheets = {sheet.name: sheet for sheet in package.sheets}
    for name, cell in cells.items():
        item = layout.spots[name].field
        stored = sheets[cell.address.sheet].cells.get((cell.address.row, cell.address.column))
        ours = item.mode != "entered" or item.by != "department" or cell.raw is None
        if not ours and stored is not None and stored.style in package.unlocked:
            return
    if not any(sheet.protected for sheet in package.sheets):
        return
    raise _Unknown(finding("W110", sheet=layout.form.sheet))


# --- locating and reading -------------------------------------------------------------------------


@lru_cache(maxsize=65536)
def _reference(text: str) -> Address | None:
    return parse_reference(text)


@dataclass(frozen=True, slots=True)
class _Places:
    """Finds the cells of a layout in a workbook: by defined names, which follow their cells about."""

    sheets: Mapping[str, Sheet]
    names: Mapping[str, str]

    def find(self, name: str, usual: Address) -> Address | None:
        text = self.names.get(name)
        address = _reference(text) if text else None
        if address is not None and address.sheet in self.sheets:
            return address
        return usual if text is None and usual.sheet in self.sheets else None

    def cell(self, address: Address) -> RawCell | None:
        return self.sheets[address.sheet].cells.get((address.row, address.column))


def _places(package: Package) -> _Places:
    return _Places({sheet.name: sheet for sheet in package.sheets}, package.names)


def _cells(package: Package, layout: Layout, findings: list[Finding]) -> Iterator[tuple[str, Cell]]:
    places = _places(package)
    unnamed = [name for name in layout.spots if name not in package.names]
    if unnamed:
        findings.append(finding("L205", sheet=layout.form.sheet, detail=str(len(unnamed))))
    for name, spot in layout.spots.items():
        address = places.find(name, spot.address)
        if address is None:
            what = finding("L201", label=spot.field.label, sheet=layout.form.sheet, field=name)
            findings.append(what)
            yield name, Cell(None, None, spot.address, problem="找不到这一格")
        else:
            yield name, _cell(package, layout.form, spot, address, places.cell(address))


def _cell(
    package: Package, form: Form, spot: Spot, address: Address, stored: RawCell | None
) -> Cell:
    if stored is None or stored.value is None:
        return Cell(None, None, address, formula=stored is not None and stored.formula is not None)
    formula = stored.formula is not None
    if stored.type == "e":
        name = str(stored.value)
        return Cell(name, None, address, error=True, formula=formula, problem=f"是错误值 {name}")
    raw: Raw = stored.value
    if formula and spot.field.is_computed and raw == "":
        raw = None
    style = package.formats.get(stored.style, "General")
    read = spot.field.kind.coerce(raw, style, spot.field.unit or form.unit)
    return Cell(raw, read.value, address, False, formula, read.receipt, read.problem)


def _verdicts(package: Package, layout: Layout) -> Iterator[tuple[str, str]]:
    places = _places(package)
    for line, usual in layout.checks.items():
        address = places.find(check_name(line), usual)
        stored = places.cell(address) if address else None
        if stored is not None and isinstance(stored.value, str) and stored.value:
            yield line, stored.value
