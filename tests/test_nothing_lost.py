"""Nothing of the user's is written over: what is read, what stands there, what was saved meanwhile."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from builder import build_template
from tests.api import cli
from tests.fillings import ROSTER, SAMPLES
from tests.test_duties import of_project
from workbook import BuildError
from workbook.form import find_form
from workbook.writing import free_name, writing

LIST = "写出清单.json"

WORD = SAMPLES / "word" / "125001_岳阳市云溪区科学技术协会.docx"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    shutil.copy(min((SAMPLES / "returns").glob("125001*.xlsx")), tmp_path / "in")
    shutil.copy(ROSTER, tmp_path / "roster.csv")
    book = openpyxl.Workbook()
    sheet = book["Sheet"]
    sheet.append(["预算编码", "部门"])
    sheet.append(["125001", "岳阳市云溪区科学技术协会"])
    book.save(tmp_path / "roster.xlsx")
    return tmp_path


def run(*args: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli, [str(arg) for arg in args])
    return result.exit_code, result.stderr


def test_what_is_read_is_never_written_over_even_by_force(place: Path) -> None:
    roster = place / "roster.xlsx"
    before = roster.read_bytes()
    for command in (
        ("aggregate", place / "in", "-o", roster, "--roster", roster, "--force"),
        ("import-word", WORD, "-o", roster, "--roster", roster, "--force"),
    ):
        code, told = run(*command)
        assert code == 2, command
        assert "就是要读的文件" in told
        assert roster.read_bytes() == before


def test_a_folder_of_data_with_foreign_files_is_refused_by_name(place: Path) -> None:
    (place / "data").mkdir()
    (place / "data" / "我的.csv").write_text("mine")
    command = ("aggregate", place / "in", "-o", place / "s.xlsx", "--data", place / "data")
    code, told = run(*command)
    assert code == 2
    assert "我的.csv" in told
    assert not (place / "s.xlsx").exists()
    assert run(*command, "--force")[0] in (0, 1)
    assert (place / "data" / "我的.csv").read_text() == "mine"


def test_a_former_summary_stays_where_the_data_cannot_be_written(place: Path) -> None:
    summary = place / "s.xlsx"
    (place / "data" / "files.csv").mkdir(parents=True)
    summary.write_bytes((place / "roster.xlsx").read_bytes())
    before = summary.read_bytes()
    code, told = run(
        "aggregate",
        place / "in",
        "-o",
        summary,
        "--data",
        place / "data",
        "--force",
        "--workers",
        1,
    )
    assert code == 2
    assert "files.csv：这是一个文件夹" in told
    assert summary.read_bytes() == before
    assert [path.name for path in (place / "data").rglob("*")] == ["files.csv"]


def test_what_was_saved_while_it_was_written_stays(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    path.write_text("before")

    def write() -> None:
        with writing(path) as temporary:
            temporary.write_text("ours")
            path.write_text("typed meanwhile")

    with pytest.raises(BuildError, match="运行时被另外保存过"):
        write()
    assert path.read_text() == "typed meanwhile"
    assert list(tmp_path.iterdir()) == [path]


def test_two_runs_cannot_both_write_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"

    def both() -> None:
        with writing(path) as first:
            first.write_text("first")
            with writing(path) as second:
                second.write_text("second")

    with pytest.raises(BuildError, match="再运行一次"):
        both()
    assert path.read_text() == "second"


def test_two_departments_never_share_a_file() -> None:
    taken: set[str] = set()
    names = [free_name(stem, ".txt", taken) for stem in ("1_A局", "1_a局", "1_A局")]
    assert names == ["1_A局.txt", "1_a局2.txt", "1_A局3.txt"]


def replaced_by_faultless(place: Path) -> None:
    """Put a return without any fault where the faulty one was."""
    shutil.rmtree(place / "in")
    (place / "in").mkdir()
    shutil.copy(min((SAMPLES / "returns").glob("118001*.xlsx")), place / "in")


def test_a_notice_that_no_longer_holds_is_taken_away(place: Path) -> None:
    command = ("check", place / "in", "--notices", place / "n")
    run(*command)
    (notice,) = (place / "n").glob("*.txt")
    replaced_by_faultless(place)
    _, told = run(*command)
    assert "不再成立" in told and "--force" in told
    assert notice.exists()
    _, told = run(*command, "--force")
    assert "收走了 1 个" in told and notice.name in told
    assert not notice.exists()


def test_a_notice_in_which_somebody_has_written_since_stays_and_is_told(place: Path) -> None:
    command = ("check", place / "in", "--notices", place / "n", "--force")
    run(*command)
    (notice,) = (place / "n").glob("*.txt")
    notice.write_text("打过电话了")
    replaced_by_faultless(place)
    for _ in range(2):
        _, told = run(*command)
        assert f"：{notice.name}；" in told
    assert notice.read_text() == "打过电话了"


def test_a_public_page_that_no_longer_holds_is_taken_away(place: Path) -> None:
    replaced_by_faultless(place)
    command = ("report", place / "in", "-o", place / "公开", "--public", "--force")
    assert run(*command)[0] == 0
    assert (place / "公开" / "index.html").exists()
    (sound,) = (place / "in").iterdir()
    sound.write_bytes(b"damaged")
    _, told = run(*command)
    assert "收走了 2 个" in told
    assert [path.name for path in (place / "公开").iterdir()] == [LIST]


def test_data_of_a_form_that_nobody_sent_any_more_are_taken_away(place: Path) -> None:
    project = place / "in" / "项目.xlsx"
    build_template(find_form("project_expenditure"), project, filling=of_project("修缮", 9.0))
    command = ("aggregate", place / "in", "-o", place / "s.xlsx", "--data", place / "d", "--force")
    run(*command)
    before = set((place / "d").rglob("*"))
    project.unlink()
    run(*command)
    gone = {path for path in before if not path.exists()}
    assert gone and all("project" in path.parent.name for path in gone)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"notices": 3}', '{"notices": {"../roster.csv": "DIGEST"}}', "[" * 100_000]
)
def test_a_list_that_somebody_has_broken_removes_nothing(place: Path, text: str) -> None:
    roster = place / "roster.csv"
    digest = hashlib.sha256(roster.read_bytes()).hexdigest()
    (place / "n").mkdir()
    (place / "n" / LIST).write_text(text.replace("DIGEST", digest))
    command = ("check", place / "in", "--notices", place / "n", "--force")
    assert run(*command)[0] in (0, 1)
    assert roster.exists()


def test_a_file_named_beside_its_folder_is_read_once(place: Path) -> None:
    (file,) = (place / "in").iterdir()
    code, told = run("aggregate", place / "in", file, "-o", place / "s.xlsx", "--data", place / "d")
    assert (code, told) == (1, "")
    assert len((place / "d" / "files.csv").read_text("utf-8-sig").splitlines()) == 2
