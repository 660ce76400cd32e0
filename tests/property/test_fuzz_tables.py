"""Whatever is done to a roster or a definition, the answer is one of our own errors, or it can be used."""

import faulthandler
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from builder import build_template
from tests.fillings import ROSTER
from tests.property.mutants import SECONDS
from tests.property.table_mutants import mutant
from tests.property.test_fuzz import COUNT, SEED
from tests.workbook.form.test_composition import BASE
from workbook import WorkbookError, load_form, load_roster

PARTS = range(4)
ODD = Path(__file__).parents[1] / "forms" / "odd_form_2023.toml"
DEFINITIONS = [(".toml", file) for file in (BASE.encode(), BASE.encode(), ODD.read_bytes())]
LISTS = (
    "预算编码,部门,项目名称,三级指标,年度指标值\n118001,,修缮,屋面,≥95%\n118001,,绿化,草坪,3处\n"
)


@pytest.fixture(autouse=True)
def ended_after_a_while() -> Iterator[None]:
    yield
    faulthandler.cancel_dump_traceback_later()


def rosters() -> list[tuple[str, bytes]]:
    """A roster as CSV and as a workbook with its lists of projects and indicators."""
    book = openpyxl.Workbook()
    for title, text in (("名册", ROSTER.read_text("utf-8-sig")), ("项目", LISTS), ("指标", LISTS)):
        sheet = book.create_sheet(title)
        for line in text.splitlines():
            sheet.append(line.split(","))
    del book["Sheet"]
    data = BytesIO()
    book.save(data)
    return [(".csv", ROSTER.read_bytes().removeprefix(b"\xef\xbb\xbf")), (".xlsx", data.getvalue())]


def ends(
    sound: Sequence[tuple[str, bytes]], numbers: range, folder: Path, use: Callable[[Path], object]
) -> list[bool]:
    """Of each mutant whether it could be used; what is raised must be ours, and one sentence or some."""
    usable = []
    for number in numbers:
        broken = mutant(sound, SEED, number)
        path = folder / f"mutant{number}{broken.suffix}"
        path.write_bytes(broken.data)
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        try:
            use(path)
            usable.append(True)
        except WorkbookError:
            usable.append(False)
        except Exception as error:
            error.add_note(f"mutant {number} of seed {SEED}: {broken.way}")
            raise
        path.unlink()
    return usable


def numbers_of(part: int, count: int) -> range:
    each = max(1, count // len(PARTS))
    return range(part * each, (part + 1) * each)


def load_lists(path: Path) -> None:
    load_roster(ROSTER, path)
    load_roster(ROSTER, None, path)


def build(path: Path) -> None:
    build_template(load_form(path), path.with_suffix(".xlsx"))
    path.with_suffix(".xlsx").unlink()


INPUTS: dict[str, tuple[Sequence[tuple[str, bytes]], int, Callable[[Path], object]]] = {
    "rosters": (rosters(), COUNT, load_roster),
    "lists": ([(".csv", LISTS.encode())], COUNT // 4, load_lists),
    "definitions": (DEFINITIONS, COUNT, build),
}
"""Sound files, how many mutants are made of them, and what reads them."""


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", INPUTS)
def test_mutants_of_rosters_lists_and_definitions_are_used_or_refused_in_our_words(
    tmp_path: Path, name: str, part: int
) -> None:
    sound, count, use = INPUTS[name]
    ends(sound, numbers_of(part, count), tmp_path, use)


def test_some_mutants_can_be_used_and_some_cannot(tmp_path: Path) -> None:
    for sound, use in ((rosters(), load_roster), (DEFINITIONS, load_form)):
        assert 10 < sum(ends(sound, range(200), tmp_path, use)) < 190


def test_one_seed_and_number_give_one_mutant() -> None:
    assert mutant(rosters()[:1], 5, 3) == mutant(rosters()[:1], 5, 3)
    assert mutant(rosters()[:1], 5, 3) != mutant(rosters()[:1], 5, 4)
