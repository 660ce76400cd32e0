"""Generated pages say what the code says now."""

import runpy
from pathlib import Path

from workbook.commands.output import explanation, known_codes

DOCS = Path(__file__).resolve().parents[1] / "docs"
CODES = (DOCS / "codes.md").read_text(encoding="utf-8")


def test_the_page_of_codes_is_what_its_script_writes() -> None:
    page = runpy.run_path(str(DOCS / "make_codes.py"))["page"]()
    assert page.splitlines() == CODES.splitlines(), "python docs/make_codes.py writes it anew"


def test_the_page_of_data_is_what_its_script_writes() -> None:
    page = runpy.run_path(str(DOCS / "make_data.py"))["page"]()
    written = (DOCS / "data.md").read_text(encoding="utf-8")
    assert page.splitlines() == written.splitlines(), "python docs/make_data.py writes it anew"


def test_every_code_is_documented_and_explained_once_filled_in() -> None:
    for code in known_codes():
        assert f"| {code} | " in CODES
        told = explanation(code)
        assert told.startswith(code)
        assert "{" not in told.partition("条件：")[0]
