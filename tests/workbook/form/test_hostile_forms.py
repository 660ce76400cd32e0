"""Whatever a clerk writes into a definition, the answer is a FormError that says where, at once."""

import os
from pathlib import Path

import pytest

from tests.workbook.form.test_composition import BASE
from workbook import FormError, load_form

SHEET = 'sheet = "表"'
BUDGET = 'budget = { label = "预算数", kind = "money", prompt = "万元。" }'
RATE = 'formula = "spent / budget"'
GRADES = """
[[summary.grade]]
name = "良"
from = 60
[[summary.grade]]
name = "中"
from = {}
"""


def loaded(folder: Path, text: str | bytes, name: str = "ours") -> None:
    path = folder / f"{name}.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    load_form(path)


def replaced(old: str, new: str) -> str:
    assert old in BASE
    return BASE.replace(old, new, 1)


def budget(**keys: str) -> str:
    written = ", ".join(f"{key} = {value}" for key, value in keys.items())
    return replaced(BUDGET, f'budget = {{ label = "预算数", kind = "money", {written} }}')


def formula(text: str) -> str:
    return replaced(RATE, f'formula = "{text}"')


def chained(count: int) -> str:
    """Derived fields of which each refers to the next."""
    field = '{} = {{ label = "数", kind = "money", derived = true, formula = "{}" }}'
    fields = [field.format(f"f{n}", f"f{n + 1}") for n in range(count)]
    fields.append(field.format(f"f{count}", "spent"))
    return replaced(BUDGET, "\n".join([BUDGET, *fields]))


HOSTILE = {
    # sheets' names
    "sheet of 32 characters": (replaced(SHEET, f'sheet = "{"表" * 32}"'), "sheet: .*1 to 31"),
    "sheet of 31 characters, two of them wide": (
        replaced(SHEET, f'sheet = "{"表" * 29}𠮷𠮷"'),
        "sheet: .*1 to 31",
    ),
    **{
        f"sheet with {sign}": (replaced(SHEET, f"sheet = 'a{sign}b'"), "sheet: .*holds")
        for sign in "[]:*?/\\"
    },
    "sheet that begins with an apostrophe": (replaced(SHEET, 'sheet = "\'表"'), "sheet: .*holds '"),
    "sheet that ends with an apostrophe": (replaced(SHEET, 'sheet = "表\'"'), "sheet: .*holds '"),
    "sheet without a name": (replaced(SHEET, 'sheet = " "'), "sheet: .*1 to 31"),
    "sheet of Excel's own": (replaced(SHEET, 'sheet = "History"'), "sheet: .*Excel keeps"),
    "sheet with a line break": (replaced(SHEET, 'sheet = "表\\n"'), "sheet: .*cannot be seen"),
    **{
        f"sheet called {name}": (replaced(SHEET, f'sheet = "{name}"'), "sheet: .*every template")
        for name in ("填报说明", "自检", "_calc", "_lists", "_FORM")
    },
    "further sheet of the same name but for case": (
        replaced(SHEET, 'sheet = "Abc"') + '[[further_sheet]]\nname = "ABC"\nwidths = [9]\n',
        "further_sheet: 'Abc' is used twice",
    ),
    # numbers
    "least above the most": (budget(min="10", max="1"), "budget, min: .*10.*more than.*1"),
    "nan": (budget(max="nan"), "fields, budget, max: .*nan"),
    "inf": (budget(min="-inf"), "fields, budget, min: .*inf"),
    "number of 400 digits": (budget(max="1" * 400), "fields, budget, max: .*15 digits"),
    "number of 5000 digits": (budget(max="1" * 5000), "ours.toml: is not valid TOML"),
    "most that is a list": (budget(max="[]"), "budget, max: must be a number"),
    "most that is a day": (budget(max="2024-01-01"), "budget, max: must be a number"),
    "most that is a truth": (budget(max="true"), "budget, max: must be a number"),
    "value that is a list": (budget(value="[1]"), "budget, value: must be a text or a number"),
    "texts of minus one character": (budget(max_length="-1"), "max_length: -1 is not between"),
    "setting that is nan": (replaced("threshold = 0.9", "threshold = nan"), "threshold: .*nan"),
    **{
        f"year {year}": (
            replaced("fiscal_year = 2024", f"fiscal_year = {year}"),
            f"fiscal_year: {year} is not between 2000 and 2100",
        )
        for year in (0, -1, 1999, 99999)
    },
    "grades upside down": (BASE + GRADES.format(80), "grade 中, from: 80 is not below 60 of '良'"),
    "grades alike": (BASE + GRADES.format(60), "grade 中, from: 60 is not below 60"),
    "column 1000 wide": (replaced("widths = [10,", "widths = [1000,"), "widths: 1000 is not"),
    "column of no width": (replaced("widths = [10,", "widths = [0,"), "widths: 0 is no width"),
    "width that is a truth": (replaced("widths = [10,", "widths = [true,"), "list of numbers"),
    "more columns than are read": (
        replaced("widths = [10,", f"widths = [{'9,' * 300}"),
        "widths: are 302 columns",
    ),
    "row 5000 high": (replaced("heights = [20,", "heights = [5000,"), "heights: 5000 is not"),
    # what a workbook cannot hold
    "text of a sheet's longest and one": (
        budget(prompt=f'"{"长" * 32768}"'),
        "budget, prompt: is too long, 32768",
    ),
    "key of a thousand letters": (BASE + f"{'k' * 1000} = 1", "kkk…: is too long a key"),
    "text with a NUL": (budget(prompt='"a\\u0000"'), "budget, prompt: .*U\\+0000"),
    "choice twice": (
        replaced(BUDGET, 'budget = { label = "数", kind = "choice", choices = ["a", "a"] }'),
        "budget, choices: 'a' is in the list twice",
    ),
    "blank choice": (
        replaced(BUDGET, 'budget = { label = "数", kind = "choice", choices = ["a", " "] }'),
        "budget, choices: choice 2 is blank",
    ),
    "choices beyond a formula": (
        replaced(
            BUDGET,
            f'budget = {{ label = "数", kind = "choice", choices = {[f"选{n}" for n in range(999)]} }}',
        ),
        "budget, choices: have more than 2000 characters",
    ),
    "id that leads out of the folder": (replaced('id = "base"', 'id = "../a"'), "ours.toml, id:"),
    "version without a character": (
        replaced('version = "2024"', 'version = ""'),
        "ours.toml, version:",
    ),
    "title with an attribute": (
        replaced("{fiscal_year} 年小", "{fiscal_year.x} 年小"),
        "title: may",
    ),
    "title 999999999 wide": (
        replaced("{fiscal_year} 年小", "{fiscal_year:>999999999} 年小"),
        "title: may only hold",
    ),
    # nesting
    "arrays without end": (f"{BASE}x = {'[' * 50_000}", "ours.toml: is nested too deeply"),
    "inline tables without end": (f"{BASE}x = {'{a=' * 5_000}", "ours.toml: is nested too deeply"),
    "tables 900 deep": (f"{BASE}[{'.'.join('a' * 900)}]\n", "ours.toml, a, a, .*nested too deeply"),
    "settings 100 deep": (
        replaced("threshold = 0.9", f"threshold = {'[' * 100}{']' * 100}"),
        "settings, threshold, 1, .*nested too deeply",
    ),
    # expressions
    "10000 parentheses": (
        formula(f"{'(' * 10_000}1{')' * 10_000}"),
        "field rate, formula: is too long, 20001 characters.* at column 1",
    ),
    "signs without end": (
        formula(f"{'-' * 7_900}1"),
        "field rate, formula: .*nested too deeply at column 1",
    ),
    "formula without a character": (formula(" "), "rate, formula: is blank"),
    "define of signs without end": (
        f'{BASE}[define]\n"far(x)" = "{"-" * 7_900}x"\n',
        "define far: is nested too deeply at column 1",
    ),
    "defines in a chain of 3000": (
        BASE
        + "[define]\n"
        + "".join(f'"d{n}(x)" = "d{n + 1}(x)"\n' for n in range(3_000))
        + '"d3000(x)" = "x"\n',
        "ours.toml: .*too long a chain",
    ),
    "formulas in a chain of 2000": (chained(2_000), "ours.toml: .*too long a chain"),
    # rows
    "a hundred million rows": (
        replaced("[section.fields]\nindicator", "rows = 9\n[section.fields]\nindicator")
        .replace('levels = ["level1", "level2"]\n', "")
        .replace("rows = 9", "rows = 100000000")
        .replace("[level1] |", "指标 |")
        .partition("[[section.group]]")[0],
        "section indicators, rows: must have at least one row, and at most 1000",
    ),
    # files
    "file of 2 MB": (BASE + f"# {'x' * 2**21}\n", "ours.toml：.*超过 1 MB"),
    "base of 400 letters": (f'extends = "{"a" * 400}"\n', "ours.toml, extends: .*file's name"),
    "section called by a list": (
        replaced('id = "funds"', "id = [1]"),
        r"section \[1\], id: must be a str",
    ),
}


@pytest.mark.parametrize(("text", "told"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_definition_is_refused_with_file_and_key(
    tmp_path: Path, text: str | bytes, told: str
) -> None:
    with pytest.raises(FormError, match=told) as caught:
        loaded(tmp_path, text)
    assert len(str(caught.value)) < 1_000


def test_the_definition_to_be_spoilt_is_right(tmp_path: Path) -> None:
    loaded(tmp_path, BASE)


def test_bases_in_a_chain_of_100_files_are_refused(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"f{number}.toml").write_text(f'extends = "f{number + 1}"\n')
    with pytest.raises(FormError, match=r"f\d+.toml, extends: leads to more than 64 files"):
        load_form(tmp_path / "f0.toml")


def test_rule_sets_that_double_with_each_step_are_refused(tmp_path: Path) -> None:
    for number in range(40):
        for twin in "ab":
            text = f'include = ["a{number + 1}", "b{number + 1}"]\n'
            (tmp_path / f"{twin}{number}.toml").write_text(text)
    for twin in "ab":
        (tmp_path / f"{twin}40.toml").write_text("# nothing")
    with pytest.raises(FormError, match="include: leads to more than 64 files"):
        loaded(tmp_path, f'include = ["a0"]\n{BASE}')


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(FormError, match=r"pipe\.toml.*设备或管道"):
        load_form(tmp_path / "pipe.toml")


def test_an_invalid_escape_in_a_text_says_nothing_on_the_terminal(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    with pytest.raises(FormError, match="yields text"):
        loaded(tmp_path, formula("'\\\\d'"))
    assert not recwarn.list
