"""What departments are sent: templates blank, for one department, with more rows, filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder import addressees, build_template, issue
from tests.fillings import FILLED, ROSTER, filling
from tests.pins import told
from tests.pins.conftest import Pin
from workbook import Form, find_form

OVERALL, PROJECT = "department_overall", "project_expenditure"


def personal(form: Form, folder: Path) -> Path:
    """The form of the roster's first department."""
    (path,) = issue(form, folder, addressees(form, ROSTER)[:1], folder=True)
    return path


def longer(form: Form, folder: Path) -> Path:
    """A form whose first group has rows added."""
    return build_template(form, folder / "longer.xlsx", plan={"数量指标": 12})


def filled(form: Form, folder: Path) -> Path:
    """A form filled in as the first of the samples."""
    return build_template(form, folder / "filled.xlsx", filling=filling(FILLED[0]))


def blank(form: Form, folder: Path) -> Path:
    """The form as anyone may have it."""
    return build_template(form, folder / "blank.xlsx")


@pytest.mark.parametrize("form_id", [OVERALL, PROJECT])
def test_a_blank_template_is_what_it_was(pin: Pin, tmp_path: Path, form_id: str) -> None:
    form = find_form(form_id)
    pin(told.template(blank(form, tmp_path), form.digest))


@pytest.mark.parametrize("make", [personal, longer, filled])
def test_a_template_differs_from_a_blank_one_as_it_did(
    pin: Pin, tmp_path: Path, make: object
) -> None:
    form = find_form(OVERALL)
    assert callable(make)
    pin(told.differences(
        told.template(blank(form, tmp_path), form.digest), told.template(make(form, tmp_path), form.digest)
    ))  # fmt: skip
