"""The commands that show, compare and begin form definitions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from builder import build_template
from tests.api import CLEAN, FORMS_DIR, FOUND, WRONG, cli
from tests.fillings import SAMPLES, filling
from tests.workbook.commands.test_cli import run
from workbook import find_form, load_form
from workbook.form import form_of

SUCCESSOR = SAMPLES / "forms" / "department_overall_2025.toml"
ODD = Path(__file__).resolve().parents[2] / "forms" / "odd_form_2023.toml"
OVERALL = "department_overall"


def refused(*words: str | Path) -> str:
    result = run(*words)
    assert result.exit_code == WRONG
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


# --- show -----------------------------------------------------------------------------------------


def test_the_group_tells_what_it_can_do() -> None:
    result = run("form")
    assert result.exit_code == CLEAN
    for command in ("show", "diff", "check", "new"):
        assert f"  {command} " in result.stdout
        assert run("form", command, "--help").exit_code == CLEAN
    assert "相近或现有的：show；" in refused("form", "shw")


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
    assert form.title == "{fiscal_year} 年度乡镇“自评”表"
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


# --- check ----------------------------------------------------------------------------------------


def altered(folder: Path, *pairs: tuple[str, str]) -> Path:
    """A copy of the odd form with some of its text replaced."""
    text = ODD.read_text(encoding="utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "mein.toml"
    path.write_text(text, encoding="utf-8")
    return path


WRONG_CASE = ("own_share = 0.5001 }", "own_share = 0.5 }")
LACKING = ('  { verdict = "undecided", given = { own_share = "一半" } },\n', "")
TWIN = (
    '[[rule]]\ncode = "Z410"',
    """[[rule]]
code = "Z406"
name = "自筹过半"
scope = "funds"
when = "filled(own_share)"
must = "not own_share > 0.5"
at = "own_share"
message = "过半"
hint = "请核对。"
basis = "测试"
cases = [
  { verdict = "holds", given = { own_share = 0.4 } },
  { verdict = "broken", given = { own_share = 0.6 } },
  { verdict = "undecided", given = { own_share = "一半" } },
]

[[rule]]
code = "Z410\"""",
)


@pytest.mark.usefixtures("_no_office")
def test_a_sound_definition_is_said_to_be_so() -> None:
    result = run("form", "check", ODD)
    assert (result.exit_code, result.stderr) == (CLEAN, "")
    assert result.stdout.splitlines() == [
        "odd_form 2023  专项资金绩效自评表",
        "规则 13 条，例子 45 个，随机填写 10000 份",
        "没有找到 LibreOffice，没有在工作簿里试",
        "要改的 0 处，请留意的 0 处",
    ]


@pytest.mark.usefixtures("_no_office")
def test_what_is_to_be_mended_is_a_line_each(tmp_path: Path) -> None:
    result = run("form", "check", altered(tmp_path, WRONG_CASE, LACKING, TWIN))
    assert (result.exit_code, result.stderr) == (FOUND, "")
    counts, *lines = result.stdout.splitlines()[3:]
    assert counts == "要改的 2 处，请留意的 1 处"
    assert lines[:2] == [
        "要改  Z405 自筹比例偏高：第 3 个例子写着“不通过”，程序判为“通过”。请改这个例子，或改 when、must。",
        "要改  Z405 自筹比例偏高：没有“未定”的例子。请加一个，如：照第 1 个例子，在“自筹比例”里写“待定”。",
    ]
    assert lines[2].startswith(
        "留意  Z406 自筹过半：与 Z405“自筹比例偏高”总是一起不通过（10000 份里 "
    )
    assert len(lines) == 3


@pytest.mark.usefixtures("_no_office")
def test_what_is_only_to_be_looked_at_is_no_problem(tmp_path: Path) -> None:
    result = run("form", "check", altered(tmp_path, TWIN), "--json")
    assert result.exit_code == CLEAN
    found = json.loads(result.stdout)
    assert (found["rules"], found["cases"], found["in_workbook"]) == (14, 48, False)
    (remark,) = found["remarks"]
    assert remark.pop("message").startswith("与 Z405")
    assert remark.pop("hint").endswith("。")
    assert remark == {
        "sort": "alike",
        "problem": False,
        "rule": "Z406",
        "name": "自筹过半",
        "other": "Z405",
        "case": None,
    }


@pytest.mark.parametrize("verdict", ["holds", "broken"])
def test_a_rule_without_a_case_that_every_rule_needs_is_refused(
    verdict: str, tmp_path: Path
) -> None:
    path = altered(tmp_path, TWIN)
    text = path.read_text(encoding="utf-8")
    start = text.index('code = "Z406"')
    rest = text[start:].replace(f'verdict = "{verdict}"', 'verdict = "undecided"', 1)
    path.write_text(text[:start] + rest, encoding="utf-8")
    assert "rule Z406, cases: needs" in (told := refused("form", "check", path))
    assert f"there is no '{verdict}'" in told


@pytest.mark.office
def test_the_cases_are_tried_in_the_workbook() -> None:
    result = run("form", "check", "odd_form", "--form-file", ODD)
    assert (result.exit_code, result.stderr) == (CLEAN, "")
    assert "例子在程序里、在工作簿里（LibreOffice）都试了" in result.stdout.splitlines()


# --- a form of one's own, in every command --------------------------------------------------------

CASES_OF_USE: dict[str, list[str]] = {
    "report": ["RETURN", "-o", "out"],
    "import-word": ["DOCUMENT"],
    "forms": [],
    "form show": ["FORM"],
    "form diff": [OVERALL, "FORM"],
    "form check": ["FORM"],
    "form new": ["--from", "FORM", "-o", "next.toml"],
    "template": ["FORM", "-o", "blank.xlsx"],
    "layout": ["FORM"],
    "read": ["RETURN"],
    "check": ["RETURN"],
    "aggregate": ["RETURN", "-o", "summary.xlsx"],
    "explain": ["Z401"],
}
"""How each command is given a form, or what came back of one."""
OF_OUR_FORMS_ALONE = {"demo"}
"""It plays the samples, which are of a form that comes with the project."""


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(leaves(cli))


@pytest.fixture(scope="module")
def returned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What came back of the odd form: a workbook, and the Word document made of it."""
    folder = tmp_path_factory.mktemp("returned")
    form = load_form(ODD)
    given = filling(ODD.parent / "filled" / "odd_form.toml", form)
    workbook = build_template(form, folder / "125001_区科协.xlsx", filling=given)
    assert run("report", workbook, "-o", folder / "out", "--form-file", ODD).exit_code == CLEAN
    (document,) = (folder / "out").glob("*.docx")
    return {"RETURN": str(workbook), "DOCUMENT": str(document)}


def test_every_command_is_tried_with_a_form_of_ones_own() -> None:
    of_rounds = {name for name in COMMANDS if name.startswith("round ")} | {"desk", "verify"}
    assert CASES_OF_USE.keys() | OF_OUR_FORMS_ALONE | of_rounds == COMMANDS.keys()


def test_a_round_is_made_of_a_form_of_ones_own(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("预算编码,部门\n125001,区科协\n", encoding="utf-8")
    projects = tmp_path / "projects.csv"
    projects.write_text("预算编码,项目名称\n125001,科普\n", encoding="utf-8")
    folder = tmp_path / "r"
    given = ("round", "new", folder, "--form", ODD, "--roster", roster)
    assert "名册里没有项目" in refused(*given)
    assert run(*given, "--projects", projects).exit_code == CLEAN
    assert run("round", "send", folder).exit_code == CLEAN
    assert len(list((folder / "发出").rglob("*.xlsx"))) == 1
    assert run("round", "status", folder, "--json").exit_code == CLEAN


@pytest.mark.usefixtures("_no_office")
@pytest.mark.parametrize("command", CASES_OF_USE)
def test_a_form_of_ones_own_works_in_every_command(
    command: str, returned: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ODD, tmp_path / "mein.toml")

    def used(form: str, *more: str) -> str:
        names = returned | {"FORM": form}
        words = [names.get(word, word) for word in CASES_OF_USE[command]]
        result = run(*command.split(), *words, *more)
        assert result.exit_code in (CLEAN, FOUND), result.stderr
        return result.stdout

    assert "--form-file" in {opt for param in COMMANDS[command].params for opt in param.opts}
    said = used("odd_form", "--form-file", "mein.toml")
    if command in ("read", "check", "import-word"):
        assert "Z401" in said
    elif command in ("forms", "form show"):
        assert "odd_form" in said
    if "FORM" in CASES_OF_USE[command]:
        for path in tmp_path.glob("[bn]*"):
            path.unlink()
        assert used("mein.toml") == said
    assert list(tmp_path.glob("*.xlsx")) or command not in ("template", "aggregate")


def test_a_name_that_two_files_have_is_not_guessed_at(tmp_path: Path) -> None:
    path = altered(tmp_path, ('version = "2023"', 'version = "2024"'))
    both = ("--form-file", ODD, "--form-file", path, "--form-file", path)
    told = refused("layout", "odd_form", *both)
    assert f"名为“odd_form”的定义有 2 份：{ODD}、{path}；请把表名写成其中一个文件" in told
    assert run("layout", path, *both).exit_code == CLEAN
    assert "现有：department_overall、odd_form、project_expenditure；" in refused(
        "layout", "x", *both
    )
