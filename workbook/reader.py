"""Returned files → submissions: recognised by identity, located by names, every value with its cell.

Nothing here raises for what a department sent: a file that cannot be read is a Return with status
`rejected` and the reason among its findings. Cached results are kept beside the inputs only so that
`workbook.checks` can compare them; no figure is taken from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from workbook.address import Address
from workbook.audit import audit, audit_pasted
from workbook.container import Limits, read_file
from workbook.evidence import Evidence
from workbook.findings import Finding, finding
from workbook.form import Form, available_forms, load_form
from workbook.kinds import DAYS_TO_1904, Raw, shows_day
from workbook.layout import (
    CALC_SHEET,
    FORM_RECORDS,
    FORM_SHEET,
    ISSUED_COLUMN,
    LIST_SHEET,
    Layout,
    Plan,
    Spot,
    check_name,
    default_plan,
    place,
)
from workbook.package import Package, RawCell, Refused, Sheet, open_bytes
from workbook.parcel import members
from workbook.places import Found, Places, Unknown, find_recorded, find_unrecorded
from workbook.submission import ACCEPTED, REJECTED, SKIPPED, Cell, Return, Submission

Forms = Mapping[tuple[str, str], Form]
"""Definitions by id and version."""

Passwords = Sequence[str] | Callable[[Path], Sequence[str]]
"""What may open encrypted workbooks: the same for all, or by a file's path (then of a module, to be
sent to other processes)."""

LIMITS = Limits()

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
    passwords: Passwords = (),
    workers: int = 1,
    progress: Callable[[Path], None] | None = None,
) -> list[Return]:
    """Read every file under `paths`, in order, in `workers` processes. One bad file stops no other.

    A .zip of workbooks gives a Return for each file in it. `progress` is told of each file once it
    is read.
    """
    forms = forms or known_forms()
    files = list(find_files(paths))
    found: list[Return] = []
    for path, returns in zip(files, _each(files, forms, passwords, workers), strict=True):
        found += returns
        if progress is not None:
            progress(path)
    return found


def _each(
    files: Sequence[Path], forms: Forms, passwords: Passwords, workers: int
) -> Iterator[list[Return]]:
    if workers < 2 or len(files) < _WORTH_A_PROCESS:
        yield from (_read_file(path, forms, passwords) for path in files)
        return
    with ProcessPoolExecutor(workers) as pool:
        some = [files[i : i + _AT_ONCE] for i in range(0, len(files), _AT_ONCE)]
        rest = [forms] * len(some), [passwords] * len(some)
        for returns in pool.map(_read_some, some, *rest):
            yield from returns


def _read_some(files: Sequence[Path], forms: Forms, passwords: Passwords) -> list[list[Return]]:
    return [_read_file(path, forms, passwords) for path in files]


_WORTH_A_PROCESS = 200
_AT_ONCE = 50


def read_return(
    path: Path | str, *, forms: Forms | None = None, passwords: Passwords = ()
) -> Return:
    """Read one file: accepted with its submission, rejected, or skipped, with the reason."""
    path = Path(path)
    return _read(path, _content(path), forms or known_forms(), passwords)


def _content(path: Path) -> bytes | Refused:
    if _is_litter(path):
        return b""
    try:
        return read_file(path, LIMITS)
    except Refused as refused:
        return refused


def _read_file(path: Path, forms: Forms, passwords: Passwords) -> list[Return]:
    """The returns of one file: one, or those of an archive."""
    content = _content(path)
    first = _read(path, content, forms, passwords)
    if first.status != REJECTED or isinstance(content, Refused):
        return [first]
    inside = members(path, content, LIMITS)
    return [_read(place, data, forms, passwords) for place, data in inside] or [first]


def _is_litter(path: Path) -> bool:
    return path.name.startswith(_OWN_FILES) or path.name.lower() in _LITTER


def _read(path: Path, content: bytes | Refused, forms: Forms, passwords: Passwords) -> Return:
    if _is_litter(path):
        return Return(path, SKIPPED, (finding("W112", detail=path.name),))
    try:
        if isinstance(content, Refused):
            raise content
        given = passwords(path) if callable(passwords) else passwords
        package = open_bytes(content, limits=LIMITS, unread=UNREAD, passwords=given)
    except Refused as refused:
        return Return(path, REJECTED, (finding(refused.code, detail=refused.detail),))
    try:
        submission, findings = _recognise(path, package, forms)
    except Unknown as unknown:
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


# --- recognising ----------------------------------------------------------------------------------


def _recognise(
    path: Path, package: Package, forms: Forms
) -> tuple[Submission, tuple[Finding, ...]]:
    recorded = _recorded(package)
    records = _records(recorded)
    found = _find(package, records, forms)
    layout, findings, form = found.layout, found.findings, found.layout.form
    if package.values_only:
        findings.append(finding("W113", detail=package.kind))
    same = not records or records.get("digest") == form.digest
    if not same:
        findings.append(finding("W111", detail=form.key))
    cells = dict(_cells(package, found))
    _reject_empty(package, layout, cells)
    year = _year(cells, form)
    issued = _issued(recorded, layout)
    evidence = Evidence(package, layout, found.addresses, cells, records, year, same, issued)
    audited = audit_pasted(evidence) if found.pasted else audit(evidence)
    cells |= {name: replace(cells[name], formula=False) for name in audited.overtyped}
    submission = Submission(
        path=path,
        form=form,
        plan=layout.plan,
        cells=cells,
        # Without names the lines of 自检 are known by place, which another definition moves; where
        # cells are gone, its formulas are broken.
        verdicts={}
        if found.copied or evidence.lost or (package.values_only and not same)
        else dict(_verdicts(package, layout)),
        fiscal_year=year,
        department=_identity(cells, records, "department"),
        department_code=_identity(cells, records, "department_code"),
    )
    return submission, (*findings, *audited.findings)


def _recorded(package: Package) -> Sheet | None:
    """The sheet `_form`, known by its first record, whatever it is called now; None if it is gone."""
    candidates = [package.sheet(FORM_SHEET), *package.sheets]
    for sheet in candidates:
        if sheet is not None and _text(sheet.cells.get((1, 1))) == FORM_RECORDS[0]:
            return sheet
    return None


def _records(sheet: Sheet | None) -> dict[str, str]:
    if sheet is None:
        return {}
    rows = range(1, len(FORM_RECORDS) + 1)
    return {_text(sheet.cells.get((r, 1))): _text(sheet.cells.get((r, 2))) for r in rows}


def _issued(sheet: Sheet | None, layout: Layout) -> dict[str, Raw]:
    """What the bureau filled in and locked, by name, as `_form` records it."""
    found: dict[str, Raw] = {}
    if sheet is None:
        return found
    for row in range(1, len(layout.spots) + 1):
        name, value = (sheet.cells.get((row, ISSUED_COLUMN + step)) for step in (0, 1))
        if name is None:
            break
        if value is not None and _text(name) in layout.spots:
            found[_text(name)] = value.value
    return found


def _find(package: Package, records: Mapping[str, str], forms: Forms) -> Found:
    if not records:
        return find_unrecorded(package, list(forms.values()))
    form = _form(records, forms)
    return find_recorded(package, place(form, _plan(records, form)))


def _text(cell: RawCell | None) -> str:
    if cell is None or cell.value is None:
        return ""
    return f"{cell.value:.15g}" if isinstance(cell.value, float) else str(cell.value)


def _form(records: Mapping[str, str], forms: Forms) -> Form:
    key = records.get("form", ""), records.get("version", "")
    if key not in forms:
        raise Unknown(finding("W109", detail=" ".join(key)))
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
        sheet = sheets.get(cell.address.sheet)
        stored = sheet.cells.get((cell.address.row, cell.address.column)) if sheet else None
        ours = item.mode != "entered" or item.by != "department" or cell.raw is None
        # Where locks are unknown, what stands outside the head was filled in by the department.
        known = item.section != "identity" if package.values_only else False
        if not ours and stored is not None and (known or stored.style in package.unlocked):
            return
    if not package.values_only and not any(sheet.protected for sheet in package.sheets):
        return
    raise Unknown(finding("W110", sheet=layout.form.sheet))


# --- locating and reading -------------------------------------------------------------------------


def _cells(package: Package, found: Found) -> Iterator[tuple[str, Cell]]:
    places = Places.of(package)
    for name, spot in found.layout.spots.items():
        address = found.addresses.get(name)
        if address is not None:
            cell = _cell(package, found.layout.form, spot, address, places.cell(address))
            if found.pasted and spot.field.mode == "computed":
                cell = replace(cell, formula=True)  # only its value was copied
            yield name, cell
        elif found.year is not None and spot.address.sheet == FORM_SHEET:
            year = float(found.year) if spot.field.id == "fiscal_year" else None
            yield name, Cell(year, year, spot.address)
        else:
            lost = spot.field.is_computed
            yield name, Cell(None, None, spot.address, formula=lost, problem="找不到这一格")


def _cell(
    package: Package, form: Form, spot: Spot, address: Address, stored: RawCell | None
) -> Cell:
    formula = _holds_formula(package, spot, stored)
    if (
        stored is not None
        and stored.formula
        and stored.value is None
        and spot.field.mode == "entered"
    ):
        return Cell(f"={stored.formula}", None, address, problem="是公式，没有存下结果")
    if stored is None or stored.value is None:
        return Cell(None, None, address, formula=formula)
    if stored.type == "e":
        name = str(stored.value)
        return Cell(name, None, address, error=True, formula=formula, problem=f"是错误值 {name}")
    raw: Raw = stored.value
    if formula and spot.field.is_computed and (raw == "" or _lost_text(package, spot, raw)):
        raw = None
    style = package.formats.get(stored.style, "General")
    if package.date1904 and isinstance(raw, float) and shows_day(spot.field.kind, style):
        raw += DAYS_TO_1904
    read = spot.field.kind.coerce(raw, style, spot.field.unit or form.unit)
    return Cell(raw, read.value, address, False, formula, read.receipt, read.problem)


def _holds_formula(package: Package, spot: Spot, stored: RawCell | None) -> bool:
    """Whether a formula stands there; where formulas are unknown, what the template would have.

    A suggestion shows in the value alone, which rules then take as typed: the verdict is the same.
    """
    if package.values_only:
        empty = stored is None or stored.value is None
        return spot.field.mode == "computed" or (spot.field.mode == "suggested" and empty)
    return stored is not None and stored.formula is not None


def _lost_text(package: Package, spot: Spot, raw: Raw) -> bool:
    """Whether a formula's text got lost: LibreOffice writes some as 0 into an .xls."""
    return package.values_only and isinstance(raw, float) and spot.field.kind.dtype == "string"


def _verdicts(package: Package, layout: Layout) -> Iterator[tuple[str, str]]:
    places = Places.of(package)
    for line, usual in layout.checks.items():
        address = places.find(check_name(line), usual)
        stored = places.cell(address) if address else None
        if stored is not None and stored.type == "s" and stored.value:
            yield line, str(stored.value)
