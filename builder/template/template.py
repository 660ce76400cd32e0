"""The locked workbook that a department fills in: blank, personalised, or filled with values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from xlsxwriter.format import Format

from builder import styles as st
from builder.sheets import FIXED_DATE, Book, Lock, WrittenSheet, book_at, done
from builder.template import calc, guide, hints, selfcheck, sent_back
from builder.template.guide import SendBack
from builder.template.paging import breaks, fits_one_page, scale, slot_heights
from builder.template.results import CellResult, Mark, Results, worked_out
from builder.template.selfcheck import STATUS_NAME
from builder.template.sent_back import BackLetter
from builder.template.validation import validation
from workbook.address import area, letters, quote
from workbook.arguments import PathLike, as_path, as_value, as_whole, as_year, refusal, taken
from workbook.errors import BuildError
from workbook.expression import literal
from workbook.form import BACK_SHEET, ROW, Form, Value, as_form, serial
from workbook.language import t
from workbook.layout import (
    CALC_SHEET,
    CHECK_SHEET,
    FORM_RECORDS,
    FORM_SHEET,
    GUIDE_SHEET,
    HINT,
    ISSUED_COLUMN,
    LIST_SHEET,
    STATUS_ROW,
    VERDICT_LETTERS,
    Formulas,
    Label,
    Layout,
    Page,
    Plan,
    Spot,
    check_name,
    default_plan,
    formulas_of,
    lay_out,
    list_name,
    plan_for,
)
from workbook.reading import Filling

HINT_WIDTH, BESIDE_WIDTH = 38.0, 60.0
"""The hints' column on the form's own sheet, whose rows grow, and on a further sheet, whose do not."""
_HIGH = 60
"""From this height on, in points, a row has room for several lines of hints."""
_POINTS_A_FONT_POINT = 1.35
"""How high a row is for each point of its font: an empty cell in a large font keeps a row at least so high,
and still lets it grow with its text, which a set height would not."""


@dataclass(frozen=True, slots=True)
class Job:
    """Templates of one layout being written: the first as a workbook, and what differs in the others."""

    book: Book
    layout: Layout
    results: Results
    filling: Filling
    prefilled: Sequence[Filling]
    lock: Lock
    send_back: SendBack
    letter: BackLetter | None = None
    """What the department is told of its last copy, where the form is sent back."""

    @property
    def form(self) -> Form:
        """The form."""
        return self.layout.form

    @property
    def formulas(self) -> Formulas:
        """Its formulas under the layout."""
        return self.results.formulas

    def written(self, spot: Spot) -> Value:
        """What is written at a spot of the first: the bureau's value, or the department's."""
        prefilled = self.prefilled[0].value(spot)
        return self.filling.value(spot) if prefilled is None else prefilled

    def put(
        self,
        sheet: WrittenSheet,
        row: int,
        column: int,
        spot: Spot,
        style: Format,
        *,
        as_text: bool = False,
    ) -> None:
        """Write what is written at a spot: text, number or nothing, the same in all."""
        value = self.written(spot)
        _put(sheet, row, column, str(value) if as_text else value, style)
        if self.locked(spot) and value is not None:
            of = partial(self._issued, spot, as_text)
            shown = CellResult(of, frozenset((spot.field.key,)))
            self.results.marks.append(Mark.of_cell(sheet.name, row, column, shown))

    def _issued(self, spot: Spot, as_text: bool, i: int) -> str | float:
        value = self.prefilled[i].value(spot)
        assert value is not None
        if as_text:
            return str(value)
        return serial(value) if isinstance(value, date) else value

    def locked(self, spot: Spot) -> bool:
        """Whether the department may not type there."""
        return spot.field.is_closed or self.prefilled[0].value(spot) is not None


def build_template(
    form: Form | PathLike,
    path: PathLike,
    *,
    filling: Filling | Mapping[str, object] | None = None,
    prefilled: Filling | Mapping[str, object] | None = None,
    plan: Plan | Mapping[str, int] | None = None,
    fiscal_year: int | None = None,
    password: str = "",
) -> Path:
    """Write a form's locked workbook to `path`, whole or not at all.

    `filling` is entered as the department would, `prefilled` is locked in by the bureau; `plan` is how
    many rows each group holds, or by the names of groups how many those hold. Amounts are in the form's unit.
    The form may be given by its id or file, values as a dict by the names of cells. Raises BuildError if `path` cannot
    be written, the password is too long or a value does not fit the form, ArgumentError for what else is wrong.

    >>> from builder import build_template
    >>> build_template("department_overall", "blank.xlsx", plan={"数量指标": 6}).name
    'blank.xlsx'
    """
    form, path = as_form(form), as_path(path, "path", suffixes=(".xlsx",))
    layout = lay_out(form, _plan(form, plan))
    year = None if fiscal_year is None else as_year(fiscal_year, "fiscal_year")
    locked = issued(layout, _filling(prefilled, "prefilled"), year)
    lock = Lock(taken(password, str, "password", t("应是文字")))
    _build(layout, path, _filling(filling, "filling"), locked, lock, SendBack())
    return path


def _filling(value: Filling | Mapping[str, object] | None, name: str) -> Filling:
    """A filling, or the values of single fields and of cells of rows (`indicators.actual.3`), as the reader names them."""
    if not isinstance(value, Mapping):
        remedy = t("应是 Filling，或者“字段: 值”的字典")
        given = Filling() if value is None else taken(value, Filling, name, remedy)
        rows = {
            section: {
                as_whole(n, t("{name} 的行号", name=name), least=1): _plain(
                    row, t("{section} 第 {n} 行", section=section, n=n)
                )
                for n, row in taken(
                    section_rows, Mapping, name, t("行应是“行号: 值”的字典")
                ).items()
            }
            for section, section_rows in given.rows.items()
        }
        return Filling(_plain(given.values, ""), rows)
    single: dict[str, Value] = {}
    in_rows: dict[str, dict[int, dict[str, Value]]] = {}
    for key, each in _plain(value, "").items():
        section, _, rest = key.partition(".")
        field, _, number = rest.partition(".")
        if number.isdecimal():
            in_rows.setdefault(section, {}).setdefault(int(number), {})[field] = each
        else:
            single[key] = each
    return Filling(single, in_rows)


def _plain(values: Mapping[str, Any], where: str) -> dict[str, Value]:
    """Values as a cell takes them, be they numpy's or pandas'; nothing for what is missing there."""
    taken(values, Mapping, where or "filling", t("应是“字段: 值”的字典"))
    return {key: as_value(each, f"{where} {key}".strip()) for key, each in values.items()}


def _plan(form: Form, value: object) -> Plan:
    """How many rows each group holds. Raises ArgumentError."""
    if value is None or isinstance(value, Mapping):
        rows = {name: as_whole(count, "plan", least=1) for name, count in (value or {}).items()}
        return plan_for(form, rows)
    count = len(default_plan(form))
    remedy = t("应是 {count} 个行数（每级指标一个），或者“指标: 行数”的字典", count=count)
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise refusal("plan", value, remedy)
    plan = tuple(as_whole(number, "plan", least=1) for number in value)
    if len(plan) != count:
        raise refusal("plan", str(plan), remedy)
    return plan


def build_sent_back(
    form: Form,
    path: Path,
    letter: BackLetter,
    *,
    filling: Filling,
    prefilled: Filling,
    plan: Plan | None = None,
    fiscal_year: int | None = None,
    send_back: SendBack | None = None,
    password: str = "",
) -> Path:
    """Write a form with what the department filled in, and 退回修改 in front: its problems, room for its answers.

    Values that the form does not take are left to the letter's own list. Raises BuildError.
    """
    layout = lay_out(form, plan)
    locked = issued(layout, prefilled, fiscal_year)
    _build(layout, path, filling, locked, Lock(password), send_back or SendBack(), letter)
    return path


def _build(
    layout: Layout,
    path: Path,
    filling: Filling,
    locked: Filling,
    lock: Lock,
    send_back: SendBack,
    letter: BackLetter | None = None,
) -> None:
    check_filling(layout, filling)
    check_filling(layout, locked)
    batch = worked_out(layout.form, [(layout.plan, _merged(filling, locked))])
    results = Results(formulas_of(layout), batch)
    build(results, path, [locked], lock, send_back, filling=filling, letter=letter)


def build(
    results: Results,
    path: Path,
    locked: Sequence[Filling],
    lock: Lock,
    send_back: SendBack,
    *,
    filling: Filling | None = None,
    letter: BackLetter | None = None,
) -> list[str]:
    """Write the first of the forms that the results are of, each with other values locked in.

    Returns the names of its sheets. Raises BuildError.
    """
    layout = results.formulas.layout
    with book_at(path, lock=lock, in_memory=True) as book:
        book.calc_on_load = False  # every result is written
        job = Job(book, layout, results, filling or Filling(), locked, lock, send_back, letter)
        _write(job)
    return [sheet.name for sheet in book.worksheets()]


def issued(layout: Layout, prefilled: Filling, fiscal_year: int | None) -> Filling:
    """What is locked in: besides what is given, the year and what the form itself says in rows."""
    year = fiscal_year or layout.form.fiscal_year
    return Filling(
        {"identity.fiscal_year": year} | prefilled.values, _constants(layout) | prefilled.rows
    )


def _constants(layout: Layout) -> dict[str, dict[int, dict[str, Value]]]:
    """What the form itself says in rows, by section, unless the bureau fills that section's rows in."""
    return {
        section: rows
        for section, block in layout.blocks.items()
        if (rows := {slot.number: dict(slot.constants) for slot in block.slots if slot.constants})
    }


def _merged(filling: Filling, prefilled: Filling) -> Filling:
    rows = {section: dict(section_rows) for section, section_rows in filling.rows.items()}
    for section, section_rows in prefilled.rows.items():
        merged_rows = rows.setdefault(section, {})
        for number, values in section_rows.items():
            merged_rows[number] = merged_rows.get(number, {}) | values
    return Filling(filling.values | prefilled.values, rows)


def check_filling(layout: Layout, filling: Filling) -> None:
    """Raise BuildError where the layout has no cell for what is filled in."""
    for name in filling.values:
        if name not in layout.spots:
            raise BuildError(t("表中没有“{name}”这一格", name=name))
        if layout.spots[name].field.grain == ROW:
            raise BuildError(t("“{name}”是行里的格，请写在 Filling 的 rows 里", name=name))
    for section, rows in filling.rows.items():
        block = layout.blocks.get(section)
        if block is None or any(n > len(block.slots) for n in rows):
            raise BuildError(
                t("“{section}”没有这么多行：{rows}", section=section, rows=max(rows, default=0))
            )
        known = {item.id for item in block.section.of_grain(ROW)}
        for number, values in rows.items():
            for unknown in values.keys() - known:
                raise BuildError(
                    t(
                        "“{section}”第 {number} 行没有“{name}”这一格",
                        section=section,
                        number=number,
                        name=unknown,
                    )
                )


def _write(job: Job) -> None:
    book = job.book
    book.set_properties({"title": job.form.name, "comments": job.form.key, "created": FIXED_DATE})
    back_sheet = book.add_worksheet(BACK_SHEET) if job.letter else None
    guide_sheet = book.add_worksheet(GUIDE_SHEET)
    sheets = {name: book.add_worksheet(name) for name in job.layout.pages}
    check = book.add_worksheet(CHECK_SHEET)
    calc_sheet = book.add_worksheet(CALC_SHEET)
    lists = book.add_worksheet(LIST_SHEET)
    records = book.add_worksheet(FORM_SHEET)
    guide.write(
        book, guide_sheet, job.results, job.send_back, rows_given=bool(job.prefilled[0].rows)
    )
    for name, page in job.layout.pages.items():
        _write_page(job, sheets[name], page)
    calc.write(calc_sheet, job.results)
    selfcheck.write_check(book, check, job.results)
    _write_lists(job, lists)
    _write_records(job, records)
    _define_names(job)
    for worksheet in (guide_sheet, *sheets.values()):
        worksheet.lock(job.lock, _SIZES)
    check.lock(job.lock, (*_SIZES, "autofilter"))
    for worksheet in (calc_sheet, lists, records):
        worksheet.lock(job.lock)
    calc_sheet.hide()
    lists.hide()
    records.very_hidden()
    if job.letter is not None and back_sheet is not None:
        sent_back.write(book, back_sheet, job.letter)
        values = {name: job.written(spot) for name, spot in job.layout.spots.items()}
        sent_back.mark(book, sheets, job.layout, job.letter, values)
        back_sheet.lock(job.lock, _SIZES)
        back_sheet.activate()
    else:
        sheets[job.form.sheet].activate()


_SIZES = ("format_rows", "format_columns")
"""What a locked sheet still allows."""


# --- the sheets to be filled in -------------------------------------------------------------------


def _write_page(job: Job, sheet: WrittenSheet, page: Page) -> None:
    _set_up(job, sheet, page)
    _write_banner(job, sheet, page)
    covered: set[tuple[int, int]] = set()
    for label in page.labels:
        text = label.text.format(fiscal_year=_year(job)) if label.role == "title" else label.text
        style = _label_style(job, page, label)
        _merge(sheet, label.top, label.left, label.bottom, label.right, text, style)
        covered.update(_positions(label.top, label.left, label.bottom, label.right))
    for spot in job.layout.spots.values():
        if spot.address.sheet == page.paper.sheet:
            _write_spot(job, sheet, page, spot)
            covered.update(
                _positions(spot.address.row, spot.address.column, spot.bottom, spot.right)
            )
    _write_empty_cells(job, sheet, page, covered)
    if page is job.layout.home:
        _write_home_hints(job, sheet)
    else:
        _write_page_hints(job, sheet, page)
    _colour_open_cells(job, sheet, page)


def _year(job: Job) -> int:
    return int(float(str(job.prefilled[0].values["identity.fiscal_year"])))


def _set_up(job: Job, sheet: WrittenSheet, page: Page) -> None:
    paper, home = page.paper, page is job.layout.home
    hint_width = HINT_WIDTH if home else BESIDE_WIDTH
    for column, width in enumerate((*paper.widths, *paper.side_widths, hint_width)):
        done(sheet.set_column(column, column, width))
    if home:
        done(sheet.set_column(page.hint_column, page.hint_column, 2))
    for row, height in page.heights.items():
        done(sheet.set_row(row - 1, height))
    done(sheet.set_row(STATUS_ROW - 1, 24))
    sheet.freeze_panes(STATUS_ROW, 0)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    if paper.orientation == "landscape":
        sheet.set_landscape()
    if fits_one_page(job.layout, page):
        sheet.fit_to_pages(1, 1)
    else:  # a sheet fitted to its width would lose its breaks in Excel
        sheet.set_print_scale(scale(page))
        sheet.set_h_pagebreaks(breaks(job.layout, page))
    sheet.print_black_and_white()  # what is coloured asks to be mended on the screen
    first = next((s for s in job.layout.spots.values() if _is_first_input(job, page, s)), None)
    if first is not None:
        sheet.set_selection(first.address.row - 1, first.address.column - 1,
                            first.bottom - 1, first.right - 1)  # fmt: skip
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.center_horizontally()
    sheet.set_footer(f'&C&"{st.BODY_FONT},Regular"&9第 &P 页，共 &N 页')
    done(sheet.print_area(STATUS_ROW, 0, page.last_row - 1, page.paper_columns - 1))
    if home and len(job.layout.blocks) == 1:  # on a page of another block a repeated head misleads
        (block,) = job.layout.blocks.values()
        done(sheet.repeat_rows(block.head_row - block.section.head.rows, block.head_row - 1))


def _is_first_input(job: Job, page: Page, spot: Spot) -> bool:
    return spot.address.sheet == page.paper.sheet and not job.locked(spot)


def _write_banner(job: Job, sheet: WrittenSheet, page: Page) -> None:
    look = {"bg_color": st.BANNER_FILL, "font_color": st.BANNER_INK, "bold": True, "indent": 1}
    style = job.book.style(**(st.BODY | look))
    _merge(sheet, STATUS_ROW, 1, STATUS_ROW, page.hint_column, "", style)
    invitation = f"　（点此打开“{CHECK_SHEET}”表）"
    link = f'HYPERLINK("#{quote(CHECK_SHEET)}!A1",{STATUS_NAME}&{literal(invitation)})'
    status = selfcheck.status(job.results)
    shown = CellResult(lambda i: f"{status.of(i)}{invitation}", status.keys)
    job.results.write(sheet, STATUS_ROW - 1, 0, f"={link}", style, shown)
    selfcheck.colour_when_passed(job.book, sheet, STATUS_ROW - 1, page.hint_column - 1)


def _label_style(job: Job, page: Page, label: Label) -> Format:
    base = dict(st.BODY)
    match label.role:
        case "annex":
            return job.book.style(**(base | {"font_name": st.HEAD_FONT, "font_size": 12}))
        case "title":
            return job.book.style(**st.TITLE)
        case "line":
            align = "right" if label.right == page.paper_columns else "left"
            return job.book.style(**(base | {"align": align}))
        case "heading" | "subheading":
            look = st.HEADING if label.role == "heading" else st.SUBHEADING
            framed = st.FRAMED if label.top in page.framed else {}
            return job.book.style(**(base | framed | look))
        case "side":
            return job.book.style(
                **(base | {"align": "center", "font_color": st.SIDE_INK, "font_size": 9})
            )
    bold = {"bold": True} if label.role == "head" else {}
    align = "left" if label.text.startswith(("其中", "\u3000")) else "center"
    return job.book.style(**(base | st.FRAMED | {"align": align, "bg_color": st.LABEL_FILL} | bold))


def _spot_style(job: Job, page: Page, spot: Spot) -> Format:
    item = spot.field
    if spot.title:
        return job.book.style(**(st.TITLE | {"font_size": 16, "locked": job.locked(spot)}))
    framed = spot.address.row in page.framed
    side = spot.address.column > page.paper_columns
    long = item.kind.is_prose
    small = page is job.layout.home and (long or item.grain == ROW)
    look: dict[str, Any] = st.BODY | {
        # A formula in a cell of text would become text once it is touched.
        "num_format": "General"
        if item.is_computed and item.number_format == "@"
        else item.number_format,
        "align": item.kind.align,
        "valign": "top" if long and item.is_input else "vcenter",
        "font_size": 9 if small else 10,
        "locked": job.locked(spot),
        "bg_color": _fill(job, spot),
    }
    if side:
        look |= {"font_color": st.SIDE_INK}
        del look["bg_color"]
    elif framed:
        look |= st.FRAMED
    elif not item.is_input:
        del look["bg_color"]
    else:
        look |= {"bottom": 1, "align": "left"}
    if item.kind.type == "number":
        look |= {"shrink": True, "text_wrap": False}
    if item.grain == ROW and item.kind.row_align:
        look |= {"align": item.kind.row_align}
    return job.book.style(**look)


def _fill(job: Job, spot: Spot) -> str:
    if spot.field.mode == "suggested":
        return st.SUGGESTED_FILL
    if not spot.field.is_input:
        return st.COMPUTED_FILL
    return st.PREFILLED_FILL if job.locked(spot) else st.INPUT_FILL


def _write_spot(job: Job, sheet: WrittenSheet, page: Page, spot: Spot) -> None:
    style = _spot_style(job, page, spot)
    row, column = spot.address.row - 1, spot.address.column - 1
    if (spot.bottom, spot.right) != (spot.address.row, spot.address.column):
        _merge(sheet, row + 1, column + 1, spot.bottom, spot.right, "", style)
    _write_value(job, sheet, row, column, spot, style)
    in_rows = spot.field.grain == ROW
    if spot.field.is_input and (spot.number == 1 or not in_rows):  # one serves all rows
        rows = len(job.layout.blocks[spot.field.section].slots) if in_rows else 1
        allowed = validation(spot, job.formulas, spot.address.sheet)
        done(sheet.data_validation(row, column, row + rows - 1, column, allowed.options()))


def _write_value(
    job: Job, sheet: WrittenSheet, row: int, column: int, spot: Spot, style: Format
) -> None:
    """What is filled in, else the formula, else what the form says."""
    if job.written(spot) is not None:
        job.put(sheet, row, column, spot, style)
    elif spot.field.is_computed:
        text = job.formulas.computed(spot.field.key, spot.address.sheet, spot.number)
        shown = job.results.value(spot.field, spot.number)
        job.results.write(sheet, row, column, text, style, shown)
    else:
        _put(sheet, row, column, spot.field.value if spot.field.mode == "fixed" else None, style)


def _put(sheet: WrittenSheet, row: int, column: int, value: Value, style: Format) -> None:
    if isinstance(value, date):
        value = serial(value)
    if value is None or value == "":
        done(sheet.write_blank(row, column, None, style))
    elif isinstance(value, str):
        done(sheet.write_string(row, column, value, style))
    else:
        done(sheet.write_number(row, column, value, style))


def _write_empty_cells(
    job: Job, sheet: WrittenSheet, page: Page, covered: set[tuple[int, int]]
) -> None:
    style = job.book.style(**(st.BODY | st.FRAMED | {"bg_color": st.LABEL_FILL}))
    for row in page.framed:
        for column in range(1, page.paper_columns + 1):
            if (row, column) not in covered:
                done(sheet.write_blank(row - 1, column - 1, None, style))


def _write_home_hints(job: Job, sheet: WrittenSheet) -> None:
    """Right of the paper: what is open in each row, and a spacer that keeps rows high enough."""
    layout = job.layout
    column = layout.home.hint_column - 1
    head, hint = _hint_styles(job)
    for block in layout.blocks.values():
        least = slot_heights(layout, block)
        done(sheet.write_string(block.head_row - 1, column, "本行还要处理", head))
        cells = [layout.calc_cell(block.section.id, HINT, s.number) for s in block.slots]
        job.results.write_each(
            sheet,
            block.first - 1,
            column,
            [f"={cell.absolute}" for cell in cells],
            hints.row_hints(job.results, block),
            hint,
        )
        for slot in block.slots:
            spacer = job.book.style(
                font_name=st.BODY_FONT, font_size=round(least[slot.row] / _POINTS_A_FONT_POINT, 1)
            )
            done(sheet.write_blank(slot.row - 1, column + 1, None, spacer))
        _hint_inks(job, sheet, column, block.first, block.last)
    _write_page_hints(job, sheet, layout.home)
    blocks = layout.blocks.values()
    text_cells = [area(block.first, 1, block.last, layout.home.paper_columns) for block in blocks]
    if text_cells:
        sheet.ignore_errors({"number_stored_as_text": " ".join(text_cells)})


def _hint_styles(job: Job, **look: Any) -> tuple[Format, Format]:
    """How the head of the hints looks, and a hint."""
    small = st.BODY | {"font_size": 9} | look
    head = job.book.style(**(small | {"bold": True, "font_color": st.SIDE_INK}))
    return head, job.book.style(**(small | {"font_color": st.WARNING_INK}))


def _hint_inks(job: Job, sheet: WrittenSheet, column: int, first: int, last: int) -> None:
    """Red where something must be mended, grey where there are notes alone."""
    inks = (st.BAD_INK, st.SIDE_INK)
    tests = hints.hint_tests(f"${letters(column + 1)}{first}")
    for criteria, ink in zip(tests, inks, strict=True):
        look = {"type": "formula", "criteria": criteria, "format": job.book.add_format({"font_color": ink})}  # fmt: skip
        done(sheet.conditional_format(first - 1, column, last - 1, column, look))


def _write_page_hints(job: Job, sheet: WrittenSheet, page: Page) -> None:
    """Right of a sheet's paper: what is open in each of its rows that belong to no section's rows."""
    head, hint = _hint_styles(job, valign="top", indent=1)
    _, beside_low = _hint_styles(job, text_wrap=False)  # runs on into the free columns
    column = page.hint_column - 1
    rows = list(hints.page_hints(job.results, page))
    if rows:
        done(sheet.write_string(STATUS_ROW, column, "本行还要处理", head))
        _hint_inks(job, sheet, column, rows[0][0], rows[-1][0])
    for row, (text, shown) in rows:
        high = page.heights.get(row, 0) >= _HIGH
        job.results.write(sheet, row - 1, column, text, hint if high else beside_low, shown)


def _colour_open_cells(job: Job, sheet: WrittenSheet, page: Page) -> None:
    """Open cells turn colour: yellow if missing, else by the gravest rule broken there."""
    looks = {
        "missing": job.book.add_format({"bg_color": st.MISSING_FILL}),
        "error": job.book.add_format({"bg_color": st.ERROR_FILL}),
        "warning": job.book.add_format({"bg_color": st.WARNING_FILL}),
        "note": job.book.add_format({"bg_color": st.NOTE_FILL}),
    }
    for cells, level, formula in hints.marks(job.formulas, page.paper.sheet):
        options = {
            "type": "formula",
            "criteria": formula,
            "format": looks[level],
            "stop_if_true": True,
        }
        done(sheet.conditional_format(cells, options))


def _merge(
    sheet: WrittenSheet, top: int, left: int, bottom: int, right: int, text: str, style: Format
) -> None:
    if (top, left) == (bottom, right):
        _put(sheet, top - 1, left - 1, text, style)
    else:
        done(sheet.merge_range(top - 1, left - 1, bottom - 1, right - 1, "", style))
        _put(sheet, top - 1, left - 1, text, style)


def _positions(top: int, left: int, bottom: int, right: int) -> Iterator[tuple[int, int]]:
    return ((r, c) for r in range(top, bottom + 1) for c in range(left, right + 1))


# --- what is behind it ----------------------------------------------------------------------------


def _write_lists(job: Job, sheet: WrittenSheet) -> None:
    column = 0
    for item in job.form.fields():
        if item.choices:
            done(sheet.write_column(0, column, item.choices))
            cells = area(1, column + 1, len(item.choices), column + 1)
            first, _, last = cells.partition(":")
            target = f"={quote(LIST_SHEET)}!{_absolute(first)}:{_absolute(last or first)}"
            done(job.book.define_name(list_name(item), target))
            column += 1


def _absolute(a1: str) -> str:
    column_letters, digits = a1.rstrip("0123456789"), a1.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return f"${column_letters}${digits}"


def _write_records(job: Job, sheet: WrittenSheet) -> None:
    records = {
        "form": job.form.id,
        "version": job.form.version,
        "digest": job.form.digest,
        "plan": " ".join(map(str, job.layout.plan)),
    }
    style = job.book.style()
    for row, name in enumerate(FORM_RECORDS):
        done(sheet.write_string(row, 0, name))
        spot = job.layout.spots.get(f"identity.{name}")
        if spot is not None and name not in records and job.prefilled[0].value(spot) is not None:
            job.put(sheet, row, 1, spot, style, as_text=True)
        else:
            done(sheet.write_string(row, 1, records.get(name, "")))
    done(sheet.write_string(FORM_RECORDS.index("digest"), 2, str(job.form.revision)))
    for row, spot in enumerate(_locked_in(job)):
        done(sheet.write_string(row, ISSUED_COLUMN - 1, spot.name))
        job.put(sheet, row, ISSUED_COLUMN, spot, style)
    for spot in job.layout.spots.values():
        if spot.address.sheet == FORM_SHEET:
            row = spot.address.row - 1
            done(sheet.write_string(row, 0, spot.name))
            _write_value(job, sheet, row, 1, spot, style)
    row = job.layout.verdict_letters.row - 1
    done(sheet.write_string(row, 0, VERDICT_LETTERS))
    formula, shown = selfcheck.letters_of(job.results)
    job.results.write(sheet, row, 1, formula, style, shown)


def _locked_in(job: Job) -> Iterator[Spot]:
    """What the bureau filled in on the form, beside the department itself."""
    for spot in job.layout.spots.values():
        on_page = spot.address.sheet in job.layout.pages
        issued = job.prefilled[0].value(spot) is not None
        if on_page and issued and spot.field.id not in FORM_RECORDS:
            yield spot


def _define_names(job: Job) -> None:
    for spot in job.layout.spots.values():
        done(job.book.define_name(spot.name, f"={spot.address.absolute}"))
    for line, address in job.layout.checks.items():
        done(job.book.define_name(check_name(line), f"={address.absolute}"))
    done(job.book.define_name(VERDICT_LETTERS, f"={job.layout.verdict_letters.absolute}"))
    for name, cells in hints.verdict_names(job.formulas):
        done(job.book.define_name(name, f"={cells}"))
