"""The command line, as a clerk and as a program use it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import openpyxl
import pytest
from click.testing import CliRunner, Result

from tests.api import CLEAN, FOUND, WRONG, cli
from tests.fillings import ROSTER, SAMPLES
from workbook import find_form, load_form
from workbook.layout import lay_out

RETURNS = SAMPLES / "returns"
SEED = RETURNS / "125001_岳阳市云溪区科学技术协会.xlsx"
FORM = "department_overall"
COMMANDS = list(cli.commands.values())


def run(*words: str | Path) -> Result:
    """A command within this process; an exception that escapes is a failure."""
    result = CliRunner().invoke(cli, [str(word) for word in words], prog_name="workbook")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def shell(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The installed console script, as a shell runs it."""
    script = Path(sys.executable).parent / "workbook"
    return subprocess.run(
        [script, *map(str, words)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **environment},
    )


def printed(*words: str | Path, exit_code: int = CLEAN) -> Any:
    """What a command prints as JSON."""
    result = run(*words, "--json")
    assert result.exit_code == exit_code, result.stderr
    assert result.stderr == ""
    return json.loads(result.stdout)


# --- help -----------------------------------------------------------------------------------------


def test_no_arguments_show_the_commands_and_the_next_step() -> None:
    result = run()
    assert result.exit_code == CLEAN
    assert all(str(command.name) in result.stdout for command in COMMANDS)
    assert "workbook demo" in result.stdout
    assert f"workbook template {FORM}" in " ".join(result.stdout.split())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command.name))
def test_every_command_and_option_explains_itself(command: click.Command) -> None:
    result = run(str(command.name), "--help")
    assert result.exit_code == CLEAN
    assert command.help
    assert command.get_short_help_str() in result.stdout
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help
            assert parameter.opts[-1] in result.stdout


def test_the_script_is_installed_and_speaks_chinese_unless_asked_for_english() -> None:
    chinese, english = shell("forms"), shell("--lang", "en", "forms")
    assert (chinese.returncode, english.returncode) == (CLEAN, CLEAN)
    assert "条规则" in chinese.stdout
    assert " rules)" in english.stdout
    assert "条规则" not in english.stdout
    assert shell("--lang=en", "--help").stdout.isascii()
    assert " rules)" in shell("forms", WORKBOOK_LANG="en").stdout


def test_chinese_is_utf8_in_a_pipe_whatever_the_locale() -> None:
    found = shell("explain", "D401", LC_ALL="C", PYTHONIOENCODING="", PYTHONUTF8="0")
    assert found.returncode == CLEAN
    assert "依据：" in found.stdout


# --- forms, layout, explain -----------------------------------------------------------------------


def test_forms_are_listed_for_programs() -> None:
    found = printed("forms")
    assert {(f["form"], f["version"]) for f in found} >= {
        (FORM, "2024"),
        ("project_expenditure", "2024"),
    }
    for item in found:
        assert item.keys() == {"form", "version", "name", "unit", "fields", "rules", "path"}
        assert Path(item["path"]).is_file()
        assert item["fields"] > 0
        assert item["rules"] > 0


def test_a_layout_lists_every_cell_by_its_defined_name() -> None:
    found = printed("layout", FORM)
    assert found.keys() == lay_out(find_form(FORM)).spots.keys()
    for spot in found.values():
        assert spot.keys() == {
            *("sheet", "cell", "section", "field", "row", "label", "kind", "mode", "choices"),
        }
    assert found["funds.final_budget"] == {
        "sheet": "自评表",
        "cell": "E7",
        "section": "funds",
        "field": "final_budget",
        "row": None,
        "label": "全年预算数",
        "kind": "money",
        "mode": "entered",
        "choices": [],
    }
    assert found["indicators.actual.3"]["row"] == 3
    assert found["funds.execution_rate"]["mode"] == "computed"
    assert found["funds.execution_score"]["mode"] == "suggested"
    sections = {name.partition(".")[0] for name in found}
    assert sections >= {"identity", "funds", "goals", "indicators", "totals"}


def test_a_layout_reads_as_lines_of_cells() -> None:
    assert "自评表!E7\tfunds.final_budget\t全年预算数\tentered" in run("layout", FORM).stdout


@pytest.mark.parametrize("code", ["D401", "d401", "W105", "V303"])
def test_a_code_is_explained(code: str) -> None:
    result = run("explain", code)
    assert result.exit_code == CLEAN
    assert result.stdout.startswith(code.upper())
    for caption in ("含义：", "依据：", "怎么办："):
        assert caption in result.stdout


def test_a_definition_of_ones_own_is_laid_out_and_explained() -> None:
    own = Path(__file__).resolve().parents[2] / "forms" / "odd_form_2023.toml"
    form = load_form(own)
    assert run("layout", form.id, "--form-file", str(own)).exit_code == 0
    rule = next(rule for rule in form.rules if not rule.general)
    assert rule.name in run("explain", rule.code, "--form-file", str(own)).stdout
    assert run("explain", rule.code).exit_code == 2


# --- template -------------------------------------------------------------------------------------


def written(path: Path) -> tuple[openpyxl.Workbook, dict[str, Any]]:
    """A template and the identity it holds."""
    book = openpyxl.load_workbook(path)
    found = {}
    for name, spot in lay_out(find_form(FORM)).spots.items():
        if name.startswith("identity."):
            found[name] = book[spot.address.sheet][spot.address.a1]
    return book, found


def test_a_blank_template_is_written(tmp_path: Path) -> None:
    out = tmp_path / "new" / "自评表.xlsx"
    result = run("template", FORM, "-o", out)
    assert (result.exit_code, result.stderr) == (CLEAN, "")
    assert str(out) in result.stdout
    _, cells = written(out)
    assert cells["identity.department"].value is None
    assert cells["identity.fiscal_year"].value == 2024
    assert not cells["identity.department"].protection.locked


def test_a_department_is_filled_in_and_locked(tmp_path: Path) -> None:
    out = tmp_path / "a.xlsx"
    result = run(
        "template",
        FORM,
        "-o",
        out,
        "--department",
        "区图书馆",
        "--code",
        "007003",
        "--year",
        "2025",
    )
    assert (result.exit_code, result.stderr) == (CLEAN, "")
    book, cells = written(out)
    assert cells["identity.department"].value == "区图书馆"
    assert cells["identity.department_code"].value == "007003"
    assert cells["identity.fiscal_year"].value == 2025
    assert cells["identity.department"].protection.locked
    assert cells["identity.department_code"].protection.locked
    title = [c.value for row in book["自评表"]["A1:I4"] for c in row if isinstance(c.value, str)]
    assert any(text.startswith("2025") for text in title)


def test_a_roster_gives_one_template_a_department(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "".join(ROSTER.read_text(encoding="utf-8").splitlines(keepends=True)[:4]), encoding="utf-8"
    )
    result = run("template", FORM, "-o", tmp_path / "out", "--roster", roster)
    assert (result.exit_code, result.stderr) == (CLEAN, "")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(names) == 3
    assert names[0] == "118001_岳阳市云溪区档案馆.xlsx"
    _, cells = written(tmp_path / "out" / names[0])
    assert cells["identity.department"].value == "岳阳市云溪区档案馆"
    assert cells["identity.department_code"].value == "118001"


def test_the_rosters_year_is_the_forms(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("预算编码,部门,年度\n118001,甲局,2025年\n125001,乙局,\n", encoding="utf-8")
    result = run("template", FORM, "-o", tmp_path / "out", "--roster", roster)
    assert result.exit_code == CLEAN, result.stderr
    assert "2025" in result.stdout
    for path in (tmp_path / "out").iterdir():
        assert written(path)[1]["identity.fiscal_year"].value == 2025
    told = ("template", FORM, "-o", tmp_path / "told", "--roster", roster, "--year", "2026")
    assert "2026" in run(*told).stdout
    assert written(tmp_path / "told" / "125001_乙局.xlsx")[1]["identity.fiscal_year"].value == 2026


def test_last_year_that_is_none_is_told_at_once(tmp_path: Path) -> None:
    again = shutil.copy(SEED, tmp_path / "again.xlsx")
    same_year = run("check", SEED, "--previous", again)
    assert same_year.exit_code == WRONG
    assert "只有 2024 年度的，不能与 2024 年度对照" in same_year.stderr
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "a.txt").write_text("x", encoding="utf-8")
    assert "没有一份可以读的" in run("check", SEED, "--previous", tmp_path / "none").stderr


def test_several_codes_are_explained_at_once() -> None:
    shown = run("explain", "D401", "l202")
    assert shown.exit_code == CLEAN
    assert "D401" in shown.stdout
    assert "L202" in shown.stdout


def test_a_password_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORM_PASSWORD", "s3cret!")
    out = tmp_path / "a.xlsx"
    assert run("template", FORM, "-o", out, "--password-env", "FORM_PASSWORD").exit_code == CLEAN
    book, _ = written(out)
    assert all(sheet.protection.sheet and sheet.protection.hashValue for sheet in book)
    monkeypatch.setenv("FORM_PASSWORD", "密" * 256)
    assert run("template", FORM, "-o", out, "--password-env", "FORM_PASSWORD").exit_code == WRONG


def test_a_definition_of_ones_own_is_used(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_bytes(find_form(FORM).path.read_bytes().replace(b'"2024"', b'"2024-1"', 1))
    out = tmp_path / "a.xlsx"
    assert run("template", FORM, "-o", out, "--form-file", own).exit_code == CLEAN
    result = run("read", out, "--form-file", own, "--json")
    assert [f["code"] for f in json.loads(result.stdout)["findings"]] == ["W110"]
    result = run("read", out, "--json")
    assert [f["code"] for f in json.loads(result.stdout)["findings"]] == ["W109"]


# --- wrong use ------------------------------------------------------------------------------------

WRONG_USES: dict[str, Callable[[Path], list[str | Path]]] = {
    "no such file": lambda tmp: ["check", tmp / "none.xlsx"],
    "no such file to read": lambda tmp: ["read", tmp / "none.xlsx"],
    "a folder to read": lambda tmp: ["read", tmp],
    "no such file to add up": lambda tmp: ["aggregate", tmp / "none", "-o", tmp / "s.xlsx"],
    "no such form": lambda tmp: ["template", "department_overal", "-o", tmp / "a.xlsx"],
    "no such form to lay out": lambda _: ["layout", "没有"],
    "no such definition": lambda tmp: ["template", FORM, "-o", tmp / "a.xlsx", "--form-file", tmp / "no.toml"],
    "a definition that is none": lambda tmp: ["read", SEED, "--form-file", tmp / "file"],
    "no such roster": lambda tmp: ["template", FORM, "-o", tmp / "a", "--roster", tmp / "no.csv"],
    "a roster without departments": lambda tmp: ["check", RETURNS, "--roster", tmp / "codes.csv"],
    "a roster that is none": lambda tmp: ["check", RETURNS, "--roster", tmp / "file"],
    "a folder in the file's place": lambda tmp: ["template", FORM, "-o", tmp],
    "a place under a file": lambda tmp: ["template", FORM, "-o", tmp / "file" / "a.xlsx"],
    "a file in the folder's place": lambda tmp: ["template", FORM, "-o", tmp / "file", "--roster", ROSTER],
    "a summary in a folder's place": lambda tmp: ["aggregate", SEED, "-o", tmp],
    "a summary under a file": lambda tmp: ["aggregate", SEED, "-o", tmp / "file" / "s.xlsx"],
    "no such variable": lambda tmp: ["template", FORM, "-o", tmp / "a.xlsx", "--password-env", "NO_SUCH"],
    "no such code": lambda _: ["explain", "D999"],
    "a demo under a file": lambda tmp: ["demo", "-o", tmp / "file" / "demo"],
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_USES)
def test_wrong_use_is_told_in_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\x00\x01 no form, no roster")
    (tmp_path / "codes.csv").write_text("预算编码,联系人\n118001,邓丽华\n", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    result = run(*WRONG_USES[name](tmp_path))
    assert result.exit_code == WRONG
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert result.stderr.startswith("错误：")
    assert sorted(tmp_path.iterdir()) == before, "nothing is left behind"


def test_wrong_use_leaves_no_traceback_in_a_shell(tmp_path: Path) -> None:
    found = shell("aggregate", SEED, "-o", tmp_path)
    assert found.returncode == WRONG
    assert len(found.stderr.splitlines()) == 1
    english = shell("--lang", "en", "template", "department_overal", "-o", tmp_path / "a.xlsx")
    assert english.returncode == WRONG
    assert english.stderr.startswith("Error: ")
    assert f"'{FORM}'" in english.stderr


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("预算编码,联系人\n118001,邓丽华\n", encoding="utf-8")
    told = run("check", RETURNS, "--roster", tmp_path / "codes.csv").stderr
    assert "“部门”" in told
    assert "codes.csv" in told
    assert FORM in run("layout", "department_overal").stderr
    assert (
        "NO_SUCH"
        in run("template", FORM, "-o", tmp_path / "a.xlsx", "--password-env", "NO_SUCH").stderr
    )
    assert "D459" in run("explain", "D559").stderr


@pytest.mark.parametrize(
    "words", [["nonsense"], ["template"], ["check"], ["template", FORM, "-o", "a", "--year", "20"]]
)
def test_options_that_do_not_fit_are_wrong_use(words: list[str]) -> None:
    assert run(*words).exit_code == WRONG


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["aggregate", RETURNS, "-o", "s.xlsx", "--deadline", "3月31日"], "“3月31日”不是日期，请写成 2025-3-31"),
        (["template", FORM, "-o", "a.xlsx", "--year", "24"], "--year 的值不能用：请写 2000 到 2100"),
        (["template", FORM, "-o", "a.xlsx", "--year", "abc"], "请写 2000 到 2100"),
        (["template", FORM, "-o", "a.xlsx", "--year"], "--year 后面缺少它的值"),
        (["check", RETURNS, "--json=1"], "--json 后面不能写值"),
        (["--lang", "fr", "forms"], "请用 zh、en"),
        (["forms", "x"], "多写了“x”"),
        (["report", RETURNS, "-o", SEED], "请给出文件夹"),
        (["aggregate", RETURNS, "-o", "s.xlsx", "--word", RETURNS], "请给出文件名"),
        (["check", RETURNS, "--roster", RETURNS], "这是一个文件夹"),
        (["check", RETURNS, "--roster", "none.csv"], "找不到这个文件"),
        (["read", SEED, "--form-file", "none.toml"], "找不到这个文件"),
    ],
)  # fmt: skip
def test_wrong_use_is_told_in_chinese_with_the_remedy(
    words: list[str | Path], remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert result.exit_code == WRONG
    assert remedy in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--data", "file.csv"], "--data 应是文件夹"),
        (["--data", "file"], "--data 应是文件夹"),
        (["--data", "file/data"], "是一个文件"),
        (["--data", "in/data"], "要读的文件夹"),
        (["--html", "s.xlsx"], "应以 .html 结尾"),
        (["--html", "folder.html"], "是一个文件夹"),
        (["--html", "in/s.html"], "要读的文件夹"),
        (["--html", "file/s.html"], "是一个文件"),
        (["--word", "s.doc"], "应以 .docx 结尾"),
        (["--word", "in/s.docx"], "要读的文件夹"),
        (["-o", "in/s.xlsx"], "要读的文件夹"),
        (["-o", "last/s.xlsx", "--previous", "last"], "要读的文件夹"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("in", "last", "folder.html"):
        Path(folder).mkdir()
    shutil.copy(SEED, "in")
    Path("file").touch()
    before = sorted(tmp_path.rglob("*"))
    result = run("aggregate", "in", "-o", "s.xlsx", *words)
    assert result.exit_code == WRONG
    assert told in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("by_folder", [True, False])
def test_last_year_may_be_a_table_and_what_was_taken_of_it_is_told(
    by_folder: bool, tmp_path: Path
) -> None:
    (tmp_path / "in" / "甲县").mkdir(parents=True)
    shutil.copy(SEED, tmp_path / "in" / "甲县")
    table = tmp_path / "2023年度.csv"
    table.write_text("县区,部门,全年预算数\n甲县,岳阳市云溪区科学技术协会,80\n", encoding="utf-8")
    county = ["--county-from-folder"] if by_folder else ["--county", "甲县"]
    result = run(
        "aggregate", tmp_path / "in", "-o", tmp_path / "s.xlsx", "--previous", table, *county
    )
    assert result.exit_code == FOUND
    assert (
        "上年的数取自“2023年度.csv”：2023 年度，1 行，金额单位万元（表上没有写明单位，按万元）"
        in result.stdout
    )
    assert "同比" in openpyxl.load_workbook(tmp_path / "s.xlsx").sheetnames


def test_last_year_s_table_is_not_written_over(tmp_path: Path) -> None:
    table = tmp_path / "2023年度.xlsx"
    table.write_bytes(b"anything")
    result = run("aggregate", SEED, "-o", table, "--previous", table, "--force")
    assert result.exit_code == WRONG
    assert "就是要读的文件" in result.stderr


# --- read -----------------------------------------------------------------------------------------


def test_the_published_form_is_read_figure_by_figure() -> None:
    found = printed("read", SEED, exit_code=FOUND)
    assert found.keys() == {
        *("file", "status", "form", "version", "county", "department", "department_code"),
        *("values", "findings", "error"),
    }
    assert (found["status"], found["form"], found["version"]) == ("accepted", FORM, "2024")
    assert found["error"] is None
    values = found["values"]
    funds = values["funds"]
    assert (funds["original_budget"], funds["final_budget"]) == (83.88, 78.3)
    assert funds["actual_expenditure"] == 78.3
    assert (funds["execution_rate"], funds["execution_score"]) == (1.0, 9.69)
    assert (funds["funding_by_source"], funds["expenditure_by_nature"]) == (78.3, 78.3)
    assert funds["government_fund"] is None
    assert (values["totals"]["total_weight"], values["totals"]["total_score"]) == (100, 97.69)
    assert len(values["indicators"]) == 10
    assert [(i["level1_weight"], i["level1_sum"]) for i in values["indicators"]][::5] == [
        (50, 40),
        (30, 40),
    ]


def test_the_published_form_is_read_letter_for_letter() -> None:
    typed = tomllib.loads((SAMPLES / "filled" / f"{SEED.stem}.toml").read_text(encoding="utf-8"))
    values = printed("read", SEED, exit_code=FOUND)["values"]
    for section in ("identity", "funds", "goals"):
        for field, due in typed[section].items():
            assert values[section][field] == due
    for due, row in zip(typed["indicators"], values["indicators"], strict=True):
        assert {name: row[name] for name in due} == due


def test_a_finding_has_its_cell_and_both_figures() -> None:
    found = printed("read", SEED, exit_code=FOUND)["findings"]
    score = next(f for f in found if f["code"] == "D404")
    assert score.keys() == {
        *("code", "severity", "sheet", "cell", "field", "message", "hint", "printed", "expected"),
    }
    assert (score["severity"], score["sheet"], score["cell"]) == ("warning", "自评表", "I7")
    assert score["field"] == "funds.execution_score"
    assert (score["printed"], score["expected"]) == ("9.69", "10")


def _zip_of_something(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("照片/1.jpg", b"\xff\xd8\xff")


def _truncated(path: Path) -> None:
    data = SEED.read_bytes()
    path.write_bytes(data[: len(data) // 2])


GARBAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "文本.xlsx": (lambda path: path.write_text("预算部门,78.3\n", encoding="utf-8"), "W103"),
    "空.xlsx": (lambda path: path.write_bytes(b""), "W102"),
    "报告.pdf": (lambda path: path.write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), "W103"),
    "照片.xlsx": (_zip_of_something, "W103"),
    "半截.xlsx": (_truncated, "W104"),
    "别的表.xlsx": (lambda path: openpyxl.Workbook().save(path), "W108"),
    "空白表.xlsx": (lambda path: run("template", FORM, "-o", path), "W110"),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_return_is_rejected_with_its_reason(name: str, tmp_path: Path) -> None:
    make, code = GARBAGE[name]
    make(tmp_path / name)
    found = printed("read", tmp_path / name, exit_code=FOUND)
    assert found["status"] == "rejected"
    assert [f["code"] for f in found["findings"]] == [code]
    assert found["error"]
    assert found["values"] is None
    assert found["department"] is None


def test_litter_is_skipped_and_nothing_to_worry_about(tmp_path: Path) -> None:
    (tmp_path / "~$自评表.xlsx").write_bytes(b"\x05user")
    found = printed("check", tmp_path)
    assert [(f["status"], [x["code"] for x in f["findings"]]) for f in found["files"]] == [
        ("skipped", ["W112"])
    ]


# --- check ----------------------------------------------------------------------------------------


def test_totals_count_what_the_files_hold() -> None:
    found = printed("check", RETURNS, exit_code=FOUND)
    files, totals = found["files"], found["totals"]
    assert totals["files"] == len(files) == len(list(RETURNS.glob("*.xlsx")))
    assert totals["accepted"] + totals["rejected"] + totals["skipped"] == totals["files"]
    for severity in ("error", "warning", "note"):
        counted = sum(f["severity"] == severity for item in files for f in item["findings"])
        assert totals[f"{severity}s"] == counted
    assert all("values" not in item for item in files)


def test_one_bad_file_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "坏.xlsx").write_bytes(b"PK\x03\x04")
    found = printed("check", tmp_path, SEED, exit_code=FOUND)
    assert [item["status"] for item in found["files"]] == ["rejected", "accepted"]


def test_a_terminal_shows_code_cell_and_remedy() -> None:
    result = run("check", SEED)
    assert result.exit_code == FOUND
    assert result.stderr == ""
    line = next(line for line in result.stdout.splitlines() if "D404" in line)
    assert "自评表!I7" in line
    assert "workbook explain" in result.stdout


def test_the_exit_code_tells_clean_from_found(tmp_path: Path) -> None:
    assert run("check", tmp_path).exit_code == WRONG, "an empty folder"
    assert run("check", SEED).exit_code == FOUND
    assert run("check", tmp_path / "none").exit_code == WRONG


def test_a_department_off_the_roster_is_found(tmp_path: Path) -> None:
    roster = tmp_path / "名册.csv"
    roster.write_text("预算编码,部门\n118001,岳阳市云溪区档案馆\n", encoding="utf-8")
    found = printed("check", SEED, "--roster", roster, exit_code=FOUND)
    assert "A501" in {f["code"] for f in found["files"][0]["findings"]}
    found = printed("check", SEED, "--roster", ROSTER, exit_code=FOUND)
    assert "A501" not in {f["code"] for f in found["files"][0]["findings"]}


# --- aggregate ------------------------------------------------------------------------------------


def test_a_summary_and_its_data_are_written(two_returns: Path, tmp_path: Path) -> None:
    out, data = tmp_path / "汇总.xlsx", tmp_path / "data"
    result = run(
        "aggregate", two_returns, "-o", out, "--roster", ROSTER, "--data", data, "--workers", "1"
    )
    assert (result.exit_code, result.stderr) == (FOUND, "")
    with closing(openpyxl.load_workbook(out, read_only=True)) as book:
        assert book.sheetnames
    assert {path.suffix for path in data.iterdir()} >= {".csv"}


def test_batches_on_this_machine_give_the_same_summary(tmp_path: Path) -> None:
    words = ("aggregate", RETURNS, "--roster", ROSTER, "-o")
    few, many = tmp_path / "few.xlsx", tmp_path / "many.xlsx"
    alone = run(*words, few, "--workers", "1")
    batches = run(*words, many, "--workers", "2", "--cluster", "local", "--data", tmp_path / "data")
    assert (batches.exit_code, batches.stderr) == (FOUND, "")
    assert batches.stdout.splitlines()[2:] == alone.stdout.splitlines()[1:]
    one, other = (openpyxl.load_workbook(path, data_only=True) for path in (few, many))
    assert one.sheetnames == other.sheetnames
    for sheet in set(one.sheetnames) - {"文件清单"}:  # paths are absolute where others read
        assert list(one[sheet].values) == list(other[sheet].values)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((RETURNS, "--cluster", "local"), "--data"),
        ((RETURNS / "none", "--cluster", "local", "--data", "data"), "none"),
        (("memory://nothing", "--data", "data"), "memory://nothing"),
        (("nostore://a", "--data", "data"), "nostore://a"),
    ],
)
def test_wrong_use_of_batches_is_told(words: tuple[str | Path, ...], told: str) -> None:
    result = run("aggregate", *words, "-o", "summary.xlsx")
    assert result.exit_code == WRONG
    assert told in result.stderr
    assert not Path("summary.xlsx").exists()


def test_the_command_line_starts_without_heavy_imports() -> None:
    code = "import sys, workbook.commands; print([m for m in ('pandas', 'openpyxl', 'xlsxwriter') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_a_page_and_a_database_are_written_beside_the_summary(
    two_returns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, page, data = tmp_path / "汇总.xlsx", tmp_path / "汇总.html", tmp_path / "data"
    given = ("aggregate", two_returns, "-o", out, "--html", page, "--data", data, "--workers", "1")
    result = run(*given)
    assert result.exit_code == 1, result.output
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (data / "data.duckdb").is_file()
    assert "duckdb" not in result.output
    out.unlink()
    refused = run(*given)
    assert refused.exit_code == 2
    assert "汇总.html" in refused.output
    assert not out.exists()
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert "duckdb" in run(*given, "--force").output


def test_the_rounds_year_may_be_told() -> None:
    def codes(*options: str) -> set[str]:
        found = printed("check", SEED, *options, exit_code=FOUND)
        return {f["code"] for f in found["files"][0]["findings"]}

    assert "W117" in codes("--year", "2025")
    assert "W117" not in codes("--year", "2024")


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are texts there")
def test_a_file_may_be_named_in_bytes_that_are_no_text(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    names = [os.fsdecode(name) for name in (b"\xb1\xa8.xlsx", b"\xb1\xa9.xlsx", b"\xb1.txt")]
    for name in names[:2]:
        shutil.copy(SEED, folder / name)
    (folder / names[2]).write_text("x")
    out, page, data = tmp_path / "sum.xlsx", tmp_path / "page.html", tmp_path / "data"
    result = run("aggregate", folder, "-o", out, "--html", page, "--data", data, "--workers", "1")
    assert result.exit_code == FOUND, result.output
    assert out.is_file()
    told = [item["file"] for item in printed("check", folder, exit_code=FOUND)["files"]]
    assert len(set(told)) == 3
    assert all(text.encode() for text in told)
    assert run("check", folder).exit_code == FOUND
    assert run("check", folder / os.fsdecode(b"\xb1")).exit_code == 2
