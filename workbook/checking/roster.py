"""The roster: which departments must answer, and for which projects, read from CSV files or Excel workbooks.

The first row that names the department's column is the head; what stands above it (a title, a date) is
passed over. Everything is text: codes keep their leading zeros.
"""

from __future__ import annotations

import datetime
import difflib
import os
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from workbook import text as texts
from workbook.arguments import PathLike, as_path, refusal
from workbook.checking.same_department import Directory, Identity
from workbook.checking.table_file import (
    HEAD_WITHIN,
    WHO_HEADS,
    PlainTable,
    Row,
    TableFile,
    cell_text,
    is_sum_line,
    plain_head,
)
from workbook.display import html_table
from workbook.errors import RosterError
from workbook.form import PLAIN_DATE
from workbook.language import marked, t
from workbook.text import printable

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

T = TypeVar("T")

_HEADS: Mapping[str, tuple[str, ...]] = {
    **WHO_HEADS,
    "contact": ("联系人", "填表人", "经办人"),
    "year": ("年度", "预算年度", "填报年度", "会计年度"),
    "deadline": ("截止日期",),
    "phone": ("联系电话", "电话", "手机", "手机号", "手机号码", "联系方式"),
    "password": ("密码", "打开密码", "口令", "PASSWORD"),
}  # fmt: skip
"""The heads by which each column is known, the usual one first."""
_PROJECT_HEADS = {name: _HEADS[name] for name in ("county", "code", "department")} | {
    "project": ("项目名称", "项目", "项目名")
}
"""The same of the list of projects."""
_INDICATOR_HEADS = {
    name: _PROJECT_HEADS[name] for name in ("county", "code", "department", "project")
} | {"indicator": ("三级指标", "指标名称", "绩效指标")}
"""The same of the list of indicators."""
PROJECTS, INDICATORS = "项目", "指标"
"""The sheets that list projects and approved indicators."""
_NEAR = 0.6
"""How alike a name must be to be suggested, 1 being the same."""


@dataclass(frozen=True, slots=True)
class RosterProject:
    """One project for which a department must answer with a form of its own."""

    name: str
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Further columns by their heads, such as its budget."""
    row: int = 0
    """Where it stands in its list, from 1."""


@dataclass(frozen=True, slots=True)
class RosterIndicator:
    """One approved indicator of a department, or of one of its projects."""

    name: str
    project: str = ""
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Further columns by their heads: its group, target, weight, direction."""
    row: int = 0
    """Where it stands in its list, from 1."""


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """One department that must answer."""

    code: str
    department: str
    contact: str = ""
    phone: str = ""
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Further columns by their heads, such as budget figures."""
    year: int | None = None
    """Which year's form is due, where the roster has a column for it."""
    deadline: datetime.date | None = None
    """By which day it must answer, where the roster has a column for it."""
    row: int = 0
    """Where it stands in the file, from 1."""
    county: str = ""
    """Whose department it is, where the roster has a column for it; codes repeat in other counties."""
    projects: tuple[RosterProject, ...] = field(default=(), hash=False)
    """For which projects it must answer, in the list's order."""
    indicators: tuple[RosterIndicator, ...] = field(default=(), hash=False)
    """Its approved indicators, in the list's order; none where the roster lists none for it."""
    password: str = field(default="", repr=False)
    """What opens its encrypted return. Never to be shown or written anywhere."""

    def project(self, name: str) -> RosterProject | None:
        """The project of a name, blanks, width and case aside; None if it is not listed."""
        sought = texts.fold_as_seen(name)
        return next(
            (item for item in self.projects if texts.fold_as_seen(item.name) == sought), None
        )

    @property
    def identity(self) -> Identity:
        """What it is known by."""
        return Identity.of(self.county, self.code, self.department)


@dataclass(frozen=True, repr=False)
class Roster:
    """The departments of one round, in the file's order."""

    path: Path
    entries: tuple[RosterEntry, ...]
    projects_at: str = ""
    """Where the projects are listed: the file, and its sheet."""
    indicators_at: str = ""
    """Where the approved indicators are listed."""

    def __repr__(self) -> str:
        return f"<Roster {printable(self.path)}: {len(self.entries)} departments>"

    def _repr_html_(self) -> str:
        rows = [(e.county, e.code, e.department, e.contact, e.phone) for e in self.entries]
        return html_table(repr(self), ("县区", "预算编码", "部门", "联系人", "电话"), rows)

    @cached_property
    def projects(self) -> tuple[tuple[RosterEntry, RosterProject], ...]:
        """Every listed project with its department; none where the roster lists no projects."""
        return tuple((entry, project) for entry in self.entries for project in entry.projects)

    @property
    def year(self) -> int | None:
        """The year of the round, if the roster says so."""
        return next((entry.year for entry in self.entries if entry.year), None)

    @cached_property
    def counties(self) -> tuple[str, ...]:
        """The counties in the roster's order; none if it has no column for them."""
        return tuple(dict.fromkeys(entry.county for entry in self.entries if entry.county))

    @cached_property
    def common_prefix(self) -> str:
        """What all departments' names begin with, folded: 岳阳市云溪区."""
        return _shared([identity.name for identity, _ in self._within("")])

    def match(self, code: str, department: str, county: str = "") -> RosterEntry | None:
        """The entry of that code; else the one of that name, blanks, width and case aside.

        None too where several counties have such a department; see `candidates`.
        """
        candidates = self.candidates(code, department, county)
        return candidates[0] if len(candidates) == 1 else None

    def candidates(self, code: str, department: str, county: str = "") -> list[RosterEntry]:
        """The entries that may be meant: several only if no county is given and nothing tells which."""
        sought = Identity.of(county, code, department)
        return [self.entries[position] for position in self._directory.find(sought)]

    def suggest(self, code: str, department: str, county: str = "") -> RosterEntry | None:
        """The entry that was most likely meant where `match` finds none; None if none is near."""
        entries = self._within(county)
        names = {identity.name: entry for identity, entry in entries}
        codes = {identity.code: entry for identity, entry in entries if identity.code}
        # what all names begin with (岳阳市云溪区) makes none of them likelier
        prefix = _shared(list(names))
        tails = {name.removeprefix(prefix): entry for name, entry in names.items()}
        tail = _without(texts.fold_as_seen(department), prefix)
        for sought, candidates in ((tail, tails), (texts.fold_as_seen(code), codes)):
            close = difflib.get_close_matches(sought, candidates, n=1, cutoff=_NEAR)
            if close:
                return candidates[close[0]]
        return None

    def of_project(self, name: str, county: str = "") -> RosterEntry | None:
        """The department for which a project is listed; None if it is for none."""
        entries = (entry for _, entry in self._within(county))
        return next((entry for entry in entries if entry.project(name)), None)

    def named_in(self, name: str, county: str = "") -> RosterEntry | None:
        """The one entry whose code or whole name occurs in a file's name; None if it is not one."""
        entries = self._all_named_in(name, county)
        return entries[0] if len(entries) == 1 else None

    def passwords(self, path: Path, *, given: tuple[str, ...] = ()) -> tuple[str, ...]:
        """What may open a file: the passwords of the department its name tells, in whatever county, and
        those `given`."""
        named_entries = self._all_named_in(path.name, "")
        if len({entry.county for entry in named_entries}) < len(named_entries):
            named_entries = []
        return (*filter(None, (entry.password for entry in named_entries)), *given)

    def _all_named_in(self, name: str, county: str) -> list[RosterEntry]:
        folded = texts.fold_as_seen(name)
        runs = set("".join(c if c.isalnum() and c.isascii() else " " for c in folded).split())
        entries = self._within(county)
        named_entries = [entry for identity, entry in entries if identity.code in runs]
        if not named_entries:
            named = [pair for pair in entries if pair[0].name in folded]
            longest = max((len(identity.name) for identity, _ in named), default=0)
            named_entries = [entry for identity, entry in named if len(identity.name) == longest]
        return named_entries

    def _within(self, county: str) -> list[tuple[Identity, RosterEntry]]:
        """The entries of a county, each with its identity; all where none is given or known."""
        return self._by_county.get(texts.fold_as_seen(county) if self.counties else "", [])

    @cached_property
    def _by_county(self) -> dict[str, list[tuple[Identity, RosterEntry]]]:
        by_county: dict[str, list[tuple[Identity, RosterEntry]]] = {"": []}
        for identity, entry in zip(self._directory.identities, self.entries, strict=True):
            for county in dict.fromkeys(("", identity.county)):
                by_county.setdefault(county, []).append((identity, entry))
        return by_county

    @cached_property
    def _directory(self) -> Directory:
        return Directory(entry.identity for entry in self.entries)


def nearest_name(name: str, among: Iterable[str]) -> str:
    """The name that was most likely meant; blank if none is near."""
    names = {texts.fold_as_seen(each): each for each in among}
    close = difflib.get_close_matches(texts.fold_as_seen(name), names, n=1, cutoff=_NEAR)
    return names[close[0]] if close else ""


def load_roster(
    path: PathLike, projects: PathLike | None = None, indicators: PathLike | None = None
) -> Roster:
    """Read a roster from .csv (UTF-8 or GB18030) or .xlsx: the first visible sheet that is no list of its own.

    The sheet 项目 lists projects, of a CSV roster the file `projects` (.csv or .xlsx): county, code or
    department, 项目名称. The sheet 指标, or the file `indicators`, lists approved indicators likewise: 三级指标
    and what else the form has columns for. Raises RosterError naming the file, the column or row, and the remedy.

    >>> from workbook import load_roster
    >>> load_roster("samples/roster.csv").entries[0].department
    '岳阳市云溪区档案馆'
    """
    path = as_path(path, "path")
    projects = None if projects is None else as_path(projects, "projects")
    indicators = None if indicators is None else as_path(indicators, "indicators")
    sheets = _sheets(path)
    projects_at, listed_projects = _list_of(path, sheets, PROJECTS, projects, "--projects")
    indicators_at, listed_indicators = _list_of(
        path, sheets, INDICATORS, indicators, "--indicators"
    )
    rows = next(filter(None, sheets.values()), ())  # a chart's sheet has none
    entries = _entries(path, rows)
    if not entries:
        raise RosterError(t("{path}：名册里没有单位，请在表头下每行填一个单位", path=path))
    mistakes = (
        _blank_counties(path, entries),
        _repeated(path, entries, "预算编码", lambda entry: entry.code),
        _repeated(path, entries, "部门", lambda entry: entry.department),
    )
    if any(mistakes):
        raise RosterError("\n".join(filter(None, mistakes)))
    years = sorted({entry.year for entry in entries if entry.year})
    if len(years) > 1:
        listed_years = t("、").join(map(str, years))
        raise RosterError(
            t(
                "{path}：“年度”列有不同的年度：{years}。一次收表只能有一个年度",
                path=path,
                years=listed_years,
            )
        )
    roster = Roster(path, entries)
    if listed_projects is not None:
        roster = _with_projects(replace(roster, projects_at=projects_at), listed_projects)
    if listed_indicators is not None:
        roster = _with_indicators(replace(roster, indicators_at=indicators_at), listed_indicators)
    return roster


def load_counties(path: PathLike) -> Roster:
    """Read whose packs a city expects: a roster whose departments are counties, from a table with the column 县区.

    编码, 联系人, 联系电话 and 截止日期 may stand beside it. Else as `load_roster`.

    >>> from pathlib import Path
    >>> from workbook.checking import load_counties
    >>> _ = Path("县.csv").write_text("县区\\n云溪区\\n君山区\\n", encoding="utf-8")
    >>> [entry.department for entry in load_counties("县.csv").entries]
    ['云溪区', '君山区']
    """
    path = as_path(path, "path")
    rows = next(filter(None, _sheets(path).values()), ())
    entries = _all_or_every_mistake(str(path), rows, _COUNTIES, _entry)
    if not entries:
        raise RosterError(t("{path}：里面没有县区，请在表头下每行填一个县区", path=path))
    mistakes = (
        _repeated(path, entries, "编码", lambda entry: entry.code),
        _repeated(path, entries, "县区", lambda entry: entry.department),
    )
    if any(mistakes):
        raise RosterError("\n".join(filter(None, mistakes)))
    return Roster(path, entries)


def as_roster(value: object, name: str = "roster") -> Roster | None:
    """A roster, or the one of a path; None if none is given. Raises ArgumentError and RosterError."""
    if value is None or isinstance(value, Roster):
        return value
    if isinstance(value, str | os.PathLike):
        return load_roster(as_path(value, name))
    raise refusal(name, value, t("应是名册（load_roster 读出的），或名册文件的路径"))


def _list_of(
    path: Path, sheets: dict[str, Sequence[Row]], name: str, file: Path | str | None, option: str
) -> tuple[str, Sequence[Row] | None]:
    """Where a list of the roster stands, and its rows: taken out of the `sheets`, or read from a file."""
    listed = sheets.pop(name, None) if len(sheets) > 1 else None
    if file is None:
        return t("{path}，工作表“{name}”", path=path, name=name), listed
    if listed is not None:
        raise RosterError(
            t(
                "{path}：名册里已有工作表“{name}”，不要另用 {option}，请只留一处",
                path=path,
                name=name,
                option=option,
            )
        )
    own_sheets = _sheets(Path(file))
    return str(file), own_sheets.get(name) or next(iter(own_sheets.values()))


def _without(name: str, prefix: str) -> str:
    """A name without the prefix, or without as much of its end as the name begins with."""
    ends = (prefix[i:] for i in range(len(prefix)))
    return next((name.removeprefix(end) for end in ends if name.startswith(end)), name)


def _shared(names: Sequence[str]) -> str:
    """What several names all begin with."""
    if len(names) < 2:
        return ""
    first, last = min(names), max(names)
    size = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first)
    )
    return first[:size]


# --- files ----------------------------------------------------------------------------------------


def _sheets(path: Path) -> dict[str, Sequence[Row]]:
    """The visible sheets of a file by name, the lists' last; a CSV is one sheet without a name."""
    tables = _by_openpyxl(path, TableFile(path, t("名册"), RosterError).tables())
    tables.sort(key=lambda table: table.sheet.strip() in (PROJECTS, INDICATORS))
    return {table.sheet.strip(): table.rows for table in tables}


def _by_openpyxl(path: Path, tables: list[PlainTable]) -> list[PlainTable]:
    """The tables of an .xlsx as openpyxl reads them, which has met more programs' workbooks than we have.

    Our own reading came first: the file is whole and within limits. It stands where openpyxl fails or is
    no reader of such a file, and in the cells of which openpyxl has nothing: formulas without a result.
    """
    import openpyxl  # noqa: PLC0415 - takes 0.2 s, and is needed for this alone

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns about styles and validations it drops
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                return [
                    replace(table, rows=tuple(_rows(book[table.sheet], dict(table.rows))))
                    for table in tables
                ]
            finally:
                book.close()
    except Exception:  # it raises whatever its parsing met
        return tables


def _rows(sheet: Worksheet, ours: Mapping[int, list[str]]) -> Iterator[Row]:
    last = max(ours, default=0)
    for number, row in enumerate(sheet.iter_rows(max_row=last) if last else (), 1):
        if number in ours:
            cells = [cell_text(_float_or_other(c.value), c.number_format).strip() for c in row]
            both = zip_longest(cells, ours[number], fillvalue="")
            yield number, [theirs or own for theirs, own in both]


def _float_or_other(value: object) -> object:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


# --- rows -----------------------------------------------------------------------------------------


_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _ListedLine:
    """A row of a list: what stands in our columns by their identifiers, and in others by their heads."""

    number: int
    values: Mapping[str, str]
    extra: Mapping[str, str]


def _lines(place: str, rows: Sequence[Row], heads: _Heads) -> Iterator[_ListedLine]:
    """The lines below the head."""
    head, columns = _head(place, rows, heads)
    known_columns = {name: column for column, name in columns.items() if name in heads.known}
    further = {column: name for column, name in columns.items() if name not in heads.known}
    for number, cells in rows[head + 1 :]:
        if any(cells):
            yield _ListedLine(
                number,
                {name: _at(cells, column) for name, column in known_columns.items()},
                {name: _at(cells, column) for column, name in further.items()},
            )


def _all_or_every_mistake(
    place: str, rows: Sequence[Row], heads: _Heads, read: Callable[[str, _ListedLine], T]
) -> tuple[T, ...]:
    """What is read of all lines, each told where it stands; RosterError that tells what is wrong with each."""
    items: list[T] = []
    mistakes: list[str] = []
    for line in _lines(place, rows, heads):
        where = t("{place}，第 {number} 行", place=place, number=line.number)
        try:
            _require_sound(where, line, heads)
            items.append(read(where, line))
        except RosterError as error:
            mistakes.append(str(error))
    if mistakes:
        raise all_of(mistakes)
    return tuple(items)


def all_of(mistakes: Sequence[str]) -> RosterError:
    """One error that tells the first mistakes, and how many more there are."""
    more = len(mistakes) - _MOST_MISTAKES
    rest = [t("……这样的还有 {count} 行", count=more)] if more > 0 else []
    return RosterError("\n".join([*mistakes[:_MOST_MISTAKES], *rest]))


_MOST_MISTAKES = 10
_LONGEST = 200
"""Characters of a name or code; no department, project or indicator is called so long."""
_ERROR_VALUE = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|#+)")
"""What stands in a cell whose formula failed, or, saved as CSV, in one too narrow for its number."""


def _require_sound(where: str, line: _ListedLine, heads: _Heads) -> None:
    """Refuse a line of which a cell cannot be what it should be; what may be secret is not looked at."""
    named = {name: text for name, text in line.values.items() if name != "password"}
    if is_sum_line([*named.values(), *line.extra.values()]):
        shown_cells = "，".join(texts.brief(text) for text in named.values() if text)
        raise RosterError(
            t(
                "{where}：“{cells}”不是{subject}，请删除合计这一行",
                where=where,
                cells=shown_cells,
                subject=t(heads.subject),
            )
        )
    columns = {heads.known[name][0]: text for name, text in named.items()}
    for column, text in (*columns.items(), *line.extra.items()):
        if _ERROR_VALUE.fullmatch(text):
            raise RosterError(
                t(
                    "{where}，“{column}”列：是 {text}，不是应有的内容，请改正后重填",
                    where=where,
                    column=texts.brief(column),
                    text=text,
                )
            )
    for column, text in columns.items():
        at = t("{where}，“{column}”列", where=where, column=column)
        if len(text) > _LONGEST:
            raise RosterError(
                t(
                    "{at}：有 {count} 个字，最多 {longest} 个，请改短",
                    at=at,
                    count=len(text),
                    longest=_LONGEST,
                )
            )
        if unseen := texts.unseen_in(text):
            raise RosterError(
                t(
                    "{at}：“{text}”里有看不见的字符（U+{number:04X}），请清空这一格重新键入",
                    at=at,
                    text=texts.brief(text),
                    number=ord(unseen),
                )
            )
        if text.startswith("="):
            raise RosterError(
                t("{at}：“{text}”是公式，没有算出结果，请改成文字", at=at, text=texts.brief(text))
            )
    code = line.values.get("code", "")
    if _SCIENTIFIC.fullmatch(code):
        raise RosterError(
            t(
                "{where}：预算编码“{code}”被 Excel 变成了科学记数，请把该列设为文本后重填",
                where=where,
                code=code,
            )
        )


def _entries(path: Path, rows: Sequence[Row]) -> tuple[RosterEntry, ...]:
    return _all_or_every_mistake(str(path), rows, _DEPARTMENTS, _entry)


def _entry(where: str, line: _ListedLine) -> RosterEntry:
    values = line.values
    if not values["department"]:
        raise RosterError(t("{where}：没有单位名称，请补填，或删除这一行", where=where))
    return RosterEntry(
        code=unicodedata.normalize("NFKC", values.get("code", "")),
        department=values["department"],
        contact=values.get("contact", ""),
        phone=values.get("phone", ""),
        extra=line.extra,
        year=_year(where, values.get("year", "")),
        deadline=_deadline(where, values.get("deadline", "")),
        row=line.number,
        county=values.get("county", ""),
        password=values.get("password", ""),
    )


def _year(where: str, text: str) -> int | None:
    digits = texts.fold(text).removesuffix("年度").removesuffix("年")
    if not digits:
        return None
    if not re.fullmatch("20[0-9]{2}", digits):
        raise RosterError(t("{where}：年度“{text}”不是年份，请写作 2024", where=where, text=text))
    return int(digits)


def _deadline(where: str, text: str) -> datetime.date | None:
    # A date of a sheet comes with its midnight.
    read = PLAIN_DATE.coerce(text.removesuffix(" 00:00:00"), "", "")
    if read.problem:
        raise RosterError(
            t(
                "{where}：截止日期“{text}”{problem}，请写成 2025-3-31 这样",
                where=where,
                text=text,
                problem=read.problem,
            )
        )
    return read.value if isinstance(read.value, datetime.date) else None


def _at(cells: Sequence[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""


@dataclass(frozen=True, slots=True)
class _Heads:
    """The columns that a list may have, and by which its head is known."""

    known: Mapping[str, tuple[str, ...]]
    named_by: str
    """The column that its head must have."""
    subject: str
    remedy: str


_DEPARTMENTS = _Heads(
    _HEADS,
    "department",
    marked("单位"),
    marked(
        "缺少“部门”列（也可以写作“单位名称”“预算单位”）；第一行是：{stands}。请在表头写上：预算编码、部门、联系人、联系电话"
    ),
)
_COUNTIES = _Heads(
    {name: heads for name, heads in _HEADS.items() if name not in ("county", "department")}
    | {"department": _HEADS["county"]},
    "department",
    marked("县区"),
    marked("缺少“县区”列；第一行是：{stands}。请在表头写上：县区、联系人、联系电话、截止日期"),
)
_PROJECT_LIST = _Heads(
    _PROJECT_HEADS,
    "project",
    marked("项目"),
    marked("缺少“项目名称”列；第一行是：{stands}。请在表头写上：预算编码、部门、项目名称"),
)
_INDICATOR_LIST = _Heads(
    _INDICATOR_HEADS,
    "indicator",
    marked("指标"),
    marked(
        "缺少“三级指标”列；第一行是：{stands}。请在表头写上：预算编码、部门、一级指标、二级指标、三级指标、年度指标值、分值"
    ),
)


_LIKE_A_HEAD = re.compile(r"\D*[\u4e00-\u9fff]\D*")


def _head(place: str, rows: Sequence[Row], heads: _Heads) -> tuple[int, dict[int, str]]:
    """Where the head stands, and what each column is: one of ours by its identifier, else its head."""
    for position, (number, cells) in enumerate(rows[:HEAD_WITHIN]):
        columns = {
            column: _identifier(head, heads.known) for column, head in enumerate(cells) if head
        }
        if heads.named_by not in columns.values():
            continue
        for name, spellings in heads.known.items():
            if list(columns.values()).count(name) > 1:
                raise RosterError(
                    t(
                        "{place}，第 {number} 行：有两列都是“{head}”，请只留一列或改名",
                        place=place,
                        number=number,
                        head=spellings[0],
                    )
                )
        return position, columns
    first_row = next((cells for _, cells in rows if any(cells)), [])
    # Without a head the row may be anybody's, with a password in it.
    stands = t("、").join(
        texts.brief(cell) if _LIKE_A_HEAD.fullmatch(cell) else "…" for cell in first_row[:8] if cell
    )
    stands = stands or t("（空）")
    raise RosterError(t("{path}：{why}", path=place, why=t(heads.remedy, stands=stands)))


def _identifier(head: str, known: Mapping[str, tuple[str, ...]]) -> str:
    plain = plain_head(head)
    return next((name for name, heads in known.items() if plain in heads), head)


def _entry_of(roster: Roster, where: str, values: Mapping[str, str]) -> RosterEntry:
    """The department that a line of a list names."""
    code, department, county = (values.get(key, "") for key in ("code", "department", "county"))
    entry = roster.match(code, department, county)
    if entry is None:
        who = " ".join(filter(None, (county, code, department))) or t("（空）")
        raise RosterError(
            t(
                "{where}：“{who}”不在名册 {path} 里，请照名册写明{county}预算编码或部门",
                where=where,
                who=who,
                path=roster.path,
                county=t("县区、") if roster.counties else "",
            )
        )
    of_name = roster.match("", department, county)
    if code and of_name is not None and of_name is not entry:
        raise RosterError(
            t(
                "{where}：预算编码“{code}”是{entry}的，部门写的却是“{department}”（{own}），请核对",
                where=where,
                code=code,
                entry=entry.department,
                department=department,
                own=of_name.code,
            )
        )
    return entry


def _with_projects(roster: Roster, rows: Sequence[Row]) -> Roster:
    """The roster, each department with its projects."""
    projects: dict[int, dict[str, RosterProject]] = {}

    def add(where: str, line: _ListedLine) -> None:
        name = line.values["project"]
        if not name:
            raise RosterError(t("{where}：没有项目名称，请补填，或删除这一行", where=where))
        entry = _entry_of(roster, where, line.values)
        own_projects = projects.setdefault(entry.row, {})
        first = own_projects.setdefault(
            texts.fold_as_seen(name), RosterProject(name, line.extra, line.number)
        )
        if first.row != line.number:
            raise RosterError(
                t(
                    "{where}：{department}的项目“{name}”与第 {row} 行重复，请只留一行",
                    where=where,
                    department=entry.department,
                    name=name,
                    row=first.row,
                )
            )

    _all_or_every_mistake(roster.projects_at, rows, _PROJECT_LIST, add)
    entries = (
        replace(entry, projects=tuple(projects.get(entry.row, {}).values()))
        for entry in roster.entries
    )
    return replace(roster, entries=tuple(entries))


def _with_indicators(roster: Roster, rows: Sequence[Row]) -> Roster:
    """The roster, each department with its approved indicators.

    What is blank is as in the line above, where cells were merged downwards: the department, the project,
    and within them the columns that stand before the indicator's.
    """
    indicators: dict[int, list[RosterIndicator]] = {}
    above: Mapping[str, str] = {}

    def add(where: str, line: _ListedLine) -> None:
        nonlocal above
        who = {key: line.values.get(key, "") for key in ("county", "code", "department", "project")}
        above = who if who["code"] or who["department"] else above
        if not line.values["indicator"]:
            raise RosterError(t("{where}：没有三级指标，请补填，或删除这一行", where=where))
        entry = _entry_of(roster, where, above)
        project = who["project"] or above.get("project", "")
        if project and roster.projects and entry.project(project) is None:
            raise RosterError(
                t(
                    "{where}：“{project}”不在{department}的项目里，请核对",
                    where=where,
                    project=project,
                    department=entry.department,
                )
            )
        indicators.setdefault(entry.row, []).append(
            RosterIndicator(line.values["indicator"], project, line.extra, line.number)
        )

    _all_or_every_mistake(roster.indicators_at, rows, _INDICATOR_LIST, add)
    entries = (
        replace(entry, indicators=tuple(indicators.get(entry.row, ()))) for entry in roster.entries
    )
    return replace(roster, entries=tuple(entries))


def _blank_counties(path: Path, entries: Sequence[RosterEntry]) -> str:
    """In which rows the county is missing that the others have; blank if in none."""
    blank = [str(entry.row) for entry in entries if not entry.county]
    if not 0 < len(blank) < len(entries):
        return ""
    return t("{path}：第 {rows}行没有县区，其余的有；请补填", path=path, rows=_few(blank))


_MOST_ROWS = 5
"""So many rows or repetitions are told one by one."""


def _few(rows: Sequence[str]) -> str:
    ellipsis = t(" 等 {count} ", count=len(rows)) if len(rows) > _MOST_ROWS else " "
    return t("、").join(rows[:_MOST_ROWS]) + ellipsis


def _repeated(
    path: Path, entries: Iterable[RosterEntry], column: str, value: Callable[[RosterEntry], str]
) -> str:
    """What stands twice in one county; blank if nothing does."""
    seen: dict[tuple[str, str], list[RosterEntry]] = {}
    for entry in entries:
        if value(entry):
            key = texts.fold_as_seen(entry.county), texts.fold_as_seen(value(entry))
            seen.setdefault(key, []).append(entry)
    repeated = [same for same in seen.values() if len(same) > 1]
    if not repeated:
        return ""
    repetitions = t("；").join(
        t(
            "{county}“{name}”在第 {rows}行",
            county=same[0].county,
            name=value(same[0]),
            rows=_few([str(entry.row) for entry in same]),
        )
        for same in repeated[:_MOST_ROWS]
    )
    remedy = "" if repeated[0][0].county else t("；几个县区合用的名册，请加“县区”一列")
    return t(
        "{path}：{column}重复：{repetitions}。请每个单位只留一行{remedy}",
        path=path,
        column=column,
        repetitions=repetitions,
        remedy=remedy,
    )
