"""The hidden sheet `_calc` as its part is stored: each long formula once, and each row's own when read."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.formula.translate import Translator
from openpyxl.utils import get_column_letter

from builder.template import build_template
from workbook.form import ROW, Form, available_forms, load_form
from workbook.layout import CALC_SHEET, HINT, formulas_of, lay_out
from workbook.reading import Filling

FORMS = [load_form(path) for path in available_forms()]
ARENA = Path(__file__).parents[2] / "differential" / "arena.toml"
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def stored(path: Path) -> list[tuple[str, dict[str, str], str]]:
    """(cell, attributes of its formula, the formula as stored) of each formula of `_calc`."""
    number = openpyxl.load_workbook(path, read_only=True).sheetnames.index(CALC_SHEET) + 1
    with ZipFile(path) as package:
        root = ET.fromstring(package.read(f"xl/worksheets/sheet{number}.xml"))
    cells = ((cell, cell.find(f"{MAIN}f")) for cell in root.iter(f"{MAIN}c"))
    return [(c.attrib["r"], dict(f.attrib), f.text or "") for c, f in cells if f is not None]


def test_a_formula_that_looks_at_its_group_is_shared_within_the_group(tmp_path: Path) -> None:
    source = tmp_path / "groups.toml"
    text = ARENA.read_text(encoding="utf-8")
    count = next(line for line in text.splitlines() if line.startswith("branch_count"))
    own = 'own_part = { label = "占本级", kind = "number", formula = "points / branch_count", derived = true }'
    source.write_text(text.replace(count, f"{count}\n{own}"), encoding="utf-8")
    form = load_form(source)
    formulas = formulas_of(lay_out(form))
    sheet = openpyxl.load_workbook(build_template(form, tmp_path / "f.xlsx"))[CALC_SHEET]
    block = formulas.layout.blocks["lines"]
    assert len(block.groups) > 1
    for slot in block.slots:
        at = formulas.layout.calc_cell("lines", "own_part", slot.number).a1
        assert sheet[at].value == formulas.computed("lines.own_part", CALC_SHEET, slot.number)


RULE = """
[[rule]]
code = "A499"
name = "金额应照给定的数填"
scope = "lines"
when = "filled(amount)"
must = "amount == points"
at = "amount"
severity = "error"
message = "金额 {amount}"
hint = "请核对。"
basis = "测试"
expected = "EXPECTED"
cases = [
  { verdict = "holds", rows = [{ amount = 1, points = 1 }] },
  { verdict = "broken", rows = [{ amount = 2, points = 1 }] },
]
"""


def with_a_rule_that_expects(what: str, folder: Path) -> Form:
    source = folder / "expects.toml"
    text = ARENA.read_text(encoding="utf-8") + RULE.replace("EXPECTED", what)
    source.write_text(text, encoding="utf-8")
    return load_form(source)


@pytest.mark.parametrize("what", ["main.number:money", "branch_sum:money"])
def test_the_right_value_in_a_hint_stands_elsewhere(what: str, tmp_path: Path) -> None:
    """A single field, repeated on `_calc`; a group's, on the form, so that no formula is shared."""
    form = with_a_rule_that_expects(what, tmp_path)
    given = Filling({"main.number": 7.0}, {"lines": {1: {"amount": 2.0, "points": 5.0}}})
    path = build_template(form, tmp_path / "f.xlsx", filling=given)
    own = [text for _, how, text in stored(path) if how.get("t") == "shared" and "!" in text]
    layout = lay_out(form)
    shown = openpyxl.load_workbook(path, data_only=True)[CALC_SHEET]
    hint = shown[layout.calc_cell("lines", HINT, 1).a1].value
    assert ("应为 7" if "main" in what else "应为 5") in hint
    assert own == []


def test_a_section_whose_rows_no_rule_looks_at(tmp_path: Path) -> None:
    form = load_form(ARENA)
    unruled = dataclasses.replace(form, rules=tuple(r for r in form.rules if r.grain != ROW))
    path = build_template(unruled, tmp_path / "f.xlsx")
    at = lay_out(unruled).calc_cell("lines", HINT, 1).a1
    assert openpyxl.load_workbook(path, data_only=True)[CALC_SHEET][at].value in (None, "")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_every_row_has_its_own_formula(form: Form, tmp_path: Path) -> None:
    plan = tuple(2 + n % 3 for n, _ in enumerate(lay_out(form).plan))
    layout = lay_out(form, plan)
    formulas = formulas_of(layout)
    book = openpyxl.load_workbook(build_template(form, tmp_path / "f.xlsx", plan=plan))
    sheet, home, hints = (
        book[CALC_SHEET],
        book[form.sheet],
        get_column_letter(layout.home.hint_column),
    )
    seen = 0
    for block in layout.blocks.values():
        for slot in block.slots:
            hint = layout.calc_cell(block.section.id, HINT, slot.number)
            above = layout.calc_cell(block.section.id, HINT, max(slot.number - 1, 1))
            if block.slots[max(slot.number - 2, 0)].path == slot.path:
                told = Translator(sheet[above.a1].value, above.a1).translate_formula(hint.a1)
                assert sheet[hint.a1].value == told
            assert home[f"{hints}{slot.row}"].value == f"={hint.absolute}"
            for rule in form.sheet_rules:
                if rule.grain == ROW and rule.section == block.section.id:
                    at = layout.calc_cell(rule.section, rule.key, slot.number).a1
                    assert sheet[at].value == formulas.verdict(rule, CALC_SHEET, slot.number)
                    seen += 1
            for item in block.section.of_grain(ROW):
                at = layout.calc_cell(item.section, item.id, slot.number).a1
                if item.mode == "derived":
                    assert sheet[at].value == formulas.computed(item.key, CALC_SHEET, slot.number)
    assert seen > 500


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_shared_formulas_name_no_other_sheet_and_spare_most_of_the_text(
    form: Form, tmp_path: Path
) -> None:
    found = stored(build_template(form, tmp_path / "f.xlsx"))
    shared = [(cell, how, text) for cell, how, text in found if how.get("t") == "shared"]
    masters = [text for _, how, text in shared if "ref" in how]
    assert len(shared) > 10 * len(masters) > 500
    assert not any("!" in text for text in masters)
    plain = [text for _, how, text in found if "t" not in how and len(text) > 300]
    assert len(plain) < len(found) / 8
