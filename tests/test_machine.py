"""The machine says no: one sentence, exit code 2, nothing half written, and what was there before stays."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from xlsxwriter.exceptions import FileCreateError

from tests.api import cli
from tests.fillings import ROSTER, SAMPLES
from workbook import BuildError
from workbook.writing import writing

resource = pytest.importorskip("resource", reason="only Unix has limits to set")

COMMAND = [sys.executable, "-c", "from workbook.commands import main; main()"]
WORD = SAMPLES / "word" / "125001_岳阳市云溪区科学技术协会.docx"
WRITERS: dict[str, tuple[object, ...]] = {
    "template": ("template", "department_overall", "-o", "out/a.xlsx"),
    "templates": ("template", "department_overall", "-o", "out/t", "--roster", ROSTER),
    "summary": ("aggregate", "in", "-o", "out/s.xlsx"),
    "notices": ("check", "in", "--notices", "out/n"),
    "import": ("import-word", WORD, "-o", "out/i.xlsx"),
    "new form": ("form", "new", "--from", "department_overall", "-o", "out/f.toml"),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with one return in `in` and a place for what is written."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    shutil.copy(min((SAMPLES / "returns").glob("125001*.xlsx")), tmp_path / "in")
    return tmp_path


def run(
    place: Path,
    *args: object,
    limit: Callable[[], None] | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, args)],
        cwd=place, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | dict(env or {}),
        capture_output=True, text=True, check=False, preexec_fn=limit, timeout=120,
    )  # fmt: skip


def no_file_over(size: int) -> Callable[[], None]:
    """What a full disk or a quota does: no file may become larger."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def require_one_sentence(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("错误：")


@pytest.mark.parametrize("command", WRITERS)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(place: Path, command: str) -> None:
    done = run(place, *WRITERS[command], limit=no_file_over(500))
    require_one_sentence(done)
    assert "请清理磁盘" in done.stderr
    assert [path for path in (place / "out").rglob("*") if path.is_file()] == []


def test_a_full_disk_keeps_the_former_summary(place: Path) -> None:
    summary = place / "out" / "s.xlsx"
    assert run(place, *WRITERS["summary"]).returncode in (0, 1)
    before = summary.read_bytes()
    done = run(place, *WRITERS["summary"], "--force", limit=no_file_over(20_000))
    require_one_sentence(done)
    assert (summary.read_bytes(), [path.name for path in summary.parent.iterdir()]) == (
        before,
        [summary.name],
    )


@pytest.mark.parametrize("size", [20_000, 150_000, 400_000, 900_000])
def test_a_disk_that_is_full_while_data_are_written_blames_no_return(
    place: Path, size: int
) -> None:
    """DuckDB tells of it in errors of its own, and of what fails at its closing not at all."""
    shutil.copy(max((SAMPLES / "returns").glob("207001*.xlsx")), place / "in")
    done = run(place, *WRITERS["summary"], "--data", "out/data", limit=no_file_over(size))
    require_one_sentence(done)
    assert "请清理磁盘" in done.stderr
    assert not list((place / "out").rglob(".*"))
    assert not list((place / "out").rglob("*.duckdb"))


ALL_OUTPUTS = (
    "aggregate", "in", "-o", "out/s.xlsx", "--html", "out/s.html", "--word", "out/s.docx", "--data", "out/d",
)  # fmt: skip
EACH_WRITE = {
    **{name: words for name, words in WRITERS.items() if name not in ("templates", "summary")},
    "templates": ("template", "department_overall", "-o", "out/t", "--roster", "two.csv"),
    "all of a summary": ALL_OUTPUTS,
    "reports": ("report", "in", "-o", "out/r", "--public"),
    "a template for Word": ("report", "--write-template", "out/w.docx"),
}
MANY = ("all of a summary", "import")


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        # A summary's twenty writes are many times the work of the others.
        pytest.param(command, refusal, marks=pytest.mark.long if command in MANY or number else ())
        for command in EACH_WRITE
        for number, refusal in enumerate((errno.ENOSPC, errno.EROFS))
    ],
)
def test_at_whichever_write_the_disk_refuses_nothing_half_written_stays(
    place: Path, monkeypatch: pytest.MonkeyPatch, command: str, refusal: int
) -> None:
    """Each file is put in its place by one rename, which is refused at the first, the second … of them."""
    shutil.copy(min((SAMPLES / "returns").glob("118001*.xlsx")), place / "in")
    (place / "two.csv").write_text("预算编码,部门\n125001,科协\n118001,档案馆\n", encoding="utf-8")
    monkeypatch.chdir(place)
    put_in_place = Path.replace
    for refused_write in range(1, 40):
        shutil.rmtree("out")
        Path("out").mkdir()
        done = 0

        def replace_or_refuse(source: Path, target: Path, nth: int = refused_write) -> Path:
            nonlocal done
            done += 1
            if done == nth:
                raise OSError(refusal, os.strerror(refusal))
            return put_in_place(source, target)

        monkeypatch.setattr(Path, "replace", replace_or_refuse)
        result = CliRunner().invoke(cli, [str(word) for word in EACH_WRITE[command]])
        whole = {path.name for path in Path("out").rglob("*") if path.is_file()}
        assert not any(name.startswith(".") for name in whole), (refused_write, whole)
        if done < refused_write:
            break
        assert result.exit_code in (1, 2), result.output
        told = result.output.strip().splitlines()
        assert [line for line in told if "无法写入" in line], result.output
        assert "Traceback" not in result.output
        assert (
            len(whole) <= done - 1 or command == "reports"
        )  # which writes the others all the same
    assert done >= 1
    assert refused_write > 1


@pytest.mark.parametrize("command", ["templates", "notices"])
def test_a_locale_without_chinese_is_one_sentence(place: Path, command: str) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run(place, *WRITERS[command], env=plain)
    require_one_sentence(done)
    assert "PYTHONUTF8" in done.stderr


def test_an_output_that_is_full_or_closed_is_no_traceback(place: Path) -> None:
    for redirection in (">/dev/full", ">&-", "| true"):
        words = " ".join(f"'{word}'" for word in (*COMMAND, "check", "in"))
        done = subprocess.run(
            ["/bin/sh", "-c", f"{words} {redirection}"],
            cwd=place, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, (redirection, done.stderr)


def test_a_command_that_is_ended_leaves_nothing(place: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, *map(str, WRITERS["templates"])],
        cwd=place, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        for _ in range(1200):
            if any((place / "out" / "t").glob("*.xlsx")):
                break
            time.sleep(0.05)
        running.send_signal(signal.SIGTERM)
        _, told = running.communicate(timeout=60)
    assert running.returncode in (0, 2)  # it may have been done already
    assert "Traceback" not in told
    assert not list((place / "out").rglob(".*"))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "full"), "磁盘已满），请清理磁盘"),
        (OSError(errno.EDQUOT, "quota"), "磁盘限额已满），请清理磁盘"),
        (OSError(errno.EROFS, "read-only"), "磁盘是只读的），请换一个位置"),
        (PermissionError(errno.EACCES, "denied"), "没有权限，或文件正被打开），请关闭已打开的文件"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_why_a_file_cannot_be_written_is_told(
    tmp_path: Path, error: OSError, words: str, *, wrapped: bool
) -> None:
    path = tmp_path / "a.xlsx"
    path.write_text("before")
    refusal: Exception = FileCreateError("by a library") if wrapped else error
    refusal.__cause__ = error if wrapped else None

    def write() -> None:
        with writing(path) as temporary:
            temporary.write_text("half")
            raise refusal

    with pytest.raises(BuildError, match=r"a\.xlsx：无法写入") as told:
        write()
    assert words in str(told.value)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("before", [path])


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_usual_rights(tmp_path: Path, mask: int, mode: int) -> None:
    former = os.umask(mask)
    try:
        with writing(tmp_path / "a") as temporary:
            temporary.write_text("x")
    finally:
        os.umask(former)
    assert (tmp_path / "a").stat().st_mode & 0o777 == mode


def test_a_file_keeps_its_rights_when_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o640)
    with writing(path) as temporary:
        temporary.write_text("new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)


def test_where_rights_cannot_be_set_the_file_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "a network drive")

    monkeypatch.setattr(Path, "chmod", refuse)
    with writing(tmp_path / "a") as temporary:
        temporary.write_text("x")
    assert (tmp_path / "a").read_text() == "x"
