"""The commands on Word documents, as a clerk and as a program use them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import docx
import pytest

from tests.api import CLEAN, FOUND, WRONG, replace_part
from tests.fillings import ROSTER, SAMPLES
from tests.workbook.commands.test_cli import run

STEM = "125001_岳阳市云溪区科学技术协会"
RETURN = SAMPLES / "returns" / f"{STEM}.xlsx"
CLEAN_RETURN = SAMPLES / "returns" / "501001_岳阳市云溪区农业农村局.xlsx"
DOCUMENT = SAMPLES / "word" / f"{STEM}.docx"


def test_reports_are_written_and_counted(tmp_path: Path) -> None:
    (tmp_path / "bad.xlsx").write_bytes(b"x")
    result = run("report", CLEAN_RETURN, tmp_path / "bad.xlsx", "-o", tmp_path / "out", "--public")
    assert result.exit_code == FOUND
    assert "bad.xlsx" in result.output
    last = result.output.splitlines()[-1]
    assert "共 2 份表：写出 1 份" in last and "没有写出 1 份" in last
    made = {path.name for path in (tmp_path / "out").iterdir()} - {"写出清单.json"}
    assert "index.html" in made and len(made) == 2


def test_what_has_errors_is_written_and_named_but_not_listed(tmp_path: Path) -> None:
    inside = run("report", RETURN, CLEAN_RETURN, "-o", tmp_path / "in")
    assert inside.exit_code == CLEAN
    assert f"{RETURN}：有 3 处错误未改" in inside.output
    result = run("report", RETURN, CLEAN_RETURN, "-o", tmp_path / "out", "--public")
    assert result.exit_code == FOUND
    assert f"{RETURN}：有 3 处错误未改，没有列入目录页" in result.output
    assert len(list((tmp_path / "out").glob("*.docx"))) == 2
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "农业农村局" in page and "科学技术协会" not in page
    alone = run("report", RETURN, "-o", tmp_path / "alone", "--public")
    assert alone.exit_code == FOUND
    assert not (tmp_path / "alone" / "index.html").exists()


def test_the_roster_and_the_year_say_what_is_written(tmp_path: Path) -> None:
    roster = tmp_path / "r.csv"
    roster.write_text("预算编码,部门\n501001,云溪区农业农村局\n", encoding="utf-8")
    out = tmp_path / "out"
    result = run("report", RETURN, CLEAN_RETURN, "-o", out, "--roster", roster)
    assert result.exit_code == FOUND
    assert [path.name for path in out.glob("*.docx")] == ["501001_云溪区农业农村局_自评报告.docx"]
    assert f"{RETURN}：没有写出：单位不在名册中" in result.output
    other = run("report", CLEAN_RETURN, "-o", tmp_path / "none", "--year", "2023")
    assert other.exit_code == FOUND
    assert not list(tmp_path.glob("none/*"))


def test_reports_are_not_written_over(tmp_path: Path) -> None:
    assert run("report", RETURN, "-o", tmp_path).exit_code == CLEAN
    assert run("report", RETURN, "-o", tmp_path).exit_code == FOUND
    assert run("report", RETURN, "-o", tmp_path, "--force").exit_code == CLEAN


def test_a_public_pack_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("kept", encoding="utf-8")
    result = run("report", RETURN, "-o", tmp_path, "--public")
    assert result.exit_code == WRONG
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "kept"


def test_a_template_is_written_and_used(tmp_path: Path) -> None:
    template = tmp_path / "模板.docx"
    assert run("report", "--write-template", template).exit_code == CLEAN
    assert run("report", "--write-template", template).exit_code == WRONG
    assert run("report", RETURN, "-o", tmp_path / "out", "--template", template).exit_code == CLEAN


@pytest.mark.parametrize(
    "words",
    [
        ["report"],
        ["report", RETURN],
        ["report", "missing.xlsx", "-o", "out"],
        ["report", RETURN, "-o", "out", "--template", "missing.docx"],
        ["report", "--write-template", "a.pdf"],
        ["import-word", "missing.docx"],
        ["import-word", DOCUMENT, "-o", "a.docx"],
        ["aggregate", RETURN, "-o", "a.xlsx", "--word", "a.txt"],
    ],
)
def test_wrong_use_is_told(
    words: list[str | Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert result.exit_code == WRONG
    assert list(tmp_path.iterdir()) == []


def test_pdf_without_libreoffice_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_part(monkeypatch, "the office that converts", lambda: None)
    result = run("report", RETURN, "-o", tmp_path / "out", "--pdf")
    assert result.exit_code == WRONG
    assert "LibreOffice" in result.output
    assert not (tmp_path / "out").exists()


def test_a_word_form_is_read_and_filled_into_a_template(tmp_path: Path) -> None:
    output = tmp_path / "a.xlsx"
    result = run("import-word", DOCUMENT, "-o", output, "--roster", ROSTER, "--json")
    assert result.exit_code == FOUND
    told = json.loads(result.stdout)
    assert (told["status"], told["department_code"]) == ("accepted", "125001")
    read = json.loads(run("read", output, "--json").stdout)
    assert read["values"] == told["values"]
    assert run("import-word", DOCUMENT, "-o", output).exit_code == WRONG


def test_what_is_no_word_form_writes_nothing(tmp_path: Path) -> None:
    copy = tmp_path / "a.docx"
    shutil.copy(RETURN, copy)
    output = tmp_path / "a.xlsx"
    result = run("import-word", copy, "-o", output, "--json")
    assert result.exit_code == FOUND
    assert json.loads(result.stdout)["status"] == "rejected"
    assert not output.exists()


def test_the_summary_drafts_a_report_when_asked(tmp_path: Path) -> None:
    word = tmp_path / "a.docx"
    run("aggregate", RETURN, "-o", tmp_path / "a.xlsx", "--word", word)
    assert docx.Document(str(word)).tables
    assert run("aggregate", RETURN, "-o", tmp_path / "b.xlsx", "--word", word).exit_code == WRONG
    assert not (tmp_path / "b.xlsx").exists()
