"""Typed in LibreOffice, saved by it, read back: what was typed is what is read, to the letter."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from builder import build_template
from tests.api import read_return
from tests.fillings import FILLED, filling
from tests.office import Format, Office, Target
from tests.parameters import few_of
from workbook import Filling, Form, Submission, check, load_form
from workbook.checking import View, gather
from workbook.form import Value, available_forms, serial
from workbook.layout import Spot, lay_out
from workbook.reading import ACCEPTED

FORMS = [load_form(path) for path in available_forms()]


def typed(spot: Spot) -> Value:
    """Something fitting to type at a spot."""
    item = spot.field
    if item.choices:
        return item.choices[0]
    texts = {
        "measure": f"≥{spot.number}.5%",
        "paragraph": f"第一行 {spot.name}\n第二行，“引号”",
        "text": f"={spot.name}",
    }
    numbers = {"money": 1234.5678, "score": 1.25, "percent": 0.125, "count": 7.0, "number": -2.5}
    if item.kind.name == "date":
        return datetime.date(2025, 3, 18)
    return texts.get(item.kind.name) or numbers[item.kind.name]


def type_in(
    office: Office, path: Path, spots: dict[str, Value], to: Path, format_: Format = "xlsx"
) -> dict[str, object]:
    """Type values, recalculate, save; every value of the named cells as LibreOffice has it."""
    with office.open(path) as book:
        keys: dict[Target, float | str | None] = {
            name: serial(value) if isinstance(value, datetime.date) else value
            for name, value in spots.items()
        }
        assert office.type_values(book, keys) == []
        office.recalculate(book)
        layout = lay_out(read_form(path))
        names: list[Target] = list(layout.spots)
        live = office.values(book, names)
        office.save(book, to, format_)
    return {str(name): value for name, value in live.items()}


def read_form(path: Path) -> Form:
    records = {r[0].value: r[1].value for r in openpyxl.load_workbook(path)["_form"].iter_rows()}
    return next(f for f in FORMS if f.id == records["form"])


def accepted(path: Path) -> Submission:
    found = read_return(path)
    assert found.status == ACCEPTED, found.findings
    assert found.submission is not None
    return found.submission


def as_seen(submission: Submission, office: Office) -> Submission:
    """A return with its texts as formulas see them."""
    cells = {
        name: replace(cell, value=office.seen(cell.value)) if isinstance(cell.value, str) else cell
        for name, cell in submission.cells.items()
    }
    return replace(submission, cells=cells)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
@pytest.mark.parametrize("share", [1, 2], ids=["full", "half"])
def test_what_is_typed_in_libreoffice_is_read_back(
    form: Form, share: int, office: Office, tmp_path: Path
) -> None:
    template = build_template(form, tmp_path / "template.xlsx")
    spots = [
        s
        for s in lay_out(form).spots.values()
        if s.field.mode == "entered" and not s.field.is_closed
    ]
    given = {s.name: typed(s) for s in spots[::share]}
    live = type_in(office, template, given, tmp_path / "return.xlsx")
    submission = accepted(tmp_path / "return.xlsx")
    for spot in spots:
        assert submission.cells[spot.name].value == given.get(spot.name), spot.name
    batch = gather(form, [as_seen(submission, office)], View.TRUE)
    compared = 0
    for spot in lay_out(form).spots.values():
        if spot.field.is_computed:
            cells = batch.field_cells(spot.field.key)
            j = max(spot.number - 1, 0)
            ours: object = (
                cells.text[0, j]
                if cells.number[0, j] != cells.number[0, j]
                else float(cells.number[0, j])
            )
            theirs = "" if live[spot.name] is None else live[spot.name]
            assert ours == (
                pytest.approx(theirs, rel=1e-9) if isinstance(theirs, float) else theirs
            ), spot.name
            compared += 1
    assert compared >= 8


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_locked_cells_refuse_to_be_typed_in(form: Form, office: Office, tmp_path: Path) -> None:
    template = build_template(form, tmp_path / "template.xlsx")
    locked = [
        s.name
        for s in lay_out(form).spots.values()
        if not s.field.is_input and s.address.sheet == form.sheet
    ]
    assert locked
    with office.open(template) as book:
        values: dict[Target, float | str | None] = dict.fromkeys(locked, 1.0)
        assert set(office.type_values(book, values)) == set(locked)


@pytest.mark.parametrize("source", few_of(FILLED, always=2))
def test_honest_saving_gives_no_finding_of_its_own(
    office: Office, tmp_path: Path, source: Path
) -> None:
    ours = build_template(FORMS[0], tmp_path / "ours.xlsx", filling=filling(source))
    saved = tmp_path / "saved.xlsx"
    with office.open(ours) as book:
        office.recalculate(book)
        office.save(book, saved)
    by_openpyxl = tmp_path / "openpyxl.xlsx"
    openpyxl.load_workbook(ours).save(by_openpyxl)
    found = [check([read_return(path)])[0] for path in (ours, saved, by_openpyxl)]
    assert found[0].findings == found[1].findings
    remarked = tuple(f for f in found[2].findings if f.code != "L212")
    assert remarked == found[0].findings
    assert not [f for f in found[0].findings if f.code[0] in "WL"]


def test_what_is_computed_tells_the_returns_own_year(office: Office, tmp_path: Path) -> None:
    ours = build_template(
        FORMS[0], tmp_path / "ours.xlsx", filling=filling(FILLED[0]), fiscal_year=2025
    )
    saved, by_openpyxl = tmp_path / "saved.xlsx", tmp_path / "openpyxl.xlsx"
    with office.open(ours) as book:
        office.recalculate(book)
        office.save(book, saved, "xlsx")
    openpyxl.load_workbook(saved).save(by_openpyxl)  # without values
    for path in (ours, saved, by_openpyxl):
        item = check([read_return(path)])[0]
        codes = {f.code for f in item.findings} - {"L212"}
        assert not {code for code in codes if code[0] in "WL"}, item.findings
        assert item.submission is not None
        assert item.submission.cells["report.title"].raw in (
            None, "2025年度" + item.submission.department + "部门整体支出绩效自评报告"
        )  # fmt: skip


def test_values_that_break_a_validation_are_marked_by_libreoffice(
    office: Office, tmp_path: Path
) -> None:
    form = FORMS[0]
    given = Filling(
        {
            "funds.original_budget": -1.0,
            "funds.final_budget": 1.23456,
            "funds.execution_score": 11.0,
        },
        {"indicators": {1: {"weight": 5.0, "self_score": 6.0, "target": "长" * 61}}},
    )
    path = build_template(form, tmp_path / "bad.xlsx", filling=given)
    with office.open(path) as book:
        marked = {cell for _, cell in office.invalid_cells(book)}
    layout = lay_out(form)
    wanted = ["funds.original_budget", "funds.final_budget", "funds.execution_score"]
    wanted += ["indicators.self_score.1", "indicators.target.1"]
    assert {layout.spots[name].address.a1 for name in wanted} <= marked
