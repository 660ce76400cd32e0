"""Whatever is done to a return, reading it ends: with its values, or with a reason."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from builder import build_template
from tests.fillings import FILLED, SAMPLES, filling, overall
from tests.office import Office
from tests.property.mutants import mutant

SEED = int(os.environ.get("FUZZ_SEED", "20241124"))
COUNT = int(os.environ.get("FUZZ_COUNT", "100"))
"""Mutants in all. `FUZZ_COUNT=50000 FUZZ_SEED=7 pytest tests/property/test_fuzz.py` looks further."""
SHARES = min(4, -(-COUNT // 100))
MEGABYTES = 1024
COMMAND = "from workbook.commands import main; main()"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sound returns: as we write them, as LibreOffice and as openpyxl save them."""
    folder = tmp_path_factory.mktemp("sound")
    ours = build_template(overall(), folder / "sound1.xlsx", filling=filling(FILLED[0]))
    theirs = min((SAMPLES / "returns").glob("*.xlsx"))
    (folder / "sound2.xlsx").write_bytes(theirs.read_bytes())
    openpyxl.load_workbook(ours).save(folder / "sound3.xlsx")
    return folder


@pytest.mark.parametrize("share", range(SHARES))
def test_mutants_never_crash_hang_or_eat_the_machine(sound: Path, share: int) -> None:
    count = COUNT // SHARES
    require_sound_ends(read_apart(sound, share * count, count), count)


def test_mutants_of_old_formats_end_the_same(sound: Path, office: Office, tmp_path: Path) -> None:
    with office.open(sound / "sound1.xlsx") as book:
        office.save(book, tmp_path / "sound1.xls", "xls")
        office.save(book, tmp_path / "sound2.ods", "ods")
    count = COUNT // 20
    require_sound_ends(read_apart(tmp_path, 0, count), count)


def require_sound_ends(told: list[dict[str, Any]], count: int) -> None:
    """Each mutant ended with a status, none took much memory, and they were neither too broken nor too tame."""
    peak = told.pop()["peak"]
    assert len(told) == 2 * count
    assert peak < MEGABYTES
    ends = Counter(line["status"] for line in told if "status" in line)
    assert ends["accepted"] > count / 20
    assert ends["rejected"] > count / 20


def read_apart(folder: Path, first: int, count: int) -> list[dict[str, Any]]:
    """What a process of its own tells of the mutants it read: each one's way and end, then the peak."""
    words = ["-m", "tests.property.mutants", str(folder), str(SEED), str(first), str(count)]
    run = subprocess.run(
        [sys.executable, "-W", "error", *words],
        cwd=SAMPLES.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, f"{lines[-1:]}\n{run.stderr[-3000:]}"
    return lines


def test_a_folder_of_mutants_ends_with_one_line_for_each(sound: Path, tmp_path: Path) -> None:
    parents = [path.read_bytes() for path in sorted(sound.glob("sound*"))]
    names = []
    for number in range(20):
        _, data = mutant(parents, SEED + 1, number)
        names.append(f"{number:03}.xlsx")
        (tmp_path / names[-1]).write_bytes(data)
    run = subprocess.run(
        [sys.executable, "-c", COMMAND, "check", str(tmp_path), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 1, run.stderr
    assert [Path(item["file"]).name for item in json.loads(run.stdout)["files"]] == names


def test_one_seed_and_number_give_one_mutant(sound: Path) -> None:
    parents = [path.read_bytes() for path in sorted(sound.glob("sound*"))]
    assert mutant(parents, 5, 3) == mutant(parents, 5, 3)
    assert mutant(parents, 5, 3) != mutant(parents, 5, 4)
