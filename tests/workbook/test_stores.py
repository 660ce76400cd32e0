"""Addresses beyond this machine's folders: how they print, what they stand for, what is refused."""

import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import fsspec
import pytest

from tests.api import Folder, Limits, Refused
from workbook import BuildError
from workbook.stores import Url, expanded, fetch, find_beyond, is_beyond, location

LIMITS = replace(Limits(), file_bytes=10)


@pytest.fixture
def store() -> Iterator[str]:
    """Some files in fsspec's store in memory."""
    memory = fsspec.filesystem("memory")
    for name in ("b.xlsx", "a.xlsx", "below/c.xlsx", "below/note.txt"):
        memory.pipe_file(f"/kept/{name}", b"0123456789")
    yield "memory://kept"
    memory.rm("/kept", recursive=True)


@pytest.mark.parametrize(
    "text", ["s3://bucket/a/b.xlsx", "memory://kept/甲局.xlsx", "https://example.org/a.xlsx"]
)
def test_a_url_prints_as_it_was_typed_and_travels(text: str) -> None:
    path = location(text)
    assert isinstance(path, Url) and isinstance(path, Path)
    assert (str(pickle.loads(pickle.dumps(path))), str(path / "inside.xlsx"), path.name) == (
        text,
        f"{text}/inside.xlsx",
        text.rpartition("/")[2],
    )


@pytest.mark.parametrize("text", ["a/b.xlsx", "/a/b.xlsx", "C:/a.xlsx", "a:b.xlsx", "./s3:/x"])
def test_a_path_of_this_machine_stays_one(text: str) -> None:
    assert location(text) == Path(text) and not isinstance(location(text), Url)


def test_a_file_url_is_a_path_of_this_machine(tmp_path: Path) -> None:
    assert location(tmp_path.as_uri()) == tmp_path


def test_a_store_is_walked_in_order(store: str) -> None:
    assert (
        list(find_beyond(location(store))),
        list(find_beyond(location(f"{store}/**/*.xlsx"))),
    ) == (
        [f"{store}/{name}" for name in ("a.xlsx", "b.xlsx", "below/c.xlsx", "below/note.txt")],
        [f"{store}/{name}" for name in ("a.xlsx", "b.xlsx", "below/c.xlsx")],
    )


def test_a_pattern_is_the_files_it_fits_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for name in ("b.xlsx", "a.xlsx", "below/c.xlsx", "below/d.txt", "[1].xlsx"):
        (tmp_path / name).touch()
    (tmp_path / "link.xlsx").symlink_to(tmp_path / "a.xlsx")
    (tmp_path / "around").symlink_to(tmp_path)
    found = expanded([tmp_path / "**" / "*.xlsx"])
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        "[1].xlsx", "a.xlsx", "b.xlsx", "below/c.xlsx",
    ]  # fmt: skip
    assert not is_beyond(tmp_path / "[1].xlsx"), "a name may look like a pattern"
    assert expanded([tmp_path / "*.doc"]) == [tmp_path / "*.doc"]


@pytest.mark.parametrize(
    ("name", "limit", "code"),
    [
        ("{}/none.xlsx", 10, "W101"),
        ("{}/a.xlsx", 9, "W106"),
        ("{}/empty.xlsx", 10, "W102"),
        ("nostore://a.xlsx", 10, "W101"),
    ],
)
def test_what_cannot_be_fetched_is_refused(store: str, name: str, limit: int, code: str) -> None:
    fsspec.filesystem("memory").pipe_file("/kept/empty.xlsx", b"")
    with pytest.raises(Refused, match=code):
        fetch(location(name.format(store)), replace(LIMITS, file_bytes=limit))


def test_a_folder_writes_whole_files_and_keeps_nothing_else(store: str, tmp_path: Path) -> None:
    for url in (f"{store}/out", str(tmp_path / "out")):
        folder = Folder(url)
        assert folder.names() == []
        for content in (b"first", b"second"):
            folder.write("table/part", content)
        assert (folder.names(), folder.open("table/part").getvalue()) == (["table/part"], b"second")
        folder.remove("table/part")
        assert folder.names() == []


@pytest.mark.parametrize(
    ("told", "use"),
    [
        ("file", lambda at: Folder(f"{at}/file").write("table/part", b"")),
        (r"part：这是一个文件夹", lambda at: Folder(str(at)).write("part", b"")),
        (r"无法使用（这是一个文件夹）", lambda at: Folder(str(at)).open("part")),
        ("pattern", lambda at: list(find_beyond(at / "a**b"))),
        ("nostore", lambda _: Folder("nostore://a").names()),
    ],
)
def test_a_folder_that_cannot_be_used_is_told(
    tmp_path: Path, told: str, use: Callable[[Path], object]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "part").mkdir()
    with pytest.raises(BuildError, match=told):
        use(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "part"]
