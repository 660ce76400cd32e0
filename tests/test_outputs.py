"""What comes from a file reaches no terminal, name, notice, sheet or page but as visible text; secrets reach nothing."""

from __future__ import annotations

import ast
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.api import cli
from tests.fillings import SAMPLES
from workbook.text import escaped_in_json, unseen_in

TOP = Path(__file__).resolve().parents[1]
SAMPLE = min((SAMPLES / "returns").glob("125001*.xlsx"))
DEPARTMENT = "岳阳市云溪区科学技术协会"
HOSTILE = "科协\x1b[31m\u202egnp.exe"
FILE_NAME = "甲\x1b[31m\u202egnp\n乙.xlsx"
SECRET = "Xq7-不可外泄"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one return whose department, and whose file's name, hold what a terminal obeys."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "in").mkdir()
    renamed = HOSTILE.replace("\x1b", "_x001B_").encode()
    with (
        zipfile.ZipFile(SAMPLE) as source,
        zipfile.ZipFile(folder / "in" / FILE_NAME, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for info in source.infolist():
            content = source.read(info)
            target.writestr(info.filename, content.replace(DEPARTMENT.encode(), renamed))
    (folder / "in" / f"坏{FILE_NAME}").write_text("no workbook")
    return folder


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, [str(arg) for arg in args])


COMMANDS: dict[str, tuple[str, ...]] = {
    "check": ("check", "in"),
    "notices": ("check", "in", "--notices", "out/n"),
    "json": ("check", "in", "--json"),
    "read": ("read", f"in/{FILE_NAME}"),
    "read json": ("read", f"in/{FILE_NAME}", "--json"),
    "rejected": ("read", f"in/坏{FILE_NAME}"),
    "summary": ("aggregate", "in", "-o", "out/s.xlsx", "--html", "out/p.html", "--word", "out/w.docx"),
    "reports": ("report", "in", "-o", "out/r", "--public"),
    "unknown file": ("check", "in", "--use", "in/没有\x1b[2J\u202e.xlsx"),
    "no such form": ("template", "表\x1b]0;x\x07", "-o", "out/t.xlsx"),
    "no such roster": ("check", "in", "--roster", "in/没有\x1b[2J\u202e.csv"),
}  # fmt: skip


@pytest.mark.parametrize("width", ["60", "140"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_terminal_obeys_what_a_file_holds(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, width: str
) -> None:
    shutil.copytree(place / "in", tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", width)
    done = run(*COMMANDS[command])
    shown = done.output
    assert done.exit_code in (0, 1, 2)
    assert shown
    assert not unseen_in(shown), repr(shown)
    for path in (tmp_path / "out").rglob("*"):
        assert not unseen_in(path.name)
        assert not re.search(r"[\n\r\t]", path.name)
        for name, text in texts_of(path):
            assert not unseen_in(text), (path.name, name)


def texts_of(path: Path) -> Iterator[tuple[str, str]]:
    """The texts within a written file, by what holds each."""
    if path.suffix in (".xlsx", ".docx"):
        with zipfile.ZipFile(path) as parts:
            for name in parts.namelist():
                if name.endswith((".xml", ".rels")):
                    text = parts.read(name).decode("utf-8-sig")
                    assert "_x001B_" not in text
                    yield name, text
    elif path.suffix in (".txt", ".html"):
        yield path.name, path.read_text(encoding="utf-8-sig")


def test_what_was_written_out_can_be_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    shown = run("check", "in").output
    assert r"\x1b[31m\u202egnp\n" in shown.replace("\n", "")
    assert "科协[31mgnp.exe" in shown


def test_json_keeps_what_nobody_sees_as_its_own_escapes() -> None:
    data = {"raw": "一\x1b\u202e\U000e0041二\n", "name": "岳阳市🏛️"}
    text = escaped_in_json(json.dumps(data, ensure_ascii=False))
    assert not unseen_in(text)
    assert r"\u202e\udb40\udc41" in text
    assert "岳阳市🏛️" in text
    assert json.loads(text) == data


def test_commands_print_by_one_door() -> None:
    for path in sorted((TOP / "workbook" / "commands").glob("*.py")):
        calls = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
        echoes = [ast.unparse(n) for n in calls if ast.unparse(n.func) in ("click.echo", "print")]
        assert set(echoes) <= {
            "click.echo(printable_lines(message), err=err)",
            "click.echo(escaped_in_json(text))",
            "click.echo(ctx.get_help())",
        }, path.name


# --- secrets --------------------------------------------------------------------------------------

HEADS = "预算编码,部门,密码,登录密码,联系人"
ROSTERS = {
    "sound": f"{HEADS}\n125001,{DEPARTMENT},{SECRET},{SECRET},张三\n118001,甲局,{SECRET},{SECRET},李四\n",
    "a sum": f"{HEADS}\n125001,{DEPARTMENT},{SECRET},{SECRET},张三\n合计,,{SECRET},{SECRET},\n",
    "no name": f"{HEADS}\n125001,,{SECRET},{SECRET},张三\n",
    "twice": f"{HEADS}\n125001,甲,{SECRET},{SECRET},张三\n125001,乙,{SECRET},{SECRET},张三\n",
    "unseen": f"{HEADS}\n125001,甲\u200b,{SECRET}\u200b,{SECRET},张三\n",
    "an error": f"{HEADS}\n125001,甲,{SECRET},#N/A,张三\n",
    "no head": f"125001,甲,{SECRET},{SECRET}\n118001,乙,{SECRET},{SECRET}\n",
    "two columns": f"预算编码,部门,密码,口令\n125001,甲,{SECRET},{SECRET}\n",
    "a quote": f'{HEADS}\n125001,甲,"{SECRET},{SECRET},张三\n118001,乙,{SECRET},{SECRET},李四\n',
}


@pytest.mark.parametrize("name", ROSTERS)
def test_a_column_that_looks_secret_is_never_printed_or_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    shutil.copy(SAMPLE, tmp_path / "in")
    (tmp_path / "名册.csv").write_text(ROSTERS[name], encoding="utf-8")
    roster = ("--roster", "名册.csv")
    for command in (
        ("check", "in", *roster),
        ("check", "in", *roster, "--json", "--notices", "out/n"),
        ("aggregate", "in", *roster, "-o", "out/s.xlsx", "--html", "out/p.html", "--word", "out/w.docx",
         "--data", "out/data"),
        ("aggregate", "in", *roster, "-o", "out/j.xlsx", "--json"),
        ("template", "department_overall", "-o", "out/t", *roster),
        ("report", "in", *roster, "-o", "out/r", "--public"),
    ):  # fmt: skip
        done = run(*command)
        assert done.exit_code in ((0, 1) if name == "sound" else (2,)), done.output
        assert done.output
        assert "Xq7" not in done.output, command
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            assert b"Xq7" not in unpacked(path), path.name
    assert name != "sound" or len(list((tmp_path / "out").rglob("*"))) > 10


def unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data
    with zipfile.ZipFile(path) as parts:
        return b"".join(parts.read(name) for name in parts.namelist())
