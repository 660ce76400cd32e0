"""Whatever is done to what a command is given, it ends: done, with findings, or refused in our words.

A mutant is refused with one sentence; no file that is read has changed then or ever, nothing temporary is left,
and where a command refuses, nothing that it was to write has changed either.
"""

import faulthandler
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from click.testing import CliRunner
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from builder.template import build_template
from builder.word import write_template
from tests.api import cli
from tests.builder.summary.test_reviews import LIST, built, edited
from tests.fillings import FILLED, ROSTER, SAMPLES, changed, filling, overall, sample_returns
from tests.property.mutants import SECONDS
from tests.property.table_mutants import Mutant, mutant
from tests.property.test_fuzz import COMMAND, COUNT, SEED
from tests.property.test_fuzz_tables import DEFINITIONS, LISTS, rosters
from tests.workbook.package.test_opening import zipped
from workbook.summary import SET_ASIDE

Files = Sequence[tuple[str, bytes]]
"""Sound files: how the name ends, and the bytes."""

SENTENCES = 11
"""So many a refusal has at most: of a list all wrong lines are told, up to ten, then how many there are."""
WORD = SAMPLES / "word" / "125001_岳阳市云溪区科学技术协会.docx"
*GIVEN, STANDING = sorted((SAMPLES / "returns").glob("*.xlsx"))[:3]
"""Returns of which mutants are made, and the one that is sound beside them, with what is filled in there."""
STANDS = FILLED[2]
TABLE = "2023年度自评汇总表\n预算编码,部门,年初预算数,全年预算数,全年执行数,自评得分\n207001,文旅广电局,78,80.5,57.98,95\n"


FORM = "部门整体支出绩效自评"
TYPED = {
    LIST: f"2024年度{FORM}汇总表\n预算编码,部门,复核得分,备注\n207001,文旅广电局,90,核减\n125001,科协,88.5,\n",
    "参数": f"表,等次,分数下限,表式规定\n{FORM},优,91,90\n{FORM},良,80,80\n条件,界限,分,默认界限,默认分\n有错误,1,3,1,2\n",
    SET_ASIDE: f"表式,年度,预算编码,部门,复核得分,备注\n{FORM},2024,999001,无此单位,70,旧\n",
}
"""What is typed into a summary, by sheet."""


class Sort(NamedTuple):
    """A sort of input: the sound files of it, how many mutants in a hundred of `COUNT`, who reads them."""

    sound: Callable[[Path], Files]
    share: int
    commands: tuple[str, ...]
    """`{mutant}` is the broken file; `{former}` too, where it stands in the place of an output."""


# --- sound files ----------------------------------------------------------------------------------


def returns(_: Path) -> Files:
    return [(".xlsx", path.read_bytes()) for path in GIVEN]


def archives(_: Path) -> Files:
    first, second = (path.read_bytes() for path in GIVEN)
    flat = zipped({GIVEN[0].name: first, "2/甲.xlsx": second, "说明.txt": "x"})
    by_county = zipped({"甲县/1.xlsx": first, "乙县/1.xlsx": second, "乙县/.DS_Store": "x"})
    inner = zipped({"乙/1.xlsx": second, "表.docx": WORD.read_bytes()})
    nested = zipped({"收回/乙.zip": inner, "收回/1.xlsx": first})
    return [(".zip", data) for data in (flat, by_county, nested)]


def documents(_: Path) -> Files:
    return [(".docx", WORD.read_bytes())]


def word_templates(folder: Path) -> Files:
    write_template(folder / "template.docx")
    return [(".docx", (folder / "template.docx").read_bytes())]


def summaries(folder: Path) -> Files:
    """A former summary as reviewed in openpyxl, and the least that passes for one."""
    path = built(folder / "s.xlsx", sample_returns()[1:3])
    reviewed = edited(path, {("207001", "复核得分"): 88.5, ("125001", "备注"): "核减 2 分"})
    book = openpyxl.Workbook()
    sheet = book["Sheet"]
    sheet.title = LIST
    sheet.append(["2024年度部门整体支出绩效自评汇总表"])
    sheet.append(["预算编码", "部门", "复核得分", "备注"])
    sheet.append(["207001", "岳阳市云溪区文化旅游广电局", 90, "x"])
    data = BytesIO()
    book.save(data)
    return [(".xlsx", reviewed.read_bytes()), (".xlsx", data.getvalue())]


def typed_summary(number: int) -> Mutant:
    """The least that passes for a former summary, odd words typed into one of its sheets."""
    odd_sheet = list(TYPED)[number // 3 % len(TYPED)]
    book = openpyxl.Workbook()
    del book["Sheet"]
    for title, text in TYPED.items():
        odd = mutant([(".txt", text.encode())], SEED, number).data.decode("utf-8", "replace")
        sheet = book.create_sheet(title)
        for line in ILLEGAL_CHARACTERS_RE.sub("", odd if title == odd_sheet else text).splitlines():
            sheet.append([as_typed(word) for word in line.split(",")])
    data = BytesIO()
    book.save(data)
    return Mutant(f"typed into {odd_sheet}", ".xlsx", data.getvalue())


def as_typed(word: str) -> str | float:
    """A number where an office would take it for one; no text longer than a cell holds."""
    return float(word) if word.replace(".", "", 1).isdecimal() else word[:32_767]


def last_years(folder: Path) -> Files:
    """Last year's return, alone and in an archive, and a table of last year."""
    given = changed(filling(STANDS), identity__fiscal_year=2023)
    path = build_template(overall(), folder / "2023.xlsx", filling=given, fiscal_year=2023)
    data = path.read_bytes()
    return [(".xlsx", data), (".zip", zipped({path.name: data})), (".csv", TABLE.encode())]


def tables(_: Path) -> Files:
    return rosters()


def lists(_: Path) -> Files:
    return [(".csv", LISTS.encode())]


def definitions(_: Path) -> Files:
    return DEFINITIONS


SORTS = {
    "returns": Sort(
        returns, 2,
        ("read {mutant} --json", "check {mutant}", "check in {mutant} --notices out/n --json",
         "report {mutant} -o out/r --public", "aggregate in {mutant} -o out/s.xlsx --workers 1"),
    ),
    "archives": Sort(
        archives, 3,
        ("check {mutant}", "check in {mutant} --json --use {mutant}/2/甲.xlsx", "check {mutant} --county-from-folder",
         "read {mutant}", "report {mutant} -o out/r", "aggregate {mutant} -o out/s.xlsx --workers 1"),
    ),
    "documents": Sort(
        documents, 5,
        ("import-word {mutant}", "import-word {mutant} --json", "import-word {mutant} --roster roster.csv",
         "import-word {mutant} -o out/i.xlsx"),
    ),
    "word templates": Sort(word_templates, 2, ("report in -o out/r --template {mutant}",)),
    "summaries": Sort(
        summaries, 2,
        ("aggregate in -o out/s.xlsx --reviews {mutant} --workers 1",
         "aggregate in -o {former} --force --workers 1 --json",
         "aggregate in -o {former} --reviews {former} --workers 1"),
    ),
    "last years": Sort(
        last_years, 3,
        ("check in --previous {mutant}", "check in --json --previous {mutant}",
         "aggregate in -o out/s.xlsx --workers 1 --previous {mutant}"),
    ),
    "tables": Sort(
        tables, 4,
        ("check in --roster {mutant} --notices out/n", "template department_overall -o out/t --budget --roster {mutant}",
         "import-word report.docx --roster {mutant}", "report in -o out/r --roster {mutant}",
         "aggregate in -o out/s.xlsx --workers 1 --roster {mutant}"),
    ),
    "lists": Sort(
        lists, 1,
        ("check in --roster roster.csv --projects {mutant}",
         "template department_overall -o out/t --roster roster.csv --indicators {mutant}"),
    ),
    "definitions": Sort(
        definitions, 15,
        ("form check {mutant}", "form show {mutant}", "form diff department_overall {mutant} --json",
         "form new --from {mutant} -o given/next.toml", "layout {mutant}", "template {mutant} -o out/t.xlsx",
         "explain D401 M401 --form-file {mutant}", "forms --form-file {mutant}", "check in --form-file {mutant}"),
    ),
}  # fmt: skip
LINES = (
    "template department_overall -o out/t.xlsx --code 125001 --department 科协 --year 2024 --rows 数量指标=6",
    "template department_overall -o out/t --roster roster.csv --spare 2 --budget",
    "form new --from department_overall -o out/f.toml --id next --version 2026 --name 新表 --fiscal-year 2026",
    "check in --roster roster.csv --county 甲县 --year 2024 --notices out/n --use in/return.xlsx --json",
    "aggregate in -o out/s.xlsx --deadline 2025-3-31 --workers 1 --html out/p.html --word out/w.docx",
    "report in -o out/r --public --year 2024 --county 甲县",
    "import-word report.docx -o out/i.xlsx --roster roster.csv",
    "explain D401 W101 V301",
    "form diff department_overall project_expenditure --json",
    "layout department_overall --json",
    "read in/return.xlsx --password-env HOME",
)

DATA_COMMANDS = (
    *(("aggregate in -o out/s.xlsx --data out/data --force --workers 1",) * 9),
    "aggregate in -o out/s.xlsx --data out/data --workers 1",
    "aggregate in -o out/s.xlsx --data out/data --force --workers 1 --cluster local",
)

# --- one mutant -----------------------------------------------------------------------------------


def laid_out(folder: Path) -> None:
    """The folder in which a command runs: inputs that are sound, and the place for what it writes."""
    for name in ("in", "given", "out"):
        (folder / name).mkdir(parents=True)
    shutil.copy(STANDING, folder / "in" / "return.xlsx")
    shutil.copy(ROSTER, folder / "roster.csv")
    shutil.copy(WORD, folder / "report.docx")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, byte for byte."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def lasting(files: dict[str, bytes]) -> dict[str, bytes]:
    """All but the parts of a run in batches: they count for nothing until their list is written."""
    return {
        n: data for n, data in files.items() if not Path(n).name.startswith(("part-", "_parts"))
    }


def in_process(words: Sequence[str], _: Path) -> tuple[int, str]:
    """How a command ends here; an exception that nobody foresaw comes through."""
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    try:
        result = CliRunner().invoke(cli, words, catch_exceptions=False)
    finally:
        faulthandler.cancel_dump_traceback_later()
    return result.exit_code, result.stderr


def apart(words: Sequence[str], folder: Path) -> tuple[int, str]:
    """How a command ends as a program of its own, where no LibreOffice is."""
    paths = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": ""}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", COMMAND, *words],
        cwd=folder, env=os.environ | paths | {"TMPDIR": tempfile.gettempdir()},
        capture_output=True, text=True, check=False, timeout=3 * SECONDS,
    )  # fmt: skip
    return run.returncode, run.stderr


Way = Callable[[Sequence[str], Path], tuple[int, str]]


STARTER = "pymp-"
"""The folder of the server that starts processes: it stays as long as the process that asked for some."""


def require_sound_end(words: Sequence[str], folder: Path, way: Way) -> int:
    """The exit code of a command that ended as every one must."""
    before = contents(folder)
    code, told = way(words, folder)
    after = contents(folder)
    assert code in (0, 1, 2), told
    assert "Traceback" not in told
    if code == 2:
        assert told.startswith("错误：") and told.count("\n") <= SENTENCES, told
        assert lasting(after) == lasting(before), f"{after.keys() ^ before.keys()} changed; {told}"
    else:
        assert not told, told
    written = {name for name in before if name.startswith("out/")}
    assert {n: after.get(n) for n in before.keys() - written} == {
        n: before[n] for n in before.keys() - written
    }
    assert not [name for name in after if Path(name).name.startswith(".")]
    left = [path.name for path in Path(tempfile.gettempdir()).iterdir()]
    assert not [name for name in left if not name.startswith(STARTER)]
    return code


def tried(sort: Sort, broken: Mutant, number: int, folder: Path, way: Way = in_process) -> int:
    """The exit code of one command that is given a mutant."""
    command = sort.commands[number % len(sort.commands)]
    words = command.format(
        mutant=f"given/mutant{broken.suffix}", former=f"out/mutant{broken.suffix}"
    )
    laid_out(folder)
    at = "out" if "{former}" in command else "given"
    (folder / at / f"mutant{broken.suffix}").write_bytes(broken.data)
    return noted(words.split(), f"mutant {number} of seed {SEED}: {broken.way}", folder, way)


def noted(words: Sequence[str], what: str, folder: Path, way: Way) -> int:
    os.chdir(folder)
    try:
        return require_sound_end(words, folder, way)
    except Exception as error:
        error.add_note(f"{what}: {' '.join(words)}")
        raise
    finally:
        os.chdir(folder.parent)
        shutil.rmtree(folder)


# --- a folder of data -----------------------------------------------------------------------------


def data_folder(folder: Path) -> Path:
    """What `--data` and batches write, together in one folder."""
    laid_out(folder)
    os.chdir(folder)
    written = "aggregate in -o out/s.xlsx --data out/data --force --workers 1"
    for line in (f"{written} --cluster local", written):
        assert in_process(line.split(), folder)[0] < 2
    return folder / "out" / "data"


def break_folder(folder: Path, former: Path, number: int) -> str:
    """Put a former folder of data in its place, some of its files broken; returns which and how."""
    dice = random.Random(f"{SEED}/{number}")
    shutil.copytree(former, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    ways = []
    for path in dice.sample(files, dice.choice((1, 1, 3, 8))):
        broken = mutant([(path.suffix, path.read_bytes())], SEED, number)
        path.unlink()
        match dice.randrange(6):
            case 0:
                path.mkdir()
            case 1:
                path.symlink_to(dice.choice(("nowhere", folder.parents[1] / "in" / "return.xlsx")))
            case 2:
                path.with_name(broken.way).write_bytes(broken.data)
            case _:
                path.write_bytes(broken.data)
        ways.append(f"{path.name} {broken.way}")
    return ", ".join(ways)


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for temporary files that nobody else uses, and no LibreOffice: it would take minutes."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("SOFFICE", "nowhere")
    monkeypatch.setenv("PATH", "")


# --- all of them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SORTS)
def test_mutants_of_every_input_end_every_command_in_our_words(tmp_path: Path, name: str) -> None:
    sort = SORTS[name]
    sound = sort.sound(tmp_path)
    assert tried(sort, Mutant("sound", *sound[0]), 0, tmp_path / "place") < 2
    for number in range(max(1, COUNT * sort.share // 100)):
        tried(sort, mutant(sound, SEED, number), number, tmp_path / "place")


def test_odd_words_typed_into_a_former_summary_are_kept_or_refused(tmp_path: Path) -> None:
    for number in range(max(1, COUNT // 200)):
        tried(SORTS["summaries"], typed_summary(number), number, tmp_path / "place")


def test_lines_with_odd_words_end_in_our_words(tmp_path: Path) -> None:
    for number in range(COUNT // 10):
        line = LINES[number % len(LINES)]
        broken = mutant([(".txt", line.encode())], SEED, number)
        laid_out(tmp_path / "place")
        words = os.fsdecode(broken.data).replace("\0", "").split()
        noted(words, f"line {number} of seed {SEED}", tmp_path / "place", in_process)


def test_a_folder_of_broken_data_is_written_anew_or_refused(tmp_path: Path) -> None:
    former = data_folder(tmp_path / "sound")
    for number in range(max(1, COUNT // 200)):
        laid_out(tmp_path / "place")
        way = break_folder(tmp_path / "place" / "out" / "data", former, number)
        command = DATA_COMMANDS[number % len(DATA_COMMANDS)]
        noted(
            command.split(),
            f"folder {number} of seed {SEED}: {way}",
            tmp_path / "place",
            in_process,
        )


def test_some_end_the_same_as_programs_of_their_own(tmp_path: Path) -> None:
    for number in range(COUNT // 200):
        sort = list(SORTS.values())[number % len(SORTS)]
        sound = sort.sound(tmp_path)
        tried(sort, mutant(sound, SEED, number), number, tmp_path / "place", apart)
