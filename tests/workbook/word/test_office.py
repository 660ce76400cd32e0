"""LibreOffice is kept: by time, memory and what it writes; nothing that it started or left stays."""

import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

from workbook.word import NoOffice, convert

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there the deadline alone holds")

DOCUMENT = {"a.doc": b"x"}
RESULT = 'for last; do :; done; out="$(dirname "$last")/out/0.docx"'
"""Where the result is due, as LibreOffice is told it."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder of temporary files, in which nothing may stay."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return temporary


def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """A program in LibreOffice's place."""
    program = folder.parent / "soffice"
    program.write_text(f"#!/bin/sh\n{RESULT}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("SOFFICE", str(program))


def require_ended(noted: Path) -> None:
    """The process that noted its number is there no more, or is but waited for."""
    number = int(noted.read_text())
    for _ in range(200):
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        if "State:\tZ" in Path(f"/proc/{number}/status").read_text():
            return
        time.sleep(0.01)
    pytest.fail("the child is still there")


def test_what_hangs_is_ended_with_its_children(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = folder.parent / "child"
    pretend(monkeypatch, folder, f"sleep 600 & echo $! > {noted}; sleep 600")
    started = time.monotonic()
    with pytest.raises(NoOffice, match="超过 1 秒，已停止"):
        convert(DOCUMENT, "docx", seconds=1)
    assert time.monotonic() - started < 30
    require_ended(noted)
    assert list(folder.iterdir()) == []


def test_a_child_that_outlives_its_parent_is_ended(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = folder.parent / "child"
    pretend(monkeypatch, folder, f'sleep 600 & echo $! > {noted}; echo done > "$out"')
    assert convert(DOCUMENT, "docx", seconds=20) == {"a.doc": b"done\n"}
    require_ended(noted)
    assert list(folder.iterdir()) == []


def test_what_it_says_is_not_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(
        monkeypatch, folder, 'yes | head -c 20000000; yes | head -c 20000000 >&2; echo 1 > "$out"'
    )
    assert convert(DOCUMENT, "docx", seconds=60) == {"a.doc": b"1\n"}


def test_a_result_without_end_is_cut_and_not_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = folder.parent / "size"
    pretend(monkeypatch, folder, f'yes > "$out"; wc -c < "$out" > {size}')
    assert (
        convert(DOCUMENT, "docx", seconds=60),
        int(size.read_text()),
        list(folder.iterdir()),
    ) == ({}, 200 * 2**20 + 1, [])


def test_memory_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eater = f'"{sys.executable}" -I -S -c "bytearray(5 * 2**30)" 2>/dev/null'
    pretend(monkeypatch, folder, f'{eater} && echo eaten > "$out"')
    assert convert(DOCUMENT, "docx", seconds=60) == {}


def test_what_it_leaves_goes_with_its_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = 'mkdir "$TMPDIR/lu12ab.tmp"; touch "${OSL_SOCKET_PATH:-$TMPDIR}/OSL_PIPE_0_Single"'
    pretend(monkeypatch, folder, f'{left}; touch "$TMPDIR/profile/.lock"; echo 1 > "$out"')
    assert (convert(DOCUMENT, "docx", seconds=20), list(folder.iterdir())) == (
        {"a.doc": b"1\n"},
        [],
    )
