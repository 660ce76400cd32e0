"""Generated pages and pictures say what the code says now; links lead somewhere; the JSON is as told."""

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.api import cli, known_codes
from workbook.round import new_round

TOP = Path(__file__).resolve().parents[1]
DOCS = TOP / "docs"
CODES = (DOCS / "codes.md").read_text(encoding="utf-8")
PAGES = [*TOP.glob("*.md"), *DOCS.glob("*.md")]


def test_the_page_of_codes_is_what_its_script_writes() -> None:
    page = runpy.run_path(str(DOCS / "make_codes.py"))["page"]()
    assert page.splitlines() == CODES.splitlines(), "python docs/make_codes.py writes it anew"


def test_the_page_of_data_is_what_its_script_writes() -> None:
    page = runpy.run_path(str(DOCS / "make_data.py"))["page"]()
    written = (DOCS / "data.md").read_text(encoding="utf-8")
    assert page.splitlines() == written.splitlines(), "python docs/make_data.py writes it anew"


def test_every_code_is_documented_and_explained_once_filled_in() -> None:
    for code in known_codes():
        told = CliRunner().invoke(cli, ["explain", code]).stdout
        assert told.startswith(code) and "{" not in told.partition("条件：")[0]
    assert [code for code in known_codes() if f"| {code} | " not in CODES] == []


# --- the floors -----------------------------------------------------------------------------------


def test_the_floors_are_as_their_contract_has_them() -> None:
    drawn = runpy.run_path(str(DOCS / "make_floors.py"))["picture"]()
    written = (DOCS / "pictures" / "floors.svg").read_text(encoding="utf-8")
    assert drawn.splitlines() == written.splitlines(), "python docs/make_floors.py draws it anew"


def test_every_room_is_drawn_and_has_its_paragraph() -> None:
    drawn = (DOCS / "pictures" / "floors.svg").read_text(encoding="utf-8")
    told = (DOCS / "architecture.md").read_text(encoding="utf-8")
    for door in [
        *(TOP / "workbook").glob("*/__init__.py"),
        *(TOP / "builder").glob("*/__init__.py"),
    ]:
        room = door.parent.relative_to(TOP).as_posix() + "/"
        short = room.removeprefix("builder/")
        assert f">{short}</text>" in drawn, room
        assert f"**`{short}`**" in told, room


# --- links ----------------------------------------------------------------------------------------


def links(page: Path) -> Iterator[str]:
    """Where a page's links and pictures lead within the project."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            yield target


def anchors(page: Path) -> set[str]:
    """What a page's headings are called in links, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target in links(page):
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_every_page_and_picture_is_led_to() -> None:
    there = {page.resolve() for page in PAGES} | set((DOCS / "pictures").iterdir())
    led = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in PAGES
        for target in links(page)
    }
    assert there - led <= {TOP / "README.md"}


# --- the JSON -------------------------------------------------------------------------------------


def told(words: str) -> list[str]:
    """The keys that docs/commands.md tells after some words."""
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    (keys,) = re.findall(rf"{re.escape(words)}：`{{([\w, ]+)}}`", text)
    return str(keys).split(", ")


def printed(*words: str) -> Any:
    return json.loads(CliRunner().invoke(cli, [*words, "--json"]).stdout)


def test_the_json_of_returns_has_the_keys_that_are_told() -> None:
    sample = next((TOP / "samples" / "returns").glob("125001_*.xlsx"))
    read, checked = printed("read", str(sample)), printed("check", str(sample))
    assert (
        list(read),
        list(read["findings"][0]),
        list(checked),
        list(checked["totals"]),
        list(checked["files"][0]),
    ) == (
        told("`read --json`"),
        told("`findings`"),
        told("`check --json`"),
        told("`totals`"),
        [key for key in read if key != "values"],
    )


def test_the_json_of_rounds_has_the_keys_that_are_told(tmp_path: Path) -> None:
    folder, samples = tmp_path / "r", TOP / "samples"
    new_round(folder, forms=["department_overall"], roster=samples / "roster.csv", year=2024)
    received = printed("round", "receive", str(folder), str(samples / "returns"))
    assert (list(received), list(received["files"][0])) == (
        told("`round receive --json`"),
        told("`files` 里各个"),
    )
    board = printed("round", "status", str(folder))
    assert (
        list(board),
        list(board["round"]),
        list(board["departments"][0]),
        list(board["departments"][0]["duties"][0]),
    ) == (
        told("`round status --json`"),
        told("`round`"),
        told("`departments` 里各个"),
        told("`duties` 里各个"),
    )
    history = printed("round", "history", str(folder), "301001")
    assert (
        list(history),
        list(history["duties"][0]["versions"][0]),
        list(history["events"][0]),
        list(printed("round", "send", str(folder))),
    ) == (
        told("`round history --json`"),
        told("`versions` 里各个"),
        told("`events` 里各个"),
        ["events", "files", "refused"],
    )


def test_the_json_of_forms_has_the_keys_that_are_told() -> None:
    spots = printed("layout", "department_overall")
    assert (
        {tuple(spot) for spot in spots.values()},
        {tuple(form) for form in printed("forms")},
    ) == ({tuple(told("格子"))}, {tuple(told("每一项"))})
    found = printed("form", "diff", "department_overall", "project_expenditure")
    assert {tuple(difference) for difference in found} == {tuple(told("每一处"))}


@pytest.mark.usefixtures("_no_office")
def test_the_json_of_a_check_of_a_form_has_the_keys_that_are_told(tmp_path: Path) -> None:
    form = (TOP / "tests" / "forms" / "odd_form_2023.toml").read_text(encoding="utf-8")
    (tmp_path / "odd.toml").write_text(
        form.replace("own_share = 0.5001", "own_share = 0.5"), "utf-8"
    )
    found = printed("form", "check", str(tmp_path / "odd.toml"))
    assert (list(found), {tuple(remark) for remark in found["remarks"]}) == (
        told("`form check --json`"),
        {tuple(told("每一条"))},
    )


def test_the_tests_that_the_page_of_security_names_are_there() -> None:
    named = re.findall(r"`(tests/[\w/.]+)::(\w+)`", (DOCS / "security.md").read_text("utf-8"))
    assert len(named) > 20
    for path, name in named:
        assert f"def {name}(" in (TOP / path).read_text("utf-8"), (path, name)
