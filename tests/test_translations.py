"""What the command line says is all there in English; what is found in returns, and names, stay Chinese."""

from __future__ import annotations

import ast
import csv
import gettext
import json
import os
import re
import runpy
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.api import CATALOGUE, cli, speak
from workbook import aggregate, check, read_returns
from workbook.form import available_forms, load_form
from workbook.levels import receive_packs
from workbook.round import STATES, close_round, new_round, opened, receive

TOP = Path(__file__).parent.parent
SAMPLES = TOP / "samples"
MAKER = runpy.run_path(str(TOP / "docs" / "make_translations.py"))
SPOKEN = {"t", "marked"}
CHINESE = re.compile("[\u3001-\u3009\u3010-\u303f\u4e00-\u9fff\uff00-\uffef“”]+")
FOLDERS = ("发出", "收件", "退回", "催报", "汇总", "公开")
FILES = ("汇总表", "汇总报告（初稿）", "抽查名单")
SHEETS = ("项目", "指标", "名册", "参数", "未对应复核", "文件清单")
HEADS = (
    "预算编码", "部门", "单位名称", "预算单位", "联系人", "联系电话", "县区", "截止日期", "年度", "自评得分", "项目名称",
    "一级指标", "二级指标", "三级指标", "年度指标值", "分值",
)  # fmt: skip
NAMED = (*FILES, *FOLDERS, *SHEETS, *HEADS, "上报", "数量指标", "元", "下一处", "、")
"""What an English message may call by its name."""


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in SPOKEN
        ):
            yield node


def _fields(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


# --- the catalogue --------------------------------------------------------------------------------


def test_each_message_of_the_code_has_its_translation() -> None:
    current = MAKER["catalogue"]()
    assert not [message.id for message in current if message.id and not message.string], (
        "write the translation into the .po"
    )
    assert MAKER["TRANSLATED"].read_bytes() == MAKER["written"](current), (
        "python docs/make_translations.py writes it anew"
    )
    with MAKER["COMPILED"].open("rb") as file:
        read = gettext.GNUTranslations(file)
    assert all(read.gettext(message.id) == message.string for message in current if message.id)


def test_a_translation_is_english_and_fills_in_what_its_message_does() -> None:
    for message in MAKER["catalogue"]():
        if message.id:
            assert _fields(message.string) <= _fields(message.id), message.id
            found = CHINESE.findall(message.string)
            assert not [word for word in found if word not in (*NAMED, "《", "》")], message.string


def test_no_message_is_said_where_nobody_would_find_it() -> None:
    """Neither put together from pieces, nor inside an f-string, where extractors do not look."""
    for package in ("workbook", "builder"):
        for path in (TOP / package).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            strings = (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
            inside = {id(call) for each in strings for call in _calls(each)}
            for call in _calls(tree):
                message, where = call.args[0], f"{path}:{call.lineno}"
                assert not isinstance(message, ast.JoinedStr | ast.BinOp), where
                if isinstance(message, ast.Constant):
                    assert id(call) not in inside, where
                    given = {word.arg for word in call.keywords}
                    if given and None not in given:
                        assert given == _fields(str(message.value)), where


# --- what is seen ---------------------------------------------------------------------------------

_HELP = """
import click
from workbook.commands.cli import cli

def show(command, names):
    print(command.get_help(click.Context(command, info_name=" ".join(names))))
    for name, each in getattr(command, "commands", {}).items():
        show(each, [*names, name])

show(cli, ["workbook"])
"""


@pytest.fixture
def in_english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COLUMNS", "3000")
    speak("en")
    yield
    speak("zh")


def said(*words: str | Path) -> str:
    """What a command prints, on both streams."""
    result = CliRunner().invoke(cli, [str(word) for word in words], prog_name="workbook")
    assert result.exception is None or isinstance(result.exception, SystemExit), words
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def names() -> re.Pattern[str]:
    """What stays Chinese: names of forms and of their parts, of departments, people and files; findings; values."""
    known = set(NAMED)
    for path in available_forms():
        form = load_form(path)
        known |= {form.name, form.unit, *(rule.name for rule in form.rules)}
        known |= {criterion.label for criterion in form.key_fields.criteria}
        known |= {
            item.label for section in form.sections.values() for item in section.fields.values()
        }
    with (SAMPLES / "roster.csv").open(encoding="utf-8-sig") as file:
        known |= {cell for row in csv.reader(file) for cell in row}
    for folder, _, files in os.walk(SAMPLES):
        known |= {part for name in (folder, *files) for part in CHINESE.findall(name)}
    checked = json.loads(said("check", SAMPLES / "returns", "--json"))
    for record in checked["files"]:
        known |= {record["department"] or ""}
        for finding in record["findings"]:
            known |= {
                str(finding[key])
                for key in ("message", "hint", "sheet", "sentence", "name")
                if finding.get(key)
            }
    known |= {entry.name for entry in CATALOGUE.values()}
    known |= set(STATES.values())
    longest_first = sorted(filter(CHINESE.search, known), key=len, reverse=True)
    return re.compile(
        "|".join([*map(re.escape, longest_first), r"等 \d+ 格", r"第\d+次", r"\S+请尽快报送。"])
    )


def _left(text: str, names: re.Pattern[str]) -> list[str]:
    """The lines in which more than names is Chinese."""
    lines = [names.sub("", line) for line in text.splitlines()]
    return [line for line in lines if CHINESE.search(line)]


def test_help_is_english(tmp_path: Path, names: re.Pattern[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HELP],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=True, env={**os.environ, "WORKBOOK_LANG": "en"},
    )  # fmt: skip
    text = done.stdout
    assert text.count("Usage:") > 25
    assert not _left(text, names)


@pytest.mark.usefixtures("in_english")
def test_a_round_is_told_in_english(
    tmp_path: Path, names: re.Pattern[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    story = (
        ["template", "department_overall", "-o", "one.xlsx"],
        ["forms"],
        ["check", SAMPLES / "returns", "--roster", SAMPLES / "roster.csv"],
        ["aggregate", SAMPLES / "returns", "-o", "sum.xlsx", "--roster", SAMPLES / "roster.csv", "--html", "sum.html"],
        ["report", SAMPLES / "returns", "-o", "reports"],
        ["round", "new", "r", "--form", "department_overall", "--roster", SAMPLES / "roster.csv",
         "--year", "2024", "--deadline", "2025-03-31"],
        ["round", "send", "r"],
        ["round", "receive", "r", SAMPLES / "returns"],
        ["round", "receive", "r", SAMPLES / "returns", "--all"],
        ["round", "status", "r", "--all"],
        ["round", "history", "r", "301001"],
        ["round", "decide", "r", "301001", "--approve"],
        ["round", "decide", "r", "301001", "--extend", "2025-04-30", "--why", "flood"],
        ["round", "decide", "r", "301001", "--undo", "--why", "error"],
        ["round", "send-back", "r", "--by", "2099-01-01"],
        ["round", "remind", "r"],
        ["round", "sample", "r"],
        ["round", "summary", "r"],
        ["round", "publish", "r"],
        ["round", "close", "r"],
        ["round", "close", "r", "--why", "done"],
        ["verify", "r.zip"],
        ["round", "recheck", "r"],
        ["round", "reopen", "r", "--why", "error"],
    )  # fmt: skip
    texts = {" ".join(map(str, words)): said(*words) for words in story}
    left = {words: lines for words, text in texts.items() if (lines := _left(text, names))}
    assert not left
    assert all(texts.values())


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize(
    "words",
    [
        ["nothing"],
        ["check", "gone"],
        ["check", "a", "--bad"],
        ["check", "--workers", "0", "a"],
        ["explain", "D9"],
        ["template", "none", "-o", "x.xlsx"],
        ["template", "department_overall", "-o", "x.txt"],
        ["template", "department_overall", "-o", "x.xlsx", "--roster", "bad.csv"],
        ["template", "department_overall", "-o", "x.xlsx", "--rows", "数量指标"],
        ["template", "department_overall", "-o", "x.xlsx", "--deadline", "soon"],
        ["aggregate", "empty", "-o", "sum.xlsx"],
        ["aggregate", "bad.csv", "-o", "sum.xlsx", "--roster", "gone.csv"],
        ["aggregate", "bad.csv", "-o", "sum.xlsx", "--reviews", "bad.csv"],
        ["aggregate", SAMPLES / "returns", "-o", "sum.xlsx", "--previous", "bad.csv"],
        ["round", "new", "r"],
        ["round", "receive", "empty"],
        ["round", "status", "gone"],
        ["round", "decide", "empty", "1", "--approve"],
        ["verify", "bad.csv"],
        ["desk", "empty"],
        ["form", "check", "bad.csv"],
        ["form", "new"],
        ["import-word", "gone.docx"],
        ["report", "gone"],
        ["read", "empty"],
    ],
    ids=lambda words: " ".join(map(str, words[:4])),
)
def test_wrong_use_is_told_in_english(
    words: list[str | Path],
    tmp_path: Path,
    names: re.Pattern[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.csv").write_text("预算编码,部门\n1,\n", encoding="utf-8")
    text = said(*words)
    assert text.startswith(("Error: ", "0 files"))
    assert not _left(text, names)


# --- what stays -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("in_english")
def test_what_is_put_on_record_is_chinese(tmp_path: Path) -> None:
    """Whoever reads the ledger, the seal or the sheet later may speak the other language."""
    county = new_round(
        tmp_path / "r", forms=["department_overall"], roster=SAMPLES / "roster.csv", year=2024
    )
    (county / "收件" / "letter.pdf").write_bytes(b"%PDF")
    receive(county)
    close_round(county, why="done")
    with opened(county) as this_round:
        open_ = next(e.data["open"] for e in this_round.events if e.kind == "closed")
    assert open_[-1] == "收件/letter.pdf 还没有归到单位"

    (tmp_path / "counties.csv").write_text("县区\n东江县\n", encoding="utf-8")
    city = new_round(tmp_path / "city", counties=tmp_path / "counties.csv", year=2024)
    (pack,) = tmp_path.glob("r-*.zip")
    broken = pack.read_bytes()
    (city / "收件" / "东江县-上报.zip").write_bytes(broken[:-1] + bytes([broken[-1] ^ 1]))
    assert "有字节改过" in receive_packs(city).files[0].why

    table = tmp_path / "2023年度.csv"
    table.write_text("部门,年初预算数,自评得分\n,12,90\n甲局,x,90\n", encoding="utf-8")
    returns = read_returns(SAMPLES / "returns", workers=1)
    (comparison,) = aggregate(check(returns), previous=table).comparisons
    assert "第 2 行没有单位名称" in "".join(comparison.remarks)
