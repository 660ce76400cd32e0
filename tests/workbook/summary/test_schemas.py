"""Every frame is as its schema says, for every sort of form; what is not is told."""

from pathlib import Path

import pandas as pd
import pytest

from tests.api import finding
from tests.fillings import (
    accepted,
    filling,
    project,
    project_form,
    rejected,
    sample_returns,
)
from workbook import Frames, Return, frames, load_form
from workbook.form import available_forms
from workbook.summary import (
    COVERAGE,
    DUES,
    DUTIES,
    FIXED,
    TRACES,
    Schema,
    differences,
    section_schema,
)

TESTS = Path(__file__).resolve().parents[2]
FILES = FIXED[0]


def odd() -> Return:
    form = load_form(TESTS / "forms" / "odd_form_2023.toml")
    return accepted(filling(TESTS / "forms" / "filled" / "odd_form.toml", form), form=form)


def told(found: Frames) -> list[str]:
    """Every difference of the frames from their schemas."""
    pairs = [(getattr(found, schema.name), schema) for schema in FIXED]
    for key, parts in found.sections.items():
        form = found.forms[key]
        pairs += [(frame, section_schema(form, form.sections[n])) for n, frame in parts.items()]
    return [text for frame, schema in pairs for text in differences(frame, schema)]


def test_frames_of_every_sort_of_form_are_as_told(tmp_path: Path) -> None:
    broken = rejected("坏.xlsx", finding("W104", detail="x"))
    other = project(project_form(tmp_path), "路")
    found = frames([*sample_returns(), broken, other, odd()])
    assert len(found.sections) == 3
    assert told(found) == []


def test_frames_of_nothing_are_as_told() -> None:
    assert told(frames([])) == []
    for path in available_forms():
        assert told(frames([], load_form(path))) == []


def test_every_column_has_a_meaning_and_amounts_have_a_unit() -> None:
    form = load_form(next(path for path in available_forms() if "department_overall" in path.name))
    schemas: list[Schema] = [*FIXED, COVERAGE, DUTIES, DUES, TRACES]
    schemas += [section_schema(form, section) for section in form.sections.values()]
    assert all(column.meaning for schema in schemas for column in schema.every)
    (funds,) = (schema for schema in schemas if schema.name == "funds")
    units = {column.name: column.unit for column in funds.columns}
    assert units["final_budget"] == "万元"
    assert units["execution_rate"].startswith("小数")
    assert units["execution_score"] == "分"


@pytest.mark.parametrize(
    ("change", "about"),
    [
        (lambda f: f.drop(columns="why"), "列"),
        (lambda f: f[[*f.columns[1:], f.columns[0]]], "列"),
        (lambda f: f.assign(size=f["size"].astype("Float64")), "size"),
        (lambda f: f.rename_axis("file"), "索引"),
    ],
)
def test_a_frame_that_is_not_as_told_is_named(change: object, about: str) -> None:
    frame = frames(sample_returns()[:1]).files
    assert differences(frame, FILES) == []
    assert callable(change)
    changed = change(frame)
    assert isinstance(changed, pd.DataFrame)
    (difference,) = differences(changed, FILES)
    assert about in difference
