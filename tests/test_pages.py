"""The pages for the browser: made without a warning, whole, and readable without network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import builder
import workbook
import workbook.levels
import workbook.round

TOP = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pages; a link that leads nowhere is an error."""
    folder = tmp_path_factory.mktemp("pages")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "--fresh-env",
         "--conf-dir", "docs", ".", folder],
        cwd=TOP, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_of_the_project_is_there_and_at_the_side_of_the_first(pages: Path) -> None:
    first = (pages / "README.html").read_text(encoding="utf-8")
    for page in (*TOP.glob("*.md"), *(TOP / "docs").glob("*.md")):
        name = page.relative_to(TOP).with_suffix(".html").as_posix()
        assert (pages / name).is_file()
        assert name == "README.html" or f'href="{name}"' in first
    assert "README.html" in (pages / "index.html").read_text(encoding="utf-8")


def test_everything_exported_has_its_place_in_the_reference(pages: Path) -> None:
    for package in (workbook, builder, workbook.round, workbook.levels):
        page = pages / "docs" / "api" / "generated" / f"{package.__name__}.html"
        text = page.read_text(encoding="utf-8")
        named = [name for name in package.__all__ if callable(getattr(package, name))]
        assert [name for name in named if f'id="{package.__name__}.{name}"' not in text] == []


def test_every_room_has_its_page(pages: Path) -> None:
    for door in (*TOP.glob("workbook/*/__init__.py"), *TOP.glob("builder/*/__init__.py")):
        room = ".".join(door.parent.relative_to(TOP).parts)
        there = (pages / "docs" / "api" / "generated" / f"{room}.html").is_file()
        assert there == (room != "workbook.commands"), room


def test_options_are_shown_as_they_are_typed(pages: Path) -> None:
    assert "--password-env" in (pages / "docs" / "codes.html").read_text(encoding="utf-8")


def test_the_pages_fetch_nothing(pages: Path) -> None:
    fetched = re.compile(
        r'<(?:script|img|iframe)[^>]*src="(?:https?:)?//|<link[^>]*href="(?:https?:)?//'
    )
    styled = re.compile(r"@import|url\(\s*[\"']?(?:https?:)?//")
    for page in pages.rglob("*.html"):
        assert not fetched.search(page.read_text(encoding="utf-8")), page
    for style in pages.rglob("*.css"):
        assert not styled.search(style.read_text(encoding="utf-8")), style
