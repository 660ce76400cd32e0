"""A submission: what was read out of one return, every value with its cell."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from workbook.address import Address
from workbook.arguments import ArgumentError, PathLike, as_path, is_table, refusal, taken
from workbook.catalogue import Severity
from workbook.display import MOST_LINES, html_table
from workbook.errors import WorkbookError
from workbook.findings import Finding
from workbook.form import ROW, TOO_LARGE, Form, Raw, Value, serial
from workbook.language import t
from workbook.layout import Plan, Spot, cell_name, lay_out
from workbook.reading.answers import Answers
from workbook.stores import Url
from workbook.text import brief, printable

ACCEPTED, REJECTED, SKIPPED = "accepted", "rejected", "skipped"

CHINA = timezone(timedelta(hours=8))
FEWEST = 10
"""Two departments may well have fewer figures than these in common."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a return as it came: what it holds, what that means, and where it stands."""

    raw: Raw
    value: Value
    address: Address
    error: bool = False
    """Whether it holds an error such as #N/A; then `raw` is its name."""
    formula: bool = False
    """Whether the template's own formula stands in it."""
    receipt: str = ""
    """What was done to read the value, if it was not typed as the form asks."""
    problem: str = ""
    """Why there is no value, if something stands there."""

    @property
    def is_beyond(self) -> bool:
        """Whether it holds a number, but one too large for anything to be worked out with it."""
        return self.problem == TOO_LARGE and isinstance(self.raw, float)


@dataclass(frozen=True, slots=True, repr=False)
class Submission:
    """One return that was recognised. `cells` are by defined name: `indicators.actual.3`."""

    path: Path
    form: Form
    plan: Plan
    cells: dict[str, Cell]
    verdicts: dict[str, str]
    """By line of 自检: the verdict that the workbook itself shows."""
    fiscal_year: int
    department: str
    department_code: str
    stored_filling: str | None = None
    """What `filling` is, where the cells were left out."""
    values_only: bool = False
    """Whether it came as .xls or .ods: a result that shows 0 may be a text, even "", that was not saved."""
    answers: Answers | None = None
    """What the department answered, where the form had been sent back to it."""
    _worked_out: dict[str, str] = field(default_factory=dict, init=False, compare=False)

    def __repr__(self) -> str:
        who = f"{self.department_code} {self.department}".strip()
        return f"<Submission {self.key}: {self.form.key}, {who or 'no department'}, {len(self.cells)} cells>"

    def _repr_html_(self) -> str:
        rows = [
            (
                name,
                cell.address.a1,
                "" if cell.value is None else brief(str(cell.value)),
                cell.receipt,
            )
            for name, cell in self.cells.items()
            if cell.value is not None or cell.problem
        ]
        return html_table(repr(self), ("字段", "单元格", "值", "怎样读的"), rows)

    @property
    def key(self) -> str:
        """What names the return in every frame: its path as it was given."""
        return printable(self.path)

    @property
    def is_whole(self) -> bool:
        """Whether its cells were kept."""
        return self.stored_filling is None

    @property
    def project(self) -> str:
        """The project's name as it was typed; blank where there is none, or the form has no projects."""
        item = self.form.key_fields.project
        cell = self.cell_of(item.key) if item is not None else None
        return str(cell.value).strip() if cell is not None and cell.value is not None else ""

    def cell_of(self, key: str, number: int = 0) -> Cell | None:
        """What stands in a field, or in its Nth row or group; None if the return has no such cell."""
        return self.cells.get(cell_name(key, number))

    def address_of(self, key: str, number: int = 0) -> Address | None:
        """Where a field stands, or its Nth row or group; None if the return has no such cell."""
        cell = self.cell_of(key, number)
        return cell.address if cell is not None else None

    @property
    def filling(self) -> str:
        """A digest of what the department filled in beside its own name; blank if it is but little.

        Two returns of one form have the same digest if they are filled in the same.
        """
        if self.stored_filling is not None:
            return self.stored_filling
        if "filling" not in self._worked_out:
            self._worked_out["filling"] = self._digest()
        return self._worked_out["filling"]

    def _digest(self) -> str:
        filled = [
            (name, cell.raw) for name, cell in self.cells.items() if self._is_filled(name, cell)
        ]
        if len(filled) < FEWEST:
            return ""
        filled_bytes = repr((self.form.id, filled)).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(filled_bytes, digest_size=12).hexdigest()

    def _is_filled(self, name: str, cell: Cell) -> bool:
        if cell.raw is None or cell.formula:
            return False
        section, field = name.split(".")[:2]
        item = self.form.sections[section].fields[field]
        return section != "identity" and item.mode == "entered" and item.by == "department"


@dataclass(frozen=True, slots=True, repr=False)
class Return:
    """What became of one file: read into a submission, or rejected or skipped with the reason."""

    path: Path
    status: str
    findings: tuple[Finding, ...] = ()
    submission: Submission | None = None
    sha256: str = ""
    size: int = 0
    application: str = ""
    """What saved it, as the file itself says."""
    saved_by: str = ""
    modified: str = ""
    county: str = ""
    """Whose department sent it; blank where that is not known. Codes repeat in other counties."""
    received: date | None = None
    """The day on which it came, where a round has it on record; else the file itself has to tell."""
    chosen: bool = False
    """Whether the bureau said that it counts, of several copies; see `workbook.reading.choose`."""
    fault: str = ""
    """The traceback of what nobody foresaw in it (W119); blank as a rule."""
    checked_by: str = ""
    """What checked it: the release, and the roster and the round's year if they were given; blank if nothing did."""

    def __repr__(self) -> str:
        severities = Counter(f.severity.chinese for f in self.findings)
        told = "，".join(f"{severity} {count}" for severity, count in severities.items())
        if _is_unchecked(self):
            told = f"{told}，没有检查过".lstrip("，")
        return f"<Return {self.key}: {self.status}, {told or '没有问题'}>"

    def _repr_html_(self) -> str:
        rows = [(f.code, f.severity.chinese, f.sheet, f.cell, f.sentence) for f in self.findings]
        return html_table(repr(self), ("代码", "级别", "表", "单元格", "问题"), rows)

    @property
    def saved_at(self) -> datetime | None:
        """When it was last saved, in China's time, which a time without a zone is taken for; None where
        the file does not say."""
        try:
            saved = datetime.fromisoformat(self.modified)
            return saved.astimezone(CHINA) if saved.tzinfo else saved.replace(tzinfo=CHINA)
        except (ValueError, OverflowError):
            return None

    @property
    def key(self) -> str:
        """What names it in every frame: its path as it was given."""
        return printable(self.path)

    @property
    def error(self) -> str:
        """Why it was rejected or skipped; blank for an accepted return."""
        return "" if self.status == ACCEPTED else "；".join(f.message for f in self.findings)

    def worst(self) -> Severity | None:
        """The gravest severity among its findings."""
        return min((f.severity for f in self.findings), key=list(Severity).index, default=None)


class Returns(list[Return]):
    """Some returns, in their order: a list that shows itself briefly."""

    def __repr__(self) -> str:
        statuses = Counter(returned.status for returned in self)
        told = "，".join(f"{status} {count}" for status, count in statuses.items())
        unchecked = "，没有检查过" if any(map(_is_unchecked, self)) else ""
        return f"<{len(self)} Returns: {told or '一份也没有'}{unchecked}>"

    def _repr_html_(self) -> str:
        rows = [
            (
                returned.key,
                returned.submission.department if returned.submission else "",
                returned.status,
                *(
                    "未检查"
                    if _is_unchecked(returned)
                    else sum(f.severity == severity for f in returned.findings)
                    for severity in Severity
                ),
            )
            for returned in self[:MOST_LINES]
        ]
        heads = ("文件", "单位", "状态", *(severity.chinese for severity in Severity))
        return html_table(repr(self), heads, rows, total=len(self))


def _is_unchecked(returned: Return) -> bool:
    return returned.submission is not None and not returned.checked_by


def require_whole(returns: Iterable[Return]) -> None:
    """Raise ArgumentError where the cells of a return were left out, as `roll_up` leaves them."""
    light = [r.key for r in returns if r.submission is not None and not r.submission.is_whole]
    if light:
        raise ArgumentError(
            t(
                "{count} 份表没有带着单元格（如 {first}，出自 roll_up）："
                "请用它的汇总和写出的数据，要逐格的，用 read_returns 读",
                count=len(light),
                first=light[0],
            )
        )


def as_returns(value: object, name: str) -> Returns:
    """Returns as `read_returns` gives them. Raises ArgumentError for anything else."""
    remedy = "应是 read_returns 读出的表"
    if (
        isinstance(value, str | bytes | Mapping)
        or not isinstance(value, Iterable)
        or is_table(value)
    ):
        raise refusal(name, value, remedy)
    return Returns(taken(each, Return, name, remedy) for each in value)


def require_checked(returns: Iterable[Return], *, checked: bool) -> None:
    """Raise ArgumentError where a return that was read was not checked, unless that is what is wanted."""
    unchecked = [returned.key for returned in returns if _is_unchecked(returned)]
    if checked and unchecked:
        raise ArgumentError(
            t(
                "{count} 份表没有检查过（如 {first}），不知道有没有错："
                "请先 check(returns)；确要不检查，写 checked=False",
                count=len(unchecked),
                first=unchecked[0],
            )
        )


def choose(returns: Iterable[Return], files: PathLike | Iterable[PathLike]) -> Returns:
    """The returns, those of `files` chosen: they count, whatever other copies say of their age.

    A file is named by its path, one in an archive as the list of files has it: `甲县.zip/教育局.xls`.
    Raises WorkbookError for a file that is none of those read, or could not be read.

    >>> from workbook import choose, read_returns
    >>> returns = read_returns("samples/returns")
    >>> sum(item.chosen for item in choose(returns, returns[0].path))
    1
    """
    returns = as_returns(returns, "returns")
    chosen = Returns(returns)
    positions = {_known_by(returned.path): n for n, returned in enumerate(returns)}
    several = [files] if isinstance(files, str | os.PathLike) else files
    for file in taken(several, Iterable, "files", "应是一个或几个文件的路径"):
        path = as_path(file, "files")
        position = positions.get(_known_by(path))
        if position is None:
            raise WorkbookError(
                t(
                    "{path}：指定的文件不在读到的文件里；"
                    "请写成读到时的路径（压缩包里的写作 包.zip/文件.xls），与问题 A505、"
                    "文件清单里的一样",
                    path=printable(path),
                )
            )
        if returns[position].status != ACCEPTED:
            raise WorkbookError(
                t("{path}：指定的文件没有读出来，不能计入；请另指定一份", path=printable(path))
            )
        chosen[position] = replace(chosen[position], chosen=True)
    return chosen


def _known_by(path: Path) -> str:
    """What tells a file: however its path was typed."""
    return str(path) if isinstance(path, Url) else os.path.normcase(os.path.abspath(path))  # noqa: PTH100 - a member of an archive is no path of the disk


@dataclass(frozen=True, slots=True)
class Filling:
    """Values to be put into a template: by field key, for rows one mapping a row in reading order.

    Values are numbers, texts, dates; text in a number's place stays text, as a paste would leave it.
    A row is by its number in the section (from 1), so that rows may be left free.
    """

    values: dict[str, Value] = field(default_factory=dict)
    rows: dict[str, dict[int, dict[str, Value]]] = field(default_factory=dict)

    def value(self, spot: Spot) -> Value:
        """What is to stand at a spot; None if nothing."""
        item = spot.field
        if item.grain == ROW:
            return self.rows.get(item.section, {}).get(spot.number, {}).get(item.id)
        return self.values.get(cell_name(item.key, spot.number))


def submit(
    form: Form, filling: Filling, *, plan: Plan | None = None, path: Path = Path()
) -> Submission:
    """The submission that a template filled in like this will be read as.

    A computed or suggested field that the filling names counts as overwritten.
    """
    layout = lay_out(form, plan)
    cells = {}
    for name, spot in layout.spots.items():
        filled_value = filling.value(spot)
        raw = serial(filled_value) if isinstance(filled_value, date) else filled_value
        raw = float(raw) if isinstance(raw, int | float) else raw
        coerced = spot.field.read(raw, spot.field.number_format, form.unit)
        formula = spot.field.is_computed and filled_value is None
        cells[name] = Cell(
            raw,
            coerced.value,
            spot.address,
            formula=formula,
            receipt=coerced.receipt,
            problem=coerced.problem,
        )
    year = filling.values.get("identity.fiscal_year")
    return Submission(
        path=path,
        form=form,
        plan=layout.plan,
        cells=cells,
        verdicts={},
        fiscal_year=int(year) if isinstance(year, float | int) else form.fiscal_year,
        department=str(filling.values.get("identity.department") or ""),
        department_code=str(filling.values.get("identity.department_code") or ""),
    )
