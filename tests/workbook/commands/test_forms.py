"""The commands that show, compare and begin form definitions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.fillings import SAMPLES
from workbook.commands.cli import cli
from workbook.commands.messages import CLEAN, WRONG
from workbook.form.composition import FORMS_DIR
from workbook.form.definition import find_form, form_of, load_form

SUCCESSOR = SAMPLES / "forms" / "department_overall_2025.toml"
ODD = Path(__file__).resolve().parents[2] / "forms" / "odd_form_2023.toml"
OVERALL = "department_overall"


def run(*words: str | Path) -> Result:
    """A command within this process; an exception that escapes is a failure."""
    result = CliRunner().invoke(cli, [str(word) for word in words], prog_name="workbook")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def refused(*words: str | Path) -> str:
    result = run(*words)
    assert result.exit_code == WRONG
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


# --- show -----------------------------------------------------------------------------------------


def test_the_group_tells_what_it_can_do() -> None:
    result = run("form")
    assert result.exit_code == CLEAN
    for command in ("show", "diff", "new"):
        assert f"  {command} " in result.stdout
        assert run("form", command, "--help").exit_code == CLEAN
    assert "相近或现有的：'show'" in refused("form", "shw")


@pytest.mark.parametrize(
    "words",
    [
        (OVERALL,),
        ("部门整体支出绩效自评表",),
        (FORMS_DIR / "department_overall_2024.toml",),
    ],
    ids=["id", "name", "file"],
)
def test_a_form_is_shown_whole(words: tuple[str | Path, ...]) -> None:
    result = run("form", "show", *words)
    assert (result.exit_code, result.stderr) == (CLEAN, "")
    form = find_form(OVERALL)
    shown = form_of(Path("shown.toml"), result.stdout.encode())
    assert shown.digest == form.digest
    assert shown.rules == form.rules
    assert "extends" not in result.stdout
    assert 'name = "自然条件"' in result.stdout


def test_a_file_of_ones_own_is_shown_by_its_id() -> None:
    result = run("form", "show", OVERALL, "--form-file", SUCCESSOR)
    shown = form_of(Path("shown.toml"), result.stdout.encode())
    assert (shown.key, shown.digest) == ("department_overall 2025", load_form(SUCCESSOR).digest)
    assert run("form", "show", SUCCESSOR).stdout == result.stdout


def test_a_form_that_is_one_file_is_shown_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "one.toml"
    path.write_text(f"# 我的表\n{find_form(OVERALL).definition}", encoding="utf-8")
    assert run("form", "show", path).stdout == path.read_text(encoding="utf-8")


def test_an_unknown_form_is_told() -> None:
    assert "没有名为“x”的表" in refused("form", "show", "x")
    assert "没有名为“x”的表" in refused("form", "diff", OVERALL, "x")


# --- diff -----------------------------------------------------------------------------------------


def test_what_differs_is_a_line_each() -> None:
    lines = run("form", "diff", OVERALL, SUCCESSOR).stdout.splitlines()
    assert "参数 rate_threshold：0.9 → 0.92" in lines
    assert "规则 D408 的级别：“warning” → “error”" in lines
    assert run("form", "diff", OVERALL, OVERALL).stdout == "没有差别\n"


def test_what_differs_is_there_for_programs() -> None:
    found = json.loads(run("form", "diff", OVERALL, SUCCESSOR, "--json").stdout)
    assert {
        "part": "settings",
        "name": "rate_threshold",
        "key": "",
        "change": "changed",
        "before": 0.9,
        "after": 0.92,
    } in found
    assert json.loads(run("form", "diff", OVERALL, OVERALL, "--json").stdout) == []


# --- new ------------------------------------------------------------------------------------------


def test_next_years_form_is_begun(tmp_path: Path) -> None:
    out = tmp_path / "new" / "department_overall_2025.toml"
    result = run("form", "new", "--from", OVERALL, "-o", out)
    assert (result.exit_code, result.stderr) == (CLEAN, "")
    assert str(out) in result.stdout
    assert "仍写着" not in result.stdout
    text = out.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 40
    form = load_form(out)
    assert (form.key, form.fiscal_year) == ("department_overall 2025", 2025)
    assert form.field_of("identity.fiscal_year").value == 2025


def test_its_remarks_work_once_they_are_no_remarks(tmp_path: Path) -> None:
    out = tmp_path / "next.toml"
    run("form", "new", "--from", OVERALL, "-o", out)
    lines = out.read_text(encoding="utf-8").splitlines()
    keys = (
        "settings",
        "cap",
        "[section",
        "id",
        "funds",
        "original_budget",
        "[[",
        "[",
        "code",
        "severity",
    )
    live = [
        line.removeprefix("# ") if line.removeprefix("# ").startswith(keys) else line
        for line in lines
    ]
    assert live != lines
    out.write_text("\n".join(live), encoding="utf-8")
    form = load_form(out)
    assert form.field_of("funds.original_budget").prompt == "……"
    assert form.rule("D401").severity.value == "warning"


def test_another_form_is_begun_from_one(tmp_path: Path) -> None:
    out = tmp_path / "own.toml"
    given = ("--id", "own", "--version", "1", "--name", "乡镇“自评”表", "--fiscal-year", "2024")
    assert run("form", "new", "--from", OVERALL, "-o", out, *given).exit_code == CLEAN
    form = load_form(out)
    assert (form.key, form.name, form.fiscal_year) == ("own 1", "乡镇“自评”表", 2024)
    assert "fiscal_year = " not in out.read_text(encoding="utf-8").split("[[")[0]


def test_a_year_that_was_written_out_is_changed_and_told(tmp_path: Path) -> None:
    base = tmp_path / ODD.name
    shutil.copy(ODD, base)
    text = base.read_text(encoding="utf-8").replace("资金按元填写", "2023年的资金按元填写")
    base.write_text(text, encoding="utf-8")
    out = tmp_path / "odd_form_2024.toml"
    result = run("form", "new", "--from", base, "-o", out)
    assert "仍写着 2023 的有 1 处，请看要不要改：表的填写要求" in result.stdout
    assert load_form(out).field_of("identity.fiscal_year").value == 2024


def test_nothing_is_written_over_unless_told_to(tmp_path: Path) -> None:
    out = tmp_path / "next.toml"
    out.write_text("mine", encoding="utf-8")
    assert "已经存在" in refused("form", "new", "--from", OVERALL, "-o", out)
    assert out.read_text(encoding="utf-8") == "mine"
    assert run("form", "new", "--from", OVERALL, "-o", out, "--force").exit_code == CLEAN
    assert load_form(out).version == "2025"


def test_a_base_is_never_written_over(tmp_path: Path) -> None:
    base = tmp_path / ODD.name
    shutil.copy(ODD, base)
    assert "就是要读的文件" in refused("form", "new", "--from", base, "-o", base, "--force")
    assert base.read_bytes() == ODD.read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", OVERALL, "-o", "next.xlsx"), "应以 .toml 结尾"),
        (("--from", OVERALL, "-o", "next.toml", "--version", "2024"), "已经有了"),
        (("--from", OVERALL, "-o", "department_overall_2024.toml"), "请另起一个文件名"),
        (("--from", ODD, "-o", "next.toml"), "放在同一文件夹"),
        (("--from", "x", "-o", "next.toml"), "没有名为“x”的表"),
        (("-o", "next.toml"), "缺少 --from"),
    ],
)
def test_wrong_use_writes_nothing(
    words: tuple[str | Path, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in refused("form", "new", *words)
    assert not list(tmp_path.iterdir())
