"""Whatever year the machine's clock shows, every command writes what it should."""

from __future__ import annotations

import os
import shutil
import time
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.api import cli, write_log
from tests.fillings import ROSTER, SAMPLES

WORD = SAMPLES / "word" / "125001_岳阳市云溪区科学技术协会.docx"
NOW = {"1970": 86_400.0, "2107": 4_354_732_800.0, "2200": 7_258_118_400.0}
WRITERS: dict[str, tuple[object, ...]] = {
    "template": ("template", "department_overall", "-o", "out/a.xlsx"),
    "templates": ("template", "department_overall", "-o", "out/t", "--roster", ROSTER),
    "summary": ("aggregate", "in", "-o", "out/s.xlsx", "--html", "out/p.html", "--word", "out/w.docx", "--data", "out/d"),
    "notices": ("check", "in", "--notices", "out/n"),
    "import": ("import-word", WORD, "-o", "out/i.xlsx"),
    "reports": ("report", "in", "-o", "out/r", "--public"),
    "report template": ("report", "--write-template", "out/v.docx"),
    "new form": ("form", "new", "--from", "department_overall", "-o", "out/f.toml"),
}  # fmt: skip


@pytest.fixture(params=NOW)
def now(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """A clock that stands still in another century, as `zipfile` and we ask it."""
    stamp, local = NOW[request.param], time.localtime
    monkeypatch.setattr(time, "time", lambda: stamp)
    monkeypatch.setattr(time, "localtime", lambda seconds=stamp: local(seconds))
    return stamp


@pytest.mark.parametrize("command", WRITERS)
def test_a_clock_of_another_century_changes_nothing(
    now: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    copied = shutil.copy(min((SAMPLES / "returns").glob("125001*.xlsx")), tmp_path / "in")
    os.utime(copied, (now, now))
    done = CliRunner().invoke(cli, [str(word) for word in WRITERS[command]])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert done.exit_code in (0, 1), done.output
    assert "W119" not in done.output
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert written
    for path in written:
        if path.suffix in (".xlsx", ".docx"):
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None


def test_the_record_of_an_error_can_be_written(now: float, tmp_path: Path) -> None:
    assert now
    path = write_log(["a traceback\x1b"], tmp_path / "s.xlsx")
    assert path is not None
    assert "a traceback\\x1b" in path.read_text(encoding="utf-8-sig")
