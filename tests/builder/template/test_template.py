"""The template as other programs see it: locks, names, validations, formulas, what fits on paper."""

from __future__ import annotations

import functools
import re
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.formula import ArrayFormula
from python_calamine import CalamineWorkbook

from builder import build_template, issue
from builder.template import Addressee
from tests.fillings import FILLED, filling, overall
from tests.office import CellError, Office
from workbook import BuildError, Filling, Form, load_form, read_returns
from workbook.form import Value, available_forms
from workbook.layout import (
    CALC_SHEET,
    CHECK_SHEET,
    CHECK_TOP,
    FORM_SHEET,
    GUIDE_SHEET,
    LIST_SHEET,
    lay_out,
)

FORMS = [load_form(path) for path in available_forms()]
ODD = load_form(Path(__file__).parents[2] / "forms/odd_form_2023.toml")
KNOWN = {
    *(
        "IF",
        "ISBLANK",
        "AND",
        "OR",
        "NOT",
        "SUM",
        "SUMIF",
        "COUNTIF",
        "COUNT",
        "SUMPRODUCT",
        "ROUND",
        "MIN",
        "MAX",
    ),
    *(
        "ABS",
        "LEN",
        "TRIM",
        "SUBSTITUTE",
        "ISNUMBER",
        "INDEX",
        "MATCH",
        "IFERROR",
        "DATE",
        "FIND",
        "MID",
    ),
    *("LEFT", "RIGHT", "UPPER", "VALUE", "EXACT", "NA", "CHAR", "ROW", "CHOOSE", "HYPERLINK"),
    *("YEAR", "MONTH", "DAY", "INT", "COUNT", "SMALL", "MOD"),
}
"""Functions of the workbook; all are in Excel 2007, so in every Excel, WPS and LibreOffice in use."""


@pytest.fixture(scope="module", params=FORMS, ids=lambda form: form.id)
def form(request: pytest.FixtureRequest) -> Form:
    found: Form = request.param
    return found


@pytest.fixture(scope="module")
def blank(form: Form, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_template(form, tmp_path_factory.mktemp("blank") / "blank.xlsx")


@functools.cache
def opened(path: Path) -> Workbook:
    """A book that no test changes, read once."""
    return openpyxl.load_workbook(path)


@functools.cache
def formulas(path: Path) -> list[tuple[str, str, str]]:
    """(sheet, cell, formula) of a workbook that no test changes."""
    book = opened(path)
    return [
        (sheet.title, cell.coordinate, str(cell.value))
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f" and not isinstance(cell.value, ArrayFormula)
    ]


def test_only_inputs_are_unlocked(form: Form, blank: Path) -> None:
    book = opened(blank)
    spots = {
        (s.address.sheet, s.address.a1)
        for s in lay_out(form).spots.values()
        if not s.field.is_closed
    }
    merged = {
        (sheet.title, str(cell.coordinate))
        for sheet in book.worksheets
        for area in sheet.merged_cells.ranges
        for row in sheet[area.coord]
        for cell in row
    }
    for sheet in book.worksheets:
        assert sheet.protection.sheet
        for row in sheet.iter_rows():
            for cell in row:
                key = (sheet.title, cell.coordinate)
                if not cell.protection.locked:
                    assert key in spots or key in merged
    for name, a1 in spots:
        assert not book[name][a1].protection.locked


def test_structure_is_locked_and_working_sheets_are_hidden(blank: Path) -> None:
    with zipfile.ZipFile(blank) as package:
        text = package.read("xl/workbook.xml").decode()
    assert re.search(r'<workbookProtection lockStructure="1"/><bookViews>', text)
    states = {sheet.title: sheet.sheet_state for sheet in opened(blank).worksheets}
    assert states[FORM_SHEET] == "veryHidden"
    assert states[CALC_SHEET] == states[LIST_SHEET] == "hidden"
    assert states[GUIDE_SHEET] == states[CHECK_SHEET] == "visible"


def test_every_input_has_a_validation_with_prompt_and_error(form: Form, blank: Path) -> None:
    sheet = opened(blank)[form.sheet]
    validated = {
        f"{get_column_letter(column)}{row}": found
        for found in sheet.data_validations.dataValidation
        for area in found.sqref.ranges
        for row, column in area.cells
    }
    for spot in lay_out(form).spots.values():
        if spot.field.is_input and spot.address.sheet == form.sheet:
            found = validated[spot.address.a1]
            assert found.prompt and found.error and found.promptTitle
            assert found.showInputMessage and found.showErrorMessage
            assert len(found.prompt) <= 255 and len(found.promptTitle) <= 32


def test_every_field_has_its_defined_name(form: Form, blank: Path) -> None:
    names = opened(blank).defined_names
    for name, spot in lay_out(form).spots.items():
        assert names[name].attr_text == spot.address.absolute


def test_formulas_use_only_functions_that_excel_2007_knows(blank: Path) -> None:
    for sheet, cell, text in formulas(blank):
        bare = re.sub(r'"(?:[^"]|"")*"', '""', text)
        used = set(re.findall(r"([A-Z][A-Z0-9.]*)\(", bare))
        assert used <= KNOWN, f"{sheet}!{cell}: {used - KNOWN}"
        assert "_xl" not in bare


def test_formulas_are_short_and_shallow_enough_for_excel(blank: Path) -> None:
    for sheet, cell, text in formulas(blank):
        assert len(text) <= 8192, f"{sheet}!{cell}"
        depth = deepest = 0
        for sign in re.sub(r'"(?:[^"]|"")*"', "", text):
            depth += (sign == "(") - (sign == ")")
            deepest = max(deepest, depth)
        assert deepest <= 60, f"{sheet}!{cell} nests {deepest} deep; Excel allows 64"


def test_texts_in_formulas_and_validations_are_within_excels_limits(
    form: Form, blank: Path
) -> None:
    for sheet, cell, text in formulas(blank):
        longest = max((len(t) for t in re.findall(r'"((?:[^"]|"")*)"', text)), default=0)
        assert longest <= 255, f"{sheet}!{cell}"
    for found in opened(blank)[form.sheet].data_validations.dataValidation:
        assert len(found.formula1 or "") <= 255, found.sqref


def test_conditional_formats_name_no_other_sheet(blank: Path) -> None:
    for sheet in opened(blank).worksheets:
        for area in sheet.conditional_formatting:
            for rule in area.rules:
                assert not [text for text in rule.formula if "!" in text], area.sqref


def test_calamine_reads_the_template(form: Form, blank: Path) -> None:
    book = CalamineWorkbook.from_path(str(blank))
    rows = book.get_sheet_by_name(form.sheet).to_python(skip_empty_area=False)
    title = form.title.format(fiscal_year=form.fiscal_year)
    assert any(title in row for row in rows)


def fillings_of(form: Form) -> dict[str, Filling]:
    """Blank, half and full fillings of a form."""
    if form.id == "department_overall":
        full = [filling(path) for path in FILLED]
        half = Filling({k: v for i, (k, v) in enumerate(full[0].values.items()) if i % 2}, {})
        return {"blank": Filling(), "half": half} | {
            p.stem: f for p, f in zip(FILLED, full, strict=True)
        }
    values: dict[str, Value] = {
        s.name: 12.5
        for s in lay_out(form).spots.values()
        if s.field.kind.name == "money" and s.field.is_input
    }
    row: dict[str, Value] = {
        "indicator": "场次",
        "target": "≥10场",
        "actual": "9场",
        "weight": 10.0,
        "self_score": 9.0,
    }
    return {
        "blank": Filling(),
        "half": Filling(dict(values)),
        "full": Filling(dict(values), {"indicators": {1: dict(row), 4: dict(row)}}),
    }


OFTEN = ("blank", "half", "full", FILLED[0].stem, FILLED[1].stem)
FILLINGS = [
    pytest.param(
        form, given, id=f"{form.id}-{name}", marks=() if name in OFTEN else pytest.mark.long
    )
    for form in FORMS
    for name, given in fillings_of(form).items()
]


def seen(given: Filling, office: Office) -> Filling:
    """A filling whose texts are as formulas see them."""

    def of(values: Mapping[str, Value]) -> dict[str, Value]:
        return {k: office.seen(v) if isinstance(v, str) else v for k, v in values.items()}

    rows = {section: {n: of(row) for n, row in r.items()} for section, r in given.rows.items()}
    return Filling(of(given.values), rows)


@pytest.mark.parametrize(("filled_form", "given"), FILLINGS)
def test_cached_results_are_what_libreoffice_computes(
    filled_form: Form, given: Filling, office: Office, tmp_path: Path
) -> None:
    path = build_template(filled_form, tmp_path / "f.xlsx", filling=seen(given, office))
    cached = openpyxl.load_workbook(path, data_only=True)
    compared = 0
    with office.open(path) as book:
        office.recalculate(book)
        live = {sheet.title: office.sheet_values(book, sheet.title) for sheet in cached.worksheets}
        for sheet, cell, _ in formulas(path):
            at = cached[sheet][cell]
            value = live[sheet][at.row - 1][at.column - 1]
            assert not isinstance(value, CellError), f"{sheet}!{cell} {value}"
            if isinstance(value, float):
                assert at.value == pytest.approx(value, rel=1e-9, abs=1e-12), f"{sheet}!{cell}"
            else:
                assert (at.value or "") == (value or ""), f"{sheet}!{cell}"
            compared += 1
    assert compared > 500


def test_long_texts_are_not_cut_off_on_paper(form: Form, office: Office, tmp_path: Path) -> None:
    layout = lay_out(form)
    given = Filling({}, {"indicators": {1: {}}})
    ends: list[str] = []
    for spot in layout.spots.values():
        item = spot.field
        if not item.is_input or item.kind.type != "text" or item.choices or spot.number > 1:
            continue
        assert item.max_length
        end = f"终{len(ends):02d}"
        ends.append(end)
        text = "长" * (item.max_length - len(end)) + end
        if spot.number:
            given.rows["indicators"][1][item.id] = text
        else:
            given.values[item.key] = text
    path = build_template(form, tmp_path / "long.xlsx", filling=given)
    pdf = office.pdf(path, tmp_path / "long.pdf")
    shown = subprocess.run(["pdftotext", "-raw", str(pdf), "-"], capture_output=True, check=True)
    text = re.sub(r"\s", "", shown.stdout.decode())
    assert [end for end in ends if end not in text] == []


def test_personalised_template_locks_the_department_in(form: Form, tmp_path: Path) -> None:
    path = issue(
        form,
        tmp_path / "one.xlsx",
        [Addressee(code="125001", department="云溪区科学技术协会")],
        fiscal_year=2025,
    )[0]
    book = openpyxl.load_workbook(path)
    layout = lay_out(form)
    cell = book[form.sheet][layout.spot("identity.department").address.a1]
    assert cell.value == "云溪区科学技术协会"
    assert cell.protection.locked
    records = {row[0].value: row[1].value for row in book[FORM_SHEET].iter_rows()}
    assert records["department_code"] == "125001"
    assert records["identity.fiscal_year"] == 2025


def test_unwritable_place_leaves_nothing_behind(form: Form, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="文件夹"):
        build_template(form, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match="是文件，不是文件夹"):
        build_template(form, tmp_path / "file" / "x.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_value_without_a_place_is_refused(form: Form, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"funds\.nothing"):
        build_template(form, tmp_path / "x.xlsx", filling=Filling({"funds.nothing": 1.0}))
    rows = Filling({}, {"indicators": {99: {"weight": 1.0}}})
    with pytest.raises(BuildError, match="indicators"):
        build_template(form, tmp_path / "x.xlsx", filling=rows)
    assert not (tmp_path / "x.xlsx").exists()


def test_a_password_that_excel_cannot_take_is_refused(form: Form, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="密码最多 255"):
        build_template(form, tmp_path / "x.xlsx", password="密" * 256)


# --- what is seen while filling in ----------------------------------------------------------------


def test_beside_the_report_stands_why_its_cells_are_coloured(tmp_path: Path) -> None:
    form = overall()
    given = filling(next(p for p in FILLED if p.name.startswith("125001")))
    given.values["report.vehicle_purchase"] = "三万"
    path = build_template(form, tmp_path / "f.xlsx", filling=given)
    layout = lay_out(form)
    report = openpyxl.load_workbook(path, data_only=True)["自评报告"]
    column = layout.pages["自评报告"].hint_column
    for key, words in (
        ("report.problems", "填写说明"),
        ("report.improvements", "没有问题"),
        ("report.vehicle_purchase", "请只填数字"),
        ("report.personnel_expenditure", "之和"),
    ):
        assert words in str(report.cell(layout.spots[key].address.row, column).value)
    overview = layout.spots["report.overview"].address.row
    assert not report.cell(overview, column).value
    assert report.print_area.endswith(f"$H${layout.pages['自评报告'].last_row}")


def test_beside_the_form_s_single_cells_stands_what_is_open(tmp_path: Path) -> None:
    form = overall()
    given = filling(FILLED[0])
    given.values.update({"funds.general_public_budget": 1.0, "goals.achieved_goals": None})
    path = build_template(form, tmp_path / "f.xlsx", filling=given)
    layout = lay_out(form)
    sheet = openpyxl.load_workbook(path, data_only=True)[form.sheet]
    column = layout.home.hint_column
    for key, words in (
        ("funds.funding_by_source", "收入各项之和"),
        ("goals.achieved_goals", "未填实际完成情况。"),
        ("identity.department", ""),
    ):
        shown = str(sheet.cell(layout.spots[key].address.row, column).value or "")
        assert words in shown and bool(words) == bool(shown), (key, shown)


def test_the_selfchecks_rows_hold_their_longest_message(tmp_path: Path) -> None:
    path = build_template(overall(), tmp_path / "blank.xlsx")
    check = openpyxl.load_workbook(path)[CHECK_SHEET]
    heights = {
        check.cell(row, 1).value: check.row_dimensions[row].height
        for row in range(CHECK_TOP, check.max_row + 1)
    }
    assert all(height and height >= 30 for height in heights.values())
    assert heights["D454"] > heights["D401"]


def test_a_broken_reminder_is_not_as_red_as_an_error(blank: Path) -> None:
    check = opened(blank)[CHECK_SHEET]
    fills = {
        level: rule.dxf.fill.bgColor.rgb
        for area in check.conditional_formatting
        for rule in area.rules
        for level in ("错误", "提醒", "说明")
        if f'"{level}"' in "".join(rule.formula)
    }
    assert len(set(fills.values())) == 3


def test_what_a_form_says_in_its_rows_is_locked_in_and_no_filling(tmp_path: Path) -> None:
    path = build_template(ODD, tmp_path / "blank.xlsx")
    sheet = openpyxl.load_workbook(path)[ODD.sheet]
    spots = lay_out(ODD).spots
    held = {
        name: (sheet[spots[name].address.a1].value, sheet[spots[name].address.a1].protection.locked)
        for name in ("management.note.4", "management.weight.4", "management.weight.5")
    }
    assert held == {
        "management.note.4": ("专款专用", True),
        "management.weight.4": (4, True),
        "management.weight.5": (None, False),
    }
    (item,) = read_returns([path], forms={(ODD.id, ODD.version): ODD})
    assert [f.code for f in item.findings] == ["W110"], "a blank template is none the less blank"


def test_the_bureaus_own_rows_stand_in_place_of_the_forms(tmp_path: Path) -> None:
    approved = Filling(rows={"management": {1: {"note": "有批文", "weight": 2.0}}})
    path = build_template(ODD, tmp_path / "approved.xlsx", prefilled=approved)
    sheet = openpyxl.load_workbook(path)[ODD.sheet]
    spots = lay_out(ODD).spots
    assert sheet[spots["management.note.1"].address.a1].value == "有批文"
    assert sheet[spots["management.note.4"].address.a1].value is None


def test_a_branch_that_ends_early_takes_the_columns_of_the_levels_below() -> None:
    (label,) = (each for each in lay_out(ODD).home.labels if each.text == "加减分")
    assert (label.left, label.right) == (2, 6)
