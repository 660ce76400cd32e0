"""What the commands say, in both languages, and what they print for programs."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.api import cli
from tests.fillings import ROSTER, SAMPLES
from tests.pins.conftest import Pin
from tests.pins.six_rounds import FORMS, played
from tests.pins.told import nested

TOP = Path(__file__).resolve().parents[2]
RETURN = "returns/118001_岳阳市云溪区档案馆.xlsx"
PRINTED = {
    "check": ("check", "returns", "--roster", ROSTER),
    "aggregate": ("aggregate", "returns", "-o", "打印.xlsx", "--deadline", "2025-03-20", "--force"),
    "layout": ("layout", "department_overall"),
    "layout_of_a_file": ("layout", FORMS / "odd_form_2023.toml"),
    "read": ("read", RETURN),
    "forms": ("forms",),
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_help_and_refusals_are_what_they_were(pin: Pin, tmp_path: Path, language: str) -> None:
    environment = os.environ | {
        "WORKBOOK_LANG": language, "PYTHONPATH": str(TOP), "PYTHONUTF8": "1", "COLUMNS": "100",
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.pins.speak"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    pin(done.stdout.decode("utf-8").replace(str(tmp_path), "(here)").splitlines())


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_printed_for_programs_is_what_it_was(pin: Pin, name: str) -> None:
    with contextlib.chdir(played("samples").home):
        words = [str(word) for word in PRINTED[name]]
        done = CliRunner().invoke(cli, [*words, "--json"])
    text = done.stdout.replace(str(SAMPLES), "samples").replace(str(TOP), "(here)")
    pin([f"exit code  {done.exit_code}", *nested(json.loads(text))])
