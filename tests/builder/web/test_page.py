"""The page's figures are the summary's; its data cannot break out of their place; nothing is loaded."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from builder import build_page
from tests.api import page_data
from tests.fillings import (
    FILLED,
    accepted,
    changed,
    filling,
)
from workbook import BuildError, Summary, aggregate, check


def page_text(summary: Summary, folder: Path) -> str:
    return build_page(summary, folder / "page.html").read_text(encoding="utf-8")


EVIL = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def data(samples_summary: Summary) -> dict[str, Any]:
    """What the page shows, after its way through JSON."""
    found: dict[str, Any] = json.loads(json.dumps(page_data(samples_summary), allow_nan=False))
    return found


HEADS = {"执行率": "rate", "自评得分": "score", "复核得分": "review", "名次": "rank"}
"""What the page shows under a head, and the column of the data that it is."""


@pytest.mark.parametrize("head", HEADS)
def test_the_script_shows_under_each_head_its_own_column(head: str) -> None:
    script = (files("builder") / "web" / "page.js").read_text(encoding="utf-8")
    shown = [line for line in script.splitlines() if f'"{head}"' in line and "line." in line]
    assert shown
    for line in shown:
        assert set(re.findall(r"\bline\.(\w+)", line)) - {"grade"} == {HEADS[head]}


def test_every_finding_of_a_counted_return_is_at_its_department(
    data: dict[str, Any], samples_summary: Summary
) -> None:
    (form,) = data["forms"]
    found, words = form["findings"], data["words"]
    told = sorted(
        (form["lines"]["code"][line], words[code], words[message], words[hint])
        for line, code, message, hint in zip(
            found["line"], found["code"], found["message"], found["hint"], strict=True
        )
    )
    frame = samples_summary.findings
    wanted = frame[["department_code", "code", "message", "hint"]].itertuples(index=False)
    assert told == sorted(tuple(row) for row in wanted)
    assert len(told) == len(frame) > 50


def test_places_that_all_share_are_cut_from_short_names_and_nothing_else() -> None:
    shown = [changed(filling(path), identity__department=name)
             for path, name in zip(FILLED, ("甲县教育局", "甲县教体局"), strict=False)]  # fmt: skip
    found = page_data(aggregate([accepted(g, f"{n}.xlsx") for n, g in enumerate(shown)]))
    assert sorted(found["forms"][0]["lines"]["short"]) == ["教体局", "教育局"]
    alone = page_data(aggregate([accepted(shown[0])]))
    assert alone["forms"][0]["lines"]["short"] == ["甲县教育局"]


def test_text_of_departments_cannot_leave_its_place(tmp_path: Path) -> None:
    given = changed(filling(FILLED[0]), identity__department=EVIL)
    text = page_text(aggregate(check([accepted(given, "\x07.xlsx")])), tmp_path)
    assert EVIL not in text
    assert text.count("<script") == text.count("</script>") == 2
    (block,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL
    )
    assert "<" not in block
    assert EVIL in json.loads(block)["forms"][0]["lines"]["department"]


def test_the_policy_lets_only_the_page_s_own_script_and_style_in(
    samples_summary: Summary, tmp_path: Path
) -> None:
    text = page_text(samples_summary, tmp_path)
    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', text)
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        (allowed,) = re.findall(rf"{tag}-src '(.*?)'", policy)
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert (len(inside), allowed) == (1, f"sha256-{digest}")


OUTSIDE = re.compile(r"//[a-z]|url\(|@import|\bsrc=")
MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|Function\(")


def test_the_page_refers_to_nothing_outside_itself_and_makes_no_markup() -> None:
    parts = [p for p in (files("builder") / "web").iterdir() if p.name.startswith("page.")]
    assert {Path(path.name).suffix for path in parts} == {".css", ".html", ".js", ".py"}
    for path in parts:
        text = path.read_text(encoding="utf-8")
        text = text.replace("http://www.w3.org/2000/svg", "")  # the name of a namespace
        assert not OUTSIDE.search(text), path.name
        assert not MARKUP.search(text), path.name


def test_the_page_is_written_whole_or_not_at_all(
    samples_summary: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = build_page(samples_summary, tmp_path / "新" / "页.html")
    before = path.read_bytes()
    with pytest.raises(BuildError, match="文件夹"):
        build_page(samples_summary, tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BuildError, match="无法写入"):
        build_page(samples_summary, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
