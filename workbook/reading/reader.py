"""Returned files → submissions: recognised by identity, located by names, every value with its cell.

Nothing here raises for what a department sent: a file that cannot be read is a Return with status
`rejected` and the reason among its findings. Cached results are kept beside the inputs only so that
`workbook.checking.checks` can compare them; no figure is taken from them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from workbook.address import Address
from workbook.arguments import PathLike, as_paths, as_whole, refusal, taken
from workbook.catalogue import Severity
from workbook.errors import Refused
from workbook.findings import Finding, finding
from workbook.form import DAYS_TO_1904, Field, Form, KnownForms, Raw, load_form, shows_day
from workbook.layout import (
    CALC_SHEET,
    CHECK_SHEET,
    FORM_RECORDS,
    FORM_SHEET,
    GUIDE_SHEET,
    ISSUED_COLUMN,
    LIST_SHEET,
    VERDICT_WORDS,
    Layout,
    Plan,
    Spot,
    default_plan,
    lay_out,
)
from workbook.limits import Limits
from workbook.package import Package, RawCell, Sheet, members, open_bytes, read_file
from workbook.reading.answers import answers_in
from workbook.reading.cell_locations import (
    RecognisedForm,
    Unknown,
    find_recorded,
    find_unrecorded,
    named_cells,
)
from workbook.reading.counties import (
    ARCHIVE,
    County,
    FolderCounties,
    of_counties,
    refuse_outside,
)
from workbook.reading.inserted_rows import read_inserted_rows
from workbook.reading.inspection import Evidence
from workbook.reading.submission import (
    ACCEPTED,
    REJECTED,
    SKIPPED,
    Cell,
    Return,
    Returns,
    Submission,
)
from workbook.reading.tampering import audit, audit_pasted
from workbook.reading.unforeseen import is_foreseen, rejected
from workbook.reading.workers import IN_FLIGHT, Processes, WorkBatch, dispatch
from workbook.stores import Url, fetch, find_beyond, is_beyond, location
from workbook.text import printable

Forms = Mapping[tuple[str, str], Form]
"""Definitions by id and version."""

Passwords = Sequence[str] | Callable[[Path], Sequence[str]]
"""What may open encrypted workbooks: the same for all, or by a file's path (then of a module, to be
sent to other processes)."""

LIMITS = Limits()

Item = TypeVar("Item")

_HIDDEN = frozenset((CALC_SHEET, LIST_SHEET))
"""Nothing is taken from these sheets, and what they should say shows on 自检, so they are not parsed."""
_UNREAD = _HIDDEN | {GUIDE_SHEET, CHECK_SHEET}
"""Nor are these: what 自检 says is repeated on `_form`."""
_WORTH_A_PROCESS = 200
"""So many files are read in several processes, if several are asked for."""
_AT_ONCE = 50
"""So many files are a batch."""
_OWN_FILES = ("~$", ".~", "._")
_LITTER = {".ds_store", "thumbs.db", "desktop.ini"}


def known_forms(extra: Iterable[Path] = ()) -> Forms:
    """The definitions that come with the project, and further files. Raises FormError."""
    return KnownForms(map(load_form, extra))


def find_files(paths: Path | str | Iterable[Path | str]) -> Iterator[Path]:
    """Every file that paths, patterns and URLs stand for, folders walked in order of their names; no links followed.

    A folder that may not be listed, or lies too deep, stands for what is in it: reading it tells why.
    """
    for given in [paths] if isinstance(paths, (Path, str)) else paths:
        path = location(given) if isinstance(given, str) else given
        if is_beyond(path):
            yield from map(location, find_beyond(path))
        else:
            yield from _walked(path)


def _walked(path: Path) -> Iterator[Path]:
    """A file, or every file in a folder; a name found there is no pattern."""
    entries = _entries(path) if _is_folder(path) and len(path.parts) <= _DEEPEST else None
    if entries is None:
        yield path
    else:
        for entry in entries:
            yield from _walked(entry)


_DEEPEST = 100
"""So many names a path may have for its folder to be walked."""


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir() and not path.is_symlink()
    except OSError:  # a path too long for the system
        return False


def _entries(folder: Path) -> list[Path] | None:
    """What is in a folder, its files first; None if it may not be listed."""
    try:
        return sorted(folder.iterdir(), key=lambda entry: (_is_folder(entry), entry.name))
    except OSError:
        return None


def read_returns(
    paths: PathLike | Iterable[PathLike],
    *,
    forms: Forms | Form | Iterable[Form] | None = None,
    passwords: Passwords | str = (),
    county: County = "",
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[Path], None] | None = None,
) -> Returns:
    """Read every file under `paths`, in order, in `workers` processes. One bad file stops no other.

    Files, folders, patterns (`returns/**/*.xlsx`), archives and URLs, one or many, are read as on the command
    line; the only path, if nothing is there, raises ArgumentError, and so does any argument that is none of
    what it may be.

    Each process imports the script that is run: one that asks for `workers` guards what it does with
    ``if __name__ == "__main__":``, else WorkbookError. Without `workers`, a script reads in one process; a
    notebook, in which nothing runs again, reads 200 files or more in as many as there are processors. With an
    `executor` (of `concurrent.futures`, or Dask's
    `client.get_executor()`) the files are read there, in batches; BrokenExecutor if it can do no more.
    A .zip of workbooks gives a Return for each file in it. `progress` is told of each file once it is
    read. `county` is that of all the returns, or tells it by a file's path: returns of several counties,
    in whose folders they lie, are read with `FolderCounties.under(paths)`; WorkbookError then where a
    file lies in none.

    >>> from workbook import read_returns
    >>> read_returns("samples/returns/*.xlsx")
    <12 Returns: accepted 12，没有检查过>
    """
    several = usual_workers() if workers is None else as_whole(workers, "workers", least=1)
    if executor is not None:
        require_executor(executor)
    if progress is not None and not callable(progress):
        raise refusal("progress", progress, "应是函数，每读完一个文件用它的路径调用")
    files = [
        file
        for path in as_paths(paths, "paths")
        for file in (find_files(path) if isinstance(path, Url) else _walked(path))
    ]
    require_counties(files, county)
    work = partial(
        read_batch, forms=as_forms(forms), passwords=as_passwords(passwords), county=county
    )
    return _read_in_batches(
        files, work, workers=several, executor=executor,
        name_of=lambda path: path, lost=lambda path: of_counties([fatal(path)], county),
        progress=progress,
    )  # fmt: skip


def as_forms(value: object, name: str = "forms") -> Forms:
    """Definitions as they are looked up: those that come with the project, if none are given. Raises ArgumentError."""
    if value is None:
        return known_forms()
    if isinstance(value, KnownForms):
        return value
    remedy = "应是表式（load_form 读出的），一个或几个"
    if isinstance(value, Form):
        value = [value]
    forms = value.values() if isinstance(value, Mapping) else value
    if isinstance(forms, str | bytes) or not isinstance(forms, Iterable):
        raise refusal(name, value, remedy)
    several = [taken(form, Form, name, remedy) for form in forms]
    if not several:
        raise refusal(name, value, remedy)
    return {(form.id, form.version): form for form in several}


def as_passwords(value: object, name: str = "passwords") -> Passwords:
    """Passwords, one or several, or what tells them by a file's path. Raises ArgumentError."""
    if isinstance(value, str) or value is None:
        return (value,) if value else ()
    if callable(value):
        return value
    remedy = "应是密码，一个或几个"
    if isinstance(value, bytes) or not isinstance(value, Iterable):
        raise refusal(name, value, remedy)
    return tuple(taken(password, str, name, remedy) for password in value)


def require_executor(value: object) -> None:
    """Raise ArgumentError for what takes no work."""
    if isinstance(value, type) or not callable(getattr(value, "submit", None)):
        raise refusal(
            "executor", value, "应是 concurrent.futures 的执行器，或 Dask 的 client.get_executor()"
        )


def require_counties(files: Iterable[Path], county: County) -> None:
    """Raise WorkbookError if `county` tells by the path, and not of every file that will be read.

    What lies in an archive is seen once that is opened.
    """
    if isinstance(county, type) or not (isinstance(county, str) or callable(county)):
        raise refusal("county", county, "应是县区的名称，或 FolderCounties.under(文件夹)")
    files = [file for file in files if not is_litter(file)] if callable(county) else []
    if callable(county):
        refuse_outside([f for f in files if not county(f) and f.suffix.lower() != ARCHIVE])
    if isinstance(county, FolderCounties):
        county.refuse_namesakes(files)


def _read_in_batches(
    items: Sequence[Item],
    work: Callable[[WorkBatch[Item]], list[Return]],
    *,
    workers: int,
    executor: Executor | None,
    name_of: Callable[[Item], Path],
    lost: Callable[[Item], list[Return]],
    progress: Callable[[Path], None] | None,
    in_flight: int = 128,
    size: int = _AT_ONCE,
) -> Returns:
    """The returns of all items, in their order; `lost` tells of one that ended every process which read it.

    `in_flight` is for an `executor` of which it is not known how much it can do at a time.
    """
    returns_by_start: dict[int, list[Return]] = {}
    with contextlib.ExitStack() as stack:
        batches: Iterable[tuple[WorkBatch[Item], list[Return] | None]]
        if executor is not None:
            batches = dispatch(work, items, executor, size=size, in_flight=in_flight)
        elif workers < 2 or len(items) < _WORTH_A_PROCESS:
            singles = (WorkBatch(start, (item,)) for start, item in enumerate(items))
            batches = ((single, work(single)) for single in singles)
        else:
            processes = stack.enter_context(Processes(workers))
            batches = dispatch(work, items, processes, size=size, in_flight=2 * workers)
        for batch, returns in batches:
            returns_by_start[batch.start] = lost(batch.items[0]) if returns is None else returns
            if progress is not None:
                for item in batch.items:
                    progress(name_of(item))
    return Returns(r for start in sorted(returns_by_start) for r in returns_by_start[start])


def read_batch(
    batch: WorkBatch[Path], *, forms: Forms, passwords: Passwords, county: County = ""
) -> list[Return]:
    """The returns of some files, in this process."""
    returns = [
        returned
        for path in batch.items
        for returned in _survived(path, partial(_read_file, path, forms, passwords))
    ]
    return of_counties(returns, county)


def _survived(path: Path, read: Callable[[], list[Return]]) -> list[Return]:
    """The returns of one file, whatever happens in reading it."""
    try:
        return read()
    except Exception as error:
        if is_foreseen(error):
            raise
        return [rejected(path, error)]


def fatal(path: Path) -> Return:
    """A file that ended every process which read it."""
    return Return(path, REJECTED, (finding("W104", detail="读取进程一再因它而中止"),))


def usual_workers() -> int:
    """How many processes read many files if nobody says: a script may not be guarded against running again."""
    is_script = hasattr(sys.modules["__main__"], "__file__")
    return 1 if is_script else os.cpu_count() or 1


def read_kept(
    files: Sequence[tuple[Path, Path]],
    *,
    forms: Forms,
    passwords: Passwords = (),
    workers: int = 1,
    pool: Executor | None = None,
    progress: Callable[[Path], None] | None = None,
) -> Returns:
    """Read files that are kept under other names: each is named as its first path, its content at the second.

    A return a file, in their order; archives are not opened. With a `pool` all are read there, none in this
    process; nothing else may be done with it meanwhile.
    """
    return _read_in_batches(
        files, partial(_read_kept, forms=forms, passwords=passwords),
        workers=workers, executor=pool, in_flight=IN_FLIGHT,
        # Of few, each process has something to do, and one is soon told of.
        size=_AT_ONCE if len(files) >= _WORTH_A_PROCESS else 4,
        name_of=lambda file: file[0], lost=lambda file: [fatal(file[0])], progress=progress,
    )  # fmt: skip


def _read_kept(
    batch: WorkBatch[tuple[Path, Path]], *, forms: Forms, passwords: Passwords
) -> list[Return]:
    def read(name: Path, place: Path) -> list[Return]:
        return [_read(name, _content(place), forms, passwords)]

    return [
        returned
        for name, place in batch.items
        for returned in _survived(name, partial(read, name, place))
    ]


def read_return(
    path: Path | str, *, forms: Forms | None = None, passwords: Passwords = ()
) -> Return:
    """Read one file: accepted with its submission, rejected, or skipped, with the reason."""
    path = Path(path)
    return _read(path, _content(path), forms or known_forms(), passwords)


def _content(path: Path) -> bytes | Refused:
    if is_litter(path):
        return b""
    if not isinstance(path, Url) and _is_folder(path):
        return Refused("W101", "文件夹没有权限打开，或者一层套一层太深")
    try:
        return (fetch if isinstance(path, Url) else read_file)(path, LIMITS)
    except Refused as refused:
        return refused


def _read_file(path: Path, forms: Forms, passwords: Passwords) -> list[Return]:
    """The returns of one file: one, or those of an archive."""
    content = _content(path)
    first = _read(path, content, forms, passwords)
    if first.status != REJECTED or isinstance(content, Refused):
        return [first]
    inner_files = members(path, content, LIMITS)
    return [_read(name, data, forms, passwords) for name, data in inner_files] or [first]


def is_litter(path: Path) -> bool:
    """Whether a file is what programs leave behind, which nobody sent."""
    return path.name.startswith(_OWN_FILES) or path.name.lower() in _LITTER


def _read(path: Path, content: bytes | Refused, forms: Forms, passwords: Passwords) -> Return:
    if is_litter(path):
        return Return(path, SKIPPED, (finding("W112", detail=printable(path.name)),))
    try:
        if isinstance(content, Refused):
            raise content
        file_passwords = passwords(path) if callable(passwords) else passwords
        opened = partial(open_bytes, content, limits=LIMITS, passwords=file_passwords)
        package = opened(unread=_UNREAD)
        try:
            submission, findings = _recognise(path, package, forms)
        except Unknown as unknown:
            return _return(path, package, REJECTED, (unknown.why,))
        if submission.verdicts == _ON_CHECK_SHEET:
            verdicts = _shown_verdicts(
                opened(unread=_HIDDEN), lay_out(submission.form, submission.plan)
            )
            submission = replace(submission, verdicts=verdicts)
    except Refused as refused:
        return Return(path, REJECTED, (finding(refused.code, detail=refused.detail),))
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
        application=printable(properties.get("application", "")),
        saved_by=printable(properties.get("lastModifiedBy", "")),
        modified=properties.get("modified", ""),
    )


# --- recognising ----------------------------------------------------------------------------------


def _recognise(
    path: Path, package: Package, forms: Forms
) -> tuple[Submission, tuple[Finding, ...]]:
    recorded = _recorded(package)
    records = _records(recorded)
    recognised = _find_form(package, records, forms)
    layout, findings, form = recognised.layout, recognised.findings, recognised.layout.form
    if package.values_only:
        findings.append(finding("W113", detail=package.kind))
    same_definition = not records or form.has_digest(records.get("digest", ""))
    if not same_definition:
        findings.append(_of_other_definition(form, records))
    inserted = read_inserted_rows(package, recognised)
    returned_layout = inserted.recognised.layout
    cells = dict(_cells(package, inserted.recognised))
    cells |= dict(inserted.computed(cells))
    _reject_empty(package, returned_layout, cells)
    year = _year(cells, form)
    issued = _issued(recorded, layout)
    rows_put_in = bool(inserted.positions) or (records and layout.plan != _plan(records, form))
    evidence = Evidence(
        package,
        layout,
        recognised.addresses,
        inserted.of_template(cells),
        records,
        year,
        same_definition,
        issued,
        inserted.positions,
    )
    audited = audit_pasted(evidence) if recognised.pasted else audit(evidence)
    overtyped = (inserted.names.get(name, name) for name in audited.overtyped)
    cells |= {name: replace(cells[name], formula=False) for name in overtyped}
    submission = Submission(
        path=path,
        form=form,
        plan=returned_layout.plan,
        cells=cells,
        # Another definition's verdicts are of other rules; without names the lines of 自检 are known by
        # place; where cells are gone, its formulas are broken; of rows put in it knows nothing.
        verdicts={}
        if recognised.copied or evidence.lost or rows_put_in or not same_definition
        else _verdicts(package, recorded, layout),
        fiscal_year=year,
        department=_identity(cells, records, "department"),
        department_code=_identity(cells, records, "department_code"),
        values_only=package.values_only,
        answers=answers_in(package),
    )
    audit_findings = inserted.renamed([*findings, *audited.findings])
    return submission, (*audit_findings, *inserted.findings)


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
    records = {_text(sheet.cells.get((r, 1))): _text(sheet.cells.get((r, 2))) for r in rows}
    beside_digest = sheet.cells.get((FORM_RECORDS.index("digest") + 1, 3))
    return records | {"revision": _text(beside_digest) or "1"}


def _of_other_definition(form: Form, records: Mapping[str, str]) -> Finding:
    """W111; only a note where the template says that it is of an earlier revision."""
    recorded = records["revision"]
    if not (recorded.isdecimal() and int(recorded) < form.revision):
        return finding("W111", detail=form.key)
    detail = f"{form.key}，修订号 {recorded}，现在是 {form.revision}"
    return replace(finding("W111", detail=detail), severity=Severity.NOTE)


def _issued(sheet: Sheet | None, layout: Layout) -> dict[str, Raw]:
    """What the bureau filled in and locked, by name, as `_form` records it."""
    issued_values: dict[str, Raw] = {}
    if sheet is None:
        return issued_values
    for row in range(1, len(layout.spots) + 1):
        name, value = (sheet.cells.get((row, ISSUED_COLUMN + step)) for step in (0, 1))
        if name is None:
            break
        if value is not None and _text(name) in layout.spots:
            issued_values[_text(name)] = value.value
    return issued_values


def _find_form(package: Package, records: Mapping[str, str], forms: Forms) -> RecognisedForm:
    if not records:
        return find_unrecorded(package, list(forms.values()))
    form = _form(records, forms)
    other_definition = not form.has_digest(records.get("digest", ""))
    return find_recorded(
        package, lay_out(form, _plan(records, form)), other_definition=other_definition
    )


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
    usual_plan = default_plan(form)
    counts = records.get("plan", "").split()
    fits = len(counts) == len(usual_plan) and all(c.isdigit() and 0 < int(c) < 1000 for c in counts)
    return tuple(map(int, counts)) if fits else usual_plan


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
        outside_head = item.section != "identity" if package.values_only else False
        if not ours and stored is not None and (outside_head or stored.style in package.unlocked):
            return
    if not package.values_only and not any(sheet.protected for sheet in package.sheets):
        return
    raise Unknown(finding("W110", sheet=layout.form.sheet))


# --- locating and reading -------------------------------------------------------------------------


def _cells(package: Package, recognised: RecognisedForm) -> Iterator[tuple[str, Cell]]:
    sheets = {sheet.name: sheet.cells for sheet in package.sheets}
    formats, unit = package.formats, recognised.layout.form.unit
    keeps_formulas = not package.values_only and not recognised.pasted
    for name, spot in recognised.layout.spots.items():
        address = recognised.addresses.get(name)
        if address is not None:
            stored = sheets[address.sheet].get((address.row, address.column), _NOTHING)
            number_format, item = formats.get(stored[3], "General"), spot.field
            if package.workbook.date1904:
                stored = _from_1900(stored, item, number_format)
            if stored[0] is None and stored[2] and item.mode == "entered":
                yield name, Cell(f"={stored[2]}", None, address, problem="是公式，没有存下结果")
            elif keeps_formulas:
                yield name, _usual_cell(item, unit, address, stored, number_format)
            else:
                cell = _cell(package, spot, unit, address, stored, number_format)
                if recognised.pasted and item.mode == "computed":
                    cell = replace(cell, formula=True)  # only its value was copied
                yield name, cell
        elif recognised.year is not None and spot.address.sheet == FORM_SHEET:
            year = float(recognised.year) if spot.field.id == "fiscal_year" else None
            yield name, Cell(year, year, spot.address, formula=spot.field.is_computed)
        else:
            # Of what is not there nothing was overwritten.
            lost = spot.field.is_computed
            why = "" if name in recognised.absent else "找不到这一格"
            yield name, Cell(None, None, spot.address, formula=lost, problem=why)


_NOTHING = RawCell(None, "", None, 0)


def _from_1900(stored: RawCell, item: Field, number_format: str) -> RawCell:
    """A day of a workbook that counts from 1904, counted as others do."""
    raw = stored.value
    if isinstance(raw, float) and shows_day(item.kind, number_format):
        return stored._replace(value=raw + DAYS_TO_1904)
    return stored


# Cells read before, which returns may share: most are blank, a printed word or a round figure. A plain
# mapping, since long texts are seldom met again and are not to push out the others.
_CELLS_READ: dict[tuple[object, ...], Cell] = {}
_MOST, _SHORT = 40_000, 40


def _usual_cell(
    item: Field, unit: str, address: Address, stored: RawCell, number_format: str
) -> Cell:
    """A cell of a return that kept its formulas."""
    raw, type_, formula, _ = stored
    unit = item.unit or unit
    key = (
        item.kind.coerce,
        item.blank,
        item.is_computed,
        address,
        raw,
        type_,
        formula is None,
        number_format,
        unit,
    )
    cell = _CELLS_READ.get(key)
    if cell is None:
        cell = _coerced_cell(item, unit, address, stored, number_format, formula is not None)
        if raw is None or type_ == "n" or len(str(raw)) <= _SHORT:
            if len(_CELLS_READ) >= _MOST:
                _CELLS_READ.clear()
            _CELLS_READ[key] = cell
    return cell


def _coerced_cell(
    item: Field, unit: str, address: Address, stored: RawCell, number_format: str, formula: bool
) -> Cell:
    raw, type_, _, _ = stored
    if raw is None or (formula and item.is_computed and raw == ""):
        return Cell(None, None, address, formula=formula)
    if type_ == "e":
        return Cell(raw, None, address, error=True, formula=formula, problem=f"是错误值 {raw}")
    coerced = item.read(raw, number_format, unit)
    return Cell(raw, coerced.value, address, False, formula, coerced.receipt, coerced.problem)


def _cell(
    package: Package, spot: Spot, unit: str, address: Address, stored: RawCell, number_format: str
) -> Cell:
    """A cell of a return in which formulas may be lost or unknown."""
    formula = _holds_formula(package, spot, stored)
    if formula and spot.field.is_computed and _lost_text(package, spot, stored.value):
        stored = _NOTHING
    return _coerced_cell(
        spot.field, spot.field.unit or unit, address, stored, number_format, formula
    )


def _holds_formula(package: Package, spot: Spot, stored: RawCell) -> bool:
    """Whether a formula stands there; where formulas are unknown, what the template would have.

    A suggestion shows in the value alone, which rules then take as typed: the verdict is the same.
    """
    if package.values_only:
        empty = stored.value is None
        return spot.field.mode in ("computed", "derived") or (
            spot.field.mode == "suggested" and empty
        )
    return stored.formula is not None


def _lost_text(package: Package, spot: Spot, raw: Raw) -> bool:
    """Whether a formula's text got lost: LibreOffice writes some as 0 into an .xls."""
    return package.values_only and isinstance(raw, float) and spot.field.kind.dtype == "string"


_ON_CHECK_SHEET = {"": ""}
"""Instead of verdicts: they stand on 自检 alone, which was not read."""


def _verdicts(package: Package, recorded: Sheet | None, layout: Layout) -> dict[str, str]:
    """By line of 自检, what the workbook says of itself; `_ON_CHECK_SHEET` where `_form` does not repeat it."""
    usual_address = layout.verdict_letters
    at = usual_address if package.values_only else named_cells(package, layout).letters
    if at is None or recorded is None:
        return _ON_CHECK_SHEET
    stored = recorded.cells.get((at.row, at.column))
    letters = stored.value if stored is not None else None
    if not isinstance(letters, str) or len(letters) != len(layout.checks):
        return _ON_CHECK_SHEET
    words = (VERDICT_WORDS.get(letter, _OVERWRITTEN) for letter in letters)
    return dict(zip(layout.checks, words, strict=True))


_OVERWRITTEN = "（改写过）"


def _shown_verdicts(package: Package, layout: Layout) -> dict[str, str]:
    """The verdicts on 自检 itself, of a template that does not repeat them."""
    sheets = {sheet.name: sheet.cells for sheet in package.sheets}
    shown: dict[str, str] = {}
    for line, address in named_cells(package, layout).checks.items():
        stored = sheets[address.sheet].get((address.row, address.column))
        if stored is not None and stored.type == "s" and stored.value:
            shown[line] = str(stored.value)
    return shown
